//! The moves of this cell in its own store. Each change is one statement with its conditions, in a transaction that holds
//! the move's row.

pub(crate) mod changes;
pub(crate) mod rows;

use crate::moving::refusal::MoveRefusal;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use identity::fault::Fault;
use vocab::epoch::Epoch;
use vocab::id::{MoveId, OrgId};
use vocab::time::Timestamp;
use wire::names::CellName;
use wire::org_move::AskOffer;
use wire::org_move::side::{Known, Part};

/// How long a move that is over is remembered.
const ENDED_KEPT_SECS: i64 = 7 * 24 * 60 * 60;

/// Whether an org may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// By everybody; what is written is noted.
    Open,
    /// By the move alone.
    Closed,
    /// It is being written to by the move, within this transaction.
    Pass,
}

impl Mode {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Pass => "pass",
        }
    }
}

macro_rules! select_move {
    ($rest:literal) => {
        concat!(
            "SELECT org_id, peer, role, leg, taken_seq, place, copied, transfer_key, fence_attempt, unfenced_attempt, \
             ended_at FROM org_moves WHERE move_id = $1",
            $rest
        )
    };
}

/// The move, over or not.
pub(crate) async fn load(tx: &mut ReadTx, id: &MoveId) -> Result<Option<Known>, MoveRefusal> {
    let row = tx.query_optional(select_move!(""), params![id]).await?;
    row.as_ref().map(parse_known).transpose()
}

/// The move, over or not; nobody else changes it until the transaction is over.
pub(crate) async fn lock(tx: &mut WriteTx, id: &MoveId) -> Result<Option<Known>, MoveRefusal> {
    let row = tx
        .query_optional(select_move!(" FOR UPDATE"), params![id])
        .await?;
    row.as_ref().map(parse_known).transpose()
}

fn parse_known(row: &Row) -> Result<Known, MoveRefusal> {
    let (peer, role): (String, String) = (row.get(1)?, row.get(2)?);
    let place: Option<String> = row.get(5)?;
    let ended_at: Option<Timestamp> = row.get(10)?;
    let unread = |what: &str| Fault::stored("move", &what);
    Ok(Known {
        org: row.get(0)?,
        peer: CellName::parse(&peer).map_err(|_| unread("peer"))?,
        part: Part::parse(&role).ok_or_else(|| unread("role"))?,
        leg: row.get(3)?,
        taken_seq: row.get(4)?,
        place: place.unwrap_or_default(),
        copied: row.get(6)?,
        transfer_key: row.get(7)?,
        fence_attempt: row.get(8)?,
        unfenced_attempt: row.get(9)?,
        ended: ended_at.is_some(),
    })
}

/// A move that begins.
#[derive(Clone)]
pub(crate) struct Beginning {
    pub(crate) id: MoveId,
    pub(crate) org: OrgId,
    pub(crate) peer: CellName,
    pub(crate) part: Part,
    pub(crate) leg: Epoch,
    pub(crate) transfer_key: Option<Vec<u8>>,
}

/// Notes a move; false if there is another of the same org, or this one was begun meanwhile.
pub(crate) async fn insert(
    tx: &mut WriteTx,
    move_: &Beginning,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO org_moves (move_id, org_id, peer, role, leg, seq, taken_seq, place, copied, \
               transfer_key, fence_attempt, unfenced_attempt, began_at, ended_at) \
               VALUES ($1, $2, $3, $4, $5, 0, 0, NULL, 0, $6, 0, 0, $7, NULL) ON CONFLICT DO NOTHING";
    let values = params![
        &move_.id,
        &move_.org,
        move_.peer.as_str(),
        move_.part.as_str(),
        move_.leg,
        move_.transfer_key.clone(),
        now
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Notes as over a move that never began here.
pub(crate) async fn insert_ended(
    tx: &mut WriteTx,
    id: &MoveId,
    org: &OrgId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO org_moves (move_id, org_id, peer, role, leg, seq, taken_seq, place, copied, \
               transfer_key, fence_attempt, unfenced_attempt, began_at, ended_at) \
               VALUES ($1, $2, 'nobody', 'leaving', 1, 0, 0, NULL, 0, NULL, 0, 0, $3, $3) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![id, org, now]).await.map(drop)
}

/// Keeps the key of the move, unless there is one.
pub(crate) async fn set_transfer_key(
    tx: &mut WriteTx,
    id: &MoveId,
    wrapped: Vec<u8>,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE org_moves SET transfer_key = $2 WHERE move_id = $1 AND transfer_key IS NULL";
    tx.execute(sql, params![id, wrapped]).await.map(drop)
}

/// The number of the next parcel. Raised before anything is read, so that a higher number is never older.
pub(crate) async fn raise_seq(tx: &mut WriteTx, id: &MoveId) -> Result<i64, DatabaseFault> {
    let sql = "UPDATE org_moves SET seq = seq + 1 WHERE move_id = $1";
    tx.execute(sql, params![id]).await?;
    let sql = "SELECT seq FROM org_moves WHERE move_id = $1";
    let row = tx.query_optional(sql, params![id]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// Notes the number of a parcel that is taken; false if it, or a later one, was taken.
pub(crate) async fn set_taken(
    tx: &mut WriteTx,
    id: &MoveId,
    seq: i64,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE org_moves SET taken_seq = $2 WHERE move_id = $1 AND role = 'taking' AND taken_seq < $2";
    Ok(tx.execute(sql, params![id, seq]).await? == 1)
}

/// Goes on in the walk over all rows; false if it is somewhere else.
pub(crate) async fn step_walk(
    tx: &mut WriteTx,
    id: &MoveId,
    after: &str,
    next: Option<&str>,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE org_moves SET place = $3, copied = $4 \
               WHERE move_id = $1 AND copied = 0 AND COALESCE(place, '') = $2";
    let is_end = next.is_none();
    let values = params![id, after, next.map(str::to_owned), is_end];
    Ok(tx.execute(sql, values).await? == 1)
}

/// The fence stands.
pub(crate) async fn raise_fence(
    tx: &mut WriteTx,
    id: &MoveId,
    attempt: i64,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE org_moves SET fence_attempt = $2 WHERE move_id = $1 AND fence_attempt < $2";
    tx.execute(sql, params![id, attempt]).await.map(drop)
}

/// Fences up to this one are taken back.
pub(crate) async fn raise_unfenced(
    tx: &mut WriteTx,
    id: &MoveId,
    attempt: i64,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE org_moves SET unfenced_attempt = $2 \
               WHERE move_id = $1 AND unfenced_attempt < $2";
    tx.execute(sql, params![id, attempt]).await.map(drop)
}

/// What this cell is to the move from now on; of a taker, it has all rows.
pub(crate) async fn set_part(
    tx: &mut WriteTx,
    id: &MoveId,
    part: Part,
    leg: Epoch,
) -> Result<(), DatabaseFault> {
    let sql =
        "UPDATE org_moves SET role = $2, leg = $3, place = NULL, copied = 1 WHERE move_id = $1";
    tx.execute(sql, params![id, part.as_str(), leg])
        .await
        .map(drop)
}

/// The cell takes nothing of the move any more.
pub(crate) async fn leave(tx: &mut WriteTx, id: &MoveId) -> Result<(), DatabaseFault> {
    let sql = "UPDATE org_moves SET role = 'leaving', transfer_key = NULL, place = NULL, copied = 0 \
               WHERE move_id = $1";
    tx.execute(sql, params![id]).await.map(drop)
}

/// The move is over.
pub(crate) async fn end(
    tx: &mut WriteTx,
    id: &MoveId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE org_moves SET ended_at = $2, transfer_key = NULL WHERE move_id = $1";
    tx.execute(sql, params![id, now]).await.map(drop)
}

/// Forgets moves that are over for long.
///
/// # Errors
/// The store's fault.
pub async fn delete_ended(tx: &mut WriteTx, now: Timestamp) -> Result<u64, DatabaseFault> {
    let sql = "DELETE FROM org_moves WHERE ended_at < $1";
    tx.execute(sql, params![now.plus_secs(-ENDED_KEPT_SECS)])
        .await
}

/// Sets who may write to the org.
pub(crate) async fn set_mode(
    tx: &mut WriteTx,
    org: &OrgId,
    mode: Mode,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO org_fences (org_id, mode) VALUES ($1, $2) \
               ON CONFLICT (org_id) DO UPDATE SET mode = EXCLUDED.mode";
    tx.execute(sql, params![org, mode.as_str()]).await.map(drop)
}

/// Takes the fence of an org away.
pub(crate) async fn delete_fence(tx: &mut WriteTx, org: &OrgId) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM org_fences WHERE org_id = $1";
    tx.execute(sql, params![org]).await.map(drop)
}

/// Whether another org of this cell has the short name.
pub(crate) async fn is_slug_taken(tx: &mut ReadTx, ask: &AskOffer) -> Result<bool, DatabaseFault> {
    let found = identity::org::store::find_by_slug(tx, ask.slug.as_str()).await?;
    Ok(found.is_some_and(|org| org != ask.org))
}
