//! What all workers of one Envoy know together, so that no decision hangs on which of them is asked.
//!
//! A [`Store`] keeps small records by name. Envoy's shared data is one, [`Memory`] is the one of tests. Every record is bounded in
//! size, and there is a bounded number of them for each configured deployment. They are named by the deployments' ids, so that
//! what is known of a deployment outlives a configuration update.
//!
//! | name | record | written |
//! |---|---|---|
//! | `desk/N` | a worker's heartbeat, its active requests and retries | by that worker's tick |
//! | `share/ID/N` | what it has under way at a deployment | by that worker, at once where a strategy reads it, else by its tick |
//! | `seats/ID` | who holds a deployment's places | with a limit of parallel requests |
//! | `minute/ID` | requests and tokens of the last minute | with limits or where usage decides |
//! | `pace/ID` | latency and length of answers | where they decide |
//! | `failures/ID` | failures of the last minute | by failures |
//! | `rests` | all deployments at rest | when one begins or ends |
//! | `token/NAME` | an access token, or why there is none | when it is fetched |

mod desk;
pub mod failures;
mod memory;
pub mod minute;
pub mod pace;
pub mod record;
pub mod rests;
mod seats;
mod share;
pub mod token;

use core::time::Duration;

use crate::value::time::Timestamp;

pub use desk::{Desk, Kept, Lineup, Names, Outline, Shown};
pub use memory::Memory;

/// Whoever has not given a sign for so long is gone, and what he held is nobody's. Signs come with every tick, four a second.
const STALE: Duration = Duration::from_secs(3);

/// Which state of a record a reader saw: a writer that names it loses if somebody wrote since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u32);

impl Version {
    /// The version of a record that is not there: whoever writes with it creates the record, or loses to whoever has.
    /// Envoy ignores the version for a missing key and refuses one that no key has, which this is.
    pub const ABSENT: Version = Version(u32::MAX);
}

/// Somebody else wrote the record since it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

/// Records by name, shared by all workers.
pub trait Store {
    /// The record and its version; `None` when it is not there. An empty record is one that is not there.
    fn get(&self, name: &str) -> Option<(Vec<u8>, Version)>;

    /// Replaces the record that has this version.
    ///
    /// # Errors
    /// When it has another by now; nothing was written.
    fn swap(&self, name: &str, version: Version, record: &[u8]) -> Result<(), Lost>;

    /// Writes the record whatever its version: for records that have only one writer.
    fn put(&self, name: &str, record: &[u8]);
}
