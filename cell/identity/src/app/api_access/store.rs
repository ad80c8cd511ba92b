//! The tables `app_api_grants` and `app_roles`.

use crate::access::Role;
use crate::access::narrowed::{RoleHolder, store as narrowed};
use crate::access::scope::ApiScope;
use crate::app::api_access::ApiGrant;
use crate::fault::Fault;
use crate::person::roles::GrantedRole;
use crate::person::store::{read_granted, read_role};
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{ApiGrantId, AppId, OrgId};
use vocab::time::Timestamp;

fn read_grant(row: &Row) -> Result<ApiGrant, Fault> {
    let scope: String = row.get(1)?;
    Ok(ApiGrant {
        id: row.get(0)?,
        scope: ApiScope::parse(&scope).ok_or_else(|| Fault::stored("scope", &scope))?,
        granted_at: row.get(2)?,
        granted_by: row.get(3)?,
    })
}

/// The scopes that an app was granted, by name.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_grants(
    tx: &mut ReadTx,
    org_id: &OrgId,
    app_id: &AppId,
) -> Result<Vec<ApiGrant>, Fault> {
    let sql = "SELECT id, scope, granted_at, granted_by FROM app_api_grants \
               WHERE org_id = $1 AND app_id = $2 ORDER BY scope";
    let rows = tx.query(sql, params![org_id, app_id]).await?;
    rows.iter().map(read_grant).collect()
}

/// One of them.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load_grant(
    tx: &mut ReadTx,
    org_id: &OrgId,
    app_id: &AppId,
    id: &ApiGrantId,
) -> Result<Option<ApiGrant>, Fault> {
    let sql = "SELECT id, scope, granted_at, granted_by FROM app_api_grants \
               WHERE org_id = $1 AND app_id = $2 AND id = $3";
    let row = tx.query_optional(sql, params![org_id, app_id, id]).await?;
    row.as_ref().map(read_grant).transpose()
}

/// Grants a scope; false if the app has it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert_grant(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
    grant: &ApiGrant,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO app_api_grants (org_id, app_id, id, scope, granted_at, granted_by) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    let values = params![
        org_id,
        app_id,
        &grant.id,
        grant.scope.render(),
        grant.granted_at,
        &grant.granted_by
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Takes a scope back; false if the app did not have it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_grant(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
    id: &ApiGrantId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM app_api_grants WHERE org_id = $1 AND app_id = $2 AND id = $3";
    Ok(tx.execute(sql, params![org_id, app_id, id]).await? == 1)
}

/// The roles of an app: those that are held over everything, and those that are not.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_granted_roles(
    tx: &mut ReadTx,
    org_id: &OrgId,
    app_id: &AppId,
) -> Result<Vec<GrantedRole>, Fault> {
    let sql = "SELECT role, granted_at, 'WHOLE' FROM app_roles WHERE org_id = $1 AND app_id = $2 \
               UNION ALL SELECT role, granted_at, 'NARROWED' FROM narrowed_roles WHERE org_id = $1 AND holder_id = $2 \
               ORDER BY role";
    let rows = tx.query(sql, params![org_id, app_id]).await?;
    rows.iter().map(|row| read_granted(row, 0)).collect()
}

/// The roles that an app holds over everything.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_roles(
    tx: &mut ReadTx,
    org_id: &OrgId,
    app_id: &AppId,
) -> Result<Vec<Role>, Fault> {
    let sql = "SELECT role FROM app_roles WHERE org_id = $1 AND app_id = $2 ORDER BY role";
    let rows = tx.query(sql, params![org_id, app_id]).await?;
    rows.iter().map(|row| read_role(row, 0)).collect()
}

/// Gives an app a role; false if it has it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert_role(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
    role: Role,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO app_roles (org_id, app_id, role, granted_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT DO NOTHING";
    let values = params![org_id, app_id, role.as_str(), now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Takes a role from an app, over whatever it is held; false if it did not have it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_role(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
    role: Role,
) -> Result<bool, DatabaseFault> {
    let holder = RoleHolder::App(app_id.clone());
    let was_narrowed = narrowed::delete(tx, org_id, (&holder, role)).await?;
    let sql = "DELETE FROM app_roles WHERE org_id = $1 AND app_id = $2 AND role = $3";
    let values = params![org_id, app_id, role.as_str()];
    Ok(tx.execute(sql, values).await? == 1 || was_narrowed)
}

/// Takes everything from an app that is removed.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_of_app(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
) -> Result<(), DatabaseFault> {
    for sql in [
        "DELETE FROM app_api_grants WHERE org_id = $1 AND app_id = $2",
        "DELETE FROM app_roles WHERE org_id = $1 AND app_id = $2",
    ] {
        tx.execute(sql, params![org_id, app_id]).await?;
    }
    narrowed::forget_holder(tx, org_id, app_id.as_str()).await
}
