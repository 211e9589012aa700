//! Which deployments a request's tags let it use, as LiteLLM decides it.

use super::Lack;
use super::pool::Pool;
use crate::config::plan::{Plan, TagMatch};

/// Deployments with this tag serve requests that have no tags, and those whose tags none has.
const DEFAULT: &str = "default";

/// Keeps those that have the request's tags; where none has them, and for a request without tags, those tagged `default`. A
/// request without tags may use all where none is tagged so.
pub(super) fn keep(pool: &mut Pool<'_>, tags: &[String], plan: &Plan) -> Result<(), Lack> {
    let Some(how) = plan.tags else {
        return Ok(());
    };
    let own = |deployment: usize| {
        let deployment = plan.deployments.get(deployment);
        deployment.map_or(&[][..], |deployment| deployment.tags.as_slice())
    };
    let fits = |deployment: usize| {
        let own = own(deployment);
        match how {
            TagMatch::All => tags.iter().all(|tag| own.contains(tag)),
            TagMatch::Any => tags.iter().any(|tag| own.contains(tag)),
        }
    };
    let is_default = |deployment: usize| own(deployment).iter().any(|tag| tag == DEFAULT);
    if !tags.is_empty() && pool.deployments().any(fits) {
        pool.retain(fits);
    } else if pool.deployments().any(is_default) {
        pool.retain(is_default);
    } else if !tags.is_empty() {
        return Err(Lack::Tags);
    }
    Ok(())
}
