//! Functions for ids and times in the sequence of calls of a failure, so that it can be pasted into a program.

use time::{Date, Month, OffsetDateTime, Time};
use uuid::Uuid;

/// Returns the UUID with this number. The suite's ids are small numbers, which are easy to read.
pub const fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Parses a time such as `2026-11-23T19:00:00.000Z`.
///
/// # Panics
///
/// If the format is different.
pub fn at(text: &str) -> OffsetDateTime {
    parse(text).unwrap_or_else(|| panic!("{text:?} is not a time like 2026-11-23T19:00:00.000Z"))
}

fn parse(text: &str) -> Option<OffsetDateTime> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-');
    let mut time = time.splitn(3, ':');
    let (year, month, day) = (date.next()?, date.next()?, date.next()?);
    let (hour, minute, second) = (time.next()?, time.next()?, time.next()?);
    let (second, milliseconds) = second.split_once('.')?;
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    let time = Time::from_hms_milli(
        hour.parse().ok()?,
        minute.parse().ok()?,
        second.parse().ok()?,
        milliseconds.parse().ok()?,
    )
    .ok()?;
    Some(date.with_time(time).assume_utc())
}
