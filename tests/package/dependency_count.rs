//! The number of dependencies. A program that adds `authstore` builds them all, and trusts their authors.

use std::collections::BTreeSet;
use std::process::Command;

/// Returns the crates that a program builds with these features, including this one, as `cargo tree` lists them.
fn crates(features: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--package", "authstore", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p}", "--locked"])
        .args(["--no-default-features", "--features", features])
        .output()
        .expect("cargo starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree failed: {stderr}");
    let stdout = String::from_utf8(output.stdout).expect("text");
    stdout
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

#[track_caller]
fn at_most(limit: usize, features: &str) {
    let crates = crates(features);
    assert!(
        crates.iter().any(|name| name.starts_with("authstore v")),
        "this is not a list of crates: {crates:#?}"
    );
    assert!(
        crates.len() <= limit,
        "`{features}` must link at most {limit} crates (got {}): {crates:#?}",
        crates.len()
    );
}

#[test]
fn sqlite_brings_at_most_40_crates() {
    at_most(40, "default");
}

#[test]
fn postgres_brings_at_most_85_crates() {
    at_most(85, "postgres");
}

#[test]
fn mysql_brings_at_most_110_crates() {
    at_most(110, "mysql");
}
