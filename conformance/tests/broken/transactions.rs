//! Faults with transactions.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard};

use authstore::{SqlRow, SqlValue};
use authstore_conformance::{Model, Runner};

use super::fault::*;

/// What a transaction does wrong, which works on a copy of the storage and is committed unless that has changed.
trait Wrong: Send + Sync + 'static {
    /// Commits the copy. Returns false if another has changed the storage.
    fn commit(db: &Reference, begin: &Model, copy: &Model) -> Result<bool> {
        db.with(|model| {
            let is_unchanged = model == begin;
            if is_unchanged {
                model.clone_from(copy);
            }
            is_unchanged
        })
    }

    /// Returns the error of a commit whose answer did not arrive.
    fn unanswered(reason: &str) -> Error {
        Error::outcome_unknown(reason)
    }

    /// `failed`: whether an operation has failed.
    fn roll_back(_db: &Reference, _copy: &Model, _failed: bool) {}

    /// Whether operations are rejected after the end.
    const ENDS: bool = true;

    /// Whether they are rejected after the transaction was rolled back.
    const ENDS_ROLLED_BACK: bool = true;

    /// Whether every operation is rejected after one has failed.
    const FAILS_AS_A_WHOLE: bool = false;

    /// Whether a transaction may begin in another.
    const NESTS: bool = false;

    /// Whether every operation is rejected after a statement of the application has failed.
    const STATEMENTS_ABORT: bool = false;

    /// Whether a transaction is repeated after an operation in it has failed.
    const REPEATS: bool = false;

    /// Returns the rows of a query.
    fn rows(rows: Vec<SqlRow>) -> Vec<SqlRow> {
        rows
    }
}

struct Transaction<W> {
    db: Reference,
    begin: Model,
    open: Open<W>,
    conflicted: AtomicBool,
}

/// The operations of an open transaction.
struct Open<W> {
    copy: Reference,
    ended: Arc<AtomicBool>,
    failed: Arc<AtomicBool>,
    /// Whether a statement of the application has failed.
    aborted: Arc<AtomicBool>,
    wrong: PhantomData<W>,
}

impl<W> Clone for Open<W> {
    fn clone(&self) -> Self {
        Open {
            copy: self.copy.clone(),
            ended: Arc::clone(&self.ended),
            failed: Arc::clone(&self.failed),
            aborted: Arc::clone(&self.aborted),
            wrong: PhantomData,
        }
    }
}

fn begin<W: Wrong>(db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
    Ok(Some(Box::new(begun::<W>(db)?)))
}

fn begun<W: Wrong>(db: &Reference) -> Result<Transaction<W>> {
    let begin = db.with(|model| model.clone())?;
    let copy = Reference::new();
    AuthStore::new(copy.clone()).migrate()?;
    copy.with(|model| model.clone_from(&begin))?;
    Ok(Transaction {
        db: db.clone(),
        begin,
        open: Open {
            copy,
            ended: Arc::default(),
            failed: Arc::default(),
            aborted: Arc::default(),
            wrong: PhantomData,
        },
        conflicted: AtomicBool::default(),
    })
}

/// A transaction in which operations have a fault.
struct Inside<F> {
    transaction: Transaction<how::Nothing>,
    operations: Arc<Handle<F>>,
}

/// Begins a transaction in which operations have this fault.
fn begin_with<F: Fault>(db: &Reference, fault: F) -> Result<Option<Box<dyn BackendTransaction>>> {
    let transaction = begun(db)?;
    let operations = Arc::new(Handle {
        db: transaction.open.copy.clone(),
        fault,
    });
    Ok(Some(Box::new(Inside {
        transaction,
        operations,
    })))
}

impl<F: Fault> BackendTransaction for Inside<F> {
    fn backend(&self) -> Arc<dyn Backend> {
        Arc::clone(&self.operations) as Arc<dyn Backend>
    }

    fn execute(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<u64> {
        self.transaction.execute(sql, parameters)
    }

    fn query(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<Vec<SqlRow>> {
        self.transaction.query(sql, parameters)
    }

    fn commit(&self) -> Result<()> {
        self.transaction.commit()
    }

    fn roll_back(&self) {
        self.transaction.roll_back();
    }

    fn may_repeat(&self) -> bool {
        self.transaction.may_repeat()
    }
}

/// Stores a user and the user's account in two steps.
#[derive(Default)]
struct Halves;

impl Fault for Halves {
    fn create_user_with_account(
        &self,
        db: &Reference,
        user: &User,
        account: &Account,
    ) -> Result<()> {
        db.create_user(user)?;
        db.link_account(account)
    }
}

/// Compares refresh tokens with those outside the transaction.
#[derive(Default)]
struct Compares {
    outside: Reference,
}

impl Fault for Compares {
    fn refresh_account(
        &self,
        db: &Reference,
        provider: &str,
        account: &str,
        seen: Option<&str>,
        changes: &AccountChanges,
    ) -> Result<Option<Account>> {
        let before = self.outside.get_account(provider, account)?;
        if before.is_none_or(|before| before.refresh_token.as_deref() != seen) {
            return Ok(None);
        }
        db.update_account(provider, account, changes).map(Some)
    }
}

/// The addresses of users that open transactions have created.
static RESERVED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn reserved() -> MutexGuard<'static, BTreeSet<String>> {
    RESERVED.lock().expect("no panic while held")
}

/// Reserves addresses until it is dropped.
#[derive(Default)]
struct Reserves(Mutex<Vec<String>>);

impl Fault for Reserves {
    fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
        db.create_user(user)?;
        let emails = user.email.iter().cloned();
        reserved().extend(emails.clone());
        self.0.lock().expect("no panic while held").extend(emails);
        Ok(())
    }
}

impl Drop for Reserves {
    fn drop(&mut self) {
        let own = std::mem::take(self.0.get_mut().expect("no panic while held"));
        reserved().retain(|email| !own.contains(email));
    }
}

/// Sweeps nothing if there are no users outside the transaction.
#[derive(Default)]
struct Sweeps {
    outside: Reference,
}

impl Fault for Sweeps {
    fn delete_expired(
        &self,
        db: &Reference,
        now: OffsetDateTime,
        limit: u32,
    ) -> Result<ExpiredCounts> {
        if self.outside.list_users(None, 1)?.is_empty() {
            return Ok(ExpiredCounts::default());
        }
        db.delete_expired(now, limit)
    }
}

/// Remembers users until they are written.
#[derive(Clone, Default)]
struct Remembers(Arc<Mutex<BTreeMap<Uuid, User>>>);

impl Remembers {
    fn recall(&self, id: Uuid) -> Option<User> {
        self.0
            .lock()
            .expect("no panic while held")
            .get(&id)
            .cloned()
    }

    fn forget(&self, id: Uuid) {
        self.0.lock().expect("no panic while held").remove(&id);
    }
}

impl Fault for Remembers {
    fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
        let found = db.get_user(id)?;
        let mut known = self.0.lock().expect("no panic while held");
        known.extend(found.iter().map(|user| (id, user.clone())));
        Ok(found)
    }

    fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
        self.forget(id);
        db.update_user(id, changes)
    }

    fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
        self.forget(id);
        db.delete_user(id)
    }
}

/// Remembers which users there were at the beginning, and finds email addresses only of users written since.
#[derive(Default)]
struct OwnEmails(Model);

impl Fault for OwnEmails {
    fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
        let email = user.email.as_deref();
        let is_older = email.is_some_and(|email| self.0.get_user_by_email(email).is_some());
        if is_older {
            return db
                .with(|model| model.users.insert(user.id, user.clone()))
                .map(drop);
        }
        db.create_user(user)
    }
}

/// Updates users only while the storage outside answers, and remembers whether it did not.
#[derive(Default)]
struct TimesOut {
    outside: Reference,
    timed_out: Arc<AtomicBool>,
}

impl Fault for TimesOut {
    fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
        self.outside.delete_user(Uuid::nil())?;
        db.create_user(user)
    }

    fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
        let answer = self.outside.delete_user(Uuid::nil());
        self.timed_out.fetch_or(answer.is_err(), Ordering::SeqCst);
        answer.and_then(|_| db.update_user(id, changes))
    }
}

/// Rejects reads once a token or a challenge was not created.
#[derive(Default)]
struct NoSavepoint(AtomicBool);

impl Fault for NoSavepoint {
    fn create_verification_token(&self, db: &Reference, token: &VerificationToken) -> Result<()> {
        let created = db.create_verification_token(token);
        self.0.fetch_or(created.is_err(), Ordering::SeqCst);
        created
    }

    fn create_challenge(&self, db: &Reference, challenge: &Challenge) -> Result<()> {
        let created = db.create_challenge(challenge);
        self.0.fetch_or(created.is_err(), Ordering::SeqCst);
        created
    }

    fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
        if self.0.load(Ordering::SeqCst) {
            return Err(Error::backend("the transaction is aborted"));
        }
        db.get_user(id)
    }
}

impl<W: Wrong> Open<W> {
    fn run<T>(&self, work: impl FnOnce(&Reference) -> Result<T>) -> Result<T> {
        if W::ENDS && self.ended.load(Ordering::SeqCst) {
            return Err(Error::invalid("transaction", "has ended"));
        }
        if W::FAILS_AS_A_WHOLE && self.failed.load(Ordering::SeqCst)
            || W::STATEMENTS_ABORT && self.aborted.load(Ordering::SeqCst)
        {
            return Err(Error::backend("the transaction is aborted"));
        }
        let done = work(&self.copy);
        if done.is_err() {
            self.failed.store(true, Ordering::SeqCst);
        }
        done
    }
}

macro_rules! operations {
    ({} $(fn $name:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        impl<W: Wrong> Backend for Open<W> {
            fn name(&self) -> &'static str {
                "broken"
            }

            $(fn $name(&self $(, $argument: $kind)*) -> Result<$result> {
                self.run(|copy| copy.$name($($argument),*))
            })*

            fn begin(&self) -> Result<Option<Box<dyn BackendTransaction>>> {
                if W::NESTS {
                    return begin::<W>(&self.copy);
                }
                Err(Error::invalid("transaction", "is inside another"))
            }

            fn pool_state(&self) -> Option<PoolState> {
                None
            }

            fn migrator(&self) -> Option<Migrator> {
                None
            }
        }
    };
}

authstore::for_each_operation!(operations! {});

impl<W: Wrong> BackendTransaction for Transaction<W> {
    fn backend(&self) -> Arc<dyn Backend> {
        Arc::new(self.open.clone())
    }

    fn execute(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<u64> {
        self.query(sql, parameters).map(|rows| rows.len() as u64)
    }

    fn query(&self, sql: &'static str, _: &[SqlValue]) -> Result<Vec<SqlRow>> {
        match rows(sql) {
            Some(rows) => Ok(W::rows(rows)),
            None => {
                self.open.aborted.store(true, Ordering::SeqCst);
                Err(Error::backend("there is no such table"))
            }
        }
    }

    fn commit(&self) -> Result<()> {
        self.open.ended.store(true, Ordering::SeqCst);
        let copy = self.open.copy.with(|model| model.clone())?;
        if W::commit(&self.db, &self.begin, &copy)? {
            let answer = self.db.delete_user(Uuid::nil()).map(drop);
            return answer.map_err(|_| W::unanswered("the answer was lost"));
        }
        self.conflicted.store(true, Ordering::SeqCst);
        Err(Error::unavailable("another transaction was first"))
    }

    fn roll_back(&self) {
        if self
            .open
            .ended
            .fetch_or(W::ENDS_ROLLED_BACK, Ordering::SeqCst)
        {
            return;
        }
        let copy = self.open.copy.with(|model| model.clone());
        let failed = self.open.failed.load(Ordering::SeqCst);
        W::roll_back(&self.db, &copy.expect("a storage in memory"), failed);
    }

    fn may_repeat(&self) -> bool {
        let has_failed = self.open.failed.load(Ordering::SeqCst);
        self.conflicted.load(Ordering::SeqCst) || W::REPEATS && has_failed
    }
}

/// Returns what the suite's statements select.
fn rows(sql: &str) -> Option<Vec<SqlRow>> {
    let text = |text: &str| SqlValue::Text(text.to_owned());
    if sql == "SELECT 1" {
        Some(vec![SqlRow::new(vec![SqlValue::Integer(1)])])
    } else if sql.starts_with("SELECT NULL") {
        let cells = vec![SqlValue::Null, text(""), text(" a  b ")];
        Some(vec![SqlRow::new(cells)])
    } else if sql.starts_with("WITH RECURSIVE") {
        let numbers = (1..=900).map(|number| SqlRow::new(vec![SqlValue::Integer(number)]));
        Some(numbers.collect())
    } else {
        None
    }
}

/// Writes the copy, whatever others have written.
fn overwrite(db: &Reference, copy: &Model) -> Result<bool> {
    db.with(|model| model.clone_from(copy)).map(|()| true)
}

/// Returns the users that the transaction has written.
fn changed<'a>(begin: &'a Model, copy: &'a Model) -> impl Iterator<Item = &'a User> {
    copy.users
        .values()
        .filter(|user| begin.users.get(&user.id) != Some(user))
}

/// Writes the users that the transaction has written, and its sessions.
fn write_users(model: &mut Model, begin: &Model, copy: &Model) {
    let users = changed(begin, copy).map(|user| (user.id, user.clone()));
    model.users.extend(users);
    model.sessions.extend(copy.sessions.clone());
}

/// How many connections rolled-back transactions have kept.
static LEAKED: AtomicUsize = AtomicUsize::new(0);

/// Users that were read, on all handles.
static KNOWN: LazyLock<Remembers> = LazyLock::new(Remembers::default);

/// Users that were created in transactions.
static COMMITTED: Mutex<Vec<Uuid>> = Mutex::new(Vec::new());

/// A backend whose transactions are wrong in this way.
macro_rules! wrong {
    ($($name:ident { $($body:tt)* })*) => {
        $(
            pub(super) struct $name;
            impl Wrong for $name { $($body)* }
        )*
    };
}

mod how {
    use super::*;

    wrong! {
        Nothing {}
        Repeats {
            const REPEATS: bool = true;
        }
        StatementsAbort {
            const STATEMENTS_ABORT: bool = true;
        }
        ReturnsAPage {
            fn rows(mut rows: Vec<SqlRow>) -> Vec<SqlRow> {
                rows.truncate(100);
                rows
            }
        }
        ReturnsNoNull {
            fn rows(rows: Vec<SqlRow>) -> Vec<SqlRow> {
                let filled = |row: SqlRow| match row.get::<Option<String>>(0) {
                    Ok(None) => SqlRow::new(vec![SqlValue::Text(String::new()); 3]),
                    _ => row,
                };
                rows.into_iter().map(filled).collect()
            }
        }
        Overwrites {
            fn commit(db: &Reference, _: &Model, copy: &Model) -> Result<bool> {
                pause();
                overwrite(db, copy)
            }
        }
        CommitsTwice {
            fn commit(db: &Reference, begin: &Model, copy: &Model) -> Result<bool> {
                let mut half = copy.clone();
                if let Some(user) = half.users.last_key_value().map(|(id, _)| *id) {
                    half.delete_user(user);
                }
                if !Nothing::commit(db, begin, &half)? {
                    return Ok(false);
                }
                pause();
                Nothing::commit(db, &half, copy)
            }
        }
        CommitsByHundreds {
            fn commit(db: &Reference, begin: &Model, copy: &Model) -> Result<bool> {
                let new = copy.sessions.keys().filter(|token| !begin.sessions.contains_key(*token));
                let later: Vec<_> = new.skip(100).collect();
                let mut first = copy.clone();
                first.sessions.retain(|token, _| !later.contains(&token));
                if !Nothing::commit(db, begin, &first)? {
                    return Ok(false);
                }
                if later.is_empty() {
                    return Ok(true);
                }
                pause();
                Nothing::commit(db, &first, copy)
            }
        }
        RepeatsTheLast {
            fn commit(db: &Reference, begin: &Model, copy: &Model) -> Result<bool> {
                db.with(|model| {
                    if model == begin {
                        model.clone_from(copy);
                    } else {
                        let last = changed(begin, copy).last();
                        model.users.extend(last.map(|user| (user.id, user.clone())));
                    }
                    true
                })
            }
        }
        KeepsWhatFailed {
            fn roll_back(db: &Reference, copy: &Model, _: bool) {
                let _ = overwrite(db, copy);
            }
        }
        CommitsWithAFailure {
            fn roll_back(db: &Reference, copy: &Model, failed: bool) {
                if failed {
                    let _ = overwrite(db, copy);
                }
            }
        }
        Leaks {
            fn roll_back(_: &Reference, _: &Model, _: bool) {
                LEAKED.fetch_add(1, Ordering::SeqCst);
            }
        }
        CommitsSessionsLater {
            fn commit(db: &Reference, begin: &Model, copy: &Model) -> Result<bool> {
                let half = Model { sessions: begin.sessions.clone(), ..copy.clone() };
                if !Nothing::commit(db, begin, &half)? {
                    return Ok(false);
                }
                pause();
                Nothing::commit(db, &half, copy)
            }
        }
        WritesUsersBack {
            fn commit(db: &Reference, begin: &Model, copy: &Model) -> Result<bool> {
                db.with(|model| {
                    let is_taken = |user: &User| {
                        let found = user.email.as_deref().and_then(|email| model.get_user_by_email(email));
                        found.is_some_and(|found| found.id != user.id)
                    };
                    let is_free = !changed(begin, copy).any(is_taken);
                    if is_free {
                        write_users(model, begin, copy);
                    }
                    is_free
                })
            }
        }
        ForgetsEmails {
            fn commit(db: &Reference, begin: &Model, copy: &Model) -> Result<bool> {
                db.with(|model| {
                    let is_written_since = changed(begin, copy).any(|user| model.users.get(&user.id) != begin.users.get(&user.id));
                    if !is_written_since {
                        write_users(model, begin, copy);
                    }
                    !is_written_since
                })
            }
        }
        KeepsChallenges {
            fn roll_back(db: &Reference, copy: &Model, _: bool) {
                let _ = db.with(|model| model.challenges.clone_from(&copy.challenges));
            }
        }
        KeepsTokens {
            fn roll_back(db: &Reference, copy: &Model, _: bool) {
                let _ = db.with(|model| model.verification_tokens.clone_from(&copy.verification_tokens));
            }
        }
        Merges {
            fn commit(db: &Reference, begin: &Model, copy: &Model) -> Result<bool> {
                db.with(|model| {
                    let others = Model { accounts: begin.accounts.clone(), ..model.clone() };
                    let written: Vec<_> = begin.accounts.keys().chain(copy.accounts.keys())
                        .filter(|key| begin.accounts.get(*key) != copy.accounts.get(*key))
                        .collect();
                    let is_free = others == *begin && written.iter().all(|key| model.accounts.get(*key) == begin.accounts.get(*key));
                    if is_free {
                        let mut accounts = std::mem::take(&mut model.accounts);
                        model.clone_from(copy);
                        for key in written {
                            match copy.accounts.get(key) {
                                Some(account) => drop(accounts.insert(key.clone(), account.clone())),
                                None => drop(accounts.remove(key)),
                            }
                        }
                        model.accounts = accounts;
                    }
                    is_free
                })
            }
        }
        Forgets {
            fn commit(_: &Reference, _: &Model, _: &Model) -> Result<bool> {
                Ok(true)
            }
        }
        SavesLater {
            fn commit(db: &Reference, begin: &Model, copy: &Model) -> Result<bool> {
                let created = copy.users.keys().filter(|id| !begin.users.contains_key(id));
                COMMITTED.lock().expect("no panic while held").extend(created);
                Nothing::commit(db, begin, copy)
            }
        }
        CallsCommitsUndone {
            fn unanswered(reason: &str) -> Error {
                Error::unavailable(reason)
            }
        }
        NeverEnds {
            const ENDS: bool = false;
        }
        EndsByCommit {
            const ENDS_ROLLED_BACK: bool = false;
        }
        FailsAsAWhole {
            const FAILS_AS_A_WHOLE: bool = true;
        }
        Nests {
            const NESTS: bool = true;
        }
    }
}

/// Remembers whom a transaction has found by email address.
#[derive(Clone, Default)]
struct Emails(Arc<Mutex<BTreeMap<String, User>>>);

impl Emails {
    fn known(&self) -> MutexGuard<'_, BTreeMap<String, User>> {
        self.0.lock().expect("no panic while held")
    }
}

impl Fault for Emails {
    fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
        let found = db.get_user_by_email(email)?;
        if let Some(user) = &found {
            self.known().insert(email.to_owned(), user.clone());
        }
        Ok(found)
    }
}

/// A fault of all transactions.
macro_rules! transactions {
    ($how:ident) => {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin::<how::$how>(db)
        }
    };
}

faults! {
    BeginsNothing "faults.unreachable": "Says that it has no transactions if the storage cannot be reached." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin::<how::Nothing>(db).or(Ok(None))
        }
    }

    PrintsUrlOnBegin "secrets.unreachable": "Prints the URL with the password in the error of a transaction that cannot begin." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin::<how::Nothing>(db)
                .map_err(|error| Error::unavailable(format!("{error}: db://app:hunter2@localhost/auth")))
        }
    }

    FindsWhatWasUndone (Emails) "transaction.rolls_back": "Finds users by what a transaction has read, even if it was undone." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin_with(db, self.0.clone())
        }

        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            let found = db.get_user_by_email(email)?;
            Ok(found.or_else(|| self.0.known().get(email).cloned()))
        }
    }

    ForgetsTransactions "transaction.commits": "Writes nothing when a transaction is committed." {
        transactions!(Forgets);
    }

    RemembersCommitted "transaction.commits": "Remembers users on all handles until one is updated or deleted, but not in a transaction." {
        transactions!(Nothing);

        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            KNOWN.recall(id).map_or_else(|| KNOWN.get_user(db, id), |user| Ok(Some(user)))
        }

        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            KNOWN.update_user(db, id, changes)
        }

        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            KNOWN.delete_user(db, id)
        }
    }

    KeepsFailedTransactions "transaction.rolls_back": "Commits a transaction whose work failed." {
        transactions!(KeepsWhatFailed);
    }

    ComparesOutside "transaction.conditions": "Compares the refresh token in a transaction with the one from before it." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin_with(db, Compares { outside: db.clone() })
        }
    }

    MergesRows "transaction.conditions": "Checks at the commit only the rows that the transaction has written, so that two unlink the last two ways to sign in." {
        transactions!(Merges);
    }

    ReservesAddresses "transaction.undone_beside_others": "Reserves the email address of a user for a transaction, and rejects it from others at once." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin_with(db, Reserves::default())
        }

        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            let is_reserved = user.email.as_ref().is_some_and(|email| reserved().contains(email));
            if is_reserved {
                return Err(Error::conflict(Constraint::UserEmail));
            }
            db.create_user(user)
        }
    }

    SweepsOutside "transaction.sequences": "Sweeps nothing in a transaction if there were no users before it." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin_with(db, Sweeps { outside: db.clone() })
        }
    }

    RemembersUncommitted (Remembers) "transaction.rolls_back": "Remembers a user that was read in a transaction, also if it is rolled back." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin_with(db, self.0.clone())
        }

        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            self.0.recall(id).map_or_else(|| db.get_user(id), |user| Ok(Some(user)))
        }

        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            self.0.update_user(db, id, changes)
        }

        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            self.0.delete_user(db, id)
        }
    }

    LeavesHalves "transaction.an_error_undoes_only_its_operation": "Leaves the user in a transaction when the account cannot be linked." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin_with(db, Halves)
        }
    }

    AbortsTransactions "transaction.an_error_undoes_only_its_operation": "Rejects every operation after one in the transaction has failed." {
        transactions!(FailsAsAWhole);
    }

    ChecksOwnEmails "transaction.an_error_undoes_only_its_operation": "Finds out in a transaction whether an email address is taken by its own users only." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin_with(db, OwnEmails(db.with(|model| model.clone())?))
        }
    }

    TokensWithoutSavepoint "transaction.an_error_undoes_only_its_operation": "Aborts a transaction in which a verification token or a challenge exists already." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin_with(db, NoSavepoint::default())
        }
    }

    CommitsAfterFailures "transaction.an_error_undoes_only_its_operation": "Commits what was written next to an operation that failed, although the work failed." {
        transactions!(CommitsWithAFailure);
    }

    EndsOnlyByCommit "transaction.ends": "Accepts operations after a transaction was rolled back." {
        transactions!(EndsByCommit);
    }

    SessionsLater "transaction.one_moment": "Commits the users of a transaction first, then its sessions." {
        transactions!(CommitsSessionsLater);
    }

    WritesWholeUsers "transaction.all_survive": "Writes whole users when a transaction is committed." {
        transactions!(WritesUsersBack);
    }

    OneEmailTwice "transaction.all_survive": "Does not check again whether an email address is taken when a transaction is committed." {
        transactions!(ForgetsEmails);
    }

    LeaksRolledBack "faults.failed_operations_leak_nothing": "Keeps the connection of a transaction that was rolled back." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            if LEAKED.load(Ordering::SeqCst) > 100 {
                return Err(Error::unavailable("all connections are in use"));
            }
            begin::<how::Leaks>(db)
        }
    }

    LosesTransactions "faults.killed_server": "Saves a user of a transaction a moment later, and loses it when its server is killed." {
        transactions!(SavesLater);

        fn killed(db: &Reference) {
            let lost = COMMITTED.lock().expect("no panic while held");
            let _ = db.with(|model| {
                model.users.retain(|id, _| !lost.contains(id));
                model.accounts.retain(|_, account| !lost.contains(&account.user_id));
            });
        }
    }

    CommitsCalledUndone "faults.answer_lost": "Reports a commit whose answer was lost as Unavailable." {
        transactions!(CallsCommitsUndone);
    }

    GoesOnAfterALoss "faults.cut_transaction": "Commits what a transaction wrote before and after the storage could not be reached." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin_with(db, TimesOut { outside: db.clone(), timed_out: Arc::default() })
        }
    }

    StaysInTransaction (Arc<AtomicBool>) "faults.answers_in_step": "Keeps a connection on which a transaction timed out, and writes in that transaction." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin_with(db, TimesOut { outside: db.clone(), timed_out: Arc::clone(&self.0) })
        }

        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            match self.0.load(Ordering::SeqCst) {
                true => Ok(()),
                false => db.create_session(session),
            }
        }
    }

    TransactionsWithoutEnd "transaction.ends": "Accepts operations after a transaction has ended." {
        transactions!(NeverEnds);
    }

    NestsTransactions "transaction.ends": "Begins a transaction in a transaction." {
        transactions!(Nests);
    }

    CommitsInTwoSteps "transaction.one_moment": "Commits a transaction in two steps." {
        transactions!(CommitsTwice);
    }

    OverwritesOthers "transaction.all_survive": "Overwrites what others have written while a transaction was open." {
        transactions!(Overwrites);
    }

    ChallengesOutside "transaction.rolls_back": "Keeps challenges in a store that takes no part in transactions." {
        transactions!(KeepsChallenges);
    }

    TokensOutside "transaction.rolls_back": "Keeps verification tokens in a store that takes no part in transactions." {
        transactions!(KeepsTokens);
    }

    RepeatsRejected "transaction.an_error_undoes_only_its_operation": "Runs the work of a transaction again after an operation in it was rejected." {
        transactions!(Repeats);
    }

    StopsAfterStatement "transaction.statements": "Rejects every operation after a statement of the application has failed." {
        transactions!(StatementsAbort);
    }

    FetchesAHundredRows "transaction.statements": "Returns the first hundred rows of a query." {
        transactions!(ReturnsAPage);
    }

    ReadsNullAsEmpty "transaction.statements": "Returns an empty string for NULL." {
        transactions!(ReturnsNoNull);
    }

    RepeatsTheLastUpdate "transaction.crossed": "Repeats only the last update of a transaction that another one was in the way of." {
        transactions!(RepeatsTheLast);
    }

    CommitsInBatches "transaction.one_moment": "Commits the sessions of a transaction a hundred at a time." {
        transactions!(CommitsByHundreds);
    }
}

#[derive(Default)]
struct Right;

impl Fault for Right {
    transactions!(Nothing);
}

#[test]
fn right_transactions_keep_the_rules() {
    for (rules, count) in [
        ("transaction", 11),
        ("faults.answer_lost", 1),
        ("faults.answers_in_step", 1),
        ("faults.cut_transaction", 1),
        ("faults.killed_server", 1),
    ] {
        let certificate = Runner::new(Broken::<Right>::new())
            .only(rules)
            .skip("transaction.application_table")
            .run();
        assert_eq!(certificate.counts.failed, 0, "{certificate:#?}");
        assert_eq!(certificate.counts.passed, count, "{certificate:#?}");
    }
}
