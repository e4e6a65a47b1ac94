use std::thread;
use std::time::{Duration, Instant};

use super::adopt::PLAN;
use super::connection::PostgresConnection;
use super::connector::Connector;
use super::prepared_transaction::leaves_prepared_transaction;
use crate::error::{Error, Result};
use crate::migration::{
    Adoption, AdoptionProgress, Applied, Direction, Lock, Migration, Series, Target,
    left_transaction_open, timed_out_waiting,
};
use crate::sql::{self, AdoptionTarget, Connection, History, sql};

pub(super) const HISTORY: History = History {
    exists: sql!("postgres", "history/exists"),
    create: sql!("postgres", "history/create"),
    list: sql!("postgres", "history/list"),
    insert: sql!("postgres", "history/insert"),
    delete: sql!("postgres", "history/delete"),
    tables: sql!("postgres", "history/tables"),
};

const CREATE_SCHEMA: &str = sql!("postgres", "history/create_schema");
const LOCK: &str = sql!("postgres", "history/lock");
const LOCK_TRANSACTION: &str = sql!("postgres", "history/lock_transaction");
const UNLOCK: &str = sql!("postgres", "history/unlock");
const RESET: &str = sql!("postgres", "history/reset");
const CLOSE_SESSION: &str = sql!("postgres", "history/close_session");
const INVALID_INDEXES: &str = sql!("postgres", "history/invalid_indexes");

const SAVEPOINT: &str = sql!("postgres", "transaction/savepoint");
const RELEASE: &str = sql!("postgres", "transaction/release");
const UNDO: &str = sql!("postgres", "transaction/undo");

/// The interval for trying the lock. Waiting for it inside the server would keep a snapshot open, which blocks a
/// process that holds the lock and builds an index concurrently.
const RETRY: Duration = Duration::from_millis(25);

pub(super) struct PostgresTarget(pub(super) Connector);

impl Target for PostgresTarget {
    fn history(&self, series: &str) -> Result<Vec<Applied>> {
        let mut connection = self.0.connect_to_migrate(None)?;
        connection.begin_attempt(false);
        HISTORY.read(&mut connection, series)
    }

    /// Takes an advisory lock: one of the session, which ends with the connection if the process is killed; or, if a
    /// pooler shares sessions, one of the transaction around the whole run.
    fn lock(&self, timeout: Duration) -> Result<Box<dyn Lock + '_>> {
        let start = Instant::now();
        let mut connection = self.0.connect_to_migrate(Some(timeout))?;
        while !try_lock(&mut connection).map_err(Error::nothing_written)? {
            if start.elapsed() >= timeout {
                return Err(timed_out_waiting(timeout));
            }
            thread::sleep(RETRY);
        }
        Ok(Box::new(PostgresLock {
            connector: &self.0,
            timeout,
            connection,
        }))
    }
}

/// Both kinds conflict with each other, so a run through a pooler and a direct run exclude each other.
fn try_lock(connection: &mut PostgresConnection) -> Result<bool> {
    if !connection.is_shared() {
        return Ok(connection.query_optional::<i64>(LOCK, &[])? == Some(1));
    }
    connection.begin()?;
    if connection.query_optional::<i64>(LOCK_TRANSACTION, &[])? == Some(1) {
        return Ok(true);
    }
    connection.roll_back();
    Ok(false)
}

/// Dropping it closes the connection, which releases the lock and rolls back an open transaction.
///
/// Without a pooler, each step is a transaction on its own connection, which is closed afterwards, so nothing in its
/// session affects another step. Through a pooler the lock belongs to a transaction, so the whole run is one
/// transaction with a savepoint for each step, and [`finish`](Lock::finish) commits it.
struct PostgresLock<'a> {
    connector: &'a Connector,
    timeout: Duration,
    connection: PostgresConnection,
}

impl PostgresLock<'_> {
    /// Runs `work` atomically.
    fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.connection.is_shared() {
            self.connection.run_command(SAVEPOINT)?;
            let done = work(self);
            if done.is_err() {
                // The steps before this one stay.
                self.connection.undo(UNDO);
            }
            return done;
        }
        self.connection.begin().map_err(Error::nothing_written)?;
        let done = work(self);
        match done {
            Ok(done) => self.connection.commit().map(|()| done),
            Err(error) => {
                self.connection.roll_back();
                Err(error)
            }
        }
    }

    fn take(&mut self, series: &str, migration: &Migration, direction: Direction) -> Result<()> {
        if self.connection.has_schema() {
            self.connection.run_script(CREATE_SCHEMA)?;
        }
        self.connection.run_command(SAVEPOINT)?;
        self.connection.run_script(migration.sql(direction)?)?;
        self.connection.run_command(RELEASE).map_err(|error| match error {
            Error::Unavailable { .. } | Error::OutcomeUnknown { .. } => error,
            _ => Error::backend(
                "the migration ended the transaction that it runs in; what it committed stays in the database, and \
                 the migration is not recorded as applied; undo that by hand, and remove COMMIT and ROLLBACK from the \
                 migration",
            ),
        })?;
        // Otherwise the step's search_path and role would apply to the history.
        self.connection.reset(RESET)?;
        self.create_history()?;
        HISTORY.record(&mut self.connection, series, migration, direction)
    }

    /// Runs a step without a transaction in its own session, then records it in the lock's session.
    fn take_without_transaction(
        &mut self,
        series: &str,
        migration: &Migration,
        direction: Direction,
    ) -> Result<()> {
        if self.connection.is_shared() {
            return Err(Error::backend(
                "a migration without a transaction cannot run through a pooler that shares sessions; set migrate_url \
                 to a URL that bypasses the pooler",
            ));
        }
        let sql = migration.sql(direction)?;
        let mut session = self.connector.connect_to_migrate(Some(self.timeout))?;
        if session.has_schema() {
            session.run_script(CREATE_SCHEMA)?;
        }
        let done = session.run_script(sql).and_then(|()| close(&mut session));
        drop(session);
        // An invalid index that a concurrent build left behind would block the next run, or be mistaken for a valid
        // one.
        let invalid = self.connection.query(INVALID_INDEXES, &[sql.into()]);
        let invalid: Vec<String> = match done {
            Ok(()) => invalid?,
            Err(_) => invalid.unwrap_or_default(),
        };
        if !invalid.is_empty() {
            let error = Error::backend(format!(
                "a failed concurrent build left an invalid index, so the migration is not recorded; drop it (DROP \
                 INDEX CONCURRENTLY), and migrate again: {}",
                invalid.join(", ")
            ));
            return Err(match done {
                Ok(()) => error,
                Err(cause) => error.with_source(cause),
            });
        }
        done?;
        self.create_history()?;
        HISTORY.record(&mut self.connection, series, migration, direction)
    }

    /// Creates the history's table if it is missing. `CREATE TABLE IF NOT EXISTS` alone would demand the right to
    /// create tables from a user who needs none.
    fn create_history(&mut self) -> Result<()> {
        if self
            .connection
            .query_optional::<i64>(HISTORY.exists, &[])?
            .is_none()
        {
            self.connection.execute(HISTORY.create, &[])?;
        }
        Ok(())
    }
}

/// Closes the session of a step without a transaction. Fails if the step left a transaction open.
fn close(session: &mut PostgresConnection) -> Result<()> {
    session
        .run_command(CLOSE_SESSION)
        .map_err(|error| match error {
            Error::Unavailable { .. } | Error::OutcomeUnknown { .. } => error,
            _ => left_transaction_open(),
        })
}

impl Lock for PostgresLock<'_> {
    /// The table is created with the first row: if there is nothing to do, the right to create it is not needed.
    fn history(&mut self, series: &str) -> Result<Vec<Applied>> {
        HISTORY
            .read(&mut self.connection, series)
            .map_err(Error::nothing_written)
    }

    fn foreign_tables(&mut self, pending: &[i64]) -> Result<Vec<i64>> {
        HISTORY
            .existing_tables(&mut self.connection, pending)
            .map_err(Error::nothing_written)
    }

    fn apply(&mut self, series: &str, migration: &Migration, direction: Direction) -> Result<()> {
        let without_transaction = migration.without_transaction(direction);
        if leaves_prepared_transaction(migration.sql(direction)?, !without_transaction) {
            return Err(Error::backend(if without_transaction {
                "the migration would leave a transaction prepared (PREPARE TRANSACTION), so nothing of it was run; end \
                 the transaction in the migration, with COMMIT PREPARED or ROLLBACK PREPARED"
            } else {
                "the migration would prepare the transaction that it runs in (PREPARE TRANSACTION), so nothing of it \
                 was run; remove that from the migration"
            }));
        }
        if without_transaction {
            return self.take_without_transaction(series, migration, direction);
        }
        if self.connection.is_shared() {
            return self.transaction(|lock| lock.take(series, migration, direction));
        }
        let connection = self.connector.connect_to_migrate(Some(self.timeout))?;
        let mut step = PostgresLock {
            connector: self.connector,
            timeout: self.timeout,
            connection,
        };
        step.transaction(|step| step.take(series, migration, direction))
    }

    fn adopt(
        &mut self,
        series: &Series,
        apply: bool,
        progress: &mut dyn FnMut(AdoptionProgress),
    ) -> Result<Adoption> {
        // Its queries read whole tables.
        self.connection.wait_without_limit();
        self.transaction(|lock| {
            sql::adopt(lock, &PLAN, series, apply, progress).map_err(Error::nothing_written)
        })
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.connection.is_shared() {
            return self.connection.commit();
        }
        // Each step is permanent already. If this fails, the end of the connection releases the lock.
        let _ = self.connection.query_optional::<i64>(UNLOCK, &[]);
        Ok(())
    }
}

impl AdoptionTarget for PostgresLock<'_> {
    type Connection = PostgresConnection;

    fn connection(&mut self) -> &mut PostgresConnection {
        &mut self.connection
    }

    fn run(&mut self, sql: &str) -> Result<()> {
        self.connection.run_script(sql)
    }

    fn existing_tables(&mut self, versions: &[i64]) -> Result<Vec<i64>> {
        HISTORY.existing_tables(&mut self.connection, versions)
    }

    fn applied(&mut self, series: &str, create: bool) -> Result<Vec<Applied>> {
        if create {
            self.create_history()?;
        }
        HISTORY.read(&mut self.connection, series)
    }

    fn record(&mut self, series: &str, migration: &Migration) -> Result<()> {
        HISTORY.record(&mut self.connection, series, migration, Direction::Up)
    }
}
