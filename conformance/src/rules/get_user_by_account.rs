use authstore::{AuthStore, Change, UserChanges};

use crate::context::Context;
use crate::failure::{Verdict, returns};
use crate::fixture::{account_at, bare_user, full_user, id, populate};
use crate::race::Race;
use crate::show::Show;
use crate::strings::{KEY, NEAR_MISSES};

pub(crate) fn absent(context: &Context) -> Verdict {
    let store = context.store();
    let call = "get_user_by_account(\"github\", \"1\")";
    returns(call, store.get_user_by_account("github", "1"), None)?;
    populate(store)?;
    returns(call, store.get_user_by_account("github", "1"), None)
}

pub(crate) fn finds_its_user(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    for (user, number) in [(1, 11), (1, 12), (2, 21), (2, 22), (3, 31), (3, 32)] {
        let (provider, account) = (format!("provider {number}"), format!("account {number}"));
        returns(
            format!(
                "get_user_by_account({}, {})",
                provider.show(),
                account.show()
            ),
            store.get_user_by_account(&provider, &account),
            store.get_user(id(user))?,
        )?;
    }
    Ok(())
}

pub(crate) fn matches_both_keys(context: &Context) -> Verdict {
    let store = context.store();
    for (number, provider, account) in [(1, "github", "1"), (2, "github", "2"), (3, "google", "1")]
    {
        store.create_user(full_user(number))?;
        store.link_account(id(number), account_at(number, provider, account))?;
    }
    for (number, provider, account) in [(1, "github", "1"), (2, "github", "2"), (3, "google", "1")]
    {
        returns(
            format!("get_user_by_account(\"{provider}\", \"{account}\")"),
            store.get_user_by_account(provider, account),
            store.get_user(id(number))?,
        )?;
    }
    for (provider, account) in [("google", "2"), ("1", "github"), ("github", "google")] {
        returns(
            format!("get_user_by_account(\"{provider}\", \"{account}\")"),
            store.get_user_by_account(provider, account),
            None,
        )?;
    }
    Ok(())
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    let user = store.create_user(full_user(1))?;
    store.link_account(id(1), account_at(1, KEY, KEY))?;
    for other in NEAR_MISSES {
        for (provider, account) in [(KEY, *other), (*other, KEY)] {
            returns(
                format!(
                    "get_user_by_account({}, {})",
                    provider.show(),
                    account.show()
                ),
                store.get_user_by_account(provider, account),
                None,
            )?;
        }
    }
    returns(
        "get_user_by_account(..)",
        store.get_user_by_account(KEY, KEY),
        Some(user),
    )
}

pub(crate) fn current_user(context: &Context) -> Verdict {
    let store = context.store();
    let created = store.create_user(full_user(1))?;
    store.link_account(id(1), account_at(1, "github", "1"))?;
    returns(
        "get_user_by_account(..)",
        store.get_user_by_account("github", "1"),
        Some(created),
    )?;
    let changed = store.update_user(
        id(1),
        authstore::UserChanges {
            name: authstore::Change::set("another name"),
            ..Default::default()
        },
    )?;
    returns(
        "get_user_by_account(..) after update_user(..)",
        store.get_user_by_account("github", "1"),
        Some(changed),
    )?;
    store.unlink_account("github", "1")?;
    returns(
        "get_user_by_account(..) after unlink_account(..)",
        store.get_user_by_account("github", "1"),
        None,
    )
}

/// Unlinks an account from a user, and renames the user afterwards. The account must not return the new name.
pub(crate) fn one_moment(context: &Context) -> Verdict {
    const MOVES: u128 = 6;
    let race = Race::new(context)?;
    race.rounds(|round| {
        let account = round.to_string();
        let user = |number: u128| id(round * 100 + number);
        for number in 0..=MOVES {
            context
                .store()
                .create_user(bare_user(round * 100 + number))?;
        }
        let link = |store: &AuthStore, number| {
            store.link_account(user(number), account_at(round, "github", &account))
        };
        link(context.store(), 0)?;
        race.look_on(
            "update_user(..) of a user whose account was unlinked before",
            |store| {
                for number in 0..MOVES {
                    store.unlink_account("github", &account)?;
                    link(store, number + 1)?;
                    let changes = UserChanges {
                        name: Change::set("without the account"),
                        ..Default::default()
                    };
                    store.update_user(user(number), changes)?;
                }
                Ok(())
            },
            |_, store| {
                let seen = store.get_user_by_account("github", &account)?;
                Ok(seen
                    .filter(|user| user.name.is_some())
                    .map(|user| format!("by the account {}", user.show())))
            },
        )
    })
}
