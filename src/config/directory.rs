//! Which group a name in the file or in a request means, while the plan is being made.

use std::collections::{HashMap, HashSet};

use super::environment::Text;
use super::faults::Trouble;
use super::pattern::Pattern;
use super::plan::{Group, GroupName};
use super::schema;
use crate::policy::Hop;

/// The groups there are and their names.
pub(super) struct Directory {
    /// For a group that was made from one with a pattern, that one.
    bases: HashMap<usize, usize>,
    /// Names of groups that all have faults: told already, so that whoever refers to them need not be.
    broken: HashSet<String>,
    groups: Vec<Group>,
    names: HashMap<String, GroupName>,
    patterns: Vec<usize>,
}

impl Directory {
    /// A directory of these groups. `declared` are the names of all entries, those that could not be read included.
    pub fn new(groups: Vec<Group>, declared: HashSet<String>) -> Directory {
        let mut directory = Directory {
            bases: HashMap::new(),
            broken: declared,
            groups: Vec::new(),
            names: HashMap::new(),
            patterns: Vec::new(),
        };
        for group in groups {
            directory.add(group, false);
        }
        let known: HashSet<&str> = directory.groups.iter().map(|it| it.name.as_str()).collect();
        directory
            .broken
            .retain(|name| !known.contains(name.as_str()));
        directory.rank();
        directory
    }

    /// Adds a group under its name, or under its pattern if that is what its name is.
    pub fn add(&mut self, group: Group, hidden: bool) -> usize {
        let index = self.groups.len();
        if group.name.contains('*') {
            self.patterns.push(index);
        } else {
            let name = GroupName {
                group: index,
                hidden,
            };
            self.names.insert(group.name.clone(), name);
        }
        self.groups.push(group);
        index
    }

    /// Most specific first; in the order of the file where they are alike.
    fn rank(&mut self) {
        let groups = &self.groups;
        let rank = |index: &usize| Some(groups.get(*index)?.pattern.as_ref()?.rank());
        self.patterns.sort_by_key(rank);
    }

    /// Gives a group another name.
    pub fn alias(&mut self, name: &str, group: usize, hidden: bool) {
        self.names
            .insert(name.to_owned(), GroupName { group, hidden });
    }

    /// Notes a name whose group could not be made.
    pub fn add_broken(&mut self, name: String) {
        self.broken.insert(name);
    }

    /// Whether a group or alias has exactly this name, a faulty one included.
    pub fn is_taken(&self, name: &str) -> bool {
        self.exact(name).is_some() || self.broken.contains(name)
    }

    /// The groups so far.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group that something is said about. A name that only a pattern matches becomes a group of its own, so that what is
    /// said of it does not hold for the others. `None` when the group has faults that were told already.
    pub fn subject(&mut self, name: &Text) -> Result<Option<usize>, Trouble> {
        if let Some(index) = self.exact(&name.value) {
            return Ok(Some(index));
        }
        match self.matching(&name.value) {
            Some(base) if !name.value.contains('*') => Ok(self.split_off(base, &name.value)),
            _ if self.is_excused(&name.value) => Ok(None),
            _ => Err(self.unknown(name)),
        }
    }

    /// Where a request goes on. `None` when the group has faults that were told already.
    pub fn hop(&self, name: &Text) -> Result<Option<Hop>, Trouble> {
        if name.value.contains('*') {
            return Err(Trouble::PatternTarget(name.written.clone()));
        }
        let named = self.names.get(&name.value).map(|named| named.group);
        if let Some((group, found)) = named.and_then(|index| Some((index, self.groups.get(index)?)))
        {
            let model = found.name.clone();
            return Ok(Some(Hop { group, model }));
        }
        match self.matching(&name.value) {
            Some(group) => Ok(Some(Hop {
                group,
                model: name.value.clone(),
            })),
            None if self.is_excused(&name.value) => Ok(None),
            None => Err(self.unknown(name)),
        }
    }

    /// Changes every group. The function is told the group's index, and that of the one it was made from, if any.
    pub fn each(&mut self, mut change: impl FnMut(usize, Option<usize>, &mut Group)) {
        for (index, group) in self.groups.iter_mut().enumerate() {
            change(index, self.bases.get(&index).copied(), group);
        }
    }

    /// The groups, their names, and those with patterns in the order in which they are tried.
    pub fn into_parts(self) -> (Vec<Group>, HashMap<String, GroupName>, Vec<usize>) {
        (self.groups, self.names, self.patterns)
    }

    fn exact(&self, name: &str) -> Option<usize> {
        let is_it = |index: &&usize| {
            let group = self.groups.get(**index);
            group.is_some_and(|group| group.name == name)
        };
        let pattern = || self.patterns.iter().find(is_it).copied();
        let named = self.names.get(name).map(|named| named.group);
        named.or_else(pattern)
    }

    fn matching(&self, name: &str) -> Option<usize> {
        let matches = |index: &&usize| {
            let group = self.groups.get(**index);
            let pattern = group.and_then(|group| group.pattern.as_ref());
            pattern.is_some_and(|pattern| pattern.captures(name).is_some())
        };
        self.patterns.iter().find(matches).copied()
    }

    fn split_off(&mut self, base: usize, name: &str) -> Option<usize> {
        let group = Group {
            name: name.to_owned(),
            ..self.groups.get(base)?.clone()
        };
        let index = self.add(group, true);
        self.bases.insert(index, base);
        Some(index)
    }

    fn is_excused(&self, name: &str) -> bool {
        let matches = |broken: &String| {
            Pattern::parse(broken).is_some_and(|pattern| pattern.captures(name).is_some())
        };
        self.broken.contains(name) || self.broken.iter().any(matches)
    }

    fn unknown(&self, name: &Text) -> Trouble {
        let mut known: Vec<&str> = self.names.keys().map(String::as_str).collect();
        known.extend(self.broken.iter().map(String::as_str));
        known.extend(self.patterns.iter().filter_map(|index| {
            let group = self.groups.get(*index)?;
            Some(group.name.as_str())
        }));
        known.sort_unstable();
        Trouble::NoGroup {
            name: name.written.clone(),
            nearest: schema::nearest(&name.written, known.into_iter()).map(str::to_owned),
        }
    }
}
