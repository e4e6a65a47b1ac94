//! Tests whether the conformance suite detects changes of authstore's statements.
//!
//! Changes every SQL file in each way that `mutate.rs` knows, one change at a time, and runs the suite on the result:
//! the rules of the operation first, then `model`, then all. A mutant that no rule catches survives, unless
//! `harmless.rs` lists it. Servers have hostile defaults, as in the tests.
//!
//! `sql-mutants NAME [FILE...]`, where NAME is that of a database and FILE such as `get_user.sql`.

mod harmless;
mod mutate;
mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use authstore_conformance::RULES;
use authstore_mutants::up_to_the_first_failure;
use authstore_test_databases::{Kind, Server, Setup};

use harmless::why_harmless;
use mutate::{Mutant, mutants};
use program::Program;

/// The timeout of the suite on a mutant. One that takes longer is caught, because a rule hangs.
const LIMIT: Duration = Duration::from_secs(240);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["--rules", name, rules] => name
            .parse()
            .map(|kind| up_to_the_first_failure(kind, rules)),
        [name, ref files @ ..] => name.parse().and_then(|kind| try_all(kind, files)),
        _ => Err("usage: sql-mutants NAME [FILE...]".to_owned()),
    };
    outcome.unwrap_or_else(|reason| {
        eprintln!("{reason}");
        ExitCode::from(2)
    })
}

/// The outcome of a mutant.
enum Outcome {
    /// This rule catches it.
    Caught(String),
    /// No rule catches it, because it has no effect.
    Harmless(&'static str),
    Survived,
    /// The program does not contain the file.
    NotSent,
}

/// Creates all mutants, or those of some files, and tests them.
fn try_all(kind: Kind, only: &[&str]) -> Result<ExitCode, String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let workspace = workspace.expect("this crate is two directories down");
    let program = Program::build(workspace, kind.name())?;
    let server = match kind.is_server() {
        true => Some(Server::start(kind, &Setup::hostile(kind))?),
        false => None,
    };
    let trial = Trial {
        kind,
        server: server.as_ref(),
    };
    let io = |error: std::io::Error| error.to_string();
    if let Some(rule) = trial.run(&program.unchanged().map_err(io)?, "all")? {
        return Err(format!("{rule} fails although nothing was changed"));
    }
    let (mut caught, mut harmless, mut survived) = (0, 0, 0);
    for (file, sql) in files(workspace, kind).map_err(io)? {
        if !only.is_empty() && !only.contains(&file.as_str()) {
            continue;
        }
        let folder = kind.name().split('-').next().unwrap_or_default();
        for Mutant {
            change,
            sql: mutant,
        } in mutants(folder, &sql)
        {
            let start = Instant::now();
            let outcome = match program.with(&sql, &mutant).map_err(io)? {
                Some(mutant) => trial.outcome(&mutant, &file, &change)?,
                None => Outcome::NotSent,
            };
            let told = match &outcome {
                Outcome::Caught(rule) => {
                    caught += 1;
                    format!("caught by {rule}")
                }
                Outcome::Harmless(why) => {
                    harmless += 1;
                    format!("harmless: {why}")
                }
                Outcome::Survived => {
                    survived += 1;
                    "SURVIVED".to_owned()
                }
                Outcome::NotSent => "not sent".to_owned(),
            };
            println!(
                "{file}: {change}: {told} ({:.1} s)",
                start.elapsed().as_secs_f32()
            );
        }
    }
    println!("{kind}: {caught} caught, {harmless} harmless, {survived} survived");
    Ok(match survived {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Returns the files of a database, by their path in its folder. MariaDB uses those of MySQL if it has none of its own.
fn files(workspace: &Path, kind: Kind) -> std::io::Result<Vec<(String, String)>> {
    let folders: &[&str] = match kind {
        Kind::SqliteMemory | Kind::SqliteFile => &["sqlite"],
        Kind::Postgres => &["postgres"],
        Kind::Mysql => &["mysql"],
        Kind::Mariadb => &["mariadb", "mysql"],
    };
    let mut files: Vec<(String, String)> = Vec::new();
    for folder in folders {
        let root = workspace.join("sql").join(folder);
        // The suite does not test adoption.
        for inside in ["", "history", "transaction", "migrations"] {
            let Ok(entries) = fs::read_dir(root.join(inside)) else {
                continue;
            };
            let mut paths: Vec<PathBuf> = entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<Result<_, _>>()?;
            paths.sort();
            for path in paths.iter().filter(|path| path.is_file()) {
                let name = path.strip_prefix(&root).expect("it is in there");
                let name = name.display().to_string();
                if files.iter().all(|(known, _)| *known != name) {
                    files.push((name, fs::read_to_string(path)?));
                }
            }
        }
    }
    Ok(files)
}

/// The program on which mutants are tested.
struct Trial<'a> {
    kind: Kind,
    server: Option<&'a Server>,
}

impl Trial<'_> {
    fn outcome(&self, mutant: &Path, file: &str, change: &str) -> Result<Outcome, String> {
        let stem = file.trim_end_matches(".sql");
        let operation = RULES
            .iter()
            .map(|rule| rule.group())
            .filter(|group| stem.starts_with(group))
            .max_by_key(|group| group.len());
        for group in operation.into_iter().chain(["model", "all"]) {
            if let Some(rule) = self.run(mutant, group)? {
                return Ok(Outcome::Caught(rule));
            }
        }
        Ok(why_harmless(self.kind, file, change).map_or(Outcome::Survived, Outcome::Harmless))
    }

    /// Runs rules on a program, and returns one that fails.
    fn run(&self, program: &Path, group: &str) -> Result<Option<String>, String> {
        let mut command = Command::new(program);
        command
            .args(["--rules", self.kind.name(), group])
            .stdout(Stdio::piped());
        if let Some(server) = self.server {
            command.env(self.kind.url_variable(), server.admin_url());
        }
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let deadline = Instant::now() + LIMIT;
        while child
            .try_wait()
            .map_err(|error| error.to_string())?
            .is_none()
        {
            if Instant::now() > deadline {
                child.kill().map_err(|error| error.to_string())?;
                child.wait().map_err(|error| error.to_string())?;
                return Ok(Some(format!("timeout: {group} does not end")));
            }
            thread::sleep(Duration::from_millis(10));
        }
        let output = child
            .wait_with_output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(None);
        }
        let told = String::from_utf8_lossy(&output.stdout);
        Ok(Some(told.lines().next().unwrap_or("a crash").to_owned()))
    }
}
