//! What a deployment is called in headers and metrics: a name of its own that stays the same as long as the deployment does.

use std::collections::HashMap;

use super::deployment::{Draft, Reading};
use super::faults::Trouble;
use super::path::Path;
use super::plan::Deployment;
use super::section::Findings;

/// The ids the file gives, and where.
pub(super) type Taken = HashMap<String, Path>;

/// The ids the file gives; one given twice is a fault.
pub(super) fn given(readings: &[Reading], findings: &mut Findings<'_>) -> Taken {
    let mut taken = Taken::new();
    let ids = readings
        .iter()
        .filter_map(|reading| reading.id.as_ref().map(|id| (id, &reading.at)));
    for (id, entry) in ids {
        let at = entry.key("model_info").key("id");
        match taken.get(id).cloned() {
            None => {
                taken.insert(id.clone(), at);
            }
            Some(first) => findings.fault(at, Trouble::Duplicate { first }),
        }
    }
    taken
}

/// Gives every deployment without an id one that nobody else has.
pub(super) fn complete(drafts: &mut [Draft], mut taken: Taken) {
    for draft in drafts
        .iter_mut()
        .filter(|draft| draft.deployment.id.is_empty())
    {
        let id = free_id(&draft.group, &draft.deployment, &taken);
        taken.insert(id.clone(), draft.at.clone());
        draft.deployment.id = id;
    }
}

/// Made from what identifies the entry, never from a secret; entries alike are counted.
fn free_id(group: &str, deployment: &Deployment, taken: &Taken) -> String {
    let endpoint = &deployment.endpoint;
    let scheme = if endpoint.tls { "https" } else { "http" };
    let parts = [
        group,
        deployment.provider.name(),
        &deployment.model,
        scheme,
        &endpoint.authority,
        &endpoint.base_path,
        &endpoint.cluster,
    ];
    let id = format!(
        "{:016x}",
        fnv(parts.iter().flat_map(|part| part.bytes().chain([0])))
    );
    let numbered = (2_u32..).map(|number| format!("{id}-{number}"));
    core::iter::once(id.clone())
        .chain(numbered)
        .find(|id| !taken.contains_key(id))
        .unwrap_or_default()
}

/// FNV-1a, 64 bits: stable across builds, which the standard library's hashers do not promise.
fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
