//! Rows from other programs in formats that the store does not write: read if their meaning is clear, otherwise an
//! error that names table, column and row. Never a panic, a wrong value or a secret.

use authstore::{AuthStore, Error, NewUser};
use authstore_test_databases::{Client, Database, Kind, Needs, Test};
use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

const ID: &str = "0b9f2c9e-6f63-4b6e-8d0c-2f6f2a0f4c11";
const SECRET: &str = "a-token-that-must-not-be-shown";

/// The databases that two programs can share.
const SHARED: [Kind; 4] = [Kind::SqliteFile, Kind::Postgres, Kind::Mysql, Kind::Mariadb];

pub(crate) fn tests() -> Vec<Test> {
    let on = |kinds: &[Kind], name, test| Test::on(kinds, Needs::Shared, name, test);
    let tests = [
        on(
            &SHARED,
            "unknown_account_type_is_read",
            unknown_account_type,
        ),
        on(
            &SHARED,
            "a_time_without_milliseconds_is_read",
            time_without_milliseconds,
        ),
        on(
            &[Kind::SqliteFile],
            "times_in_other_forms_are_read",
            times_in_other_forms,
        ),
        on(
            &[Kind::SqliteFile],
            "times_in_other_forms_are_not_swept_early",
            sweep_of_times_in_other_forms,
        ),
        on(
            &[Kind::SqliteFile],
            "what_is_no_time_is_an_error",
            invalid_times_on_sqlite,
        ),
        on(
            &[Kind::Postgres],
            "out_of_range_time_is_an_error",
            invalid_times_on_postgres,
        ),
        on(
            &Kind::MYSQL_AND_MARIADB,
            "a_date_of_zeros_is_an_error",
            invalid_times_on_mysql,
        ),
        on(
            &WITHOUT_UUIDS,
            "a_uuid_in_another_form_is_an_error",
            uuid_in_another_form,
        ),
        on(&WITHOUT_UUIDS, "an_id_that_is_no_uuid_is_an_error", no_uuid),
        on(
            &[Kind::SqliteFile],
            "a_cell_of_another_type_is_an_error",
            other_types_on_sqlite,
        ),
        on(&WITHOUT_BOOLEANS, "invalid_boolean_is_an_error", no_boolean),
        on(
            &SHARED,
            "unreadable_row_is_kept_in_a_transaction",
            unreadable_row_in_a_transaction,
        ),
    ];
    tests.into_iter().flatten().collect()
}

/// PostgreSQL accepts no other id.
const WITHOUT_UUIDS: [Kind; 3] = [Kind::SqliteFile, Kind::Mysql, Kind::Mariadb];

const WITHOUT_BOOLEANS: [Kind; 3] = WITHOUT_UUIDS;

/// A store, and the bare driver on the same database.
struct Rows {
    store: AuthStore,
    bare: Bare,
    /// Dropped last.
    _database: Database,
}

enum Bare {
    Sqlite(rusqlite::Connection),
    Server(Kind, Client),
}

impl Rows {
    fn new(kind: Kind) -> Self {
        let database = Database::new(kind).expect("a database");
        let store = database.store();
        let url = database.url();
        let bare = match url.strip_prefix("sqlite:") {
            Some(path) => Bare::Sqlite(rusqlite::Connection::open(path).expect("a connection")),
            None => Bare::Server(kind, database.client()),
        };
        Rows {
            store,
            bare,
            _database: database,
        }
    }

    /// Runs statements with names in double quotes.
    fn write(&mut self, statements: &[&str]) {
        for sql in statements {
            match &mut self.bare {
                Bare::Sqlite(connection) => connection.execute_batch(sql).expect(sql),
                Bare::Server(kind, client) => drop(client.query(&kind.quoted(sql))),
            }
        }
    }

    /// Inserts a user and its rows, in the store's formats.
    fn write_user(&mut self) -> Uuid {
        self.write(&[&format!(
            r#"INSERT INTO "User" ("id", "email") VALUES ('{ID}', 'ada@example.org')"#
        )]);
        ID.parse().expect("a UUID")
    }

    fn write_session(&mut self, expires: &str) {
        self.write(&[
            r#"DELETE FROM "Session""#,
            &format!(
                r#"INSERT INTO "Session" ("id", "userId", "sessionToken", "expires") VALUES ('{ID}', '{ID}', '{SECRET}', {expires})"#
            ),
        ]);
    }
}

/// Checks that the error is of this kind, names the place, and shows no secret.
fn is_named<T: std::fmt::Debug>(outcome: authstore::Result<T>, column: &str, row: &str) {
    match outcome {
        Err(error @ Error::Backend { .. }) => {
            let text = format!("{error} {error:?}");
            assert!(
                text.contains(column) && text.contains(row),
                "{column} of {row} in {text}"
            );
            assert!(!text.contains(SECRET), "{text}");
            assert!(!text.contains("example.org"), "{text}");
        }
        other => panic!("{column}: {other:?}"),
    }
}

fn unknown_account_type(kind: Kind) {
    let mut rows = Rows::new(kind);
    let user = rows.write_user();
    rows.write(&[&format!(
        r#"INSERT INTO "Account" ("userId", "type", "provider", "providerAccountId") VALUES ('{ID}', 'saml 2.0', 'acme', '1')"#
    )]);
    let account = rows.store.get_account("acme", "1").unwrap().unwrap();
    assert_eq!((account.user_id, account.kind.as_str()), (user, "saml 2.0"));
    assert_eq!(
        rows.store.list_accounts_by_user_id(user).unwrap(),
        [account]
    );
}

fn time_without_milliseconds(kind: Kind) {
    let mut rows = Rows::new(kind);
    rows.write_user();
    let text = match kind {
        Kind::Mysql | Kind::Mariadb => "'2026-11-23 19:00:00'",
        _ => "'2026-11-23T19:00:00Z'",
    };
    rows.write_session(text);
    let (session, _) = rows.store.get_session_and_user(SECRET).unwrap().unwrap();
    assert_eq!(session.expires, datetime!(2026-11-23 19:00 UTC));
}

fn times_in_other_forms(kind: Kind) {
    let mut rows = Rows::new(kind);
    rows.write_user();
    for text in [
        "2026-11-23 19:00:00",
        "2026-11-23T19:00:00.000",
        "2026-11-23T19:00:00.0Z",
        "2026-11-23T19:00:00.000999Z",
        "2026-11-23T20:30:00+01:30",
        "2026-11-23 19:00:00+00:00",
    ] {
        rows.write_session(&format!("'{text}'"));
        let (session, _) = rows
            .store
            .get_session_and_user(SECRET)
            .unwrap()
            .expect(text);
        assert_eq!(session.expires, datetime!(2026-11-23 19:00 UTC), "{text}");
    }
}

/// As text, each of these times is less than the time of the sweep.
fn sweep_of_times_in_other_forms(kind: Kind) {
    let mut rows = Rows::new(kind);
    rows.write_user();
    for text in ["2026-11-23 19:00:00", "2026-11-23T17:30:00-01:30"] {
        for sweep in [
            r#"INSERT INTO "VerificationToken" VALUES ('ada', 't', '{}')"#,
            r#"INSERT INTO "Session" VALUES ('{ID}', '{ID}', 's', '{}')"#,
        ] {
            rows.write(&[&sweep.replace("{}", text).replace("{ID}", ID)]);
        }
        let swept = |rows: &Rows, now| {
            let counts = rows.store.delete_expired(now, 10).unwrap();
            (counts.sessions, counts.verification_tokens)
        };
        let expires = datetime!(2026-11-23 19:00 UTC);
        assert_eq!(
            swept(&rows, expires - Duration::MILLISECOND),
            (0, 0),
            "{text}"
        );
        assert_eq!(swept(&rows, expires), (1, 1), "{text}");
    }
}

fn invalid_times_on_sqlite(kind: Kind) {
    let mut rows = Rows::new(kind);
    let user = rows.write_user();
    for value in [
        "''",
        "'tomorrow'",
        "'2026-11-23'",
        "'2026-13-01T00:00:00Z'",
        "'2026-11-23T24:00:01Z'",
        "1795446000000",
        "1795446000.5",
        "x'00ff'",
        "'-2026-11-23T19:00:00Z'",
        "CAST(x'ff' AS text)",
    ] {
        rows.write_session(value);
        is_named(
            rows.store.get_session_and_user(SECRET),
            "Session.expires",
            ID,
        );
        is_named(
            rows.store.list_sessions_by_user_id(user),
            "Session.expires",
            ID,
        );
        rows.write(&[&format!(r#"UPDATE "User" SET "emailVerified" = {value}"#)]);
        is_named(rows.store.get_user(user), "User.emailVerified", ID);
        rows.write(&[r#"UPDATE "User" SET "emailVerified" = NULL"#]);
    }
}

fn invalid_times_on_postgres(kind: Kind) {
    let mut rows = Rows::new(kind);
    let user = rows.write_user();
    for value in [
        "'infinity'",
        "'-infinity'",
        "'20000-01-01T00:00:00Z'",
        "'290000-01-01T00:00:00Z'",
        "'0044-03-15 12:00:00 BC'",
    ] {
        rows.write_session(value);
        match rows.store.get_session_and_user(SECRET) {
            // Times before 1970 are read, too.
            Ok(Some((session, _))) if value.contains("BC") => {
                assert_eq!(session.expires.year(), -43)
            }
            outcome => is_named(outcome, "Session.expires", ID),
        }
        rows.write(&[&format!(r#"UPDATE "User" SET "emailVerified" = {value}"#)]);
        match rows.store.get_user(user) {
            Ok(Some(user)) if value.contains("BC") => {
                assert_eq!(user.email_verified.unwrap().year(), -43)
            }
            outcome => is_named(outcome, "User.emailVerified", ID),
        }
        rows.write(&[r#"UPDATE "User" SET "emailVerified" = NULL"#]);
    }
}

fn invalid_times_on_mysql(kind: Kind) {
    let mut rows = Rows::new(kind);
    let user = rows.write_user();
    rows.write(&["SET sql_mode = ''"]);
    rows.write(&[
        r#"INSERT INTO "VerificationToken" VALUES ('ada@example.org', 't', '0000-00-00 00:00:00')"#,
    ]);
    is_named(
        rows.store.use_verification_token("ada@example.org", "t"),
        "VerificationToken.expires",
        "",
    );
    for value in [
        "'0000-00-00 00:00:00'",
        "'2026-00-00 00:00:00'",
        "'2026-11-00 19:00:00'",
    ] {
        rows.write_session(value);
        is_named(
            rows.store.get_session_and_user(SECRET),
            "Session.expires",
            ID,
        );
        rows.write(&[&format!(r#"UPDATE "User" SET "emailVerified" = {value}"#)]);
        is_named(rows.store.get_user(user), "User.emailVerified", ID);
        rows.write(&[r#"UPDATE "User" SET "emailVerified" = NULL"#]);
    }
}

/// The operation deletes the row, and fails when it cannot read it.
fn unreadable_row_in_a_transaction(kind: Kind) {
    let mut rows = Rows::new(kind);
    let expires = match kind {
        Kind::Postgres => "infinity",
        Kind::Mysql | Kind::Mariadb => {
            rows.write(&["SET sql_mode = ''"]);
            "0000-00-00 00:00:00"
        }
        _ => "tomorrow",
    };
    rows.write(&[&format!(
        r#"INSERT INTO "VerificationToken" VALUES ('ada@example.org', 't', '{expires}')"#
    )]);
    let ended = rows.store.transaction(|tx| {
        is_named(
            tx.use_verification_token("ada@example.org", "t"),
            "VerificationToken.expires",
            "",
        );
        tx.create_user(NewUser::default())
    });
    // MariaDB has deleted the row by then, and undoes that only with the transaction.
    assert_eq!(ended.is_err(), kind == Kind::Mariadb, "{ended:?}");
    is_named(
        rows.store.use_verification_token("ada@example.org", "t"),
        "VerificationToken.expires",
        "",
    );
    assert_eq!(
        rows.store.list_users(None, 10).unwrap().len(),
        usize::from(ended.is_ok())
    );
}

/// A row that could only be found by email is rejected, because lookups by ID would not find it. An adoption names such
/// rows.
fn uuid_in_another_form(kind: Kind) {
    let mut rows = Rows::new(kind);
    for (number, id) in [ID.to_uppercase(), ID.replace('-', "")].iter().enumerate() {
        let email = format!("{number}@example.org");
        rows.write(&[&format!(
            r#"INSERT INTO "User" ("id", "email") VALUES ('{id}', '{email}')"#
        )]);
        is_named(rows.store.get_user_by_email(&email), "User.id", "");
    }
}

fn no_uuid(kind: Kind) {
    let mut rows = Rows::new(kind);
    for id in ["42", "", "0b9f2c9e-6f63-4b6e-8d0c-2f6f2a0f4c1g"] {
        let email = format!("{id}@example.org");
        rows.write(&[&format!(
            r#"INSERT INTO "User" ("id", "email") VALUES ('{id}', '{email}')"#
        )]);
        is_named(rows.store.get_user_by_email(&email), "User.id", "");
        rows.write(&[&format!(
            r#"INSERT INTO "Account" ("id", "userId", "type", "provider", "providerAccountId", "access_token")
            VALUES ('{ID}', '{id}', 'oauth', 'acme', '1', '{SECRET}')"#
        )]);
        is_named(rows.store.get_account("acme", "1"), "Account.userId", ID);
        is_named(rows.store.get_user_by_account("acme", "1"), "User.id", "");
        rows.write(&[r#"DELETE FROM "Account""#]);
    }
    rows.write_user();
    rows.write(&[&format!(
        r#"INSERT INTO "Session" ("id", "userId", "sessionToken", "expires") VALUES ('7', '{ID}', '{SECRET}', '2026-11-23 19:00:00')"#
    )]);
    is_named(rows.store.get_session_and_user(SECRET), "Session.id", "");
}

fn other_types_on_sqlite(kind: Kind) {
    let mut rows = Rows::new(kind);
    let user = rows.write_user();
    rows.write(&[r#"UPDATE "User" SET "name" = x'6164'"#]);
    is_named(rows.store.get_user(user), "User.name", ID);
    rows.write(&[r#"UPDATE "User" SET "name" = CAST(x'ff61' AS text)"#]);
    is_named(rows.store.get_user(user), "User.name", ID);
    // The column itself converts a number to text.
    rows.write(&[r#"UPDATE "User" SET "name" = 42"#]);
    assert_eq!(
        rows.store.get_user(user).unwrap().unwrap().name.as_deref(),
        Some("42")
    );

    for value in ["'soon'", "1.5", "x'01'", "'99999999999999999999'"] {
        rows.write(&[
            r#"DELETE FROM "Account""#,
            &format!(
                r#"INSERT INTO "Account" ("id", "userId", "type", "provider", "providerAccountId", "access_token", "expires_at")
                VALUES ('{ID}', '{ID}', 'oauth', 'acme', '1', '{SECRET}', {value})"#
            ),
        ]);
        is_named(
            rows.store.get_account("acme", "1"),
            "Account.expires_at",
            ID,
        );
    }
    rows.write(&[r#"UPDATE "Account" SET "expires_at" = '1795446000'"#]);
    let account = rows.store.get_account("acme", "1").unwrap().unwrap();
    assert_eq!(account.expires_at, Some(1_795_446_000));
}

fn no_boolean(kind: Kind) {
    let mut rows = Rows::new(kind);
    rows.write_user();
    rows.write(&[&format!(
        r#"INSERT INTO "Authenticator" ("credentialID", "userId", "providerAccountId", "credentialPublicKey", "counter", "credentialDeviceType", "credentialBackedUp")
        VALUES ('key', '{ID}', '1', 'x', 1, 'singleDevice', 2)"#
    )]);
    is_named(
        rows.store.get_authenticator("key"),
        "Authenticator.credentialBackedUp",
        ID,
    );
}
