//! Which rows of a moving org changed: what is still to be shipped, what is on its way, what arrived.
//!
//! On PostgreSQL, rows of the notes that a writer holds are passed over and left for the next parcel: to wait for them
//! while others wait for those held here would end in a deadlock, and the writer might be the one who pays.

use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::id::OrgId;
use vocab::value::Value;

/// Keys of one statement.
const CHUNK: usize = 16;

/// The key of a row that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangedKey {
    pub(crate) table: String,
    pub(crate) key: String,
}

fn parse_key(row: &Row) -> Result<ChangedKey, DatabaseFault> {
    Ok(ChangedKey {
        table: row.get(0)?,
        key: row.get(1)?,
    })
}

/// Some of the rows that are to be shipped; nobody changes the note of one before the transaction is over.
pub(crate) async fn lock_waiting(
    tx: &mut WriteTx,
    org: &OrgId,
    limit: usize,
) -> Result<Vec<ChangedKey>, DatabaseFault> {
    let sql = "SELECT table_name, row_key FROM org_changes WHERE org_id = $1 AND version > shipped \
               ORDER BY table_name, row_key LIMIT $2 FOR UPDATE SKIP LOCKED";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.query(sql, params![org, limit]).await?;
    rows.iter().map(parse_key).collect()
}

/// These rows, as they are now, are in the parcel of that number.
pub(crate) async fn offer(
    tx: &mut WriteTx,
    org: &OrgId,
    seq: i64,
    keys: &[ChangedKey],
) -> Result<(), DatabaseFault> {
    const OFFER: &str = "UPDATE org_changes SET offered = version, parcel = $2 WHERE org_id = $1 \
        AND (table_name, row_key) IN (VALUES ($3, $4), ($5, $6), ($7, $8), ($9, $10), ($11, $12), ($13, $14), \
        ($15, $16), ($17, $18), ($19, $20), ($21, $22), ($23, $24), ($25, $26), ($27, $28), ($29, $30), ($31, $32), \
        ($33, $34))";
    by_chunks(tx, OFFER, (org, seq), keys).await
}

/// The parcel of that number was taken: what it carried is shipped.
pub(crate) async fn acknowledge(
    tx: &mut WriteTx,
    org: &OrgId,
    seq: i64,
) -> Result<(), DatabaseFault> {
    const ACKNOWLEDGE: &str = "UPDATE org_changes SET shipped = offered WHERE org_id = $1 AND parcel = $2 \
        AND (table_name, row_key) IN (VALUES ($3, $4), ($5, $6), ($7, $8), ($9, $10), ($11, $12), ($13, $14), \
        ($15, $16), ($17, $18), ($19, $20), ($21, $22), ($23, $24), ($25, $26), ($27, $28), ($29, $30), ($31, $32), \
        ($33, $34))";
    let sql = "SELECT table_name, row_key FROM org_changes \
               WHERE org_id = $1 AND parcel = $2 AND shipped < offered FOR UPDATE SKIP LOCKED";
    let rows = tx.query(sql, params![org, seq]).await?;
    let keys: Vec<_> = rows.iter().map(parse_key).collect::<Result<_, _>>()?;
    by_chunks(tx, ACKNOWLEDGE, (org, seq), &keys).await
}

/// A short last chunk is filled up by its last key.
async fn by_chunks(
    tx: &mut WriteTx,
    sql: &'static str,
    (org, seq): (&OrgId, i64),
    keys: &[ChangedKey],
) -> Result<(), DatabaseFault> {
    for chunk in keys.chunks(CHUNK) {
        let mut values = vec![Value::from(org), Value::from(seq)];
        let Some(last) = chunk.last() else {
            continue;
        };
        for key in chunk.iter().chain(std::iter::repeat(last)).take(CHUNK) {
            values.push(Value::from(key.table.as_str()));
            values.push(Value::from(key.key.as_str()));
        }
        tx.execute(sql, &values).await?;
    }
    Ok(())
}

/// How many rows are in no parcel that was taken.
pub(crate) async fn count_waiting(tx: &mut ReadTx, org: &OrgId) -> Result<i64, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM org_changes WHERE org_id = $1 AND version > shipped";
    let row = tx.query_optional(sql, params![org]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// Rows that changed, shipped or not, after a place.
pub(crate) async fn load_after(
    tx: &mut ReadTx,
    org: &OrgId,
    after: Option<&ChangedKey>,
    limit: usize,
) -> Result<Vec<ChangedKey>, DatabaseFault> {
    let sql = "SELECT table_name, row_key FROM org_changes \
               WHERE org_id = $1 AND (table_name, row_key) > ($2, $3) ORDER BY table_name, row_key LIMIT $4";
    let (table, key) = after.map_or(("", ""), |after| (after.table.as_str(), after.key.as_str()));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.query(sql, params![org, table, key, limit]).await?;
    rows.iter().map(parse_key).collect()
}

/// Forgets what was shipped: from here on the notes say what changed since.
pub(crate) async fn prune(tx: &mut WriteTx, org: &OrgId) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM org_changes WHERE org_id = $1 AND version <= shipped";
    tx.execute(sql, params![org]).await.map(drop)
}

/// Forgets all notes of an org.
pub(crate) async fn delete_all(tx: &mut WriteTx, org: &OrgId) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM org_changes WHERE org_id = $1";
    tx.execute(sql, params![org]).await.map(drop)
}
