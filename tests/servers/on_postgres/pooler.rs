//! PgBouncer between the store and the server.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use authstore::migration::{Migration, MigrationError, Series, StepState};
use authstore::{AuthStore, Change, Constraint, Error, NewUser, UserChanges};
use authstore_test_databases::{
    Database, Kind, Needs, PgBouncer, Pooler, Proxy, Test, store, with_options,
};

use crate::migrations::spawn_at;
use crate::operations::{OPERATIONS, seed};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for (name, test) in [
        (
            "pooler.reads_delete_nothing",
            reads_delete_nothing as fn(Kind),
        ),
        (
            "pooler.operations_work_with_stock_settings",
            operations_work_with_stock_settings,
        ),
        (
            "pooler.operations_are_one_round_trip",
            operations_are_one_round_trip,
        ),
        (
            "pooler.settings_of_others_change_nothing",
            settings_of_others_change_nothing,
        ),
        (
            "pooler.statement_mode_is_rejected_with_remedy",
            statement_mode_is_rejected_with_remedy,
        ),
        (
            "pooler.named_statements_need_separate_names",
            named_statements_need_separate_names,
        ),
        (
            "pooler.types_are_not_looked_up_by_name",
            types_are_not_looked_up_by_name,
        ),
        (
            "pooler.eight_processes_migrate_at_once",
            eight_processes_migrate_at_once,
        ),
        (
            "pooler.failed_step_keeps_earlier_steps",
            failed_step_keeps_earlier_steps,
        ),
        (
            "pooler.step_that_ends_the_run_hides_no_earlier_step",
            step_that_ends_the_run_hides_no_earlier_step,
        ),
        (
            "pooler.waiting_for_locks_of_others_ends",
            waiting_for_locks_of_others_ends,
        ),
        (
            "pooler.each_parameter_needs_a_value",
            each_parameter_needs_a_value,
        ),
        (
            "pooler.write_that_reached_no_server_is_unavailable",
            write_that_reached_no_server_is_unavailable,
        ),
    ] {
        tests.extend(Test::on(&[Kind::Postgres], Needs::Pooler, name, test));
    }
    tests
}

const TRANSACTION: &str = "pool_mode = transaction";

fn pooler(version: PgBouncer, database: &Database, settings: &[&str]) -> Pooler {
    Pooler::start(version, database.server(), settings).unwrap()
}

/// Each process numbers the names of its statements. Behind a pooler that forwards names, another process's `s3` was
/// executed with our parameters: reads deleted users.
fn reads_delete_nothing(kind: Kind) {
    let cases: [(PgBouncer, &[&str]); 2] = [
        (PgBouncer::Old, &[TRANSACTION, "default_pool_size = 2"]),
        (
            PgBouncer::Recent,
            &[
                TRANSACTION,
                "default_pool_size = 2",
                "max_prepared_statements = 0",
            ],
        ),
    ];
    for (version, settings) in cases {
        let database = Database::new(kind).unwrap();
        let pooler = pooler(version, &database, settings);
        let url = pooler.url(database.name());
        let store = store(&url);
        let people: Vec<_> = (0..20).map(|_| seed(&store)).collect();
        let mut other = spawn_at("sign up and leave", &url);
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(3) {
            for person in &people {
                let user = store.get_user(person.user).unwrap();
                assert_eq!(user.map(|user| user.id), Some(person.user), "{version:?}");
                let found = store.get_session_and_user(&person.key).unwrap();
                let user = found.map(|(session, _)| session.user_id);
                assert_eq!(user, Some(person.user), "{version:?}");
            }
        }
        let ended = other.try_wait().unwrap();
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(ended, None, "{version:?}: the other process failed");
    }
}

fn operations_work_with_stock_settings(kind: Kind) {
    let cases: [(PgBouncer, &[&str]); 6] = [
        (PgBouncer::Old, &["pool_mode = session"]),
        (PgBouncer::Old, &[TRANSACTION]),
        (PgBouncer::Recent, &["pool_mode = session"]),
        (PgBouncer::Recent, &[TRANSACTION]),
        (
            PgBouncer::Recent,
            &[TRANSACTION, "max_prepared_statements = 0"],
        ),
        (
            PgBouncer::Recent,
            &[
                TRANSACTION,
                "server_reset_query = DISCARD ALL",
                "server_reset_query_always = 1",
            ],
        ),
    ];
    let database = Database::new(kind).unwrap();
    for (version, settings) in cases {
        let pooler = pooler(version, &database, settings);
        let store = store(&pooler.url(database.name()));
        for operation in OPERATIONS {
            for _ in 0..2 {
                let person = seed(&store);
                if let Err(error) = (operation.call)(&store, &person) {
                    panic!("{version:?} {settings:?}: {}: {error:?}", operation.name);
                }
            }
        }
    }
}

fn operations_are_one_round_trip(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let pooler = pooler(PgBouncer::Old, &database, &[TRANSACTION]);
    let beside = store(&pooler.url(database.name()));
    let proxy = Proxy::to(pooler.address().to_string());
    let url = with_options(database.url_through(proxy.address()), "pool_size=1");
    let store = store(&url);
    for operation in OPERATIONS {
        // On a busy machine, the pool may ping first.
        let counts: Vec<u64> = (0..5)
            .map(|_| {
                let person = seed(&beside);
                store.ping().unwrap();
                let before = proxy.round_trips();
                (operation.call)(&store, &person).unwrap();
                proxy.round_trips() - before
            })
            .collect();
        assert_eq!(counts.iter().min(), Some(&1), "{}", operation.name);
    }
}

fn settings_of_others_change_nothing(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let pooler = pooler(
        PgBouncer::Old,
        &database,
        &[TRANSACTION, "default_pool_size = 1"],
    );
    let store = store(&pooler.url(database.name()));
    let mut other = pooler.client(database.name()).unwrap();
    // This client's settings stay in the only session, which the store uses next.
    for setting in [
        "session_replication_role = replica",
        "default_transaction_read_only = on",
        "default_transaction_isolation = serializable",
        "statement_timeout = '10s'",
        "lock_timeout = '1ms'",
        "\"TimeZone\" = 'Pacific/Apia'",
        "\"DateStyle\" = 'SQL, DMY'",
        "synchronous_commit = off",
        "transform_null_equals = on",
        "exit_on_error = on",
    ] {
        other.query(&format!("SET {setting}"));
    }
    let person = seed(&store);
    let error = store
        .create_user(NewUser {
            email: Some(format!("{}@example.org", person.key)),
            ..NewUser::default()
        })
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Conflict {
                constraint: Constraint::UserEmail,
                ..
            }
        ),
        "{error:?}"
    );
    // With the role `replica` no foreign key would cascade.
    assert!(store.delete_user(person.user).unwrap());
    assert_eq!(store.get_session_and_user(&person.key).unwrap(), None);
    let left = database
        .client()
        .query_one(r#"SELECT count(*) FROM "Session""#);
    assert_eq!(left, "0");
    // Nor do its user, its search path and its temporary tables.
    let foreign = format!("{}_other", database.name());
    database.client().query(&format!(
        r#"CREATE SCHEMA "elsewhere"; CREATE ROLE {foreign};
           CREATE TABLE "elsewhere"."User" (LIKE "User" INCLUDING ALL)"#
    ));
    other.query("SET default_transaction_read_only = off");
    for leftover in [
        "SET search_path = elsewhere".to_owned(),
        r#"CREATE TEMPORARY TABLE "Account" (LIKE public."Account" INCLUDING ALL)"#.to_owned(),
        format!("SET ROLE {foreign}"),
    ] {
        other.query(&leftover);
        let person = seed(&store);
        let found = store.get_user_by_account("github", &person.key).unwrap();
        assert_eq!(found.map(|user| user.id), Some(person.user), "{leftover}");
        let written = database.client().query_one(&format!(
            r#"SELECT count(*) FROM public."User" AS u JOIN public."Account" AS a ON a."userId" = u."id"
               WHERE u."id" = '{}'"#,
            person.user
        ));
        assert_eq!(written, "1", "{leftover}");
    }
    other.query(&format!("RESET ROLE; DROP ROLE {foreign}"));
    // And ours stay within our transactions.
    let role = other.query_one("SHOW session_replication_role");
    assert_eq!(role, "replica");
}

fn statement_mode_is_rejected_with_remedy(kind: Kind) {
    let database = Database::new(kind).unwrap();
    for version in PgBouncer::ALL {
        let pooler = pooler(version, &database, &["pool_mode = statement"]);
        let error = AuthStore::connect(&pooler.url(database.name())).unwrap_err();
        assert!(matches!(error, Error::Backend { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("statement pooling mode"), "{text}");
        assert!(text.contains("pool_mode"), "{text}");
    }
}

fn named_statements_need_separate_names(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let keeps_apart = pooler(PgBouncer::Recent, &database, &[TRANSACTION]);
    let url = |pooler: &Pooler| with_options(pooler.url(database.name()), "prepare=always");
    let store = store(&url(&keeps_apart));
    for operation in OPERATIONS {
        let person = seed(&store);
        (operation.call)(&store, &person).unwrap_or_else(|error| {
            panic!("{}: {error:?}", operation.name);
        });
    }
    let mut client = keeps_apart.client(database.name()).unwrap();
    let named = client.query_one("SELECT count(*) FROM pg_prepared_statements");
    assert_ne!(named, "0");

    let passes_on = pooler(PgBouncer::Old, &database, &[TRANSACTION]);
    let error = AuthStore::connect(&url(&passes_on)).unwrap_err();
    assert!(error.to_string().contains("prepare=auto"), "{error}");
}

/// To read a column whose type is not built in, the driver always names a statement.
fn types_are_not_looked_up_by_name(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store();
    let pooler = pooler(
        PgBouncer::Old,
        &database,
        &[TRANSACTION, "default_pool_size = 1"],
    );
    let url = pooler.url(database.name());
    let mut client = database.client();
    client.query("CREATE DOMAIN address AS text");

    // In the application's SQL: the connection is dropped, and the names with it.
    let shared = AuthStore::connect(&with_options(url.clone(), "pool_size=1")).unwrap();
    for _ in 0..3 {
        let found =
            shared.transaction(|tx| tx.query("SELECT 'x'::address", &[])?[0].get::<String>(0));
        assert_eq!(found.unwrap(), "x");
        shared.ping().unwrap();
    }

    client.query(r#"ALTER TABLE "User" ALTER "email" TYPE address"#);
    store.create_user(NewUser::default()).unwrap();
    let error = AuthStore::connect(&url).unwrap_err().to_string();
    assert!(error.contains("User.email (address)"), "{error}");
}

fn eight_processes_migrate_at_once(kind: Kind) {
    for version in PgBouncer::ALL {
        let database = Database::new(kind).unwrap();
        // One session fewer than needed to hold a lock on one while another works.
        let pooler = pooler(version, &database, &[TRANSACTION, "default_pool_size = 1"]);
        let url = pooler.url(database.name());
        let processes = [(); 8].map(|()| spawn_at("migrate", &url));
        let mut taken = Vec::new();
        for process in processes {
            let output = process.wait_with_output().unwrap();
            assert!(output.status.success(), "{version:?}: {}", output.status);
            let output = String::from_utf8(output.stdout).unwrap();
            taken.extend(output.lines().map(|line| line.parse::<i64>().unwrap()));
        }
        let once: BTreeSet<i64> = taken.iter().copied().collect();
        assert_eq!(taken.len(), once.len(), "{version:?}: {taken:?}");
        let store = AuthStore::connect(&url).unwrap();
        assert_eq!(
            once.len(),
            store.migrator().unwrap().series().migrations().len()
        );
        assert!(store.migrate().unwrap().is_empty());
        seed(&store);
    }
}

fn failed_step_keeps_earlier_steps(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let pooler = pooler(PgBouncer::Old, &database, &[TRANSACTION]);
    let store = store(&pooler.url(database.name()));
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, sql: &str| std::fs::write(folder.path().join(name), sql).unwrap();
    write("0001_one.up.sql", "CREATE TABLE one (a int);");
    write(
        "0002_two.up.sql",
        "CREATE TABLE two (a int); INSERT INTO two VALUES (1/0);",
    );
    let up = || {
        let series = authstore::migration::Series::from_dir("app", folder.path()).unwrap();
        store.migrator().unwrap().with_series(series).up()
    };
    let error = up().unwrap_err();
    let authstore::Error::Migration(authstore::migration::MigrationError::Failed {
        version,
        done,
        ..
    }) = error
    else {
        panic!("{error:?}");
    };
    assert_eq!((version, done.len()), (2, 1));
    let tables = || {
        database
            .client()
            .query_one("SELECT count(*) FROM pg_class WHERE relname IN ('one', 'two')")
    };
    assert_eq!(tables(), "1");
    write("0002_two.up.sql", "CREATE TABLE two (a int);");
    assert_eq!(up().unwrap().len(), 1);
    assert_eq!(tables(), "2");

    // The lock belongs to a transaction there.
    write(
        "0003_clean.up.sql",
        "-- authstore: no-transaction\nVACUUM one;",
    );
    let refused = format!("{:?}", up().unwrap_err());
    assert!(refused.contains("migrate_url"), "{refused}");
}

/// The whole run is one transaction, which the second step ends.
fn step_that_ends_the_run_hides_no_earlier_step(kind: Kind) {
    for (end, earlier_stay) in [
        ("COMMIT;", true),
        ("COMMIT; BEGIN;", true),
        ("ROLLBACK;", false),
    ] {
        let database = Database::new(kind).unwrap();
        let pooler = pooler(PgBouncer::Recent, &database, &[TRANSACTION]);
        let store = store(&pooler.url(database.name()));
        let steps = vec![
            Migration::new(1, "end", "CREATE TABLE one (a int);", Some(end.into())),
            Migration::new(
                2,
                "two",
                "CREATE TABLE two (a int);",
                Some("DROP TABLE two;".into()),
            ),
        ];
        let migrator = || {
            let series = Series::new("app", steps.clone()).unwrap();
            store.migrator().unwrap().with_series(series)
        };
        migrator().up().unwrap();
        let error = migrator().down(2).unwrap_err();
        let Error::Migration(MigrationError::Failed { version, done, .. }) = error else {
            panic!("{end}: {error:?}");
        };
        let done: Vec<_> = done.iter().map(|step| step.version).collect();
        assert_eq!(
            (version, done),
            (1, Vec::from_iter(earlier_stay.then_some(2))),
            "{end}"
        );
        let applied = migrator().status().unwrap();
        let is_pending = applied[1].state == StepState::Pending;
        assert_eq!(is_pending, earlier_stay, "{end}");
    }
}

fn waiting_for_locks_of_others_ends(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let pooler = pooler(PgBouncer::Old, &database, &[TRANSACTION]);
    let store = store(&pooler.url(database.name()));
    let impatient = with_options(pooler.url(database.name()), "statement_timeout_ms=300");
    let impatient = AuthStore::connect(&impatient).unwrap();
    let user = store.create_user(NewUser::default()).unwrap();
    let mut other = database.client();
    other.query(r#"BEGIN; SELECT 1 FROM "User" FOR UPDATE"#);
    let changes = UserChanges {
        name: Change::set("Ada"),
        ..UserChanges::default()
    };
    let error = impatient.update_user(user.id, changes.clone()).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    other.query("COMMIT");
    assert_eq!(store.get_user(user.id).unwrap(), Some(user.clone()));
    store.update_user(user.id, changes).unwrap();
}

fn each_parameter_needs_a_value(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let pooler = pooler(PgBouncer::Old, &database, &[TRANSACTION]);
    let store = store(&pooler.url(database.name()));
    let values = ["a".into(), "b".into(), "c".into()];
    for values in [&values[..0], &values[..1], &values] {
        let error = store
            .transaction(|tx| tx.query("SELECT $1::text, $2::text", values))
            .unwrap_err();
        assert!(matches!(error, Error::Backend { .. }), "{error:?}");
    }
}

/// All of the pooler's sessions are in use, so it answers the first statement of the operation's transaction with an
/// error, and closes the connection.
fn write_that_reached_no_server_is_unavailable(kind: Kind) {
    for version in PgBouncer::ALL {
        let database = Database::new(kind).unwrap();
        let settings = [
            TRANSACTION,
            "default_pool_size = 1",
            "query_wait_timeout = 1",
        ];
        let pooler = pooler(version, &database, &settings);
        let store = store(&pooler.url(database.name()));
        let user = store.create_user(NewUser::default()).unwrap();
        let error = store.transaction(|tx| {
            tx.ping()?;
            Ok::<_, Error>(store.delete_user(user.id).unwrap_err())
        });
        let error = error.unwrap();
        assert!(
            matches!(error, Error::Unavailable { .. }),
            "{version:?}: {error:?}"
        );
        assert!(error.to_string().contains("query_wait_timeout"), "{error}");
        assert_eq!(store.get_user(user.id).unwrap(), Some(user));
    }
}
