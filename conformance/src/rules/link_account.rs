use authstore::{
    Account, AccountChanges, AuthStore, Constraint, Entity, Error, NewAccount, Removal,
};

use crate::context::Context;
use crate::failure::{Verdict, conflicts, equal, not_found, returns, succeeds};
use crate::fixture::{
    a_bit_apart, account_at, bare_account, bare_user, full_account, full_user, id, look, populate,
};
use crate::race::{Race, THREADS, overlapped, winners};
use crate::show::Show;
use crate::strings::{
    BLANKS, HOSTILE, UNICODE, credential_ids_of_every_length, keys_alike, keys_of_every_length,
    longest_key, longest_text, separators, text_lengths,
};

/// Unlinks the first account of user 1, after which every operation finds the second one only.
#[track_caller]
fn is_unlinked_alone(store: &AuthStore, first: &Account, second: &Account) -> Verdict {
    let [one, other] =
        [first, second].map(|account| (&*account.provider, &*account.provider_account_id));
    let pairs = format!("of {one:?} next to {other:?}");
    returns(
        format!("unlink_account_of_user(..) {pairs}"),
        store.unlink_account_of_user(id(1), one.0, one.1, false),
        Removal::Done,
    )?;
    returns(
        format!("unlink_account_of_user(..) {pairs}, again"),
        store.unlink_account_of_user(id(1), one.0, one.1, false),
        Removal::Absent,
    )?;
    returns(
        format!("unlink_account(..) {pairs}, again"),
        store.unlink_account(one.0, one.1),
        false,
    )?;
    returns(
        format!("get_user_by_account(..) {pairs}, unlinked"),
        store.get_user_by_account(one.0, one.1),
        None,
    )?;
    not_found(
        format!("update_account(..) {pairs}, unlinked"),
        store.update_account(one.0, one.1, AccountChanges::default()),
        Entity::Account,
    )?;
    let seen = second.refresh_token.as_deref();
    returns(
        format!("refresh_account(..) {pairs}, unlinked"),
        store.refresh_account(one.0, one.1, seen, AccountChanges::default()),
        None,
    )?;
    returns(
        format!("get_account(..) of {other:?} after unlinking {one:?}"),
        store.get_account(other.0, other.1),
        Some(second.clone()),
    )
}

/// Links an account to user 1, and checks that it is read as it was returned.
#[track_caller]
fn round_trips(context: &Context, account: NewAccount) -> Verdict<Account> {
    let store = context.store();
    let call = format!("link_account(id(1), {})", account.show());
    let linked = succeeds(&call, store.link_account(id(1), account))?;
    returns(
        format!("get_account(..) after {call}"),
        store.get_account(&linked.provider, &linked.provider_account_id),
        Some(linked.clone()),
    )?;
    Ok(linked)
}

pub(crate) fn stored(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    let linked = round_trips(context, full_account(1))?;
    let given = full_account(1);
    equal(
        "link_account(..)",
        linked,
        Account {
            id: id(1_001),
            user_id: id(1),
            kind: given.kind,
            provider: given.provider,
            provider_account_id: given.provider_account_id,
            refresh_token: given.refresh_token,
            access_token: given.access_token,
            expires_at: given.expires_at,
            token_type: given.token_type,
            scope: given.scope,
            id_token: given.id_token,
            session_state: given.session_state,
            oauth_token_secret: given.oauth_token_secret,
            oauth_token: given.oauth_token,
        },
    )
}

/// Returns an account for each nullable string, with only that string.
fn alone(text: &str) -> Vec<NewAccount> {
    let some = || Some(text.to_owned());
    vec![
        NewAccount {
            refresh_token: some(),
            ..bare_account(1)
        },
        NewAccount {
            access_token: some(),
            ..bare_account(2)
        },
        NewAccount {
            token_type: some(),
            ..bare_account(3)
        },
        NewAccount {
            scope: some(),
            ..bare_account(4)
        },
        NewAccount {
            id_token: some(),
            ..bare_account(5)
        },
        NewAccount {
            session_state: some(),
            ..bare_account(6)
        },
        NewAccount {
            oauth_token_secret: some(),
            ..bare_account(7)
        },
        NewAccount {
            oauth_token: some(),
            ..bare_account(8)
        },
    ]
}

/// Returns an account with this value in every nullable string.
pub(super) fn everywhere(number: u128, text: &str) -> NewAccount {
    let some = || Some(text.to_owned());
    NewAccount {
        refresh_token: some(),
        access_token: some(),
        token_type: some(),
        scope: some(),
        id_token: some(),
        session_state: some(),
        oauth_token_secret: some(),
        oauth_token: some(),
        ..bare_account(number)
    }
}

pub(crate) fn each_optional_field(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    round_trips(context, bare_account(9))?;
    round_trips(
        context,
        NewAccount {
            expires_at: Some(0),
            ..bare_account(10)
        },
    )?;
    for account in alone("alone") {
        round_trips(context, account)?;
    }
    Ok(())
}

pub(crate) fn given_id(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    for (number, given) in [
        (1, 0),
        (2, u128::MAX),
        (3, 0xabcd_ef01_2345_4789_abcd_ef01_2345_6789),
    ] {
        let linked = round_trips(
            context,
            NewAccount {
                id: Some(id(given)),
                ..bare_account(number)
            },
        )?;
        equal("the id of link_account(..)", linked.id, id(given))?;
    }
    round_trips(
        context,
        NewAccount {
            id: None,
            ..bare_account(4)
        },
    )?;
    Ok(())
}

pub(crate) fn text(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    for (number, text) in (1..).zip(UNICODE.iter().chain(BLANKS)) {
        round_trips(
            context,
            NewAccount {
                kind: (*text).to_owned(),
                provider: (*text).to_owned(),
                provider_account_id: (*text).to_owned(),
                ..everywhere(number, text)
            },
        )?;
    }
    Ok(())
}

pub(crate) fn hostile_text(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 2..=3)?;
    for (number, text) in (100..).zip(HOSTILE) {
        let account = round_trips(
            context,
            NewAccount {
                kind: (*text).to_owned(),
                provider: (*text).to_owned(),
                provider_account_id: (*text).to_owned(),
                ..everywhere(number, text)
            },
        )?;
        returns(
            format!("unlink_account({}, ..)", text.show()),
            store.unlink_account(&account.provider, &account.provider_account_id),
            true,
        )?;
    }
    returns("the rows that existed before", look(store, 2..=3), before)
}

pub(crate) fn empty_text(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    for account in alone("") {
        round_trips(context, account)?;
    }
    round_trips(context, everywhere(9, ""))?;
    Ok(())
}

pub(crate) fn long_text(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    for account in alone(&longest_text()) {
        round_trips(context, account)?;
    }
    Ok(())
}

pub(crate) fn long_keys(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    for (number, last) in [(1, 'a'), (2, 'b'), (3, '\u{1f512}')] {
        let account = account_at(number, &longest_key(last), &longest_key(last));
        round_trips(
            context,
            NewAccount {
                kind: longest_key(last),
                ..account
            },
        )?;
    }
    for (number, provider, account) in [(4, 'a', 'b'), (5, 'b', 'a')] {
        round_trips(
            context,
            account_at(number, &longest_key(provider), &longest_key(account)),
        )?;
    }
    Ok(())
}

pub(crate) fn keys_by_bytes(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let keys = keys_alike();
    for (number, key) in (0..).zip(&keys) {
        for (number, provider, account) in [
            (number * 2, key.as_str(), "same"),
            (number * 2 + 1, "same", key.as_str()),
        ] {
            succeeds(
                format!(
                    "link_account(..) of {} at {}",
                    account.show(),
                    provider.show()
                ),
                store.link_account(id(1), account_at(number, provider, account)),
            )?;
        }
    }
    for (number, key) in (0..).zip(&keys) {
        for (number, provider, account) in [
            (number * 2, key.as_str(), "same"),
            (number * 2 + 1, "same", key.as_str()),
        ] {
            returns(
                format!(
                    "the id of get_account({}, {})",
                    provider.show(),
                    account.show()
                ),
                store
                    .get_account(provider, account)
                    .map(|found| found.map(|found| found.id)),
                Some(id(1_000 + number)),
            )?;
        }
    }
    Ok(())
}

pub(crate) fn every_expires_at(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    for (number, expires_at) in (1..).zip(crate::times::seconds()) {
        round_trips(
            context,
            NewAccount {
                expires_at: Some(expires_at),
                ..bare_account(number)
            },
        )?;
    }
    Ok(())
}

pub(crate) fn unique_id(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for user in [1, 2] {
        conflicts(
            "link_account(..) with a taken id",
            store.link_account(
                id(user),
                NewAccount {
                    id: Some(id(1_011)),
                    ..bare_account(99)
                },
            ),
            Constraint::AccountId,
        )?;
    }
    returns(
        "get_account(..) of the rejected row",
        store.get_account("provider 99", "account 99"),
        None,
    )?;
    returns("the rows that existed before", look(store, 1..=3), before)
}

pub(crate) fn unique_account(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for (user, whose) in [(1, "the same user"), (2, "another user")] {
        conflicts(
            format!("link_account(..) of an account that {whose} has"),
            store.link_account(
                id(user),
                NewAccount {
                    id: Some(id(99)),
                    ..full_account(11)
                },
            ),
            Constraint::ProviderAccount,
        )?;
    }
    returns("the rows that existed before", look(store, 1..=3), before)
}

pub(crate) fn pair_of_keys(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    for (number, provider, account) in [
        (1, "github", "1"),
        (2, "github", "2"),
        (3, "google", "1"),
        (4, "1", "github"),
    ] {
        round_trips(context, account_at(number, provider, account))?;
    }
    // If a backend joins the two keys, the boundary between them must count: "a:" and "b" are not "a" and ":b".
    for (number, separator) in (3..).zip(separators()) {
        let first = round_trips(
            context,
            account_at(2 * number, &format!("a{separator}"), "b"),
        )?;
        let second = round_trips(
            context,
            account_at(2 * number + 1, "a", &format!("{separator}b")),
        )?;
        is_unlinked_alone(store, &first, &second)?;
    }
    // With lengths too: 1 and 12 is not 11 and 2.
    for (number, provider, account) in [
        (1_001, "ab", "c"),
        (1_002, "a", "bc"),
        (1_003, "1", "12"),
        (1_004, "11", "2"),
        (1_005, "1:a", "1:b"),
        (1_006, "1:a1", ":b"),
        (1_007, "a,b", "c,d"),
        (1_008, "a", "b,c,d"),
        (1_009, "\"a\"", "b"),
        (1_010, "a", "\"b\""),
    ] {
        round_trips(context, account_at(number, provider, account))?;
    }
    Ok(())
}

pub(crate) fn unknown_user(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=5)?;
    not_found(
        "link_account(..) of a user that does not exist",
        store.link_account(id(4), full_account(99)),
        Entity::User,
    )?;
    returns(
        "get_account(..) of the rejected row",
        store.get_account("provider 99", "account 99"),
        None,
    )?;
    returns("the rows that existed before", look(store, 1..=5), before)?;
    store.create_user(bare_user(4))?;
    returns(
        "list_accounts_by_user_id(id(4))",
        store.list_accounts_by_user_id(id(4)),
        Vec::new(),
    )
}

pub(crate) fn again_after_unlink(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    for _ in 0..3 {
        round_trips(context, full_account(1))?;
        returns(
            "unlink_account(..)",
            store.unlink_account("provider 1", "account 1"),
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
        let account = round.to_string();
        let ran = race.at_once(THREADS, |thread, store| {
            let thread = thread as u128;
            store.link_account(
                id(thread + 1),
                account_at(round * 100 + thread, "github", &account),
            )
        });
        let number = winners(
            "link_account(..) of one account to several users",
            &ran,
            |error| {
                matches!(
                    error,
                    Error::Conflict {
                        constraint: Constraint::ProviderAccount
                    }
                )
            },
        )?;
        equal("the number of users who got the account", number, 1)?;
        let winner = ran.iter().find_map(|one| one.value.as_ref().ok()).cloned();
        returns(
            "get_account(..) of the account that all callers wanted",
            context.store().get_account("github", &account),
            winner,
        )?;
        let mut there = 0;
        for user in 1..=THREADS as u128 {
            there += context
                .store()
                .list_accounts_by_user_id(id(user))?
                .iter()
                .filter(|linked| linked.provider_account_id == account)
                .count();
        }
        equal("the number of rows of one account", there, 1)?;
        Ok(overlapped(&ran))
    })
}

/// All strings of one row have their maximum length.
pub(crate) fn all_texts_long(context: &Context) -> Verdict {
    context.store().create_user(full_user(1))?;
    round_trips(
        context,
        NewAccount {
            kind: longest_key('a'),
            provider: longest_key('b'),
            provider_account_id: longest_key('c'),
            ..everywhere(1, &longest_text())
        },
    )?;
    Ok(())
}

pub(crate) fn one_id_one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    race.rounds(|round| {
        let store = context.store();
        store.create_user(bare_user(round))?;
        let provider = |thread: usize| format!("provider {thread} of {round}");
        let by_key = race.at_once_for_keys(THREADS, 4, |key, thread, store| {
            let account = account_at(
                round * 10 + key as u128,
                &provider(thread),
                &key.to_string(),
            );
            store.link_account(id(round), account)
        });
        let mut took_place = false;
        for (key, ran) in by_key.iter().enumerate() {
            let winners = winners("link_account(..) with one id", ran, |error| {
                matches!(
                    error,
                    Error::Conflict {
                        constraint: Constraint::AccountId
                    }
                )
            })?;
            equal("the number of accounts that got the id", winners, 1)?;
            for (thread, one) in ran.iter().enumerate() {
                equal(
                    "whether the account exists, which must match the result of link_account(..)",
                    store
                        .get_account(&provider(thread), &key.to_string())?
                        .is_some(),
                    one.value.is_ok(),
                )?;
            }
            took_place |= overlapped(ran);
        }
        Ok(took_place)
    })
}

pub(crate) fn every_length(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    for length in text_lengths() {
        round_trips(context, everywhere(1, &"t".repeat(length)))?;
        store.unlink_account("provider 1", "account 1")?;
    }
    for (number, key) in (1..).zip(keys_of_every_length()) {
        round_trips(
            context,
            NewAccount {
                kind: key.clone(),
                ..account_at(number, &key, &key)
            },
        )?;
    }
    // An account of the kind webauthn has a credential id.
    for (number, credential_id) in (1_001..).zip(credential_ids_of_every_length()) {
        round_trips(context, account_at(number, "passkey", &credential_id))?;
    }
    Ok(())
}

pub(crate) fn every_bit_of_the_id(context: &Context) -> Verdict {
    context.store().create_user(bare_user(1))?;
    for (row, account_id) in (1..).zip(a_bit_apart()) {
        let account = NewAccount {
            id: Some(id(account_id)),
            ..bare_account(row)
        };
        round_trips(context, account)?;
    }
    Ok(())
}
