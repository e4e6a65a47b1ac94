//! The five models of Auth.js and our own additions, with the types that create and change them.
//!
//! Field names are the columns' names in snake case (`providerAccountId` is `provider_account_id`). An `Option` is a
//! nullable column; `Some("")` is an empty string and stays one.

use std::fmt;

use time::OffsetDateTime;
use uuid::Uuid;

/// Printed in place of a secret. A missing secret is still printed as missing.
struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The form of a secret that `Debug` prints.
trait Redact {
    type Redacted: fmt::Debug;

    fn redacted(&self) -> Self::Redacted;
}

impl Redact for String {
    type Redacted = Redacted;

    fn redacted(&self) -> Redacted {
        Redacted
    }
}

impl Redact for Option<String> {
    type Redacted = Option<Redacted>;

    fn redacted(&self) -> Option<Redacted> {
        self.as_ref().map(|_| Redacted)
    }
}

impl Redact for Change<String> {
    type Redacted = Change<Redacted>;

    fn redacted(&self) -> Change<Redacted> {
        match self {
            Change::Keep => Change::Keep,
            Change::Set(_) => Change::Set(Redacted),
            Change::Clear => Change::Clear,
        }
    }
}

/// Implements `Debug` for a model that holds secrets. Every field is named, so a new field does not compile until it is
/// listed as secret or not.
macro_rules! debug {
    ($model:ident { $($field:ident),* } secret { $($secret:ident),* }) => {
        impl fmt::Debug for $model {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $model { $($field,)* $($secret,)* } = self;
                f.debug_struct(stringify!($model))
                    $(.field(stringify!($field), $field))*
                    $(.field(stringify!($secret), &$secret.redacted()))*
                    .finish()
            }
        }
    };
}

/// The list of an account's optional strings: first the secret ones, then the others. Calls a macro with both lists and
/// its other arguments. `Debug`, the checks of [`AuthStore`](crate::AuthStore) and the cipher of
/// [`SignIn`](crate::signin::SignIn) all use it.
macro_rules! account_strings {
    ($callback:ident!($($arguments:tt)*)) => {
        $callback! {
            [refresh_token access_token id_token session_state oauth_token_secret oauth_token]
            [token_type scope]
            $($arguments)*
        }
    };
}
pub(crate) use account_strings;

macro_rules! debug_account {
    ([$($secret:ident)*] [$($string:ident)*] $model:ident { $($field:ident),* }) => {
        debug!($model { $($field,)* $($string),* } secret { $($secret),* });
    };
}

/// A person who signs in (table `User`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User {
    /// Primary key.
    pub id: Uuid,
    /// Display name. Text, up to 1,048,576 bytes.
    pub name: Option<String>,
    /// Email address, unique among users, compared bytewise. Key, 1 to 255 characters.
    pub email: Option<String>,
    /// When the user proved ownership of the address. In UTC, whole milliseconds.
    pub email_verified: Option<OffsetDateTime>,
    /// Address of a picture. Text, up to 1,048,576 bytes.
    pub image: Option<String>,
}

/// The input of [`create_user`](crate::AuthStore::create_user), which becomes a [`User`].
///
/// With the feature `serde` it can be deserialized. Do not deserialize it from what a browser sends, which could set
/// `emailVerified`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewUser {
    /// The id to use; `None` creates a UUID v7.
    pub id: Option<Uuid>,
    /// See [`User::name`].
    pub name: Option<String>,
    /// See [`User::email`].
    pub email: Option<String>,
    /// See [`User::email_verified`]. Any offset is accepted; digits after the millisecond are truncated.
    pub email_verified: Option<OffsetDateTime>,
    /// See [`User::image`].
    pub image: Option<String>,
}

/// The changes for [`update_user`](crate::AuthStore::update_user). The default keeps everything.
///
/// ```
/// use authstore::{Change, UserChanges};
///
/// let changes = UserChanges { name: Change::set("Ada"), image: Change::Clear, ..UserChanges::default() };
/// # assert!(changes.email.is_keep());
/// ```
///
/// With the feature `serde` it can be deserialized. Do not deserialize it from what a browser sends, which could set
/// `emailVerified`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChanges {
    /// See [`User::name`].
    pub name: Change<String>,
    /// See [`User::email`]. Set or clear `email_verified` too: otherwise it stays, and vouches for the new address. To
    /// let a user change the address, use
    /// [`create_email_change`](crate::signin::SignIn::create_email_change).
    pub email: Change<String>,
    /// See [`User::email_verified`].
    pub email_verified: Change<OffsetDateTime>,
    /// See [`User::image`].
    pub image: Change<String>,
}

/// A change of a nullable field.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Leave the field as it is.
    #[default]
    Keep,
    /// Write this value.
    Set(T),
    /// Write NULL.
    Clear,
}

impl<T> Change<T> {
    /// Creates a [`Change::Set`] from anything that converts to the field's type: `Change::set("Ada")`.
    pub fn set(value: impl Into<T>) -> Self {
        Change::Set(value.into())
    }

    /// Returns whether the field stays as it is.
    pub fn is_keep(&self) -> bool {
        matches!(self, Change::Keep)
    }

    /// Returns the value to write, or `None` for both `Keep` and `Clear`.
    pub fn value(&self) -> Option<&T> {
        match self {
            Change::Set(value) => Some(value),
            Change::Keep | Change::Clear => None,
        }
    }

    /// Returns the field after the change.
    ///
    /// ```
    /// use authstore::Change;
    ///
    /// assert_eq!(Change::Keep.apply(Some(1)), Some(1));
    /// assert_eq!(Change::Set(2).apply(Some(1)), Some(2));
    /// assert_eq!(Change::Clear.apply(Some(1)), None);
    /// ```
    pub fn apply(self, before: Option<T>) -> Option<T> {
        match self {
            Change::Keep => before,
            Change::Set(value) => Some(value),
            Change::Clear => None,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Change<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Keep => f.write_str("Keep"),
            Change::Set(value) => f.debug_tuple("Set").field(value).finish(),
            Change::Clear => f.write_str("Clear"),
        }
    }
}

/// `Some` sets and `None` clears, for a form that sends every field.
impl<T> From<Option<T>> for Change<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Change::Clear, Change::Set)
    }
}

/// A way to sign in (table `Account`): an identity at a provider, with the tokens that the provider issued.
///
/// `Debug` prints tokens and `session_state` as `[redacted]`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Account {
    /// Primary key.
    pub id: Uuid,
    /// The user who signs in with it. Deleting the user deletes the account.
    pub user_id: Uuid,
    /// Kind of account: Auth.js has `oauth`, `oidc`, `email`, `credentials` and `webauthn`. Key, 1 to 255 characters.
    #[doc(alias = "type")]
    pub kind: String,
    /// The provider's name, such as `github`. Key, 1 to 255 characters. Unique together with `provider_account_id`.
    pub provider: String,
    /// The provider's id for the user: 1 to 255 characters, or up to 1,364 visible ASCII characters, because Auth.js
    /// stores a passkey's credential id here.
    pub provider_account_id: String,
    /// OAuth 2 refresh token. Text, like all strings below, up to 1,048,576 bytes. Secret.
    pub refresh_token: Option<String>,
    /// OAuth 2 access token. Secret.
    pub access_token: Option<String>,
    /// When the access token expires, in seconds since 1970.
    pub expires_at: Option<i64>,
    /// OAuth 2 token type, such as `bearer`.
    pub token_type: Option<String>,
    /// OAuth 2 scope that was granted.
    pub scope: Option<String>,
    /// OpenID Connect ID token. Secret.
    pub id_token: Option<String>,
    /// OpenID Connect session state. Secret.
    pub session_state: Option<String>,
    /// OAuth 1 token secret. Secret.
    pub oauth_token_secret: Option<String>,
    /// OAuth 1 token. Secret.
    pub oauth_token: Option<String>,
}

account_strings!(debug_account!(Account {
    id,
    user_id,
    kind,
    provider,
    provider_account_id,
    expires_at
}));

/// The input of [`link_account`](crate::AuthStore::link_account) and
/// [`create_user_with_account`](crate::AuthStore::create_user_with_account), which becomes an [`Account`].
///
/// ```
/// use authstore::NewAccount;
///
/// let account = NewAccount {
///     access_token: Some("gho_16C7e42F292c6912E7710c838347Ae178B4a".into()),
///     ..NewAccount::new("oauth", "github", "583231")
/// };
/// # assert!(!format!("{account:?}").contains("gho_"));
/// ```
///
/// With the feature `serde` it can be deserialized. Do not deserialize it from what a browser sends, which could name
/// anyone's account.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// The id to use; `None` creates a UUID v7.
    pub id: Option<Uuid>,
    /// See [`Account::kind`].
    #[doc(alias = "type")]
    pub kind: String,
    /// See [`Account::provider`].
    pub provider: String,
    /// See [`Account::provider_account_id`].
    pub provider_account_id: String,
    /// See [`Account::refresh_token`].
    pub refresh_token: Option<String>,
    /// See [`Account::access_token`].
    pub access_token: Option<String>,
    /// See [`Account::expires_at`].
    pub expires_at: Option<i64>,
    /// See [`Account::token_type`].
    pub token_type: Option<String>,
    /// See [`Account::scope`].
    pub scope: Option<String>,
    /// See [`Account::id_token`].
    pub id_token: Option<String>,
    /// See [`Account::session_state`].
    pub session_state: Option<String>,
    /// See [`Account::oauth_token_secret`].
    pub oauth_token_secret: Option<String>,
    /// See [`Account::oauth_token`].
    pub oauth_token: Option<String>,
}

impl NewAccount {
    /// Creates an account of this kind at this provider, without tokens.
    pub fn new(
        kind: impl Into<String>,
        provider: impl Into<String>,
        provider_account_id: impl Into<String>,
    ) -> Self {
        NewAccount {
            id: None,
            kind: kind.into(),
            provider: provider.into(),
            provider_account_id: provider_account_id.into(),
            refresh_token: None,
            access_token: None,
            expires_at: None,
            token_type: None,
            scope: None,
            id_token: None,
            session_state: None,
            oauth_token_secret: None,
            oauth_token: None,
        }
    }
}

account_strings!(debug_account!(NewAccount {
    id,
    kind,
    provider,
    provider_account_id,
    expires_at
}));

/// The changes for [`update_account`](crate::AuthStore::update_account), such as new tokens from the provider. The
/// default keeps everything.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AccountChanges {
    /// See [`Account::kind`]. `None` keeps it; it cannot be cleared.
    #[doc(alias = "type")]
    pub kind: Option<String>,
    /// See [`Account::refresh_token`].
    pub refresh_token: Change<String>,
    /// See [`Account::access_token`].
    pub access_token: Change<String>,
    /// See [`Account::expires_at`].
    pub expires_at: Change<i64>,
    /// See [`Account::token_type`].
    pub token_type: Change<String>,
    /// See [`Account::scope`].
    pub scope: Change<String>,
    /// See [`Account::id_token`].
    pub id_token: Change<String>,
    /// See [`Account::session_state`].
    pub session_state: Change<String>,
    /// See [`Account::oauth_token_secret`].
    pub oauth_token_secret: Change<String>,
    /// See [`Account::oauth_token`].
    pub oauth_token: Change<String>,
}

account_strings!(debug_account!(AccountChanges { kind, expires_at }));

/// A signed-in browser or device (table `Session`).
///
/// `Debug` prints the token as `[redacted]`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Session {
    /// Primary key.
    pub id: Uuid,
    /// The user who is signed in. Deleting the user deletes the session.
    pub user_id: Uuid,
    /// The token in the browser's cookie, unique. Key, 1 to 255 characters. Secret.
    pub session_token: String,
    /// The time from which the session should no longer be accepted. In UTC, whole milliseconds.
    pub expires: OffsetDateTime,
}

impl Session {
    /// Returns whether the session has expired at `now`: `expires <= now`, as for
    /// [`delete_expired`](crate::AuthStore::delete_expired).
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        self.expires <= now
    }
}

debug!(Session { id, user_id, expires } secret { session_token });

/// The input of [`create_session`](crate::AuthStore::create_session), which becomes a [`Session`].
#[derive(Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The id to use; `None` creates a UUID v7.
    pub id: Option<Uuid>,
    /// See [`Session::user_id`].
    pub user_id: Uuid,
    /// See [`Session::session_token`].
    pub session_token: String,
    /// See [`Session::expires`]. Any offset is accepted; digits after the millisecond are truncated.
    pub expires: OffsetDateTime,
}

impl NewSession {
    /// Creates a session of this user. Generate the token from at least 128 random bits.
    pub fn new(user_id: Uuid, session_token: impl Into<String>, expires: OffsetDateTime) -> Self {
        NewSession {
            id: None,
            user_id,
            session_token: session_token.into(),
            expires,
        }
    }
}

debug!(NewSession { id, user_id, expires } secret { session_token });

/// The changes for [`update_session`](crate::AuthStore::update_session); `None` keeps a field. The default keeps
/// everything.
///
/// `Debug` prints the token as `[redacted]`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SessionChanges {
    /// See [`Session::user_id`].
    pub user_id: Option<Uuid>,
    /// A new token, which replaces the old one (rotation). See [`Session::session_token`].
    pub session_token: Option<String>,
    /// See [`Session::expires`].
    pub expires: Option<OffsetDateTime>,
}

debug!(SessionChanges { user_id, expires } secret { session_token });

/// Details of a session in addition to Auth.js's own columns (table `authstore_session_details`). Until something is
/// stored, a session has the default, in which all fields are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SessionDetails {
    /// When the user signed in. In UTC, whole milliseconds.
    pub began: Option<OffsetDateTime>,
    /// When the session was last used. In UTC, whole milliseconds.
    pub last_seen: Option<OffsetDateTime>,
    /// The network address from which it was used. Text, up to 1,048,576 bytes.
    pub ip: Option<String>,
    /// The browser's user agent. Text, up to 1,048,576 bytes.
    pub user_agent: Option<String>,
}

/// The changes for [`update_session_details`](crate::AuthStore::update_session_details). The default keeps everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionDetailsChanges {
    /// See [`SessionDetails::began`].
    pub began: Change<OffsetDateTime>,
    /// See [`SessionDetails::last_seen`].
    pub last_seen: Change<OffsetDateTime>,
    /// See [`SessionDetails::ip`].
    pub ip: Change<String>,
    /// See [`SessionDetails::user_agent`].
    pub user_agent: Change<String>,
}

/// The secret behind a magic link (table `VerificationToken`): it works once.
///
/// It is also the input of [`create_verification_token`](crate::AuthStore::create_verification_token), since no field
/// is filled in. `Debug` prints the token as `[redacted]`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VerificationToken {
    /// The recipient of the link, usually an email address. Key, 1 to 255 characters.
    pub identifier: String,
    /// The secret in the link, or its hash (as in Auth.js); unique. Key, 1 to 255 characters. Secret.
    pub token: String,
    /// The time from which the link should no longer be accepted. In UTC, whole milliseconds.
    pub expires: OffsetDateTime,
}

impl VerificationToken {
    /// Creates a token for this identifier. Generate it from at least 128 random bits.
    pub fn new(
        identifier: impl Into<String>,
        token: impl Into<String>,
        expires: OffsetDateTime,
    ) -> Self {
        VerificationToken {
            identifier: identifier.into(),
            token: token.into(),
            expires,
        }
    }

    /// Returns whether the token has expired at `now`: `expires <= now`, as for
    /// [`delete_expired`](crate::AuthStore::delete_expired).
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        self.expires <= now
    }
}

debug!(VerificationToken { identifier, expires } secret { token });

/// A passkey (table `Authenticator`).
///
/// It is also the input of [`create_authenticator`](crate::AuthStore::create_authenticator), since no field is filled
/// in.
///
/// With the feature `serde` it can be deserialized. Do not deserialize it from what a browser sends, which could name
/// another user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authenticator {
    /// The credential's id, in an encoding of the application's choice, unique and compared bytewise: 1 to 1,364
    /// visible ASCII characters, enough for the 1,023 bytes that
    /// [WebAuthn](https://www.w3.org/TR/webauthn-3/#credential-id) allows, in base64 or base64url. Auth.js writes
    /// base64.
    pub credential_id: String,
    /// The user who signs in with it. Deleting the user deletes the passkey.
    pub user_id: Uuid,
    /// The [`provider_account_id`](Account::provider_account_id) of the account that belongs to it, if there is one:
    /// Auth.js creates an account of the kind `webauthn` for each passkey.
    pub provider_account_id: String,
    /// The public key, encoded. Text, up to 1,048,576 bytes.
    pub credential_public_key: String,
    /// The last signature counter: 0 to 2⁶³-1.
    pub counter: i64,
    /// `singleDevice` or `multiDevice`. Text, up to 1,048,576 bytes.
    pub credential_device_type: String,
    /// Whether the credential is backed up.
    pub credential_backed_up: bool,
    /// How to reach the authenticator, such as `usb,nfc`. Text, up to 1,048,576 bytes.
    pub transports: Option<String>,
}

/// Details of a passkey in addition to Auth.js's own columns (table `authstore_authenticator_details`). Until something
/// is stored, a passkey has the default, in which all fields are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AuthenticatorDetails {
    /// The name that the user gave it. Text, up to 1,048,576 bytes.
    pub name: Option<String>,
    /// When it was registered. In UTC, whole milliseconds.
    pub created: Option<OffsetDateTime>,
    /// When it was last used to sign in. In UTC, whole milliseconds.
    pub last_used: Option<OffsetDateTime>,
}

/// The changes for [`update_authenticator_details`](crate::AuthStore::update_authenticator_details). The default keeps
/// everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticatorDetailsChanges {
    /// See [`AuthenticatorDetails::name`].
    pub name: Change<String>,
    /// See [`AuthenticatorDetails::created`].
    pub created: Change<OffsetDateTime>,
    /// See [`AuthenticatorDetails::last_used`].
    pub last_used: Change<OffsetDateTime>,
}

/// The result of removing a user's way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Removal {
    /// It was removed.
    Done,
    /// The user does not have it. Nothing was written.
    Absent,
    /// It is the user's last way to sign in, and the caller asked to keep that. Nothing was written.
    LastWayIn,
}

/// Data that a sign-in needs in its next request, for one use (table `authstore_challenge`): an OAuth state with its
/// PKCE verifier, or the challenge of a WebAuthn ceremony. The payload should name the browser that may use it: see the
/// [guide](crate::guide#passkeys).
///
/// `Debug` prints the key and the payload as `[redacted]`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Challenge {
    /// The key by which it is found, unique. Key, 1 to 255 characters. Secret.
    pub key: String,
    /// The data. Text, up to 1,048,576 bytes. Secret.
    pub payload: String,
    /// The time from which it should no longer be accepted. In UTC, whole milliseconds.
    pub expires: OffsetDateTime,
}

impl Challenge {
    /// Creates a challenge with this key. Generate the key from at least 128 random bits.
    pub fn new(
        key: impl Into<String>,
        payload: impl Into<String>,
        expires: OffsetDateTime,
    ) -> Self {
        Challenge {
            key: key.into(),
            payload: payload.into(),
            expires,
        }
    }

    /// Returns whether the challenge has expired at `now`: `expires <= now`, as for
    /// [`delete_expired`](crate::AuthStore::delete_expired).
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        self.expires <= now
    }
}

debug!(Challenge { expires } secret { key, payload });

/// How many rows [`delete_expired`](crate::AuthStore::delete_expired) deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExpiredCounts {
    /// Rows of `Session`.
    pub sessions: u64,
    /// Rows of `VerificationToken`.
    pub verification_tokens: u64,
    /// Rows of `authstore_challenge`.
    pub challenges: u64,
}
