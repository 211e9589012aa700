//! The whole configuration, read at once: either all of it is good, or everything that is not is told.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::deployment::{self, Defaults, Reading};
use super::directory::Directory;
use super::environment::Environment;
use super::fallbacks::Lists;
use super::faults::{Fault, Note, Trouble, Warning};
use super::kind::Type;
use super::options::{self, Options};
use super::path::Path;
use super::plan::{Deployment, Plan};
use super::rules::Policies;
use super::schema::ROOT;
use super::section::{Findings, Section};
use super::settings::Sections;
use super::strategy::Routing;
use super::{endpoint, groups, identity, names};
use crate::policy::Hop;
use crate::value::secret::Secret;

/// LiteLLM's usual number.
const MAX_FALLBACKS: u32 = 5;

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
    let routing = Routing::read(&sections.router, &mut findings);
    let (mut drafts, groups) = groups::gathered(drafts, &routing, &mut findings);
    identity::complete(&mut drafts, taken);
    endpoint::one_kind_of_connection(&drafts, &mut findings);
    let deployments: Vec<_> = drafts.into_iter().map(|draft| draft.deployment).collect();
    let mut directory = Directory::new(groups, declared);
    routing.enter(&deployments, &mut directory, &mut findings);
    names::enter(&sections.router, &mut directory, &mut findings);
    let policies = Policies::read(&sections, &mut directory, &mut findings);
    let lists = Lists::read(&sections, &mut directory, &mut findings);
    policies.apply(&mut directory);
    let made = Made {
        default_fallbacks: lists.apply(&mut directory, &mut findings),
        cluster_header: defaults.cluster_header,
        deployments,
        directory,
    };
    let plan = plan(made, &sections, &mut findings);
    options::tell_of_idle(&plan, &sections.dragoman, &mut findings);
    finish(plan, findings)
}

/// What was made of the deployments and their groups.
struct Made {
    cluster_header: String,
    default_fallbacks: Vec<Hop>,
    deployments: Vec<Deployment>,
    directory: Directory,
}

fn plan(made: Made, sections: &Sections<'_>, findings: &mut Findings<'_>) -> Plan {
    let options = Options::read(&sections.dragoman, findings);
    let timeout = sections.timeout(findings);
    let max_body = sections.max_body(findings);
    let max_fallbacks = sections.shared("max_fallbacks", findings);
    let (router, env) = (&sections.router, &findings.env);
    let ids = made.deployments.iter().enumerate();
    // A request that names a deployment has nothing to fill a `*` with.
    let ids = ids.filter(|(_, deployment)| !deployment.model.contains('*'));
    let ids = ids.map(|(index, deployment)| (deployment.id.clone(), index));
    let ids = ids.collect();
    let (groups, names, patterns) = made.directory.into_parts();
    Plan {
        deployments: made.deployments,
        groups,
        names,
        ids,
        patterns,
        master_key: sections
            .general
            .credential("master_key", env)
            .map(|key| Secret::new(key.value)),
        timeout,
        stream_idle_timeout: options.stream_idle_timeout,
        hedge_after: options.hedge_after,
        midstream: options.midstream,
        transport: options.transport,
        retry_after: router.wait("retry_after", env).unwrap_or_default(),
        retry_budget: options.retry_budget,
        max_fallbacks: max_fallbacks
            .small("max_fallbacks", env)
            .unwrap_or(MAX_FALLBACKS),
        default_fallbacks: made.default_fallbacks,
        tags: sections.tags(env),
        pre_call_checks: router.flag("enable_pre_call_checks", env).unwrap_or(false),
        max_body,
        cluster_header: made.cluster_header,
    }
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
