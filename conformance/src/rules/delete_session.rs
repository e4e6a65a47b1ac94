use crate::context::Context;
use crate::failure::{Verdict, equal, returns};
use crate::fixture::{full_user, id, look, populate, session, session_with_token};
use crate::race::{Race, THREADS, all_succeed, overlapped};
use crate::show::Show;
use crate::strings::{BLANKS, HOSTILE, KEY, NEAR_MISSES, UNICODE, longest_key};

pub(crate) fn reports_whether_deleted(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "delete_session(..) on an empty storage",
        store.delete_session("session 1"),
        false,
    )?;
    store.create_user(full_user(1))?;
    store.create_session(session(1, 1))?;
    returns(
        "delete_session(..)",
        store.delete_session("session 1"),
        true,
    )?;
    returns(
        "delete_session(..), again",
        store.delete_session("session 1"),
        false,
    )?;
    returns(
        "get_session_and_user(..) after delete_session(..)",
        store.get_session_and_user("session 1"),
        None,
    )?;
    returns(
        "list_sessions_by_user_id(..) after delete_session(..)",
        store.list_sessions_by_user_id(id(1)),
        Vec::new(),
    )
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let (before, sibling) = (
        look(store, 2..=3)?,
        store.get_session_and_user("session 12")?,
    );
    let (user, accounts) = (
        store.get_user(id(1))?,
        store.list_accounts_by_user_id(id(1))?,
    );
    store.delete_session("session 11")?;
    returns(
        "another session of the user",
        store.get_session_and_user("session 12"),
        sibling,
    )?;
    returns("the session's user", store.get_user(id(1)), user)?;
    returns(
        "the user's accounts",
        store.list_accounts_by_user_id(id(1)),
        accounts,
    )?;
    returns("the rows of other users", look(store, 2..=3), before)
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    let user = store.create_user(full_user(1))?;
    let created = store.create_session(session_with_token(1, 1, KEY))?;
    for other in NEAR_MISSES {
        returns(
            format!("delete_session({})", other.show()),
            store.delete_session(other),
            false,
        )?;
    }
    returns(
        "get_session_and_user(..)",
        store.get_session_and_user(KEY),
        Some((created, user)),
    )?;
    returns("delete_session(..)", store.delete_session(KEY), true)
}

pub(crate) fn text(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let longest = longest_key('s');
    for text in UNICODE
        .iter()
        .chain(BLANKS)
        .chain(HOSTILE)
        .copied()
        .chain([longest.as_str()])
    {
        store.create_session(session_with_token(1, 1, text))?;
        returns(
            format!("delete_session({})", text.show()),
            store.delete_session(text),
            true,
        )?;
    }
    Ok(())
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    context.store().create_user(full_user(1))?;
    race.rounds(|round| {
        let token = format!("session {round}");
        context.store().create_session(session(round, 1))?;
        let ran = race.at_once(THREADS, |_, store| store.delete_session(&token));
        let overlap = overlapped(&ran);
        let deleted = all_succeed("delete_session(..)", ran)?;
        equal(
            "the number of callers whose delete_session(..) returned true",
            deleted.into_iter().filter(|deleted| *deleted).count(),
            1,
        )?;
        Ok(overlap)
    })
}
