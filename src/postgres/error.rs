//! What PostgreSQL's errors mean to a caller.
//!
//! Neither the driver's errors nor the `DETAIL` of the server's are passed on: they quote the values of the statement.

use std::io;

use tokio_postgres::error::{DbError, Severity};

use super::driver::QueryFailure;
use crate::error::{Constraint, Entity, Error};
use crate::migration::MigrationError;

/// An error, and what became of the statement.
#[derive(Debug)]
pub(super) struct StatementFailure {
    pub(super) error: Error,
    pub(super) kind: FailureKind,
    /// Which time limit of the server ended the statement, if one did.
    pub(super) canceled: Option<Canceled>,
}

/// A time limit of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Canceled {
    Statement,
    Lock,
}

/// What became of a statement that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// It was rolled back, and would be again.
    Rejected,
    /// It was rolled back for the sake of another transaction, and may succeed when it is repeated.
    SerializationConflict,
    /// It was not run, because what it was prepared for has changed. It works once it is prepared again.
    StaleStatement,
    /// It was not run, or was rolled back, because the server was done with the connection.
    NotExecuted,
    /// It was rejected, because the server is a standby since a failover.
    Standby,
    /// The connection is lost: the statement was run or not.
    Unknown,
    /// No answer came before the timeout. The statement may have run, and the server may answer no one else either.
    Unanswered,
}

impl StatementFailure {
    pub(super) fn new(error: Error, kind: FailureKind) -> Self {
        StatementFailure {
            error,
            kind,
            canceled: None,
        }
    }

    /// The error of a statement that nothing was sent of, or that cannot have changed anything.
    pub(super) fn not_executed(self) -> Self {
        let kind = match self.kind {
            FailureKind::Unknown => FailureKind::NotExecuted,
            kind => kind,
        };
        StatementFailure {
            error: nothing_written(self.error),
            kind,
            ..self
        }
    }
}

impl From<QueryFailure> for StatementFailure {
    fn from(failure: QueryFailure) -> Self {
        match failure {
            QueryFailure::Dead(end) => {
                let lost = StatementFailure::from(QueryFailure::Lost(end));
                StatementFailure::new(nothing_written(lost.error), FailureKind::NotExecuted)
            }
            QueryFailure::Answered(error) | QueryFailure::Lost(Some(error)) => classify(error),
            QueryFailure::Lost(None) => StatementFailure::new(
                Error::outcome_unknown("the server closed the connection"),
                FailureKind::Unknown,
            ),
            QueryFailure::TooLate => StatementFailure::new(
                Error::outcome_unknown("the server did not answer before the timeout"),
                FailureKind::Unanswered,
            ),
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
pub(super) fn classify(error: tokio_postgres::Error) -> StatementFailure {
    if let Some(server) = error.as_db_error() {
        return classify_server(server, reason(server));
    }
    let reason = describe(&error);
    match error.into_source() {
        Some(source) if source.is::<Unwritable>() => {
            StatementFailure::new(Error::backend(reason), FailureKind::Rejected)
        }
        Some(source) if source.is::<io::Error>() => {
            StatementFailure::new(Error::outcome_unknown(reason), FailureKind::Unknown)
        }
        _ => StatementFailure::new(Error::outcome_unknown(reason), FailureKind::Unknown),
    }
}

/// Returns the error for a failure in a migration's SQL. This SQL has no parameters, so the server's message is safe to
/// show.
pub(super) fn classify_migration(error: tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        Some(server) => match classify_server(server, with_code(server)).error {
            error @ (Error::Unavailable { .. }
            | Error::OutcomeUnknown { .. }
            | Error::Backend { .. }
            | Error::Migration(_)) => error,
            // What it means for a row of the store's it does not mean here.
            _ => Error::backend(with_code(server)),
        },
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
        Some(Ok(source)) if source.kind() == io::ErrorKind::InvalidData => Error::backend(reason),
        Some(Ok(_)) => Error::unavailable(reason),
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

fn classify_server(server: &DbError, reason: String) -> StatementFailure {
    let code = server.code().code();
    if is_fatal(server) {
        return match (code, server.routine()) {
            // `ProcessInterrupts` runs between statements, or rolls back the one in progress: never after its commit.
            ("57P01" | "57P05" | "25P03" | "25P04", Some("ProcessInterrupts")) => {
                StatementFailure::new(Error::unavailable(reason), FailureKind::NotExecuted)
            }
            _ if never_reached_the_server(server) => {
                StatementFailure::new(Error::unavailable(reason), FailureKind::NotExecuted)
            }
            _ => StatementFailure::new(Error::outcome_unknown(reason), FailureKind::Unknown),
        };
    }
    let (error, kind) = match (code, server.routine()) {
        ("40001" | "40P01", _) => (
            Error::unavailable(reason),
            FailureKind::SerializationConflict,
        ),
        // "cached plan must not change result type"
        ("0A000", Some("RevalidateCachedQuery"))
        // A prepared statement that a pooler or `DISCARD` has dropped, or a name that is taken already.
        | ("26000" | "42P05", _) => (Error::backend(reason), FailureKind::StaleStatement),
        // A write, or the begin of a transaction that may write, on a standby.
        ("25006", _) | ("0A000", Some("call_bool_check_hook")) => {
            (Error::unavailable(reason), FailureKind::Standby)
        }
        ("40003", _) => (Error::outcome_unknown(reason), FailureKind::Unknown),
        // Connection failure, told by a pooler between us and the server.
        (code, _) if code.starts_with("08") => {
            (Error::outcome_unknown(reason), FailureKind::Unknown)
        }
        (code, _) => (permanent_or_not(server, code, reason), FailureKind::Rejected),
    };
    StatementFailure {
        error,
        kind,
        canceled: canceled(server),
    }
}

/// Returns which of its time limits the server reports. A message in a language other than English already names it.
pub(super) fn canceled(server: &DbError) -> Option<Canceled> {
    match server.code().code() {
        "57014" if server.message().contains("statement timeout") => Some(Canceled::Statement),
        "55P03" if server.message().contains("lock timeout") => Some(Canceled::Lock),
        _ => None,
    }
}

/// The error for a statement that was rolled back, by the table of
/// [PostgreSQL's error codes](https://www.postgresql.org/docs/current/errcodes-appendix.html): `Unavailable` where time
/// alone, or someone other than the programmer, can make the same statement succeed.
fn permanent_or_not(server: &DbError, code: &str, reason: String) -> Error {
    match code {
        "23503" if names_missing_user(server) => Error::not_found(Entity::User),
        "23505" => match constraint(server) {
            Some(constraint) => Error::conflict(constraint),
            None => rejected(server, reason),
        },
        // Every other violation of integrity is one of a constraint that we did not make, and an exception that was
        // raised by hand is one of a trigger's.
        "P0001" => rejected(server, reason),
        code if code.starts_with("23") => rejected(server, reason),
        "42P01" | "42703" => MigrationError::SchemaMissing { reason }.into(),
        // No schema of the search_path exists, which migrating alone does not change.
        "3F000" => Error::backend(format!(
            "{reason}: create the schema that the search_path names, or name it by schema= in the URL, and migrate"
        )),
        // A limit that the administrator has set (`temp_file_limit`): the same statement meets it again.
        "53400" => Error::backend(reason),
        // Out of disk, memory or connections.
        code if code.starts_with("53") => Error::unavailable(reason),
        // Locked by others for longer than we wait, or in use. The rest of class 55 says that something has to be set
        // up otherwise, such as a table's replica identity (55000).
        "55P03" | "55006" => Error::unavailable(reason),
        // The database was dropped.
        "57P04" => Error::backend(reason),
        // Cancelled, as by a timeout; the server starts, stops or recovers.
        code if code.starts_with("57") => Error::unavailable(reason),
        // The commit would break integrity, and would again.
        "40002" => Error::backend(reason),
        // Rolled back.
        code if code.starts_with("40") => Error::unavailable(reason),
        // The snapshot was too old (up to PostgreSQL 16): the next one is not.
        "72000" => Error::unavailable(reason),
        // What is left is a bug, a missing right, a broken schema, a damaged file or a limit of PostgreSQL's own.
        _ => Error::backend(reason),
    }
}

/// Whether a pooler says that it found no server to run the statement on. It has one SQLSTATE for this and for a server
/// that it lost on the way, so its message decides; PgBouncer's messages are never translated.
fn never_reached_the_server(server: &DbError) -> bool {
    const MESSAGES: [&str; 4] = [
        "query_wait_timeout",
        "server login has been failing",
        "server login failed",
        "cannot connect to server",
    ];
    server.code().code().starts_with("08")
        && MESSAGES
            .iter()
            .any(|message| server.message().contains(message))
}

/// The error for what a constraint or a trigger of the application's refused.
fn rejected(server: &DbError, reason: String) -> Error {
    if let Some(name) = server.constraint() {
        return Error::rejected(name);
    }
    match (server.table(), server.column()) {
        // A column of ours that is NULL is a bug of ours.
        (Some(table), Some(column)) if !is_ours(table, column) => {
            Error::rejected(format!("{table}.{column}"))
        }
        _ => match server.where_().and_then(function) {
            Some(name) => Error::rejected(name),
            None => Error::backend(reason),
        },
    }
}

/// The function that raised an exception, from such as `PL/pgSQL function public.no_posts(text) line 3 at RAISE`, in
/// whatever language: the first word with parentheses.
fn function(context: &str) -> Option<&str> {
    let (before, _) = context.split_once('(')?;
    before
        .rsplit(char::is_whitespace)
        .next()
        .filter(|name| !name.is_empty())
}

fn is_ours(table: &str, column: &str) -> bool {
    matches!(
        (table, column),
        ("User", "id")
            | (
                "Account",
                "id" | "userId" | "type" | "provider" | "providerAccountId"
            )
            | ("Session", "id" | "userId" | "sessionToken" | "expires")
            | ("VerificationToken", "identifier" | "token" | "expires")
            | (
                "Authenticator",
                "credentialID"
                    | "userId"
                    | "providerAccountId"
                    | "credentialPublicKey"
                    | "counter"
                    | "credentialDeviceType"
                    | "credentialBackedUp"
            )
    )
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
    // Another table's constraint may have the same name in another schema.
    let by_name = match (server.table()?, server.constraint()?) {
        ("User", "User_pkey") => Some(Constraint::UserId),
        ("User", "User_email_key") => Some(Constraint::UserEmail),
        ("Account", "Account_pkey") => Some(Constraint::AccountId),
        ("Account", "Account_provider_providerAccountId_key") => Some(Constraint::ProviderAccount),
        ("Session", "Session_pkey") => Some(Constraint::SessionId),
        ("Session", "Session_sessionToken_key") => Some(Constraint::SessionToken),
        ("VerificationToken", "VerificationToken_pkey" | "VerificationToken_token_key") => {
            Some(Constraint::VerificationToken)
        }
        ("Authenticator", "Authenticator_pkey" | "Authenticator_credentialID_key") => {
            Some(Constraint::AuthenticatorCredentialId)
        }
        ("authstore_challenge", "authstore_challenge_pkey") => Some(Constraint::ChallengeKey),
        _ => None,
    };
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

/// Whether a row of ours refers to a user, or to a row of a user, that does not exist. Otherwise a row of another table
/// refers to what was to be deleted, or a row of ours to another table.
fn names_missing_user(server: &DbError) -> bool {
    let (Some(table), Some(constraint)) = (server.table(), server.constraint()) else {
        return false;
    };
    let (column, target) = match table {
        "Account" | "Session" | "Authenticator" => ("userId", r#""User""#),
        "authstore_session_details" => ("session_id", r#""Session""#),
        "authstore_authenticator_details" => ("credential_id", r#""Authenticator""#),
        _ => return false,
    };
    // In a schema that others have made, the name may be another. The detail names the table that is referred to last,
    // in whatever language.
    constraint == format!("{table}_{column}_fkey")
        || columns(server).is_some_and(|columns| columns == column)
            && server
                .detail()
                .is_some_and(|detail| detail.trim_end_matches('.').ends_with(target))
}

/// The columns of a key, without the values, from such as `Key ("userId")=(...) is not present in table "User".`, in
/// whatever language.
fn columns(server: &DbError) -> Option<String> {
    let (key, _) = server.detail()?.split_once(")=(")?;
    let (_, columns) = key.split_once('(')?;
    Some(columns.replace('"', ""))
}
