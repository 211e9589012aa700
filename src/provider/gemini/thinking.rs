//! Reasoning: OpenAI names an effort, Google's models take a budget or a level.

use super::models::Thinking;
use crate::provider::anthropic::thinking::{Effort, StatedKind, Wish};
use crate::wire::json::Object;

/// What a model is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reasoning {
    /// As many tokens as a text says; `-1` leaves it to the model.
    Budget { tokens: i64, shown: bool },
    /// As much as the model likes, shown.
    Free,
    /// A level.
    Level { name: &'static str, shown: bool },
}

impl Reasoning {
    /// What a model that thinks in this way is asked for; `None` leaves everything to it.
    pub fn decide(wish: Wish<'_>, thinking: Thinking) -> Option<Self> {
        let effort = match wish.thinking.map(|stated| (stated.kind, stated.budget)) {
            None => wish.effort.map(Asked::Effort),
            Some((StatedKind::Disabled, _)) => Some(Asked::Effort(Effort::None)),
            Some((StatedKind::Enabled, Some(0))) => Some(Asked::Effort(Effort::None)),
            Some((StatedKind::Enabled, Some(tokens))) => Some(Asked::Tokens(tokens)),
            Some(_) => Some(wish.effort.map_or(Asked::Free, Asked::Effort)),
        }?;
        match thinking {
            Thinking::Budget { minimal, least } => Some(effort.as_budget(minimal, least)),
            Thinking::Level { lowest } => Some(effort.as_level(lowest)),
            Thinking::Never => None,
        }
    }

    /// Writes the value of `thinkingConfig`.
    pub fn write(self, out: &mut Vec<u8>) {
        Object::write(out, |config| {
            let shown = match self {
                Self::Budget { tokens, shown } => {
                    config.raw("thinkingBudget", tokens.to_string().as_bytes());
                    shown
                }
                Self::Free => true,
                Self::Level { name, shown } => {
                    config.string("thinkingLevel", name);
                    shown
                }
            };
            config.raw("includeThoughts", if shown { b"true" } else { b"false" });
        });
    }
}

/// What the client asks for, in whichever words.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Effort(Effort),
    Free,
    Tokens(u64),
}

impl Asked {
    fn as_budget(self, minimal: u64, least: u64) -> Reasoning {
        let tokens = match self {
            Self::Effort(Effort::None) => least,
            Self::Effort(Effort::Minimal) => minimal,
            Self::Effort(effort) => effort.budget(),
            Self::Free => {
                return Reasoning::Budget {
                    tokens: -1,
                    shown: true,
                };
            }
            Self::Tokens(tokens) => tokens.max(least),
        };
        Reasoning::Budget {
            tokens: i64::try_from(tokens).unwrap_or(i64::MAX),
            shown: !matches!(self, Self::Effort(Effort::None)),
        }
    }

    fn as_level(self, lowest: &'static str) -> Reasoning {
        let name = match self {
            Self::Effort(Effort::None | Effort::Minimal) => lowest,
            Self::Effort(Effort::Low) | Self::Tokens(..=1_024) => "LOW",
            Self::Effort(Effort::Medium) | Self::Tokens(1_025..=2_048) => "MEDIUM",
            Self::Effort(Effort::High | Effort::Xhigh | Effort::Max) | Self::Tokens(_) => "HIGH",
            Self::Free => return Reasoning::Free,
        };
        Reasoning::Level {
            name,
            shown: !matches!(self, Self::Effort(Effort::None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::anthropic::thinking::Stated;

    fn decided(wish: Wish<'_>, thinking: Thinking) -> String {
        let mut out = Vec::new();
        if let Some(reasoning) = Reasoning::decide(wish, thinking) {
            reasoning.write(&mut out);
        }
        String::from_utf8(out).unwrap()
    }

    fn by_effort(effort: Effort, thinking: Thinking) -> String {
        let wish = Wish {
            effort: Some(effort),
            ..Wish::default()
        };
        decided(wish, thinking)
    }

    #[test]
    fn efforts_are_budgets_for_models_that_take_those() {
        let pro = Thinking::Budget {
            minimal: 128,
            least: 128,
        };
        for (effort, tokens) in [
            (Effort::Minimal, 128),
            (Effort::Low, 1_024),
            (Effort::Medium, 2_048),
            (Effort::High, 4_096),
        ] {
            let expected = format!(r#"{{"thinkingBudget":{tokens},"includeThoughts":true}}"#);
            assert_eq!(by_effort(effort, pro), expected);
        }
        let flash = Thinking::Budget {
            minimal: 1,
            least: 0,
        };
        assert_eq!(
            by_effort(Effort::None, flash),
            r#"{"thinkingBudget":0,"includeThoughts":false}"#
        );
        assert_eq!(
            by_effort(Effort::None, pro),
            r#"{"thinkingBudget":128,"includeThoughts":false}"#
        );
    }

    #[test]
    fn efforts_are_levels_for_newer_models() {
        let flash = Thinking::Level { lowest: "MINIMAL" };
        let pro = Thinking::Level { lowest: "LOW" };
        for (effort, thinking, level, shown) in [
            (Effort::None, flash, "MINIMAL", false),
            (Effort::Minimal, flash, "MINIMAL", true),
            (Effort::Minimal, pro, "LOW", true),
            (Effort::Medium, pro, "MEDIUM", true),
            (Effort::Max, pro, "HIGH", true),
        ] {
            let expected = format!(r#"{{"thinkingLevel":"{level}","includeThoughts":{shown}}}"#);
            assert_eq!(by_effort(effort, thinking), expected);
        }
    }

    #[test]
    fn a_stated_budget_is_a_level_where_only_levels_are_taken() {
        let stated = |budget| Wish {
            thinking: Some(Stated {
                budget,
                json: b"{}",
                kind: StatedKind::Enabled,
            }),
            ..Wish::default()
        };
        let levels = Thinking::Level { lowest: "LOW" };
        let budgets = Thinking::Budget {
            minimal: 1,
            least: 0,
        };
        assert_eq!(
            decided(stated(Some(2_000)), levels),
            r#"{"thinkingLevel":"MEDIUM","includeThoughts":true}"#
        );
        assert_eq!(
            decided(stated(Some(2_000)), budgets),
            r#"{"thinkingBudget":2000,"includeThoughts":true}"#
        );
        assert_eq!(
            decided(stated(None), budgets),
            r#"{"thinkingBudget":-1,"includeThoughts":true}"#
        );
        assert_eq!(decided(stated(None), levels), r#"{"includeThoughts":true}"#);
        assert_eq!(decided(Wish::default(), levels), "");
    }
}
