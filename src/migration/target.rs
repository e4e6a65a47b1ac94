use std::time::Duration;

use time::OffsetDateTime;

use super::{Adoption, AdoptionProgress, Direction, Migration, Series};
use crate::error::{Error, Result};

/// A database whose schema is versioned. Implement it to run the migrations of your own backend with
/// [`Migrator`](super::Migrator).
pub trait Target: Send + Sync {
    /// Returns the migrations that the history records for a series, by version. Returns an empty list if there is no
    /// history table, and does not create it.
    fn history(&self, series: &str) -> Result<Vec<Applied>>;

    /// Returns whether an [adoption](Lock::adopt) has begun and not ended. Only for a database where it is not one
    /// transaction; by default there is none.
    fn has_unfinished_adoption(&self) -> Result<bool> {
        Ok(false)
    }

    /// Takes the lock, which excludes all other runs, in this process and in others, until it is dropped.
    ///
    /// It is taken before the history table is created. Waits at most `timeout`, then fails with
    /// [`Error::Unavailable`](crate::Error::Unavailable).
    fn lock(&self, timeout: Duration) -> Result<Box<dyn Lock + '_>>;
}

/// The exclusive right to change the schema. Dropping it releases the lock, and rolls back what
/// [`finish`](Lock::finish) has not made permanent.
pub trait Lock {
    /// Works like [`Target::history`]. May create the history table if it is missing.
    fn history(&mut self, series: &str) -> Result<Vec<Applied>>;

    /// Runs a migration's SQL and writes ([`Direction::Up`]) or deletes ([`Direction::Down`]) its history row, in one
    /// transaction if the database supports it. The SQL runs in a fresh session; nothing that it sets there may affect
    /// the history or the next migration. A migration that leaves a transaction open, or ends the one that it runs in,
    /// fails. One that asks to run [without a transaction](Migration::without_transaction) is recorded after it has
    /// succeeded.
    fn apply(&mut self, series: &str, migration: &Migration, direction: Direction) -> Result<()>;

    /// Returns whether another run has taken this step since this one began. If so, the step is skipped. By default
    /// this cannot happen, because a run holds its lock until it ends.
    fn was_taken(
        &mut self,
        series: &str,
        migration: &Migration,
        direction: Direction,
    ) -> Result<bool> {
        let _ = (series, migration, direction);
        Ok(false)
    }

    /// Returns which of these pending steps of the crate's own series would create a table that already exists, other
    /// than one that an interrupted run left behind. Called before the first step is applied. By default there are
    /// none.
    fn foreign_tables(&mut self, pending: &[i64]) -> Result<Vec<i64>> {
        let _ = pending;
        Ok(Vec::new())
    }

    /// Compares a database that Auth.js's Kysely adapter uses with the schema that `series` creates. If `apply` is
    /// true, changes the database to that schema, and calls `progress` while it does: see
    /// [`Migrator::adopt`](super::Migrator::adopt).
    ///
    /// A backend that shares no database with Auth.js keeps the default, which fails.
    fn adopt(
        &mut self,
        series: &Series,
        apply: bool,
        progress: &mut dyn FnMut(AdoptionProgress),
    ) -> Result<Adoption> {
        let _ = (series, apply, progress);
        Err(Error::backend(
            "this backend cannot share a database with Auth.js",
        ))
    }

    /// Makes the applied migrations permanent, and releases the lock. Fails only if they are not permanent.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// A row of the history table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The version of the migration.
    pub version: i64,
    /// The name of the migration.
    pub name: String,
    /// The [`checksum`](Migration::checksum) of the migration when it was applied.
    pub checksum: String,
    /// When it was applied.
    pub applied_at: OffsetDateTime,
    /// True if a run was interrupted while it reverted the migration or applied it again, so that a part of it may be
    /// missing. Always false where a migration and its row are one transaction.
    pub is_unfinished: bool,
}

/// Returns the error for a lock that another run held for too long.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn timed_out_waiting(timeout: Duration) -> Error {
    Error::unavailable("timed out waiting for another process that is migrating the database")
        .after("lock_timeout", timeout)
}

/// Returns the error for a migration that runs outside a transaction, began one itself and did not end it.
pub(crate) fn left_transaction_open() -> Error {
    Error::backend(
        "the migration left a transaction open, which was rolled back; what it had committed before stays, and the \
         migration is not recorded; end the transaction in the migration",
    )
}
