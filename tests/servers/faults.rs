use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use authstore::{AuthStore, Error, NewAccount, NewUser};
use authstore_test_databases::{
    Database, Kind, Needs, Proxy, Server, Setup, Test, Traffic, store, with_options,
};
use uuid::Uuid;

use crate::operations::{OPERATIONS, seed};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for (name, needs, test) in [
        (
            "faults.restart_under_load_loses_nothing",
            Needs::Container,
            restart_under_load_loses_nothing as fn(Kind),
        ),
        (
            "faults.waiting_for_a_paused_server_ends",
            Needs::Container,
            waiting_for_a_paused_server_ends,
        ),
        (
            "faults.killed_idle_connections_go_unnoticed",
            Needs::Shared,
            killed_idle_connections_go_unnoticed,
        ),
        (
            "faults.exhausted_pool_times_out",
            Needs::Shared,
            exhausted_pool_times_out,
        ),
        (
            "faults.failed_operations_leak_no_connection",
            Needs::Shared,
            failed_operations_leak_no_connection,
        ),
        (
            "faults.a_connection_cut_before_a_request_arrives",
            Needs::Shared,
            a_connection_cut_before_a_request_arrives,
        ),
        (
            "faults.a_connection_cut_before_an_answer_arrives",
            Needs::Shared,
            a_connection_cut_before_an_answer_arrives,
        ),
    ] {
        tests.extend(Test::on(&Kind::SERVERS, needs, name, test));
    }
    tests.extend(Test::on(
        &Kind::MYSQL_AND_MARIADB,
        Needs::Shared,
        "faults.an_unsent_statement_is_not_sent_again",
        an_unsent_statement_is_not_sent_again,
    ));
    tests
}

/// The limit for "never hangs": much more than any timeout that a test sets.
pub(crate) const NEVER_HANGS: Duration = Duration::from_secs(60);

fn user(id: Uuid) -> NewUser {
    NewUser {
        id: Some(id),
        email: Some(format!("{id}@example.org")),
        ..NewUser::default()
    }
}

fn is_fault(error: &Error) -> bool {
    matches!(
        error,
        Error::Unavailable { .. } | Error::OutcomeUnknown { .. }
    )
}

fn restart_under_load_loses_nothing(kind: Kind) {
    let setup = Setup {
        durable: true,
        ..Setup::default()
    };
    let server = Arc::new(Server::start(kind, &setup).unwrap());
    let database = Database::on(&server).unwrap();
    let store = database.store_with("checkout_timeout_ms=3000&connect_timeout_ms=3000");
    let acknowledged = Mutex::new(Vec::new());
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let id = Uuid::now_v7();
                    match store.create_user(user(id)) {
                        Ok(_) => acknowledged.lock().unwrap().push(id),
                        Err(error) => {
                            assert!(is_fault(&error), "{error:?}");
                            thread::sleep(Duration::from_millis(5));
                        }
                    }
                    if let Err(error) = store.get_user(id) {
                        assert!(is_fault(&error), "{error:?}");
                    }
                }
            });
        }
        let work = || {
            let before = acknowledged.lock().unwrap().len();
            let deadline = Instant::now() + NEVER_HANGS;
            while acknowledged.lock().unwrap().len() < before + 100 {
                assert!(Instant::now() < deadline, "the store does not recover");
                thread::sleep(Duration::from_millis(10));
            }
        };
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            work();
            server.restart().unwrap();
            work();
            server.crash().unwrap();
            work();
        }));
        over.store(true, Ordering::Relaxed);
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    let there: std::collections::HashSet<String> = database
        .client()
        .query(match kind {
            Kind::Postgres => r#"SELECT id FROM "User""#,
            _ => "SELECT id FROM `User`",
        })
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    for id in &acknowledged {
        assert!(there.contains(&id.to_string()), "{id} is lost");
    }
}

fn waiting_for_a_paused_server_ends(kind: Kind) {
    let server = Arc::new(Server::start(kind, &Setup::default()).unwrap());
    let database = Database::on(&server).unwrap();
    let store = database.store_with(
        "pool_size=2&checkout_timeout_ms=3000&connect_timeout_ms=3000&statement_timeout_ms=1000",
    );
    let person = seed(&store);
    server.pause().unwrap();
    let start = Instant::now();
    let read = store.get_user(person.user);
    let id = Uuid::now_v7();
    let write = store.create_user(user(id));
    let took = start.elapsed();
    server.unpause().unwrap();
    assert!(matches!(read, Err(Error::Unavailable { .. })), "{read:?}");
    assert!(write.as_ref().is_err_and(is_fault), "{write:?}");
    // Two waits, each for a statement, a ping or a new connection, with some retries.
    assert!(took < NEVER_HANGS, "{took:?}");
    let deadline = Instant::now() + NEVER_HANGS;
    while let Err(error) = store.get_user(person.user) {
        assert!(is_fault(&error), "{error:?}");
        assert!(Instant::now() < deadline, "{error:?}");
    }
    if matches!(write, Err(Error::Unavailable { .. })) {
        // The error means that nothing was written. If it was, the server may still be executing it.
        thread::sleep(Duration::from_millis(500));
        assert_eq!(store.get_user(id).unwrap(), None);
    }
}

/// Ends all other sessions on a database, and returns when they have ended.
pub(crate) fn kill_sessions(database: &Database) -> usize {
    let mut admin = database.server().client().unwrap();
    let name = database.name();
    let is_postgres = database.kind() == Kind::Postgres;
    let list = if is_postgres {
        format!("SELECT pid FROM pg_stat_activity WHERE datname = '{name}'")
    } else {
        format!("SELECT id FROM information_schema.processlist WHERE db = '{name}'")
    };
    let sessions: Vec<String> = admin.query(&list).into_iter().flatten().flatten().collect();
    for id in &sessions {
        // It may have ended on its own.
        let _ = admin.try_query(&if is_postgres {
            format!("SELECT pg_terminate_backend({id})")
        } else {
            format!("KILL {id}")
        });
    }
    let deadline = Instant::now() + NEVER_HANGS;
    while !admin.query(&list).is_empty() {
        assert!(Instant::now() < deadline, "sessions do not end");
        thread::sleep(Duration::from_millis(1));
    }
    sessions.len()
}

fn killed_idle_connections_go_unnoticed(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store_with("pool_size=1");
    for operation in OPERATIONS {
        let person = seed(&store);
        // Immediately, so that the connection is not pinged. The server's last message has arrived by then.
        assert!(kill_sessions(&database) > 0);
        thread::sleep(Duration::from_millis(100));
        (operation.call)(&store, &person)
            .unwrap_or_else(|error| panic!("{}: {error:?}", operation.name));
    }
}

fn exhausted_pool_times_out(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store =
        database.store_with("pool_size=1&checkout_timeout_ms=2000&statement_timeout_ms=30000");
    let person = seed(&store);
    let mut holder = database.client();
    match kind {
        Kind::Postgres => {
            holder.query(r#"BEGIN; LOCK TABLE "User" IN ACCESS EXCLUSIVE MODE"#);
        }
        _ => {
            holder.query("LOCK TABLES `User` WRITE");
        }
    }
    thread::scope(|scope| {
        let waiting = scope.spawn(|| store.get_user(person.user));
        // Wait until it has the connection.
        let deadline = Instant::now() + NEVER_HANGS;
        let mut refused = 0;
        while refused < 2 {
            assert!(Instant::now() < deadline, "no call times out");
            let start = Instant::now();
            match store.ping() {
                Ok(()) => {}
                Err(error) => {
                    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
                    assert!(start.elapsed() >= Duration::from_millis(1_900));
                    assert!(start.elapsed() < NEVER_HANGS);
                    refused += 1;
                }
            }
        }
        assert!(!waiting.is_finished());
        holder.query(match kind {
            Kind::Postgres => "COMMIT",
            _ => "UNLOCK TABLES",
        });
        assert!(waiting.join().unwrap().unwrap().is_some());
    });
    for _ in 0..20 {
        assert!(store.get_user(person.user).unwrap().is_some());
    }
}

fn failed_operations_leak_no_connection(kind: Kind) {
    const POOL: usize = 2;
    let database = Database::new(kind).unwrap();
    let proxy = Proxy::to(database.server().host());
    let store = store(&with_options(
        database.url_through(proxy.address()),
        &format!("pool_size={POOL}&checkout_timeout_ms=5000"),
    ));
    let person = seed(&store);
    let taken = NewUser {
        email: Some(format!("{}@example.org", person.key)),
        ..NewUser::default()
    };
    for round in 0..1_000 {
        let error = match round % 4 {
            0 => store.create_user(taken.clone()).unwrap_err(),
            1 => store
                .update_user(Uuid::now_v7(), authstore::UserChanges::default())
                .unwrap_err(),
            2 => store
                .link_account(
                    Uuid::now_v7(),
                    authstore::NewAccount::new("oauth", "x", "y"),
                )
                .unwrap_err(),
            _ => store
                .create_user_with_account(
                    NewUser::default(),
                    authstore::NewAccount::new("oauth", "github", &person.key),
                )
                .unwrap_err(),
        };
        assert!(
            matches!(error, Error::Conflict { .. } | Error::NotFound { .. }),
            "{error:?}"
        );
        // A call that fails with its connection must not leak its place in the pool.
        if round % 50 == 49 {
            proxy.cut();
            let _ = store.get_user(person.user);
        }
    }
    assert!(proxy.open() <= POOL, "{} are open", proxy.open());
    // All connections of the pool are still available concurrently.
    thread::scope(|scope| {
        for _ in 0..POOL {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert!(store.get_user(person.user).unwrap().is_some());
                }
            });
        }
    });
    assert!(proxy.open() <= POOL, "{} are open", proxy.open());
}

/// A store whose only connection goes through a proxy, and a direct store.
pub(crate) fn behind_a_proxy(kind: Kind) -> (AuthStore, AuthStore, Proxy, Database) {
    let database = Database::new(kind).unwrap();
    let proxy = Proxy::to(database.server().host());
    let beside = database.store();
    let store = store(&with_options(
        database.url_through(proxy.address()),
        "pool_size=1",
    ));
    (store, beside, proxy, database)
}

fn a_connection_cut_before_a_request_arrives(kind: Kind) {
    let (store, beside, proxy, _database) = behind_a_proxy(kind);
    for operation in OPERATIONS {
        (operation.call)(&store, &seed(&beside)).unwrap();
        let person = seed(&beside);
        proxy.set(Traffic::CutAtRequest(1));
        match (operation.call)(&store, &person) {
            Ok(()) => {}
            Err(error) => {
                assert!(operation.writes, "{}: {error:?}", operation.name);
                assert!(is_fault(&error), "{}: {error:?}", operation.name);
                // Nothing has arrived, so it can be done again.
                (operation.call)(&store, &person)
                    .unwrap_or_else(|error| panic!("{} again: {error:?}", operation.name));
            }
        }
        proxy.set(Traffic::Passes);
    }
}

fn a_connection_cut_before_an_answer_arrives(kind: Kind) {
    let (store, beside, proxy, _database) = behind_a_proxy(kind);
    for operation in OPERATIONS {
        // MySQL writes in up to four round trips: interrupt each of them.
        for answer in 1..=4 {
            // With prepared statements, so that the answers are those of the operation.
            (operation.call)(&store, &seed(&beside)).unwrap();
            let person = seed(&beside);
            proxy.set(Traffic::CutAtAnswer(answer));
            let result = (operation.call)(&store, &person);
            proxy.set(Traffic::Passes);
            let Err(error) = result else { continue };
            assert!(operation.writes, "{}: {error:?}", operation.name);
            assert!(is_fault(&error), "{}: {error:?}", operation.name);
            if matches!(error, Error::Unavailable { .. }) {
                // Nothing was written, so it can be done again.
                (operation.call)(&store, &person)
                    .unwrap_or_else(|error| panic!("{} again: {error:?}", operation.name));
            }
        }
    }
    // If the only answer of a write is lost, its outcome is unknown.
    let id = Uuid::now_v7();
    store.create_user(NewUser::default()).unwrap();
    proxy.set(Traffic::CutAtAnswer(1));
    let result = store.create_user(user(id));
    assert!(
        matches!(result, Err(Error::OutcomeUnknown { .. })),
        "{result:?}"
    );
    assert!(beside.get_user(id).unwrap().is_some());
}

/// A statement that no buffer has room for, on a connection that takes nothing any more.
fn an_unsent_statement_is_not_sent_again(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let proxy = Proxy::to(database.server().host());
    let url = with_options(
        database.url_through(proxy.address()),
        "statement_timeout_ms=1000&pool_size=1",
    );
    let store = store(&url);
    let ada = store.create_user(NewUser::default()).unwrap();
    // Prepares the statement.
    let small = NewAccount::new("oauth", "github", "0");
    store.link_account(ada.id, small).unwrap();
    let text = || Some("x".repeat(1_048_576));
    let account = NewAccount {
        refresh_token: text(),
        access_token: text(),
        token_type: text(),
        scope: text(),
        id_token: text(),
        session_state: text(),
        oauth_token: text(),
        oauth_token_secret: text(),
        ..NewAccount::new("oauth", "github", "1")
    };
    let mut failed = None;
    let error = store
        .transaction(|tx| {
            proxy.set(Traffic::Held);
            let linked = tx.link_account(ada.id, account.clone());
            failed = Some(Instant::now());
            linked
        })
        .unwrap_err();
    assert!(is_fault(&error), "{error:?}");
    // The driver would wait for three seconds again when it is dropped.
    let dropping = failed.unwrap().elapsed();
    assert!(dropping < Duration::from_millis(2_800), "{dropping:?}");
}
