//! Usage as Google states it: reasoning beside the answer most of the time, and what tools put into the prompt beside the prompt.

use serde::Deserialize;

use super::Usage;
use super::count::{Count, Lenient};

impl Usage {
    /// Reads a `usageMetadata` object. `None` if it states no count at all.
    pub fn from_google(json: &[u8]) -> Option<Usage> {
        let stated: Stated = serde_json::from_slice(json).ok()?;
        stated.usage()
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Stated {
    cached_content_token_count: Option<Count>,
    candidates_token_count: Option<Count>,
    candidates_tokens_details: Lenient<Vec<Detail>>,
    prompt_token_count: Option<Count>,
    prompt_tokens_details: Lenient<Vec<Detail>>,
    thoughts_token_count: Option<Count>,
    tool_use_prompt_token_count: Option<Count>,
    total_token_count: Option<Count>,
}

/// How many tokens were of one kind.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    modality: String,
    token_count: Option<Count>,
}

impl Stated {
    fn usage(&self) -> Option<Usage> {
        let stated = [
            self.prompt_token_count,
            self.candidates_token_count,
            self.thoughts_token_count,
            self.total_token_count,
        ];
        stated.into_iter().flatten().next()?;
        let told = count(self.prompt_token_count);
        let tools = count(self.tool_use_prompt_token_count);
        let said = count(self.candidates_token_count);
        let reasoning = count(self.thoughts_token_count);
        let total = count(self.total_token_count);
        let input = told.saturating_add(tools);
        let is_within = [told, input]
            .iter()
            .any(|input| input.saturating_add(said) == total);
        let output = if is_within {
            said
        } else {
            said.saturating_add(reasoning)
        };
        let usage = Usage {
            audio_in: audio(&self.prompt_tokens_details.0),
            audio_out: audio(&self.candidates_tokens_details.0),
            cache_read: count(self.cached_content_token_count),
            input,
            output,
            reasoning,
            ..Usage::default()
        };
        Some(usage.consistent())
    }
}

fn count(stated: Option<Count>) -> u64 {
    stated.unwrap_or_default().0
}

fn audio(details: &[Detail]) -> u64 {
    let audio = details.iter().filter(|detail| detail.modality == "AUDIO");
    audio.fold(0, |sum, detail| {
        sum.saturating_add(count(detail.token_count))
    })
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
