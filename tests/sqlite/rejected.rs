//! The application's own constraints and triggers may reject a write, and are named.

use authstore::{
    AuthStore, Authenticator, Change, Constraint, Entity, Error, NewAccount, NewSession, NewUser,
    SessionChanges, User, UserChanges, VerificationToken,
};
use rusqlite::Connection;
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

const EXPIRES: OffsetDateTime = datetime!(2030-01-01 00:00 UTC);

struct Application {
    directory: TempDir,
    store: AuthStore,
    ada: User,
}

impl Application {
    fn new(sql: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite:{}/auth.db", directory.path().display());
        let store = AuthStore::connect(&url).expect("a store");
        store.migrate().expect("a schema");
        let ada = NewUser {
            name: Some("ada".into()),
            email: Some("ada@example.org".into()),
            ..NewUser::default()
        };
        let ada = store.create_user(ada).expect("a user");
        let application = Application {
            directory,
            store,
            ada,
        };
        application.sql(sql);
        application
    }

    fn sql(&self, sql: &str) {
        Connection::open(self.directory.path().join("auth.db"))
            .and_then(|connection| connection.execute_batch(sql))
            .expect(sql);
    }

    fn rename(&self, name: &str) -> authstore::Result<User> {
        let changes = UserChanges {
            name: Change::set(name),
            ..UserChanges::default()
        };
        self.store.update_user(self.ada.id, changes)
    }
}

#[track_caller]
fn assert_rejected<T: std::fmt::Debug>(result: authstore::Result<T>, by: &str) {
    match &result {
        Err(error @ Error::Rejected { constraint }) => {
            assert_eq!(constraint, by);
            assert!(!error.is_retryable());
        }
        other => panic!("{other:?} instead of Rejected by {by}"),
    }
}

#[test]
fn deleting_a_referenced_user_names_the_table() {
    for key in [
        "",
        "ON DELETE RESTRICT",
        "DEFERRABLE INITIALLY DEFERRED",
        "ON DELETE NO ACTION ON UPDATE CASCADE",
    ] {
        let application = Application::new(&format!(
            r#"CREATE TABLE "blog post" (author text REFERENCES "User" (id) {key});
            CREATE TABLE "comment" (author text REFERENCES "User" (id) ON DELETE CASCADE);
            INSERT INTO "blog post" SELECT id FROM "User";
            INSERT INTO "comment" SELECT id FROM "User";"#
        ));
        let store = &application.store;
        store
            .create_session(NewSession::new(application.ada.id, "token", EXPIRES))
            .expect("a session");
        assert_rejected(store.delete_user(application.ada.id), "blog post");
        assert!(
            store
                .get_session_and_user("token")
                .expect("an answer")
                .is_some(),
            "{key}: nothing was deleted"
        );
        application.sql(r#"DELETE FROM "blog post";"#);
        assert!(store.delete_user(application.ada.id).expect("deleted"));
    }
}

#[test]
fn older_orphans_do_not_hide_the_referring_table() {
    let application = Application::new(
        r#"CREATE TABLE a (author text REFERENCES "User" (id));
        CREATE TABLE b (session text REFERENCES "Session" (id));
        PRAGMA foreign_keys = off;
        INSERT INTO a VALUES ('nobody');"#,
    );
    let store = &application.store;
    let session = store
        .create_session(NewSession::new(application.ada.id, "token", EXPIRES))
        .expect("a session");
    application.sql(&format!("INSERT INTO b VALUES ('{}');", session.id));
    // Through the sessions that are deleted with the user.
    assert_rejected(store.delete_user(application.ada.id), "b");
    assert_rejected(store.delete_session("token"), "b");
    assert_rejected(
        store.delete_sessions_by_user_id(application.ada.id, None),
        "b",
    );
    assert_rejected(store.delete_expired(EXPIRES, 10), "b");
}

#[test]
fn missing_user_is_not_found_despite_own_constraints() {
    let application = Application::new(
        r#"CREATE TABLE visit (user text REFERENCES "User" (id));
        CREATE TABLE place (id integer PRIMARY KEY);
        CREATE TABLE log (place integer REFERENCES place (id));
        CREATE TRIGGER logged AFTER INSERT ON "Session" BEGIN INSERT INTO log VALUES (1); END;"#,
    );
    let store = &application.store;
    let nobody = Uuid::now_v7();
    let authenticator = |user_id| Authenticator {
        credential_id: "credential".into(),
        user_id,
        provider_account_id: "1".into(),
        credential_public_key: "key".into(),
        counter: 0,
        credential_device_type: "singleDevice".into(),
        credential_backed_up: false,
        transports: None,
    };
    let account = || NewAccount::new("oauth", "github", "1");
    for missing in [
        store
            .create_session(NewSession::new(nobody, "token", EXPIRES))
            .map(drop),
        store.link_account(nobody, account()).map(drop),
        store.create_authenticator(authenticator(nobody)).map(drop),
    ] {
        let entity = Entity::User;
        assert!(
            matches!(&missing, Err(Error::NotFound { entity: named }) if *named == entity),
            "{missing:?}"
        );
    }
    // The user exists, but the trigger's row refers to a missing row.
    let ada = application.ada.id;
    assert_rejected(
        store.create_session(NewSession::new(ada, "token", EXPIRES)),
        "log",
    );
    application.sql("INSERT INTO place VALUES (1);");
    store
        .create_session(NewSession::new(ada, "token", EXPIRES))
        .expect("a session");
    let moved = store.update_session(
        "token",
        SessionChanges {
            user_id: Some(nobody),
            ..SessionChanges::default()
        },
    );
    assert!(
        matches!(
            moved,
            Err(Error::NotFound {
                entity: Entity::User
            })
        ),
        "{moved:?}"
    );
    store.link_account(ada, account()).expect("an account");
    store
        .create_authenticator(authenticator(ada))
        .expect("a passkey");
}

#[test]
fn rejecting_trigger_is_named_without_its_message() {
    for way in ["ABORT", "FAIL", "ROLLBACK"] {
        let application = Application::new(&format!(
            r#"CREATE TRIGGER no_shouting BEFORE UPDATE ON "User" WHEN new.name = upper(new.name)
            BEGIN SELECT RAISE({way}, 'hunter2 said this'); END;"#
        ));
        let refused = application.rename("ADA");
        let words = format!("{refused:?}");
        assert!(!words.contains("hunter2"), "{words}");
        assert_rejected(refused, "no_shouting");
        application.rename("Ada").expect("no shouting");
    }
}

/// Without an error, the new row would be acknowledged, and not be there.
#[test]
fn ignored_insert_is_rejected() {
    let application = Application::new(
        r#"CREATE TRIGGER skip BEFORE INSERT ON "Account" BEGIN SELECT RAISE(IGNORE); END;"#,
    );
    let store = &application.store;
    let account = || NewAccount::new("oauth", "github", "1");
    assert_rejected(
        store.link_account(application.ada.id, account()),
        "a trigger",
    );
    let both = store.create_user_with_account(NewUser::default(), account());
    assert_rejected(both, "a trigger");
    assert_eq!(store.list_users(None, 10).expect("users").len(), 1);
}

#[test]
fn rejected_write_of_many_rows_writes_none() {
    let application = Application::new(
        r#"CREATE TRIGGER keep_b BEFORE DELETE ON "Session" WHEN old."sessionToken" = 'b'
        BEGIN SELECT RAISE(FAIL, 'no'); END;"#,
    );
    let store = &application.store;
    let ada = application.ada.id;
    for token in ["a", "b", "c"] {
        store
            .create_session(NewSession::new(ada, token, EXPIRES))
            .expect("a session");
    }
    assert_rejected(store.delete_sessions_by_user_id(ada, None), "keep_b");
    assert_rejected(store.delete_user(ada), "keep_b");
    assert_eq!(store.list_sessions_by_user_id(ada).expect("all").len(), 3);
}

#[test]
fn own_checks_and_unique_indexes_are_named() {
    let application = Application::new(
        r#"CREATE UNIQUE INDEX "User_name_key" ON "User" (lower(name));
        CREATE UNIQUE INDEX "Session_expires_key" ON "Session" (expires);
        CREATE TABLE audit (name text CONSTRAINT short CHECK (length(name) < 10), nickname text NOT NULL DEFAULT '');
        CREATE TRIGGER audited AFTER UPDATE ON "User" BEGIN INSERT INTO audit (name) VALUES (new.name); END;"#,
    );
    let store = &application.store;
    let namesake = NewUser {
        name: Some("ADA".into()),
        ..NewUser::default()
    };
    assert_rejected(store.create_user(namesake), "User_name_key");
    assert_rejected(application.rename("a long, long name"), "short");
    application.rename("Ada").expect("short enough");

    let ada = application.ada.id;
    store
        .create_session(NewSession::new(ada, "a", EXPIRES))
        .expect("a session");
    assert_rejected(
        store.create_session(NewSession::new(ada, "b", EXPIRES)),
        "Session.expires",
    );
    // Our own constraints are still conflicts.
    let later = EXPIRES + std::time::Duration::from_secs(1);
    let taken = store.create_session(NewSession::new(ada, "a", later));
    assert!(
        matches!(
            taken,
            Err(Error::Conflict {
                constraint: Constraint::SessionToken
            })
        ),
        "{taken:?}"
    );
}

#[test]
fn what_cannot_be_read_was_not_written() {
    let application = Application::new(
        r#"INSERT INTO "VerificationToken" VALUES ('ada@example.org', 'token', 'never');
        UPDATE "User" SET "emailVerified" = 'yesterday';"#,
    );
    let store = &application.store;
    for _ in 0..2 {
        let used = store.use_verification_token("ada@example.org", "token");
        assert!(matches!(used, Err(Error::Backend { .. })), "{used:?}");
        let renamed = application.rename("Grace");
        assert!(matches!(renamed, Err(Error::Backend { .. })), "{renamed:?}");
    }
    application.sql(
        r#"UPDATE "VerificationToken" SET "expires" = '2030-01-01T00:00:00.000Z';
        UPDATE "User" SET "emailVerified" = NULL;"#,
    );
    let token = VerificationToken::new("ada@example.org", "token", EXPIRES);
    let used = store.use_verification_token("ada@example.org", "token");
    assert_eq!(used.expect("it is still there"), Some(token));
    let user = store.get_user(application.ada.id).expect("a user");
    assert_eq!(user.expect("a user").name.as_deref(), Some("ada"));
}
