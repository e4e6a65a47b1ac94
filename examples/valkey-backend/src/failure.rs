//! Converts the driver's errors to those of the contract. They are not kept as sources, because they may quote what was
//! sent.

use authstore::{Constraint, Entity, Error};
use redis::{ErrorKind, RedisError};

/// Returns true if the server has answered, so the connection can be used again.
pub(crate) fn is_answer(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
}

/// The error of a call that cannot have written anything yet.
pub(crate) fn of_connect(error: &RedisError) -> Error {
    match error.kind() {
        ErrorKind::AuthenticationFailed => Error::backend("the server rejects the password"),
        _ => Error::unavailable(reason(error)),
    }
}

/// The error of a call that only reads.
pub(crate) fn of_read(error: &RedisError) -> Error {
    match error.kind() {
        ErrorKind::Io => Error::unavailable(reason(error)),
        _ => of_answer(error).unwrap_or_else(|| Error::backend(reason(error))),
    }
}

/// The error of a call that writes: without an answer, all of it may have been written.
pub(crate) fn of_write(error: &RedisError) -> Error {
    of_answer(error).unwrap_or_else(|| Error::outcome_unknown(reason(error)))
}

/// Converts an answer of the server: an error of the script (see `lua/prelude.lua`), or of the server, which then has
/// not run the script, or has rejected its first write.
fn of_answer(error: &RedisError) -> Option<Error> {
    if !is_answer(error) {
        return None;
    }
    let code = error.code().unwrap_or("ERR");
    Some(match (code, error.detail().unwrap_or_default()) {
        ("CONFLICT", "UserId") => Error::conflict(Constraint::UserId),
        ("CONFLICT", "UserEmail") => Error::conflict(Constraint::UserEmail),
        ("CONFLICT", "AccountId") => Error::conflict(Constraint::AccountId),
        ("CONFLICT", "ProviderAccount") => Error::conflict(Constraint::ProviderAccount),
        ("CONFLICT", "SessionId") => Error::conflict(Constraint::SessionId),
        ("CONFLICT", "SessionToken") => Error::conflict(Constraint::SessionToken),
        ("CONFLICT", "VerificationToken") => Error::conflict(Constraint::VerificationToken),
        ("CONFLICT", "AuthenticatorCredentialId") => {
            Error::conflict(Constraint::AuthenticatorCredentialId)
        }
        ("CONFLICT", "AuthenticatorCounter") => Error::conflict(Constraint::AuthenticatorCounter),
        ("CONFLICT", "ChallengeKey") => Error::conflict(Constraint::ChallengeKey),
        ("NOTFOUND", "User") => Error::not_found(Entity::User),
        ("NOTFOUND", "Account") => Error::not_found(Entity::Account),
        ("NOTFOUND", "Authenticator") => Error::not_found(Entity::Authenticator),
        (
            "BUSY" | "LOADING" | "MASTERDOWN" | "MISCONF" | "NOREPLICAS" | "NOSCRIPT" | "OOM"
            | "READONLY",
            _,
        ) => Error::unavailable(reason(error)),
        _ => Error::backend(reason(error)),
    })
}

/// Returns what may be shown: the kind of error, and the first word of the server's answer.
fn reason(error: &RedisError) -> String {
    match error.code() {
        Some(code) => format!("the server answered {code}"),
        None if error.is_timeout() => "the server did not answer before the timeout".to_owned(),
        None => format!("no answer from the server ({})", error.category()),
    }
}
