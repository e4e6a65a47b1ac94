//! A program with all statements compiled in, which is patched to create mutants without recompiling.

use std::fs::{self, Permissions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use memchr::memmem;

/// Spaces at the end of each file, so that a statement may become longer.
const ROOM: usize = 256;

/// The sources of the program.
const SOURCES: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "benches",
    "conformance",
    "examples",
    "sql",
    "src",
    "tests",
];

/// A copy of this program, with space in its statements.
pub(crate) struct Program {
    bytes: Vec<u8>,
    permissions: Permissions,
    /// The path of the mutant that is being tested.
    mutant: PathBuf,
}

impl Program {
    /// Copies the workspace, adds space to the SQL files, and builds it. `name` distinguishes its mutants from those of
    /// concurrent runs.
    pub(crate) fn build(workspace: &Path, name: &str) -> Result<Self, String> {
        let folder = workspace.join("target/sql-mutants");
        let copy = folder.join("workspace");
        fs::create_dir_all(&copy).map_err(|error| format!("{}: {error}", copy.display()))?;
        for source in SOURCES {
            copy_with_room(&workspace.join(source), &copy.join(source))
                .map_err(|error| format!("{source}: {error}"))?;
        }
        let target = folder.join("target");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--package", env!("CARGO_PKG_NAME")])
            .arg("--target-dir")
            .arg(&target)
            .current_dir(&copy)
            .status()
            .map_err(|error| format!("cargo: {error}"))?;
        if !built.success() {
            return Err("could not build the program".to_owned());
        }
        let path = target.join("debug").join(env!("CARGO_BIN_NAME"));
        let unreadable = |error| format!("{}: {error}", path.display());
        Ok(Program {
            bytes: fs::read(&path).map_err(unreadable)?,
            permissions: fs::metadata(&path).map_err(unreadable)?.permissions(),
            mutant: folder.join(format!("mutant-{name}")),
        })
    }

    /// Returns the unchanged program.
    pub(crate) fn unchanged(&self) -> io::Result<PathBuf> {
        self.write(&self.bytes)
    }

    /// Returns the program with one text replaced by another, or `None` if it does not contain the text.
    pub(crate) fn with(&self, sql: &str, mutant: &str) -> io::Result<Option<PathBuf>> {
        let sql = with_room(sql);
        assert!(mutant.len() <= sql.len(), "there is not enough space");
        let mutant = format!("{mutant:<width$}", width = sql.len());
        let mut bytes = self.bytes.clone();
        let places: Vec<usize> = memmem::find_iter(&self.bytes, &sql).collect();
        for place in &places {
            bytes[*place..][..mutant.len()].copy_from_slice(mutant.as_bytes());
        }
        if places.is_empty() {
            return Ok(None);
        }
        self.write(&bytes).map(Some)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        // Do not overwrite the previous one, which may still be running.
        let _ = fs::remove_file(&self.mutant);
        fs::write(&self.mutant, bytes)?;
        fs::set_permissions(&self.mutant, self.permissions.clone())?;
        Ok(self.mutant.clone())
    }
}

fn with_room(sql: &str) -> String {
    format!("{sql}{:ROOM$}", "")
}

/// Copies only files that differ, so that cargo rebuilds as little as possible.
fn copy_with_room(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            if name != "node_modules" {
                copy_with_room(&from.join(&name), &to.join(&name))?;
            }
        }
        return Ok(());
    }
    let mut content = fs::read(from)?;
    if from.extension().is_some_and(|extension| extension == "sql") {
        content.resize(content.len() + ROOM, b' ');
    }
    if fs::read(to).ok().as_ref() != Some(&content) {
        fs::write(to, content)?;
    }
    Ok(())
}
