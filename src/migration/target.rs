use std::time::Duration;

use time::OffsetDateTime;

use super::{Adoption, AdoptionProgress, Direction, Migration, Series};
use crate::error::{Error, Result};

/// A database whose schema is versioned: implement it to have [`Migrator`](super::Migrator) run the migrations of
/// another backend.
pub trait Target: Send + Sync {
    /// The steps of a series that the history knows, by version. Empty when there is no history table; it is not made.
    fn history(&self, series: &str) -> Result<Vec<Applied>>;

    /// Keeps all other runs out until the lock is dropped, in this process and in others.
    ///
    /// Taken before the history table is made. Waits no longer than `timeout`, and is then
    /// [`Error::Unavailable`](crate::Error::Unavailable).
    fn lock(&self, timeout: Duration) -> Result<Box<dyn Lock + '_>>;
}

/// The right to change the schema, held by one run at a time. To drop it gives it back, and undoes what
/// [`finish`](Lock::finish) has not made last.
pub trait Lock {
    /// As [`Target::history`]. May create the history table if it is missing.
    fn history(&mut self, series: &str) -> Result<Vec<Applied>>;

    /// Runs a migration's SQL and writes ([`Direction::Up`]) or deletes ([`Direction::Down`]) its row of history, in one
    /// transaction where the database can. The SQL runs in a session as new; nothing that it sets there may reach the
    /// history or the next step. A step that leaves a transaction open, or ends the one that it runs in, fails. One that asks
    /// to run [without a transaction](Migration::without_transaction) is recorded after it was done.
    fn apply(&mut self, series: &str, migration: &Migration, direction: Direction) -> Result<()>;

    /// Returns which of these pending steps of the crate's own series would create a table that exists already, other than
    /// one that an interrupted run left behind. Called before the first step is applied. By default there are none.
    fn foreign_tables(&mut self, pending: &[i64]) -> Result<Vec<i64>> {
        let _ = pending;
        Ok(Vec::new())
    }

    /// Compares a database that Auth.js's Kysely adapter works on with the schema that `series` makes, and brings it there
    /// when `apply` says so: see [`Migrator::adopt`](super::Migrator::adopt). Calls `progress` with how far it is.
    ///
    /// A backend that shares no database with Auth.js leaves this as it is, an error.
    fn adopt(
        &mut self,
        series: &Series,
        apply: bool,
        progress: &mut dyn FnMut(AdoptionProgress),
    ) -> Result<Adoption> {
        let _ = (series, apply, progress);
        Err(Error::backend(
            "this backend shares no database with Auth.js",
        ))
    }

    /// Makes the applied steps permanent, and releases the lock. Fails only if the steps are not permanent.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// A row of the history table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The step's version.
    pub version: i64,
    /// The step's name.
    pub name: String,
    /// The step's [`checksum`](Migration::checksum) when it was taken.
    pub checksum: String,
    /// When it was taken.
    pub applied_at: OffsetDateTime,
}

/// The error for a lock that others kept for too long.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn timed_out_waiting(timeout: Duration) -> Error {
    Error::unavailable("timed out waiting for another process that is migrating the database")
        .after("lock_timeout", timeout)
}

/// The error for a step without a transaction of the runner's that began one and did not end it.
pub(crate) fn left_transaction_open() -> Error {
    Error::backend(
        "the step left a transaction open, which was rolled back; what it had committed before stays, and the step is \
         not recorded; end the transaction in the step",
    )
}
