//! Converse's content blocks and deltas read in place, whatever kind they are of.

use crate::canonical::answer::{Citation, FinishReason};
use crate::wire::json::{Fault, Reader, Text};

/// What a content block, or a delta to one, says. Blocks to come have none of these.
#[derive(Debug, Default)]
pub(super) struct Said<'a> {
    pub cited: Vec<Source<'a>>,
    /// A call's arguments: an object, or in a stream a fragment of its spelling.
    pub input: Option<&'a [u8]>,
    pub reasoning: Option<Text<'a>>,
    pub redacted: Option<Text<'a>>,
    pub signature: Option<Text<'a>>,
    /// Several only where they are cited apart.
    pub text: Vec<Text<'a>>,
    pub tool: Option<Tool<'a>>,
}

/// The head of a call.
#[derive(Debug, Default)]
pub(super) struct Tool<'a> {
    pub id: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
    /// Whether the vendor runs it.
    pub is_vendors: bool,
}

/// Something that text cites.
#[derive(Debug, Default)]
pub(super) struct Source<'a> {
    title: Option<Text<'a>>,
    url: Option<Text<'a>>,
}

impl Source<'_> {
    /// The citation of the characters from `start` to `end`; `None` if it has no address.
    pub fn cited(&self, start: usize, end: usize) -> Option<Citation> {
        let url = self.url?.decode().into_owned();
        let title = self.title.map(|title| title.decode().into_owned());
        Some(Citation {
            end,
            start,
            title: title.unwrap_or_default(),
            url,
        })
    }
}

impl<'a> Said<'a> {
    /// Reads the members of a block, a start or a delta.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
        let mut said = Self::default();
        reader.optional_object(|reader, key| said.member(reader, key))?;
        Ok(said)
    }

    fn member(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.raw() {
            b"citation" => self.cite(reader)?,
            b"citationsContent" => {
                reader.optional_object(|reader, key| match key.raw() {
                    b"citations" => reader
                        .optional_array(|reader, _| self.cite(reader))
                        .map(drop),
                    b"content" => reader
                        .optional_array(|reader, _| {
                            reader
                                .optional_object(|reader, key| self.member(reader, key))
                                .map(drop)
                        })
                        .map(drop),
                    _ => reader.ignore(),
                })?;
            }
            b"reasoningContent" | b"reasoningText" => {
                reader.optional_object(|reader, key| self.thought(reader, key))?;
            }
            b"text" => self.text.extend(reader.optional_string()?),
            b"toolUse" => {
                let mut tool = Tool::default();
                reader.optional_object(|reader, key| self.call(reader, key, &mut tool))?;
                self.tool = Some(tool);
            }
            _ => reader.ignore()?,
        }
        Ok(())
    }

    fn thought(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.raw() {
            b"reasoningText" => {
                reader.optional_object(|reader, key| self.thought(reader, key))?;
            }
            b"redactedContent" => self.redacted = reader.optional_string()?,
            b"signature" => self.signature = reader.optional_string()?,
            b"text" => self.reasoning = reader.optional_string()?,
            _ => reader.ignore()?,
        }
        Ok(())
    }

    fn call(
        &mut self,
        reader: &mut Reader<'a>,
        key: Text<'a>,
        tool: &mut Tool<'a>,
    ) -> Result<(), Fault> {
        match key.raw() {
            b"input" => self.input = Some(reader.skip()?),
            b"name" => tool.name = reader.optional_string()?,
            b"toolUseId" => tool.id = reader.optional_string()?,
            b"type" => {
                let kind = reader.optional_string()?;
                tool.is_vendors = kind.is_some_and(|kind| kind.is("server_tool_use"));
            }
            _ => reader.ignore()?,
        }
        Ok(())
    }

    fn cite(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        let mut source = Source::default();
        reader.optional_object(|reader, key| place(reader, key, &mut source))?;
        self.cited.push(source);
        Ok(())
    }
}

fn place<'a>(reader: &mut Reader<'a>, key: Text<'a>, source: &mut Source<'a>) -> Result<(), Fault> {
    match key.raw() {
        b"location" | b"web" => {
            reader.optional_object(|reader, key| place(reader, key, source))?;
        }
        b"title" => source.title = reader.optional_string()?,
        b"url" => source.url = reader.optional_string()?,
        _ => reader.ignore()?,
    }
    Ok(())
}

/// OpenAI's word for a `stopReason`. `called` says whether the answer calls the client's tools.
pub(super) fn finish(reason: &str, called: bool) -> FinishReason {
    match reason {
        "content_filtered" | "guardrail_intervened" => FinishReason::ContentFilter,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "" | "tool_use" if called => FinishReason::ToolCalls,
        // "end_turn", "stop_sequence", "malformed_model_output", "malformed_tool_use", and whatever comes next.
        _ => FinishReason::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stop_reason_has_one_of_openais_words() {
        for (reason, expected) in [
            ("end_turn", FinishReason::Stop),
            ("stop_sequence", FinishReason::Stop),
            ("max_tokens", FinishReason::Length),
            ("model_context_window_exceeded", FinishReason::Length),
            ("guardrail_intervened", FinishReason::ContentFilter),
            ("content_filtered", FinishReason::ContentFilter),
            ("malformed_model_output", FinishReason::Stop),
            ("malformed_tool_use", FinishReason::Stop),
            ("weird", FinishReason::Stop),
            ("", FinishReason::Stop),
            ("tool_use", FinishReason::Stop),
        ] {
            assert_eq!(finish(reason, false), expected, "{reason}");
        }
        assert_eq!(finish("tool_use", true), FinishReason::ToolCalls);
        assert_eq!(finish("", true), FinishReason::ToolCalls);
        assert_eq!(finish("max_tokens", true), FinishReason::Length);
    }
}
