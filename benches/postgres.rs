//! `AuthStore` on PostgreSQL beside the same SQL on the bare blocking driver, with prepared statements, on one server, in
//! turns; and how much both get done with several threads.
//!
//! The server is the one that the tests would use: see the crate `authstore-test-databases`.

#[path = "support/crowd.rs"]
mod crowd;
mod support;

use std::collections::HashMap;
use std::time::Instant;

use authstore::{
    Account, AccountChanges, AuthStore, Authenticator, NewAccount, NewSession, NewUser, Session,
    SessionChanges, User, UserChanges, VerificationToken,
};
use authstore_test_databases::{Database, Kind};
use crowd::crowd;
use postgres::types::ToSql;
use postgres::{Client, NoTls, Row, Statement};
use support::{Bare, compare_reads, compare_writes, furnish, rows, turns};
use time::OffsetDateTime;
use uuid::Uuid;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../sql/postgres/", $name, ".sql"))
    };
}

fn main() {
    let turns = turns(1_500);

    let database = Database::new(Kind::Postgres).expect("a server");
    let store = database.store();
    let bare = &mut Postgres::open(&database);
    let users = bare.furnish(rows(turns));
    compare_reads("PostgreSQL, reads", 3 * turns, &store, bare, &users);
    compare_writes("PostgreSQL, writes", turns, &store, bare, &users);

    compare_statements(turns, &database, &users);

    let database = Database::new(Kind::Postgres).expect("a server");
    let store = database.store_with("pool_size=16");
    let users = Postgres::open(&database).furnish(rows(turns));
    crowd("PostgreSQL", &store, &users, || Postgres::open(&database));
}

/// What it costs to send statements without a name, as is done through a pooler: the server parses and plans each.
fn compare_statements(turns: usize, database: &Database, users: &[Uuid]) {
    let named = database.store_with("prepare=always");
    let unnamed = database.store_with("prepare=never");
    println!("\nPostgreSQL, statements: median in microseconds, and the ratio of unnamed to named");
    println!(
        "{:<24} {:>8} {:>8} {:>6}",
        "operation", "named", "unnamed", "ratio"
    );
    let read = |store: &AuthStore, user: Uuid| {
        store.get_user(user).expect("done");
    };
    let write = |store: &AuthStore, user: Uuid| {
        store
            .update_user(user, UserChanges::default())
            .expect("done");
    };
    type Operation<'a> = (&'a str, &'a dyn Fn(&AuthStore, Uuid));
    let operations: [Operation<'_>; 2] = [("get_user", &read), ("update_user", &write)];
    for (name, operation) in operations {
        let (mut of_named, mut of_unnamed) = (Vec::new(), Vec::new());
        // In turns, so that what else the machine does slows both down.
        for turn in 0..turns {
            let user = users[turn % users.len()];
            for (store, times) in [(&named, &mut of_named), (&unnamed, &mut of_unnamed)] {
                let start = Instant::now();
                operation(store, user);
                times.push(start.elapsed().as_secs_f64() * 1e6);
            }
        }
        let [named, unnamed] = [of_named, of_unnamed].map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        println!(
            "{name:<24} {named:>8.0} {unnamed:>8.0} {:>6.2}",
            unnamed / named
        );
    }
}

/// One connection, and the statements that it has prepared.
struct Postgres {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

impl Postgres {
    fn open(database: &Database) -> Self {
        Postgres {
            client: Client::connect(&database.url(), NoTls).expect("a connection"),
            statements: HashMap::new(),
        }
    }

    /// Makes users, and lets the planner know how many.
    fn furnish(&mut self, users: usize) -> Vec<Uuid> {
        let ids = furnish(self, users);
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
            &[
                &changes.kind.is_some(),
                &changes.kind,
                &!changes.refresh_token.is_keep(),
                &changes.refresh_token.value(),
                &!changes.access_token.is_keep(),
                &changes.access_token.value(),
                &!changes.expires_at.is_keep(),
                &changes.expires_at.value(),
                &!changes.token_type.is_keep(),
                &changes.token_type.value(),
                &!changes.scope.is_keep(),
                &changes.scope.value(),
                &!changes.id_token.is_keep(),
                &changes.id_token.value(),
                &!changes.session_state.is_keep(),
                &changes.session_state.value(),
                &!changes.oauth_token_secret.is_keep(),
                &changes.oauth_token_secret.value(),
                &!changes.oauth_token.is_keep(),
                &changes.oauth_token.value(),
                &provider,
                &provider_account_id,
            ],
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

    fn list_sessions_by_user_id(&mut self, user_id: Uuid) -> Vec<Session> {
        self.rows(sql!("list_sessions_by_user_id"), &[&user_id], session)
    }

    fn delete_sessions_by_user_id(&mut self, user_id: Uuid, keep: Option<&str>) -> u64 {
        self.execute(sql!("delete_sessions_by_user_id"), &[&user_id, &keep])
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

    fn delete_authenticator(&mut self, credential_id: &str) -> u64 {
        self.execute(sql!("delete_authenticator"), &[&credential_id])
    }

    fn delete_expired(&mut self, now: OffsetDateTime, limit: u32) -> (u64, u64) {
        let limit = i64::from(limit);
        let count = |row: &Row, column| row.get::<_, i64>(column).unsigned_abs();
        let counts = self.rows(
            sql!("delete_expired"),
            &[&now, &limit, &now, &limit],
            |row| (count(row, 0), count(row, 1)),
        );
        counts[0]
    }

    fn ping(&mut self) -> Vec<i64> {
        self.rows(sql!("ping"), &[], |row| i64::from(row.get::<_, i32>(0)))
    }
}
