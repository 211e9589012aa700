//! What an answer cites: OpenAI's annotations, or a list beside the choices that says where but not for what.

use super::Each;
use super::outline::{Outline, number};
use crate::canonical::answer::Citation;
use crate::canonical::piece::Piece;
use crate::wire::json::{Fault, Reader, Text};

/// The list beside the choices, which streams repeat with every chunk.
#[derive(Debug, Default)]
pub(super) struct Sources {
    annotated: bool,
    list: Vec<u8>,
}

impl Sources {
    /// Keeps the list; one with titles is worth more than one without.
    pub fn note(&mut self, outline: &Outline<'_>) {
        if let Some(list) = outline.results.or(outline.citations)
            && list != self.list
        {
            self.list = list.to_vec();
        }
    }

    /// Reads `annotations`.
    pub fn annotations(&mut self, json: Option<&[u8]>, each: Each<'_>) {
        let Some(json) = json else { return };
        let _ = Reader::new(json).array(|reader, _| {
            let mut citation = None;
            reader.optional_object(|reader, key| {
                if key.is("url_citation") {
                    citation = read(reader)?;
                    return Ok(());
                }
                reader.ignore()
            })?;
            if let Some(citation) = citation {
                self.annotated = true;
                each(Piece::Citation(citation));
            }
            Ok(())
        });
    }

    /// Tells the list, unless the vendor has annotated the text itself.
    pub fn close(&mut self, each: Each<'_>) {
        let list = core::mem::take(&mut self.list);
        if self.annotated || list.is_empty() {
            return;
        }
        let _ = Reader::new(&list).array(|reader, _| {
            if let Some(citation) = read(reader)? {
                each(Piece::Citation(citation));
            }
            Ok(())
        });
    }
}

/// Reads a source: an object, or an address alone. `None` without an address.
fn read(reader: &mut Reader<'_>) -> Result<Option<Citation>, Fault> {
    let mut citation = Citation {
        end: 0,
        start: 0,
        title: String::new(),
        url: String::new(),
    };
    if reader.peek() == Some(b'"') {
        citation.url = owned(Some(reader.string()?));
    } else {
        reader.optional_object(|reader, key| {
            match key.raw() {
                b"end_index" => citation.end = place(reader.skip()?),
                b"start_index" => citation.start = place(reader.skip()?),
                b"title" => citation.title = owned(reader.optional_string()?),
                b"url" => citation.url = owned(reader.optional_string()?),
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
    }
    Ok((!citation.url.is_empty()).then_some(citation))
}

fn place(value: &[u8]) -> usize {
    let number = number(value).unwrap_or_default();
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn owned(text: Option<Text<'_>>) -> String {
    text.map_or_else(String::new, |text| text.decode().into_owned())
}
