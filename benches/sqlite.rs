//! `AuthStore` on SQLite beside the same SQL on bare rusqlite, on one file with the same settings, in turns; many writers
//! at once; and what a million users cost.
//!
//! # What users of rusqlite may want to know
//!
//! `prepare_cached` keeps a statement, but not its plan. When a cached statement goes back, rusqlite clears its
//! parameters, and SQLite prepares a statement again when a parameter that its planner has looked at changes. That is the
//! case for each statement with a join or an `ORDER BY`, and it costs five times what the statement itself does. With
//! `connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)`, the [query planner stability
//! guarantee](https://www.sqlite.org/queryplanner-ng.html#qpstab), the planner looks at no parameter, and a cached
//! statement is as fast as one that is kept. `Statement::get_status(StatementStatus::RePrepare)` shows which it is. The
//! store sets it; the first table of reads is beside a driver that does not, the second beside one that does.

mod support;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use authstore::{
    Account, AccountChanges, AuthStore, Authenticator, NewAccount, NewSession, NewUser, Session,
    SessionChanges, SqliteOptions, User, UserChanges, VerificationToken,
};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Row, params};
use support::{
    Bare, EXPIRES, compare_reads, compare_writes, furnish, median, microseconds, rows, time, turns,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use uuid::Uuid;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../sql/sqlite/", $name, ".sql"))
    };
}

fn main() {
    let turns = turns(2_000);
    let directory = tempfile::tempdir().expect("a directory");
    compare(&directory.path().join("compare.db"), turns);
    grow(directory.path(), turns);
}

fn compare(file: &Path, turns: usize) {
    let store = AuthStore::new(SqliteOptions::file(file).open().expect("a store"));
    store.migrate().expect("a schema");
    let bare = &mut Rusqlite::open(file);
    let users = furnish(bare, rows(turns));
    compare_reads("SQLite, reads", 5 * turns, &store, bare, &users);
    let title = "SQLite, reads, beside a driver that keeps its plans";
    compare_reads(
        title,
        5 * turns,
        &store,
        &mut Rusqlite::open(file).keep_plans(),
        &users,
    );
    crowd(&store, bare, &users, turns);
    let title = "SQLite, writes (synchronous=full)";
    compare_writes(title, turns, &store, bare, &users);
}

/// Many writers at once: the store, and the bare driver behind a mutex. Each thread does so many writes.
fn crowd(store: &AuthStore, bare: &mut Rusqlite, users: &[Uuid], turns: usize) {
    println!("\n### SQLite, create_session by several threads (synchronous=full)\n");
    println!(
        "| threads | driver behind a mutex, 1/s | authstore, 1/s | ratio | driver, p99, ms | authstore, p99, ms |"
    );
    println!("|--:|--:|--:|--:|--:|--:|");
    let next = AtomicUsize::new(0);
    let new = || {
        let turn = next.fetch_add(1, Ordering::Relaxed);
        NewSession::new(users[turn % users.len()], format!("crowd-{turn}"), EXPIRES)
    };
    let bare = Mutex::new(bare);
    for threads in [1, 2, 4, 8, 16] {
        let bare = by_threads(threads, turns / 4, || {
            bare.lock().expect("the driver").create_session(&new())
        });
        let store = by_threads(threads, turns / 4, || {
            store.create_session(new()).expect("a session")
        });
        println!(
            "| {threads} | {:.0} | {:.0} | {:.2} | {:.1} | {:.1} |",
            bare.0,
            store.0,
            store.0 / bare.0,
            bare.1,
            store.1
        );
    }
}

/// How many calls are done in a second, and the 99th percentile of what a call takes, in milliseconds.
fn by_threads<T>(threads: usize, turns: usize, call: impl Fn() -> T + Sync) -> (f64, f64) {
    let began = Instant::now();
    let mut times: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| (0..turns).map(|_| time(&call)).collect::<Vec<_>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("times"))
            .collect()
    });
    let elapsed = began.elapsed();
    times.sort_unstable();
    let slow = times[times.len() * 99 / 100];
    #[allow(clippy::cast_precision_loss, reason = "there are few")]
    let calls = times.len() as f64;
    (calls / elapsed.as_secs_f64(), microseconds(slow) / 1e3)
}

/// What two operations cost with a thousand users and with a million, in the usual number of turns.
fn grow(directory: &Path, turns: usize) {
    println!("\n### SQLite, as users grow\n");
    println!("| users | get_session_and_user, µs | create_session, µs |");
    println!("|--:|--:|--:|");
    for users in [turns.div_ceil(2), 500 * turns] {
        let file = directory.join(format!("{users}.db"));
        let store = AuthStore::new(SqliteOptions::file(&file).open().expect("a store"));
        store.migrate().expect("a schema");
        let ids = furnish(&mut Rusqlite::open(&file), users);
        let mut reads: Vec<_> = (0..10 * turns)
            .map(|turn| {
                let token = (turn * 7919 % users).to_string();
                time(|| store.get_session_and_user(&token).expect("a session"))
            })
            .collect();
        let mut writes: Vec<_> = (0..turns)
            .map(|turn| {
                let user = ids[turn * 7919 % users];
                let new = NewSession::new(user, format!("new-{turn}"), EXPIRES);
                time(|| store.create_session(new).expect("a session"))
            })
            .collect();
        println!(
            "| {users} | {:.1} | {:.1} |",
            microseconds(median(&mut reads)),
            microseconds(median(&mut writes))
        );
    }
}

/// One connection, with the settings of the store's.
struct Rusqlite(Connection);

impl Rusqlite {
    fn open(file: &Path) -> Self {
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

    /// Plans a statement once, whatever its parameters.
    fn keep_plans(self) -> Self {
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

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    user_at(row, 0)
}

fn user_at(row: &Row<'_>, first: usize) -> rusqlite::Result<User> {
    Ok(User {
        id: uuid_at(row, first)?,
        name: row.get(first + 1)?,
        email: row.get(first + 2)?,
        email_verified: match row.get_ref(first + 3)? {
            ValueRef::Null => None,
            _ => Some(time_at(row, first + 3)?),
        },
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
            params![
                changes.kind.is_some(),
                changes.kind,
                !changes.refresh_token.is_keep(),
                changes.refresh_token.value(),
                !changes.access_token.is_keep(),
                changes.access_token.value(),
                !changes.expires_at.is_keep(),
                changes.expires_at.value(),
                !changes.token_type.is_keep(),
                changes.token_type.value(),
                !changes.scope.is_keep(),
                changes.scope.value(),
                !changes.id_token.is_keep(),
                changes.id_token.value(),
                !changes.session_state.is_keep(),
                changes.session_state.value(),
                !changes.oauth_token_secret.is_keep(),
                changes.oauth_token_secret.value(),
                !changes.oauth_token.is_keep(),
                changes.oauth_token.value(),
                provider,
                provider_account_id,
            ],
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

    fn list_sessions_by_user_id(&mut self, user_id: Uuid) -> Vec<Session> {
        let key = [user_id.to_string()];
        self.rows(sql!("list_sessions_by_user_id"), key, session)
    }

    fn delete_sessions_by_user_id(&mut self, user_id: Uuid, keep: Option<&str>) -> u64 {
        let key = params![user_id.to_string(), keep];
        self.execute(sql!("delete_sessions_by_user_id"), key)
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

    fn get_authenticator(&mut self, credential_id: &str) -> Vec<Authenticator> {
        self.rows(sql!("get_authenticator"), [credential_id], authenticator)
    }

    fn list_authenticators_by_user_id(&mut self, user_id: Uuid) -> Vec<Authenticator> {
        let key = [user_id.to_string()];
        self.rows(sql!("list_authenticators_by_user_id"), key, authenticator)
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

    fn delete_authenticator(&mut self, credential_id: &str) -> u64 {
        self.execute(sql!("delete_authenticator"), [credential_id])
    }

    fn delete_expired(&mut self, now: OffsetDateTime, limit: u32) -> (u64, u64) {
        (
            self.execute(sql!("delete_expired_sessions"), params![text(now), limit]),
            self.execute(
                sql!("delete_expired_verification_tokens"),
                params![text(now), limit],
            ),
        )
    }

    fn ping(&mut self) -> Vec<i64> {
        self.rows(sql!("ping"), [], |row| row.get(0))
    }
}
