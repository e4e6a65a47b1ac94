//! Several processes on one file, some of which are killed.
//!
//! The program is its own child: called with a role, it runs that role instead of the tests.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use authstore::{AuthStore, Error, NewAccount, NewUser, SqliteOptions};
use libtest_mimic::{Arguments, Failed, Trial};
use uuid::Uuid;

fn main() {
    let mut arguments = env::args().skip(1);
    if let (Some("--role"), Some(role), Some(file)) = (
        arguments.next().as_deref(),
        arguments.next(),
        arguments.next(),
    ) {
        return play(&role, Path::new(&file));
    }
    let tests = [
        (
            "every_acknowledged_write_survives_sigkill",
            every_acknowledged_write_survives_sigkill as fn(),
        ),
        (
            "eight_processes_apply_each_step_once",
            eight_processes_apply_each_step_once,
        ),
        (
            "a_killed_migration_is_finished_by_the_next_run",
            a_killed_migration_is_finished_by_the_next_run,
        ),
        (
            "locked_file_is_unavailable_until_unlocked",
            locked_file_is_unavailable_until_unlocked,
        ),
        (
            "read_only_file_is_rejected_by_name",
            read_only_file_is_rejected_by_name,
        ),
    ];
    let trials = tests.map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok::<(), Failed>(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit();
}

fn open(file: &Path) -> AuthStore {
    AuthStore::new(SqliteOptions::file(file).open().expect("a store"))
}

fn play(role: &str, file: &Path) {
    match role {
        // Several threads, so that they wait together and commit together.
        "write" => {
            let store = open(file);
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| write_for_ever(&store));
                }
            });
        }
        "migrate" => {
            for step in open(file).migrate().expect("a schema") {
                println!("{}", step.version);
            }
        }
        "migrate and stay" => migrate_and_stay(file),
        "lock" => {
            let connection = rusqlite::Connection::open(file).expect("a connection");
            connection.execute_batch("BEGIN IMMEDIATE").expect("a lock");
            println!("locked");
            std::io::stdin()
                .read_to_end(&mut Vec::new())
                .expect("the end");
        }
        "open" => match SqliteOptions::file(file).open() {
            Ok(_) => println!("opened"),
            Err(error) => println!("{error:?}"),
        },
        other => panic!("unknown role {other}"),
    }
}

fn child(role: &str, file: &Path) -> Command {
    // A path from which another user can run it, wherever the build is.
    let mut command = Command::new("/proc/self/exe");
    command
        .args(["--role", role])
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

fn spawn(role: &str, file: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = child(role, file).spawn().expect("a child process");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    (child, output)
}

/// Signs people up, and deletes every third, until it is killed. Prints only finished writes.
fn write_for_ever(store: &AuthStore) {
    for round in 0_u64.. {
        let user = Uuid::now_v7();
        store
            .create_user_with_account(
                NewUser {
                    id: Some(user),
                    email: Some(format!("{user}@example.org")),
                    ..NewUser::default()
                },
                NewAccount::new("oauth", "github", user.to_string()),
            )
            .expect("a user");
        println!("created {user}");
        if round % 3 == 0 {
            println!("deleting {user}");
            assert!(store.delete_user(user).expect("an answer"));
            println!("deleted {user}");
        }
    }
}

fn every_acknowledged_write_survives_sigkill() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("auth.db");
    let store = open(&file);
    store.migrate().expect("a schema");
    let mut present = BTreeSet::new();
    let mut gone = BTreeSet::new();
    for round in 0..25 {
        let (mut child, mut output) = spawn("write", &file);
        let mut lines = String::new();
        output.read_line(&mut lines).expect("a first line");
        thread::sleep(Duration::from_millis(5 + 13 * round % 70));
        child.kill().expect("SIGKILL");
        child.wait().expect("its end");
        output.read_to_string(&mut lines).expect("the other lines");

        // The last line may be truncated.
        for line in lines
            .split_inclusive('\n')
            .filter_map(|line| line.strip_suffix('\n'))
        {
            let (what, user) = line.split_once(' ').expect("two words");
            let user: Uuid = user.parse().expect("an id");
            match what {
                "created" => _ = present.insert(user),
                "deleting" => _ = present.remove(&user),
                "deleted" => _ = gone.insert(user),
                other => panic!("{other}"),
            }
        }
        let connection = rusqlite::Connection::open(&file).expect("a connection");
        let integrity: String = connection
            .pragma_query_value(None, "integrity_check", |row| row.get(0))
            .expect("an answer");
        assert_eq!(integrity, "ok");
        let halves: i64 = connection
            .query_row(
                r#"SELECT (SELECT count(*) FROM "User") - (SELECT count(*) FROM "Account")"#,
                [],
                |row| row.get(0),
            )
            .expect("a count");
        assert_eq!(halves, 0, "no user without an account, nor the reverse");
    }
    assert!(present.len() > 25, "the children did write");
    for user in present {
        assert!(store.get_user(user).expect("an answer").is_some(), "{user}");
    }
    for user in gone {
        assert!(store.get_user(user).expect("an answer").is_none(), "{user}");
    }
}

fn eight_processes_apply_each_step_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("auth.db");
    let children: Vec<_> = (0..8).map(|_| spawn("migrate", &file)).collect();
    let mut taken = Vec::new();
    for (mut child, output) in children {
        taken.extend(output.lines().map(|line| line.expect("a line")));
        assert!(child.wait().expect("its end").success());
    }
    taken.sort();
    let status = open(&file).migrator().expect("a migrator").status();
    let steps: Vec<_> = status
        .expect("the history")
        .iter()
        .map(|step| step.version.to_string())
        .collect();
    assert_eq!(taken, steps);
}

const LONG_SERIES: &str = "app";

/// A series whose second migration takes long enough to be killed.
fn migrate_and_stay(file: &Path) {
    let store = open(file);
    store.migrate().expect("a schema");
    println!("migrating");
    long_migrator(&store, file).up().expect("killed before");
}

fn long_migrator(store: &AuthStore, file: &Path) -> authstore::migration::Migrator {
    let folder = file.with_file_name("migrations");
    let series = authstore::migration::Series::from_dir(LONG_SERIES, folder).expect("a series");
    store.migrator().expect("a migrator").with_series(series)
}

fn a_killed_migration_is_finished_by_the_next_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("auth.db");
    let folder = directory.path().join("migrations");
    fs::create_dir(&folder).expect("a folder");
    let step = |name: &str, sql: &str| fs::write(folder.join(name), sql).expect("a step");
    step("0001_create_team.up.sql", "CREATE TABLE team (id integer);");
    step(
        "0002_fill_team.up.sql",
        "INSERT INTO team WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000000) SELECT i FROM n;",
    );
    let (mut child, mut output) = spawn("migrate and stay", &file);
    output.read_line(&mut String::new()).expect("a line");
    thread::sleep(Duration::from_millis(300));
    child.kill().expect("SIGKILL");
    assert!(!child.wait().expect("its end").success(), "it was at work");

    step("0002_fill_team.up.sql", "INSERT INTO team VALUES (1);");
    let store = open(&file);
    let steps = long_migrator(&store, &file).up().expect("the rest");
    assert_eq!(
        steps.iter().map(|step| step.version).collect::<Vec<_>>(),
        [1, 2]
    );
    let rows: i64 = rusqlite::Connection::open(&file)
        .and_then(|connection| {
            connection.query_row("SELECT count(*) FROM team", [], |row| row.get(0))
        })
        .expect("a count");
    assert_eq!(rows, 1);
}

fn locked_file_is_unavailable_until_unlocked() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("auth.db");
    let options = SqliteOptions::file(&file).busy_timeout(Duration::from_millis(50));
    let store = AuthStore::new(options.open().expect("a store"));
    store.migrate().expect("a schema");
    let before = store.create_user(NewUser::default()).expect("a user");

    let (mut child, mut output) = spawn("lock", &file);
    output.read_line(&mut String::new()).expect("its word");
    let refused = store.create_user(NewUser::default());
    assert!(
        matches!(refused, Err(Error::Unavailable { .. })),
        "{refused:?}"
    );
    let refused =
        store.create_user_with_account(NewUser::default(), NewAccount::new("oauth", "github", "1"));
    assert!(
        matches!(refused, Err(Error::Unavailable { .. })),
        "{refused:?}"
    );
    let refused = store
        .migrator()
        .expect("a migrator")
        .with_lock_timeout(Duration::from_millis(50))
        .down(1);
    assert!(
        matches!(refused, Err(Error::Unavailable { .. })),
        "{refused:?}"
    );
    assert_eq!(
        store.get_user(before.id).expect("readers do not wait"),
        Some(before)
    );

    child
        .stdin
        .take()
        .expect("its input")
        .flush()
        .expect("closed");
    child.wait().expect("its end");
    store.create_user(NewUser::default()).expect("a user");
    assert_eq!(store.get_account("github", "1").expect("an answer"), None);
}

fn read_only_file_is_rejected_by_name() {
    const NOBODY: u32 = 65_534;
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("auth.db");
    open(&file).migrate().expect("a schema");
    fs::set_permissions(&file, Permissions::from_mode(0o444)).expect("permissions");
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).expect("permissions");

    let mut command = child("open", &file);
    // Root can write to read-only files.
    if fs::metadata(&file).expect("the file").uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().expect("a child process");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(said.starts_with("Backend"), "{said}");
    assert!(said.contains("auth.db"), "{said}");
    assert!(
        said.contains("read-only") || said.contains("readonly"),
        "{said}"
    );
}
