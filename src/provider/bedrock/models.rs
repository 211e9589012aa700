//! What the models behind Bedrock's one interface accept, as far as it differs: told by their names.

use crate::provider::anthropic::models::{self, Abilities};

/// What a model accepts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traits {
    /// What it accepts as a Claude.
    pub claude: Option<Abilities>,
    /// Who made it.
    pub family: Family,
}

/// Models that are spoken to alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Claude,
    DeepseekR1,
    /// DeepSeek's newer models and OpenAI's open ones: an effort by name.
    Effort,
    Gpt,
    MistralLarge,
    Nova,
    Nova2,
    /// One whose name tells that it is none of these.
    Other,
    /// One whose name tells nothing: a profile, an imported or a custom model.
    Unknown,
}

/// Parts of names, the telling ones first.
const FAMILIES: [(&str, Family); 13] = [
    ("claude", Family::Claude),
    ("deepseek.r1", Family::DeepseekR1),
    ("deepseek-r1", Family::DeepseekR1),
    ("deepseek", Family::Effort),
    ("gpt-oss", Family::Effort),
    ("openai.gpt", Family::Gpt),
    ("mistral-large", Family::MistralLarge),
    ("pixtral-large", Family::MistralLarge),
    ("nova-2", Family::Nova2),
    ("nova", Family::Nova),
    ("application-inference-profile/", Family::Unknown),
    ("custom-model", Family::Unknown),
    ("provisioned-model/", Family::Unknown),
];

/// What the model of that name accepts.
pub(super) fn of(model: &str) -> Traits {
    let row = FAMILIES.iter().find(|(part, _)| model.contains(part));
    let family = match row {
        Some((_, family)) => *family,
        None if model.starts_with("arn:") => Family::Unknown,
        None => Family::Other,
    };
    Traits {
        claude: (family == Family::Claude).then(|| models::of(model)),
        family,
    }
}

impl Traits {
    /// Whether a tool may be forced.
    pub fn forces(&self) -> bool {
        match self.claude {
            Some(abilities) => abilities.forced_choice,
            None => matches!(
                self.family,
                Family::MistralLarge | Family::Nova | Family::Nova2 | Family::Unknown
            ),
        }
    }

    /// Whether it follows schemas by itself.
    pub fn schemas(&self) -> bool {
        self.claude.is_some_and(|abilities| abilities.schemas)
    }

    /// Whether prompts are cached up to points that the request sets.
    pub const fn caches(&self) -> bool {
        matches!(
            self.family,
            Family::Claude | Family::Nova | Family::Nova2 | Family::Unknown
        )
    }

    /// Whether a turn may hold results of tools and something else.
    pub const fn mixes(&self) -> bool {
        self.caches()
    }

    /// Whether it can be told how much to reason.
    pub const fn reasons(&self) -> bool {
        match (self.claude, self.family) {
            (Some(abilities), _) => !matches!(abilities.thinking, models::Thinking::Never),
            // It always reasons, and cannot be told how much: nothing is lost by not telling it.
            (None, Family::DeepseekR1 | Family::Effort | Family::Gpt | Family::Nova2) => true,
            (
                None,
                Family::Claude
                | Family::MistralLarge
                | Family::Nova
                | Family::Other
                | Family::Unknown,
            ) => false,
        }
    }

    /// Whether `temperature` and `top_p` are accepted.
    pub fn samples(&self) -> bool {
        self.claude.is_none_or(|abilities| abilities.sampling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_is_told_by_the_name() {
        for (model, family) in [
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", Family::Claude),
            ("us.anthropic.claude-opus-4-6-v1", Family::Claude),
            ("us.deepseek.r1-v1:0", Family::DeepseekR1),
            ("deepseek.v3-v1:0", Family::Effort),
            ("openai.gpt-oss-120b-1:0", Family::Effort),
            ("openai.gpt-5-1", Family::Gpt),
            ("mistral.mistral-large-2407-v1:0", Family::MistralLarge),
            ("us.amazon.nova-pro-v1:0", Family::Nova),
            ("amazon.nova-2-lite-v1:0", Family::Nova2),
            ("meta.llama3-3-70b-instruct-v1:0", Family::Other),
            (
                "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abc123def456",
                Family::Unknown,
            ),
            (
                "arn:aws:bedrock:us-west-2:123456789012:imported-model/abc123def456",
                Family::Unknown,
            ),
            (
                "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
                Family::Claude,
            ),
        ] {
            assert_eq!(of(model).family, family, "{model}");
        }
    }

    #[test]
    fn a_claude_accepts_what_it_does_elsewhere() {
        assert!(!of("anthropic.claude-opus-5-5-v1:0").forces());
        assert!(of("anthropic.claude-haiku-4-5-20251001-v1:0").schemas());
        assert!(!of("anthropic.claude-3-haiku-20240307-v1:0").schemas());
    }
}
