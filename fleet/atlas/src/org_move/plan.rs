//! What is done next. All rules of a move are here: a record and what is in hand in, one step out.
//!
//! The order of the phases is what keeps every write: the giver stops before the last changes are shipped, all that changed
//! is compared before the switch, the switch is one compare-and-swap of the register, and nobody serves at an epoch that the
//! register did not give.

use crate::org_move::record::{Entry, MoveRecord};
use crate::org_move::view::{Question, View, WalkState};
use std::time::Duration;
use vocab::time::Timestamp;
use wire::org_move::Walk;
use wire::org_move::view::Phase;

/// Changes that may be left when the giver is stopped: they are shipped while nobody serves.
pub const LEFT_AT_FENCE_MAX: i64 = 200;
/// Parcels of changes after which it is given up to wait for fewer changes.
pub const CLOSING_ROUNDS_MAX: u32 = 400;
/// How long the giver may be stopped before it goes on for another try. Edges hold requests a little longer than that.
pub const FENCED_MAX: Duration = Duration::from_secs(4);
/// Questions without an answer after which a move that has begun nothing yet is given up: about a minute.
pub const UNANSWERED_AT_FIRST_MAX: u32 = 30;
/// Questions without an answer after which any other move is given up, or its way back: five minutes where nobody listens, an
/// hour where somebody hangs.
pub const UNANSWERED_MAX: u32 = 150;
/// How often it is asked whether all mails and notices are out before the giver is stopped. None takes half as long.
pub const HUSHES_MAX: u32 = 300;
/// Fences that were taken back before requests that do not end are cut off.
const FORCED_AFTER_TRIES: i64 = 2;
/// The first pause after a failure; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(25);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// The longest pause while nobody serves.
const PAUSE_FENCED_MAX: Duration = Duration::from_millis(100);
/// The pause when there is nothing to ship back.
const PAUSE_FOLLOWING: Duration = Duration::from_millis(500);
/// The pause when nothing changed lately and the giver is about to be stopped.
const PAUSE_QUIET: Duration = Duration::from_millis(5);
/// The pause while mails and notices are on their way out.
const PAUSE_HUSHED: Duration = Duration::from_millis(200);
/// The pause while the taker has to remove first what another move left there.
const PAUSE_FOR_TAKER: Duration = Duration::from_millis(500);

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A cell is asked something.
    Ask(Question),
    /// The record is changed.
    Enter(Entry),
    /// The placement and the record are changed together.
    Switch,
    /// Nothing, for so long.
    Pause(Duration),
    /// As long as the step before took: others get as much of the cells as the move.
    PauseAsLong,
    /// Nothing any more.
    Rest,
}

/// Which cell is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The one that serves on this leg.
    Giver,
    /// The other one.
    Taker,
}

/// Whom a question is for.
#[must_use]
pub const fn party(question: &Question) -> Party {
    match question {
        Question::Give(_)
        | Question::Parcel(_)
        | Question::Acknowledge(_)
        | Question::Touch(_)
        | Question::Hush
        | Question::Fence(_)
        | Question::Unfence
        | Question::StepDown
        | Question::Activate
        | Question::FinishGiver => Party::Giver,
        Question::Offer
        | Question::Accept(_)
        | Question::Status
        | Question::Take(_)
        | Question::Retire
        | Question::Forget
        | Question::FinishTaker => Party::Taker,
    }
}

/// The next step. What time it is matters in counted time alone.
#[must_use]
pub fn plan_step(record: &MoveRecord, view: &View, counted: Timestamp) -> Step {
    if let Some(step) = plan_end_of_patience(record, view) {
        return step;
    }
    if view.tired {
        return plan_pause(record, view);
    }
    if let Some(step) = plan_retreat(record, view) {
        return step;
    }
    match record.phase {
        Phase::Preparing if record.waits_for_taker => Step::Pause(PAUSE_FOR_TAKER),
        Phase::Preparing => plan_preparing(view),
        Phase::Copying => plan_copying(view),
        Phase::Verifying => plan_verifying(view),
        Phase::Closing => plan_closing(view),
        Phase::Fencing => plan_fencing(record, view),
        Phase::Fenced => plan_fenced(view),
        Phase::Loosening => in_turn(view, [Question::Unfence], Entry::Loosened),
        Phase::Activating => plan_activating(record, view),
        Phase::Following => plan_following(record, view, counted),
        Phase::Purging => in_turn(view, [Question::FinishGiver], Entry::Next(Phase::Done)),
        Phase::Undoing => {
            let questions = [Question::Unfence, Question::FinishGiver];
            in_turn(view, questions, Entry::Next(Phase::Undone))
        }
        Phase::Done | Phase::Undone if record.left_behind => plan_cleaning(view),
        Phase::Done | Phase::Undone => Step::Rest,
    }
}

/// A giver that is stopped for too long goes on.
fn plan_end_of_patience(record: &MoveRecord, view: &View) -> Option<Step> {
    let stopped = matches!(record.phase, Phase::Fencing | Phase::Fenced);
    (stopped && view.stopped >= FENCED_MAX).then(|| {
        Step::Enter(Entry::Loosen(format!(
            "it was not through within {} seconds",
            FENCED_MAX.as_secs()
        )))
    })
}

fn plan_retreat(record: &MoveRecord, view: &View) -> Option<Step> {
    let reason = view.hopeless.clone().or_else(|| unanswered(record, view))?;
    match record.phase {
        Phase::Preparing | Phase::Copying | Phase::Verifying | Phase::Closing => {
            Some(Step::Enter(Entry::Retreat(reason)))
        }
        // The way back is given up, not the move.
        Phase::Following if record.returning => Some(Step::Enter(Entry::Retreat(reason))),
        Phase::Fencing | Phase::Fenced => Some(Step::Enter(Entry::Loosen(reason))),
        // There is no other way than on: it is tried again.
        _ => None,
    }
}

/// Why it is no longer waited for a cell that does not answer. The org is served where it is; it may go elsewhere.
fn unanswered(record: &MoveRecord, view: &View) -> Option<String> {
    let most = match record.phase {
        Phase::Preparing => UNANSWERED_AT_FIRST_MAX,
        _ => UNANSWERED_MAX,
    };
    (view.failures >= most)
        .then(|| view.last_failure.clone())
        .flatten()
}

fn plan_pause(record: &MoveRecord, view: &View) -> Step {
    let phase = record.phase;
    if view.failures == 0 {
        return match phase {
            Phase::Copying | Phase::Verifying => Step::PauseAsLong,
            Phase::Following => Step::Pause(PAUSE_FOLLOWING),
            Phase::Closing if view.deliveries > Some(0) => Step::Pause(PAUSE_HUSHED),
            Phase::Closing => Step::Pause(PAUSE_QUIET),
            // Others get as much of the cell.
            phase if phase.is_over() => Step::PauseAsLong,
            _ => Step::Pause(Duration::ZERO),
        };
    }
    let longest = match phase {
        Phase::Fencing | Phase::Fenced | Phase::Loosening | Phase::Activating => PAUSE_FENCED_MAX,
        _ => PAUSE_MAX,
    };
    let doubled = PAUSE_FIRST.saturating_mul(1 << (view.failures - 1).min(16));
    Step::Pause(doubled.min(longest))
}

fn plan_preparing(view: &View) -> Step {
    match (&view.offer, &view.grant) {
        (None, _) => Step::Ask(Question::Offer),
        (Some(offer), None) => Step::Ask(Question::Give(offer.clone())),
        (Some(_), Some(grant)) if view.done == 0 => Step::Ask(Question::Accept(grant.clone())),
        (Some(_), Some(grant)) => Step::Enter(Entry::Copy(grant.rows)),
    }
}

fn plan_copying(view: &View) -> Step {
    if let Some((_, parcel)) = &view.parcel {
        return Step::Ask(Question::Take(parcel.clone()));
    }
    match &view.walk {
        WalkState::Unknown => Step::Ask(Question::Status),
        WalkState::At(place) => Step::Ask(Question::Parcel(Walk::Rows(place.clone()))),
        WalkState::Through => Step::Enter(Entry::Next(Phase::Verifying)),
    }
}

/// Ships one parcel of changes; none if none is left.
fn plan_changes(view: &View) -> Option<Step> {
    if let Some((_, parcel)) = &view.parcel {
        return Some(Step::Ask(Question::Take(parcel.clone())));
    }
    if let Some(seq) = view.taken {
        return Some(Step::Ask(Question::Acknowledge(seq)));
    }
    None
}

/// First what changed during the copying, so that what differs afterwards is worth a look.
fn plan_verifying(view: &View) -> Step {
    if let Some(step) = plan_changes(view) {
        return step;
    }
    if let Some(differing) = &view.differing {
        return Step::Ask(Question::Touch(differing.clone()));
    }
    match &view.walk {
        WalkState::Unknown
            if view.rounds < CLOSING_ROUNDS_MAX
                && view.pending.is_none_or(|left| left > LEFT_AT_FENCE_MAX) =>
        {
            Step::Ask(Question::Parcel(Walk::Changes))
        }
        WalkState::Unknown => Step::Ask(Question::Parcel(Walk::Ranges(None))),
        WalkState::At(place) => Step::Ask(Question::Parcel(Walk::Ranges(place.clone()))),
        WalkState::Through => Step::Enter(Entry::Next(Phase::Closing)),
    }
}

fn plan_closing(view: &View) -> Step {
    if let Some(step) = plan_changes(view) {
        return step;
    }
    let few = view.pending.is_some_and(|left| left <= LEFT_AT_FENCE_MAX);
    // What is on its way out when nobody serves could not be noted as sent, and would be sent again.
    let hushed = view.deliveries == Some(0) || view.hushes >= HUSHES_MAX;
    match view.pending {
        _ if few && hushed => Step::Enter(Entry::Next(Phase::Fencing)),
        _ if few => Step::Ask(Question::Hush),
        Some(_) if view.rounds >= CLOSING_ROUNDS_MAX => Step::Enter(Entry::Retreat(String::from(
            "the organisation changes faster than its changes can be shipped",
        ))),
        _ => Step::Ask(Question::Parcel(Walk::Changes)),
    }
}

fn plan_fencing(record: &MoveRecord, view: &View) -> Step {
    match view.fenced {
        None => Step::Ask(Question::Fence(record.tries() >= FORCED_AFTER_TRIES)),
        Some(fenced) if fenced.closed => Step::Enter(Entry::Next(Phase::Fenced)),
        Some(fenced) => Step::Enter(Entry::Undrained(format!(
            "{} requests did not end in time",
            fenced.under_way
        ))),
    }
}

/// Nothing is written any more: what is left is shipped until nothing is, then all that changed is compared.
fn plan_fenced(view: &View) -> Step {
    if let Some(step) = plan_changes(view) {
        return step;
    }
    match (&view.walk, view.pending) {
        (WalkState::Unknown, Some(0)) => Step::Ask(Question::Parcel(Walk::Checks(None))),
        (WalkState::Unknown, _) => Step::Ask(Question::Parcel(Walk::Changes)),
        (WalkState::At(place), _) => Step::Ask(Question::Parcel(Walk::Checks(place.clone()))),
        (WalkState::Through, _) if view.differences > 0 => {
            let found = view.differences;
            Step::Enter(Entry::Loosen(format!("{found} rows differ")))
        }
        (WalkState::Through, _) => Step::Switch,
    }
}

/// Whoever serves now is told first: the other one was stopped before the switch, and stays so.
fn plan_activating(record: &MoveRecord, view: &View) -> Step {
    // There is no way back from the way back, nor to a cell that is lost.
    let came_back = record.returning && record.giver == record.source;
    let never_back = !record.returning && record.keep_secs == 0;
    let next = if came_back || never_back || record.abandoned {
        Phase::Purging
    } else {
        Phase::Following
    };
    if record.abandoned {
        // It was stopped when the lost one was to serve, and has to know that epoch before it serves at the next one.
        let questions = [Question::StepDown, Question::Activate];
        return in_turn(view, questions, Entry::Next(next));
    }
    in_turn(view, [Question::Activate], Entry::Next(next))
}

/// The first cell learns of the switch, and gets what changes; whoever asked for the way back gets it then.
fn plan_following(record: &MoveRecord, view: &View, counted: Timestamp) -> Step {
    let over = record.until.is_none_or(|until| counted >= until);
    match view.done {
        _ if over && !record.returning => Step::Enter(Entry::Next(Phase::Purging)),
        0 => Step::Ask(Question::Retire),
        _ if record.returning => Step::Enter(Entry::Next(Phase::Closing)),
        _ => plan_changes(view).unwrap_or(Step::Ask(Question::Parcel(Walk::Changes))),
    }
}

/// The move is over for its org. Whoever does not serve it learns so, in case it never did, and removes what it has.
fn plan_cleaning(view: &View) -> Step {
    match view.done {
        0 => Step::Ask(Question::Retire),
        1 if !view.empty => Step::Ask(Question::Forget),
        1 => Step::Ask(Question::FinishTaker),
        _ => Step::Enter(Entry::Cleaned),
    }
}

fn in_turn<const N: usize>(view: &View, questions: [Question; N], then: Entry) -> Step {
    match questions.into_iter().nth(view.done) {
        Some(question) => Step::Ask(question),
        None => Step::Enter(then),
    }
}
