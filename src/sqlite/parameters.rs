//! The table of known parameters of a SQLite URL. `docs/urls.md` prints it.

use crate::url::{Parameter, ignored, only, rejected, taken};

const PINNED: &str = "is set by the store, and cannot be changed";

pub(super) static PARAMETERS: &[Parameter] = &[
    taken("pool_size", "1", "the maximum number of connections"),
    taken(
        "checkout_timeout_ms",
        "2000",
        "milliseconds to wait for a connection of the pool",
    ),
    taken(
        "busy_timeout_ms",
        "2000",
        "milliseconds to wait for other writers",
    ),
    taken(
        "synchronous",
        "normal",
        "when to wait for the disk: `full`, `normal` or `off`",
    ),
    taken(
        "mmap_size",
        "268435456",
        "how many bytes of the file to read through memory",
    ),
    taken("connection_limit", "1", "Prisma's: `pool_size`"),
    taken(
        "pool_timeout",
        "2",
        "Prisma's: `checkout_timeout_ms` in seconds",
    ),
    taken(
        "socket_timeout",
        "2",
        "Prisma's: `busy_timeout_ms` in seconds",
    ),
    taken("_busy_timeout", "2000", "go-sqlite3's: `busy_timeout_ms`"),
    only(
        "mode",
        &["rwc"],
        "must be rwc: the file must be writable, and is created if it is missing",
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
    rejected("vfs", "unix", "the file system is SQLite's default"),
    rejected("psow", "0", PINNED),
    rejected("_txlock", "immediate", PINNED),
    rejected("key", "hunter2", "encrypted files are not supported"),
    rejected(
        "authToken",
        "hunter2",
        "a SQLite URL names a file; remote databases are not supported",
    ),
];
