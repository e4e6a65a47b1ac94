use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use authstore::{AccountChanges, Change, Error, UserChanges};
use proptest::strategy::{Strategy, ValueTree};

use crate::call::Call;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, show_error};
use crate::fixture::{bare_user, full_user, id, populate, session};
use crate::race::{Race, THREADS};
use crate::rules::storage::updates;
use crate::sequence::{ALIKE, any_call, test_runner};
use crate::show::Show;

pub(crate) fn no_busy_error(context: &Context) -> Verdict {
    let time = Duration::from_secs(context.profile().pick(2, 4, 120).into());
    let race = Race::new(context)?;
    let failures = race.at_once_untimed(THREADS * 2, |thread, store| {
        let mut random = test_runner(context.seed() + thread as u64, 0);
        let calls = any_call(ALIKE);
        let end = Instant::now() + time;
        let mut done = 0_u32;
        while Instant::now() < end {
            let call = calls
                .new_tree(&mut random)
                .expect("nothing is filtered")
                .current();
            match call.on_store(store) {
                Ok(_) | Err(Error::Conflict { .. } | Error::NotFound { .. }) => done += 1,
                Err(error) => return Err(Box::new((call, error))),
            }
        }
        Ok(done)
    });
    for outcome in failures {
        match outcome {
            Ok(done) => ensure(done > 0, "a thread completed no operation")?,
            Err(failure) => {
                let (call, error) = *failure;
                return Err(Failure::broken(format!(
                    "under a mixed load of {} threads, {} failed",
                    THREADS * 2,
                    call.name()
                ))
                .expected("a result, Conflict or NotFound")
                .got(format!("{}\nof {}", show_error(&error), call.show())));
            }
        }
    }
    no_orphans(context)
}

/// All rows that a load has left refer to existing users.
fn no_orphans(context: &Context) -> Verdict {
    let store = context.store();
    for user in 1..=3 {
        if store.get_user(id(user))?.is_none() {
            ensure(
                store.list_accounts_by_user_id(id(user))?.is_empty()
                    && store.list_sessions_by_user_id(id(user))?.is_empty()
                    && store.list_authenticators_by_user_id(id(user))?.is_empty(),
                "concurrent load left rows without their user",
            )?;
        }
    }
    Ok(())
}

pub(crate) fn unrelated_rows(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let rounds = context.profile().pick(10, 20, 500);
    let outcomes = race.at_once_untimed(THREADS, |thread, store| {
        let user = thread as u128 + 1;
        for _ in 0..rounds {
            store.create_user(full_user(user))?;
            store.create_session(session(user, user))?;
            store.update_user(id(user), UserChanges::default())?;
            store.delete_session(&format!("session {user}"))?;
            store.delete_user(id(user))?;
        }
        store.create_user(bare_user(user))
    });
    let mut users = BTreeMap::new();
    for outcome in outcomes {
        match outcome {
            Ok(user) => users.insert(user.id, user),
            Err(error) => {
                return Err(Failure::broken(
                    "threads that each use their own rows affected each other",
                )
                .got(show_error(&error)));
            }
        };
    }
    for (user_id, user) in users {
        crate::failure::returns(
            "get_user(..)",
            context.store().get_user(user_id),
            Some(user),
        )?;
    }
    Ok(())
}

/// Sixteen threads repeatedly write one row, with each operation that updates it. Each waits for its turn, and none fails.
pub(crate) fn one_row(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let store = context.store();
    populate(store)?;
    let times = i64::from(context.profile().pick(15, 40, 1_000));
    let refresh: fn(i64) -> Call = |number| {
        let changes = AccountChanges {
            access_token: Change::set(number.to_string()),
            ..Default::default()
        };
        let seen = Some("refresh_token 12".to_owned());
        Call::RefreshAccount("provider 12".into(), "account 12".into(), seen, changes)
    };
    let updates = updates().map(|(update, _)| update);
    for update in updates.into_iter().chain([refresh]) {
        let outcomes = race.at_once_untimed(THREADS * 2, |thread, store| {
            let first = thread as i64 * times;
            (first..first + times).try_for_each(|number| update(number).on_store(store).map(drop))
        });
        for outcome in outcomes {
            if let Err(error) = outcome {
                return Err(Failure::broken(format!(
                    "one of {} threads that call {} on one row gave up",
                    THREADS * 2,
                    update(0).name()
                ))
                .got(show_error(&error)));
            }
        }
    }
    Ok(())
}
