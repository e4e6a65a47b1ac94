//! Statements that are sent together, without waiting for answers in between.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use super::error::{FailureKind, StatementFailure, classify, classify_commit, is_fatal};
use crate::error::Error;

type Answer<T> = Result<T, tokio_postgres::Error>;

/// The answers to the parts of a transaction.
pub(super) struct Answers<T> {
    begin: Answer<()>,
    settings: Answer<u64>,
    work: Answer<T>,
    commit: Answer<()>,
}

/// Sends all parts, then reads their answers. Fails if the connection or the session ends before the last answer.
pub(super) async fn transaction<T>(
    begin: impl Future<Output = Answer<()>>,
    settings: impl Future<Output = Answer<u64>>,
    work: impl Future<Output = Answer<T>>,
    commit: impl Future<Output = Answer<()>>,
) -> Answer<Answers<T>> {
    let first = both(unless_ended(begin), unless_ended(settings));
    // Nothing follows the commit, and its error is classified differently from those of other parts.
    let last = both(unless_ended(work), unless_lost(commit));
    let ((begin, settings), (work, commit)) = both(first, last).await?;
    Ok(Answers {
        begin,
        settings,
        work,
        commit,
    })
}

/// Sends both, in this order, then reads their answers, up to the first error.
pub(super) async fn both<A, B>(
    first: impl Future<Output = Answer<A>>,
    second: impl Future<Output = Answer<B>>,
) -> Answer<(A, B)> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut of_first, mut of_second) = (None, None);
    poll_fn(|context| {
        // The first poll of each hands over what it sends.
        poll_part(&mut of_first, first.as_mut(), context)?;
        poll_part(&mut of_second, second.as_mut(), context)?;
        match (of_first.take(), of_second.take()) {
            (Some(first), Some(second)) => Poll::Ready(Ok((first, second))),
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
    part: Pin<&mut impl Future<Output = Answer<T>>>,
    context: &mut Context<'_>,
) -> Answer<()> {
    if answer.is_none()
        && let Poll::Ready(ready) = part.poll(context)
    {
        *answer = Some(ready?);
    }
    Ok(())
}

/// Returns the answer to a part. Fails if there will be no answers to the parts after it: this error is their cause.
async fn unless_ended<T>(part: impl Future<Output = Answer<T>>) -> Answer<Answer<T>> {
    match unless_lost(part).await? {
        Err(error) if error.as_db_error().is_some_and(is_fatal) => Err(error),
        answer => Ok(answer),
    }
}

/// Returns the answer to a part. Fails if the connection was lost before.
async fn unless_lost<T>(part: impl Future<Output = Answer<T>>) -> Answer<Answer<T>> {
    match part.await {
        Err(error) if error.is_closed() => Err(error),
        answer => Ok(answer),
    }
}

impl<T> Answers<T> {
    /// Returns the result of the transaction: the first error is the cause of those after it.
    pub(super) fn outcome(self) -> Result<T, StatementFailure> {
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
            } => Err(classify(error)),
            Answers {
                commit: Err(error), ..
            } => Err(classify_commit(error)),
        }
    }
}
