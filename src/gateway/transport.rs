//! Header fields that outer and inner listener tell each other things by.

/// Marks an answer as final.
pub const FINAL: &str = "x-dragoman-final";
/// stub
#[must_use]
pub fn exchange(head: &crate::value::head::Head) -> Option<&[u8]> {
    head.get("x-dragoman-exchange")
        .or_else(|| head.get("x-request-id"))
        .map(str::as_bytes)
}
