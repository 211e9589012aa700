//! What Anthropic refuses about tools and their choice.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::check::extra;
use super::models::Abilities;
use crate::answer::Tool;
use crate::behaviour;

const KNOWN: &[&str] = &[
    "allowed_callers",
    "cache_control",
    "defer_loading",
    "description",
    "eager_input_streaming",
    "input_examples",
    "input_schema",
    "name",
    "strict",
    "type",
];

/// What `tool_choice` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// Only this tool.
    pub name: Option<String>,
    /// No tool at all.
    pub none: bool,
    /// No parallel calls.
    pub one_call: bool,
}

/// The tools the client runs itself; the vendor's own are accepted and never called.
pub fn offered(request: &Map<String, Value>) -> Result<Vec<Tool>, String> {
    let Some(tools) = request.get("tools") else {
        return Ok(Vec::new());
    };
    let tools = tools
        .as_array()
        .ok_or("tools: Input should be a valid list")?;
    let mut names = HashSet::new();
    let mut offered = Vec::new();
    for (at, tool) in tools.iter().enumerate() {
        let name = tool.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| format!("tools.{at}.custom.name: Field required"))?;
        if !names.insert(name) {
            return Err("tools: Tool names must be unique.".into());
        }
        if tool.get("type").is_none_or(|kind| kind == "custom") {
            offered.push(
                custom(tool, name).map_err(|problem| format!("tools.{at}.custom.{problem}"))?,
            );
        }
    }
    Ok(offered)
}

fn custom(tool: &Value, name: &str) -> Result<Tool, String> {
    let members = tool
        .as_object()
        .ok_or("Input should be a valid dictionary")?;
    if let Some(key) = behaviour::unknown(members, KNOWN) {
        return Err(extra(key));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name.len() > 128 || !name.chars().all(plain) {
        return Err("name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'".into());
    }
    let schema = tool
        .get("input_schema")
        .ok_or("input_schema: Field required")?;
    if schema.get("type").is_none_or(|kind| kind != "object") {
        return Err("input_schema.type: Input should be 'object'".into());
    }
    Ok(Tool {
        name: name.to_owned(),
        schema: schema.clone(),
    })
}

/// Reads `tool_choice`.
pub fn choice(
    request: &Map<String, Value>,
    thinking: bool,
    abilities: Abilities,
) -> Result<Choice, String> {
    let Some(choice) = request.get("tool_choice") else {
        return Ok(Choice::default());
    };
    let members = choice
        .as_object()
        .ok_or("tool_choice: Input should be a valid dictionary")?;
    let tools = request
        .get("tools")
        .and_then(Value::as_array)
        .filter(|tools| !tools.is_empty());
    let tools = tools.ok_or("tool_choice may only be specified while providing `tools`.")?;
    let (kind, known): (_, &[&str]) = match choice["type"].as_str() {
        Some(kind @ ("any" | "auto")) => (kind, &["type", "disable_parallel_tool_use"]),
        Some("none") => ("none", &["type"]),
        Some("tool") => ("tool", &["type", "name", "disable_parallel_tool_use"]),
        _ => {
            return Err(
                "tool_choice: Input tag does not match any of: 'any', 'auto', 'none', 'tool'"
                    .into(),
            );
        }
    };
    if let Some(key) = behaviour::unknown(members, known) {
        return Err(extra(&format!("tool_choice.{kind}.{key}")));
    }
    let forced = kind == "any" || kind == "tool";
    if forced && !abilities.forced_choice {
        return Err(format!(
            "tool_choice: type \"{kind}\" is not supported for this model"
        ));
    }
    if thinking && forced {
        return Err("Thinking may not be enabled when tool_choice forces tool use.".into());
    }
    let name = match choice.get("name").and_then(Value::as_str) {
        Some(name) if !tools.iter().any(|tool| tool["name"] == name) => {
            return Err(format!("Tool '{name}' not found in provided tools"));
        }
        None if kind == "tool" => return Err("tool_choice.tool.name: Field required".into()),
        name => name.map(str::to_owned),
    };
    Ok(Choice {
        name,
        none: kind == "none",
        one_call: choice["disable_parallel_tool_use"] == true,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::models::abilities;
    use super::*;

    fn tools(tool: Value) -> Result<Vec<Tool>, String> {
        offered(json!({"tools": [tool]}).as_object().expect("an object"))
    }

    fn chosen(request: Value, thinking: bool) -> Result<Choice, String> {
        choice(
            request.as_object().expect("an object"),
            thinking,
            abilities("m"),
        )
    }

    #[test]
    fn the_shape_of_openais_tools_is_refused() {
        let schema = json!({"type": "object"});
        assert!(tools(json!({"name": "wx", "input_schema": schema})).is_ok());
        assert_eq!(
            tools(json!({"name": "wx", "parameters": schema})),
            Err(format!("tools.0.custom.{}", extra("parameters")))
        );
        assert!(tools(json!({"name": "w x", "input_schema": schema})).is_err());
        assert!(tools(json!({"name": "wx", "input_schema": {}})).is_err());
    }

    #[test]
    fn the_shape_of_openais_choice_is_refused() {
        let tools = json!([{"name": "wx"}]);
        assert!(chosen(json!({"tools": tools, "tool_choice": "auto"}), false).is_err());
        assert!(
            chosen(
                json!({"tools": tools, "tool_choice": {"type": "function"}}),
                false
            )
            .is_err()
        );
    }

    #[test]
    fn a_choice_without_tools_is_refused() {
        assert!(chosen(json!({"tool_choice": {"type": "auto"}}), false).is_err());
    }

    #[test]
    fn a_forced_choice_and_thinking_exclude_each_other() {
        let request = json!({"tools": [{"name": "wx"}], "tool_choice": {"type": "any"}});
        assert!(chosen(request.clone(), false).is_ok());
        assert!(chosen(request, true).is_err());
    }
}
