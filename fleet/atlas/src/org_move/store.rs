//! Moves in the register's database. Every change is a comparison with the revision that was read.

use crate::org_move::record::MoveRecord;
use crate::refusal::Refusal;
use database::{ReadTx, Row, WriteTx, params};
use vocab::id::MoveId;
use vocab::slug::Slug;
use wire::names::CellName;
use wire::org_move::view::Phase;

/// Moves under way that are read at once: each is carried by a task.
const UNDER_WAY_MAX: i64 = 1_000;

fn stored(error: impl ToString) -> Refusal {
    Refusal::Stored(error.to_string())
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
        returning: row.get::<i64>(11)? != 0,
        reason: row.get(12)?,
        rows_total: row.get(13)?,
        keep_secs: row.get(14)?,
        until: row.get(15)?,
        fenced_at: row.get(16)?,
        pause_micros: row.get(17)?,
        requested_by: row.get(18)?,
        created_at: row.get(19)?,
        updated_at: row.get(20)?,
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
             reason = $8, rows_total = $9, until_at = $10, fenced_at = $11, pause_micros = $12, updated_at = $13 \
             WHERE id = $14 AND revision = $5 - 1",
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
                &record.id
            ],
        )
        .await?;
    Ok(updated == 1)
}

/// One move.
pub(crate) async fn load(tx: &mut ReadTx, id: &MoveId) -> Result<Option<MoveRecord>, Refusal> {
    let row = tx
        .query_optional(
            "SELECT id, org_id, slug, source, target, giver, taker, leg, phase, revision, attempt, is_returning, reason, rows_total, \
             keep_secs, until_at, fenced_at, pause_micros, requested_by, created_at, updated_at FROM org_moves WHERE id = $1",
            params![id],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// The newest move of an org.
pub(crate) async fn load_newest_of(
    tx: &mut ReadTx,
    slug: &Slug,
) -> Result<Option<MoveRecord>, Refusal> {
    let row = tx
        .query_optional(
            "SELECT id, org_id, slug, source, target, giver, taker, leg, phase, revision, attempt, is_returning, reason, rows_total, \
             keep_secs, until_at, fenced_at, pause_micros, requested_by, created_at, updated_at FROM org_moves \
             WHERE slug = $1 ORDER BY created_at DESC, id DESC LIMIT 1",
            params![slug.as_str()],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// The newest moves, the newest first.
pub(crate) async fn load_newest(tx: &mut ReadTx, limit: i64) -> Result<Vec<MoveRecord>, Refusal> {
    let rows = tx
        .query(
            "SELECT id, org_id, slug, source, target, giver, taker, leg, phase, revision, attempt, is_returning, reason, rows_total, \
             keep_secs, until_at, fenced_at, pause_micros, requested_by, created_at, updated_at FROM org_moves \
             ORDER BY created_at DESC, id DESC LIMIT $1",
            params![limit],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// Every move that is not over, the oldest first.
pub(crate) async fn load_under_way(tx: &mut ReadTx) -> Result<Vec<MoveRecord>, Refusal> {
    let rows = tx
        .query(
            "SELECT id, org_id, slug, source, target, giver, taker, leg, phase, revision, attempt, is_returning, reason, rows_total, \
             keep_secs, until_at, fenced_at, pause_micros, requested_by, created_at, updated_at FROM org_moves \
             WHERE phase NOT IN ('done', 'undone') ORDER BY created_at, id LIMIT $1",
            params![UNDER_WAY_MAX],
        )
        .await?;
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

/// Short names of orgs that a cell serves and that are not being moved, after a short name, in order.
pub(crate) async fn load_resting(
    tx: &mut ReadTx,
    cell: &CellName,
    after: &str,
    limit: i64,
) -> Result<Vec<Slug>, Refusal> {
    let rows = tx
        .query(
            "SELECT o.slug FROM orgs o WHERE o.cell = $1 AND o.slug > $2 AND o.state = 'serving' AND NOT EXISTS \
             (SELECT 1 FROM org_moves m WHERE m.org_id = o.id AND m.phase NOT IN ('done', 'undone')) ORDER BY o.slug LIMIT $3",
            params![cell, after, limit],
        )
        .await?;
    let read = |row: &Row| Slug::parse(&row.get::<String>(0)?).map_err(stored);
    rows.iter().map(read).collect()
}
