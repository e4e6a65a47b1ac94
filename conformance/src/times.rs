//! Times that storages are known to change.

use time::{Duration, OffsetDateTime};

use crate::fixture::{LIVE, at, millis, since_1970};

/// All of them: distant times, times around clock changes, times around now, and fractions of a second.
pub(crate) fn all() -> Vec<OffsetDateTime> {
    let distant = FAR.iter().map(|time| at(time));
    let clock_changes = around_clock_changes().into_iter().map(since_1970);
    // A number of seconds as a float, multiplied by 1,000 and truncated, is a millisecond less.
    let truncated = (1_001..1_020).step_by(2).map(since_1970);
    let fractions = (0..1_000).step_by(37).map(millis);
    distant
        .chain(clock_changes)
        .chain(around_now())
        .chain(truncated)
        .chain(fractions)
        .collect()
}

/// Times shortly before and after each usual lifetime, in the future and in the past, by the real clock: a storage that
/// has a limit of its own, or decides what has expired, changes them.
fn around_now() -> Vec<OffsetDateTime> {
    const LIFETIMES: &[Duration] = &[
        Duration::seconds(10),
        Duration::minutes(1),
        Duration::minutes(5),
        Duration::minutes(15),
        Duration::minutes(30),
        Duration::hours(1),
        Duration::hours(12),
        Duration::days(1),
        Duration::days(2),
        Duration::days(7),
        Duration::days(14),
        Duration::days(30),
        Duration::days(90),
        Duration::days(180),
        Duration::days(365),
        // The longest lifetime of a cookie in browsers.
        Duration::days(400),
        Duration::days(730),
        Duration::days(3_650),
    ];
    let now = millis(0) - LIVE;
    LIFETIMES
        .iter()
        .flat_map(|lifetime| {
            let margin = *lifetime / 10;
            [
                now + *lifetime - margin,
                now + *lifetime + margin,
                now - *lifetime - margin,
            ]
        })
        .map(|time| time + Duration::milliseconds(7))
        .collect()
}

/// Numbers of seconds that look like other units, or do not fit into other types: any 64-bit integer is accepted.
pub(crate) fn seconds() -> Vec<i64> {
    let now = millis(0).unix_timestamp();
    let mut numbers = vec![
        i64::MIN,
        i64::MIN + 1,
        -(1 << 53) - 1,
        -(1 << 32),
        -(1 << 31) - 1,
        -1,
        0,
        1,
        (1 << 31) - 1,
        1 << 31,
        (1 << 32) - 1,
        1 << 32,
        (1 << 53) + 1,
        // The end of the year 9999, and JavaScript's last millisecond.
        253_402_300_799,
        253_402_300_800,
        8_640_000_000_000_000,
        i64::MAX - 1,
        i64::MAX,
    ];
    // In seconds, and as if in milliseconds, microseconds and nanoseconds.
    numbers.extend([
        now,
        now * 1_000 + 7,
        now * 1_000_000 + 7,
        now * 1_000_000_000 + 7,
    ]);
    numbers
}

/// The first and the last accepted time, and the limits of counters of seconds or years.
pub(crate) const FAR: &[&str] = &[
    "1970-01-01T00:00:00.000Z",
    "1970-01-01T00:00:00.001Z",
    "1970-01-01T00:00:00.999Z",
    "1970-01-01T00:00:01.000Z",
    "1970-12-31T23:59:59.999Z",
    "1999-12-31T23:59:59.999Z",
    "2000-02-29T12:00:00.500Z",
    "2001-09-09T01:46:39.999Z",
    "2024-02-29T23:59:59.999Z",
    "2038-01-19T03:14:07.000Z",
    "2038-01-19T03:14:07.999Z",
    "2038-01-19T03:14:08.000Z",
    "2100-02-28T23:59:59.999Z",
    "2106-02-07T06:28:15.999Z",
    "2106-02-07T06:28:16.000Z",
    "2155-12-31T23:59:59.999Z",
    "2156-01-01T00:00:00.000Z",
    "2262-04-11T23:47:16.854Z",
    "2262-04-11T23:47:16.855Z",
    "2286-11-20T17:46:40.000Z",
    "3000-01-01T00:00:00.001Z",
    "9999-12-31T00:00:00.000Z",
    "9999-12-31T23:59:59.000Z",
    "9999-12-31T23:59:59.998Z",
    "9999-12-31T23:59:59.999Z",
];

/// Every half hour around the days on which clocks change in Europe, America and Australia, and around midnight in
/// winter and summer, in milliseconds since 1970. A storage that converts times to one of these zones and back would
/// change some of them.
pub(crate) fn around_clock_changes() -> Vec<i64> {
    const HALF_HOUR: i64 = 1_800_000;
    [
        1_774_744_200_000, // 2026-03-29T00:30Z, Europe forward at 01:00
        1_792_888_200_000, // 2026-10-25T00:30Z, Europe back at 01:00
        1_772_951_400_000, // 2026-03-08T06:30Z, New York forward at 07:00
        1_793_511_000_000, // 2026-11-01T05:30Z, New York back at 06:00
        1_775_316_600_000, // 2026-04-04T15:30Z, Sydney back at 16:00
        1_791_041_400_000, // 2026-10-03T15:30Z, Sydney forward at 16:00
        1_767_223_800_000, // 2025-12-31T23:30Z
        1_782_862_200_000, // 2026-06-30T23:30Z
    ]
    .into_iter()
    .flat_map(|start| (0..5).map(move |step| start + step * HALF_HOUR + 7))
    .collect()
}
