//! Images, sounds and files: Google is told the type of everything, and fetches only what it stores itself.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Flavor;
use super::part::What;
use crate::canonical::error::ApiError;
use crate::provider::anthropic::fault::{Place, bad_request, invalid};
use crate::provider::anthropic::media::{Scheme, cleaned, scheme, sniff};
use crate::provider::anthropic::message;
use crate::wire::json::Text;

/// Where AI Studio keeps files.
const FILES: &str = "https://generativelanguage.googleapis.com/";

/// Types by the ends of names.
const ENDS: [(&str, &str); 24] = [
    ("aac", "audio/aac"),
    ("avi", "video/avi"),
    ("csv", "text/csv"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("html", "text/html"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("m4a", "audio/m4a"),
    ("md", "text/md"),
    ("mov", "video/mov"),
    ("mp3", "audio/mp3"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("ogg", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
];

/// What a part that is no text shows; `None` for a kind of part that is not known here.
///
/// # Errors
/// A 400 blaming `at` when Google cannot be given it.
pub(super) fn shown<'a>(
    part: &message::Part<'a>,
    kind: &str,
    at: Place,
    flavor: Flavor,
) -> Result<Option<What<'a>>, ApiError> {
    let shown = match kind {
        "image_url" | "video_url" => {
            let url = part
                .url
                .ok_or_else(|| invalid(at, "the part has no address"))?;
            source(url, part, at, flavor)?
        }
        "input_audio" => {
            let data = part
                .data
                .ok_or_else(|| invalid(at, "an audio part must have 'data'"))?;
            let format = part.format.map(|format| format.decode());
            let kind = format!("audio/{}", format.as_deref().unwrap_or("wav"));
            inline(data, data.raw(), kind, at)?
        }
        "file" => match (part.file_data, part.file_id) {
            (Some(data), _) if matches!(scheme(data), Scheme::Other) && !is_stored(data) => {
                bare(data, part, at)?
            }
            (Some(address), _) | (None, Some(address)) => source(address, part, at, flavor)?,
            (None, None) => {
                let words = "a file part must have 'file_data' or 'file_id'";
                return Err(invalid(at, words));
            }
        },
        _ => return Ok(None),
    };
    Ok(Some(shown))
}

/// What an address leads to.
fn source<'a>(
    url: Text<'a>,
    part: &message::Part<'a>,
    at: Place,
    flavor: Flavor,
) -> Result<What<'a>, ApiError> {
    if matches!(scheme(url), Scheme::Data) {
        return data_url(url, at);
    }
    let address = url.decode();
    let stated = part.format.map(|format| format.decode());
    let known = stated.or_else(|| by_end(&address).map(Cow::Borrowed));
    let is_file = address.starts_with("files/");
    let video =
        address.starts_with("https://www.youtube.com/") || address.starts_with("https://youtu.be/");
    let kind = match flavor {
        _ if is_file || address.starts_with(FILES) => {
            Some(part.format.map(|format| format.decode()))
        }
        _ if video => Some(Some(known.unwrap_or(Cow::Borrowed("video/mp4")))),
        Flavor::Vertex if is_stored(url) || matches!(scheme(url), Scheme::Https) => known.map(Some),
        Flavor::Studio | Flavor::Vertex => None,
    };
    let Some(kind) = kind else {
        let words = match flavor {
            Flavor::Studio => {
                "gemini fetches nothing: send data: URLs, or addresses of files uploaded to Google"
            }
            Flavor::Vertex => {
                "vertex_ai takes data: URLs, and gs: and https: addresses whose type is known by their \
                 end or by 'format'"
            }
        };
        return Err(bad_request("unsupported_image_source", at, words));
    };
    let uri = if is_file {
        Cow::Owned([FILES, "v1beta/", &address].concat())
    } else {
        address
    };
    Ok(What::File { kind, uri })
}

fn is_stored(url: Text<'_>) -> bool {
    let url = url.decode();
    url.starts_with("gs://") || url.starts_with("files/")
}

/// The type that the end of an address tells.
fn by_end(address: &str) -> Option<&'static str> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let (_, end) = path.rsplit('/').next()?.rsplit_once('.')?;
    let known = ENDS
        .iter()
        .find(|(known, _)| end.eq_ignore_ascii_case(known));
    known.map(|(_, kind)| *kind)
}

/// Base64 without anything around it.
fn bare<'a>(data: Text<'a>, part: &message::Part<'a>, at: Place) -> Result<What<'a>, ApiError> {
    let stated = part.format.map(|format| format.decode().into_owned());
    let by_name = || {
        let name = part.filename?.decode();
        by_end(&name).map(str::to_owned)
    };
    let kind = stated.or_else(by_name).unwrap_or_default();
    inline(data, data.raw(), kind, at)
}

fn data_url<'a>(url: Text<'a>, at: Place) -> Result<What<'a>, ApiError> {
    let raw = url.raw();
    let comma =
        memchr::memchr(b',', raw).ok_or_else(|| invalid(at, "a data: URL must have a comma"))?;
    let (head, payload) = raw.split_at(comma);
    let payload = payload.strip_prefix(b",").unwrap_or(payload);
    let head = String::from_utf8_lossy(head)
        .replace("\\/", "/")
        .to_ascii_lowercase();
    let mut fields = head.trim_start_matches("data:").split(';').map(str::trim);
    let kind = fields.next().unwrap_or_default().to_owned();
    if fields.any(|field| field == "base64") {
        return inline(url, payload, kind, at);
    }
    let decoded = url.decode();
    let payload = decoded.split_once(',').map_or("", |(_, payload)| payload);
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(payload).collect();
    let kind = if kind.is_empty() {
        "text/plain".to_owned()
    } else {
        kind
    };
    Ok(What::Inline {
        data: Cow::Owned(STANDARD.encode(bytes).into_bytes()),
        kind: Cow::Owned(kind),
    })
}

/// Base64 of that type; without one its first bytes must tell it.
fn inline<'a>(
    whole: Text<'a>,
    payload: &'a [u8],
    kind: String,
    at: Place,
) -> Result<What<'a>, ApiError> {
    let unsupported = |words: &str| bad_request("unsupported_content", at, words);
    let data =
        cleaned(whole, payload).ok_or_else(|| unsupported("the data is not valid base64"))?;
    let kind = match kind.as_str() {
        "" => {
            let kind = sniff(&data);
            Cow::Borrowed(kind.ok_or_else(|| unsupported("the type of the data is not known"))?)
        }
        "image/jpg" => Cow::Borrowed("image/jpeg"),
        _ => Cow::Owned(kind),
    };
    Ok(What::Inline { data, kind })
}
