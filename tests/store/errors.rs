//! Errors and their sources: each cause appears once, and the limit that ended a call is named.

use std::error::Error as _;
use std::fs;
use std::time::Duration;

use authstore::migration::{MigrationError, Series};
use authstore::signin::{SignIn, TokenCipher};
use authstore::{AuthStore, BoxError, Error, NewAccount, NewSession, NewUser, UserChanges};
use tempfile::TempDir;
use time::OffsetDateTime;
use uuid::Uuid;

/// Checks that no error of the chain repeats its source, and returns the chain.
#[track_caller]
fn chain(error: &Error) -> Vec<String> {
    let mut lines = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        let line = error.to_string();
        assert!(!line.is_empty(), "{lines:?}");
        let parent = lines.last().expect("at least one");
        assert!(
            !parent.contains(&line),
            "told twice: {parent:?}, caused by {line:?}"
        );
        lines.push(line);
        source = error.source();
    }
    lines
}

fn sqlite(directory: &TempDir, options: &str) -> (AuthStore, rusqlite::Connection) {
    let path = directory.path().join("auth.db");
    let store = AuthStore::connect(&format!("sqlite:{}?{options}", path.display()));
    let other = rusqlite::Connection::open(path).expect("a second connection");
    (store.expect("a store"), other)
}

/// Every kind of error of a store, and some of migrations.
fn failures(store: &AuthStore) -> Vec<Error> {
    let ada = NewUser {
        email: Some("ada@example.org".into()),
        ..NewUser::default()
    };
    let session = NewSession::new(Uuid::max(), "token", OffsetDateTime::UNIX_EPOCH);
    let migrator = store.migrator().expect("a migrator");
    let migrator = migrator.with_lock_timeout(Duration::ZERO);
    [
        store.create_user(ada.clone()).err(),
        store.create_user(ada).err(),
        store.create_session(session).err(),
        store.update_user(Uuid::max(), UserChanges::default()).err(),
        store
            .link_account(Uuid::max(), NewAccount::new("", "github", "1"))
            .err(),
        store.get_user(Uuid::max()).err(),
        store.delete_expired(OffsetDateTime::UNIX_EPOCH, 10).err(),
        store.ping().err(),
        migrator.up_to(99).err(),
        migrator.down(1).err(),
        migrator.adopt().err(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn each_cause_appears_once() {
    let directory = TempDir::new().expect("a directory");
    let (store, other) = sqlite(&directory, "busy_timeout_ms=20&checkout_timeout_ms=20");
    let mut seen = 0;
    let mut check = |store: &AuthStore| {
        for error in failures(store) {
            chain(&error);
            seen += 1;
        }
    };
    check(&store);
    store.migrate().expect("a schema");
    check(&store);
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    check(&store);
    other.execute_batch("ROLLBACK").expect("an unlock");
    other
        .execute_batch(
            r#"CREATE TRIGGER no BEFORE INSERT ON "User" BEGIN SELECT RAISE(ABORT, 'no'); END"#,
        )
        .expect("a trigger");
    check(&store);
    fs::remove_file(directory.path().join("auth.db")).expect("a file removed");
    check(&store);
    assert!(seen > 20, "{seen}");

    fs::write(directory.path().join("garbage.db"), "x".repeat(5_000)).expect("a file");
    fs::create_dir(directory.path().join("sub")).expect("a directory");
    for url in [
        "sqlite:",
        "sqlite:auth.db?pool_size=0",
        "sqlite:auth.db?unknown=1",
        "mysql://",
        "postgres://[",
        "postgres://127.0.0.1:1/auth",
        "mysql://127.0.0.1:1/auth",
        "postgres://127.0.0.1:1,[::1]:1/auth",
        "mysql://127.0.0.1:1,127.0.0.1:2/auth",
        "postgres://no-such-host.invalid/auth",
        "mysql://no-such-host.invalid/auth",
        "postgres://127.0.0.1:1/auth?sslmode=verify-full&sslrootcert=/does/not/exist",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(
        ["garbage.db", "sub", "missing/auth.db"]
            .map(|name| format!("sqlite:{}", directory.path().join(name).display())),
    ) {
        chain(&AuthStore::connect(&url).expect_err(&url));
    }
}

#[test]
fn failed_migrations_show_each_cause_once() {
    let store = AuthStore::connect("sqlite::memory:").expect("a store");
    store.migrate().expect("a schema");
    for (file, sql) in [
        ("0001_team.up.sql", "CREATE TABEL team (id)"),
        ("0001_team.up.sql", "COMMIT"),
        ("0001_team.up.sql", ".read other.sql"),
        (
            "0001_team.up.sql",
            r#"INSERT INTO "User" (id) VALUES (NULL)"#,
        ),
    ] {
        let directory = TempDir::new().expect("a directory");
        fs::write(directory.path().join(file), sql).expect("a file");
        let series = Series::from_dir("team", directory.path()).expect("a series");
        let migrator = store.migrator().expect("a migrator").with_series(series);
        let error = migrator.up().expect_err(sql);
        assert!(
            matches!(error, Error::Migration(MigrationError::Failed { .. })),
            "{error:?}"
        );
        let chain = chain(&error);
        assert!(chain.len() > 1, "{chain:?}");
    }
    for name in ["0001.sql", "0001_team.down.sql"] {
        let directory = TempDir::new().expect("a directory");
        fs::write(directory.path().join(name), "SELECT 1").expect("a file");
        let error = Series::from_dir("team", directory.path()).expect_err(name);
        chain(&error);
    }
    chain(&Series::from_dir("team", "/does/not/exist").expect_err("no directory"));
}

/// A cipher that fails with its own reason.
struct Broken;

impl TokenCipher for Broken {
    fn key_id(&self) -> &str {
        "key"
    }

    fn encrypt(&self, _: &str, _: &str) -> Result<String, BoxError> {
        Err("the key service does not answer".into())
    }

    fn decrypt(&self, _: &str, _: &str, _: &str) -> Result<String, BoxError> {
        Err("the key was deleted".into())
    }
}

#[test]
fn cipher_errors_appear_once() {
    let store = AuthStore::connect("sqlite::memory:").expect("a store");
    store.migrate().expect("a schema");
    let user = store.create_user(NewUser::default()).expect("a user");
    let account = NewAccount {
        access_token: Some("enc:key:damaged".into()),
        ..NewAccount::new("oauth", "github", "1")
    };
    store
        .link_account(user.id, account.clone())
        .expect("an account");
    let signin = SignIn::new(store).with_cipher(Broken);
    let reading = signin.get_account("github", "1").expect_err("damaged");
    assert_eq!(chain(&reading)[1..], ["the key was deleted"], "{reading:?}");
    let writing = signin.link_account(user.id, account).expect_err("no key");
    assert_eq!(chain(&writing)[1..], ["the key service does not answer"]);
}

#[test]
fn timeouts_name_their_option_and_value() {
    let directory = TempDir::new().expect("a directory");
    let (store, other) = sqlite(
        &directory,
        "pool_size=1&busy_timeout_ms=21&checkout_timeout_ms=22",
    );
    store.migrate().expect("a schema");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let says = |error: Error, text: &str| {
        assert!(error.is_retryable(), "{error:?}");
        assert!(error.to_string().contains(text), "{error}");
    };
    says(
        store.create_user(NewUser::default()).expect_err("locked"),
        "database is locked (busy_timeout_ms=21)",
    );
    let migrator = store.migrator().expect("a migrator");
    let migrator = migrator.with_lock_timeout(Duration::from_millis(23));
    says(migrator.down(1).expect_err("locked"), "lock_timeout_ms=23");
    says(
        store
            .transaction(|_| Ok::<_, Error>(()))
            .expect_err("locked"),
        "busy_timeout_ms=21",
    );
    other.execute_batch("ROLLBACK").expect("an unlock");
    store
        .transaction(|_| {
            says(
                store.get_user(Uuid::max()).expect_err("no connection"),
                "(1 of 1 in use, checkout_timeout_ms=22)",
            );
            says(
                store.create_user(NewUser::default()).expect_err("no turn"),
                "timed out waiting for other writers of this process (busy_timeout_ms=21)",
            );
            Ok::<_, Error>(())
        })
        .expect("a transaction");
}

#[test]
fn unreachable_hosts_are_named_with_their_ports() {
    for (url, names) in [
        (
            "postgres://ada:hunter2@127.0.0.1:1/auth",
            &["127.0.0.1:1: "][..],
        ),
        ("mysql://ada:hunter2@127.0.0.1:1/auth", &["127.0.0.1:1: "]),
        (
            "postgres://ada:hunter2@127.0.0.1:1,127.0.0.1:2/auth",
            &["127.0.0.1:1: ", "127.0.0.1:2: "],
        ),
        (
            "mysql://ada:hunter2@127.0.0.1:1,127.0.0.1:2/auth",
            &["127.0.0.1:1: ", "127.0.0.1:2: "],
        ),
    ] {
        let error = AuthStore::connect(url).expect_err(url);
        if matches!(error, Error::Invalid { .. }) {
            // Built without this database.
            continue;
        }
        let chain = chain(&error).join("\n");
        for name in names {
            assert!(chain.contains(name), "{chain}");
        }
        for secret in ["hunter2", "ada"] {
            assert!(!chain.contains(secret), "{chain}");
        }
    }
}

#[test]
fn dropped_table_is_not_an_unmigrated_schema() {
    let directory = TempDir::new().expect("a directory");
    let (store, other) = sqlite(&directory, "pool_size=1&checkout_timeout_ms=5000");
    let migrate_first = store.get_user(Uuid::max()).expect_err("no schema");
    assert!(
        migrate_first.to_string().contains("run migrate first"),
        "{migrate_first}"
    );
    store.migrate().expect("a schema");
    other
        .execute_batch(r#"DROP TABLE "Session""#)
        .expect("a dropped table");
    let check = |error: Error| {
        assert!(
            matches!(
                &error,
                Error::Migration(MigrationError::SchemaDamaged { reason }) if reason.contains("Session")
            ),
            "{error:?}"
        );
        assert!(!error.to_string().contains("migrate first"), "{error}");
        assert!(
            error.to_string().contains("restore it from a backup"),
            "{error}"
        );
    };
    check(store.delete_session("token").expect_err("no table"));
    check(
        store
            .list_sessions_by_user_id(Uuid::max())
            .expect_err("no table"),
    );
    // On the transaction's own connection, because the pool has no other.
    let inside = store.transaction(|transaction| transaction.delete_session("token").map(drop));
    check(inside.expect_err("no table"));
    other
        .execute_batch("DELETE FROM authstore_migration WHERE version > 1")
        .expect("an older history");
    let behind = store.delete_session("token").expect_err("no table");
    assert!(behind.to_string().contains("run migrate first"), "{behind}");
}
