//! One error type, divided by what the caller can do about it.

use std::fmt::{self, Write as _};
use std::time::Duration;

use crate::migration::MigrationError;

/// A `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The cause of an error. Boxed to keep driver types out of the public API.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The reason why an operation failed.
///
/// The variant says what to do next. Neither `Display` nor `Debug`, of the error or of its sources, shows a token, a
/// password or any other stored value.
///
/// ```
/// use authstore::{AuthStore, Constraint, Error, NewUser};
///
/// # fn main() -> authstore::Result<()> {
/// let store = AuthStore::connect("sqlite::memory:")?;
/// store.migrate()?;
/// let ada = NewUser { email: Some("ada@example.org".into()), ..NewUser::default() };
/// store.create_user(ada.clone())?;
/// match store.create_user(ada) {
///     Err(Error::Conflict { constraint: Constraint::UserEmail, .. }) => println!("That address is taken."),
///     Err(error) if error.is_retryable() => println!("Please try again in a minute: {error}"),
///     other => panic!("{other:?}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A value, an option or a URL is invalid. Nothing was sent. Fix the input.
    Invalid {
        /// The field, argument or option at fault.
        field: &'static str,
        /// What is wrong with it, without the value itself.
        reason: String,
    },
    /// The row would violate this constraint. Nothing was written.
    Conflict {
        /// The constraint. If a row violates several, the database chooses which one is named.
        constraint: Constraint,
    },
    /// An update, or a reference to another row, named a row that does not exist. Nothing was written.
    NotFound {
        /// The kind of row that is missing.
        entity: Entity,
    },
    /// A constraint, foreign key or trigger that belongs to the application rejected the write. Nothing was written,
    /// and trying again does not help until the rows that it protects change.
    ///
    /// An example is `CREATE TABLE post (author text REFERENCES "User" (id))`: a user who has posts cannot be deleted.
    Rejected {
        /// The name of the constraint, index or trigger that rejected it, as the database reports it. Never a stored
        /// value. If the database reports no name, the name of what it belongs to: on SQLite, where foreign keys have
        /// no name, the table that refers to the row.
        constraint: String,
    },
    /// The database could not be reached, was busy, full, or did not answer before the timeout, and nothing was
    /// written. Safe to try again.
    Unavailable {
        /// What failed, with the database's message if it sent one.
        reason: String,
        /// The cause, if the reason does not already state it.
        source: Option<BoxError>,
    },
    /// The connection was lost, or the time limit elapsed, during a write. It was done completely or not at all, but it
    /// is unknown which. Check whether it was written before you try again.
    OutcomeUnknown {
        /// What failed, with the database's message if it sent one.
        reason: String,
        /// The cause, if the reason does not already state it.
        source: Option<BoxError>,
    },
    /// The schema is not the one that this program needs, or a migration failed.
    Migration(MigrationError),
    /// Anything else: a bug, a broken schema, a row that cannot be read, a file that is not a database. Trying again
    /// does not help.
    Backend {
        /// What failed, with the database's message if it sent one.
        reason: String,
        /// The cause, if the reason does not already state it.
        source: Option<BoxError>,
    },
}

impl Error {
    /// Returns whether the same call may succeed later, and repeating it cannot do the work twice.
    ///
    /// This is `true` for [`Error::Unavailable`] only.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::Unavailable { .. })
    }

    /// Creates an [`Error::Invalid`] for a field.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Error::Invalid {
            field,
            reason: reason.into(),
        }
    }

    /// Creates an [`Error::Conflict`] over a constraint.
    pub fn conflict(constraint: Constraint) -> Self {
        Error::Conflict { constraint }
    }

    /// Creates an [`Error::Rejected`] by a constraint that belongs to the application.
    pub fn rejected(constraint: impl Into<String>) -> Self {
        Error::Rejected {
            constraint: constraint.into(),
        }
    }

    /// Creates an [`Error::NotFound`] for a missing entity.
    pub fn not_found(entity: Entity) -> Self {
        Error::NotFound { entity }
    }

    /// Creates an [`Error::Unavailable`] without a source.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Error::Unavailable {
            reason: reason.into(),
            source: None,
        }
    }

    /// Creates an [`Error::OutcomeUnknown`] without a source.
    pub fn outcome_unknown(reason: impl Into<String>) -> Self {
        Error::OutcomeUnknown {
            reason: reason.into(),
            source: None,
        }
    }

    /// Creates an [`Error::Backend`] without a source.
    pub fn backend(reason: impl Into<String>) -> Self {
        Error::Backend {
            reason: reason.into(),
            source: None,
        }
    }

    /// Adds the name of the operation that failed, and the number of attempts if there was more than one.
    pub(crate) fn during(mut self, operation: &str, retries: u32) -> Self {
        if let Some(reason) = self.reason_mut() {
            *reason = match retries {
                0 => format!("{operation}: {reason}"),
                retries => format!("{operation}: {reason} (after {} attempts)", retries + 1),
            };
        }
        self
    }

    /// Adds a context in front of the reason.
    pub(crate) fn in_context(mut self, context: impl fmt::Display) -> Self {
        if let Some(reason) = self.reason_mut() {
            *reason = format!("{context}: {reason}");
        }
        self
    }

    /// Returns the same failure of something that writes nothing, whose outcome is never unknown.
    pub(crate) fn nothing_written(self) -> Self {
        match self {
            Error::OutcomeUnknown { reason, source } => Error::Unavailable { reason, source },
            error => error,
        }
    }

    /// Adds the time limit that ended the call to the reason, in the form of the URL's option.
    #[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
    pub(crate) fn after(mut self, option: &str, limit: Duration) -> Self {
        if let Some(reason) = self.reason_mut() {
            let _ = write!(reason, " ({option}_ms={})", limit.as_millis());
        }
        self
    }

    fn reason_mut(&mut self) -> Option<&mut String> {
        match self {
            Error::Unavailable { reason, .. }
            | Error::OutcomeUnknown { reason, .. }
            | Error::Backend { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// Adds the cause of the error. Errors are often printed with all their sources, so do not add a source that only
    /// repeats the reason. The source must not show a secret. Variants that have no source ([`Error::Invalid`],
    /// [`Error::Conflict`], [`Error::Rejected`], [`Error::NotFound`], [`Error::Migration`]) are returned unchanged.
    #[must_use]
    pub fn with_source(mut self, cause: impl Into<BoxError>) -> Self {
        if let Error::Unavailable { source, .. }
        | Error::OutcomeUnknown { source, .. }
        | Error::Backend { source, .. } = &mut self
        {
            *source = Some(cause.into());
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Invalid { field, reason } => write!(f, "{field} is invalid: {reason}"),
            Error::Conflict { constraint } => write!(f, "{constraint}"),
            Error::NotFound { entity } => write!(f, "{entity} not found"),
            Error::Rejected { constraint } => {
                write!(
                    f,
                    "rejected by the application's own constraint `{constraint}`"
                )
            }
            Error::Unavailable { reason, .. } => write!(f, "database unavailable: {reason}"),
            Error::OutcomeUnknown { reason, .. } => {
                write!(f, "unknown whether the write was done: {reason}")
            }
            Error::Migration(error) => error.fmt(f),
            Error::Backend { reason, .. } => write!(f, "database error: {reason}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Unavailable { source, .. }
            | Error::OutcomeUnknown { source, .. }
            | Error::Backend { source, .. } => source.as_deref().map(|source| source as _),
            Error::Migration(error) => error.source(),
            Error::Invalid { .. }
            | Error::Conflict { .. }
            | Error::Rejected { .. }
            | Error::NotFound { .. } => None,
        }
    }
}

/// Combines the errors of several hosts after connecting to each of them failed. An error that trying again does not
/// fix is returned alone, since an unreachable host must not hide it; otherwise all are listed.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn of_all(mut errors: Vec<Error>) -> Error {
    if let Some(index) = errors.iter().position(|error| !error.is_retryable()) {
        return errors.swap_remove(index);
    }
    match errors.len() {
        0 => return Error::unavailable("no host was named"),
        1 => return errors.swap_remove(0),
        _ => {}
    }
    let mut reasons = Vec::new();
    let mut last = None;
    for error in errors {
        if let Error::Unavailable { reason, source } = error {
            reasons.push(reason);
            last = source;
        }
    }
    Error::Unavailable {
        reason: reasons.join("; "),
        source: last,
    }
}

impl From<MigrationError> for Error {
    fn from(error: MigrationError) -> Self {
        Error::Migration(error)
    }
}

/// A constraint that a row must not violate: each unique constraint of the schema, and the rule for a passkey's
/// counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Constraint {
    /// `User.id`
    UserId,
    /// `User.email`
    UserEmail,
    /// `Account.id`
    AccountId,
    /// `Account.provider` and `Account.providerAccountId` together
    ProviderAccount,
    /// `Session.id`
    SessionId,
    /// `Session.sessionToken`
    SessionToken,
    /// `VerificationToken.token`
    VerificationToken,
    /// `Authenticator.credentialID`
    AuthenticatorCredentialId,
    /// Not a unique constraint: the signature counter did not increase, which
    /// [WebAuthn](https://www.w3.org/TR/webauthn-3/#sctn-sign-counter) treats as a sign of a copied passkey or of a
    /// replayed answer.
    AuthenticatorCounter,
    /// The key of a [`Challenge`](crate::Challenge)
    ChallengeKey,
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Constraint::UserId => "a user with this id already exists",
            Constraint::UserEmail => "a user with this email already exists",
            Constraint::AccountId => "an account with this id already exists",
            Constraint::ProviderAccount => "this account at this provider is already linked",
            Constraint::SessionId => "a session with this id already exists",
            Constraint::SessionToken => "a session with this token already exists",
            Constraint::VerificationToken => "this verification token already exists",
            Constraint::AuthenticatorCredentialId => {
                "an authenticator with this credential id already exists"
            }
            Constraint::AuthenticatorCounter => {
                "the authenticator's counter is not greater than the stored one"
            }
            Constraint::ChallengeKey => "a challenge with this key already exists",
        })
    }
}

/// The kind of row that an operation did not find, in [`Error::NotFound`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Entity {
    /// A [`User`](crate::User).
    User,
    /// An [`Account`](crate::Account).
    Account,
    /// An [`Authenticator`](crate::Authenticator).
    Authenticator,
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Entity::User => "user",
            Entity::Account => "account",
            Entity::Authenticator => "authenticator",
        })
    }
}
