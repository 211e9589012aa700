//! OpenAI's messages as Ollama wants them: text in one piece, images beside it, arguments as objects.

use std::borrow::Cow;

use crate::canonical::error::ApiError;
use crate::provider::anthropic::arguments;
use crate::provider::anthropic::fault::{Place, bad_request, invalid};
use crate::provider::anthropic::media::{self, Media, Source};
use crate::provider::anthropic::message::{Call, Content, Message, Part};
use crate::wire::json::{Array, Object};

/// One message for Ollama.
#[derive(Debug, Default)]
pub(super) struct Said<'a> {
    calls: Vec<(Cow<'a, str>, Vec<u8>)>,
    content: Cow<'a, str>,
    /// In base64 that needs no escapes.
    images: Vec<Cow<'a, [u8]>>,
    role: &'static str,
    thinking: Cow<'a, str>,
    /// The name of the tool whose result it is.
    tool: Option<Cow<'a, str>>,
}

/// Reads the messages.
///
/// # Errors
/// A 400 naming the place of what cannot be said to Ollama.
pub(super) fn read<'a>(messages: &[Message<'a>]) -> Result<Vec<Said<'a>>, ApiError> {
    let mut said = Vec::with_capacity(messages.len());
    // The calls so far: a result tells only the id of its own.
    let mut made: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let at = Place {
            message: index,
            member: None,
        };
        let one = one(message, &made, at)?;
        let is_nothing = one.content.is_empty() && one.calls.is_empty() && one.images.is_empty();
        if is_nothing && one.role == "assistant" {
            continue;
        }
        made.extend(message.calls.iter().filter_map(|call| {
            let name = call.name?.decode();
            let id = call.id.map_or_else(|| name.clone(), |id| id.decode());
            Some((id, name))
        }));
        said.push(one);
    }
    Ok(said)
}

fn one<'a>(
    message: &Message<'a>,
    made: &[(Cow<'a, str>, Cow<'a, str>)],
    at: Place,
) -> Result<Said<'a>, ApiError> {
    let stated = message.role.map(|role| role.decode()).unwrap_or_default();
    let role = match stated.as_ref() {
        "assistant" => "assistant",
        "developer" | "system" => "system",
        "function" | "tool" => "tool",
        "user" => "user",
        other => {
            return Err(invalid(
                at.member("role"),
                format!("unknown role '{other}'"),
            ));
        }
    };
    let mut said = Said {
        role,
        ..Said::default()
    };
    content(&message.content, at, &mut said)?;
    match role {
        "assistant" => speak(message, at, &mut said)?,
        "tool" => {
            let id = message.tool_call_id.map(|id| id.decode());
            // The latest call counts: ids may be used again.
            let call = made
                .iter()
                .rev()
                .find(|(known, _)| Some(known) == id.as_ref());
            let named = message.name.map(|name| name.decode());
            said.tool = call.map(|(_, name)| name.clone()).or(named);
        }
        _ => {}
    }
    Ok(said)
}

fn speak<'a>(message: &Message<'a>, at: Place, said: &mut Said<'a>) -> Result<(), ApiError> {
    if let (true, Some(refusal)) = (said.content.is_empty(), message.refusal) {
        said.content = refusal.decode();
    }
    said.thinking = match message.reasoning {
        Some(reasoning) => reasoning.decode(),
        None => {
            let blocks = message.thinking.iter().filter_map(|block| block.thinking);
            Cow::Owned(blocks.map(|text| text.decode()).collect())
        }
    };
    for (index, call) in message.calls.iter().enumerate() {
        let at = at.element("tool_calls", index);
        let Some(name) = call.name else {
            return Err(invalid(at, "a tool call must have a name"));
        };
        for input in inputs(call, at)? {
            said.calls.push((name.decode(), input));
        }
    }
    Ok(())
}

fn inputs(call: &Call<'_>, at: Place) -> Result<Vec<Vec<u8>>, ApiError> {
    if let Some(input) = call.input {
        let mut out = Vec::new();
        Object::write(&mut out, |object| object.text("input", input));
        return Ok(vec![out]);
    }
    let text = call.arguments.map(|text| text.decode()).unwrap_or_default();
    let fault = || {
        let at = format!("{at}.function.arguments");
        invalid(at, "tool call arguments must be JSON")
    };
    arguments::inputs(&text, true).ok_or_else(fault)
}

fn content<'a>(content: &Content<'a>, at: Place, said: &mut Said<'a>) -> Result<(), ApiError> {
    match content {
        Content::Nothing => Ok(()),
        Content::Odd => {
            let words = "'content' must be a string or an array of parts";
            Err(invalid(at.member("content"), words))
        }
        Content::Parts(parts) => {
            let parts = parts.iter().enumerate();
            parts
                .into_iter()
                .try_for_each(|(index, shown)| part(shown, at.element("content", index), said))
        }
        Content::Text(text) => {
            said.content = text.decode();
            Ok(())
        }
    }
}

fn part<'a>(part: &Part<'a>, at: Place, said: &mut Said<'a>) -> Result<(), ApiError> {
    let kind = part.kind.map(|kind| kind.decode()).unwrap_or_default();
    match (kind.as_ref(), part.url) {
        ("text" | "refusal", _) => {
            let text = part.text.or(part.refusal).map(|text| text.decode());
            said.content.to_mut().push_str(&text.unwrap_or_default());
            Ok(())
        }
        ("image_url", Some(url)) => match media::image(url, at)? {
            Media::Image(Source::Base64 { data, .. }) => {
                said.images.push(data);
                Ok(())
            }
            Media::Image(_) => {
                let words = "ollama fetches no images: send them as data: URLs";
                Err(bad_request("unsupported_image_source", at, words))
            }
            Media::Document(_) => Err(not_taken("documents", at)),
        },
        _ => Err(not_taken(&format!("'{kind}' parts"), at)),
    }
}

fn not_taken(what: &str, at: Place) -> ApiError {
    let words = format!("ollama does not take {what}");
    bad_request("unsupported_content", at, words)
}

impl Said<'_> {
    /// Writes it.
    pub fn write(&self, array: &mut Array<'_>) {
        array.object(|object| {
            object.string("role", self.role);
            object.string("content", &self.content);
            if !self.thinking.is_empty() {
                object.string("thinking", &self.thinking);
            }
            if !self.images.is_empty() {
                object.array("images", |images| {
                    for image in &self.images {
                        images.with(|out| {
                            out.push(b'"');
                            out.extend_from_slice(image);
                            out.push(b'"');
                        });
                    }
                });
            }
            if !self.calls.is_empty() {
                object.array("tool_calls", |calls| {
                    for (name, input) in &self.calls {
                        calls.object(|call| {
                            call.object("function", |function| {
                                function.string("name", name);
                                function.raw("arguments", input);
                            });
                        });
                    }
                });
            }
            if let Some(tool) = &self.tool {
                object.string("tool_name", tool);
            }
        });
    }
}
