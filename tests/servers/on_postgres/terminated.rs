//! Sessions that an administrator ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use authstore::{AuthStore, Error, NewUser};
use authstore_test_databases::{
    Database, Kind, Needs, PgBouncer, Pooler, Server, Setup, Test, store,
};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Test::on(
        &[Kind::Postgres],
        Needs::Pooler,
        "terminated.interrupted_commit_has_an_unknown_outcome",
        interrupted_commit_has_an_unknown_outcome,
    );
    tests.extend(Test::on(
        &[Kind::Postgres],
        Needs::Shared,
        "terminated.transaction_begins_after_a_pool_of_dead_connections",
        transaction_begins_after_a_pool_of_dead_connections,
    ));
    tests
}

/// As after a restart. The connections were used just before, so the pool does not ping them.
fn transaction_begins_after_a_pool_of_dead_connections(kind: Kind) {
    const POOL_SIZE: usize = 8;
    let database = Database::new(kind).unwrap();
    let store = database.store_with(&format!("pool_size={POOL_SIZE}"));
    let mut client = database.client();
    for round in 0..20 {
        let all_in_use = Barrier::new(POOL_SIZE);
        thread::scope(|scope| {
            for _ in 0..POOL_SIZE {
                scope.spawn(|| {
                    store
                        .transaction(|tx| {
                            all_in_use.wait();
                            tx.ping()
                        })
                        .unwrap();
                });
            }
        });
        client.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        store
            .transaction(|tx| tx.create_user(NewUser::default()))
            .unwrap_or_else(|error| panic!("round {round}: {error:?}"));
    }
}

/// A server that logs durations reports the interrupt after the commit. Each commit waits here for a tenth of a second,
/// in which it cannot be interrupted.
fn interrupted_commit_has_an_unknown_outcome(kind: Kind) {
    let setup = Setup {
        arguments: [
            "--log-duration=on",
            "--commit-delay=100000",
            "--commit-siblings=0",
        ]
        .map(str::to_owned)
        .into(),
        durable: true,
        ..Setup::default()
    };
    let server = Arc::new(Server::start(kind, &setup).unwrap());
    let database = Database::on(&server).unwrap();
    let pooler = Pooler::start(PgBouncer::Recent, &server, &["pool_mode = transaction"]).unwrap();
    let in_transaction: fn(&AuthStore, NewUser) -> Result<(), Error> =
        |store, user| store.transaction(|tx| tx.create_user(user.clone()).map(drop));
    let alone: fn(&AuthStore, NewUser) -> Result<(), Error> =
        |store, user| store.create_user(user).map(drop);
    for (url, create_user) in [
        (database.url(), in_transaction),
        (pooler.url(database.name()), in_transaction),
        (pooler.url(database.name()), alone),
    ] {
        let store = store(&url);
        let is_over = AtomicBool::new(false);
        let outcomes: Vec<_> = thread::scope(|scope| {
            scope.spawn(|| {
                let mut client = database.client();
                while !is_over.load(Ordering::Relaxed) {
                    client.query(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                         WHERE query LIKE 'COMMIT%' AND state = 'active' AND datname = current_database()",
                    );
                    thread::sleep(Duration::from_millis(20));
                }
            });
            let outcomes = (0..10).map(|round| {
                let email = format!("{round}@example.org");
                let user = NewUser {
                    email: Some(email.clone()),
                    ..NewUser::default()
                };
                let created = create_user(&store, user);
                let count = database.client().query_one(&format!(
                    r#"SELECT COUNT(*) FROM "User" WHERE email = '{email}'"#
                ));
                (created, count == "1")
            });
            let outcomes = outcomes.collect();
            is_over.store(true, Ordering::Relaxed);
            outcomes
        });
        for (created, is_stored) in &outcomes {
            match created {
                Ok(()) => assert!(is_stored, "{outcomes:?}"),
                Err(Error::OutcomeUnknown { .. }) => {}
                Err(_) => assert!(!is_stored, "{outcomes:?}"),
            }
        }
        let is_committed =
            |(created, is_stored): &(Result<_, _>, bool)| created.is_err() && *is_stored;
        assert!(outcomes.iter().any(is_committed), "{outcomes:?}");
        database.client().query(r#"DELETE FROM "User""#);
    }
}
