use std::thread;
use std::time::Duration;

use authstore::{AuthStore, NewUser, User};

use crate::context::Context;
use crate::failure::{Verdict, equal, equal_rows, returns};
use crate::fixture::{bare_user, full_user, id, shuffled};
use crate::race::{MANY, Race, THREADS, all_succeed};
use crate::strings::longest_text;

pub(crate) fn order(context: &Context) -> Verdict {
    let store = context.store();
    // In bytewise order. The first hexadecimal digit of the largest ids is a letter.
    let ids = [1, 2, 15, 16, 255, u128::MAX >> 1, 0xa << 124, u128::MAX - 1].map(id);
    let mut users = Vec::new();
    for place in [5, 2, 7, 0, 3, 6, 1, 4] {
        let mut user = full_user(place as u128);
        user.id = Some(ids[place]);
        users.push(store.create_user(user)?);
    }
    users.sort_by_key(|user| user.id);
    returns(
        "list_users(None, 100)",
        store.list_users(None, 100),
        users.clone(),
    )?;
    returns(
        "list_users(None, u32::MAX)",
        store.list_users(None, u32::MAX),
        users,
    )
}

pub(crate) fn pages(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "list_users(None, 10) on an empty storage",
        store.list_users(None, 10),
        Vec::new(),
    )?;
    // Several have the same upper 64 bits, and several the same lower ones.
    const HALVES: [u128; 3] = [1, 1 << 63, u64::MAX as u128];
    let mut users = Vec::new();
    for upper in HALVES {
        for lower in HALVES {
            users.push(store.create_user(bare_user(upper << 64 | lower))?);
        }
    }
    let mut seen = Vec::new();
    let mut after = None;
    for expected in [2, 2, 2, 2, 1, 0] {
        let page = store.list_users(after, 2)?;
        equal("the number of users on a page", page.len(), expected)?;
        after = page.last().map(|user| user.id).or(after);
        seen.extend(page);
    }
    equal("all pages together", seen, users)
}

pub(crate) fn limit(context: &Context) -> Verdict {
    let store = context.store();
    let first = store.create_user(bare_user(1))?;
    let second = store.create_user(bare_user(2))?;
    returns("list_users(None, 0)", store.list_users(None, 0), Vec::new())?;
    returns(
        "list_users(None, 1)",
        store.list_users(None, 1),
        vec![first.clone()],
    )?;
    // Limits that are 0 in a smaller type, or negative.
    for limit in [1 << 8, 1 << 16, 1 << 31, u32::MAX] {
        returns(
            format!("list_users(None, {limit})"),
            store.list_users(None, limit),
            vec![first.clone(), second.clone()],
        )?;
    }
    Ok(())
}

pub(crate) fn after_any_id(context: &Context) -> Verdict {
    let store = context.store();
    let nil = store.create_user(bare_user(0))?;
    let five = store.create_user(bare_user(5))?;
    for (after, users) in [
        (None, vec![nil.clone(), five.clone()]),
        (Some(0), vec![five.clone()]),
        (Some(3), vec![five.clone()]),
        (Some(5), Vec::new()),
        (Some(u128::MAX), Vec::new()),
    ] {
        returns(
            format!("list_users({after:?}, 10) with the users 0 and 5"),
            store.list_users(after.map(id), 10),
            users,
        )?;
    }
    Ok(())
}

pub(crate) fn no_page_limit(context: &Context) -> Verdict {
    let store = context.store();
    let mut users = Vec::new();
    for number in shuffled(context.profile().many()) {
        users.push(store.create_user(bare_user(number))?);
    }
    users.sort_by_key(|user| user.id);
    equal_rows(
        "list_users(None, u32::MAX)",
        store.list_users(None, u32::MAX)?,
        users.clone(),
    )?;
    // One limit is no multiple of a batch.
    for (place, limit) in [(0, u32::MAX), (0, 248), (users.len() - 2, 10)] {
        let rest = users[place + 1..].iter();
        equal_rows(
            format!("list_users(.., {limit}) after the user in the place {place}"),
            store.list_users(Some(users[place].id), limit)?,
            rest.take(limit as usize).cloned().collect(),
        )?;
    }
    let mut paged: Vec<User> = Vec::new();
    loop {
        let page = store.list_users(paged.last().map(|user| user.id), 100)?;
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    equal_rows("list_users(.., 100), page by page", paged, users)
}

/// Creates and deletes two users so that one always exists.
pub(crate) fn one_moment(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    context.store().create_user(bare_user(0))?;
    race.rounds(|round| {
        // Delete the user who is left from the previous round first.
        let left = round - 1;
        race.look_on(
            "create_user(..) of one user, and delete_user(..) of another",
            |store| {
                let there = (round, left);
                let back = (left, round);
                for (created, deleted) in [there, back, there, back, there] {
                    store.create_user(bare_user(created))?;
                    store.delete_user(id(deleted))?;
                }
                Ok(())
            },
            |_, store| {
                let none = store.list_users(None, 100)?.is_empty();
                Ok(none.then(|| "no user, although one always existed".to_owned()))
            },
        )
    })
}

/// The first and the last of many rows take turns, so a list that has both was read in parts. `list` returns the numbers of
/// the rows.
pub(super) fn takes_turns(
    context: &Context,
    call: &str,
    both: &str,
    create: impl Fn(&AuthStore, u128) -> authstore::Result<()> + Sync,
    delete: impl Fn(&AuthStore, u128) -> authstore::Result<()> + Sync,
    list: impl Fn(&AuthStore, usize) -> authstore::Result<Vec<u128>> + Sync,
) -> Verdict {
    let race = Race::new(context)?;
    // Each of many lists has all rows, so longer ones take long.
    let rows = context.profile().pick(MANY.into(), 1_100, 1_100);
    let (first, last) = (1, u128::from(rows));
    // On several threads, because a server can then write to its disk for all of them together.
    let ran = race.at_once(THREADS, |place, store| {
        let mut numbers = (first..last).skip(place).step_by(THREADS);
        numbers.try_for_each(|number| create(store, number))
    });
    all_succeed("the creation of a row", ran)?;
    race.few_rounds(|round| {
        let (there, back) = match round % 2 {
            0 => ((last, first), (first, last)),
            _ => ((first, last), (last, first)),
        };
        race.look_on(
            call,
            |store| {
                // In turns, lists have begun before the first change.
                if round / 2 % 2 == 0 {
                    thread::sleep(Duration::from_micros(200));
                }
                // The last change is not undone. Otherwise a list that began before it could be completed after it.
                for (deleted, created) in [there, back, there] {
                    delete(store, deleted)?;
                    create(store, created)?;
                }
                Ok(())
            },
            |place, store| {
                let numbers = list(store, place)?;
                let lists_both = numbers.contains(&first) && numbers.contains(&last);
                Ok(lists_both.then(|| format!("two {both} at the same time")))
            },
        )
    })
}

pub(crate) fn one_moment_of_many(context: &Context) -> Verdict {
    takes_turns(
        context,
        "delete_user(..) of one user, and create_user(..) of another",
        "users who never existed",
        |store, number| store.create_user(bare_user(number)).map(drop),
        |store, number| store.delete_user(id(number)).map(drop),
        |store, _| {
            let users = store.list_users(None, u32::MAX)?;
            Ok(users.iter().map(|user| user.id.as_u128()).collect())
        },
    )
}

pub(crate) fn large_rows(context: &Context) -> Verdict {
    let store = context.store();
    let rows = context.profile().many_large();
    let mut users = Vec::new();
    for number in 1..=u128::from(rows) {
        users.push(store.create_user(NewUser {
            image: Some(longest_text()),
            name: (number == 1).then(longest_text),
            ..bare_user(number)
        })?);
    }
    equal_rows(
        "list_users(None, u32::MAX) of users of 1 MiB",
        store.list_users(None, u32::MAX)?,
        users,
    )
}
