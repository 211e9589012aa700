//! Errors in OpenAI's form, so that every client's SDK raises what it would for OpenAI.

/// An error as OpenAI words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// OpenAI's `type`.
    pub kind: String,
    /// OpenAI's `code`.
    pub code: Option<String>,
    /// The request member at fault.
    pub param: Option<String>,
    /// What happened, for a person.
    pub message: String,
    /// Seconds after which trying again makes sense.
    pub retry_after_s: Option<u64>,
}
