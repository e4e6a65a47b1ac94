//! The values that both sides exchange, and how JavaScript sees the models.

use authstore::{Account, NewAccount, Session, User, VerificationToken};
use serde_json::{Value, json};
use time::macros::{datetime, format_description};
use time::{Duration, OffsetDateTime, UtcOffset};

/// Strings that must round-trip: empty, beyond the basic plane, composed and decomposed, and those that SQL, JSON or a
/// driver might misinterpret.
pub(crate) const TEXTS: [&str; 14] = [
    "",
    "Ada Lovelace",
    " spaces \t and\nlines ",
    "Zoë",
    "Zoe\u{308}",
    "👩‍👩‍👧‍👦 \u{1F468}\u{1F3FF}\u{200D}\u{1F680}",
    "שלום \u{202E}rtl\u{202C} مرحبا",
    "O'Brien \"x\"; DROP TABLE \"User\"; --",
    "back\\slash %_ ? $1 :name @v",
    "NULL",
    "true",
    "0",
    "1e5",
    "2024-01-01",
];

/// Times in milliseconds: the first, the last, past 2038, and in the gap and the fold of Node.js's time zone.
pub(crate) const TIMES: [OffsetDateTime; 9] = [
    datetime!(1970-01-01 00:00:00.000 UTC),
    datetime!(1970-01-01 00:00:00.001 UTC),
    datetime!(2026-03-08 05:30:00.007 UTC),
    datetime!(2026-11-01 04:30:00.070 UTC),
    datetime!(2026-11-23 19:00:00.000 UTC),
    datetime!(2026-11-23 19:00:00.999 UTC),
    datetime!(2038-01-19 03:14:08.100 UTC),
    datetime!(2100-02-28 23:59:59.990 UTC),
    datetime!(9999-12-31 23:59:59.999 UTC),
];

/// Integers below and above the limit of a JavaScript number.
pub(crate) const INTEGERS: [i64; 8] = [
    0,
    1,
    -1,
    1_795_446_000,
    9_007_199_254_740_991,
    9_007_199_254_740_993,
    i64::MAX,
    i64::MIN,
];

/// Converts a time to the program's format.
pub(crate) fn date(time: OffsetDateTime) -> Value {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    json!({ "$date": time.to_offset(UtcOffset::UTC).format(&format).expect("a time") })
}

/// Converts an integer to the program's format.
pub(crate) fn bigint(integer: i64) -> Value {
    json!({ "$bigint": integer.to_string() })
}

/// Reads an integer in any of the drivers' formats: a number, a BigInt, or a string of digits.
pub(crate) fn integer(value: &Value) -> i64 {
    value
        .as_i64()
        .or_else(|| value.as_str()?.parse().ok())
        .or_else(|| value["$bigint"].as_str()?.parse().ok())
        .unwrap_or_else(|| panic!("no integer: {value}"))
}

/// A user as the adapter returns it.
pub(crate) fn user(user: &User) -> Value {
    json!({
        "id": user.id.to_string(),
        "name": user.name,
        "email": user.email,
        "emailVerified": user.email_verified.map(date),
        "image": user.image,
    })
}

/// A session as the adapter returns it: without its id.
pub(crate) fn session(session: &Session) -> Value {
    json!({
        "userId": session.user_id.to_string(),
        "sessionToken": session.session_token,
        "expires": date(session.expires),
    })
}

/// A verification token as the adapter takes and returns it.
pub(crate) fn verification_token(token: &VerificationToken) -> Value {
    json!({
        "identifier": token.identifier,
        "token": token.token,
        "expires": date(token.expires),
    })
}

/// An account as the adapter takes it: without its id.
pub(crate) fn account(account: &Account) -> Value {
    json!({
        "userId": account.user_id.to_string(),
        "type": account.kind,
        "provider": account.provider,
        "providerAccountId": account.provider_account_id,
        "refresh_token": account.refresh_token,
        "access_token": account.access_token,
        "expires_at": account.expires_at.map(bigint),
        "token_type": account.token_type,
        "scope": account.scope,
        "id_token": account.id_token,
        "session_state": account.session_state,
        "oauth_token_secret": account.oauth_token_secret,
        "oauth_token": account.oauth_token,
    })
}

/// An account with a different value in every field.
pub(crate) fn full_account(number: usize) -> NewAccount {
    let text = TEXTS[number % TEXTS.len()];
    let long = format!("{number}{text}").repeat(1_000);
    NewAccount {
        refresh_token: Some(long.clone()),
        access_token: Some(format!("{long}access")),
        expires_at: Some(INTEGERS[number % INTEGERS.len()]),
        token_type: Some("bearer".into()),
        scope: Some(text.into()),
        id_token: Some(format!("{text}id")),
        session_state: Some(format!("{text}state")),
        oauth_token_secret: Some(format!("{text}secret")),
        oauth_token: Some(String::new()),
        ..NewAccount::new(
            "oidc",
            format!("provider {text}"),
            format!("{number} {text}"),
        )
    }
}

/// An hour from now, as an application counts.
pub(crate) fn in_an_hour() -> OffsetDateTime {
    let later = OffsetDateTime::now_utc() + Duration::hours(1);
    later
        .replace_millisecond(later.millisecond())
        .expect("a millisecond")
}
