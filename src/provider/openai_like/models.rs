//! What single models refuse although their vendor knows it.

use super::quirks::Family;
use crate::wire::json::Members;

/// What must be done about a model's members besides what its vendor wants.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Corrections {
    /// Members it refuses.
    pub drop: &'static [&'static str],
    /// Members it refuses unless they say 1.
    pub only_one: &'static [&'static str],
    /// The range of its temperature.
    pub temperature: Option<(f64, f64)>,
    /// Whether it counts its reasoning in `max_completion_tokens`, and knows no `max_tokens`.
    pub newer_limit: bool,
}

/// Models of OpenAI's o-series. They do not sample.
const O_SERIES: &[&str] = &[
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "logprobs",
    "top_logprobs",
    "logit_bias",
];
/// The later ones of them.
const O3: &[&str] = &[
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "stop",
];
/// Models that think, of GPT-5 and later.
const GPT_5: &[&str] = &[
    "presence_penalty",
    "frequency_penalty",
    "stop",
    "logit_bias",
    "prediction",
    "audio",
    "modalities",
    "top_p",
    "logprobs",
    "top_logprobs",
];
/// The same while they do not think.
const GPT_5_AT_REST: &[&str] = &[
    "presence_penalty",
    "frequency_penalty",
    "stop",
    "logit_bias",
    "prediction",
    "audio",
    "modalities",
];

/// What is to be done for this model and this request.
pub(super) fn corrections(family: Family, model: &str, members: &Members<'_>) -> Corrections {
    let model = model.to_ascii_lowercase();
    match family {
        Family::Grok => grok(&model),
        Family::Kimi => kimi(&model, members),
        Family::Openai => openai(&model, members),
        Family::Other => Corrections::default(),
    }
}

/// Whether the model thinks before it answers this request, as far as vendors that want their thoughts back go.
pub(super) fn thinks(model: &str, members: &Members<'_>) -> bool {
    let effort = members.get("reasoning_effort").map(|effort| effort.value);
    let asked = effort.is_some_and(|effort| !matches!(effort, b"null" | b"\"none\""));
    let on = members
        .get("thinking")
        .is_some_and(|thinking| memchr::memmem::find(thinking.value, b"\"enabled\"").is_some());
    let model = model.to_ascii_lowercase();
    asked || on || model.contains("reasoner") || model.contains("thinking")
}

fn grok(model: &str) -> Corrections {
    let newer = ["grok-4", "grok-code-fast"]
        .iter()
        .any(|name| model.contains(name));
    Corrections {
        drop: match model {
            _ if newer => &["stop", "frequency_penalty", "presence_penalty"],
            _ if model.contains("grok-3-mini") => &["stop"],
            _ => &[],
        },
        ..Corrections::default()
    }
}

fn kimi(model: &str, members: &Members<'_>) -> Corrections {
    if model.contains("thinking") {
        return Corrections {
            drop: &["temperature"],
            ..Corrections::default()
        };
    }
    let several = members.get("n").is_some_and(|n| n.value != b"1");
    Corrections {
        temperature: Some((if several { 0.3 } else { 0.0 }, 1.0)),
        ..Corrections::default()
    }
}

fn openai(model: &str, members: &Members<'_>) -> Corrections {
    let thinks = Corrections {
        newer_limit: true,
        only_one: &["temperature"],
        ..Corrections::default()
    };
    let Some(name) = family_name(model) else {
        return Corrections::default();
    };
    if name.starts_with('o') {
        let late = name.starts_with("o3") || name.starts_with("o4");
        return Corrections {
            drop: if late { O3 } else { O_SERIES },
            ..thinks
        };
    }
    let effort = members.get("reasoning_effort").map(|effort| effort.value);
    // From 5.1 on they do not think unless they are told to.
    let at_rest = effort.map_or(name.starts_with("gpt-5."), |effort| effort == b"\"none\"");
    if at_rest {
        return Corrections {
            drop: GPT_5_AT_REST,
            newer_limit: true,
            ..Corrections::default()
        };
    }
    Corrections {
        drop: GPT_5,
        ..thinks
    }
}

/// Where the name of a family of models that think begins: at the start or behind a separator, as deployments are named
/// after their models.
fn family_name(model: &str) -> Option<&str> {
    const FAMILIES: [&str; 7] = [
        "gpt-5",
        "gpt-6",
        "o1",
        "o3",
        "o4",
        "o_series",
        "gpt5_series",
    ];
    let starts = model
        .char_indices()
        .filter(|(at, _)| {
            let before = at.checked_sub(1).and_then(|at| model.as_bytes().get(at));
            before.is_none_or(|byte| matches!(byte, b'/' | b'-' | b'_' | b'.'))
        })
        .filter_map(|(at, _)| model.get(at..));
    starts
        .filter(|rest| !rest.contains("-chat"))
        .find(|rest| FAMILIES.iter().any(|family| is_of(rest, family)))
}

fn is_of(rest: &str, family: &str) -> bool {
    rest.strip_prefix(family)
        .is_some_and(|tail| tail.is_empty() || tail.starts_with(['-', '.', '_', '/', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(family: Family, model: &str, json: &str) -> Corrections {
        corrections(family, model, &Members::read(json.as_bytes()).unwrap())
    }

    #[test]
    fn models_that_think_are_told_by_their_names() {
        for model in [
            "o1",
            "o3-mini",
            "gpt-5",
            "gpt-5-mini",
            "gpt-5.1",
            "ft/o4-mini",
            "my-gpt-5-eu",
            "o_series/mine",
        ] {
            assert!(of(Family::Openai, model, "{}").newer_limit, "{model}");
        }
        for model in [
            "gpt-4o",
            "gpt-4.1",
            "gpt-5-chat-latest",
            "gpt-50",
            "foo1",
            "o10",
            "omni",
            "gpt-3.5-turbo",
        ] {
            assert_eq!(
                of(Family::Openai, model, "{}"),
                Corrections::default(),
                "{model}"
            );
        }
    }

    #[test]
    fn models_sample_only_while_they_do_not_think() {
        let drops =
            |model: &str, json: &str| of(Family::Openai, model, json).drop.contains(&"top_p");
        assert!(drops("gpt-5", "{}"));
        assert!(!drops("gpt-5.1", "{}"));
        assert!(drops("gpt-5.1", r#"{"reasoning_effort":"low"}"#));
        assert!(!drops("gpt-5.1", r#"{"reasoning_effort":"none"}"#));
    }

    #[test]
    fn stop_is_kept_from_the_models_that_refuse_it() {
        for (family, model, refused) in [
            (Family::Openai, "o1", false),
            (Family::Openai, "o3", true),
            (Family::Openai, "gpt-5.1", true),
            (Family::Grok, "grok-3-mini", true),
            (Family::Grok, "grok-4-fast", true),
            (Family::Grok, "grok-3", false),
        ] {
            assert_eq!(
                of(family, model, "{}").drop.contains(&"stop"),
                refused,
                "{model}"
            );
        }
    }
}
