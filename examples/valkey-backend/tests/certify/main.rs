//! Every rule of the conformance suite on a real server, the certificate, and tests that go beyond the suite. To run
//! the rules of one operation: `cargo test -p authstore-valkey --test certify create_user`.
//!
//! Needs the server of Valkey or Redis (Debian's packages `valkey-server` and `redis-server`). If neither is installed,
//! nothing runs and the output reports that, or it fails if `AUTHSTORE_TEST_REQUIRE` names `valkey`. For this reason
//! the tests do not use `certify!`; a backend outside this repository only needs that one line.

mod connections;
mod harness;
mod server;

use std::path::Path;
use std::process::ExitCode;

use authstore_conformance::{Outcome, PROFILE_VARIABLE, RULES, Runner};
use libtest_mimic::{Arguments, Failed, Trial};

use harness::ValkeyHarness;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let obstacle = server::version().err();
    if let Some(reason) = &obstacle
        && is_required()
    {
        eprintln!("AUTHSTORE_TEST_REQUIRE names valkey, but {reason}");
        return ExitCode::FAILURE;
    }
    let trials: Vec<Trial> = trials()
        .into_iter()
        .map(|trial| {
            let ignored = obstacle.is_some() || trial.has_ignored_flag();
            trial.with_ignored_flag(ignored)
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(reason) = obstacle
        && !arguments.list
    {
        println!(
            "NOT TESTED on Valkey (valkey): no test of this target ran, since {reason}.\n    Install valkey-server or redis-server."
        );
    }
    conclusion.exit_code()
}

fn is_required() -> bool {
    std::env::var("AUTHSTORE_TEST_REQUIRE")
        .is_ok_and(|names| names.split(',').any(|name| name.trim() == "valkey"))
}

fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = RULES
        .iter()
        .map(|rule| Trial::test(rule.id, || check(rule.id)))
        .collect();
    for (name, test) in connections::TESTS {
        trials.push(Trial::test(*name, || {
            test();
            Ok(())
        }));
    }
    // It runs every rule again, and the profile `quick` would not certify.
    let quick = std::env::var(PROFILE_VARIABLE).map_or(true, |profile| profile == "quick");
    trials.push(Trial::test("certificate", certificate).with_ignored_flag(quick));
    trials
}

fn check(id: &'static str) -> Result<(), Failed> {
    let certificate = Runner::new(ValkeyHarness)
        .only(id)
        .replay(move |_| format!("cargo test -p authstore-valkey --test certify {id}"))
        .run();
    let report = certificate.rules.iter().find(|report| report.id == id);
    let report = report.expect("a report for each rule");
    match report.outcome {
        Outcome::Passed | Outcome::Declined if certificate.problems.is_empty() => Ok(()),
        outcome => Err(format!(
            "{outcome}\n\n{}\n{}",
            report.detail.as_deref().unwrap_or_default(),
            certificate.problems.join("\n")
        )
        .into()),
    }
}

/// Writes the certificate to the folder `target/conformance` of the workspace.
fn certificate() -> Result<(), Failed> {
    let certificate = Runner::new(ValkeyHarness)
        .replay(|rule| {
            let name = rule.map_or("certificate", |rule| rule.id);
            format!("cargo test -p authstore-valkey --test certify {name}")
        })
        .run();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/conformance");
    certificate.write(folder, "valkey")?;
    println!(
        "{}",
        certificate.to_markdown().lines().next().unwrap_or_default()
    );
    if certificate.certified {
        Ok(())
    } else {
        Err(certificate.to_markdown().into())
    }
}
