//! What each Claude accepts, because the same request is right for one and a 400 for the next.

/// What a model accepts beyond the common ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Abilities {
    /// `thinking: adaptive`.
    pub adaptive: bool,
    /// `output_config.effort`.
    pub effort: bool,
    /// A `tool_choice` that forces a call.
    pub forced_choice: bool,
    /// `thinking: enabled` with a budget.
    pub manual: bool,
    /// A conversation that ends with the assistant.
    pub prefill: bool,
    /// `temperature`, `top_p` and `top_k`.
    pub sampling: bool,
    /// Messages of the role `system`.
    pub system: bool,
    /// Thinking can be off.
    pub thoughtless: bool,
}

/// A name that is no Claude's: tests use such names, and they accept what most models do.
const ANY: Abilities = Abilities {
    adaptive: true,
    effort: true,
    forced_choice: true,
    manual: true,
    prefill: true,
    sampling: true,
    system: false,
    thoughtless: true,
};
const CLAUDE_4_5: Abilities = Abilities {
    adaptive: false,
    effort: false,
    ..ANY
};
const OPUS_4_5: Abilities = Abilities {
    adaptive: false,
    ..ANY
};
const CLAUDE_4_6: Abilities = Abilities {
    prefill: false,
    ..ANY
};
const OPUS_4_7: Abilities = Abilities {
    manual: false,
    sampling: false,
    ..CLAUDE_4_6
};
const CLAUDE_5: Abilities = Abilities {
    system: true,
    ..OPUS_4_7
};
const FABLE_5: Abilities = Abilities {
    thoughtless: false,
    ..CLAUDE_5
};
const CLAUDE_5_5: Abilities = Abilities {
    forced_choice: false,
    ..FABLE_5
};

/// By the beginning of the name; of two that fit, the longer comes first.
const TABLE: &[(&str, Abilities)] = &[
    ("claude-haiku-4-5", CLAUDE_4_5),
    ("claude-sonnet-4-5", CLAUDE_4_5),
    ("claude-opus-4-5", OPUS_4_5),
    ("claude-sonnet-4-6", CLAUDE_4_6),
    ("claude-opus-4-6", CLAUDE_4_6),
    ("claude-opus-4-7", OPUS_4_7),
    ("claude-opus-4-8", CLAUDE_5),
    ("claude-haiku-5-5", CLAUDE_5),
    ("claude-opus-5-5", CLAUDE_5_5),
    ("claude-sonnet-5-5", CLAUDE_5_5),
    ("claude-fable-5-1", CLAUDE_5_5),
    ("claude-mythos-5-1", CLAUDE_5_5),
    ("claude-opus-5", CLAUDE_5),
    ("claude-sonnet-5", CLAUDE_5),
    ("claude-fable-5", FABLE_5),
    ("claude-mythos-5", FABLE_5),
    (
        "claude-mythos-preview",
        Abilities {
            system: false,
            ..FABLE_5
        },
    ),
];

/// What `model` accepts.
pub fn abilities(model: &str) -> Abilities {
    let known = TABLE.iter().find(|(name, _)| model.starts_with(name));
    known.map_or(ANY, |(_, abilities)| *abilities)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_name_decides() {
        assert_eq!(abilities("claude-opus-5-5-20261021"), CLAUDE_5_5);
        assert_eq!(abilities("claude-opus-5"), CLAUDE_5);
    }

    #[test]
    fn a_row_is_never_hidden_by_one_before_it() {
        for (name, expected) in TABLE {
            assert_eq!(abilities(name), *expected, "{name}");
        }
    }
}
