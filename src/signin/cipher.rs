use std::fmt;

use super::SignIn;
use crate::error::{BoxError, Error, Result};
use crate::model::{Account, AccountChanges, Change, NewAccount, account_strings};

/// Encrypts providers' tokens at rest.
///
/// Pass it to [`SignIn::with_cipher`]. The ID of the key is stored with each value, so that values under old keys can
/// still be read after [`key_id`](TokenCipher::key_id) changes. The feature `encryption` adds an implementation.
pub trait TokenCipher: Send + Sync + 'static {
    /// Returns the ID of the key that [`encrypt`](TokenCipher::encrypt) uses: 1 to 64 ASCII letters, digits, `-`, `_`
    /// and `.`. With any other ID, writing a token fails with [`Error::Invalid`] for `key_id`.
    fn key_id(&self) -> &str;

    /// Encrypts a token under the current key, and returns text.
    ///
    /// `context` names the account and the field. Bind the result to it (as associated data), so that a value does not
    /// decrypt after someone moves it to another row or field.
    ///
    /// # Errors
    ///
    /// Any error makes the operation fail with [`Error::Backend`]; nothing is written. It must not show the token.
    fn encrypt(&self, token: &str, context: &str) -> std::result::Result<String, BoxError>;

    /// Decrypts what [`encrypt`](TokenCipher::encrypt) returned for the same context, under the key with this ID.
    ///
    /// # Errors
    ///
    /// When the key is unknown, or the value is damaged or belongs to another context.
    fn decrypt(
        &self,
        key_id: &str,
        encrypted: &str,
        context: &str,
    ) -> std::result::Result<String, BoxError>;
}

/// Begins each encrypted value: `enc:`, the key's ID, `:`, and what the cipher returned.
const PREFIX: &str = "enc:";

/// The account that tokens belong to.
#[derive(Clone, Copy)]
struct Context<'a> {
    provider: &'a str,
    provider_account_id: &'a str,
}

impl Context<'_> {
    /// Unambiguous, because each string comes with its length.
    fn of(self, field: &str) -> String {
        let (provider, id) = (self.provider, self.provider_account_id);
        format!("{}:{provider} {}:{id} {field}", provider.len(), id.len())
    }
}

/// Calls a function with the name and the field of each token of an account, as listed in [`account_strings!`]. Every
/// field of the struct is named, so a new field does not compile until it is listed.
macro_rules! each_token {
    (
        [$($token:ident)*] [$($string:ident)*]
        $account:expr, $model:ident { $($other:ident),* }, $call:expr
    ) => {{
        let $model {
            $($token,)*
            $($string: _,)*
            expires_at: _,
            kind: _,
            $($other: _,)*
        } = $account;
        let call = $call;
        $(call(stringify!($token), $token)?;)*
    }};
}

impl SignIn {
    pub(super) fn encrypt_new(&self, mut account: NewAccount) -> Result<NewAccount> {
        let Some(cipher) = self.settings.cipher.as_deref() else {
            return Ok(account);
        };
        let (provider, id) = (
            account.provider.clone(),
            account.provider_account_id.clone(),
        );
        let context = Context {
            provider: &provider,
            provider_account_id: &id,
        };
        account_strings!(each_token!(
            &mut account,
            NewAccount {
                id,
                provider,
                provider_account_id
            },
            |field: &str, token: &mut Option<String>| -> Result<()> {
                if let Some(token) = token {
                    *token = encrypt(cipher, token, context, field)?;
                }
                Ok(())
            }
        ));
        Ok(account)
    }

    pub(super) fn encrypt_changes(
        &self,
        provider: &str,
        provider_account_id: &str,
        mut changes: AccountChanges,
    ) -> Result<AccountChanges> {
        let Some(cipher) = self.settings.cipher.as_deref() else {
            return Ok(changes);
        };
        let context = Context {
            provider,
            provider_account_id,
        };
        account_strings!(each_token!(
            &mut changes,
            AccountChanges {},
            |field: &str, token: &mut Change<String>| -> Result<()> {
                if let Change::Set(token) = token {
                    *token = encrypt(cipher, token, context, field)?;
                }
                Ok(())
            }
        ));
        Ok(changes)
    }

    pub(super) fn decrypt(&self, mut account: Account) -> Result<Account> {
        let Some(cipher) = self.settings.cipher.as_deref() else {
            return Ok(account);
        };
        let (provider, id) = (
            account.provider.clone(),
            account.provider_account_id.clone(),
        );
        let context = Context {
            provider: &provider,
            provider_account_id: &id,
        };
        account_strings!(each_token!(
            &mut account,
            Account {
                id,
                user_id,
                provider,
                provider_account_id
            },
            |field: &'static str, token: &mut Option<String>| -> Result<()> {
                if let Some(token) = token {
                    *token = decrypt(cipher, token, context, field)?;
                }
                Ok(())
            }
        ));
        Ok(account)
    }
}

fn encrypt(
    cipher: &dyn TokenCipher,
    token: &str,
    context: Context<'_>,
    field: &str,
) -> Result<String> {
    let key_id = cipher.key_id();
    if !is_key_id(key_id) {
        let reason = "must be 1 to 64 ASCII letters, digits, '-', '_' and '.'";
        return Err(Error::invalid("key_id", reason));
    }
    let encrypted = cipher
        .encrypt(token, &context.of(field))
        .map_err(|error| failed("encrypt", field, error))?;
    Ok(format!("{PREFIX}{key_id}:{encrypted}"))
}

fn is_key_id(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=64).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// A value without the mark was stored before the store had a cipher.
fn decrypt(
    cipher: &dyn TokenCipher,
    stored: &str,
    context: Context<'_>,
    field: &str,
) -> Result<String> {
    let Some((key_id, encrypted)) = stored
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split_once(':'))
        .filter(|(key_id, _)| is_key_id(key_id))
    else {
        return Ok(stored.to_owned());
    };
    cipher
        .decrypt(key_id, encrypted, &context.of(field))
        .map_err(|error| failed("decrypt", field, error))
}

fn failed(what: &str, field: &str, error: impl Into<BoxError>) -> Error {
    Error::backend(format!("could not {what} Account.{field}")).with_source(error)
}

impl fmt::Debug for dyn TokenCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCipher")
            .field("key_id", &self.key_id())
            .finish_non_exhaustive()
    }
}
