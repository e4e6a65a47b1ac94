use std::thread;
use std::time::{Duration, Instant};

use super::adopt::ADOPT;
use super::connection::PostgresConnection;
use super::{BEGIN, COMMIT, Connector, ROLLBACK};
use crate::error::{Error, Result};
use crate::migration::{Adoption, Applied, Direction, Lock, Migration, Series, Target};
use crate::sql::{self, Adopter, Connection, History, sql};

static HISTORY: History = History {
    exists: sql!("postgres", "history/exists"),
    create: sql!("postgres", "history/create"),
    list: sql!("postgres", "history/list"),
    insert: sql!("postgres", "history/insert"),
    delete: sql!("postgres", "history/delete"),
};

const LOCK: &str = sql!("postgres", "history/lock");
const UNLOCK: &str = sql!("postgres", "history/unlock");

const SAVEPOINT: &str = sql!("postgres", "transaction/savepoint");
const RELEASE: &str = sql!("postgres", "transaction/release");

/// How often the lock is tried. To wait for it inside the server would keep a snapshot open, and with that hold up
/// whoever has the lock and builds an index concurrently.
const RETRY: Duration = Duration::from_millis(25);

pub(super) struct PostgresTarget(pub(super) Connector);

impl Target for PostgresTarget {
    fn history(&self, series: &str) -> Result<Vec<Applied>> {
        HISTORY.read(&mut self.0.connect_to_migrate(None)?, series)
    }

    /// An advisory lock on a connection of its own, which a process that is killed loses with the connection.
    fn lock(&self, timeout: Duration) -> Result<Box<dyn Lock + '_>> {
        let deadline = Instant::now() + timeout;
        let mut connection = self.0.connect_to_migrate(Some(timeout))?;
        while connection.query_optional::<i64>(LOCK, &[])? != Some(1) {
            if Instant::now() >= deadline {
                return Err(Error::unavailable(
                    "another process is migrating the database, and took too long",
                ));
            }
            thread::sleep(RETRY);
        }
        Ok(Box::new(PostgresLock(connection)))
    }
}

/// To drop it closes the connection, which ends both the lock and a transaction that is still open.
struct PostgresLock(PostgresConnection);

impl PostgresLock {
    fn take(&mut self, series: &str, migration: &Migration, direction: Direction) -> Result<()> {
        self.0.execute(SAVEPOINT, &[])?;
        self.0.run_script(migration.sql(direction)?)?;
        self.0
            .execute(RELEASE, &[])
            .map_err(|_| Error::backend("the step ended the transaction that it runs in"))?;
        HISTORY.record(&mut self.0, series, migration, direction)?;
        self.0.execute(COMMIT, &[]).map(drop)
    }
}

impl Lock for PostgresLock {
    fn history(&mut self, series: &str) -> Result<Vec<Applied>> {
        HISTORY.read_or_create(&mut self.0, series)
    }

    fn apply(&mut self, series: &str, migration: &Migration, direction: Direction) -> Result<()> {
        self.0.execute(BEGIN, &[])?;
        let taken = self.take(series, migration, direction);
        if taken.is_err() {
            // Should this fail, the connection is lost, and the transaction with it.
            let _ = self.0.execute(ROLLBACK, &[]);
        }
        taken
    }

    fn adopt(&mut self, series: &Series, apply: bool) -> Result<Adoption> {
        self.0.execute(BEGIN, &[])?;
        let adopted = sql::adopt(self, &ADOPT, series, apply).and_then(|adoption| {
            self.0.execute(COMMIT, &[])?;
            Ok(adoption)
        });
        if adopted.is_err() {
            // Should this fail, the connection is lost, and the transaction with it.
            let _ = self.0.execute(ROLLBACK, &[]);
        }
        adopted
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.0.query_optional::<i64>(UNLOCK, &[]).map(drop)
    }
}

impl Adopter for PostgresLock {
    type Connection = PostgresConnection;

    fn connection(&mut self) -> &mut PostgresConnection {
        &mut self.0
    }

    fn run(&mut self, sql: &str) -> Result<()> {
        self.0.run_script(sql)
    }

    fn applied(&mut self, series: &str, create: bool) -> Result<Vec<Applied>> {
        if create {
            HISTORY.read_or_create(&mut self.0, series)
        } else {
            HISTORY.read(&mut self.0, series)
        }
    }

    fn record(&mut self, series: &str, migration: &Migration) -> Result<()> {
        HISTORY.record(&mut self.0, series, migration, Direction::Up)
    }
}
