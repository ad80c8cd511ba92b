//! Work in the background: mail out of the outbox, group rules, provisioned apps, words of the logs, rotation of signing keys, removal of what has
//! ended, and the pulse of the store.

use crate::backchannel;
use crate::errands::{self, Errand, Sender};
use crate::event_hooks;
use crate::group_passes;
use crate::log_streams;
use crate::log_words;
use crate::mail::{Office, SendError};
use crate::membership::Membership;
use crate::moving;
use crate::outbound::Reach;
use crate::provisioning;
use crate::pulse::{self, Pulse};
use identity::cell::Cell;
use identity::event_hook::envoy::Envoy;
use identity::fault::Fault;
use identity::notice;
use ledger::outbox::store::{self as outbox, Leased};
use std::sync::Arc;
use std::time::Duration;
use telemetry::lasting::spawn_lasting;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Mails that are being delivered at once.
const MAILS_AT_ONCE_MAX: usize = 64;
/// Mails of one org that are being delivered at once: its own mail server may be slow.
const MAILS_OF_ONE_ORG_MAX: usize = 8;
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
pub fn start(
    cell: Cell,
    membership: Option<Membership>,
    office: Arc<Office>,
    reach: Reach,
    envoy: Arc<dyn Envoy>,
    pulse: Pulse,
) -> Jobs {
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let sender = Sender {
        cell: cell.clone(),
        membership,
    };
    spawn_lasting(
        &mut tasks,
        "mail",
        deliver_mail(sender.clone(), office, stopped.clone()),
    );
    spawn_lasting(
        &mut tasks,
        "ended sessions",
        backchannel::note_ended(cell.clone(), stopped.clone()),
    );
    spawn_lasting(
        &mut tasks,
        "group rules",
        group_passes::run(sender.clone(), stopped.clone()),
    );
    spawn_lasting(
        &mut tasks,
        "notices to apps",
        backchannel::deliver(sender.clone(), reach, stopped.clone()),
    );
    spawn_lasting(
        &mut tasks,
        "event hooks, followed",
        event_hooks::follow(sender.clone(), stopped.clone()),
    );
    spawn_lasting(
        &mut tasks,
        "event hooks, delivered",
        event_hooks::deliver(sender.clone(), Arc::clone(&envoy), stopped.clone()),
    );
    spawn_lasting(
        &mut tasks,
        "log streams",
        log_streams::run(sender.clone(), Arc::clone(&envoy), stopped.clone()),
    );
    spawn_lasting(
        &mut tasks,
        "provisioned apps",
        provisioning::run(sender.clone(), envoy, stopped.clone()),
    );
    spawn_lasting(
        &mut tasks,
        "words of the logs",
        log_words::run(sender, stopped.clone()),
    );
    spawn_lasting(
        &mut tasks,
        "the pulse of the store",
        pulse::run(cell.clone(), pulse, stopped.clone()),
    );
    spawn_lasting(&mut tasks, "housekeeping", keep_house(cell, stopped));
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

async fn deliver_mail(sender: Sender, office: Arc<Office>, stop: watch::Receiver<bool>) {
    let errand = Errand {
        kind: notice::OUTBOX_KIND,
        at_once_max: MAILS_AT_ONCE_MAX,
        of_one_org_max: MAILS_OF_ONE_ORG_MAX,
        lane: None,
    };
    errands::run(sender, errand, stop, move |row| {
        let office = Arc::clone(&office);
        async move { deliver_or_warn(&office, row).await }
    })
    .await;
}

async fn deliver_or_warn(office: &Office, row: Leased) {
    if let Err(fault) = deliver_one(office, row).await {
        tracing::warn!(error = %fault, "the delivery of a mail could not be noted; it will be sent again");
    }
}

async fn deliver_one(office: &Office, row: Leased) -> Result<(), Fault> {
    let cell = office.cell();
    let mail = cell.open_mail(&row.org_id, &row.payload).await;
    let sent = match mail {
        Ok(mail) => office.send(&row.org_id, &row.idempotency_key, &mail).await,
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
        if let Err(fault) = forget_moves(&cell).await {
            tracing::warn!(error = %fault, "moves that are over could not be forgotten; it will be tried again");
        }
        if let Err(fault) = forget_delivered(&cell).await {
            tracing::warn!(error = %fault, "delivered rows could not be removed; it will be tried again");
        }
        if let Err(fault) = cell.forget_hook_deliveries(DELIVERED_ROWS_MAX).await {
            tracing::warn!(error = %fault, "old deliveries of hooks could not be removed; it will be tried again");
        }
        let forgotten = cell.forget_provisioning_requests(DELIVERED_ROWS_MAX);
        if let Err(fault) = forgotten.await {
            tracing::warn!(error = %fault, "old requests to apps could not be removed; it will be tried again");
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

async fn forget_moves(cell: &Cell) -> Result<(), Fault> {
    let now = cell.now();
    cell.database
        .write(move |tx| Box::pin(async move { moving::store::delete_ended(tx, now).await }))
        .await?;
    Ok(())
}
