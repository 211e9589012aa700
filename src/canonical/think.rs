//! Reasoning that a server without a parser for it leaves in the text: `<think>…</think>` in front of the answer.

use super::answer::Completion;
use super::piece::Piece;

const OPENS: &str = "<think>";
const CLOSES: &str = "</think>";

/// Where the tag stands that opens a model's reasoning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// In the answer.
    Answer,
    /// At the end of the prompt, so that the answer only has the one that closes.
    Prompt,
}

/// Tells reasoning and text apart, in a stream that may be cut anywhere or in a complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThinkTags {
    /// What cannot be told yet: the beginning of a tag, or of something else.
    held: String,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The reasoning is over: line ends that follow are part of the tag.
    Closed,
    /// Nothing but white space has been said.
    Start,
    /// The answer.
    Text,
    /// The reasoning.
    Thinking,
}

impl ThinkTags {
    /// For a model whose tag stands there.
    #[must_use]
    pub const fn of(tag: Tag) -> Self {
        Self {
            held: String::new(),
            state: match tag {
                Tag::Answer => State::Start,
                Tag::Prompt => State::Thinking,
            },
        }
    }

    /// Hands on a piece of a stream, its text told apart.
    pub fn push(&mut self, piece: Piece<'_>, each: &mut dyn FnMut(Piece<'_>)) {
        match piece {
            Piece::Content(text) => self.read(text, each),
            // These say nothing of where text ends.
            Piece::Citation(_) | Piece::Start { .. } | Piece::Usage(_) => each(piece),
            Piece::End
            | Piece::Failed(_)
            | Piece::Finish(_)
            | Piece::Reasoning(_)
            | Piece::Refusal(_)
            | Piece::Thinking(_)
            | Piece::ToolArguments { .. }
            | Piece::ToolStart { .. } => {
                self.flush(each);
                each(piece);
            }
        }
    }

    /// Takes the reasoning out of the text of a complete answer.
    pub fn split(mut self, completion: &mut Completion) {
        let Some(content) = completion.content.take() else {
            return;
        };
        let (mut text, mut reasoning) = (String::new(), String::new());
        let mut each = |piece: Piece<'_>| match piece {
            Piece::Content(part) => text.push_str(part),
            Piece::Reasoning(part) => reasoning.push_str(part),
            _ => {}
        };
        self.read(&content, &mut each);
        self.flush(&mut each);
        completion.content = (!text.is_empty()).then_some(text);
        if !reasoning.is_empty() {
            completion
                .reasoning
                .get_or_insert_default()
                .push_str(&reasoning);
        }
    }

    fn read(&mut self, text: &str, each: &mut dyn FnMut(Piece<'_>)) {
        if self.state == State::Text {
            return say(text, each);
        }
        self.held.push_str(text);
        while self.step(each) {}
    }

    /// Tells what can be told of what is held; whether there may be more of it.
    fn step(&mut self, each: &mut dyn FnMut(Piece<'_>)) -> bool {
        match self.state {
            State::Closed => {
                let rest = self.held.trim_start_matches(['\n', '\r']).to_owned();
                if !rest.is_empty() {
                    self.state = State::Text;
                }
                self.held = rest;
                self.state == State::Text
            }
            State::Start => {
                let said = self.held.trim_start();
                if let Some(rest) = said.strip_prefix(OPENS) {
                    self.state = State::Thinking;
                    self.held = rest.to_owned();
                    return true;
                }
                if OPENS.starts_with(said) {
                    return false;
                }
                self.state = State::Text;
                true
            }
            State::Text => {
                say(&core::mem::take(&mut self.held), each);
                false
            }
            State::Thinking => self.think(each),
        }
    }

    fn think(&mut self, each: &mut dyn FnMut(Piece<'_>)) -> bool {
        let held = core::mem::take(&mut self.held);
        if let Some((thought, rest)) = held.split_once(CLOSES) {
            self.state = State::Closed;
            self.held = rest.to_owned();
            reason(thought, each);
            return true;
        }
        // The longest end that may be the beginning of the tag is held back.
        let starts = held.char_indices().map(|(at, _)| at);
        let tail = starts
            .filter_map(|at| held.split_at_checked(at))
            .find(|(_, tail)| CLOSES.starts_with(tail));
        let (thought, tail) = tail.unwrap_or((&held, ""));
        reason(thought, each);
        self.held = tail.to_owned();
        false
    }

    /// Nothing of what is held becomes a tag any more.
    fn flush(&mut self, each: &mut dyn FnMut(Piece<'_>)) {
        let held = core::mem::take(&mut self.held);
        match self.state {
            State::Start | State::Text => say(&held, each),
            State::Thinking => reason(&held, each),
            State::Closed => {}
        }
    }
}

fn say(text: &str, each: &mut dyn FnMut(Piece<'_>)) {
    if !text.is_empty() {
        each(Piece::Content(text));
    }
}

fn reason(text: &str, each: &mut dyn FnMut(Piece<'_>)) {
    if !text.is_empty() {
        each(Piece::Reasoning(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::answer::FinishReason;

    /// Reasoning and text of an answer that comes in these parts.
    fn tell<'t>(mut tags: ThinkTags, parts: impl IntoIterator<Item = &'t str>) -> (String, String) {
        let (mut reasoning, mut text) = (String::new(), String::new());
        let mut each = |piece: Piece<'_>| match piece {
            Piece::Content(part) => text.push_str(part),
            Piece::Reasoning(part) => reasoning.push_str(part),
            _ => {}
        };
        for part in parts {
            tags.push(Piece::Content(part), &mut each);
        }
        tags.push(Piece::Finish(FinishReason::Stop), &mut each);
        (reasoning, text)
    }

    fn told(reasoning: &str, text: &str) -> (String, String) {
        (reasoning.to_owned(), text.to_owned())
    }

    #[test]
    fn reasoning_and_text_do_not_depend_on_where_they_are_cut() {
        for (whole, expected) in [
            (
                " \n<think>\nhm </thin x</think>\n\nYes <think>é</think>\n",
                told("\nhm </thin x", "Yes <think>é</think>\n"),
            ),
            ("<think></think>Yes", told("", "Yes")),
            (
                "<thinking>is</thinking>",
                told("", "<thinking>is</thinking>"),
            ),
            ("  Yes", told("", "  Yes")),
            ("<th", told("", "<th")),
            ("<think>é</thi", told("é</thi", "")),
            ("", told("", "")),
        ] {
            for at in (0..=whole.len()).filter(|at| whole.is_char_boundary(*at)) {
                let (head, tail) = whole.split_at(at);
                assert_eq!(
                    tell(ThinkTags::of(Tag::Answer), [head, tail]),
                    expected,
                    "{whole:?} at {at}"
                );
            }
            let single = whole
                .char_indices()
                .map(|(at, c)| &whole[at..at + c.len_utf8()]);
            assert_eq!(tell(ThinkTags::of(Tag::Answer), single), expected);
        }
    }

    #[test]
    fn a_model_that_was_told_to_think_only_says_when_it_is_done() {
        assert_eq!(
            tell(ThinkTags::of(Tag::Prompt), ["hm</th", "ink>\nYes"]),
            told("hm", "Yes")
        );
    }

    #[test]
    fn what_is_held_is_told_before_what_comes_next() {
        let mut seen = Vec::new();
        let mut tags = ThinkTags::of(Tag::Answer);
        let mut each = |piece: Piece<'_>| seen.push(format!("{piece:?}"));
        tags.push(Piece::Content("<th"), &mut each);
        tags.push(Piece::End, &mut each);
        assert_eq!(seen, ["Content(\"<th\")", "End"]);
    }

    #[test]
    fn a_complete_answer_is_split_the_same_way() {
        let mut completion = Completion {
            content: Some("<think>hm</think>\n\nYes".to_owned()),
            ..Completion::default()
        };
        ThinkTags::of(Tag::Answer).split(&mut completion);
        assert_eq!(completion.reasoning.as_deref(), Some("hm"));
        assert_eq!(completion.content.as_deref(), Some("Yes"));
    }
}
