//! A complete answer of Converse, read into the answer it is.

use super::said::{Said, Source, finish};
use crate::canonical::answer::{Completion, ThinkingBlock, ToolCall};
use crate::canonical::error::ApiError;
use crate::provider::anthropic::answer::{compacted, unfenced};
use crate::provider::anthropic::fault::not_understood;
use crate::provider::anthropic::reply::{Form, Reply};
use crate::usage::Usage;
use crate::wire::json::{Fault, Reader, Text};

/// Reads an answer.
///
/// # Errors
/// A 502 when it is none.
pub(super) fn read(body: &[u8], reply: &Reply) -> Result<Completion, ApiError> {
    let mut found = Found::default();
    let mut reader = Reader::new(body);
    reader
        .object(|reader, key| found.member(reader, key))
        .and_then(|()| reader.end())
        .map_err(|fault| not_understood(&fault.to_string()))?;
    let Some(blocks) = found.content else {
        let words = found.message.map(|message| message.decode());
        return Err(not_understood(words.as_deref().unwrap_or("no `output`")));
    };
    let mut answer = Answer {
        characters: 0,
        completion: Completion::default(),
        form: None,
        reply,
    };
    blocks.iter().for_each(|block| answer.take(block));
    let mut completion = answer.close();
    let reason = found
        .reason
        .map(|reason| reason.decode())
        .unwrap_or_default();
    completion.finish = Some(finish(&reason, !completion.tool_calls.is_empty()));
    completion.usage = found
        .usage
        .and_then(|usage| Usage::from_converse(usage, found.fields));
    Ok(completion)
}

#[derive(Default)]
struct Found<'a> {
    content: Option<Vec<Said<'a>>>,
    fields: Option<&'a [u8]>,
    message: Option<Text<'a>>,
    reason: Option<Text<'a>>,
    usage: Option<&'a [u8]>,
}

impl<'a> Found<'a> {
    fn member(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.raw() {
            b"additionalModelResponseFields" => self.fields = Some(reader.skip()?),
            b"content" => {
                let mut blocks = Vec::new();
                let is_list = reader.optional_array(|reader, _| {
                    blocks.push(Said::read(reader)?);
                    Ok(())
                })?;
                self.content = is_list.then_some(blocks);
            }
            b"message" if reader.peek() == Some(b'"') => self.message = Some(reader.string()?),
            b"message" | b"output" => {
                reader.optional_object(|reader, key| self.member(reader, key))?;
            }
            b"stopReason" => self.reason = reader.optional_string()?,
            b"usage" => self.usage = Some(reader.skip()?),
            _ => reader.ignore()?,
        }
        Ok(())
    }
}

/// An answer while its blocks are read.
struct Answer<'r> {
    /// Characters of the content so far.
    characters: usize,
    completion: Completion,
    /// The input of the forced tool.
    form: Option<String>,
    reply: &'r Reply,
}

impl Answer<'_> {
    fn take(&mut self, said: &Said<'_>) {
        self.text(said);
        self.thought(said);
        self.call(said);
    }

    fn text(&mut self, said: &Said<'_>) {
        let start = self.characters;
        for text in said.text.iter().map(Text::decode) {
            if !text.is_empty() {
                let content = self.completion.content.get_or_insert_default();
                content.push_str(&text);
                self.characters = self.characters.saturating_add(text.chars().count());
            }
        }
        let cited = |source: &Source<'_>| source.cited(start, self.characters);
        let citations = said.cited.iter().filter_map(cited);
        self.completion.citations.extend(citations);
    }

    fn thought(&mut self, said: &Said<'_>) {
        if let Some(data) = said.redacted {
            let data = data.decode().into_owned();
            self.completion
                .thinking
                .push(ThinkingBlock::Redacted { data });
        }
        let text = |text: Option<Text<'_>>| {
            text.map(|text| text.decode().into_owned())
                .unwrap_or_default()
        };
        let (thinking, signature) = (text(said.reasoning), text(said.signature));
        if !thinking.is_empty() {
            let reasoning = self.completion.reasoning.get_or_insert_default();
            reasoning.push_str(&thinking);
        }
        if !signature.is_empty() {
            self.completion.thinking.push(ThinkingBlock::Signed {
                signature,
                thinking,
            });
        }
    }

    fn call(&mut self, said: &Said<'_>) {
        let Some(tool) = said.tool.as_ref().filter(|tool| !tool.is_vendors) else {
            return;
        };
        let arguments = said.input.map_or_else(
            || "{}".to_owned(),
            |input| compacted(&String::from_utf8_lossy(input)),
        );
        let name = tool.name.map(|name| name.decode()).unwrap_or_default();
        if self.reply.is_form(&name) {
            // A second form would make the content two texts, which no client can parse.
            self.form.get_or_insert(arguments);
            return;
        }
        let id = tool.id.map(|id| id.decode().into_owned());
        self.completion.tool_calls.push(ToolCall {
            id: id.unwrap_or_default(),
            name: self.reply.name_of(&name).to_owned(),
            arguments,
        });
    }

    fn close(mut self) -> Completion {
        if let Some(form) = self.form {
            let content = self.completion.content.get_or_insert_default();
            content.push_str(&form);
        }
        if self.reply.form == Form::Fenced {
            self.completion.content = self.completion.content.map(unfenced);
        }
        self.completion
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_answer_is_a_502() {
        for body in [
            "",
            "<html>",
            "[]",
            "{}",
            "{\"output\":{}}",
            "{\"output\":{\"message\":{\"content\":null}}}",
        ] {
            let error = read(body.as_bytes(), &Reply::default()).unwrap_err();
            assert_eq!(error.status, 502, "{body}");
        }
    }

    #[test]
    fn the_vendors_own_words_are_told_where_there_is_no_answer() {
        let error = read(br#"{"message":"try later"}"#, &Reply::default()).unwrap_err();
        assert!(error.message.ends_with("try later"), "{}", error.message);
    }
}
