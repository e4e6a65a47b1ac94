//! Compares `AuthStore` with alternatives on the same database, in turns: the real Auth.js adapter with Kysely on each
//! database, and torii on SQLite.
//!
//! Needs Node.js 20, npm and cargo. `torii/` is a separate package, so that its dependencies are not in the workspace's
//! lock file.

#[path = "support/peer.rs"]
mod peer;
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use authstore::{
    AuthStore, Change, NewAccount, NewSession, NewUser, SessionChanges, UserChanges,
    VerificationToken,
};
use authstore_test_databases::{Database, Kind};
use peer::Peer;
use support::{EXPIRES, at, is_trial, measure_each, median, microseconds, numbers, time, turns};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// The number of calls in a turn, because a request to the peer takes more than a microsecond.
const ROUND: usize = 25;

fn main() -> ExitCode {
    if is_trial() {
        println!("not tried: it needs packages that are not installed for tests");
        return ExitCode::SUCCESS;
    }
    numbers::begin("peers");
    let folder = match install_authjs() {
        Ok(folder) => folder,
        Err(reason) => {
            eprintln!("Auth.js was not measured: {reason}");
            return ExitCode::FAILURE;
        }
    };
    let databases = [Kind::SqliteFile, Kind::Postgres, Kind::Mysql, Kind::Mariadb];
    let mut failed = measure_each(databases, |kind| beside_authjs(kind, &folder));
    if let Err(reason) = beside_torii() {
        eprintln!("torii was not measured: {reason}");
        failed = true;
    }
    ExitCode::from(u8::from(failed))
}

/// Copies the program, and installs the packages of the tests with Auth.js with npm.
fn install_authjs() -> Result<PathBuf, String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-authjs");
    let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(wrong)?;
    for file in [
        "../tests/authjs/package.json",
        "../tests/authjs/package-lock.json",
        "../tests/authjs/database.mjs",
        "../tests/authjs/wire.mjs",
        "authjs/measure.mjs",
    ] {
        let source = sources.join(file);
        let name = source.file_name().unwrap_or_default();
        fs::copy(&source, folder.join(name)).map_err(wrong)?;
    }
    if !folder.join("node_modules/better-sqlite3").exists() {
        let status = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder)
            .status()
            .map_err(|error| format!("npm cannot be started: {error}"))?;
        if !status.success() {
            return Err(format!("npm ci: {status}"));
        }
    }
    Ok(folder)
}

/// A table of one peer's medians and the store's.
struct Table<'a> {
    peer: Peer,
    /// Its name in the file of numbers.
    way: &'static str,
    database: &'a str,
    turns: usize,
}

impl<'a> Table<'a> {
    fn new(peer: Peer, name: &str, way: &'static str, database: &'a str, turns: usize) -> Self {
        println!("\n### {database}, beside {name}\n");
        println!("| operation | {name}, µs | authstore, µs | times as fast |");
        println!("|---|--:|--:|--:|");
        Table {
            peer,
            way,
            database,
            turns,
        }
    }

    /// Measures both, a few calls of each in turn. Each call gets its own number.
    fn line<T>(
        &mut self,
        operation: &str,
        method: &str,
        arguments: impl Fn(usize) -> String,
        mut store: impl FnMut(usize) -> T,
    ) {
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        // JavaScript is compiled while it runs.
        let warm_up = self.turns.div_ceil(2 * ROUND);
        for round in 0..warm_up + self.turns.div_ceil(ROUND) {
            let first = 2 * round * ROUND;
            let calls: Vec<_> = (first..first + ROUND).map(&arguments).collect();
            let times = self.peer.times(method, &calls);
            let own: Vec<_> = (first + ROUND..first + 2 * ROUND)
                .map(|turn| time(|| store(turn)))
                .collect();
            if round >= warm_up {
                theirs.extend(times);
                ours.extend(own);
            }
        }
        let theirs = microseconds(median(&mut theirs));
        let ours = microseconds(median(&mut ours));
        println!(
            "| {operation} | {theirs:.1} | {ours:.1} | {:.2} |",
            theirs / ours
        );
        numbers::put(self.way, self.database, operation, self.way, theirs);
        numbers::put(self.way, self.database, operation, "authstore", ours);
    }

    /// Enough rows for each call to have its own.
    fn rows(turns: usize) -> usize {
        2 * ROUND * (turns.div_ceil(2 * ROUND) + turns.div_ceil(ROUND))
    }
}

/// Converts to JSON in the format of `wire.mjs`.
fn date(time: OffsetDateTime) -> String {
    let text = time.format(&Rfc3339).expect("a text");
    format!(r#"{{"$date":"{text}"}}"#)
}

fn email(row: usize) -> String {
    format!("{row}@example.org")
}

/// Creates this many users with an account and a session each.
fn insert_rows(store: &AuthStore, rows: usize) -> Vec<Uuid> {
    let ids: Vec<_> = (0..rows).map(|_| Uuid::now_v7()).collect();
    for some in ids.iter().enumerate().collect::<Vec<_>>().chunks(500) {
        let made: authstore::Result<()> = store.transaction(|store| {
            for &(row, id) in some {
                let user = NewUser {
                    id: Some(*id),
                    name: Some("Ada".into()),
                    email: Some(email(row)),
                    ..NewUser::default()
                };
                store.create_user_with_account(user, account("github", row))?;
                store.create_session(NewSession::new(*id, row.to_string(), EXPIRES))?;
            }
            Ok(())
        });
        made.expect("rows");
    }
    ids
}

/// Writes until SQLite starts to overwrite its log, as it already does in torii's database. While a log grows, each
/// commit also waits for the file system's journal.
fn settle_log(store: &AuthStore, user: Uuid) {
    for turn in 0..600 {
        let token = format!("settling-{turn}");
        let new = NewSession::new(user, token.clone(), EXPIRES);
        store.create_session(new).expect("a session");
        store.delete_session(&token).expect("an answer");
    }
}

fn account(provider: &str, row: usize) -> NewAccount {
    NewAccount {
        access_token: Some("gho_16C7e42F292c".into()),
        expires_at: Some(1),
        token_type: Some("bearer".into()),
        scope: Some("read:user".into()),
        ..NewAccount::new("oauth", provider, row.to_string())
    }
}

fn beside_authjs(kind: Kind, folder: &Path) -> Result<(), String> {
    let turns = turns(if kind == Kind::SqliteFile { 1_000 } else { 500 });
    let database = Database::new(kind)?;
    let store = &database.store();
    let users = insert_rows(store, Table::rows(turns));
    let mut node = Command::new("node");
    node.arg(folder.join("measure.mjs")).arg(database.url());
    let peer = Peer::start(&mut node)?;
    let table = &mut Table::new(peer, "Auth.js", "authjs", kind.title(), turns);
    authjs_reads(table, store, &users);
    authjs_writes(table, store, &users);
    Ok(())
}

fn authjs_reads(table: &mut Table<'_>, store: &AuthStore, users: &[Uuid]) {
    let at = |turn| at(turn, users.len());
    let user = |turn| users[at(turn)];
    table.line(
        "get_user",
        "getUser",
        |turn| format!(r#"["{}"]"#, user(turn)),
        |turn| store.get_user(user(turn)).expect("a user"),
    );
    table.line(
        "get_user_by_email",
        "getUserByEmail",
        |turn| format!(r#"["{}"]"#, email(at(turn))),
        |turn| store.get_user_by_email(&email(at(turn))).expect("a user"),
    );
    table.line(
        "get_user_by_account",
        "getUserByAccount",
        |turn| {
            format!(
                r#"[{{"provider":"github","providerAccountId":"{}"}}]"#,
                at(turn)
            )
        },
        |turn| {
            store
                .get_user_by_account("github", &at(turn).to_string())
                .expect("a user")
        },
    );
    table.line(
        "get_session_and_user",
        "getSessionAndUser",
        |turn| format!(r#"["{}"]"#, at(turn)),
        |turn| {
            store
                .get_session_and_user(&at(turn).to_string())
                .expect("a session")
        },
    );
}

fn authjs_writes(table: &mut Table<'_>, store: &AuthStore, users: &[Uuid]) {
    let user = |turn: usize| users[turn % users.len()];
    table.line(
        "create_user",
        "createUser",
        |turn| {
            format!(
                r#"[{{"id":"{}","name":"Ada","email":"new-{turn}@example.org","emailVerified":null}}]"#,
                Uuid::now_v7()
            )
        },
        |turn| {
            let new = NewUser {
                name: Some("Ada".into()),
                email: Some(format!("new-{turn}@example.org")),
                ..NewUser::default()
            };
            store.create_user(new).expect("a user")
        },
    );
    table.line(
        "update_user",
        "updateUser",
        |turn| format!(r#"[{{"id":"{}","name":"Ada {turn}"}}]"#, user(turn)),
        |turn| {
            let changes = UserChanges {
                name: Change::Set(format!("Ada {turn}")),
                ..UserChanges::default()
            };
            store.update_user(user(turn), changes).expect("a user")
        },
    );
    table.line(
        "link_account",
        "linkAccount",
        |turn| {
            format!(
                r#"[{{"userId":"{}","type":"oauth","provider":"gitlab","providerAccountId":"{turn}","access_token":"gho_16C7e42F292c","expires_at":1,"token_type":"bearer","scope":"read:user"}}]"#,
                user(turn)
            )
        },
        |turn| {
            store
                .link_account(user(turn), account("gitlab", turn))
                .expect("an account")
        },
    );
    table.line(
        "unlink_account",
        "unlinkAccount",
        |turn| format!(r#"[{{"provider":"gitlab","providerAccountId":"{turn}"}}]"#),
        |turn| {
            store
                .unlink_account("gitlab", &turn.to_string())
                .expect("an answer")
        },
    );
    table.line(
        "create_session",
        "createSession",
        |turn| {
            format!(
                r#"[{{"sessionToken":"new-{turn}","userId":"{}","expires":{}}}]"#,
                user(turn),
                date(EXPIRES)
            )
        },
        |turn| {
            let new = NewSession::new(user(turn), format!("new-{turn}"), EXPIRES);
            store.create_session(new).expect("a session")
        },
    );
    let later = EXPIRES + Duration::from_secs(3_600);
    table.line(
        "update_session",
        "updateSession",
        |turn| {
            format!(
                r#"[{{"sessionToken":"new-{turn}","expires":{}}}]"#,
                date(later)
            )
        },
        |turn| {
            let changes = SessionChanges {
                expires: Some(later),
                ..SessionChanges::default()
            };
            store
                .update_session(&format!("new-{turn}"), changes)
                .expect("a session")
        },
    );
    table.line(
        "delete_session",
        "deleteSession",
        |turn| format!(r#"["new-{turn}"]"#),
        |turn| {
            store
                .delete_session(&format!("new-{turn}"))
                .expect("an answer")
        },
    );
    table.line(
        "create_verification_token",
        "createVerificationToken",
        |turn| {
            format!(
                r#"[{{"identifier":"ada","token":"{turn}","expires":{}}}]"#,
                date(EXPIRES)
            )
        },
        |turn| {
            let new = VerificationToken::new("ada", turn.to_string(), EXPIRES);
            store.create_verification_token(new).expect("a token")
        },
    );
    table.line(
        "use_verification_token",
        "useVerificationToken",
        |turn| format!(r#"[{{"identifier":"ada","token":"{turn}"}}]"#),
        |turn| {
            store
                .use_verification_token("ada", &turn.to_string())
                .expect("a token")
        },
    );
    table.line(
        "delete_user",
        "deleteUser",
        |turn| format!(r#"["{}"]"#, user(turn)),
        |turn| store.delete_user(user(turn)).expect("an answer"),
    );
}

/// Builds the program that calls torii, and compares both.
fn beside_torii() -> Result<(), String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("torii/Cargo.toml");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-torii");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--manifest-path"])
        .arg(&manifest)
        .arg("--target-dir")
        .arg(&target)
        .status()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    if !status.success() {
        return Err(format!("cargo build: {status}"));
    }
    let turns = turns(1_000);
    // Enough for torii to have filled its log once.
    let users = Table::rows(turns).max(600);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut torii = Command::new(target.join("release/authstore-bench-torii"));
    torii
        .arg(folder.path().join("torii.db"))
        .arg(users.to_string());
    let peer = Peer::start(&mut torii)?;
    let database = Database::new(Kind::SqliteFile)?;
    let store = database.store();
    let ids = insert_rows(&store, users);
    settle_log(&store, ids[0]);
    let at = |turn| at(turn, users);
    let mut table = Table::new(peer, "torii", "torii", Kind::SqliteFile.title(), turns);
    let far = |turn| format!("[{}]", at(turn));
    let next = |turn| format!("[{turn}]");
    table.line("get_user", "get_user", far, |turn| {
        store.get_user(ids[at(turn)]).expect("a user")
    });
    table.line(
        "get_session_and_user",
        "get_session_and_user",
        far,
        |turn| {
            store
                .get_session_and_user(&at(turn).to_string())
                .expect("a session")
        },
    );
    table.line("create_session", "create_session", next, |turn| {
        let new = NewSession::new(ids[turn], format!("new-{turn}"), EXPIRES);
        store.create_session(new).expect("a session")
    });
    table.line("delete_session", "delete_session", next, |turn| {
        store.delete_session(&turn.to_string()).expect("an answer")
    });
    table.line("delete_user", "delete_user", next, |turn| {
        store.delete_user(ids[turn]).expect("an answer")
    });
    Ok(())
}
