//! The bare driver of MySQL and MariaDB.

use authstore::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Challenge, Change, NewAccount, NewSession, NewUser, Session, SessionChanges, SessionDetails,
    SessionDetailsChanges, User, UserChanges, VerificationToken,
};
use authstore_test_databases::{Database, Kind};
use mysql::consts::CapabilityFlags;
use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder, Params, Row, Value};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};
use uuid::Uuid;

use crate::support::Bare;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../sql/mysql/", $name, ".sql"))
    };
    ($dialect:literal, $name:literal) => {
        include_str!(concat!("../../sql/", $dialect, "/", $name, ".sql"))
    };
}

/// One connection, with the store's settings.
pub(crate) struct Mysql {
    kind: Kind,
    connection: Conn,
}

impl Mysql {
    pub(crate) fn open(database: &Database) -> Self {
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

    /// Reads the rows, then updates each exactly as it was read, because the two servers have no `UPDATE ...
    /// RETURNING`.
    fn update<T>(
        &mut self,
        select: &str,
        key: impl Into<Params>,
        update_as_read: &str,
        changes: &[Value],
        is_wanted: impl Fn(&T) -> bool,
        read: impl Fn(&mut Row) -> T,
    ) -> Vec<T> {
        let found = self.rows(select, key, |row| (row.clone().unwrap(), read(row)));
        let mut updated = Vec::new();
        for (as_read, row) in found {
            let parameters = [changes, &as_read].concat();
            if is_wanted(&row) && self.execute(update_as_read, parameters) > 0 {
                updated.push(row);
            }
        }
        updated
    }

    /// Deletes one of a user's ways to sign in if there are others. The first value of the row is the user's id.
    fn delete_unless_last(&mut self, count: &str, delete: &str, row: &[Value]) -> u64 {
        self.transaction(|bare| {
            bare.rows(sql!("lock_user"), row[..1].to_vec(), |_| ());
            let others = bare.rows(count, row.to_vec(), |row| text_at::<i64>(row, 0));
            match others[..] {
                [others] if others > 0 => bare.execute(delete, row.to_vec()),
                _ => 0,
            }
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

fn session_details(row: &mut Row, first: usize) -> SessionDetails {
    SessionDetails {
        began: time_at(row, first),
        last_seen: time_at(row, first + 1),
        ip: text_at(row, first + 2),
        user_agent: text_at(row, first + 3),
    }
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

fn authenticator_details(row: &mut Row, first: usize) -> AuthenticatorDetails {
    AuthenticatorDetails {
        name: text_at(row, first),
        created: time_at(row, first + 1),
        last_used: time_at(row, first + 2),
    }
}

fn challenge(row: &mut Row) -> Challenge {
    Challenge {
        expires: time_at(row, 0).expect("a time"),
        key: text_at(row, 1),
        payload: text_at(row, 2),
    }
}

fn user_values(id: Uuid, user: &NewUser) -> Vec<Value> {
    vec![
        id.to_string().into(),
        user.name.as_deref().into(),
        user.email.as_deref().into(),
        user.email_verified.map(time).into(),
        user.image.as_deref().into(),
    ]
}

fn account_values(user_id: Uuid, account: &NewAccount) -> Vec<Value> {
    vec![
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
    ]
}

fn authenticator_values(user_id: Uuid, authenticator: &Authenticator) -> Vec<Value> {
    vec![
        authenticator.credential_id.as_str().into(),
        user_id.to_string().into(),
        authenticator.provider_account_id.as_str().into(),
        authenticator.credential_public_key.as_str().into(),
        authenticator.counter.into(),
        authenticator.credential_device_type.as_str().into(),
        authenticator.credential_backed_up.into(),
        authenticator.transports.as_deref().into(),
    ]
}

fn account_changes(changes: &AccountChanges) -> Vec<Value> {
    [
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
    .concat()
}

/// The two parameters for a column that an update may change.
fn change<T: Clone + Into<Value>>(change: &Change<T>) -> [Value; 2] {
    [(!change.is_keep()).into(), change.value().cloned().into()]
}

/// The same for a time.
fn change_of_time(change: &Change<OffsetDateTime>) -> [Value; 2] {
    let value = change.value().map(|at| time(*at));
    [(!change.is_keep()).into(), value.into()]
}

/// The parameters of a statement that inserts or updates details: the values, the key, and for each value whether it
/// replaces an old one.
fn details(changes: &[[Value; 2]], key: &[Value]) -> Vec<Value> {
    let values = changes.iter().map(|[_, value]| value);
    let named = changes.iter().map(|[named, _]| named);
    values.chain(key).chain(named).cloned().collect()
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
        let id = user.id.unwrap_or_else(Uuid::now_v7);
        self.execute(sql!("create_user"), user_values(id, user))
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

    fn list_users(&mut self, after: Option<Uuid>, limit: u32) -> Vec<User> {
        let bounds = (
            after.unwrap_or(Uuid::nil()).to_string(),
            after.map(|id| id.to_string()),
            limit,
        );
        self.rows(sql!("list_users"), bounds, user)
    }

    fn update_user(&mut self, id: Uuid, changes: &UserChanges) -> Vec<User> {
        let values = [
            change(&changes.name),
            change(&changes.email),
            change_of_time(&changes.email_verified),
            change(&changes.image),
        ];
        self.update(
            sql!("get_user"),
            (id.to_string(),),
            sql!("update_user_as_read"),
            values.as_flattened(),
            |_| true,
            user,
        )
    }

    fn delete_user(&mut self, id: Uuid) -> u64 {
        self.execute(sql!("delete_user"), (id.to_string(),))
    }

    fn link_account(&mut self, user_id: Uuid, account: &NewAccount) -> u64 {
        self.execute(sql!("link_account"), account_values(user_id, account))
    }

    fn create_user_with_account(&mut self, user: &NewUser, account: &NewAccount) -> u64 {
        let id = user.id.unwrap_or_else(Uuid::now_v7);
        let values = [user_values(id, user), account_values(id, account)].concat();
        self.execute(sql!("create_user_with_account/keep"), values);
        self.run(sql!("create_user_with_account/insert"));
        1
    }

    fn unlink_account(&mut self, provider: &str, provider_account_id: &str) -> u64 {
        self.execute(sql!("unlink_account"), (provider, provider_account_id))
    }

    fn unlink_account_of_user(
        &mut self,
        user_id: Uuid,
        provider: &str,
        provider_account_id: &str,
        keep_last: bool,
    ) -> u64 {
        let row = [
            user_id.to_string().into(),
            provider.into(),
            provider_account_id.into(),
        ];
        let delete = sql!("unlink_account_of_user");
        if !keep_last {
            return self.execute(delete, row.to_vec());
        }
        self.delete_unless_last(sql!("unlink_account_of_user_others"), delete, &row)
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
        self.update(
            sql!("get_account"),
            (provider, provider_account_id),
            sql!("update_account_as_read"),
            &account_changes(changes),
            |_| true,
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
        self.update(
            sql!("get_account"),
            (provider, provider_account_id),
            sql!("update_account_as_read"),
            &account_changes(changes),
            |account: &Account| account.refresh_token.as_deref() == seen_refresh_token,
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
        let values = [
            some(changes.user_id.map(|id| id.to_string().into())),
            some(changes.session_token.as_deref().map(Value::from)),
            some(changes.expires.map(time)),
        ];
        self.update(
            sql!("get_session"),
            (session_token,),
            sql!("update_session_as_read"),
            values.as_flattened(),
            |_| true,
            session,
        )
    }

    fn delete_session(&mut self, session_token: &str) -> u64 {
        self.execute(sql!("delete_session"), (session_token,))
    }

    fn delete_session_of_user(&mut self, user_id: Uuid, session_id: Uuid) -> u64 {
        self.execute(
            sql!("delete_session_of_user"),
            (user_id.to_string(), session_id.to_string()),
        )
    }

    fn list_sessions_by_user_id(&mut self, user_id: Uuid) -> Vec<Session> {
        let key = (user_id.to_string(),);
        self.rows(sql!("list_sessions_by_user_id"), key, session)
    }

    fn list_sessions_with_details_by_user_id(
        &mut self,
        user_id: Uuid,
    ) -> Vec<(Session, SessionDetails)> {
        self.rows(
            sql!("list_sessions_with_details_by_user_id"),
            (user_id.to_string(),),
            |row| (session(row), session_details(row, 4)),
        )
    }

    fn delete_sessions_by_user_id(&mut self, user_id: Uuid, keep: Option<&str>) -> u64 {
        let key = (user_id.to_string(), keep);
        self.execute(sql!("delete_sessions_by_user_id"), key)
    }

    fn get_session_details(&mut self, session_id: Uuid) -> Vec<SessionDetails> {
        let key = (session_id.to_string(),);
        self.rows(sql!("get_session_details"), key, |row| {
            session_details(row, 1)
        })
    }

    fn update_session_details(&mut self, session_id: Uuid, changes: &SessionDetailsChanges) -> u64 {
        let changes = [
            change_of_time(&changes.began),
            change_of_time(&changes.last_seen),
            change(&changes.ip),
            change(&changes.user_agent),
        ];
        let values = details(&changes, &[session_id.to_string().into()]);
        self.execute(sql!("update_session_details"), values)
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

    fn delete_verification_tokens_by_identifier(&mut self, identifier: &str) -> u64 {
        let sql = sql!("delete_verification_tokens_by_identifier");
        self.execute(sql, (identifier,))
    }

    fn create_authenticator(&mut self, authenticator: &Authenticator) -> u64 {
        let values = authenticator_values(authenticator.user_id, authenticator);
        self.execute(sql!("create_authenticator"), values)
    }

    fn create_user_with_authenticator(
        &mut self,
        user: &NewUser,
        authenticator: &Authenticator,
    ) -> u64 {
        let id = user.id.unwrap_or_else(Uuid::now_v7);
        let values = [
            user_values(id, user),
            authenticator_values(id, authenticator),
        ];
        self.execute(sql!("create_user_with_authenticator/keep"), values.concat());
        self.run(sql!("create_user_with_authenticator/insert"));
        1
    }

    fn get_authenticator(&mut self, credential_id: &str) -> Vec<Authenticator> {
        self.rows(sql!("get_authenticator"), (credential_id,), authenticator)
    }

    fn list_authenticators_by_user_id(&mut self, user_id: Uuid) -> Vec<Authenticator> {
        let key = (user_id.to_string(),);
        self.rows(sql!("list_authenticators_by_user_id"), key, authenticator)
    }

    fn list_authenticators_with_details_by_user_id(
        &mut self,
        user_id: Uuid,
    ) -> Vec<(Authenticator, AuthenticatorDetails)> {
        self.rows(
            sql!("list_authenticators_with_details_by_user_id"),
            (user_id.to_string(),),
            |row| (authenticator(row), authenticator_details(row, 8)),
        )
    }

    fn update_authenticator_counter(
        &mut self,
        credential_id: &str,
        counter: i64,
    ) -> Vec<Authenticator> {
        self.update(
            sql!("get_authenticator"),
            (credential_id,),
            sql!("update_authenticator_counter_as_read"),
            &[counter.into()],
            |_| true,
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
            let lock = sql!("lock_authenticator");
            let mut found = bare.rows(lock, (credential_id,), authenticator);
            found.retain(|stored| {
                let set = (counter, backed_up, credential_id);
                counter > stored.counter && bare.execute(sql!("use_authenticator"), set) > 0
            });
            found
        })
    }

    fn delete_authenticator(&mut self, credential_id: &str) -> u64 {
        self.execute(sql!("delete_authenticator"), (credential_id,))
    }

    fn delete_authenticator_of_user(
        &mut self,
        user_id: Uuid,
        credential_id: &str,
        keep_last: bool,
    ) -> u64 {
        let row = [user_id.to_string().into(), credential_id.into()];
        let delete = sql!("delete_authenticator_of_user");
        if !keep_last {
            return self.execute(delete, row.to_vec());
        }
        self.delete_unless_last(sql!("delete_authenticator_of_user_others"), delete, &row)
    }

    fn update_authenticator_details(
        &mut self,
        user_id: Uuid,
        credential_id: &str,
        changes: &AuthenticatorDetailsChanges,
    ) -> u64 {
        let changes = [
            change(&changes.name),
            change_of_time(&changes.created),
            change_of_time(&changes.last_used),
        ];
        let key = [credential_id.into(), user_id.to_string().into()];
        self.execute(
            sql!("update_authenticator_details"),
            details(&changes, &key),
        )
    }

    fn create_challenge(&mut self, challenge: &Challenge) -> u64 {
        let row = (&challenge.key, &challenge.payload, time(challenge.expires));
        self.execute(sql!("create_challenge"), row)
    }

    fn use_challenge(&mut self, key: &str) -> Vec<Challenge> {
        if self.kind == Kind::Mariadb {
            return self.rows(sql!("mariadb", "use_challenge"), (key,), challenge);
        }
        let mut found = self.rows(sql!("get_challenge"), (key,), challenge);
        found.retain(|found| {
            let row = (&found.key, &found.payload, time(found.expires));
            self.execute(sql!("use_challenge"), row) > 0
        });
        found
    }

    fn delete_expired(&mut self, now: OffsetDateTime, limit: u32) -> (u64, u64, u64) {
        let due = (time(now), limit);
        self.transaction(|bare| {
            (
                bare.execute(sql!("delete_expired_sessions"), &due),
                bare.execute(sql!("delete_expired_verification_tokens"), &due),
                bare.execute(sql!("delete_expired_challenges"), &due),
            )
        })
    }

    fn ping(&mut self) -> Vec<i64> {
        self.rows(sql!("ping"), (), |row| text_at(row, 0))
    }
}
