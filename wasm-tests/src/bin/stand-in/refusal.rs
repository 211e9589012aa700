//! A refused request, before it is put in a vendor's shape.

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// OpenAI's `code`.
    pub code: Option<&'static str>,
    /// For humans.
    pub message: String,
    /// OpenAI's `param`.
    pub param: Option<String>,
}

impl Refusal {
    /// A request that is wrong in itself.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: None,
            message: message.into(),
            param: None,
        }
    }

    /// A caller that is not known.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self {
            status: 401,
            code: Some("invalid_api_key"),
            ..Self::invalid(message)
        }
    }

    /// A model that does not exist.
    pub fn unknown_model(model: &str) -> Self {
        let message =
            format!("The model `{model}` does not exist or you do not have access to it.");
        Self {
            status: 404,
            code: Some("model_not_found"),
            ..Self::invalid(message)
        }
    }

    /// An answer with `status` and nothing particular to say.
    pub fn of_status(status: u16) -> Self {
        let message = match status {
            429 => "Rate limit reached for requests",
            500..=599 => "The server had an error while processing your request",
            _ => "The stand-in was told to refuse this request",
        };
        let code = (status == 429).then_some("rate_limit_exceeded");
        Self {
            status,
            code,
            ..Self::invalid(message)
        }
    }

    /// The same, blaming the parameter `param`.
    pub fn about(self, param: impl Into<String>) -> Self {
        Self {
            param: Some(param.into()),
            ..self
        }
    }

    /// The same with OpenAI's `code`.
    pub fn coded(self, code: &'static str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }
}
