use authstore::{Account, AccountChanges, AuthStore, Change, Constraint, Entity, Error};

use crate::call::Call;
use crate::context::Context;
use crate::failure::{Verdict, equal, not_found, returns, succeeds};
use crate::fixture::{
    account_at, bare_account, bare_user, full_account, full_user, id, look, populate,
};
use crate::race::{Race, THREADS, all_succeed, overlapped};
use crate::show::Show;
use crate::strings::{BLANKS, HOSTILE, KEY, NEAR_MISSES, UNICODE, longest_key, longest_text};

/// The number of fields that an update of an account can change.
pub(super) const FIELDS: usize = 10;

/// Applies a change to the field with this number.
pub(super) fn change(changes: &mut AccountChanges, field: usize, to: Option<&str>) {
    let text = |to: Option<&str>| Change::from(to.map(str::to_owned));
    match field {
        // The type cannot be cleared.
        0 => changes.kind = to.map(str::to_owned),
        1 => changes.expires_at = to.map(|to| to.len() as i64).into(),
        2 => changes.refresh_token = text(to),
        3 => changes.access_token = text(to),
        4 => changes.token_type = text(to),
        5 => changes.scope = text(to),
        6 => changes.id_token = text(to),
        7 => changes.session_state = text(to),
        8 => changes.oauth_token_secret = text(to),
        _ => changes.oauth_token = text(to),
    }
}

pub(super) fn apply(account: &Account, changes: &AccountChanges) -> Account {
    let account = account.clone();
    let changes = changes.clone();
    Account {
        kind: changes.kind.unwrap_or(account.kind),
        refresh_token: changes.refresh_token.apply(account.refresh_token),
        access_token: changes.access_token.apply(account.access_token),
        expires_at: changes.expires_at.apply(account.expires_at),
        token_type: changes.token_type.apply(account.token_type),
        scope: changes.scope.apply(account.scope),
        id_token: changes.id_token.apply(account.id_token),
        session_state: changes.session_state.apply(account.session_state),
        oauth_token_secret: changes.oauth_token_secret.apply(account.oauth_token_secret),
        oauth_token: changes.oauth_token.apply(account.oauth_token),
        ..account
    }
}

/// Updates an account, and checks that both the update and `get_account` return the expected row.
#[track_caller]
fn updates(context: &Context, account: &mut Account, changes: AccountChanges) -> Verdict {
    let store = context.store();
    let expected = apply(account, &changes);
    let call = format!(
        "update_account({}, {}, {})",
        account.provider.show(),
        account.provider_account_id.show(),
        changes.show()
    );
    returns(
        &call,
        store.update_account(&account.provider, &account.provider_account_id, changes),
        expected.clone(),
    )?;
    returns(
        format!("get_account(..) after {call}"),
        store.get_account(&account.provider, &account.provider_account_id),
        Some(expected.clone()),
    )?;
    *account = expected;
    Ok(())
}

pub(crate) fn each_field(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut accounts = [
        store.link_account(id(1), full_account(1))?,
        store.link_account(id(1), bare_account(2))?,
    ];
    for field in 0..FIELDS {
        for to in [Some("first"), Some("the second"), None, None, Some("3rd")] {
            for account in &mut accounts {
                let mut changes = AccountChanges::default();
                change(&mut changes, field, to);
                updates(context, account, changes)?;
            }
        }
    }
    Ok(())
}

pub(crate) fn combinations(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut account = store.link_account(id(1), full_account(1))?;
    // All pairs of fields: both set, both cleared, and one of each.
    for first in 0..FIELDS {
        for second in 0..first {
            for (one, other) in [
                (Some(format!("a{first}")), Some(format!("bb{second}"))),
                (None, Some(format!("ccc{second}"))),
                (Some(format!("dddd{first}")), None),
                (None, None),
            ] {
                let mut changes = AccountChanges::default();
                change(&mut changes, first, one.as_deref());
                change(&mut changes, second, other.as_deref());
                updates(context, &mut account, changes)?;
            }
        }
    }
    // The fields whose bits are set in the number are set; the others are cleared or kept.
    for number in (0..1_usize << FIELDS).step_by(31) {
        for clear in [false, true] {
            let mut changes = AccountChanges::default();
            for field in 0..FIELDS {
                let text = format!("{number}-{field}");
                match number >> field & 1 {
                    1 => change(&mut changes, field, Some(&text)),
                    _ if clear => change(&mut changes, field, None),
                    _ => {}
                }
            }
            updates(context, &mut account, changes)?;
        }
    }
    Ok(())
}

pub(crate) fn nothing_to_change(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    for new in [full_account(1), bare_account(2)] {
        let mut account = store.link_account(id(1), new)?;
        updates(context, &mut account, AccountChanges::default())?;
        let same = AccountChanges {
            kind: Some(account.kind.clone()),
            refresh_token: account.refresh_token.clone().into(),
            access_token: account.access_token.clone().into(),
            expires_at: account.expires_at.into(),
            token_type: account.token_type.clone().into(),
            scope: account.scope.clone().into(),
            id_token: account.id_token.clone().into(),
            session_state: account.session_state.clone().into(),
            oauth_token_secret: account.oauth_token_secret.clone().into(),
            oauth_token: account.oauth_token.clone().into(),
        };
        updates(context, &mut account, same)?;
    }
    Ok(())
}

pub(crate) fn missing(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for (provider, account) in [("provider 99", "account 99"), ("provider 11", "account 12")] {
        for changes in [
            AccountChanges::default(),
            AccountChanges {
                scope: Change::set("new"),
                ..Default::default()
            },
        ] {
            not_found(
                "update_account(..) of an account that does not exist",
                store.update_account(provider, account, changes),
                Entity::Account,
            )?;
        }
    }
    returns("the rows that existed before", look(store, 1..=3), before)
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
    let updated = store.update_account(
        "github",
        "1",
        AccountChanges {
            kind: Some("new".into()),
            expires_at: Change::Set(5),
            scope: Change::set("new"),
            ..Default::default()
        },
    )?;
    for account in &mut accounts {
        if account.id == updated.id {
            *account = updated.clone();
        }
    }
    returns(
        "the user's accounts",
        store.list_accounts_by_user_id(id(1)),
        accounts,
    )?;
    returns("the rows of other users", look(store, 2..=3), before)
}

pub(crate) fn exact(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut account = store.link_account(id(1), account_at(1, KEY, KEY))?;
    let changes = || AccountChanges {
        scope: Change::set("new"),
        ..Default::default()
    };
    for other in NEAR_MISSES {
        for (provider, id) in [(KEY, *other), (*other, KEY)] {
            not_found(
                format!("update_account({}, {}, ..)", provider.show(), id.show()),
                store.update_account(provider, id, changes()),
                Entity::Account,
            )?;
        }
    }
    returns(
        "get_account(..)",
        store.get_account(KEY, KEY),
        Some(account.clone()),
    )?;
    updates(context, &mut account, changes())
}

pub(crate) fn text(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut account = store.link_account(id(1), bare_account(1))?;
    store.link_account(id(1), full_account(2))?;
    for text in UNICODE.iter().chain(BLANKS).chain(HOSTILE) {
        let mut changes = AccountChanges::default();
        for field in 0..FIELDS {
            change(&mut changes, field, Some(text));
        }
        updates(context, &mut account, changes)?;
    }
    for field in 2..FIELDS {
        let mut changes = AccountChanges::default();
        change(&mut changes, field, Some(""));
        updates(context, &mut account, changes)?;
    }
    returns(
        "another account",
        store
            .get_account("provider 2", "account 2")
            .map(|found| found.and_then(|found| found.scope)),
        full_account(2).scope,
    )
}

pub(crate) fn long_text(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut account = store.link_account(id(1), bare_account(1))?;
    let text = longest_text();
    for field in 2..FIELDS {
        let mut changes = AccountChanges {
            kind: Some(longest_key('t')),
            ..Default::default()
        };
        change(&mut changes, field, Some(&text));
        updates(context, &mut account, changes)?;
        let mut changes = AccountChanges::default();
        change(&mut changes, field, None);
        updates(context, &mut account, changes)?;
    }
    Ok(())
}

pub(crate) fn every_expires_at(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut account = store.link_account(id(1), bare_account(1))?;
    for number in crate::times::seconds() {
        updates(
            context,
            &mut account,
            AccountChanges {
                expires_at: Change::Set(number),
                ..Default::default()
            },
        )?;
    }
    Ok(())
}

pub(crate) fn all_survive(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    context.store().create_user(full_user(1))?;
    let mut account = context.store().link_account(id(1), bare_account(1))?;
    race.rounds(|round| {
        let text = "x".repeat(usize::try_from(round % 200 + 1).unwrap_or(1));
        // One field each, and in other rounds several.
        let updates = if round % 2 == 1 { 3 } else { FIELDS };
        let mut changes = vec![AccountChanges::default(); updates];
        for field in 0..FIELDS {
            change(&mut changes[field % updates], field, Some(&text));
        }
        let ran = race.at_once(updates, |thread, store| {
            store.update_account("provider 1", "account 1", changes[thread].clone())
        });
        let overlap = overlapped(&ran);
        for (row, changes) in all_succeed("update_account(..)", ran)?.iter().zip(&changes) {
            equal(
                "update_account(..), of the fields that it sets,",
                row.clone(),
                apply(row, changes),
            )?;
        }
        for changes in &changes {
            account = apply(&account, changes);
        }
        returns(
            "get_account(..) after concurrent updates of different fields",
            context.store().get_account("provider 1", "account 1"),
            Some(account.clone()),
        )?;
        Ok(overlap)
    })
}

pub(crate) fn every_length(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let mut account = store.link_account(id(1), bare_account(1))?;
    // They include the longest, with which all strings of the account have their maximum length.
    for length in crate::strings::text_lengths() {
        let text = "t".repeat(length);
        let mut changes = AccountChanges {
            kind: Some("k".repeat(length.clamp(1, 255))),
            ..Default::default()
        };
        for field in 2..FIELDS {
            change(&mut changes, field, Some(&text));
        }
        updates(context, &mut account, changes)?;
    }
    Ok(())
}

/// The fields that [`never_half_of_an_account`] updates.
fn some_fields(account: Account) -> [Option<String>; 4] {
    [
        Some(account.kind),
        account.refresh_token,
        account.access_token,
        account.expires_at.map(|expires| expires.to_string()),
    ]
}

/// Updates several fields of an account while other threads read it. `update` gets the present refresh token.
pub(super) fn never_half_of_an_account(
    context: &Context,
    call: &str,
    update: impl Fn(&AuthStore, &str, AccountChanges) -> authstore::Result<()> + Sync,
) -> Verdict {
    let changes = |number: i64| AccountChanges {
        kind: Some(number.to_string()),
        refresh_token: Change::set(number.to_string()),
        access_token: Change::set(number.to_string()),
        expires_at: Change::Set(number),
        ..Default::default()
    };
    let store = context.store();
    store.create_user(full_user(1))?;
    store.link_account(id(1), bare_account(1))?;
    store.update_account("provider 1", "account 1", changes(0))?;
    super::update_user::only_whole_states(
        context,
        call,
        |store, number| update(store, &(number - 1).to_string(), changes(number)),
        |store, turn, _| {
            let seen = if turn % 2 == 0 {
                let found = store.get_account("provider 1", "account 1")?;
                found.into_iter().collect()
            } else {
                store.list_accounts_by_user_id(id(1))?
            };
            Ok(Some(seen.into_iter().map(some_fields).collect::<Vec<_>>()))
        },
        |number| vec![[(); 4].map(|()| Some(number.to_string()))],
    )
}

pub(crate) fn never_half(context: &Context) -> Verdict {
    never_half_of_an_account(context, "update_account(..)", |store, _, changes| {
        let updated = store.update_account("provider 1", "account 1", changes);
        updated.map(drop)
    })
}

/// Deletes an account in each way, while others update and refresh it.
pub(crate) fn never_resurrects(context: &Context) -> Verdict {
    let key = || ("github".to_owned(), "1".to_owned());
    stays_deleted(
        context,
        &[
            Call::CreateUser(bare_user(1)),
            Call::LinkAccount(id(1), account_at(1, "github", "1")),
        ],
        &[
            Call::UnlinkAccount(key().0, key().1),
            Call::UnlinkAccountOfUser(id(1), key().0, key().1, false),
            Call::DeleteUser(id(1)),
        ],
        |thread| {
            let changes = AccountChanges {
                access_token: Change::set(format!("token {thread}")),
                ..Default::default()
            };
            match thread {
                0..DELETES => Call::UpdateAccount(key().0, key().1, changes),
                _ => Call::RefreshAccount(key().0, key().1, None, changes),
            }
        },
        &Call::GetAccount(key().0, key().1),
    )
}

/// The thread that deletes in [`stays_deleted`].
pub(super) const DELETES: usize = THREADS / 2;

/// One thread deletes a row, each time in another way, while the others update it. `create` makes the row and user 1, to
/// whom it belongs. Afterwards `read` does not find the row, until it is created again.
pub(super) fn stays_deleted(
    context: &Context,
    create: &[Call],
    deletions: &[Call],
    update: impl Fn(usize) -> Call + Sync,
    read: &Call,
) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    race.rounds(|round| {
        Call::in_turn(create, store)?;
        let created = read.on_store(store)?;
        let deletion = &deletions[round as usize % deletions.len()];
        let ran = race.at_once(THREADS, |thread, store| {
            if thread == DELETES {
                return deletion.on_store(store).map(drop);
            }
            match update(thread).on_store(store) {
                Err(
                    Error::NotFound { .. }
                    | Error::Conflict {
                        constraint: Constraint::AuthenticatorCounter,
                    },
                ) => Ok(()),
                done => done.map(drop),
            }
        });
        let overlap = overlapped(&ran);
        all_succeed(
            &format!("{}, or an update of the row", deletion.show()),
            ran,
        )?;
        equal(
            format!("{} after {} during updates", read.show(), deletion.show()),
            read.on_store(store)?,
            None::<()>.show(),
        )?;
        store.delete_user(id(1))?;
        succeeds(
            format!(
                "creating again what {} deleted during updates",
                deletion.show()
            ),
            Call::in_turn(create, store),
        )?;
        equal(
            format!("{} after it was created again", read.show()),
            read.on_store(store)?,
            created,
        )?;
        store.delete_user(id(1))?;
        Ok(overlap)
    })
}
