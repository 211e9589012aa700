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
