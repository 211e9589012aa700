//! A complete answer in OpenAI's words, and the parts of it that chunks share.

use crate::canonical::answer::{Citation, Completion, ThinkingBlock, ToolCall};
use crate::canonical::signature;
use crate::usage::Usage;
use crate::wire::json::{Array, Object};

/// The answer as a `chat.completion` object. `id`, `created` (seconds since the epoch) and `model`
/// stand in for what the vendor did not say.
#[must_use]
pub fn encode(completion: &Completion, id: &str, created: u64, model: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(capacity(completion));
    Object::write(&mut out, |answer| {
        answer.string("id", &answer_id(completion.id.as_deref(), id));
        answer.string("object", "chat.completion");
        answer.number("created", completion.created.unwrap_or(created));
        answer.string("model", completion.model.as_deref().unwrap_or(model));
        answer.array("choices", |choices| {
            let all = core::iter::once(completion).chain(&completion.others);
            for (index, one) in (0..).zip(all) {
                choices.object(|choice| {
                    choice.number("index", index);
                    choice.object("message", |message| write_message(message, one));
                    let logprobs = one.logprobs.as_ref().map(String::as_bytes);
                    choice.raw("logprobs", logprobs.unwrap_or(b"null"));
                    choice.string("finish_reason", one.reason().as_str());
                });
            }
        });
        if let Some(usage) = &completion.usage {
            answer.object("usage", |object| write_usage(object, usage));
        }
    });
    out
}

/// The id clients see: the vendor's with OpenAI's prefix, or `fallback` when the vendor's is missing or odd.
#[must_use]
pub(super) fn answer_id(vendors: Option<&str>, fallback: &str) -> String {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    match vendors {
        Some(id) if !id.is_empty() && id.bytes().all(plain) => {
            if id.starts_with("chatcmpl-") {
                return id.to_owned();
            }
            format!("chatcmpl-{id}")
        }
        Some(_) | None => fallback.to_owned(),
    }
}

fn capacity(completion: &Completion) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let calls: usize = completion
        .tool_calls
        .iter()
        .map(|call| call.arguments.len().saturating_add(128))
        .sum();
    512_usize
        .saturating_add(text(&completion.content))
        .saturating_add(text(&completion.reasoning).saturating_mul(2))
        .saturating_add(calls)
}

fn write_message(message: &mut Object<'_>, completion: &Completion) {
    message.string("role", "assistant");
    message.nullable("content", completion.content.as_deref());
    message.nullable("refusal", completion.refusal.as_deref());
    if let Some(reasoning) = &completion.reasoning {
        message.string("reasoning_content", reasoning);
    }
    if !completion.thinking.is_empty() {
        message.array("thinking_blocks", |blocks| {
            completion
                .thinking
                .iter()
                .for_each(|block| write_thinking(blocks, block));
        });
    }
    if !completion.tool_calls.is_empty() {
        message.array("tool_calls", |calls| {
            completion
                .tool_calls
                .iter()
                .for_each(|call| write_call(calls, call))
        });
    }
    if !completion.images.is_empty() {
        message.array("images", |images| write_images(images, &completion.images));
    }
    if let Some(data) = &completion.audio {
        message.object("audio", |audio| {
            audio.string("id", "audio_1");
            audio.string("data", data);
            audio.number("expires_at", 0);
            audio.string("transcript", "");
        });
    }
    if !completion.citations.is_empty() {
        message.array("annotations", |list| {
            completion
                .citations
                .iter()
                .for_each(|one| write_citation(list, one))
        });
    }
}

fn write_images(images: &mut Array<'_>, urls: &[String]) {
    for url in urls {
        images.object(|image| {
            image.string("type", "image_url");
            image.object("image_url", |object| object.string("url", url));
        });
    }
}

fn write_call(calls: &mut Array<'_>, call: &ToolCall) {
    calls.object(|object| {
        object.string("id", &call.id);
        object.string("type", "function");
        object.object("function", |function| {
            function.string("name", &call.name);
            function.string("arguments", &call.arguments);
        });
        write_signature(object, &call.id);
    });
}

/// Writes the signature that stands behind a call's id where Google's own clients look for it.
pub(super) fn write_signature(call: &mut Object<'_>, id: &str) {
    if let (_, Some(signature)) = signature::split(id) {
        call.object("extra_content", |extra| {
            extra.object("google", |google| {
                google.string("thought_signature", signature);
            });
        });
    }
}

/// Writes one element of `thinking_blocks`.
pub(super) fn write_thinking(blocks: &mut Array<'_>, block: &ThinkingBlock) {
    blocks.object(|object| match block {
        ThinkingBlock::Redacted { data } => {
            object.string("type", "redacted_thinking");
            object.string("data", data);
        }
        ThinkingBlock::Signed {
            signature,
            thinking,
        } => {
            object.string("type", "thinking");
            object.string("thinking", thinking);
            object.string("signature", signature);
        }
    });
}

/// Writes one element of `annotations`.
pub(super) fn write_citation(annotations: &mut Array<'_>, citation: &Citation) {
    annotations.object(|object| {
        object.string("type", "url_citation");
        object.object("url_citation", |source| {
            source.number("start_index", count(citation.start));
            source.number("end_index", count(citation.end));
            source.string("title", &citation.title);
            source.string("url", &citation.url);
        });
    });
}

/// Writes the members of a `usage` object. Audio is told only where there was any.
pub(super) fn write_usage(object: &mut Object<'_>, usage: &Usage) {
    object.number("prompt_tokens", usage.input);
    object.number("completion_tokens", usage.output);
    object.number("total_tokens", usage.total());
    object.object("prompt_tokens_details", |details| {
        details.number("cached_tokens", usage.cache_read);
        details.number(
            "cache_write_tokens",
            usage.cache_write.saturating_add(usage.cache_write_1h),
        );
        write_some(details, "audio_tokens", usage.audio_in);
    });
    object.object("completion_tokens_details", |details| {
        details.number("reasoning_tokens", usage.reasoning);
        write_some(details, "audio_tokens", usage.audio_out);
    });
}

fn write_some(details: &mut Object<'_>, key: &str, tokens: u64) {
    if tokens > 0 {
        details.number(key, tokens);
    }
}

fn count(characters: usize) -> u64 {
    u64::try_from(characters).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(completion: &Completion) -> serde_json::Value {
        serde_json::from_slice(&encode(completion, "chatcmpl-9", 7, "m")).unwrap()
    }

    #[test]
    fn a_text_answer_has_openais_members() {
        let answer = encoded(&Completion::of_text("Hi \"you\"", Usage::estimated(3, 2)));
        let expected = serde_json::json!({
            "id": "chatcmpl-9", "object": "chat.completion", "created": 7, "model": "m",
            "choices": [{"index": 0, "logprobs": null, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "Hi \"you\"", "refusal": null}}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0}}
        });
        assert_eq!(answer, expected);
    }

    #[test]
    fn an_answer_that_does_not_say_why_it_stopped_stopped_for_its_calls() {
        let call = ToolCall {
            id: "c".to_owned(),
            name: "f".to_owned(),
            arguments: "{}".to_owned(),
        };
        let calls = Completion {
            tool_calls: vec![call],
            ..Completion::default()
        };
        assert_eq!(encoded(&calls)["choices"][0]["finish_reason"], "tool_calls");
        assert_eq!(
            encoded(&Completion::default())["choices"][0]["finish_reason"],
            "stop"
        );
    }

    #[test]
    fn the_vendors_id_is_used_unless_it_is_odd() {
        assert_eq!(answer_id(Some("msg_01"), "x"), "chatcmpl-msg_01");
        assert_eq!(answer_id(Some("chatcmpl-1"), "x"), "chatcmpl-1");
        assert_eq!(answer_id(Some("a/../b"), "x"), "x");
        assert_eq!(answer_id(Some(""), "x"), "x");
        assert_eq!(answer_id(None, "x"), "x");
    }
}
