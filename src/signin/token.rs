//! The stored forms of tokens.

use sha2::{Digest, Sha256};

use super::secret::hex;

/// The prefix of a stored hash, which shows that a stored token is already hashed.
const PREFIX: &str = "sha256:";

/// The form in which session tokens are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionTokens {
    /// `sha256:` and the SHA-256 of the token in hexadecimal: someone who reads the database cannot use its sessions.
    #[default]
    Hashed,
    /// The token itself. Choose this only while an Auth.js front end shares the sessions: it looks them up by the
    /// token. Anyone who reads the database, or a backup of it, can then use every live session.
    Plain,
}

impl SessionTokens {
    pub(super) fn stored(self, token: &str) -> String {
        match self {
            SessionTokens::Hashed => prefixed(Sha256::digest(token).as_slice()),
            SessionTokens::Plain => token.to_owned(),
        }
    }
}

/// The form in which verification tokens are stored.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerificationTokens {
    /// `sha256:` and a SHA-256 over identifier and token. The same six-digit code, sent to two people, is stored as two
    /// different values. A leaked database reveals no link with a random token; a short code can be guessed from its
    /// hash, so let codes expire within minutes.
    #[default]
    Hashed,
    /// The SHA-256, in hexadecimal, of the token followed by this secret, exactly as Auth.js stores it with its
    /// `AUTH_SECRET`: either side can use the other's links.
    AuthJs {
        /// The value of `AUTH_SECRET`.
        secret: String,
    },
    /// The token itself. Anyone who reads the database can use every live link.
    Plain,
}

impl VerificationTokens {
    pub(super) fn stored(&self, identifier: &str, token: &str) -> String {
        match self {
            VerificationTokens::Hashed => {
                // The length keeps ("ab", "c") and ("a", "bc") distinct.
                let length = u64::try_from(identifier.len()).unwrap_or(u64::MAX);
                let hash = Sha256::new()
                    .chain_update(length.to_be_bytes())
                    .chain_update(identifier)
                    .chain_update(token);
                prefixed(hash.finalize().as_slice())
            }
            VerificationTokens::AuthJs { secret } => {
                let hash = Sha256::new().chain_update(token).chain_update(secret);
                hex(hash.finalize().as_slice())
            }
            VerificationTokens::Plain => token.to_owned(),
        }
    }
}

impl std::fmt::Debug for VerificationTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            VerificationTokens::Hashed => "Hashed",
            VerificationTokens::AuthJs { .. } => "AuthJs { secret: [redacted] }",
            VerificationTokens::Plain => "Plain",
        })
    }
}

/// Returns whether a stored token is already hashed.
pub(super) fn is_hash(stored: &str) -> bool {
    stored
        .strip_prefix(PREFIX)
        .is_some_and(|digits| digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn prefixed(hash: &[u8]) -> String {
    format!("{PREFIX}{}", hex(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_code_for_two_people_is_stored_as_two() {
        let tokens = VerificationTokens::Hashed;
        assert_ne!(
            tokens.stored("ada", "123456"),
            tokens.stored("grace", "123456")
        );
        assert_ne!(tokens.stored("ab", "c"), tokens.stored("a", "bc"));
    }

    #[test]
    fn hashes_are_as_sha256sum_prints_them() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(
            SessionTokens::Hashed.stored("abc"),
            format!("{PREFIX}{abc}")
        );
        let secret = "c".to_owned();
        assert_eq!(VerificationTokens::AuthJs { secret }.stored("x", "ab"), abc);
    }

    #[test]
    fn only_hashes_look_like_hashes() {
        assert!(is_hash(&SessionTokens::Hashed.stored("")));
        for token in ["", "sha256:", "sha256:abc", "ba7816bf"] {
            assert!(!is_hash(token), "{token}");
        }
    }
}
