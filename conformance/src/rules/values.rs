use authstore::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Challenge, Change, NewAccount, NewSession, NewUser, Session, SessionChanges, SessionDetails,
    SessionDetailsChanges, User, UserChanges, VerificationToken,
};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestError};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::call::Call;
use crate::context::Context;
use crate::failure::{Failure, Verdict, equal, returns};
use crate::fixture::{
    account_at, authenticator_with_id, bare_user, full_authenticator_details, id, millis,
    session_with_token, since_1970, user_with_email,
};
use crate::model::Model;
use crate::race::create_many;
use crate::rules::create_user::finds_address_of;
use crate::rules::storage::agreed;
use crate::sequence::{as_program, clear, test_runner};
use crate::show::Show;
use crate::strings::{
    BLANKS, HOSTILE, UNICODE, can_be_credential_id, keys_alike, longest_credential_id, longest_key,
};

/// The last millisecond of the year 9999, since 1970.
const LAST: i64 = 253_402_300_799_999;

/// Any string without a NUL character.
fn text(length: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => any::<char>(),
        2 => proptest::char::range('\u{1}', '\u{7f}'),
        1 => proptest::sample::select(&['\'', '"', '\\', '%', '_', '\u{301}', '\u{1f600}', ' ', '\n'][..]),
    ]
    .prop_map(|character| if character == '\0' { '0' } else { character });
    proptest::collection::vec(character, length).prop_map(String::from_iter)
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![4 => text(1..12), 1 => text(200..256)]
}

fn optional_text() -> impl Strategy<Value = Option<String>> {
    proptest::option::weighted(0.8, prop_oneof![6 => text(0..20), 1 => text(500..3_000)])
}

fn time() -> impl Strategy<Value = OffsetDateTime> {
    (0..=LAST).prop_map(since_1970)
}

/// A row of every model.
#[derive(Clone, Debug)]
struct Rows {
    user: NewUser,
    account: NewAccount,
    session: NewSession,
    token: VerificationToken,
    authenticator: Authenticator,
    challenge: Challenge,
    session_details: SessionDetailsChanges,
    authenticator_details: AuthenticatorDetailsChanges,
    new_email: String,
    new_session_token: String,
}

fn rows() -> impl Strategy<Value = Rows> {
    let user = (
        optional_text(),
        proptest::option::of(key()),
        proptest::option::of(time()),
        optional_text(),
    )
        .prop_map(|(name, email, email_verified, image)| NewUser {
            id: Some(id(1)),
            name,
            email,
            email_verified,
            image,
        });
    let account = (
        (key(), key(), key()),
        proptest::option::of(any::<i64>()),
        proptest::collection::vec(optional_text(), 8),
    )
        .prop_map(|((kind, provider, account), expires_at, texts)| {
            let mut texts = texts.into_iter();
            let mut text = || texts.next().flatten();
            NewAccount {
                id: Some(id(1_001)),
                refresh_token: text(),
                access_token: text(),
                expires_at,
                token_type: text(),
                scope: text(),
                id_token: text(),
                session_state: text(),
                oauth_token_secret: text(),
                oauth_token: text(),
                ..NewAccount::new(kind, provider, account)
            }
        });
    let session = (key(), time()).prop_map(|(token, expires)| NewSession {
        id: Some(id(2_001)),
        ..NewSession::new(id(1), token, expires)
    });
    let token = (key(), key(), time()).prop_map(|(identifier, token, expires)| {
        VerificationToken::new(identifier, token, expires)
    });
    let authenticator = (
        "[A-Za-z0-9_-]{1,40}",
        key(),
        text(0..50),
        0..=i64::MAX,
        text(0..20),
        any::<bool>(),
        optional_text(),
    )
        .prop_map(
            |(credential_id, provider_account_id, key, counter, device, backed_up, transports)| {
                Authenticator {
                    credential_id,
                    user_id: id(1),
                    provider_account_id,
                    credential_public_key: key,
                    counter,
                    credential_device_type: device,
                    credential_backed_up: backed_up,
                    transports,
                }
            },
        );
    let challenge = (key(), text(0..50), time())
        .prop_map(|(key, payload, expires)| Challenge::new(key, payload, expires));
    let session_details = (
        proptest::option::of(time()),
        proptest::option::of(time()),
        optional_text(),
        optional_text(),
    )
        .prop_map(|(began, last_seen, ip, user_agent)| SessionDetailsChanges {
            began: began.into(),
            last_seen: last_seen.into(),
            ip: ip.into(),
            user_agent: user_agent.into(),
        });
    let authenticator_details = (
        optional_text(),
        proptest::option::of(time()),
        proptest::option::of(time()),
    )
        .prop_map(|(name, created, last_used)| AuthenticatorDetailsChanges {
            name: name.into(),
            created: created.into(),
            last_used: last_used.into(),
        });
    let details = (session_details, authenticator_details);
    let rows = (user, account, session, token, authenticator, challenge);
    (rows, details, key(), key()).prop_map(
        |(
            (user, account, session, token, authenticator, challenge),
            (session_details, authenticator_details),
            new_email,
            new_session_token,
        )| Rows {
            user,
            account,
            session,
            token,
            authenticator,
            challenge,
            session_details,
            authenticator_details,
            new_email,
            new_session_token,
        },
    )
}

/// Writes the rows, and reads each of them with every operation that can.
fn round_trip(context: &Context, rows: &Rows) -> Verdict {
    let store = context.store();
    clear(store)?;
    sign_ups(context, rows)?;
    clear(store)?;
    let rows = rows.clone();
    let user = store.create_user(rows.user)?;
    returns("get_user(..)", store.get_user(id(1)), Some(user.clone()))?;
    if let Some(email) = &user.email {
        returns(
            "get_user_by_email(..)",
            store.get_user_by_email(email),
            Some(user.clone()),
        )?;
    }
    let account = store.link_account(id(1), rows.account)?;
    let (provider, account_id) = (&account.provider, &account.provider_account_id);
    returns(
        "get_account(..)",
        store.get_account(provider, account_id),
        Some(account.clone()),
    )?;
    returns(
        "get_user_by_account(..)",
        store.get_user_by_account(provider, account_id),
        Some(user.clone()),
    )?;
    returns(
        "list_accounts_by_user_id(..)",
        store.list_accounts_by_user_id(id(1)),
        vec![account.clone()],
    )?;
    let session = store.create_session(rows.session)?;
    returns(
        "get_session_and_user(..)",
        store.get_session_and_user(&session.session_token),
        Some((session.clone(), user.clone())),
    )?;
    returns(
        "list_sessions_by_user_id(..)",
        store.list_sessions_by_user_id(id(1)),
        vec![session.clone()],
    )?;
    let changes = rows.session_details;
    store.update_session_details(session.id, changes.clone())?;
    let details = SessionDetails {
        began: changes.began.apply(None),
        last_seen: changes.last_seen.apply(None),
        ip: changes.ip.apply(None),
        user_agent: changes.user_agent.apply(None),
    };
    returns(
        "get_session_details(..)",
        store.get_session_details(session.id),
        details.clone(),
    )?;
    let changes = SessionChanges {
        session_token: Some(rows.new_session_token.clone()),
        ..Default::default()
    };
    store.update_session(&session.session_token, changes)?;
    let rotated = Session {
        session_token: rows.new_session_token,
        ..session
    };
    returns(
        "list_sessions_with_details_by_user_id(..) after update_session(..) to another token",
        store.list_sessions_with_details_by_user_id(id(1)),
        vec![(rotated.clone(), details)],
    )?;
    returns(
        "get_session_and_user(..) after update_session(..) to another token",
        store.get_session_and_user(&rotated.session_token),
        Some((rotated, user.clone())),
    )?;
    let challenge = store.create_challenge(rows.challenge)?;
    returns(
        "use_challenge(..)",
        store.use_challenge(&challenge.key),
        Some(challenge.clone()),
    )?;
    let token = store.create_verification_token(rows.token)?;
    returns(
        "use_verification_token(..)",
        store.use_verification_token(&token.identifier, &token.token),
        Some(token.clone()),
    )?;
    let authenticator = store.create_authenticator(rows.authenticator)?;
    let credential_id = &authenticator.credential_id;
    returns(
        "get_authenticator(..)",
        store.get_authenticator(credential_id),
        Some(authenticator.clone()),
    )?;
    store.update_authenticator_counter(credential_id, 5)?;
    let is_backed_up = !authenticator.credential_backed_up;
    let used = store.use_authenticator(credential_id, 6, is_backed_up)?;
    let authenticator = Authenticator {
        counter: 6,
        credential_backed_up: is_backed_up,
        ..authenticator
    };
    equal(
        "use_authenticator(..) after update_authenticator_counter(..)",
        used,
        authenticator.clone(),
    )?;
    returns(
        "list_authenticators_by_user_id(..)",
        store.list_authenticators_by_user_id(id(1)),
        vec![authenticator.clone()],
    )?;
    let changes = rows.authenticator_details;
    store.update_authenticator_details(id(1), &authenticator.credential_id, changes.clone())?;
    let details = AuthenticatorDetails {
        name: changes.name.apply(None),
        created: changes.created.apply(None),
        last_used: changes.last_used.apply(None),
    };
    returns(
        "list_authenticators_with_details_by_user_id(..)",
        store.list_authenticators_with_details_by_user_id(id(1)),
        vec![(authenticator, details)],
    )?;
    // And each string in an update, in a different field than before.
    let changes = UserChanges {
        email: Change::set(&rows.new_email),
        name: user.image.clone().into(),
        image: user.name.clone().into(),
        ..Default::default()
    };
    let updated = User {
        name: user.image,
        image: user.name,
        email: Some(rows.new_email.clone()),
        ..user
    };
    returns(
        "update_user(..)",
        store.update_user(id(1), changes),
        updated.clone(),
    )?;
    returns(
        "get_user(..) after update_user(..)",
        store.get_user(id(1)),
        Some(updated.clone()),
    )?;
    returns(
        "list_users(..) after update_user(..)",
        store.list_users(None, 1),
        vec![updated.clone()],
    )?;
    returns(
        "get_user_by_email(..) after update_user(..)",
        store.get_user_by_email(&rows.new_email),
        Some(updated),
    )?;
    let changes = AccountChanges {
        refresh_token: account.oauth_token.clone().into(),
        scope: account.id_token.clone().into(),
        expires_at: account
            .expires_at
            .map_or(Change::Set(0), |number| Change::Set(!number)),
        ..Default::default()
    };
    // A change of one field first, which leaves even the largest number alone.
    let token_type = AccountChanges {
        token_type: Change::Clear,
        ..Default::default()
    };
    let mut expected = Account {
        token_type: None,
        ..account.clone()
    };
    returns(
        "update_account(..) of one field",
        store.update_account(provider, account_id, token_type),
        expected.clone(),
    )?;
    expected.refresh_token.clone_from(&account.oauth_token);
    expected.scope.clone_from(&account.id_token);
    expected.expires_at = Some(account.expires_at.map_or(0, |number| !number));
    returns(
        "update_account(..)",
        store.update_account(provider, account_id, changes),
        expected.clone(),
    )?;
    returns(
        "get_account(..) after update_account(..)",
        store.get_account(provider, account_id),
        Some(expected.clone()),
    )?;
    let changes = AccountChanges {
        refresh_token: account.id_token.clone().into(),
        access_token: account.session_state.clone().into(),
        ..Default::default()
    };
    let refreshed = store.refresh_account(
        provider,
        account_id,
        account.oauth_token.as_deref(),
        changes,
    )?;
    expected.refresh_token.clone_from(&account.id_token);
    expected.access_token.clone_from(&account.session_state);
    equal("refresh_account(..)", refreshed, Some(expected.clone()))?;
    returns(
        "get_account(..) after refresh_account(..)",
        store.get_account(provider, account_id),
        Some(expected),
    )
}

/// Signs the user up with the account, and then with the passkey.
fn sign_ups(context: &Context, rows: &Rows) -> Verdict {
    let store = context.store();
    let (user, account) =
        store.create_user_with_account(rows.user.clone(), rows.account.clone())?;
    let find = || store.get_user_by_account(&account.provider, &account.provider_account_id);
    returns(
        "get_user_by_account(..) after create_user_with_account(..)",
        find(),
        Some(user.clone()),
    )?;
    returns(
        "list_accounts_by_user_id(..) after create_user_with_account(..)",
        store.list_accounts_by_user_id(id(1)),
        vec![account.clone()],
    )?;
    finds_address_of(store, &user)?;
    store.delete_user(id(1))?;
    let signed_up =
        store.create_user_with_authenticator(rows.user.clone(), rows.authenticator.clone())?;
    returns(
        "get_user(..) after create_user_with_authenticator(..)",
        store.get_user(id(1)),
        Some(user.clone()),
    )?;
    finds_address_of(store, &user)?;
    returns(
        "list_authenticators_by_user_id(..) after create_user_with_authenticator(..)",
        store.list_authenticators_by_user_id(id(1)),
        vec![rows.authenticator.clone()],
    )?;
    equal(
        "create_user_with_authenticator(..)",
        signed_up,
        (user, rows.authenticator.clone()),
    )
}

pub(crate) fn any_row(context: &Context) -> Verdict {
    let cases = context.profile().pick(40, 80, 20_000);
    let outcome = test_runner(context.seed(), cases).run(&rows(), |rows| {
        round_trip(context, &rows)
            .map_err(|failure| TestCaseError::fail(failure.summary().to_owned()))
    });
    match outcome {
        Ok(()) => Ok(()),
        Err(TestError::Fail(reason, shortest)) => {
            let calls = [
                Call::CreateUser(shortest.user.clone()),
                Call::LinkAccount(id(1), shortest.account.clone()),
                Call::CreateSession(shortest.session.clone()),
                Call::CreateVerificationToken(shortest.token.clone()),
                Call::UpdateSessionDetails(id(2_001), shortest.session_details.clone()),
                Call::CreateAuthenticator(shortest.authenticator.clone()),
                Call::CreateChallenge(shortest.challenge.clone()),
                Call::UpdateAuthenticatorDetails(
                    id(1),
                    shortest.authenticator.credential_id.clone(),
                    shortest.authenticator_details.clone(),
                ),
            ];
            let failure = round_trip(context, &shortest).err().unwrap_or_else(|| {
                Failure::broken(format!(
                    "rows were returned changed once, but not when the rule was repeated: {reason}"
                ))
            });
            Err(failure.sequence(as_program(&calls, ["store"; 2])))
        }
        Err(TestError::Abort(reason)) => Err(Failure::not_run(reason)),
    }
}

/// Looks each key up while it is absent, and all keys that resemble it are there.
pub(crate) fn absent_keys(context: &Context) -> Verdict {
    let store = context.store();
    let mut model = Model::default();
    let mut run = |calls: Vec<Call>| {
        calls
            .iter()
            .try_for_each(|call| agreed(store, &mut model, call, "beside keys that resemble its"))
    };
    let keys: Vec<(u128, String)> = (1..).zip(keys_alike()).collect();
    for (number, key) in &keys {
        run(rows_with(*number, key))?;
    }
    for (number, key) in &keys {
        run(vec![
            Call::DeleteUser(id(*number)),
            Call::UseVerificationToken(key.clone(), "token".to_owned()),
            Call::UseVerificationToken("identifier".to_owned(), key.clone()),
            Call::UseChallenge(key.clone()),
        ])?;
        // Their user has rows of the other keys.
        let user = id(if *number == 1 { 2 } else { number - 1 });
        run(lookups_of(user, key))?;
        run(rows_with(*number, key))?;
    }
    Ok(())
}

/// Uses accounts and passkeys by each key with every operation that takes one. The rules of the other operations try their
/// keys themselves.
pub(crate) fn any_key(context: &Context) -> Verdict {
    let store = context.store();
    let texts = UNICODE.iter().chain(BLANKS).chain(HOSTILE).copied();
    let of_passkeys = ["+", "/", "%", "=", "%2F", "a+b/c==", "-_"];
    let mut keys: Vec<String> = texts.chain(of_passkeys).map(str::to_owned).collect();
    keys.extend([longest_key('a'), longest_key('\u{1f512}')]);
    keys.sort();
    keys.dedup();
    let longest = longest_credential_id('d');
    create_many(0..keys.len() as u128 + 1, |number| {
        let (key, calls) = match keys.get(number as usize) {
            Some(key) => (key, calls_with(number, key)),
            None => {
                let mut calls = calls_on_a_passkey(number, &longest);
                // Beside another account whose ID differs by its last character.
                let other = longest_credential_id('e');
                calls.push(Call::LinkAccount(
                    id(number),
                    account_at(number * 10 + 9, "passkey", &other),
                ));
                calls.extend(calls_on_an_account(number, 1, "passkey", &longest));
                calls.push(Call::GetAccount("passkey".to_owned(), other));
                (&longest, calls)
            }
        };
        let mut model = Model::default();
        let create = Call::CreateUser(bare_user(number));
        for call in [create].iter().chain(&calls) {
            agreed(
                store,
                &mut model,
                call,
                &format!("with the key {}", key.show()),
            )?;
        }
        Ok(())
    })
}

/// Calls that create accounts with this key, and a passkey if it can be a credential id, and use them.
fn calls_with(number: u128, key: &str) -> Vec<Call> {
    let other = format!("other of {number}");
    let mut calls = calls_on_an_account(number, 1, &other, key);
    calls.extend(calls_on_an_account(number, 2, key, &other));
    if can_be_credential_id(key) {
        calls.extend(calls_on_a_passkey(number, key));
    }
    calls
}

/// Calls that create an account with this key, and use it.
fn calls_on_an_account(number: u128, row: u128, provider: &str, account: &str) -> Vec<Call> {
    let text = |text: &str| text.to_owned();
    let user = id(number);
    let link = Call::LinkAccount(user, account_at(number * 10 + row, provider, account));
    let changes = |token: &str| AccountChanges {
        refresh_token: Change::set(token),
        ..Default::default()
    };
    let (provider, account) = (|| text(provider), || text(account));
    vec![
        link.clone(),
        Call::GetAccount(provider(), account()),
        Call::GetUserByAccount(provider(), account()),
        Call::UpdateAccount(provider(), account(), changes("first")),
        Call::RefreshAccount(
            provider(),
            account(),
            Some(text("first")),
            changes("second"),
        ),
        Call::UnlinkAccountOfUser(user, provider(), account(), false),
        link,
        Call::ListAccountsByUserId(user),
        Call::UnlinkAccount(provider(), account()),
    ]
}

/// Calls that create a passkey with this credential id, and use it.
fn calls_on_a_passkey(number: u128, key: &str) -> Vec<Call> {
    let user = id(number);
    let create = Call::CreateAuthenticator(authenticator_with_id(number, number, key));
    let key = || key.to_owned();
    vec![
        create.clone(),
        Call::GetAuthenticator(key()),
        Call::UpdateAuthenticatorCounter(key(), 1_000_000),
        Call::UseAuthenticator(key(), 1_000_001, true),
        Call::UpdateAuthenticatorDetails(user, key(), full_authenticator_details(1)),
        Call::ListAuthenticatorsWithDetailsByUserId(user),
        Call::DeleteAuthenticatorOfUser(user, key(), false),
        create,
        Call::ListAuthenticatorsByUserId(user),
        Call::DeleteAuthenticator(key()),
    ]
}

/// Creates a row of every kind with this key, in every place of a key; a passkey only if it is a credential id.
pub(super) fn rows_with(number: u128, key: &str) -> Vec<Call> {
    let tokens = [(key, "token"), ("identifier", key)];
    let mut calls = vec![
        Call::CreateUser(user_with_email(number, key)),
        Call::LinkAccount(id(number), account_at(number, "provider", key)),
        Call::LinkAccount(id(number), account_at(1_000 + number, key, "account")),
        Call::CreateSession(session_with_token(number, number, key)),
        Call::CreateChallenge(Challenge::new(key, "payload", millis(1))),
    ];
    calls.extend(tokens.map(|(identifier, token)| {
        Call::CreateVerificationToken(VerificationToken::new(identifier, token, millis(1)))
    }));
    if can_be_credential_id(key) {
        let passkey = authenticator_with_id(number, number, key);
        calls.push(Call::CreateAuthenticator(passkey));
    }
    calls
}

/// Calls of every operation that takes a key, with this key.
fn lookups_of(user: Uuid, key: &str) -> Vec<Call> {
    let text = |text: &str| text.to_owned();
    let mut calls = vec![
        Call::GetUserByEmail(text(key)),
        Call::GetSessionAndUser(text(key)),
        Call::UpdateSession(text(key), SessionChanges::default()),
        Call::DeleteSession(text(key)),
        Call::UseVerificationToken(text(key), text("token")),
        Call::UseVerificationToken(text("identifier"), text(key)),
        Call::DeleteVerificationTokensByIdentifier(text(key)),
        Call::UseChallenge(text(key)),
        Call::GetAuthenticator(text(key)),
        Call::UpdateAuthenticatorCounter(text(key), 1_000_000),
        Call::UseAuthenticator(text(key), 1_000_000, false),
        Call::DeleteAuthenticator(text(key)),
        Call::DeleteAuthenticatorOfUser(user, text(key), false),
        Call::UpdateAuthenticatorDetails(user, text(key), full_authenticator_details(1)),
    ];
    for (provider, account) in [("provider", key), (key, "account")] {
        calls.extend([
            Call::GetAccount(text(provider), text(account)),
            Call::GetUserByAccount(text(provider), text(account)),
            Call::UpdateAccount(text(provider), text(account), AccountChanges::default()),
            Call::RefreshAccount(
                text(provider),
                text(account),
                None,
                AccountChanges::default(),
            ),
            Call::UnlinkAccount(text(provider), text(account)),
            Call::UnlinkAccountOfUser(user, text(provider), text(account), false),
        ]);
    }
    calls
}
