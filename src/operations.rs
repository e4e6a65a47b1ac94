//! The list of operations, for code that treats them all alike.

/// Calls a macro with the signature of every operation of [`Backend`](crate::Backend), for backends that wrap another.
///
/// The macro gets the tokens in braces unchanged, and then one line for each operation, in the order of the trait.
/// `name`, `begin`, `migrator` and `pool_state` are not operations and not in the list. A backend that is written with
/// this macro gets new operations as soon as authstore has them.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use authstore::migration::Migrator;
/// use authstore::{AuthStore, Backend, BackendTransaction, PoolState, Result};
///
/// /// Counts the calls that it forwards.
/// struct Counting<B> {
///     backend: B,
///     calls: AtomicU64,
/// }
///
/// macro_rules! count {
///     ({} $(fn $operation:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
///         impl<B: Backend> Backend for Counting<B> {
///             fn name(&self) -> &'static str {
///                 self.backend.name()
///             }
///
///             $(fn $operation(&self, $($argument: $type),*) -> Result<$output> {
///                 self.calls.fetch_add(1, Ordering::Relaxed);
///                 self.backend.$operation($($argument),*)
///             })*
///
///             fn migrator(&self) -> Option<Migrator> {
///                 self.backend.migrator()
///             }
///
///             /// Calls inside a transaction are not counted.
///             fn begin(&self) -> Result<Option<Box<dyn BackendTransaction>>> {
///                 self.backend.begin()
///             }
///
///             fn pool_state(&self) -> Option<PoolState> {
///                 self.backend.pool_state()
///             }
///         }
///     };
/// }
/// authstore::for_each_operation!(count! {});
///
/// # fn main() -> Result<()> {
/// let backend = authstore::SqliteOptions::memory().open()?;
/// let backend = std::sync::Arc::new(Counting { backend, calls: AtomicU64::new(0) });
/// let store = AuthStore::new(backend.clone());
/// store.ping()?;
/// assert_eq!(backend.calls.load(Ordering::Relaxed), 1);
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! for_each_operation {
    ($callback:ident! { $($context:tt)* }) => {
        $callback! {
            { $($context)* }
            fn create_user(user: &$crate::User) -> ();
            fn get_user(id: $crate::operation_types::Uuid) -> Option<$crate::User>;
            fn get_user_by_email(email: &str) -> Option<$crate::User>;
            fn get_user_by_account(provider: &str, provider_account_id: &str) -> Option<$crate::User>;
            fn list_users(after: Option<$crate::operation_types::Uuid>, limit: u32) -> Vec<$crate::User>;
            fn update_user(id: $crate::operation_types::Uuid, changes: &$crate::UserChanges) -> $crate::User;
            fn delete_user(id: $crate::operation_types::Uuid) -> bool;
            fn link_account(account: &$crate::Account) -> ();
            fn create_user_with_account(user: &$crate::User, account: &$crate::Account) -> ();
            fn unlink_account(provider: &str, provider_account_id: &str) -> bool;
            fn unlink_account_of_user(user_id: $crate::operation_types::Uuid, provider: &str, provider_account_id: &str, keep_last: bool) -> $crate::Removal;
            fn get_account(provider: &str, provider_account_id: &str) -> Option<$crate::Account>;
            fn update_account(provider: &str, provider_account_id: &str, changes: &$crate::AccountChanges) -> $crate::Account;
            fn refresh_account(provider: &str, provider_account_id: &str, seen_refresh_token: Option<&str>, changes: &$crate::AccountChanges) -> Option<$crate::Account>;
            fn list_accounts_by_user_id(user_id: $crate::operation_types::Uuid) -> Vec<$crate::Account>;
            fn create_session(session: &$crate::Session) -> ();
            fn get_session_and_user(session_token: &str) -> Option<($crate::Session, $crate::User)>;
            fn update_session(session_token: &str, changes: &$crate::SessionChanges) -> Option<$crate::Session>;
            fn delete_session(session_token: &str) -> bool;
            fn delete_session_of_user(user_id: $crate::operation_types::Uuid, session_id: $crate::operation_types::Uuid) -> bool;
            fn list_sessions_by_user_id(user_id: $crate::operation_types::Uuid) -> Vec<$crate::Session>;
            fn list_sessions_with_details_by_user_id(user_id: $crate::operation_types::Uuid) -> Vec<($crate::Session, $crate::SessionDetails)>;
            fn delete_sessions_by_user_id(user_id: $crate::operation_types::Uuid, keep: Option<&str>) -> u64;
            fn get_session_details(session_id: $crate::operation_types::Uuid) -> $crate::SessionDetails;
            fn update_session_details(session_id: $crate::operation_types::Uuid, changes: &$crate::SessionDetailsChanges) -> bool;
            fn create_verification_token(verification_token: &$crate::VerificationToken) -> ();
            fn use_verification_token(identifier: &str, token: &str) -> Option<$crate::VerificationToken>;
            fn delete_verification_tokens_by_identifier(identifier: &str) -> u64;
            fn create_authenticator(authenticator: &$crate::Authenticator) -> ();
            fn create_user_with_authenticator(user: &$crate::User, authenticator: &$crate::Authenticator) -> ();
            fn get_authenticator(credential_id: &str) -> Option<$crate::Authenticator>;
            fn list_authenticators_by_user_id(user_id: $crate::operation_types::Uuid) -> Vec<$crate::Authenticator>;
            fn list_authenticators_with_details_by_user_id(user_id: $crate::operation_types::Uuid) -> Vec<($crate::Authenticator, $crate::AuthenticatorDetails)>;
            fn update_authenticator_counter(credential_id: &str, counter: i64) -> $crate::Authenticator;
            fn use_authenticator(credential_id: &str, counter: i64, backed_up: bool) -> $crate::Authenticator;
            fn delete_authenticator(credential_id: &str) -> bool;
            fn delete_authenticator_of_user(user_id: $crate::operation_types::Uuid, credential_id: &str, keep_last: bool) -> $crate::Removal;
            fn update_authenticator_details(user_id: $crate::operation_types::Uuid, credential_id: &str, changes: &$crate::AuthenticatorDetailsChanges) -> bool;
            fn create_challenge(challenge: &$crate::Challenge) -> ();
            fn use_challenge(key: &str) -> Option<$crate::Challenge>;
            fn delete_expired(now: $crate::operation_types::OffsetDateTime, limit: u32) -> $crate::ExpiredCounts;
            fn ping() -> ();
        }
    };
}

/// Types of other crates that the signatures name.
#[doc(hidden)]
pub mod types {
    pub use time::OffsetDateTime;
    pub use uuid::Uuid;
}

macro_rules! forward {
    ({ $pointer:ident } $(fn $operation:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
        impl<B: $crate::Backend + ?Sized> $crate::Backend for $pointer<B> {
            fn name(&self) -> &'static str {
                (**self).name()
            }

            $(fn $operation(&self, $($argument: $type),*) -> $crate::Result<$output> {
                (**self).$operation($($argument),*)
            })*

            fn migrator(&self) -> Option<$crate::migration::Migrator> {
                (**self).migrator()
            }

            fn begin(&self) -> $crate::Result<Option<Box<dyn $crate::BackendTransaction>>> {
                (**self).begin()
            }

            fn pool_state(&self) -> Option<$crate::PoolState> {
                (**self).pool_state()
            }
        }
    };
}

mod arc {
    use std::sync::Arc;

    for_each_operation!(forward! { Arc });
}

for_each_operation!(forward! { Box });
