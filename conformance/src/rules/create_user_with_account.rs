use authstore::{AuthStore, Constraint, Error, NewAccount, NewUser, UserChanges};

use crate::context::Context;
use crate::failure::{Verdict, conflicts, ensure, equal, returns, succeeds};
use crate::fixture::{
    account_at, at, bare_account, bare_user, full_account, full_user, id, look, populate,
    user_with_email,
};
use crate::race::{Race, THREADS, overlapped, winners};
use crate::rules::create_user::finds_address_of;
use crate::rules::link_account::everywhere;
use crate::strings::{BLANKS, HOSTILE, UNICODE, longest_credential_id, longest_key, longest_text};

#[track_caller]
fn round_trips(context: &Context, user: NewUser, account: NewAccount) -> Verdict {
    let store = context.store();
    let (user, account) = succeeds(
        "create_user_with_account(..)",
        store.create_user_with_account(user, account),
    )?;
    equal("the user of the account", account.user_id, user.id)?;
    returns("get_user(..)", store.get_user(user.id), Some(user.clone()))?;
    finds_address_of(store, &user)?;
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
        round_trips(
            context,
            user_of(number, text, text),
            NewAccount {
                kind: (*text).to_owned(),
                provider: (*text).to_owned(),
                provider_account_id: (*text).to_owned(),
                ..everywhere(number, text)
            },
        )?;
    }
    // All strings of both rows have their maximum length, and the keys of two differ by their last character.
    for (number, last) in [(1_000, '1'), (1_001, '2')] {
        let (key, text) = (longest_key(last), longest_text());
        round_trips(
            context,
            user_of(number, &key, &text),
            NewAccount {
                kind: key.clone(),
                provider: longest_key('p'),
                provider_account_id: longest_credential_id(last),
                ..everywhere(number, &text)
            },
        )?;
    }
    round_trips(
        context,
        NewUser {
            name: Some(String::new()),
            image: Some(String::new()),
            ..bare_user(1_002)
        },
        everywhere(1_002, ""),
    )
}

/// A user with this email address, and with this text in every other string.
pub(super) fn user_of(number: u128, email: &str, text: &str) -> NewUser {
    NewUser {
        name: Some(text.to_owned()),
        image: Some(text.to_owned()),
        ..user_with_email(number, email)
    }
}

pub(crate) fn numbers_and_times(context: &Context) -> Verdict {
    let numbers = crate::times::seconds().into_iter().cycle();
    for (number, (time, expires_at)) in (1..).zip(crate::times::FAR.iter().zip(numbers)) {
        round_trips(
            context,
            NewUser {
                email_verified: Some(at(time)),
                ..bare_user(number)
            },
            NewAccount {
                expires_at: Some(expires_at),
                ..bare_account(number)
            },
        )?;
    }
    Ok(())
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

/// An operation that wants the same key as a sign-up.
#[derive(Clone, Copy)]
pub(super) enum Rival {
    CreateUser,
    UpdateUser,
    /// The operation that adds a row like the second row of the sign-up, to user 0.
    Add,
}

/// The row that a sign-up writes beside the user.
pub(super) trait SecondRow {
    const SIGN_UP: &str;

    fn sign_up(self, store: &AuthStore, user: NewUser) -> authstore::Result<()>;

    fn add(self, store: &AuthStore) -> authstore::Result<()>;

    fn exists(&self, store: &AuthStore) -> authstore::Result<bool>;
}

impl SecondRow for NewAccount {
    const SIGN_UP: &str = "create_user_with_account(..)";

    fn sign_up(self, store: &AuthStore, user: NewUser) -> authstore::Result<()> {
        store.create_user_with_account(user, self).map(drop)
    }

    fn add(self, store: &AuthStore) -> authstore::Result<()> {
        store.link_account(id(0), self).map(drop)
    }

    fn exists(&self, store: &AuthStore) -> authstore::Result<bool> {
        let found = store.get_account(&self.provider, &self.provider_account_id)?;
        Ok(found.is_some_and(|found| Some(found.id) == self.id))
    }
}

/// Several callers want one key, and exactly one gets it. Half of them sign up, and in each round the others use one of
/// the rivals. `new` returns the rows of a caller, for a round and the caller's own number.
pub(super) fn one_sign_up<Row: SecondRow>(
    context: &Context,
    constraint: Constraint,
    rivals: &[Rival],
    new: impl Fn(u128, u128) -> (NewUser, Row) + Sync,
) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    store.create_user(bare_user(0))?;
    race.rounds(|round| {
        let rival = rivals[round as usize % rivals.len()];
        // Both kinds of callers use both handles.
        let rival_of = |thread: usize| (thread / 2 % 2 == 1).then_some(rival);
        let rows = |thread: usize| {
            let number = round * 100 + thread as u128;
            let (user, row) = new(round, number);
            // The name is the caller's own, whoever else has the id.
            let name = Some(format!("caller {number}"));
            (user.id.unwrap_or_default(), NewUser { name, ..user }, row)
        };
        for thread in 0..THREADS {
            if let Some(Rival::UpdateUser) = rival_of(thread) {
                store.create_user(NewUser {
                    id: Some(rows(thread).0),
                    ..NewUser::default()
                })?;
            }
        }
        let ran = race.at_once(THREADS, |thread, store| {
            let (id, user, row) = rows(thread);
            match rival_of(thread) {
                None => row.sign_up(store, user),
                Some(Rival::CreateUser) => store.create_user(user).map(drop),
                Some(Rival::UpdateUser) => {
                    let changes = UserChanges {
                        name: user.name.into(),
                        email: user.email.into(),
                        ..UserChanges::default()
                    };
                    store.update_user(id, changes).map(drop)
                }
                Some(Rival::Add) => row.add(store),
            }
        });
        let won = winners(
            &format!("{}, or another operation with the same key,", Row::SIGN_UP),
            &ran,
            |error| matches!(error, Error::Conflict { constraint: is } if *is == constraint),
        )?;
        equal("the number of callers that got the key", won, 1)?;
        for (thread, one) in ran.iter().enumerate() {
            let (id, user, row) = rows(thread);
            let has_user = store.get_user(id)?.is_some_and(|found| found.name == user.name);
            let (writes_user, writes_row) = match rival_of(thread) {
                None => (true, true),
                Some(Rival::CreateUser | Rival::UpdateUser) => (true, false),
                Some(Rival::Add) => (false, true),
            };
            let succeeded = one.value.is_ok();
            ensure(
                has_user == (writes_user && succeeded)
                    && row.exists(store)? == (writes_row && succeeded),
                "a row exists although the call that writes it failed, or is missing although it succeeded",
            )?;
        }
        Ok(overlapped(&ran))
    })
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    let constraint = Constraint::ProviderAccount;
    one_sign_up(context, constraint, &[Rival::Add], |round, number| {
        let account = account_at(number, "github", &round.to_string());
        (full_user(number), account)
    })
}

pub(crate) fn one_user_id_one_winner(context: &Context) -> Verdict {
    let constraint = Constraint::UserId;
    one_sign_up(
        context,
        constraint,
        &[Rival::CreateUser],
        |round, number| (bare_user(round), bare_account(number)),
    )
}

pub(crate) fn one_id_one_winner(context: &Context) -> Verdict {
    let constraint = Constraint::AccountId;
    one_sign_up(context, constraint, &[Rival::Add], |round, number| {
        let account = NewAccount {
            id: Some(id(round)),
            ..bare_account(number)
        };
        (bare_user(number), account)
    })
}

pub(crate) fn one_email_one_winner(context: &Context) -> Verdict {
    let rivals = [Rival::CreateUser, Rival::UpdateUser];
    one_sign_up(context, Constraint::UserEmail, &rivals, |round, number| {
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
