//! Rows with violated foreign keys after a migration.

use std::fs;

use authstore::migration::{Migrator, Series};
use authstore::{AuthStore, NewUser};
use rusqlite::Connection;
use tempfile::TempDir;

struct Application {
    directory: TempDir,
    store: AuthStore,
}

impl Application {
    fn new(sql: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite:{}/auth.db", directory.path().display());
        let store = AuthStore::connect(&url).expect("a store");
        store.migrate().expect("a schema");
        let connection = Connection::open(directory.path().join("auth.db")).expect("a connection");
        connection
            .pragma_update(None, "foreign_keys", false)
            .expect("a setting");
        connection
            .execute_batch(sql)
            .expect("the application's own");
        Application { directory, store }
    }

    /// Applies one more migration.
    fn step(&self, sql: &str) -> authstore::Result<usize> {
        let steps = self.directory.path().join("steps");
        fs::create_dir_all(&steps).expect("a directory");
        let version = fs::read_dir(&steps).expect("steps").count() + 1;
        let file = steps.join(format!("{version:04}_step.up.sql"));
        fs::write(&file, sql).expect("a step");
        let done = self.migrator().up();
        if done.is_err() {
            fs::remove_file(file).expect("the step");
        }
        done.map(|steps| steps.len())
    }

    fn migrator(&self) -> Migrator {
        let steps = self.directory.path().join("steps");
        let series = Series::from_dir("app", steps).expect("a series");
        let migrator = self.store.migrator().expect("a migrator");
        migrator.with_series(series)
    }
}

const TEAMS: &str = "
    CREATE TABLE team (id integer PRIMARY KEY);
    CREATE TABLE member (id integer PRIMARY KEY, team integer REFERENCES team (id));
    INSERT INTO team VALUES (1);
    INSERT INTO member VALUES (1, 1);";

#[track_caller]
fn assert_rejected(application: &Application, sql: &str) {
    let refused = application.step(sql).expect_err(sql);
    let causes = format!("{refused:?}");
    assert!(
        causes.contains("refer to a row that does not exist"),
        "{sql}: {causes}"
    );
}

#[test]
fn steps_that_leave_orphans_are_rejected() {
    let application = Application::new(TEAMS);
    for sql in [
        "INSERT INTO member VALUES (2, 7);",
        "UPDATE MEMBER SET team = 7;",
        "DELETE FROM team;",
        "DELETE FROM team WHERE id = 1;",
        "UPDATE team SET id = 2;",
        "DROP TABLE team;",
        "CREATE TABLE other (id integer);
        CREATE TRIGGER t AFTER INSERT ON other BEGIN DELETE FROM team; END;
        INSERT INTO other VALUES (1);",
        "ALTER TABLE member ADD COLUMN lead integer DEFAULT 7 REFERENCES team (id);",
        "CREATE TABLE new_team (id integer PRIMARY KEY);
        DROP TABLE team;
        ALTER TABLE new_team RENAME TO team;",
    ] {
        assert_rejected(&application, sql);
    }
    application
        .step("INSERT INTO team VALUES (2); INSERT INTO member VALUES (2, 2);")
        .expect("every member has a team");
}

#[test]
fn earlier_orphans_do_not_fail_a_step() {
    let application = Application::new(TEAMS);
    Connection::open(application.directory.path().join("auth.db"))
        .expect("a connection")
        .execute_batch("PRAGMA foreign_keys = off; INSERT INTO member VALUES (2, 7), (3, 8);")
        .expect("orphans");
    application
        .step("UPDATE member SET id = id + 10;")
        .expect("no additional orphan");
    assert_rejected(&application, "INSERT INTO member VALUES (4, 9);");
    application
        .step("DELETE FROM member WHERE id = 12;")
        .expect("one orphan fewer");
}

#[test]
fn mismatched_foreign_key_does_not_stop_migration() {
    let application = Application::new(
        r#"CREATE TABLE post (id integer PRIMARY KEY, author text REFERENCES "User" (name));
        INSERT INTO post VALUES (1, 'Ada');"#,
    );
    assert_eq!(application.store.migrate().expect("nothing to do"), []);
    application.step(TEAMS).expect("a step of other tables");
    application
        .step("ALTER TABLE post ADD COLUMN title text;")
        .expect("a step of the table itself");
    application
        .step(r#"CREATE INDEX user_name ON "User" (name);"#)
        .expect("a step of the table that it refers to");
    application
        .store
        .create_user(NewUser::default())
        .expect("the store still works");
}
