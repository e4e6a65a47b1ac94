//! Conversion between the models and their rows.

use authstore::{
    Account, Authenticator, AuthenticatorDetails, Challenge, Error, Session, SessionDetails, User,
    VerificationToken,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::failure::Failure;
use crate::tables::{
    AccountKey, AccountRow, AuthenticatorDetailsRow, AuthenticatorRow, ChallengeRow, Millis,
    SessionDetailsRow, SessionRow, UserRow, VerificationTokenRow,
};

pub(crate) fn user_row(user: &User) -> UserRow<'_> {
    (
        user.name.as_deref(),
        user.email.as_deref(),
        user.email_verified.map(millis),
        user.image.as_deref(),
    )
}

pub(crate) fn user(id: Uuid, row: UserRow<'_>) -> Result<User, Failure> {
    let (name, email, email_verified, image) = row;
    Ok(User {
        id,
        name: name.map(String::from),
        email: email.map(String::from),
        email_verified: email_verified.map(time).transpose()?,
        image: image.map(String::from),
    })
}

pub(crate) fn account_row(account: &Account) -> AccountRow<'_> {
    (
        account.id,
        account.user_id,
        &account.kind,
        account.refresh_token.as_deref(),
        account.access_token.as_deref(),
        account.expires_at,
        account.token_type.as_deref(),
        account.scope.as_deref(),
        account.id_token.as_deref(),
        account.session_state.as_deref(),
        account.oauth_token_secret.as_deref(),
        account.oauth_token.as_deref(),
    )
}

pub(crate) fn account((provider, id_there): AccountKey<'_>, row: AccountRow<'_>) -> Account {
    Account {
        id: row.0,
        user_id: row.1,
        kind: row.2.into(),
        provider: provider.into(),
        provider_account_id: id_there.into(),
        refresh_token: row.3.map(String::from),
        access_token: row.4.map(String::from),
        expires_at: row.5,
        token_type: row.6.map(String::from),
        scope: row.7.map(String::from),
        id_token: row.8.map(String::from),
        session_state: row.9.map(String::from),
        oauth_token_secret: row.10.map(String::from),
        oauth_token: row.11.map(String::from),
    }
}

pub(crate) fn session_row(session: &Session) -> SessionRow {
    (session.id, session.user_id, millis(session.expires))
}

pub(crate) fn session(token: &str, (id, user_id, expires): SessionRow) -> Result<Session, Failure> {
    Ok(Session {
        id,
        user_id,
        session_token: token.into(),
        expires: time(expires)?,
    })
}

pub(crate) fn verification_token(
    token: &str,
    (identifier, expires): VerificationTokenRow<'_>,
) -> Result<VerificationToken, Failure> {
    Ok(VerificationToken::new(identifier, token, time(expires)?))
}

pub(crate) fn authenticator_row(authenticator: &Authenticator) -> AuthenticatorRow<'_> {
    (
        authenticator.user_id,
        &authenticator.provider_account_id,
        &authenticator.credential_public_key,
        authenticator.counter,
        &authenticator.credential_device_type,
        authenticator.credential_backed_up,
        authenticator.transports.as_deref(),
    )
}

pub(crate) fn authenticator(credential_id: &str, row: AuthenticatorRow<'_>) -> Authenticator {
    Authenticator {
        credential_id: credential_id.into(),
        user_id: row.0,
        provider_account_id: row.1.into(),
        credential_public_key: row.2.into(),
        counter: row.3,
        credential_device_type: row.4.into(),
        credential_backed_up: row.5,
        transports: row.6.map(String::from),
    }
}

pub(crate) fn session_details_row(details: &SessionDetails) -> SessionDetailsRow<'_> {
    (
        details.began.map(millis),
        details.last_seen.map(millis),
        details.ip.as_deref(),
        details.user_agent.as_deref(),
    )
}

pub(crate) fn session_details(row: SessionDetailsRow<'_>) -> Result<SessionDetails, Failure> {
    let (began, last_seen, ip, user_agent) = row;
    Ok(SessionDetails {
        began: began.map(time).transpose()?,
        last_seen: last_seen.map(time).transpose()?,
        ip: ip.map(String::from),
        user_agent: user_agent.map(String::from),
    })
}

pub(crate) fn authenticator_details_row(
    details: &AuthenticatorDetails,
) -> AuthenticatorDetailsRow<'_> {
    (
        details.name.as_deref(),
        details.created.map(millis),
        details.last_used.map(millis),
    )
}

pub(crate) fn authenticator_details(
    (name, created, last_used): AuthenticatorDetailsRow<'_>,
) -> Result<AuthenticatorDetails, Failure> {
    Ok(AuthenticatorDetails {
        name: name.map(String::from),
        created: created.map(time).transpose()?,
        last_used: last_used.map(time).transpose()?,
    })
}

pub(crate) fn challenge(
    key: &str,
    (payload, expires): ChallengeRow<'_>,
) -> Result<Challenge, Failure> {
    Ok(Challenge::new(key, payload, time(expires)?))
}

/// Exact, because the contract promises whole milliseconds from 1970 to 9999.
pub(crate) fn millis(time: OffsetDateTime) -> Millis {
    time.unix_timestamp() * 1000 + i64::from(time.millisecond())
}

fn time(millis: Millis) -> Result<OffsetDateTime, Failure> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).map_err(|error| {
        Error::backend("a row holds an impossible time")
            .with_source(error)
            .into()
    })
}
