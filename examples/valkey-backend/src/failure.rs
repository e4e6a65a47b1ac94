//! The driver's errors in the words of the contract. None is passed on as a source: they may quote what was sent.

use authstore::{Constraint, Entity, Error};
use redis::{ErrorKind, RedisError};

/// Whether the server has answered: the connection is in step, and can be used again.
pub(crate) fn is_answer(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
}

/// Nothing can have been written yet.
pub(crate) fn of_connect(error: &RedisError) -> Error {
    match error.kind() {
        ErrorKind::AuthenticationFailed => Error::backend("the server rejects the password"),
        _ => Error::unavailable(reason(error)),
    }
}

/// Nothing was to be written.
pub(crate) fn of_read(error: &RedisError) -> Error {
    match error.kind() {
        ErrorKind::Io => Error::unavailable(reason(error)),
        _ => of_answer(error).unwrap_or_else(|| Error::backend(reason(error))),
    }
}

/// Without an answer, all of it may have been written.
pub(crate) fn of_write(error: &RedisError) -> Error {
    of_answer(error).unwrap_or_else(|| Error::outcome_unknown(reason(error)))
}

/// What the server answered: what the script found (see `lua/prelude.lua`), or that it cannot serve, in which case it has
/// not run the script, or has refused its first write.
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

/// What may be told: the kind of error, and the first word of the server's answer.
fn reason(error: &RedisError) -> String {
    match error.code() {
        Some(code) => format!("the server answered {code}"),
        None if error.is_timeout() => "the server did not answer before the timeout".to_owned(),
        None => format!("no answer from the server ({})", error.category()),
    }
}
