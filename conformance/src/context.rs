//! The context of a rule's check.

use std::sync::Arc;

use authstore::AuthStore;

use crate::failure::{Failure, Verdict, harness_result, show_causes};
use crate::harness::{BoxError, Harness, Limits, Storage};
use crate::profile::Profile;
use crate::tally::{Counted, Tally};

/// A fresh storage, a handle on it, and everything else that a check may need.
pub(crate) struct Context {
    // Fields are dropped in this order, so the handle is dropped before its storage.
    store: AuthStore,
    storage: Box<dyn Storage>,
    harness: Arc<dyn Harness>,
    seed: u64,
    profile: Profile,
    tally: Arc<Tally>,
}

impl Context {
    pub(crate) fn new(
        harness: Arc<dyn Harness>,
        seed: u64,
        profile: Profile,
        tally: Arc<Tally>,
        restarts_the_server: bool,
    ) -> Verdict<Self> {
        let storage = if restarts_the_server {
            harness.fresh_to_restart()
        } else {
            harness.fresh()
        };
        let (storage, store) = migrated(storage, &tally)?;
        Ok(Context {
            store,
            storage,
            harness,
            seed,
            profile,
            tally,
        })
    }

    /// Returns the first handle.
    pub(crate) fn store(&self) -> &AuthStore {
        &self.store
    }

    /// Opens another handle on the same storage.
    #[track_caller]
    pub(crate) fn open(&self) -> Verdict<AuthStore> {
        opened(self.storage())
    }

    pub(crate) fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    /// Returns the time limits of the backend.
    pub(crate) fn limits(&self) -> Limits {
        self.harness.limits().capped()
    }

    pub(crate) fn harness(&self) -> &dyn Harness {
        &*self.harness
    }

    /// Creates another fresh storage, with a handle on it.
    pub(crate) fn another(&self) -> Verdict<(Box<dyn Storage>, AuthStore)> {
        migrated(self.harness.fresh(), &self.tally)
    }

    /// Returns the source of the check's randomness. The same seed repeats the same check.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn profile(&self) -> Profile {
        self.profile
    }

    /// Returns the counters of what was tested.
    pub(crate) fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }
}

/// Creates a fresh storage with the harness, opens a handle and migrates it.
fn migrated(
    storage: Result<Box<dyn Storage>, BoxError>,
    tally: &Arc<Tally>,
) -> Verdict<(Box<dyn Storage>, AuthStore)> {
    let storage = Counted::wrap(harness_result(storage)?, tally);
    let store = opened(&*storage)?;
    store.migrate()?;
    Ok((storage, store))
}

/// Opens a handle on a storage. A failure to open is reported as such, not as a failed call.
pub(crate) fn opened(storage: &dyn Storage) -> Verdict<AuthStore> {
    storage.open().map_err(|error| {
        let causes = show_causes(&*error);
        Failure::cannot(format!("Storage::open failed: {error}{causes}"))
    })
}
