use authstore::{AuthStore, AuthenticatorDetails, AuthenticatorDetailsChanges, Change, NewAccount};

use crate::context::Context;
use crate::failure::{Verdict, equal, returns};
use crate::fixture::{
    authenticator, authenticator_with_id, bare_user, full_authenticator_details, id, look, millis,
    populate,
};
use crate::race::{Race, all_succeed, overlapped};
use crate::rules::transaction::has_transactions;
use crate::rules::update_session_details::write_while_deleted;
use crate::show::Show;
use crate::strings::{
    BLANKS, CREDENTIAL_ID, HOSTILE, NEAR_CREDENTIAL_IDS, UNICODE, longest_text, text_lengths,
    wide_text,
};

/// The details of the only passkey of user 1.
fn details(store: &AuthStore) -> authstore::Result<Option<AuthenticatorDetails>> {
    let listed = store.list_authenticators_with_details_by_user_id(id(1))?;
    Ok(listed.into_iter().next().map(|(_, details)| details))
}

/// Updates details, and checks that they are listed as expected.
#[track_caller]
fn updates(
    store: &AuthStore,
    expected: &mut AuthenticatorDetails,
    changes: AuthenticatorDetailsChanges,
) -> Verdict {
    let named = changes.clone();
    expected.name = named.name.apply(expected.name.take());
    expected.created = named.created.apply(expected.created);
    expected.last_used = named.last_used.apply(expected.last_used);
    let call = format!("update_authenticator_details(.., {})", changes.show());
    returns(
        &call,
        store.update_authenticator_details(id(1), "credential-1", changes),
        true,
    )?;
    returns(
        format!("the details after {call}"),
        details(store),
        Some(expected.clone()),
    )
}

pub(crate) fn every_combination(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.create_authenticator(authenticator(1, 1))?;
    let mut expected = AuthenticatorDetails::default();
    updates(store, &mut expected, AuthenticatorDetailsChanges::default())?;
    // The second time, nothing changes.
    for _ in 0..2 {
        updates(store, &mut expected, full_authenticator_details(1))?;
    }
    let times = [Change::Keep, Change::Set(millis(5)), Change::Clear];
    for name in [Change::Keep, Change::set("x"), Change::Clear] {
        for created in &times {
            for last_used in &times {
                let changes = AuthenticatorDetailsChanges {
                    name: name.clone(),
                    created: created.clone(),
                    last_used: last_used.clone(),
                };
                updates(store, &mut expected, changes)?;
            }
        }
        updates(store, &mut expected, full_authenticator_details(2))?;
    }
    Ok(())
}

pub(crate) fn missing(context: &Context) -> Verdict {
    let store = context.store();
    let changes = [
        AuthenticatorDetailsChanges::default(),
        full_authenticator_details(1),
    ];
    let is_missing = || -> Verdict {
        changes.iter().try_for_each(|changes| {
            returns(
                format!(
                    "update_authenticator_details(.., {}) of a passkey that does not exist",
                    changes.show()
                ),
                store.update_authenticator_details(id(1), "credential-1", changes.clone()),
                false,
            )
        })
    };
    is_missing()?;
    store.create_user(bare_user(1))?;
    is_missing()?;
    store.create_authenticator(authenticator(1, 1))?;
    returns(
        "the details of a passkey that was created later",
        details(store),
        Some(AuthenticatorDetails::default()),
    )
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.create_authenticator(authenticator_with_id(1, 1, CREDENTIAL_ID))?;
    for other in NEAR_CREDENTIAL_IDS {
        returns(
            format!("update_authenticator_details({}, ..)", other.show()),
            store.update_authenticator_details(id(1), other, full_authenticator_details(1)),
            false,
        )?;
    }
    returns(
        "the details after it",
        details(store),
        Some(AuthenticatorDetails::default()),
    )
}

pub(crate) fn of_the_user_only(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for other in [1, 2, 4] {
        for changes in [
            full_authenticator_details(99),
            AuthenticatorDetailsChanges::default(),
        ] {
            returns(
                format!(
                    "update_authenticator_details(.., {}) by user {other} of a passkey of user 3",
                    changes.show()
                ),
                store.update_authenticator_details(id(other), "credential-31", changes),
                false,
            )?;
        }
    }
    returns("the rows of the users", look(store, 1..=3), before)
}

pub(crate) fn authenticator_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let others = look(store, 2..=3)?;
    // Only their IDs differ.
    store.create_authenticator(authenticator_with_id(11, 1, "twin"))?;
    let mut passkeys = store.list_authenticators_with_details_by_user_id(id(1))?;
    let changes = full_authenticator_details(99);
    store.update_authenticator_details(id(1), "credential-11", changes.clone())?;
    for (passkey, details) in &mut passkeys {
        if passkey.credential_id == "credential-11" {
            details.name = changes.name.clone().apply(None);
            details.created = changes.created.clone().apply(None);
            details.last_used = changes.last_used.clone().apply(None);
        }
    }
    returns(
        "the user's passkeys and their details",
        store.list_authenticators_with_details_by_user_id(id(1)),
        passkeys,
    )?;
    returns("the rows of other users", look(store, 2..=3), others)
}

pub(crate) fn deleted_with_the_authenticator(context: &Context) -> Verdict {
    let store = context.store();
    let deletions: [(&str, &dyn Fn() -> authstore::Result<()>); 4] = [
        ("delete_authenticator", &|| {
            store.delete_authenticator("credential-1").map(drop)
        }),
        ("delete_authenticator_of_user", &|| {
            store
                .delete_authenticator_of_user(id(1), "credential-1", false)
                .map(drop)
        }),
        ("delete_authenticator_of_user with keep_last", &|| {
            let account = NewAccount::new("oauth", "github", "1");
            store.link_account(id(1), account)?;
            store
                .delete_authenticator_of_user(id(1), "credential-1", true)
                .map(drop)
        }),
        ("delete_user", &|| {
            store.delete_user(id(1))?;
            store.create_user(bare_user(1)).map(drop)
        }),
    ];
    store.create_user(bare_user(1))?;
    for (operation, delete) in deletions {
        store.create_authenticator(authenticator(1, 1))?;
        store.update_authenticator_details(id(1), "credential-1", full_authenticator_details(1))?;
        delete()?;
        store.create_authenticator(authenticator(1, 1))?;
        returns(
            format!("the details of a passkey that was created again after {operation}(..)"),
            details(store),
            Some(AuthenticatorDetails::default()),
        )?;
        store.delete_authenticator("credential-1")?;
    }
    Ok(())
}

pub(crate) fn text(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.create_authenticator(authenticator(1, 1))?;
    let mut expected = AuthenticatorDetails::default();
    let longest = longest_text();
    let texts = UNICODE.iter().chain(BLANKS).chain(HOSTILE).copied();
    for text in texts.chain(["", &longest]) {
        let changes = AuthenticatorDetailsChanges {
            name: Change::set(text),
            ..Default::default()
        };
        updates(store, &mut expected, changes)?;
    }
    for length in text_lengths() {
        let changes = AuthenticatorDetailsChanges {
            name: Change::Set(wide_text(length)),
            ..Default::default()
        };
        updates(store, &mut expected, changes)?;
    }
    Ok(())
}

pub(crate) fn times(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.create_authenticator(authenticator(1, 1))?;
    let mut expected = AuthenticatorDetails::default();
    for time in crate::times::all() {
        let changes = AuthenticatorDetailsChanges {
            created: Change::Set(time),
            last_used: Change::Set(time),
            ..Default::default()
        };
        updates(store, &mut expected, changes)?;
    }
    Ok(())
}

pub(crate) fn all_survive(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    store.create_user(bare_user(1))?;
    race.rounds(|_| {
        store.create_authenticator(authenticator(1, 1))?;
        let ran = race.at_once(3, |thread, store| {
            let all = full_authenticator_details(1);
            let none = AuthenticatorDetailsChanges::default;
            let changes = match thread {
                0 => AuthenticatorDetailsChanges {
                    name: all.name,
                    ..none()
                },
                1 => AuthenticatorDetailsChanges {
                    created: all.created,
                    ..none()
                },
                _ => AuthenticatorDetailsChanges {
                    last_used: all.last_used,
                    ..none()
                },
            };
            store.update_authenticator_details(id(1), "credential-1", changes)
        });
        let overlap = overlapped(&ran);
        let told = all_succeed("update_authenticator_details(..)", ran)?;
        equal("the results of the concurrent calls", told, vec![true; 3])?;
        let all = full_authenticator_details(1);
        returns(
            "the details after updates of different fields, concurrently",
            details(store),
            Some(AuthenticatorDetails {
                name: all.name.apply(None),
                created: all.created.apply(None),
                last_used: all.last_used.apply(None),
            }),
        )?;
        store.delete_authenticator("credential-1")?;
        Ok(overlap)
    })
}

pub(crate) fn no_orphan(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    // Another way to sign in, so that the passkey is never the last.
    let create_user = |store: &AuthStore| {
        store.create_user(bare_user(1))?;
        let account = NewAccount::new("oauth", "github", "1");
        store.link_account(id(1), account).map(drop)
    };
    create_user(store)?;
    race.rounds(|round| {
        store.create_authenticator(authenticator(1, 1))?;
        let delete = |store: &AuthStore| {
            let of_user = |keep_last| {
                let removal = store.delete_authenticator_of_user(id(1), "credential-1", keep_last);
                removal.map(drop)
            };
            match round % 4 {
                0 => store.delete_authenticator("credential-1").map(drop),
                1 => of_user(false),
                2 => of_user(true),
                _ => store.delete_user(id(1)).map(drop),
            }
        };
        let overlap = write_while_deleted(&race, round, delete, |store| {
            let changes = full_authenticator_details(1);
            store.update_authenticator_details(id(1), "credential-1", changes)
        })?;
        if store.get_user(id(1))?.is_none() {
            create_user(store)?;
        }
        store.create_authenticator(authenticator(1, 1))?;
        returns(
            "the details of an authenticator whose predecessor was deleted while its details were updated",
            details(store),
            Some(AuthenticatorDetails::default()),
        )?;
        store.delete_authenticator("credential-1")?;
        Ok(overlap)
    })
}

/// A passkey is deleted and created for another user, while its first user updates its details, as often as it is found.
pub(crate) fn spares_what_moves_away(context: &Context) -> Verdict {
    const UPDATES: u32 = 20;
    let race = Race::new(context)?;
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.create_user(bare_user(2))?;
    let give_away = |store: &AuthStore| {
        let deleted = store.delete_authenticator("credential-1")?;
        store.create_authenticator(authenticator(1, 2))?;
        Ok(deleted)
    };
    let has_transactions = has_transactions(store)?;
    race.rounds(|round| {
        store.create_authenticator(authenticator(1, 1))?;
        // An update that waits for a transaction to delete the old details finds the new passkey at once.
        if round % 4 < 2 {
            store.update_authenticator_details(
                id(1),
                "credential-1",
                full_authenticator_details(1),
            )?;
        }
        let ran = race.at_once(2, |thread, store| {
            if thread == 0 {
                for _ in 0..UPDATES {
                    let changes = full_authenticator_details(2);
                    if !store.update_authenticator_details(id(1), "credential-1", changes)? {
                        break;
                    }
                }
                return Ok(false);
            }
            if has_transactions && round % 2 == 0 {
                return store.transaction(|tx| give_away(tx));
            }
            give_away(store)
        });
        let overlap = overlapped(&ran);
        let calls = "update_authenticator_details(..), delete_authenticator(..) or create_authenticator(..)";
        all_succeed(calls, ran)?;
        returns(
            "the details of a passkey that another user had while its details were updated",
            store.list_authenticators_with_details_by_user_id(id(2)),
            vec![(authenticator(1, 2), AuthenticatorDetails::default())],
        )?;
        store.delete_authenticator("credential-1")?;
        Ok(overlap)
    })
}

pub(crate) fn never_half(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.create_authenticator(authenticator(1, 1))?;
    let changes = |number: i64| AuthenticatorDetailsChanges {
        name: Change::set(number.to_string()),
        created: Change::Set(millis(number)),
        last_used: Change::Set(millis(number)),
    };
    store.update_authenticator_details(id(1), "credential-1", changes(0))?;
    super::update_user::only_whole_states(
        context,
        "update_authenticator_details(..)",
        |store, number| {
            let told = store.update_authenticator_details(id(1), "credential-1", changes(number));
            told.map(drop)
        },
        |store, _, _| Ok(Some(details(store)?)),
        |number| {
            Some(AuthenticatorDetails {
                name: Some(number.to_string()),
                created: Some(millis(number)),
                last_used: Some(millis(number)),
            })
        },
    )
}
