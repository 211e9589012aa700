//! How clients speak: which requests are the gateway's, one file per API.

pub mod chat;
pub mod health;
pub mod models;

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What a client asks the gateway for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// A chat completion; the model, where the path names it as Azure's clients do.
    Chat {
        /// The model in the path.
        model: Option<Cow<'a, str>>,
    },
    /// Whether the gateway runs.
    Liveliness,
    /// One model.
    Model {
        /// Its name.
        id: Cow<'a, str>,
    },
    /// The models there are.
    Models,
    /// Whether the gateway can serve.
    Readiness,
}

/// What is asked, as metrics and logs name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A chat completion.
    Chat,
    /// A health probe.
    Health,
    /// The models.
    Models,
}

impl Operation {
    /// Its name in metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Health => "health",
            Self::Models => "models",
        }
    }
}

impl Route<'_> {
    /// What is asked.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Chat { .. } => Operation::Chat,
            Self::Liveliness | Self::Readiness => Operation::Health,
            Self::Model { .. } | Self::Models => Operation::Models,
        }
    }
}

/// Whose request it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// Somebody else's: it passes through untouched.
    Foreign,
    /// The gateway's.
    Ours(Route<'a>),
    /// The gateway's path, but not a way to ask for it.
    WrongMethod {
        /// The method to use.
        allow: &'static str,
    },
}

/// Whose request this is, by method and path alone.
#[must_use]
pub fn route<'a>(method: &str, path: &'a str) -> Entry<'a> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let Some((route, allow)) = by_path(path) else {
        return Entry::Foreign;
    };
    match method {
        // Preflight requests are for a CORS filter to answer.
        "OPTIONS" => Entry::Foreign,
        "HEAD" if allow == "GET" => Entry::Ours(route),
        _ if method == allow => Entry::Ours(route),
        _ => Entry::WrongMethod { allow },
    }
}

fn by_path(path: &str) -> Option<(Route<'_>, &'static str)> {
    let route = match path {
        "/v1/chat/completions" | "/chat/completions" => {
            return Some((Route::Chat { model: None }, "POST"));
        }
        "/v1/models" | "/models" => Route::Models,
        "/health/liveliness" | "/health/liveness" => Route::Liveliness,
        "/health/readiness" => Route::Readiness,
        _ => {
            if let Some(model) = azure_model(path) {
                return Some((Route::Chat { model: Some(model) }, "POST"));
            }
            let id = path
                .strip_prefix("/v1/models/")
                .or_else(|| path.strip_prefix("/models/"))?;
            Route::Model { id: decode(id)? }
        }
    };
    Some((route, "GET"))
}

fn azure_model(path: &str) -> Option<Cow<'_, str>> {
    let rest = path.strip_prefix("/openai/deployments/")?;
    decode(rest.strip_suffix("/chat/completions")?)
}

/// A path segment's text; `None` when it is empty or not UTF-8.
fn decode(segment: &str) -> Option<Cow<'_, str>> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateways_paths_are_known_by_method() {
        let chat = |model: Option<&'static str>| {
            Entry::Ours(Route::Chat {
                model: model.map(Cow::Borrowed),
            })
        };
        for (method, path, entry) in [
            ("POST", "/v1/chat/completions", chat(None)),
            ("POST", "/chat/completions?key=x", chat(None)),
            (
                "POST",
                "/openai/deployments/a%2Fb%20c/chat/completions?api-version=1",
                chat(Some("a/b c")),
            ),
            ("GET", "/v1/models", Entry::Ours(Route::Models)),
            (
                "GET",
                "/models/openai/gpt-4",
                Entry::Ours(Route::Model {
                    id: "openai/gpt-4".into(),
                }),
            ),
            ("GET", "/health/liveliness", Entry::Ours(Route::Liveliness)),
            ("HEAD", "/health/readiness", Entry::Ours(Route::Readiness)),
            (
                "GET",
                "/v1/chat/completions",
                Entry::WrongMethod { allow: "POST" },
            ),
            ("POST", "/v1/models", Entry::WrongMethod { allow: "GET" }),
            ("OPTIONS", "/v1/chat/completions", Entry::Foreign),
            ("POST", "/v1/chat/completions/", Entry::Foreign),
            ("GET", "/v1/models/", Entry::Foreign),
            ("GET", "/v1/models/%ff", Entry::Foreign),
            (
                "POST",
                "/openai/deployments//chat/completions",
                Entry::Foreign,
            ),
            ("GET", "/", Entry::Foreign),
        ] {
            assert_eq!(route(method, path), entry, "{method} {path}");
        }
    }
}
