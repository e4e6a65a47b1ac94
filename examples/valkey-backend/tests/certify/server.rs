//! A real server, one for each storage. It can be killed, and its data is deleted with it.

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

/// Much longer than a start takes.
const START: Duration = Duration::from_secs(60);

/// Runs a server that ends when its standard input is closed, so it ends with this process, however that ends. The
/// shell becomes the server, so the watcher knows its process ID.
const GUARDED: &str = r#"exec 3<&0; (read -r _ <&3; kill -9 $$) & exec "$@" </dev/null 3<&-"#;

/// Returns the program and its version, or the reason why there is none.
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
    /// The folder with its data, for the next start.
    folder: TempDir,
    port: u16,
    /// Each server has its own password, so a client cannot reach the wrong server.
    pub(crate) password: String,
    process: Option<Child>,
}

impl Server {
    pub(crate) fn start() -> Result<Self, BoxError> {
        // Below the ephemeral ports, which another program could take while a server restarts.
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
                // Another program may be listening there.
                Err(_) if Instant::now() < deadline => {}
                outcome => return outcome.map(|()| server),
            }
        }
    }

    /// Starts it again with its data, on the same port.
    pub(crate) fn start_again(&mut self) -> Result<(), BoxError> {
        let (program, _) = version()?;
        let client = redis::Client::open(url(self.address(), &self.password))?;
        let process = Command::new("sh")
            .args(["-c", GUARDED, "sh", program])
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--requirepass", &self.password])
            // Saves every write before it is acknowledged: without these two options, a restart loses it.
            .args(["--appendonly", "yes", "--appendfsync", "always"])
            .args(["--save", "", "--logfile", "log", "--dir"])
            .arg(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            // Signals to the whole process group, such as Ctrl-C, must not reach the server.
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

    /// Kills it like a crash, so it cannot save anything more.
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
