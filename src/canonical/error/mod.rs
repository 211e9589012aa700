//! Errors in OpenAI's form, so that every client's SDK raises for any provider what it would raise for OpenAI.

mod aws;
mod class;
#[cfg(test)]
mod corpus;
mod delay;
mod phrases;
mod read;
mod redact;
mod shape;
mod signs;
mod visible;

use serde::Serialize;

pub use class::Class;
pub use delay::spelled;
pub use redact::redact;
pub use signs::Signs;

/// An error as OpenAI's API states it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiError {
    /// What kind of failure it is, for those who decide what to do next.
    pub class: Class,
    /// OpenAI's `code`.
    pub code: Option<String>,
    /// OpenAI's `type`.
    pub kind: String,
    /// What went wrong, for people.
    pub message: String,
    /// The request member at fault.
    pub param: Option<String>,
    /// How long to wait before trying again, in seconds, where the body says so.
    pub retry_after_s: Option<u64>,
    /// The HTTP status to answer with.
    pub status: u16,
}

impl ApiError {
    /// An error of our own, with the type and code that go with its class.
    pub fn new(status: u16, class: Class, message: impl Into<String>) -> ApiError {
        ApiError {
            class,
            code: class.code().map(str::to_owned),
            kind: class.kind().to_owned(),
            message: message.into(),
            param: None,
            retry_after_s: None,
            status,
        }
    }

    /// The same with another `code`.
    #[must_use]
    pub fn with_code(self, code: impl Into<String>) -> ApiError {
        ApiError {
            code: Some(code.into()),
            ..self
        }
    }

    /// The same, blaming a member of the request.
    #[must_use]
    pub fn with_param(self, param: impl Into<String>) -> ApiError {
        ApiError {
            param: Some(param.into()),
            ..self
        }
    }

    /// The same without `secrets` and what looks like one in its words.
    #[must_use]
    pub fn redacted(self, secrets: &[&str]) -> ApiError {
        let clean = |text: String| redact(&text, secrets).into_owned();
        ApiError {
            code: self.code.map(clean),
            kind: clean(self.kind),
            message: clean(self.message),
            param: self.param.map(clean),
            ..self
        }
    }

    /// `{"error":{"message","type","param","code"}}`, exactly these members in this order.
    pub fn to_json(&self) -> Vec<u8> {
        let error = Members {
            message: &self.message,
            kind: &self.kind,
            param: self.param.as_deref(),
            code: self.code.as_deref(),
        };
        serde_json::to_vec(&Body { error }).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Body<'a> {
    error: Members<'a>,
}

#[derive(Serialize)]
struct Members<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_written_with_openais_four_members_in_order() {
        let error = ApiError::new(404, Class::NotFound, "no \"x\"\n")
            .with_param("model")
            .with_code("model_not_found");
        let expected = r#"{"error":{"message":"no \"x\"\n","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#;
        assert_eq!(String::from_utf8(error.to_json()).unwrap(), expected);
        let bare = ApiError::new(500, Class::Server, "m").to_json();
        assert_eq!(
            bare,
            br#"{"error":{"message":"m","type":"server_error","param":null,"code":null}}"#
        );
    }

    #[test]
    fn an_error_of_our_own_has_the_type_and_code_of_its_class() {
        let error = ApiError::new(429, Class::RateLimit, "slow down");
        assert_eq!(
            (error.kind.as_str(), error.code.as_deref()),
            ("rate_limit_error", Some("rate_limit_exceeded"))
        );
    }

    #[test]
    fn secrets_leave_every_member() {
        let error = ApiError::new(401, Class::Auth, "key hunter22")
            .with_param("hunter22")
            .redacted(&["hunter22"]);
        let json = String::from_utf8(error.to_json()).unwrap();
        assert!(!json.contains("hunter22"), "{json}");
    }
}
