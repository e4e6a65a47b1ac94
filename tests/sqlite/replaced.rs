//! A file that is replaced or deleted while a program has it open.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use authstore::{AuthStore, Error, NewUser, SqliteOptions};

fn open(file: &Path) -> AuthStore {
    let options = SqliteOptions::file(file).checkout_timeout(Duration::from_secs(2));
    AuthStore::new(options.open().expect("a store"))
}

/// The interval after which a read checks the path again.
fn pause() {
    thread::sleep(Duration::from_millis(60));
}

fn copy(from: &Path, to: &Path) {
    rusqlite::Connection::open(from)
        .and_then(|connection| connection.execute("VACUUM INTO ?1", [to.to_str()]))
        .expect("a copy");
}

#[test]
fn all_connections_move_to_the_replacing_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, other) = (
        directory.path().join("auth.db"),
        directory.path().join("other.db"),
    );
    let store = open(&file);
    store.migrate().expect("a schema");
    copy(&file, &other);
    let restored = directory.path().join("restored.db");
    let grace = open(&other)
        .create_user(NewUser::default())
        .expect("a user");
    copy(&other, &restored);
    let ada = store.create_user(NewUser::default()).expect("a user");
    // As many connections as the pool allows.
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert!(store.get_user(ada.id).expect("an answer").is_some());
                }
            });
        }
    });

    fs::rename(&restored, &file).expect("a new file");
    for ending in ["-wal", "-shm"] {
        let _ = fs::remove_file(directory.path().join(format!("auth.db{ending}")));
    }
    let late = store.create_user(NewUser::default());
    pause();
    store.ping().expect("the new file");
    for _ in 0..50 {
        assert!(store.get_user(ada.id).expect("an answer").is_none());
        assert!(store.get_user(grace.id).expect("an answer").is_some());
    }
    // Acknowledged writes are in the current file.
    match late {
        Ok(user) => assert!(store.get_user(user.id).expect("an answer").is_some()),
        Err(error) => assert!(matches!(error, Error::Unavailable { .. }), "{error:?}"),
    }
    let new = store.create_user(NewUser::default()).expect("a user");
    assert!(open(&file).get_user(new.id).expect("an answer").is_some());
}

#[test]
fn deleted_file_is_unavailable_and_not_recreated() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("auth.db");
    let store = open(&file);
    store.migrate().expect("a schema");
    let backup = directory.path().join("backup.db");
    copy(&file, &backup);
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(directory.path().join(format!("auth.db{ending}")));
    }
    pause();
    for refused in [
        store.create_user(NewUser::default()).map(drop),
        store.ping(),
    ] {
        match refused {
            Err(Error::Unavailable { reason, .. }) => {
                assert!(reason.contains("deleted"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(!file.exists());

    fs::rename(&backup, &file).expect("the file");
    store.ping().expect("the file is back");
    store.create_user(NewUser::default()).expect("a user");
}

/// Otherwise, it would be committed into a file that no one sees.
#[test]
fn adoption_of_a_file_that_is_replaced_fails() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, other) = (
        directory.path().join("auth.db"),
        directory.path().join("other.db"),
    );
    let store = open(&file);
    store.migrate().expect("a schema");
    store.create_user(NewUser::default()).expect("a user");
    rusqlite::Connection::open(&file)
        .and_then(|connection| {
            connection.execute_batch(r#"ALTER TABLE "User" RENAME "name" TO "nick""#)
        })
        .expect("a difference");
    copy(&file, &other);
    let migrator = store.migrator().expect("a migrator");
    let mut replaced = false;
    let adopted = migrator.adopt_with_progress(|_| {
        if !std::mem::replace(&mut replaced, true) {
            fs::rename(&other, &file).expect("another file");
        }
    });
    assert!(replaced);
    assert!(
        matches!(adopted, Err(Error::Unavailable { .. })),
        "{adopted:?}"
    );
}

#[test]
fn store_keeps_its_file_when_the_directory_changes() {
    // A relative path is made absolute immediately, whatever the working directory of the tests.
    let directory = tempfile::tempdir_in(".").expect("a directory");
    let relative = Path::new(directory.path().file_name().expect("a name")).join("auth.db");
    let store = open(&relative);
    store.migrate().expect("a schema");
    assert!(directory.path().join("auth.db").exists());
}
