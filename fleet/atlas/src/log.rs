//! The register's log: one row per change, each hash over the one before it.

use crate::refusal::Refusal;
use crate::store;
use aws_lc_rs::digest::{SHA256, digest};
use database::{ReadTx, WriteTx};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use vocab::epoch::Epoch;
use vocab::future::boxed;
use vocab::time::Timestamp;
use wire::routes::entry::Change;

/// Rows that a walk over the log reads at once.
const PAGE_ROWS: i64 = 1_000;

/// A change of the register, as it is hashed and kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What happened, for example `org.create`.
    pub kind: String,
    /// To what.
    pub subject: String,
    /// The epoch that came of it.
    pub epoch: Epoch,
    /// Who did it.
    pub actor: String,
    /// More about it, for people.
    pub detail: String,
}

/// A row of the log.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its place, from 1 without a gap.
    pub cursor: i64,
    /// The entry, byte for byte as it was hashed.
    pub body: String,
    /// What it did to the route map, byte for byte as it was hashed.
    pub routes: String,
    /// The hash.
    pub hash: String,
}

/// The register's place: whoever holds it is the one who changes the register.
pub struct Place {
    pub(crate) cursor: i64,
    pub(crate) hash: String,
}

/// Takes the register's place. Everything that a change is decided by is read after it.
///
/// # Errors
/// The store's fault.
pub async fn take_place(tx: &mut WriteTx) -> Result<Place, Refusal> {
    store::take_head(tx).await
}

/// Writes the change, and gives the place up with the transaction.
///
/// # Errors
/// The store's fault.
pub async fn append(
    tx: &mut WriteTx,
    place: Place,
    entry: &Entry,
    routes: &[Change],
) -> Result<(), Refusal> {
    let unreadable = |error: serde_json::Error| Refusal::Stored(error.to_string());
    let body = serde_json::to_string(entry).map_err(unreadable)?;
    let routes = serde_json::to_string(routes).map_err(unreadable)?;
    let cursor = place.cursor + 1;
    let hash = hash_row(cursor, &place.hash, &body, &routes);
    store::insert_change(
        tx,
        Row {
            cursor,
            body,
            routes,
            hash,
        },
    )
    .await
}

fn hash_row(cursor: i64, before: &str, body: &str, routes: &str) -> String {
    let mut bytes = Vec::with_capacity(before.len() + body.len() + routes.len() + 32);
    bytes.extend_from_slice(&cursor.to_be_bytes());
    for field in [before, body, routes] {
        bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field.as_bytes());
    }
    let mut text = String::with_capacity(64);
    for byte in digest(&SHA256, &bytes).as_ref() {
        // Writing into a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// What a walk over the whole log found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All rows are as they were written; how many there are.
    Whole(i64),
    /// The first row that was changed, removed or added otherwise.
    BrokenAt(i64),
}

/// Walks the log from its first row.
///
/// # Errors
/// The store's fault.
#[boxed]
pub async fn verify(tx: &mut ReadTx) -> Result<Verdict, Refusal> {
    let head = store::load_head(tx).await?;
    let (mut cursor, mut hash) = (0, String::new());
    loop {
        let rows = store::load_changes(tx, cursor, PAGE_ROWS).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            cursor += 1;
            hash = hash_row(cursor, &hash, &row.body, &row.routes);
            if row.cursor != cursor || row.hash != hash {
                return Ok(Verdict::BrokenAt(cursor));
            }
        }
    }
    if (head.cursor, &head.hash) == (cursor, &hash) {
        Ok(Verdict::Whole(cursor))
    } else {
        Ok(Verdict::BrokenAt(cursor + 1))
    }
}
