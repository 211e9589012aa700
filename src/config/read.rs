//! The whole configuration, read at once: either all of it is good, or everything that is not is told.

use core::time::Duration;
use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::deployment::{self, Defaults, Reading};
use super::endpoint::Template;
use super::environment::Environment;
use super::faults::{Fault, Note, Trouble, Warning};
use super::kind::Type;
use super::path::Path;
use super::plan::Plan;
use super::schema::{DRAGOMAN, GENERAL, LITELLM, ROOT, ROUTER};
use super::section::{Findings, Section};
use super::{endpoint, groups, headers, identity, names};
use crate::value::secret::Secret;

/// 32 MiB, what `render` allows Envoy to buffer.
const MAX_BODY: u64 = 32 * 1024 * 1024;

const CLUSTER_HEADER: &str = "x-dragoman-cluster";

/// A configuration without faults.
#[derive(Debug)]
pub struct Checked {
    /// What the gateway works from.
    pub plan: Plan,
    /// What the operator should know all the same.
    pub warnings: Vec<Warning>,
    /// The variables of the process that were asked for: those the file names, and the key variables of its providers.
    pub variables: BTreeSet<String>,
}

/// Checks a configuration. `env` answers for the process's variables.
///
/// # Errors
/// Every fault there is.
pub fn read(source: &Value, env: &dyn Fn(&str) -> Option<String>) -> Result<Checked, Vec<Fault>> {
    let mut findings = Findings::new(Environment::new(source.get("environment_variables"), env));
    let root = Section::open(Some(source), Path::root(), &ROOT, &mut findings);
    let sections = Sections::open(&root, &mut findings);
    let defaults = sections.defaults(&mut findings);
    let readings = readings(&root, &defaults, &mut findings);
    let taken = identity::given(&readings, &mut findings);
    let declared: HashSet<String> = readings
        .iter()
        .filter_map(|reading| reading.group.clone())
        .collect();
    let drafts = readings
        .into_iter()
        .filter_map(|reading| reading.draft)
        .collect();
    let (mut drafts, groups) = groups::gathered(drafts, &mut findings);
    identity::complete(&mut drafts, taken);
    endpoint::one_kind_of_connection(&drafts, &mut findings);
    let names = names::names(&groups, &declared, &sections.router, &mut findings);
    let plan = Plan {
        deployments: drafts.into_iter().map(|draft| draft.deployment).collect(),
        groups,
        names,
        master_key: sections
            .general
            .credential("master_key", &findings.env)
            .map(|key| Secret::new(key.value)),
        ids: std::collections::HashMap::new(),
        patterns: Vec::new(),
        timeout: sections.timeout(&findings.env),
        stream_idle_timeout: None,
        hedge_after: None,
        midstream: super::plan::Midstream::default(),
        transport: super::plan::Transport::default(),
        retry_after: Duration::ZERO,
        retry_budget: crate::policy::Budget {
            floor: 10,
            percent: 20,
        },
        max_fallbacks: 5,
        default_fallbacks: Vec::new(),
        tags: None,
        pre_call_checks: false,
        max_body: sections.max_body(&mut findings),
        cluster_header: defaults.cluster_header,
    };
    finish(plan, findings)
}

fn finish(plan: Plan, mut findings: Findings<'_>) -> Result<Checked, Vec<Fault>> {
    for place in findings.env.unused() {
        findings.warn(place, Note::Unused);
    }
    if findings.faults.is_empty() {
        let variables = findings.env.asked();
        Ok(Checked {
            plan,
            warnings: findings.warnings,
            variables,
        })
    } else {
        Err(findings.faults)
    }
}

/// The sections that hold for the whole file.
struct Sections<'v> {
    dragoman: Section<'v>,
    general: Section<'v>,
    litellm: Section<'v>,
    router: Section<'v>,
}

impl<'v> Sections<'v> {
    fn open(root: &Section<'v>, findings: &mut Findings<'_>) -> Sections<'v> {
        variables(root, findings);
        let sections = Sections {
            dragoman: root.section("dragoman", &DRAGOMAN, findings),
            general: root.section("general_settings", &GENERAL, findings),
            litellm: root.section("litellm_settings", &LITELLM, findings),
            router: root.section("router_settings", &ROUTER, findings),
        };
        sections.strategy(findings);
        sections
    }

    fn strategy(&self, findings: &mut Findings<'_>) {
        let strategy = self.router.text("routing_strategy", &findings.env);
        if let Some(other) = strategy.filter(|strategy| strategy.value != "simple-shuffle") {
            let what = "the strategy";
            findings.fault(
                self.router.place("routing_strategy"),
                Trouble::NotYet {
                    what,
                    name: other.written,
                },
            );
        }
    }

    fn defaults(&self, findings: &mut Findings<'_>) -> Defaults {
        Defaults {
            cluster_header: self.cluster_header(findings),
            drop_params: self
                .litellm
                .flag("drop_params", &findings.env)
                .unwrap_or(false),
            stream_timeout: self.router.seconds("stream_timeout", &findings.env),
            template: self.template(findings),
        }
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

    /// LiteLLM lets `request_timeout` win over the router's.
    fn timeout(&self, env: &Environment<'_>) -> Option<Duration> {
        self.litellm
            .seconds("request_timeout", env)
            .or_else(|| self.router.seconds("timeout", env))
    }

    fn max_body(&self, findings: &mut Findings<'_>) -> usize {
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

fn readings(root: &Section<'_>, defaults: &Defaults, findings: &mut Findings<'_>) -> Vec<Reading> {
    let at = root.place("model_list");
    match root.value("model_list") {
        None => findings.fault(Path::root(), Trouble::Missing("model_list")),
        Some(Value::Array(entries)) if entries.is_empty() => findings.fault(at, Trouble::Empty),
        Some(Value::Array(entries)) => {
            let mut read =
                |(index, entry)| deployment::read(entry, &at.index(index), defaults, findings);
            return entries.iter().enumerate().map(&mut read).collect();
        }
        Some(other) => findings.fault(at, Type::List.but(other)),
    }
    Vec::new()
}
