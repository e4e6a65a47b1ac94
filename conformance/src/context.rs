//! What a rule's check is given.

use std::sync::Arc;

use authstore::AuthStore;

use crate::failure::{Failure, Verdict, by_harness, show_causes};
use crate::harness::{BoxError, Harness, Limits, Storage};
use crate::profile::Profile;
use crate::tally::{Counted, Tally};

/// A fresh storage, a handle on it, and what else a check may need.
pub(crate) struct Context {
    // Fields are dropped in this order: the handle before its storage.
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

    /// The first handle.
    pub(crate) fn store(&self) -> &AuthStore {
        &self.store
    }

    /// Another handle on the same storage.
    #[track_caller]
    pub(crate) fn open(&self) -> Verdict<AuthStore> {
        opened(self.storage())
    }

    pub(crate) fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    /// The time limits of the backend.
    pub(crate) fn limits(&self) -> Limits {
        self.harness.limits().capped()
    }

    pub(crate) fn harness(&self) -> &dyn Harness {
        &*self.harness
    }

    /// Another fresh storage, with a handle on it.
    pub(crate) fn another(&self) -> Verdict<(Box<dyn Storage>, AuthStore)> {
        migrated(self.harness.fresh(), &self.tally)
    }

    /// For whatever the check does at random. The same seed does the same.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn profile(&self) -> Profile {
        self.profile
    }

    /// Where a check counts what it tries.
    pub(crate) fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }
}

/// The harness's fresh storage, with a handle on it and its schema.
fn migrated(
    storage: Result<Box<dyn Storage>, BoxError>,
    tally: &Arc<Tally>,
) -> Verdict<(Box<dyn Storage>, AuthStore)> {
    let storage = Counted::wrap(by_harness(storage)?, tally);
    let store = opened(&*storage)?;
    store.migrate()?;
    Ok((storage, store))
}

/// A handle on a storage. One that cannot be opened is named, and not taken for a call that failed.
fn opened(storage: &dyn Storage) -> Verdict<AuthStore> {
    storage.open().map_err(|error| {
        let causes = show_causes(&*error);
        Failure::cannot(format!("Storage::open failed: {error}{causes}"))
    })
}
