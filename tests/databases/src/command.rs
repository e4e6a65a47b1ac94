//! The command `authstore`, for tests outside its package.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Returns the path of the command `authstore`, which is built with all features at the first call: optimized, if the
/// caller is.
///
/// Cargo provides the paths of programs only to tests of their own package.
pub fn command() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked", "--package", "authstore"])
            .args(["--all-features", "--bin", "authstore"])
            .args((!cfg!(debug_assertions)).then_some("--release"))
            .args(["--message-format", "json-render-diagnostics"])
            .current_dir(workspace)
            .output()
            .expect("cargo starts");
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        let messages = String::from_utf8(built.stdout).expect("cargo writes UTF-8");
        let (_, after) = messages
            .split_once(r#""executable":""#)
            .expect("cargo names the program that it built");
        let (path, _) = after.split_once('"').expect("a quoted path");
        PathBuf::from(path)
    })
}
