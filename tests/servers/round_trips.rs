use std::thread;
use std::time::{Duration, Instant};

use authstore::AuthStore;
use authstore_test_databases::{Client, Database, Kind, Needs, Proxy, Test, store, with_options};

use crate::operations::{DELETE_KEEP_LAST, OPERATIONS, Operation, UNLINK_KEEP_LAST, seed};

/// A connection that was used less than half a second ago is not pinged. If calls are further apart on a busy machine,
/// they are not counted, but repeated.
const SURELY_NO_PING: Duration = Duration::from_millis(400);

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    tests.extend(Test::on(
        &Kind::SERVERS,
        Needs::Shared,
        "round_trips.each_operation_in_steady_state",
        each_operation_in_steady_state,
    ));
    tests.extend(Test::on(
        &Kind::SERVERS,
        Needs::Shared,
        "round_trips.a_ping_only_after_half_a_second",
        a_ping_only_after_half_a_second,
    ));
    tests.extend(Test::on(
        &Kind::SERVERS,
        Needs::Shared,
        "round_trips.connection_is_ready_after_one_round_trip",
        connection_is_ready_after_one_round_trip,
    ));
    tests
}

/// Returns the round trips in the documentation of each backend.
fn expected(kind: Kind, operation: &str) -> u64 {
    match (kind, operation) {
        (Kind::Postgres, _) => 1,
        // Read, then update the row as read.
        (_, "update_user" | "update_account" | "refresh_account" | "update_session") => 2,
        (_, "update_authenticator_counter") => 2,
        // Keep the values, then begin, insert twice and commit by one script.
        (_, "create_user_with_account" | "create_user_with_authenticator") => 2,
        // Begin, lock the row, update, commit.
        (_, "use_authenticator") => 4,
        // Begin, lock the user, count the ways to sign in, delete, commit.
        (_, UNLINK_KEEP_LAST | DELETE_KEEP_LAST) => 5,
        // There is no DELETE ... RETURNING: the row is read, then deleted.
        (Kind::Mysql, "use_verification_token" | "use_challenge") => 2,
        // Sessions, then tokens, then challenges, in a transaction.
        (_, "delete_expired") => 5,
        _ => 1,
    }
}

/// A store whose only connection goes through a proxy, and a direct one.
struct Counted {
    // Fields are dropped in this order.
    store: AuthStore,
    beside: AuthStore,
    proxy: Proxy,
    _database: Database,
}

impl Counted {
    fn new(kind: Kind) -> Self {
        let database = Database::new(kind).unwrap();
        let proxy = Proxy::to(database.server().host());
        let beside = database.store();
        let url = with_options(database.url_through(proxy.address()), "pool_size=1");
        Counted {
            store: store(&url),
            beside,
            proxy,
            _database: database,
        }
    }

    /// Returns the round trips of one call, immediately after another.
    fn call(&self, operation: &Operation) -> u64 {
        for _ in 0..100 {
            let person = seed(&self.beside);
            self.store.ping().unwrap();
            let start = Instant::now();
            let before = self.proxy.round_trips();
            (operation.call)(&self.store, &person).unwrap();
            if start.elapsed() < SURELY_NO_PING {
                return self.proxy.round_trips() - before;
            }
        }
        panic!("{}: each call took too long to be counted", operation.name);
    }
}

fn each_operation_in_steady_state(kind: Kind) {
    let counted = Counted::new(kind);
    let connections = counted.proxy.connections();
    let mut wrong = Vec::new();
    for operation in OPERATIONS {
        let first = counted.call(operation);
        let steady = [(); 5].map(|()| counted.call(operation));
        let expected = expected(kind, operation.name);
        println!(
            "{kind}: {:<44} {first} first, then {}",
            operation.name, steady[0]
        );
        if steady != [expected; 5] {
            wrong.push(format!(
                "{}: {steady:?} instead of {expected}",
                operation.name
            ));
        }
        // Before its first use, a statement is prepared in a round trip of its own. Those of other operations may be
        // prepared already.
        if operation.name == "get_user_by_email" && first != expected + 1 {
            wrong.push(format!("{}: {first} in the first call", operation.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(counted.proxy.connections(), connections);
}

fn a_ping_only_after_half_a_second(kind: Kind) {
    let counted = Counted::new(kind);
    let get_user = OPERATIONS
        .iter()
        .find(|operation| operation.name == "get_user")
        .unwrap();
    let person = seed(&counted.beside);
    counted.call(get_user);
    assert_eq!(counted.call(get_user), 1);
    thread::sleep(Duration::from_millis(700));
    let before = counted.proxy.round_trips();
    (get_user.call)(&counted.store, &person).unwrap();
    assert_eq!(counted.proxy.round_trips() - before, 2);
}

/// In addition to the bare driver's sign-in. The first connection takes one more.
fn connection_is_ready_after_one_round_trip(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let proxy = Proxy::to(database.server().host());
    let url = database.url_through(proxy.address());
    // On MySQL, the client also reads the maximum packet size, and sets up its session with one statement.
    let (settings, first) = match kind {
        Kind::Postgres => (0, 1),
        _ => (2, 2),
    };
    let sign_in = fewest_round_trips(&proxy, || Client::connect(&url).unwrap()) - settings;

    let url = with_options(url, "pool_size=1");
    let connects = || AuthStore::connect(&url).unwrap();
    assert_eq!(fewest_round_trips(&proxy, connects), sign_in + first);

    let connections = proxy.connections();
    let store = AuthStore::connect(&url).unwrap();
    store.ping().unwrap();
    assert_eq!(proxy.connections(), connections + 1, "the first is used");

    let connects_again = || {
        proxy.cut();
        store.ping().unwrap();
    };
    // The ping is prepared and run.
    assert_eq!(fewest_round_trips(&proxy, connects_again), sign_in + 1 + 2);
    assert_eq!(proxy.connections(), connections + 1 + ATTEMPTS);
}

const ATTEMPTS: u64 = 5;

/// MySQL remembers who has signed in. A user whom it has forgotten, because another test has changed a user, takes one
/// round trip more.
///
/// What `work` opens stays open until all is counted, because closing a connection sends a message, too.
fn fewest_round_trips<T>(proxy: &Proxy, work: impl Fn() -> T) -> u64 {
    let attempt = |_| {
        let begun = proxy.round_trips();
        let opened = work();
        (proxy.round_trips() - begun, opened)
    };
    let attempts: Vec<(u64, T)> = (0..ATTEMPTS).map(attempt).collect();
    let counts = attempts.iter().map(|(count, _)| *count);
    counts.min().expect("several attempts")
}
