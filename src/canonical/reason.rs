//! Why an answer finished, in the words of a dozen servers.

use super::answer::FinishReason;

/// What a reason means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The server gave up.
    Broken,
    /// One of OpenAI's.
    Known(FinishReason),
}

/// What the word means. One that nobody knows yet is an end like any other.
#[must_use]
pub fn read(word: &str) -> Reason {
    Reason::Known(match word {
        "length"
        | "max_tokens"
        | "MAX_TOKENS"
        | "model_length"
        | "model_context_window_exceeded" => FinishReason::Length,
        "tool_calls" | "tool_use" | "TOOL_CALL" | "function_call" => FinishReason::ToolCalls,
        "content_filter" | "sensitive" | "safety" | "ERROR_TOXIC" | "guardrail_intervened" => {
            FinishReason::ContentFilter
        }
        "error" | "network_error" | "abort" | "insufficient_system_resource" | "ERROR" => {
            return Reason::Broken;
        }
        // "stop", "eos", "end_turn", and whatever comes next.
        _ => FinishReason::Stop,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_s_reason_is_one_of_openais() {
        for (words, expected) in [
            (
                &[
                    "stop",
                    "eos",
                    "eos_token",
                    "stop_sequence",
                    "end_turn",
                    "load",
                    "weird",
                ][..],
                FinishReason::Stop,
            ),
            (
                &["length", "max_tokens", "model_length"],
                FinishReason::Length,
            ),
            (
                &["tool_calls", "tool_use", "function_call"],
                FinishReason::ToolCalls,
            ),
            (
                &["content_filter", "sensitive", "safety"],
                FinishReason::ContentFilter,
            ),
        ] {
            for word in words {
                assert_eq!(read(word), Reason::Known(expected), "{word}");
            }
        }
        for word in [
            "error",
            "abort",
            "network_error",
            "insufficient_system_resource",
        ] {
            assert_eq!(read(word), Reason::Broken, "{word}");
        }
    }
}
