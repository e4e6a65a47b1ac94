//! What the errors of MySQL, MariaDB and the driver mean to a caller.
//!
//! The numbers are those of the [MySQL](https://dev.mysql.com/doc/mysql-errors/9.7/en/server-error-reference.html) and
//! [MariaDB](https://mariadb.com/docs/server/reference/error-codes) error references.

use std::error::Error as _;
use std::io;

use mysql::{DriverError, MySqlError};

use crate::error::{Constraint, Entity, Error};
use crate::migration::MigrationError;

/// How far a statement has come when it fails, and so what its failure leaves open.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing is left open: it is only being prepared.
    NotExecuted,
    /// Nothing is left open: what it did is undone with the connection.
    BeforeCommit,
    /// Whether it was done, when no answer came. Statements that only read are run so too: their caller knows.
    Writing,
}

/// What an error means for the connection and for the work, where it means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StatementFailure {
    /// Another transaction was in the way, and all of this one was undone: the work can be run again.
    RolledBack,
    /// The connection is unusable, and nothing was done: the work can be run again on another.
    NotExecuted,
    /// The connection was lost before the answer came.
    Lost,
    /// The answer did not come before the timeout, or the server can do no writes: another connection would be no better
    /// now.
    NoRetry,
}

impl StatementFailure {
    /// Whether the connection is unusable.
    pub(super) fn breaks(self) -> bool {
        self != StatementFailure::RolledBack
    }
}

/// The driver panicked: a bug of its own, or an answer that it does not know. The connection may be in any state.
pub(super) fn classify_panic(phase: Phase) -> (Error, Option<StatementFailure>) {
    let reason = "the driver panicked";
    let error = match phase {
        Phase::Writing => Error::outcome_unknown(reason),
        _ => Error::backend(reason),
    };
    (error, Some(StatementFailure::NoRetry))
}

/// What an error means while a connection is being made.
pub(super) fn classify_connecting(error: mysql::Error) -> Error {
    match input_output(&error) {
        // The TLS library's refusal, in its words. It will not think better of it.
        Some(io) if io.kind() == io::ErrorKind::InvalidData => {
            Error::backend(io.to_string()).with_source(error)
        }
        _ => classify(error, "", Phase::NotExecuted).0,
    }
}

/// What an error means for a statement, this one, in this phase.
pub(super) fn classify(
    error: mysql::Error,
    sql: &str,
    phase: Phase,
) -> (Error, Option<StatementFailure>) {
    if let Some(io) = input_output(&error) {
        let (meaning, failure) = classify_io(io, phase);
        return (meaning.with_source(error), Some(failure));
    }
    match error {
        mysql::Error::MySqlError(error) => classify_server(error, sql),
        mysql::Error::DriverError(
            error @ (DriverError::ConnectTimeout | DriverError::CouldNotConnect(_)),
        ) => (
            Error::unavailable(error.to_string()).with_source(error),
            Some(StatementFailure::NotExecuted),
        ),
        // Nothing was sent: the statement and its parameters do not belong together.
        mysql::Error::DriverError(error @ DriverError::MismatchedStmtParams(..)) => {
            (Error::backend(error.to_string()).with_source(error), None)
        }
        // An answer that was not understood.
        error if phase == Phase::Writing => (
            Error::outcome_unknown(error.to_string()).with_source(error),
            Some(StatementFailure::NoRetry),
        ),
        error => (
            Error::backend(error.to_string()).with_source(error),
            Some(StatementFailure::NoRetry),
        ),
    }
}

/// What went wrong with the connection itself, if it did.
fn input_output(error: &mysql::Error) -> Option<&io::Error> {
    match error {
        mysql::Error::IoError(error) => Some(error),
        mysql::Error::CodecError(error) => error.source()?.downcast_ref(),
        _ => None,
    }
}

fn classify_io(error: &io::Error, phase: Phase) -> (Error, StatementFailure) {
    if matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
    ) {
        let reason = "the server gave no answer in time";
        return match phase {
            Phase::Writing => (Error::outcome_unknown(reason), StatementFailure::NoRetry),
            _ => (Error::unavailable(reason), StatementFailure::NoRetry),
        };
    }
    // The operating system's own "broken pipe" means that the statement's end was never sent; the driver makes an error
    // of that kind when the server closes instead of answering.
    let unsent = error.kind() == io::ErrorKind::BrokenPipe && error.raw_os_error().is_some();
    let reason = format!("the connection was lost: {error}");
    match phase {
        Phase::Writing if !unsent => (Error::outcome_unknown(reason), StatementFailure::Lost),
        _ => (Error::unavailable(reason), StatementFailure::NotExecuted),
    }
}

/// A statement to which the server answers with an error has changed nothing.
fn classify_server(error: MySqlError, sql: &str) -> (Error, Option<StatementFailure>) {
    let unavailable = |failure| (Error::unavailable(words(&error)), failure);
    match error.code {
        // A duplicate entry.
        1062 | 1586 => match constraint(&error.message, sql) {
            Some(constraint) => (Error::conflict(constraint), None),
            None => (Error::backend(words(&error)), None),
        },
        // A foreign key without its row: all of them name a user.
        1216 | 1452 => (Error::not_found(Entity::User), None),
        // No such table, no such column.
        1054 | 1146 => {
            let reason = words(&error);
            (MigrationError::SchemaMissing { reason }.into(), None)
        }
        // A deadlock; a row changed since it was read; a table changed since the statement was prepared; a conflict
        // between the members of a group.
        1020 | 1213 | 1615 | 3101 => unavailable(Some(StatementFailure::RolledBack)),
        // A lock or a time limit.
        1205 | 1907 | 1969 | 3024 | 3572 => unavailable(None),
        // Shutdown, KILL, a session that was closed for being idle, a statement that the server has forgotten.
        1053 | 1152 | 1158..=1161 | 1243 | 1317 | 1927 | 3169 | 4031 => {
            unavailable(Some(StatementFailure::NotExecuted))
        }
        // Read-only: a replica, or a server that has just handed over to another. A new connection may find that one.
        1290 | 1792 | 1836 => unavailable(Some(StatementFailure::NoRetry)),
        // Too many connections, statements, transactions; no memory; a full disk; a cluster that is not ready.
        1021 | 1037 | 1038 | 1040 | 1041 | 1047 | 1114 | 1135 | 1203 | 1206 | 1226 | 1461
        | 1637 => unavailable(None),
        _ => (Error::backend(words(&error)), None),
    }
}

/// The server's words, where its message for this error holds none of the values that were sent.
fn words(error: &MySqlError) -> String {
    let MySqlError {
        code,
        state,
        message,
    } = error;
    match code {
        // Resources, locks, sign-in, databases.
        1020 | 1021 | 1037 | 1038 | 1040..=1047 | 1049 | 1053 | 1114 | 1129 | 1130 | 1135 | 1142..=1143
        | 1152..=1161 | 1203 | 1205..=1206 | 1213 | 1226 | 1227 | 1243 | 1251 | 1275 | 1290 | 1317
        | 1461 | 1524 | 1615 | 1637 | 1698 | 1792 | 1820 | 1836 | 1862 | 1907 | 1927 | 1969 | 3024
        | 3101 | 3118 | 3159 | 3169 | 3572 | 3955 | 4031 | 4151
        // Schema and syntax: names, types, and the text of the statement, in which the values are `?`.
        | 1005 | 1007 | 1008 | 1025 | 1050 | 1051 | 1054 | 1059..=1061 | 1063 | 1064 | 1067..=1075
        | 1091 | 1101 | 1103 | 1113 | 1115 | 1146 | 1148 | 1149 | 1170 | 1193 | 1214 | 1215 | 1231
        | 1235 | 1253 | 1267 | 1273 | 1286 | 1305 | 1419 | 1451 | 1553 | 1665 | 1709 | 1822..=1834
        | 3708 | 3730 | 3780 | 3819 | 4025 => format!("{message} ({code})"),
        _ => format!("error {code}, SQL state {state}"),
    }
}

/// Which uniqueness a duplicate entry hit. The message ends with the name of the key in quotes, after the entry, which
/// may hold anything: `Duplicate entry '...' for key 'User.User_email_key'`, and on MariaDB `'User_email_key'`.
fn constraint(message: &str, sql: &str) -> Option<Constraint> {
    let (before, _) = message.rsplit_once('\'')?;
    let (_, key) = before.rsplit_once('\'')?;
    let name = key.rsplit_once('.').map_or(key, |(_, name)| name);
    Some(match name {
        "User_email_key" => Constraint::UserEmail,
        "Account_provider_providerAccountId_key" => Constraint::ProviderAccount,
        "Session_sessionToken_key" => Constraint::SessionToken,
        "Authenticator_credentialID_key" => Constraint::AuthenticatorCredentialId,
        "PRIMARY" => primary_key(sql)?,
        _ => return None,
    })
}

/// The primary key of the table that the statement writes to: the first name in it.
fn primary_key(sql: &str) -> Option<Constraint> {
    Some(match sql.split('`').nth(1)? {
        "User" => Constraint::UserId,
        "Account" => Constraint::AccountId,
        "Session" => Constraint::SessionId,
        "VerificationToken" => Constraint::VerificationToken,
        "Authenticator" => Constraint::AuthenticatorCredentialId,
        "authstore_challenge" => Constraint::ChallengeKey,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(code: u16, message: &str, sql: &str) -> (Error, Option<StatementFailure>) {
        let error = MySqlError {
            code,
            state: "HY000".into(),
            message: message.into(),
        };
        classify(error.into(), sql, Phase::Writing)
    }

    fn hit(message: &str, sql: &str) -> Option<Constraint> {
        match server(1062, message, sql).0 {
            Error::Conflict { constraint } => Some(constraint),
            _ => None,
        }
    }

    #[test]
    fn the_key_that_was_hit_is_the_last_thing_in_quotes() {
        for (message, constraint) in [
            (
                "Duplicate entry 'a@b' for key 'User.User_email_key'",
                Constraint::UserEmail,
            ),
            (
                "Duplicate entry 'a@b' for key 'User_email_key'",
                Constraint::UserEmail,
            ),
            (
                "Duplicate entry 'x' for key 'User.PRIMARY'",
                Constraint::UserId,
            ),
            ("Duplicate entry 'x' for key 'PRIMARY'", Constraint::UserId),
            (
                "Duplicate entry 'x' for key 'PRIMARY'' for key 'User.User_email_key'",
                Constraint::UserEmail,
            ),
            (
                "Doppelter Eintrag 'x' für Schlüssel 'User_email_key'",
                Constraint::UserEmail,
            ),
        ] {
            assert_eq!(
                hit(message, "INSERT INTO `User` (`id`) VALUES (?)"),
                Some(constraint),
                "{message}"
            );
        }
    }

    #[test]
    fn no_value_is_shown() {
        for code in [1062, 1264, 1265, 1292, 1366, 1406, 1411, 1690] {
            let message = "Incorrect string value: 'hunter2' for key 'other'";
            let (error, _) = server(code, message, "");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains(&code.to_string()), "{shown}");
        }
    }
}
