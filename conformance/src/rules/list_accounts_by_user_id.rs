use authstore::{Account, NewAccount};

use crate::context::Context;
use crate::failure::{Verdict, equal, equal_rows, returns};
use crate::fixture::{account_at, bare_account, bare_user, full_user, id, populate, shuffled};
use crate::race::Race;
use crate::rules::link_account::everywhere;
use crate::strings::{keys_alike, late_differences, longest_text};

/// Sorts accounts as lists do.
fn sort(accounts: &mut [Account]) {
    accounts.sort_by(|a, b| {
        (a.provider.as_bytes(), a.provider_account_id.as_bytes())
            .cmp(&(b.provider.as_bytes(), b.provider_account_id.as_bytes()))
    });
}

pub(crate) fn absent(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "list_accounts_by_user_id(..) on an empty storage",
        store.list_accounts_by_user_id(id(1)),
        Vec::new(),
    )?;
    populate(store)?;
    store.create_user(bare_user(4))?;
    returns(
        "list_accounts_by_user_id(..) of a user without any",
        store.list_accounts_by_user_id(id(4)),
        Vec::new(),
    )?;
    returns(
        "list_accounts_by_user_id(..) of a user that does not exist",
        store.list_accounts_by_user_id(id(5)),
        Vec::new(),
    )
}

pub(crate) fn only_the_users(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    for user in 1..=3 {
        let listed = store.list_accounts_by_user_id(id(user))?;
        let mut expected = Vec::new();
        for number in [user * 10 + 1, user * 10 + 2] {
            expected.extend(
                store.get_account(&format!("provider {number}"), &format!("account {number}"))?,
            );
        }
        equal(
            "the number of accounts that get_account(..) finds",
            expected.len(),
            2,
        )?;
        equal(
            format!("list_accounts_by_user_id(id({user}))"),
            listed,
            expected,
        )?;
    }
    Ok(())
}

pub(crate) fn order(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let keys = keys_alike();
    let mut expected = Vec::new();
    // The order of their keys is neither that of their creation nor that of their ids.
    for (number, key) in (0..).zip(&keys) {
        for (place, (provider, account)) in
            [("b", key.as_str()), (key, "z"), ("B", key), (key, "Z")]
                .into_iter()
                .enumerate()
        {
            expected.push(store.link_account(
                id(1),
                account_at(number * 4 + place as u128, provider, account),
            )?);
        }
    }
    for (number, key) in (5_000..).zip(late_differences()) {
        expected.push(store.link_account(id(1), account_at(number, "b", &key))?);
    }
    sort(&mut expected);
    returns(
        "list_accounts_by_user_id(id(1))",
        store.list_accounts_by_user_id(id(1)),
        expected,
    )
}

pub(crate) fn no_page_limit(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut expected = Vec::new();
    for number in shuffled(context.profile().many()) {
        expected.push(store.link_account(id(1), bare_account(number))?);
    }
    sort(&mut expected);
    equal_rows(
        "list_accounts_by_user_id(id(1))",
        store.list_accounts_by_user_id(id(1))?,
        expected,
    )
}

/// Links and unlinks two accounts so that the user always has one.
pub(crate) fn one_moment(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let store = context.store();
        store.create_user(bare_user(round))?;
        let account = |number: u128| bare_account(round * 10 + number);
        store.link_account(id(round), account(0))?;
        race.look_on(
            "link_account(..) of one account, and unlink_account(..) of another",
            |store| {
                // The last change is not undone. Otherwise a list that began before it could read the account after it.
                for (linked, unlinked) in [(1, 0), (0, 1), (1, 0), (0, 1), (1, 0)] {
                    store.link_account(id(round), account(linked))?;
                    let gone = account(unlinked);
                    store.unlink_account(&gone.provider, &gone.provider_account_id)?;
                }
                Ok(())
            },
            |_, store| {
                let none = store.list_accounts_by_user_id(id(round))?.is_empty();
                Ok(none.then(|| "no account for a user who always had one".to_owned()))
            },
        )
    })
}

pub(crate) fn one_moment_of_many(context: &Context) -> Verdict {
    context.store().create_user(bare_user(1))?;
    let of = |number: u128| account_at(number, "github", &format!("{number:03}"));
    super::list_users::takes_turns(
        context,
        "unlink_account(..) of one account, and link_account(..) of another",
        "accounts that were never linked",
        |store, number| store.link_account(id(1), of(number)).map(drop),
        |store, number| {
            let unlinked = store.unlink_account("github", &of(number).provider_account_id);
            unlinked.map(drop)
        },
        |store, _| {
            let listed = store.list_accounts_by_user_id(id(1))?;
            let numbers = listed.iter().map(|account| account.id.as_u128() - 1_000);
            Ok(numbers.collect())
        },
    )
}

pub(crate) fn large_rows(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let rows = context.profile().many_large();
    // One has all its strings that long.
    let mut expected = vec![store.link_account(id(1), everywhere(0, &longest_text()))?];
    for number in 1..rows {
        expected.push(store.link_account(
            id(1),
            NewAccount {
                id_token: Some(longest_text()),
                ..bare_account(number.into())
            },
        )?);
    }
    sort(&mut expected);
    equal_rows(
        "list_accounts_by_user_id(id(1)) with accounts of 1 MiB",
        store.list_accounts_by_user_id(id(1))?,
        expected.clone(),
    )?;
    returns(
        "delete_user(..) with accounts of 1 MiB",
        store.delete_user(id(1)),
        true,
    )?;
    store.create_user(bare_user(1))?;
    returns(
        "list_accounts_by_user_id(..) after their user was deleted",
        store.list_accounts_by_user_id(id(1)),
        Vec::new(),
    )?;
    for account in expected {
        returns(
            "get_account(..) after its user was deleted",
            store.get_account(&account.provider, &account.provider_account_id),
            None,
        )?;
    }
    Ok(())
}
