use time::OffsetDateTime;

use super::{Connection, Database, Value};
use crate::error::{Error, Result};
use crate::migration::{Applied, Direction, Migration, MigrationError};

/// What a database sends to keep the history of its migrations, from `sql/<dialect>/history/`.
pub(crate) struct History {
    /// Counts the history tables: one or none.
    pub(crate) exists: &'static str,
    /// Makes the table when it is not there.
    pub(crate) create: &'static str,
    /// The rows of a series, by version.
    pub(crate) list: &'static str,
    /// Parameters: series, version, name, checksum, time.
    pub(crate) insert: &'static str,
    /// Parameters: series, version.
    pub(crate) delete: &'static str,
    /// Those of the crate's own tables that exist: the version of the migration that creates each.
    pub(crate) tables: &'static str,
}

impl History {
    /// The rows of a series: none when there is no table yet.
    pub(crate) fn read(
        &self,
        connection: &mut impl Connection,
        series: &str,
    ) -> Result<Vec<Applied>> {
        match connection.query_optional::<i64>(self.exists, &[])? {
            Some(1..) => connection.query(self.list, &[series.into()]),
            _ => Ok(Vec::new()),
        }
    }

    #[cfg(any(feature = "mysql", feature = "sqlite"))]
    /// As [`read`](History::read), but makes the table when it is not there.
    pub(crate) fn read_or_create(
        &self,
        connection: &mut impl Connection,
        series: &str,
    ) -> Result<Vec<Applied>> {
        connection.execute(self.create, &[])?;
        connection.query(self.list, &[series.into()])
    }

    /// Which of the pending migrations of the crate's own find their table made already.
    pub(crate) fn existing_tables(
        &self,
        connection: &mut impl Connection,
        pending: &[i64],
    ) -> Result<Vec<i64>> {
        let mut found: Vec<i64> = connection.query(self.tables, &[])?;
        found.retain(|version| pending.contains(version));
        Ok(found)
    }

    /// Writes down that a step was taken, or taken back.
    pub(crate) fn record(
        &self,
        connection: &mut impl Connection,
        series: &str,
        migration: &Migration,
        direction: Direction,
    ) -> Result<()> {
        match direction {
            Direction::Up => connection.execute(
                self.insert,
                &[
                    series.into(),
                    migration.version().into(),
                    migration.name().into(),
                    Value::Text(&migration.checksum()),
                    now().into(),
                ],
            ),
            Direction::Down => {
                connection.execute(self.delete, &[series.into(), migration.version().into()])
            }
        }
        .map(drop)
    }
}

/// Tells a schema that was never migrated from one that has lost a table since: the history knows which it is.
#[cold]
pub(crate) fn explain_missing(database: &impl Database, error: Error) -> Error {
    let Error::Migration(MigrationError::SchemaMissing { reason }) = error else {
        return error;
    };
    let (history, series) = database.history();
    let applied = database
        .read(|connection| history.read(connection, series.name()))
        .unwrap_or_default();
    let is_complete = series
        .migrations()
        .iter()
        .all(|step| applied.iter().any(|row| row.version == step.version()));
    if is_complete {
        MigrationError::SchemaDamaged { reason }.into()
    } else {
        MigrationError::SchemaMissing { reason }.into()
    }
}

/// In whole milliseconds, as every stored time.
fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_millisecond(now.millisecond()).unwrap_or(now)
}
