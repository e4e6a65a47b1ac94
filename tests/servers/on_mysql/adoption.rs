use std::thread;
use std::time::Duration;

use authstore::{AuthStore, NewAccount, NewUser};
use authstore_test_databases::{Database, Kind, Needs, Test};

use super::lower_case::THEIRS;
use crate::migrations::with_rights;

pub(crate) fn tests() -> Vec<Test> {
    let both = Kind::MYSQL_AND_MARIADB;
    let mut tests = Test::on(
        &both,
        Needs::Shared,
        "adoption.repeats_what_a_deadlock_undid",
        repeats_what_a_deadlock_undid,
    );
    tests.extend(Test::on(
        &both,
        Needs::Shared,
        "adoption.missing_right_to_refer_changes_nothing",
        missing_right_to_refer_changes_nothing,
    ));
    tests
}

/// The application has locked the second account when the adoption fills in the ids, and asks for the first as soon as the
/// adoption waits. It has written more, so the server undoes the adoption's statement.
fn repeats_what_a_deadlock_undid(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store();
    let ada = store.create_user(NewUser::default()).unwrap();
    for account in ["first", "second"] {
        let account = NewAccount::new("oauth", "github", account);
        store.link_account(ada.id, account).unwrap();
    }
    let mut client = database.client();
    client.query("ALTER TABLE `Account` DROP COLUMN `id`");
    client.query("CREATE TABLE post (body varchar(9))");
    let set_scope = |account| {
        format!("UPDATE `Account` SET `scope` = 'app' WHERE `providerAccountId` = '{account}'")
    };
    let id_is_new = "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() \
                     AND TABLE_NAME = 'Account' AND COLUMN_NAME = 'id' AND IS_NULLABLE = 'YES'";
    let adoption_waits = "SELECT COUNT(*) FROM information_schema.INNODB_TRX AS t \
                          JOIN information_schema.PROCESSLIST AS p ON p.ID = t.trx_mysql_thread_id \
                          WHERE p.DB = DATABASE() AND t.trx_state = 'LOCK WAIT'";
    let migrator = store.migrator().unwrap();
    thread::scope(|scope| {
        let (database, set_scope) = (&database, &set_scope);
        let mut has_begun = false;
        migrator
            .adopt_with_progress(|_| {
                if has_begun || client.query_one(id_is_new) == "0" {
                    return;
                }
                has_begun = true;
                let mut application = database.client();
                // Otherwise it would lock every row that it reads.
                application.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
                application.query("START TRANSACTION");
                for _ in 0..500 {
                    application.query("INSERT INTO post VALUES ('hello')");
                }
                application.query(&set_scope("second"));
                scope.spawn(move || {
                    while database.client().query_one(adoption_waits) == "0" {
                        thread::sleep(Duration::from_millis(100));
                    }
                    application.query(&set_scope("first"));
                    application.query("COMMIT");
                });
            })
            .unwrap();
        assert!(has_begun);
    });
    assert!(migrator.compare().unwrap().is_empty());
    let accounts = store.list_accounts_by_user_id(ada.id).unwrap();
    assert_eq!(accounts.len(), 2);
    assert!(
        accounts
            .iter()
            .all(|account| account.scope.as_deref() == Some("app"))
    );
}

/// MySQL requires the right for a foreign key; MariaDB has it, but does not use it.
fn missing_right_to_refer_changes_nothing(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let mut client = database.client();
    for statement in THEIRS {
        client.query(statement);
    }
    let schema = "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS \
                  WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1, 2";
    let keys = "SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS \
                WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1, 2";
    let before = (client.query(schema), client.query(keys));
    let rights = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP";
    let adopt = |rights| with_rights(&database, rights, |store| store.migrator().unwrap().adopt());
    if kind == Kind::Mysql {
        let missing = adopt(rights).unwrap_err().to_string();
        assert!(missing.contains("REFERENCES command denied"), "{missing}");
        assert!((client.query(schema), client.query(keys)) == before);
        adopt(&format!("{rights}, REFERENCES")).unwrap();
    } else {
        adopt(rights).unwrap();
    }
    let store = AuthStore::connect(&database.url()).unwrap();
    let left = store.migrator().unwrap().compare().unwrap();
    assert!(left.is_empty(), "{left}");
}
