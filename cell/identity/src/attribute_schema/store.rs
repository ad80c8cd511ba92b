//! The table `attribute_schemas`. An owner is told by its word ([`Owner::as_str`](crate::attribute_schema::Owner::as_str)), or is a type of
//! people, by its id.

use crate::attribute_schema::{AttributeSchema, Owner};
use crate::fault::{Fault, Refusal};
use crate::org::settings::ProfileAttribute;
use crate::user_type::schemas::TypeSchema;
use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{OrgId, UserTypeId};
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
#[boxed]
pub async fn load(tx: &mut ReadTx, org: &OrgId, owner: &str) -> Result<AttributeSchema, Fault> {
    let sql = "SELECT attributes, revision, created_at, updated_at FROM attribute_schemas \
               WHERE org_id = $1 AND owner = $2";
    let row = tx.query_optional(sql, params![org, owner]).await?;
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

/// What groups have, and what people of each type have other than the one that every org has, by one statement.
///
/// # Errors
/// [`Fault`] if it cannot be read.
pub(crate) async fn load_of_snapshot(
    tx: &mut ReadTx,
    org: &OrgId,
) -> Result<(Vec<ProfileAttribute>, Vec<TypeSchema>), Fault> {
    // No app stands between the word for groups and the types.
    let sql = "SELECT owner, attributes FROM attribute_schemas WHERE org_id = $1 AND owner >= 'groups' AND owner < 'otz' \
               ORDER BY owner";
    let (mut of_groups, mut of_types) = (Vec::new(), Vec::new());
    for row in &tx.query(sql, params![org]).await? {
        let (owner, attributes): (String, String) = (row.get(0)?, row.get(1)?);
        let attributes = parse_attributes(&attributes)?;
        if owner == Owner::Groups.as_str() {
            of_groups = attributes;
        } else if let Ok(key) = UserTypeId::parse(&owner) {
            of_types.push(TypeSchema { key, attributes });
        }
    }
    Ok((of_groups, of_types))
}

/// Stores a schema, if nobody changed it since it was read.
///
/// # Errors
/// [`Refusal::Changed`] if somebody did.
pub(crate) async fn put(
    tx: &mut WriteTx,
    org: &OrgId,
    owner: &str,
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
    let values = params![org, owner, attributes, schema.revision, now];
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
    owner: &str,
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM attribute_schemas WHERE org_id = $1 AND owner = $2";
    tx.execute(sql, params![org, owner]).await.map(|_| ())
}
