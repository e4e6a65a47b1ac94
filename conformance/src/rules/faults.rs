use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use authstore::migration::MigrationError;
use authstore::{
    AccountChanges, AuthStore, AuthenticatorDetailsChanges, Change, Error, NewAccount, NewSession,
    SessionChanges, SessionDetailsChanges, User, UserChanges, VerificationToken,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::call::{Call, Reply, agrees, show_answer, show_got};
use crate::context::Context;
use crate::failure::{
    Failure, Verdict, conflicts, ensure, equal, harness_result, not_found, returns, show_error,
    show_result,
};
use crate::fixture::{
    account_at, authenticator, bare_account, bare_user, challenge_until, full_account,
    full_authenticator_details, full_session_details, full_user, id, look, millis, populate,
    population, rotation, session, session_until, session_with_token, since_1970, token,
    user_with_email,
};
use crate::harness::{BoxError, Storage};
use crate::model::{Answer, Model};
use crate::race::{Ran, joined, timed};
use crate::rules::transaction::{has_transactions, require_transactions, undone};
use crate::show::Show as _;

/// Waits until the storage works again automatically. Returns user 1.
fn recovers(context: &Context, store: &AuthStore) -> Verdict<Option<User>> {
    let recovery = context.limits().recovery;
    let deadline = Instant::now() + recovery;
    loop {
        match store.get_user(id(1)) {
            Ok(user) if Instant::now() <= deadline => return Ok(user),
            Ok(_) => {
                return Err(Failure::broken(format!(
                    "it took longer than {recovery:?} until the storage worked again"
                )));
            }
            Err(error) if Instant::now() >= deadline => {
                return Err(Failure::broken(format!(
                    "{recovery:?} after the storage became reachable again, it still does not work"
                ))
                .got(show_error(&error)));
            }
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// Returns a call of every operation, each of which has an effect on a storage that [`populate`] filled.
pub(super) fn every_operation() -> Vec<Call> {
    let text = |text: &str| text.to_owned();
    let account = |number| (format!("provider {number}"), format!("account {number}"));
    vec![
        Call::CreateUser(user_with_email(50, "user-50@example.org")),
        Call::GetUser(id(1)),
        Call::GetUserByEmail(text("user-1@example.org")),
        Call::GetUserByAccount(account(11).0, account(11).1),
        Call::UpdateUser(
            id(1),
            UserChanges {
                name: Change::set("new"),
                ..Default::default()
            },
        ),
        Call::DeleteSessionOfUser(id(3), id(2_031)),
        Call::DeleteUser(id(3)),
        Call::LinkAccount(id(1), bare_account(51)),
        Call::CreateUserWithAccount(user_with_email(52, "user-52@example.org"), bare_account(52)),
        Call::UnlinkAccount(account(21).0, account(21).1),
        Call::GetAccount(account(11).0, account(11).1),
        Call::UpdateAccount(
            account(12).0,
            account(12).1,
            AccountChanges {
                scope: Change::Clear,
                ..Default::default()
            },
        ),
        Call::ListAccountsByUserId(id(1)),
        Call::CreateSession(session(53, 1)),
        Call::GetSessionAndUser(text("session 11")),
        Call::UpdateSession(
            text("session 11"),
            SessionChanges {
                expires: Some(millis(5)),
                ..Default::default()
            },
        ),
        Call::DeleteSession(text("session 12")),
        Call::ListSessionsByUserId(id(1)),
        Call::DeleteSessionsByUserId(id(2), None),
        Call::CreateVerificationToken(token(54)),
        Call::UseVerificationToken(token(1).identifier, token(1).token),
        Call::CreateAuthenticator(authenticator(55, 1)),
        Call::GetAuthenticator(text("credential-11")),
        Call::ListAuthenticatorsByUserId(id(1)),
        Call::UpdateAuthenticatorCounter(text("credential-12"), 999),
        Call::DeleteAuthenticator(text("credential-21")),
        Call::ListUsers(None, 10),
        Call::CreateUserWithAuthenticator(
            user_with_email(56, "user-56@example.org"),
            authenticator(56, 56),
        ),
        Call::RefreshAccount(
            account(12).0,
            account(12).1,
            Some(text("refresh_token 12")),
            AccountChanges {
                scope: Change::set("new"),
                ..Default::default()
            },
        ),
        Call::UnlinkAccountOfUser(id(2), account(22).0, account(22).1, true),
        Call::ListSessionsWithDetailsByUserId(id(1)),
        Call::GetSessionDetails(id(2_011)),
        Call::UpdateSessionDetails(id(2_011), full_session_details(57)),
        Call::DeleteVerificationTokensByIdentifier(token(54).identifier),
        Call::ListAuthenticatorsWithDetailsByUserId(id(1)),
        Call::UseAuthenticator(text("credential-11"), 1_000, false),
        Call::DeleteAuthenticatorOfUser(id(1), text("credential-12"), true),
        Call::UpdateAuthenticatorDetails(
            id(1),
            text("credential-11"),
            full_authenticator_details(57),
        ),
        Call::CreateChallenge(challenge_until(58, millis(1_000))),
        Call::UseChallenge(text("challenge 58")),
        Call::DeleteExpired(millis(1), 1),
        Call::Ping,
    ]
}

/// Returns calls whose result could be known without asking the storage.
fn calls_with_nothing_to_do() -> Vec<Call> {
    let text = |text: &str| text.to_owned();
    vec![
        Call::ListUsers(None, 0),
        Call::ListUsers(Some(Uuid::max()), 10),
        Call::DeleteExpired(millis(1), 0),
        Call::UpdateUser(id(1), UserChanges::default()),
        Call::UpdateAccount(
            text("provider 11"),
            text("account 11"),
            AccountChanges::default(),
        ),
        Call::UpdateSession(text("session 11"), SessionChanges::default()),
        Call::UpdateSessionDetails(id(2_011), SessionDetailsChanges::default()),
        Call::UpdateAuthenticatorDetails(
            id(1),
            text("credential-11"),
            AuthenticatorDetailsChanges::default(),
        ),
    ]
}

/// What concurrent calls returned, and when.
pub(super) type Outcomes<T> = Vec<Ran<authstore::Result<T>>>;

/// Runs all of them concurrently, because each may wait until its timeout.
pub(super) fn all_at_once(store: &AuthStore, calls: &[Call]) -> Outcomes<Reply> {
    thread::scope(|scope| {
        let running: Vec<_> = calls
            .iter()
            .map(|call| scope.spawn(move || timed(|| call.on_store(store))))
            .collect();
        running.into_iter().map(joined).collect()
    })
}

/// What a handle does beside the operations: a name, and a call.
pub(super) type Other<'a> = (
    &'static str,
    Box<dyn Fn() -> authstore::Result<()> + Send + Sync + 'a>,
);

/// Returns what this storage has of it.
pub(super) fn others(store: &AuthStore) -> Verdict<Vec<Other<'_>>> {
    let mut others: Vec<Other<'_>> = vec![("ping()", Box::new(|| store.ping()))];
    if has_transactions(store)? {
        others.push((
            "a transaction",
            Box::new(|| store.transaction(|tx| tx.get_user(id(1)).map(drop))),
        ));
    }
    if let (Some(asked), Some(run)) = (store.migrator(), store.migrator()) {
        others.push((
            "Migrator::status()",
            Box::new(move || asked.status().map(drop)),
        ));
        others.push(("Migrator::up()", Box::new(move || run.up().map(drop))));
    }
    Ok(others)
}

/// Runs the operations and everything else concurrently.
pub(super) fn all_and_others_at_once(
    store: &AuthStore,
    calls: &[Call],
    others: &[Other<'_>],
) -> (Outcomes<Reply>, Outcomes<()>) {
    thread::scope(|scope| {
        let running: Vec<_> = others
            .iter()
            .map(|(_, run)| scope.spawn(move || timed(run)))
            .collect();
        let outcomes = all_at_once(store, calls);
        (outcomes, running.into_iter().map(joined).collect())
    })
}

#[track_caller]
pub(super) fn in_time<T>(context: &Context, call: &str, ran: &Ran<T>) -> Verdict {
    let limit = context.limits().call;
    ensure(
        ran.returned - ran.called <= limit,
        format!("{call} took longer than {limit:?}"),
    )
}

/// Makes the calls on an empty storage and on a model, which it returns.
pub(super) fn created(store: &AuthStore, calls: &[Call]) -> Verdict<Model> {
    let mut model = Model::default();
    for call in calls {
        call.on_store(store)?;
        call.on_model(&mut model)
            .expect("an empty model accepts it");
    }
    Ok(model)
}

/// Reads again and again until nothing changes any more, because a busy server may still be doing calls that got no
/// answer. Returns the last replies.
fn settled(store: &AuthStore, reads: &[Call], deadline: Instant) -> authstore::Result<Vec<Reply>> {
    let read_all = || -> authstore::Result<Vec<Reply>> {
        reads.iter().map(|read| read.on_store(store)).collect()
    };
    let mut replies = read_all()?;
    loop {
        thread::sleep(Duration::from_millis(300));
        let before = std::mem::replace(&mut replies, read_all()?);
        if before == replies || Instant::now() >= deadline {
            return Ok(replies);
        }
    }
}

/// Waits for what a storage may still do of calls that have failed, and then checks that no write was done whose calls
/// all returned [`Error::Unavailable`], and that no other is half done. `model` holds what is stored without them.
fn are_undone(context: &Context, model: &Model, outcomes: &[(Witnessed, bool)]) -> Verdict {
    let reads = reads_of(outcomes.iter().map(|(witnessed, _)| witnessed));
    let deadline = Instant::now() + context.limits().recovery;
    settled(context.store(), &reads, deadline)?;
    for ((write, witnesses), is_unavailable) in outcomes {
        let mut after = model.clone();
        let _ = write.on_model(&mut after);
        let [_, is_done] = undone_or_done(context, &write.show(), [model, &after], witnesses)?;
        if *is_unavailable {
            equal(
                format!(
                    "whether {}, which returned Unavailable, was done",
                    write.show()
                ),
                is_done,
                false,
            )?;
        }
    }
    Ok(())
}

pub(crate) fn unreachable(context: &Context) -> Verdict {
    let store = context.store();
    let model = created(store, &setting(1))?;
    let before = look(store, 1..=3)?;
    let writes = every_write(1);
    let mut calls: Vec<Call> = writes.iter().map(|(write, _)| write.clone()).collect();
    calls.extend(every_operation().into_iter().filter(|call| !call.writes()));
    calls.extend(calls_with_nothing_to_do());
    // Each row was read before, so that a cache would answer now.
    for read in calls.iter().filter(|call| !call.writes()) {
        read.on_store(store)?;
    }
    // Its last call succeeds, so that a backend could think the storage reachable.
    let confident = context.open()?;
    let others = others(&confident)?;
    confident.get_user(id(1))?;
    harness_result(context.storage().cut_off())?;
    let (outcomes, of_others) = all_and_others_at_once(store, &calls, &others);
    harness_result(context.storage().restore())?;
    for ((call, _), ran) in others.iter().zip(&of_others) {
        in_time(context, call, ran)?;
        if !matches!(ran.value, Err(Error::Unavailable { .. })) {
            return Err(Failure::broken(format!(
                "{call} on an unreachable storage did not return Unavailable"
            ))
            .expected("Err(Unavailable)")
            .got(show_result(&ran.value)));
        }
    }
    let mut unknown = false;
    for (call, ran) in calls.iter().zip(&outcomes) {
        in_time(context, call.name(), ran)?;
        match &ran.value {
            Err(Error::Unavailable { .. }) => {}
            Err(Error::OutcomeUnknown { .. }) if call.writes() => unknown = true,
            other => {
                return Err(Failure::broken(format!(
                    "{} on an unreachable storage did not return Unavailable",
                    call.show()
                ))
                .expected("Err(Unavailable), or Err(OutcomeUnknown) of a write")
                .got(show_got(other)));
            }
        }
    }
    recovers(context, store)?;
    if !unknown {
        returns("the rows that existed before", look(store, 1..=3), before)?;
    }
    let unavailable = outcomes
        .iter()
        .map(|ran| matches!(ran.value, Err(Error::Unavailable { .. })));
    are_undone(
        context,
        &model,
        &writes.into_iter().zip(unavailable).collect::<Vec<_>>(),
    )
}

pub(crate) fn restart(context: &Context) -> Verdict {
    let (store, second) = (context.store(), context.open()?);
    populate(store)?;
    let before = look(&second, 1..=3)?;
    for round in 0..3 {
        harness_result(context.storage().cut_off())?;
        harness_result(context.storage().restore())?;
        for handle in [store, &second] {
            recovers(context, handle)?;
            returns(
                "the rows from before the storage became unavailable",
                look(handle, 1..=3),
                before.clone(),
            )?;
            handle.create_session(session_with_token(100 + round, 1, "again"))?;
            returns("delete_session(..)", handle.delete_session("again"), true)?;
        }
    }
    Ok(())
}

pub(crate) fn paused(context: &Context) -> Verdict {
    let store = context.store();
    let model = created(store, &setting(1))?;
    let writes = every_write(1);
    let mut once: Vec<Call> = writes.iter().map(|(write, _)| write.clone()).collect();
    once.extend(every_operation().into_iter().filter(|call| !call.writes()));
    // More than the connections of any pool, because callers without a connection must return within the limit, too.
    let calls = [&once[..]; 3].concat();
    harness_result(context.storage().pause())?;
    let outcomes = all_at_once(store, &calls);
    harness_result(context.storage().resume())?;
    let mut waited = false;
    for (call, ran) in calls.iter().zip(&outcomes) {
        in_time(context, call.name(), ran)?;
        match &ran.value {
            Err(Error::Unavailable { .. }) => waited |= call.writes(),
            Err(Error::OutcomeUnknown { .. }) if call.writes() => waited = true,
            Ok(reply) if !call.writes() => {
                ensure(
                    reply != "None" && reply != "[]",
                    format!(
                        "{} on a storage that does not answer returned nothing",
                        call.show()
                    ),
                )?;
            }
            other => {
                return Err(Failure::broken(format!(
                    "{} on a storage that does not answer did not wait",
                    call.show()
                ))
                .expected("Err(Unavailable), or Err(OutcomeUnknown) of a write")
                .got(show_got(other)));
            }
        }
    }
    ensure(waited, "no write waited on a storage that does not answer")?;
    recovers(context, store)?;
    let unavailable = (0..writes.len()).map(|place| {
        outcomes[place..]
            .iter()
            .step_by(once.len())
            .all(|ran| matches!(ran.value, Err(Error::Unavailable { .. })))
    });
    are_undone(
        context,
        &model,
        &writes.iter().cloned().zip(unavailable).collect::<Vec<_>>(),
    )
}

pub(crate) fn failed_operations_leak_nothing(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let before = look(store, 1..=3)?;
    let has_transactions = has_transactions(store)?;
    let fail = |store: &AuthStore| -> Verdict {
        for _ in 0..25 {
            if has_transactions {
                undone(store, |tx| Ok(tx.get_user(id(1))?))?;
            }
            conflicts(
                "create_user(..)",
                store.create_user(full_user(1)),
                authstore::Constraint::UserId,
            )
            .or_else(|_| {
                conflicts(
                    "create_user(..)",
                    store.create_user(full_user(1)),
                    authstore::Constraint::UserEmail,
                )
            })?;
            conflicts(
                "create_session(..)",
                store.create_session(session_with_token(99, 1, "session 11")),
                authstore::Constraint::SessionToken,
            )?;
            not_found(
                "link_account(..)",
                store.link_account(id(9), account_at(99, "github", "1")),
                authstore::Entity::User,
            )?;
            not_found(
                "update_user(..)",
                store.update_user(id(9), UserChanges::default()),
                authstore::Entity::User,
            )?;
            conflicts(
                "create_user_with_account(..)",
                store.create_user_with_account(
                    bare_user(9),
                    authstore::NewAccount {
                        id: Some(id(1_099)),
                        ..full_account(11)
                    },
                ),
                authstore::Constraint::ProviderAccount,
            )?;
        }
        Ok(())
    };
    // A thousand failures and two hundred undone transactions, eight at a time.
    thread::scope(|scope| {
        let running: Vec<_> = (0..8).map(|_| scope.spawn(|| fail(store))).collect();
        running.into_iter().try_for_each(joined)
    })?;
    returns("the rows that existed before", look(store, 1..=3), before)?;
    for ran in all_at_once(store, &vec![Call::GetUser(id(1)); 32]) {
        if let Err(error) = ran.value {
            return Err(Failure::broken(
                "get_user(..) failed after a thousand operations that failed",
            )
            .got(show_error(&error)));
        }
    }
    Ok(())
}

/// The sign-up of a user by a thread, and the results.
struct SignUp {
    number: u128,
    created: Result<(), Error>,
    /// The deletion of the user, if there was one.
    deleted: Option<Result<(), Error>>,
}

impl SignUp {
    fn is_failed(&self) -> bool {
        self.created.is_err() || matches!(self.deleted, Some(Err(_)))
    }
}

/// Signs people up, one at a time, and deletes every other one, until it is told to stop.
fn sign_up(store: &AuthStore, writer: u128, stop: &AtomicBool, failed: &AtomicBool) -> Vec<SignUp> {
    let mut written = Vec::new();
    for number in writer * 100_000..(writer + 1) * 100_000 {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let created = store
            .create_user_with_account(bare_user(number), bare_account(number))
            .map(drop);
        let is_deleted = created.is_ok() && number % 2 == 0;
        let one = SignUp {
            number,
            created,
            deleted: is_deleted.then(|| store.delete_user(id(number)).map(drop)),
        };
        if one.is_failed() {
            failed.store(true, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(5));
        }
        written.push(one);
    }
    written
}

/// Returns the sign-ups that failed, and a few before each of these and before the end, because there may be very many.
fn to_check(written: Vec<SignUp>) -> Vec<SignUp> {
    const BEFORE: usize = 20;
    let failures: Vec<usize> = (0..written.len())
        .filter(|place| written[*place].is_failed())
        .chain([written.len()])
        .collect();
    let mut next = 0;
    written
        .into_iter()
        .enumerate()
        .filter(|(place, _)| {
            while failures[next] < *place {
                next += 1;
            }
            failures[next] - place <= BEFORE
        })
        .map(|(_, written)| written)
        .collect()
}

/// Runs `act` while this many writers sign people up, on these handles in turn. `act` can see whether a sign-up has
/// failed. Returns the sign-ups to check.
fn while_others_sign_up(
    stores: &[AuthStore],
    writers: u128,
    act: impl FnOnce(&AtomicBool) -> Verdict,
) -> Verdict<Vec<SignUp>> {
    let (stop, failed) = (&AtomicBool::new(false), &AtomicBool::new(false));
    thread::scope(|scope| {
        let running: Vec<_> = (1..=writers)
            .zip(stores.iter().cycle())
            .map(|(writer, store)| scope.spawn(move || sign_up(store, writer, stop, failed)))
            .collect();
        let result = act(failed);
        stop.store(true, Ordering::SeqCst);
        let written = running.into_iter().map(joined).flat_map(to_check).collect();
        result.map(|()| written)
    })
}

/// Checks that each sign-up is complete or absent, as its results say. Returns how many got no answer.
fn are_whole(store: &AuthStore, written: Vec<SignUp>) -> Verdict<usize> {
    let mut cut = 0;
    for one in written {
        cut += usize::from(one.is_failed());
        let number = one.number;
        let read = || -> authstore::Result<(bool, bool)> {
            let user = store.get_user(id(number))?;
            let account =
                store.get_account(&format!("provider {number}"), &format!("account {number}"))?;
            Ok((user.is_some(), account.is_some()))
        };
        let (mut user, mut account) = read()?;
        if user != account {
            // A busy server may have done the write in between.
            thread::sleep(Duration::from_millis(500));
            (user, account) = read()?;
        }
        ensure(
            account == user,
            "a write that was interrupted left a user without the account, or an account without the user",
        )?;
        let is_created = says("create_user_with_account(..)", &one.created)?;
        let is_deleted = match &one.deleted {
            Some(deleted) => says("delete_user(..)", deleted)?,
            None => Some(false),
        };
        let expected = match (is_created, is_deleted) {
            (Some(is_created), Some(is_deleted)) => is_created && !is_deleted,
            _ => user,
        };
        equal(
            format!(
                "whether a user exists after create_user_with_account(..) returned {:?}, and delete_user(..) {:?}",
                one.created, one.deleted
            ),
            user,
            expected,
        )?;
    }
    Ok(cut)
}

/// Returns whether a write was done, as its result says, if that is known.
fn says(call: &str, outcome: &Result<(), Error>) -> Verdict<Option<bool>> {
    match outcome {
        Ok(()) => Ok(Some(true)),
        Err(Error::Unavailable { .. }) => Ok(Some(false)),
        Err(Error::OutcomeUnknown { .. }) => Ok(None),
        Err(error) => Err(Failure::broken(format!(
            "{call} failed with the wrong error while connections were interrupted"
        ))
        .expected("Err(Unavailable) or Err(OutcomeUnknown)")
        .got(show_error(error))),
    }
}

pub(crate) fn cut_during_write(context: &Context) -> Verdict {
    const WRITERS: u128 = 8;
    let store = context.store();
    store.create_user(full_user(1))?;
    let stores = std::slice::from_ref(store);
    let written = while_others_sign_up(stores, WRITERS, |failed| {
        let deadline = Instant::now() + Duration::from_secs(40);
        let mut result = Ok(());
        let mut cuts = 0;
        // At least three times, and until a write was in flight.
        while result.is_ok()
            && (cuts < 3 || !failed.load(Ordering::SeqCst) && Instant::now() < deadline)
        {
            cuts += 1;
            thread::sleep(Duration::from_millis(100));
            result = harness_result(context.storage().cut_off());
            thread::sleep(Duration::from_millis(50));
            result = result.and_then(|()| harness_result(context.storage().restore()));
        }
        thread::sleep(Duration::from_millis(200));
        result
    })?;
    recovers(context, store)?;
    let cut = are_whole(store, written)?;
    if cut == 0 {
        return Err(Failure::not_run(
            "no write was in flight when the storage was cut off",
        ));
    }
    Ok(())
}

/// A write, and calls that show whether it was done.
type Witnessed = (Call, Vec<Call>);

/// Returns the witnesses that only read.
fn reads_of<'a>(writes: impl IntoIterator<Item = &'a Witnessed>) -> Vec<Call> {
    let witnesses = writes.into_iter().flat_map(|(_, witnesses)| witnesses);
    witnesses.filter(|call| !call.writes()).cloned().collect()
}

fn email(number: u128) -> String {
    format!("user-{number}@example.org")
}

fn account(number: u128) -> (String, String) {
    (format!("provider {number}"), format!("account {number}"))
}

fn session_token(number: u128) -> String {
    format!("session {number}")
}

fn credential_id(number: u128) -> String {
    format!("credential-{number}")
}

fn challenge_key(number: u128) -> String {
    format!("challenge {number}")
}

fn get_account(number: u128) -> Call {
    Call::GetAccount(account(number).0, account(number).1)
}

fn get_session(number: u128) -> Call {
    Call::GetSessionAndUser(session_token(number))
}

fn get_details(number: u128) -> Call {
    Call::GetSessionDetails(id(2_000 + number))
}

fn get_authenticator(number: u128) -> Call {
    Call::GetAuthenticator(credential_id(number))
}

fn get_token(number: u128) -> Call {
    let VerificationToken {
        identifier, token, ..
    } = token(number);
    Call::UseVerificationToken(identifier, token)
}

/// Returns every write, each to different rows of [`setting`].
pub(super) fn every_write(first: u128) -> Vec<Witnessed> {
    let (user, other, third) = (first, first + 1, first + 2);
    let passkey_with_details = |number| {
        let list = Call::ListAuthenticatorsWithDetailsByUserId(id(number));
        vec![
            list.clone(),
            get_authenticator(number),
            // If its details were left behind, the new passkey would have them.
            Call::CreateAuthenticator(authenticator(number, number)),
            list,
        ]
    };
    let (linked, signed_up) = (user * 10 + 3, user * 10 + 4);
    vec![
        (
            Call::CreateUser(user_with_email(100 + user, &email(100 + user))),
            vec![
                Call::GetUser(id(100 + user)),
                Call::GetUserByEmail(email(100 + user)),
            ],
        ),
        (
            Call::UpdateUser(
                id(user),
                UserChanges {
                    name: Change::set("new"),
                    ..Default::default()
                },
            ),
            vec![Call::GetUser(id(user))],
        ),
        (
            Call::DeleteUser(id(third)),
            vec![
                Call::GetUser(id(third)),
                Call::ListAccountsByUserId(id(third)),
                Call::ListSessionsByUserId(id(third)),
                Call::ListAuthenticatorsByUserId(id(third)),
                get_details(third * 10 + 1),
                get_details(third * 10 + 2),
                Call::CreateUser(bare_user(third)),
                Call::CreateAuthenticator(authenticator(third * 10 + 1, third)),
                Call::ListAuthenticatorsWithDetailsByUserId(id(third)),
            ],
        ),
        (
            Call::LinkAccount(id(user), bare_account(linked)),
            vec![get_account(linked)],
        ),
        (
            Call::CreateUserWithAccount(bare_user(200 + user), bare_account(signed_up)),
            vec![Call::GetUser(id(200 + user)), get_account(signed_up)],
        ),
        (
            Call::UnlinkAccount(account(user * 10 + 1).0, account(user * 10 + 1).1),
            vec![get_account(user * 10 + 1)],
        ),
        (
            Call::UpdateAccount(
                account(user * 10 + 2).0,
                account(user * 10 + 2).1,
                AccountChanges {
                    scope: Change::Clear,
                    ..Default::default()
                },
            ),
            vec![get_account(user * 10 + 2)],
        ),
        (
            Call::CreateSession(session(other * 10 + 3, other)),
            vec![get_session(other * 10 + 3)],
        ),
        (
            Call::UpdateSession(
                session_token(other * 10 + 1),
                SessionChanges {
                    expires: Some(millis(5)),
                    ..Default::default()
                },
            ),
            vec![get_session(other * 10 + 1)],
        ),
        (
            Call::DeleteSession(session_token(other * 10 + 2)),
            vec![get_session(other * 10 + 2), get_details(other * 10 + 2)],
        ),
        (
            Call::DeleteSessionsByUserId(id(user), None),
            vec![
                Call::ListSessionsByUserId(id(user)),
                get_details(user * 10 + 1),
                get_details(user * 10 + 2),
            ],
        ),
        (
            Call::CreateVerificationToken(token(300 + user)),
            vec![get_token(300 + user)],
        ),
        (get_token(user), vec![get_token(user)]),
        (
            Call::CreateAuthenticator(authenticator(user * 10 + 3, user)),
            vec![get_authenticator(user * 10 + 3)],
        ),
        (
            Call::UpdateAuthenticatorCounter(credential_id(user * 10 + 1), 999),
            vec![get_authenticator(user * 10 + 1)],
        ),
        (
            Call::DeleteAuthenticator(credential_id(1_300 + user)),
            passkey_with_details(1_300 + user),
        ),
        (
            Call::CreateUserWithAuthenticator(
                bare_user(400 + user),
                authenticator(user * 10 + 4, 400 + user),
            ),
            vec![
                Call::GetUser(id(400 + user)),
                get_authenticator(user * 10 + 4),
            ],
        ),
        (
            Call::RefreshAccount(
                account(other * 10 + 1).0,
                account(other * 10 + 1).1,
                Some(format!("refresh_token {}", other * 10 + 1)),
                AccountChanges {
                    refresh_token: Change::set("rotated"),
                    ..Default::default()
                },
            ),
            vec![get_account(other * 10 + 1)],
        ),
        (
            Call::UnlinkAccountOfUser(
                id(other),
                account(other * 10 + 2).0,
                account(other * 10 + 2).1,
                true,
            ),
            vec![get_account(other * 10 + 2)],
        ),
        (
            Call::UpdateSessionDetails(id(2_000 + other * 10 + 1), full_session_details(7)),
            vec![get_details(other * 10 + 1)],
        ),
        (
            Call::DeleteSessionOfUser(id(other), id(2_000 + other * 10 + 6)),
            vec![get_session(other * 10 + 6), get_details(other * 10 + 6)],
        ),
        (
            Call::DeleteVerificationTokensByIdentifier(token(700 + user).identifier),
            vec![get_token(700 + user)],
        ),
        (
            Call::UpdateAuthenticatorDetails(
                id(600 + user),
                credential_id(user * 10 + 7),
                full_authenticator_details(7),
            ),
            vec![Call::ListAuthenticatorsWithDetailsByUserId(id(600 + user))],
        ),
        (
            Call::UseAuthenticator(credential_id(other * 10 + 1), 9_999, false),
            vec![get_authenticator(other * 10 + 1)],
        ),
        (
            Call::DeleteAuthenticatorOfUser(id(1_400 + user), credential_id(1_400 + user), true),
            passkey_with_details(1_400 + user),
        ),
        (
            Call::CreateChallenge(challenge_until(300 + user, millis(1_000))),
            vec![Call::UseChallenge(challenge_key(300 + user))],
        ),
        (
            Call::UseChallenge(challenge_key(user)),
            vec![Call::UseChallenge(challenge_key(user))],
        ),
        // Keys that change, of which a storage may keep the old and the new one apart from the row.
        (
            Call::UpdateUser(
                id(900 + user),
                UserChanges {
                    email: Change::Set(email(800 + user)),
                    ..Default::default()
                },
            ),
            vec![
                Call::GetUserByEmail(email(900 + user)),
                Call::GetUserByEmail(email(800 + user)),
                Call::GetUser(id(900 + user)),
            ],
        ),
        (
            rotation(&session_token(1_000 + user), &session_token(800 + user)),
            vec![
                get_session(1_000 + user),
                get_session(800 + user),
                Call::ListSessionsByUserId(id(1_000 + user)),
            ],
        ),
        (
            Call::UpdateSession(
                session_token(1_100 + user),
                SessionChanges {
                    user_id: Some(id(1_200 + user)),
                    ..Default::default()
                },
            ),
            vec![
                get_session(1_100 + user),
                Call::ListSessionsByUserId(id(1_100 + user)),
                Call::ListSessionsByUserId(id(1_200 + user)),
            ],
        ),
        (
            Call::DeleteExpired(expiry(user) + Duration::from_millis(1), 9),
            vec![
                get_session(other * 10 + 5),
                get_details(other * 10 + 5),
                get_token(other),
                Call::UseChallenge(challenge_key(500 + user)),
            ],
        ),
    ]
}

/// Returns writes that change nothing after those of [`every_write`] with the same numbers: a key is taken, a row is gone,
/// or a condition does not hold. Whoever gets no answer and looks for the row may think that such a write was done.
fn vain_writes(first: u128) -> Vec<Witnessed> {
    let (user, other, third) = (first, first + 1, first + 2);
    let (linked, used) = (user * 10 + 3, other * 10 + 1);
    let (fresh, free) = (150 + user, 8_000 + user);
    let of_another = |number| NewAccount {
        id: Some(id(number)),
        ..bare_account(linked)
    };
    let taken_session = NewSession {
        id: Some(id(free)),
        ..session(other * 10 + 3, user)
    };
    let taken_token = VerificationToken {
        expires: millis(77),
        ..token(300 + user)
    };
    vec![
        (
            Call::CreateUser(user_with_email(fresh, &email(100 + user))),
            vec![
                Call::GetUser(id(fresh)),
                Call::GetUserByEmail(email(100 + user)),
            ],
        ),
        (
            Call::UpdateUser(
                id(other),
                UserChanges {
                    email: Change::Set(email(100 + user)),
                    ..Default::default()
                },
            ),
            vec![
                Call::GetUser(id(other)),
                Call::GetUserByEmail(email(100 + user)),
            ],
        ),
        (Call::DeleteUser(id(third)), vec![Call::GetUser(id(third))]),
        (
            Call::LinkAccount(id(other), of_another(free)),
            vec![get_account(linked), Call::ListAccountsByUserId(id(other))],
        ),
        (
            Call::CreateUserWithAccount(bare_user(fresh + 30), of_another(free + 30)),
            vec![Call::GetUser(id(fresh + 30)), get_account(linked)],
        ),
        (
            Call::CreateUserWithAuthenticator(
                bare_user(fresh + 300),
                authenticator(linked, fresh + 300),
            ),
            vec![Call::GetUser(id(fresh + 300)), get_authenticator(linked)],
        ),
        (
            Call::CreateAuthenticator(authenticator(linked, other)),
            vec![
                get_authenticator(linked),
                Call::ListAuthenticatorsByUserId(id(other)),
            ],
        ),
        (
            Call::UseAuthenticator(credential_id(used), 9_999, true),
            vec![get_authenticator(used)],
        ),
        (
            Call::RefreshAccount(
                account(used).0,
                account(used).1,
                Some("stale".into()),
                AccountChanges {
                    refresh_token: Change::set("rotated"),
                    ..Default::default()
                },
            ),
            vec![get_account(used)],
        ),
        (
            Call::CreateSession(taken_session),
            vec![get_session(other * 10 + 3)],
        ),
        (
            rotation(&session_token(used), &session_token(other * 10 + 3)),
            vec![get_session(used), get_session(other * 10 + 3)],
        ),
        (
            rotation(&session_token(1_000 + user), &session_token(800 + user)),
            vec![get_session(1_000 + user), get_session(800 + user)],
        ),
        (
            Call::DeleteSession(session_token(other * 10 + 2)),
            vec![get_session(other * 10 + 2)],
        ),
        (
            Call::CreateVerificationToken(taken_token),
            vec![get_token(300 + user)],
        ),
        (get_token(user), vec![get_token(user)]),
        (
            Call::CreateChallenge(challenge_until(300 + user, millis(2_000))),
            vec![Call::UseChallenge(challenge_key(300 + user))],
        ),
        (
            Call::UseChallenge(challenge_key(user)),
            vec![Call::UseChallenge(challenge_key(user))],
        ),
    ]
}

/// Creates the rows for [`every_write`]: three users, one with only a passkey, four whose keys and sessions change hands,
/// two whose passkeys are deleted, verification tokens, a session, a challenge, and an expired row of each kind that can
/// expire.
pub(super) fn setting(first: u128) -> Vec<Call> {
    let details =
        |number| Call::UpdateSessionDetails(id(2_000 + number), full_session_details(number));
    let mut calls = population(first..first + 3);
    calls.push(Call::CreateVerificationToken(token(first)));
    calls.push(Call::CreateVerificationToken(token(700 + first)));
    calls.push(Call::CreateSession(session(
        (first + 1) * 10 + 6,
        first + 1,
    )));
    calls.push(details((first + 1) * 10 + 6));
    calls.push(Call::CreateUser(bare_user(600 + first)));
    calls.push(Call::CreateAuthenticator(authenticator(
        first * 10 + 7,
        600 + first,
    )));
    calls.extend([
        Call::CreateUser(full_user(900 + first)),
        Call::CreateUser(bare_user(1_000 + first)),
        Call::CreateUser(bare_user(1_100 + first)),
        Call::CreateUser(bare_user(1_200 + first)),
        Call::CreateSession(session(1_000 + first, 1_000 + first)),
        Call::CreateSession(session(1_100 + first, 1_100 + first)),
    ]);
    for user in [1_300 + first, 1_400 + first] {
        calls.extend([
            Call::CreateUser(bare_user(user)),
            Call::CreateAuthenticator(authenticator(user, user)),
            Call::UpdateAuthenticatorDetails(
                id(user),
                authenticator(user, user).credential_id,
                full_authenticator_details(user),
            ),
        ]);
    }
    calls.push(Call::CreateAuthenticator(authenticator(
        1_500 + first,
        1_400 + first,
    )));
    calls.push(Call::CreateChallenge(challenge_until(first, millis(1_000))));
    calls.push(Call::CreateVerificationToken(VerificationToken {
        expires: expiry(first),
        ..token(first + 1)
    }));
    calls.push(Call::CreateSession(session_until(
        (first + 1) * 10 + 5,
        first + 1,
        expiry(first),
    )));
    calls.push(details((first + 1) * 10 + 5));
    calls.push(Call::CreateChallenge(challenge_until(
        500 + first,
        expiry(first),
    )));
    calls
}

/// The expiry of the token to delete: long before all other rows, and later for higher numbers.
fn expiry(first: u128) -> OffsetDateTime {
    since_1970(i64::try_from(first).expect("the suite's numbers are small") * 1_000)
}

/// The end of a write whose answer is held back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Its connection is interrupted.
    Cut,
    /// It times out.
    TimeOut,
}

/// Returns the calls of a transaction, and reads of what they write.
fn transaction(user: u128) -> ([Call; 2], [Call; 2]) {
    let calls = [
        Call::CreateUser(bare_user(user)),
        Call::LinkAccount(id(user), bare_account(user)),
    ];
    let witnesses = [
        Call::GetUser(id(user)),
        Call::ListAccountsByUserId(id(user)),
    ];
    (calls, witnesses)
}

/// Runs calls in a transaction, which is committed as soon as answers are held back. Waits three times like
/// [`write_unanswered`].
fn commit_unanswered(
    handle: &AuthStore,
    calls: &[Call],
    together: &Barrier,
) -> Ran<authstore::Result<Reply>> {
    together.wait();
    let mut called = None;
    let value = handle.transaction(|tx| {
        let done = Call::in_turn(calls, tx);
        if called.is_none() {
            together.wait();
            together.wait();
            called = Some(Instant::now());
        }
        done
    });
    if called.is_none() {
        together.wait();
        together.wait();
    }
    Ran {
        value: value.map(|()| Reply::new()),
        called: called.unwrap_or_else(Instant::now),
        returned: Instant::now(),
    }
}

/// Runs every write concurrently while answers are held back, each on a separate handle that has done the same write
/// before, so that the write itself is its first request. A transaction is committed beside them, and writes are tried
/// that change nothing. Returns whether any was done.
fn write_unanswered(context: &Context, first: u128, end: End) -> Verdict<bool> {
    let store = context.store();
    let mut likes = every_write(first);
    let mut writes = every_write(first + 3);
    let vain = vain_writes(first);
    likes.extend(vain.iter().map(|_| (Call::GetUser(id(first)), Vec::new())));
    writes.extend(vain);
    let settings = [setting(first), setting(first + 3)].concat();
    for call in &settings {
        call.on_store(store)?;
    }
    // The model at the time when answers are held back.
    let mut model = Model::default();
    for call in settings.iter().chain(likes.iter().map(|(like, _)| like)) {
        call.on_model(&mut model)
            .expect("each writes only to its own rows");
    }
    let handles: Vec<AuthStore> = writes
        .iter()
        .map(|_| context.open())
        .collect::<Verdict<_>>()?;
    let another = context.open()?;
    let in_transaction = has_transactions(store)?.then(|| transaction(800 + first));
    // Reached three times: after each has done a write like its own, when the transaction is open, and when answers are
    // held back.
    let together = &Barrier::new(writes.len() + 1 + usize::from(in_transaction.is_some()));
    let (ended, ends) = mpsc::channel();
    let (outcomes, committed) = thread::scope(|scope| {
        let running: Vec<_> = handles
            .iter()
            .zip(&likes)
            .zip(&writes)
            .map(|((handle, (like, _)), (write, _))| {
                let ended = ended.clone();
                scope.spawn(move || {
                    let warmed = like.on_store(handle);
                    together.wait();
                    together.wait();
                    together.wait();
                    let ran = warmed.map(|_| timed(|| write.on_store(handle)));
                    ended.send(()).expect("the other end is open");
                    ran
                })
            })
            .collect();
        // So that a panic of all callers ends the wait for them.
        drop(ended);
        let committing = in_transaction
            .as_ref()
            .map(|(calls, _)| scope.spawn(|| commit_unanswered(&another, calls, together)));
        together.wait();
        together.wait();
        let storage = context.storage();
        let mut result = storage.hold_answers();
        together.wait();
        match end {
            End::Cut => {
                thread::sleep(Duration::from_millis(200));
                result = result
                    .and_then(|()| storage.cut_off())
                    .and_then(|()| storage.restore());
            }
            End::TimeOut => {
                // A call that is not back soon after most others has sent its write again, and is to get the answer to
                // that. So this waits for less than a timeout.
                let held = Instant::now();
                ends.iter().take(writes.len() / 2).for_each(drop);
                thread::sleep((held.elapsed() / 2).min(Duration::from_millis(500)));
                result = result.and_then(|()| storage.resume());
            }
        }
        let outcomes: Vec<_> = running.into_iter().map(joined).collect();
        let committed = committing.map(joined);
        harness_result(result).map(|()| (outcomes, committed))
    })?;
    recovers(context, store)?;
    let deadline = Instant::now() + context.limits().recovery;
    // On the very handle, the next calls get their own answers. They are about rows of others.
    let reads = reads_of(&writes);
    let replies = settled(store, &reads, deadline)?;
    let expected: Vec<_> = reads.iter().zip(&replies).collect();
    for (place, handle) in handles.iter().enumerate() {
        for (read, reply) in expected
            .iter()
            .cycle()
            .skip(place + reads.len() / 2)
            .take(reads.len())
        {
            let got = once_available(deadline, || read.on_store(handle))?;
            equal(
                format!(
                    "{} on the handle on which {} got no answer",
                    read.show(),
                    writes[place].0.show()
                ),
                &got,
                reply,
            )?;
        }
    }
    let mut any = false;
    for ((write, witnesses), ran) in writes.iter().zip(outcomes) {
        let mut after = model.clone();
        let reply = write.on_model(&mut after);
        any |= was_done(
            context,
            &write.show(),
            &reply,
            [&model, &after],
            witnesses,
            &ran?,
        )?;
    }
    if let (Some((calls, witnesses)), Some(ran)) = (in_transaction, committed) {
        let mut after = model.clone();
        for call in &calls {
            call.on_model(&mut after).expect("these rows are new");
        }
        let worlds = [&model, &after];
        was_done(
            context,
            "the commit",
            &Ok(Reply::new()),
            worlds,
            &witnesses,
            &ran,
        )?;
    }
    Ok(any)
}

/// Returns whether a write was not done, and whether it was done: both if it changes nothing. `worlds` are the models
/// before and after it.
fn undone_or_done(
    context: &Context,
    write: &str,
    worlds: [&Model; 2],
    witnesses: &[Call],
) -> Verdict<[bool; 2]> {
    let [mut before, mut after] = worlds.map(Model::clone);
    let (mut done, mut undone) = (true, true);
    for witness in witnesses {
        let now = match witness.on_store(context.store()) {
            Err(
                error @ (Error::Unavailable { .. }
                | Error::OutcomeUnknown { .. }
                | Error::Backend { .. }),
            ) => return Err(error.into()),
            now => now,
        };
        done &= agrees(&now, &witness.on_model(&mut after));
        undone &= agrees(&now, &witness.on_model(&mut before));
    }
    ensure(
        done || undone,
        format!("{write} got no answer, and was only half done"),
    )?;
    Ok([undone, done])
}

/// Returns whether a write was done, if it changes anything, and checks that this matches its result. `reply` is that of a success, and
/// `worlds` are the models before and after it.
fn was_done(
    context: &Context,
    write: &str,
    reply: &Answer<Reply>,
    worlds: [&Model; 2],
    witnesses: &[Call],
    ran: &Ran<authstore::Result<Reply>>,
) -> Verdict<bool> {
    in_time(context, write, ran)?;
    let [undone, done] = undone_or_done(context, write, worlds, witnesses)?;
    let said = match &ran.value {
        got if agrees(got, reply) => Some(true),
        Err(Error::Unavailable { .. }) => Some(false),
        Err(Error::OutcomeUnknown { .. }) => None,
        other => {
            return Err(Failure::broken(format!(
                "{write} got no answer, and failed with the wrong error"
            ))
            .expected(format!(
                "Err(Unavailable), Err(OutcomeUnknown), or {}",
                show_answer(reply)
            ))
            .got(show_got(other)));
        }
    };
    if let Some(said) = said {
        equal(
            format!(
                "whether {write}, which returned {}, was done",
                show_got(&ran.value)
            ),
            if said { done } else { !undone },
            said,
        )?;
    }
    Ok(done && !undone)
}

/// Repeats until a write was in flight, and at least this often.
fn unanswered(context: &Context, end: End, at_least: u128) -> Verdict {
    const ROUNDS: u128 = 5;
    let mut any = false;
    for round in 0..ROUNDS {
        any |= write_unanswered(context, 1 + 6 * round, end)?;
        if any && round + 1 >= at_least {
            return Ok(());
        }
    }
    Err(Failure::not_run(
        "no write was executed while answers were held back",
    ))
}

pub(crate) fn answer_lost(context: &Context) -> Verdict {
    // Whether a backend that tries again does so before the storage is reachable again, is chance.
    unanswered(context, End::Cut, 3)
}

pub(crate) fn answer_late(context: &Context) -> Verdict {
    unanswered(context, End::TimeOut, 1)
}

/// Interrupts a transaction between two writes. Its work does not mind that the second one fails, so the commit must.
pub(crate) fn cut_transaction(context: &Context) -> Verdict {
    type Interrupt = fn(&dyn Storage, &dyn Fn()) -> Result<(), BoxError>;
    let store = context.store();
    require_transactions(store)?;
    populate(store)?;
    let interrupts: [Interrupt; 3] = [
        |storage, write| {
            storage.cut_off()?;
            storage.restore()?;
            write();
            Ok(())
        },
        |storage, write| {
            storage.cut_off()?;
            write();
            storage.restore()
        },
        |storage, write| {
            storage.pause()?;
            write();
            storage.resume()
        },
    ];
    for (number, interrupt) in (60..).step_by(2).zip(interrupts) {
        let (first, second) = (bare_user(number), bare_user(number + 1));
        let mut interrupted = None;
        let ended = store.transaction(|tx| {
            tx.create_user(first.clone())?;
            let write = || drop(tx.create_user(second.clone()));
            // Not again, if the store repeats the work.
            match interrupted {
                None => interrupted = Some(interrupt(context.storage(), &write)),
                Some(_) => write(),
            }
            Ok::<_, Error>(())
        });
        if let Some(result) = interrupted {
            harness_result(result)?;
        }
        recovers(context, store)?;
        let are_there = [number, number + 1]
            .map(|number| store.get_user(id(number)).map(|user| user.is_some()));
        let [first, second] = are_there;
        let are_there = (first?, second?);
        let is_right = match &ended {
            Ok(()) => are_there == (true, true),
            Err(Error::Unavailable { .. }) => are_there == (false, false),
            Err(Error::OutcomeUnknown { .. }) => are_there.0 == are_there.1,
            Err(_) => false,
        };
        if !is_right {
            return Err(Failure::broken(
                "a transaction that lost its connection between two writes was not done as its end says",
            )
            .expected("Ok and both writes, Unavailable and none, or OutcomeUnknown and both or none")
            .got(format!("{}, and whether they are there: {are_there:?}", show_result(&ended))));
        }
    }
    Ok(())
}

/// Interrupts runs of the migrations, up and down.
pub(crate) fn interrupted_migration(context: &Context) -> Verdict {
    let store = context.store();
    let Some(own) = store.migrator() else {
        return Err(Failure::lacks("The backend has no schema."));
    };
    let storage = context.storage();
    let deadline = Instant::now() + Duration::from_secs(context.profile().pick(20, 30, 300).into());
    let began = Instant::now();
    own.down(usize::MAX)?;
    own.up()?;
    let longest = began.elapsed();
    let (mut rounds, mut interrupted) = (0, 0);
    while rounds < 6 || interrupted == 0 && Instant::now() < deadline {
        let is_up = rounds % 2 == 0;
        if is_up {
            own.down(usize::MAX)?;
        }
        let run = || match is_up {
            true => own.up(),
            false => own.down(usize::MAX),
        };
        let (outcome, cut) = thread::scope(|scope| {
            let running = scope.spawn(run);
            // Another part of the run each time.
            thread::sleep(longest / 12 * (rounds % 6));
            let cut = storage.cut_off();
            thread::sleep(Duration::from_millis(20));
            let cut = cut.and_then(|()| storage.restore());
            (joined(running), cut)
        });
        harness_result(cut)?;
        rounds += 1;
        match outcome {
            Ok(_) => {}
            Err(
                Error::Unavailable { .. }
                | Error::OutcomeUnknown { .. }
                | Error::Migration(MigrationError::Failed { .. }),
            ) => interrupted += 1,
            Err(error) => {
                return Err(Failure::broken(
                    "a migration that lost its connection failed with the wrong error",
                )
                .expected("Err(Unavailable), Err(OutcomeUnknown) or Err(Migration(Failed))")
                .got(show_error(&error)));
            }
        }
        // Another handle, as of the next deployment.
        let next = context.open()?;
        let recovered = Instant::now() + context.limits().recovery;
        if let Err(error) = once_available(recovered, || next.migrate()) {
            return Err(Failure::broken(
                "after a migration lost its connection, the next run does not finish it",
            )
            .got(show_error(&error)));
        }
        recovers(context, store)?;
    }
    if interrupted == 0 {
        return Err(Failure::not_run("no migration lost its connection"));
    }
    own.down(usize::MAX)?;
    own.up()?;
    populate(store)
}

/// Begins a transaction, and writes in it once the storage does not answer. Returns how long it took from then on.
fn write_once_silent(handle: &AuthStore, open: &AtomicUsize, silent: &AtomicBool) -> Ran<()> {
    let mut called = Instant::now();
    let _ = handle.transaction(|tx| {
        tx.get_user(id(3))?;
        open.fetch_add(1, Ordering::SeqCst);
        while !silent.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
            called = Instant::now();
        }
        tx.update_user(id(3), UserChanges::default())
    });
    Ran {
        value: (),
        called,
        returned: Instant::now(),
    }
}

/// Lets calls time out on handles, in transactions too, then makes calls of every kind on each. Each must get its own
/// answer, not that of an earlier call, and no write may stay in a transaction that timed out.
pub(crate) fn answers_in_step(context: &Context) -> Verdict {
    const AT_ONCE: usize = 10;
    let store = context.store();
    populate(store)?;
    let text = |text: &str| text.to_owned();
    let rows = [(11, 1), (12, 1), (21, 2), (22, 2)]
        .into_iter()
        .flat_map(|(number, user)| {
            [
                Call::GetSessionAndUser(format!("session {number}")),
                Call::GetUser(id(user)),
            ]
        });
    // Every type of answer, without a row.
    let no_rows = [
        Call::GetUser(id(99)),
        Call::GetAccount(text("provider 99"), text("account 99")),
        Call::GetSessionDetails(id(99)),
        Call::GetAuthenticator(text("credential-99")),
        Call::ListSessionsByUserId(id(99)),
        Call::UseVerificationToken(text("person-99@example.org"), text("token 99")),
        Call::UseChallenge(text("challenge 99")),
        Call::DeleteSession(text("session 99")),
        Call::UnlinkAccount(text("provider 99"), text("account 99")),
        Call::DeleteAuthenticator(text("credential-99")),
        Call::DeleteSessionsByUserId(id(99), None),
        Call::DeleteVerificationTokensByIdentifier(text("person-99@example.org")),
        Call::DeleteExpired(since_1970(0), 10),
    ];
    let known: Vec<Call> = rows.chain(no_rows).collect();
    let user = Call::GetUser(id(1)).on_store(store)?;
    let mut expected = Vec::new();
    for call in &known {
        expected.push((call, call.on_store(store)?));
    }
    // Calls only on other rows, so those that are read afterwards are the same whether or not the calls were done.
    for call in setting(30) {
        call.on_store(store)?;
    }
    let writes = every_write(30).into_iter().map(|(write, _)| write);
    let calls: Vec<Call> = writes
        .chain([
            Call::GetSessionAndUser("session 301".into()),
            Call::GetUser(id(30)),
            Call::ListUsers(None, 10),
            Call::ListAccountsByUserId(id(30)),
        ])
        .collect();
    let storage = context.storage();
    let (has_transactions, another) = (has_transactions(store)?, context.open()?);
    for silence in [
        crate::harness::Storage::hold_answers,
        crate::harness::Storage::pause,
    ] {
        let handles: Vec<AuthStore> = (0..3).map(|_| context.open()).collect::<Verdict<_>>()?;
        let handles: Vec<&AuthStore> = handles.iter().chain([store]).collect();
        let read = |handle: &AuthStore| -> Verdict {
            for _ in 0..5 {
                for (call, reply) in &expected {
                    let got = call.on_store(handle)?;
                    ensure(
                        got == *reply,
                        format!(
                            "after calls that timed out, {} on the same handle returned the result of another call\n  expected {reply}\n  got {got}",
                            call.show()
                        ),
                    )?;
                }
            }
            Ok(())
        };
        handles.iter().try_for_each(|handle| read(handle))?;
        let (open, silent) = (&AtomicUsize::new(0), &AtomicBool::new(false));
        let ended = thread::scope(|scope| -> Verdict<Vec<bool>> {
            let writing: Vec<_> = handles
                .iter()
                .filter(|_| has_transactions)
                .map(|handle| scope.spawn(|| write_once_silent(handle, open, silent)))
                .collect();
            // Not for long: a storage may run one transaction after the other.
            let deadline = Instant::now() + Duration::from_millis(500);
            while open.load(Ordering::SeqCst) < writing.len() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(1));
            }
            let result = silence(storage);
            silent.store(true, Ordering::SeqCst);
            harness_result(result)?;
            let running: Vec<_> = handles
                .iter()
                .flat_map(|handle| (0..AT_ONCE).map(move |_| *handle))
                .zip(calls.iter().cycle())
                .map(|(handle, call)| scope.spawn(move || call.on_store(handle).is_err()))
                .collect();
            for transaction in writing {
                in_time(context, "a transaction", &joined(transaction))?;
            }
            Ok(running.into_iter().map(joined).collect())
        });
        harness_result(storage.resume())?;
        if !ended?.contains(&true) {
            return Err(Failure::not_run("no call timed out"));
        }
        for handle in handles {
            equal(
                "get_user(..), the first call after others timed out on the same handle,",
                recovers(context, handle)?.show(),
                user.clone(),
            )?;
            let write = |number: usize| -> Verdict {
                let token = &format!("after a timeout {number}");
                let new = NewSession::new(id(1), token, millis(1));
                handle.create_session(new)?;
                equal(
                    "whether another handle finds a session that was created after a transaction had timed out",
                    another.get_session_and_user(token)?.is_some(),
                    true,
                )?;
                returns("delete_session(..)", another.delete_session(token), true)
            };
            // Concurrently, so that every connection of the handle is used again.
            thread::scope(|scope| {
                let running: Vec<_> = (0..AT_ONCE)
                    .map(|number| scope.spawn(move || read(handle).and_then(|()| write(number))))
                    .collect();
                running.into_iter().try_for_each(joined)
            })?;
        }
    }
    Ok(())
}

/// Makes a call. While the storage is unavailable, repeats it until the deadline.
fn once_available<T>(
    deadline: Instant,
    call: impl Fn() -> authstore::Result<T>,
) -> authstore::Result<T> {
    loop {
        match call() {
            Err(Error::Unavailable { .. }) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(50));
            }
            got => return got,
        }
    }
}

/// Checks that a call agrees with the model, [once it is available](once_available).
fn agreed(store: &AuthStore, model: &mut Model, call: &Call, deadline: Instant) -> Verdict {
    let got = once_available(deadline, || call.on_store(store));
    let answer = call.on_model(model);
    if agrees(&got, &answer) {
        return Ok(());
    }
    Err(Failure::broken(format!(
        "{} disagrees with the model after the server was killed",
        call.show()
    ))
    .expected(show_answer(&answer))
    .got(show_got(&got)))
}

/// Runs every operation on a handle, to prepare statements and scripts.
fn run_everything(store: &AuthStore, model: &mut Model, first: u128, deadline: Instant) -> Verdict {
    let writes = every_write(first).into_iter().map(|(write, _)| write);
    let reads = every_operation().into_iter().filter(|call| !call.writes());
    setting(first)
        .into_iter()
        .chain(writes)
        .chain(reads)
        .try_for_each(|call| agreed(store, model, &call, deadline))
}

/// Kills the server after a transaction, and after single writes, as many as there is time for: a write that follows may make an earlier one
/// permanent, too.
fn last_writes_survive(
    context: &Context,
    store: &AuthStore,
    model: &mut Model,
    first: u128,
) -> Verdict {
    let time = Duration::from_secs(context.profile().pick(2, 10, 600).into());
    let begun = Instant::now();
    for call in setting(first) {
        agreed(store, model, &call, begun)?;
    }
    let survives = |model: &mut Model, witnesses: &[Call]| -> Verdict {
        harness_result(context.storage().restart())?;
        recovers(context, store)?;
        let deadline = Instant::now() + context.limits().recovery;
        witnesses
            .iter()
            .try_for_each(|witness| agreed(store, model, witness, deadline))
    };
    if has_transactions(store)? {
        let (calls, witnesses) = transaction(800 + first);
        store.transaction(|tx| Call::in_turn(&calls, tx))?;
        for call in &calls {
            call.on_model(model).expect("these rows are new");
        }
        survives(model, &witnesses)?;
    }
    let mut writes = every_write(first);
    let place = context.seed() % writes.len() as u64;
    writes.rotate_left(place as usize);
    for (write, witnesses) in writes {
        agreed(store, model, &write, begun)?;
        survives(model, &witnesses)?;
        if begun.elapsed() > time {
            break;
        }
    }
    Ok(())
}

/// Does every write through the handles in turn while others sign up, kills the server right after the last one, and
/// then repeats everything.
pub(crate) fn killed_server(context: &Context) -> Verdict {
    const WRITERS: u128 = 4;
    let handles = [context.store().clone(), context.open()?];
    let mut model = Model::default();
    let now = Instant::now();
    run_everything(&handles[0], &mut model, 1, now)?;
    run_everything(&handles[1], &mut model, 4, now)?;
    let written = while_others_sign_up(&handles, WRITERS, |_| {
        let writes = every_write(7).into_iter().map(|(write, _)| write);
        setting(7)
            .iter()
            .chain(&writes.collect::<Vec<_>>())
            .zip(handles.iter().cycle())
            .try_for_each(|(call, handle)| agreed(handle, &mut model, call, now))
            .and_then(|()| harness_result(context.storage().restart()))
    })?;
    let deadline = Instant::now() + context.limits().recovery;
    recovers(context, &handles[0])?;
    let new = context.open()?;
    let witnesses: Vec<Call> = [1, 4, 7]
        .into_iter()
        .flat_map(every_write)
        .flat_map(|(_, witnesses)| witnesses)
        .chain((1..=9).flat_map(|user| {
            [
                Call::GetUser(id(user)),
                Call::ListAccountsByUserId(id(user)),
                Call::ListSessionsWithDetailsByUserId(id(user)),
                Call::ListAuthenticatorsWithDetailsByUserId(id(user)),
            ]
        }))
        .collect();
    for handle in [&handles[0], &handles[1], &new] {
        for witness in &witnesses {
            agreed(handle, &mut model, witness, deadline)?;
        }
    }
    are_whole(&new, written)?;
    for (handle, first) in [&handles[0], &handles[1], &new]
        .into_iter()
        .zip([10, 13, 16])
    {
        run_everything(handle, &mut model, first, deadline)?;
    }
    last_writes_survive(context, &new, &mut model, 19)?;
    let deadline = Instant::now() + context.limits().recovery;
    // Concurrently, so that every connection of a handle is used again.
    for handle in &handles {
        while let Some(error) = all_at_once(handle, &vec![Call::GetUser(id(1)); 16])
            .into_iter()
            .find_map(|ran| ran.value.err())
        {
            if Instant::now() >= deadline {
                return Err(Failure::broken(
                    "a connection of a handle is still broken after the server was restarted",
                )
                .got(show_error(&error)));
            }
        }
    }
    Ok(())
}

pub(crate) fn wrong_password(context: &Context) -> Verdict {
    const PASSWORD: &str = "wrong-hunter2-Pässword";
    populate(context.store())?;
    // A handle may connect only when it is used.
    let ran = timed(|| {
        let opened = context.storage().open_with_password(PASSWORD)?;
        Ok(opened.and_then(|store| store.get_user(id(1)).map(drop)))
    });
    ensure(
        ran.returned - ran.called < context.limits().wrong_password,
        "a wrong password was not reported immediately",
    )?;
    match harness_result(ran.value)? {
        Ok(()) => Err(Failure::broken("a wrong password opened the storage")),
        Err(error) => {
            let shown = show_error(&error);
            ensure(
                !shown.contains("hunter2"),
                "the error about a wrong password shows the password",
            )?;
            ensure(
                !matches!(error, Error::Conflict { .. } | Error::NotFound { .. }),
                format!("the error about a wrong password is about rows: {shown}"),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    macro_rules! names {
        ({} $(fn $operation:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
            [$(stringify!($operation)),*]
        };
    }

    #[test]
    fn every_operation_meets_every_fault() {
        let all = BTreeSet::from(authstore::for_each_operation!(names! {}));
        let tried: BTreeSet<&str> = every_operation().iter().map(Call::name).collect();
        assert_eq!(tried, all, "every_operation() is not complete");
        let writes: BTreeSet<&str> = every_operation()
            .iter()
            .filter(|call| call.writes())
            .map(Call::name)
            .collect();
        let cut: BTreeSet<&str> = every_write(1)
            .iter()
            .map(|(write, _)| write.name())
            .collect();
        assert_eq!(cut, writes, "every_write() is not complete");
    }

    /// Otherwise an operation that is forgotten could not be distinguished from one that has nothing to do.
    #[test]
    fn every_operation_that_writes_changes_something() {
        let mut model = Model::default();
        let tokens = [Call::CreateVerificationToken(token(1))];
        for call in population(1..=3).into_iter().chain(tokens) {
            call.on_model(&mut model)
                .expect("an empty model accepts it");
        }
        let mut idle = Vec::new();
        for call in every_operation().iter().filter(|call| call.writes()) {
            let before = model.clone();
            call.on_model(&mut model).expect("it does not fail");
            if model == before {
                idle.push(call.name());
            }
        }
        assert_eq!(idle, [""; 0]);
    }

    #[test]
    fn vain_writes_change_nothing() {
        let mut model = Model::default();
        let likes = every_write(1);
        for call in setting(1).iter().chain(likes.iter().map(|(like, _)| like)) {
            call.on_model(&mut model).expect("each has its own rows");
        }
        for (write, _) in vain_writes(1) {
            let before = model.clone();
            let _ = write.on_model(&mut model);
            assert_eq!(model, before, "{}", write.name());
        }
    }

    /// Otherwise `answer_lost` could not distinguish two writes.
    #[test]
    fn every_write_changes_what_its_witnesses_see() {
        let mut model = Model::default();
        for call in setting(1) {
            call.on_model(&mut model)
                .expect("an empty model accepts it");
        }
        for (write, witnesses) in every_write(1) {
            let (mut before, mut after) = (model.clone(), model.clone());
            write.on_model(&mut after).expect("it does not fail");
            let see = |model: &mut Model| -> Vec<_> {
                witnesses.iter().map(|call| call.on_model(model)).collect()
            };
            assert_ne!(see(&mut before), see(&mut after), "{}", write.name());
        }
    }
}
