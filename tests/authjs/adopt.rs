//! Adoption of a database that Auth.js created.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use authstore::migration::{AdoptionProgress, MigrationError, StepState, TableWork};
use authstore::{AuthStore, Constraint, Error, NewAccount, NewUser};
use authstore_test_databases::{Database, Kind, Needs, Server, Setup, Test, command};
use serde_json::json;
use uuid::Uuid;

use crate::node::Js;
use crate::on_each;
use crate::values::{self, TEXTS, TIMES, date};

pub(crate) fn tests() -> Vec<Test> {
    [
        on_each("the_guides_database_is_adopted", |kind| {
            is_adopted(kind, "guide");
        }),
        on_each("the_later_guides_database_is_adopted", |kind| {
            is_adopted(kind, "text");
        }),
        on_each("a_database_without_ids_is_adopted", |kind| {
            is_adopted(kind, "no-id");
        }),
        on_each("obstacles_are_listed", obstacles_are_listed),
        on_each("the_command_adopts", the_command_adopts),
        on_each(
            "dry_run_estimates_the_duration",
            dry_run_estimates_the_duration,
        ),
        on_each("progress_is_reported", progress_is_reported),
        on_each(
            "colliding_addresses_block_adoption",
            colliding_addresses_block_adoption,
        ),
        Test::on(
            &Kind::SERVERS,
            Needs::Shared,
            "weaker_keys_hide_no_duplicates",
            weaker_keys_hide_no_duplicates,
        ),
        on_each(
            "application_table_keeps_its_users",
            application_table_keeps_its_users,
        ),
        Test::on(
            &Kind::SERVERS,
            Needs::Shared,
            "trigger_that_rejects_an_id_is_named",
            trigger_that_rejects_an_id_is_named,
        ),
        Test::on(
            &[Kind::Mariadb],
            Needs::Shared,
            "old_statistics_do_not_stop_an_adoption",
            old_statistics_do_not_stop_an_adoption,
        ),
        Test::on(
            &Kind::MYSQL_AND_MARIADB,
            Needs::Shared,
            "orphans_written_meanwhile_are_named",
            orphans_written_meanwhile_are_named,
        ),
        Test::on(
            &Kind::MYSQL_AND_MARIADB,
            Needs::Shared,
            "an_unfinished_adoption_is_named",
            an_unfinished_adoption_is_named,
        ),
        Test::on(
            &[Kind::Mysql],
            Needs::Container,
            "required_primary_keys_are_named",
            |_| required_primary_keys_are_named(),
        ),
        on_each(
            "killed_adoptions_lose_nothing",
            killed_adoptions_lose_nothing,
        ),
        on_each(
            "other_databases_are_not_adopted",
            other_databases_are_not_adopted,
        ),
        on_each(
            "a_migrated_database_needs_no_adoption",
            a_migrated_database_needs_no_adoption,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const TABLES: [&str; 4] = ["User", "Account", "Session", "VerificationToken"];

/// A database that Auth.js created, in one of the variants in `migration.mjs`.
pub(crate) struct Theirs {
    pub(crate) js: Js,
    store: AuthStore,
    database: Database,
}

impl Theirs {
    pub(crate) fn new(kind: Kind, shape: &str) -> Self {
        Theirs::on(Database::new(kind).expect("a database"), shape)
    }

    fn on(database: Database, shape: &str) -> Self {
        let mut js = Js::open(&database.url());
        js.call("migrate", &json!([shape]));
        Theirs {
            js,
            store: AuthStore::connect(&database.url()).expect("a store"),
            database,
        }
    }

    /// Creates users with accounts, sessions and tokens through the adapter, and returns the users' ids.
    pub(crate) fn fill(&mut self) -> Vec<Uuid> {
        let users: Vec<Uuid> = (0..TEXTS.len())
            .map(|number| {
                let fields = json!([{
                    "name": TEXTS[number],
                    "email": format!("{number}@example.org"),
                    "emailVerified": Some(date(TIMES[number % TIMES.len()])).filter(|_| number % 3 > 0),
                    "image": null,
                }]);
                let user = self.js.call("createUser", &fields);
                user["id"].as_str().expect("an id").parse().expect("a UUID")
            })
            .collect();
        for (number, user) in users.iter().enumerate() {
            let expires = date(TIMES[number % TIMES.len()]);
            let account = json!([{
                "userId": user.to_string(), "type": "oauth", "provider": "github",
                "providerAccountId": number.to_string(), "access_token": "x".repeat(255),
                "expires_at": 1_795_446_000 + number, "scope": "",
            }]);
            self.js.call("linkAccount", &account);
            let session = json!([{
                "userId": user.to_string(), "sessionToken": format!("s{number}"), "expires": expires,
            }]);
            self.js.call("createSession", &session);
            let token = json!([{
                "identifier": format!("{number}@example.org"), "token": format!("t{number}"), "expires": expires,
            }]);
            self.js.call("createVerificationToken", &token);
        }
        users
    }

    /// Returns all rows of all tables, sorted, without the ids that the database creates for accounts and sessions.
    pub(crate) fn rows(&mut self) -> Vec<(&'static str, Vec<String>)> {
        TABLES
            .map(|table| {
                let rows = self.js.call("select", &json!([table, {}]));
                let mut rows: Vec<String> = rows
                    .as_array()
                    .expect("rows")
                    .iter()
                    .map(|row| {
                        let mut row = row.as_object().expect("a row").clone();
                        row.retain(|_, value| !value.is_null());
                        if table != "User" {
                            row.remove("id");
                        }
                        let fields: Vec<String> = row
                            .iter()
                            .map(|(name, value)| format!("{name}: {value}"))
                            .collect();
                        fields.join(", ")
                    })
                    .collect();
                rows.sort();
                (table, rows)
            })
            .to_vec()
    }

    pub(crate) fn compare(&self) -> authstore::migration::Adoption {
        self.store
            .migrator()
            .expect("a migrator")
            .compare()
            .expect("a comparison")
    }

    pub(crate) fn adopt(&self) -> authstore::Result<authstore::migration::Adoption> {
        self.store.migrator().expect("a migrator").adopt()
    }
}

fn is_adopted(kind: Kind, shape: &str) {
    let mut theirs = Theirs::new(kind, shape);
    let users = theirs.fill();
    let before = theirs.rows();

    let found = theirs.compare();
    assert_eq!(found.obstacles, [""; 0]);
    assert!(!found.differences.is_empty());
    let mentions = |words: &str| found.differences.iter().any(|line| line.contains(words));
    assert!(mentions("provider and providerAccountId"), "{found}");
    assert_eq!(
        mentions("emailVerified has the default"),
        shape != "text",
        "{found}"
    );
    assert_eq!(theirs.rows(), before, "comparing changes nothing");

    assert_eq!(theirs.adopt().unwrap(), found);

    assert_eq!(theirs.rows(), before, "no row was lost or changed");
    let after = theirs.compare();
    assert!(after.is_empty(), "{after}");
    assert!(theirs.adopt().unwrap().is_empty());
    let status = theirs.store.migrator().unwrap().status().unwrap();
    assert!(
        status
            .iter()
            .all(|step| matches!(step.state, StepState::Applied { .. })),
        "{status:?}"
    );
    assert_eq!(theirs.store.migrate().unwrap(), []);

    // This crate reads every row.
    let Theirs { mut js, store, .. } = theirs;
    for (number, id) in users.iter().enumerate() {
        let user = store.get_user(*id).unwrap().expect("the user");
        assert_eq!(user.name.as_deref(), Some(TEXTS[number]));
        let (session, of) = store
            .get_session_and_user(&format!("s{number}"))
            .unwrap()
            .unwrap();
        assert_eq!((session.expires, &of), (TIMES[number % TIMES.len()], &user));
        let [account] = &store.list_accounts_by_user_id(*id).unwrap()[..] else {
            panic!("one account");
        };
        assert_eq!(account.expires_at, Some(1_795_446_000 + number as i64));
        let identifier = format!("{number}@example.org");
        let token = store
            .use_verification_token(&identifier, &format!("t{number}"))
            .unwrap();
        assert_eq!(
            token.map(|token| token.expires),
            Some(TIMES[number % TIMES.len()])
        );
    }

    // Auth.js continues to work, and rows that it inserts without an id get a UUID.
    let new = js.call("createUser", &json!([{ "email": "new@example.org" }]));
    let id: Uuid = new["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(store.get_user(id).unwrap().unwrap().email_verified, None);
    let long = "x".repeat(100_000);
    let account = json!([{ "userId": id.to_string(), "type": "oidc", "provider": "google", "providerAccountId": "1", "id_token": long }]);
    js.call("linkAccount", &account);
    js.try_call("linkAccount", &account)
        .expect_err("it is linked already");
    assert_eq!(
        store.get_account("google", "1").unwrap().unwrap().id_token,
        Some(long)
    );
    let session =
        json!([{ "userId": id.to_string(), "sessionToken": "new", "expires": date(TIMES[4]) }]);
    js.call("createSession", &session);
    assert_eq!(store.get_session_and_user("new").unwrap().unwrap().1.id, id);
    js.call("deleteUser", &json!([id.to_string()]));
    assert_eq!(store.get_account("google", "1").unwrap(), None);

    // The missing constraints are enforced.
    let taken = NewAccount::new("oauth", "github", "0");
    assert!(matches!(
        store.link_account(users[1], taken),
        Err(Error::Conflict {
            constraint: Constraint::ProviderAccount
        })
    ));
    let upper = NewUser {
        email: Some("NEW@example.org".into()),
        ..NewUser::default()
    };
    let lower = NewUser {
        email: Some("new@example.org".into()),
        ..NewUser::default()
    };
    let (upper, lower) = (
        store.create_user(upper).unwrap(),
        store.create_user(lower).unwrap(),
    );
    assert_eq!(
        js.call("getUserByEmail", &json!(["NEW@example.org"])),
        values::user(&upper)
    );
    assert_eq!(
        js.call("getUserByEmail", &json!(["new@example.org"])),
        values::user(&lower)
    );
}

fn obstacles_are_listed(kind: Kind) {
    let mut theirs = Theirs::new(kind, "guide");
    let users = theirs.fill();
    let twice = json!([{ "userId": users[1].to_string(), "type": "oauth", "provider": "github", "providerAccountId": "0" }]);
    theirs.js.call("linkAccount", &twice);
    let mut expected = vec![vec![users[0].to_string(), users[1].to_string()]];
    if kind != Kind::Postgres {
        let odd = json!(["User", { "id": "not-a-uuid", "email": "odd@example.org" }]);
        theirs.js.call("insert", &odd);
        expected.push(vec!["not-a-uuid".to_owned()]);
    }
    let before = theirs.rows();

    let found = theirs.compare();
    assert_eq!(found.obstacles.len(), expected.len(), "{found}");
    for words in &expected {
        let named = |line: &String| words.iter().all(|word| line.contains(word.as_str()));
        assert!(found.obstacles.iter().any(named), "{words:?} in {found}");
    }
    match theirs.adopt() {
        Err(Error::Migration(MigrationError::InTheWay { obstacles })) => {
            assert_eq!(obstacles, found.obstacles);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(theirs.rows(), before);
    assert_eq!(theirs.compare(), found, "nothing was changed");

    // Once they are resolved, the adoption succeeds.
    let quote = |name: &str| match kind {
        Kind::Mysql | Kind::Mariadb => format!("`{name}`"),
        _ => format!("\"{name}\""),
    };
    for statement in [
        format!(
            "DELETE FROM {} WHERE {} = '{}' AND {} = '0'",
            quote("Account"),
            quote("userId"),
            users[1],
            quote("providerAccountId")
        ),
        format!(
            "DELETE FROM {} WHERE {} = 'odd@example.org'",
            quote("User"),
            quote("email")
        ),
    ] {
        theirs.js.call("execute", &json!([statement]));
    }
    assert_eq!(theirs.compare().obstacles, [""; 0]);
    theirs.adopt().unwrap();
    assert!(theirs.compare().is_empty());
}

/// A server that rejects every change of a table without a primary key.
fn required_primary_keys_are_named() {
    let server = Arc::new(Server::start(Kind::Mysql, &Setup::default()).unwrap());
    let mut theirs = Theirs::on(Database::on(&server).unwrap(), "no-id");
    let mut admin = theirs.database.client();
    admin.query("SET GLOBAL sql_require_primary_key = 1");
    // Only a new session has the setting.
    theirs.store = AuthStore::connect(&theirs.database.url()).unwrap();
    let found = theirs.compare();
    for table in ["Account", "Session", "VerificationToken"] {
        let words = format!("{table} needs a primary key");
        let named = found.obstacles.iter().any(|line| line.starts_with(&words));
        assert!(named, "{found}");
    }
    assert_eq!(found.obstacles.len(), 3, "{found}");
    theirs.adopt().expect_err("tables without a primary key");
    assert_eq!(theirs.compare(), found, "nothing was changed");

    // As the obstacles advise.
    for (table, key) in [
        ("Account", "COLUMN `id` char(36) PRIMARY KEY"),
        ("Session", "PRIMARY KEY (`sessionToken`)"),
        ("VerificationToken", "PRIMARY KEY (`token`)"),
    ] {
        admin.query(&format!("ALTER TABLE `{table}` ADD {key}"));
    }
    assert_eq!(theirs.compare().obstacles, [""; 0]);
    theirs.adopt().unwrap();
    assert!(theirs.compare().is_empty());
}

fn the_command_adopts(kind: Kind) {
    let mut theirs = Theirs::new(kind, "guide");
    let users = theirs.fill();
    let url = theirs.database.url();
    let adopt = |options: &[&str]| {
        let output = Command::new(command())
            .args(["migrate", "adopt"])
            .args(options)
            .env("DATABASE_URL", &url)
            .output()
            .expect("the command runs");
        let text =
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code(), text)
    };
    let twice = json!([{ "userId": users[1].to_string(), "type": "oauth", "provider": "github", "providerAccountId": "0" }]);
    theirs.js.call("linkAccount", &twice);
    for options in [&[][..], &["--apply"]] {
        let (code, text) = adopt(options);
        assert_eq!(code, Some(4), "{text}");
        assert!(
            text.contains("the same provider and providerAccountId"),
            "{text}"
        );
        assert!(text.ends_with("nothing was changed\n"), "{text}");
    }
    theirs.js.call(
        "unlinkAccount",
        &json!([{ "provider": "github", "providerAccountId": "0" }]),
    );
    let before = theirs.rows();
    let (code, text) = adopt(&[]);
    assert_eq!(code, Some(5), "{text}");
    assert!(text.contains("emailVerified has the default"), "{text}");
    assert!(!theirs.compare().is_empty());
    let applied = Command::new(command())
        .args(["migrate", "adopt", "--apply"])
        .env("DATABASE_URL", &url)
        .output()
        .expect("the command runs");
    assert_eq!(applied.status.code(), Some(0));
    // Progress is shown only on a terminal.
    assert_eq!(String::from_utf8(applied.stderr).unwrap(), "");
    assert!(!String::from_utf8(applied.stdout).unwrap().contains("step "));
    assert_eq!(theirs.rows(), before);
    let (code, text) = adopt(&[]);
    assert_eq!(
        (code, text.as_str()),
        (Some(0), "the schema matches this program\n")
    );
}

fn dry_run_estimates_the_duration(kind: Kind) {
    let mut theirs = Theirs::new(kind, "guide");
    let users = theirs.fill().len() as u64;
    let found = theirs.compare();
    let work: Vec<(&str, TableWork)> = found
        .rows
        .iter()
        .map(|table| {
            assert_eq!(table.rows, users, "{found}");
            (table.table, table.work)
        })
        .collect();
    let expected = match kind {
        // The guide's ids are UUIDs there, so only times are rewritten.
        Kind::Postgres => [
            TableWork::Rewritten,
            TableWork::Read,
            TableWork::Rewritten,
            TableWork::Rewritten,
        ],
        Kind::Mysql | Kind::Mariadb => [TableWork::Rewritten; 4],
        _ => [TableWork::Copied; 4],
    };
    assert_eq!(
        work,
        TABLES.into_iter().zip(expected).collect::<Vec<_>>(),
        "{found}"
    );
    let estimate = found.estimate.clone().expect("an estimate");
    assert_eq!(estimate.rows, 4 * users);
    assert_eq!(
        estimate.duration(),
        Duration::from_millis(4 * users * 1_000 / estimate.rows_per_second)
    );
    let text = found.to_string();
    for words in ["estimate: less than a second", "while it runs: ", " wait "] {
        assert!(text.contains(words), "{text}");
    }
    theirs.adopt().unwrap();
    assert_eq!(theirs.compare().estimate, None);
}

/// Progress is accurate: on SQLite it counts the rows of tables that are copied in parts, elsewhere the steps.
fn progress_is_reported(kind: Kind) {
    const MANY: u64 = 25_000;
    let mut theirs = Theirs::new(kind, "guide");
    theirs.fill();
    let digits = "(SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL \
                  SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";
    let (quote, text) = match kind {
        Kind::Mysql | Kind::Mariadb => ("`", "concat('n', n)"),
        _ => ("\"", "'n' || n"),
    };
    let clear = r#"DELETE FROM "VerificationToken""#;
    let insert = format!(
        r#"INSERT INTO "VerificationToken" ("identifier", "token", "expires") SELECT 'many', {text}, '2030-01-01 00:00:00.000' FROM (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS n FROM {digits} AS a, {digits} AS b, {digits} AS c, {digits} AS d, {digits} AS e) AS numbers WHERE n < {MANY}"#
    );
    for sql in [clear, &insert] {
        theirs.js.call("execute", &json!([sql.replace('"', quote)]));
    }
    let mut reports = Vec::new();
    let migrator = theirs.store.migrator().expect("a migrator");
    let found = migrator
        .adopt_with_progress(|progress| reports.push(progress))
        .expect("an adoption");
    let mut before: Option<AdoptionProgress> = None;
    for report in &reports {
        let table = found.rows.iter().find(|table| table.table == report.table);
        assert_eq!(Some(report.total), table.map(|table| table.rows));
        assert!((1..=report.steps).contains(&report.step), "{report:?}");
        match &before {
            // A table is finished before the next table or statement begins.
            Some(before) if before.rows < before.total => {
                assert_eq!(
                    (before.step, before.table),
                    (report.step, report.table),
                    "{reports:?}"
                );
                assert!(before.rows < report.rows, "{reports:?}");
            }
            Some(before) => assert!(before.step <= report.step, "{reports:?}"),
            None => {}
        }
        before = Some(report.clone());
    }
    let last = reports.last().expect("a report");
    assert_eq!(last.rows, last.total);
    for table in TABLES {
        assert!(reports.iter().any(|report| report.table == table));
    }
    let many: Vec<u64> = reports
        .iter()
        .filter(|report| report.table == "VerificationToken")
        .map(|report| report.rows)
        .collect();
    match kind {
        Kind::Postgres | Kind::Mysql | Kind::Mariadb => {
            assert_eq!(many[..2], [0, MANY]);
        }
        _ => assert_eq!(many, [0, 10_000, 20_000, MANY]),
    }
    let rows = theirs.rows();
    let (_, tokens) = rows.last().expect("tables");
    assert_eq!(tokens.len() as u64, MANY);
    assert!(theirs.compare().is_empty());
}

fn other_databases_are_not_adopted(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = AuthStore::connect(&database.url()).unwrap();
    let migrator = store.migrator().unwrap();
    for outcome in [migrator.compare(), migrator.adopt()] {
        assert!(matches!(
            outcome,
            Err(Error::Migration(MigrationError::NothingToAdopt))
        ));
    }
    assert_eq!(store.migrate().unwrap().len(), 8);
}

/// Until it is finished, the application's foreign keys may be missing, even if the history is complete.
fn an_unfinished_adoption_is_named(kind: Kind) {
    let mut theirs = Theirs::new(kind, "guide");
    let begun = "CREATE TABLE authstore_adoption (name varchar(255) NOT NULL PRIMARY KEY, statement mediumtext NOT NULL)";
    for _ in 0..2 {
        theirs.js.call("execute", &json!([begun]));
        let migrator = theirs.store.migrator().unwrap();
        for outcome in [
            theirs.store.migrate().map(drop),
            migrator.status().map(drop),
        ] {
            let error = outcome.expect_err("an unfinished adoption");
            assert!(
                matches!(error, Error::Migration(MigrationError::UnfinishedAdoption)),
                "{error}"
            );
            assert!(error.to_string().contains("run migrate adopt --apply"));
        }
        let found = theirs.compare();
        assert!(
            found.to_string().contains("interrupted adoption"),
            "{found}"
        );
        // Next, an adoption that was killed just before its end.
        theirs.adopt().expect("an adoption");
        assert_eq!(theirs.store.migrate().unwrap(), []);
    }
}

/// Foreign keys are missing while the tables are changed, and rows may be written meanwhile.
fn orphans_written_meanwhile_are_named(kind: Kind) {
    let mut theirs = Theirs::new(kind, "guide");
    theirs.fill();
    for statement in [
        "CREATE TABLE `Post` (`by` varchar(36), FOREIGN KEY (`by`) REFERENCES `User` (`id`))",
        "CREATE TABLE `Draft` (`by` varchar(36), FOREIGN KEY (`by`) REFERENCES `User` (`id`))",
        "INSERT INTO `Post` SELECT `id` FROM `User`",
    ] {
        theirs.js.call("execute", &json!([statement]));
    }
    let migrator = theirs.store.migrator().expect("a migrator");
    let mut is_written = false;
    let adopted = migrator.adopt_with_progress(|progress| {
        if progress.table == "VerificationToken" && !is_written {
            is_written = true;
            for statement in [
                "INSERT INTO `Post` VALUES ('00000000-0000-4000-8000-000000000000')",
                "INSERT INTO `Session` (`userId`, `sessionToken`, `expires`) VALUES ('00000000-0000-4000-8000-000000000000', 'orphan', '2030-01-01')",
            ] {
                theirs.js.call("execute", &json!([statement]));
            }
        }
    });
    let error = adopted.expect_err("orphans").to_string();
    for words in [
        "1 rows of Post refer to a User.id that does not exist",
        "1 rows of Session refer to a User.id that does not exist",
    ] {
        assert!(error.contains(words), "{error}");
    }
    assert!(!error.contains("rows of Draft"), "{error}");
    assert!(!theirs.compare().is_empty());
    theirs.adopt().expect_err("orphans");

    theirs.js.call(
        "execute",
        &json!(["DELETE FROM `Session` WHERE `sessionToken` = 'orphan'"]),
    );
    let error = theirs.adopt().expect_err("an orphan").to_string();
    assert!(error.contains("1 rows of Post"), "{error}");
    theirs.js.call(
        "execute",
        &json!(["DELETE FROM `Post` WHERE `by` = '00000000-0000-4000-8000-000000000000'"]),
    );
    theirs.adopt().expect("an adoption");
    assert!(theirs.compare().is_empty());
    for insert in [
        "INSERT INTO `Post` VALUES ('00000000-0000-4000-8000-000000000000')",
        "INSERT INTO `Draft` VALUES ('00000000-0000-4000-8000-000000000000')",
        "INSERT INTO `Account` (`userId`, `type`, `provider`, `providerAccountId`) VALUES ('00000000-0000-4000-8000-000000000000', 'oauth', 'x', 'y')",
    ] {
        let refused = theirs.js.try_call("execute", &json!([insert]));
        refused.expect_err(insert);
    }
}

fn a_migrated_database_needs_no_adoption(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store();
    let migrator = store.migrator().unwrap();
    let found = migrator.compare().unwrap();
    assert!(found.is_empty(), "{found}");
    assert!(migrator.adopt().unwrap().is_empty());
}

fn colliding_addresses_block_adoption(kind: Kind) {
    let mut theirs = Theirs::new(kind, "guide");
    let fold: &[&str] = match kind {
        Kind::Postgres => &[
            "CREATE COLLATION fold (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
            r#"ALTER TABLE "User" DROP CONSTRAINT "User_email_key""#,
            r#"ALTER TABLE "User" ALTER COLUMN "email" TYPE varchar(255) COLLATE fold"#,
        ],
        // As before, without the index.
        Kind::Mysql | Kind::Mariadb => &["ALTER TABLE `User` DROP INDEX `email`"],
        _ => &[
            r#"DROP TABLE "User""#,
            r#"CREATE TABLE "User" ("id" text PRIMARY KEY, "name" text, "email" text COLLATE NOCASE, "emailVerified" text, "image" text)"#,
        ],
    };
    for statement in fold {
        theirs.js.call("execute", &json!([statement]));
    }
    let mut ids = ["Ada@example.org", "ada@example.org"].map(|email| {
        let user = theirs.js.call("createUser", &json!([{ "email": email }]));
        user["id"].as_str().expect("an id").to_owned()
    });
    ids.sort();
    let before = theirs.rows();

    let found = theirs.compare();
    let [obstacle] = &found.obstacles[..] else {
        panic!("one obstacle: {found}");
    };
    assert!(
        ids.iter().all(|id| obstacle.contains(id.as_str())),
        "{obstacle}"
    );
    assert!(matches!(
        theirs.adopt(),
        Err(Error::Migration(MigrationError::InTheWay { .. }))
    ));
    assert_eq!(theirs.rows(), before);

    theirs.js.call("deleteUser", &json!([ids[0]]));
    theirs.adopt().unwrap();
    let left = theirs.store.get_user(ids[1].parse().unwrap()).unwrap();
    assert!(left.is_some());
}

/// Duplicates are searched for unless a unique key rules them out. These keys do not.
fn weaker_keys_hide_no_duplicates(kind: Kind) {
    let mut theirs = Theirs::new(kind, "guide");
    let drop_keys: &[&str] = match kind {
        Kind::Postgres => &[
            r#"ALTER TABLE "User" DROP CONSTRAINT "User_email_key""#,
            r#"ALTER TABLE "Session" DROP CONSTRAINT "Session_sessionToken_key""#,
            r#"ALTER TABLE "VerificationToken" DROP CONSTRAINT "VerificationToken_token_key""#,
            // Keys on strings do not see that two ids are the same UUID.
            r#"ALTER TABLE "Account" ALTER COLUMN "id" TYPE varchar(36)"#,
            r#"CREATE UNIQUE INDEX ON "User" ("email") WHERE "name" = 'Ada'"#,
            r#"CREATE UNIQUE INDEX "linked_by" ON "Account" ("provider", "providerAccountId", "userId", "id")"#,
        ],
        _ => &[
            r#"DROP INDEX "email" ON "User""#,
            r#"DROP INDEX "sessionToken" ON "Session""#,
            r#"DROP INDEX "token" ON "VerificationToken""#,
            r#"ALTER TABLE "Account" DROP PRIMARY KEY"#,
            r#"CREATE INDEX "not_unique" ON "User" ("email")"#,
        ],
    };
    let rest = [
        r#"CREATE UNIQUE INDEX "mail_of" ON "User" ("email", "id")"#,
        r#"CREATE UNIQUE INDEX "session_of" ON "Session" ("sessionToken", "id")"#,
        r#"CREATE UNIQUE INDEX "token_of" ON "VerificationToken" ("token", "identifier")"#,
        r#"INSERT INTO "User" ("id", "email") VALUES ('00000000-0000-4000-8000-00000000000a', 'ada@example.org'), ('00000000-0000-4000-8000-00000000000b', 'ada@example.org')"#,
        r#"INSERT INTO "Session" ("id", "userId", "sessionToken", "expires") SELECT "id", "id", 'token', '2030-01-01' FROM "User""#,
        r#"INSERT INTO "VerificationToken" ("identifier", "token", "expires") VALUES ('a', 'token', '2030-01-01'), ('b', 'token', '2030-01-01')"#,
        r#"INSERT INTO "Account" ("id", "userId", "type", "provider", "providerAccountId") SELECT '00000000-0000-4000-8000-00000000000a', "id", 'oauth', 'github', '1' FROM "User" WHERE "id" = '00000000-0000-4000-8000-00000000000a'"#,
        r#"INSERT INTO "Account" ("id", "userId", "type", "provider", "providerAccountId") SELECT '00000000-0000-4000-8000-00000000000A', "id", 'oauth', 'github', '1' FROM "User" WHERE "id" = '00000000-0000-4000-8000-00000000000a'"#,
    ];
    for statement in drop_keys.iter().chain(&rest) {
        let statement = match kind {
            Kind::Postgres => (*statement).to_owned(),
            _ => statement.replace('"', "`"),
        };
        theirs.js.call("execute", &json!([statement]));
    }
    let found = theirs.compare();
    for words in [
        "have the same email address",
        "have the same sessionToken",
        "verification tokens have the same token",
        "accounts have the id",
        "have the same provider and providerAccountId",
    ] {
        let named = found.obstacles.iter().any(|line| line.contains(words));
        assert!(named, "{words:?} in {found}");
    }
    theirs.adopt().expect_err("duplicates");
}

fn application_table_keeps_its_users(kind: Kind) {
    let mut theirs = Theirs::new(kind, "guide");
    let users = theirs.fill();
    let (quote, id) = match kind {
        Kind::Postgres => ('"', "uuid"),
        Kind::Mysql | Kind::Mariadb => ('`', "varchar(36)"),
        _ => ('"', "varchar"),
    };
    let sql = |text: &str| text.replace('"', &quote.to_string());
    for statement in [
        format!(
            r#"CREATE TABLE "Post" ("userId" {id} NOT NULL, CONSTRAINT "author" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE)"#
        ),
        format!(r#"INSERT INTO "Post" VALUES ('{}')"#, users[0]),
    ] {
        theirs.js.call("execute", &json!([sql(&statement)]));
    }
    theirs.adopt().unwrap();
    let posts = |theirs: &mut Theirs| theirs.js.call("select", &json!(["Post", {}]));
    assert_eq!(
        posts(&mut theirs),
        json!([{ "userId": users[0].to_string() }])
    );
    let nobody = json!(["Post", { "userId": Uuid::new_v4().to_string() }]);
    theirs
        .js
        .try_call("insert", &nobody)
        .expect_err("the user does not exist");
    assert!(theirs.store.delete_user(users[0]).unwrap());
    assert_eq!(posts(&mut theirs), json!([]));
}

/// Rows without an id get one from an UPDATE, which a trigger of the application may make fail. SQLite copies the rows
/// while there are no triggers.
fn trigger_that_rejects_an_id_is_named(kind: Kind) {
    let refusals: &[&[&str]] = match kind {
        Kind::Postgres => &[
            &[
                "CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'",
                r#"CREATE TRIGGER "the guard" BEFORE UPDATE ON "Account" FOR EACH ROW EXECUTE FUNCTION guard()"#,
            ],
            // Silently.
            &[
                "CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                r#"CREATE TRIGGER "the guard" BEFORE UPDATE OF "id" ON "Account" FOR EACH ROW EXECUTE FUNCTION guard()"#,
            ],
            &[
                "CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'",
                r#"CREATE TRIGGER "the guard" AFTER UPDATE ON "Account" FOR EACH STATEMENT EXECUTE FUNCTION guard()"#,
            ],
        ],
        Kind::Mysql | Kind::Mariadb => &[
            &[
                "CREATE TRIGGER `the guard` BEFORE UPDATE ON `Account` FOR EACH ROW SIGNAL SQLSTATE '45000'",
            ],
            &[
                "CREATE TRIGGER `the guard` BEFORE UPDATE ON `Account` FOR EACH ROW SET NEW.`id` = NULL",
            ],
        ],
        _ => unreachable!("not tested on this database"),
    };
    let quote = match kind {
        Kind::Postgres => "\"",
        _ => "`",
    };
    for refusal in refusals {
        let mut theirs = Theirs::new(kind, "guide");
        theirs.fill();
        let mut run = |statement: &str| {
            let statement = statement.replace('"', quote);
            theirs.js.call("execute", &json!([statement]));
        };
        match kind {
            Kind::Postgres => {
                run(r#"ALTER TABLE "Account" DROP CONSTRAINT "Account_pkey""#);
                run(r#"ALTER TABLE "Account" ALTER COLUMN "id" DROP NOT NULL"#);
            }
            _ => {
                run(r#"ALTER TABLE "Account" DROP PRIMARY KEY, MODIFY "id" varchar(36) NULL"#);
            }
        }
        run(r#"UPDATE "Account" SET "id" = NULL"#);
        for statement in *refusal {
            run(statement);
        }
        let before = theirs.rows();
        let found = theirs.compare();
        let line = "the trigger the guard of Account will run for each row that gets an id";
        assert!(
            found.differences.iter().any(|found| found == line),
            "{found}"
        );
        let error = theirs.adopt().expect_err("the trigger refuses").to_string();
        assert!(error.contains(line), "{refusal:?}: {error}");
        assert_eq!(theirs.rows(), before, "{refusal:?}");
        match kind {
            Kind::Postgres => {
                let drop = json!([r#"DROP TRIGGER "the guard" ON "Account""#]);
                theirs.js.call("execute", &drop);
            }
            _ => {
                theirs
                    .js
                    .call("execute", &json!(["DROP TRIGGER `the guard`"]));
            }
        }
        theirs.adopt().expect("without the trigger");
        assert_eq!(theirs.rows(), before, "{refusal:?}");
        assert!(theirs.compare().is_empty());
    }
}

/// MariaDB writes statistics in the background, and may leave those of a dropped index. Then it cannot create an index
/// of that name.
fn old_statistics_do_not_stop_an_adoption(kind: Kind) {
    let theirs = Theirs::new(kind, "guide");
    let mut client = theirs.database.client();
    let mut left = 0;
    let migrator = theirs.store.migrator().expect("a migrator");
    let adopted = migrator.adopt_with_progress(|progress| {
        let AdoptionProgress { table, rows, .. } = progress;
        if table == "VerificationToken" && rows == 0 {
            client.query(
                "INSERT IGNORE INTO mysql.innodb_index_stats \
                 VALUES (DATABASE(), 'VerificationToken', 'PRIMARY', NOW(), 'size', 1, NULL, 'left')",
            );
            left += 1;
        }
    });
    adopted.expect("an adoption");
    assert!(left > 0);
    assert!(migrator.compare().expect("a comparison").is_empty());
}

/// Kills the command at moments spread over its duration, until `AUTHSTORE_KILLED_ADOPTIONS` (3 by default) were
/// killed. After each, no row is missing, all users are signed in, and a new user can sign up.
fn killed_adoptions_lose_nothing(kind: Kind) {
    let rounds: u32 = std::env::var("AUTHSTORE_KILLED_ADOPTIONS").map_or(3, |text| {
        text.parse()
            .expect("AUTHSTORE_KILLED_ADOPTIONS is a number")
    });
    let start = |url: &str| {
        Command::new(command())
            .args(["migrate", "adopt", "--apply"])
            .env("DATABASE_URL", url)
            .stdout(Stdio::null())
            .spawn()
            .expect("the command starts")
    };
    let mut whole = Duration::MAX;
    let mut killed = 0;
    // An adoption that ended before the signal does not count.
    for round in 0.. {
        let mut theirs = Theirs::new(kind, "guide");
        theirs.fill();
        let before = theirs.rows();
        let begun = Instant::now();
        let mut adoption = start(&theirs.database.url());
        if round > 0 {
            // Spread evenly, and moved a little by the clock.
            let jitter = u64::from(begun.elapsed().subsec_micros() % 5_000);
            let moment = whole * (round % rounds) / rounds + Duration::from_micros(jitter);
            std::thread::sleep(moment);
            adoption.kill().expect("it can be killed");
        }
        if adoption.wait().unwrap().success() {
            whole = whole.min(begun.elapsed());
        } else {
            assert!(round > 0, "an adoption without a signal failed");
            killed += 1;
        }

        assert_eq!(theirs.rows(), before, "round {round}");
        for number in 0..TEXTS.len() {
            let token = json!([format!("s{number}")]);
            assert!(!theirs.js.call("getSessionAndUser", &token).is_null());
        }
        let new = json!([{ "email": "new@example.org", "emailVerified": null }]);
        let new = theirs.js.call("createUser", &new);
        let rows = theirs.rows();
        // The server may still be executing the killed command's statement, and hold its lock.
        assert!(start(&theirs.database.url()).wait().unwrap().success());
        assert_eq!(theirs.rows(), rows, "round {round}");
        assert!(theirs.compare().is_empty());
        let id = new["id"].as_str().unwrap().parse().unwrap();
        assert!(theirs.store.get_user(id).unwrap().is_some());
        if killed == rounds {
            break;
        }
    }
}
