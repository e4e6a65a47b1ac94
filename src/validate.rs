//! What values are let in. `AuthStore` checks here before anything is sent, so that every database refuses the same
//! input in the same words.

use time::{OffsetDateTime, UtcOffset};

use crate::error::{Error, Result};
use crate::model::Change;

/// Characters (Unicode scalar values) in a key, at most.
pub(crate) const KEY_CHARACTERS: usize = 255;
/// Characters of base64url in a credential id, at most: 1,023 bytes, encoded.
pub(crate) const CREDENTIAL_ID_CHARACTERS: usize = 1_364;
/// Bytes of UTF-8 in a text, at most.
pub(crate) const TEXT_BYTES: usize = 1_048_576;

pub(crate) fn key(field: &'static str, value: &str) -> Result<()> {
    // No character takes more than 4 bytes: only what may be too long is counted.
    if value.is_empty() {
        return Err(Error::invalid(field, "it is empty"));
    }
    if value.len() > KEY_CHARACTERS {
        let characters = value.chars().count();
        if characters > KEY_CHARACTERS {
            return Err(Error::invalid(
                field,
                format!("it has {characters} characters, and {KEY_CHARACTERS} is the most"),
            ));
        }
    }
    no_nul(field, value)
}

pub(crate) fn credential_id(field: &'static str, value: &str) -> Result<()> {
    if value.is_empty() {
        return Err(Error::invalid(field, "it is empty"));
    }
    if let Some(position) = value
        .bytes()
        .position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'))
    {
        return Err(Error::invalid(
            field,
            format!("at byte {position} is something else than base64url (A-Z a-z 0-9 - _)"),
        ));
    }
    if value.len() > CREDENTIAL_ID_CHARACTERS {
        return Err(Error::invalid(
            field,
            format!(
                "it has {} characters, and {CREDENTIAL_ID_CHARACTERS} is the most",
                value.len()
            ),
        ));
    }
    Ok(())
}

pub(crate) fn text(field: &'static str, value: &str) -> Result<()> {
    if value.len() > TEXT_BYTES {
        return Err(Error::invalid(
            field,
            format!("it has {} bytes, and {TEXT_BYTES} is the most", value.len()),
        ));
    }
    no_nul(field, value)
}

pub(crate) fn optional_text(field: &'static str, value: Option<&String>) -> Result<()> {
    value.map_or(Ok(()), |value| text(field, value))
}

/// The time in UTC, cut to whole milliseconds.
pub(crate) fn time(field: &'static str, value: OffsetDateTime) -> Result<OffsetDateTime> {
    let out_of_range = || {
        Error::invalid(
            field,
            "it is outside 1970-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z",
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
    value.map(|value| time(field, value)).transpose()
}

pub(crate) fn change_of_time(
    field: &'static str,
    change: Change<OffsetDateTime>,
) -> Result<Change<OffsetDateTime>> {
    Ok(match change {
        Change::Set(value) => Change::Set(time(field, value)?),
        Change::Keep | Change::Clear => change,
    })
}

pub(crate) fn counter(value: i64) -> Result<()> {
    if value < 0 {
        return Err(Error::invalid("counter", "it is negative"));
    }
    Ok(())
}

fn no_nul(field: &'static str, value: &str) -> Result<()> {
    match value.bytes().position(|byte| byte == 0) {
        Some(position) => Err(Error::invalid(
            field,
            format!("it holds a NUL character, at byte {position}"),
        )),
        None => Ok(()),
    }
}
