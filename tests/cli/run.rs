//! Runs the command, with a separate database for each test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use authstore::AuthStore;
use tempfile::TempDir;

/// A folder for a SQLite database that does not exist yet.
pub(crate) struct Place {
    folder: TempDir,
}

/// The outcome of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Place {
            folder: TempDir::new().expect("a temporary folder"),
        }
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, contents: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file's folder")).expect("a folder");
        fs::write(path, contents).expect("a file");
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.path("auth.db").display())
    }

    pub(crate) fn store(&self) -> AuthStore {
        AuthStore::connect(&self.url()).expect("the database opens")
    }

    pub(crate) fn sqlite(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path("auth.db")).expect("the database opens")
    }

    pub(crate) fn tables(&self) -> Vec<String> {
        let connection = self.sqlite();
        let mut statement = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            .expect("a statement");
        let names = statement.query_map([], |row| row.get(0)).expect("rows");
        names.map(|name| name.expect("a name")).collect()
    }

    /// Returns the command with this database in the environment and no standard input.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authstore"));
        command
            .args(line.split_whitespace())
            .env("DATABASE_URL", self.url())
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, line: &str) -> Outcome {
        outcome(self.command(line))
    }

    /// Runs it, and checks that it succeeds.
    #[track_caller]
    pub(crate) fn succeed(&self, line: &str) -> String {
        let outcome = self.run(line);
        assert_eq!(outcome.code, 0, "authstore {line}: {outcome:?}");
        assert_eq!(outcome.stderr, "", "authstore {line}");
        outcome.stdout
    }

    /// Runs it, and checks that it fails with this code and message, and prints nothing on stdout.
    #[track_caller]
    pub(crate) fn fail(&self, line: &str, code: i32, saying: &str) {
        let outcome = self.run(line);
        assert_eq!(outcome.code, code, "authstore {line}: {outcome:?}");
        assert!(outcome.stderr.contains(saying), "{outcome:?}");
        assert_eq!(outcome.stdout, "", "authstore {line}");
    }
}

pub(crate) fn outcome(mut command: Command) -> Outcome {
    let output = command.output().expect("the command starts");
    Outcome {
        code: output.status.code().expect("it was not killed"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

/// Runs the command on a terminal, and returns its exit code and what it showed.
#[cfg(unix)]
pub(crate) fn on_a_terminal(command: Command, typed: &str) -> (i32, String) {
    on_a_terminal_after(command, "", || {}, typed)
}

/// Runs the command on a terminal, and types when it has shown this prompt and `meanwhile` has run.
#[cfg(unix)]
pub(crate) fn on_a_terminal_after(
    mut command: Command,
    prompt: &str,
    meanwhile: impl FnOnce(),
    typed: &str,
) -> (i32, String) {
    use std::io::{Read as _, Write as _};

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&ours).expect("a terminal");
    unlockpt(&ours).expect("a terminal");
    let name = ptsname(&ours, Vec::new()).expect("its name");
    let theirs = fs::File::options()
        .read(true)
        .write(true)
        .open(name.to_str().expect("a path"))
        .expect("its other end");
    let end = || theirs.try_clone().expect("its other end");
    command.stdin(end()).stdout(end()).stderr(end());
    // The tests may run without a terminal.
    command.env("TERM", "xterm");
    let mut child = command.spawn().expect("the command starts");
    // When these are closed, reading ends with the child.
    drop((command, theirs));

    let mut ours = fs::File::from(ours);
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains(prompt) {
        let mut byte = [0];
        ours.read_exact(&mut byte).expect("a prompt");
        shown.extend(byte);
    }
    meanwhile();
    ours.write_all(typed.as_bytes()).expect("typing");
    // Linux reports the end as an error.
    let _ = ours.read_to_end(&mut shown);
    let status = child.wait().expect("it ends");
    let shown = String::from_utf8_lossy(&shown).into_owned();
    (status.code().expect("it was not killed"), shown)
}
