//! What must hold of the parsers for any bytes whatever. Each check is run by property tests of this crate on random
//! input and by the fuzz targets on searched input, so that both hold the parsers to the same rule.
//!
//! A check must itself never panic: it returns what was violated.

use crate::identity::proof::Proof;
use crate::org_move::seal::offer::is_canonical;
use crate::org_move::seal::transfer::{Purpose, TransferKey};
use crate::org_move::seal::{KEY_BYTES, SealError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vocab::entropy::SeededEntropy;
use vocab::epoch::Epoch;
use vocab::id::MoveId;
use zeroize::Zeroizing;

/// A property that does not hold, in words.
pub type Violation = &'static str;

fn hold(is_held: bool, violation: Violation) -> Result<(), Violation> {
    if is_held { Ok(()) } else { Err(violation) }
}

/// Offers, grants and the proofs in them have one spelling.
///
/// # Errors
/// The property that does not hold.
pub fn check_move_offer(bytes: &[u8]) -> Result<(), Violation> {
    hold(
        is_canonical(bytes),
        "an offer or grant has a second spelling",
    )?;
    match Proof::parse(bytes) {
        Some(proof) => hold(proof.render() == bytes, "a proof has a second spelling"),
        None => Ok(()),
    }
}

/// No bytes open that were not sealed, as they stand or in base64.
///
/// # Errors
/// The property that does not hold.
pub fn check_move_message(bytes: &[u8]) -> Result<(), Violation> {
    let id = MoveId::generate(&SeededEntropy::new(1));
    let key = TransferKey::restore(id, Zeroizing::new([7; KEY_BYTES]));
    let texts = [
        STANDARD.encode(bytes),
        String::from_utf8_lossy(bytes).into_owned(),
    ];
    for text in &texts {
        for purpose in [Purpose::Parcel(1), Purpose::Differing, Purpose::Place] {
            match key.open(Epoch::FIRST, purpose, text) {
                Ok(_) => return Err("what nobody sealed was opened"),
                Err(SealError::Internal(_)) => return Err("the library failed on foreign bytes"),
                Err(_) => {}
            }
        }
    }
    Ok(())
}
