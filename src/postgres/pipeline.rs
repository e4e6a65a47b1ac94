//! A transaction that is sent as a whole, without waiting for answers in between.

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
    let (mut begin, mut settings, mut work, mut commit) =
        (pin!(begin), pin!(settings), pin!(work), pin!(commit));
    let (mut began, mut set, mut worked, mut committed) = (None, None, None, None);
    poll_fn(|context| {
        // The first poll of each hands over what it sends, so the order here is the order on the wire.
        let pending = [
            poll_part(&mut began, begin.as_mut(), context),
            poll_part(&mut set, settings.as_mut(), context),
            poll_part(&mut worked, work.as_mut(), context),
            poll_part(&mut committed, commit.as_mut(), context),
        ];
        if pending.contains(&true) {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
    let (Some(begin), Some(settings), Some(work), Some(commit)) = (began, set, worked, committed)
    else {
        unreachable!("each part was polled until it was ready");
    };
    let answers = Answers {
        begin,
        settings,
        work,
        commit,
    };
    answers.unless_closed()
}

/// Returns true if the part has no answer yet.
fn poll_part<T>(
    answer: &mut Option<T>,
    part: Pin<&mut impl Future<Output = T>>,
    context: &mut Context<'_>,
) -> bool {
    if answer.is_none()
        && let Poll::Ready(ready) = part.poll(context)
    {
        *answer = Some(ready);
    }
    answer.is_none()
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
