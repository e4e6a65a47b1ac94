use authstore::{AccountChanges, AuthStore, Authenticator, Removal};
use uuid::Uuid;

use crate::call::Call;
use crate::context::Context;
use crate::failure::{Verdict, equal, returns};
use crate::fixture::{
    KINDS, account_at, account_of_kind, authenticator, authenticator_with_id, bare_user, id, look,
    populate,
};
use crate::race::{Race, THREADS, all_succeed, overlapped};
use crate::rules::unlink_account_of_user::create_after_many;
use crate::show::Show;
use crate::strings::{CREDENTIAL_ID, NEAR_CREDENTIAL_IDS};

pub(crate) fn reports_what_happened(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    for (number, keep_last) in [(11, true), (12, false)] {
        for removal in [Removal::Done, Removal::Absent] {
            returns(
                format!("delete_authenticator_of_user(.., {keep_last}), twice"),
                store.delete_authenticator_of_user(
                    id(1),
                    &format!("credential-{number}"),
                    keep_last,
                ),
                removal,
            )?;
        }
    }
    returns(
        "list_authenticators_by_user_id(id(1))",
        store.list_authenticators_by_user_id(id(1)),
        Vec::new(),
    )
}

pub(crate) fn only_the_users(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for keep_last in [false, true] {
        for (user, number) in [(2, 11), (4, 11), (1, 99)] {
            returns(
                "delete_authenticator_of_user(..) of a passkey that the user does not have",
                store.delete_authenticator_of_user(
                    id(user),
                    &format!("credential-{number}"),
                    keep_last,
                ),
                Removal::Absent,
            )?;
        }
    }
    returns("the rows that existed before", look(store, 1..=3), before)
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let (others, sibling) = (
        look(store, 2..=3)?,
        store.get_authenticator("credential-12")?,
    );
    let _ = store.delete_authenticator_of_user(id(1), "credential-11", true)?;
    returns(
        "another passkey of the user",
        store.get_authenticator("credential-12"),
        sibling,
    )?;
    returns("the rows of other users", look(store, 2..=3), others)
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.create_authenticator(authenticator_with_id(1, 1, CREDENTIAL_ID))?;
    store.create_authenticator(authenticator(2, 1))?;
    for other in NEAR_CREDENTIAL_IDS {
        for keep_last in [false, true] {
            returns(
                "delete_authenticator_of_user(..) by an id that only looks the same",
                store.delete_authenticator_of_user(id(1), other, keep_last),
                Removal::Absent,
            )?;
        }
    }
    returns(
        "delete_authenticator_of_user(..)",
        store.delete_authenticator_of_user(id(1), CREDENTIAL_ID, true),
        Removal::Done,
    )
}

pub(crate) fn keeps_the_last(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let passkey = store.create_authenticator(authenticator(1, 1))?;
    let delete = |number: u128, situation: &str, removal| {
        returns(
            format!("delete_authenticator_of_user(.., true) {situation}"),
            store.delete_authenticator_of_user(id(1), &format!("credential-{number}"), true),
            removal,
        )
    };
    delete(1, "of the only way to sign in", Removal::LastWayIn)?;
    returns(
        "get_authenticator(..) of the only way to sign in",
        store.get_authenticator("credential-1"),
        Some(passkey),
    )?;
    // The account that Auth.js stores with a passkey is not a separate way to sign in.
    let account = account_of_kind(1, "webauthn", "passkey", "account 1");
    store.link_account(id(1), account)?;
    delete(1, "next to its own account", Removal::LastWayIn)?;
    store.create_authenticator(authenticator(2, 1))?;
    delete(1, "next to another passkey", Removal::Done)?;
    delete(2, "of the remaining one", Removal::LastWayIn)?;
    for (number, kind) in (3..).zip(KINDS) {
        store.link_account(id(1), account_of_kind(number, kind, kind, "of this kind"))?;
        let situation = format!("next to an account of the kind {kind:?}");
        delete(2, &situation, Removal::Done)?;
        store.unlink_account(kind, "of this kind")?;
        store.create_authenticator(authenticator(2, 1))?;
    }
    // The type is that of now, not that with which an account was linked.
    store.link_account(id(1), account_at(2, "github", "1"))?;
    for (kind, removal) in [("webauthn", Removal::LastWayIn), ("oauth", Removal::Done)] {
        let changes = AccountChanges {
            kind: Some(kind.to_owned()),
            ..Default::default()
        };
        store.update_account("github", "1", changes)?;
        let situation = format!("next to an account that became {kind}");
        delete(2, &situation, removal)?;
    }
    create_after_many(store)?;
    store.create_authenticator(authenticator(51, 5))?;
    returns(
        "delete_authenticator_of_user(.., true) next to an account after many of the kind webauthn",
        store.delete_authenticator_of_user(id(5), "credential-51", true),
        Removal::Done,
    )?;
    beside_what_is_alike(store)
}

/// Deletes a passkey that is alone, and then beside another way to sign in that has a value in common with it.
fn beside_what_is_alike(store: &AuthStore) -> Verdict {
    for account in ["7", "8"] {
        let passkey = Authenticator {
            provider_account_id: account.to_owned(),
            ..authenticator_with_id(7, 4, "7")
        };
        let delete = |situation: &str, removal| {
            returns(
                format!("delete_authenticator_of_user(.., true) {situation}"),
                store.delete_authenticator_of_user(id(4), "7", true),
                removal,
            )
        };
        let twin = Authenticator {
            credential_id: "8".to_owned(),
            ..passkey.clone()
        };
        for other in [
            Call::CreateAuthenticator(twin),
            Call::LinkAccount(id(4), account_at(7, "passkey", "7")),
            Call::LinkAccount(id(4), account_at(7, "7", "8")),
        ] {
            store.delete_user(id(4))?;
            store.create_user(bare_user(4))?;
            store.create_authenticator(passkey.clone())?;
            delete("of a passkey that is alone", Removal::LastWayIn)?;
            other.on_store(store)?;
            delete(&format!("after {}", other.show()), Removal::Done)?;
        }
    }
    Ok(())
}

pub(crate) fn takes_the_last(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.create_authenticator(authenticator(1, 1))?;
    returns(
        "delete_authenticator_of_user(.., false) of the only way to sign in",
        store.delete_authenticator_of_user(id(1), "credential-1", false),
        Removal::Done,
    )
}

pub(crate) fn last_of_two_at_once(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|_| {
        let store = context.store();
        store.delete_user(id(1))?;
        store.create_user(bare_user(1))?;
        for number in 0..2 {
            store.create_authenticator(authenticator(number, 1))?;
        }
        let ran = race.at_once(THREADS, |thread, store| {
            let credential_id = format!("credential-{}", thread % 2);
            store.delete_authenticator_of_user(id(1), &credential_id, true)
        });
        let overlap = overlapped(&ran);
        let told = all_succeed("delete_authenticator_of_user(..)", ran)?;
        equal(
            "the number of successful deletions of two passkeys, each deleted by several concurrent callers",
            told.iter().filter(|told| **told == Removal::Done).count(),
            1,
        )?;
        equal(
            "the number of passkeys left",
            store.list_authenticators_by_user_id(id(1))?.len(),
            1,
        )?;
        Ok(overlap)
    })
}

/// Deletes a passkey, and creates it for user 2. Returns whether it was found.
pub(super) fn give_passkey_away(store: &AuthStore, number: u128) -> authstore::Result<bool> {
    let passkey = authenticator(number, 2);
    let deleted = store.delete_authenticator(&passkey.credential_id)?;
    if deleted {
        store.create_authenticator(passkey)?;
    }
    Ok(deleted)
}

/// Returns the user of a passkey.
pub(super) fn owner_of_passkey(store: &AuthStore, number: u128) -> authstore::Result<Option<Uuid>> {
    let found = store.get_authenticator(&format!("credential-{number}"))?;
    Ok(found.map(|passkey| passkey.user_id))
}

/// A passkey is deleted and created for another user, while it is deleted as its first user's.
pub(crate) fn spares_what_moves_away(context: &Context) -> Verdict {
    super::delete_session_of_user::moves_away(
        context,
        "delete_authenticator_of_user(..)",
        |store, round| {
            // Another way to sign in, so that the passkey is never the last.
            if round == 1 {
                store.link_account(id(1), account_at(1, "github", "1"))?;
            }
            store
                .create_authenticator(authenticator(round, 1))
                .map(drop)
        },
        |store, round| {
            let (passkey, keep_last) = (format!("credential-{round}"), round % 2 == 0);
            let removal = store.delete_authenticator_of_user(id(1), &passkey, keep_last)?;
            Ok(Some(removal == Removal::Done))
        },
        give_passkey_away,
        owner_of_passkey,
    )
}
