//! Azure OpenAI and Azure AI Foundry: OpenAI's words under addresses, versions and keys of their own.

use std::borrow::Cow;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::openai_like::{FOUNDRY, Family, OPENAI, Quirks, Route, completes, encode_chat, native};
use super::{Encoded, Options, Provider, Sent, Setting, Target};
use crate::canonical::asked::Asked;
use crate::canonical::error::{ApiError, Class};
use crate::canonical::format::Format;
use crate::canonical::request::ChatRequest;

/// Azure OpenAI.
pub static AZURE: Azure = Azure { foundry: false };
/// Models of others in Azure AI Foundry.
pub static AZURE_AI: Azure = Azure { foundry: true };

/// One of the two.
#[derive(Clone, Copy, Debug)]
pub struct Azure {
    foundry: bool,
}

/// LiteLLM's.
const USUAL_VERSION: &str = "2025-02-01-preview";
/// What Foundry's model inference is at.
const FOUNDRY_VERSION: &str = "2024-05-01-preview";
/// Versions before this one refuse `stream_options`.
const COUNTS_STREAMS: &str = "2024-08";
/// Unreserved characters stay as they are in a path.
const SEGMENT: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl Provider for Azure {
    fn name(&self) -> &'static str {
        if self.foundry { "azure_ai" } else { "azure" }
    }

    fn aliases(&self) -> &'static [&'static str] {
        if self.foundry { &[] } else { &["azure_text"] }
    }

    fn default_base(&self) -> Option<&'static str> {
        None
    }

    fn base(&self, options: &Options) -> Option<Cow<'static, str>> {
        options
            .get("api_base")
            .map(|base| Cow::Owned(base.to_owned()))
    }

    fn settings(&self) -> &'static [Setting] {
        const fn setting(key: &'static str, variables: &'static [&'static str]) -> Setting {
            Setting { key, variables }
        }
        const SERVICE: &[Setting] = &[
            setting("api_base", &["AZURE_API_BASE", "AZURE_OPENAI_ENDPOINT"]),
            setting("api_version", &["AZURE_API_VERSION", "OPENAI_API_VERSION"]),
            setting("azure_ad_token", &["AZURE_AD_TOKEN"]),
        ];
        const MODELS: &[Setting] = &[
            setting("api_base", &["AZURE_AI_API_BASE"]),
            setting("api_version", &[]),
            setting("azure_ad_token", &["AZURE_AD_TOKEN"]),
        ];
        if self.foundry { MODELS } else { SERVICE }
    }

    fn key_variable(&self) -> Option<&'static str> {
        Some(if self.foundry {
            "AZURE_AI_API_KEY"
        } else {
            "AZURE_API_KEY"
        })
    }

    fn speaks_openai(&self) -> bool {
        true
    }

    fn encode(&self, request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
        let place = self.place(Format::Chat, target)?;
        let quirks = Quirks {
            stream_options: place.counts_streams,
            ..self.quirks()
        };
        let route = Route {
            headers: headers(target),
            model: place.in_body,
            path: place.path,
        };
        encode_chat(request, target, (self.name(), &quirks), route)
    }

    fn credentials(
        &self,
        _sent: &Sent<'_>,
        target: &Target<'_>,
    ) -> Result<Vec<(&'static str, String)>, ApiError> {
        Ok(headers(target))
    }

    fn native(&self, asked: &Asked<'_>, target: &Target<'_>) -> Option<Result<Encoded, ApiError>> {
        let unknown = match asked.format {
            Format::Chat | Format::Rerank => true,
            Format::Completions => self.foundry || !completes(Family::Openai, target.model),
            other => native::path(other).is_none(),
        };
        if unknown {
            return None;
        }
        let encoded = self.place(asked.format, target).and_then(|place| {
            let route = Route {
                headers: headers(target),
                model: Some(deployment(target.model)),
                path: place.path,
            };
            native::encode(asked, route, (self.name(), &OPENAI))
        });
        Some(encoded)
    }
}

/// Where an operation is.
#[derive(Debug)]
struct Place<'a> {
    path: String,
    /// The model, where the body names it; else the path does.
    in_body: Option<&'a str>,
    /// Whether it takes `stream_options`.
    counts_streams: bool,
}

impl Azure {
    const fn quirks(self) -> Quirks {
        if self.foundry { FOUNDRY } else { OPENAI }
    }

    fn place<'a>(self, format: Format, target: &Target<'a>) -> Result<Place<'a>, ApiError> {
        let operation = native::path(format).unwrap_or_default();
        let version = target.options.get("api_version");
        let model = deployment(target.model);
        let base = target.base_path;
        let in_body = |path: String| Place {
            path,
            in_body: Some(model),
            counts_streams: true,
        };
        if base.ends_with("/openai/v1") || matches!(version, Some("v1" | "preview" | "latest")) {
            let query = match version {
                Some(version @ ("preview" | "latest")) => format!("?api-version={version}"),
                Some(_) | None => String::new(),
            };
            let base = base.strip_suffix("/v1").unwrap_or(base);
            let base = base.strip_suffix("/openai").unwrap_or(base);
            return Ok(in_body(format!("{base}/openai/v1{operation}{query}")));
        }
        if self.foundry {
            return Ok(in_body(foundry(base, operation, target)));
        }
        let version = version.unwrap_or(USUAL_VERSION);
        let query = utf8_percent_encode(version, SEGMENT);
        let counts_streams = version >= COUNTS_STREAMS;
        let root = base.split("/openai").next().unwrap_or(base);
        if matches!(format, Format::Responses | Format::Moderations) {
            // These know no deployments.
            return Ok(in_body(format!(
                "{root}/openai{operation}?api-version={query}"
            )));
        }
        let named = match base.split_once("/openai/deployments/") {
            Some((_, rest)) => rest.split('/').next().unwrap_or(model),
            None => model,
        };
        check(named)?;
        let named = utf8_percent_encode(named, SEGMENT);
        Ok(Place {
            path: format!("{root}/openai/deployments/{named}{operation}?api-version={query}"),
            in_body: None,
            counts_streams,
        })
    }
}

/// Foundry's own endpoints: the shared one, or one of a single model.
fn foundry(base: &str, operation: &str, target: &Target<'_>) -> String {
    if base.ends_with(operation) {
        return base.to_owned();
    }
    let version = target.options.get("api_version");
    let shared = target.authority.ends_with(".services.ai.azure.com") || base.ends_with("/models");
    if shared {
        let base = base.strip_suffix("/models").unwrap_or(base);
        let version = utf8_percent_encode(version.unwrap_or(FOUNDRY_VERSION), SEGMENT);
        return format!("{base}/models{operation}?api-version={version}");
    }
    let base = base.strip_suffix("/v1").unwrap_or(base);
    format!("{base}/v1{operation}")
}

/// The deployment's name: LiteLLM's routes for models that think come in front of it.
fn deployment(model: &str) -> &str {
    ["o_series/", "gpt5_series/"]
        .iter()
        .find_map(|route| model.strip_prefix(route))
        .unwrap_or(model)
}

/// A name that would lead elsewhere is none.
fn check(name: &str) -> Result<(), ApiError> {
    let leads_away =
        name.is_empty() || name.contains(['/', '\\', '?', '#', '%']) || matches!(name, "." | "..");
    if leads_away {
        let words = format!("'{name}' is not the name of a deployment");
        return Err(ApiError::new(400, Class::BadRequest, words).with_param("model"));
    }
    Ok(())
}

/// The key or a token, never both. A token is three parts of base64, the first of which is JSON.
fn headers(target: &Target<'_>) -> Vec<(&'static str, String)> {
    let key = target.key.map(|key| key.expose());
    match (key, target.options.get("azure_ad_token")) {
        (Some(token), _) if token.starts_with("eyJ") => bearer(token),
        (Some(key), _) => vec![("api-key", key.to_owned())],
        (None, Some(token)) => bearer(token),
        (None, None) => Vec::new(),
    }
}

fn bearer(token: &str) -> Vec<(&'static str, String)> {
    vec![("authorization", format!("Bearer {token}"))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::asked::Line;
    use crate::provider::Reading;
    use crate::value::secret::Secret;
    use crate::wire::json::Members;

    fn native(format: Format, version: Option<&str>) -> Encoded {
        let body = br#"{"model":"group","input":"x"}"#;
        let line = Line::of(format);
        let asked = Asked {
            format,
            body,
            members: Members::read(body).unwrap(),
            model: "group".into(),
            stream: false,
            include_usage: false,
            path: "",
            method: "POST",
            headers: &line.headers,
        };
        let version = version.map(|version| ("api_version", Secret::new(version.to_owned())));
        let options = version.into_iter().collect();
        let target = Target {
            options: &options,
            ..Target::of_model("mine")
        };
        AZURE.native(&asked, &target).unwrap().unwrap()
    }

    #[test]
    fn operations_are_below_the_deployment_but_for_those_that_know_none() {
        for (format, path) in [
            (Format::Embeddings, "/openai/deployments/mine/embeddings"),
            (
                Format::Images,
                "/openai/deployments/mine/images/generations",
            ),
            (Format::Speech, "/openai/deployments/mine/audio/speech"),
            (Format::Responses, "/openai/responses"),
        ] {
            let encoded = native(format, Some("2024-10-21"));
            assert_eq!(encoded.path, format!("{path}?api-version=2024-10-21"));
            assert_eq!(encoded.body.unwrap(), br#"{"model":"mine","input":"x"}"#);
            assert!(matches!(encoded.reading, Reading::Native(_)));
        }
        assert_eq!(
            native(Format::Responses, Some("v1")).path,
            "/openai/v1/responses"
        );
        assert_eq!(
            native(Format::Embeddings, Some("preview")).path,
            "/openai/v1/embeddings?api-version=preview"
        );
    }

    #[test]
    fn what_azure_has_no_format_for_is_left_to_others() {
        let line = Line::of(Format::Messages);
        let asked = Asked {
            format: Format::Messages,
            body: b"{}",
            members: Members::default(),
            model: "group".into(),
            stream: false,
            include_usage: false,
            path: "",
            method: "POST",
            headers: &line.headers,
        };
        assert!(AZURE.native(&asked, &Target::of_model("mine")).is_none());
    }

    #[test]
    fn the_address_is_the_file_s_or_the_environment_s() {
        assert_eq!(AZURE.base(&Options::default()), None);
        let base = Secret::new("https://x.openai.azure.com".to_owned());
        let options = [("api_base", base)].into_iter().collect();
        assert_eq!(
            AZURE.base(&options).as_deref(),
            Some("https://x.openai.azure.com")
        );
    }
}
