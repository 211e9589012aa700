//! Reads whatever a provider sent as an error: JSON in any shape, a page, plain text, or nothing.

use memchr::memmem;
use serde_json::Value;

use super::shape::{self, Found};
use super::visible::{is_html, visible};
use super::{ApiError, Class, Signs, aws, delay};
use crate::value::head::Head;

impl ApiError {
    /// The error a provider answered with. Its status is kept, but 498 and 529, which are in no register,
    /// become that of their class and 503, and Google's 400 for a bad key, which becomes 401; for an error inside a success (`status` below 400) it is the one the body states,
    /// else that of its class, else 502. Type, code, param and message of an OpenAI error object are kept, numbers as text; a
    /// missing or merely numeric code gives way where OpenAI's code says more (context length, content filter, quota). All
    /// other shapes get OpenAI's type and code of their class.
    #[must_use]
    pub fn read(status: u16, content_type: Option<&str>, body: &[u8]) -> ApiError {
        read(None, status, found(content_type, body))
    }

    /// The error that a success of a provider holds instead of an answer.
    #[must_use]
    pub fn inside(provider: &str, body: &[u8]) -> ApiError {
        read(Some(provider), 200, found(Some("application/json"), body))
    }

    /// The same of an answer with its head, by a provider that is known: what only others say so counts for nothing, and the
    /// head may name the failure (AWS does).
    #[must_use]
    pub fn answered(provider: &str, head: &Head, body: &[u8]) -> ApiError {
        if let Some(error) = aws::answered(provider, head, body) {
            return error;
        }
        let mut found = found(head.get("content-type"), body);
        let named = head.get("x-amzn-errortype");
        let named = named.and_then(|named| named.split(':').next());
        found.names.extend(named.map(str::to_owned));
        read(Some(provider), head.status().unwrap_or(502), found)
    }
}

pub(super) fn read(provider: Option<&str>, status: u16, found: Found) -> ApiError {
    let stated = if status < 400 {
        stated(&found)
    } else {
        Some(status)
    };
    let message = message(&found);
    let class = class(
        provider,
        stated,
        &found,
        message.as_deref().unwrap_or_default(),
    );
    let status = match (stated, class) {
        // In no register: Cohere's expired token, Groq's missing capacity.
        (Some(498), class) => class.status(),
        (Some(529), _) => 503,
        // Google answers 400 for a key that it does not know.
        (Some(400), Class::Auth) if found.code.as_deref() == Some("400") => 401,
        (Some(status), _) => status,
        (None, class) => class.status(),
    };
    let message = message.unwrap_or_else(|| reason(status).to_owned());
    let wait = found.retry_delay.as_deref().and_then(delay::seconds);
    ApiError {
        class,
        code: code(class, &found, &message),
        kind: found
            .kind
            .clone()
            .filter(|_| found.openai)
            .unwrap_or_else(|| class.kind().to_owned()),
        param: found.param,
        retry_after_s: wait.or_else(|| delay::in_words(&message)),
        message,
        status,
    }
}

/// The parts of the error that a body is; its words, if it has no known shape.
pub(super) fn found(content_type: Option<&str>, body: &[u8]) -> Found {
    let found = json(body).and_then(|value| shape::find(&value));
    found.unwrap_or_else(|| Found {
        message: Some(words(content_type, body)),
        ..Found::default()
    })
}

/// The body as JSON, or the data of its first server-sent event that is.
fn json(body: &[u8]) -> Option<Value> {
    let body = body
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(body)
        .trim_ascii();
    match body.first()? {
        b'{' | b'[' | b'"' => serde_json::from_slice(body).ok(),
        b'd' | b'e' | b':' => {
            let (_, data) = body.split_at_checked(memmem::find(body, b"data:")?.checked_add(5)?)?;
            serde_json::from_slice(data.split(|b| *b == b'\n').next()?).ok()
        }
        _ => None,
    }
}

fn words(content_type: Option<&str>, body: &[u8]) -> String {
    let says_html = content_type.is_some_and(|name| name.to_ascii_lowercase().contains("html"));
    visible(body, says_html)
}

/// The status a body states: a code that is one.
fn stated(found: &Found) -> Option<u16> {
    let code = found.code.as_deref()?.parse().ok()?;
    (400..=599).contains(&code).then_some(code)
}

/// The words of an error, without markup; `None` if there are none.
fn message(found: &Found) -> Option<String> {
    let message = found.message.as_deref()?.trim();
    let is_page = is_html(message) && message.contains("</");
    let shown = if is_page {
        visible(message.as_bytes(), true)
    } else {
        message.to_owned()
    };
    (!shown.is_empty()).then_some(shown)
}

fn class(provider: Option<&str>, status: Option<u16>, found: &Found, message: &str) -> Class {
    let names: Vec<&str> = found
        .code
        .iter()
        .chain(&found.kind)
        .chain(&found.names)
        .map(String::as_str)
        .collect();
    Class::of(&Signs {
        message,
        names: &names,
        provider,
        status,
    })
}

fn code(class: Class, found: &Found, message: &str) -> Option<String> {
    let usual = usual_code(class, message).map(str::to_owned);
    if !found.openai {
        return usual;
    }
    let says_more = matches!(
        class,
        Class::ContentFilter | Class::ContextLength | Class::Quota
    );
    match &found.code {
        Some(code) if says_more && is_number(code) => usual,
        None if says_more || found.kind.is_none() => usual,
        kept => kept.clone(),
    }
}

fn usual_code(class: Class, message: &str) -> Option<&'static str> {
    let message = message.to_lowercase();
    let names_model = message.contains("model") || message.contains("deployment");
    let missing_model = (class == Class::NotFound && names_model).then_some("model_not_found");
    missing_model.or(class.code())
}

fn is_number(code: &str) -> bool {
    code.bytes().all(|b| b.is_ascii_digit())
}

/// What a status means, for an error without words.
fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ if status < 500 => "the provider refused the request",
        _ => "the provider failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> ApiError {
        ApiError::read(status, Some("application/json"), body.as_bytes())
    }

    fn parts(error: &ApiError) -> (u16, &str, Option<&str>, &str) {
        (
            error.status,
            &error.kind,
            error.code.as_deref(),
            &error.message,
        )
    }

    #[test]
    fn every_shape_gives_its_message() {
        for body in [
            r#"{"error":{"message":"m","type":"t","param":null,"code":"c"}}"#,
            r#"{"type":"error","error":{"type":"t","message":"m"},"request_id":"r"}"#,
            r#"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[]}}"#,
            r#"[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]"#,
            r#"{"message":"m","__type":"com.amazon.coral.validate#ValidationException"}"#,
            r#"{"Message":"m"}"#,
            r#"{"id":"x","message":"m"}"#,
            r#"{"object":"error","message":"m","type":"BadRequestError","param":null,"code":400}"#,
            r#"{"statusCode":401,"message":"m"}"#,
            r#"{"detail":"m"}"#,
            r#"{"detail":{"message":"m"}}"#,
            r#"{"error_code":"BAD_REQUEST","message":"m"}"#,
            r#"{"error":"m"}"#,
            r#"{"error":"m","error_type":"overloaded"}"#,
            r#"{"base_resp":{"status_code":1002,"status_msg":"m"}}"#,
            r#"{"code":"Throttling","message":"m","request_id":"r"}"#,
            r#"{"error":"invalid_grant","error_description":"m"}"#,
            r#"{"success":false,"errors":[{"code":7009,"message":"m"}]}"#,
            r#""m""#,
            "m",
            " m\r\n",
            "\u{feff}{\"error\":\"m\"}",
            "data: {\"error\":{\"message\":\"m\"}}\n\ndata: [DONE]\n\n",
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"t\",\"message\":\"m\"}}\n\n",
        ] {
            let error = read(400, body);
            assert_eq!((error.status, error.message.as_str()), (400, "m"), "{body}");
        }
    }

    #[test]
    fn a_fastapi_list_says_where_and_what() {
        let body = r#"{"detail":[{"type":"extra_forbidden","loc":["body","x",0],"msg":"no"},{"loc":[],"msg":"why"}]}"#;
        assert_eq!(read(422, body).message, "body.x.0: no; why");
    }

    #[test]
    fn an_openai_error_keeps_its_members() {
        let error = read(
            400,
            r#"{"error":{"message":"m","type":"my_type","param":"messages","code":"my_code"}}"#,
        );
        assert_eq!(
            (parts(&error), error.param.as_deref()),
            ((400, "my_type", Some("my_code"), "m"), Some("messages"))
        );
        let error = read(
            500,
            r#"{"error":{"message":"m","type":"server_error","param":null,"code":null}}"#,
        );
        assert_eq!(
            (parts(&error), error.param.as_deref()),
            ((500, "server_error", None, "m"), None)
        );
        let error = read(
            400,
            r#"{"error":{"message":"m","type":"BadRequestError","param":null,"code":400}}"#,
        );
        assert_eq!(parts(&error), (400, "BadRequestError", Some("400"), "m"));
    }

    #[test]
    fn a_merely_numeric_code_gives_way_to_one_that_says_more() {
        let body = r#"{"error":{"message":"This model's maximum context length is 8 tokens","type":"BadRequestError","param":null,"code":400}}"#;
        let error = read(400, body);
        assert_eq!(
            (error.kind.as_str(), error.code.as_deref()),
            ("BadRequestError", Some("context_length_exceeded"))
        );
    }

    #[test]
    fn other_shapes_get_openais_type_and_code() {
        let cases: [(u16, &str, u16, &str, Option<&str>); 12] = [
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"m"}}"#,
                400,
                "invalid_request_error",
                None,
            ),
            (
                401,
                r#"{"type":"error","error":{"type":"authentication_error","message":"m"}}"#,
                401,
                "invalid_request_error",
                Some("invalid_api_key"),
            ),
            (
                402,
                r#"{"type":"error","error":{"type":"billing_error","message":"m"}}"#,
                402,
                "insufficient_quota",
                Some("insufficient_quota"),
            ),
            (
                403,
                r#"{"type":"error","error":{"type":"permission_error","message":"m"}}"#,
                403,
                "permission_error",
                None,
            ),
            (
                404,
                r#"{"type":"error","error":{"type":"not_found_error","message":"model: x"}}"#,
                404,
                "invalid_request_error",
                Some("model_not_found"),
            ),
            (
                404,
                r#"{"message":"no route"}"#,
                404,
                "invalid_request_error",
                None,
            ),
            (
                413,
                r#"{"type":"error","error":{"type":"request_too_large","message":"m"}}"#,
                413,
                "invalid_request_error",
                Some("request_too_large"),
            ),
            (
                429,
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"m"}}"#,
                429,
                "rate_limit_error",
                Some("rate_limit_exceeded"),
            ),
            (
                500,
                r#"{"type":"error","error":{"type":"api_error","message":"m"}}"#,
                500,
                "server_error",
                None,
            ),
            (
                504,
                r#"{"type":"error","error":{"type":"timeout_error","message":"m"}}"#,
                504,
                "timeout",
                None,
            ),
            (
                529,
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                503,
                "server_error",
                Some("overloaded"),
            ),
            (
                503,
                r#"{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}"#,
                503,
                "server_error",
                Some("overloaded"),
            ),
        ];
        for (status, body, as_status, kind, code) in cases {
            let error = read(status, body);
            assert_eq!(
                (error.status, error.kind.as_str(), error.code.as_deref()),
                (as_status, kind, code),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn a_key_that_google_does_not_know_is_no_bad_request() {
        let body = r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT",
            "details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#;
        let error = read(400, body);
        assert_eq!(
            (error.status, error.code.as_deref()),
            (401, Some("invalid_api_key"))
        );
    }

    #[test]
    fn every_status_of_a_provider_that_is_in_a_register_is_kept() {
        for status in (400..600).filter(|status| !matches!(status, 498 | 529)) {
            assert_eq!(read(status, r#"{"error":{"message":"m"}}"#).status, status);
            assert_eq!(read(status, "").status, status);
        }
    }

    #[test]
    fn an_error_inside_a_success_gets_the_status_it_states_or_that_of_its_class() {
        let cases = [
            (r#"{"error":{"code":502,"message":"provider down"}}"#, 502),
            (r#"{"error":{"code":"429","message":"m"}}"#, 429),
            (r#"{"error":{"code":529,"message":"m"}}"#, 503),
            (
                r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#,
                503,
            ),
            (
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"m"}}"#,
                429,
            ),
            (
                r#"{"error":{"type":"invalid_request_error","message":"m"}}"#,
                400,
            ),
            (
                r#"{"error":{"message":"m","code":"context_length_exceeded"}}"#,
                400,
            ),
            (
                r#"{"base_resp":{"status_code":1004,"status_msg":"m"}}"#,
                401,
            ),
            (
                r#"{"base_resp":{"status_code":1026,"status_msg":"m"}}"#,
                400,
            ),
            (
                r#"{"object":"error","message":"m","type":"NotFoundError","code":404}"#,
                404,
            ),
            (r#"{"error":"m"}"#, 502),
            (r#"{"error":{"code":200,"message":"m"}}"#, 502),
            ("", 502),
        ];
        for (body, status) in cases {
            assert_eq!(read(200, body).status, status, "{body}");
        }
    }

    #[test]
    fn a_page_is_told_without_its_markup() {
        let page = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title><style>a{b:c}</style><SCRIPT>evil('<b>')</SCRIPT></head>\
            <body><!-- <i>note</i> --><h1>Bad\n  gateway</h1><p>try later</body></html>";
        for content_type in [Some("text/html; charset=utf-8"), None] {
            let error = ApiError::read(502, content_type, page.as_bytes());
            assert_eq!(
                parts(&error),
                (
                    502,
                    "server_error",
                    None,
                    "502 Bad Gateway Bad gateway try later"
                )
            );
        }
        let in_json = read(502, r#"{"message":"<html><h1>Bad gateway</h1></html>"}"#);
        assert_eq!(in_json.message, "Bad gateway");
    }

    #[test]
    fn of_text_the_first_characters_are_kept_and_of_nothing_the_meaning_of_the_status() {
        assert_eq!(
            ApiError::read(500, None, "é".repeat(500).as_bytes()).message,
            "é".repeat(200)
        );
        assert_eq!(
            ApiError::read(500, None, b"\xFF\xFEa\0b").message,
            "\u{fffd}\u{fffd}a b"
        );
        for (status, body, message) in [
            (503, "", "Service Unavailable"),
            (429, "  \n", "Too Many Requests"),
            (418, "", "the provider refused the request"),
            (599, "<html></html>", "the provider failed"),
            (500, r#"{"error":{"message":""}}"#, "Internal Server Error"),
            (500, r#"{"error":{}}"#, "Internal Server Error"),
        ] {
            assert_eq!(read(status, body).message, message, "{body}");
        }
    }

    #[test]
    fn json_of_no_known_shape_is_text() {
        assert_eq!(read(400, r#"{"foo":1}"#).message, r#"{"foo":1}"#);
        assert_eq!(
            read(400, r#"{"error":{"message":"#).message,
            r#"{"error":{"message":"#
        );
        assert_eq!(read(400, &"[".repeat(100_000)).message, "[".repeat(200));
    }

    #[test]
    fn openrouters_copy_of_the_original_error_is_unwrapped() {
        let body = r#"{"error":{"message":"Provider returned error","code":400,"metadata":{"provider_name":"x",
            "raw":"{\"error\":{\"message\":\"maximum context length is 8\",\"type\":\"invalid_request_error\",\"code\":null}}"}}}"#;
        let error = read(400, body);
        assert_eq!(
            parts(&error),
            (
                400,
                "invalid_request_error",
                Some("context_length_exceeded"),
                "maximum context length is 8"
            )
        );
        let body = r#"{"error":{"message":"Provider returned error","code":502,"metadata":{"raw":"no json"}}}"#;
        assert_eq!(read(502, body).message, "no json");
        let body =
            r#"{"error":{"message":"Provider returned error","code":502,"metadata":{"raw":""}}}"#;
        assert_eq!(read(502, body).message, "Provider returned error");
        let body = r#"{"error":{"message":"Provider returned error","code":503,"metadata":{"raw":"{\"message\":\"m\"}"}}}"#;
        assert_eq!(
            (read(200, body).status, read(200, body).message.as_str()),
            (503, "m")
        );
    }

    #[test]
    fn a_wait_is_read_from_the_body() {
        let google = r#"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x"},{"retryDelay":"34.5s"}]}}"#;
        assert_eq!(read(429, google).retry_after_s, Some(35));
        assert_eq!(
            read(
                429,
                r#"{"error":{"message":"Please retry after 6 seconds."}}"#
            )
            .retry_after_s,
            Some(6)
        );
        assert_eq!(
            read(
                429,
                r#"{"error":{"message":"Please try again in 1m0.5s. Visit"}}"#
            )
            .retry_after_s,
            Some(61)
        );
        assert_eq!(
            read(429, r#"{"error":{"message":"Please try again in 20ms."}}"#).retry_after_s,
            Some(1)
        );
        assert_eq!(
            read(429, r#"{"error":{"message":"try again in a while"}}"#).retry_after_s,
            None
        );
    }
}
