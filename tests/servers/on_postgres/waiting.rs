use std::error::Error as _;
use std::thread;
use std::time::{Duration, Instant};

use authstore::{AuthStore, Change, Error, NewUser, UserChanges};
use authstore_test_databases::{Database, Kind, Needs, Test, with_options};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for (name, test) in [
        (
            "waiting.lock_wait_is_limited",
            lock_wait_is_limited as fn(Kind),
        ),
        (
            "waiting.waiting_for_another_migration_ends",
            waiting_for_another_migration_ends,
        ),
        ("waiting.table_wait_is_limited", table_wait_is_limited),
        (
            "waiting.adoption_outlasts_the_limit_on_statements",
            adoption_outlasts_the_limit_on_statements,
        ),
    ] {
        tests.extend(Test::on(&[Kind::Postgres], Needs::Shared, name, test));
    }
    tests
}

/// Far more than any of the waits, and less than forever.
const NEVER_HANGS: Duration = Duration::from_secs(60);

#[track_caller]
fn assert_unavailable<T: std::fmt::Debug>(result: Result<T, Error>, start: Instant) {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert!(start.elapsed() < NEVER_HANGS);
}

fn lock_wait_is_limited(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store();
    let impatient = with_options(database.url(), "statement_timeout_ms=200");
    let impatient = AuthStore::connect(&impatient).unwrap();
    let user = store.create_user(NewUser::default()).unwrap();
    let mut other = database.client();
    other.query(r#"BEGIN; SELECT 1 FROM "User" FOR UPDATE"#);

    let changes = UserChanges {
        name: Change::set("Ada"),
        ..UserChanges::default()
    };
    let start = Instant::now();
    assert_unavailable(impatient.update_user(user.id, changes.clone()), start);

    other.query("COMMIT");
    assert_eq!(store.get_user(user.id).unwrap(), Some(user.clone()));
    store.update_user(user.id, changes).unwrap();
}

fn waiting_for_another_migration_ends(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = AuthStore::connect(&database.url()).unwrap();
    let migrator = store.migrator().unwrap();
    let mut other = database.client();
    let locked = other.query(include_str!("../../../sql/postgres/history/lock.sql"));
    assert_eq!(locked, [[Some("1".to_owned())]]);

    let impatient = migrator.with_lock_timeout(Duration::from_millis(100));
    let start = Instant::now();
    assert_unavailable(impatient.up(), start);

    drop(other);
    assert_eq!(store.migrate().unwrap().len(), 8);
}

fn table_wait_is_limited(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store();
    let mut other = database.client();
    other.query(r#"BEGIN; SELECT 1 FROM "Authenticator""#);

    let impatient = store
        .migrator()
        .unwrap()
        .with_lock_timeout(Duration::from_millis(100));
    let start = Instant::now();
    let error = impatient.down(1).unwrap_err();
    assert!(start.elapsed() < NEVER_HANGS);
    let cause = error.source().expect("a cause").to_string();
    assert!(cause.contains("lock timeout"), "{cause}");
    // Nothing was changed.
    assert!(store.migrate().unwrap().is_empty());

    other.query("COMMIT");
    assert_eq!(store.migrator().unwrap().down(1).unwrap().len(), 1);
}

/// To change a large table, or to wait for one that is in use, takes longer than an operation may.
fn adoption_outlasts_the_limit_on_statements(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store_with("statement_timeout_ms=300");
    let mut other = database.client();
    // As if it were someone else's table.
    other.query(r#"ALTER TABLE "User" ALTER "email" TYPE varchar(255)"#);
    other.query(r#"BEGIN; SELECT 1 FROM "User""#);
    let adopted = thread::scope(|scope| {
        let adopting = scope.spawn(|| store.migrator().expect("a migrator").adopt());
        thread::sleep(Duration::from_secs(3));
        other.query("COMMIT");
        adopting.join().expect("no panic")
    });
    assert!(!adopted.expect("adopted").is_empty());
}
