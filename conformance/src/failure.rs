//! The reasons why a rule did not pass, and the checks that report them.

use std::fmt::{self, Display, Write as _};
use std::panic::Location;

use authstore::{Constraint, Entity, Error};

use crate::harness::BoxError;
use crate::show::Show;

/// The result of a rule's check.
pub(crate) type Verdict<T = ()> = Result<T, Failure>;

/// The reason why a rule did not pass.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    what: String,
    expected: Option<String>,
    got: Option<String>,
    sequence: Option<String>,
    location: &'static Location<'static>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The backend broke the rule.
    Broken,
    /// An event that the rule needs did not happen, so nothing is proved either way.
    NotRun,
    /// The harness does not support what the rule needs.
    Cannot,
    /// The backend says that it has no transactions, which a backend may lack.
    Lacks,
    /// The harness could not provide a storage for the rule.
    NoStorage,
}

impl Failure {
    #[track_caller]
    fn new(kind: Kind, what: impl Display) -> Self {
        Failure {
            kind,
            what: what.to_string(),
            expected: None,
            got: None,
            sequence: None,
            location: Location::caller(),
        }
    }

    /// The backend broke the rule.
    #[track_caller]
    pub(crate) fn broken(what: impl Display) -> Self {
        Self::new(Kind::Broken, what)
    }

    /// An event that the rule needs did not happen.
    #[track_caller]
    pub(crate) fn not_run(what: impl Display) -> Self {
        Self::new(Kind::NotRun, what)
    }

    /// The harness does not support it, for this reason.
    #[track_caller]
    pub(crate) fn cannot(why: impl Display) -> Self {
        Self::new(Kind::Cannot, why)
    }

    #[track_caller]
    pub(crate) fn lacks(what: impl Display) -> Self {
        Self::new(Kind::Lacks, what)
    }

    /// Marks a failure that happened before the rule began.
    pub(crate) fn during_setup(mut self) -> Self {
        self.kind = Kind::NoStorage;
        self
    }

    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(crate) fn got(mut self, got: impl Into<String>) -> Self {
        self.got = Some(got.into());
        self
    }

    pub(crate) fn sequence(mut self, sequence: impl Into<String>) -> Self {
        self.sequence = Some(sequence.into());
        self
    }

    /// Adds a sentence about what happened.
    pub(crate) fn with_note(mut self, note: &str) -> Self {
        self.what = format!("{}\n{note}", self.what);
        self
    }

    /// Returns what happened, in one line.
    pub(crate) fn summary(&self) -> &str {
        self.what.lines().next().unwrap_or_default()
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let mut field = |label: &str, value: &str| {
            for (number, line) in value.lines().enumerate() {
                let label = if number == 0 { label } else { "" };
                let _ = writeln!(text, "{label:<10}{line}");
            }
        };
        field("what", &self.what);
        if let Some(expected) = &self.expected {
            field("expected", expected);
        }
        if let Some(got) = &self.got {
            field("got", got);
        }
        if let Some(sequence) = &self.sequence {
            field("sequence", sequence);
        }
        field(
            "check",
            &format!("{}:{}", self.location.file(), self.location.line()),
        );
        f.write_str(text.trim_end())
    }
}

/// An operation failed that the rule needs to succeed.
impl From<Error> for Failure {
    #[track_caller]
    fn from(error: Error) -> Self {
        Failure::broken("an operation that must succeed failed").got(show_error(&error))
    }
}

/// Shows an error with all its causes.
pub(crate) fn show_error(error: &Error) -> String {
    format!("{error}\n({error:?}){}", show_causes(error))
}

/// Shows the causes of an error, one per line. An error's own message does not repeat them.
pub(crate) fn show_causes(error: &dyn std::error::Error) -> String {
    let mut text = String::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, "\ncaused by: {cause}");
        source = cause.source();
    }
    text
}

/// Turns an error of the harness into a failure.
#[track_caller]
pub(crate) fn harness_result<T>(result: Result<T, BoxError>) -> Verdict<T> {
    match result {
        Ok(value) => Ok(value),
        Err(error) => Err(Failure::cannot(format!("{error}{}", show_causes(&*error)))),
    }
}

/// Checks that the condition holds. If not, `sentence` says what is wrong.
#[track_caller]
pub(crate) fn ensure(condition: bool, sentence: impl Display) -> Verdict {
    if condition {
        Ok(())
    } else {
        Err(Failure::broken(sentence))
    }
}

/// Checks that a call returned the expected value.
#[track_caller]
pub(crate) fn equal<T: Show + PartialEq>(call: impl Display, got: T, expected: T) -> Verdict {
    if got == expected {
        Ok(())
    } else {
        Err(Failure::broken(format!("unexpected result for {call}"))
            .expected(expected.show())
            .got(got.show()))
    }
}

/// Checks that a call returned the expected list. Of a long one, a failure shows only the first row that differs.
#[track_caller]
pub(crate) fn equal_rows<T: Show + PartialEq>(
    call: impl Display,
    got: Vec<T>,
    expected: Vec<T>,
) -> Verdict {
    equal(format!("the length of {call}"), got.len(), expected.len())?;
    for (place, (got, expected)) in (1..).zip(got.into_iter().zip(expected)) {
        equal(format!("row {place} of {call}"), got, expected)?;
    }
    Ok(())
}

/// Checks that a call succeeded with the expected value.
#[track_caller]
pub(crate) fn returns<T: Show + PartialEq>(
    call: impl Display,
    got: authstore::Result<T>,
    expected: T,
) -> Verdict {
    match got {
        Ok(got) => equal(call, got, expected),
        Err(error) => Err(Failure::broken(format!("{call} failed"))
            .expected(expected.show())
            .got(show_error(&error))),
    }
}

/// Checks that a call succeeded.
#[track_caller]
pub(crate) fn succeeds<T>(call: impl Display, got: authstore::Result<T>) -> Verdict<T> {
    match got {
        Ok(got) => Ok(got),
        Err(error) => Err(Failure::broken(format!("{call} failed"))
            .expected("Ok")
            .got(show_error(&error))),
    }
}

/// Checks that a call failed with a conflict of this constraint.
#[track_caller]
pub(crate) fn conflicts<T: Show>(
    call: impl Display,
    got: authstore::Result<T>,
    constraint: Constraint,
) -> Verdict {
    match got {
        Err(Error::Conflict { constraint: named }) if named == constraint => Ok(()),
        other => Err(
            Failure::broken(format!("{call} did not fail with the expected error"))
                .expected(format!("Err(Conflict({constraint:?}))"))
                .got(show_result(&other)),
        ),
    }
}

/// Checks that a call failed because a row that it names does not exist.
#[track_caller]
pub(crate) fn not_found<T: Show>(
    call: impl Display,
    got: authstore::Result<T>,
    entity: Entity,
) -> Verdict {
    match got {
        Err(Error::NotFound { entity: named }) if named == entity => Ok(()),
        other => Err(
            Failure::broken(format!("{call} did not fail with the expected error"))
                .expected(format!("Err(NotFound({entity:?}))"))
                .got(show_result(&other)),
        ),
    }
}

/// Shows a result in readable form.
pub(crate) fn show_result<T: Show>(result: &authstore::Result<T>) -> String {
    match result {
        Ok(value) => format!("Ok({})", value.show()),
        Err(error) => show_refusal(error),
    }
}

/// Shows an error in readable form: its variant and its causes.
pub(crate) fn show_refusal(error: &Error) -> String {
    match error {
        Error::Conflict { constraint } => format!("Err(Conflict({constraint:?}))"),
        Error::NotFound { entity } => format!("Err(NotFound({entity:?}))"),
        error => format!("Err: {}", show_error(error)),
    }
}
