use authstore::{Authenticator, Constraint, Entity, Error};

use crate::call::Call;
use crate::context::Context;
use crate::failure::{Verdict, conflicts, equal, not_found, returns};
use crate::fixture::{
    authenticator, authenticator_with_id, bare_account, bare_user, id, look, populate,
};
use crate::race::{Race, THREADS, overlapped, winners};
use crate::rules::update_account::{DELETES, stays_deleted};
use crate::strings::{CREDENTIAL_ID, NEAR_CREDENTIAL_IDS};

/// A passkey with this counter.
fn passkey(counter: i64) -> Authenticator {
    Authenticator {
        counter,
        credential_backed_up: false,
        ..authenticator(1, 1)
    }
}

pub(crate) fn greater_counter(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let mut passkey = store.create_authenticator(passkey(0))?;
    for (counter, backed_up) in [
        (1, false),
        (2, true),
        (1 << 32, false),
        (i64::MAX - 1, true),
        (i64::MAX, false),
    ] {
        passkey.counter = counter;
        passkey.credential_backed_up = backed_up;
        returns(
            format!("use_authenticator(.., {counter}, {backed_up})"),
            store.use_authenticator(&passkey.credential_id, counter, backed_up),
            passkey.clone(),
        )?;
        returns(
            "get_authenticator(..) after it",
            store.get_authenticator(&passkey.credential_id),
            Some(passkey.clone()),
        )?;
    }
    Ok(())
}

pub(crate) fn always_zero(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let mut passkey = store.create_authenticator(passkey(0))?;
    for backed_up in [true, true, false, false, true] {
        passkey.credential_backed_up = backed_up;
        returns(
            format!("use_authenticator(.., 0, {backed_up}) of a counter of zero"),
            store.use_authenticator(&passkey.credential_id, 0, backed_up),
            passkey.clone(),
        )?;
        returns(
            "get_authenticator(..) after it",
            store.get_authenticator(&passkey.credential_id),
            Some(passkey.clone()),
        )?;
    }
    Ok(())
}

pub(crate) fn replayed(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    for (stored, counters) in [
        (1, &[0, 1][..]),
        (7, &[0, 1, 6, 7]),
        (i64::MAX, &[0, 1, i64::MAX - 1, i64::MAX]),
    ] {
        let passkey = store.create_authenticator(passkey(stored))?;
        for counter in counters {
            conflicts(
                format!("use_authenticator(.., {counter}, true) of a counter of {stored}"),
                store.use_authenticator(&passkey.credential_id, *counter, true),
                Constraint::AuthenticatorCounter,
            )?;
            returns(
                "get_authenticator(..) after it",
                store.get_authenticator(&passkey.credential_id),
                Some(passkey.clone()),
            )?;
        }
        store.delete_authenticator(&passkey.credential_id)?;
    }
    Ok(())
}

pub(crate) fn missing(context: &Context) -> Verdict {
    let store = context.store();
    for counter in [0, 1] {
        not_found(
            "use_authenticator(..) of an authenticator that does not exist",
            store.use_authenticator("credential-1", counter, true),
            Entity::Authenticator,
        )?;
    }
    returns(
        "get_authenticator(..) after it",
        store.get_authenticator("credential-1"),
        None,
    )
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let others = look(store, 2..=3)?;
    let before = store.list_authenticators_with_details_by_user_id(id(1))?;
    let used = store.use_authenticator("credential-11", 999, false)?;
    let expected: Vec<_> = before
        .into_iter()
        .map(|(passkey, details)| {
            let passkey = if passkey.credential_id == used.credential_id {
                used.clone()
            } else {
                passkey
            };
            (passkey, details)
        })
        .collect();
    returns(
        "the user's passkeys with their details",
        store.list_authenticators_with_details_by_user_id(id(1)),
        expected,
    )?;
    returns("the rows of other users", look(store, 2..=3), others)
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let passkey = store.create_authenticator(authenticator_with_id(1, 1, CREDENTIAL_ID))?;
    for other in NEAR_CREDENTIAL_IDS {
        not_found(
            "use_authenticator(..) by an id that only looks the same",
            store.use_authenticator(other, 999, true),
            Entity::Authenticator,
        )?;
    }
    returns(
        "get_authenticator(..) after it",
        store.get_authenticator(CREDENTIAL_ID),
        Some(passkey),
    )
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    context.store().create_user(bare_user(1))?;
    race.rounds(|_| {
        let passkey = context.store().create_authenticator(passkey(7))?;
        let ran = race.at_once(THREADS, |_, store| {
            store.use_authenticator(&passkey.credential_id, 8, true)
        });
        let overlap = overlapped(&ran);
        let won = winners("use_authenticator(..)", &ran, |error| {
            matches!(
                error,
                Error::Conflict {
                    constraint: Constraint::AuthenticatorCounter,
                    ..
                }
            )
        })?;
        equal(
            "the number of concurrent callers that used the same counter",
            won,
            1,
        )?;
        context
            .store()
            .delete_authenticator(&passkey.credential_id)?;
        Ok(overlap)
    })
}

pub(crate) fn never_half(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let created = store.create_authenticator(passkey(0))?;
    let state = |number: i64| Authenticator {
        counter: number,
        credential_backed_up: number % 2 == 1,
        ..passkey(0)
    };
    super::update_user::only_whole_states(
        context,
        "use_authenticator(..)",
        |store, number| {
            let backed_up = state(number).credential_backed_up;
            let used = store.use_authenticator(&created.credential_id, number, backed_up);
            used.map(drop)
        },
        |store, turn, _| {
            let seen: Vec<Authenticator> = match turn % 3 {
                0 => {
                    let found = store.get_authenticator(&created.credential_id)?;
                    found.into_iter().collect()
                }
                1 => store.list_authenticators_by_user_id(id(1))?,
                _ => {
                    let listed = store.list_authenticators_with_details_by_user_id(id(1))?;
                    listed.into_iter().map(|(passkey, _)| passkey).collect()
                }
            };
            Ok(Some(seen))
        },
        |number| vec![state(number)],
    )
}

/// Deletes a passkey in each way, while others use it and set its counter.
pub(crate) fn never_resurrects(context: &Context) -> Verdict {
    let created = passkey(0);
    let key = || created.credential_id.clone();
    stays_deleted(
        context,
        &[
            Call::CreateUser(bare_user(1)),
            Call::LinkAccount(id(1), bare_account(1)),
            Call::CreateAuthenticator(created.clone()),
        ],
        &[
            Call::DeleteAuthenticator(key()),
            Call::DeleteAuthenticatorOfUser(id(1), key(), false),
            Call::DeleteAuthenticatorOfUser(id(1), key(), true),
            Call::DeleteUser(id(1)),
        ],
        |thread| {
            let counter = thread as i64 + 1;
            match thread {
                0..DELETES => Call::UseAuthenticator(key(), counter, true),
                _ => Call::UpdateAuthenticatorCounter(key(), counter),
            }
        },
        &Call::GetAuthenticator(key()),
    )
}
