use time::OffsetDateTime;
use uuid::Uuid;

use super::{Removed, Secret, SignIn, SignedIn, VerificationTokens};
use crate::error::{Constraint, Entity, Error, Result};
use crate::model::{Change, NewUser, Removal, User, UserChanges, VerificationToken};

/// How often a sign-in starts over because of a concurrent one.
pub(super) const ATTEMPTS: usize = 8;

impl SignIn {
    /// Creates a token for a link to this email address, valid until `expires`, and returns it.
    ///
    /// Send the link to the address as this instance stores it: [`normalize_email`](SignIn::normalize_email). Let the
    /// link open a page with a button, and use the token only on its `POST`, because mail scanners open links.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for `email` if it is too long, or not one plain address: `a@b.org,c@d.org` and
    /// `"c@d.org" <a@b.org>` may reach someone else than their text says (CVE-2022-35924). Quotes, commas, colons,
    /// semicolons, backslashes, parentheses, angle brackets and spaces are not accepted.
    pub fn create_email_token(&self, email: &str, expires: OffsetDateTime) -> Result<Secret> {
        let secret = Secret::generate();
        self.store_email_token(email, &secret, expires)?;
        Ok(secret)
    }

    /// Stores a token that you generated for this email address, such as a six-digit code to type.
    ///
    /// Each call adds one, and all of them work until they expire. Before you store a short code, void the earlier ones
    /// with [`void_email_tokens`](SignIn::void_email_tokens): someone who asks for many codes has as many chances to
    /// guess one. Limit the requests too, because concurrent ones may void first and then each store a code.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for `email` if it is not one plain address, or too long; [`Error::Conflict`] over
    /// [`VerificationToken`](Constraint::VerificationToken) when the address has the same code already (with
    /// [`VerificationTokens::AuthJs`] and `Plain`: when any address has).
    pub fn store_email_token(
        &self,
        email: &str,
        secret: &Secret,
        expires: OffsetDateTime,
    ) -> Result<()> {
        let email = self.one_address(email)?;
        let stored = self
            .settings
            .verification_tokens
            .stored(&email, secret.expose());
        let token = VerificationToken::new(email, stored, expires);
        self.store.create_verification_token(token).map(drop)
    }

    /// Uses up the token of a link to this email address. Returns whether it was valid at `now`: of any number of
    /// callers, exactly one gets `true`. An expired token is used up too.
    pub fn use_email_token(&self, email: &str, token: &str, now: OffsetDateTime) -> Result<bool> {
        let email = self.normalize_email(email);
        // Its token is in a row of the same table, and proves something else.
        if email.starts_with(EMAIL_CHANGE) {
            return Ok(false);
        }
        let stored = self.settings.verification_tokens.stored(&email, token);
        let used = self.store.use_verification_token(&email, &stored)?;
        Ok(used.is_some_and(|used| !used.is_expired(now)))
    }

    /// Voids all links and codes that were sent to this email address. Returns how many there were, including expired
    /// ones.
    pub fn void_email_tokens(&self, email: &str) -> Result<u64> {
        let email = self.normalize_email(email);
        if email.starts_with(EMAIL_CHANGE) {
            return Ok(0);
        }
        self.store.delete_verification_tokens_by_identifier(&email)
    }

    /// Uses up the token of a link and signs its reader in. Returns `None` if the token is unknown, used or expired.
    ///
    /// Works like [`sign_in_with_email`](SignIn::sign_in_with_email), after a step that uses up the token. If the sign-in
    /// fails, the token is used up, whatever the error; in a transaction it is not.
    pub fn sign_in_with_email_token(
        &self,
        email: &str,
        token: &str,
        now: OffsetDateTime,
    ) -> Result<Option<SignedIn>> {
        if !self.use_email_token(email, token, now)? {
            return Ok(None);
        }
        self.sign_in_with_email(email, now).map(Some)
    }

    /// Signs in the person who has just proved that they can read this email address, for example with a link. Creates
    /// the user if there is none.
    ///
    /// If the user's address has never been verified, anyone may have entered it. Such a user first loses every
    /// account, every passkey and all sessions; [`SignedIn::removed`] lists them. Only then is the address marked as
    /// verified. This takes several steps, each of them atomic. If it fails halfway, the address is still unverified,
    /// and the next sign-in continues. Run it in a transaction to make it one step: otherwise, another address that the
    /// user confirms in the same moment may be overwritten.
    ///
    /// A request of the former holder may be in flight meanwhile. So that it leaves nothing behind, add a way to sign in
    /// only in a transaction that begins with [`lock_session`](SignIn::lock_session), and begin a session in the
    /// transaction that signs the user in.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for `email`, as for [`create_email_token`](SignIn::create_email_token).
    pub fn sign_in_with_email(&self, email: &str, now: OffsetDateTime) -> Result<SignedIn> {
        let email = self.one_address(email)?;
        for _ in 0..ATTEMPTS {
            let Some(user) = self.store.get_user_by_email(&email)? else {
                let new = NewUser {
                    email: Some(email.clone()),
                    email_verified: Some(now),
                    ..NewUser::default()
                };
                match self.store.create_user(new) {
                    Ok(user) => return Ok(SignedIn::created(user)),
                    // Another request has created the user since.
                    Err(Error::Conflict {
                        constraint: Constraint::UserEmail,
                    }) => continue,
                    Err(error) => return Err(error),
                }
            };
            if user.email_verified.is_some() {
                return Ok(SignedIn::found(user));
            }
            match self.reclaim(&user, &email, now) {
                // Deleted or changed since.
                Ok(None)
                | Err(Error::NotFound {
                    entity: Entity::User,
                }) => continue,
                Ok(Some(signed_in)) => return Ok(signed_in),
                Err(error) => return Err(error),
            }
        }
        Err(contended())
    }

    /// Removes an unverified user's ways to sign in, then marks the address as verified. Returns `None` if the user has
    /// changed since it was read.
    fn reclaim(&self, user: &User, email: &str, now: OffsetDateTime) -> Result<Option<SignedIn>> {
        // In a transaction, an update locks the row, even without a change.
        if self.store.update_user(user.id, UserChanges::default())? != *user {
            return Ok(None);
        }
        let mut removed = Removed::default();
        // A request of the former holder may have added something before its session ended, so this ends with an
        // attempt that finds nothing.
        let mut attempts = 0;
        while self.remove_ways_in(user.id, &mut removed)? {
            attempts += 1;
            if attempts > ATTEMPTS {
                return Err(contended());
            }
        }
        let changes = UserChanges {
            email: Change::set(email),
            email_verified: Change::Set(now),
            ..UserChanges::default()
        };
        let user = self.store.update_user(user.id, changes)?;
        Ok(Some(SignedIn {
            user,
            created: false,
            removed: Some(removed),
        }))
    }

    /// Deletes the user's accounts, passkeys, sessions and pending changes of address. Returns whether there were any.
    ///
    /// Accounts and passkeys go first: a session that one of them opens concurrently is deleted with the rest.
    fn remove_ways_in(&self, user_id: Uuid, removed: &mut Removed) -> Result<bool> {
        let mut any = false;
        for account in self.store.list_accounts_by_user_id(user_id)? {
            any = true;
            let (provider, id) = (&account.provider, &account.provider_account_id);
            let unlinked = self
                .store
                .unlink_account_of_user(user_id, provider, id, false)?;
            if unlinked == Removal::Done {
                removed.accounts.push(account);
            }
        }
        for authenticator in self.store.list_authenticators_by_user_id(user_id)? {
            any = true;
            let id = &authenticator.credential_id;
            if self
                .store
                .delete_authenticator_of_user(user_id, id, false)?
                == Removal::Done
            {
                removed.authenticators.push(authenticator);
            }
        }
        let sessions = self.end_all_sessions(user_id, None)?;
        removed.sessions += sessions;
        Ok(any || sessions > 0)
    }

    /// Creates a token for a link that changes a user's email address, valid until `expires`, and returns it. Send it
    /// to the new address. The user's earlier pending changes become void.
    ///
    /// Takes two steps: if the second one fails, the earlier changes are void and there is no new one. Of two concurrent
    /// calls, both changes may stay pending. A pending change outlives a deleted user until it expires:
    /// [void](SignIn::void_email_changes) it with the user if you ever create users with IDs that were used before.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for `email`, as for [`create_email_token`](SignIn::create_email_token).
    pub fn create_email_change(
        &self,
        user_id: Uuid,
        email: &str,
        expires: OffsetDateTime,
    ) -> Result<Secret> {
        let email = self.one_address(email)?;
        crate::validate::key("email", &email)?;
        self.void_email_changes(user_id)?;
        let secret = Secret::generate();
        let (identifier, stored) = email_change(user_id, &email, secret.expose());
        let token = VerificationToken::new(identifier, stored, expires);
        self.store.create_verification_token(token)?;
        Ok(secret)
    }

    /// Uses up the token of a change of address, and writes the new address as verified. Returns `None` if the token is
    /// unknown, used, void or expired, or was created for another address or user.
    ///
    /// `user_id` must be the user who is signed in, never one whom the link names. Otherwise an attacker could have a
    /// link for the attacker's own user sent to your address; once you opened it, signing in with your address would
    /// lead to the attacker's user.
    ///
    /// Takes two steps: if the second one fails, the token is used up and the address is unchanged. Run it in a
    /// transaction to make it one step.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`UserEmail`](Constraint::UserEmail) when another user has the address by now;
    /// [`Error::NotFound`] when the user is gone.
    pub fn confirm_email_change(
        &self,
        user_id: Uuid,
        email: &str,
        token: &str,
        now: OffsetDateTime,
    ) -> Result<Option<User>> {
        let email = self.normalize_email(email);
        let (identifier, stored) = email_change(user_id, &email, token);
        match self.store.use_verification_token(&identifier, &stored)? {
            Some(used) if !used.is_expired(now) => {}
            _ => return Ok(None),
        }
        let changes = UserChanges {
            email: Change::Set(email),
            email_verified: Change::Set(now),
            ..UserChanges::default()
        };
        self.store.update_user(user_id, changes).map(Some)
    }

    /// Voids all pending changes of a user's address. Returns how many there were.
    pub fn void_email_changes(&self, user_id: Uuid) -> Result<u64> {
        self.store
            .delete_verification_tokens_by_identifier(&email_change_identifier(user_id))
    }
}

impl SignedIn {
    pub(super) fn created(user: User) -> Self {
        SignedIn {
            user,
            created: true,
            removed: None,
        }
    }

    pub(super) fn found(user: User) -> Self {
        SignedIn {
            user,
            created: false,
            removed: None,
        }
    }
}

/// The error when rows that a sign-in depends on keep changing between its steps.
pub(super) fn contended() -> Error {
    Error::unavailable(format!(
        "concurrent sign-ins of the same person interfered {ATTEMPTS} times"
    ))
}

/// The beginning of the identifier of a change of address, which no address has.
const EMAIL_CHANGE: &str = "email-change:";

fn email_change_identifier(user_id: Uuid) -> String {
    format!("{EMAIL_CHANGE}{user_id}")
}

/// Returns the identifier and the stored token of a change of address. The identifier depends on the user only, so that
/// all of a user's changes can be voided. The token is valid for one address only, because the hash includes the
/// address, on the side of the identifier: beside the token, a part of the address could be passed as a part of the
/// token. Auth.js never reads these.
fn email_change(user_id: Uuid, email: &str, token: &str) -> (String, String) {
    let identifier = email_change_identifier(user_id);
    let stored = VerificationTokens::Hashed.stored(&format!("{identifier} {email}"), token);
    (identifier, stored)
}
