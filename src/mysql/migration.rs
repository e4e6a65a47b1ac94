use std::time::Duration;

use super::adopt::PLAN;
use super::connection::MysqlConnection;
use super::error::Phase;
use super::lease::Lease;
use super::{Kind, MysqlBackend};
use crate::error::{Error, Result};
use crate::migration::{
    Adoption, AdoptionProgress, Applied, Direction, Lock, Migration, Series, Target,
};
use crate::sql::{self, AdoptionTarget, Connection, Database, History, sql};

const LOCK: &str = sql!("mysql", "lock");
const UNLOCK: &str = sql!("mysql", "unlock");

pub(super) fn series(kind: Kind) -> Series {
    match kind {
        Kind::Mysql => Series::mysql(),
        Kind::Mariadb => Series::mariadb(),
    }
}

fn history(kind: Kind) -> History {
    History {
        exists: sql!("mysql", "history/exists"),
        create: match kind {
            Kind::Mysql => sql!("mysql", "history/create"),
            Kind::Mariadb => sql!("mariadb", "history/create"),
        },
        list: sql!("mysql", "history/list"),
        insert: sql!("mysql", "history/insert"),
        delete: sql!("mysql", "history/delete"),
    }
}

pub(super) struct MysqlTarget(pub(super) MysqlBackend);

impl Target for MysqlTarget {
    fn history(&self, series: &str) -> Result<Vec<Applied>> {
        let history = history(self.0.kind());
        self.0.read(|connection| history.read(connection, series))
    }

    /// `GET_LOCK`, on a connection of its own, which has no limit on how long a statement may take.
    fn lock(&self, timeout: Duration) -> Result<Box<dyn Lock>> {
        let mut connection = self.0.connect_to_migrate(timeout)?;
        let seconds = i64::try_from(timeout.as_millis().div_ceil(1_000)).unwrap_or(i64::MAX);
        match connection.query_optional::<i64>(LOCK, &[seconds.into()])? {
            Some(1) => {
                let history = history(self.0.kind());
                let lease = if self.0.is_galera() {
                    connection.execute(history.create, &[])?;
                    Some(Lease::take(&self.0, timeout)?)
                } else {
                    None
                };
                Ok(Box::new(MysqlLock {
                    lease,
                    connection,
                    history,
                }))
            }
            _ => Err(Error::unavailable(
                "another process holds the lock on migrations",
            )),
        }
    }
}

/// The lock belongs to the connection, on which all the steps run as well: were the connection lost, the server would
/// give the lock to another, but no further step would be taken here.
struct MysqlLock {
    /// In a Galera cluster, where that lock is a node's own.
    lease: Option<Lease>,
    connection: MysqlConnection,
    history: History,
}

impl Lock for MysqlLock {
    fn history(&mut self, series: &str) -> Result<Vec<Applied>> {
        self.history.read_or_create(&mut self.connection, series)
    }

    /// DDL commits by itself, so a run that is killed here may have done one half without the other. Either way the
    /// history then says that the step was not taken, and the next run up takes it again: every step can be repeated.
    fn apply(&mut self, series: &str, migration: &Migration, direction: Direction) -> Result<()> {
        let sql = migration.sql(direction)?;
        let Self {
            lease,
            connection,
            history,
        } = self;
        if let Some(lease) = lease {
            lease.check()?;
        }
        match direction {
            Direction::Up => {
                connection.run_script(sql, Phase::Writing)?;
                history.record(connection, series, migration, Direction::Up)
            }
            Direction::Down => {
                history.record(connection, series, migration, Direction::Down)?;
                connection.run_script(sql, Phase::Writing).inspect_err(|_| {
                    // The step stays taken. What went wrong first is what counts.
                    let _ = history.record(connection, series, migration, Direction::Up);
                })
            }
        }
    }

    fn adopt(
        &mut self,
        series: &Series,
        apply: bool,
        progress: &mut dyn FnMut(AdoptionProgress),
    ) -> Result<Adoption> {
        sql::adopt(self, &PLAN, series, apply, progress)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.connection.execute(UNLOCK, &[]).map(drop)
    }
}

impl AdoptionTarget for MysqlLock {
    type Connection = MysqlConnection;

    fn connection(&mut self) -> &mut MysqlConnection {
        &mut self.connection
    }

    fn run(&mut self, sql: &str) -> Result<()> {
        self.connection.run_script(sql, Phase::Writing)
    }

    fn applied(&mut self, series: &str, create: bool) -> Result<Vec<Applied>> {
        if create {
            self.history.read_or_create(&mut self.connection, series)
        } else {
            self.history.read(&mut self.connection, series)
        }
    }

    fn record(&mut self, series: &str, migration: &Migration) -> Result<()> {
        self.history
            .record(&mut self.connection, series, migration, Direction::Up)
    }
}
