use authstore::{
    Change, NewSession, Session, SessionChanges, SessionDetails, SessionDetailsChanges,
};

use crate::context::Context;
use crate::failure::{Verdict, equal, equal_rows, returns};
use crate::fixture::{
    bare_user, full_session_details, id, millis, populate, session, session_until,
    session_with_token, shuffled, since_1970,
};
use crate::race::Race;
use crate::rules::list_sessions_by_user_id::sort;
use crate::strings::longest_text;

pub(crate) fn absent(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    for user in [1, 2] {
        returns(
            "list_sessions_with_details_by_user_id(..)",
            store.list_sessions_with_details_by_user_id(id(user)),
            Vec::new(),
        )?;
    }
    Ok(())
}

pub(crate) fn the_same_list(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    // One without details, one that has expired, and two that expire together.
    store.create_session(session(13, 1))?;
    store.create_session(session_until(15, 1, millis(-1)))?;
    store.create_session(NewSession {
        expires: millis(-1),
        ..session_with_token(14, 1, "the last token")
    })?;
    store.update_session_details(id(2_014), full_session_details(14))?;
    // A whole second beside fractions of it, whose text may have fewer digits.
    for (number, millisecond) in (101..).zip([0, 1, 10, 100, 120, 900, 999, 1_000]) {
        let expires = since_1970(2_000_000_000_000 + millisecond);
        store.create_session(session_until(number, 1, expires))?;
    }
    for user in 1..=3 {
        let mut expected = Vec::new();
        for session in store.list_sessions_by_user_id(id(user))? {
            let details = store.get_session_details(session.id)?;
            expected.push((session, details));
        }
        returns(
            format!("list_sessions_with_details_by_user_id(id({user}))"),
            store.list_sessions_with_details_by_user_id(id(user)),
            expected,
        )?;
    }
    Ok(())
}

pub(crate) fn no_page_limit(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let mut expected = Vec::new();
    for number in shuffled(context.profile().many()) {
        expected.push(store.create_session(session(number, 1))?);
        store.update_session_details(id(2_000 + number), full_session_details(number))?;
    }
    sort(&mut expected);
    let listed = store.list_sessions_with_details_by_user_id(id(1))?;
    equal_rows(
        "list_sessions_with_details_by_user_id(id(1)), without the details,",
        listed.iter().map(|(session, _)| session.clone()).collect(),
        expected,
    )?;
    equal(
        "whether each session has its own details",
        listed.iter().all(|(session, details)| {
            let number = session.id.as_u128() - 2_000;
            let changes = full_session_details(number);
            details.ip.as_ref() == changes.ip.value()
                && details.user_agent.as_ref() == changes.user_agent.value()
        }),
        true,
    )
}

/// Repeatedly extends a session, then updates its details. The details must never be newer than the session, nor more than a
/// step older.
pub(crate) fn one_moment(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        context.store().create_user(bare_user(round))?;
        context
            .store()
            .create_session(session_until(round, round, millis(0)))?;
        race.look_on(
            "update_session(..), then update_session_details(..)",
            |store| {
                for number in 1..=8 {
                    let changes = SessionChanges {
                        expires: Some(millis(number)),
                        ..Default::default()
                    };
                    store.update_session(&format!("session {round}"), changes)?;
                    let details = SessionDetailsChanges {
                        last_seen: Change::Set(millis(number)),
                        ..Default::default()
                    };
                    store.update_session_details(id(2_000 + round), details)?;
                }
                Ok(())
            },
            |_, store| {
                let list = store.list_sessions_with_details_by_user_id(id(round))?;
                Ok(list.iter().find_map(|(session, details)| {
                    let step = session.expires - details.last_seen.unwrap_or(millis(0));
                    match step.whole_milliseconds() {
                        0 | 1 => None,
                        ..0 => Some("a session that is older than its details".to_owned()),
                        _ => Some("details that are older than their session".to_owned()),
                    }
                }))
            },
        )
    })
}

pub(crate) fn large_rows(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let rows = context.profile().many_large();
    let mut expected = Vec::new();
    // The latest expiry is listed first.
    for number in (0..u128::from(rows)).rev() {
        let expires = since_1970(2_000_000_000_000 + number as i64);
        let session = store.create_session(session_until(number, 1, expires))?;
        let changes = SessionDetailsChanges {
            ip: match number {
                0 => Change::Set(longest_text()),
                _ => Change::Keep,
            },
            user_agent: Change::Set(longest_text()),
            ..SessionDetailsChanges::default()
        };
        store.update_session_details(session.id, changes.clone())?;
        let details = SessionDetails {
            ip: changes.ip.apply(None),
            user_agent: changes.user_agent.apply(None),
            ..SessionDetails::default()
        };
        expected.push((session, details));
    }
    equal_rows(
        "list_sessions_with_details_by_user_id(id(1)) with details of 1 MiB",
        store.list_sessions_with_details_by_user_id(id(1))?,
        expected.clone(),
    )?;
    let sessions: Vec<Session> = expected.into_iter().map(|(session, _)| session).collect();
    equal_rows(
        "list_sessions_by_user_id(id(1)) with details of 1 MiB",
        store.list_sessions_by_user_id(id(1))?,
        sessions.clone(),
    )?;
    returns(
        "delete_sessions_by_user_id(..) with details of 1 MiB",
        store.delete_sessions_by_user_id(id(1), None),
        rows.into(),
    )?;
    for session in sessions {
        returns(
            "get_session_details(..) after the session was deleted",
            store.get_session_details(session.id),
            SessionDetails::default(),
        )?;
    }
    Ok(())
}
