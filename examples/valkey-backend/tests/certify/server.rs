//! A real server, of which each storage has its own: it can be killed, and what it holds is gone with it.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use authstore_conformance::BoxError;
use tempfile::TempDir;
use uuid::Uuid;

/// Far beyond what a start takes.
const START: Duration = Duration::from_secs(60);

/// Runs a server that dies when its standard input is closed: when it is killed here, or with this process, whatever ends
/// it. The shell becomes the server, so the watcher knows its id.
const GUARDED: &str = r#"exec 3<&0; (read -r _ <&3; kill -9 $$) & exec "$@" </dev/null 3<&-"#;

/// The program, and what it says of its version. An error says why there is none.
pub(crate) fn version() -> Result<&'static (&'static str, String), String> {
    static FOUND: OnceLock<Option<(&str, String)>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            ["valkey-server", "redis-server"]
                .into_iter()
                .find_map(|program| {
                    let output = Command::new(program).arg("--version").output().ok()?;
                    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                    output.status.success().then_some((program, version))
                })
        })
        .as_ref()
        .ok_or_else(|| "neither valkey-server nor redis-server can be started".to_owned())
}

#[derive(Debug)]
pub(crate) struct Server {
    /// What it has written, for its next start.
    folder: TempDir,
    port: u16,
    /// Known to this server alone: who is let in with it has not come to another.
    pub(crate) password: String,
    process: Option<Child>,
}

impl Server {
    pub(crate) fn start() -> Result<Self, BoxError> {
        // Below the ports that the system gives to whoever asks for any: those may be taken while a server restarts.
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let first = 20_000 + (std::process::id() % 100) as u16 * 100;
        let mut server = Server {
            folder: tempfile::tempdir()?,
            port: 0,
            password: Uuid::new_v4().simple().to_string(),
            process: None,
        };
        let deadline = Instant::now() + START;
        loop {
            server.port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
            match server.start_again() {
                // Someone else may listen there.
                Err(_) if Instant::now() < deadline => {}
                outcome => return outcome.map(|()| server),
            }
        }
    }

    /// Starts it with what it has written, on the same port.
    pub(crate) fn start_again(&mut self) -> Result<(), BoxError> {
        let (program, _) = version()?;
        let client = redis::Client::open(url(self.address(), &self.password))?;
        let process = Command::new("sh")
            .args(["-c", GUARDED, "sh", program])
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--requirepass", &self.password])
            // What was answered is on the disk: without these two a restart forgets it.
            .args(["--appendonly", "yes", "--appendfsync", "always"])
            .args(["--save", "", "--logfile", "log", "--dir"])
            .arg(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            // What is sent to the whole group of processes, such as Ctrl-C, is not for the server.
            .process_group(0)
            .spawn()?;
        let process = self.process.insert(process);
        let deadline = Instant::now() + START;
        loop {
            if let Some(status) = process.try_wait()? {
                let log = std::fs::read_to_string(self.folder.path().join("log"));
                self.process = None;
                return Err(format!("{program}: {status}\n{}", log.unwrap_or_default()).into());
            }
            let answer = client
                .get_connection_with_timeout(START)
                .and_then(|mut connection| redis::cmd("PING").query::<String>(&mut connection));
            match answer {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() >= deadline => return Err(error.into()),
                Err(_) => thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Kills it, as a crash does: it cannot write anything more.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            let _ = process.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The URL of a server at this address.
pub(crate) fn url(address: SocketAddr, password: &str) -> String {
    let password: String = password
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    format!("redis://:{password}@{address}")
}
