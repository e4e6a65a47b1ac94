//! The tables: one for each model, and one for each unique key, lookup and sorted list.
//!
//! redb keeps a table sorted by key, and compares strings bytewise and tuples element by element. So every index
//! returns its list in the order of the contract, and keys need no encoding.

use redb::TableDefinition;
use uuid::Uuid;

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

/// `name`, `email`, `email_verified`, `image`.
pub(crate) type UserRow<'a> = (
    Option<&'a str>,
    Option<&'a str>,
    Option<Millis>,
    Option<&'a str>,
);

/// `provider`, `provider_account_id`.
pub(crate) type AccountKey<'a> = (&'a str, &'a str);

/// `id`, `user_id`, `type`, then the fields from `refresh_token` to `oauth_token` in the order of the struct.
pub(crate) type AccountRow<'a> = (
    Uuid,
    Uuid,
    &'a str,
    Option<&'a str>,
    Option<&'a str>,
    Option<i64>,
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
);

/// `id`, `user_id`, `expires`.
pub(crate) type SessionRow = (Uuid, Uuid, Millis);

/// `identifier`, `expires`.
pub(crate) type VerificationTokenRow<'a> = (&'a str, Millis);

/// `user_id`, then the fields from `provider_account_id` to `transports` in the order of the struct.
pub(crate) type AuthenticatorRow<'a> =
    (Uuid, &'a str, &'a str, i64, &'a str, bool, Option<&'a str>);

/// The fields of the struct, in its order.
pub(crate) type SessionDetailsRow<'a> = (
    Option<Millis>,
    Option<Millis>,
    Option<&'a str>,
    Option<&'a str>,
);

/// The fields of the struct, in its order.
pub(crate) type AuthenticatorDetailsRow<'a> = (Option<&'a str>, Option<Millis>, Option<Millis>);

/// `payload`, `expires`.
pub(crate) type ChallengeRow<'a> = (&'a str, Millis);

type Table<K, V> = TableDefinition<'static, K, V>;

pub(crate) const USER: Table<Uuid, UserRow<'static>> = Table::new("User");
pub(crate) const USER_BY_EMAIL: Table<&str, Uuid> = Table::new("User_by_email");

pub(crate) const ACCOUNT: Table<AccountKey<'static>, AccountRow<'static>> = Table::new("Account");
pub(crate) const ACCOUNT_ID: Table<Uuid, ()> = Table::new("Account_id");
pub(crate) const ACCOUNT_BY_USER: Table<(Uuid, &str, &str), ()> = Table::new("Account_by_user");

pub(crate) const SESSION: Table<&str, SessionRow> = Table::new("Session");
pub(crate) const SESSION_ID: Table<Uuid, &str> = Table::new("Session_id");
pub(crate) const SESSION_DETAILS: Table<Uuid, SessionDetailsRow<'static>> =
    Table::new("Session_details");
pub(crate) const SESSION_BY_USER: Table<(Uuid, &str), ()> = Table::new("Session_by_user");
pub(crate) const SESSION_BY_EXPIRES: Table<(Millis, &str), ()> = Table::new("Session_by_expires");

pub(crate) const VERIFICATION_TOKEN: Table<&str, VerificationTokenRow<'static>> =
    Table::new("VerificationToken");
pub(crate) const VERIFICATION_TOKEN_BY_IDENTIFIER: Table<(&str, &str), ()> =
    Table::new("VerificationToken_by_identifier");
pub(crate) const VERIFICATION_TOKEN_BY_EXPIRES: Table<(Millis, &str), ()> =
    Table::new("VerificationToken_by_expires");

pub(crate) const AUTHENTICATOR: Table<&str, AuthenticatorRow<'static>> =
    Table::new("Authenticator");
pub(crate) const AUTHENTICATOR_DETAILS: Table<&str, AuthenticatorDetailsRow<'static>> =
    Table::new("Authenticator_details");
pub(crate) const AUTHENTICATOR_BY_USER: Table<(Uuid, &str), ()> =
    Table::new("Authenticator_by_user");

pub(crate) const CHALLENGE: Table<&str, ChallengeRow<'static>> = Table::new("Challenge");
pub(crate) const CHALLENGE_BY_EXPIRES: Table<(Millis, &str), ()> =
    Table::new("Challenge_by_expires");
