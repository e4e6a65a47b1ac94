//! The identity of an open file, and checks of paths.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::OpenFlags;

use crate::error::{Error, Result};

/// Identifies a file, even if another file has replaced it at its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// Returns the identity of the file at a path. Systems other than Unix do not let an open file be replaced.
    #[cfg(unix)]
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;

        let metadata = fs::metadata(path)?;
        Ok(Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// Returns the identity of the file at a path. Systems other than Unix do not let an open file be replaced.
    #[cfg(not(unix))]
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|_| Identity {
            device: 0,
            inode: 0,
        })
    }
}

/// In all these cases, SQLite itself only reports "unable to open database file".
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

/// Returns the path of an existing database's log. SQLite follows links to the database, so it is beside their target.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut log = path.into_os_string();
    log.push("-wal");
    log.into()
}

/// Returns why a file that could not be opened cannot be written to, if the operating system does not allow it. Then
/// retrying does not help.
pub(super) fn denied(path: &Path) -> Option<Error> {
    let refusal = |what: &str, error: &io::Error| match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some(Error::backend(format!("{what}: {error}")))
        }
        _ => None,
    };
    // On Unix, closing the database would drop all locks that this process has on it. SQLite knows about them, so it
    // opens the file if that is allowed. It opens a file that it may not write to for reading.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if path.exists() {
        match rusqlite::Connection::open_with_flags(path, flags) {
            Ok(connection) if connection.is_readonly("main") == Ok(true) => {
                return Some(Error::backend("is read-only"));
            }
            Ok(_) => {}
            // SQLite does not report why. If this succeeds, the file stays open, for the same reason.
            Err(_) => match File::open(path) {
                Ok(file) => std::mem::forget(file),
                Err(error) => return refusal("cannot be read", &error),
            },
        }
    }
    // Not the log itself: another process may be about to create it.
    let mut probe = path.as_os_str().to_owned();
    probe.push("-authstore");
    match OpenOptions::new()
        .create_new(true)
        .append(true)
        .open(&probe)
    {
        Ok(_) => {
            let _ = fs::remove_file(probe);
            None
        }
        Err(error) => refusal("its directory cannot be written to", &error),
    }
}

pub(super) fn with_path(path: &Path, error: Error) -> Error {
    // No operation of the caller was in progress yet.
    error.nothing_written().in_context(path.display())
}
