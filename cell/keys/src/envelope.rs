//! AES-256-GCM under one key, bound to a context. Pure but for the nonce.
//!
//! The nonce is random: 96 bits allow 2^32 seals under one key before a repetition becomes likely enough to matter
//! (NIST SP 800-38D section 8.3). An org's key seals its own few secrets, a root wraps one key per org and version.

use crate::org_key::{KEY_BYTES, KeyBytes};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use zeroize::Zeroizing;

const TAG_BYTES: usize = 16;

/// A key that seals.
pub(crate) struct SealingKey(LessSafeKey);

impl SealingKey {
    pub(crate) fn new(key: &KeyBytes) -> Result<Self, Unspecified> {
        let bytes: &[u8; KEY_BYTES] = key;
        Ok(Self(LessSafeKey::new(UnboundKey::new(
            &AES_256_GCM,
            bytes,
        )?)))
    }

    /// Nonce, ciphertext, tag.
    pub(crate) fn seal(&self, context: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Unspecified> {
        // Not from the seeded source of the caller: a nonce that repeats would break the cipher, in tests too.
        let mut nonce = [0_u8; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce)?;
        let mut body = Zeroizing::new(plaintext.to_vec());
        let tag = self.0.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context),
            body.as_mut_slice(),
        )?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + body.len() + TAG_BYTES);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&body);
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// The plaintext, or none for anything that this key did not seal for this context.
    pub(crate) fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
        let mut body = Zeroizing::new(body.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self
            .0
            .open_in_place(nonce, Aad::from(context), body.as_mut_slice())
            .ok()?
            .len();
        body.truncate(opened);
        Some(body)
    }
}
