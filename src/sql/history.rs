use time::OffsetDateTime;

use super::{Connection, Database, Value};
use crate::error::{Error, Result};
use crate::migration::{Applied, Direction, Migration, MigrationError};

/// The statements that read and write the migration history, from `sql/<dialect>/history/`.
pub(crate) struct History {
    /// Counts the history tables: 0 or 1.
    pub(crate) exists: &'static str,
    /// Creates the table if it is missing.
    pub(crate) create: &'static str,
    /// Returns the rows of a series, by version.
    pub(crate) list: &'static str,
    /// Parameters: series, version, name, checksum, time.
    pub(crate) insert: &'static str,
    /// Parameters: series, version.
    pub(crate) delete: &'static str,
    /// For each of the crate's own tables that exists, returns the version of the migration that creates it.
    pub(crate) tables: &'static str,
}

impl History {
    /// Returns the rows of a series, or none if the table does not exist yet.
    pub(crate) fn read(
        &self,
        connection: &mut impl Connection,
        series: &str,
    ) -> Result<Vec<Applied>> {
        match connection.query_optional::<i64>(self.exists, &[])? {
            Some(1..) => self.list(connection, series),
            _ => Ok(Vec::new()),
        }
    }

    fn list(&self, connection: &mut impl Connection, series: &str) -> Result<Vec<Applied>> {
        connection
            .query(self.list, &[series.into()])
            .map_err(|error| match error {
                Error::Migration(MigrationError::SchemaMissing { reason }) => {
                    MigrationError::ForeignHistory { reason }.into()
                }
                error => error,
            })
    }

    #[cfg(any(feature = "mysql", feature = "sqlite"))]
    /// Like [`read`](History::read), but creates the table if it is missing.
    pub(crate) fn read_or_create(
        &self,
        connection: &mut impl Connection,
        series: &str,
    ) -> Result<Vec<Applied>> {
        connection.execute(self.create, &[])?;
        self.list(connection, series)
    }

    /// Returns which of these migrations of the crate's own series have their table.
    pub(crate) fn existing_tables(
        &self,
        connection: &mut impl Connection,
        versions: &[i64],
    ) -> Result<Vec<i64>> {
        let mut found: Vec<i64> = connection.query(self.tables, &[])?;
        found.retain(|version| versions.contains(version));
        Ok(found)
    }

    /// Records that a migration was applied or reverted. Fails if another process has recorded the same.
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
                let key = [series.into(), migration.version().into()];
                match connection.execute(self.delete, &key) {
                    // A run that has lost its lock must not revert the step again.
                    Ok(0) => Err(Error::unavailable(
                        "another process has reverted the migration concurrently",
                    )),
                    done => done,
                }
            }
        }
        .map(drop)
    }
}

/// Distinguishes a schema that was never migrated from one that has lost a table since, by looking at the history.
#[cold]
pub(crate) fn explain_missing(database: &impl Database, error: Error) -> Error {
    let Error::Migration(MigrationError::SchemaMissing { reason }) = error else {
        return error;
    };
    let (history, series) = database.history();
    let applied = database
        .read(|connection| history.read(connection, series.name()))
        .unwrap_or_default();
    let is_complete = series.migrations().iter().all(|step| {
        let is_step = |row: &Applied| row.version == step.version() && !row.is_unfinished;
        applied.iter().any(is_step)
    });
    if is_complete {
        MigrationError::SchemaDamaged { reason }.into()
    } else {
        MigrationError::SchemaMissing { reason }.into()
    }
}

/// Returns the current time in whole milliseconds, like every stored time.
fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_millisecond(now.millisecond()).unwrap_or(now)
}
