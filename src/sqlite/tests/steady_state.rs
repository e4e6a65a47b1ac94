//! Repeats every operation on one connection, which prepares each statement only once.

use rusqlite::StatementStatus;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::{statements, with_long_timeouts};
use crate::{
    AccountChanges, AuthStore, Authenticator, AuthenticatorDetailsChanges, Challenge, Change,
    NewAccount, NewSession, NewUser, Removal, Result, SessionChanges, SessionDetailsChanges,
    UserChanges, VerificationToken,
};

const TURNS: i32 = 5;

#[test]
fn no_operation_prepares_a_statement_again() {
    let (_directory, backend, store) = with_long_timeouts();
    for turn in 0..TURNS {
        live(&store, &turn.to_string()).expect("a life");
    }
    let connection = backend.0.pool.get().expect("the connection");
    for (file, sql) in statements() {
        // These explain rejected statements, and none was rejected.
        if file.contains("/rejection/") {
            continue;
        }
        let statement = connection.0.prepare_cached(sql).expect("a statement");
        let runs = statement.get_status(StatementStatus::Run);
        assert!(runs >= TURNS, "{file}: {runs} runs");
        let again = statement.get_status(StatementStatus::RePrepare);
        assert_eq!(again, 0, "{file}");
    }
}

fn at(seconds: i64) -> OffsetDateTime {
    datetime!(2030-01-01 00:00 UTC) + time::Duration::seconds(seconds)
}

/// Calls every operation for a user of this name, with values of each kind.
fn live(store: &AuthStore, name: &str) -> Result<()> {
    let user = users(store, name)?;
    accounts(store, user, name)?;
    sessions(store, user, name)?;
    passkeys(store, user, name)?;

    let identifier = format!("{name}@example.org");
    for token in ["used", "deleted"] {
        let token = format!("{name} {token}");
        store.create_verification_token(VerificationToken::new(&identifier, token, at(0)))?;
    }
    let used = store.use_verification_token(&identifier, &format!("{name} used"))?;
    assert!(used.is_some());
    assert_eq!(
        store.delete_verification_tokens_by_identifier(&identifier)?,
        1
    );
    store.create_challenge(Challenge::new(name, "payload", at(0)))?;
    assert!(store.use_challenge(name)?.is_some());
    store.delete_expired(at(-1), 10)?;
    store.ping()?;
    assert!(store.delete_user(user)?);
    Ok(())
}

fn users(store: &AuthStore, name: &str) -> Result<Uuid> {
    let user = store.create_user(NewUser {
        email: Some(format!("{name}@example.org")),
        ..NewUser::default()
    })?;
    let changes = UserChanges {
        name: Change::Set(name.into()),
        email_verified: Change::Set(at(0)),
        ..UserChanges::default()
    };
    store.update_user(user.id, changes)?;
    assert!(store.get_user(user.id)?.is_some());
    let email = format!("{name}@example.org");
    assert!(store.get_user_by_email(&email)?.is_some());
    store.list_users(None, 10)?;
    store.list_users(Some(user.id), 10)?;
    Ok(user.id)
}

fn accounts(store: &AuthStore, user: Uuid, name: &str) -> Result<()> {
    let first = |provider| NewAccount::new("oauth", provider, name);
    store.link_account(user, first("github"))?;
    store.link_account(user, first("gitlab"))?;
    store.link_account(user, first("google"))?;
    let (other, _) = store.create_user_with_account(NewUser::default(), first("bitbucket"))?;
    assert!(store.delete_user(other.id)?);
    let changes = || AccountChanges {
        refresh_token: Change::Set(name.into()),
        expires_at: Change::Set(1),
        scope: Change::Clear,
        ..AccountChanges::default()
    };
    store.update_account("github", name, changes())?;
    let refreshed = store.refresh_account("github", name, Some(name), changes())?;
    assert!(refreshed.is_some());
    assert!(store.get_account("github", name)?.is_some());
    assert!(store.get_user_by_account("github", name)?.is_some());
    assert_eq!(store.list_accounts_by_user_id(user)?.len(), 3);
    assert!(store.unlink_account("gitlab", name)?);
    let removed = store.unlink_account_of_user(user, "google", name, false)?;
    assert_eq!(removed, Removal::Done);
    let kept = store.unlink_account_of_user(user, "github", name, true)?;
    assert_eq!(kept, Removal::LastWayIn);
    Ok(())
}

fn sessions(store: &AuthStore, user: Uuid, name: &str) -> Result<()> {
    let new = |token: &str| NewSession::new(user, format!("{name} {token}"), at(0));
    let first = store.create_session(new("first"))?;
    let second = store.create_session(new("second"))?;
    store.create_session(new("third"))?;
    let changes = SessionDetailsChanges {
        began: Change::Set(at(0)),
        ip: Change::Set("192.0.2.1".into()),
        ..SessionDetailsChanges::default()
    };
    assert!(store.update_session_details(first.id, changes)?);
    store.get_session_details(first.id)?;
    assert!(store.get_session_and_user(&first.session_token)?.is_some());
    let changes = SessionChanges {
        expires: Some(at(60)),
        ..SessionChanges::default()
    };
    assert!(
        store
            .update_session(&first.session_token, changes)?
            .is_some()
    );
    assert_eq!(store.list_sessions_by_user_id(user)?.len(), 3);
    assert_eq!(store.list_sessions_with_details_by_user_id(user)?.len(), 3);
    assert!(store.delete_session_of_user(user, second.id)?);
    assert!(store.delete_session(&format!("{name} third"))?);
    store.delete_sessions_by_user_id(user, Some("none"))?;
    store.delete_sessions_by_user_id(user, None)?;
    Ok(())
}

fn passkeys(store: &AuthStore, user: Uuid, name: &str) -> Result<()> {
    let new = |id: &str| Authenticator {
        credential_id: format!("{name}-{id}"),
        user_id: user,
        provider_account_id: name.into(),
        credential_public_key: "AAAA".into(),
        counter: 0,
        credential_device_type: "singleDevice".into(),
        credential_backed_up: false,
        transports: None,
    };
    let (other, _) = store.create_user_with_authenticator(NewUser::default(), new("other"))?;
    assert!(store.delete_user(other.id)?);
    store.create_authenticator(new("first"))?;
    store.create_authenticator(new("second"))?;
    let first = format!("{name}-first");
    store.update_authenticator_counter(&first, 1)?;
    store.use_authenticator(&first, 2, true)?;
    let changes = AuthenticatorDetailsChanges {
        last_used: Change::Set(at(0)),
        ..AuthenticatorDetailsChanges::default()
    };
    assert!(store.update_authenticator_details(user, &first, changes)?);
    assert!(store.get_authenticator(&first)?.is_some());
    assert_eq!(store.list_authenticators_by_user_id(user)?.len(), 2);
    let details = store.list_authenticators_with_details_by_user_id(user)?;
    assert_eq!(details.len(), 2);
    let removed = store.delete_authenticator_of_user(user, &first, true)?;
    assert_eq!(removed, Removal::Done);
    let absent = store.delete_authenticator_of_user(user, &first, false)?;
    assert_eq!(absent, Removal::Absent);
    assert!(store.delete_authenticator(&format!("{name}-second"))?);
    Ok(())
}
