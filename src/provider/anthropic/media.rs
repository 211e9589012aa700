//! Images and documents: where OpenAI has one address for everything, Anthropic wants to be told what it is.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::fault::{Place, bad_request};
use crate::canonical::error::ApiError;
use crate::wire::json::{Object, Text};

/// What is shown to the model.
#[derive(Debug)]
pub(in crate::provider) enum Media<'a> {
    /// A document.
    Document(Source<'a>),
    /// An image.
    Image(Source<'a>),
}

/// Where it comes from.
#[derive(Debug)]
pub(in crate::provider) enum Source<'a> {
    /// Its bytes, in base64 that needs no escapes.
    Base64 {
        kind: &'static str,
        data: Cow<'a, [u8]>,
    },
    /// A file uploaded before.
    File(Text<'a>),
    /// Text.
    Plain(String),
    /// The vendor fetches it.
    Url(Text<'a>),
}

impl Source<'_> {
    /// Writes it as the member `source`.
    pub fn write(&self, block: &mut Object<'_>) {
        block.object("source", |source| match self {
            Self::Base64 { kind, data } => {
                source.raw("type", b"\"base64\"");
                source.string("media_type", kind);
                source.with("data", |out| {
                    out.push(b'"');
                    out.extend_from_slice(data);
                    out.push(b'"');
                });
            }
            Self::File(id) => {
                source.raw("type", b"\"file\"");
                source.text("file_id", *id);
            }
            Self::Plain(text) => {
                source.raw("type", b"\"text\"");
                source.raw("media_type", b"\"text/plain\"");
                source.string("data", text);
            }
            Self::Url(url) => {
                source.raw("type", b"\"url\"");
                source.text("url", *url);
            }
        });
    }
}

/// What an `image_url` shows.
///
/// # Errors
/// A 400 blaming `at` when it is nothing Anthropic takes.
pub(in crate::provider) fn image<'a>(url: Text<'a>, at: Place) -> Result<Media<'a>, ApiError> {
    match scheme(url) {
        Scheme::Data => data_url(url, at),
        Scheme::Https => Ok(Media::Image(Source::Url(url))),
        Scheme::Other => Err(bad_request(
            "unsupported_image_source",
            at,
            "images must be data: URLs or https: URLs; nothing else is fetched",
        )),
    }
}

/// What a `file_data` holds.
///
/// # Errors
/// A 400 blaming `at` when it is nothing Anthropic takes.
pub(in crate::provider) fn file<'a>(data: Text<'a>, at: Place) -> Result<Media<'a>, ApiError> {
    match scheme(data) {
        Scheme::Data => data_url(data, at),
        Scheme::Https => Ok(Media::Document(Source::Url(data))),
        Scheme::Other => {
            let data = clean(data, data.raw(), at)?;
            let kind = sniff(&data).ok_or_else(|| unsupported("file", at))?;
            Ok(base64_media(kind, data))
        }
    }
}

/// What a `file_id` names: an address, or a file uploaded before.
pub(in crate::provider) fn uploaded(id: Text<'_>) -> Source<'_> {
    match scheme(id) {
        Scheme::Https => Source::Url(id),
        Scheme::Data | Scheme::Other => Source::File(id),
    }
}

pub(in crate::provider) enum Scheme {
    Data,
    Https,
    Other,
}

/// How an address begins.
pub(in crate::provider) fn scheme(url: Text<'_>) -> Scheme {
    // A slash may be escaped, and the first bytes decide.
    let start = url.raw().get(..64).unwrap_or(url.raw());
    let start = String::from_utf8_lossy(start)
        .replace("\\/", "/")
        .to_ascii_lowercase();
    if start.starts_with("data:") {
        Scheme::Data
    } else if start.starts_with("https://") {
        Scheme::Https
    } else {
        Scheme::Other
    }
}

/// A `data:` URL taken apart.
pub(in crate::provider) struct DataUrl<'a> {
    pub in_base64: bool,
    /// The media type in lower case, without parameters; may be empty.
    pub kind: String,
    pub payload: &'a [u8],
}

/// Takes a `data:` URL apart.
///
/// # Errors
/// A 400 blaming `at` when it is none.
pub(in crate::provider) fn taken_apart<'a>(
    url: Text<'a>,
    at: Place,
) -> Result<DataUrl<'a>, ApiError> {
    let raw = url.raw();
    let comma =
        memchr::memchr(b',', raw).ok_or_else(|| unsupported("data URL without a comma", at))?;
    let (head, payload) = raw.split_at(comma);
    let payload = payload.strip_prefix(b",").unwrap_or(payload);
    let head = String::from_utf8_lossy(head)
        .replace("\\/", "/")
        .to_ascii_lowercase();
    let mut fields = head.trim_start_matches("data:").split(';').map(str::trim);
    let kind = fields.next().unwrap_or_default().to_owned();
    Ok(DataUrl {
        in_base64: fields.any(|field| field == "base64"),
        kind,
        payload,
    })
}

fn data_url<'a>(url: Text<'a>, at: Place) -> Result<Media<'a>, ApiError> {
    let DataUrl {
        in_base64,
        kind,
        payload,
    } = taken_apart(url, at)?;
    if kind.starts_with("text/") {
        return Ok(Media::Document(Source::Plain(plain(
            url, payload, in_base64, at,
        )?)));
    }
    if !in_base64 {
        return Err(unsupported(&kind, at));
    }
    let data = clean(url, payload, at)?;
    let known = if kind.is_empty() {
        sniff(&data)
    } else {
        named(&kind)
    };
    known
        .map(|kind| base64_media(kind, data))
        .ok_or_else(|| unsupported(&kind, at))
}

fn base64_media<'a>(kind: &'static str, data: Cow<'a, [u8]>) -> Media<'a> {
    let source = Source::Base64 { kind, data };
    if kind == PDF {
        Media::Document(source)
    } else {
        Media::Image(source)
    }
}

const PDF: &str = "application/pdf";

fn named(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "application/pdf" => PDF,
        "image/gif" => "image/gif",
        "image/jpeg" | "image/jpg" => "image/jpeg",
        "image/png" => "image/png",
        "image/webp" => "image/webp",
        _ => return None,
    })
}

/// What base64 begins with tells what it is.
pub(in crate::provider) fn sniff(data: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 5] = [
        (b"/9j/", "image/jpeg"),
        (b"JVBERi", PDF),
        (b"R0lG", "image/gif"),
        (b"UklGR", "image/webp"),
        (b"iVBOR", "image/png"),
    ];
    MAGIC
        .iter()
        .find(|(magic, _)| data.starts_with(magic))
        .map(|(_, kind)| *kind)
}

/// Base64 without white space and in the standard alphabet. Borrowed when it is so already.
///
/// # Errors
/// A 400 blaming `at` when it is no base64.
pub(in crate::provider) fn clean<'a>(
    whole: Text<'a>,
    payload: &'a [u8],
    at: Place,
) -> Result<Cow<'a, [u8]>, ApiError> {
    cleaned(whole, payload).ok_or_else(|| unsupported("data that is not base64", at))
}

/// The same; `None` when it is none.
/// `payload` is what stands behind the last comma of `whole`.
pub(in crate::provider) fn cleaned<'a>(
    whole: Text<'a>,
    payload: &'a [u8],
) -> Option<Cow<'a, [u8]>> {
    if !whole.is_escaped() && memchr::memchr3(b' ', b'-', b'_', payload).is_none() {
        return Some(Cow::Borrowed(payload));
    }
    let decoded = whole.decode();
    let payload = decoded
        .rsplit_once(',')
        .map_or(decoded.as_ref(), |(_, payload)| payload);
    let mut data = Vec::with_capacity(payload.len());
    for byte in payload.bytes() {
        match byte {
            b'-' => data.push(b'+'),
            b'_' => data.push(b'/'),
            b'+' | b'/' | b'=' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => data.push(byte),
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => return None,
        }
    }
    Some(Cow::Owned(data))
}

/// The text in a `data:` URL.
///
/// # Errors
/// A 400 blaming `at` when it is to be base64 and is not.
pub(in crate::provider) fn plain(
    whole: Text<'_>,
    payload: &[u8],
    in_base64: bool,
    at: Place,
) -> Result<String, ApiError> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    if in_base64 {
        let bytes = LENIENT.decode(clean(whole, payload, at)?);
        let bytes = bytes.map_err(|_| unsupported("data that is not base64", at))?;
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    let decoded = whole.decode();
    let payload = decoded.split_once(',').map_or("", |(_, payload)| payload);
    Ok(percent_encoding::percent_decode_str(payload)
        .decode_utf8_lossy()
        .into_owned())
}

/// A 400 for what the vendor cannot be shown.
pub(in crate::provider) fn unsupported(what: &str, at: Place) -> ApiError {
    let what = if what.is_empty() {
        "data of unknown type"
    } else {
        what
    };
    bad_request(
        "unsupported_content",
        at,
        format!("the provider does not take {what}"),
    )
}
