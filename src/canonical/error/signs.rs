//! Tells kinds of failure by code, then wording, then status: providers agree on none of the three.

use super::Class;
use super::phrases::{GENERIC, SPECIFIC, WORDED};

/// What a failure is recognised by.
#[derive(Clone, Copy, Debug)]
pub struct Signs<'a> {
    /// What the provider says, for people.
    pub message: &'a str,
    /// The codes and types it gave.
    pub names: &'a [&'a str],
    /// Who says so. What only some providers say counts of anybody when this is `None`.
    pub provider: Option<&'a str>,
    /// The HTTP status; `None` for an error inside a success.
    pub status: Option<u16>,
}

impl Class {
    /// Reads what a provider said.
    #[must_use]
    pub fn of(signs: &Signs<'_>) -> Class {
        let message = signs.message.to_lowercase();
        let named = |rules: &[Named]| {
            let rule = rules.iter().find(|rule| rule.matches(signs));
            rule.map(|rule| rule.class)
        };
        let worded = || {
            let rule = WORDED.iter().find(|rule| rule.matches(signs, &message));
            rule.map(|rule| rule.class)
        };
        named(SPECIFIC)
            .or_else(worded)
            .or_else(|| signs.status.map(Class::of_status))
            .or_else(|| named(GENERIC))
            .unwrap_or(Class::Server)
    }
}

/// Codes and types of a class, in lower case; one ending in `*` begins so. Only `providers` mean it so (all, if empty).
pub(super) struct Named {
    pub class: Class,
    pub names: &'static [&'static str],
    pub providers: &'static [&'static str],
}

impl Named {
    fn matches(&self, signs: &Signs<'_>) -> bool {
        says(self.providers, signs.provider) && signs.names.iter().any(|name| self.has(name))
    }

    fn has(&self, name: &str) -> bool {
        let begins = |start: &str| {
            name.get(..start.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(start))
        };
        self.names
            .iter()
            .any(|known| match known.strip_suffix('*') {
                Some(start) => begins(start),
                None => name.eq_ignore_ascii_case(known),
            })
    }
}

/// Wording of a class: one of `phrases`, all parts of it, none of `unless`, under one of `statuses`, by one of `providers` (any,
/// if empty).
pub(super) struct Worded {
    pub class: Class,
    pub phrases: &'static [&'static [&'static str]],
    pub providers: &'static [&'static str],
    pub statuses: &'static [u16],
    pub unless: &'static [&'static str],
}

impl Worded {
    /// A status not known fits all.
    fn matches(&self, signs: &Signs<'_>, message: &str) -> bool {
        let status = signs.status;
        let fits =
            self.statuses.is_empty() || status.is_none_or(|status| self.statuses.contains(&status));
        let all_of = |phrase: &&[&str]| phrase.iter().all(|part| message.contains(part));
        fits && says(self.providers, signs.provider)
            && self.phrases.iter().any(all_of)
            && !self.unless.iter().any(|other| message.contains(other))
    }
}

/// Whether a rule for these providers is one for this one.
fn says(providers: &[&str], provider: Option<&str>) -> bool {
    providers.is_empty() || provider.is_none_or(|provider| providers.contains(&provider))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(status: u16, names: &[&str], message: &str) -> Class {
        told(None, Some(status), names, message)
    }

    fn told(provider: Option<&str>, status: Option<u16>, names: &[&str], message: &str) -> Class {
        Class::of(&Signs {
            message,
            names,
            provider,
            status,
        })
    }

    #[test]
    fn a_prompt_too_long_is_recognised_in_everybodys_words() {
        for (status, message) in [
            (400, "This model's maximum context length is 8192 tokens."),
            (
                400,
                "Your input exceeds the context window of this model. Please adjust",
            ),
            (
                400,
                "Please reduce the length of the messages or completion.",
            ),
            (
                400,
                "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
            ),
            (
                400,
                "This endpoint's maximum context length is 131072 tokens",
            ),
            (
                400,
                "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
            ),
            (
                400,
                "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
            ),
            (
                400,
                "The prompt is too long: 9000, model maximum context length: 8191",
            ),
            (
                400,
                "Requested token count exceeds the model's maximum context length of 8192",
            ),
            (400, "total length of all messages is too long"),
            (400, "prompt is too long: 215000 tokens > 200000 maximum"),
            (
                400,
                "input length and `max_tokens` exceed context limit: 1 + 2 > 2",
            ),
            (400, "Too many input tokens. Max 5, got 9"),
            (400, "too many tokens: total must be less"),
            (
                400,
                "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)",
            ),
            (400, "Current length is 9000 while limit is 8192"),
            (422, "`inputs` tokens + `max_new_tokens` must be <= 4096"),
            (400, "expected maxLength: 1000, actual: 2000"),
            (500, "the request exceeds the available context size"),
            (
                400,
                "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]",
            ),
        ] {
            assert_eq!(
                class(status, &["invalid_request_error"], message),
                Class::ContextLength,
                "{message}"
            );
        }
        for name in [
            "context_length_exceeded",
            "exceed_context_size_error",
            "1261",
        ] {
            assert_eq!(class(400, &[name], "m"), Class::ContextLength, "{name}");
        }
    }

    #[test]
    fn limits_that_speak_of_tokens_are_not_prompts_too_long() {
        assert_eq!(
            class(
                429,
                &["ThrottlingException"],
                "Too many tokens, please wait"
            ),
            Class::RateLimit
        );
        assert_eq!(class(429, &[], "Too many tokens per day"), Class::RateLimit);
        let groq = "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000, please reduce your message size";
        assert_eq!(
            class(413, &["tokens", "rate_limit_exceeded"], groq),
            Class::RateLimit
        );
        assert_eq!(class(413, &[], groq), Class::RateLimit);
        assert_eq!(
            class(429, &[], "Too many input tokens per minute"),
            Class::RateLimit
        );
    }

    #[test]
    fn a_text_too_long_for_its_member_is_not_a_prompt_too_long() {
        let words = "string too long. Expected a string with maximum length 64";
        assert_eq!(
            class(400, &[], &format!("Invalid 'user': {words}")),
            Class::BadRequest
        );
        assert_eq!(
            class(400, &["string_above_max_length"], words),
            Class::BadRequest
        );
        assert_eq!(class(400, &[], words), Class::ContextLength);
    }

    #[test]
    fn refused_content_is_recognised_in_everybodys_words() {
        for message in [
            "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
            "The response was filtered due to the prompt triggering Azure OpenAI’s content management policy.",
            "triggering Microsoft's content management policy",
            "Output blocked by content filtering policy",
            "Your request was rejected as a result of our safety system",
            "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
        ] {
            assert_eq!(class(400, &[], message), Class::ContentFilter, "{message}");
        }
        for name in [
            "content_filter",
            "DataInspectionFailed",
            "ResponsibleAIPolicyViolation",
            "sensitive_content",
            "1301",
            "1027",
        ] {
            assert_eq!(class(400, &[name], "m"), Class::ContentFilter, "{name}");
        }
    }

    #[test]
    fn used_up_money_is_no_rate_limit() {
        assert_eq!(
            class(
                429,
                &["insufficient_quota"],
                "You exceeded your current quota"
            ),
            Class::Quota
        );
        assert_eq!(
            class(402, &["unknown_error"], "Insufficient Balance"),
            Class::Quota
        );
        assert_eq!(
            class(
                400,
                &["invalid_request_error"],
                "Your credit balance is too low"
            ),
            Class::Quota
        );
        assert_eq!(
            class(400, &["ServiceQuotaExceededException"], "m"),
            Class::Quota
        );
        assert_eq!(class(429, &["1113"], "m"), Class::Quota);
        assert_eq!(
            class(429, &["RESOURCE_EXHAUSTED"], "Quota exceeded for metric"),
            Class::RateLimit
        );
    }

    #[test]
    fn bad_credentials_are_recognised_behind_other_statuses() {
        assert_eq!(
            class(400, &["INVALID_ARGUMENT", "API_KEY_INVALID"], "m"),
            Class::Auth
        );
        assert_eq!(
            class(400, &[], "API key not valid. Please pass a valid API key."),
            Class::Auth
        );
        assert_eq!(
            class(
                403,
                &[],
                "The security token included in the request is expired"
            ),
            Class::Auth
        );
        assert_eq!(
            class(403, &[], "You don't have access to the model"),
            Class::Permission
        );
    }

    #[test]
    fn missing_capacity_is_recognised_behind_other_statuses() {
        assert_eq!(
            class(429, &["ModelNotReadyException"], "m"),
            Class::Overloaded
        );
        assert_eq!(
            class(500, &[], "The model is overloaded."),
            Class::Overloaded
        );
        assert_eq!(class(498, &[], "capacity exceeded"), Class::Overloaded);
        assert_eq!(class(498, &[], "invalid token"), Class::Auth);
        assert_eq!(class(529, &[], "m"), Class::Overloaded);
    }

    #[test]
    fn a_bare_number_in_the_words_is_no_rate_limit() {
        assert_eq!(class(400, &[], "cannot parse \"429\""), Class::BadRequest);
    }

    #[test]
    fn without_a_status_a_general_name_decides() {
        assert_eq!(
            told(None, None, &["INVALID_ARGUMENT"], "m"),
            Class::BadRequest
        );
        assert_eq!(
            told(None, None, &["permission_error"], "m"),
            Class::Permission
        );
        assert_eq!(told(None, None, &[], "m"), Class::Server);
        assert_eq!(
            told(None, Some(500), &["invalid_request_error"], "m"),
            Class::Server
        );
    }
}
