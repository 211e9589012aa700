//! A store in memory that can be written to between another's read and write, as other workers do.

use core::cell::{Cell, RefCell};
use core::fmt;
use std::collections::BTreeMap;

use super::{Lost, Store, Version};

type Interference = Box<dyn Fn(&Memory, &str)>;

/// Records in memory, for tests.
#[derive(Default)]
pub struct Memory {
    interfering: Cell<bool>,
    interference: RefCell<Option<Interference>>,
    looks: Cell<usize>,
    records: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
}

impl Memory {
    /// Has `act` called with the record's name before every [`Store::swap`], but not for swaps it makes itself: another worker
    /// that comes in between.
    pub fn interfere(&self, act: impl Fn(&Memory, &str) + 'static) {
        *self.interference.borrow_mut() = Some(Box::new(act));
    }

    /// Lets nobody come in between any more.
    pub fn calm(&self) {
        *self.interference.borrow_mut() = None;
    }

    /// The names of all records that are there.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.records.borrow().keys().cloned().collect()
    }

    /// How often a record was looked for.
    #[must_use]
    pub const fn looks(&self) -> usize {
        self.looks.get()
    }

    fn others_come_in_between(&self, name: &str) {
        if self.interfering.replace(true) {
            return;
        }
        let act = self.interference.borrow_mut().take();
        if let Some(act) = act {
            act(self, name);
            let mut place = self.interference.borrow_mut();
            if place.is_none() {
                *place = Some(act);
            }
        }
        self.interfering.set(false);
    }
}

impl Store for Memory {
    fn get(&self, name: &str) -> Option<(Vec<u8>, Version)> {
        self.looks.set(self.looks.get().saturating_add(1));
        let records = self.records.borrow();
        let (record, version) = records.get(name)?;
        (!record.is_empty()).then(|| (record.clone(), Version(*version)))
    }

    fn swap(&self, name: &str, version: Version, record: &[u8]) -> Result<(), Lost> {
        self.others_come_in_between(name);
        let mut records = self.records.borrow_mut();
        match records.get_mut(name) {
            Some((_, current)) if *current != version.0 => Err(Lost),
            Some((old, current)) => {
                *old = record.to_vec();
                *current = current.wrapping_add(1);
                Ok(())
            }
            None => {
                records.insert(name.to_owned(), (record.to_vec(), 1));
                Ok(())
            }
        }
    }

    fn put(&self, name: &str, record: &[u8]) {
        let mut records = self.records.borrow_mut();
        let (old, version) = records.entry(name.to_owned()).or_default();
        *old = record.to_vec();
        *version = version.wrapping_add(1);
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("records", &self.records)
            .finish_non_exhaustive()
    }
}
