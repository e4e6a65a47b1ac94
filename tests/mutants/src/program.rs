//! A program that holds all statements, of which mutants are made without compiling anything again.

use std::fs::{self, Permissions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use memchr::memmem;

/// Blanks at the end of each file, so that a statement may become longer.
const ROOM: usize = 256;

/// What the program is built of.
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

/// This very program, with room in its statements.
pub(crate) struct Program {
    bytes: Vec<u8>,
    permissions: Permissions,
    /// Where a mutant lies while it is tried.
    mutant: PathBuf,
}

impl Program {
    /// Copies the workspace, makes room in the files of SQL, and builds. `name` sets this one's mutants apart from those of
    /// others that are tried at the same time.
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
            return Err("the program could not be built".to_owned());
        }
        let path = target.join("debug").join(env!("CARGO_BIN_NAME"));
        let unreadable = |error| format!("{}: {error}", path.display());
        Ok(Program {
            bytes: fs::read(&path).map_err(unreadable)?,
            permissions: fs::metadata(&path).map_err(unreadable)?.permissions(),
            mutant: folder.join(format!("mutant-{name}")),
        })
    }

    /// The program as it is.
    pub(crate) fn unchanged(&self) -> io::Result<PathBuf> {
        self.write(&self.bytes)
    }

    /// The program with another text in the place of this one; `None` if it does not hold this one.
    pub(crate) fn with(&self, sql: &str, mutant: &str) -> io::Result<Option<PathBuf>> {
        let sql = with_room(sql);
        assert!(mutant.len() <= sql.len(), "there is too little room");
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
        // Not over the one before, which may still be ending.
        let _ = fs::remove_file(&self.mutant);
        fs::write(&self.mutant, bytes)?;
        fs::set_permissions(&self.mutant, self.permissions.clone())?;
        Ok(self.mutant.clone())
    }
}

fn with_room(sql: &str) -> String {
    format!("{sql}{:ROOM$}", "")
}

/// Copies what is not there yet in this form, so that cargo builds no more than it must.
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
