//! Signs in by the driver, within a time, and whatever it does.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use mysql::{Conn, OptsBuilder};

use super::error::classify_connecting;
use crate::error::{Error, Result};

/// Connects and signs in, on a thread of its own: the driver bounds the wait for each answer, but not the whole, and it
/// panics when the server asks for a plugin that it was built without. A thread that is left behind ends with the
/// driver's own timeouts.
pub(super) fn sign_in(options: OptsBuilder, timeout: Duration) -> Result<Conn> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let thread = thread::Builder::new()
        .name("authstore-sign-in".to_owned())
        .spawn(move || {
            // Fails if the caller's timeout has elapsed, which drops the receiver.
            let _ = sender.send(Conn::new(options));
        })
        .map_err(|error| {
            Error::unavailable("cannot start a thread to connect with").with_source(error)
        })?;
    match receiver.recv_timeout(timeout) {
        Ok(signed_in) => signed_in.map_err(classify_connecting),
        Err(RecvTimeoutError::Timeout) => Err(Error::unavailable(
            "timed out waiting for the server to sign the user in",
        )),
        Err(RecvTimeoutError::Disconnected) => {
            let panic = thread.join().err();
            // A constant of the driver's, which holds no password; any other message might.
            let words = panic.and_then(|panic| panic.downcast_ref::<&'static str>().copied());
            Err(explain_panic(words.unwrap_or("no reason was given")))
        }
    }
}

fn explain_panic(words: &'static str) -> Error {
    for (mark, plugin) in [("ed25519", "ed25519"), ("parsec", "parsec")] {
        if words.contains(mark) {
            return Error::backend(format!(
                "the user signs in by MariaDB's plugin {plugin}; turn on the feature `mariadb-auth` of authstore"
            ));
        }
    }
    Error::backend(format!(
        "the driver panicked while signing in the user: {words}"
    ))
}
