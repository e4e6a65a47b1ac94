//! The real Auth.js adapter, in a Node.js process that answers one request at a time.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The minimum version for `better-sqlite3`.
const OLDEST_NODE: u32 = 20;

/// Much longer than any request takes.
const ANSWER: Duration = Duration::from_secs(120);

/// Packages without a binary are compiled.
const INSTALLATION: Duration = Duration::from_secs(900);

/// Returns true if Node.js is required: `AUTHSTORE_TEST_REQUIRE` names `node`.
pub(crate) fn is_required() -> bool {
    env::var("AUTHSTORE_TEST_REQUIRE")
        .unwrap_or_default()
        .split(',')
        .any(|name| name.trim() == "node")
}

/// Installs the program once per process, and returns its folder, or the reason why it cannot be installed.
pub(crate) fn install() -> Result<&'static Path, String> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            check_version()?;
            install_into(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("authjs"))
        })
        .as_deref()
        .map_err(Clone::clone)
}

fn check_version() -> Result<(), String> {
    let output = Command::new("node")
        .arg("--version")
        .output()
        .map_err(|error| format!("Node.js cannot be started ({error})"))?;
    let version = String::from_utf8_lossy(&output.stdout);
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(OLDEST_NODE..) => Ok(()),
        _ => Err(format!(
            "Node.js is version {}, but {OLDEST_NODE} or later is needed",
            version.trim()
        )),
    }
}

/// Copies the program there, to keep the sources clean, and installs the packages of its lock file with npm.
fn install_into(folder: &Path) -> Result<PathBuf, String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(wrong)?;
    let lock = File::create(folder.join("lock")).map_err(wrong)?;
    // Other test processes do the same. Closing the file releases the lock.
    lock.lock().map_err(wrong)?;
    for entry in fs::read_dir(sources).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        let extension = path.extension().and_then(OsStr::to_str);
        if !matches!(extension, Some("mjs" | "json")) {
            continue;
        }
        let copy = folder.join(path.file_name().unwrap_or_default());
        let text = fs::read(&path).map_err(wrong)?;
        // A copy that is in use stays unchanged.
        if fs::read(&copy).ok().as_ref() != Some(&text) {
            fs::write(&copy, text).map_err(wrong)?;
        }
    }
    let wanted = fs::read(sources.join("package-lock.json")).map_err(wrong)?;
    let installed = folder.join("node_modules/.installed");
    if fs::read(&installed).ok() != Some(wanted.clone()) {
        npm_ci(folder)?;
        fs::write(&installed, wanted).map_err(wrong)?;
    }
    Ok(folder.to_owned())
}

fn npm_ci(folder: &Path) -> Result<(), String> {
    let log = folder.join("npm.log");
    let output = File::create(&log)
        .and_then(|file| Ok((file.try_clone()?, file)))
        .map_err(|error| format!("{}: {error}", log.display()))?;
    let mut child = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(output.0)
        .stderr(output.1)
        .spawn()
        .map_err(|error| format!("npm cannot be started ({error})"))?;
    let deadline = Instant::now() + INSTALLATION;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status.to_string(),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(100)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                break format!("still running after {} s", INSTALLATION.as_secs());
            }
            Err(error) => break error.to_string(),
        }
    };
    if status == "exit status: 0" {
        return Ok(());
    }
    let text = fs::read_to_string(&log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(8)..].join("\n    ");
    Err(format!(
        "npm could not install the packages ({status}):\n    {last}"
    ))
}

/// The adapter on one database.
pub(crate) struct Js {
    child: Child,
    requests: Option<ChildStdin>,
    answers: Receiver<String>,
}

impl Js {
    /// Starts the adapter on the database at this URL.
    pub(crate) fn open(url: &str) -> Self {
        let folder = install().expect("Node.js is there");
        let mut child = Command::new("node")
            .arg(folder.join("main.mjs"))
            .arg(url)
            // A hostile environment, as an application may have.
            .env("TZ", "America/St_Johns")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node can be started");
        let output = child.stdout.take().expect("a pipe");
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Js {
            requests: child.stdin.take(),
            child,
            answers,
        }
    }

    /// Calls a method of the adapter or of the program. An error is JavaScript's message.
    pub(crate) fn try_call(&mut self, op: &str, args: &Value) -> Result<Value, String> {
        let requests = self.requests.as_mut().expect("it is open");
        writeln!(requests, "{}", json!({ "op": op, "args": args })).expect("node listens");
        let answer = self
            .answers
            .recv_timeout(ANSWER)
            .unwrap_or_else(|error| panic!("{op}: no answer: {error}"));
        let mut answer: Value = serde_json::from_str(&answer).expect("JSON");
        match answer.get("error") {
            Some(error) => Err(error.as_str().unwrap_or_default().to_owned()),
            None => Ok(answer["ok"].take()),
        }
    }

    /// Like [`try_call`](Js::try_call), but panics on an error.
    pub(crate) fn call(&mut self, op: &str, args: &Value) -> Value {
        self.try_call(op, args)
            .unwrap_or_else(|error| panic!("{op}: {error}"))
    }
}

impl Drop for Js {
    fn drop(&mut self) {
        // The program exits when its input ends.
        drop(self.requests.take());
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
