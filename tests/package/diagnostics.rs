//! Compiler errors for likely mistakes.

use std::fs;
use std::process::Command;

#[test]
fn wrong_backend_type_is_explained() {
    let root = env!("CARGO_MANIFEST_DIR");
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = format!(
        "[package]\nname = \"mistaken\"\nedition = \"2024\"\n[dependencies]\nauthstore = {{ path = {root:?}, default-features = false }}\n[workspace]\n"
    );
    fs::write(folder.path().join("Cargo.toml"), manifest).expect("a file");
    fs::copy(
        format!("{root}/Cargo.lock"),
        folder.path().join("Cargo.lock"),
    )
    .expect("a file");
    fs::create_dir(folder.path().join("src")).expect("a folder");
    fs::write(
        folder.path().join("src/main.rs"),
        "fn main() {\n    authstore::AuthStore::new(authstore::NewUser::default());\n}\n",
    )
    .expect("a file");
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--target-dir"])
        .arg(concat!(env!("CARGO_TARGET_TMPDIR"), "/diagnostics"))
        .current_dir(folder.path())
        .output()
        .expect("cargo starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{stderr}");
    for part in [
        "`NewUser` is not a backend of authstore",
        "open them: `options.open()?`",
    ] {
        assert!(stderr.contains(part), "{part} is missing in {stderr}");
    }
}
