//! Signing users in, safely by default: the operations that every application would otherwise write itself.
//!
//! [`AuthStore`] stores values unchanged. [`SignIn`] wraps a store of any backend and makes the decisions: whose
//! account this is, what an address proves, what the database may know about a token, and how long a session lives.
//!
//! ```
//! use authstore::signin::SignIn;
//! use authstore::{AuthStore, NewAccount, NewUser};
//! use time::OffsetDateTime;
//!
//! # fn main() -> authstore::Result<()> {
//! let store = AuthStore::connect("sqlite::memory:")?;
//! store.migrate()?;
//! let signin = SignIn::new(store);
//! let now = OffsetDateTime::now_utc();
//!
//! // GitHub says who is there.
//! let profile = NewUser { name: Some("Ada".into()), ..NewUser::default() };
//! let account = NewAccount::new("oauth", "github", "583231");
//! let signed_in = signin.sign_in_with_account(profile, account)?;
//! assert!(signed_in.created);
//!
//! // The browser's cookie gets the token; the database gets its hash. The session that the browser had ends.
//! # let cookie_that_was_sent: Option<&str> = None;
//! let (token, _) = signin.begin_session(signed_in.user.id, cookie_that_was_sent, now)?;
//!
//! // At every request: who is this? An unknown, expired or ended session is None.
//! let cookie = token.expose();
//! let (_, user) = signin.resume_session(cookie, now)?.expect("a live session");
//! assert_eq!(user.name.as_deref(), Some("Ada"));
//! assert_eq!(signin.resume_session("stray cookie", now)?, None);
//!
//! signin.end_session(cookie)?;
//! # assert_eq!(signin.resume_session(cookie, now)?, None);
//! # Ok(())
//! # }
//! ```
//!
//! # Threats
//!
//! | threat | what `SignIn` does | what is left to the application |
//! |---|---|---|
//! | **Pre-hijacking**: someone signs up with your address before you do | stores an address only when it is verified; when its owner proves it, an unverified user loses every other way to sign in and all sessions ([`SignedIn::removed`]) | tell the person what was removed; add ways to sign in under [`lock_session`](SignIn::lock_session), against requests in flight |
//! | **Account linking by address**: someone claims your address at another provider | never links by address: [`Conflict`](crate::Error::Conflict) over the email | let the person sign in as before, then link |
//! | **Session fixation**: someone plants a token in your browser | every sign-in makes a new token and ends the one that the browser sent ([`begin_session`](SignIn::begin_session)) | set the cookie again |
//! | **Replayed links**: a link is opened twice, or by two people | one caller gets it; a link that has expired is void | answer the second with "already used" |
//! | **Scanners** that open the links in emails | nothing | open a page with a button, and use the link only on its `POST` |
//! | **A hijacker's change of address** | a later change and [`end_all_sessions`](SignIn::end_all_sessions) void it | also write to the old address |
//! | **Insecure direct object references**: another user's ID in a form | every operation with `_of_user` in its name affects only that user's rows | take the user from the session, not from the form |
//! | **Leaked database** | session and verification tokens are hashed; provider tokens are encrypted if you set a [`TokenCipher`] | keep the key elsewhere; let [challenges](crate::Challenge), which are stored unchanged, expire within minutes |
//! | **Copied passkey** | a signature counter that does not increase is `Conflict(AuthenticatorCounter)`, and writes nothing | warn the person |
//! | **Guessed codes** | a code is bound to its address and works once | limit the attempts; [void](SignIn::void_email_tokens) earlier codes; let codes expire within minutes |
//! | **Several addresses in one field**, of which the first gets the link | rejects what is not one plain address | verify an address before you trust its domain |
//! | **Cross-site requests** | nothing | `SameSite` cookies and a token in each form |
//! | **Login CSRF**: someone has you finish a sign-in that they began, as their user | nothing | bind OAuth's state and each challenge to the browser, with a cookie; name the user on the page that uses a link |
//! | **Tokens in addresses**, which reach logs and other sites | a token works once | `Referrer-Policy: no-referrer`; keep the addresses out of logs |

mod account;
mod address;
mod cipher;
mod email;
#[cfg(feature = "encryption")]
mod key_ring;
mod passkey;
mod secret;
mod session;
mod token;

use std::fmt;
use std::sync::Arc;

pub use address::{Addresses, Collision};
pub use cipher::TokenCipher;
#[cfg(feature = "encryption")]
pub use key_ring::KeyRing;
pub use secret::Secret;
pub use session::SessionLifetime;
pub use token::{SessionTokens, VerificationTokens};

use crate::model::{Account, Authenticator, User};
use crate::store::AuthStore;

/// The operations of signing in, on a store.
///
/// Cheap to clone, `Send` and `Sync`. Every process that uses one database must use the same settings: a token stored
/// under one setting is not found under another.
///
/// Every method that calls the store may fail as the store's methods do: see [`AuthStore`]. With a cipher, a method
/// that takes tokens of an account may also fail with [`Error::Backend`](crate::Error::Backend) when a token cannot be
/// encrypted; nothing is written then.
#[derive(Clone)]
pub struct SignIn {
    store: AuthStore,
    settings: Arc<Settings>,
}

#[derive(Clone, Default)]
struct Settings {
    addresses: Addresses,
    session_tokens: SessionTokens,
    verification_tokens: VerificationTokens,
    lifetime: SessionLifetime,
    cipher: Option<Arc<dyn TokenCipher>>,
}

impl SignIn {
    /// Wraps a store with the default settings: tokens are hashed, addresses are stored as written, sessions live for
    /// 30 days, and provider tokens are not encrypted.
    pub fn new(store: AuthStore) -> Self {
        SignIn {
            store,
            settings: Arc::default(),
        }
    }

    /// Returns the same operations with the same settings on another store, such as a transaction's.
    #[must_use]
    pub fn on(&self, store: &AuthStore) -> Self {
        SignIn {
            store: store.clone(),
            settings: self.settings.clone(),
        }
    }

    /// Sets how session tokens are stored. Defaults to [`SessionTokens::Hashed`].
    #[must_use]
    pub fn with_session_tokens(mut self, tokens: SessionTokens) -> Self {
        self.settings_mut().session_tokens = tokens;
        self
    }

    /// Sets how verification tokens are stored. Defaults to [`VerificationTokens::Hashed`].
    #[must_use]
    pub fn with_verification_tokens(mut self, tokens: VerificationTokens) -> Self {
        self.settings_mut().verification_tokens = tokens;
        self
    }

    /// Sets which email addresses count as the same. Defaults to [`Addresses::Exact`].
    #[must_use]
    pub fn with_addresses(mut self, addresses: Addresses) -> Self {
        self.settings_mut().addresses = addresses;
        self
    }

    /// Sets how long sessions live. Defaults to [`SessionLifetime::default`].
    #[must_use]
    pub fn with_session_lifetime(mut self, lifetime: SessionLifetime) -> Self {
        self.settings_mut().lifetime = lifetime;
        self
    }

    /// Sets a cipher that encrypts the tokens of accounts at rest, and `session_state`. Defaults to none.
    ///
    /// Tokens that were stored unencrypted can still be read. They are encrypted the next time they are written. An
    /// encrypted token is longer, and still must not have more than 1,048,576 bytes.
    #[must_use]
    pub fn with_cipher(mut self, cipher: impl TokenCipher) -> Self {
        self.settings_mut().cipher = Some(Arc::new(cipher));
        self
    }

    /// Returns the store, for the operations that need no policy.
    pub fn store(&self) -> &AuthStore {
        &self.store
    }

    fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("store", &self.store)
            .field("addresses", &self.settings.addresses)
            .field("session_tokens", &self.settings.session_tokens)
            .field("verification_tokens", &self.settings.verification_tokens)
            .field("lifetime", &self.settings.lifetime)
            .field("encrypted", &self.settings.cipher.is_some())
            .finish()
    }
}

/// The result of a sign-in: the user, and what the sign-in changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedIn {
    /// The user who has signed in.
    pub user: User,
    /// Whether this sign-in created the user.
    pub created: bool,
    /// What was removed from the user, because the address was not verified until now. Tell the person about it.
    pub removed: Option<Removed>,
}

/// The ways to sign in that a user has lost, because none of them had proved the user's address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removed {
    /// The accounts that were unlinked. Their tokens are as stored: encrypted, if the store encrypts.
    pub accounts: Vec<Account>,
    /// The passkeys that were deleted.
    pub authenticators: Vec<Authenticator>,
    /// How many sessions were ended.
    pub sessions: u64,
}
