//! Between the models and what scripts take and return: rows of named strings, in which NULL is a field that is missing.

use std::collections::HashMap;
use std::str::FromStr;

use authstore::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Challenge, Change, Error, Result, Session, SessionChanges, SessionDetails,
    SessionDetailsChanges, User, UserChanges, VerificationToken,
};
use redis::{RedisWrite, ToRedisArgs};
use time::OffsetDateTime;

/// The arguments of a script, in the order in which it takes them.
#[derive(Default)]
pub(crate) struct Arguments(Vec<String>);

/// Fields to write, by name.
pub(crate) type Fields = Vec<(&'static str, Change<String>)>;

impl Arguments {
    pub(crate) fn with(mut self, value: impl ToString) -> Self {
        self.0.push(value.to_string());
        self
    }

    /// A row, or changes of one: how many fields to set, these with their values, how many to clear, and these.
    pub(crate) fn fields(mut self, fields: Fields) -> Self {
        let (mut set, mut clear) = (Vec::new(), Vec::new());
        for (name, change) in fields {
            match change {
                Change::Keep => {}
                Change::Set(value) => set.extend([name.to_owned(), value]),
                Change::Clear => clear.push(name.to_owned()),
            }
        }
        self.0.push((set.len() / 2).to_string());
        self.0.append(&mut set);
        self.0.push(clear.len().to_string());
        self.0.append(&mut clear);
        self
    }
}

impl ToRedisArgs for Arguments {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        self.0.write_redis_args(out);
    }
}

fn set(value: impl ToString) -> Change<String> {
    Change::Set(value.to_string())
}

fn kept_or_set<T: ToString>(value: &Option<T>) -> Change<String> {
    value
        .as_ref()
        .map_or(Change::Keep, |value| Change::Set(value.to_string()))
}

fn number(change: &Change<i64>) -> Change<String> {
    match change {
        Change::Keep => Change::Keep,
        Change::Set(number) => set(number),
        Change::Clear => Change::Clear,
    }
}

fn moment(change: &Change<OffsetDateTime>) -> Change<String> {
    match change {
        Change::Keep => Change::Keep,
        Change::Set(time) => set(millis(*time)),
        Change::Clear => Change::Clear,
    }
}

pub(crate) fn user_fields(user: &User) -> Fields {
    vec![
        ("id", set(user.id)),
        ("name", user.name.clone().into()),
        ("email", user.email.clone().into()),
        ("email_verified", moment(&user.email_verified.into())),
        ("image", user.image.clone().into()),
    ]
}

pub(crate) fn user_changes(changes: &UserChanges) -> Fields {
    vec![
        ("name", changes.name.clone()),
        ("email", changes.email.clone()),
        ("email_verified", moment(&changes.email_verified)),
        ("image", changes.image.clone()),
    ]
}

pub(crate) fn account_fields(account: &Account) -> Fields {
    vec![
        ("id", set(account.id)),
        ("user_id", set(account.user_id)),
        ("kind", set(&account.kind)),
        ("provider", set(&account.provider)),
        ("provider_account_id", set(&account.provider_account_id)),
        ("refresh_token", account.refresh_token.clone().into()),
        ("access_token", account.access_token.clone().into()),
        ("expires_at", number(&account.expires_at.into())),
        ("token_type", account.token_type.clone().into()),
        ("scope", account.scope.clone().into()),
        ("id_token", account.id_token.clone().into()),
        ("session_state", account.session_state.clone().into()),
        (
            "oauth_token_secret",
            account.oauth_token_secret.clone().into(),
        ),
        ("oauth_token", account.oauth_token.clone().into()),
    ]
}

pub(crate) fn account_changes(changes: &AccountChanges) -> Fields {
    vec![
        ("kind", kept_or_set(&changes.kind)),
        ("refresh_token", changes.refresh_token.clone()),
        ("access_token", changes.access_token.clone()),
        ("expires_at", number(&changes.expires_at)),
        ("token_type", changes.token_type.clone()),
        ("scope", changes.scope.clone()),
        ("id_token", changes.id_token.clone()),
        ("session_state", changes.session_state.clone()),
        ("oauth_token_secret", changes.oauth_token_secret.clone()),
        ("oauth_token", changes.oauth_token.clone()),
    ]
}

/// The refresh token that a caller has seen.
pub(crate) fn seen(refresh_token: Option<&str>) -> Fields {
    vec![("refresh_token", kept_or_set(&refresh_token))]
}

pub(crate) fn session_fields(session: &Session) -> Fields {
    vec![
        ("id", set(session.id)),
        ("user_id", set(session.user_id)),
        ("session_token", set(&session.session_token)),
        ("expires", set(millis(session.expires))),
    ]
}

pub(crate) fn session_changes(changes: &SessionChanges) -> Fields {
    vec![
        ("user_id", kept_or_set(&changes.user_id)),
        ("session_token", kept_or_set(&changes.session_token)),
        ("expires", kept_or_set(&changes.expires.map(millis))),
    ]
}

pub(crate) fn session_details_changes(changes: &SessionDetailsChanges) -> Fields {
    vec![
        ("began", moment(&changes.began)),
        ("last_seen", moment(&changes.last_seen)),
        ("ip", changes.ip.clone()),
        ("user_agent", changes.user_agent.clone()),
    ]
}

pub(crate) fn verification_token_fields(token: &VerificationToken) -> Fields {
    vec![
        ("identifier", set(&token.identifier)),
        ("token", set(&token.token)),
        ("expires", set(millis(token.expires))),
    ]
}

pub(crate) fn authenticator_fields(authenticator: &Authenticator) -> Fields {
    let mut fields = vec![
        ("credential_id", set(&authenticator.credential_id)),
        ("user_id", set(authenticator.user_id)),
        (
            "provider_account_id",
            set(&authenticator.provider_account_id),
        ),
        (
            "credential_public_key",
            set(&authenticator.credential_public_key),
        ),
        (
            "credential_device_type",
            set(&authenticator.credential_device_type),
        ),
        ("transports", authenticator.transports.clone().into()),
    ];
    fields.extend(counted(authenticator.counter));
    fields.extend(backed_up(authenticator.credential_backed_up));
    fields
}

pub(crate) fn counted(counter: i64) -> Fields {
    vec![("counter", set(counter))]
}

pub(crate) fn backed_up(backed_up: bool) -> Fields {
    vec![("credential_backed_up", set(backed_up))]
}

pub(crate) fn authenticator_details_changes(changes: &AuthenticatorDetailsChanges) -> Fields {
    vec![
        ("name", changes.name.clone()),
        ("created", moment(&changes.created)),
        ("last_used", moment(&changes.last_used)),
    ]
}

pub(crate) fn challenge_fields(challenge: &Challenge) -> Fields {
    vec![
        ("key", set(&challenge.key)),
        ("payload", set(&challenge.payload)),
        ("expires", set(millis(challenge.expires))),
    ]
}

/// A row that a script returned.
pub(crate) type Row = HashMap<String, String>;

/// Makes a list of models of rows.
pub(crate) fn all<T>(rows: Vec<Row>, model: fn(&mut Row) -> Result<T>) -> Result<Vec<T>> {
    rows.into_iter().map(|mut row| model(&mut row)).collect()
}

/// The model of the only row, if there is one.
pub(crate) fn one<T>(rows: Vec<Row>, model: fn(&mut Row) -> Result<T>) -> Result<Option<T>> {
    rows.into_iter()
        .next()
        .map(|mut row| model(&mut row))
        .transpose()
}

/// Two models of one row.
pub(crate) fn both<A, B>(
    (first, second): (fn(&mut Row) -> Result<A>, fn(&mut Row) -> Result<B>),
    rows: Vec<Row>,
) -> Result<Vec<(A, B)>> {
    rows.into_iter()
        .map(|mut row| Ok((first(&mut row)?, second(&mut row)?)))
        .collect()
}

pub(crate) fn user(row: &mut Row) -> Result<User> {
    Ok(User {
        id: required(row, "id")?,
        name: row.remove("name"),
        email: row.remove("email"),
        email_verified: time(row, "email_verified")?,
        image: row.remove("image"),
    })
}

pub(crate) fn account(row: &mut Row) -> Result<Account> {
    Ok(Account {
        id: required(row, "id")?,
        user_id: required(row, "user_id")?,
        kind: required(row, "kind")?,
        provider: required(row, "provider")?,
        provider_account_id: required(row, "provider_account_id")?,
        refresh_token: row.remove("refresh_token"),
        access_token: row.remove("access_token"),
        expires_at: optional(row, "expires_at")?,
        token_type: row.remove("token_type"),
        scope: row.remove("scope"),
        id_token: row.remove("id_token"),
        session_state: row.remove("session_state"),
        oauth_token_secret: row.remove("oauth_token_secret"),
        oauth_token: row.remove("oauth_token"),
    })
}

pub(crate) fn session(row: &mut Row) -> Result<Session> {
    Ok(Session {
        id: required(row, "id")?,
        user_id: required(row, "user_id")?,
        session_token: required(row, "session_token")?,
        expires: time(row, "expires")?.ok_or_else(unreadable)?,
    })
}

pub(crate) fn session_details(row: &mut Row) -> Result<SessionDetails> {
    Ok(SessionDetails {
        began: time(row, "began")?,
        last_seen: time(row, "last_seen")?,
        ip: row.remove("ip"),
        user_agent: row.remove("user_agent"),
    })
}

pub(crate) fn verification_token(row: &mut Row) -> Result<VerificationToken> {
    Ok(VerificationToken {
        identifier: required(row, "identifier")?,
        token: required(row, "token")?,
        expires: time(row, "expires")?.ok_or_else(unreadable)?,
    })
}

pub(crate) fn authenticator(row: &mut Row) -> Result<Authenticator> {
    Ok(Authenticator {
        credential_id: required(row, "credential_id")?,
        user_id: required(row, "user_id")?,
        provider_account_id: required(row, "provider_account_id")?,
        credential_public_key: required(row, "credential_public_key")?,
        counter: required(row, "counter")?,
        credential_device_type: required(row, "credential_device_type")?,
        credential_backed_up: required(row, "credential_backed_up")?,
        transports: row.remove("transports"),
    })
}

pub(crate) fn authenticator_details(row: &mut Row) -> Result<AuthenticatorDetails> {
    Ok(AuthenticatorDetails {
        name: row.remove("name"),
        created: time(row, "created")?,
        last_used: time(row, "last_used")?,
    })
}

pub(crate) fn challenge(row: &mut Row) -> Result<Challenge> {
    Ok(Challenge {
        key: required(row, "key")?,
        payload: required(row, "payload")?,
        expires: time(row, "expires")?.ok_or_else(unreadable)?,
    })
}

fn optional<T: FromStr>(row: &mut Row, field: &str) -> Result<Option<T>> {
    let value = row.remove(field).map(|value| value.parse());
    value.transpose().map_err(|_| unreadable())
}

fn required<T: FromStr>(row: &mut Row, field: &str) -> Result<T> {
    optional(row, field)?.ok_or_else(unreadable)
}

/// Exact: the contract promises whole milliseconds of the years 1970 to 9999.
pub(crate) fn millis(time: OffsetDateTime) -> i64 {
    time.unix_timestamp() * 1000 + i64::from(time.millisecond())
}

fn time(row: &mut Row, field: &str) -> Result<Option<OffsetDateTime>> {
    let Some(millis) = optional::<i64>(row, field)? else {
        return Ok(None);
    };
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
        .map(Some)
        .map_err(|_| unreadable())
}

/// Without the value, which may be a secret.
fn unreadable() -> Error {
    Error::backend("a row lacks a field, or has one that cannot be read")
}
