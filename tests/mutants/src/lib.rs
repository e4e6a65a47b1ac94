//! What is run on a mutant of authstore, to see whether the conformance suite notices.

use std::process::{ExitCode, exit};

use authstore_conformance::{Outcome, Runner};
use authstore_test_databases::{DatabaseHarness, Kind};

/// Rules mostly wait for their database, so there are more than processors.
const THREADS: usize = 6;

/// Runs a rule, a group of rules, or `all`, in the profile of the environment. The first that fails is printed, and ends
/// the process: what is left on a server is removed with the server.
pub fn up_to_the_first_failure(kind: Kind, rules: &str) -> ExitCode {
    let mut runner = Runner::new(DatabaseHarness::new(kind))
        .threads(THREADS)
        .progress(|report| {
            if report.outcome == Outcome::Failed {
                println!("{}", report.id);
                exit(1);
            }
        });
    if rules != "all" {
        runner = runner.only(rules);
    }
    let certificate = runner.run();
    for problem in &certificate.problems {
        println!("{problem}");
    }
    if certificate.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
