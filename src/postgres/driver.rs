use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep};
use tokio_postgres::Socket;

use super::runtime::Runtime;
use super::tls;

pub(super) type RawConnection = tokio_postgres::Connection<Socket, tls::Stream>;

/// The socket, and the runtime that waits on it.
pub(super) struct Driver {
    timer: Timer,
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
            timer: Timer::new(&runtime),
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
        let Driver {
            timer,
            runtime,
            connection,
        } = self;
        // The runtime moves what it runs, so it gets only a reference.
        let mut work = pin!(work);
        runtime.block_on(async {
            // Without this, the runtime does not check the socket, and a connection that the server has closed would be
            // noticed only after the statement is sent.
            tokio::task::yield_now().await;
            // Nothing waits for this poll. If it could wake the task, handing over the statement would do so, and the
            // runtime would check the socket once more.
            let mut context = Context::from_waker(Waker::noop());
            if let Some(end) = poll_closed(connection, &mut context) {
                return Err(QueryFailure::Dead(end));
            }
            let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
            let mut answer = pin!(answer(connection, work.as_mut()));
            poll_fn(|context| match (answer.as_mut().poll(context), deadline) {
                (Poll::Pending, Some(deadline)) => timer
                    .poll(deadline, context)
                    .map(|()| Err(QueryFailure::TooLate)),
                (answer, _) => answer,
            })
            .await
        })
    }
}

/// A timer for one deadline after another, each of which is seldom reached.
///
/// It is left running after a statement, and moved to the current deadline only when it would fire too late, or has
/// fired too early. Setting it takes two system calls, because tokio wakes the runtime for that: too many for each
/// statement.
struct Timer(Pin<Box<Sleep>>);

impl Timer {
    fn new(runtime: &Runtime) -> Self {
        Timer(Box::pin(runtime.sleep_until(Instant::now())))
    }

    /// Is ready when the deadline has passed.
    fn poll(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        let mut sleep = self.0.as_mut();
        if deadline < sleep.deadline() {
            sleep.as_mut().reset(deadline);
        }
        loop {
            // An answer that arrives quickly may use up the budget of the task. The deadline applies even then.
            ready!(pin!(unconstrained(sleep.as_mut())).poll(context));
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how long the timer waits for a deadline this far away.
    fn wait(runtime: &Runtime, timer: &mut Timer, time: Duration) -> Duration {
        let begun = Instant::now();
        runtime.block_on(poll_fn(|context| timer.poll(begun + time, context)));
        begun.elapsed()
    }

    /// Begins to wait for a deadline, as a statement does that is answered in time.
    fn begin(runtime: &Runtime, timer: &mut Timer, time: Duration) {
        let deadline = Instant::now() + time;
        let is_ready = runtime.block_on(poll_fn(|context| {
            Poll::Ready(timer.poll(deadline, context).is_ready())
        }));
        assert!(!is_ready);
    }

    #[test]
    fn timer_meets_each_deadline() {
        const SHORT: Duration = Duration::from_millis(50);
        const LONG: Duration = Duration::from_secs(3600);
        let runtime = Runtime::new().unwrap();
        let mut timer = Timer::new(&runtime);

        assert!(wait(&runtime, &mut timer, SHORT) >= SHORT);
        // It still runs for an earlier deadline.
        begin(&runtime, &mut timer, SHORT);
        assert!(wait(&runtime, &mut timer, 4 * SHORT) >= 4 * SHORT);
        // It has fired in the meantime.
        begin(&runtime, &mut timer, SHORT);
        std::thread::sleep(2 * SHORT);
        assert!(wait(&runtime, &mut timer, SHORT) >= SHORT);
        // It runs for a later deadline.
        begin(&runtime, &mut timer, LONG);
        assert!(wait(&runtime, &mut timer, SHORT) < LONG);
    }
}
