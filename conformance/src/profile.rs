//! How much is tried.

use std::fmt;
use std::str::FromStr;

/// How many random cases the rules try that try some.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// For every day: some seconds on a database in memory.
    #[default]
    Quick,
    /// For a certificate: minutes on a server.
    Certify,
    /// For a night.
    Soak,
}

impl Profile {
    /// One of three numbers.
    pub(crate) fn pick(self, quick: u32, certify: u32, soak: u32) -> u32 {
        match self {
            Profile::Quick => quick,
            Profile::Certify => certify,
            Profile::Soak => soak,
        }
    }

    /// How many rows are many: more than a page of a list that comes in pages.
    pub(crate) fn many(self) -> u32 {
        self.pick(510, 1_100, 11_000)
    }

    /// How many rows are many for one sweep: for a certificate, more than the placeholders that a statement may have on
    /// SQL Server (2,100) and the most usual batches (1,000 and 2,000). A batch of more passes but for a night's run.
    pub(crate) fn many_due(self) -> u32 {
        self.pick(510, 2_200, 11_000)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Profile::Quick => "quick",
            Profile::Certify => "certify",
            Profile::Soak => "soak",
        })
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "quick" => Ok(Profile::Quick),
            "certify" => Ok(Profile::Certify),
            "soak" => Ok(Profile::Soak),
            _ => Err(format!(
                "{name:?} is no profile: there are quick, certify and soak"
            )),
        }
    }
}
