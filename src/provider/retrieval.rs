//! Vendors that embed and rerank and do not chat.

use super::embed::Dialect;
use super::rerank::Shape;
use super::{Encoded, Provider, Target};
use crate::canonical::asked::Asked;
use crate::canonical::error::{ApiError, Class};
use crate::canonical::format::Format;
use crate::canonical::request::ChatRequest;

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Retrieval {
    base: Option<&'static str>,
    dialect: Dialect,
    key: &'static str,
    shape: Shape,
}

/// Infinity, a server of open models.
pub static INFINITY: Retrieval = Retrieval {
    base: None,
    dialect: Dialect {
        defaults: &[],
        dimensions: "dimensions",
        input: "input",
        vendor: "infinity",
    },
    key: "INFINITY_API_KEY",
    shape: Shape::Jina,
};

/// Jina AI.
pub static JINA: Retrieval = Retrieval {
    base: Some("https://api.jina.ai/v1"),
    dialect: Dialect {
        defaults: &[],
        dimensions: "dimensions",
        input: "input",
        vendor: "jina_ai",
    },
    key: "JINA_AI_API_KEY",
    shape: Shape::Jina,
};

/// Voyage AI.
pub static VOYAGE: Retrieval = Retrieval {
    base: Some("https://api.voyageai.com/v1"),
    dialect: Dialect {
        defaults: &[],
        dimensions: "output_dimension",
        input: "input",
        vendor: "voyage",
    },
    key: "VOYAGE_API_KEY",
    shape: Shape::Voyage,
};

impl Provider for Retrieval {
    fn name(&self) -> &'static str {
        self.dialect.vendor
    }

    fn default_base(&self) -> Option<&'static str> {
        self.base
    }

    fn key_variable(&self) -> Option<&'static str> {
        Some(self.key)
    }

    fn speaks_openai(&self) -> bool {
        false
    }

    fn encode(&self, _: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
        let words = format!(
            "{} embeds and reranks; {} cannot be asked for anything else",
            self.dialect.vendor, target.model
        );
        Err(ApiError::new(400, Class::BadRequest, words).with_param("model"))
    }

    fn native(&self, asked: &Asked<'_>, target: &Target<'_>) -> Option<Result<Encoded, ApiError>> {
        let path = |endpoint: &str| path(target.base_path, endpoint);
        match asked.format {
            Format::Embeddings => Some(self.dialect.encode(asked, target, path("/embeddings"))),
            Format::Rerank => {
                let vendor = self.dialect.vendor;
                Some(self.shape.encode(vendor, asked, target, path("/rerank")))
            }
            _ => None,
        }
    }
}

/// The path of an endpoint; operators write the base with and without one behind it.
pub(super) fn path(base: &str, endpoint: &str) -> String {
    let ends = ["/embeddings", "/rerank"];
    let bare = ends.iter().find_map(|end| base.strip_suffix(end));
    [bare.unwrap_or(base), endpoint].concat()
}
