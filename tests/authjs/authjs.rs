//! Sharing a database with Auth.js: its real Kysely adapter and this crate, on each database.
//!
//! Needs Node.js and npm. If they are missing, nothing runs and the output reports that, or it fails if
//! `AUTHSTORE_TEST_REQUIRE` names `node`.

mod adapter;
mod adopt;
mod certified;
mod node;
mod objects;
mod passkeys;
mod races;
mod values;
mod whoami;

use std::process::ExitCode;

use authstore_test_databases::{Kind, Needs, Test, run};

/// Two processes cannot share a database in memory.
const SHARED: [Kind; 4] = [Kind::SqliteFile, Kind::Postgres, Kind::Mysql, Kind::Mariadb];

/// Returns a test for each database that two processes can share.
fn on_each(name: &str, test: fn(Kind)) -> Vec<Test> {
    Test::on(&SHARED, Needs::Shared, name, test)
}

fn main() -> ExitCode {
    let listed = std::env::args().any(|argument| argument == "--list");
    if !listed && let Err(reason) = node::install() {
        println!(
            "NOT TESTED with Auth.js (node): no test of this target ran, since {reason}.\n    Install Node.js 20 or later."
        );
        return if node::is_required() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        };
    }
    let groups = [
        // The longest first, so that the others run beside it.
        certified::tests(),
        adapter::tests(),
        races::tests(),
        passkeys::tests(),
        adopt::tests(),
        objects::tests(),
        whoami::tests(),
    ];
    run(groups.into_iter().flatten().collect())
}
