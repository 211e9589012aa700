//! A chat request in the words of Ollama's `/api/chat`.

use std::borrow::Cow;

use super::messages;
use super::params::{OPTIONS, OWN, PARAMS, refuses};
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::provider::Target;
use crate::provider::anthropic::fault::{bad_request, invalid};
use crate::provider::anthropic::output::Wanted;
use crate::provider::anthropic::sampling::{Number, stated_max, stops};
use crate::provider::anthropic::text::mended;
use crate::provider::anthropic::thinking::Effort;
use crate::provider::anthropic::tools::{self, Choice, Tool};
use crate::provider::anthropic::{message, wish};
use crate::wire::json::{Array, Members, Object, push_string};

/// Words the request.
///
/// # Errors
/// A 400 naming what Ollama cannot be asked.
pub(super) fn word(request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Vec<u8>, ApiError> {
    PARAMS.check(request, target, refuses)?;
    let raw = |name: &str| {
        let member = request.members.get(name);
        member.map_or(Cow::Borrowed(&b"null"[..]), |member| mended(member.value))
    };
    let (said, tools, format) = (raw("messages"), raw("tools"), raw("response_format"));
    let messages = messages::read(&message::read(&said)?)?;
    let tools = toolset(request, &tools)?;
    let options = options(request, target)?;
    let wanted = Wanted::read(&format)?;
    let think = think(request, target.model)?;
    let mut body = Vec::with_capacity(request.json.len().saturating_add(256));
    Object::write(&mut body, |body| {
        body.string("model", target.model);
        // It streams unless told not to.
        body.raw("stream", if request.stream { b"true" } else { b"false" });
        body.array("messages", |array| {
            messages.iter().for_each(|message| message.write(array));
        });
        if !tools.is_empty() {
            body.array("tools", |array| {
                tools.iter().for_each(|tool| write_tool(tool, array));
            });
        }
        match wanted {
            Wanted::Object => body.raw("format", b"\"json\""),
            Wanted::Schema(schema) => body.raw("format", schema),
            Wanted::Words => {}
        }
        if let Some(think) = think {
            body.raw("think", think);
        }
        let written = |name: &str| match name {
            "format" => wanted != Wanted::Words,
            "think" => think.is_some(),
            _ => false,
        };
        for member in PARAMS.forwarded(request, target) {
            if OWN.contains(&member.name.as_ref()) && !written(&member.name) {
                body.raw(&member.name, &mended(member.value));
            }
        }
        if !options.is_empty() {
            body.object("options", |object| {
                for (name, value) in &options {
                    object.raw(name, value);
                }
            });
        }
    });
    Ok(body)
}

fn toolset<'a>(request: &ChatRequest<'_>, json: &'a [u8]) -> Result<Vec<Tool<'a>>, ApiError> {
    let mut list = match json {
        b"null" => Vec::new(),
        json => tools::read(json, "ollama")?,
    };
    if let Some(at) = list.iter().position(|tool| !tool.is_function) {
        let at = format!("tools[{at}]");
        return Err(bad_request(
            "unsupported_parameter",
            at,
            "ollama calls functions only",
        ));
    }
    let Some(member) = request.members.get("tool_choice") else {
        return Ok(list);
    };
    if member.value == b"null" || list.is_empty() {
        return Ok(list);
    }
    match tools::choice(member, &mut list)? {
        Choice::Any | Choice::Auto => {}
        Choice::None => list.clear(),
        // Only where what cannot be honoured is dropped: the nearest there is.
        Choice::Tool(name) => list.retain(|tool| tool.name.is_some_and(|tool| tool.is(&name))),
    }
    Ok(list)
}

fn write_tool(tool: &Tool<'_>, array: &mut Array<'_>) {
    array.object(|object| {
        object.raw("type", b"\"function\"");
        object.object("function", |function| {
            if let Some(name) = tool.name {
                function.text("name", name);
            }
            if let Some(description) = tool.description {
                function.text("description", description);
            }
            function.with("parameters", |out| {
                tools::write_schema(tool.parameters, out)
            });
        });
    });
}

type Options<'r> = Vec<(Cow<'r, str>, Cow<'r, [u8]>)>;

/// Ollama's `options`: the client's own first, then OpenAI's members that are options, then whatever else was sent.
fn options<'r>(
    request: &'r ChatRequest<'_>,
    target: &'r Target<'_>,
) -> Result<Options<'r>, ApiError> {
    let mut options: Options<'r> = Vec::new();
    let stated = request.members.get("options");
    if let Some(member) = stated.filter(|member| member.value != b"null") {
        let own = Members::read(member.value)
            .map_err(|_| invalid("options", "'options' must be an object"))?;
        options.extend(own.iter().map(|own| (own.key.decode(), mended(own.value))));
    }
    let mut put = |name: Cow<'r, str>, value: Cow<'r, [u8]>| {
        if options.iter().all(|(known, _)| *known != name) {
            options.push((name, value));
        }
    };
    if let Some(tokens) = stated_max(request)? {
        put("num_predict".into(), tokens.to_string().into_bytes().into());
    }
    for (ours, theirs) in OPTIONS {
        if let Some(number) = Number::of(request, ours)? {
            put(theirs.into(), number.spelled.into());
        }
    }
    let stops = stops(request)?;
    if !stops.is_empty() {
        let mut list = Vec::new();
        Array::write(&mut list, |array| {
            stops
                .iter()
                .for_each(|stop| array.with(|out| push_string(out, stop)));
        });
        put("stop".into(), list.into());
    }
    for member in PARAMS.forwarded(request, target) {
        if !OWN.contains(&member.name.as_ref()) {
            put(member.name, mended(member.value));
        }
    }
    Ok(options)
}

/// Whether the model shall think; some are told how hard.
fn think(request: &ChatRequest<'_>, model: &str) -> Result<Option<&'static [u8]>, ApiError> {
    let has_levels = model.contains("gpt-oss");
    Ok(match wish::effort(request)? {
        None => thinking(request),
        Some(Effort::None) => Some(b"false"),
        Some(_) if !has_levels => Some(b"true"),
        Some(Effort::Low | Effort::Minimal) => Some(b"\"low\""),
        Some(Effort::Medium) => Some(b"\"medium\""),
        Some(Effort::High | Effort::Max | Effort::Xhigh) => Some(b"\"high\""),
    })
}

/// `thinking` in Anthropic's words.
fn thinking(request: &ChatRequest<'_>) -> Option<&'static [u8]> {
    let members = Members::read(request.members.get("thinking")?.value).ok()?;
    match members.get("type")?.value {
        b"\"adaptive\"" | b"\"enabled\"" => Some(b"true"),
        b"\"disabled\"" => Some(b"false"),
        _ => None,
    }
}
