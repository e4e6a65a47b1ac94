use crate::context::Context;
use crate::failure::{Verdict, equal, returns};
use crate::fixture::{bare_user, id, look, populate, session};
use crate::race::{Race, THREADS, all_succeed, overlapped};

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
