//! Where Google found what it says, as OpenAI's citations: Google counts bytes, OpenAI characters.

use serde::Deserialize;

use crate::canonical::answer::Citation;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Grounding {
    grounding_chunks: Vec<Chunk>,
    grounding_supports: Vec<Support>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Chunk {
    web: Source,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Source {
    title: String,
    uri: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Support {
    grounding_chunk_indices: Vec<usize>,
    segment: Segment,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Segment {
    end_index: usize,
    part_index: usize,
    start_index: usize,
}

/// The citations that `grounding` (JSON) has of an answer whose text is `text`, the parts of which begin at the bytes `starts`.
pub(super) fn citations(grounding: &[u8], text: &str, starts: &[usize]) -> Vec<Citation> {
    let grounding: Grounding = serde_json::from_slice(grounding).unwrap_or_default();
    let mut citations = Vec::new();
    for support in &grounding.grounding_supports {
        let segment = &support.segment;
        let part = starts.get(segment.part_index).copied().unwrap_or_default();
        let place = |index: usize| characters(text, part.saturating_add(index));
        for index in &support.grounding_chunk_indices {
            let Some(Chunk { web }) = grounding.grounding_chunks.get(*index) else {
                continue;
            };
            if !web.uri.is_empty() {
                citations.push(Citation {
                    end: place(segment.end_index),
                    start: place(segment.start_index),
                    title: web.title.clone(),
                    url: web.uri.clone(),
                });
            }
        }
    }
    citations
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
