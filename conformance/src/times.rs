//! Times that storages have been known to change.

/// The ends of what is let in, and where counters of seconds or years have ended.
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

/// Every half hour around the days on which clocks are changed in Europe, America and Australia, and around midnight in
/// winter and summer, in milliseconds since 1970: a time that goes through any of these zones on its way comes back
/// another.
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
