//! OpenAI's messages as Cohere wants them: nearly the same, but what is said next to a call is its plan.

use std::borrow::Cow;

use crate::canonical::error::ApiError;
use crate::provider::anthropic::fault::{Place, bad_request, invalid};
use crate::provider::anthropic::message::{Call, Content, Message, Part};
use crate::wire::json::{Array, Members, Object};

/// Checks that everything in the messages can be said to Cohere.
///
/// # Errors
/// A 400 naming the place of what cannot.
pub(super) fn check(messages: &[Message<'_>]) -> Result<(), ApiError> {
    for (index, message) in messages.iter().enumerate() {
        let at = Place {
            message: index,
            member: None,
        };
        let role = role(message);
        if !matches!(role, "assistant" | "system" | "tool" | "user") {
            return Err(invalid(at.member("role"), format!("unknown role '{role}'")));
        }
        if role == "tool" && id(message).is_none() {
            let words = "a tool message must name its call";
            return Err(invalid(at.member("tool_call_id"), words));
        }
        for (index, call) in message.calls.iter().enumerate() {
            if call.name.is_none() {
                let at = at.element("tool_calls", index);
                return Err(invalid(at, "a tool call must have a name"));
            }
        }
        check_content(&message.content, role, at)?;
    }
    Ok(())
}

fn check_content(content: &Content<'_>, role: &str, at: Place) -> Result<(), ApiError> {
    let parts = match content {
        Content::Nothing | Content::Text(_) => return Ok(()),
        Content::Odd => {
            let words = "'content' must be a string or an array of parts";
            return Err(invalid(at.member("content"), words));
        }
        Content::Parts(parts) => parts,
    };
    for (index, part) in parts.iter().enumerate() {
        let kind = kind(part);
        let fits = match kind.as_ref() {
            "document" => role == "tool",
            "image_url" => role == "user" && part.url.is_some(),
            "refusal" => role == "assistant",
            "text" => true,
            _ => false,
        };
        if !fits {
            let words = format!("cohere does not take '{kind}' parts here");
            let at = at.element("content", index);
            return Err(bad_request("unsupported_content", at, words));
        }
    }
    Ok(())
}

/// Writes the messages, which have been checked.
pub(super) fn write(messages: &[Message<'_>], array: &mut Array<'_>) {
    for message in messages {
        let role = role(message);
        let speaks = role == "assistant";
        if speaks && message.calls.is_empty() && words(message).is_empty() {
            // Cohere refuses an assistant that says nothing.
            continue;
        }
        array.object(|object| {
            object.string("role", role);
            if role == "tool" {
                object.string("tool_call_id", &id(message).unwrap_or_default());
            }
            match (speaks, message.calls.is_empty()) {
                (true, true) => object.string("content", &words(message)),
                (true, false) => write_calls(message, object),
                (false, _) => write_content(&message.content, object),
            }
        });
    }
}

fn write_calls(message: &Message<'_>, object: &mut Object<'_>) {
    let plan = words(message);
    if !plan.is_empty() {
        object.string("tool_plan", &plan);
    }
    object.array("tool_calls", |calls| {
        for call in &message.calls {
            calls.object(|object| write_call(call, object));
        }
    });
}

fn write_call(call: &Call<'_>, object: &mut Object<'_>) {
    let name = call.name.map(|name| name.decode()).unwrap_or_default();
    let id = call.id.map_or(name.clone(), |id| id.decode());
    object.string("id", &id);
    object.raw("type", b"\"function\"");
    object.object("function", |function| {
        function.string("name", &name);
        match (call.input, call.arguments) {
            (Some(input), _) => {
                let mut arguments = Vec::new();
                Object::write(&mut arguments, |object| object.text("input", input));
                function.string("arguments", &String::from_utf8_lossy(&arguments));
            }
            (None, Some(text)) if !text.is_blank() => function.text("arguments", text),
            (None, _) => function.string("arguments", "{}"),
        }
    });
}

fn write_content(content: &Content<'_>, object: &mut Object<'_>) {
    match content {
        Content::Nothing | Content::Odd => object.string("content", ""),
        Content::Parts(parts) => object.array("content", |array| {
            for part in parts {
                array.object(|object| write_part(part, object));
            }
        }),
        Content::Text(text) => object.text("content", *text),
    }
}

fn write_part(part: &Part<'_>, object: &mut Object<'_>) {
    let members = Members::read(part.raw).unwrap_or_default();
    match kind(part).as_ref() {
        "document" => {
            object.raw("type", b"\"document\"");
            if let Some(document) = members.get("document") {
                object.raw("document", document.value);
            }
        }
        "image_url" => {
            object.raw("type", b"\"image_url\"");
            object.object("image_url", |image| {
                if let Some(url) = part.url {
                    image.text("url", url);
                }
                let inner = members.get("image_url").map(|member| member.value);
                let inner = inner.and_then(|json| Members::read(json).ok());
                let inner = inner.unwrap_or_default();
                if let Some(detail) = inner.get("detail") {
                    image.raw("detail", detail.value);
                }
            });
        }
        _ => {
            object.raw("type", b"\"text\"");
            if let Some(text) = part.text {
                object.text("text", text);
            }
        }
    }
}

/// What an assistant said, refusals too.
fn words<'a>(message: &Message<'a>) -> Cow<'a, str> {
    let said = match &message.content {
        Content::Nothing | Content::Odd => Cow::Borrowed(""),
        Content::Parts(parts) => {
            let texts = parts.iter().filter_map(|part| part.text.or(part.refusal));
            Cow::Owned(texts.map(|text| text.decode()).collect())
        }
        Content::Text(text) => text.decode(),
    };
    match message.refusal {
        Some(refusal) if said.is_empty() => refusal.decode(),
        Some(_) | None => said,
    }
}

fn role<'m>(message: &'m Message<'_>) -> &'m str {
    const KNOWN: [(&str, &str); 6] = [
        ("assistant", "assistant"),
        ("developer", "system"),
        ("function", "tool"),
        ("system", "system"),
        ("tool", "tool"),
        ("user", "user"),
    ];
    let Some(role) = message.role else {
        return "";
    };
    let known = KNOWN.iter().find(|(known, _)| role.is(known));
    known.map_or_else(
        || core::str::from_utf8(role.raw()).unwrap_or_default(),
        |(_, theirs)| theirs,
    )
}

/// The id of the call that a message answers. Functions of old are known by their name.
fn id<'a>(message: &Message<'a>) -> Option<Cow<'a, str>> {
    let id = message.tool_call_id.or(message.name)?;
    Some(id.decode())
}

fn kind<'a>(part: &Part<'a>) -> Cow<'a, str> {
    part.kind.map(|kind| kind.decode()).unwrap_or_default()
}
