//! A pool of connections, the same for every database: r2d2 behind a manager of our own.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use r2d2::ManageConnection;

use crate::error::{Error, Result};

/// A connection that was used less than this ago is handed out without a ping: most cannot have died since, and to ask
/// would double the latency. The number is that of HikariCP's alive-bypass.
const ALIVE_BYPASS: Duration = Duration::from_millis(500);

/// How a database's connections are made and looked after.
pub(crate) trait Connect: Send + Sync + 'static {
    type Connection: Send + 'static;

    /// Makes a connection, within the database's connect timeout.
    fn connect(&self) -> Result<Self::Connection>;

    /// Asks the server for an answer, in one round trip.
    fn ping(&self, connection: &mut Self::Connection) -> Result<()>;

    /// Whether the connection is known to be of no further use; asked at every return, and at every checkout of one that
    /// is not pinged, so it must not take a round trip.
    fn is_broken(&self, connection: &mut Self::Connection) -> bool;
}

pub(crate) struct Pool<C: Connect>(r2d2::Pool<Manager<C>>);

impl<C: Connect> Pool<C> {
    /// Connects once by itself, so that a wrong URL or password is reported at once and in the server's words, and keeps
    /// up to `size` connections from then on, each for as long as it works.
    pub(crate) fn new(connect: C, size: u32, checkout_timeout: Duration) -> Result<Self> {
        drop(connect.connect()?);
        Ok(Pool(
            r2d2::Pool::builder()
                .max_size(size)
                .min_idle(Some(0))
                .idle_timeout(None)
                .max_lifetime(None)
                .connection_timeout(checkout_timeout)
                // The default handler would log the error; it is returned instead.
                .error_handler(Box::new(r2d2::NopErrorHandler))
                .build_unchecked(Manager(connect)),
        ))
    }

    /// A connection that works as far as is known, waiting for one up to the checkout timeout.
    pub(crate) fn get(&self) -> Result<Checkout<C>> {
        self.0.get().map(Checkout).map_err(|error| {
            Error::unavailable(format!("no connection could be had from the pool: {error}"))
        })
    }
}

/// A connection on loan: it goes back to the pool when it is dropped.
pub(crate) struct Checkout<C: Connect>(r2d2::PooledConnection<Manager<C>>);

impl<C: Connect> Deref for Checkout<C> {
    type Target = C::Connection;

    fn deref(&self) -> &C::Connection {
        &self.0.connection
    }
}

impl<C: Connect> DerefMut for Checkout<C> {
    fn deref_mut(&mut self) -> &mut C::Connection {
        &mut self.0.connection
    }
}

struct Idle<T> {
    connection: T,
    since: Instant,
}

struct Manager<C>(C);

impl<C: Connect> ManageConnection for Manager<C> {
    type Connection = Idle<C::Connection>;
    type Error = Error;

    fn connect(&self) -> Result<Self::Connection> {
        Ok(Idle {
            connection: self.0.connect()?,
            since: Instant::now(),
        })
    }

    fn is_valid(&self, idle: &mut Self::Connection) -> Result<()> {
        if self.0.is_broken(&mut idle.connection) {
            return Err(Error::unavailable("the connection was closed"));
        }
        if idle.since.elapsed() < ALIVE_BYPASS {
            return Ok(());
        }
        self.0.ping(&mut idle.connection)
    }

    /// r2d2 asks this whenever a connection comes back: it is idle from now on.
    fn has_broken(&self, idle: &mut Self::Connection) -> bool {
        idle.since = Instant::now();
        self.0.is_broken(&mut idle.connection)
    }
}
