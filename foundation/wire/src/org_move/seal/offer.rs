//! How the taker comes by the key of a move: it offers, the giver seals to the offer.
//!
//! The key is sealed twice, by HPKE (RFC 9180, X25519) and around that to ML-KEM-768 (FIPS 203): whoever keeps what is
//! carried today must break both. The private halves live in the memory of the taker alone; after a restart it offers anew.

use crate::identity::proof::{PROOF_BYTES_MAX, Proof, ProofError};
use crate::identity::{FleetIdentity, FleetRole};
use crate::names::CellName;
use crate::org_move::seal::transfer::TransferKey;
use crate::org_move::seal::{
    KEY_BYTES, SealError, TAG_BYTES, Terms, derive_key, open_once, parse_text, render_text,
    seal_once, text_bytes,
};
use crate::parts::{parse_parts, render_parts};
use aws_lc_rs::kem::{Ciphertext, DecapsulationKey, EncapsulationKey, ML_KEM_768};
use rustls::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_256 as HPKE;
use rustls::crypto::hpke::{EncapsulatedSecret, Hpke as _, HpkePrivateKey, HpkePublicKey};
use vocab::time::Timestamp;
use zeroize::Zeroizing;

/// Largest offer as text, for whoever bounds bodies; a grant is no larger.
pub const OFFER_TEXT_BYTES_MAX: usize = text_bytes(OFFER_BYTES_MAX);

/// Room for the lengths and the form beside the parts.
const FRAME_BYTES_MAX: usize = 64;
const CURVE_KEY_BYTES: usize = 32;
const LATTICE_KEY_BYTES: usize = 1_184;
const LATTICE_CIPHERTEXT_BYTES: usize = 1_088;
/// The key of the move under HPKE: the encapsulated secret, the key, two tags.
const SEALED_KEY_BYTES: usize = CURVE_KEY_BYTES + KEY_BYTES + 2 * TAG_BYTES;
const OFFER_BYTES_MAX: usize =
    FRAME_BYTES_MAX + CURVE_KEY_BYTES + LATTICE_KEY_BYTES + PROOF_BYTES_MAX;
/// The first part of an offer and of a grant: the form of the rest.
const FORM: &[u8] = &[1];
const OFFER: &str = "an offer";
const GRANT: &str = "a grant";
const OFFER_DOMAIN: &[u8] = b"testudo org move offer 1";
const GRANT_DOMAIN: &[u8] = b"testudo org move grant 1";

/// What the taker keeps of its offer until the grant comes.
pub struct OfferKey {
    terms: Terms,
    offered: Offered,
    curve: HpkePrivateKey,
    lattice: DecapsulationKey,
    text: String,
}

/// The public keys of an offer.
#[derive(Clone, PartialEq, Eq)]
struct Offered {
    curve: [u8; CURVE_KEY_BYTES],
    lattice: Vec<u8>,
}

/// The key of the move, sealed to an offer.
struct Granted {
    encapsulated: [u8; LATTICE_CIPHERTEXT_BYTES],
    sealed: [u8; SEALED_KEY_BYTES],
}

impl OfferKey {
    /// Draws keys for a move, and signs for them as its taker.
    ///
    /// # Errors
    /// [`SealError`] if this process has no randomness or cannot sign.
    pub fn draw(identity: &FleetIdentity, terms: Terms) -> Result<Self, SealError> {
        let failed = || SealError::Internal("drawing the keys of an offer");
        let (curve_public, curve) = HPKE.generate_key_pair().map_err(|_| failed())?;
        let lattice = DecapsulationKey::generate(&ML_KEM_768).map_err(|_| failed())?;
        let lattice_public = lattice
            .encapsulation_key()
            .and_then(|key| key.key_bytes())
            .map_err(|_| failed())?;
        let offered = Offered {
            curve: curve_public.0.try_into().map_err(|_| failed())?,
            lattice: lattice_public.as_ref().to_vec(),
        };
        let proof = identity.prove(&offered.render_statement(&terms));
        let proof = proof.map_err(not_proved(OFFER))?;
        Ok(Self {
            text: render_text(&render_offer(&offered, &proof)),
            terms,
            offered,
            curve,
            lattice,
        })
    }

    /// The offer as text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it was drawn for.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The key of the move, from the grant that the giver sealed to this offer.
    ///
    /// # Errors
    /// [`SealError`] for a grant of anybody else, of another move, or to another offer.
    pub fn open_grant(
        &self,
        identity: &FleetIdentity,
        grant: &str,
        now: Timestamp,
    ) -> Result<TransferKey, SealError> {
        let (granted, proof) = parse_grant(&parse_text(GRANT, grant, OFFER_BYTES_MAX)?)
            .ok_or(SealError::Malformed(GRANT))?;
        let statement = granted.render_statement(&self.terms, &self.offered);
        verify(identity, &proof, &self.terms.giver, &statement, now).map_err(not_proved(GRANT))?;
        self.open_granted(&granted).ok_or(SealError::Closed(GRANT))
    }

    fn open_granted(&self, granted: &Granted) -> Option<TransferKey> {
        let info = self.offered.render_statement(&self.terms);
        let shared = Ciphertext::from(granted.encapsulated.as_slice());
        let shared = self.lattice.decapsulate(shared).ok()?;
        let outer = derive_key(GRANT_DOMAIN, shared.as_ref(), &info).ok()?;
        let inner = open_once(&outer, GRANT_DOMAIN, &granted.sealed).ok()?;
        let (encapsulated, inner) = inner.split_at_checked(CURVE_KEY_BYTES)?;
        let encapsulated = EncapsulatedSecret(encapsulated.to_vec());
        let opened = HPKE.open(&encapsulated, &info, GRANT_DOMAIN, inner, &self.curve);
        let opened = Zeroizing::new(opened.ok()?);
        let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
        if opened.len() != KEY_BYTES {
            return None;
        }
        key.copy_from_slice(&opened);
        Some(TransferKey::restore(self.terms.id.clone(), key))
    }
}

/// Seals the key of the move to an offer, once it is proved to be the taker's own, and signs for it as the giver. To seal
/// the same key again, to this offer or to a later one, does no harm.
///
/// # Errors
/// [`SealError`] for an offer of anybody else or of another move.
pub fn seal_grant(
    identity: &FleetIdentity,
    terms: &Terms,
    offer: &str,
    key: &TransferKey,
    now: Timestamp,
) -> Result<String, SealError> {
    if *key.id() != terms.id {
        return Err(SealError::Internal("granting the key of another move"));
    }
    let offer = parse_text(OFFER, offer, OFFER_BYTES_MAX)?;
    let (offered, proof) = parse_offer(&offer).ok_or(SealError::Malformed(OFFER))?;
    let statement = offered.render_statement(terms);
    verify(identity, &proof, &terms.taker, &statement, now).map_err(not_proved(OFFER))?;
    let granted = grant(&offered, &statement, key).ok_or(SealError::Malformed(OFFER))?;
    let proof = identity
        .prove(&granted.render_statement(terms, &offered))
        .map_err(not_proved(GRANT))?;
    Ok(render_text(&render_grant(&granted, &proof)))
}

/// The one of the two keys that is broken first protects nothing any more, the other still all.
fn grant(offered: &Offered, info: &[u8], key: &TransferKey) -> Option<Granted> {
    let public = HpkePublicKey(offered.curve.to_vec());
    let inner = HPKE.seal(info, GRANT_DOMAIN, key.bytes().as_ref(), &public);
    let (encapsulated, inner) = inner.ok()?;
    let inner = [encapsulated.0, inner].concat();
    let (encapsulated, shared) = EncapsulationKey::new(&ML_KEM_768, &offered.lattice)
        .ok()?
        .encapsulate()
        .ok()?;
    let outer = derive_key(GRANT_DOMAIN, shared.as_ref(), info).ok()?;
    let sealed = seal_once(&outer, GRANT_DOMAIN, &inner).ok()?;
    Some(Granted {
        encapsulated: encapsulated.as_ref().try_into().ok()?,
        sealed: sealed.try_into().ok()?,
    })
}

impl Offered {
    /// What the taker signs, and what a grant is bound to.
    fn render_statement(&self, terms: &Terms) -> Vec<u8> {
        render_parts([OFFER_DOMAIN, &terms.render(), &self.curve, &self.lattice])
    }
}

impl Granted {
    /// What the giver signs.
    fn render_statement(&self, terms: &Terms, offered: &Offered) -> Vec<u8> {
        let offered = offered.render_statement(terms);
        render_parts([GRANT_DOMAIN, &offered, &self.encapsulated, &self.sealed])
    }
}

fn verify(
    identity: &FleetIdentity,
    proof: &Proof,
    cell: &CellName,
    statement: &[u8],
    now: Timestamp,
) -> Result<(), ProofError> {
    identity.verify(proof, (FleetRole::Cell, cell.as_str()), statement, now)
}

fn not_proved(what: &'static str) -> impl FnOnce(ProofError) -> SealError {
    move |proof| SealError::NotProved { what, proof }
}

/// Whether offers and grants have one spelling, for any bytes: what parses is written the same again.
pub(crate) fn is_canonical(bytes: &[u8]) -> bool {
    let offer = parse_offer(bytes).map(|(offered, proof)| render_offer(&offered, &proof));
    let grant = parse_grant(bytes).map(|(granted, proof)| render_grant(&granted, &proof));
    offer.iter().chain(&grant).all(|rendered| rendered == bytes)
}

fn render_offer(offered: &Offered, proof: &Proof) -> Vec<u8> {
    render_parts([FORM, &offered.curve, &offered.lattice, &proof.render()])
}

fn parse_offer(bytes: &[u8]) -> Option<(Offered, Proof)> {
    let parts = parse_parts(bytes, 4)?;
    let [form, curve, lattice, proof] = parts.as_slice() else {
        return None;
    };
    let shaped = *form == FORM && lattice.len() == LATTICE_KEY_BYTES;
    let offered = Offered {
        curve: (*curve).try_into().ok()?,
        lattice: lattice.to_vec(),
    };
    shaped.then_some((offered, Proof::parse(proof)?))
}

fn render_grant(granted: &Granted, proof: &Proof) -> Vec<u8> {
    let Granted {
        encapsulated,
        sealed,
    } = granted;
    render_parts([FORM, encapsulated, sealed, &proof.render()])
}

fn parse_grant(bytes: &[u8]) -> Option<(Granted, Proof)> {
    let parts = parse_parts(bytes, 4)?;
    let [form, encapsulated, sealed, proof] = parts.as_slice() else {
        return None;
    };
    let granted = Granted {
        encapsulated: (*encapsulated).try_into().ok()?,
        sealed: (*sealed).try_into().ok()?,
    };
    (*form == FORM).then_some((granted, Proof::parse(proof)?))
}
