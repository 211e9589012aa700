//! RSASSA-PKCS1-v1_5 with SHA-256, for hosts that cannot sign: a crate of its own beats arithmetic of ours.
//!
//! Signing takes milliseconds and happens about once an hour, when nothing else waits for it.

use rsa::RsaPrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::sha2::Sha256;
use rsa::signature::{SignatureEncoding, Signer};

/// The signature of `text` under a key in PEM (PKCS #8); `None` when it is no such key.
#[must_use]
pub fn sign(pem: &str, text: &[u8]) -> Option<Vec<u8>> {
    let key = RsaPrivateKey::from_pkcs8_pem(pem).ok()?;
    let signature = SigningKey::<Sha256>::new(key).try_sign(text).ok()?;
    Some(signature.to_vec())
}
