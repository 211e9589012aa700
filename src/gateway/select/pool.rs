//! The deployments of a group that are left: not listed before the first one drops out.

use crate::config::plan::Group;

/// Some of a group's deployments.
#[derive(Clone, Debug)]
pub(super) struct Pool<'a> {
    group: &'a Group,
    /// Places in the group, ascending; `None` is all.
    left: Option<Vec<usize>>,
}

impl<'a> Pool<'a> {
    /// All of a group's.
    pub const fn of(group: &'a Group) -> Self {
        Self { group, left: None }
    }

    pub const fn group(&self) -> &'a Group {
        self.group
    }

    pub fn len(&self) -> usize {
        let all = self.group.deployments.len();
        self.left.as_ref().map_or(all, Vec::len)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The `nth` deployment that is left.
    pub fn deployment(&self, nth: usize) -> Option<usize> {
        self.group.deployments.get(self.place(nth)?).copied()
    }

    /// Which of those that are left is at that place of the group; `None` if it is not left.
    pub fn nth_of(&self, place: usize) -> Option<usize> {
        match &self.left {
            Some(left) => left.binary_search(&place).ok(),
            None => Some(place),
        }
    }

    /// All that are left.
    pub fn deployments(&self) -> impl Iterator<Item = usize> {
        (0..self.len()).filter_map(|nth| self.deployment(nth))
    }

    /// The group's weights of all that are left; `None` when that is all of the group.
    pub fn weights(&self) -> Option<Vec<f64>> {
        let left = self.left.as_ref()?;
        let weight = |place: &usize| self.group.weights.get(*place).copied().unwrap_or_default();
        Some(left.iter().map(weight).collect())
    }

    /// The weight of the `nth` that is left.
    pub fn weight(&self, nth: usize) -> f64 {
        let weight = self
            .place(nth)
            .and_then(|place| self.group.weights.get(place));
        weight.copied().unwrap_or_default()
    }

    /// Keeps those that `keep` says, which is asked once about each.
    pub fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        let stays = |nth: &usize| self.deployment(*nth).is_some_and(&keep);
        let Some(first) = (0..self.len()).find(|nth| !stays(nth)) else {
            return;
        };
        let later = (first.saturating_add(1)..self.len()).filter(stays);
        let left = (0..first).chain(later);
        self.left = Some(left.filter_map(|nth| self.place(nth)).collect());
    }

    /// Takes those with the lowest key out; `None` when nothing is left.
    pub fn split_lowest<K: Ord>(&mut self, key: impl Fn(usize) -> K) -> Option<Self> {
        let lowest = self.deployments().map(&key).min()?;
        let mut first = self.clone();
        first.retain(|deployment| key(deployment) == lowest);
        self.retain(|deployment| key(deployment) != lowest);
        Some(first)
    }

    fn place(&self, nth: usize) -> Option<usize> {
        match &self.left {
            Some(left) => left.get(nth).copied(),
            None => Some(nth),
        }
    }
}
