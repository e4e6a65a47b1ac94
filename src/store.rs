//! `AuthStore`: what an application calls.

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::backend::Backend;
use crate::error::{Entity, Error, Result};
use crate::migration::{Migrator, Step};
use crate::model::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Challenge, Change, ExpiredCounts, NewAccount, NewSession, NewUser, Removal, Session,
    SessionChanges, SessionDetails, SessionDetailsChanges, User, UserChanges, VerificationToken,
    account_strings,
};
use crate::observe::{Observation, Observed};
use crate::pool::PoolState;
use crate::{url, validate};

/// A store of users, accounts, sessions, verification tokens, authenticators and challenges.
///
/// The type is the same for every database. Cloning it is cheap, and all clones share one pool of connections; it can
/// be used from any number of threads. Every method blocks until the database has answered or a time limit has elapsed;
/// in an async program, call it through `spawn_blocking`.
///
/// Every value to write is checked before anything is sent, and [`Error::Invalid`] names the field that is invalid: a
/// *key* has 1 to 255 characters, a *text* up to 1,048,576 bytes, a *credential id* 1 to 1,364 visible ASCII
/// characters, a *provider account id* is a key or a credential id, and none contains a NUL character; times are in the
/// years 1970 to 9999 and are truncated to milliseconds. A lookup, a deletion or a use by a key that no row can have
/// (empty, too long, with a NUL) finds nothing: it is not an error, and nothing is sent.
///
/// Every method may also return [`Error::Unavailable`], [`Error::Migration`] (when the schema is missing) and
/// [`Error::Backend`]; every method that writes, [`Error::OutcomeUnknown`] and [`Error::Rejected`] (by a constraint or
/// trigger of your own). Unless its documentation says otherwise, a method is one atomic step: a method that fails has
/// written nothing, except that after [`Error::OutcomeUnknown`] everything may have been written. If another program
/// stored a value that cannot be read, a change of its row may fail with [`Error::Backend`] after it was written; the
/// error then reports that.
#[derive(Clone)]
pub struct AuthStore {
    pub(crate) backend: Arc<dyn Backend>,
}

impl AuthStore {
    /// Opens the database at this URL.
    ///
    /// | URL | database | feature |
    /// |---|---|---|
    /// | `sqlite:auth.db`, `sqlite:/var/lib/app/auth.db` | a SQLite file, created if it is missing | `sqlite` |
    /// | `sqlite::memory:` | a SQLite database in memory, which ends with the last clone of the store | `sqlite` |
    /// | `mysql://user:password@host:3306/auth`, `mariadb://...` | a MySQL or MariaDB database, whichever the server is | `mysql` |
    /// | `postgres://user:password@host:5432/auth` | a database on a PostgreSQL server | `postgres` |
    ///
    /// Options follow as a query, such as `sqlite:auth.db?pool_size=4&busy_timeout_ms=2000`; the `FromStr` of each
    /// database's options lists them.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for an invalid URL or option, or a database whose feature is off; [`Error::Unavailable`] or
    /// [`Error::Backend`] when the database cannot be opened.
    pub fn connect(url: &str) -> Result<Self> {
        url::check(url)?;
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        match scheme {
            #[cfg(feature = "sqlite")]
            "sqlite" => Ok(Self::new(url.parse::<crate::SqliteOptions>()?.open()?)),
            #[cfg(not(feature = "sqlite"))]
            "sqlite" => Err(feature_is_off("sqlite")),
            #[cfg(feature = "mysql")]
            "mysql" | "mariadb" => Ok(Self::new(url.parse::<crate::MysqlOptions>()?.open()?)),
            #[cfg(not(feature = "mysql"))]
            "mysql" | "mariadb" => Err(feature_is_off("mysql")),
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => {
                Ok(Self::new(url.parse::<crate::PostgresOptions>()?.open()?))
            }
            #[cfg(not(feature = "postgres"))]
            "postgres" | "postgresql" => Err(feature_is_off("postgres")),
            _ => Err(Error::invalid(
                "url",
                "must begin with sqlite:, postgres:// or mysql://",
            )),
        }
    }

    /// Works like [`connect`](AuthStore::connect), but leaves a SQLite file as it is: the file is not created, keeps its
    /// journal mode, and need not be writable. For the command's tasks that only read; nothing can be written.
    ///
    /// # Errors
    ///
    /// Those of [`connect`](AuthStore::connect).
    #[doc(hidden)]
    pub fn connect_to_inspect(url: &str) -> Result<Self> {
        #[cfg(feature = "sqlite")]
        if url.starts_with("sqlite:") {
            url::check(url)?;
            let options = url.parse::<crate::SqliteOptions>()?;
            return Ok(Self::new(options.inspecting().open()?));
        }
        Self::connect(url)
    }

    /// Creates a store on any [`Backend`].
    pub fn new(backend: impl Backend) -> Self {
        AuthStore {
            backend: Arc::new(Observed::new(backend, None)),
        }
    }

    /// Calls `observer` at the end of every operation that reaches the backend, on the thread that called the operation
    /// and before it returns. Observers are added, not replaced. Clones made before are not observed.
    ///
    /// The [`Observation`] says what a call cost and how it ended, but contains no values. Migrations are not observed:
    /// they return their own reports. Of a [`transaction`](AuthStore::transaction), the beginning and each operation
    /// are observed, but not the application's own SQL and not the commit: log the error that it returns. See
    /// [`observe`](crate::observe) for logging.
    #[must_use]
    pub fn observe(self, observer: impl Fn(&Observation<'_>) + Send + Sync + 'static) -> Self {
        AuthStore {
            backend: Arc::new(Observed::new(self.backend, Some(Arc::new(observer)))),
        }
    }

    /// Returns the [name](Backend::name) of the backend.
    pub(crate) fn backend_name(&self) -> &'static str {
        self.backend.name()
    }

    /// Returns the state of the pool of connections, without waiting. Use it for a health check, with
    /// [`ping`](AuthStore::ping). `None` for a backend that has no pool.
    pub fn pool_state(&self) -> Option<PoolState> {
        self.backend.pool_state()
    }

    /// Applies all pending migrations, and returns those that it applied.
    ///
    /// Any number of processes may do this concurrently: each migration is applied once. For everything else about
    /// migrations, see [`migrator`](AuthStore::migrator).
    ///
    /// # Errors
    ///
    /// [`Error::Migration`] if this program cannot continue the database's history (nothing is changed then) or a
    /// migration failed (those before it stay); [`Error::Unavailable`] if another process holds the lock for more than
    /// 60 seconds.
    pub fn migrate(&self) -> Result<Vec<Step>> {
        self.migrator()
            .map_or_else(|| Ok(Vec::new()), |migrator| migrator.up())
    }

    /// Returns the migrator, which shows and changes the version of the schema; `None` for a backend that has no
    /// schema.
    pub fn migrator(&self) -> Option<Migrator> {
        self.backend.migrator()
    }

    /// Creates a user and returns it as stored, with a new id (UUID v7) if none was given.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`UserId`](crate::Constraint::UserId) or [`UserEmail`](crate::Constraint::UserEmail).
    pub fn create_user(&self, user: NewUser) -> Result<User> {
        let user = complete_user(user)?;
        self.backend.create_user(&user)?;
        Ok(user)
    }

    /// Returns the user with this id.
    pub fn get_user(&self, id: Uuid) -> Result<Option<User>> {
        self.backend.get_user(id)
    }

    /// Returns the user with this email address, compared bytewise. To treat `Ada@x.org` and `ada@x.org` as one
    /// address, normalize addresses before you store them and before you look them up.
    pub fn get_user_by_email(&self, email: &str) -> Result<Option<User>> {
        if !validate::can_be_key(email) {
            return Ok(None);
        }
        self.backend.get_user_by_email(email)
    }

    /// Returns the user to whom this account is linked.
    pub fn get_user_by_account(
        &self,
        provider: &str,
        provider_account_id: &str,
    ) -> Result<Option<User>> {
        if !validate::can_be_account(provider, provider_account_id) {
            return Ok(None);
        }
        self.backend
            .get_user_by_account(provider, provider_account_id)
    }

    /// Returns a page of all users, by id: at most `limit`, beginning after the id `after`, or with the first. Pass the
    /// last id of one page to get the next; the last page has fewer than `limit`.
    pub fn list_users(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<User>> {
        self.backend.list_users(after, limit)
    }

    /// Changes the named fields of a user and no others, in one atomic step, and returns the user as this update left
    /// it. Concurrent updates of different fields all survive. Without any change, it only returns the user.
    ///
    /// A new `email` leaves `email_verified` as it is: set or clear it too.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such user; [`Error::Conflict`] over
    /// [`UserEmail`](crate::Constraint::UserEmail).
    pub fn update_user(&self, id: Uuid, mut changes: UserChanges) -> Result<User> {
        validate::optional_text("name", changes.name.value())?;
        if let Some(email) = changes.email.value() {
            validate::key("email", email)?;
        }
        changes.email_verified =
            validate::change_of_time("email_verified", changes.email_verified)?;
        validate::optional_text("image", changes.image.value())?;
        self.backend.update_user(id, &changes)
    }

    /// Deletes a user with all accounts, sessions and authenticators, in one atomic step. Returns whether there was
    /// one.
    ///
    /// Verification tokens belong to an identifier, not to a user, and stay: delete them with
    /// [`delete_verification_tokens_by_identifier`](AuthStore::delete_verification_tokens_by_identifier), and those of
    /// [`SignIn`](crate::signin::SignIn) with [`void_email_tokens`](crate::signin::SignIn::void_email_tokens) and
    /// [`void_email_changes`](crate::signin::SignIn::void_email_changes).
    pub fn delete_user(&self, id: Uuid) -> Result<bool> {
        self.backend.delete_user(id)
    }

    /// Links an account to an existing user, and returns it as stored, with a new id (UUID v7) if none was given.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`ProviderAccount`](crate::Constraint::ProviderAccount) when this user or another
    /// already has the account, or over [`AccountId`](crate::Constraint::AccountId); [`Error::NotFound`] when there is
    /// no such user.
    pub fn link_account(&self, user_id: Uuid, account: NewAccount) -> Result<Account> {
        let account = complete_account(user_id, account)?;
        self.backend.link_account(&account)?;
        Ok(account)
    }

    /// Creates a user together with the account that the user signs in with: both or neither.
    ///
    /// With two calls instead, a failure between them would leave a user who can never sign in, and whose email address
    /// is taken.
    ///
    /// # Errors
    ///
    /// Those of [`create_user`](AuthStore::create_user) and [`link_account`](AuthStore::link_account), except
    /// [`Error::NotFound`].
    pub fn create_user_with_account(
        &self,
        user: NewUser,
        account: NewAccount,
    ) -> Result<(User, Account)> {
        let user = complete_user(user)?;
        let account = complete_account(user.id, account)?;
        self.backend.create_user_with_account(&user, &account)?;
        Ok((user, account))
    }

    /// Deletes an account, regardless of its user. Returns whether there was one. To act for a user who is signed in,
    /// use [`unlink_account_of_user`](AuthStore::unlink_account_of_user).
    pub fn unlink_account(&self, provider: &str, provider_account_id: &str) -> Result<bool> {
        if !validate::can_be_account(provider, provider_account_id) {
            return Ok(false);
        }
        self.backend.unlink_account(provider, provider_account_id)
    }

    /// Deletes an account if it is this user's and, with `keep_last`, not the user's last way to sign in, in one atomic
    /// step.
    ///
    /// A user's ways to sign in are the user's passkeys, and the user's accounts except those of the kind `webauthn`:
    /// Auth.js stores one of these with each passkey, and the two count as one way. A link by email does not count. Of
    /// two concurrent calls with `keep_last` that would together remove the last two ways, one returns
    /// [`Removal::LastWayIn`].
    pub fn unlink_account_of_user(
        &self,
        user_id: Uuid,
        provider: &str,
        provider_account_id: &str,
        keep_last: bool,
    ) -> Result<Removal> {
        if !validate::can_be_account(provider, provider_account_id) {
            return Ok(Removal::Absent);
        }
        self.backend
            .unlink_account_of_user(user_id, provider, provider_account_id, keep_last)
    }

    /// Returns the account with this id at this provider.
    pub fn get_account(
        &self,
        provider: &str,
        provider_account_id: &str,
    ) -> Result<Option<Account>> {
        if !validate::can_be_account(provider, provider_account_id) {
            return Ok(None);
        }
        self.backend.get_account(provider, provider_account_id)
    }

    /// Changes the named fields of an account and no others, as [`update_user`](AuthStore::update_user) does. To store
    /// tokens that a provider has refreshed, use [`refresh_account`](AuthStore::refresh_account).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such account.
    pub fn update_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        changes: AccountChanges,
    ) -> Result<Account> {
        check_account_changes(&changes)?;
        if !validate::can_be_account(provider, provider_account_id) {
            return Err(Error::not_found(Entity::Account));
        }
        self.backend
            .update_account(provider, provider_account_id, &changes)
    }

    /// Works like [`update_account`](AuthStore::update_account), but only if the account's refresh token is still the
    /// one that the caller has seen (`None`: if it has none), in one atomic step. Otherwise, returns `None` and writes
    /// nothing.
    ///
    /// A provider that rotates refresh tokens accepts each one once. If several callers refresh one token concurrently,
    /// only the one whose exchange succeeded should store its result; here, only the first one can. The others get
    /// `None`, as does a caller whose account has been unlinked. To read what was written, use
    /// [`get_account`](AuthStore::get_account).
    pub fn refresh_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        seen_refresh_token: Option<&str>,
        changes: AccountChanges,
    ) -> Result<Option<Account>> {
        check_account_changes(&changes)?;
        if !validate::can_be_account(provider, provider_account_id)
            || !seen_refresh_token.is_none_or(validate::can_be_text)
        {
            return Ok(None);
        }
        self.backend
            .refresh_account(provider, provider_account_id, seen_refresh_token, &changes)
    }

    /// Returns all accounts of a user, sorted by provider, then by provider account id, in byte order.
    pub fn list_accounts_by_user_id(&self, user_id: Uuid) -> Result<Vec<Account>> {
        self.backend.list_accounts_by_user_id(user_id)
    }

    /// Creates a session of an existing user, and returns it as stored, with a new id (UUID v7) if none was given.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`SessionToken`](crate::Constraint::SessionToken) or
    /// [`SessionId`](crate::Constraint::SessionId); [`Error::NotFound`] when there is no such user.
    pub fn create_session(&self, session: NewSession) -> Result<Session> {
        validate::key("session_token", &session.session_token)?;
        let session = Session {
            id: session.id.unwrap_or_else(Uuid::now_v7),
            user_id: session.user_id,
            session_token: session.session_token,
            expires: validate::normalize_time("expires", session.expires)?,
        };
        self.backend.create_session(&session)?;
        Ok(session)
    }

    /// Returns the session with this token, and its user: what an application asks at every request.
    ///
    /// The token is compared as it is stored. If [`SignIn`](crate::signin::SignIn) began the session, the store has its
    /// hash: call [`resume_session`](crate::signin::SignIn::resume_session) instead.
    ///
    /// An expired session is returned like any other; whether to accept it is up to the caller: see
    /// [`Session::is_expired`].
    pub fn get_session_and_user(&self, session_token: &str) -> Result<Option<(Session, User)>> {
        if !validate::can_be_key(session_token) {
            return Ok(None);
        }
        self.backend.get_session_and_user(session_token)
    }

    /// Changes the named fields of a session and no others, as [`update_user`](AuthStore::update_user) does. Returns
    /// `None` if there is no such session.
    ///
    /// Other updates fail with [`Error::NotFound`] in this case. But a session may end at any moment, when the user
    /// signs out elsewhere or a sweep deletes it, and that is not the caller's mistake. Auth.js's own adapters return
    /// nothing either.
    ///
    /// A new token ([`SessionChanges::session_token`]) replaces the old one, which stops working. After a sign-in, this
    /// makes a token worthless that an attacker has planted. When several callers replace the same token concurrently,
    /// exactly one finds the session. The session keeps its id and its details.
    ///
    /// Tokens are compared and stored as given: for a session that [`SignIn`](crate::signin::SignIn) began, call
    /// [`rotate_session`](crate::signin::SignIn::rotate_session) instead.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the changes name a user that does not exist; [`Error::Conflict`] over
    /// [`SessionToken`](crate::Constraint::SessionToken) when another session has the new token.
    pub fn update_session(
        &self,
        session_token: &str,
        mut changes: SessionChanges,
    ) -> Result<Option<Session>> {
        if let Some(token) = &changes.session_token {
            validate::key("session_token", token)?;
        }
        changes.expires = validate::optional_time("expires", changes.expires)?;
        if !validate::can_be_key(session_token) {
            return Ok(None);
        }
        self.backend.update_session(session_token, &changes)
    }

    /// Deletes a session, which signs the user out there. Returns whether there was one.
    ///
    /// The token is compared as it is stored: for a session that [`SignIn`](crate::signin::SignIn) began, call
    /// [`end_session`](crate::signin::SignIn::end_session) instead.
    pub fn delete_session(&self, session_token: &str) -> Result<bool> {
        if !validate::can_be_key(session_token) {
            return Ok(false);
        }
        self.backend.delete_session(session_token)
    }

    /// Deletes the session with this id if it is this user's, to sign out another device from a page that shows ids
    /// instead of tokens. Returns whether there was one.
    pub fn delete_session_of_user(&self, user_id: Uuid, session_id: Uuid) -> Result<bool> {
        self.backend.delete_session_of_user(user_id, session_id)
    }

    /// Returns all sessions of a user, including expired ones: the latest expiry first, then by id.
    pub fn list_sessions_by_user_id(&self, user_id: Uuid) -> Result<Vec<Session>> {
        self.backend.list_sessions_by_user_id(user_id)
    }

    /// Works like [`list_sessions_by_user_id`](AuthStore::list_sessions_by_user_id), but returns each session with its
    /// details, read in one step: all that a "where you are signed in" page needs.
    pub fn list_sessions_with_details_by_user_id(
        &self,
        user_id: Uuid,
    ) -> Result<Vec<(Session, SessionDetails)>> {
        self.backend.list_sessions_with_details_by_user_id(user_id)
    }

    /// Signs a user out everywhere, or everywhere except here: deletes all the user's sessions except the one with the
    /// token `keep`. Returns how many it deleted. A session that is created for this user, or given to it by
    /// [`update_session`](AuthStore::update_session), while this runs may remain.
    ///
    /// `keep` is compared as it is stored: for sessions that [`SignIn`](crate::signin::SignIn) began, call
    /// [`end_all_sessions`](crate::signin::SignIn::end_all_sessions) instead.
    pub fn delete_sessions_by_user_id(&self, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
        let keep = keep.filter(|keep| validate::can_be_key(keep));
        self.backend.delete_sessions_by_user_id(user_id, keep)
    }

    /// Returns the details of the session with this id; all are `None` when none were stored or there is no such
    /// session.
    pub fn get_session_details(&self, session_id: Uuid) -> Result<SessionDetails> {
        self.backend.get_session_details(session_id)
    }

    /// Changes the named details of the session with this id and no others, without touching the session itself, in one
    /// atomic step. Returns whether there is such a session; when there is none, nothing is written.
    ///
    /// Details are deleted with their session, and stay when its token is rotated.
    pub fn update_session_details(
        &self,
        session_id: Uuid,
        mut changes: SessionDetailsChanges,
    ) -> Result<bool> {
        changes.began = validate::change_of_time("began", changes.began)?;
        changes.last_seen = validate::change_of_time("last_seen", changes.last_seen)?;
        validate::optional_text("ip", changes.ip.value())?;
        validate::optional_text("user_agent", changes.user_agent.value())?;
        self.backend.update_session_details(session_id, &changes)
    }

    /// Stores a verification token, and returns it as stored.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`VerificationToken`](crate::Constraint::VerificationToken) when the token exists.
    pub fn create_verification_token(
        &self,
        mut verification_token: VerificationToken,
    ) -> Result<VerificationToken> {
        validate::key("identifier", &verification_token.identifier)?;
        validate::key("token", &verification_token.token)?;
        verification_token.expires =
            validate::normalize_time("expires", verification_token.expires)?;
        self.backend
            .create_verification_token(&verification_token)?;
        Ok(verification_token)
    }

    /// Uses up a verification token: deletes it and returns it to exactly one of any number of callers.
    ///
    /// Returns `None` when there is none with both this identifier and this token. An expired token is used up and
    /// returned like any other; whether to accept it is up to the caller: see [`VerificationToken::is_expired`].
    pub fn use_verification_token(
        &self,
        identifier: &str,
        token: &str,
    ) -> Result<Option<VerificationToken>> {
        if !validate::can_be_key(identifier) || !validate::can_be_key(token) {
            return Ok(None);
        }
        self.backend.use_verification_token(identifier, token)
    }

    /// Voids all verification tokens of an identifier. Use it when a password or an address changes, or a user signs
    /// out everywhere. Returns how many it deleted. A token that is created while this runs may remain.
    pub fn delete_verification_tokens_by_identifier(&self, identifier: &str) -> Result<u64> {
        if !validate::can_be_key(identifier) {
            return Ok(0);
        }
        self.backend
            .delete_verification_tokens_by_identifier(identifier)
    }

    /// Stores a passkey of an existing user, and returns it as stored.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`AuthenticatorCredentialId`](crate::Constraint::AuthenticatorCredentialId);
    /// [`Error::NotFound`] when there is no such user.
    pub fn create_authenticator(&self, authenticator: Authenticator) -> Result<Authenticator> {
        check_authenticator(&authenticator)?;
        self.backend.create_authenticator(&authenticator)?;
        Ok(authenticator)
    }

    /// Creates a user together with the passkey that the user signs in with: both or neither. The authenticator's
    /// `user_id` is replaced by the new user's id.
    ///
    /// An Auth.js front end on the same database signs a user in by passkey only if there is also an account of the
    /// kind `webauthn` with the authenticator's `provider_account_id`: add it with
    /// [`link_account`](AuthStore::link_account).
    ///
    /// # Errors
    ///
    /// Those of [`create_user`](AuthStore::create_user) and [`create_authenticator`](AuthStore::create_authenticator),
    /// except [`Error::NotFound`].
    pub fn create_user_with_authenticator(
        &self,
        user: NewUser,
        mut authenticator: Authenticator,
    ) -> Result<(User, Authenticator)> {
        let user = complete_user(user)?;
        check_authenticator(&authenticator)?;
        authenticator.user_id = user.id;
        self.backend
            .create_user_with_authenticator(&user, &authenticator)?;
        Ok((user, authenticator))
    }

    /// Returns the passkey with this credential id.
    pub fn get_authenticator(&self, credential_id: &str) -> Result<Option<Authenticator>> {
        if !validate::can_be_credential_id(credential_id) {
            return Ok(None);
        }
        self.backend.get_authenticator(credential_id)
    }

    /// Returns all passkeys of a user, in the byte order of their credential ids.
    pub fn list_authenticators_by_user_id(&self, user_id: Uuid) -> Result<Vec<Authenticator>> {
        self.backend.list_authenticators_by_user_id(user_id)
    }

    /// Works like [`list_authenticators_by_user_id`](AuthStore::list_authenticators_by_user_id), but returns each
    /// passkey with its details, read in one step.
    pub fn list_authenticators_with_details_by_user_id(
        &self,
        user_id: Uuid,
    ) -> Result<Vec<(Authenticator, AuthenticatorDetails)>> {
        self.backend
            .list_authenticators_with_details_by_user_id(user_id)
    }

    /// Sets a passkey's signature counter (0 to 2⁶³-1), whatever it was, as Auth.js does, and returns the passkey as
    /// this update left it. To verify a sign-in, use [`use_authenticator`](AuthStore::use_authenticator).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such passkey.
    pub fn update_authenticator_counter(
        &self,
        credential_id: &str,
        counter: i64,
    ) -> Result<Authenticator> {
        validate::counter(counter)?;
        if !validate::can_be_credential_id(credential_id) {
            return Err(Error::not_found(Entity::Authenticator));
        }
        self.backend
            .update_authenticator_counter(credential_id, counter)
    }

    /// Records a sign-in with a passkey, in one atomic step: stores the signature counter and whether the credential is
    /// backed up, as the authenticator reported them, and returns the passkey.
    ///
    /// The rule is that of [WebAuthn](https://www.w3.org/TR/webauthn-3/#sctn-sign-counter): the counter must be greater
    /// than the stored one, unless both are zero, as they always are for passkeys that are synchronized between
    /// devices. Call it after verifying the signature. The details are not touched: to store when the passkey was last
    /// used, call [`update_authenticator_details`](AuthStore::update_authenticator_details).
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`AuthenticatorCounter`](crate::Constraint::AuthenticatorCounter) when the counter did
    /// not increase: the answer was replayed, or the passkey was copied, and the sign-in should fail. Nothing is
    /// written. [`Error::NotFound`] when there is no such passkey.
    pub fn use_authenticator(
        &self,
        credential_id: &str,
        counter: i64,
        backed_up: bool,
    ) -> Result<Authenticator> {
        validate::counter(counter)?;
        if !validate::can_be_credential_id(credential_id) {
            return Err(Error::not_found(Entity::Authenticator));
        }
        self.backend
            .use_authenticator(credential_id, counter, backed_up)
    }

    /// Deletes a passkey, regardless of its user. Returns whether there was one. To act for a user who is signed in,
    /// use [`delete_authenticator_of_user`](AuthStore::delete_authenticator_of_user).
    pub fn delete_authenticator(&self, credential_id: &str) -> Result<bool> {
        if !validate::can_be_credential_id(credential_id) {
            return Ok(false);
        }
        self.backend.delete_authenticator(credential_id)
    }

    /// Deletes a passkey if it is this user's and, with `keep_last`, not the user's last way to sign in, as
    /// [`unlink_account_of_user`](AuthStore::unlink_account_of_user) does.
    pub fn delete_authenticator_of_user(
        &self,
        user_id: Uuid,
        credential_id: &str,
        keep_last: bool,
    ) -> Result<Removal> {
        if !validate::can_be_credential_id(credential_id) {
            return Ok(Removal::Absent);
        }
        self.backend
            .delete_authenticator_of_user(user_id, credential_id, keep_last)
    }

    /// Changes the named details of this user's passkey and no others, without touching the passkey itself, in one
    /// atomic step. Returns whether the user has such a passkey; otherwise, as when it is another user's, nothing is
    /// written. Details are deleted with their passkey.
    pub fn update_authenticator_details(
        &self,
        user_id: Uuid,
        credential_id: &str,
        mut changes: AuthenticatorDetailsChanges,
    ) -> Result<bool> {
        validate::optional_text("name", changes.name.value())?;
        changes.created = validate::change_of_time("created", changes.created)?;
        changes.last_used = validate::change_of_time("last_used", changes.last_used)?;
        if !validate::can_be_credential_id(credential_id) {
            return Ok(false);
        }
        self.backend
            .update_authenticator_details(user_id, credential_id, &changes)
    }

    /// Stores what a sign-in must remember until its next request, and returns it as stored.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`ChallengeKey`](crate::Constraint::ChallengeKey) when the key is taken.
    pub fn create_challenge(&self, mut challenge: Challenge) -> Result<Challenge> {
        validate::key("key", &challenge.key)?;
        validate::text("payload", &challenge.payload)?;
        challenge.expires = validate::normalize_time("expires", challenge.expires)?;
        self.backend.create_challenge(&challenge)?;
        Ok(challenge)
    }

    /// Uses up a challenge: deletes it and returns it to exactly one of any number of callers.
    ///
    /// An expired challenge is used up and returned like any other; whether to accept it is up to the caller: see
    /// [`Challenge::is_expired`].
    pub fn use_challenge(&self, key: &str) -> Result<Option<Challenge>> {
        if !validate::can_be_key(key) {
            return Ok(None);
        }
        self.backend.use_challenge(key)
    }

    /// Deletes the sessions, verification tokens and challenges that expired at or before `now` (`expires <= now`), the
    /// oldest first, at most `limit` of each. Returns how many of each it deleted: call it again while any count is
    /// `limit`.
    ///
    /// A sweep that fails has deleted nothing or, with [`Error::OutcomeUnknown`], perhaps everything. Depending on the
    /// backend, other callers may see the three kinds deleted one after the other.
    pub fn delete_expired(&self, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
        let now = validate::normalize_time("now", now)?;
        self.backend.delete_expired(now, limit)
    }

    /// Checks that the database answers, in one round trip. Use it for a health check.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when there is no answer before the timeout.
    pub fn ping(&self) -> Result<()> {
        self.backend.ping()
    }
}

impl fmt::Debug for AuthStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthStore")
            .field("backend", &self.backend.name())
            .finish_non_exhaustive()
    }
}

#[allow(dead_code, reason = "with all databases on, none is off")]
fn feature_is_off(feature: &str) -> Error {
    Error::invalid(
        "url",
        format!("this program was built without the feature `{feature}` of authstore"),
    )
}

fn complete_user(user: NewUser) -> Result<User> {
    validate::optional_text("name", user.name.as_ref())?;
    if let Some(email) = &user.email {
        validate::key("email", email)?;
    }
    validate::optional_text("image", user.image.as_ref())?;
    Ok(User {
        id: user.id.unwrap_or_else(Uuid::now_v7),
        name: user.name,
        email: user.email,
        email_verified: validate::optional_time("email_verified", user.email_verified)?,
        image: user.image,
    })
}

/// Checks all optional strings of an account. Every field of the struct is named, so that one added later is not
/// forgotten.
macro_rules! check_strings {
    (
        [$($secret:ident)*] [$($string:ident)*]
        $account:expr, $model:ident { $($other:ident),* }, $value:expr
    ) => {{
        let $model { $($secret,)* $($string,)* $($other: _),* } = $account;
        $(validate::optional_text(stringify!($secret), $value($secret))?;)*
        $(validate::optional_text(stringify!($string), $value($string))?;)*
    }};
}

fn complete_account(user_id: Uuid, account: NewAccount) -> Result<Account> {
    validate::key("kind", &account.kind)?;
    validate::key("provider", &account.provider)?;
    validate::provider_account_id(&account.provider_account_id)?;
    account_strings!(check_strings!(
        &account,
        NewAccount {
            id,
            kind,
            provider,
            provider_account_id,
            expires_at
        },
        Option::as_ref
    ));
    Ok(Account {
        id: account.id.unwrap_or_else(Uuid::now_v7),
        user_id,
        kind: account.kind,
        provider: account.provider,
        provider_account_id: account.provider_account_id,
        refresh_token: account.refresh_token,
        access_token: account.access_token,
        expires_at: account.expires_at,
        token_type: account.token_type,
        scope: account.scope,
        id_token: account.id_token,
        session_state: account.session_state,
        oauth_token_secret: account.oauth_token_secret,
        oauth_token: account.oauth_token,
    })
}

fn check_account_changes(changes: &AccountChanges) -> Result<()> {
    if let Some(kind) = &changes.kind {
        validate::key("kind", kind)?;
    }
    account_strings!(check_strings!(
        changes,
        AccountChanges { kind, expires_at },
        Change::value
    ));
    Ok(())
}

fn check_authenticator(authenticator: &Authenticator) -> Result<()> {
    validate::credential_id("credential_id", &authenticator.credential_id)?;
    validate::provider_account_id(&authenticator.provider_account_id)?;
    validate::text(
        "credential_public_key",
        &authenticator.credential_public_key,
    )?;
    validate::counter(authenticator.counter)?;
    validate::text(
        "credential_device_type",
        &authenticator.credential_device_type,
    )?;
    validate::optional_text("transports", authenticator.transports.as_ref())
}
