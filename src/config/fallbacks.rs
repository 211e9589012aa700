//! Where requests go when a group has failed: LiteLLM's four lists, made into chains for every group.

use core::iter;
use std::collections::{HashMap, VecDeque};

use serde_json::{Map, Value};

use super::directory::Directory;
use super::environment::Text;
use super::faults::{Note, Trouble};
use super::kind::{self, Type};
use super::path::Path;
use super::section::Findings;
use super::settings::Sections;
use crate::policy::{Chains, Hop};

/// The key that stands for every group.
const ALL: &str = "*";

const DEFAULT: &str = "default_fallbacks";

/// A model to go on with, as the file has it.
struct Target {
    at: Path,
    name: Text,
}

/// What each group goes on with.
struct List<T> {
    /// What stands at `*`.
    all: Vec<T>,
    /// By the group's index.
    own: HashMap<usize, Vec<T>>,
    /// What stands at groups that have faults: their targets may have some, too.
    stray: Vec<T>,
}

impl<T> List<T> {
    fn new() -> List<T> {
        List {
            all: Vec::new(),
            own: HashMap::new(),
            stray: Vec::new(),
        }
    }
}

/// The lists as the file has them: their groups are known, their targets not looked up yet.
pub(super) struct Lists {
    content_policy: List<Target>,
    context_window: List<Target>,
    default: Vec<Target>,
    general: List<Target>,
}

impl Lists {
    /// Reads the lists.
    pub fn read(
        sections: &Sections<'_>,
        directory: &mut Directory,
        findings: &mut Findings<'_>,
    ) -> Lists {
        let mut list = |key| List::read(key, sections, directory, findings);
        let content_policy = list("content_policy_fallbacks");
        let context_window = list("context_window_fallbacks");
        let general = list("fallbacks");
        let section = sections.shared(DEFAULT, findings);
        let value = section.switched_on(DEFAULT);
        let default = value.map(|value| targets(value, &section.place(DEFAULT), findings));
        Lists {
            content_policy,
            context_window,
            default: default.unwrap_or_default(),
            general,
        }
    }

    /// Gives every group its chains. What requests for models nobody knows go on with is returned.
    pub fn apply(&self, directory: &mut Directory, findings: &mut Findings<'_>) -> Vec<Hop> {
        let content_policy = self.content_policy.hops(directory, findings);
        let context_window = self.context_window.hops(directory, findings);
        let general = self.general.hops(directory, findings);
        let default = hops(&self.default, None, directory, findings);
        directory.each(|index, base, group| {
            let own = Hop {
                group: index,
                model: group.name.clone(),
            };
            let listed = |list: &List<Hop>| -> Vec<Hop> {
                let lists = [Some(index), base].into_iter().flatten();
                let listed = lists.filter_map(|index| list.own.get(&index)).flatten();
                distinct(listed.filter(|hop| **hop != own))
            };
            let chain = |list: &List<Hop>, default: &[Hop]| {
                let listed = listed(list);
                let all = listed.iter().chain(&list.all).chain(default);
                distinct(all.filter(|hop| **hop != own))
            };
            let chained = chain(&general, &default);
            group.chains = Chains {
                content_policy: chain(&content_policy, &[]),
                context_window: chain(&context_window, &[]),
                defaults: chained.len().saturating_sub(listed(&general).len()),
                general: chained,
            };
        });
        default
    }
}

impl List<Target> {
    /// LiteLLM has a list of sections with one key each; one section with all keys is as clear.
    fn read(
        key: &str,
        sections: &Sections<'_>,
        directory: &mut Directory,
        findings: &mut Findings<'_>,
    ) -> List<Target> {
        let section = sections.shared(key, findings);
        let at = section.place(key);
        let mut reader = Reader {
            directory,
            findings,
            list: List::new(),
            seen: HashMap::new(),
        };
        match section.switched_on(key) {
            None => {}
            Some(Value::Array(entries)) => {
                for (index, entry) in entries.iter().enumerate() {
                    match entry {
                        Value::Object(members) => reader.members(members, &at.index(index)),
                        other => reader
                            .findings
                            .fault(at.index(index), Type::Section.but(other)),
                    }
                }
            }
            Some(Value::Object(members)) => reader.members(members, &at),
            Some(other) => reader.findings.fault(at, Type::List.but(other)),
        }
        reader.list
    }

    fn hops(&self, directory: &Directory, findings: &mut Findings<'_>) -> List<Hop> {
        let all = hops(&self.all, None, directory, findings);
        let stray = hops(&self.stray, None, directory, findings);
        // In the order of the file, or warnings would come in another one each time.
        let mut own: Vec<_> = self.own.iter().collect();
        own.sort_by_key(|(group, _)| **group);
        let looked_up = own.iter().map(|(group, targets)| {
            let hops = hops(targets, Some(**group), directory, findings);
            (**group, hops)
        });
        let looked_up: HashMap<usize, Vec<Hop>> = looked_up.collect();
        for (start, targets) in own {
            if let (Some(way), Some(first)) = (circle(*start, &looked_up), targets.first()) {
                let name = |index: &usize| Some(directory.groups().get(*index)?.name.clone());
                let names = way.iter().filter_map(name).collect();
                findings.warn(first.at.clone(), Note::Circle(names));
            }
        }
        List {
            own: looked_up,
            all,
            stray,
        }
    }
}

/// The shortest way from a group by its own fallbacks, theirs and so on back to it. A circle is found from the first of its
/// groups only.
fn circle(start: usize, own: &HashMap<usize, Vec<Hop>>) -> Option<Vec<usize>> {
    let mut from: HashMap<usize, usize> = HashMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(group) = next.pop_front() {
        for hop in own.get(&group).into_iter().flatten() {
            if hop.group == start && group != start {
                let back = iter::successors(Some(group), |group| from.get(group).copied());
                let mut way: Vec<usize> = back.collect();
                way.reverse();
                way.push(start);
                return Some(way);
            }
            if hop.group > start && !from.contains_key(&hop.group) {
                from.insert(hop.group, group);
                next.push_back(hop.group);
            }
        }
    }
    None
}

struct Reader<'r, 'a> {
    directory: &'r mut Directory,
    findings: &'r mut Findings<'a>,
    list: List<Target>,
    seen: HashMap<String, Path>,
}

impl Reader<'_, '_> {
    fn members(&mut self, members: &Map<String, Value>, at: &Path) {
        for (source, value) in members {
            let at = at.key(source);
            if let Some(first) = self.seen.insert(source.clone(), at.clone()) {
                self.findings.fault(at, Trouble::Duplicate { first });
                continue;
            }
            let targets = targets(value, &at, self.findings);
            if source == ALL {
                self.list.all.extend(targets);
                continue;
            }
            match self.directory.subject(&Text::literal(source)) {
                Err(trouble) => {
                    self.findings.fault(at, trouble);
                    self.list.stray.extend(targets);
                }
                Ok(None) => self.list.stray.extend(targets),
                Ok(Some(group)) => self.list.own.entry(group).or_default().extend(targets),
            }
        }
    }
}

/// A list of names; one name is as good as a list of one.
fn targets(value: &Value, at: &Path, findings: &mut Findings<'_>) -> Vec<Target> {
    let (one, many) = match value {
        Value::Array(items) => (None, items.as_slice()),
        Value::Null => (None, &[][..]),
        other => (Some(other), &[][..]),
    };
    let one = one.map(|value| (at.clone(), value));
    let many = many.iter().enumerate();
    let many = many.map(|(index, value)| (at.index(index), value));
    let mut targets = Vec::new();
    for (at, value) in one.into_iter().chain(many) {
        match kind::name(value, &findings.env) {
            Err(trouble) => findings.fault(at, trouble),
            Ok(name) => targets.push(Target { at, name }),
        }
    }
    targets
}

/// The targets that there are; `group` is the one that goes on with them, if it is only one.
fn hops(
    targets: &[Target],
    group: Option<usize>,
    directory: &Directory,
    findings: &mut Findings<'_>,
) -> Vec<Hop> {
    let mut hops = Vec::new();
    for target in targets {
        match directory.hop(&target.name) {
            Err(trouble) => findings.fault(target.at.clone(), trouble),
            Ok(None) => {}
            Ok(Some(hop)) => {
                let named = directory.groups().get(hop.group);
                let is_itself = named.is_some_and(|named| named.name == hop.model);
                if is_itself && Some(hop.group) == group {
                    findings.warn(target.at.clone(), Note::ToItself);
                }
                hops.push(hop);
            }
        }
    }
    hops
}

/// The hops, each at its first place only.
fn distinct<'h>(hops: impl Iterator<Item = &'h Hop>) -> Vec<Hop> {
    let mut kept: Vec<Hop> = Vec::new();
    for hop in hops {
        if !kept.contains(hop) {
            kept.push(hop.clone());
        }
    }
    kept
}
