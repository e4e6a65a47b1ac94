use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use authstore::{
    AuthStore, Change, NewSession, SessionChanges, SessionDetails, SessionDetailsChanges,
};

use crate::context::Context;
use crate::failure::{Verdict, equal, returns};
use crate::fixture::{
    bare_user, full_session_details, id, look, millis, populate, session, session_until,
    session_with_token,
};
use crate::race::{Race, all_succeed, overlapped, timed};
use crate::show::Show;
use crate::strings::{BLANKS, HOSTILE, UNICODE, longest_text, text_lengths, wide_text};

const SESSION: u128 = 2_001;

/// Updates details, and checks that every read returns them as expected.
#[track_caller]
fn updates(
    store: &AuthStore,
    details: &mut SessionDetails,
    changes: SessionDetailsChanges,
) -> Verdict {
    let named = changes.clone();
    details.began = named.began.apply(details.began);
    details.last_seen = named.last_seen.apply(details.last_seen);
    details.ip = named.ip.apply(details.ip.take());
    details.user_agent = named.user_agent.apply(details.user_agent.take());
    let call = format!("update_session_details(.., {})", changes.show());
    returns(
        &call,
        store.update_session_details(id(SESSION), changes),
        true,
    )?;
    returns(
        format!("get_session_details(..) after {call}"),
        store.get_session_details(id(SESSION)),
        details.clone(),
    )?;
    let listed = store.list_sessions_with_details_by_user_id(id(1))?;
    equal(
        format!("the details in list_sessions_with_details_by_user_id(..) after {call}"),
        listed.into_iter().next().map(|(_, details)| details),
        Some(details.clone()),
    )
}

pub(crate) fn every_combination(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.create_session(session(1, 1))?;
    let mut details = SessionDetails::default();
    updates(store, &mut details, SessionDetailsChanges::default())?;
    // The second time, nothing changes.
    for _ in 0..2 {
        updates(store, &mut details, full_session_details(1))?;
    }
    let times = [Change::Keep, Change::Set(millis(5)), Change::Clear];
    let texts = [Change::Keep, Change::set("x"), Change::Clear];
    for began in &times {
        for last_seen in &times {
            for ip in &texts {
                for user_agent in &texts {
                    let changes = SessionDetailsChanges {
                        began: began.clone(),
                        last_seen: last_seen.clone(),
                        ip: ip.clone(),
                        user_agent: user_agent.clone(),
                    };
                    updates(store, &mut details, changes)?;
                }
            }
        }
        updates(store, &mut details, full_session_details(2))?;
    }
    Ok(())
}

pub(crate) fn missing(context: &Context) -> Verdict {
    let store = context.store();
    for changes in [SessionDetailsChanges::default(), full_session_details(1)] {
        returns(
            format!(
                "update_session_details(.., {}) of a session that does not exist",
                changes.show()
            ),
            store.update_session_details(id(SESSION), changes),
            false,
        )?;
    }
    store.create_user(bare_user(1))?;
    store.create_session(session(1, 1))?;
    returns(
        "get_session_details(..) of a session that was created later",
        store.get_session_details(id(SESSION)),
        SessionDetails::default(),
    )
}

pub(crate) fn session_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let others = look(store, 2..=3)?;
    // Only their IDs and tokens differ.
    store.create_session(NewSession {
        id: Some(id(2_099)),
        ..session_with_token(11, 1, "twin")
    })?;
    store.create_session(NewSession {
        id: Some(id(2_011 + (1 << 64))),
        ..session_with_token(11, 1, "twin in the lower half")
    })?;
    let mut sessions = store.list_sessions_with_details_by_user_id(id(1))?;
    let changes = full_session_details(99);
    store.update_session_details(id(2_011), changes.clone())?;
    for (session, details) in &mut sessions {
        if session.id == id(2_011) {
            details.began = changes.began.clone().apply(None);
            details.last_seen = changes.last_seen.clone().apply(None);
            details.ip = changes.ip.clone().apply(None);
            details.user_agent = changes.user_agent.clone().apply(None);
        }
    }
    returns(
        "the user's sessions and their details",
        store.list_sessions_with_details_by_user_id(id(1)),
        sessions,
    )?;
    returns("the rows of other users", look(store, 2..=3), others)
}

pub(crate) fn outlive_updates(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let details = store.get_session_details(id(2_011))?;
    let mut token = "session 11".to_owned();
    for changes in [
        SessionChanges {
            session_token: Some("rotated".into()),
            ..Default::default()
        },
        SessionChanges {
            expires: Some(millis(7)),
            ..Default::default()
        },
        SessionChanges {
            user_id: Some(id(2)),
            ..Default::default()
        },
    ] {
        let next = changes.session_token.clone();
        store.update_session(&token, changes)?;
        token = next.unwrap_or(token);
        returns(
            "get_session_details(..) after update_session(..)",
            store.get_session_details(id(2_011)),
            details.clone(),
        )?;
    }
    Ok(())
}

pub(crate) fn deleted_with_the_session(context: &Context) -> Verdict {
    let store = context.store();
    let deletions: [(&str, &dyn Fn() -> authstore::Result<()>); 5] = [
        ("delete_session", &|| {
            store.delete_session("session 1").map(drop)
        }),
        ("delete_session_of_user", &|| {
            store.delete_session_of_user(id(1), id(SESSION)).map(drop)
        }),
        ("delete_sessions_by_user_id", &|| {
            store.delete_sessions_by_user_id(id(1), None).map(drop)
        }),
        ("delete_expired", &|| {
            store.delete_expired(session(1, 1).expires, 10).map(drop)
        }),
        ("delete_user", &|| {
            store.delete_user(id(1))?;
            store.create_user(bare_user(1)).map(drop)
        }),
    ];
    store.create_user(bare_user(1))?;
    for (operation, delete) in deletions {
        store.create_session(session(1, 1))?;
        store.update_session_details(id(SESSION), full_session_details(1))?;
        delete()?;
        returns(
            format!("get_session_details(..) after {operation}(..)"),
            store.get_session_details(id(SESSION)),
            SessionDetails::default(),
        )?;
        store.create_session(session(1, 1))?;
        returns(
            format!("get_session_details(..) of the session created again after {operation}(..)"),
            store.get_session_details(id(SESSION)),
            SessionDetails::default(),
        )?;
        store.delete_session("session 1")?;
    }
    Ok(())
}

pub(crate) fn text(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.create_session(session(1, 1))?;
    let mut details = SessionDetails::default();
    let longest = longest_text();
    let texts = UNICODE.iter().chain(BLANKS).chain(HOSTILE).copied();
    for text in texts.chain(["", &longest]) {
        let changes = SessionDetailsChanges {
            ip: Change::set(text),
            user_agent: Change::set(text),
            ..Default::default()
        };
        updates(store, &mut details, changes)?;
    }
    for length in text_lengths() {
        let changes = SessionDetailsChanges {
            ip: Change::Set("t".repeat(length)),
            user_agent: Change::Set(wide_text(length)),
            ..Default::default()
        };
        updates(store, &mut details, changes)?;
    }
    Ok(())
}

pub(crate) fn times(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.create_session(session(1, 1))?;
    let mut details = SessionDetails::default();
    for time in crate::times::all() {
        let changes = SessionDetailsChanges {
            began: Change::Set(time),
            last_seen: Change::Set(time),
            ..Default::default()
        };
        updates(store, &mut details, changes)?;
    }
    Ok(())
}

pub(crate) fn all_survive(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    store.create_user(bare_user(1))?;
    race.rounds(|_| {
        store.create_session(session(1, 1))?;
        // The first has to insert, and the others find its row.
        let ran = race.at_once(4, |thread, store| {
            let all = full_session_details(1);
            let none = SessionDetailsChanges::default;
            let changes = match thread {
                0 => SessionDetailsChanges {
                    began: all.began,
                    ..none()
                },
                1 => SessionDetailsChanges {
                    last_seen: all.last_seen,
                    ..none()
                },
                2 => SessionDetailsChanges {
                    ip: all.ip,
                    ..none()
                },
                _ => SessionDetailsChanges {
                    user_agent: all.user_agent,
                    ..none()
                },
            };
            store.update_session_details(id(SESSION), changes)
        });
        let overlap = overlapped(&ran);
        let told = all_succeed("update_session_details(..)", ran)?;
        equal("the results of the concurrent calls", told, vec![true; 4])?;
        let all = full_session_details(1);
        returns(
            "get_session_details(..) after updates of different fields, concurrently",
            store.get_session_details(id(SESSION)),
            SessionDetails {
                began: all.began.apply(None),
                last_seen: all.last_seen.apply(None),
                ip: all.ip.apply(None),
                user_agent: all.user_agent.apply(None),
            },
        )?;
        store.delete_session("session 1")?;
        Ok(overlap)
    })
}

/// One thread deletes a row while another writes its details, as often as the row is found. In turns, one of them waits until
/// the other has begun, or neither. Returns whether the calls overlapped.
pub(super) fn write_while_deleted(
    race: &Race,
    round: u128,
    delete: impl Fn(&AuthStore) -> authstore::Result<()> + Sync,
    update: impl Fn(&AuthStore) -> authstore::Result<bool> + Sync,
) -> Verdict<bool> {
    const UPDATES: u32 = 10;
    let has_begun = AtomicBool::new(false);
    let ran = race.at_once_untimed(2, |thread, store| {
        if thread as u128 == round % 3 {
            while !has_begun.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            thread::sleep(Duration::from_micros(100));
        }
        has_begun.store(true, Ordering::SeqCst);
        timed(|| {
            if thread == 0 {
                return delete(store);
            }
            for _ in 0..UPDATES {
                if !update(store)? {
                    break;
                }
            }
            Ok(())
        })
    });
    let overlap = overlapped(&ran);
    let calls = "an update of details, or the deletion of the row that they belong to,";
    all_succeed(calls, ran)?;
    Ok(overlap)
}

pub(crate) fn no_orphan(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    race.rounds(|round| {
        if store.get_user(id(1))?.is_none() {
            store.create_user(bare_user(1))?;
        }
        store.create_session(session_until(1, 1, millis(0)))?;
        let delete = |store: &AuthStore| match round % 5 {
            0 => store.delete_session("session 1").map(drop),
            1 => store.delete_session_of_user(id(1), id(SESSION)).map(drop),
            2 => store.delete_sessions_by_user_id(id(1), None).map(drop),
            3 => store.delete_expired(millis(0), 10).map(drop),
            _ => store.delete_user(id(1)).map(drop),
        };
        let overlap = write_while_deleted(&race, round, delete, |store| {
            store.update_session_details(id(SESSION), full_session_details(1))
        })?;
        // A sweep may skip the session, because an update has locked it.
        if store.get_session_and_user("session 1")?.is_some() {
            delete(store)?;
        }
        returns(
            "get_session_details(..) of a session that was deleted while its details were updated",
            store.get_session_details(id(SESSION)),
            SessionDetails::default(),
        )?;
        Ok(overlap)
    })
}

pub(crate) fn never_half(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.create_session(session(1, 1))?;
    let changes = |number: i64| SessionDetailsChanges {
        began: Change::Set(millis(number)),
        last_seen: Change::Set(millis(number)),
        ip: Change::set(number.to_string()),
        user_agent: Change::set(number.to_string()),
    };
    store.update_session_details(id(SESSION), changes(0))?;
    super::update_user::only_whole_states(
        context,
        "update_session_details(..)",
        |store, number| {
            let told = store.update_session_details(id(SESSION), changes(number));
            told.map(drop)
        },
        |store, turn, _| {
            let seen = if turn % 2 == 0 {
                vec![store.get_session_details(id(SESSION))?]
            } else {
                let listed = store.list_sessions_with_details_by_user_id(id(1))?;
                listed.into_iter().map(|(_, details)| details).collect()
            };
            Ok(Some(seen))
        },
        |number| {
            vec![SessionDetails {
                began: Some(millis(number)),
                last_seen: Some(millis(number)),
                ip: Some(number.to_string()),
                user_agent: Some(number.to_string()),
            }]
        },
    )
}
