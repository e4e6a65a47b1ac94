use std::cmp::Reverse;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use authstore::{AuthStore, ExpiredCounts, SessionChanges, SessionDetails, VerificationToken};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::context::Context;
use crate::failure::{Verdict, ensure, equal, returns, succeeds};
use crate::fixture::{
    at, bare_user, challenge_until, full_session_details, full_user, id, look, millis, populate,
    session, session_until, session_with_token, since_1970, token, token_until,
};
use crate::race::{Race, THREADS, all_succeed, create_many, overlapped, timed};
use crate::rules::delete_sessions_by_user_id::{first_of, rotate};
use crate::rules::get_session_details::have_no_details;
use crate::show::Show;

/// A session, a verification token and a challenge for each time, numbered from 1.
fn create(store: &AuthStore, times: &[OffsetDateTime]) -> Verdict {
    for (number, expires) in (1..).zip(times) {
        store.create_session(session_until(number, 1, *expires))?;
        store.create_verification_token(token_until(number, *expires))?;
        store.create_challenge(challenge_until(number, *expires))?;
    }
    Ok(())
}

/// Returns the numbers of the sessions, verification tokens and challenges that are left. Uses up the tokens and
/// challenges.
fn left(store: &AuthStore, numbers: usize) -> Verdict<[Vec<u64>; 3]> {
    let [mut sessions, mut tokens, mut challenges] = [const { Vec::new() }; 3];
    for number in 1..=numbers as u128 {
        if store
            .get_session_and_user(&format!("session {number}"))?
            .is_some()
        {
            sessions.push(number as u64);
        }
        let token = token_until(number, millis(0));
        if store
            .use_verification_token(&token.identifier, &token.token)?
            .is_some()
        {
            tokens.push(number as u64);
        }
        let challenge = challenge_until(number, millis(0));
        if store.use_challenge(&challenge.key)?.is_some() {
            challenges.push(number as u64);
        }
    }
    Ok([sessions, tokens, challenges])
}

fn of_each(count: u64) -> ExpiredCounts {
    ExpiredCounts {
        sessions: count,
        verification_tokens: count,
        challenges: count,
    }
}

pub(crate) fn boundary(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    create(
        store,
        &[
            millis(-1_000),
            millis(-1),
            millis(0),
            millis(1),
            millis(1_000),
        ],
    )?;
    let call = format!("delete_expired({}, 100)", millis(0).show());
    returns(&call, store.delete_expired(millis(0), 100), of_each(3))?;
    equal(
        format!("the rows left after {call}"),
        left(store, 5)?,
        [(); 3].map(|()| vec![4, 5]),
    )?;
    returns(
        format!("{call}, again"),
        store.delete_expired(millis(0), 100),
        of_each(0),
    )
}

pub(crate) fn to_the_millisecond(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let times: Vec<OffsetDateTime> = [0, 1, 9, 10, 99, 100, 500, 999, 1_000, 1_001]
        .map(millis)
        .to_vec();
    create(store, &times)?;
    for time in &times {
        let call = format!("delete_expired({}, 100)", time.show());
        returns(call, store.delete_expired(*time, 100), of_each(1))?;
    }
    Ok(())
}

pub(crate) fn distant_times(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let times: Vec<OffsetDateTime> = crate::times::FAR.iter().map(|time| at(time)).collect();
    create(store, &times)?;
    for time in &times {
        let call = format!("delete_expired({}, 100)", time.show());
        returns(call, store.delete_expired(*time, 100), of_each(1))?;
    }
    equal(
        "the rows left at the end",
        left(store, times.len())?,
        [const { Vec::new() }; 3],
    )
}

pub(crate) fn around_clock_changes(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut times: Vec<OffsetDateTime> = crate::times::around_clock_changes()
        .into_iter()
        .map(since_1970)
        .collect();
    times.sort();
    create(store, &times)?;
    for time in &times {
        let call = format!("delete_expired({}, 100)", time.show());
        returns(call, store.delete_expired(*time, 100), of_each(1))?;
    }
    Ok(())
}

pub(crate) fn oldest_first(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    // 4, 2, 7, 1, 3, 5, 6 is the order of age.
    create(store, &[4, 2, 5, 1, 6, 7, 3].map(millis))?;
    returns(
        "delete_expired(.., 2) of 7",
        store.delete_expired(millis(100), 2),
        of_each(2),
    )?;
    for number in [1, 2, 3, 4, 5, 6, 7] {
        let there = store
            .get_session_and_user(&format!("session {number}"))?
            .is_some();
        equal(
            format!("whether session {number} is left"),
            there,
            ![4, 2].contains(&number),
        )?;
    }
    returns(
        "delete_expired(.., 3) of 5",
        store.delete_expired(millis(100), 3),
        of_each(3),
    )?;
    equal(
        "the rows left of 7 after the oldest 5",
        left(store, 7)?,
        [(); 3].map(|()| vec![5, 6]),
    )?;
    // Times whose order differs if they are compared as strings without a fraction, in 32 bits, or in whole seconds.
    // They are created in another order.
    let near = [0, 1, 9, 10, 11, 99, 100, 101, 999, 1_000, 1_001, 60_000].map(millis);
    let far = crate::times::FAR.iter().map(|time| at(time));
    let mut times: Vec<OffsetDateTime> = near.into_iter().chain(far).collect();
    let middle = times.len() / 2;
    times.rotate_left(middle);
    times.reverse();
    store.delete_user(id(1))?;
    store.create_user(full_user(1))?;
    create(store, &times)?;
    let mut by_age: Vec<(u128, OffsetDateTime)> = (1..).zip(times).collect();
    by_age.sort_by_key(|(_, expires)| *expires);
    for (number, expires) in by_age {
        let call = format!(
            "delete_expired(.., 1), where the oldest is of {}",
            expires.show()
        );
        let now = at("9999-12-31T23:59:59.999Z");
        returns(&call, store.delete_expired(now, 1), of_each(1))?;
        let (session, token) = (session_until(number, 1, now), token_until(number, now));
        let left = [
            store
                .get_session_and_user(&session.session_token)?
                .is_some(),
            store
                .use_verification_token(&token.identifier, &token.token)?
                .is_some(),
            store
                .use_challenge(&challenge_until(number, now).key)?
                .is_some(),
        ];
        equal(
            format!("whether the oldest session, token and challenge are left after {call}"),
            left,
            [false; 3],
        )?;
    }
    Ok(())
}

pub(crate) fn limit(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    create(store, &[1, 2, 3, 4, 5].map(millis))?;
    returns(
        "delete_expired(.., 0)",
        store.delete_expired(millis(100), 0),
        of_each(0),
    )?;
    returns(
        "delete_expired(.., 1)",
        store.delete_expired(millis(100), 1),
        of_each(1),
    )?;
    returns(
        "delete_expired(.., 4)",
        store.delete_expired(millis(100), 4),
        of_each(4),
    )?;
    returns(
        "delete_expired(.., 4), again",
        store.delete_expired(millis(100), 4),
        of_each(0),
    )?;
    create(store, &[1, 2, 3].map(millis))?;
    returns(
        "delete_expired(.., u32::MAX)",
        store.delete_expired(millis(100), u32::MAX),
        of_each(3),
    )?;
    // Of rows of the same age, any may be deleted, but not more than the limit.
    create(store, &[millis(1); 5])?;
    let sessions: Vec<Uuid> = (2_001..=2_005).map(id).collect();
    for (number, session) in (1..).zip(&sessions) {
        store.update_session_details(*session, full_session_details(number))?;
    }
    let mut before = store.list_sessions_with_details_by_user_id(id(1))?;
    returns(
        "delete_expired(.., 2) of 5 of one age",
        store.delete_expired(millis(100), 2),
        of_each(2),
    )?;
    // The details go with their sessions.
    let after = store.list_sessions_with_details_by_user_id(id(1))?;
    before.retain(|(session, _)| after.iter().any(|(left, _)| left.id == session.id));
    equal(
        "the sessions left of 5 of one age, with their details,",
        after,
        before.clone(),
    )?;
    for session in sessions {
        if before.iter().all(|(left, _)| left.id != session) {
            returns(
                "get_session_details(..) of a session that was swept, of 5 of one age",
                store.get_session_details(session),
                SessionDetails::default(),
            )?;
        }
    }
    equal(
        "the number of sessions, tokens and challenges left",
        left(store, 5)?.map(|numbers| numbers.len()),
        [3; 3],
    )
}

pub(crate) fn counts_apart(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    returns(
        "delete_expired(..) on an empty storage",
        store.delete_expired(millis(100), 10),
        of_each(0),
    )?;
    for number in 1..=5 {
        store.create_session(session_until(number, 1, millis(1)))?;
    }
    for number in 1..=2 {
        store.create_verification_token(token_until(number, millis(1)))?;
    }
    store.create_challenge(challenge_until(1, millis(1)))?;
    returns(
        "delete_expired(.., 3) of 5 sessions, 2 tokens and 1 challenge",
        store.delete_expired(millis(100), 3),
        ExpiredCounts {
            sessions: 3,
            verification_tokens: 2,
            challenges: 1,
        },
    )?;
    for number in 11..=14 {
        store.create_verification_token(token_until(number, millis(1)))?;
        store.create_challenge(challenge_until(number, millis(1)))?;
    }
    returns(
        "delete_expired(.., 3) of 2 sessions, 4 tokens and 4 challenges",
        store.delete_expired(millis(100), 3),
        ExpiredCounts {
            sessions: 2,
            verification_tokens: 3,
            challenges: 3,
        },
    )
}

pub(crate) fn callers_clock(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    // By any current clock, the first has long expired, and the second has not.
    let times = [
        at("1990-01-01T00:00:00.000Z"),
        at("2500-01-01T00:00:00.000Z"),
    ];
    create(store, &times)?;
    returns(
        "delete_expired(..) with a now of 1980",
        store.delete_expired(at("1980-01-01T00:00:00.000Z"), 10),
        of_each(0),
    )?;
    returns(
        "delete_expired(..) with a now of 2999",
        store.delete_expired(at("2999-01-01T00:00:00.000Z"), 10),
        of_each(2),
    )
}

pub(crate) fn after_updates(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    for number in 1..=3 {
        store.create_session(session_until(number, 1, millis(10)))?;
    }
    for (number, expires) in [(1, 30), (2, 1)] {
        store.update_session(
            &format!("session {number}"),
            SessionChanges {
                expires: Some(millis(expires)),
                ..Default::default()
            },
        )?;
    }
    for (now, deleted) in [(5, 1), (20, 1), (40, 1)] {
        returns(
            format!(
                "delete_expired({}, 10) after update_session(..)",
                millis(now).show()
            ),
            store.delete_expired(millis(now), 10),
            ExpiredCounts {
                sessions: deleted,
                ..Default::default()
            },
        )?;
    }
    spends_no_limit_on_what_is_gone(store)
}

/// Rows that were deleted or changed, although they were the oldest, do not count toward the limit.
fn spends_no_limit_on_what_is_gone(store: &AuthStore) -> Verdict {
    for user in 2..=4 {
        store.create_user(full_user(user))?;
    }
    for (number, user) in (1..).zip([1, 1, 1, 1, 1, 1, 3, 4]) {
        store.create_session(session_until(number, user, millis(0)))?;
        store.create_verification_token(token_until(number, millis(0)))?;
        store.create_challenge(challenge_until(number, millis(0)))?;
    }
    // Sessions 1 to 4 change, and stay due; the others are deleted or extended.
    let update = |number: u128, changes| {
        let token = session_until(number, 1, millis(0)).session_token;
        store.update_session(&token, changes).map(drop)
    };
    let rotate = |token: &str| SessionChanges {
        session_token: Some(token.to_owned()),
        ..Default::default()
    };
    let expire = |milliseconds| SessionChanges {
        expires: Some(millis(milliseconds)),
        ..Default::default()
    };
    update(1, rotate("a"))?;
    update(2, rotate("z"))?;
    update(
        3,
        SessionChanges {
            user_id: Some(id(2)),
            ..Default::default()
        },
    )?;
    update(4, expire(1))?;
    update(5, expire(100))?;
    store.delete_session("session 6")?;
    store.delete_sessions_by_user_id(id(3), None)?;
    store.delete_user(id(4))?;
    for number in 1..=8 {
        let token = token_until(number, millis(0));
        if number % 2 == 0 {
            store.use_verification_token(&token.identifier, &token.token)?;
        } else {
            store.delete_verification_tokens_by_identifier(&token.identifier)?;
        }
        store.use_challenge(&challenge_until(number, millis(0)).key)?;
    }
    for number in 11..=14 {
        store.create_verification_token(token_until(number, millis(2)))?;
        store.create_challenge(challenge_until(number, millis(2)))?;
    }
    for (limit, deleted) in [(3, 3), (1, 1), (10, 0)] {
        returns(
            format!("delete_expired(.., {limit}) after older rows were deleted and changed"),
            store.delete_expired(millis(50), limit),
            of_each(deleted),
        )?;
    }
    Ok(())
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    store.create_session(session_until(1, 2, since_1970(0)))?;
    returns(
        "delete_expired(..)",
        store.delete_expired(since_1970(1), u32::MAX),
        ExpiredCounts {
            sessions: 1,
            ..Default::default()
        },
    )?;
    returns("the rows that have not expired", look(store, 1..=3), before)?;
    store.delete_expired(at("9999-12-31T23:59:59.999Z"), u32::MAX)?;
    for user in 1..=3 {
        equal(
            "the number of accounts",
            store.list_accounts_by_user_id(id(user))?.len(),
            2,
        )?;
        equal(
            "the number of authenticators",
            store.list_authenticators_by_user_id(id(user))?.len(),
            2,
        )?;
        equal(
            "whether the user exists",
            store.get_user(id(user))?.is_some(),
            true,
        )?;
    }
    Ok(())
}

fn add(sum: &mut ExpiredCounts, counted: &ExpiredCounts) {
    sum.sessions += counted.sessions;
    sum.verification_tokens += counted.verification_tokens;
    sum.challenges += counted.challenges;
}

pub(crate) fn each_counted_once(context: &Context) -> Verdict {
    const ROWS: u64 = 12;
    let race = Race::new(context)?;
    context.store().create_user(bare_user(1))?;
    race.rounds(|round| {
        for number in 1..=u128::from(ROWS) {
            let (number, expires) = (round * 100 + number, millis(number as i64 % 4));
            context
                .store()
                .create_session(session_until(number, 1, expires))?;
            context
                .store()
                .create_verification_token(token_until(number, expires))?;
            context
                .store()
                .create_challenge(challenge_until(number, expires))?;
        }
        let ran = race.at_once(THREADS, |thread, store| {
            store.delete_expired(millis(100), if thread % 2 == 0 { 5 } else { 1_000 })
        });
        let overlap = overlapped(&ran);
        let mut sum = context.store().delete_expired(millis(100), 1_000)?;
        for counted in all_succeed("delete_expired(..)", ran)? {
            add(&mut sum, &counted);
        }
        equal(
            "the number of tokens that the concurrent callers deleted in total",
            sum,
            of_each(ROWS),
        )?;
        Ok(overlap)
    })
}

pub(crate) fn never_half(context: &Context) -> Verdict {
    super::delete_sessions_by_user_id::all_but_the_first(
        context,
        "delete_expired(..)",
        // The first is not due.
        |user, number| {
            let expires = millis(i64::from(number == first_of(user)));
            session_until(number, user, expires)
        },
        |store, _| store.delete_expired(millis(0), u32::MAX).map(drop),
    )?;
    never_half_of_what_is_used_once(context)
}

/// While tokens or challenges are swept, other threads use them, the first and the last in turns. One that was gone was
/// swept with all others, so no later use may succeed.
fn never_half_of_what_is_used_once(context: &Context) -> Verdict {
    const ROUNDS: u32 = 16;
    const USERS: usize = 3;
    let race = Race::new(context)?;
    race.repeat(ROUNDS, |round| {
        let of_tokens = round % 2 == 0;
        let token = |number: u128| token_until(number, millis(0));
        let challenge = |number: u128| challenge_until(number, millis(0));
        let rows = race.many(round);
        create_many(0..rows, |number| {
            match of_tokens {
                true => context.store().create_verification_token(token(number)).map(drop),
                false => context.store().create_challenge(challenge(number)).map(drop),
            }?;
            Ok(())
        })?;
        let is_used = |store: &AuthStore, number: u128| match of_tokens {
            true => {
                let VerificationToken {
                    identifier, token, ..
                } = token(number);
                let used = store.use_verification_token(&identifier, &token);
                used.map(|used| used.is_some())
            }
            false => store.use_challenge(&challenge(number).key).map(|used| used.is_some()),
        };
        let swept = |counts: ExpiredCounts| match of_tokens {
            true => counts.verification_tokens,
            false => counts.challenges,
        };
        // The number of rows that each thread has swept or used, and whether it used one after another was gone. Unless
        // they wait for the sweep, they use all rows before it begins.
        let has_begun = AtomicBool::new(false);
        let ran = race.at_once_untimed(1 + USERS, |thread, store| {
            if thread == USERS {
                has_begun.store(true, Ordering::SeqCst);
                return timed(|| Ok((swept(store.delete_expired(millis(0), u32::MAX)?), false)));
            }
            while !has_begun.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            thread::sleep(Duration::from_micros(150) * thread as u32);
            timed(|| {
                let (mut used, mut is_gone, mut is_half) = (0, false, false);
                for first in (thread as u128..rows / 2).step_by(USERS) {
                    for number in [first, rows - 1 - first] {
                        let is_used = is_used(store, number)?;
                        is_half |= is_gone && is_used;
                        is_gone |= !is_used;
                        used += u64::from(is_used);
                    }
                }
                Ok((used, is_half))
            })
        });
        let overlap = overlapped(&ran);
        let calls = "delete_expired(..), or a use of what it deletes,";
        let told = all_succeed(calls, ran)?;
        ensure(
            told.iter().all(|(_, is_half)| !is_half),
            "a caller used a token or challenge after another one was found deleted by delete_expired(..)",
        )?;
        // Rows that the sweep skipped because another had locked them.
        let left = swept(context.store().delete_expired(millis(0), u32::MAX)?);
        equal(
            "the number of tokens or challenges that were swept or used",
            left + told.iter().map(|(counted, _)| counted).sum::<u64>(),
            rows as u64,
        )?;
        Ok(overlap)
    })
}

/// A session's token is rotated, as often as the session is found, while the session is swept. A sweep may skip it, because
/// an update has locked it; then it is still there, with its details.
pub(crate) fn spares_none_that_rotates(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    store.create_user(bare_user(1))?;
    race.rounds(|round| {
        let session_id = store.create_session(session_until(round, 1, millis(0)))?.id;
        store.update_session_details(session_id, full_session_details(round))?;
        let ran = race.at_once(2, |thread, store| match thread {
            0 => Ok((store.delete_expired(millis(0), 1_000)?.sessions, None)),
            _ => Ok((0, Some(rotate(store, &format!("session {round}"))?))),
        });
        let overlap = overlapped(&ran);
        let told = all_succeed("delete_expired(..) or update_session(..)", ran)?;
        let is_left = !store.list_sessions_by_user_id(id(1))?.is_empty();
        equal(
            "whether a session that was rotated during a sweep has details, which is whether it exists,",
            store.get_session_details(session_id)? != SessionDetails::default(),
            is_left,
        )?;
        let counted = told[0].0;
        equal(
            "the number of sessions that a sweep counted, of the one that was rotated meanwhile",
            counted,
            u64::from(!is_left),
        )?;
        equal(
            "the number of sessions that the next sweep counted",
            store.delete_expired(millis(0), 1_000)?.sessions,
            u64::from(is_left),
        )?;
        // A row that is left may not be found, but its token or its id is taken.
        for (_, token) in &told {
            let Some(token) = token else { continue };
            succeeds(
                "create_session(..) with the id and the token of a session that was rotated during a sweep",
                store.create_session(session_with_token(round, 1, token)),
            )?;
        }
        store.delete_sessions_by_user_id(id(1), None)?;
        Ok(overlap)
    })
}

/// Of each kind, one thread takes due rows away one at a time, and creates each again with its key, to expire later.
/// Whether the sweep or the thread took the first one, the second one stays.
pub(crate) fn spares_what_is_created_again(context: &Context) -> Verdict {
    const ROWS: u64 = 12;
    let race = Race::new(context)?;
    let store = context.store();
    store.create_user(bare_user(1))?;
    let (due, later) = (millis(0), millis(1_000));
    let numbers = 1..=u128::from(ROWS);
    let take = |store: &AuthStore, kind: usize, number: u128| {
        let (token, challenge) = (token(number), challenge_until(number, due));
        match kind {
            0 => store.delete_session(&session(number, 1).session_token),
            1 => store
                .use_verification_token(&token.identifier, &token.token)
                .map(|used| used.is_some()),
            _ => store
                .use_challenge(&challenge.key)
                .map(|used| used.is_some()),
        }
    };
    let create = |store: &AuthStore, kind: usize, number: u128, expires| match kind {
        0 => store
            .create_session(session_until(number, 1, expires))
            .map(drop),
        1 => store
            .create_verification_token(token_until(number, expires))
            .map(drop),
        _ => store
            .create_challenge(challenge_until(number, expires))
            .map(drop),
    };
    race.rounds(|_| {
        for (kind, number) in (0..3).flat_map(|kind| numbers.clone().map(move |number| (kind, number))) {
            create(store, kind, number, due)?;
        }
        let ran = race.at_once(4, |thread, store| {
            if thread == 3 {
                return store.delete_expired(due, 1_000);
            }
            let mut taken = 0;
            for number in numbers.clone() {
                taken += u64::from(take(store, thread, number)?);
                create(store, thread, number, later)?;
            }
            let mut counted = [0; 3];
            counted[thread] = taken;
            let [sessions, verification_tokens, challenges] = counted;
            Ok(ExpiredCounts { sessions, verification_tokens, challenges })
        });
        let overlap = overlapped(&ran);
        let calls = "delete_expired(..), or taking and creating what it deletes,";
        // Everything due was taken, or was locked when the sweep looked for it, and then it was taken.
        let mut sum = store.delete_expired(due, 1_000)?;
        for counted in all_succeed(calls, ran)? {
            add(&mut sum, &counted);
        }
        equal("the number of rows that were swept or taken", sum, of_each(ROWS))?;
        for (kind, name) in ["session", "verification token", "challenge"].into_iter().enumerate() {
            for number in numbers.clone() {
                ensure(
                    take(store, kind, number)?,
                    format!("a {name} that was created again while an expired one with its key was swept is gone"),
                )?;
            }
        }
        Ok(overlap)
    })
}

pub(crate) fn spares_what_is_extended(context: &Context) -> Verdict {
    const SWEEPERS: usize = 2;
    const EXTENDED_BY_EACH: usize = 2;
    const SESSIONS: usize = (THREADS - SWEEPERS) * EXTENDED_BY_EACH;
    let race = Race::new(context)?;
    let store = context.store();
    store.create_user(bare_user(1))?;
    race.rounds(|round| {
        let token = |number: usize| format!("session {}", round * 100 + number as u128);
        for number in 0..SESSIONS as u128 {
            store.create_session(session_until(round * 100 + number, 1, millis(0)))?;
        }
        // The number of sessions that each thread has deleted, or those that it has extended.
        let ran = race.at_once(THREADS, |thread, store| {
            if thread < SWEEPERS {
                let deleted = store.delete_expired(millis(0), 1_000)?.sessions;
                return Ok((deleted, Vec::new()));
            }
            let mut extended = Vec::new();
            for number in (thread - SWEEPERS..SESSIONS).step_by(THREADS - SWEEPERS) {
                let changes = SessionChanges {
                    expires: Some(millis(1)),
                    ..Default::default()
                };
                if store.update_session(&token(number), changes)?.is_some() {
                    extended.push(token(number));
                }
            }
            Ok((0, extended))
        });
        let overlap = overlapped(&ran);
        // Rows that one sweep skipped because another had locked them.
        let mut deleted = store.delete_expired(millis(0), 1_000)?.sessions;
        let mut extended = Vec::new();
        for (by_one, of_one) in all_succeed("delete_expired(..) or update_session(..)", ran)? {
            deleted += by_one;
            extended.extend(of_one);
        }
        for token in &extended {
            ensure(
                store.get_session_and_user(token)?.is_some(),
                "delete_expired(..) deleted a session that update_session(..) had extended",
            )?;
        }
        equal(
            "the number of sessions that were deleted or extended",
            deleted + extended.len() as u64,
            SESSIONS as u64,
        )?;
        store.delete_sessions_by_user_id(id(1), None)?;
        Ok(overlap)
    })
}

pub(crate) fn no_page_limit(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let rows = context.profile().many_due();
    // No multiple of a batch.
    let first = 248;
    let all = u128::from(rows + first);
    // In the order of neither their creation nor their keys.
    let expires = |number: u128| {
        let place = number * 7_919 % all;
        millis(-i64::try_from(place).expect("the suite's numbers are small"))
    };
    create_many(1..all + 1, |number| {
        store.create_session(session_until(number, 1, expires(number)))?;
        store.create_verification_token(token_until(number, expires(number)))?;
        store.create_challenge(challenge_until(number, expires(number)))?;
        Ok(())
    })?;
    for number in 1..=all {
        store.update_session_details(id(2_000 + number), full_session_details(number))?;
    }
    returns(
        format!("delete_expired(.., {first}) of {all} sessions, tokens and challenges"),
        store.delete_expired(millis(0), first),
        of_each(first.into()),
    )?;
    let mut younger: Vec<OffsetDateTime> = (1..=all).map(expires).collect();
    younger.sort_unstable_by_key(|&expires| Reverse(expires));
    younger.truncate(rows as usize);
    equal(
        format!("when the sessions expire that delete_expired(.., {first}) leaves"),
        store
            .list_sessions_by_user_id(id(1))?
            .into_iter()
            .map(|session| session.expires)
            .collect::<Vec<_>>(),
        younger,
    )?;
    returns(
        format!("delete_expired(.., {rows}) of the {rows} that are left"),
        store.delete_expired(millis(0), rows),
        of_each(rows.into()),
    )?;
    have_no_details(store, 1..=all)?;
    // Limits that become smaller in 16 or 31 bits.
    for limit in [1 << 16, 1 << 31, u32::MAX] {
        create(store, &[millis(0); 3])?;
        returns(
            format!("delete_expired(.., {limit}) of 3 sessions, tokens and challenges"),
            store.delete_expired(millis(0), limit),
            of_each(3),
        )?;
    }
    Ok(())
}
