//! Reranking: one request and one answer for all vendors, whose words differ little.

mod answer;
mod request;

use super::{Encoded, Reading, Target};
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;

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
