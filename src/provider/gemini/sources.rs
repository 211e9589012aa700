//! Where Google found what it says, as OpenAI's citations: Google counts bytes, OpenAI characters.

use serde_json::Value;

use crate::canonical::answer::Citation;

/// The citations that `grounding` (JSON) has of an answer whose text is `text`, the parts of which begin at the bytes `starts`.
pub(super) fn citations(grounding: &[u8], text: &str, starts: &[usize]) -> Vec<Citation> {
    let grounding: Value = serde_json::from_slice(grounding).unwrap_or_default();
    let list = |value: &Value, name: &str| {
        let list = value.get(name).and_then(Value::as_array);
        list.cloned().unwrap_or_default()
    };
    let chunks = list(&grounding, "groundingChunks");
    let mut citations = Vec::new();
    for support in list(&grounding, "groundingSupports") {
        let segment = support.get("segment").cloned().unwrap_or_default();
        let part = starts.get(number(segment.get("partIndex")));
        let place = |name: &str| {
            let index = number(segment.get(name));
            characters(
                text,
                index.saturating_add(part.copied().unwrap_or_default()),
            )
        };
        for index in list(&support, "groundingChunkIndices") {
            let web = chunks
                .get(number(Some(&index)))
                .and_then(|chunk| chunk.get("web"));
            let of = |name: &str| web?.get(name)?.as_str().map(str::to_owned);
            if let Some(url) = of("uri") {
                citations.push(Citation {
                    end: place("endIndex"),
                    start: place("startIndex"),
                    title: of("title").unwrap_or_default(),
                    url,
                });
            }
        }
    }
    citations
}

fn number(value: Option<&Value>) -> usize {
    let number = value.and_then(Value::as_u64).unwrap_or_default();
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// How many characters begin before that byte.
fn characters(text: &str, byte: usize) -> usize {
    text.char_indices().take_while(|(at, _)| *at < byte).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_characters_within_their_part() {
        let grounding = br#"{"groundingChunks":[{"web":{"uri":"https://a.example","title":"A"}},{"retrievedContext":{}}],
            "groundingSupports":[{"segment":{"startIndex":7,"endIndex":11,"partIndex":1},"groundingChunkIndices":[0,1,9]}]}"#;
        let found = citations(
            grounding,
            "\u{e9}x\u{17e}lu\u{165} k\u{16f}\u{148}",
            &[0, 3],
        );
        let expected = Citation {
            end: 10,
            start: 7,
            title: "A".to_owned(),
            url: "https://a.example".to_owned(),
        };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn what_is_no_grounding_cites_nothing() {
        for json in ["{}", "null", "[]", r#"{"groundingSupports":5}"#] {
            assert!(citations(json.as_bytes(), "x", &[0]).is_empty(), "{json}");
        }
    }
}
