//! `chaos [ROUNDS] [NAME]`: kills writers and servers, and counts lost and doubled writes.
//!
//! - `sqlite`: SIGKILL of one of four processes that write to one file, or of all.
//! - `postgres`, `mysql`, `mariadb`, `postgres-pgbouncer`: restarts and kills of the server, the last one behind
//!   PgBouncer in transaction mode.
//! - `postgres-failover`: a primary that is killed, frozen or demoted, and its synchronous standby, which is promoted.
//! - `mariadb-galera`: a node of a Galera cluster that is killed or frozen, and the other two.
//!
//! There are 8 writers. Each signs people up: a user, a session, its rotation, a verification token and its use. An
//! acknowledged write is recorded outside the process that is killed, before the next one begins. At the end the tables
//! are read with the bare driver. Every acknowledged write must have been done exactly once; one with an unknown
//! outcome completely or not at all; one that was `Unavailable` not at all. No call may take longer than the documented
//! limits.
//!
//! Prints a row for each scenario. `unknown` also counts the writes that were in flight in a process when it was
//! killed. Recovery is the time from the server's return, the promotion or the kill until a write is acknowledged. The
//! exit code is 1 if a write was lost or done twice, a call was stuck or failed otherwise, or a scenario could not be
//! run.

mod check;
mod ledger;
mod note;
mod report;
mod servers;
mod sqlite;
mod writer;

use std::process::ExitCode;

use authstore_test_databases::Kind;

use crate::report::Report;

type Scenario = (&'static str, fn(usize) -> Result<Report, String>);

const SCENARIOS: [Scenario; 7] = [
    ("sqlite", sqlite::run),
    ("postgres", |rounds| {
        servers::restart(Kind::Postgres, rounds)
    }),
    ("mysql", |rounds| servers::restart(Kind::Mysql, rounds)),
    ("mariadb", |rounds| servers::restart(Kind::Mariadb, rounds)),
    ("postgres-pgbouncer", servers::restart_behind_pooler),
    ("postgres-failover", servers::fail_over),
    ("mariadb-galera", servers::lose_node),
];

const DEFAULT_ROUNDS: usize = 3;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, url] = &arguments[..]
        && flag == sqlite::WRITE
    {
        sqlite::write_until_killed(url);
        return ExitCode::SUCCESS;
    }
    let (rounds, scenarios) = match choose(&arguments) {
        Ok(choice) => choice,
        Err(reason) => {
            eprintln!("{reason}\nusage: chaos [ROUNDS] [NAME]");
            return ExitCode::from(2);
        }
    };
    let mut is_good = true;
    Report::print_head();
    for (name, run) in scenarios {
        match run(rounds) {
            Ok(report) => {
                report.print(name);
                is_good &= report.is_good();
            }
            Err(reason) => {
                println!("{name:<18} could not be completed: {reason}");
                is_good = false;
            }
        }
    }
    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn choose(arguments: &[String]) -> Result<(usize, Vec<Scenario>), String> {
    let (rounds, name) = match arguments {
        [] => (DEFAULT_ROUNDS, None),
        [rounds] => (parse_rounds(rounds)?, None),
        [rounds, name] => (parse_rounds(rounds)?, Some(name)),
        _ => return Err("at most two arguments".to_owned()),
    };
    let Some(name) = name else {
        return Ok((rounds, SCENARIOS.into()));
    };
    let scenario = SCENARIOS.into_iter().find(|(known, _)| known == name);
    scenario
        .map(|scenario| (rounds, vec![scenario]))
        .ok_or_else(|| {
            let names = SCENARIOS.map(|(name, _)| name).join(", ");
            format!("unknown scenario {name:?} (known scenarios: {names})")
        })
}

fn parse_rounds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rounds) if rounds > 0 => Ok(rounds),
        _ => Err(format!("ROUNDS must be a number from 1 (got {text:?})")),
    }
}
