use crate::context::Context;
use crate::failure::{Verdict, equal, gives};
use crate::fixture::{bare_user, id, look, populate, session};
use crate::race::{Race, THREADS, all_succeed, overlapped};

pub(crate) fn reports_whether_deleted(context: &Context) -> Verdict {
    let store = context.store();
    gives(
        "delete_session_of_user(..) on an empty storage",
        store.delete_session_of_user(id(1), id(2_011)),
        false,
    )?;
    populate(store)?;
    for deleted in [true, false] {
        gives(
            "delete_session_of_user(id(1), id(2_011)), twice",
            store.delete_session_of_user(id(1), id(2_011)),
            deleted,
        )?;
        gives(
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
        gives(
            format!("delete_session_of_user(id({user}), id({session}))"),
            store.delete_session_of_user(id(user), id(session)),
            false,
        )?;
    }
    gives("what was there before", look(store, 1..=3), before)
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let others = look(store, 2..=3)?;
    let sibling = store.get_session_and_user("session 12")?;
    store.delete_session_of_user(id(1), id(2_011))?;
    gives(
        "another session of the user",
        store.get_session_and_user("session 12"),
        sibling,
    )?;
    gives("what other users have", look(store, 2..=3), others)
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
            "how many of several callers were told that they deleted the session",
            told.into_iter().filter(|told| *told).count(),
            1,
        )?;
        Ok(overlap)
    })
}
