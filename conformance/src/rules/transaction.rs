//! Rules for backends with transactions. A backend without them only has to say so.

use std::panic::{AssertUnwindSafe, catch_unwind};

use authstore::{AuthStore, Change, Error, NewAccount, SessionChanges, Transaction, UserChanges};

use crate::call::Call;
use crate::context::Context;
use crate::failure::{Failure, Verdict, equal, returns, show_error, succeeds};
use crate::fixture::{
    account_at, authenticator, bare_user, challenge_until, id, look, millis, populate, population,
    session, session_with_token, token, user_with_email,
};
use crate::model::Model;
use crate::race::{Race, overlapped};
use crate::rules::faults::every_operation;
use crate::rules::storage::{agreed, every_read};
use crate::show::Show;

/// Returns whether the backend has transactions.
pub(crate) fn has_transactions(store: &AuthStore) -> Verdict<bool> {
    let mut began = false;
    let outcome = store.transaction(|_| {
        began = true;
        Ok::<_, Error>(())
    });
    match outcome {
        Ok(()) => Ok(true),
        Err(Error::Invalid {
            field: "transaction",
            ..
        }) if !began => Ok(false),
        Err(error) => Err(Failure::broken(
            "an empty transaction failed, and not because the backend has no transactions",
        )
        .got(show_error(&error))),
    }
}

/// Calls that fill a storage and change every kind of row in it.
fn calls() -> impl Iterator<Item = Call> {
    crate::fixture::population(1..=3)
        .into_iter()
        .chain(every_operation())
}

pub(crate) fn commits(context: &Context) -> Verdict {
    let store = context.store();
    if !has_transactions(store)? {
        return Ok(());
    }
    let mut model = store.transaction(|tx| {
        let mut model = Model::default();
        for call in calls() {
            agreed(tx, &mut model, &call, "in a transaction")?;
        }
        Ok::<_, Failure>(model)
    })?;
    for read in every_read() {
        agreed(
            store,
            &mut model,
            &read,
            "after a transaction was committed",
        )?;
    }
    Ok(())
}

pub(crate) fn rolls_back(context: &Context) -> Verdict {
    let store = context.store();
    if !has_transactions(store)? {
        return Ok(());
    }
    populate(store)?;
    let (used, created) = (
        challenge_until(1, millis(1_000)),
        challenge_until(2, millis(1_000)),
    );
    let unused = || -> authstore::Result<()> {
        store.create_verification_token(token(1))?;
        store.create_verification_token(token(2))?;
        store.create_challenge(used.clone()).map(drop)
    };
    unused()?;
    let everyone = || (1..=5).chain([50, 52]);
    let before = look(store, everyone())?;
    let work = |tx: &Transaction| -> authstore::Result<()> {
        for call in every_operation() {
            call.on_store(tx)?;
        }
        tx.delete_verification_tokens_by_identifier(&token(2).identifier)?;
        tx.use_challenge(&used.key)?;
        tx.create_challenge(created.clone())?;
        for read in every_read() {
            read.on_store(tx)?;
        }
        Ok(())
    };
    // Using up tokens and challenges is the only way to read them.
    let are_as_before = |after: &str| -> Verdict {
        returns(
            format!("the rows after a transaction whose work {after}"),
            look(store, everyone()),
            before.clone(),
        )?;
        for (number, is_there) in [(1, true), (2, true), (54, false)] {
            let token = token(number);
            returns(
                format!("use_verification_token(..) after a transaction whose work {after}"),
                store.use_verification_token(&token.identifier, &token.token),
                is_there.then(|| token.clone()),
            )?;
        }
        for (challenge, is_there) in [(&used, true), (&created, false)] {
            returns(
                format!("use_challenge(..) after a transaction whose work {after}"),
                store.use_challenge(&challenge.key),
                is_there.then(|| challenge.clone()),
            )?;
        }
        Ok(unused()?)
    };
    let undone = store.transaction(|tx| {
        work(tx)?;
        Err::<(), _>(Error::invalid("test", "is undone"))
    });
    match undone {
        Err(Error::Invalid { field: "test", .. }) => {}
        other => {
            return Err(
                Failure::broken("a transaction did not return the error of its work")
                    .got(format!("{other:?}")),
            );
        }
    }
    are_as_before("failed")?;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.transaction(|tx| {
            work(tx)?;
            // Without the report of a panic.
            std::panic::resume_unwind(Box::new("in the middle"));
            #[expect(unreachable_code, reason = "for the type of the result")]
            Ok::<_, Error>(())
        })
    }));
    equal(
        "whether the work's panic reached the caller",
        panicked.is_err(),
        true,
    )?;
    are_as_before("panicked")?;
    succeeds(
        "a transaction after others were rolled back",
        store.transaction(work),
    )
}

/// Operations that fail on the rows of [`population`], some of them in their second half.
fn failing_operations() -> Vec<Call> {
    let email = || "user-2@example.org".to_owned();
    let account = |number| NewAccount {
        id: Some(id(4_000)),
        ..account_at(
            number,
            &format!("provider {number}"),
            &format!("account {number}"),
        )
    };
    let session = |changes| Call::UpdateSession("session 11".to_owned(), changes);
    vec![
        Call::CreateUser(user_with_email(4, &email())),
        Call::CreateUserWithAccount(user_with_email(4, &email()), account(4)),
        Call::CreateUserWithAccount(bare_user(4), account(21)),
        Call::CreateUserWithAuthenticator(user_with_email(4, &email()), authenticator(4, 4)),
        Call::CreateUserWithAuthenticator(bare_user(4), authenticator(21, 4)),
        Call::UpdateUser(
            id(1),
            UserChanges {
                name: Change::set("changed"),
                email: Change::Set(email()),
                ..Default::default()
            },
        ),
        Call::LinkAccount(id(1), account(21)),
        Call::LinkAccount(id(4), account(4)),
        Call::CreateSession(session_with_token(4, 4, "session 4")),
        Call::CreateSession(session_with_token(4, 1, "session 21")),
        session(SessionChanges {
            user_id: Some(id(4)),
            expires: Some(millis(1)),
            ..Default::default()
        }),
        session(SessionChanges {
            session_token: Some("session 21".into()),
            expires: Some(millis(1)),
            ..Default::default()
        }),
        Call::CreateAuthenticator(authenticator(4, 4)),
        Call::CreateAuthenticator(authenticator(21, 1)),
    ]
}

pub(crate) fn an_error_undoes_only_its_operation(context: &Context) -> Verdict {
    let store = context.store();
    if !has_transactions(store)? {
        return Ok(());
    }
    let committed = store.transaction(|tx| {
        let mut model = Model::default();
        let mut run = |call: &Call| agreed(tx, &mut model, call, "in a transaction");
        population(1..=3).iter().try_for_each(&mut run)?;
        let before = look(tx, 1..=5)?;
        for call in failing_operations() {
            run(&call)?;
            returns(
                format!("the rows after the failed {} in a transaction", call.show()),
                look(tx, 1..=5),
                before.clone(),
            )?;
        }
        run(&Call::CreateUser(bare_user(5)))?;
        run(&Call::CreateSession(session(51, 5)))?;
        Ok::<_, Failure>(look(tx, 1..=5)?)
    })?;
    returns(
        "the rows after a transaction in which operations failed",
        look(store, 1..=5),
        committed,
    )
}

pub(crate) fn ends(context: &Context) -> Verdict {
    let store = context.store();
    if !has_transactions(store)? {
        return Ok(());
    }
    let kept = store.transaction(|tx| Ok::<AuthStore, Error>((**tx).clone()))?;
    for call in every_operation() {
        match call.on_store(&kept) {
            Err(Error::Invalid { .. }) => {}
            other => {
                return Err(Failure::broken(format!(
                    "{} in a transaction that has ended must fail with Invalid",
                    call.show()
                ))
                .got(format!("{other:?}")));
            }
        }
    }
    let nested = store.transaction(|tx| {
        let nested = tx.transaction(|_| Ok::<_, Error>(()));
        tx.create_user(bare_user(1))?;
        Ok::<_, Error>(nested)
    })?;
    equal(
        "whether a transaction in a transaction fails with Invalid",
        matches!(nested, Err(Error::Invalid { .. })),
        true,
    )?;
    equal(
        "whether the outer transaction is committed",
        store.get_user(id(1))?.is_some(),
        true,
    )
}

pub(crate) fn one_moment(context: &Context) -> Verdict {
    if !has_transactions(context.store())? {
        return Ok(());
    }
    let race = Race::new(context)?;
    race.rounds(|round| {
        let (one, other) = (id(round * 2), id(round * 2 + 1));
        race.look_on(
            "a transaction that creates two users",
            |store| {
                store.transaction(|tx| {
                    tx.create_user(bare_user(round * 2))?;
                    tx.create_user(bare_user(round * 2 + 1))?;
                    Ok::<_, Error>(())
                })
            },
            |_, store| {
                let users = store.list_users(None, u32::MAX)?;
                let there = |id| users.iter().any(|user| user.id == id);
                let half = there(one) != there(other);
                Ok(half.then(|| "only one of them".to_owned()))
            },
        )
    })
}

/// Transactions and single operations on different rows, and transactions that read what they change.
pub(crate) fn all_survive(context: &Context) -> Verdict {
    let store = context.store();
    if !has_transactions(store)? {
        return Ok(());
    }
    let race = Race::new(context)?;
    race.rounds(|round| {
        let number = |thread: usize| round * 10 + thread as u128;
        let ran = race.at_once(4, |thread, store| {
            if thread < 2 {
                store.transaction(|tx| {
                    tx.create_user(bare_user(number(thread)))?;
                    tx.create_session(session(number(thread), number(thread)))?;
                    Ok::<_, Error>(())
                })
            } else {
                store.create_user(bare_user(number(thread))).map(drop)
            }
        });
        let overlap = overlapped(&ran);
        for (thread, ran) in ran.into_iter().enumerate() {
            let is_there = store.get_user(id(number(thread)))?.is_some();
            match ran.value {
                Ok(()) => equal(
                    "whether a user exists whose creation succeeded, next to transactions",
                    is_there,
                    true,
                )?,
                // A transaction may conflict with others too often.
                Err(error) if error.is_retryable() && thread < 2 => equal(
                    "whether a user exists whose transaction failed with Unavailable",
                    is_there,
                    false,
                )?,
                Err(error) => {
                    return Err(Failure::broken(
                        "a transaction, or an operation next to it, failed",
                    )
                    .got(show_error(&error)));
                }
            }
        }
        Ok(overlap)
    })
}
