use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use authstore_test_databases::{Client, Database, Kind, Needs, Server, Setup, Test};
use uuid::Uuid;

use crate::operations::{OPERATIONS, Person, seed};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Test::on(
        &[Kind::Postgres],
        Needs::Shared,
        "query_plans.no_statement_scans_a_table",
        |_| no_statement_scans_a_table_on_postgres(),
    );
    // These read the server's log of all statements, which other tests would fill.
    tests.extend(Test::on(
        &Kind::MYSQL_AND_MARIADB,
        Needs::Container,
        "query_plans.no_statement_scans_a_table",
        no_statement_scans_a_table_on_mysql,
    ));
    tests
}

/// Enough rows that a scan costs more than an index.
const ROWS: u128 = 5_000;

/// Creates rows of people that no statement looks up.
fn fill(client: &mut Client, quote: char) {
    let insert = |table: &str, columns: &str, row: &dyn Fn(Uuid, u128) -> String| {
        let columns = columns.replace('"', &quote.to_string());
        let rows: Vec<String> = (1..=ROWS)
            .map(|number| format!("({})", row(Uuid::from_u128(number), number)))
            .collect();
        format!(
            "INSERT INTO {quote}{table}{quote} ({columns}) VALUES {}",
            rows.join(", ")
        )
    };
    let statements = [
        insert("User", r#""id", "name", "email""#, &|id, number| {
            format!("'{id}', 'Somebody', '{number}@example.com'")
        }),
        insert(
            "Account",
            r#""id", "userId", "type", "provider", "providerAccountId""#,
            &|id, number| format!("'{id}', '{id}', 'oauth', 'github', 'account {number}'"),
        ),
        insert(
            "Session",
            r#""id", "userId", "sessionToken", "expires""#,
            &|id, number| {
                let day = number % 28 + 1;
                format!("'{id}', '{id}', 'session {number}', '2099-01-{day:02} 00:00:00'")
            },
        ),
        insert(
            "VerificationToken",
            r#""identifier", "token", "expires""#,
            &|_, number| {
                let day = number % 28 + 1;
                format!("'{number}@example.com', 'token {number}', '2099-01-{day:02} 00:00:00'")
            },
        ),
        insert(
            "Authenticator",
            r#""credentialID", "userId", "providerAccountId", "credentialPublicKey", "counter", "credentialDeviceType", "credentialBackedUp""#,
            &|id, number| {
                format!(
                    "'credential{number}', '{id}', '{number}', 'AAAA', 0, 'singleDevice', {}",
                    number % 2 == 0
                )
            },
        ),
        insert(
            "authstore_session_details",
            r#""session_id", "ip""#,
            &|id, number| format!("'{id}', '{number}'"),
        ),
        insert(
            "authstore_authenticator_details",
            r#""credential_id", "name""#,
            &|_, number| format!("'credential{number}', '{number}'"),
        ),
        insert(
            "authstore_challenge",
            r#""key", "payload", "expires""#,
            &|_, number| {
                let day = number % 28 + 1;
                format!("'challenge {number}', '', '2099-01-{day:02} 00:00:00'")
            },
        ),
    ];
    for statement in &statements {
        client.query(statement);
    }
}

/// Returns the statements of a dialect that read or write rows, by file.
fn statements(dialect: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../sql")
        .join(dialect);
    let mut statements = BTreeMap::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            let sql = fs::read_to_string(&path).unwrap();
            let verb = sql
                .lines()
                .find(|line| !line.starts_with("--"))
                .and_then(|line| line.split_whitespace().next())
                .unwrap_or_default();
            if ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].contains(&verb) {
                let name = path.file_name().unwrap().to_string_lossy();
                statements.insert(name.into_owned(), sql);
            }
        }
    }
    statements
}

/// Returns the lookups of a delete in each referring table, which do not appear in its plan.
const CASCADES: [(&str, &str); 5] = [
    ("Account", "userId"),
    ("Session", "userId"),
    ("Authenticator", "userId"),
    ("authstore_session_details", "session_id"),
    ("authstore_authenticator_details", "credential_id"),
];

fn no_statement_scans_a_table_on_postgres() {
    let database = Database::new(Kind::Postgres).unwrap();
    database.store();
    let mut client = database.client();
    fill(&mut client, '"');
    client.query("ANALYZE");
    let mut statements = statements("postgres");
    assert!(statements.len() >= 26, "{:?}", statements.keys());
    for (table, key) in CASCADES {
        statements.insert(
            format!("cascade to {table}"),
            format!(r#"DELETE FROM "{table}" WHERE "{key}" = $1"#),
        );
    }
    let mut scans = Vec::new();
    for (name, sql) in &statements {
        let plan: Vec<String> = client
            .query(&format!("EXPLAIN (GENERIC_PLAN) {sql}"))
            .into_iter()
            .flatten()
            .flatten()
            .collect();
        if postgres_scans(&plan) {
            scans.push(format!("{name}:\n{}", plan.join("\n")));
        }
    }
    assert!(scans.is_empty(), "{}", scans.join("\n\n"));
    // Check that the test can fail.
    let plan = client.query(r#"EXPLAIN SELECT * FROM "User" WHERE "name" = 'Ada'"#);
    assert!(postgres_scans(
        &plan.into_iter().flatten().flatten().collect::<Vec<_>>()
    ));
    let plan = client.query(r#"EXPLAIN SELECT "id" FROM "User" ORDER BY "id""#);
    assert!(postgres_scans(
        &plan.into_iter().flatten().flatten().collect::<Vec<_>>()
    ));
}

/// Returns true if a table or a whole index is scanned.
fn postgres_scans(plan: &[String]) -> bool {
    plan.iter().enumerate().any(|(number, line)| {
        let is_index = line.contains("Index Scan") || line.contains("Index Only Scan");
        let conditions = plan[number + 1..]
            .iter()
            .take_while(|line| !line.contains("->"));
        line.contains("Seq Scan")
            || is_index
                && !conditions
                    .into_iter()
                    .any(|line| line.contains("Index Cond"))
    })
}

fn no_statement_scans_a_table_on_mysql(kind: Kind) {
    let setup = Setup {
        arguments: ["--general-log=1", "--log-output=TABLE"]
            .map(str::to_owned)
            .into(),
        ..Setup::default()
    };
    let server = Arc::new(Server::start(kind, &setup).unwrap());
    let database = Database::on(&server).unwrap();
    let store = database.store();
    let mut client = database.client();
    fill(&mut client, '`');
    // The log contains the statements with their parameters. They are explained with the parameters of an existing
    // user.
    let mut people = Vec::new();
    for operation in OPERATIONS {
        let person = seed(&store);
        (operation.call)(&store, &person).unwrap();
        people.push(person);
    }
    let still_there = seed(&store);
    for table in [
        "User",
        "Account",
        "Session",
        "VerificationToken",
        "Authenticator",
        "authstore_session_details",
        "authstore_authenticator_details",
        "authstore_challenge",
    ] {
        client.query(&format!("ANALYZE TABLE `{table}`"));
    }
    let log: Vec<String> = client
        .query("SELECT argument FROM mysql.general_log WHERE command_type = 'Execute'")
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    let mut statements = statements("mysql");
    if kind == Kind::Mariadb {
        // Statements that differ on MariaDB are in another folder.
        let own = self::statements("mariadb");
        for name in ["verification_token", "challenge"] {
            if own.contains_key(&format!("use_{name}.sql")) {
                statements.remove(&format!("get_{name}.sql"));
            }
        }
        statements.extend(own);
    }
    // Runs once per connection, and reads the server's variables.
    statements.remove("galera.sql");
    // Sent only if two updates conflict. They use the same key as the select before.
    let met: Vec<String> = statements
        .keys()
        .filter_map(|name| Some(format!("{}.sql", name.strip_suffix("_as_read.sql")?)))
        .collect();
    for name in met
        .iter()
        .map(String::as_str)
        .chain(["refresh_account.sql"])
    {
        statements.remove(name);
    }
    assert!(statements.len() >= 26, "{:?}", statements.keys());
    let mut explained: BTreeMap<String, String> = statements
        .iter()
        .map(|(name, sql)| {
            let sent = log
                .iter()
                .rev()
                .find(|sent| is_made_of(sent, sql))
                .or_else(|| (!sql.contains('?')).then_some(sql))
                .unwrap_or_else(|| panic!("{name} was never sent"));
            (name.clone(), now_of(sent, &people, &still_there))
        })
        .collect();
    for (table, key) in CASCADES {
        explained.insert(
            format!("cascade to {table}"),
            format!(
                "DELETE FROM `{table}` WHERE `{key}` = '{}'",
                still_there.user
            ),
        );
    }
    let mut scans = Vec::new();
    for (name, sql) in &explained {
        if let Some(step) = mysql_scan(kind, &mut client, sql) {
            scans.push(format!("{name}: {step:?}\n{sql}"));
        }
    }
    assert!(scans.is_empty(), "{}", scans.join("\n\n"));
    // Check that the test can fail.
    for sql in [
        "SELECT * FROM `User` WHERE `name` = 'Ada'",
        "SELECT `id` FROM `User` ORDER BY `id`",
        "DELETE FROM `Account` WHERE `scope` = 'x'",
    ] {
        assert!(mysql_scan(kind, &mut client, sql).is_some(), "{sql}");
    }
}

/// Returns true if a statement in the log is this one with its parameters filled in.
fn is_made_of(sent: &str, sql: &str) -> bool {
    let mut rest = sent;
    sql.trim_end()
        .trim_end_matches(';')
        .split('?')
        .all(|part| match rest.find(part) {
            Some(at) => {
                rest = &rest[at + part.len()..];
                true
            }
            None => false,
        })
}

/// Returns the statement for another person.
fn now_of(sent: &str, people: &[Person], person: &Person) -> String {
    people.iter().fold(sent.to_owned(), |sql, was| {
        sql.replace(&was.key, &person.key)
            .replace(&was.user.to_string(), &person.user.to_string())
    })
}

/// Returns the part of the plan that scans a table or a whole index.
fn mysql_scan(kind: Kind, client: &mut Client, sql: &str) -> Option<Vec<Option<String>>> {
    // MySQL shows partitions in between.
    let access = if kind == Kind::Mysql { 4 } else { 3 };
    let format = if kind == Kind::Mysql {
        "FORMAT=TRADITIONAL"
    } else {
        ""
    };
    client
        .query(&format!("EXPLAIN {format} {sql}"))
        .into_iter()
        .find(|step| {
            let is_insert = step[1].as_deref() == Some("INSERT");
            let touches_no_table = step[2].is_none()
                && step
                    .last()
                    .and_then(Option::as_deref)
                    .is_some_and(|extra| extra.eq_ignore_ascii_case("No tables used"));
            let good = ["const", "eq_ref", "ref", "ref_or_null", "range", "system"];
            !is_insert
                && !touches_no_table
                && !step[access]
                    .as_deref()
                    .is_some_and(|access| good.contains(&access))
        })
}
