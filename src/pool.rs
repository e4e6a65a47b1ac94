//! A pool of connections, the same for every database: r2d2 with our own manager.

use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use r2d2::ManageConnection;
use scheduled_thread_pool::ScheduledThreadPool;

use crate::cost;
use crate::error::{Error, Result};

/// A connection that was used less than this ago is handed out without a ping: it is unlikely to have died since, and a
/// ping would double the latency. HikariCP's alive-bypass uses the same number.
const ALIVE_BYPASS: Duration = Duration::from_millis(500);

/// Twice the longest pause between two attempts to connect. r2d2 doubles the pause after each failure, up to half of
/// its `connection_timeout`, and has no other setting for it: at its default of 30 s, after a server was down for 10 s,
/// its return could go unnoticed for another 10 s.
const RETRY_CEILING: Duration = Duration::from_secs(1);

/// Longer timeouts are shortened to this: it is practically endless, and `Instant` cannot represent much more.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The maximum pool size: more connections than any server accepts from one program. r2d2 reserves memory for all of
/// them in advance.
const LARGEST_POOL: u32 = 10_000;

/// The maximum number of connections that are opened at the same time, each on its own thread. r2d2's default is 3: of
/// the first requests after a start, the others would wait for those.
const LARGEST_BURST: u32 = 8;

/// How long a caller waits before the pool considers again whether to open a connection.
const LONGEST_SLEEP: Duration = Duration::from_millis(500);

/// How long the pool does not connect again after a failure that trying again does not help, such as a wrong password.
/// r2d2 retries every failure twice a second for each connection, and a server may lock the account over that.
const REFUSED_PAUSE: Duration = Duration::from_secs(5);

/// What r2d2 says when no connection became free, and why, if it could not open one.
const TIMED_OUT: &str = "timed out waiting for connection";

/// How a database's connections are opened and checked.
pub(crate) trait Connect: Send + Sync + 'static {
    type Connection: Send + 'static;

    /// Opens a connection, within the database's connect timeout.
    fn connect(&self) -> Result<Self::Connection>;

    /// Asks the server for an answer, in one round trip.
    fn ping(&self, connection: &mut Self::Connection) -> Result<()>;

    /// Returns whether the connection is known to be unusable. Called at every return, and at every checkout without a
    /// ping, so it must not take a round trip. `now` is the current time.
    fn is_broken(&self, connection: &mut Self::Connection, now: Instant) -> bool;

    /// Returns whether the server did not answer the connection's last use. If so, the pool drops all connections of
    /// the same age or older: waiting for each of them would take as long.
    fn is_unanswered(&self, connection: &mut Self::Connection) -> bool {
        let _ = connection;
        false
    }
}

/// The state of a pool of connections at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// The maximum number of connections.
    pub max_size: u32,
    /// The number of open connections, in use or idle.
    pub size: u32,
    /// The number of open connections that are not in use.
    pub idle: u32,
    /// The number of connections that operations are using.
    pub in_use: u32,
    /// The number of operations that are waiting for a connection.
    pub waiting: u32,
}

pub(crate) struct Pool<C: Connect> {
    pool: r2d2::Pool<Manager<C>>,
    waiting: AtomicU32,
    shared: Arc<Shared<C>>,
    checkout_timeout: Duration,
}

struct Shared<C: Connect> {
    connect: C,
    /// The connection that [`Pool::new`] opened, until r2d2 asks for one.
    first: Mutex<Option<C::Connection>>,
    /// When a server last failed to answer on a connection.
    silent_since: Mutex<Option<Instant>>,
    /// When a connection was last refused for good, and the reason.
    refused: Mutex<Option<(Instant, String)>>,
}

impl<C: Connect> Shared<C> {
    fn connect(&self) -> Result<C::Connection> {
        if let Some((at, reason)) = &*self.refused.lock()
            && at.elapsed() < REFUSED_PAUSE
        {
            return Err(Error::backend(reason.clone()));
        }
        contained(|| self.connect.connect()).inspect_err(|error| {
            if !error.is_retryable() {
                *self.refused.lock() = Some((Instant::now(), error.to_string()));
            }
        })
    }
}

impl<C: Connect> Pool<C> {
    /// Opens one connection, and then, as they are needed, up to `size` connections. Keeps each for as long as it works.
    pub(crate) fn new(connect: C, size: u32, checkout_timeout: Duration) -> Result<Self> {
        if size > LARGEST_POOL {
            return Err(Error::invalid(
                "pool_size",
                format!("must be at most {LARGEST_POOL} (got {size})"),
            ));
        }
        // r2d2 would retry a wrong URL or password until its timeout, and then report the timeout. This reports the
        // server's message immediately.
        let first = contained(|| connect.connect())?;
        let shared = Arc::new(Shared {
            connect,
            first: Mutex::new(Some(first)),
            silent_since: Mutex::new(None),
            refused: Mutex::new(None),
        });
        let workers = ScheduledThreadPool::builder()
            .num_threads(size.clamp(1, LARGEST_BURST) as usize)
            .thread_name_pattern("authstore-connect-{}")
            .build();
        let pool = r2d2::Pool::builder()
            .max_size(size)
            // With a minimum of idle connections, r2d2 would connect in the background for an idle program.
            .min_idle(Some(0))
            .thread_pool(Arc::new(workers))
            .connection_timeout(RETRY_CEILING)
            // A limit on age or idleness would close working connections: the ping finds the others.
            .idle_timeout(None)
            .max_lifetime(None)
            // r2d2 would test all unanswering connections one by one, regardless of the timeout; `get` does not.
            .test_on_check_out(false)
            // The default handler would log the error; it is returned instead.
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(Manager(shared.clone()));
        // Takes the first connection, so it is idle from now on.
        drop(pool.get());
        Ok(Pool {
            pool,
            waiting: AtomicU32::new(0),
            shared,
            checkout_timeout: checkout_timeout.min(LONGEST_WAIT),
        })
    }

    /// Returns a connection that works as far as is known. Waits up to the checkout timeout, plus at most the time of
    /// one ping.
    pub(crate) fn get(&self) -> Result<Checkout<C>> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let checkout = cost::pool_wait(|| self.checkout());
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

    /// Returns the error for a checkout that took too long. `cause` follows the message.
    fn timed_out(&self, cause: &str) -> Error {
        let state = self.state();
        Error::unavailable(format!(
            "timed out waiting for a pooled connection ({} of {} in use, checkout_timeout_ms={}){cause}",
            state.in_use,
            state.max_size,
            self.checkout_timeout.as_millis(),
        ))
    }

    /// Usually a connection is idle and works. Then the clock is read only once: on SQLite that costs as much as
    /// everything else that the pool does.
    fn checkout(&self) -> Result<Checkout<C>> {
        let mut now = Instant::now();
        let deadline = now + self.checkout_timeout;
        let mut first = self.pool.try_get();
        loop {
            let mut idle = match first.take() {
                Some(idle) => idle,
                None => {
                    let idle = self.wait(deadline)?;
                    now = Instant::now();
                    idle
                }
            };
            match self.check(&mut idle, now) {
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

    /// Waits for a connection. r2d2 opens one for a caller that begins to wait, but not for those who wait already when
    /// a broken connection is returned. So begin to wait again and again.
    fn wait(&self, deadline: Instant) -> Result<r2d2::PooledConnection<Manager<C>>> {
        let mut cause = String::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let error = match self.pool.get_timeout(left.min(LONGEST_SLEEP)) {
                Ok(idle) => return Ok(idle),
                Err(error) => error.to_string(),
            };
            // r2d2 says only once why it could not connect.
            match error.strip_prefix(TIMED_OUT) {
                Some("") => {}
                Some(reason) => reason.clone_into(&mut cause),
                None => cause = format!(": {error}"),
            }
            if left <= LONGEST_SLEEP {
                return Err(self.timed_out(&cause));
            }
        }
    }

    fn check(&self, idle: &mut Idle<C::Connection>, now: Instant) -> Result<()> {
        let connect = &self.shared.connect;
        if contained(|| Ok(connect.is_broken(&mut idle.connection, now)))? {
            return Err(Error::unavailable("the connection was closed"));
        }
        if (*self.shared.silent_since.lock()).is_some_and(|silent| idle.since <= silent) {
            return Err(Error::unavailable("the server stopped answering"));
        }
        if now.saturating_duration_since(idle.since) < ALIVE_BYPASS {
            return Ok(());
        }
        contained(|| connect.ping(&mut idle.connection))
    }
}

impl<C: Connect> Drop for Pool<C> {
    /// Closes the idle connections on this thread. Otherwise the thread on which r2d2 opened the last of them may close
    /// them later, or never if the program ends first: SQLite's last connection would then leave its log behind.
    fn drop(&mut self) {
        while let Some(mut idle) = self.pool.try_get() {
            idle.failed = true;
        }
    }
}

/// Runs a driver's code. A panic becomes an error, so that neither the caller's thread nor r2d2's is lost: on r2d2's
/// thread, a panic would lose the connection's slot forever.
fn contained<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        // The panic's message is left out: it may quote anything that the driver had in its buffers.
        Err(Error::backend(
            "the database driver panicked; the connection was dropped",
        ))
    })
}

/// A connection that is checked out. Dropping it returns it to the pool.
pub(crate) struct Checkout<C: Connect>(r2d2::PooledConnection<Manager<C>>);

#[cfg(any(test, feature = "postgres"))]
impl<C: Connect> Checkout<C> {
    /// Runs `work` on the connection. The outer error means that the driver panicked: the connection will be dropped,
    /// and the outcome of the work is unknown.
    pub(crate) fn contain<T>(
        &mut self,
        work: impl FnOnce(&mut C::Connection) -> Result<T>,
    ) -> Result<Result<T>> {
        let idle = &mut *self.0;
        let connection = &mut idle.connection;
        catch_unwind(AssertUnwindSafe(|| work(connection))).map_err(|_| {
            idle.failed = true;
            Error::outcome_unknown("the database driver panicked; the connection was dropped")
        })
    }
}

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
    /// On the heap, because r2d2 moves it several times for each checkout, and some connections take several kilobytes.
    connection: Box<T>,
    since: Instant,
    /// Whether the connection failed its check at a checkout, or its driver panicked.
    failed: bool,
}

struct Manager<C: Connect>(Arc<Shared<C>>);

impl<C: Connect> ManageConnection for Manager<C> {
    type Connection = Idle<C::Connection>;
    type Error = Error;

    fn connect(&self) -> Result<Self::Connection> {
        let first = self.0.first.lock().take();
        let connection = match first {
            Some(first) => first,
            None => self.0.connect()?,
        };
        Ok(Idle {
            connection: Box::new(connection),
            since: Instant::now(),
            failed: false,
        })
    }

    /// r2d2 is configured not to call this: [`Pool::get`] pings.
    fn is_valid(&self, _: &mut Self::Connection) -> Result<()> {
        Ok(())
    }

    /// r2d2 calls this whenever a connection is returned, so it is idle from now on.
    fn has_broken(&self, idle: &mut Self::Connection) -> bool {
        let connect = &self.0.connect;
        idle.since = Instant::now();
        // A panic here would be one in a destructor.
        let broken = contained(|| {
            if connect.is_unanswered(&mut idle.connection) {
                *self.0.silent_since.lock() = Some(idle.since);
            }
            Ok(connect.is_broken(&mut idle.connection, idle.since))
        })
        .unwrap_or(true)
            || idle.failed;
        if broken {
            cost::reconnected();
        }
        broken
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(1);

    /// A server that accepts connections, and then answers too late.
    struct UnresponsiveServer(Arc<AtomicUsize>);

    impl Connect for UnresponsiveServer {
        type Connection = ();

        fn connect(&self) -> Result<()> {
            Ok(())
        }

        fn ping(&self, (): &mut ()) -> Result<()> {
            self.0.fetch_add(1, Ordering::Relaxed);
            thread::sleep(CHECKOUT_TIMEOUT);
            Err(Error::unavailable("no answer"))
        }

        fn is_broken(&self, (): &mut (), _: Instant) -> bool {
            false
        }
    }

    #[test]
    fn checkout_timeout_bounds_pings() {
        let pings = Arc::new(AtomicUsize::new(0));
        let pool = Pool::new(UnresponsiveServer(pings.clone()), 8, CHECKOUT_TIMEOUT).unwrap();
        let connections: Vec<_> = (0..8).map(|_| pool.get().unwrap()).collect();
        drop(connections);
        thread::sleep(ALIVE_BYPASS);

        let error = pool.get().err().unwrap();
        assert!(error.is_retryable(), "{error}");
        assert_eq!(pings.load(Ordering::Relaxed), 1);
    }

    /// A server whose connections are numbered, and behave as a test tells them.
    #[derive(Default)]
    struct Scripted {
        connections: AtomicUsize,
        refuses: AtomicBool,
        rejects_password: AtomicBool,
        logins: AtomicUsize,
        connect_panics: AtomicBool,
        silent: AtomicUsize,
    }

    impl Connect for Arc<Scripted> {
        type Connection = usize;

        fn connect(&self) -> Result<usize> {
            assert!(!self.connect_panics.load(Ordering::Relaxed), "as told");
            if self.refuses.load(Ordering::Relaxed) {
                return Err(Error::unavailable("refused"));
            }
            self.logins.fetch_add(1, Ordering::Relaxed);
            if self.rejects_password.load(Ordering::Relaxed) {
                return Err(Error::backend("wrong password"));
            }
            Ok(self.connections.fetch_add(1, Ordering::Relaxed))
        }

        fn ping(&self, _: &mut usize) -> Result<()> {
            Ok(())
        }

        fn is_broken(&self, connection: &mut usize, _: Instant) -> bool {
            self.is_unanswered(connection)
        }

        fn is_unanswered(&self, connection: &mut usize) -> bool {
            *connection == self.silent.load(Ordering::Relaxed)
        }
    }

    fn scripted(size: u32, checkout_timeout: Duration) -> (Arc<Scripted>, Pool<Arc<Scripted>>) {
        let server = Arc::new(Scripted::default());
        let pool = Pool::new(server.clone(), size, checkout_timeout).unwrap();
        (server, pool)
    }

    #[test]
    fn driver_panics_take_no_slot() {
        let (server, pool) = scripted(1, Duration::from_secs(60));
        server.connect_panics.store(true, Ordering::Relaxed);
        let waiting = thread::spawn(move || {
            let mut connection = pool.get().unwrap();
            let error = connection.contain::<()>(|_| panic!("as told")).unwrap_err();
            assert!(matches!(error, Error::OutcomeUnknown { .. }), "{error:?}");
            let first = *connection;
            drop(connection);
            assert_ne!(*pool.get().unwrap(), first);
        });
        // Long enough for r2d2 to have tried at least once.
        thread::sleep(Duration::from_millis(300));
        server.connect_panics.store(false, Ordering::Relaxed);
        waiting.join().unwrap();
    }

    #[test]
    fn connect_panic_is_an_error() {
        let server = Arc::new(Scripted::default());
        server.connect_panics.store(true, Ordering::Relaxed);
        let error = Pool::new(server, 1, CHECKOUT_TIMEOUT).err().unwrap();
        assert!(error.to_string().contains("panicked"), "{error}");
    }

    /// A server may lock an account after a few wrong passwords.
    #[test]
    fn wrong_password_is_not_repeated_at_once() {
        let (server, pool) = scripted(1, CHECKOUT_TIMEOUT);
        let connection = pool.get().unwrap();
        let logins = server.logins.load(Ordering::Relaxed);
        server.silent.store(*connection, Ordering::Relaxed);
        server.rejects_password.store(true, Ordering::Relaxed);
        drop(connection);
        for _ in 0..3 {
            let error = pool.get().err().unwrap();
            assert!(error.to_string().contains("wrong password"), "{error}");
        }
        assert_eq!(server.logins.load(Ordering::Relaxed), logins + 1);
    }

    #[test]
    fn first_connection_is_kept() {
        let server = Arc::new(Scripted::default());
        server.silent.store(usize::MAX, Ordering::Relaxed);
        let pool = Pool::new(server.clone(), 3, CHECKOUT_TIMEOUT).unwrap();
        let state = pool.state();
        assert_eq!((state.size, state.idle), (1, 1));
        assert_eq!(*pool.get().unwrap(), 0);
        assert_eq!(server.connections.load(Ordering::Relaxed), 1);
    }

    /// A server that accepts one connection, and then only so many at the same time.
    struct Crowded(AtomicBool, Barrier);

    impl Connect for Crowded {
        type Connection = ();

        fn connect(&self) -> Result<()> {
            if self.0.swap(true, Ordering::Relaxed) {
                self.1.wait();
            }
            Ok(())
        }

        fn ping(&self, (): &mut ()) -> Result<()> {
            Ok(())
        }

        fn is_broken(&self, (): &mut (), _: Instant) -> bool {
            false
        }
    }

    #[test]
    fn connections_are_opened_at_the_same_time() {
        let rest = LARGEST_BURST - 1;
        let server = Crowded(AtomicBool::new(false), Barrier::new(rest as usize));
        let pool = Pool::new(server, LARGEST_BURST, Duration::from_secs(60)).unwrap();
        let _first = pool.get().unwrap();
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..rest).map(|_| scope.spawn(|| pool.get())).collect();
            let opened = waiting.into_iter().map(|thread| thread.join().unwrap());
            assert!(opened.collect::<Vec<_>>().iter().all(Result::is_ok));
        });
    }

    /// A server whose connections break on demand.
    #[derive(Default)]
    struct Breaking(AtomicBool);

    impl Connect for Breaking {
        type Connection = ();

        fn connect(&self) -> Result<()> {
            Ok(())
        }

        fn ping(&self, (): &mut ()) -> Result<()> {
            Ok(())
        }

        fn is_broken(&self, (): &mut (), _: Instant) -> bool {
            self.0.swap(false, Ordering::Relaxed)
        }
    }

    #[test]
    fn waiting_caller_gets_what_replaces_a_broken_connection() {
        let pool = Pool::new(Breaking::default(), 1, Duration::from_secs(60)).unwrap();
        let held = pool.get().unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| pool.get().map(drop));
            while pool.state().waiting == 0 {
                thread::yield_now();
            }
            pool.shared.connect.0.store(true, Ordering::Relaxed);
            let begun = Instant::now();
            drop(held);
            waiting.join().unwrap().unwrap();
            assert!(begun.elapsed() < Duration::from_secs(30));
        });
    }

    #[test]
    fn pauses_between_attempts_stay_short() {
        let (server, pool) = scripted(1, Duration::from_secs(60));
        server.refuses.store(true, Ordering::Relaxed);
        let waiting = thread::spawn(move || {
            let connection = pool.get().unwrap();
            (*connection, Instant::now())
        });
        // By now r2d2's own pauses would be of 3.2 s, then 6.4 s and more.
        thread::sleep(Duration::from_secs(7));
        let back = Instant::now();
        server.refuses.store(false, Ordering::Relaxed);
        let (_, connected) = waiting.join().unwrap();
        assert!(connected - back < Duration::from_secs(3));
    }

    #[test]
    fn silence_condemns_older_connections() {
        let (server, pool) = scripted(3, CHECKOUT_TIMEOUT);
        let connections: Vec<_> = (0..3).map(|_| pool.get().unwrap()).collect();
        let first = *connections[0];
        server.silent.store(first, Ordering::Relaxed);
        let mut connections = connections.into_iter();
        let silent = connections.next();
        drop(connections);
        drop(silent);

        assert!(*pool.get().unwrap() > 3, "an old connection was handed out");
    }

    #[test]
    fn oversized_pools_are_rejected() {
        let error = |size| {
            Pool::new(Arc::new(Scripted::default()), size, CHECKOUT_TIMEOUT)
                .err()
                .map(|error| error.to_string())
        };
        assert_eq!(error(LARGEST_POOL), None);
        assert_eq!(
            error(u32::MAX).unwrap(),
            "pool_size is invalid: must be at most 10000 (got 4294967295)"
        );
    }

    #[test]
    fn endless_checkout_timeouts_do_not_panic() {
        let (_, pool) = scripted(1, Duration::MAX);
        drop(pool.get().unwrap());
    }
}
