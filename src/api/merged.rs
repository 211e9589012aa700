//! Reasoning told as content, between the tags that clients without a place for it look for.

use super::Voice;
use crate::canonical::answer::Completion;
use crate::canonical::piece::Piece;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// A voice that tells reasoning as content.
#[derive(Debug)]
pub struct Merged {
    state: State,
    voice: Box<dyn Voice>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing but content so far.
    Plain,
    /// Inside the tags.
    Thinking,
}

impl Merged {
    /// The voice with reasoning in its content.
    #[must_use]
    pub fn new(voice: Box<dyn Voice>) -> Self {
        Self {
            state: State::Plain,
            voice,
        }
    }

    fn tag(&mut self, to: State, out: &mut Vec<u8>) {
        if self.state != to {
            self.state = to;
            let tag = if to == State::Thinking { OPEN } else { CLOSE };
            self.voice.push(&Piece::Content(tag), out);
        }
    }
}

impl Voice for Merged {
    fn whole(&mut self, completion: &Completion) -> Vec<u8> {
        let Some(reasoning) = &completion.reasoning else {
            return self.voice.whole(completion);
        };
        let content = completion.content.as_deref().unwrap_or_default();
        let merged = Completion {
            content: Some([OPEN, reasoning, CLOSE, content].concat()),
            reasoning: None,
            ..completion.clone()
        };
        self.voice.whole(&merged)
    }

    fn push(&mut self, piece: &Piece<'_>, out: &mut Vec<u8>) {
        match piece {
            Piece::Content("") | Piece::Reasoning("") => {}
            Piece::Reasoning(text) => {
                self.tag(State::Thinking, out);
                self.voice.push(&Piece::Content(text), out);
            }
            Piece::Citation(_)
            | Piece::Content(_)
            | Piece::End
            | Piece::Finish(_)
            | Piece::Refusal(_)
            | Piece::ToolArguments { .. }
            | Piece::ToolStart { .. } => {
                self.tag(State::Plain, out);
                self.voice.push(piece, out);
            }
            Piece::Failed(_) | Piece::Start { .. } | Piece::Thinking(_) | Piece::Usage(_) => {
                self.voice.push(piece, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says content and what has ended, and nothing else.
    #[derive(Debug)]
    struct Plain;

    impl Voice for Plain {
        fn whole(&mut self, completion: &Completion) -> Vec<u8> {
            format!("{:?} {:?}", completion.reasoning, completion.content).into_bytes()
        }

        fn push(&mut self, piece: &Piece<'_>, out: &mut Vec<u8>) {
            match piece {
                Piece::Content(text) => out.extend_from_slice(text.as_bytes()),
                Piece::End => out.extend_from_slice(b"."),
                Piece::Reasoning(_) => out.extend_from_slice(b"?"),
                _ => {}
            }
        }
    }

    fn told(pieces: &[Piece<'_>]) -> String {
        let (mut merged, mut out) = (Merged::new(Box::new(Plain)), Vec::new());
        pieces.iter().for_each(|piece| merged.push(piece, &mut out));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn reasoning_stands_between_tags_which_are_always_closed() {
        let think = [Piece::Reasoning("h"), Piece::Reasoning("m")];
        let [one, two] = think;
        assert_eq!(
            told(&[
                one.clone(),
                two,
                Piece::Content("a"),
                Piece::Content("b"),
                Piece::End
            ]),
            "<think>hm</think>ab."
        );
        assert_eq!(told(&[one, Piece::End]), "<think>h</think>.");
        assert_eq!(told(&[Piece::Content("a"), Piece::End]), "a.");
    }

    #[test]
    fn a_complete_answer_is_merged_alike() {
        let completion = Completion {
            content: Some("a".to_owned()),
            reasoning: Some("h".to_owned()),
            ..Completion::default()
        };
        let mut merged = Merged::new(Box::new(Plain));
        assert_eq!(
            merged.whole(&completion),
            b"None Some(\"<think>h</think>a\")"
        );
        let plain = Completion::default();
        assert_eq!(merged.whole(&plain), b"None None");
    }
}
