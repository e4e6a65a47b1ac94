use authstore::{Account, AuthStore, Constraint, Error, NewUser, Session, User};

use crate::context::Context;
use crate::failure::{Verdict, conflicts, ensure, equal, returns, succeeds};
use crate::fixture::{
    a_bit_apart, at, authenticator, bare_account, bare_user, full_user, id, look, millis, populate,
    session, since_1970, user_with_email,
};
use crate::race::{Race, THREADS, overlapped, winners};
use crate::show::Show;
use crate::strings::{
    BLANKS, HOSTILE, UNICODE, keys_alike, longest_key, longest_text, text_lengths, wide_text,
};

/// Creates a user, and checks that it is read by its id as it was returned.
#[track_caller]
fn round_trips(context: &Context, user: NewUser) -> Verdict<User> {
    let store = context.store();
    let created = succeeds("create_user(..)", store.create_user(user))?;
    returns(
        format!("get_user({})", created.id.show()),
        store.get_user(created.id),
        Some(created.clone()),
    )?;
    let before = created.id.as_u128().checked_sub(1).map(id);
    returns(
        "list_users(.., 1) after the ID before it",
        store.list_users(before, 1),
        vec![created.clone()],
    )?;
    Ok(created)
}

/// Checks that the user is found by its email address, if it has one.
#[track_caller]
pub(super) fn finds_address_of(store: &AuthStore, user: &User) -> Verdict {
    let Some(email) = &user.email else {
        return Ok(());
    };
    returns(
        format!("get_user_by_email({})", email.show()),
        store.get_user_by_email(email),
        Some(user.clone()),
    )
}

pub(crate) fn stored(context: &Context) -> Verdict {
    let created = round_trips(context, full_user(1))?;
    let given = full_user(1);
    equal(
        "create_user(..)",
        created,
        User {
            id: id(1),
            name: given.name,
            email: given.email,
            email_verified: given.email_verified,
            image: given.image,
        },
    )
}

pub(crate) fn each_optional_field(context: &Context) -> Verdict {
    let full = full_user(9);
    let only = [
        bare_user(1),
        NewUser {
            name: full.name,
            ..bare_user(2)
        },
        NewUser {
            email: full.email,
            ..bare_user(3)
        },
        NewUser {
            email_verified: full.email_verified,
            ..bare_user(4)
        },
        NewUser {
            image: full.image,
            ..bare_user(5)
        },
    ];
    for user in only {
        round_trips(context, user)?;
    }
    Ok(())
}

pub(crate) fn given_id(context: &Context) -> Verdict {
    let store = context.store();
    // The smallest id, the largest, and one with letters in its text form.
    for number in [1, u128::MAX, 0xabcd_ef01_2345_4789_abcd_ef01_2345_6789] {
        let user = round_trips(context, bare_user(number))?;
        equal("the id of create_user(..)", user.id, id(number))?;
    }
    let made = round_trips(context, NewUser::default())?;
    returns(
        "get_user(..) with the id that was created",
        store.get_user(made.id),
        Some(made),
    )
}

pub(crate) fn text(context: &Context) -> Verdict {
    let store = context.store();
    for (number, text) in (1..).zip(UNICODE.iter().chain(BLANKS)) {
        let some = || Some((*text).to_owned());
        let user = round_trips(
            context,
            NewUser {
                name: some(),
                email: some(),
                image: some(),
                ..bare_user(number)
            },
        )?;
        returns(
            format!("get_user_by_email({})", text.show()),
            store.get_user_by_email(text),
            Some(user),
        )?;
    }
    Ok(())
}

pub(crate) fn hostile_text(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    for (number, text) in (100..).zip(HOSTILE) {
        let some = || Some((*text).to_owned());
        let user = round_trips(
            context,
            NewUser {
                name: some(),
                email: some(),
                image: some(),
                ..bare_user(number)
            },
        )?;
        returns(
            format!("get_user_by_email({})", text.show()),
            store.get_user_by_email(text),
            Some(user),
        )?;
    }
    returns("the rows that existed before", look(store, 1..=3), before)
}

pub(crate) fn empty_text(context: &Context) -> Verdict {
    let empty = || Some(String::new());
    round_trips(
        context,
        NewUser {
            name: empty(),
            ..bare_user(1)
        },
    )?;
    round_trips(
        context,
        NewUser {
            image: empty(),
            ..bare_user(2)
        },
    )?;
    round_trips(
        context,
        NewUser {
            name: empty(),
            image: empty(),
            ..bare_user(3)
        },
    )?;
    Ok(())
}

pub(crate) fn long_text(context: &Context) -> Verdict {
    round_trips(
        context,
        NewUser {
            name: Some(longest_text()),
            ..bare_user(1)
        },
    )?;
    round_trips(
        context,
        NewUser {
            image: Some(longest_text()),
            ..bare_user(2)
        },
    )?;
    let user = round_trips(
        context,
        NewUser {
            name: Some(longest_text()),
            email: Some(longest_key('u')),
            image: Some(longest_text()),
            ..bare_user(3)
        },
    )?;
    let store = context.store();
    let account = store.link_account(id(3), bare_account(3))?;
    let session = store.create_session(session(3, 3))?;
    found_by_every_key(store, &user, &account, &session)
}

/// Checks that every lookup by something that belongs to a user returns the user.
#[track_caller]
pub(super) fn found_by_every_key(
    store: &AuthStore,
    user: &User,
    account: &Account,
    session: &Session,
) -> Verdict {
    let email = user.email.as_deref().unwrap_or_default();
    returns(
        "get_user_by_email(..)",
        store.get_user_by_email(email),
        Some(user.clone()),
    )?;
    returns(
        "get_user_by_account(..)",
        store.get_user_by_account(&account.provider, &account.provider_account_id),
        Some(user.clone()),
    )?;
    returns(
        "get_session_and_user(..)",
        store.get_session_and_user(&session.session_token),
        Some((session.clone(), user.clone())),
    )
}

pub(crate) fn long_email(context: &Context) -> Verdict {
    let store = context.store();
    for (number, last) in [(1, 'a'), (2, 'b'), (3, '\u{1f512}')] {
        let email = longest_key(last);
        let user = round_trips(context, user_with_email(number, &email))?;
        returns(
            "get_user_by_email(..) with 255 characters of four bytes",
            store.get_user_by_email(&email),
            Some(user),
        )?;
    }
    Ok(())
}

pub(crate) fn email_by_bytes(context: &Context) -> Verdict {
    let store = context.store();
    let keys = keys_alike();
    for (number, email) in (1..).zip(&keys) {
        succeeds(
            format!("create_user(..) with the email address {}", email.show()),
            store.create_user(user_with_email(number, email)),
        )?;
    }
    for (number, email) in (1..).zip(&keys) {
        let found = store
            .get_user_by_email(email)
            .map(|user| user.map(|user| user.id));
        returns(
            format!("get_user_by_email({})", email.show()),
            found,
            Some(id(number)),
        )?;
    }
    Ok(())
}

pub(crate) fn every_millisecond(context: &Context) -> Verdict {
    for number in 0..1_000 {
        round_trips(
            context,
            NewUser {
                email_verified: Some(millis(i64::from(number))),
                ..bare_user(1 + number as u128)
            },
        )?;
    }
    Ok(())
}

pub(crate) fn distant_times(context: &Context) -> Verdict {
    for (number, time) in (1..).zip(crate::times::FAR) {
        round_trips(
            context,
            NewUser {
                email_verified: Some(at(time)),
                ..bare_user(number)
            },
        )?;
    }
    Ok(())
}

pub(crate) fn times_around_clock_changes(context: &Context) -> Verdict {
    for (number, time) in (1..).zip(crate::times::around_clock_changes()) {
        round_trips(
            context,
            NewUser {
                email_verified: Some(since_1970(time)),
                ..bare_user(number)
            },
        )?;
    }
    Ok(())
}

pub(crate) fn unique_id(context: &Context) -> Verdict {
    let store = context.store();
    let first = store.create_user(full_user(1))?;
    let again = NewUser {
        id: Some(id(1)),
        ..full_user(2)
    };
    conflicts(
        "create_user(..) with a taken id",
        store.create_user(again),
        Constraint::UserId,
    )?;
    returns("get_user(id(1))", store.get_user(id(1)), Some(first))?;
    returns(
        "get_user_by_email(..) of the rejected user",
        store.get_user_by_email("user-2@example.org"),
        None,
    )
}

pub(crate) fn unique_email(context: &Context) -> Verdict {
    let store = context.store();
    let first = store.create_user(full_user(1))?;
    conflicts(
        "create_user(..) with a taken email address",
        store.create_user(user_with_email(2, "user-1@example.org")),
        Constraint::UserEmail,
    )?;
    returns(
        "get_user(id(2)) of the rejected user",
        store.get_user(id(2)),
        None,
    )?;
    returns(
        "get_user_by_email(..)",
        store.get_user_by_email("user-1@example.org"),
        Some(first),
    )
}

pub(crate) fn no_email_is_no_conflict(context: &Context) -> Verdict {
    for number in 1..=3 {
        round_trips(context, bare_user(number))?;
    }
    Ok(())
}

pub(crate) fn again_after_delete(context: &Context) -> Verdict {
    let store = context.store();
    for _ in 0..3 {
        round_trips(context, full_user(1))?;
        returns("delete_user(id(1))", store.delete_user(id(1)), true)?;
    }
    Ok(())
}

pub(crate) fn one_winner(context: &Context) -> Verdict {
    one_wins(
        context,
        Constraint::UserEmail,
        |number, key| user_with_email(number, &format!("{key}@example.org")),
        |store, number, key| {
            let found = store.get_user_by_email(&format!("{key}@example.org"))?;
            Ok(found.is_some_and(|user| user.id == id(number)))
        },
    )
}

pub(crate) fn one_id_one_winner(context: &Context) -> Verdict {
    let new = |number: u128, key| NewUser {
        name: Some(number.to_string()),
        ..bare_user(key)
    };
    one_wins(context, Constraint::UserId, new, |store, number, key| {
        let found = store.get_user(id(key))?;
        Ok(found.is_some_and(|user| user.name == Some(number.to_string())))
    })
}

/// Several callers create users with the same key, of which only one may succeed. `new` returns the user with a number
/// for a key, and `has` returns whether this user has the key.
fn one_wins(
    context: &Context,
    constraint: Constraint,
    new: impl Fn(u128, u128) -> NewUser + Sync,
    has: impl Fn(&AuthStore, u128, u128) -> authstore::Result<bool>,
) -> Verdict {
    const KEYS: usize = 10;
    let race = Race::new(context)?;
    race.rounds(|round| {
        let key = |key: usize| round * 100 + key as u128;
        let number = |key: usize, thread: usize| round * 1_000 + (key * 10 + thread) as u128;
        let by_key = race.at_once_for_keys(THREADS, KEYS, |place, thread, store| {
            store.create_user(new(number(place, thread), key(place)))
        });
        let mut took_place = false;
        for (place, ran) in by_key.iter().enumerate() {
            let winners = winners("create_user(..) with the same key", ran, |error| {
                matches!(error, Error::Conflict { constraint: is } if *is == constraint)
            })?;
            equal("the number of callers that got the key", winners, 1)?;
            for (thread, one) in ran.iter().enumerate() {
                let number = number(place, thread);
                ensure(
                    has(context.store(), number, key(place))? == one.value.is_ok(),
                    "the user with the key is not the user whose create_user(..) succeeded",
                )?;
                ensure(
                    constraint == Constraint::UserId
                        || context.store().get_user(id(number))?.is_some() == one.value.is_ok(),
                    "a user exists although create_user failed, or is missing although it succeeded",
                )?;
            }
            took_place |= overlapped(ran);
        }
        Ok(took_place)
    })
}

/// Lengths around those at which storages change how they store a string, or truncate it.
pub(crate) fn every_length(context: &Context) -> Verdict {
    for (number, length) in (1..).zip(text_lengths()) {
        round_trips(
            context,
            NewUser {
                name: Some("n".repeat(length)),
                image: Some(wide_text(length)),
                ..bare_user(number)
            },
        )?;
    }
    Ok(())
}

/// Each user has rows, which a confused id would give to another.
pub(crate) fn every_bit_of_the_id(context: &Context) -> Verdict {
    let store = context.store();
    for number in a_bit_apart() {
        round_trips(context, bare_user(number))?;
    }
    let mut worlds = Vec::new();
    for (row, number) in (1..).zip(a_bit_apart()) {
        let account = store.link_account(id(number), bare_account(row))?;
        let session = store.create_session(session(row, number))?;
        let passkey = store.create_authenticator(authenticator(row, number))?;
        returns(
            "list_accounts_by_user_id(..) of one of many users",
            store.list_accounts_by_user_id(id(number)),
            vec![account],
        )?;
        returns(
            "list_sessions_by_user_id(..) of one of many users",
            store.list_sessions_by_user_id(id(number)),
            vec![session],
        )?;
        returns(
            "list_authenticators_by_user_id(..) of one of many users",
            store.list_authenticators_by_user_id(id(number)),
            vec![passkey],
        )?;
        worlds.push((number, look(store, [number])?));
    }
    for (place, number) in a_bit_apart().enumerate() {
        returns("delete_user(..)", store.delete_user(id(number)), true)?;
        returns("get_user(..)", store.get_user(id(number)), None)?;
        // All other ids differ from the first in one bit, but from each other in two.
        let others = if place == 0 { worlds.len() } else { 1 };
        for (other, world) in worlds.iter().skip(place + 1).take(others) {
            returns(
                "the rows of a user after delete_user(..) of another",
                look(store, [*other]),
                world.clone(),
            )?;
        }
    }
    Ok(())
}
