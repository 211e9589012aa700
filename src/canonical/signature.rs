//! Google's signatures of reasoning on their way through clients: those return ids, but drop members that they do not know.

/// What stands between the id of a call and the signature behind it.
pub const MARK: &str = "__thought__";
/// What signatures of text begin with, so that no other vendor is sent them.
const GOOGLES: &str = "google:";

/// The id of a call with the signature that must come back with it.
#[must_use]
pub fn marked(id: &str, signature: &str) -> String {
    [id, MARK, signature].concat()
}

/// The id that a client sends, and the signature behind it.
#[must_use]
pub fn split(id: &str) -> (&str, Option<&str>) {
    match id.split_once(MARK) {
        Some((id, signature)) => (id, Some(signature).filter(|text| !text.is_empty())),
        None => (id, None),
    }
}

/// A signature of text as clients are given it.
#[must_use]
pub fn of_text(signature: &str) -> String {
    [GOOGLES, signature].concat()
}

/// Whether a signature that a client sends is Google's.
#[must_use]
pub fn is_googles(signature: &str) -> bool {
    signature.starts_with(GOOGLES)
}

/// Google's own spelling of a signature that clients were given; `None` when it is another vendor's.
#[must_use]
pub fn to_google(signature: &str) -> Option<&str> {
    signature.strip_prefix(GOOGLES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_comes_back_with_the_id_it_was_put_behind() {
        let id = marked("call_1", "Q2lRQg==");
        assert_eq!(id, "call_1__thought__Q2lRQg==");
        assert_eq!(split(&id), ("call_1", Some("Q2lRQg==")));
        assert_eq!(split("call_1"), ("call_1", None));
    }

    #[test]
    fn signatures_of_text_are_told_from_other_vendors() {
        assert_eq!(to_google(&of_text("x")), Some("x"));
        assert!(!is_googles("ErUBCkYIBxgC") && to_google("ErUBCkYIBxgC").is_none());
    }
}
