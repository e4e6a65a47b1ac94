//! Compares `AuthStore` on PostgreSQL with the same SQL on the bare blocking driver, with prepared statements, on one
//! server, in turns; and the throughput of both with several threads.
//!
//! The server is the one that the tests would use: see the crate `authstore-test-databases`.

#[path = "bare/postgres.rs"]
mod bare;
mod support;
#[path = "support/throughput.rs"]
mod throughput;

use std::process::ExitCode;
use std::time::Instant;

use authstore::{AuthStore, UserChanges};
use authstore_test_databases::{Database, Kind, Needs, Test, run};
use bare::Postgres;
use support::{
    Beside, Sides, assert_complete, compare_reads, compare_writes, is_trial, numbers, rows, turns,
};
use throughput::compare_throughput;
use uuid::Uuid;

fn main() -> ExitCode {
    if is_trial() {
        return run(Test::on(
            &[Kind::Postgres],
            Needs::Shared,
            "benchmark_runs",
            |_| measure(),
        ));
    }
    measure();
    ExitCode::SUCCESS
}

fn measure() {
    numbers::begin("postgres");
    let turns = turns(1_500);

    let database = Database::new(Kind::Postgres).expect("a server");
    let open_bare = || Postgres::open(&database);
    let open_store = || database.store();
    let mut sides = Sides::on_server(database.server(), &open_bare, &open_store);
    let users = sides.bare.insert_rows(rows(turns));
    let reads = compare_reads("PostgreSQL", Beside::Driver, 3 * turns, &mut sides, &users);
    // Before the users are deleted.
    compare_statements(turns, &database, &users);
    let writes = compare_writes("PostgreSQL", "writes", turns, &mut sides, &users);
    assert_complete(&[reads, writes].concat());
    drop(sides);

    let database = Database::new(Kind::Postgres).expect("a server");
    let store = database.store_with("pool_size=16");
    let users = Postgres::open(&database).insert_rows(rows(turns));
    compare_throughput("PostgreSQL", &store, &users, || Postgres::open(&database));
}

/// The cost of unnamed statements, as used through a pooler: the server parses and plans each.
fn compare_statements(turns: usize, database: &Database, users: &[Uuid]) {
    let named = database.store_with("prepare=always");
    let unnamed = database.store_with("prepare=never");
    println!("\nPostgreSQL, statements: median in microseconds, and the ratio of unnamed to named");
    println!(
        "{:<24} {:>8} {:>8} {:>6}",
        "operation", "named", "unnamed", "ratio"
    );
    let read = |store: &AuthStore, user: Uuid| {
        store.get_user(user).expect("done");
    };
    let write = |store: &AuthStore, user: Uuid| {
        store
            .update_user(user, UserChanges::default())
            .expect("done");
    };
    type Operation<'a> = (&'a str, &'a dyn Fn(&AuthStore, Uuid));
    let operations: [Operation<'_>; 2] = [("get_user", &read), ("update_user", &write)];
    for (name, operation) in operations {
        let (mut of_named, mut of_unnamed) = (Vec::new(), Vec::new());
        // In turns, so that other load on the machine affects both.
        for turn in 0..turns {
            let user = users[turn % users.len()];
            for (store, times) in [(&named, &mut of_named), (&unnamed, &mut of_unnamed)] {
                let start = Instant::now();
                operation(store, user);
                times.push(start.elapsed().as_secs_f64() * 1e6);
            }
        }
        let [named, unnamed] = [of_named, of_unnamed].map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        numbers::put("statements", "PostgreSQL", name, "named", named);
        numbers::put("statements", "PostgreSQL", name, "unnamed", unnamed);
        println!(
            "{name:<24} {named:>8.0} {unnamed:>8.0} {:>6.2}",
            unnamed / named
        );
    }
}
