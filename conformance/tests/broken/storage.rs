//! Faults that show when a storage cannot be reached, and in errors.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock};
use std::thread;

use super::fault::*;

/// The id of a user who is there once the storage was restarted.
const RESTARTED: Uuid = Uuid::max();

/// A cause that shows in `Debug` alone which user was not created.
#[derive(Debug)]
#[expect(dead_code, reason = "read by Debug")]
struct NotCreated(User);

impl std::fmt::Display for NotCreated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the user was not created")
    }
}

impl std::error::Error for NotCreated {}

/// What happens when the handle is closed.
#[derive(Default)]
struct AtClose(Mutex<Vec<Box<dyn FnOnce() + Send>>>);

impl AtClose {
    fn add(&self, work: impl FnOnce() + Send + 'static) {
        self.0
            .lock()
            .expect("no panic while held")
            .push(Box::new(work));
    }
}

impl Drop for AtClose {
    fn drop(&mut self) {
        for work in self.0.get_mut().expect("no panic while held").drain(..) {
            work();
        }
    }
}

/// What the callers who read one session at the same time wait for: whether the first of them has the answer, and it.
#[derive(Default)]
struct Flights(Mutex<BTreeMap<String, Arc<Flight>>>);

type Flight = OnceLock<Option<(Session, User)>>;

/// The user of an update that timed out, once there was one.
#[derive(Default)]
struct Late(Mutex<Option<User>>);

/// Does again in the background what was not possible, for a while.
fn do_later(db: &Reference, work: impl Fn(&Reference) -> Result<()> + Send + 'static) {
    let db = db.clone();
    thread::spawn(move || {
        for _ in 0..200 {
            if work(&db).is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
}

/// The answer that a connection still has for a call that gave up, once there was one.
#[derive(Default)]
struct Behind(Mutex<Option<Option<(Session, User)>>>);

/// Marks its storage as closed when the handle is dropped.
#[derive(Default)]
struct ClosesAll(OnceLock<Reference>);

impl Drop for ClosesAll {
    fn drop(&mut self) {
        if let Some(db) = self.0.get() {
            let mark = User {
                id: RESTARTED,
                name: None,
                email: None,
                email_verified: None,
                image: None,
            };
            let _ = db.create_user(&mark);
        }
    }
}

fn migrated() -> Reference {
    let reference = Reference::new();
    let _ = Backend::migrator(&reference).expect("it has a schema").up();
    reference
}

/// Says of what may have been written that it was not.
fn called_undone(error: Error) -> Error {
    match error {
        Error::OutcomeUnknown { reason, .. } => Error::unavailable(reason),
        other => other,
    }
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let three = text.as_bytes().chunks(3).map(|bytes| {
        let number = bytes
            .iter()
            .fold(0, |number, byte| number << 8 | usize::from(*byte));
        number << (8 * (3 - bytes.len()))
    });
    three
        .flat_map(|number| [18, 12, 6, 0].map(|shift| char::from(DIGITS[number >> shift & 63])))
        .collect()
}

/// Addresses that no user had.
static ABSENT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Accounts that were read.
static ACCOUNTS: Mutex<BTreeMap<(String, String), Account>> = Mutex::new(BTreeMap::new());

/// The session that the next row saves as deleted. Faults are told without their handle that the server was killed.
static UNSAVED: Mutex<Option<Session>> = Mutex::new(None);

/// The challenges of all storages.
static CHALLENGES: Mutex<BTreeMap<String, Challenge>> = Mutex::new(BTreeMap::new());

faults! {
    FindsByAnyKey "storage.keys_of_other_columns": "Finds a user by the account whose provider and ID, joined, are the email address." {
        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            match (db.get_user_by_email(email)?, email.split_once(':')) {
                (None, Some((provider, account))) => db.get_user_by_account(provider, account),
                (user, _) => Ok(user),
            }
        }
    }

    SignsOutById "storage.key_spaces": "Deletes a session by its ID as well as by its token." {
        fn delete_session(&self, db: &Reference, token: &str) -> Result<bool> {
            let by_id = token.parse().ok().map(|id: Uuid| db.with(|model| {
                let session = model.sessions.values().find(|session| session.id == id)?;
                Some(session.session_token.clone())
            }));
            let by_id = by_id.transpose()?.flatten();
            db.delete_session(by_id.as_deref().unwrap_or(token))
        }
    }

    KeepsTheNameItSet (Mutex<BTreeMap<Uuid, String>>) "model.two_handles": "Writes the name that its handle has set when an update keeps it, although another handle may have changed it." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let mut known = self.0.lock().expect("no panic while held");
            let mut changes = changes.clone();
            match &changes.name {
                Change::Set(name) => drop(known.insert(id, name.clone())),
                Change::Clear => drop(known.remove(&id)),
                Change::Keep => changes.name = known.get(&id).map_or(Change::Keep, Change::set),
            }
            db.update_user(id, &changes)
        }

        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            self.0.lock().expect("no panic while held").remove(&id);
            db.delete_user(id)
        }
    }

    CountsCallsAsConnections (AtomicU64) "storage.pool_state": "Counts every call as one more connection in use." {
        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            self.0.fetch_add(1, Ordering::SeqCst);
            db.get_user(id)
        }

        fn pool_state(&self, _: &Reference) -> Option<PoolState> {
            let in_use = self.0.load(Ordering::SeqCst) as u32;
            Some(PoolState { max_size: u32::MAX, size: in_use, idle: 0, in_use, waiting: 0 })
        }
    }

    KeepsConnectionOfConflict (AtomicU64) "storage.pool_state": "Keeps the connection of a session that could not be created in use." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            db.create_session(session).inspect_err(|_| {
                self.0.fetch_add(1, Ordering::SeqCst);
            })
        }

        fn pool_state(&self, _: &Reference) -> Option<PoolState> {
            let in_use = self.0.load(Ordering::SeqCst) as u32;
            Some(PoolState { max_size: u32::MAX, size: in_use, idle: 0, in_use, waiting: 0 })
        }
    }

    ForgetsIdleConnections "storage.pool_state": "Counts only the connections in use as its size." {
        fn pool_state(&self, _: &Reference) -> Option<PoolState> {
            Some(PoolState { max_size: 8, size: 0, idle: 1, in_use: 0, waiting: 0 })
        }
    }

    TokenAsIdentifier "model.shared_keys": "Rejects a verification token whose value is the identifier of another." {
        fn create_verification_token(&self, db: &Reference, token: &VerificationToken) -> Result<()> {
            let taken = db.with(|model| {
                let mut tokens = model.verification_tokens.values();
                tokens.any(|other| other.identifier == token.token)
            })?;
            if taken {
                return Err(Error::conflict(Constraint::VerificationToken));
            }
            db.create_verification_token(token)
        }
    }

    NeverEmpty "storage.fresh_is_empty": "Contains a user from the beginning." {
        fn opened(&self, db: &Reference) -> Reference {
            let _ = Backend::migrator(db).expect("it has a schema").up();
            let first = User { id: Uuid::from_u128(1), name: None, email: None, email_verified: None, image: None };
            let _ = db.create_user(&first);
            db.clone()
        }
    }

    SharedByAll "storage.isolated": "Opens the same storage each time, although each should be separate." {
        fn opened(&self, _: &Reference) -> Reference {
            static ONE: LazyLock<Reference> = LazyLock::new(Reference::new);
            ONE.clone()
        }
    }

    OneMemory "storage.isolated": "Remembers passkeys that were read, in one place for all databases." {
        fn get_authenticator(&self, db: &Reference, credential_id: &str) -> Result<Option<Authenticator>> {
            static READ: Mutex<BTreeMap<String, Authenticator>> = Mutex::new(BTreeMap::new());
            let mut read = READ.lock().unwrap();
            if let Some(known) = read.get(credential_id) {
                return Ok(Some(known.clone()));
            }
            let found = db.get_authenticator(credential_id)?;
            read.extend(found.iter().map(|found| (credential_id.to_owned(), found.clone())));
            Ok(found)
        }
    }

    OwnStorage "storage.handles_agree": "Gives each handle its own storage, as SQLite's :memory: does." {
        fn opened(&self, _: &Reference) -> Reference {
            migrated()
        }
    }

    GoneWithTheHandle "storage.outlives_handles": "Is empty when it is opened again." {
        fn opened(&self, db: &Reference) -> Reference {
            let _ = db.with(|model| *model = Default::default());
            db.clone()
        }
    }

    ReadsEmptyAsMissing "storage.outlives_handles": "Turns an empty string into a missing one when it is opened again." {
        fn opened(&self, db: &Reference) -> Reference {
            let _ = db.with(|model| {
                model.users.values_mut().for_each(|user| user.name = user.name.take().filter(|name| !name.is_empty()));
            });
            db.clone()
        }
    }

    ForgetsTokens "storage.outlives_handles": "Loses verification tokens when it is closed." {
        fn opened(&self, db: &Reference) -> Reference {
            let _ = db.with(|model| model.verification_tokens.clear());
            db.clone()
        }
    }

    CountsInDoubles "storage.outlives_handles": "Reads numbers as JavaScript does, as floating-point numbers, when it is opened again." {
        fn opened(&self, db: &Reference) -> Reference {
            let _ = db.with(|model| {
                model.authenticators.values_mut().for_each(|row| row.counter = row.counter as f64 as i64);
            });
            db.clone()
        }
    }

    UnlinksInMemory (AtClose) "storage.outlives_handles": "Forgets that an account was unlinked when it is opened again." {
        fn unlink_account(&self, db: &Reference, provider: &str, provider_account_id: &str) -> Result<bool> {
            if let Some(account) = db.get_account(provider, provider_account_id)? {
                let db = db.clone();
                self.0.add(move || drop(db.link_account(&account)));
            }
            db.unlink_account(provider, provider_account_id)
        }
    }

    OwnsItsChallenges (AtClose) "storage.outlives_handles": "Deletes the challenges that a handle has created when it is closed." {
        fn create_challenge(&self, db: &Reference, challenge: &Challenge) -> Result<()> {
            db.create_challenge(challenge)?;
            let (db, key) = (db.clone(), challenge.key.clone());
            self.0.add(move || drop(db.use_challenge(&key)));
            Ok(())
        }
    }

    SharesAQuery (Flights) "storage.updates_are_read_beside_readers": "Answers callers who read a session at the same time with one query, which may have begun before a later caller asked." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            let mut flights = self.0.0.lock().expect("no panic while held");
            if let Some(flight) = flights.get(session_token).cloned() {
                drop(flights);
                return Ok(flight.wait().clone());
            }
            let flight = flights.entry(session_token.to_owned()).or_default().clone();
            drop(flights);
            let found = db.get_session_and_user(session_token);
            pause();
            self.0.0.lock().expect("no panic while held").remove(session_token);
            let _ = flight.set(found.as_ref().ok().cloned().flatten());
            found
        }
    }

    KeepsUnverified (Mutex<BTreeMap<String, (Session, User)>>) "storage.reads_are_current": "Remembers the user of a session until any field but emailVerified changes." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            let mut known = self.0.lock().expect("no panic while held");
            let found = db.get_session_and_user(session_token)?;
            let Some((session, user)) = found else {
                known.remove(session_token);
                return Ok(None);
            };
            let but_verified = |user: &User| User { email_verified: None, ..user.clone() };
            match known.get(session_token) {
                Some((then, known)) if *then == session && but_verified(known) == but_verified(&user) => {
                    Ok(Some((session, known.clone())))
                }
                _ => {
                    known.insert(session_token.to_owned(), (session.clone(), user.clone()));
                    Ok(Some((session, user)))
                }
            }
        }
    }

    CreatesThenChecks "storage.refused_writes_are_never_seen": "Creates a session, and deletes it again if its token was taken." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            let is_taken = db.get_session_and_user(&session.session_token)?.is_some();
            let temporary = Session { session_token: format!("{} (new)", session.session_token), ..session.clone() };
            if is_taken && db.create_session(&temporary).is_ok() {
                pause();
                db.delete_session(&temporary.session_token)?;
            }
            db.create_session(session)
        }
    }

    KeepsDetailsBesideSessions "storage.derived_keys": "Stores the details of a session among the sessions, by its ID and `:details`." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            let of = session.session_token.strip_suffix(":details").and_then(|id| Uuid::parse_str(id).ok());
            let is_taken = db.with(|model| of.is_some_and(|id| model.session_details.contains_key(&id)))?;
            if is_taken {
                return Err(Error::conflict(Constraint::SessionToken));
            }
            db.create_session(session)
        }
    }

    ClearsWhatBegins "storage.derived_keys": "Uses up the challenges, too, whose keys are that of a used one and a colon and anything." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            let used = db.use_challenge(key)?;
            if used.is_some() {
                let start = format!("{key}:");
                db.with(|model| model.challenges.retain(|key, _| !key.starts_with(&start)))?;
            }
            Ok(used)
        }
    }

    RecyclesConnections (AtomicU64) "storage.many_calls": "Fails every 250th time that a user is read, when it opens another connection." {
        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            if self.0.fetch_add(1, Ordering::SeqCst) % 250 == 249 {
                return Err(Error::unavailable("the connection was recycled"));
            }
            db.get_user(id)
        }
    }

    CompactsDetails (AtomicU64) "storage.many_calls": "Drops the details of passkeys without a name after every 250 calls." {
        fn get_authenticator(&self, db: &Reference, credential_id: &str) -> Result<Option<Authenticator>> {
            if self.0.fetch_add(1, Ordering::SeqCst) % 250 == 249 {
                db.with(|model| model.authenticator_details.retain(|_, details| details.name.is_some()))?;
            }
            db.get_authenticator(credential_id)
        }
    }

    SweepsNowAndThen (AtomicU64) "storage.many_calls": "Deletes the challenges that have expired after every 250 calls." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            if self.0.fetch_add(1, Ordering::SeqCst) % 250 == 249 {
                let now = OffsetDateTime::now_utc();
                db.with(|model| model.challenges.retain(|_, challenge| challenge.expires > now))?;
            }
            db.get_session_and_user(session_token)
        }
    }

    UnlinksLater "faults.unreachable": "Unlinks an account when the storage can be reached again." {
        fn unlink_account(&self, db: &Reference, provider: &str, provider_account_id: &str) -> Result<bool> {
            let done = db.unlink_account(provider, provider_account_id);
            if let Err(Error::Unavailable { .. }) = done {
                let (provider, id) = (provider.to_owned(), provider_account_id.to_owned());
                do_later(db, move |db| db.unlink_account(&provider, &id).map(drop));
            }
            done
        }
    }

    DeletesLater "faults.paused": "Deletes the tokens of an identifier when the storage answers again." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            let done = db.delete_verification_tokens_by_identifier(identifier);
            if let Err(Error::Unavailable { .. }) = done {
                let identifier = identifier.to_owned();
                do_later(db, move |db| db.delete_verification_tokens_by_identifier(&identifier).map(drop));
            }
            done
        }
    }

    AnswersLate (Late) "faults.answer_late": "Returns the user of an update that timed out to the next call that reads a user." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let done = db.update_user(id, changes);
            if done.is_err() {
                *self.0.0.lock().expect("no panic while held") = Some(db.with(|model| model.get_user(id)).ok().flatten()).flatten();
            }
            done
        }

        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            let found = db.get_user(id)?;
            let late = self.0.0.lock().expect("no panic while held").take();
            Ok(late.or(found))
        }
    }

    AnswersUserLate (Late) "faults.answers_in_step": "Returns the user who was read by a call that timed out to the next call that reads a user." {
        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            let mut late = self.0.0.lock().expect("no panic while held");
            match db.get_user(id) {
                Ok(found) => Ok(late.take().or(found)),
                Err(error) => {
                    *late = Some(User { id, name: None, email: None, email_verified: None, image: None });
                    Err(error)
                }
            }
        }
    }

    CachesSessions (Mutex<BTreeMap<String, (Session, User)>>) "storage.reads_are_current": "Remembers a session until it is deleted by its token." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            let mut known = self.0.lock().expect("no panic while held");
            if let Some(found) = db.get_session_and_user(session_token)? {
                known.insert(session_token.to_owned(), found);
            }
            Ok(known.get(session_token).cloned())
        }

        fn delete_session(&self, db: &Reference, session_token: &str) -> Result<bool> {
            self.0.lock().expect("no panic while held").remove(session_token);
            db.delete_session(session_token)
        }
    }

    TrustsItsMemory (Mutex<BTreeSet<Uuid>>) "storage.reads_are_current": "Does not look for the user of an account if the handle has read the user before." {
        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            let found = db.get_user(id)?;
            self.0.lock().expect("no panic while held").extend(found.iter().map(|user| user.id));
            Ok(found)
        }

        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            let known = self.0.lock().expect("no panic while held");
            match db.link_account(account) {
                Err(Error::NotFound { .. }) if known.contains(&account.user_id) => Ok(()),
                outcome => outcome,
            }
        }
    }

    TrustsItsWrites (Mutex<BTreeSet<Uuid>>) "storage.reads_are_current": "Does not look for the user of a session if the handle has created a session of the user before." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            let mut known = self.0.lock().expect("no panic while held");
            if known.contains(&session.user_id) && db.get_user(session.user_id)?.is_none() {
                let token = session.session_token.clone();
                return db.with(|model| model.sessions.insert(token, session.clone())).map(drop);
            }
            db.create_session(session)?;
            known.insert(session.user_id);
            Ok(())
        }
    }

    KeepsRotatedTokens (Mutex<BTreeMap<String, (Session, User)>>) "storage.reads_are_current": "Remembers a session by its old token after another handle has rotated it." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            let mut known = self.0.lock().expect("no panic while held");
            if let Some(found) = db.get_session_and_user(session_token)? {
                known.insert(session_token.to_owned(), found.clone());
                return Ok(Some(found));
            }
            let known = known.get(session_token).cloned();
            let sessions = db.with(|model| model.sessions.values().map(|session| session.id).collect::<BTreeSet<_>>())?;
            Ok(known.filter(|(session, _)| sessions.contains(&session.id)))
        }

        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            self.0.lock().expect("no panic while held").remove(session_token);
            db.update_session(session_token, changes)
        }
    }

    KnowsThatNobodyIsThere "storage.reads_are_current": "Remembers on all handles that no user has an address, until one is created, but not with a passkey." {
        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            let mut absent = ABSENT.lock().expect("no panic while held");
            if absent.contains(email) {
                return Ok(None);
            }
            let found = db.get_user_by_email(email)?;
            if found.is_none() {
                absent.insert(email.to_owned());
            }
            Ok(found)
        }

        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            db.create_user(user)?;
            ABSENT.lock().expect("no panic while held").clear();
            Ok(())
        }

        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            db.create_user_with_account(user, account)?;
            ABSENT.lock().expect("no panic while held").clear();
            Ok(())
        }

        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            let updated = db.update_user(id, changes)?;
            ABSENT.lock().expect("no panic while held").clear();
            Ok(updated)
        }
    }

    FillsItsCacheLate "storage.races_leave_nothing_old": "Remembers on all handles an account as it was read, although it has been updated since." {
        fn get_account(&self, db: &Reference, provider: &str, account: &str) -> Result<Option<Account>> {
            let key = (provider.to_owned(), account.to_owned());
            if let Some(known) = ACCOUNTS.lock().expect("no panic while held").get(&key) {
                return Ok(Some(known.clone()));
            }
            let found = db.get_account(provider, account)?;
            pause();
            let mut known = ACCOUNTS.lock().expect("no panic while held");
            known.extend(found.iter().map(|account| (key.clone(), account.clone())));
            Ok(found)
        }

        fn update_account(&self, db: &Reference, provider: &str, account: &str, changes: &AccountChanges) -> Result<Account> {
            let updated = db.update_account(provider, account, changes)?;
            ACCOUNTS.lock().expect("no panic while held").clear();
            Ok(updated)
        }

        fn refresh_account(&self, db: &Reference, provider: &str, account: &str, seen: Option<&str>, changes: &AccountChanges) -> Result<Option<Account>> {
            let refreshed = db.refresh_account(provider, account, seen, changes)?;
            ACCOUNTS.lock().expect("no panic while held").clear();
            Ok(refreshed)
        }

        fn unlink_account(&self, db: &Reference, provider: &str, account: &str) -> Result<bool> {
            let unlinked = db.unlink_account(provider, account)?;
            ACCOUNTS.lock().expect("no panic while held").clear();
            Ok(unlinked)
        }

        fn unlink_account_of_user(&self, db: &Reference, user_id: Uuid, provider: &str, account: &str, keep_last: bool) -> Result<Removal> {
            let removal = db.unlink_account_of_user(user_id, provider, account, keep_last)?;
            ACCOUNTS.lock().expect("no panic while held").clear();
            Ok(removal)
        }

        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            let deleted = db.delete_user(id)?;
            ACCOUNTS.lock().expect("no panic while held").clear();
            Ok(deleted)
        }
    }

    CachesFullPages (Mutex<BTreeMap<(Option<Uuid>, u32), Vec<User>>>) "storage.reads_are_current": "Remembers full pages of users until the same handle updates a user." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            let mut known = self.0.lock().expect("no panic while held");
            if let Some(page) = known.get(&(after, limit)) {
                return Ok(page.clone());
            }
            let page = db.list_users(after, limit)?;
            if page.len() == limit as usize {
                known.insert((after, limit), page.clone());
            }
            Ok(page)
        }

        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            self.0.lock().expect("no panic while held").clear();
            db.update_user(id, changes)
        }
    }

    CachesForItself (Mutex<BTreeMap<Uuid, User>>) "storage.reads_are_current": "Remembers a user until the same handle updates or deletes the user." {
        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            let mut known = self.0.lock().expect("no panic while held");
            if let Some(user) = known.get(&id) {
                return Ok(Some(user.clone()));
            }
            let found = db.get_user(id)?;
            known.extend(found.iter().map(|user| (id, user.clone())));
            Ok(found)
        }

        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            self.0.lock().expect("no panic while held").remove(&id);
            db.update_user(id, changes)
        }

        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            self.0.lock().expect("no panic while held").remove(&id);
            db.delete_user(id)
        }
    }

    HidesOutage "faults.unreachable": "Reports that there is no such user when the storage cannot be reached." {
        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            db.get_user(id).or(Ok(None))
        }
    }

    AcknowledgesAnyway "faults.unreachable": "Reports a session as created when the storage cannot be reached." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            match db.create_session(session) {
                Err(Error::Unavailable { .. }) => Ok(()),
                done => done,
            }
        }
    }

    CallsOutageABug "faults.unreachable": "Returns Backend when the storage cannot be reached." {
        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            db.get_user(id).map_err(|error| Error::backend(error.to_string()))
        }
    }

    NeverComesBack "faults.restart": "Keeps its connection forever, although it broke when the storage became unreachable." {
        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            if db.get_user(RESTARTED)?.is_some() {
                return Err(Error::unavailable("the connection is closed"));
            }
            db.get_user(id)
        }

        fn restart(db: &Reference) {
            let mark = User { id: RESTARTED, name: None, email: None, email_verified: None, image: None };
            let _ = db.create_user(&mark);
        }
    }

    LosesData "faults.restart": "Loses what it holds when it is restarted." {
        fn restart(db: &Reference) {
            let _ = db.with(|model| *model = Default::default());
        }
    }

    WaitsForEver "faults.paused": "Waits forever for a storage that gives no answer." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            loop {
                match db.create_session(session) {
                    Err(Error::Unavailable { .. }) => {}
                    done => return done,
                }
            }
        }
    }

    DoesNotWait "faults.paused": "Reports a user as updated when the storage gives no answer." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            match db.update_user(id, changes) {
                Err(Error::Unavailable { .. }) => {
                    Ok(User { id, name: None, email: None, email_verified: None, image: None })
                }
                done => done,
            }
        }
    }

    LeaksConnections (Mutex<u32>) "faults.failed_operations_leak_nothing": "Loses one of its hundred connections at each failure." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            let mut failures = self.0.lock().expect("no panic while held");
            if *failures > 100 {
                return Err(Error::unavailable("all connections are in use"));
            }
            let done = db.create_user(user);
            *failures += u32::from(done.is_err());
            done
        }
    }

    DeletesInTwo "faults.cut_during_write": "Unlinks a user's accounts, and deletes the user in a second step that may fail." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            for account in db.list_accounts_by_user_id(id)? {
                db.unlink_account(&account.provider, &account.provider_account_id)?;
            }
            pause();
            db.delete_user(id)
        }
    }

    CutInTwo "faults.cut_during_write": "Creates a user, and links the account in a second step that may fail." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            db.create_user(user)?;
            pause();
            db.link_account(account)
        }
    }

    RepeatsLostWrites "faults.answer_lost": "Deletes a session again when the answer was lost." {
        fn delete_session(&self, db: &Reference, session_token: &str) -> Result<bool> {
            match db.delete_session(session_token) {
                Err(Error::OutcomeUnknown { .. }) => db.delete_session(session_token),
                done => done,
            }
        }
    }

    CallsLostWritesUndone "faults.answer_lost": "Reports that nothing was written when the connection is lost." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            db.create_session(session).map_err(called_undone)
        }
    }

    CallsLateWritesUndone "faults.answer_late": "Reports that nothing was written when no answer comes before the time limit." {
        fn use_verification_token(
            &self,
            db: &Reference,
            identifier: &str,
            token: &str,
        ) -> Result<Option<VerificationToken>> {
            db.use_verification_token(identifier, token).map_err(called_undone)
        }
    }

    GivesUpHalfWay "faults.answer_late": "Creates a user, and does not link the account when no answer comes." {
        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            db.create_user(user)?;
            db.link_account(account)
        }
    }

    PrintsPassword "faults.wrong_password": "Prints the password in the error." {
        fn refuse(password: &str) -> Error {
            Error::backend(format!("could not connect to db://app:{password}@localhost"))
        }
    }

    RotatesAgain "faults.answer_lost": "Sends a rotation again after a moment if its answer is lost, and finds no such session." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            match db.update_session(session_token, changes) {
                Err(Error::OutcomeUnknown { .. }) if changes.session_token.is_some() => {
                    std::thread::sleep(Duration::from_millis(50));
                    db.update_session(session_token, changes)
                }
                ended => ended,
            }
        }
    }

    RotatesAgainAtOnce "faults.answer_late": "Sends a rotation again at once if no answer came, and finds no such session." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            match db.update_session(session_token, changes) {
                Err(Error::OutcomeUnknown { .. }) => db.update_session(session_token, changes),
                ended => ended,
            }
        }
    }

    FindsItLinked "faults.answer_lost": "Reports an account as linked if its answer is lost and the account is there, which may be another user's." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            match db.link_account(account) {
                Err(lost @ Error::OutcomeUnknown { .. }) => {
                    std::thread::sleep(Duration::from_millis(50));
                    let found = db.get_account(&account.provider, &account.provider_account_id);
                    found.ok().flatten().map(drop).ok_or(lost)
                }
                ended => ended,
            }
        }
    }

    PrintsTakenToken "secrets.refused": "Prints the taken session token in the cause of the error." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            db.create_session(session).map_err(|error| {
                Error::backend("duplicate key").with_source(format!("{error}: Key (sessionToken)=({})", session.session_token))
            })
        }
    }

    PrintsStatement "secrets.without_schema": "Prints the values of a statement that finds no table." {
        fn create_verification_token(&self, db: &Reference, token: &VerificationToken) -> Result<()> {
            db.create_verification_token(token).map_err(|error| match error {
                Error::Migration(cause) => Error::backend(format!("{cause}, at: insert {}, {}", token.identifier, token.token)),
                other => other,
            })
        }
    }

    KeepsTheUser "secrets.unreachable": "Keeps the user who could not be created in Debug of the cause." {
        fn create_user_with_authenticator(&self, db: &Reference, user: &User, authenticator: &Authenticator) -> Result<()> {
            db.create_user_with_authenticator(user, authenticator).map_err(|error| error.with_source(NotCreated(user.clone())))
        }
    }

    PrintsNewName "secrets.refused": "Prints the new name of a user who does not exist." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            db.update_user(id, changes).map_err(|error| match error {
                Error::NotFound { .. } => Error::backend(format!("UPDATE \"User\" SET name = {:?}", changes.name)),
                other => other,
            })
        }
    }

    PrintsUrl "secrets.unreachable": "Prints the URL with the password in the error about a failed connection." {
        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            db.get_user_by_email(email).map_err(|error| match error {
                Error::Unavailable { .. } => Error::unavailable("cannot connect to db://app:hunter2@localhost/auth"),
                other => other,
            })
        }
    }

    PrintsUrlOnPing "secrets.unreachable": "Prints the URL with the password in the error of a ping." {
        fn ping(&self, db: &Reference) -> Result<()> {
            db.ping().map_err(|error| error.with_source("connecting to db://app:hunter2@localhost/auth"))
        }
    }

    PrintsCall "secrets.unreachable": "Prints the call that could not be sent." {
        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            db.get_session_and_user(session_token).map_err(|error| {
                Error::unavailable(format!("{error}: GET /sessions/{session_token}"))
            })
        }
    }

    PrintsLoudly "secrets.unreachable": "Prints in upper case for whom a verification token could not be created." {
        fn create_verification_token(&self, db: &Reference, token: &VerificationToken) -> Result<()> {
            db.create_verification_token(token).map_err(|error| match error {
                Error::Unavailable { reason, .. } => Error::unavailable(format!("{reason}: SET {}", token.identifier.to_uppercase())),
                other => other,
            })
        }
    }

    NamedByUrl "secrets.handle": "Uses its URL as its name." {
        fn name() -> &'static str {
            "db://app:hunter2@localhost"
        }
    }

    RemembersPing (Mutex<bool>) "faults.unreachable": "Treats any answer to a ping as success." {
        fn ping(&self, db: &Reference) -> Result<()> {
            let mut lives = self.0.lock().expect("no panic while held");
            if !*lives {
                db.ping()?;
                *lives = true;
            }
            Ok(())
        }
    }

    InfersPing (AtomicBool) "faults.unreachable": "Answers a ping from the success of the handle's last lookup of a user." {
        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            let user = db.get_user(id);
            self.0.store(user.is_ok(), Ordering::SeqCst);
            user
        }

        fn ping(&self, db: &Reference) -> Result<()> {
            if self.0.load(Ordering::SeqCst) {
                return Ok(());
            }
            db.ping()
        }
    }

    AnswersFromMemory (Mutex<BTreeMap<Uuid, User>>) "faults.unreachable": "Returns a user as last read when the storage cannot be reached." {
        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            let mut known = self.0.lock().expect("no panic while held");
            match db.get_user(id) {
                Err(error) => known.get(&id).cloned().map(Some).ok_or(error),
                Ok(found) => {
                    known.extend(found.iter().map(|user| (id, user.clone())));
                    Ok(found)
                }
            }
        }
    }

    MovesAddressInTwoSteps "faults.answer_late": "Frees a user's address, and takes the new one in a second step." {
        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            if let Change::Set(_) = changes.email {
                let free = UserChanges { email: Change::Clear, ..UserChanges::default() };
                db.update_user(id, &free)?;
            }
            db.update_user(id, changes)
        }
    }

    RotatesInTwoSteps "faults.answer_late": "Deletes a session whose token is changed, and creates it again in a second step." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let Some(token) = changes.session_token.clone() else {
                return db.update_session(session_token, changes);
            };
            let found = db.get_session_and_user(session_token)?;
            let Some((session, _)) = found else { return Ok(None) };
            db.delete_session(session_token)?;
            let rotated = Session { session_token: token, ..session };
            db.create_session(&rotated).map(|()| Some(rotated))
        }
    }

    SweepsInTwoSteps "faults.answer_late": "Deletes expired sessions, and everything else that has expired in a second step." {
        fn delete_expired(&self, db: &Reference, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
            let due = db.with(|model| {
                model.sessions.values().filter(|session| session.expires <= now).cloned().collect::<Vec<_>>()
            })?;
            let mut sessions = 0;
            for session in due.iter().take(limit as usize) {
                sessions += u64::from(db.delete_session(&session.session_token)?);
            }
            Ok(ExpiredCounts { sessions, ..db.delete_expired(now, limit)? })
        }
    }

    OneAnswerBehind (Behind) "faults.answers_in_step": "Keeps a connection that stays one answer behind after a call that timed out." {
        fn update_session(&self, db: &Reference, session_token: &str, changes: &SessionChanges) -> Result<Option<Session>> {
            let done = db.update_session(session_token, changes);
            if done.is_err() {
                *self.0.0.lock().expect("no panic while held") = Some(None);
            }
            done
        }

        fn get_session_and_user(&self, db: &Reference, session_token: &str) -> Result<Option<(Session, User)>> {
            let found = db.get_session_and_user(session_token)?;
            let mut behind = self.0.0.lock().expect("no panic while held");
            Ok(match behind.as_mut() {
                Some(answer) => std::mem::replace(answer, found),
                None => found,
            })
        }
    }

    KeepsInMemory "faults.killed_server": "Keeps what it has acknowledged in memory, and is empty when its server was killed." {
        fn killed(db: &Reference) {
            let _ = db.with(|model| *model = Default::default());
        }
    }

    LosesTheLast "faults.killed_server": "Saves what it has acknowledged a moment later, and loses the last sign-ups when its server is killed." {
        fn killed(db: &Reference) {
            // More than there are writers, so that not all of them are in progress and unacknowledged.
            let _ = db.with(|model| {
                for _ in 0..8 {
                    if let Some((id, _)) = model.users.pop_last() {
                        model.accounts.retain(|_, account| account.user_id != id);
                    }
                }
            });
        }
    }

    KeepsChallengesInMemory "faults.killed_server": "Saves everything but challenges." {
        fn killed(db: &Reference) {
            let _ = db.with(|model| model.challenges.clear());
        }
    }

    LosesScripts (Mutex<Option<bool>>) "faults.killed_server": "Loads a script once for each handle, and fails forever when a restarted server has lost it." {
        fn refresh_account(
            &self,
            db: &Reference,
            provider: &str,
            provider_account_id: &str,
            seen: Option<&str>,
            changes: &AccountChanges,
        ) -> Result<Option<Account>> {
            let restarted = db.get_user(RESTARTED)?.is_some();
            if *self.0.lock().expect("no panic while held").get_or_insert(restarted) != restarted {
                return Err(Error::backend("NOSCRIPT No matching script"));
            }
            db.refresh_account(provider, provider_account_id, seen, changes)
        }

        fn killed(db: &Reference) {
            let mark = User { id: RESTARTED, name: None, email: None, email_verified: None, image: None };
            let _ = db.create_user(&mark);
        }
    }

    OneKeySpace "storage.key_spaces": "Deletes the session whose token is the key of a challenge that is used." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            db.delete_session(key)?;
            db.use_challenge(key)
        }
    }

    DetailsOfTheUser "storage.key_spaces": "Clears the details of the session whose ID is that of a deleted user." {
        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            let deleted = db.delete_user(id)?;
            match db.update_session_details(id, &SessionDetailsChanges {
                ip: Change::Clear,
                user_agent: Change::Clear,
                ..Default::default()
            }) {
                Ok(_) | Err(Error::NotFound { .. }) => Ok(deleted),
                Err(error) => Err(error),
            }
        }
    }

    CredentialAsAccount "storage.key_spaces": "Rejects a passkey whose credential ID is the ID of another user's account." {
        fn create_authenticator(&self, db: &Reference, authenticator: &Authenticator) -> Result<()> {
            let id = &authenticator.credential_id;
            match db.get_account(id, id)? {
                Some(account) if account.user_id != authenticator.user_id => {
                    Err(Error::conflict(Constraint::AuthenticatorCredentialId))
                }
                _ => db.create_authenticator(authenticator),
            }
        }
    }

    SessionAsAccount "storage.key_spaces": "Rejects an account at the provider `session` whose ID there is a session's token." {
        fn link_account(&self, db: &Reference, account: &Account) -> Result<()> {
            if account.provider == "session" && db.get_session_and_user(&account.provider_account_id)?.is_some() {
                return Err(Error::conflict(Constraint::ProviderAccount));
            }
            db.link_account(account)
        }
    }

    AccountAsSession "storage.key_spaces": "Rejects a session whose token is the ID of an account at the provider `session`." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            if db.get_account("session", &session.session_token)?.is_some() {
                return Err(Error::conflict(Constraint::SessionToken));
            }
            db.create_session(session)
        }
    }

    EmailOfAnAccount "storage.key_spaces": "Rejects a user with an email address that an account of the kind `email` has." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            let taken = db.with(|model| model.accounts.values().any(|account| {
                account.kind == "email" && Some(&account.provider_account_id) == user.email.as_ref()
            }))?;
            if taken {
                return Err(Error::conflict(Constraint::UserEmail));
            }
            db.create_user(user)
        }
    }

    ChallengeAsAccount "storage.key_spaces": "Unlinks the account at the provider `challenge` whose ID there is the key of a challenge that is used." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            db.unlink_account("challenge", key)?;
            db.use_challenge(key)
        }
    }

    PasskeyAsAccount "storage.key_spaces": "Finds a user by a passkey, as if it were an account at the provider `passkey` or `webauthn`." {
        fn get_user_by_account(&self, db: &Reference, provider: &str, account: &str) -> Result<Option<User>> {
            match db.get_user_by_account(provider, account)? {
                None if matches!(provider, "passkey" | "webauthn") => db.with(|model| {
                    let passkey = model.get_authenticator(account)?;
                    model.get_user(passkey.user_id)
                }),
                found => Ok(found),
            }
        }
    }

    AccountAsEmail "storage.keys_of_other_columns": "Finds a user by the address in an account of the kind `email`." {
        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            db.with(|model| model.get_user_by_email(email).or_else(|| {
                let is_it = |account: &&Account| account.kind == "email" && account.provider_account_id == email;
                let account = model.accounts.values().find(is_it)?;
                model.get_user(account.user_id)
            }))
        }
    }

    SessionByItsId "storage.keys_of_other_columns": "Deletes a session by its ID, too." {
        fn delete_session(&self, db: &Reference, session_token: &str) -> Result<bool> {
            if let Ok(id) = session_token.parse::<Uuid>() {
                for user in db.list_users(None, u32::MAX)? {
                    if db.delete_session_of_user(user.id, id)? {
                        return Ok(true);
                    }
                }
            }
            db.delete_session(session_token)
        }
    }

    DetailsInOnePlace "storage.key_spaces": "Clears the details of a passkey with those of a session whose ID is its credential ID." {
        fn update_session_details(&self, db: &Reference, id: Uuid, changes: &SessionDetailsChanges) -> Result<bool> {
            if let Some(passkey) = db.get_authenticator(&id.to_string())? {
                db.update_authenticator_details(passkey.user_id, &passkey.credential_id, &AuthenticatorDetailsChanges {
                    name: Change::Clear,
                    ..Default::default()
                })?;
            }
            db.update_session_details(id, changes)
        }
    }

    CachesWhatIsReadOften (Mutex<BTreeMap<String, (u32, Option<User>)>>) "storage.often_read_is_current": "Remembers who has an email address once it was read fifty times." {
        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            let mut known = self.0.lock().expect("no panic while held");
            let (times, user) = known.entry(email.to_owned()).or_default();
            *times += 1;
            if *times <= 50 {
                *user = db.get_user_by_email(email)?;
            }
            Ok(user.clone())
        }
    }

    RemembersMissingEmail (Mutex<Vec<String>>) "storage.reads_are_current": "Remembers that no one has an email address." {
        fn get_user_by_email(&self, db: &Reference, email: &str) -> Result<Option<User>> {
            let mut missing = self.0.lock().expect("no panic while held");
            if missing.iter().any(|known| known == email) {
                return Ok(None);
            }
            let found = db.get_user_by_email(email)?;
            missing.extend(found.is_none().then(|| email.to_owned()));
            Ok(found)
        }
    }

    ClosesTheStorage (ClosesAll) "storage.handles_are_independent": "Closes the connections of all handles when one is dropped." {
        fn opened(&self, storage: &Reference) -> Reference {
            let _ = self.0.0.set(storage.clone());
            storage.clone()
        }

        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            if db.get_user(RESTARTED)?.is_some() {
                return Err(Error::unavailable("the connection is closed"));
            }
            db.update_user(id, changes)
        }
    }

    ExpiresOnItsOwn "storage.keeps_what_has_expired": "Deletes a challenge once it has expired, like a storage with a time to live." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            Ok(db.use_challenge(key)?.filter(|challenge| challenge.expires > OffsetDateTime::now_utc()))
        }
    }

    PrintsUnanswered "secrets.unanswered": "Prints the key of a challenge whose answer did not come." {
        fn create_challenge(&self, db: &Reference, challenge: &Challenge) -> Result<()> {
            db.create_challenge(challenge).map_err(|error| match error {
                Error::OutcomeUnknown { reason, .. } => Error::outcome_unknown(format!("{reason}: SET {}", challenge.key)),
                other => other,
            })
        }
    }

    PrintsInHex "secrets.refused": "Prints the taken session token in hexadecimal." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            let hex: String = session.session_token.bytes().map(|byte| format!("{byte:02x}")).collect();
            db.create_session(session).map_err(|error| Error::backend(format!("{error}: duplicate key {hex}")))
        }
    }

    PrintsInSpacedHex "secrets.refused": "Prints the taken session token in hexadecimal, byte by byte." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            let hex: Vec<String> = session.session_token.bytes().map(|byte| format!("{byte:02x}")).collect();
            db.create_session(session).map_err(|error| Error::backend(format!("{error}: duplicate key {}", hex.join(" "))))
        }
    }

    PrintsBytes "secrets.refused": "Prints the taken session token as a list of bytes." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            db.create_session(session).map_err(|error| {
                Error::backend(format!("{error}: duplicate key {:?}", session.session_token.as_bytes()))
            })
        }
    }

    PrintsRequest "secrets.refused": "Prints a request that was refused in Base64." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            let request = base64(&format!("SET {}", session.session_token));
            db.create_session(session).map_err(|error| Error::backend(format!("{error}: request {request}")))
        }
    }

    PrintsLongRequest "secrets.refused": "Prints a longer request that was refused in Base64." {
        fn create_session(&self, db: &Reference, session: &Session) -> Result<()> {
            let request = base64(&format!("HSET {}", session.session_token));
            db.create_session(session).map_err(|error| Error::backend(format!("{error}: request {request}")))
        }
    }

    PrintsAccount "secrets.unreachable": "Prints the account that could not be looked for." {
        fn get_account(&self, db: &Reference, provider: &str, account: &str) -> Result<Option<Account>> {
            db.get_account(provider, account).map_err(|error| Error::unavailable(format!("{error}: {provider}/{account}")))
        }
    }

    PrintsTakenEmail "secrets.refused": "Prints the taken email address." {
        fn create_user(&self, db: &Reference, user: &User) -> Result<()> {
            db.create_user(user).map_err(|error| Error::backend(format!("{error}: {:?}", user.email)))
        }
    }

    NumberOutOfStep (Mutex<Option<u64>>) "faults.answers_in_step": "Returns the number of a deletion that timed out to the next deletion of another kind." {
        fn delete_sessions_by_user_id(&self, db: &Reference, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
            let done = db.delete_sessions_by_user_id(user_id, keep);
            if matches!(done, Err(Error::OutcomeUnknown { .. })) {
                *self.0.lock().expect("no panic while held") = Some(2);
            }
            done
        }

        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            let deleted = db.delete_verification_tokens_by_identifier(identifier)?;
            Ok(self.0.lock().expect("no panic while held").take().unwrap_or(deleted))
        }
    }

    AnswerOutOfStep (Mutex<Option<bool>>) "faults.answers_in_step": "Returns whether a session was deleted, by a call that timed out, to the next deletion of a passkey." {
        fn delete_session(&self, db: &Reference, session_token: &str) -> Result<bool> {
            let done = db.delete_session(session_token);
            if matches!(done, Err(Error::OutcomeUnknown { .. })) {
                *self.0.lock().expect("no panic while held") = Some(true);
            }
            done
        }

        fn delete_authenticator(&self, db: &Reference, credential_id: &str) -> Result<bool> {
            let deleted = db.delete_authenticator(credential_id)?;
            Ok(self.0.lock().expect("no panic while held").take().unwrap_or(deleted))
        }
    }

    NothingToList "faults.unreachable": "Lists no users, without asking the storage, if the limit is 0." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            if limit == 0 {
                return Ok(Vec::new());
            }
            db.list_users(after, limit)
        }
    }

    NobodyIsGreater "faults.unreachable": "Lists no users, without asking the storage, after the greatest ID." {
        fn list_users(&self, db: &Reference, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
            if after == Some(Uuid::max()) {
                return Ok(Vec::new());
            }
            db.list_users(after, limit)
        }
    }

    SavesSignOutsLater "faults.killed_server": "Saves that a session was deleted only with the next row that is created." {
        fn delete_session(&self, db: &Reference, session_token: &str) -> Result<bool> {
            let session = db.with(|model| model.sessions.get(session_token).cloned())?;
            let deleted = db.delete_session(session_token)?;
            *UNSAVED.lock().expect("no panic while held") = session;
            Ok(deleted)
        }

        fn create_user_with_account(&self, db: &Reference, user: &User, account: &Account) -> Result<()> {
            let created = db.create_user_with_account(user, account);
            *UNSAVED.lock().expect("no panic while held") = None;
            created
        }

        fn killed(db: &Reference) {
            if let Some(session) = UNSAVED.lock().expect("no panic while held").take() {
                let _ = db.create_session(&session);
            }
        }
    }

    ChallengesInOnePlace "storage.isolated": "Keeps the challenges of all storages in one place." {
        fn create_challenge(&self, db: &Reference, challenge: &Challenge) -> Result<()> {
            db.create_challenge(challenge)?;
            CHALLENGES.lock().expect("no panic while held").insert(challenge.key.clone(), challenge.clone());
            Ok(())
        }

        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            let kept = CHALLENGES.lock().expect("no panic while held").remove(key);
            Ok(db.use_challenge(key)?.or(kept))
        }
    }

    DeletesTokensInMemory (AtClose) "storage.outlives_handles": "Forgets that the verification tokens of an identifier were deleted when it is opened again." {
        fn delete_verification_tokens_by_identifier(&self, db: &Reference, identifier: &str) -> Result<u64> {
            let mut tokens = db.with(|model| model.verification_tokens.clone())?;
            tokens.retain(|_, token| token.identifier == identifier);
            let kept = db.clone();
            self.0.add(move || tokens.values().for_each(|token| drop(kept.create_verification_token(token))));
            db.delete_verification_tokens_by_identifier(identifier)
        }
    }

    UsesChallengesInMemory (AtClose) "storage.outlives_handles": "Forgets that a challenge was used when it is opened again." {
        fn use_challenge(&self, db: &Reference, key: &str) -> Result<Option<Challenge>> {
            let used = db.use_challenge(key)?;
            if let Some(challenge) = used.clone() {
                let db = db.clone();
                self.0.add(move || drop(db.create_challenge(&challenge)));
            }
            Ok(used)
        }
    }
}
