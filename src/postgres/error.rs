//! Converts PostgreSQL's errors to those of the contract.
//!
//! Neither the driver's errors nor the `DETAIL` of the server's are passed on: they quote the values of the statement.

use std::io;

use tokio_postgres::error::{DbError, Severity};

use super::driver::QueryFailure;
use crate::error::{Constraint, Entity, Error};
use crate::migration::MigrationError;

/// An error, and what happened to the statement.
#[derive(Debug)]
pub(super) struct StatementFailure {
    pub(super) error: Error,
    pub(super) kind: FailureKind,
    /// The server's time limit that ended the statement, if one did.
    pub(super) canceled: Option<Canceled>,
}

/// A time limit of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Canceled {
    Statement,
    Lock,
}

/// What happened to a statement that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// It was rolled back, and would fail again.
    Rejected,
    /// It was rolled back in favor of another transaction, and may succeed if repeated.
    SerializationConflict,
    /// It was not run, because the prepared statement is outdated. It works once it is prepared again.
    StaleStatement,
    /// It was not run, or was rolled back, because the server closed the connection.
    NotExecuted,
    /// It was rejected, because the server has become a standby.
    Standby,
    /// The connection was lost, so it is unknown whether the statement was run.
    Unknown,
    /// No answer came before the timeout. The statement may have run, and the server may not answer other connections
    /// either.
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

    /// Returns the failure of a statement that was not sent, or that cannot have changed anything.
    pub(super) fn not_executed(self) -> Self {
        let kind = match self.kind {
            FailureKind::Unknown => FailureKind::NotExecuted,
            kind => kind,
        };
        StatementFailure {
            error: self.error.nothing_written(),
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
                StatementFailure::new(lost.error.nothing_written(), FailureKind::NotExecuted)
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

/// Classifies an error of a statement.
pub(super) fn classify(error: tokio_postgres::Error) -> StatementFailure {
    if let Some(server) = error.as_db_error() {
        return if is_raised(server) {
            classify_raised(server)
        } else {
            classify_server(server, reason(server))
        };
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

/// Classifies an error of COMMIT. If the server logs how long statements take, it can report after the commit that it
/// was interrupted: writing to its log checks for interrupts.
pub(super) fn classify_commit(error: tokio_postgres::Error) -> StatementFailure {
    let is_interrupt = error
        .as_db_error()
        .is_some_and(|server| is_fatal(server) || server.routine() == Some("ProcessInterrupts"));
    let failure = classify(error);
    match failure.error {
        Error::Unavailable { reason, source } if is_interrupt => StatementFailure {
            error: Error::OutcomeUnknown { reason, source },
            kind: FailureKind::Unknown,
            ..failure
        },
        error => StatementFailure { error, ..failure },
    }
}

/// Returns the error for a failure in a migration's SQL. This SQL has no parameters, but the server's message may quote
/// the rows that it met.
pub(super) fn classify_migration(error: tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        Some(server) => match classify_server(server, reason(server)).error {
            error @ (Error::Unavailable { .. }
            | Error::OutcomeUnknown { .. }
            | Error::Backend { .. }) => error,
            // The other kinds are about the store's own schema and rows, which do not apply to a migration's SQL.
            _ => Error::backend(reason(server)),
        },
        None => classify(error).error,
    }
}

/// Classifies an error while connecting. No statement was sent yet.
pub(super) fn classify_connect(error: tokio_postgres::Error, hosts: &str) -> Error {
    if let Some(server) = error.as_db_error() {
        let reason = format!("{hosts}: {}", reason(server));
        return match server.code().code().get(..2) {
            // The server is starting, stopping, or out of connections.
            Some("53" | "57") => Error::unavailable(reason),
            _ if never_reached_the_server(server) => Error::unavailable(reason),
            _ => Error::backend(reason),
        };
    }
    let reason = format!("{hosts}: {}", describe(&error));
    match error
        .into_source()
        .map(|source| source.downcast::<io::Error>())
    {
        // rustls reports this for a certificate that it does not trust.
        Some(Ok(source)) if source.kind() == io::ErrorKind::InvalidData => Error::backend(reason),
        Some(Ok(_)) => Error::unavailable(reason),
        Some(Err(_)) => Error::backend(reason),
        None => Error::unavailable(reason),
    }
}

/// The column's type cannot hold a parameter, so the schema is not ours.
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
            // `ProcessInterrupts` runs between statements, or rolls back the current one. Only after COMMIT itself may
            // it be too late for that: see `classify_commit`.
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
        // A prepared statement that a pooler or `DISCARD` has dropped, or a name that is already in use.
        | ("26000" | "42P05", _) => (Error::backend(reason), FailureKind::StaleStatement),
        // A write, or the start of a transaction that may write, on a standby.
        ("25006", _) | ("0A000", Some("call_bool_check_hook")) => {
            (Error::unavailable(reason), FailureKind::Standby)
        }
        // Values that do not match the parameters of an unnamed statement.
        ("08P01", Some("exec_bind_message")) => (Error::backend(reason), FailureKind::Rejected),
        ("40003", _) => (Error::outcome_unknown(reason), FailureKind::Unknown),
        // A connection failure between a pooler and the server.
        (code, _) if code.starts_with("08") => {
            (Error::outcome_unknown(reason), FailureKind::Unknown)
        }
        (code, _) => (classify_rolled_back(server, code, reason), FailureKind::Rejected),
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

/// The error for a statement that was rolled back, by the table of [PostgreSQL's error
/// codes](https://www.postgresql.org/docs/current/errcodes-appendix.html): `Unavailable` if the same statement can
/// succeed later without a change of the program.
fn classify_rolled_back(server: &DbError, code: &str, reason: String) -> Error {
    match code {
        "23503" if names_missing_user(server) => Error::not_found(Entity::User),
        "23505" => match constraint(server) {
            Some(constraint) => Error::conflict(constraint),
            None => rejected(server, reason),
        },
        // Every other violated constraint is the application's, and so is an exception that is raised in a trigger.
        "P0001" => rejected(server, reason),
        code if code.starts_with("23") => rejected(server, reason),
        "42P01" | "42703" => MigrationError::SchemaMissing { reason }.into(),
        // No schema of the search_path exists, which migrating does not fix.
        "3F000" => Error::backend(format!(
            "{reason}; create the schema that the search_path names, or name one with schema= in the URL, and migrate"
        )),
        // A limit of the administrator (`temp_file_limit`), which the same statement exceeds again.
        "53400" => Error::backend(reason),
        // Out of disk, memory or connections.
        code if code.starts_with("53") => Error::unavailable(reason),
        // Locked by others for longer than the timeout, or in use. The other errors of class 55 need a change of the
        // configuration, such as a table's replica identity (55000).
        "55P03" | "55006" => Error::unavailable(reason),
        // The database was dropped.
        "57P04" => Error::backend(reason),
        // Canceled, for example by a timeout; or the server is starting, stopping or recovering.
        code if code.starts_with("57") => Error::unavailable(reason),
        // The commit would violate a constraint, and would again.
        "40002" => Error::backend(reason),
        // Rolled back.
        code if code.starts_with("40") => Error::unavailable(reason),
        // The snapshot was too old (up to PostgreSQL 16). The next one is not.
        "72000" => Error::unavailable(reason),
        // Everything else is a bug, a missing privilege, a broken schema, a damaged file or a limit of PostgreSQL.
        _ => Error::backend(reason),
    }
}

/// Returns true if a pooler reports that it found no server for the statement. It uses the same SQLSTATE for a server
/// connection that was lost, so its message decides. PgBouncer's messages are never translated.
fn never_reached_the_server(server: &DbError) -> bool {
    const MESSAGES: [&str; 6] = [
        "client_login_timeout",
        "no more connections allowed",
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

/// Returns the error of a statement that a constraint or trigger of the application rejected.
fn rejected(server: &DbError, reason: String) -> Error {
    if let Some(name) = server.constraint() {
        return Error::rejected(name);
    }
    match (server.table(), server.column()) {
        // A NULL in a column of ours is a bug of ours.
        (Some(table), Some(column)) if !is_ours(table, column) => {
            Error::rejected(format!("{table}.{column}"))
        }
        _ => match server.where_().and_then(function) {
            Some(name) => Error::rejected(name),
            None => Error::backend(reason),
        },
    }
}

/// Returns the function that raised an exception, from a context such as `PL/pgSQL function public.no_posts(text) line
/// 3 at RAISE`, in any language: the first word with parentheses.
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

/// Returns true if the server ends the session with this error.
pub(super) fn is_fatal(server: &DbError) -> bool {
    matches!(
        server.parsed_severity(),
        Some(Severity::Fatal | Severity::Panic)
    )
}

/// Returns true if a function of the application raised the error itself, with a code and a message of its choice: in
/// PL/pgSQL, in PL/Python, or in another language, whose errors usually have the code of an internal error.
fn is_raised(server: &DbError) -> bool {
    matches!(
        server.routine(),
        Some("exec_stmt_raise" | "PLy_output" | "PLy_elog_impl")
    ) || server.code().code() == "XX000"
        && server
            .where_()
            .is_some_and(|context| function(context).is_some())
}

/// Classifies an error that a function of the application raised. Its message may quote values.
fn classify_raised(server: &DbError) -> StatementFailure {
    let code = server.code().code();
    let reason = format!("SQLSTATE {code}");
    match code {
        "40001" | "40P01" => classify_server(server, reason),
        _ => StatementFailure::new(rejected(server, reason), FailureKind::Rejected),
    }
}

/// Returns the server's message, unless its class may quote values: invalid data (22), or a trigger's message (P0).
fn reason(server: &DbError) -> String {
    let code = server.code().code();
    // A string that is too long, a NULL, and a division by zero are not quoted.
    if matches!(code, "22001" | "22004" | "22012") {
        return with_code(server);
    }
    match code.get(..2) {
        Some(
            "08" | "0A" | "0L" | "0P" | "23" | "25" | "26" | "28" | "2B" | "2D" | "3D" | "3F"
            | "40" | "42" | "53" | "54" | "55" | "57" | "58" | "XX",
        ) => with_code(server),
        _ => format!("SQLSTATE {code}"),
    }
}

fn with_code(server: &DbError) -> String {
    format!("{} (SQLSTATE {})", server.message(), server.code().code())
}

/// Returns the messages of the driver and of its cause, which is not the server.
fn describe(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Returns the constraint, by its name in our schema, or by its columns in a schema that something else created.
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

/// Returns true if a row of ours refers to a missing user, or to a missing row of a user. Otherwise another table
/// refers to the deleted row, or a row of ours refers to another table.
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
    // In a schema that something else created, the name may differ. The detail ends with the referenced table, in any
    // language.
    constraint == format!("{table}_{column}_fkey")
        || columns(server).is_some_and(|columns| columns == column)
            && server
                .detail()
                .is_some_and(|detail| detail.trim_end_matches('.').ends_with(target))
}

/// Returns the columns of a key, without the values, from a detail such as `Key ("userId")=(...) is not present in
/// table "User".`, in any language.
fn columns(server: &DbError) -> Option<String> {
    let (key, _) = server.detail()?.split_once(")=(")?;
    let (_, columns) = key.split_once('(')?;
    Some(columns.replace('"', ""))
}
