use std::collections::BTreeSet;
use std::io::Read;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use authstore::migration::StepState;
use authstore::{AuthStore, Error};
use authstore_test_databases::{Database, Kind, Needs, Proxy, Test, Traffic};

use crate::operations::{OPERATIONS, furnish};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for (name, test) in [
        (
            "migrations.eight_processes_take_each_step_once",
            eight_processes_take_each_step_once as fn(Kind),
        ),
        (
            "migrations.a_killed_process_leaves_what_the_next_run_finishes",
            a_killed_process_leaves_what_the_next_run_finishes,
        ),
        (
            "migrations.a_run_cut_anywhere_is_finished_by_the_next",
            a_run_cut_anywhere_is_finished_by_the_next,
        ),
        (
            "migrations.down_and_up_leaves_a_working_empty_schema",
            down_and_up_leaves_a_working_empty_schema,
        ),
    ] {
        tests.extend(Test::on(&Kind::SERVERS, Needs::Shared, name, test));
    }
    tests
}

/// Names the role that a copy of this program plays, and the database that it plays it on.
const ROLE: &str = "AUTHSTORE_TEST_ROLE";
const URL: &str = "AUTHSTORE_TEST_ROLE_URL";

/// What a copy of this program does; `None` in the program that runs the tests.
pub(crate) fn play() -> Option<ExitCode> {
    let role = std::env::var(ROLE).ok()?;
    let store = AuthStore::connect(&std::env::var(URL).expect("a URL")).expect("a store");
    match role.as_str() {
        "migrate" => {
            for step in store.migrate().expect("a schema") {
                println!("{}", step.version);
            }
        }
        "up and down" => {
            let migrator = store.migrator().expect("a migrator");
            println!("begin");
            loop {
                migrator.up().expect("a schema");
                migrator.down(usize::MAX).expect("no schema");
            }
        }
        "sign up and leave" => loop {
            let person = furnish(&store);
            store.delete_user(person.user).expect("a user");
        },
        other => panic!("there is no role {other}"),
    }
    Some(ExitCode::SUCCESS)
}

fn spawn(role: &str, database: &Database) -> Child {
    spawn_at(role, &database.url())
}

/// A copy of this program that plays a role on the database at this URL.
pub(crate) fn spawn_at(role: &str, url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .env(ROLE, role)
        .env(URL, url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Whether every step was taken, and the schema is as good as one that was made without interruption.
fn check(database: &Database, what: &str) {
    let store = AuthStore::connect(&database.url()).unwrap();
    store
        .migrate()
        .unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let status = store.migrator().unwrap().status().unwrap();
    assert!(
        status
            .iter()
            .all(|step| matches!(step.state, StepState::Applied { .. })),
        "{what}: {status:?}"
    );
    assert!(store.migrate().unwrap().is_empty(), "{what}");
    // A row in each table.
    let person = furnish(&store);
    assert!(store.delete_user(person.user).unwrap(), "{what}");
}

fn eight_processes_take_each_step_once(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let processes = [(); 8].map(|()| spawn("migrate", &database));
    let mut taken: Vec<i64> = Vec::new();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", output.status);
        let output = String::from_utf8(output.stdout).unwrap();
        taken.extend(output.lines().map(|line| line.parse::<i64>().unwrap()));
    }
    let once: BTreeSet<i64> = taken.iter().copied().collect();
    assert_eq!(taken.len(), once.len(), "{taken:?}");
    let store = AuthStore::connect(&database.url()).unwrap();
    let known = store.migrator().unwrap().series().migrations().len();
    assert_eq!(once.len(), known);
    check(&database, "after eight");
}

fn a_killed_process_leaves_what_the_next_run_finishes(kind: Kind) {
    let database = Database::new(kind).unwrap();
    for round in 0..12 {
        let mut process = spawn("up and down", &database);
        process
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut [0; 5])
            .unwrap();
        thread::sleep(Duration::from_millis(11 * round));
        process.kill().unwrap();
        process.wait().unwrap();
        check(&database, &format!("killed in round {round}"));
        let store = AuthStore::connect(&database.url()).unwrap();
        store.migrator().unwrap().down(usize::MAX).unwrap();
    }
}

/// Cuts the connection at the first answer, the second, and so on until a run comes through. To the server, it is what
/// the death of the program would be at that moment.
fn a_run_cut_anywhere_is_finished_by_the_next(kind: Kind) {
    let mut cuts = 0;
    for at in 1.. {
        let database = Database::new(kind).unwrap();
        let proxy = Proxy::to(database.server().host());
        let store = AuthStore::connect(&database.url_through(proxy.address())).unwrap();
        proxy.set(Traffic::CutAtAnswer(at));
        match store.migrate() {
            Ok(_) if proxy.is_waiting_to_cut() => break,
            // The last answer is to a farewell, or something was tried again.
            Ok(_) => {}
            Err(error) => {
                assert!(!matches!(error, Error::Invalid { .. }), "{error:?}");
                cuts += 1;
            }
        }
        check(&database, &format!("cut at answer {at}"));
    }
    // The lock and each step take some.
    assert!(cuts > 10, "{cuts}");
}

fn down_and_up_leaves_a_working_empty_schema(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store();
    furnish(&store);
    let migrator = store.migrator().unwrap();
    let steps = migrator.series().migrations().len();
    assert_eq!(migrator.down(usize::MAX).unwrap().len(), steps);
    assert_eq!(migrator.up().unwrap().len(), steps);
    let count = match kind {
        Kind::Postgres => r#"SELECT count(*) FROM "User""#,
        _ => "SELECT count(*) FROM `User`",
    };
    assert_eq!(database.client().query_one(count), "0");
    check(&database, "down and up");
    for operation in OPERATIONS {
        (operation.call)(&store, &furnish(&store))
            .unwrap_or_else(|error| panic!("{}: {error:?}", operation.name));
    }
}
