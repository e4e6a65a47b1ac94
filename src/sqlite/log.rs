//! The log beside the database, and how it is kept from growing without bound.
//!
//! SQLite restarts its log from the beginning when a commit finds that no reader uses it. If readers never pause, that
//! moment never comes, however short each read is. So a writer occasionally requests it, and waits for a moment.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use super::connection::SqliteConnection;
use crate::sql::sql;

const CHECKPOINT: &str = sql!("sqlite", "transaction/checkpoint");

/// The size from which a writer empties the log: twice the size at which SQLite begins to try on its own.
const LIMIT: u64 = 8 << 20;

/// The number of commits between two checks of its size.
const COMMITS: u32 = 16;

/// How long a writer waits for the readers. Each read that is in progress ends, unless a transaction holds it open.
const WAIT: Duration = Duration::from_millis(100);

pub(super) struct Log {
    path: Option<PathBuf>,
    /// The timeout that a connection has again after it has waited for the readers.
    busy_timeout: Duration,
    commits: AtomicU32,
    limit: AtomicU64,
}

impl Log {
    pub(super) fn new(path: Option<PathBuf>, busy_timeout: Duration) -> Self {
        Log {
            path,
            busy_timeout,
            commits: AtomicU32::new(0),
            limit: AtomicU64::new(LIMIT),
        }
    }

    /// Empties the log if it has grown too large. Called after a commit, by the only writer.
    pub(super) fn limit(&self, connection: &mut SqliteConnection) {
        let Some(path) = &self.path else { return };
        if !self
            .commits
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(COMMITS)
        {
            return;
        }
        let size = || fs::metadata(path).map_or(0, |log| log.len());
        let before = size();
        if before < self.limit.load(Ordering::Relaxed) {
            return;
        }
        // A failure changes nothing: what is committed stays in the log.
        if connection.set_busy_timeout(WAIT).is_ok() {
            let _ = connection.attempt(CHECKPOINT, &[]);
        }
        let _ = connection.set_busy_timeout(self.busy_timeout);
        // If a reader holds the log, further attempts are useless, so the next one comes at twice the size.
        let limit = if size() < before { LIMIT } else { 2 * before };
        self.limit.store(limit, Ordering::Relaxed);
    }
}
