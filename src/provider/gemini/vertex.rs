//! Vertex AI: Google's models and Anthropic's in Google's cloud, where the address says whose project it is and where.

use std::borrow::Cow;

use super::claude;
use super::{Flavor, chat, check_name, embed, is_versioned, passed, verb};
use crate::canonical::asked::Asked;
use crate::canonical::error::{ApiError, Class};
use crate::canonical::format::Format;
use crate::canonical::request::ChatRequest;
use crate::provider::grant::Grant;
use crate::provider::{Encoded, Options, Provider, Sent, Setting, Target};
use crate::wire::json::{Members, Reader};

/// Vertex AI.
pub static VERTEX: Vertex = Vertex;

/// Google's Vertex AI.
#[derive(Clone, Copy, Debug)]
pub struct Vertex;

/// Where a deployment is that does not say: as in LiteLLM.
const USUAL_LOCATION: &str = "us-central1";
/// The version of the API.
const VERSION: &str = "/v1";

impl Provider for Vertex {
    fn name(&self) -> &'static str {
        "vertex_ai"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["vertex_ai_beta"]
    }

    fn default_base(&self) -> Option<&'static str> {
        None
    }

    fn base(&self, options: &Options) -> Option<Cow<'static, str>> {
        Some(Cow::Owned(format!("https://{}", host(location(options)))))
    }

    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                key: "vertex_project",
                variables: &["VERTEXAI_PROJECT", "VERTEX_PROJECT", "GOOGLE_CLOUD_PROJECT"],
            },
            Setting {
                key: "vertex_location",
                variables: &[
                    "VERTEXAI_LOCATION",
                    "VERTEX_LOCATION",
                    "GOOGLE_CLOUD_LOCATION",
                ],
            },
            Setting {
                key: "vertex_credentials",
                variables: &["VERTEXAI_CREDENTIALS"],
            },
        ]
    }

    fn grant(&self, options: &Options) -> Result<Option<Grant>, (&'static str, &'static str)> {
        const KEY: &str = "vertex_credentials";
        let Some(text) = options.get(KEY) else {
            return Ok(None);
        };
        if !text.trim_start().starts_with('{') {
            return Err((
                KEY,
                "must be the JSON of a service account's key, not the name of a file, which the module cannot read",
            ));
        }
        let grant = Grant::of_service_account(text);
        grant.map(Some).map_err(|why| (KEY, why))
    }

    fn key_variable(&self) -> Option<&'static str> {
        None
    }

    fn speaks_openai(&self) -> bool {
        false
    }

    fn encode(&self, request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
        if claude::is_claude(target.model) {
            return claude::encode(request, target);
        }
        let (body, reading) = chat(request, target, Flavor::Vertex)?;
        Ok(Encoded {
            path: path(target, "google", verb(request.stream))?,
            headers: headers(target),
            body: Some(body),
            reading,
        })
    }

    fn credentials(
        &self,
        _sent: &Sent<'_>,
        target: &Target<'_>,
    ) -> Result<Vec<(&'static str, String)>, ApiError> {
        let mut headers = headers(target);
        headers.retain(|(name, _)| *name != "content-type");
        Ok(headers)
    }

    fn native(&self, asked: &Asked<'_>, target: &Target<'_>) -> Option<Result<Encoded, ApiError>> {
        if claude::is_claude(target.model) {
            return claude::native(asked, target);
        }
        let worded = match asked.format {
            Format::Embeddings => embed::vertex(asked, target.model),
            Format::Gemini => Ok(passed(asked, Flavor::Vertex)),
            _ => return None,
        };
        let encoded = worded.and_then(|(verb, body, reading)| {
            Ok(Encoded {
                path: path(target, "google", verb)?,
                headers: headers(target),
                body,
                reading,
            })
        });
        Some(encoded)
    }
}

fn location(options: &Options) -> &str {
    options.get("vertex_location").unwrap_or(USUAL_LOCATION)
}

/// The host of a region, of several together, or of the whole world.
fn host(location: &str) -> String {
    match location {
        "global" => "aiplatform.googleapis.com".to_owned(),
        "eu" | "us" => format!("aiplatform.{location}.rep.googleapis.com"),
        region => format!("{region}-aiplatform.googleapis.com"),
    }
}

/// The path of what is asked of a publisher's model.
///
/// # Errors
/// A 400 when the name of the model leads elsewhere, a 500 when nobody says whose project it is.
pub(super) fn path(target: &Target<'_>, publisher: &str, verb: &str) -> Result<String, ApiError> {
    let model = target.model;
    let model = model
        .strip_prefix("publishers/google/models/")
        .unwrap_or(model);
    check_name(model)?;
    let base = target.base_path;
    let version = if is_versioned(base) { "" } else { VERSION };
    let Some(project) = project(target.options) else {
        if target.key.is_some() {
            // Express mode: the key says whose it is.
            return Ok(format!(
                "{base}{version}/publishers/{publisher}/models/{model}:{verb}"
            ));
        }
        let words = "the deployment says neither `vertex_project` nor `api_key`";
        return Err(ApiError::new(500, Class::Auth, words));
    };
    let location = location(target.options);
    let place = format!("{base}{version}/projects/{project}/locations/{location}");
    let is_tuned = model.bytes().all(|byte| byte.is_ascii_digit());
    Ok(if is_tuned {
        format!("{place}/endpoints/{model}:{verb}")
    } else {
        format!("{place}/publishers/{publisher}/models/{model}:{verb}")
    })
}

/// The project the deployment names, else that of its service account.
fn project(options: &Options) -> Option<Cow<'_, str>> {
    if let Some(project) = options.get("vertex_project") {
        return Some(Cow::Borrowed(project));
    }
    let account = options.get("vertex_credentials")?;
    let members = Members::read(account.as_bytes()).ok()?;
    let project = Reader::new(members.get("project_id")?.value)
        .string()
        .ok()?;
    Some(Cow::Owned(project.decode().into_owned()))
}

/// The header fields of a request: an API key has a field of its own, everything else is a token.
pub(super) fn headers(target: &Target<'_>) -> Vec<(&'static str, String)> {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    if let Some(key) = target.key {
        let key = key.expose();
        let is_key = key.starts_with("AIza") || key.starts_with("AQ.");
        headers.push(if is_key {
            ("x-goog-api-key", key.to_owned())
        } else {
            ("authorization", format!("Bearer {key}"))
        });
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::secret::Secret;

    fn options(pairs: &[(&'static str, &str)]) -> Options {
        let secret = |(key, text): &(&'static str, &str)| (*key, Secret::new((*text).to_owned()));
        pairs.iter().map(secret).collect()
    }

    fn asked(pairs: &[(&'static str, &str)], model: &str, key: Option<&str>) -> String {
        let key = key.map(|key| Secret::new(key.to_owned()));
        let target = Target {
            key: key.as_ref(),
            options: &options(pairs),
            ..Target::of_model(model)
        };
        path(&target, "google", "generateContent").unwrap_or_else(|error| error.message)
    }

    #[test]
    fn the_location_tells_the_host() {
        for (location, host) in [
            ("us-central1", "us-central1-aiplatform.googleapis.com"),
            ("global", "aiplatform.googleapis.com"),
            ("eu", "aiplatform.eu.rep.googleapis.com"),
            ("us", "aiplatform.us.rep.googleapis.com"),
        ] {
            let base = VERTEX.base(&options(&[("vertex_location", location)]));
            assert_eq!(base.unwrap(), format!("https://{host}"));
        }
        let base = VERTEX.base(&options(&[])).unwrap();
        assert_eq!(base, "https://us-central1-aiplatform.googleapis.com");
    }

    #[test]
    fn the_path_names_the_project_and_the_place() {
        let here = [("vertex_project", "p"), ("vertex_location", "global")];
        assert_eq!(
            asked(&here, "gemini-3-pro", None),
            "/v1/projects/p/locations/global/publishers/google/models/gemini-3-pro:generateContent"
        );
        assert_eq!(
            asked(&here, "1234567890", None),
            "/v1/projects/p/locations/global/endpoints/1234567890:generateContent"
        );
    }

    #[test]
    fn the_project_may_be_the_service_accounts() {
        let account = [(
            "vertex_credentials",
            r#"{"type":"service_account","project_id":"q"}"#,
        )];
        assert_eq!(
            asked(&account, "m", None),
            "/v1/projects/q/locations/us-central1/publishers/google/models/m:generateContent"
        );
        let file = [("vertex_credentials", "/etc/account.json")];
        assert!(asked(&file, "m", None).contains("vertex_project"));
    }

    #[test]
    fn a_key_needs_no_project() {
        assert_eq!(
            asked(&[], "m", Some("AIzaX")),
            "/v1/publishers/google/models/m:generateContent"
        );
    }

    #[test]
    fn keys_and_tokens_have_fields_of_their_own() {
        for (key, name, value) in [
            ("AIzaX", "x-goog-api-key", "AIzaX"),
            ("ya29.x", "authorization", "Bearer ya29.x"),
        ] {
            let key = Secret::new(key.to_owned());
            let target = Target {
                key: Some(&key),
                ..Target::of_model("m")
            };
            assert!(headers(&target).contains(&(name, value.to_owned())));
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        let here = [("vertex_project", "p")];
        for model in ["../x", "a/b", "m?x=", "m%2f", "m#x", "", "a b"] {
            assert!(
                asked(&here, model, None).contains("not the name"),
                "{model}"
            );
        }
    }
}
