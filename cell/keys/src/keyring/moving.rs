//! An org's key leaves for another cell, or arrives from one; and the key of a move is kept over restarts.
//!
//! What is exported is the key in the clear: the caller seals it at once to the other cell, and keeps nothing. Roots of
//! trust are asked before and after transactions, never inside.

use crate::fault::KeyFault;
use crate::keyring::Keyring;
use crate::keyring::store::{self, Wrap, WrappedKey};
use crate::org_key::{KEY_BYTES, KeyBytes};
use database::{DatabaseFault, ReadTx, WriteTx};
use vocab::id::{ID_CHARS, MoveId, OrgId};
use vocab::time::Timestamp;
use zeroize::Zeroizing;

/// Most versions of one org's key that are moved.
const VERSIONS_MAX: usize = 4_096;
/// Most roots of trust that one kept key is wrapped by.
const ROOTS_MAX: usize = 16;
/// The first byte of what is written here: the form of the rest.
const FORM: u8 = 1;
const HEAD_BYTES: usize = 1 + ID_CHARS;
const VERSION_BYTES: usize = 4 + KEY_BYTES;

/// Largest export of an org's key.
pub const EXPORTED_BYTES_MAX: usize = HEAD_BYTES + VERSIONS_MAX * VERSION_BYTES;

/// An org's key as it is stored in this cell, wrapped: of no use without a root of trust.
pub struct StoredOrgKey {
    org: OrgId,
    wrapped: Vec<WrappedKey>,
}

impl StoredOrgKey {
    /// Reads it, in the snapshot or transaction of the caller.
    ///
    /// # Errors
    /// The store's fault.
    pub async fn load(tx: &mut ReadTx, org: &OrgId) -> Result<Self, DatabaseFault> {
        Ok(Self {
            org: org.clone(),
            wrapped: store::load_keys(tx, org).await?,
        })
    }
}

/// An org's key from another cell, wrapped for this one: what remains is to write it with the rest of the org.
#[derive(Clone)]
pub struct ArrivedOrgKey {
    org: OrgId,
    wrapped: Vec<WrappedKey>,
    now: Timestamp,
}

impl ArrivedOrgKey {
    /// Writes the key in place of the one that the org has here, if any: another move may have left a shorter one.
    /// Afterwards [`Keyring::forget_org`] drops what is remembered.
    ///
    /// # Errors
    /// The store's fault; the transaction is then over.
    pub async fn replace(&self, tx: &mut WriteTx) -> Result<(), DatabaseFault> {
        store::delete_keys(tx, &self.org).await?;
        for wrapped in &self.wrapped {
            store::insert_key(tx, &self.org, wrapped, self.now).await?;
        }
        Ok(())
    }
}

/// Destroys an org's key in the caller's transaction, and says how many wrapped keys it was. Nothing that was sealed for
/// the org opens in this cell any more, not even from a copy of its rows; a backup from before still holds the wrapped
/// key, and goes when backups go. Afterwards [`Keyring::forget_org`] drops what is remembered.
///
/// # Errors
/// The store's fault.
pub async fn delete_org_key(tx: &mut WriteTx, org: &OrgId) -> Result<u64, DatabaseFault> {
    store::delete_keys(tx, org).await
}

impl Keyring {
    /// The org's key in all versions, in the clear, to be sealed to another cell at once. Equal keys have equal exports,
    /// whatever roots wrapped them.
    ///
    /// # Errors
    /// [`KeyFault`] when there is none or no root unwraps it.
    pub async fn export_org_key(
        &self,
        stored: StoredOrgKey,
    ) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
        let StoredOrgKey { org, wrapped } = stored;
        let keys = self.unwrap_versions(&org, wrapped).await?;
        match keys.len() {
            0 => Err(KeyFault::NoOrgKey(org)),
            versions if versions > VERSIONS_MAX => Err(KeyFault::TooManyVersions { org, versions }),
            _ => Ok(render_export(&org, &keys)),
        }
    }

    /// Wraps what another cell exported under the roots of trust of this one. Call it before the transaction.
    ///
    /// # Errors
    /// [`KeyFault::NotExported`] for anything else; [`KeyFault::Root`] when no root of trust wraps it.
    pub async fn prepare_arrival(
        &self,
        org: &OrgId,
        exported: &[u8],
    ) -> Result<ArrivedOrgKey, KeyFault> {
        let keys = parse_export(org, exported);
        let keys = keys.ok_or_else(|| KeyFault::NotExported(org.clone()))?;
        let mut wrapped = Vec::with_capacity(keys.len());
        for (version, key) in &keys {
            wrapped.extend(self.wrap(org, *version, key).await?);
        }
        Ok(ArrivedOrgKey {
            org: org.clone(),
            wrapped,
            now: self.0.clock.now(),
        })
    }

    /// Wraps the key of a move under the roots of trust of this cell, to be kept until the move is over.
    ///
    /// # Errors
    /// [`KeyFault::Root`] when no root of trust wraps it.
    pub async fn wrap_transfer_key(
        &self,
        id: &MoveId,
        org: &OrgId,
        key: &KeyBytes,
    ) -> Result<Vec<u8>, KeyFault> {
        let wraps = self.wrap_by_all(org, &render_context(id, org), key).await?;
        render_wraps(&wraps).ok_or(KeyFault::Internal("keeping the key of a move"))
    }

    /// The key of a move, as it was kept.
    ///
    /// # Errors
    /// [`KeyFault::Sealed`] for anything that was not kept for this move and org, other faults when no root unwraps it.
    pub async fn unwrap_transfer_key(
        &self,
        id: &MoveId,
        org: &OrgId,
        kept: &[u8],
    ) -> Result<KeyBytes, KeyFault> {
        let wraps = parse_wraps(kept).ok_or_else(|| KeyFault::Sealed {
            context: format!("move:{id}"),
        })?;
        self.unwrap_by_any(org, &render_context(id, org), &wraps)
            .await
    }
}

/// What a kept key of a move is bound to; it begins otherwise than what an org's key is bound to.
fn render_context(id: &MoveId, org: &OrgId) -> Vec<u8> {
    format!("testudo transfer key 1:{id}:{org}").into_bytes()
}

fn render_export(org: &OrgId, keys: &[(u32, KeyBytes)]) -> Zeroizing<Vec<u8>> {
    // All of its room at once: a buffer that grows leaves keys behind where it was.
    let room = HEAD_BYTES + keys.len() * VERSION_BYTES;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    bytes.push(FORM);
    bytes.extend_from_slice(org.as_str().as_bytes());
    for (version, key) in keys {
        bytes.extend_from_slice(&version.to_be_bytes());
        bytes.extend_from_slice(key.as_ref());
    }
    bytes
}

/// The versions rise from one to the next, from 1 or more; there is at least one.
fn parse_export(org: &OrgId, bytes: &[u8]) -> Option<Vec<(u32, KeyBytes)>> {
    if bytes.len() > EXPORTED_BYTES_MAX {
        return None;
    }
    let (head, versions) = bytes.split_at_checked(HEAD_BYTES)?;
    let (form, of) = head.split_first()?;
    if *form != FORM || of != org.as_str().as_bytes() {
        return None;
    }
    let (mut keys, mut last) = (Vec::new(), 0);
    let (versions, rest) = versions.as_chunks::<VERSION_BYTES>();
    for version in versions {
        let (number, bytes) = version.split_first_chunk::<4>()?;
        let number = u32::from_be_bytes(*number);
        let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
        key.copy_from_slice(bytes);
        if number <= last {
            return None;
        }
        last = number;
        keys.push((number, key));
    }
    (rest.is_empty() && !keys.is_empty()).then_some(keys)
}

/// Each root's id and what it wrapped, with their lengths before them.
fn render_wraps(wraps: &[Wrap]) -> Option<Vec<u8>> {
    if wraps.len() > ROOTS_MAX {
        return None;
    }
    let mut bytes = vec![FORM];
    for wrap in wraps {
        for part in [wrap.root_id.as_bytes(), &wrap.wrapped] {
            bytes.extend_from_slice(&u16::try_from(part.len()).ok()?.to_be_bytes());
            bytes.extend_from_slice(part);
        }
    }
    Some(bytes)
}

fn parse_wraps(bytes: &[u8]) -> Option<Vec<Wrap>> {
    let (form, mut rest) = bytes.split_first()?;
    let mut wraps = Vec::new();
    while !rest.is_empty() && wraps.len() < ROOTS_MAX {
        let (root_id, after) = parse_part(rest)?;
        let (wrapped, after) = parse_part(after)?;
        rest = after;
        wraps.push(Wrap {
            root_id: String::from_utf8(root_id.to_vec()).ok()?,
            wrapped: wrapped.to_vec(),
        });
    }
    (*form == FORM && rest.is_empty() && !wraps.is_empty()).then_some(wraps)
}

fn parse_part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests;
