//! Forgets what has ended. A job of the server calls it again and again.

pub mod store;

use crate::limits::{KEEP_SECS, SESSION_APPS_SECS};
use identity::cell::Cell;
use identity::fault::Fault;

/// Deletes a bounded number of ended rows of every table of this crate; says how many it was.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn run(cell: &Cell) -> Result<u64, Fault> {
    let now = cell.now();
    let ended_before = now.plus_secs(-KEEP_SECS);
    let signed_in_before = now.plus_secs(-SESSION_APPS_SECS);
    Ok(cell
        .database
        .write(move |tx| {
            Box::pin(async move { store::delete_ended(tx, ended_before, signed_in_before).await })
        })
        .await?)
}
