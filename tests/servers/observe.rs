//! Observations of lost connections, which need a server.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use authstore::AuthStore;
use authstore_test_databases::{Database, Kind, Needs, Test, Traffic};

use crate::faults::{NEVER_HANGS, behind_a_proxy, kill_sessions};
use crate::operations::seed;

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for (name, test) in [
        (
            "observe.a_killed_connection_is_a_reconnect",
            a_killed_connection_is_a_reconnect as fn(Kind),
        ),
        (
            "observe.a_repeated_read_is_two_attempts",
            a_repeated_read_is_two_attempts,
        ),
        (
            "observe.exhausted_pool_is_reported",
            exhausted_pool_is_reported,
        ),
    ] {
        tests.extend(Test::on(&Kind::SERVERS, Needs::Shared, name, test));
    }
    tests
}

/// An owned observation.
#[derive(Clone, Debug)]
struct Seen {
    operation: &'static str,
    backend: &'static str,
    outcome: &'static str,
    duration: Duration,
    attempts: u32,
    pool_wait: Duration,
    reconnects: u32,
}

/// Returns a store, and the list of observations on it.
fn observed(store: AuthStore) -> (AuthStore, Arc<Mutex<Vec<Seen>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let store = store.observe({
        let seen = Arc::clone(&seen);
        move |observation| {
            seen.lock().unwrap().push(Seen {
                operation: observation.operation,
                backend: observation.backend,
                outcome: observation.outcome(),
                duration: observation.duration,
                attempts: observation.attempts,
                pool_wait: observation.pool_wait,
                reconnects: observation.reconnects,
            });
        }
    });
    (store, seen)
}

fn last(seen: &Mutex<Vec<Seen>>) -> Seen {
    seen.lock().unwrap().last().expect("an observation").clone()
}

fn a_killed_connection_is_a_reconnect(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let (store, seen) = observed(database.store_with("pool_size=1"));
    let person = seed(&store);
    store.get_user(person.user).unwrap().unwrap();
    let before = last(&seen);
    assert_eq!((before.operation, before.outcome), ("get_user", "ok"));
    assert_eq!(before.backend, kind.name());
    assert_eq!((before.attempts, before.reconnects), (1, 0));

    assert!(kill_sessions(&database) > 0);
    store.get_user(person.user).unwrap().unwrap();
    let after = last(&seen);
    assert_eq!(after.outcome, "ok");
    assert_eq!(after.reconnects, 1, "{after:?}");
    assert!(after.pool_wait <= after.duration, "{after:?}");
}

fn a_repeated_read_is_two_attempts(kind: Kind) {
    let (store, beside, proxy, _database) = behind_a_proxy(kind);
    let (store, seen) = observed(store);
    let person = seed(&beside);
    store.get_user(person.user).unwrap().unwrap();
    proxy.set(Traffic::CutAtRequest(1));
    store.get_user(person.user).unwrap().unwrap();
    let seen = last(&seen);
    assert_eq!(
        (seen.attempts, seen.reconnects, seen.outcome),
        (2, 1, "ok"),
        "{seen:?}"
    );
}

fn exhausted_pool_is_reported(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let options = "pool_size=1&checkout_timeout_ms=5000&statement_timeout_ms=60000";
    let (store, seen) = observed(database.store_with(options));
    let person = seed(&store);
    let idle = store.pool_state().expect("a pool");
    assert_eq!(
        (
            idle.max_size,
            idle.size,
            idle.idle,
            idle.in_use,
            idle.waiting
        ),
        (1, 1, 1, 0, 0)
    );

    let mut holder = database.client();
    holder.query(match kind {
        Kind::Postgres => r#"BEGIN; LOCK TABLE "User" IN ACCESS EXCLUSIVE MODE"#,
        _ => "LOCK TABLES `User` WRITE",
    });
    let until = |state: fn(&AuthStore) -> bool| {
        let deadline = Instant::now() + NEVER_HANGS;
        while !state(&store) {
            assert!(Instant::now() < deadline, "{:?}", store.pool_state());
            thread::sleep(Duration::from_millis(1));
        }
    };
    thread::scope(|scope| {
        let using = scope.spawn(|| store.get_user(person.user));
        until(|store| store.pool_state().is_some_and(|state| state.in_use == 1));
        let waiting = scope.spawn(|| store.ping());
        until(|store| store.pool_state().is_some_and(|state| state.waiting == 1));
        let error = waiting.join().unwrap().unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(
                "ping: timed out waiting for a pooled connection (1 of 1 in use, checkout_timeout_ms=5000)"
            ),
            "{text}"
        );
        let refused = last(&seen);
        assert_eq!(
            (refused.operation, refused.outcome),
            ("ping", "unavailable")
        );
        assert!(
            refused.pool_wait >= Duration::from_millis(4_990),
            "{refused:?}"
        );
        holder.query(match kind {
            Kind::Postgres => "COMMIT",
            _ => "UNLOCK TABLES",
        });
        using.join().unwrap().unwrap().unwrap();
    });
}
