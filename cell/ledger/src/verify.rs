//! Proves an org's log, or names the first row that is wrong.
//!
//! The chain finds rows that were changed, removed, moved or cut off by somebody who cannot recompute it to its end.
//! Who can write the whole database can also write a new chain: against that, keep a [`ChainHead`] elsewhere and give
//! it as the anchor.

use crate::body::LogEvent;
use crate::chain::{ChainHead, GENESIS, hash_row};
use crate::page::{Direction, LogRow, Span};
use crate::store;
use database::{DatabaseFault, ReadTx};
use vocab::id::OrgId;
use vocab::time::Timestamp;

/// Rows that are held in memory at one time.
const VERIFY_PAGE_ROWS: i64 = 500;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainVerdict {
    /// Every row is as it was written.
    Whole(VerifiedChain),
    /// The first row that is not.
    Broken(BrokenRow),
}

/// A chain that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedChain {
    /// How many rows it has.
    pub rows: i64,
    /// Its newest row: what to keep elsewhere.
    pub head: ChainHead,
}

/// The first row that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {seq}: {reason}")]
pub struct BrokenRow {
    /// Its number.
    pub seq: i64,
    /// What is wrong with it.
    pub reason: BreakReason,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BreakReason {
    /// There are later rows, but not this one.
    #[error("the row is missing")]
    Missing,
    /// The content or the place of the row, or its hash, is not what was written.
    #[error("the row was changed or moved: its hash is not that of its content in this place")]
    HashMismatch,
    /// A column beside the body, by which the row is found, disagrees with it.
    #[error("the column {0} was changed: it disagrees with the event")]
    Column(&'static str),
    /// The body is not an event.
    #[error("the event cannot be read")]
    Unreadable,
    /// The log ends before the row that its head names.
    #[error("the log was cut off: its head names a later row")]
    CutOff,
    /// The log goes on after the row that its head names, or its head is not that row.
    #[error("the head of the log was changed: it does not name the newest row")]
    Head,
    /// The log differs from the row that was kept elsewhere.
    #[error("the log was rewritten: the row differs from the one that was kept")]
    Anchor,
}

/// Goes through the org's whole log, in pages, within the snapshot of one transaction.
///
/// # Errors
/// The store's fault. A log that is wrong is not an error but a verdict.
pub async fn verify_chain(
    tx: &mut ReadTx,
    org: &OrgId,
    anchor: Option<&ChainHead>,
) -> Result<ChainVerdict, DatabaseFault> {
    let head = store::load_head(tx, org).await?;
    let mut reached = ChainHead {
        seq: 0,
        hash: GENESIS.to_owned(),
    };
    loop {
        let span = Span {
            direction: Direction::OldestFirst,
            after: reached.seq,
            before: i64::MAX,
        };
        let rows = store::load_rows(tx, org, span, VERIFY_PAGE_ROWS).await?;
        if rows.is_empty() {
            break;
        }
        if let Err(broken) = check_rows(org, &mut reached, &rows, anchor) {
            return Ok(ChainVerdict::Broken(broken));
        }
    }
    Ok(decide_end(head, reached, anchor))
}

/// Checks consecutive rows and moves `reached` on over them.
fn check_rows(
    org: &OrgId,
    reached: &mut ChainHead,
    rows: &[LogRow],
    anchor: Option<&ChainHead>,
) -> Result<(), BrokenRow> {
    for row in rows {
        let seq = reached.seq + 1;
        let broken = |reason| BrokenRow { seq, reason };
        if row.seq != seq {
            return Err(broken(BreakReason::Missing));
        }
        if row.hash != hash_row(org, seq, &reached.hash, &row.body) {
            return Err(broken(BreakReason::HashMismatch));
        }
        let event = row.event().ok_or(broken(BreakReason::Unreadable))?;
        check_columns(row, &event).map_err(broken)?;
        if anchor.is_some_and(|anchor| anchor.seq == seq && anchor.hash != row.hash) {
            return Err(broken(BreakReason::Anchor));
        }
        *reached = ChainHead {
            seq,
            hash: row.hash.clone(),
        };
    }
    Ok(())
}

fn check_columns(row: &LogRow, event: &LogEvent<'_>) -> Result<(), BreakReason> {
    let columns = [
        ("id", row.id.as_str() == event.uuid),
        (
            "published_at",
            Timestamp::parse_rfc3339(&event.published) == Some(row.published_at),
        ),
        ("event_type", row.event_type == event.event_type),
        ("outcome", row.outcome == event.outcome.result),
        ("actor_id", row.actor_id == event.actor.id),
    ];
    match columns.iter().find(|(_, agrees)| !agrees) {
        Some((column, _)) => Err(BreakReason::Column(column)),
        None => Ok(()),
    }
}

fn decide_end(
    head: Option<ChainHead>,
    reached: ChainHead,
    anchor: Option<&ChainHead>,
) -> ChainVerdict {
    let broken = |seq, reason| ChainVerdict::Broken(BrokenRow { seq, reason });
    if let Some(anchor) = anchor
        && anchor.seq > reached.seq
    {
        return broken(reached.seq + 1, BreakReason::Anchor);
    }
    match head {
        None if reached.seq == 0 => ChainVerdict::Whole(VerifiedChain {
            rows: 0,
            head: reached,
        }),
        Some(head) if head.seq > reached.seq => broken(reached.seq + 1, BreakReason::CutOff),
        Some(head) if head == reached => ChainVerdict::Whole(VerifiedChain {
            rows: reached.seq,
            head: reached,
        }),
        _ => broken(reached.seq, BreakReason::Head),
    }
}
