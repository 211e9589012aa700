//! Reads whatever a provider sent as an error: JSON in any shape, a page, plain text, or nothing.

use memchr::memmem;
use serde_json::Value;

use super::shape::{self, Found};
use super::visible::{is_html, visible};
use super::{ApiError, Class, delay};

impl ApiError {
    /// The error a provider answered with. Its status is kept, but 529, which is in no register, becomes 503; for an error inside a
    /// success (`status` below 400) it is the one the body states, else that of its class, else 502. Type, code, param and
    /// message of an OpenAI error object are kept, numbers as text; a missing or merely numeric code gives way where OpenAI's
    /// code says more (context length, content filter, quota). All other shapes get OpenAI's type and code of their class.
    pub fn read(status: u16, content_type: Option<&str>, body: &[u8]) -> ApiError {
        let found = json(body).and_then(|value| shape::find(&value));
        let found = found.unwrap_or_else(|| Found {
            message: Some(words(content_type, body)),
            ..Found::default()
        });
        let stated = if status < 400 {
            stated(&found)
        } else {
            Some(status)
        };
        let message = message(&found);
        let class = class(stated, &found, message.as_deref().unwrap_or_default());
        let status = stated.map_or(
            class.status(),
            |status| if status == 529 { 503 } else { status },
        );
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

fn class(status: Option<u16>, found: &Found, message: &str) -> Class {
    let names: Vec<&str> = found
        .code
        .iter()
        .chain(&found.kind)
        .chain(&found.names)
        .map(String::as_str)
        .collect();
    Class::of(status, &names, message)
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
