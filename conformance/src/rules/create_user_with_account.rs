use authstore::{Constraint, Error, NewAccount, NewUser};

use crate::context::Context;
use crate::failure::{Verdict, conflicts, ensure, equal, returns, succeeds};
use crate::fixture::{
    bare_account, bare_user, full_account, full_user, id, look, populate, user_with_email,
};
use crate::race::{Race, THREADS, overlapped, winners};
use crate::strings::{BLANKS, HOSTILE, UNICODE, longest_key, longest_text};

#[track_caller]
fn round_trips(context: &Context, user: NewUser, account: NewAccount) -> Verdict {
    let store = context.store();
    let (user, account) = succeeds(
        "create_user_with_account(..)",
        store.create_user_with_account(user, account),
    )?;
    equal("the user of the account", account.user_id, user.id)?;
    returns("get_user(..)", store.get_user(user.id), Some(user.clone()))?;
    returns(
        "get_account(..)",
        store.get_account(&account.provider, &account.provider_account_id),
        Some(account.clone()),
    )?;
    returns(
        "get_user_by_account(..)",
        store.get_user_by_account(&account.provider, &account.provider_account_id),
        Some(user.clone()),
    )?;
    returns(
        "list_accounts_by_user_id(..)",
        store.list_accounts_by_user_id(user.id),
        vec![account],
    )
}

pub(crate) fn stored(context: &Context) -> Verdict {
    let store = context.store();
    round_trips(context, full_user(1), full_account(1))?;
    round_trips(context, bare_user(2), bare_account(2))?;
    round_trips(
        context,
        NewUser::default(),
        NewAccount {
            id: None,
            ..bare_account(3)
        },
    )?;
    // Every value is the same as after the two separate operations.
    let together = store.get_account("provider 1", "account 1")?;
    store.unlink_account("provider 1", "account 1")?;
    let alone = store.link_account(id(1), full_account(1))?;
    equal(
        "get_account(..), created with its user or alone,",
        together,
        Some(alone),
    )
}

pub(crate) fn text(context: &Context) -> Verdict {
    for (number, text) in (1..).zip(UNICODE.iter().chain(BLANKS).chain(HOSTILE)) {
        let text = (*text).to_owned();
        let some = || Some(text.clone());
        round_trips(
            context,
            NewUser {
                name: some(),
                email: some(),
                image: some(),
                ..bare_user(number)
            },
            NewAccount {
                access_token: some(),
                scope: some(),
                oauth_token: some(),
                ..NewAccount::new(text.clone(), text.clone(), text.clone())
            },
        )?;
    }
    let long = || Some(longest_text());
    round_trips(
        context,
        NewUser {
            name: long(),
            email: Some(longest_key('u')),
            ..bare_user(1_000)
        },
        NewAccount {
            access_token: long(),
            id_token: Some(String::new()),
            ..bare_account(1_000)
        },
    )
}

/// Checks that nothing of the rejected user 9 and account 9 exists, and that the other rows are complete.
#[track_caller]
fn wrote_nothing(context: &Context, before: &crate::fixture::World) -> Verdict {
    let store = context.store();
    returns(
        "get_user(..) of the rejected user",
        store.get_user(id(9)),
        None,
    )?;
    returns(
        "get_user_by_email(..) of the rejected user",
        store.get_user_by_email("user-9@example.org"),
        None,
    )?;
    returns(
        "get_account(..) of the rejected account",
        store.get_account("provider 9", "account 9"),
        None,
    )?;
    returns(
        "list_accounts_by_user_id(..) of the rejected user",
        store.list_accounts_by_user_id(id(9)),
        Vec::new(),
    )?;
    returns(
        "the rows that existed before",
        look(store, 1..=3),
        before.clone(),
    )?;
    round_trips(context, full_user(9), full_account(9))
}

pub(crate) fn unique_user_id(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    conflicts(
        "create_user_with_account(..) with a taken user id",
        store.create_user_with_account(
            NewUser {
                id: Some(id(1)),
                ..full_user(9)
            },
            full_account(9),
        ),
        Constraint::UserId,
    )?;
    wrote_nothing(context, &before)
}

pub(crate) fn unique_email(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    conflicts(
        "create_user_with_account(..) with a taken email address",
        store.create_user_with_account(user_with_email(9, "user-1@example.org"), full_account(9)),
        Constraint::UserEmail,
    )?;
    wrote_nothing(context, &before)
}

pub(crate) fn unique_account_id(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    conflicts(
        "create_user_with_account(..) with a taken account id",
        store.create_user_with_account(
            full_user(9),
            NewAccount {
                id: Some(id(1_011)),
                ..full_account(9)
            },
        ),
        Constraint::AccountId,
    )?;
    wrote_nothing(context, &before)
}

pub(crate) fn unique_account(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    conflicts(
        "create_user_with_account(..) with a taken account",
        store.create_user_with_account(
            full_user(9),
            NewAccount {
                id: Some(id(1_009)),
                ..full_account(11)
            },
        ),
        Constraint::ProviderAccount,
    )?;
    wrote_nothing(context, &before)
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let number = |thread: usize| round * 100 + thread as u128;
        let account = |thread: usize| NewAccount {
            id: Some(id(number(thread))),
            ..NewAccount::new("oauth", "github", round.to_string())
        };
        let ran = race.at_once(THREADS, |thread, store| {
            store.create_user_with_account(full_user(number(thread)), account(thread))
        });
        let won = winners("create_user_with_account(..) with the same account", &ran, |error| {
            matches!(error, Error::Conflict { constraint: Constraint::ProviderAccount })
        })?;
        equal("the number of callers that got the account", won, 1)?;
        for (thread, one) in ran.iter().enumerate() {
            ensure(
                context.store().get_user(id(number(thread)))?.is_some() == one.value.is_ok(),
                "a user exists although create_user_with_account failed, or is missing although it succeeded",
            )?;
        }
        Ok(overlapped(&ran))
    })
}

/// Several callers sign up, each with a different provider account, and exactly one succeeds.
fn one_sign_up(
    context: &Context,
    constraint: Constraint,
    new: impl Fn(u128, u128) -> (NewUser, NewAccount) + Sync,
) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let number = |thread: usize| round * 100 + thread as u128;
        let ran = race.at_once(THREADS, |thread, store| {
            let (user, account) = new(round, number(thread));
            store.create_user_with_account(user, account)
        });
        let won = winners(
            "create_user_with_account(..)",
            &ran,
            |error| matches!(error, Error::Conflict { constraint: is } if *is == constraint),
        )?;
        equal("the number of callers that signed up", won, 1)?;
        for (thread, one) in ran.iter().enumerate() {
            let (_, account) = new(round, number(thread));
            let store = context.store();
            let found = store.get_account(&account.provider, &account.provider_account_id)?;
            ensure(
                store.get_user(id(number(thread)))?.is_some() == one.value.is_ok()
                    && found.is_some() == one.value.is_ok(),
                "a user or account exists although create_user_with_account failed, or is missing although it succeeded",
            )?;
        }
        Ok(overlapped(&ran))
    })
}

pub(crate) fn one_id_one_winner(context: &Context) -> Verdict {
    one_sign_up(context, Constraint::AccountId, |round, number| {
        let account = NewAccount {
            id: Some(id(round)),
            ..bare_account(number)
        };
        (bare_user(number), account)
    })
}

pub(crate) fn one_email_one_winner(context: &Context) -> Verdict {
    one_sign_up(context, Constraint::UserEmail, |round, number| {
        let email = format!("round-{round}@example.org");
        (user_with_email(number, &email), bare_account(number))
    })
}

pub(crate) fn never_half(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let (provider, account) = (format!("provider {round}"), format!("account {round}"));
        race.look_on(
            "create_user_with_account(..)",
            |store| store.create_user_with_account(full_user(round), full_account(round)),
            |thread, store| {
                let by_account = || store.get_user_by_account(&provider, &account);
                // Whichever row is read first, the other one must exist when it is read next.
                let half = if thread % 2 == 0 {
                    let user = store.get_user(id(round))?.is_some();
                    let accounts = store.list_accounts_by_user_id(id(round))?;
                    (user && (accounts.is_empty() || by_account()?.is_none()))
                        .then_some("the user without the account")
                } else {
                    let found = store.get_account(&provider, &account)?.is_some();
                    (found && (by_account()?.is_none() || store.get_user(id(round))?.is_none()))
                        .then_some("the account without the user")
                };
                Ok(half.map(str::to_owned))
            },
        )
    })
}
