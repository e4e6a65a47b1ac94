//! Statements that are sent together, without waiting for answers in between.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use super::error::{FailureKind, StatementFailure};
use crate::error::Error;

type Answer<T> = Result<T, tokio_postgres::Error>;

/// The answers to the parts of a transaction.
pub(super) struct Answers<T> {
    begin: Answer<()>,
    settings: Answer<u64>,
    work: Answer<T>,
    commit: Answer<()>,
}

/// Sends all parts, then reads their answers. Fails if the connection ends before the last answer.
pub(super) async fn transaction<T>(
    begin: impl Future<Output = Answer<()>>,
    settings: impl Future<Output = Answer<u64>>,
    work: impl Future<Output = Answer<T>>,
    commit: impl Future<Output = Answer<()>>,
) -> Answer<Answers<T>> {
    let ((begin, settings), (work, commit)) = both(both(begin, settings), both(work, commit)).await;
    let answers = Answers {
        begin,
        settings,
        work,
        commit,
    };
    answers.unless_closed()
}

/// Sends both, in this order, then reads their answers.
pub(super) async fn both<A, B>(
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut of_first, mut of_second) = (None, None);
    poll_fn(|context| {
        // The first poll of each hands over what it sends.
        poll_part(&mut of_first, first.as_mut(), context);
        poll_part(&mut of_second, second.as_mut(), context);
        match (of_first.take(), of_second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            answers => {
                (of_first, of_second) = answers;
                Poll::Pending
            }
        }
    })
    .await
}

fn poll_part<T>(
    answer: &mut Option<T>,
    part: Pin<&mut impl Future<Output = T>>,
    context: &mut Context<'_>,
) {
    if answer.is_none()
        && let Poll::Ready(ready) = part.poll(context)
    {
        *answer = Some(ready);
    }
}

impl<T> Answers<T> {
    fn unless_closed(self) -> Answer<Self> {
        let is_closed = |error: &&tokio_postgres::Error| error.is_closed();
        let first = self
            .begin
            .as_ref()
            .err()
            .or(self.settings.as_ref().err())
            .or(self.work.as_ref().err())
            .or(self.commit.as_ref().err());
        if first.filter(is_closed).is_none() {
            return Ok(self);
        }
        match self {
            Answers {
                begin: Err(error), ..
            }
            | Answers {
                settings: Err(error),
                ..
            }
            | Answers {
                work: Err(error), ..
            }
            | Answers {
                commit: Err(error), ..
            } => Err(error),
            answers => Ok(answers),
        }
    }

    /// Returns the result of the transaction: the first error is the cause of those after it.
    pub(super) fn outcome(
        self,
        classify: impl FnOnce(tokio_postgres::Error) -> StatementFailure,
    ) -> Result<T, StatementFailure> {
        match self {
            Answers {
                begin: Ok(()),
                settings: Ok(_),
                work: Ok(done),
                commit: Ok(()),
            } => Ok(done),
            // Without the transaction, the statement ran on its own, in a session with unknown settings.
            Answers {
                begin: Err(_),
                work: Ok(_),
                ..
            } => Err(StatementFailure::new(
                Error::outcome_unknown("could not begin the transaction"),
                FailureKind::Unknown,
            )),
            Answers {
                begin: Err(error), ..
            }
            | Answers {
                settings: Err(error),
                ..
            }
            | Answers {
                work: Err(error), ..
            }
            | Answers {
                commit: Err(error), ..
            } => Err(classify(error)),
        }
    }
}
