//! Roots of trust, org keys, purpose keys, signing keys: seal, open, sign, rotate.
//!
//! A root of trust wraps one key per org; under the org's key everything secret at rest is sealed, bound to its org and
//! its place, so that a sealed value that is moved elsewhere does not open. Signing keys of authorization servers are
//! sealed the same way and rotate so that whoever caches the published keys never meets an unknown one.
//!
//! A key in the clear never leaves the memory of this crate but as a derived purpose key, or with its org for another
//! cell, to be sealed to that cell at once; and it is wiped when dropped.

mod cache;
mod envelope;
mod fault;
mod keyring;
mod org_key;
mod pair;
mod root;
mod signing;

#[cfg(test)]
mod for_tests;

pub use crate::fault::{KeyFault, RootFault, RootProblem};
pub use crate::keyring::moving::{ArrivedOrgKey, EXPORTED_BYTES_MAX, StoredOrgKey, delete_org_key};
pub use crate::keyring::{Keyring, NewOrgKey, Wrapping};
pub use crate::org_key::{KEY_BYTES, KeyBytes, OrgKeys};
pub use crate::pair::SealedPair;
pub use crate::root::file::{FileRoot, FileRootError, FileRootProblem};
pub use crate::root::{RootFuture, RootOfTrust};
pub use crate::signing::jwks::JwksDocument;
pub use crate::signing::plan::{KeyFacts, KeyPhase, Step, plan_rotation};
pub use crate::signing::schedule::{RotationSchedule, ScheduleError};
pub use crate::signing::scope::ServerKeyScope;
pub use crate::signing::signer::Signer;
pub use crate::signing::{KeyView, RotationReport, SigningKeys, delete_server_keys};

/// The tables of this crate: the second step of the cell's schema.
pub const MIGRATION: database::Migration = database::Migration {
    version: 2,
    name: "keys",
    sql: include_str!("schema/001_keys.sql"),
};
