//! Which file a connection has open, and what may be wrong with a path.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Tells a file from another that has taken its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// Of the file at a path. Systems other than Unix do not let an open file be replaced.
    #[cfg(unix)]
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;

        let metadata = fs::metadata(path)?;
        Ok(Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// Of the file at a path. Systems other than Unix do not let an open file be replaced.
    #[cfg(not(unix))]
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|_| Identity {
            device: 0,
            inode: 0,
        })
    }
}

/// SQLite itself says of all these no more than that it is "unable to open database file".
pub(super) fn check_path(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::invalid(
            "path",
            format!("{} is a directory", path.display()),
        ));
    }
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() && !parent.is_dir() => Err(Error::invalid(
            "path",
            format!("there is no directory {}", parent.display()),
        )),
        _ => Ok(()),
    }
}

/// Where SQLite keeps the log of a database.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// Why a file that could not be opened cannot be written to, where it is the operating system that does not allow it:
/// trying again would not help.
pub(super) fn denied(path: &Path) -> Option<Error> {
    let refusal = |what: &str, error: &io::Error| match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some(Error::backend(format!("{what}: {error}")))
        }
        _ => None,
    };
    if path.exists()
        && let Err(error) = OpenOptions::new().read(true).append(true).open(path)
    {
        return refusal("is read-only", &error);
    }
    // Empty, it means nothing to SQLite.
    match OpenOptions::new()
        .create(true)
        .append(true)
        .open(log_of(path))
    {
        Ok(_) => None,
        Err(error) => refusal("its directory cannot be written to", &error),
    }
}

pub(super) fn with_path(path: &Path, error: Error) -> Error {
    let error = match error {
        // Nothing of the caller's was in progress yet.
        Error::OutcomeUnknown { reason, source } => Error::Unavailable { reason, source },
        error => error,
    };
    error.in_context(path.display())
}
