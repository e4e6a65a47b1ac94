use std::future::Future;

use tokio::runtime::Builder;
use tokio::time::{Instant, Sleep};

use crate::error::{Error, Result};

/// The runtime that waits on a connection's socket, on the thread that uses the connection.
pub(super) struct Runtime(
    /// `None` only while it is dropped.
    Option<tokio::runtime::Runtime>,
);

impl Runtime {
    pub(super) fn new() -> Result<Self> {
        match Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
        {
            Ok(runtime) => Ok(Runtime(Some(runtime))),
            Err(error) => {
                let reason = "cannot set up network I/O";
                Err(Error::unavailable(reason).with_source(error))
            }
        }
    }

    pub(super) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime().block_on(work)
    }

    /// Returns a timer of this runtime.
    pub(super) fn sleep_until(&self, deadline: Instant) -> Sleep {
        let _context = self.runtime().enter();
        tokio::time::sleep_until(deadline)
    }

    fn runtime(&self) -> &tokio::runtime::Runtime {
        self.0.as_ref().expect("present until dropped")
    }
}

impl Drop for Runtime {
    /// Does not wait, not even for a pending lookup of a host name.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
