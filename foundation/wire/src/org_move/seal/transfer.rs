//! The key of one move: everything that one cell says to the other is sealed under it.
//!
//! Each message has a key of its own, derived from the key of the move and 256 random bits that stand before it. So no
//! nonce is ever used twice, however many parcels a move has, and even if a number is given twice because a transaction
//! was rolled back or a store came back from its backup: with random nonces under one key the count would have to be
//! bounded, with counted ones a number that comes again would break the cipher.

use crate::org_move::seal::{
    KEY_BYTES, KeyBytes, SealError, TAG_BYTES, derive_key, open_once, parse_text, render_text,
    seal_once, text_bytes,
};
use crate::parts::render_parts;
use vocab::epoch::Epoch;
use vocab::id::MoveId;
use zeroize::Zeroizing;

/// Largest message: a parcel is half a mebibyte, but for a single row that is larger.
pub const MESSAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest message as text, for whoever bounds bodies.
pub const MESSAGE_TEXT_BYTES_MAX: usize = text_bytes(SEALED_BYTES_MAX);

const SALT_BYTES: usize = 32;
const SEALED_BYTES_MAX: usize = 1 + SALT_BYTES + MESSAGE_BYTES_MAX + TAG_BYTES;
/// The first byte of a sealed message: the form of the rest.
const FORM: u8 = 1;
const DOMAIN: &[u8] = b"testudo org move message 1";

/// The key of one move, wiped when dropped.
pub struct TransferKey {
    id: MoveId,
    key: KeyBytes,
}

/// What a message is: opened as anything else, it does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// From giver to taker: the parcel of this number.
    Parcel(i64),
    /// From taker to giver: where the two differ. It bears no number: an old one that comes again costs the sending of
    /// rows that are equal already, no more.
    Differing,
    /// From a cell to itself or the other: a place in a walk over an org's rows. Which walk, it says inside.
    Place,
}

impl Purpose {
    const fn describe(self) -> &'static str {
        match self {
            Self::Parcel(_) => "a parcel",
            Self::Differing => "what differs",
            Self::Place => "a place in a walk",
        }
    }

    const fn parts(self) -> (u8, i64) {
        match self {
            Self::Parcel(seq) => (1, seq),
            Self::Differing => (2, 0),
            Self::Place => (3, 0),
        }
    }
}

impl TransferKey {
    /// A new key for a move.
    ///
    /// # Errors
    /// [`SealError::Internal`] without randomness.
    pub fn draw(id: MoveId) -> Result<Self, SealError> {
        let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
        // Not from a seeded source, in tests neither: it is a key.
        aws_lc_rs::rand::fill(key.as_mut()).map_err(|_| SealError::Internal("drawing a key"))?;
        Ok(Self { id, key })
    }

    /// A key that was kept.
    #[must_use]
    pub const fn restore(id: MoveId, key: KeyBytes) -> Self {
        Self { id, key }
    }

    /// The key itself, to be wrapped and kept.
    #[must_use]
    pub const fn bytes(&self) -> &KeyBytes {
        &self.key
    }

    /// The move.
    #[must_use]
    pub const fn id(&self) -> &MoveId {
        &self.id
    }

    /// Seals a message of a leg.
    ///
    /// # Errors
    /// [`SealError::TooLarge`], or [`SealError::Internal`] when the library fails.
    pub fn seal(&self, leg: Epoch, purpose: Purpose, message: &[u8]) -> Result<String, SealError> {
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(SealError::TooLarge {
                what: purpose.describe(),
                bytes: message.len(),
            });
        }
        let failed = |_| SealError::Internal("sealing");
        let mut salt = [0_u8; SALT_BYTES];
        aws_lc_rs::rand::fill(&mut salt).map_err(failed)?;
        let key = derive_key(&salt, self.key.as_ref(), DOMAIN).map_err(failed)?;
        let body = seal_once(&key, &self.render_aad(leg, purpose), message).map_err(failed)?;
        let mut sealed = Vec::with_capacity(1 + SALT_BYTES + body.len());
        sealed.push(FORM);
        sealed.extend_from_slice(&salt);
        sealed.extend_from_slice(&body);
        Ok(render_text(&sealed))
    }

    /// Opens what either cell sealed for this leg and purpose.
    ///
    /// # Errors
    /// [`SealError`] for anything else.
    pub fn open(
        &self,
        leg: Epoch,
        purpose: Purpose,
        text: &str,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let what = purpose.describe();
        let sealed = parse_text(what, text, SEALED_BYTES_MAX)?;
        let Some((&FORM, rest)) = sealed.split_first() else {
            return Err(SealError::Malformed(what));
        };
        let Some((salt, body)) = rest.split_first_chunk::<SALT_BYTES>() else {
            return Err(SealError::Malformed(what));
        };
        let key = derive_key(salt, self.key.as_ref(), DOMAIN)
            .map_err(|_| SealError::Internal("deriving a key"))?;
        open_once(&key, &self.render_aad(leg, purpose), body).map_err(|_| SealError::Closed(what))
    }

    fn render_aad(&self, leg: Epoch, purpose: Purpose) -> Vec<u8> {
        let (kind, seq) = purpose.parts();
        render_parts([
            DOMAIN,
            self.id.as_str().as_bytes(),
            &leg.number().to_be_bytes(),
            &[FORM, kind],
            &seq.to_be_bytes(),
        ])
    }
}
