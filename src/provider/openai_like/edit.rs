//! The few edits between a client's body and a compatible vendor's.

use super::{Quirks, signatures};
use crate::canonical::request::{ChatRequest, TO_GATEWAY, is_tags};
use crate::wire::json::{Member, Members, Reader, Splice, quote};

/// Members the gateway acts on: where a client sends one of them twice, parsers may disagree which
/// counts, so only the last is sent on.
const READ: [&str; 5] = ["model", "messages", "metadata", "stream", "stream_options"];

/// The client's body with the edits this vendor needs; `None` when it needs none.
pub fn body(request: &ChatRequest<'_>, model: &str, quirks: &Quirks) -> Option<Vec<u8>> {
    let members = &request.members;
    let mut splice = Splice::new(request.json, members);
    for member in members.iter() {
        let is_in = |names: &[&str]| names.iter().any(|name| member.key.is(name));
        if is_in(&TO_GATEWAY) || (is_in(&READ) && !is_last(members, member)) {
            splice.remove(member);
        }
    }
    metadata(members, &mut splice);
    let wanted = quote(model);
    match members.get("model") {
        Some(member) if member.value == wanted => {}
        Some(member) => splice.replace(member, wanted),
        None => splice.add("model", &wanted),
    }
    stream_options(request, quirks, &mut splice);
    for name in quirks.drop {
        for member in members.iter().filter(|member| member.key.is(name)) {
            splice.remove(member);
        }
    }
    for (ours, theirs) in quirks.rename {
        rename(members, ours, theirs, &mut splice);
    }
    if !quirks.developer {
        roles(members, &mut splice);
    }
    if let Some(messages) = members.get("messages") {
        for (place, id) in signatures::marked(messages) {
            splice.replace_within(messages, place, id);
        }
    }
    splice.apply()
}

/// Takes the gateway's tags out of the metadata, and the metadata with them when nothing else is in it.
fn metadata(members: &Members<'_>, splice: &mut Splice<'_, '_>) {
    let Some(member) = members.get("metadata") else {
        return;
    };
    let Ok(inner) = Members::read(member.value) else {
        return;
    };
    if !inner.iter().any(is_tags) {
        return;
    }
    if inner.iter().all(is_tags) {
        splice.remove(member);
        return;
    }
    let mut rest = Splice::new(member.value, &inner);
    inner
        .iter()
        .filter(|member| is_tags(member))
        .for_each(|member| rest.remove(member));
    if let Some(rest) = rest.apply() {
        splice.replace(member, rest);
    }
}

fn is_last(members: &Members<'_>, member: &Member<'_>) -> bool {
    let last = members
        .iter()
        .rev()
        .find(|other| other.key.raw() == member.key.raw());
    last.is_none_or(|last| last.whole == member.whole)
}

/// Asks for usage at the end of every stream: the gateway counts it even if the client does not.
fn stream_options(request: &ChatRequest<'_>, quirks: &Quirks, splice: &mut Splice<'_, '_>) {
    const ASK: &[u8] = b"{\"include_usage\":true}";
    let member = request.members.get("stream_options");
    match member {
        Some(member) if !quirks.stream_options => splice.remove(member),
        Some(member) if request.stream => {
            if member.value == b"null" {
                splice.replace(member, ASK.to_vec());
            } else if let Some(value) = with_usage(member.value) {
                splice.replace(member, value);
            }
        }
        None if request.stream && quirks.stream_options => splice.add("stream_options", ASK),
        Some(_) | None => {}
    }
}

/// The options with `include_usage` on; `None` when they are not an object, which is for the vendor
/// to refuse, or already say so.
fn with_usage(options: &[u8]) -> Option<Vec<u8>> {
    let members = Members::read(options).ok()?;
    let mut splice = Splice::new(options, &members);
    match members.get("include_usage") {
        Some(member) if member.value == b"true" => return None,
        Some(member) => splice.replace(member, b"true".to_vec()),
        None => splice.add("include_usage", b"true"),
    }
    splice.apply()
}

/// Gives a member the vendor's name for it. A value under that name already gives way: OpenAI's
/// newer name is the one that counts when both are there.
fn rename(members: &Members<'_>, ours: &str, theirs: &str, splice: &mut Splice<'_, '_>) {
    let Some(member) = members.get(ours) else {
        return;
    };
    for other in members.iter().filter(|other| other.key.is(theirs)) {
        splice.remove(other);
    }
    splice.rename(member, theirs);
}

/// Tells `developer` messages as `system`.
fn roles(members: &Members<'_>, splice: &mut Splice<'_, '_>) {
    let Some(messages) = members.get("messages") else {
        return;
    };
    if memchr::memmem::find(messages.value, b"developer").is_none() {
        return;
    }
    let mut reader = Reader::new(messages.value);
    let mut places = Vec::new();
    let read = reader.array(|reader, _| {
        reader.object(|reader, key| {
            let value = reader.skip()?;
            let end = reader.at();
            if key.is("role") && value == b"\"developer\"" {
                places.push(end.saturating_sub(value.len())..end);
            }
            Ok(())
        })
    });
    if read.is_err() {
        return;
    }
    for place in places {
        splice.replace_within(messages, place, b"\"system\"".to_vec());
    }
}
