//! Failures as AWS names them: the name tells more than the status it comes with, and in a stream there is only the name.

use serde_json::Value;

use super::read::{found, read};
use super::{ApiError, Class};
use crate::value::head::Head;

/// Names in lower case, and the status for the client.
const STATUSES: [(&str, u16); 24] = [
    ("accessdeniedexception", 403),
    ("expiredtokenexception", 401),
    ("internaldependencyexception", 502),
    ("internalfailure", 500),
    ("internalserverexception", 500),
    ("internalstreamfailure", 500),
    ("invalidsignatureexception", 401),
    ("missingauthenticationtoken", 401),
    ("missingauthenticationtokenexception", 401),
    ("modelerror", 502),
    ("modelerrorexception", 502),
    ("modelnotreadyexception", 503),
    ("modelstreamerror", 502),
    ("modelstreamerrorexception", 502),
    ("modeltimeoutexception", 504),
    ("resourcenotfoundexception", 404),
    ("servicequotaexceededexception", 429),
    ("serviceunavailable", 503),
    ("serviceunavailableexception", 503),
    ("signaturedoesnotmatch", 401),
    ("throttlingexception", 429),
    ("unrecognizedclientexception", 401),
    ("validationerror", 400),
    ("validationexception", 400),
];

impl ApiError {
    /// The failure that a stream of AWS's reports under that name.
    #[must_use]
    pub fn exception(provider: &str, name: &str, body: &[u8]) -> ApiError {
        named(provider, name, 500, body)
    }
}

/// The error that one of AWS's services answered with; `None` when another vendor did.
pub(super) fn answered(provider: &str, head: &Head, body: &[u8]) -> Option<ApiError> {
    if !["bedrock", "sagemaker", "sagemaker_chat"].contains(&provider) {
        return None;
    }
    let status = head.status().unwrap_or(502);
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    if let Some(error) = forwarded(provider, &json) {
        return Some(error);
    }
    let in_head = head
        .get("x-amzn-errortype")
        .and_then(|name| name.split(':').next());
    let in_body = json.get("__type").and_then(Value::as_str);
    let in_body = in_body.and_then(|name| name.rsplit('#').next());
    let name = in_head.or(in_body).unwrap_or_default();
    Some(named(provider, name, status, body))
}

/// What a container behind SageMaker answered.
fn forwarded(provider: &str, json: &Value) -> Option<ApiError> {
    let status = json.get("OriginalStatusCode")?.as_u64()?;
    let status = u16::try_from(status).ok().filter(|status| *status >= 400)?;
    let words = json.get("OriginalMessage")?.as_str()?;
    Some(read(Some(provider), status, found(None, words.as_bytes())))
}

fn named(provider: &str, name: &str, status: u16, body: &[u8]) -> ApiError {
    let mut found = found(None, body);
    found.names.push(name.to_owned());
    let lower = name.to_ascii_lowercase();
    let known = STATUSES.iter().find(|(known, _)| *known == lower);
    let error = read(
        Some(provider),
        known.map_or(status, |(_, status)| *status),
        found,
    );
    match error.class {
        // Whose credential is wrong is the same whether AWS calls it forbidden or not.
        Class::Auth => ApiError {
            status: 401,
            ..error
        },
        Class::NotFound if lower == "resourcenotfoundexception" => {
            error.with_code("model_not_found")
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, name: &str, body: &str) -> (u16, Option<String>) {
        let head: Head = [
            (":status", status.to_string()),
            (
                "x-amzn-errortype",
                format!("{name}:http://internal.amazon.com/x/"),
            ),
        ]
        .into_iter()
        .collect();
        let error = ApiError::answered("bedrock", &head, body.as_bytes());
        (error.status, error.code)
    }

    #[test]
    fn each_exception_has_its_status_and_code() {
        for (name, status, told, code) in [
            ("ValidationException", 400, 400, None),
            ("AccessDeniedException", 403, 403, None),
            (
                "ResourceNotFoundException",
                404,
                404,
                Some("model_not_found"),
            ),
            ("ThrottlingException", 429, 429, Some("rate_limit_exceeded")),
            ("ModelNotReadyException", 429, 503, Some("overloaded")),
            (
                "ServiceQuotaExceededException",
                400,
                429,
                Some("insufficient_quota"),
            ),
            ("ModelTimeoutException", 408, 504, None),
            ("ModelErrorException", 424, 502, None),
            ("InternalServerException", 500, 500, None),
            ("ServiceUnavailableException", 503, 503, Some("overloaded")),
            (
                "InvalidSignatureException",
                403,
                401,
                Some("invalid_api_key"),
            ),
            (
                "UnrecognizedClientException",
                403,
                401,
                Some("invalid_api_key"),
            ),
            ("ExpiredTokenException", 400, 401, Some("invalid_api_key")),
            (
                "MissingAuthenticationTokenException",
                403,
                401,
                Some("invalid_api_key"),
            ),
            ("FutureException", 418, 418, None),
        ] {
            let expected = (told, code.map(str::to_owned));
            assert_eq!(
                answered(status, name, r#"{"message":"m"}"#),
                expected,
                "{name}"
            );
            let body = format!(r#"{{"__type":"com.amazon.coral#{name}","Message":"m"}}"#);
            let head: Head = [(":status", status.to_string())].into_iter().collect();
            let error = ApiError::answered("bedrock", &head, body.as_bytes());
            assert_eq!((error.status, error.code), expected, "{name} in the body");
        }
    }

    #[test]
    fn prompts_too_long_and_bad_credentials_are_told_by_their_words() {
        for words in [
            "Input is too long for requested model.",
            "Too many input tokens. Max input tokens: 8192, request input token count: 9000",
            "too many tokens: total must be less",
            "expected maxLength: 2048, actual: 9000",
            "prompt is too long: 215000 tokens > 200000 maximum",
        ] {
            let (status, code) = answered(
                400,
                "ValidationException",
                &format!(r#"{{"message":"{words}"}}"#),
            );
            assert_eq!(
                (status, code.as_deref()),
                (400, Some("context_length_exceeded")),
                "{words}"
            );
        }
        let body = r#"{"message":"The security token included in the request is invalid."}"#;
        assert_eq!(answered(403, "AccessDeniedException", body).0, 401);
    }

    #[test]
    fn throttling_that_speaks_of_tokens_is_no_prompt_too_long() {
        let body = br#"{"message":"Too many tokens, please wait before trying again."}"#;
        let error = ApiError::exception("bedrock", "throttlingException", body);
        assert_eq!((error.status, error.class), (429, Class::RateLimit));
        assert_eq!(
            error.message,
            "Too many tokens, please wait before trying again."
        );
    }

    #[test]
    fn what_a_container_answered_is_what_the_client_is_told() {
        let body = r#"{"ErrorCode":"x","Message":"m","OriginalStatusCode":422,"OriginalMessage":"{\"error\":\"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096\"}"}"#;
        let head: Head = [(":status", "424")].into_iter().collect();
        let error = ApiError::answered("sagemaker_chat", &head, body.as_bytes());
        assert_eq!((error.status, error.class), (422, Class::ContextLength));
    }
}
