//! The models of `authstore` in [Valkey](https://valkey.io) (or Redis, from which it comes): an example of a backend on
//! a server that is no SQL database, written against the published trait [`authstore::Backend`] and its guide.
//!
//! ```no_run
//! use authstore::{AuthStore, NewUser};
//! use authstore_valkey::ValkeyBackend;
//!
//! # fn main() -> authstore::Result<()> {
//! let store = AuthStore::new(ValkeyBackend::open("redis://:password@localhost/")?);
//! let ada = store.create_user(NewUser { email: Some("ada@example.org".into()), ..NewUser::default() })?;
//! assert_eq!(store.get_user_by_email("ada@example.org")?, Some(ada));
//! # Ok(())
//! # }
//! ```
//!
//! How it keeps the contract:
//!
//! - One operation is one script (`lua/<operation>.lua`). The server runs one at a time, so each is one atomic step. But a
//!   script that fails midway undoes nothing: each checks first, and writes only when nothing can fail any more.
//! - A call is one round trip. The server forgets scripts when it restarts; the one who notices sends it again.
//! - Every wait ends: for a connection, for the server to accept one, and for an answer. A connection whose answer did not
//!   come is closed, for the next answer on it might be that one.
//! - A read whose connection was lost is repeated, once. A write is not: it may have been done.
//!
//! The README says what is stored where, and how the server has to be set up.

mod backend;
mod failure;
mod pool;
mod values;

use std::fmt;
use std::sync::Arc;

use authstore::{Backend as _, Error, Result};
use redis::io::tcp::TcpSettings;
use redis::{Client, IntoConnectionInfo, RedisResult, Script, Value};

use crate::failure::{is_answer, of_read, of_write};
use crate::pool::Pool;
use crate::values::{Arguments, Reply};

/// A Valkey or Redis server with the models in it. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct ValkeyBackend {
    pool: Arc<Pool>,
}

impl ValkeyBackend {
    /// Connects to the server at a URL such as `redis://user:password@host:6379/0`, where `0` is the database's number.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when it is no such URL; [`Error::Unavailable`] when the server does not answer;
    /// [`Error::Backend`] when it rejects the password.
    pub fn open(url: &str) -> Result<Self> {
        // The driver's error may quote the URL, so it is not passed on.
        let invalid = |_| Error::invalid("url", "must be like redis://user:password@host:6379/0");
        let server = url.into_connection_info().map_err(invalid)?;
        let server = server.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let client = Client::open(server).map_err(invalid)?;
        let pool = Arc::new(Pool::new(client));
        let backend = ValkeyBackend { pool };
        // A wrong password is reported here, and not by the first operation.
        backend.ping()?;
        Ok(backend)
    }

    /// Runs an operation's script. The driver sends its hash; when the server does not know that, the script, and the hash
    /// again.
    ///
    /// A read is repeated once when its connection is lost, as when the server has restarted; not when its time has run
    /// out. A write is not: it may have been done.
    fn run<T: Reply>(&self, operation: &str, script: &Script, arguments: &Arguments) -> Result<T> {
        let reads = ["get_", "list_", "ping"]
            .iter()
            .any(|kind| operation.starts_with(kind));
        let mut outcome = self.attempt(script, arguments)?;
        if let Err(error) = &outcome
            && reads
            && !is_answer(error)
            && !error.is_timeout()
        {
            outcome = self.attempt(script, arguments)?;
        }
        match outcome {
            Ok(value) => T::read(value),
            Err(error) if reads => Err(of_read(&error)),
            Err(error) => Err(of_write(&error)),
        }
    }

    /// Runs a script once. The outer error is one from before anything was sent.
    fn attempt(&self, script: &Script, arguments: &Arguments) -> Result<RedisResult<Value>> {
        let mut lease = self.pool.checkout()?;
        let outcome = script.arg(arguments).invoke(lease.connection());
        if let Err(error) = &outcome
            && !is_answer(error)
        {
            lease.discard();
        }
        Ok(outcome)
    }
}

impl fmt::Debug for ValkeyBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValkeyBackend").finish_non_exhaustive()
    }
}
