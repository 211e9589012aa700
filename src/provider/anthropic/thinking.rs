//! Reasoning: OpenAI names an effort, Anthropic's models take a budget, an effort, or neither.

use super::models::{Abilities, Effort as Levels, Thinking as Kind};
use crate::wire::json::Object;

/// `reasoning_effort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::provider) enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

impl Effort {
    /// The effort of that name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "high" => Self::High,
            "low" => Self::Low,
            "max" => Self::Max,
            "medium" => Self::Medium,
            "minimal" => Self::Minimal,
            "none" => Self::None,
            "xhigh" => Self::Xhigh,
            _ => return None,
        })
    }

    /// LiteLLM's budgets, in tokens.
    pub const fn budget(self) -> u64 {
        match self {
            Self::None | Self::Minimal | Self::Low => 1_024,
            Self::Medium => 2_048,
            Self::High => 4_096,
            Self::Xhigh => 8_192,
            Self::Max => 16_384,
        }
    }

    const fn of_budget(tokens: u64) -> Self {
        match tokens {
            8_192.. => Self::Xhigh,
            4_096.. => Self::High,
            2_048.. => Self::Medium,
            0.. => Self::Low,
        }
    }

    /// Anthropic's word for the nearest level that the model knows.
    const fn level(self, levels: Levels) -> Option<&'static str> {
        Some(match (self, levels) {
            (_, Levels::Never) | (Self::None, _) => return None,
            (Self::Minimal | Self::Low, _) => "low",
            (Self::Medium, _) => "medium",
            (Self::Xhigh, Levels::All) => "xhigh",
            (Self::Max, Levels::All | Levels::NoExtra) => "max",
            (Self::High | Self::Xhigh | Self::Max, _) => "high",
        })
    }
}

/// What a client asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::provider) struct Wish<'a> {
    pub effort: Option<Effort>,
    /// The `max_tokens` it asks for.
    pub max_tokens: Option<u64>,
    /// `thinking` in Anthropic's own words.
    pub thinking: Option<Stated<'a>>,
    /// Whether tools were called and no reasoning is there to be sent back: a model with a budget would refuse that.
    pub unsigned: bool,
}

/// A `thinking` object as the client wrote it.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Stated<'a> {
    pub budget: Option<u64>,
    pub json: &'a [u8],
    pub kind: StatedKind,
}

/// Its `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum StatedKind {
    Adaptive,
    Disabled,
    Enabled,
    Other,
}

/// What the model is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::provider) struct Reasoning<'a> {
    /// `output_config.effort`.
    pub effort: Option<&'static str>,
    pub thinking: Option<Asked<'a>>,
}

/// The `thinking` member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Asked<'a> {
    Adaptive,
    Budget(u64),
    Disabled,
    /// As the client wrote it; `on` unless it switches reasoning off, `budget` where it has one.
    Stated {
        budget: Option<u64>,
        json: &'a [u8],
        on: bool,
    },
}

impl<'a> Reasoning<'a> {
    /// What a model of these abilities is asked for.
    pub(super) fn decide(wish: Wish<'a>, abilities: &Abilities) -> Self {
        let thinking = match wish.thinking {
            None => by_effort(wish.effort, abilities.thinking),
            Some(stated) => by_statement(stated, wish.effort, abilities.thinking),
        };
        let effort = match (wish.effort, wish.thinking) {
            (Some(effort), _) => Some(effort),
            (
                None,
                Some(Stated {
                    kind: StatedKind::Enabled,
                    budget,
                    ..
                }),
            ) if thinking == Some(Asked::Adaptive) => {
                Some(Effort::of_budget(budget.unwrap_or_default()))
            }
            (None, _) => None,
        };
        Self {
            effort: effort.and_then(|effort| effort.level(abilities.effort)),
            thinking: thinking.and_then(|asked| asked.within(wish)),
        }
    }

    /// Whether the model is asked to reason, which forbids forcing tools and beginning its answer.
    pub const fn is_on(&self) -> bool {
        match self.thinking {
            Some(Asked::Adaptive | Asked::Budget(_)) => true,
            Some(Asked::Stated { on, .. }) => on,
            Some(Asked::Disabled) | None => false,
        }
    }

    /// The budget, which forbids choosing a temperature.
    pub const fn budget(&self) -> Option<u64> {
        match self.thinking {
            Some(Asked::Budget(tokens)) => Some(tokens),
            Some(Asked::Stated { budget, .. }) => budget,
            Some(Asked::Adaptive | Asked::Disabled) | None => None,
        }
    }

    /// Writes the member `thinking`.
    pub fn write(&self, body: &mut Object<'_>) {
        match self.thinking {
            // Newer models leave the text of their reasoning out unless a summary is asked for.
            Some(Asked::Adaptive) => {
                body.raw("thinking", br#"{"type":"adaptive","display":"summarized"}"#)
            }
            Some(Asked::Budget(tokens)) => body.object("thinking", |thinking| {
                thinking.raw("type", b"\"enabled\"");
                thinking.number("budget_tokens", tokens);
            }),
            Some(Asked::Disabled) => body.raw("thinking", br#"{"type":"disabled"}"#),
            Some(Asked::Stated { json, .. }) => body.raw("thinking", json),
            None => {}
        }
    }
}

impl Asked<'_> {
    /// The same within what the request allows: a budget must be smaller than `max_tokens` and at least 1024, and
    /// tools called without signed reasoning forbid one.
    fn within(self, wish: Wish<'_>) -> Option<Self> {
        let Some(budget) = (match self {
            Self::Budget(tokens) => Some(tokens),
            Self::Stated { budget, .. } => budget,
            Self::Adaptive | Self::Disabled => None,
        }) else {
            return Some(self);
        };
        match wish.max_tokens {
            _ if wish.unsigned => None,
            Some(0..=1_024) => None,
            Some(most) if budget >= most => Some(Self::Budget(most.saturating_sub(1))),
            Some(_) | None => Some(self),
        }
    }
}

fn by_effort<'a>(effort: Option<Effort>, kind: Kind) -> Option<Asked<'a>> {
    match (effort?, kind) {
        (Effort::None, Kind::Unless) => Some(Asked::Disabled),
        (Effort::None, Kind::Adaptive | Kind::Always | Kind::Either | Kind::Manual) => None,
        (_, Kind::Never) => None,
        (effort, Kind::Manual) => Some(Asked::Budget(effort.budget())),
        (_, Kind::Adaptive | Kind::Always | Kind::Either | Kind::Unless) => Some(Asked::Adaptive),
    }
}

fn by_statement<'a>(stated: Stated<'a>, effort: Option<Effort>, kind: Kind) -> Option<Asked<'a>> {
    let Stated {
        budget,
        json,
        kind: stated,
    } = stated;
    let as_stated = Some(Asked::Stated {
        budget,
        json,
        on: stated != StatedKind::Disabled,
    });
    match (stated, kind) {
        (_, Kind::Never) | (StatedKind::Disabled, Kind::Always) => None,
        (StatedKind::Adaptive, Kind::Manual) => {
            Some(Asked::Budget(effort.unwrap_or(Effort::High).budget()))
        }
        (StatedKind::Enabled, Kind::Adaptive | Kind::Always | Kind::Unless) => {
            Some(Asked::Adaptive)
        }
        (_, Kind::Adaptive | Kind::Always | Kind::Either | Kind::Manual | Kind::Unless) => {
            as_stated
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::anthropic::models;

    fn decided(model: &str, effort: Effort, max_tokens: Option<u64>) -> Reasoning<'static> {
        let wish = Wish {
            effort: Some(effort),
            max_tokens,
            ..Wish::default()
        };
        Reasoning::decide(wish, &models::of(model))
    }

    fn stated<'a>(
        model: &str,
        json: &'a str,
        kind: StatedKind,
        budget: Option<u64>,
    ) -> Reasoning<'a> {
        let thinking = Some(Stated {
            budget,
            json: json.as_bytes(),
            kind,
        });
        Reasoning::decide(
            Wish {
                thinking,
                ..Wish::default()
            },
            &models::of(model),
        )
    }

    #[test]
    fn a_manual_model_is_given_a_budget() {
        for (effort, tokens) in [
            (Effort::Minimal, 1_024),
            (Effort::Low, 1_024),
            (Effort::Medium, 2_048),
            (Effort::High, 4_096),
            (Effort::Xhigh, 8_192),
            (Effort::Max, 16_384),
        ] {
            let expected = Reasoning {
                effort: None,
                thinking: Some(Asked::Budget(tokens)),
            };
            assert_eq!(
                decided("claude-haiku-4-5", effort, None),
                expected,
                "{effort:?}"
            );
        }
        assert_eq!(
            decided("claude-haiku-4-5", Effort::None, None),
            Reasoning::default()
        );
    }

    #[test]
    fn an_adaptive_model_is_given_the_nearest_effort_it_knows() {
        let effort = |model, effort| decided(model, effort, None).effort;
        assert_eq!(effort("claude-opus-4-7", Effort::Minimal), Some("low"));
        assert_eq!(effort("claude-opus-4-7", Effort::Xhigh), Some("xhigh"));
        assert_eq!(effort("claude-opus-4-6", Effort::Xhigh), Some("high"));
        assert_eq!(effort("claude-opus-4-6", Effort::Max), Some("max"));
        assert_eq!(effort("claude-opus-4-5", Effort::Max), Some("high"));
        assert_eq!(
            decided("claude-opus-4-7", Effort::Low, None).thinking,
            Some(Asked::Adaptive)
        );
    }

    #[test]
    fn no_effort_switches_off_only_what_can_be_switched_off() {
        assert_eq!(
            decided("claude-opus-5-5", Effort::None, None),
            Reasoning::default()
        );
        assert_eq!(
            decided("claude-opus-4-7", Effort::None, None),
            Reasoning::default()
        );
        assert_eq!(
            decided("claude-haiku-5-5", Effort::None, None).thinking,
            Some(Asked::Disabled)
        );
    }

    #[test]
    fn a_budget_stays_below_max_tokens() {
        let budget = |max| decided("claude-haiku-4-5", Effort::High, max).budget();
        assert_eq!(budget(Some(5_000)), Some(4_096));
        assert_eq!(budget(Some(4_096)), Some(4_095));
        assert_eq!(budget(Some(1_024)), None);
    }

    #[test]
    fn what_a_client_states_is_kept_where_the_model_takes_it() {
        let json = r#"{"type":"enabled", "budget_tokens":5000}"#;
        let kept = Some(Asked::Stated {
            budget: Some(5_000),
            json: json.as_bytes(),
            on: true,
        });
        assert_eq!(
            stated("claude-haiku-4-5", json, StatedKind::Enabled, Some(5_000)).thinking,
            kept
        );
        assert_eq!(
            stated("claude-opus-4-6", json, StatedKind::Enabled, Some(5_000)).thinking,
            kept
        );
    }

    #[test]
    fn a_budget_becomes_an_effort_where_the_model_takes_none() {
        for (budget, effort) in [
            (9_000, "xhigh"),
            (5_000, "high"),
            (2_048, "medium"),
            (1_024, "low"),
        ] {
            let decided = stated("claude-opus-4-7", "{}", StatedKind::Enabled, Some(budget));
            assert_eq!(
                decided,
                Reasoning {
                    effort: Some(effort),
                    thinking: Some(Asked::Adaptive)
                }
            );
        }
    }

    #[test]
    fn reasoning_that_is_always_on_is_never_told_to_stop() {
        assert_eq!(
            stated("claude-opus-5-5", "{}", StatedKind::Disabled, None),
            Reasoning::default()
        );
        assert!(!stated("claude-opus-4-7", "{}", StatedKind::Disabled, None).is_on());
    }

    #[test]
    fn calls_without_signed_reasoning_forbid_a_budget_only() {
        let wish = Wish {
            effort: Some(Effort::High),
            unsigned: true,
            ..Wish::default()
        };
        assert_eq!(
            Reasoning::decide(wish, &models::of("claude-haiku-4-5")).thinking,
            None
        );
        assert_eq!(
            Reasoning::decide(wish, &models::of("claude-opus-4-7")).thinking,
            Some(Asked::Adaptive)
        );
    }
}
