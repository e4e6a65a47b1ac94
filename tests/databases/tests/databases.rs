//! Tests of the test databases: each test gets its own database, and nothing is left behind.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use authstore_test_databases::{
    Client, Database, Kind, Needs, Proxy, Server, Setup, Test, Traffic, run,
};

/// Set in the copy of this program that is killed.
const VICTIM: &str = "AUTHSTORE_TEST_VICTIM";

fn main() -> ExitCode {
    if std::env::var_os(VICTIM).is_some() {
        return victim();
    }
    let mut tests = Vec::new();
    tests.extend(Test::on(
        &Kind::ALL,
        Needs::Shared,
        "each_database_is_new",
        each_database_is_new,
    ));
    tests.extend(Test::on(
        &Kind::SERVERS,
        Needs::Shared,
        "a_database_is_dropped_with_connections_open",
        a_database_is_dropped_with_connections_open,
    ));
    tests.extend(Test::on(
        &Kind::SERVERS,
        Needs::Shared,
        "a_proxy_counts_round_trips",
        a_proxy_counts_round_trips,
    ));
    tests.extend(Test::on(
        &Kind::SERVERS,
        Needs::Shared,
        "proxy_cuts_before_requests_and_answers",
        proxy_cuts_before_requests_and_answers,
    ));
    tests.extend(Test::on(
        &Kind::SERVERS,
        Needs::Container,
        "a_durable_server_keeps_what_was_committed",
        a_durable_server_keeps_what_was_committed,
    ));
    tests.extend(Test::on(
        &[Kind::Postgres],
        Needs::Container,
        "a_killed_process_leaves_no_container",
        |_| a_killed_process_leaves_no_container(),
    ));
    run(tests)
}

fn each_database_is_new(kind: Kind) {
    let one = Database::new(kind).unwrap();
    let two = Database::new(kind).unwrap();
    if kind == Kind::SqliteMemory {
        assert_eq!(one.url(), "sqlite::memory:");
        return;
    }
    assert_ne!(one.url(), two.url());
    if kind == Kind::SqliteFile {
        let path = one.url().strip_prefix("sqlite:").unwrap().to_owned();
        std::fs::write(&path, "").unwrap();
        drop(one);
        assert!(!std::path::Path::new(&path).exists());
        return;
    }
    one.client().query("CREATE TABLE t (x int)");
    two.client().query("CREATE TABLE t (x int)");
    let server = one.server().clone();
    let url = one.url();
    drop(one);
    assert!(Client::connect(&url).is_err());
    assert!(server.client().is_ok());
    two.client().query("SELECT * FROM t");
}

fn a_database_is_dropped_with_connections_open(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let mut open = database.client();
    open.query("CREATE TABLE t (x int)");
    open.query("BEGIN");
    open.query("INSERT INTO t VALUES (1)");
    let url = database.url();
    drop(database);
    assert!(Client::connect(&url).is_err());
    assert!(open.try_query("SELECT * FROM t").is_err());
}

fn a_proxy_counts_round_trips(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let proxy = Proxy::to(database.server().host());
    let mut client = Client::connect(&database.url_through(proxy.address())).unwrap();
    assert_eq!((proxy.connections(), proxy.open()), (1, 1));
    let before = proxy.round_trips();
    assert!(before >= 1);
    client.query("SELECT 1");
    assert_eq!(proxy.round_trips() - before, 1);
    // A long request and a long answer are split into many segments.
    let long = "x".repeat(1 << 20);
    assert_eq!(client.query_one(&format!("SELECT '{long}'")), long);
    assert_eq!(proxy.round_trips() - before, 2);
    proxy.cut();
    assert!(client.try_query("SELECT 1").is_err());
}

fn proxy_cuts_before_requests_and_answers(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let mut direct = database.client();
    direct.query("CREATE TABLE t (x int)");
    let proxy = Proxy::to(database.server().host());
    let url = database.url_through(proxy.address());
    let mut client = Client::connect(&url).unwrap();
    proxy.set(Traffic::CutAtRequest(1));
    assert!(client.try_query("INSERT INTO t VALUES (1)").is_err());
    assert_eq!(direct.query_one("SELECT count(*) FROM t"), "0");
    let mut client = Client::connect(&url).unwrap();
    proxy.set(Traffic::CutAtAnswer(1));
    assert!(client.try_query("INSERT INTO t VALUES (1)").is_err());
    assert_eq!(direct.query_one("SELECT count(*) FROM t"), "1");
    proxy.set(Traffic::Refused);
    assert!(Client::connect(&url).is_err());
    proxy.set(Traffic::Passes);
    assert!(Client::connect(&url).is_ok());
}

fn a_durable_server_keeps_what_was_committed(kind: Kind) {
    let setup = Setup {
        durable: true,
        ..Setup::default()
    };
    let server = Arc::new(Server::start(kind, &setup).unwrap());
    let database = Database::on(&server).unwrap();
    database.client().query("CREATE TABLE t (x int)");
    database.client().query("INSERT INTO t VALUES (1)");
    server.crash().unwrap();
    database.client().query("INSERT INTO t VALUES (2)");
    server.restart().unwrap();
    assert_eq!(database.client().query_one("SELECT count(*) FROM t"), "2");
    let mut client = database.client();
    server.pause().unwrap();
    let asked = thread::spawn(move || client.query_one("SELECT 1"));
    thread::sleep(Duration::from_millis(200));
    assert!(!asked.is_finished());
    server.unpause().unwrap();
    assert_eq!(asked.join().unwrap(), "1");
}

/// Starts a server, prints the name of its container, and waits to be killed.
fn victim() -> ExitCode {
    let server = Server::start(Kind::Postgres, &Setup::default()).unwrap();
    println!("{}", server.container_name().unwrap());
    thread::sleep(Duration::from_secs(600));
    ExitCode::FAILURE
}

fn a_killed_process_leaves_no_container() {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut name = String::new();
    BufReader::new(victim.stdout.take().unwrap())
        .read_line(&mut name)
        .unwrap();
    let is_there = || {
        let output = Command::new("docker")
            .args(["ps", "--all", "--quiet", "--filter"])
            .arg(format!("name={}", name.trim()))
            .output()
            .unwrap();
        assert!(output.status.success());
        !output.stdout.is_empty()
    };
    assert!(name.starts_with("authstore-test-"), "{name:?}");
    assert!(is_there());
    victim.kill().unwrap();
    victim.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while is_there() {
        assert!(
            Instant::now() < deadline,
            "the container {name} still exists"
        );
        thread::sleep(Duration::from_millis(100));
    }
}
