//! Tools, the choice among them, and the form of the answer, as the vendor takes them.

use super::quirks::{Effort, Quirks, Schema, Strict, Tools};
use crate::wire::json::{Change, Member, Members, Splice, compact, edit_array, push_string};

/// What is said in words because the vendor has no member for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// A message in front of all others, JSON.
    pub first: Option<Vec<u8>>,
    /// A message behind all others, JSON.
    pub last: Option<Vec<u8>>,
}

/// Edits the members around tools, form and effort.
pub(super) fn edit(members: &Members<'_>, quirks: &Quirks, splice: &mut Splice<'_, '_>) -> Words {
    let mut words = Words::default();
    let tools = members.get("tools").filter(|tools| !is_nothing(tools));
    if tools.is_none() && quirks.messages.strict >= Strict::Signed {
        // A choice among nothing is refused, and so is an empty list.
        for name in ["parallel_tool_calls", "tool_choice", "tools"] {
            for member in members.iter().filter(|member| member.key.is(name)) {
                splice.remove(member);
            }
        }
        return form_and_effort(members, quirks, splice);
    }
    if let Some(member) = tools
        && let Some(edited) = edit_array(member.value, |_, tool| simpler(tool, quirks.tools))
    {
        splice.replace(member, edited);
    }
    if let Some(member) = members.get("tool_choice") {
        words.last = choice(member, quirks.tools, splice);
    }
    if let Some(member) = members.get("response_format")
        && quirks.tools == Tools::Fireworks
        && tools.is_some()
    {
        splice.remove(member);
        return words;
    }
    Words {
        last: words.last,
        ..form_and_effort(members, quirks, splice)
    }
}

fn form_and_effort(members: &Members<'_>, quirks: &Quirks, splice: &mut Splice<'_, '_>) -> Words {
    let mut words = Words::default();
    if let Some(member) = members.get("response_format") {
        words.first = form(member, quirks.schema, splice);
    }
    if let Some(member) = members.get("reasoning_effort") {
        effort(member, quirks.effort, members, splice);
    }
    words
}

fn is_nothing(member: &Member<'_>) -> bool {
    matches!(member.value, b"null" | b"[]")
}

fn simpler(tool: &[u8], wants: Tools) -> Change {
    if !matches!(wants, Tools::Mistral | Tools::Xai) {
        return Change::Keep;
    }
    let Ok(members) = Members::read(tool) else {
        return Change::Keep;
    };
    let Some(member) = members.get("function") else {
        return Change::Keep;
    };
    let Ok(function) = Members::read(member.value) else {
        return Change::Keep;
    };
    let mut inner = Splice::new(member.value, &function);
    for part in function.iter() {
        if part.key.is("strict") {
            inner.remove(part);
        } else if wants == Tools::Mistral && part.key.is("parameters") {
            let Ok(mut schema) = serde_json::from_slice(part.value) else {
                continue;
            };
            if plainer(&mut schema) {
                inner.replace(part, schema.to_string().into_bytes());
            }
        }
    }
    let mut outer = Splice::new(tool, &members);
    if let Some(function) = inner.apply() {
        outer.replace(member, function);
    }
    outer.apply().map_or(Change::Keep, Change::Replace)
}

/// Takes out of a schema what Mistral refuses; says whether there was any.
fn plainer(schema: &mut serde_json::Value) -> bool {
    use serde_json::Value;
    match schema {
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |any, item| plainer(item) | any),
        Value::Object(members) => {
            let before = members.len();
            members.retain(|key, value| {
                let refused = matches!(key.as_str(), "$id" | "$schema") && value.is_string();
                let closed = key == "additionalProperties" && *value == Value::Bool(false);
                !refused && !closed
            });
            let fewer = members.len() < before;
            members
                .values_mut()
                .fold(fewer, |any, value| plainer(value) | any)
        }
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => false,
    }
}

/// Words the choice; returns what must be said instead.
fn choice(member: &Member<'_>, wants: Tools, splice: &mut Splice<'_, '_>) -> Option<Vec<u8>> {
    if member.value != b"\"required\"" {
        return None;
    }
    match wants {
        Tools::Fireworks => splice.replace(member, b"\"any\"".to_vec()),
        Tools::Moonshot => {
            splice.replace(member, b"\"auto\"".to_vec());
            return Some(message("user", "Call one of the tools to answer this."));
        }
        Tools::Mistral | Tools::Native | Tools::Xai => {}
    }
    None
}

/// Words the form; returns what must be said instead.
fn form(member: &Member<'_>, takes: Schema, splice: &mut Splice<'_, '_>) -> Option<Vec<u8>> {
    let format = Members::read(member.value).ok()?;
    let kind = format.get("type")?.value;
    match (takes, kind) {
        (Schema::Untyped, b"\"json_schema\"") => {
            splice.replace(member, b"{\"type\":\"json_object\"}".to_vec());
            let inner = Members::read(format.get("json_schema")?.value).ok()?;
            let schema = compact(inner.get("schema")?.value);
            let schema = String::from_utf8_lossy(&schema);
            let words = format!(
                "Answer with one JSON object that fits this JSON schema, and nothing else: {schema}"
            );
            Some(message("system", &words))
        }
        (Schema::Typed, b"\"json_object\"") => {
            const ANY: &[u8] = br#"{"type":"json_schema","json_schema":{"name":"object","schema":{"type":"object"}}}"#;
            splice.replace(member, ANY.to_vec());
            None
        }
        (_, _) => None,
    }
}

fn effort(member: &Member<'_>, wants: Effort, all: &Members<'_>, splice: &mut Splice<'_, '_>) {
    let off = member.value == b"\"none\"";
    match wants {
        Effort::EnableThinking if off => {
            splice.remove(member);
            if all.get("enable_thinking").is_none() {
                splice.add("enable_thinking", b"false");
            }
        }
        Effort::Thinking if member.value != b"null" => {
            splice.remove(member);
            if all.get("thinking").is_none() {
                let state: &[u8] = if off {
                    b"{\"type\":\"disabled\"}"
                } else {
                    b"{\"type\":\"enabled\"}"
                };
                splice.add("thinking", state);
            }
        }
        Effort::Xhigh if member.value == b"\"max\"" => {
            splice.replace(member, b"\"xhigh\"".to_vec());
        }
        Effort::EnableThinking | Effort::Native | Effort::Thinking | Effort::Xhigh => {}
    }
}

fn message(role: &str, words: &str) -> Vec<u8> {
    let mut out = format!("{{\"role\":\"{role}\",\"content\":").into_bytes();
    push_string(&mut out, words);
    out.push(b'}');
    out
}
