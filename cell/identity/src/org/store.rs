//! The tables `orgs`, `org_hosts` and `org_logos`.

use crate::fault::{Fault, Refusal};
use crate::org::Org;
use crate::org::logo::{Logo, LogoFormat};
use crate::org::settings::OrgSettings;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::OrgId;
use vocab::slug::Slug;
use vocab::time::Timestamp;

fn read(row: &Row) -> Result<Org, Fault> {
    let slug: String = row.get(1)?;
    let settings: String = row.get(4)?;
    Ok(Org {
        id: row.get(0)?,
        slug: Slug::parse(&slug).map_err(|error| Fault::stored("slug of an org", &error))?,
        name: row.get(2)?,
        ordinal: row.get(3)?,
        settings: serde_json::from_str(&settings)
            .map_err(|error| Fault::stored("settings of an org", &error))?,
        revision: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}

/// The org of that id.
///
/// # Errors
/// [`Fault`] if it cannot be read.
#[boxed]
pub async fn load(tx: &mut ReadTx, org_id: &OrgId) -> Result<Option<Org>, Fault> {
    let sql = "SELECT id, slug, name, ordinal, settings, revision, created_at, updated_at FROM orgs WHERE id = $1";
    let row = tx.query_optional(sql, params![org_id]).await?;
    row.as_ref().map(read).transpose()
}

/// The id of the org of that short name.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn find_by_slug(tx: &mut ReadTx, slug: &str) -> Result<Option<OrgId>, DatabaseFault> {
    let row = tx
        .query_optional("SELECT id FROM orgs WHERE slug = $1", params![slug])
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// The id of the org that answers at that host name.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn find_by_host(tx: &mut ReadTx, host: &str) -> Result<Option<OrgId>, DatabaseFault> {
    let row = tx
        .query_optional(
            "SELECT org_id FROM org_hosts WHERE host = $1",
            params![host],
        )
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// The id of the org that was made first: it answers at the bare origin.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn find_first(tx: &mut ReadTx) -> Result<Option<OrgId>, DatabaseFault> {
    let sql = "SELECT id FROM orgs ORDER BY ordinal LIMIT 1";
    let row = tx.query_optional(sql, params![]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// A page of orgs by their order of creation, after that ordinal.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_page(tx: &mut ReadTx, after: i64, limit: i64) -> Result<Vec<Org>, Fault> {
    let sql = "SELECT id, slug, name, ordinal, settings, revision, created_at, updated_at FROM orgs \
               WHERE ordinal > $1 ORDER BY ordinal LIMIT $2";
    let rows = tx.query(sql, params![after, limit]).await?;
    rows.iter().map(read).collect()
}

/// Adds an org; its ordinal is the next one.
///
/// # Errors
/// [`Refusal::Taken`] if the short name is in use.
#[boxed]
pub async fn insert(
    tx: &mut WriteTx,
    org_id: &OrgId,
    slug: &Slug,
    name: &str,
    now: Timestamp,
) -> Result<(), Refusal> {
    let settings = serde_json::to_string(&OrgSettings::default())
        .map_err(|error| Fault::stored("settings of an org", &error))?;
    let sql = "INSERT INTO orgs (id, slug, name, ordinal, settings, revision, created_at, updated_at) \
               VALUES ($1, $2, $3, (SELECT COALESCE(MAX(ordinal), 0) + 1 FROM orgs), $4, 1, $5, $5)";
    match tx
        .execute(sql, params![org_id, slug.as_str(), name, settings, now])
        .await
    {
        Ok(_) => Ok(()),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "slug" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Changes name and settings if the revision is still the one that was read.
///
/// # Errors
/// [`Refusal::Changed`] if it is not.
#[boxed]
pub async fn update(
    tx: &mut WriteTx,
    org: &Org,
    name: &str,
    settings: &OrgSettings,
    now: Timestamp,
) -> Result<(), Refusal> {
    let settings = serde_json::to_string(settings)
        .map_err(|error| Fault::stored("settings of an org", &error))?;
    let sql = "UPDATE orgs SET name = $1, settings = $2, revision = revision + 1, updated_at = $3 \
               WHERE id = $4 AND revision = $5";
    let changed = tx
        .execute(sql, params![name, settings, now, &org.id, org.revision])
        .await?;
    if changed == 1 {
        Ok(())
    } else {
        Err(Refusal::Changed)
    }
}

/// Lets an org answer at a host name.
///
/// # Errors
/// [`Refusal::Taken`] if another org answers there.
pub async fn insert_host(tx: &mut WriteTx, org_id: &OrgId, host: &str) -> Result<(), Refusal> {
    match tx
        .execute(
            "INSERT INTO org_hosts (host, org_id) VALUES ($1, $2)",
            params![host, org_id],
        )
        .await
    {
        Ok(_) => Ok(()),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "host" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Takes the org's row until the end of the transaction: of two changes that must not cross, one waits for the other.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn lock(tx: &mut WriteTx, org_id: &OrgId) -> Result<(), DatabaseFault> {
    tx.execute(
        "UPDATE orgs SET revision = revision WHERE id = $1",
        params![org_id],
    )
    .await
    .map(|_| ())
}

/// The host names of an org, in order.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_hosts(tx: &mut ReadTx, org_id: &OrgId) -> Result<Vec<String>, DatabaseFault> {
    let sql = "SELECT host FROM org_hosts WHERE org_id = $1 ORDER BY host";
    let rows = tx.query(sql, params![org_id]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Takes a host name away from an org; false if it does not have it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_host(
    tx: &mut WriteTx,
    org_id: &OrgId,
    host: &str,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM org_hosts WHERE org_id = $1 AND host = $2";
    Ok(tx.execute(sql, params![org_id, host]).await? == 1)
}

/// The logo of an org.
///
/// # Errors
/// [`Fault`] if it cannot be read.
pub async fn load_logo(tx: &mut ReadTx, org_id: &OrgId) -> Result<Option<Logo>, Fault> {
    let sql = "SELECT mark, format, bytes FROM org_logos WHERE org_id = $1";
    let Some(row) = tx.query_optional(sql, params![org_id]).await? else {
        return Ok(None);
    };
    let format: String = row.get(1)?;
    Ok(Some(Logo {
        mark: row.get(0)?,
        format: LogoFormat::from_word(&format)
            .ok_or_else(|| Fault::stored("format of a logo", &format))?,
        bytes: row.get(2)?,
    }))
}

/// The mark of an org's logo, without the image.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_logo_mark(
    tx: &mut ReadTx,
    org_id: &OrgId,
) -> Result<Option<String>, DatabaseFault> {
    let sql = "SELECT mark FROM org_logos WHERE org_id = $1";
    let row = tx.query_optional(sql, params![org_id]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// Stores the logo of an org in the place of the one before.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn upsert_logo(
    tx: &mut WriteTx,
    org_id: &OrgId,
    logo: &Logo,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO org_logos (org_id, mark, format, bytes) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (org_id) DO UPDATE SET mark = EXCLUDED.mark, format = EXCLUDED.format, bytes = EXCLUDED.bytes";
    let values = params![org_id, &logo.mark, logo.format.as_str(), logo.bytes.clone()];
    tx.execute(sql, values).await.map(|_| ())
}

/// Takes the logo of an org away; false if there is none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_logo(tx: &mut WriteTx, org_id: &OrgId) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM org_logos WHERE org_id = $1";
    Ok(tx.execute(sql, params![org_id]).await? == 1)
}
