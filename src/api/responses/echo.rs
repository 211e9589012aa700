//! What an answer repeats of its request, as OpenAI's own server does and its SDKs demand.

use crate::api::look::{elements, object, value, word};
use crate::wire::json::{Members, Object};

/// Members that every answer has, and what they are where the request does not say.
const ALWAYS: [(&str, &[u8]); 13] = [
    ("max_output_tokens", b"null"),
    ("max_tool_calls", b"null"),
    ("metadata", b"{}"),
    ("parallel_tool_calls", b"true"),
    ("previous_response_id", b"null"),
    ("reasoning", b"{\"effort\":null,\"summary\":null}"),
    ("temperature", b"1.0"),
    ("text", b"{\"format\":{\"type\":\"text\"}}"),
    ("tool_choice", b"\"auto\""),
    ("top_logprobs", b"0"),
    ("top_p", b"1.0"),
    ("truncation", b"\"disabled\""),
    ("user", b"null"),
];

/// Members that an answer has where the request has them.
const STATED: [&str; 3] = ["prompt_cache_key", "safety_identifier", "service_tier"];

/// The value of `instructions` and all repeated members after it, so that they are written as one.
pub(super) fn repeated(members: &Members<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    Object::write(&mut out, |echo| {
        echo.raw(
            "instructions",
            value(members, "instructions").unwrap_or(b"null"),
        );
        for (name, usual) in ALWAYS {
            echo.raw(name, value(members, name).unwrap_or(usual));
        }
        echo.array("tools", |list| {
            for json in value(members, "tools").map(elements).unwrap_or_default() {
                list.with(|out| tool(json, out));
            }
        });
        for name in STATED {
            if let Some(value) = value(members, name) {
                echo.raw(name, value);
            }
        }
    });
    let inner = out.strip_prefix(b"{\"instructions\":").unwrap_or_default();
    inner.strip_suffix(b"}").unwrap_or_default().to_vec()
}

/// A tool with the members that an answer must have and a request may lack.
fn tool(json: &[u8], out: &mut Vec<u8>) {
    let tool = object(json);
    if word(&tool, "type") != "function" {
        return out.extend_from_slice(json);
    }
    Object::write(out, |echo| {
        for member in tool.iter() {
            echo.raw(&member.key.decode(), member.value);
        }
        for name in ["parameters", "strict"] {
            if tool.get(name).is_none() {
                echo.raw(name, b"null");
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_request_says_is_repeated_and_the_rest_is_what_openai_says() {
        let members = object(br#"{"instructions":"Be brief.","temperature":0.50,"user":null,"tools":[{"type":"function","name":"f"}]}"#);
        let json = [b"{\"instructions\":", repeated(&members).as_slice(), b"}"].concat();
        let json = String::from_utf8(json).unwrap();
        assert!(
            json.starts_with(r#"{"instructions":"Be brief.","max_output_tokens":null,"#),
            "{json}"
        );
        assert!(json.contains(r#""temperature":0.50,"#) && json.contains(r#""user":null"#));
        assert!(json.contains(
            r#""tools":[{"type":"function","name":"f","parameters":null,"strict":null}]"#
        ));
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
    }
}
