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
/// The same where a pass has just come to its end: there may be another of the org.
const SHORT_PAUSE: Duration = Duration::from_millis(10);
/// Pages of one pass before another org has its turn: an org that is about to be stopped waits for no more than these.
const PAGES_OF_A_TURN: usize = 20;
/// From so much time on no further page belongs to a turn.
const TURN: Duration = Duration::from_secs(2);
/// After each page nothing is done for this part of the time that it took.
const REST_DIVISOR: u32 = 4;

/// Walks passes until told to stop.
pub(crate) async fn run(sender: Sender, mut stop: watch::Receiver<bool>) {
    let (mut pause, mut after) = (PAUSE, String::new());
    while !stopped_within(&mut stop, pause).await {
        pause = match walk_due(&sender, &mut after, &mut stop).await {
            Ok(until_next) => until_next,
            Err(fault) => {
                tracing::warn!(error = %fault, "group rules could not be applied; it will be tried again");
                PAUSE
            }
        };
    }
}

/// Gives each of the next orgs of which a pass is due a turn, and begins with the first one behind the last; returns how long there may
/// be nothing to do. An org with many passes has one turn, as one with a single pass has.
async fn walk_due(
    sender: &Sender,
    after: &mut String,
    stop: &mut watch::Receiver<bool>,
) -> Result<Duration, Fault> {
    let mut due = sender.cell.due_group_passes(after).await?;
    if due.is_empty() && !after.is_empty() {
        after.clear();
        due = sender.cell.due_group_passes(after).await?;
    }
    let mut until_next = PAUSE;
    for pass in due {
        *after = pass.org_id.to_string();
        // In a fleet it counts as something that is under way for the org.
        let Some(seat) = sender.seat(&pass.org_id).await? else {
            continue;
        };
        let has_more = take_turn(sender, pass, stop).await?;
        until_next = until_next.min(match has_more {
            true => Duration::ZERO,
            false => SHORT_PAUSE,
        });
        drop(seat);
    }
    Ok(until_next)
}

async fn take_turn(
    sender: &Sender,
    pass: Pass,
    stop: &mut watch::Receiver<bool>,
) -> Result<bool, Fault> {
    let (mut next, turn) = (Some(pass), Instant::now());
    for _ in 0..PAGES_OF_A_TURN {
        let Some(pass) = next else {
            return Ok(false);
        };
        let begun = Instant::now();
        next = sender.cell.walk_group_pass(pass).await?;
        let is_stopped = stopped_within(stop, begun.elapsed() / REST_DIVISOR).await;
        if is_stopped || turn.elapsed() >= TURN {
            break;
        }
    }
    match next {
        Some(pass) => sender.cell.put_group_pass_back(pass).await,
        None => Ok(false),
    }
}
