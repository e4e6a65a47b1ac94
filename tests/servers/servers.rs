//! Tests on real servers, each written once and run on PostgreSQL, MySQL and MariaDB.

mod concurrency;
mod connecting;
mod faults;
mod foreign_rows;
mod migrations;
mod observe;

mod on_mysql;

mod on_postgres;
mod operations;
mod prepared;
mod query_plans;
mod round_trips;
mod transactions;

use std::process::ExitCode;

use authstore_test_databases::run_waiting;

/// More than there are processors: most tests wait for their server.
const THREADS: usize = 4;

fn main() -> ExitCode {
    if let Some(exit) = migrations::play() {
        return exit;
    }
    let mut tests = Vec::new();
    tests.extend(round_trips::tests());
    tests.extend(connecting::tests());
    tests.extend(faults::tests());
    tests.extend(concurrency::tests());
    tests.extend(prepared::tests());
    tests.extend(query_plans::tests());
    tests.extend(migrations::tests());
    tests.extend(transactions::tests());
    tests.extend(foreign_rows::tests());
    tests.extend(observe::tests());
    tests.extend(on_mysql::tests());
    tests.extend(on_postgres::tests());
    run_waiting(THREADS, tests)
}
