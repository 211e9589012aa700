//! Anthropic's content blocks as its answers and events carry them.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::text::Str;
use crate::canonical::answer::{Citation, FinishReason};

/// A content block or a delta to one: whatever members its type has. Unknown types have none of these.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::provider) struct Block<'a> {
    #[serde(borrow)]
    pub citation: Option<Source<'a>>,
    #[serde(borrow)]
    pub citations: Option<&'a RawValue>,
    #[serde(borrow)]
    pub data: Option<Str<'a>>,
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    #[serde(borrow)]
    pub input: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    pub kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    #[serde(borrow)]
    pub partial_json: Option<Str<'a>>,
    #[serde(borrow)]
    pub signature: Option<Str<'a>>,
    #[serde(borrow)]
    pub stop_details: Option<Details<'a>>,
    #[serde(borrow)]
    pub stop_reason: Option<Str<'a>>,
    #[serde(borrow)]
    pub text: Option<Str<'a>>,
    #[serde(borrow)]
    pub thinking: Option<Str<'a>>,
}

/// Something a text block cites.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::provider) struct Source<'a> {
    #[serde(borrow)]
    title: Option<Str<'a>>,
    #[serde(borrow)]
    url: Option<Str<'a>>,
}

impl<'a> Block<'a> {
    /// What kind of block or delta it is.
    pub fn is(&self) -> &str {
        self.kind.as_ref().map_or("", Str::as_str)
    }

    /// What the text cites.
    pub fn sources(&self) -> Vec<Source<'a>> {
        let list = self
            .citations
            .and_then(|json| serde_json::from_str(json.get()).ok());
        list.unwrap_or_default()
    }
}

impl Source<'_> {
    /// The citation of the characters from `start` to `end`; `None` if it has no address.
    pub fn cited(&self, start: usize, end: usize) -> Option<Citation> {
        let url = self.url.as_ref()?.as_str().to_owned();
        let title = self.title.as_ref().map_or("", Str::as_str).to_owned();
        Some(Citation {
            end,
            start,
            title,
            url,
        })
    }
}

/// Why a message stopped, and the vendor's words about it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::provider) struct Details<'a> {
    #[serde(borrow)]
    explanation: Option<Str<'a>>,
}

/// The explanation of a refusal, where there is one.
pub(in crate::provider) fn refusal<'d>(
    stop_reason: Option<&str>,
    details: Option<&'d Details<'_>>,
) -> Option<&'d str> {
    if stop_reason != Some("refusal") {
        return None;
    }
    details?.explanation.as_ref().map(Str::as_str)
}

/// OpenAI's word for a `stop_reason`. `called` says whether the answer calls the client's tools: an
/// answer that stopped for the forced tool alone is complete.
pub(in crate::provider) fn finish(stop_reason: Option<&str>, called: bool) -> FinishReason {
    match stop_reason {
        Some("max_tokens" | "model_context_window_exceeded" | "compaction") => FinishReason::Length,
        Some("refusal") => FinishReason::ContentFilter,
        Some("tool_use") if called => FinishReason::ToolCalls,
        None | Some("") if called => FinishReason::ToolCalls,
        // "end_turn", "stop_sequence", "pause_turn", and whatever reason comes next.
        Some(_) | None => FinishReason::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stop_reason_has_one_of_openais_words() {
        for (reason, expected) in [
            (Some("end_turn"), FinishReason::Stop),
            (Some("stop_sequence"), FinishReason::Stop),
            (Some("max_tokens"), FinishReason::Length),
            (Some("model_context_window_exceeded"), FinishReason::Length),
            (Some("pause_turn"), FinishReason::Stop),
            (Some("refusal"), FinishReason::ContentFilter),
            (Some("compaction"), FinishReason::Length),
            (Some("weird"), FinishReason::Stop),
            (Some("tool_use"), FinishReason::Stop),
            (Some(""), FinishReason::Stop),
            (None, FinishReason::Stop),
        ] {
            assert_eq!(finish(reason, false), expected, "{reason:?}");
        }
    }

    #[test]
    fn calls_count_only_where_the_reason_does_not_say_otherwise() {
        assert_eq!(finish(Some("tool_use"), true), FinishReason::ToolCalls);
        assert_eq!(finish(None, true), FinishReason::ToolCalls);
        assert_eq!(finish(Some("max_tokens"), true), FinishReason::Length);
    }
}
