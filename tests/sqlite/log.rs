//! The log does not grow without bound.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use authstore::{AuthStore, NewUser, SqliteOptions, Synchronous};
use rusqlite::Connection;

/// Reads continuously, with two overlapping readers of a few milliseconds each.
fn leapfrog(file: &Path, over: &AtomicBool) {
    let readers = [(); 2].map(|()| Connection::open(file).expect("a connection"));
    let read = r#"BEGIN; SELECT count(*) FROM "Session";"#;
    readers[1].execute_batch(read).expect("a read");
    for reader in [0, 1].into_iter().cycle() {
        readers[reader].execute_batch(read).expect("a read");
        thread::sleep(Duration::from_millis(2));
        readers[1 - reader]
            .execute_batch("ROLLBACK")
            .expect("its end");
        if over.load(Ordering::Relaxed) {
            break;
        }
    }
}

#[test]
fn constant_readers_do_not_grow_the_log() {
    limits_the_log(Path::to_owned, |store, user| {
        store.create_user(user).expect("a user");
    });
}

#[test]
fn log_of_transactions_does_not_grow() {
    limits_the_log(Path::to_owned, |store, user| {
        let created = store.transaction(|tx| tx.create_user(user.clone()));
        created.expect("a user");
    });
}

/// SQLite follows the link, and the log is beside its target.
#[cfg(unix)]
#[test]
fn log_of_a_linked_file_does_not_grow() {
    let elsewhere = tempfile::tempdir().expect("a directory");
    let link = elsewhere.path().join("linked.db");
    let to_link = |file: &Path| {
        fs::write(file, "").expect("an empty file");
        std::os::unix::fs::symlink(file, &link).expect("a link");
        link.clone()
    };
    limits_the_log(to_link, |store, user| {
        store.create_user(user).expect("a user");
    });
}

fn limits_the_log(name: impl Fn(&Path) -> PathBuf, create_user: impl Fn(&AuthStore, NewUser)) {
    const MIB: u64 = 1 << 20;
    let directory = tempfile::tempdir().expect("a directory");
    let directory = fs::canonicalize(directory.path()).map(|path| (path, directory));
    let (directory, _kept) = directory.expect("its path");
    let file = directory.join("auth.db");
    let file = &name(&file);
    let options = SqliteOptions::file(file).synchronous(Synchronous::Off);
    let store = AuthStore::new(options.open().expect("a store"));
    store.migrate().expect("a schema");
    let over = AtomicBool::new(false);
    let largest = thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| leapfrog(file, &over));
        }
        let mut largest = 0;
        for _ in 0..240 {
            let new = NewUser {
                image: Some("a".repeat(500_000)),
                ..NewUser::default()
            };
            create_user(&store, new);
            let log = fs::metadata(directory.join("auth.db-wal"));
            largest = largest.max(log.expect("the log").len());
        }
        over.store(true, Ordering::Relaxed);
        largest
    });
    // 120 MiB were written.
    assert!(largest < 60 * MIB, "{} MiB", largest / MIB);
}
