use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::Duration;

/// Waits a little before a transaction that lost to another one is repeated: longer each time, and by chance, so that
/// those that fell over one another do not meet again.
pub(crate) fn retry_backoff(repeated: u32) {
    let longest = 1_000_u64 << repeated.min(6);
    let chance = RandomState::new().hash_one(repeated);
    thread::sleep(Duration::from_micros(longest / 2 + chance % (longest / 2)));
}
