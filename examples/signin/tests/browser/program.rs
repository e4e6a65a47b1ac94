//! The program, as a separate process.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use authstore::AuthStore;
use authstore_test_databases::{Database, Kind};

/// A running program on a database of its own.
pub(crate) struct Program {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) database: Database,
    /// Where browsers find it.
    pub(crate) origin: String,
    /// The page that shows the mails.
    pub(crate) mails: String,
}

impl Program {
    pub(crate) fn start(kind: Kind) -> Self {
        Self::start_on(Database::new(kind).expect("a database"), &[])
    }

    pub(crate) fn start_on(database: Database, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authstore-signin"));
        for name in [
            "OIDC_ISSUER",
            "SMTP_URL",
            "SIGNIN_URL",
            "SIGNIN_BEHIND_PROXY",
        ] {
            command.env_remove(name);
        }
        let mut child = command
            .env("DATABASE_URL", database.url())
            .env("SIGNIN_ADDRESS", "127.0.0.1:0")
            .env("SIGNIN_TRIAL_ADDRESS", "127.0.0.1:0")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let mails = line(&mut output);
        let origin = line(&mut output);
        assert!(
            origin.starts_with("http"),
            "the program has not started: {origin:?}"
        );
        Program {
            child,
            output,
            database,
            origin,
            mails,
        }
    }

    /// A store on the program's database.
    pub(crate) fn store(&self) -> AuthStore {
        AuthStore::connect(&self.database.url()).expect("a store")
    }

    /// Where it listens, as `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        let (_, port) = self.origin.rsplit_once(':').expect("a port");
        format!("127.0.0.1:{port}")
    }

    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(sent.success());
    }

    /// Stops the program like a service manager.
    pub(crate) fn stop(self, signal: &str) {
        self.signal(signal);
        self.wait();
    }

    /// Waits until the program has exited on its own, without an error.
    pub(crate) fn wait(mut self) {
        assert_eq!(line(&mut self.output), "stopped");
        assert!(self.child.wait().expect("its end").success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Only after a failed test; otherwise it has exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line(output: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    line.trim_end().to_owned()
}
