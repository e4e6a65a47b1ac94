//! `conformance [NAME [RULE]]`: certifies the five databases, PostgreSQL through PgBouncer, and a Galera cluster of
//! MariaDB; or one of them; or tries one rule, or group of rules, on it.
//!
//! Writes `target/conformance/<name>.json`, `.xml`, `.md` and `.html` for each database on which all rules ran, and
//! `index.html`, which compares them. Fails when a database does not keep all rules, or could not be started.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authstore_conformance::{
    Certificate, Harness, Outcome, PROFILE_VARIABLE, Profile, RULES, RuleReport, Runner, to_html,
};
use authstore_test_databases::{
    DatabaseHarness, Galera, GaleraHarness, Kind, PgBouncer, Pooler, Server,
};
use indicatif::{ProgressBar, ProgressStyle};

/// More than the number of processors, because rules mostly wait for their database.
const THREADS: usize = 6;

/// A storage to certify.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Database(Kind),
    /// PostgreSQL through PgBouncer in transaction mode.
    PgBouncer,
    /// MariaDB with Galera, each handle on the next of three nodes.
    Galera,
}

impl Target {
    fn all() -> Vec<Target> {
        let databases = Kind::ALL.into_iter().map(Target::Database);
        databases
            .chain([Target::PgBouncer, Target::Galera])
            .collect()
    }

    fn name(self) -> &'static str {
        match self {
            Target::Database(kind) => kind.name(),
            Target::PgBouncer => "postgres-pgbouncer",
            Target::Galera => "mariadb-galera",
        }
    }

    fn harness(self) -> Result<Arc<dyn Harness>, String> {
        match self {
            Target::Database(kind) => {
                if kind.is_server() {
                    Server::shared(kind)?;
                }
                Ok(Arc::new(DatabaseHarness::new(kind)))
            }
            Target::PgBouncer => {
                let settings = [
                    "pool_mode = transaction",
                    // The default limit on clients is for one application, but many rules run concurrently.
                    "max_client_conn = 2000",
                    // Otherwise it waits for 15 s after a failed connection.
                    "server_login_retry = 1",
                ];
                let server = Server::shared(Kind::Postgres)?;
                let pooler = Pooler::start(PgBouncer::Recent, &server, &settings)?;
                Ok(Arc::new(DatabaseHarness::through(Arc::new(pooler))))
            }
            Target::Galera => Ok(Arc::new(GaleraHarness::on(Arc::new(Galera::start()?)))),
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (targets, only) = match choose(&arguments) {
        Ok(choice) => choice,
        Err(reason) => {
            eprintln!("{reason}\nusage: conformance [NAME [RULE]]");
            return ExitCode::from(2);
        }
    };
    let lines: Vec<Line> = targets
        .into_iter()
        .map(|target| {
            let start = Instant::now();
            let result = certify(target, only.as_deref());
            Line {
                target,
                time: start.elapsed(),
                result,
            }
        })
        .collect();
    println!(
        "\n{:<18} {:<26} {:>6} {:>6} {:>6} {:>8} {:>7} {:>6}  verdict",
        "database", "server", "rules", "passed", "failed", "declined", "not run", "s"
    );
    for line in &lines {
        line.print();
    }
    if only.is_none() {
        match write_index(&lines) {
            Ok(()) => println!("\nCertificates: {}", folder().display()),
            Err(error) => {
                eprintln!("{}: {error}", folder().display());
                return ExitCode::FAILURE;
            }
        }
    }
    if lines.iter().all(|line| line.is_good(only.is_some())) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// One page of all certificates.
fn write_index(lines: &[Line]) -> std::io::Result<()> {
    let certificates: Vec<Certificate> = lines
        .iter()
        .filter_map(|line| line.result.as_ref().ok().cloned())
        .collect();
    std::fs::create_dir_all(folder())?;
    std::fs::write(folder().join("index.html"), to_html(&certificates))
}

fn choose(arguments: &[String]) -> Result<(Vec<Target>, Option<String>), String> {
    let targets = match arguments.first() {
        None => Target::all(),
        Some(name) => match Target::all()
            .into_iter()
            .find(|target| target.name() == name)
        {
            Some(target) => vec![target],
            None => {
                let names: Vec<&str> = Target::all().into_iter().map(Target::name).collect();
                return Err(format!(
                    "unknown database {name:?}; known are {}",
                    names.join(", ")
                ));
            }
        },
    };
    let only = arguments.get(1).cloned();
    if let Some(only) = &only
        && !RULES.iter().any(|rule| is_meant(rule.id, only))
    {
        return Err(format!("no rule or group of rules is called {only}"));
    }
    match arguments.get(2) {
        None => Ok((targets, only)),
        Some(argument) => Err(format!("unexpected argument {argument}")),
    }
}

fn is_meant(id: &str, only: &str) -> bool {
    id == only || id.split_once('.').is_some_and(|(group, _)| group == only)
}

struct Line {
    target: Target,
    time: Duration,
    result: Result<Certificate, String>,
}

impl Line {
    fn is_good(&self, is_partial: bool) -> bool {
        match &self.result {
            Ok(certificate) if is_partial => {
                certificate.counts.failed == 0
                    && certificate.problems.is_empty()
                    && certificate.counts.passed + certificate.counts.declined > 0
            }
            // If the profile `quick` was requested, it is known that it does not certify.
            Ok(certificate) => certificate.all_kept,
            Err(_) => false,
        }
    }

    fn print(&self) {
        let seconds = self.time.as_secs_f32();
        match &self.result {
            Ok(certificate) => {
                let counts = &certificate.counts;
                println!(
                    "{:<18} {:<26} {:>6} {:>6} {:>6} {:>8} {:>7} {seconds:>6.1}  {}",
                    self.target.name(),
                    shorten(
                        certificate.server_version.as_deref().unwrap_or_default(),
                        26
                    ),
                    counts.rules,
                    counts.passed,
                    counts.failed,
                    counts.declined,
                    counts.not_run,
                    match (certificate.certified, certificate.all_kept) {
                        (true, _) => "certified",
                        (false, true) => "passed, not certified",
                        (false, false) => "not certified",
                    }
                );
            }
            Err(reason) => println!("{:<18} not started: {reason}", self.target.name()),
        }
    }
}

fn shorten(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    let mut text: String = text.chars().take(length - 1).collect();
    text.push('…');
    text
}

fn certify(target: Target, only: Option<&str>) -> Result<Certificate, String> {
    let name = target.name();
    if only.is_none() {
        // The certificate of an earlier run says nothing about this one.
        for extension in ["json", "xml", "md", "html"] {
            let _ = std::fs::remove_file(folder().join(format!("{name}.{extension}")));
        }
    }
    let harness = target.harness()?;
    let rules = RULES
        .iter()
        .filter(|rule| only.is_none_or(|only| is_meant(rule.id, only)))
        .count();
    let bar = ProgressBar::new(rules as u64).with_prefix(name).with_style(
        ProgressStyle::with_template("{prefix:<18} [{bar:40}] {pos}/{len} {msg}")
            .expect("the template is right")
            .progress_chars("=> "),
    );
    let shown = bar.clone();
    let mut runner = Runner::shared(harness)
        .threads(THREADS)
        .replay(move |rule| match rule {
            Some(rule) => format!("just conformance {name} {}", rule.id),
            None => format!("just conformance {name}"),
        })
        .progress(move |report| progress(&shown, name, report));
    if std::env::var_os(PROFILE_VARIABLE).is_none() {
        runner = runner.profile(Profile::Certify);
    }
    if let Some(only) = only {
        runner = runner.only(only);
    }
    if bar.is_hidden() {
        println!("{name}: {rules} rules");
    }
    let certificate = runner.run();
    bar.finish_and_clear();
    if only.is_none() {
        certificate
            .write(folder(), name)
            .map_err(|error| format!("{}: {error}", folder().display()))?;
    }
    Ok(certificate)
}

fn progress(bar: &ProgressBar, name: &str, report: &RuleReport) {
    bar.set_message(report.id);
    bar.inc(1);
    if matches!(report.outcome, Outcome::Failed | Outcome::NotRun) {
        // Printed even if there is no terminal.
        let detail = report.detail.as_deref().unwrap_or_default();
        bar.suspend(|| println!("\n{name}: {}: {}\n{detail}", report.outcome, report.id));
    }
}

/// `target/conformance` in the workspace, whatever the current directory.
fn folder() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    workspace
        .expect("this crate is two directories down")
        .join("target/conformance")
}
