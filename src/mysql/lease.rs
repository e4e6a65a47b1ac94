//! The migration lock of a Galera cluster, where each node has its own `GET_LOCK`. It is a row that only one node can
//! have written, and that expires when its holder is gone.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::MysqlBackend;
use crate::error::{Error, Result};
use crate::migration::timed_out_waiting;
use crate::sql::{Connection, Database, sql};

const TAKE: &str = sql!("mysql", "lease/take");
const RENEW: &str = sql!("mysql", "lease/renew");
const RELEASE: &str = sql!("mysql", "lease/release");

/// A third of the time for which a lease is taken.
const RENEWAL: Duration = Duration::from_secs(5);
/// The pause between two attempts to take it.
const PAUSE: Duration = Duration::from_millis(100);

/// The lease, held until it is dropped. A thread renews it.
pub(super) struct Lease {
    backend: MysqlBackend,
    owner: String,
    /// Dropped first: it ends the thread.
    renewal: Option<Sender<()>>,
}

impl Lease {
    /// Takes the lease as soon as no one else has it. The history table must exist.
    pub(super) fn take(backend: &MysqlBackend, timeout: Duration) -> Result<Self> {
        let owner = Uuid::now_v7().to_string();
        let start = Instant::now();
        loop {
            let is_late = start.elapsed() >= timeout;
            match try_to_take(backend, &owner) {
                Ok(true) => break,
                Ok(false) if is_late => return Err(timed_out_waiting(timeout)),
                // Such as a conflict with another node's attempt; or the cluster accepts no writes.
                Err(error) if is_late || !error.is_retryable() => return Err(error),
                Ok(false) | Err(_) => thread::sleep(PAUSE),
            }
        }
        let (renewal, ended) = mpsc::channel();
        let (renewed_by, renewed) = (backend.clone(), owner.clone());
        thread::spawn(move || {
            while ended.recv_timeout(RENEWAL) == Err(RecvTimeoutError::Timeout) {
                // If this fails, the lease lasts until the next attempt, or the next check fails.
                let _ = renew(&renewed_by, &renewed);
            }
        });
        Ok(Lease {
            backend: backend.clone(),
            owner,
            renewal: Some(renewal),
        })
    }

    /// Fails if the lease has expired and someone else has taken it. Then nothing may be changed anymore.
    pub(super) fn check(&self) -> Result<()> {
        if renew(&self.backend, &self.owner)? {
            Ok(())
        } else {
            Err(Error::unavailable(
                "the lock on migrations was lost to another process",
            ))
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal = None;
        // If this fails, the lease expires. A renewal in progress then finds no row.
        let _ = self
            .backend
            .write(|connection| connection.execute(RELEASE, &[(&self.owner).into()]));
    }
}

/// Returns true if the row names this owner afterwards.
fn try_to_take(backend: &MysqlBackend, owner: &String) -> Result<bool> {
    backend.write(|connection| connection.execute(TAKE, &[owner.into()]))?;
    renew(backend, owner)
}

fn renew(backend: &MysqlBackend, owner: &String) -> Result<bool> {
    let found = backend.write(|connection| connection.execute(RENEW, &[owner.into()]))?;
    Ok(found > 0)
}
