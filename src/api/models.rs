//! `GET /v1/models`: the names callers may use, as OpenAI lists them.

use serde::Serialize;

/// LiteLLM states the same moment for every model; clients only want a number.
const CREATED: u64 = 1_677_610_602;

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
}
