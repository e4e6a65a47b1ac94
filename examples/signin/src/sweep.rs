//! Deletes expired rows, in a thread that ends with the program.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use authstore::AuthStore;
use time::OffsetDateTime;

const INTERVAL: Duration = Duration::from_secs(10 * 60);

/// The maximum number of rows of each kind in a batch. Short batches let other writers proceed in between.
const BATCH: u32 = 1_000;

/// The thread of the sweeper.
pub(crate) struct Sweeper {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Sweeper {
    /// Starts the thread, which sweeps immediately and then at this interval.
    pub(crate) fn start(store: AuthStore) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("sweeper".into())
            .spawn(move || {
                let mut wait = Duration::ZERO;
                while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                    wait = match store.delete_expired(OffsetDateTime::now_utc(), BATCH) {
                        Ok(swept)
                            if is_full(
                                swept
                                    .sessions
                                    .max(swept.verification_tokens)
                                    .max(swept.challenges),
                            ) =>
                        {
                            Duration::ZERO
                        }
                        Ok(_) => INTERVAL,
                        // The next sweep tries again.
                        Err(error) => {
                            eprintln!("sweep failed: {error}");
                            INTERVAL
                        }
                    };
                }
            })?;
        Ok(Sweeper { stop, thread })
    }

    /// Ends the thread after its current batch.
    pub(crate) fn stop(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}

fn is_full(rows: u64) -> bool {
    rows == u64::from(BATCH)
}
