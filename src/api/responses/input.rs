//! The items of a request as messages.

use std::borrow::Cow;

use super::item::BLOCKS;
use crate::api::look::{as_text, elements, invalid, object, text, unsupported, value, word};
use crate::api::talk::{Address, Arguments, Call, Part, Talk};
use crate::canonical::error::ApiError;
use crate::wire::json::{Members, Text};

/// The messages that `instructions` and `input` are.
///
/// # Errors
/// A 400 naming the item that a chat cannot hold.
pub(super) fn messages(instructions: Option<Text<'_>>, input: &[u8]) -> Result<Vec<u8>, ApiError> {
    let mut talk = Talk::new(false);
    if let Some(instructions) = instructions {
        talk.instruct("developer", &[instructions]);
    }
    if let Some(words) = as_text(input) {
        talk.user(vec![Part::Text(words)]);
        return Ok(talk.finish());
    }
    for (index, json) in elements(input).into_iter().enumerate() {
        item(json, &Place(index), &mut talk)?;
    }
    Ok(talk.finish())
}

/// Where an item stands.
struct Place(usize);

impl Place {
    fn invalid(&self, words: &str) -> ApiError {
        let place = format!("input[{}]", self.0);
        let words = format!("invalid '{place}': {words}");
        invalid(&place, words)
    }
}

fn item<'a>(json: &'a [u8], at: &Place, talk: &mut Talk<'a>) -> Result<(), ApiError> {
    let item = object(json);
    let kind = match text(&item, "type") {
        Some(kind) => kind.decode(),
        None if item.get("role").is_some() => Cow::Borrowed("message"),
        None => return Err(at.invalid("an item needs a 'type', or a 'role'")),
    };
    match kind.as_ref() {
        "message" => return message(&item, at, talk),
        "function_call" => {
            let arguments =
                text(&item, "arguments").map_or(Arguments::Json(b"{}"), Arguments::Text);
            call(&item, arguments, at, talk)?;
        }
        "custom_tool_call" => {
            let input = text(&item, "input").ok_or_else(|| at.invalid("'input' is missing"))?;
            call(&item, Arguments::Input(input), at, talk)?;
        }
        "function_call_output" | "custom_tool_call_output" => result(&item, at, talk)?,
        "reasoning" => reasoning(&item, talk),
        "item_reference" => {
            let words = "an 'item_reference' refers to what was kept of an earlier answer, and for this model nothing is: send the \
                         item itself (SDKs do with 'store' set to false)";
            return Err(unsupported("input", words));
        }
        // What a vendor did for itself, and what only that vendor can read.
        "compaction" | "program" => {}
        other if other.ends_with("_call") || other.ends_with("_call_output") => {}
        other if other.starts_with("mcp_") || other.starts_with("tool_search_") => {}
        other => return Err(at.invalid(&format!("the type '{other}' is not known"))),
    }
    Ok(())
}

fn message<'a>(item: &Members<'a>, at: &Place, talk: &mut Talk<'a>) -> Result<(), ApiError> {
    let role = word(item, "role");
    let parts = parts(item, "content", at)?;
    match role.as_ref() {
        "user" => talk.user(parts),
        "assistant" => {
            if !talk.turn().calls.is_empty() {
                talk.close();
            }
            talk.turn().content.extend(parts);
        }
        "developer" | "system" => talk.said_by(&role, &parts),
        _ => {
            return Err(at.invalid("'role' must be 'user', 'assistant', 'system' or 'developer'"));
        }
    }
    Ok(())
}

fn call<'a>(
    item: &Members<'a>,
    arguments: Arguments<'a>,
    at: &Place,
    talk: &mut Talk<'a>,
) -> Result<(), ApiError> {
    let (Some(id), Some(name)) = (text(item, "call_id"), text(item, "name")) else {
        return Err(at.invalid("a call needs 'call_id' and 'name'"));
    };
    talk.call(Call {
        arguments,
        id: id.decode(),
        name,
        signature: None,
    });
    Ok(())
}

fn result<'a>(item: &Members<'a>, at: &Place, talk: &mut Talk<'a>) -> Result<(), ApiError> {
    let Some(id) = text(item, "call_id") else {
        return Err(at.invalid("an output needs a 'call_id'"));
    };
    talk.result(&id.decode(), parts(item, "output", at)?);
    Ok(())
}

/// Reasoning goes with what the assistant says next. The blocks are those that an answer of ours carried.
fn reasoning<'a>(item: &Members<'a>, talk: &mut Talk<'a>) {
    if !talk.turn().calls.is_empty() {
        talk.close();
    }
    let turn = talk.turn();
    for name in ["summary", "content"] {
        for part in value(item, name).map(elements).unwrap_or_default() {
            turn.reasoning.extend(text(&object(part), "text"));
        }
    }
    let kept = word(item, "encrypted_content");
    if let Some(blocks) = kept.strip_prefix(BLOCKS) {
        let copies = elements(blocks.as_bytes()).into_iter();
        turn.thinking
            .extend(copies.map(|block| Cow::Owned(block.to_vec())));
    }
}

/// What a message or an output holds: text, or parts.
fn parts<'a>(item: &Members<'a>, name: &str, at: &Place) -> Result<Vec<Part<'a>>, ApiError> {
    let Some(content) = value(item, name) else {
        return Ok(Vec::new());
    };
    if let Some(words) = as_text(content) {
        return Ok(vec![Part::Text(words)]);
    }
    elements(content)
        .into_iter()
        .map(|json| part(json, at))
        .collect()
}

fn part<'a>(json: &'a [u8], at: &Place) -> Result<Part<'a>, ApiError> {
    let part = object(json);
    let needs =
        |name: &str| text(&part, name).ok_or_else(|| at.invalid(&format!("'{name}' is missing")));
    match word(&part, "type").as_ref() {
        "input_text" | "output_text" | "text" | "summary_text" => needs("text").map(Part::Text),
        "refusal" => needs("refusal").map(Part::Refusal),
        "input_image" => image(&part, at),
        "input_file" => Ok(Part::File {
            data: text(&part, "file_data")
                .or_else(|| text(&part, "file_url"))
                .map(Address::Url),
            id: text(&part, "file_id"),
            name: text(&part, "filename"),
        }),
        "input_audio" => {
            let audio = value(&part, "input_audio").map(object).unwrap_or_default();
            let format = match word(&audio, "format").as_ref() {
                "mp3" => "mp3",
                _ => "wav",
            };
            let data = text(&audio, "data").ok_or_else(|| at.invalid("'data' is missing"))?;
            Ok(Part::Audio { data, format })
        }
        other => Err(at.invalid(&format!("a part of the type '{other}' is not known"))),
    }
}

fn image<'a>(part: &Members<'a>, at: &Place) -> Result<Part<'a>, ApiError> {
    let Some(url) = text(part, "image_url") else {
        return Err(
            at.invalid("an image needs an 'image_url'; files uploaded elsewhere cannot be seen")
        );
    };
    let detail = match word(part, "detail").as_ref() {
        "low" => Some("low"),
        "high" | "original" => Some("high"),
        _ => None,
    };
    Ok(Part::Image {
        detail,
        url: Address::Url(url),
    })
}
