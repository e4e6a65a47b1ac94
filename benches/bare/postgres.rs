//! The bare blocking driver of PostgreSQL.

use std::collections::HashMap;

use authstore::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Challenge, NewAccount, NewSession, NewUser, Session, SessionChanges, SessionDetails,
    SessionDetailsChanges, User, UserChanges, VerificationToken,
};
use authstore_test_databases::Database;
use postgres::types::ToSql;
use postgres::{Client, NoTls, Row, Statement};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::support::{Bare, insert_rows};

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../sql/postgres/", $name, ".sql"))
    };
}

/// Returns the parameters of a statement that changes an account: two for each column, then the others.
macro_rules! account_changes {
    ($changes:expr, $($other:expr),*) => {
        &[
            &$changes.kind.is_some(),
            &$changes.kind,
            &!$changes.refresh_token.is_keep(),
            &$changes.refresh_token.value(),
            &!$changes.access_token.is_keep(),
            &$changes.access_token.value(),
            &!$changes.expires_at.is_keep(),
            &$changes.expires_at.value(),
            &!$changes.token_type.is_keep(),
            &$changes.token_type.value(),
            &!$changes.scope.is_keep(),
            &$changes.scope.value(),
            &!$changes.id_token.is_keep(),
            &$changes.id_token.value(),
            &!$changes.session_state.is_keep(),
            &$changes.session_state.value(),
            &!$changes.oauth_token_secret.is_keep(),
            &$changes.oauth_token_secret.value(),
            &!$changes.oauth_token.is_keep(),
            &$changes.oauth_token.value(),
            $(&$other,)*
        ]
    };
}

/// One connection and its prepared statements.
pub(crate) struct Postgres {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

impl Postgres {
    pub(crate) fn open(database: &Database) -> Self {
        Postgres {
            client: Client::connect(&database.url(), NoTls).expect("a connection"),
            statements: HashMap::new(),
        }
    }

    /// Creates users, and updates the planner's statistics.
    pub(crate) fn insert_rows(&mut self, users: usize) -> Vec<Uuid> {
        let ids = insert_rows(self, users);
        self.client.batch_execute("ANALYZE").expect("done");
        ids
    }

    fn prepare(&mut self, sql: &'static str) -> Statement {
        if let Some(statement) = self.statements.get(sql) {
            return statement.clone();
        }
        let statement = self.client.prepare(sql).expect("a statement");
        self.statements.insert(sql, statement.clone());
        statement
    }

    fn execute(&mut self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> u64 {
        let statement = self.prepare(sql);
        self.client.execute(&statement, parameters).expect("done")
    }

    fn rows<T>(
        &mut self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
        read: impl FnMut(&Row) -> T,
    ) -> Vec<T> {
        let statement = self.prepare(sql);
        let rows = self.client.query(&statement, parameters).expect("rows");
        rows.iter().map(read).collect()
    }

    /// Returns how many rows a statement deleted, from its result.
    fn deleted(&mut self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> u64 {
        let answers = self.rows(sql, parameters, |row| row.get::<_, bool>(0));
        answers.into_iter().map(u64::from).sum()
    }
}

fn user(row: &Row) -> User {
    user_at(row, 0)
}

fn user_at(row: &Row, first: usize) -> User {
    User {
        id: row.get(first),
        name: row.get(first + 1),
        email: row.get(first + 2),
        email_verified: row.get(first + 3),
        image: row.get(first + 4),
    }
}

fn account(row: &Row) -> Account {
    Account {
        id: row.get(0),
        user_id: row.get(1),
        kind: row.get(2),
        provider: row.get(3),
        provider_account_id: row.get(4),
        refresh_token: row.get(5),
        access_token: row.get(6),
        expires_at: row.get(7),
        token_type: row.get(8),
        scope: row.get(9),
        id_token: row.get(10),
        session_state: row.get(11),
        oauth_token_secret: row.get(12),
        oauth_token: row.get(13),
    }
}

fn session(row: &Row) -> Session {
    Session {
        id: row.get(0),
        user_id: row.get(1),
        session_token: row.get(2),
        expires: row.get(3),
    }
}

fn session_details(row: &Row, first: usize) -> SessionDetails {
    SessionDetails {
        began: row.get(first),
        last_seen: row.get(first + 1),
        ip: row.get(first + 2),
        user_agent: row.get(first + 3),
    }
}

fn verification_token(row: &Row) -> VerificationToken {
    VerificationToken {
        identifier: row.get(0),
        token: row.get(1),
        expires: row.get(2),
    }
}

fn authenticator(row: &Row) -> Authenticator {
    Authenticator {
        credential_id: row.get(0),
        user_id: row.get(1),
        provider_account_id: row.get(2),
        credential_public_key: row.get(3),
        counter: row.get(4),
        credential_device_type: row.get(5),
        credential_backed_up: row.get(6),
        transports: row.get(7),
    }
}

fn authenticator_details(row: &Row, first: usize) -> AuthenticatorDetails {
    AuthenticatorDetails {
        name: row.get(first),
        created: row.get(first + 1),
        last_used: row.get(first + 2),
    }
}

fn challenge(row: &Row) -> Challenge {
    Challenge {
        expires: row.get(0),
        key: row.get(1),
        payload: row.get(2),
    }
}

impl Bare for Postgres {
    fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        self.execute("BEGIN", &[]);
        let done = work(self);
        self.execute("COMMIT", &[]);
        done
    }

    fn create_user(&mut self, user: &NewUser) -> u64 {
        self.execute(
            sql!("create_user"),
            &[
                &user.id.unwrap_or_else(Uuid::now_v7),
                &user.name,
                &user.email,
                &user.email_verified,
                &user.image,
            ],
        )
    }

    fn get_user(&mut self, id: Uuid) -> Vec<User> {
        self.rows(sql!("get_user"), &[&id], user)
    }

    fn get_user_by_email(&mut self, email: &str) -> Vec<User> {
        self.rows(sql!("get_user_by_email"), &[&email], user)
    }

    fn get_user_by_account(&mut self, provider: &str, provider_account_id: &str) -> Vec<User> {
        self.rows(
            sql!("get_user_by_account"),
            &[&provider, &provider_account_id],
            user,
        )
    }

    fn list_users(&mut self, after: Option<Uuid>, limit: u32) -> Vec<User> {
        self.rows(
            sql!("list_users"),
            &[&after.unwrap_or(Uuid::nil()), &after, &i64::from(limit)],
            user,
        )
    }

    fn update_user(&mut self, id: Uuid, changes: &UserChanges) -> Vec<User> {
        self.rows(
            sql!("update_user"),
            &[
                &!changes.name.is_keep(),
                &changes.name.value(),
                &!changes.email.is_keep(),
                &changes.email.value(),
                &!changes.email_verified.is_keep(),
                &changes.email_verified.value(),
                &!changes.image.is_keep(),
                &changes.image.value(),
                &id,
            ],
            user,
        )
    }

    fn delete_user(&mut self, id: Uuid) -> u64 {
        self.execute(sql!("delete_user"), &[&id])
    }

    fn link_account(&mut self, user_id: Uuid, account: &NewAccount) -> u64 {
        self.execute(
            sql!("link_account"),
            &[
                &account.id.unwrap_or_else(Uuid::now_v7),
                &user_id,
                &account.kind,
                &account.provider,
                &account.provider_account_id,
                &account.refresh_token,
                &account.access_token,
                &account.expires_at,
                &account.token_type,
                &account.scope,
                &account.id_token,
                &account.session_state,
                &account.oauth_token_secret,
                &account.oauth_token,
            ],
        )
    }

    fn create_user_with_account(&mut self, user: &NewUser, account: &NewAccount) -> u64 {
        let id = user.id.unwrap_or_else(Uuid::now_v7);
        self.execute(
            sql!("create_user_with_account"),
            &[
                &id,
                &user.name,
                &user.email,
                &user.email_verified,
                &user.image,
                &account.id.unwrap_or_else(Uuid::now_v7),
                &id,
                &account.kind,
                &account.provider,
                &account.provider_account_id,
                &account.refresh_token,
                &account.access_token,
                &account.expires_at,
                &account.token_type,
                &account.scope,
                &account.id_token,
                &account.session_state,
                &account.oauth_token_secret,
                &account.oauth_token,
            ],
        )
    }

    fn unlink_account(&mut self, provider: &str, provider_account_id: &str) -> u64 {
        self.execute(sql!("unlink_account"), &[&provider, &provider_account_id])
    }

    fn unlink_account_of_user(
        &mut self,
        user_id: Uuid,
        provider: &str,
        provider_account_id: &str,
        keep_last: bool,
    ) -> u64 {
        let row: [&(dyn ToSql + Sync); 3] = [&user_id, &provider, &provider_account_id];
        if keep_last {
            return self.deleted(sql!("unlink_account_of_user_keep_last"), &row);
        }
        self.execute(sql!("unlink_account_of_user"), &row)
    }

    fn get_account(&mut self, provider: &str, provider_account_id: &str) -> Vec<Account> {
        self.rows(
            sql!("get_account"),
            &[&provider, &provider_account_id],
            account,
        )
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
        self.rows(sql!("list_accounts_by_user_id"), &[&user_id], account)
    }

    fn create_session(&mut self, session: &NewSession) -> u64 {
        self.execute(
            sql!("create_session"),
            &[
                &session.id.unwrap_or_else(Uuid::now_v7),
                &session.user_id,
                &session.session_token,
                &session.expires,
            ],
        )
    }

    fn get_session_and_user(&mut self, session_token: &str) -> Vec<(Session, User)> {
        self.rows(sql!("get_session_and_user"), &[&session_token], |row| {
            (session(row), user_at(row, 4))
        })
    }

    fn update_session(&mut self, session_token: &str, changes: &SessionChanges) -> Vec<Session> {
        self.rows(
            sql!("update_session"),
            &[
                &changes.user_id.is_some(),
                &changes.user_id,
                &changes.session_token.is_some(),
                &changes.session_token,
                &changes.expires.is_some(),
                &changes.expires,
                &session_token,
            ],
            session,
        )
    }

    fn delete_session(&mut self, session_token: &str) -> u64 {
        self.execute(sql!("delete_session"), &[&session_token])
    }

    fn delete_session_of_user(&mut self, user_id: Uuid, session_id: Uuid) -> u64 {
        self.execute(sql!("delete_session_of_user"), &[&user_id, &session_id])
    }

    fn list_sessions_by_user_id(&mut self, user_id: Uuid) -> Vec<Session> {
        self.rows(sql!("list_sessions_by_user_id"), &[&user_id], session)
    }

    fn list_sessions_with_details_by_user_id(
        &mut self,
        user_id: Uuid,
    ) -> Vec<(Session, SessionDetails)> {
        self.rows(
            sql!("list_sessions_with_details_by_user_id"),
            &[&user_id],
            |row| (session(row), session_details(row, 4)),
        )
    }

    fn delete_sessions_by_user_id(&mut self, user_id: Uuid, keep: Option<&str>) -> u64 {
        self.execute(sql!("delete_sessions_by_user_id"), &[&user_id, &keep])
    }

    fn get_session_details(&mut self, session_id: Uuid) -> Vec<SessionDetails> {
        self.rows(sql!("get_session_details"), &[&session_id], |row| {
            session_details(row, 1)
        })
    }

    fn update_session_details(&mut self, session_id: Uuid, changes: &SessionDetailsChanges) -> u64 {
        self.execute(
            sql!("update_session_details"),
            &[
                &changes.began.value(),
                &changes.last_seen.value(),
                &changes.ip.value(),
                &changes.user_agent.value(),
                &session_id,
                &!changes.began.is_keep(),
                &!changes.last_seen.is_keep(),
                &!changes.ip.is_keep(),
                &!changes.user_agent.is_keep(),
            ],
        )
    }

    fn create_verification_token(&mut self, token: &VerificationToken) -> u64 {
        self.execute(
            sql!("create_verification_token"),
            &[&token.identifier, &token.token, &token.expires],
        )
    }

    fn use_verification_token(&mut self, identifier: &str, token: &str) -> Vec<VerificationToken> {
        self.rows(
            sql!("use_verification_token"),
            &[&identifier, &token],
            verification_token,
        )
    }

    fn delete_verification_tokens_by_identifier(&mut self, identifier: &str) -> u64 {
        let sql = sql!("delete_verification_tokens_by_identifier");
        self.execute(sql, &[&identifier])
    }

    fn create_authenticator(&mut self, authenticator: &Authenticator) -> u64 {
        self.execute(
            sql!("create_authenticator"),
            &[
                &authenticator.credential_id,
                &authenticator.user_id,
                &authenticator.provider_account_id,
                &authenticator.credential_public_key,
                &authenticator.counter,
                &authenticator.credential_device_type,
                &authenticator.credential_backed_up,
                &authenticator.transports,
            ],
        )
    }

    fn create_user_with_authenticator(
        &mut self,
        user: &NewUser,
        authenticator: &Authenticator,
    ) -> u64 {
        let id = user.id.unwrap_or_else(Uuid::now_v7);
        self.execute(
            sql!("create_user_with_authenticator"),
            &[
                &id,
                &user.name,
                &user.email,
                &user.email_verified,
                &user.image,
                &authenticator.credential_id,
                &id,
                &authenticator.provider_account_id,
                &authenticator.credential_public_key,
                &authenticator.counter,
                &authenticator.credential_device_type,
                &authenticator.credential_backed_up,
                &authenticator.transports,
            ],
        )
    }

    fn get_authenticator(&mut self, credential_id: &str) -> Vec<Authenticator> {
        self.rows(sql!("get_authenticator"), &[&credential_id], authenticator)
    }

    fn list_authenticators_by_user_id(&mut self, user_id: Uuid) -> Vec<Authenticator> {
        self.rows(
            sql!("list_authenticators_by_user_id"),
            &[&user_id],
            authenticator,
        )
    }

    fn list_authenticators_with_details_by_user_id(
        &mut self,
        user_id: Uuid,
    ) -> Vec<(Authenticator, AuthenticatorDetails)> {
        self.rows(
            sql!("list_authenticators_with_details_by_user_id"),
            &[&user_id],
            |row| (authenticator(row), authenticator_details(row, 8)),
        )
    }

    fn update_authenticator_counter(
        &mut self,
        credential_id: &str,
        counter: i64,
    ) -> Vec<Authenticator> {
        self.rows(
            sql!("update_authenticator_counter"),
            &[&counter, &credential_id],
            authenticator,
        )
    }

    fn use_authenticator(
        &mut self,
        credential_id: &str,
        counter: i64,
        backed_up: bool,
    ) -> Vec<Authenticator> {
        let use_it: [&(dyn ToSql + Sync); 3] = [&credential_id, &counter, &backed_up];
        let found = self.rows(sql!("use_authenticator"), &use_it, |row| {
            (row.get::<_, bool>(8), authenticator(row))
        });
        let accepted = found.into_iter().filter(|(accepted, _)| *accepted);
        accepted.map(|(_, stored)| stored).collect()
    }

    fn delete_authenticator(&mut self, credential_id: &str) -> u64 {
        self.execute(sql!("delete_authenticator"), &[&credential_id])
    }

    fn delete_authenticator_of_user(
        &mut self,
        user_id: Uuid,
        credential_id: &str,
        keep_last: bool,
    ) -> u64 {
        let row: [&(dyn ToSql + Sync); 2] = [&user_id, &credential_id];
        if keep_last {
            return self.deleted(sql!("delete_authenticator_of_user_keep_last"), &row);
        }
        self.execute(sql!("delete_authenticator_of_user"), &row)
    }

    fn update_authenticator_details(
        &mut self,
        user_id: Uuid,
        credential_id: &str,
        changes: &AuthenticatorDetailsChanges,
    ) -> u64 {
        self.execute(
            sql!("update_authenticator_details"),
            &[
                &changes.name.value(),
                &changes.created.value(),
                &changes.last_used.value(),
                &credential_id,
                &user_id,
                &!changes.name.is_keep(),
                &!changes.created.is_keep(),
                &!changes.last_used.is_keep(),
            ],
        )
    }

    fn create_challenge(&mut self, challenge: &Challenge) -> u64 {
        self.execute(
            sql!("create_challenge"),
            &[&challenge.key, &challenge.payload, &challenge.expires],
        )
    }

    fn use_challenge(&mut self, key: &str) -> Vec<Challenge> {
        self.rows(sql!("use_challenge"), &[&key], challenge)
    }

    fn delete_expired(&mut self, now: OffsetDateTime, limit: u32) -> (u64, u64, u64) {
        let limit = i64::from(limit);
        let count = |row: &Row, column| row.get::<_, i64>(column).unsigned_abs();
        let counts = self.rows(
            sql!("delete_expired"),
            &[&now, &limit, &now, &limit, &now, &limit],
            |row| (count(row, 0), count(row, 1), count(row, 2)),
        );
        counts[0]
    }

    fn ping(&mut self) -> Vec<i64> {
        self.rows(sql!("ping"), &[], |row| i64::from(row.get::<_, i32>(0)))
    }
}
