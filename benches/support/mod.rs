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
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authstore::AuthStore;
use authstore_test_databases::Server;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

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
        warm_up: turns.div_ceil(10),
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

/// Two ways to one database.
pub(crate) struct Sides<'a, B> {
    pub(crate) bare: B,
    pub(crate) store: AuthStore,
    reconnect: Option<Reconnect<'a, B>>,
}

struct Reconnect<'a, B> {
    bare: &'a dyn Fn() -> B,
    store: &'a dyn Fn() -> AuthStore,
    _processors: Processors,
}

impl<'a, B> Sides<'a, B> {
    pub(crate) fn new(bare: B, store: AuthStore) -> Self {
        Sides {
            bare,
            store,
            reconnect: None,
        }
    }

    /// Two ways to a server, to which both sides connect again several times in a line. Its processes differ: in some,
    /// the memory allocator returns memory after each statement, which takes a tenth of the time.
    pub(crate) fn on_server(
        server: &Arc<Server>,
        bare: &'a dyn Fn() -> B,
        store: &'a dyn Fn() -> AuthStore,
    ) -> Self {
        let _processors = Processors::separate(server.clone());
        Sides {
            bare: bare(),
            store: store(),
            reconnect: Some(Reconnect {
                bare,
                store,
                _processors,
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

/// Keeps this thread on one processor and the server on another, until it is dropped. The scheduler would place each of
/// the server's processes on its own, and one on the same processor answers in half the time.
pub(crate) struct Processors {
    all: CpuSet,
    server: Arc<Server>,
}

impl Processors {
    pub(crate) fn separate(server: Arc<Server>) -> Self {
        let all = sched_getaffinity(Pid::from_raw(0)).expect("the processors");
        let mut numbers = numbers(&all);
        if let (Some(ours), Some(theirs)) = (numbers.next(), numbers.next()) {
            let mut one = CpuSet::new();
            one.set(ours).expect("a processor");
            sched_setaffinity(Pid::from_raw(0), &one).expect("one of ours");
            place(&server, &theirs.to_string());
        }
        Processors { all, server }
    }
}

impl Drop for Processors {
    fn drop(&mut self) {
        sched_setaffinity(Pid::from_raw(0), &self.all).expect("as before");
        let all: Vec<_> = numbers(&self.all)
            .map(|number| number.to_string())
            .collect();
        place(&self.server, &all.join(","));
    }
}

fn numbers(processors: &CpuSet) -> impl Iterator<Item = usize> {
    (0..CpuSet::count()).filter(|&number| processors.is_set(number) == Ok(true))
}

/// Does nothing to a server that is not in a container of ours.
fn place(server: &Server, processors: &str) {
    if let Some(container) = server.container_name() {
        let moved = Command::new("docker")
            .args(["update", "--cpuset-cpus", processors, container])
            .output()
            .expect("docker");
        assert!(moved.status.success(), "{moved:?}");
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
