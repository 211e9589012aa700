//! Every key a configuration may have, as data: what it takes if it is supported, and what to say if it is not.
//!
//! The rule for LiteLLM's keys that are not supported:
//! - `Ignored`: it can have no meaning here (database, user interface, callbacks…). A warning says why.
//! - `Postponed`: not built yet, and without it the gateway only tries less hard, answers fewer paths or shows less. A warning
//!   says what happens instead.
//! - `Refused`: not built yet, and without it a request would be let through, sent elsewhere, changed or charged otherwise than
//!   the file promises. A fault, unless its value switches it off (`false`, an empty list or section).
//!
//! `null` is always as good as nothing, as in LiteLLM.

mod deployment;
mod general;
mod info;
mod litellm;
mod policy;
mod router;

use super::kind::Kind;

pub(super) use deployment::{DEPLOYMENT_OPTIONS, ENTRY, PARAMS};
pub(super) use general::GENERAL;
pub(super) use info::MODEL_INFO;
pub(super) use litellm::LITELLM;
pub(super) use policy::{
    ALLOWED_FAILS_POLICY, RETRY_BUDGET, RETRY_POLICY, ROUTING_GROUP, STRATEGY_ARGS,
};
pub(super) use router::{ALIAS, ROUTER};

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// Has no meaning here, and why.
    Ignored(&'static str),
    /// Only describes: taken without a word.
    Informational,
    /// Not built yet and harmless; what happens instead.
    Postponed(&'static str),
    /// Not built yet and not harmless.
    Refused,
    /// Read.
    Supported(Kind),
}

/// The keys of one section. A key may have one `*`, which stands for any characters.
#[derive(Debug)]
pub(super) struct Table {
    /// How the section is called.
    pub name: &'static str,
    /// The keys, by what becomes of them.
    pub rows: &'static [(Status, &'static [&'static str])],
}

impl Table {
    /// What becomes of `key`; `None` when nobody knows it.
    pub fn status(&self, key: &str) -> Option<Status> {
        let find = |fits: fn(&str, &str) -> bool| {
            let row = self
                .rows
                .iter()
                .find(|(_, keys)| keys.iter().any(|known| fits(known, key)));
            row.map(|(status, _)| *status)
        };
        find(|known, key| known == key).or_else(|| find(matches))
    }

    /// The known key that is most like `key`, if any is like it at all.
    pub fn nearest(&self, key: &str) -> Option<&'static str> {
        nearest(key, self.keys())
    }

    fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.rows
            .iter()
            .flat_map(|(_, keys)| keys.iter().copied())
            .filter(|key| !key.contains('*'))
    }
}

/// The section that knows `key` as supported: where it was perhaps meant to be.
pub(super) fn home_of(key: &str) -> Option<&'static str> {
    let supports = |table: &&Table| matches!(table.status(key), Some(Status::Supported(_)));
    [&PARAMS, &ROUTER, &LITELLM, &GENERAL, &DRAGOMAN, &ROOT]
        .into_iter()
        .find(supports)
        .map(|table| table.name)
}

/// The name most like `name`, if one is close enough to be a slip of the pen.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 100;
    if name.len() > LONGEST {
        return None;
    }
    let slips = (name.chars().count() / 3).clamp(1, 4);
    let by_distance = known.map(|known| (strsim::damerau_levenshtein(name, known), known));
    by_distance
        .filter(|(distance, _)| *distance <= slips)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

fn matches(pattern: &str, key: &str) -> bool {
    pattern.split_once('*').is_some_and(|(head, tail)| {
        key.strip_prefix(head)
            .is_some_and(|rest| rest.len() >= tail.len() && rest.ends_with(tail))
    })
}

/// The top of the file.
pub(super) static ROOT: Table = Table {
    name: "configuration",
    rows: &[
        (
            Status::Supported(Kind::Structure),
            &[
                "model_list",
                "litellm_settings",
                "router_settings",
                "general_settings",
                "environment_variables",
                "dragoman",
            ],
        ),
        (
            Status::Refused,
            &[
                "guardrails",
                "policies",
                "policy_attachments",
                "plugins",
                "vector_store_registry",
                "prompts",
            ],
        ),
        (
            Status::Postponed("its paths are not answered"),
            &[
                "mcp_servers",
                "mcp_tools",
                "mcp_semantic_tool_filter",
                "search_tools",
                "sandbox_tools",
                "agents",
                "agent_list",
                "files_settings",
                "finetune_settings",
                "assistant_settings",
                "pass_through_endpoints",
                "default_vertex_config",
                "credential_list",
            ],
        ),
        (
            Status::Ignored("the gateway calls nobody back"),
            &["callback_settings"],
        ),
        (
            Status::Ignored("Envoy's own workers are used"),
            &["worker_registry"],
        ),
        (
            Status::Ignored("included files are not read: this is the whole configuration"),
            &["include"],
        ),
        (
            Status::Ignored("the gateway picks deployments itself"),
            &["classifier_plugin"],
        ),
    ],
};

/// What LiteLLM has no word for.
pub(super) static DRAGOMAN: Table = Table {
    name: "dragoman",
    rows: &[
        (Status::Supported(Kind::Text), &["cluster_template"]),
        (Status::Supported(Kind::Name), &["cluster_header"]),
        (Status::Supported(Kind::Count), &["max_body_bytes"]),
        (
            Status::Supported(Kind::Seconds),
            &["hedge_after", "stream_idle_timeout"],
        ),
        (
            Status::Supported(Kind::Structure),
            &["midstream", "retry_budget"],
        ),
        (Status::Supported(Kind::Text), &["retry_transport"]),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    static TABLES: [&Table; 15] = [
        &ALIAS,
        &ALLOWED_FAILS_POLICY,
        &DEPLOYMENT_OPTIONS,
        &DRAGOMAN,
        &ENTRY,
        &GENERAL,
        &LITELLM,
        &MODEL_INFO,
        &PARAMS,
        &RETRY_BUDGET,
        &RETRY_POLICY,
        &ROOT,
        &ROUTER,
        &ROUTING_GROUP,
        &STRATEGY_ARGS,
    ];

    #[test]
    fn no_key_is_in_a_section_twice() {
        for table in TABLES {
            let mut keys: Vec<_> = table
                .rows
                .iter()
                .flat_map(|(_, keys)| keys.iter())
                .collect();
            let all = keys.len();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), all, "{}", table.name);
        }
    }

    #[test]
    fn a_pattern_does_not_hide_a_key_that_is_named() {
        assert_eq!(
            PARAMS.status("input_cost_per_token"),
            Some(Status::Supported(Kind::Price))
        );
        assert_eq!(
            PARAMS.status("input_cost_per_token_flex"),
            Some(Status::Refused)
        );
        assert_eq!(PARAMS.status("aws_role_name"), Some(Status::Refused));
    }

    #[test]
    fn only_slips_of_the_pen_have_a_nearest_key() {
        assert_eq!(PARAMS.nearest("modle"), Some("model"));
        assert_eq!(PARAMS.nearest("apibase"), Some("api_base"));
        assert_eq!(ROOT.nearest("modellist"), Some("model_list"));
        assert_eq!(ROOT.nearest("unrelated"), None);
        assert_eq!(ROOT.nearest(&"x".repeat(1_000_000)), None);
    }

    #[test]
    fn a_key_in_the_wrong_section_has_a_home() {
        assert_eq!(home_of("api_base"), Some("litellm_params"));
        assert_eq!(home_of("master_key"), Some("general_settings"));
        assert_eq!(home_of("database_url"), None);
    }
}
