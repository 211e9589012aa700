//! The form that an answer is asked for in.

use super::fault::invalid;
use super::schema;
use crate::canonical::error::ApiError;
use crate::wire::json::{Fault, Members, Object, Reader, Text};

/// What `response_format` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Wanted<'a> {
    /// JSON of any form.
    Object,
    /// JSON that follows a schema.
    Schema(&'a [u8]),
    /// Text.
    Words,
}

impl<'a> Wanted<'a> {
    /// Reads `response_format`.
    ///
    /// # Errors
    /// A 400 when it is none of OpenAI's.
    pub fn read(json: &'a [u8]) -> Result<Self, ApiError> {
        if json == b"null" {
            return Ok(Self::Words);
        }
        let mut stated = Stated::default();
        let read = Reader::new(json).object(|reader, key| stated.member(reader, key));
        read.map_err(|fault| {
            invalid(
                "response_format",
                format!("'response_format' must be an object: {fault}"),
            )
        })?;
        let kind = stated.kind.map(|kind| kind.decode()).unwrap_or_default();
        match (kind.as_ref(), stated.schema) {
            ("text", _) => Ok(Self::Words),
            ("json_schema", Some(schema)) => Ok(Self::Schema(schema)),
            ("json_object" | "json_schema", None) => Ok(Self::Object),
            // LiteLLM's users put a schema here too.
            ("json_object", Some(schema)) => Ok(Self::Schema(schema)),
            (other, _) => Err(invalid(
                "response_format",
                format!("unknown response_format '{other}'"),
            )),
        }
    }
}

#[derive(Default)]
struct Stated<'a> {
    kind: Option<Text<'a>>,
    schema: Option<&'a [u8]>,
}

impl<'a> Stated<'a> {
    fn member(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.decode().as_ref() {
            "json_schema" => {
                reader.optional_object(|reader, key| self.member(reader, key))?;
            }
            "response_schema" | "schema" => {
                let value = reader.skip()?;
                self.schema = value.starts_with(b"{").then_some(value);
            }
            "type" => self.kind = reader.optional_string()?,
            _ => reader.ignore()?,
        }
        Ok(())
    }
}

/// `output_config`: the client's own, and what its request otherwise asks for.
#[derive(Debug)]
pub(in crate::provider) struct Output<'a> {
    pub effort: Option<&'static str>,
    pub schema: Option<&'a [u8]>,
    pub stated: Option<&'a [u8]>,
}

impl Output<'_> {
    /// Writes the member, if there is anything in it.
    pub fn write(&self, body: &mut Object<'_>) {
        let stated = self
            .stated
            .and_then(|json| Members::read(json).ok())
            .unwrap_or_default();
        let format = self.schema.and_then(schema::strict);
        let kept = |name: &str| {
            !(name == "effort" && self.effort.is_some() || name == "format" && format.is_some())
        };
        let kept: Vec<_> = stated
            .iter()
            .filter(|member| kept(&member.key.decode()))
            .collect();
        if kept.is_empty() && self.effort.is_none() && format.is_none() {
            return;
        }
        body.object("output_config", |config| {
            kept.iter()
                .for_each(|member| config.raw(&member.key.decode(), member.value));
            if let Some(effort) = self.effort {
                config.string("effort", effort);
            }
            if let Some(schema) = &format {
                config.object("format", |object| {
                    object.string("type", "json_schema");
                    object.raw("schema", schema);
                });
            }
        });
    }
}
