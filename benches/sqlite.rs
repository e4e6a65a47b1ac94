//! Compares `AuthStore` on SQLite with the same SQL on bare rusqlite, on one file with the same settings, in turns;
//! many concurrent writers; and the cost of a million users.
//!
//! # What users of rusqlite may want to know
//!
//! `prepare_cached` keeps a statement, but not always its plan. When a cached statement is returned to the cache,
//! rusqlite clears its parameters, and SQLite prepares a statement again if a parameter that its planner has read
//! changes. This affects each statement with a join or an `ORDER BY`, and costs five times as much as the statement
//! itself. With `connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)`, the [query planner stability
//! guarantee](https://www.sqlite.org/queryplanner-ng.html#qpstab), the planner reads no parameters, and a cached
//! statement is as fast as one that is kept. `Statement::get_status(StatementStatus::RePrepare)` shows how often a
//! statement was prepared again. The store sets this option. The first table of reads compares it with a driver that
//! does not, the second with one that does.

#[path = "bare/sqlite.rs"]
mod bare;
mod support;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use authstore::{AuthStore, NewSession, SqliteOptions};
use authstore_test_databases::{Kind, Needs, Test, run};
use bare::Rusqlite;
use support::{
    Bare, Beside, EXPIRES, Sides, assert_complete, compare_reads, compare_writes, insert_rows,
    is_trial, median, microseconds, numbers, rows, time, turns,
};
use uuid::Uuid;

fn main() -> ExitCode {
    if is_trial() {
        return run(Test::on(
            &[Kind::SqliteFile],
            Needs::Shared,
            "benchmark_runs",
            |_| measure(),
        ));
    }
    measure();
    ExitCode::SUCCESS
}

fn measure() {
    numbers::begin("sqlite");
    let turns = turns(2_000);
    let directory = tempfile::tempdir().expect("a directory");
    compare(&directory.path().join("compare.db"), turns);
    grow(directory.path(), turns);
}

fn compare(file: &Path, turns: usize) {
    let store = AuthStore::new(SqliteOptions::file(file).open().expect("a store"));
    store.migrate().expect("a schema");
    let sides = &mut Sides::new(Rusqlite::open(file), store);
    let users = insert_rows(&mut sides.bare, rows(turns));
    let mut lines = compare_reads("SQLite", Beside::Driver, 5 * turns, sides, &users);
    let keeps_plans = Rusqlite::open(file).keep_plans();
    let keeps_plans = &mut Sides::new(keeps_plans, sides.store.clone());
    compare_reads("SQLite", Beside::Plans, 5 * turns, keeps_plans, &users);
    compare_writers(sides, &users, turns);
    let title = "writes (synchronous=full)";
    lines.extend(compare_writes("SQLite", title, turns, sides, &users));
    assert_complete(&lines);
}

/// Many concurrent writers: the store, and the bare driver behind a mutex. Each thread does the same number of writes.
fn compare_writers(sides: &mut Sides<'_, Rusqlite>, users: &[Uuid], turns: usize) {
    println!("\n### SQLite, create_session by several threads (synchronous=full)\n");
    println!(
        "| threads | driver behind a mutex, 1/s | authstore, 1/s | ratio | driver, p99, ms | authstore, p99, ms |"
    );
    println!("|--:|--:|--:|--:|--:|--:|");
    let next = AtomicUsize::new(0);
    let new = || {
        let turn = next.fetch_add(1, Ordering::Relaxed);
        NewSession::new(users[turn % users.len()], format!("writer-{turn}"), EXPIRES)
    };
    let Sides { bare, store, .. } = sides;
    let bare = Mutex::new(bare);
    for threads in [1, 2, 4, 8, 16] {
        let bare = by_threads(threads, turns.div_ceil(4), || {
            bare.lock().expect("the driver").create_session(&new())
        });
        let store = by_threads(threads, turns.div_ceil(4), || {
            store.create_session(new()).expect("a session")
        });
        println!(
            "| {threads} | {:.0} | {:.0} | {:.2} | {:.1} | {:.1} |",
            bare.0,
            store.0,
            store.0 / bare.0,
            bare.1,
            store.1
        );
        let line = threads.to_string();
        let put = |way, number| numbers::put("writers", "SQLite", &line, way, number);
        put("bare", bare.0);
        put("authstore", store.0);
        put("bare p99", bare.1);
        put("authstore p99", store.1);
    }
}

/// Returns the calls per second, and the 99th percentile of a call's duration in milliseconds.
fn by_threads<T>(threads: usize, turns: usize, call: impl Fn() -> T + Sync) -> (f64, f64) {
    let began = Instant::now();
    let mut times: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| (0..turns).map(|_| time(&call)).collect::<Vec<_>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("times"))
            .collect()
    });
    let elapsed = began.elapsed();
    times.sort_unstable();
    let slow = times[times.len() * 99 / 100];
    #[allow(clippy::cast_precision_loss, reason = "there are few")]
    let calls = times.len() as f64;
    (calls / elapsed.as_secs_f64(), microseconds(slow) / 1e3)
}

/// Measures two operations with a thousand users and with a million, in the usual number of turns.
fn grow(directory: &Path, turns: usize) {
    println!("\n### SQLite, as users grow\n");
    println!("| users | get_session_and_user, µs | create_session, µs |");
    println!("|--:|--:|--:|");
    for users in [turns.div_ceil(2), 500 * turns] {
        let file = directory.join(format!("{users}.db"));
        let store = AuthStore::new(SqliteOptions::file(&file).open().expect("a store"));
        store.migrate().expect("a schema");
        let ids = insert_rows(&mut Rusqlite::open(&file), users);
        let mut reads: Vec<_> = (0..10 * turns)
            .map(|turn| {
                let token = (turn * 7919 % users).to_string();
                time(|| store.get_session_and_user(&token).expect("a session"))
            })
            .collect();
        let mut writes: Vec<_> = (0..turns)
            .map(|turn| {
                let user = ids[turn * 7919 % users];
                let new = NewSession::new(user, format!("new-{turn}"), EXPIRES);
                time(|| store.create_session(new).expect("a session"))
            })
            .collect();
        let read = microseconds(median(&mut reads));
        let write = microseconds(median(&mut writes));
        println!("| {users} | {read:.1} | {write:.1} |");
        let line = users.to_string();
        numbers::put("growth", "SQLite", &line, "get_session_and_user", read);
        numbers::put("growth", "SQLite", &line, "create_session", write);
    }
}
