//! The jobs behind event hooks: one follows the logs of those orgs that have hooks, one sends what is due.

use crate::errands::{self, Errand, Lane, Sender};
use crate::jobs::stopped_within;
use api::event_hooks::envelope::render_envelope;
use identity::cell::Cell;
use identity::event_hook::deliveries::{Attempt, render_answer};
use identity::event_hook::dispatch::{OUTBOX_KIND, Outcomes, Parcel, lane_of};
use identity::event_hook::envoy::{Answered, Envoy, Letter, Trouble};
use identity::event_hook::follow::Step;
use identity::event_hook::store::hooks::Following;
use identity::fault::Fault;
use ledger::outbox::store::Leased;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use vocab::id::EventHookId;
use vocab::time::Timestamp;

/// Pause between two looks at the logs.
const PAUSE: Duration = Duration::from_millis(500);
/// Hooks that one look reads at a time.
const PAGE_HOOKS_MAX: i64 = 1_000;
/// Hooks that go on in their logs at once.
const FOLLOWED_AT_ONCE_MAX: usize = 4;
/// Steps that one hook goes on for before the others have their turn.
const STEPS_MAX: usize = 20;
/// Hooks of which it is remembered how far they have come without noting it.
const REMEMBERED_MAX: usize = 100_000;
/// Deliveries at once: of all orgs, of one, and to one receiver.
const ERRAND: Errand = Errand {
    kind: OUTBOX_KIND,
    at_once_max: 128,
    of_one_org_max: 24,
    lane: Some(Lane {
        of: lane_of,
        at_once_max: 8,
    }),
};

/// How far hooks have come that were told nothing of late. What is forgotten is looked at once more.
pub(crate) type Remembered = HashMap<EventHookId, i64>;

/// Follows the logs until told to stop.
pub(crate) async fn follow(sender: Sender, mut stop: watch::Receiver<bool>) {
    let mut remembered = Remembered::new();
    while !stopped_within(&mut stop, PAUSE).await {
        if let Err(fault) = look(&sender, &mut remembered).await {
            tracing::warn!(error = %fault, "the logs could not be followed for hooks; it will be tried again");
        }
    }
}

/// One look at every hook that is told things, a page at a time.
pub(crate) async fn look(sender: &Sender, remembered: &mut Remembered) -> Result<(), Fault> {
    let mut after = (String::new(), String::new());
    loop {
        let place = (after.0.as_str(), after.1.as_str());
        let page = sender.cell.following_hooks(place, PAGE_HOOKS_MAX).await?;
        let is_last = i64::try_from(page.len()).unwrap_or(i64::MAX) < PAGE_HOOKS_MAX;
        let last = page.last();
        after = last.map_or_else(Default::default, |last| {
            (last.org_id.to_string(), last.id.to_string())
        });
        follow_page(sender, page, remembered).await;
        if is_last {
            return Ok(());
        }
    }
}

async fn follow_page(sender: &Sender, page: Vec<Following>, remembered: &mut Remembered) {
    if remembered.len() > REMEMBERED_MAX {
        remembered.clear();
    }
    let mut under_way = JoinSet::new();
    for hook in page {
        let known = remembered.get(&hook.id).copied().unwrap_or(0);
        if hook.newest <= hook.followed.max(known) {
            continue;
        }
        if under_way.len() >= FOLLOWED_AT_ONCE_MAX {
            note(under_way.join_next().await, remembered);
        }
        under_way.spawn(follow_one(sender.clone(), hook, known));
    }
    while let Some(gone) = under_way.join_next().await {
        note(Some(gone), remembered);
    }
}

type Gone = (EventHookId, Result<Option<Step>, Fault>);

fn note(gone: Option<Result<Gone, tokio::task::JoinError>>, remembered: &mut Remembered) {
    match gone {
        Some(Ok((hook, Ok(Some(step))))) => {
            remembered.insert(hook, step.reached);
        }
        Some(Ok((hook, Err(fault)))) => {
            tracing::warn!(error = %fault, %hook, "a hook could not go on in the log; it will be tried again");
        }
        Some(Ok((_, Ok(None))) | Err(_)) | None => {}
    }
}

/// Of an org that is served elsewhere, or about to stop, nothing is followed.
async fn follow_one(sender: Sender, hook: Following, known: i64) -> Gone {
    let seat = match sender.seat(&hook.org_id).await {
        Ok(Some(seat)) => seat,
        Ok(None) => return (hook.id, Ok(None)),
        Err(fault) => return (hook.id, Err(fault.into())),
    };
    let gone = go_on(&sender.cell, hook.clone(), known).await;
    drop(seat);
    (hook.id, gone.map(Some))
}

async fn go_on(cell: &Cell, mut hook: Following, known: i64) -> Result<Step, Fault> {
    let mut step = cell.follow_hook(&hook, known).await?;
    for _ in 1..STEPS_MAX {
        if !step.has_more {
            break;
        }
        hook.followed = step.noted;
        step = cell.follow_hook(&hook, step.reached).await?;
    }
    Ok(step)
}

/// Sends what is due until told to stop.
pub(crate) async fn deliver(sender: Sender, envoy: Arc<dyn Envoy>, stop: watch::Receiver<bool>) {
    let cell = sender.cell.clone();
    errands::run(sender, ERRAND, stop, move |row| {
        let (cell, envoy) = (cell.clone(), Arc::clone(&envoy));
        async move {
            if let Err(fault) = deliver_one(&cell, envoy.as_ref(), row).await {
                tracing::warn!(error = %fault, "the delivery of a hook could not be noted; it will be sent again");
            }
        }
    })
    .await;
}

pub(crate) async fn deliver_one(cell: &Cell, envoy: &dyn Envoy, row: Leased) -> Result<(), Fault> {
    let Some(parcel) = cell.prepare_hook_delivery(&row).await? else {
        return cell.drop_hook_delivery(row).await;
    };
    let now = cell.now();
    let letter = render_letter(&parcel, now);
    let began = Instant::now();
    let answer = envoy.send(&letter).await;
    let took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    let attempt = Attempt {
        number: row.attempts,
        at: now,
        took_ms,
        status: None,
        trouble: None,
        answer: None,
    };
    let outcome = decide_outcome(answer, attempt);
    cell.note_hook_delivery(row, parcel, outcome).await
}

pub(crate) fn render_letter(parcel: &Parcel, now: Timestamp) -> Letter {
    let body = render_envelope(&parcel.hook, &parcel.delivery, &parcel.rows);
    parcel.letter(body, now)
}

/// Taken is what is answered by a status of success; a redirection is none.
fn decide_outcome(answer: Result<Answered, Trouble>, attempt: Attempt) -> Outcomes {
    match answer {
        Ok(answered) => Outcomes {
            is_taken: (200..300).contains(&answered.status),
            attempt: Attempt {
                status: Some(i64::from(answered.status)),
                answer: render_answer(&answered.body),
                ..attempt
            },
        },
        Err(trouble) => Outcomes {
            is_taken: false,
            attempt: Attempt {
                trouble: Some(trouble.as_str()),
                ..attempt
            },
        },
    }
}
