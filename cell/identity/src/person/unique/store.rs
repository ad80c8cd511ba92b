//! The tables `user_unique_attributes` and `user_unique_values`.

use crate::fault::Fault;
use database::{DatabaseFault, ReadTx, WriteTx, params};
use serde_json::{Map, Value};
use vocab::id::{OrgId, UserId};

/// An attribute that is unique, from the moment at which it became so until it is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Under which values are kept.
    pub(crate) id: String,
    /// The attribute.
    pub(crate) name: String,
}

/// The marks of an org that are in force.
pub(crate) async fn load_marks(tx: &mut ReadTx, org: &OrgId) -> Result<Vec<Mark>, DatabaseFault> {
    let sql = "SELECT mark, name FROM user_unique_attributes WHERE org_id = $1 AND retired = 0 ORDER BY name";
    let rows = tx.query(sql, params![org]).await?;
    rows.iter()
        .map(|row| {
            Ok(Mark {
                id: row.get(0)?,
                name: row.get(1)?,
            })
        })
        .collect()
}

/// Begins one.
pub(crate) async fn insert_mark(
    tx: &mut WriteTx,
    org: &OrgId,
    mark: &Mark,
) -> Result<(), DatabaseFault> {
    let sql =
        "INSERT INTO user_unique_attributes (org_id, mark, name, retired) VALUES ($1, $2, $3, 0)";
    tx.execute(sql, params![org, &mark.id, &mark.name])
        .await
        .map(|_| ())
}

/// Ends one: its values count no more, and are removed later, a few at a time.
pub(crate) async fn retire(tx: &mut WriteTx, org: &OrgId, mark: &str) -> Result<(), DatabaseFault> {
    let sql = "UPDATE user_unique_attributes SET retired = 1 WHERE org_id = $1 AND mark = $2";
    tx.execute(sql, params![org, mark]).await.map(|_| ())
}

/// Gives up what somebody has taken.
pub(crate) async fn release(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM user_unique_values WHERE org_id = $1 AND user_id = $2";
    tx.execute(sql, params![org, user]).await.map(|_| ())
}

/// Takes a value; false if somebody else has it.
pub(crate) async fn insert_value(
    tx: &mut WriteTx,
    org: &OrgId,
    mark: &str,
    value_hash: &str,
    user: &UserId,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO user_unique_values (org_id, mark, value_hash, user_id) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (org_id, mark, value_hash) DO NOTHING";
    let inserted = tx
        .execute(sql, params![org, mark, value_hash, user])
        .await?;
    Ok(inserted == 1)
}

/// People by id after that one with their attributes, held until the end of the transaction.
pub(crate) async fn hold_profiles(
    tx: &mut WriteTx,
    org: &OrgId,
    after: &str,
    limit: i64,
) -> Result<Vec<(UserId, Map<String, Value>)>, Fault> {
    let sql = "SELECT id, profile FROM users WHERE org_id = $1 AND id > $2 ORDER BY id LIMIT $3 FOR UPDATE";
    let rows = tx.query(sql, params![org, after, limit]).await?;
    rows.iter()
        .map(|row| {
            let profile: String = row.get(1)?;
            let profile = serde_json::from_str(&profile)
                .map_err(|error| Fault::stored("profile of a person", &error))?;
            Ok((row.get(0)?, profile))
        })
        .collect()
}

/// Removes at most so many values of marks that are no more, and marks without any; how many values went.
pub(crate) async fn delete_retired(tx: &mut WriteTx, rows_max: u64) -> Result<u64, DatabaseFault> {
    let limit = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let values = "DELETE FROM user_unique_values WHERE (org_id, mark, value_hash) IN \
                  (SELECT v.org_id, v.mark, v.value_hash FROM user_unique_attributes a \
                  JOIN user_unique_values v ON v.org_id = a.org_id AND v.mark = a.mark WHERE a.retired = 1 \
                  AND a.org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') LIMIT $1)";
    let removed = tx.execute(values, params![limit]).await?;
    let marks = "DELETE FROM user_unique_attributes WHERE retired = 1 \
                 AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') \
                 AND NOT EXISTS (SELECT 1 FROM user_unique_values v WHERE v.org_id = user_unique_attributes.org_id \
                 AND v.mark = user_unique_attributes.mark)";
    tx.execute(marks, params![]).await?;
    Ok(removed)
}
