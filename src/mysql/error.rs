//! Converts the errors of MySQL, MariaDB and the driver to those of the contract.
//!
//! The numbers are those of the [MySQL](https://dev.mysql.com/doc/mysql-errors/9.7/en/server-error-reference.html) and
//! [MariaDB](https://mariadb.com/docs/server/reference/error-codes) error references.

use std::error::Error as _;
use std::io;

use mysql::{DriverError, MySqlError};

use crate::error::{Constraint, Entity, Error};
use crate::migration::MigrationError;

/// How far a statement got before it failed, which determines what is unknown afterwards.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The statement is only being prepared, so nothing is unknown.
    NotExecuted,
    /// Its changes are undone with the connection, so nothing is unknown.
    BeforeCommit,
    /// If no answer comes, it is unknown whether the statement was done. Reads run in this phase too: their caller
    /// knows that nothing was written.
    Writing,
}

/// What an error means for the connection and for the work, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StatementFailure {
    /// A conflict with another transaction. All of this one was undone, so the work can be run again.
    RolledBack,
    /// The connection is unusable, and nothing was done: the work can be run again on another.
    NotExecuted,
    /// The connection was lost before the answer came.
    Lost,
    /// The answer did not come before the timeout. Other connections to this server would fare no better now.
    Unanswered,
    /// This server accepts no writes now, and nothing was done: the work can be run again on another host.
    ReadOnly,
    /// The state of the work and of the connection is unknown.
    NoRetry,
}

impl StatementFailure {
    /// Returns whether the connection is unusable.
    pub(super) fn breaks_connection(self) -> bool {
        self != StatementFailure::RolledBack
    }
}

/// Whether another host might sign the user in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SignInFailure {
    /// The user is rejected, as all hosts would.
    User,
    /// The host works, but accepts no more connections now.
    Full,
    /// This host cannot be used.
    Host,
}

impl SignInFailure {
    pub(super) fn of(error: &mysql::Error) -> Self {
        let mysql::Error::MySqlError(error) = error else {
            return SignInFailure::Host;
        };
        match error.code {
            // No privileges on the database; a wrong password; an expired one; a locked account.
            1044 | 1045 | 1698 | 1820 | 1862 | 3118 | 3955 | 4151 => SignInFailure::User,
            // Too many connections, or no memory or thread for another.
            1037 | 1038 | 1040 | 1041 | 1135 | 1203 | 1226 => SignInFailure::Full,
            _ => SignInFailure::Host,
        }
    }
}

/// Classifies a panic of the driver, which has a bug or does not understand an answer. The connection may be in any
/// state.
pub(super) fn classify_panic(phase: Phase) -> (Error, Option<StatementFailure>) {
    let reason = "the driver panicked";
    let error = match phase {
        Phase::Writing => Error::outcome_unknown(reason),
        _ => Error::backend(reason),
    };
    (error, Some(StatementFailure::NoRetry))
}

/// Classifies an error while connecting.
pub(super) fn classify_connecting(error: mysql::Error) -> Error {
    match input_output(&error) {
        // The TLS library rejected the server, and would do so again. The message is its own.
        Some(io) if io.kind() == io::ErrorKind::InvalidData => Error::backend(io.to_string()),
        _ => classify(error, "", Phase::NotExecuted).0,
    }
}

/// Classifies an error of this statement in this phase.
pub(super) fn classify(
    error: mysql::Error,
    sql: &str,
    phase: Phase,
) -> (Error, Option<StatementFailure>) {
    if let Some(io) = input_output(&error) {
        let (meaning, failure) = classify_io(io, phase);
        return (meaning, Some(failure));
    }
    match error {
        mysql::Error::MySqlError(error) if is_signal(&error) => {
            (Error::rejected(table(sql).unwrap_or("a trigger")), None)
        }
        mysql::Error::MySqlError(error) if is_lost_behind_a_proxy(&error) => {
            let (meaning, failure) = lost(words(&error), phase);
            (meaning, Some(failure))
        }
        mysql::Error::MySqlError(error) => classify_server(error, sql),
        mysql::Error::DriverError(
            error @ (DriverError::ConnectTimeout | DriverError::CouldNotConnect(_)),
        ) => (
            Error::unavailable(unreachable(&error)),
            Some(StatementFailure::NotExecuted),
        ),
        // Nothing was sent: the parameters do not match the statement.
        mysql::Error::DriverError(error @ DriverError::MismatchedStmtParams(..)) => {
            (Error::backend(error.to_string()), None)
        }
        // An answer that was not understood.
        error if phase == Phase::Writing => (
            Error::outcome_unknown(error.to_string()),
            Some(StatementFailure::NoRetry),
        ),
        error => (
            Error::backend(error.to_string()),
            Some(StatementFailure::NoRetry),
        ),
    }
}

/// Returns true for SIGNAL in a trigger of the application, which may choose the number and the message. It has the
/// class of user-defined errors, or else usually this number.
fn is_signal(error: &MySqlError) -> bool {
    error.code == 1644 || error.state.starts_with("45")
}

/// Returns true if a proxy has lost its connection to the server, perhaps after the server was asked to do the
/// statement: an error of the client's range, or MaxScale's (1927, which MariaDB itself uses for KILL).
fn is_lost_behind_a_proxy(error: &MySqlError) -> bool {
    matches!(error.code, 2000..3000)
        || error.code == 1927 && error.message.contains("Lost connection to backend")
}

/// Returns why there is no connection, without the address, which the caller adds.
fn unreachable(error: &DriverError) -> String {
    match error {
        DriverError::CouldNotConnect(Some((_, reason, _))) => {
            format!("could not connect: {reason}")
        }
        error => error.to_string(),
    }
}

/// Returns the input/output error of the connection, if that is the cause.
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
        let reason = "the server did not answer before the timeout";
        return match phase {
            Phase::Writing => (Error::outcome_unknown(reason), StatementFailure::Unanswered),
            _ => (Error::unavailable(reason), StatementFailure::Unanswered),
        };
    }
    // The operating system's own "broken pipe" means that the statement's end was never sent; the driver makes an error
    // of that kind when the server closes instead of answering.
    let unsent = error.kind() == io::ErrorKind::BrokenPipe && error.raw_os_error().is_some();
    let reason = format!("the connection was lost: {error}");
    lost(reason, if unsent { Phase::NotExecuted } else { phase })
}

/// Classifies a connection that was lost in this phase.
fn lost(reason: String, phase: Phase) -> (Error, StatementFailure) {
    match phase {
        Phase::Writing => (Error::outcome_unknown(reason), StatementFailure::Lost),
        Phase::NotExecuted | Phase::BeforeCommit => {
            (Error::unavailable(reason), StatementFailure::NotExecuted)
        }
    }
}

/// Classifies the server's error by its number. A statement that fails with an error has changed nothing, except for an
/// error during COMMIT.
fn classify_server(error: MySqlError, sql: &str) -> (Error, Option<StatementFailure>) {
    use StatementFailure::{NoRetry, NotExecuted, ReadOnly, RolledBack};

    let unavailable = |failure| (Error::unavailable(words(&error)), failure);
    let for_good = |error| (error, None);
    match error.code {
        // A duplicate entry. For a migration's record, two runs were concurrent.
        1062 | 1586 if table(sql) == Some("authstore_migration") => {
            for_good(Error::backend(words(&error)))
        }
        1062 | 1586 => for_good(duplicate(&error.message, sql)),
        // A foreign key refers to a missing row. If it has no name, the user may not see the referenced table, so it is
        // not ours.
        1216 | 1452 => for_good(match foreign_key(&error.message) {
            Some(name)
                if OUR_FOREIGN_KEYS
                    .iter()
                    .any(|ours| ours.eq_ignore_ascii_case(name)) =>
            {
                Error::not_found(Entity::User)
            }
            name => Error::rejected(name.unwrap_or("a foreign key")),
        }),
        // A row that a foreign key of the application refers to.
        1217 | 1451 => for_good(Error::rejected(
            foreign_key(&error.message).unwrap_or("a foreign key"),
        )),
        // A CHECK of the application, because our tables have none. MySQL and MariaDB.
        3819 | 4025 => for_good(Error::rejected(
            quoted(&error.message).unwrap_or("a CHECK constraint"),
        )),
        // A column or table does not exist, unless a trigger of the application needs it.
        1054 => for_good(schema_missing(&error)),
        1146 if quoted(&error.message).is_none_or(|name| is_ours(unqualified(name))) => {
            for_good(schema_missing(&error))
        }

        // Retried immediately: a row that changed since it was read; a deadlock, or a conflict between the nodes of a
        // cluster; a table that changed since it was opened, or since the statement was prepared.
        1020 | 1213 | 1412 | 1615 => unavailable(Some(RolledBack)),
        // The savepoint does not exist: another node's write ended its transaction.
        1305 if sql.contains("SAVEPOINT") => unavailable(Some(RolledBack)),
        // An error during COMMIT. With the storage engine's error 149 (a deadlock), the members of a group disagreed
        // and it was rolled back. Otherwise (a cluster that lost its quorum, a full disk), other nodes may have
        // committed it.
        1180 if first_number(&error.message) == Some(149) => unavailable(Some(RolledBack)),
        1180 => (Error::outcome_unknown(words(&error)), Some(NoRetry)),
        // A member of a group could not learn whether the group had accepted the commit, or was told to roll back: after
        // a conflict, but also because it has left the group, whose majority may have committed.
        3100 | 3101 => (Error::outcome_unknown(words(&error)), Some(NoRetry)),

        // A lock or a time limit: the caller may retry later.
        1205 | 1907 | 1969 | 3024 | 3572 => unavailable(None),
        // Retried on another connection: a shutdown, KILL, a session that was closed because it was idle, a statement
        // that the server has forgotten, a network error.
        1053 | 1152 | 1158..=1161 | 1243 | 1317 | 1927 | 3168 | 3169 | 4031 => {
            unavailable(Some(NotExecuted))
        }
        // Read-only (a replica, or a server that was just demoted); offline; a node that has lost its cluster or has
        // not joined it yet; a member that its group does not let write, or that could not wait for it.
        1290 if !is_read_only_option(&error.message) => for_good(Error::backend(words(&error))),
        1047 | 1290 | 1792 | 1836 | 3032 | 3098 | 3796..=3799 => unavailable(Some(ReadOnly)),
        // Too many connections, statements, transactions or locks; out of memory; a full disk; a proxy that reaches no
        // server.
        1021 | 1037 | 1038 | 1040 | 1041 | 1114 | 1135 | 1203 | 1206 | 1226 | 1461 | 1637
        | 3170 | 9001 => unavailable(None),

        // Everything else has to be fixed first: the password, privileges, the schema, a blocked host (1129), a packet
        // that is too large (1153), a binary log format that does not support the isolation level (1665); or an unknown
        // error (1105).
        _ => for_good(Error::backend(words(&error))),
    }
}

/// Returns true if the option that prevents a statement makes the server read-only. Names of options are not
/// translated.
fn is_read_only_option(message: &str) -> bool {
    message.contains("read-only") || message.contains("read_only")
}

/// Returns true if the server reports that a time limit was exceeded, for a lock or for the statement.
pub(super) fn is_timeout(error: &MySqlError) -> bool {
    matches!(error.code, 1205 | 1907 | 1969 | 3024)
}

/// Returns true if the server has undone a statement for the sake of another connection, or of another node.
pub(super) fn is_deadlock(error: &MySqlError) -> bool {
    error.code == 1213
}

/// Returns true if InnoDB rolls back the whole transaction with this error, or may: a lock timeout with
/// `innodb_rollback_on_timeout`, or a full lock table.
pub(super) fn may_end_transaction(error: &MySqlError) -> bool {
    matches!(error.code, 1205 | 1206)
}

/// Returns the error for a failure in a migration's SQL. This SQL has no parameters, but the server's message may quote
/// the rows that it met.
pub(super) fn classify_migration(error: MySqlError) -> Error {
    let code = error.code;
    let message = match code {
        _ if is_signal(&error) => words(&error),
        1062 | 1586 => {
            let key = last_quoted(&error.message).unwrap_or_default();
            format!("Duplicate entry for key '{key}' ({code})")
        }
        // These name columns, types, constraints and numbers of rows.
        1048
        | 1117
        | 1118
        | 1136
        | 1138
        | 1162..=1168
        | 1171
        | 1173
        | 1176
        | 1217
        | 1264
        | 1265
        | 1364
        | 1406
        | 1452
        | 1503
        | 1506
        | 1846
        | 3756
        | 3757
        | 3819
        | 3959
        | 4025 => {
            format!("{} ({code})", error.message)
        }
        _ => words(&error),
    };
    match classify_server(error, "").0 {
        Error::Unavailable { source, .. } => Error::Unavailable {
            reason: message,
            source,
        },
        Error::OutcomeUnknown { source, .. } => Error::OutcomeUnknown {
            reason: message,
            source,
        },
        _ => Error::backend(message),
    }
}

fn schema_missing(error: &MySqlError) -> Error {
    let reason = words(error);
    MigrationError::SchemaMissing { reason }.into()
}

/// Returns the server's message, if this error's message never contains values that were sent.
fn words(error: &MySqlError) -> String {
    let MySqlError {
        code,
        state,
        message,
    } = error;
    match code {
        _ if is_signal(error) => format!("error {code}, SQL state {state}"),
        // Resources, locks, sign-in, databases.
        1020..=1022 | 1037 | 1038 | 1040..=1047 | 1049 | 1053 | 1114 | 1129 | 1130 | 1135 | 1142..=1143
        | 1152..=1161 | 1203 | 1180 | 1205..=1206 | 1213 | 1226 | 1227 | 1243 | 1251 | 1275 | 1290 | 1317 | 1412
        | 1461 | 1524 | 1615 | 1637 | 1698 | 1792 | 1820 | 1836 | 1862 | 1907 | 1927 | 1969 | 3024
        | 3032 | 3098 | 3100 | 3101 | 3118 | 3159 | 3168..=3170 | 3572 | 3796..=3799 | 3955 | 4031 | 4151 | 9001
        // Schema and syntax: names, types, and the text of the statement, in which values are `?`.
        | 1005 | 1007 | 1008 | 1025 | 1050 | 1051 | 1054 | 1059..=1061 | 1063 | 1064 | 1067..=1075
        | 1091 | 1101 | 1103 | 1113 | 1115 | 1146 | 1148 | 1149 | 1170 | 1193 | 1214 | 1215 | 1231
        | 1235 | 1253 | 1267 | 1273 | 1286 | 1305 | 1419 | 1451 | 1553 | 1665 | 1709 | 1822..=1834
        | 3708 | 3730 | 3780 => format!("{message} ({code})"),
        _ => format!("error {code}, SQL state {state}"),
    }
}

const OUR_FOREIGN_KEYS: [&str; 5] = [
    "Account_userId_fkey",
    "Session_userId_fkey",
    "Authenticator_userId_fkey",
    // The caller treats a missing row as a session or an authenticator that was deleted concurrently.
    "authstore_session_details_session_id_fkey",
    "authstore_authenticator_details_credential_id_fkey",
];

fn is_ours(table: &str) -> bool {
    primary_key(table).is_some() || table.starts_with("authstore_")
}

/// Returns the constraint that a duplicate entry violated. The message ends with the quoted name of the key, after the
/// entry, which may contain anything: `Duplicate entry '...' for key 'User.User_email_key'`, and on MariaDB
/// `'User_email_key'`.
fn duplicate(message: &str, sql: &str) -> Error {
    let Some(key) = last_quoted(message) else {
        return Error::rejected("a unique key");
    };
    let (table_of_key, name) = match key.rsplit_once('.') {
        Some((table, name)) => (Some(table), name),
        None => (None, key),
    };
    // Names of keys have no case.
    let ours = match name.to_ascii_lowercase().as_str() {
        "user_email_key" => Some(Constraint::UserEmail),
        "account_provider_provideraccountid_key" => Some(Constraint::ProviderAccount),
        "session_sessiontoken_key" => Some(Constraint::SessionToken),
        "authenticator_credentialid_key" => Some(Constraint::AuthenticatorCredentialId),
        "primary" => table_of_key.or_else(|| table(sql)).and_then(primary_key),
        _ => None,
    };
    match ours {
        Some(constraint) if table_of_key.is_none_or(is_ours) => Error::conflict(constraint),
        _ => Error::rejected(key),
    }
}

/// Returns true if the error may have happened in a trigger and its message does not show that: it names a primary key
/// without the table, as on MariaDB, or it is the trigger's own message.
pub(super) fn may_be_of_a_trigger(error: &mysql::Error) -> bool {
    matches!(error, mysql::Error::MySqlError(error) if match error.code {
        1062 | 1586 => last_quoted(&error.message) == Some("PRIMARY"),
        _ => is_signal(error),
    })
}

/// Returns the trigger in which an error happened, from the note that MariaDB adds to it: `At line 1 in db.trigger`, in
/// any language.
pub(super) fn trigger(warnings: &[(String, u16, String)]) -> Option<&str> {
    warnings
        .iter()
        .find(|(_, code, _)| *code == 4094)
        .and_then(|(_, _, note)| note.rsplit(' ').next())
        .map(unqualified)
}

/// A server with `lower_case_table_names=1` names its tables in lower case.
fn primary_key(table: &str) -> Option<Constraint> {
    Some(match table.to_ascii_lowercase().as_str() {
        "user" => Constraint::UserId,
        "account" => Constraint::AccountId,
        "session" => Constraint::SessionId,
        "verificationtoken" => Constraint::VerificationToken,
        "authenticator" => Constraint::AuthenticatorCredentialId,
        "authstore_challenge" => Constraint::ChallengeKey,
        _ => return None,
    })
}

/// Returns the table that the statement writes to: the first name in it.
fn table(sql: &str) -> Option<&str> {
    sql.split('`').nth(1)
}

/// Returns the name of a foreign key from ``... (`db`.`Session`, CONSTRAINT `Session_userId_fkey` FOREIGN KEY ...)``,
/// in any language.
fn foreign_key(message: &str) -> Option<&str> {
    quoted(message.split_once("CONSTRAINT ")?.1)
}

/// Returns the first text in quotes of either kind.
fn quoted(message: &str) -> Option<&str> {
    message.split(['`', '\'']).nth(1)
}

fn last_quoted(message: &str) -> Option<&str> {
    let (before, _) = message.rsplit_once('\'')?;
    Some(before.rsplit_once('\'')?.1)
}

fn unqualified(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, name)| name)
}

fn first_number(message: &str) -> Option<u32> {
    message
        .split(|other: char| !other.is_ascii_digit())
        .find(|digits| !digits.is_empty())?
        .parse()
        .ok()
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
    fn violated_key_is_the_last_quoted_name() {
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
            (
                "Duplicate entry 'x' for key 'user.User_email_key'",
                Constraint::UserEmail,
            ),
            (
                "Duplicate entry 'x' for key 'verificationtoken.PRIMARY'",
                Constraint::VerificationToken,
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
    fn application_constraints_are_named() {
        let rejected = |code, message: &str, sql: &str| match server(code, message, sql).0 {
            Error::Rejected { constraint } => constraint,
            error => panic!("{message}: {error:?}"),
        };
        let insert = "INSERT INTO `User` (`id`) VALUES (?)";
        assert_eq!(
            rejected(1062, "Duplicate entry 'x' for key 'audit.PRIMARY'", insert),
            "audit.PRIMARY"
        );
        assert_eq!(
            rejected(1062, "Duplicate entry 'x' for key 'User.nick'", insert),
            "User.nick"
        );
        for code in [1451, 1452] {
            let message = "... fails (`d`.`post`, CONSTRAINT `post_author` FOREIGN KEY (`author`) REFERENCES `User` (`id`))";
            assert_eq!(rejected(code, message, insert), "post_author");
        }
        assert_eq!(
            rejected(3819, "Check constraint 'adult' is violated.", insert),
            "adult"
        );
        assert_eq!(
            rejected(4025, "CONSTRAINT `adult` failed for `d`.`User`", insert),
            "adult"
        );
        assert_eq!(rejected(1644, "hunter2 is banned", insert), "User");
        let ours = "... fails (`d`.`Session`, CONSTRAINT `Session_userId_fkey` FOREIGN KEY (`userId`) REFERENCES `User` (`id`))";
        assert!(matches!(
            server(1452, ours, insert).0,
            Error::NotFound {
                entity: Entity::User
            }
        ));
    }

    #[test]
    fn missing_table_of_ours_is_a_missing_schema() {
        let ours = server(1146, "Table 'auth.User' doesn't exist", "").0;
        assert!(matches!(ours, Error::Migration(_)), "{ours:?}");
        let other = server(1146, "Table 'auth.audit' doesn't exist", "").0;
        assert!(matches!(other, Error::Backend { .. }), "{other:?}");
    }

    #[test]
    fn commit_error_uses_the_engines_number() {
        let (error, failure) = server(
            1180,
            "Got error 149 - 'Lock deadlock; Retry transaction' during COMMIT",
            "",
        );
        assert!(error.is_retryable(), "{error:?}");
        assert_eq!(failure, Some(StatementFailure::RolledBack));
        let lost = "Got error 5 \"Input/output error\" during COMMIT";
        let (error, failure) = server(1180, lost, "");
        assert!(matches!(error, Error::OutcomeUnknown { .. }), "{error:?}");
        assert_eq!(failure, Some(StatementFailure::NoRetry));
    }

    #[test]
    fn no_value_is_shown() {
        for code in [1062, 1264, 1451, 1644, 1265, 1292, 1366, 1406, 1411, 1690] {
            let message = "Incorrect string value: 'hunter2' for key 'other'";
            let (error, _) = server(code, message, "");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(
                shown.contains(&code.to_string()) || matches!(error, Error::Rejected { .. }),
                "{shown}"
            );
        }
    }
}
