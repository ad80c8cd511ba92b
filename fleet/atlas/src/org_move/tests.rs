//! The rules of a move as tables: what follows a switch, how long an org may be stopped, and what a view takes in.

use super::plan::{FENCED_SECS_MAX, LEFT_AT_FENCE_MAX, Step, plan_step};
use super::record::{Entry, FENCES_MAX, MoveRecord};
use super::view::{Failure, Question, View, WalkState};
use vocab::entropy::SeededEntropy;
use vocab::epoch::Epoch;
use vocab::id::{MoveId, OrgId};
use vocab::slug::Slug;
use vocab::time::Timestamp;
use wire::names::CellName;
use wire::org_move::Walk;
use wire::org_move::view::Phase;

const NOW: Timestamp = Timestamp::from_seconds(1_000);

fn cell(name: &str) -> CellName {
    CellName::parse(name).unwrap()
}

fn record(phase: Phase) -> MoveRecord {
    let entropy = SeededEntropy::new(1);
    MoveRecord {
        id: MoveId::generate(&entropy),
        org: OrgId::generate(&entropy),
        slug: Slug::parse("acme").unwrap(),
        source: cell("cell-a"),
        target: cell("cell-b"),
        giver: cell("cell-a"),
        taker: cell("cell-b"),
        leg: Epoch::FIRST,
        phase,
        revision: 1,
        attempt: 1,
        returning: false,
        reason: None,
        rows_total: 0,
        keep_secs: 600,
        until: None,
        fenced_at: None,
        pause_micros: None,
        requested_by: String::from("test"),
        created_at: NOW,
        updated_at: NOW,
    }
}

#[test]
fn what_follows_the_switch() {
    // Giver, taken back, kept for so long: the phase after both cells know.
    let table = [
        ("cell-b", false, 600, Phase::Following),
        ("cell-b", false, 0, Phase::Purging),
        // Asked for back before the first cell knew of the switch: nothing is removed there.
        ("cell-b", true, 600, Phase::Following),
        ("cell-b", true, 0, Phase::Following),
        ("cell-a", true, 600, Phase::Purging),
    ];
    for (giver, returning, keep_secs, next) in table {
        let switched = MoveRecord {
            giver: cell(giver),
            returning,
            keep_secs,
            ..record(Phase::Activating)
        };
        let view = View {
            done: 2,
            ..View::default()
        };
        let step = plan_step(&switched, &view, NOW);
        assert_eq!(
            step,
            Step::Enter(Entry::Next(next)),
            "{giver} {returning} {keep_secs}"
        );
    }
}

#[test]
fn an_org_is_not_stopped_for_longer_than_it_may_be() {
    for phase in [Phase::Fencing, Phase::Fenced] {
        let stopped = MoveRecord {
            fenced_at: Some(NOW),
            ..record(phase)
        };
        let at = |secs| plan_step(&stopped, &View::default(), NOW.plus_secs(secs));
        assert!(matches!(at(FENCED_SECS_MAX - 1), Step::Ask(_)), "{phase:?}");
        assert!(
            matches!(at(FENCED_SECS_MAX), Step::Enter(Entry::Loosen(_))),
            "{phase:?}"
        );
    }
    let set_back = MoveRecord {
        fenced_at: Some(NOW.plus_secs(3_600)),
        ..record(Phase::Fenced)
    };
    assert!(matches!(
        plan_step(&set_back, &View::default(), NOW),
        Step::Enter(Entry::Loosen(_))
    ));
    // Some times in a row, then all is undone; after the switch the cell that serves goes on.
    let loosened = |attempt, returning| {
        let giver = if returning { "cell-b" } else { "cell-a" };
        let stopped = MoveRecord {
            attempt,
            returning,
            giver: cell(giver),
            ..record(Phase::Loosening)
        };
        stopped.enter(Entry::Loosened, NOW).phase
    };
    assert_eq!(loosened(1, false), Phase::Verifying);
    assert_eq!(loosened(FENCES_MAX, false), Phase::Undoing);
    assert_eq!(loosened(FENCES_MAX, true), Phase::Following);
    // Each leg begins with a fresh set of fences, under numbers that were not used before.
    for attempt in 1..=FENCES_MAX {
        let fenced = MoveRecord {
            attempt,
            ..record(Phase::Fenced)
        };
        let switched = fenced.switch(NOW);
        assert_eq!((switched.attempt, switched.tries()), (FENCES_MAX + 1, 0));
    }
}

#[test]
fn the_giver_is_stopped_when_little_is_left_and_switched_when_nothing_is() {
    let pending = |left| View {
        pending: Some(left),
        ..View::default()
    };
    let closing = record(Phase::Closing);
    let few = plan_step(&closing, &pending(LEFT_AT_FENCE_MAX), NOW);
    assert_eq!(few, Step::Enter(Entry::Next(Phase::Fencing)));
    let many = plan_step(&closing, &pending(LEFT_AT_FENCE_MAX + 1), NOW);
    assert!(matches!(many, Step::Ask(Question::Parcel(_))));
    let fenced = record(Phase::Fenced);
    let ships = |left| match plan_step(&fenced, &pending(left), NOW) {
        Step::Ask(Question::Parcel(walk)) => walk,
        step => panic!("{step:?}"),
    };
    assert_eq!(ships(1), Walk::Changes);
    assert_eq!(ships(0), Walk::Checks(None));
    for (differences, switches) in [(0, true), (1, false)] {
        let view = View {
            walk: WalkState::Through,
            differences,
            ..pending(0)
        };
        let step = plan_step(&fenced, &view, NOW);
        assert_eq!(step == Step::Switch, switches, "{step:?}");
    }
}

#[test]
fn a_cell_that_does_not_know_the_move_ends_what_is_being_ended_and_nothing_else() {
    let unknown = || Failure::Unknown(String::from("no such move"));
    for (phase, question, goes_on) in [
        (Phase::Undoing, Question::Unfence, true),
        (Phase::Undoing, Question::FinishGiver, true),
        (Phase::Purging, Question::FinishTaker, true),
        (Phase::Copying, Question::Status, false),
        (Phase::Activating, Question::Activate, false),
    ] {
        let mut view = View::default();
        view.note_failure(phase, &question, unknown());
        assert_eq!(view.done == 1, goes_on, "{phase:?} {question:?}");
        assert_eq!(view.hopeless.is_some(), !goes_on, "{phase:?} {question:?}");
    }
}
