use super::{SignIn, SignedIn};
use crate::error::{Entity, Error, Result};
use crate::model::Authenticator;

impl SignIn {
    /// Signs in the person whose passkey has just signed a challenge, and records its counter and backup state.
    ///
    /// Call it after verifying the signature, with the passkey whose public key verified it and the values that the
    /// authenticator reported. It calls [`AuthStore::use_authenticator`](crate::AuthStore::use_authenticator), which
    /// compares and writes in one step, and then reads the user. Returns `None` if the passkey was deleted, or has
    /// another user or public key by now: the signature does not prove who that is.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`AuthenticatorCounter`](crate::Constraint::AuthenticatorCounter) when the counter did
    /// not increase, so the passkey may have been copied. No one is signed in, and nothing is written.
    pub fn sign_in_with_authenticator(
        &self,
        verified: &Authenticator,
        counter: i64,
        backed_up: bool,
    ) -> Result<Option<SignedIn>> {
        match self
            .store
            .use_authenticator(&verified.credential_id, counter, backed_up)
        {
            Ok(used)
                if (used.user_id, &used.credential_public_key)
                    == (verified.user_id, &verified.credential_public_key) =>
            {
                Ok(self.store.get_user(used.user_id)?.map(SignedIn::found))
            }
            Ok(_) => Ok(None),
            Err(Error::NotFound {
                entity: Entity::Authenticator,
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
