//! Names and ids in an alphabet that vendors allow, unique, and the way back to the client's names.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::canonical::signature;

/// The longest name of a tool.
const MAX_NAME: usize = 128;

/// The names of a request's tools.
#[derive(Debug, Default)]
pub(in crate::provider) struct Names {
    /// Whether a name must begin with a letter or `_`.
    lettered: bool,
    longest: usize,
    renamed: Vec<(String, String)>,
    taken: BTreeSet<String>,
}

impl Names {
    /// Names for these tools. Only a name that is not allowed is changed, and never into another tool's.
    pub fn new<'n>(tools: impl Iterator<Item = Cow<'n, str>>) -> Self {
        Self::within(MAX_NAME, tools)
    }

    /// The same where names are at most that long.
    pub fn within<'n>(longest: usize, tools: impl Iterator<Item = Cow<'n, str>>) -> Self {
        let names = Self {
            longest,
            ..Self::default()
        };
        names.of(tools)
    }

    /// The same where names begin with a letter or `_`.
    pub fn lettered<'n>(tools: impl Iterator<Item = Cow<'n, str>>) -> Self {
        let names = Self {
            lettered: true,
            longest: MAX_NAME,
            ..Self::default()
        };
        names.of(tools)
    }

    fn of<'n>(self, tools: impl Iterator<Item = Cow<'n, str>>) -> Self {
        let mut names = self;
        let (allowed, odd): (Vec<_>, Vec<_>) = tools.partition(|name| names.allows(name));
        names.taken.extend(allowed.into_iter().map(Cow::into_owned));
        for name in odd {
            if !names.renamed.iter().any(|(_, original)| *original == name) {
                let wanted = names.cleaned(&name);
                let safe = names.free(wanted);
                names.renamed.push((safe, name.into_owned()));
            }
        }
        names
    }

    /// A name like `wanted` that no tool has, which becomes a tool's name with it.
    pub fn free(&mut self, wanted: String) -> String {
        unique(wanted, &mut self.taken, cleaned_id)
    }

    /// The name to send for the client's.
    pub fn sent<'n>(&self, name: Cow<'n, str>) -> Cow<'n, str> {
        if self.allows(&name) {
            return name;
        }
        let renamed = self.renamed.iter().find(|(_, original)| *original == name);
        Cow::Owned(renamed.map_or_else(|| self.cleaned(&name), |(safe, _)| safe.clone()))
    }

    fn allows(&self, name: &str) -> bool {
        is_name(name, self.longest) && !(self.lettered && name.starts_with(is_no_start))
    }

    fn cleaned(&self, name: &str) -> String {
        let name = cleaned(name, self.longest);
        if self.lettered && name.starts_with(is_no_start) {
            return format!("_{name}");
        }
        name
    }

    /// The name sent and the client's, of every tool that has two.
    pub fn into_renamed(self) -> Vec<(String, String)> {
        self.renamed
    }
}

/// The ids of tool calls given so far.
#[derive(Debug, Default)]
pub(in crate::provider) struct Ids {
    taken: BTreeSet<String>,
}

impl Ids {
    /// An id that is allowed, as `allowed` makes it, for a call that the client knows by `id`.
    pub fn give(&mut self, id: &str, allowed: fn(&str) -> String) -> String {
        let (id, _) = signature::split(id);
        let id = if id.is_empty() { "call" } else { id };
        unique(allowed(id), &mut self.taken, allowed)
    }
}

/// An id in the alphabet Anthropic allows.
pub(in crate::provider) fn cleaned_id(id: &str) -> String {
    id.chars().map(allowed_or_underscore).collect()
}

fn unique(wanted: String, taken: &mut BTreeSet<String>, allowed: fn(&str) -> String) -> String {
    let numbered = (2_u32..).map(|number| allowed(&format!("{wanted}_{number}")));
    let free = core::iter::once(wanted.clone())
        .chain(numbered)
        .find(|name| !taken.contains(name));
    let name = free.unwrap_or(wanted);
    taken.insert(name.clone());
    name
}

fn is_name(name: &str, longest: usize) -> bool {
    (1..=longest).contains(&name.len()) && name.chars().all(is_allowed)
}

/// Room is left for a number that makes it unique.
fn cleaned(name: &str, longest: usize) -> String {
    let name: String = name
        .chars()
        .map(allowed_or_underscore)
        .take(longest.saturating_sub(4))
        .collect();
    if name.is_empty() {
        "tool".to_owned()
    } else {
        name
    }
}

fn allowed_or_underscore(c: char) -> char {
    if is_allowed(c) { c } else { '_' }
}

const fn is_no_start(c: char) -> bool {
    c.is_ascii_digit() || c == '-'
}

const fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&'static str]) -> Names {
        Names::new(list.iter().map(|name| Cow::Borrowed(*name)))
    }

    #[test]
    fn a_changed_name_never_takes_another_tools() {
        let names = names(&["foo/bar", "foo_bar", "foo bar"]);
        assert_eq!(names.sent("foo/bar".into()), "foo_bar_2");
        assert_eq!(names.sent("foo bar".into()), "foo_bar_3");
        assert_eq!(names.sent("foo_bar".into()), "foo_bar");
    }

    #[test]
    fn only_changed_names_have_a_way_back() {
        let renamed = names(&["foo/bar", "foo_bar"]).into_renamed();
        assert_eq!(renamed, [("foo_bar_2".to_owned(), "foo/bar".to_owned())]);
    }

    #[test]
    fn names_are_short_enough_even_when_numbered() {
        let long = "x".repeat(300);
        let other = format!("{long}y");
        let names = Names::new(
            [long.as_str(), other.as_str()]
                .into_iter()
                .map(Cow::Borrowed),
        );
        let sent = [
            names.sent(long.as_str().into()),
            names.sent(other.as_str().into()),
        ];
        assert!(sent.iter().all(|name| name.len() <= 128) && sent[0] != sent[1]);
    }

    #[test]
    fn ids_are_cleaned_and_unique() {
        let mut ids = Ids::default();
        assert_eq!(ids.give("functions.add:0", cleaned_id), "functions_add_0");
        assert_eq!(ids.give("functions:add.0", cleaned_id), "functions_add_0_2");
        assert_eq!(ids.give("call_1__thought__Q2lRQg==", cleaned_id), "call_1");
        assert_eq!(ids.give("", cleaned_id), "call");
    }
}
