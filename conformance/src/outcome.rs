//! The outcomes of rules.

use std::fmt;

/// The outcome of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The backend kept the rule.
    Passed,
    /// The backend broke the rule, or kept it although it was declined, or the harness cannot check it and did not
    /// decline it.
    Failed,
    /// The harness declined it with a reason, and it did not pass; or it is about transactions, and the backend says that
    /// it has none.
    Declined,
    /// It was left out, or an event that it needs did not happen (for example, threads never overlapped). Such a run
    /// does not certify.
    NotRun,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::Declined => "declined",
            Outcome::NotRun => "not run",
        })
    }
}
