//! The sections that hold for the whole file, and what is read of them as it stands.

use core::time::Duration;

use super::deployment::Defaults;
use super::endpoint::Template;
use super::environment::Environment;
use super::faults::{Note, Trouble};
use super::headers;
use super::kind::Type;
use super::plan::TagMatch;
use super::rules::Rest;
use super::schema::{DRAGOMAN, GENERAL, LITELLM, ROUTER};
use super::section::{Findings, Section};

/// 32 MiB, what `render` allows Envoy to buffer.
const MAX_BODY: u64 = 32 * 1024 * 1024;

const CLUSTER_HEADER: &str = "x-dragoman-cluster";

/// The sections that hold for the whole file.
pub(super) struct Sections<'v> {
    /// `dragoman`.
    pub dragoman: Section<'v>,
    /// `general_settings`.
    pub general: Section<'v>,
    /// `litellm_settings`.
    pub litellm: Section<'v>,
    /// `router_settings`.
    pub router: Section<'v>,
}

impl<'v> Sections<'v> {
    /// Opens them, and judges every key in them.
    pub fn open(root: &Section<'v>, findings: &mut Findings<'_>) -> Sections<'v> {
        variables(root, findings);
        Sections {
            dragoman: root.section("dragoman", &DRAGOMAN, findings),
            general: root.section("general_settings", &GENERAL, findings),
            litellm: root.section("litellm_settings", &LITELLM, findings),
            router: root.section("router_settings", &ROUTER, findings),
        }
    }

    /// Where a key counts that LiteLLM takes in `router_settings` and in `litellm_settings`: the router's own wins. An empty
    /// list is as good as none.
    pub fn shared(&self, key: &str, findings: &mut Findings<'_>) -> &Section<'v> {
        if self.router.switched_on(key).is_none() {
            return &self.litellm;
        }
        if self.litellm.value(key).is_some() {
            let note = Note::Overridden(self.router.place(key));
            findings.warn(self.litellm.place(key), note);
        }
        &self.router
    }

    /// What holds for deployments that do not say otherwise.
    pub fn defaults(&self, findings: &mut Findings<'_>) -> Defaults {
        let rest = Rest::read(self, findings);
        let cluster_header = self.cluster_header(findings);
        let template = self.template(findings);
        let (router, env) = (&self.router, &findings.env);
        Defaults {
            cluster_header,
            drop_params: self.litellm.flag("drop_params", env).unwrap_or(false),
            modify_params: self.litellm.flag("modify_params", env).unwrap_or(false),
            max_parallel: router.positive("default_max_parallel_requests", env),
            rest,
            stream_timeout: router.seconds("stream_timeout", env),
            tag_filtering: self.tags(env).is_some(),
            template,
        }
    }

    /// How tags must match, if they must: by one of them, unless the file says by all.
    pub fn tags(&self, env: &Environment<'_>) -> Option<TagMatch> {
        let flag = |key| self.router.flag(key, env);
        let any = flag("tag_filtering_match_any").unwrap_or(true);
        let matching = if any { TagMatch::Any } else { TagMatch::All };
        flag("enable_tag_filtering")?.then_some(matching)
    }

    /// LiteLLM lets `request_timeout` win over the router's.
    pub fn timeout(&self, findings: &mut Findings<'_>) -> Option<Duration> {
        let general = self.litellm.seconds("request_timeout", &findings.env);
        let router = self.router.seconds("timeout", &findings.env);
        if general.is_some() && router.is_some() && general != router {
            let note = Note::Overridden(self.litellm.place("request_timeout"));
            findings.warn(self.router.place("timeout"), note);
        }
        general.or(router)
    }

    /// How long a request's body may be, in bytes.
    pub fn max_body(&self, findings: &mut Findings<'_>) -> usize {
        let bytes = self
            .dragoman
            .count("max_body_bytes", &findings.env)
            .unwrap_or(MAX_BODY);
        let bytes = u32::try_from(bytes)
            .ok()
            .filter(|bytes| *bytes > 0)
            .and_then(|bytes| usize::try_from(bytes).ok());
        bytes.unwrap_or_else(|| {
            findings.fault(
                self.dragoman.place("max_body_bytes"),
                Trouble::Range("from 1 to 4294967295"),
            );
            0
        })
    }

    fn cluster_header(&self, findings: &mut Findings<'_>) -> String {
        let name = self.dragoman.name("cluster_header", &findings.env);
        let header = name.map_or(Ok(CLUSTER_HEADER.to_owned()), |name| {
            headers::cluster_header(&name.value)
        });
        header.unwrap_or_else(|trouble| {
            findings.fault(self.dragoman.place("cluster_header"), trouble);
            CLUSTER_HEADER.to_owned()
        })
    }

    fn template(&self, findings: &mut Findings<'_>) -> Template {
        let text = self.dragoman.text("cluster_template", &findings.env);
        let template = text.map_or(Ok(Template::usual()), |text| Template::parse(&text.value));
        template.unwrap_or_else(|trouble| {
            findings.fault(self.dragoman.place("cluster_template"), trouble);
            Template::usual()
        })
    }
}

/// Only their shape: a reference in them matters when something asks for it.
fn variables(root: &Section<'_>, findings: &mut Findings<'_>) {
    let at = root.place("environment_variables");
    for (name, value) in root.entries("environment_variables", findings) {
        if value.is_array() || value.is_object() {
            findings.fault(at.key(name), Type::Text.but(value));
        }
        if name.is_empty() || name.contains(['=', '\0']) {
            findings.fault(at.key(name), Trouble::Characters);
        }
    }
}
