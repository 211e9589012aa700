//! `POST /v1/audio/transcriptions`: a form with a file in it, of which only the model's name is read.

use std::borrow::Cow;

use super::plain::PLAIN;
use super::{ClientFormat, Voice, Wish, chat};
use crate::canonical::asked::{Asked, Line};
use crate::canonical::error::{ApiError, Class};
use crate::wire::json::Members;
use crate::wire::multipart::{Search, boundary, find};

/// OpenAI's transcriptions.
pub static TRANSCRIPTIONS: Transcriptions = Transcriptions;

/// OpenAI's transcriptions.
#[derive(Clone, Copy, Debug)]
pub struct Transcriptions;

impl ClientFormat for Transcriptions {
    /// Reads a form, whole or as far as the model's name and beyond.
    fn read<'a>(&self, body: &'a [u8], line: &'a Line) -> Result<Asked<'a>, ApiError> {
        let boundary = line.headers.get("content-type").and_then(boundary);
        let boundary = boundary.ok_or_else(|| {
            let words = "the body of a transcription must be a form: 'multipart/form-data'";
            ApiError::new(400, Class::BadRequest, words)
        })?;
        let said = |name| field(body, boundary, name);
        let model = match (&line.model, said("model")) {
            (Some(model), _) => Cow::Borrowed(model.as_str()),
            (None, Some(model)) => Cow::Owned(model),
            (None, None) => return Err(chat::missing("model")),
        };
        Ok(Asked {
            format: line.format,
            body,
            members: Members::default(),
            model,
            stream: said("stream").is_some_and(|stream| stream.eq_ignore_ascii_case("true")),
            include_usage: false,
            path: &line.path,
            method: &line.method,
            headers: &line.headers,
        })
    }

    fn voice(&self, asked: &Asked<'_>, wish: &Wish<'_>) -> Box<dyn Voice> {
        PLAIN.voice(asked, wish)
    }
}

/// The text of a field, if the form has it as far as it is there.
fn field(body: &[u8], boundary: &str, name: &str) -> Option<String> {
    let Search::Found(place) = find(body, boundary, name) else {
        return None;
    };
    let text = core::str::from_utf8(body.get(place)?).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::format::Format;

    fn line(media: &str) -> Line {
        let mut line = Line::of(Format::Transcriptions);
        line.headers.push("content-type", media);
        line
    }

    const FORM: &str = "--x\r\ncontent-disposition: form-data; name=\"stream\"\r\n\r\nTrue\r\n\
        --x\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nwhisper\r\n--x";

    #[test]
    fn a_form_is_read_as_far_as_it_is_there() {
        let line = line("multipart/form-data; boundary=x");
        let asked = TRANSCRIPTIONS.read(FORM.as_bytes(), &line).unwrap();
        assert_eq!((&*asked.model, asked.stream), ("whisper", true));
    }

    #[test]
    fn a_body_that_is_no_form_or_names_no_model_is_refused() {
        for (media, body) in [
            ("application/json", "{}"),
            ("multipart/form-data; boundary=x", "--x--\r\n"),
        ] {
            let line = line(media);
            let error = TRANSCRIPTIONS.read(body.as_bytes(), &line).unwrap_err();
            assert_eq!(error.status, 400, "{media}");
        }
    }
}
