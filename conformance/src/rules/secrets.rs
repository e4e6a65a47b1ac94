use authstore::{
    AccountChanges, AuthStore, Authenticator, Challenge, Error, NewAccount, NewSession, NewUser,
    UserChanges, VerificationToken,
};

use crate::call::Call;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, harness_result, show_error};
use crate::fixture::{
    authenticator, bare_account, bare_user, full_user, id, millis, rotation, session_with_token,
    token,
};
use crate::rules::faults::{all_and_others_at_once, all_at_once, others};
use crate::strings::longest_text;

/// The beginning and end of every secret.
const SECRET: &str = "S3CR3T";

/// Text that reveals a secret, in any case: either end of it. Also text that reveals an email address of the suite's
/// users.
const SHOWN: [&str; 3] = ["S3C", "R3T", "example.org"];

/// Text that reveals an encoded secret, in any case and without the spaces: in Base64, alone or after other text, in
/// hexadecimal, and either end of it as a list of bytes.
const ENCODED: [&str; 6] = [
    "UzNDUjNU",
    "MzQ1IzV",
    "TM0NSM1",
    "533343523354",
    "83,51,67",
    "82,51,84",
];

pub(super) fn secret(name: &str) -> String {
    format!("{SECRET}-{name}-{SECRET}")
}

/// Returns a user whose name and email address are found like secrets.
fn secret_user(number: u128) -> NewUser {
    NewUser {
        name: Some(secret("name")),
        email: Some(format!("{}-{number}@example.org", secret("mail"))),
        ..bare_user(number)
    }
}

/// Returns changes that make a user [`secret_user`].
fn secret_changes(number: u128) -> UserChanges {
    let user = secret_user(number);
    UserChanges {
        name: user.name.into(),
        email: user.email.into(),
        ..UserChanges::default()
    }
}

/// Returns an account with secrets in all secret fields.
fn secret_account(number: u128) -> NewAccount {
    NewAccount {
        refresh_token: Some(secret("refresh")),
        access_token: Some(secret("access") + &longest_text()[..100_000]),
        id_token: Some(secret("id")),
        session_state: Some(secret("state")),
        oauth_token_secret: Some(secret("oauth-secret")),
        oauth_token: Some(secret("oauth")),
        ..bare_account(number)
    }
}

/// Returns an account whose id is an email address, as Auth.js makes it for a sign-in by email.
fn email_account(number: u128) -> NewAccount {
    NewAccount {
        id: Some(id(1_000 + number)),
        ..NewAccount::new("email", "email", "ada@example.org")
    }
}

fn secret_session(number: u128, user: u128) -> NewSession {
    session_with_token(number, user, &secret("session"))
}

fn secret_token(identifier: &str) -> VerificationToken {
    VerificationToken::new(identifier, secret("verification"), millis(1))
}

fn secret_challenge() -> Challenge {
    Challenge::new(secret("challenge"), secret("payload"), millis(1))
}

/// Returns every operation with an argument that an error must not show.
fn calls_with_secrets() -> Vec<Call> {
    let changes = AccountChanges {
        refresh_token: authstore::Change::Set(secret("refresh")),
        access_token: authstore::Change::Set(secret("access")),
        oauth_token: authstore::Change::Set(secret("oauth")),
        ..AccountChanges::default()
    };
    vec![
        Call::CreateUser(secret_user(8)),
        Call::GetUserByEmail("user-8@example.org".into()),
        Call::UpdateUser(id(1), secret_changes(1)),
        Call::LinkAccount(id(1), secret_account(2)),
        Call::CreateUserWithAccount(secret_user(9), secret_account(9)),
        Call::CreateUserWithAuthenticator(secret_user(10), authenticator(10, 10)),
        Call::UpdateAccount("provider 7".into(), "account 7".into(), changes),
        Call::GetUserByAccount("email".into(), "ada@example.org".into()),
        Call::GetAccount("email".into(), "ada@example.org".into()),
        Call::UnlinkAccount("email".into(), "ada@example.org".into()),
        Call::UnlinkAccountOfUser(id(1), "email".into(), "ada@example.org".into(), true),
        Call::LinkAccount(id(1), email_account(11)),
        Call::UpdateAccount(
            "email".into(),
            "ada@example.org".into(),
            AccountChanges::default(),
        ),
        Call::RefreshAccount(
            "email".into(),
            "ada@example.org".into(),
            None,
            AccountChanges::default(),
        ),
        Call::CreateSession(secret_session(2, 1)),
        Call::GetSessionAndUser(secret("session")),
        Call::UpdateSession(
            secret("session"),
            authstore::SessionChanges {
                user_id: Some(id(7)),
                ..Default::default()
            },
        ),
        Call::DeleteSession(secret("session")),
        Call::DeleteSessionsByUserId(id(1), Some(secret("session"))),
        Call::CreateVerificationToken(secret_token("ada@example.org")),
        Call::UseVerificationToken("ada@example.org".into(), secret("verification")),
        Call::DeleteVerificationTokensByIdentifier("ada@example.org".into()),
        rotation(&secret("session"), &secret("rotated")),
        Call::RefreshAccount(
            "provider 7".into(),
            "account 7".into(),
            Some(secret("seen")),
            AccountChanges {
                refresh_token: authstore::Change::Set(secret("refresh")),
                ..AccountChanges::default()
            },
        ),
        Call::CreateChallenge(secret_challenge()),
        Call::UseChallenge(secret("challenge")),
    ]
}

/// Checks that no error and none of its causes shows a secret, in `Display` or `Debug`.
#[track_caller]
pub(super) fn hides(call: &str, error: &Error) -> Verdict {
    let shown = show_error(error);
    ensure(
        !shows_password(&shown),
        format!("the error of {call} shows the password of the storage's URL"),
    )?;
    let in_any_case = shown.to_lowercase();
    let without_spaces: String = in_any_case.split_whitespace().collect();
    let shows = |text: &str, part: &str| text.contains(&part.to_lowercase());
    let parts = SHOWN.iter().filter(|part| shows(&in_any_case, part));
    let encoded = ENCODED.iter().filter(|part| shows(&without_spaces, part));
    if let Some(part) = parts.chain(encoded).next() {
        return Err(Failure::broken(format!(
            "the error of {call} shows a secret, an email address or a name, or a part of one"
        ))
        .expected(format!("no {part} in it"))
        .got(shown));
    }
    Ok(())
}

/// Returns whether the text has a URL with a password. One of equal characters, such as `***`, is masked.
fn shows_password(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let host = rest.find(|letter: char| letter == '/' || letter.is_whitespace());
        let authority = &rest[..host.unwrap_or(rest.len())];
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        let password = user.and_then(|user| user.split_once(':'));
        password.is_some_and(|(_, password)| {
            let mut letters = password.chars();
            let first = letters.next();
            letters.any(|letter| Some(letter) != first)
        })
    })
}

#[track_caller]
fn refused_and_hides<T>(call: &str, outcome: authstore::Result<T>) -> Verdict {
    match outcome {
        Ok(_) => Err(Failure::broken(format!("{call} must fail"))),
        Err(error) => hides(call, &error),
    }
}

pub(crate) fn refused(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(secret_user(1))?;
    store.create_user(bare_user(2))?;
    store.link_account(id(1), secret_account(1))?;
    store.create_session(secret_session(1, 1))?;
    store.create_verification_token(secret_token("ada@example.org"))?;
    store.create_authenticator(authenticator(1, 1))?;
    let taken = |number| NewUser {
        id: Some(id(number)),
        ..secret_user(1)
    };
    refused_and_hides("create_user(..), taken", store.create_user(taken(3)))?;
    refused_and_hides(
        "update_user(..), taken",
        store.update_user(id(2), secret_changes(1)),
    )?;
    refused_and_hides(
        "update_user(..) of a user that does not exist",
        store.update_user(id(7), secret_changes(7)),
    )?;
    refused_and_hides(
        "create_user_with_authenticator(..), taken",
        store.create_user_with_authenticator(taken(3), authenticator(3, 3)),
    )?;
    let again = |number| NewAccount {
        id: Some(id(number)),
        ..secret_account(1)
    };
    refused_and_hides(
        "link_account(..), taken",
        store.link_account(id(1), again(99)),
    )?;
    refused_and_hides(
        "link_account(..) with a taken id",
        store.link_account(
            id(1),
            NewAccount {
                id: Some(id(1_001)),
                ..secret_account(2)
            },
        ),
    )?;
    refused_and_hides(
        "link_account(..) of a user that does not exist",
        store.link_account(id(7), secret_account(7)),
    )?;
    store.link_account(id(2), email_account(11))?;
    refused_and_hides(
        "link_account(..) of an email address, taken",
        store.link_account(id(1), email_account(12)),
    )?;
    refused_and_hides(
        "update_account(..) of an email address without an account",
        store.update_account("email", "bob@example.org", AccountChanges::default()),
    )?;
    refused_and_hides(
        "create_user_with_account(..), taken",
        store.create_user_with_account(secret_user(8), again(98)),
    )?;
    refused_and_hides(
        "create_user_with_account(..) with a taken user id",
        store.create_user_with_account(taken(1), secret_account(8)),
    )?;
    refused_and_hides(
        "update_account(..) of nothing",
        store.update_account(
            "github",
            "1",
            AccountChanges {
                access_token: authstore::Change::Set(secret("access")),
                ..Default::default()
            },
        ),
    )?;
    refused_and_hides(
        "create_session(..), taken",
        store.create_session(secret_session(2, 1)),
    )?;
    refused_and_hides(
        "create_session(..) with a taken id",
        store.create_session(session_with_token(1, 1, &secret("another"))),
    )?;
    refused_and_hides(
        "create_session(..) of a user that does not exist",
        store.create_session(session_with_token(7, 7, &secret("another"))),
    )?;
    refused_and_hides(
        "update_session(..) to a user that does not exist",
        store.update_session(
            &secret("session"),
            authstore::SessionChanges {
                user_id: Some(id(7)),
                ..Default::default()
            },
        ),
    )?;
    refused_and_hides(
        "create_verification_token(..), taken",
        store.create_verification_token(secret_token("somebody@example.org")),
    )?;
    store.create_session(session_with_token(3, 1, &secret("third")))?;
    refused_and_hides(
        "update_session(..) to a taken token",
        store.update_session(
            &secret("session"),
            authstore::SessionChanges {
                session_token: Some(secret("third")),
                ..Default::default()
            },
        ),
    )?;
    store.create_challenge(secret_challenge())?;
    refused_and_hides(
        "create_challenge(..), taken",
        store.create_challenge(secret_challenge()),
    )?;
    refused_and_hides(
        "create_authenticator(..), taken",
        store.create_authenticator(Authenticator {
            credential_public_key: secret("key"),
            ..authenticator(1, 1)
        }),
    )
}

pub(crate) fn without_schema(context: &Context) -> Verdict {
    let store = context.store();
    let migrator = super::migrate::migrator(store)?;
    migrator.down(usize::MAX)?;
    for call in calls_with_secrets() {
        match call.on_store(store) {
            Ok(_) => {
                return Err(Failure::broken(format!(
                    "{} succeeded without a schema",
                    call.name()
                )));
            }
            Err(error) => hides(call.name(), &error)?,
        }
    }
    Ok(())
}

pub(crate) fn unreachable(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    let others = others(store)?;
    harness_result(context.storage().cut_off())?;
    let calls = calls_with_secrets();
    let (outcomes, of_others) = all_and_others_at_once(store, &calls, &others);
    harness_result(context.storage().restore())?;
    let outcomes = calls
        .iter()
        .map(Call::name)
        .zip(outcomes.iter().map(|ran| ran.value.as_ref().err()));
    let of_others = others
        .iter()
        .map(|(call, _)| *call)
        .zip(of_others.iter().map(|ran| ran.value.as_ref().err()));
    for (call, error) in outcomes.chain(of_others) {
        let Some(error) = error else {
            return Err(Failure::broken(format!(
                "{call} succeeded on an unreachable storage"
            )));
        };
        hides(call, error)?;
    }
    Ok(())
}

pub(crate) fn unanswered(context: &Context) -> Verdict {
    let store = context.store();
    store.create_user(full_user(1))?;
    harness_result(context.storage().hold_answers())?;
    let calls = calls_with_secrets();
    let outcomes = all_at_once(store, &calls);
    harness_result(context.storage().resume())?;
    let mut unanswered = false;
    for (call, ran) in calls.iter().zip(&outcomes) {
        if let Err(error) = &ran.value {
            unanswered |= matches!(
                error,
                Error::Unavailable { .. } | Error::OutcomeUnknown { .. }
            );
            hides(call.name(), error)?;
        }
    }
    if !unanswered {
        return Err(Failure::not_run(
            "every call got its answer before the timeout",
        ));
    }
    Ok(())
}

pub(crate) fn handle(context: &Context) -> Verdict {
    let store: &AuthStore = context.store();
    store.create_user(full_user(1))?;
    store.create_session(secret_session(1, 1))?;
    store.create_verification_token(token(1))?;
    store.get_session_and_user(&secret("session"))?;
    let shown = format!("{store:?}");
    ensure(
        !shown.contains(SECRET),
        format!("Debug of the store shows a secret: {shown}"),
    )?;
    ensure(
        !shown.contains("://") && !shown.contains('@'),
        format!("the name of the backend is or contains a URL: {shown}"),
    )
}
