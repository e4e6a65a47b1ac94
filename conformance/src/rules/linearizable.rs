use authstore::{
    AccountChanges, AuthStore, Challenge, Change, Error, NewSession, NewUser, SessionChanges,
    SessionDetailsChanges, UserChanges, VerificationToken,
};
use proptest::sample::select;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::call::Call;
use crate::context::Context;
use crate::failure::{Failure, Verdict};
use crate::fixture::{
    account_at, authenticator_with_id, bare_user, full_authenticator_details, id, millis, rotation,
    session_with_token,
};
use crate::history::{Event, has_legal_order, show_history};
use crate::model::Model;
use crate::race::{Race, overlapped, timed};
use crate::sequence::test_runner;

const THREADS: usize = 5;
const CALLS: usize = 4;

/// Several threads make random calls on one row, and then one reads it in every way: without that, a row that should be
/// gone would often be seen by no one. Then this searches for an order that explains all results.
fn linearizable(context: &Context, calls: Vec<Call>) -> Verdict {
    let race = Race::new(context)?;
    let mut random = test_runner(context.seed(), 0);
    let reads: Vec<Call> = calls
        .iter()
        .filter(|call| !call.writes())
        .cloned()
        .collect();
    let first = calls[0].clone();
    let pick = select(calls);
    race.repeat(context.profile().pick(40, 80, 2_000), |round| {
        clear(context.store())?;
        let mut model = Model::default();
        for user in 1..=2 {
            let create = Call::CreateUser(bare_user(user));
            create.on_store(context.store())?;
            // It cannot fail, because the storage is empty.
            let _ = create.on_model(&mut model);
        }
        // In most rounds, the row exists from the beginning, so there is more to disagree about.
        if round % 4 != 0 && first.on_store(context.store()).is_ok() {
            let _ = first.on_model(&mut model);
        }
        let plan: Vec<Vec<Call>> = (0..THREADS).map(|_| picks(&pick, &mut random)).collect();
        let run = |thread: usize, store: &AuthStore, call: &Call| Event {
            thread,
            call: call.clone(),
            ran: timed(|| call.on_store(store)),
        };
        let mut events: Vec<Event> = race
            .at_once_untimed(THREADS, |thread, store| {
                let calls = plan[thread].iter();
                calls.map(|call| run(thread, store, call)).collect::<Vec<Event>>()
            })
            .into_iter()
            .flatten()
            .collect();
        events.extend(reads.iter().map(|call| run(THREADS, context.store(), call)));
        // A call that was unavailable wrote nothing, and has no place in the order. Other rules check whether it may
        // be.
        let events: Vec<Event> = events
            .into_iter()
            .filter(|event| !matches!(event.ran.value, Err(Error::Unavailable { .. })))
            .collect();
        if !has_legal_order(&events, &model) {
            return Err(Failure::broken("no order of these calls explains their results")
                .expected("results of some sequential order, in which each call takes effect between its start and its return")
                .got(show_history(&events)));
        }
        // Compare only calls of different threads, because those of one thread never overlap.
        let ran: Vec<_> = events.into_iter().map(|event| event.ran).collect();
        Ok(overlapped(&ran))
    })
}

fn picks(pick: &impl Strategy<Value = Call>, random: &mut TestRunner) -> Vec<Call> {
    (0..CALLS)
        .map(|_| {
            pick.new_tree(random)
                .expect("nothing is filtered")
                .current()
        })
        .collect()
}

fn clear(store: &AuthStore) -> authstore::Result<()> {
    for user in 1..=2 {
        store.delete_user(id(user))?;
    }
    store.delete_expired(millis(1_000_000), u32::MAX).map(drop)
}

fn renamed() -> UserChanges {
    UserChanges {
        name: Change::set("renamed"),
        ..Default::default()
    }
}

pub(crate) fn users(context: &Context) -> Verdict {
    let email = |user| NewUser {
        email: Some("ada@x.org".into()),
        ..bare_user(user)
    };
    let changes = |email: Change<String>| UserChanges {
        email,
        ..Default::default()
    };
    linearizable(
        context,
        vec![
            Call::CreateUser(email(1)),
            Call::CreateUser(email(2)),
            Call::GetUser(id(1)),
            Call::GetUserByEmail("ada@x.org".into()),
            Call::UpdateUser(id(1), changes(Change::set("ada@x.org"))),
            Call::UpdateUser(id(2), changes(Change::set("ada@x.org"))),
            Call::UpdateUser(id(1), changes(Change::Clear)),
            Call::UpdateUser(
                id(1),
                UserChanges {
                    name: Change::set("Ada"),
                    ..Default::default()
                },
            ),
            Call::DeleteUser(id(1)),
            Call::DeleteUser(id(2)),
        ],
    )
}

pub(crate) fn accounts(context: &Context) -> Verdict {
    let key = || ("github".to_owned(), "1".to_owned());
    let (provider, account) = key();
    let update = |changes| Call::UpdateAccount(key().0, key().1, changes);
    linearizable(
        context,
        vec![
            Call::LinkAccount(id(1), account_at(1, "github", "1")),
            Call::LinkAccount(id(2), account_at(2, "github", "1")),
            Call::GetAccount(provider.clone(), account.clone()),
            Call::GetUserByAccount(provider.clone(), account.clone()),
            update(AccountChanges {
                scope: Change::set("x"),
                ..Default::default()
            }),
            update(AccountChanges {
                scope: Change::Clear,
                expires_at: Change::Set(1),
                ..Default::default()
            }),
            Call::ListAccountsByUserId(id(1)),
            Call::RefreshAccount(
                key().0,
                key().1,
                None,
                AccountChanges {
                    access_token: Change::set("refreshed"),
                    ..Default::default()
                },
            ),
            Call::UnlinkAccount(provider, account),
            Call::UpdateUser(id(2), renamed()),
            Call::DeleteUser(id(1)),
        ],
    )
}

pub(crate) fn sessions(context: &Context) -> Verdict {
    let token = || "session".to_owned();
    let create = |number| {
        Call::CreateSession(NewSession {
            expires: millis(number as i64),
            ..session_with_token(number, number, "session")
        })
    };
    let update = |changes| Call::UpdateSession(token(), changes);
    linearizable(
        context,
        vec![
            create(1),
            create(2),
            Call::GetSessionAndUser(token()),
            update(SessionChanges {
                expires: Some(millis(5)),
                ..Default::default()
            }),
            update(SessionChanges {
                expires: Some(millis(6)),
                ..Default::default()
            }),
            update(SessionChanges {
                user_id: Some(id(2)),
                ..Default::default()
            }),
            rotation("session", "rotated"),
            rotation("rotated", "session"),
            Call::DeleteSessionOfUser(id(1), id(2_001)),
            Call::ListSessionsByUserId(id(1)),
            Call::DeleteSession(token()),
            Call::DeleteSessionsByUserId(id(2), None),
            Call::UpdateUser(id(2), renamed()),
            // The former user of the session.
            Call::DeleteUser(id(1)),
        ],
    )
}

pub(crate) fn verification_tokens(context: &Context) -> Verdict {
    let create = |identifier: &str, expires| {
        Call::CreateVerificationToken(VerificationToken::new(identifier, "token", millis(expires)))
    };
    let consume = |identifier: &str| Call::UseVerificationToken(identifier.into(), "token".into());
    linearizable(
        context,
        vec![
            create("ada@x.org", 1),
            create("ada@x.org", 2),
            create("bob@x.org", 3),
            consume("ada@x.org"),
            consume("bob@x.org"),
            Call::DeleteVerificationTokensByIdentifier("ada@x.org".into()),
            Call::DeleteExpired(millis(1), 10),
        ],
    )
}

pub(crate) fn challenges(context: &Context) -> Verdict {
    let create = |payload: &str, expires| {
        Call::CreateChallenge(Challenge::new("challenge", payload, millis(expires)))
    };
    linearizable(
        context,
        vec![
            create("first", 1),
            create("second", 1),
            create("third", 2),
            Call::UseChallenge("challenge".into()),
            Call::UseChallenge("challenge".into()),
            Call::DeleteExpired(millis(1), 10),
        ],
    )
}

pub(crate) fn details(context: &Context) -> Verdict {
    let update = |changes| Call::UpdateSessionDetails(id(2_001), changes);
    linearizable(
        context,
        vec![
            Call::CreateSession(session_with_token(1, 1, "session")),
            Call::DeleteSession("session".into()),
            rotation("session", "rotated"),
            rotation("rotated", "session"),
            Call::UpdateSession(
                "session".into(),
                SessionChanges {
                    user_id: Some(id(2)),
                    ..Default::default()
                },
            ),
            update(SessionDetailsChanges {
                last_seen: Change::Set(millis(1)),
                ..Default::default()
            }),
            update(SessionDetailsChanges {
                ip: Change::set("::1"),
                last_seen: Change::Clear,
                ..Default::default()
            }),
            update(SessionDetailsChanges {
                ip: Change::Clear,
                ..Default::default()
            }),
            Call::GetSessionDetails(id(2_001)),
            Call::ListSessionsWithDetailsByUserId(id(1)),
        ],
    )
}

pub(crate) fn ways_in(context: &Context) -> Verdict {
    // All of them use `keep_last`, because the contract does not protect against concurrent calls without it.
    let unlink =
        |number: u128| Call::UnlinkAccountOfUser(id(1), "github".into(), number.to_string(), true);
    linearizable(
        context,
        vec![
            Call::LinkAccount(id(1), account_at(1, "github", "1")),
            Call::LinkAccount(id(1), account_at(2, "github", "2")),
            Call::CreateAuthenticator(authenticator_with_id(1, 1, "credential")),
            unlink(1),
            unlink(2),
            Call::DeleteAuthenticatorOfUser(id(1), "credential".into(), true),
            Call::ListAccountsByUserId(id(1)),
        ],
    )
}

pub(crate) fn authenticators(context: &Context) -> Verdict {
    let credential = || "credential".to_owned();
    linearizable(
        context,
        vec![
            Call::CreateAuthenticator(authenticator_with_id(1, 1, "credential")),
            Call::CreateAuthenticator(authenticator_with_id(2, 2, "credential")),
            Call::GetAuthenticator(credential()),
            Call::UpdateAuthenticatorCounter(credential(), 5),
            Call::UpdateAuthenticatorCounter(credential(), 20),
            Call::UseAuthenticator(credential(), 9, true),
            Call::UseAuthenticator(credential(), 10, false),
            Call::ListAuthenticatorsByUserId(id(1)),
            Call::UpdateAuthenticatorDetails(id(1), credential(), full_authenticator_details(1)),
            Call::ListAuthenticatorsWithDetailsByUserId(id(1)),
            Call::ListAuthenticatorsWithDetailsByUserId(id(2)),
            Call::DeleteAuthenticator(credential()),
        ],
    )
}
