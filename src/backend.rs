//! The trait that a database implements; its documentation is the contract.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Result;
use crate::migration::Migrator;
use crate::model::{
    Account, AccountChanges, Authenticator, ExpiredCounts, Session, SessionChanges, User,
    UserChanges, VerificationToken,
};
use crate::pool::PoolState;

/// Storage for the five models: one method, one atomic step.
///
/// Applications call [`AuthStore`](crate::AuthStore), which holds a `Backend`. Implement this trait to keep the models
/// somewhere else: another database, a cache in front of one, a company's own storage. The suite
/// `authstore-conformance` certifies that an implementation keeps what is written here.
///
/// # What a backend may rely on
///
/// `AuthStore` has checked and completed every value. A backend never sees a NUL character; an empty key or one of more
/// than 255 characters; a credential id of other than 1 to 1,364 characters of base64url; a text of more than
/// 1,048,576 bytes; a time that is not in UTC, is finer than a millisecond, or outside the years 1970 to 9999; a
/// negative counter; a missing id. It never has to make an id or to ask a clock.
///
/// # What holds for every method
///
/// - **Values come back as they were given**, byte for byte and to the millisecond: nothing is trimmed, folded,
///   normalized or truncated. `None` and `Some("")` are two values.
/// - **Keys are compared by their bytes**: case, accents, trailing spaces and normalization forms make a difference.
/// - **Atomic**: each method is wholly done or not at all, and no other caller sees half of it;
///   [`delete_expired`](Backend::delete_expired) alone may do its two halves one after the other.
/// - **Durable and visible**: once a method has returned `Ok`, every later call sees what it did, through this handle
///   and through any other on the same storage, from any thread, and after a restart (unless the storage is memory).
/// - **Absent is not an error**: to look for something and not find it is `Ok(None)`, `Ok(false)`, `Ok(0)` or an empty
///   list.
///   Only where a method says so is it [`Error::NotFound`](crate::Error::NotFound).
/// - **Conflicts are named**: [`Error::Conflict`](crate::Error::Conflict) carries the uniqueness that was hit. When a
///   row hits several, any of them may be named. When it hits one and refers to a missing user as well, either error
///   may be given.
/// - **The application's own constraints**, foreign keys and triggers, where the storage has such things, are neither:
///   a write that they refuse is [`Error::Rejected`](crate::Error::Rejected), with the name of what refused it. A foreign
///   key of the application's that refers to a user, for one, makes [`delete_user`](Backend::delete_user) `Rejected`, not
///   `NotFound(User)`.
/// - **A failed method wrote nothing**, except that after
///   [`Error::OutcomeUnknown`](crate::Error::OutcomeUnknown) all of it may have been written.
/// - **Reachable or not**: while the storage cannot be reached, every method is
///   [`Error::Unavailable`](crate::Error::Unavailable), and reads are not answered from memory.
/// - **Bounded**: no method waits for ever. What could not be done in time is
///   [`Error::Unavailable`](crate::Error::Unavailable) when nothing was written, else `OutcomeUnknown`. Deadlocks,
///   serialization failures and a busy database are dealt with inside, as long as the time lasts.
/// - **Secrets** (session tokens, verification tokens, the tokens of an account) never appear in an error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend of authstore",
    label = "this is not a backend",
    note = "to turn options such as `SqliteOptions` into a backend, open them: `options.open()?`"
)]
pub trait Backend: Send + Sync + 'static {
    /// A short name for the kind of storage, such as `sqlite`. Never a URL or anything else that is secret.
    fn name(&self) -> &'static str;

    /// Stores a new user.
    ///
    /// `Conflict(UserId)` or `Conflict(UserEmail)` when another user has the id or the e-mail address. Any number of
    /// users may have no e-mail address.
    fn create_user(&self, user: &User) -> Result<()>;

    /// The user with this id.
    fn get_user(&self, id: Uuid) -> Result<Option<User>>;

    /// The user with this e-mail address.
    fn get_user_by_email(&self, email: &str) -> Result<Option<User>>;

    /// The user to whom this account at this provider is linked.
    fn get_user_by_account(
        &self,
        provider: &str,
        provider_account_id: &str,
    ) -> Result<Option<User>>;

    /// Writes the fields that `changes` names, and no others, and returns the row as this update left it.
    ///
    /// Two updates of different fields at the same time both survive. Changes that name no field return the row.
    /// `NotFound(User)` when there is no such user, whatever the changes; `Conflict(UserEmail)` when another user has the
    /// address; the user's own address is no conflict.
    fn update_user(&self, id: Uuid, changes: &UserChanges) -> Result<User>;

    /// Deletes the user, with all the user's accounts, sessions and authenticators, and nobody else's. Returns whether
    /// there was one.
    ///
    /// A session, account or authenticator that is created for the user at the same time, or a session that is moved to
    /// the user, is either deleted along or refused with `NotFound(User)`; none is left without its user.
    fn delete_user(&self, id: Uuid) -> Result<bool>;

    /// Stores a new account of an existing user.
    ///
    /// `Conflict(AccountId)`; `Conflict(ProviderAccount)` when the pair of provider and provider account id is taken,
    /// whoever has it; `NotFound(User)` when there is no such user.
    fn link_account(&self, account: &Account) -> Result<()>;

    /// Stores a new user together with an account of that user (`account.user_id == user.id`), both or neither.
    ///
    /// Conflicts as for [`create_user`](Backend::create_user) and [`link_account`](Backend::link_account).
    fn create_user_with_account(&self, user: &User, account: &Account) -> Result<()>;

    /// Deletes an account. Returns whether there was one.
    fn unlink_account(&self, provider: &str, provider_account_id: &str) -> Result<bool>;

    /// The account with this id at this provider.
    fn get_account(&self, provider: &str, provider_account_id: &str) -> Result<Option<Account>>;

    /// Writes the fields that `changes` names, and no others, and returns the row as this update left it.
    ///
    /// As [`update_user`](Backend::update_user). `NotFound(Account)` when there is no such account.
    fn update_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        changes: &AccountChanges,
    ) -> Result<Account>;

    /// All accounts of a user, by provider, then by provider account id, in the order of their bytes. Empty for an
    /// unknown user.
    fn list_accounts_by_user_id(&self, user_id: Uuid) -> Result<Vec<Account>>;

    /// Stores a new session of an existing user.
    ///
    /// `Conflict(SessionId)`, `Conflict(SessionToken)`; `NotFound(User)` when there is no such user.
    fn create_session(&self, session: &Session) -> Result<()>;

    /// The session with this token and its user, read in one step. An expired session is returned as any other.
    fn get_session_and_user(&self, session_token: &str) -> Result<Option<(Session, User)>>;

    /// Writes the fields that `changes` names, and no others, and returns the row as this update left it; `None` when
    /// there is no such session.
    ///
    /// As [`update_user`](Backend::update_user). `NotFound(User)` when the session is there and `changes` names a user who
    /// is not.
    fn update_session(
        &self,
        session_token: &str,
        changes: &SessionChanges,
    ) -> Result<Option<Session>>;

    /// Deletes a session. Returns whether there was one: of several callers at the same time, one is told `true`.
    fn delete_session(&self, session_token: &str) -> Result<bool>;

    /// All sessions of a user, expired ones too: the latest `expires` first, then by id, in the order of its
    /// bytes. Empty for an unknown user.
    fn list_sessions_by_user_id(&self, user_id: Uuid) -> Result<Vec<Session>>;

    /// Deletes all sessions of a user but the one with the token `keep`, and returns how many it deleted.
    ///
    /// A `keep` that is nobody's, or another user's, keeps nothing. An unknown user has no sessions: 0.
    fn delete_sessions_by_user_id(&self, user_id: Uuid, keep: Option<&str>) -> Result<u64>;

    /// Stores a new verification token.
    ///
    /// `Conflict(VerificationToken)` when the token exists, whatever its identifier.
    fn create_verification_token(&self, verification_token: &VerificationToken) -> Result<()>;

    /// Deletes the verification token and returns it, once: of any number of callers at the same time exactly one gets
    /// it.
    ///
    /// `None` when no token has both this identifier and this value; a token with another identifier stays where it
    /// is. An expired token is deleted and returned as any other.
    fn use_verification_token(
        &self,
        identifier: &str,
        token: &str,
    ) -> Result<Option<VerificationToken>>;

    /// Stores a new authenticator of an existing user.
    ///
    /// `Conflict(AuthenticatorCredentialId)` when the credential id is taken, whoever has it; `NotFound(User)` when
    /// there is no such user.
    fn create_authenticator(&self, authenticator: &Authenticator) -> Result<()>;

    /// The authenticator with this credential id.
    fn get_authenticator(&self, credential_id: &str) -> Result<Option<Authenticator>>;

    /// All authenticators of a user, by credential id, in the order of its bytes. Empty for an unknown user.
    fn list_authenticators_by_user_id(&self, user_id: Uuid) -> Result<Vec<Authenticator>>;

    /// Sets the counter and returns the row as this update left it. `NotFound(Authenticator)` when there is none.
    fn update_authenticator_counter(
        &self,
        credential_id: &str,
        counter: i64,
    ) -> Result<Authenticator>;

    /// Deletes an authenticator. Returns whether there was one.
    fn delete_authenticator(&self, credential_id: &str) -> Result<bool>;

    /// Deletes sessions and verification tokens with `expires <= now`: the oldest first, and `limit` of each, or all when
    /// there are fewer.
    ///
    /// `now` is the only clock. Of rows with the same `expires`, any may go first; a `limit` of 0 deletes none.
    /// Several callers at the same time count each row once between them, and may pass over rows that another has in
    /// hand. A session that is given more time meanwhile is spared, or was deleted before. The sessions and the tokens may be deleted in
    /// two steps, each of them atomic.
    fn delete_expired(&self, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts>;

    /// Asks the database for an answer, in one round trip.
    fn ping(&self) -> Result<()>;

    /// What brings the schema of this storage up to date; `None` for a storage that has no schema.
    ///
    /// Implement [`Target`](crate::migration::Target) to have a schema of your own run by [`Migrator`].
    fn migrator(&self) -> Option<Migrator>;

    /// Returns the state of the pool of connections, without waiting; `None` for a storage that has no pool.
    fn pool_state(&self) -> Option<PoolState>;
}
