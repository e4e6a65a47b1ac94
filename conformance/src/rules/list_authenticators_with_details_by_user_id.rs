use authstore::{Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges, Change};

use crate::context::Context;
use crate::failure::{Verdict, equal, equal_rows, returns};
use crate::fixture::{
    authenticator, authenticator_with_id, bare_user, full_authenticator_details, id, millis,
    populate, shuffled,
};
use crate::race::Race;
use crate::rules::list_authenticators_by_user_id::sort;
use crate::strings::longest_text;

pub(crate) fn absent(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    for user in [1, 2] {
        returns(
            "list_authenticators_with_details_by_user_id(..)",
            store.list_authenticators_with_details_by_user_id(id(user)),
            Vec::new(),
        )?;
    }
    Ok(())
}

pub(crate) fn the_same_list(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    // Passkeys without details, in the byte order of their ids before and after the others.
    let (before, after) = (["-", "0", "B", "Z", "_", "a"], ["credential-9", "d", "z"]);
    for (number, id) in (100..).zip(before.iter().chain(&after).rev()) {
        store.create_authenticator(authenticator_with_id(number, 1, id))?;
    }
    for user in 1..=3_u128 {
        let passkeys = store.list_authenticators_by_user_id(id(user))?;
        let listed = store.list_authenticators_with_details_by_user_id(id(user))?;
        let (listed_passkeys, details): (Vec<_>, Vec<_>) = listed.into_iter().unzip();
        equal(
            "the passkeys listed with details",
            listed_passkeys,
            passkeys,
        )?;
        let none = |ids: usize| vec![AuthenticatorDetails::default(); usize::from(user == 1) * ids];
        let mut expected = none(before.len());
        for number in [user * 10 + 1, user * 10 + 2] {
            let all = full_authenticator_details(number);
            expected.push(AuthenticatorDetails {
                name: all.name.apply(None),
                created: all.created.apply(None),
                last_used: all.last_used.apply(None),
            });
        }
        expected.extend(none(after.len()));
        equal("the details listed", details, expected)?;
    }
    Ok(())
}

pub(crate) fn no_page_limit(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let mut expected = Vec::new();
    for number in shuffled(context.profile().many()) {
        let passkey = store.create_authenticator(authenticator(number, 1))?;
        store.update_authenticator_details(
            id(1),
            &passkey.credential_id,
            full_authenticator_details(number),
        )?;
        expected.push(passkey);
    }
    sort(&mut expected);
    let listed = store.list_authenticators_with_details_by_user_id(id(1))?;
    equal_rows(
        "list_authenticators_with_details_by_user_id(id(1)), without the details,",
        listed.iter().map(|(passkey, _)| passkey.clone()).collect(),
        expected,
    )?;
    equal(
        "whether each passkey has its own details",
        listed.iter().all(|(passkey, details)| {
            let number = passkey.credential_id.strip_prefix("credential-");
            let name = number.map(|number| format!("name of passkey {number}"));
            details.name == name
        }),
        true,
    )
}

/// Repeatedly sets a passkey's counter, then updates its details. The details must never be newer than the passkey, nor more
/// than a step older.
pub(crate) fn one_moment(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        context.store().create_user(bare_user(round))?;
        let passkey = Authenticator {
            counter: 0,
            ..authenticator(round, round)
        };
        context.store().create_authenticator(passkey.clone())?;
        race.look_on(
            "update_authenticator_counter(..), then update_authenticator_details(..)",
            |store| {
                for number in 1..=8 {
                    store.update_authenticator_counter(&passkey.credential_id, number)?;
                    let details = AuthenticatorDetailsChanges {
                        last_used: Change::Set(millis(number)),
                        ..Default::default()
                    };
                    store.update_authenticator_details(
                        id(round),
                        &passkey.credential_id,
                        details,
                    )?;
                }
                Ok(())
            },
            |_, store| {
                let list = store.list_authenticators_with_details_by_user_id(id(round))?;
                Ok(list.iter().find_map(|(passkey, details)| {
                    let step = millis(passkey.counter) - details.last_used.unwrap_or(millis(0));
                    match step.whole_milliseconds() {
                        0 | 1 => None,
                        ..0 => Some("a passkey that is older than its details".to_owned()),
                        _ => Some("details that are older than their passkey".to_owned()),
                    }
                }))
            },
        )
    })
}

pub(crate) fn large_rows(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let rows = context.profile().many_large();
    let mut expected = Vec::new();
    for number in 0..u128::from(rows) {
        let mut passkey = Authenticator {
            transports: Some(longest_text()),
            ..authenticator(number, 1)
        };
        let mut details = full_authenticator_details(1);
        if number == 0 {
            passkey.credential_public_key = longest_text();
            passkey.credential_device_type = longest_text();
            details.name = Change::Set(longest_text());
        }
        expected.push(store.create_authenticator(passkey.clone())?);
        store.update_authenticator_details(id(1), &passkey.credential_id, details)?;
    }
    sort(&mut expected);
    let listed = store.list_authenticators_with_details_by_user_id(id(1))?;
    let (passkeys, details): (Vec<_>, Vec<_>) = listed.into_iter().unzip();
    equal_rows(
        "list_authenticators_by_user_id(id(1)) with passkeys of 1 MiB",
        store.list_authenticators_by_user_id(id(1))?,
        expected.clone(),
    )?;
    equal_rows(
        "list_authenticators_with_details_by_user_id(id(1)), without the details,",
        passkeys,
        expected,
    )?;
    // The first has the longest name.
    equal(
        "the name in list_authenticators_with_details_by_user_id(id(1))",
        details.into_iter().next().and_then(|details| details.name),
        Some(longest_text()),
    )
}
