use std::cmp::Reverse;

use authstore::{NewSession, Session, SessionChanges};
use uuid::Uuid;

use crate::context::Context;
use crate::failure::{Verdict, equal, equal_rows, returns};
use crate::fixture::{
    at, bare_user, full_user, id, millis, populate, session, session_until, shuffled, since_1970,
};
use crate::race::Race;

/// Sorts sessions as lists do.
pub(super) fn sort(sessions: &mut [Session]) {
    sessions.sort_by_key(|session| (Reverse(session.expires), session.id));
}

pub(crate) fn absent(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "list_sessions_by_user_id(..) on an empty storage",
        store.list_sessions_by_user_id(id(1)),
        Vec::new(),
    )?;
    populate(store)?;
    store.create_user(bare_user(4))?;
    returns(
        "list_sessions_by_user_id(..) of a user without any",
        store.list_sessions_by_user_id(id(4)),
        Vec::new(),
    )?;
    returns(
        "list_sessions_by_user_id(..) of a user that does not exist",
        store.list_sessions_by_user_id(id(5)),
        Vec::new(),
    )
}

pub(crate) fn only_the_users(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    for user in 1..=3 {
        let mut expected = Vec::new();
        for number in [user * 10 + 2, user * 10 + 1] {
            expected.extend(
                store
                    .get_session_and_user(&format!("session {number}"))?
                    .map(|(session, _)| session),
            );
        }
        expected.sort_by_key(|session| std::cmp::Reverse(session.expires));
        equal(
            "the number of sessions that get_session_and_user(..) finds",
            expected.len(),
            2,
        )?;
        returns(
            format!("list_sessions_by_user_id(id({user}))"),
            store.list_sessions_by_user_id(id(user)),
            expected,
        )?;
    }
    Ok(())
}

pub(crate) fn expired_too(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let late = store.create_session(session_until(1, 1, at("9999-12-31T23:59:59.999Z")))?;
    let early = store.create_session(session_until(2, 1, since_1970(0)))?;
    returns(
        "list_sessions_by_user_id(..)",
        store.list_sessions_by_user_id(id(1)),
        vec![late, early],
    )
}

pub(crate) fn order(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut expected = Vec::new();
    // Times whose order differs if they are compared as strings without a fraction, in 32 bits, or in whole seconds;
    // each several times. The order of ids is neither that of creation nor of numbers, and differs if the fields of an
    // id are read with the other endianness.
    let far = crate::times::FAR.iter().map(|time| at(time));
    let near = [0, 1, 9, 10, 11, 99, 100, 101, 999, 1_000, 1_001, 60_000].map(millis);
    for (place, expires) in (1_u128..).zip(far.chain(near)) {
        for (copy, number) in (0_u128..).zip([
            7_u128,
            0xf << 124,
            3,
            0xa << 120,
            0x9 << 64,
            1 << 63,
            1 << 31,
            0x0200_0001 << 96,
            0x0100_0002 << 96,
        ]) {
            expected.push(store.create_session(NewSession {
                id: Some(id((number ^ place << 8) + copy)),
                expires,
                ..session(place * 10 + copy, 1)
            })?);
        }
    }
    expected.sort_by(|a, b| b.expires.cmp(&a.expires).then(a.id.cmp(&b.id)));
    let with_details = store.list_sessions_with_details_by_user_id(id(1))?;
    equal(
        "the sessions of list_sessions_with_details_by_user_id(id(1))",
        with_details
            .into_iter()
            .map(|(session, _)| session)
            .collect(),
        expected.clone(),
    )?;
    returns(
        "list_sessions_by_user_id(id(1))",
        store.list_sessions_by_user_id(id(1)),
        expected,
    )
}

pub(crate) fn order_after_updates(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    for number in 1..=4 {
        store.create_session(session_until(number, 1, millis(number as i64)))?;
    }
    for (number, expires) in [(1, 10), (3, 0), (2, 10)] {
        store.update_session(
            &format!("session {number}"),
            SessionChanges {
                expires: Some(millis(expires)),
                ..Default::default()
            },
        )?;
    }
    let listed = store.list_sessions_by_user_id(id(1))?;
    equal(
        "the ids of list_sessions_by_user_id(..) after update_session(..)",
        listed.iter().map(|session| session.id).collect::<Vec<_>>(),
        [2_001, 2_002, 2_004, 2_003].map(id).to_vec(),
    )
}

pub(crate) fn never_anothers(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    for user in [1, 2] {
        store.create_user(full_user(user))?;
    }
    store.create_session(session(1, 1))?;
    race.rounds(|round| {
        // To the second user in the first round, back in the next, and so on.
        let changes = SessionChanges {
            user_id: Some(id(1 + round % 2)),
            ..Default::default()
        };
        race.look_on(
            "update_session(..)",
            |store| store.update_session("session 1", changes.clone()),
            |thread, store| {
                let user = id(1 + thread as u128 % 2);
                let listed = store.list_sessions_by_user_id(user)?;
                Ok(listed
                    .iter()
                    .any(|session| session.user_id != user)
                    .then(|| "another user's session in the list".to_owned()))
            },
        )
    })
}

pub(crate) fn no_page_limit(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut expected = Vec::new();
    // The longest tokens, of which a page that ends after some bytes holds few.
    let long = "\u{1f511}".repeat(250);
    for number in shuffled(context.profile().many()) {
        let token = format!("{long}{number:05}");
        expected.push(store.create_session(NewSession {
            session_token: token,
            ..session(number, 1)
        })?);
    }
    sort(&mut expected);
    equal_rows(
        "list_sessions_by_user_id(id(1))",
        store.list_sessions_by_user_id(id(1))?,
        expected,
    )
}

/// Moves two sessions to a user and away again so that the user always has one.
pub(crate) fn one_moment(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let (user, other) = (round * 2, round * 2 + 1);
        let token = |number: u128| format!("session {}", round * 10 + number);
        for user in [user, other] {
            context.store().create_user(bare_user(user))?;
        }
        context.store().create_session(session(round * 10, user))?;
        context
            .store()
            .create_session(session(round * 10 + 1, other))?;
        race.look_on(
            "update_session(..), which moves a session to another user",
            |store| {
                let there = [(1, user), (0, other)];
                let back = [(0, user), (1, other)];
                // The last change is not undone. Otherwise a list that began before it could read the session after it.
                for (number, to) in [there, back, there, back, there].into_iter().flatten() {
                    let changes = SessionChanges {
                        user_id: Some(id(to)),
                        ..Default::default()
                    };
                    store.update_session(&token(number), changes)?;
                }
                Ok(())
            },
            |thread, store| {
                let none = if thread % 2 == 0 {
                    store.list_sessions_by_user_id(id(user))?.is_empty()
                } else {
                    store
                        .list_sessions_with_details_by_user_id(id(user))?
                        .is_empty()
                };
                Ok(none.then(|| "no session for a user who always had one".to_owned()))
            },
        )
    })
}

pub(crate) fn one_moment_of_many(context: &Context) -> Verdict {
    context.store().create_user(bare_user(1))?;
    super::list_users::takes_turns(
        context,
        "delete_session(..) of one session, and create_session(..) of another",
        "sessions that never existed",
        |store, number| {
            // The latest expiry is listed first.
            let expires = millis(-i64::try_from(number).unwrap_or_default());
            let session = session_until(number, 1, expires);
            store.create_session(session).map(drop)
        },
        |store, number| {
            let deleted = store.delete_session(&session(number, 1).session_token);
            deleted.map(drop)
        },
        |store, thread| {
            let ids: Vec<Uuid> = if thread % 2 == 0 {
                let listed = store.list_sessions_by_user_id(id(1))?;
                listed.iter().map(|session| session.id).collect()
            } else {
                let listed = store.list_sessions_with_details_by_user_id(id(1))?;
                listed.iter().map(|(session, _)| session.id).collect()
            };
            Ok(ids.iter().map(|id| id.as_u128() - 2_000).collect())
        },
    )
}
