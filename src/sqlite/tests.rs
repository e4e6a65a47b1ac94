//! Tests that need access to internals.

mod steady_state;

use std::thread;
use std::time::Duration;

use rusqlite::StatementStatus;
use rusqlite::functions::FunctionFlags;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{SqliteBackend, SqliteOptions, Synchronous};
use crate::migration::{Migration, MigrationError, Series};
use crate::sql::Database;
use crate::{AuthStore, Entity, Error, NewSession, NewUser};

fn one_connection() -> (tempfile::TempDir, SqliteBackend, AuthStore) {
    let directory = tempfile::tempdir().expect("a directory");
    let backend = SqliteOptions::file(directory.path().join("auth.db"))
        .pool_size(1)
        .checkout_timeout(Duration::from_millis(50))
        .busy_timeout(Duration::from_millis(50))
        .open()
        .expect("a store");
    let store = AuthStore::new(backend.clone());
    store.migrate().expect("a schema");
    (directory, backend, store)
}

#[test]
fn exhausted_pool_is_unavailable_until_freed() {
    let (_directory, backend, store) = one_connection();
    let taken = backend.0.pool.get().expect("the only connection");
    for refused in [
        store.get_user(Uuid::nil()).map(drop),
        store.create_user(NewUser::default()).map(drop),
    ] {
        assert!(
            matches!(refused, Err(Error::Unavailable { .. })),
            "{refused:?}"
        );
    }
    drop(taken);
    store.create_user(NewUser::default()).expect("a user");
}

#[test]
fn failed_operations_leak_no_connection() {
    let (_directory, _, store) = one_connection();
    for _ in 0..1_000 {
        let refused = store.update_user(Uuid::nil(), Default::default());
        assert!(
            matches!(
                refused,
                Err(Error::NotFound {
                    entity: Entity::User
                })
            ),
            "{refused:?}"
        );
    }
    store.create_user(NewUser::default()).expect("a user");
}

#[test]
fn writer_waits_at_most_the_busy_timeout() {
    let (_directory, backend, store) = one_connection();
    let turn = backend
        .0
        .writers
        .turn(("busy_timeout", Duration::ZERO))
        .expect("a turn");
    let refused = store.create_user(NewUser::default());
    assert!(
        matches!(refused, Err(Error::Unavailable { .. })),
        "{refused:?}"
    );
    drop(turn);
    store.create_user(NewUser::default()).expect("a user");
}

#[test]
fn a_full_disk_is_unavailable_and_loses_nothing() {
    let (_directory, backend, store) = one_connection();
    let limit = |pages: i64| {
        let connection = backend.0.pool.get().expect("a connection");
        connection
            .0
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .expect("a limit");
    };
    limit(1); // SQLite raises it to the present size.
    let mut stored = Vec::new();
    let refused = loop {
        let user = NewUser {
            name: Some("a".repeat(10_000)),
            ..NewUser::default()
        };
        match store.create_user(user) {
            Ok(user) => stored.push(user),
            Err(error) => break error,
        }
        assert!(stored.len() < 100, "the limit is reached");
    };
    assert!(
        matches!(&refused, Error::Unavailable { reason, .. } if reason.contains("full")),
        "{refused:?}"
    );
    for user in &stored {
        assert_eq!(
            store.get_user(user.id).expect("an answer").as_ref(),
            Some(user)
        );
    }

    limit(1_000_000);
    store
        .create_user(NewUser::default())
        .expect("there is room again");
}

#[test]
fn a_step_on_a_full_disk_is_unavailable() {
    let (_directory, backend, store) = one_connection();
    let steps = vec![
        Migration::new(1, "create_big", "CREATE TABLE big (a blob);", None),
        Migration::new(
            2,
            "fill_big",
            "INSERT INTO big VALUES (zeroblob(1000000));",
            None,
        ),
    ];
    let series = Series::new("app", steps).expect("a series");
    let migrator = store.migrator().expect("a migrator").with_series(series);
    migrator.up_to(1).expect("there is room");
    backend
        .0
        .pool
        .get()
        .expect("a connection")
        .0
        .pragma_update_and_check(None, "max_page_count", 1, |_| Ok(()))
        .expect("a limit");
    let refused = migrator.up().expect_err("no room");
    let Error::Migration(MigrationError::Failed { source, .. }) = &refused else {
        panic!("{refused:?}");
    };
    assert!(
        matches!(source.downcast_ref(), Some(Error::Unavailable { reason, .. }) if reason.contains("full")),
        "{refused:?}"
    );
}

/// An input/output error while reading, and in an adoption before its commit.
#[test]
fn what_writes_nothing_has_a_known_outcome() {
    for table in ["authstore_migration", "User", "Session"] {
        let (_directory, backend, store) = one_connection();
        let migrator = store.migrator().expect("a migrator");
        {
            let connection = &backend.0.pool.get().expect("a connection").0;
            connection
                .create_scalar_function("fail", 0, FunctionFlags::SQLITE_UTF8, |_| {
                    let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR);
                    Err::<i64, _>(rusqlite::Error::SqliteFailure(error, None))
                })
                .expect("a function");
            let columns = match table {
                "authstore_migration" => {
                    "'authstore' AS series, fail() AS version, 1 AS name, 1 AS checksum, 1 AS applied_at"
                }
                _ => "fail() AS id, 1 AS userId, 1 AS email, 1 AS sessionToken, 1 AS expires",
            };
            connection
                .execute_batch(&format!(
                    r#"ALTER TABLE "User" DROP COLUMN "image";
                    CREATE TEMP VIEW "{table}" AS SELECT {columns};"#
                ))
                .expect("a view that fails");
        }
        for result in [migrator.compare(), migrator.adopt()] {
            assert!(
                matches!(result, Err(Error::Unavailable { .. })),
                "{table}: {result:?}"
            );
        }
    }
}

#[test]
fn connection_without_foreign_keys_is_dropped() {
    let (_directory, backend, store) = one_connection();
    backend
        .0
        .pool
        .get()
        .expect("a connection")
        .enforce_foreign_keys(false)
        .expect("a setting");
    let expires = time::OffsetDateTime::UNIX_EPOCH;
    let refused = store.create_session(NewSession::new(Uuid::nil(), "token", expires));
    assert!(
        matches!(
            refused,
            Err(Error::NotFound {
                entity: Entity::User
            })
        ),
        "{refused:?}"
    );
}

/// Calls `write` in this many threads, which all wait for their turn together.
fn together<T: Send>(
    backend: &SqliteBackend,
    writers: usize,
    write: impl Fn(usize) -> T + Sync,
) -> Vec<thread::Result<T>> {
    let turn = backend
        .0
        .writers
        .turn(("busy_timeout", Duration::ZERO))
        .expect("a turn");
    thread::scope(|scope| {
        let threads: Vec<_> = (0..writers)
            .map(|writer| {
                let write = &write;
                scope.spawn(move || write(writer))
            })
            .collect();
        while backend.0.writers.waiting() < writers {
            thread::yield_now();
        }
        drop(turn);
        threads.into_iter().map(|thread| thread.join()).collect()
    })
}

fn with_long_timeouts() -> (tempfile::TempDir, SqliteBackend, AuthStore) {
    let directory = tempfile::tempdir().expect("a directory");
    let backend = SqliteOptions::file(directory.path().join("auth.db"))
        .pool_size(1)
        .checkout_timeout(Duration::from_secs(60))
        .busy_timeout(Duration::from_secs(60))
        .open()
        .expect("a store");
    let store = AuthStore::new(backend.clone());
    store.migrate().expect("a schema");
    (directory, backend, store)
}

#[test]
fn a_panic_undoes_its_own_part_and_no_other() {
    let (_directory, backend, store) = with_long_timeouts();
    let id = |writer: usize| Uuid::from_u128(writer as u128);
    let results = together(&backend, 5, |writer| match writer {
        0 | 3 => backend.write(|connection| -> crate::Result<()> {
            connection
                .0
                .execute_batch(r#"DELETE FROM "User""#)
                .expect("it works");
            panic!("on purpose")
        }),
        _ => store
            .create_user(NewUser {
                id: Some(id(writer)),
                ..NewUser::default()
            })
            .map(drop),
    });
    for (writer, result) in results.into_iter().enumerate() {
        assert_eq!(result.is_err(), matches!(writer, 0 | 3), "{writer}");
        let user = store.get_user(id(writer)).expect("an answer");
        assert_eq!(user.is_none(), matches!(writer, 0 | 3), "{writer}");
    }
}

#[test]
fn full_disk_loses_no_acknowledged_write() {
    let (_directory, backend, store) = with_long_timeouts();
    let id = |writer| Uuid::from_u128(writer as u128);
    for round in 0..10 {
        let limit = |pages: i64| {
            let connection = backend.0.pool.get().expect("a connection");
            connection
                .0
                .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
                .expect("a limit");
        };
        let pages: i64 = {
            let connection = backend.0.pool.get().expect("a connection");
            connection
                .0
                .pragma_query_value(None, "page_count", |row| row.get(0))
                .expect("a count")
        };
        limit(pages + round);
        let results = together(&backend, 8, |writer| {
            store.create_user(NewUser {
                id: Some(id(8 * round as usize + writer)),
                name: Some("a".repeat(5_000)),
                ..NewUser::default()
            })
        });
        limit(1_000_000);
        for (writer, result) in results.into_iter().enumerate() {
            let found = store.get_user(id(8 * round as usize + writer));
            let found = found.expect("an answer");
            match result.expect("no panic") {
                Ok(user) => assert_eq!(found, Some(user)),
                Err(Error::Unavailable { .. }) => assert_eq!(found, None),
                Err(error) => panic!("{error:?}"),
            }
        }
    }
}

/// Returns all statements, by file: those of the operations, and the others.
fn statements() -> Vec<(String, &'static str)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/sql/sqlite");
    let mut statements = Vec::new();
    for folder in [folder.to_owned(), format!("{folder}/rejection")] {
        for file in std::fs::read_dir(folder).expect("a folder") {
            let path = file.expect("a file").path();
            if path.is_file() {
                let sql = std::fs::read_to_string(&path).expect("a statement");
                statements.push((path.display().to_string(), &*sql.leak()));
            }
        }
    }
    assert!(statements.len() > 30, "{}", statements.len());
    statements
}

#[test]
fn no_statement_is_prepared_twice() {
    let (_directory, backend, _store) = with_long_timeouts();
    let mut connection = backend.0.pool.get().expect("a connection");
    let statements = statements();
    for turn in ["1", "2", "3", "4"] {
        for (_, sql) in &statements {
            let parameters = {
                let statement = connection.0.prepare_cached(sql).expect("a statement");
                vec![turn.into(); statement.parameter_count()]
            };
            // It does not matter whether it finds or writes anything.
            let _ = connection.attempt(sql, &parameters);
        }
    }
    for (file, sql) in &statements {
        let statement = connection.0.prepare_cached(sql).expect("a statement");
        let runs = statement.get_status(StatementStatus::Run);
        assert!(runs >= 4, "{file} is no longer cached: {runs}");
        let again = statement.get_status(StatementStatus::RePrepare);
        assert_eq!(again, 0, "{file}");
    }
}

#[test]
fn file_is_memory_mapped_only_on_request() {
    let directory = tempfile::tempdir().expect("a folder");
    let options = SqliteOptions::file(directory.path().join("auth.db"));
    for bytes in [0, 1 << 20] {
        let backend = options.clone().mmap_size(bytes).open().expect("a database");
        let connection = backend.0.pool.get().expect("a connection");
        let found = connection
            .0
            .pragma_query_value(None, "mmap_size", |row| row.get::<_, i64>(0));
        assert_eq!(found.map(i64::unsigned_abs), Ok(bytes));
    }
}

#[test]
fn extreme_options_neither_panic_nor_overflow() {
    let directory = tempfile::tempdir().expect("a folder");
    let options = SqliteOptions::file(directory.path().join("auth.db"));
    for timeout in [Duration::ZERO, Duration::MAX] {
        for synchronous in [Synchronous::Full, Synchronous::Normal, Synchronous::Off] {
            let store = options
                .clone()
                .busy_timeout(timeout)
                .checkout_timeout(Duration::MAX)
                .synchronous(synchronous)
                .mmap_size(u64::MAX)
                .pool_size(10_000)
                .open()
                .map(AuthStore::new)
                .expect("a store");
            store.migrate().expect("a schema");
            store
                .delete_expired(OffsetDateTime::UNIX_EPOCH, u32::MAX)
                .expect("a write");
        }
    }
    for pool_size in [0, u32::MAX] {
        let error = options
            .clone()
            .pool_size(pool_size)
            .open()
            .expect_err("an error");
        assert!(
            matches!(
                error,
                Error::Invalid {
                    field: "pool_size",
                    ..
                }
            ),
            "{error}"
        );
    }
}
