//! The table of known parameters of a SQLite URL. `docs/urls.md` prints it.

use crate::url::{Parameter, accepted, ignored, only, rejected};

const PINNED: &str = "the store sets this; it cannot be changed";

pub(super) static PARAMETERS: &[Parameter] = &[
    accepted("pool_size", "1", "the maximum number of connections"),
    accepted(
        "checkout_timeout_ms",
        "2000",
        "milliseconds to wait for a connection from the pool",
    ),
    accepted(
        "busy_timeout_ms",
        "2000",
        "milliseconds to wait for other writers",
    ),
    accepted(
        "synchronous",
        "normal",
        "when to wait for the disk: `full`, `normal` or `off`",
    ),
    accepted(
        "mmap_size",
        "268435456",
        "the maximum number of bytes of the file to map into memory",
    ),
    accepted("connection_limit", "1", "same as `pool_size` (Prisma)"),
    accepted(
        "pool_timeout",
        "2",
        "same as `checkout_timeout_ms`, but in seconds (Prisma)",
    ),
    accepted(
        "socket_timeout",
        "2",
        "same as `busy_timeout_ms`, but in seconds (Prisma)",
    ),
    accepted(
        "_busy_timeout",
        "2000",
        "same as `busy_timeout_ms` (go-sqlite3)",
    ),
    only(
        "mode",
        &["rwc"],
        "must be rwc: the file is written to, and created if it is missing",
    ),
    only(
        "cache",
        &["private"],
        "must be private: connections do not share a cache",
    ),
    only("immutable", &["0"], "must be 0: the file is written to"),
    only("nolock", &["0"], "must be 0: locks protect the file"),
    only(
        "foreign_keys",
        &["on", "true", "1"],
        "must be on: the store depends on it",
    ),
    only(
        "_foreign_keys",
        &["on", "true", "1"],
        "must be on: the store depends on it",
    ),
    only(
        "journal_mode",
        &["wal"],
        "must be wal: the store depends on it",
    ),
    only(
        "_journal_mode",
        &["wal"],
        "must be wal: the store depends on it",
    ),
    ignored(
        "max_connection_lifetime",
        "300",
        "has no effect: connections are kept until they fail",
    ),
    ignored(
        "max_idle_connection_lifetime",
        "300",
        "has no effect: connections are kept until they fail",
    ),
    rejected("vfs", "unix", "SQLite's default VFS is always used"),
    rejected("psow", "0", PINNED),
    rejected("_txlock", "immediate", PINNED),
    rejected("key", "hunter2", "encrypted files are not supported"),
    rejected(
        "authToken",
        "hunter2",
        "a SQLite URL names a file; remote databases are not supported",
    ),
];
