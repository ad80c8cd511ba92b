//! Work in the background: mail out of the outbox, rotation of signing keys, removal of what has ended.

use crate::backchannel;
use crate::mail::{Post, SendError};
use identity::cell::Cell;
use identity::fault::Fault;
use identity::notice;
use ledger::outbox::store::{self as outbox, Leased};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Pause between two looks at the outbox.
const OUTBOX_PAUSE: Duration = Duration::from_millis(500);
/// Mails in one look.
const OUTBOX_ROWS_MAX: i64 = 20;
/// Pause between two rounds of housekeeping.
const HOUSEKEEPING_PAUSE: Duration = Duration::from_secs(60);

/// How long delivered rows are kept.
const DELIVERED_KEPT_SECS: i64 = 7 * 24 * 60 * 60;
/// Delivered rows that one round removes.
const DELIVERED_ROWS_MAX: i64 = 1_000;

/// Jobs that run until they are stopped.
pub struct Jobs {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Starts all jobs of a cell.
#[must_use]
pub fn start(cell: Cell, post: Post) -> Jobs {
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    tasks.spawn(deliver_mail(cell.clone(), post, stopped.clone()));
    tasks.spawn(backchannel::deliver(cell.clone(), stopped.clone()));
    tasks.spawn(keep_house(cell, stopped));
    Jobs { stop, tasks }
}

impl Jobs {
    /// Tells the jobs to stop and waits for them.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Waits, or returns true at once when the jobs are told to stop.
pub(crate) async fn stopped_within(stop: &mut watch::Receiver<bool>, pause: Duration) -> bool {
    tokio::time::timeout(pause, stop.wait_for(|stop| *stop))
        .await
        .is_ok()
}

async fn deliver_mail(cell: Cell, post: Post, mut stop: watch::Receiver<bool>) {
    while !stopped_within(&mut stop, OUTBOX_PAUSE).await {
        if let Err(fault) = deliver_due(&cell, &post).await {
            tracing::warn!(error = %fault, "mail could not be taken out of the outbox; it will be tried again");
        }
    }
}

async fn deliver_due(cell: &Cell, post: &Post) -> Result<(), Fault> {
    let now = cell.now();
    let due = {
        let mut tx = cell.database.read().await?;
        outbox::is_any_due(&mut tx, notice::OUTBOX_KIND, now).await?
    };
    if !due {
        return Ok(());
    }
    let leased = cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                outbox::lease_due(tx, notice::OUTBOX_KIND, now, OUTBOX_ROWS_MAX).await
            })
        })
        .await?;
    for row in leased {
        deliver_one(cell, post, row).await?;
    }
    Ok(())
}

async fn deliver_one(cell: &Cell, post: &Post, row: Leased) -> Result<(), Fault> {
    let mail = cell.open_mail(&row.org_id, &row.payload).await;
    let sent = match mail {
        Ok(mail) => post.send(&row.idempotency_key, &mail).await,
        Err(fault) => Err(SendError::Message(fault.to_string())),
    };
    let now = cell.now();
    match sent {
        Ok(()) => {
            cell.database
                .write(move |tx| {
                    Box::pin(async move { outbox::complete(tx, &row.org_id, &row.id).await })
                })
                .await?;
        }
        Err(error) => {
            let attempts = row.attempts;
            let retry = cell
                .database
                .write(move |tx| Box::pin(async move { outbox::give_back(tx, &row, now).await }))
                .await?;
            tracing::warn!(%error, attempts, ?retry, "a mail was not delivered");
        }
    }
    Ok(())
}

async fn keep_house(cell: Cell, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(fault) = cell.signing_keys.rotate_due().await {
            tracing::warn!(error = %fault, "signing keys could not be rotated; it will be tried again");
        }
        if let Err(fault) = cell.remove_ended().await {
            tracing::warn!(error = %fault, "ended rows could not be removed; it will be tried again");
        }
        if let Err(fault) = oauth::sweep::run(&cell).await {
            tracing::warn!(error = %fault, "ended grants could not be removed; it will be tried again");
        }
        if let Err(fault) = forget_delivered(&cell).await {
            tracing::warn!(error = %fault, "delivered rows could not be removed; it will be tried again");
        }
        if stopped_within(&mut stop, HOUSEKEEPING_PAUSE).await {
            return;
        }
    }
}

/// A delivered row is kept for a while, so that a repetition of its act enqueues nothing.
async fn forget_delivered(cell: &Cell) -> Result<(), Fault> {
    let before = cell.now().plus_secs(-DELIVERED_KEPT_SECS);
    cell.database
        .write(move |tx| {
            Box::pin(async move { outbox::remove_done(tx, before, DELIVERED_ROWS_MAX).await })
        })
        .await?;
    Ok(())
}
