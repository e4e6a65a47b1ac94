//! The connections. A pool of one's own is shorter than one of r2d2's here, and tells at once why a connection cannot be
//! made.

use std::time::{Duration, Instant};

use authstore::{Error, Result};
use parking_lot::{Condvar, Mutex};
use redis::{Client, Connection, ErrorKind, RedisResult};

use crate::failure::of_connect;

/// How many connections there are at most.
const SIZE: usize = 16;
/// How long a caller waits for another to return a connection.
const CHECKOUT: Duration = Duration::from_secs(10);
/// How long the server may take to accept a connection, the password included.
const CONNECT: Duration = Duration::from_secs(5);
/// How long each part of a request and of an answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// A connection that was not used for this long may be dead, and is pinged first. Not each time: that would double the
/// time of every call, and a write would learn from the ping what its own loss should teach.
pub(crate) const IDLE: Duration = Duration::from_secs(1);

pub(crate) struct Pool {
    client: Client,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    /// The last one used comes last, and is used first.
    idle: Vec<(Connection, Instant)>,
    /// How many there are, in use or idle.
    open: usize,
}

impl Pool {
    pub(crate) fn new(client: Client) -> Self {
        Pool {
            client,
            state: Mutex::default(),
            returned: Condvar::new(),
        }
    }

    /// A connection for the caller alone. Nothing has been sent on it when this fails.
    pub(crate) fn checkout(&self) -> Result<Lease<'_>> {
        let (connection, since) = self.take()?.unzip();
        // From here on it gives its place back, whatever happens.
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

    /// An idle connection, and since when it is that, or `None`, which stands for a place for a new one.
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
            if self.returned.wait_until(&mut state, deadline).timed_out() {
                return Err(Error::unavailable("all connections are in use"));
            }
        }
    }

    fn connect(&self) -> RedisResult<Connection> {
        let connection = self.client.get_connection_with_timeout(CONNECT)?;
        connection.set_read_timeout(Some(ANSWER))?;
        connection.set_write_timeout(Some(ANSWER))?;
        Ok(connection)
    }
}

/// A connection in use, returned when this is dropped, unless it was discarded.
pub(crate) struct Lease<'a> {
    pool: &'a Pool,
    connection: Option<Connection>,
}

impl Lease<'_> {
    pub(crate) fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it was not discarded yet")
    }

    /// Closes the connection, and all that are idle: they are no younger, and would be waited for in their turn.
    pub(crate) fn discard(&mut self) {
        self.connection = None;
        let mut state = self.pool.state.lock();
        state.open -= state.idle.len();
        state.idle.clear();
        drop(state);
        self.pool.returned.notify_all();
    }
}

/// One round trip. An answer to something else is not taken for one to this.
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
            Some(connection) => state.idle.push((connection, Instant::now())),
            None => state.open -= 1,
        }
        drop(state);
        self.pool.returned.notify_one();
    }
}
