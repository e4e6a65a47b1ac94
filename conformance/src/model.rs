//! The contract as a program: pure, sequential, in memory, and simple enough to be obviously correct.

use std::collections::BTreeMap;

use authstore::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Challenge, Constraint, Entity, Error, ExpiredCounts, Removal, Session, SessionChanges,
    SessionDetails, SessionDetailsChanges, User, UserChanges, VerificationToken,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// The content of a store. Each method does the same as the method of [`Backend`](authstore::Backend) with its name.
///
/// If a row violates several constraints, a backend may name any of them, so a method that fails returns all correct
/// errors.
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
    /// By session id.
    pub session_details: BTreeMap<Uuid, SessionDetails>,
    /// By credential id.
    pub authenticator_details: BTreeMap<String, AuthenticatorDetails>,
    /// By key.
    pub challenges: BTreeMap<String, Challenge>,
}

/// The error of a rejected operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// [`Error::Conflict`].
    Conflict(Constraint),
    /// [`Error::NotFound`].
    NotFound(Entity),
}

impl Refusal {
    /// Returns true if the store's error is this one.
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

/// A result, or all correct errors.
pub type Answer<T> = Result<T, Vec<Refusal>>;

/// Fails with the error of each condition that holds.
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
    /// Returns true if a user other than `but` has the email address.
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

    fn authenticator_conflict(&self, authenticator: &Authenticator) -> (bool, Refusal) {
        (
            self.authenticators
                .contains_key(&authenticator.credential_id),
            Refusal::Conflict(Constraint::AuthenticatorCredentialId),
        )
    }

    /// Deletes details without a row.
    fn cascade(&mut self) {
        let sessions = &self.sessions;
        self.session_details
            .retain(|id, _| sessions.values().any(|session| session.id == *id));
        let authenticators = &self.authenticators;
        self.authenticator_details
            .retain(|id, _| authenticators.contains_key(id));
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

    pub fn list_users(&self, after: Option<Uuid>, limit: u32) -> Vec<User> {
        self.users
            .values()
            .filter(|user| Some(user.id) > after)
            .take(limit as usize)
            .cloned()
            .collect()
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
        self.cascade();
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

    pub fn unlink_account_of_user(
        &mut self,
        user_id: Uuid,
        provider: &str,
        provider_account_id: &str,
        keep_last: bool,
    ) -> Removal {
        let Some(account) = self
            .get_account(provider, provider_account_id)
            .filter(|account| account.user_id == user_id)
        else {
            return Removal::Absent;
        };
        let other_accounts = self.accounts.values().filter(|other| {
            other.user_id == user_id && other.kind != "webauthn" && other.id != account.id
        });
        let other_authenticators = self.authenticators.values().filter(|other| {
            let one_way_with_it = account.kind == "webauthn"
                && other.provider_account_id == account.provider_account_id;
            other.user_id == user_id && !one_way_with_it
        });
        if keep_last && other_accounts.count() + other_authenticators.count() == 0 {
            return Removal::LastWayIn;
        }
        self.unlink_account(provider, provider_account_id);
        Removal::Done
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

    pub fn refresh_account(
        &mut self,
        provider: &str,
        provider_account_id: &str,
        seen_refresh_token: Option<&str>,
        changes: &AccountChanges,
    ) -> Option<Account> {
        let account = self.get_account(provider, provider_account_id)?;
        if account.refresh_token.as_deref() != seen_refresh_token {
            return None;
        }
        self.update_account(provider, provider_account_id, changes)
            .ok()
    }

    pub fn list_accounts_by_user_id(&self, user_id: Uuid) -> Vec<Account> {
        // The map is in bytewise order of its keys.
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
        let token = changes.session_token.as_deref().unwrap_or(session_token);
        refuse([
            (
                changes
                    .user_id
                    .is_some_and(|id| !self.users.contains_key(&id)),
                Refusal::NotFound(Entity::User),
            ),
            (
                token != session_token && self.sessions.contains_key(token),
                Refusal::Conflict(Constraint::SessionToken),
            ),
        ])?;
        let mut session = self
            .sessions
            .remove(session_token)
            .expect("looked up above");
        session.session_token = token.to_owned();
        session.user_id = changes.user_id.unwrap_or(session.user_id);
        session.expires = changes.expires.unwrap_or(session.expires);
        self.sessions.insert(token.to_owned(), session.clone());
        Ok(Some(session))
    }

    pub fn delete_session(&mut self, session_token: &str) -> bool {
        let deleted = self.sessions.remove(session_token).is_some();
        self.cascade();
        deleted
    }

    pub fn delete_session_of_user(&mut self, user_id: Uuid, session_id: Uuid) -> bool {
        let before = self.sessions.len();
        self.sessions
            .retain(|_, session| session.id != session_id || session.user_id != user_id);
        self.cascade();
        self.sessions.len() < before
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

    pub fn list_sessions_with_details_by_user_id(
        &self,
        user_id: Uuid,
    ) -> Vec<(Session, SessionDetails)> {
        let sessions = self.list_sessions_by_user_id(user_id);
        sessions
            .into_iter()
            .map(|session| {
                let details = self.get_session_details(session.id);
                (session, details)
            })
            .collect()
    }

    pub fn delete_sessions_by_user_id(&mut self, user_id: Uuid, keep: Option<&str>) -> u64 {
        let before = self.sessions.len();
        self.sessions
            .retain(|token, session| session.user_id != user_id || Some(token.as_str()) == keep);
        self.cascade();
        (before - self.sessions.len()) as u64
    }

    pub fn get_session_details(&self, session_id: Uuid) -> SessionDetails {
        self.session_details
            .get(&session_id)
            .cloned()
            .unwrap_or_default()
    }

    pub fn update_session_details(
        &mut self,
        session_id: Uuid,
        changes: &SessionDetailsChanges,
    ) -> bool {
        if self
            .sessions
            .values()
            .all(|session| session.id != session_id)
        {
            return false;
        }
        let changes = changes.clone();
        let details = self.session_details.entry(session_id).or_default();
        details.began = changes.began.apply(details.began);
        details.last_seen = changes.last_seen.apply(details.last_seen);
        details.ip = changes.ip.apply(details.ip.take());
        details.user_agent = changes.user_agent.apply(details.user_agent.take());
        true
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

    pub fn delete_verification_tokens_by_identifier(&mut self, identifier: &str) -> u64 {
        let before = self.verification_tokens.len();
        self.verification_tokens
            .retain(|_, token| token.identifier != identifier);
        (before - self.verification_tokens.len()) as u64
    }

    pub fn create_authenticator(&mut self, authenticator: &Authenticator) -> Answer<()> {
        refuse([
            self.authenticator_conflict(authenticator),
            self.no_user(authenticator.user_id),
        ])?;
        self.authenticators
            .insert(authenticator.credential_id.clone(), authenticator.clone());
        Ok(())
    }

    pub fn create_user_with_authenticator(
        &mut self,
        user: &User,
        authenticator: &Authenticator,
    ) -> Answer<()> {
        let [user_id, email] = self.user_conflicts(user);
        refuse([user_id, email, self.authenticator_conflict(authenticator)])?;
        self.users.insert(user.id, user.clone());
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

    pub fn list_authenticators_with_details_by_user_id(
        &self,
        user_id: Uuid,
    ) -> Vec<(Authenticator, AuthenticatorDetails)> {
        self.list_authenticators_by_user_id(user_id)
            .into_iter()
            .map(|authenticator| {
                let details = self.authenticator_details.get(&authenticator.credential_id);
                let details = details.cloned().unwrap_or_default();
                (authenticator, details)
            })
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

    pub fn use_authenticator(
        &mut self,
        credential_id: &str,
        counter: i64,
        backed_up: bool,
    ) -> Answer<Authenticator> {
        let Some(authenticator) = self.authenticators.get_mut(credential_id) else {
            return Err(vec![Refusal::NotFound(Entity::Authenticator)]);
        };
        let both_zero = counter == 0 && authenticator.counter == 0;
        refuse([(
            counter <= authenticator.counter && !both_zero,
            Refusal::Conflict(Constraint::AuthenticatorCounter),
        )])?;
        authenticator.counter = counter;
        authenticator.credential_backed_up = backed_up;
        Ok(authenticator.clone())
    }

    pub fn delete_authenticator(&mut self, credential_id: &str) -> bool {
        let deleted = self.authenticators.remove(credential_id).is_some();
        self.cascade();
        deleted
    }

    pub fn delete_authenticator_of_user(
        &mut self,
        user_id: Uuid,
        credential_id: &str,
        keep_last: bool,
    ) -> Removal {
        if self
            .authenticators
            .get(credential_id)
            .is_none_or(|authenticator| authenticator.user_id != user_id)
        {
            return Removal::Absent;
        }
        let accounts = self
            .accounts
            .values()
            .filter(|account| account.user_id == user_id && account.kind != "webauthn");
        let other_authenticators = self
            .authenticators
            .values()
            .filter(|other| other.user_id == user_id && other.credential_id != credential_id);
        if keep_last && accounts.count() + other_authenticators.count() == 0 {
            return Removal::LastWayIn;
        }
        self.delete_authenticator(credential_id);
        Removal::Done
    }

    pub fn update_authenticator_details(
        &mut self,
        user_id: Uuid,
        credential_id: &str,
        changes: &AuthenticatorDetailsChanges,
    ) -> bool {
        let authenticator = self.authenticators.get(credential_id);
        if authenticator.is_none_or(|authenticator| authenticator.user_id != user_id) {
            return false;
        }
        let changes = changes.clone();
        let details = self
            .authenticator_details
            .entry(credential_id.to_owned())
            .or_default();
        details.name = changes.name.apply(details.name.take());
        details.created = changes.created.apply(details.created);
        details.last_used = changes.last_used.apply(details.last_used);
        true
    }

    pub fn create_challenge(&mut self, challenge: &Challenge) -> Answer<()> {
        refuse([(
            self.challenges.contains_key(&challenge.key),
            Refusal::Conflict(Constraint::ChallengeKey),
        )])?;
        self.challenges
            .insert(challenge.key.clone(), challenge.clone());
        Ok(())
    }

    pub fn use_challenge(&mut self, key: &str) -> Option<Challenge> {
        self.challenges.remove(key)
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
        self.cascade();
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
        let verification_tokens = due.len() as u64;

        let mut due: Vec<(OffsetDateTime, String)> = self
            .challenges
            .values()
            .filter(|challenge| challenge.expires <= now)
            .map(|challenge| (challenge.expires, challenge.key.clone()))
            .collect();
        due.sort();
        due.truncate(limit as usize);
        for (_, key) in &due {
            self.challenges.remove(key);
        }
        ExpiredCounts {
            sessions,
            verification_tokens,
            challenges: due.len() as u64,
        }
    }
}
