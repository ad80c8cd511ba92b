//! Writes events into the caller's transaction.
//!
//! The head of the org's chain is read for update, which on PostgreSQL holds its row until the transaction ends:
//! rows of one org are numbered in the order in which they are committed, and none is skipped.
//!
//! Where the caller's work may leave rows (`Database::write_leaving`), events are left to the end of the commit, and the
//! head is read and changed once for all of them.

use crate::chain::{decide_published, event_id, hash_row};
use crate::event::Event;
use crate::store::{self, NewRow};
use database::{DatabaseFault, LeftRows, TxFuture, WriteTx};
use std::collections::BTreeMap;
use vocab::id::OrgId;

/// Adds one event to the org's log. Make it the last thing a transaction does: others of the same org wait from here.
///
/// # Errors
/// The store's fault; the transaction is then over.
pub async fn append(tx: &mut WriteTx, org: &OrgId, event: Event) -> Result<(), DatabaseFault> {
    append_all(tx, org, vec![event]).await
}

/// Events that were left to the end of their commit, in order.
#[derive(Default)]
struct LeftEvents(Vec<(OrgId, Event)>);

impl LeftRows for LeftEvents {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn truncate(&mut self, count: usize) {
        self.0.truncate(count);
    }

    fn write(self: Box<Self>, tx: &mut WriteTx) -> TxFuture<'_, (), DatabaseFault> {
        Box::pin(async move {
            let mut by_org: BTreeMap<OrgId, Vec<Event>> = BTreeMap::new();
            for (org, event) in self.0 {
                by_org.entry(org).or_default().push(event);
            }
            for (org, events) in by_org {
                append_now(tx, &org, events).await?;
            }
            Ok(())
        })
    }
}

/// Leaves the events to the end of the commit, if they may be: gives them back if not. An org that moves may be closed
/// to writes, which only its own work must be told.
async fn leave(
    tx: &mut WriteTx,
    org: &OrgId,
    events: Vec<Event>,
) -> Result<Option<Vec<Event>>, DatabaseFault> {
    let Some(left) = tx.left_rows::<LeftEvents>() else {
        return Ok(Some(events));
    };
    let is_known = left.0.iter().any(|(known, _)| known == org);
    if !is_known && store::is_moving(tx, org).await? {
        return Ok(Some(events));
    }
    let Some(left) = tx.left_rows::<LeftEvents>() else {
        return Ok(Some(events));
    };
    left.0
        .extend(events.into_iter().map(|event| (org.clone(), event)));
    Ok(None)
}

/// Adds several events to the org's log, in order.
///
/// # Errors
/// The store's fault; the transaction is then over.
pub async fn append_all(
    tx: &mut WriteTx,
    org: &OrgId,
    events: Vec<Event>,
) -> Result<(), DatabaseFault> {
    if events.is_empty() {
        return Ok(());
    }
    match leave(tx, org, events).await? {
        Some(events) => append_now(tx, org, events).await,
        None => Ok(()),
    }
}

async fn append_now(
    tx: &mut WriteTx,
    org: &OrgId,
    events: Vec<Event>,
) -> Result<(), DatabaseFault> {
    let mut head = store::take_head(tx, org).await?;
    for event in events {
        let seq = head.seq + 1;
        let event_type = event.event_type();
        let published_at = decide_published(event.at(), head.published_at);
        let id = event_id(org, seq, &head.hash);
        // Strings and maps of strings have a JSON form always; an empty body would be found by the verification.
        let text = serde_json::to_string(&event.render(&id, published_at)).unwrap_or_default();
        let hash = hash_row(org, seq, &head.hash, &text);
        let row = NewRow {
            seq,
            id,
            published_at,
            event_type,
            outcome: event.outcome().as_str(),
            actor_id: event.actor_id(),
            body: text,
            hash: &hash,
        };
        store::insert_event(tx, org, row).await?;
        head.seq = seq;
        head.hash = hash;
        head.published_at = published_at.max(head.published_at);
    }
    store::update_head(tx, org, &head).await
}
