//! What each Claude model accepts: parameters that are honoured by one are a 400 at another.

/// What a model accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) struct Abilities {
    /// `tool_choice` may force a tool.
    pub forced_choice: bool,
    /// The highest level of `output_config.effort`.
    pub effort: Effort,
    /// The most tokens it puts out; `None` when unknown.
    pub max_output: Option<u64>,
    /// System messages may stand between others.
    pub mid_system: bool,
    /// The conversation may end with the beginning of the answer.
    pub prefill: bool,
    /// `temperature`, `top_p` and `top_k` are accepted.
    pub sampling: bool,
    /// `output_config.format` and `strict` tools are accepted.
    pub schemas: bool,
    /// `temperature` and `top_p` are accepted together.
    pub temperature_with_top_p: bool,
    /// How it reasons.
    pub thinking: Thinking,
}

/// How far `output_config.effort` goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Effort {
    /// `low`, `medium`, `high`, `xhigh`, `max`.
    All,
    /// `low`, `medium`, `high`, and only with a beta header.
    Beta,
    /// Not at all.
    Never,
    /// `low`, `medium`, `high`, `max`.
    NoExtra,
}

/// How a model reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Thinking {
    /// As much as it sees fit, when asked.
    Adaptive,
    /// As much as it sees fit, whether asked or not.
    Always,
    /// With a budget or as much as it sees fit.
    Either,
    /// With a budget.
    Manual,
    /// Not at all.
    Never,
    /// As much as it sees fit, unless told not to.
    Unless,
}

/// What the model of that name accepts. Prefixes of platforms and regions, dates and revisions do not matter.
pub(in crate::provider) fn of(model: &str) -> Abilities {
    let Some((_, name)) = model.split_once("claude-") else {
        return FOREIGN;
    };
    let name = name.replace('.', "-");
    let row = TABLE
        .iter()
        .filter(|(prefix, _)| fits(&name, prefix))
        .max_by_key(|(prefix, _)| prefix.len());
    row.map_or_else(|| by_version(version(&name)), |(_, abilities)| *abilities)
}

/// Whether `prefix` is the name up to its date: another version number must not follow.
fn fits(name: &str, prefix: &str) -> bool {
    let Some(rest) = name.strip_prefix(prefix) else {
        return false;
    };
    let digits = rest.strip_prefix('-').map_or(0, |tail| {
        tail.bytes().take_while(u8::is_ascii_digit).count()
    });
    let apart = rest
        .bytes()
        .next()
        .is_none_or(|byte| !byte.is_ascii_alphanumeric());
    apart && !(1..=2).contains(&digits)
}

/// The version in a name: its first numbers of one or two digits.
fn version(name: &str) -> (u8, u8) {
    let mut numbers = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .skip_while(|word| word.parse::<u8>().is_err())
        .map_while(|word| word.parse::<u8>().ok());
    (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    )
}

/// What a Claude of a version that is not in the table is taken to accept.
fn by_version(version: (u8, u8)) -> Abilities {
    match version {
        (4, 6) => BOTH,
        (5.., _) | (4, 7..) => Abilities {
            max_output: Some(64_000),
            mid_system: version >= (4, 8),
            ..ADAPTIVE
        },
        (4, 5) => Abilities {
            effort: Effort::Never,
            ..MANUAL
        },
        (4, _) | (3, 7..) => Abilities {
            schemas: false,
            max_output: Some(32_000),
            ..MANUAL
        },
        (_, _) => OLD,
    }
}

const ADAPTIVE: Abilities = Abilities {
    effort: Effort::All,
    forced_choice: true,
    max_output: Some(128_000),
    mid_system: false,
    prefill: false,
    sampling: false,
    schemas: true,
    temperature_with_top_p: false,
    thinking: Thinking::Adaptive,
};
const ADAPTIVE_MID: Abilities = Abilities {
    mid_system: true,
    ..ADAPTIVE
};
const ALWAYS: Abilities = Abilities {
    thinking: Thinking::Always,
    ..ADAPTIVE_MID
};
const ALWAYS_UNFORCED: Abilities = Abilities {
    forced_choice: false,
    ..ALWAYS
};
const BOTH: Abilities = Abilities {
    effort: Effort::NoExtra,
    sampling: true,
    thinking: Thinking::Either,
    ..ADAPTIVE
};
const MANUAL: Abilities = Abilities {
    effort: Effort::Never,
    max_output: Some(64_000),
    prefill: true,
    thinking: Thinking::Manual,
    ..BOTH
};
const MANUAL_OLD: Abilities = Abilities {
    schemas: false,
    ..MANUAL
};
const OLD: Abilities = Abilities {
    max_output: Some(4_096),
    temperature_with_top_p: true,
    thinking: Thinking::Never,
    ..MANUAL_OLD
};
/// Models of others behind the same API: whatever they do not know is theirs to refuse.
const FOREIGN: Abilities = Abilities {
    max_output: None,
    thinking: Thinking::Manual,
    ..OLD
};

/// Names without `claude-`, up to their date.
const TABLE: &[(&str, Abilities)] = &[
    (
        "3-5-haiku",
        Abilities {
            max_output: Some(8_192),
            ..OLD
        },
    ),
    (
        "3-5-sonnet",
        Abilities {
            max_output: Some(8_192),
            ..OLD
        },
    ),
    (
        "3-7-sonnet",
        Abilities {
            temperature_with_top_p: true,
            ..MANUAL_OLD
        },
    ),
    ("3-haiku", OLD),
    ("3-opus", OLD),
    ("3-sonnet", OLD),
    ("fable-5", ALWAYS),
    ("fable-5-1", ALWAYS_UNFORCED),
    ("haiku-4-5", MANUAL),
    (
        "haiku-5-5",
        Abilities {
            thinking: Thinking::Unless,
            ..ADAPTIVE_MID
        },
    ),
    ("mythos-5", ALWAYS),
    ("mythos-5-1", ALWAYS_UNFORCED),
    (
        "mythos-preview",
        Abilities {
            mid_system: false,
            ..ALWAYS
        },
    ),
    (
        "opus-4",
        Abilities {
            max_output: Some(32_000),
            ..MANUAL_OLD
        },
    ),
    (
        "opus-4-1",
        Abilities {
            max_output: Some(32_000),
            ..MANUAL_OLD
        },
    ),
    (
        "opus-4-5",
        Abilities {
            effort: Effort::Beta,
            ..MANUAL
        },
    ),
    ("opus-4-6", BOTH),
    ("opus-4-7", ADAPTIVE),
    ("opus-4-8", ADAPTIVE_MID),
    ("opus-5", ADAPTIVE_MID),
    ("opus-5-5", ALWAYS_UNFORCED),
    ("sonnet-4", MANUAL_OLD),
    ("sonnet-4-5", MANUAL),
    ("sonnet-4-6", BOTH),
    ("sonnet-5", ADAPTIVE_MID),
    ("sonnet-5-5", ALWAYS_UNFORCED),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_regions_dates_and_revisions_do_not_matter() {
        for name in [
            "claude-haiku-4-5",
            "claude-haiku-4-5-20251001",
            "claude-haiku-4-5@20251001",
            "claude-haiku-4.5",
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
            "anthropic/claude-haiku-4-5-latest",
        ] {
            assert_eq!(of(name), MANUAL, "{name}");
        }
    }

    #[test]
    fn a_version_is_not_taken_for_an_earlier_one() {
        assert_eq!(of("claude-opus-5").thinking, Thinking::Adaptive);
        assert_eq!(of("claude-opus-5-5").thinking, Thinking::Always);
        assert_eq!(of("claude-opus-4-20250514").max_output, Some(32_000));
        assert_eq!(of("claude-opus-4-9").thinking, Thinking::Adaptive);
        assert_eq!(of("claude-fable-5-1-20261001"), ALWAYS_UNFORCED);
    }

    #[test]
    fn an_unknown_claude_is_judged_by_its_version() {
        assert_eq!(of("claude-novel-6").thinking, Thinking::Adaptive);
        assert_eq!(of("claude-novel-6").max_output, Some(64_000));
        assert_eq!(of("claude-novel-4-6"), BOTH);
        assert!(!of("claude-2.1").schemas);
        assert_eq!(of("claude-instant-1").max_output, Some(4_096));
    }

    #[test]
    fn models_of_others_are_asked_plainly() {
        let other = of("MiniMax-M2");
        assert!(other.sampling && other.prefill && !other.schemas && other.max_output.is_none());
    }
}
