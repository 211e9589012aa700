//! One entry of `model_list`, made into a deployment.

use core::time::Duration;

use serde_json::Value;

use super::endpoint::{Base, Template};
use super::environment::Text;
use super::facts::Facts;
use super::faults::{BadBase, Note, Trouble};
use super::headers;
use super::key::Bearer;
use super::mode;
use super::model::{self, Named, Naming};
use super::parameters;
use super::path::Path;
use super::plan::{Deployment, Endpoint, Granted};
use super::rules::Rest;
use super::schema::{DEPLOYMENT_OPTIONS, ENTRY, MODEL_INFO, PARAMS};
use super::section::{Findings, Section};
use crate::canonical::think::Tag;
use crate::provider::{Has, Options, Provider, Rules, Setting};
use crate::value::secret::Secret;

/// What holds for every deployment that does not say otherwise.
pub(super) struct Defaults {
    pub cluster_header: String,
    pub drop_params: bool,
    pub modify_params: bool,
    pub max_parallel: Option<u32>,
    pub rest: Rest,
    /// Whether tags have any effect.
    pub tag_filtering: bool,
    pub stream_timeout: Option<Duration>,
    pub template: Template,
}

/// A deployment with what is needed to give it its place in the plan.
pub(super) struct Draft {
    pub at: Path,
    pub deployment: Deployment,
    /// Its `model_name`.
    pub group: String,
}

/// What could be read of an entry.
pub(super) struct Reading {
    pub at: Path,
    /// `None` when it has a fault that leaves nothing to work with.
    pub draft: Option<Draft>,
    /// Its `model_name`.
    pub group: Option<String>,
    /// `model_info.id`.
    pub id: Option<String>,
}

/// The sections of an entry.
struct Entry<'v> {
    info: Section<'v>,
    options: Section<'v>,
    params: Section<'v>,
}

/// Reads an entry.
pub(super) fn read(
    value: &Value,
    at: &Path,
    defaults: &Defaults,
    findings: &mut Findings<'_>,
) -> Reading {
    let top = Section::open(Some(value), at.clone(), &ENTRY, findings);
    let entry = Entry {
        info: top.section("model_info", &MODEL_INFO, findings),
        options: top.section("dragoman", &DEPLOYMENT_OPTIONS, findings),
        params: top.section("litellm_params", &PARAMS, findings),
    };
    let group = value.is_object().then(|| group(&top, findings)).flatten();
    let deployment = entry
        .params
        .is_there()
        .then(|| entry.read(group.as_deref(), defaults, findings))
        .flatten();
    let draft = group.clone().zip(deployment);
    Reading {
        at: at.clone(),
        draft: draft.map(|(group, deployment)| Draft {
            at: at.clone(),
            deployment,
            group,
        }),
        group,
        id: entry.info.name("id", &findings.env).map(|id| id.value),
    }
}

fn group(top: &Section<'_>, findings: &mut Findings<'_>) -> Option<String> {
    for key in ["model_name", "litellm_params"] {
        if top.value(key).is_none() {
            findings.fault(top.at.clone(), Trouble::Missing(key));
        }
    }
    top.name("model_name", &findings.env).map(|name| name.value)
}

impl Entry<'_> {
    fn read(
        &self,
        group: Option<&str>,
        defaults: &Defaults,
        findings: &mut Findings<'_>,
    ) -> Option<Deployment> {
        mode::check(&self.info, findings);
        let extra_headers = headers::extra(&self.params, &defaults.cluster_header, findings);
        let named = self.named(findings);
        if let (Some(named), Some(group)) = (&named, group) {
            self.stars(named, group, findings);
        }
        let provider = named.as_ref().map(|named| named.provider);
        let options = provider.map(|provider| self.options(provider, findings));
        let options = options.unwrap_or_default();
        let base = self.base(named.as_ref(), &options, findings);
        let (named, base) = (named?, base?);
        let endpoint = self.endpoint(base, defaults, findings);
        let bearer = Bearer {
            endpoint: &endpoint,
            extra_headers: &extra_headers,
            params: &self.params,
            provider: named.provider,
        };
        let api_key = bearer.key(findings);
        let grant = if api_key.is_some() {
            None
        } else {
            self.grant(named.provider, &options, defaults, findings)
        };
        let has = Has {
            base: true,
            key: api_key.is_some() || grant.is_some() || bearer.needs_none(),
        };
        if let Some(words) = named.provider.lack(&named.model, &options, &has) {
            findings.fault(self.params.at.clone(), Trouble::Lack(words));
        }
        let rules = parameters::rules(&self.params, defaults.modify_params, findings);
        let deployment = self.deployment(named, endpoint, defaults, findings);
        let is_one_model = !deployment.model.contains('*');
        if is_one_model && deployment.prices.is_none() && deployment.mock_response.is_none() {
            findings.warn(self.params.place("model"), Note::Unpriced);
        }
        Some(Deployment {
            api_key,
            extra_headers,
            grant,
            options,
            rules,
            ..deployment
        })
    }

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

    /// Every `*` of the model must be filled by one of the group's name.
    fn stars(&self, named: &Named, group: &str, findings: &mut Findings<'_>) {
        let stars = |text: &str| text.matches('*').count();
        if stars(&named.model) > stars(group) {
            let model = self.params.text("model", &findings.env);
            let model = model.map(|model| model.written).unwrap_or_default();
            findings.fault(self.params.place("model"), Trouble::Stars(model));
        }
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

    /// What only its vendor understands: the file's word, else the environment's.
    fn options(&self, provider: &'static dyn Provider, findings: &Findings<'_>) -> Options {
        let of = |setting: &Setting| {
            let text = match self.params.value(setting.key) {
                Some(_) => self.params.text(setting.key, &findings.env)?.value,
                None => {
                    let variables = setting.variables.iter();
                    variables
                        .filter_map(|name| findings.env.variable(name))
                        .next()?
                }
            };
            Some((setting.key, Secret::new(text)))
        };
        provider.settings().iter().filter_map(of).collect()
    }

    /// The token that must be fetched before the deployment is asked.
    fn grant(
        &self,
        provider: &'static dyn Provider,
        options: &Options,
        defaults: &Defaults,
        findings: &mut Findings<'_>,
    ) -> Option<Granted> {
        let grant = match provider.grant(options) {
            Ok(grant) => grant?,
            Err((key, why)) => {
                findings.fault(self.params.place(key), Trouble::Credential(why));
                return None;
            }
        };
        match Base::parse(&grant.url) {
            Ok(base) => Some(Granted {
                endpoint: {
                    let cluster = defaults.template.fill(&base);
                    base.at(cluster)
                },
                record: format!("token/{}", grant.name),
                grant,
            }),
            Err(bad) => {
                findings.fault(self.params.at.clone(), Trouble::Base(bad));
                None
            }
        }
    }

    /// The deployment's address, else the provider's, if that is known.
    fn base(
        &self,
        named: Option<&Named>,
        options: &Options,
        findings: &mut Findings<'_>,
    ) -> Option<Base> {
        let key = self.address_key();
        if key == "api_base" && self.params.value("base_url").is_some() {
            let first = self.params.place("api_base");
            findings.fault(self.params.place("base_url"), Trouble::Duplicate { first });
        }
        let (parsed, at) = match self.params.value(key) {
            Some(_) => (
                Base::parse(&self.address(findings)?.value),
                self.params.place(key),
            ),
            None => (usual(named?, options), self.params.at.clone()),
        };
        let trouble = |bad| match (bad, named) {
            (BadBase::Missing, Some(named)) => {
                let has = Has {
                    base: false,
                    key: true,
                };
                let lack = named.provider.lack(&named.model, options, &has);
                lack.map_or(Trouble::Base(bad), Trouble::Lack)
            }
            (bad, _) => Trouble::Base(bad),
        };
        parsed.map_err(|bad| findings.fault(at, trouble(bad))).ok()
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

    /// All but the key and the headers.
    fn deployment(
        &self,
        named: Named,
        endpoint: Endpoint,
        defaults: &Defaults,
        findings: &mut Findings<'_>,
    ) -> Deployment {
        let cooldown = defaults.rest.of(&self.params, &self.info, findings);
        let tags = self.tags(defaults, findings);
        let place = "place of the opening tag";
        let think_tags = self.options.choice("think_tags", place, &TAGS, findings);
        let (params, info, env) = (&self.params, &self.info, &findings.env);
        let facts = Facts::of(&named, params, info, env);
        let id = info.name("id", env).map(|id| id.value);
        Deployment {
            id: id.unwrap_or_default(),
            group: 0,
            provider: named.provider,
            model: named.model,
            endpoint,
            api_key: None,
            grant: None,
            order: params
                .count("order", env)
                .or_else(|| info.count("order", env)),
            tags,
            max_parallel: params
                .positive("max_parallel_requests", env)
                .or(defaults.max_parallel),
            num_retries: params
                .small("num_retries", env)
                .or_else(|| params.small("max_retries", env)),
            cooldown,
            max_input: facts.max_input,
            abilities: facts.abilities,
            prefill: self.options.flag("prefill", env).unwrap_or(false),
            think_tags,
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
            options: Options::default(),
            rules: Rules::default(),
            mock_response: params.text("mock_response", env).map(|text| text.value),
            prices: facts.prices,
        }
    }

    fn tags(&self, defaults: &Defaults, findings: &mut Findings<'_>) -> Vec<String> {
        let tags = self.params.names("tags", &findings.env).unwrap_or_default();
        if !tags.is_empty() && !defaults.tag_filtering {
            let why = "`router_settings.enable_tag_filtering` is not on";
            findings.warn(self.params.place("tags"), Note::Ignored(why));
        }
        tags.into_iter().map(|tag| tag.value).collect()
    }
}

/// Where the tag may stand that opens reasoning.
const TAGS: [(&str, Tag); 2] = [("answer", Tag::Answer), ("prompt", Tag::Prompt)];

fn usual(named: &Named, options: &Options) -> Result<Base, BadBase> {
    named
        .provider
        .base_for(&named.model, options)
        .map_or(Err(BadBase::Missing), |base| Base::parse(&base))
}
