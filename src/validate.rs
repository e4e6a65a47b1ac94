//! Which values are accepted. `AuthStore` checks here before anything is sent, so that every database rejects the same
//! input with the same message.

use time::{OffsetDateTime, UtcOffset};

use crate::error::{Error, Result};
use crate::model::Change;

/// The maximum length of a key, in characters (Unicode scalar values).
pub(crate) const KEY_CHARACTERS: usize = 255;
/// The maximum length of a credential id, in visible ASCII characters: 1,023 bytes in base64 with padding.
pub(crate) const CREDENTIAL_ID_CHARACTERS: usize = 1_364;
/// The maximum length of a string, in bytes of UTF-8.
pub(crate) const TEXT_BYTES: usize = 1_048_576;

pub(crate) fn key(field: &'static str, value: &str) -> Result<()> {
    // No character takes more than 4 bytes, so only a key that may be too long is counted.
    if value.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if value.len() > KEY_CHARACTERS {
        let characters = value.chars().count();
        if characters > KEY_CHARACTERS {
            return Err(Error::invalid(
                field,
                format!("must have at most {KEY_CHARACTERS} characters (got {characters})"),
            ));
        }
    }
    no_nul(field, value)
}

pub(crate) fn credential_id(field: &'static str, value: &str) -> Result<()> {
    if value.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if let Some(position) = value.bytes().position(|byte| !byte.is_ascii_graphic()) {
        return Err(Error::invalid(
            field,
            format!("must be visible ASCII (! to ~); the character at byte {position} is not"),
        ));
    }
    if value.len() > CREDENTIAL_ID_CHARACTERS {
        return Err(Error::invalid(
            field,
            format!(
                "must have at most {CREDENTIAL_ID_CHARACTERS} characters (got {})",
                value.len()
            ),
        ));
    }
    Ok(())
}

/// Checks a key, or the credential id that Auth.js writes in its place for a passkey.
pub(crate) fn provider_account_id(value: &str) -> Result<()> {
    key("provider_account_id", value)
        .or_else(|error| credential_id("provider_account_id", value).map_err(|_| error))
}

/// Returns whether a row can have this key. A lookup by any other key finds nothing.
pub(crate) fn can_be_key(value: &str) -> bool {
    key("", value).is_ok()
}

/// Like [`can_be_key`], but for a credential id.
pub(crate) fn can_be_credential_id(value: &str) -> bool {
    credential_id("", value).is_ok()
}

/// Like [`can_be_key`], but for the two keys of an account.
pub(crate) fn can_be_account(provider: &str, provider_account: &str) -> bool {
    can_be_key(provider) && provider_account_id(provider_account).is_ok()
}

/// Returns whether a row can have this text.
pub(crate) fn can_be_text(value: &str) -> bool {
    text("", value).is_ok()
}

pub(crate) fn text(field: &'static str, value: &str) -> Result<()> {
    if value.len() > TEXT_BYTES {
        return Err(Error::invalid(
            field,
            format!("must have at most {TEXT_BYTES} bytes (got {})", value.len()),
        ));
    }
    no_nul(field, value)
}

pub(crate) fn optional_text(field: &'static str, value: Option<&String>) -> Result<()> {
    value.map_or(Ok(()), |value| text(field, value))
}

/// Returns the time in UTC, truncated to whole milliseconds.
pub(crate) fn normalize_time(field: &'static str, value: OffsetDateTime) -> Result<OffsetDateTime> {
    let out_of_range = || {
        Error::invalid(
            field,
            "must be between 1970-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z",
        )
    };
    let utc = value
        .checked_to_offset(UtcOffset::UTC)
        .ok_or_else(out_of_range)?;
    if !(1970..=9999).contains(&utc.year()) {
        return Err(out_of_range());
    }
    utc.replace_millisecond(utc.millisecond())
        .map_err(|_| out_of_range())
}

pub(crate) fn optional_time(
    field: &'static str,
    value: Option<OffsetDateTime>,
) -> Result<Option<OffsetDateTime>> {
    value.map(|value| normalize_time(field, value)).transpose()
}

pub(crate) fn change_of_time(
    field: &'static str,
    change: Change<OffsetDateTime>,
) -> Result<Change<OffsetDateTime>> {
    Ok(match change {
        Change::Set(value) => Change::Set(normalize_time(field, value)?),
        Change::Keep | Change::Clear => change,
    })
}

pub(crate) fn counter(value: i64) -> Result<()> {
    if value < 0 {
        return Err(Error::invalid("counter", "must not be negative"));
    }
    Ok(())
}

fn no_nul(field: &'static str, value: &str) -> Result<()> {
    match value.bytes().position(|byte| byte == 0) {
        Some(position) => Err(Error::invalid(
            field,
            format!("must not contain a NUL character (found one at byte {position})"),
        )),
        None => Ok(()),
    }
}
