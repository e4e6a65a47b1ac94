//! The rows that the operations use.

use authstore::{
    Authenticator, AuthenticatorDetailsChanges, Change, NewAccount, NewSession, NewUser,
    SessionDetailsChanges,
};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::Bare;

/// The expiry of each session and token, later than any measurement.
pub(crate) const EXPIRES: OffsetDateTime = datetime!(2030-01-01 00:00 UTC);

/// Returns a row for each turn, far from the previous one, as in real requests.
pub(crate) fn at(turn: usize, rows: usize) -> usize {
    turn * 7919 % rows
}

/// Names the rows that only the operations that create and delete them use.
pub(super) fn doomed(row: usize) -> String {
    format!("doomed-{row}")
}

pub(super) fn email(row: usize) -> String {
    format!("{row}@example.org")
}

pub(super) fn credential(row: usize) -> String {
    format!("credential-{row}")
}

pub(crate) fn passkey(user: Uuid, row: usize) -> Authenticator {
    Authenticator {
        credential_id: credential(row),
        user_id: user,
        provider_account_id: row.to_string(),
        credential_public_key: "pQECAyYgASFYIBVb7XFo".into(),
        counter: 0,
        credential_device_type: "singleDevice".into(),
        credential_backed_up: false,
        transports: None,
    }
}

pub(super) fn new_user(email: Option<String>) -> NewUser {
    NewUser {
        name: Some("Ada".into()),
        email,
        ..NewUser::default()
    }
}

/// An account with the fields that most providers send.
pub(super) fn new_account(provider: &str, id: String, access_token: &str) -> NewAccount {
    NewAccount {
        access_token: Some(access_token.into()),
        expires_at: Some(1),
        token_type: Some("bearer".into()),
        scope: Some("read:user".into()),
        ..NewAccount::new("oauth", provider, id)
    }
}

fn began() -> SessionDetailsChanges {
    SessionDetailsChanges {
        began: Change::Set(datetime!(2026-01-01 00:00 UTC)),
        ip: Change::Set("192.0.2.1".into()),
        user_agent: Change::Set("Mozilla/5.0 (X11; Linux x86_64; rv:145.0)".into()),
        ..SessionDetailsChanges::default()
    }
}

fn named() -> AuthenticatorDetailsChanges {
    AuthenticatorDetailsChanges {
        name: Change::Set("Laptop".into()),
        created: Change::Set(datetime!(2026-01-01 00:00 UTC)),
        ..AuthenticatorDetailsChanges::default()
    }
}

/// Creates this many users with an account, a session and a passkey each, the latter two with details, in one
/// transaction on the bare driver, which is faster. The session has the user's id.
pub(crate) fn insert_rows(bare: &mut impl Bare, users: usize) -> Vec<Uuid> {
    bare.transaction(|bare| {
        (0..users)
            .map(|row| {
                let id = Uuid::now_v7();
                bare.create_user(&NewUser {
                    id: Some(id),
                    ..new_user(Some(email(row)))
                });
                let account = new_account("github", row.to_string(), "gho_16C7e42F292c");
                bare.link_account(id, &account);
                bare.create_session(&NewSession {
                    id: Some(id),
                    ..NewSession::new(id, row.to_string(), EXPIRES)
                });
                bare.update_session_details(id, &began());
                bare.create_authenticator(&passkey(id, row));
                bare.update_authenticator_details(id, &credential(row), &named());
                id
            })
            .collect()
    })
}
