//! A primary and a standby, and the store when they change roles.

use std::thread;
use std::time::{Duration, Instant};

use authstore::{AuthStore, Error, NewUser};
use authstore_test_databases::{Kind, Needs, Replication, Test, store, with_options};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for (name, test) in [
        (
            "failover.dead_primary_is_replaced",
            dead_primary_is_replaced as fn(Kind),
        ),
        (
            "failover.frozen_primary_is_replaced",
            frozen_primary_is_replaced,
        ),
        (
            "failover.demoted_primary_is_replaced",
            demoted_primary_is_replaced,
        ),
        (
            "failover.each_target_finds_its_server",
            each_target_finds_its_server,
        ),
        (
            "failover.recovers_at_once_after_long_outage",
            recovers_at_once_after_long_outage,
        ),
    ] {
        tests.extend(Test::on(&[Kind::Postgres], Needs::Container, name, test));
    }
    tests
}

/// Much more than the few seconds that it takes, and less than waiting for each connection would take.
const RECOVERED: Duration = Duration::from_secs(20);

const OPTIONS: &str = "pool_size=4&connect_timeout_ms=3000&statement_timeout_ms=2000";

/// Fills the pool.
fn use_all_connections(store: &AuthStore) {
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    store.create_user(NewUser::default()).unwrap();
                }
            });
        }
    });
}

/// Retries a write until it succeeds.
fn recover(store: &AuthStore, what: &str) {
    let start = Instant::now();
    loop {
        match store.create_user(NewUser::default()) {
            Ok(_) => break,
            Err(Error::Unavailable { .. } | Error::OutcomeUnknown { .. }) => {}
            Err(error) => panic!("{what}: {error:?}"),
        }
        assert!(start.elapsed() < RECOVERED, "{what}: not recovered");
        thread::sleep(Duration::from_millis(20));
    }
    println!("{what}: recovered after {} ms", start.elapsed().as_millis());
}

fn dead_primary_is_replaced(_: Kind) {
    let servers = Replication::start().unwrap();
    let store = store(&with_options(servers.url("postgres"), OPTIONS));
    use_all_connections(&store);
    servers.catch_up().unwrap();
    servers.primary.stop().unwrap();
    servers.promote().unwrap();
    recover(&store, "dead primary");
}

fn frozen_primary_is_replaced(_: Kind) {
    let servers = Replication::start().unwrap();
    let url = with_options(servers.url("postgres"), OPTIONS);
    let store = store(&url);
    use_all_connections(&store);
    servers.catch_up().unwrap();
    servers.primary.pause().unwrap();
    servers.promote().unwrap();
    recover(&store, "frozen primary");

    // A host that accepts connections but does not answer costs only the delay before the next host is tried.
    let start = Instant::now();
    AuthStore::connect(&url).unwrap();
    println!(
        "frozen primary: connected after {} ms",
        start.elapsed().as_millis()
    );
    servers.primary.unpause().unwrap();
}

fn demoted_primary_is_replaced(_: Kind) {
    let servers = Replication::start().unwrap();
    let store = store(&with_options(servers.url("postgres"), OPTIONS));
    use_all_connections(&store);
    servers.catch_up().unwrap();
    servers.demote().unwrap();
    servers.promote().unwrap();
    recover(&store, "demoted primary");
}

fn each_target_finds_its_server(_: Kind) {
    let servers = Replication::start().unwrap();
    store(&servers.primary.url("postgres"));
    servers.catch_up().unwrap();
    // Whether it accepts writes shows which server it is.
    let takes_writes = |url: &str, target: &str| -> Result<bool, Error> {
        let options = match target {
            "" => String::new(),
            target => format!("target_session_attrs={target}"),
        };
        let store = AuthStore::connect(&with_options(url.to_owned(), &options))?;
        match store.create_user(NewUser::default()) {
            Ok(_) => Ok(true),
            Err(Error::Unavailable { reason, .. }) if reason.contains("25006") => Ok(false),
            Err(error) => Err(error),
        }
    };
    let both = servers.url_standby_first("postgres");
    for (target, wanted) in [
        ("", true),
        ("any", false),
        ("primary", true),
        ("read-write", true),
        ("standby", false),
        ("read-only", false),
        ("prefer-standby", false),
    ] {
        assert_eq!(takes_writes(&both, target).unwrap(), wanted, "{target}");
    }
    let primary = servers.primary.url("postgres");
    assert!(takes_writes(&primary, "prefer-standby").unwrap());
    let standby = servers.standby.url("postgres");
    for (url, target) in [
        (&primary, "standby"),
        (&primary, "read-only"),
        (&standby, "primary"),
        (&standby, "read-write"),
    ] {
        let error = takes_writes(url, target).unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
        assert!(error.to_string().contains(target), "{error}");
    }
    let mut found = [0, 0];
    let random = with_options(both, "target_session_attrs=any&load_balance_hosts=random");
    for _ in 0..40 {
        found[usize::from(takes_writes(&random, "").unwrap())] += 1;
    }
    assert!(found[0] > 0 && found[1] > 0, "{found:?}");

    // If nothing is pending, migrating works without writes, so a program that migrates at start also runs on a
    // standby.
    let reader = AuthStore::connect(&standby).unwrap();
    assert!(reader.migrate().unwrap().is_empty());
    // After its promotion, it is no longer the requested kind of server.
    let reader = AuthStore::connect(&with_options(
        servers.url_standby_first("postgres"),
        "target_session_attrs=standby&checkout_timeout_ms=500",
    ))
    .unwrap();
    reader.ping().unwrap();
    servers.promote().unwrap();
    let start = Instant::now();
    // The server reports its promotion with the next answer.
    let error = loop {
        match reader.ping() {
            Ok(()) => assert!(start.elapsed() < RECOVERED, "still in use"),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("not a standby"), "{error}");
}

fn recovers_at_once_after_long_outage(_: Kind) {
    let servers = Replication::start().unwrap();
    let store = store(&with_options(
        servers.primary.url("postgres"),
        "pool_size=1&checkout_timeout_ms=60000",
    ));
    servers.primary.stop().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            store.ping().unwrap();
            Instant::now()
        });
        // By now, doubling pauses would be 6 s or longer.
        thread::sleep(Duration::from_secs(8));
        servers.primary.start_again().unwrap();
        let back = Instant::now();
        let recovered = waiting.join().unwrap().saturating_duration_since(back);
        println!("outage: recovered after {} ms", recovered.as_millis());
        assert!(recovered < Duration::from_secs(5));
    });
}
