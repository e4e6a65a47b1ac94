//! What storages do to values: for the faults of all operations that store some.

use std::net::SocketAddr;

use authstore::Account;
use time::{Duration, Month, OffsetDateTime, Weekday};

/// Replaces characters of four bytes, as MySQL's old `utf8` does.
pub(crate) fn three_bytes(text: &str) -> String {
    text.replace(|character: char| character.len_utf8() == 4, "?")
}

/// Takes off blanks at both ends.
pub(crate) fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}

/// Takes off spaces at the end, as a comparison that pads does.
pub(crate) fn unpadded(text: &str) -> String {
    text.trim_end_matches(' ').to_owned()
}

/// Takes off characters that cannot be seen, as a comparison by Unicode's collation does.
pub(crate) fn visible(text: &str) -> String {
    text.replace(['\u{ad}', '\u{200b}', '\u{feff}'], "")
}

/// Composes e and its accent.
pub(crate) fn composed(text: &str) -> String {
    text.replace("e\u{301}", "é")
}

/// Doubles quotes, as one does who escapes them and sends them as a parameter anyway.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('\'', "''")
}

/// Takes a backslash for an escape.
pub(crate) fn unescaped(text: &str) -> String {
    text.replace('\\', "")
}

/// Reads a name with an address in angle brackets, and keeps the address.
pub(crate) fn without_name(text: &str) -> String {
    let address = text.strip_suffix('>').and_then(|text| text.split_once('<'));
    match address {
        Some((_, address)) if address.contains('@') => address.to_owned(),
        _ => text.to_owned(),
    }
}

/// Reads a URL, and writes a slash if it has no path.
pub(crate) fn with_path(text: &str) -> String {
    match text.split_once("://") {
        Some(("http" | "https", host)) if !host.is_empty() && !host.contains(['/', '?', '#']) => {
            format!("{text}/")
        }
        _ => text.to_owned(),
    }
}

/// Reads an IP address that may have a port, and keeps the address.
pub(crate) fn without_port(text: &str) -> String {
    match text.parse::<SocketAddr>() {
        Ok(address) => address.ip().to_string(),
        Err(_) => text.to_owned(),
    }
}

/// Cuts to what MySQL's `text` holds.
pub(crate) fn cut(text: &str) -> String {
    let end = (0..=65_535).rev().find(|end| text.is_char_boundary(*end));
    text[..end.unwrap_or(0)].to_owned()
}

/// The first 191 characters, which is what an old index of MySQL holds.
pub(crate) fn head(text: &str) -> String {
    text.chars().take(191).collect()
}

/// Does something to a text that may be missing.
pub(crate) fn some(text: &mut Option<String>, change: fn(&str) -> String) {
    *text = text.as_deref().map(change);
}

/// Does something to the texts of an account that may be missing.
pub(crate) fn texts(account: &mut Account, change: fn(&str) -> String) {
    for text in [
        &mut account.refresh_token,
        &mut account.access_token,
        &mut account.token_type,
        &mut account.scope,
        &mut account.id_token,
        &mut account.session_state,
        &mut account.oauth_token_secret,
        &mut account.oauth_token,
    ] {
        some(text, change);
    }
}

/// Cuts to seconds.
pub(crate) fn seconds(time: OffsetDateTime) -> OffsetDateTime {
    in_millis(time, |millis| millis.div_euclid(1_000) * 1_000)
}

/// Rounds to hundredths of a second.
pub(crate) fn hundredths(time: OffsetDateTime) -> OffsetDateTime {
    in_millis(time, |millis| (millis + 5).div_euclid(10) * 10)
}

/// Keeps a day and its fraction in a floating point number, and cuts.
pub(crate) fn julian(time: OffsetDateTime) -> OffsetDateTime {
    in_millis(time, |millis| {
        let day = millis as f64 / 86_400_000.0 + 2_440_587.5;
        ((day - 2_440_587.5) * 86_400_000.0) as i64
    })
}

/// Keeps seconds in 32 bits.
pub(crate) fn until_2038(time: OffsetDateTime) -> OffsetDateTime {
    in_millis(time, |millis| {
        i64::from((millis.div_euclid(1_000)) as i32) * 1_000 + millis.rem_euclid(1_000)
    })
}

/// As a float in seconds, multiplied by 1,000 and truncated.
pub(crate) fn float_seconds(time: OffsetDateTime) -> OffsetDateTime {
    in_millis(time, |millis| (millis as f64 / 1_000.0 * 1_000.0) as i64)
}

/// Writes the fraction of a second with as many digits as it needs, so that a whole second comes after its fractions.
pub(crate) fn short_fraction(time: OffsetDateTime) -> String {
    let fraction = format!(".{:03}", time.millisecond());
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{fraction}Z")
}

/// At most this long from now, except for what is meant to last ten times as long.
pub(crate) fn capped(time: OffsetDateTime, longest: Duration) -> OffsetDateTime {
    let last = seconds(OffsetDateTime::now_utc()) + longest;
    if last < time && time < last + 9 * longest {
        last
    } else {
        time
    }
}

/// In seconds, if it looks like milliseconds.
pub(crate) fn from_milliseconds(number: i64) -> i64 {
    if (1_000_000_000_000..10_000_000_000_000).contains(&number) {
        number / 1_000
    } else {
        number
    }
}

/// Does what a server in Berlin does to local times: there is no hour from 2 to 3 when summer begins.
pub(crate) fn daylight_saving(time: OffsetDateTime) -> OffsetDateTime {
    let gap = time.month() == Month::March
        && time.weekday() == Weekday::Sunday
        && time.day() > 24
        && matches!(time.hour(), 1 | 2);
    if gap {
        time + std::time::Duration::from_secs(3_600)
    } else {
        time
    }
}

fn in_millis(time: OffsetDateTime, change: impl FnOnce(i64) -> i64) -> OffsetDateTime {
    let millis = change((time.unix_timestamp_nanos() / 1_000_000) as i64);
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).unwrap_or(time)
}

pub(crate) fn crc32(text: &str) -> u32 {
    !text.bytes().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
