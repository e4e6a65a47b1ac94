//! The trait that a database implements; its documentation is the contract.

use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Result;
use crate::migration::Migrator;
use crate::model::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Challenge, ExpiredCounts, Removal, Session, SessionChanges, SessionDetails,
    SessionDetailsChanges, User, UserChanges, VerificationToken,
};
use crate::pool::PoolState;
use crate::sql_value::{SqlRow, SqlValue};

/// Storage for the models: one method, one atomic step.
///
/// Applications call [`AuthStore`](crate::AuthStore), which holds a `Backend`. Implement this trait to keep the models
/// somewhere else: another database, a cache in front of one, a company's own storage. The suite
/// `authstore-conformance` certifies that an implementation keeps what is written here.
///
/// # What a backend may rely on
///
/// `AuthStore` has checked and completed every value. A backend never sees a NUL character; an empty key or one of more
/// than 255 characters; a credential id that is not 1 to 1,364 visible ASCII characters; a provider account id that is
/// neither a valid key nor a valid credential id; a string of more than 1,048,576 bytes; a time that is not in UTC, is
/// finer than a millisecond, or outside the years 1970 to 9999; a negative counter; a missing id. It never has to
/// create an id or read a clock. Lookups by a key that no row can have do not reach it.
///
/// # What every method guarantees
///
/// - **Values are returned unchanged**, byte for byte and to the millisecond: nothing is trimmed, folded, normalized or
///   truncated. `None` and `Some("")` are two values.
/// - **Keys are compared bytewise**: case, accents, trailing spaces and normalization forms make a difference.
/// - **Atomic**: each method is done completely or not at all, and no other caller sees half of it. Only of
///   [`delete_expired`](Backend::delete_expired) may others see the three kinds of rows deleted one after the other.
/// - **Durable and visible**: once a method has returned `Ok`, every later call sees what it did, through this handle
///   and through any other on the same storage, from any thread, and after a restart (unless the storage is memory).
/// - **Absent is not an error**: a lookup that finds nothing returns `Ok(None)`, `Ok(false)`, `Ok(0)` or an empty list.
///   It is [`Error::NotFound`](crate::Error::NotFound) only where a method says so.
/// - **Conflicts are named**: [`Error::Conflict`](crate::Error::Conflict) names the constraint that was violated. When
///   a row violates several, any of them may be named. When it violates one and also refers to a missing user, either
///   error may be returned.
/// - **The application's own constraints**, foreign keys and triggers, if the storage has them, are neither: a write
///   that they reject fails with [`Error::Rejected`](crate::Error::Rejected), with the name of what rejected it. For
///   example, when the application's own table refers to a user, [`delete_user`](Backend::delete_user) is `Rejected`,
///   not `NotFound(User)`.
/// - **A failed method wrote nothing**, except that after
///   [`Error::OutcomeUnknown`](crate::Error::OutcomeUnknown) all of it may have been written.
/// - **Reachable or not**: while the storage cannot be reached, every method fails with
///   [`Error::Unavailable`](crate::Error::Unavailable), or with `OutcomeUnknown` if it may have written something.
///   Reads are not answered from memory.
/// - **Bounded**: no method waits forever. A method that times out fails with
///   [`Error::Unavailable`](crate::Error::Unavailable) when nothing was written, otherwise with `OutcomeUnknown`.
///   Deadlocks, serialization failures and a busy database are retried inside, until the timeout.
/// - **A read shows one moment**: a list, a pair or a row is what it was at one moment between call and return, even
///   while rows move between users.
/// - **All strings of a row may have their full length at once**: 1,048,576 bytes each.
/// - **Secrets** (session tokens, verification tokens, the tokens of an account, challenges) never appear in an error
///   or its sources, not even encoded, escaped or in part. Neither do email addresses and names.
///
/// # Ways to sign in
///
/// [`unlink_account_of_user`](Backend::unlink_account_of_user) and
/// [`delete_authenticator_of_user`](Backend::delete_authenticator_of_user) can keep a user's last way to sign in. A
/// user's ways to sign in are the authenticators and the accounts of any type except `webauthn`. Auth.js stores an
/// account of that type with each authenticator, with the same `provider_account_id`, and the two count as one way. So
/// a row is the last way to sign in if the user has no other authenticator and no other account, apart from accounts of
/// type `webauthn`. An authenticator that belongs to the account being unlinked does not count as another.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend of authstore",
    label = "this is not a backend",
    note = "to turn options such as `SqliteOptions` into a backend, open them: `options.open()?`"
)]
pub trait Backend: Send + Sync + 'static {
    /// Returns a short name for the kind of storage, such as `sqlite`. Never a URL or anything secret.
    fn name(&self) -> &'static str;

    /// Stores a new user.
    ///
    /// `Conflict(UserId)` or `Conflict(UserEmail)` when another user has the id or the email address. Any number of
    /// users may have no email address.
    fn create_user(&self, user: &User) -> Result<()>;

    /// Returns the user with this id.
    fn get_user(&self, id: Uuid) -> Result<Option<User>>;

    /// Returns the user with this email address.
    fn get_user_by_email(&self, email: &str) -> Result<Option<User>>;

    /// Returns the user to whom this account at this provider is linked.
    fn get_user_by_account(
        &self,
        provider: &str,
        provider_account_id: &str,
    ) -> Result<Option<User>>;

    /// Returns at most `limit` users, in the byte order of their ids, beginning after the id `after`, or with the
    /// first.
    ///
    /// `after` need not be the id of a user. A `limit` of 0 returns no users.
    fn list_users(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<User>>;

    /// Writes the fields that `changes` names, and no others, and returns the row as this update left it.
    ///
    /// Two concurrent updates of different fields both survive. If `changes` names no field, the row is returned
    /// unchanged. `NotFound(User)` when there is no such user, whatever the changes; `Conflict(UserEmail)` when another
    /// user has the address; the user's own address is not a conflict.
    fn update_user(&self, id: Uuid, changes: &UserChanges) -> Result<User>;

    /// Deletes the user, with all the user's accounts, sessions and authenticators and their details, and no other
    /// user's. Returns whether there was one.
    ///
    /// A session, account or authenticator that is created for the user concurrently, or a session that is moved to
    /// the user, is either deleted with the user or fails with `NotFound(User)`; none is left without its user.
    fn delete_user(&self, id: Uuid) -> Result<bool>;

    /// Stores a new account of an existing user.
    ///
    /// `Conflict(AccountId)`; `Conflict(ProviderAccount)` when the pair of provider and provider account id is taken,
    /// by any user; `NotFound(User)` when there is no such user.
    fn link_account(&self, account: &Account) -> Result<()>;

    /// Stores a new user together with an account of that user (`account.user_id == user.id`): both or neither.
    ///
    /// Conflicts as for [`create_user`](Backend::create_user) and [`link_account`](Backend::link_account).
    fn create_user_with_account(&self, user: &User, account: &Account) -> Result<()>;

    /// Deletes an account, regardless of its user. Returns whether there was one.
    fn unlink_account(&self, provider: &str, provider_account_id: &str) -> Result<bool>;

    /// Deletes an account if it is this user's and, with `keep_last`, not the user's last [way to sign
    /// in](Backend#ways-to-sign-in).
    ///
    /// This is one step: of two concurrent calls with `keep_last` that would together remove the user's last two ways
    /// to sign in, one returns [`LastWayIn`](Removal::LastWayIn), also when one of them is
    /// [`delete_authenticator_of_user`](Backend::delete_authenticator_of_user). A concurrent call without `keep_last`
    /// is not taken into account.
    fn unlink_account_of_user(
        &self,
        user_id: Uuid,
        provider: &str,
        provider_account_id: &str,
        keep_last: bool,
    ) -> Result<Removal>;

    /// Returns the account with this id at this provider.
    fn get_account(&self, provider: &str, provider_account_id: &str) -> Result<Option<Account>>;

    /// Writes the fields that `changes` names, and no others, and returns the row as this update left it.
    ///
    /// Works like [`update_user`](Backend::update_user). `NotFound(Account)` when there is no such account.
    fn update_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        changes: &AccountChanges,
    ) -> Result<Account>;

    /// Works like [`update_account`](Backend::update_account), but only if the account's refresh token is still the one
    /// that the caller has seen (`None`: if it has none). Otherwise, or when there is no such account, returns `None`
    /// and writes nothing.
    ///
    /// When several concurrent callers have seen the same token and write a new one, exactly one gets the account.
    fn refresh_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        seen_refresh_token: Option<&str>,
        changes: &AccountChanges,
    ) -> Result<Option<Account>>;

    /// Returns all accounts of a user, sorted by provider, then by provider account id, in byte order. Empty for an
    /// unknown user.
    fn list_accounts_by_user_id(&self, user_id: Uuid) -> Result<Vec<Account>>;

    /// Stores a new session of an existing user.
    ///
    /// `Conflict(SessionId)`, `Conflict(SessionToken)`; `NotFound(User)` when there is no such user.
    fn create_session(&self, session: &Session) -> Result<()>;

    /// Returns the session with this token and its user, read in one step. An expired session is returned like any
    /// other.
    fn get_session_and_user(&self, session_token: &str) -> Result<Option<(Session, User)>>;

    /// Writes the fields that `changes` names, and no others, and returns the row as this update left it; `None` when
    /// there is no such session.
    ///
    /// Works like [`update_user`](Backend::update_user). `NotFound(User)` when the session exists and `changes` names a
    /// missing user; `Conflict(SessionToken)` when another session has the new token; the session's own token is not a
    /// conflict. When several concurrent callers replace the same token, exactly one finds the session. The session
    /// keeps its id and its details.
    fn update_session(
        &self,
        session_token: &str,
        changes: &SessionChanges,
    ) -> Result<Option<Session>>;

    /// Deletes a session with its details. Returns whether there was one: of several concurrent callers, one gets
    /// `true`.
    fn delete_session(&self, session_token: &str) -> Result<bool>;

    /// Works like [`delete_session`](Backend::delete_session), but by the session's id, and only if the session is this
    /// user's.
    fn delete_session_of_user(&self, user_id: Uuid, session_id: Uuid) -> Result<bool>;

    /// Returns all sessions of a user, including expired ones: the latest `expires` first, then in the byte order of
    /// their ids. Empty for an unknown user.
    fn list_sessions_by_user_id(&self, user_id: Uuid) -> Result<Vec<Session>>;

    /// Works like [`list_sessions_by_user_id`](Backend::list_sessions_by_user_id), but returns each session with its
    /// details, read in one step.
    fn list_sessions_with_details_by_user_id(
        &self,
        user_id: Uuid,
    ) -> Result<Vec<(Session, SessionDetails)>>;

    /// Deletes all sessions of a user except the one with the token `keep`, and returns how many it deleted.
    ///
    /// If `keep` is the token of no session, or of another user's, nothing is kept. For an unknown user, returns 0. A
    /// session that is created for this user, or given to it by `update_session`, while this runs may remain. One that
    /// another caller deletes is counted once.
    fn delete_sessions_by_user_id(&self, user_id: Uuid, keep: Option<&str>) -> Result<u64>;

    /// Returns the details of the session with this id; all are `None` when none were stored or there is no such
    /// session.
    fn get_session_details(&self, session_id: Uuid) -> Result<SessionDetails>;

    /// Writes the details that `changes` names, and no others, without touching the session itself. Returns whether
    /// there is such a session; when there is none, nothing is written.
    ///
    /// Two concurrent updates of different fields both survive. If the session is deleted concurrently, its details are
    /// deleted too.
    fn update_session_details(
        &self,
        session_id: Uuid,
        changes: &SessionDetailsChanges,
    ) -> Result<bool>;

    /// Stores a new verification token.
    ///
    /// `Conflict(VerificationToken)` when the token exists, whatever its identifier.
    fn create_verification_token(&self, verification_token: &VerificationToken) -> Result<()>;

    /// Deletes the verification token and returns it, once: of any number of concurrent callers exactly one gets it.
    ///
    /// `None` when no token has both this identifier and this value; a token with another identifier is not
    /// touched. An expired token is deleted and returned like any other.
    fn use_verification_token(
        &self,
        identifier: &str,
        token: &str,
    ) -> Result<Option<VerificationToken>>;

    /// Deletes all verification tokens of an identifier, including expired ones. Returns how many it deleted. A token
    /// that is created while this runs may remain. One that another caller uses is counted once.
    fn delete_verification_tokens_by_identifier(&self, identifier: &str) -> Result<u64>;

    /// Stores a new authenticator of an existing user.
    ///
    /// `Conflict(AuthenticatorCredentialId)` when the credential id is taken, by any user; `NotFound(User)` when
    /// there is no such user.
    fn create_authenticator(&self, authenticator: &Authenticator) -> Result<()>;

    /// Stores a new user together with an authenticator of that user (`authenticator.user_id == user.id`): both or
    /// neither.
    ///
    /// Conflicts as for [`create_user`](Backend::create_user) and
    /// [`create_authenticator`](Backend::create_authenticator).
    fn create_user_with_authenticator(
        &self,
        user: &User,
        authenticator: &Authenticator,
    ) -> Result<()>;

    /// Returns the authenticator with this credential id.
    fn get_authenticator(&self, credential_id: &str) -> Result<Option<Authenticator>>;

    /// Returns all authenticators of a user, in the byte order of their credential ids. Empty for an unknown user.
    fn list_authenticators_by_user_id(&self, user_id: Uuid) -> Result<Vec<Authenticator>>;

    /// Works like [`list_authenticators_by_user_id`](Backend::list_authenticators_by_user_id), but returns each
    /// authenticator with its details, read in one step.
    fn list_authenticators_with_details_by_user_id(
        &self,
        user_id: Uuid,
    ) -> Result<Vec<(Authenticator, AuthenticatorDetails)>>;

    /// Sets the counter, whatever it was, and returns the row as this update left it. `NotFound(Authenticator)` when
    /// there is none.
    fn update_authenticator_counter(
        &self,
        credential_id: &str,
        counter: i64,
    ) -> Result<Authenticator>;

    /// Records that the authenticator was used, and returns the row as this update left it: sets the counter and
    /// whether the credential is backed up, if the counter is greater than the stored one or both are zero
    /// ([WebAuthn](https://www.w3.org/TR/webauthn-3/#sctn-sign-counter)).
    ///
    /// Otherwise `Conflict(AuthenticatorCounter)`, and nothing is written. `NotFound(Authenticator)` when there is
    /// none. Of several concurrent callers with one counter that is not zero, exactly one succeeds. The details are not
    /// touched.
    fn use_authenticator(
        &self,
        credential_id: &str,
        counter: i64,
        backed_up: bool,
    ) -> Result<Authenticator>;

    /// Deletes an authenticator with its details, regardless of its user. Returns whether there was one.
    fn delete_authenticator(&self, credential_id: &str) -> Result<bool>;

    /// Deletes an authenticator with its details, if it is this user's and, with `keep_last`, not the user's last [way
    /// to sign in](Backend#ways-to-sign-in). Works like [`unlink_account_of_user`](Backend::unlink_account_of_user).
    fn delete_authenticator_of_user(
        &self,
        user_id: Uuid,
        credential_id: &str,
        keep_last: bool,
    ) -> Result<Removal>;

    /// Writes the details that `changes` names, and no others, without touching the authenticator itself. Returns
    /// whether this user has such an authenticator; another user's is not touched. Works like
    /// [`update_session_details`](Backend::update_session_details).
    fn update_authenticator_details(
        &self,
        user_id: Uuid,
        credential_id: &str,
        changes: &AuthenticatorDetailsChanges,
    ) -> Result<bool>;

    /// Stores a new challenge. `Conflict(ChallengeKey)` when the key is taken.
    fn create_challenge(&self, challenge: &Challenge) -> Result<()>;

    /// Deletes the challenge and returns it, once: of any number of concurrent callers exactly one gets it. An expired
    /// challenge is deleted and returned like any other.
    fn use_challenge(&self, key: &str) -> Result<Option<Challenge>>;

    /// Deletes sessions, verification tokens and challenges with `expires <= now`: the oldest first, and `limit` of
    /// each, or all when there are fewer.
    ///
    /// `now` is the only clock. Of rows with the same `expires`, any may go first; a `limit` of 0 deletes none.
    /// Together, concurrent callers count each row once; they may skip rows that another has locked. A session that is
    /// extended concurrently is either kept, or was deleted first. Others may see the three kinds deleted one after the
    /// other, but a sweep that fails has deleted nothing or, with `OutcomeUnknown`, perhaps everything.
    fn delete_expired(&self, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts>;

    /// Checks that the database answers, in one round trip.
    fn ping(&self) -> Result<()>;

    /// Begins a transaction for [`AuthStore::transaction`](crate::AuthStore::transaction); `None` for a storage that
    /// has no transactions.
    ///
    /// Inside a transaction, fails with [`Error::Invalid`](crate::Error::Invalid) for `transaction`: transactions
    /// cannot be nested.
    fn begin(&self) -> Result<Option<Box<dyn BackendTransaction>>>;

    /// Returns the migrator for the schema of this storage; `None` for a storage that has no schema.
    ///
    /// Implement [`Target`](crate::migration::Target) to run your own migrations with [`Migrator`].
    fn migrator(&self) -> Option<Migrator>;

    /// Returns the state of the pool of connections, without waiting; `None` for a storage that has no pool.
    fn pool_state(&self) -> Option<PoolState>;
}

/// An open transaction of a [`Backend`].
pub trait BackendTransaction: Send {
    /// Returns the operations, as part of the transaction. Once it has ended, they fail with
    /// [`Error::Invalid`](crate::Error::Invalid).
    fn backend(&self) -> Arc<dyn Backend>;

    /// Runs a statement, and returns how many rows it changed. If it fails, only what it did is undone, and the
    /// transaction stays open. If that is impossible (the connection is lost, or
    /// [`may_repeat`](BackendTransaction::may_repeat) returns `true`), every later call fails, including the commit. The
    /// errors are those of [`Transaction::execute`](crate::Transaction::execute).
    fn execute(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<u64>;

    /// Works like [`execute`](BackendTransaction::execute), but returns the rows.
    fn query(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<Vec<SqlRow>>;

    /// Commits everything, or nothing. [`Error::OutcomeUnknown`](crate::Error::OutcomeUnknown) when it is unknown
    /// which.
    fn commit(&self) -> Result<()>;

    /// Undoes everything. Does nothing when the transaction has ended.
    fn roll_back(&self);

    /// Returns whether the transaction failed only because of a conflict with others, so that running it again may
    /// succeed.
    fn may_repeat(&self) -> bool;
}
