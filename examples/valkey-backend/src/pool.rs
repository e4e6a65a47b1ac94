//! The connection pool. It is shorter than code for r2d2 would be, and reports immediately why a connection cannot be
//! opened.

use std::thread;
use std::time::{Duration, Instant};

use authstore::{Error, PoolState, Result};
use parking_lot::{Condvar, Mutex};
use redis::{Client, Connection, ErrorKind, RedisResult};

use crate::failure::of_connect;

/// The maximum number of connections.
const SIZE: u32 = 16;
/// How long a caller waits for a free connection.
const CHECKOUT: Duration = Duration::from_secs(10);
/// The timeout for connecting, including authentication.
const CONNECT: Duration = Duration::from_secs(5);
/// The timeout for each part of a request and of an answer.
const ANSWER: Duration = Duration::from_secs(10);
/// A connection that was idle for this long may be dead, and is pinged first. Pinging each time would double the
/// duration of every call.
pub(crate) const IDLE: Duration = Duration::from_secs(1);

pub(crate) struct Pool {
    client: Client,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    /// A stack: the connection used last is used next.
    idle: Vec<(Connection, Instant)>,
    /// The number of connections, in use or idle.
    open: u32,
    /// The number of callers that wait for one.
    waiting: u32,
}

impl State {
    fn idle(&self) -> u32 {
        self.idle.len() as u32
    }
}

impl Pool {
    pub(crate) fn new(client: Client) -> Self {
        Pool {
            client,
            state: Mutex::default(),
            returned: Condvar::new(),
        }
    }

    /// Takes a connection. If this fails, nothing was sent.
    pub(crate) fn checkout(&self) -> Result<Lease<'_>> {
        let (connection, since) = self.take()?.unzip();
        // From here on, dropping the lease frees its place.
        let mut lease = Lease {
            pool: self,
            connection,
        };
        if since.is_some_and(|since| since.elapsed() >= IDLE) && ping(lease.connection()).is_err() {
            lease.discard();
        }
        if lease.connection.is_none() {
            lease.connection = Some(self.connect().map_err(|error| of_connect(&error))?);
        }
        Ok(lease)
    }

    /// Returns an idle connection and the time since which it is idle, or `None` if a new one may be opened.
    fn take(&self) -> Result<Option<(Connection, Instant)>> {
        let deadline = Instant::now() + CHECKOUT;
        let mut state = self.state.lock();
        loop {
            if let Some(idle) = state.idle.pop() {
                return Ok(Some(idle));
            }
            if state.open < SIZE {
                state.open += 1;
                return Ok(None);
            }
            state.waiting += 1;
            let waited = self.returned.wait_until(&mut state, deadline);
            state.waiting -= 1;
            if waited.timed_out() {
                return Err(Error::unavailable("all connections are in use"));
            }
        }
    }

    /// Returns the number of connections, and of callers that wait for one.
    pub(crate) fn state(&self) -> PoolState {
        let state = self.state.lock();
        PoolState {
            max_size: SIZE,
            size: state.open,
            idle: state.idle(),
            in_use: state.open - state.idle(),
            waiting: state.waiting,
        }
    }

    fn connect(&self) -> RedisResult<Connection> {
        let connection = self.client.get_connection_with_timeout(CONNECT)?;
        connection.set_read_timeout(Some(ANSWER))?;
        connection.set_write_timeout(Some(ANSWER))?;
        Ok(connection)
    }
}

/// A connection in use. Dropping it returns the connection, unless it was discarded.
pub(crate) struct Lease<'a> {
    pool: &'a Pool,
    connection: Option<Connection>,
}

impl Lease<'_> {
    pub(crate) fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it was not discarded yet")
    }

    /// Closes the connection and all idle ones: they are probably dead too, and each would cost a timeout.
    pub(crate) fn discard(&mut self) {
        self.connection = None;
        let mut state = self.pool.state.lock();
        state.open -= state.idle();
        state.idle.clear();
        drop(state);
        self.pool.returned.notify_all();
    }
}

/// Checks a connection with one round trip, and checks that the answer is its own.
pub(crate) fn ping(connection: &mut Connection) -> RedisResult<()> {
    match &*redis::cmd("PING").query::<String>(connection)? {
        "PONG" => Ok(()),
        _ => Err((ErrorKind::UnexpectedReturnType, "not the answer to PING").into()),
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state.lock();
        match self.connection.take() {
            // After a panic, an answer may be left that the next caller would read.
            Some(connection) if !thread::panicking() => {
                state.idle.push((connection, Instant::now()));
            }
            _ => state.open -= 1,
        }
        drop(state);
        self.pool.returned.notify_one();
    }
}
