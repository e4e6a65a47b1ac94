//! Counts what a run tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use authstore::AuthStore;
use serde::Serialize;

use crate::harness::{BoxError, Storage};

/// How much a run has tested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tried {
    /// Fresh storages that the harness created.
    pub storages: u64,
    /// Random sequences of operations that were compared with the model.
    pub sequences: u64,
    /// Rounds of a race in which calls overlapped.
    pub overlaps: u64,
    /// Times that the storage was cut off, killed, paused, or made to hold back its answers.
    pub faults: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    storages: AtomicU64,
    sequences: AtomicU64,
    overlaps: AtomicU64,
    faults: AtomicU64,
}

impl Tally {
    pub(crate) fn sequence(&self) {
        self.sequences.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn overlap(&self) {
        self.overlaps.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn tried(&self) -> Tried {
        Tried {
            storages: self.storages.load(Ordering::Relaxed),
            sequences: self.sequences.load(Ordering::Relaxed),
            overlaps: self.overlaps.load(Ordering::Relaxed),
            faults: self.faults.load(Ordering::Relaxed),
        }
    }
}

/// A storage whose faults are counted.
pub(crate) struct Counted {
    storage: Box<dyn Storage>,
    tally: Arc<Tally>,
}

impl Counted {
    pub(crate) fn wrap(storage: Box<dyn Storage>, tally: &Arc<Tally>) -> Box<dyn Storage> {
        tally.storages.fetch_add(1, Ordering::Relaxed);
        Box::new(Counted {
            storage,
            tally: Arc::clone(tally),
        })
    }

    fn count(&self, fault: Result<(), BoxError>) -> Result<(), BoxError> {
        if fault.is_ok() {
            self.tally.faults.fetch_add(1, Ordering::Relaxed);
        }
        fault
    }
}

#[deny(clippy::missing_trait_methods)]
impl Storage for Counted {
    fn open(&self) -> Result<AuthStore, BoxError> {
        self.storage.open()
    }

    fn cut_off(&self) -> Result<(), BoxError> {
        self.count(self.storage.cut_off())
    }

    fn restore(&self) -> Result<(), BoxError> {
        self.storage.restore()
    }

    fn restart(&self) -> Result<(), BoxError> {
        self.count(self.storage.restart())
    }

    fn pause(&self) -> Result<(), BoxError> {
        self.count(self.storage.pause())
    }

    fn hold_answers(&self) -> Result<(), BoxError> {
        self.count(self.storage.hold_answers())
    }

    fn resume(&self) -> Result<(), BoxError> {
        self.storage.resume()
    }

    fn open_with_password(&self, password: &str) -> Result<authstore::Result<AuthStore>, BoxError> {
        self.storage.open_with_password(password)
    }
}
