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

/// What every database can count: SQLite counts milliseconds in an `i32`, and the others can count further.
const LONGEST_LOCK_TIMEOUT: Duration = Duration::from_millis(i32::MAX.unsigned_abs() as u64);

/// Shows and changes the version of a schema.
///
/// Get one from [`AuthStore::migrator`](crate::AuthStore::migrator). It runs the crate's own series;
/// [`with_series`](Migrator::with_series) makes it run an application's instead, on the same database.
///
/// Any number of processes may run it at once: the database's own lock lets one after the other work, and each step runs
/// once. A run whose history does not match the program's steps is refused before anything is changed.
pub struct Migrator {
    target: Box<dyn Target>,
    series: Series,
    lock_timeout: Duration,
}

impl Migrator {
    /// Runs a series on a target.
    pub fn new(target: impl Target + 'static, series: Series) -> Self {
        Migrator {
            target: Box::new(target),
            series,
            lock_timeout: LOCK_TIMEOUT,
        }
    }

    /// Runs another series, such as an application's own.
    #[must_use]
    pub fn with_series(mut self, series: Series) -> Self {
        self.series = series;
        self
    }

    /// Sets how long to wait while another process migrates. Defaults to 60 seconds; at most about 24 days, which any
    /// longer timeout means too.
    ///
    /// [`Duration::ZERO`] tries once and does not wait. A step that waits for a table in use waits as long too, but for
    /// what a server can count: at least a millisecond on PostgreSQL, and a second on MySQL and MariaDB.
    #[must_use]
    pub fn with_lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout.min(LONGEST_LOCK_TIMEOUT);
        self
    }

    /// The series that this runs.
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// Every step that the program or the history knows, by version, and how it stands. Changes nothing, and needs no
    /// lock.
    pub fn status(&self) -> Result<Vec<StepStatus>> {
        Ok(compare(
            self.series.migrations(),
            self.target.history(self.series.name())?,
        ))
    }

    /// Applies all pending steps, and returns those that it applied.
    ///
    /// When there is nothing to do, it takes no lock and only reads the history: it needs no right to create a table, and
    /// a read-only standby will do.
    ///
    /// # Errors
    ///
    /// [`MigrationError::ForeignTables`] when a table that a pending step of the crate's own series would create exists
    /// already (nothing is changed); another [`Error::Migration`](crate::Error::Migration) when the history does not match
    /// (nothing is changed) or a step failed (those before it stay); [`Error::Unavailable`](crate::Error::Unavailable)
    /// when another process held the lock for too long.
    pub fn up(&self) -> Result<Vec<Step>> {
        self.run(|status| steps_up(status, i64::MAX))
    }

    /// Takes the steps up to and including `version`. Errors as [`up`](Migrator::up), and
    /// [`MigrationError::UnknownVersion`].
    pub fn up_to(&self, version: i64) -> Result<Vec<Step>> {
        self.known(version)?;
        self.run(|status| steps_up(status, version))
    }

    /// Takes the last `count` steps back: `usize::MAX` for all of them, and with them all data. Errors as
    /// [`up`](Migrator::up), and [`MigrationError::Irreversible`] before anything is changed.
    pub fn down(&self, count: usize) -> Result<Vec<Step>> {
        self.run(|status| {
            let mut versions = steps_down(status, -1);
            versions.truncate(count);
            versions
        })
    }

    /// Takes back the steps after `version`, which itself stays. Errors as [`down`](Migrator::down), and
    /// [`MigrationError::UnknownVersion`].
    pub fn down_to(&self, version: i64) -> Result<Vec<Step>> {
        self.known(version)?;
        self.run(|status| steps_down(status, version))
    }

    /// Compares a database that Auth.js's Kysely adapter uses with the schema of this crate: what is different, and what
    /// blocks [`adopt`](Migrator::adopt). Changes nothing.
    ///
    /// # Errors
    ///
    /// As [`adopt`](Migrator::adopt), but what blocks it is not an error.
    pub fn compare(&self) -> Result<Adoption> {
        self.lock_to_adopt()?
            .adopt(&self.series, false, &mut |_| {})
    }

    /// Adopts a database that Auth.js's Kysely adapter uses: brings its schema up to that of this crate without losing a
    /// row, and records all migrations as applied. Returns what was different, which is nothing when the database was
    /// adopted before. Auth.js continues to work on it.
    ///
    /// It knows the schema of the [adapter's guide](https://authjs.dev/getting-started/adapters/kysely) in its editions,
    /// and the shapes that it takes on MySQL and SQLite. Stop the application first. On PostgreSQL and SQLite the
    /// adoption is one transaction. On MySQL and MariaDB each table is changed by itself, and keeps its rows throughout:
    /// the next run finishes one that was interrupted.
    ///
    /// # Errors
    ///
    /// [`MigrationError::InTheWay`] when something has to be resolved first, and [`MigrationError::NothingToAdopt`]; in
    /// either case nothing was changed. [`Error::Unavailable`](crate::Error::Unavailable) when another process held the
    /// lock for too long. [`Error::Invalid`](crate::Error::Invalid) for a series of the application's own.
    /// [`Error::Backend`](crate::Error::Backend), with the statement and the database's error as its source, when the
    /// database refused a change: no row was lost.
    pub fn adopt(&self) -> Result<Adoption> {
        self.adopt_with_progress(|_| {})
    }

    /// As [`adopt`](Migrator::adopt), and calls `progress` with [how far it is](AdoptionProgress).
    ///
    /// # Errors
    ///
    /// As [`adopt`](Migrator::adopt).
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
                "only the schema of the crate itself can be adopted",
            ));
        }
        refuse_mismatch(&self.status()?)?;
        self.target.lock(self.lock_timeout)
    }

    /// The SQL of all steps in a direction, as [`Series::sql`]. Does not touch the database.
    ///
    /// # Errors
    ///
    /// [`MigrationError::Irreversible`] when there is no way down.
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

    fn run(&self, choose: impl Fn(&[StepStatus]) -> Vec<(i64, Direction)>) -> Result<Vec<Step>> {
        // Most runs find nothing to do. Those that do look again, once no other run can change what they see.
        if self.plan(&choose, self.status()?)?.is_empty() {
            return Ok(Vec::new());
        }
        let mut lock = self.target.lock(self.lock_timeout)?;
        let status = compare(self.series.migrations(), lock.history(self.series.name())?);
        let plan = self.plan(&choose, status)?;
        self.refuse_foreign_tables(&mut *lock, &plan)?;
        let mut done = Vec::new();
        let mut failure = None;
        for (migration, direction) in plan {
            let start = Instant::now();
            if let Err(error) = lock.apply(self.series.name(), migration, direction) {
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
        // After a failed step too: where a run is one transaction, this commits the steps before it.
        let finished = lock.finish();
        let Some((migration, direction, error)) = failure else {
            return finished.map(|()| done);
        };
        // The step's error is the cause, and what made `finish` fail is most often the same. What could not be made
        // permanent was not done.
        if finished.is_err() {
            done.clear();
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

    /// What to do, in order. Refused as a whole if a part of it cannot be done.
    fn plan(
        &self,
        choose: impl Fn(&[StepStatus]) -> Vec<(i64, Direction)>,
        status: Vec<StepStatus>,
    ) -> Result<Vec<(&Migration, Direction)>> {
        refuse_mismatch(&status)?;
        let mut plan = Vec::new();
        for (version, direction) in choose(&status) {
            let migration = self.step(version)?;
            migration.sql(direction)?;
            plan.push((migration, direction));
        }
        Ok(plan)
    }

    /// The crate's own tables are created if missing, so that a killed run can be repeated. Without this check, tables
    /// of that name that someone else made would be mistaken for them.
    fn refuse_foreign_tables(
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

/// A step that a run took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The series it belongs to.
    pub series: String,
    /// Its version.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Which way it was run.
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

/// A step, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepStatus {
    /// Its version.
    pub version: i64,
    /// Its name: the program's where it has the step, else the history's.
    pub name: String,
    /// How it stands.
    pub state: StepState,
}

/// How a step of a schema stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepState {
    /// It is yet to be taken.
    Pending,
    /// It was taken.
    Applied {
        /// When it was taken.
        at: OffsetDateTime,
    },
    /// It was taken, but its SQL has changed since.
    Changed,
    /// It was taken, but the program, which has later ones, does not have it.
    Missing,
    /// It was not taken, though later ones were.
    OutOfOrder,
    /// It was taken by a later version of the program.
    Newer,
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
                Some(row) if row.checksum == migration.checksum() => {
                    StepState::Applied { at: row.applied_at }
                }
                Some(_) => StepState::Changed,
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

fn refuse_mismatch(statuses: &[StepStatus]) -> Result<(), MigrationError> {
    // A schema newer than the program comes first: it explains most of what else may be found.
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
            StepState::Pending | StepState::Applied { .. } | StepState::Newer => {}
        }
    }
    Ok(())
}

fn steps_up(statuses: &[StepStatus], last: i64) -> Vec<(i64, Direction)> {
    statuses
        .iter()
        .filter(|status| status.state == StepState::Pending && status.version <= last)
        .map(|status| (status.version, Direction::Up))
        .collect()
}

fn steps_down(statuses: &[StepStatus], last_kept: i64) -> Vec<(i64, Direction)> {
    statuses
        .iter()
        .rev()
        .filter(|status| {
            matches!(status.state, StepState::Applied { .. }) && status.version > last_kept
        })
        .map(|status| (status.version, Direction::Down))
        .collect()
}
