//! Every rule of the conformance suite on every database. A server that the tests start has defaults that differ as much
//! as possible from what the store needs: they must change nothing, and `just conformance` certifies servers without
//! them. To run the rules of one operation on one database: `cargo test -p authstore-test-servers --test conformance
//! postgres::create_user`.
//!
//! `AUTHSTORE_CONFORMANCE_PROFILE` sets how much is tested (by default `quick`; `just conformance` runs `certify`), and
//! `AUTHSTORE_CONFORMANCE_SEED` replays a failure.

use std::process::ExitCode;

use authstore_conformance::{Outcome, RULES, Runner};
use authstore_test_databases::{DatabaseHarness, Kind, Needs, Server, Test, run_waiting};

/// More than there are processors: the rules mostly wait for their database.
const THREADS: usize = 6;

fn main() -> ExitCode {
    let tests = Kind::ALL.into_iter().flat_map(|kind| {
        RULES
            .iter()
            .map(move |rule| Test::new(kind, Needs::Hostile, rule.id, move || check(kind, rule.id)))
    });
    run_waiting(THREADS, tests.collect())
}

fn check(kind: Kind, id: &'static str) {
    let harness = if kind.is_server() {
        DatabaseHarness::on(Server::hostile(kind).expect("a server"))
    } else {
        DatabaseHarness::new(kind)
    };
    let certificate = Runner::new(harness)
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
