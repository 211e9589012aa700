//! About how many tokens a request is, where no vendor is asked.

use super::fields::{Fields, elements};
use crate::usage::estimate::tokens_of;
use crate::wire::json::Object;

/// What a message costs besides what it says.
const PER_MESSAGE: u64 = 4;
/// What an image or a document costs, about: vendors look at it, not at its bytes.
const PER_IMAGE: u64 = 1_500;

/// About how many tokens `system`, `messages` and `tools` are.
pub(super) fn estimate(request: &Fields<'_>) -> u64 {
    let raw = |name: &str| request.raw(name).unwrap_or_default();
    let texts = tokens_of(raw("system")).saturating_add(tokens_of(raw("tools")));
    let messages = elements(raw("messages")).into_iter();
    let messages = messages.map(|message| {
        let content = Fields::of(message).raw("content").unwrap_or_default();
        blocks(content).saturating_add(PER_MESSAGE)
    });
    messages.fold(texts, u64::saturating_add)
}

/// The tokens of a content: a string, or blocks that may hold a content again.
fn blocks(content: &[u8]) -> u64 {
    if !content.starts_with(b"[") {
        return tokens_of(content);
    }
    let tokens = elements(content).into_iter().map(|json| {
        let block = Fields::of(json);
        match block.kind().as_ref() {
            "document" if block.inner("source").kind() == "text" => tokens_of(json),
            "document" | "image" => PER_IMAGE,
            "text" => tokens_of(block.raw("text").unwrap_or_default()),
            "tool_result" => blocks(block.raw("content").unwrap_or_default()),
            _ => tokens_of(json),
        }
    });
    tokens.fold(0, u64::saturating_add)
}

/// The answer that states a count.
pub(super) fn answer(tokens: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    Object::write(&mut out, |answer| answer.number("input_tokens", tokens));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(json: &str) -> u64 {
        estimate(&Fields::of(json.as_bytes()))
    }

    #[test]
    fn everything_the_model_reads_is_counted() {
        let text = "word ".repeat(400);
        let message = format!(r#"{{"messages":[{{"role":"user","content":"{text}"}}]}}"#);
        let system = format!(r#"{{"system":"{text}","messages":[]}}"#);
        let tools = format!(r#"{{"tools":[{{"name":"f","description":"{text}"}}]}}"#);
        for json in [message, system, tools] {
            let tokens = count(&json);
            assert!((500..520).contains(&tokens), "{tokens} for {json}");
        }
    }

    #[test]
    fn an_image_counts_the_same_however_large_wherever_it_stands() {
        for data in ["AAAA".to_owned(), "AAAA".repeat(50_000)] {
            let image = format!(
                r#"{{"type":"image","source":{{"type":"base64","media_type":"image/png","data":"{data}"}}}}"#
            );
            let result =
                format!(r#"{{"type":"tool_result","tool_use_id":"t","content":[{image}]}}"#);
            for block in [image, result] {
                let json = format!(r#"{{"messages":[{{"role":"user","content":[{block}]}}]}}"#);
                assert_eq!(count(&json), 1_504);
            }
        }
    }

    #[test]
    fn a_count_is_told_as_anthropic_tells_it() {
        assert_eq!(answer(7), br#"{"input_tokens":7}"#);
    }
}
