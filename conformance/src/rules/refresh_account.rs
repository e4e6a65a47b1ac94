use authstore::{AccountChanges, Change};

use crate::context::Context;
use crate::failure::{Verdict, equal, returns};
use crate::fixture::{account_at, bare_account, bare_user, full_account, id, look, populate};
use crate::race::{Race, THREADS, all_succeed, overlapped};
use crate::rules::update_account::{FIELDS, apply, change};
use crate::show::Show;
use crate::strings::{BLANKS, HOSTILE, KEY, NEAR_MISSES, UNICODE, longest_text};

/// The response of a provider to a refresh.
fn rotated(token: &str) -> AccountChanges {
    AccountChanges {
        refresh_token: Change::set(token),
        access_token: Change::set("new access token"),
        expires_at: Change::Set(7),
        ..Default::default()
    }
}

pub(crate) fn still_the_same(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let mut account = store.link_account(id(1), full_account(1))?;
    for token in ["second", "third", ""] {
        let seen = account.refresh_token.clone();
        account.refresh_token = Some(token.to_owned());
        account.access_token = Some("new access token".to_owned());
        account.expires_at = Some(7);
        returns(
            format!("refresh_account(.., {}, ..)", seen.show()),
            store.refresh_account("provider 1", "account 1", seen.as_deref(), rotated(token)),
            Some(account.clone()),
        )?;
        returns(
            "get_account(..) after it",
            store.get_account("provider 1", "account 1"),
            Some(account.clone()),
        )?;
    }
    Ok(())
}

pub(crate) fn meanwhile_another(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for seen in [
        None,
        Some(""),
        Some("refresh_token 12"),
        Some("Refresh_token 11"),
        Some("refresh_token 11 "),
        Some("refresh_token%"),
    ] {
        for changes in [rotated("another"), AccountChanges::default()] {
            returns(
                format!("refresh_account(.., {}, ..)", seen.show()),
                store.refresh_account("provider 11", "account 11", seen, changes),
                None,
            )?;
        }
    }
    returns("the rows that existed before", look(store, 1..=3), before)?;
    let refreshed = store.refresh_account(
        "provider 11",
        "account 11",
        Some("refresh_token 11"),
        rotated(KEY),
    )?;
    let invisible = ["Straße\u{200b} é 0123_x% a", "Straße é 0123_x% a\u{ad}"];
    for seen in NEAR_MISSES.iter().chain(&invisible) {
        returns(
            format!("refresh_account(.., {}, ..)", seen.show()),
            store.refresh_account("provider 11", "account 11", Some(seen), rotated("another")),
            None,
        )?;
    }
    returns(
        "get_account(..) after it",
        store.get_account("provider 11", "account 11"),
        refreshed,
    )
}

pub(crate) fn without_a_token(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let mut account = store.link_account(id(1), bare_account(1))?;
    returns(
        "refresh_account(.., Some(\"\"), ..) of an account without a refresh token",
        store.refresh_account("provider 1", "account 1", Some(""), rotated("first")),
        None,
    )?;
    account.refresh_token = Some("first".to_owned());
    account.access_token = Some("new access token".to_owned());
    account.expires_at = Some(7);
    returns(
        "refresh_account(.., None, ..) of an account without a refresh token",
        store.refresh_account("provider 1", "account 1", None, rotated("first")),
        Some(account),
    )
}

pub(crate) fn missing(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for seen in [None, Some("refresh_token 11")] {
        returns(
            "refresh_account(..) of an account that does not exist",
            store.refresh_account("provider 11", "account 12", seen, rotated("another")),
            None,
        )?;
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
    let seen = Some("refresh_token 11");
    store.refresh_account("provider 11", "account 11", seen, rotated("another"))?;
    returns(
        "another account of the user",
        store.get_account("provider 12", "account 12"),
        sibling,
    )?;
    returns("the rows of other users", look(store, 2..=3), others)
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let account = store.link_account(id(1), account_at(1, KEY, KEY))?;
    for other in NEAR_MISSES {
        for (provider, account) in [(KEY, *other), (*other, KEY)] {
            returns(
                "refresh_account(..) by a key that only looks the same",
                store.refresh_account(provider, account, None, rotated("another")),
                None,
            )?;
        }
    }
    returns(
        "get_account(..) after it",
        store.get_account(KEY, KEY),
        Some(account),
    )
}

pub(crate) fn text(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let account = store.link_account(id(1), bare_account(1))?;
    let mut seen: Option<String> = None;
    let longest = longest_text();
    let texts = UNICODE.iter().chain(BLANKS).chain(HOSTILE);
    for text in texts.copied().chain([&*longest]) {
        let mut changes = AccountChanges::default();
        // Not the type, which is a key.
        (1..FIELDS).for_each(|field| change(&mut changes, field, Some(text)));
        let expected = apply(&account, &changes);
        returns(
            format!("refresh_account(..) with {}", text.show()),
            store.refresh_account("provider 1", "account 1", seen.as_deref(), changes),
            Some(expected),
        )?;
        seen = Some(text.to_owned());
    }
    let changes = AccountChanges::default();
    equal(
        "whether the longest token is still the one read before",
        store
            .refresh_account("provider 1", "account 1", Some(&longest), changes)?
            .is_some(),
        true,
    )
}

pub(crate) fn every_expires_at(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let mut account = store.link_account(id(1), bare_account(1))?;
    for number in crate::times::seconds() {
        account.expires_at = Some(number);
        let changes = AccountChanges {
            expires_at: Change::Set(number),
            ..Default::default()
        };
        returns(
            format!("refresh_account(..) with expires_at {number}"),
            store.refresh_account("provider 1", "account 1", None, changes),
            Some(account.clone()),
        )?;
    }
    Ok(())
}

/// Refreshes accounts by the token that all callers saw. Another caller updates the token of all but the first, whatever it
/// is, and some have none.
pub(crate) fn one_winner(context: &Context) -> Verdict {
    const ACCOUNTS: u128 = 4;
    let race = Race::new(context)?;
    let store = context.store();
    store.create_user(bare_user(1))?;
    let mut accounts = Vec::new();
    for number in 0..ACCOUNTS {
        accounts.push(store.link_account(id(1), full_account(number))?);
    }
    let with_token = |refresh_token| AccountChanges {
        refresh_token,
        ..Default::default()
    };
    race.few_rounds(|round| {
        for (number, account) in (0..).zip(&mut accounts) {
            if (round + number) % 3 == 0 {
                let (provider, key) = (&account.provider, &account.provider_account_id);
                *account = store.update_account(provider, key, with_token(Change::Clear))?;
            }
        }
        let updater = |key: usize| (key > 0).then_some((round as usize + key) % THREADS);
        let update = format!("token {round} of an update");
        let by_account = race.at_once_for_keys(THREADS, accounts.len(), |key, thread, store| {
            let seen = &accounts[key];
            let (provider, account) = (&seen.provider, &seen.provider_account_id);
            if updater(key) == Some(thread) {
                let changes = with_token(Change::set(&update));
                store.update_account(provider, account, changes)?;
                return Ok(None);
            }
            let changes = rotated(&format!("token {round} of {thread}"));
            store.refresh_account(provider, account, seen.refresh_token.as_deref(), changes)
        });
        let mut took_place = false;
        for (key, (account, ran)) in accounts.iter_mut().zip(by_account).enumerate() {
            took_place |= overlapped(&ran);
            let mut refreshed = Vec::new();
            let outcomes = all_succeed("refresh_account(..) or update_account(..)", ran)?;
            for (thread, outcome) in outcomes.into_iter().enumerate() {
                let Some(row) = outcome else { continue };
                equal(
                    "the refresh token that refresh_account(..) returned to a caller who had set it",
                    row.refresh_token.clone(),
                    Some(format!("token {round} of {thread}")),
                )?;
                refreshed.push(row);
            }
            // If the update came first, no one has seen its token. If it came last, its token is the last.
            let is_updated = updater(key).is_some();
            if !is_updated || !refreshed.is_empty() {
                equal(
                    "the number of concurrent callers that replaced the same refresh token",
                    refreshed.len(),
                    1,
                )?;
            }
            if let Some(refreshed) = refreshed.into_iter().next() {
                *account = refreshed;
            }
            if is_updated {
                account.refresh_token = Some(update.clone());
            }
            returns(
                "get_account(..) after it",
                store.get_account(&account.provider, &account.provider_account_id),
                Some(account.clone()),
            )?;
        }
        Ok(took_place)
    })
}

/// Returns strings of the same length that differ in the first or the last character only, which are ASCII.
fn nearly(text: &str) -> Vec<String> {
    match text.len() {
        0 => Vec::new(),
        length => vec![
            format!("u{}", &text[1..]),
            format!("{}u", &text[..length - 1]),
        ],
    }
}

pub(crate) fn every_length(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(bare_user(1))?;
    let mut expected = store.link_account(id(1), bare_account(1))?;
    // They include the longest, with which all strings of the account have their maximum length.
    for length in crate::strings::text_lengths() {
        let seen = expected.refresh_token.clone();
        for other in seen.iter().flat_map(|seen| nearly(seen)) {
            returns(
                format!(
                    "refresh_account(..) by another token of {} bytes",
                    other.len()
                ),
                store.refresh_account(
                    "provider 1",
                    "account 1",
                    Some(&other),
                    AccountChanges::default(),
                ),
                None,
            )?;
        }
        let text = Some("t".repeat(length));
        for field in [
            &mut expected.refresh_token,
            &mut expected.access_token,
            &mut expected.token_type,
            &mut expected.scope,
            &mut expected.id_token,
            &mut expected.session_state,
            &mut expected.oauth_token_secret,
            &mut expected.oauth_token,
        ] {
            field.clone_from(&text);
        }
        let change = || Change::from(text.clone());
        let changes = AccountChanges {
            refresh_token: change(),
            access_token: change(),
            token_type: change(),
            scope: change(),
            id_token: change(),
            session_state: change(),
            oauth_token_secret: change(),
            oauth_token: change(),
            ..Default::default()
        };
        let call = format!("refresh_account(..) with strings of {length} bytes");
        let refreshed = store.refresh_account("provider 1", "account 1", seen.as_deref(), changes);
        returns(&call, refreshed, Some(expected.clone()))?;
        returns(
            format!("get_account(..) after {call}"),
            store.get_account("provider 1", "account 1"),
            Some(expected.clone()),
        )?;
    }
    Ok(())
}

pub(crate) fn never_half(context: &Context) -> Verdict {
    super::update_account::never_half_of_an_account(
        context,
        "refresh_account(..)",
        |store, seen, changes| {
            let refreshed = store.refresh_account("provider 1", "account 1", Some(seen), changes);
            refreshed.map(drop)
        },
    )
}
