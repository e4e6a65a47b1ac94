use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::SqliteBackend;
use super::parameters::PARAMETERS;
use crate::error::{Error, Result};
use crate::url::{self, Printer};

const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(5);
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The location of a SQLite database, and how to use it.
///
/// Create it with [`file`](SqliteOptions::file) or [`memory`](SqliteOptions::memory), or parse it from a URL:
///
/// | URL | database |
/// |---|---|
/// | `sqlite:auth.db` | a file in the working directory |
/// | `sqlite:/var/lib/app/auth.db`, `sqlite:///var/lib/app/auth.db` | a file |
/// | `sqlite::memory:` | a database in memory |
///
/// `%XX` stands for a byte, as in any URL: write `%` as `%25`, `?` as `%3F` and, after `sqlite://`, `@` as `%40`.
/// Options follow as a query:
///
/// | option | method | default |
/// |---|---|---|
/// | `pool_size` | [`pool_size`](SqliteOptions::pool_size) | 8 connections; 1 in memory |
/// | `checkout_timeout_ms` | [`checkout_timeout`](SqliteOptions::checkout_timeout) | 5,000 milliseconds |
/// | `busy_timeout_ms` | [`busy_timeout`](SqliteOptions::busy_timeout) | 5,000 milliseconds |
/// | `synchronous` | [`synchronous`](SqliteOptions::synchronous): `full`, `normal` or `off` | `full` |
/// | `mmap_size` | [`mmap_size`](SqliteOptions::mmap_size) | 0 bytes |
///
/// Parameters of other drivers and tools are accepted if their meaning can be kept, ignored if they can have no effect,
/// and rejected with the reason otherwise: `docs/urls.md` lists them all. `Display` prints the options as a URL.
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
    pub(super) mmap_size: u64,
    pub(super) inspect: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    File(PathBuf),
    Memory,
}

/// When SQLite waits for the disk: its [`PRAGMA synchronous`](https://www.sqlite.org/pragma.html#pragma_synchronous),
/// for a database in WAL mode.
///
/// In every mode, acknowledged writes survive a crash of the *process*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Synchronous {
    /// At every commit: acknowledged writes also survive a power failure. The default.
    #[default]
    Full,
    /// At checkpoints only: much faster, but a power failure may undo the last commits, in order.
    Normal,
    /// Never: a power failure may destroy the database. For tests.
    Off,
}

impl SqliteOptions {
    /// Creates options for a database in a file, which is created if it is missing. Its directory must exist.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        SqliteOptions::at(Location::File(path.into()))
    }

    /// Creates options for a database in memory, which ends with the last clone of the store. It has one connection, so
    /// one operation runs at a time.
    pub fn memory() -> Self {
        SqliteOptions::at(Location::Memory)
    }

    /// Returns the path of the file, or `None` for a database in memory.
    pub fn path(&self) -> Option<&Path> {
        match &self.location {
            Location::File(path) => Some(path),
            Location::Memory => None,
        }
    }

    fn at(location: Location) -> Self {
        SqliteOptions {
            location,
            pool_size: None,
            checkout_timeout: CHECKOUT_TIMEOUT,
            busy_timeout: BUSY_TIMEOUT,
            synchronous: Synchronous::default(),
            mmap_size: 0,
            inspect: false,
        }
    }

    /// Sets the maximum number of connections, which is how many threads can read at a time. Defaults to 8, and to 1 in
    /// memory; at least 1 and at most 10,000, otherwise [`open`](SqliteOptions::open) fails with [`Error::Invalid`] for
    /// `pool_size`. Writers always take turns.
    #[must_use]
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = Some(connections);
        self
    }

    /// Sets how long an operation waits for a connection before it fails with [`Error::Unavailable`]. Defaults to 5
    /// seconds.
    #[must_use]
    pub fn checkout_timeout(mut self, timeout: Duration) -> Self {
        self.checkout_timeout = timeout;
        self
    }

    /// Sets how long a write waits for other writers before it fails with [`Error::Unavailable`]: first for writers of
    /// this process, in order of arrival, then for those of other processes. Defaults to 5 seconds.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Sets when to wait for the disk. Defaults to [`Full`](Synchronous::Full).
    #[must_use]
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// Sets the maximum number of bytes of the file to map into memory instead of reading them by system calls:
    /// SQLite's own [`PRAGMA mmap_size`](https://www.sqlite.org/mmap.html). Defaults to 0, which is none. It makes reads
    /// of a large file faster (`docs/performance.md` shows by how much), and has no effect on a database in memory.
    ///
    /// A library compiled with SQLite's defaults maps at most 2 GiB. For more, compile it with a larger
    /// [`SQLITE_MAX_MMAP_SIZE`](https://www.sqlite.org/compile.html#max_mmap_size): if it is bundled, by setting
    /// `LIBSQLITE3_FLAGS=-DSQLITE_MAX_MMAP_SIZE=68719476736` in the environment of the build, here for 64 GiB.
    ///
    /// The risk: if the disk cannot read a page, or another program truncates the file, the operating system kills the
    /// process (`SIGBUS`) instead of returning an error. Use it only on a disk that you trust.
    #[must_use]
    pub fn mmap_size(mut self, bytes: u64) -> Self {
        self.mmap_size = bytes;
        self
    }

    /// Reads only, and leaves the file as it is: it is not created, and keeps its journal mode.
    pub(crate) fn inspecting(mut self) -> Self {
        self.inspect = true;
        self
    }

    /// Opens the database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a pool size of 0 or above 10,000, or of more than 1 in memory, and for a path that is a
    /// directory or in a directory that does not exist; [`Error::Backend`] for a file that is not a SQLite database or
    /// cannot be written to; [`Error::Unavailable`] when it cannot be opened for another reason.
    pub fn open(&self) -> Result<SqliteBackend> {
        SqliteBackend::open(self)
    }
}

impl SqliteOptions {
    fn set(&mut self, name: &'static str, value: &str) -> Result<()> {
        match name {
            "pool_size" | "connection_limit" => self.pool_size = Some(url::positive(name, value)?),
            "checkout_timeout_ms" => self.checkout_timeout = url::milliseconds(name, value)?,
            "pool_timeout" => self.checkout_timeout = url::seconds(name, value)?,
            "busy_timeout_ms" | "_busy_timeout" => {
                self.busy_timeout = url::milliseconds(name, value)?;
            }
            "socket_timeout" => self.busy_timeout = url::seconds(name, value)?,
            "synchronous" => {
                self.synchronous = match value {
                    "full" => Synchronous::Full,
                    "normal" => Synchronous::Normal,
                    "off" => Synchronous::Off,
                    _ => return Err(Error::invalid(name, "must be one of full, normal, off")),
                };
            }
            "mmap_size" => self.mmap_size = url::whole(0..=u64::MAX, name, value)?,
            _ => unreachable!("each accepted name in the table is set here"),
        }
        Ok(())
    }
}

impl FromStr for SqliteOptions {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::Invalid`]. It names the invalid option, if there is one, and quotes no part of the URL.
    fn from_str(url: &str) -> Result<Self> {
        let (rest, query) = url::split_query(url)?;
        let path = rest
            .strip_prefix("sqlite:")
            .ok_or_else(|| Error::invalid("url", "must begin with sqlite:"))?;
        let path = match path.strip_prefix("//") {
            // Otherwise the password in a server's URL with the wrong scheme would become part of a file name.
            Some(path) if path.contains('@') || query.contains('@') => {
                return Err(Error::invalid(
                    "url",
                    "contains an @, as the URL of a server does; write sqlite:PATH to name a file, or @ as %40",
                ));
            }
            Some(path) => path,
            None => path,
        };
        let path = url::decode("url", path)?;
        let mut parsed = match path.as_str() {
            "" => return Err(Error::invalid("url", "must name a file: sqlite:auth.db")),
            ":memory:" => SqliteOptions::memory(),
            _ => SqliteOptions::file(path),
        };
        url::read_query(query, PARAMETERS, |name, value| parsed.set(name, value))?;
        Ok(parsed)
    }
}

/// A URL with these options.
impl fmt::Display for SqliteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = Printer::new(match &self.location {
            Location::Memory => "sqlite::memory:".to_owned(),
            Location::File(path) => {
                let path = url::encode(&path.display().to_string()).replace("%2F", "/");
                // Absolute paths follow a `//`. Without it, a path that begins with two slashes would lose them.
                let slashes = if path.starts_with('/') { "//" } else { "" };
                format!("sqlite:{slashes}{path}")
            }
        });
        if let Some(connections) = self.pool_size {
            url.parameter("pool_size", connections);
        }
        url.milliseconds(
            "checkout_timeout_ms",
            self.checkout_timeout,
            CHECKOUT_TIMEOUT,
        );
        url.milliseconds("busy_timeout_ms", self.busy_timeout, BUSY_TIMEOUT);
        if self.synchronous != Synchronous::default() {
            url.parameter("synchronous", self.synchronous);
        }
        if self.mmap_size != 0 {
            url.parameter("mmap_size", self.mmap_size);
        }
        f.write_str(&url.finish())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::testing;

    impl testing::Options for SqliteOptions {
        fn without_password(self) -> Self {
            self
        }
    }

    #[test]
    fn every_parameter_does_what_the_table_says() {
        testing::check_table::<SqliteOptions>("sqlite:auth.db", PARAMETERS);
    }

    #[test]
    fn docs_list_every_parameter() {
        testing::check_docs("SQLite", PARAMETERS);
    }

    #[test]
    fn fuzz_urls() {
        testing::fuzz::<SqliteOptions>(&["sqlite:", "sqlite://"], PARAMETERS);
    }

    #[test]
    fn errors_name_the_fault_and_no_secret() {
        for (url, wrong) in [
            ("sqlite:auth.db\n", "whitespace"),
            (" sqlite:auth.db", "whitespace"),
            ("sqlite:auth\u{7f}.db", "control"),
            ("sqlite:auth.db%00", "NUL"),
            ("sqlite:50%.db", "%25"),
            ("sqlite:", "name a file"),
            ("file:auth.db", "sqlite:"),
            ("sqlite://root:hunter2@h/d", "@"),
            ("sqlite://root:12?hunter2@h/d", "@"),
            ("sqlite:auth.db?authToken=hunter2", "authToken"),
            ("sqlite:auth.db?hunter2", "busy_timeout_ms"),
            ("sqlite:auth.db?mode=ro", "rwc"),
        ] {
            let error = url.parse::<SqliteOptions>().unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(matches!(error, Error::Invalid { .. }), "{shown}");
            assert!(shown.contains(wrong), "{url}: {shown}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
