use authstore::{AuthenticatorDetails, Entity, Error, SessionDetails};

use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, equal, returns, show_error, succeeds};
use crate::fixture::{
    authenticator, bare_account, bare_user, full_account, full_authenticator_details,
    full_session_details, full_user, id, look, populate, session, session_with_token, token,
};
use crate::race::{Race, Ran, THREADS, all_succeed, create_many, overlapped};
use crate::rules::delete_authenticator_of_user::{give_passkey_away, owner_of_passkey};
use crate::rules::delete_session_of_user::{give_session_away, owner_of_session};
use crate::rules::delete_sessions_by_user_id::rotate;
use crate::rules::unlink_account_of_user::{account_to_move, give_account_away, owner_of_account};

pub(crate) fn reports_whether_deleted(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "delete_user(..) on an empty storage",
        store.delete_user(id(1)),
        false,
    )?;
    store.create_user(full_user(1))?;
    store.create_user(full_user(2))?;
    returns(
        "delete_user(id(3)) of a user that does not exist",
        store.delete_user(id(3)),
        false,
    )?;
    returns("delete_user(id(1))", store.delete_user(id(1)), true)?;
    returns("delete_user(id(1)), again", store.delete_user(id(1)), false)?;
    returns(
        "get_user(id(1)) after delete_user(..)",
        store.get_user(id(1)),
        None,
    )?;
    returns(
        "get_user_by_email(..) after delete_user(..)",
        store.get_user_by_email("user-1@example.org"),
        None,
    )
}

pub(crate) fn accounts_too(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    store.delete_user(id(1))?;
    for number in [11, 12] {
        let (provider, account) = (format!("provider {number}"), format!("account {number}"));
        returns(
            "get_account(..) of a deleted user",
            store.get_account(&provider, &account),
            None,
        )?;
        returns(
            "get_user_by_account(..) of a deleted user",
            store.get_user_by_account(&provider, &account),
            None,
        )?;
    }
    returns(
        "list_accounts_by_user_id(..) of a deleted user",
        store.list_accounts_by_user_id(id(1)),
        Vec::new(),
    )?;
    store.create_user(bare_user(1))?;
    returns(
        "list_accounts_by_user_id(..) of a new user with the id of a deleted one",
        store.list_accounts_by_user_id(id(1)),
        Vec::new(),
    )?;
    succeeds(
        "link_account(..) of an account that a deleted user had",
        store.link_account(id(1), full_account(11)),
    )?;
    Ok(())
}

pub(crate) fn sessions_too(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    store.delete_user(id(1))?;
    for number in [11, 12] {
        returns(
            "get_session_and_user(..) of a deleted user",
            store.get_session_and_user(&format!("session {number}")),
            None,
        )?;
    }
    returns(
        "list_sessions_by_user_id(..) of a deleted user",
        store.list_sessions_by_user_id(id(1)),
        Vec::new(),
    )?;
    store.create_user(bare_user(1))?;
    returns(
        "list_sessions_by_user_id(..) of a new user with the id of a deleted one",
        store.list_sessions_by_user_id(id(1)),
        Vec::new(),
    )?;
    succeeds(
        "create_session(..) with a token that a deleted user had",
        store.create_session(session(11, 1)),
    )?;
    Ok(())
}

pub(crate) fn authenticators_too(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    store.delete_user(id(1))?;
    for number in [11, 12] {
        returns(
            "get_authenticator(..) of a deleted user",
            store.get_authenticator(&format!("credential-{number}")),
            None,
        )?;
    }
    store.create_user(bare_user(1))?;
    returns(
        "list_authenticators_by_user_id(..) of a new user with the id of a deleted one",
        store.list_authenticators_by_user_id(id(1)),
        Vec::new(),
    )?;
    succeeds(
        "create_authenticator(..) with a credential id that a deleted user had",
        store.create_authenticator(authenticator(11, 1)),
    )?;
    Ok(())
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, [2, 3])?;
    store.delete_user(id(1))?;
    returns(
        "the rows of other users after delete_user(id(1))",
        look(store, [2, 3]),
        before,
    )?;
    let before = look(store, [2, 3])?;
    store.delete_user(id(4))?;
    returns(
        "the rows of all users after delete_user(..) of a user that does not exist",
        look(store, [2, 3]),
        before,
    )
}

pub(crate) fn verification_tokens_stay(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut token = token(1);
    token.identifier = "user-1@example.org".to_owned();
    store.create_verification_token(token.clone())?;
    store.delete_user(id(1))?;
    returns(
        "use_verification_token(..) with the address of a deleted user",
        store.use_verification_token(&token.identifier, &token.token),
        Some(token.clone()),
    )
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        context.store().create_user(full_user(round))?;
        let ran = race.at_once(THREADS, |_, store| store.delete_user(id(round)));
        let overlap = overlapped(&ran);
        let deleted = all_succeed("delete_user(..)", ran)?;
        equal(
            "the number of callers whose delete_user(..) returned true",
            deleted.into_iter().filter(|deleted| *deleted).count(),
            1,
        )?;
        Ok(overlap)
    })
}

pub(crate) fn never_half(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let store = context.store();
        store.create_user(full_user(round))?;
        for number in [round * 10 + 1, round * 10 + 2] {
            store.link_account(id(round), full_account(number))?;
            store.create_session(session(number, round))?;
            store.create_authenticator(authenticator(number, round))?;
        }
        // In some rounds, of one kind more than a batch. Later rounds would only take long.
        let kind = (round <= 24 && round % 3 != 1).then_some((round / 3 + round % 3) % 3);
        if let Some(kind) = kind {
            let first = round * 1_000_000;
            create_many(first..first + race.many(round), |number| {
                match kind {
                    0 => store
                        .link_account(id(round), bare_account(number))
                        .map(drop),
                    1 => store.create_session(session(number, round)).map(drop),
                    _ => store
                        .create_authenticator(authenticator(number, round))
                        .map(drop),
                }?;
                Ok(())
            })?;
        }
        let (number, session) = (round * 10 + 1, id(2_000 + round * 10 + 1));
        if round % 3 == 1 {
            store.update_session_details(session, full_session_details(number))?;
            store.update_authenticator_details(
                id(round),
                &authenticator(number, round).credential_id,
                full_authenticator_details(number),
            )?;
        }
        let whole = look(store, [round])?;
        race.look_on(
            "delete_user(..)",
            |store| store.delete_user(id(round)),
            |thread, store| {
                if let Some(kind) = kind
                    && thread % 4 != 2
                {
                    let left = match kind {
                        0 => store.list_accounts_by_user_id(id(round))?.len(),
                        1 => store.list_sessions_by_user_id(id(round))?.len(),
                        _ => store.list_authenticators_by_user_id(id(round))?.len(),
                    };
                    let all = 2 + race.many(round) as usize;
                    return Ok((left != 0 && left != all)
                        .then(|| format!("{left} of a user's {all} rows of one kind")));
                }
                // Read the user before the rows, and again after them.
                let seen = look(store, [round])?;
                let half = if !seen.has_users() && !seen.is_empty() {
                    Some("rows of a user that was deleted")
                } else if !seen.has_users()
                    && store.get_session_details(session)? != SessionDetails::default()
                {
                    Some("details of a session of a user that was deleted")
                } else if seen != whole && store.get_user(id(round))?.is_some() {
                    Some("a user with only some of its rows")
                } else {
                    None
                };
                Ok(half.map(str::to_owned))
            },
        )
    })
}

/// Deletes a user while other threads create rows of the user. Their rows must be deleted with the user, or rejected.
/// `again` creates a row again, of a new user with the same id: nothing of the row may be left.
pub(super) fn no_orphan<T: Send>(
    context: &Context,
    call: &str,
    create: impl Fn(&authstore::AuthStore, u128, u128) -> authstore::Result<T> + Sync,
    left: impl Fn(&authstore::AuthStore, u128, u128) -> authstore::Result<bool>,
    again: impl Fn(&authstore::AuthStore, u128, u128) -> authstore::Result<()>,
) -> Verdict {
    const CREATORS: usize = THREADS - 1;
    let race = Race::new(context)?;
    race.rounds(|round| {
        context.store().create_user(bare_user(round))?;
        let number = |thread: usize| round * 100 + thread as u128;
        let ran: Vec<Ran<authstore::Result<bool>>> = race.at_once(THREADS, |thread, store| {
            if thread == CREATORS / 2 {
                store.delete_user(id(round))
            } else {
                create(store, number(thread), round).map(|_| true)
            }
        });
        for (thread, one) in ran.iter().enumerate() {
            match &one.value {
                Ok(true) => {}
                Err(Error::NotFound {
                    entity: Entity::User,
                }) if thread != CREATORS / 2 => {}
                Ok(false) => {
                    return Err(Failure::broken("delete_user(..) found no user to delete"));
                }
                Err(error) => {
                    return Err(Failure::broken(format!(
                        "delete_user(..) or {call}, called concurrently, failed with the wrong error"
                    ))
                    .got(show_error(error)));
                }
            }
        }
        returns(
            "get_user(..) after delete_user(..)",
            context.store().get_user(id(round)),
            None,
        )?;
        for thread in 0..THREADS {
            ensure(
                !left(context.store(), number(thread), round)?,
                format!("{call}, concurrently with delete_user(..), left a row without its user"),
            )?;
        }
        // A row without its user may not be found, but its key is taken.
        context.store().create_user(bare_user(round))?;
        for thread in 0..THREADS {
            succeeds(
                format!("{call}, again after it ran concurrently with delete_user(..)"),
                again(context.store(), number(thread), round),
            )?;
        }
        context.store().delete_user(id(round))?;
        Ok(overlapped(&ran))
    })
}

pub(crate) fn no_orphan_session(context: &Context) -> Verdict {
    no_orphan(
        context,
        "create_session(..)",
        |store, number, user| store.create_session(session(number, user)),
        |store, _, user| Ok(!store.list_sessions_by_user_id(id(user))?.is_empty()),
        |store, number, user| store.create_session(session(number, user)).map(drop),
    )
}

pub(crate) fn no_orphan_account(context: &Context) -> Verdict {
    no_orphan(
        context,
        "link_account(..)",
        |store, number, user| store.link_account(id(user), bare_account(number)),
        |store, number, user| {
            let (provider, account) = (format!("provider {number}"), format!("account {number}"));
            Ok(store.get_account(&provider, &account)?.is_some()
                || !store.list_accounts_by_user_id(id(user))?.is_empty())
        },
        |store, number, user| store.link_account(id(user), bare_account(number)).map(drop),
    )
}

pub(crate) fn no_orphan_authenticator(context: &Context) -> Verdict {
    no_orphan(
        context,
        "create_authenticator(..)",
        |store, number, user| store.create_authenticator(authenticator(number, user)),
        |store, number, user| {
            Ok(store
                .get_authenticator(&format!("credential-{number}"))?
                .is_some()
                || !store.list_authenticators_by_user_id(id(user))?.is_empty())
        },
        |store, number, user| {
            store
                .create_authenticator(authenticator(number, user))
                .map(drop)
        },
    )
}

/// Deletes a user with many rows of each kind, and creates the same rows for another user: what was left would conflict, or
/// show its details.
pub(crate) fn no_page_limit(context: &Context) -> Verdict {
    let store = context.store();
    let rows = u128::from(context.profile().many());
    let create = |user: u128| -> Verdict {
        store.create_user(bare_user(user))?;
        for number in 1..=rows {
            store.link_account(id(user), bare_account(number))?;
            store.create_session(session(number, user))?;
            store.create_authenticator(authenticator(number, user))?;
        }
        Ok(())
    };
    create(1)?;
    for number in 1..=rows {
        store.update_session_details(id(2_000 + number), full_session_details(number))?;
        let passkey = authenticator(number, 1);
        store.update_authenticator_details(
            id(1),
            &passkey.credential_id,
            full_authenticator_details(number),
        )?;
    }
    returns("delete_user(id(1))", store.delete_user(id(1)), true)?;
    create(2)?;
    let sessions = store.list_sessions_with_details_by_user_id(id(2))?;
    let passkeys = store.list_authenticators_with_details_by_user_id(id(2))?;
    equal(
        "the number of sessions with details, after those of the same ids were deleted with their user",
        sessions
            .iter()
            .filter(|(_, details)| *details != SessionDetails::default())
            .count(),
        0,
    )?;
    equal(
        "the number of passkeys with details, after those of the same ids were deleted with their user",
        passkeys
            .iter()
            .filter(|(_, details)| *details != AuthenticatorDetails::default())
            .count(),
        0,
    )
}

/// A session's token is rotated, as often as the session is found, while its user is deleted.
pub(crate) fn spares_none_that_rotates(context: &Context) -> Verdict {
    const OTHER: u128 = 0;
    let race = Race::new(context)?;
    let store = context.store();
    store.create_user(bare_user(OTHER))?;
    race.few_rounds(|round| {
        store.create_user(bare_user(round))?;
        store.create_session(session(round, round))?;
        let ran = race.at_once(2, |thread, store| match thread {
            0 => store.delete_user(id(round)).map(|_| None),
            _ => rotate(store, &session(round, round).session_token).map(Some),
        });
        let overlap = overlapped(&ran);
        let told = all_succeed("delete_user(..) or update_session(..)", ran)?;
        for token in told.iter().flatten() {
            returns(
                "get_session_and_user(..) of a session that was rotated while its user was deleted",
                store.get_session_and_user(token),
                None,
            )?;
            // A row without its user may not be found by its token, but the token or the id is taken.
            succeeds(
                "create_session(..) with the id and the token of a session that was rotated while its user was deleted",
                store.create_session(session_with_token(round, OTHER, token)),
            )?;
        }
        Ok(overlap)
    })
}

/// A session, an account and a passkey move to another user in turns, while their first user is deleted.
pub(crate) fn spares_what_moves_away(context: &Context) -> Verdict {
    super::delete_session_of_user::moves_away(
        context,
        "delete_user(..)",
        |store, round| {
            if round > 1 {
                store.create_user(bare_user(1))?;
            }
            match round % 3 {
                0 => store.create_session(session(round, 1)).map(drop),
                1 => store.link_account(id(1), account_to_move(round)).map(drop),
                _ => {
                    let passkey = authenticator(round, 1);
                    store.create_authenticator(passkey).map(drop)
                }
            }
        },
        |store, _| store.delete_user(id(1)).map(|_| None),
        |store, round| match round % 3 {
            0 => give_session_away(store, round),
            1 => give_account_away(store, round),
            _ => give_passkey_away(store, round),
        },
        |store, round| match round % 3 {
            0 => owner_of_session(store, round),
            1 => owner_of_account(store, round),
            _ => owner_of_passkey(store, round),
        },
    )
}
