//! Measures the adoption of an Auth.js database with many users: `measure-adoption 1000000 [sqlite-file postgres ...]`.
//!
//! While the command adopts, one connection repeatedly reads a session and its user, as a sign-in does, and another
//! extends the session. Prints the longest wait of each, the duration of the adoption and the command's peak memory.

use std::fs;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use authstore_test_databases::{Client, Database, Kind, command};

const KINDS: [Kind; 4] = [Kind::SqliteFile, Kind::Postgres, Kind::Mysql, Kind::Mariadb];

/// The pause of the other connections between two statements.
const PAUSE: Duration = Duration::from_millis(5);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(users) = arguments.next().and_then(|text| text.parse().ok()) else {
        eprintln!("usage: measure-adoption USERS [NAME...]");
        return ExitCode::from(2);
    };
    let names: Vec<String> = arguments.collect();
    for kind in KINDS {
        if names.is_empty() || names.contains(&kind.to_string()) {
            match measure(kind, users) {
                Ok(line) => println!("{kind}: {line}"),
                Err(reason) => {
                    eprintln!("{kind}: {reason}");
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    ExitCode::SUCCESS
}

/// A connection that bypasses the store.
enum Connection {
    Sqlite(rusqlite::Connection),
    Server(Client),
}

impl Connection {
    fn open(database: &Database) -> Result<Self, String> {
        let url = database.url();
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                let connection = rusqlite::Connection::open(path).map_err(words)?;
                connection
                    .execute_batch("PRAGMA busy_timeout = 3600000; PRAGMA journal_mode = WAL; PRAGMA cache_size = -1000000")
                    .map_err(words)?;
                Ok(Connection::Sqlite(connection))
            }
            None => Client::connect(&url).map(Connection::Server),
        }
    }

    /// Runs a statement, to its last row.
    fn run(&mut self, sql: &str) -> Result<(), String> {
        match self {
            Connection::Sqlite(connection) => {
                let mut statement = connection.prepare(sql).map_err(words)?;
                let mut rows = statement.query([]).map_err(words)?;
                while rows.next().map_err(words)?.is_some() {}
                Ok(())
            }
            Connection::Server(client) => client.try_query(sql).map(drop),
        }
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// The schema of the guide, with users who have an account and a session each. Names are in double quotes.
fn schema(kind: Kind, users: u64) -> Vec<String> {
    let (id, key, text, time, padded) = match kind {
        Kind::Postgres => (
            "uuid",
            "uuid PRIMARY KEY DEFAULT gen_random_uuid()",
            "varchar(255)",
            "timestamptz",
            "('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid",
        ),
        Kind::Mysql | Kind::Mariadb => (
            "varchar(36)",
            "varchar(36) PRIMARY KEY DEFAULT (uuid())",
            "varchar(255)",
            "datetime(3)",
            "concat('00000000-0000-4000-8000-', lpad(n, 12, '0'))",
        ),
        _ => (
            "varchar",
            "varchar PRIMARY KEY",
            "text",
            "timestamptz",
            "printf('00000000-0000-4000-8000-%012d', n)",
        ),
    };
    let digit = "SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL \
                 SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9";
    let numbers = format!(
        "(SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n + 100000 * f.n + 1000000 * g.n AS n \
         FROM ({digit}) AS a, ({digit}) AS b, ({digit}) AS c, ({digit}) AS d, ({digit}) AS e, ({digit}) AS f, \
         ({digit}) AS g) AS numbers WHERE n < {users} ORDER BY n"
    );
    let joined = |a: &str, b: &str| match kind {
        Kind::Mysql | Kind::Mariadb => format!("concat({a}, {b})"),
        _ => format!("{a} || {b}"),
    };
    let (mail, token) = (joined("n", "'@example.org'"), joined("'session-'", "n"));
    let number = joined("''", "n");
    let of_user = format!(
        r#""userId" {id} NOT NULL, FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE"#
    );
    let statements = [
        format!(
            r#"CREATE TABLE "User" ("id" {key}, "name" {text}, "email" {text} NOT NULL UNIQUE, "emailVerified" {time}, "image" {text})"#
        ),
        format!(
            r#"CREATE TABLE "Account" ("id" {key}, "type" {text} NOT NULL, "provider" {text} NOT NULL, "providerAccountId" {text} NOT NULL, "refresh_token" {text}, "access_token" {text}, "expires_at" bigint, "token_type" {text}, "scope" {text}, "id_token" {text}, "session_state" {text}, {of_user})"#
        ),
        format!(
            r#"CREATE TABLE "Session" ("id" {key}, "sessionToken" {text} NOT NULL UNIQUE, "expires" {time} NOT NULL, {of_user})"#
        ),
        format!(
            r#"CREATE TABLE "VerificationToken" ("identifier" {text} NOT NULL, "token" {text} NOT NULL UNIQUE, "expires" {time} NOT NULL)"#
        ),
        format!(
            r#"INSERT INTO "User" ("id", "name", "email") SELECT {padded}, 'Ada Lovelace', {mail} FROM {numbers}"#
        ),
        format!(
            r#"INSERT INTO "Account" ("id", "userId", "type", "provider", "providerAccountId", "access_token", "expires_at") SELECT {padded}, {padded}, 'oauth', 'github', {number}, 'an access token of forty characters, about', 1795446000 FROM {numbers}"#
        ),
        format!(
            r#"INSERT INTO "Session" ("id", "userId", "sessionToken", "expires") SELECT {padded}, {padded}, {token}, '2030-01-01 00:00:00.000' FROM {numbers}"#
        ),
    ];
    statements.map(|sql| kind.quoted(&sql)).into()
}

fn measure(kind: Kind, users: u64) -> Result<String, String> {
    let database = Database::new(kind)?;
    let mut connection = Connection::open(&database)?;
    for statement in schema(kind, users) {
        connection.run(&statement)?;
    }
    let read = kind.quoted(
        r#"SELECT "email" FROM "Session" JOIN "User" ON "User"."id" = "userId" WHERE "sessionToken" = 'session-7'"#,
    );
    let write = kind.quoted(
        r#"UPDATE "Session" SET "expires" = '2030-01-02 00:00:00.000' WHERE "sessionToken" = 'session-7'"#,
    );
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let [reads, writes] = [read, write].map(|sql| {
            let (database, is_done) = (&database, &is_done);
            scope.spawn(move || longest(database, &sql, is_done))
        });
        let adopted = adopt(&database);
        is_done.store(true, Ordering::Relaxed);
        let [read, write] = [reads, writes].map(|thread| thread.join().expect("no panic"));
        let (took, memory) = adopted?;
        Ok(format!(
            "{users} users adopted in {:.1} s, with {memory} of memory; a sign-in was read after {:.1} s at most, and \
             written after {:.1} s",
            took.as_secs_f64(),
            read?.as_secs_f64(),
            write?.as_secs_f64()
        ))
    })
}

/// Runs statements, and returns the longest duration.
fn longest(database: &Database, sql: &str, is_done: &AtomicBool) -> Result<Duration, String> {
    let mut connection = Connection::open(database)?;
    let mut longest = Duration::ZERO;
    while !is_done.load(Ordering::Relaxed) {
        let start = Instant::now();
        connection.run(sql)?;
        longest = longest.max(start.elapsed());
        thread::sleep(PAUSE);
    }
    Ok(longest)
}

/// Returns the duration and the peak memory of the command, as Linux reports it.
fn adopt(database: &Database) -> Result<(Duration, String), String> {
    let program = command();
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(["migrate", "adopt", "--apply"])
        .env("DATABASE_URL", database.url())
        .stdout(Stdio::null())
        .spawn()
        .map_err(words)?;
    let mut memory = "an unknown amount".to_owned();
    loop {
        if let Ok(status) = fs::read_to_string(format!("/proc/{}/status", child.id()))
            && let Some((_, rest)) = status.split_once("VmHWM:")
        {
            rest.lines()
                .next()
                .unwrap_or_default()
                .trim()
                .clone_into(&mut memory);
        }
        match child.try_wait().map_err(words)? {
            Some(status) if status.success() => return Ok((start.elapsed(), memory)),
            Some(status) => return Err(format!("the command failed: {status}")),
            None => thread::sleep(PAUSE),
        }
    }
}
