//! Applies group rules to everybody, and takes back what they gave, page by page until told to stop. Each org has a few
//! pages at a time, and between two of them whoever signs in has the store.

use crate::errands::Sender;
use crate::jobs::stopped_within;
use identity::fault::Fault;
use identity::group_rule::store::passes::Pass;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Pause between two looks for passes.
const PAUSE: Duration = Duration::from_millis(500);
/// Pages of one pass before another has its turn: an org that is about to be stopped waits for no more than these.
const PAGES_OF_A_TURN: usize = 20;
/// After each page nothing is done for this part of the time that it took.
const REST_DIVISOR: u32 = 4;

/// Walks passes until told to stop.
pub(crate) async fn run(sender: Sender, mut stop: watch::Receiver<bool>) {
    let mut pause = PAUSE;
    while !stopped_within(&mut stop, pause).await {
        pause = match walk_due(&sender, &mut stop).await {
            Ok(true) => Duration::ZERO,
            Ok(false) => PAUSE,
            Err(fault) => {
                tracing::warn!(error = %fault, "group rules could not be applied; it will be tried again");
                PAUSE
            }
        };
    }
}

/// Gives each pass that is due a turn; whether one of them has more to do.
async fn walk_due(sender: &Sender, stop: &mut watch::Receiver<bool>) -> Result<bool, Fault> {
    let mut has_more = false;
    for pass in sender.cell.due_group_passes().await? {
        // In a fleet it counts as something that is under way for the org.
        let Some(seat) = sender.seat(&pass.org_id).await? else {
            continue;
        };
        has_more |= take_turn(sender, pass, stop).await?;
        drop(seat);
    }
    Ok(has_more)
}

async fn take_turn(
    sender: &Sender,
    pass: Pass,
    stop: &mut watch::Receiver<bool>,
) -> Result<bool, Fault> {
    let mut next = Some(pass);
    for _ in 0..PAGES_OF_A_TURN {
        let Some(pass) = next else {
            return Ok(false);
        };
        let begun = Instant::now();
        next = sender.cell.walk_group_pass(pass).await?;
        if stopped_within(stop, begun.elapsed() / REST_DIVISOR).await {
            break;
        }
    }
    match next {
        Some(pass) => sender.cell.put_group_pass_back(pass).await,
        None => Ok(false),
    }
}
