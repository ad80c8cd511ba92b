//! The tables `app_secrets` and `inactive_app_secrets`: a secret stands in one of them.

use crate::app::AppStatus;
use crate::app::secrets::KnownSecret;
use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{AppId, AppSecretId, OrgId};
use vocab::time::Timestamp;

/// The secrets of an app, whether or not they are accepted, oldest first.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_all(
    tx: &mut ReadTx,
    org_id: &OrgId,
    app_id: &AppId,
) -> Result<Vec<KnownSecret>, DatabaseFault> {
    let sql = "SELECT id, hint, created_at, COALESCE(activated_at, created_at) FROM app_secrets \
               WHERE org_id = $1 AND app_id = $2";
    let mut secrets = Vec::new();
    for row in tx.query(sql, params![org_id, app_id]).await? {
        secrets.push(KnownSecret {
            id: row.get(0)?,
            hint: row.get(1)?,
            status: AppStatus::Active,
            created_at: row.get(2)?,
            changed_at: row.get(3)?,
        });
    }
    secrets.extend(load_inactive(tx, org_id, app_id).await?);
    secrets.sort_by(|one, other| {
        let place = |secret: &KnownSecret| (secret.created_at, secret.id.clone());
        place(one).cmp(&place(other))
    });
    Ok(secrets)
}

/// The secrets of an app that are switched off.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_inactive(
    tx: &mut ReadTx,
    org_id: &OrgId,
    app_id: &AppId,
) -> Result<Vec<KnownSecret>, DatabaseFault> {
    let sql = "SELECT id, hint, created_at, deactivated_at FROM inactive_app_secrets \
               WHERE org_id = $1 AND app_id = $2";
    let rows = tx.query(sql, params![org_id, app_id]).await?;
    rows.iter()
        .map(|row| {
            Ok(KnownSecret {
                id: row.get(0)?,
                hint: row.get(1)?,
                status: AppStatus::Inactive,
                created_at: row.get(2)?,
                changed_at: row.get(3)?,
            })
        })
        .collect()
}

/// Switches a secret off.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn deactivate(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
    id: &AppSecretId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let copy = "INSERT INTO inactive_app_secrets (org_id, app_id, id, secret_hash, hint, created_at, deactivated_at) \
                SELECT org_id, app_id, id, secret_hash, hint, created_at, CAST($4 AS BIGINT) FROM app_secrets \
                WHERE org_id = $1 AND app_id = $2 AND id = $3";
    tx.execute(copy, params![org_id, app_id, id, now]).await?;
    let sql = "DELETE FROM app_secrets WHERE org_id = $1 AND app_id = $2 AND id = $3";
    tx.execute(sql, params![org_id, app_id, id]).await?;
    Ok(())
}

/// Switches a secret on again.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn activate(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
    id: &AppSecretId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let copy = "INSERT INTO app_secrets (org_id, app_id, id, secret_hash, hint, created_at, activated_at) \
                SELECT org_id, app_id, id, secret_hash, hint, created_at, CAST($4 AS BIGINT) FROM inactive_app_secrets \
                WHERE org_id = $1 AND app_id = $2 AND id = $3";
    tx.execute(copy, params![org_id, app_id, id, now]).await?;
    delete_inactive(tx, org_id, app_id, id).await?;
    Ok(())
}

/// Removes a secret that is switched off; false if there is none such.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_inactive(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
    id: &AppSecretId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM inactive_app_secrets WHERE org_id = $1 AND app_id = $2 AND id = $3";
    Ok(tx.execute(sql, params![org_id, app_id, id]).await? == 1)
}
