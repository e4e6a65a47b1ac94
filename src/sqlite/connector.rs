//! Opens connections, and decides when they are no longer usable.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{ErrorCode, OpenFlags};

use super::connection::{OpenFile, SqliteConnection};
use super::error::{classify, name_limit};
use super::file::{Identity, check_path, denied, log_of, with_path};
use super::options::{Location, SqliteOptions, Synchronous};
use crate::error::{Error, Result};
use crate::pool::Connect;
use crate::sql::sql;
use crate::url;

const SESSION: &str = sql!("sqlite", "session/pins");

/// More than the number of statements, so that each is prepared only once per connection.
const PREPARED_STATEMENTS: usize = 128;

/// How long to wait before a retry, if SQLite's busy timeout does not cover the lock.
const RETRY: Duration = Duration::from_millis(5);

/// How often to open a file that is replaced concurrently each time.
const OPEN_ATTEMPTS: u32 = 5;

/// Settings that are not pragmas, or that a pragma cannot make within a transaction.
pub(super) const CONFIG: [(DbConfig, bool); 7] = [
    // Rows must not refer to a user who does not exist.
    (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true),
    // Allow the application's own triggers and views.
    (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, true),
    // Otherwise a column that does not exist is read as a string: its own name.
    (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    // Renaming a table also updates the objects that refer to it.
    (DbConfig::SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, false),
    // The schema table cannot be written to directly.
    (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
    // The plan of a statement depends on the statement alone. Otherwise SQLite prepares a cached statement again at
    // each use, because its parameters have changed.
    (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
];

pub(crate) struct Connector {
    /// The absolute path, because the program may change its working directory.
    path: Option<Arc<Path>>,
    busy_timeout: Duration,
    synchronous: Synchronous,
    mmap_size: u64,
    /// Whether to leave the file as it is.
    pub(super) inspect: bool,
    /// Whether the file was opened before. After that it is not created: if it is missing, it was deleted.
    opened: AtomicBool,
    /// The file that connections use. If another one replaces it, they are dropped.
    current: Mutex<Option<Identity>>,
}

impl Connector {
    pub(super) fn new(options: &SqliteOptions, busy_timeout: Duration) -> Result<Self> {
        let path = match &options.location {
            Location::Memory => None,
            Location::File(path) => {
                let absolute = std::path::absolute(path).map_err(|error| {
                    Error::invalid("path", format!("{}: {error}", path.display()))
                })?;
                Some(Arc::from(absolute))
            }
        };
        Ok(Connector {
            path,
            busy_timeout,
            synchronous: options.synchronous,
            mmap_size: options.mmap_size,
            inspect: options.inspect,
            opened: AtomicBool::new(false),
            current: Mutex::new(None),
        })
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    fn connect_to_file(&self, path: &Path) -> Result<(rusqlite::Connection, Identity)> {
        check_path(path)?;
        let opened = self.opened.load(Ordering::Relaxed);
        if opened && !path.exists() {
            return Err(Error::unavailable("the file was deleted"));
        }
        for _ in 0..OPEN_ATTEMPTS {
            let before = Identity::at(path).ok();
            let connection = if self.inspect {
                self.open_to_inspect(path)?
            } else {
                self.open(path)?
            };
            let identity = Identity::at(path)
                .map_err(|error| Error::unavailable("the file was deleted").with_source(error))?;
            // Otherwise it was replaced in between, and it is unknown which of the two is open.
            if before.is_none_or(|before| before == identity) {
                self.opened.store(true, Ordering::Relaxed);
                *self.current.lock() = Some(identity);
                return Ok((connection, identity));
            }
        }
        Err(Error::unavailable("the file is being replaced"))
    }

    fn open(&self, path: &Path) -> Result<rusqlite::Connection> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags.set(
            OpenFlags::SQLITE_OPEN_CREATE,
            !self.opened.load(Ordering::Relaxed),
        );
        let connection = rusqlite::Connection::open_with_flags(path, flags).map_err(classify)?;
        connection
            .busy_timeout(self.busy_timeout)
            .map_err(classify)?;
        let name_limit = |error| name_limit(error, ("busy_timeout", self.busy_timeout));
        check_encoding(&connection).map_err(name_limit)?;
        let mode = self
            .switch_to_wal(&connection)
            .map_err(|error| name_limit(classify(error)))?;
        if connection.is_readonly("main").map_err(classify)? {
            return Err(Error::backend("is read-only"));
        }
        if mode != "wal" {
            return Err(Error::backend(format!(
                "is in mode {mode}, and cannot be switched to WAL mode"
            )));
        }
        Ok(connection)
    }

    /// Opens a file without changing it. SQLite opens a file that it may not write to for reading.
    fn open_to_inspect(&self, path: &Path) -> Result<rusqlite::Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let has_log = log_of(path).exists();
        let connection = rusqlite::Connection::open_with_flags(path, flags).map_err(classify)?;
        connection
            .busy_timeout(self.busy_timeout)
            .map_err(classify)?;
        // Otherwise closing it writes the log that a killed program has left to the file, and deletes the log.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_log)
            .map_err(classify)?;
        match check_encoding(&connection) {
            // A file in WAL mode cannot be read where its log cannot be created. Without a log, no one writes to it.
            Err(_) if !has_log && connection.is_readonly("main").map_err(classify)? => {
                let path = url::encode(&path.display().to_string());
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
                    | OpenFlags::SQLITE_OPEN_NO_MUTEX
                    | OpenFlags::SQLITE_OPEN_URI;
                let uri = format!("file:{path}?immutable=1");
                let connection =
                    rusqlite::Connection::open_with_flags(uri, flags).map_err(classify)?;
                check_encoding(&connection)?;
                Ok(connection)
            }
            checked => checked.map(|()| connection),
        }
    }

    /// Switches to WAL mode. Waits for other processes like any write, because SQLite's busy timeout does not cover the
    /// switch.
    fn switch_to_wal(&self, connection: &rusqlite::Connection) -> rusqlite::Result<String> {
        let start = Instant::now();
        loop {
            let mode =
                connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0));
            match mode {
                Err(error)
                    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                        && start.elapsed() < self.busy_timeout =>
                {
                    thread::sleep(RETRY);
                }
                mode => return mode,
            }
        }
    }

    pub(super) fn set_up(&self, connection: &rusqlite::Connection) -> rusqlite::Result<()> {
        connection.execute_batch(SESSION)?;
        connection.pragma_update(None, "synchronous", self.synchronous.to_string())?;
        // SQLite takes a signed number.
        let mmap_size = i64::try_from(self.mmap_size).unwrap_or(i64::MAX);
        connection.pragma_update(None, "mmap_size", mmap_size)?;
        for (setting, value) in CONFIG {
            connection.set_db_config(setting, value)?;
        }
        connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
        Ok(())
    }

    /// Returns true if another file has replaced it. All connections to the old file are dropped at their next use.
    fn has_another_file(&self, connection: &mut SqliteConnection, now: Instant) -> bool {
        let Some(file) = &mut connection.1 else {
            return false;
        };
        let mut current = self.current.lock();
        if file.is_replaced(now) && *current == Some(file.identity) {
            *current = None;
        }
        *current != Some(file.identity)
    }
}

/// Keys are compared and sorted bytewise, as stored.
fn check_encoding(connection: &rusqlite::Connection) -> Result<()> {
    let encoding: String = connection
        .pragma_query_value(None, "encoding", |row| row.get(0))
        .map_err(classify)?;
    if encoding == "UTF-8" {
        Ok(())
    } else {
        Err(Error::backend(format!(
            "stores text in {encoding}; UTF-8 is required: `sqlite3 old.db .dump | sqlite3 new.db` makes such a copy"
        )))
    }
}

impl Connect for Connector {
    type Connection = SqliteConnection;

    fn connect(&self) -> Result<SqliteConnection> {
        let (connection, file) = match &self.path {
            None => {
                let connection = rusqlite::Connection::open_in_memory().map_err(classify)?;
                (connection, None)
            }
            Some(path) => {
                let (connection, file) = self
                    .connect_to_file(path)
                    .map_err(|error| match error {
                        Error::Unavailable { .. } | Error::Backend { .. } if !self.inspect => {
                            denied(path).unwrap_or(error)
                        }
                        error => error,
                    })
                    .map_err(|error| with_path(path, error))?;
                (connection, Some(OpenFile::new(path.clone(), file)))
            }
        };
        self.set_up(&connection).map_err(classify)?;
        if self.inspect {
            connection
                .pragma_update(None, "query_only", true)
                .map_err(classify)?;
        }
        Ok(SqliteConnection(connection, file))
    }

    fn ping(&self, connection: &mut SqliteConnection) -> Result<()> {
        connection.check_file()
    }

    fn is_broken(&self, connection: &mut SqliteConnection, now: Instant) -> bool {
        !connection.0.is_autocommit()
            || !connection.enforces_foreign_keys()
            || self.has_another_file(connection, now)
    }
}
