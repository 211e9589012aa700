//! What an entry says about the parameters of its requests.

use serde_json::Value;

use super::faults::Trouble;
use super::kind;
use super::section::{Findings, Section};
use crate::provider::Rules;

/// Reads it.
pub(super) fn rules(params: &Section<'_>, modify: bool, findings: &mut Findings<'_>) -> Rules {
    let names = |key: &str, findings: &Findings<'_>| {
        let names = params.names(key, &findings.env).unwrap_or_default();
        names.into_iter().map(|name| name.value).collect()
    };
    let merge = params.flag("merge_reasoning_content_in_choices", &findings.env);
    Rules {
        allowed: names("allowed_openai_params", findings),
        dropped: names("additional_drop_params", findings),
        extra_body: extra_body(params, findings),
        merge_reasoning: merge.unwrap_or(false),
        modify,
    }
}

/// `extra_body`, each member's value as JSON.
fn extra_body(params: &Section<'_>, findings: &mut Findings<'_>) -> Vec<(String, String)> {
    let at = params.place("extra_body");
    let mut members = Vec::new();
    for (key, value) in params.entries("extra_body", findings) {
        match resolved(value, findings) {
            Ok(value) => members.push((key.clone(), value.to_string())),
            Err(trouble) => findings.fault(at.key(key), trouble),
        }
    }
    members
}

/// The value with its references to variables replaced, however deep they stand.
fn resolved(value: &Value, findings: &Findings<'_>) -> Result<Value, Trouble> {
    Ok(match value {
        Value::Array(items) => {
            let items = items.iter().map(|item| resolved(item, findings));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(key, value)| Ok((key.clone(), resolved(value, findings)?)));
            Value::Object(members.collect::<Result<_, Trouble>>()?)
        }
        Value::String(text) if text.trim().is_empty() => value.clone(),
        Value::String(_) => Value::String(kind::text(value, &findings.env)?.value),
        Value::Bool(_) | Value::Null | Value::Number(_) => value.clone(),
    })
}
