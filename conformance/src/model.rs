//! The contract as a program: pure, sequential, in memory, and as plain as can be, so that it is right on sight.

use std::collections::BTreeMap;

use authstore::{
    Account, AccountChanges, Authenticator, Constraint, Entity, Error, ExpiredCounts, Session,
    SessionChanges, User, UserChanges, VerificationToken,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// All there is in a store. Each method does what the method of [`Backend`](authstore::Backend) of the same name does.
///
/// Where a row breaks several constraints, a backend may name any of them: a method that refuses returns all that would
/// be right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Model {
    /// By id.
    pub users: BTreeMap<Uuid, User>,
    /// By provider and provider account id.
    pub accounts: BTreeMap<(String, String), Account>,
    /// By session token.
    pub sessions: BTreeMap<String, Session>,
    /// By token.
    pub verification_tokens: BTreeMap<String, VerificationToken>,
    /// By credential id.
    pub authenticators: BTreeMap<String, Authenticator>,
}

/// Why an operation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// [`Error::Conflict`].
    Conflict(Constraint),
    /// [`Error::NotFound`].
    NotFound(Entity),
}

impl Refusal {
    /// Whether this is the refusal that the error stands for.
    pub fn is(self, error: &Error) -> bool {
        match (self, error) {
            (Refusal::Conflict(constraint), Error::Conflict { constraint: named }) => {
                constraint == *named
            }
            (Refusal::NotFound(entity), Error::NotFound { entity: named }) => entity == *named,
            _ => false,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Conflict(constraint) => Error::conflict(constraint),
            Refusal::NotFound(entity) => Error::not_found(entity),
        }
    }
}

/// A result, or all the refusals that would be right.
pub type Answer<T> = Result<T, Vec<Refusal>>;

/// Refuses for each reason that holds.
fn refuse<const N: usize>(reasons: [(bool, Refusal); N]) -> Answer<()> {
    let reasons: Vec<Refusal> = reasons
        .into_iter()
        .filter_map(|(holds, refusal)| holds.then_some(refusal))
        .collect();
    if reasons.is_empty() {
        Ok(())
    } else {
        Err(reasons)
    }
}

fn provider_account(account: &Account) -> (String, String) {
    (
        account.provider.clone(),
        account.provider_account_id.clone(),
    )
}

#[allow(
    missing_docs,
    reason = "they are the operations of the contract, and documented there"
)]
impl Model {
    /// Whether another user than `but` has the e-mail address.
    fn has_email(&self, email: Option<&String>, but: Option<Uuid>) -> bool {
        email.is_some()
            && self
                .users
                .values()
                .any(|user| Some(user.id) != but && user.email.as_ref() == email)
    }

    fn user_conflicts(&self, user: &User) -> [(bool, Refusal); 2] {
        [
            (
                self.users.contains_key(&user.id),
                Refusal::Conflict(Constraint::UserId),
            ),
            (
                self.has_email(user.email.as_ref(), None),
                Refusal::Conflict(Constraint::UserEmail),
            ),
        ]
    }

    fn account_conflicts(&self, account: &Account) -> [(bool, Refusal); 2] {
        [
            (
                self.accounts.values().any(|other| other.id == account.id),
                Refusal::Conflict(Constraint::AccountId),
            ),
            (
                self.accounts.contains_key(&provider_account(account)),
                Refusal::Conflict(Constraint::ProviderAccount),
            ),
        ]
    }

    fn no_user(&self, id: Uuid) -> (bool, Refusal) {
        (
            !self.users.contains_key(&id),
            Refusal::NotFound(Entity::User),
        )
    }

    pub fn create_user(&mut self, user: &User) -> Answer<()> {
        refuse(self.user_conflicts(user))?;
        self.users.insert(user.id, user.clone());
        Ok(())
    }

    pub fn get_user(&self, id: Uuid) -> Option<User> {
        self.users.get(&id).cloned()
    }

    pub fn get_user_by_email(&self, email: &str) -> Option<User> {
        self.users
            .values()
            .find(|user| user.email.as_deref() == Some(email))
            .cloned()
    }

    pub fn get_user_by_account(&self, provider: &str, provider_account_id: &str) -> Option<User> {
        self.get_account(provider, provider_account_id)
            .and_then(|account| self.get_user(account.user_id))
    }

    pub fn update_user(&mut self, id: Uuid, changes: &UserChanges) -> Answer<User> {
        refuse([self.no_user(id)])?;
        refuse([(
            self.has_email(changes.email.value(), Some(id)),
            Refusal::Conflict(Constraint::UserEmail),
        )])?;
        let user = self.users.get_mut(&id).expect("looked up above");
        user.name = changes.name.clone().apply(user.name.take());
        user.email = changes.email.clone().apply(user.email.take());
        user.email_verified = changes.email_verified.clone().apply(user.email_verified);
        user.image = changes.image.clone().apply(user.image.take());
        Ok(user.clone())
    }

    pub fn delete_user(&mut self, id: Uuid) -> bool {
        self.accounts.retain(|_, account| account.user_id != id);
        self.sessions.retain(|_, session| session.user_id != id);
        self.authenticators
            .retain(|_, authenticator| authenticator.user_id != id);
        self.users.remove(&id).is_some()
    }

    pub fn link_account(&mut self, account: &Account) -> Answer<()> {
        let [id, provider] = self.account_conflicts(account);
        refuse([id, provider, self.no_user(account.user_id)])?;
        self.accounts
            .insert(provider_account(account), account.clone());
        Ok(())
    }

    pub fn create_user_with_account(&mut self, user: &User, account: &Account) -> Answer<()> {
        let [user_id, email] = self.user_conflicts(user);
        let [account_id, provider] = self.account_conflicts(account);
        refuse([user_id, email, account_id, provider])?;
        self.users.insert(user.id, user.clone());
        self.accounts
            .insert(provider_account(account), account.clone());
        Ok(())
    }

    pub fn unlink_account(&mut self, provider: &str, provider_account_id: &str) -> bool {
        self.accounts
            .remove(&(provider.to_owned(), provider_account_id.to_owned()))
            .is_some()
    }

    pub fn get_account(&self, provider: &str, provider_account_id: &str) -> Option<Account> {
        self.accounts
            .get(&(provider.to_owned(), provider_account_id.to_owned()))
            .cloned()
    }

    pub fn update_account(
        &mut self,
        provider: &str,
        provider_account_id: &str,
        changes: &AccountChanges,
    ) -> Answer<Account> {
        let key = (provider.to_owned(), provider_account_id.to_owned());
        let Some(account) = self.accounts.get_mut(&key) else {
            return Err(vec![Refusal::NotFound(Entity::Account)]);
        };
        if let Some(kind) = &changes.kind {
            account.kind.clone_from(kind);
        }
        for (field, change) in [
            (&mut account.refresh_token, &changes.refresh_token),
            (&mut account.access_token, &changes.access_token),
            (&mut account.token_type, &changes.token_type),
            (&mut account.scope, &changes.scope),
            (&mut account.id_token, &changes.id_token),
            (&mut account.session_state, &changes.session_state),
            (&mut account.oauth_token_secret, &changes.oauth_token_secret),
            (&mut account.oauth_token, &changes.oauth_token),
        ] {
            *field = change.clone().apply(field.take());
        }
        account.expires_at = changes.expires_at.clone().apply(account.expires_at);
        Ok(account.clone())
    }

    pub fn list_accounts_by_user_id(&self, user_id: Uuid) -> Vec<Account> {
        // The map is in the order of the keys' bytes.
        self.accounts
            .values()
            .filter(|account| account.user_id == user_id)
            .cloned()
            .collect()
    }

    pub fn create_session(&mut self, session: &Session) -> Answer<()> {
        refuse([
            (
                self.sessions.values().any(|other| other.id == session.id),
                Refusal::Conflict(Constraint::SessionId),
            ),
            (
                self.sessions.contains_key(&session.session_token),
                Refusal::Conflict(Constraint::SessionToken),
            ),
            self.no_user(session.user_id),
        ])?;
        self.sessions
            .insert(session.session_token.clone(), session.clone());
        Ok(())
    }

    pub fn get_session_and_user(&self, session_token: &str) -> Option<(Session, User)> {
        let session = self.sessions.get(session_token)?;
        Some((session.clone(), self.get_user(session.user_id)?))
    }

    pub fn update_session(
        &mut self,
        session_token: &str,
        changes: &SessionChanges,
    ) -> Answer<Option<Session>> {
        if !self.sessions.contains_key(session_token) {
            return Ok(None);
        }
        if let Some(user_id) = changes.user_id {
            refuse([self.no_user(user_id)])?;
        }
        let session = self
            .sessions
            .get_mut(session_token)
            .expect("looked up above");
        session.user_id = changes.user_id.unwrap_or(session.user_id);
        session.expires = changes.expires.unwrap_or(session.expires);
        Ok(Some(session.clone()))
    }

    pub fn delete_session(&mut self, session_token: &str) -> bool {
        self.sessions.remove(session_token).is_some()
    }

    pub fn list_sessions_by_user_id(&self, user_id: Uuid) -> Vec<Session> {
        let mut sessions: Vec<Session> = self
            .sessions
            .values()
            .filter(|session| session.user_id == user_id)
            .cloned()
            .collect();
        sessions.sort_by(|a, b| b.expires.cmp(&a.expires).then(a.id.cmp(&b.id)));
        sessions
    }

    pub fn delete_sessions_by_user_id(&mut self, user_id: Uuid, keep: Option<&str>) -> u64 {
        let before = self.sessions.len();
        self.sessions
            .retain(|token, session| session.user_id != user_id || Some(token.as_str()) == keep);
        (before - self.sessions.len()) as u64
    }

    pub fn create_verification_token(&mut self, token: &VerificationToken) -> Answer<()> {
        refuse([(
            self.verification_tokens.contains_key(&token.token),
            Refusal::Conflict(Constraint::VerificationToken),
        )])?;
        self.verification_tokens
            .insert(token.token.clone(), token.clone());
        Ok(())
    }

    pub fn use_verification_token(
        &mut self,
        identifier: &str,
        token: &str,
    ) -> Option<VerificationToken> {
        if self.verification_tokens.get(token)?.identifier != identifier {
            return None;
        }
        self.verification_tokens.remove(token)
    }

    pub fn create_authenticator(&mut self, authenticator: &Authenticator) -> Answer<()> {
        refuse([
            (
                self.authenticators
                    .contains_key(&authenticator.credential_id),
                Refusal::Conflict(Constraint::AuthenticatorCredentialId),
            ),
            self.no_user(authenticator.user_id),
        ])?;
        self.authenticators
            .insert(authenticator.credential_id.clone(), authenticator.clone());
        Ok(())
    }

    pub fn get_authenticator(&self, credential_id: &str) -> Option<Authenticator> {
        self.authenticators.get(credential_id).cloned()
    }

    pub fn list_authenticators_by_user_id(&self, user_id: Uuid) -> Vec<Authenticator> {
        self.authenticators
            .values()
            .filter(|authenticator| authenticator.user_id == user_id)
            .cloned()
            .collect()
    }

    pub fn update_authenticator_counter(
        &mut self,
        credential_id: &str,
        counter: i64,
    ) -> Answer<Authenticator> {
        let Some(authenticator) = self.authenticators.get_mut(credential_id) else {
            return Err(vec![Refusal::NotFound(Entity::Authenticator)]);
        };
        authenticator.counter = counter;
        Ok(authenticator.clone())
    }

    pub fn delete_authenticator(&mut self, credential_id: &str) -> bool {
        self.authenticators.remove(credential_id).is_some()
    }

    pub fn delete_expired(&mut self, now: OffsetDateTime, limit: u32) -> ExpiredCounts {
        let mut due: Vec<(OffsetDateTime, String)> = self
            .sessions
            .values()
            .filter(|session| session.expires <= now)
            .map(|session| (session.expires, session.session_token.clone()))
            .collect();
        due.sort();
        due.truncate(limit as usize);
        for (_, token) in &due {
            self.sessions.remove(token);
        }
        let sessions = due.len() as u64;

        let mut due: Vec<(OffsetDateTime, String)> = self
            .verification_tokens
            .values()
            .filter(|token| token.expires <= now)
            .map(|token| (token.expires, token.token.clone()))
            .collect();
        due.sort();
        due.truncate(limit as usize);
        for (_, token) in &due {
            self.verification_tokens.remove(token);
        }
        ExpiredCounts {
            sessions,
            verification_tokens: due.len() as u64,
        }
    }
}
