//! The job behind the search of the log: gathers the words of rows that were written, some time after they were. Whoever writes
//! waits for none of it, and a search looks directly at rows that have no words yet.

use crate::errands::Sender;
use crate::jobs::stopped_within;
use database::{Database, DatabaseFault};
use identity::fault::Fault;
use ledger::{Gathering, Portion};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use vocab::id::OrgId;

/// Shortest pause between two looks at the logs.
const PAUSE: Duration = Duration::from_millis(500);
/// A pause is so many times as long as the look before it took: of very many logs each look costs a little.
const PAUSE_FACTOR: u32 = 50;
/// Logs that one look finds at a time.
const PAGE_LOGS_MAX: i64 = 500;
/// Blocks and stretches of one log before another has its turn: an org that is about to be stopped waits for no more than these.
const STEPS_OF_A_TURN: usize = 4;
/// After each piece of work nothing is done for this part of the time that it took.
const REST_DIVISOR: u32 = 4;

/// Gathers words until told to stop.
pub(crate) async fn run(sender: Sender, mut stop: watch::Receiver<bool>) {
    let mut pause = PAUSE;
    while !stopped_within(&mut stop, pause).await {
        pause = match look(&sender, &mut stop).await {
            Ok(Looked { has_more: true, .. }) => Duration::ZERO,
            Ok(looked) => PAUSE.max(looked.took * PAUSE_FACTOR),
            Err(fault) => {
                tracing::warn!(error = %fault, "the words of the logs could not be gathered; it will be tried again");
                PAUSE
            }
        };
    }
}

/// What came of a look.
struct Looked {
    /// Whether a log has more rows than one turn gathers.
    has_more: bool,
    /// How long it took to find the logs, without what was done for them.
    took: Duration,
}

/// One look at every log that is behind, a page at a time.
async fn look(sender: &Sender, stop: &mut watch::Receiver<bool>) -> Result<Looked, Fault> {
    let (mut after, mut has_more, mut took) = (None, false, Duration::ZERO);
    loop {
        let begun = Instant::now();
        let page = load_page(&sender.cell.database, after.as_ref()).await?;
        took += begun.elapsed();
        let is_last = i64::try_from(page.len()).unwrap_or(i64::MAX) < PAGE_LOGS_MAX;
        after = page.last().cloned();
        for org in &page {
            if *stop.borrow() {
                return Ok(Looked { has_more, took });
            }
            has_more |= take_turn(sender, org, stop).await;
        }
        if is_last {
            return Ok(Looked { has_more, took });
        }
    }
}

async fn load_page(
    database: &Database,
    after: Option<&OrgId>,
) -> Result<Vec<OrgId>, DatabaseFault> {
    let mut tx = database.read().await?;
    ledger::load_behind(&mut tx, after, PAGE_LOGS_MAX).await
}

/// Some steps for one log; whether more are due. Of an org that is served elsewhere, or about to stop, nothing is gathered, and
/// what fails for one org holds up no other.
async fn take_turn(sender: &Sender, org: &OrgId, stop: &mut watch::Receiver<bool>) -> bool {
    // In a fleet it counts as something that is under way for the org.
    let seat = match sender.seat(org).await {
        Ok(Some(seat)) => seat,
        Ok(None) => return false,
        Err(fault) => {
            tracing::warn!(error = %fault, %org, "it is unknown whether a log is served here");
            return false;
        }
    };
    let mut has_more = true;
    for _ in 0..STEPS_OF_A_TURN {
        has_more = match gather(&sender.cell.database, org, stop).await {
            Ok(has_more) => has_more,
            Err(fault) => {
                tracing::warn!(error = %fault, %org, "the words of a log could not be gathered; it will be tried again");
                false
            }
        };
        if !has_more {
            break;
        }
    }
    drop(seat);
    has_more
}

/// One step for a log; whether more are due.
pub(crate) async fn gather(
    database: &Database,
    org: &OrgId,
    stop: &mut watch::Receiver<bool>,
) -> Result<bool, DatabaseFault> {
    let mut tx = database.read().await?;
    let Some(mut gathering) = Gathering::begin(&mut tx, org).await? else {
        return Ok(false);
    };
    drop(tx);
    loop {
        let begun = Instant::now();
        // No snapshot is held while it rests: the store could not clean up behind it.
        let mut tx = database.read().await?;
        let portion = gathering.go_on(&mut tx).await?;
        drop(tx);
        if let Some(portion) = portion {
            let is_last = portion.is_last();
            let is_stored = store(database, portion).await?;
            if is_last || !is_stored {
                return Ok(is_stored);
            }
        }
        if stopped_within(stop, begun.elapsed() / REST_DIVISOR).await {
            return Ok(false);
        }
    }
}

async fn store(database: &Database, portion: Portion) -> Result<bool, DatabaseFault> {
    let stored =
        database.write(move |tx| Box::pin(async move { ledger::store_portion(tx, portion).await }));
    stored.await
}
