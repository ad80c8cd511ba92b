//! The table `attribute_schemas`.

use crate::attribute_schema::{AttributeSchema, Owner};
use crate::fault::{Fault, Refusal};
use crate::org::settings::ProfileAttribute;
use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::id::OrgId;
use vocab::time::Timestamp;

/// Reads what is stored of attributes.
///
/// # Errors
/// [`Fault`] for what was not written by us.
pub(crate) fn parse_attributes(text: &str) -> Result<Vec<ProfileAttribute>, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::stored("schema of attributes", &error))
}

/// The schema of an owner; an empty one where nothing was added yet.
///
/// # Errors
/// [`Fault`] if it cannot be read.
pub async fn load(tx: &mut ReadTx, org: &OrgId, owner: &Owner) -> Result<AttributeSchema, Fault> {
    let sql = "SELECT attributes, revision, created_at, updated_at FROM attribute_schemas \
               WHERE org_id = $1 AND owner = $2";
    let row = tx.query_optional(sql, params![org, owner.as_str()]).await?;
    let Some(row) = row else {
        return Ok(AttributeSchema::default());
    };
    let attributes: String = row.get(0)?;
    Ok(AttributeSchema {
        attributes: parse_attributes(&attributes)?,
        revision: row.get(1)?,
        changed: Some((row.get(2)?, row.get(3)?)),
    })
}

/// Stores a schema, if nobody changed it since it was read.
///
/// # Errors
/// [`Refusal::Changed`] if somebody did.
pub(super) async fn put(
    tx: &mut WriteTx,
    org: &OrgId,
    owner: &Owner,
    schema: &AttributeSchema,
    now: Timestamp,
) -> Result<(), Refusal> {
    let attributes = serde_json::to_string(&schema.attributes)
        .map_err(|error| Fault::stored("schema of attributes", &error))?;
    let sql = if schema.revision == 0 {
        "INSERT INTO attribute_schemas (org_id, owner, attributes, revision, created_at, updated_at) \
         VALUES ($1, $2, $3, CAST($4 AS BIGINT) + 1, $5, $5) ON CONFLICT (org_id, owner) DO NOTHING"
    } else {
        "UPDATE attribute_schemas SET attributes = $3, revision = revision + 1, updated_at = $5 \
         WHERE org_id = $1 AND owner = $2 AND revision = $4"
    };
    let values = params![org, owner.as_str(), attributes, schema.revision, now];
    match tx.execute(sql, values).await? {
        1 => Ok(()),
        _ => Err(Refusal::Changed),
    }
}

/// Removes the schema of an owner that is no more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn delete(
    tx: &mut WriteTx,
    org: &OrgId,
    owner: &Owner,
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM attribute_schemas WHERE org_id = $1 AND owner = $2";
    tx.execute(sql, params![org, owner.as_str()])
        .await
        .map(|_| ())
}
