//! Usage as Google states it: reasoning beside the answer most of the time, and what tools put into the prompt beside the prompt.

use super::Usage;
use crate::value::money::decimal;
use crate::wire::json::{Members, Reader};

impl Usage {
    /// Reads a `usageMetadata` object. `None` if it states no count at all.
    pub fn from_google(json: &[u8]) -> Option<Usage> {
        let members = Members::read(json).ok()?;
        let stated = |name: &str| members.get(name).and_then(|member| count(member.value));
        let said = stated("candidatesTokenCount");
        let told = stated("promptTokenCount");
        let thought = stated("thoughtsTokenCount");
        let total = stated("totalTokenCount");
        told.or(said).or(thought).or(total)?;
        let (said, told, reasoning) = (
            said.unwrap_or_default(),
            told.unwrap_or_default(),
            thought.unwrap_or_default(),
        );
        let tools = stated("toolUsePromptTokenCount").unwrap_or_default();
        let input = told.saturating_add(tools);
        let mut inputs = [told, input].into_iter();
        let is_within = inputs.any(|input| Some(input.saturating_add(said)) == total);
        let audio = |name: &str| members.get(name).map_or(0, |member| audio(member.value));
        let usage = Usage {
            audio_in: audio("promptTokensDetails"),
            audio_out: audio("candidatesTokensDetails"),
            cache_read: stated("cachedContentTokenCount").unwrap_or_default(),
            input,
            output: if is_within {
                said
            } else {
                said.saturating_add(reasoning)
            },
            reasoning,
            ..Usage::default()
        };
        Some(usage.consistent())
    }
}

/// A number from 0 up.
fn count(json: &[u8]) -> Option<u64> {
    decimal(core::str::from_utf8(json).ok()?, 0).ok()
}

/// How many tokens of a list of details are sound.
fn audio(details: &[u8]) -> u64 {
    let mut sum = 0_u64;
    // What cannot be read says nothing.
    let _ = Reader::new(details).optional_array(|reader, _| {
        let detail = Members::read(reader.skip()?)?;
        let value = |name: &str| detail.get(name).map(|member| member.value);
        if value("modality") == Some(b"\"AUDIO\"") {
            let tokens = value("tokenCount").and_then(count);
            sum = sum.saturating_add(tokens.unwrap_or_default());
        }
        Ok(())
    });
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(json: &str) -> (u64, u64, u64) {
        let usage = Usage::from_google(json.as_bytes()).unwrap();
        (usage.input, usage.output, usage.reasoning)
    }

    #[test]
    fn reasoning_is_part_of_the_output_whether_or_not_it_was_counted_there() {
        let beside = r#"{"promptTokenCount":10,"candidatesTokenCount":7,"thoughtsTokenCount":20,"totalTokenCount":37}"#;
        let within = r#"{"promptTokenCount":10,"candidatesTokenCount":27,"thoughtsTokenCount":20,"totalTokenCount":37}"#;
        assert_eq!(parts(beside), (10, 27, 20));
        assert_eq!(parts(within), (10, 27, 20));
    }

    #[test]
    fn what_tools_put_into_the_prompt_is_part_of_the_input() {
        let json = r#"{"promptTokenCount":10,"toolUsePromptTokenCount":5,"candidatesTokenCount":7,"totalTokenCount":22}"#;
        assert_eq!(parts(json), (15, 7, 0));
    }

    #[test]
    fn counters_may_be_missing_or_null() {
        assert_eq!(
            parts(r#"{"promptTokenCount":8,"totalTokenCount":8}"#),
            (8, 0, 0)
        );
        let nulls =
            r#"{"promptTokenCount":8,"candidatesTokenCount":null,"promptTokensDetails":null}"#;
        assert_eq!(parts(nulls), (8, 0, 0));
        assert!(Usage::from_google(b"{}").is_none() && Usage::from_google(b"[]").is_none());
    }

    #[test]
    fn sound_and_cached_tokens_are_told_apart() {
        let json = br#"{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":7,"totalTokenCount":17,
            "promptTokensDetails":[{"modality":"TEXT","tokenCount":7},{"modality":"AUDIO","tokenCount":3}],
            "candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":2}]}"#;
        let usage = Usage::from_google(json).unwrap();
        assert_eq!(
            (usage.cache_read, usage.audio_in, usage.audio_out),
            (4, 3, 2)
        );
    }
}
