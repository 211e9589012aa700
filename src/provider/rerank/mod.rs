//! Reranking: one request and one answer for all vendors, whose words differ little.

mod answer;
mod request;

use super::retrieval::path;
use super::{Encoded, Reading, Target};
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;

/// In whose words a vendor is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Cohere's version 2: documents are strings, and none come back.
    Cohere,
    /// What Jina made common: vLLM, Infinity, Together and others.
    Jina,
    /// Hugging Face's text-embeddings-inference.
    Tei,
    /// Voyage's.
    Voyage,
}

impl Shape {
    /// Words a request that goes to `path`.
    ///
    /// # Errors
    /// A 400 when the request is none.
    pub fn encode(
        self,
        vendor: &'static str,
        asked: &Asked<'_>,
        target: &Target<'_>,
        path: String,
    ) -> Result<Encoded, ApiError> {
        let request = request::Request::read(&asked.members)?;
        let mut body = Vec::with_capacity(asked.body.len().saturating_add(64));
        request.write(self, target.model, &mut body);
        Ok(Encoded {
            path,
            headers: super::bearer::bearer(target.key),
            body: Some(body),
            reading: Reading::Native(Box::new(answer::Ranks::new(&request, vendor))),
        })
    }
}

/// Vendors of OpenAI's format that rerank beside it, as Jina does.
const BESIDE: [&str; 5] = [
    "fireworks_ai",
    "hosted_vllm",
    "litellm_proxy",
    "together_ai",
    "xinference",
];

/// Words a request to rerank for the OpenAI-compatible vendor of that name; `None` when it is no such request or vendor.
pub(super) fn beside(
    vendor: &'static str,
    asked: &Asked<'_>,
    target: &Target<'_>,
) -> Option<Result<Encoded, ApiError>> {
    if asked.format != Format::Rerank {
        return None;
    }
    let base = target.base_path;
    let base = base.strip_suffix("/chat/completions").unwrap_or(base);
    match vendor {
        "huggingface" => Some(Shape::Tei.encode(vendor, asked, target, path(base, "/rerank"))),
        _ if BESIDE.contains(&vendor) => {
            Some(Shape::Jina.encode(vendor, asked, target, path(base, "/rerank")))
        }
        _ => None,
    }
}
