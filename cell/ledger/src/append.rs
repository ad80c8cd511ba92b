//! Writes events into the caller's transaction.
//!
//! The head of the org's chain is read for update, which on PostgreSQL holds its row until the transaction ends:
//! rows of one org are numbered in the order in which they are committed, and none is skipped.

use crate::chain::{decide_published, event_id, hash_row};
use crate::event::Event;
use crate::store::{self, NewRow};
use database::{DatabaseFault, WriteTx};
use std::collections::BTreeSet;
use vocab::id::OrgId;

/// Adds one event to the org's log. Make it the last thing a transaction does: others of the same org wait from here.
///
/// # Errors
/// The store's fault; the transaction is then over.
pub async fn append(tx: &mut WriteTx, org: &OrgId, event: Event) -> Result<(), DatabaseFault> {
    append_all(tx, org, vec![event]).await
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
    let mut head = store::take_head(tx, org).await?;
    for event in events {
        let seq = head.seq + 1;
        let event_type = event.event_type();
        let published_at = decide_published(event.at(), head.published_at);
        let id = event_id(org, seq, &head.hash);
        let body = event.render(&id, published_at);
        // Strings and maps of strings have a JSON form always; an empty body would be found by the verification.
        let text = serde_json::to_string(&body).unwrap_or_default();
        let hash = hash_row(org, seq, &head.hash, &text);
        let row = NewRow {
            seq,
            id,
            published_at,
            event_type,
            outcome: &body.outcome.result,
            actor_id: &body.actor.id,
            body: text,
            hash: &hash,
        };
        store::insert_event(tx, org, row).await?;
        let targets: BTreeSet<&str> = body
            .target
            .iter()
            .map(|target| target.id.as_str())
            .collect();
        for target in targets {
            store::insert_target(tx, org, seq, target).await?;
        }
        head.seq = seq;
        head.hash = hash;
        head.published_at = published_at.max(head.published_at);
    }
    store::update_head(tx, org, &head).await
}
