//! Anthropic's models on Vertex AI: Anthropic's format, but for the place of the model's name.

use super::vertex::{headers, path};
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::canonical::request::ChatRequest;
use crate::provider::anthropic::fault::bad_request;
use crate::provider::anthropic::{self, Asks};
use crate::provider::{Encoded, Reading, Target};
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
        body: Some(moved(&body, false)?),
        reading,
    })
}

/// Words a request of Anthropic's own format; `None` for any other.
pub(super) fn native(asked: &Asked<'_>, target: &Target<'_>) -> Option<Result<Encoded, ApiError>> {
    let counts = match asked.format {
        Format::CountTokens => true,
        Format::Messages => false,
        _ => return None,
    };
    Some(pass(asked, &named(target), counts))
}

fn pass(asked: &Asked<'_>, target: &Target<'_>, counts: bool) -> Result<Encoded, ApiError> {
    // Counting knows no versions of models, and is a model itself.
    let plain = target.model.split('@').next().unwrap_or_default();
    let model = if counts { "count-tokens" } else { target.model };
    let place = Target { model, ..*target };
    let body = anthropic::native::body(asked, plain);
    let body = body.as_deref().unwrap_or(asked.body);
    let mut headers = headers(target);
    let betas = asked.headers.get("anthropic-beta").map(str::trim);
    if let Some(betas) = betas.filter(|betas| !betas.is_empty()) {
        headers.push(("anthropic-beta", betas.to_owned()));
    }
    Ok(Encoded {
        path: path(&place, "anthropic", verb(asked.stream && !counts))?,
        headers,
        body: Some(moved(body, counts)?),
        reading: Reading::Native(Box::new(anthropic::native::Message::of(asked.format))),
    })
}

/// The target without the publisher in front of its model.
fn named<'t>(target: &Target<'t>) -> Target<'t> {
    let model = target.model;
    Target {
        model: model.strip_prefix("anthropic/").unwrap_or(model),
        ..*target
    }
}

/// What is asked of a model.
const fn verb(stream: bool) -> &'static str {
    if stream {
        "streamRawPredict"
    } else {
        "rawPredict"
    }
}

/// A body for Anthropic as Vertex wants it: the model is in the path unless it `stays`, the version here.
fn moved(body: &[u8], stays: bool) -> Result<Vec<u8>, ApiError> {
    let members = Members::read(body)
        .map_err(|fault| bad_request("invalid_value", "messages", fault.to_string()))?;
    let mut splice = Splice::new(body, &members);
    for member in members.iter() {
        if member.key.is("speed") || (member.key.is("model") && !stays) {
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
    use crate::canonical::asked::Line;
    use crate::provider::gemini::vertex::VERTEX;
    use crate::provider::{Options, Provider};
    use crate::value::head::Head;
    use crate::value::secret::Secret;

    fn passed(format: Format, json: &str, stream: bool) -> Encoded {
        let headers: Head = [("anthropic-beta", "b"), ("anthropic-version", "v")]
            .into_iter()
            .collect();
        let line = Line::of(format);
        let asked = Asked {
            format,
            body: json.as_bytes(),
            members: Members::read(json.as_bytes()).unwrap(),
            model: "group".into(),
            stream,
            include_usage: false,
            path: "",
            method: &line.method,
            headers: &headers,
        };
        let project = Secret::new("p".to_owned());
        let options: Options = [("vertex_project", project)].into_iter().collect();
        let target = Target {
            options: &options,
            ..Target::of_model("claude-x@20250929")
        };
        VERTEX.native(&asked, &target).unwrap().unwrap()
    }

    #[test]
    fn a_message_of_the_clients_goes_on_but_for_the_models_place() {
        let json = r#"{ "model":"group","max_tokens":5,"stream":true,"tags":["a"],"messages":[ {"role":"user","content":"\u00e9"}] }"#;
        let encoded = passed(Format::Messages, json, true);
        assert_eq!(
            String::from_utf8(encoded.body.unwrap()).unwrap(),
            r#"{"anthropic_version":"vertex-2023-10-16", "max_tokens":5,"stream":true,"messages":[ {"role":"user","content":"\u00e9"}] }"#
        );
        assert!(
            encoded
                .path
                .ends_with("/publishers/anthropic/models/claude-x@20250929:streamRawPredict")
        );
        assert!(
            encoded
                .headers
                .contains(&("anthropic-beta", "b".to_owned()))
        );
        assert!(
            !encoded
                .headers
                .iter()
                .any(|(name, _)| *name == "anthropic-version")
        );
        assert!(matches!(encoded.reading, Reading::Native(_)));
    }

    #[test]
    fn counting_is_asked_of_a_model_of_its_own() {
        let encoded = passed(
            Format::CountTokens,
            r#"{"model":"group","messages":[]}"#,
            false,
        );
        assert!(encoded.path.ends_with("/models/count-tokens:rawPredict"));
        let body = String::from_utf8(encoded.body.unwrap()).unwrap();
        assert_eq!(
            body,
            r#"{"anthropic_version":"vertex-2023-10-16","model":"claude-x","messages":[]}"#
        );
    }

    #[test]
    fn the_model_goes_and_the_version_comes() {
        let body = br#"{"model":"claude-x","max_tokens":5,"speed":"fast","messages":[]}"#;
        let moved = moved(body, false).unwrap();
        assert_eq!(
            String::from_utf8(moved).unwrap(),
            r#"{"anthropic_version":"vertex-2023-10-16","max_tokens":5,"messages":[]}"#
        );
    }

    #[test]
    fn what_claude_code_says_about_billing_stays_here() {
        let body = br#"{"model":"m","system":[{"type":"text","text":"x-anthropic-billing-header: a=b"},{"type":"text","text":"hi"}]}"#;
        let moved = String::from_utf8(moved(body, false).unwrap()).unwrap();
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
