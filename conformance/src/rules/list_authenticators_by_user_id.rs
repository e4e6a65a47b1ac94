use authstore::Authenticator;

use crate::context::Context;
use crate::failure::{Verdict, equal_rows, returns};
use crate::fixture::{
    authenticator, authenticator_with_id, bare_user, full_user, id, populate, shuffled,
};
use crate::race::Race;
use crate::strings::late_differences;

/// Sorts passkeys as lists do.
pub(super) fn sort(passkeys: &mut [Authenticator]) {
    passkeys.sort_by(|a, b| a.credential_id.as_bytes().cmp(b.credential_id.as_bytes()));
}

pub(crate) fn absent(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "list_authenticators_by_user_id(..) on an empty storage",
        store.list_authenticators_by_user_id(id(1)),
        Vec::new(),
    )?;
    populate(store)?;
    store.create_user(bare_user(4))?;
    returns(
        "list_authenticators_by_user_id(..) of a user without any",
        store.list_authenticators_by_user_id(id(4)),
        Vec::new(),
    )?;
    returns(
        "list_authenticators_by_user_id(..) of a user that does not exist",
        store.list_authenticators_by_user_id(id(5)),
        Vec::new(),
    )
}

pub(crate) fn only_the_users(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    for user in 1..=3 {
        returns(
            format!("list_authenticators_by_user_id(id({user}))"),
            store.list_authenticators_by_user_id(id(user)),
            [user * 10 + 1, user * 10 + 2]
                .map(|number| authenticator(number, user))
                .to_vec(),
        )?;
    }
    Ok(())
}

pub(crate) fn order(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut expected = Vec::new();
    let short = [
        "b", "B", "a", "A", "_", "-", "0", "9", "10", "ab", "aB", "a-", "a_", "a0", "Z", "z", "-a",
        "_a", "AB", "Ab",
    ];
    let keys = short
        .map(str::to_owned)
        .into_iter()
        .chain(late_differences());
    for (number, credential_id) in (0..).zip(keys) {
        let authenticator = authenticator_with_id(number, 1, &credential_id);
        expected.push(store.create_authenticator(authenticator)?);
    }
    sort(&mut expected);
    let with_details = store.list_authenticators_with_details_by_user_id(id(1))?;
    equal_rows(
        "list_authenticators_with_details_by_user_id(id(1))",
        with_details.into_iter().map(|(row, _)| row).collect(),
        expected.clone(),
    )?;
    returns(
        "list_authenticators_by_user_id(id(1))",
        store.list_authenticators_by_user_id(id(1)),
        expected,
    )
}

pub(crate) fn no_page_limit(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut expected = Vec::new();
    for number in shuffled(context.profile().many()) {
        expected.push(store.create_authenticator(authenticator(number, 1))?);
    }
    sort(&mut expected);
    equal_rows(
        "list_authenticators_by_user_id(id(1))",
        store.list_authenticators_by_user_id(id(1))?,
        expected,
    )
}

/// Creates and deletes two authenticators so that the user always has one.
pub(crate) fn one_moment(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let store = context.store();
        store.create_user(bare_user(round))?;
        let passkey = |number: u128| authenticator(round * 10 + number, round);
        store.create_authenticator(passkey(0))?;
        race.look_on(
            "create_authenticator(..) of one passkey, and delete_authenticator(..) of another",
            |store| {
                // The last change is not undone. Otherwise a list that began before it could read the passkey after it.
                for (created, deleted) in [(1, 0), (0, 1), (1, 0), (0, 1), (1, 0)] {
                    store.create_authenticator(passkey(created))?;
                    store.delete_authenticator(&passkey(deleted).credential_id)?;
                }
                Ok(())
            },
            |thread, store| {
                let none = if thread % 2 == 0 {
                    store.list_authenticators_by_user_id(id(round))?.is_empty()
                } else {
                    store
                        .list_authenticators_with_details_by_user_id(id(round))?
                        .is_empty()
                };
                Ok(none.then(|| "no passkey for a user who always had one".to_owned()))
            },
        )
    })
}

pub(crate) fn one_moment_of_many(context: &Context) -> Verdict {
    context.store().create_user(bare_user(1))?;
    let of = |number: u128| authenticator_with_id(number, 1, &format!("{number:03}"));
    super::list_users::takes_turns(
        context,
        "delete_authenticator(..) of one passkey, and create_authenticator(..) of another",
        "passkeys that never existed",
        |store, number| store.create_authenticator(of(number)).map(drop),
        |store, number| {
            let deleted = store.delete_authenticator(&of(number).credential_id);
            deleted.map(drop)
        },
        |store, thread| {
            let listed = if thread % 2 == 0 {
                store.list_authenticators_by_user_id(id(1))?
            } else {
                let listed = store.list_authenticators_with_details_by_user_id(id(1))?;
                listed.into_iter().map(|(passkey, _)| passkey).collect()
            };
            let numbers = listed.iter().map(|passkey| passkey.credential_id.parse());
            Ok(numbers.map(Result::unwrap_or_default).collect())
        },
    )
}
