use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::Duration;

/// Sleeps before a transaction that lost to another one is retried: up to 1 ms at first, twice as long each time, at
/// most 64 ms. The jitter keeps transactions that conflicted from conflicting again.
pub(crate) fn retry_backoff(repeated: u32) {
    let longest = 1_000_u64 << repeated.min(6);
    let chance = RandomState::new().hash_one(repeated);
    thread::sleep(Duration::from_micros(longest / 2 + chance % (longest / 2)));
}
