//! A server that stores table names in lower case, as on Windows and Azure.

use std::sync::Arc;

use authstore::migration::StepState;
use authstore_test_databases::{Database, Kind, Needs, Server, Setup, Test};

use crate::operations::{OPERATIONS, seed};

pub(crate) fn tests() -> Vec<Test> {
    Test::on(
        &[Kind::Mysql, Kind::Mariadb],
        Needs::Container,
        "lower_case.everything_works",
        everything_works,
    )
}

/// The schema of Auth.js's guide, with a user who is signed in.
pub(super) const THEIRS: &[&str] = &[
    "CREATE TABLE `User` (`id` varchar(36) PRIMARY KEY DEFAULT (uuid()), `name` varchar(255), \
     `email` varchar(255) NOT NULL UNIQUE, `emailVerified` datetime(3) DEFAULT now(3), `image` varchar(255))",
    "CREATE TABLE `Account` (`id` varchar(36) PRIMARY KEY DEFAULT (uuid()), `userId` varchar(36) NOT NULL, \
     `type` varchar(255) NOT NULL, `provider` varchar(255) NOT NULL, `providerAccountId` varchar(255) NOT NULL, \
     `refresh_token` varchar(255), `access_token` varchar(255), `expires_at` bigint, `token_type` varchar(255), \
     `scope` varchar(255), `id_token` varchar(255), `session_state` varchar(255), \
     CONSTRAINT `Account_userId_fk` FOREIGN KEY (`userId`) REFERENCES `User` (`id`) ON DELETE CASCADE)",
    "CREATE TABLE `Session` (`id` varchar(36) PRIMARY KEY DEFAULT (uuid()), `userId` varchar(36) NOT NULL, \
     `sessionToken` varchar(255) NOT NULL UNIQUE, `expires` datetime(3) NOT NULL, \
     CONSTRAINT `Session_userId_fk` FOREIGN KEY (`userId`) REFERENCES `User` (`id`) ON DELETE CASCADE)",
    "CREATE TABLE `VerificationToken` (`identifier` varchar(255) NOT NULL, `token` varchar(255) NOT NULL UNIQUE, \
     `expires` datetime(3) NOT NULL)",
    "CREATE TABLE `Post` (`of` varchar(36), CONSTRAINT `Author` FOREIGN KEY (`of`) REFERENCES `User` (`id`))",
    "INSERT INTO `User` (`id`, `email`) VALUES ('0197f3a0-0000-4000-8000-000000000001', 'ada@example.org')",
    "INSERT INTO `Session` (`userId`, `sessionToken`, `expires`) \
     VALUES ('0197f3a0-0000-4000-8000-000000000001', 'theirs', '2030-01-01')",
    "INSERT INTO `Post` VALUES ('0197f3a0-0000-4000-8000-000000000001')",
];

fn everything_works(kind: Kind) {
    let setup = Setup {
        arguments: vec!["--lower-case-table-names=1".to_owned()],
        ..Setup::default()
    };
    let server = Arc::new(Server::start(kind, &setup).expect("a server"));
    let database = Database::on(&server).expect("a database");
    let mut client = database.client();
    for statement in THEIRS {
        client.query(statement);
    }
    let store = authstore::AuthStore::connect(&database.url()).expect("a store");
    store.migrate().expect_err("these tables are not ours");
    let migrator = store.migrator().expect("a migrator");
    let found = migrator.compare().expect("differences");
    assert_eq!(found.obstacles, [""; 0], "{found}");
    let rows: Vec<_> = found.rows.iter().map(|row| (row.table, row.rows)).collect();
    assert!(rows.contains(&("User", 1)), "{rows:?}");
    migrator.adopt().expect("adopted");
    let left = migrator.compare().expect("compared");
    assert!(left.is_empty(), "{left}");
    let session = store.get_session_and_user("theirs").expect("an answer");
    assert!(session.is_some(), "everyone is still signed in");
    client
        .try_query("INSERT INTO `Post` VALUES ('0197f3a0-0000-4000-8000-000000000002')")
        .expect_err("the application's foreign key is there");

    let made = Database::on(&server).expect("a database");
    let store = made.store();
    for store in [&store, &database.store()] {
        for operation in OPERATIONS {
            (operation.call)(store, &seed(store))
                .unwrap_or_else(|error| panic!("{}: {error:?}", operation.name));
        }
    }
    let migrator = store.migrator().expect("a migrator");
    let found = migrator.compare().expect("compared");
    assert!(found.is_empty(), "{found}");
    let steps = migrator.series().migrations().len();
    assert_eq!(migrator.down(usize::MAX).expect("down").len(), steps);
    assert_eq!(migrator.up().expect("up").len(), steps);
    let status = migrator.status().expect("a status");
    let applied = |state: &StepState| matches!(state, StepState::Applied { .. });
    assert!(status.iter().all(|step| applied(&step.state)), "{status:?}");
}
