//! `POST /v1/chat/completions`: requests in, answers and chunks out.

pub mod answer;
pub mod chunks;
pub mod controls;
pub mod needs;
pub mod replay;

use std::borrow::Cow;

use super::{ClientFormat, Voice, Wish};
use crate::canonical::asked::{Asked, Line};
use crate::canonical::error::{ApiError, Class};
use crate::canonical::request::ChatRequest;
use crate::wire::json::{Fault, Member, Members, Reader};
use chunks::Chunks;

/// OpenAI's chat completions.
pub static CHAT: Chat = Chat;

/// OpenAI's chat completions.
#[derive(Clone, Copy, Debug)]
pub struct Chat;

impl ClientFormat for Chat {
    fn read<'a>(&self, body: &'a [u8], line: &'a Line) -> Result<Asked<'a>, ApiError> {
        let asked = outline(body, line)?;
        has_messages(&asked.members)?;
        Ok(asked)
    }

    fn to_chat(&self, asked: &Asked<'_>) -> Result<Vec<u8>, ApiError> {
        Ok(asked.body.to_vec())
    }

    fn voice(&self, asked: &Asked<'_>, wish: &Wish<'_>) -> Box<dyn Voice> {
        let id = wish.id.to_owned();
        let chunks = Chunks::new(id, wish.created, wish.model, asked.include_usage);
        Box::new(chunks)
    }
}

/// What any JSON request says that names its model and may ask for a stream as OpenAI's do. The model named in the path counts
/// before the body's.
///
/// # Errors
/// A 400 in OpenAI's words when it is not JSON, not an object, or names no model.
pub fn outline<'a>(json: &'a [u8], line: &'a Line) -> Result<Asked<'a>, ApiError> {
    let members = Members::read(json).map_err(|fault| not_json(json, fault))?;
    let model = match &line.model {
        Some(model) => Cow::Borrowed(model.as_str()),
        None => read_model(&members)?,
    };
    let stream = match line.stream {
        Some(stream) => stream,
        None => flag(&members, "stream")?,
    };
    let include_usage = stream && members.get("stream_options").is_some_and(includes_usage);
    Ok(Asked {
        format: line.format,
        body: json,
        members,
        model,
        stream,
        include_usage,
        path: &line.path,
        method: &line.method,
        headers: &line.headers,
    })
}

/// Reads a request in OpenAI's chat format, for a client or made from another format's; `model` counts before the body's.
///
/// # Errors
/// A 400 in OpenAI's words when it is not JSON, not an object, or lacks what every request has.
pub fn read<'a>(json: &'a [u8], model: Option<Cow<'a, str>>) -> Result<ChatRequest<'a>, ApiError> {
    let members = Members::read(json).map_err(|fault| not_json(json, fault))?;
    let model = match model {
        Some(model) => model,
        None => read_model(&members)?,
    };
    has_messages(&members)?;
    let stream = flag(&members, "stream")?;
    let include_usage = stream && members.get("stream_options").is_some_and(includes_usage);
    Ok(ChatRequest {
        json,
        members,
        model,
        stream,
        include_usage,
    })
}

fn has_messages(members: &Members<'_>) -> Result<(), ApiError> {
    let messages = members.get("messages").ok_or_else(|| missing("messages"))?;
    if messages.value.first() != Some(&b'[') {
        return Err(wrong_type("messages", "an array of messages"));
    }
    Ok(())
}

pub(super) fn read_model<'a>(members: &Members<'a>) -> Result<Cow<'a, str>, ApiError> {
    let member = members.get("model").ok_or_else(|| missing("model"))?;
    let model = Reader::new(member.value)
        .string()
        .map_err(|_| wrong_type("model", "a string"))?;
    Ok(model.decode())
}

pub(super) fn flag(members: &Members<'_>, name: &str) -> Result<bool, ApiError> {
    match members.get(name).map(|member| member.value) {
        None | Some(b"null" | b"false") => Ok(false),
        Some(b"true") => Ok(true),
        Some(_) => Err(wrong_type(name, "a boolean")),
    }
}

fn includes_usage(options: &Member<'_>) -> bool {
    Members::read(options.value).is_ok_and(|members| {
        members
            .get("include_usage")
            .is_some_and(|member| member.value == b"true")
    })
}

pub(super) fn not_json(json: &[u8], fault: Fault) -> ApiError {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let words = match fault {
        _ if json.is_empty() => "the request has no body; a JSON object is expected".to_owned(),
        _ if json.starts_with(MARK) => {
            "the body begins with a byte order mark, which JSON does not allow".to_owned()
        }
        Fault::Unexpected { .. } => "the body must be a JSON object".to_owned(),
        Fault::Deep { .. } | Fault::Malformed { .. } => {
            format!("could not parse the JSON body of your request: {fault}")
        }
    };
    ApiError::new(400, Class::BadRequest, words)
}

pub(super) fn missing(name: &str) -> ApiError {
    ApiError::new(
        400,
        Class::BadRequest,
        format!("missing required parameter: '{name}'"),
    )
    .with_code("missing_required_parameter")
    .with_param(name)
}

pub(super) fn wrong_type(name: &str, wanted: &str) -> ApiError {
    ApiError::new(
        400,
        Class::BadRequest,
        format!("invalid type for '{name}': expected {wanted}"),
    )
    .with_code("invalid_type")
    .with_param(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(json: &str) -> (Option<String>, Option<String>, String) {
        let error = read(json.as_bytes(), None).unwrap_err();
        assert_eq!(
            (error.status, error.kind.as_str()),
            (400, "invalid_request_error")
        );
        (error.code, error.param, error.message)
    }

    #[test]
    fn what_every_request_must_have_is_named_when_it_lacks() {
        for (json, code, param) in [
            (r#"{"messages":[]}"#, "missing_required_parameter", "model"),
            (r#"{"model":"m"}"#, "missing_required_parameter", "messages"),
            (r#"{"model":5,"messages":[]}"#, "invalid_type", "model"),
            (
                r#"{"model":"m","messages":"hi"}"#,
                "invalid_type",
                "messages",
            ),
            (
                r#"{"model":"m","messages":[],"stream":"yes"}"#,
                "invalid_type",
                "stream",
            ),
        ] {
            let (found_code, found_param, _) = refused(json);
            assert_eq!(
                (found_code.as_deref(), found_param.as_deref()),
                (Some(code), Some(param)),
                "{json}"
            );
        }
    }

    #[test]
    fn what_is_not_a_json_object_is_told_apart() {
        for (json, words) in [
            ("", "no body"),
            ("[]", "must be a JSON object"),
            ("{", "could not parse"),
            ("{}x", "could not parse"),
            ("\u{feff}{}", "byte order mark"),
        ] {
            let (_, _, message) = refused(json);
            assert!(message.contains(words), "{json}: {message}");
        }
    }

    #[test]
    fn the_model_in_the_path_counts_before_the_bodys() {
        let request = read(br#"{"model":"a","messages":[]}"#, Some("b".into())).unwrap();
        assert_eq!(request.model, "b");
        assert!(read(br#"{"messages":[]}"#, Some("b".into())).is_ok());
    }

    #[test]
    fn usage_is_wanted_only_where_the_client_says_so() {
        let wants = |options: &str| {
            let json = format!(
                r#"{{"model":"m","messages":[],"stream":true,"stream_options":{options}}}"#
            );
            read(json.as_bytes(), None).unwrap().include_usage
        };
        assert!(wants(r#"{"include_usage":true}"#));
        assert!(!wants(r#"{"include_usage":false}"#) && !wants("null") && !wants("[]"));
    }
}
