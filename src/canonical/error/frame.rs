//! Tells errors that arrive inside a success: some providers answer 200 and say in the body that it failed.

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Whether a body or a stream frame is an error: a truthy `error`, `object` or `type` that is `error`, or MiniMax's
/// `base_resp` with another status than 0. What is not a JSON object is not.
pub fn is_error_frame(json: &[u8]) -> bool {
    let may_be = memmem::find(json, b"\"error\"").or_else(|| memmem::find(json, b"\"base_resp\""));
    may_be.is_some()
        && serde_json::from_slice::<Frame<'_>>(json).is_ok_and(|frame| frame.is_error())
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    base_resp: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
}

impl Frame<'_> {
    fn is_error(&self) -> bool {
        let says_so =
            |member: Option<&RawValue>| member.is_some_and(|raw| raw.get() == "\"error\"");
        self.error.is_some_and(is_truthy)
            || says_so(self.kind)
            || says_so(self.object)
            || self.base_resp.is_some_and(failed)
    }
}

fn is_truthy(raw: &RawValue) -> bool {
    let squeezed: String = raw.get().split_ascii_whitespace().collect();
    !matches!(
        squeezed.as_str(),
        "null" | "false" | "0" | "\"\"" | "{}" | "[]"
    )
}

fn failed(base_resp: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Status {
        status_code: i64,
    }
    serde_json::from_str::<Status>(base_resp.get()).is_ok_and(|status| status.status_code != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_inside_a_success_are_seen() {
        for json in [
            r#"{"error":{"code":502,"message":"provider down"}}"#,
            r#"{"id":"x","choices":[],"error":"m"}"#,
            r#"{"error":true}"#,
            r#"{"object":"error","message":"m"}"#,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#,
            r#"{"type":"error","code":"c","message":"m"}"#,
            r#"{"base_resp":{"status_code":1002,"status_msg":"m"}}"#,
        ] {
            assert!(is_error_frame(json.as_bytes()), "{json}");
        }
    }

    #[test]
    fn answers_are_not_errors_whatever_they_talk_about() {
        for json in [
            "",
            "[DONE]",
            "null",
            r#"["error"]"#,
            r#""error""#,
            r#"{"error":null}"#,
            r#"{"error":""}"#,
            r#"{"error":{ }}"#,
            r#"{"error":false,"type":"response"}"#,
            r#"{"base_resp":{"status_code":0,"status_msg":"success"}}"#,
            r#"{"choices":[{"message":{"content":"\"error\"","error":{"a":1}}}]}"#,
            r#"{"object":"chat.completion","metadata":{"type":"error"}}"#,
            r#"{"error":{"message":"cut"#,
        ] {
            assert!(!is_error_frame(json.as_bytes()), "{json}");
        }
    }
}
