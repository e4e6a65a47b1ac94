use authstore::{AuthStore, SessionChanges};
use uuid::Uuid;

use crate::context::Context;
use crate::failure::{Verdict, equal, returns};
use crate::fixture::{bare_user, id, look, populate, session};
use crate::race::{Race, THREADS, all_succeed, overlapped};
use crate::rules::delete_sessions_by_user_id::rotate;
use crate::rules::transaction::has_transactions;

pub(crate) fn reports_whether_deleted(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "delete_session_of_user(..) on an empty storage",
        store.delete_session_of_user(id(1), id(2_011)),
        false,
    )?;
    populate(store)?;
    for deleted in [true, false] {
        returns(
            "delete_session_of_user(id(1), id(2_011)), twice",
            store.delete_session_of_user(id(1), id(2_011)),
            deleted,
        )?;
        returns(
            "get_session_and_user(..) of the deleted session",
            store.get_session_and_user("session 11"),
            None,
        )?;
    }
    Ok(())
}

pub(crate) fn only_the_users(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for (user, session) in [(2, 2_011), (4, 2_011), (1, 2_099), (1, 1)] {
        returns(
            format!("delete_session_of_user(id({user}), id({session}))"),
            store.delete_session_of_user(id(user), id(session)),
            false,
        )?;
    }
    returns("the rows that existed before", look(store, 1..=3), before)
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let others = look(store, 2..=3)?;
    let sibling = store.get_session_and_user("session 12")?;
    store.delete_session_of_user(id(1), id(2_011))?;
    returns(
        "another session of the user",
        store.get_session_and_user("session 12"),
        sibling,
    )?;
    returns("the rows of other users", look(store, 2..=3), others)
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    context.store().create_user(bare_user(1))?;
    race.rounds(|round| {
        context.store().create_session(session(round, 1))?;
        let ran = race.at_once(THREADS, |_, store| {
            store.delete_session_of_user(id(1), id(2_000 + round))
        });
        let overlap = overlapped(&ran);
        let told = all_succeed("delete_session_of_user(..)", ran)?;
        equal(
            "the number of concurrent callers that deleted the session",
            told.into_iter().filter(|told| *told).count(),
            1,
        )?;
        Ok(overlap)
    })
}

/// One caller removes a row of user 1 while another gives it to user 2. Exactly one of them finds it, and a row that was
/// given away stays. `remove` returns whether it found the row, or `None` if it does not tell.
pub(crate) fn moves_away(
    context: &Context,
    call: &str,
    create: impl Fn(&AuthStore, u128) -> authstore::Result<()>,
    remove: impl Fn(&AuthStore, u128) -> authstore::Result<Option<bool>> + Sync,
    give_away: impl Fn(&AuthStore, u128) -> authstore::Result<bool> + Sync,
    owner: impl Fn(&AuthStore, u128) -> authstore::Result<Option<Uuid>>,
) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.create_user(bare_user(2))?;
    let has_transactions = has_transactions(store)?;
    race.rounds(|round| {
        create(store, round)?;
        let in_transaction = has_transactions && round % 4 < 2;
        let ran = race.at_once(2, |thread, store| match thread {
            0 => remove(store, round),
            _ if in_transaction => store.transaction(|tx| give_away(tx, round)).map(Some),
            _ => give_away(store, round).map(Some),
        });
        let overlap = overlapped(&ran);
        let found = all_succeed(&format!("{call}, or giving the row to another user,"), ran)?;
        if found[0].is_some() {
            equal(
                format!("the number of callers that found the row, of {call} and one that gives it to another user"),
                found.iter().filter(|found| **found == Some(true)).count(),
                1,
            )?;
        }
        equal(
            format!("the user of the row that either {call} deleted or another caller gave to user 2"),
            owner(store, round)?,
            (found[1] == Some(true)).then_some(id(2)),
        )?;
        Ok(overlap)
    })
}

/// Moves a session to user 2. Returns whether it was found.
pub(super) fn give_session_away(store: &AuthStore, number: u128) -> authstore::Result<bool> {
    let changes = SessionChanges {
        user_id: Some(id(2)),
        ..SessionChanges::default()
    };
    let moved = store.update_session(&format!("session {number}"), changes)?;
    Ok(moved.is_some())
}

/// Returns the user of a session.
pub(super) fn owner_of_session(store: &AuthStore, number: u128) -> authstore::Result<Option<Uuid>> {
    let found = store.get_session_and_user(&format!("session {number}"))?;
    Ok(found.map(|(_, user)| user.id))
}

/// A session moves to another user, while it is deleted as the session of its first.
pub(crate) fn session_moves_away(
    context: &Context,
    call: &str,
    delete: impl Fn(&AuthStore, Uuid) -> authstore::Result<Option<bool>> + Sync,
) -> Verdict {
    moves_away(
        context,
        call,
        |store, round| store.create_session(session(round, 1)).map(drop),
        |store, round| delete(store, id(2_000 + round)),
        give_session_away,
        owner_of_session,
    )
}

pub(crate) fn spares_what_moves_away(context: &Context) -> Verdict {
    session_moves_away(
        context,
        "delete_session_of_user(..)",
        |store, session_id| store.delete_session_of_user(id(1), session_id).map(Some),
    )
}

/// A session's token is rotated, as often as the session is found, while it is deleted by its id.
pub(crate) fn spares_none_that_rotates(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    store.create_user(bare_user(1))?;
    race.few_rounds(|round| {
        store.create_session(session(round, 1))?;
        let ran = race.at_once(2, |thread, store| match thread {
            0 => store.delete_session_of_user(id(1), id(2_000 + round)),
            _ => rotate(store, &format!("session {round}")).map(|_| false),
        });
        let overlap = overlapped(&ran);
        let told = all_succeed("delete_session_of_user(..) or update_session(..)", ran)?;
        equal(
            "delete_session_of_user(..) of a session whose token was rotated meanwhile",
            told[0],
            true,
        )?;
        returns(
            "list_sessions_by_user_id(id(1)), after its session was deleted",
            store.list_sessions_by_user_id(id(1)),
            Vec::new(),
        )?;
        Ok(overlap)
    })
}
