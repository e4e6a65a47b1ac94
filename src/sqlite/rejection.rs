//! Finds out which of the application's own constraints rejected a write.
//!
//! SQLite reports only that a foreign key or a trigger failed. All of this runs in the transaction of the write that
//! failed, so nothing can have changed since.

use super::connection::SqliteConnection;
use super::error::Rejection;
use super::orphans::{self, Limits, Tables};
use super::{COMMIT, RELEASE, ROLLBACK_TO, SAVEPOINT};
use crate::error::{Entity, Error, Result};
use crate::sql::{Connection, Value, sql};

const USER_EXISTS: &str = sql!("sqlite", "rejection/user_exists");
const RESTRICTING: &str = sql!("sqlite", "rejection/restricting");

/// The statements that refer to a user who must exist, and the parameter that does.
const REFERENCES_TO_A_USER: [(&str, usize); 4] = [
    (sql!("sqlite", "create_session"), 1),
    (sql!("sqlite", "link_account"), 1),
    (sql!("sqlite", "create_authenticator"), 1),
    (sql!("sqlite", "update_session"), 1),
];

impl SqliteConnection {
    /// Returns the error of a statement that one of the application's own constraints rejected, with their names.
    pub(super) fn name_rejection(
        &mut self,
        rejection: Rejection,
        sql: &'static str,
        parameters: &[Value<'_>],
    ) -> Result<Error> {
        match rejection {
            Rejection::ForeignKey => by_foreign_key(self, sql, parameters),
            Rejection::Trigger => by_trigger(self, sql),
        }
    }
}

/// Returns true for a table whose keys are not the application's.
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

/// The name if no table can be determined.
const FOREIGN_KEY: &str = "a foreign key";

/// Returns the error of a statement that violated a foreign key.
fn by_foreign_key(
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

    // Run the statement again with deferred foreign keys, to see in which tables they fail.
    connection.execute(SAVEPOINT, &[])?;
    connection.defer_foreign_keys(true)?;
    let rerun = connection.attempt(sql, parameters);
    let after = with_orphans(connection, &candidates);
    connection.defer_foreign_keys(false)?;
    connection.execute(ROLLBACK_TO, &[])?;
    connection.execute(RELEASE, &[])?;
    let after = match rerun {
        Ok(()) => after?,
        // A key with RESTRICT is never deferred.
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
    // A trigger may stop a statement between the deletion of a row and that of the rows that refer to it.
    if names.is_empty() {
        names = touched.triggers;
    }
    Ok(rejected(names, FOREIGN_KEY))
}

/// Returns the error of a statement that a trigger rejected. The trigger's message is omitted, because it may quote
/// stored values.
fn by_trigger(connection: &mut SqliteConnection, sql: &'static str) -> Result<Error> {
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
