//! The test that `cargo mutants` runs on each mutant of authstore: the conformance suite, up to the first failure, on
//! the databases that the environment names.

use std::process::ExitCode;

use authstore_mutants::up_to_the_first_failure;
use authstore_test_databases::Kind;

fn main() -> ExitCode {
    let names =
        std::env::var("AUTHSTORE_MUTANTS_ON").expect("AUTHSTORE_MUTANTS_ON names databases");
    for name in names.split(',') {
        let kind: Kind = name.parse().expect("AUTHSTORE_MUTANTS_ON names databases");
        let outcome = up_to_the_first_failure(kind, "all");
        if outcome != ExitCode::SUCCESS {
            return outcome;
        }
    }
    ExitCode::SUCCESS
}
