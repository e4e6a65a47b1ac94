//! The reasons why a request fails, and what the browser shows.

use std::fmt::Display;

use crate::http::Response;
use crate::page;

pub(crate) type Outcome = Result<Response, Failure>;

/// The reason why a request fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No one is signed in.
    SignInFirst,
    /// A message for the user, with a status.
    Told(u16, &'static str),
    /// An error of the store.
    Store(authstore::Error),
    /// An error of this program or of a service that it uses. It is logged.
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
            // Not to be sent again without a look: it may have been done.
            Failure::Store(error @ authstore::Error::OutcomeUnknown { .. }) => {
                eprintln!("database did not answer: {error}");
                page::message(
                    503,
                    "The database did not answer. Please check whether this was done before you try again.",
                )
            }
            Failure::Store(authstore::Error::Invalid { .. }) => {
                page::message(400, "One of the values cannot be stored.")
            }
            Failure::Store(authstore::Error::Conflict { .. }) => {
                page::message(409, "This is registered already.")
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

#[cfg(test)]
mod tests {
    use authstore::Error;

    use super::Failure;

    #[test]
    fn a_lost_database_is_no_internal_error() {
        for error in [Error::unavailable("gone"), Error::outcome_unknown("gone")] {
            assert_eq!(Failure::from(error).into_response().status, 503);
        }
    }
}
