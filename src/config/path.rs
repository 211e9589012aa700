//! Where in the configuration something is, so that a complaint can be found.

use core::fmt;

/// The way from the top of the configuration to one place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(Vec<Segment>);

/// One step of the way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// An entry of a list, from 0.
    Index(usize),
    /// A member of a section.
    Key(String),
}

impl Path {
    /// The configuration as a whole.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// The member `key` of the section here.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.then(Segment::Key(key.to_owned()))
    }

    /// The entry `index` of the list here.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.then(Segment::Index(index))
    }

    /// The place this one is in; `None` at the top.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, head)| Self(head.to_vec()))
    }

    /// The steps from the top.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    fn then(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }
}

/// `model_list[0].litellm_params.model`; a key that is not a word is in quotes: `model_group_alias["gpt-4.1"]`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("configuration");
        }
        for (depth, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if !is_word(key) => write!(f, "[{key:?}]")?,
                Segment::Key(key) if depth == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

fn is_word(key: &str) -> bool {
    !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '*' | '/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_like_the_way_to_the_place() {
        let entry = Path::root().key("model_list").index(0);
        assert_eq!(
            entry.key("litellm_params").key("modle").to_string(),
            "model_list[0].litellm_params.modle"
        );
        assert_eq!(Path::root().to_string(), "configuration");
    }

    #[test]
    fn a_key_that_is_not_a_word_is_quoted() {
        let aliases = Path::root().key("model_group_alias");
        assert_eq!(
            aliases.key("gpt-4.1").to_string(),
            r#"model_group_alias["gpt-4.1"]"#
        );
        assert_eq!(
            aliases.key("a\nb").to_string(),
            r#"model_group_alias["a\nb"]"#
        );
    }
}
