//! What is shown to a model: Converse wants to be told whether it is an image, a document, a film or a sound, and in which format.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::canonical::error::ApiError;
use crate::provider::anthropic::block::{Block, What};
use crate::provider::anthropic::dialect::Dialect;
use crate::provider::anthropic::fault::{Place, bad_request, invalid};
use crate::provider::anthropic::media::{self, Source, unsupported};
use crate::provider::anthropic::message::Part;
use crate::provider::aws;
use crate::wire::json::{Reader, Text};

/// How conversations are worded for Converse.
pub(super) static CONVERSE: Dialect = USUAL;
/// The same for Claude, who neither watches nor listens.
pub(super) static CLAUDE: Dialect = Dialect {
    show: show_claude,
    ..USUAL
};
const USUAL: Dialect = Dialect {
    id,
    name: "bedrock",
    show,
    wraps: false,
};

/// A format: its media type, the member of Converse's block, and its name there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub media: &'static str,
    pub block: &'static str,
    pub name: &'static str,
}

const fn format(media: &'static str, block: &'static str, name: &'static str) -> Format {
    Format { media, block, name }
}

const FORMATS: [Format; 29] = [
    format("image/jpeg", IMAGE, "jpeg"),
    format("image/jpg", IMAGE, "jpeg"),
    format("image/png", IMAGE, "png"),
    format("image/gif", IMAGE, "gif"),
    format("image/webp", IMAGE, "webp"),
    format("application/pdf", DOCUMENT, "pdf"),
    format("text/plain", DOCUMENT, "txt"),
    format("text/csv", DOCUMENT, "csv"),
    format("text/html", DOCUMENT, "html"),
    format("text/markdown", DOCUMENT, "md"),
    format("application/msword", DOCUMENT, "doc"),
    format(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        DOCUMENT,
        "docx",
    ),
    format("application/vnd.ms-excel", DOCUMENT, "xls"),
    format(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        DOCUMENT,
        "xlsx",
    ),
    format("video/mp4", "video", "mp4"),
    format("video/quicktime", "video", "mov"),
    format("video/x-matroska", "video", "mkv"),
    format("video/webm", "video", "webm"),
    format("video/x-flv", "video", "flv"),
    format("video/mpeg", "video", "mpeg"),
    format("video/x-ms-wmv", "video", "wmv"),
    format("video/3gpp", "video", "three_gp"),
    format("audio/wav", "audio", "wav"),
    format("audio/x-wav", "audio", "wav"),
    format("audio/mpeg", "audio", "mp3"),
    format("audio/aac", "audio", "aac"),
    format("audio/flac", "audio", "flac"),
    format("audio/opus", "audio", "opus"),
    format("audio/ogg", "audio", "ogg"),
];
const IMAGE: &str = "image";
/// The member of a document.
pub(super) const DOCUMENT: &str = "document";

/// The format of that media type.
pub(super) fn of_media(kind: &str) -> Option<Format> {
    FORMATS.iter().copied().find(|format| format.media == kind)
}

/// The format that an address or a file's name ends in.
pub(super) fn of_name(name: &str) -> Option<Format> {
    let (_, end) = name.rsplit_once('.')?;
    let end = end.to_ascii_lowercase();
    let end = match end.as_str() {
        "3gp" => "three_gp",
        "htm" => "html",
        "jpg" => "jpeg",
        "mpg" => "mpeg",
        other => other,
    };
    FORMATS.iter().copied().find(|format| format.name == end)
}

/// The id for a call: the client's, unless it is too long or has characters that Bedrock refuses.
fn id(theirs: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-');
    if theirs.len() <= 64 && theirs.chars().all(allowed) {
        return theirs.to_owned();
    }
    let clean = |c| if allowed(c) { c } else { '_' };
    let head: String = theirs.chars().map(clean).take(55).collect();
    format!("{head}_{}", aws::fingerprint(theirs))
}

fn show_claude<'a>(kind: &str, part: &Part<'a>, at: Place) -> Result<Block<'a>, ApiError> {
    let block = show(kind, part, at)?;
    let unseen = match &block.what {
        What::Document { source, .. } => {
            format_of(source).is_some_and(|format| matches!(format.block, "audio" | "video"))
        }
        _ => false,
    };
    if unseen {
        return Err(CLAUDE.unsupported(kind, at));
    }
    Ok(block)
}

/// The format of what comes from there.
pub(super) fn format_of(source: &Source<'_>) -> Option<Format> {
    match source {
        Source::Base64 { kind, .. } => of_media(kind),
        Source::Url(url) => of_name(&url.decode()),
        Source::File(_) | Source::Plain(_) => None,
    }
}

fn show<'a>(kind: &str, part: &Part<'a>, at: Place) -> Result<Block<'a>, ApiError> {
    match kind {
        "file" => {
            let data = part.file_data.or(part.file_id);
            let data =
                data.ok_or_else(|| invalid(at, "a file part must have 'file_data' or 'file_id'"))?;
            shown(data, part.filename, at)
        }
        "guarded_text" if part.text.is_some() => Ok(Block::new(What::Native(part.raw))),
        "image_url" | "video_url" => {
            let url = part.url.or_else(|| inner(part.raw, "url"));
            let url = url.ok_or_else(|| invalid(at, "an address is missing"))?;
            shown(url, None, at)
        }
        "input_audio" => heard(part, at),
        other => Err(CONVERSE.unsupported(other, at)),
    }
}

/// The text of that name, however deep in the part it stands.
fn inner<'a>(part: &'a [u8], name: &str) -> Option<Text<'a>> {
    let mut found = None;
    let read = Reader::new(part).object(|reader, _| {
        reader
            .optional_object(|reader, key| {
                let text = reader.optional_string()?;
                found = if key.is(name) { text } else { found };
                Ok(())
            })
            .map(|_| ())
    });
    read.ok().and(found)
}

fn heard<'a>(part: &Part<'a>, at: Place) -> Result<Block<'a>, ApiError> {
    let text =
        |name| inner(part.raw, name).ok_or_else(|| invalid(at, "audio needs 'data' and 'format'"));
    let (data, name) = (text("data")?, text("format")?.decode());
    let format = FORMATS
        .iter()
        .find(|format| format.block == "audio" && format.name == name)
        .ok_or_else(|| unsupported(&name, at))?;
    let data = media::clean(data, data.raw(), at)?;
    Ok(showing(format.media, data, None))
}

/// What stands at an address or in a file.
fn shown<'a>(url: Text<'a>, title: Option<Text<'a>>, at: Place) -> Result<Block<'a>, ApiError> {
    let start = url.raw().get(..64).unwrap_or(url.raw());
    let start = String::from_utf8_lossy(start)
        .replace("\\/", "/")
        .to_ascii_lowercase();
    if start.starts_with("data:") {
        return in_data(url, title, at);
    }
    if start.starts_with("s3://") {
        return match of_name(&url.decode()) {
            Some(_) => Ok(Block::new(What::Document {
                source: Source::Url(url),
                title,
            })),
            None => Err(unsupported(
                "a file whose name does not tell its format",
                at,
            )),
        };
    }
    if start.starts_with("https://") || start.starts_with("http://") {
        let words = "bedrock fetches nothing: send a data: URL, or an s3:// address it may read";
        return Err(bad_request("unsupported_image_source", at, words));
    }
    let data = media::clean(url, url.raw(), at)?;
    let by_name = title.and_then(|title| of_name(&title.decode()));
    let kind = media::sniff(&data).or(by_name.map(|format| format.media));
    let kind = kind.ok_or_else(|| unsupported("", at))?;
    Ok(showing(kind, data, title))
}

fn in_data<'a>(url: Text<'a>, title: Option<Text<'a>>, at: Place) -> Result<Block<'a>, ApiError> {
    let data = media::taken_apart(url, at)?;
    if data.kind.starts_with("text/") && !data.in_base64 {
        let text = media::plain(url, data.payload, false, at)?;
        let kind = of_media(&data.kind).map_or("text/plain", |format| format.media);
        return Ok(showing(
            kind,
            Cow::Owned(STANDARD.encode(text).into_bytes()),
            title,
        ));
    }
    if !data.in_base64 {
        return Err(unsupported(&data.kind, at));
    }
    let clean = media::clean(url, data.payload, at)?;
    let known = match data.kind.as_str() {
        "" => media::sniff(&clean),
        kind if kind.starts_with("text/") => {
            Some(of_media(kind).map_or("text/plain", |format| format.media))
        }
        kind => of_media(kind).map(|format| format.media),
    };
    let known = known.ok_or_else(|| unsupported(&data.kind, at))?;
    Ok(showing(known, clean, title))
}

fn showing<'a>(kind: &'static str, data: Cow<'a, [u8]>, title: Option<Text<'a>>) -> Block<'a> {
    let source = Source::Base64 { kind, data };
    Block::new(What::Document { source, title })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_changed_only_where_bedrock_refuses_it() {
        assert_eq!(id("functions.add:0"), "functions.add:0");
        assert_eq!(id(&"x".repeat(64)), "x".repeat(64));
        let long = id(&"a".repeat(100));
        assert_eq!(long, format!("{}_28165978", "a".repeat(55)));
        assert!(id("a b").starts_with("a_b_"));
        assert_ne!(id("a b"), id("a/b"));
    }

    #[test]
    fn a_format_is_told_by_the_end_of_a_name() {
        let name = |name| of_name(name).map(|format| (format.block, format.name));
        assert_eq!(name("s3://b/a.JPG"), Some(("image", "jpeg")));
        assert_eq!(name("report.docx"), Some(("document", "docx")));
        assert_eq!(name("film.mp4"), Some(("video", "mp4")));
        assert_eq!(name("none"), None);
    }
}
