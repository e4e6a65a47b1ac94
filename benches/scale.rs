//! The cost of operations with many users, compared with a thousand; the size on disk; and how long a sign-in waits
//! while up to a million expired sessions are deleted.
//!
//! ```text
//! cargo bench --package authstore-benches --bench scale -- 1000000 sqlite-file postgres
//! ```
//!
//! The first argument is the number of users; there are twice as many accounts and sessions. The others name the
//! databases; the default is all. The databases create the rows themselves, a few thousand at a time, so the memory
//! needed does not depend on their number. SQLite creates those of a table at once, with up to 4 GiB for its cache.

mod support;

use std::fs::File;
use std::io;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use authstore::{
    AccountChanges, AuthStore, Change, NewAccount, NewSession, NewUser, SessionChanges, SqlValue,
    UserChanges,
};
use authstore_test_databases::{Database, Kind, Needs, Test, run};
use support::{
    EXPIRES, Processors, at, is_trial, measure_each, median, microseconds, numbers, time, turns,
};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

macro_rules! sql {
    ($dialect:literal, $name:literal) => {
        include_str!(concat!("scale/", $dialect, "/", $name, ".sql"))
    };
}

const DATABASES: [Kind; 4] = [Kind::SqliteFile, Kind::Postgres, Kind::Mysql, Kind::Mariadb];

/// The number of users to compare with.
const FEW: usize = 1_000;

/// After the first half of the sessions has expired, and before the others do.
const SWEEP: OffsetDateTime = datetime!(2029-01-01 00:00 UTC);

/// How many rows of a table a sweep deletes at a time.
const BATCH: u32 = 100;

/// The maximum number of sessions that a sweep deletes.
const MOST_SWEPT: u64 = 1_000_000;

fn main() -> ExitCode {
    if is_trial() {
        return run(Test::on(
            &DATABASES,
            Needs::Shared,
            "benchmark_runs",
            |kind| measure(kind, 100).expect("a database"),
        ));
    }
    numbers::begin("scale");
    let arguments: Vec<_> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let users = match arguments.first().map(|users| users.parse()) {
        None => 100_000,
        Some(Ok(users)) if users >= FEW => users,
        Some(_) => {
            eprintln!("the first argument must be the number of users, at least {FEW}");
            return ExitCode::FAILURE;
        }
    };
    let is_wanted = |kind: &Kind| {
        let is_named = |name: &String| name == kind.name();
        arguments.len() <= 1 || arguments.iter().any(is_named)
    };
    let databases = DATABASES.into_iter().filter(is_wanted);
    let failed = measure_each(databases, |kind| measure(kind, users));
    ExitCode::from(u8::from(failed))
}

fn measure(kind: Kind, users: usize) -> Result<(), String> {
    let turns = turns(1_000);
    let server = kind.title();
    let few = Loaded::new(kind, FEW.min(users))?;
    // A point in between, for the plot.
    let some = Loaded::new(kind, FEW.max(users / 10).min(users))?;
    let began = Instant::now();
    let many = Loaded::new(kind, users)?;
    println!("\n### {server}, with {users} users\n");
    println!("Loaded in {:.0} s.\n", began.elapsed().as_secs_f64());
    println!(
        "| operation | with {} users, µs | with {}, µs | with {users}, µs | ratio |",
        few.users, some.users
    );
    println!("|---|--:|--:|--:|--:|");
    let processors = if kind.is_server() {
        Processors::separate(many.database.server())
    } else {
        None
    };
    for loaded in [&few, &some, &many] {
        loaded.warm_up();
    }
    for (operation, call) in OPERATIONS {
        let mut times = [const { Vec::new() }; 3];
        for turn in 0..turns + turns / 10 {
            for (times, loaded) in times.iter_mut().zip([&few, &some, &many]) {
                let elapsed = time(|| call(loaded, turn));
                if turn >= turns / 10 {
                    times.push(elapsed);
                }
            }
        }
        let [of_few, of_some, of_many] = times.map(|mut times| microseconds(median(&mut times)));
        println!(
            "| {operation} | {of_few:.1} | {of_some:.1} | {of_many:.1} | {:.2} |",
            of_many / of_few
        );
        for (loaded, cost) in [(&few, of_few), (&some, of_some), (&many, of_many)] {
            numbers::put("scale", server, operation, &loaded.users.to_string(), cost);
        }
    }
    drop(processors);
    let size = many.size() / (1 << 20) as f64;
    let per_million = size * 1e6 / users as f64;
    println!("\nSize on disk: {size:.0} MiB, {per_million:.0} MiB for each million users.");
    numbers::put(
        "size",
        server,
        &users.to_string(),
        "MiB per million users",
        per_million,
    );
    many.sweep(server);
    Ok(())
}

/// A database with this many users.
struct Loaded {
    kind: Kind,
    store: AuthStore,
    users: usize,
    /// Dropped last, and with it the database.
    database: Database,
}

impl Loaded {
    fn new(kind: Kind, users: usize) -> Result<Self, String> {
        let database = Database::new(kind)?;
        let store = match kind {
            Kind::SqliteFile => {
                drop(database.store());
                fill_file(&file_of(&database), users);
                database.store_with("mmap_size=2147483648")
            }
            _ => database.store_with("statement_timeout_ms=600000"),
        };
        let loaded = Loaded {
            kind,
            store,
            users,
            database,
        };
        let [of_users, of_accounts, of_sessions] = match kind {
            Kind::Postgres => [
                sql!("postgres", "users"),
                sql!("postgres", "accounts"),
                sql!("postgres", "sessions"),
            ],
            Kind::Mysql | Kind::Mariadb => [
                sql!("mysql", "users"),
                sql!("mysql", "accounts"),
                sql!("mysql", "sessions"),
            ],
            Kind::SqliteFile | Kind::SqliteMemory => return Ok(loaded),
        };
        loaded.fill(of_users, users, false);
        loaded.fill(of_accounts, 2 * users, true);
        loaded.fill(of_sessions, 2 * users, true);
        if kind == Kind::Postgres {
            loaded.transact(sql!("postgres", "analyze"), &[]);
        }
        Ok(loaded)
    }

    /// Makes the database create this many rows.
    fn fill(&self, sql: &'static str, rows: usize, knows_users: bool) {
        // The maximum recursion of a query in MySQL and MariaDB.
        let chunk = match self.kind {
            Kind::Mysql | Kind::Mariadb => 1_000,
            _ => 20_000,
        };
        for first in (0..rows).step_by(chunk) {
            let mut bounds = vec![first, (first + chunk).min(rows)];
            bounds.extend(knows_users.then_some(self.users));
            let bounds: Vec<_> = bounds.into_iter().map(integer).collect();
            self.transact(sql, &bounds);
        }
    }

    fn transact(&self, sql: &'static str, parameters: &[SqlValue]) {
        self.store
            .transaction(|transaction| transaction.execute(sql, parameters))
            .expect("done");
    }

    /// Reads many rows, as a program that has run for a while: SQLite has mapped its file into memory by then, and a
    /// server's cache is full.
    fn warm_up(&self) {
        if self.kind == Kind::SqliteFile {
            let mut file = File::open(file_of(&self.database)).expect("the file");
            io::copy(&mut file, &mut io::sink()).expect("the whole file");
        }
        for turn in 0..(self.users / 5).min(200_000) {
            let token = scattered(self.at(turn));
            self.store.get_session_and_user(&token).expect("an answer");
            let found = self.store.get_user_by_account("github", &token);
            drop(found.expect("an answer"));
        }
    }

    /// Returns the size of the tables and their indexes, in bytes.
    fn size(&self) -> f64 {
        let sql = match self.kind {
            Kind::Postgres => sql!("postgres", "size"),
            Kind::Mysql => sql!("mysql", "size"),
            Kind::Mariadb => sql!("mariadb", "size"),
            Kind::SqliteFile | Kind::SqliteMemory => sql!("sqlite", "size"),
        };
        let rows = self
            .store
            .transaction(|transaction| transaction.query(sql, &[]))
            .expect("a size");
        let bytes: i64 = rows[0].get(0).expect("a number");
        bytes as f64
    }

    fn at(&self, turn: usize) -> usize {
        at(turn, self.users)
    }

    fn user(&self, turn: usize) -> Uuid {
        user(self.at(turn))
    }

    /// Deletes expired rows while a thread signs users in, and prints how long both take.
    fn sweep(&self, server: &str) {
        let alone = self.sign_ins(&AtomicBool::new(false), 200);
        let over = AtomicBool::new(false);
        let (deleted, elapsed, beside) = thread::scope(|scope| {
            let beside = scope.spawn(|| self.sign_ins(&over, usize::MAX));
            let began = Instant::now();
            let mut deleted = 0;
            loop {
                let swept = self.store.delete_expired(SWEEP, BATCH).expect("a sweep");
                deleted += swept.sessions;
                if swept.sessions < u64::from(BATCH) || deleted >= MOST_SWEPT {
                    break;
                }
            }
            let elapsed = began.elapsed();
            over.store(true, Ordering::Relaxed);
            (deleted, elapsed, beside.join().expect("times"))
        });
        // Half of the sessions have expired.
        assert_eq!(deleted, MOST_SWEPT.min(self.users as u64));
        let [alone, beside] = [alone, beside].map(|time| microseconds(time) / 1e3);
        println!(
            "Deleted {deleted} expired sessions in {:.1} s, {BATCH} at a time. The 99th percentile of a sign-in was {alone:.1} ms before and {beside:.1} ms during it.",
            elapsed.as_secs_f64()
        );
        let put = |way, number| numbers::put("sweep", server, &self.users.to_string(), way, number);
        put("seconds", elapsed.as_secs_f64());
        put("p99 before", alone);
        put("p99 meanwhile", beside);
    }

    /// Returns the 99th percentile of this many sign-ins, or of those that are done until this ends.
    fn sign_ins(&self, over: &AtomicBool, most: usize) -> Duration {
        let mut times = Vec::new();
        while times.is_empty() || (times.len() < most && !over.load(Ordering::Relaxed)) {
            let user = self.user(times.len());
            times.push(time(|| {
                let token = Uuid::new_v4().to_string();
                let new = NewSession::new(user, token.clone(), EXPIRES);
                self.store.create_session(new).expect("a session");
                self.store.get_session_and_user(&token).expect("a session")
            }));
            thread::sleep(Duration::from_millis(2));
        }
        times.sort_unstable();
        times[times.len() * 99 / 100]
    }
}

/// Returns the path of a SQLite database.
fn file_of(database: &Database) -> String {
    let url = database.url();
    url.strip_prefix("sqlite:").expect("a file").to_owned()
}

/// Makes all rows of a SQLite file in one transaction for each table. In many, each would write most pages of the
/// indexes on random keys, to the log and then to the file.
fn fill_file(path: &str, users: usize) {
    let connection = rusqlite::Connection::open(path).expect("the file");
    connection
        .execute_batch(sql!("sqlite", "load"))
        .expect("settings");
    let users = i64::try_from(users).expect("a small number");
    for (sql, parameters) in [
        (sql!("sqlite", "users"), [0, users].as_slice()),
        (sql!("sqlite", "accounts"), &[0, 2 * users, users]),
        (sql!("sqlite", "sessions"), &[0, 2 * users, users]),
    ] {
        connection
            .execute(sql, rusqlite::params_from_iter(parameters))
            .expect("rows");
    }
}

fn integer(number: usize) -> SqlValue {
    SqlValue::Integer(i64::try_from(number).expect("a small number"))
}

/// The user that the statements in `scale/` derive from this number.
fn user(number: usize) -> Uuid {
    let number = number as u128;
    Uuid::from_u128((0x019b << 112) | (number << 80) | (0x7000_8000 << 48) | number)
}

/// What those statements derive from a number, in place of random data.
fn scattered(number: usize) -> String {
    format!("{:08x}{number:08x}", (number * 2_654_435_761) % (1 << 32))
}

fn email(number: usize) -> String {
    format!("{}@example.org", scattered(number))
}

type Call = fn(&Loaded, usize);

/// The operations to call. Rows to write are new in each turn, or belong to a sign-in.
const OPERATIONS: &[(&str, Call)] = &[
    ("get_user", |on, turn| {
        let found = on.store.get_user(on.user(turn));
        assert!(found.expect("an answer").is_some());
    }),
    ("get_user_by_email", |on, turn| {
        let found = on.store.get_user_by_email(&email(on.at(turn)));
        assert!(found.expect("an answer").is_some());
    }),
    ("get_user_by_account", |on, turn| {
        let id = scattered(on.at(turn));
        let found = on.store.get_user_by_account("github", &id);
        assert!(found.expect("an answer").is_some());
    }),
    ("get_account", |on, turn| {
        let id = scattered(on.at(turn));
        let found = on.store.get_account("github", &id);
        assert!(found.expect("an answer").is_some());
    }),
    ("list_accounts_by_user_id", |on, turn| {
        let found = on.store.list_accounts_by_user_id(on.user(turn));
        assert_eq!(found.expect("accounts").len(), 2);
    }),
    ("get_session_and_user", |on, turn| {
        let found = on.store.get_session_and_user(&scattered(on.at(turn)));
        assert!(found.expect("an answer").is_some());
    }),
    ("list_sessions_by_user_id", |on, turn| {
        let found = on.store.list_sessions_by_user_id(on.user(turn));
        assert!(!found.expect("sessions").is_empty());
    }),
    ("list_users", |on, turn| {
        let found = on.store.list_users(Some(on.user(turn)), 20);
        drop(found.expect("users"));
    }),
    ("create_session", |on, turn| {
        let new = NewSession::new(on.user(turn), format!("new-{turn}"), EXPIRES);
        on.store.create_session(new).expect("a session");
    }),
    ("update_session", |on, turn| {
        let changes = SessionChanges {
            expires: Some(EXPIRES + Duration::from_secs(60)),
            ..SessionChanges::default()
        };
        let updated = on.store.update_session(&format!("new-{turn}"), changes);
        assert!(updated.expect("an answer").is_some());
    }),
    ("delete_session", |on, turn| {
        let deleted = on.store.delete_session(&format!("new-{turn}"));
        assert!(deleted.expect("an answer"));
    }),
    ("update_user", |on, turn| {
        let changes = UserChanges {
            name: Change::Set(format!("Ada {turn}")),
            ..UserChanges::default()
        };
        on.store
            .update_user(on.user(turn), changes)
            .expect("a user");
    }),
    ("update_account", |on, turn| {
        let changes = AccountChanges {
            access_token: Change::Set(format!("gho_{turn}")),
            ..AccountChanges::default()
        };
        let id = scattered(on.at(turn));
        on.store
            .update_account("github", &id, changes)
            .expect("an account");
    }),
    ("create_user_with_account", |on, turn| {
        let user = NewUser {
            id: Some(user(2 * on.users + turn)),
            email: Some(format!("new-{turn}@example.org")),
            ..NewUser::default()
        };
        let account = NewAccount::new("oauth", "gitlab", turn.to_string());
        on.store
            .create_user_with_account(user, account)
            .expect("a user");
    }),
    ("delete_user", |on, turn| {
        let deleted = on.store.delete_user(user(2 * on.users + turn));
        assert!(deleted.expect("an answer"));
    }),
    ("delete_expired", |on, _| {
        // Before anything expires.
        let now = datetime!(2026-01-01 00:00 UTC);
        on.store.delete_expired(now, BATCH).expect("counts");
    }),
];
