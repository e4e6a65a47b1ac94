//! The application's own foreign keys, unique keys, CHECKs and triggers on the tables.

use authstore::{
    AuthStore, Change, Constraint, Error, NewAccount, NewSession, NewUser, UserChanges,
};
use authstore_test_databases::{Client, Database, Kind, Needs, Test};
use time::macros::datetime;
use uuid::Uuid;

pub(crate) fn tests() -> Vec<Test> {
    let on = |name, test| Test::on(&Kind::MYSQL_AND_MARIADB, Needs::Shared, name, test);
    [
        on(
            "application.unreadable_row_is_kept_or_said_gone",
            unreadable,
        ),
        on("application.its_foreign_key_is_named", foreign_key),
        on("application.its_unique_key_is_named", unique_key),
        on("application.its_check_is_named", check),
        on("application.its_trigger_is_told_from_our_keys", trigger),
        on("application.its_procedure_fails_as_a_whole", procedure),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn set_up(kind: Kind) -> (Database, AuthStore, Client) {
    let database = Database::new(kind).unwrap();
    let store = database.store();
    let client = database.client();
    (database, store, client)
}

#[track_caller]
fn rejected_by<T: std::fmt::Debug>(result: Result<T, Error>, name: &str) {
    match result {
        Err(Error::Rejected { constraint }) => assert_eq!(constraint, name),
        other => panic!("{other:?}"),
    }
}

fn named(name: &str) -> UserChanges {
    UserChanges {
        name: Change::set(name),
        ..UserChanges::default()
    }
}

fn foreign_key(kind: Kind) {
    let (_database, store, mut client) = set_up(kind);
    client.query(
        "CREATE TABLE post (author char(36) CHARACTER SET ascii COLLATE ascii_bin, \
         CONSTRAINT post_author FOREIGN KEY (author) REFERENCES `User` (id))",
    );
    let ada = store.create_user(NewUser::default()).unwrap();
    client.query(&format!("INSERT INTO post VALUES ('{}')", ada.id));
    rejected_by(store.delete_user(ada.id), "post_author");
    assert!(store.get_user(ada.id).unwrap().is_some());

    client.query("CREATE TABLE team (id int PRIMARY KEY)");
    client.query(
        "ALTER TABLE `Session` ADD COLUMN team int DEFAULT 1, \
         ADD CONSTRAINT session_team FOREIGN KEY (team) REFERENCES team (id)",
    );
    let session = || NewSession::new(ada.id, "token", datetime!(2100-01-01 0:00 UTC));
    rejected_by(store.create_session(session()), "session_team");
    client.query("INSERT INTO team VALUES (1)");
    store.create_session(session()).unwrap();
}

fn unique_key(kind: Kind) {
    let (_database, store, mut client) = set_up(kind);
    client.query("CREATE UNIQUE INDEX one_name ON `User` (name (100))");
    let named = |name: &str| NewUser {
        name: Some(name.to_owned()),
        ..NewUser::default()
    };
    store.create_user(named("Ada")).unwrap();
    let name = match kind {
        Kind::Mysql => "User.one_name",
        _ => "one_name",
    };
    rejected_by(store.create_user(named("Ada")), name);
    let bob = store.create_user(named("Bob")).unwrap();
    rejected_by(store.update_user(bob.id, self::named("Ada")), name);
    let account = NewAccount::new("oauth", "github", "1");
    rejected_by(
        store.create_user_with_account(named("Ada"), account.clone()),
        name,
    );
    // Nothing is left open on the connection.
    store
        .create_user_with_account(named("Cy"), account)
        .unwrap();
}

fn check(kind: Kind) {
    let (_database, store, mut client) = set_up(kind);
    client.query("ALTER TABLE `User` ADD CONSTRAINT no_eve CHECK (name <> 'Eve')");
    let ada = store.create_user(NewUser::default()).unwrap();
    rejected_by(store.update_user(ada.id, named("Eve")), "no_eve");
    assert_eq!(store.get_user(ada.id).unwrap().unwrap().name, None);
}

fn trigger(kind: Kind) {
    let (_database, store, mut client) = set_up(kind);
    client.query("CREATE TABLE audit (id int PRIMARY KEY)");
    client.query("INSERT INTO audit VALUES (1)");
    client.query(
        "CREATE TRIGGER log_user BEFORE INSERT ON `User` FOR EACH ROW INSERT INTO audit VALUES (1)",
    );
    let name = match kind {
        Kind::Mysql => "audit.PRIMARY",
        _ => "log_user",
    };
    rejected_by(store.create_user(NewUser::default()), name);
    let account = || NewAccount::new("oauth", "github", "1");
    rejected_by(
        store.create_user_with_account(NewUser::default(), account()),
        name,
    );
    client.query("DROP TRIGGER log_user");
    let name = match kind {
        Kind::Mysql => "User",
        _ => "ban_user",
    };
    // A trigger may choose the number, even that of a lock timeout, of KILL or of a missing privilege.
    for number in [
        "",
        ", MYSQL_ERRNO = 30001",
        ", MYSQL_ERRNO = 1205",
        ", MYSQL_ERRNO = 1317",
        ", MYSQL_ERRNO = 1142",
    ] {
        client.query(&format!(
            "CREATE TRIGGER ban_user BEFORE INSERT ON `User` FOR EACH ROW \
             SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a secret of hers'{number}",
        ));
        rejected_by(store.create_user(NewUser::default()), name);
        client.query("DROP TRIGGER ban_user");
    }

    // Our own keys are still named, even if one script has two of them.
    let id = Uuid::now_v7();
    let user = || NewUser {
        id: Some(id),
        ..NewUser::default()
    };
    let taken = NewAccount {
        id: Some(Uuid::now_v7()),
        ..account()
    };
    store
        .create_user_with_account(user(), taken.clone())
        .unwrap();
    for (user, account, constraint) in [
        (user(), account(), Constraint::UserId),
        (
            NewUser::default(),
            NewAccount {
                provider: "google".to_owned(),
                ..taken
            },
            Constraint::AccountId,
        ),
        (NewUser::default(), account(), Constraint::ProviderAccount),
    ] {
        match store.create_user_with_account(user, account) {
            Err(Error::Conflict { constraint: found }) => assert_eq!(found, constraint),
            other => panic!("{constraint:?}: {other:?}"),
        }
    }
}

/// A procedure that fails after its first result has undone nothing of what it did.
fn procedure(kind: Kind) {
    let (_database, store, mut client) = set_up(kind);
    client.query("CREATE TABLE audit (id int PRIMARY KEY)");
    client.query(
        "CREATE PROCEDURE note() BEGIN SELECT 1; INSERT INTO audit VALUES (1); INSERT INTO audit VALUES (1); END",
    );
    let noted = store.transaction(|tx| {
        tx.create_user(NewUser::default())?;
        let noted = tx.query("CALL note()", &[]);
        assert!(noted.is_err(), "{noted:?}");
        Ok::<_, Error>(())
    });
    noted.unwrap_err();
    assert_eq!(store.list_users(None, 10).unwrap(), []);
    assert_eq!(client.query_one("SELECT COUNT(*) FROM audit"), "0");

    // JSON is text on both.
    let rows = store.transaction(|tx| tx.query("SELECT JSON_OBJECT('a', 1)", &[]));
    let text: String = rows.unwrap()[0].get(0).unwrap();
    assert!(text.starts_with('{'), "{text}");
}

/// A zero date from another program: a row that cannot be read is not written, or the error reports that it was.
fn unreadable(kind: Kind) {
    let (_database, store, mut client) = set_up(kind);
    client.query("SET SESSION sql_mode = ''");
    let ada = store.create_user(NewUser::default()).unwrap();
    client.query("UPDATE `User` SET emailVerified = '0000-00-00'");
    client.query("INSERT INTO VerificationToken VALUES ('ada', 'token', '0000-00-00')");

    store.update_user(ada.id, named("Ada")).unwrap_err();
    let name = "SELECT COUNT(*) FROM `User` WHERE name = 'Ada'";
    assert_eq!(client.query_one(name), "0");

    let error = store.use_verification_token("ada", "token").unwrap_err();
    let left = client.query_one("SELECT COUNT(*) FROM VerificationToken") == "1";
    let said_gone = error.to_string().contains("the row has been deleted");
    assert_eq!(left, !said_gone, "{error}");
}
