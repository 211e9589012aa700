//! Answers whose reasoning stands in their text, told apart while they are read.

use super::Decode;
use crate::canonical::answer::Completion;
use crate::canonical::error::ApiError;
use crate::canonical::piece::Piece;
use crate::canonical::think::{Tag, ThinkTags};

/// A reader that takes the reasoning out of the text that `inner` reads.
#[must_use]
pub fn tagged(inner: Box<dyn Decode>, tag: Tag) -> Box<dyn Decode> {
    Box::new(Tagged {
        inner,
        tags: ThinkTags::of(tag),
    })
}

#[derive(Debug)]
struct Tagged {
    inner: Box<dyn Decode>,
    tags: ThinkTags,
}

impl Decode for Tagged {
    fn whole(&mut self, body: &[u8]) -> Result<Completion, ApiError> {
        let mut completion = self.inner.whole(body)?;
        self.tags.clone().split(&mut completion);
        Ok(completion)
    }

    fn stream(&mut self, bytes: &[u8], last: bool, each: &mut dyn FnMut(Piece<'_>)) {
        let Self { inner, tags } = self;
        inner.stream(bytes, last, &mut |piece| tags.push(piece, each));
    }
}
