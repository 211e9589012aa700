//! A request to rerank, in everybody's words.

use super::Shape;
use crate::canonical::error::ApiError;
use crate::canonical::request::TO_GATEWAY;
use crate::provider::anthropic::fault::invalid;
use crate::provider::anthropic::params::IGNORED;
use crate::wire::json::{Array, Member, Members, Object, Reader, compact, push_string};

/// What is asked.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// Strings and objects.
    pub documents: Vec<&'a [u8]>,
    query: &'a [u8],
    /// What else is said.
    rest: Vec<(String, &'a [u8])>,
    pub returns_documents: bool,
    pub top_n: Option<usize>,
}

impl<'a> Request<'a> {
    /// Reads the members of a request.
    ///
    /// # Errors
    /// A 400 naming the member that is missing or not what it must be.
    pub fn read(members: &Members<'a>) -> Result<Self, ApiError> {
        const READ: [&str; 5] = ["documents", "model", "query", "return_documents", "top_n"];
        let value = |name: &str| {
            let value = members.get(name).map(|member| member.value);
            value.filter(|value| *value != b"null")
        };
        let query = value("query").filter(|query| query.starts_with(b"\""));
        let query = query.ok_or_else(|| invalid("query", "'query' must be a string"))?;
        let documents = value("documents").and_then(documents).ok_or_else(|| {
            invalid(
                "documents",
                "'documents' must be an array of strings or objects",
            )
        })?;
        let top_n = match value("top_n") {
            None => None,
            Some(digits) => Some(
                number(digits)
                    .filter(|number| *number > 0)
                    .ok_or_else(|| invalid("top_n", "'top_n' must be a whole number above 0"))?,
            ),
        };
        let is_rest = |member: &&Member<'a>| {
            let name = member.key.decode();
            let known = [&READ[..], &TO_GATEWAY[..], &IGNORED[..]];
            member.value != b"null" && !known.iter().any(|names| names.contains(&name.as_ref()))
        };
        let rest = members.iter().filter(is_rest);
        Ok(Self {
            documents,
            query,
            rest: rest
                .map(|member| (member.key.decode().into_owned(), member.value))
                .collect(),
            returns_documents: value("return_documents") == Some(b"true"),
            top_n,
        })
    }

    /// Writes it for a vendor.
    pub fn write(&self, shape: Shape, model: &str, out: &mut Vec<u8>) {
        let (documents, top_n, returns) = match shape {
            Shape::Cohere => ("documents", Some("top_n"), None),
            Shape::Jina => ("documents", Some("top_n"), Some("return_documents")),
            Shape::Tei => ("texts", None, Some("return_text")),
            Shape::Voyage => ("documents", Some("top_k"), Some("return_documents")),
        };
        Object::write(out, |body| {
            if shape != Shape::Tei {
                body.string("model", model);
            }
            body.raw("query", self.query);
            body.array(documents, |array| {
                for document in &self.documents {
                    write_document(document, shape, array);
                }
            });
            if let (Some(name), Some(top_n)) = (top_n, self.top_n) {
                body.number(name, u64::try_from(top_n).unwrap_or(u64::MAX));
            }
            if let (Some(name), true) = (returns, self.returns_documents) {
                body.raw(name, b"true");
            }
            for (name, value) in &self.rest {
                // Which members of an object count is for those who take objects.
                if shape == Shape::Jina || name != "rank_fields" {
                    body.raw(name, value);
                }
            }
        });
    }
}

/// Those who take only strings are told an object's text, or all of it if there is more.
fn write_document(document: &[u8], shape: Shape, array: &mut Array<'_>) {
    if shape == Shape::Jina || document.starts_with(b"\"") {
        return array.with(|out| out.extend_from_slice(document));
    }
    let members = Members::read(document).unwrap_or_default();
    let text = members.get("text").map(|text| text.value);
    match text.filter(|text| text.starts_with(b"\"") && members.iter().count() == 1) {
        Some(text) => array.with(|out| out.extend_from_slice(text)),
        None => array.with(|out| push_string(out, &String::from_utf8_lossy(&compact(document)))),
    }
}

fn documents(json: &[u8]) -> Option<Vec<&[u8]>> {
    let mut documents = Vec::new();
    let mut reader = Reader::new(json);
    let read = reader.array(|reader, _| {
        documents.push(reader.skip()?);
        Ok(())
    });
    let fits = |document: &&[u8]| document.starts_with(b"\"") || document.starts_with(b"{");
    (read.is_ok() && !documents.is_empty() && documents.iter().all(fits)).then_some(documents)
}

/// A whole number.
pub(super) fn number(digits: &[u8]) -> Option<usize> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}
