//! A value that fits a JSON schema, because tool calls and structured answers must look sensible.

use serde_json::{Map, Value, json};

/// Nested deeper than this, a schema gets no values: it may refer to itself.
const DEPTH: usize = 16;

/// A value that fits `schema`, with `word` wherever any string will do.
pub fn fitting(schema: &Value, word: &str) -> Value {
    value(schema, schema, word, DEPTH)
}

fn value(schema: &Value, root: &Value, word: &str, depth: usize) -> Value {
    let Some(depth) = depth.checked_sub(1) else {
        return Value::Null;
    };
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let found = target.strip_prefix('#').and_then(|path| root.pointer(path));
        return found.map_or(Value::Null, |schema| value(schema, root, word, depth));
    }
    let first = |key: &str| {
        schema
            .get(key)
            .and_then(Value::as_array)
            .and_then(|list| list.first())
    };
    if let Some(given) = schema.get("const").or_else(|| first("enum")) {
        return given.clone();
    }
    if let Some(choice) = first("anyOf")
        .or_else(|| first("oneOf"))
        .or_else(|| first("allOf"))
    {
        return value(choice, root, word, depth);
    }
    match type_of(schema) {
        "array" => json!([value(
            schema.get("items").unwrap_or(&Value::Null),
            root,
            word,
            depth
        )]),
        "boolean" => json!(true),
        "integer" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "null" => Value::Null,
        "number" => schema.get("minimum").cloned().unwrap_or(json!(1.5)),
        "object" => object(schema, root, word, depth),
        _ => json!(word),
    }
}

fn type_of(schema: &Value) -> &str {
    let written = match schema.get("type") {
        Some(Value::Array(types)) => types.first().and_then(Value::as_str),
        Some(written) => written.as_str(),
        None => None,
    };
    let implied = if schema.get("properties").is_some() {
        "object"
    } else {
        "string"
    };
    written.unwrap_or(implied)
}

fn object(schema: &Value, root: &Value, word: &str, depth: usize) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object);
    let members: Map<_, _> = properties
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.clone(), value(schema, root, word, depth)))
        .collect();
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_gets_a_value_of_its_type() {
        let schema = json!({"type": "object", "properties": {
            "city": {"type": "string"},
            "days": {"type": ["integer", "null"]},
            "unit": {"enum": ["C", "F"]},
            "where": {"$ref": "#/$defs/point"},
        }, "$defs": {"point": {"type": "array", "items": {"type": "number"}}}});
        let expected = json!({"city": "Oslo", "days": 1, "unit": "C", "where": [1.5]});
        assert_eq!(fitting(&schema, "Oslo"), expected);
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({"properties": {"next": {"$ref": "#"}}});
        assert!(fitting(&schema, "x").is_object());
    }
}
