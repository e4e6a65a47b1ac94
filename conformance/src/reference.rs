//! A backend that keeps every rule: the model behind a lock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use authstore::migration::{
    Applied, Direction, Lock, Migration, MigrationError, Migrator, Series, Target,
};
use authstore::{
    Account, AccountChanges, AuthStore, Authenticator, AuthenticatorDetails,
    AuthenticatorDetailsChanges, Backend, BackendTransaction, Challenge, Error, ExpiredCounts,
    PoolState, Removal, Result, Session, SessionChanges, SessionDetails, SessionDetailsChanges,
    User, UserChanges, VerificationToken,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::harness::{BoxError, Description, Harness, Outage, Storage};
use crate::model::{Answer, Model};

/// How long an operation waits for a paused storage.
const TIMEOUT: Duration = Duration::from_millis(500);

/// The tables, one for each migration.
const TABLES: [&str; 8] = [
    "User",
    "Account",
    "Session",
    "VerificationToken",
    "Authenticator",
    "Challenge",
    "SessionDetails",
    "AuthenticatorDetails",
];

/// A [`Backend`] in memory that keeps every rule of the suite, including those about faults and migrations.
///
/// The suite is tested with it, and with broken backends that wrap it. Clones are handles on the same storage. Its
/// schema has eight migrations, and it does not work until it is migrated.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    model: Model,
    tables: BTreeSet<&'static str>,
    history: BTreeMap<(String, i64), Applied>,
    migrating: bool,
    cut_off: bool,
    paused: bool,
    answers_held: bool,
    /// How often answers that were held back were lost.
    losses: u64,
}

impl Reference {
    /// Creates an empty storage, which is not migrated.
    pub fn new() -> Self {
        Reference::default()
    }

    /// Runs `work` on the model in one atomic step, as every operation does.
    ///
    /// # Errors
    ///
    /// Those of any operation.
    pub fn with<T>(&self, work: impl FnOnce(&mut Model) -> T) -> Result<T> {
        let mut state = self.shared.available(Instant::now() + TIMEOUT)?;
        if let Some(missing) = TABLES.iter().find(|table| !state.tables.contains(*table)) {
            return Err(MigrationError::SchemaMissing {
                reason: format!("there is no table {missing}"),
            }
            .into());
        }
        Ok(work(&mut state.model))
    }

    /// Like [`with`](Reference::with), for writes, whose answer may be held back or lost.
    fn write<T>(&self, work: impl FnOnce(&mut Model) -> T) -> Result<T> {
        let done = self.with(work)?;
        self.shared.answered(Instant::now() + TIMEOUT)?;
        Ok(done)
    }

    /// Like [`write`](Reference::write), for writes that may be rejected.
    fn ask<T>(&self, work: impl FnOnce(&mut Model) -> Answer<T>) -> Result<T> {
        self.write(work)?.map_err(|refusals| refusals[0].into())
    }

    /// Returns the series of its schema: a migration for each table, with the SQL `create <table>` up and
    /// `drop <table>` down.
    ///
    /// # Panics
    ///
    /// Never, because the series is valid.
    pub fn series() -> Series {
        let steps = (1..)
            .zip(TABLES)
            .map(|(version, table)| {
                Migration::new(
                    version,
                    format!("create_{table}"),
                    format!("create {table}"),
                    Some(format!("drop {table}")),
                )
            })
            .collect();
        Series::new("reference", steps).expect("the versions are in order")
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.shared.lock());
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Waits until the storage is reachable and answers, and returns its state.
    fn available(&self, deadline: Instant) -> Result<MutexGuard<'_, State>> {
        self.wait_while(deadline, "the storage does not answer", |state| {
            state.paused && !state.cut_off
        })
        .and_then(|state| {
            if state.cut_off {
                Err(Error::unavailable("the storage is unreachable"))
            } else {
                Ok(state)
            }
        })
    }

    /// Waits until answers are no longer held back.
    fn answered(&self, deadline: Instant) -> Result<()> {
        let losses = self.lock().losses;
        match self.wait_while(deadline, "", |state| state.answers_held) {
            Ok(state) if state.losses == losses => Ok(()),
            Ok(_) => Err(Error::outcome_unknown("the answer was lost")),
            Err(_) => Err(Error::outcome_unknown("no answer came before the timeout")),
        }
    }

    fn wait_while(
        &self,
        deadline: Instant,
        why: &str,
        mut busy: impl FnMut(&State) -> bool,
    ) -> Result<MutexGuard<'_, State>> {
        let mut state = self.lock();
        while busy(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::unavailable(why));
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .0;
        }
        Ok(state)
    }
}

impl Backend for Reference {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn create_user(&self, user: &User) -> Result<()> {
        self.ask(|model| model.create_user(user))
    }

    fn get_user(&self, id: Uuid) -> Result<Option<User>> {
        self.with(|model| model.get_user(id))
    }

    fn get_user_by_email(&self, email: &str) -> Result<Option<User>> {
        self.with(|model| model.get_user_by_email(email))
    }

    fn get_user_by_account(
        &self,
        provider: &str,
        provider_account_id: &str,
    ) -> Result<Option<User>> {
        self.with(|model| model.get_user_by_account(provider, provider_account_id))
    }

    fn list_users(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
        self.with(|model| model.list_users(after, limit))
    }

    fn update_user(&self, id: Uuid, changes: &UserChanges) -> Result<User> {
        self.ask(|model| model.update_user(id, changes))
    }

    fn delete_user(&self, id: Uuid) -> Result<bool> {
        self.write(|model| model.delete_user(id))
    }

    fn link_account(&self, account: &Account) -> Result<()> {
        self.ask(|model| model.link_account(account))
    }

    fn create_user_with_account(&self, user: &User, account: &Account) -> Result<()> {
        self.ask(|model| model.create_user_with_account(user, account))
    }

    fn unlink_account(&self, provider: &str, provider_account_id: &str) -> Result<bool> {
        self.write(|model| model.unlink_account(provider, provider_account_id))
    }

    fn unlink_account_of_user(
        &self,
        user_id: Uuid,
        provider: &str,
        provider_account_id: &str,
        keep_last: bool,
    ) -> Result<Removal> {
        self.write(|model| {
            model.unlink_account_of_user(user_id, provider, provider_account_id, keep_last)
        })
    }

    fn get_account(&self, provider: &str, provider_account_id: &str) -> Result<Option<Account>> {
        self.with(|model| model.get_account(provider, provider_account_id))
    }

    fn update_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        changes: &AccountChanges,
    ) -> Result<Account> {
        self.ask(|model| model.update_account(provider, provider_account_id, changes))
    }

    fn refresh_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        seen_refresh_token: Option<&str>,
        changes: &AccountChanges,
    ) -> Result<Option<Account>> {
        self.write(|model| {
            model.refresh_account(provider, provider_account_id, seen_refresh_token, changes)
        })
    }

    fn list_accounts_by_user_id(&self, user_id: Uuid) -> Result<Vec<Account>> {
        self.with(|model| model.list_accounts_by_user_id(user_id))
    }

    fn create_session(&self, session: &Session) -> Result<()> {
        self.ask(|model| model.create_session(session))
    }

    fn get_session_and_user(&self, session_token: &str) -> Result<Option<(Session, User)>> {
        self.with(|model| model.get_session_and_user(session_token))
    }

    fn update_session(
        &self,
        session_token: &str,
        changes: &SessionChanges,
    ) -> Result<Option<Session>> {
        self.ask(|model| model.update_session(session_token, changes))
    }

    fn delete_session(&self, session_token: &str) -> Result<bool> {
        self.write(|model| model.delete_session(session_token))
    }

    fn delete_session_of_user(&self, user_id: Uuid, session_id: Uuid) -> Result<bool> {
        self.write(|model| model.delete_session_of_user(user_id, session_id))
    }

    fn list_sessions_by_user_id(&self, user_id: Uuid) -> Result<Vec<Session>> {
        self.with(|model| model.list_sessions_by_user_id(user_id))
    }

    fn list_sessions_with_details_by_user_id(
        &self,
        user_id: Uuid,
    ) -> Result<Vec<(Session, SessionDetails)>> {
        self.with(|model| model.list_sessions_with_details_by_user_id(user_id))
    }

    fn delete_sessions_by_user_id(&self, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
        self.write(|model| model.delete_sessions_by_user_id(user_id, keep))
    }

    fn get_session_details(&self, session_id: Uuid) -> Result<SessionDetails> {
        self.with(|model| model.get_session_details(session_id))
    }

    fn update_session_details(
        &self,
        session_id: Uuid,
        changes: &SessionDetailsChanges,
    ) -> Result<bool> {
        self.write(|model| model.update_session_details(session_id, changes))
    }

    fn create_verification_token(&self, verification_token: &VerificationToken) -> Result<()> {
        self.ask(|model| model.create_verification_token(verification_token))
    }

    fn use_verification_token(
        &self,
        identifier: &str,
        token: &str,
    ) -> Result<Option<VerificationToken>> {
        self.write(|model| model.use_verification_token(identifier, token))
    }

    fn delete_verification_tokens_by_identifier(&self, identifier: &str) -> Result<u64> {
        self.write(|model| model.delete_verification_tokens_by_identifier(identifier))
    }

    fn create_authenticator(&self, authenticator: &Authenticator) -> Result<()> {
        self.ask(|model| model.create_authenticator(authenticator))
    }

    fn create_user_with_authenticator(
        &self,
        user: &User,
        authenticator: &Authenticator,
    ) -> Result<()> {
        self.ask(|model| model.create_user_with_authenticator(user, authenticator))
    }

    fn get_authenticator(&self, credential_id: &str) -> Result<Option<Authenticator>> {
        self.with(|model| model.get_authenticator(credential_id))
    }

    fn list_authenticators_by_user_id(&self, user_id: Uuid) -> Result<Vec<Authenticator>> {
        self.with(|model| model.list_authenticators_by_user_id(user_id))
    }

    fn list_authenticators_with_details_by_user_id(
        &self,
        user_id: Uuid,
    ) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
        self.with(|model| model.list_authenticators_with_details_by_user_id(user_id))
    }

    fn update_authenticator_counter(
        &self,
        credential_id: &str,
        counter: i64,
    ) -> Result<Authenticator> {
        self.ask(|model| model.update_authenticator_counter(credential_id, counter))
    }

    fn use_authenticator(
        &self,
        credential_id: &str,
        counter: i64,
        backed_up: bool,
    ) -> Result<Authenticator> {
        self.ask(|model| model.use_authenticator(credential_id, counter, backed_up))
    }

    fn delete_authenticator(&self, credential_id: &str) -> Result<bool> {
        self.write(|model| model.delete_authenticator(credential_id))
    }

    fn delete_authenticator_of_user(
        &self,
        user_id: Uuid,
        credential_id: &str,
        keep_last: bool,
    ) -> Result<Removal> {
        self.write(|model| model.delete_authenticator_of_user(user_id, credential_id, keep_last))
    }

    fn update_authenticator_details(
        &self,
        user_id: Uuid,
        credential_id: &str,
        changes: &AuthenticatorDetailsChanges,
    ) -> Result<bool> {
        self.write(|model| model.update_authenticator_details(user_id, credential_id, changes))
    }

    fn create_challenge(&self, challenge: &Challenge) -> Result<()> {
        self.ask(|model| model.create_challenge(challenge))
    }

    fn use_challenge(&self, key: &str) -> Result<Option<Challenge>> {
        self.write(|model| model.use_challenge(key))
    }

    fn delete_expired(&self, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
        self.write(|model| model.delete_expired(now, limit))
    }

    fn ping(&self) -> Result<()> {
        self.shared.available(Instant::now() + TIMEOUT).map(drop)
    }

    /// The reference has no transactions, because rules must hold for a backend without them.
    fn begin(&self) -> Result<Option<Box<dyn BackendTransaction>>> {
        Ok(None)
    }

    fn pool_state(&self) -> Option<PoolState> {
        None
    }

    fn migrator(&self) -> Option<Migrator> {
        Some(Migrator::new(self.clone(), Reference::series()))
    }
}

impl Target for Reference {
    fn history(&self, series: &str) -> Result<Vec<Applied>> {
        let state = self.shared.available(Instant::now() + TIMEOUT)?;
        Ok(history(&state, series))
    }

    fn lock(&self, timeout: Duration) -> Result<Box<dyn Lock + '_>> {
        let deadline = Instant::now() + timeout;
        let mut state = self
            .shared
            .wait_while(deadline, "another process migrates", |state| {
                state.migrating
            })?;
        state.migrating = true;
        Ok(Box::new(ReferenceLock {
            shared: &self.shared,
            undo: Some((
                state.model.clone(),
                state.tables.clone(),
                state.history.clone(),
            )),
        }))
    }
}

fn history(state: &State, series: &str) -> Vec<Applied> {
    state
        .history
        .iter()
        .filter(|((name, _), _)| name == series)
        .map(|(_, applied)| applied.clone())
        .collect()
}

type Undo = (
    Model,
    BTreeSet<&'static str>,
    BTreeMap<(String, i64), Applied>,
);

struct ReferenceLock<'a> {
    shared: &'a Shared,
    /// The state to restore if the run is not finished.
    undo: Option<Undo>,
}

impl Lock for ReferenceLock<'_> {
    fn history(&mut self, series: &str) -> Result<Vec<Applied>> {
        Ok(history(&self.shared.lock(), series))
    }

    fn apply(&mut self, series: &str, migration: &Migration, direction: Direction) -> Result<()> {
        let text = match direction {
            Direction::Up => migration.up(),
            Direction::Down => migration.down().unwrap_or_default(),
        };
        let table = text
            .trim()
            .split_once(' ')
            .and_then(|(verb, name)| {
                let table = TABLES.into_iter().find(|table| *table == name)?;
                matches!(verb, "create" | "drop").then_some(table)
            })
            .ok_or_else(|| Error::backend("the migration is not valid"))?;
        let mut state = self.shared.lock();
        match direction {
            Direction::Up => {
                if !state.tables.insert(table) {
                    return Err(Error::backend(format!("the table {table} already exists")));
                }
                let applied = Applied {
                    version: migration.version(),
                    name: migration.name().to_owned(),
                    checksum: migration.checksum(),
                    applied_at: OffsetDateTime::now_utc(),
                    is_unfinished: false,
                };
                state
                    .history
                    .insert((series.to_owned(), migration.version()), applied);
            }
            Direction::Down => {
                state.tables.remove(table);
                state
                    .history
                    .remove(&(series.to_owned(), migration.version()));
                let model = &mut state.model;
                match table {
                    "User" => model.users.clear(),
                    "Account" => model.accounts.clear(),
                    "Session" => model.sessions.clear(),
                    "VerificationToken" => model.verification_tokens.clear(),
                    "Authenticator" => model.authenticators.clear(),
                    "Challenge" => model.challenges.clear(),
                    "SessionDetails" => model.session_details.clear(),
                    _ => model.authenticator_details.clear(),
                }
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.undo = None;
        Ok(())
    }
}

impl Drop for ReferenceLock<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if let Some((model, tables, history)) = self.undo.take() {
            state.model = model;
            state.tables = tables;
            state.history = history;
        }
        state.migrating = false;
        self.shared.changed.notify_all();
    }
}

/// The [`Harness`] of [`Reference`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferenceHarness;

impl Harness for ReferenceHarness {
    fn describe(&self) -> Description {
        Description {
            cut_off_by: Some(Outage::Simulated),
            restarted_by: Some(Outage::Simulated),
            ..Description::new("reference", env!("CARGO_PKG_VERSION"))
        }
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        Ok(Box::new(ReferenceStorage::new(|reference| reference)))
    }
}

/// A [`Storage`] on a [`Reference`], with all faults.
///
/// Its handles may wrap the reference with a backend that breaks a rule, to test whether the suite finds it.
pub struct ReferenceStorage<F> {
    reference: Reference,
    wrap: F,
}

impl<B: Backend, F: Fn(Reference) -> B + Send + Sync> ReferenceStorage<F> {
    /// Creates a fresh reference. `wrap` creates each handle from it.
    pub fn new(wrap: F) -> Self {
        ReferenceStorage {
            reference: Reference::new(),
            wrap,
        }
    }
}

impl<F> std::fmt::Debug for ReferenceStorage<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReferenceStorage").finish_non_exhaustive()
    }
}

impl<B: Backend, F: Fn(Reference) -> B + Send + Sync> Storage for ReferenceStorage<F> {
    fn open(&self) -> Result<AuthStore, BoxError> {
        Ok(AuthStore::new((self.wrap)(self.reference.clone())))
    }

    fn cut_off(&self) -> Result<(), BoxError> {
        self.reference.set(|state| {
            state.cut_off = true;
            if std::mem::take(&mut state.answers_held) {
                state.losses += 1;
            }
        });
        Ok(())
    }

    fn restore(&self) -> Result<(), BoxError> {
        self.reference.set(|state| state.cut_off = false);
        Ok(())
    }

    /// After a kill, only acknowledged writes are left.
    fn restart(&self) -> Result<(), BoxError> {
        self.cut_off()?;
        self.restore()
    }

    fn pause(&self) -> Result<(), BoxError> {
        self.reference.set(|state| state.paused = true);
        Ok(())
    }

    fn hold_answers(&self) -> Result<(), BoxError> {
        self.reference.set(|state| state.answers_held = true);
        Ok(())
    }

    fn resume(&self) -> Result<(), BoxError> {
        self.reference.set(|state| {
            state.paused = false;
            state.answers_held = false;
        });
        Ok(())
    }

    fn open_with_password(&self, _: &str) -> Result<Result<AuthStore>, BoxError> {
        Ok(Err(Error::backend("password authentication failed")))
    }
}
