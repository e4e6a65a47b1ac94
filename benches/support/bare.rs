//! The other side of the comparison: the same operations on a bare driver.

use authstore::{
    Account, AccountChanges, Authenticator, AuthenticatorDetails, AuthenticatorDetailsChanges,
    Challenge, NewAccount, NewSession, NewUser, Session, SessionChanges, SessionDetails,
    SessionDetailsChanges, User, UserChanges, VerificationToken,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// The code that a user would write instead of `AuthStore`: one connection, prepared statements, and models built from
/// rows.
///
/// There is a method for each operation of `AuthStore`, with its name and the same SQL. It returns the driver's result:
/// the rows that it found, or how many rows it wrote. Methods that create a row create a UUID v7 if none is given, as
/// in `AuthStore`. Errors panic.
pub(crate) trait Bare {
    /// Does all of this in one transaction.
    fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T;

    fn create_user(&mut self, user: &NewUser) -> u64;
    fn get_user(&mut self, id: Uuid) -> Vec<User>;
    fn get_user_by_email(&mut self, email: &str) -> Vec<User>;
    fn get_user_by_account(&mut self, provider: &str, provider_account_id: &str) -> Vec<User>;
    fn list_users(&mut self, after: Option<Uuid>, limit: u32) -> Vec<User>;
    fn update_user(&mut self, id: Uuid, changes: &UserChanges) -> Vec<User>;
    fn delete_user(&mut self, id: Uuid) -> u64;

    fn link_account(&mut self, user_id: Uuid, account: &NewAccount) -> u64;
    fn create_user_with_account(&mut self, user: &NewUser, account: &NewAccount) -> u64;
    fn unlink_account(&mut self, provider: &str, provider_account_id: &str) -> u64;
    /// Returns how many were deleted: none if it was the last way to sign in and `keep_last` is set.
    fn unlink_account_of_user(
        &mut self,
        user_id: Uuid,
        provider: &str,
        provider_account_id: &str,
        keep_last: bool,
    ) -> u64;
    fn get_account(&mut self, provider: &str, provider_account_id: &str) -> Vec<Account>;
    fn update_account(
        &mut self,
        provider: &str,
        provider_account_id: &str,
        changes: &AccountChanges,
    ) -> Vec<Account>;
    fn refresh_account(
        &mut self,
        provider: &str,
        provider_account_id: &str,
        seen_refresh_token: Option<&str>,
        changes: &AccountChanges,
    ) -> Vec<Account>;
    fn list_accounts_by_user_id(&mut self, user_id: Uuid) -> Vec<Account>;

    fn create_session(&mut self, session: &NewSession) -> u64;
    fn get_session_and_user(&mut self, session_token: &str) -> Vec<(Session, User)>;
    fn update_session(&mut self, session_token: &str, changes: &SessionChanges) -> Vec<Session>;
    fn delete_session(&mut self, session_token: &str) -> u64;
    fn delete_session_of_user(&mut self, user_id: Uuid, session_id: Uuid) -> u64;
    fn list_sessions_by_user_id(&mut self, user_id: Uuid) -> Vec<Session>;
    fn list_sessions_with_details_by_user_id(
        &mut self,
        user_id: Uuid,
    ) -> Vec<(Session, SessionDetails)>;
    fn delete_sessions_by_user_id(&mut self, user_id: Uuid, keep: Option<&str>) -> u64;
    fn get_session_details(&mut self, session_id: Uuid) -> Vec<SessionDetails>;
    fn update_session_details(&mut self, session_id: Uuid, changes: &SessionDetailsChanges) -> u64;

    fn create_verification_token(&mut self, token: &VerificationToken) -> u64;
    fn use_verification_token(&mut self, identifier: &str, token: &str) -> Vec<VerificationToken>;
    fn delete_verification_tokens_by_identifier(&mut self, identifier: &str) -> u64;

    fn create_authenticator(&mut self, authenticator: &Authenticator) -> u64;
    fn create_user_with_authenticator(
        &mut self,
        user: &NewUser,
        authenticator: &Authenticator,
    ) -> u64;
    fn get_authenticator(&mut self, credential_id: &str) -> Vec<Authenticator>;
    fn list_authenticators_by_user_id(&mut self, user_id: Uuid) -> Vec<Authenticator>;
    fn list_authenticators_with_details_by_user_id(
        &mut self,
        user_id: Uuid,
    ) -> Vec<(Authenticator, AuthenticatorDetails)>;
    fn update_authenticator_counter(
        &mut self,
        credential_id: &str,
        counter: i64,
    ) -> Vec<Authenticator>;
    /// The passkey as it was, if the counter is accepted.
    fn use_authenticator(
        &mut self,
        credential_id: &str,
        counter: i64,
        backed_up: bool,
    ) -> Vec<Authenticator>;
    fn delete_authenticator(&mut self, credential_id: &str) -> u64;
    /// Like [`unlink_account_of_user`](Bare::unlink_account_of_user).
    fn delete_authenticator_of_user(
        &mut self,
        user_id: Uuid,
        credential_id: &str,
        keep_last: bool,
    ) -> u64;
    fn update_authenticator_details(
        &mut self,
        user_id: Uuid,
        credential_id: &str,
        changes: &AuthenticatorDetailsChanges,
    ) -> u64;

    fn create_challenge(&mut self, challenge: &Challenge) -> u64;
    fn use_challenge(&mut self, key: &str) -> Vec<Challenge>;

    /// How many sessions, verification tokens and challenges.
    fn delete_expired(&mut self, now: OffsetDateTime, limit: u32) -> (u64, u64, u64);
    /// What the statement selects.
    fn ping(&mut self) -> Vec<i64>;
}
