//! `GenerateContentResponse`, whole or one frame of a stream: found in place, nothing copied.

use crate::canonical::answer::FinishReason;
use crate::wire::json::{Fault, Reader, Text};

/// A response.
#[derive(Debug, Default)]
pub(super) struct Frame<'a> {
    /// Why the prompt was blocked.
    pub blocked: Option<Text<'a>>,
    pub candidates: Vec<Candidate<'a>>,
    pub created: Option<Text<'a>>,
    /// Whether it is an error.
    pub failed: bool,
    pub id: Option<Text<'a>>,
    /// What is said about a block.
    pub message: Option<Text<'a>>,
    pub model: Option<Text<'a>>,
    pub usage: Option<&'a [u8]>,
}

/// One of the answers.
#[derive(Debug, Default)]
pub(super) struct Candidate<'a> {
    pub finish: Option<Text<'a>>,
    /// Where Google found what it says.
    pub grounding: Option<&'a [u8]>,
    pub index: u64,
    /// How likely its tokens were.
    pub logprobs: Option<&'a [u8]>,
    pub parts: Vec<Part<'a>>,
}

/// One part of an answer.
#[derive(Debug, Default)]
pub(super) struct Part<'a> {
    pub call: Option<Call<'a>>,
    pub inline: Option<Inline<'a>>,
    pub signature: Option<Text<'a>>,
    pub text: Option<Text<'a>>,
    /// Whether it is reasoning.
    pub thought: bool,
}

/// An image or a sound.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Inline<'a> {
    /// In base64.
    pub data: Option<Text<'a>>,
    pub kind: Option<Text<'a>>,
}

impl Inline<'_> {
    /// Whether it is a sound.
    pub fn is_sound(&self) -> bool {
        self.kind
            .is_some_and(|kind| kind.raw().starts_with(b"audio"))
    }

    /// Its bytes in base64.
    pub fn base64(&self) -> String {
        self.data
            .map(|data| data.decode().into_owned())
            .unwrap_or_default()
    }

    /// A data: URL of it.
    pub fn url(&self) -> String {
        let kind = self.kind.map(|kind| kind.decode()).unwrap_or_default();
        format!("data:{kind};base64,{}", self.base64())
    }
}

/// A call of a tool.
#[derive(Debug, Default)]
pub(super) struct Call<'a> {
    pub args: Option<&'a [u8]>,
    pub id: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
}

impl<'a> Frame<'a> {
    /// Reads a response.
    ///
    /// # Errors
    /// When it is not a JSON object.
    pub fn read(json: &'a [u8]) -> Result<Self, Fault> {
        let mut frame = Self::default();
        let mut reader = Reader::new(json);
        reader.object(|reader, key| frame.member(reader, key))?;
        reader.end()?;
        Ok(frame)
    }

    fn member(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.raw() {
            b"candidates" => {
                reader.optional_array(|reader, position| {
                    let mut candidate = Candidate {
                        index: u64::try_from(position).unwrap_or_default(),
                        ..Candidate::default()
                    };
                    reader.optional_object(|reader, key| candidate.member(reader, key))?;
                    self.candidates.push(candidate);
                    Ok(())
                })?;
            }
            b"createTime" => self.created = reader.optional_string()?,
            b"error" => self.failed = reader.skip()? != b"null",
            b"modelVersion" => self.model = reader.optional_string()?,
            b"promptFeedback" => {
                reader.optional_object(|reader, key| {
                    match key.raw() {
                        b"blockReason" => self.blocked = reader.optional_string()?,
                        b"blockReasonMessage" => self.message = reader.optional_string()?,
                        _ => reader.ignore()?,
                    }
                    Ok(())
                })?;
            }
            b"responseId" => self.id = reader.optional_string()?,
            b"usageMetadata" => self.usage = Some(reader.skip()?),
            _ => reader.ignore()?,
        }
        Ok(())
    }
}

impl<'a> Candidate<'a> {
    fn member(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.raw() {
            b"content" => {
                reader.optional_object(|reader, key| {
                    if !key.is("parts") {
                        return reader.ignore();
                    }
                    reader.optional_array(|reader, _| {
                        let mut part = Part::default();
                        reader.optional_object(|reader, key| part.member(reader, key))?;
                        self.parts.push(part);
                        Ok(())
                    })?;
                    Ok(())
                })?;
            }
            b"finishReason" => self.finish = reader.optional_string()?,
            b"groundingMetadata" => self.grounding = Some(reader.skip()?),
            b"logprobsResult" => self.logprobs = Some(reader.skip()?),
            b"index" => {
                let stated = core::str::from_utf8(reader.skip()?).ok();
                let stated = stated.and_then(|text| text.parse().ok());
                self.index = stated.unwrap_or(self.index);
            }
            _ => reader.ignore()?,
        }
        Ok(())
    }
}

impl<'a> Part<'a> {
    fn member(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.raw() {
            b"functionCall" => {
                let mut call = Call::default();
                let is_call = reader.optional_object(|reader, key| {
                    match key.raw() {
                        b"args" => call.args = Some(reader.skip()?),
                        b"id" => call.id = reader.optional_string()?,
                        b"name" => call.name = reader.optional_string()?,
                        _ => reader.ignore()?,
                    }
                    Ok(())
                })?;
                self.call = is_call.then_some(call);
            }
            b"inlineData" => {
                let mut inline = Inline::default();
                let is_there = reader.optional_object(|reader, key| {
                    match key.raw() {
                        b"data" => inline.data = reader.optional_string()?,
                        b"mimeType" => inline.kind = reader.optional_string()?,
                        _ => reader.ignore()?,
                    }
                    Ok(())
                })?;
                self.inline = is_there.then_some(inline);
            }
            b"text" => self.text = reader.optional_string()?,
            b"thought" => self.thought = reader.skip()? == b"true",
            b"thoughtSignature" => self.signature = reader.optional_string()?,
            _ => reader.ignore()?,
        }
        Ok(())
    }
}

/// OpenAI's word for a `finishReason`. `called` says whether the answer calls the client's tools.
pub(super) fn finish(reason: &str, called: bool) -> FinishReason {
    match reason {
        "CONTINUATION" | "MAX_TOKENS" => FinishReason::Length,
        "BLOCKLIST"
        | "ESCALATION"
        | "IMAGE_OTHER"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "IMAGE_SAFETY"
        | "LANGUAGE"
        | "MODEL_ARMOR"
        | "NO_IMAGE"
        | "OTHER"
        | "PROHIBITED_CONTENT"
        | "RECITATION"
        | "SAFETY"
        | "SPII" => FinishReason::ContentFilter,
        "STOP" if called => FinishReason::ToolCalls,
        // A call that the model got wrong, and whatever reason comes next.
        _ => FinishReason::Stop,
    }
}
