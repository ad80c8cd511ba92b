//! What follows for apps when a session ends behind their back: an administrator ends it, the person is suspended or
//! gets back in by mail, everything is signed out. `identity` notes each such session in the transaction that ends it;
//! here the notes become notices, and refresh tokens end.

use crate::limits::ENDED_SESSIONS_MAX;
use crate::logout::store::enqueue_notices;
use crate::token::store::revoke_families_before_epoch;
use identity::cell::Cell;
use identity::fault::Fault;
use identity::session::store::{is_any_ended, take_ended};

/// Tells the apps of a bounded number of ended sessions; says how many sessions it was. A job calls it again and again:
/// what it has taken is gone, and what it could not finish is there again.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn tell_apps(cell: &Cell) -> Result<usize, Fault> {
    let waiting = {
        let mut tx = cell.database.read().await?;
        is_any_ended(&mut tx).await?
    };
    if !waiting {
        return Ok(0);
    }
    let now = cell.now();
    cell.database
        .write(move |tx| {
            Box::pin(async move {
                let ended = take_ended(tx, ENDED_SESSIONS_MAX).await?;
                for session in &ended {
                    let (org, user) = (&session.org_id, &session.user_id);
                    enqueue_notices(tx, org, user, &session.id, now).await?;
                    revoke_families_before_epoch(tx, org, user, now).await?;
                }
                Ok(ended.len())
            })
        })
        .await
}
