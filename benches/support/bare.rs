//! What stands beside `AuthStore`: the same operations on a bare driver.

use authstore::{
    Account, AccountChanges, Authenticator, NewAccount, NewSession, NewUser, Session,
    SessionChanges, User, UserChanges, VerificationToken,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// What a user would write instead of `AuthStore`: one connection, prepared statements, and the models made of rows.
///
/// There is a method for each operation of `AuthStore`, with its name and the same SQL. It returns what the driver
/// gives: the rows that it found, or how many rows it wrote. Whatever creates a row makes a UUID v7 if none is given, as
/// `AuthStore` does. Errors panic.
pub(crate) trait Bare {
    /// Does all of this in one transaction.
    fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T;

    fn create_user(&mut self, user: &NewUser) -> u64;
    fn get_user(&mut self, id: Uuid) -> Vec<User>;
    fn get_user_by_email(&mut self, email: &str) -> Vec<User>;
    fn get_user_by_account(&mut self, provider: &str, provider_account_id: &str) -> Vec<User>;
    fn update_user(&mut self, id: Uuid, changes: &UserChanges) -> Vec<User>;
    fn delete_user(&mut self, id: Uuid) -> u64;

    fn link_account(&mut self, user_id: Uuid, account: &NewAccount) -> u64;
    fn create_user_with_account(&mut self, user: &NewUser, account: &NewAccount) -> u64;
    fn unlink_account(&mut self, provider: &str, provider_account_id: &str) -> u64;
    fn get_account(&mut self, provider: &str, provider_account_id: &str) -> Vec<Account>;
    fn update_account(
        &mut self,
        provider: &str,
        provider_account_id: &str,
        changes: &AccountChanges,
    ) -> Vec<Account>;
    fn list_accounts_by_user_id(&mut self, user_id: Uuid) -> Vec<Account>;

    fn create_session(&mut self, session: &NewSession) -> u64;
    fn get_session_and_user(&mut self, session_token: &str) -> Vec<(Session, User)>;
    fn update_session(&mut self, session_token: &str, changes: &SessionChanges) -> Vec<Session>;
    fn delete_session(&mut self, session_token: &str) -> u64;
    fn list_sessions_by_user_id(&mut self, user_id: Uuid) -> Vec<Session>;
    fn delete_sessions_by_user_id(&mut self, user_id: Uuid, keep: Option<&str>) -> u64;

    fn create_verification_token(&mut self, token: &VerificationToken) -> u64;
    fn use_verification_token(&mut self, identifier: &str, token: &str) -> Vec<VerificationToken>;

    fn create_authenticator(&mut self, authenticator: &Authenticator) -> u64;
    fn get_authenticator(&mut self, credential_id: &str) -> Vec<Authenticator>;
    fn list_authenticators_by_user_id(&mut self, user_id: Uuid) -> Vec<Authenticator>;
    fn update_authenticator_counter(
        &mut self,
        credential_id: &str,
        counter: i64,
    ) -> Vec<Authenticator>;
    fn delete_authenticator(&mut self, credential_id: &str) -> u64;

    /// How many sessions and verification tokens.
    fn delete_expired(&mut self, now: OffsetDateTime, limit: u32) -> (u64, u64);
    /// What the statement selects.
    fn ping(&mut self) -> Vec<i64>;
}
