//! Calls and results brought together: Google wants exactly one result for each call, all of them right behind the calls.

use super::contents::{Turn, Who};
use super::models::Abilities;
use super::part::{Answered, Part, What};

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// The id sent.
    pub id: String,
    /// The tool's name as it is sent.
    pub name: String,
    /// The client's id, by which its result is known.
    pub theirs: String,
}

/// The turns with every call answered, in the order of the calls. Calls without a result are answered for the client;
/// results without a call become text.
pub(super) fn paired<'a>(turns: Vec<Turn<'a>>, abilities: &Abilities) -> Vec<Turn<'a>> {
    let mut pairing = Pairing {
        done: Vec::with_capacity(turns.len()),
        open: Vec::new(),
        said: Vec::new(),
        shows: abilities.results_show(),
    };
    for turn in turns {
        match turn.who {
            Who::Model => {
                pairing.close();
                pairing.open = turn.calls.iter().map(|made| (made.clone(), None)).collect();
                pairing.done.push(turn);
            }
            Who::Tools => turn.parts.into_iter().for_each(|part| pairing.answer(part)),
            Who::User => pairing.said.extend(turn.parts),
        }
    }
    pairing.close();
    pairing.done
}

struct Pairing<'a> {
    done: Vec<Turn<'a>>,
    /// The calls of the last model's turn, and their results so far.
    open: Vec<(Made, Option<Answered<'a>>)>,
    /// What the user said since.
    said: Vec<Part<'a>>,
    /// Whether a result may show something.
    shows: bool,
}

impl<'a> Pairing<'a> {
    fn answer(&mut self, part: Part<'a>) {
        let What::Result(mut answered) = part.what else {
            self.said.push(part);
            return;
        };
        if !self.shows {
            self.said.append(&mut answered.shown);
        }
        let waiting = self
            .open
            .iter_mut()
            .find(|(made, result)| result.is_none() && made.theirs == answered.id);
        match waiting {
            Some((_, result)) => *result = Some(answered),
            None => {
                let text = format!("Tool result ({}): {}", answered.id, answered.text);
                self.said.push(Part::ours(text));
                self.said.append(&mut answered.shown);
            }
        }
    }

    fn close(&mut self) {
        let results: Vec<_> = self.open.drain(..).map(result).collect();
        self.push(Who::Tools, results);
        let said = core::mem::take(&mut self.said);
        self.push(Who::User, said);
    }

    fn push(&mut self, who: Who, parts: Vec<Part<'a>>) {
        if !parts.is_empty() {
            self.done.push(Turn {
                calls: Vec::new(),
                parts,
                who,
            });
        }
    }
}

fn result<'a>((made, answered): (Made, Option<Answered<'a>>)) -> Part<'a> {
    let answered = answered.unwrap_or_else(|| Answered {
        id: String::new(),
        is_error: true,
        name: String::new(),
        shown: Vec::new(),
        text: "[no result]".into(),
    });
    Part::new(What::Result(Answered {
        id: made.id,
        name: made.name,
        ..answered
    }))
}
