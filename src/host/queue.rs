//! A way to be called back as soon as the callback at hand is over: a message in a queue that one has registered oneself.

use core::cell::RefCell;
use std::collections::BTreeSet;

use super::{abi, entropy};

/// Envoy never forgets the name of a queue, so each machine has as many as it has configurations at the same time.
#[derive(Debug)]
struct Numbers {
    machine: u64,
    taken: BTreeSet<u32>,
}

thread_local! {
    static NUMBERS: RefCell<Numbers> = RefCell::new(Numbers {
        machine: entropy::rng().bits(),
        taken: BTreeSet::new(),
    });
}

/// The queue of one configuration.
#[derive(Debug)]
pub struct Queue {
    number: u32,
    token: u32,
}

impl Queue {
    /// A queue whose messages come to the context at hand; `None` when Envoy gives none.
    pub fn register() -> Option<Self> {
        let (machine, number) = NUMBERS.with_borrow_mut(|numbers| {
            let mut free = (0..).filter(|number| !numbers.taken.contains(number));
            let number = free.next().unwrap_or_default();
            numbers.taken.insert(number);
            (numbers.machine, number)
        });
        let token = abi::register_queue(&format!("soon/{machine:x}/{number}")).ok()?;
        Some(Self { number, token })
    }

    /// Puts a stream's number into the queue; whether that worked.
    pub fn put(&self, stream: u32) -> bool {
        abi::enqueue(self.token, &stream.to_le_bytes()).is_ok()
    }

    /// The next stream's number.
    pub fn next(&self) -> Option<u32> {
        let message = abi::dequeue(self.token);
        message
            .first_chunk()
            .map(|bytes| u32::from_le_bytes(*bytes))
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        NUMBERS.with_borrow_mut(|numbers| numbers.taken.remove(&self.number));
    }
}
