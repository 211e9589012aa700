//! Content blocks of a user, of the operator and of tools, as the parts that OpenAI has for them.

use super::fields::{Fields, Words, elements, invalid, text, unsupported};
use crate::canonical::error::ApiError;
use crate::wire::json::{Array, Object, Text};

/// A part and the cache breakpoint behind it.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub cache: Option<&'a [u8]>,
    pub what: What<'a>,
}

/// What a part is.
#[derive(Debug)]
pub(super) enum What<'a> {
    /// A PDF, in base64.
    File {
        data: Text<'a>,
        title: Option<Text<'a>>,
    },
    /// An image, in base64.
    Image {
        data: Text<'a>,
        media_type: Text<'a>,
    },
    /// An image somewhere else.
    Link(Text<'a>),
    /// Text.
    Text(Words<'a>),
}

/// The parts of a content: a string, or blocks without those that say nothing.
///
/// # Errors
/// A 400 naming the block that nobody but Anthropic takes, or when it is neither.
pub(super) fn read<'a>(content: &'a [u8], at: &str) -> Result<Vec<Part<'a>>, ApiError> {
    if let Some(text) = text(content) {
        return Ok(vec![Part::of(Words::Theirs(text))]);
    }
    if !content.starts_with(b"[") {
        return Err(invalid(
            at,
            "content must be a string or an array of blocks",
        ));
    }
    let mut parts = Vec::new();
    for (index, block) in elements(content).into_iter().enumerate() {
        block_parts(&Fields::of(block), &format!("{at}.{index}"), &mut parts)?;
    }
    Ok(parts)
}

/// Appends the parts of one block.
///
/// # Errors
/// A 400 naming a block that nobody but Anthropic takes.
pub(super) fn block_parts<'a>(
    block: &Fields<'a>,
    at: &str,
    parts: &mut Vec<Part<'a>>,
) -> Result<(), ApiError> {
    let from = parts.len();
    match block.kind().as_ref() {
        "document" => document(block, at, parts)?,
        "image" => parts.push(Part::new(image(&block.inner("source"), at)?)),
        "search_result" => parts.push(Part::of(Words::Ours(search_result(block)))),
        "text" => {
            let said = block
                .text("text")
                .ok_or_else(|| invalid(at, "a text block must have a 'text'"))?;
            if !said.raw().is_empty() {
                parts.push(Part::of(Words::Theirs(said)));
            }
        }
        "" => {
            return Err(invalid(
                at,
                "a content block must be an object with a 'type'",
            ));
        }
        other => {
            let words = format!("'{other}' blocks are understood by Anthropic's models only");
            return Err(unsupported(at, &words));
        }
    }
    if let (Some(part), Some(marker)) = (
        parts.get_mut(from..).and_then(<[_]>::last_mut),
        block.cache(),
    ) {
        part.cache = Some(marker);
    }
    Ok(())
}

fn image<'a>(source: &Fields<'a>, at: &str) -> Result<What<'a>, ApiError> {
    match (
        source.kind().as_ref(),
        source.text("data"),
        source.text("url"),
    ) {
        ("base64", Some(data), _) => {
            let media_type = source
                .text("media_type")
                .ok_or_else(|| invalid(at, "an image needs a 'media_type'"))?;
            Ok(What::Image { data, media_type })
        }
        ("url", _, Some(url)) => Ok(What::Link(url)),
        ("file", ..) => Err(unsupported(
            at,
            "files uploaded to Anthropic can be shown to its models only",
        )),
        _ => Err(invalid(
            at,
            "the source of an image must be base64 or a URL",
        )),
    }
}

fn document<'a>(block: &Fields<'a>, at: &str, parts: &mut Vec<Part<'a>>) -> Result<(), ApiError> {
    let source = block.inner("source");
    let title = block.text("title");
    match (source.kind().as_ref(), source.text("data")) {
        ("base64", Some(data)) => parts.push(Part::new(What::File { data, title })),
        ("content", _) => {
            parts.extend(title.map(|title| Part::of(Words::Theirs(title))));
            let content = source.raw("content").unwrap_or_default();
            parts.extend(read(content, &format!("{at}.source.content"))?);
        }
        ("text", Some(said)) => parts.push(Part::of(titled(title, said))),
        ("file", _) => {
            return Err(unsupported(
                at,
                "files uploaded to Anthropic can be shown to its models only",
            ));
        }
        ("url", _) => {
            return Err(unsupported(
                at,
                "documents behind a URL are fetched by Anthropic only: send the document itself in base64",
            ));
        }
        _ => {
            return Err(invalid(
                at,
                "the source of a document must be base64, text or content",
            ));
        }
    }
    Ok(())
}

fn titled<'a>(title: Option<Text<'a>>, said: Text<'a>) -> Words<'a> {
    match title {
        Some(title) => Words::Ours(format!("{}\n\n{}", title.decode(), said.decode())),
        None => Words::Theirs(said),
    }
}

fn search_result(block: &Fields<'_>) -> String {
    let content = elements(block.raw("content").unwrap_or_default());
    let texts = content
        .into_iter()
        .map(|block| Fields::of(block).word("text"));
    let lines = [block.word("title"), block.word("source")];
    let said: Vec<_> = lines
        .into_iter()
        .chain(texts)
        .filter(|text| !text.is_empty())
        .collect();
    said.join("\n")
}

impl<'a> Part<'a> {
    /// A part without a breakpoint.
    pub const fn new(what: What<'a>) -> Self {
        Self { cache: None, what }
    }

    /// Text.
    pub const fn of(words: Words<'a>) -> Self {
        Self::new(What::Text(words))
    }

    /// Its text; `None` when it is none.
    pub fn words(self) -> Option<Words<'a>> {
        match self.what {
            What::Text(words) => Some(words),
            What::File { .. } | What::Image { .. } | What::Link(_) => None,
        }
    }

    fn write(&self, array: &mut Array<'_>) {
        array.object(|part| {
            self.what.write(part);
            if let Some(marker) = self.cache {
                part.raw("cache_control", marker);
            }
        });
    }
}

impl What<'_> {
    fn write(&self, part: &mut Object<'_>) {
        match self {
            Self::File { data, title } => {
                part.string("type", "file");
                part.object("file", |file| {
                    match title {
                        Some(title) => file.text("filename", *title),
                        None => file.string("filename", "document.pdf"),
                    }
                    file.with("file_data", |out| {
                        out.extend_from_slice(b"\"data:application/pdf;base64,");
                        out.extend_from_slice(data.raw());
                        out.push(b'"');
                    });
                });
            }
            Self::Image { data, media_type } => {
                part.string("type", "image_url");
                part.object("image_url", |image| {
                    image.with("url", |out| {
                        for piece in [&b"\"data:"[..], media_type.raw(), b";base64,", data.raw()] {
                            out.extend_from_slice(piece);
                        }
                        out.push(b'"');
                    });
                });
            }
            Self::Link(url) => {
                part.string("type", "image_url");
                part.object("image_url", |image| image.text("url", *url));
            }
            Self::Text(words) => {
                part.string("type", "text");
                part.with("text", |out| words.push_to(out));
            }
        }
    }
}

/// Writes what a message says: one text as a string with the breakpoint on the message, anything else as parts.
pub(super) fn write(message: &mut Object<'_>, parts: &[Part<'_>]) {
    if let [
        Part {
            cache,
            what: What::Text(words),
        },
    ] = parts
    {
        message.with("content", |out| words.push_to(out));
        if let Some(marker) = cache {
            message.raw("cache_control", marker);
        }
        return;
    }
    message.array("content", |array| {
        parts.iter().for_each(|part| part.write(array))
    });
}
