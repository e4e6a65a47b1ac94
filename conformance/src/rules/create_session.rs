use authstore::{
    AuthStore, Constraint, Entity, Error, NewSession, Session, SessionChanges, SessionDetails,
    SessionDetailsChanges,
};

use crate::context::Context;
use crate::failure::{Verdict, conflicts, equal, not_found, returns, succeeds};
use crate::fixture::{
    a_bit_apart, bare_user, full_session_details, full_user, id, look, millis, populate, session,
    session_until, session_with_token,
};
use crate::race::{Race, THREADS, overlapped, winners};
use crate::show::Show;
use crate::strings::{BLANKS, HOSTILE, UNICODE, keys_alike, longest_key};

/// Creates a session, and checks that it is read as it was returned.
#[track_caller]
fn round_trips(context: &Context, new: NewSession) -> Verdict<Session> {
    let store = context.store();
    let call = format!("create_session({})", new.show());
    let created = succeeds(&call, store.create_session(new))?;
    // Twice: to read a session does not extend it.
    for _ in 0..2 {
        let found = succeeds(
            "get_session_and_user(..)",
            store.get_session_and_user(&created.session_token),
        )?;
        equal(
            format!("get_session_and_user(..) after {call}"),
            found.map(|(session, _)| session),
            Some(created.clone()),
        )?;
    }
    Ok(created)
}

pub(crate) fn stored(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    let created = round_trips(context, session(1, 1))?;
    equal(
        "create_session(..)",
        created,
        Session {
            id: id(2_001),
            user_id: id(1),
            session_token: "session 1".to_owned(),
            expires: session(1, 1).expires,
        },
    )
}

pub(crate) fn given_id(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    for (number, given) in [
        (1, 0),
        (2, u128::MAX),
        (3, 0xabcd_ef01_2345_4789_abcd_ef01_2345_6789),
    ] {
        let created = round_trips(
            context,
            NewSession {
                id: Some(id(given)),
                ..session(number, 1)
            },
        )?;
        equal("the id of create_session(..)", created.id, id(given))?;
    }
    round_trips(
        context,
        NewSession {
            id: None,
            ..session(4, 1)
        },
    )?;
    Ok(())
}

pub(crate) fn text(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 2..=3)?;
    for (number, text) in (100..).zip(UNICODE.iter().chain(BLANKS).chain(HOSTILE)) {
        round_trips(context, session_with_token(number, 1, text))?;
    }
    returns("the rows that existed before", look(store, 2..=3), before)
}

pub(crate) fn long_token(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    for (number, last) in [(1, 'a'), (2, 'b'), (3, '\u{1f512}')] {
        round_trips(context, session_with_token(number, 1, &longest_key(last)))?;
    }
    own_details(context.store())
}

/// Checks that each of user 1's sessions has its own details, also when others are deleted.
fn own_details(store: &AuthStore) -> Verdict {
    let mut sessions = store.list_sessions_by_user_id(id(1))?;
    let number = |session: &Session| session.id.as_u128() - 2_000;
    for session in &sessions {
        let changes = full_session_details(number(session));
        returns(
            format!(
                "update_session_details(..) of {}",
                session.session_token.show()
            ),
            store.update_session_details(session.id, changes),
            true,
        )?;
    }
    let are_listed = |sessions: &[Session]| -> Verdict {
        let listed = store.list_sessions_with_details_by_user_id(id(1))?;
        equal(
            "the number of sessions listed",
            listed.len(),
            sessions.len(),
        )?;
        for (session, details) in listed {
            let changes = full_session_details(number(&session));
            equal(
                format!(
                    "the details of the session {}",
                    session.session_token.show()
                ),
                details,
                SessionDetails {
                    began: changes.began.apply(None),
                    last_seen: changes.last_seen.apply(None),
                    ip: changes.ip.apply(None),
                    user_agent: changes.user_agent.apply(None),
                },
            )?;
        }
        Ok(())
    };
    are_listed(&sessions)?;
    // Tokens that are alike have adjacent numbers.
    sessions.retain(|session| number(session) % 2 == 0);
    for session in store.list_sessions_by_user_id(id(1))? {
        if !sessions.contains(&session) {
            store.delete_session(&session.session_token)?;
        }
    }
    are_listed(&sessions)
}

pub(crate) fn token_by_bytes(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let keys = keys_alike();
    for (number, token) in (0..).zip(&keys) {
        succeeds(
            format!("create_session(..) with the token {}", token.show()),
            store.create_session(session_with_token(number, 1, token)),
        )?;
    }
    for (number, token) in (0..).zip(&keys) {
        let found = store.get_session_and_user(token);
        returns(
            format!("the id of get_session_and_user({})", token.show()),
            found.map(|found| found.map(|(session, _)| session.id)),
            Some(id(2_000 + number)),
        )?;
    }
    own_details(store)
}

pub(crate) fn every_millisecond(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut expected = Vec::new();
    for number in 0..1_000 {
        expected.push(store.create_session(session_until(number, 1, millis(number as i64)))?);
    }
    expected.reverse();
    let listed = store.list_sessions_by_user_id(id(1))?;
    equal("the number of sessions", listed.len(), expected.len())?;
    for (listed, expected) in listed.into_iter().zip(expected) {
        equal(
            "the session at its position in list_sessions_by_user_id(..)",
            listed,
            expected,
        )?;
    }
    Ok(())
}

pub(crate) fn times(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    for (number, time) in (1..).zip(crate::times::all()) {
        round_trips(context, session_until(number, 1, time))?;
    }
    Ok(())
}

pub(crate) fn unique_id(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for user in [1, 2] {
        conflicts(
            "create_session(..) with a taken id",
            store.create_session(NewSession {
                id: Some(id(2_011)),
                ..session(99, user)
            }),
            Constraint::SessionId,
        )?;
    }
    returns(
        "get_session_and_user(..) of the rejected row",
        store.get_session_and_user("session 99"),
        None,
    )?;
    returns("the rows that existed before", look(store, 1..=3), before)
}

pub(crate) fn unique_token(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for (user, whose) in [(1, "the same user"), (2, "another user")] {
        conflicts(
            format!("create_session(..) with a token that {whose} has"),
            store.create_session(session_with_token(99, user, "session 11")),
            Constraint::SessionToken,
        )?;
    }
    returns("the rows that existed before", look(store, 1..=3), before)
}

pub(crate) fn unknown_user(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    not_found(
        "create_session(..) of a user that does not exist",
        store.create_session(session(99, 4)),
        Entity::User,
    )?;
    returns(
        "get_session_and_user(..) of the rejected row",
        store.get_session_and_user("session 99"),
        None,
    )?;
    returns("the rows that existed before", look(store, 1..=3), before)?;
    store.create_user(bare_user(4))?;
    returns(
        "list_sessions_by_user_id(id(4))",
        store.list_sessions_by_user_id(id(4)),
        Vec::new(),
    )?;
    round_trips(context, session(99, 4))?;
    Ok(())
}

pub(crate) fn again_after_delete(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    for _ in 0..3 {
        round_trips(context, session(1, 1))?;
        returns(
            "delete_session(..)",
            store.delete_session("session 1"),
            true,
        )?;
    }
    Ok(())
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    context.store().create_user(bare_user(1))?;
    race.rounds(|round| {
        let token = round.to_string();
        let old = format!("session {round}");
        let rotates = |thread: usize| round % 2 == 0 && thread == THREADS / 2;
        if rotates(THREADS / 2) {
            context
                .store()
                .create_session(session_with_token(round * 100 + 99, 1, &old))?;
        }
        let ran = race.at_once(THREADS, |thread, store| {
            if rotates(thread) {
                // The session exists, so it is found.
                let changes = SessionChanges {
                    session_token: Some(token.clone()),
                    ..Default::default()
                };
                let rotated = store.update_session(&old, changes)?;
                return rotated.ok_or(Error::backend("update_session(..) found no session"));
            }
            store.create_session(session_with_token(round * 100 + thread as u128, 1, &token))
        });
        let calls = "create_session(..) or update_session(..) with the same token";
        let won = winners(calls, &ran, |error| {
            matches!(
                error,
                Error::Conflict {
                    constraint: Constraint::SessionToken
                }
            )
        })?;
        equal("the number of callers that got the token", won, 1)?;
        let winner = ran.iter().find_map(|one| one.value.as_ref().ok()).cloned();
        returns(
            "get_session_and_user(..) of the token that all callers wanted",
            context
                .store()
                .get_session_and_user(&token)
                .map(|found| found.map(|(session, _)| session)),
            winner,
        )?;
        let sessions = context.store().delete_sessions_by_user_id(id(1), None)?;
        let is_beside = rotates(THREADS / 2) && ran[THREADS / 2].value.is_err();
        equal(
            "the number of sessions, one of which got the token that all callers wanted",
            sessions,
            1 + u64::from(is_beside),
        )?;
        Ok(overlapped(&ran))
    })
}

pub(crate) fn one_id_one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let store = context.store();
        store.create_user(bare_user(round))?;
        let token = |key: usize, thread: usize| format!("session {key} {thread} of {round}");
        let by_key = race.at_once_for_keys(THREADS, 4, |key, thread, store| {
            let number = round * 10 + key as u128;
            store.create_session(session_with_token(number, round, &token(key, thread)))
        });
        let mut took_place = false;
        for (key, ran) in by_key.iter().enumerate() {
            let winners = winners("create_session(..) with one id", ran, |error| {
                matches!(
                    error,
                    Error::Conflict {
                        constraint: Constraint::SessionId
                    }
                )
            })?;
            equal("the number of sessions that got the id", winners, 1)?;
            for (thread, one) in ran.iter().enumerate() {
                equal(
                    "whether the session exists, which must match the result of create_session(..)",
                    store.get_session_and_user(&token(key, thread))?.is_some(),
                    one.value.is_ok(),
                )?;
            }
            took_place |= overlapped(ran);
        }
        Ok(took_place)
    })
}

pub(crate) fn every_length(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    for (number, token) in (1..).zip(crate::strings::keys_of_every_length()) {
        round_trips(context, session_with_token(number, 1, &token))?;
    }
    Ok(())
}

pub(crate) fn every_bit_of_the_id(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let of = |row: u128| SessionDetails {
        ip: Some(row.to_string()),
        ..Default::default()
    };
    let sessions = || (1..).zip(a_bit_apart().map(id));
    for (row, session_id) in sessions() {
        let session = NewSession {
            id: Some(session_id),
            ..session(row, 1)
        };
        round_trips(context, session)?;
        let changes = SessionDetailsChanges {
            ip: of(row).ip.into(),
            ..Default::default()
        };
        store.update_session_details(session_id, changes)?;
    }
    for (row, session_id) in sessions() {
        returns(
            "get_session_details(..) of one of many sessions",
            store.get_session_details(session_id),
            of(row),
        )?;
    }
    for (session, details) in store.list_sessions_with_details_by_user_id(id(1))? {
        let row = sessions().find(|(_, id)| *id == session.id);
        equal(
            "the details of one of many sessions in list_sessions_with_details_by_user_id(..)",
            Some(details),
            row.map(|(row, _)| of(row)),
        )?;
    }
    for (row, session_id) in sessions() {
        let delete = || store.delete_session_of_user(id(1), session_id);
        returns("delete_session_of_user(..)", delete(), true)?;
        returns("delete_session_of_user(..) again", delete(), false)?;
        if let Some((next, next_id)) = sessions().nth(row as usize) {
            returns(
                "get_session_details(..) after another session was deleted",
                store.get_session_details(next_id),
                of(next),
            )?;
        }
    }
    Ok(())
}
