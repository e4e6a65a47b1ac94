//! The type of a rule.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::context::Context;
use crate::failure::Verdict;

/// The edition of the registry. It increases whenever a rule is added or made stricter, so a certificate shows how much
/// it proves.
pub const EDITION: u32 = 1;

/// One obligation of a backend, and its check.
#[derive(Clone, Copy)]
pub struct Rule {
    /// The permanent name: the group (usually an operation), a dot, and the promise.
    pub id: &'static str,
    /// The promise, in one sentence.
    pub sentence: &'static str,
    /// The class.
    pub class: Class,
    /// The [edition](EDITION) that added it.
    pub since: u32,
    pub(crate) check: fn(&Context) -> Verdict,
}

impl Rule {
    /// Returns the first part of the id.
    pub fn group(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(group, _)| group)
    }

    /// Returns true if this is the name of the rule, its group or its class.
    pub(crate) fn is_named_by(&self, name: &str) -> bool {
        self.id == name || self.group() == name || self.class.to_string() == name
    }

    /// Returns true if a harness may decline the rule ([`Harness::declined`](crate::Harness::declined)), because it is
    /// about something that a storage may not have: a connection, a schema, or a password. Rules about what an
    /// operation does cannot be declined.
    pub fn may_be_declined(&self) -> bool {
        matches!(self.class, Class::Faults | Class::Migrations)
            || matches!(
                self.id,
                "secrets.unreachable" | "secrets.unanswered" | "secrets.without_schema"
            )
    }

    /// Returns true if the rule calls [`Storage::restart`](crate::Storage::restart), and so needs a storage from
    /// [`Harness::fresh_to_restart`](crate::Harness::fresh_to_restart).
    pub fn restarts_the_server(&self) -> bool {
        self.id == "faults.killed_server"
    }

    /// Returns the id as a module path, as `cargo test` prints it.
    pub fn test_name(&self) -> String {
        self.id.replace('.', "::")
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.id).finish()
    }
}

/// The class of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Class {
    /// Stored values are returned unchanged.
    Values,
    /// The results and effects of operations.
    ReadingAndWriting,
    /// Uniqueness, references, and the effects of rejected writes.
    Constraints,
    /// Concurrent callers.
    Concurrency,
    /// A storage that is unreachable, hangs, or recovers.
    Faults,
    /// Migrations of the schema.
    Migrations,
    /// Values that must never be printed.
    Secrets,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Class::Values => "values",
            Class::ReadingAndWriting => "reading and writing",
            Class::Constraints => "constraints",
            Class::Concurrency => "concurrency",
            Class::Faults => "faults",
            Class::Migrations => "migrations",
            Class::Secrets => "secrets",
        })
    }
}

impl Serialize for Class {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
