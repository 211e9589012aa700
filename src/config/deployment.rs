//! One entry of `model_list`, made into a deployment.

use core::time::Duration;

use serde_json::Value;

use super::endpoint::{Base, Template};
use super::environment::Text;
use super::faults::{BadBase, Note, Trouble};
use super::headers;
use super::model::{self, Named, Naming};
use super::path::Path;
use super::plan::{Deployment, Endpoint};
use super::prices::{self, Model};
use super::schema::{DEPLOYMENT_OPTIONS, ENTRY, MODEL_INFO, PARAMS};
use super::section::{Findings, Section};
use crate::provider::Provider;
use crate::value::secret::Secret;

/// What holds for every deployment that does not say otherwise.
pub(super) struct Defaults {
    pub cluster_header: String,
    pub drop_params: bool,
    pub stream_timeout: Option<Duration>,
    pub template: Template,
}

/// A deployment with what is needed to give it its place in the plan.
pub(super) struct Draft {
    pub at: Path,
    pub deployment: Deployment,
    /// `model_info.id`, if it is given.
    pub has_id: bool,
    /// Its `model_name`.
    pub group: String,
}

/// The sections of an entry.
struct Entry<'v> {
    at: Path,
    info: Section<'v>,
    options: Section<'v>,
    params: Section<'v>,
}

/// Reads an entry; `None` when it has a fault that leaves nothing to work with.
pub(super) fn read(
    value: &Value,
    at: &Path,
    defaults: &Defaults,
    findings: &mut Findings<'_>,
) -> Option<Draft> {
    let top = Section::open(Some(value), at.clone(), &ENTRY, findings);
    let entry = Entry {
        at: at.clone(),
        info: top.section("model_info", &MODEL_INFO, findings),
        options: top.section("dragoman", &DEPLOYMENT_OPTIONS, findings),
        params: top.section("litellm_params", &PARAMS, findings),
    };
    if !value.is_object() {
        return None;
    }
    let group = group(&top, findings);
    let named = entry.named(findings);
    let base = named
        .as_ref()
        .and_then(|named| entry.base(named.provider, findings));
    let extra_headers = headers::extra(&entry.params, &defaults.cluster_header, findings);
    entry.mode(findings);
    let (group, named, base) = (group?, named?, base?);
    let endpoint = entry.endpoint(base, defaults, findings);
    let api_key = entry.api_key(
        named.provider,
        &endpoint,
        extra_headers
            .iter()
            .any(|(name, _)| name == "authorization"),
        findings,
    );
    let deployment = entry.deployment(named, endpoint, defaults, findings);
    let deployment = Deployment {
        api_key,
        extra_headers,
        ..deployment
    };
    if deployment.prices.is_none() && deployment.mock_response.is_none() {
        findings.warn(entry.params.place("model"), Note::Unpriced);
    }
    Some(Draft {
        at: entry.at,
        has_id: entry.info.value("id").is_some(),
        group,
        deployment,
    })
}

fn group(top: &Section<'_>, findings: &mut Findings<'_>) -> Option<String> {
    for key in ["model_name", "litellm_params"] {
        if top.value(key).is_none() {
            findings.fault(top.at.clone(), Trouble::Missing(key));
        }
    }
    let name = top.name("model_name", &findings.env)?;
    if name.value.contains('*') {
        findings.fault(
            top.place("model_name"),
            Trouble::NotYet {
                what: "the wildcard group",
                name: name.written,
            },
        );
        return None;
    }
    Some(name.value)
}

impl Entry<'_> {
    fn named(&self, findings: &mut Findings<'_>) -> Option<Named> {
        if self.params.value("model").is_none() {
            findings.fault(self.params.at.clone(), Trouble::Missing("model"));
        }
        let model = self.params.text("model", &findings.env)?;
        let provider = self.params.text("custom_llm_provider", &findings.env);
        let address = self.address(findings);
        let base = address
            .as_ref()
            .and_then(|text| Base::parse(&text.value).ok());
        let naming = Naming {
            model: &model,
            provider: provider.as_ref(),
            base: base.as_ref(),
            has_base: address.is_some(),
        };
        let key = if provider.is_some() {
            "custom_llm_provider"
        } else {
            "model"
        };
        model::named(&naming)
            .map_err(|trouble| findings.fault(self.params.place(key), trouble))
            .ok()
    }

    /// `api_base`, also called `base_url`.
    fn address(&self, findings: &Findings<'_>) -> Option<Text> {
        self.params.text(self.address_key(), &findings.env)
    }

    fn address_key(&self) -> &'static str {
        if self.params.value("api_base").is_some() {
            "api_base"
        } else {
            "base_url"
        }
    }

    fn base(&self, provider: &'static dyn Provider, findings: &mut Findings<'_>) -> Option<Base> {
        let key = self.address_key();
        if key == "api_base" && self.params.value("base_url").is_some() {
            let first = self.params.place("api_base");
            findings.fault(self.params.place("base_url"), Trouble::Duplicate { first });
        }
        let (parsed, at) = match (self.address(findings), self.params.value(key)) {
            (Some(text), _) => (Base::parse(&text.value), self.params.place(key)),
            (None, Some(_)) => return None,
            (None, None) => (
                provider
                    .default_base()
                    .map_or(Err(BadBase::Missing), Base::parse),
                self.params.at.clone(),
            ),
        };
        parsed
            .map_err(|bad| findings.fault(at, Trouble::Base(bad)))
            .ok()
    }

    fn endpoint(&self, base: Base, defaults: &Defaults, findings: &mut Findings<'_>) -> Endpoint {
        let own = self
            .options
            .name("cluster", &findings.env)
            .map(|name| name.value);
        if own
            .as_ref()
            .is_some_and(|name| name.chars().any(char::is_whitespace))
        {
            findings.fault(self.options.place("cluster"), Trouble::Characters);
        }
        let cluster = own.unwrap_or_else(|| defaults.template.fill(&base));
        base.at(cluster)
    }

    /// Only chat is answered: a deployment for something else would be sent chat.
    fn mode(&self, findings: &mut Findings<'_>) {
        let mode = self
            .info
            .name("mode", &findings.env)
            .filter(|mode| mode.value != "chat");
        if let Some(mode) = mode {
            findings.fault(
                self.info.place("mode"),
                Trouble::NotYet {
                    what: "the mode",
                    name: mode.written,
                },
            );
        }
    }

    /// The deployment's key, else the provider's variable, as in LiteLLM.
    fn api_key(
        &self,
        provider: &'static dyn Provider,
        endpoint: &Endpoint,
        has_authorization: bool,
        findings: &mut Findings<'_>,
    ) -> Option<Secret> {
        if self.params.value("api_key").is_some() {
            return self.key(findings);
        }
        let is_mock = self.params.value("mock_response").is_some();
        let variable = provider.key_variable();
        let found = variable
            .and_then(|name| findings.env.variable(name))
            .filter(|key| is_sendable(key));
        let usual = provider
            .default_base()
            .and_then(|base| Base::parse(base).ok());
        let is_own_host = usual
            .as_ref()
            .is_some_and(|usual| usual.host == endpoint.host);
        let is_public = usual.is_some_and(|usual| usual.tls);
        let silent = is_mock || has_authorization;
        match (&found, variable) {
            (Some(_), Some(name)) if is_public && !is_own_host && !silent => {
                findings.warn(self.params.at.clone(), Note::KeyElsewhere(name));
            }
            (None, name) if is_own_host && is_public && !silent => {
                findings.warn(self.params.at.clone(), Note::NoKey(name));
            }
            _ => {}
        }
        found.map(Secret::new)
    }

    fn key(&self, findings: &mut Findings<'_>) -> Option<Secret> {
        let key = self.params.text("api_key", &findings.env)?.value;
        if !is_sendable(&key) {
            findings.fault(self.params.place("api_key"), Trouble::Characters);
        }
        Some(Secret::new(key))
    }

    /// All but the key and the headers.
    fn deployment(
        &self,
        named: Named,
        endpoint: Endpoint,
        defaults: &Defaults,
        findings: &Findings<'_>,
    ) -> Deployment {
        let (params, env) = (&self.params, &findings.env);
        let base = self.info.name("base_model", env);
        let model = Model {
            provider: named.provider.name(),
            model: &named.model,
            base: base.as_ref().map(|base| base.value.as_str()),
        };
        let prices = prices::prices_of(&model, prices::own(params, &self.info, findings));
        Deployment {
            id: self
                .info
                .name("id", env)
                .map(|id| id.value)
                .unwrap_or_default(),
            group: 0,
            provider: named.provider,
            model: named.model,
            endpoint,
            api_key: None,
            weight: params.weight("weight", env),
            rpm: params.count("rpm", env),
            tpm: params.count("tpm", env),
            timeout: params.seconds("timeout", env),
            stream_timeout: params
                .seconds("stream_timeout", env)
                .or(defaults.stream_timeout),
            extra_headers: Vec::new(),
            drop_params: params
                .flag("drop_params", env)
                .unwrap_or(defaults.drop_params),
            mock_response: params.text("mock_response", env).map(|text| text.value),
            prices,
        }
    }
}

fn is_sendable(key: &str) -> bool {
    !key.is_empty() && key.trim() == key && http::HeaderValue::from_str(key).is_ok()
}
