use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use authstore::{
    AccountChanges, AuthStore, Authenticator, AuthenticatorDetailsChanges, Challenge, Change,
    Error, NewAccount, NewSession, NewUser, PoolState, SessionChanges, SessionDetailsChanges,
    UserChanges, VerificationToken,
};

use crate::call::{Call, Reply, agrees, show_answer, show_got};
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, equal, harness_result, returns, succeeds};
use crate::fixture::{
    at, authenticator, authenticator_with_id, bare_account, bare_user, challenge_until,
    full_account, full_authenticator_details, full_session_details, full_user, id, look, millis,
    populate, population, rotation, session, session_until, session_with_token, since_1970, token,
    token_until,
};
use crate::harness::Storage;
use crate::model::Model;
use crate::race::{Race, THREADS, all_succeed, joined, overlapped};
use crate::rules::faults::{created, every_operation, every_write, setting};
use crate::rules::transaction::{self, has_transactions};
use crate::rules::values::rows_with;
use crate::show::Show;
use crate::strings::UNICODE;
use time::OffsetDateTime;
use uuid::Uuid;

/// Checks that the store answers a call like the model.
pub(super) fn agreed(store: &AuthStore, model: &mut Model, call: &Call, when: &str) -> Verdict {
    answered(&call.on_store(store), model, call, when)
}

/// Checks that the store has answered a call like the model.
pub(super) fn answered(
    got: &Result<Reply, Error>,
    model: &mut Model,
    call: &Call,
    when: &str,
) -> Verdict {
    let answer = call.on_model(model);
    if agrees(got, &answer) {
        return Ok(());
    }
    Err(
        Failure::broken(format!("{} disagrees with the model {when}", call.show()))
            .expected(show_answer(&answer))
            .got(show_got(got)),
    )
}

pub(crate) fn fresh_is_empty(context: &Context) -> Verdict {
    let store = context.store();
    ensure(
        look(store, 0..=3)?.is_empty(),
        "a fresh storage contains rows",
    )?;
    let expired = store.delete_expired(at("9999-12-31T23:59:59.999Z"), u32::MAX)?;
    equal(
        "delete_expired(..) on a fresh storage",
        expired,
        authstore::ExpiredCounts::default(),
    )
}

/// Rows of one storage are read there first, so that a memory which both share would answer for the other.
pub(crate) fn isolated(context: &Context) -> Verdict {
    let (other_storage, other) = context.another()?;
    let store = context.store();
    populate(store)?;
    store.create_verification_token(token(1))?;
    let challenge = store.create_challenge(challenge_until(1, millis(1_000)))?;
    let (writes, reads): (Vec<Call>, Vec<Call>) =
        every_operation().into_iter().partition(Call::writes);
    let mut known = Vec::new();
    let mut empty = Model::default();
    for read in &reads {
        known.push(read.on_store(store)?);
        agreed(
            &other,
            &mut empty,
            read,
            "in an empty storage beside another",
        )?;
    }
    let token = token(1);
    returns(
        "use_verification_token(..) of a token of another storage",
        other.use_verification_token(&token.identifier, &token.token),
        None,
    )?;
    returns(
        "use_challenge(..) of a challenge of another storage",
        other.use_challenge(&challenge.key),
        None,
    )?;
    populate(&other)?;
    let before = look(store, 1..=3)?;
    for write in &writes {
        write.on_store(&other)?;
    }
    for (read, known) in reads.iter().zip(known) {
        equal(
            format!("{} after writes to another storage", read.show()),
            read.on_store(store)?,
            known,
        )?;
    }
    drop((other, other_storage));
    returns(
        "a storage after another one was removed",
        look(store, 1..=3),
        before,
    )?;
    returns(
        "use_verification_token(..) after writes to another storage, and its removal,",
        store.use_verification_token(&token.identifier, &token.token),
        Some(token.clone()),
    )?;
    returns(
        "use_challenge(..) after writes to another storage, and its removal,",
        store.use_challenge(&challenge.key),
        Some(challenge.clone()),
    )
}

/// Each write through one handle is visible immediately through the other, and vice versa.
pub(crate) fn handles_agree(context: &Context) -> Verdict {
    let first = context.store();
    let second = &context.open()?;
    for (number, (one, other)) in (1..).zip([(first, second), (second, first)]) {
        writes_are_seen(one, other, number)?;
    }
    Ok(())
}

fn writes_are_seen(one: &AuthStore, other: &AuthStore, number: u128) -> Verdict {
    let user = one.create_user(full_user(number))?;
    returns(
        "get_user(..) through another handle",
        other.get_user(user.id),
        Some(user.clone()),
    )?;
    let user = one.update_user(
        user.id,
        UserChanges {
            name: Change::set("new"),
            ..Default::default()
        },
    )?;
    returns(
        "get_user(..) through another handle",
        other.get_user(user.id),
        Some(user.clone()),
    )?;

    let account = one.link_account(user.id, full_account(number))?;
    let get =
        |store: &AuthStore| store.get_account(&account.provider, &account.provider_account_id);
    returns(
        "get_account(..) through another handle",
        get(other),
        Some(account.clone()),
    )?;
    let updated = one.update_account(
        &account.provider,
        &account.provider_account_id,
        AccountChanges {
            scope: Change::Clear,
            ..Default::default()
        },
    )?;
    returns(
        "get_account(..) through another handle",
        get(other),
        Some(updated),
    )?;

    let created = one.create_session(session(number, number))?;
    let get = |store: &AuthStore| store.get_session_and_user(&created.session_token);
    returns(
        "get_session_and_user(..) through another handle",
        get(other),
        Some((created.clone(), user.clone())),
    )?;
    let updated = one.update_session(
        &created.session_token,
        SessionChanges {
            expires: Some(millis(5)),
            ..Default::default()
        },
    )?;
    returns(
        "get_session_and_user(..) through another handle",
        get(other),
        updated.map(|session| (session, user.clone())),
    )?;
    one.delete_session(&created.session_token)?;
    returns(
        "get_session_and_user(..) through another handle",
        get(other),
        None,
    )?;

    let passkey = one.create_authenticator(authenticator(number, number))?;
    let get = |store: &AuthStore| store.get_authenticator(&passkey.credential_id);
    returns(
        "get_authenticator(..) through another handle",
        get(other),
        Some(passkey.clone()),
    )?;
    let updated = one.update_authenticator_counter(&passkey.credential_id, 99)?;
    returns(
        "get_authenticator(..) through another handle",
        get(other),
        Some(updated),
    )?;

    let token = one.create_verification_token(token(number))?;
    returns(
        "use_verification_token(..) through another handle",
        other.use_verification_token(&token.identifier, &token.token),
        Some(token.clone()),
    )?;
    returns(
        "use_verification_token(..) after it was used through another handle",
        one.use_verification_token(&token.identifier, &token.token),
        None,
    )?;
    one.delete_user(user.id)?;
    returns(
        "get_user(..) through another handle",
        other.get_user(user.id),
        None,
    )?;
    returns(
        "list_accounts_by_user_id(..) through another handle",
        other.list_accounts_by_user_id(user.id),
        Vec::new(),
    )
}

/// Writes after those of [`every_operation`].
pub(super) fn later_writes() -> Vec<Call> {
    let email = |email: &str| UserChanges {
        email: Change::set(email),
        ..Default::default()
    };
    let move_session = SessionChanges {
        user_id: Some(id(2)),
        ..Default::default()
    };
    let mut writes = Vec::new();
    // Rows of users who had none when they were read.
    for (number, user) in [(51, 50), (52, 52), (53, 50), (55, 56)] {
        writes.extend([
            Call::LinkAccount(id(user), bare_account(number)),
            Call::CreateSession(session(number, user)),
            Call::UpdateSessionDetails(id(2_000 + number), full_session_details(number)),
            Call::CreateAuthenticator(authenticator(number, user)),
        ]);
    }
    writes.extend([
        // To a token that was deleted, and back.
        rotation("session 11", "session 12"),
        rotation("session 12", "session 11"),
        Call::UpdateSession("session 11".to_owned(), move_session),
        // In the form that keeps the other rows.
        Call::DeleteSessionsByUserId(id(50), Some("session 51".to_owned())),
        Call::UnlinkAccountOfUser(
            id(50),
            "provider 53".to_owned(),
            "account 53".to_owned(),
            false,
        ),
        Call::DeleteAuthenticatorOfUser(id(50), "credential-53".to_owned(), false),
        // It now expires at `millis(5)`.
        Call::DeleteExpired(millis(5), 10),
        // Addresses that were or were not found before now belong to another user.
        Call::UpdateUser(id(2), email("moved@example.org")),
        Call::UpdateUser(id(1), email("user-2@example.org")),
        Call::DeleteUser(id(1)),
    ]);
    writes
}

/// Updates of rows of user 1, each of a single field, after those of [`every_operation`].
pub(super) fn changes_of_each_field() -> Vec<Call> {
    let text = || Change::set("alone");
    let user = |changes| Call::UpdateUser(id(1), changes);
    let account =
        |changes| Call::UpdateAccount("provider 11".to_owned(), "account 11".to_owned(), changes);
    let session = |changes| Call::UpdateSessionDetails(id(2_011), changes);
    let passkey =
        |changes| Call::UpdateAuthenticatorDetails(id(1), "credential-11".to_owned(), changes);
    macro_rules! each {
        ($update:ident, $changes:ident { $($field:ident: $value:expr),* $(,)? }) => {
            [$($update($changes { $field: $value, ..Default::default() })),*]
        };
    }
    let mut writes = Vec::new();
    writes.extend(each!(
        user,
        UserChanges {
            name: text(),
            email: Change::set("alone@example.org"),
            email_verified: Change::Set(millis(7)),
            image: text(),
            email_verified: Change::Clear,
            image: Change::Clear,
            name: Change::Clear,
            email: Change::Clear,
            email: Change::set("user-1@example.org"),
        }
    ));
    writes.extend(each!(
        account,
        AccountChanges {
            kind: Some("oidc".to_owned()),
            refresh_token: text(),
            access_token: text(),
            expires_at: Change::Set(7),
            token_type: text(),
            scope: text(),
            id_token: text(),
            session_state: text(),
            oauth_token_secret: text(),
            oauth_token: text(),
        }
    ));
    writes.extend(each!(
        session,
        SessionDetailsChanges {
            began: Change::Set(millis(7)),
            last_seen: Change::Set(millis(8)),
            ip: text(),
            user_agent: text(),
        }
    ));
    writes.extend(each!(
        passkey,
        AuthenticatorDetailsChanges {
            name: text(),
            created: Change::Set(millis(7)),
            last_used: Change::Set(millis(8)),
        }
    ));
    // The counter alone, and then only whether it is backed up.
    writes.extend(
        [(2_000, false), (2_001, true)].map(|(counter, is_backed_up)| {
            Call::UseAuthenticator("credential-11".to_owned(), counter, is_backed_up)
        }),
    );
    writes
}

/// Reads everything before and after each write, through the handle that writes and through another, to detect stale
/// caches.
pub(crate) fn reads_are_current(context: &Context) -> Verdict {
    let handles = [context.store(), &context.open()?];
    let mut model = Model::default();
    let mut run = |store: &AuthStore, call: &Call| {
        agreed(store, &mut model, call, "after all rows were read")
    };
    let reads = every_read();
    let read_all = |run: &mut dyn FnMut(&AuthStore, &Call) -> Verdict, reads: &[Call]| {
        handles
            .iter()
            .try_for_each(|handle| reads.iter().try_for_each(|read| run(handle, read)))
    };
    for call in population(1..=3) {
        run(handles[0], &call)?;
    }
    read_all(&mut run, &reads)?;
    let mut reads_of_one = rows_of(1).to_vec();
    reads_of_one.extend(rows_numbered(11));
    let mut operations = every_operation();
    operations.retain(Call::writes);
    for (writes, reads) in [
        (operations, &reads),
        (changes_of_each_field(), &reads_of_one),
        (later_writes(), &reads),
    ] {
        for write in writes {
            run(handles[0], &write)?;
            read_all(&mut run, reads)?;
        }
    }
    // What one handle has deleted, a write through the other does not find, even if it has just written beside it.
    for user in [1, 2, 3, 50, 52, 56] {
        let number = 700 + user;
        let writes = [
            Call::LinkAccount(id(user), bare_account(number)),
            Call::CreateSession(session(number, user)),
            Call::CreateAuthenticator(authenticator(number, user)),
        ];
        writes.iter().try_for_each(|write| run(handles[1], write))?;
        run(handles[0], &Call::DeleteUser(id(user)))?;
        writes.iter().try_for_each(|write| run(handles[1], write))?;
    }
    for write in every_operation().into_iter().filter(Call::writes) {
        run(handles[1], &write)?;
    }
    read_all(&mut run, &reads)
}

/// Deletes all rows, and makes these calls on the store and on a model, which it returns.
pub(super) fn created_anew(store: &AuthStore, calls: &[Call]) -> Verdict<Model> {
    for user in store.list_users(None, u32::MAX)? {
        store.delete_user(user.id)?;
    }
    store.delete_expired(at("9999-12-31T23:59:59.999Z"), u32::MAX)?;
    created(store, calls)
}

/// Does every write while other threads read its rows. Afterwards no handle may remember what they were before.
pub(crate) fn races_leave_nothing_old(context: &Context) -> Verdict {
    let store = context.store();
    let transacts = has_transactions(store)?;
    let race = Race::new(context)?;
    race.repeat(context.profile().pick(4, 8, 400), |round| {
        let mut model = created_anew(store, &setting(1))?;
        let mut has_overlap = false;
        for (write, witnesses) in every_write(1) {
            let mut reads = witnesses;
            reads.retain(|call| !call.writes());
            reads.extend((1..=3).flat_map(rows_of));
            // In every other round in a transaction, which is open for a while.
            let in_transaction = round % 2 == 0 && transacts;
            let is_written = AtomicBool::new(false);
            let ran = race.at_once(THREADS, |thread, store| {
                if thread > 0 {
                    loop {
                        Call::in_turn(&reads, store)?;
                        if !in_transaction || is_written.load(Ordering::SeqCst) {
                            return Ok(());
                        }
                    }
                }
                if !in_transaction {
                    return write.on_store(store).map(drop);
                }
                let written = store.transaction(|tx| {
                    write.on_store(tx)?;
                    thread::sleep(Duration::from_millis(2));
                    Ok(())
                });
                is_written.store(true, Ordering::SeqCst);
                written
            });
            has_overlap |= overlapped(&ran);
            all_succeed(&write.show(), ran)?;
            write
                .on_model(&mut model)
                .expect("it succeeds in an empty model");
            for read in &reads {
                let when = format!("after it was called during {}", write.show());
                for handle in race.handles() {
                    agreed(handle, &mut model, read, &when)?;
                }
            }
        }
        Ok(has_overlap)
    })
}

/// Makes every call that fails, some of them in their second half, while others look for what it would have changed.
pub(crate) fn refused_writes_are_never_seen(context: &Context) -> Verdict {
    let store = context.store();
    let race = Race::new(context)?;
    let mut model = Model::default();
    for call in transaction::rows() {
        agreed(store, &mut model, &call, "in an empty storage")?;
    }
    let refused = transaction::failing_operations();
    let text = |text: &str| text.to_owned();
    let mut reads = vec![
        Call::ListUsers(None, 10),
        Call::GetUserByEmail(text("user-2@example.org")),
        Call::GetAccount(text("provider 4"), text("account 4")),
        Call::GetSessionAndUser(text("session 4")),
        Call::GetSessionAndUser(text("session 21")),
        Call::GetAuthenticator(text("credential-4")),
        Call::GetAuthenticator(text("credential-11")),
    ];
    reads.extend([1, 4].into_iter().flat_map(rows_of));
    let mut expected = Vec::new();
    for read in &reads {
        expected.push((read, read.on_store(store)?));
    }
    race.repeat(context.profile().pick(4, 8, 100), |_| {
        race.look_on(
            "calls that fail",
            |store| {
                for call in &refused {
                    for _ in 0..4 {
                        if let Err(error @ Error::Unavailable { .. }) = call.on_store(store) {
                            return Err(error);
                        }
                    }
                }
                Ok(())
            },
            |_, store| {
                for (read, reply) in &expected {
                    let got = read.on_store(store)?;
                    if got != *reply {
                        return Ok(Some(format!("{got}, by {}", read.show())));
                    }
                }
                Ok(None)
            },
        )
    })
}

/// The updates of one row, by their number, and the reads that return the row.
pub(super) type Updated = (fn(i64) -> Call, Vec<Call>);

pub(super) fn updates() -> [Updated; 6] {
    let text = |text: &str| text.to_owned();
    let account = || (text("provider 11"), text("account 11"));
    [
        (
            |number| {
                let changes = UserChanges {
                    name: Change::set(number.to_string()),
                    ..Default::default()
                };
                Call::UpdateUser(id(1), changes)
            },
            vec![
                Call::GetUser(id(1)),
                Call::GetUserByEmail(text("user-1@example.org")),
                Call::GetUserByAccount(account().0, account().1),
                Call::GetSessionAndUser(text("session 11")),
                Call::ListUsers(None, 10),
            ],
        ),
        (
            |number| {
                let changes = AccountChanges {
                    expires_at: Change::Set(number),
                    ..Default::default()
                };
                Call::UpdateAccount("provider 11".to_owned(), "account 11".to_owned(), changes)
            },
            vec![
                Call::GetAccount(account().0, account().1),
                Call::ListAccountsByUserId(id(1)),
            ],
        ),
        (
            |number| {
                let changes = SessionChanges {
                    expires: Some(millis(number)),
                    ..Default::default()
                };
                Call::UpdateSession("session 11".to_owned(), changes)
            },
            vec![
                Call::GetSessionAndUser(text("session 11")),
                Call::ListSessionsByUserId(id(1)),
                Call::ListSessionsWithDetailsByUserId(id(1)),
            ],
        ),
        (
            |number| {
                let changes = SessionDetailsChanges {
                    last_seen: Change::Set(millis(number)),
                    ..Default::default()
                };
                Call::UpdateSessionDetails(id(2_011), changes)
            },
            vec![
                Call::GetSessionDetails(id(2_011)),
                Call::ListSessionsWithDetailsByUserId(id(1)),
            ],
        ),
        (
            |number| Call::UpdateAuthenticatorCounter("credential-11".to_owned(), number),
            vec![
                Call::GetAuthenticator(text("credential-11")),
                Call::ListAuthenticatorsByUserId(id(1)),
                Call::ListAuthenticatorsWithDetailsByUserId(id(1)),
            ],
        ),
        (
            |number| {
                let changes = AuthenticatorDetailsChanges {
                    last_used: Change::Set(millis(number)),
                    ..Default::default()
                };
                Call::UpdateAuthenticatorDetails(id(1), "credential-11".to_owned(), changes)
            },
            vec![Call::ListAuthenticatorsWithDetailsByUserId(id(1))],
        ),
    ]
}

/// One thread updates a row, and reads it at once through both handles, while the others read it without pause.
pub(crate) fn updates_are_read_beside_readers(context: &Context) -> Verdict {
    let race = Race::new(context)?;
    let handles = race.handles();
    let mut model = Model::default();
    for call in population([1]) {
        agreed(&handles[0], &mut model, &call, "in an empty storage")?;
    }
    let times = context.profile().pick(25, 50, 1_000);
    for (update, reads) in updates() {
        let is_over = AtomicBool::new(false);
        let (updated, outcomes) = thread::scope(|scope| {
            let readers: Vec<_> = handles
                .iter()
                .cycle()
                .take(THREADS)
                .map(|handle| {
                    scope.spawn(|| {
                        while !is_over.load(Ordering::SeqCst) {
                            Call::in_turn(&reads, handle)?;
                        }
                        Ok(())
                    })
                })
                .collect();
            let updated = (1..=i64::from(times))
                .zip(handles.iter().cycle())
                .try_for_each(|(number, handle)| {
                    let when = "while other threads read the row";
                    agreed(handle, &mut model, &update(number), when)?;
                    reads.iter().try_for_each(|read| {
                        handles
                            .iter()
                            .try_for_each(|handle| agreed(handle, &mut model, read, when))
                    })
                });
            is_over.store(true, Ordering::SeqCst);
            let outcomes: Vec<authstore::Result<()>> = readers.into_iter().map(joined).collect();
            (updated, outcomes)
        });
        updated?;
        for outcome in outcomes {
            succeeds("a read beside an update", outcome)?;
        }
    }
    Ok(())
}

/// Makes every call often through one handle, on rows of which some are expired and some have few details.
pub(crate) fn many_calls(context: &Context) -> Verdict {
    let store = context.store();
    let mut model = Model::default();
    let mut run = |call: &Call| agreed(store, &mut model, call, "among thousands of calls");
    let last_seen = SessionDetailsChanges {
        began: Change::Clear,
        last_seen: Change::Set(millis(1)),
        ip: Change::Clear,
        user_agent: Change::Clear,
    };
    let last_used = AuthenticatorDetailsChanges {
        name: Change::Clear,
        created: Change::Clear,
        last_used: Change::Set(millis(1)),
    };
    let expired = since_1970(1);
    let rows = population(1..=3).into_iter().chain([
        Call::CreateSession(session_until(13, 1, expired)),
        Call::UpdateSessionDetails(id(2_012), last_seen),
        Call::UpdateAuthenticatorDetails(id(1), "credential-12".to_owned(), last_used),
        Call::CreateVerificationToken(token_until(1, expired)),
        Call::CreateVerificationToken(token_until(2, millis(1_000_000))),
        Call::CreateChallenge(challenge_until(1, expired)),
        Call::CreateChallenge(challenge_until(2, millis(1_000_000))),
    ]);
    for row in rows {
        run(&row)?;
    }
    let reads: Vec<Call> = every_operation()
        .into_iter()
        .filter(|call| !call.writes())
        .collect();
    let writes = [
        Call::CreateUser(bare_user(9)),
        Call::CreateSession(session(99, 9)),
        Call::LinkAccount(id(9), bare_account(99)),
        Call::CreateAuthenticator(authenticator(99, 9)),
        Call::DeleteUser(id(9)),
        Call::CreateVerificationToken(token(99)),
        Call::UseVerificationToken(token(99).identifier, token(99).token),
    ];
    for number in 0..context.profile().pick(300, 1_000, 100_000) {
        // Reads are most of what a store is asked.
        if number % 20 == 0 {
            writes.iter().try_for_each(&mut run)?;
        }
        reads.iter().try_for_each(&mut run)?;
    }
    let keys = [1, 2].map(|number| (token(number), format!("challenge {number}")));
    every_read().iter().try_for_each(&mut run)?;
    for (token, challenge) in keys {
        run(&Call::UseVerificationToken(token.identifier, token.token))?;
        run(&Call::UseChallenge(challenge))?;
    }
    run(&Call::GetSessionAndUser("session 13".to_owned()))
}

/// Reads a user and all rows of the user.
fn rows_of(user: u128) -> [Call; 7] {
    [
        Call::GetUser(id(user)),
        Call::GetUserByEmail(format!("user-{user}@example.org")),
        Call::ListAccountsByUserId(id(user)),
        Call::ListSessionsByUserId(id(user)),
        Call::ListSessionsWithDetailsByUserId(id(user)),
        Call::ListAuthenticatorsByUserId(id(user)),
        Call::ListAuthenticatorsWithDetailsByUserId(id(user)),
    ]
}

pub(super) fn every_read() -> Vec<Call> {
    let mut reads = Vec::new();
    reads.extend([1, 2, 3, 50, 52, 56].into_iter().flat_map(rows_of));
    reads.push(Call::ListUsers(None, 100));
    // Pages as long as their limit allows.
    reads.extend((1..=3).map(|limit| Call::ListUsers(None, limit)));
    reads.push(Call::ListUsers(Some(id(1)), 1));
    reads.push(Call::GetUserByEmail("moved@example.org".to_owned()));
    for number in [11, 12, 21, 22, 31, 32, 51, 52, 53, 55] {
        reads.extend(rows_numbered(number));
    }
    reads
}

/// Reads the account, session and passkey of [`population`] that have this number.
fn rows_numbered(number: u128) -> [Call; 5] {
    let (provider, account) = (format!("provider {number}"), format!("account {number}"));
    [
        Call::GetAccount(provider.clone(), account.clone()),
        Call::GetUserByAccount(provider, account),
        Call::GetSessionAndUser(format!("session {number}")),
        Call::GetAuthenticator(format!("credential-{number}")),
        Call::GetSessionDetails(id(2_000 + number)),
    ]
}

pub(crate) fn outlives_handles(context: &Context) -> Verdict {
    let storage = harness_result(context.harness().fresh())?;
    let first = harness_result(storage.open())?;
    first.migrate()?;
    populate(&first)?;
    let tokens = extremes(&first)?;
    let challenge = challenge_until(1, millis(0));
    first.create_challenge(challenge.clone())?;
    let before = look(&first, 1..=5)?;
    drop(first);
    let second = harness_result(storage.open())?;
    succeeds("migrate() through a second handle", second.migrate())?;
    returns(
        "the rows that a first handle wrote",
        look(&second, 1..=5),
        before,
    )?;
    for token in tokens {
        returns(
            "use_verification_token(..) of a token that a first handle created",
            second.use_verification_token(&token.identifier, &token.token),
            Some(token.clone()),
        )?;
    }
    returns(
        "use_challenge(..) of a challenge that a first handle created",
        second.use_challenge(&challenge.key),
        Some(challenge),
    )?;
    second.create_verification_token(token(1))?;
    each_write_outlives_its_handle(&*storage, second)
}

/// Every operation that writes, on a storage that [`populate`] filled, each as the last of its handle.
fn each_write_outlives_its_handle(storage: &dyn Storage, mut store: AuthStore) -> Verdict {
    let everyone = || (1..=5).chain([50, 52]);
    for call in every_operation().iter().filter(|call| call.writes()) {
        succeeds(call.show(), call.on_store(&store))?;
        let left = look(&store, everyone())?;
        drop(store);
        store = harness_result(storage.open())?;
        returns(
            format!("what {} left", call.show()),
            look(&store, everyone()),
            left,
        )?;
        if let Call::CreateVerificationToken(token) = call {
            returns(
                "use_verification_token(..) of a token that another handle created",
                store.use_verification_token(&token.identifier, &token.token),
                Some(token.clone()),
            )?;
            // A later call deletes it.
            store.create_verification_token(token.clone())?;
        }
        if let Call::CreateChallenge(challenge) = call {
            returns(
                "use_challenge(..) of a challenge that another handle created",
                store.use_challenge(&challenge.key),
                Some(challenge.clone()),
            )?;
            // A later call uses it.
            store.create_challenge(challenge.clone())?;
        }
        if let Call::DeleteVerificationTokensByIdentifier(identifier) = call {
            returns(
                "use_verification_token(..) of a token that another handle has deleted",
                store.use_verification_token(identifier, &token(54).token),
                None,
            )?;
        }
        if let Call::UseChallenge(key) = call {
            returns(
                "use_challenge(..) of a challenge that another handle has used",
                store.use_challenge(key),
                None,
            )?;
        }
        if let Call::UseVerificationToken(identifier, token) = call {
            returns(
                "use_verification_token(..) of a token that another handle has used",
                store.use_verification_token(identifier, token),
                None,
            )?;
        }
    }
    Ok(())
}

/// Creates rows of all models with values that a conversion may change: integers that floating point cannot represent,
/// the first and the last time, empty strings, and NULL. Returns the verification tokens.
fn extremes(store: &AuthStore) -> Verdict<Vec<VerificationToken>> {
    let times = [since_1970(1), at("9999-12-31T23:59:59.999Z")];
    let mut tokens = Vec::new();
    for (number, time, text, integer) in [
        (4, times[0], String::new(), -(1 << 53) - 1),
        (5, times[1], UNICODE.concat(), i64::MAX),
    ] {
        store.create_user(NewUser {
            name: Some(text.clone()),
            email_verified: Some(time),
            ..bare_user(number)
        })?;
        store.link_account(
            id(number),
            NewAccount {
                access_token: Some(text.clone()),
                expires_at: Some(integer),
                ..bare_account(number)
            },
        )?;
        store.create_session(session_until(number, number, time))?;
        store.create_authenticator(Authenticator {
            counter: integer.saturating_abs(),
            transports: Some(text),
            ..authenticator(number, number)
        })?;
        store.create_authenticator(Authenticator {
            transports: None,
            ..authenticator(number + 10, number)
        })?;
        tokens.push(store.create_verification_token(token_until(number, time))?);
    }
    Ok(tokens)
}

/// Uses the same string for all keys, and the same UUID for all ids. Deletes each row, in several orders; the others
/// must stay.
pub(crate) fn key_spaces(context: &Context) -> Verdict {
    let store = context.store();
    let (number, other) = (7, 8);
    let uuid = id(number);
    let key = uuid.to_string();
    let text = || key.clone();
    let expires = millis(1_000);
    let reads = [
        Call::GetUser(uuid),
        Call::GetUserByEmail(text()),
        Call::GetUserByAccount(text(), text()),
        Call::GetAccount(text(), text()),
        Call::GetSessionAndUser(text()),
        Call::GetSessionDetails(uuid),
        Call::GetAuthenticator(text()),
        Call::ListUsers(None, 10),
        Call::ListAccountsByUserId(uuid),
        Call::ListAccountsByUserId(id(other)),
        Call::ListSessionsByUserId(uuid),
        Call::ListAuthenticatorsWithDetailsByUserId(uuid),
        Call::ListAuthenticatorsWithDetailsByUserId(id(other)),
        Call::GetUserByAccount("session".to_owned(), text()),
        Call::GetUserByAccount("passkey".to_owned(), text()),
        Call::GetUserByAccount("webauthn".to_owned(), text()),
    ];
    // Providers that are called like something that has a key.
    let namesakes = [
        "user",
        "users",
        "account",
        "session",
        "sessions",
        "verificationToken",
        "verification_token",
        "token",
        "challenge",
        "authenticator",
        "email",
        "lock",
    ];
    let namesakes = namesakes.iter().zip(1_100..).map(|(provider, account)| {
        Call::LinkAccount(
            id(other),
            NewAccount {
                id: Some(id(account)),
                ..NewAccount::new("email", *provider, text())
            },
        )
    });
    let namesakes: Vec<Call> = namesakes.collect();
    let mut deletions = [
        Call::DeleteSession(text()),
        Call::UseVerificationToken(text(), text()),
        Call::UseChallenge(text()),
        Call::UnlinkAccount(text(), text()),
        Call::DeleteAuthenticator(text()),
    ];
    let mut model = Model::default();
    // Each row that belongs to a user belongs to the one with that key, or to the other.
    for owners in 0..8_u32 {
        let owner = |bit: u32| {
            if owners >> bit & 1 == 0 {
                number
            } else {
                other
            }
        };
        let creations = [
            Call::CreateUser(bare_user(other)),
            Call::CreateUser(NewUser {
                email: Some(text()),
                ..bare_user(number)
            }),
            Call::LinkAccount(
                id(owner(0)),
                NewAccount {
                    id: Some(uuid),
                    ..NewAccount::new(text(), text(), text())
                },
            ),
            Call::CreateSession(NewSession {
                id: Some(uuid),
                ..NewSession::new(id(owner(1)), text(), expires)
            }),
            Call::UpdateSessionDetails(uuid, full_session_details(number)),
            Call::CreateVerificationToken(VerificationToken::new(text(), text(), expires)),
            Call::CreateChallenge(Challenge::new(text(), text(), expires)),
            Call::CreateAuthenticator(authenticator_with_id(number, owner(2), &key)),
            Call::UpdateAuthenticatorDetails(
                id(owner(2)),
                text(),
                full_authenticator_details(number),
            ),
            Call::UpdateSessionDetails(uuid, full_session_details(number)),
        ];
        // The namesakes after the rows that have the same key, or before them.
        let (their_user, rows) = creations.split_at(1);
        let creations = if owners.count_ones().is_multiple_of(2) {
            [their_user, rows, &namesakes]
        } else {
            [their_user, &namesakes, rows]
        };
        deletions.rotate_left(1);
        let (user, other_user) = ([Call::DeleteUser(uuid)], [Call::DeleteUser(id(other))]);
        for ends in [
            [&deletions[..], &user, &other_user],
            [&user, &deletions[..], &other_user],
        ] {
            for call in creations.into_iter().chain(ends).flatten() {
                for call in std::iter::once(call).chain(&reads) {
                    agreed(
                        store,
                        &mut model,
                        call,
                        "if rows of several tables have the same key",
                    )?;
                }
            }
        }
    }
    crossed_keys(context)
}

/// Two rows of each kind, of which one has the id of the other as its key: an operation by a key must not reach the row
/// with that id, nor the reverse.
fn crossed_keys(context: &Context) -> Verdict {
    let store = context.store();
    let text = |number: u128| id(number).to_string();
    let expires = millis(1_000);
    let (one, two) = (7, 8);
    let mut creations = Vec::new();
    let mut reads = vec![Call::ListUsers(None, 10)];
    for (number, other) in [(one, two), (two, one)] {
        creations.extend([
            Call::CreateUser(NewUser {
                email: Some(text(other)),
                ..bare_user(number)
            }),
            Call::LinkAccount(
                id(number),
                NewAccount {
                    id: Some(id(other)),
                    ..NewAccount::new("oauth", text(number), text(other))
                },
            ),
            Call::CreateSession(NewSession {
                id: Some(id(number)),
                ..NewSession::new(id(number), text(other), expires)
            }),
            Call::UpdateSessionDetails(id(number), full_session_details(number)),
            Call::CreateAuthenticator(authenticator_with_id(number, number, &text(other))),
            Call::CreateVerificationToken(VerificationToken::new(
                text(number),
                text(other),
                expires,
            )),
        ]);
        reads.extend([
            Call::GetUser(id(number)),
            Call::GetUserByEmail(text(number)),
            Call::GetUserByAccount(text(number), text(other)),
            Call::GetAccount(text(number), text(number)),
            Call::ListAccountsByUserId(id(number)),
            Call::GetSessionAndUser(text(number)),
            Call::GetSessionDetails(id(number)),
            Call::ListSessionsWithDetailsByUserId(id(number)),
            Call::GetAuthenticator(text(number)),
            Call::ListAuthenticatorsWithDetailsByUserId(id(number)),
        ]);
    }
    creations.push(Call::CreateChallenge(Challenge::new(
        text(two),
        "",
        expires,
    )));
    let last = [
        Call::UseVerificationToken(text(one), text(two)),
        Call::UseVerificationToken(text(two), text(one)),
        Call::UseChallenge(text(one)),
        Call::UseChallenge(text(two)),
    ];
    let removals = [
        Call::DeleteSession(text(one)),
        Call::DeleteSessionOfUser(id(one), id(one)),
        Call::DeleteSessionOfUser(id(one), id(two)),
        Call::DeleteSessionsByUserId(id(one), Some(text(one))),
        Call::DeleteSessionsByUserId(id(one), Some(text(two))),
        Call::UnlinkAccount(text(one), text(two)),
        Call::UnlinkAccount(text(one), text(one)),
        Call::UnlinkAccountOfUser(id(one), text(two), text(one), false),
        Call::DeleteAuthenticator(text(one)),
        Call::DeleteAuthenticatorOfUser(id(one), text(one), false),
        Call::UseVerificationToken(text(one), text(one)),
        Call::DeleteVerificationTokensByIdentifier(text(one)),
        Call::UseChallenge(text(one)),
        Call::DeleteUser(id(one)),
    ];
    let cleanup = [
        Call::DeleteUser(id(one)),
        Call::DeleteUser(id(two)),
        Call::DeleteExpired(expires, 10),
    ];
    let mut model = Model::default();
    for removal in removals {
        let calls = creations
            .iter()
            .chain([&removal])
            .chain(&reads)
            .chain(&last)
            // Again, now that no row has the key.
            .chain([&removal])
            .chain(&cleanup);
        for call in calls {
            agreed(
                store,
                &mut model,
                call,
                "if a row's key is the id of another row",
            )?;
        }
    }
    // A row that is reached by its id alone: the other row, whose key it is, does not exist.
    for call in creations
        .iter()
        .filter(|call| !matches!(call, Call::CreateSession(session) if session.user_id == id(two)))
    {
        call.on_store(store)?;
    }
    returns(
        "delete_session(..) by the id of a session",
        store.delete_session(&text(one)),
        false,
    )?;
    returns(
        "get_session_and_user(..) by the id of a session",
        store.get_session_and_user(&text(one)),
        None,
    )
}

/// Looks at the pool while calls use it, and afterwards. A storage without a pool has nothing to show.
pub(crate) fn pool_state(context: &Context) -> Verdict {
    const CALLS: usize = 50;
    let store = context.store();
    for call in transaction::rows() {
        call.on_store(store)?;
    }
    let race = Race::new(context)?;
    let (users, states): (Vec<_>, Vec<_>) = race
        .at_once_untimed(THREADS, |_, store| {
            // A connection comes back from an operation that fails, too.
            for call in transaction::failing_operations() {
                let _ = call.on_store(store);
            }
            let look = |_| (store.get_user(id(1)).map(drop), store.pool_state());
            (0..CALLS).map(look).collect::<Vec<_>>()
        })
        .into_iter()
        .flatten()
        .unzip();
    users.into_iter().collect::<authstore::Result<()>>()?;
    // A pool may take a connection back after its call has returned.
    thread::sleep(Duration::from_millis(100));
    for handle in race.handles() {
        let after = handle.pool_state();
        if let Some(state) = after
            && (state.in_use, state.waiting) != (0, 0)
        {
            return Err(
                Failure::broken("pool_state() after all calls have returned")
                    .expected("no connection in use, and no one who waits")
                    .got(format!("{state:?}")),
            );
        }
    }
    let is_possible =
        |state: &PoolState| state.size <= state.max_size && state.size == state.idle + state.in_use;
    match states.iter().flatten().find(|state| !is_possible(state)) {
        None => Ok(()),
        Some(state) => Err(Failure::broken("pool_state() while calls use the pool")
            .expected("at most max_size connections, each of them idle or in use")
            .got(format!("{state:?}"))),
    }
}

/// Uses keys that are the key or the ID of another row and a word: what a storage may call something that belongs to that
/// row, such as its details or its index.
pub(crate) fn derived_keys(context: &Context) -> Verdict {
    const SEPARATORS: [&str; 4] = [":", "/", "#", "."];
    const WORDS: [&str; 14] = [
        "all", "count", "details", "email", "expires", "id", "index", "lock", "meta", "session",
        "sessions", "tokens", "user", "users",
    ];
    const KEY: &str = "key";
    let store = context.store();
    let mut model = Model::default();
    let mut run = |call: &Call| {
        let when = "beside a row whose key or ID is the beginning of its key";
        agreed(store, &mut model, call, when)
    };
    let session_id = session(1, 1).id.unwrap_or_default();
    let bases = [KEY.to_owned(), id(1).to_string(), session_id.to_string()];
    let mut keys: Vec<String> = WORDS.map(str::to_owned).into();
    for base in &bases {
        for separator in SEPARATORS {
            keys.extend(WORDS.map(|word| format!("{base}{separator}{word}")));
        }
    }
    // Those that came before the row in the first turn come after it in the second.
    for turn in 0..2 {
        let rows = || {
            (10..)
                .zip(&keys)
                .map(|(number, key)| rows_with(number, key))
        };
        let before = rows().skip(turn).step_by(2).flatten();
        let after = rows().skip(1 - turn).step_by(2).flatten();
        let own = rows_with(1, KEY).into_iter().chain([
            Call::UpdateSessionDetails(session_id, full_session_details(1)),
            Call::UpdateAuthenticatorDetails(id(1), KEY.to_owned(), full_authenticator_details(1)),
        ]);
        let deletions = [
            Call::GetSessionAndUser(KEY.to_owned()),
            Call::ListSessionsWithDetailsByUserId(id(1)),
            Call::ListAuthenticatorsWithDetailsByUserId(id(1)),
            Call::ListAccountsByUserId(id(1)),
            Call::UseVerificationToken(KEY.to_owned(), "token".to_owned()),
            Call::UseVerificationToken("identifier".to_owned(), KEY.to_owned()),
            Call::UseChallenge(KEY.to_owned()),
            Call::DeleteSession(KEY.to_owned()),
            Call::DeleteAuthenticator(KEY.to_owned()),
            Call::UnlinkAccount("provider".to_owned(), KEY.to_owned()),
            Call::DeleteUser(id(1)),
        ];
        let mut calls = before.chain(own).chain(after).chain(deletions);
        calls.try_for_each(|call| run(&call))?;
        for (number, key) in (10..).zip(&keys) {
            let key = || key.clone();
            let left = [
                Call::GetUserByEmail(key()),
                Call::GetUserByAccount("provider".to_owned(), key()),
                Call::GetAccount(key(), "account".to_owned()),
                Call::GetSessionAndUser(key()),
                Call::GetAuthenticator(key()),
                Call::UseVerificationToken(key(), "token".to_owned()),
                Call::UseVerificationToken("identifier".to_owned(), key()),
                Call::UseChallenge(key()),
                Call::DeleteUser(id(number)),
            ];
            left.iter().try_for_each(&mut run)?;
        }
    }
    Ok(())
}

/// Calls each operation with each value of another column.
pub(crate) fn keys_of_other_columns(context: &Context) -> Verdict {
    let store = context.store();
    let mut model = Model::default();
    let text = |text: &str| text.to_owned();
    let (token, challenge) = (token(1), challenge_until(1, millis(1_000)));
    let (account, session) = (id(1_011), id(2_011));
    let texts = [
        id(1).to_string(),
        account.to_string(),
        session.to_string(),
        text("user-1@example.org"),
        text("provider 11"),
        text("account 11"),
        text("session 11"),
        text("credential-11"),
        token.identifier.clone(),
        token.token.clone(),
        challenge.key.clone(),
        challenge.payload.clone(),
        text("provider 11account 11"),
        text("provider 11:account 11"),
        text("mail@example.org"),
        text("provider 11/account 11"),
        text("provider 11|account 11"),
    ];
    let of_text = |key: &String| {
        let key = || key.clone();
        vec![
            Call::GetUserByEmail(key()),
            Call::GetUserByAccount(key(), key()),
            Call::GetUserByAccount(text("passkey"), key()),
            Call::GetUserByAccount(text("webauthn"), key()),
            Call::GetAccount(text("provider 11"), key()),
            Call::GetAccount(key(), text("account 11")),
            Call::UnlinkAccount(text("provider 11"), key()),
            Call::GetSessionAndUser(key()),
            Call::UpdateSession(key(), SessionChanges::default()),
            Call::DeleteSession(key()),
            Call::GetAuthenticator(key()),
            Call::UpdateAuthenticatorCounter(key(), 1_000),
            Call::UseAuthenticator(key(), 1_001, false),
            Call::DeleteAuthenticator(key()),
            Call::UseVerificationToken(token.identifier.clone(), key()),
            Call::UseVerificationToken(key(), token.token.clone()),
            Call::DeleteVerificationTokensByIdentifier(key()),
            Call::UseChallenge(key()),
            Call::CreateUser(NewUser {
                email: Some(key()),
                ..bare_user(9)
            }),
            Call::LinkAccount(
                id(9),
                NewAccount {
                    id: Some(id(1_099)),
                    ..NewAccount::new(key(), key(), key())
                },
            ),
            Call::CreateSession(session_with_token(99, 9, &key())),
            // A credential ID has no spaces.
            Call::CreateAuthenticator(authenticator_with_id(99, 9, &key().replace(' ', "-"))),
            Call::CreateVerificationToken(VerificationToken::new("another", key(), millis(1))),
            Call::UseVerificationToken(text("another"), key()),
            Call::CreateChallenge(Challenge::new(key(), "another", millis(1))),
            Call::UseChallenge(key()),
            Call::DeleteUser(id(9)),
        ]
    };
    let of_id = |key: Uuid| {
        vec![
            Call::GetUser(key),
            Call::UpdateUser(key, UserChanges::default()),
            Call::ListAccountsByUserId(key),
            Call::ListSessionsByUserId(key),
            Call::ListSessionsWithDetailsByUserId(key),
            Call::ListAuthenticatorsByUserId(key),
            Call::GetSessionDetails(key),
            Call::UpdateSessionDetails(key, full_session_details(7)),
            Call::LinkAccount(key, bare_account(99)),
            Call::DeleteSessionOfUser(id(1), key),
            Call::DeleteSessionOfUser(key, session),
            Call::DeleteSessionsByUserId(key, None),
            Call::DeleteUser(key),
        ]
    };
    let looked_up = texts
        .iter()
        .map(of_text)
        .chain([id(1), account, session].map(of_id));
    for calls in looked_up {
        let rows = population([1]).into_iter().chain([
            Call::LinkAccount(
                id(1),
                NewAccount {
                    id: Some(id(1_098)),
                    ..NewAccount::new("email", "email", "mail@example.org")
                },
            ),
            Call::CreateVerificationToken(token.clone()),
            Call::CreateChallenge(challenge.clone()),
        ]);
        let end = [
            Call::DeleteUser(id(1)),
            Call::UseVerificationToken(token.identifier.clone(), token.token.clone()),
            Call::UseChallenge(challenge.key.clone()),
        ];
        for call in rows.chain(calls).chain(end) {
            agreed(
                store,
                &mut model,
                &call,
                "if a key is that of another column",
            )?;
        }
    }
    Ok(())
}

/// Rows that are read often through one handle, then written through another.
pub(crate) fn often_read_is_current(context: &Context) -> Verdict {
    let (reader, writer) = (context.store(), &context.open()?);
    populate(writer)?;
    let read = |times| -> Verdict<World> {
        for _ in 1..times {
            look_by_keys(reader)?;
        }
        look_by_keys(reader)
    };
    read(100)?;
    let moved = |email: &str| UserChanges {
        email: Change::set(email),
        ..Default::default()
    };
    let writes = [
        Call::UpdateUser(id(1), moved("moved@example.org")),
        Call::UpdateUser(id(2), moved("user-1@example.org")),
        Call::UpdateUser(id(1), moved("user-2@example.org")),
        Call::UpdateAccount(
            "provider 11".into(),
            "account 11".into(),
            AccountChanges {
                scope: Change::set("new"),
                ..Default::default()
            },
        ),
        Call::UnlinkAccount("provider 11".into(), "account 11".into()),
        Call::UpdateSession(
            "session 11".into(),
            SessionChanges {
                user_id: Some(id(2)),
                ..Default::default()
            },
        ),
        Call::UpdateAuthenticatorCounter("credential-11".into(), 999),
        Call::DeleteSession("session 11".into()),
        Call::DeleteAuthenticator("credential-11".into()),
        Call::DeleteUser(id(1)),
    ];
    for write in writes {
        write.on_store(writer)?;
        let now = look_by_keys(writer)?;
        returns(
            format!(
                "rows that were read often, after {} through another handle",
                write.show()
            ),
            Ok(read(2)?),
            now,
        )?;
    }
    Ok(())
}

/// Returns the rows for the keys that [`populate`] used for user 1, and the users with its addresses.
type World = Vec<String>;

fn look_by_keys(store: &AuthStore) -> Verdict<World> {
    let text = str::to_owned;
    let mut calls = vec![
        Call::GetUser(id(1)),
        Call::GetUserByAccount(text("provider 11"), text("account 11")),
        Call::GetAccount(text("provider 11"), text("account 11")),
        Call::GetSessionAndUser(text("session 11")),
        Call::GetAuthenticator(text("credential-11")),
    ];
    for email in ["user-1", "user-2", "moved"] {
        calls.push(Call::GetUserByEmail(format!("{email}@example.org")));
    }
    let replies = calls
        .iter()
        .map(|call| Ok(call.on_store(store)?.to_string()));
    replies.collect()
}

pub(crate) fn handles_are_independent(context: &Context) -> Verdict {
    let store = context.store();
    populate(store)?;
    let (first, second) = (context.open()?, context.open()?);
    for handle in [&first, &second] {
        look(handle, 1..=3)?;
    }
    let before = look(store, 1..=3)?;
    // A clone of a handle that stays open, and a handle that is dropped completely.
    drop((second.clone(), first));
    for (name, handle) in [("another", &second), ("the first", store)] {
        for _ in 0..3 {
            returns(
                format!("the rows that {name} reads after a handle was dropped"),
                look(handle, 1..=3),
                before.clone(),
            )?;
            succeeds(
                format!("a write through {name} after a handle was dropped"),
                handle.update_user(id(1), UserChanges::default()),
            )?;
        }
    }
    Ok(())
}

/// Only `delete_expired` deletes an expired row.
pub(crate) fn keeps_what_has_expired(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let now = OffsetDateTime::now_utc();
    let soon = now - time::Duration::milliseconds(i64::from(now.millisecond()))
        + time::Duration::seconds(2);
    for (number, expires) in [(1, since_1970(1)), (2, soon)] {
        store.create_session(session_until(number, 1, expires))?;
        store.create_verification_token(token_until(number, expires))?;
        store.create_challenge(challenge_until(number, expires))?;
    }
    // Longer than the rows' lifetime, and in `soak` longer than the interval of most cleanup jobs.
    thread::sleep(std::time::Duration::from_secs(
        context.profile().pick(4, 15, 150).into(),
    ));
    for number in 1..=2 {
        ensure(
            store
                .get_session_and_user(&format!("session {number}"))?
                .is_some(),
            "an expired session is gone, although delete_expired(..) was not called",
        )?;
        let token = token(number);
        ensure(
            store
                .use_verification_token(&token.identifier, &token.token)?
                .is_some(),
            "an expired verification token is gone, although delete_expired(..) was not called",
        )?;
        ensure(
            store
                .use_challenge(&format!("challenge {number}"))?
                .is_some(),
            "an expired challenge is gone, although delete_expired(..) was not called",
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a read would not notice if what it finds were wrong.
    #[test]
    fn every_read_notices_a_write() {
        let mut model = Model::default();
        let mut answers: Vec<Vec<String>> = vec![Vec::new(); every_read().len()];
        let mut look = |model: &mut Model| {
            for (answers, read) in answers.iter_mut().zip(every_read()) {
                answers.push(show_answer(&read.on_model(model)));
                answers.dedup();
            }
        };
        look(&mut model);
        for call in population(1..=3)
            .into_iter()
            .chain(every_operation().into_iter().filter(Call::writes))
            .chain(later_writes())
        {
            let _ = call.on_model(&mut model);
            look(&mut model);
        }
        let reads = every_read();
        let same = answers
            .iter()
            .zip(&reads)
            .filter(|(answers, _)| answers.len() == 1);
        let same: Vec<_> = same.map(|(_, read)| read.show()).collect();
        assert_eq!(same, [""; 0]);
    }
}
