//! Two facts about a server's certificate that rustls does not provide.

use sha2::{Digest, Sha256, Sha384, Sha512};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
/// The constructed, context-specific tag 0.
const EXPLICIT_0: u8 = 0xa0;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
const RSA_PSS: u8 = 0x0a;
const ECDSA_SHA2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
const ECDSA_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];
const SHA2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

/// Returns the data of the channel binding `tls-server-end-point` (RFC 5929, section 4.1): the certificate's hash, by
/// the hash function of its signature, or SHA-256 in place of MD5 and SHA-1. `None` where the signature has none of
/// those, as Ed25519, for which the binding is not defined.
pub(super) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let (certificate_content, _) = read(SEQUENCE, certificate)?;
    let (_, rest) = read(SEQUENCE, certificate_content)?;
    let (algorithm, _) = read(SEQUENCE, rest)?;
    let (algorithm, parameters) = read(OBJECT_IDENTIFIER, algorithm)?;
    Some(match hash_of(algorithm, parameters)? {
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

fn hash_of(algorithm: &[u8], parameters: &[u8]) -> Option<Hash> {
    if algorithm == ECDSA_SHA1 {
        return Some(Hash::Sha256);
    }
    let (&last, family) = algorithm.split_last()?;
    match (family, last) {
        // MD5 and SHA-1.
        (RSA, 0x04 | 0x05) => Some(Hash::Sha256),
        (RSA, 0x0b) | (ECDSA_SHA2, 0x02) | (SHA2, 0x01) => Some(Hash::Sha256),
        (RSA, 0x0c) | (ECDSA_SHA2, 0x03) | (SHA2, 0x02) => Some(Hash::Sha384),
        (RSA, 0x0d) | (ECDSA_SHA2, 0x04) | (SHA2, 0x03) => Some(Hash::Sha512),
        (RSA, RSA_PSS) => {
            let (parameters, _) = read(SEQUENCE, parameters)?;
            match read(EXPLICIT_0, parameters) {
                Some((hash, _)) => {
                    let (hash, _) = read(SEQUENCE, hash)?;
                    let (hash, _) = read(OBJECT_IDENTIFIER, hash)?;
                    // Not RSA's own identifier again, which would recurse forever.
                    hash.starts_with(SHA2).then(|| hash_of(hash, &[]))?
                }
                // Its default is SHA-1.
                None => Some(Hash::Sha256),
            }
        }
        _ => None,
    }
}

/// Returns the last common name of the certificate's subject.
pub(super) fn common_name(certificate: &[u8]) -> Option<&str> {
    let (certificate, _) = read(SEQUENCE, certificate)?;
    let (fields, _) = read(SEQUENCE, certificate)?;
    let fields = match read(EXPLICIT_0, fields) {
        Some((_version, rest)) => rest,
        None => fields,
    };
    let fields = skip(skip(skip(skip(fields)?)?)?)?; // serial number, signature, issuer, validity
    let (mut names, _) = read(SEQUENCE, fields)?;
    let mut found = None;
    while let Some((name, rest)) = read(SET, names) {
        names = rest;
        let (attribute, _) = read(SEQUENCE, name)?;
        let (kind, value) = read(OBJECT_IDENTIFIER, attribute)?;
        if kind == COMMON_NAME {
            let (_, value, _) = element(value)?;
            found = std::str::from_utf8(value).ok();
        }
    }
    found
}

/// Splits DER into the content of its first element, which must have this tag, and the rest.
fn read(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    element(der)
        .filter(|(found, ..)| *found == tag)
        .map(|(_, content, rest)| (content, rest))
}

fn skip(der: &[u8]) -> Option<&[u8]> {
    element(der).map(|(.., rest)| rest)
}

/// Splits DER into the tag and the content of its first element, and the rest.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = der.split_first_chunk::<2>()?;
    // From 0x81 on, it is the number of bytes of the length.
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            let length = bytes
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}
