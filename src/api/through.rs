//! `/openai/…`, `/anthropic/…` and the like: a vendor's own requests, whatever they ask for, for one of its deployments.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::plain::PLAIN;
use super::{ClientFormat, Voice, Wish};
use crate::canonical::asked::{Asked, Line};
use crate::canonical::error::ApiError;
use crate::canonical::place;
use crate::wire::json::{Members, Reader};

/// A vendor's own format.
pub static THROUGH: Through = Through;

/// A vendor's own format.
#[derive(Clone, Copy, Debug)]
pub struct Through;

/// The vendors whose requests pass, by the first segment of the path. Each is a provider's name.
const VENDORS: [&str; 8] = [
    "anthropic",
    "azure",
    "bedrock",
    "cohere",
    "gemini",
    "mistral",
    "openai",
    "vertex_ai",
];

/// What says in a path that a stream is wanted.
const STREAMS: [&str; 4] = [
    "/converse-stream",
    "/invoke-with-response-stream",
    ":streamGenerateContent",
    ":streamRawPredict",
];

/// The vendor of a path, and what is asked of it; `None` when the path is not for one.
pub(super) fn vendor(path: &str) -> Option<(&'static str, &str)> {
    let (first, _) = path.strip_prefix('/')?.split_once('/')?;
    let vendor = VENDORS.iter().find(|vendor| **vendor == first)?;
    let below = path.strip_prefix('/')?.strip_prefix(first)?;
    let bare = below.split(['?', '#']).next().unwrap_or_default();
    // Azure's clients ask the gateway itself in this way.
    let is_azures = *vendor == "openai" && bare.starts_with("/deployments/");
    (bare.len() > 1 && !is_azures && !leads_away(bare)).then_some((*vendor, below))
}

/// Whether it could leave what lies below the deployment's base.
fn leads_away(path: &str) -> bool {
    path.split(['/', '\\']).any(|segment| {
        let text = percent_decode_str(segment).decode_utf8_lossy();
        text.split(['/', '\\'])
            .any(|part| matches!(part, "." | ".."))
    })
}

impl ClientFormat for Through {
    fn read<'a>(&self, body: &'a [u8], line: &'a Line) -> Result<Asked<'a>, ApiError> {
        let members = if line.is_json() {
            Members::read(body).unwrap_or_default()
        } else {
            Members::default()
        };
        let named = members.get("model");
        let named = named.and_then(|member| Reader::new(member.value).string().ok());
        let model = match (&line.model, named) {
            (Some(model), _) => Cow::Borrowed(model.as_str()),
            (None, Some(text)) => text.decode(),
            (None, None) => place::model(&line.path).map_or(Cow::Borrowed(""), Cow::Owned),
        };
        let said = members.get("stream").is_some_and(|it| it.value == b"true");
        let stream = said || STREAMS.iter().any(|verb| line.path.contains(verb));
        Ok(Asked {
            format: line.format,
            body,
            members,
            model,
            stream,
            include_usage: false,
            path: &line.path,
            method: &line.method,
            headers: &line.headers,
        })
    }

    fn voice(&self, asked: &Asked<'_>, wish: &Wish<'_>) -> Box<dyn Voice> {
        PLAIN.voice(asked, wish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendors_path_is_known_by_its_first_segment() {
        for (path, expected) in [
            ("/openai/v1/files?x=y", Some(("openai", "/v1/files?x=y"))),
            (
                "/anthropic/v1/messages",
                Some(("anthropic", "/v1/messages")),
            ),
            (
                "/bedrock/model/a%3A0/converse",
                Some(("bedrock", "/model/a%3A0/converse")),
            ),
            ("/openai/deployments/x/images/edits", None),
            ("/openai/", None),
            ("/openai", None),
            ("/openais/v1/files", None),
            ("/v1/chat/completions", None),
            ("/openai/v1/../../admin", None),
            ("/openai/v1/%2e%2E/admin", None),
            ("/openai/v1/a%2f..%2fadmin", None),
        ] {
            assert_eq!(vendor(path), expected, "{path}");
        }
    }
}
