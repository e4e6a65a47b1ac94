use std::fmt;

use super::{Direction, Step};
use crate::error::BoxError;

/// Why a schema is not usable, or was not changed.
///
/// Unless it says [`Failed`](MigrationError::Failed), nothing was changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum MigrationError {
    /// A table or column is not there: the database has not been migrated, or not by this version of the program.
    SchemaMissing {
        /// What is missing, in the database's message.
        reason: String,
    },
    /// A table or column is missing although the history records every step of the program as applied: something else
    /// dropped or renamed it. Migrating does not bring it back; a backup does.
    SchemaDamaged {
        /// What is missing, in the database's message.
        reason: String,
    },
    /// A step that was taken is not what the program has under its version any more.
    ChecksumChanged {
        /// The step's version.
        version: i64,
        /// The step's name in the program.
        name: String,
    },
    /// A step that was taken is not among the program's, which has later ones.
    StepMissing {
        /// The step's version.
        version: i64,
        /// The step's name in the history.
        name: String,
    },
    /// A step of the program's was not taken, but later ones were.
    OutOfOrder {
        /// The step's version.
        version: i64,
        /// The step's name.
        name: String,
    },
    /// The database was migrated by a later version of the program.
    NewerSchema {
        /// The latest version in the history.
        database: i64,
        /// The latest version that the program knows.
        program: i64,
    },
    /// There is no way back from a step: it has no `.down.sql`.
    Irreversible {
        /// The step's version.
        version: i64,
        /// The step's name.
        name: String,
    },
    /// The program has no step of this version.
    UnknownVersion {
        /// The version asked for.
        version: i64,
    },
    /// There is no table `User`, so this is no database of Auth.js: [`up`](super::Migrator::up) makes one.
    NothingToAdopt,
    /// Tables that the pending steps would create exist already, and the history does not know of them: someone else made
    /// them, such as Auth.js. Nothing was changed. [`adopt`](super::Migrator::adopt) takes such a database over.
    ForeignTables {
        /// The tables' names.
        tables: Vec<String>,
    },
    /// The database cannot be adopted before this is resolved. Nothing was changed.
    InTheWay {
        /// What is in the way: see [`Adoption::obstacles`](super::Adoption::obstacles).
        obstacles: Vec<String>,
    },
    /// The folder of migrations cannot be read, or a file cannot be what its name says, or its name does not say it.
    Folder {
        /// What is wrong, with the path.
        reason: String,
        /// What it was caused by.
        source: Option<BoxError>,
    },
    /// A step failed, and is not recorded as applied (or, on its way down, as reverted). The steps before it stay. The
    /// step itself was undone, with two exceptions: on MySQL and MariaDB, where DDL commits implicitly, what it had done
    /// before it failed may stay, so fix the cause and run it again; and on PostgreSQL what a step has committed itself
    /// stays, and the error says so. A [step without a transaction](super::Series::from_dir) is undone on no database.
    Failed {
        /// The step's version.
        version: i64,
        /// The step's name.
        name: String,
        /// Which way it went.
        direction: Direction,
        /// The steps that were applied or reverted before it, in this run, and stay so.
        done: Vec<Step>,
        /// The database's error.
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
                "a table or column is missing, although the history says that it was migrated; restore it from a backup: \
                 {reason}"
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
            MigrationError::NothingToAdopt => {
                f.write_str("there is no table User to adopt; run migrate up to create the schema")
            }
            MigrationError::ForeignTables { tables } => write!(
                f,
                "the database has {} {} already, which no migration of this program created; to take over a database of \
                 Auth.js, run migrate adopt",
                if tables.len() == 1 {
                    "a table"
                } else {
                    "tables"
                },
                tables.join(", ")
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
