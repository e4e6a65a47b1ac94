use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::{
    Adoption, AdoptionProgress, Applied, Direction, Lock, Migration, MigrationError, Series,
    Target, client_command, embedded,
};
use crate::error::{Error, Result};

const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// The longest timeout that every database accepts: SQLite takes milliseconds as an `i32`, and the others allow more.
const LONGEST_LOCK_TIMEOUT: Duration = Duration::from_millis(i32::MAX.unsigned_abs() as u64);

/// Shows and changes the schema's version.
///
/// Get one from [`AuthStore::migrator`](crate::AuthStore::migrator). It runs the crate's own series. To run an
/// application's migrations on the same database instead, use [`with_series`](Migrator::with_series).
///
/// Any number of processes may run it concurrently: a lock in the database makes them take turns, and each migration is
/// applied once. If the history does not match the program's migrations, a run fails before it changes anything.
pub struct Migrator {
    target: Box<dyn Target>,
    series: Series,
    lock_timeout: Duration,
}

impl Migrator {
    /// Creates a migrator that runs a series on a target.
    pub fn new(target: impl Target + 'static, series: Series) -> Self {
        Migrator {
            target: Box::new(target),
            series,
            lock_timeout: LOCK_TIMEOUT,
        }
    }

    /// Sets the series to run, such as an application's own.
    #[must_use]
    pub fn with_series(mut self, series: Series) -> Self {
        self.series = series;
        self
    }

    /// Sets how long to wait while another process migrates. Defaults to 60 seconds; a timeout of more than about 24
    /// days is shortened to that.
    ///
    /// [`Duration::ZERO`] tries once and does not wait. The same limit applies to a migration that waits for a table in
    /// use, but it is at least a millisecond on PostgreSQL, and a second on MySQL and MariaDB.
    #[must_use]
    pub fn with_lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout.min(LONGEST_LOCK_TIMEOUT);
        self
    }

    /// Returns the series that this migrator runs.
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// Returns every migration of the program and the history, by version, with its state. Changes nothing, and needs
    /// no lock.
    ///
    /// # Errors
    ///
    /// [`MigrationError::UnfinishedAdoption`], for the crate's own series.
    pub fn status(&self) -> Result<Vec<StepStatus>> {
        if self.has_unfinished_adoption()? {
            return Err(MigrationError::UnfinishedAdoption.into());
        }
        self.read_history()
    }

    /// An unfinished adoption may have recorded steps already, although its foreign keys are missing.
    fn has_unfinished_adoption(&self) -> Result<bool> {
        Ok(self.series.name() == embedded::NAME && self.target.has_unfinished_adoption()?)
    }

    fn read_history(&self) -> Result<Vec<StepStatus>> {
        Ok(compare(
            self.series.migrations(),
            self.target
                .history(self.series.name())
                .map_err(Error::nothing_written)?,
        ))
    }

    /// Applies all pending migrations, and returns those that it applied.
    ///
    /// If none is pending, it takes no lock and only reads the history. It then works without the right to create
    /// tables, and on a read-only standby.
    ///
    /// # Errors
    ///
    /// [`MigrationError::ForeignTables`] if a table that a pending migration of the crate's own series would create
    /// exists already, and [`MigrationError::UnfinishedAdoption`] (nothing is changed); another
    /// [`Error::Migration`](crate::Error::Migration) if the history does not match (nothing is changed) or a migration
    /// failed (those before it stay);
    /// [`Error::Unavailable`](crate::Error::Unavailable) if another process held the lock for too long.
    pub fn up(&self) -> Result<Vec<Step>> {
        self.run(|status| Ok(steps_up(status, i64::MAX)))
    }

    /// Applies the pending migrations up to and including `version`. Fails like [`up`](Migrator::up), and with
    /// [`MigrationError::UnknownVersion`].
    pub fn up_to(&self, version: i64) -> Result<Vec<Step>> {
        self.known(version)?;
        self.run(|status| Ok(steps_up(status, version)))
    }

    /// Reverts the last `count` migrations, and deletes their data; `usize::MAX` reverts all. Fails like
    /// [`up`](Migrator::up), and with [`MigrationError::Irreversible`] before anything is changed.
    pub fn down(&self, count: usize) -> Result<Vec<Step>> {
        self.run(|status| {
            let mut versions = steps_down(status, -1);
            versions.truncate(count);
            Ok(versions)
        })
    }

    /// Reverts the migrations after `version`, which itself stays. Fails like [`down`](Migrator::down), and with
    /// [`MigrationError::UnknownVersion`].
    pub fn down_to(&self, version: i64) -> Result<Vec<Step>> {
        self.known(version)?;
        self.run(|status| Ok(steps_down(status, version)))
    }

    /// Reverts these migrations, latest first, if they are the last ones that are applied. Call it with the versions
    /// that a person has seen and confirmed: another run may have migrated since. Fails like [`down`](Migrator::down),
    /// and with [`MigrationError::PlanChanged`].
    pub fn down_exactly(&self, versions: &[i64]) -> Result<Vec<Step>> {
        self.run(|status| {
            let mut last = steps_down(status, -1);
            last.truncate(versions.len());
            if last.iter().map(|(version, _)| version).eq(versions) {
                Ok(last)
            } else {
                Err(MigrationError::PlanChanged)
            }
        })
    }

    /// Compares a database that Auth.js's Kysely adapter uses, or that was migrated, with the schema of this crate, and
    /// returns the differences and the obstacles to [`adopt`](Migrator::adopt). Changes nothing, except that it creates
    /// the history table of a Galera cluster, which contains the lock on migrations.
    ///
    /// Holds that lock while it reads; on SQLite, all writes wait for it. On MySQL and MariaDB, `adopt` also tries the
    /// changes of columns on empty copies of the tables, so it may find more obstacles.
    ///
    /// # Errors
    ///
    /// Those of [`adopt`](Migrator::adopt), but obstacles are not an error.
    pub fn compare(&self) -> Result<Adoption> {
        self.lock_to_adopt()
            .and_then(|mut lock| lock.adopt(&self.series, false, &mut |_| {}))
            .map_err(Error::nothing_written)
    }

    /// Adopts a database that Auth.js's Kysely adapter uses: brings its schema up to that of this crate without losing
    /// a row, and records all migrations as applied. Returns the differences that it found: none if the database was
    /// adopted before. Auth.js can continue to use the database.
    ///
    /// In a database that was adopted or migrated before, it restores what was changed by hand since.
    ///
    /// It knows the schema of the [adapter's guide](https://authjs.dev/getting-started/adapters/kysely) in its
    /// editions, and its variants on MySQL and SQLite. Stop the application first. On PostgreSQL and SQLite the
    /// adoption is one transaction. On MySQL and MariaDB, the changes of columns and the right to add foreign keys are
    /// first tried on empty tables, named `authstore_rehearsal`. Then each table is changed separately and keeps its rows
    /// throughout; if the adoption is interrupted, the next run finishes it.
    ///
    /// # Errors
    ///
    /// [`MigrationError::InTheWay`] if there are obstacles to resolve first, and [`MigrationError::NothingToAdopt`]; in
    /// either case nothing was changed. [`Error::Unavailable`](crate::Error::Unavailable) if another process held the
    /// lock for too long. [`Error::Invalid`](crate::Error::Invalid) if the series is not the crate's own.
    /// [`Error::Backend`](crate::Error::Backend), with the statement and the database's error as its source, if the
    /// database rejected a change: no row was lost.
    pub fn adopt(&self) -> Result<Adoption> {
        self.adopt_with_progress(|_| {})
    }

    /// Works like [`adopt`](Migrator::adopt), and calls `progress` with the [progress](AdoptionProgress).
    ///
    /// # Errors
    ///
    /// Those of [`adopt`](Migrator::adopt).
    pub fn adopt_with_progress(
        &self,
        mut progress: impl FnMut(AdoptionProgress),
    ) -> Result<Adoption> {
        let mut lock = self.lock_to_adopt()?;
        let adoption = lock.adopt(&self.series, true, &mut progress)?;
        lock.finish()?;
        Ok(adoption)
    }

    fn lock_to_adopt(&self) -> Result<Box<dyn Lock + '_>> {
        if self.series.name() != embedded::NAME {
            return Err(Error::invalid(
                "series",
                "only the crate's own series can adopt a database",
            ));
        }
        reject_mismatch(&self.read_history()?)?;
        self.target.lock(self.lock_timeout)
    }

    /// Returns the SQL of all migrations in a direction, like [`Series::sql`]. Does not access the database.
    ///
    /// # Errors
    ///
    /// [`MigrationError::Irreversible`] if a migration cannot be reverted.
    pub fn sql(&self, direction: Direction) -> Result<String> {
        self.series.sql(direction)
    }

    fn known(&self, version: i64) -> Result<(), MigrationError> {
        self.step(version).map(drop)
    }

    fn step(&self, version: i64) -> Result<&Migration, MigrationError> {
        self.series
            .migrations()
            .iter()
            .find(|migration| migration.version() == version)
            .ok_or(MigrationError::UnknownVersion { version })
    }

    fn run(
        &self,
        choose: impl Fn(&[StepStatus]) -> Result<Vec<(i64, Direction)>, MigrationError>,
    ) -> Result<Vec<Step>> {
        // Most runs have nothing to do, and end here. The others check again under the lock, when no other run can
        // change the history.
        if self.plan(&choose, self.read_history()?)?.is_empty()
            && !self.has_unfinished_adoption()?
        {
            return Ok(Vec::new());
        }
        let mut lock = self.target.lock(self.lock_timeout)?;
        // Another process may have begun or finished one in the meantime.
        if self.has_unfinished_adoption()? {
            return Err(MigrationError::UnfinishedAdoption.into());
        }
        let status = compare(self.series.migrations(), lock.history(self.series.name())?);
        let plan = self.plan(&choose, status)?;
        self.reject_foreign_tables(&mut *lock, &plan)?;
        let mut done = Vec::new();
        let mut failure = None;
        for (migration, direction) in plan {
            let start = Instant::now();
            let taken = match lock.was_taken(self.series.name(), migration, direction) {
                Ok(false) => lock.apply(self.series.name(), migration, direction),
                Ok(true) => continue,
                Err(error) => Err(error),
            };
            if let Err(error) = taken {
                failure = Some((migration, direction, error));
                break;
            }
            done.push(Step {
                series: self.series.name().to_owned(),
                version: migration.version(),
                name: migration.name().to_owned(),
                direction,
                duration: start.elapsed(),
            });
        }
        // Called after a failed migration too: if the run is one transaction, this commits the migrations before it.
        let finished = lock.finish();
        let Some((migration, direction, error)) = failure else {
            return finished.map(|()| done);
        };
        // Report the migration's error: `finish` usually failed for the same reason. Without `finish`, the migrations
        // before it are permanent only if this one has committed the run's transaction.
        if finished.is_err() {
            let status = self.read_history().unwrap_or_default();
            done.retain(|step| is_permanent(&status, step));
        }
        let advice = migration
            .sql(direction)
            .ok()
            .and_then(|sql| client_command::advice(sql, migration.without_transaction(direction)));
        let source = match advice {
            Some(advice) => Error::backend(advice).with_source(error),
            None => error,
        };
        Err(MigrationError::Failed {
            version: migration.version(),
            name: migration.name().to_owned(),
            direction,
            done,
            source: source.into(),
        }
        .into())
    }

    /// Returns what to run, in order. Fails if any part of it cannot be done.
    fn plan(
        &self,
        choose: impl Fn(&[StepStatus]) -> Result<Vec<(i64, Direction)>, MigrationError>,
        status: Vec<StepStatus>,
    ) -> Result<Vec<(&Migration, Direction)>> {
        reject_mismatch(&status)?;
        let mut plan = Vec::new();
        for (version, direction) in choose(&status)? {
            let migration = self.step(version)?;
            migration.sql(direction)?;
            plan.push((migration, direction));
        }
        Ok(plan)
    }

    /// The crate's own tables are created if missing, so that a killed run can be repeated. Without this check, tables
    /// of the same name that something else created would be mistaken for them.
    fn reject_foreign_tables(
        &self,
        lock: &mut dyn Lock,
        plan: &[(&Migration, Direction)],
    ) -> Result<()> {
        let pending: Vec<i64> = plan
            .iter()
            .filter(|(_, direction)| *direction == Direction::Up)
            .map(|(migration, _)| migration.version())
            .collect();
        if self.series.name() != embedded::NAME || pending.is_empty() {
            return Ok(());
        }
        let tables: Vec<String> = lock
            .foreign_tables(&pending)?
            .into_iter()
            .map(|version| embedded::table(version).to_owned())
            .collect();
        if tables.is_empty() {
            Ok(())
        } else {
            Err(MigrationError::ForeignTables { tables }.into())
        }
    }
}

impl fmt::Debug for Migrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrator")
            .field("series", &self.series.name())
            .field("lock_timeout", &self.lock_timeout)
            .finish_non_exhaustive()
    }
}

/// A migration that a run applied or reverted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The series that it belongs to.
    pub series: String,
    /// The version.
    pub version: i64,
    /// The name.
    pub name: String,
    /// Whether it was applied or reverted.
    pub direction: Direction,
    /// How long it took.
    pub duration: Duration,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {:04}_{} {} ({} ms)",
            self.series,
            self.version,
            self.name,
            self.direction,
            self.duration.as_millis()
        )
    }
}

/// A migration and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepStatus {
    /// The version.
    pub version: i64,
    /// The name: the program's if it has this migration, otherwise the history's.
    pub name: String,
    /// The state.
    pub state: StepState,
}

/// The state of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepState {
    /// Not yet applied.
    Pending,
    /// Applied.
    Applied {
        /// When it was applied.
        at: OffsetDateTime,
    },
    /// Applied, but a run was interrupted while it reverted the migration. The next run that applies or reverts it
    /// begins it again.
    Unfinished,
    /// Applied, but its SQL has changed since.
    Changed,
    /// Applied, but the program does not have it, although it has later ones.
    Missing,
    /// Not applied, although later ones were.
    OutOfOrder,
    /// Applied by a later version of the program.
    Newer,
}

impl StepState {
    /// Returns whether [`up`](Migrator::up) can apply the migration: it is [`Pending`](StepState::Pending) or
    /// [`Unfinished`](StepState::Unfinished).
    pub fn can_be_applied(self) -> bool {
        matches!(self, StepState::Pending | StepState::Unfinished)
    }

    /// Returns whether [`down`](Migrator::down) can revert the migration: it is [`Applied`](StepState::Applied) or
    /// [`Unfinished`](StepState::Unfinished).
    pub fn can_be_reverted(self) -> bool {
        matches!(self, StepState::Applied { .. } | StepState::Unfinished)
    }
}

fn compare(migrations: &[Migration], history: Vec<Applied>) -> Vec<StepStatus> {
    let latest_known = migrations.last().map_or(-1, Migration::version);
    let latest_applied = history.iter().map(|row| row.version).max().unwrap_or(-1);
    let mut applied: BTreeMap<i64, Applied> =
        history.into_iter().map(|row| (row.version, row)).collect();
    let mut statuses: Vec<StepStatus> = migrations
        .iter()
        .map(|migration| StepStatus {
            version: migration.version(),
            name: migration.name().to_owned(),
            state: match applied.remove(&migration.version()) {
                Some(row) if row.checksum != migration.checksum() => StepState::Changed,
                Some(row) if row.is_unfinished => StepState::Unfinished,
                Some(row) => StepState::Applied { at: row.applied_at },
                None if migration.version() < latest_applied => StepState::OutOfOrder,
                None => StepState::Pending,
            },
        })
        .collect();
    statuses.extend(applied.into_values().map(|row| StepStatus {
        state: if row.version > latest_known {
            StepState::Newer
        } else {
            StepState::Missing
        },
        version: row.version,
        name: row.name,
    }));
    statuses.sort_by_key(|status| status.version);
    statuses
}

/// Returns whether the history shows that this step was applied or reverted.
fn is_permanent(statuses: &[StepStatus], step: &Step) -> bool {
    statuses
        .iter()
        .filter(|status| status.version == step.version)
        .any(|status| match step.direction {
            Direction::Up => matches!(status.state, StepState::Applied { .. }),
            Direction::Down => status.state == StepState::Pending,
        })
}

fn reject_mismatch(statuses: &[StepStatus]) -> Result<(), MigrationError> {
    // A schema newer than the program comes first, because it explains most other mismatches.
    if let Some(newest) = statuses
        .iter()
        .rfind(|status| status.state == StepState::Newer)
    {
        return Err(MigrationError::NewerSchema {
            database: newest.version,
            program: statuses
                .iter()
                .rfind(|status| !matches!(status.state, StepState::Newer | StepState::Missing))
                .map_or(0, |status| status.version),
        });
    }
    for StepStatus {
        version,
        name,
        state,
    } in statuses
    {
        let (version, name) = (*version, name.clone());
        match state {
            StepState::Changed => return Err(MigrationError::ChecksumChanged { version, name }),
            StepState::Missing => return Err(MigrationError::StepMissing { version, name }),
            StepState::OutOfOrder => return Err(MigrationError::OutOfOrder { version, name }),
            StepState::Pending
            | StepState::Applied { .. }
            | StepState::Unfinished
            | StepState::Newer => {}
        }
    }
    Ok(())
}

fn steps_up(statuses: &[StepStatus], last: i64) -> Vec<(i64, Direction)> {
    statuses
        .iter()
        .filter(|status| status.state.can_be_applied() && status.version <= last)
        .map(|status| (status.version, Direction::Up))
        .collect()
}

fn steps_down(statuses: &[StepStatus], last_kept: i64) -> Vec<(i64, Direction)> {
    statuses
        .iter()
        .rev()
        .filter(|status| status.state.can_be_reverted() && status.version > last_kept)
        .map(|status| (status.version, Direction::Down))
        .collect()
}
