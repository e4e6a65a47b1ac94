//! The throughput of a server with several threads.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use authstore::{AuthStore, NewSession};
use uuid::Uuid;

use crate::support::{Bare, EXPIRES, is_trial, numbers};

/// The time that each side runs before the other's turn.
fn spell() -> Duration {
    Duration::from_millis(if is_trial() { 10 } else { 400 })
}

/// Measures how many operations both do per second, with 1, 4 and 16 threads. Each thread of the bare driver has its
/// own connection, which `open` creates. The store should have a pool of 16. The users are those of
/// [`insert_rows`](crate::support::insert_rows).
pub(crate) fn compare_throughput<B: Bare>(
    server: &str,
    store: &AuthStore,
    users: &[Uuid],
    open: impl Fn() -> B + Sync,
) {
    println!("\n### {server}, operations in a second\n");
    println!("| threads | operation | bare driver, a connection each | authstore | ratio |");
    println!("|--:|---|--:|--:|--:|");
    let token = |turn: usize| (turn % users.len()).to_string();
    let new =
        |turn: usize| NewSession::new(users[turn % users.len()], format!("new-{turn}"), EXPIRES);
    for threads in [1, 4, 16] {
        let line = |operation: &str, bare: f64, store: f64| {
            println!(
                "| {threads} | {operation} | {bare:.0} | {store:.0} | {:.2} |",
                store / bare
            );
            let (table, line) = (format!("threads {operation}"), threads.to_string());
            numbers::put(&table, server, &line, "bare", bare);
            numbers::put(&table, server, &line, "authstore", store);
        };
        let read = in_turns(
            || {
                in_a_second(threads, || {
                    let mut bare = open();
                    move |turn| assert_eq!(bare.get_session_and_user(&token(turn)).len(), 1)
                })
            },
            || {
                in_a_second(threads, || {
                    |turn| {
                        let found = store.get_session_and_user(&token(turn));
                        assert!(found.expect("an answer").is_some());
                    }
                })
            },
        );
        line("get_session_and_user", read.0, read.1);
        let write = in_turns(
            || {
                in_a_second(threads, || {
                    let mut bare = open();
                    move |turn| assert_eq!(bare.create_session(&new(turn)), 1)
                })
            },
            || {
                in_a_second(threads, || {
                    |turn| drop(store.create_session(new(turn)).expect("a session"))
                })
            },
        );
        line("create_session", write.0, write.1);
    }
}

/// Returns the medians of several measurements of both, in turns, so that other load on the machine affects both
/// equally.
fn in_turns(bare: impl Fn() -> f64, store: impl Fn() -> f64) -> (f64, f64) {
    let spells = if is_trial() { 1 } else { 5 };
    let (mut of_bare, mut of_store): (Vec<_>, Vec<_>) =
        (0..spells).map(|_| (bare(), store())).unzip();
    of_bare.sort_unstable_by(f64::total_cmp);
    of_store.sort_unstable_by(f64::total_cmp);
    (of_bare[spells / 2], of_store[spells / 2])
}

/// Returns how often this many threads do their work per second. Each thread prepares its work, does it once, and waits
/// for the others, so that no connection is opened during the measurement. Each call gets a unique number.
fn in_a_second<W: FnMut(usize)>(threads: usize, begin: impl Fn() -> W + Sync) -> f64 {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let (start, over) = (Barrier::new(threads + 1), AtomicBool::new(false));
    let (done, elapsed) = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut work = begin();
                    let mut once = || work(NEXT.fetch_add(1, Ordering::Relaxed));
                    once();
                    start.wait();
                    let mut done = 0_u32;
                    while !over.load(Ordering::Relaxed) {
                        once();
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        start.wait();
        let began = Instant::now();
        thread::sleep(spell());
        over.store(true, Ordering::Relaxed);
        let elapsed = began.elapsed();
        let done: u32 = workers
            .into_iter()
            .map(|worker| worker.join().expect("a count"))
            .sum();
        (done, elapsed)
    });
    f64::from(done) / elapsed.as_secs_f64()
}
