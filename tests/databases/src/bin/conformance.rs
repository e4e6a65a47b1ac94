//! `conformance [NAME [RULE]]`: certifies the five databases, or one of them, or tries one rule, or group of rules, on it.
//!
//! Writes `target/conformance/<name>.json`, `.xml`, `.md` and `.html` for each database on which all rules ran, and
//! `index.html`, which compares them. Fails when a database does not keep all rules, or could not be started.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authstore_conformance::{
    Certificate, Outcome, PROFILE_VARIABLE, Profile, RULES, RuleReport, Runner, to_html,
};
use authstore_test_databases::{DatabaseHarness, Kind, Server};
use indicatif::{ProgressBar, ProgressStyle};

/// Rules mostly wait for their database, so there are more than processors.
const THREADS: usize = 6;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (kinds, only) = match choose(&arguments) {
        Ok(choice) => choice,
        Err(reason) => {
            eprintln!("{reason}\nusage: conformance [NAME [RULE]]");
            return ExitCode::from(2);
        }
    };
    let lines: Vec<Line> = kinds
        .into_iter()
        .map(|kind| {
            let start = Instant::now();
            let result = certify(kind, only.as_deref());
            Line {
                kind,
                time: start.elapsed(),
                result,
            }
        })
        .collect();
    println!(
        "\n{:<14} {:<26} {:>6} {:>6} {:>6} {:>8} {:>7} {:>6}  verdict",
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

fn choose(arguments: &[String]) -> Result<(Vec<Kind>, Option<String>), String> {
    let kinds = match arguments.first() {
        None => Kind::ALL.to_vec(),
        Some(name) => vec![name.parse()?],
    };
    let only = arguments.get(1).cloned();
    if let Some(only) = &only
        && !RULES.iter().any(|rule| is_meant(rule.id, only))
    {
        return Err(format!("there is no rule or group of rules {only}"));
    }
    match arguments.get(2) {
        None => Ok((kinds, only)),
        Some(argument) => Err(format!("{argument} is too much")),
    }
}

fn is_meant(id: &str, only: &str) -> bool {
    id == only || id.split_once('.').is_some_and(|(group, _)| group == only)
}

struct Line {
    kind: Kind,
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
            // Whoever asks for the profile `quick` knows that it certifies nothing.
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
                    "{:<14} {:<26} {:>6} {:>6} {:>6} {:>8} {:>7} {seconds:>6.1}  {}",
                    self.kind.name(),
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
            Err(reason) => println!("{:<14} not started: {reason}", self.kind.name()),
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

fn certify(kind: Kind, only: Option<&str>) -> Result<Certificate, String> {
    if kind.is_server() {
        Server::shared(kind)?;
    }
    let rules = RULES
        .iter()
        .filter(|rule| only.is_none_or(|only| is_meant(rule.id, only)))
        .count();
    let bar = ProgressBar::new(rules as u64)
        .with_prefix(kind.name())
        .with_style(
            ProgressStyle::with_template("{prefix:<14} [{bar:40}] {pos}/{len} {msg}")
                .expect("the template is right")
                .progress_chars("=> "),
        );
    let shown = bar.clone();
    let mut runner = Runner::shared(Arc::new(DatabaseHarness::new(kind)))
        .threads(THREADS)
        .replay(move |rule| match rule {
            Some(rule) => format!("just conformance {kind} {}", rule.id),
            None => format!("just conformance {kind}"),
        })
        .progress(move |report| progress(&shown, kind, report));
    if std::env::var_os(PROFILE_VARIABLE).is_none() {
        runner = runner.profile(Profile::Certify);
    }
    if let Some(only) = only {
        runner = runner.only(only);
    }
    if bar.is_hidden() {
        println!("{kind}: {rules} rules");
    }
    let certificate = runner.run();
    bar.finish_and_clear();
    if only.is_none() {
        certificate
            .write(folder(), kind.name())
            .map_err(|error| format!("{}: {error}", folder().display()))?;
    }
    Ok(certificate)
}

fn progress(bar: &ProgressBar, kind: Kind, report: &RuleReport) {
    bar.set_message(report.id);
    bar.inc(1);
    if matches!(report.outcome, Outcome::Failed | Outcome::NotRun) {
        // Printed also where there is no terminal.
        let detail = report.detail.as_deref().unwrap_or_default();
        bar.suspend(|| println!("\n{kind}: {}: {}\n{detail}", report.outcome, report.id));
    }
}

/// `target/conformance` in the workspace, wherever the command is given.
fn folder() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    workspace
        .expect("this crate lies two folders down")
        .join("target/conformance")
}
