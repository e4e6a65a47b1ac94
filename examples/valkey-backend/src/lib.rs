//! An example backend of `authstore` on a server without SQL: [Valkey](https://valkey.io), or Redis, from which it was
//! forked. It uses only the public trait [`authstore::Backend`].
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
//! - Each operation is one script (`lua/<operation>.lua`). The server runs one script at a time, so each is atomic. A
//!   script that fails midway undoes nothing, so each checks everything before it writes.
//! - A call is one round trip. The server forgets scripts when it restarts; the next caller sends the script again.
//! - Every wait ends: for a connection, for the server to accept one, and for an answer. A connection that got no
//!   answer is closed, because the next answer on it could be the late one.
//! - A read whose connection was lost is repeated once. A write is not repeated, because it may have been done.
//!
//! The README lists the keys and the necessary settings of the server.

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

/// A backend on a Valkey or Redis server. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct ValkeyBackend {
    pool: Arc<Pool>,
}

impl ValkeyBackend {
    /// Connects to the server at a URL such as `redis://user:password@host:6379/0`, where `0` is the database's number.
    ///
    /// The connection is not encrypted, so the server must be on this machine, or behind an encrypted tunnel.
    ///
    /// With its default settings, a server loses the last acknowledged writes in a crash. Set `appendonly yes`,
    /// `appendfsync always` and `maxmemory-policy noeviction`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for an invalid URL; [`Error::Unavailable`] if the server does not answer; [`Error::Backend`]
    /// if it rejects the password.
    pub fn open(url: &str) -> Result<Self> {
        // The driver's error may quote the URL, so it is dropped.
        let invalid = |_| Error::invalid("url", "must be like redis://user:password@host:6379/0");
        let server = url.into_connection_info().map_err(invalid)?;
        let server = server.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let client = Client::open(server).map_err(invalid)?;
        let pool = Arc::new(Pool::new(client));
        let backend = ValkeyBackend { pool };
        // Report a wrong password here, not in the first operation.
        backend.ping()?;
        Ok(backend)
    }

    /// Runs an operation's script. The driver sends its hash; if the server does not know the hash, it sends the
    /// script, and the hash again.
    ///
    /// A read is repeated once if its connection is lost, as when the server restarts, but not after a timeout. A write
    /// is not repeated, because it may have been done.
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

    /// Runs a script once. The outer error means that nothing was sent.
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
