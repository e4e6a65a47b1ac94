//! Random sequences of calls, on the model and on a store.

use authstore::{
    AccountChanges, AuthStore, Authenticator, AuthenticatorDetailsChanges, Challenge, Change,
    NewAccount, NewSession, NewUser, SessionChanges, SessionDetailsChanges, UserChanges,
    VerificationToken,
};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::call::{Call, agrees, show_answer, show_got};
use crate::failure::{Failure, Verdict};
use crate::fixture::{id, in_era, millis};
use crate::model::Model;
use crate::show::Show;

/// Creates a runner whose randomness is derived from the seed.
pub(crate) fn test_runner(seed: u64, cases: u32) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        max_shrink_time: 20_000,
        verbose: 0,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// The keys that sequences draw from: few, so that they collide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    /// The numbers of users, and of the rows of each kind.
    numbers: &'static [u128],
    emails: &'static [&'static str],
    providers: &'static [&'static str],
    provider_account_ids: &'static [&'static str],
    session_tokens: &'static [&'static str],
    identifiers: &'static [&'static str],
    tokens: &'static [&'static str],
    challenges: &'static [&'static str],
    credential_ids: &'static [&'static str],
    /// What is added to the number of an account to get its id.
    accounts: u128,
    /// The same for sessions.
    sessions: u128,
}

/// Keys of which a backend may mistake some for others of the same kind.
pub(crate) const ALIKE: Keys = Keys {
    numbers: NUMBERS,
    emails: &["ada@x.org", "Ada@x.org", "ada@x.org "],
    providers: &["github", "GitHub"],
    provider_account_ids: &["1", "01"],
    session_tokens: &["s", "S", "t"],
    identifiers: &["ada@x.org", "bob@x.org"],
    tokens: &["v", "V", "w"],
    challenges: &["h", "H"],
    credential_ids: &["c", "C", "-"],
    accounts: 10,
    sessions: 20,
};

/// An id of a user, an account and a session; a string; and the two joined as backends join pairs.
const SHARED_KEYS: &[&str] = &["00000000-0000-0000-0000-000000000001", "a", "a:a"];

/// The same keys for every kind of row.
pub(crate) const SHARED: Keys = Keys {
    numbers: NUMBERS,
    emails: SHARED_KEYS,
    providers: &["a", "a:a"],
    provider_account_ids: SHARED_KEYS,
    session_tokens: SHARED_KEYS,
    identifiers: SHARED_KEYS,
    tokens: SHARED_KEYS,
    challenges: SHARED_KEYS,
    credential_ids: SHARED_KEYS,
    accounts: 0,
    sessions: 0,
};

impl Keys {
    /// One user, and hardly more than one row of each kind, so that the calls are about the same rows.
    fn of_one_user(self) -> Keys {
        Keys {
            numbers: &self.numbers[..1],
            emails: &self.emails[..2],
            providers: &self.providers[..1],
            provider_account_ids: &self.provider_account_ids[..1],
            session_tokens: &self.session_tokens[..2],
            identifiers: &self.identifiers[..1],
            tokens: &self.tokens[..1],
            challenges: &self.challenges[..1],
            credential_ids: &self.credential_ids[..1],
            ..self
        }
    }

    fn user_id(self) -> impl Strategy<Value = Uuid> + Clone {
        select(self.numbers).prop_map(id)
    }

    /// The id of a row of a kind.
    fn row_id(self, kind: u128) -> impl Strategy<Value = Uuid> + Clone {
        select(self.numbers).prop_map(move |number| id(kind + number))
    }
}

const TEXTS: [&str; 3] = ["", "x", "é"];
const NUMBERS: &[u128] = &[1, 2, 3];

fn one_of(keys: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    select(keys).prop_map(str::to_owned)
}

fn text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(one_of(&TEXTS))
}

fn change<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Change<T>> {
    (value, 0..3_u8).prop_map(|(value, what)| match what {
        0 => Change::Keep,
        1 => Change::Set(value),
        _ => Change::Clear,
    })
}

/// One of a few seconds of an era; [`spread`] makes them distinct.
fn time() -> impl Strategy<Value = OffsetDateTime> {
    (0..4_i64, 0..3_u64).prop_map(|(second, era)| in_era(era, millis(second * 1_000)))
}

fn new_user(keys: Keys) -> impl Strategy<Value = NewUser> {
    (
        keys.user_id(),
        text(),
        proptest::option::weighted(0.8, one_of(keys.emails)),
        proptest::option::of(time()),
        text(),
    )
        .prop_map(|(id, name, email, email_verified, image)| NewUser {
            id: Some(id),
            name,
            email,
            email_verified,
            image,
        })
}

fn new_account(keys: Keys) -> impl Strategy<Value = NewAccount> {
    (
        keys.row_id(keys.accounts),
        select(&["oauth", "oauth", "webauthn"][..]),
        one_of(keys.providers),
        one_of(keys.provider_account_ids),
        (
            text(),
            text(),
            proptest::option::of(-1..2_i64),
            text(),
            text(),
        ),
        (text(), text(), text(), text()),
    )
        .prop_map(
            |(id, kind, provider, provider_account_id, first, second)| NewAccount {
                id: Some(id),
                refresh_token: first.0,
                access_token: first.1,
                expires_at: first.2,
                token_type: first.3,
                scope: first.4,
                id_token: second.0,
                session_state: second.1,
                oauth_token_secret: second.2,
                oauth_token: second.3,
                ..NewAccount::new(kind, provider, provider_account_id)
            },
        )
}

fn account_changes() -> impl Strategy<Value = AccountChanges> {
    let text = || change(one_of(&TEXTS));
    (
        proptest::option::of(select(&["oauth", "oidc", "webauthn"][..])),
        (text(), text(), change(-1..2_i64), text(), text()),
        (text(), text(), text(), text()),
    )
        .prop_map(|(kind, first, second)| AccountChanges {
            kind: kind.map(str::to_owned),
            refresh_token: first.0,
            access_token: first.1,
            expires_at: first.2,
            token_type: first.3,
            scope: first.4,
            id_token: second.0,
            session_state: second.1,
            oauth_token_secret: second.2,
            oauth_token: second.3,
        })
}

fn authenticator(keys: Keys) -> impl Strategy<Value = Authenticator> {
    (
        one_of(keys.credential_ids),
        keys.user_id(),
        one_of(keys.provider_account_ids),
        (
            one_of(&TEXTS),
            0..3_i64,
            one_of(&TEXTS),
            any::<bool>(),
            text(),
        ),
    )
        .prop_map(
            |(credential_id, user_id, provider_account_id, rest)| Authenticator {
                credential_id,
                user_id,
                provider_account_id,
                credential_public_key: rest.0,
                counter: rest.1,
                credential_device_type: rest.2,
                credential_backed_up: rest.3,
                transports: rest.4,
            },
        )
}

/// Any call.
pub(crate) fn any_call(keys: Keys) -> impl Strategy<Value = Call> {
    any_call_of(keys, [true; KINDS])
}

/// The number of kinds of calls beside those on users.
const KINDS: usize = 5;

/// Any call on users and of the chosen kinds. Creating calls are more frequent than deleting ones, otherwise there would
/// be nothing to delete.
fn any_call_of(keys: Keys, chosen: [bool; KINDS]) -> impl Strategy<Value = Call> {
    let account = || (one_of(keys.providers), one_of(keys.provider_account_ids));
    let user_id = || keys.user_id();
    let session = || one_of(keys.session_tokens);
    let session_id = || keys.row_id(keys.sessions);
    let user_changes = (
        change(one_of(&TEXTS)),
        change(one_of(keys.emails)),
        change(time()),
        change(one_of(&TEXTS)),
    )
        .prop_map(|(name, email, email_verified, image)| UserChanges {
            name,
            email,
            email_verified,
            image,
        });
    let session_changes = (
        proptest::option::of(user_id()),
        proptest::option::weighted(0.3, session()),
        proptest::option::of(time()),
    )
        .prop_map(|(user_id, session_token, expires)| SessionChanges {
            user_id,
            session_token,
            expires,
        });
    let session_details = (
        change(time()),
        change(time()),
        change(one_of(&TEXTS)),
        change(one_of(&TEXTS)),
    )
        .prop_map(|(began, last_seen, ip, user_agent)| SessionDetailsChanges {
            began,
            last_seen,
            ip,
            user_agent,
        });
    let authenticator_details = (change(one_of(&TEXTS)), change(time()), change(time())).prop_map(
        |(name, created, last_used)| AuthenticatorDetailsChanges {
            name,
            created,
            last_used,
        },
    );
    let users = prop_oneof![
        5 => new_user(keys).prop_map(Call::CreateUser),
        1 => user_id().prop_map(Call::GetUser),
        2 => one_of(keys.emails).prop_map(Call::GetUserByEmail),
        2 => account().prop_map(|(provider, id)| Call::GetUserByAccount(provider, id)),
        3 => (user_id(), user_changes).prop_map(|(id, changes)| Call::UpdateUser(id, changes)),
        1 => user_id().prop_map(Call::DeleteUser),
        1 => (proptest::option::of(user_id()), 0..4_u32)
            .prop_map(|(after, limit)| Call::ListUsers(after, limit)),
        1 => (new_user(keys), authenticator(keys))
            .prop_map(|(user, authenticator)| Call::CreateUserWithAuthenticator(user, authenticator)),
    ];
    let accounts = prop_oneof![
        4 => (user_id(), new_account(keys)).prop_map(|(user, account)| Call::LinkAccount(user, account)),
        3 => (new_user(keys), new_account(keys)).prop_map(|(user, account)| Call::CreateUserWithAccount(user, account)),
        1 => account().prop_map(|(provider, id)| Call::UnlinkAccount(provider, id)),
        1 => account().prop_map(|(provider, id)| Call::GetAccount(provider, id)),
        2 => (account(), account_changes())
            .prop_map(|((provider, id), changes)| Call::UpdateAccount(provider, id, changes)),
        2 => user_id().prop_map(Call::ListAccountsByUserId),
        2 => (user_id(), account(), any::<bool>()).prop_map(|(user, (provider, id), keep_last)| {
            Call::UnlinkAccountOfUser(user, provider, id, keep_last)
        }),
        2 => (account(), text(), account_changes()).prop_map(|((provider, id), seen, changes)| {
            Call::RefreshAccount(provider, id, seen, changes)
        }),
    ];
    let sessions = prop_oneof![
        6 => (session_id(), user_id(), session(), time()).prop_map(|(id, user, token, expires)| {
            Call::CreateSession(NewSession { id: Some(id), ..NewSession::new(user, token, expires) })
        }),
        2 => session().prop_map(Call::GetSessionAndUser),
        3 => (session(), session_changes).prop_map(|(token, changes)| Call::UpdateSession(token, changes)),
        1 => session().prop_map(Call::DeleteSession),
        1 => (user_id(), session_id())
            .prop_map(|(user, session)| Call::DeleteSessionOfUser(user, session)),
        2 => user_id().prop_map(Call::ListSessionsWithDetailsByUserId),
        1 => session_id().prop_map(Call::GetSessionDetails),
        3 => (session_id(), session_details)
            .prop_map(|(session, changes)| Call::UpdateSessionDetails(session, changes)),
        2 => user_id().prop_map(Call::ListSessionsByUserId),
        1 => (user_id(), proptest::option::of(session()))
            .prop_map(|(user, keep)| Call::DeleteSessionsByUserId(user, keep)),
    ];
    let tokens = prop_oneof![
        3 => (one_of(keys.identifiers), one_of(keys.tokens), time()).prop_map(|(identifier, token, expires)| {
            Call::CreateVerificationToken(VerificationToken::new(identifier, token, expires))
        }),
        2 => (one_of(keys.identifiers), one_of(keys.tokens))
            .prop_map(|(identifier, token)| Call::UseVerificationToken(identifier, token)),
        1 => one_of(keys.identifiers).prop_map(Call::DeleteVerificationTokensByIdentifier),
        2 => (one_of(keys.challenges), one_of(&TEXTS), time()).prop_map(|(key, payload, expires)| {
            Call::CreateChallenge(Challenge::new(key, payload, expires))
        }),
        1 => one_of(keys.challenges).prop_map(Call::UseChallenge),
    ];
    let authenticators = prop_oneof![
        4 => authenticator(keys).prop_map(Call::CreateAuthenticator),
        1 => one_of(keys.credential_ids).prop_map(Call::GetAuthenticator),
        2 => user_id().prop_map(Call::ListAuthenticatorsByUserId),
        2 => (one_of(keys.credential_ids), 0..3_i64)
            .prop_map(|(id, counter)| Call::UpdateAuthenticatorCounter(id, counter)),
        1 => one_of(keys.credential_ids).prop_map(Call::DeleteAuthenticator),
        2 => (one_of(keys.credential_ids), 0..3_i64, any::<bool>())
            .prop_map(|(id, counter, backed_up)| Call::UseAuthenticator(id, counter, backed_up)),
        1 => (user_id(), one_of(keys.credential_ids), any::<bool>())
            .prop_map(|(user, id, keep_last)| Call::DeleteAuthenticatorOfUser(user, id, keep_last)),
        2 => user_id().prop_map(Call::ListAuthenticatorsWithDetailsByUserId),
        2 => (user_id(), one_of(keys.credential_ids), authenticator_details)
            .prop_map(|(user, id, changes)| Call::UpdateAuthenticatorDetails(user, id, changes)),
    ];
    let upkeep = prop_oneof![
        6 => (0..4_100_i64, prop_oneof![Just(0), Just(1), Just(2), Just(u32::MAX)])
            .prop_map(|(now, limit)| Call::DeleteExpired(millis(now / 1_000 * 1_000 + now % 40), limit)),
        1 => Just(Call::Ping),
    ];
    let kinds: [_; KINDS] = [
        (4, accounts.boxed()),
        (4, sessions.boxed()),
        (2, tokens.boxed()),
        (3, authenticators.boxed()),
        (1, upkeep.boxed()),
    ];
    let mut calls = vec![(4, users.boxed())];
    for (calls_of_kind, is_chosen) in kinds.into_iter().zip(chosen) {
        calls.extend(is_chosen.then_some(calls_of_kind));
    }
    Union::new_weighted(calls)
}

/// A sequence of calls. Many are of a few kinds only or on one user's rows, so that they have more to do with each other
/// (Groce et al., "Swarm Testing", 2012).
pub(crate) fn any_sequence(keys: Keys) -> impl Strategy<Value = Vec<Call>> {
    let kinds = prop_oneof![1 => Just([true; KINDS]), 3 => any::<[bool; KINDS]>()];
    let keys = select(vec![keys, keys.of_one_user()]);
    // Independent, because a failing sequence would not be shortened if its kinds were chosen again.
    (keys, kinds)
        .prop_ind_flat_map(|(keys, kinds)| {
            proptest::collection::vec(any_call_of(keys, kinds), 1..100)
        })
        .prop_map(spread)
}

/// Makes the expiry of each row distinct by adding milliseconds. Under a limit, any of several rows with the same
/// expiry may be deleted first, and the model could not predict which.
fn spread(mut calls: Vec<Call>) -> Vec<Call> {
    for (place, call) in (0_i64..).zip(&mut calls) {
        let later = Duration::milliseconds(place);
        match call {
            Call::CreateSession(session) => session.expires += later,
            Call::CreateVerificationToken(token) => token.expires += later,
            Call::CreateChallenge(challenge) => challenge.expires += later,
            Call::UpdateSession(_, changes) => {
                changes.expires = changes.expires.map(|expires| expires + later);
            }
            _ => {}
        }
    }
    calls
}

/// Returns calls that together read all rows that a sequence can leave. They use up verification tokens and challenges.
pub(crate) fn looks(keys: Keys) -> Vec<Call> {
    let mut calls = Vec::new();
    for user in keys.numbers.iter().copied().map(id) {
        calls.extend([
            Call::GetUser(user),
            Call::ListAccountsByUserId(user),
            Call::ListSessionsWithDetailsByUserId(user),
            Call::ListAuthenticatorsWithDetailsByUserId(user),
        ]);
    }
    for &provider in keys.providers {
        for &account in keys.provider_account_ids {
            calls.push(Call::GetAccount(provider.to_owned(), account.to_owned()));
        }
    }
    calls.extend(
        keys.emails
            .iter()
            .map(|&email| Call::GetUserByEmail(email.to_owned())),
    );
    calls.extend(
        keys.session_tokens
            .iter()
            .map(|&token| Call::GetSessionAndUser(token.to_owned())),
    );
    calls.extend(
        keys.credential_ids
            .iter()
            .map(|&id| Call::GetAuthenticator(id.to_owned())),
    );
    calls.extend(
        keys.challenges
            .iter()
            .map(|&key| Call::UseChallenge(key.to_owned())),
    );
    for &identifier in keys.identifiers {
        for &token in keys.tokens {
            calls.push(Call::UseVerificationToken(
                identifier.to_owned(),
                token.to_owned(),
            ));
        }
    }
    calls
}

/// Deletes all rows that a sequence can leave.
pub(crate) fn clear(store: &AuthStore) -> authstore::Result<()> {
    Call::in_turn(&deletions(), store)
}

/// The calls of [`clear`].
pub(crate) fn deletions() -> Vec<Call> {
    let users = NUMBERS.iter().map(|user| Call::DeleteUser(id(*user)));
    // Sessions go with their users, and a sequence uses up the tokens and challenges that expire later.
    let rest = Call::DeleteExpired(millis(1_000_000), u32::MAX);
    users.chain([rest]).collect()
}

/// Runs a sequence on an empty storage and on the model, and compares all results and the rows that are left. The calls
/// take turns on the two handles, which may be the same.
pub(crate) fn compare(handles: [&AuthStore; 2], keys: Keys, calls: &[Call]) -> Verdict {
    let mut model = Model::default();
    let looks = looks(keys);
    let (reads, uses): (Vec<&Call>, Vec<&Call>) = looks.iter().partition(|call| !call.writes());
    let steps = calls.iter().enumerate().chain(
        // Each handle reads all rows.
        reads
            .iter()
            .copied()
            .flat_map(|read| [(0, read), (1, read)])
            .chain(uses.into_iter().enumerate()),
    );
    for (place, (turn, call)) in steps.enumerate() {
        let handle = turn % 2;
        let answer = call.on_model(&mut model);
        let got = call.on_store(handles[handle]);
        if !agrees(&got, &answer) {
            let before = &calls[..place.min(calls.len())];
            let names = match handles {
                [one, other] if std::ptr::eq(one, other) => ["store"; 2],
                _ => ["store", "other"],
            };
            let program = as_program(before, names);
            let last = format!("{}.{} // <- this one", names[handle], call.show());
            return Err(Failure::broken(format!(
                "after a sequence of {} calls, {} disagrees with the model",
                before.len(),
                call.name()
            ))
            .expected(show_answer(&answer))
            .got(show_got(&got))
            .sequence(format!("{program}\n{last}")));
        }
    }
    Ok(())
}

/// Shows the calls as Rust code. They take turns on the handles with these names.
pub(crate) fn as_program(calls: &[Call], handles: [&str; 2]) -> String {
    let first = "use authstore_conformance::values::{at, id};".to_owned();
    // Their results do not matter here.
    let calls = calls.iter().zip(handles.iter().cycle());
    let lines = calls.map(|(call, handle)| format!("let _ = {handle}.{};", call.show()));
    let lines: Vec<String> = std::iter::once(first).chain(lines).collect();
    lines.join("\n")
}
