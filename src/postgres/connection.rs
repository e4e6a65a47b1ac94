use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Socket, Statement};

use super::error::{Failure, Fate, classify, classify_migration};
use super::runtime::Runtime;
use super::tls;
use super::value::Parameter;
use crate::error::{Error, Result};
use crate::sql::{Cells, Connection, Decode, Value};

/// How much longer than the server's own timeout a client waits: so long may its message take to arrive.
const GRACE: Duration = Duration::from_secs(1);

pub(super) type Link = tokio_postgres::Connection<Socket, tls::Stream>;

pub(crate) struct PostgresConnection {
    client: Client,
    wire: Wire,
    /// By address and length: each statement is a text that is compiled in.
    prepared: HashMap<(usize, usize), Statement>,
    limit: Duration,
    broken: bool,
    fate: Fate,
}

impl PostgresConnection {
    pub(super) fn new(
        runtime: Runtime,
        client: Client,
        link: Link,
        statement_timeout: Duration,
    ) -> Self {
        PostgresConnection {
            client,
            wire: Wire { runtime, link },
            prepared: HashMap::new(),
            limit: statement_timeout.saturating_add(GRACE),
            broken: false,
            fate: Fate::Refused,
        }
    }

    /// What became of the statement that failed last.
    pub(super) fn fate(&self) -> Fate {
        self.fate
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken || self.client.is_closed()
    }

    /// Runs a migration's SQL: any number of statements, without parameters, for as long as they take.
    pub(super) fn run_script(&mut self, sql: &str) -> Result<()> {
        self.wire
            .drive(None, self.client.batch_execute(sql))
            .map_err(|stop| match stop {
                Stop::Failed(error) => classify_migration(error),
                stop => self.failed(stop.into()),
            })
    }

    /// Undoes a transaction that is open. Should this fail, the connection is of no further use.
    pub(super) fn roll_back(&mut self, sql: &'static str) {
        let fate = self.fate;
        self.broken |= self.execute(sql, &[]).is_err();
        self.fate = fate;
    }

    fn run(
        &mut self,
        sql: &'static str,
        parameters: &[Value<'_>],
    ) -> Result<Vec<tokio_postgres::Row>> {
        let statement = self.prepare(sql)?;
        let parameters: Vec<Parameter<'_>> =
            parameters.iter().map(|value| (*value).into()).collect();
        let parameters: Vec<&(dyn ToSql + Sync)> =
            parameters.iter().map(|parameter| parameter as _).collect();
        self.wire
            .drive(Some(self.limit), self.client.query(&statement, &parameters))
            .map_err(|stop| self.failed(stop.into()))
    }

    fn prepare(&mut self, sql: &'static str) -> Result<Statement> {
        let key = (sql.as_ptr().addr(), sql.len());
        if let Some(statement) = self.prepared.get(&key) {
            return Ok(statement.clone());
        }
        let statement = self
            .wire
            .drive(Some(self.limit), self.client.prepare(sql))
            .map_err(|stop| self.failed(Failure::from(stop).untouched()))?;
        self.prepared.insert(key, statement.clone());
        Ok(statement)
    }

    /// Notes what an error says about the connection.
    fn failed(&mut self, failure: Failure) -> Error {
        self.fate = failure.fate;
        match failure.fate {
            Fate::Refused | Fate::Yielded => {}
            Fate::Outdated => self.prepared.clear(),
            Fate::Untouched | Fate::Standby | Fate::Unknown => self.broken = true,
        }
        failure.error
    }
}

impl Connection for PostgresConnection {
    fn execute(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<u64> {
        let statement = self.prepare(sql)?;
        let parameters = parameters.iter().map(|value| Parameter(*value));
        self.wire
            .drive(
                Some(self.limit),
                self.client.execute_raw(&statement, parameters),
            )
            .map_err(|stop| self.failed(stop.into()))
    }

    fn query<T: Decode>(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Vec<T>> {
        let rows = self.run(sql, parameters)?;
        self.fate = Fate::Refused;
        rows.iter().map(Cells::read).collect()
    }

    fn query_optional<T: Decode>(
        &mut self,
        sql: &'static str,
        parameters: &[Value<'_>],
    ) -> Result<Option<T>> {
        let rows = self.run(sql, parameters)?;
        self.fate = Fate::Refused;
        rows.first().map(Cells::read).transpose()
    }
}

/// The socket, and what waits on it.
struct Wire {
    runtime: Runtime,
    link: Link,
}

/// Why there is no answer to a statement.
enum Stop {
    /// The connection was dead before anything was sent.
    Dead(Option<tokio_postgres::Error>),
    /// This is the answer.
    Failed(tokio_postgres::Error),
    /// The connection ended before the answer came.
    Lost(Option<tokio_postgres::Error>),
    TooLate,
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Dead(end) => Failure {
                fate: Fate::Untouched,
                ..Failure::from(Stop::Lost(end)).untouched()
            },
            Stop::Failed(error) | Stop::Lost(Some(error)) => classify(error),
            Stop::Lost(None) => Failure::new(
                Error::outcome_unknown("the server closed the connection"),
                Fate::Unknown,
            ),
            Stop::TooLate => Failure::too_late(),
        }
    }
}

impl Wire {
    /// Runs the connection until the server has answered.
    fn drive<T>(
        &mut self,
        limit: Option<Duration>,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Stop> {
        let link = &mut self.link;
        let mut work = pin!(work);
        self.runtime.block_on(async {
            // Without this the runtime does not look at the socket, and a connection that the server has closed since
            // would be found out only once the statement is sent.
            tokio::task::yield_now().await;
            if let Some(end) = poll_fn(|context| Poll::Ready(end(link, context))).await {
                return Err(Stop::Dead(end));
            }
            let answer = poll_fn(|context| {
                // `work` hands over what is to be sent, `link` sends and receives, `work` takes what has come.
                if let Poll::Ready(answer) = work.as_mut().poll(context) {
                    return Poll::Ready(answer.map_err(Stop::Failed));
                }
                let end = end(link, context);
                match (work.as_mut().poll(context), end) {
                    (Poll::Ready(Err(error)), Some(end)) if error.is_closed() => {
                        Poll::Ready(Err(Stop::Lost(end)))
                    }
                    (Poll::Ready(answer), _) => Poll::Ready(answer.map_err(Stop::Failed)),
                    // `link` holds on to what `work` listens to, so `work` would never hear that it has ended.
                    (Poll::Pending, Some(end)) => Poll::Ready(Err(Stop::Lost(end))),
                    (Poll::Pending, None) => Poll::Pending,
                }
            });
            match limit {
                Some(limit) => tokio::time::timeout(limit, answer)
                    .await
                    .unwrap_or(Err(Stop::TooLate)),
                None => answer.await,
            }
        })
    }
}

/// Sends and receives what there is, and returns how the connection ended, if it did. What the server says besides
/// (notices) is dropped: it may quote values.
fn end(link: &mut Link, context: &mut Context<'_>) -> Option<Option<tokio_postgres::Error>> {
    loop {
        match link.poll_message(context) {
            Poll::Ready(Some(Ok(_))) => {}
            Poll::Ready(Some(Err(error))) => return Some(Some(error)),
            Poll::Ready(None) => return Some(None),
            Poll::Pending => return None,
        }
    }
}
