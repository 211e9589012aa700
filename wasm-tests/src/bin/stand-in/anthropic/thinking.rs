//! What Anthropic refuses about thinking.

use serde_json::{Map, Value};

use super::models::Abilities;

/// How the model is to think.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Thinking {
    /// As much as it likes; `shown` is whether the client sees a summary.
    Adaptive {
        /// `display` was `summarized`, or the model shows its thoughts anyway.
        shown: bool,
    },
    /// Without being asked, because it always does, and without showing it.
    Always,
    /// Within a budget.
    Manual,
    /// Not at all.
    Off,
}

impl Thinking {
    /// The request asks for it.
    pub fn is_asked(self) -> bool {
        matches!(self, Self::Adaptive { .. } | Self::Manual)
    }

    /// The answer has a thought.
    pub fn is_on(self) -> bool {
        self != Self::Off
    }

    /// The thought is sent as a signature without words.
    pub fn is_hidden(self) -> bool {
        matches!(self, Self::Adaptive { shown: false } | Self::Always)
    }
}

/// Reads `thinking`; `limit` is `max_tokens`.
pub fn read(
    request: &Map<String, Value>,
    limit: u64,
    abilities: Abilities,
) -> Result<Thinking, String> {
    let Some(thinking) = request.get("thinking") else {
        return Ok(if abilities.thoughtless {
            Thinking::Off
        } else {
            Thinking::Always
        });
    };
    match thinking.get("type").and_then(Value::as_str) {
        Some("adaptive" | "between_tools") if abilities.adaptive => {
            // The older of the adaptive models show their thoughts unless told not to.
            let unsaid = if abilities.manual { "summarized" } else { "omitted" };
            let display = thinking.get("display").and_then(Value::as_str).unwrap_or(unsaid);
            Ok(Thinking::Adaptive { shown: display == "summarized" })
        }
        Some("adaptive" | "between_tools") => {
            Err("adaptive thinking is not supported on this model".into())
        }
        Some("disabled") if abilities.thoughtless => Ok(Thinking::Off),
        Some("disabled") => Err("thinking cannot be disabled on this model".into()),
        Some("enabled") if abilities.manual => budget(thinking, limit),
        Some("enabled") => Err("\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\".".into()),
        _ => Err("thinking: Input tag does not match any of the expected tags: 'adaptive', 'disabled', 'enabled'".into()),
    }
}

fn budget(thinking: &Value, limit: u64) -> Result<Thinking, String> {
    let budget = thinking.get("budget_tokens").and_then(Value::as_u64);
    let budget = budget.ok_or("thinking.enabled.budget_tokens: Field required")?;
    if budget < 1_024 {
        return Err(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024".into(),
        );
    }
    if budget >= limit {
        return Err("`max_tokens` must be greater than `thinking.budget_tokens`.".into());
    }
    Ok(Thinking::Manual)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::models::abilities;
    use super::*;

    fn thinking(model: &str, thinking: Value) -> Result<Thinking, String> {
        let request = json!({"thinking": thinking});
        read(
            request.as_object().expect("an object"),
            2_000,
            abilities(model),
        )
    }

    #[test]
    fn an_adaptive_model_refuses_a_budget_and_an_older_one_wants_it() {
        let budget = json!({"type": "enabled", "budget_tokens": 1_024});
        assert!(thinking("claude-opus-5", budget.clone()).is_err());
        assert_eq!(thinking("claude-haiku-4-5", budget), Ok(Thinking::Manual));
        assert!(thinking("claude-haiku-4-5", json!({"type": "adaptive"})).is_err());
    }

    #[test]
    fn a_model_that_always_thinks_cannot_be_told_not_to() {
        assert!(thinking("claude-opus-5-5", json!({"type": "disabled"})).is_err());
        assert_eq!(
            read(&Map::new(), 1, abilities("claude-opus-5-5")),
            Ok(Thinking::Always)
        );
    }

    #[test]
    fn newer_models_hide_their_thoughts_unless_asked() {
        let shown = |display: Value| thinking("claude-opus-5", display).map(Thinking::is_hidden);
        assert_eq!(shown(json!({"type": "adaptive"})), Ok(true));
        assert_eq!(
            shown(json!({"type": "adaptive", "display": "summarized"})),
            Ok(false)
        );
    }
}
