//! What can only be brought about from inside.

use std::time::Duration;

use uuid::Uuid;

use super::{SqliteBackend, SqliteOptions};
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
fn an_exhausted_pool_is_unavailable_after_its_timeout_and_fine_afterwards() {
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
fn a_thousand_failed_operations_leak_no_connection() {
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
fn a_writer_waits_for_its_turn_no_longer_than_the_busy_timeout() {
    let (_directory, backend, store) = one_connection();
    let turn = backend.0.writer.lock();
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
    limit(1); // SQLite takes it for the present size.
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
fn a_connection_that_does_not_enforce_foreign_keys_is_not_used_again() {
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
