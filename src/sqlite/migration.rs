use std::time::Duration;

use super::adopt::PLAN;
use super::error::name_limit;
use super::orphans::{self, Limits, Tables};
use super::writers::Turn;
use super::{
    BEGIN, BEGIN_READ, Connector, RELEASE, ROLLBACK_TO, SAVEPOINT, SqliteBackend, roll_back,
};
use crate::error::{Error, Result};
use crate::migration::{
    Adoption, AdoptionProgress, Applied, Direction, Lock, Migration, Series, Target,
    left_transaction_open,
};
use crate::pool::Checkout;
use crate::sql::{self, Connection, History, sql};

pub(super) const HISTORY: History = History {
    exists: sql!("sqlite", "history/exists"),
    create: sql!("sqlite", "history/create"),
    list: sql!("sqlite", "history/list"),
    insert: sql!("sqlite", "history/insert"),
    delete: sql!("sqlite", "history/delete"),
    tables: sql!("sqlite", "history/tables"),
};

pub(super) struct SqliteTarget(pub(super) SqliteBackend);

impl Target for SqliteTarget {
    fn history(&self, series: &str) -> Result<Vec<Applied>> {
        HISTORY.read(&mut *self.0.0.pool.get()?, series)
    }

    /// `BEGIN IMMEDIATE`: one transaction for the whole run, a savepoint for each step. To inspect, a transaction that
    /// sees one state of the database is enough.
    fn lock(&self, timeout: Duration) -> Result<Box<dyn Lock + '_>> {
        let limit = ("lock_timeout", timeout);
        let (turn, connection) = self.0.writer(limit)?;
        let mut lock = SqliteLock {
            connection,
            _turn: turn,
            busy_timeout: self.0.0.busy_timeout,
            was_released: false,
            is_committed: false,
        };
        lock.connection.enforce_foreign_keys(false)?;
        lock.connection.set_busy_timeout(timeout)?;
        lock.connection
            .execute(if self.0.0.inspect { BEGIN_READ } else { BEGIN }, &[])
            .map_err(|error| name_limit(error, limit))?;
        Ok(Box::new(lock))
    }
}

/// While it is held, foreign keys are not enforced, so that a migration can [rebuild a
/// table](https://www.sqlite.org/lang_altertable.html#otheralter). They are checked after each migration instead.
struct SqliteLock {
    connection: Checkout<Connector>,
    _turn: Turn,
    busy_timeout: Duration,
    /// Whether another process may have migrated since the run began.
    was_released: bool,
    /// Whether all work is committed, and no transaction is open.
    is_committed: bool,
}

impl SqliteLock {
    fn take(&mut self, series: &str, migration: &Migration, direction: Direction) -> Result<()> {
        let sql = migration.sql(direction)?;
        let affected = self.run_step(sql)?;
        let left = orphans::count(&mut self.connection, &affected)?;
        if left > 0 {
            // They may be old. Count those from before only now, so that a migration of a large database does not
            // usually scan tables twice.
            self.connection.execute(ROLLBACK_TO, &[])?;
            let existing = &orphans::all_tables(&mut self.connection)? & &affected;
            let before = orphans::count(&mut self.connection, &existing)?;
            reject_orphans("migration", before, left)?;
            self.run_step(sql)?;
        }
        HISTORY.record(&mut *self.connection, series, migration, direction)
    }

    fn run_step(&mut self, sql: &str) -> Result<Tables> {
        let touched = orphans::watch(&mut self.connection, Limits::InTransaction, |connection| {
            connection.execute_batch(sql)
        });
        // The next step starts without this setting, as in a separate run.
        self.connection.set_legacy_alter_table(false)?;
        let touched = touched?;
        if self.connection.0.is_autocommit() {
            return Err(Error::backend(
                "the migration ended the transaction that it runs in",
            ));
        }
        orphans::affected(&mut self.connection, &touched.tables)
    }

    /// Runs a step without a transaction, after committing the steps before it. The turn is kept, so only other
    /// processes can write in between.
    fn take_without_transaction(
        &mut self,
        series: &str,
        migration: &Migration,
        direction: Direction,
    ) -> Result<()> {
        let sql = migration.sql(direction)?;
        self.connection.commit()?;
        self.is_committed = true;
        self.was_released = true;
        let done = self.run_alone(sql);
        self.connection.execute(BEGIN, &[])?;
        self.is_committed = false;
        done?;
        if self.is_done(series, migration, direction)? {
            return Ok(());
        }
        HISTORY.record(&mut *self.connection, series, migration, direction)
    }

    fn run_alone(&mut self, sql: &str) -> Result<()> {
        let limits = Limits::Alone {
            may_attach_unnamed: !sql.to_ascii_uppercase().contains("ATTACH"),
        };
        self.connection.enforce_foreign_keys(true)?;
        let done = orphans::watch(&mut self.connection, limits, |connection| {
            connection.execute_batch(sql)
        });
        let is_open = !self.connection.0.is_autocommit();
        if is_open {
            roll_back(&mut self.connection);
        }
        self.connection.set_legacy_alter_table(false)?;
        self.connection.enforce_foreign_keys(false)?;
        done?;
        if is_open {
            return Err(left_transaction_open());
        }
        Ok(())
    }

    fn adopt_in_transaction(
        &mut self,
        series: &Series,
        apply: bool,
        progress: &mut dyn FnMut(AdoptionProgress),
    ) -> Result<Adoption> {
        // Otherwise renaming a table would also change the objects that refer to it.
        self.connection.set_legacy_alter_table(true)?;
        self.connection.add_is_utf8()?;
        let tables = orphans::all_tables(&mut self.connection)?;
        let before = orphans::count(&mut self.connection, &tables)?;
        let adoption = sql::adopt(&mut *self.connection, &PLAN, series, apply, progress)?;
        let tables = orphans::all_tables(&mut self.connection)?;
        let after = orphans::count(&mut self.connection, &tables)?;
        reject_orphans("adoption", before, after)?;
        Ok(adoption)
    }

    /// Returns true if the history is already as it would be after this step.
    fn is_done(
        &mut self,
        series: &str,
        migration: &Migration,
        direction: Direction,
    ) -> Result<bool> {
        let history = HISTORY.read(&mut *self.connection, series)?;
        let is_recorded = history.iter().any(|row| row.version == migration.version());
        Ok(is_recorded == (direction == Direction::Up))
    }
}

fn reject_orphans(what: &str, before: i64, after: i64) -> Result<()> {
    if after > before {
        return Err(Error::backend(format!(
            "the {what} leaves {} rows that refer to a row that does not exist",
            after - before
        )));
    }
    Ok(())
}

impl Lock for SqliteLock {
    fn foreign_tables(&mut self, pending: &[i64]) -> Result<Vec<i64>> {
        HISTORY.existing_tables(&mut *self.connection, pending)
    }

    fn history(&mut self, series: &str) -> Result<Vec<Applied>> {
        HISTORY.read_or_create(&mut *self.connection, series)
    }

    fn was_taken(
        &mut self,
        series: &str,
        migration: &Migration,
        direction: Direction,
    ) -> Result<bool> {
        Ok(self.was_released && self.is_done(series, migration, direction)?)
    }

    fn apply(&mut self, series: &str, migration: &Migration, direction: Direction) -> Result<()> {
        // For a lock that wraps this one and does not call `was_taken`.
        if self.was_taken(series, migration, direction)? {
            return Ok(());
        }
        if migration.without_transaction(direction) {
            return self.take_without_transaction(series, migration, direction);
        }
        self.connection.execute(SAVEPOINT, &[])?;
        match self.take(series, migration, direction) {
            Ok(()) => self.connection.execute(RELEASE, &[]).map(drop),
            Err(error) => {
                // SQLite itself rolls everything back if the disk is full, or the step demands it (ON CONFLICT
                // ROLLBACK). Then there is no savepoint.
                if !self.connection.0.is_autocommit() {
                    self.connection.execute(ROLLBACK_TO, &[])?;
                }
                Err(error)
            }
        }
    }

    fn adopt(
        &mut self,
        series: &Series,
        apply: bool,
        progress: &mut dyn FnMut(AdoptionProgress),
    ) -> Result<Adoption> {
        // `finish` commits it.
        self.adopt_in_transaction(series, apply, progress)
            .map_err(Error::nothing_written)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.is_committed {
            return Ok(());
        }
        self.connection.commit()
    }
}

impl Drop for SqliteLock {
    fn drop(&mut self) {
        roll_back(&mut self.connection);
        // A connection on which this fails is broken, and the pool drops it.
        let _ = self.connection.enforce_foreign_keys(true);
        let _ = self.connection.set_legacy_alter_table(false);
        let _ = self.connection.set_busy_timeout(self.busy_timeout);
    }
}
