//! Faults with migrations.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use authstore::migration::{Applied, Direction, Lock, Migration, Target};
use authstore_conformance::Model;

use super::fault::*;

/// The history of each series, as a handle has read it.
type Known = Arc<Mutex<BTreeMap<String, Vec<Applied>>>>;

/// Applies the migration of the reference that has the same version, if there is one.
fn apply_right(
    lock: &mut dyn Lock,
    series: &str,
    step: &Migration,
    direction: Direction,
) -> Result<()> {
    let own = Reference::series();
    let known = own
        .migrations()
        .iter()
        .find(|known| known.version() == step.version());
    known.map_or(Ok(()), |known| lock.apply(series, known, direction))
}

faults! {
    WordlessWithoutSchema "migrate.empty_database": "Does not say that its schema is missing." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            db.create_user(user).map_err(|error| match error {
                Error::Migration(_) => Error::backend("syntax error"),
                other => other,
            })
        }
    }

    RemembersNoSchema (AtomicBool) "migrate.empty_database": "Remembers that the schema is missing until its own handle has migrated." {
        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            if self.0.load(Ordering::SeqCst) {
                return Reference::new().get_user(id);
            }
            let found = db.get_user(id);
            self.0.store(matches!(found, Err(Error::Migration(_))), Ordering::SeqCst);
            found
        }

        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            self.0.store(false, Ordering::SeqCst);
            Backend::migrator(db)
        }
    }

    ListsNothingWithoutSchema "migrate.empty_database": "Lists no users if there is no schema." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            db.list_users(after, limit).or_else(|error| match error {
                Error::Migration(_) => Ok(Vec::new()),
                other => Err(other),
            })
        }
    }

    TakesUnreachableForEmpty "faults.unreachable": "Reports no history if the storage cannot be reached." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let history: History = |read, series| Ok(read(series).unwrap_or_default());
            Quirks { history, ..Quirks::none() }.migrator(db)
        }
    }

    PrintsUrlOfHistory "secrets.unreachable": "Prints the URL with the password in the error about a history that cannot be read." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let history: History = |read, series| {
                read(series).map_err(|error| Error::unavailable(format!("{error}: db://app:hunter2@localhost/auth")))
            };
            Quirks { history, ..Quirks::none() }.migrator(db)
        }
    }

    StartsAnew "migrate.twice": "Does not record which steps were applied." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            Quirks { history: |_, _| Ok(Vec::new()), ..Quirks::none() }.migrator(db)
        }
    }

    KeepsNobodyOut "migrate.concurrent_runs": "Takes a lock for each step, and none for the whole run." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            Some(Migrator::new(Unlocked(db.clone()), Reference::series()))
        }
    }

    CallsTheLockABug "migrate.lock_timeout": "Returns Backend to a run that does not get the lock in time." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            Some(Migrator::new(Impatient(db.clone()), Reference::series()))
        }
    }

    LeavesItsLock (Arc<AtomicBool>) "faults.interrupted_migration": "Leaves its lock taken when a run loses its connection." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let target = Abandoned { db: db.clone(), is_taken: Arc::clone(&self.0) };
            Some(Migrator::new(target, Reference::series()))
        }
    }

    KeepsRows (Arc<Mutex<Model>>) "migrate.down_and_up": "Keeps the rows of tables that are dropped." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let kept = Arc::clone(&self.0);
            let apply = move |db: &Reference, lock: &mut dyn Lock, series: &str, step: &Migration, direction| {
                let mut kept = kept.lock().expect("no panic while held");
                if direction == Direction::Down && let Ok(model) = db.with(|model| model.clone()) {
                    *kept = model;
                }
                lock.apply(series, step, direction)?;
                // It works when the last table is there again.
                let _ = db.with(|model| *model = kept.clone());
                Ok(())
            };
            Quirks { apply: Arc::new(apply), ..Quirks::none() }.migrator(db)
        }
    }

    KeepsDetails (Arc<Mutex<Model>>) "migrate.down_and_up": "Keeps the rows of the table of passkeys' details." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let kept = Arc::clone(&self.0);
            let apply = move |db: &Reference, lock: &mut dyn Lock, series: &str, step: &Migration, direction| {
                let mut kept = kept.lock().expect("no panic while held");
                if direction == Direction::Down && let Ok(model) = db.with(|model| model.clone()) {
                    *kept = model;
                }
                lock.apply(series, step, direction)?;
                let _ = db.with(|model| model.authenticator_details = kept.authenticator_details.clone());
                Ok(())
            };
            Quirks { apply: Arc::new(apply), ..Quirks::none() }.migrator(db)
        }
    }

    EmptiesAll "migrate.last_step": "Empties all tables when one is dropped." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let apply = |db: &Reference, lock: &mut dyn Lock, series: &str, step: &Migration, direction| {
                if direction == Direction::Down {
                    let _ = db.with(|model| *model = Model::default());
                }
                lock.apply(series, step, direction)
            };
            Quirks { apply: Arc::new(apply), ..Quirks::none() }.migrator(db)
        }
    }

    LosesAChallenge "migrate.last_step": "Deletes one of several challenges when a migration is reverted." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let apply = |db: &Reference, lock: &mut dyn Lock, series: &str, step: &Migration, direction| {
                if direction == Direction::Down {
                    let _ = db.with(|model| model.challenges.pop_first());
                }
                lock.apply(series, step, direction)
            };
            Quirks { apply: Arc::new(apply), ..Quirks::none() }.migrator(db)
        }
    }

    WritesDownLate "migrate.step_by_step": "Records a step when the next one is applied." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let history: History = |read, series| {
                let mut rows = read(series)?;
                if rows.len() < 5 {
                    rows.pop();
                }
                Ok(rows)
            };
            Quirks { history, ..Quirks::none() }.migrator(db)
        }
    }

    WritesDownFailures "migrate.resumes": "Records a step that failed." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let apply = |_: &Reference, lock: &mut dyn Lock, series: &str, step: &Migration, direction| {
                lock.apply(series, step, direction).or_else(|error| {
                    apply_right(lock, series, step, direction)?;
                    Err(error)
                })
            };
            Quirks { apply: Arc::new(apply), ..Quirks::none() }.migrator(db)
        }
    }

    WritesDownFirst "migrate.resumes": "Records a step that runs outside a transaction before it runs." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let apply = |_: &Reference, lock: &mut dyn Lock, series: &str, step: &Migration, direction| {
                if step.without_transaction(direction) {
                    apply_right(lock, series, step, direction)?;
                }
                lock.apply(series, step, direction)
            };
            Quirks { apply: Arc::new(apply), ..Quirks::none() }.migrator(db)
        }
    }

    LeavesHalfAStep "migrate.resumes": "Leaves what a step has done before it failed." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let apply = |_: &Reference, lock: &mut dyn Lock, series: &str, step: &Migration, direction| {
                let (first, rest) = step.up().split_once('\n').unwrap_or((step.up(), ""));
                if direction == Direction::Up && !rest.is_empty() {
                    let half = Migration::new(step.version(), "half", first.to_owned(), None);
                    // In a series that no one asks for.
                    lock.apply("half", &half, direction)?;
                }
                lock.apply(series, step, direction)
            };
            Quirks { apply: Arc::new(apply), ..Quirks::none() }.migrator(db)
        }
    }

    KeepsNoChecksum "migrate.refuses_changed_step": "Does not remember the checksum of a step." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let history: History = |read, series| {
                let mut rows = read(series)?;
                rows.iter_mut().for_each(|row| row.checksum.clear());
                Ok(rows)
            };
            Quirks { history, ..Quirks::none() }.migrator(db)
        }
    }

    ForgetsTheFirst "migrate.refuses_missing_step": "Overlooks the first step of its history." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let history: History = |read, series| Ok(read(series)?.into_iter().skip(1).collect());
            Quirks { history, ..Quirks::none() }.migrator(db)
        }
    }

    OverlooksTheLast "migrate.refuses_newer_schema": "Overlooks the last step of its history." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let history: History = |read, series| {
                let mut rows = read(series)?;
                rows.pop();
                Ok(rows)
            };
            Quirks { history, ..Quirks::none() }.migrator(db)
        }
    }

    CountsFromOne "migrate.refuses_step_out_of_order": "Numbers the steps of its history in the order in which they were applied, from 0." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let history: History = |read, series| {
                let mut rows = read(series)?;
                (0..).zip(&mut rows).for_each(|(number, row)| row.version = number);
                Ok(rows)
            };
            Quirks { history, ..Quirks::none() }.migrator(db)
        }
    }

    OneHistoryForAll "migrate.independent_series": "Keeps the steps of all series in one list." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            Quirks { history: |read, _| read(Reference::series().name()), ..Quirks::none() }.migrator(db)
        }
    }

    TakesBackForAll "migrate.independent_series": "Removes a step from the history of every series that has a step with its number." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let apply = |_: &Reference, lock: &mut dyn Lock, series: &str, step: &Migration, direction| {
                if direction == Direction::Down {
                    lock.apply(Reference::series().name(), step, direction)?;
                }
                lock.apply(series, step, direction)
            };
            Quirks { apply: Arc::new(apply), ..Quirks::none() }.migrator(db)
        }
    }

    CountsInInt "migrate.independent_series": "Stores the number of a step in 32 bits." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let history: History = |read, series| {
                let mut rows = read(series)?;
                rows.iter_mut().for_each(|row| row.version = row.version.min(i32::MAX.into()));
                Ok(rows)
            };
            Quirks { history, ..Quirks::none() }.migrator(db)
        }
    }

    LocalTimes "migrate.status": "Reports in local time when a step was applied." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let history: History = |read, series| {
                let mut rows = read(series)?;
                rows.iter_mut().for_each(|row| row.applied_at += Duration::from_secs(3_600));
                Ok(rows)
            };
            Quirks { history, ..Quirks::none() }.migrator(db)
        }
    }

    ForgetsNames "migrate.status": "Does not remember the names of steps." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let history: History = |read, series| {
                let mut rows = read(series)?;
                rows.iter_mut().for_each(|row| row.name = row.version.to_string());
                Ok(rows)
            };
            Quirks { history, ..Quirks::none() }.migrator(db)
        }
    }

    NamesOfItsOwn "migrate.independent_series": "Takes the names of steps from its own series." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let history: History = |read, series| {
                let mut rows = read(series)?;
                for step in Reference::series().migrations() {
                    for row in rows.iter_mut().filter(|row| row.version == step.version()) {
                        row.name = step.name().to_owned();
                    }
                }
                Ok(rows)
            };
            Quirks { history, ..Quirks::none() }.migrator(db)
        }
    }

    RemembersStatus (Known) "migrate.status": "Remembers which steps are applied until the same handle migrates." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let target = Remembering { db: db.clone(), known: Arc::clone(&self.0) };
            Some(Migrator::new(target, Reference::series()))
        }
    }

    DatesAllAlike "migrate.status": "Gives all steps of its history the time of the latest." {
        fn migrator(&self, db: &Reference) -> Option<Migrator> {
            let history: History = |read, series| {
                let mut rows = read(series)?;
                let latest = rows.iter().map(|row| row.applied_at).max();
                rows.iter_mut().zip(latest.into_iter().cycle()).for_each(|(row, at)| row.applied_at = at);
                Ok(rows)
            };
            Quirks { history, ..Quirks::none() }.migrator(db)
        }
    }
}

/// Reads the history of a series.
type Read<'a> = &'a dyn Fn(&str) -> Result<Vec<Applied>>;
/// What is made of it.
type History = fn(Read<'_>, &str) -> Result<Vec<Applied>>;
/// What a step does.
type Apply =
    dyn Fn(&Reference, &mut dyn Lock, &str, &Migration, Direction) -> Result<()> + Send + Sync;

/// What is wrong with the migrations of a backend.
#[derive(Clone)]
struct Quirks {
    history: History,
    apply: Arc<Apply>,
}

impl Quirks {
    fn none() -> Self {
        Quirks {
            history: |read, series| read(series),
            apply: Arc::new(|_, lock, series, step, direction| lock.apply(series, step, direction)),
        }
    }

    fn migrator(self, db: &Reference) -> Option<Migrator> {
        let target = Quirky {
            db: db.clone(),
            quirks: self,
        };
        Some(Migrator::new(target, Reference::series()))
    }
}

struct Quirky {
    db: Reference,
    quirks: Quirks,
}

impl Target for Quirky {
    fn history(&self, series: &str) -> Result<Vec<Applied>> {
        (self.quirks.history)(&|series| Target::history(&self.db, series), series)
    }

    fn lock(&self, timeout: Duration) -> Result<Box<dyn Lock + '_>> {
        Ok(Box::new(QuirkyLock {
            lock: self.db.lock(timeout)?,
            db: &self.db,
            quirks: &self.quirks,
        }))
    }
}

struct QuirkyLock<'a> {
    lock: Box<dyn Lock + 'a>,
    db: &'a Reference,
    quirks: &'a Quirks,
}

impl Lock for QuirkyLock<'_> {
    fn history(&mut self, series: &str) -> Result<Vec<Applied>> {
        (self.quirks.history)(&|series| Target::history(self.db, series), series)
    }

    fn apply(&mut self, series: &str, step: &Migration, direction: Direction) -> Result<()> {
        (self.quirks.apply)(self.db, &mut *self.lock, series, step, direction)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.lock.finish()
    }
}

/// Takes the lock for each step alone.
struct Unlocked(Reference);

impl Target for Unlocked {
    fn history(&self, series: &str) -> Result<Vec<Applied>> {
        Target::history(&self.0, series)
    }

    fn lock(&self, _: Duration) -> Result<Box<dyn Lock + '_>> {
        Ok(Box::new(Unlocked(self.0.clone())))
    }
}

impl Lock for Unlocked {
    fn history(&mut self, series: &str) -> Result<Vec<Applied>> {
        let history = Target::history(&self.0, series);
        pause();
        history
    }

    fn apply(&mut self, series: &str, step: &Migration, direction: Direction) -> Result<()> {
        let mut lock = self.0.lock(Duration::from_secs(60))?;
        lock.apply(series, step, direction)?;
        lock.finish()
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// Returns the wrong error if it does not get the lock.
struct Impatient(Reference);

impl Target for Impatient {
    fn history(&self, series: &str) -> Result<Vec<Applied>> {
        Target::history(&self.0, series)
    }

    fn lock(&self, timeout: Duration) -> Result<Box<dyn Lock + '_>> {
        self.0
            .lock(timeout)
            .map_err(|_| Error::backend("lock wait timeout exceeded"))
    }
}

/// Gives its lock back only if the storage can still be reached.
struct Abandoned {
    db: Reference,
    is_taken: Arc<AtomicBool>,
}

struct AbandonedLock<'a> {
    lock: Box<dyn Lock + 'a>,
    of: &'a Abandoned,
}

impl Target for Abandoned {
    fn history(&self, series: &str) -> Result<Vec<Applied>> {
        Target::history(&self.db, series)
    }

    fn lock(&self, timeout: Duration) -> Result<Box<dyn Lock + '_>> {
        if self.is_taken.load(Ordering::SeqCst) {
            return Err(Error::unavailable("another process migrates"));
        }
        let lock = self.db.lock(timeout)?;
        Ok(Box::new(AbandonedLock { lock, of: self }))
    }
}

impl Lock for AbandonedLock<'_> {
    fn history(&mut self, series: &str) -> Result<Vec<Applied>> {
        self.lock.history(series)
    }

    fn apply(&mut self, series: &str, step: &Migration, direction: Direction) -> Result<()> {
        pause();
        let is_reached = Target::history(&self.of.db, series);
        self.of
            .is_taken
            .fetch_or(is_reached.is_err(), Ordering::SeqCst);
        is_reached.and_then(|_| self.lock.apply(series, step, direction))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.lock.finish()
    }
}

/// Reads a history once, and again only after a run of its own.
struct Remembering {
    db: Reference,
    known: Known,
}

impl Target for Remembering {
    fn history(&self, series: &str) -> Result<Vec<Applied>> {
        let mut known = self.known.lock().expect("no panic while held");
        if let Some(history) = known.get(series) {
            return Ok(history.clone());
        }
        let history = Target::history(&self.db, series)?;
        known.insert(series.to_owned(), history.clone());
        Ok(history)
    }

    fn lock(&self, timeout: Duration) -> Result<Box<dyn Lock + '_>> {
        self.known.lock().expect("no panic while held").clear();
        self.db.lock(timeout)
    }
}
