//! Hook keys: key pairs that this product makes and keeps, by which inline hooks prove themselves where they get their tokens
//! (`private_key_jwt`, RFC 7523). Only the public half is ever shown; the private one is sealed for its place, and opened to sign.

pub mod operations;
pub(crate) mod signing;
pub mod store;

use protocol::jose::algorithm::Algorithm;
use vocab::id::{HookKeyId, OrgId};
use vocab::time::Timestamp;

/// Most keys of one org.
pub const KEYS_MAX: usize = 50;
/// Longest name.
pub const NAME_CHARS_MAX: usize = 255;
/// What they sign with: what every token endpoint reads.
const ALGORITHM: Algorithm = Algorithm::Rs256;

/// A key pair, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookKey {
    /// The org it belongs to.
    pub org_id: OrgId,
    /// Its id.
    pub id: HookKeyId,
    /// The id of its public half, which stands in the head of what it signs.
    pub kid: String,
    /// Its name, which no other key of the org has.
    pub name: String,
    /// The public half: JSON.
    pub public_jwk: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last renamed.
    pub updated_at: Timestamp,
}

/// To what its private half is bound.
fn place_of(id: &HookKeyId) -> String {
    format!("hook-key:{id}/private")
}
