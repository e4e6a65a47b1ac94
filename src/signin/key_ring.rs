use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::TokenCipher;
use crate::error::BoxError;

const NONCE_BYTES: usize = 24;

/// Encrypts tokens with XChaCha20-Poly1305, under the newest of several keys.
///
/// A stored value is about a third longer than its token, so a token of more than about 786,000 bytes is rejected with
/// [`Error::Invalid`](crate::Error::Invalid).
///
/// ```
/// use authstore::AuthStore;
/// use authstore::signin::{KeyRing, SignIn};
///
/// # fn main() -> Result<(), authstore::Error> {
/// # let (key, old_key) = ([1; 32], [2; 32]);
/// // 32 random bytes each, from the place where the program keeps its secrets.
/// let keys = KeyRing::new("2026-11", key).with_old_key("2025-06", old_key);
/// let store = AuthStore::connect("sqlite::memory:")?;
/// let signin = SignIn::new(store).with_cipher(keys);
/// # Ok(())
/// # }
/// ```
pub struct KeyRing {
    newest: String,
    ciphers: BTreeMap<String, XChaCha20Poly1305>,
}

impl KeyRing {
    /// Creates a ring with one key of 32 random bytes. Its ID is stored with each value: 1 to 64 ASCII letters, digits,
    /// `-`, `_` and `.`. Never use one ID for two keys.
    pub fn new(id: impl Into<String>, key: [u8; 32]) -> Self {
        let newest = id.into();
        KeyRing {
            newest: newest.clone(),
            ciphers: BTreeMap::new(),
        }
        .with_old_key(newest, key)
    }

    /// Adds an old key, which is used only to decrypt.
    #[must_use]
    pub fn with_old_key(mut self, id: impl Into<String>, key: [u8; 32]) -> Self {
        self.ciphers
            .insert(id.into(), XChaCha20Poly1305::new(&key.into()));
        self
    }

    fn cipher(&self, id: &str) -> Result<&XChaCha20Poly1305, BoxError> {
        self.ciphers
            .get(id)
            // The ID is not quoted: a token that was stored without encryption may look as if it had one.
            .ok_or_else(|| "the key ring has no key with the ID in the value".into())
    }
}

impl TokenCipher for KeyRing {
    fn key_id(&self) -> &str {
        &self.newest
    }

    fn encrypt(&self, token: &str, context: &str) -> Result<String, BoxError> {
        let nonce = nonce();
        let payload = Payload {
            msg: token.as_bytes(),
            aad: context.as_bytes(),
        };
        let encrypted = self
            .cipher(&self.newest)?
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| "the token is too long to encrypt")?;
        Ok(BASE64.encode([&nonce[..], &encrypted].concat()))
    }

    fn decrypt(&self, key_id: &str, encrypted: &str, context: &str) -> Result<String, BoxError> {
        // The decoder's error would show a byte of what it could not decode.
        let damaged = || BoxError::from("the value is damaged, or belongs to another row or field");
        let bytes = BASE64.decode(encrypted).map_err(|_| damaged())?;
        let (nonce, encrypted) = bytes
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(damaged)?;
        let payload = Payload {
            msg: encrypted,
            aad: context.as_bytes(),
        };
        let token = self
            .cipher(key_id)?
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| damaged())?;
        String::from_utf8(token).map_err(|_| damaged())
    }
}

/// A nonce never repeats: it is drawn from 244 random bits, as [`Secret::generate`](super::Secret::generate) draws
/// them.
fn nonce() -> [u8; NONCE_BYTES] {
    let hash = Sha256::new()
        .chain_update(Uuid::new_v4())
        .chain_update(Uuid::new_v4())
        .finalize();
    std::array::from_fn(|index| hash[index])
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("newest", &self.newest)
            .field("keys", &self.ciphers.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decrypts_only_its_own_values() {
        let old = KeyRing::new("old", [1; 32]);
        let ring = KeyRing::new("new", [2; 32]).with_old_key("old", [1; 32]);
        let by_old = old.encrypt("ya29.secret", "context").unwrap();
        let by_new = ring.encrypt("ya29.secret", "context").unwrap();
        assert_ne!(by_new, ring.encrypt("ya29.secret", "context").unwrap());
        assert_eq!(
            ring.decrypt("old", &by_old, "context").unwrap(),
            "ya29.secret"
        );
        assert_eq!(
            ring.decrypt("new", &by_new, "context").unwrap(),
            "ya29.secret"
        );

        let (head, last) = by_new.split_at(by_new.len() - 1);
        let changed = format!("{head}{}", if last == "A" { "B" } else { "A" });
        for (key, value, context) in [
            ("new", by_new.as_str(), "another context"),
            ("old", by_new.as_str(), "context"),
            ("none", by_new.as_str(), "context"),
            ("new", changed.as_str(), "context"),
            ("new", "", "context"),
            ("new", "not base64!", "context"),
        ] {
            let error = ring.decrypt(key, value, context).unwrap_err();
            assert!(!error.to_string().contains("ya29"), "{error}");
        }
    }
}
