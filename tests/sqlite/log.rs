//! The log does not grow without bound.

use std::fs;
use std::path::Path;
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
    const MIB: u64 = 1 << 20;
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("auth.db");
    let options = SqliteOptions::file(&file).synchronous(Synchronous::Off);
    let store = AuthStore::new(options.open().expect("a store"));
    store.migrate().expect("a schema");
    let over = AtomicBool::new(false);
    let largest = thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| leapfrog(&file, &over));
        }
        let mut largest = 0;
        for _ in 0..120 {
            let new = NewUser {
                image: Some("a".repeat(500_000)),
                ..NewUser::default()
            };
            store.create_user(new).expect("a user");
            let log = fs::metadata(directory.path().join("auth.db-wal"));
            largest = largest.max(log.expect("the log").len());
        }
        over.store(true, Ordering::Relaxed);
        largest
    });
    // 60 MiB were written.
    assert!(largest < 30 * MIB, "{} MiB", largest / MIB);
}
