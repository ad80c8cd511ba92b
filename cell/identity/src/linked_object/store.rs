//! The tables `linked_object_ends`, `linked_people` and `linked_people_endings`.

use crate::fault::{Fault, Refusal};
use crate::linked_object::{End, LinkedObject, Side};
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use std::collections::HashMap;
use vocab::future::boxed;
use vocab::id::{LinkedObjectId, OrgId, UserId};
use vocab::time::Timestamp;

/// For how long rows of what has ended are looked for: whoever was linked in the same moment is still found.
const ENDING_SECS: i64 = 24 * 60 * 60;
/// The words for what ends.
const RELATION: &str = "relation";
const PRIMARY: &str = "primary";

struct EndRow {
    relation: LinkedObjectId,
    side: Side,
    end: End,
    created_at: Timestamp,
}

fn read(row: &Row) -> Result<EndRow, Fault> {
    let side: String = row.get(1)?;
    Ok(EndRow {
        relation: row.get(0)?,
        side: Side::from_word(&side).ok_or_else(|| Fault::stored("end of a relation", &side))?,
        end: End {
            name: row.get(2)?,
            title: row.get(3)?,
            description: row.get(4)?,
        },
        created_at: row.get(5)?,
    })
}

/// Rows in the order of relations, either end beside the other.
fn pair(rows: &[Row]) -> Result<Vec<LinkedObject>, Fault> {
    let ends: Vec<EndRow> = rows.iter().map(read).collect::<Result<_, _>>()?;
    let mut found = Vec::new();
    for primary in ends.iter().filter(|row| row.side == Side::Primary) {
        let mut others = ends.iter().filter(|row| row.side == Side::Associated);
        let associated = others.find(|row| row.relation == primary.relation);
        let associated = associated
            .ok_or_else(|| Fault::stored("relation with one end", &primary.relation.as_str()))?;
        found.push(LinkedObject {
            id: primary.relation.clone(),
            primary: primary.end.clone(),
            associated: associated.end.clone(),
            created_at: primary.created_at,
        });
    }
    Ok(found)
}

/// The relations of an org by id; there are few.
///
/// # Errors
/// [`Fault`] if they cannot be read.
#[boxed]
pub async fn load_all(tx: &mut ReadTx, org: &OrgId) -> Result<Vec<LinkedObject>, Fault> {
    let sql = "SELECT relation_id, side, name, title, description, created_at FROM linked_object_ends \
               WHERE org_id = $1 ORDER BY relation_id, side";
    pair(&tx.query(sql, params![org]).await?)
}

/// The relation of which an end is called so.
///
/// # Errors
/// [`Fault`] if it cannot be read.
#[boxed]
pub async fn find(tx: &mut ReadTx, org: &OrgId, name: &str) -> Result<Option<LinkedObject>, Fault> {
    let sql = "SELECT e.relation_id, e.side, e.name, e.title, e.description, e.created_at \
               FROM linked_object_ends n CROSS JOIN linked_object_ends e WHERE n.org_id = $1 AND n.name = $2 \
               AND e.org_id = $1 AND e.relation_id = n.relation_id";
    Ok(pair(&tx.query(sql, params![org, name]).await?)?.pop())
}

/// Adds a relation.
///
/// # Errors
/// [`Refusal::Taken`] if an end of another is called so.
pub(super) async fn insert(
    tx: &mut WriteTx,
    org: &OrgId,
    object: &LinkedObject,
) -> Result<(), Refusal> {
    let sql = "INSERT INTO linked_object_ends (org_id, name, relation_id, side, title, description, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (org_id, name) DO NOTHING";
    for (side, end, field) in [
        (Side::Primary, &object.primary, "primary.name"),
        (Side::Associated, &object.associated, "associated.name"),
    ] {
        let values = params![
            org,
            &end.name,
            &object.id,
            side.as_str(),
            &end.title,
            &end.description,
            object.created_at
        ];
        if tx.execute(sql, values).await? == 0 {
            return Err(Refusal::Taken { field });
        }
    }
    Ok(())
}

/// Removes a relation; false if it is not there any more. Its rows are removed later.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn delete(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &LinkedObjectId,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM linked_object_ends WHERE org_id = $1 AND relation_id = $2";
    if tx.execute(sql, params![org, id]).await? == 0 {
        return Ok(false);
    }
    insert_ending(tx, org, RELATION, id.as_str(), now).await?;
    Ok(true)
}

async fn insert_ending(
    tx: &mut WriteTx,
    org: &OrgId,
    kind: &str,
    id: &str,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO linked_people_endings (org_id, kind, ended_id, ended_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (org_id, kind, ended_id) DO NOTHING";
    tx.execute(sql, params![org, kind, id, now])
        .await
        .map(|_| ())
}

/// Makes somebody the primary of somebody else in place of whoever was; false if they were.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn put_link(
    tx: &mut WriteTx,
    org: &OrgId,
    relation: &LinkedObjectId,
    (associated, primary): (&UserId, &UserId),
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO linked_people (org_id, relation_id, associated_id, primary_id, linked_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (org_id, relation_id, associated_id) \
               DO UPDATE SET primary_id = $4, linked_at = $5 WHERE linked_people.primary_id <> $4";
    let values = params![org, relation, associated, primary, now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Takes the primary from somebody; false if there was none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn delete_link(
    tx: &mut WriteTx,
    org: &OrgId,
    relation: &LinkedObjectId,
    associated: &UserId,
) -> Result<bool, DatabaseFault> {
    let sql =
        "DELETE FROM linked_people WHERE org_id = $1 AND relation_id = $2 AND associated_id = $3";
    let values = params![org, relation, associated];
    Ok(tx.execute(sql, values).await? == 1)
}

/// The primary of somebody.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn load_primary(
    tx: &mut ReadTx,
    org: &OrgId,
    relation: &LinkedObjectId,
    associated: &UserId,
) -> Result<Option<UserId>, DatabaseFault> {
    let sql = "SELECT l.primary_id FROM linked_people l CROSS JOIN users u WHERE l.org_id = $1 \
               AND l.relation_id = $2 AND l.associated_id = $3 AND u.org_id = $1 AND u.id = l.primary_id";
    let row = tx
        .query_optional(sql, params![org, relation, associated])
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// From relation to relation, of which there are few: what is left of removed ones is not looked at.
const PRIMARIES: &str = "SELECT l.relation_id, l.primary_id FROM linked_object_ends e CROSS JOIN linked_people l CROSS JOIN users u \
                         WHERE e.org_id = $1 AND e.side = 'primary' AND l.org_id = $1 AND l.relation_id = e.relation_id \
                         AND l.associated_id = $2 AND u.org_id = $1 AND u.id = l.primary_id";

/// The primaries of somebody, by relation.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn load_primaries(
    tx: &mut ReadTx,
    org: &OrgId,
    associated: &UserId,
) -> Result<HashMap<LinkedObjectId, UserId>, DatabaseFault> {
    let rows = tx.query(PRIMARIES, params![org, associated]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Those whose primary somebody is, by id, after that one.
const ASSOCIATED: &str = "SELECT l.associated_id FROM linked_people l WHERE l.org_id = $1 AND l.relation_id = $2 \
                          AND l.primary_id = $3 AND l.associated_id > $4 ORDER BY l.associated_id LIMIT $5";

/// Those whose primary somebody is, by id, after that one.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn load_associated(
    tx: &mut ReadTx,
    org: &OrgId,
    relation: &LinkedObjectId,
    primary: &UserId,
    (after, limit): (&str, i64),
) -> Result<Vec<UserId>, DatabaseFault> {
    let values = params![org, relation, primary, after, limit];
    let rows = tx.query(ASSOCIATED, values).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Takes somebody who is removed out of all relations. Those whose primary they were may be many, and are let go later.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn forget_person(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    tx.execute(OF_REMOVED, params![org, user]).await?;
    // Whoever links somebody to them holds them, and so did it before, or does not find them.
    let values = params![org, PRIMARY, user, now];
    tx.execute(ENDING_OF_REMOVED, values).await.map(|_| ())
}

/// The links of somebody who is removed to those who were their primaries.
const OF_REMOVED: &str = "DELETE FROM linked_people WHERE org_id = $1 AND associated_id = $2";
/// That somebody is removed, if they were anybody's primary.
const ENDING_OF_REMOVED: &str = "INSERT INTO linked_people_endings (org_id, kind, ended_id, ended_at) \
    SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT) \
    WHERE EXISTS (SELECT 1 FROM linked_people WHERE org_id = $1 AND primary_id = $3) \
    ON CONFLICT (org_id, kind, ended_id) DO NOTHING";

/// Links by relations that were removed, so many at most.
const BY_ENDED_RELATIONS: &str = "DELETE FROM linked_people WHERE (org_id, relation_id, associated_id) IN \
    (SELECT l.org_id, l.relation_id, l.associated_id FROM linked_people_endings e \
    CROSS JOIN linked_people l WHERE e.kind = 'relation' AND l.org_id = e.org_id AND l.relation_id = e.ended_id \
    AND e.org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') LIMIT $1)";
/// Links to people who were removed, so many at most.
const TO_ENDED_PEOPLE: &str = "DELETE FROM linked_people WHERE (org_id, relation_id, associated_id) IN \
    (SELECT l.org_id, l.relation_id, l.associated_id FROM linked_people_endings e \
    CROSS JOIN linked_people l WHERE e.kind = 'primary' AND l.org_id = e.org_id AND l.primary_id = e.ended_id \
    AND e.org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') LIMIT $1)";
/// What ended so long before that nothing of it is left.
const DONE_WITH: &str = "DELETE FROM linked_people_endings WHERE (org_id, kind, ended_id) IN \
    (SELECT org_id, kind, ended_id FROM linked_people_endings WHERE kind IN ('relation', 'primary') \
    AND ended_at < $1 AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') LIMIT $2)";

/// Removes at most so many rows of what has ended, and what is done with; how many rows went.
pub(crate) async fn delete_ended(
    tx: &mut WriteTx,
    now: Timestamp,
    rows_max: u64,
) -> Result<u64, DatabaseFault> {
    let limit = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let mut most = 0;
    for sql in [BY_ENDED_RELATIONS, TO_ENDED_PEOPLE] {
        most = most.max(tx.execute(sql, params![limit]).await?);
    }
    if most < rows_max {
        let values = params![now.plus_secs(-ENDING_SECS), limit];
        most = most.max(tx.execute(DONE_WITH, values).await?);
    }
    Ok(most)
}

/// Each statement that walks, and the index that it must begin with.
#[cfg(test)]
pub(crate) const EVERY_WALK: [(&str, &str); 1] = [(ASSOCIATED, "linked_people_of_primary")];

/// Each statement that removes what has ended, and the indexes that it must go by.
#[cfg(test)]
pub(crate) const EVERY_REMOVAL: [(&str, &[&str]); 5] = [
    (OF_REMOVED, &["linked_people_of_associated"]),
    (ENDING_OF_REMOVED, &["linked_people_of_primary"]),
    (
        BY_ENDED_RELATIONS,
        &[
            "SEARCH e USING INDEX linked_people_endings_by_time",
            "SEARCH l",
        ],
    ),
    (
        TO_ENDED_PEOPLE,
        &[
            "SEARCH e USING INDEX linked_people_endings_by_time",
            "linked_people_of_primary",
        ],
    ),
    (DONE_WITH, &["linked_people_endings_by_time"]),
];
