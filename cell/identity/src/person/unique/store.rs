//! The tables `user_unique_attributes` and `user_unique_values`.

use crate::embedded::store::{filled, places};
use crate::fault::Fault;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use serde_json::{Map, Value};
use std::sync::LazyLock;
use vocab::id::{OrgId, UserId, UserTypeId};

/// An attribute that is unique, from the moment at which it became so until it is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Under which values are kept.
    pub(crate) id: String,
    /// The attribute.
    pub(crate) name: String,
    /// The types for whose people it is.
    pub(crate) types: Vec<Option<UserTypeId>>,
}

impl Mark {
    /// Whether it is so for the people of a type.
    pub(crate) fn holds_for(&self, key: Option<&UserTypeId>) -> bool {
        self.types.iter().any(|own| own.as_ref() == key)
    }

    /// What stands in the store of its types: nothing for the one that every org has alone.
    fn stored_types(&self) -> Result<Option<String>, Fault> {
        if self.types == [None] {
            return Ok(None);
        }
        let types = serde_json::to_string(&self.types);
        let types = types.map_err(|error| Fault::stored("types of a unique attribute", &error));
        types.map(Some)
    }
}

/// Somebody with their attributes, held until the end of the transaction.
#[derive(Debug)]
pub(crate) struct HeldProfile {
    /// Who.
    pub(crate) user: UserId,
    /// Of which type.
    pub(crate) key: Option<UserTypeId>,
    /// The attributes.
    pub(crate) profile: Map<String, Value>,
}

/// The marks of an org that are in force.
pub(crate) async fn load_marks(tx: &mut ReadTx, org: &OrgId) -> Result<Vec<Mark>, Fault> {
    let sql = "SELECT mark, name, types FROM user_unique_attributes WHERE org_id = $1 AND retired = 0 ORDER BY name";
    let rows = tx.query(sql, params![org]).await?;
    rows.iter()
        .map(|row| {
            let types: Option<String> = row.get(2)?;
            Ok(Mark {
                id: row.get(0)?,
                name: row.get(1)?,
                types: match types {
                    None => vec![None],
                    Some(types) => serde_json::from_str(&types)
                        .map_err(|error| Fault::stored("types of a unique attribute", &error))?,
                },
            })
        })
        .collect()
}

/// Begins one.
pub(crate) async fn insert_mark(tx: &mut WriteTx, org: &OrgId, mark: &Mark) -> Result<(), Fault> {
    let sql = "INSERT INTO user_unique_attributes (org_id, mark, name, retired, types) VALUES ($1, $2, $3, 0, $4)";
    let values = params![org, &mark.id, &mark.name, mark.stored_types()?];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Lets one hold for other types.
pub(crate) async fn update_types(tx: &mut WriteTx, org: &OrgId, mark: &Mark) -> Result<(), Fault> {
    let sql = "UPDATE user_unique_attributes SET types = $3 WHERE org_id = $1 AND mark = $2";
    tx.execute(sql, params![org, &mark.id, mark.stored_types()?])
        .await?;
    Ok(())
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

/// Who has a value, and of which type they are; they are held until the end of the transaction, so that they stay of it.
pub(crate) async fn find_holder(
    tx: &mut WriteTx,
    org: &OrgId,
    mark: &str,
    value_hash: &str,
) -> Result<Option<(UserId, Option<UserTypeId>)>, DatabaseFault> {
    let whose = "SELECT user_id FROM user_unique_values WHERE org_id = $1 AND mark = $2 AND value_hash = $3";
    let values = params![org, mark, value_hash];
    let Some(row) = tx.query_optional(whose, values).await? else {
        return Ok(None);
    };
    let user: UserId = row.get(0)?;
    let of = "SELECT type_id FROM users WHERE org_id = $1 AND id = $2 FOR UPDATE";
    let row = tx.query_optional(of, params![org, &user]).await?;
    row.map(|row| Ok((user, row.get(0)?))).transpose()
}

/// Lets go of a value that somebody has.
pub(crate) async fn delete_value(
    tx: &mut WriteTx,
    org: &OrgId,
    (mark, value_hash): (&str, &str),
    holder: &UserId,
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM user_unique_values WHERE org_id = $1 AND mark = $2 AND value_hash = $3 AND user_id = $4";
    let values = params![org, mark, value_hash, holder];
    tx.execute(sql, values).await.map(|_| ())
}

/// The ids of the people of a type, as many as that at most; nobody is held.
pub(crate) async fn load_ids_of_type(
    tx: &mut WriteTx,
    org: &OrgId,
    key: &UserTypeId,
    limit: i64,
) -> Result<Vec<UserId>, DatabaseFault> {
    let sql = "SELECT id FROM users WHERE org_id = $1 AND type_id = $2 LIMIT $3";
    let rows = tx.query(sql, params![org, key, limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// The next people by id with their attributes, held until the end of the transaction.
pub(crate) async fn hold_profiles(
    tx: &mut WriteTx,
    org: &OrgId,
    (after, limit): (&str, i64),
) -> Result<Vec<HeldProfile>, Fault> {
    let sql = "SELECT id, type_id, profile FROM users WHERE org_id = $1 AND id > $2 ORDER BY id LIMIT $3 FOR UPDATE";
    let rows = tx.query(sql, params![org, after, limit]).await?;
    rows.iter().map(read_held).collect()
}

static PROFILES_OF: LazyLock<String> = LazyLock::new(|| {
    let places = places(2);
    format!(
        "SELECT id, type_id, profile FROM users WHERE org_id = $1 AND id IN ({places}) ORDER BY id FOR UPDATE"
    )
});

/// Those of these ids, at most [`crate::embedded::TOGETHER_MAX`], by id with their attributes, held until the end of the transaction.
pub(crate) async fn hold_profiles_of(
    tx: &mut WriteTx,
    org: &OrgId,
    ids: &[UserId],
) -> Result<Vec<HeldProfile>, Fault> {
    let Some(values) = filled(params![org].to_vec(), ids) else {
        return Ok(Vec::new());
    };
    let rows = tx.query(PROFILES_OF.as_str(), &values).await?;
    rows.iter().map(read_held).collect()
}

fn read_held(row: &Row) -> Result<HeldProfile, Fault> {
    let profile: String = row.get(2)?;
    Ok(HeldProfile {
        user: row.get(0)?,
        key: row.get(1)?,
        profile: serde_json::from_str(&profile)
            .map_err(|error| Fault::stored("profile of a person", &error))?,
    })
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
