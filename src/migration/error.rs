use std::fmt;

use super::{Direction, Step};
use crate::error::BoxError;

/// The reason why a schema is unusable, or was not changed.
///
/// Except for [`Failed`](MigrationError::Failed), nothing was changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum MigrationError {
    /// A table or column is missing: the database has not been migrated, or not by this version of the program.
    SchemaMissing {
        /// The database's message, which names what is missing.
        reason: String,
    },
    /// A table or column is missing, although the history records every migration of the program as applied: something
    /// else dropped or renamed it. Migrating does not restore it; restore a backup.
    SchemaDamaged {
        /// The database's message, which names what is missing.
        reason: String,
    },
    /// A migration has changed in the program since it was applied.
    ChecksumChanged {
        /// The version of the migration.
        version: i64,
        /// The name of the migration in the program.
        name: String,
    },
    /// A migration was applied that the program does not have, although it has later ones.
    StepMissing {
        /// The version of the migration.
        version: i64,
        /// The name of the migration in the history.
        name: String,
    },
    /// A migration of the program was not applied, but later ones were.
    OutOfOrder {
        /// The version of the migration.
        version: i64,
        /// The name of the migration.
        name: String,
    },
    /// The database was migrated by a later version of the program.
    NewerSchema {
        /// The latest version in the history.
        database: i64,
        /// The latest version that the program knows.
        program: i64,
    },
    /// A migration cannot be reverted, because it has no `.down.sql` file.
    Irreversible {
        /// The version of the migration.
        version: i64,
        /// The name of the migration.
        name: String,
    },
    /// The program has no migration of this version.
    UnknownVersion {
        /// The requested version.
        version: i64,
    },
    /// The last migrations in the history are not those that [`down_exactly`](super::Migrator::down_exactly) was to
    /// revert: another run has applied or reverted some since. Nothing was changed.
    PlanChanged,
    /// There is no table `User`, so this is not a database of Auth.js. To create the schema, use
    /// [`up`](super::Migrator::up).
    NothingToAdopt,
    /// An adoption of this database was interrupted, or is in progress: only on MySQL and MariaDB, where it is not one
    /// transaction. Foreign keys may be missing until another [`adopt`](super::Migrator::adopt) has finished it.
    UnfinishedAdoption,
    /// Tables that pending migrations would create exist already, and the history does not record them: something else
    /// created them, such as Auth.js. Nothing was changed. To use such a database, [`adopt`](super::Migrator::adopt)
    /// it.
    ForeignTables {
        /// The names of the tables.
        tables: Vec<String>,
    },
    /// The table of the history, `authstore_migration`, does not have its columns: something else created it. Nothing
    /// was changed. Rename it.
    ForeignHistory {
        /// The database's message, which names what is missing.
        reason: String,
    },
    /// The database cannot be adopted before this is resolved. Nothing was changed.
    InTheWay {
        /// The obstacles: see [`Adoption::obstacles`](super::Adoption::obstacles).
        obstacles: Vec<String>,
    },
    /// The folder of migrations cannot be read, or the name or content of a file in it is invalid.
    Folder {
        /// The problem, with the path.
        reason: String,
        /// The cause.
        source: Option<BoxError>,
    },
    /// A migration failed, and is not recorded as applied (or, going down, as reverted). The migrations before it stay.
    /// The failed migration was rolled back, with three exceptions. On MySQL and MariaDB DDL commits implicitly, so
    /// what it did before it failed may stay: fix the cause and run it again. On PostgreSQL, what a migration commits
    /// itself stays, and the error reports it. A [migration without a transaction](super::Series::from_dir) is never
    /// rolled back.
    Failed {
        /// The version of the migration.
        version: i64,
        /// The name of the migration.
        name: String,
        /// Whether it was being applied or reverted.
        direction: Direction,
        /// The migrations that this run applied or reverted before it. They are not undone.
        done: Vec<Step>,
        /// The error from the database.
        source: BoxError,
    },
}

impl fmt::Display for MigrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MigrationError::SchemaMissing { reason } => write!(
                f,
                "the schema is missing or incomplete; run migrate first: {reason}"
            ),
            MigrationError::SchemaDamaged { reason } => write!(
                f,
                "a table or column is missing, although its migration is recorded as applied; restore it from a \
                 backup: {reason}"
            ),
            MigrationError::ChecksumChanged { version, name } => write!(
                f,
                "migration {version} ({name}) has changed since it was applied to this database; restore it, and put the \
                 change into a new migration"
            ),
            MigrationError::StepMissing { version, name } => write!(
                f,
                "migration {version} ({name}) was applied to this database, but this program does not have it"
            ),
            MigrationError::OutOfOrder { version, name } => write!(
                f,
                "migration {version} ({name}) was not applied to this database, but later ones were; give it a later version"
            ),
            MigrationError::NewerSchema { database, program } => write!(
                f,
                "the database's schema (version {database}) is newer than this program (version {program}); use a newer \
                 program"
            ),
            MigrationError::Irreversible { version, name } => write!(
                f,
                "migration {version} ({name}) cannot be reverted: there is no .down.sql file"
            ),
            MigrationError::UnknownVersion { version } => {
                write!(f, "this program has no migration of version {version}")
            }
            MigrationError::PlanChanged => f.write_str(
                "another run has applied or reverted migrations since these were chosen; nothing was changed; look at the \
                 status, and choose again",
            ),
            MigrationError::NothingToAdopt => {
                f.write_str("there is no table User to adopt; run migrate up to create the schema")
            }
            MigrationError::UnfinishedAdoption => f.write_str(
                "an adoption of this database was interrupted, or is in progress; run migrate adopt --apply to finish it",
            ),
            MigrationError::ForeignTables { tables } => write!(
                f,
                "{}, although no migration of this program created {}; to adopt a database of Auth.js, run migrate \
                 adopt",
                match &tables[..] {
                    [table] => format!("the table {table} already exists"),
                    tables => format!("the tables {} already exist", tables.join(", ")),
                },
                if tables.len() == 1 { "it" } else { "them" }
            ),
            MigrationError::ForeignHistory { reason } => write!(
                f,
                "the table authstore_migration is not a history of migrations; rename it first: {reason}"
            ),
            MigrationError::InTheWay { obstacles } => write!(
                f,
                "the database cannot be adopted before this is resolved: {}",
                obstacles.join("; ")
            ),
            MigrationError::Folder { reason, .. } => f.write_str(reason),
            MigrationError::Failed {
                version,
                name,
                direction,
                ..
            } => {
                let verb = match direction {
                    Direction::Up => "apply",
                    Direction::Down => "revert",
                };
                write!(f, "could not {verb} migration {version} ({name})")
            }
        }
    }
}

impl std::error::Error for MigrationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            MigrationError::Failed { source, .. } => Some(source.as_ref()),
            MigrationError::Folder { source, .. } => source.as_deref().map(|source| source as _),
            _ => None,
        }
    }
}
