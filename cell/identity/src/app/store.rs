//! The tables `apps`, `app_secrets`, `app_users` and `app_groups`.

use crate::access::custom::store::sets;
use crate::access::narrowed::store as narrowed;
use crate::app::settings::{AppSettings, Assignment};
use crate::app::{App, AppKind, AppStatus, api_access};
use crate::attribute_schema::{self, Attributes};
use crate::fault::{Fault, Refusal};
use crate::person::profile::fold;
use crate::profile_mapping;
use crate::provisioning;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{AppId, AppSecretId, GroupId, OrgId, PolicyId, UserId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;
use vocab::value::Value;

macro_rules! columns {
    () => {
        "SELECT a.org_id, a.id, a.label, a.kind, a.status, a.settings, a.policy_id, a.revision, a.created_at, a.updated_at "
    };
}
pub(crate) use columns;

macro_rules! select {
    ($rest:literal) => {
        concat!(columns!(), "FROM apps a ", $rest)
    };
}

/// The first ten columns of a selection of apps.
pub(crate) fn read(row: &Row) -> Result<App, Fault> {
    let kind: String = row.get(3)?;
    let status: String = row.get(4)?;
    let settings: String = row.get(5)?;
    Ok(App {
        org_id: row.get(0)?,
        id: row.get(1)?,
        label: row.get(2)?,
        kind: AppKind::from_word(&kind).ok_or_else(|| Fault::stored("kind of an app", &kind))?,
        status: if status == AppStatus::Active.as_str() {
            AppStatus::Active
        } else {
            AppStatus::Inactive
        },
        settings: serde_json::from_str(&settings)
            .map_err(|error| Fault::stored("settings of an app", &error))?,
        policy_id: row.get(6)?,
        api_scopes: Vec::new(),
        secrets: Vec::new(),
        revision: row.get(7)?,
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
    })
}

/// The app of that id, with the hashes of its secrets and its scopes at the management API.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load(tx: &mut ReadTx, org_id: &OrgId, app_id: &AppId) -> Result<Option<App>, Fault> {
    let sql = select!("WHERE a.org_id = $1 AND a.id = $2");
    let Some(row) = tx.query_optional(sql, params![org_id, app_id]).await? else {
        return Ok(None);
    };
    let mut app = read(&row)?;
    for secret in load_secrets(tx, org_id, app_id).await? {
        app.secrets.push(secret.hash);
    }
    let grants = api_access::store::load_grants(tx, org_id, app_id).await?;
    app.api_scopes = grants.into_iter().map(|grant| grant.scope).collect();
    Ok(Some(app))
}

/// The app of that label.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn find_by_label(
    tx: &mut ReadTx,
    org_id: &OrgId,
    label: &str,
) -> Result<Option<App>, Fault> {
    let sql = select!("WHERE a.org_id = $1 AND a.label_key = $2");
    let row = tx.query_optional(sql, params![org_id, fold(label)]).await?;
    row.as_ref().map(read).transpose()
}

/// A page of apps whose label begins so, ordered by label, after that label key. Secrets are not loaded.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_page(
    tx: &mut ReadTx,
    org_id: &OrgId,
    prefix: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<App>, Fault> {
    let prefix = fold(prefix);
    let end = crate::person::profile::prefix_end(&prefix);
    let sql = select!(
        "WHERE a.org_id = $1 AND a.label_key >= $2 AND a.label_key < $3 AND a.label_key > $4 \
         ORDER BY a.label_key LIMIT $5"
    );
    let rows = tx
        .query(sql, params![org_id, prefix, end, after, limit])
        .await?;
    rows.iter().map(read).collect()
}

/// The active apps that a person may start: assigned to the person, to a group of the person, or open to everyone.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_for_person(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
    limit: i64,
) -> Result<Vec<App>, Fault> {
    let sql = select!(
        "WHERE a.org_id = $1 AND a.status = 'ACTIVE' AND (a.open_to_all = 1 \
         OR EXISTS (SELECT 1 FROM app_users d WHERE d.org_id = $1 AND d.app_id = a.id AND d.user_id = $2) \
         OR EXISTS (SELECT 1 FROM group_members m JOIN app_groups g ON g.org_id = m.org_id AND g.group_id = m.group_id \
         WHERE m.org_id = $1 AND m.user_id = $2 AND g.app_id = a.id)) ORDER BY a.label_key LIMIT $3"
    );
    let rows = tx.query(sql, params![org_id, user_id, limit]).await?;
    rows.iter().map(read).collect()
}

/// Whether the app is assigned to the person, directly or through a group.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn is_assigned(
    tx: &mut ReadTx,
    org_id: &OrgId,
    app_id: &AppId,
    user_id: &UserId,
) -> Result<bool, DatabaseFault> {
    let direct = "SELECT 1 FROM app_users WHERE org_id = $1 AND app_id = $2 AND user_id = $3";
    if tx
        .query_optional(direct, params![org_id, app_id, user_id])
        .await?
        .is_some()
    {
        return Ok(true);
    }
    let through_group = "SELECT 1 FROM app_groups g JOIN group_members m ON m.org_id = g.org_id \
                         AND m.group_id = g.group_id WHERE g.org_id = $1 AND g.app_id = $2 AND m.user_id = $3 LIMIT 1";
    Ok(tx
        .query_optional(through_group, params![org_id, app_id, user_id])
        .await?
        .is_some())
}

fn render_settings(settings: &AppSettings) -> Result<String, Fault> {
    serde_json::to_string(settings).map_err(|error| Fault::stored("settings of an app", &error))
}

/// Stored beside the settings so that the dashboard's query reads a column, not a document.
fn is_open_to_all(app: &App) -> bool {
    app.settings.visibility == Assignment::Everyone
}

/// Adds an app.
///
/// # Errors
/// [`Refusal::Taken`] if the label is in use.
#[boxed]
pub async fn insert(tx: &mut WriteTx, app: &App) -> Result<(), Refusal> {
    let sql = "INSERT INTO apps (org_id, id, label, label_key, kind, status, settings, policy_id, revision, \
               created_at, updated_at, open_to_all) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $9, $10)";
    let values = [
        Value::from(&app.org_id),
        Value::from(&app.id),
        Value::from(&app.label),
        Value::from(fold(&app.label)),
        Value::from(app.kind.as_str()),
        Value::from(app.status.as_str()),
        Value::from(render_settings(&app.settings)?),
        Value::from(app.policy_id.as_ref()),
        Value::from(app.created_at),
        Value::from(is_open_to_all(app)),
    ];
    match tx.execute(sql, &values).await {
        Ok(_) => Ok(()),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "label" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Changes label, settings, state and policy if the revision is still the one that was read.
///
/// # Errors
/// [`Refusal::Changed`] or [`Refusal::Taken`].
#[boxed]
pub async fn update(
    tx: &mut WriteTx,
    app: &App,
    policy_id: Option<&PolicyId>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let sql = "UPDATE apps SET label = $1, label_key = $2, status = $3, settings = $4, policy_id = $5, \
               revision = revision + 1, updated_at = $6, open_to_all = $10 \
               WHERE org_id = $7 AND id = $8 AND revision = $9";
    let values = [
        Value::from(&app.label),
        Value::from(fold(&app.label)),
        Value::from(app.status.as_str()),
        Value::from(render_settings(&app.settings)?),
        Value::from(policy_id),
        Value::from(now),
        Value::from(&app.org_id),
        Value::from(&app.id),
        Value::from(app.revision),
        Value::from(is_open_to_all(app)),
    ];
    match tx.execute(sql, &values).await {
        Ok(1) => Ok(()),
        Ok(_) => Err(Refusal::Changed),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "label" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Removes an app that is switched off, with its secrets and assignments; false if it is in use or not there.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_inactive(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM apps WHERE org_id = $1 AND id = $2 AND status = 'INACTIVE'";
    if tx.execute(sql, params![org_id, app_id]).await? == 0 {
        return Ok(false);
    }
    for sql in [
        "DELETE FROM app_secrets WHERE org_id = $1 AND app_id = $2",
        "DELETE FROM inactive_app_secrets WHERE org_id = $1 AND app_id = $2",
        "DELETE FROM app_users WHERE org_id = $1 AND app_id = $2",
        "DELETE FROM app_groups WHERE org_id = $1 AND app_id = $2",
        "DELETE FROM consents WHERE org_id = $1 AND app_id = $2",
    ] {
        tx.execute(sql, params![org_id, app_id]).await?;
    }
    attribute_schema::store::delete(tx, org_id, app_id.as_str()).await?;
    profile_mapping::store::delete(tx, org_id, app_id).await?;
    api_access::store::delete_of_app(tx, org_id, app_id).await?;
    provisioning::store::connections::delete_of_app(tx, org_id, app_id).await?;
    sets::forget_target(tx, org_id, app_id.as_str()).await?;
    narrowed::forget_target(tx, org_id, app_id.as_str()).await?;
    Ok(true)
}

/// A secret of an app, as far as it is known after it was shown once.
#[derive(Debug, Clone)]
pub struct StoredSecret {
    /// Its id.
    pub id: AppSecretId,
    /// Its hash.
    pub hash: SecretHash,
    /// Its last four characters.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The secrets of an app that are in use, oldest first.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_secrets(
    tx: &mut ReadTx,
    org_id: &OrgId,
    app_id: &AppId,
) -> Result<Vec<StoredSecret>, DatabaseFault> {
    let sql = "SELECT id, secret_hash, hint, created_at FROM app_secrets \
               WHERE org_id = $1 AND app_id = $2 ORDER BY created_at, id";
    let rows = tx.query(sql, params![org_id, app_id]).await?;
    rows.iter()
        .map(|row| {
            Ok(StoredSecret {
                id: row.get(0)?,
                hash: row.get(1)?,
                hint: row.get(2)?,
                created_at: row.get(3)?,
            })
        })
        .collect()
}

/// Adds a secret.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn insert_secret(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
    secret: &StoredSecret,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO app_secrets (org_id, app_id, id, secret_hash, hint, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let values = params![
        org_id,
        app_id,
        &secret.id,
        secret.hash,
        &secret.hint,
        secret.created_at
    ];
    tx.execute(sql, values).await.map(|_| ())
}

/// Removes a secret; false if there was none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_secret(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
    id: &AppSecretId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM app_secrets WHERE org_id = $1 AND app_id = $2 AND id = $3";
    Ok(tx.execute(sql, params![org_id, app_id, id]).await? == 1)
}

/// Assigns an app to a person; false if it was.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn assign_person(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
    user_id: &UserId,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO app_users (org_id, app_id, user_id, assigned_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (org_id, app_id, user_id) DO NOTHING";
    Ok(tx
        .execute(sql, params![org_id, app_id, user_id, now])
        .await?
        == 1)
}

/// What a person has in an app that is assigned to them; whoever changes it holds the person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn load_attributes(
    tx: &mut ReadTx,
    org_id: &OrgId,
    app_id: &AppId,
    user_id: &UserId,
) -> Result<Attributes, DatabaseFault> {
    let sql = "SELECT attributes FROM app_users WHERE org_id = $1 AND app_id = $2 AND user_id = $3";
    let row = tx
        .query_optional(sql, params![org_id, app_id, user_id])
        .await?;
    Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}

/// Sets what a person has in an app.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn put_attributes(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
    user_id: &UserId,
    attributes: &Attributes,
) -> Result<(), DatabaseFault> {
    let sql =
        "UPDATE app_users SET attributes = $4 WHERE org_id = $1 AND app_id = $2 AND user_id = $3";
    let values = params![org_id, app_id, user_id, attributes.render()];
    tx.execute(sql, values).await.map(|_| ())
}

/// Takes an app from a person; false if it was not assigned.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn unassign_person(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
    user_id: &UserId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM app_users WHERE org_id = $1 AND app_id = $2 AND user_id = $3";
    Ok(tx.execute(sql, params![org_id, app_id, user_id]).await? == 1)
}

/// Assigns an app to a group; false if it was.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn assign_group(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
    group_id: &GroupId,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO app_groups (org_id, app_id, group_id, assigned_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (org_id, app_id, group_id) DO NOTHING";
    Ok(tx
        .execute(sql, params![org_id, app_id, group_id, now])
        .await?
        == 1)
}

/// Takes an app from a group; false if it was not assigned.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn unassign_group(
    tx: &mut WriteTx,
    org_id: &OrgId,
    app_id: &AppId,
    group_id: &GroupId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM app_groups WHERE org_id = $1 AND app_id = $2 AND group_id = $3";
    Ok(tx.execute(sql, params![org_id, app_id, group_id]).await? == 1)
}

/// Whether an app is assigned to that person, not by way of a group.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn is_assigned_to_person(
    tx: &mut ReadTx,
    org_id: &OrgId,
    app_id: &AppId,
    user_id: &UserId,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT 1 FROM app_users WHERE org_id = $1 AND app_id = $2 AND user_id = $3";
    let row = tx
        .query_optional(sql, params![org_id, app_id, user_id])
        .await?;
    Ok(row.is_some())
}

/// Whether an app is assigned to that group.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn is_assigned_to_group(
    tx: &mut ReadTx,
    org_id: &OrgId,
    app_id: &AppId,
    group_id: &GroupId,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT 1 FROM app_groups WHERE org_id = $1 AND app_id = $2 AND group_id = $3";
    let row = tx
        .query_optional(sql, params![org_id, app_id, group_id])
        .await?;
    Ok(row.is_some())
}

/// Names of people and groups to whom an app is assigned: (id, name), ordered by id, after that id.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_assigned_people(
    tx: &mut ReadTx,
    org_id: &OrgId,
    app_id: &AppId,
    after: &str,
    limit: i64,
) -> Result<Vec<(UserId, String)>, DatabaseFault> {
    let sql = "SELECT u.id, u.login FROM app_users a JOIN users u ON u.org_id = a.org_id AND u.id = a.user_id \
               WHERE a.org_id = $1 AND a.app_id = $2 AND a.user_id > $3 ORDER BY a.user_id LIMIT $4";
    let rows = tx.query(sql, params![org_id, app_id, after, limit]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Groups to which an app is assigned: (id, name), ordered by id, after that id.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_assigned_groups(
    tx: &mut ReadTx,
    org_id: &OrgId,
    app_id: &AppId,
    after: &str,
    limit: i64,
) -> Result<Vec<(GroupId, String)>, DatabaseFault> {
    let sql = "SELECT g.id, g.name FROM app_groups a JOIN groups g ON g.org_id = a.org_id AND g.id = a.group_id \
               WHERE a.org_id = $1 AND a.app_id = $2 AND a.group_id > $3 ORDER BY a.group_id LIMIT $4";
    let rows = tx.query(sql, params![org_id, app_id, after, limit]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Apps that are assigned to a group: (id, label), ordered by id.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_of_group(
    tx: &mut ReadTx,
    org_id: &OrgId,
    group_id: &GroupId,
    limit: i64,
) -> Result<Vec<(AppId, String)>, DatabaseFault> {
    let sql = "SELECT a.id, a.label FROM app_groups g JOIN apps a ON a.org_id = g.org_id AND a.id = g.app_id \
               WHERE g.org_id = $1 AND g.group_id = $2 ORDER BY g.app_id LIMIT $3";
    let rows = tx.query(sql, params![org_id, group_id, limit]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}
