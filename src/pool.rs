//! A pool of connections, the same for every database: r2d2 behind a manager of our own.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use r2d2::ManageConnection;

use crate::error::{Error, Result};
use crate::observe;

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

/// The state of a pool of connections at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolState {
    /// How many connections the pool may have.
    pub max_size: u32,
    /// How many connections are open, in use or idle.
    pub size: u32,
    /// How many open connections are not in use.
    pub idle: u32,
    /// How many connections operations are using.
    pub in_use: u32,
    /// How many operations are waiting for a connection.
    pub waiting: u32,
}

pub(crate) struct Pool<C: Connect> {
    pool: r2d2::Pool<Manager<C>>,
    waiting: AtomicU32,
    connect: Arc<C>,
    checkout_timeout: Duration,
}

impl<C: Connect> Pool<C> {
    /// Connects once by itself, so that a wrong URL or password is reported at once and in the server's words, and keeps
    /// up to `size` connections from then on, each for as long as it works.
    pub(crate) fn new(connect: C, size: u32, checkout_timeout: Duration) -> Result<Self> {
        drop(connect.connect()?);
        let connect = Arc::new(connect);
        Ok(Pool {
            pool: r2d2::Pool::builder()
                .max_size(size)
                .min_idle(Some(0))
                .idle_timeout(None)
                .max_lifetime(None)
                // r2d2 would go through all connections that do not answer, one after the other, whatever the time.
                .test_on_check_out(false)
                // The default handler would log the error; it is returned instead.
                .error_handler(Box::new(r2d2::NopErrorHandler))
                .build_unchecked(Manager(connect.clone())),
            waiting: AtomicU32::new(0),
            connect,
            checkout_timeout,
        })
    }

    /// A connection that works as far as is known, waiting for one up to the checkout timeout, and for no more than one
    /// answer longer.
    pub(crate) fn get(&self) -> Result<Checkout<C>> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let checkout = observe::pool_wait(|| self.checkout());
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        checkout
    }

    pub(crate) fn state(&self) -> PoolState {
        let state = self.pool.state();
        PoolState {
            max_size: self.pool.max_size(),
            size: state.connections,
            idle: state.idle_connections,
            in_use: state.connections.saturating_sub(state.idle_connections),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    /// Returns the error for a checkout that took too long. r2d2 knows why it could not connect, if it tried.
    fn timed_out(&self, cause: &r2d2::Error) -> Error {
        let state = self.state();
        let cause = cause.to_string();
        let cause = match cause.strip_prefix("timed out waiting for connection") {
            Some(cause) => cause,
            None => &format!(": {cause}"),
        };
        Error::unavailable(format!(
            "timed out waiting for a pooled connection ({} of {} in use, {} ms){cause}",
            state.in_use,
            state.max_size,
            self.checkout_timeout.as_millis(),
        ))
    }

    fn checkout(&self) -> Result<Checkout<C>> {
        let deadline = Instant::now() + self.checkout_timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut idle = self
                .pool
                .get_timeout(left)
                .map_err(|error| self.timed_out(&error))?;
            match self.check(&mut idle) {
                Ok(()) => return Ok(Checkout(idle)),
                Err(error) => {
                    idle.failed = true;
                    if Instant::now() >= deadline {
                        return Err(error);
                    }
                }
            }
        }
    }

    fn check(&self, idle: &mut Idle<C::Connection>) -> Result<()> {
        if self.connect.is_broken(&mut idle.connection) {
            return Err(Error::unavailable("the connection was closed"));
        }
        if idle.since.elapsed() < ALIVE_BYPASS {
            return Ok(());
        }
        self.connect.ping(&mut idle.connection)
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
    /// Whether it was found at a checkout that the connection does not work.
    failed: bool,
}

struct Manager<C>(Arc<C>);

impl<C: Connect> ManageConnection for Manager<C> {
    type Connection = Idle<C::Connection>;
    type Error = Error;

    fn connect(&self) -> Result<Self::Connection> {
        Ok(Idle {
            connection: self.0.connect()?,
            since: Instant::now(),
            failed: false,
        })
    }

    /// r2d2 is told not to ask: [`Pool::get`] does.
    fn is_valid(&self, _: &mut Self::Connection) -> Result<()> {
        Ok(())
    }

    /// r2d2 asks this whenever a connection comes back: it is idle from now on.
    fn has_broken(&self, idle: &mut Self::Connection) -> bool {
        idle.since = Instant::now();
        let broken = idle.failed || self.0.is_broken(&mut idle.connection);
        if broken {
            observe::reconnected();
        }
        broken
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(1);

    /// A server that takes connections, and then answers too late.
    struct Mute(Arc<AtomicUsize>);

    impl Connect for Mute {
        type Connection = ();

        fn connect(&self) -> Result<()> {
            Ok(())
        }

        fn ping(&self, (): &mut ()) -> Result<()> {
            self.0.fetch_add(1, Ordering::Relaxed);
            thread::sleep(CHECKOUT_TIMEOUT);
            Err(Error::unavailable("no answer"))
        }

        fn is_broken(&self, (): &mut ()) -> bool {
            false
        }
    }

    #[test]
    fn silent_connections_are_not_all_asked_once_the_time_is_over() {
        let pings = Arc::new(AtomicUsize::new(0));
        let pool = Pool::new(Mute(pings.clone()), 8, CHECKOUT_TIMEOUT).unwrap();
        let connections: Vec<_> = (0..8).map(|_| pool.get().unwrap()).collect();
        drop(connections);
        thread::sleep(ALIVE_BYPASS);

        let error = pool.get().err().unwrap();
        assert!(error.is_retryable(), "{error}");
        assert_eq!(pings.load(Ordering::Relaxed), 1);
    }
}
