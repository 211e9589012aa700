//! What a model must be able to do for a request: asked only where it decides, because the messages are read for it.

use crate::wire::json::{Fault, Members, Reader};

/// Whether it must answer by a JSON schema.
#[must_use]
pub fn schema(members: &Members<'_>) -> bool {
    let format = members.get("response_format");
    format.is_some_and(|format| {
        is_object_of(&mut Reader::new(format.value), &["json_schema"]).unwrap_or(false)
    })
}

/// Whether it must call functions.
#[must_use]
pub fn tools(members: &Members<'_>) -> bool {
    ["functions", "tools"].iter().any(|name| {
        let list = members.get(name).map(|member| member.value);
        matches!(list, Some([b'[', inner @ .., b']']) if !inner.trim_ascii().is_empty())
    })
}

/// Whether it must see images.
#[must_use]
pub fn vision(members: &Members<'_>) -> bool {
    let mut seen = false;
    let messages = members.get("messages");
    let read = messages.map(|messages| {
        Reader::new(messages.value).array(|reader, _| {
            seen |= shows(reader)?;
            Ok(())
        })
    });
    read.is_some_and(|read| read.is_ok()) && seen
}

/// Whether the message that is read has an image among its parts.
fn shows(reader: &mut Reader<'_>) -> Result<bool, Fault> {
    let mut seen = false;
    reader.optional_object(|reader, key| {
        if !key.is("content") {
            return reader.ignore();
        }
        reader
            .optional_array(|reader, _| {
                seen |= is_object_of(reader, &["image", "image_url", "input_image"])?;
                Ok(())
            })
            .map(|_| ())
    })?;
    Ok(seen)
}

/// Whether the value that is read is an object whose `type` is one of these.
fn is_object_of(reader: &mut Reader<'_>, types: &[&str]) -> Result<bool, Fault> {
    let mut is = false;
    reader.optional_object(|reader, key| {
        let value = reader.optional_string()?;
        if key.is("type") {
            is = value.is_some_and(|value| types.iter().any(|name| value.is(name)));
        }
        Ok(())
    })?;
    Ok(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(need: fn(&Members<'_>) -> bool, members: &str) -> bool {
        let json = format!(r#"{{"model":"m",{members}}}"#);
        need(&Members::read(json.as_bytes()).unwrap())
    }

    #[test]
    fn images_are_found_among_the_parts_of_any_message() {
        let with = |parts: &str| {
            let messages = format!(
                r#""messages":[7,{{"role":"user","content":"image_url"}},{{"content":{parts},"name":"x"}}]"#
            );
            asks(vision, &messages)
        };
        assert!(with(
            r#"[{"type":"text","text":"a"},{"image_url":{"url":"u"},"type":"image_url"}]"#
        ));
        assert!(with(r#"[{"type":"input_image"}]"#));
        assert!(!with(
            r#"[{"type":"text","text":"{\"type\":\"image_url\"}"},"image_url",null]"#
        ));
        assert!(!with(r#"{"type":"image_url"}"#));
    }

    #[test]
    fn tools_are_needed_where_there_are_any() {
        for (members, needed) in [
            (r#""tools":[{}]"#, true),
            (r#""functions":[{}]"#, true),
            (r#""tools":[ ]"#, false),
            (r#""tools":null"#, false),
            (r#""tool_choice":"auto""#, false),
        ] {
            assert_eq!(
                asks(tools, &format!(r#"{members},"messages":[]"#)),
                needed,
                "{members}"
            );
        }
    }

    #[test]
    fn a_schema_is_needed_where_it_is_the_format() {
        for (format, needed) in [
            (r#"{"json_schema":{"type":"x"},"type":"json_schema"}"#, true),
            (r#"{"type":"json_object"}"#, false),
            (r#"{"inner":{"type":"json_schema"}}"#, false),
            (r#""json_schema""#, false),
            ("null", false),
        ] {
            let members = format!(r#""response_format":{format},"messages":[]"#);
            assert_eq!(asks(schema, &members), needed, "{format}");
        }
    }
}
