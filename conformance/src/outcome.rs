//! How a rule ended.

use std::fmt;

/// The end of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The backend kept it.
    Passed,
    /// The backend broke it, or kept it though it was declined, or the harness cannot check it and does not say so.
    Failed,
    /// The harness declines it with a reason, and it did not pass indeed.
    Declined,
    /// It was left out, or what it needs to happen did not happen (threads never overlapped, say). Not certified.
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
