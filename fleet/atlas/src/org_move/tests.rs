//! The rules of a move as tables: what follows a switch, how long an org may be stopped, and what a view takes in.

use super::plan::{
    FENCED_MAX, HUSHES_MAX, LEFT_AT_FENCE_MAX, Step, UNANSWERED_AT_FIRST_MAX, UNANSWERED_MAX,
    plan_step,
};
use super::record::{Entry, FENCES_MAX, MoveRecord};
use super::view::{Answer, Failure, Question, View, WalkState};
use crate::counted::Moment;
use std::time::Duration;
use vocab::entropy::SeededEntropy;
use vocab::epoch::Epoch;
use vocab::id::{MoveId, OrgId};
use vocab::slug::Slug;
use vocab::time::Timestamp;
use wire::names::CellName;
use wire::org_move::Walk;
use wire::org_move::view::Phase;

const NOW: Timestamp = Timestamp::from_seconds(1_000);
const MOMENT: Moment = Moment {
    clock: NOW,
    counted: NOW,
};

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
        left_behind: false,
        abandoned: false,
        waits_for_taker: false,
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
            done: 1,
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
        // However the clocks of control planes differ: each goes by how long it knows of the fence itself.
        let stopped = MoveRecord {
            fenced_at: Some(NOW.plus_secs(3_600)),
            ..record(phase)
        };
        let after = |stopped_for| {
            let view = View {
                stopped: stopped_for,
                ..View::default()
            };
            plan_step(&stopped, &view, NOW)
        };
        let short = after(FENCED_MAX.saturating_sub(Duration::from_millis(1)));
        assert!(matches!(short, Step::Ask(_)), "{phase:?}");
        let long = after(FENCED_MAX);
        assert!(matches!(long, Step::Enter(Entry::Loosen(_))), "{phase:?}");
    }
    // Some times in a row, then all is undone; after the switch the cell that serves goes on.
    let loosened = |attempt, returning| {
        let giver = if returning { "cell-b" } else { "cell-a" };
        let stopped = MoveRecord {
            attempt,
            returning,
            giver: cell(giver),
            fenced_at: Some(NOW),
            ..record(Phase::Loosening)
        };
        stopped.enter(Entry::Loosened, MOMENT).phase
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
        deliveries: Some(0),
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
        (Phase::Purging, Question::FinishGiver, true),
        (Phase::Done, Question::FinishTaker, true),
        (Phase::Undone, Question::Retire, true),
        (Phase::Copying, Question::Status, false),
        (Phase::Activating, Question::Activate, false),
    ] {
        let mut view = View::default();
        view.note_failure(phase, &question, unknown());
        assert_eq!(view.done == 1, goes_on, "{phase:?} {question:?}");
        assert_eq!(view.hopeless.is_some(), !goes_on, "{phase:?} {question:?}");
    }
}

#[test]
fn nobody_is_stopped_while_a_mail_is_on_its_way_out() {
    let closing = record(Phase::Closing);
    let mut view = View {
        pending: Some(0),
        ..View::default()
    };
    let step = |view: &View| plan_step(&closing, view, NOW);
    assert_eq!(step(&view), Step::Ask(Question::Hush));
    let hushed = |under_way| Answer::Hushed(wire::org_move::Hushed { under_way });
    view.note(Phase::Closing, &Question::Hush, hushed(1));
    // A pause, then what changed meanwhile, then it is asked again.
    assert!(matches!(step(&view), Step::Pause(_)));
    view.tired = false;
    assert_eq!(step(&view), Step::Ask(Question::Parcel(Walk::Changes)));
    view.pending = Some(0);
    assert_eq!(step(&view), Step::Ask(Question::Hush));
    view.note(Phase::Closing, &Question::Hush, hushed(0));
    assert_eq!(step(&view), Step::Enter(Entry::Next(Phase::Fencing)));
    // One that does not end is not waited for without end.
    view.deliveries = Some(1);
    view.hushes = HUSHES_MAX;
    assert_eq!(step(&view), Step::Enter(Entry::Next(Phase::Fencing)));
    // Who did not stop was served all the while: what was compared is as good as before.
    let fencing = record(Phase::Closing).enter(Entry::Next(Phase::Fencing), MOMENT);
    let reason = String::from("a request did not end in time");
    let loosening = fencing.enter(Entry::Undrained(reason), MOMENT);
    let again = loosening.enter(Entry::Loosened, MOMENT);
    assert_eq!((again.phase, again.attempt), (Phase::Closing, 2));
}

#[test]
fn it_is_not_waited_for_ever_for_a_cell_that_does_not_answer() {
    let gone = |failures| View {
        failures,
        last_failure: Some(String::from("cell-b: nobody listens")),
        ..View::default()
    };
    let gives_up = |record: &MoveRecord, failures| {
        let step = plan_step(record, &gone(failures), NOW);
        matches!(step, Step::Enter(Entry::Retreat(_)))
    };
    for (phase, most) in [
        (Phase::Preparing, UNANSWERED_AT_FIRST_MAX),
        (Phase::Copying, UNANSWERED_MAX),
        (Phase::Verifying, UNANSWERED_MAX),
        (Phase::Closing, UNANSWERED_MAX),
    ] {
        let served = record(phase);
        assert!(!gives_up(&served, most - 1), "{phase:?}");
        assert!(gives_up(&served, most), "{phase:?}");
    }
    // After the switch the way back is given up, and the move goes on.
    let back = MoveRecord {
        giver: cell("cell-b"),
        taker: cell("cell-a"),
        returning: true,
        until: Some(NOW.plus_secs(600)),
        ..record(Phase::Following)
    };
    assert!(gives_up(&back, UNANSWERED_MAX));
    let given_up = back.enter(Entry::Retreat(String::from("nobody listens")), MOMENT);
    assert_eq!(
        (given_up.phase, given_up.returning),
        (Phase::Following, false)
    );
    for phase in [
        Phase::Activating,
        Phase::Following,
        Phase::Purging,
        Phase::Undoing,
    ] {
        assert!(!gives_up(&record(phase), UNANSWERED_MAX), "{phase:?}");
    }
}

#[test]
fn what_the_other_cell_keeps_holds_nobody_up_but_who_wants_the_org_there_again() {
    let purging = MoveRecord {
        giver: cell("cell-b"),
        taker: cell("cell-a"),
        ..record(Phase::Purging)
    };
    let step = |record: &MoveRecord, done| {
        let view = View {
            done,
            ..View::default()
        };
        plan_step(record, &view, NOW)
    };
    // The cell that serves answers for the end of the move; nothing is removed before.
    assert_eq!(step(&purging, 0), Step::Ask(Question::FinishGiver));
    assert_eq!(step(&purging, 1), Step::Enter(Entry::Next(Phase::Done)));
    let over = purging.enter(Entry::Next(Phase::Done), MOMENT);
    assert!(over.left_behind && over.view(0).left_behind == Some(cell("cell-a")));
    assert_eq!(step(&over, 0), Step::Ask(Question::Retire));
    assert_eq!(step(&over, 1), Step::Ask(Question::Forget));
    assert_eq!(step(&over, 2), Step::Enter(Entry::Cleaned));
    let clean = over.enter(Entry::Cleaned, MOMENT);
    assert_eq!(step(&clean, 0), Step::Rest);
    let next = MoveRecord {
        waits_for_taker: true,
        ..record(Phase::Preparing)
    };
    assert!(matches!(step(&next, 0), Step::Pause(_)));
    // Refused by a cell that serves, it begins anew: the cell has to step down first.
    let mut view = View {
        done: 1,
        ..View::default()
    };
    let serves = Failure::Never(String::from("this cell serves the org"));
    view.note_failure(Phase::Done, &Question::Forget, serves);
    assert_eq!((view.done, view.hopeless), (0, None));
}

#[test]
fn a_cell_that_is_lost_before_it_serves_is_passed_over_by_the_next_epoch() {
    let switched = record(Phase::Fenced).switch(NOW);
    let abandoned = switched.abandon(NOW);
    assert_eq!(abandoned.phase, Phase::Activating);
    assert_eq!(
        (&abandoned.giver, &abandoned.taker),
        (&cell("cell-a"), &cell("cell-b"))
    );
    assert_eq!(abandoned.leg, Epoch::FIRST.next().next());
    let step = |done| {
        let view = View {
            done,
            ..View::default()
        };
        plan_step(&abandoned, &view, NOW)
    };
    assert_eq!(step(0), Step::Ask(Question::StepDown));
    assert_eq!(step(1), Step::Ask(Question::Activate));
    assert_eq!(step(2), Step::Enter(Entry::Next(Phase::Purging)));
    // Whoever carried the move was lost after the cell began to serve: it is too late to step down, and not to go on.
    let mut view = View::default();
    let late = Failure::Late(String::from("the move is further"));
    view.note_failure(Phase::Activating, &Question::StepDown, late);
    assert_eq!(
        plan_step(&abandoned, &view, NOW),
        Step::Ask(Question::Activate)
    );
}

#[test]
fn the_way_back_closes_by_counted_time_alone() {
    let following = MoveRecord {
        giver: cell("cell-b"),
        taker: cell("cell-a"),
        ..record(Phase::Activating)
    };
    let ahead = Moment {
        clock: NOW.plus_secs(3_600),
        counted: NOW,
    };
    let following = following.enter(Entry::Next(Phase::Following), ahead);
    assert_eq!(following.until, Some(NOW.plus_secs(600)));
    let view = View {
        done: 1,
        ..View::default()
    };
    let at = |counted| plan_step(&following, &view, counted);
    assert!(matches!(at(NOW.plus_secs(599)), Step::Ask(_)));
    assert_eq!(
        at(NOW.plus_secs(600)),
        Step::Enter(Entry::Next(Phase::Purging))
    );
}
