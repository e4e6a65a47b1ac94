//! Histories of concurrent calls, and the search for a sequential order that explains their results (Wing and Gong,
//! "Testing and Verifying Concurrent Objects", 1993).

use std::collections::HashSet;

use authstore::{Error, ExpiredCounts};

use crate::call::{Call, Reply, agrees, show_got};
use crate::model::Model;
use crate::race::Ran;
use crate::show::Show;

/// A call, its result, and its start and end.
pub(crate) struct Event {
    pub(crate) thread: usize,
    pub(crate) call: Call,
    pub(crate) ran: Ran<Result<Reply, Error>>,
}

/// Returns true if the calls are linearizable from this model: there is a sequential order with the same results, in
/// which no call precedes one that had returned before it began.
pub(crate) fn has_legal_order(events: &[Event], model: &Model) -> bool {
    assert!(events.len() <= 64, "one bit for each");
    let all = if events.len() == 64 {
        u64::MAX
    } else {
        (1 << events.len()) - 1
    };
    // The states still to try: the calls that have happened, and the model after them.
    let mut open = vec![(0_u64, model.clone())];
    let mut seen = HashSet::new();
    while let Some((done, model)) = open.pop() {
        if done == all {
            return true;
        }
        if !seen.insert((done, model.clone())) {
            continue;
        }
        let left = || (0..events.len()).filter(|place| done >> place & 1 == 0);
        // A call that began after another remaining call had returned cannot be next.
        let Some(first_return) = left().map(|place| events[place].ran.returned).min() else {
            continue;
        };
        for place in left().filter(|place| events[*place].ran.called <= first_return) {
            let mut after = model.clone();
            let answer = events[place].call.on_model(&mut after);
            if agrees(&events[place].ran.value, &answer) {
                open.push((done | 1 << place, after));
            } else if may_have_skipped(events, place) {
                open.push((done | 1 << place, model.clone()));
            }
        }
    }
    false
}

/// Returns true if the call is a sweep that deleted nothing and overlapped with another thread's write, which may have
/// locked what is due: a sweep may skip that.
fn may_have_skipped(events: &[Event], place: usize) -> bool {
    let sweep = &events[place];
    let is_idle = match &sweep.ran.value {
        Ok(reply) => *reply == ExpiredCounts::default().show(),
        Err(_) => false,
    };
    let locks = |other: &Event| {
        other.thread != sweep.thread
            && other.call.writes()
            && other.ran.called <= sweep.ran.returned
            && sweep.ran.called <= other.ran.returned
    };
    matches!(sweep.call, Call::DeleteExpired(..)) && is_idle && events.iter().any(locks)
}

/// Shows the history, ordered by the start of calls, in microseconds.
pub(crate) fn show_history(events: &[Event]) -> String {
    let mut events: Vec<&Event> = events.iter().collect();
    events.sort_by_key(|event| event.ran.called);
    let Some(start) = events.first().map(|event| event.ran.called) else {
        return String::new();
    };
    let lines: Vec<String> = events
        .iter()
        .map(|event| {
            format!(
                "thread {}, {:>6} to {:>6} us: {} -> {}",
                event.thread,
                (event.ran.called - start).as_micros(),
                (event.ran.returned - start).as_micros(),
                event.call.show(),
                show_got(&event.ran.value)
                    .lines()
                    .collect::<Vec<_>>()
                    .join(" ")
            )
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::fixture::token;

    /// Creates a history of calls of `use_verification_token` on an existing token: the start and end of each, and
    /// whether it got the token.
    fn history(calls: &[(u64, u64, bool)]) -> bool {
        let start = Instant::now();
        let created = token(1);
        let events: Vec<Event> = calls
            .iter()
            .enumerate()
            .map(|(thread, (called, returned, got))| Event {
                thread,
                call: Call::UseVerificationToken(created.identifier.clone(), created.token.clone()),
                ran: Ran {
                    value: Ok(got.then(|| created.clone()).show()),
                    called: start + Duration::from_millis(*called),
                    returned: start + Duration::from_millis(*returned),
                },
            })
            .collect();
        let mut model = Model::default();
        model.create_verification_token(&created).unwrap();
        has_legal_order(&events, &model)
    }

    #[test]
    fn one_winner_is_legal() {
        assert!(history(&[(0, 1, true), (2, 3, false)]));
        assert!(history(&[(0, 9, false), (1, 8, true), (2, 7, false)]));
    }

    #[test]
    fn two_winners_are_not() {
        assert!(!history(&[(0, 9, true), (1, 8, true)]));
    }

    /// Creates a history of a sweep that deleted nothing, and a use of the due token that began at this millisecond.
    fn idle_sweep(used_at: u64) -> bool {
        let start = Instant::now();
        let created = token(1);
        let event = |thread, call, value, called| Event {
            thread,
            call,
            ran: Ran {
                value: Ok(value),
                called: start + Duration::from_millis(called),
                returned: start + Duration::from_millis(called + 2),
            },
        };
        let uses = Call::UseVerificationToken(created.identifier.clone(), created.token.clone());
        let events = [
            event(
                0,
                Call::DeleteExpired(created.expires, 10),
                ExpiredCounts::default().show(),
                0,
            ),
            event(1, uses, Some(created.clone()).show(), used_at),
        ];
        let mut model = Model::default();
        model.create_verification_token(&created).unwrap();
        has_legal_order(&events, &model)
    }

    #[test]
    fn a_sweep_may_skip_what_another_uses() {
        assert!(idle_sweep(1));
        assert!(!idle_sweep(9));
    }

    #[test]
    fn none_is_not() {
        assert!(!history(&[(0, 9, false), (1, 8, false)]));
    }

    #[test]
    fn a_loser_before_the_winner_is_not() {
        assert!(!history(&[(0, 1, false), (2, 3, true)]));
    }
}
