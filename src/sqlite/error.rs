//! What SQLite's errors mean to a caller.

use rusqlite::ErrorCode;
use rusqlite::ffi::{
    SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE,
};

use crate::error::{Constraint, Entity, Error};
use crate::migration::MigrationError;

/// SQLite's messages name tables and columns, and no values.
pub(super) fn classify(error: rusqlite::Error) -> Error {
    let (sqlite, reason) = match &error {
        rusqlite::Error::SqliteFailure(sqlite, Some(message)) => (sqlite, message.clone()),
        rusqlite::Error::SqliteFailure(sqlite, None) => (sqlite, sqlite.to_string()),
        rusqlite::Error::SqlInputError { error, msg, .. } => (error, msg.clone()),
        other => return Error::backend(other.to_string()).with_source(error),
    };
    match (sqlite.code, sqlite.extended_code) {
        (_, SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY) => match constraint(&reason) {
            Some(constraint) => Error::conflict(constraint),
            None => Error::backend(reason).with_source(error),
        },
        (_, SQLITE_CONSTRAINT_FOREIGNKEY) => Error::not_found(Entity::User),
        (
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory
            | ErrorCode::OperationInterrupted,
            _,
        ) => Error::unavailable(reason).with_source(error),
        // A commit that could not be read or written may be in the log, or not.
        (ErrorCode::SystemIoFailure, _) => Error::outcome_unknown(reason).with_source(error),
        _ if lacks_schema(&reason) => MigrationError::SchemaMissing { reason }.into(),
        _ => Error::backend(reason).with_source(error),
    }
}

fn lacks_schema(message: &str) -> bool {
    message.starts_with("no such table")
        || message.starts_with("no such column")
        || message.contains("has no column named")
}

/// From such as `UNIQUE constraint failed: User.email`.
fn constraint(message: &str) -> Option<Constraint> {
    let (_, columns) = message.split_once("failed: ")?;
    Some(match columns {
        "User.id" => Constraint::UserId,
        "User.email" => Constraint::UserEmail,
        "Account.id" => Constraint::AccountId,
        "Account.provider, Account.providerAccountId" => Constraint::ProviderAccount,
        "Session.id" => Constraint::SessionId,
        "Session.sessionToken" => Constraint::SessionToken,
        "VerificationToken.token" => Constraint::VerificationToken,
        "Authenticator.credentialID" | "Authenticator.userId, Authenticator.credentialID" => {
            Constraint::AuthenticatorCredentialId
        }
        "authstore_challenge.key" => Constraint::ChallengeKey,
        _ => return None,
    })
}
