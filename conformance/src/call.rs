//! Operations as values: generated at random, run on a store and on the model, and printed as Rust code.

use authstore::{
    Account, AccountChanges, AuthStore, Authenticator, AuthenticatorDetailsChanges, Challenge,
    Error, NewAccount, NewSession, NewUser, Session, SessionChanges, SessionDetailsChanges, User,
    UserChanges, VerificationToken,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::failure::show_refusal;
use crate::model::{Answer, Model};
use crate::show::{AsCode, Show};

/// One call of an operation. Ids are always given, so that the model gets the same.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    CreateUser(NewUser),
    GetUser(Uuid),
    GetUserByEmail(String),
    GetUserByAccount(String, String),
    UpdateUser(Uuid, UserChanges),
    DeleteUser(Uuid),
    LinkAccount(Uuid, NewAccount),
    CreateUserWithAccount(NewUser, NewAccount),
    UnlinkAccount(String, String),
    GetAccount(String, String),
    UpdateAccount(String, String, AccountChanges),
    ListAccountsByUserId(Uuid),
    CreateSession(NewSession),
    GetSessionAndUser(String),
    UpdateSession(String, SessionChanges),
    DeleteSession(String),
    ListSessionsByUserId(Uuid),
    DeleteSessionsByUserId(Uuid, Option<String>),
    CreateVerificationToken(VerificationToken),
    UseVerificationToken(String, String),
    CreateAuthenticator(Authenticator),
    GetAuthenticator(String),
    ListAuthenticatorsByUserId(Uuid),
    UpdateAuthenticatorCounter(String, i64),
    DeleteAuthenticator(String),
    ListUsers(Option<Uuid>, u32),
    UnlinkAccountOfUser(Uuid, String, String, bool),
    RefreshAccount(String, String, Option<String>, AccountChanges),
    DeleteSessionOfUser(Uuid, Uuid),
    ListSessionsWithDetailsByUserId(Uuid),
    GetSessionDetails(Uuid),
    UpdateSessionDetails(Uuid, SessionDetailsChanges),
    DeleteVerificationTokensByIdentifier(String),
    CreateUserWithAuthenticator(NewUser, Authenticator),
    ListAuthenticatorsWithDetailsByUserId(Uuid),
    UseAuthenticator(String, i64, bool),
    DeleteAuthenticatorOfUser(Uuid, String, bool),
    UpdateAuthenticatorDetails(Uuid, String, AuthenticatorDetailsChanges),
    CreateChallenge(Challenge),
    UseChallenge(String),
    DeleteExpired(OffsetDateTime, u32),
    Ping,
}

/// The result of a call, as text, because the operations return many types and results are only compared and shown.
pub(crate) type Reply = String;

fn shown<T: Show>(value: T) -> Reply {
    value.show()
}

impl Call {
    /// Runs it on a store.
    pub(crate) fn on_store(&self, store: &AuthStore) -> Result<Reply, Error> {
        match self.clone() {
            Call::CreateUser(user) => store.create_user(user).map(shown),
            Call::GetUser(id) => store.get_user(id).map(shown),
            Call::GetUserByEmail(email) => store.get_user_by_email(&email).map(shown),
            Call::GetUserByAccount(provider, id) => {
                store.get_user_by_account(&provider, &id).map(shown)
            }
            Call::UpdateUser(id, changes) => store.update_user(id, changes).map(shown),
            Call::DeleteUser(id) => store.delete_user(id).map(shown),
            Call::LinkAccount(user, account) => store.link_account(user, account).map(shown),
            Call::CreateUserWithAccount(user, account) => {
                store.create_user_with_account(user, account).map(shown)
            }
            Call::UnlinkAccount(provider, id) => store.unlink_account(&provider, &id).map(shown),
            Call::GetAccount(provider, id) => store.get_account(&provider, &id).map(shown),
            Call::UpdateAccount(provider, id, changes) => {
                store.update_account(&provider, &id, changes).map(shown)
            }
            Call::ListAccountsByUserId(id) => store.list_accounts_by_user_id(id).map(shown),
            Call::CreateSession(session) => store.create_session(session).map(shown),
            Call::GetSessionAndUser(token) => store.get_session_and_user(&token).map(shown),
            Call::UpdateSession(token, changes) => store.update_session(&token, changes).map(shown),
            Call::DeleteSession(token) => store.delete_session(&token).map(shown),
            Call::ListSessionsByUserId(id) => store.list_sessions_by_user_id(id).map(shown),
            Call::DeleteSessionsByUserId(id, keep) => store
                .delete_sessions_by_user_id(id, keep.as_deref())
                .map(shown),
            Call::CreateVerificationToken(token) => {
                store.create_verification_token(token).map(shown)
            }
            Call::UseVerificationToken(identifier, token) => {
                store.use_verification_token(&identifier, &token).map(shown)
            }
            Call::CreateAuthenticator(authenticator) => {
                store.create_authenticator(authenticator).map(shown)
            }
            Call::GetAuthenticator(id) => store.get_authenticator(&id).map(shown),
            Call::ListAuthenticatorsByUserId(id) => {
                store.list_authenticators_by_user_id(id).map(shown)
            }
            Call::UpdateAuthenticatorCounter(id, counter) => {
                store.update_authenticator_counter(&id, counter).map(shown)
            }
            Call::DeleteAuthenticator(id) => store.delete_authenticator(&id).map(shown),
            Call::ListUsers(after, limit) => store.list_users(after, limit).map(shown),
            Call::UnlinkAccountOfUser(user_id, provider, provider_account_id, keep_last) => store
                .unlink_account_of_user(user_id, &provider, &provider_account_id, keep_last)
                .map(shown),
            Call::RefreshAccount(provider, provider_account_id, seen_refresh_token, changes) => {
                store
                    .refresh_account(
                        &provider,
                        &provider_account_id,
                        seen_refresh_token.as_deref(),
                        changes,
                    )
                    .map(shown)
            }
            Call::DeleteSessionOfUser(user_id, session_id) => {
                store.delete_session_of_user(user_id, session_id).map(shown)
            }
            Call::ListSessionsWithDetailsByUserId(user_id) => store
                .list_sessions_with_details_by_user_id(user_id)
                .map(shown),
            Call::GetSessionDetails(session_id) => store.get_session_details(session_id).map(shown),
            Call::UpdateSessionDetails(session_id, changes) => {
                store.update_session_details(session_id, changes).map(shown)
            }
            Call::DeleteVerificationTokensByIdentifier(identifier) => store
                .delete_verification_tokens_by_identifier(&identifier)
                .map(shown),
            Call::CreateUserWithAuthenticator(user, authenticator) => store
                .create_user_with_authenticator(user, authenticator)
                .map(shown),
            Call::ListAuthenticatorsWithDetailsByUserId(user_id) => store
                .list_authenticators_with_details_by_user_id(user_id)
                .map(shown),
            Call::UseAuthenticator(credential_id, counter, backed_up) => store
                .use_authenticator(&credential_id, counter, backed_up)
                .map(shown),
            Call::DeleteAuthenticatorOfUser(user_id, credential_id, keep_last) => store
                .delete_authenticator_of_user(user_id, &credential_id, keep_last)
                .map(shown),
            Call::UpdateAuthenticatorDetails(user_id, credential_id, changes) => store
                .update_authenticator_details(user_id, &credential_id, changes)
                .map(shown),
            Call::CreateChallenge(challenge) => store.create_challenge(challenge).map(shown),
            Call::UseChallenge(key) => store.use_challenge(&key).map(shown),
            Call::DeleteExpired(now, limit) => store.delete_expired(now, limit).map(shown),
            Call::Ping => store.ping().map(shown),
        }
    }

    /// Runs it on the model.
    pub(crate) fn on_model(&self, model: &mut Model) -> Answer<Reply> {
        Ok(match self.clone() {
            Call::CreateUser(user) => {
                let user = complete_user(user);
                model.create_user(&user)?;
                shown(user)
            }
            Call::GetUser(id) => shown(model.get_user(id)),
            Call::GetUserByEmail(email) => shown(model.get_user_by_email(&email)),
            Call::GetUserByAccount(provider, id) => {
                shown(model.get_user_by_account(&provider, &id))
            }
            Call::UpdateUser(id, changes) => shown(model.update_user(id, &changes)?),
            Call::DeleteUser(id) => shown(model.delete_user(id)),
            Call::LinkAccount(user, account) => {
                let account = complete_account(user, account);
                model.link_account(&account)?;
                shown(account)
            }
            Call::CreateUserWithAccount(user, account) => {
                let user = complete_user(user);
                let account = complete_account(user.id, account);
                model.create_user_with_account(&user, &account)?;
                shown((user, account))
            }
            Call::UnlinkAccount(provider, id) => shown(model.unlink_account(&provider, &id)),
            Call::GetAccount(provider, id) => shown(model.get_account(&provider, &id)),
            Call::UpdateAccount(provider, id, changes) => {
                shown(model.update_account(&provider, &id, &changes)?)
            }
            Call::ListAccountsByUserId(id) => shown(model.list_accounts_by_user_id(id)),
            Call::CreateSession(session) => {
                let session = Session {
                    id: session.id.expect("always given"),
                    user_id: session.user_id,
                    session_token: session.session_token,
                    expires: session.expires,
                };
                model.create_session(&session)?;
                shown(session)
            }
            Call::GetSessionAndUser(token) => shown(model.get_session_and_user(&token)),
            Call::UpdateSession(token, changes) => shown(model.update_session(&token, &changes)?),
            Call::DeleteSession(token) => shown(model.delete_session(&token)),
            Call::ListSessionsByUserId(id) => shown(model.list_sessions_by_user_id(id)),
            Call::DeleteSessionsByUserId(id, keep) => {
                shown(model.delete_sessions_by_user_id(id, keep.as_deref()))
            }
            Call::CreateVerificationToken(token) => {
                model.create_verification_token(&token)?;
                shown(token)
            }
            Call::UseVerificationToken(identifier, token) => {
                shown(model.use_verification_token(&identifier, &token))
            }
            Call::CreateAuthenticator(authenticator) => {
                model.create_authenticator(&authenticator)?;
                shown(authenticator)
            }
            Call::GetAuthenticator(id) => shown(model.get_authenticator(&id)),
            Call::ListAuthenticatorsByUserId(id) => shown(model.list_authenticators_by_user_id(id)),
            Call::UpdateAuthenticatorCounter(id, counter) => {
                shown(model.update_authenticator_counter(&id, counter)?)
            }
            Call::DeleteAuthenticator(id) => shown(model.delete_authenticator(&id)),
            Call::ListUsers(after, limit) => shown(model.list_users(after, limit)),
            Call::UnlinkAccountOfUser(user_id, provider, provider_account_id, keep_last) => shown(
                model.unlink_account_of_user(user_id, &provider, &provider_account_id, keep_last),
            ),
            Call::RefreshAccount(provider, provider_account_id, seen_refresh_token, changes) => {
                shown(model.refresh_account(
                    &provider,
                    &provider_account_id,
                    seen_refresh_token.as_deref(),
                    &changes,
                ))
            }
            Call::DeleteSessionOfUser(user_id, session_id) => {
                shown(model.delete_session_of_user(user_id, session_id))
            }
            Call::ListSessionsWithDetailsByUserId(user_id) => {
                shown(model.list_sessions_with_details_by_user_id(user_id))
            }
            Call::GetSessionDetails(session_id) => shown(model.get_session_details(session_id)),
            Call::UpdateSessionDetails(session_id, changes) => {
                shown(model.update_session_details(session_id, &changes))
            }
            Call::DeleteVerificationTokensByIdentifier(identifier) => {
                shown(model.delete_verification_tokens_by_identifier(&identifier))
            }
            Call::CreateUserWithAuthenticator(user, authenticator) => {
                let user = complete_user(user);
                let authenticator = Authenticator {
                    user_id: user.id,
                    ..authenticator
                };
                model.create_user_with_authenticator(&user, &authenticator)?;
                shown((user, authenticator))
            }
            Call::ListAuthenticatorsWithDetailsByUserId(user_id) => {
                shown(model.list_authenticators_with_details_by_user_id(user_id))
            }
            Call::UseAuthenticator(credential_id, counter, backed_up) => {
                shown(model.use_authenticator(&credential_id, counter, backed_up)?)
            }
            Call::DeleteAuthenticatorOfUser(user_id, credential_id, keep_last) => {
                shown(model.delete_authenticator_of_user(user_id, &credential_id, keep_last))
            }
            Call::UpdateAuthenticatorDetails(user_id, credential_id, changes) => {
                shown(model.update_authenticator_details(user_id, &credential_id, &changes))
            }
            Call::CreateChallenge(challenge) => {
                model.create_challenge(&challenge)?;
                shown(challenge)
            }
            Call::UseChallenge(key) => shown(model.use_challenge(&key)),
            Call::DeleteExpired(now, limit) => shown(model.delete_expired(now, limit)),
            Call::Ping => shown(()),
        })
    }
}

fn complete_user(user: NewUser) -> User {
    User {
        id: user.id.expect("always given"),
        name: user.name,
        email: user.email,
        email_verified: user.email_verified,
        image: user.image,
    }
}

fn complete_account(user_id: Uuid, account: NewAccount) -> Account {
    Account {
        id: account.id.expect("always given"),
        user_id,
        kind: account.kind,
        provider: account.provider,
        provider_account_id: account.provider_account_id,
        refresh_token: account.refresh_token,
        access_token: account.access_token,
        expires_at: account.expires_at,
        token_type: account.token_type,
        scope: account.scope,
        id_token: account.id_token,
        session_state: account.session_state,
        oauth_token_secret: account.oauth_token_secret,
        oauth_token: account.oauth_token,
    }
}

/// Returns true if the store's result is that of the model, or one of its correct errors.
pub(crate) fn agrees(got: &Result<Reply, Error>, answer: &Answer<Reply>) -> bool {
    match (got, answer) {
        (Ok(got), Ok(expected)) => got == expected,
        (Err(error), Err(refusals)) => refusals.iter().any(|refusal| refusal.is(error)),
        _ => false,
    }
}

/// Returns the model's result, as text.
pub(crate) fn show_answer(answer: &Answer<Reply>) -> String {
    match answer {
        Ok(reply) => format!("Ok({reply})"),
        Err(refusals) => refusals
            .iter()
            .map(|refusal| format!("Err({refusal:?})"))
            .collect::<Vec<_>>()
            .join(" or "),
    }
}

/// Returns a store's result, as text.
pub(crate) fn show_got(got: &Result<Reply, Error>) -> String {
    match got {
        Ok(reply) => format!("Ok({reply})"),
        Err(error) => show_refusal(error),
    }
}

/// Shows the call as Rust code, without the store and the question mark.
impl Show for Call {
    fn show(&self) -> String {
        let arguments: Vec<String> = match self {
            Call::CreateUser(user) => vec![user.show()],
            Call::GetUser(id)
            | Call::DeleteUser(id)
            | Call::ListAccountsByUserId(id)
            | Call::ListSessionsByUserId(id)
            | Call::ListAuthenticatorsByUserId(id) => vec![id.show()],
            Call::GetUserByEmail(key)
            | Call::GetSessionAndUser(key)
            | Call::DeleteSession(key)
            | Call::GetAuthenticator(key)
            | Call::DeleteAuthenticator(key) => vec![key.show()],
            Call::GetUserByAccount(first, second)
            | Call::UnlinkAccount(first, second)
            | Call::GetAccount(first, second)
            | Call::UseVerificationToken(first, second) => vec![first.show(), second.show()],
            Call::UpdateUser(id, changes) => vec![id.show(), changes.show()],
            Call::LinkAccount(user, account) => vec![user.show(), account.show()],
            Call::CreateUserWithAccount(user, account) => vec![user.show(), account.show()],
            Call::UpdateAccount(provider, id, changes) => {
                vec![provider.show(), id.show(), changes.show()]
            }
            Call::CreateSession(session) => vec![session.show()],
            Call::UpdateSession(token, changes) => vec![token.show(), changes.show()],
            Call::DeleteSessionsByUserId(id, keep) => vec![id.show(), keep.show()],
            Call::CreateVerificationToken(token) => vec![format!(
                "VerificationToken::new({}, {}, {})",
                token.identifier.show(),
                token.token.show(),
                token.expires.show()
            )],
            Call::CreateAuthenticator(authenticator) => vec![authenticator.as_code()],
            Call::UpdateAuthenticatorCounter(id, counter) => vec![id.show(), counter.show()],
            Call::ListUsers(after, limit) => vec![after.show(), limit.to_string()],
            Call::UnlinkAccountOfUser(user_id, provider, provider_account_id, keep_last) => vec![
                user_id.show(),
                provider.show(),
                provider_account_id.show(),
                keep_last.show(),
            ],
            Call::RefreshAccount(provider, provider_account_id, seen_refresh_token, changes) => {
                vec![
                    provider.show(),
                    provider_account_id.show(),
                    seen_refresh_token.show(),
                    changes.show(),
                ]
            }
            Call::DeleteSessionOfUser(user_id, session_id) => {
                vec![user_id.show(), session_id.show()]
            }
            Call::ListSessionsWithDetailsByUserId(user_id) => vec![user_id.show()],
            Call::GetSessionDetails(session_id) => vec![session_id.show()],
            Call::UpdateSessionDetails(session_id, changes) => {
                vec![session_id.show(), changes.show()]
            }
            Call::DeleteVerificationTokensByIdentifier(identifier) => vec![identifier.show()],
            Call::CreateUserWithAuthenticator(user, authenticator) => {
                vec![user.show(), authenticator.as_code()]
            }
            Call::ListAuthenticatorsWithDetailsByUserId(user_id) => vec![user_id.show()],
            Call::UseAuthenticator(credential_id, counter, backed_up) => {
                vec![credential_id.show(), counter.show(), backed_up.show()]
            }
            Call::DeleteAuthenticatorOfUser(user_id, credential_id, keep_last) => {
                vec![user_id.show(), credential_id.show(), keep_last.show()]
            }
            Call::UpdateAuthenticatorDetails(user_id, credential_id, changes) => {
                vec![user_id.show(), credential_id.show(), changes.show()]
            }
            Call::CreateChallenge(challenge) => vec![challenge.as_code()],
            Call::UseChallenge(key) => vec![key.show()],
            Call::DeleteExpired(now, limit) => vec![now.show(), limit.to_string()],
            Call::Ping => vec![],
        };
        format!("{}({})", self.name(), arguments.join(", "))
    }
}

impl Call {
    /// Returns the operation's name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Call::CreateUser(..) => "create_user",
            Call::GetUser(..) => "get_user",
            Call::GetUserByEmail(..) => "get_user_by_email",
            Call::GetUserByAccount(..) => "get_user_by_account",
            Call::UpdateUser(..) => "update_user",
            Call::DeleteUser(..) => "delete_user",
            Call::LinkAccount(..) => "link_account",
            Call::CreateUserWithAccount(..) => "create_user_with_account",
            Call::UnlinkAccount(..) => "unlink_account",
            Call::GetAccount(..) => "get_account",
            Call::UpdateAccount(..) => "update_account",
            Call::ListAccountsByUserId(..) => "list_accounts_by_user_id",
            Call::CreateSession(..) => "create_session",
            Call::GetSessionAndUser(..) => "get_session_and_user",
            Call::UpdateSession(..) => "update_session",
            Call::DeleteSession(..) => "delete_session",
            Call::ListSessionsByUserId(..) => "list_sessions_by_user_id",
            Call::DeleteSessionsByUserId(..) => "delete_sessions_by_user_id",
            Call::CreateVerificationToken(..) => "create_verification_token",
            Call::UseVerificationToken(..) => "use_verification_token",
            Call::CreateAuthenticator(..) => "create_authenticator",
            Call::GetAuthenticator(..) => "get_authenticator",
            Call::ListAuthenticatorsByUserId(..) => "list_authenticators_by_user_id",
            Call::UpdateAuthenticatorCounter(..) => "update_authenticator_counter",
            Call::DeleteAuthenticator(..) => "delete_authenticator",
            Call::ListUsers(..) => "list_users",
            Call::UnlinkAccountOfUser(..) => "unlink_account_of_user",
            Call::RefreshAccount(..) => "refresh_account",
            Call::DeleteSessionOfUser(..) => "delete_session_of_user",
            Call::ListSessionsWithDetailsByUserId(..) => "list_sessions_with_details_by_user_id",
            Call::GetSessionDetails(..) => "get_session_details",
            Call::UpdateSessionDetails(..) => "update_session_details",
            Call::DeleteVerificationTokensByIdentifier(..) => {
                "delete_verification_tokens_by_identifier"
            }
            Call::CreateUserWithAuthenticator(..) => "create_user_with_authenticator",
            Call::ListAuthenticatorsWithDetailsByUserId(..) => {
                "list_authenticators_with_details_by_user_id"
            }
            Call::UseAuthenticator(..) => "use_authenticator",
            Call::DeleteAuthenticatorOfUser(..) => "delete_authenticator_of_user",
            Call::UpdateAuthenticatorDetails(..) => "update_authenticator_details",
            Call::CreateChallenge(..) => "create_challenge",
            Call::UseChallenge(..) => "use_challenge",
            Call::DeleteExpired(..) => "delete_expired",
            Call::Ping => "ping",
        }
    }

    /// Makes calls on a store one after the other, until one fails.
    pub(crate) fn in_turn(calls: &[Call], store: &AuthStore) -> authstore::Result<()> {
        calls
            .iter()
            .try_for_each(|call| call.on_store(store).map(drop))
    }

    /// Returns true if it may change something.
    pub(crate) fn writes(&self) -> bool {
        !(self.name().starts_with("get_")
            || self.name().starts_with("list_")
            || self.name() == "ping")
    }
}
