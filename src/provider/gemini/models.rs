//! What Google's models can do, read off their names: no answer of theirs tells before it is too late.

/// What a model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Abilities {
    /// Ten times its version.
    version: u32,
    /// How it is asked to think.
    pub thinking: Thinking,
}

/// How a model is asked to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thinking {
    /// By a budget of tokens.
    Budget {
        /// The smallest that makes it think at all.
        minimal: u64,
        /// The smallest it takes; 0 where thinking can be switched off.
        least: u64,
    },
    /// By a level.
    Level {
        /// The lowest there is.
        lowest: &'static str,
    },
    /// Not at all.
    Never,
}

impl Abilities {
    /// Whether calls and their results carry ids, and calls must carry signatures.
    pub const fn ids(&self) -> bool {
        self.version >= 30
    }

    /// Whether tools may be described in JSON Schema itself.
    pub const fn tool_schemas(&self) -> bool {
        self.version >= 25
    }

    /// Whether answers may be described in JSON Schema itself.
    pub const fn answer_schemas(&self) -> bool {
        self.version >= 20
    }

    /// Whether each part may say how closely it is looked at.
    pub const fn resolution_by_part(&self) -> bool {
        self.version >= 30
    }

    /// Whether results of tools may show something.
    pub const fn results_show(&self) -> bool {
        self.version >= 30
    }

    /// Whether penalties are taken.
    pub const fn penalties(&self) -> bool {
        self.version < 30
    }

    /// Whether Google's search goes together with the client's tools.
    pub const fn search_with_tools(&self) -> bool {
        self.version >= 30
    }
}

/// What the model of that name can do.
pub(super) fn of(model: &str) -> Abilities {
    let name = model.rsplit('/').next().unwrap_or(model);
    let version = version(name);
    let has = |word: &str| name.split('-').any(|part| part == word);
    let flash = has("flash");
    let thinking = match version {
        30.. => Thinking::Level {
            lowest: if flash { "MINIMAL" } else { "LOW" },
        },
        25 if has("image") || has("tts") => Thinking::Never,
        25 if has("lite") => Thinking::Budget {
            minimal: 512,
            least: 0,
        },
        25 if flash => Thinking::Budget {
            minimal: 1,
            least: 0,
        },
        25 => Thinking::Budget {
            minimal: 128,
            least: 128,
        },
        _ => Thinking::Never,
    };
    Abilities { version, thinking }
}

/// Ten times the version in a name: `gemini-2.5-pro` is 25. A name that always means the newest counts as 3, one without
/// any version as 2.5 if it is a tuned model's number, else as the oldest.
fn version(name: &str) -> u32 {
    if !name.contains("gemini") {
        let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
        return if is_number { 25 } else { 15 };
    }
    let stated = name.split('-').find_map(|part| {
        let (major, minor) = part.split_once('.').unwrap_or((part, "0"));
        let is_digit = |text: &str| text.len() == 1 && text.bytes().all(|b| b.is_ascii_digit());
        let number = |text: &str| is_digit(text).then(|| text.parse::<u32>().ok()).flatten();
        Some(
            number(major)?
                .saturating_mul(10)
                .saturating_add(number(minor)?),
        )
    });
    stated.unwrap_or(if name.ends_with("-latest") { 30 } else { 20 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_off_names() {
        for (name, expected) in [
            ("gemini-1.5-pro-002", 15),
            ("gemini-2.0-flash-001", 20),
            ("gemini-2.5-flash-preview-05-20", 25),
            ("gemini-3-pro-preview", 30),
            ("gemini-3.1-flash", 31),
            ("models/gemini-2.5-pro", 25),
            ("gemini-flash-latest", 30),
            ("gemini-exp-1206", 20),
            ("gemma-3-27b-it", 15),
            ("1234567890", 25),
        ] {
            assert_eq!(of(name).version, expected, "{name}");
        }
    }

    #[test]
    fn each_family_thinks_in_its_own_way() {
        let budget = |minimal, least| Thinking::Budget { minimal, least };
        for (name, expected) in [
            ("gemini-2.5-flash", budget(1, 0)),
            ("gemini-2.5-flash-lite", budget(512, 0)),
            ("gemini-2.5-pro", budget(128, 128)),
            ("gemini-2.5-flash-image", Thinking::Never),
            ("gemini-2.0-flash", Thinking::Never),
            ("gemini-3-flash", Thinking::Level { lowest: "MINIMAL" }),
            ("gemini-3-pro", Thinking::Level { lowest: "LOW" }),
        ] {
            assert_eq!(of(name).thinking, expected, "{name}");
        }
    }
}
