use authstore::AuthStore;

use crate::context::Context;
use crate::failure::{Verdict, equal, returns};
use crate::fixture::{
    KINDS, account_at, account_of_kind, authenticator, bare_user, full_user, id, look, populate,
};
use crate::race::{Race, THREADS, all_succeed, overlapped};
use crate::show::Show;
use crate::strings::{KEY, NEAR_MISSES};

pub(crate) fn reports_whether_deleted(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "unlink_account(..) on an empty storage",
        store.unlink_account("github", "1"),
        false,
    )?;
    store.create_user(bare_user(1))?;
    store.link_account(id(1), account_at(1, "github", "1"))?;
    returns(
        "unlink_account(..)",
        store.unlink_account("github", "1"),
        true,
    )?;
    returns(
        "unlink_account(..), again",
        store.unlink_account("github", "1"),
        false,
    )?;
    returns(
        "get_account(..) after unlink_account(..)",
        store.get_account("github", "1"),
        None,
    )?;
    returns(
        "list_accounts_by_user_id(..) after unlink_account(..)",
        store.list_accounts_by_user_id(id(1)),
        Vec::new(),
    )
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    for (number, provider, account) in [
        (51, "github", "1"),
        (52, "github", "2"),
        (53, "google", "1"),
    ] {
        store.link_account(id(1), account_at(number, provider, account))?;
    }
    let (before, mut accounts) = (look(store, 2..=3)?, store.list_accounts_by_user_id(id(1))?);
    let (user, sessions) = (
        store.get_user(id(1))?,
        store.list_sessions_by_user_id(id(1))?,
    );
    store.unlink_account("github", "1")?;
    accounts.retain(|linked| linked.id != id(1_051));
    returns(
        "the user's other accounts",
        store.list_accounts_by_user_id(id(1)),
        accounts,
    )?;
    returns("the account's user", store.get_user(id(1)), user)?;
    returns(
        "the user's sessions",
        store.list_sessions_by_user_id(id(1)),
        sessions,
    )?;
    returns("the rows of other users", look(store, 2..=3), before)?;
    unlinks_nothing_else(store, |provider, account| {
        store.unlink_account(provider, account)
    })
}

/// Links accounts of every kind, with the key that a passkey's account has, and unlinks them: all other rows stay, also
/// the passkey.
pub(super) fn unlinks_nothing_else(
    store: &AuthStore,
    unlink: impl Fn(&str, &str) -> authstore::Result<bool>,
) -> Verdict {
    let passkey = authenticator(21, 2);
    let before = look(store, 1..=3)?;
    for kind in KINDS.into_iter().chain(["webauthn"]) {
        let account = account_of_kind(60, kind, "passkey", &passkey.provider_account_id);
        store.link_account(id(2), account)?;
        let is_done = unlink("passkey", &passkey.provider_account_id);
        returns("whether the account was unlinked", is_done, true)?;
        returns("all other rows", look(store, 1..=3), before.clone())?;
    }
    Ok(())
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let linked = store.link_account(id(1), account_at(1, KEY, KEY))?;
    for other in NEAR_MISSES {
        for (provider, account) in [(KEY, *other), (*other, KEY)] {
            returns(
                format!("unlink_account({}, {})", provider.show(), account.show()),
                store.unlink_account(provider, account),
                false,
            )?;
        }
    }
    returns("get_account(..)", store.get_account(KEY, KEY), Some(linked))?;
    returns("unlink_account(..)", store.unlink_account(KEY, KEY), true)
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    context.store().create_user(bare_user(1))?;
    race.rounds(|round| {
        let account = round.to_string();
        context
            .store()
            .link_account(id(1), account_at(round, "github", &account))?;
        let ran = race.at_once(THREADS, |_, store| store.unlink_account("github", &account));
        let overlap = overlapped(&ran);
        let unlinked = all_succeed("unlink_account(..)", ran)?;
        equal(
            "the number of callers whose call unlinked the account",
            unlinked.into_iter().filter(|unlinked| *unlinked).count(),
            1,
        )?;
        Ok(overlap)
    })
}
