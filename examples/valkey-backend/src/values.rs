//! Conversion between the trait's types and the arguments and results of scripts. A row is a list of named strings; a
//! NULL field is missing.

use std::cmp::Ordering;
use std::collections::HashMap;

use authstore::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Challenge, Change, Error, ExpiredCounts, Removal, Result, Session, SessionChanges,
    SessionDetails, SessionDetailsChanges, User, UserChanges, VerificationToken,
};
use redis::{FromRedisValue, RedisWrite, ToRedisArgs, Value, from_redis_value};
use time::OffsetDateTime;
use uuid::Uuid;

/// Converts a value to the string that is stored.
pub(crate) trait Text: Sized {
    fn text(&self) -> String;

    fn parse(text: &str) -> Option<Self>;
}

macro_rules! text {
    ($($type:ty),*) => {
        $(impl Text for $type {
            fn text(&self) -> String {
                self.to_string()
            }

            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        })*
    };
}

text!(String, Uuid, i64, u32, bool);

/// Milliseconds since 1970. Exact, because the contract promises whole milliseconds from 1970 to 9999.
impl Text for OffsetDateTime {
    fn text(&self) -> String {
        (self.unix_timestamp() * 1000 + i64::from(self.millisecond())).to_string()
    }

    fn parse(text: &str) -> Option<Self> {
        let millis: i64 = text.parse().ok()?;
        Self::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).ok()
    }
}

/// The arguments of a script, in the order in which it reads them (`lua/prelude.lua`).
#[derive(Default)]
pub(crate) struct Arguments(Vec<String>);

impl Arguments {
    pub(crate) fn with(mut self, argument: impl Argument) -> Self {
        argument.push_to(&mut self.0);
        self
    }
}

impl ToRedisArgs for Arguments {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        self.0.write_redis_args(out);
    }
}

pub(crate) trait Argument {
    fn push_to(&self, arguments: &mut Vec<String>);
}

impl<T: Text> Argument for T {
    fn push_to(&self, arguments: &mut Vec<String>) {
        arguments.push(self.text());
    }
}

impl Argument for &str {
    fn push_to(&self, arguments: &mut Vec<String>) {
        arguments.push((*self).to_owned());
    }
}

/// An optional argument: 0, or 1 and the value.
impl<T: Argument> Argument for Option<T> {
    fn push_to(&self, arguments: &mut Vec<String>) {
        arguments.push(u8::from(self.is_some()).to_string());
        if let Some(value) = self {
            value.push_to(arguments);
        }
    }
}

/// The number of fields to set and each with its value, then the number of fields to clear and each.
struct Fields {
    set: Vec<String>,
    cleared: Vec<String>,
}

impl Fields {
    fn push(&mut self, name: &str, change: Change<String>) {
        match change {
            Change::Keep => {}
            Change::Set(value) => self.set.extend([name.to_owned(), value]),
            Change::Clear => self.cleared.push(name.to_owned()),
        }
    }

    fn push_to(mut self, arguments: &mut Vec<String>) {
        arguments.push((self.set.len() / 2).to_string());
        arguments.append(&mut self.set);
        arguments.push(self.cleared.len().to_string());
        arguments.append(&mut self.cleared);
    }
}

/// A field of a row or of its changes.
trait Field {
    fn change(&self) -> Change<String>;
}

impl<T: Text> Field for T {
    fn change(&self) -> Change<String> {
        Change::Set(self.text())
    }
}

impl<T: Text> Field for Change<T> {
    fn change(&self) -> Change<String> {
        match self {
            Change::Keep => Change::Keep,
            Change::Set(value) => Change::Set(value.text()),
            Change::Clear => Change::Clear,
        }
    }
}

/// Nothing is written for a NULL field of a new row, and for a field that changes keep.
impl<T: Text> Field for Option<T> {
    fn change(&self) -> Change<String> {
        match self {
            Some(value) => Change::Set(value.text()),
            None => Change::Keep,
        }
    }
}

macro_rules! fields {
    ($($type:ident { $($field:ident)* })*) => {
        $(impl Argument for &$type {
            fn push_to(&self, arguments: &mut Vec<String>) {
                let (set, cleared) = (Vec::new(), Vec::new());
                let mut fields = Fields { set, cleared };
                $(fields.push(stringify!($field), self.$field.change());)*
                fields.push_to(arguments);
            }
        })*
    };
}

fields! {
    UserChanges { name email email_verified image }
    AccountChanges {
        kind refresh_token access_token expires_at token_type scope id_token session_state oauth_token_secret oauth_token
    }
    SessionChanges { user_id session_token expires }
    SessionDetailsChanges { began last_seen ip user_agent }
    AuthenticatorDetailsChanges { name created last_used }
}

/// A model that is read from a row.
pub(crate) trait Model: Sized {
    fn of(row: &mut Row) -> Result<Self>;
}

type Row = HashMap<String, String>;

fn required<T: Text>(row: &mut Row, field: &str) -> Result<T> {
    optional(row, field)?.ok_or_else(unreadable)
}

fn optional<T: Text>(row: &mut Row, field: &str) -> Result<Option<T>> {
    match row.remove(field) {
        Some(text) => T::parse(&text).map(Some).ok_or_else(unreadable),
        None => Ok(None),
    }
}

/// The error for an invalid field, without its value, which may be a secret.
fn unreadable() -> Error {
    Error::backend("a script returned something that cannot be read")
}

/// The required fields of a row, and those that may be NULL.
macro_rules! models {
    ($($model:ident { $($required:ident)* ; $($optional:ident)* })*) => {
        fields! { $($model { $($required)* $($optional)* })* }

        $(impl Model for $model {
            fn of(row: &mut Row) -> Result<Self> {
                Ok($model {
                    $($required: required(row, stringify!($required))?,)*
                    $($optional: optional(row, stringify!($optional))?,)*
                })
            }
        })*
    };
}

models! {
    User { id; name email email_verified image }
    Account {
        id user_id kind provider provider_account_id;
        refresh_token access_token expires_at token_type scope id_token session_state oauth_token_secret oauth_token
    }
    Session { id user_id session_token expires; }
    SessionDetails { ; began last_seen ip user_agent }
    VerificationToken { identifier token expires; }
    Authenticator {
        credential_id user_id provider_account_id credential_public_key counter credential_device_type
        credential_backed_up;
        transports
    }
    AuthenticatorDetails { ; name created last_used }
    Challenge { key payload expires; }
}

/// Models that are stored as fields of another model's row.
pub(crate) trait Details: Model {}

impl Details for SessionDetails {}
impl Details for AuthenticatorDetails {}

impl<A: Listed, B: Details> Model for (A, B) {
    fn of(row: &mut Row) -> Result<Self> {
        Ok((A::of(row)?, B::of(row)?))
    }
}

/// A model that is returned in sorted lists. They are sorted here, because sets have no order, and the order of strings
/// in Lua depends on the server's locale.
pub(crate) trait Listed: Model {
    fn order(&self, other: &Self) -> Ordering;
}

impl Listed for User {
    fn order(&self, other: &Self) -> Ordering {
        self.id.cmp(&other.id)
    }
}

impl Listed for Account {
    fn order(&self, other: &Self) -> Ordering {
        let by_provider = self.provider.cmp(&other.provider);
        by_provider.then_with(|| self.provider_account_id.cmp(&other.provider_account_id))
    }
}

impl Listed for Session {
    fn order(&self, other: &Self) -> Ordering {
        let latest_first = other.expires.cmp(&self.expires);
        latest_first.then(self.id.cmp(&other.id))
    }
}

impl Listed for Authenticator {
    fn order(&self, other: &Self) -> Ordering {
        self.credential_id.cmp(&other.credential_id)
    }
}

impl<A: Listed, B: Details> Listed for (A, B) {
    fn order(&self, other: &Self) -> Ordering {
        self.0.order(&other.0)
    }
}

/// Converts the result of a script to that of its operation.
pub(crate) trait Reply: Sized {
    fn read(value: Value) -> Result<Self>;
}

fn plain<T: FromRedisValue>(value: Value) -> Result<T> {
    from_redis_value(value).map_err(|_| unreadable())
}

impl Reply for () {
    fn read(value: Value) -> Result<Self> {
        match value {
            Value::Nil => Ok(()),
            _ => Err(unreadable()),
        }
    }
}

impl Reply for bool {
    fn read(value: Value) -> Result<Self> {
        plain(value)
    }
}

impl Reply for u64 {
    fn read(value: Value) -> Result<Self> {
        plain(value)
    }
}

impl Reply for ExpiredCounts {
    fn read(value: Value) -> Result<Self> {
        let (sessions, verification_tokens, challenges) = plain(value)?;
        Ok(ExpiredCounts {
            sessions,
            verification_tokens,
            challenges,
        })
    }
}

impl Reply for Removal {
    fn read(value: Value) -> Result<Self> {
        match &*plain::<String>(value)? {
            "Done" => Ok(Removal::Done),
            "Absent" => Ok(Removal::Absent),
            "LastWayIn" => Ok(Removal::LastWayIn),
            _ => Err(unreadable()),
        }
    }
}

impl<M: Listed> Reply for Vec<M> {
    fn read(value: Value) -> Result<Self> {
        let mut rows: Vec<Row> = plain(value)?;
        let mut list: Vec<M> = rows.iter_mut().map(M::of).collect::<Result<_>>()?;
        list.sort_by(M::order);
        Ok(list)
    }
}

/// A list with at most one row.
impl<M: Model> Reply for Option<M> {
    fn read(value: Value) -> Result<Self> {
        let mut rows: Vec<Row> = plain(value)?;
        rows.first_mut().map(M::of).transpose()
    }
}

/// A list with one row.
impl<M: Model> Reply for M {
    fn read(value: Value) -> Result<Self> {
        Option::read(value)?.ok_or_else(unreadable)
    }
}

/// A list with two rows or none.
impl Reply for Option<(Session, User)> {
    fn read(value: Value) -> Result<Self> {
        match &mut *plain::<Vec<Row>>(value)? {
            [session, user] => Ok(Some((Session::of(session)?, User::of(user)?))),
            _ => Ok(None),
        }
    }
}
