//! What the benchmarks share: two ways of doing the same thing, timed in turns, and a table of them; the operations, and
//! the rows that they work on.
//!
//! `crowd.rs` is a module of the benchmarks of servers only.

mod bare;
mod operations;
mod rows;

use std::env;
use std::time::{Duration, Instant};

pub(crate) use bare::Bare;
pub(crate) use operations::{compare_reads, compare_writes};
pub(crate) use rows::{EXPIRES, furnish};

/// How many turns a writing operation takes: `BENCH_TURNS` if it is set, for a quick look at whether all works; else so
/// many. What reads and how many rows there are follow from it.
pub(crate) fn turns(usual: usize) -> usize {
    match env::var("BENCH_TURNS") {
        Ok(turns) => turns.parse().expect("a number in BENCH_TURNS"),
        Err(_) => usual,
    }
}

/// Enough rows for each turn of either way to have its own, those that warm up included: see [`Comparison::line`].
pub(crate) fn rows(turns: usize) -> usize {
    3 * turns
}

/// A table of medians, printed line by line.
pub(crate) struct Comparison {
    turns: usize,
}

impl Comparison {
    /// Prints the head of a table. Each line takes `turns` turns of both ways.
    pub(crate) fn new(title: &str, turns: usize) -> Self {
        println!("\n### {title}\n");
        println!("| operation | bare driver, µs | authstore, µs | ratio |");
        println!("|---|--:|--:|--:|");
        Comparison { turns }
    }

    /// Times both ways, turn by turn, so that whatever else the machine does hits both alike. Each call is told its own
    /// number.
    pub(crate) fn line<A, B>(
        &self,
        operation: &str,
        mut bare: impl FnMut(usize) -> A,
        mut store: impl FnMut(usize) -> B,
    ) {
        let (mut bare_times, mut store_times) = (Vec::new(), Vec::new());
        let warm_up = self.turns / 10;
        for turn in 0..warm_up + self.turns {
            // Who comes first finds colder caches.
            let times = if turn % 2 == 0 {
                let first = time(|| bare(2 * turn));
                (first, time(|| store(2 * turn + 1)))
            } else {
                let first = time(|| store(2 * turn));
                (time(|| bare(2 * turn + 1)), first)
            };
            if turn >= warm_up {
                bare_times.push(times.0);
                store_times.push(times.1);
            }
        }
        let (bare, store) = (median(&mut bare_times), median(&mut store_times));
        println!(
            "| {operation} | {:.1} | {:.1} | {:.2} |",
            microseconds(bare),
            microseconds(store),
            microseconds(store) / microseconds(bare)
        );
    }
}

/// How long a call takes. Its result is dropped afterwards.
pub(crate) fn time<T>(call: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let result = std::hint::black_box(call());
    let elapsed = start.elapsed();
    drop(result);
    elapsed
}

/// The median of some times, which are sorted.
pub(crate) fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// A time as a number of microseconds.
pub(crate) fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
