//! The table `inline_hooks`.

use crate::fault::Fault;
use crate::inline_hook::{InlineHook, InlineHookKind};
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{InlineHookId, OrgId};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT org_id, id, name, kind, config, active, revision, created_at, updated_at, oauth FROM inline_hooks ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<InlineHook, Fault> {
    let (kind, config): (String, String) = (row.get(3)?, row.get(4)?);
    let oauth: Option<String> = row.get(9)?;
    let oauth = oauth
        .map(|stored| serde_json::from_str(&stored))
        .transpose();
    Ok(InlineHook {
        org_id: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        kind: InlineHookKind::from_word(&kind)
            .ok_or_else(|| Fault::stored("kind of an inline hook", &kind))?,
        config: serde_json::from_str(&config)
            .map_err(|error| Fault::stored("inline hook", &error))?,
        oauth: oauth.map_err(|error| Fault::stored("channel of an inline hook", &error))?,
        active: row.get(5)?,
        revision: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}

/// A hook.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &InlineHookId,
) -> Result<Option<InlineHook>, Fault> {
    let row = tx
        .query_optional(
            select!("WHERE org_id = $1 AND id = $2"),
            params![org_id, id],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// The hooks of an org, the oldest first. There are few.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_all(tx: &mut ReadTx, org_id: &OrgId) -> Result<Vec<InlineHook>, Fault> {
    let rows = tx
        .query(
            select!("WHERE org_id = $1 ORDER BY created_at, id"),
            params![org_id],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// The hook of an org that is asked about this, if one is switched on. Of the kinds of which an org has but one.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load_active_of(
    tx: &mut ReadTx,
    org_id: &OrgId,
    kind: InlineHookKind,
) -> Result<Option<InlineHook>, Fault> {
    let sql = select!("WHERE org_id = $1 AND kind = $2 AND active = 1 ORDER BY id LIMIT 1");
    let row = tx
        .query_optional(sql, params![org_id, kind.as_str()])
        .await?;
    row.as_ref().map(read).transpose()
}

fn render_config(hook: &InlineHook) -> Result<String, Fault> {
    serde_json::to_string(&hook.config).map_err(|error| Fault::stored("inline hook", &error))
}

fn render_oauth(hook: &InlineHook) -> Result<Option<String>, Fault> {
    let rendered = hook.oauth.as_ref().map(serde_json::to_string).transpose();
    rendered.map_err(|error| Fault::stored("channel of an inline hook", &error))
}

/// Adds a hook.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn insert(tx: &mut WriteTx, hook: &InlineHook) -> Result<(), Fault> {
    let sql = "INSERT INTO inline_hooks (org_id, id, name, kind, config, active, revision, created_at, updated_at, oauth) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = params![
        &hook.org_id,
        &hook.id,
        &hook.name,
        hook.kind.as_str(),
        render_config(hook)?,
        hook.active,
        hook.revision,
        hook.created_at,
        hook.updated_at,
        render_oauth(hook)?
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Stores a hook that was changed, if nobody changed it since it was read; false if somebody did.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn update(tx: &mut WriteTx, hook: &InlineHook) -> Result<bool, Fault> {
    let sql = "UPDATE inline_hooks SET name = $4, config = $5, active = $6, updated_at = $7, oauth = $8, revision = revision + 1 \
               WHERE org_id = $1 AND id = $2 AND revision = $3";
    let values = params![
        &hook.org_id,
        &hook.id,
        hook.revision,
        &hook.name,
        render_config(hook)?,
        hook.active,
        hook.updated_at,
        render_oauth(hook)?
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Removes a hook that is switched off; false if it is not there or switched on.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn delete(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &InlineHookId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM inline_hooks WHERE org_id = $1 AND id = $2 AND active = 0";
    Ok(tx.execute(sql, params![org_id, id]).await? == 1)
}
