//! Runs the conformance suite on a mutant of authstore.

use std::process::ExitCode;

use authstore_conformance::{Outcome, RuleReport, Runner};
use authstore_test_databases::{DatabaseHarness, Kind};

/// More than the number of processors, because rules mostly wait for their database.
const THREADS: usize = 6;

/// Runs a rule, a group of rules, or `all`, in the profile of the environment, until one fails, and prints which.
pub fn up_to_the_first_failure(kind: Kind, rules: &str) -> ExitCode {
    let mut runner = Runner::new(DatabaseHarness::new(kind))
        .threads(THREADS)
        .fail_fast(true);
    if rules != "all" {
        runner = runner.only(rules);
    }
    let certificate = runner.run();
    let failed = |report: &&RuleReport| report.outcome == Outcome::Failed;
    for report in certificate.rules.iter().filter(failed) {
        println!("{}", report.id);
    }
    for problem in &certificate.problems {
        println!("{problem}");
    }
    if certificate.counts.failed == 0 && certificate.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
