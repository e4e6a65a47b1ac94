use authstore::{AccountChanges, AuthStore, Authenticator, NewAccount, Removal};
use uuid::Uuid;

use crate::call::Call;
use crate::context::Context;
use crate::failure::{Failure, Verdict, equal, returns};
use crate::fixture::{
    KINDS, account_at, account_of_kind, authenticator, authenticator_with_id, bare_user,
    full_account, id, look, populate,
};
use crate::race::{MANY, Race, THREADS, all_succeed, overlapped};
use crate::rules::unlink_account::unlinks_nothing_else;
use crate::show::Show;
use crate::strings::{CREDENTIAL_ID, KEY, NEAR_CREDENTIAL_IDS, NEAR_MISSES, longest_credential_id};

pub(crate) fn reports_what_happened(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    for keep_last in [false, true] {
        for removal in [Removal::Done, Removal::Absent] {
            let number = if keep_last { 11 } else { 12 };
            returns(
                format!("unlink_account_of_user(.., {keep_last}), twice"),
                store.unlink_account_of_user(
                    id(1),
                    &format!("provider {number}"),
                    &format!("account {number}"),
                    keep_last,
                ),
                removal,
            )?;
        }
    }
    returns(
        "list_accounts_by_user_id(id(1))",
        store.list_accounts_by_user_id(id(1)),
        Vec::new(),
    )
}

pub(crate) fn only_the_users(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for keep_last in [false, true] {
        for (user, provider, account) in [(2, 11, 11), (4, 11, 11), (1, 11, 12), (1, 99, 11)] {
            returns(
                "unlink_account_of_user(..) of an account that the user does not have",
                store.unlink_account_of_user(
                    id(user),
                    &format!("provider {provider}"),
                    &format!("account {account}"),
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
        store.get_account("provider 12", "account 12")?,
    );
    let _ = store.unlink_account_of_user(id(1), "provider 11", "account 11", true)?;
    returns(
        "another account of the user",
        store.get_account("provider 12", "account 12"),
        sibling,
    )?;
    returns("the rows of other users", look(store, 2..=3), others)?;
    for keep_last in [false, true] {
        unlinks_nothing_else(store, |provider, account| {
            let removal = store.unlink_account_of_user(id(2), provider, account, keep_last)?;
            Ok(removal == Removal::Done)
        })?;
    }
    Ok(())
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.link_account(id(1), account_at(1, KEY, KEY))?;
    store.link_account(id(1), full_account(2))?;
    for other in NEAR_MISSES {
        for keep_last in [false, true] {
            for (provider, account) in [(KEY, *other), (*other, KEY)] {
                returns(
                    "unlink_account_of_user(..) by a key that only looks the same",
                    store.unlink_account_of_user(id(1), provider, account, keep_last),
                    Removal::Absent,
                )?;
            }
        }
    }
    returns(
        "unlink_account_of_user(..)",
        store.unlink_account_of_user(id(1), KEY, KEY, true),
        Removal::Done,
    )
}

/// Tries to unlink the only account.
#[track_caller]
fn unlinks(store: &AuthStore, situation: &str, keep_last: bool, removal: Removal) -> Verdict {
    returns(
        format!("unlink_account_of_user(.., {keep_last}) {situation}"),
        store.unlink_account_of_user(id(1), "github", "1", keep_last),
        removal,
    )
}

pub(crate) fn keeps_the_last(context: &Context) -> Verdict {
    let store = context.store();
    // Other users' ways to sign in do not count, nor do sessions.
    populate(store)?;
    store.delete_user(id(1))?;
    let user = store.create_user(bare_user(1))?;
    let account = store.link_account(id(1), account_at(1, "github", "1"))?;
    store.create_session(crate::fixture::session(1, 1))?;
    unlinks(
        store,
        "of the only way to sign in",
        true,
        Removal::LastWayIn,
    )?;
    returns(
        "get_account(..) of the only way to sign in",
        store.get_account("github", "1"),
        Some(account),
    )?;
    returns("get_user(..)", store.get_user(id(1)), Some(user))?;
    store.link_account(id(1), account_at(2, "gitlab", "2"))?;
    unlinks(store, "next to another account", true, Removal::Done)?;
    returns(
        "unlink_account_of_user(.., true) of the remaining one",
        store.unlink_account_of_user(id(1), "gitlab", "2", true),
        Removal::LastWayIn,
    )?;
    // The type is that of now, not that with which an account was linked.
    let mut relinked = account_at(3, "other", "3");
    for (linked, now, removal) in [
        ("oauth", "webauthn", Removal::LastWayIn),
        ("webauthn", "oauth", Removal::Done),
    ] {
        relinked.kind = linked.to_owned();
        store.link_account(id(1), relinked.clone())?;
        let changes = AccountChanges {
            kind: Some(now.to_owned()),
            ..Default::default()
        };
        store.update_account("other", "3", changes)?;
        returns(
            format!("unlink_account_of_user(.., true) next to an account that became {now}"),
            store.unlink_account_of_user(id(1), "gitlab", "2", true),
            removal,
        )?;
        store.unlink_account("other", "3")?;
    }
    store.link_account(id(1), account_at(2, "gitlab", "2"))?;
    for (number, kind) in (3..).zip(KINDS) {
        store.link_account(id(1), account_of_kind(number, kind, kind, "of this kind"))?;
        returns(
            format!("unlink_account_of_user(.., true) next to an account of the kind {kind:?}"),
            store.unlink_account_of_user(id(1), "gitlab", "2", true),
            Removal::Done,
        )?;
        returns(
            format!("unlink_account_of_user(.., true) of the last account, of the kind {kind:?}"),
            store.unlink_account_of_user(id(1), kind, "of this kind", true),
            Removal::LastWayIn,
        )?;
        store.link_account(id(1), account_at(2, "gitlab", "2"))?;
        store.unlink_account(kind, "of this kind")?;
    }
    store.create_authenticator(authenticator(1, 1))?;
    returns(
        "unlink_account_of_user(.., true) beside an authenticator",
        store.unlink_account_of_user(id(1), "gitlab", "2", true),
        Removal::Done,
    )?;
    create_after_many(store)?;
    store.link_account(id(5), account_at(498, "z", "1"))?;
    for (provider, removal) in [("z", Removal::Done), ("y", Removal::LastWayIn)] {
        returns(
            "unlink_account_of_user(.., true) next to accounts of which most are of the kind webauthn",
            store.unlink_account_of_user(id(5), provider, "1", true),
            removal,
        )?;
    }
    beside_what_is_alike(store)
}

/// Unlinks an account that is alone, and then beside another way to sign in that has a value in common with it.
fn beside_what_is_alike(store: &AuthStore) -> Verdict {
    let passkey = |credential_id: &str, account: &str| {
        Call::CreateAuthenticator(Authenticator {
            provider_account_id: account.to_owned(),
            ..authenticator_with_id(99, 4, credential_id)
        })
    };
    let account = |provider, account| Call::LinkAccount(id(4), account_at(98, provider, account));
    let passkeys_account = account_of_kind(98, "webauthn", "other", "8");
    // A passkey of someone else counts for no one.
    store.create_user(bare_user(96))?;
    store.create_authenticator(Authenticator {
        provider_account_id: "7".into(),
        ..authenticator_with_id(96, 96, "96")
    })?;
    for (kind, with_its_passkey) in [("oauth", Removal::Done), ("webauthn", Removal::LastWayIn)] {
        let unlink = |situation: &str, removal| {
            returns(
                format!("unlink_account_of_user(.., true) of the kind {kind:?} {situation}"),
                store.unlink_account_of_user(id(4), "github", "7", true),
                removal,
            )
        };
        for (other, removal) in [
            (account("other", "7"), Removal::Done),
            (account("github", "8"), Removal::Done),
            (account("7", "github"), Removal::Done),
            (
                Call::LinkAccount(id(4), passkeys_account.clone()),
                Removal::LastWayIn,
            ),
            (passkey("7", "8"), Removal::Done),
            (passkey("7", "github"), Removal::Done),
            (passkey("8", "7"), with_its_passkey),
            (passkey("7", "7"), with_its_passkey),
        ] {
            store.delete_user(id(4))?;
            store.create_user(bare_user(4))?;
            store.link_account(id(4), account_of_kind(97, kind, "github", "7"))?;
            unlink("that is alone", Removal::LastWayIn)?;
            other.on_store(store)?;
            unlink(&format!("after {}", other.show()), removal)?;
        }
    }
    Ok(())
}

/// Creates user 5, with one account that is a way to sign in after more accounts of passkeys than a page holds.
pub(super) fn create_after_many(store: &AuthStore) -> Verdict {
    store.create_user(bare_user(5))?;
    for number in 0..u128::from(MANY) {
        let account = account_of_kind(500 + number, "webauthn", "a", &number.to_string());
        store.link_account(id(5), account)?;
    }
    store.link_account(id(5), account_at(499, "y", "1"))?;
    Ok(())
}

pub(crate) fn takes_the_last(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.link_account(id(1), account_at(1, "github", "1"))?;
    unlinks(store, "of the only way to sign in", false, Removal::Done)?;
    returns(
        "get_account(..) after it was unlinked",
        store.get_account("github", "1"),
        None,
    )
}

/// Auth.js stores both for one passkey.
pub(crate) fn passkey_with_account_is_one_way(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    store.link_account(id(1), account_at(1, "github", "1"))?;
    let credential_id = longest_credential_id('1');
    let account = account_of_kind(2, "webauthn", "passkey", &credential_id);
    store.link_account(id(1), account.clone())?;
    unlinks(
        store,
        "next to an account of the type webauthn without its authenticator",
        true,
        Removal::LastWayIn,
    )?;
    let mut passkey = authenticator_with_id(1, 1, &credential_id);
    passkey.provider_account_id = credential_id.clone();
    store.create_authenticator(passkey.clone())?;
    unlinks(
        store,
        "next to a passkey with its account",
        true,
        Removal::Done,
    )?;
    returns(
        "unlink_account_of_user(.., true) of the account of the only passkey",
        store.unlink_account_of_user(id(1), "passkey", &credential_id, true),
        Removal::LastWayIn,
    )?;
    store.create_authenticator(Authenticator {
        credential_id: "another".to_owned(),
        ..passkey
    })?;
    returns(
        "unlink_account_of_user(.., true) of an account to which both passkeys belong",
        store.unlink_account_of_user(id(1), "passkey", &credential_id, true),
        Removal::LastWayIn,
    )?;
    // Another passkey counts as another way.
    store.create_authenticator(authenticator(2, 1))?;
    returns(
        "unlink_account_of_user(.., true) of the account of one passkey of two",
        store.unlink_account_of_user(id(1), "passkey", &credential_id, true),
        Removal::Done,
    )?;
    let longest = longest_credential_id('2');
    let credential_ids = NEAR_CREDENTIAL_IDS
        .iter()
        .map(|other| (CREDENTIAL_ID, *other));
    let keys = NEAR_MISSES.iter().map(|other| (KEY, *other));
    let pairs = credential_ids.chain(keys);
    for (own, other) in pairs.chain([(&*credential_id, &*longest)]) {
        for (of_account, of_passkey) in [(own, other), (other, own)] {
            store.delete_user(id(1))?;
            store.create_user(bare_user(1))?;
            let account = account_of_kind(2, "webauthn", "passkey", of_account);
            store.link_account(id(1), account)?;
            store.create_authenticator(Authenticator {
                provider_account_id: of_passkey.to_owned(),
                ..authenticator(1, 1)
            })?;
            returns(
                format!(
                    "unlink_account_of_user(.., {}, true) beside a passkey of the account {}",
                    of_account.show(),
                    of_passkey.show()
                ),
                store.unlink_account_of_user(id(1), "passkey", of_account, true),
                Removal::Done,
            )?;
        }
    }
    Ok(())
}

/// Several callers each remove one of the user's ways to sign in: all but one succeed.
fn race_for_the_last(
    context: &Context,
    remove: impl Fn(&AuthStore, usize) -> authstore::Result<Removal> + Sync,
) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|_| {
        let store = context.store();
        store.delete_user(id(1))?;
        store.create_user(bare_user(1))?;
        for thread in 0..THREADS {
            let number = thread as u128;
            store.link_account(id(1), account_at(number, "github", &thread.to_string()))?;
            store.create_authenticator(authenticator(number, 1))?;
        }
        // Enough are left for the others to compete for, whichever kinds the callers remove.
        let ran = race.at_once(2 * THREADS, |caller, store| remove(store, caller));
        let overlap = overlapped(&ran);
        let told = all_succeed("a removal with keep_last", ran)?;
        let left = store.list_accounts_by_user_id(id(1))?.len()
            + store.list_authenticators_by_user_id(id(1))?.len();
        if left == 0 {
            return Err(Failure::broken(
                "concurrent removals, each with keep_last, left no way to sign in",
            ));
        }
        let done = told.iter().filter(|told| **told == Removal::Done).count();
        equal(
            "the ways to sign in that were removed, and those left",
            done + left,
            2 * THREADS,
        )?;
        equal("the number of ways to sign in that are left", left, 1)?;
        Ok(overlap)
    })
}

pub(crate) fn last_of_several_at_once(context: &Context) -> Verdict {
    race_for_the_last(context, |store, caller| {
        let number = caller / 2;
        if caller % 2 == 0 {
            store.unlink_account_of_user(id(1), "github", &number.to_string(), true)
        } else {
            store.delete_authenticator_of_user(id(1), &format!("credential-{number}"), true)
        }
    })
}

/// An account of its own number at a provider.
pub(super) fn account_to_move(number: u128) -> NewAccount {
    account_at(number, "github", &number.to_string())
}

/// Unlinks an account, and links it to user 2. Returns whether it was found.
pub(super) fn give_account_away(store: &AuthStore, number: u128) -> authstore::Result<bool> {
    let unlinked = store.unlink_account("github", &number.to_string())?;
    if unlinked {
        store.link_account(id(2), account_to_move(number))?;
    }
    Ok(unlinked)
}

/// Returns the user of an account.
pub(super) fn owner_of_account(store: &AuthStore, number: u128) -> authstore::Result<Option<Uuid>> {
    let found = store.get_account("github", &number.to_string())?;
    Ok(found.map(|account| account.user_id))
}

/// An account is unlinked and linked to another user, while it is unlinked as its first user's.
pub(crate) fn spares_what_moves_away(context: &Context) -> Verdict {
    super::delete_session_of_user::moves_away(
        context,
        "unlink_account_of_user(..)",
        |store, round| {
            // Another way to sign in, so that the account is never the last.
            if round == 1 {
                store.create_authenticator(authenticator(1, 1))?;
            }
            store.link_account(id(1), account_to_move(round)).map(drop)
        },
        |store, round| {
            let (account, keep_last) = (round.to_string(), round % 2 == 0);
            let removal = store.unlink_account_of_user(id(1), "github", &account, keep_last)?;
            Ok(Some(removal == Removal::Done))
        },
        give_account_away,
        owner_of_account,
    )
}
