use authstore::{Change, SessionChanges, UserChanges};

use crate::context::Context;
use crate::failure::{Failure, Verdict, returns, show_error};
use crate::fixture::{
    bare_user, full_user, id, millis, populate, session, session_until, session_with_token,
    since_1970,
};
use crate::race::{Race, THREADS, overlapped};
use crate::show::Show;
use crate::strings::{KEY, NEAR_MISSES};

pub(crate) fn absent(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "get_session_and_user(..) on an empty storage",
        store.get_session_and_user("session 1"),
        None,
    )?;
    populate(store)?;
    returns(
        "get_session_and_user(\"session 1\")",
        store.get_session_and_user("session 1"),
        None,
    )
}

pub(crate) fn its_user(context: &Context) -> Verdict {
    let store = context.store();
    for number in 1..=3 {
        store.create_user(if number == 2 {
            bare_user(2)
        } else {
            full_user(number)
        })?;
    }
    for (number, user) in [(11, 1), (21, 2), (31, 3), (12, 1), (32, 3)] {
        let created = store.create_session(session(number, user))?;
        let user = store.get_user(id(user))?;
        returns(
            format!("get_session_and_user(\"session {number}\")"),
            store.get_session_and_user(&format!("session {number}")),
            user.map(|user| (created, user)),
        )?;
    }
    Ok(())
}

pub(crate) fn expired_too(context: &Context) -> Verdict {
    let store = context.store();
    let user = store.create_user(full_user(1))?;
    for (number, expires) in [
        (1, since_1970(0)),
        (2, since_1970(1)),
        (3, millis(-86_400_000)),
    ] {
        let created = store.create_session(session_until(number, 1, expires))?;
        for _ in 0..2 {
            returns(
                "get_session_and_user(..) of an expired session",
                store.get_session_and_user(&created.session_token),
                Some((created.clone(), user.clone())),
            )?;
        }
    }
    Ok(())
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    let user = store.create_user(full_user(1))?;
    let created = store.create_session(session_with_token(1, 1, KEY))?;
    for other in NEAR_MISSES {
        returns(
            format!("get_session_and_user({})", other.show()),
            store.get_session_and_user(other),
            None,
        )?;
    }
    returns(
        "get_session_and_user(..)",
        store.get_session_and_user(KEY),
        Some((created, user)),
    )
}

pub(crate) fn current_user(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let created = store.create_session(session(1, 1))?;
    for name in ["first", "second"] {
        let user = store.update_user(
            id(1),
            UserChanges {
                name: Change::set(name),
                ..Default::default()
            },
        )?;
        returns(
            "get_session_and_user(..) after update_user(..)",
            store.get_session_and_user("session 1"),
            Some((created.clone(), user)),
        )?;
    }
    Ok(())
}

pub(crate) fn one_step(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let token = format!("session {round}");
        context.store().create_user(full_user(round))?;
        context.store().create_session(session(round, round))?;
        let ran = race.at_once(THREADS, |thread, store| {
            if thread == THREADS / 2 {
                return store.delete_user(id(round)).map(|_| None);
            }
            for _ in 0..4 {
                match store.get_session_and_user(&token)? {
                    Some((session, user)) if session.user_id != user.id || user.id != id(round) => {
                        return Ok(Some(format!("{}, {}", session.show(), user.show())));
                    }
                    _ => {}
                }
            }
            Ok(None)
        });
        for one in &ran {
            match &one.value {
                Ok(None) => {}
                Ok(Some(torn)) => {
                    return Err(Failure::broken(
                        "get_session_and_user(..) returned a session with another user",
                    )
                    .got(torn.clone()));
                }
                Err(error) => {
                    return Err(Failure::broken(
                        "get_session_and_user(..) failed while its user was deleted",
                    )
                    .expected("Ok, with the session or without")
                    .got(show_error(error)));
                }
            }
        }
        Ok(overlapped(&ran))
    })
}

/// Moves a session from user to user, and deletes each former user, or renames the user. The session must always exist, with
/// a user who was not renamed.
pub(crate) fn one_moment(context: &Context) -> Verdict {
    const MOVES: u128 = 6;
    let race = Race::new(context)?;
    race.rounds(|round| {
        let token = format!("session {round}");
        let user = |number: u128| id(round * 100 + number);
        for number in 0..=MOVES {
            context.store().create_user(bare_user(round * 100 + number))?;
        }
        context.store().create_session(session(round, round * 100))?;
        race.look_on(
            "update_session(..), which moves it to another user, and delete_user(..) or update_user(..) of its former user",
            |store| {
                for number in 0..MOVES {
                    let changes = SessionChanges {
                        user_id: Some(user(number + 1)),
                        ..Default::default()
                    };
                    store.update_session(&token, changes)?;
                    if round % 2 == 1 {
                        store.delete_user(user(number))?;
                    } else {
                        let changes = UserChanges {
                            name: Change::set("without the session"),
                            ..Default::default()
                        };
                        store.update_user(user(number), changes)?;
                    }
                }
                Ok(())
            },
            |_, store| {
                Ok(match store.get_session_and_user(&token)? {
                    Some((_, user)) if user.name.is_some() => Some(format!(
                        "a session with a user who was renamed after it had moved away: {}",
                        user.show()
                    )),
                    Some((session, user)) if session.user_id == user.id => None,
                    Some((session, user)) => Some(format!(
                        "a session with another session's user: {}, {}",
                        session.show(),
                        user.show()
                    )),
                    None => Some("no session, although it always existed".into()),
                })
            },
        )
    })
}
