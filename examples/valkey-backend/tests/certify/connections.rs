//! Tests of scripts, connections and a full server, which go beyond the suite.

use std::thread;
use std::time::Duration;

use authstore::{AuthStore, Change, Error, NewSession, NewUser, SessionChanges, User, UserChanges};
use authstore_conformance::Storage;

use crate::harness::ValkeyStorage;
use crate::server::url;

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("lost_scripts_are_sent_again", lost_scripts_are_sent_again),
    ("an_idle_connection_is_pinged", an_idle_connection_is_pinged),
    ("a_lost_read_is_repeated", a_lost_read_is_repeated),
    (
        "a_full_server_does_all_or_nothing",
        a_full_server_does_all_or_nothing,
    ),
];

/// A server with one user in it, and a handle with one connection.
fn one_user() -> (ValkeyStorage, AuthStore, User) {
    let storage = ValkeyStorage::new().unwrap();
    let store = storage.open().unwrap();
    let user = store.create_user(NewUser::default()).unwrap();
    (storage, store, user)
}

fn rename(store: &AuthStore, user: &User) {
    let changes = UserChanges {
        name: Change::set("Ada"),
        ..UserChanges::default()
    };
    let renamed = store.update_user(user.id, changes).unwrap();
    assert_eq!(renamed.name.as_deref(), Some("Ada"));
}

/// Runs a command directly on the server.
fn command(storage: &ValkeyStorage, words: &[&str]) {
    let server = storage.server();
    let client = redis::Client::open(url(server.address(), &server.password)).unwrap();
    let mut connection = client.get_connection().unwrap();
    redis::cmd(words[0])
        .arg(&words[1..])
        .exec(&mut connection)
        .unwrap();
}

fn lost_scripts_are_sent_again() {
    let (storage, store, user) = one_user();
    rename(&store, &user);
    command(&storage, &["SCRIPT", "FLUSH"]);
    rename(&store, &user);
}

/// A write is not repeated, so it succeeds only on a working connection.
fn an_idle_connection_is_pinged() {
    let (storage, store, user) = one_user();
    storage.proxy.cut();
    thread::sleep(Duration::from_millis(1_500));
    rename(&store, &user);
}

fn a_lost_read_is_repeated() {
    let (storage, store, user) = one_user();
    storage.proxy.cut();
    assert_eq!(store.get_user(user.id).unwrap(), Some(user));
}

/// If memory is full, the server rejects a script's first write. It must not reject a later one, which would leave the
/// script half done.
fn a_full_server_does_all_or_nothing() {
    let (storage, store, user) = one_user();
    let other = store.create_user(NewUser::default()).unwrap();
    let expires = time::OffsetDateTime::UNIX_EPOCH;
    let session = NewSession::new(user.id, "token", expires);
    let session = store.create_session(session).unwrap();
    command(&storage, &["CONFIG", "SET", "maxmemory", "1"]);
    let unchanged = store.update_user(user.id, UserChanges::default());
    assert_eq!(unchanged.unwrap(), user, "there is nothing to write");
    let changes = UserChanges {
        name: Change::set("Ada"),
        ..UserChanges::default()
    };
    let refused = store.update_user(user.id, changes).unwrap_err();
    assert!(matches!(refused, Error::Unavailable { .. }), "{refused:?}");
    // First it is removed from one user's set, which needs no memory.
    let changes = SessionChanges {
        user_id: Some(other.id),
        ..SessionChanges::default()
    };
    store.update_session("token", changes).unwrap();
    command(&storage, &["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(store.get_user(user.id).unwrap(), Some(user.clone()));
    assert_eq!(store.list_sessions_by_user_id(user.id).unwrap(), []);
    let moved = store.list_sessions_by_user_id(other.id).unwrap();
    assert_eq!(moved[0].id, session.id);
}
