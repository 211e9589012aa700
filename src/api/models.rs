//! `GET /v1/models`: the names callers may use, as OpenAI lists them, and as Anthropic does.

use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::wire::json::Object;

/// LiteLLM states the same moment for every model; clients only want a number.
const CREATED: u64 = 1_677_610_602;
/// The same moment as Anthropic writes it.
const CREATED_AT: &str = "2023-02-28T18:56:42Z";

#[derive(Serialize)]
struct List<'a> {
    data: Vec<Model<'a>>,
    object: &'static str,
}

#[derive(Serialize)]
struct Model<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    owned_by: &'static str,
}

const fn model(id: &str) -> Model<'_> {
    Model {
        id,
        object: "model",
        created: CREATED,
        owned_by: "openai",
    }
}

/// The list of these names.
#[must_use]
pub fn list<'a>(names: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let list = List {
        data: names.map(model).collect(),
        object: "list",
    };
    serde_json::to_vec(&list).unwrap_or_default()
}

/// One name's entry.
#[must_use]
pub fn one(id: &str) -> Vec<u8> {
    serde_json::to_vec(&model(id)).unwrap_or_default()
}

/// The list of these names in Anthropic's shape. The query of `path` may ask for a part of it: `limit`, and `after_id` or
/// `before_id`. Without a limit it is all of them.
#[must_use]
pub fn anthropic_list<'a>(names: impl Iterator<Item = &'a str>, path: &str) -> Vec<u8> {
    let names: Vec<&str> = names.collect();
    let (page, has_more) = page(&names, path);
    let mut out = Vec::with_capacity(512);
    Object::write(&mut out, |list| {
        list.array("data", |data| {
            page.iter()
                .for_each(|id| data.object(|model| write_anthropic(model, id)));
        });
        list.raw("has_more", if has_more { b"true" } else { b"false" });
        list.nullable("first_id", page.first().copied());
        list.nullable("last_id", page.last().copied());
    });
    out
}

/// One name's entry in Anthropic's shape.
#[must_use]
pub fn anthropic_one(id: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    Object::write(&mut out, |model| write_anthropic(model, id));
    out
}

fn write_anthropic(model: &mut Object<'_>, id: &str) {
    model.string("type", "model");
    model.string("id", id);
    model.string("display_name", id);
    model.string("created_at", CREATED_AT);
    model.string("lifecycle", "active");
}

/// The names that are asked for, and whether there are more behind them (before them, with `before_id`).
fn page<'n, 'a>(names: &'n [&'a str], path: &str) -> (&'n [&'a str], bool) {
    let asked = |key: &str| {
        let (_, query) = path.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(name, _)| *name == key)?;
        percent_decode_str(value).decode_utf8().ok()
    };
    let place = |key: &str| {
        let id = asked(key)?;
        names.iter().position(|name| *name == id)
    };
    let limit = asked("limit").and_then(|limit| limit.parse().ok());
    let limit: usize = limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    if let Some(end) = place("before_id") {
        let from = end.saturating_sub(limit);
        return (names.get(from..end).unwrap_or_default(), from > 0);
    }
    let from = place("after_id").map_or(0, |at| at.saturating_add(1));
    let rest = names.get(from..).unwrap_or_default();
    (rest.get(..limit).unwrap_or(rest), rest.len() > limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_listed_as_openai_does() {
        let text = String::from_utf8(list(["a"].into_iter())).unwrap();
        assert_eq!(
            text,
            r#"{"data":[{"id":"a","object":"model","created":1677610602,"owned_by":"openai"}],"object":"list"}"#
        );
    }

    #[test]
    fn models_are_listed_as_anthropic_does() {
        let text = String::from_utf8(anthropic_list(["a"].into_iter(), "/v1/models")).unwrap();
        assert_eq!(
            text,
            r#"{"data":[{"type":"model","id":"a","display_name":"a","created_at":"2023-02-28T18:56:42Z","lifecycle":"active"}],"has_more":false,"first_id":"a","last_id":"a"}"#
        );
        let none = String::from_utf8(anthropic_list([].into_iter(), "")).unwrap();
        assert_eq!(
            none,
            r#"{"data":[],"has_more":false,"first_id":null,"last_id":null}"#
        );
    }

    #[test]
    fn a_list_is_told_page_by_page_to_whom_wants_pages() {
        let names = ["a", "b/c", "d", "e"];
        for (query, page_of, more) in [
            ("", &names[..], false),
            ("?limit=1000", &names[..], false),
            ("?limit=2", &names[..2], true),
            ("?limit=2&after_id=b%2Fc", &names[2..], false),
            ("?limit=1&after_id=b/c", &names[2..3], true),
            ("?before_id=d&limit=1", &names[1..2], true),
            ("?before_id=d", &names[..2], false),
            ("?after_id=e", &names[4..], false),
            ("?limit=x", &names[..], false),
        ] {
            assert_eq!(page(&names, query), (page_of, more), "{query}");
        }
    }
}
