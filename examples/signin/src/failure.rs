//! Why a request was not granted, and what the browser is shown.

use std::fmt::Display;

use crate::http::Response;
use crate::page;

pub(crate) type Outcome = Result<Response, Failure>;

/// Why a request was not granted.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No one is signed in.
    SignInFirst,
    /// Said to the person, with a status.
    Told(u16, &'static str),
    /// The store's.
    Store(authstore::Error),
    /// A fault of this program or of a service that it uses; logged.
    Internal(String),
}

impl Failure {
    pub(crate) fn internal(what: &str, error: impl Display) -> Self {
        Failure::Internal(format!("{what} failed: {error}"))
    }

    pub(crate) fn into_response(self) -> Response {
        match self {
            Failure::SignInFirst => Response::redirect("/"),
            Failure::Told(status, message) => page::message(status, message),
            Failure::Store(error) if error.is_retryable() => {
                eprintln!("database unavailable: {error}");
                page::message(
                    503,
                    "The database is not available. Please try again in a moment.",
                )
                .with("Retry-After", "2".into())
            }
            Failure::Store(authstore::Error::Invalid { .. }) => {
                page::message(400, "One of the values cannot be stored.")
            }
            Failure::Store(error) => {
                eprintln!("request failed: {error}");
                page::message(500, "Internal error.")
            }
            Failure::Internal(error) => {
                eprintln!("{error}");
                page::message(500, "Internal error.")
            }
        }
    }
}

impl From<authstore::Error> for Failure {
    fn from(error: authstore::Error) -> Self {
        Failure::Store(error)
    }
}
