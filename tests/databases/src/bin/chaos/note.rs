use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use authstore::uuid::Uuid;
use authstore::{Error, Result};

/// A report of a writer, in memory or as a line in a pipe. It is sent before the next write begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Note {
    /// The person whose write it is.
    pub(crate) person: Uuid,
    pub(crate) event: Event,
    /// How long the call took.
    pub(crate) took: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    /// The first write for this person is about to be sent.
    Begun,
    /// The next write was acknowledged.
    Acknowledged,
    /// `OutcomeUnknown`: the next write was done completely or not at all.
    Unknown,
    /// `Unavailable`: the next write was not done.
    Unavailable,
    /// An answer that cannot be true if every acknowledged write was done once, such as a conflict over a new ID.
    Contradicted,
    /// Something that can be used once was used a second time.
    Repeated,
    /// A call did not return within the documented limits.
    Stuck,
    /// An error that no fault of a database explains.
    Failed(String),
}

impl Event {
    /// The result of an operation; `false` means that it did not find a row of an acknowledged write.
    pub(crate) fn of(result: Result<bool>) -> Self {
        match result {
            Ok(true) => Event::Acknowledged,
            Ok(false) | Err(Error::Conflict { .. } | Error::NotFound { .. }) => Event::Contradicted,
            Err(Error::OutcomeUnknown { .. }) => Event::Unknown,
            Err(Error::Unavailable { .. }) => Event::Unavailable,
            Err(error) => Event::Failed(error.to_string().replace('\n', " ")),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match &self.event {
            Event::Begun => "begun",
            Event::Acknowledged => "acknowledged",
            Event::Unknown => "unknown",
            Event::Unavailable => "unavailable",
            Event::Contradicted => "contradicted",
            Event::Repeated => "repeated",
            Event::Stuck => "stuck",
            Event::Failed(reason) => reason,
        };
        write!(f, "{} {} {word}", self.person, self.took.as_micros())
    }
}

impl FromStr for Note {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let mut words = line.splitn(3, ' ');
        let mut next = || words.next().ok_or_else(|| format!("not a note: {line}"));
        let person = next()?
            .parse()
            .map_err(|error| format!("{line}: {error}"))?;
        let took = next()?
            .parse()
            .map_err(|error| format!("{line}: {error}"))?;
        let event = match next()? {
            "begun" => Event::Begun,
            "acknowledged" => Event::Acknowledged,
            "unknown" => Event::Unknown,
            "unavailable" => Event::Unavailable,
            "contradicted" => Event::Contradicted,
            "repeated" => Event::Repeated,
            "stuck" => Event::Stuck,
            reason => Event::Failed(reason.to_owned()),
        };
        Ok(Note {
            person,
            event,
            took: Duration::from_micros(took),
        })
    }
}
