//! How much is tested.

use std::fmt;
use std::str::FromStr;

/// How many random cases and races the rules try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// For every day: takes seconds on a database in memory.
    #[default]
    Quick,
    /// For a certificate: takes minutes on a server.
    Certify,
    /// For a run overnight.
    Soak,
}

impl Profile {
    /// Returns the number for this profile.
    pub(crate) fn pick(self, quick: u32, certify: u32, soak: u32) -> u32 {
        match self {
            Profile::Quick => quick,
            Profile::Certify => certify,
            Profile::Soak => soak,
        }
    }

    /// The number of rows in a long list: more than a page of storages that return pages.
    pub(crate) fn many(self) -> u32 {
        self.pick(510, 1_100, 11_000)
    }

    /// The number of rows of 1 MiB in a list: for a certificate more than 16 MiB, the limit of some databases and
    /// protocols.
    pub(crate) fn many_large(self) -> u32 {
        self.pick(6, 17, 17)
    }

    /// The number of rows in a large sweep. For a certificate it exceeds the maximum number of placeholders in SQL
    /// Server (2,100) and the usual batch sizes (1,000 and 2,000). Only a soak run detects larger batches.
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
                "unknown profile {name:?} (known profiles: quick, certify, soak)"
            )),
        }
    }
}
