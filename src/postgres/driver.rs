use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio_postgres::Socket;

use super::runtime::Runtime;
use super::tls;

pub(super) type RawConnection = tokio_postgres::Connection<Socket, tls::Stream>;

/// The socket, and the runtime that waits on it.
pub(super) struct Driver {
    runtime: Runtime,
    connection: RawConnection,
}

/// Why a statement failed.
pub(super) enum QueryFailure {
    /// The connection was dead before anything was sent.
    Dead(Option<tokio_postgres::Error>),
    /// The server answered with this error.
    Answered(tokio_postgres::Error),
    /// The connection ended before the answer arrived.
    Lost(Option<tokio_postgres::Error>),
    /// No answer arrived within the client's time limit.
    TooLate,
}

impl Driver {
    pub(super) fn new(runtime: Runtime, connection: RawConnection) -> Self {
        Driver {
            runtime,
            connection,
        }
    }

    /// Returns a parameter that the server reports whenever it changes.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.connection.parameter(name)
    }

    /// Runs the connection until the server has answered.
    pub(super) fn run<T>(
        &mut self,
        limit: Option<Duration>,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, QueryFailure> {
        let connection = &mut self.connection;
        self.runtime.block_on(async {
            // Without this, the runtime does not check the socket, and a connection that the server has closed would be
            // noticed only after the statement is sent.
            tokio::task::yield_now().await;
            if let Some(end) =
                poll_fn(|context| Poll::Ready(poll_closed(connection, context))).await
            {
                return Err(QueryFailure::Dead(end));
            }
            let answer = answer(connection, work);
            match limit {
                Some(limit) => tokio::time::timeout(limit, answer)
                    .await
                    .unwrap_or(Err(QueryFailure::TooLate)),
                None => answer.await,
            }
        })
    }
}

/// Runs the connection until the server has answered, without a time limit.
pub(super) async fn answer<T>(
    connection: &mut RawConnection,
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, QueryFailure> {
    let mut work = pin!(work);
    poll_fn(|context| {
        // `work` queues what to send, `connection` sends and receives, then `work` reads what has arrived.
        if let Poll::Ready(answer) = work.as_mut().poll(context) {
            return Poll::Ready(answer.map_err(QueryFailure::Answered));
        }
        let end = poll_closed(connection, context);
        match (work.as_mut().poll(context), end) {
            (Poll::Ready(Err(error)), Some(end)) if error.is_closed() => {
                Poll::Ready(Err(QueryFailure::Lost(end)))
            }
            (Poll::Ready(answer), _) => Poll::Ready(answer.map_err(QueryFailure::Answered)),
            // `connection` still owns the channel that `work` waits on, so `work` would never notice that it has ended.
            (Poll::Pending, Some(end)) => Poll::Ready(Err(QueryFailure::Lost(end))),
            (Poll::Pending, None) => Poll::Pending,
        }
    })
    .await
}

/// Sends and receives as much as possible, and returns how the connection ended, if it did. The server's notices are
/// dropped, because they may quote values.
fn poll_closed(
    connection: &mut RawConnection,
    context: &mut Context<'_>,
) -> Option<Option<tokio_postgres::Error>> {
    loop {
        match connection.poll_message(context) {
            Poll::Ready(Some(Ok(_))) => {}
            Poll::Ready(Some(Err(error))) => return Some(Some(error)),
            Poll::Ready(None) => return Some(None),
            Poll::Pending => return None,
        }
    }
}
