//! Moves in the register's database. Every change is a comparison with the revision that was read.

use crate::cell_state::Inhabitants;
use crate::org_move::record::MoveRecord;
use crate::refusal::Refusal;
use database::{ReadTx, Row, WriteTx, params};
use vocab::id::{MoveId, OrgId};
use vocab::slug::Slug;
use wire::control::{CellView, Pin};
use wire::names::CellName;
use wire::org_move::view::Phase;

/// Moves under way that are read at once: each is carried by a task.
pub(crate) const UNDER_WAY_MAX: i64 = 1_000;

/// Orgs that are named where a cell is not empty.
const NAMES_MAX: i64 = 3;

fn stored(error: impl ToString) -> Refusal {
    Refusal::Stored(error.to_string())
}

/// The columns in the order of [`read`]; the last says whether another move has left something where this one wants to go.
macro_rules! select_moves {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.org_id, m.slug, m.source, m.target, m.giver, m.taker, m.leg, m.phase, m.revision, m.attempt, \
             m.is_returning, m.reason, m.rows_total, m.keep_secs, m.until_at, m.fenced_at, m.pause_micros, m.left_behind, \
             m.abandoned, m.requested_by, m.created_at, m.updated_at, EXISTS (SELECT 1 FROM org_moves o \
             WHERE o.org_id = m.org_id AND o.taker = m.taker AND o.left_behind = 1 AND o.id <> m.id) FROM org_moves m ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<MoveRecord, Refusal> {
    let cell = |index: usize| CellName::parse(&row.get::<String>(index)?).map_err(stored);
    Ok(MoveRecord {
        id: row.get(0)?,
        org: row.get(1)?,
        slug: Slug::parse(&row.get::<String>(2)?).map_err(stored)?,
        source: cell(3)?,
        target: cell(4)?,
        giver: cell(5)?,
        taker: cell(6)?,
        leg: row.get(7)?,
        phase: Phase::parse(&row.get::<String>(8)?).ok_or_else(|| stored("a phase of a move"))?,
        revision: row.get(9)?,
        attempt: row.get(10)?,
        returning: row.get(11)?,
        reason: row.get(12)?,
        rows_total: row.get(13)?,
        keep_secs: row.get(14)?,
        until: row.get(15)?,
        fenced_at: row.get(16)?,
        pause_micros: row.get(17)?,
        left_behind: row.get(18)?,
        abandoned: row.get(19)?,
        requested_by: row.get(20)?,
        created_at: row.get(21)?,
        updated_at: row.get(22)?,
        waits_for_taker: row.get(23)?,
    })
}

/// Writes a new move; none if the org is being moved already.
pub(crate) async fn insert(tx: &mut WriteTx, record: &MoveRecord) -> Result<bool, Refusal> {
    let inserted = tx
        .execute(
            "INSERT INTO org_moves (id, org_id, slug, source, target, giver, taker, leg, phase, revision, attempt, is_returning, \
             rows_total, keep_secs, requested_by, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $4, $5, $6, $7, $8, $9, 0, 0, $10, $11, $12, $12) ON CONFLICT DO NOTHING",
            params![
                &record.id,
                &record.org,
                record.slug.as_str(),
                &record.source,
                &record.target,
                record.leg,
                record.phase.as_str(),
                record.revision,
                record.attempt,
                record.keep_secs,
                record.requested_by.as_str(),
                record.created_at
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Writes what became of a move; whether it still had the revision before.
pub(crate) async fn update(tx: &mut WriteTx, record: &MoveRecord) -> Result<bool, Refusal> {
    let updated = tx
        .execute(
            "UPDATE org_moves SET giver = $1, taker = $2, leg = $3, phase = $4, revision = $5, attempt = $6, is_returning = $7, \
             reason = $8, rows_total = $9, until_at = $10, fenced_at = $11, pause_micros = $12, updated_at = $13, \
             left_behind = $14, abandoned = $15 WHERE id = $16 AND revision = $5 - 1",
            params![
                &record.giver,
                &record.taker,
                record.leg,
                record.phase.as_str(),
                record.revision,
                record.attempt,
                i64::from(record.returning),
                record.reason.clone(),
                record.rows_total,
                record.until,
                record.fenced_at,
                record.pause_micros,
                record.updated_at,
                i64::from(record.left_behind),
                i64::from(record.abandoned),
                &record.id
            ],
        )
        .await?;
    Ok(updated == 1)
}

/// One move.
pub(crate) async fn load(tx: &mut ReadTx, id: &MoveId) -> Result<Option<MoveRecord>, Refusal> {
    let row = tx
        .query_optional(select_moves!("WHERE m.id = $1"), params![id])
        .await?;
    row.as_ref().map(read).transpose()
}

/// The move of an org that is not over, or else its newest: which one is under way is no question of clocks.
pub(crate) async fn load_newest_of(
    tx: &mut ReadTx,
    slug: &Slug,
) -> Result<Option<MoveRecord>, Refusal> {
    let sql = select_moves!(
        "WHERE m.slug = $1 ORDER BY CASE WHEN m.phase IN ('done', 'undone') THEN 1 ELSE 0 END, \
         m.leg DESC, m.created_at DESC, m.id DESC LIMIT 1"
    );
    let row = tx.query_optional(sql, params![slug.as_str()]).await?;
    row.as_ref().map(read).transpose()
}

/// The newest moves, the newest first.
pub(crate) async fn load_newest(tx: &mut ReadTx, limit: i64) -> Result<Vec<MoveRecord>, Refusal> {
    let sql = select_moves!("ORDER BY m.created_at DESC, m.id DESC LIMIT $1");
    let rows = tx.query(sql, params![limit]).await?;
    rows.iter().map(read).collect()
}

/// Every move that is not over. No more than that are begun with; if there were more all the same, those during which
/// nobody serves would come first.
pub(crate) async fn load_under_way(tx: &mut ReadTx) -> Result<Vec<MoveRecord>, Refusal> {
    let sql = select_moves!(
        "WHERE m.phase NOT IN ('done', 'undone') ORDER BY CASE WHEN m.phase IN \
         ('fencing', 'fenced', 'loosening', 'activating') THEN 0 ELSE 1 END, m.created_at, m.id LIMIT $1"
    );
    let rows = tx.query(sql, params![UNDER_WAY_MAX]).await?;
    rows.iter().map(read).collect()
}

/// Whether one more may be under way. Whoever asks holds the log's place, so that of two who begin at once the second counts
/// the first.
pub(crate) async fn has_room(tx: &mut ReadTx) -> Result<bool, Refusal> {
    let sql = "SELECT COUNT(*) FROM org_moves WHERE phase NOT IN ('done', 'undone')";
    let row = tx.query_optional(sql, params![]).await?;
    let present: i64 = row.map_or(Ok(0), |row| row.get(0))?;
    Ok(present < UNDER_WAY_MAX)
}

/// The cells that have to remove yet what moves left there.
pub(crate) async fn load_untidy_cells(tx: &mut ReadTx) -> Result<Vec<CellName>, Refusal> {
    let sql = "SELECT DISTINCT taker FROM org_moves WHERE left_behind = 1";
    let rows = tx.query(sql, params![]).await?;
    rows.iter().map(read_cell_name).collect()
}

/// The cells that have to remove yet what moves of an org left there.
pub(crate) async fn load_untidy_cells_of(
    tx: &mut ReadTx,
    org: &OrgId,
) -> Result<Vec<CellName>, Refusal> {
    let sql = "SELECT DISTINCT taker FROM org_moves WHERE org_id = $1 AND left_behind = 1";
    let rows = tx.query(sql, params![org]).await?;
    rows.iter().map(read_cell_name).collect()
}

fn read_cell_name(row: &Row) -> Result<CellName, Refusal> {
    CellName::parse(&row.get::<String>(0)?).map_err(stored)
}

/// Moves that left something in a cell, after an id, in order.
pub(crate) async fn load_left_behind(
    tx: &mut ReadTx,
    cell: &CellName,
    after: &str,
    limit: i64,
) -> Result<Vec<MoveRecord>, Refusal> {
    let sql = select_moves!(
        "WHERE m.taker = $1 AND m.left_behind = 1 AND m.id > $2 ORDER BY m.id LIMIT $3"
    );
    let rows = tx.query(sql, params![cell, after, limit]).await?;
    rows.iter().map(read).collect()
}

/// How many orgs have a place in a second cell, because they are moving or something of them was left there.
pub(crate) async fn count_second_places(tx: &mut ReadTx) -> Result<i64, Refusal> {
    let sql = "SELECT (SELECT COUNT(*) FROM org_moves WHERE phase NOT IN ('done', 'undone')) \
               + (SELECT COUNT(*) FROM org_moves WHERE left_behind = 1)";
    let row = tx.query_optional(sql, params![]).await?;
    Ok(row.map_or(Ok(0), |row| row.get(0))?)
}

/// What keeps a cell from being empty.
pub(crate) async fn load_inhabitants(
    tx: &mut ReadTx,
    cell: &CellView,
) -> Result<Inhabitants, Refusal> {
    let sql = "SELECT (SELECT COUNT(*) FROM orgs WHERE cell = $1), \
               (SELECT COUNT(*) FROM org_moves WHERE taker = $1 AND phase NOT IN ('done', 'undone')), \
               (SELECT COUNT(*) FROM org_moves WHERE taker = $1 AND left_behind = 1)";
    let row = tx.query_optional(sql, params![&cell.name]).await?;
    let row = row.ok_or_else(|| stored("no counts of a cell"))?;
    let kept = "SELECT slug FROM org_moves WHERE taker = $1 AND phase NOT IN ('done', 'undone') ORDER BY slug LIMIT $2";
    let left_behind = "SELECT DISTINCT slug FROM org_moves WHERE taker = $1 AND left_behind = 1 ORDER BY slug LIMIT $2";
    Ok(Inhabitants {
        counted: cell.orgs,
        served: row.get(0)?,
        kept: row.get(1)?,
        kept_names: load_names(tx, kept, &cell.name).await?,
        left_behind: row.get(2)?,
        left_behind_names: load_names(tx, left_behind, &cell.name).await?,
    })
}

async fn load_names(
    tx: &mut ReadTx,
    sql: &'static str,
    cell: &CellName,
) -> Result<Vec<Slug>, Refusal> {
    let rows = tx.query(sql, params![cell, NAMES_MAX]).await?;
    let read = |row: &Row| Slug::parse(&row.get::<String>(0)?).map_err(stored);
    rows.iter().map(read).collect()
}

/// Moves the placement of an org from one cell to another at the next epoch; whether it was where the move left it.
pub(crate) async fn switch_placement(
    tx: &mut WriteTx,
    before: &MoveRecord,
    after: &MoveRecord,
) -> Result<bool, Refusal> {
    let updated = tx
        .execute(
            "UPDATE orgs SET cell = $1, epoch = $2 WHERE id = $3 AND cell = $4 AND epoch = $5",
            params![
                &after.giver,
                after.leg,
                &before.org,
                &before.giver,
                before.leg
            ],
        )
        .await?;
    Ok(updated == 1)
}

/// One org less for a cell.
pub(crate) async fn uncount_org(tx: &mut WriteTx, cell: &CellName) -> Result<(), Refusal> {
    tx.execute(
        "UPDATE cells SET orgs = orgs - 1 WHERE name = $1",
        params![cell],
    )
    .await?;
    Ok(())
}

/// Orgs that a cell serves and that are not being moved, after a short name, in order, with where they may be.
pub(crate) async fn load_resting(
    tx: &mut ReadTx,
    cell: &CellName,
    after: &str,
    limit: i64,
) -> Result<Vec<(Slug, Pin)>, Refusal> {
    let rows = tx
        .query(
            "SELECT o.slug, o.pin FROM orgs o WHERE o.cell = $1 AND o.slug > $2 AND o.state = 'serving' AND NOT EXISTS \
             (SELECT 1 FROM org_moves m WHERE m.org_id = o.id AND m.phase NOT IN ('done', 'undone')) ORDER BY o.slug LIMIT $3",
            params![cell, after, limit],
        )
        .await?;
    let read = |row: &Row| {
        let slug = Slug::parse(&row.get::<String>(0)?).map_err(stored)?;
        let pin = serde_json::from_str(&row.get::<String>(1)?).map_err(stored)?;
        Ok((slug, pin))
    };
    rows.iter().map(read).collect()
}
