//! Anthropic's models on Vertex AI: Anthropic's format, but for the place of the model's name.

use super::vertex::{headers, path};
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::provider::anthropic::fault::{bad_request, not_understood};
use crate::provider::anthropic::{self, Asks};
use crate::provider::{Encoded, Target};
use crate::wire::json::{Array, Fault, Member, Members, Reader, Splice, Text};

/// The version of the format.
const VERSION: &[u8] = b"\"vertex-2023-10-16\"";
/// What a block of Claude Code's begins with that Vertex refuses.
const BILLING: &[u8] = b"x-anthropic-billing-header:";

/// Whether a model is Anthropic's.
pub(super) fn is_claude(model: &str) -> bool {
    model.starts_with("claude-") || model.starts_with("anthropic/")
}

/// Words a chat request.
///
/// # Errors
/// A 400 naming what Anthropic, or Vertex, cannot be asked.
pub(super) fn encode(request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
    let Asks {
        betas,
        body,
        reading,
    } = anthropic::ask(request, target)?;
    if memchr::memmem::find(&body, b"\"url\"").is_some() && shows_addresses(&body) {
        let words = "vertex_ai fetches nothing for Anthropic's models: send data: URLs";
        return Err(bad_request("unsupported_image_source", "messages", words));
    }
    let mut headers = headers(target);
    if !betas.is_empty() {
        headers.push(("anthropic-beta", betas.join(",")));
    }
    Ok(Encoded {
        path: path(&named(target), "anthropic", verb(request.stream))?,
        headers,
        body: Some(moved(&body)?),
        reading,
    })
}

/// The target without the publisher in front of its model.
pub(super) fn named<'t>(target: &Target<'t>) -> Target<'t> {
    let model = target.model;
    Target {
        model: model.strip_prefix("anthropic/").unwrap_or(model),
        ..*target
    }
}

/// What is asked of a model.
pub(super) const fn verb(stream: bool) -> &'static str {
    if stream {
        "streamRawPredict"
    } else {
        "rawPredict"
    }
}

/// A body for Anthropic as Vertex wants it: the model is in the path, the version here.
///
/// # Errors
/// A 502 when it is no JSON object.
pub(super) fn moved(body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let members = Members::read(body).map_err(|fault| not_understood(&fault.to_string()))?;
    let mut splice = Splice::new(body, &members);
    for member in members.iter() {
        if ["model", "speed"].iter().any(|name| member.key.is(name)) {
            splice.remove(member);
        }
        if member.key.is("system")
            && let Some(system) = unbilled(member)
        {
            splice.replace(member, system);
        }
    }
    if members.get("anthropic_version").is_none() {
        splice.add("anthropic_version", VERSION);
    }
    Ok(splice.apply().unwrap_or_else(|| body.to_vec()))
}

/// The system prompt without what Vertex refuses; `None` when nothing of it is there.
fn unbilled(system: &Member<'_>) -> Option<Vec<u8>> {
    memchr::memmem::find(system.value, BILLING)?;
    let mut out = Vec::with_capacity(system.value.len());
    let mut read = Ok(());
    Array::write(&mut out, |blocks| {
        read = Reader::new(system.value).array(|reader, _| {
            let block = reader.skip()?;
            let members = Members::read(block)?;
            let text = members.get("text").map(|member| member.value);
            let billed = text.is_some_and(|text| {
                let text = text.strip_prefix(b"\"").unwrap_or(text);
                text.starts_with(BILLING)
            });
            if !billed {
                blocks.with(|out| out.extend_from_slice(block));
            }
            Ok(())
        });
    });
    read.ok().map(|()| out)
}

/// Whether a message shows something that the vendor would have to fetch.
fn shows_addresses(body: &[u8]) -> bool {
    let mut found = false;
    let read = Reader::new(body).object(|reader, key| {
        if key.is("messages") {
            return sources(reader, &mut found);
        }
        reader.ignore()
    });
    read.is_ok() && found
}

/// Looks for sources in an array of messages or of blocks.
fn sources(reader: &mut Reader<'_>, found: &mut bool) -> Result<(), Fault> {
    reader.optional_array(|reader, _| {
        reader.optional_object(|reader, key: Text<'_>| match key.raw() {
            b"content" => sources(reader, found),
            b"source" => {
                reader.optional_object(|reader, key| {
                    let value = reader.skip()?;
                    *found |= key.is("type") && value == b"\"url\"";
                    Ok(())
                })?;
                Ok(())
            }
            _ => reader.ignore(),
        })?;
        Ok(())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_goes_and_the_version_comes() {
        let body = br#"{"model":"claude-x","max_tokens":5,"speed":"fast","messages":[]}"#;
        let moved = moved(body).unwrap();
        assert_eq!(
            String::from_utf8(moved).unwrap(),
            r#"{"anthropic_version":"vertex-2023-10-16","max_tokens":5,"messages":[]}"#
        );
    }

    #[test]
    fn what_claude_code_says_about_billing_stays_here() {
        let body = br#"{"model":"m","system":[{"type":"text","text":"x-anthropic-billing-header: a=b"},{"type":"text","text":"hi"}]}"#;
        let moved = String::from_utf8(moved(body).unwrap()).unwrap();
        assert!(
            moved.contains(r#""system":[{"type":"text","text":"hi"}]"#),
            "{moved}"
        );
    }

    #[test]
    fn addresses_are_found_wherever_they_are_shown() {
        let shown = br#"{"messages":[{"content":[{"type":"tool_result","content":[{"type":"image","source":{"type":"url","url":"x"}}]}]}]}"#;
        assert!(shows_addresses(shown));
        let told = br#"{"tools":[{"source":{"type":"url"}}],"messages":[{"content":"\"source\":{\"type\":\"url\"}"}]}"#;
        assert!(!shows_addresses(told));
    }
}
