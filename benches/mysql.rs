//! Compares `AuthStore` on MySQL and MariaDB with the same SQL on the bare driver, with prepared statements, on one
//! server, in turns; and the throughput of both with 1, 4 and 16 threads.

#[path = "bare/mysql.rs"]
mod bare;
mod support;
#[path = "support/throughput.rs"]
mod throughput;

use std::process::ExitCode;

use authstore_test_databases::{Database, Kind, Needs, Test, run};
use bare::Mysql;
use support::{
    Beside, Sides, assert_complete, compare_reads, compare_writes, insert_rows, is_trial,
    measure_each, numbers, rows, turns,
};
use throughput::compare_throughput;

fn main() -> ExitCode {
    if is_trial() {
        let test = |kind| measure(kind, turns(0)).expect("a server");
        return run(Test::on(
            &[Kind::Mysql, Kind::Mariadb],
            Needs::Shared,
            "benchmark_runs",
            test,
        ));
    }
    numbers::begin("mysql");
    let turns = turns(500);
    let failed = measure_each(Kind::MYSQL_AND_MARIADB, |kind| measure(kind, turns));
    ExitCode::from(u8::from(failed))
}

fn measure(kind: Kind, turns: usize) -> Result<(), String> {
    let server = kind.title();

    let database = Database::new(kind)?;
    let open_bare = || Mysql::open(&database);
    let open_store = || database.store();
    let mut sides = Sides::on_server(database.server(), &open_bare, &open_store);
    let users = insert_rows(&mut sides.bare, rows(turns));
    let reads = compare_reads(server, Beside::Driver, 4 * turns, &mut sides, &users);
    let writes = compare_writes(server, "writes", turns, &mut sides, &users);
    assert_complete(&[reads, writes].concat());
    drop(sides);

    let database = Database::new(kind)?;
    let store = database.store_with("pool_size=16");
    let users = insert_rows(&mut Mysql::open(&database), rows(turns));
    compare_throughput(server, &store, &users, || Mysql::open(&database));
    Ok(())
}
