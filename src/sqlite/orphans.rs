//! Rows that refer to a row that does not exist, which a step of a migration must not leave behind.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::connection::SqliteConnection;
use super::error::classify;
use crate::error::{Error, Result};
use crate::sql::{Connection, sql};

const TABLES: &str = sql!("sqlite", "orphans/tables");
const AFFECTED: &str = sql!("sqlite", "orphans/affected");
const COUNT: &str = sql!("sqlite", "orphans/count");

pub(super) type Tables = BTreeSet<String>;

/// All tables of the database.
pub(super) fn all_tables(connection: &mut SqliteConnection) -> Result<Tables> {
    Ok(connection.query(TABLES, &[])?.into_iter().collect())
}

/// Runs a script, and returns the tables in which it may have left orphans: those that it wrote to or changed the shape
/// of, and those that refer to them.
pub(super) fn run_and_list_affected(
    connection: &mut SqliteConnection,
    sql: &str,
) -> Result<Tables> {
    let touched = Arc::new(Mutex::new(Tables::new()));
    let seen = Arc::clone(&touched);
    // SQLite asks at the preparation of each statement, those inside triggers included.
    let watch = move |context: AuthContext<'_>| {
        if let Some(table) = touched_table(context.action) {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.insert(table.to_owned());
        }
        Authorization::Allow
    };
    let _ = connection.0.authorizer(Some(watch));
    let done = connection.0.execute_batch(sql).map_err(classify);
    let _ = connection
        .0
        .authorizer(None::<fn(AuthContext<'_>) -> Authorization>);
    done?;

    let touched = touched.lock().unwrap_or_else(PoisonError::into_inner);
    let mut affected = Tables::new();
    for table in touched.iter() {
        affected.extend(connection.query::<String>(AFFECTED, &[table.into()])?);
    }
    Ok(affected)
}

fn touched_table(action: AuthAction<'_>) -> Option<&str> {
    match action {
        AuthAction::Insert { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::Delete { table_name }
        | AuthAction::CreateTable { table_name }
        | AuthAction::DropTable { table_name }
        | AuthAction::AlterTable { table_name, .. } => Some(table_name),
        _ => None,
    }
}

/// How many rows of these tables refer to a row that does not exist.
pub(super) fn count(connection: &mut SqliteConnection, tables: &Tables) -> Result<i64> {
    let mut orphans = 0;
    for table in tables {
        orphans += match connection.query_optional::<i64>(COUNT, &[table.into()]) {
            Ok(count) => count.unwrap_or_default(),
            // What a key refers to is not unique. SQLite cannot check such a key, and takes no write that would have
            // to: it is not for a migration of other tables to refuse.
            Err(Error::Backend { reason, .. }) if reason.starts_with("foreign key mismatch") => 0,
            Err(error) => return Err(error),
        };
    }
    Ok(orphans)
}
