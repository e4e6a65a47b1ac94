//! Code that the benchmarks share: comparisons of two sides, measured in turns, and their tables; the operations, and
//! their rows.
//!
//! `throughput.rs` is a module of the benchmarks of servers only.

#![allow(
    dead_code,
    unused_imports,
    reason = "each benchmark is a crate of its own, and uses a part of this"
)]

mod bare;
pub(crate) mod numbers;
mod reads;
mod rows;
mod writes;

use std::env;
use std::time::{Duration, Instant};

use authstore::AuthStore;

pub(crate) use bare::Bare;
pub(crate) use reads::compare_reads;
pub(crate) use rows::{EXPIRES, at, insert_rows};
pub(crate) use writes::compare_writes;

/// Returns true in `cargo test`, which only checks that the benchmark runs. `cargo bench` passes `--bench`.
pub(crate) fn is_trial() -> bool {
    !env::args().any(|argument| argument == "--bench")
}

/// The number of turns of a writing operation: `BENCH_TURNS` if it is set, for a quick check, otherwise this number.
/// The turns of reads and the number of rows are derived from it.
pub(crate) fn turns(usual: usize) -> usize {
    if is_trial() {
        return 2;
    }
    match env::var("BENCH_TURNS") {
        Ok(turns) => turns.parse().expect("a number in BENCH_TURNS"),
        Err(_) => usual,
    }
}

/// Returns how many rows a line works on: one for each turn of both sides, including those that warm up.
pub(crate) fn rows(turns: usize) -> usize {
    let runs = runs(turns);
    2 * runs.count * (runs.warm_up + runs.turns)
}

/// The parts of a line.
struct Runs {
    count: usize,
    /// How many turns of a run are not counted, because a new connection prepares its statements, and PostgreSQL plans
    /// a statement anew the first five times.
    warm_up: usize,
    turns: usize,
}

fn runs(turns: usize) -> Runs {
    let count = RUNS.min(turns);
    Runs {
        count,
        warm_up: if is_trial() { 1 } else { 6 + turns / 200 },
        turns: turns.div_ceil(count),
    }
}

/// The number of runs of a line.
const RUNS: usize = 20;

macro_rules! names {
    ({} $(fn $operation:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
        /// All operations of `AuthStore`.
        const OPERATIONS: &[&str] = &[$(stringify!($operation)),*];
    };
}
authstore::for_each_operation!(names! {});

/// Fails if an operation has no line.
pub(crate) fn assert_complete(lines: &[&str]) {
    let mut missing = OPERATIONS.to_vec();
    missing.retain(|operation| !lines.contains(operation));
    assert!(missing.is_empty(), "not measured: {missing:?}");
}

/// Two ways to one database.
pub(crate) struct Sides<'a, B> {
    pub(crate) bare: B,
    pub(crate) store: AuthStore,
    connect: Option<&'a dyn Fn() -> (B, AuthStore)>,
}

impl<'a, B> Sides<'a, B> {
    pub(crate) fn new(bare: B, store: AuthStore) -> Self {
        Sides {
            bare,
            store,
            connect: None,
        }
    }

    /// Both sides connect again for each run. A server process can be faster or slower than another one for as long as
    /// it lives, by where its memory and its processor happen to be.
    pub(crate) fn reconnecting(connect: &'a dyn Fn() -> (B, AuthStore)) -> Self {
        let (bare, store) = connect();
        Sides {
            bare,
            store,
            connect: Some(connect),
        }
    }

    fn reconnect(&mut self) {
        if let Some(connect) = self.connect {
            (self.bare, self.store) = connect();
        }
    }
}

/// The other side of a table.
#[derive(Clone, Copy)]
pub(crate) enum Beside {
    /// The bare driver, used as in its documentation.
    Driver,
    /// A bare driver that keeps the plans of its statements.
    Plans,
}

/// A table of medians, printed line by line.
pub(crate) struct Comparison<'a, 'b, B> {
    database: String,
    beside: Beside,
    turns: usize,
    pub(crate) sides: &'a mut Sides<'b, B>,
    /// The operations that have a line.
    pub(crate) lines: Vec<&'static str>,
}

impl<'a, 'b, B> Comparison<'a, 'b, B> {
    /// Prints the head of a table. Each line takes `turns` turns of both ways.
    pub(crate) fn new(
        database: &str,
        title: &str,
        beside: Beside,
        turns: usize,
        sides: &'a mut Sides<'b, B>,
    ) -> Self {
        println!("\n### {database}, {title}\n");
        println!("| operation | bare driver, µs | authstore, µs | ratio | 95 % of {RUNS} runs |");
        println!("|---|--:|--:|--:|--:|");
        Comparison {
            database: database.to_owned(),
            beside,
            turns,
            sides,
            lines: Vec::new(),
        }
    }

    /// Measures both sides, turn by turn, so that other load on the machine affects both equally. Each call gets its
    /// own number. The ratio is the median of the runs' ratios.
    pub(crate) fn line<X, Y>(
        &mut self,
        operation: &'static str,
        mut bare: impl FnMut(&mut B, usize) -> X,
        mut store: impl FnMut(&AuthStore, usize) -> Y,
    ) {
        self.lines.push(operation);
        let (mut bare_times, mut store_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let runs = runs(self.turns);
        for run in 0..runs.count {
            self.sides.reconnect();
            let sides = &mut *self.sides;
            let (mut of_bare, mut of_store) = (Vec::new(), Vec::new());
            for turn in 0..runs.warm_up + runs.turns {
                let row = 2 * (run * (runs.warm_up + runs.turns) + turn);
                // The first one finds colder caches.
                let times = if turn % 2 == 0 {
                    let first = time(|| bare(&mut sides.bare, row));
                    (first, time(|| store(&sides.store, row + 1)))
                } else {
                    let first = time(|| store(&sides.store, row));
                    (time(|| bare(&mut sides.bare, row + 1)), first)
                };
                if turn >= runs.warm_up {
                    of_bare.push(times.0);
                    of_store.push(times.1);
                }
            }
            ratios.push(microseconds(median(&mut of_store)) / microseconds(median(&mut of_bare)));
            bare_times.append(&mut of_bare);
            store_times.append(&mut of_store);
        }
        let bare = microseconds(median(&mut bare_times));
        let store = microseconds(median(&mut store_times));
        ratios.sort_unstable_by(f64::total_cmp);
        let ratio = ratios[ratios.len() / 2];
        let most = ratios[(ratios.len() * 95 / 100).min(ratios.len() - 1)];
        println!("| {operation} | {bare:.1} | {store:.1} | {ratio:.2} | {most:.2} |");
        let way = match self.beside {
            Beside::Driver => "bare",
            Beside::Plans => "plans",
        };
        let table = format!("operations {way}");
        numbers::put(&table, &self.database, operation, way, bare);
        numbers::put(&table, &self.database, operation, "authstore", store);
        numbers::put(&table, &self.database, operation, "ratio", ratio);
        numbers::put(&table, &self.database, operation, "95 %", most);
    }
}

/// Returns the duration of a call. Its result is dropped afterwards.
pub(crate) fn time<T>(call: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let result = std::hint::black_box(call());
    let elapsed = start.elapsed();
    drop(result);
    elapsed
}

/// Sorts the times, and returns their median.
pub(crate) fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Converts a time to microseconds.
pub(crate) fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
