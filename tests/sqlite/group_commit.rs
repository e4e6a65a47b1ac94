//! Writers that wait together are committed together, without affecting each other.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use authstore::{AuthStore, Constraint, Error, NewSession, NewUser, SqliteOptions, User};
use rusqlite::Connection;
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;

const EXPIRES: OffsetDateTime = datetime!(2030-01-01 00:00 UTC);
const WRITERS: usize = 16;

fn new() -> (TempDir, AuthStore, User) {
    let directory = tempfile::tempdir().expect("a directory");
    let options = SqliteOptions::file(directory.path().join("auth.db"))
        .busy_timeout(Duration::from_secs(60))
        .checkout_timeout(Duration::from_secs(60));
    let store = AuthStore::new(options.open().expect("a store"));
    store.migrate().expect("a schema");
    let user = store.create_user(NewUser::default()).expect("a user");
    (directory, store, user)
}

/// A reader with an open snapshot, which keeps later commits in the log.
fn reader(directory: &TempDir) -> Connection {
    let reader = Connection::open(directory.path().join("auth.db")).expect("a connection");
    reader
        .execute_batch(r#"BEGIN; SELECT count(*) FROM "User";"#)
        .expect("a look");
    reader
}

/// Returns how many transactions the log has. Each was one wait for the disk. See
/// <https://www.sqlite.org/fileformat.html#the_write_ahead_log>: the second word of a frame's header is not zero in the
/// last frame of a transaction.
fn commits(directory: &TempDir) -> usize {
    let word = |bytes: &[u8], at: usize| {
        u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
    };
    let log = fs::read(directory.path().join("auth.db-wal")).expect("the log");
    let page = usize::try_from(word(&log, 8)).expect("a small number");
    let salts = &log[16..24];
    log[32..]
        .chunks_exact(24 + page)
        .filter(|frame| frame[8..16] == *salts && word(frame, 4) != 0)
        .count()
}

/// Calls `write` in this many threads, which first all wait for another process's transaction.
fn together<T: Send>(directory: &TempDir, write: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let other = Connection::open(directory.path().join("auth.db")).expect("a connection");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let write = &write;
                scope.spawn(move || write(writer))
            })
            .collect();
        thread::sleep(Duration::from_millis(500));
        other.execute_batch("ROLLBACK").expect("no lock");
        writers
            .into_iter()
            .map(|writer| writer.join().expect("a writer"))
            .collect()
    })
}

#[test]
fn waiting_writers_share_one_disk_sync() {
    let (directory, store, user) = new();
    let _reader = reader(&directory);
    // On a busy machine, where threads wake late, a group may end early. So the best of several turns counts.
    const TURNS: usize = 5;
    let in_each_turn = (0..TURNS).map(|turn| {
        let before = commits(&directory);
        for done in together(&directory, |writer| {
            let token = format!("{turn}.{writer}");
            store.create_session(NewSession::new(user.id, token, EXPIRES))
        }) {
            done.expect("a session");
        }
        commits(&directory) - before
    });
    let in_each_turn: Vec<usize> = in_each_turn.collect();
    // One, if all arrived within half a second; 16, if each had its own.
    let fewest = in_each_turn.iter().min().expect("a turn");
    assert!(*fewest <= WRITERS / 2, "{in_each_turn:?} commits");
    assert_eq!(
        store.list_sessions_by_user_id(user.id).expect("all").len(),
        TURNS * WRITERS
    );
}

#[test]
fn one_writer_has_one_commit_for_each_write() {
    let (directory, store, user) = new();
    let _reader = reader(&directory);
    let before = commits(&directory);
    for turn in 0..10 {
        store
            .create_session(NewSession::new(user.id, turn.to_string(), EXPIRES))
            .expect("a session");
    }
    assert_eq!(commits(&directory) - before, 10);
}

#[test]
fn conflict_in_a_group_affects_no_other_writer() {
    let (directory, store, user) = new();
    // Half of them want the same token.
    let results = together(&directory, |writer| {
        let token = match writer % 2 {
            0 => "the same".to_owned(),
            _ => writer.to_string(),
        };
        store.create_session(NewSession::new(user.id, token, EXPIRES))
    });
    let mut conflicts = 0;
    for result in results {
        match result {
            Ok(session) => {
                let found = store.get_session_and_user(&session.session_token);
                assert_eq!(found.expect("an answer").expect("it is there").0, session);
            }
            Err(Error::Conflict {
                constraint: Constraint::SessionToken,
            }) => conflicts += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(conflicts, WRITERS / 2 - 1);
}

#[test]
fn failed_commit_affects_no_other_writer() {
    let (directory, store, user) = new();
    sql(
        directory.path(),
        r#"CREATE TRIGGER all_of_it BEFORE INSERT ON "Session" WHEN new."sessionToken" = '3'
        BEGIN SELECT RAISE(ROLLBACK, 'no'); END;
        CREATE TABLE post (author text REFERENCES "User" (id) DEFERRABLE INITIALLY DEFERRED);"#,
    );
    let author = store.create_user(NewUser::default()).expect("a user");
    sql(
        directory.path(),
        &format!("INSERT INTO post VALUES ('{}')", author.id),
    );
    let results = together(&directory, |writer| match writer {
        7 => store.delete_user(author.id).map(drop),
        _ => store
            .create_session(NewSession::new(user.id, writer.to_string(), EXPIRES))
            .map(drop),
    });
    for (writer, result) in results.into_iter().enumerate() {
        match (writer, result) {
            (3, Err(Error::Rejected { constraint })) => assert_eq!(constraint, "all_of_it"),
            (7, Err(Error::Rejected { constraint })) => assert_eq!(constraint, "post"),
            (3 | 7, other) => panic!("{other:?}"),
            (_, result) => result.expect("a session"),
        }
    }
    assert_eq!(
        store.list_sessions_by_user_id(user.id).expect("all").len(),
        WRITERS - 2
    );
    assert!(store.get_user(author.id).expect("an answer").is_some());
}

/// A trigger can fail and keep what it has written, and a single statement has no savepoint to undo that.
#[test]
fn half_a_statement_is_undone_in_a_group_too() {
    let (directory, store, user) = new();
    sql(
        directory.path(),
        r#"CREATE TABLE seen (token text);
        CREATE TRIGGER half_of_it BEFORE INSERT ON "Session" WHEN new."sessionToken" = '3' BEGIN
            INSERT INTO seen VALUES (new."sessionToken");
            SELECT RAISE(FAIL, 'no');
        END;"#,
    );
    let results = together(&directory, |writer| {
        store.create_session(NewSession::new(user.id, writer.to_string(), EXPIRES))
    });
    for (writer, result) in results.into_iter().enumerate() {
        match (writer, result) {
            (3, Err(Error::Rejected { .. })) => {}
            (3, other) => panic!("{other:?}"),
            (_, result) => drop(result.expect("a session")),
        }
    }
    let sessions = store.list_sessions_by_user_id(user.id).expect("all");
    assert_eq!(sessions.len(), WRITERS - 1);
    let seen: i64 = Connection::open(directory.path().join("auth.db"))
        .and_then(|file| file.query_one("SELECT count(*) FROM seen", [], |row| row.get(0)))
        .expect("a count");
    assert_eq!(seen, 0);
}

fn sql(directory: &Path, sql: &str) {
    Connection::open(directory.join("auth.db"))
        .and_then(|connection| connection.execute_batch(sql))
        .expect(sql);
}
