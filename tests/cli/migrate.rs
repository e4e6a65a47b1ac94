//! `authstore migrate`

use std::fs;
use std::process::Stdio;

use authstore::NewUser;

use crate::run::{Place, outcome};

const TABLES: [&str; 8] = [
    "Account",
    "Authenticator",
    "Session",
    "User",
    "VerificationToken",
    "authstore_authenticator_details",
    "authstore_challenge",
    "authstore_session_details",
];

#[test]
fn up_applies_every_migration_once() {
    let place = Place::new();
    let first = place.succeed("migrate up");
    assert_eq!(first.lines().count(), 8, "{first}");
    assert!(
        first.starts_with("authstore 0001_create_user up ("),
        "{first}"
    );
    assert!(
        TABLES
            .iter()
            .all(|table| place.tables().contains(&(*table).to_owned()))
    );
    assert_eq!(
        place.succeed("migrate up"),
        "nothing to do: the schema is up to date\n"
    );
}

#[test]
fn status_tells_a_script_whether_steps_are_pending() {
    let place = Place::new();
    drop(place.store());
    let before = place.run("migrate status");
    assert_eq!(before.code, 5, "{before:?}");
    assert_eq!(before.stdout.matches(" pending\n").count(), 8, "{before:?}");
    assert_eq!(before.stderr, "");

    place.succeed("migrate up --to 3");
    let between = place.run("migrate status");
    assert_eq!(between.code, 5, "{between:?}");
    assert_eq!(
        between.stdout.matches(" applied 2").count(),
        3,
        "{between:?}"
    );
    assert_eq!(
        between.stdout.matches(" pending\n").count(),
        5,
        "{between:?}"
    );

    place.succeed("migrate up");
    let after = place.succeed("migrate status");
    assert_eq!(after.matches(" applied 2").count(), 8, "{after}");
}

#[test]
fn down_stops_where_requested() {
    let place = Place::new();
    place.succeed("migrate up");
    let user = place
        .store()
        .create_user(NewUser::default())
        .expect("a user");

    let steps = |line| -> Vec<String> {
        let out = place.succeed(line);
        out.lines().map(|line| line[10..14].to_owned()).collect()
    };
    assert_eq!(steps("migrate down --yes"), ["0008"]);
    assert_eq!(steps("migrate down --steps 2 --yes"), ["0007", "0006"]);
    assert_eq!(steps("migrate up"), ["0006", "0007", "0008"]);
    assert_eq!(
        steps("migrate down --to 1 -y"),
        ["0008", "0007", "0006", "0005", "0004", "0003", "0002"]
    );
    let kept = place.store().get_user(user.id).expect("an answer");
    assert_eq!(kept, Some(user), "the table that stayed has lost a row");

    place.succeed("migrate up");
    assert_eq!(steps("migrate down --all --yes").len(), 8);
    assert_eq!(place.tables(), ["authstore_migration"]);
    assert_eq!(
        place.succeed("migrate down --yes"),
        "nothing to do: no such migration is applied\n"
    );
}

#[test]
fn down_requires_confirmation() {
    let place = Place::new();
    place.succeed("migrate up");
    for line in ["migrate down", "migrate down --all", "migrate down --to 1"] {
        place.fail(line, 2, "--yes");
    }
    place.succeed("migrate status");
}

#[cfg(unix)]
#[test]
fn down_asks_on_a_terminal() {
    use crate::run::on_a_terminal;

    let place = Place::new();
    place.succeed("migrate up");
    for no in ["no\n", "\n", "y\n", "\u{4}"] {
        let (code, shown) = on_a_terminal(place.command("migrate down --steps 2"), no);
        assert_eq!(code, 2, "{shown}");
        assert!(shown.contains("0007 create_session_details"), "{shown}");
        assert!(shown.contains("nothing was changed"), "{shown}");
        place.succeed("migrate status");
    }
    let (code, shown) = on_a_terminal(place.command("migrate down --steps 2"), "yes\n");
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains("0007_create_session_details down ("),
        "{shown}"
    );
    assert_eq!(place.run("migrate status").code, 5);
}

/// Another deployment migrates while the question is on the screen.
#[cfg(unix)]
#[test]
fn down_reverts_only_what_it_showed() {
    use crate::run::on_a_terminal_after;

    for (line, meanwhile) in [
        ("migrate down", "migrate up"),
        ("migrate down --to 5", "migrate up"),
        ("migrate down --steps 2", "migrate down --yes"),
        ("migrate down --all", "migrate down --yes"),
    ] {
        let place = Place::new();
        place.succeed("migrate up --to 7");
        let interfere = || drop(place.succeed(meanwhile));
        let (code, shown) =
            on_a_terminal_after(place.command(line), "to continue: ", interfere, "yes\n");
        assert_eq!(code, 3, "{line}: {shown}");
        assert!(shown.contains("nothing was changed"), "{line}: {shown}");
        let left = if meanwhile == "migrate up" { 8 } else { 6 };
        let status = place.run("migrate status").stdout;
        assert_eq!(status.matches(" applied 2").count(), left, "{line}");
    }
    let place = Place::new();
    place.succeed("migrate up");
    place.fail("migrate down --to 99", 2, "99");
}

#[test]
fn sql_prints_what_up_and_down_would_run() {
    let place = Place::new();
    let up = place.succeed("migrate sql");
    let down = place.succeed("migrate sql --down");
    assert!(!place.path("auth.db").exists(), "the file was created");

    let connection = place.sqlite();
    connection.execute_batch(&up).expect("the up migrations");
    assert_eq!(place.tables(), TABLES);
    connection
        .execute_batch(&down)
        .expect("the down migrations");
    assert_eq!(place.tables(), [""; 0]);
}

#[cfg(all(feature = "mysql", feature = "postgres"))]
#[test]
fn sql_of_a_server_needs_no_server() {
    let place = Place::new();
    for (url, mark) in [
        ("postgres://ada@127.0.0.1:1/auth", "timestamptz(3)"),
        ("mariadb://ada@127.0.0.1:1/auth", "utf8mb4_nopad_bin"),
    ] {
        let sql = place.succeed(&format!("migrate sql --database-url {url}"));
        assert!(sql.contains(mark), "{sql}");
        assert_eq!(sql.matches("-- authstore 000").count(), 8, "{sql}");
    }
    // The URL may name MySQL or MariaDB, so the command asks the server.
    place.fail(
        "migrate sql --database-url mysql://ada@127.0.0.1:1/auth",
        3,
        "unavailable",
    );
}

#[test]
fn application_migrations_run() {
    let place = Place::new();
    place.write(
        "db/0001_create_team.up.sql",
        "CREATE TABLE team (id text PRIMARY KEY, owner text REFERENCES \"User\" (id));",
    );
    place.write("db/0001_create_team.down.sql", "DROP TABLE team;");
    let own = |task| format!("migrate {task} --migrations db --series teams");

    place.succeed("migrate up");
    assert!(
        place
            .succeed(&own("up"))
            .starts_with("teams 0001_create_team up (")
    );
    assert!(
        place
            .succeed(&own("status"))
            .starts_with("teams 0001_create_team  applied 2")
    );
    assert!(place.tables().contains(&"team".to_owned()));
    // Options may also precede the task.
    place.succeed("migrate --series teams --migrations db status");
    assert!(place.succeed(&own("sql")).contains("CREATE TABLE team"));
    place.succeed(&own("down --yes"));
    assert!(!place.tables().contains(&"team".to_owned()));
    place.succeed("migrate status");

    place.fail("migrate up --migrations db", 2, "--series");
    place.fail("migrate up --series teams", 2, "--migrations");
    place.fail(
        "migrate up --migrations nowhere --series teams",
        2,
        "nowhere",
    );
    place.fail(
        "migrate up --migrations db --series authstore",
        2,
        "reserved for the crate",
    );
}

#[test]
fn failed_migration_is_printed_with_earlier_ones() {
    let place = Place::new();
    place.write("db/1_good.up.sql", "CREATE TABLE good (id text);");
    place.write("db/2_bad.up.sql", "CREATE TABLE good (id text);");
    let outcome = place.run("migrate up --migrations db --series teams");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(
        outcome.stdout.starts_with("teams 0001_good up ("),
        "{outcome:?}"
    );
    assert_eq!(outcome.stdout.lines().count(), 1, "{outcome:?}");
    place.write("db/2_bad.up.sql", "SELECT * FROM missing;");
    place.fail(
        "migrate up --migrations db --series teams",
        1,
        "caused by: database error: no such table: missing",
    );
    assert!(
        outcome
            .stderr
            .starts_with("error: could not apply migration 2 (bad)\n"),
        "{outcome:?}"
    );
    // Neither can be reverted.
    place.fail(
        "migrate down --yes --migrations db --series teams",
        4,
        "cannot be reverted",
    );
}

#[test]
fn mismatched_history_is_rejected() {
    let place = Place::new();
    place.succeed("migrate up");
    let change = |sql: &str| place.sqlite().execute_batch(sql).expect("a change");
    let refused = |mark: &str, reason: &str| {
        let status = place.run("migrate status");
        assert_eq!(status.code, 4, "{status:?}");
        assert!(status.stdout.contains(mark), "{status:?}");
        place.fail("migrate up", 4, reason);
        place.fail("migrate down --yes", 4, reason);
    };

    change("UPDATE authstore_migration SET checksum = 'x' WHERE version = 2");
    refused(
        "0002_create_account                CHANGED",
        "has changed since it was applied",
    );
    change("DELETE FROM authstore_migration WHERE version = 2");
    refused(
        "0002_create_account                OUT OF ORDER",
        "but later ones were",
    );
    change("UPDATE authstore_migration SET version = 9 WHERE version = 8");
    refused(
        "0009_create_authenticator_details  NEWER",
        "newer than this program",
    );
}

#[test]
fn unknown_version_is_a_usage_error() {
    let place = Place::new();
    place.fail("migrate up --to 99", 2, "no migration of version 99");
    place.fail(
        "migrate down --to 99 --yes",
        2,
        "no migration of version 99",
    );
}

#[test]
fn eight_processes_apply_each_migration_once() {
    let place = Place::new();
    let steps: usize = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| outcome(place.command("migrate up"))))
            .collect();
        runs.into_iter()
            .map(|run| {
                let outcome = run.join().expect("a run");
                assert_eq!(outcome.code, 0, "{outcome:?}");
                outcome.stdout.matches(" up (").count()
            })
            .sum()
    });
    assert_eq!(steps, 8);
}

#[test]
fn file_that_is_no_database_stays_unchanged() {
    let place = Place::new();
    let poem = "Shall I compare thee to a summer's day? ".repeat(100);
    place.write("auth.db", &poem);
    place.fail("migrate up", 1, "error: ");
    assert_eq!(
        fs::read_to_string(place.path("auth.db")).expect("the file"),
        poem
    );
}

#[test]
fn closed_pipe_changes_no_exit_code() {
    let place = Place::new();
    drop(place.store());
    // Enough lines to fill the pipe.
    for version in 1..=2_000 {
        let name = "a".repeat(200);
        place.write(&format!("steps/{version}_{name}.up.sql"), "");
    }
    let mut command = place
        .command("migrate status --series app --migrations steps")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command");
    drop(command.stdout.take());
    let output = command.wait_with_output().expect("an end");
    assert_eq!(
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).as_ref()
        ),
        (Some(5), "")
    );
}

#[test]
fn misspelled_path_creates_no_file() {
    let place = Place::new();
    for task in [
        "migrate status",
        "migrate status --check",
        "migrate adopt",
        "migrate down",
        "sweep",
        "hash-session-tokens",
        "emails collisions",
    ] {
        place.fail(task, 2, "no such file");
        assert!(!place.path("auth.db").exists(), "{task}");
    }
    place.succeed("migrate up");
    place.succeed("sweep");
}

#[test]
fn drift_is_found_on_request() {
    let place = Place::new();
    place.succeed("migrate up");
    let same = "the tables match what this program needs\n";
    assert_eq!(place.succeed("migrate status --check"), same);

    let sqlite = place.sqlite();
    sqlite
        .execute_batch(r#"DROP TABLE "Authenticator""#)
        .expect("dropped");
    // The history still records it.
    place.succeed("migrate status");
    let found = place.run("migrate status --check");
    assert_eq!(found.code, 1, "{found:?}");
    assert!(found.stdout.contains("Authenticator"), "{found:?}");
}

#[test]
fn client_commands_are_explained() {
    let place = Place::new();
    place.succeed("migrate up");
    place.write("steps/0001_routine.up.sql", "SELECT 1;\nDELIMITER //\n");
    let line = format!(
        "migrate up --migrations {} --series app",
        place.path("steps").display()
    );
    let failed = place.run(&line);
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(
        failed
            .stderr
            .contains("line 2 of the migration: `DELIMITER`"),
        "{failed:?}"
    );
}

/// A migration without a transaction runs without the lock, so several processes may run it; everything else is done
/// once.
#[test]
fn processes_share_no_transaction_migrations() {
    const PROCESSES: usize = 8;
    let place = Place::new();
    // It takes a while before it writes, so that other processes overlap.
    let alone = "-- authstore: no-transaction\nWITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n LIMIT 300000)\n\
                 SELECT count(*) FROM n;\nCREATE INDEX IF NOT EXISTS note_what ON note (what);\n\
                 INSERT INTO note VALUES ('alone');";
    for (name, sql) in [
        ("0001_note.up.sql", "CREATE TABLE note (what text);"),
        ("0002_alone.up.sql", alone),
        (
            "0003_once.up.sql",
            "INSERT INTO note VALUES ('once'); CREATE TABLE once (n integer);",
        ),
        ("0004_alone.up.sql", alone),
        ("0005_once.up.sql", "INSERT INTO note VALUES ('once');"),
    ] {
        place.write(&format!("steps/{name}"), sql);
    }
    drop(place.store());
    let processes: Vec<_> = (0..PROCESSES)
        .map(|_| {
            place
                .command("migrate up --migrations steps --series app")
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("the command starts")
        })
        .collect();
    for process in processes {
        let output = process.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{output:?}");
    }
    let count = |sql: &str| -> usize {
        let rows: i64 = place
            .sqlite()
            .query_row(sql, [], |row| row.get(0))
            .expect("a count");
        usize::try_from(rows).expect("a count")
    };
    let once = count("SELECT count(*) FROM note WHERE what = 'once'");
    assert_eq!(once, 2, "each of two steps");
    let alone = count("SELECT count(*) FROM note WHERE what = 'alone'");
    assert!((2..=2 * PROCESSES).contains(&alone), "{alone}");
    let history = count("SELECT count(*) FROM authstore_migration WHERE series = 'app'");
    assert_eq!(history, 5);
    assert_eq!(
        place.succeed("migrate up --migrations steps --series app"),
        "nothing to do: the schema is up to date\n"
    );
}

#[cfg(unix)]
#[test]
fn adopt_shows_progress_only_on_a_terminal() {
    use crate::run::on_a_terminal;

    let theirs = r#"CREATE TABLE "User" ("id" varchar PRIMARY KEY, "name" varchar, "email" varchar UNIQUE,
                    "emailVerified" timestamptz, "image" varchar);
                    INSERT INTO "User" ("id") VALUES ('00000000-0000-4000-8000-000000000000');"#;
    let place = Place::new();
    place.sqlite().execute_batch(theirs).expect("a table");
    let dry = place.run("migrate adopt");
    assert!(dry.stdout.contains("rows: User 1 (copied)"), "{dry:?}");
    assert!(dry.stdout.contains("estimate: "), "{dry:?}");
    let (code, shown) = on_a_terminal(place.command("migrate adopt --apply"), "");
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains(": User, 0 of 1 rows"), "{shown}");
    assert!(shown.contains(": User, 1 of 1 rows"), "{shown}");

    let place = Place::new();
    place.sqlite().execute_batch(theirs).expect("a table");
    let stdout = place.succeed("migrate adopt --apply");
    assert!(!stdout.contains("of 1 rows"), "{stdout}");
}

/// The files of a place, with their contents. SQLite writes to `-shm` even when it only reads.
fn files(place: &Place) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(place.path("")).expect("a folder");
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let contents = if name.ends_with("-shm") {
                Vec::new()
            } else {
                fs::read(path).expect("a file")
            };
            (name, contents)
        })
        .collect();
    files.sort();
    files
}

const USERS: &str = r#"CREATE TABLE "User" ("id" text PRIMARY KEY, "name" text, "email" text, "emailVerified" text, "image" text)"#;

const READING: [&str; 4] = [
    "migrate status",
    "migrate status --check",
    "migrate adopt",
    // There is an obstacle.
    "migrate adopt --apply",
];

#[test]
fn reading_changes_no_file() {
    for mode in ["delete", "persist", "wal"] {
        let place = Place::new();
        place
            .sqlite()
            .execute_batch(&format!(
                r#"PRAGMA journal_mode = {mode}; {USERS}; INSERT INTO "User" ("id") VALUES ('x')"#
            ))
            .expect("a database");
        let before = files(&place);
        for line in READING {
            let outcome = place.run(line);
            assert_ne!(outcome.code, 0, "{mode}: {line}: {outcome:?}");
            assert_eq!(outcome.stderr, "", "{mode}: {line}");
            assert!(files(&place) == before, "{mode}: {line}");
        }
    }
}

/// A program that was killed leaves a log, and the next program that writes reads it.
#[test]
fn reading_keeps_the_log_of_a_killed_program() {
    let (place, killed) = (Place::new(), Place::new());
    let connection = place.sqlite();
    connection
        .execute_batch(&format!(
            r#"PRAGMA journal_mode = wal; {USERS}; INSERT INTO "User" ("id") VALUES ('x')"#
        ))
        .expect("a database");
    for suffix in ["", "-wal", "-shm"] {
        let name = format!("auth.db{suffix}");
        fs::copy(place.path(&name), killed.path(&name)).expect("a copy");
    }
    let before = files(&killed);
    for line in READING {
        killed.run(line);
        assert!(files(&killed) == before, "{line}");
    }
    let found = killed.run("migrate adopt");
    assert!(found.stdout.contains("the id of the user x"), "{found:?}");
}

#[test]
fn reading_waits_for_no_writer() {
    let place = Place::new();
    let connection = place.sqlite();
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = wal; {USERS}; BEGIN IMMEDIATE"
        ))
        .expect("a writer");
    assert_eq!(place.run("migrate adopt").code, 5);
}

/// SQLite's last connection deletes the log, if it is closed before the program ends.
#[test]
fn commands_leave_no_log() {
    let place = Place::new();
    place.succeed("migrate up");
    for line in ["migrate status", "sweep", "migrate up"].repeat(8) {
        place.succeed(line);
        assert!(!place.path("auth.db-wal").exists(), "{line}");
    }
}

#[test]
fn what_cannot_be_adopted_says_what_to_do() {
    for (schema, code, words) in [
        (
            "SELECT 1",
            4,
            "there is no table User to adopt; run migrate up",
        ),
        (
            r#"CREATE TABLE "Account" ("id" text)"#,
            4,
            "there is no table User, but Account; restore User from a backup, or rename the others",
        ),
        (
            r#"CREATE TABLE "User" ("id" text); CREATE TABLE "authstore_migration" ("id" text)"#,
            4,
            "the table authstore_migration is not a history of migrations; rename it first",
        ),
    ] {
        for line in ["migrate adopt", "migrate adopt --apply"] {
            let place = Place::new();
            place
                .sqlite()
                .execute_batch(&format!("PRAGMA user_version = 1; {schema}"))
                .expect(schema);
            let outcome = place.run(line);
            assert_eq!(outcome.code, code, "{schema}: {outcome:?}");
            let shown = format!("{}{}", outcome.stdout, outcome.stderr);
            assert!(shown.contains(words), "{schema}: {outcome:?}");
        }
    }
    let place = Place::new();
    place.succeed("migrate up");
    place
        .sqlite()
        .execute_batch(
            &TABLES
                .map(|table| format!(r#"DROP TABLE "{table}""#))
                .join(";"),
        )
        .expect("dropped");
    let outcome = place.run("migrate adopt");
    assert!(
        outcome.stdout.contains("restore it from a backup"),
        "{outcome:?}"
    );
}
