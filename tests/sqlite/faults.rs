//! What is wrong with a file is said plainly, and nothing is lost.

use std::fs;
use std::thread;
use std::time::Duration;

use authstore::migration::MigrationError;
use authstore::{AuthStore, Error, NewUser, SqliteOptions};
use tempfile::TempDir;

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
fn a_directory_is_refused_as_the_path_that_it_is() {
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
        matches!(&error, Error::Migration(MigrationError::SchemaMissing { reason }) if reason.contains("image")),
        "{error:?}"
    );
}

#[test]
fn unknown_option_lists_known_options() {
    let error = AuthStore::connect("sqlite:auth.db?poolsize=4").expect_err("a misspelt option");
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
fn a_path_may_hold_any_character() {
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

#[test]
fn a_timeout_may_be_as_long_as_a_duration_can_be() {
    let directory = directory();
    let file = directory.path().join("auth.db");
    for longest in [
        Duration::MAX,
        Duration::from_millis(u32::MAX.into()),
        Duration::from_secs(30 * 24 * 60 * 60),
    ] {
        let options = SqliteOptions::file(&file)
            .busy_timeout(longest)
            .checkout_timeout(longest);
        let store = AuthStore::new(options.open().expect("a store"));
        let migrator = store.migrator().expect("a migrator");
        migrator.with_lock_timeout(longest).up().expect("a schema");
        store.create_user(NewUser::default()).expect("a user");
        // A writer that waits for another one.
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| store.create_user(NewUser::default()).expect("a user"));
            }
        });
    }
    for option in ["busy_timeout_ms", "checkout_timeout_ms"] {
        let url = format!("sqlite:{}?{option}={}", file.display(), u32::MAX);
        let store = AuthStore::connect(&url).expect("a store");
        store.create_user(NewUser::default()).expect("a user");
    }
}

#[test]
fn a_file_with_text_in_another_encoding_is_refused() {
    let directory = directory();
    let file = directory.path().join("auth.db");
    rusqlite::Connection::open(&file)
        .and_then(|connection| {
            connection.execute_batch("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (id integer);")
        })
        .expect("a file");
    let error = SqliteOptions::file(&file).open().expect_err("not UTF-8");
    assert!(
        matches!(&error, Error::Backend { reason, .. } if reason.contains("UTF-16le")),
        "{error:?}"
    );
}

#[test]
fn an_id_in_another_form_than_ours_is_unreadable_whatever_it_is_found_by() {
    let directory = directory();
    let file = directory.path().join("auth.db");
    let store = AuthStore::new(SqliteOptions::file(&file).open().expect("a store"));
    store.migrate().expect("a schema");
    let id = "0198C0DE-0000-7000-8000-00000000ABCD";
    for (number, form) in [
        id.to_owned(),
        id.to_lowercase().replace('-', ""),
        format!("{{{}}}", id.to_lowercase()),
    ]
    .iter()
    .enumerate()
    {
        rusqlite::Connection::open(&file)
            .and_then(|connection| {
                let sql = r#"INSERT INTO "User" (id, email) VALUES (?1, ?2)"#;
                connection.execute(sql, (form, format!("{number}@example.org")))
            })
            .expect("a row");
        let error = store
            .get_user_by_email(&format!("{number}@example.org"))
            .expect_err("it would not be found by its id");
        assert!(
            matches!(&error, Error::Backend { reason, .. } if reason.contains("User.id")),
            "{error:?}"
        );
    }
}
