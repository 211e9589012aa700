//! Schemas for answers: Anthropic refuses much of JSON Schema there, so what it refuses is said in words instead.

use serde_json::{Map, Value};

/// Keywords that are refused.
const REFUSED: [&str; 24] = [
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "if",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedProperties",
];

/// How many schemas references may be expanded to: a schema that refers to itself has no end.
const MAX_EXPANDED: usize = 10_000;
/// How often references may be followed within each other.
const MAX_NESTED: usize = 32;

/// The schema as Anthropic takes it; `None` when it is no JSON object.
pub(in crate::provider) fn strict(json: &[u8]) -> Option<Vec<u8>> {
    cleaned(json, true)
}

/// The schema with what it refers to in place of the references; `None` when it is no JSON object.
#[allow(dead_code)]
pub(in crate::provider) fn inlined(json: &[u8]) -> Option<Vec<u8>> {
    cleaned(json, false)
}

fn cleaned(json: &[u8], strict: bool) -> Option<Vec<u8>> {
    let mut root: Map<String, Value> = serde_json::from_slice(json).ok()?;
    let definitions = Definitions::of(&mut root);
    let mut cleaner = Cleaner {
        definitions,
        expanded: 0,
        open: Vec::new(),
        strict,
    };
    let mut root = Value::Object(root);
    cleaner.clean(&mut root);
    if let Value::Object(object) = &mut root {
        object
            .entry("type")
            .or_insert_with(|| Value::from("object"));
        if strict {
            close(object);
        }
    }
    serde_json::to_vec(&root).ok()
}

/// What `$ref` may name.
struct Definitions {
    root: Value,
}

impl Definitions {
    fn of(root: &mut Map<String, Value>) -> Self {
        let whole = Value::Object(root.clone());
        for key in ["$defs", "$schema", "definitions"] {
            root.shift_remove(key);
        }
        Self { root: whole }
    }

    fn named(&self, reference: &str) -> Option<Value> {
        let pointer = reference.strip_prefix('#')?;
        self.root.pointer(pointer).cloned()
    }
}

struct Cleaner {
    definitions: Definitions,
    expanded: usize,
    /// The references being expanded.
    open: Vec<String>,
    /// Whether to leave out what answers must not be asked to follow.
    strict: bool,
}

impl Cleaner {
    fn clean(&mut self, schema: &mut Value) {
        let Value::Object(object) = schema else {
            return;
        };
        let reference = object
            .get("$ref")
            .and_then(Value::as_str)
            .map(str::to_owned);
        if let Some(reference) = reference {
            self.inline(reference, object);
            return;
        }
        self.clean_object(object);
    }

    fn inline(&mut self, reference: String, object: &mut Map<String, Value>) {
        object.shift_remove("$ref");
        self.expanded = self.expanded.saturating_add(1);
        let endless = self.open.contains(&reference)
            || self.open.len() >= MAX_NESTED
            || self.expanded > MAX_EXPANDED;
        let found = if endless {
            None
        } else {
            self.definitions.named(&reference)
        };
        if let Some(Value::Object(named)) = found {
            for (key, value) in named {
                object.entry(key).or_insert(value);
            }
            for key in ["$defs", "$schema", "definitions"] {
                object.shift_remove(key);
            }
            self.open.push(reference);
            let mut schema = Value::Object(core::mem::take(object));
            self.clean(&mut schema);
            if let Value::Object(cleaned) = schema {
                *object = cleaned;
            }
            self.open.pop();
            return;
        }
        object
            .entry("type")
            .or_insert_with(|| Value::from("object"));
        self.clean_object(object);
    }

    fn clean_object(&mut self, object: &mut Map<String, Value>) {
        if self.strict {
            refuse(object);
            if let Some(choices) = object.shift_remove("oneOf") {
                object.entry("anyOf").or_insert(choices);
            }
            drop_contradiction(object);
            close(object);
        }
        for key in ["properties", "$defs", "definitions"] {
            if let Some(Value::Object(schemas)) = object.get_mut(key) {
                schemas.values_mut().for_each(|schema| self.clean(schema));
            }
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            if let Some(Value::Array(schemas)) = object.get_mut(key) {
                schemas.iter_mut().for_each(|schema| self.clean(schema));
            }
        }
        if let Some(items) = object.get_mut("items") {
            self.clean(items);
        }
    }
}

/// Moves refused keywords into the description.
fn refuse(object: &mut Map<String, Value>) {
    let mut notes = Vec::new();
    for key in REFUSED {
        if let Some(value) = object.shift_remove(key) {
            notes.push(format!("{key}: {value}"));
        }
    }
    if object.get("uniqueItems").is_some() {
        object.shift_remove("uniqueItems");
        notes.push("items are unique".to_owned());
    }
    if notes.is_empty() {
        return;
    }
    let said = object
        .get("description")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let words: Vec<String> = said.into_iter().chain([notes.join(", ")]).collect();
    object.insert("description".to_owned(), Value::from(words.join("\n")));
}

/// Objects have no other properties than those named.
fn close(object: &mut Map<String, Value>) {
    let is_object = match object.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        Some(_) => false,
        None => object.contains_key("properties"),
    };
    if is_object {
        object.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
}

/// Removes a `type` that no value of the `enum` has.
fn drop_contradiction(object: &mut Map<String, Value>) {
    let (Some(Value::String(kind)), Some(Value::Array(values))) =
        (object.get("type"), object.get("enum"))
    else {
        return;
    };
    if !values.iter().all(|value| is_of(value, kind)) {
        object.shift_remove("type");
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match value {
        Value::Array(_) => kind == "array",
        Value::Bool(_) => kind == "boolean",
        Value::Null => kind == "null",
        Value::Number(number) => kind == "number" || (kind == "integer" && !number.is_f64()),
        Value::Object(_) => kind == "object",
        Value::String(_) => kind == "string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(json: &str) -> Value {
        serde_json::from_slice(&super::strict(json.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn what_is_refused_is_said_in_words() {
        let schema = cleaned(
            r#"{"type":"object","properties":{"n":{"type":"integer","minimum":1},
            "s":{"type":"string","description":"a name","maxLength":5,"minLength":1},"l":{"type":"array","uniqueItems":true,"items":{"type":"number","maximum":2}}}}"#,
        );
        let expected = serde_json::json!({"type": "object", "additionalProperties": false, "properties": {
            "n": {"type": "integer", "description": "minimum: 1"},
            "s": {"type": "string", "description": "a name\nmaxLength: 5, minLength: 1"},
            "l": {"type": "array", "description": "items are unique", "items": {"type": "number", "description": "maximum: 2"}}}});
        assert_eq!(schema, expected);
    }

    #[test]
    fn objects_are_closed_at_every_depth() {
        let schema = cleaned(
            r#"{"type":"object","properties":{"a":{"oneOf":[{"type":"object","properties":{}},{"type":"null"}]},"b":{"type":["object","null"]}}}"#,
        );
        assert_eq!(
            schema["properties"]["a"]["anyOf"][0]["additionalProperties"],
            false
        );
        assert_eq!(schema["properties"]["b"]["additionalProperties"], false);
        assert!(schema["properties"]["a"].get("oneOf").is_none());
    }

    #[test]
    fn references_are_expanded() {
        let schema = cleaned(
            r##"{"$schema":"x","type":"object","properties":{"who":{"$ref":"#/$defs/P","description":"d"}},"$defs":{"P":{"type":"object","properties":{"n":{"$ref":"#/$defs/N"}}},"N":{"type":"string"}}}"##,
        );
        let expected = serde_json::json!({"type": "object", "additionalProperties": false, "properties": {"who":
            {"type": "object", "additionalProperties": false, "description": "d", "properties": {"n": {"type": "string"}}}}});
        assert_eq!(schema, expected);
    }

    #[test]
    fn a_schema_that_is_only_inlined_keeps_its_keywords() {
        let json = br##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"integer","minimum":1}}}"##;
        let expected = br#"{"type":"object","properties":{"a":{"type":"integer","minimum":1}}}"#;
        assert_eq!(inlined(json).unwrap(), expected);
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = cleaned(
            r##"{"$ref":"#/$defs/Node","$defs":{"Node":{"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#/$defs/Node"}}}}}}"##,
        );
        assert_eq!(
            schema["properties"]["children"]["items"],
            serde_json::json!({"type": "object", "additionalProperties": false})
        );
        cleaned(
            r##"{"type":"object","properties":{"a":{"$ref":"#"},"b":{"$ref":"#"},"c":{"$ref":"#/properties/c"}}}"##,
        );
    }

    #[test]
    fn a_type_that_no_value_has_is_removed() {
        assert_eq!(
            cleaned(r#"{"type":"object","properties":{"a":{"type":"integer","enum":["x"]}}}"#)["properties"]
                ["a"],
            serde_json::json!({"enum": ["x"]})
        );
    }
}
