//! Converts SQLite's errors to those of the contract.

use std::time::Duration;

use rusqlite::ErrorCode;
use rusqlite::ffi::{
    SQLITE_CONSTRAINT_CHECK, SQLITE_CONSTRAINT_DATATYPE, SQLITE_CONSTRAINT_FOREIGNKEY,
    SQLITE_CONSTRAINT_NOTNULL, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID,
    SQLITE_CONSTRAINT_TRIGGER, SQLITE_CONSTRAINT_UNIQUE,
};

use crate::error::{Constraint, Error};
use crate::migration::MigrationError;

/// The kind of constraint that rejected a write, which SQLite does not name.
pub(super) enum Rejection {
    ForeignKey,
    Trigger,
}

pub(super) fn rejected_by(error: &rusqlite::Error) -> Option<Rejection> {
    let rusqlite::Error::SqliteFailure(sqlite, message) = error else {
        return None;
    };
    match (sqlite.extended_code, message.as_deref()) {
        // SQLite implements a RESTRICT key as an internal trigger.
        (SQLITE_CONSTRAINT_FOREIGNKEY, _)
        | (SQLITE_CONSTRAINT_TRIGGER, Some("FOREIGN KEY constraint failed")) => {
            Some(Rejection::ForeignKey)
        }
        (SQLITE_CONSTRAINT_TRIGGER, _) => Some(Rejection::Trigger),
        _ => None,
    }
}

/// SQLite's messages name tables and columns, and no values.
pub(super) fn classify(error: rusqlite::Error) -> Error {
    let (sqlite, reason) = match &error {
        rusqlite::Error::SqliteFailure(sqlite, Some(message)) => (sqlite, message.clone()),
        rusqlite::Error::SqliteFailure(sqlite, None) => (sqlite, sqlite.to_string()),
        rusqlite::Error::SqlInputError { error, msg, .. } => (error, msg.clone()),
        other => return Error::backend(other.to_string()),
    };
    match (sqlite.code, sqlite.extended_code) {
        (
            _,
            SQLITE_CONSTRAINT_UNIQUE
            | SQLITE_CONSTRAINT_PRIMARYKEY
            | SQLITE_CONSTRAINT_ROWID
            | SQLITE_CONSTRAINT_CHECK
            | SQLITE_CONSTRAINT_NOTNULL
            | SQLITE_CONSTRAINT_DATATYPE,
        ) => {
            let name = constraint_name(&reason);
            constraint(name).map_or_else(|| Error::rejected(name), Error::conflict)
        }
        // With a connection, the constraint is named later. These are a fallback.
        (_, SQLITE_CONSTRAINT_FOREIGNKEY) => Error::rejected("a foreign key"),
        (_, SQLITE_CONSTRAINT_TRIGGER) => Error::rejected("a trigger"),
        (
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            // Too many processes began at once. Only the beginning of a transaction fails with it.
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::DiskFull
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory
            | ErrorCode::OperationInterrupted,
            _,
        ) => Error::unavailable(reason),
        // After an input/output error, the commit may or may not be in the log.
        (ErrorCode::SystemIoFailure, _) => Error::outcome_unknown(reason),
        _ if lacks_schema(&reason) => MigrationError::SchemaMissing { reason }.into(),
        _ => Error::backend(reason),
    }
}

/// Returns the error for a failure in a migration's SQL. What it misses is not the store's schema.
pub(super) fn classify_migration(error: rusqlite::Error) -> Error {
    match classify(error) {
        Error::Migration(MigrationError::SchemaMissing { reason }) => Error::backend(reason),
        error => error,
    }
}

/// A time limit, and the option that sets it.
pub(super) type TimeLimit = (&'static str, Duration);

/// Adds how long SQLite waited for the writers of other processes, if it did.
pub(super) fn name_limit(error: Error, (option, limit): TimeLimit) -> Error {
    match error {
        Error::Unavailable { ref reason, .. } if reason.ends_with("database is locked") => {
            error.after(option, limit)
        }
        error => error,
    }
}

fn lacks_schema(message: &str) -> bool {
    message.starts_with("no such table")
        || message.starts_with("no such column")
        || message.contains("has no column named")
}

/// Parses messages such as `UNIQUE constraint failed: User.email`, `UNIQUE constraint failed: index 'User_name'` or
/// `CHECK constraint failed: length(name) > 3`.
fn constraint_name(message: &str) -> &str {
    let name = message
        .split_once("failed: ")
        .or_else(|| message.split_once(" column "))
        .map_or(message, |(_, name)| name);
    name.strip_prefix("index '")
        .and_then(|index| index.strip_suffix('\''))
        .unwrap_or(name)
}

fn constraint(columns: &str) -> Option<Constraint> {
    Some(match columns {
        "User.id" => Constraint::UserId,
        "User.email" => Constraint::UserEmail,
        "Account.id" => Constraint::AccountId,
        "Account.provider, Account.providerAccountId"
        | "Account.providerAccountId, Account.provider" => Constraint::ProviderAccount,
        "Session.id" => Constraint::SessionId,
        "Session.sessionToken" => Constraint::SessionToken,
        "VerificationToken.token"
        | "VerificationToken.identifier, VerificationToken.token"
        | "VerificationToken.token, VerificationToken.identifier" => Constraint::VerificationToken,
        "Authenticator.credentialID"
        | "Authenticator.userId, Authenticator.credentialID"
        | "Authenticator.credentialID, Authenticator.userId" => {
            Constraint::AuthenticatorCredentialId
        }
        "authstore_challenge.key" => Constraint::ChallengeKey,
        _ => return None,
    })
}
