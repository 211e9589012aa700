//! What happens when: the one queue from which all that happens in a simulated world is taken.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use dragoman::value::time::Timestamp;

/// Something that is going to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happening {
    /// A call of the gateway's own is answered.
    Answers {
        /// Whose it is.
        visit: usize,
        /// Which attempt of that visit.
        attempt: usize,
    },
    /// Envoy brings a request, for the first time or again.
    Arrives {
        /// Whose it is.
        visit: usize,
    },
    /// The rest of the request is there.
    Completes {
        /// Whose it is.
        visit: usize,
        /// Which time it was brought.
        leg: u32,
    },
    /// A client has lost its patience.
    Leaves {
        /// Whose it is.
        visit: usize,
    },
    /// The upstream of a request that was sent on says more.
    Says {
        /// Whose it is.
        visit: usize,
        /// Which attempt of that visit.
        attempt: usize,
    },
    /// A worker's timer goes off.
    Ticks {
        /// Which worker's.
        worker: usize,
    },
    /// The exchange has asked to be woken now.
    Wakes {
        /// Whose it is.
        visit: usize,
        /// The time it has asked for.
        at: Timestamp,
    },
}

/// All that is going to happen, the next first; of things at the same time, what was planned first.
#[derive(Debug, Default)]
pub struct Agenda {
    planned: u64,
    queue: BinaryHeap<Reverse<(Timestamp, u64, Happening)>>,
}

impl Agenda {
    /// Plans something.
    pub fn plan(&mut self, at: Timestamp, happening: Happening) {
        self.planned += 1;
        self.queue.push(Reverse((at, self.planned, happening)));
    }

    /// What happens next, and when.
    pub fn next(&mut self) -> Option<(Timestamp, Happening)> {
        let Reverse((at, _, happening)) = self.queue.pop()?;
        Some((at, happening))
    }
}
