use std::collections::BTreeSet;
use std::io::Read;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use authstore::migration::{
    Migration, MigrationError, Migrator, Series, Step, StepState, StepStatus,
};
use authstore::{AuthStore, Error};
use authstore_test_databases::{
    Database, Kind, Needs, Proxy, Server, Setup, Test, Traffic, with_options,
};

use crate::operations::{OPERATIONS, Operation, seed};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for (name, test) in [
        (
            "migrations.eight_processes_apply_each_step_once",
            eight_processes_apply_each_step_once as fn(Kind),
        ),
        (
            "migrations.next_run_finishes_after_a_kill",
            next_run_finishes_after_a_kill,
        ),
        (
            "migrations.interrupted_run_is_finished_by_the_next",
            interrupted_run_is_finished_by_the_next,
        ),
        (
            "migrations.interrupted_reversal_is_finished_by_the_next",
            interrupted_reversal_is_finished_by_the_next,
        ),
        (
            "migrations.session_changes_of_a_step_do_not_leak",
            session_changes_of_a_step_do_not_leak,
        ),
        (
            "migrations.an_open_or_ended_transaction_fails_the_step",
            an_open_or_ended_transaction_fails_the_step,
        ),
        (
            "migrations.step_that_leaves_a_transaction_prepared",
            step_that_leaves_a_transaction_prepared,
        ),
        (
            "migrations.step_without_transaction_is_recorded",
            step_without_transaction_is_recorded,
        ),
        (
            "migrations.a_lost_connection_hides_no_report",
            a_lost_connection_hides_no_report,
        ),
        (
            "migrations.what_writes_nothing_has_a_known_outcome",
            what_writes_nothing_has_a_known_outcome,
        ),
        (
            "migrations.foreign_tables_are_not_overwritten",
            foreign_tables_are_not_overwritten,
        ),
        (
            "migrations.waiting_for_a_frozen_server_ends",
            waiting_for_a_frozen_server_ends,
        ),
        (
            "migrations.step_error_is_reported_in_full",
            step_error_is_reported_in_full,
        ),
        (
            "migrations.step_error_quotes_no_row",
            step_error_quotes_no_row,
        ),
        (
            "migrations.up_to_date_needs_only_read_rights",
            up_to_date_needs_only_read_rights,
        ),
        (
            "migrations.operations_need_only_row_rights",
            operations_need_only_row_rights,
        ),
        (
            "migrations.a_step_may_take_longer_than_a_statement",
            a_step_may_take_longer_than_a_statement,
        ),
        (
            "migrations.drift_of_every_kind_is_found",
            drift_of_every_kind_is_found,
        ),
        (
            "migrations.down_and_up_leaves_a_working_empty_schema",
            down_and_up_leaves_a_working_empty_schema,
        ),
    ] {
        tests.extend(Test::on(&Kind::SERVERS, Needs::Shared, name, test));
    }
    tests.extend(Test::on(
        &[Kind::Postgres],
        Needs::Shared,
        "migrations.lost_lock_reverts_no_step_twice",
        lost_lock_reverts_no_step_twice,
    ));
    tests.extend(Test::on(
        &Kind::SERVERS,
        Needs::Container,
        "migrations.idle_sessions_keep_the_lock",
        idle_sessions_keep_the_lock,
    ));
    tests
}

/// The environment variables for the role of a copy of this program, and its database.
const ROLE: &str = "AUTHSTORE_TEST_ROLE";
const URL: &str = "AUTHSTORE_TEST_ROLE_URL";

/// Runs the role of a copy of this program. Returns `None` in the program that runs the tests.
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
            let person = seed(&store);
            store.delete_user(person.user).expect("a user");
        },
        other => panic!("unknown role {other}"),
    }
    Some(ExitCode::SUCCESS)
}

fn spawn(role: &str, database: &Database) -> Child {
    spawn_at(role, &database.url())
}

/// Returns a command for a copy of this program with a role on the database at this URL.
pub(crate) fn spawn_at(role: &str, url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .env(ROLE, role)
        .env(URL, url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Checks that every migration was applied, and that the schema is the same as after a run without interruptions.
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
    let person = seed(&store);
    assert!(store.delete_user(person.user).unwrap(), "{what}");
}

fn eight_processes_apply_each_step_once(kind: Kind) {
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

fn next_run_finishes_after_a_kill(kind: Kind) {
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

/// The environment variable to interrupt runs at every answer, instead of at a sample.
const EVERY_CUT: &str = "AUTHSTORE_TEST_EVERY_CUT";

/// Each migration takes the same number of answers. With a prime that does not divide it, the sample covers different
/// parts of each.
const CUT_STRIDE: usize = 11;

fn cut_stride() -> usize {
    if std::env::var_os(EVERY_CUT).is_some() {
        1
    } else {
        CUT_STRIDE
    }
}

/// Interrupts the connection at one answer, then at a later one, and so on until a run succeeds. For the server, this
/// is the same as a kill of the program at that moment.
fn interrupted_run_is_finished_by_the_next(kind: Kind) {
    let stride = cut_stride();
    let mut cuts = 0;
    for at in (1..).step_by(stride) {
        let database = Database::new(kind).unwrap();
        let proxy = Proxy::to(database.server().host());
        let store = AuthStore::connect(&database.url_through(proxy.address())).unwrap();
        proxy.set(Traffic::CutAtAnswer(at));
        match store.migrate() {
            Ok(_) if proxy.is_waiting_to_cut() => break,
            // The last answer is to the disconnect, or something was retried.
            Ok(_) => {}
            Err(error) => {
                assert!(!matches!(error, Error::Invalid { .. }), "{error:?}");
                cuts += 1;
            }
        }
        check(&database, &format!("cut at answer {at}"));
    }
    // Each of the eight migrations takes at least this many answers.
    let least = 40 / stride;
    assert!(cuts > least, "{cuts}");
}

/// As above, while everything is reverted. The same command continues, and then nothing is left.
fn interrupted_reversal_is_finished_by_the_next(kind: Kind) {
    let stride = cut_stride();
    let database = Database::new(kind).unwrap();
    let mut cuts = 0;
    for at in (1..).step_by(stride) {
        let store = database.store();
        seed(&store);
        let proxy = Proxy::to(database.server().host());
        let cut = AuthStore::connect(&database.url_through(proxy.address())).unwrap();
        proxy.set(Traffic::CutAtAnswer(at));
        let outcome = cut.migrator().unwrap().down(usize::MAX);
        let is_over = proxy.is_waiting_to_cut();
        if outcome.is_err() {
            cuts += 1;
            // What was begun is not taken for applied.
            let status = store.migrator().unwrap().status().unwrap();
            let applied = |step: &&StepStatus| matches!(step.state, StepState::Applied { .. });
            let applied = status.iter().filter(applied).count();
            let tables = tables(&database);
            assert!(applied <= tables, "cut at answer {at}: {status:?}");
        }
        if at % 2 == 0 {
            check(&database, &format!("cut at answer {at}"));
        }
        store.migrator().unwrap().down(usize::MAX).unwrap();
        assert_eq!(tables(&database), 0, "cut at answer {at}");
        if is_over && outcome.is_ok() {
            break;
        }
    }
    let least = 40 / stride;
    assert!(cuts > least, "{cuts}");
}

/// Counts the tables of the crate's own migrations.
fn tables(database: &Database) -> usize {
    let schema = match database.kind() {
        Kind::Postgres => "current_schema()",
        _ => "DATABASE()",
    };
    let count = database.client().query_one(&format!(
        "SELECT count(*) FROM information_schema.tables \
         WHERE table_schema = {schema} AND table_name <> 'authstore_migration'"
    ));
    count.parse().unwrap()
}

fn down_and_up_leaves_a_working_empty_schema(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store();
    seed(&store);
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
        (operation.call)(&store, &seed(&store))
            .unwrap_or_else(|error| panic!("{}: {error:?}", operation.name));
    }
}

/// Returns a migrator for an application's migrations, numbered from 1.
fn application(database: &Database, steps: &[&'static str]) -> Migrator {
    let steps = (1..)
        .zip(steps)
        .map(|(version, &sql)| Migration::new(version, "step", sql, None))
        .collect();
    AuthStore::connect(&database.url())
        .unwrap()
        .migrator()
        .unwrap()
        .with_series(Series::new("app", steps).unwrap())
}

fn failed(result: Result<Vec<Step>, Error>, what: &str) -> (i64, usize, String) {
    match result {
        Err(Error::Migration(MigrationError::Failed {
            version,
            done,
            source,
            ..
        })) => (version, done.len(), source.to_string()),
        other => panic!("{what}: {other:?}"),
    }
}

const LEFT_ON_POSTGRES: &[&str] = &[
    "",
    "-- nothing",
    "CREATE SCHEMA app; SET search_path TO app;",
    "SELECT set_config('search_path', '', false);",
    "SET LOCAL search_path TO pg_catalog;",
    "SET ROLE pg_monitor;",
    "SET SESSION AUTHORIZATION pg_monitor;",
    "SET default_transaction_read_only = on;",
    "SET session_replication_role = replica;",
    "SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German';",
    "CREATE TEMPORARY TABLE b (n text);",
    "CREATE TEMPORARY TABLE authstore_migration (n text);",
    "SELECT pg_advisory_lock(1); LISTEN a;",
    "PREPARE p AS SELECT 1; DECLARE c CURSOR WITH HOLD FOR SELECT 1;",
    "SET client_encoding = 'LATIN1'; SET standard_conforming_strings = off;",
    "SET statement_timeout = 1; SET lock_timeout = 1;",
    "SET LOCAL ROLE pg_monitor; SET CONSTRAINTS ALL DEFERRED;",
    "SET TRANSACTION READ ONLY;",
    "SET LOCAL transaction_read_only = on;",
    "CREATE TABLE a (n int); SET transaction_read_only = on; SELECT * FROM a;",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;",
    "SELECT set_config('transaction_read_only', 'on', false);",
    "SELECT set_config('app.tenant', 'x', false), setseed(0), pg_advisory_lock_shared(1);",
    "SAVEPOINT a; SET LOCAL lock_timeout = 1; SAVEPOINT b;",
    "SET synchronous_commit = off; SET row_security = off; SET array_nulls = off; SET quote_all_identifiers = on;",
    "CREATE TABLE a (n int); LOCK TABLE a; DECLARE c CURSOR FOR SELECT * FROM a;",
    "CREATE FUNCTION pg_temp.now() RETURNS int LANGUAGE sql AS 'SELECT 1'; UNLISTEN *;",
    "-- authstore: no-transaction\nSET search_path TO pg_catalog;",
    "-- authstore: no-transaction\nSET ROLE pg_monitor;",
    "-- authstore: no-transaction\nSET statement_timeout = 1;",
    "-- authstore: no-transaction\nDISCARD ALL;",
    "-- authstore: no-transaction\nLISTEN a;",
    "-- authstore: no-transaction\nSET default_transaction_read_only = on;",
    "-- authstore: no-transaction\nSELECT pg_advisory_lock(1);",
    "-- authstore: no-transaction\nCREATE TEMPORARY TABLE authstore_migration (n text);",
];

const LEFT_ON_MYSQL: &[&str] = &[
    "",
    "-- nothing",
    "/* nothing */ # at all",
    "CREATE TABLE a (n int); SET autocommit = 0; INSERT INTO a VALUES (1); COMMIT;",
    "SET sql_mode = '';",
    "SET foreign_key_checks = 0, unique_checks = 0;",
    "SET time_zone = '+09:00';",
    "SET SESSION TRANSACTION READ ONLY;",
    "SET TRANSACTION READ ONLY;",
    "CREATE TABLE a (n int); SET TRANSACTION READ ONLY; SELECT * FROM a;",
    "SET @@transaction_read_only = 1;",
    "CREATE TABLE a (n int); XA START 'done'; INSERT INTO a VALUES (1); XA END 'done'; XA COMMIT 'done' ONE PHASE;",
    "XA START 'undone'; XA END 'undone'; XA PREPARE 'undone'; XA ROLLBACK 'undone';",
    "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE;",
    "USE information_schema;",
    "CREATE TEMPORARY TABLE b (n text);",
    "CREATE TEMPORARY TABLE authstore_migration (n text);",
    "CREATE TABLE a (n int); LOCK TABLES a WRITE;",
    "LOCK TABLES authstore_migration WRITE;",
    "SELECT GET_LOCK('a', 0);",
    "PREPARE p FROM 'SELECT 1';",
    "SET @a = 1;",
    "CREATE TABLE a (n int); HANDLER a OPEN;",
    "SET timestamp = 1, insert_id = 7;",
    "SET sql_select_limit = 0, sql_safe_updates = 1, max_join_size = 1, sql_big_selects = 0;",
    "SET NAMES binary;",
    "SET NAMES latin1;",
    "SET CHARACTER SET latin1;",
    "SET default_storage_engine = MEMORY;",
    "SET group_concat_max_len = 4, lock_wait_timeout = 1, innodb_lock_wait_timeout = 1;",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED; SET @@completion_type = CHAIN;",
    "CREATE DATABASE IF NOT EXISTS authstore_other; USE authstore_other; DROP DATABASE authstore_other;",
];

fn session_changes_of_a_step_do_not_leak(kind: Kind) {
    let left = match kind {
        Kind::Postgres => LEFT_ON_POSTGRES,
        _ => LEFT_ON_MYSQL,
    };
    for left in left {
        let database = Database::new(kind).unwrap();
        let (create, count) = match kind {
            Kind::Postgres => ("CREATE TABLE b (n int);", "SELECT count(*) FROM public.b"),
            // The session is strict if the setting did not reach it.
            _ => (
                "CREATE TABLE b (n tinyint DEFAULT 127);",
                "SELECT count(*) FROM b",
            ),
        };
        let migrator = application(&database, &[left, create]);
        let done = migrator
            .up()
            .unwrap_or_else(|error| panic!("{left}: {error:?}"));
        assert_eq!(done.len(), 2, "{left}");
        assert_eq!(database.client().query_one(count), "0", "{left}");
        let again = application(&database, &[left, create]);
        assert!(again.up().unwrap().is_empty(), "{left}");
        // A migration that stores a value that does not fit fails, whatever the previous one has set.
        if kind != Kind::Postgres {
            let strict = "INSERT INTO b VALUES (999);";
            let more = application(&database, &[left, create, strict]);
            let (version, _, reason) = failed(more.up(), left);
            assert!(version == 3 && reason.contains("1264"), "{left}: {reason}");
        }
    }
}

fn an_open_or_ended_transaction_fails_the_step(kind: Kind) {
    let steps: &[&str] = match kind {
        Kind::Postgres => &[
            "CREATE TABLE a (n int); COMMIT;",
            "CREATE TABLE a (n int); ROLLBACK;",
            "CREATE TABLE a (n int); COMMIT; BEGIN;",
        ],
        _ => &[
            "CREATE TABLE a (n int); START TRANSACTION; INSERT INTO a VALUES (1);",
            "CREATE TABLE a (n int); SET autocommit = 0; INSERT INTO a VALUES (1);",
            "CREATE TABLE a (n int); BEGIN;",
            "CREATE TABLE a (n int); XA START 'active'; INSERT INTO a VALUES (1);",
            "CREATE TABLE a (n int); XA START 'idle'; INSERT INTO a VALUES (1); XA END 'idle';",
            "CREATE TABLE a (n int); XA START 'empty'; XA END 'empty';",
            "CREATE TABLE a (n int); START TRANSACTION READ ONLY; SELECT * FROM a;",
            "CREATE TABLE a (n int); START TRANSACTION WITH CONSISTENT SNAPSHOT;",
        ],
    };
    for step in steps {
        let database = Database::new(kind).unwrap();
        let migrator = application(&database, &["CREATE TABLE earlier (n int);", step]);
        let (version, done, reason) = failed(migrator.up(), step);
        assert_eq!((version, done), (2, 1), "{step}: {reason}");
        assert!(reason.contains("transaction"), "{step}: {reason}");
        let status = migrator.status().unwrap();
        assert!(
            matches!(status[0].state, StepState::Applied { .. }),
            "{step}: {status:?}"
        );
        assert_eq!(status[1].state, StepState::Pending, "{step}");
        if kind != Kind::Postgres {
            let rows = database.client().query_one("SELECT count(*) FROM a");
            assert_eq!(rows, "0", "{step}");
        }
    }
}

/// On PostgreSQL this would end the step's transaction; no session would show it.
fn step_that_leaves_a_transaction_prepared(kind: Kind) {
    let steps: &[&str] = match kind {
        Kind::Postgres => &[
            "INSERT INTO a VALUES (1); PREPARE TRANSACTION 'authstore_1';",
            "INSERT INTO a VALUES (1); PREPARE TRANSACTION 'authstore_2'; COMMIT PREPARED 'authstore_2';",
            "-- authstore: no-transaction\nbegin; INSERT INTO a VALUES (1); prepare /* now */ transaction 'authstore_3'",
            "-- authstore: no-transaction\nBEGIN; INSERT INTO a VALUES (1); PREPARE TRANSACTION 'authstore_4'; BEGIN;",
        ],
        _ => &[
            "XA START 'authstore_1'; INSERT INTO a VALUES (1); XA END 'authstore_1'; XA PREPARE 'authstore_1';",
            "xa begin 'authstore_2'; INSERT INTO a VALUES (1); xa end 'authstore_2'; /* now */ xa prepare 'authstore_2'",
        ],
    };
    for step in steps {
        let database = Database::new(kind).unwrap();
        let migrator = application(&database, &["CREATE TABLE a (n int);", step]);
        let (version, done, reason) = failed(migrator.up(), step);
        assert_eq!((version, done), (2, 1), "{step}: {reason}");
        let named = match kind {
            Kind::Postgres => "(PREPARE TRANSACTION), so nothing of it was run",
            _ => "XA PREPARE",
        };
        assert!(reason.contains(named), "{step}: {reason}");
        let status = migrator.status().unwrap();
        assert_eq!(status[1].state, StepState::Pending, "{step}");
        // No lock is left on the table.
        let mut client = database.client();
        assert_eq!(client.query_one("SELECT count(*) FROM a"), "0", "{step}");
        client.query("DROP TABLE a");
    }
}

fn step_without_transaction_is_recorded(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let table = "CREATE TABLE a (n int); INSERT INTO a VALUES (1), (1);";
    let (step, again) = match kind {
        Kind::Postgres => (
            "-- authstore: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS A_N ON a (n);",
            "-- authstore: no-transaction\nVACUUM (ANALYZE) a;",
        ),
        _ => (
            "-- authstore: no-transaction\nCREATE UNIQUE INDEX a_n ON a (n);",
            "-- authstore: no-transaction\nOPTIMIZE TABLE a;",
        ),
    };
    let steps = [table, step, again];
    let said = match kind {
        Kind::Postgres => "invalid index",
        _ => "uplicate",
    };
    for done in [1, 0] {
        let (version, before, reason) = failed(application(&database, &steps).up(), step);
        assert_eq!((version, before), (2, done), "{reason}");
        assert!(reason.contains(said), "{reason}");
    }
    if kind == Kind::Postgres {
        database.client().query("DROP INDEX a_n");
    }
    database.client().query("DELETE FROM a");
    assert_eq!(application(&database, &steps).up().unwrap().len(), 2);
    assert!(application(&database, &steps).up().unwrap().is_empty());
    let statement = "CREATE UNIQUE INDEX CONCURRENTLY a_m ON a (n);";
    if kind == Kind::Postgres {
        let (_, _, reason) = failed(
            application(&database, &[table, step, again, statement]).up(),
            statement,
        );
        assert!(
            reason.contains("`-- authstore: no-transaction`"),
            "{reason}"
        );
    }
    let open = match kind {
        Kind::Postgres => {
            "-- authstore: no-transaction\nCREATE TABLE b (n int); BEGIN; INSERT INTO a VALUES (2);"
        }
        _ => "-- authstore: no-transaction\nSTART TRANSACTION; INSERT INTO a VALUES (2);",
    };
    let (_, _, reason) = failed(
        application(&database, &[table, step, again, open]).up(),
        open,
    );
    assert!(reason.contains("left a transaction open"), "{reason}");
    assert_eq!(database.client().query_one("SELECT count(*) FROM a"), "0");
}

/// A change of the tables that the history does not record, and the message about it. Names are in double quotes.
const DRIFT_ON_POSTGRES: &[(&str, &str)] = &[
    (
        r#"DROP INDEX "Session_expires_idx""#,
        "Session.expires has no index",
    ),
    (
        r#"ALTER TABLE "Session" ALTER COLUMN "expires" TYPE timestamptz"#,
        "Session.expires is timestamp with time zone",
    ),
    (
        r#"ALTER TABLE "User" ALTER COLUMN "email" TYPE text COLLATE "default""#,
        "User.email compares strings",
    ),
    (
        r#"ALTER TABLE "User" ALTER COLUMN "id" DROP DEFAULT"#,
        "User.id has no default",
    ),
    (
        r#"ALTER TABLE "User" ALTER COLUMN "image" SET DEFAULT 'x'"#,
        "User.image has the default",
    ),
    (
        r#"ALTER TABLE "User" ALTER COLUMN "name" SET NOT NULL"#,
        "User.name is NOT NULL",
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "must" int NOT NULL"#,
        "must",
    ),
    (
        r#"ALTER TABLE "VerificationToken" DROP CONSTRAINT "VerificationToken_pkey""#,
        "VerificationToken has no primary key",
    ),
    (
        r#"ALTER TABLE "Session" DROP CONSTRAINT "Session_userId_fkey""#,
        "Session does not refer to User",
    ),
    (
        r#"ALTER TABLE "User" DROP CONSTRAINT "User_email_key""#,
        "several rows with the same email",
    ),
    (
        r#"ALTER TABLE "Session" ALTER COLUMN "expires" DROP NOT NULL"#,
        "Session.expires is nullable",
    ),
    (r#"DROP TABLE "authstore_challenge""#, LOST),
];

const DRIFT_ON_MYSQL: &[(&str, &str)] = &[
    (
        r#"DROP INDEX "Session_expires_idx" ON "Session""#,
        "Session.expires has no index",
    ),
    (
        r#"ALTER TABLE "Session" MODIFY "expires" datetime NOT NULL"#,
        "Session.expires is datetime",
    ),
    (
        r#"ALTER TABLE "User" MODIFY "email" varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"#,
        "User.email compares strings",
    ),
    (
        r#"ALTER TABLE "Account" ALTER COLUMN "id" DROP DEFAULT"#,
        "Account.id has no default",
    ),
    (
        r#"ALTER TABLE "Account" ALTER COLUMN "expires_at" SET DEFAULT 7"#,
        "Account.expires_at has the default",
    ),
    (
        r#"ALTER TABLE "Account" MODIFY "expires_at" bigint NOT NULL"#,
        "Account.expires_at is NOT NULL",
    ),
    (
        r#"ALTER TABLE "User" ADD COLUMN "must" int NOT NULL"#,
        "must",
    ),
    (
        r#"ALTER TABLE "VerificationToken" DROP PRIMARY KEY"#,
        "several rows with the same token",
    ),
    (
        r#"ALTER TABLE "Session" DROP FOREIGN KEY "Session_userId_fkey""#,
        "Session.userId does not refer to User.id",
    ),
    (
        r#"ALTER TABLE "Account" DROP FOREIGN KEY "Account_userId_fkey";;ALTER TABLE "Account" ADD CONSTRAINT "account_userid_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE, ALTER COLUMN "expires_at" SET DEFAULT 7"#,
        "Account.expires_at has the default",
    ),
    (
        r#"DROP INDEX "User_email_key" ON "User""#,
        "several rows with the same email",
    ),
    (
        r#"ALTER TABLE "Session" MODIFY "expires" datetime(3) NULL"#,
        "Session.expires is nullable",
    ),
    (
        r#"ALTER TABLE "User" MODIFY "emailVerified" datetime(3) ON UPDATE now(3)"#,
        "by every update",
    ),
    (r#"DROP TABLE "authstore_challenge""#, LOST),
];

/// An adoption cannot restore what was in it.
const LOST: &str = "the table authstore_challenge is missing";

fn drift_of_every_kind_is_found(kind: Kind) {
    let drifts = match kind {
        Kind::Postgres => DRIFT_ON_POSTGRES,
        _ => DRIFT_ON_MYSQL,
    };
    for (drift, said) in drifts {
        let database = Database::new(kind).unwrap();
        let migrator = database.store().migrator().unwrap();
        let mut client = database.client();
        for statement in drift.split(";;") {
            client.query(&kind.quoted(statement));
        }
        assert!(migrator.up().unwrap().is_empty(), "{drift}");
        let found = migrator.compare().unwrap();
        assert!(found.to_string().contains(said), "{drift}: {found}");
        if found.obstacles.is_empty() {
            migrator.adopt().expect(drift);
        } else {
            assert!(["must", LOST].contains(said), "{drift}: {found}");
        }
    }
}

fn a_lost_connection_hides_no_report(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let end = match kind {
        Kind::Postgres => "SELECT pg_terminate_backend(pg_backend_pid());",
        Kind::Mysql => "KILL CONNECTION_ID();",
        _ => "KILL CONNECTION CONNECTION_ID();",
    };
    let migrator = application(&database, &["CREATE TABLE a (n int);", end]);
    let (version, done, reason) = failed(migrator.up(), end);
    assert_eq!((version, done), (2, 1), "{reason}");
    let status = migrator.status().unwrap();
    assert!(matches!(status[0].state, StepState::Applied { .. }));
    assert_eq!(status[1].state, StepState::Pending);
}

/// Wherever the connection is lost while only reading, and before the commit of an adoption that is one transaction.
fn what_writes_nothing_has_a_known_outcome(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let direct = database.store().migrator().unwrap();
    database
        .client()
        .query(&kind.quoted(r#"ALTER TABLE "User" DROP COLUMN "image""#));
    let proxy = Proxy::to(database.server().host());
    let store = AuthStore::connect(&database.url_through(proxy.address())).unwrap();
    let migrator = store.migrator().unwrap();
    let stride = cut_stride();
    let mut cuts = 0;
    for at in (1..).step_by(stride) {
        proxy.set(Traffic::CutAtAnswer(at));
        let compared = migrator.compare();
        if proxy.is_waiting_to_cut() {
            break;
        }
        cuts += 1;
        let unknown = matches!(compared, Err(Error::OutcomeUnknown { .. }));
        assert!(!unknown, "at answer {at}: {compared:?}");
    }
    assert!(cuts > 20 / stride, "{cuts}");
    // From 4: BEGIN is among those.
    for at in (4..).step_by(stride) {
        if kind != Kind::Postgres {
            break;
        }
        proxy.set(Traffic::CutAtAnswer(at));
        let adopted = migrator.adopt();
        if proxy.is_waiting_to_cut() {
            break;
        }
        if matches!(adopted, Err(Error::OutcomeUnknown { .. })) {
            assert!(direct.compare().unwrap().is_empty(), "at answer {at}");
        }
    }
}

fn foreign_tables_are_not_overwritten(kind: Kind) {
    for table in [
        "User",
        "Account",
        "Session",
        "VerificationToken",
        "Authenticator",
        "authstore_challenge",
        "authstore_session_details",
        "authstore_authenticator_details",
    ] {
        let database = Database::new(kind).unwrap();
        let name = match kind {
            Kind::Postgres => format!("\"{table}\""),
            _ => format!("`{table}`"),
        };
        database
            .client()
            .query(&format!("CREATE TABLE {name} (theirs int)"));
        let store = AuthStore::connect(&database.url()).unwrap();
        match store.migrate() {
            Err(Error::Migration(MigrationError::ForeignTables { tables })) => {
                assert_eq!(tables, [table]);
            }
            other => panic!("{table}: {other:?}"),
        }
        let rows = format!("SELECT count(theirs) FROM {name}");
        assert_eq!(database.client().query_one(&rows), "0");
        let status = store.migrator().unwrap().status().unwrap();
        assert!(status.iter().all(|step| step.state == StepState::Pending));
    }
}

fn step_error_is_reported_in_full(kind: Kind) {
    for (step, said) in [
        (
            "CREATE TABLE a (n int PRIMARY KEY); INSERT INTO a VALUES (1), (1);",
            "uplicate",
        ),
        (
            "CREATE TABLE a (n varchar(1)); INSERT INTO a VALUES ('too long');",
            "too long",
        ),
        ("SELECT * FROM missing;", "missing"),
    ] {
        let database = Database::new(kind).unwrap();
        let (_, _, reason) = failed(application(&database, &[step]).up(), step);
        assert!(reason.contains(said), "{step}: {reason}");
        assert!(reason.starts_with("database error: "), "{step}: {reason}");
    }
}

/// The rows that a step meets may hold tokens.
fn step_error_quotes_no_row(kind: Kind) {
    const ROWS: &str =
        "CREATE TABLE a (n varchar(20)); INSERT INTO a VALUES ('hunter2'), ('hunter2');";
    let signal = "CREATE TRIGGER loud BEFORE UPDATE ON a FOR EACH ROW \
                  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hunter2'; UPDATE a SET n = 'x';";
    let steps = match kind {
        Kind::Postgres => [
            "CREATE UNIQUE INDEX a_n ON a (n);",
            "ALTER TABLE a ALTER n TYPE int USING n::int;",
            "DO $$ BEGIN RAISE EXCEPTION 'met %', (SELECT min(n) FROM a); END $$;",
        ],
        _ => [
            "CREATE UNIQUE INDEX a_n ON a (n);",
            "ALTER TABLE a MODIFY n int;",
            signal,
        ],
    };
    for step in steps {
        let database = Database::new(kind).unwrap();
        let migrator = application(&database, &[ROWS, step]);
        let error = migrator.up().expect_err(step);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{step}: {shown}");
    }
}

/// A program that migrates when it starts does not need the right to change the schema.
fn up_to_date_needs_only_read_rights(kind: Kind) {
    let database = Database::new(kind).unwrap();
    database.store();
    let migrated = with_rights(&database, "SELECT", |store| store.migrate());
    assert!(migrated.expect("nothing to do").is_empty());
}

fn operations_need_only_row_rights(kind: Kind) {
    let database = Database::new(kind).unwrap();
    database.store();
    let rights = "SELECT, INSERT, UPDATE, DELETE";
    let failed: Vec<String> = with_rights(&database, rights, |store| {
        store.migrate()?;
        let outcome = |operation: &Operation| {
            let person = seed(store);
            let error = (operation.call)(store, &person).err()?;
            Some(format!("{}: {error:?}", operation.name))
        };
        Ok(OPERATIONS.iter().filter_map(outcome).collect())
    })
    .unwrap();
    assert_eq!(failed, [""; 0]);
}

/// Runs `work` on a store whose user has only these rights on every table.
pub(crate) fn with_rights<T>(
    database: &Database,
    rights: &str,
    work: impl FnOnce(&AuthStore) -> authstore::Result<T>,
) -> authstore::Result<T> {
    let name = database.name();
    // MySQL allows 32 characters.
    let user = format!("limited_{}", &name[name.len() - 20..]);
    let mut client = database.client();
    let (create, drop): (Vec<String>, Vec<String>) = match database.kind() {
        Kind::Postgres => (
            vec![
                format!("CREATE ROLE {user} LOGIN PASSWORD 'limited'"),
                "REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned(),
                format!("GRANT {rights} ON ALL TABLES IN SCHEMA public TO {user}"),
            ],
            vec![format!("DROP OWNED BY {user}"), format!("DROP ROLE {user}")],
        ),
        _ => (
            vec![
                format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'limited'"),
                format!("GRANT {rights} ON `{name}`.* TO '{user}'@'%'"),
            ],
            vec![format!("DROP USER '{user}'@'%'")],
        ),
    };
    for statement in create {
        client.query(&statement);
    }
    let url = database.url();
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (_, place) = rest.split_once('@').expect("a user");
    let result = AuthStore::connect(&format!("{scheme}://{user}:limited@{place}"))
        .and_then(|store| work(&store));
    for statement in drop {
        client.query(&statement);
    }
    result
}

/// The statement timeout of operations does not apply to migrations, because building an index on a large table takes
/// long.
fn a_step_may_take_longer_than_a_statement(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store_with("statement_timeout_ms=500");
    let sleep = match kind {
        // Deferred triggers run in the commit.
        Kind::Postgres => {
            "CREATE TABLE slow (id int);
             CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql
                AS 'BEGIN PERFORM pg_sleep(3); RETURN NULL; END';
             CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON slow
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slowly();
             INSERT INTO slow VALUES (1);
             SELECT pg_sleep(3);"
        }
        _ => "DO SLEEP(5);",
    };
    let step = Migration::new(1, "slow", sleep, None);
    let migrator = store.migrator().expect("a migrator");
    let migrator = migrator.with_series(Series::new("slow", vec![step]).expect("a series"));
    assert_eq!(migrator.up().expect("applied").len(), 1);
    assert!(migrator.up().expect("nothing to do").is_empty());
}

/// While a step runs on its own connection, the one that holds the lock is idle for longer than the server allows.
fn idle_sessions_keep_the_lock(kind: Kind) {
    let (argument, step) = match kind {
        Kind::Postgres => (
            "--idle-session-timeout=1s",
            "-- authstore: no-transaction\nSELECT pg_sleep(4);",
        ),
        _ => ("--wait-timeout=1", "DO SLEEP(4);"),
    };
    let setup = Setup {
        arguments: vec![argument.to_owned()],
        ..Setup::default()
    };
    let server = Arc::new(Server::start(kind, &setup).unwrap());
    let database = Database::on(&server).unwrap();
    let migrator = application(&database, &[step, "CREATE TABLE done (n int);"]);
    assert_eq!(migrator.up().unwrap().len(), 2);
}

/// Two runs revert the same step, because the first has lost its lock. Its step waits for a row until the second has
/// read the history.
fn lost_lock_reverts_no_step_twice(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = AuthStore::connect(&database.url()).unwrap();
    let migrator = || {
        let step = Migration::new(
            1,
            "count",
            "CREATE TABLE a (n int); INSERT INTO a VALUES (1);",
            Some("UPDATE a SET n = n - 1;".into()),
        );
        let series = Series::new("app", vec![step]).unwrap();
        store.migrator().unwrap().with_series(series)
    };
    migrator().up().unwrap();
    let mut locker = database.client();
    locker.query("BEGIN; SELECT * FROM a FOR UPDATE");
    let mut watcher = database.client();
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let mut wait_for = |count: &str| {
        let deadline = Instant::now() + NEVER_HANGS;
        while watcher.query_one(waiting) != count {
            assert!(Instant::now() < deadline);
            thread::sleep(Duration::from_millis(10));
        }
    };
    let outcomes = thread::scope(|scope| {
        let first = scope.spawn(|| migrator().down(1));
        wait_for("1");
        database.client().query(
            "SELECT pg_terminate_backend(pid) FROM pg_locks \
             WHERE locktype = 'advisory' AND granted \
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        );
        let second = scope.spawn(|| migrator().down(1));
        wait_for("2");
        locker.query("COMMIT");
        [first.join().unwrap(), second.join().unwrap()]
    });
    let [reverted, rejected]: [Vec<_>; 2] = [true, false].map(|is_ok| {
        let wanted = outcomes.iter().filter(|outcome| outcome.is_ok() == is_ok);
        wanted.collect()
    });
    assert_eq!((reverted.len(), rejected.len()), (1, 1), "{outcomes:?}");
    let reason = format!("{:?}", rejected[0]);
    assert!(reason.contains("another process"), "{reason}");
    assert_eq!(database.client().query_one("SELECT n FROM a"), "0");
    let status = migrator().status().unwrap();
    assert_eq!(status[0].state, StepState::Pending);
}

/// Far more than any of the waits, and less than forever.
const NEVER_HANGS: Duration = Duration::from_secs(60);

/// The server, or a machine in between, stops while another migration is awaited.
fn waiting_for_a_frozen_server_ends(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let proxy = Proxy::to(database.server().host());
    let url = with_options(
        database.url_through(proxy.address()),
        "connect_timeout_ms=1000",
    );
    let store = AuthStore::connect(&url).unwrap();
    let mut other = database.client();
    let locked = other.query(&match kind {
        Kind::Postgres => include_str!("../../sql/postgres/history/lock.sql").to_owned(),
        _ => include_str!("../../sql/mysql/lock.sql").replace('?', "0"),
    });
    assert_eq!(locked, [[Some("1".to_owned())]]);
    let patient = store
        .migrator()
        .unwrap()
        .with_lock_timeout(Duration::from_secs(3));
    let start = Instant::now();
    let ended = thread::scope(|scope| {
        let waiting = scope.spawn(|| patient.up());
        thread::sleep(Duration::from_secs(1));
        proxy.set(Traffic::Held);
        // Not to wait for it forever if it hangs.
        while !waiting.is_finished() && start.elapsed() < NEVER_HANGS {
            thread::sleep(Duration::from_millis(50));
        }
        proxy.close();
        waiting.join().unwrap()
    });
    assert!(matches!(ended, Err(Error::Unavailable { .. })), "{ended:?}");
    assert!(start.elapsed() < NEVER_HANGS, "{:?}", start.elapsed());
}
