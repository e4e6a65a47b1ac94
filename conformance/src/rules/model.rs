use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use authstore::AuthStore;
use proptest::test_runner::{TestCaseError, TestError};

use crate::call::Call;
use crate::context::{Context, opened};
use crate::failure::{Failure, Kind, Verdict};
use crate::sequence::{
    ALIKE, Keys, SHARED, any_sequence, clear, compare, deletions, looks, test_runner,
};

/// The time limit for shortening a failing sequence.
const SHORTENING: Duration = Duration::from_secs(60);

/// How many sequences before the failing one to repeat.
const REMEMBERED: usize = 200;

pub(crate) fn sequences(context: &Context) -> Verdict {
    let store = context.store();
    sequences_over(context, ALIKE, [store, store])
}

/// With the same few keys for every kind of row: what a backend keeps in one key space gets mixed up.
pub(crate) fn shared_keys(context: &Context) -> Verdict {
    let store = context.store();
    sequences_over(context, SHARED, [store, store])
}

/// What a handle remembers from its own calls is no longer true after the other's.
pub(crate) fn two_handles(context: &Context) -> Verdict {
    sequences_over(context, ALIKE, [context.store(), &context.open()?])
}

fn sequences_over(context: &Context, keys: Keys, handles: [&AuthStore; 2]) -> Verdict {
    let cases = context.profile().pick(80, 120, 20_000);
    let on_a_new_storage = |calls: &[Call]| {
        let (storage, store) = context.another()?;
        if std::ptr::eq(handles[0], handles[1]) {
            compare([&store, &store], keys, calls)
        } else {
            compare([&store, &opened(&*storage)?], keys, calls)
        }
    };
    let failed = Cell::new(false);
    let first_failure = RefCell::new(None);
    // The sequences that ran on the storage before the failing one.
    let earlier = RefCell::new(VecDeque::new());
    let outcome = test_runner(context.seed(), cases).run(&any_sequence(keys), |calls| {
        context.tally().sequence();
        // All sequences run on one storage, which each leaves empty. A failing one is shortened on new storages, so
        // that rows from other sequences have no influence.
        let verdict = if failed.get() {
            on_a_new_storage(&calls)
        } else {
            compare(handles, keys, &calls)
                .and_then(|()| clear(context.store()).map_err(Failure::from))
        };
        verdict
            .inspect(|()| {
                if !failed.get() {
                    let mut earlier = earlier.borrow_mut();
                    if earlier.len() == REMEMBERED {
                        earlier.pop_front();
                    }
                    earlier.push_back(calls);
                }
            })
            .map_err(|failure| {
                failed.set(true);
                let reason = failure.summary().to_owned();
                first_failure.borrow_mut().get_or_insert(failure);
                TestCaseError::fail(reason)
            })
    });
    let shorter = match outcome {
        Ok(()) => return Ok(()),
        Err(TestError::Fail(_, shorter)) => shorter,
        Err(TestError::Abort(reason)) => return Err(Failure::not_run(reason)),
    };
    // Ignore a storage that could not be created.
    let fails = |calls: &[Call]| matches!(on_a_new_storage(calls), Err(failure) if failure.kind == Kind::Broken);
    let deadline = Instant::now() + SHORTENING;
    let shortest = shorten(shorter, deadline, fails);
    if let Err(failure) = on_a_new_storage(&shortest)
        && failure.kind == Kind::Broken
    {
        return Err(failure);
    }
    // It passes alone. Perhaps an earlier sequence left rows behind.
    let mut all = Vec::from(earlier.into_inner());
    all.push(shortest);
    if let Some(together) = together(keys, all, fails)
        && let Err(failure) = on_a_new_storage(&together)
    {
        return Err(failure.with_note(
            "The last sequence passes alone. It fails after an earlier one, which leaves something behind although everything \
             is deleted in between.",
        ));
    }
    let failure = first_failure
        .into_inner()
        .unwrap_or_else(|| Failure::broken("a sequence failed once, but not when it was repeated"));
    Err(failure.with_note(
        "The sequence is not shortened, because it passes on a new storage, also after the sequences before it: it fails only sometimes.",
    ))
}

/// Returns the calls of these sequences, and those that delete everything in between, shortened as far as possible, if
/// they fail on a new storage. Tries only the one before the last first, then all.
fn together(
    keys: Keys,
    mut all: Vec<Vec<Call>>,
    mut still_fails: impl FnMut(&[Call]) -> bool,
) -> Option<Vec<Call>> {
    let deadline = Instant::now() + SHORTENING;
    let last = all.pop()?;
    let looks = looks(keys);
    let before = all.last().cloned().map(|sequence| vec![sequence]);
    let mut earlier = before
        .filter(|before| still_fails(&in_turn(before, &looks, &last)))
        .unwrap_or(all);
    if !still_fails(&in_turn(&earlier, &looks, &last)) {
        return None;
    }
    // Whole sequences first, then the calls of each.
    earlier = shorten(earlier, deadline, |earlier| {
        still_fails(&in_turn(earlier, &looks, &last))
    });
    for place in 0..earlier.len() {
        let sequence = std::mem::take(&mut earlier[place]);
        earlier[place] = shorten(sequence, deadline, |calls| {
            let mut earlier = earlier.clone();
            earlier[place] = calls.to_vec();
            still_fails(&in_turn(&earlier, &looks, &last))
        });
    }
    let last = shorten(last, deadline, |last| {
        still_fails(&in_turn(&earlier, &looks, last))
    });
    let looks = shorten(looks.clone(), deadline, |looks| {
        still_fails(&in_turn(&earlier, looks, &last))
    });
    Some(in_turn(&earlier, &looks, &last))
}

/// Returns the calls of each earlier sequence, those that read and delete its rows, and then those of the last one.
fn in_turn(earlier: &[Vec<Call>], looks: &[Call], last: &[Call]) -> Vec<Call> {
    earlier
        .iter()
        .flat_map(|sequence| [sequence, looks, &deletions()].concat())
        .chain(last.iter().cloned())
        .collect()
}

/// Removes as many calls as possible while the sequence still fails: halves first, then single ones. This is faster
/// than proptest, which also simplifies the calls themselves, and may run out of time.
fn shorten<T: Clone>(
    mut calls: Vec<T>,
    deadline: Instant,
    mut still_fails: impl FnMut(&[T]) -> bool,
) -> Vec<T> {
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
