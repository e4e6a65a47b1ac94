//! SIGKILL of processes that write to one SQLite file.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use authstore::AuthStore;
use authstore_test_databases::{Database, Kind, TextRow};
use rusqlite::Connection;

use crate::check::Tables;
use crate::ledger::Ledger;
use crate::report::Report;
use crate::writer::{WRITERS, write};

/// The argument that makes this program a writing process.
pub(crate) const WRITE: &str = "--write";

const PROCESSES: usize = 4;

/// The writers' queue, the pool and the lock of another process, 5 s each.
const LIMIT: Duration = Duration::from_secs(15);

/// Alternately kills one of four processes and all of them. Each is replaced.
pub(crate) fn run(rounds: usize) -> Result<Report, String> {
    let database = Database::new(Kind::SqliteFile)?;
    let url = database.url();
    drop(database.store());
    let ledger = Arc::new(Ledger::default());
    let spawn = || Process::spawn(&url, &ledger);
    let mut processes = (0..PROCESSES)
        .map(|_| spawn())
        .collect::<Result<Vec<_>, _>>()?;
    let mut report = Report::default();
    for round in 0..rounds {
        ledger.wait_for_writes(100)?;
        // At a different moment of a write each time.
        thread::sleep(Duration::from_micros((round as u64 * 1_700) % 50_000));
        let killed = if round % 2 == 0 { 1 } else { PROCESSES };
        for process in processes.drain(..killed) {
            process.kill()?;
        }
        for _ in 0..killed {
            processes.push(spawn()?);
        }
        report.add_round(ledger.wait_for_writes(1)?);
    }
    for process in processes {
        process.kill()?;
    }
    let ledger = Arc::into_inner(ledger).ok_or("a pipe is still being read")?;
    report.add_writes(ledger, read_tables(url.trim_start_matches("sqlite:"))?);
    Ok(report)
}

/// Writes until it is killed. Prints only finished writes.
pub(crate) fn write_until_killed(url: &str) {
    let store = AuthStore::connect(url).expect("a store");
    let print = |note| {
        let mut out = std::io::stdout().lock();
        if writeln!(out, "{note}").and_then(|()| out.flush()).is_err() {
            // The parent has ended, and will not kill this process.
            std::process::exit(1);
        }
    };
    write(
        &store,
        WRITERS / PROCESSES,
        LIMIT,
        &AtomicBool::new(false),
        &print,
    );
}

struct Process {
    child: Child,
    reader: JoinHandle<Result<(), String>>,
}

impl Process {
    fn spawn(url: &str, ledger: &Arc<Ledger>) -> Result<Self, String> {
        let mut child = std::env::current_exe()
            .and_then(|program| {
                Command::new(program)
                    .args([WRITE, url])
                    .stdin(Stdio::null())
                    .stdout(Stdio::piped())
                    .spawn()
            })
            .map_err(|error| format!("could not start a process: {error}"))?;
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let ledger = ledger.clone();
        let reader = thread::spawn(move || {
            let mut line = String::new();
            loop {
                line.clear();
                output
                    .read_line(&mut line)
                    .map_err(|error| format!("could not read from a process: {error}"))?;
                // The kill truncated a line without an end.
                let Some(note) = line.strip_suffix('\n') else {
                    return Ok(());
                };
                ledger.note(note.parse()?);
            }
        });
        Ok(Process { child, reader })
    }

    /// Kills it, and reads its reports until then.
    fn kill(mut self) -> Result<(), String> {
        let words = |error: std::io::Error| format!("could not kill a process: {error}");
        if let Some(status) = self.child.try_wait().map_err(words)? {
            return Err(format!("a process ended before it was killed: {status}"));
        }
        self.child.kill().map_err(words)?;
        self.child.wait().map_err(words)?;
        self.reader.join().expect("no panic")
    }
}

fn read_tables(file: &str) -> Result<Tables, String> {
    let connection = Connection::open(file).map_err(|error| error.to_string())?;
    let query = |sql: &str| -> Result<Vec<TextRow>, rusqlite::Error> {
        let mut statement = connection.prepare(sql)?;
        let columns = statement.column_count();
        statement
            .query_map([], |row| {
                (0..columns).map(|column| row.get(column)).collect()
            })?
            .collect()
    };
    let words = |error: rusqlite::Error| error.to_string();
    let integrity = query("PRAGMA integrity_check").map_err(words)?;
    if integrity != [[Some("ok".to_owned())]] {
        return Err(format!("the file is damaged: {integrity:?}"));
    }
    Tables::read(|sql| query(sql).map_err(words))
}
