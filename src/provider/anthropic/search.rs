//! `web_search_options` as the vendor's own search tool.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::wire::json::{Members, Object};

#[derive(Deserialize)]
struct Options<'a> {
    search_context_size: Option<String>,
    #[serde(borrow)]
    user_location: Option<Location<'a>>,
}

#[derive(Deserialize)]
struct Location<'a> {
    #[serde(borrow)]
    approximate: Option<&'a RawValue>,
}

/// The search tool, if the request asks for a search.
///
/// # Errors
/// A 400 when the options are not OpenAI's.
pub(super) fn tool(request: &ChatRequest<'_>) -> Result<Option<Vec<u8>>, ApiError> {
    let Some(options) = request.member::<Options<'_>>("web_search_options")? else {
        return Ok(None);
    };
    let mut out = Vec::with_capacity(128);
    Object::write(&mut out, |tool| {
        tool.string("type", "web_search_20250305");
        tool.string("name", "web_search");
        if let Some(uses) = options.search_context_size.as_deref().and_then(uses) {
            tool.number("max_uses", uses);
        }
        if let Some(place) = options
            .user_location
            .and_then(|location| location.approximate)
        {
            tool.object("user_location", |location| write_place(place, location));
        }
    });
    Ok(Some(out))
}

/// How many searches a context size is worth: LiteLLM's numbers.
fn uses(size: &str) -> Option<u64> {
    match size {
        "high" => Some(10),
        "low" => Some(1),
        "medium" => Some(5),
        _ => None,
    }
}

fn write_place(place: &RawValue, location: &mut Object<'_>) {
    location.string("type", "approximate");
    let members = Members::read(place.get().as_bytes()).unwrap_or_default();
    for member in members.iter().filter(|member| member.value != b"null") {
        let name = member.key.decode();
        if matches!(name.as_ref(), "city" | "country" | "region" | "timezone") {
            location.raw(&name, member.value);
        }
    }
}
