use std::time::{Duration, Instant};

use super::adopt::PLAN;
use super::connection::MysqlConnection;
use super::error::{Phase, StatementFailure};
use super::lease::Lease;
use super::prepared_transaction::leaves_prepared_transaction;
use super::{Kind, MysqlBackend};
use crate::error::{Error, Result};
use crate::migration::{
    Adoption, AdoptionProgress, Applied, Direction, Lock, Migration, Series, Target, embedded,
    left_transaction_open, timed_out_waiting,
};
use crate::sql::{
    self, AdoptionTarget, Connection, Database, History, TABLES, changed_table, retry_backoff, sql,
};

/// How often to rebuild a table because of old statistics, which the server might write again concurrently.
const REBUILDS: u32 = 3;
const REBUILD: &str = sql!("mysql", "adopt/rebuild");
/// How long to repeat what ends in deadlocks.
const DEADLOCKS: Duration = Duration::from_secs(5);

const COLUMNS: &str = sql!("mysql", "adopt/columns");
const CREATE_REHEARSAL: &str = sql!("mysql", "adopt/rehearsal/create");
const REFER: &str = sql!("mysql", "adopt/rehearsal/refer");
const DROP_REHEARSAL: &str = sql!("mysql", "adopt/rehearsal/drop");

const LOCK: &str = sql!("mysql", "lock");
const UNLOCK: &str = sql!("mysql", "unlock");
const START: &str = sql!("mysql", "history/start");
const STARTED: &str = sql!("mysql", "history/started");
const END: &str = sql!("mysql", "history/end");
const UNFINISHED: &str = sql!("mysql", "history/unfinished");
const CHECK_TRANSACTION: &str = sql!("mysql", "history/check_transaction");

pub(super) fn series(kind: Kind) -> Series {
    match kind {
        Kind::Mysql => Series::mysql(),
        Kind::Mariadb => Series::mariadb(),
    }
}

pub(super) fn history(kind: Kind) -> History {
    History {
        exists: sql!("mysql", "history/exists"),
        create: match kind {
            Kind::Mysql => sql!("mysql", "history/create"),
            Kind::Mariadb => sql!("mariadb", "history/create"),
        },
        list: sql!("mysql", "history/list"),
        insert: sql!("mysql", "history/insert"),
        delete: sql!("mysql", "history/delete"),
        tables: sql!("mysql", "history/tables"),
    }
}

pub(super) struct MysqlTarget(pub(super) MysqlBackend);

impl Target for MysqlTarget {
    fn history(&self, series: &str) -> Result<Vec<Applied>> {
        let history = history(self.0.kind());
        self.0.read(|connection| history.read(connection, series))
    }

    fn has_unfinished_adoption(&self) -> Result<bool> {
        let found = self
            .0
            .read(|connection| connection.query_optional::<i64>(UNFINISHED, &[]))?;
        Ok(found == Some(1))
    }

    /// Takes `GET_LOCK`, on a separate connection. In a Galera cluster, takes only the lease: `GET_LOCK` would not
    /// exclude other nodes, and Percona's cluster rejects it (`pxc_strict_mode`).
    fn lock(&self, timeout: Duration) -> Result<Box<dyn Lock + '_>> {
        let mut connection = self.0.connect_to_lock(timeout)?;
        let history = history(self.0.kind());
        let lease = if self.0.is_galera() {
            repeated(&mut connection, |connection| {
                connection.execute(history.create, &[])
            })?;
            Some(Lease::take(&self.0, timeout)?)
        } else {
            let seconds = i64::try_from(timeout.as_millis().div_ceil(1_000)).unwrap_or(i64::MAX);
            let taken = connection
                .query_optional::<i64>(LOCK, &[seconds.into()])
                .map_err(Error::nothing_written)?;
            if taken != Some(1) {
                return Err(timed_out_waiting(timeout));
            }
            None
        };
        Ok(Box::new(MysqlLock {
            backend: &self.0,
            timeout,
            lease,
            connection,
            history,
        }))
    }
}

/// The lock belongs to a connection that also reads and writes the history. Each step, and an adoption, runs on another
/// connection, so it may change that session in any way. If the lock's connection is lost, another run can take the
/// lock, but this run can no longer write the history.
struct MysqlLock<'a> {
    backend: &'a MysqlBackend,
    timeout: Duration,
    /// Used in a Galera cluster, where each node has its own locks.
    lease: Option<Lease>,
    connection: MysqlConnection,
    history: History,
}

/// Does something repeatable, and does it again after a deadlock: with an application that goes on beside an adoption or,
/// in a Galera cluster, with another node's change to the schema or attempt to take the lease.
fn repeated<T>(
    connection: &mut MysqlConnection,
    work: impl Fn(&mut MysqlConnection) -> Result<T>,
) -> Result<T> {
    let mut first = None;
    let mut repetitions = 0;
    loop {
        connection.failure = None;
        let done = work(connection);
        let is_deadlock = connection.failure == Some(StatementFailure::RolledBack);
        if !is_deadlock || first.get_or_insert_with(Instant::now).elapsed() >= DEADLOCKS {
            return done;
        }
        retry_backoff(repetitions);
        repetitions += 1;
    }
}

impl MysqlLock<'_> {
    /// Fails if the lock is lost. Then nothing may be changed anymore.
    fn check(&mut self) -> Result<()> {
        match &self.lease {
            Some(lease) => lease.check(),
            None => self.connection.ping(),
        }
    }

    /// Changes the history, in one statement.
    fn note(&mut self, work: impl Fn(&History, &mut MysqlConnection) -> Result<()>) -> Result<()> {
        let history = &self.history;
        repeated(&mut self.connection, |connection| work(history, connection))
    }

    /// Notes that a step of our own begins, so that the table that it may leave half-done is known to be ours.
    fn begin_step(&mut self, version: i64) -> Result<()> {
        self.note(|_, connection| connection.execute(START, &[version.into()]).map(drop))
    }

    /// Removes the note. If this fails, the step is done anyway, and the note is harmless: it only allows a repetition.
    fn end_step(&mut self, version: i64) {
        let _ = self.note(|_, connection| connection.execute(END, &[version.into()]).map(drop));
    }

    fn record(&mut self, series: &str, migration: &Migration, direction: Direction) -> Result<()> {
        self.note(|history, connection| history.record(connection, series, migration, direction))
    }

    /// Runs a step in its own session, which ends with it.
    fn run_step(&self, sql: &str, is_repeatable: bool) -> Result<()> {
        if !has_statement(sql) {
            return Ok(());
        }
        if leaves_prepared_transaction(sql) {
            return Err(Error::backend(
                "the migration would leave a transaction prepared (XA PREPARE), so nothing of it was run; end the \
                 transaction in the migration, with XA COMMIT or XA ROLLBACK",
            ));
        }
        let mut connection = self.backend.connect_to_migrate(self.timeout)?;
        let run = |connection: &mut MysqlConnection| connection.run_step(sql);
        let ran = if is_repeatable {
            repeated(&mut connection, run)
        } else {
            run(&mut connection)
        };
        let done = ran.and_then(|()| check_transaction(&mut connection));
        // Closing the connection would release its locks too, but perhaps only after the next step has begun.
        match done {
            Ok(()) => connection.reset(),
            Err(error) => {
                // The connection is closed next, whether or not this works.
                let _ = connection.reset();
                Err(error)
            }
        }
    }
}

fn check_transaction(connection: &mut MysqlConnection) -> Result<()> {
    match connection.run_script(CHECK_TRANSACTION, Phase::BeforeCommit) {
        Err(_) if !connection.is_lost() => Err(left_transaction_open()),
        answer => answer,
    }
}

/// Returns false if there is nothing to run, which the server would report as an error.
fn has_statement(sql: &str) -> bool {
    let mut rest = sql;
    loop {
        rest = rest
            .trim_start_matches(|character: char| character.is_whitespace() || character == ';');
        let comment_end = if rest.starts_with('#') || rest.starts_with("--") {
            rest.find('\n')
        } else if rest.starts_with("/*") && !rest.starts_with("/*!") && !rest.starts_with("/*M!") {
            rest.find("*/").map(|end| end + 2)
        } else {
            return !rest.is_empty();
        };
        match comment_end {
            Some(end) => rest = &rest[end..],
            None => return false,
        }
    }
}

impl Lock for MysqlLock<'_> {
    fn history(&mut self, series: &str) -> Result<Vec<Applied>> {
        let history = &self.history;
        repeated(&mut self.connection, |connection| {
            history.read_or_create(connection, series)
        })
    }

    fn foreign_tables(&mut self, pending: &[i64]) -> Result<Vec<i64>> {
        let started: Vec<i64> = self.connection.query(STARTED, &[])?;
        let mut found = self
            .history
            .existing_tables(&mut self.connection, pending)?;
        found.retain(|version| !started.contains(version));
        Ok(found)
    }

    /// DDL commits implicitly, so a run that is killed here may have done one half without the other. Then the history
    /// records what was before, and the next run begins the step again: every step is repeatable. Before anything else,
    /// a note records that a step of our own is unfinished, and its table ours.
    fn apply(&mut self, series: &str, migration: &Migration, direction: Direction) -> Result<()> {
        let sql = migration.sql(direction)?;
        let version = migration.version();
        let is_own = series == embedded::NAME;
        self.check()?;
        if is_own {
            self.begin_step(version)?;
        }
        self.run_step(sql, is_own)?;
        if is_own && direction == Direction::Up {
            // The row of one that was reverted only in part.
            self.note(|history, connection| {
                let row = [series.into(), version.into()];
                connection.execute(history.delete, &row).map(drop)
            })?;
        }
        self.record(series, migration, direction)?;
        if is_own {
            self.end_step(version);
        }
        Ok(())
    }

    fn adopt(
        &mut self,
        series: &Series,
        apply: bool,
        progress: &mut dyn FnMut(AdoptionProgress),
    ) -> Result<Adoption> {
        let connection = self.backend.connect_to_migrate(self.timeout)?;
        let mut adopting = MysqlAdoption {
            lock: self,
            connection,
        };
        sql::adopt(&mut adopting, &PLAN, series, apply, progress)
    }

    /// Each step is permanent already. If this fails, the end of the connection releases the lock.
    fn finish(mut self: Box<Self>) -> Result<()> {
        let _ = self.connection.execute(UNLOCK, &[]);
        Ok(())
    }
}

/// An adoption, on a connection of its own.
struct MysqlAdoption<'a, 'b> {
    lock: &'a mut MysqlLock<'b>,
    connection: MysqlConnection,
}

impl MysqlAdoption<'_, '_> {
    /// Returns the obstacle that foreign keys could be dropped, but not be added. In MySQL, the rights to create and alter
    /// tables do not suffice for that.
    fn without_right_to_refer(&mut self, changes_columns: bool) -> Result<Option<String>> {
        let changes_columns = i64::from(changes_columns);
        let refer = self
            .connection
            .query_optional::<String>(REFER, &[changes_columns.into()])?;
        let Some(refer) = refer else { return Ok(None) };
        self.run(DROP_REHEARSAL)?;
        let referred = self.run(&refer);
        self.run(DROP_REHEARSAL)?;
        Ok(match referred {
            Err(Error::Backend { reason, .. }) if reason.starts_with("REFERENCES") => {
                Some(format!(
                    "foreign keys to User cannot be added: {reason}; grant it, or adopt as another user"
                ))
            }
            // Whatever else is in the way of this table may be gone when the columns are changed.
            _ => None,
        })
    }
}

impl AdoptionTarget for MysqlAdoption<'_, '_> {
    type Connection = MysqlConnection;

    fn connection(&mut self) -> &mut MysqlConnection {
        &mut self.connection
    }

    /// MariaDB keeps statistics of indexes by name, and writes them in the background, so those of a dropped index may
    /// remain. Then an ALTER TABLE that creates an index of that name fails and changes nothing: `Can't write;
    /// duplicate key in table 'mysql.innodb_index_stats' (1022)`. Rebuilding the table removes them.
    fn run(&mut self, sql: &str) -> Result<()> {
        self.lock.check()?;
        // When MariaDB executes a prepared query of information_schema again, its subqueries may find nothing.
        self.connection.forget_statements();
        let run = |connection: &mut MysqlConnection, sql: &str| {
            repeated(connection, |connection| {
                connection.run_script(sql, Phase::Writing)
            })
        };
        for _ in 0..REBUILDS {
            match run(&mut self.connection, sql) {
                Err(Error::Backend { reason, .. }) if reason.contains("innodb_index_stats") => {
                    let rebuilds: Vec<String> = self.connection.query(REBUILD, &[sql.into()])?;
                    for rebuild in rebuilds {
                        run(&mut self.connection, &rebuild)?;
                    }
                }
                outcome => return outcome,
            }
        }
        run(&mut self.connection, sql)
    }

    /// Each statement commits, so what no query has found, such as a row that would be too long, would stop the adoption
    /// half-way. The copies are empty, so the server's message contains no values.
    fn rehearse(&mut self) -> Result<Vec<String>> {
        let statements: Vec<String> = self.connection.query(COLUMNS, &[])?;
        let mut obstacles: Vec<String> = self
            .without_right_to_refer(!statements.is_empty())?
            .into_iter()
            .collect();
        for table in TABLES {
            let quoted = format!("`{table}`");
            let mut changes = statements
                .iter()
                .filter(|statement| changed_table(statement) == Some(table))
                // An id is added by a step of its own, before this one.
                .filter(|statement| !statement.contains("ADD COLUMN `id`"))
                .map(|statement| statement.replacen(&quoted, "`authstore_rehearsal`", 1))
                .peekable();
            if changes.peek().is_none() {
                continue;
            }
            // A run that was killed may have left it.
            self.run(DROP_REHEARSAL)?;
            let create = self
                .connection
                .query_optional::<String>(CREATE_REHEARSAL, &[table.into(), table.into()])?;
            // A table that cannot be copied can be changed, nevertheless.
            if let Some(create) = create
                && self.run(&create).is_ok()
            {
                let connection = &mut self.connection;
                let mut run = |change: String| repeated(connection, |on| on.run_step(&change));
                match changes.find_map(|change| run(change).err()) {
                    Some(Error::Backend { reason, .. }) => {
                        obstacles
                            .push(format!("{table} cannot be changed to the schema: {reason}"));
                    }
                    Some(error) => return Err(error),
                    None => {}
                }
                self.run(DROP_REHEARSAL)?;
            }
        }
        Ok(obstacles)
    }

    fn applied(&mut self, series: &str, create: bool) -> Result<Vec<Applied>> {
        let lock = &mut *self.lock;
        if create {
            lock.history(series)
        } else {
            lock.history.read(&mut lock.connection, series)
        }
    }

    fn existing_tables(&mut self, versions: &[i64]) -> Result<Vec<i64>> {
        let history = &self.lock.history;
        history.existing_tables(&mut self.connection, versions)
    }

    /// The history's table may not exist yet.
    fn foreign_tables(&mut self, pending: &[i64]) -> Result<Vec<i64>> {
        let history = self
            .connection
            .query_optional::<i64>(self.lock.history.exists, &[])?;
        if history.unwrap_or(0) > 0 {
            return self.lock.foreign_tables(pending);
        }
        self.existing_tables(pending)
    }

    /// See [`apply`](Lock::apply).
    fn begin_step(&mut self, migration: &Migration) -> Result<()> {
        self.lock.begin_step(migration.version())
    }

    fn record(&mut self, series: &str, migration: &Migration) -> Result<()> {
        self.lock.record(series, migration, Direction::Up)?;
        self.lock.end_step(migration.version());
        Ok(())
    }
}
