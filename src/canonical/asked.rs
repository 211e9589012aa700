//! A request as its client put it, in whatever format: the bytes, and what every format says in a way of its own.

use std::borrow::Cow;

use serde::Deserialize;

use super::error::ApiError;
use super::format::Format;
use super::request::{ChatRequest, member};
use crate::value::head::Head;
use crate::wire::json::Members;

/// What a request says besides its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it asks for.
    pub format: Format,
    /// Fields of its head that a vendor of the same format must see. Others are not sent them.
    pub headers: Head,
    /// How long its body is, where the client has said so beforehand.
    pub length: Option<usize>,
    /// Its method.
    pub method: String,
    /// The model, where the path names it.
    pub model: Option<String>,
    /// Path and query, below what leads to the gateway's route; empty where the route says all there is.
    pub path: String,
    /// Whether the path asks for a stream, where it is the path that says so.
    pub stream: Option<bool>,
    /// The vendor, where the request is in its own format and for no other.
    pub vendor: Option<&'static str>,
}

impl Line {
    /// A request for that and nothing in particular, by POST.
    #[must_use]
    pub fn of(format: Format) -> Line {
        Line {
            format,
            headers: Head::new(),
            length: None,
            method: "POST".to_owned(),
            model: None,
            path: String::new(),
            stream: None,
            vendor: None,
        }
    }

    /// Whether its body is JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        let media = self.headers.media_type();
        media.is_some_and(|media| media == "application/json" || media.ends_with("+json"))
    }
}

/// A request as its client put it.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// What it asks for.
    pub format: Format,
    /// The client's body.
    pub body: &'a [u8],
    /// Where the body's members stand; none where it is not a JSON object.
    pub members: Members<'a>,
    /// The model the client asked for.
    pub model: Cow<'a, str>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether the client wants the usage at the end of the stream, where the format leaves it to the client.
    pub include_usage: bool,
    /// See [`Line::path`].
    pub path: &'a str,
    /// Its method.
    pub method: &'a str,
    /// See [`Line::headers`].
    pub headers: &'a Head,
}

impl<'a> Asked<'a> {
    /// The member of that name, read as `T`; `None` when it is missing or `null`.
    ///
    /// # Errors
    /// A 400 naming the member when its value is not a `T`.
    pub fn member<T: Deserialize<'a>>(&self, name: &str) -> Result<Option<T>, ApiError> {
        member(&self.members, name)
    }

    /// The chat request it is, if that is its format.
    #[must_use]
    pub fn as_chat(&self) -> ChatRequest<'a> {
        ChatRequest {
            json: self.body,
            members: self.members.clone(),
            model: self.model.clone(),
            stream: self.stream,
            include_usage: self.include_usage,
        }
    }
}
