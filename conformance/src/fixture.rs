//! Rows and values that the checks start from.

use authstore::NewUser;
use time::OffsetDateTime;
use uuid::Uuid;

/// The suite's own ids are small numbers, so that they are easy to read.
pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// So many milliseconds after the beginning of 2026.
pub(crate) fn millis(number: i64) -> OffsetDateTime {
    const BEGINNING_OF_2026: i64 = 1_767_225_600_000;
    since_1970(BEGINNING_OF_2026 + number)
}

/// So many milliseconds after the beginning of 1970.
pub(crate) fn since_1970(milliseconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
        .expect("the suite's times are in range")
}

/// A user with every field.
pub(crate) fn full_user(number: u128) -> NewUser {
    NewUser {
        id: Some(id(number)),
        name: Some(format!("name {number}")),
        email: Some(format!("user-{number}@example.org")),
        email_verified: Some(millis(number as i64 * 1_001)),
        image: Some(format!("https://example.org/{number}.png")),
    }
}

/// A user with nothing but an e-mail address.
pub(crate) fn user_with_email(number: u128, email: &str) -> NewUser {
    NewUser {
        id: Some(id(number)),
        email: Some(email.to_owned()),
        ..NewUser::default()
    }
}
