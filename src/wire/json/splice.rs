//! Edits to a JSON object that leave every other byte as it was.

use core::ops::Range;

use super::members::{Member, Members};
use super::text::{push_string, quote};

/// Edits to one object's members, collected and then applied in one pass.
#[derive(Debug)]
pub struct Splice<'m, 'a> {
    json: &'a [u8],
    members: &'m Members<'a>,
    cuts: Vec<(Range<usize>, Vec<u8>)>,
    removed: Vec<Range<usize>>,
    added: Vec<u8>,
}

impl<'m, 'a> Splice<'m, 'a> {
    /// Edits to `json`, whose members are `members`.
    #[must_use]
    pub const fn new(json: &'a [u8], members: &'m Members<'a>) -> Self {
        Self {
            json,
            members,
            cuts: Vec::new(),
            removed: Vec::new(),
            added: Vec::new(),
        }
    }

    /// Gives the member another value, JSON text.
    pub fn replace(&mut self, member: &Member<'_>, value: Vec<u8>) {
        self.cuts.push((member.place.clone(), value));
    }

    /// Gives a part of the member's value, at `place` within it, another text.
    pub fn replace_within(&mut self, member: &Member<'_>, place: Range<usize>, text: Vec<u8>) {
        let from = member.place.start;
        self.cuts.push((
            from.saturating_add(place.start)..from.saturating_add(place.end),
            text,
        ));
    }

    /// Gives the member another name.
    pub fn rename(&mut self, member: &Member<'_>, name: &str) {
        let start = member.whole.start;
        let end = start
            .saturating_add(member.key.raw().len())
            .saturating_add(2);
        self.cuts.push((start..end, quote(name)));
    }

    /// Removes the member and the comma that goes with it.
    pub fn remove(&mut self, member: &Member<'_>) {
        self.removed.push(member.whole.clone());
    }

    /// Adds a member in front of all others; `value` is JSON text.
    pub fn add(&mut self, name: &str, value: &[u8]) {
        if !self.added.is_empty() {
            self.added.push(b',');
        }
        push_string(&mut self.added, name);
        self.added.push(b':');
        self.added.extend_from_slice(value);
    }

    /// The edited text; `None` when nothing was edited.
    #[must_use]
    pub fn apply(mut self) -> Option<Vec<u8>> {
        self.cut_removed();
        self.insert_added();
        if self.cuts.is_empty() {
            return None;
        }
        // What is added where a removed member stood goes first, or the member would come back.
        self.cuts.sort_by_key(|(place, _)| (place.start, place.end));
        let grown: usize = self.cuts.iter().map(|(_, text)| text.len()).sum();
        let mut out = Vec::with_capacity(self.json.len().saturating_add(grown));
        let mut at = 0;
        for (place, text) in &self.cuts {
            out.extend_from_slice(self.json.get(at..place.start).unwrap_or_default());
            out.extend_from_slice(text);
            at = place.end;
        }
        out.extend_from_slice(self.json.get(at..).unwrap_or_default());
        Some(out)
    }

    /// Turns removals into cuts: a member goes with the comma behind it, and those behind the last
    /// one that stays go with the comma in front of them.
    fn cut_removed(&mut self) {
        if self.removed.is_empty() {
            return;
        }
        let mut kept: Option<usize> = None;
        let mut pending: Option<Range<usize>> = None;
        for member in self.members.iter() {
            let place = &member.whole;
            if self.removed.contains(place) {
                let from = pending.take().map_or(place.start, |run| run.start);
                pending = Some(from..place.end);
                self.cuts
                    .retain(|(cut, _)| cut.end <= place.start || cut.start >= place.end);
            } else {
                if let Some(run) = pending.take() {
                    self.cuts.push((run.start..place.start, Vec::new()));
                }
                kept = Some(place.end);
            }
        }
        if let Some(run) = pending {
            self.cuts
                .push((kept.unwrap_or(run.start)..run.end, Vec::new()));
        }
    }

    fn insert_added(&mut self) {
        if self.added.is_empty() {
            return;
        }
        let mut text = core::mem::take(&mut self.added);
        if self
            .members
            .iter()
            .any(|member| !self.removed.contains(&member.whole))
        {
            text.push(b',');
        }
        let start = memchr::memchr(b'{', self.json).map_or(0, |at| at.saturating_add(1));
        self.cuts.push((start..start, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spliced(json: &str, edit: impl Fn(&mut Splice<'_, '_>, &Members<'_>)) -> Option<String> {
        let members = Members::read(json.as_bytes()).unwrap();
        let mut splice = Splice::new(json.as_bytes(), &members);
        edit(&mut splice, &members);
        splice
            .apply()
            .map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn bytes_that_are_not_edited_stay_as_they_are() {
        let out = spliced(
            "{ \"b\": 1.10,\"model\" : \"x\" ,\"z\":[ ]}",
            |splice, members| {
                splice.replace(members.get("model").unwrap(), b"\"longer\"".to_vec());
                splice.add("s", b"{}");
            },
        );
        assert_eq!(
            out.unwrap(),
            "{\"s\":{}, \"b\": 1.10,\"model\" : \"longer\" ,\"z\":[ ]}"
        );
    }

    #[test]
    fn any_set_of_removals_leaves_valid_json_with_the_other_members() {
        let spaced = "{ \"a\":1 , \"b\" : 2,\"c\":3 , \"d\":4 }";
        let compact = "{\"a\":1,\"b\":2,\"c\":3,\"d\":4}";
        for set in 0..16u32 {
            for (json, added) in [
                (spaced, false),
                (spaced, true),
                (compact, false),
                (compact, true),
            ] {
                let out = spliced(json, |splice, members| {
                    for (index, member) in members.iter().enumerate() {
                        if set & (1 << index) != 0 {
                            splice.remove(member);
                        }
                    }
                    if added {
                        splice.add("x", b"0");
                    }
                });
                let expected: serde_json::Map<_, _> =
                    [("x", 0), ("a", 1), ("b", 2), ("c", 3), ("d", 4)]
                        .iter()
                        .enumerate()
                        .filter(|(at, _)| {
                            if *at == 0 {
                                added
                            } else {
                                set & (1 << (at - 1)) == 0
                            }
                        })
                        .map(|(_, (key, value))| {
                            ((*key).to_owned(), serde_json::Value::from(*value))
                        })
                        .collect();
                let out = out.unwrap_or_else(|| json.to_owned());
                assert_eq!(
                    serde_json::from_str::<serde_json::Value>(&out).unwrap(),
                    serde_json::Value::Object(expected),
                    "{out}"
                );
            }
        }
    }

    #[test]
    fn no_edit_means_no_copy() {
        assert_eq!(spliced("{}", |_, _| ()), None);
    }
}
