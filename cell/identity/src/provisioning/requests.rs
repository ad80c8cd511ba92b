//! The log of what was sent to peers: bounded in number and age, and without anything secret.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::fault::{Fault, Refusal};
use crate::provisioning::store::requests as store;
use vocab::future::boxed;
use vocab::id::AppId;
use vocab::time::Timestamp;

/// Requests of one app that are kept.
pub const KEPT_MAX: i64 = 1_000;
/// How long they are kept.
pub const KEPT_SECS: i64 = 30 * 24 * 60 * 60;

/// A request that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its number among those of its app.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// The id of whom or what it was about.
    pub subject: String,
    /// The method.
    pub method: String,
    /// The path, below the address of the peer.
    pub path: String,
    /// The status of the answer, if there was one.
    pub status: Option<i64>,
    /// How long it took.
    pub took_ms: i64,
    /// Why there was no answer.
    pub trouble: Option<String>,
    /// What the answer says of an error.
    pub answer: Option<String>,
}

impl Cell {
    /// Requests of an app with smaller numbers than that, the newest first.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for a permit that was given for something else.
    #[boxed]
    pub async fn list_provisioning_requests(
        &self,
        permit: &Permit,
        app: &AppId,
        before: i64,
        limit: i64,
    ) -> Result<Vec<Request>, Refusal> {
        permit.covers(Permission::ReadDirectory)?;
        let mut tx = self.database.read().await?;
        Ok(store::load_page(&mut tx, (permit.org(), app), before, limit).await?)
    }

    /// Forgets requests that are too old: at most so many.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn forget_provisioning_requests(&self, rows_max: i64) -> Result<(), Fault> {
        let before = self.now().plus_secs(-KEPT_SECS);
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    store::forget_before(tx, before, rows_max).await?;
                    Ok(())
                })
            })
            .await
    }
}
