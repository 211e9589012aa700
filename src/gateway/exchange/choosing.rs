//! Which deployments can be asked with a request in their vendor's own format, and which of them is.

use super::work::Work;
use crate::canonical::error::{ApiError, Class};
use crate::config::plan::{Plan, Resolved};
use crate::gateway::Context;
use crate::gateway::select::{self, Want};
use crate::policy::Hop;
use crate::routing::below;

/// The deployments of a vendor that a request may go to.
#[derive(Debug)]
pub(super) struct Choice {
    deployments: Vec<usize>,
    /// The group that the client named, and the model's name in it.
    hop: Option<Hop>,
    /// Whether the vendor is told its own name of the model.
    pub renames: bool,
    vendor: &'static str,
}

impl Choice {
    /// Those that serve the group or the model of that name, else all of the vendor's: it knows best what else its models are called,
    /// and many requests name none.
    ///
    /// # Errors
    /// A 404 when the vendor has no deployment.
    pub fn of(vendor: &'static str, model: &str, plan: &Plan) -> Result<Self, ApiError> {
        let is_vendors = |index: &usize| {
            let deployment = plan.deployments.get(*index);
            // What answers by itself stands in for a vendor's chat, and has no credential.
            deployment.is_some_and(|of| {
                let provider = of.provider;
                let is_named = provider.name() == vendor || provider.aliases().contains(&vendor);
                is_named && of.mock_response.is_none()
            })
        };
        let resolved = plan.resolve(model).filter(|_| !model.is_empty());
        if let Some(Resolved { hop, deployment }) = resolved {
            let group = plan.groups.get(hop.group);
            let members = group.map_or(&[][..], |group| &group.deployments);
            let is_meant = |index: &usize| deployment.is_none_or(|only| only == *index);
            let deployments = members.iter().copied();
            let deployments = deployments.filter(|it| is_meant(it) && is_vendors(it));
            let deployments: Vec<usize> = deployments.collect();
            if !deployments.is_empty() {
                return Ok(Self {
                    deployments,
                    hop: Some(hop),
                    renames: true,
                    vendor,
                });
            }
        }
        let all = (0..plan.deployments.len()).filter(is_vendors);
        let all: Vec<usize> = all.collect();
        let has_model = |index: &usize| {
            let deployment = plan.deployments.get(*index);
            deployment.is_some_and(|of| of.model == model)
        };
        let named: Vec<usize> = all.iter().copied().filter(has_model).collect();
        Ok(Self {
            deployments: if named.is_empty() { all } else { named },
            hop: None,
            renames: false,
            vendor,
        })
    }

    /// The first of them.
    ///
    /// # Errors
    /// A 404 when there is none.
    pub fn first(&self, plan: &Plan) -> Result<Resolved, ApiError> {
        let first = self.deployments.first().ok_or_else(|| self.none())?;
        self.resolved(*first, plan)
    }

    /// One of them, by chance; one that does not rest and has a place, if there is any.
    ///
    /// # Errors
    /// A 404 when there is none.
    pub fn best(&self, work: &Work, cx: &mut Context<'_>) -> Result<Resolved, ApiError> {
        let mut deployments = self.deployments.clone();
        if !deployments.is_empty() {
            let first = below(deployments.len(), cx.rng);
            deployments.rotate_left(first);
        }
        let mut fallback = None;
        for deployment in deployments {
            let resolved = self.resolved(deployment, cx.plan)?;
            let want = Want {
                group: resolved.hop.group,
                model: &resolved.hop.model,
                pinned: Some(deployment),
                ..work.want(false)
            };
            if select::healthy(&want, cx) > 0 {
                return Ok(resolved);
            }
            fallback.get_or_insert(resolved);
        }
        fallback.ok_or_else(|| self.none())
    }

    fn resolved(&self, deployment: usize, plan: &Plan) -> Result<Resolved, ApiError> {
        let of = plan.deployments.get(deployment);
        let own = || {
            let group = of?.group;
            let model = plan.groups.get(group)?.name.clone();
            Some(Hop { group, model })
        };
        let hop = self.hop.clone().or_else(own).ok_or_else(|| self.none())?;
        Ok(Resolved {
            hop,
            deployment: Some(deployment),
        })
    }

    fn none(&self) -> ApiError {
        let words = format!("no deployment is of the provider '{}'", self.vendor);
        ApiError::new(404, Class::NotFound, words).with_code("no_such_provider")
    }
}
