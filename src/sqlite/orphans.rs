//! Rows that refer to a row that does not exist, which a migration must not leave behind.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::connection::SqliteConnection;
use super::error::classify_migration;
use crate::error::{Error, Result};
use crate::sql::{Connection, sql};

const TABLES: &str = sql!("sqlite", "orphans/tables");
const AFFECTED: &str = sql!("sqlite", "orphans/affected");
const COUNT: &str = sql!("sqlite", "orphans/count");

pub(super) type Tables = BTreeSet<String>;

/// Returns all tables of the database.
pub(super) fn all_tables(connection: &mut SqliteConnection) -> Result<Tables> {
    Ok(connection.query(TABLES, &[])?.into_iter().collect())
}

/// Returns the tables that may have orphans after these were written to or altered: the same, and those that refer to
/// them.
pub(super) fn affected(connection: &mut SqliteConnection, touched: &Tables) -> Result<Tables> {
    let mut affected = Tables::new();
    for table in touched {
        affected.extend(connection.query::<String>(AFFECTED, &[table.into()])?);
    }
    Ok(affected)
}

/// The objects that statements use.
#[derive(Default)]
pub(super) struct Touched {
    /// The tables that they write to or alter, also through triggers and foreign keys.
    pub(super) tables: Tables,
    /// The triggers that they may run.
    pub(super) triggers: BTreeSet<String>,
    /// The denied effect of one of them on the session.
    denied: Option<&'static str>,
}

/// What a migration may do to its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limits {
    /// It runs in the runner's transaction.
    InTransaction,
    /// It runs outside a transaction, and may use its own transactions. VACUUM attaches a file that has no name.
    Alone { may_attach_unnamed: bool },
}

/// Runs `work` with the connection, and returns the objects that its statements use. Statements that would end the
/// transaction, or whose effects would outlast it, are denied, so that everything can be undone.
pub(super) fn watch(
    connection: &mut SqliteConnection,
    limits: Limits,
    work: impl FnOnce(&mut rusqlite::Connection) -> rusqlite::Result<()>,
) -> Result<Touched> {
    let touched = Arc::new(Mutex::new(Touched::default()));
    let seen = Arc::clone(&touched);
    // SQLite calls this when it prepares a statement, and for statements inside triggers, too.
    let watch = move |context: AuthContext<'_>| {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(trigger) = context.accessor {
            seen.triggers.insert(trigger.to_owned());
        }
        if let Some(denied) = outlasts(&context.action, limits) {
            seen.denied = Some(denied);
            return Authorization::Deny;
        }
        if let Some(table) = touched_table(context.action) {
            seen.tables.insert(table.to_owned());
        }
        Authorization::Allow
    };
    // In some versions of rusqlite this returns nothing.
    let _ = connection.0.authorizer(Some(watch));
    let done = work(&mut connection.0);
    let _ = connection
        .0
        .authorizer(None::<fn(AuthContext<'_>) -> Authorization>);
    let mut touched = touched.lock().unwrap_or_else(PoisonError::into_inner);
    if let (Err(_), Some(denied)) = (&done, touched.denied) {
        return Err(Error::backend(format!(
            "the migration has a statement that {denied}; remove it"
        )));
    }
    done.map_err(classify_migration)?;
    Ok(std::mem::take(&mut *touched))
}

/// Pragmas that only read, that change data in the file, or that have no effect in a transaction or after it.
const HARMLESS_PRAGMAS: [&str; 17] = [
    "application_id",
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_key_list",
    "foreign_keys",
    "incremental_vacuum",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    // Reset when the run ends. Recipes for rebuilding a table need it.
    "legacy_alter_table",
    "optimize",
    "quick_check",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
];

fn outlasts(action: &AuthAction<'_>, limits: Limits) -> Option<&'static str> {
    match action {
        AuthAction::Transaction { .. } => (limits == Limits::InTransaction)
            .then_some("begins or ends a transaction, but each migration is one already"),
        AuthAction::Attach { filename: "" }
            if limits
                == (Limits::Alone {
                    may_attach_unnamed: true,
                }) =>
        {
            None
        }
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => {
            Some("attaches or detaches a database, which would outlast the migration")
        }
        AuthAction::CreateTempIndex { .. }
        | AuthAction::CreateTempTable { .. }
        | AuthAction::CreateTempTrigger { .. }
        | AuthAction::CreateTempView { .. } => {
            Some("creates something temporary, which would outlast the migration")
        }
        AuthAction::Pragma {
            pragma_name,
            pragma_value: Some(_),
        } if !HARMLESS_PRAGMAS
            .iter()
            .any(|name| pragma_name.eq_ignore_ascii_case(name)) =>
        {
            Some("sets a pragma, which would outlast the migration")
        }
        _ => None,
    }
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

/// Returns how many rows of these tables refer to a row that does not exist.
pub(super) fn count<'a>(
    connection: &mut SqliteConnection,
    tables: impl IntoIterator<Item = &'a String>,
) -> Result<i64> {
    let mut orphans = 0;
    for table in tables {
        orphans += match connection.query_optional::<i64>(COUNT, &[table.into()]) {
            Ok(count) => count.unwrap_or_default(),
            // A foreign key refers to columns that are not unique. SQLite cannot check it, and rejects all writes that
            // need to. Migrations of other tables should not fail because of it.
            // The same applies to a key with a collation that only the application has.
            Err(Error::Backend { reason, .. })
                if reason.starts_with("foreign key mismatch")
                    || reason.starts_with("no such collation sequence") =>
            {
                0
            }
            Err(error) => return Err(error),
        };
    }
    Ok(orphans)
}
