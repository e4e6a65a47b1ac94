//! Storage: the store, our own table, and both in one transaction.

use authstore::migration::{Migration, Series};
use authstore::signin::{Addresses, Secret, SessionLifetime, SignIn, SignedIn};
use authstore::{
    AuthStore, Authenticator, AuthenticatorDetailsChanges, Change, DialectSql, NewAccount, NewUser,
    Result,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::visit::Browser;

const CREATE_PROFILE: DialectSql = DialectSql {
    sqlite: include_str!("../sql/migrations/sqlite/0001_create_profile.up.sql"),
    postgres: include_str!("../sql/migrations/postgres/0001_create_profile.up.sql"),
    mysql: include_str!("../sql/migrations/mysql/0001_create_profile.up.sql"),
};
const DROP_PROFILE: DialectSql = DialectSql {
    sqlite: include_str!("../sql/migrations/sqlite/0001_create_profile.down.sql"),
    postgres: include_str!("../sql/migrations/postgres/0001_create_profile.down.sql"),
    mysql: include_str!("../sql/migrations/mysql/0001_create_profile.down.sql"),
};
const INSERT_PROFILE: DialectSql = DialectSql {
    sqlite: include_str!("../sql/insert_profile.sql"),
    postgres: include_str!("../sql/insert_profile.postgres.sql"),
    mysql: include_str!("../sql/insert_profile.sql"),
};
const GET_PROFILE: DialectSql = DialectSql {
    sqlite: include_str!("../sql/get_profile.sql"),
    postgres: include_str!("../sql/get_profile.postgres.sql"),
    mysql: include_str!("../sql/get_profile.sql"),
};

/// The store, the policy of sign-in, and our own table `profile`.
pub(crate) struct Storage {
    pub(crate) signin: SignIn,
}

/// A row of our own table.
pub(crate) struct Profile {
    pub(crate) joined: OffsetDateTime,
    pub(crate) joined_by: String,
}

impl Storage {
    /// Opens the database, and migrates the store's tables and our own.
    pub(crate) fn open(url: &str) -> Result<Self> {
        let store = AuthStore::connect(url)?;
        store.migrate()?;
        if let Some(migrator) = store.migrator() {
            let down = store.sql(DROP_PROFILE)?.to_owned();
            let step = Migration::new(1, "create_profile", store.sql(CREATE_PROFILE)?, Some(down));
            let series = Series::new("signin", vec![step])?;
            migrator.with_series(series).up()?;
        }
        let lifetime = SessionLifetime {
            idle: Duration::days(14),
            absolute: Duration::days(90),
            // "Last seen" is accurate to this interval, for one write per session and interval.
            renew_after: Duration::minutes(5),
        };
        Ok(Storage {
            signin: SignIn::new(store)
                .with_addresses(Addresses::Lowercase)
                .with_session_lifetime(lifetime),
        })
    }

    pub(crate) fn store(&self) -> &AuthStore {
        self.signin.store()
    }

    /// Runs `work`, which may sign a user in, and begins a session. If the user is new, the profile is created in the same
    /// transaction, so no user is without one. The session is begun in it too, so that no one can sign in with what has
    /// just been removed.
    pub(crate) fn sign_in(
        &self,
        by: &str,
        browser: &Browser,
        now: OffsetDateTime,
        work: impl Fn(&SignIn) -> Result<Option<SignedIn>>,
    ) -> Result<Option<(SignedIn, Secret)>> {
        self.store().transaction(|tx| {
            let signin = self.signin.on(tx);
            let Some(signed_in) = work(&signin)? else {
                return Ok(None);
            };
            if signed_in.created {
                let values = [signed_in.user.id.into(), now.into(), by.into()];
                tx.execute(tx.sql(INSERT_PROFILE)?, &values)?;
            }
            let token = browser.begin_session(&signin, signed_in.user.id, now)?;
            Ok(Some((signed_in, token)))
        })
    }

    /// Creates a user with only a passkey, and the profile, and begins a session, atomically.
    pub(crate) fn sign_up_with_passkey(
        &self,
        user: &NewUser,
        passkey: &Authenticator,
        browser: &Browser,
        now: OffsetDateTime,
    ) -> Result<Secret> {
        self.store().transaction(|tx| {
            let (user, passkey) =
                tx.create_user_with_authenticator(user.clone(), passkey.clone())?;
            tx.update_authenticator_details(
                passkey.user_id,
                &passkey.credential_id,
                registered("Passkey", now),
            )?;
            let values = [user.id.into(), now.into(), "passkey".into()];
            tx.execute(tx.sql(INSERT_PROFILE)?, &values)?;
            browser.begin_session(&self.signin.on(tx), user.id, now)
        })
    }

    /// Adds a passkey with its name to the user of this session, atomically. Returns false if the session has ended, or
    /// is another user's.
    pub(crate) fn add_passkey(
        &self,
        token: &str,
        passkey: &Authenticator,
        name: &str,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.store().transaction(|tx| {
            match self.signin.on(tx).lock_session(token, now)? {
                Some((_, user)) if user.id == passkey.user_id => {}
                _ => return Ok(false),
            }
            let passkey = tx.create_authenticator(passkey.clone())?;
            tx.update_authenticator_details(
                passkey.user_id,
                &passkey.credential_id,
                registered(name, now),
            )?;
            Ok(true)
        })
    }

    /// Links an account to the user of this session. Returns false if the session has ended.
    pub(crate) fn link_account(
        &self,
        token: &str,
        account: &NewAccount,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.store().transaction(|tx| {
            let signin = self.signin.on(tx);
            let Some((_, user)) = signin.lock_session(token, now)? else {
                return Ok(false);
            };
            signin.link_account(user.id, account.clone())?;
            Ok(true)
        })
    }

    /// Users who are older than our table have no profile. An application with more tables reads them on connections of
    /// its own: a transaction of the store is one that may write.
    pub(crate) fn profile(&self, user_id: Uuid) -> Result<Option<Profile>> {
        self.store().transaction(|tx| {
            let rows = tx.query(tx.sql(GET_PROFILE)?, &[user_id.into()])?;
            let profile = rows.first().map(|row| {
                Ok(Profile {
                    joined: row.get(0)?,
                    joined_by: row.get(1)?,
                })
            });
            profile.transpose()
        })
    }
}

fn registered(name: &str, now: OffsetDateTime) -> AuthenticatorDetailsChanges {
    AuthenticatorDetailsChanges {
        name: Change::set(name),
        created: Change::Set(now),
        last_used: Change::Keep,
    }
}
