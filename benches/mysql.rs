//! `AuthStore` on MySQL and MariaDB beside the same SQL on the bare driver, with prepared statements, on one server, in
//! turns; and how much both do in a second with 1, 4 and 16 threads.

#[path = "support/crowd.rs"]
mod crowd;
mod support;

use std::process::ExitCode;

use authstore::{
    Account, AccountChanges, Authenticator, Change, NewAccount, NewSession, NewUser, Session,
    SessionChanges, User, UserChanges, VerificationToken,
};
use authstore_test_databases::{Database, Kind};
use crowd::crowd;
use mysql::consts::CapabilityFlags;
use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder, Params, Row, Value};
use support::{Bare, compare_reads, compare_writes, furnish, rows, turns};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};
use uuid::Uuid;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../sql/mysql/", $name, ".sql"))
    };
    ($dialect:literal, $name:literal) => {
        include_str!(concat!("../sql/", $dialect, "/", $name, ".sql"))
    };
}

fn main() -> ExitCode {
    let turns = turns(500);
    let mut missing = false;
    for kind in [Kind::Mysql, Kind::Mariadb] {
        if let Err(reason) = measure(kind, turns) {
            eprintln!("{} was not measured: {reason}", kind.title());
            missing = true;
        }
    }
    ExitCode::from(u8::from(missing))
}

fn measure(kind: Kind, turns: usize) -> Result<(), String> {
    let server = kind.title();

    let database = Database::new(kind)?;
    let store = database.store();
    let bare = &mut Mysql::open(&database);
    let users = furnish(bare, rows(turns));
    let title = format!("{server}, reads");
    compare_reads(&title, 4 * turns, &store, bare, &users);
    let title = format!("{server}, writes");
    compare_writes(&title, turns, &store, bare, &users);

    let database = Database::new(kind)?;
    let store = database.store_with("pool_size=16");
    let users = furnish(&mut Mysql::open(&database), rows(turns));
    crowd(server, &store, &users, || Mysql::open(&database));
    Ok(())
}

/// One connection, with the settings of the store's.
struct Mysql {
    kind: Kind,
    connection: Conn,
}

impl Mysql {
    fn open(database: &Database) -> Self {
        let options = mysql::Opts::from_url(&database.url()).expect("a URL");
        let options = OptsBuilder::from_opts(options)
            .additional_capabilities(CapabilityFlags::CLIENT_FOUND_ROWS)
            .prefer_socket(false)
            .stmt_cache_size(64);
        let mut connection = Conn::new(options).expect("a connection");
        connection
            .query_drop(
                "SET time_zone = '+00:00', SESSION transaction_isolation = 'READ-COMMITTED'",
            )
            .expect("a session");
        Mysql {
            kind: database.kind(),
            connection,
        }
    }

    fn execute(&mut self, sql: &str, parameters: impl Into<Params>) -> u64 {
        let result = self.connection.exec_iter(sql, parameters).expect("done");
        result.affected_rows()
    }

    fn rows<T>(
        &mut self,
        sql: &str,
        parameters: impl Into<Params>,
        mut read: impl FnMut(&mut Row) -> T,
    ) -> Vec<T> {
        let rows = self.connection.exec_iter(sql, parameters).expect("rows");
        rows.map(|row| read(&mut row.expect("a row"))).collect()
    }

    fn run(&mut self, sql: &str) {
        self.connection.query_drop(sql).expect("done");
    }

    /// As the two servers have to do it, which have no `UPDATE ... RETURNING`.
    fn update<T>(
        &mut self,
        update: &str,
        parameters: Vec<Value>,
        select: &str,
        key: impl Into<Params>,
        read: impl FnMut(&mut Row) -> T,
    ) -> Vec<T> {
        self.transaction(|bare| {
            bare.execute(update, parameters);
            bare.rows(select, key, read)
        })
    }
}

fn time(time: OffsetDateTime) -> Value {
    Value::Date(
        time.year().unsigned_abs() as u16,
        time.month().into(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.microsecond(),
    )
}

fn uuid_at(row: &mut Row, column: usize) -> Uuid {
    let text: String = row.take(column).expect("an id");
    Uuid::try_parse(&text).expect("an id")
}

fn time_at(row: &mut Row, column: usize) -> Option<OffsetDateTime> {
    match row.take(column).expect("a time") {
        Value::Date(year, month, day, hour, minute, second, micro) => {
            let month = Month::try_from(month).expect("a month");
            let date = Date::from_calendar_date(year.into(), month, day).expect("a date");
            let time = Time::from_hms_micro(hour, minute, second, micro).expect("a time");
            Some(PrimitiveDateTime::new(date, time).assume_utc())
        }
        _ => None,
    }
}

fn text_at<T: mysql::prelude::FromValue>(row: &mut Row, column: usize) -> T {
    row.take(column).expect("a cell")
}

fn user_at(row: &mut Row, first: usize) -> User {
    User {
        id: uuid_at(row, first),
        name: text_at(row, first + 1),
        email: text_at(row, first + 2),
        email_verified: time_at(row, first + 3),
        image: text_at(row, first + 4),
    }
}

fn user(row: &mut Row) -> User {
    user_at(row, 0)
}

fn account(row: &mut Row) -> Account {
    Account {
        id: uuid_at(row, 0),
        user_id: uuid_at(row, 1),
        kind: text_at(row, 2),
        provider: text_at(row, 3),
        provider_account_id: text_at(row, 4),
        refresh_token: text_at(row, 5),
        access_token: text_at(row, 6),
        expires_at: text_at(row, 7),
        token_type: text_at(row, 8),
        scope: text_at(row, 9),
        id_token: text_at(row, 10),
        session_state: text_at(row, 11),
        oauth_token_secret: text_at(row, 12),
        oauth_token: text_at(row, 13),
    }
}

fn session(row: &mut Row) -> Session {
    Session {
        id: uuid_at(row, 0),
        user_id: uuid_at(row, 1),
        session_token: text_at(row, 2),
        expires: time_at(row, 3).expect("a time"),
    }
}

fn session_and_user(row: &mut Row) -> (Session, User) {
    (session(row), user_at(row, 4))
}

fn verification_token(row: &mut Row) -> VerificationToken {
    VerificationToken::new(
        text_at::<String>(row, 0),
        text_at::<String>(row, 1),
        time_at(row, 2).expect("a time"),
    )
}

fn authenticator(row: &mut Row) -> Authenticator {
    Authenticator {
        credential_id: text_at(row, 0),
        user_id: uuid_at(row, 1),
        provider_account_id: text_at(row, 2),
        credential_public_key: text_at(row, 3),
        counter: text_at(row, 4),
        credential_device_type: text_at(row, 5),
        credential_backed_up: text_at(row, 6),
        transports: text_at(row, 7),
    }
}

/// The two parameters for a column that an update may change.
fn change<T: Clone + Into<Value>>(change: &Change<T>) -> [Value; 2] {
    [(!change.is_keep()).into(), change.value().cloned().into()]
}

/// The same for a column that is never NULL.
fn some(value: Option<Value>) -> [Value; 2] {
    [value.is_some().into(), value.into()]
}

impl Bare for Mysql {
    fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        self.run(sql!("transaction/begin"));
        let done = work(self);
        self.run(sql!("transaction/commit"));
        done
    }

    fn create_user(&mut self, user: &NewUser) -> u64 {
        self.execute(
            sql!("create_user"),
            (
                user.id.unwrap_or_else(Uuid::now_v7).to_string(),
                &user.name,
                &user.email,
                user.email_verified.map(time),
                &user.image,
            ),
        )
    }

    fn get_user(&mut self, id: Uuid) -> Vec<User> {
        self.rows(sql!("get_user"), (id.to_string(),), user)
    }

    fn get_user_by_email(&mut self, email: &str) -> Vec<User> {
        self.rows(sql!("get_user_by_email"), (email,), user)
    }

    fn get_user_by_account(&mut self, provider: &str, provider_account_id: &str) -> Vec<User> {
        let key = (provider, provider_account_id);
        self.rows(sql!("get_user_by_account"), key, user)
    }

    fn update_user(&mut self, id: Uuid, changes: &UserChanges) -> Vec<User> {
        let key = id.to_string();
        let [name, email, image] = [&changes.name, &changes.email, &changes.image].map(change);
        let email_verified = &changes.email_verified;
        let email_verified = [
            (!email_verified.is_keep()).into(),
            email_verified.value().map(|at| time(*at)).into(),
        ];
        let mut values = [name, email, email_verified, image].concat();
        values.push(key.as_str().into());
        self.update(sql!("update_user"), values, sql!("get_user"), (&key,), user)
    }

    fn delete_user(&mut self, id: Uuid) -> u64 {
        self.execute(sql!("delete_user"), (id.to_string(),))
    }

    fn link_account(&mut self, user_id: Uuid, account: &NewAccount) -> u64 {
        let values: Vec<Value> = vec![
            account.id.unwrap_or_else(Uuid::now_v7).to_string().into(),
            user_id.to_string().into(),
            account.kind.as_str().into(),
            account.provider.as_str().into(),
            account.provider_account_id.as_str().into(),
            account.refresh_token.as_deref().into(),
            account.access_token.as_deref().into(),
            account.expires_at.into(),
            account.token_type.as_deref().into(),
            account.scope.as_deref().into(),
            account.id_token.as_deref().into(),
            account.session_state.as_deref().into(),
            account.oauth_token_secret.as_deref().into(),
            account.oauth_token.as_deref().into(),
        ];
        self.execute(sql!("link_account"), values)
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
        self.execute(sql!("unlink_account"), (provider, provider_account_id))
    }

    fn get_account(&mut self, provider: &str, provider_account_id: &str) -> Vec<Account> {
        let key = (provider, provider_account_id);
        self.rows(sql!("get_account"), key, account)
    }

    fn update_account(
        &mut self,
        provider: &str,
        provider_account_id: &str,
        changes: &AccountChanges,
    ) -> Vec<Account> {
        let mut values = [
            some(changes.kind.as_deref().map(Value::from)),
            change(&changes.refresh_token),
            change(&changes.access_token),
            change(&changes.expires_at),
            change(&changes.token_type),
            change(&changes.scope),
            change(&changes.id_token),
            change(&changes.session_state),
            change(&changes.oauth_token_secret),
            change(&changes.oauth_token),
        ]
        .concat();
        values.extend([provider.into(), provider_account_id.into()]);
        self.update(
            sql!("update_account"),
            values,
            sql!("get_account"),
            (provider, provider_account_id),
            account,
        )
    }

    fn list_accounts_by_user_id(&mut self, user_id: Uuid) -> Vec<Account> {
        let key = (user_id.to_string(),);
        self.rows(sql!("list_accounts_by_user_id"), key, account)
    }

    fn create_session(&mut self, session: &NewSession) -> u64 {
        self.execute(
            sql!("create_session"),
            (
                session.id.unwrap_or_else(Uuid::now_v7).to_string(),
                session.user_id.to_string(),
                &session.session_token,
                time(session.expires),
            ),
        )
    }

    fn get_session_and_user(&mut self, session_token: &str) -> Vec<(Session, User)> {
        let key = (session_token,);
        self.rows(sql!("get_session_and_user"), key, session_and_user)
    }

    fn update_session(&mut self, session_token: &str, changes: &SessionChanges) -> Vec<Session> {
        let mut values = [
            some(changes.user_id.map(|id| id.to_string().into())),
            some(changes.expires.map(time)),
        ]
        .concat();
        values.push(session_token.into());
        self.update(
            sql!("update_session"),
            values,
            sql!("get_session"),
            (session_token,),
            session,
        )
    }

    fn delete_session(&mut self, session_token: &str) -> u64 {
        self.execute(sql!("delete_session"), (session_token,))
    }

    fn list_sessions_by_user_id(&mut self, user_id: Uuid) -> Vec<Session> {
        let key = (user_id.to_string(),);
        self.rows(sql!("list_sessions_by_user_id"), key, session)
    }

    fn delete_sessions_by_user_id(&mut self, user_id: Uuid, keep: Option<&str>) -> u64 {
        let key = (user_id.to_string(), keep);
        self.execute(sql!("delete_sessions_by_user_id"), key)
    }

    fn create_verification_token(&mut self, token: &VerificationToken) -> u64 {
        let row = (&token.identifier, &token.token, time(token.expires));
        self.execute(sql!("create_verification_token"), row)
    }

    fn use_verification_token(&mut self, identifier: &str, token: &str) -> Vec<VerificationToken> {
        let key = (identifier, token);
        if self.kind == Kind::Mariadb {
            let sql = sql!("mariadb", "use_verification_token");
            return self.rows(sql, key, verification_token);
        }
        // MySQL has no `DELETE ... RETURNING`: the caller that deletes the row it has read has used the token.
        let mut found = self.rows(sql!("get_verification_token"), key, verification_token);
        found.retain(|found| {
            let row = (&found.identifier, &found.token, time(found.expires));
            self.execute(sql!("use_verification_token"), row) > 0
        });
        found
    }

    fn create_authenticator(&mut self, authenticator: &Authenticator) -> u64 {
        self.execute(
            sql!("create_authenticator"),
            (
                &authenticator.credential_id,
                authenticator.user_id.to_string(),
                &authenticator.provider_account_id,
                &authenticator.credential_public_key,
                authenticator.counter,
                &authenticator.credential_device_type,
                authenticator.credential_backed_up,
                &authenticator.transports,
            ),
        )
    }

    fn get_authenticator(&mut self, credential_id: &str) -> Vec<Authenticator> {
        self.rows(sql!("get_authenticator"), (credential_id,), authenticator)
    }

    fn list_authenticators_by_user_id(&mut self, user_id: Uuid) -> Vec<Authenticator> {
        let key = (user_id.to_string(),);
        self.rows(sql!("list_authenticators_by_user_id"), key, authenticator)
    }

    fn update_authenticator_counter(
        &mut self,
        credential_id: &str,
        counter: i64,
    ) -> Vec<Authenticator> {
        self.update(
            sql!("update_authenticator_counter"),
            vec![counter.into(), credential_id.into()],
            sql!("get_authenticator"),
            (credential_id,),
            authenticator,
        )
    }

    fn delete_authenticator(&mut self, credential_id: &str) -> u64 {
        self.execute(sql!("delete_authenticator"), (credential_id,))
    }

    fn delete_expired(&mut self, now: OffsetDateTime, limit: u32) -> (u64, u64) {
        (
            self.execute(sql!("delete_expired_sessions"), (time(now), limit)),
            self.execute(
                sql!("delete_expired_verification_tokens"),
                (time(now), limit),
            ),
        )
    }

    fn ping(&mut self) -> Vec<i64> {
        self.rows(sql!("ping"), (), |row| text_at(row, 0))
    }
}
