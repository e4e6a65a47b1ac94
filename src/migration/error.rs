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
        /// What is missing, in the database's words.
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
    /// The database cannot be adopted before this is resolved. Nothing was changed.
    InTheWay {
        /// What is in the way: see [`Adoption::obstacles`](super::Adoption::obstacles).
        obstacles: Vec<String>,
    },
    /// The folder of migrations cannot be read, or a file's name does not say what it is.
    Folder {
        /// What is wrong, with the path.
        reason: String,
        /// What it was caused by.
        source: Option<BoxError>,
    },
    /// A step failed. The steps before it stay taken; the step itself was undone, except on MySQL and MariaDB, where
    /// DDL commits by itself: there, mend the cause and run it again.
    Failed {
        /// The step's version.
        version: i64,
        /// The step's name.
        name: String,
        /// Which way it went.
        direction: Direction,
        /// The steps taken before it, in this run.
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
                "the database has not the schema that this program needs, run migrate first: {reason}"
            ),
            MigrationError::ChecksumChanged { version, name } => write!(
                f,
                "migration {version} ({name}) is not what was applied to this database: its checksum has changed"
            ),
            MigrationError::StepMissing { version, name } => write!(
                f,
                "migration {version} ({name}) was applied to this database, but this program does not have it"
            ),
            MigrationError::OutOfOrder { version, name } => write!(
                f,
                "migration {version} ({name}) was not applied to this database, but later ones were"
            ),
            MigrationError::NewerSchema { database, program } => write!(
                f,
                "the database's schema (version {database}) is newer than this program (version {program})"
            ),
            MigrationError::Irreversible { version, name } => {
                write!(
                    f,
                    "migration {version} ({name}) cannot be undone: it has no .down.sql"
                )
            }
            MigrationError::UnknownVersion { version } => {
                write!(f, "this program has no migration of version {version}")
            }
            MigrationError::NothingToAdopt => f.write_str(
                "there is no table User, so there is nothing to adopt: migrate up makes the schema",
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
                source,
                ..
            } => {
                write!(
                    f,
                    "migration {version} ({name}) failed on its way {direction}: {source}"
                )
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
