use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::SqliteBackend;
use crate::error::{Error, Result};
use crate::url;

/// Where a SQLite database is, and how to use it.
///
/// Made by [`file`](SqliteOptions::file) or [`memory`](SqliteOptions::memory), or parsed from a URL:
///
/// | URL | database |
/// |---|---|
/// | `sqlite:auth.db` | a file in the working directory |
/// | `sqlite:/var/lib/app/auth.db`, `sqlite:///var/lib/app/auth.db` | a file |
/// | `sqlite::memory:` | a database in memory |
///
/// with options as a query, in which `%XX` stands for a byte as in any URL:
///
/// | option | method | default |
/// |---|---|---|
/// | `pool_size` | [`pool_size`](SqliteOptions::pool_size) | 8 connections; 1 in memory |
/// | `checkout_timeout_ms` | [`checkout_timeout`](SqliteOptions::checkout_timeout) | 5,000 milliseconds |
/// | `busy_timeout_ms` | [`busy_timeout`](SqliteOptions::busy_timeout) | 5,000 milliseconds |
/// | `synchronous` | [`synchronous`](SqliteOptions::synchronous): `full`, `normal` or `off` | `full` |
///
/// ```
/// use std::time::Duration;
///
/// use authstore::{AuthStore, SqliteOptions};
///
/// # fn main() -> authstore::Result<()> {
/// let options = SqliteOptions::memory().busy_timeout(Duration::from_secs(2));
/// assert_eq!(options, "sqlite::memory:?busy_timeout_ms=2000".parse()?);
///
/// let store = AuthStore::new(options.open()?);
/// store.migrate()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    pub(super) location: Location,
    pub(super) pool_size: Option<u32>,
    pub(super) checkout_timeout: Duration,
    pub(super) busy_timeout: Duration,
    pub(super) synchronous: Synchronous,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    File(PathBuf),
    Memory,
}

/// When SQLite waits until the disk has what was written: its own
/// [`PRAGMA synchronous`](https://www.sqlite.org/pragma.html#pragma_synchronous), for a database in WAL mode.
///
/// Whatever the mode, nothing that was acknowledged is lost when the *process* dies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Synchronous {
    /// At every commit: nothing that was acknowledged is lost, whatever happens. The default.
    #[default]
    Full,
    /// At checkpoints only: much faster, but a power failure may undo the last commits, in order.
    Normal,
    /// Never: a power failure may destroy the database. For tests.
    Off,
}

impl SqliteOptions {
    /// A database in a file, which is made when it is not there. Its folder must be there.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        SqliteOptions::at(Location::File(path.into()))
    }

    /// A database in memory, gone with the last clone of the store. It has one connection, so one operation runs at a
    /// time.
    pub fn memory() -> Self {
        SqliteOptions::at(Location::Memory)
    }

    fn at(location: Location) -> Self {
        SqliteOptions {
            location,
            pool_size: None,
            checkout_timeout: Duration::from_secs(5),
            busy_timeout: Duration::from_secs(5),
            synchronous: Synchronous::default(),
        }
    }

    /// How many connections to keep, at most: so many threads can read at a time. Writers take turns, whatever it is.
    #[must_use]
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = Some(connections);
        self
    }

    /// How long an operation waits for a connection before it is [`Error::Unavailable`].
    #[must_use]
    pub fn checkout_timeout(mut self, timeout: Duration) -> Self {
        self.checkout_timeout = timeout;
        self
    }

    /// How long a write waits for other writers before it is [`Error::Unavailable`]: for those of this process in the
    /// order in which they came, then for those of other processes.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// When to wait for the disk.
    #[must_use]
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// Opens the database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a pool size of 0, or of more than 1 in memory, and for a path that is a directory or in a
    /// directory that is not there; [`Error::Backend`] for a file that is not a SQLite database or cannot be written
    /// to; [`Error::Unavailable`] when it cannot be opened for another reason.
    pub fn open(&self) -> Result<SqliteBackend> {
        SqliteBackend::open(self)
    }
}

const OPTIONS: [&str; 4] = [
    "pool_size",
    "checkout_timeout_ms",
    "busy_timeout_ms",
    "synchronous",
];

impl FromStr for SqliteOptions {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::Invalid`], naming the option where one is at fault.
    fn from_str(url: &str) -> Result<Self> {
        let (rest, options) = url::split_options(url)?;
        let path = rest
            .strip_prefix("sqlite:")
            .ok_or_else(|| Error::invalid("url", "it must begin with sqlite:"))?;
        let path = url::decode("url", path.strip_prefix("//").unwrap_or(path))?;
        let mut parsed = match path.as_str() {
            "" => return Err(Error::invalid("url", "it names no file")),
            ":memory:" => SqliteOptions::memory(),
            _ => SqliteOptions::file(path),
        };
        for (name, value) in options {
            match name.as_str() {
                "pool_size" => parsed.pool_size = Some(url::positive("pool_size", &value)?),
                "checkout_timeout_ms" => {
                    parsed.checkout_timeout = url::milliseconds("checkout_timeout_ms", &value)?;
                }
                "busy_timeout_ms" => {
                    parsed.busy_timeout = url::milliseconds("busy_timeout_ms", &value)?;
                }
                "synchronous" => {
                    parsed.synchronous = match value.as_str() {
                        "full" => Synchronous::Full,
                        "normal" => Synchronous::Normal,
                        "off" => Synchronous::Off,
                        _ => {
                            return Err(Error::invalid(
                                "synchronous",
                                "it must be full, normal or off",
                            ));
                        }
                    };
                }
                _ => return Err(url::unknown_option(&name, &OPTIONS)),
            }
        }
        Ok(parsed)
    }
}

impl fmt::Display for Synchronous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Synchronous::Full => "full",
            Synchronous::Normal => "normal",
            Synchronous::Off => "off",
        })
    }
}
