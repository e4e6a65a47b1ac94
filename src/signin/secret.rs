use std::fmt;

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A secret that a client holds: the token in a session cookie, in a link, in a form.
///
/// `Debug` prints `[redacted]`, and there is no `Display`: call [`expose`](Secret::expose) where the secret leaves the
/// program, such as in the `Set-Cookie` header.
///
/// ```
/// use authstore::signin::Secret;
///
/// let secret = Secret::generate();
/// assert_eq!(secret.expose().len(), 64);
/// assert_eq!(format!("{secret:?}"), "[redacted]");
/// assert_ne!(secret.expose(), Secret::generate().expose());
/// ```
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Generates a secret from two random UUIDs: 64 hexadecimal digits with 244 random bits. They come from the operating
    /// system, unless another crate in the program enables the feature `fast-rng` or `rng-rand` of `uuid`: then from the
    /// cryptographic generator of the crate `rand`.
    ///
    /// # Panics
    ///
    /// If the operating system cannot provide randomness.
    pub fn generate() -> Self {
        // Each UUID of version 4 has 122 random bits, so no other crate is needed for randomness. Six bits of each UUID
        // are fixed, so the hash spreads the random ones over all digits.
        let mut hash = Sha256::new();
        hash.update(Uuid::new_v4());
        hash.update(Uuid::new_v4());
        Secret(hex(&hash.finalize()))
    }

    /// Returns the secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the secret itself, owned.
    pub fn into_exposed(self) -> String {
        self.0
    }
}

/// Wraps a secret that comes from elsewhere, such as a six-digit code.
impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Secret(secret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}
