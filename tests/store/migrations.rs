//! Migrations on SQLite: the crate's own series and an application's.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use authstore::migration::{Direction, MigrationError, Migrator, Series, Step, StepState};
use authstore::{AuthStore, Error, NewUser};
use tempfile::TempDir;

/// A store, and an application's folder of migrations.
struct Application {
    directory: TempDir,
    store: AuthStore,
}

impl Application {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        fs::create_dir(directory.path().join("migrations")).expect("a folder");
        let url = format!("sqlite:{}/auth.db", directory.path().display());
        Application {
            store: AuthStore::connect(&url).expect("a store"),
            directory,
        }
    }

    /// Creates a table of teams, and one of members that refers to the crate's users.
    fn with_teams() -> Self {
        let application = Application::new();
        application.store.migrate().expect("the crate's schema");
        for (name, sql) in [
            (
                "0001_create_team.up.sql",
                "CREATE TABLE team (id integer PRIMARY KEY);",
            ),
            ("0001_create_team.down.sql", "DROP TABLE team;"),
            (
                "0002_create_member.up.sql",
                r#"CREATE TABLE member (
                    team integer REFERENCES team (id),
                    "user" text REFERENCES "User" (id) ON DELETE CASCADE
                );"#,
            ),
            ("0002_create_member.down.sql", "DROP TABLE member;"),
        ] {
            application.write(name, sql);
        }
        application
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join("migrations").join(name)
    }

    fn write(&self, name: &str, sql: &str) {
        fs::write(self.file(name), sql).expect("a migration");
    }

    fn series(&self) -> Result<Series, Error> {
        Series::from_dir("app", self.directory.path().join("migrations"))
    }

    fn migrator(&self) -> Migrator {
        let migrator = self.store.migrator().expect("SQLite has a schema");
        migrator.with_series(self.series().expect("a series"))
    }

    /// Runs SQL on a separate connection.
    fn sql(&self, sql: &str) -> rusqlite::Result<()> {
        rusqlite::Connection::open(self.directory.path().join("auth.db"))?.execute_batch(sql)
    }

    fn states(&self) -> Vec<(i64, StepState)> {
        let status = self.migrator().status().expect("a status");
        status.iter().map(|row| (row.version, row.state)).collect()
    }
}

fn versions(steps: &[Step]) -> Vec<i64> {
    steps.iter().map(|step| step.version).collect()
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> MigrationError {
    match result {
        Err(Error::Migration(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn up_applies_and_prints_each_migration_once() {
    let application = Application::new();
    let steps = application.store.migrate().expect("a schema");
    let said: Vec<_> = steps
        .iter()
        .map(|step| {
            (
                step.series.as_str(),
                step.version,
                step.name.as_str(),
                step.direction,
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("authstore", 1, "create_user", Direction::Up),
            ("authstore", 2, "create_account", Direction::Up),
            ("authstore", 3, "create_session", Direction::Up),
            ("authstore", 4, "create_verification_token", Direction::Up),
            ("authstore", 5, "create_authenticator", Direction::Up),
            ("authstore", 6, "create_challenge", Direction::Up),
            ("authstore", 7, "create_session_details", Direction::Up),
            (
                "authstore",
                8,
                "create_authenticator_details",
                Direction::Up
            ),
        ]
    );
    assert_eq!(application.store.migrate().expect("nothing to do"), []);
}

#[test]
fn status_lists_steps_and_creates_nothing() {
    let application = Application::with_teams();
    assert_eq!(
        application.states(),
        [(1, StepState::Pending), (2, StepState::Pending)]
    );
    application.migrator().up_to(1).expect("one step");
    assert!(
        matches!(
            application.states()[..],
            [(1, StepState::Applied { .. }), (2, StepState::Pending)]
        ),
        "{:?}",
        application.states()
    );

    let untouched = Application::new();
    let migrator = untouched.store.migrator().expect("a migrator");
    assert_eq!(migrator.status().expect("a status").len(), 8);
    untouched
        .sql("SELECT * FROM authstore_migration")
        .expect_err("no table was made");
}

#[test]
fn up_to_and_down_to_stop_at_the_version() {
    let application = Application::new();
    let migrator = application.store.migrator().expect("a migrator");
    assert_eq!(
        versions(&migrator.up_to(3).expect("three steps")),
        [1, 2, 3]
    );
    assert_eq!(versions(&migrator.up().expect("the rest")), [4, 5, 6, 7, 8]);
    assert_eq!(
        versions(&migrator.down_to(4).expect("four steps")),
        [8, 7, 6, 5]
    );
    assert_eq!(versions(&migrator.down(2).expect("two steps")), [4, 3]);
    assert_eq!(versions(&migrator.down(usize::MAX).expect("all")), [2, 1]);
    assert!(matches!(
        refusal(migrator.up_to(9)),
        MigrationError::UnknownVersion { version: 9 }
    ));
}

#[test]
fn down_exactly_reverts_what_was_listed_or_nothing() {
    let application = Application::with_teams();
    let migrator = application.migrator();
    assert_eq!(migrator.down_exactly(&[]).expect("nothing to do"), []);
    migrator.up().expect("both");
    for other in [&[1][..], &[1, 2], &[3, 2], &[2, 1, 0]] {
        let refused = refusal(migrator.down_exactly(other));
        assert!(
            matches!(refused, MigrationError::PlanChanged),
            "{other:?}: {refused:?}"
        );
    }
    assert_eq!(
        versions(&migrator.down_exactly(&[2]).expect("the last")),
        [2]
    );
    // A run that was planned before.
    let refused = refusal(migrator.down_exactly(&[2, 1]));
    assert!(
        matches!(refused, MigrationError::PlanChanged),
        "{refused:?}"
    );
    assert_eq!(
        versions(&migrator.down_exactly(&[1]).expect("the rest")),
        [1]
    );
}

#[test]
fn last_step_down_and_up_keeps_other_data() {
    let application = Application::new();
    let store = &application.store;
    store.migrate().expect("a schema");
    let user = store.create_user(NewUser::default()).expect("a user");
    let migrator = store.migrator().expect("a migrator");
    migrator.down(1).expect("one step back");
    migrator.up().expect("and forth");
    assert_eq!(store.get_user(user.id).expect("an answer"), Some(user));
    assert_eq!(
        store
            .list_authenticators_by_user_id(uuid::Uuid::nil())
            .expect("a table"),
        []
    );
}

#[test]
fn down_then_up_leaves_a_working_empty_schema() {
    let application = Application::new();
    let store = &application.store;
    store.migrate().expect("a schema");
    let user = store.create_user(NewUser::default()).expect("a user");
    let migrator = store.migrator().expect("a migrator");
    migrator.down(usize::MAX).expect("all back");
    migrator.up().expect("and forth");
    assert_eq!(store.get_user(user.id).expect("an answer"), None);
    store.create_user(NewUser::default()).expect("a user");
}

#[test]
fn application_series_runs_beside_the_crates() {
    let application = Application::with_teams();
    assert_eq!(
        versions(&application.migrator().up().expect("two steps")),
        [1, 2]
    );
    assert_eq!(application.store.migrate().expect("nothing to do"), []);
    application.migrator().down(usize::MAX).expect("two steps");
    let own = application
        .store
        .migrator()
        .expect("a migrator")
        .status()
        .expect("a status");
    assert!(
        own.iter()
            .all(|row| matches!(row.state, StepState::Applied { .. }))
    );
}

#[test]
fn a_row_inserted_without_an_id_gets_a_proper_uuid() {
    let application = Application::new();
    application.store.migrate().expect("a schema");
    application
        .sql(
            r#"INSERT INTO "User" ("email") VALUES ('ada@example.org');
            INSERT INTO "Account" ("userId", "type", "provider", "providerAccountId")
                SELECT "id", 'oauth', 'github', '1' FROM "User";
            INSERT INTO "Session" ("userId", "sessionToken", "expires")
                SELECT "id", 'token', '2030-01-01T00:00:00.000Z' FROM "User";"#,
        )
        .expect("rows");
    let store = &application.store;
    let user = store
        .get_user_by_email("ada@example.org")
        .expect("an answer")
        .expect("a user");
    let account = store
        .get_account("github", "1")
        .expect("an answer")
        .expect("an account");
    let (session, _) = store
        .get_session_and_user("token")
        .expect("an answer")
        .expect("a session");
    for id in [user.id, account.id, session.id] {
        assert_eq!(id.get_version(), Some(uuid::Version::Random), "{id}");
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122, "{id}");
    }
    assert_eq!(user.email_verified, None, "must not be verified");
}

#[test]
fn changed_step_is_rejected_before_any_change() {
    let application = Application::with_teams();
    application.migrator().up_to(1).expect("one step");
    application.write(
        "0001_create_team.up.sql",
        "CREATE TABLE team (id bigint PRIMARY KEY);",
    );
    assert!(matches!(
        refusal(application.migrator().up()),
        MigrationError::ChecksumChanged { version: 1, .. }
    ));
    assert!(matches!(
        refusal(application.migrator().down(1)),
        MigrationError::ChecksumChanged { version: 1, .. }
    ));
    assert_eq!(
        application.states(),
        [(1, StepState::Changed), (2, StepState::Pending)]
    );
    application
        .sql("SELECT * FROM member")
        .expect_err("the second step was not taken");
}

#[test]
fn other_line_endings_are_accepted() {
    let application = Application::with_teams();
    let sql = "CREATE TABLE badge (\n    id integer\n);\n";
    application.write("0003_create_badge.up.sql", sql);
    application.migrator().up().expect("three steps");
    application.write("0003_create_badge.up.sql", &sql.replace('\n', "\r\n"));
    assert_eq!(application.migrator().up().expect("nothing to do"), []);
}

#[test]
fn missing_step_is_rejected_before_any_change() {
    let application = Application::with_teams();
    application.migrator().up().expect("two steps");
    for direction in ["up", "down"] {
        let file = application.file(&format!("0001_create_team.{direction}.sql"));
        fs::remove_file(file).expect("gone");
    }
    assert!(matches!(
        refusal(application.migrator().up()),
        MigrationError::StepMissing { version: 1, ref name } if name == "create_team"
    ));
}

#[test]
fn out_of_order_step_is_rejected() {
    let application = Application::with_teams();
    application.migrator().up().expect("two steps");
    application.write(
        "0000_create_country.up.sql",
        "CREATE TABLE country (id integer);",
    );
    assert!(matches!(
        refusal(application.migrator().up()),
        MigrationError::OutOfOrder { version: 0, .. }
    ));
    application
        .sql("SELECT * FROM country")
        .expect_err("it was not taken");
}

#[test]
fn newer_schema_is_rejected_unchanged() {
    let application = Application::with_teams();
    application.migrator().up().expect("two steps");
    for direction in ["up", "down"] {
        let file = application.file(&format!("0002_create_member.{direction}.sql"));
        fs::remove_file(file).expect("gone");
    }
    assert!(matches!(
        refusal(application.migrator().down(1)),
        MigrationError::NewerSchema {
            database: 2,
            program: 1
        }
    ));
    application
        .sql("SELECT * FROM team, member")
        .expect("both are there");
}

#[test]
fn failed_step_is_rolled_back_alone() {
    let application = Application::with_teams();
    application.write(
        "0003_create_badge.up.sql",
        "CREATE TABLE badge (id integer); INSERT INTO nowhere VALUES (1);",
    );
    match refusal(application.migrator().up()) {
        MigrationError::Failed {
            version: 3,
            done,
            source,
            ..
        } => {
            assert_eq!(versions(&done), [1, 2]);
            assert_eq!(source.to_string(), "database error: no such table: nowhere");
        }
        other => panic!("{other:?}"),
    }
    application
        .sql("SELECT * FROM team, member")
        .expect("both are there");
    application
        .sql("SELECT * FROM badge")
        .expect_err("it was undone");
    application.write(
        "0003_create_badge.up.sql",
        "CREATE TABLE badge (id integer);",
    );
    assert_eq!(versions(&application.migrator().up().expect("fixed")), [3]);
}

/// A statement may make SQLite roll back the whole run.
#[test]
fn step_that_undoes_the_run_reports_its_own_error() {
    let application = Application::with_teams();
    application.write(
        "0003_create_badge.up.sql",
        "CREATE TABLE badge (id integer UNIQUE); INSERT OR ROLLBACK INTO badge VALUES (1), (1);",
    );
    match refusal(application.migrator().up()) {
        MigrationError::Failed { done, source, .. } => {
            assert_eq!(done, []);
            assert!(source.to_string().contains("badge.id"), "{source}");
        }
        other => panic!("{other:?}"),
    }
    application
        .sql("SELECT * FROM team")
        .expect_err("it was undone");
}

#[test]
fn step_that_ends_the_transaction_is_rejected() {
    let application = Application::with_teams();
    application.write(
        "0003_create_badge.up.sql",
        "CREATE TABLE badge (id integer); ROLLBACK;",
    );
    application.migrator().up().expect_err("must be rejected");
    application
        .sql("SELECT * FROM badge")
        .expect_err("it was undone");
    application
        .store
        .create_user(NewUser::default())
        .expect("the store works on");
}

#[test]
fn a_step_cannot_change_its_session() {
    for left in [
        "COMMIT;",
        "ROLLBACK;",
        "COMMIT; BEGIN;",
        "BEGIN;",
        "ATTACH ':memory:' AS other;",
        "CREATE TEMP TABLE team (id integer);",
        "CREATE TEMP VIEW seen AS SELECT 1;",
        "PRAGMA recursive_triggers = ON;",
        "PRAGMA case_sensitive_like(ON);",
        "PRAGMA query_only = 1;",
        "PRAGMA writable_schema = ON;",
    ] {
        let application = Application::with_teams();
        application.write(
            "0003_create_badge.up.sql",
            &format!("CREATE TABLE badge (id integer); {left}"),
        );
        let refused = refusal(application.migrator().up());
        let MigrationError::Failed {
            version: 3,
            ref done,
            ref source,
            ..
        } = refused
        else {
            panic!("{left}: {refused:?}");
        };
        assert_eq!(versions(done), [1, 2], "{left}");
        assert!(
            source
                .to_string()
                .contains("the migration has a statement that"),
            "{left}: {source}"
        );
        let states = application.states();
        assert!(
            matches!(states[1].1, StepState::Applied { .. }) && states[2].1 == StepState::Pending,
            "{left}: {states:?}"
        );
        application
            .sql("SELECT * FROM badge")
            .expect_err("it was undone");
    }
}

/// Runs the migrations, and returns the error of the last one, if it failed.
fn outcome(application: &Application, step: &str) -> Result<(), String> {
    application.write("0003_step.up.sql", step);
    match application.migrator().up() {
        Ok(done) => {
            assert_eq!(done.last().map(|step| step.version), Some(3), "{step}");
            Ok(())
        }
        Err(Error::Migration(MigrationError::Failed {
            version: 3, source, ..
        })) => {
            assert_eq!(application.states()[2].1, StepState::Pending, "{step}");
            let causes: Vec<String> =
                std::iter::successors(Some(&*source as &dyn std::error::Error), |error| {
                    error.source()
                })
                .map(ToString::to_string)
                .collect();
            Err(causes.join(": "))
        }
        Err(other) => panic!("{step}: {other:?}"),
    }
}

#[test]
fn a_step_without_transaction_runs_what_needs_none() {
    let header = "\n -- of the application\n--authstore: no-transaction  \r\n";
    for sql in [
        "VACUUM;",
        "BEGIN; CREATE TABLE badge (id integer); COMMIT; BEGIN; DROP TABLE badge; COMMIT;",
        "CREATE TABLE badge (id integer);",
        "PRAGMA foreign_keys = OFF; DROP TABLE team; PRAGMA legacy_alter_table = ON;",
        "-- nothing",
    ] {
        let application = Application::with_teams();
        outcome(&application, &format!("{header}{sql}"))
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!(
            application.migrator().up().expect("nothing").is_empty(),
            "{sql}"
        );
        let unknown = application.sql(
            r#"INSERT INTO "Session" ("userId", "sessionToken", "expires") VALUES ('x', 'x', 'x')"#,
        );
        unknown.expect_err("foreign keys are enforced again");
        application.write("0004_more.up.sql", "CREATE TABLE more (id integer);");
        assert_eq!(
            versions(&application.migrator().up().expect("more")),
            [4],
            "{sql}"
        );
    }
    let reason = outcome(&Application::with_teams(), "VACUUM;").expect_err("in a transaction");
    assert!(
        reason.contains("`-- authstore: no-transaction`"),
        "{reason}"
    );
}

#[test]
fn step_without_transaction_is_recorded() {
    for (sql, reason) in [
        (
            "CREATE TABLE badge (id integer); SELECT * FROM nowhere;",
            "nowhere",
        ),
        (
            "CREATE TABLE badge (id integer); BEGIN; CREATE TABLE undone (id integer);",
            "left a transaction open",
        ),
        (
            "CREATE TABLE badge (id integer); ATTACH '' AS other;",
            "attaches",
        ),
        (
            "CREATE TABLE badge (id integer); PRAGMA query_only = ON;",
            "pragma",
        ),
        (
            "CREATE TABLE badge (id integer); CREATE TEMP TABLE other (id integer);",
            "temporary",
        ),
        (
            r#"CREATE TABLE badge (id integer); INSERT INTO member VALUES (7, 'nobody');"#,
            "a foreign key",
        ),
    ] {
        let application = Application::with_teams();
        let header = "-- authstore: no-transaction";
        let failed = outcome(&application, &format!("{header}\n{sql}")).expect_err(sql);
        assert!(failed.contains(reason), "{sql}: {failed}");
        application
            .sql("SELECT * FROM team, member, badge")
            .expect("what was done stays");
        application
            .sql("SELECT * FROM undone")
            .expect_err("it was rolled back");
        let again = "CREATE TABLE IF NOT EXISTS badge (id integer);";
        outcome(&application, &format!("{header}\n{again}")).expect("it can be repeated");
    }
}

/// The store keeps its turn to write, so concurrent runs of one store do not repeat it either.
#[test]
fn no_transaction_migration_runs_once_per_store() {
    let application = Application::with_teams();
    application.write(
        "0003_alone.up.sql",
        "-- authstore: no-transaction\nCREATE TABLE badge (id integer); INSERT INTO badge VALUES (1);",
    );
    application.write("0004_after.up.sql", "INSERT INTO badge VALUES (2);");
    application.write(
        "0005_alone.up.sql",
        "-- authstore: no-transaction\nINSERT INTO badge VALUES (3);",
    );
    let runs = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| versions(&application.migrator().up().expect("a run"))))
            .collect();
        let runs = threads.into_iter().map(|thread| thread.join());
        runs.map(|run| run.expect("no panic")).collect::<Vec<_>>()
    });
    let mut taken: Vec<i64> = runs.into_iter().flatten().collect();
    taken.sort_unstable();
    assert_eq!(taken, [1, 2, 3, 4, 5]);
    let connection = rusqlite::Connection::open(application.directory.path().join("auth.db"));
    let rows: String = connection
        .expect("the database")
        .query_row(
            "SELECT group_concat(id ORDER BY id) FROM badge",
            [],
            |row| row.get(0),
        )
        .expect("rows");
    assert_eq!(rows, "1,2,3");
}

/// What another process has taken while a step without a transaction ran is neither taken again nor reported. The step
/// itself writes here what that process would write.
#[test]
fn steps_of_another_process_are_not_reported() {
    let application = Application::with_teams();
    application.write(
        "0003_alone.up.sql",
        "-- authstore: no-transaction\nCREATE TABLE badge (id integer); INSERT INTO badge VALUES (4);\n\
         INSERT INTO authstore_migration SELECT series, 4, 'taken', checksum, applied_at FROM authstore_migration\n\
         WHERE series = 'app' AND version = 1;",
    );
    application.write("0004_taken.up.sql", "INSERT INTO badge VALUES (4);");
    application.write("0005_own.up.sql", "INSERT INTO badge VALUES (5);");
    let done = application.migrator().up().expect("a run");
    assert_eq!(versions(&done), [1, 2, 3, 5]);
    let badges = rusqlite::Connection::open(application.directory.path().join("auth.db"))
        .expect("the database")
        .query_row(
            "SELECT group_concat(id ORDER BY id) FROM badge",
            [],
            |row| row.get::<_, String>(0),
        );
    assert_eq!(badges.expect("rows"), "4,5");
}

#[test]
fn a_pragma_reaches_no_later_step() {
    for end in ["", "-- authstore: no-transaction\n"] {
        let application = Application::with_teams();
        application.write(
            "0003_old.up.sql",
            &format!("{end}PRAGMA legacy_alter_table = ON;"),
        );
        // With it, the members' table would still refer to the old name.
        application.write("0004_rename.up.sql", "ALTER TABLE team RENAME TO club;");
        assert_eq!(application.migrator().up().expect("applied").len(), 4);
        application
            .sql("INSERT INTO club VALUES (1); INSERT INTO member (team) VALUES (1);")
            .expect("the foreign key has followed");
    }
}

#[test]
fn foreign_tables_are_not_overwritten() {
    for table in [
        "User",
        "user",
        "Account",
        "Session",
        "VerificationToken",
        "Authenticator",
        "authstore_challenge",
    ] {
        let application = Application::new();
        application
            .sql(&format!("CREATE TABLE \"{table}\" (theirs text);"))
            .expect("a table");
        let refused = refusal(application.store.migrate());
        assert!(
            matches!(&refused, MigrationError::ForeignTables { tables } if tables.len() == 1
                && tables[0].eq_ignore_ascii_case(table)),
            "{table}: {refused:?}"
        );
        assert!(refused.to_string().contains("adopt"), "{refused}");
        application
            .sql(&format!("SELECT theirs FROM \"{table}\""))
            .expect("it is as it was");
        application
            .sql("SELECT * FROM authstore_migration")
            .expect_err("nothing was created");
    }
}

#[test]
fn unlimited_lock_timeout_is_accepted() {
    for timeout in [Duration::ZERO, Duration::MAX] {
        let application = Application::with_teams();
        let migrator = application.migrator().with_lock_timeout(timeout);
        assert_eq!(versions(&migrator.up().expect("two steps")), [1, 2]);
    }
}

#[test]
fn bom_hidden_files_and_empty_migrations_work() {
    let application = Application::with_teams();
    application.write("._0003_create_badge.up.sql", "\0\u{1}");
    application.write(".sql", "");
    application.write("0003_nothing.up.sql", "");
    application.write("0004_remark.up.sql", "-- nothing\n");
    application.write(
        "0005_create_badge.up.sql",
        "\u{feff}CREATE TABLE badge (id integer);\r\n",
    );
    let steps = application.migrator().up().expect("five steps");
    assert_eq!(versions(&steps), [1, 2, 3, 4, 5]);
}

#[test]
fn misspelled_name_suggests_the_right_one() {
    for (name, right) in [
        ("0003_b.up.SQL", "0003_b.up.sql"),
        ("0003_b.UP.sql", "0003_b.up.sql"),
        ("0003_b.Down.Sql", "0003_b.down.sql"),
        ("0003_b.sql", "0003_b.up.sql"),
        ("3_b.sql", "3_b.up.sql"),
        ("0003-b.up.sql", "0003_b.up.sql"),
        ("0003 b.up.sql", "0003_b.up.sql"),
        ("0003.b.down.sql", "0003_b.down.sql"),
        ("b.up.sql", "0001_create_team.up.sql"),
    ] {
        let application = Application::with_teams();
        application.write(name, "");
        let refused = refusal(application.series()).to_string();
        assert!(
            refused.contains(name) && refused.ends_with(right),
            "{name}: {refused}"
        );
    }
}

#[test]
fn directory_without_migrations_is_rejected() {
    let application = Application::new();
    application.write("README.md", "");
    let refused = refusal(application.series()).to_string();
    assert!(refused.contains("no migrations"), "{refused}");
}

#[test]
fn step_that_leaves_orphans_is_rejected() {
    let application = Application::with_teams();
    application.write(
        "0003_fill_member.up.sql",
        "INSERT INTO member (team) VALUES (7);",
    );
    let refused = application
        .migrator()
        .up()
        .expect_err("team 7 is not there");
    let causes = format!("{refused:?}");
    assert!(
        causes.contains("refer to a row that does not exist"),
        "{causes}"
    );
    application.write(
        "0003_fill_member.up.sql",
        "INSERT INTO team VALUES (7); INSERT INTO member (team) VALUES (7);",
    );
    application.migrator().up().expect("fixed");
}

#[test]
fn a_step_may_rebuild_a_table_that_others_refer_to() {
    let application = Application::with_teams();
    application.migrator().up().expect("two steps");
    application
        .sql("INSERT INTO team VALUES (1); INSERT INTO member (team) VALUES (1);")
        .expect("rows");
    application.write(
        "0003_rename_team.up.sql",
        "CREATE TABLE new_team (id integer PRIMARY KEY, name text);
        INSERT INTO new_team (id) SELECT id FROM team;
        DROP TABLE team;
        ALTER TABLE new_team RENAME TO team;",
    );
    application.migrator().up().expect("a table rebuilt");
    application
        .sql("SELECT name FROM team")
        .expect("the new one");
}

#[test]
fn step_without_down_is_reported_before_any_change() {
    let application = Application::with_teams();
    fs::remove_file(application.file("0001_create_team.down.sql")).expect("gone");
    let migrator = application.migrator();
    migrator.up().expect("two steps");
    assert!(matches!(
        refusal(migrator.down(2)),
        MigrationError::Irreversible { version: 1, .. }
    ));
    application
        .sql("SELECT * FROM member")
        .expect("it is still there");
}

#[test]
fn sql_of_all_steps_is_returned_as_text() {
    let application = Application::new();
    let migrator = application.store.migrator().expect("a migrator");
    let up = migrator.sql(Direction::Up).expect("text");
    application.sql(&up).expect("it creates the schema");
    application
        .store
        .create_user(NewUser::default())
        .expect("which works");
    let down = migrator.sql(Direction::Down).expect("text");
    application.sql(&down).expect("it removes the schema");
    application
        .store
        .create_user(NewUser::default())
        .expect_err("the schema is gone");
}

#[test]
fn invalid_directory_is_rejected_with_its_path() {
    for (name, said) in [
        ("create_badge.up.sql", "not the name of a migration"),
        ("-1_create_badge.up.sql", "not the name of a migration"),
        ("0003_.up.sql", "not the name of a migration"),
        ("0003_create_badge.sql", "not the name of a migration"),
        ("3_create_badge.down.sql", "has no .up.sql"),
        ("1_create_badge.up.sql", "another file also has version 1"),
        (
            "0003_create_badge.up.sql ",
            "as in 0003_create_badge.up.sql",
        ),
        (
            "0003_create_badge.up.sql\u{200b}",
            "as in 0003_create_badge.up.sql",
        ),
        (
            "0003_create_badge.up.sql.txt",
            "as in 0003_create_badge.up.sql",
        ),
        (
            "0003_create_badge.Down.SQL.TXT",
            "as in 0003_create_badge.down.sql",
        ),
        ("0003_create_badge.up", "as in 0003_create_badge.up.sql"),
        (
            "\u{ff10}\u{ff13}_create_badge.up.sql",
            "not the name of a migration",
        ),
        (
            "\u{0660}\u{0663}_create_badge.up.sql",
            "not the name of a migration",
        ),
        (
            "99999999999999999999_create_badge.up.sql",
            "not the name of a migration",
        ),
        (
            "\u{feff}0003_create_badge.up.sql",
            "not the name of a migration",
        ),
    ] {
        let application = Application::with_teams();
        application.write(name, "CREATE TABLE badge (id integer);");
        let refused = refusal(application.series());
        assert!(
            matches!(refused, MigrationError::Folder { .. }),
            "{name}: {refused:?}"
        );
        assert!(refused.to_string().contains(said), "{name}: {refused}");
        assert!(
            refused.to_string().contains("migrations"),
            "{name}: {refused}"
        );
    }
    let missing = refusal(Series::from_dir("app", "no/such/folder"));
    assert!(missing.to_string().contains("no/such/folder"), "{missing}");
}

#[test]
fn down_migration_of_another_name_is_rejected() {
    let application = Application::with_teams();
    application.write(
        "0003_create_badge.up.sql",
        "CREATE TABLE badge (id integer);",
    );
    application.write("0003_create_medal.down.sql", "DROP TABLE medal;");
    let refused = refusal(application.series()).to_string();
    assert!(
        refused.contains("0003_create_medal.down.sql")
            && refused.contains("is called create_badge"),
        "{refused}"
    );
}

#[test]
fn file_that_is_not_text_is_named() {
    let utf16 = |bytes: fn(u16) -> [u8; 2], text: &str| -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    };
    let statement = "CREATE TABLE badge (id integer);";
    let marked = format!("\u{feff}{statement}");
    for (what, text, said) in [
        ("Latin-1", b"-- caf\xe9\nSELECT 1;".to_vec(), "cannot read"),
        ("UTF-16", utf16(u16::to_le_bytes, &marked), "cannot read"),
        (
            "UTF-16 (big)",
            utf16(u16::to_be_bytes, &marked),
            "cannot read",
        ),
        (
            "UTF-16 without a mark",
            utf16(u16::to_le_bytes, statement),
            "save it as UTF-8",
        ),
        (
            "CR",
            b"-- a badge\rCREATE TABLE badge (id integer);\r".to_vec(),
            "CR only",
        ),
        (
            "a header",
            b"-- authstore: no transaction\nVACUUM;".to_vec(),
            "`-- authstore: no-transaction`",
        ),
        (
            "an empty header",
            b"\n-- authstore:\nVACUUM;".to_vec(),
            "`-- authstore: no-transaction`",
        ),
    ] {
        for name in ["0003_badge.up.sql", "0002_create_member.down.sql"] {
            let application = Application::with_teams();
            fs::write(application.file(name), &text).expect("a file");
            let refused = refusal(application.series());
            assert!(
                matches!(refused, MigrationError::Folder { .. }),
                "{what}: {refused:?}"
            );
            let refused = refused.to_string();
            assert!(
                refused.contains(said) && refused.contains(name),
                "{what}: {refused}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn invalid_files_are_named_and_links_followed() {
    let application = Application::with_teams();
    let name = "0003_create_badge.up.sql";
    fs::create_dir(application.file(name)).expect("a folder");
    let refused = refusal(application.series()).to_string();
    assert!(refused.contains(name), "{refused}");
    fs::remove_dir(application.file(name)).expect("gone");

    std::os::unix::fs::symlink("../badge.sql", application.file(name)).expect("a link");
    let refused = refusal(application.series()).to_string();
    assert!(refused.contains(name), "{refused}");
    let badge = application.directory.path().join("badge.sql");
    fs::write(badge, "CREATE TABLE badge (id integer);").expect("a file");
    let migrator = application.migrator();
    assert_eq!(versions(&migrator.up().expect("all")), [1, 2, 3]);

    // A pipe, which would be read forever, and a name that is no text.
    let pipe = application.file("0004_pipe.up.sql");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let refused = refusal(application.series()).to_string();
    assert!(refused.contains("not a file"), "{refused}");
    fs::remove_file(pipe).expect("gone");
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"0004_caf\xe9.up.sql");
        let file = application.file(".").join(name);
        fs::write(&file, "SELECT 1;").expect("a file");
        let refused = refusal(application.series()).to_string();
        assert!(refused.contains("not UTF-8"), "{refused}");
        fs::remove_file(file).expect("gone");
    }

    // Versions may have gaps, and other folders are ignored, as are the copies that editors keep.
    for name in [
        "0004_copy.up.sql~",
        "0004_copy.up.sql.bak",
        "notes.txt",
        "set.up",
    ] {
        application.write(name, "CREATE TABLE copy (id integer);");
    }
    fs::create_dir(application.file("archive")).expect("a folder");
    application.write(
        "20261128000000_create_medal.up.sql",
        "CREATE TABLE medal (id integer);",
    );
    assert_eq!(
        versions(&application.migrator().up().expect("one")),
        [20_261_128_000_000]
    );
}

/// The schema of Auth.js's guide, with one user.
const GUIDE: &str = r#"
    CREATE TABLE "User" (id varchar PRIMARY KEY, name text, email text NOT NULL UNIQUE, "emailVerified" timestamptz, image text);
    CREATE TABLE "Account" (id varchar PRIMARY KEY, "userId" varchar NOT NULL REFERENCES "User" (id) ON DELETE CASCADE,
        type text NOT NULL, provider text NOT NULL, "providerAccountId" text NOT NULL, refresh_token text, access_token text,
        expires_at bigint, token_type text, scope text, id_token text, session_state text);
    CREATE TABLE "Session" (id varchar PRIMARY KEY, "userId" varchar NOT NULL REFERENCES "User" (id) ON DELETE CASCADE,
        "sessionToken" text NOT NULL UNIQUE, expires timestamptz NOT NULL);
    CREATE TABLE "VerificationToken" (identifier text NOT NULL, token text NOT NULL UNIQUE, expires timestamptz NOT NULL);
    INSERT INTO "User" (id, email, name) VALUES
        ('0197f3a0-0000-4000-8000-000000000001', 'ada@example.org', 'Ada' || char(233, 65533, 65535, 128105, 8205, 128640));
    INSERT INTO "Account" (id, "userId", type, provider, "providerAccountId") VALUES
        ('0197f3a0-0000-4000-8000-000000000002', '0197f3a0-0000-4000-8000-000000000001', 'oauth', 'github', '1');
    INSERT INTO "Session" VALUES ('0197f3a0-0000-4000-8000-000000000003', '0197f3a0-0000-4000-8000-000000000001', 's',
        '2030-01-01T00:00:00.000Z');
    INSERT INTO "VerificationToken" VALUES ('ada@example.org', 't', '2030-01-01T00:00:00.000Z');
"#;

#[test]
fn invalid_utf8_blocks_an_adoption() {
    for (table, column) in [
        ("User", "name"),
        ("User", "image"),
        ("User", "email"),
        ("Account", "scope"),
        ("Account", "providerAccountId"),
        ("Session", "sessionToken"),
        ("VerificationToken", "identifier"),
    ] {
        let application = Application::new();
        application.sql(GUIDE).expect("their schema");
        let migrator = application.store.migrator().expect("a migrator");
        let found = migrator.compare().expect("compared");
        assert_eq!(found.obstacles, [""; 0], "{found}");
        // An invalid byte, a truncated string, an overlong form, and half of a surrogate pair.
        for bytes in ["41FF42", "41C3", "41C080", "41EDA080"] {
            application
                .sql(&format!(
                    r#"UPDATE "{table}" SET "{column}" = CAST(x'{bytes}' AS text)"#
                ))
                .expect("a row");
            let found = migrator.compare().expect("compared");
            let [obstacle] = &found.obstacles[..] else {
                panic!("{table}.{column} {bytes}: {found}");
            };
            assert!(obstacle.contains("not UTF-8"), "{obstacle}");
            assert!(matches!(
                refusal(migrator.adopt()),
                MigrationError::InTheWay { .. }
            ));
        }
        application
            .sql(&format!(r#"UPDATE "{table}" SET "{column}" = 'good'"#))
            .expect("resolved");
        migrator.adopt().expect("adopted");
    }
}

/// This program cannot use such an index, and SQLite would rename no table.
#[test]
fn a_collation_of_the_application_blocks_an_adoption() {
    for (schema, index) in [
        (
            r#"CREATE TABLE "Other" ("a" text); CREATE INDEX "others" ON "Other" ("a" COLLATE NOCASE)"#,
            "others of Other",
        ),
        (
            r#"CREATE INDEX "names" ON "User" ("name" COLLATE NOCASE)"#,
            "names of User",
        ),
        (
            r#"DROP TABLE "VerificationToken";
               CREATE TABLE "VerificationToken" (
                   "identifier" text, "token" text UNIQUE, "expires" text, "tag" text COLLATE NOCASE UNIQUE
               )"#,
            "sqlite_autoindex_VerificationToken_2 of VerificationToken",
        ),
    ] {
        let application = Application::new();
        application
            .sql(&format!(
                "{GUIDE}; {schema};
                 PRAGMA writable_schema = ON;
                 UPDATE sqlite_schema SET sql = replace(sql, 'NOCASE', 'german');
                 PRAGMA writable_schema = RESET;"
            ))
            .expect(schema);
        let migrator = application.store.migrator().expect("a migrator");
        let found = migrator.compare().expect("compared");
        let [obstacle] = &found.obstacles[..] else {
            panic!("{schema}: {found}");
        };
        assert!(
            obstacle.starts_with(&format!("the index {index} compares")),
            "{obstacle}"
        );
        refusal(migrator.adopt());
    }
}

#[test]
fn drift_of_every_kind_is_found() {
    let rebuilt = |table: &str, old: &str, new: &str| {
        format!(
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = replace(sql, '{old}', '{new}') WHERE name = '{table}';
             PRAGMA writable_schema = RESET;"
        )
    };
    for (drift, said) in [
        (
            rebuilt(
                "User",
                r#""image" text"#,
                r#""image" text, "must" text NOT NULL"#,
            ),
            "User has an extra column, must",
        ),
        (
            r#"DROP INDEX "Session_expires_idx""#.to_owned(),
            "Session.expires has no index",
        ),
        (
            r#"DROP INDEX "Session_expires_idx"; CREATE INDEX "Session_expires_idx" ON "Session" ("expires") WHERE "expires" > 'x'"#
                .to_owned(),
            "Session.expires has no index",
        ),
        (
            r#"DROP TABLE "authstore_challenge""#.to_owned(),
            "the table authstore_challenge is missing",
        ),
        (
            r#"DROP TABLE "Authenticator""#.to_owned(),
            "the table Authenticator is missing",
        ),
        (
            r#"ALTER TABLE "User" DROP COLUMN "image""#.to_owned(),
            "User.image is missing",
        ),
        (
            r#"ALTER TABLE "User" ADD COLUMN "must" text NOT NULL DEFAULT 'x' CHECK ("must" > '')"#
                .to_owned(),
            "CHECK",
        ),
        (
            rebuilt("User", r#""email" text"#, r#""email" text COLLATE NOCASE"#),
            "User has columns with a COLLATE clause",
        ),
        (
            rebuilt("User", r#""name" text"#, r#""name" blob"#),
            "User.name is declared as BLOB",
        ),
        (
            rebuilt("User", r#""image" text"#, r#""image" text DEFAULT 1"#),
            "User.image has the default 1",
        ),
        (
            rebuilt("Session", r#""expires" text NOT NULL"#, r#""expires" text"#),
            "Session.expires is nullable",
        ),
        (
            rebuilt("User", r#""image" text"#, r#""image" text NOT NULL"#),
            "User.image is NOT NULL",
        ),
        (
            rebuilt("Session", " ON DELETE CASCADE", ""),
            "Session.userId does not refer to User.id with ON DELETE CASCADE",
        ),
        (
            rebuilt("Session", r#"DEFAULT ("#, r#"DEFAULT (1 || "#),
            "Session.id has no default that creates a UUID",
        ),
    ] {
        let application = Application::new();
        application.store.migrate().expect("the crate's schema");
        let file = application.directory.path().join("auth.db");
        let connection = rusqlite::Connection::open(&file).expect("the file");
        connection
            .execute_batch(&drift)
            .unwrap_or_else(|error| panic!("{drift}: {error}"));
        // An open connection keeps the schema that it has read.
        let url = format!("sqlite:{}", file.display());
        let store = AuthStore::connect(&url).expect("a store");
        let migrator = store.migrator().expect("a migrator");
        assert!(migrator.up().expect("up to date").is_empty());
        let found = migrator.compare().expect("compared");
        let named = found.to_string().contains(said);
        assert!(named, "{drift}: {found}");
        let fails = found.to_string().contains("the adoption would fail");
        assert!(!fails, "{drift}: {found}");
        // What cannot be repaired changes nothing.
        match migrator.adopt() {
            Ok(_) => assert!(migrator.compare().expect("compared").is_empty(), "{drift}"),
            Err(error) => {
                let in_the_way = matches!(error, Error::Migration(MigrationError::InTheWay { .. }));
                assert!(
                    in_the_way && !found.obstacles.is_empty(),
                    "{drift}: {error:?}"
                );
            }
        }
    }
}

#[test]
fn series_needs_its_own_name() {
    let application = Application::new();
    for name in ["authstore", "", "a\0b"] {
        let refused = Series::from_dir(name, application.directory.path());
        assert!(
            matches!(refused, Err(Error::Invalid { field: "name", .. })),
            "{refused:?}"
        );
    }
}
