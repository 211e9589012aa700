//! Schemas in the part of OpenAPI that Google's older models read, and JSON Schema for those that read that.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::super::anthropic::text::mended;
use crate::wire::json::{Members, Splice};

/// Keywords that are read.
const ALLOWED: [&str; 22] = [
    "anyOf",
    "default",
    "description",
    "enum",
    "example",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "nullable",
    "pattern",
    "properties",
    "propertyOrdering",
    "required",
    "title",
    "type",
];
/// Keywords that say something of one type of value, and go with it where a schema has several.
const OF_TYPES: [(&str, &str); 9] = [
    ("items", "array"),
    ("maxItems", "array"),
    ("minItems", "array"),
    ("maxProperties", "object"),
    ("minProperties", "object"),
    ("properties", "object"),
    ("required", "object"),
    ("enum", "string"),
    ("pattern", "string"),
];
/// How many schemas one may grow to: a schema that refers to itself has no end.
const MOST: usize = 10_000;
/// How often references may be followed within each other.
const DEEPEST: usize = 32;

/// The schema without what even readers of JSON Schema refuse; `None` when it says nothing.
pub(super) fn whole(json: &[u8]) -> Option<Cow<'_, [u8]>> {
    let json = match mended(json) {
        Cow::Borrowed(json) => json,
        Cow::Owned(json) => return owned(&json).map(Cow::Owned),
    };
    let members = Members::read(json).ok()?;
    members.iter().next()?;
    let Some(version) = members.get("$schema") else {
        return Some(Cow::Borrowed(json));
    };
    let mut splice = Splice::new(json, &members);
    splice.remove(version);
    splice.apply().map(Cow::Owned)
}

fn owned(json: &[u8]) -> Option<Vec<u8>> {
    whole(json).map(Cow::into_owned)
}

/// The schema in OpenAPI's words; `None` when it says nothing. `ordered` has properties written in the order of the schema.
pub(super) fn subset(json: &[u8], ordered: bool) -> Option<Vec<u8>> {
    let root: Value = serde_json::from_slice(&mended(json)).ok()?;
    root.as_object().filter(|members| !members.is_empty())?;
    let mut cleaner = Cleaner {
        made: 0,
        open: Vec::new(),
        ordered,
        root: &root,
    };
    let Value::Object(members) = cleaner.clean(root.clone()) else {
        return None;
    };
    let is_bare = members.len() == 1 && members.get("type").is_some_and(|kind| kind == "object");
    if is_bare && !ordered {
        return None;
    }
    serde_json::to_vec(&members).ok()
}

struct Cleaner<'r> {
    made: usize,
    /// The references being followed.
    open: Vec<String>,
    ordered: bool,
    /// What references lead into.
    root: &'r Value,
}

impl Cleaner<'_> {
    fn clean(&mut self, schema: Value) -> Value {
        self.made = self.made.saturating_add(1);
        let Value::Object(members) = schema else {
            return any_object();
        };
        if self.made > MOST {
            return any_object();
        }
        match members.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let reference = reference.to_owned();
                self.follow(reference, members)
            }
            None => self.clean_members(members),
        }
    }

    fn follow(&mut self, reference: String, mut members: Map<String, Value>) -> Value {
        members.shift_remove("$ref");
        let endless = self.open.contains(&reference) || self.open.len() >= DEEPEST;
        let pointer = reference.strip_prefix('#').unwrap_or_default();
        let named = self.root.pointer(pointer).filter(|_| !endless);
        let Some(Value::Object(named)) = named else {
            return any_object();
        };
        for (key, value) in named {
            members.entry(key).or_insert_with(|| value.clone());
        }
        self.open.push(reference);
        let cleaned = self.clean(Value::Object(members));
        self.open.pop();
        cleaned
    }

    fn clean_members(&mut self, mut members: Map<String, Value>) -> Value {
        self.merge_all(&mut members);
        if let Some(choices) = members.shift_remove("oneOf") {
            members.entry("anyOf").or_insert(choices);
        }
        if let Some(only) = members.shift_remove("const") {
            members
                .entry("enum")
                .or_insert_with(|| Value::Array(vec![only]));
        }
        split_types(&mut members);
        if let Some(Value::Array(choices)) = members.shift_remove("anyOf") {
            return self.choices(choices, members);
        }
        self.settle_type(&mut members);
        mend_enum(&mut members);
        self.clean_parts(&mut members);
        members.retain(|key, value| {
            ALLOWED.contains(&key.as_str()) && (key != "format" || is_format(value))
        });
        self.order(&mut members);
        Value::Object(members)
    }

    /// Takes what every part of `allOf` demands into the schema itself.
    fn merge_all(&mut self, members: &mut Map<String, Value>) {
        let Some(Value::Array(parts)) = members.shift_remove("allOf") else {
            return;
        };
        for part in parts {
            let resolved = match part.get("$ref").and_then(Value::as_str) {
                Some(reference) if !self.open.iter().any(|open| open == reference) => {
                    let pointer = reference.strip_prefix('#').unwrap_or_default();
                    self.root.pointer(pointer).cloned()
                }
                Some(_) => None,
                None => Some(part),
            };
            let Some(Value::Object(part)) = resolved else {
                continue;
            };
            for (key, value) in part {
                match (members.get_mut(&key), value) {
                    (Some(Value::Object(ours)), Value::Object(theirs)) => {
                        for (name, schema) in theirs {
                            ours.entry(name).or_insert(schema);
                        }
                    }
                    (Some(Value::Array(ours)), Value::Array(theirs)) if key == "required" => {
                        ours.extend(theirs);
                    }
                    (Some(_), _) => {}
                    (None, value) => {
                        members.insert(key, value);
                    }
                }
            }
        }
    }

    /// A choice has nothing beside it: `null` becomes a property of what is left, and one left stands for itself.
    fn choices(&mut self, choices: Vec<Value>, mut beside: Map<String, Value>) -> Value {
        let is_null = |choice: &Value| choice.get("type").is_some_and(|kind| kind == "null");
        let nullable = choices.iter().any(is_null) || beside.contains_key("nullable");
        beside.retain(|key, _| matches!(key.as_str(), "description" | "title"));
        let mut left: Vec<Value> = Vec::with_capacity(choices.len());
        for choice in choices {
            if is_null(&choice) {
                continue;
            }
            let mut cleaned = self.clean(choice);
            if let Value::Object(members) = &mut cleaned {
                for (key, value) in &beside {
                    members.entry(key).or_insert_with(|| value.clone());
                }
                if nullable {
                    members.insert("nullable".to_owned(), Value::Bool(true));
                }
            }
            left.push(cleaned);
        }
        if left.len() > 1 {
            let mut members = Map::new();
            members.insert("anyOf".to_owned(), Value::Array(left));
            return Value::Object(members);
        }
        left.pop().unwrap_or_else(any_object)
    }

    /// Every schema has a type; an array says of what, an object without properties nothing at all.
    fn settle_type(&mut self, members: &mut Map<String, Value>) {
        if !members.contains_key("type") {
            let kind = inferred(members);
            members.insert("type".to_owned(), Value::from(kind));
        }
        let is = |members: &Map<String, Value>, wanted: &str| {
            let kind = members.get("type").and_then(Value::as_str);
            kind.is_some_and(|kind| kind.eq_ignore_ascii_case(wanted))
        };
        if is(members, "array") {
            let items = members.entry("items").or_insert(Value::Null);
            if items.as_object().is_none_or(|items| items.is_empty()) {
                *items = any_object();
            }
        }
        let empty = |value: Option<&Value>| {
            value.is_none_or(|value| value.as_object().is_none_or(Map::is_empty))
        };
        if is(members, "object") && empty(members.get("properties")) {
            members.shift_remove("properties");
            members.shift_remove("required");
        }
    }

    fn clean_parts(&mut self, members: &mut Map<String, Value>) {
        if let Some(Value::Object(properties)) = members.get_mut("properties") {
            for schema in properties.values_mut() {
                *schema = self.clean(schema.take());
            }
        }
        if let Some(items) = members.get_mut("items") {
            *items = self.clean(items.take());
        }
    }

    fn order(&self, members: &mut Map<String, Value>) {
        let Some(Value::Object(properties)) = members.get("properties") else {
            return;
        };
        if self.ordered && !members.contains_key("propertyOrdering") {
            let names = properties.keys().map(String::as_str).collect();
            members.insert("propertyOrdering".to_owned(), names);
        }
    }
}

fn any_object() -> Value {
    let mut members = Map::new();
    members.insert("type".to_owned(), Value::from("object"));
    Value::Object(members)
}

fn is_format(value: &Value) -> bool {
    value == "enum" || value == "date-time"
}

fn inferred(members: &Map<String, Value>) -> &'static str {
    let all_text = |values: &Vec<Value>| {
        values
            .iter()
            .all(|value| value.is_string() || value.is_null())
    };
    match members.get("enum") {
        Some(Value::Array(values)) if all_text(values) => "string",
        Some(Value::Array(values)) if values.iter().all(Value::is_boolean) => "boolean",
        Some(Value::Array(values)) if values.iter().all(Value::is_number) => "number",
        Some(_) | None if members.contains_key("items") => "array",
        Some(_) | None => "object",
    }
}

/// A list of types becomes a choice of schemas with one each.
fn split_types(members: &mut Map<String, Value>) {
    let Some(Value::Array(kinds)) = members.get("type") else {
        return;
    };
    let mut kinds = kinds.clone();
    members.shift_remove("type");
    if let [_] = kinds.as_slice() {
        members.insert("type".to_owned(), kinds.pop().unwrap_or_default());
        return;
    }
    let choices = kinds.into_iter().map(|kind| {
        let mut choice = Map::new();
        for (key, value) in members.iter() {
            let owner = OF_TYPES.iter().find(|(name, _)| name == key);
            let here = owner.is_none_or(|(_, owner)| kind == *owner);
            if here && !matches!(key.as_str(), "anyOf" | "description" | "title") {
                choice.insert(key.clone(), value.clone());
            }
        }
        choice.insert("type".to_owned(), kind);
        Value::Object(choice)
    });
    let choices = Value::Array(choices.collect());
    members.insert("anyOf".to_owned(), choices);
}

/// Only texts may be listed, and no empty one: that it may be missing is said in another way.
fn mend_enum(members: &mut Map<String, Value>) {
    let is_text = members
        .get("type")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.eq_ignore_ascii_case("string"));
    let Some(Value::Array(values)) = members.get_mut("enum") else {
        members.shift_remove("enum");
        return;
    };
    let listed = values.len();
    values.retain(|value| value.as_str().is_some_and(|text| !text.is_empty()));
    let shorter = values.len() < listed;
    let none = values.is_empty();
    if !is_text || none {
        members.shift_remove("enum");
    }
    if is_text && shorter {
        members.insert("nullable".to_owned(), Value::Bool(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(json: &str) -> Value {
        let cleaned = subset(json.as_bytes(), false).unwrap();
        serde_json::from_slice(&cleaned).unwrap()
    }

    fn expect(json: &str, expected: &str) {
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(cleaned(json), expected, "{json}");
    }

    #[test]
    fn what_google_does_not_read_is_said_in_other_words() {
        expect(
            r##"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","additionalProperties":false,
              "properties":{"when":{"type":"string","format":"uri"},"n":{"type":["integer","null"],"exclusiveMinimum":0},
              "tags":{"type":"array"},"mode":{"const":"fast"},"who":{"$ref":"#/$defs/P"}},
              "$defs":{"P":{"type":"object","properties":{"name":{"type":"string"}}}},"required":["when"]}"##,
            r#"{"type":"object","properties":{"when":{"type":"string"},"n":{"type":"integer","nullable":true},
              "tags":{"type":"array","items":{"type":"object"}},"mode":{"type":"string","enum":["fast"]},
              "who":{"type":"object","properties":{"name":{"type":"string"}}}},"required":["when"]}"#,
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_is_expanded_once() {
        expect(
            r##"{"$ref":"#/$defs/Node","$defs":{"Node":{"type":"object","properties":
              {"children":{"type":"array","items":{"$ref":"#/$defs/Node"}}}}}}"##,
            r#"{"type":"object","properties":{"children":{"type":"array","items":{"type":"object"}}}}"#,
        );
    }

    #[test]
    fn schemas_that_multiply_come_to_an_end() {
        let mut defs = String::new();
        for level in 0..30 {
            let next = level + 1;
            defs.push_str(&format!(
                r##""D{level}":{{"type":"object","properties":{{"a":{{"$ref":"#/$defs/D{next}"}},"b":{{"$ref":"#/$defs/D{next}"}}}}}},"##
            ));
        }
        let json =
            format!(r##"{{"$ref":"#/$defs/D0","$defs":{{{defs}"D30":{{"type":"string"}}}}}}"##);
        assert!(subset(json.as_bytes(), false).unwrap().len() < 2_000_000);
    }

    #[test]
    fn enums_list_texts_only() {
        expect(
            r#"{"type":"object","properties":{"a":{"type":"integer","enum":[1,2]},"b":{"type":"string","enum":["","a"]}}}"#,
            r#"{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string","enum":["a"],"nullable":true}}}"#,
        );
    }

    #[test]
    fn a_choice_has_nothing_beside_it() {
        expect(
            r#"{"type":"object","properties":{"x":{"description":"d","anyOf":[{"type":"string"},{"type":"null"},{"type":"integer"}]},
              "y":{"oneOf":[{"type":"string"},{"type":"null"}],"default":null}}}"#,
            r#"{"type":"object","properties":{"x":{"anyOf":[
              {"type":"string","description":"d","nullable":true},{"type":"integer","description":"d","nullable":true}]},
              "y":{"type":"string","nullable":true}}}"#,
        );
    }

    #[test]
    fn demands_that_hold_together_are_one_schema() {
        expect(
            r#"{"allOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},
              {"properties":{"b":{"type":"string"}},"required":["b"]}]}"#,
            r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"required":["a","b"]}"#,
        );
    }

    #[test]
    fn a_schema_that_says_nothing_is_none() {
        for json in ["{}", r#"{"type":"object","properties":{}}"#, "null", "5"] {
            assert!(subset(json.as_bytes(), false).is_none(), "{json}");
        }
    }

    #[test]
    fn properties_of_an_answer_keep_their_order() {
        let json = subset(br#"{"properties":{"z":{"type":"string"},"a":{}}}"#, true).unwrap();
        let value: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(value["propertyOrdering"], serde_json::json!(["z", "a"]));
    }

    #[test]
    fn json_schema_loses_only_its_version() {
        let json = br#"{"$schema":"x","type":"object","properties":{"a":{"const":1}}}"#;
        assert_eq!(
            whole(json).unwrap().as_ref(),
            br#"{"type":"object","properties":{"a":{"const":1}}}"#
        );
        assert!(whole(b"{}").is_none());
    }
}
