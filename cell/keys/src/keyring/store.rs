//! The SQL of org keys.

use crate::keyring::Wrapping;
use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::id::OrgId;
use vocab::time::Timestamp;

/// One version of an org's key as one root of trust wrapped it.
#[derive(Clone)]
pub(crate) struct WrappedKey {
    pub(crate) version: i64,
    pub(crate) wrap: Wrap,
}

/// A key as one root of trust wrapped it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Wrap {
    pub(crate) root_id: String,
    pub(crate) wrapped: Vec<u8>,
}

/// All versions under all roots, the newest version first.
pub(crate) async fn load_keys(
    tx: &mut ReadTx,
    org: &OrgId,
) -> Result<Vec<WrappedKey>, DatabaseFault> {
    const LOAD: &str = "SELECT version, root_id, wrapped FROM org_keys WHERE org_id = $1 ORDER BY version DESC, root_id";
    let rows = tx.query(LOAD, params![org]).await?;
    rows.iter()
        .map(|row| {
            Ok(WrappedKey {
                version: row.get(0)?,
                wrap: Wrap {
                    root_id: row.get(1)?,
                    wrapped: row.get(2)?,
                },
            })
        })
        .collect()
}

/// Which root wrapped which version, and since when; the newest version first.
pub(crate) async fn load_wrappings(
    tx: &mut ReadTx,
    org: &OrgId,
) -> Result<Vec<Wrapping>, DatabaseFault> {
    const LOAD: &str = "SELECT version, root_id, created_at FROM org_keys WHERE org_id = $1
         ORDER BY version DESC, root_id";
    let rows = tx.query(LOAD, params![org]).await?;
    rows.iter()
        .map(|row| {
            Ok(Wrapping {
                version: row.get(0)?,
                root: row.get(1)?,
                since: row.get(2)?,
            })
        })
        .collect()
}

/// Adds a wrapped key; false if it is there already.
pub(crate) async fn insert_key(
    tx: &mut WriteTx,
    org: &OrgId,
    key: &WrappedKey,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    const INSERT: &str = "INSERT INTO org_keys (org_id, version, root_id, wrapped, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (org_id, version, root_id) DO NOTHING";
    let (root_id, wrapped) = (&key.wrap.root_id, key.wrap.wrapped.as_slice());
    let values = params![org, key.version, root_id, wrapped, now];
    Ok(tx.execute(INSERT, values).await? == 1)
}

/// Forgets the org's key, in all versions under all roots. The stored bytes are written over first: a row that is
/// merely deleted can stay in the file of an embedded store until its place is used again.
pub(crate) async fn delete_keys(tx: &mut WriteTx, org: &OrgId) -> Result<u64, DatabaseFault> {
    const OVERWRITE: &str = "UPDATE org_keys SET wrapped = $4
         WHERE org_id = $1 AND version = $2 AND root_id = $3";
    const DELETE: &str = "DELETE FROM org_keys WHERE org_id = $1";
    for key in load_keys(tx, org).await? {
        // Of the same length, so that it takes the same place.
        let nothing = vec![0_u8; key.wrap.wrapped.len()];
        let values = params![org, key.version, &key.wrap.root_id, nothing];
        tx.execute(OVERWRITE, values).await?;
    }
    tx.execute(DELETE, params![org]).await
}

/// Any org that has a key, to try the roots on.
pub(crate) async fn load_any_org(tx: &mut ReadTx) -> Result<Option<OrgId>, DatabaseFault> {
    const ANY: &str = "SELECT org_id FROM org_keys ORDER BY org_id LIMIT 1";
    tx.query_optional(ANY, &[])
        .await?
        .map(|row| row.get(0))
        .transpose()
}

/// Orgs with a version that this root has not wrapped, after an org.
pub(crate) async fn load_orgs_without_root(
    tx: &mut ReadTx,
    root_id: &str,
    limit: i64,
) -> Result<Vec<OrgId>, DatabaseFault> {
    const LOAD: &str = "SELECT DISTINCT k.org_id FROM org_keys k WHERE NOT EXISTS (
             SELECT 1 FROM org_keys w WHERE w.org_id = k.org_id AND w.version = k.version AND w.root_id = $1
         ) AND k.org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') ORDER BY k.org_id LIMIT $2";
    let rows = tx.query(LOAD, params![root_id, limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}
