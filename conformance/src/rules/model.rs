use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use proptest::test_runner::{TestCaseError, TestError};

use crate::call::Call;
use crate::context::Context;
use crate::failure::{Failure, Verdict};
use crate::sequence::{any_sequence, clear, compare, test_runner};

/// How long a sequence that differs is made shorter.
const SHORTENING: Duration = Duration::from_secs(60);

pub(crate) fn sequences(context: &Context) -> Verdict {
    let cases = context.profile().pick(80, 120, 20_000);
    let failed = Cell::new(false);
    let first_failure = RefCell::new(None);
    let outcome = test_runner(context.seed(), cases).run(&any_sequence(), |calls| {
        context.tally().sequence();
        // All sequences run on one storage, which each leaves empty; once one has failed, it is made shorter on storages
        // that are new, so that nothing that another one left can matter.
        let verdict = if failed.get() {
            context
                .another()
                .and_then(|(_storage, store)| compare(&store, &calls))
        } else {
            compare(context.store(), &calls)
                .and_then(|()| clear(context.store()).map_err(Failure::from))
        };
        verdict.map_err(|failure| {
            failed.set(true);
            let reason = failure.summary().to_owned();
            first_failure.borrow_mut().get_or_insert(failure);
            TestCaseError::fail(reason)
        })
    });
    match outcome {
        Ok(()) => Ok(()),
        Err(TestError::Fail(_, shorter)) => {
            let shortest = shorten(shorter, |calls| {
                let another = context.another();
                another.is_ok_and(|(_storage, store)| compare(&store, calls).is_err())
            });
            let (_storage, store) = context.another()?;
            compare(&store, &shortest)?;
            // The shortest one passes by itself: what went wrong depends on what was there before, or on chance.
            Err(first_failure
                .into_inner()
                .unwrap_or_else(|| Failure::broken("a sequence failed once, and not again")))
        }
        Err(TestError::Abort(reason)) => Err(Failure::not_run(reason)),
    }
}

/// Leaves out as many calls as can be while it still fails: halves first, single ones in the end. It is quicker than
/// proptest at that, which makes the calls themselves simpler, too, and may run out of time before it is done.
fn shorten(mut calls: Vec<Call>, mut still_fails: impl FnMut(&[Call]) -> bool) -> Vec<Call> {
    let deadline = Instant::now() + SHORTENING;
    let mut size = calls.len();
    loop {
        size = size.div_ceil(2);
        let (before, mut start) = (calls.len(), 0);
        while start < calls.len() {
            if Instant::now() >= deadline {
                return calls;
            }
            let end = calls.len().min(start + size);
            let rest = [&calls[..start], &calls[end..]].concat();
            if still_fails(&rest) {
                calls = rest;
            } else {
                start = end;
            }
        }
        if size <= 1 && calls.len() == before {
            return calls;
        }
    }
}
