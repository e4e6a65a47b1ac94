use std::time::Duration;

use authstore::{
    Change, Constraint, Entity, NewSession, Session, SessionChanges, SessionDetails,
    SessionDetailsChanges,
};

use crate::call::Call;
use crate::context::Context;
use crate::failure::{Failure, Verdict, conflicts, ensure, equal, not_found, returns, succeeds};
use crate::fixture::{
    bare_user, full_session_details, full_user, id, look, millis, populate, session, session_until,
    session_with_token,
};
use crate::model::Model;
use crate::race::{Race, THREADS, all_succeed, overlapped, winners};
use crate::rules::storage::agreed;
use crate::show::Show;
use crate::strings::{
    BLANKS, HOSTILE, KEY, NEAR_MISSES, UNICODE, keys_alike, keys_of_every_length, longest_key,
};

/// Updates a session, and checks that both the update and `get_session_and_user` return the expected row, and that it
/// keeps its details.
#[track_caller]
fn updates(context: &Context, session: &mut Session, changes: SessionChanges) -> Verdict {
    let store = context.store();
    session.user_id = changes.user_id.unwrap_or(session.user_id);
    session.expires = changes.expires.unwrap_or(session.expires);
    let call = format!(
        "update_session({}, {})",
        session.session_token.show(),
        changes.show()
    );
    let details = full_session_details(1);
    store.update_session_details(session.id, details)?;
    let details = store.get_session_details(session.id)?;
    let old_token = session.session_token.clone();
    if let Some(token) = &changes.session_token {
        session.session_token.clone_from(token);
    }
    returns(
        &call,
        store.update_session(&old_token, changes),
        Some(session.clone()),
    )?;
    let user = store.get_user(session.user_id)?;
    returns(
        format!("get_session_and_user(..) after {call}"),
        store.get_session_and_user(&session.session_token),
        user.map(|user| (session.clone(), user)),
    )?;
    returns(
        format!("get_session_details(..) after {call}"),
        store.get_session_details(session.id),
        details,
    )
}

pub(crate) fn every_combination(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    store.create_user(full_user(2))?;
    let mut session = store.create_session(session(1, 1))?;
    let mut turn = 0;
    // Keeps the expiry, or sets an earlier or a later one.
    for sign in [None, Some(-1), Some(1), None] {
        for user_id in [None, Some(id(2)), Some(id(1)), None] {
            for session_token in [
                None,
                Some("another".to_owned()),
                Some("session 1".to_owned()),
            ] {
                turn += 1;
                let changes = SessionChanges {
                    user_id,
                    session_token,
                    expires: sign.map(|sign| millis(1_000 + sign * turn)),
                };
                updates(context, &mut session, changes)?;
            }
        }
    }
    Ok(())
}

pub(crate) fn nothing_to_change(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut session = store.create_session(session(1, 1))?;
    updates(context, &mut session, SessionChanges::default())?;
    let same = SessionChanges {
        user_id: Some(id(1)),
        session_token: Some(session.session_token.clone()),
        expires: Some(session.expires),
    };
    updates(context, &mut session, same)
}

pub(crate) fn later_operations(context: &Context) -> Verdict {
    let store = context.store();
    let (old, new) = (id(1), id(2));
    let token = |is_new: bool| if is_new { "a new token" } else { "session 1" }.to_owned();
    let expires = |is_new: bool| millis(if is_new { 9_000 } else { 3_000 });
    let later = [old, new]
        .into_iter()
        .flat_map(|user| {
            [
                Call::DeleteUser(user),
                Call::DeleteSessionsByUserId(user, None),
                Call::DeleteSessionsByUserId(user, Some(token(false))),
                Call::DeleteSessionsByUserId(user, Some(token(true))),
                Call::DeleteSessionOfUser(user, id(2_001)),
            ]
        })
        .chain([
            Call::DeleteSession(token(false)),
            Call::DeleteSession(token(true)),
            Call::UpdateSession(token(false), SessionChanges::default()),
            Call::CreateSession(session_with_token(3, 1, &token(false))),
            Call::DeleteExpired(expires(false), 9),
            Call::DeleteExpired(expires(true), 9),
        ]);
    let mut reads: Vec<Call> = [2_001, 2_003]
        .map(|session| Call::GetSessionDetails(id(session)))
        .into();
    for user in [old, new] {
        reads.extend([
            Call::GetUser(user),
            Call::ListSessionsByUserId(user),
            Call::ListSessionsWithDetailsByUserId(user),
        ]);
    }
    reads.extend([false, true].map(|is_new| Call::GetSessionAndUser(token(is_new))));
    for later in later {
        // Bits: the user, the token, the time.
        for fields in 0..8 {
            let is_new = |bit: u32| fields & 1 << bit != 0;
            let changes = SessionChanges {
                user_id: is_new(0).then_some(new),
                session_token: is_new(1).then(|| token(true)),
                expires: is_new(2).then(|| expires(true)),
            };
            let when = format!("after {} and {}", changes.show(), later.show());
            let calls = [
                Call::CreateUser(bare_user(1)),
                Call::CreateUser(bare_user(2)),
                Call::CreateSession(session_until(1, 1, expires(false))),
                // It expires between the two times.
                Call::CreateSession(session_until(2, 2, millis(6_000))),
                Call::UpdateSessionDetails(id(2_001), full_session_details(1)),
                Call::UpdateSession(token(false), changes),
                later.clone(),
            ];
            let mut model = Model::default();
            for call in calls.iter().chain(&reads) {
                agreed(store, &mut model, call, &when)?;
            }
            for user in [old, new] {
                store.delete_user(user)?;
            }
        }
    }
    Ok(())
}

pub(crate) fn missing(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for changes in [
        SessionChanges::default(),
        SessionChanges {
            expires: Some(millis(1)),
            ..Default::default()
        },
        SessionChanges {
            user_id: Some(id(2)),
            ..Default::default()
        },
    ] {
        returns(
            "update_session(..) of a session that does not exist",
            store.update_session("session 99", changes),
            None,
        )?;
    }
    returns("the rows that existed before", look(store, 1..=3), before)?;
    returns(
        "get_session_and_user(\"session 99\")",
        store.get_session_and_user("session 99"),
        None,
    )
}

pub(crate) fn unknown_user(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=4)?;
    not_found(
        "update_session(..) to a user that does not exist",
        store.update_session(
            "session 11",
            SessionChanges {
                user_id: Some(id(4)),
                expires: Some(millis(1)),
                ..Default::default()
            },
        ),
        Entity::User,
    )?;
    not_found(
        "update_session(..) to a user that does not exist, with a new token",
        store.update_session(
            "session 11",
            SessionChanges {
                session_token: Some("rotated".to_owned()),
                user_id: Some(id(4)),
                ..Default::default()
            },
        ),
        Entity::User,
    )?;
    returns(
        "get_session_and_user(..) of the new token",
        store.get_session_and_user("rotated"),
        None,
    )?;
    returns("the rows that existed before", look(store, 1..=4), before)
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let (before, sibling) = (
        look(store, 2..=3)?,
        store.get_session_and_user("session 12")?,
    );
    store.update_session(
        "session 11",
        SessionChanges {
            expires: Some(millis(1)),
            ..Default::default()
        },
    )?;
    returns(
        "another session of the user",
        store.get_session_and_user("session 12"),
        sibling.clone(),
    )?;
    returns("the rows of other users", look(store, 2..=3), before)?;
    let moved = store.update_session(
        "session 11",
        SessionChanges {
            user_id: Some(id(2)),
            ..Default::default()
        },
    )?;
    returns(
        "another session of the user",
        store.get_session_and_user("session 12"),
        sibling,
    )?;
    ensure(
        store
            .list_sessions_by_user_id(id(2))?
            .iter()
            .any(|session| Some(session) == moved.as_ref()),
        "list_sessions_by_user_id(..) is missing the session that update_session(..) moved to the user",
    )?;
    equal(
        "the number of sessions of the user who lost one",
        store.list_sessions_by_user_id(id(1))?.len(),
        1,
    )
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut session = store.create_session(session_with_token(1, 1, KEY))?;
    let changes = || SessionChanges {
        expires: Some(millis(1)),
        ..Default::default()
    };
    for other in NEAR_MISSES {
        returns(
            format!("update_session({}, ..)", other.show()),
            store.update_session(other, changes()),
            None,
        )?;
    }
    returns(
        "get_session_and_user(..)",
        store
            .get_session_and_user(KEY)
            .map(|found| found.map(|(session, _)| session)),
        Some(session.clone()),
    )?;
    updates(context, &mut session, changes())
}

pub(crate) fn text(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let longest = longest_key('s');
    let texts = UNICODE
        .iter()
        .chain(BLANKS)
        .chain(HOSTILE)
        .copied()
        .chain([longest.as_str()]);
    let mut sessions = Vec::new();
    for (number, text) in (1..).zip(texts) {
        sessions.push(store.create_session(session_with_token(number, 1, text))?);
    }
    for (number, session) in sessions.iter_mut().enumerate() {
        let expires = Some(millis(number as i64));
        updates(
            context,
            session,
            SessionChanges {
                expires,
                ..Default::default()
            },
        )?;
    }
    Ok(())
}

pub(crate) fn times(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut session = store.create_session(session(1, 1))?;
    for time in crate::times::all() {
        updates(
            context,
            &mut session,
            SessionChanges {
                expires: Some(time),
                ..Default::default()
            },
        )?;
    }
    Ok(())
}

pub(crate) fn all_survive(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    for number in 1..=2 {
        context.store().create_user(full_user(number))?;
    }
    let created = context.store().create_session(session(1, 1))?;
    race.rounds(|round| {
        let expected = Session {
            user_id: id(1 + round % 2),
            expires: millis(i64::try_from(round).unwrap_or_default()),
            ..created.clone()
        };
        let (ip, last_seen) = (format!("address {round}"), expected.expires);
        let ran = race.at_once(THREADS, |thread, store| {
            let details = match thread % 4 {
                2 => SessionDetailsChanges {
                    ip: Change::set(&ip),
                    ..Default::default()
                },
                3 => SessionDetailsChanges {
                    last_seen: Change::Set(last_seen),
                    ..Default::default()
                },
                field => {
                    let changes = SessionChanges {
                        user_id: (field == 0).then_some(expected.user_id),
                        expires: (field == 1).then_some(expected.expires),
                        ..Default::default()
                    };
                    let row = store.update_session("session 1", changes)?;
                    return Ok(row.is_some_and(|row| match field {
                        0 => row.user_id == expected.user_id,
                        _ => row.expires == expected.expires,
                    }));
                }
            };
            store.update_session_details(created.id, details)
        });
        let overlap = overlapped(&ran);
        let updated = all_succeed("update_session(..) or update_session_details(..)", ran)?;
        ensure(
            updated.iter().all(|updated| *updated),
            "update_session(..) did not return the updated row, or update_session_details(..) did not find it",
        )?;
        let details = SessionDetails {
            last_seen: Some(last_seen),
            ip: Some(ip),
            ..SessionDetails::default()
        };
        returns(
            "list_sessions_with_details_by_user_id(..) after concurrent updates of one field each",
            context.store().list_sessions_with_details_by_user_id(expected.user_id),
            vec![(expected.clone(), details)],
        )?;
        returns(
            "get_session_and_user(..) after concurrent updates of one field each",
            context
                .store()
                .get_session_and_user("session 1")
                .map(|found| found.map(|(session, _)| session)),
            Some(expected),
        )?;
        Ok(overlap)
    })
}

/// All callers move one session, each to one of four users, and give it an expiry of their own.
pub(crate) fn one_place(context: &Context) -> Verdict {
    const USERS: u128 = 4;
    let race = Race::new(context)?;
    let store = context.store();
    for user in 1..=USERS {
        store.create_user(bare_user(user))?;
    }
    race.rounds(|round| {
        store.create_session(session(1, 1))?;
        let first = i64::try_from(round).unwrap_or_default() * 10;
        let change = |thread: usize| SessionChanges {
            user_id: Some(id(1 + thread as u128 % USERS)),
            expires: Some(millis(first + thread as i64)),
            ..Default::default()
        };
        let ran = race.at_once(THREADS, |thread, store| {
            store.update_session("session 1", change(thread))
        });
        let overlap = overlapped(&ran);
        all_succeed("update_session(..)", ran)?;
        let found = store.get_session_and_user("session 1")?;
        let Some((session, _)) = found else {
            return Err(Failure::broken(
                "a session that several callers moved is gone",
            ));
        };
        let is_whole = |thread| {
            let change = change(thread);
            change.user_id == Some(session.user_id) && change.expires == Some(session.expires)
        };
        ensure(
            (0..THREADS).any(is_whole),
            "a session has the user of one update and the expiry of another",
        )?;
        for user in (1..=USERS).map(id) {
            let is_owner = user == session.user_id;
            returns(
                "list_sessions_by_user_id(..) after several callers moved a session",
                store.list_sessions_by_user_id(user),
                is_owner.then(|| session.clone()).into_iter().collect(),
            )?;
            if !is_owner {
                returns(
                    "delete_sessions_by_user_id(..) of a user who no longer has the session",
                    store.delete_sessions_by_user_id(user, None),
                    0,
                )?;
            }
        }
        for (now, swept) in [
            (session.expires - Duration::from_millis(1), 0),
            (session.expires, 1),
        ] {
            equal(
                "the number of sessions swept before and at the expiry that the last update set",
                store.delete_expired(now, 10)?.sessions,
                swept,
            )?;
        }
        Ok(overlap)
    })
}

/// One caller replaces the token of a session, while another deletes or extends the session by the old token.
pub(crate) fn rotation_ends_the_old_token(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    store.create_user(full_user(1))?;
    race.rounds(|round| {
        let (old, new) = (format!("session {round}"), format!("rotated {round}"));
        let created = store.create_session(session(round, 1))?;
        let later = created.expires + Duration::from_secs(60);
        let deletes = round % 2 == 0;
        let mut ran = race.at_once(2, |thread, store| {
            let changes = match thread {
                0 => SessionChanges {
                    session_token: Some(new.clone()),
                    ..Default::default()
                },
                _ if deletes => {
                    let is_deleted = store.delete_session(&old)?;
                    return Ok(is_deleted.then(|| created.clone()));
                }
                _ => SessionChanges {
                    expires: Some(later),
                    ..Default::default()
                },
            };
            store.update_session(&old, changes)
        });
        let overlap = overlapped(&ran);
        let by_old_token = ran.split_off(1);
        let [rotated, by_old_token] = [ran, by_old_token].map(|ran| {
            all_succeed("update_session(..) or delete_session(..)", ran)
                .map(|outcomes| outcomes.into_iter().flatten().next())
        });
        let (rotated, by_old_token) = (rotated?, by_old_token?);
        // By its old token it was found before, or not at all.
        let expected = match (&by_old_token, deletes) {
            (Some(_), true) => None,
            (Some(found), false) => {
                equal(
                    "the token of a session found by it",
                    &found.session_token,
                    &old,
                )?;
                Some(later)
            }
            (None, _) => Some(created.expires),
        };
        let expected = expected.map(|expires| Session {
            session_token: new.clone(),
            expires,
            ..created.clone()
        });
        equal(
            "update_session(..) to another token, while another caller used the old one",
            rotated,
            expected.clone(),
        )?;
        returns(
            "get_session_and_user(..) by the new token",
            store
                .get_session_and_user(&new)
                .map(|found| found.map(|(session, _)| session)),
            expected,
        )?;
        returns(
            "get_session_and_user(..) by the old token",
            store.get_session_and_user(&old),
            None,
        )?;
        store.delete_sessions_by_user_id(id(1), None)?;
        Ok(overlap)
    })
}

pub(crate) fn never_resurrects(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    context.store().create_user(full_user(1))?;
    race.rounds(|round| {
        let token = format!("session {round}");
        context.store().create_session(session(round, 1))?;
        let ran = race.at_once(THREADS, |thread, store| {
            if thread == THREADS / 2 {
                store.delete_session(&token)
            } else {
                let changes = SessionChanges {
                    expires: Some(millis(thread as i64)),
                    ..Default::default()
                };
                store.update_session(&token, changes).map(|_| true)
            }
        });
        let overlap = overlapped(&ran);
        let deleted = all_succeed("update_session(..) or delete_session(..)", ran)?;
        ensure(
            deleted[THREADS / 2],
            "delete_session(..) did not find the session",
        )?;
        returns(
            "get_session_and_user(..) after delete_session(..)",
            context.store().get_session_and_user(&token),
            None,
        )?;
        Ok(overlap)
    })
}

pub(crate) fn no_orphan(context: &Context) -> Verdict {
    const HOME: u128 = 0;
    let token = |number: u128| format!("session {}", number % 100);
    context.store().create_user(full_user(HOME))?;
    for number in 0..THREADS as u128 {
        context.store().create_session(session(number, HOME))?;
    }
    super::delete_user::no_orphan(
        context,
        "update_session(..)",
        |store, number, user| {
            let changes = SessionChanges {
                user_id: Some(id(user)),
                ..Default::default()
            };
            store.update_session(&token(number), changes)
        },
        |store, number, user| {
            // A row without its user may not be found by its token. The list shows it, or the token is taken.
            let left = !store.list_sessions_by_user_id(id(user))?.is_empty();
            if store.get_session_and_user(&token(number))?.is_none() {
                return match store.create_session(session(number % 100, HOME)) {
                    Ok(_) => Ok(left),
                    Err(_) => Ok(true),
                };
            }
            Ok(left)
        },
        |_, _, _| Ok(()),
    )
}

pub(crate) fn rotates_the_token(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let others = look(store, 2..=3)?;
    let (mut session, _) = store
        .get_session_and_user("session 11")?
        .expect("it was just created");
    for (number, (user_id, expires)) in
        (1..).zip([(None, None), (Some(id(1)), None), (None, Some(millis(5)))])
    {
        let old = session.session_token.clone();
        let changes = SessionChanges {
            user_id,
            session_token: Some(format!("rotated {number}")),
            expires,
        };
        updates(context, &mut session, changes.clone())?;
        returns(
            "get_session_and_user(..) by the old token",
            store.get_session_and_user(&old),
            None,
        )?;
        returns(
            "update_session(..) by the old token",
            store.update_session(&old, changes),
            None,
        )?;
        returns(
            "delete_session(..) by the old token",
            store.delete_session(&old),
            false,
        )?;
    }
    returns("the rows of other users", look(store, 2..=3), others)
}

pub(crate) fn unique_token(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for taken in ["session 12", "session 21"] {
        conflicts(
            "update_session(..) to a taken token",
            store.update_session(
                "session 11",
                SessionChanges {
                    user_id: Some(id(2)),
                    session_token: Some(taken.into()),
                    expires: Some(millis(1)),
                },
            ),
            Constraint::SessionToken,
        )?;
    }
    returns("the rows that existed before", look(store, 1..=3), before)
}

pub(crate) fn text_of_new_token(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut session = store.create_session(session(1, 1))?;
    let longest = [longest_key('1'), longest_key('2')];
    let texts = UNICODE.iter().chain(BLANKS).chain(HOSTILE).copied();
    let lengths: Vec<String> = keys_of_every_length().collect();
    let lengths = lengths.iter().map(String::as_str);
    for text in texts
        .chain(lengths)
        .chain(longest.iter().map(String::as_str))
    {
        let changes = SessionChanges {
            session_token: Some(text.to_owned()),
            ..Default::default()
        };
        updates(context, &mut session, changes)?;
    }
    // Each beside all others.
    let keys: Vec<String> = keys_alike().into_iter().chain(longest).collect();
    let user = store.get_user(id(1))?;
    store.delete_sessions_by_user_id(id(1), None)?;
    let mut rotated = Vec::new();
    for (number, key) in (1..).zip(&keys) {
        let created =
            store.create_session(session_with_token(number, 1, &format!("plain {number}")))?;
        let changes = SessionChanges {
            session_token: Some(key.clone()),
            ..Default::default()
        };
        let call = format!("update_session(..) to {}", key.show());
        let updated = succeeds(&call, store.update_session(&created.session_token, changes))?;
        equal(
            call,
            updated.as_ref().map(|session| session.id),
            Some(created.id),
        )?;
        rotated.extend(updated);
    }
    for session in rotated {
        returns(
            format!("get_session_and_user({})", session.session_token.show()),
            store.get_session_and_user(&session.session_token),
            user.clone().map(|user| (session, user)),
        )?;
    }
    Ok(())
}

pub(crate) fn old_token_is_free(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    store.create_session(session(1, 1))?;
    let rotated = SessionChanges {
        session_token: Some("rotated".into()),
        ..Default::default()
    };
    store.update_session("session 1", rotated)?;
    succeeds(
        "create_session(..) with a token that was rotated away",
        store.create_session(session_with_token(2, 1, "session 1")),
    )
    .map(drop)
}

pub(crate) fn rotation_has_one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    context.store().create_user(full_user(1))?;
    race.rounds(|round| {
        context.store().create_session(session(round, 1))?;
        let old = format!("session {round}");
        let ran = race.at_once(THREADS, |thread, store| {
            let changes = SessionChanges {
                session_token: Some(format!("{old} of {thread}")),
                ..Default::default()
            };
            store.update_session(&old, changes)
        });
        let overlap = overlapped(&ran);
        let rotated: Vec<Session> = all_succeed("update_session(..)", ran)?
            .into_iter()
            .flatten()
            .collect();
        equal(
            "the number of concurrent callers that rotated the same session token",
            rotated.len(),
            1,
        )?;
        returns(
            "list_sessions_by_user_id(..)",
            context.store().list_sessions_by_user_id(id(1)),
            rotated,
        )?;
        context.store().delete_sessions_by_user_id(id(1), None)?;
        Ok(overlap)
    })
}

pub(crate) fn rotation_to_one_token(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    context.store().create_user(full_user(1))?;
    race.rounds(|round| {
        for thread in 0..THREADS as u128 {
            context
                .store()
                .create_session(session(round * 100 + thread, 1))?;
        }
        let new = format!("rotated {round}");
        let ran = race.at_once(THREADS, |thread, store| {
            let number = round * 100 + thread as u128;
            // In every other round, some create a session with the token.
            if round % 2 == 0 && thread % 3 == 1 {
                let created = session_with_token(number + THREADS as u128, 1, &new);
                return store.create_session(created).map(drop);
            }
            let changes = SessionChanges {
                session_token: Some(new.clone()),
                ..Default::default()
            };
            store
                .update_session(&format!("session {number}"), changes)
                .map(drop)
        });
        let overlap = overlapped(&ran);
        let won = winners("update_session(..) or create_session(..)", &ran, |error| {
            matches!(
                error,
                authstore::Error::Conflict {
                    constraint: Constraint::SessionToken,
                    ..
                }
            )
        })?;
        equal(
            "the number of sessions that were given the same token",
            won,
            1,
        )?;
        let created = ran
            .iter()
            .enumerate()
            .filter(|(thread, one)| round % 2 == 0 && thread % 3 == 1 && one.value.is_ok());
        equal(
            "the number of sessions, after one of them got the token that all callers wanted",
            context.store().list_sessions_by_user_id(id(1))?.len(),
            THREADS + created.count(),
        )?;
        context.store().delete_sessions_by_user_id(id(1), None)?;
        Ok(overlap)
    })
}

pub(crate) fn never_half(context: &Context) -> Verdict {
    let store = context.store();
    for user in [1, 2] {
        store.create_user(full_user(user))?;
    }
    let state = |number: i64| Session {
        id: id(2_001),
        session_token: format!("session 1, rotated {number}"),
        user_id: id(1 + u128::from(number % 2 == 1)),
        expires: millis(number),
    };
    store.create_session(NewSession {
        expires: millis(0),
        ..session_with_token(1, 1, &state(0).session_token)
    })?;
    super::update_user::only_whole_states(
        context,
        "update_session(..) of all fields",
        |store, number| {
            let Session {
                session_token,
                user_id,
                expires,
                ..
            } = state(number);
            let changes = SessionChanges {
                user_id: Some(user_id),
                session_token: Some(session_token),
                expires: Some(expires),
            };
            let old_token = state(number - 1).session_token;
            store.update_session(&old_token, changes).map(drop)
        },
        |store, turn, first| {
            let seen: Vec<Session> = match turn % 4 {
                0 => store.list_sessions_by_user_id(id(1))?,
                1 => {
                    let listed = store.list_sessions_with_details_by_user_id(id(2))?;
                    listed.into_iter().map(|(session, _)| session).collect()
                }
                _ => {
                    let token = state(first + turn as i64 % 9).session_token;
                    let found = store.get_session_and_user(&token)?;
                    // No state has it.
                    if found
                        .as_ref()
                        .is_some_and(|(session, _)| session.session_token != token)
                    {
                        return Ok(Some(Vec::new()));
                    }
                    found.into_iter().map(|(session, _)| session).collect()
                }
            };
            // It may be another user's by now, or have another token.
            Ok((!seen.is_empty()).then_some(seen))
        },
        |number| vec![state(number)],
    )
}
