//! What passes between the two cells of a move, past whoever carries it.
//!
//! The taker offers keys ([`offer::OfferKey`]), the giver seals the key of the move to them ([`offer::seal_grant`]), and
//! under that key ([`transfer::TransferKey`]) everything else passes. Offer and grant are signed by the certificate's own
//! key of the cell that made them, so that a control plane can neither read what it carries nor put its own keys in their
//! place: for that it would have to hold the fleet's authority, with which it could be any cell.

pub mod offer;
pub mod transfer;

#[cfg(test)]
mod tests;

use crate::identity::proof::ProofError;
use crate::names::CellName;
use crate::parts::render_parts;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vocab::epoch::Epoch;
use vocab::id::{MoveId, OrgId};
use zeroize::Zeroizing;

/// Bytes of every symmetric key here.
pub const KEY_BYTES: usize = 32;
/// A key in the clear; wiped when dropped.
pub type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// Bytes that [`seal_once`] adds.
const TAG_BYTES: usize = 16;

/// What both cells must mean by a move, before one seals anything to the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The move.
    pub id: MoveId,
    /// The org.
    pub org: OrgId,
    /// The cell that serves it.
    pub giver: CellName,
    /// The cell that gets it.
    pub taker: CellName,
    /// The epoch at which the taker will serve it: the one after the giver's.
    pub epoch: Epoch,
}

/// Why something cannot be sealed or opened. No message carries what was sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It is larger than anything of its kind.
    #[error("{what} of {bytes} bytes is too large")]
    TooLarge {
        /// Of what kind.
        what: &'static str,
        /// Its size.
        bytes: usize,
    },
    /// It is not written as this release writes it.
    #[error("{0} cannot be read")]
    Malformed(&'static str),
    /// It was not made by the cell that should have made it, or not for this move.
    #[error("{what}: {proof}")]
    NotProved {
        /// What.
        what: &'static str,
        /// Why not.
        #[source]
        proof: ProofError,
    },
    /// It was sealed under another key, or for another place, or was changed.
    #[error("{0} does not open: it was changed, or is of another move, leg or place")]
    Closed(&'static str),
    /// The library failed.
    #[error("{0} failed")]
    Internal(&'static str),
}

impl Terms {
    fn render(&self) -> Vec<u8> {
        render_parts([
            self.id.as_str().as_bytes(),
            self.org.as_str().as_bytes(),
            self.giver.as_str().as_bytes(),
            self.taker.as_str().as_bytes(),
            &self.epoch.number().to_be_bytes(),
        ])
    }
}

/// Characters of so many bytes in base64.
const fn text_bytes(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

fn render_text(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Nothing is made of a text that is longer than it may be.
fn parse_text(what: &'static str, text: &str, bytes_max: usize) -> Result<Vec<u8>, SealError> {
    if text.len() > text_bytes(bytes_max) {
        return Err(SealError::TooLarge {
            what,
            bytes: text.len(),
        });
    }
    let bytes = STANDARD.decode(text);
    bytes.map_err(|_| SealError::Malformed(what))
}

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

/// HKDF (RFC 5869).
fn derive_key(salt: &[u8], secret: &[u8], info: &[u8]) -> Result<KeyBytes, Unspecified> {
    let mut derived = Zeroizing::new([0_u8; KEY_BYTES]);
    Salt::new(HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[info], KeyLength)?
        .fill(derived.as_mut())?;
    Ok(derived)
}

/// AES-256-GCM under a key that seals this one message and no other: that alone is why its nonce may be fixed.
fn seal_once(key: &KeyBytes, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut body = Zeroizing::new(Vec::with_capacity(plaintext.len() + TAG_BYTES));
    body.extend_from_slice(plaintext);
    cipher(key)?.seal_in_place_append_tag(nonce(), Aad::from(aad), &mut *body)?;
    Ok(std::mem::take(&mut *body))
}

fn open_once(key: &KeyBytes, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let mut body = Zeroizing::new(sealed.to_vec());
    let opened = cipher(key)?
        .open_in_place(nonce(), Aad::from(aad), &mut body)?
        .len();
    body.truncate(opened);
    Ok(body)
}

fn cipher(key: &KeyBytes) -> Result<LessSafeKey, Unspecified> {
    let bytes: &[u8; KEY_BYTES] = key;
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes)?))
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}
