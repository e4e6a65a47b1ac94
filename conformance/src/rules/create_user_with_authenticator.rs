use authstore::{Authenticator, Constraint, Error, NewUser};

use crate::context::Context;
use crate::failure::{Verdict, conflicts, equal, returns};
use crate::fixture::{
    authenticator, authenticator_with_id, bare_user, full_user, id, look, populate, user_with_email,
};
use crate::race::{Race, THREADS, overlapped, winners};

pub(crate) fn stored(context: &Context) -> Verdict {
    let store = context.store();
    // The operation sets the passkey's user, whatever the argument has.
    let (user, passkey) =
        store.create_user_with_authenticator(full_user(1), authenticator(1, 99))?;
    equal("the passkey's user", passkey.user_id, user.id)?;
    equal("the passkey", passkey.clone(), authenticator(1, 1))?;
    returns("get_user(..)", store.get_user(id(1)), Some(user))?;
    returns(
        "list_authenticators_by_user_id(..)",
        store.list_authenticators_by_user_id(id(1)),
        vec![passkey],
    )
}

pub(crate) fn user_conflicts(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 0..=10)?;
    for (user, constraint) in [
        (bare_user(1), Constraint::UserId),
        (
            user_with_email(9, "user-1@example.org"),
            Constraint::UserEmail,
        ),
    ] {
        conflicts(
            "create_user_with_authenticator(..) of a user that exists",
            store.create_user_with_authenticator(user, authenticator(9, 9)),
            constraint,
        )?;
        returns(
            "get_authenticator(..) after it",
            store.get_authenticator("credential-9"),
            None,
        )?;
    }
    returns("the rows that existed before", look(store, 0..=10), before)
}

pub(crate) fn authenticator_conflicts(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 0..=10)?;
    conflicts(
        "create_user_with_authenticator(..) with a taken credential id",
        store.create_user_with_authenticator(full_user(9), authenticator(11, 9)),
        Constraint::AuthenticatorCredentialId,
    )?;
    returns("the rows that existed before", look(store, 0..=10), before)?;
    returns(
        "get_user_by_email(..) of the user that was not created",
        store.get_user_by_email("user-9@example.org"),
        None,
    )
}

/// Several callers sign up, and exactly one succeeds.
fn one_sign_up(
    context: &Context,
    constraint: Constraint,
    new: impl Fn(u128, u128) -> (NewUser, Authenticator) + Sync,
) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let numbers = (0..THREADS as u128).map(|thread| round * 100 + thread);
        let ran = race.at_once(THREADS, |thread, store| {
            let (user, passkey) = new(round, round * 100 + thread as u128);
            store.create_user_with_authenticator(user, passkey)
        });
        let overlap = overlapped(&ran);
        let won = winners(
            "create_user_with_authenticator(..)",
            &ran,
            |error| matches!(error, Error::Conflict { constraint: is } if *is == constraint),
        )?;
        equal("the number of concurrent callers that signed up", won, 1)?;
        let world = look(context.store(), numbers)?;
        equal("the number of users", world.users(), 1)?;
        equal("the number of passkeys", world.authenticators(), 1)?;
        Ok(overlap)
    })
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let constraint = Constraint::AuthenticatorCredentialId;
    one_sign_up(context, constraint, |round, number| {
        let credential_id = format!("credential-{round}");
        let passkey = authenticator_with_id(number, number, &credential_id);
        (bare_user(number), passkey)
    })
}

pub(crate) fn one_email_one_winner(context: &Context) -> Verdict {
    one_sign_up(context, Constraint::UserEmail, |round, number| {
        let email = format!("round-{round}@example.org");
        (
            user_with_email(number, &email),
            authenticator(number, number),
        )
    })
}

pub(crate) fn never_half(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let passkey = authenticator(round, round);
        race.look_on(
            "create_user_with_authenticator(..)",
            |store| store.create_user_with_authenticator(full_user(round), passkey.clone()),
            |thread, store| {
                // Whichever row is read first, the other one must exist when it is read next.
                let half = if thread % 2 == 0 {
                    let user = store.get_user(id(round))?.is_some();
                    (user && store.list_authenticators_by_user_id(id(round))?.is_empty())
                        .then_some("the user without the passkey")
                } else {
                    let found = store.get_authenticator(&passkey.credential_id)?.is_some();
                    (found && store.get_user(id(round))?.is_none())
                        .then_some("the passkey without the user")
                };
                Ok(half.map(str::to_owned))
            },
        )
    })
}
