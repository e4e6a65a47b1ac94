//! `AuthStore`: what an application calls.

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::migration::{Migrator, Step};
use crate::model::{
    Account, AccountChanges, Authenticator, ExpiredCounts, NewAccount, NewSession, NewUser,
    Session, SessionChanges, User, UserChanges, VerificationToken,
};
use crate::observe::{Observation, Observed};
use crate::pool::PoolState;
use crate::validate;

/// A store of users, accounts, sessions, verification tokens and authenticators.
///
/// One concrete type whatever the database. To clone it is cheap, and all clones share one pool of connections; it can
/// be used from any number of threads. Every method blocks until the database has answered or a time limit is over; in
/// an async program, call it through `spawn_blocking`.
///
/// Every method checks its arguments before anything is sent, and returns [`Error::Invalid`] with the name of the field
/// when one is not acceptable: a *key* has 1 to 255 characters, a *text* up to 1,048,576 bytes, neither holds a NUL
/// character; times lie in the years 1970 to 9999 and are cut to milliseconds. Every method may also return
/// [`Error::Unavailable`], [`Error::Migration`] (when the schema is not there) and [`Error::Backend`]; every method that
/// writes, [`Error::OutcomeUnknown`].
#[derive(Clone)]
pub struct AuthStore {
    backend: Arc<dyn Backend>,
}

impl AuthStore {
    /// Opens the database at this URL.
    ///
    /// | URL | database | feature |
    /// |---|---|---|
    /// | `sqlite:auth.db`, `sqlite:/var/lib/app/auth.db` | a SQLite file, made when it is not there | `sqlite` |
    /// | `sqlite::memory:` | a SQLite database in memory, gone with the last clone of the store | `sqlite` |
    /// | `mysql://user:password@host:3306/auth`, `mariadb://...` | a MySQL or MariaDB database, whichever the server is | `mysql` |
    /// | `postgres://user:password@host:5432/auth` | a database on a PostgreSQL server | `postgres` |
    ///
    /// Options follow as a query, such as `sqlite:auth.db?pool_size=4&busy_timeout_ms=2000`; the `FromStr` of each
    /// database's options lists them.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a URL or option that cannot be understood, or a database whose feature is off;
    /// [`Error::Unavailable`] or [`Error::Backend`] when the database cannot be opened.
    pub fn connect(url: &str) -> Result<Self> {
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
                "it must begin with sqlite:, postgres:// or mysql://",
            )),
        }
    }

    /// A store on any [`Backend`].
    pub fn new(backend: impl Backend) -> Self {
        AuthStore {
            backend: Arc::new(Observed::new(backend, None)),
        }
    }

    /// Calls `observer` at the end of every operation that reaches the backend, on the thread that called the operation
    /// and before it returns. Observers are added, not replaced. Clones made before are not observed.
    ///
    /// What a call cost and how it ended is in the [`Observation`]; values are not. Migrations are not observed: they
    /// return their own reports. See [`observe`](crate::observe) for logging.
    #[must_use]
    pub fn observe(self, observer: impl Fn(&Observation<'_>) + Send + Sync + 'static) -> Self {
        AuthStore {
            backend: Arc::new(Observed::new(self.backend, Some(Box::new(observer)))),
        }
    }

    /// Returns the state of the pool of connections, without waiting: for a health check, beside
    /// [`ping`](AuthStore::ping). `None` for a backend that has no pool.
    pub fn pool_state(&self) -> Option<PoolState> {
        self.backend.pool_state()
    }

    /// Brings the schema up to date, and returns the steps that it took; none when nothing was to be done.
    ///
    /// Safe when many processes do it at once: each step runs once. For everything else about migrations, see
    /// [`migrator`](AuthStore::migrator).
    ///
    /// # Errors
    ///
    /// [`Error::Migration`] when the database's history is not one that this program can continue (nothing is changed
    /// then) or a step failed (the steps before it stay); [`Error::Unavailable`] when another process holds the lock for
    /// too long.
    pub fn migrate(&self) -> Result<Vec<Step>> {
        self.migrator()
            .map_or_else(|| Ok(Vec::new()), |migrator| migrator.up())
    }

    /// What shows and changes the version of the schema; `None` for a backend that has no schema.
    pub fn migrator(&self) -> Option<Migrator> {
        self.backend.migrator()
    }

    /// Creates a user and returns it as stored, with an id made (UUID v7) where none was given.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`UserId`](crate::Constraint::UserId) or [`UserEmail`](crate::Constraint::UserEmail).
    pub fn create_user(&self, user: NewUser) -> Result<User> {
        let user = complete_user(user)?;
        self.backend.create_user(&user)?;
        Ok(user)
    }

    /// The user with this id.
    pub fn get_user(&self, id: Uuid) -> Result<Option<User>> {
        self.backend.get_user(id)
    }

    /// The user with this e-mail address (key), compared byte by byte. Whoever wants `Ada@x.org` and `ada@x.org` to be
    /// one address makes them one before they are stored and before they are looked up.
    pub fn get_user_by_email(&self, email: &str) -> Result<Option<User>> {
        validate::key("email", email)?;
        self.backend.get_user_by_email(email)
    }

    /// The user to whom this account (two keys) is linked.
    pub fn get_user_by_account(
        &self,
        provider: &str,
        provider_account_id: &str,
    ) -> Result<Option<User>> {
        provider_account(provider, provider_account_id)?;
        self.backend
            .get_user_by_account(provider, provider_account_id)
    }

    /// Changes the named fields of a user and no others, in one atomic step, and returns the user as this update left
    /// it. Updates of different fields at the same time all survive. Without any change it just returns the user.
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

    /// Deletes a user with all accounts, sessions and authenticators, in one atomic step. Returns whether there was one.
    pub fn delete_user(&self, id: Uuid) -> Result<bool> {
        self.backend.delete_user(id)
    }

    /// Links an account to an existing user, and returns it as stored, with an id made (UUID v7) where none was given.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`ProviderAccount`](crate::Constraint::ProviderAccount) when this user or another has
    /// the account already, or over [`AccountId`](crate::Constraint::AccountId); [`Error::NotFound`] when there is no
    /// such user.
    pub fn link_account(&self, user_id: Uuid, account: NewAccount) -> Result<Account> {
        let account = complete_account(user_id, account)?;
        self.backend.link_account(&account)?;
        Ok(account)
    }

    /// Creates a user together with the account that the user signs in with: both or neither.
    ///
    /// Done in two calls, a failure between them leaves a user who can never sign in and whose e-mail address is taken.
    ///
    /// # Errors
    ///
    /// As for [`create_user`](AuthStore::create_user) and [`link_account`](AuthStore::link_account), but never
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

    /// Deletes an account (two keys). Returns whether there was one.
    pub fn unlink_account(&self, provider: &str, provider_account_id: &str) -> Result<bool> {
        provider_account(provider, provider_account_id)?;
        self.backend.unlink_account(provider, provider_account_id)
    }

    /// The account (two keys).
    pub fn get_account(
        &self,
        provider: &str,
        provider_account_id: &str,
    ) -> Result<Option<Account>> {
        provider_account(provider, provider_account_id)?;
        self.backend.get_account(provider, provider_account_id)
    }

    /// Changes the named fields of an account (two keys) and no others, as [`update_user`](AuthStore::update_user) does:
    /// for when the provider has given new tokens.
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
        provider_account(provider, provider_account_id)?;
        if let Some(kind) = &changes.kind {
            validate::key("kind", kind)?;
        }
        for (field, change) in [
            ("refresh_token", &changes.refresh_token),
            ("access_token", &changes.access_token),
            ("token_type", &changes.token_type),
            ("scope", &changes.scope),
            ("id_token", &changes.id_token),
            ("session_state", &changes.session_state),
            ("oauth_token_secret", &changes.oauth_token_secret),
            ("oauth_token", &changes.oauth_token),
        ] {
            validate::optional_text(field, change.value())?;
        }
        self.backend
            .update_account(provider, provider_account_id, &changes)
    }

    /// All accounts of a user, by provider, then by provider account id, in the order of their bytes.
    pub fn list_accounts_by_user_id(&self, user_id: Uuid) -> Result<Vec<Account>> {
        self.backend.list_accounts_by_user_id(user_id)
    }

    /// Creates a session of an existing user, and returns it as stored, with an id made (UUID v7) where none was given.
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
            expires: validate::time("expires", session.expires)?,
        };
        self.backend.create_session(&session)?;
        Ok(session)
    }

    /// The session with this token (key), and its user: what an application asks at every request.
    ///
    /// An expired session is returned as any other; whether to honour it is for the caller to decide, with
    /// [`Session::is_expired`].
    pub fn get_session_and_user(&self, session_token: &str) -> Result<Option<(Session, User)>> {
        validate::key("session_token", session_token)?;
        self.backend.get_session_and_user(session_token)
    }

    /// Changes the named fields of a session (key) and no others, as [`update_user`](AuthStore::update_user) does.
    /// `None` when there is no such session.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the changes name a user who is not there.
    pub fn update_session(
        &self,
        session_token: &str,
        mut changes: SessionChanges,
    ) -> Result<Option<Session>> {
        validate::key("session_token", session_token)?;
        changes.expires = validate::optional_time("expires", changes.expires)?;
        self.backend.update_session(session_token, &changes)
    }

    /// Deletes a session (key): signs out. Returns whether there was one.
    pub fn delete_session(&self, session_token: &str) -> Result<bool> {
        validate::key("session_token", session_token)?;
        self.backend.delete_session(session_token)
    }

    /// All sessions of a user, expired ones too: the latest expiry first, then by id.
    pub fn list_sessions_by_user_id(&self, user_id: Uuid) -> Result<Vec<Session>> {
        self.backend.list_sessions_by_user_id(user_id)
    }

    /// Signs a user out everywhere, or everywhere but here: deletes all the user's sessions except the one with the
    /// token `keep` (key). Returns how many it deleted.
    pub fn delete_sessions_by_user_id(&self, user_id: Uuid, keep: Option<&str>) -> Result<u64> {
        if let Some(keep) = keep {
            validate::key("keep", keep)?;
        }
        self.backend.delete_sessions_by_user_id(user_id, keep)
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
        verification_token.expires = validate::time("expires", verification_token.expires)?;
        self.backend
            .create_verification_token(&verification_token)?;
        Ok(verification_token)
    }

    /// Uses a verification token up (two keys): deletes it and returns it, to exactly one of any number of callers.
    ///
    /// `None` when there is none with both this identifier and this token. An expired token is used up and returned as
    /// any other; whether to honour it is for the caller to decide, with [`VerificationToken::is_expired`].
    pub fn use_verification_token(
        &self,
        identifier: &str,
        token: &str,
    ) -> Result<Option<VerificationToken>> {
        validate::key("identifier", identifier)?;
        validate::key("token", token)?;
        self.backend.use_verification_token(identifier, token)
    }

    /// Stores a passkey of an existing user, and returns it as stored.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`AuthenticatorCredentialId`](crate::Constraint::AuthenticatorCredentialId);
    /// [`Error::NotFound`] when there is no such user.
    pub fn create_authenticator(&self, authenticator: Authenticator) -> Result<Authenticator> {
        validate::credential_id("credential_id", &authenticator.credential_id)?;
        validate::key("provider_account_id", &authenticator.provider_account_id)?;
        validate::text(
            "credential_public_key",
            &authenticator.credential_public_key,
        )?;
        validate::counter(authenticator.counter)?;
        validate::text(
            "credential_device_type",
            &authenticator.credential_device_type,
        )?;
        validate::optional_text("transports", authenticator.transports.as_ref())?;
        self.backend.create_authenticator(&authenticator)?;
        Ok(authenticator)
    }

    /// The passkey with this credential id.
    pub fn get_authenticator(&self, credential_id: &str) -> Result<Option<Authenticator>> {
        validate::credential_id("credential_id", credential_id)?;
        self.backend.get_authenticator(credential_id)
    }

    /// All passkeys of a user, by credential id, in the order of its bytes.
    pub fn list_authenticators_by_user_id(&self, user_id: Uuid) -> Result<Vec<Authenticator>> {
        self.backend.list_authenticators_by_user_id(user_id)
    }

    /// Sets a passkey's signature counter (0 to 2⁶³-1), and returns the passkey as this update left it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such passkey.
    pub fn update_authenticator_counter(
        &self,
        credential_id: &str,
        counter: i64,
    ) -> Result<Authenticator> {
        validate::credential_id("credential_id", credential_id)?;
        validate::counter(counter)?;
        self.backend
            .update_authenticator_counter(credential_id, counter)
    }

    /// Deletes a passkey. Returns whether there was one.
    pub fn delete_authenticator(&self, credential_id: &str) -> Result<bool> {
        validate::credential_id("credential_id", credential_id)?;
        self.backend.delete_authenticator(credential_id)
    }

    /// Deletes what expired at or before `now` (`expires <= now`): the oldest sessions and the oldest verification
    /// tokens first, at most `limit` of each. Returns how many of each it deleted: call it again while either count is
    /// `limit`.
    ///
    /// The two deletes are atomic each, and may be done one after the other.
    pub fn delete_expired(&self, now: OffsetDateTime, limit: u32) -> Result<ExpiredCounts> {
        let now = validate::time("now", now)?;
        self.backend.delete_expired(now, limit)
    }

    /// Asks the database for an answer, in one round trip: for a health check.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when there is none in time.
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

fn complete_account(user_id: Uuid, account: NewAccount) -> Result<Account> {
    validate::key("kind", &account.kind)?;
    provider_account(&account.provider, &account.provider_account_id)?;
    for (field, value) in [
        ("refresh_token", &account.refresh_token),
        ("access_token", &account.access_token),
        ("token_type", &account.token_type),
        ("scope", &account.scope),
        ("id_token", &account.id_token),
        ("session_state", &account.session_state),
        ("oauth_token_secret", &account.oauth_token_secret),
        ("oauth_token", &account.oauth_token),
    ] {
        validate::optional_text(field, value.as_ref())?;
    }
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

fn provider_account(provider: &str, provider_account_id: &str) -> Result<()> {
    validate::key("provider", provider)?;
    validate::key("provider_account_id", provider_account_id)
}
