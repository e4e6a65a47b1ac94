//! No statement reads a whole table.

use std::fs;
use std::path::Path;

use authstore::{AuthStore, SqliteOptions};
use rusqlite::Connection;

/// Returns the rows of `EXPLAIN QUERY PLAN`.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap_or_else(|error| panic!("{sql}\n{error}"));
    let rows = statement.raw_query().mapped(|row| row.get::<_, String>(3));
    rows.collect::<Result<_, _>>().expect("a plan")
}

fn scans(plan: &[String]) -> bool {
    plan.iter()
        .any(|line| line.starts_with("SCAN") && line != "SCAN CONSTANT ROW")
}

fn statements(folder: &Path) -> Vec<(String, String)> {
    fs::read_dir(folder)
        .expect("the folder of statements")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy();
            (
                name.into_owned(),
                fs::read_to_string(&path).expect("a statement"),
            )
        })
        .collect()
}

#[test]
fn no_statement_scans_a_table() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("auth.db");
    let store = AuthStore::new(SqliteOptions::file(&file).open().expect("a store"));
    store.migrate().expect("a schema");
    let connection = Connection::open(&file).expect("a connection");

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/sqlite");
    let found = statements(&folder);
    assert!(found.len() >= 27, "one file for each operation");
    for (name, sql) in found.into_iter().chain(
        statements(&folder.join("history"))
            .into_iter()
            .filter(|(name, _)| !["create", "exists", "tables"].contains(&name.as_str())),
    ) {
        let plan = plan(&connection, &sql);
        assert!(!scans(&plan), "{name} reads a whole table: {plan:#?}");
    }

    // Check that the test can fail.
    assert!(scans(&plan(
        &connection,
        r#"SELECT "id" FROM "User" WHERE "name" = ?1"#
    )));
}
