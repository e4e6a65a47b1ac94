use super::{SignIn, SignedIn};
use crate::error::{Entity, Error, Result};

impl SignIn {
    /// Signs in the person whose passkey has just signed a challenge, and records its counter and backup state.
    ///
    /// Call it after verifying the signature, with the values that the authenticator reported. It calls
    /// [`AuthStore::use_authenticator`](crate::AuthStore::use_authenticator), which compares and writes in one step,
    /// and then reads the user. Returns `None` if the passkey is unknown, or was deleted with its user.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] over [`AuthenticatorCounter`](crate::Constraint::AuthenticatorCounter) when the counter did
    /// not increase, so the passkey may have been copied. No one is signed in, and nothing is written.
    pub fn sign_in_with_authenticator(
        &self,
        credential_id: &str,
        counter: i64,
        backed_up: bool,
    ) -> Result<Option<SignedIn>> {
        match self
            .store
            .use_authenticator(credential_id, counter, backed_up)
        {
            Ok(used) => Ok(self.store.get_user(used.user_id)?.map(SignedIn::found)),
            Err(Error::NotFound {
                entity: Entity::Authenticator,
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
