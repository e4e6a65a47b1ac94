//! Databases that differ from ours.

use authstore::migration::Series;
use authstore::{AuthStore, Constraint, Entity, Error, NewAccount, NewSession, NewUser};
use authstore_test_databases::{Database, Kind, Needs, Test};
use std::error::Error as _;
use time::macros::datetime;
use uuid::Uuid;

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for (name, test) in [
        (
            "schema.infinite_time_is_reported_with_its_row",
            infinite_time_is_reported_with_its_row as fn(Kind),
        ),
        (
            "schema.text_ids_and_times_without_zone_round_trip",
            text_ids_and_times_without_zone_round_trip,
        ),
        (
            "schema.column_type_may_change_at_run_time",
            column_type_may_change_at_run_time,
        ),
        (
            "schema.suppressed_write_is_not_repeated",
            suppressed_write_is_not_repeated,
        ),
        (
            "schema.first_use_rejects_an_unsuitable_column",
            first_use_rejects_an_unsuitable_column,
        ),
        (
            "schema.first_use_reads_many_rows_of_an_extension",
            first_use_reads_many_rows_of_an_extension,
        ),
        (
            "schema.own_row_that_refers_to_a_user",
            own_row_that_refers_to_a_user,
        ),
        (
            "schema.step_that_ends_its_transaction_is_rejected",
            step_that_ends_its_transaction_is_rejected,
        ),
        (
            "schema.limited_encoding_is_rejected",
            limited_encoding_is_rejected,
        ),
        (
            "schema.unreadable_row_says_that_it_was_written",
            unreadable_row_says_that_it_was_written,
        ),
        (
            "schema.published_tables_can_be_written",
            published_tables_can_be_written,
        ),
        (
            "schema.own_constraints_are_named",
            own_constraints_are_named,
        ),
        (
            "schema.up_to_date_needs_no_right_to_create",
            up_to_date_needs_no_right_to_create,
        ),
    ] {
        tests.extend(Test::on(&[Kind::Postgres], Needs::Shared, name, test));
    }
    tests
}

fn new_user(email: &str) -> NewUser {
    NewUser {
        email: Some(email.into()),
        ..NewUser::default()
    }
}

#[track_caller]
fn assert_conflict<T: std::fmt::Debug>(result: Result<T, Error>, wanted: Constraint) {
    match result {
        Err(Error::Conflict { constraint }) => assert_eq!(constraint, wanted),
        other => panic!("{other:?}"),
    }
}

fn infinite_time_is_reported_with_its_row(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store();
    let user = store.create_user(NewUser::default()).unwrap();
    let session = Uuid::now_v7();
    for expires in ["infinity", "-infinity", "10000-01-01 00:00:00+00"] {
        let mut client = database.client();
        client.query(r#"DELETE FROM "Session""#);
        client.query(&format!(
            r#"INSERT INTO "Session" VALUES ('{session}', '{}', 'token-of-ada', '{expires}')"#,
            user.id
        ));
        let error = store.get_session_and_user("token-of-ada").unwrap_err();
        assert!(matches!(error, Error::Backend { .. }), "{error:?}");
        for word in ["Session.expires", &session.to_string()] {
            assert!(error.to_string().contains(word), "{error}");
        }
        assert!(!format!("{error:?}").contains("token-of-ada"));
    }
}

fn text_ids_and_times_without_zone_round_trip(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let mut client = database.client();
    client.query(
        r#"
        CREATE TABLE "User" (
            "id" text PRIMARY KEY, "name" varchar(255), "email" varchar(255),
            "emailVerified" timestamp(3), "image" text
        );
        CREATE UNIQUE INDEX "users_by_email" ON "User" ("email");
        CREATE TABLE "Session" (
            "id" text PRIMARY KEY,
            "userId" text NOT NULL CONSTRAINT "whose" REFERENCES "User" ("id"),
            "sessionToken" text NOT NULL,
            "expires" timestamp NOT NULL
        );
        CREATE UNIQUE INDEX "sessions_by_token" ON "Session" ("sessionToken");
        "#,
    );
    // In a time zone far from UTC, times must not change.
    let store = AuthStore::connect(&authstore_test_databases::with_options(
        database.url(),
        "options=-c%20timezone%3DPacific/Auckland",
    ))
    .unwrap();

    let verified = datetime!(2026-11-23 12:34:56.789 UTC);
    let ada = store
        .create_user(NewUser {
            email_verified: Some(verified),
            ..new_user("ada@example.org")
        })
        .unwrap();
    assert_eq!(store.get_user(ada.id).unwrap(), Some(ada.clone()));
    assert_eq!(
        client.query_one(r#"SELECT "emailVerified" FROM "User""#),
        "2026-11-23 12:34:56.789"
    );
    assert_conflict(
        store.create_user(new_user("ada@example.org")),
        Constraint::UserEmail,
    );

    let session = NewSession::new(ada.id, "token", verified);
    let created = store.create_session(session.clone()).unwrap();
    assert_eq!(
        store.get_session_and_user("token").unwrap(),
        Some((created, ada))
    );
    assert_conflict(store.create_session(session), Constraint::SessionToken);
    match store.create_session(NewSession::new(Uuid::now_v7(), "another", verified)) {
        Err(Error::NotFound { entity }) => assert_eq!(entity, Entity::User),
        other => panic!("{other:?}"),
    }

    // Times are truncated to milliseconds, as in JavaScript.
    client.query(r#"UPDATE "Session" SET "expires" = '2026-11-23 12:34:56.789999'"#);
    let (read, _) = store.get_session_and_user("token").unwrap().unwrap();
    assert_eq!(read.expires, verified);

    client.query(r#"INSERT INTO "User" ("id", "email") VALUES ('clz1x', 'grace@example.org')"#);
    let error = store.get_user_by_email("grace@example.org").unwrap_err();
    for word in ["User.id", "failed to parse a UUID"] {
        assert!(error.to_string().contains(word), "{error}");
    }
}

fn column_type_may_change_at_run_time(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store_with("pool_size=2");
    let ada = store.create_user(new_user("ada@example.org")).unwrap();
    let read = || store.get_user_by_email("ada@example.org").unwrap();
    // On both connections concurrently, so that both have prepared it.
    let read_on_both = || {
        let mut locker = database.client();
        locker.query(r#"BEGIN; LOCK TABLE "User""#);
        std::thread::scope(|scope| {
            let readers = [scope.spawn(read), scope.spawn(read)];
            let waiting = "SELECT count(*) FROM pg_stat_activity \
                           WHERE datname = current_database() AND wait_event_type = 'Lock'";
            // Inside a transaction, the result would never change.
            let mut watcher = database.client();
            while watcher.query_one(waiting) != "2" {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            locker.query("COMMIT");
            for reader in readers {
                assert_eq!(reader.join().unwrap(), Some(ada.clone()));
            }
        });
    };
    read_on_both();
    let mut client = database.client();
    client.query(r#"ALTER TABLE "User" ALTER COLUMN "name" TYPE varchar(255)"#);
    assert_eq!(read(), Some(ada.clone()));
    read_on_both();
    client.query(r#"ALTER TABLE "User" ALTER COLUMN "name" TYPE text"#);
    assert_eq!(store.update_user(ada.id, Default::default()).unwrap(), ada);
    assert_eq!(read(), Some(ada.clone()));
}

/// The server itself would accept the time as text, and drop the time of day.
/// The connection has repeated a stale statement before, which says nothing about the write after it.
fn suppressed_write_is_not_repeated(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store_with("pool_size=1");
    let user = store.create_user(NewUser::default()).unwrap();
    let create = |store: &AuthStore, token: &str| {
        let expires = datetime!(2026-11-23 12:00 UTC);
        store.create_session(NewSession::new(user.id, token, expires))
    };
    create(&store, "prepared").unwrap();
    store
        .transaction(|tx| tx.execute("DEALLOCATE ALL", &[]))
        .unwrap();
    create(&store, "repeated").unwrap();

    let mut client = database.client();
    client.query(
        r#"CREATE TABLE "suppressed" ("token" text);
           CREATE FUNCTION "suppress"() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN
               INSERT INTO "suppressed" VALUES (NEW."sessionToken");
               RETURN NULL;
           END $$;
           CREATE TRIGGER "suppress" BEFORE INSERT ON "Session"
               FOR EACH ROW EXECUTE FUNCTION "suppress"()"#,
    );
    let mut attempts = 0;
    let error = store
        .transaction(|tx| {
            attempts += 1;
            create(tx, "in a transaction")
        })
        .unwrap_err();
    assert!(matches!(error, Error::Rejected { .. }), "{error:?}");
    assert_eq!(attempts, 1);

    let error = create(&store, "alone").unwrap_err();
    assert!(matches!(error, Error::Rejected { .. }), "{error:?}");
    let calls = client.query_one(r#"SELECT count(*) FROM "suppressed""#);
    assert_eq!(calls, "1");
}

fn first_use_rejects_an_unsuitable_column(kind: Kind) {
    let database = Database::new(kind).unwrap();
    database.store();
    let mut client = database.client();
    client.query(r#"ALTER TABLE "User" ALTER COLUMN "emailVerified" TYPE date"#);
    let store = AuthStore::connect(&database.url()).unwrap();
    let user = NewUser {
        email_verified: Some(datetime!(2026-11-23 12:34:56 UTC)),
        ..NewUser::default()
    };
    for _ in 0..2 {
        let error = store.create_user(user.clone()).unwrap_err();
        assert!(matches!(error, Error::Backend { .. }), "{error:?}");
    }
    assert_eq!(client.query_one(r#"SELECT count(*) FROM "User""#), "0");
}

/// The driver asks for the type of such a column, whose answer must not wait for rows that nobody reads.
fn first_use_reads_many_rows_of_an_extension(kind: Kind) {
    let database = Database::new(kind).unwrap();
    database.store();
    let mut client = database.client();
    client.query(
        r#"
        CREATE EXTENSION citext;
        ALTER TABLE "User" ALTER COLUMN "email" TYPE citext;
        INSERT INTO "User" ("id", "email", "name")
        SELECT gen_random_uuid(), n || '@example.org', repeat('x', 10000) FROM generate_series(1, 200) AS n;
        "#,
    );
    let store = AuthStore::connect(&database.url()).unwrap();
    assert_eq!(store.list_users(None, 1000).unwrap().len(), 200);
}

fn own_row_that_refers_to_a_user(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store();
    let ada = store.create_user(NewUser::default()).unwrap();
    database.client().query(&format!(
        r#"CREATE TABLE "Invoice" ("userId" uuid REFERENCES "User" ("id"));
           INSERT INTO "Invoice" VALUES ('{}')"#,
        ada.id
    ));
    let error = store.delete_user(ada.id).unwrap_err();
    let Error::Rejected { constraint } = error else {
        panic!("{error:?}");
    };
    assert_eq!(constraint, "Invoice_userId_fkey");
    assert_eq!(store.get_user(ada.id).unwrap(), Some(ada));
}

fn step_that_ends_its_transaction_is_rejected(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("0001_commit.up.sql"),
        "CREATE TABLE a (b int); COMMIT;",
    )
    .unwrap();
    let series = Series::from_dir("app", folder.path()).unwrap();
    let error = store
        .migrator()
        .unwrap()
        .with_series(series)
        .up()
        .unwrap_err();
    let cause = error.source().expect("a cause").to_string();
    assert!(cause.contains("ended the transaction"), "{cause}");
}

fn limited_encoding_is_rejected(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let name = format!("{}_latin1", database.name());
    let mut client = database.client();
    client.query(&format!(
        "CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    ));
    let error = AuthStore::connect(&database.server().url(&name));
    client.query(&format!("DROP DATABASE {name} WITH (FORCE)"));
    let error = error.unwrap_err();
    assert!(error.to_string().contains("LATIN1"), "{error}");
}

/// A single statement commits automatically, so it cannot be undone if the returned row cannot be read.
fn unreadable_row_says_that_it_was_written(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store();
    let user = store.create_user(new_user("ada@example.org")).unwrap();
    let mut client = database.client();
    client.query(
        r#"INSERT INTO "VerificationToken" VALUES ('ada@example.org', 'secret', 'infinity')"#,
    );
    let error = store
        .use_verification_token("ada@example.org", "secret")
        .unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("was written"), "{text}");
    assert!(!text.contains("secret"), "{text}");
    assert_eq!(
        client.query_one(r#"SELECT count(*) FROM "VerificationToken""#),
        "0"
    );

    client.query(r#"UPDATE "User" SET "emailVerified" = 'infinity'"#);
    let text = store.get_user(user.id).unwrap_err().to_string();
    assert!(!text.contains("was written"), "{text}");
    let error = store.update_user(user.id, Default::default()).unwrap_err();
    assert!(error.to_string().contains("was written"), "{error}");
}

/// A publication of all tables rejects updates and deletions of rows that it cannot identify.
fn published_tables_can_be_written(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store();
    database
        .client()
        .query("CREATE PUBLICATION p FOR ALL TABLES");
    for operation in crate::operations::OPERATIONS {
        let person = crate::operations::seed(&store);
        (operation.call)(&store, &person)
            .unwrap_or_else(|error| panic!("{}: {error:?}", operation.name));
    }
    let migrator = store.migrator().unwrap();
    assert!(!migrator.down(usize::MAX).unwrap().is_empty());
}

fn own_constraints_are_named(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store();
    let ada = store.create_user(new_user("ada@example.org")).unwrap();
    let mut client = database.client();
    client.query(
        r#"ALTER TABLE "User" ADD CONSTRAINT "short_name" CHECK (length("name") < 5);
           CREATE UNIQUE INDEX "one_image" ON "User" ("image");
           CREATE TABLE "log" ("name" text, CONSTRAINT "User_pkey1" PRIMARY KEY ("name"));
           CREATE FUNCTION "no_bob"() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN
               IF NEW."name" = 'Bob' THEN RAISE EXCEPTION 'not %', NEW."email"; END IF;
               IF NEW."name" = 'Mal' THEN RAISE 'not %', NEW."email" USING ERRCODE = '42501'; END IF;
               IF NEW."name" = 'Sam' THEN RAISE 'not %', NEW."email" USING ERRCODE = '55P03'; END IF;
               IF NEW."name" IS NOT NULL THEN INSERT INTO "log" VALUES (NEW."name"); END IF;
               RETURN NEW;
           END $$;
           CREATE TRIGGER "no_bob" BEFORE INSERT ON "User" FOR EACH ROW EXECUTE FUNCTION "no_bob"()"#,
    );
    let named = |name: Option<&str>, image: Option<&str>| {
        store.create_user(NewUser {
            name: name.map(Into::into),
            image: image.map(Into::into),
            email: Some(format!("{}@example.org", Uuid::new_v4())),
            ..NewUser::default()
        })
    };
    named(Some("Eve"), Some("i")).unwrap();
    for (name, image, wanted) in [
        (Some("Augusta"), None, "short_name"),
        (None, Some("i"), "one_image"),
        (Some("Eve"), None, "User_pkey1"),
        (Some("Bob"), None, "no_bob"),
        (Some("Mal"), None, "no_bob"),
        (Some("Sam"), None, "no_bob"),
    ] {
        let error = named(name, image).unwrap_err();
        assert!(!error.is_retryable());
        let text = format!("{error:?}");
        assert!(!text.contains("example.org"), "{text}");
        let Error::Rejected { constraint } = error else {
            panic!("{wanted}: {text}");
        };
        assert_eq!(constraint, wanted);
    }
    // A trigger may make an INSERT do nothing, without an error.
    client.query(
        r#"CREATE FUNCTION "skip"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
           CREATE TRIGGER "skip" BEFORE INSERT ON "Account" FOR EACH ROW EXECUTE FUNCTION "skip"()"#,
    );
    let account = || NewAccount::new("oauth", "github", "1");
    let skipped = store.link_account(ada.id, account()).unwrap_err();
    assert!(matches!(skipped, Error::Rejected { .. }), "{skipped:?}");
    let users = store.list_users(None, 100).unwrap();
    let skipped = store
        .create_user_with_account(NewUser::default(), account())
        .unwrap_err();
    assert!(matches!(skipped, Error::Rejected { .. }), "{skipped:?}");
    assert_eq!(store.list_users(None, 100).unwrap(), users);
    client.query(r#"DROP TRIGGER "skip" ON "Account""#);
    // A foreign key of ours to another table is not a missing user.
    client.query(
        r#"CREATE TABLE "profile" ("id" uuid PRIMARY KEY);
           ALTER TABLE "Session" ADD CONSTRAINT "session_profile" FOREIGN KEY ("userId") REFERENCES "profile" ("id")"#,
    );
    let session = NewSession::new(ada.id, "token", datetime!(2100-01-01 0:00 UTC));
    match store.create_session(session) {
        Err(Error::Rejected { constraint }) => assert_eq!(constraint, "session_profile"),
        other => panic!("{other:?}"),
    }
}

fn up_to_date_needs_no_right_to_create(kind: Kind) {
    let database = Database::new(kind).unwrap();
    database.store();
    let role = format!("{}_reader", database.name());
    let mut client = database.client();
    client.query(&format!(
        r#"CREATE ROLE {role} LOGIN PASSWORD 'reader';
           REVOKE CREATE ON SCHEMA public FROM PUBLIC;
           GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"#
    ));
    let (_, place) = database
        .url()
        .split_once('@')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let store = AuthStore::connect(&format!("postgres://{role}:reader@{place}"));
    let migrated = store.and_then(|store| store.migrate());
    client.query(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    assert!(migrated.unwrap().is_empty());
}
