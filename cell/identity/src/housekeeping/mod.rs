//! Removing what has ended: sign-ins that nobody finished, codes and links, sessions; and what was
//! kept of attributes that are unique no more and of relations that have ended. Nothing depends on when it runs,
//! since every reader holds the end against the clock.

pub mod store;

use crate::cell::Cell;
use crate::fault::Fault;
use crate::linked_object::store as links;
use crate::person::unique::store as unique;
use database::DatabaseFault;
use vocab::future::boxed;
use vocab::time::Timestamp;

/// Most rows of one table that one transaction removes, so that no other write waits long.
pub const BATCH_ROWS: u64 = 500;
/// Most transactions of one call; what is left over waits for the next one.
pub const ROUNDS_MAX: usize = 400;

impl Cell {
    /// Removes what has ended, in bounded batches.
    ///
    /// # Errors
    /// [`Fault`] if the store fails; what was removed before stays removed.
    #[boxed]
    pub async fn remove_ended(&self) -> Result<(), Fault> {
        let now = self.now();
        for _ in 0..ROUNDS_MAX {
            let most = self
                .database
                .write(move |tx| {
                    Box::pin(async move {
                        let ended = store::delete_ended(tx, now, BATCH_ROWS).await?;
                        let retired = unique::delete_retired(tx, BATCH_ROWS).await?;
                        Ok::<_, DatabaseFault>(ended.max(retired))
                    })
                })
                .await?;
            if most < BATCH_ROWS {
                break;
            }
        }
        self.remove_ended_links(now).await
    }

    /// Apart from the others, whose rounds would look at every ending of a day once more: again only while there is more to go.
    async fn remove_ended_links(&self, now: Timestamp) -> Result<(), Fault> {
        for _ in 0..ROUNDS_MAX {
            let most = self
                .database
                .write(move |tx| {
                    Box::pin(async move { links::delete_ended(tx, now, BATCH_ROWS).await })
                })
                .await?;
            if most < BATCH_ROWS {
                break;
            }
        }
        Ok(())
    }
}
