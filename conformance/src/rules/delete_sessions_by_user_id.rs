use authstore::{AuthStore, NewSession, SessionChanges, SessionDetails};

use crate::context::Context;
use crate::failure::{Verdict, equal, returns, succeeds};
use crate::fixture::{
    bare_user, full_session_details, full_user, id, look, populate, session, session_until,
    session_with_token, since_1970,
};
use crate::race::{Race, THREADS, all_succeed, create_many, overlapped};
use crate::rules::get_session_details::have_no_details;
use crate::show::Show;
use crate::strings::{BLANKS, HOSTILE, KEY, NEAR_MISSES, UNICODE, keys_alike, longest_key};
use crate::values::at;

pub(crate) fn all_of_them(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "delete_sessions_by_user_id(..) on an empty storage",
        store.delete_sessions_by_user_id(id(1), None),
        0,
    )?;
    populate(store)?;
    store.create_session(session_until(13, 1, since_1970(0)))?;
    returns(
        "delete_sessions_by_user_id(id(1), None)",
        store.delete_sessions_by_user_id(id(1), None),
        3,
    )?;
    returns(
        "list_sessions_by_user_id(id(1))",
        store.list_sessions_by_user_id(id(1)),
        Vec::new(),
    )?;
    for number in 11..=13 {
        returns(
            "get_session_and_user(..) of a deleted session",
            store.get_session_and_user(&format!("session {number}")),
            None,
        )?;
    }
    returns(
        "delete_sessions_by_user_id(id(1), None), again",
        store.delete_sessions_by_user_id(id(1), None),
        0,
    )
}

pub(crate) fn but_one(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    for number in 1..=5 {
        store.create_session(session(number, 1))?;
    }
    let kept = store.get_session_and_user("session 3")?;
    for deleted in [4, 0] {
        returns(
            "delete_sessions_by_user_id(id(1), Some(\"session 3\"))",
            store.delete_sessions_by_user_id(id(1), Some("session 3")),
            deleted,
        )?;
        returns(
            "get_session_and_user(\"session 3\")",
            store.get_session_and_user("session 3"),
            kept.clone(),
        )?;
        equal(
            "the number of sessions left",
            store.list_sessions_by_user_id(id(1))?.len(),
            1,
        )?;
    }
    let expired = store.create_session(session_until(6, 1, since_1970(0)))?;
    returns(
        "delete_sessions_by_user_id(id(1), ..) with the token of an expired session",
        store.delete_sessions_by_user_id(id(1), Some("session 6")),
        1,
    )?;
    returns(
        "list_sessions_by_user_id(id(1)) after all but an expired session were deleted",
        store.list_sessions_by_user_id(id(1)),
        vec![expired],
    )?;
    returns(
        "delete_sessions_by_user_id(id(1), None)",
        store.delete_sessions_by_user_id(id(1), None),
        1,
    )
}

pub(crate) fn keeps_nothing_else(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 2..=3)?;
    returns(
        "delete_sessions_by_user_id(id(1), ..) with another user's token",
        store.delete_sessions_by_user_id(id(1), Some("session 21")),
        2,
    )?;
    returns(
        "list_sessions_by_user_id(id(1))",
        store.list_sessions_by_user_id(id(1)),
        Vec::new(),
    )?;
    returns("the rows of other users", look(store, 2..=3), before)?;
    returns(
        "delete_sessions_by_user_id(id(2), ..) with a token that does not exist",
        store.delete_sessions_by_user_id(id(2), Some("session 99")),
        2,
    )?;
    returns(
        "list_sessions_by_user_id(id(2))",
        store.list_sessions_by_user_id(id(2)),
        Vec::new(),
    )
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 2..=3)?;
    let (user, accounts) = (
        store.get_user(id(1))?,
        store.list_accounts_by_user_id(id(1))?,
    );
    store.delete_sessions_by_user_id(id(1), None)?;
    returns(
        "delete_sessions_by_user_id(..) of a user that does not exist",
        store.delete_sessions_by_user_id(id(4), None),
        0,
    )?;
    returns("the user", store.get_user(id(1)), user)?;
    returns(
        "the user's accounts",
        store.list_accounts_by_user_id(id(1)),
        accounts,
    )?;
    returns("the rows of other users", look(store, 2..=3), before)
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut number = 0;
    for other in NEAR_MISSES {
        number += 1;
        store.create_session(session_with_token(number, 1, KEY))?;
        returns(
            format!(
                "delete_sessions_by_user_id(id(1), Some({})) with a session {}",
                other.show(),
                KEY.show()
            ),
            store.delete_sessions_by_user_id(id(1), Some(other)),
            1,
        )?;
    }
    store.create_session(session_with_token(1, 1, KEY))?;
    returns(
        "delete_sessions_by_user_id(..)",
        store.delete_sessions_by_user_id(id(1), Some(KEY)),
        0,
    )
}

pub(crate) fn text(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let texts = UNICODE.iter().chain(BLANKS).chain(HOSTILE);
    let mut pairs: Vec<(String, String)> = texts
        .map(|text| ((*text).to_owned(), format!("{text}+")))
        .collect();
    pairs.push((longest_key('1'), longest_key('2')));
    let alike = keys_alike();
    for pair in alike.windows(2) {
        pairs.push((pair[0].clone(), pair[1].clone()));
        pairs.push((pair[1].clone(), pair[0].clone()));
    }
    for (kept, other) in &pairs {
        store.create_session(session_with_token(1, 1, kept))?;
        succeeds(
            "create_session(..)",
            store.create_session(session_with_token(2, 1, other)),
        )?;
        returns(
            format!("delete_sessions_by_user_id(id(1), Some({}))", kept.show()),
            store.delete_sessions_by_user_id(id(1), Some(kept)),
            1,
        )?;
        returns(
            format!("delete_session({})", kept.show()),
            store.delete_session(kept),
            true,
        )?;
    }
    Ok(())
}

pub(crate) fn each_counted_once(context: &Context) -> Verdict {
    const SESSIONS: u128 = 12;
    let race = Race::new(context)?;
    context.store().create_user(bare_user(1))?;
    race.rounds(|round| {
        for number in 0..SESSIONS {
            context
                .store()
                .create_session(session(round * 100 + number, 1))?;
        }
        let ran = race.at_once(THREADS, |_, store| {
            store.delete_sessions_by_user_id(id(1), None)
        });
        let overlap = overlapped(&ran);
        let counted: u64 = all_succeed("delete_sessions_by_user_id(..)", ran)?
            .into_iter()
            .sum();
        equal(
            "the number of tokens that the concurrent callers deleted in total",
            counted,
            SESSIONS as u64,
        )?;
        returns(
            "list_sessions_by_user_id(id(1))",
            context.store().list_sessions_by_user_id(id(1)),
            Vec::new(),
        )?;
        Ok(overlap)
    })
}

/// The number of a user's first session.
pub(super) fn first_of(user: u128) -> u128 {
    user * 100_000
}

/// Deletes all sessions of a user but the first, while other threads read them. Two have details: the first, and one that is
/// deleted.
pub(super) fn all_but_the_first(
    context: &Context,
    call: &str,
    new: impl Fn(u128, u128) -> NewSession + Sync,
    delete: impl Fn(&AuthStore, u128) -> authstore::Result<()> + Sync,
) -> Verdict {
    let race = Race::new(context)?;
    race.few_rounds(|round| {
        // In some rounds, more than a batch.
        let sessions = if round % 4 == 1 {
            race.many(round) + 1
        } else {
            4
        };
        let store = context.store();
        store.create_user(bare_user(round))?;
        let first = first_of(round);
        create_many(first..first + sessions, |number| {
            Ok(store.create_session(new(round, number)).map(drop)?)
        })?;
        let [kept, deleted] = [id(2_000 + first), id(2_001 + first)];
        for session in [kept, deleted] {
            store.update_session_details(session, full_session_details(round))?;
        }
        let all = store.list_sessions_with_details_by_user_id(id(round))?;
        let mut left = all.clone();
        left.retain(|(session, _)| session.id == kept);
        race.look_on(
            call,
            |store| delete(store, round),
            |thread, store| {
                if thread % 2 == 0 {
                    let left = store.list_sessions_by_user_id(id(round))?.len() as u128;
                    return Ok((left != sessions && left != 1)
                        .then(|| format!("{left} of {sessions} sessions")));
                }
                let seen = store.list_sessions_with_details_by_user_id(id(round))?;
                if seen != all && seen != left {
                    return Ok(Some(seen.show()));
                }
                let details = store.get_session_details(deleted)?;
                let outlived = seen == left && details != SessionDetails::default();
                Ok(outlived.then(|| "details of a session that was deleted".to_owned()))
            },
        )
    })
}

pub(crate) fn never_half(context: &Context) -> Verdict {
    all_but_the_first(
        context,
        "delete_sessions_by_user_id(..)",
        |user, number| session(number, user),
        |store, user| {
            let kept = session(first_of(user), user).session_token;
            let deleted = store.delete_sessions_by_user_id(id(user), Some(&kept));
            deleted.map(drop)
        },
    )
}

pub(crate) fn no_page_limit(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let rows = u128::from(context.profile().many());
    // The session to keep is first in every order, then last.
    for (kept, token, expires) in [
        (0, "!", since_1970(0)),
        (rows + 1, "~", at("9999-01-01T00:00:00.000Z")),
    ] {
        for number in kept.min(1)..=kept.max(rows) {
            let session = if number == kept {
                NewSession {
                    expires,
                    ..session_with_token(number, 1, token)
                }
            } else {
                session(number, 1)
            };
            store.create_session(session)?;
            store.update_session_details(id(2_000 + number), full_session_details(number))?;
        }
        returns(
            format!(
                "delete_sessions_by_user_id(id(1), Some({token:?})) of {rows} sessions and this one"
            ),
            store.delete_sessions_by_user_id(id(1), Some(token)),
            u64::from(context.profile().many()),
        )?;
        have_no_details(store, 1..=rows)?;
        returns(
            "delete_sessions_by_user_id(id(1), None) of the session that was kept",
            store.delete_sessions_by_user_id(id(1), None),
            1,
        )?;
    }
    Ok(())
}

/// A session of another user moves to this one, while all of this user's sessions but that one are deleted.
pub(crate) fn keeps_what_moves_in(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.create_user(bare_user(2))?;
    race.rounds(|round| {
        let kept = session(round, 2);
        let token = kept.session_token.clone();
        store.create_session(kept)?;
        let ran = race.at_once(2, |thread, store| {
            if thread == 0 {
                let deleted = store.delete_sessions_by_user_id(id(1), Some(&token));
                return deleted.map(drop);
            }
            let changes = SessionChanges {
                user_id: Some(id(1)),
                ..SessionChanges::default()
            };
            store.update_session(&token, changes).map(drop)
        });
        let overlap = overlapped(&ran);
        all_succeed("delete_sessions_by_user_id(..) or update_session(..)", ran)?;
        let found = store.get_session_and_user(&token)?;
        equal(
            "the user of the session to keep, which moved to the user meanwhile",
            found.map(|(session, _)| session.user_id),
            Some(id(1)),
        )?;
        Ok(overlap)
    })
}

/// Rotates the token of a session, as often as the session is found. Returns its last token.
pub(super) fn rotate(store: &AuthStore, first: &str) -> authstore::Result<String> {
    const ROTATIONS: u32 = 20;
    let mut token = first.to_owned();
    for rotation in 0..ROTATIONS {
        let rotated = format!("{first}, rotated {rotation}");
        let changes = SessionChanges {
            session_token: Some(rotated.clone()),
            ..SessionChanges::default()
        };
        if store.update_session(&token, changes)?.is_none() {
            break;
        }
        token = rotated;
    }
    Ok(token)
}

/// A session's token is rotated, as often as the session is found, while its user's sessions are deleted.
pub(crate) fn spares_none_that_rotates(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    store.create_user(bare_user(1))?;
    race.rounds(|round| {
        let kept = store.create_session(session(0, 1))?;
        store.create_session(session(round, 1))?;
        let keep = (round % 2 == 0).then_some("session 0");
        let ran = race.at_once(2, |thread, store| match thread {
            0 => store.delete_sessions_by_user_id(id(1), keep),
            _ => rotate(store, &format!("session {round}")).map(|_| 0),
        });
        let overlap = overlapped(&ran);
        let deleted = all_succeed("delete_sessions_by_user_id(..) or update_session(..)", ran)?;
        equal(
            "the number of sessions that were deleted while the token of one was rotated",
            deleted[0],
            if keep.is_none() { 2 } else { 1 },
        )?;
        returns(
            "list_sessions_by_user_id(id(1)), after one rotated while all but the one to keep were deleted",
            store.list_sessions_by_user_id(id(1)),
            keep.map(|_| kept).into_iter().collect(),
        )?;
        store.delete_session("session 0")?;
        Ok(overlap)
    })
}

pub(crate) fn spares_what_moves_away(context: &Context) -> Verdict {
    super::delete_session_of_user::session_moves_away(
        context,
        "delete_sessions_by_user_id(..)",
        |store, _| Ok(Some(store.delete_sessions_by_user_id(id(1), None)? == 1)),
    )
}
