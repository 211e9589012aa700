//! The few edits between a client's body and a compatible vendor's.

use std::borrow::Cow;

use super::models::{self, Corrections};
use super::quirks::{Answers, Messages, Quirks};
use super::tools::{self, Words};
use super::{messages, refuse};
use crate::canonical::error::ApiError;
use crate::canonical::request::{ChatRequest, TO_GATEWAY, is_tags};
use crate::provider::Target;
use crate::wire::json::{Member, Members, Splice, quote};

/// Members the gateway acts on: where a client sends one of them twice, parsers may disagree which
/// counts, so only the last is sent on.
const READ: [&str; 5] = ["model", "messages", "metadata", "stream", "stream_options"];

/// A vendor's way with one model.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Wording<'a> {
    /// The model, as the body names it; `None` where the path does.
    pub model: Option<&'a str>,
    /// The vendor's name.
    pub provider: &'static str,
    /// The vendor's ways.
    pub quirks: &'a Quirks,
}

/// The client's body with the edits this vendor needs; `None` when it needs none.
///
/// # Errors
/// A 400 naming what the vendor refuses, unless that may be dropped.
pub(in crate::provider) fn body(
    request: &ChatRequest<'_>,
    wording: &Wording<'_>,
    target: &Target<'_>,
) -> Result<Option<Vec<u8>>, ApiError> {
    let quirks = wording.quirks;
    let members = &request.members;
    let refused = refuse::refused(members, wording, target)?;
    let mut splice = Splice::new(request.json, members);
    for member in members.iter() {
        let is_in = |names: &[&str]| names.iter().any(|name| member.key.is(name));
        let is_double = is_in(&READ) && !is_last(members, member);
        if is_in(&TO_GATEWAY) || is_in(&refused) || is_double {
            splice.remove(member);
        }
    }
    metadata(members, &mut splice);
    model(members, wording.model, &mut splice);
    stream_options(request, quirks, &mut splice);
    let allowed = |name: &&&str| !target.rules.allows(name);
    for name in quirks.drop.iter().filter(allowed) {
        remove(members, name, &mut splice);
    }
    for (ours, theirs) in quirks.rename {
        rename(members, ours, theirs, &mut splice);
    }
    let corrections = models::corrections(quirks.family, target.model, members);
    correct(members, &corrections, target, &mut splice);
    let words = tools::edit(members, quirks, &mut splice);
    let thinks = models::thinks(target.model, members);
    talk(members, &quirks.messages, (&words, thinks), &mut splice);
    Ok(splice.apply())
}

/// Whether the vendor's answer to this request must be worded anew: in parts it is no answer that OpenAI's clients know.
pub(in crate::provider) fn is_foreign(request: &ChatRequest<'_>, quirks: &Quirks) -> bool {
    let asks = |name: &str, nothing: &[&[u8]]| {
        let value = request.members.get(name).map(|member| member.value);
        value.is_some_and(|value| value != b"null" && !nothing.contains(&value))
    };
    // What is worded anew has one choice and no probabilities.
    quirks.answers == Answers::Parts && !asks("n", &[b"1"]) && !asks("logprobs", &[b"false"])
}

fn model(members: &Members<'_>, model: Option<&str>, splice: &mut Splice<'_, '_>) {
    let Some(model) = model else { return };
    let wanted = quote(model);
    match members.get("model") {
        Some(member) if member.value == wanted => {}
        Some(member) => splice.replace(member, wanted),
        None => splice.add("model", &wanted),
    }
}

/// Removes all members of that name.
fn remove(members: &Members<'_>, name: &str, splice: &mut Splice<'_, '_>) {
    for member in members.iter().filter(|member| member.key.is(name)) {
        splice.remove(member);
    }
}

/// Takes out and bends what the model refuses.
fn correct(
    members: &Members<'_>,
    corrections: &Corrections,
    target: &Target<'_>,
    splice: &mut Splice<'_, '_>,
) {
    for member in members.iter() {
        let is_in = |names: &[&str]| {
            let name = names.iter().find(|name| member.key.is(name));
            name.is_some_and(|name| !target.rules.allows(name))
        };
        let is_one = number(member).is_some_and(|number| (number - 1.0).abs() < f64::EPSILON);
        if is_in(corrections.drop) || (is_in(corrections.only_one) && !is_one) {
            splice.remove(member);
        }
    }
    if corrections.newer_limit {
        newer_limit(members, splice);
    }
    let temperature = members.get("temperature");
    if let (Some((least, most)), Some(member)) = (corrections.temperature, temperature)
        && let Some(asked) = number(member).filter(|asked| !(least..=most).contains(asked))
    {
        let bent = asked.clamp(least, most).to_string();
        splice.replace(member, bent.into_bytes());
    }
}

/// `max_tokens` by its newer name; where both are there, the newer one counts.
fn newer_limit(members: &Members<'_>, splice: &mut Splice<'_, '_>) {
    if members.get("max_completion_tokens").is_some() {
        remove(members, "max_tokens", splice);
    } else if let Some(member) = members.get("max_tokens") {
        splice.rename(member, "max_completion_tokens");
    }
}

fn number(member: &Member<'_>) -> Option<f64> {
    core::str::from_utf8(member.value).ok()?.parse().ok()
}

/// The messages with what they need, and with what must be said in words.
fn talk(
    members: &Members<'_>,
    rules: &Messages,
    (words, thinks): (&Words, bool),
    splice: &mut Splice<'_, '_>,
) {
    let Some(member) = members.get("messages") else {
        return;
    };
    let edited = messages::edited(member.value, &rules.resolved(thinks));
    if edited.is_none() && *words == Words::default() {
        return;
    }
    let messages = edited.map_or(Cow::Borrowed(member.value), Cow::Owned);
    let inner = messages.trim_ascii();
    let inner = inner
        .strip_prefix(b"[")
        .and_then(|inner| inner.strip_suffix(b"]"));
    let Some(inner) = inner else { return };
    let parts = [words.first.as_deref(), Some(inner), words.last.as_deref()];
    let parts: Vec<&[u8]> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.trim_ascii().is_empty())
        .collect();
    splice.replace(
        member,
        [b"[", parts.join(&b","[..]).as_slice(), b"]"].concat(),
    );
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
