//! Contents as messages. Contents of a model that follow each other are one turn, because clients keep a streamed answer as the
//! contents it came in; calls without an id get one, and results find theirs by name.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::fields::{text, value, word};
use super::seal::unsealed;
use super::tools::result_text;
use crate::api::look::{as_text, elements, invalid, is_true, object};
use crate::api::talk::{Address, Arguments, Call, Part, Talk};
use crate::canonical::error::ApiError;
use crate::wire::json::{Members, Text};

/// The messages that `systemInstruction` and `contents` are.
///
/// # Errors
/// A 400 naming the content that a chat cannot hold.
pub(super) fn messages(members: &Members<'_>) -> Result<Vec<u8>, ApiError> {
    let mut reading = Contents {
        calls: 0,
        talk: Talk::new(true),
        waiting: VecDeque::new(),
    };
    if let Some(json) = value(members, "systemInstruction") {
        let texts: Vec<Text<'_>> = match as_text(json) {
            Some(text) => vec![text],
            None => parts(&object(json))
                .iter()
                .filter_map(|part| text(part, "text"))
                .collect(),
        };
        if !texts.is_empty() {
            reading.talk.instruct("system", &texts);
        }
    }
    let contents = value(members, "contents").unwrap_or_default();
    let list = match contents {
        [b'{', ..] => vec![contents],
        _ => elements(contents),
    };
    for (index, json) in list.into_iter().enumerate() {
        reading.content(&object(json), index)?;
    }
    Ok(reading.talk.finish())
}

struct Contents<'a> {
    /// How many calls there were, for their ids.
    calls: usize,
    talk: Talk<'a>,
    /// Calls whose results have not come, each by name and id.
    waiting: VecDeque<(Cow<'a, str>, Cow<'a, str>)>,
}

fn parts<'a>(content: &Members<'a>) -> Vec<Members<'a>> {
    let list = match value(content, "parts") {
        Some(one @ [b'{', ..]) => vec![one],
        Some(list) => elements(list),
        None => Vec::new(),
    };
    list.into_iter().map(object).collect()
}

impl<'a> Contents<'a> {
    fn content(&mut self, content: &Members<'a>, index: usize) -> Result<(), ApiError> {
        match word(content, "role").as_ref() {
            "model" => {
                for part in parts(content) {
                    self.said(&part);
                }
                Ok(())
            }
            "" | "user" | "function" | "tool" => self.asked(parts(content), index),
            other => {
                let place = format!("contents[{index}].role");
                let words = format!("'{place}' must be 'user' or 'model', not '{other}'");
                Err(invalid(&place, words))
            }
        }
    }

    /// A part of a model's.
    fn said(&mut self, part: &Members<'a>) {
        if let Some(call) = value(part, "functionCall").map(object) {
            return self.called(&call, text(part, "thoughtSignature"));
        }
        let Some(said) = text(part, "text") else {
            // Code that Google's own service ran, or images: nothing another model could have said.
            return;
        };
        if !is_true(value(part, "thought")) {
            if !said.raw().is_empty() {
                self.talk.turn().content.push(Part::Text(said));
            }
            return;
        }
        let signed = text(part, "thoughtSignature").and_then(|sealed| unsealed(&sealed.decode()));
        let turn = self.talk.turn();
        if !said.raw().is_empty() {
            turn.reasoning.push(said);
        }
        if let Some(signed) = signed {
            let thoughts = turn.reasoning.get(turn.signed..).unwrap_or_default();
            turn.thinking.push(Cow::Owned(signed.block(thoughts)));
            turn.signed = turn.reasoning.len();
        }
    }

    fn called(&mut self, call: &Members<'a>, signature: Option<Text<'a>>) {
        let Some(name) = text(call, "name") else {
            return;
        };
        self.calls = self.calls.saturating_add(1);
        let id = match text(call, "id") {
            Some(id) => id.decode(),
            None => Cow::Owned(format!("call_{}", self.calls)),
        };
        self.waiting.push_back((name.decode(), id.clone()));
        let arguments = value(call, "args").unwrap_or(b"{}");
        self.talk.call(Call {
            arguments: Arguments::Json(arguments),
            id,
            name,
            signature,
        });
    }

    /// The parts of a user's: results first, whatever stands before them, because they answer calls.
    fn asked(&mut self, parts: Vec<Members<'a>>, index: usize) -> Result<(), ApiError> {
        let mut rest = Vec::new();
        for part in parts {
            match value(&part, "functionResponse") {
                Some(json) => self.result(&object(json), index)?,
                None => rest.extend(shown(&part, index)?),
            }
        }
        if !rest.is_empty() {
            self.talk.user(rest);
        }
        Ok(())
    }

    fn result(&mut self, result: &Members<'a>, index: usize) -> Result<(), ApiError> {
        let name = word(result, "name");
        let stated = text(result, "id").map(|id| id.decode());
        let fits = |(known, id): &(Cow<'_, str>, Cow<'_, str>)| match &stated {
            Some(stated) => stated == id,
            None => *known == name,
        };
        let place = self.waiting.iter().position(fits);
        let found = place.and_then(|place| self.waiting.remove(place));
        let id = match (found, stated) {
            (Some((_, id)), _) | (None, Some(id)) => id,
            (None, None) => name,
        };
        let mut shows = match value(result, "response") {
            Some(response) => vec![result_text(response)],
            None => Vec::new(),
        };
        for part in value(result, "parts").map(elements).unwrap_or_default() {
            shows.extend(shown(&object(part), index)?);
        }
        self.talk.result(&id, shows);
        Ok(())
    }
}

/// What a user's part shows; `None` for nothing.
fn shown<'a>(part: &Members<'a>, index: usize) -> Result<Option<Part<'a>>, ApiError> {
    if let Some(said) = text(part, "text") {
        return Ok(Some(Part::Text(said)));
    }
    if let Some(inline) = value(part, "inlineData").map(object) {
        let kind = word(&inline, "mimeType");
        let data = text(&inline, "data").ok_or_else(|| lacks(index, "inlineData.data"))?;
        return Ok(Some(inlined(kind, data, &inline)));
    }
    if let Some(file) = value(part, "fileData").map(object) {
        let uri = text(&file, "fileUri").ok_or_else(|| lacks(index, "fileData.fileUri"))?;
        return Ok(Some(filed(&word(&file, "mimeType"), uri, &file)));
    }
    Ok(None)
}

fn lacks(index: usize, name: &str) -> ApiError {
    let place = format!("contents[{index}]");
    invalid(&place, format!("'{place}' has a part without '{name}'"))
}

fn inlined<'a>(kind: Cow<'a, str>, data: Text<'a>, inline: &Members<'a>) -> Part<'a> {
    let format = match kind.as_ref() {
        "audio/mp3" | "audio/mpeg" => Some("mp3"),
        "audio/wav" | "audio/x-wav" | "audio/wave" => Some("wav"),
        _ => None,
    };
    if let Some(format) = format {
        return Part::Audio { data, format };
    }
    if kind.starts_with("image/") {
        return Part::Image {
            detail: None,
            url: Address::Data { kind, data },
        };
    }
    Part::File {
        data: Some(Address::Data { kind, data }),
        id: None,
        name: text(inline, "displayName"),
    }
}

fn filed<'a>(kind: &str, uri: Text<'a>, file: &Members<'a>) -> Part<'a> {
    let end = uri.decode().to_ascii_lowercase();
    let end = end.split(['?', '#']).next().unwrap_or_default();
    let is_image = |end: &str| {
        [".png", ".jpg", ".jpeg", ".gif", ".webp"]
            .iter()
            .any(|known| end.ends_with(known))
    };
    if kind.starts_with("image/") || (kind.is_empty() && is_image(end)) {
        return Part::Image {
            detail: None,
            url: Address::Url(uri),
        };
    }
    Part::File {
        data: Some(Address::Url(uri)),
        id: None,
        name: text(file, "displayName"),
    }
}
