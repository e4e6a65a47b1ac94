//! Errors about a file are clear, and nothing is lost.

use std::fs;

use authstore::migration::MigrationError;
use authstore::{AuthStore, Error, NewSession, NewUser, SqliteOptions, VerificationToken};
use tempfile::TempDir;
use time::OffsetDateTime;

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

#[test]
fn file_that_is_no_database_is_rejected_unchanged() {
    let directory = directory();
    let file = directory.path().join("notes.txt");
    let notes = "Nothing in here is a database. ".repeat(100);
    fs::write(&file, &notes).expect("a file");
    let error = SqliteOptions::file(&file).open().expect_err("no database");
    assert!(matches!(error, Error::Backend { .. }), "{error:?}");
    assert!(error.to_string().contains("notes.txt"), "{error}");
    assert!(error.to_string().contains("not a database"), "{error}");
    assert_eq!(fs::read_to_string(&file).expect("the file"), notes);
}

#[test]
fn utf_16_is_rejected_unchanged_with_a_remedy() {
    let directory = directory();
    let file = directory.path().join("auth.db");
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection
        .execute_batch("PRAGMA encoding = 'UTF-16le'; CREATE TABLE own (a text)")
        .unwrap();
    drop(connection);
    let before = fs::read(&file).unwrap();
    let error = AuthStore::connect(&format!("sqlite:{}", file.display())).unwrap_err();
    for words in ["UTF-16le", "sqlite3 old.db .dump | sqlite3 new.db"] {
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(fs::read(&file).unwrap() == before);
}

#[test]
fn directory_is_rejected_with_its_path() {
    let directory = directory();
    let error = SqliteOptions::file(directory.path())
        .open()
        .expect_err("a directory");
    assert!(
        matches!(&error, Error::Invalid { field: "path", reason } if reason.contains("is a directory")),
        "{error:?}"
    );
}

#[test]
fn a_missing_parent_is_named() {
    let directory = directory();
    let missing = directory.path().join("missing");
    let error = SqliteOptions::file(missing.join("auth.db"))
        .open()
        .expect_err("no directory");
    assert!(
        matches!(&error, Error::Invalid { field: "path", reason }
            if reason.contains(&format!("no directory {}", missing.display()))),
        "{error:?}"
    );
    assert!(!missing.exists());
}

#[test]
fn missing_schema_error_says_to_migrate() {
    let store = AuthStore::connect("sqlite::memory:").expect("a store");
    for error in [
        store.create_user(NewUser::default()).map(drop),
        store.get_user_by_email("ada@example.org").map(drop),
        store.delete_session("token").map(drop),
    ]
    .map(|result| result.expect_err("there is no schema"))
    {
        assert!(
            matches!(
                error,
                Error::Migration(MigrationError::SchemaMissing { .. })
            ),
            "{error:?}"
        );
        assert!(error.to_string().contains("run migrate first"), "{error}");
    }
}

#[test]
fn missing_column_is_not_read_as_its_own_name() {
    let directory = directory();
    let file = directory.path().join("auth.db");
    let store = AuthStore::new(SqliteOptions::file(&file).open().expect("a store"));
    store.migrate().expect("a schema");
    let user = store.create_user(NewUser::default()).expect("a user");
    rusqlite::Connection::open(&file)
        .and_then(|connection| {
            connection.execute_batch(r#"ALTER TABLE "User" DROP COLUMN "image""#)
        })
        .expect("a column dropped");
    let error = store.get_user(user.id).expect_err("no column");
    assert!(
        matches!(&error, Error::Migration(MigrationError::SchemaDamaged { reason }) if reason.contains("image")),
        "{error:?}"
    );
}

#[test]
fn unknown_option_lists_known_options() {
    let error = AuthStore::connect("sqlite:auth.db?poolsize=4").expect_err("a misspelled option");
    let message = error.to_string();
    for name in [
        "pool_size",
        "checkout_timeout_ms",
        "busy_timeout_ms",
        "synchronous",
    ] {
        assert!(message.contains(name), "{name} in {message}");
    }
}

#[test]
fn an_option_out_of_its_range_is_named() {
    for (option, field) in [
        ("pool_size=0", "pool_size"),
        ("pool_size=-1", "pool_size"),
        ("pool_size=many", "pool_size"),
        ("busy_timeout_ms=1s", "busy_timeout_ms"),
        ("checkout_timeout_ms=", "checkout_timeout_ms"),
        ("synchronous=sometimes", "synchronous"),
    ] {
        match format!("sqlite:auth.db?{option}").parse::<SqliteOptions>() {
            Err(Error::Invalid { field: named, .. }) => assert_eq!(named, field, "{option}"),
            other => panic!("{option}: {other:?}"),
        }
    }
    let two = SqliteOptions::memory().pool_size(2).open();
    assert!(
        matches!(
            two,
            Err(Error::Invalid {
                field: "pool_size",
                ..
            })
        ),
        "{two:?}"
    );
}

#[test]
fn path_may_contain_any_character() {
    let directory = directory();
    let url = format!(
        "sqlite:{}/a%3Fb%20%25%20%C3%A9.db",
        directory.path().display()
    );
    AuthStore::connect(&url)
        .and_then(|store| store.migrate())
        .expect("a store");
    assert!(directory.path().join("a?b % é.db").is_file());
}

/// A failure after the sessions were swept undoes the sweep, because the error means that nothing was written.
#[test]
fn a_sweep_that_fails_half_way_deletes_nothing() {
    let directory = directory();
    let file = directory.path().join("auth.db");
    let store = AuthStore::new(SqliteOptions::file(&file).open().expect("a store"));
    store.migrate().expect("a schema");
    let user = store.create_user(NewUser::default()).expect("a user");
    let past = OffsetDateTime::UNIX_EPOCH;
    store
        .create_session(NewSession::new(user.id, "session", past))
        .expect("a session");
    store
        .create_verification_token(VerificationToken::new("ada@example.org", "token", past))
        .expect("a token");
    rusqlite::Connection::open(&file)
        .expect("the file")
        .execute_batch(
            r#"CREATE TRIGGER refuse BEFORE DELETE ON "VerificationToken"
               BEGIN SELECT RAISE(ABORT, 'refused'); END"#,
        )
        .expect("a trigger");
    store
        .delete_expired(OffsetDateTime::now_utc(), 10)
        .expect_err("a sweep that fails");
    let found = store.get_session_and_user("session").expect("an answer");
    assert!(found.is_some(), "the session is gone");
}
