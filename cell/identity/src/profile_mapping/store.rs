//! The table `profile_mappings`.

use crate::attribute_schema::store as schemas;
use crate::fault::{Fault, Refusal};
use crate::org::settings::ProfileAttribute;
use crate::profile_mapping::{Mapped, ProfileMapping, Properties};
use crate::user_type::schemas::OrgSchemas;
use crate::user_type::store::load_schemas;
use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{AppId, OrgId};
use vocab::time::Timestamp;

/// Reads what is stored of properties.
///
/// # Errors
/// [`Fault`] for what was not written by us.
pub(crate) fn parse_properties(text: &str) -> Result<Properties, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::stored("profile mapping", &error))
}

/// The mapping of an app; an empty one where nothing was mapped yet.
///
/// # Errors
/// [`Fault`] if it cannot be read.
#[boxed]
pub async fn load(tx: &mut ReadTx, org: &OrgId, app: &AppId) -> Result<ProfileMapping, Fault> {
    let sql = "SELECT properties, revision FROM profile_mappings WHERE org_id = $1 AND app_id = $2";
    let Some(row) = tx.query_optional(sql, params![org, app]).await? else {
        return Ok(ProfileMapping::default());
    };
    let properties: String = row.get(0)?;
    Ok(ProfileMapping {
        properties: parse_properties(&properties)?,
        revision: row.get(1)?,
    })
}

/// The attributes that the people of an org have, of whatever type they are.
///
/// # Errors
/// [`Fault`] if they cannot be read.
pub(crate) async fn load_of_people(
    tx: &mut ReadTx,
    org: &OrgId,
) -> Result<Vec<ProfileAttribute>, Fault> {
    let schemas = load_schemas(tx, org).await?;
    Ok(schemas.as_schemas().every().into_owned())
}

/// The schema and the mapping of an app, ready to be asked.
///
/// # Errors
/// [`Fault`] if something cannot be read.
pub(crate) async fn load_mapped(
    tx: &mut ReadTx,
    org: &OrgId,
    app: &AppId,
) -> Result<Mapped, Fault> {
    let of_app = schemas::load(tx, org, app.as_str()).await?;
    let of_app = of_app.attributes;
    if of_app.is_empty() {
        return Ok(Mapped::default());
    }
    let properties = load(tx, org, app).await?.properties;
    let of_people = match properties.is_empty() {
        true => OrgSchemas::default(),
        false => load_schemas(tx, org).await?,
    };
    Ok(Mapped::read(&properties, of_people.as_schemas(), of_app))
}

/// Stores a mapping, if nobody changed it since it was read.
///
/// # Errors
/// [`Refusal::Changed`] if somebody did.
pub(super) async fn put(
    tx: &mut WriteTx,
    (org, app): (&OrgId, &AppId),
    mapping: &ProfileMapping,
    now: Timestamp,
) -> Result<(), Refusal> {
    let properties = serde_json::to_string(&mapping.properties)
        .map_err(|error| Fault::stored("profile mapping", &error))?;
    let sql = if mapping.revision == 0 {
        "INSERT INTO profile_mappings (org_id, app_id, properties, revision, created_at, updated_at) \
         VALUES ($1, $2, $3, CAST($4 AS BIGINT) + 1, $5, $5) ON CONFLICT (org_id, app_id) DO NOTHING"
    } else {
        "UPDATE profile_mappings SET properties = $3, revision = revision + 1, updated_at = $5 \
         WHERE org_id = $1 AND app_id = $2 AND revision = $4"
    };
    let values = params![org, app, properties, mapping.revision, now];
    match tx.execute(sql, values).await? {
        1 => Ok(()),
        _ => Err(Refusal::Changed),
    }
}

/// Drops what is mapped to attributes that an app has no more: one of that name that comes later is another one.
///
/// # Errors
/// [`Refusal`] if the store fails.
pub(crate) async fn keep_known(
    tx: &mut WriteTx,
    (org, app): (&OrgId, &AppId),
    of_app: &[ProfileAttribute],
    now: Timestamp,
) -> Result<(), Refusal> {
    let stored = load(tx, org, app).await?;
    let count = stored.properties.len();
    let known = stored.known(of_app);
    match known.properties.len() == count {
        true => Ok(()),
        false => put(tx, (org, app), &known, now).await,
    }
}

/// Removes the mapping of an app that is no more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn delete(
    tx: &mut WriteTx,
    org: &OrgId,
    app: &AppId,
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM profile_mappings WHERE org_id = $1 AND app_id = $2";
    tx.execute(sql, params![org, app]).await.map(|_| ())
}
