//! Bare rusqlite.

use std::path::Path;

use authstore::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Challenge, NewAccount, NewSession, NewUser, Session, SessionChanges, SessionDetails,
    SessionDetailsChanges, User, UserChanges, VerificationToken,
};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Row, params};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use uuid::Uuid;

use crate::support::Bare;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../sql/sqlite/", $name, ".sql"))
    };
}

/// Returns the parameters of a statement that changes an account: two for each column, then the others.
macro_rules! account_changes {
    ($changes:expr, $($other:expr),*) => {
        params![
            $changes.kind.is_some(),
            $changes.kind,
            !$changes.refresh_token.is_keep(),
            $changes.refresh_token.value(),
            !$changes.access_token.is_keep(),
            $changes.access_token.value(),
            !$changes.expires_at.is_keep(),
            $changes.expires_at.value(),
            !$changes.token_type.is_keep(),
            $changes.token_type.value(),
            !$changes.scope.is_keep(),
            $changes.scope.value(),
            !$changes.id_token.is_keep(),
            $changes.id_token.value(),
            !$changes.session_state.is_keep(),
            $changes.session_state.value(),
            !$changes.oauth_token_secret.is_keep(),
            $changes.oauth_token_secret.value(),
            !$changes.oauth_token.is_keep(),
            $changes.oauth_token.value(),
            $($other,)*
        ]
    };
}

/// One connection, with the store's settings.
pub(crate) struct Rusqlite(Connection);

impl Rusqlite {
    pub(crate) fn open(file: &Path) -> Self {
        let connection = Connection::open(file).expect("a connection");
        connection
            .pragma_update(None, "journal_mode", "wal")
            .expect("a mode");
        connection
            .pragma_update(None, "synchronous", "full")
            .expect("a mode");
        connection
            .pragma_update(None, "foreign_keys", true)
            .expect("a mode");
        connection.set_prepared_statement_cache_capacity(64);
        Rusqlite(connection)
    }

    /// Plans each statement only once, whatever its parameters.
    pub(crate) fn keep_plans(self) -> Self {
        self.0
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .expect("a setting");
        self
    }

    fn execute(&self, sql: &str, parameters: impl Params) -> u64 {
        let mut statement = self.0.prepare_cached(sql).expect("a statement");
        statement.execute(parameters).expect("done") as u64
    }

    fn rows<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Vec<T> {
        let mut statement = self.0.prepare_cached(sql).expect("a statement");
        let rows = statement.query_map(parameters, read).expect("rows");
        rows.collect::<Result<_, _>>().expect("rows")
    }

    /// Deletes one of a user's ways to sign in if there are others.
    fn delete_unless_last<const N: usize>(
        &mut self,
        count: &str,
        delete: &str,
        row: [&str; N],
    ) -> u64
    where
        for<'a> [&'a str; N]: Params,
    {
        self.transaction(|bare| {
            let others = bare.rows(count, row, |row| row.get::<_, i64>(0));
            match others[..] {
                [others] if others > 0 => bare.execute(delete, row),
                _ => 0,
            }
        })
    }
}

fn text(time: OffsetDateTime) -> String {
    time.format(format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
    ))
    .expect("a text")
}

fn uuid_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    Ok(Uuid::try_parse(row.get_ref(column)?.as_str()?).expect("an id"))
}

fn time_at(row: &Row<'_>, column: usize) -> rusqlite::Result<OffsetDateTime> {
    Ok(OffsetDateTime::parse(row.get_ref(column)?.as_str()?, &Rfc3339).expect("a time"))
}

fn optional_time_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<OffsetDateTime>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => time_at(row, column).map(Some),
    }
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    user_at(row, 0)
}

fn user_at(row: &Row<'_>, first: usize) -> rusqlite::Result<User> {
    Ok(User {
        id: uuid_at(row, first)?,
        name: row.get(first + 1)?,
        email: row.get(first + 2)?,
        email_verified: optional_time_at(row, first + 3)?,
        image: row.get(first + 4)?,
    })
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: uuid_at(row, 0)?,
        user_id: uuid_at(row, 1)?,
        kind: row.get(2)?,
        provider: row.get(3)?,
        provider_account_id: row.get(4)?,
        refresh_token: row.get(5)?,
        access_token: row.get(6)?,
        expires_at: row.get(7)?,
        token_type: row.get(8)?,
        scope: row.get(9)?,
        id_token: row.get(10)?,
        session_state: row.get(11)?,
        oauth_token_secret: row.get(12)?,
        oauth_token: row.get(13)?,
    })
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: uuid_at(row, 0)?,
        user_id: uuid_at(row, 1)?,
        session_token: row.get(2)?,
        expires: time_at(row, 3)?,
    })
}

fn session_details(row: &Row<'_>, first: usize) -> rusqlite::Result<SessionDetails> {
    Ok(SessionDetails {
        began: optional_time_at(row, first)?,
        last_seen: optional_time_at(row, first + 1)?,
        ip: row.get(first + 2)?,
        user_agent: row.get(first + 3)?,
    })
}

fn verification_token(row: &Row<'_>) -> rusqlite::Result<VerificationToken> {
    Ok(VerificationToken {
        identifier: row.get(0)?,
        token: row.get(1)?,
        expires: time_at(row, 2)?,
    })
}

fn authenticator(row: &Row<'_>) -> rusqlite::Result<Authenticator> {
    Ok(Authenticator {
        credential_id: row.get(0)?,
        user_id: uuid_at(row, 1)?,
        provider_account_id: row.get(2)?,
        credential_public_key: row.get(3)?,
        counter: row.get(4)?,
        credential_device_type: row.get(5)?,
        credential_backed_up: row.get(6)?,
        transports: row.get(7)?,
    })
}

fn authenticator_details(row: &Row<'_>, first: usize) -> rusqlite::Result<AuthenticatorDetails> {
    Ok(AuthenticatorDetails {
        name: row.get(first)?,
        created: optional_time_at(row, first + 1)?,
        last_used: optional_time_at(row, first + 2)?,
    })
}

fn challenge(row: &Row<'_>) -> rusqlite::Result<Challenge> {
    let expires = time_at(row, 0)?;
    Ok(Challenge::new(
        row.get::<_, String>(1)?,
        row.get::<_, String>(2)?,
        expires,
    ))
}

impl Bare for Rusqlite {
    fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        self.execute("BEGIN IMMEDIATE", []);
        let done = work(self);
        self.execute("COMMIT", []);
        done
    }

    fn create_user(&mut self, user: &NewUser) -> u64 {
        self.execute(
            sql!("create_user"),
            params![
                user.id.unwrap_or_else(Uuid::now_v7).to_string(),
                user.name,
                user.email,
                user.email_verified.map(text),
                user.image,
            ],
        )
    }

    fn get_user(&mut self, id: Uuid) -> Vec<User> {
        self.rows(sql!("get_user"), [id.to_string()], user)
    }

    fn get_user_by_email(&mut self, email: &str) -> Vec<User> {
        self.rows(sql!("get_user_by_email"), [email], user)
    }

    fn get_user_by_account(&mut self, provider: &str, provider_account_id: &str) -> Vec<User> {
        let key = [provider, provider_account_id];
        self.rows(sql!("get_user_by_account"), key, user)
    }

    fn list_users(&mut self, after: Option<Uuid>, limit: u32) -> Vec<User> {
        let bounds = params![
            after.unwrap_or(Uuid::nil()).to_string(),
            after.map(|id| id.to_string()),
            limit,
        ];
        self.rows(sql!("list_users"), bounds, user)
    }

    fn update_user(&mut self, id: Uuid, changes: &UserChanges) -> Vec<User> {
        self.rows(
            sql!("update_user"),
            params![
                !changes.name.is_keep(),
                changes.name.value(),
                !changes.email.is_keep(),
                changes.email.value(),
                !changes.email_verified.is_keep(),
                changes.email_verified.value().map(|time| text(*time)),
                !changes.image.is_keep(),
                changes.image.value(),
                id.to_string(),
            ],
            user,
        )
    }

    fn delete_user(&mut self, id: Uuid) -> u64 {
        self.execute(sql!("delete_user"), [id.to_string()])
    }

    fn link_account(&mut self, user_id: Uuid, account: &NewAccount) -> u64 {
        self.execute(
            sql!("link_account"),
            params![
                account.id.unwrap_or_else(Uuid::now_v7).to_string(),
                user_id.to_string(),
                account.kind,
                account.provider,
                account.provider_account_id,
                account.refresh_token,
                account.access_token,
                account.expires_at,
                account.token_type,
                account.scope,
                account.id_token,
                account.session_state,
                account.oauth_token_secret,
                account.oauth_token,
            ],
        )
    }

    fn create_user_with_account(&mut self, user: &NewUser, account: &NewAccount) -> u64 {
        let id = user.id.unwrap_or_else(Uuid::now_v7);
        let user = NewUser {
            id: Some(id),
            ..user.clone()
        };
        self.transaction(|bare| bare.create_user(&user) + bare.link_account(id, account))
    }

    fn unlink_account(&mut self, provider: &str, provider_account_id: &str) -> u64 {
        self.execute(sql!("unlink_account"), [provider, provider_account_id])
    }

    fn unlink_account_of_user(
        &mut self,
        user_id: Uuid,
        provider: &str,
        provider_account_id: &str,
        keep_last: bool,
    ) -> u64 {
        let user_id = user_id.to_string();
        let row = [&user_id, provider, provider_account_id];
        let delete = sql!("unlink_account_of_user");
        if !keep_last {
            return self.execute(delete, row);
        }
        self.delete_unless_last(sql!("unlink_account_of_user_others"), delete, row)
    }

    fn get_account(&mut self, provider: &str, provider_account_id: &str) -> Vec<Account> {
        let key = [provider, provider_account_id];
        self.rows(sql!("get_account"), key, account)
    }

    fn update_account(
        &mut self,
        provider: &str,
        provider_account_id: &str,
        changes: &AccountChanges,
    ) -> Vec<Account> {
        self.rows(
            sql!("update_account"),
            account_changes!(changes, provider, provider_account_id),
            account,
        )
    }

    fn refresh_account(
        &mut self,
        provider: &str,
        provider_account_id: &str,
        seen_refresh_token: Option<&str>,
        changes: &AccountChanges,
    ) -> Vec<Account> {
        self.rows(
            sql!("refresh_account"),
            account_changes!(changes, provider, provider_account_id, seen_refresh_token),
            account,
        )
    }

    fn list_accounts_by_user_id(&mut self, user_id: Uuid) -> Vec<Account> {
        let key = [user_id.to_string()];
        self.rows(sql!("list_accounts_by_user_id"), key, account)
    }

    fn create_session(&mut self, session: &NewSession) -> u64 {
        self.execute(
            sql!("create_session"),
            params![
                session.id.unwrap_or_else(Uuid::now_v7).to_string(),
                session.user_id.to_string(),
                session.session_token,
                text(session.expires),
            ],
        )
    }

    fn get_session_and_user(&mut self, session_token: &str) -> Vec<(Session, User)> {
        self.rows(sql!("get_session_and_user"), [session_token], |row| {
            Ok((session(row)?, user_at(row, 4)?))
        })
    }

    fn update_session(&mut self, session_token: &str, changes: &SessionChanges) -> Vec<Session> {
        self.rows(
            sql!("update_session"),
            params![
                changes.user_id.is_some(),
                changes.user_id.map(|id| id.to_string()),
                changes.session_token.is_some(),
                changes.session_token,
                changes.expires.is_some(),
                changes.expires.map(text),
                session_token,
            ],
            session,
        )
    }

    fn delete_session(&mut self, session_token: &str) -> u64 {
        self.execute(sql!("delete_session"), [session_token])
    }

    fn delete_session_of_user(&mut self, user_id: Uuid, session_id: Uuid) -> u64 {
        self.execute(
            sql!("delete_session_of_user"),
            [user_id.to_string(), session_id.to_string()],
        )
    }

    fn list_sessions_by_user_id(&mut self, user_id: Uuid) -> Vec<Session> {
        let key = [user_id.to_string()];
        self.rows(sql!("list_sessions_by_user_id"), key, session)
    }

    fn list_sessions_with_details_by_user_id(
        &mut self,
        user_id: Uuid,
    ) -> Vec<(Session, SessionDetails)> {
        self.rows(
            sql!("list_sessions_with_details_by_user_id"),
            [user_id.to_string()],
            |row| Ok((session(row)?, session_details(row, 4)?)),
        )
    }

    fn delete_sessions_by_user_id(&mut self, user_id: Uuid, keep: Option<&str>) -> u64 {
        let key = params![user_id.to_string(), keep];
        self.execute(sql!("delete_sessions_by_user_id"), key)
    }

    fn get_session_details(&mut self, session_id: Uuid) -> Vec<SessionDetails> {
        let key = [session_id.to_string()];
        self.rows(sql!("get_session_details"), key, |row| {
            session_details(row, 1)
        })
    }

    fn update_session_details(&mut self, session_id: Uuid, changes: &SessionDetailsChanges) -> u64 {
        self.execute(
            sql!("update_session_details"),
            params![
                changes.began.value().map(|time| text(*time)),
                changes.last_seen.value().map(|time| text(*time)),
                changes.ip.value(),
                changes.user_agent.value(),
                session_id.to_string(),
                !changes.began.is_keep(),
                !changes.last_seen.is_keep(),
                !changes.ip.is_keep(),
                !changes.user_agent.is_keep(),
            ],
        )
    }

    fn create_verification_token(&mut self, token: &VerificationToken) -> u64 {
        self.execute(
            sql!("create_verification_token"),
            params![token.identifier, token.token, text(token.expires)],
        )
    }

    fn use_verification_token(&mut self, identifier: &str, token: &str) -> Vec<VerificationToken> {
        let key = [identifier, token];
        self.rows(sql!("use_verification_token"), key, verification_token)
    }

    fn delete_verification_tokens_by_identifier(&mut self, identifier: &str) -> u64 {
        let sql = sql!("delete_verification_tokens_by_identifier");
        self.execute(sql, [identifier])
    }

    fn create_authenticator(&mut self, authenticator: &Authenticator) -> u64 {
        self.execute(
            sql!("create_authenticator"),
            params![
                authenticator.credential_id,
                authenticator.user_id.to_string(),
                authenticator.provider_account_id,
                authenticator.credential_public_key,
                authenticator.counter,
                authenticator.credential_device_type,
                authenticator.credential_backed_up,
                authenticator.transports,
            ],
        )
    }

    fn create_user_with_authenticator(
        &mut self,
        user: &NewUser,
        authenticator: &Authenticator,
    ) -> u64 {
        let id = user.id.unwrap_or_else(Uuid::now_v7);
        let user = NewUser {
            id: Some(id),
            ..user.clone()
        };
        let authenticator = Authenticator {
            user_id: id,
            ..authenticator.clone()
        };
        self.transaction(|bare| bare.create_user(&user) + bare.create_authenticator(&authenticator))
    }

    fn get_authenticator(&mut self, credential_id: &str) -> Vec<Authenticator> {
        self.rows(sql!("get_authenticator"), [credential_id], authenticator)
    }

    fn list_authenticators_by_user_id(&mut self, user_id: Uuid) -> Vec<Authenticator> {
        let key = [user_id.to_string()];
        self.rows(sql!("list_authenticators_by_user_id"), key, authenticator)
    }

    fn list_authenticators_with_details_by_user_id(
        &mut self,
        user_id: Uuid,
    ) -> Vec<(Authenticator, AuthenticatorDetails)> {
        self.rows(
            sql!("list_authenticators_with_details_by_user_id"),
            [user_id.to_string()],
            |row| Ok((authenticator(row)?, authenticator_details(row, 8)?)),
        )
    }

    fn update_authenticator_counter(
        &mut self,
        credential_id: &str,
        counter: i64,
    ) -> Vec<Authenticator> {
        self.rows(
            sql!("update_authenticator_counter"),
            params![counter, credential_id],
            authenticator,
        )
    }

    fn use_authenticator(
        &mut self,
        credential_id: &str,
        counter: i64,
        backed_up: bool,
    ) -> Vec<Authenticator> {
        self.transaction(|bare| {
            let mut found = bare.get_authenticator(credential_id);
            found.retain(|stored| {
                let set = params![counter, backed_up, credential_id];
                counter > stored.counter && bare.execute(sql!("use_authenticator"), set) > 0
            });
            found
        })
    }

    fn delete_authenticator(&mut self, credential_id: &str) -> u64 {
        self.execute(sql!("delete_authenticator"), [credential_id])
    }

    fn delete_authenticator_of_user(
        &mut self,
        user_id: Uuid,
        credential_id: &str,
        keep_last: bool,
    ) -> u64 {
        let user_id = user_id.to_string();
        let row = [&user_id, credential_id];
        let delete = sql!("delete_authenticator_of_user");
        if !keep_last {
            return self.execute(delete, row);
        }
        self.delete_unless_last(sql!("delete_authenticator_of_user_others"), delete, row)
    }

    fn update_authenticator_details(
        &mut self,
        user_id: Uuid,
        credential_id: &str,
        changes: &AuthenticatorDetailsChanges,
    ) -> u64 {
        self.execute(
            sql!("update_authenticator_details"),
            params![
                changes.name.value(),
                changes.created.value().map(|time| text(*time)),
                changes.last_used.value().map(|time| text(*time)),
                credential_id,
                user_id.to_string(),
                !changes.name.is_keep(),
                !changes.created.is_keep(),
                !changes.last_used.is_keep(),
            ],
        )
    }

    fn create_challenge(&mut self, challenge: &Challenge) -> u64 {
        self.execute(
            sql!("create_challenge"),
            params![challenge.key, challenge.payload, text(challenge.expires)],
        )
    }

    fn use_challenge(&mut self, key: &str) -> Vec<Challenge> {
        self.rows(sql!("use_challenge"), [key], challenge)
    }

    fn delete_expired(&mut self, now: OffsetDateTime, limit: u32) -> (u64, u64, u64) {
        let now = text(now);
        self.transaction(|bare| {
            (
                bare.execute(sql!("delete_expired_sessions"), params![now, limit]),
                bare.execute(
                    sql!("delete_expired_verification_tokens"),
                    params![now, limit],
                ),
                bare.execute(sql!("delete_expired_challenges"), params![now, limit]),
            )
        })
    }

    fn ping(&mut self) -> Vec<i64> {
        self.rows(sql!("ping"), [], |row| row.get(0))
    }
}
