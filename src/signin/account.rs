use uuid::Uuid;

use super::email::{ATTEMPTS, contended};
use super::{SignIn, SignedIn};
use crate::error::{Constraint, Entity, Error, Result};
use crate::model::{Account, AccountChanges, Change, NewAccount, NewUser};

impl SignIn {
    /// Signs in the user of an account that a provider has confirmed. If the account is unknown, creates the user and
    /// the account: both or neither. Of several calls for one new account, one creates the user and the others find it.
    ///
    /// For a known account, the tokens that the provider has issued now replace the stored ones; the others stay. A new
    /// access token comes with its own expiry, or with none. The user's name, image and address stay as they are.
    ///
    /// Looks up the account, and then stores its tokens or creates the user, in one atomic step. After
    /// [`Error::OutcomeUnknown`], call it again: it finds what was done.
    ///
    /// `new_user` is the profile for a new user. Its address is stored only if `email_verified` is set. Set it if the
    /// provider says that it has verified the address (`email_verified` in OpenID Connect), and otherwise omit it. With
    /// an unproved address, an attacker could create a user and wait for the address's owner to sign in to it.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`UserEmail`](Constraint::UserEmail) when another user has the address. Nothing is
    /// written: accounts are never linked by address alone. Let the person sign in as before, for example with an email
    /// link, and then [`link_account`](SignIn::link_account). [`Error::Unavailable`] also when concurrent calls kept
    /// changing the account.
    pub fn sign_in_with_account(
        &self,
        new_user: NewUser,
        new_account: NewAccount,
    ) -> Result<SignedIn> {
        let new_user = self.without_unverified_email(new_user);
        let (provider, id) = (
            new_account.provider.clone(),
            new_account.provider_account_id.clone(),
        );
        let new_account = self.encrypt_new(new_account)?;
        for _ in 0..ATTEMPTS {
            if let Some(user) = self.store.get_user_by_account(&provider, &id)? {
                // Without new tokens too, because in a transaction an update locks the row: no one can unlink the account
                // until the session has begun.
                let changes = given_tokens(&new_account);
                match self.store.update_account(&provider, &id, changes) {
                    Ok(account) if account.user_id == user.id => return Ok(SignedIn::found(user)),
                    // Unlinked since, or linked to someone else.
                    Ok(_)
                    | Err(Error::NotFound {
                        entity: Entity::Account,
                    }) => continue,
                    Err(error) => return Err(error),
                }
            }
            match self
                .store
                .create_user_with_account(new_user.clone(), new_account.clone())
            {
                Ok((user, _)) => return Ok(SignedIn::created(user)),
                // Another request has signed the person up since.
                Err(Error::Conflict {
                    constraint: Constraint::ProviderAccount,
                }) => {}
                // The other request's user has the address: find it by the account.
                Err(Error::Conflict {
                    constraint: Constraint::UserEmail,
                }) if self.store.get_user_by_account(&provider, &id)?.is_some() => {}
                Err(error) => return Err(error),
            }
        }
        Err(contended())
    }

    /// Removes an address that the provider has not verified.
    fn without_unverified_email(&self, mut user: NewUser) -> NewUser {
        user.email = match user.email_verified {
            Some(_) => user.email.map(|email| self.normalize_email(&email)),
            None => None,
        };
        if user.email.is_none() {
            user.email_verified = None;
        }
        user
    }

    /// Links an account to a user who is signed in. Works like
    /// [`AuthStore::link_account`](crate::AuthStore::link_account), with the tokens encrypted at rest; they are
    /// returned in plain text.
    ///
    /// # Errors
    ///
    /// Those of [`AuthStore::link_account`](crate::AuthStore::link_account). [`Error::Backend`] when a token cannot be
    /// encrypted (nothing is written then).
    pub fn link_account(&self, user_id: Uuid, account: NewAccount) -> Result<Account> {
        let account = self.encrypt_new(account)?;
        self.decrypt(self.store.link_account(user_id, account)?)
    }

    /// Returns the account with its tokens decrypted, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] when a token cannot be decrypted.
    pub fn get_account(
        &self,
        provider: &str,
        provider_account_id: &str,
    ) -> Result<Option<Account>> {
        self.store
            .get_account(provider, provider_account_id)?
            .map(|account| self.decrypt(account))
            .transpose()
    }

    /// Returns all accounts of a user with their tokens decrypted, in the order of
    /// [`AuthStore::list_accounts_by_user_id`](crate::AuthStore::list_accounts_by_user_id).
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] when a token cannot be decrypted.
    pub fn list_accounts_by_user_id(&self, user_id: Uuid) -> Result<Vec<Account>> {
        self.store
            .list_accounts_by_user_id(user_id)?
            .into_iter()
            .map(|account| self.decrypt(account))
            .collect()
    }

    /// Changes an account. Works like [`AuthStore::update_account`](crate::AuthStore::update_account), with the tokens
    /// encrypted at rest; the account is returned with its tokens decrypted.
    ///
    /// To store the tokens from a refresh, use [`refresh_account`](SignIn::refresh_account).
    ///
    /// # Errors
    ///
    /// Those of [`AuthStore::update_account`](crate::AuthStore::update_account). [`Error::Backend`] when a token cannot
    /// be encrypted (nothing is written then), or when an unchanged token cannot be decrypted (the update is done
    /// then).
    pub fn update_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        changes: AccountChanges,
    ) -> Result<Account> {
        let changes = self.encrypt_changes(provider, provider_account_id, changes)?;
        self.decrypt(
            self.store
                .update_account(provider, provider_account_id, changes)?,
        )
    }

    /// Stores the tokens that a provider has issued for a refresh token, if that token (`seen`) is still the stored
    /// one. Returns `None` when another caller was first: read the account again and use the tokens that it wrote,
    /// because the provider has voided `seen`.
    ///
    /// Takes two operations. The second one compares and writes atomically.
    ///
    /// # Errors
    ///
    /// Those of [`AuthStore::refresh_account`](crate::AuthStore::refresh_account). [`Error::Backend`] when a stored
    /// token cannot be decrypted or a new one cannot be encrypted; nothing is written then.
    pub fn refresh_account(
        &self,
        provider: &str,
        provider_account_id: &str,
        seen: &str,
        changes: AccountChanges,
    ) -> Result<Option<Account>> {
        // Encrypting a token twice gives two different results, so the stored one must be read to compare.
        let Some(stored) = self.store.get_account(provider, provider_account_id)? else {
            return Ok(None);
        };
        let stored_token = stored.refresh_token.clone();
        if self.decrypt(stored)?.refresh_token.as_deref() != Some(seen) {
            return Ok(None);
        }
        let changes = self.encrypt_changes(provider, provider_account_id, changes)?;
        self.store
            .refresh_account(
                provider,
                provider_account_id,
                stored_token.as_deref(),
                changes,
            )?
            .map(|account| self.decrypt(account))
            .transpose()
    }
}

/// Returns the changes of an existing account that store what a provider has issued at a sign-in.
fn given_tokens(account: &NewAccount) -> AccountChanges {
    // Every field is named, so that one added later is not forgotten.
    let NewAccount {
        id: _,
        kind: _,
        provider: _,
        provider_account_id: _,
        refresh_token,
        access_token,
        expires_at,
        token_type,
        scope,
        id_token,
        session_state,
        oauth_token_secret,
        oauth_token,
    } = account;
    fn given<T: Clone>(value: &Option<T>) -> Change<T> {
        value.clone().map_or(Change::Keep, Change::Set)
    }
    AccountChanges {
        kind: None,
        refresh_token: given(refresh_token),
        access_token: given(access_token),
        expires_at: match access_token {
            Some(_) => (*expires_at).into(),
            None => given(expires_at),
        },
        token_type: given(token_type),
        scope: given(scope),
        id_token: given(id_token),
        session_state: given(session_state),
        oauth_token_secret: given(oauth_token_secret),
        oauth_token: given(oauth_token),
    }
}
