use std::collections::{BTreeMap, BTreeSet};

use authstore::{AuthStore, Authenticator, AuthenticatorDetails, Constraint, Entity, Error};

use crate::context::Context;
use crate::failure::{Verdict, conflicts, equal, not_found, returns, succeeds};
use crate::fixture::{
    authenticator, authenticator_with_id, bare_user, full_authenticator_details, full_user, id,
    look, populate,
};
use crate::race::{Race, THREADS, overlapped, winners};
use crate::show::Show;
use crate::strings::{
    BLANKS, HOSTILE, UNICODE, can_be_credential_id, credential_ids_of_every_length, keys_alike,
    longest_key, longest_text, text_lengths,
};

/// Creates a passkey, and checks that it is returned unchanged.
#[track_caller]
fn round_trips(context: &Context, new: Authenticator) -> Verdict {
    let store = context.store();
    let call = format!("create_authenticator({})", new.show());
    returns(&call, store.create_authenticator(new.clone()), new.clone())?;
    returns(
        format!("get_authenticator(..) after {call}"),
        store.get_authenticator(&new.credential_id),
        Some(new.clone()),
    )
}

pub(crate) fn stored(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    for number in 1..=2 {
        round_trips(context, authenticator(number, 1))?;
    }
    round_trips(
        context,
        Authenticator {
            transports: None,
            ..authenticator(3, 1)
        },
    )?;
    round_trips(
        context,
        Authenticator {
            credential_public_key: String::new(),
            credential_device_type: String::new(),
            transports: Some(String::new()),
            ..authenticator(4, 1)
        },
    )?;
    // Only their credential IDs differ.
    let twins = ["twin-1", "twin-2"].map(|credential_id| Authenticator {
        credential_id: credential_id.to_owned(),
        credential_public_key: "k".repeat(124),
        ..authenticator(5, 1)
    });
    for twin in &twins {
        round_trips(context, twin.clone())?;
    }
    returns(
        "get_authenticator(..) of the first of two that are alike",
        context.store().get_authenticator("twin-1"),
        Some(twins[0].clone()),
    )
}

pub(crate) fn text(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 2..=3)?;
    for (number, text) in (100..).zip(UNICODE.iter().chain(BLANKS).chain(HOSTILE)) {
        let text = || (*text).to_owned();
        round_trips(
            context,
            Authenticator {
                provider_account_id: text(),
                credential_public_key: text(),
                credential_device_type: text(),
                transports: Some(text()),
                ..authenticator(number, 1)
            },
        )?;
    }
    returns("the rows that existed before", look(store, 2..=3), before)
}

pub(crate) fn long_text(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    let long = longest_text;
    round_trips(
        context,
        Authenticator {
            credential_public_key: long(),
            ..authenticator(1, 1)
        },
    )?;
    round_trips(
        context,
        Authenticator {
            credential_device_type: long(),
            ..authenticator(2, 1)
        },
    )?;
    round_trips(
        context,
        Authenticator {
            transports: Some(long()),
            ..authenticator(3, 1)
        },
    )?;
    round_trips(
        context,
        Authenticator {
            provider_account_id: longest_key('p'),
            ..authenticator(4, 1)
        },
    )
}

pub(crate) fn long_credential_id(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    // They differ at the end, at the beginning, and in length.
    let start = "k".repeat(1_363);
    let ids = [
        format!("{start}A"),
        format!("{start}B"),
        format!("A{start}"),
        start.clone(),
        start[..1_362].to_owned(),
    ];
    for (number, credential_id) in (1..).zip(&ids) {
        round_trips(context, authenticator_with_id(number, 1, credential_id))?;
    }
    let listed = store.list_authenticators_by_user_id(id(1))?;
    equal("the number of authenticators", listed.len(), ids.len())?;
    own_details(store, &ids)
}

/// Checks that each of user 1's passkeys has its own details, also when others are deleted.
fn own_details(store: &AuthStore, ids: &[impl AsRef<str>]) -> Verdict {
    let mut expected = BTreeMap::new();
    for (number, credential_id) in (1..).zip(ids.iter().map(AsRef::as_ref)) {
        let changes = full_authenticator_details(number);
        returns(
            format!(
                "update_authenticator_details(.., {}, ..)",
                credential_id.show()
            ),
            store.update_authenticator_details(id(1), credential_id, changes.clone()),
            true,
        )?;
        expected.insert(
            credential_id.to_owned(),
            AuthenticatorDetails {
                name: changes.name.apply(None),
                created: changes.created.apply(None),
                last_used: changes.last_used.apply(None),
            },
        );
    }
    let are_listed = |expected: &BTreeMap<String, AuthenticatorDetails>| -> Verdict {
        let listed = store.list_authenticators_with_details_by_user_id(id(1))?;
        equal(
            "the number of passkeys listed",
            listed.len(),
            expected.len(),
        )?;
        for (passkey, details) in listed {
            equal(
                format!(
                    "the details of the passkey {}",
                    passkey.credential_id.show()
                ),
                Some(&details),
                expected.get(&passkey.credential_id),
            )?;
        }
        Ok(())
    };
    are_listed(&expected)?;
    for credential_id in ids.iter().map(AsRef::as_ref).step_by(2) {
        store.delete_authenticator(credential_id)?;
        expected.remove(credential_id);
        are_listed(&expected)?;
    }
    Ok(())
}

pub(crate) fn credential_id_by_bytes(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let ids = [
        "a", "A", "aa", "aA", "Aa", "AA", "-", "_", "--", "a-", "a_", "0", "00", "1e5", "100000",
        "null", "NULL", "true", "+", "/", "a+", "a/", "a=", "a==", "~", "!", "%", "'", "\\", ";",
    ];
    // Only those that are valid credential ids. Pairs of them have the same hash.
    let alike = keys_alike();
    let alike = alike.iter().map(String::as_str);
    let alike = alike.filter(|key| can_be_credential_id(key));
    let ids: BTreeSet<&str> = ids.into_iter().chain(alike).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    for (number, credential_id) in (1..).zip(ids.iter().copied()) {
        succeeds(
            format!("create_authenticator(..) with {}", credential_id.show()),
            store.create_authenticator(authenticator_with_id(number, 1, credential_id)),
        )?;
    }
    for (number, credential_id) in (1..).zip(ids.iter().copied()) {
        returns(
            format!("get_authenticator({})", credential_id.show()),
            store.get_authenticator(credential_id),
            Some(authenticator_with_id(number, 1, credential_id)),
        )?;
    }
    own_details(store, &ids)
}

pub(crate) fn every_counter(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    let counters = [
        0,
        1,
        i64::from(i32::MAX),
        1 << 31,
        i64::from(u32::MAX),
        1 << 32,
        (1 << 53) + 1,
        i64::MAX - 1,
        i64::MAX,
    ];
    for (number, counter) in (1..).zip(counters) {
        round_trips(
            context,
            Authenticator {
                counter,
                ..authenticator(number, 1)
            },
        )?;
    }
    Ok(())
}

pub(crate) fn unique_credential_id(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for (user, whose) in [(1, "the same user"), (2, "another user")] {
        conflicts(
            format!("create_authenticator(..) with a credential id that {whose} has"),
            store.create_authenticator(authenticator_with_id(99, user, "credential-11")),
            Constraint::AuthenticatorCredentialId,
        )?;
    }
    returns("the rows that existed before", look(store, 1..=3), before)
}

pub(crate) fn unknown_user(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    not_found(
        "create_authenticator(..) of a user that does not exist",
        store.create_authenticator(authenticator(99, 4)),
        Entity::User,
    )?;
    returns(
        "get_authenticator(..) of the rejected row",
        store.get_authenticator("credential-99"),
        None,
    )?;
    returns("the rows that existed before", look(store, 1..=3), before)?;
    store.create_user(bare_user(4))?;
    round_trips(context, authenticator(99, 4))
}

pub(crate) fn again_after_delete(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    for _ in 0..3 {
        round_trips(context, authenticator(1, 1))?;
        returns(
            "delete_authenticator(..)",
            store.delete_authenticator("credential-1"),
            true,
        )?;
    }
    Ok(())
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    for user in 1..=THREADS as u128 {
        context.store().create_user(bare_user(user))?;
    }
    race.rounds(|round| {
        let credential_id = format!("round-{round}");
        let ran = race.at_once(THREADS, |thread, store| {
            let thread = thread as u128;
            store.create_authenticator(authenticator_with_id(thread, thread + 1, &credential_id))
        });
        let won = winners(
            "create_authenticator(..) with the same credential id",
            &ran,
            |error| {
                matches!(
                    error,
                    Error::Conflict {
                        constraint: Constraint::AuthenticatorCredentialId
                    }
                )
            },
        )?;
        equal("the number of callers that got the credential id", won, 1)?;
        let winner = ran.iter().find_map(|one| one.value.as_ref().ok()).cloned();
        returns(
            "get_authenticator(..) of the credential id that all callers wanted",
            context.store().get_authenticator(&credential_id),
            winner,
        )?;
        Ok(overlapped(&ran))
    })
}

pub(crate) fn every_length(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    for length in text_lengths() {
        let text = || "t".repeat(length);
        round_trips(
            context,
            Authenticator {
                provider_account_id: "p".repeat(length.clamp(1, 255)),
                credential_public_key: text(),
                credential_device_type: text(),
                transports: Some(text()),
                ..authenticator(1, 1)
            },
        )?;
        store.delete_authenticator("credential-1")?;
    }
    for (number, credential_id) in (1..).zip(credential_ids_of_every_length()) {
        round_trips(
            context,
            Authenticator {
                provider_account_id: credential_id.clone(),
                ..authenticator_with_id(number, 1, &credential_id)
            },
        )?;
    }
    Ok(())
}
