use std::thread;
use std::time::{Duration, Instant};

use super::adopt::PLAN;
use super::connection::PostgresConnection;
use super::connector::Connector;
use crate::error::{Error, Result};
use crate::migration::{
    Adoption, AdoptionProgress, Applied, Direction, Lock, Migration, Series, Target,
};
use crate::sql::{self, AdoptionTarget, Connection, History, sql};

static HISTORY: History = History {
    exists: sql!("postgres", "history/exists"),
    create: sql!("postgres", "history/create"),
    list: sql!("postgres", "history/list"),
    insert: sql!("postgres", "history/insert"),
    delete: sql!("postgres", "history/delete"),
};

const LOCK: &str = sql!("postgres", "history/lock");
const LOCK_TRANSACTION: &str = sql!("postgres", "history/lock_transaction");
const UNLOCK: &str = sql!("postgres", "history/unlock");

const SAVEPOINT: &str = sql!("postgres", "transaction/savepoint");
const RELEASE: &str = sql!("postgres", "transaction/release");
const UNDO: &str = sql!("postgres", "transaction/undo");

/// How often the lock is tried. To wait for it inside the server would keep a snapshot open, and with that hold up
/// whoever has the lock and builds an index concurrently.
const RETRY: Duration = Duration::from_millis(25);

pub(super) struct PostgresTarget(pub(super) Connector);

impl Target for PostgresTarget {
    fn history(&self, series: &str) -> Result<Vec<Applied>> {
        let mut connection = self.0.connect_to_migrate(None)?;
        connection.set_writes(false);
        HISTORY.read(&mut connection, series)
    }

    /// An advisory lock: of the session, which a process that is killed loses with its connection; or, where a pooler
    /// shares sessions out, of one transaction around the whole run.
    fn lock(&self, timeout: Duration) -> Result<Box<dyn Lock + '_>> {
        let start = Instant::now();
        let mut connection = self.0.connect_to_migrate(Some(timeout))?;
        while !try_lock(&mut connection)? {
            if start.elapsed() >= timeout {
                return Err(Error::unavailable(format!(
                    "another process is migrating the database; gave up waiting after {} ms",
                    timeout.as_millis()
                )));
            }
            thread::sleep(RETRY);
        }
        Ok(Box::new(PostgresLock(connection)))
    }
}

/// Both kinds of lock are one to the server, so that a run through a pooler and one past it exclude each other.
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

/// Dropping it closes the connection, which ends both the lock and a transaction that is still open.
///
/// On a session of our own, each step is a transaction. Through a pooler that would lose the lock between two steps, so
/// all steps are one transaction there, each behind a savepoint, and [`finish`](Lock::finish) commits it.
struct PostgresLock(PostgresConnection);

impl PostgresLock {
    /// Runs `work` wholly or not at all.
    fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.0.is_shared() {
            self.0.run_command(SAVEPOINT)?;
            let done = work(self);
            if done.is_err() {
                // The steps before this one stay.
                self.0.undo(UNDO);
            }
            return done;
        }
        self.0.begin()?;
        let done = work(self);
        match done {
            Ok(done) => self.0.commit().map(|()| done),
            Err(error) => {
                self.0.roll_back();
                Err(error)
            }
        }
    }

    fn take(&mut self, series: &str, migration: &Migration, direction: Direction) -> Result<()> {
        self.0.run_command(SAVEPOINT)?;
        self.0.run_script(migration.sql(direction)?)?;
        self.0
            .run_command(RELEASE)
            .map_err(|_| Error::backend("the step ended the transaction that it runs in"))?;
        self.create_history()?;
        HISTORY.record(&mut self.0, series, migration, direction)
    }

    /// Creates the history's table if it is missing. `CREATE TABLE IF NOT EXISTS` alone would demand the right to create
    /// tables from a user who needs none.
    fn create_history(&mut self) -> Result<()> {
        if self.0.query_optional::<i64>(HISTORY.exists, &[])?.is_none() {
            self.0.execute(HISTORY.create, &[])?;
        }
        Ok(())
    }
}

impl Lock for PostgresLock {
    /// The table is created with the first row: where there is nothing to do, no right to create it is needed.
    fn history(&mut self, series: &str) -> Result<Vec<Applied>> {
        HISTORY.read(&mut self.0, series)
    }

    fn apply(&mut self, series: &str, migration: &Migration, direction: Direction) -> Result<()> {
        self.transaction(|lock| lock.take(series, migration, direction))
    }

    fn adopt(
        &mut self,
        series: &Series,
        apply: bool,
        progress: &mut dyn FnMut(AdoptionProgress),
    ) -> Result<Adoption> {
        self.transaction(|lock| sql::adopt(lock, &PLAN, series, apply, progress))
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.0.is_shared() {
            return self.0.commit();
        }
        self.0.query_optional::<i64>(UNLOCK, &[]).map(drop)
    }
}

impl AdoptionTarget for PostgresLock {
    type Connection = PostgresConnection;

    fn connection(&mut self) -> &mut PostgresConnection {
        &mut self.0
    }

    fn run(&mut self, sql: &str) -> Result<()> {
        self.0.run_script(sql)
    }

    fn applied(&mut self, series: &str, create: bool) -> Result<Vec<Applied>> {
        if create {
            self.create_history()?;
        }
        HISTORY.read(&mut self.0, series)
    }

    fn record(&mut self, series: &str, migration: &Migration) -> Result<()> {
        HISTORY.record(&mut self.0, series, migration, Direction::Up)
    }
}
