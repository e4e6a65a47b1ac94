//! What of the application's own refused a write, found out after it did.
//!
//! SQLite says of a foreign key and of a trigger only that one failed. All of this runs in the transaction of the write
//! that failed, so nothing can have changed since.

use super::connection::SqliteConnection;
use super::orphans::{self, Limits, Tables};
use super::{COMMIT, RELEASE, ROLLBACK_TO, SAVEPOINT};
use crate::error::{Entity, Error, Result};
use crate::sql::{Connection, Value, sql};

const USER_EXISTS: &str = sql!("sqlite", "rejection/user_exists");
const RESTRICTING: &str = sql!("sqlite", "rejection/restricting");

/// The statements that name a user whose row must exist, and which parameter does.
const REFERENCES_TO_A_USER: [(&str, usize); 4] = [
    (sql!("sqlite", "create_session"), 1),
    (sql!("sqlite", "link_account"), 1),
    (sql!("sqlite", "create_authenticator"), 1),
    (sql!("sqlite", "update_session"), 1),
];

/// Whether a table's keys are not the application's.
fn is_ours(table: &str) -> bool {
    let models = [
        "User",
        "Account",
        "Session",
        "VerificationToken",
        "Authenticator",
    ];
    models.contains(&table) || table.starts_with("authstore_")
}

/// What refused where no table can be found out.
const FOREIGN_KEY: &str = "a foreign key";

/// What a statement means whose foreign key failed.
pub(super) fn by_foreign_key(
    connection: &mut SqliteConnection,
    sql: &'static str,
    parameters: &[Value<'_>],
) -> Result<Error> {
    for (statement, index) in REFERENCES_TO_A_USER {
        if sql == statement
            && let Some(user @ Value::Uuid(_)) = parameters.get(index)
            && connection.query_optional::<i64>(USER_EXISTS, &[*user])? == Some(0)
        {
            return Ok(Error::not_found(Entity::User));
        }
    }
    if sql == COMMIT {
        let mut tables = orphans::all_tables(connection)?;
        tables.retain(|table| !is_ours(table));
        let left = with_orphans(connection, &tables)?;
        return Ok(rejected(
            left.into_iter().map(|(table, _)| table),
            FOREIGN_KEY,
        ));
    }
    let touched = touched_by(connection, sql)?;
    let mut candidates = orphans::affected(connection, &touched.tables)?;
    candidates.retain(|table| !is_ours(table));

    // The statement is run once more, with its foreign keys checked later, and it shows in which tables they fail.
    connection.execute(SAVEPOINT, &[])?;
    connection.defer_foreign_keys(true)?;
    let rerun = connection.attempt(sql, parameters);
    let after = with_orphans(connection, &candidates);
    connection.defer_foreign_keys(false)?;
    connection.execute(ROLLBACK_TO, &[])?;
    connection.execute(RELEASE, &[])?;
    let after = match rerun {
        Ok(()) => after?,
        // A key that restricts is never checked later.
        Err(()) => Vec::new(),
    };
    let mut names = Tables::new();
    for (table, after) in after {
        if after > orphans::count(connection, [&table])? {
            names.insert(table);
        }
    }
    if names.is_empty() {
        for table in &touched.tables {
            names.extend(connection.query::<String>(RESTRICTING, &[table.into()])?);
        }
    }
    // A trigger may stop a statement between the deletion of a row and that of what refers to it.
    if names.is_empty() {
        names = touched.triggers;
    }
    Ok(rejected(names, FOREIGN_KEY))
}

/// What a statement means that a trigger refused. The trigger's message is not passed on: it may quote what is stored.
pub(super) fn by_trigger(connection: &mut SqliteConnection, sql: &'static str) -> Result<Error> {
    Ok(rejected(touched_by(connection, sql)?.triggers, "a trigger"))
}

fn touched_by(connection: &mut SqliteConnection, sql: &'static str) -> Result<orphans::Touched> {
    orphans::watch(connection, Limits::InTransaction, |connection| {
        connection.prepare(sql).map(drop)
    })
}

fn with_orphans(connection: &mut SqliteConnection, tables: &Tables) -> Result<Vec<(String, i64)>> {
    let mut found = Vec::new();
    for table in tables {
        let orphans = orphans::count(connection, [table])?;
        if orphans > 0 {
            found.push((table.clone(), orphans));
        }
    }
    Ok(found)
}

fn rejected(names: impl IntoIterator<Item = String>, unknown: &str) -> Error {
    let names: Vec<_> = names.into_iter().collect();
    Error::rejected(if names.is_empty() {
        unknown.to_owned()
    } else {
        names.join(", ")
    })
}
