use authstore::{Authenticator, AuthenticatorDetails};

use crate::context::Context;
use crate::failure::{Verdict, equal, returns};
use crate::fixture::{authenticator, bare_user, full_authenticator_details, id, populate};
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
    // One without details, which comes first.
    store.create_authenticator(authenticator(10, 1))?;
    for user in 1..=3_u128 {
        let passkeys = store.list_authenticators_by_user_id(id(user))?;
        let listed = store.list_authenticators_with_details_by_user_id(id(user))?;
        let (listed_passkeys, details): (Vec<_>, Vec<_>) = listed.into_iter().unzip();
        equal(
            "the passkeys listed with details",
            listed_passkeys,
            passkeys,
        )?;
        let mut expected = Vec::new();
        if user == 1 {
            expected.push(AuthenticatorDetails::default());
        }
        for number in [user * 10 + 1, user * 10 + 2] {
            let all = full_authenticator_details(number);
            expected.push(AuthenticatorDetails {
                name: all.name.apply(None),
                created: all.created.apply(None),
                last_used: all.last_used.apply(None),
            });
        }
        equal("the details listed", details, expected)?;
    }
    Ok(())
}

pub(crate) fn no_page_limit(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let rows = context.profile().many();
    for number in 1..=u128::from(rows) {
        let passkey = store.create_authenticator(authenticator(number, 1))?;
        store.update_authenticator_details(
            id(1),
            &passkey.credential_id,
            full_authenticator_details(number),
        )?;
    }
    let listed = store.list_authenticators_with_details_by_user_id(id(1))?;
    equal("the number of passkeys listed", listed.len(), rows as usize)?;
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

pub(crate) fn large_rows(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let rows = context.profile().many_large();
    for number in 0..u128::from(rows) {
        let authenticator = Authenticator {
            transports: Some(longest_text()),
            ..authenticator(number, 1)
        };
        let id_there = authenticator.credential_id.clone();
        store.create_authenticator(authenticator)?;
        store.update_authenticator_details(id(1), &id_there, full_authenticator_details(1))?;
    }
    equal(
        "the length of list_authenticators_by_user_id(id(1)), with passkeys of 1 MiB",
        store.list_authenticators_by_user_id(id(1))?.len(),
        rows as usize,
    )?;
    equal(
        "the length of list_authenticators_with_details_by_user_id(id(1)), with passkeys of 1 MiB",
        store
            .list_authenticators_with_details_by_user_id(id(1))?
            .len(),
        rows as usize,
    )
}
