//! What a rule is.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::context::Context;
use crate::failure::Verdict;

/// The edition of the registry: it grows by one whenever a rule is added or made stricter, so that a certificate tells
/// how much it proves.
pub const EDITION: u32 = 1;

/// One thing that a backend must do, and how it is checked.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its permanent name: the group (usually an operation), a dot, and what is promised.
    pub id: &'static str,
    /// What is promised, in one sentence.
    pub sentence: &'static str,
    /// What it is about.
    pub class: Class,
    /// The [edition](EDITION) that brought it.
    pub since: u32,
    pub(crate) check: fn(&Context) -> Verdict,
}

impl Rule {
    /// The first part of the id.
    pub fn group(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(group, _)| group)
    }

    /// Whether this is the name of the rule, of its group or of its class.
    pub(crate) fn is_named_by(&self, name: &str) -> bool {
        self.id == name || self.group() == name || self.class.to_string() == name
    }

    /// Whether a harness may decline the rule ([`Harness::declined`](crate::Harness::declined)), because a storage can
    /// lack what it is about: a connection that fails, a schema, or a password. Never true of what an operation does.
    pub fn may_be_declined(&self) -> bool {
        matches!(self.class, Class::Faults | Class::Migrations)
            || matches!(
                self.id,
                "secrets.unreachable" | "secrets.unanswered" | "secrets.without_schema"
            )
    }

    /// Whether the rule calls [`Storage::restart`](crate::Storage::restart), so that it needs a storage of
    /// [`Harness::fresh_to_restart`](crate::Harness::fresh_to_restart).
    pub fn restarts_the_server(&self) -> bool {
        self.id == "faults.killed_server"
    }

    /// The id as a path of modules, as `cargo test` prints it.
    pub fn test_name(&self) -> String {
        self.id.replace('.', "::")
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.id).finish()
    }
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// What is stored comes back as it was.
    Values,
    /// What operations return and change.
    ReadingAndWriting,
    /// Uniqueness, references, and what a refused write leaves behind.
    Constraints,
    /// Several callers at the same time.
    Concurrency,
    /// A storage that cannot be reached, hangs, or comes back.
    Faults,
    /// Versions of the schema.
    Migrations,
    /// What must never be printed.
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
