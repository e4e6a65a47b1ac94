//! Tries an adoption on an empty copy of the schema in memory.
//!
//! SQLite checks views, triggers and foreign keys only when they are used, so a database accepts changes that break
//! them. The copy shows what would no longer work, and which statement of the adoption would fail, before anything is
//! changed.

use std::collections::BTreeMap;

use rusqlite::config::DbConfig;

use super::adopt::PLAN;
use super::connection::SqliteConnection;
use super::connector::CONFIG;
use super::error::classify;
use super::migration::HISTORY;
use crate::error::{Error, Result};
use crate::migration::{Adoption, Series};
use crate::sql::{self, Connection, Value, sql};

const OBJECTS: &str = sql!("sqlite", "adopt/simulation/objects");
const PROBES: &str = sql!("sqlite", "adopt/simulation/probes");
const ASSIGNMENTS: &str = sql!("sqlite", "adopt/simulation/assignments");
const COLLATED_KEYS: &str = sql!("sqlite", "adopt/simulation/collated_keys");

/// Adds the objects that an adoption would change or break.
pub(super) fn simulate(
    connection: &mut SqliteConnection,
    series: &Series,
    found: &mut Adoption,
) -> Result<()> {
    for query in connection.query::<String>(COLLATED_KEYS, &[])? {
        found.obstacles.extend(texts(&connection.0, &query)?);
    }
    let Some(mut copy) = copy(connection, &mut found.obstacles)? else {
        return Ok(());
    };
    if !found.obstacles.is_empty() {
        return Ok(());
    }
    // The rows of the history decide which tables the adoption creates.
    for row in HISTORY.read(connection, series.name())? {
        copy.execute(
            HISTORY.insert,
            &[
                series.name().into(),
                row.version.into(),
                Value::Text(&row.name),
                Value::Text(&row.checksum),
                row.applied_at.into(),
            ],
        )?;
    }
    let before = probe(&copy)?;
    if let Err(error) = sql::change(&mut copy, &PLAN, series, found, &mut |_| {}) {
        found
            .obstacles
            .push(format!("the adoption would fail: {}", reasons(&error)));
        return Ok(());
    }
    let after = probe(&copy)?;
    for (key, (object, state)) in before {
        let after = after.get(&key).map(|(_, state)| state);
        compare(&object, &state, after, found);
    }
    found.obstacles.dedup();
    Ok(())
}

/// Returns an empty copy of the schema. Returns `None` if a table cannot be copied, which may be due to a function of
/// the application. Then the adoption may succeed nevertheless.
fn copy(
    connection: &SqliteConnection,
    obstacles: &mut Vec<String>,
) -> Result<Option<SqliteConnection>> {
    let copy = rusqlite::Connection::open_in_memory().map_err(classify)?;
    for (setting, value) in CONFIG {
        copy.set_db_config(setting, value).map_err(classify)?;
    }
    // As during the adoption.
    copy.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)
        .map_err(classify)?;
    copy.set_db_config(DbConfig::SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, true)
        .map_err(classify)?;
    let mut objects = connection.0.prepare(OBJECTS).map_err(classify)?;
    let mut rows = objects.query([]).map_err(classify)?;
    while let Some(row) = rows.next().map_err(classify)? {
        let text = |column| row.get::<_, String>(column).map_err(classify);
        let Err(error) = copy.execute_batch(&text(3)?) else {
            continue;
        };
        // An object of another table that cannot be copied is not compared.
        if row.get(4).map_err(classify)? {
            let (kind, name, table) = (text(0)?, text(1)?, text(2)?);
            if kind == "table" {
                return Ok(None);
            }
            let reason = reasons(&classify(error));
            obstacles.push(format!(
                "the {kind} {name} of {table} cannot be created again: {reason}; drop it first"
            ));
        }
    }
    Ok(Some(SqliteConnection(copy, None)))
}

/// The columns of an object that works, or the reason why it does not.
type State = Result<Vec<String>, String>;

/// Returns each object that an adoption may break, with its state, by a key without regard to case. An object may have
/// several states.
fn probe(copy: &SqliteConnection) -> Result<BTreeMap<String, (String, State)>> {
    let connection = &copy.0;
    let mut probes = connection.prepare(PROBES).map_err(classify)?;
    let probes: Vec<(String, Option<String>, String, Option<String>)> = probes
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .and_then(Iterator::collect)
        .map_err(classify)?;
    let mut states = BTreeMap::new();
    for (object, isolate, mut statement, table) in probes {
        let key = format!("{object}: {statement}").to_lowercase();
        if let Some(table) = table
            && statement.ends_with(" SET ")
        {
            // A broken view has no columns.
            let assignments: Option<String> = connection
                .query_row(ASSIGNMENTS, [table], |row| row.get(0))
                .unwrap_or_default();
            statement += &assignments.unwrap_or_default();
        }
        let mut state = works(connection, &statement);
        // Which of several triggers is it?
        if let (Err(_), Some(drop_others)) = (&state, isolate) {
            let isolated = connection.unchecked_transaction().map_err(classify)?;
            isolated.execute_batch(&drop_others).map_err(classify)?;
            state = works(&isolated, &statement);
            isolated.rollback().map_err(classify)?;
        }
        states.insert(key, (object, state));
    }
    Ok(states)
}

fn works(connection: &rusqlite::Connection, statement: &str) -> State {
    let columns = connection.prepare(statement).and_then(|statement| {
        (0..statement.column_count())
            .map(|column| statement.column_name(column).map(str::to_owned))
            .collect()
    });
    columns.map_err(|error| reasons(&classify(error)))
}

fn compare(object: &str, before: &State, after: Option<&State>, found: &mut Adoption) {
    let Ok(before) = before else { return };
    match after {
        Some(Ok(after)) if object.starts_with("the table ") => {
            let mut kept = after.iter().filter(|column| before.contains(column));
            if !before.iter().all(|column| kept.next() == Some(column)) {
                found.differences.push(format!(
                    "the columns of {object} will have another order: {}",
                    after.join(", ")
                ));
            }
        }
        Some(Ok(after)) if after == before => {}
        Some(Ok(after)) => found.differences.push(format!(
            "{object} selects all columns of a table, and will have the columns {}",
            after.join(", ")
        )),
        Some(Err(reason)) => found.obstacles.push(format!(
            "{object} would no longer work: {reason}; drop or change it first"
        )),
        None => found
            .obstacles
            .push(format!("{object} would be lost; drop it first")),
    }
}

fn texts(connection: &rusqlite::Connection, query: &str) -> Result<Vec<String>> {
    connection
        .prepare(query)
        .and_then(|mut query| query.query_map([], |row| row.get(0))?.collect())
        .map_err(classify)
}

/// Returns the reasons of an error and of its cause, without their kinds.
fn reasons(error: &Error) -> String {
    let (Error::Backend { reason, source } | Error::Unavailable { reason, source }) = error else {
        return match error {
            Error::Migration(crate::migration::MigrationError::SchemaMissing { reason }) => {
                reason.clone()
            }
            other => other.to_string(),
        };
    };
    match source.as_ref().and_then(|source| source.downcast_ref()) {
        Some(cause) => format!("{reason}: {}", reasons(cause)),
        None => reason.clone(),
    }
}
