//! What Anthropic refuses about structured answers and effort.

use serde_json::{Map, Value};

use super::check::extra;
use super::models::Abilities;
use crate::behaviour;

/// Refused in the schema of a structured answer.
const NO_KEYWORDS: &[&str] = &[
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
    "oneOf",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedProperties",
    "uniqueItems",
];

/// The schema of a structured answer.
pub fn read(request: &Map<String, Value>, abilities: Abilities) -> Result<Option<Value>, String> {
    let Some(config) = request.get("output_config").and_then(Value::as_object) else {
        return Ok(None);
    };
    if let Some(key) = behaviour::unknown(config, &["effort", "format", "task_budget"]) {
        return Err(extra(&format!("output_config.{key}")));
    }
    if config.contains_key("effort") && !abilities.effort {
        return Err("This model does not support the effort parameter.".into());
    }
    let efforts = ["low", "medium", "high", "xhigh", "max"];
    if config
        .get("effort")
        .is_some_and(|effort| !efforts.iter().any(|known| effort == known))
    {
        return Err(
            "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'"
                .into(),
        );
    }
    let Some(format) = config.get("format").filter(|format| !format.is_null()) else {
        return Ok(None);
    };
    if format["type"] != "json_schema" {
        return Err("output_config.format.type: Input should be 'json_schema'".into());
    }
    let schema = format
        .get("schema")
        .ok_or("output_config.format.schema: Field required")?;
    strict_schema(schema).map_err(|problem| format!("output_config.format.schema: {problem}"))?;
    Ok(Some(schema.clone()))
}

fn strict_schema(schema: &Value) -> Result<(), String> {
    let Some(members) = schema.as_object() else {
        return Ok(());
    };
    if let Some(key) = members
        .keys()
        .find(|key| NO_KEYWORDS.contains(&key.as_str()))
    {
        return Err(format!("property '{key}' is not supported"));
    }
    if schema["type"] == "object" && schema["additionalProperties"] != false {
        return Err(
            "For 'object' type, 'additionalProperties' must be explicitly set to false".into(),
        );
    }
    for key in ["properties", "$defs"] {
        let schemas = schema.get(key).and_then(Value::as_object);
        schemas
            .into_iter()
            .flatten()
            .try_for_each(|(_, schema)| strict_schema(schema))?;
    }
    for key in ["anyOf", "allOf"] {
        schema
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .try_for_each(strict_schema)?;
    }
    schema.get("items").map_or(Ok(()), strict_schema)
}
