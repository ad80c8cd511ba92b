//! The SQL of the words of the log.

use crate::words::{BLOCK_ROWS, Places};
use database::{DatabaseFault, ReadTx, WriteTx, params};
use std::sync::LazyLock;
use vocab::id::OrgId;
use vocab::value::Value;

/// The words of a block, or those of a stretch that lie on one shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WordRow {
    pub(crate) shelf: i64,
    pub(crate) first_seq: i64,
    pub(crate) words: Vec<u8>,
}

/// Rows that one statement finds by their numbers.
pub(crate) const ROWS_TOGETHER: usize = 64;

/// Rows of the log by their numbers; the places that are left over hold the last number once more.
pub(crate) static LOAD_ROWS: LazyLock<String> = LazyLock::new(|| {
    let places: Vec<String> = (2..ROWS_TOGETHER + 2)
        .map(|number| format!("${number}"))
        .collect();
    format!(
        "SELECT e.seq, e.id, e.published_at, e.event_type, e.outcome, e.actor_id, e.body, e.hash FROM log_events e \
         WHERE e.org_id = $1 AND e.seq IN ({})",
        places.join(", ")
    )
});

/// The values of [`LOAD_ROWS`]; none for no numbers.
pub(crate) fn values_of(org: &OrgId, seqs: &[i64]) -> Option<Vec<Value>> {
    let last = seqs.last()?;
    let spare = ROWS_TOGETHER.saturating_sub(seqs.len());
    let seqs = seqs.iter().take(ROWS_TOGETHER);
    let seqs = seqs.chain(std::iter::repeat_n(last, spare));
    let seqs = seqs.map(|seq| Value::from(*seq));
    Some(std::iter::once(Value::from(org)).chain(seqs).collect())
}

pub(crate) async fn load_behind(
    tx: &mut ReadTx,
    after: Option<&OrgId>,
    limit: i64,
) -> Result<Vec<OrgId>, DatabaseFault> {
    const LOAD: &str = "SELECT h.org_id FROM log_heads h \
         LEFT JOIN log_word_places p ON p.org_id = h.org_id \
         WHERE h.org_id > $1 AND h.seq - COALESCE(p.blocks_to, 0) >= $2 ORDER BY h.org_id LIMIT $3";
    let after = after.map_or("", OrgId::as_str);
    let rows = tx.query(LOAD, params![after, BLOCK_ROWS, limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

pub(crate) async fn load_places(tx: &mut ReadTx, org: &OrgId) -> Result<Places, DatabaseFault> {
    const LOAD: &str = "SELECT blocks_to, stretches_to FROM log_word_places WHERE org_id = $1";
    let row = tx.query_optional(LOAD, params![org]).await?;
    row.map_or(Ok(Places::default()), |row| {
        Ok(Places {
            blocks_to: row.get(0)?,
            stretches_to: row.get(1)?,
        })
    })
}

/// Moves the places on from where they are known to be; false if they are elsewhere by now.
pub(crate) async fn move_places(
    tx: &mut WriteTx,
    org: &OrgId,
    from: Places,
    to: Places,
) -> Result<bool, DatabaseFault> {
    const BEGIN: &str =
        "INSERT INTO log_word_places (org_id, blocks_to, stretches_to) VALUES ($1, $2, $3)
         ON CONFLICT (org_id) DO NOTHING";
    const MOVE: &str = "UPDATE log_word_places SET blocks_to = $4, stretches_to = $5
         WHERE org_id = $1 AND blocks_to = $2 AND stretches_to = $3";
    let values = params![org, to.blocks_to, to.stretches_to];
    if from == Places::default() && tx.execute(BEGIN, values).await? == 1 {
        return Ok(true);
    }
    let values = params![
        org,
        from.blocks_to,
        from.stretches_to,
        to.blocks_to,
        to.stretches_to
    ];
    Ok(tx.execute(MOVE, values).await? == 1)
}

pub(crate) async fn put_words(
    tx: &mut WriteTx,
    org: &OrgId,
    row: &WordRow,
) -> Result<(), DatabaseFault> {
    const PUT: &str =
        "INSERT INTO log_words (org_id, shelf, first_seq, words) VALUES ($1, $2, $3, $4)
         ON CONFLICT (org_id, shelf, first_seq) DO UPDATE SET words = excluded.words";
    let values = params![org, row.shelf, row.first_seq, row.words.as_slice()];
    tx.execute(PUT, values).await?;
    Ok(())
}

pub(crate) const LOAD_SHELF: &str = "SELECT first_seq, words FROM log_words
     WHERE org_id = $1 AND shelf = $2 AND first_seq >= $3 AND first_seq <= $4 ORDER BY first_seq";

/// What lies on a shelf, of rows from the first to the last number, in their order.
pub(crate) async fn load_shelf(
    tx: &mut ReadTx,
    org: &OrgId,
    shelf: i64,
    (first, last): (i64, i64),
) -> Result<Vec<(i64, Vec<u8>)>, DatabaseFault> {
    let values = params![org, shelf, first, last];
    let rows = tx.query(LOAD_SHELF, values).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Removes what lies on a shelf up to the one that begins at a row.
pub(crate) async fn remove_shelf(
    tx: &mut WriteTx,
    org: &OrgId,
    shelf: i64,
    last: i64,
) -> Result<(), DatabaseFault> {
    const REMOVE: &str =
        "DELETE FROM log_words WHERE org_id = $1 AND shelf = $2 AND first_seq <= $3";
    tx.execute(REMOVE, params![org, shelf, last]).await?;
    Ok(())
}
