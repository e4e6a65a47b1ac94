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
#[cfg(target_os = "linux")]
mod processors;
#[cfg(not(target_os = "linux"))]
#[path = "no_processors.rs"]
mod processors;
mod reads;
mod rows;
mod writes;

use std::env;
use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authstore::AuthStore;
use authstore_test_databases::{Kind, Server};

pub(crate) use bare::Bare;
pub(crate) use processors::Processors;
pub(crate) use reads::compare_reads;
pub(crate) use rows::{EXPIRES, at, insert_rows, passkey};
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
        Ok(turns) => {
            let turns: NonZero<usize> = turns.parse().expect("a number above 0 in BENCH_TURNS");
            turns.get()
        }
        Err(_) => usual,
    }
}

/// Measures databases one after the other. Returns true if one of them could not be measured.
pub(crate) fn measure_each(
    databases: impl IntoIterator<Item = Kind>,
    measure: impl Fn(Kind) -> Result<(), String>,
) -> bool {
    let mut failed = false;
    for kind in databases {
        if let Err(reason) = measure(kind) {
            eprintln!("{} was not measured: {reason}", kind.title());
            failed = true;
        }
    }
    failed
}

/// Returns how many rows a line works on: one for each turn of both sides, including those that warm up.
pub(crate) fn rows(turns: usize) -> usize {
    let parts = parts(turns);
    2 * parts.count * (parts.warm_up + parts.turns)
}

/// The parts of a line, between which both sides connect again.
struct Parts {
    count: usize,
    /// The turns of a part that are not counted, because a new connection prepares its statements, and PostgreSQL plans
    /// a statement anew the first five times.
    warm_up: usize,
    turns: usize,
}

fn parts(turns: usize) -> Parts {
    let count = turns.min(5);
    let turns = turns.div_ceil(count);
    Parts {
        count,
        warm_up: turns.div_ceil(10).max(6),
        turns,
    }
}

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

/// The two sides of a comparison: the bare driver and the store, on one database.
pub(crate) struct Sides<'a, B> {
    pub(crate) bare: B,
    pub(crate) store: AuthStore,
    reconnect: Option<Reconnect<'a, B>>,
}

struct Reconnect<'a, B> {
    bare: &'a dyn Fn() -> B,
    store: &'a dyn Fn() -> AuthStore,
    _processors: Option<Processors>,
}

impl<'a, B> Sides<'a, B> {
    pub(crate) fn new(bare: B, store: AuthStore) -> Self {
        Sides {
            bare,
            store,
            reconnect: None,
        }
    }

    /// The sides of a server, which connect again several times in a line. The server's processes or threads differ: in
    /// some, the memory allocator returns memory after each statement, which makes it a tenth slower.
    pub(crate) fn on_server(
        server: &Arc<Server>,
        bare: &'a dyn Fn() -> B,
        store: &'a dyn Fn() -> AuthStore,
    ) -> Self {
        let processors = Processors::separate(server);
        Sides {
            bare: bare(),
            store: store(),
            reconnect: Some(Reconnect {
                bare,
                store,
                _processors: processors,
            }),
        }
    }

    fn reconnect(&mut self) {
        if let Some(reconnect) = &self.reconnect {
            self.bare = (reconnect.bare)();
            self.store = (reconnect.store)();
        }
    }
}

/// The number of runs into which the turns of a line are divided, to show how much the ratio varies.
const RUNS: usize = 20;

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
    /// own number.
    pub(crate) fn line<X, Y>(
        &mut self,
        operation: &'static str,
        mut bare: impl FnMut(&mut B, usize) -> X,
        mut store: impl FnMut(&AuthStore, usize) -> Y,
    ) {
        self.lines.push(operation);
        let sides = &mut *self.sides;
        let (mut bare_times, mut store_times) = (Vec::new(), Vec::new());
        let parts = parts(self.turns);
        for part in 0..parts.count {
            sides.reconnect();
            for turn in 0..parts.warm_up + parts.turns {
                let row = 2 * (part * (parts.warm_up + parts.turns) + turn);
                // The first one finds colder caches.
                let times = if turn % 2 == 0 {
                    let first = time(|| bare(&mut sides.bare, row));
                    (first, time(|| store(&sides.store, row + 1)))
                } else {
                    let first = time(|| store(&sides.store, row));
                    (time(|| bare(&mut sides.bare, row + 1)), first)
                };
                if turn >= parts.warm_up {
                    bare_times.push(times.0);
                    store_times.push(times.1);
                }
            }
        }
        let most = ratio_of_most(&mut bare_times, &mut store_times);
        let bare = microseconds(median(&mut bare_times));
        let store = microseconds(median(&mut store_times));
        println!(
            "| {operation} | {bare:.1} | {store:.1} | {:.2} | {most:.2} |",
            store / bare
        );
        let way = match self.beside {
            Beside::Driver => "bare",
            Beside::Plans => "plans",
        };
        let table = format!("operations {way}");
        numbers::put(&table, &self.database, operation, way, bare);
        numbers::put(&table, &self.database, operation, "authstore", store);
        numbers::put(&table, &self.database, operation, "95 %", most);
    }
}

/// Returns the ratio that is not exceeded in 95 % of the runs into which these turns are divided.
fn ratio_of_most(bare: &mut [Duration], store: &mut [Duration]) -> f64 {
    let run = bare.len().div_ceil(RUNS);
    let mut ratios: Vec<f64> = bare
        .chunks_mut(run)
        .zip(store.chunks_mut(run))
        .map(|(bare, store)| microseconds(median(store)) / microseconds(median(bare)))
        .collect();
    ratios.sort_unstable_by(f64::total_cmp);
    ratios[(ratios.len() * 95 / 100).min(ratios.len() - 1)]
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
