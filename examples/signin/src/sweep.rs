//! Deletes what has expired, in a thread that ends with the program.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use authstore::AuthStore;
use time::OffsetDateTime;

const INTERVAL: Duration = Duration::from_secs(10 * 60);

/// At most this many rows of each kind in one step, so that a step is short and other writers get in between.
const BATCH: u32 = 1_000;

/// The thread.
pub(crate) struct Sweeper {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Sweeper {
    /// Sweeps now and then at an interval.
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
                        // The next turn tries again.
                        Err(error) => {
                            eprintln!("sweep failed: {error}");
                            INTERVAL
                        }
                    };
                }
            })?;
        Ok(Sweeper { stop, thread })
    }

    /// Ends the thread after its current step.
    pub(crate) fn stop(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}

fn is_full(rows: u64) -> bool {
    rows == u64::from(BATCH)
}
