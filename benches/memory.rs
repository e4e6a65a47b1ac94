//! The memory of a program that uses the store: at rest, after a million operations, for each connection, and during a
//! sweep. The memory of a server is not included.
//!
//! The resident set is read from `/proc`, so this runs on Linux only.

mod support;

use std::fs;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use authstore::{AuthStore, NewSession, NewUser};
use authstore_test_databases::{Database, Kind};
use support::{is_trial, numbers};
use time::macros::datetime;

const DATABASES: [Kind; 4] = [Kind::SqliteFile, Kind::Postgres, Kind::Mysql, Kind::Mariadb];
const CONNECTIONS: usize = 32;
const SWEPT: usize = 20_000;

fn main() -> ExitCode {
    if is_trial() || resident().is_none() {
        println!("not tried: the resident set of a test says nothing");
        return ExitCode::SUCCESS;
    }
    numbers::begin("memory");
    println!("\n### Resident set of the program, MiB\n");
    println!(
        "| database | store opened | after operations | for each connection | a sweep of {SWEPT} rows adds |"
    );
    println!("|---|--:|--:|--:|--:|");
    ExitCode::from(u8::from(support::measure_each(DATABASES, measure)))
}

fn measure(kind: Kind) -> Result<(), String> {
    // A million operations on a server take minutes.
    let usual = if kind.is_server() { 100_000 } else { 1_000_000 };
    let operations = support::turns(usual);
    let database = Database::new(kind)?;
    let store = database.store_with(&format!("pool_size={CONNECTIONS}"));
    let user = store.create_user(NewUser::default()).expect("a user").id;
    let session = |token: String| NewSession::new(user, token, datetime!(2027-01-01 00:00 UTC));
    store
        .create_session(session("first".into()))
        .expect("a session");
    let opened = mib();

    let read = |store: &AuthStore| {
        let found = store.get_session_and_user("first").expect("an answer");
        assert!(found.is_some());
    };
    for turn in 0..operations {
        if turn % 100 == 0 {
            let name = format!("new-{turn}");
            store
                .create_session(session(name.clone()))
                .expect("a session");
            store.delete_session(&name).expect("an answer");
        } else {
            read(&store);
        }
    }
    let worked = mib();

    // The pool opens a connection if all others are in use.
    let few = open(&store);
    let deadline = Instant::now() + Duration::from_secs(10);
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                while (open(&store) as usize) < CONNECTIONS && Instant::now() < deadline {
                    read(&store);
                }
            });
        }
    });
    let more = open(&store) - few;
    let with_users = mib();
    for first in (0..SWEPT).step_by(1_000) {
        store
            .transaction::<(), authstore::Error>(|store| {
                (first..first + 1_000).try_for_each(|row| {
                    store
                        .create_session(session(format!("swept-{row}")))
                        .map(drop)
                })
            })
            .expect("sessions");
    }
    let filled = mib();
    let now = datetime!(2028-01-01 00:00 UTC);
    while store.delete_expired(now, 1_000).expect("counts").sessions > 0 {}
    let swept = mib();

    let each = (with_users - worked) / f64::from(more.max(1));
    println!(
        "| {} | {opened:.1} | {worked:.1} (after {operations}) | {each:.2} | {:.1} |",
        kind.title(),
        swept - filled
    );
    let put =
        |way, number| numbers::put("memory", kind.title(), &operations.to_string(), way, number);
    put("opened", opened);
    put("worked", worked);
    put("connection", each);
    put("sweep", swept - filled);
    Ok(())
}

/// Returns how many connections are open.
fn open(store: &AuthStore) -> u32 {
    store.pool_state().map_or(0, |pool| pool.size)
}

fn mib() -> f64 {
    resident().unwrap_or_default()
}

fn resident() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib / 1024.0)
}
