//! The table `authorization_servers`.

use crate::access::custom::store::sets;
use crate::fault::{Fault, Refusal};
use crate::person::profile::fold;
use crate::server::parts::ServerParts;
use crate::server::{AuthorizationServer, ServerConfig};
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use serde::Serialize;
use vocab::future::boxed;
use vocab::id::{OrgId, ServerId};
use vocab::time::Timestamp;

/// Most custom authorization servers of one org.
pub const SERVERS_MAX: usize = 200;

const ACTIVE: &str = "ACTIVE";
const INACTIVE: &str = "INACTIVE";

fn read(row: &Row) -> Result<AuthorizationServer, Fault> {
    let (id, status): (ServerId, String) = (row.get(1)?, row.get(3)?);
    let (config, parts): (String, String) = (row.get(4)?, row.get(5)?);
    let mut config: ServerConfig = serde_json::from_str(&config)
        .map_err(|error| Fault::stored("settings of an authorization server", &error))?;
    let parts = match parts.as_str() {
        // Nothing was changed since there are parts.
        "" => ServerParts::default(),
        parts => serde_json::from_str(parts)
            .map_err(|error| Fault::stored("parts of an authorization server", &error))?,
    };
    parts.mark_unlisted(&mut config);
    Ok(AuthorizationServer {
        org_id: row.get(0)?,
        name: row.get(2)?,
        active: status == ACTIVE,
        parts: parts.fitted(&id, &config),
        id,
        config,
        revision: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}

/// Every custom server of an org; there are at most [`SERVERS_MAX`].
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_all(tx: &mut ReadTx, org_id: &OrgId) -> Result<Vec<AuthorizationServer>, Fault> {
    let sql = "SELECT org_id, id, name, status, config, parts, revision, created_at, updated_at \
               FROM authorization_servers WHERE org_id = $1 ORDER BY name_key";
    let rows = tx.query(sql, params![org_id]).await?;
    rows.iter().map(read).collect()
}

/// The custom server of that id.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org_id: &OrgId,
    server_id: &ServerId,
) -> Result<Option<AuthorizationServer>, Fault> {
    let sql = "SELECT org_id, id, name, status, config, parts, revision, created_at, updated_at \
               FROM authorization_servers WHERE org_id = $1 AND id = $2";
    let row = tx.query_optional(sql, params![org_id, server_id]).await?;
    row.as_ref().map(read).transpose()
}

/// How many custom servers an org has.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn count(tx: &mut ReadTx, org_id: &OrgId) -> Result<usize, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM authorization_servers WHERE org_id = $1";
    let row = tx.query_optional(sql, params![org_id]).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn render<T: Serialize>(document: &T) -> Result<String, Fault> {
    serde_json::to_string(document)
        .map_err(|error| Fault::stored("settings of an authorization server", &error))
}

/// Adds a server.
///
/// # Errors
/// [`Refusal::Taken`] if the name is in use.
#[boxed]
pub async fn insert(
    tx: &mut WriteTx,
    server: &AuthorizationServer,
    now: Timestamp,
) -> Result<(), Refusal> {
    let sql = "INSERT INTO authorization_servers (org_id, id, name, name_key, status, config, parts, revision, \
               created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8)";
    let (config, parts) = (render(&server.config)?, render(&server.parts)?);
    let status = if server.active { ACTIVE } else { INACTIVE };
    let values = params![
        &server.org_id,
        &server.id,
        &server.name,
        fold(&server.name),
        status,
        config,
        parts,
        now
    ];
    match tx.execute(sql, values).await {
        Ok(_) => Ok(()),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "name" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Changes a server if the revision is still the one that was read.
///
/// # Errors
/// [`Refusal::Changed`] or [`Refusal::Taken`].
#[boxed]
pub async fn update(
    tx: &mut WriteTx,
    server: &AuthorizationServer,
    now: Timestamp,
) -> Result<(), Refusal> {
    let sql = "UPDATE authorization_servers SET name = $1, name_key = $2, status = $3, config = $4, parts = $5, \
               revision = revision + 1, updated_at = $6 WHERE org_id = $7 AND id = $8 AND revision = $9";
    let (config, parts) = (render(&server.config)?, render(&server.parts)?);
    let status = if server.active { ACTIVE } else { INACTIVE };
    let values = params![
        &server.name,
        fold(&server.name),
        status,
        config,
        parts,
        now,
        &server.org_id,
        &server.id,
        server.revision
    ];
    match tx.execute(sql, values).await {
        Ok(1) => Ok(()),
        Ok(_) => Err(Refusal::Changed),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "name" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Deletes a server that is switched off, with what people consented to there; false if it is in use.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_inactive(
    tx: &mut WriteTx,
    org_id: &OrgId,
    server_id: &ServerId,
) -> Result<bool, DatabaseFault> {
    let sql =
        "DELETE FROM authorization_servers WHERE org_id = $1 AND id = $2 AND status = 'INACTIVE'";
    if tx.execute(sql, params![org_id, server_id]).await? != 1 {
        return Ok(false);
    }
    let sql = "DELETE FROM consents WHERE org_id = $1 AND server_id = $2";
    tx.execute(sql, params![org_id, server_id]).await?;
    sets::forget_target(tx, org_id, server_id.as_str()).await?;
    Ok(true)
}
