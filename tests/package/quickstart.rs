//! `cargo run --example quickstart`, as a new user runs it.

use std::process::Command;

use tempfile::TempDir;

/// Runs it in a folder, through cargo, because `cargo test --test package` does not build the examples.
fn run(folder: &TempDir, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--locked", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .args(["--example", "quickstart", "--"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("cargo starts");
    let stdout = String::from_utf8(output.stdout).expect("text");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}{stderr}");
    stdout
}

/// The output of every run, whether the users are new or not.
fn check(out: &str) {
    for line in [
        "1. Open the database",
        "\"Hello, Ada Lovelace.\"",
        "\"Hello, stranger. Please sign in.\"",
        "the link works",
        "the same link a second time: it was used already",
        "5. Grace may not take Ada's email address.\n   rejected: ",
        "Ada Lovelace: 1 session(s) ended",
        "Grace Hopper: 1 session(s) ended",
    ] {
        assert!(out.contains(line), "{line:?} is not in:\n{out}");
    }
    // 32 hexadecimal digits in a row would be a token.
    let mut digits = 0;
    for character in out.chars() {
        digits = if character.is_ascii_hexdigit() {
            digits + 1
        } else {
            0
        };
        assert!(digits < 16, "a token is shown in:\n{out}");
    }
}

#[test]
fn it_runs_twice_on_one_file() {
    let folder = TempDir::new().expect("a folder");
    let first = run(&folder, &[]);
    check(&first);
    assert!(!first.contains("   0 migration(s) applied"), "{first}");
    assert!(first.contains("Ada Lovelace signed up"), "{first}");
    assert!(
        first.contains("in sqlite:authstore-quickstart.db."),
        "{first}"
    );
    assert!(folder.path().join("authstore-quickstart.db").exists());

    let second = run(&folder, &[]);
    check(&second);
    assert!(second.contains("   0 migration(s) applied"), "{second}");
    assert!(second.contains("Ada Lovelace was here before"), "{second}");
}

#[test]
fn it_takes_a_url() {
    let folder = TempDir::new().expect("a folder");
    let out = run(&folder, &["sqlite:other.db?synchronous=normal"]);
    check(&out);
    assert!(folder.path().join("other.db").exists());
    assert!(!folder.path().join("authstore-quickstart.db").exists());
}
