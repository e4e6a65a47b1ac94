//! What becomes of scripts and connections, where the suite would be content with less.

use std::thread;
use std::time::Duration;

use authstore::{AuthStore, Change, NewUser, User, UserChanges};
use authstore_conformance::Storage;

use crate::harness::ValkeyStorage;
use crate::server::url;

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("lost_scripts_are_sent_again", lost_scripts_are_sent_again),
    ("an_idle_connection_is_pinged", an_idle_connection_is_pinged),
    ("a_lost_read_is_repeated", a_lost_read_is_repeated),
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

fn lost_scripts_are_sent_again() {
    let (storage, store, user) = one_user();
    rename(&store, &user);
    let server = storage.server();
    let client = redis::Client::open(url(server.address(), &server.password)).unwrap();
    let mut connection = client.get_connection().unwrap();
    let mut flush = redis::cmd("SCRIPT");
    flush.arg("FLUSH").exec(&mut connection).unwrap();
    rename(&store, &user);
}

/// A write is not repeated, so it succeeds only on a connection that works.
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
