//! What PostgreSQL's errors mean to a caller.
//!
//! Neither the driver's errors nor the `DETAIL` of the server's are passed on: they quote the values of the statement.

use std::io;

use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::error::{Constraint, Entity, Error};
use crate::migration::MigrationError;

/// An error, and what became of the statement.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) fate: Fate,
}

/// What became of a statement that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was rolled back, and would be again.
    Refused,
    /// It was rolled back for the sake of another transaction, and may succeed when it is repeated.
    Yielded,
    /// It was not run, because what it was prepared for has changed. It works once it is prepared anew.
    Outdated,
    /// It was not run, or was rolled back, because the server was done with the connection.
    Untouched,
    /// It was refused, because the server is a standby since a failover.
    Standby,
    /// The connection is lost, or gave no answer in time: the statement was run or not.
    Unknown,
}

impl Failure {
    pub(super) fn new(error: Error, fate: Fate) -> Self {
        Failure { error, fate }
    }

    /// There was no answer within the client's own limit.
    pub(super) fn too_late() -> Self {
        Failure::new(
            Error::outcome_unknown("the server gave no answer in time"),
            Fate::Unknown,
        )
    }

    /// The error of a statement that nothing was sent of, or that cannot have changed anything.
    pub(super) fn untouched(self) -> Self {
        match self.fate {
            Fate::Unknown => Failure::new(nothing_written(self.error), Fate::Untouched),
            _ => self,
        }
    }
}

/// The same error for a statement that writes nothing: there is nothing not to know.
pub(super) fn nothing_written(error: Error) -> Error {
    match error {
        Error::OutcomeUnknown { reason, source } => Error::Unavailable { reason, source },
        error => error,
    }
}

/// What an error in answer to a statement means.
pub(super) fn classify(error: tokio_postgres::Error) -> Failure {
    if let Some(server) = error.as_db_error() {
        return classify_server(server, reason(server));
    }
    let reason = describe(&error);
    match error.into_source() {
        Some(source) if source.is::<Unwritable>() => {
            Failure::new(Error::backend(reason), Fate::Refused)
        }
        Some(source) if source.is::<io::Error>() => Failure::new(
            Error::outcome_unknown(reason).with_source(source),
            Fate::Unknown,
        ),
        _ => Failure::new(Error::outcome_unknown(reason), Fate::Unknown),
    }
}

/// What an error in a migration's SQL means: this SQL has no parameters, so the server's message is told whatever it is.
pub(super) fn classify_migration(error: tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        Some(server) => classify_server(server, with_code(server)).error,
        None => classify(error).error,
    }
}

/// What an error while connecting means. Nothing of the caller's was sent yet.
pub(super) fn classify_connect(error: tokio_postgres::Error, hosts: &str) -> Error {
    if let Some(server) = error.as_db_error() {
        let reason = format!("{hosts}: {}", reason(server));
        return match server.code().code().get(..2) {
            // The server starts, stops, or has no connection left.
            Some("53" | "57") => Error::unavailable(reason),
            _ => Error::backend(reason),
        };
    }
    let reason = format!("{hosts}: {}", describe(&error));
    match error
        .into_source()
        .map(|source| source.downcast::<io::Error>())
    {
        // So says rustls of a certificate that it does not trust.
        Some(Ok(source)) if source.kind() == io::ErrorKind::InvalidData => {
            Error::backend(reason).with_source(source)
        }
        Some(Ok(source)) => Error::unavailable(reason).with_source(source),
        Some(Err(_)) => Error::backend(reason),
        None => Error::unavailable(reason),
    }
}

/// A parameter that the column's type has no room for: the schema is not ours.
#[derive(Debug)]
pub(super) struct Unwritable(pub(super) String);

impl std::fmt::Display for Unwritable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unwritable {}

fn classify_server(server: &DbError, reason: String) -> Failure {
    let code = server.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        let error = constraint(server).map_or_else(|| Error::backend(reason), Error::conflict);
        return Failure::new(error, Fate::Refused);
    }
    if *code == SqlState::FOREIGN_KEY_VIOLATION {
        let error = if names_missing_user(server) {
            Error::not_found(Entity::User)
        } else {
            Error::backend(reason)
        };
        return Failure::new(error, Fate::Refused);
    }
    if is_fatal(server) {
        return match (code.code(), server.routine()) {
            // `ProcessInterrupts` runs between statements, or rolls back the one under way: never after its commit.
            ("57P01" | "57P05" | "25P03" | "25P04", Some("ProcessInterrupts")) => {
                Failure::new(Error::unavailable(reason), Fate::Untouched)
            }
            _ => Failure::new(Error::outcome_unknown(reason), Fate::Unknown),
        };
    }
    match code.code() {
        "40001" | "40P01" => Failure::new(Error::unavailable(reason), Fate::Yielded),
        // "cached plan must not change result type"; a prepared statement that a pooler or `DISCARD` has dropped
        "0A000" | "26000" => Failure::new(Error::backend(reason), Fate::Outdated),
        "42P01" | "42703" | "3F000" => Failure::new(
            MigrationError::SchemaMissing { reason }.into(),
            Fate::Refused,
        ),
        "25006" => Failure::new(Error::unavailable(reason), Fate::Standby),
        "40003" => Failure::new(Error::outcome_unknown(reason), Fate::Unknown),
        code => match &code[..2] {
            // Connection trouble, told by a pooler between us and the server.
            "08" => Failure::new(Error::outcome_unknown(reason), Fate::Unknown),
            // Rolled back; out of resources; locked; cancelled, as by the statement timeout.
            "40" | "53" | "55" | "57" => Failure::new(Error::unavailable(reason), Fate::Refused),
            _ => Failure::new(Error::backend(reason), Fate::Refused),
        },
    }
}

fn is_fatal(server: &DbError) -> bool {
    matches!(
        server.parsed_severity(),
        Some(Severity::Fatal | Severity::Panic)
    )
}

/// The server's message, unless it is of a kind that quotes values: bad data (22), or whatever a trigger may say (P0).
fn reason(server: &DbError) -> String {
    match server.code().code().get(..2) {
        Some(
            "08" | "0A" | "0L" | "0P" | "23" | "25" | "26" | "28" | "2B" | "2D" | "3D" | "3F"
            | "40" | "42" | "53" | "54" | "55" | "57" | "58" | "XX",
        ) => with_code(server),
        _ => format!("SQLSTATE {}", server.code().code()),
    }
}

fn with_code(server: &DbError) -> String {
    format!("{} (SQLSTATE {})", server.message(), server.code().code())
}

/// The driver's words and those of its cause, which is not the server.
fn describe(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// By the constraint's name in our schema, or by its columns in one that others have made.
fn constraint(server: &DbError) -> Option<Constraint> {
    let by_name = server.constraint().and_then(|name| match name {
        "User_pkey" => Some(Constraint::UserId),
        "User_email_key" => Some(Constraint::UserEmail),
        "Account_pkey" => Some(Constraint::AccountId),
        "Account_provider_providerAccountId_key" => Some(Constraint::ProviderAccount),
        "Session_pkey" => Some(Constraint::SessionId),
        "Session_sessionToken_key" => Some(Constraint::SessionToken),
        "VerificationToken_token_key" => Some(Constraint::VerificationToken),
        "Authenticator_pkey" | "Authenticator_credentialID_key" => {
            Some(Constraint::AuthenticatorCredentialId)
        }
        "authstore_challenge_pkey" => Some(Constraint::ChallengeKey),
        _ => None,
    });
    by_name.or_else(|| match (server.table()?, columns(server)?.as_str()) {
        ("User", "id") => Some(Constraint::UserId),
        ("User", "email") => Some(Constraint::UserEmail),
        ("Account", "id") => Some(Constraint::AccountId),
        ("Account", "provider, providerAccountId" | "providerAccountId, provider") => {
            Some(Constraint::ProviderAccount)
        }
        ("Session", "id") => Some(Constraint::SessionId),
        ("Session", "sessionToken") => Some(Constraint::SessionToken),
        ("VerificationToken", "token" | "identifier, token" | "token, identifier") => {
            Some(Constraint::VerificationToken)
        }
        ("Authenticator", "credentialID" | "userId, credentialID" | "credentialID, userId") => {
            Some(Constraint::AuthenticatorCredentialId)
        }
        ("authstore_challenge", "key") => Some(Constraint::ChallengeKey),
        _ => None,
    })
}

/// Whether a row of ours refers to a user, or to a row of a user, that does not exist; otherwise a row of another table
/// refers to what was to be deleted.
fn names_missing_user(server: &DbError) -> bool {
    let key = match server.table() {
        Some("Account" | "Session" | "Authenticator") => "userId",
        Some("authstore_session_details") => "session_id",
        Some("authstore_authenticator_details") => "credential_id",
        _ => return false,
    };
    columns(server).is_none_or(|columns| columns == key)
}

/// The columns of a key, without the values, from such as `Key ("userId")=(...) is not present in table "User".`, in
/// whatever language.
fn columns(server: &DbError) -> Option<String> {
    let (key, _) = server.detail()?.split_once(")=(")?;
    let (_, columns) = key.split_once('(')?;
    Some(columns.replace('"', ""))
}
