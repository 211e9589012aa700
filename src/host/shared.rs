//! Envoy's shared data as the store that all workers of a process have in common.

use super::abi;
use crate::state::{Lost, Store, Version};

/// Shared data, which Envoy keeps by the `vm_id`: it outlives configurations and workers' machines.
#[derive(Debug)]
pub struct Shared;

impl Store for Shared {
    fn get(&self, name: &str) -> Option<(Vec<u8>, Version)> {
        let (record, cas) = abi::shared(name).unwrap_or_default();
        (!record.is_empty()).then_some((record, Version(cas)))
    }

    fn swap(&self, name: &str, version: Version, record: &[u8]) -> Result<(), Lost> {
        abi::set_shared(name, record, version.0).map_err(|_| Lost)
    }

    fn put(&self, name: &str, record: &[u8]) {
        if let Err(refused) = abi::set_shared(name, record, 0) {
            log::warn!("envoy refused to keep a record: {refused:?}");
        }
    }
}
