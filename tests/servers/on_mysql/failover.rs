use std::thread;
use std::time::{Duration, Instant};

use authstore::{AuthStore, NewUser, User};
use authstore_test_databases::{Client, Kind, Needs, Proxy, Server, Setup, Test, Traffic};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for (name, test) in [
        (
            "failover.the_next_host_takes_over",
            the_next_host_takes_over as fn(Kind),
        ),
        (
            "failover.connects_to_a_writable_host",
            connects_to_a_writable_host,
        ),
        (
            "failover.a_full_host_stays_in_use",
            a_full_host_stays_in_use,
        ),
        (
            "failover.a_host_without_the_database_is_skipped",
            a_host_without_the_database_is_skipped,
        ),
    ] {
        tests.extend(Test::on(
            &Kind::MYSQL_AND_MARIADB,
            Needs::Container,
            name,
            test,
        ));
    }
    tests
}

/// Much longer than any timeout in the URL.
const NEVER_HANGS: Duration = Duration::from_secs(60);

/// A server with the schema and a user to whom `read_only` applies, unlike root.
fn primary(kind: Kind) -> (Server, Client) {
    let server = Server::start(kind, &Setup::default()).unwrap();
    let mut client = server.client().unwrap();
    client.query("CREATE DATABASE auth");
    client.query("CREATE USER app@'%' IDENTIFIED BY 'pw'");
    client.query("GRANT ALL ON auth.* TO app@'%'");
    authstore_test_databases::store(&server.url("auth"));
    (server, client)
}

fn knows(client: &mut Client, user: &User) -> bool {
    client.query_one(&format!(
        "SELECT COUNT(*) FROM auth.`User` WHERE id = '{}'",
        user.id
    )) == "1"
}

fn sign_up(store: &AuthStore) -> User {
    store.create_user(NewUser::default()).unwrap()
}

fn the_next_host_takes_over(kind: Kind) {
    let (server_a, mut a) = primary(kind);
    let (server_b, mut b) = primary(kind);
    let (to_a, to_b) = (Proxy::to(server_a.host()), Proxy::to(server_b.host()));
    let url = format!(
        "mysql://app:pw@{},{}/auth?connect_timeout_ms=3000&statement_timeout_ms=3000&pool_size=2",
        to_a.address(),
        to_b.address()
    );
    // On a busy machine, the first host may once answer so late that the next one is tried, too.
    let stores: Vec<AuthStore> = (0..8)
        .map(|_| AuthStore::connect(&url).unwrap())
        .filter(|store| knows(&mut a, &sign_up(store)))
        .collect();
    assert!(stores.len() >= 7, "hosts are tried in order");
    let store = stores.into_iter().next().unwrap();

    // Demoted: a write moves to the next host, and reads follow.
    a.query("SET GLOBAL read_only = 1");
    let ada = sign_up(&store);
    assert!(knows(&mut b, &ada));
    assert!(store.get_user(ada.id).unwrap().is_some());

    // The same for a transaction, on the connections that other operations use too.
    a.query("SET GLOBAL read_only = 0");
    b.query("SET GLOBAL read_only = 1");
    let create = |tx: &authstore::Transaction| tx.create_user(NewUser::default());
    assert!(knows(&mut a, &store.transaction(create).unwrap()));
    a.query("SET GLOBAL read_only = 1");
    b.query("SET GLOBAL read_only = 0");
    assert!(knows(&mut b, &store.transaction(create).unwrap()));

    // All are read-only, as during a failover: the error is retryable.
    b.query("SET GLOBAL read_only = 1");
    let error = store.create_user(NewUser::default()).unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    a.query("SET GLOBAL read_only = 0");
    assert!(knows(&mut a, &sign_up(&store)));

    // Frozen: it accepts connections but does not answer.
    b.query("SET GLOBAL read_only = 0");
    to_a.set(Traffic::Held);
    let start = Instant::now();
    let user = loop {
        match store.create_user(NewUser::default()) {
            Ok(user) => break user,
            Err(error) => assert!(start.elapsed() < NEVER_HANGS, "{error:?}"),
        }
    };
    println!(
        "{kind}: {:?} until the next host took over",
        start.elapsed()
    );
    assert!(knows(&mut b, &user));
    // The same for a program that starts now.
    assert!(knows(&mut b, &sign_up(&AuthStore::connect(&url).unwrap())));

    // Down.
    to_a.set(Traffic::Passes);
    to_b.close();
    let start = Instant::now();
    let user = loop {
        match store.create_user(NewUser::default()) {
            Ok(user) => break user,
            Err(error) => assert!(start.elapsed() < NEVER_HANGS, "{error:?}"),
        }
        thread::sleep(Duration::from_millis(10));
    };
    assert!(knows(&mut a, &user));
}

fn connects_to_a_writable_host(kind: Kind) {
    let (server_a, mut a) = primary(kind);
    let (server_b, mut b) = primary(kind);
    let (to_a, to_b) = (Proxy::to(server_a.host()), Proxy::to(server_b.host()));
    // With the default limits, a host that does not answer has ten seconds.
    let open = || {
        AuthStore::connect(&format!(
            "mysql://app:pw@{},{}/auth",
            to_a.address(),
            to_b.address()
        ))
    };

    // A replica: its rows may be outdated, so it is not used for reads either.
    a.query("SET GLOBAL read_only = 1");
    let on_b = sign_up(&open().unwrap());
    assert!(knows(&mut b, &on_b));
    assert!(open().unwrap().get_user(on_b.id).unwrap().is_some());

    // Frozen: the pool's timeout is shorter than that of a connection.
    a.query("SET GLOBAL read_only = 0");
    to_a.set(Traffic::Held);
    let user = sign_up(&open().unwrap());
    assert!(knows(&mut b, &user));

    // Only a replica is left: it can be read.
    to_a.set(Traffic::Passes);
    a.query("SET GLOBAL read_only = 1");
    to_b.close();
    let store = open().unwrap();
    assert_eq!(store.get_user(on_b.id).unwrap(), None);
    let error = store.create_user(NewUser::default()).unwrap_err();
    assert!(error.is_retryable(), "{error:?}");

    // It is promoted.
    a.query("SET GLOBAL read_only = 0");
    assert!(knows(&mut a, &sign_up(&store)));
}

/// The primary has no room for a second connection, and the other host is a replica.
fn a_full_host_stays_in_use(kind: Kind) {
    let (server_a, mut a) = primary(kind);
    let (server_b, mut b) = primary(kind);
    a.query("ALTER USER app@'%' WITH MAX_USER_CONNECTIONS 1");
    b.query("SET GLOBAL read_only = 1");
    let url = format!(
        "mysql://app:pw@{},{}/auth?pool_size=2&checkout_timeout_ms=3000",
        server_a.host(),
        server_b.host()
    );
    let store = AuthStore::connect(&url).unwrap();
    let ada = sign_up(&store);
    let bob = store
        .transaction(|tx| {
            let error = store.get_user(ada.id).unwrap_err();
            assert!(error.is_retryable(), "{error:?}");
            assert!(
                error.to_string().contains("max_user_connections"),
                "{error}"
            );
            tx.create_user(NewUser::default())
        })
        .unwrap();
    assert!(knows(&mut a, &bob));
    assert!(store.get_user(ada.id).unwrap().is_some());
}

fn a_host_without_the_database_is_skipped(kind: Kind) {
    let (server_a, mut a) = primary(kind);
    let (server_b, mut b) = primary(kind);
    let to_b = Proxy::to(server_b.host());
    let open = |password: &str| {
        AuthStore::connect(&format!(
            "mysql://app:{password}@{},{}/auth",
            server_a.host(),
            to_b.address()
        ))
    };
    a.query("DROP DATABASE auth");
    assert!(knows(&mut b, &sign_up(&open("pw").unwrap())));

    // A wrong password is wrong on the other hosts too.
    let connections = to_b.connections();
    let error = open("wrong").unwrap_err();
    assert!(error.to_string().contains("Access denied"), "{error}");
    assert_eq!(to_b.connections(), connections);

    // No host has it, so trying again would not help.
    b.query("DROP DATABASE auth");
    let start = Instant::now();
    let error = open("pw").unwrap_err();
    assert!(!error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains("Unknown database"), "{error}");
    assert!(start.elapsed() < NEVER_HANGS);
}
