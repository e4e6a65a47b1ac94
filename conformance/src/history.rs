//! Histories of concurrent calls, and the search for a sequential order that explains their results (Wing and Gong,
//! "Testing and Verifying Concurrent Objects", 1993).

use std::collections::HashSet;

use authstore::uuid::Uuid;
use authstore::{Error, ExpiredCounts, Session};

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
            } else {
                let missed = missing_one(events, place, &model);
                open.extend(missed.into_iter().map(|after| (done | 1 << place, after)));
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
    let locks = |other: &Event| other.call.writes() && overlap(sweep, other);
    matches!(sweep.call, Call::DeleteExpired(..)) && is_idle && events.iter().any(locks)
}

/// Returns the possible models after a deletion of a user's sessions that missed one of them, if another thread gave
/// the user a session meanwhile. Which one that was is not always known, so it may be any.
///
/// On PostgreSQL, for example, a DELETE looks for its rows once, and may then wait for the lock of one of them. Others
/// can see the new session and the old ones together, before the old ones are deleted.
fn missing_one(events: &[Event], place: usize, model: &Model) -> Vec<Model> {
    let deletion = &events[place];
    let Call::DeleteSessionsByUserId(user_id, _) = deletion.call else {
        return Vec::new();
    };
    let is_given = |other: &Event| {
        other.ran.value.as_ref().is_ok_and(|reply| reply != "None")
            && gives_session_to(&other.call, user_id)
            && overlap(deletion, other)
    };
    if !events.iter().any(is_given) {
        return Vec::new();
    }
    let sessions = model.list_sessions_by_user_id(user_id);
    let missing = |session: Session| {
        let token = session.session_token.clone();
        let mut after = model.clone();
        // The deletion does not find it.
        let hidden = Session {
            user_id: Uuid::nil(),
            ..session.clone()
        };
        after.sessions.insert(token.clone(), hidden);
        let answer = deletion.call.on_model(&mut after);
        after.sessions.insert(token, session);
        agrees(&deletion.ran.value, &answer).then_some(after)
    };
    sessions.into_iter().filter_map(missing).collect()
}

fn gives_session_to(call: &Call, user_id: Uuid) -> bool {
    match call {
        Call::CreateSession(session) => session.user_id == user_id,
        Call::UpdateSession(_, changes) => changes.user_id == Some(user_id),
        _ => false,
    }
}

/// Returns true if the calls are of different threads, and neither had returned when the other began.
fn overlap(one: &Event, other: &Event) -> bool {
    one.thread != other.thread
        && other.ran.called <= one.ran.returned
        && one.ran.called <= other.ran.returned
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
    use crate::fixture::{bare_user, id, session_with_token, token};

    /// A call, its reply, and the milliseconds at which it began and returned.
    fn event(start: Instant, thread: usize, call: Call, reply: Reply, times: (u64, u64)) -> Event {
        let at = |millis| start + Duration::from_millis(millis);
        let ran = Ran {
            value: Ok(reply),
            called: at(times.0),
            returned: at(times.1),
        };
        Event { thread, call, ran }
    }

    /// Creates a history of calls of `use_verification_token` on an existing token: the start and end of each, and
    /// whether it got the token.
    fn history(calls: &[(u64, u64, bool)]) -> bool {
        let start = Instant::now();
        let created = token(1);
        let events: Vec<Event> = calls
            .iter()
            .enumerate()
            .map(|(thread, (called, returned, got))| {
                let call =
                    Call::UseVerificationToken(created.identifier.clone(), created.token.clone());
                let reply = got.then(|| created.clone()).show();
                event(start, thread, call, reply, (*called, *returned))
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
        let event =
            |thread, call, reply, called| event(start, thread, call, reply, (called, called + 2));
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

    /// Creates a history of a deletion of a user's two sessions that deleted one, after another thread saw both. The
    /// second session was created at this millisecond.
    fn deletion_that_missed_one(created_at: u64) -> bool {
        let start = Instant::now();
        let mut events = Vec::new();
        let mut add = |thread, call, reply, times| {
            events.push(event(start, thread, call, reply, times));
        };
        let user = bare_user(1);
        let [old, new] = [1, 2].map(|number| session_with_token(number, 1, &number.to_string()));
        let mut model = Model::default();
        for create in [Call::CreateUser(user), Call::CreateSession(old)] {
            create.on_model(&mut model).unwrap();
        }
        let delete = Call::DeleteSessionsByUserId(id(1), None);
        add(0, delete, 1_u64.show(), (10, 20));
        let mut both = model.clone();
        let create = Call::CreateSession(new);
        let created = create.on_model(&mut both).unwrap();
        add(1, create, created, (created_at, created_at + 1));
        let list = Call::ListSessionsByUserId(id(1));
        let listed = list.on_model(&mut both).unwrap();
        add(1, list, listed, (14, 15));
        let get = Call::GetSessionAndUser("2".into());
        let left = get.on_model(&mut both).unwrap();
        add(1, get, left, (30, 31));
        has_legal_order(&events, &model)
    }

    #[test]
    fn a_session_that_is_created_during_the_deletion_of_all_may_remain() {
        assert!(deletion_that_missed_one(12));
        assert!(!deletion_that_missed_one(5));
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
