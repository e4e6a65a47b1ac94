//! Every rule of the conformance suite on every database. To run those of one operation on one database: `cargo test -p
//! authstore-test-servers --test conformance postgres::create_user`.
//!
//! `AUTHSTORE_CONFORMANCE_PROFILE` sets how much is tested (by default `quick`; `just conformance` runs `certify`), and
//! `AUTHSTORE_CONFORMANCE_SEED` replays a failure.

use std::process::ExitCode;

use authstore_conformance::{Outcome, RULES, Runner};
use authstore_test_databases::{DatabaseHarness, Kind, Needs, Test, run_waiting};

/// More than there are processors: the rules mostly wait for their database.
const THREADS: usize = 6;

fn main() -> ExitCode {
    let tests = Kind::ALL.into_iter().flat_map(|kind| {
        RULES
            .iter()
            .map(move |rule| Test::new(kind, Needs::Shared, rule.id, move || check(kind, rule.id)))
    });
    run_waiting(THREADS, tests.collect())
}

fn check(kind: Kind, id: &'static str) {
    let certificate = Runner::new(DatabaseHarness::new(kind))
        .only(id)
        .replay(move |_| {
            format!("cargo test -p authstore-test-servers --test conformance {kind}::{id}")
        })
        .run();
    assert_eq!(certificate.problems, [""; 0]);
    let report = certificate
        .rules
        .iter()
        .find(|report| report.id == id)
        .expect("a report for each rule");
    match (report.outcome, report.detail.as_deref()) {
        (Outcome::Passed | Outcome::Declined, _) => {}
        (outcome, detail) => panic!("{outcome}\n\n{}\n", detail.unwrap_or_default()),
    }
}
