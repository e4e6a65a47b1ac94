//! Models in JSON and similar formats: the feature `serde`.
//!
//! Fields have Auth.js's names (`userId`, `emailVerified`), and times are RFC 3339. No secret is serialized: sessions
//! and verification tokens omit their token, accounts omit their tokens and `session_state`, and challenges cannot be
//! serialized. The store checks deserialized values when it writes them; unknown fields are errors.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::serde::rfc3339;
use uuid::Uuid;

use crate::model::{
    Account, Authenticator, AuthenticatorDetails, Change, NewAccount, NewUser, Session,
    SessionDetails, User, UserChanges, VerificationToken,
};

/// Derives a trait for a model from a list of its fields. The list is separate because the model itself does not depend
/// on serde.
macro_rules! by_list {
    (Serialize $($model:ident: $list:ident),*) => {
        $(impl Serialize for $model {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $list::serialize(self, serializer)
            }
        })*
    };
    (Deserialize $($model:ident: $list:ident),*) => {
        $(impl<'de> Deserialize<'de> for $model {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $list::deserialize(deserializer)
            }
        })*
    };
}

by_list!(Serialize User: UserFields, Account: AccountFields, Session: SessionFields,
    VerificationToken: VerificationTokenFields, Authenticator: AuthenticatorFields,
    SessionDetails: SessionDetailsFields, AuthenticatorDetails: AuthenticatorDetailsFields);
by_list!(Deserialize User: UserFields, NewUser: NewUserFields, UserChanges: UserChangesFields,
    NewAccount: NewAccountFields, Authenticator: AuthenticatorFields);

#[derive(Serialize, Deserialize)]
#[serde(remote = "User", rename_all = "camelCase", deny_unknown_fields)]
struct UserFields {
    id: Uuid,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default, with = "rfc3339::option")]
    email_verified: Option<OffsetDateTime>,
    #[serde(default)]
    image: Option<String>,
}

#[derive(Deserialize)]
#[serde(remote = "NewUser", rename_all = "camelCase", deny_unknown_fields)]
struct NewUserFields {
    #[serde(default)]
    id: Option<Uuid>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default, with = "rfc3339::option")]
    email_verified: Option<OffsetDateTime>,
    #[serde(default)]
    image: Option<String>,
}

/// As in a JSON merge patch (RFC 7396): a missing field stays as it is, `null` clears it.
#[derive(Deserialize)]
#[serde(remote = "UserChanges", rename_all = "camelCase", deny_unknown_fields)]
struct UserChangesFields {
    #[serde(default)]
    name: Change<String>,
    #[serde(default)]
    email: Change<String>,
    #[serde(default, deserialize_with = "change_of_time")]
    email_verified: Change<OffsetDateTime>,
    #[serde(default)]
    image: Change<String>,
}

/// The tokens have the names that OAuth gives them, as in Auth.js.
#[derive(Deserialize)]
#[serde(remote = "NewAccount", deny_unknown_fields)]
struct NewAccountFields {
    #[serde(default)]
    id: Option<Uuid>,
    #[serde(rename = "type")]
    kind: String,
    provider: String,
    #[serde(rename = "providerAccountId")]
    provider_account_id: String,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    expires_at: Option<i64>,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    id_token: Option<String>,
    #[serde(default)]
    session_state: Option<String>,
    #[serde(default)]
    oauth_token_secret: Option<String>,
    #[serde(default)]
    oauth_token: Option<String>,
}

#[derive(Serialize)]
#[serde(remote = "Account", rename_all = "camelCase")]
struct AccountFields {
    id: Uuid,
    user_id: Uuid,
    #[serde(rename = "type")]
    kind: String,
    provider: String,
    provider_account_id: String,
    #[serde(rename = "expires_at")]
    expires_at: Option<i64>,
    #[serde(rename = "token_type")]
    token_type: Option<String>,
    scope: Option<String>,
}

#[derive(Serialize)]
#[serde(remote = "Session", rename_all = "camelCase")]
struct SessionFields {
    id: Uuid,
    user_id: Uuid,
    #[serde(with = "rfc3339")]
    expires: OffsetDateTime,
}

#[derive(Serialize)]
#[serde(remote = "VerificationToken", rename_all = "camelCase")]
struct VerificationTokenFields {
    identifier: String,
    #[serde(with = "rfc3339")]
    expires: OffsetDateTime,
}

#[derive(Serialize, Deserialize)]
#[serde(
    remote = "Authenticator",
    rename_all = "camelCase",
    deny_unknown_fields
)]
struct AuthenticatorFields {
    #[serde(rename = "credentialID")]
    credential_id: String,
    user_id: Uuid,
    provider_account_id: String,
    credential_public_key: String,
    counter: i64,
    credential_device_type: String,
    credential_backed_up: bool,
    #[serde(default)]
    transports: Option<String>,
}

#[derive(Serialize)]
#[serde(remote = "SessionDetails", rename_all = "camelCase")]
struct SessionDetailsFields {
    #[serde(with = "rfc3339::option")]
    began: Option<OffsetDateTime>,
    #[serde(with = "rfc3339::option")]
    last_seen: Option<OffsetDateTime>,
    ip: Option<String>,
    user_agent: Option<String>,
}

#[derive(Serialize)]
#[serde(remote = "AuthenticatorDetails", rename_all = "camelCase")]
struct AuthenticatorDetailsFields {
    name: Option<String>,
    #[serde(with = "rfc3339::option")]
    created: Option<OffsetDateTime>,
    #[serde(with = "rfc3339::option")]
    last_used: Option<OffsetDateTime>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Change::from)
    }
}

fn change_of_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Change<OffsetDateTime>, D::Error> {
    rfc3339::option::deserialize(deserializer).map(Change::from)
}
