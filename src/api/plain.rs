//! Formats of OpenAI's whose requests are JSON with a model and whose answers only a vendor of the same format can give.

use super::chat::{self, chunks::Chunks};
use super::{ClientFormat, Voice, Wish};
use crate::canonical::asked::{Asked, Line};
use crate::canonical::error::ApiError;

/// Embeddings, moderations, images and the like.
pub static PLAIN: Plain = Plain;

/// Embeddings, moderations, images and the like.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl ClientFormat for Plain {
    fn read<'a>(&self, body: &'a [u8], line: &'a Line) -> Result<Asked<'a>, ApiError> {
        chat::outline(body, line)
    }

    fn voice(&self, _asked: &Asked<'_>, wish: &Wish<'_>) -> Box<dyn Voice> {
        Box::new(Chunks::new(
            wish.id.to_owned(),
            wish.created,
            wish.model,
            false,
        ))
    }
}
