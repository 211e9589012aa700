//! How the answer is drawn and where it ends.

use std::borrow::Cow;

use super::fault::invalid;
use super::models::Abilities;
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::wire::json::{Array, Object, Reader, push_string};

/// `max_tokens` as the client states it.
///
/// # Errors
/// A 400 when it is not a whole number.
pub(in crate::provider) fn stated_max(request: &ChatRequest<'_>) -> Result<Option<u64>, ApiError> {
    match request.member("max_completion_tokens")? {
        Some(tokens) => Ok(Some(tokens)),
        None => request.member("max_tokens"),
    }
}

/// Writes `temperature`, `top_p` and `top_k` as far as the model takes them. With a budget for reasoning Anthropic
/// takes no temperature but 1 and no `top_k`.
///
/// # Errors
/// A 400 when one is not a number.
pub(in crate::provider) fn write(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
    abilities: &Abilities,
    has_budget: bool,
) -> Result<(), ApiError> {
    let temperature = Number::of(request, "temperature")?
        .filter(|number| takes(abilities, has_budget, number.value));
    let top_p = Number::of(request, "top_p")?;
    let top_k = Number::of(request, "top_k")?;
    let alone = temperature.is_none() || abilities.temperature_with_top_p;
    if let Some(number) = temperature {
        body.raw(
            "temperature",
            if number.value > 1.0 {
                b"1.0"
            } else {
                number.spelled
            },
        );
    }
    if let Some(number) = top_p.filter(|_| abilities.sampling && alone) {
        body.raw("top_p", number.spelled);
    }
    if let Some(number) = top_k.filter(|_| abilities.sampling && !has_budget) {
        body.raw("top_k", number.spelled);
    }
    Ok(())
}

fn takes(abilities: &Abilities, has_budget: bool, temperature: f64) -> bool {
    let is_one = (temperature - 1.0).abs() < f64::EPSILON;
    is_one || (abilities.sampling && !has_budget)
}

/// A number and how the client spelled it.
pub(in crate::provider) struct Number<'a> {
    pub spelled: &'a [u8],
    pub value: f64,
}

impl<'a> Number<'a> {
    /// The member of that name.
    ///
    /// # Errors
    /// A 400 when it is not a number.
    pub fn of(request: &ChatRequest<'a>, name: &str) -> Result<Option<Self>, ApiError> {
        let Some(value) = request.member(name)? else {
            return Ok(None);
        };
        let spelled = request
            .members
            .get(name)
            .map(|member| member.value)
            .unwrap_or_default();
        Ok(Some(Self { spelled, value }))
    }
}

/// Writes `stop_sequences`: those that are not blank, which Anthropic refuses.
///
/// # Errors
/// A 400 when `stop` is neither a string nor an array of strings.
pub(in crate::provider) fn write_stop(
    body: &mut Object<'_>,
    request: &ChatRequest<'_>,
) -> Result<bool, ApiError> {
    let said: Vec<_> = stops(request)?
        .into_iter()
        .filter(|stop| !stop.trim().is_empty())
        .collect();
    if !said.is_empty() {
        body.array("stop_sequences", |array: &mut Array<'_>| {
            said.iter()
                .for_each(|stop| array.with(|out| push_string(out, stop)));
        });
    }
    Ok(!said.is_empty())
}

/// The texts of `stop`.
///
/// # Errors
/// A 400 when it is neither a string nor an array of strings.
pub(in crate::provider) fn stops<'a>(
    request: &ChatRequest<'a>,
) -> Result<Vec<Cow<'a, str>>, ApiError> {
    let member = request
        .members
        .get("stop")
        .filter(|member| member.value != b"null");
    member.map_or(Ok(Vec::new()), |member| {
        read_stop(member.value)
            .ok_or_else(|| invalid("stop", "'stop' must be a string or an array of strings"))
    })
}

fn read_stop(json: &[u8]) -> Option<Vec<Cow<'_, str>>> {
    let mut reader = Reader::new(json);
    if reader.peek() == Some(b'"') {
        return Some(vec![reader.string().ok()?.decode()]);
    }
    let mut stops = Vec::new();
    let read = reader.array(|reader, _| {
        stops.push(reader.string()?.decode());
        Ok(())
    });
    read.ok().map(|()| stops)
}
