//! Google's schemas as JSON schemas: types in lower case, `nullable` as a type, numbers as numbers.

use super::fields::same;
use crate::api::look::{as_text, elements, is_true, object};
use crate::wire::json::{Array, Object};

/// Keywords that count, which Google writes as text.
const COUNTS: [&str; 6] = [
    "maxItems",
    "maxLength",
    "maxProperties",
    "minItems",
    "minLength",
    "minProperties",
];

/// Keywords whose values are schemas.
const SCHEMAS: [&str; 2] = ["additionalProperties", "items"];

/// Keywords that JSON schemas do not have.
const DROPPED: [&str; 3] = ["example", "nullable", "propertyOrdering"];

/// The same as a JSON schema.
pub(super) fn standard(schema: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(schema.len());
    push(schema, &mut out);
    out
}

/// Nesting is bounded: the reader refuses what is deeper, which then counts as an empty schema.
fn push(json: &[u8], out: &mut Vec<u8>) {
    if !json.starts_with(b"{") {
        return out.extend_from_slice(json);
    }
    let schema = object(json);
    let nullable = schema.get("nullable").map(|member| member.value);
    Object::write(out, |object| {
        for member in schema.iter() {
            let name = member.key.decode();
            let known =
                |names: &[&'static str]| names.iter().copied().find(|known| same(&name, known));
            if known(&DROPPED).is_some() {
                continue;
            }
            if name == "type" {
                object.with("type", |out| kind(member.value, is_true(nullable), out));
            } else if name == "properties" {
                object.object("properties", |inner| properties(member.value, inner));
            } else if let Some(name) = known(&["anyOf", "prefixItems"]) {
                object.array(name, |list| branches(member.value, list));
            } else if let Some(name) = known(&SCHEMAS) {
                object.with(name, |out| push(member.value, out));
            } else if let Some(name) = known(&COUNTS) {
                object.raw(name, number(member.value));
            } else {
                object.raw(&name, member.value);
            }
        }
    });
}

fn properties(json: &[u8], inner: &mut Object<'_>) {
    for property in object(json).iter() {
        inner.with(&property.key.decode(), |out| push(property.value, out));
    }
}

fn branches(json: &[u8], list: &mut Array<'_>) {
    for branch in elements(json) {
        list.with(|out| push(branch, out));
    }
}

fn kind(json: &[u8], nullable: bool, out: &mut Vec<u8>) {
    let lower = json.to_ascii_lowercase();
    if nullable {
        out.push(b'[');
        out.extend_from_slice(&lower);
        out.extend_from_slice(b",\"null\"]");
    } else {
        out.extend_from_slice(&lower);
    }
}

/// A number that is written as text.
fn number(json: &[u8]) -> &[u8] {
    match as_text(json) {
        Some(text) if text.raw().iter().all(u8::is_ascii_digit) && !text.raw().is_empty() => {
            text.raw()
        }
        Some(_) | None => json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn googles_schema_becomes_a_json_schema() {
        let google = br#"{"type":"OBJECT","propertyOrdering":["type"],"properties":{"type":{"type":"STRING","nullable":true},"n":{"type":"ARRAY","min_items":"1","items":{"type":"INTEGER"}},"nullable":{"anyOf":[{"type":"NUMBER"},{"type":"BOOLEAN"}]}},"required":["type"]}"#;
        let expected = r#"{"type":"object","properties":{"type":{"type":["string","null"]},"n":{"type":"array","minItems":1,"items":{"type":"integer"}},"nullable":{"anyOf":[{"type":"number"},{"type":"boolean"}]}},"required":["type"]}"#;
        assert_eq!(String::from_utf8(standard(google)).unwrap(), expected);
    }
}
