//! How much a model is to reason, in the words of those that are not Claude.

use super::models::Family;
use crate::provider::anthropic::thinking::Effort;
use crate::wire::json::Object;

/// Writes what the family is told about its effort, if it is told anything.
pub(super) fn write(fields: &mut Object<'_>, family: Family, effort: Option<Effort>) {
    let Some(effort) = effort else { return };
    match (family, level(effort)) {
        (Family::Gpt, _) => fields.object("reasoning", |reasoning| {
            reasoning.string("effort", name(effort));
        }),
        (Family::Effort, Some(level)) => fields.string("reasoning_effort", level),
        (Family::Nova2, Some(level)) => fields.object("reasoningConfig", |config| {
            config.string("type", "enabled");
            config.string("maxReasoningEffort", level);
        }),
        (Family::Nova2, None) => {
            fields.object("reasoningConfig", |config| {
                config.string("type", "disabled")
            });
        }
        // The others are not told.
        (
            Family::Claude
            | Family::DeepseekR1
            | Family::Effort
            | Family::MistralLarge
            | Family::Nova
            | Family::Other
            | Family::Unknown,
            _,
        ) => {}
    }
}

/// The nearest of three levels; `None` for no effort at all.
const fn level(effort: Effort) -> Option<&'static str> {
    Some(match effort {
        Effort::None => return None,
        Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High | Effort::Xhigh | Effort::Max => "high",
    })
}

/// OpenAI's word.
const fn name(effort: Effort) -> &'static str {
    match effort {
        Effort::None => "none",
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Xhigh => "xhigh",
        Effort::Max => "max",
    }
}
