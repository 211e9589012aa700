//! A complete answer as an Anthropic message, and the parts of it that events share.

use crate::canonical::answer::{Completion, FinishReason, ThinkingBlock, ToolCall};
use crate::usage::Usage;
use crate::wire::json::{Array, Members, Object};

/// What all of an answer is told with: the message's id, the model's name as the client knows it, and the tools it knows under
/// another name than the one sent.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    /// Stands in where the vendor has none.
    pub id: String,
    pub model: String,
    /// The name sent, and the client's.
    pub renamed: Vec<(String, String)>,
}

impl Manner {
    /// The client's name of a tool.
    pub fn name_of<'a>(&'a self, sent: &'a str) -> &'a str {
        let renamed = self.renamed.iter().find(|(short, _)| short == sent);
        renamed.map_or(sent, |(_, full)| full)
    }

    /// Writes the members every message begins with.
    pub fn write_head(&self, message: &mut Object<'_>, vendors_id: Option<&str>) {
        message.string("id", &self.id_of(vendors_id));
        message.string("type", "message");
        message.string("role", "assistant");
        message.string("model", &self.model);
    }

    fn id_of(&self, vendors: Option<&str>) -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let id = vendors
            .filter(|id| !id.is_empty() && id.bytes().all(plain))
            .unwrap_or(&self.id);
        let id = id.strip_prefix("chatcmpl-").unwrap_or(id);
        let id = id.strip_prefix("msg_").unwrap_or(id);
        format!("msg_{id}")
    }
}

/// The whole message.
pub(super) fn encode(completion: &Completion, manner: &Manner) -> Vec<u8> {
    let mut out = Vec::with_capacity(1_024);
    let stop = stop_reason(
        completion.finish,
        !completion.tool_calls.is_empty(),
        completion.refusal.is_some(),
    );
    Object::write(&mut out, |message| {
        manner.write_head(message, completion.id.as_deref());
        message.array("content", |content| {
            write_thoughts(content, completion);
            for text in [&completion.content, &completion.refusal]
                .into_iter()
                .flatten()
            {
                if !text.is_empty() {
                    write_text(content, text);
                }
            }
            for call in &completion.tool_calls {
                write_call(content, call, manner);
            }
            if says_nothing(completion) && stop == "end_turn" {
                write_text(content, "");
            }
        });
        write_stop(message, Some(stop));
        let usage = completion.usage.unwrap_or_default();
        message.object("usage", |object| write_usage(object, &usage));
    });
    out
}

/// Some clients expect a block in every answer.
fn says_nothing(completion: &Completion) -> bool {
    let empty = |text: &Option<String>| text.as_ref().is_none_or(String::is_empty);
    let texts = [
        &completion.content,
        &completion.refusal,
        &completion.reasoning,
    ];
    texts.into_iter().all(empty)
        && completion.tool_calls.is_empty()
        && completion.thinking.is_empty()
}

fn write_thoughts(content: &mut Array<'_>, completion: &Completion) {
    let is_signed = |block: &ThinkingBlock| matches!(block, ThinkingBlock::Signed { .. });
    let reasoning = completion.reasoning.as_deref().unwrap_or_default();
    if !reasoning.is_empty() && !completion.thinking.iter().any(is_signed) {
        content.object(|block| write_thinking(block, reasoning, ""));
    }
    for thought in &completion.thinking {
        content.object(|block| match thought {
            ThinkingBlock::Redacted { data } => write_redacted(block, data),
            ThinkingBlock::Signed {
                signature,
                thinking,
            } => write_thinking(block, thinking, signature),
        });
    }
}

fn write_text(content: &mut Array<'_>, text: &str) {
    content.object(|block| {
        block.string("type", "text");
        block.string("text", text);
    });
}

fn write_call(content: &mut Array<'_>, call: &ToolCall, manner: &Manner) {
    let arguments = call.arguments.trim();
    let is_object = Members::read(arguments.as_bytes()).is_ok();
    let input = if is_object { arguments } else { "{}" };
    content.object(|block| write_tool(block, &call.id, manner.name_of(&call.name), input));
}

/// Writes the members of a call's block; `input` is JSON text.
pub(super) fn write_tool(block: &mut Object<'_>, id: &str, name: &str, input: &str) {
    block.string("type", "tool_use");
    block.string("id", id);
    block.string("name", name);
    block.raw("input", input.as_bytes());
}

/// Writes the members of a block of reasoning.
pub(super) fn write_thinking(block: &mut Object<'_>, thinking: &str, signature: &str) {
    block.string("type", "thinking");
    block.string("thinking", thinking);
    block.string("signature", signature);
}

/// Writes the members of a block of hidden reasoning.
pub(super) fn write_redacted(block: &mut Object<'_>, data: &str) {
    block.string("type", "redacted_thinking");
    block.string("data", data);
}

/// Writes why it stopped; not yet at all with `None`.
pub(super) fn write_stop(object: &mut Object<'_>, reason: Option<&str>) {
    object.nullable("stop_reason", reason);
    object.raw("stop_sequence", b"null");
}

/// Writes the members of a `usage` object: what is cached stands beside the prompt there, not in it.
pub(super) fn write_usage(object: &mut Object<'_>, usage: &Usage) {
    let written = usage.cache_write.saturating_add(usage.cache_write_1h);
    let cached = written.saturating_add(usage.cache_read);
    object.number("input_tokens", usage.input.saturating_sub(cached));
    object.number("cache_creation_input_tokens", written);
    object.number("cache_read_input_tokens", usage.cache_read);
    object.number("output_tokens", usage.output);
}

/// Anthropic's word for why it stopped.
pub(super) fn stop_reason(
    finish: Option<FinishReason>,
    has_calls: bool,
    has_refused: bool,
) -> &'static str {
    match finish {
        _ if has_refused => "refusal",
        Some(FinishReason::ContentFilter) => "refusal",
        Some(FinishReason::Length) => "max_tokens",
        Some(FinishReason::Stop) => "end_turn",
        Some(FinishReason::ToolCalls) => "tool_use",
        None if has_calls => "tool_use",
        None => "end_turn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manner() -> Manner {
        Manner {
            id: "chatcmpl-ours".to_owned(),
            model: "m".to_owned(),
            renamed: Vec::new(),
        }
    }

    #[test]
    fn the_vendors_id_is_used_unless_it_is_odd() {
        for (vendors, shown) in [
            (Some("chatcmpl-9f3"), "msg_9f3"),
            (Some("msg_01"), "msg_01"),
            (Some("resp 1"), "msg_ours"),
            (Some(""), "msg_ours"),
            (None, "msg_ours"),
        ] {
            assert_eq!(manner().id_of(vendors), shown);
        }
    }

    #[test]
    fn each_finish_reason_has_a_stop_reason() {
        for (finish, calls, refused, stop) in [
            (Some(FinishReason::Stop), false, false, "end_turn"),
            (Some(FinishReason::Length), true, false, "max_tokens"),
            (Some(FinishReason::ToolCalls), true, false, "tool_use"),
            (Some(FinishReason::ContentFilter), false, false, "refusal"),
            (Some(FinishReason::Stop), false, true, "refusal"),
            (None, true, false, "tool_use"),
            (None, false, false, "end_turn"),
        ] {
            assert_eq!(stop_reason(finish, calls, refused), stop, "{finish:?}");
        }
    }

    #[test]
    fn arguments_that_are_no_object_become_an_empty_one() {
        for (arguments, input) in [
            ("", "{}"),
            (
                "{\"a\":12345678901234567890}",
                "{\"a\":12345678901234567890}",
            ),
            ("{\"a\":", "{}"),
            ("[1]", "{}"),
        ] {
            let call = ToolCall {
                id: "c".to_owned(),
                name: "f".to_owned(),
                arguments: arguments.to_owned(),
            };
            let completion = Completion {
                tool_calls: vec![call],
                ..Completion::default()
            };
            let text = String::from_utf8(encode(&completion, &manner())).unwrap();
            assert!(text.contains(&format!("\"input\":{input}}}")), "{text}");
        }
    }
}
