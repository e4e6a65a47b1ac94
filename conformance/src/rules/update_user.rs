use std::sync::atomic::{AtomicUsize, Ordering};

use authstore::{AuthStore, Change, Constraint, Entity, NewUser, User, UserChanges};
use time::OffsetDateTime;

use crate::context::Context;
use crate::failure::{Verdict, conflicts, equal, not_found, returns, succeeds};
use crate::fixture::{
    account_at, bare_account, bare_user, full_user, id, look, millis, populate, session,
    user_with_email,
};
use crate::race::{Race, THREADS, all_succeed, overlapped};
use crate::rules::create_user::{finds_address_of, found_by_every_key};
use crate::show::Show;
use crate::strings::{BLANKS, HOSTILE, UNICODE, keys_alike, longest_key, longest_text};

/// Updates user 1, and checks that both the update and `get_user` return the expected row.
#[track_caller]
fn updates(context: &Context, changes: UserChanges, expected: User) -> Verdict {
    let store = context.store();
    let call = format!("update_user({}, {})", expected.id.show(), changes.show());
    returns(
        &call,
        store.update_user(expected.id, changes),
        expected.clone(),
    )?;
    returns(
        format!("get_user(..) after {call}"),
        store.get_user(expected.id),
        Some(expected.clone()),
    )?;
    finds_address_of(store, &expected)
}

/// Keep, set or clear, each on a NULL and on a value.
fn apply(user: &User, changes: &UserChanges) -> User {
    User {
        id: user.id,
        name: changes.name.clone().apply(user.name.clone()),
        email: changes.email.clone().apply(user.email.clone()),
        email_verified: changes.email_verified.clone().apply(user.email_verified),
        image: changes.image.clone().apply(user.image.clone()),
    }
}

fn choices<T: Clone>(value: T) -> [Change<T>; 3] {
    [Change::Keep, Change::Set(value), Change::Clear]
}

pub(crate) fn every_combination(context: &Context) -> Verdict {
    let store = context.store();
    let mut users = [
        store.create_user(full_user(1))?,
        store.create_user(bare_user(2))?,
    ];
    let mut number = 0;
    for name in choices("new name".to_owned()) {
        for email in choices(String::new()) {
            for email_verified in choices(millis(5)) {
                for image in choices("new image".to_owned()) {
                    for user in &mut users {
                        number += 1;
                        let changes = UserChanges {
                            name: name.clone(),
                            email: match email {
                                Change::Keep => Change::Keep,
                                Change::Set(_) => Change::set(format!("new-{number}@example.org")),
                                Change::Clear => Change::Clear,
                            },
                            email_verified: email_verified.clone(),
                            image: image.clone(),
                        };
                        let expected = apply(user, &changes);
                        updates(context, changes, expected.clone())?;
                        *user = expected;
                    }
                }
            }
        }
    }
    Ok(())
}

pub(crate) fn sets_what_was_missing(context: &Context) -> Verdict {
    let store = context.store();
    let full = full_user(9);
    let changes = [
        UserChanges {
            name: full.name.into(),
            ..Default::default()
        },
        UserChanges {
            email: full.email.into(),
            ..Default::default()
        },
        UserChanges {
            email_verified: full.email_verified.into(),
            ..Default::default()
        },
        UserChanges {
            image: full.image.into(),
            ..Default::default()
        },
    ];
    for (number, changes) in (1..).zip(changes) {
        let user = store.create_user(bare_user(number))?;
        let expected = apply(&user, &changes);
        updates(context, changes, expected)?;
    }
    Ok(())
}

pub(crate) fn clears(context: &Context) -> Verdict {
    let store = context.store();
    let changes = [
        UserChanges {
            name: Change::Clear,
            ..Default::default()
        },
        UserChanges {
            email: Change::Clear,
            ..Default::default()
        },
        UserChanges {
            email_verified: Change::Clear,
            ..Default::default()
        },
        UserChanges {
            image: Change::Clear,
            ..Default::default()
        },
    ];
    for (number, changes) in (1..).zip(changes) {
        let user = store.create_user(full_user(number))?;
        let expected = apply(&user, &changes);
        updates(context, changes.clone(), expected.clone())?;
        // A NULL field can be cleared.
        updates(context, changes, expected)?;
    }
    Ok(())
}

pub(crate) fn nothing_to_change(context: &Context) -> Verdict {
    let store = context.store();
    for user in [full_user(1), bare_user(2)] {
        let user = store.create_user(user)?;
        updates(context, UserChanges::default(), user.clone())?;
        // The current values.
        let same = UserChanges {
            name: user.name.clone().into(),
            email: user.email.clone().into(),
            email_verified: user.email_verified.into(),
            image: user.image.clone().into(),
        };
        updates(context, same, user)?;
    }
    Ok(())
}

pub(crate) fn missing(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 0..=5)?;
    let changes = [
        UserChanges::default(),
        UserChanges {
            name: Change::set("name"),
            ..Default::default()
        },
        UserChanges {
            email: Change::set("new@example.org"),
            ..Default::default()
        },
    ];
    for changes in changes {
        not_found(
            "update_user(..) of a user that does not exist",
            store.update_user(id(4), changes),
            Entity::User,
        )?;
    }
    returns("the rows that existed before", look(store, 0..=5), before)?;
    returns(
        "get_user_by_email(..) with the address of the update",
        store.get_user_by_email("new@example.org"),
        None,
    )
}

pub(crate) fn leaves_others_unchanged(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let (before, of_user_1) = (look(store, 2..=3)?, store.list_accounts_by_user_id(id(1))?);
    store.update_user(
        id(1),
        UserChanges {
            name: Change::set("new"),
            email: Change::set("new@example.org"),
            email_verified: Change::Clear,
            image: Change::set("new"),
        },
    )?;
    returns("the rows of other users", look(store, 2..=3), before)?;
    returns(
        "the user's accounts",
        store.list_accounts_by_user_id(id(1)),
        of_user_1,
    )
}

pub(crate) fn unique_email(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    conflicts(
        "update_user(..) with another user's email address",
        store.update_user(
            id(1),
            UserChanges {
                name: Change::set("new"),
                email: Change::set("user-2@example.org"),
                email_verified: Change::Clear,
                image: Change::Clear,
            },
        ),
        Constraint::UserEmail,
    )?;
    returns("the rows that existed before", look(store, 1..=3), before)
}

pub(crate) fn moves_the_email(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let user = store.update_user(
        id(1),
        UserChanges {
            email: Change::set("new@example.org"),
            ..Default::default()
        },
    )?;
    returns(
        "get_user_by_email(..) with the new address",
        store.get_user_by_email("new@example.org"),
        Some(user),
    )?;
    returns(
        "get_user_by_email(..) with the old address",
        store.get_user_by_email("user-1@example.org"),
        None,
    )?;
    succeeds(
        "create_user(..) with an address that another user had before",
        store.create_user(user_with_email(2, "user-1@example.org")),
    )?;
    store.update_user(
        id(1),
        UserChanges {
            email: Change::Clear,
            ..Default::default()
        },
    )?;
    succeeds(
        "update_user(..) with the address that another user cleared",
        store.update_user(
            id(2),
            UserChanges {
                email: Change::set("new@example.org"),
                ..Default::default()
            },
        ),
    )?;
    Ok(())
}

pub(crate) fn text(context: &Context) -> Verdict {
    let store = context.store();
    let mut expected = store.create_user(bare_user(1))?;
    store.create_user(full_user(2))?;
    let before = look(store, [2])?;
    for text in UNICODE.iter().chain(BLANKS).chain(HOSTILE) {
        let set = || Change::set(*text);
        let changes = UserChanges {
            name: set(),
            email: set(),
            image: set(),
            ..Default::default()
        };
        expected = apply(&expected, &changes);
        updates(context, changes, expected.clone())?;
    }
    returns("another user", look(store, [2]), before)?;
    for empty in [
        UserChanges {
            name: Change::set(""),
            ..Default::default()
        },
        UserChanges {
            image: Change::set(""),
            ..Default::default()
        },
    ] {
        expected = apply(&expected, &empty);
        updates(context, empty, expected.clone())?;
    }
    Ok(())
}

pub(crate) fn long_text(context: &Context) -> Verdict {
    let store = context.store();
    let user = store.create_user(bare_user(1))?;
    let account = store.link_account(id(1), bare_account(1))?;
    let session = store.create_session(session(1, 1))?;
    let changes = UserChanges {
        name: Change::Set(longest_text()),
        email: Change::Set(longest_key('z')),
        image: Change::Set(longest_text()),
        ..Default::default()
    };
    let expected = apply(&user, &changes);
    updates(context, changes, expected.clone())?;
    found_by_every_key(store, &expected, &account, &session)
}

pub(crate) fn email_by_bytes(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(user_with_email(1, "A@example.org"))?;
    store.create_user(bare_user(2))?;
    let longest = ['1', '2'].map(longest_key);
    let emails: Vec<String> = keys_alike().into_iter().chain(longest).collect();
    let change = |user, email: Change<String>| {
        let changes = UserChanges {
            email,
            ..Default::default()
        };
        store.update_user(user, changes)
    };
    // One user has all of them in turn, and then another user has each.
    for email in &emails {
        let updated = change(id(1), Change::set(email)).map(|user| user.email);
        let call = format!("update_user(..) with the email address {}", email.show());
        returns(call, updated, Some(email.clone()))?;
    }
    change(id(1), Change::Clear)?;
    let mut others = Vec::new();
    for (number, email) in (10..).zip(&emails) {
        let user = store.create_user(bare_user(number))?;
        others.push(succeeds(
            format!("update_user(..) with the email address {}", email.show()),
            change(user.id, Change::set(email)),
        )?);
    }
    for user in &others {
        finds_address_of(store, user)?;
        store.delete_user(user.id)?;
    }
    // One user has one of them, and the other takes one that only looks the same.
    for (first, second) in [
        ("e", "é"),
        ("Ada", "ada"),
        ("a", "a "),
        ("ß", "ss"),
        ("1", "01"),
    ] {
        for (number, email) in [(1, first), (2, second)] {
            succeeds(
                format!("update_user(id({number}), ..) with {}", email.show()),
                change(id(number), Change::set(email)),
            )?;
        }
    }
    Ok(())
}

pub(crate) fn times(context: &Context) -> Verdict {
    let store = context.store();
    let mut user = store.create_user(bare_user(1))?;
    let mut set = |time: OffsetDateTime| {
        user.email_verified = Some(time);
        let changes = UserChanges {
            email_verified: Change::Set(time),
            ..Default::default()
        };
        updates(context, changes, user.clone())
    };
    crate::times::all().into_iter().try_for_each(&mut set)
}

pub(crate) fn all_survive(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let user = context.store().create_user(NewUser::default())?;
    race.rounds(|round| {
        let value = round.to_string();
        let time = millis(i64::try_from(round).unwrap_or_default());
        let change = |changes: &mut UserChanges, field| match field {
            0 => changes.name = Change::set(&value),
            1 => changes.email = Change::set(&value),
            2 => changes.email_verified = Change::set(time),
            _ => changes.image = Change::set(&value),
        };
        // One field each, and in other rounds two.
        let updates = if round % 2 == 1 { 2 } else { 4 };
        let mut changes = vec![UserChanges::default(); updates];
        for field in 0..4 {
            change(&mut changes[field % updates], field);
        }
        let ran = race.at_once(8, |thread, store| {
            store.update_user(user.id, changes[thread % updates].clone())
        });
        let overlap = overlapped(&ran);
        for (thread, row) in all_succeed("update_user(..)", ran)?.iter().enumerate() {
            let mut own = row.clone();
            own = apply(&own, &changes[thread % updates]);
            equal(
                "update_user(..), of the fields that it sets,",
                row.clone(),
                own,
            )?;
        }
        let expected = User {
            id: user.id,
            name: Some(value.clone()),
            email: Some(value.clone()),
            email_verified: Some(time),
            image: Some(value),
        };
        returns(
            "get_user(..) after concurrent updates of different fields",
            context.store().get_user(user.id),
            Some(expected),
        )?;
        Ok(overlap)
    })
}

pub(crate) fn one_email_one_winner(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    for number in 1..=8 {
        context.store().create_user(bare_user(number))?;
    }
    race.rounds(|round| {
        let email = format!("round-{round}@example.org");
        let ran = race.at_once(8, |thread, store| {
            store.update_user(
                id(thread as u128 + 1),
                UserChanges {
                    email: Change::set(&email),
                    ..Default::default()
                },
            )
        });
        let winners =
            crate::race::winners("update_user(..) with one email address", &ran, |error| {
                matches!(
                    error,
                    authstore::Error::Conflict {
                        constraint: Constraint::UserEmail
                    }
                )
            })?;
        equal(
            "the number of callers that got the email address",
            winners,
            1,
        )?;
        let mut there = 0;
        for number in 1..=8 {
            let user = context.store().get_user(id(number))?;
            there += usize::from(user.and_then(|user| user.email).as_deref() == Some(&email));
        }
        equal("the number of users with one email address", there, 1)?;
        Ok(overlapped(&ran))
    })
}

/// Updates a row again and again, several fields at a time, while other threads read it. `state` is the row after the
/// update with this number; 0 is the row before the first. `read` gets a number that grows with each read of a thread, to
/// read in another way, and the number before the round's updates. It returns what it found, or `None` if it may have found
/// nothing. What is no state is half of an update, and so is a state after which the same thread sees an earlier one.
pub(super) fn only_whole_states<T: PartialEq + Show + Sync>(
    context: &Context,
    call: &str,
    update: impl Fn(&AuthStore, i64) -> authstore::Result<()> + Sync,
    read: impl Fn(&AuthStore, usize, i64) -> authstore::Result<Option<T>> + Sync,
    state: impl Fn(i64) -> T,
) -> Verdict {
    const UPDATES: i64 = 8;
    let race = Race::new(context)?;
    race.few_rounds(|round| {
        let first = i64::try_from(round - 1).unwrap_or_default() * UPDATES;
        let last = first + UPDATES;
        let states: Vec<T> = (first..=last).map(&state).collect();
        // How often each thread has read, and the latest state that it has seen.
        let reads = [const { AtomicUsize::new(0) }; THREADS];
        let latest = [const { AtomicUsize::new(0) }; THREADS];
        race.look_on(
            call,
            |store| (first + 1..=last).try_for_each(|number| update(store, number)),
            |thread, store| {
                let turn = thread + reads[thread].fetch_add(1, Ordering::Relaxed);
                let Some(seen) = read(store, turn, first)? else {
                    return Ok(None);
                };
                let Some(place) = states.iter().position(|state| *state == seen) else {
                    return Ok(Some(seen.show()));
                };
                let later = latest[thread].fetch_max(place, Ordering::Relaxed);
                Ok((later > place)
                    .then(|| format!("{}, after {}", seen.show(), states[later].show())))
            },
        )
    })
}

pub(crate) fn never_half(context: &Context) -> Verdict {
    let store = context.store();
    let state = |number: i64| User {
        id: id(1),
        name: Some(number.to_string()),
        email: Some(format!("{number}@example.org")),
        email_verified: Some(millis(number)),
        image: Some(number.to_string()),
    };
    let User {
        name,
        email,
        email_verified,
        image,
        ..
    } = state(0);
    store.create_user(NewUser {
        id: Some(id(1)),
        name,
        email,
        email_verified,
        image,
    })?;
    store.link_account(id(1), account_at(1, "github", "1"))?;
    store.create_session(session(1, 1))?;
    let email = |store: &AuthStore| {
        let user = store.get_user(id(1));
        user.map(|user| user.and_then(|user| user.email))
    };
    only_whole_states(
        context,
        "update_user(..) of all fields",
        |store, number| {
            let to = state(number);
            let changes = UserChanges {
                name: to.name.into(),
                email: to.email.into(),
                email_verified: to.email_verified.into(),
                image: to.image.into(),
            };
            store.update_user(id(1), changes).map(drop)
        },
        |store, turn, _| {
            let seen = match turn % 4 {
                0 => store.get_user(id(1))?,
                1 => {
                    let address = email(store)?;
                    let found = store.get_user_by_email(address.as_deref().unwrap_or_default())?;
                    // Nobody may have the address only if the user has another by now.
                    if found.is_none() && email(store)? != address {
                        return Ok(None);
                    }
                    // The user must have the address by which it was found.
                    found.map(|user| User {
                        email: address,
                        ..user
                    })
                }
                2 => store.get_user_by_account("github", "1")?,
                _ => store
                    .get_session_and_user("session 1")?
                    .map(|(_, user)| user),
            };
            Ok(Some(seen))
        },
        |number| Some(state(number)),
    )
}

pub(crate) fn every_length(context: &Context) -> Verdict {
    let store = context.store();
    let user = store.create_user(bare_user(1))?;
    for length in crate::strings::text_lengths() {
        let changes = UserChanges {
            name: Change::Set("n".repeat(length)),
            image: Change::Set(crate::strings::wide_text(length)),
            ..Default::default()
        };
        let expected = apply(&user, &changes);
        updates(context, changes, expected)?;
    }
    for key in crate::strings::keys_of_every_length() {
        let changes = UserChanges {
            name: Change::Clear,
            email: Change::Set(key),
            image: Change::Clear,
            ..Default::default()
        };
        let expected = apply(&user, &changes);
        updates(context, changes, expected)?;
    }
    Ok(())
}

pub(crate) fn seen_in_every_session(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let rows = u128::from(context.profile().many());
    for number in 0..rows {
        store.create_session(session(number, 1))?;
        store.link_account(id(1), bare_account(number))?;
    }
    let changes = UserChanges {
        name: Change::set("new"),
        ..UserChanges::default()
    };
    let user = store.update_user(id(1), changes)?;
    for number in 0..rows {
        let found = store.get_session_and_user(&session(number, 1).session_token)?;
        equal(
            "the user of get_session_and_user(..) after update_user(..)",
            found.map(|(_, user)| user),
            Some(user.clone()),
        )?;
        let account = bare_account(number);
        returns(
            "get_user_by_account(..) after update_user(..)",
            store.get_user_by_account(&account.provider, &account.provider_account_id),
            Some(user.clone()),
        )?;
    }
    Ok(())
}
