//! Moves in the register, on both engines: who may go where, that one move at a time counts, and that placement, record, log
//! and route map change together.

use super::cell_for_tests::TestCell;
use super::{NOWHERE, NOWHERE_ELSE, World, cell, org};
use crate::log::{Verdict, verify};
use crate::org_move::drain::Patience;
use crate::org_move::record::{Entry, MoveRecord};
use crate::org_move::store;
use crate::placement::PlacementDenial;
use crate::refusal::Refusal;
use vocab::epoch::Epoch;
use wire::control::{CellSize, CellState, CreateOrg, DeclareCell, Pin, SetCellState};
use wire::names::CellName;
use wire::org_move::view::{Phase, StartMove};

/// Cells a, b and c; c lies in another region, and nobody answers there. The org acme is served by a and pinned to the region of
/// a and b.
async fn worlds() -> Vec<(World, [TestCell; 2])> {
    let mut worlds = Vec::new();
    for world in World::both().await {
        let home = TestCell::open(&world, "cell-a").await;
        world.declare("cell-a", &home.address).await.unwrap();
        let other = TestCell::open(&world, "cell-b").await;
        world.declare("cell-b", &other.address).await.unwrap();
        let abroad = DeclareCell {
            name: cell("cell-c"),
            region: String::from("us"),
            cloud: String::from("metal"),
            regimes: Vec::new(),
            size: CellSize::Small,
            address: String::from("127.0.0.1:3"),
            state: CellState::Open,
        };
        world.register.declare_cell(abroad, "test").await.unwrap();
        let pinned = CreateOrg {
            pin: Pin {
                region: Some(String::from("eu")),
                regime: None,
            },
            cell: Some(cell("cell-a")),
            ..org("acme")
        };
        world.register.create_org(pinned, "test").await.unwrap();
        worlds.push((world, [home, other]));
    }
    worlds
}

fn to(name: &str) -> StartMove {
    StartMove {
        to: Some(cell(name)),
        keep_secs: None,
    }
}

impl World {
    async fn start(&self, wanted: StartMove) -> Result<MoveRecord, Refusal> {
        let slug = org("acme").slug;
        // No two moves of an org begin in one microsecond.
        self.clock.advance_secs(1);
        self.register.start_move(&slug, wanted, "test").await?;
        Ok(self.record().await)
    }

    async fn record(&self) -> MoveRecord {
        let mut tx = self.register.database.read().await.unwrap();
        let found = store::load_newest_of(&mut tx, &org("acme").slug).await;
        found.unwrap().unwrap()
    }

    async fn enter(&self, entry: Entry) -> MoveRecord {
        let record = self.record().await;
        self.register.enter_move(&record, entry).await.unwrap();
        self.record().await
    }

    /// As if cells had done all up to the moment when nothing is left to ship.
    async fn come_to_fenced(&self) -> MoveRecord {
        self.enter(Entry::Copy(7)).await;
        for phase in [
            Phase::Verifying,
            Phase::Closing,
            Phase::Fencing,
            Phase::Fenced,
        ] {
            self.enter(Entry::Next(phase)).await;
        }
        self.record().await
    }

    async fn counts(&self) -> [i64; 2] {
        let count = async |name: &str| self.register.cell(&cell(name)).await.unwrap().orgs;
        [count("cell-a").await, count("cell-b").await]
    }

    async fn placed(&self) -> (CellName, Epoch) {
        let org = self.register.org(&org("acme").slug).await.unwrap();
        (org.cell, org.epoch)
    }

    fn routed(&self) -> (CellName, Epoch) {
        let map = wire::routes::map::RouteMap::default();
        let map = map.apply(self.register.feed.delta(0).changes).unwrap();
        let route = map.org_by_slug("acme").unwrap();
        (route.cell.clone(), route.epoch)
    }
}

#[tokio::test]
async fn an_org_goes_where_it_may_and_nowhere_else_on_sqlite_and_postgres() {
    for (world, _cells) in worlds().await {
        let refused = async |wanted: StartMove| world.start(wanted).await.unwrap_err();
        let against = refused(to("cell-c")).await;
        assert!(
            matches!(
                against,
                Refusal::Placement(PlacementDenial::AgainstPin { .. })
            ),
            "{against}"
        );
        let there = refused(to("cell-a")).await;
        assert!(there.to_string().contains("already"), "{there}");
        let unknown = refused(to("cell-z")).await;
        assert!(
            matches!(unknown, Refusal::Placement(PlacementDenial::Unknown { .. })),
            "{unknown}"
        );
        let too_long = StartMove {
            keep_secs: Some(-1),
            ..to("cell-b")
        };
        assert!(matches!(
            refused(too_long).await,
            Refusal::Invalid {
                field: "keep_secs",
                ..
            }
        ));
        for state in [CellState::Full, CellState::Draining, CellState::Closed] {
            let epoch = world.register.cell(&cell("cell-b")).await.unwrap().epoch;
            let wanted = SetCellState { state, epoch };
            world
                .register
                .set_cell_state(&cell("cell-b"), wanted, "test")
                .await
                .unwrap();
            for wanted in [
                to("cell-b"),
                StartMove {
                    to: None,
                    keep_secs: None,
                },
            ] {
                let denied = refused(wanted).await;
                assert!(matches!(denied, Refusal::Placement(_)), "{denied}");
            }
        }
        assert_eq!(world.counts().await, [1, 0]);
        let nobody = world
            .register
            .start_move(&org("nobody").slug, to("cell-b"), "test")
            .await;
        assert!(matches!(nobody.unwrap_err(), Refusal::NotFound { .. }));
    }
}

#[tokio::test]
async fn an_org_is_moved_once_at_a_time_on_sqlite_and_postgres() {
    for (world, _cells) in worlds().await {
        let anywhere = StartMove {
            to: None,
            keep_secs: None,
        };
        let (one, two) = tokio::join!(world.start(to("cell-b")), world.start(anywhere));
        assert!(one.is_ok() != two.is_ok());
        let second = one.err().or(two.err()).unwrap();
        assert!(matches!(second, Refusal::Moving { .. }), "{second}");
        assert_eq!(
            world.counts().await,
            [1, 1],
            "its place is taken in the cell that gets it"
        );
        // Given up, it is as before, and it can be moved anew.
        let undoing = world
            .register
            .undo_move(&org("acme").slug, "test")
            .await
            .unwrap();
        assert_eq!(undoing.phase, Phase::Undoing);
        let undone = world.enter(Entry::Next(Phase::Undone)).await;
        assert!(undone.phase.is_over() && undone.left_behind);
        let over = world.register.undo_move(&org("acme").slug, "test").await;
        assert!(matches!(over.unwrap_err(), Refusal::MoveState { .. }));
        // Its place is given back when nothing is left there.
        assert_eq!(world.counts().await, [1, 1]);
        world.enter(Entry::Cleaned).await;
        assert_eq!(world.counts().await, [1, 0]);
        // The clock was an hour ahead: the move that is under way is the one that is meant all the same.
        world.clock.advance_secs(-3_600);
        let second = world.start(to("cell-b")).await.unwrap();
        assert_eq!(second.phase, Phase::Preparing);
        let undoing = world.register.undo_move(&org("acme").slug, "test").await;
        assert_eq!(undoing.unwrap().id, second.id);
    }
}

#[tokio::test]
async fn what_was_left_in_a_cell_is_waited_for_there_and_nowhere_else_on_sqlite_and_postgres() {
    for (world, _cells) in worlds().await {
        world.declare("cell-d", NOWHERE_ELSE).await.unwrap();
        let there = world.register.cell(&cell("cell-b")).await.unwrap().address;
        world.start(to("cell-b")).await.unwrap();
        world.declare("cell-b", NOWHERE).await.unwrap();
        let slug = org("acme").slug;
        world.register.undo_move(&slug, "test").await.unwrap();
        let undone = world.enter(Entry::Next(Phase::Undone)).await;
        // Nobody listens at cell-b: it keeps what it has, and says so.
        let cell_b = cell("cell-b");
        let mut after = String::new();
        let round = world.register.tidy_round(&cell_b, &mut after).await;
        let waits_for = round.unwrap().waits_for.unwrap();
        assert!(waits_for.contains("cell-b"), "{waits_for}");
        assert!(after.is_empty(), "it was gone over whole");
        let shown = world.register.move_of(&slug).await.unwrap();
        assert_eq!(shown.left_behind, Some(cell_b.clone()));
        assert!(
            shown
                .reason
                .unwrap()
                .contains("has to remove yet what it kept")
        );
        // The same org goes elsewhere by itself, and waits if it is to go there again.
        world.declare("cell-b", &there).await.unwrap();
        let again = world.start(to("cell-b")).await.unwrap();
        assert!(again.waits_for_taker);
        world.register.undo_move(&slug, "test").await.unwrap();
        world.enter(Entry::Next(Phase::Undone)).await;
        let anywhere = StartMove {
            to: None,
            keep_secs: None,
        };
        let elsewhere = world.start(anywhere).await.unwrap();
        assert_eq!(
            (&elsewhere.target, elsewhere.waits_for_taker),
            (&cell("cell-d"), false)
        );
        assert_ne!(elsewhere.id, undone.id);
        // A cell is not closed as long as something is left there.
        for state in [CellState::Draining, CellState::Closed] {
            let epoch = world.register.cell(&cell_b).await.unwrap().epoch;
            let wanted = SetCellState { state, epoch };
            let set = world.register.set_cell_state(&cell_b, wanted, "test").await;
            match state {
                CellState::Closed => {
                    let said = set.unwrap_err().to_string();
                    assert!(
                        said.contains("2 organisations (acme, …) are elsewhere"),
                        "{said}"
                    );
                }
                _ => drop(set.unwrap()),
            }
        }
    }
}

#[tokio::test]
async fn a_lost_target_is_abandoned_before_it_serves_and_not_otherwise_on_sqlite_and_postgres() {
    for (world, _cells) in worlds().await {
        let slug = org("acme").slug;
        let abandon = async || world.register.abandon_target(&slug, "test").await;
        world.start(to("cell-b")).await.unwrap();
        let early = abandon().await.unwrap_err();
        assert!(early.to_string().contains("give the move up"), "{early}");
        let fenced = world.come_to_fenced().await;
        world.register.switch_move(&fenced).await.unwrap();
        // Who answers is not lost.
        let there = TestCell::open(&world, "cell-b").await;
        world.declare("cell-b", &there.address).await.unwrap();
        let answers = abandon().await.unwrap_err();
        assert!(answers.to_string().contains("runs"), "{answers}");
        drop(there);
        world.declare("cell-b", NOWHERE).await.unwrap();
        let abandoned = abandon().await.unwrap();
        assert_eq!(abandoned.serving, cell("cell-a"));
        let third = (cell("cell-a"), Epoch::FIRST.next().next());
        assert_eq!(
            (world.placed().await, world.routed()),
            (third.clone(), third)
        );
        let twice = abandon().await.unwrap_err();
        assert!(matches!(twice, Refusal::MoveState { .. }), "{twice}");
        world.enter(Entry::Next(Phase::Purging)).await;
        let done = world.enter(Entry::Next(Phase::Done)).await;
        assert_eq!((done.left_behind, &done.taker), (true, &cell("cell-b")));
        let mut tx = world.register.database.read().await.unwrap();
        assert!(matches!(verify(&mut tx).await.unwrap(), Verdict::Whole(_)));
    }
}

#[tokio::test]
async fn the_time_to_take_a_move_back_can_be_ended_on_sqlite_and_postgres() {
    for (world, _cells) in worlds().await {
        let slug = org("acme").slug;
        let settle = async || world.register.settle_move(&slug, "test").await;
        world.start(to("cell-b")).await.unwrap();
        assert!(matches!(
            settle().await.unwrap_err(),
            Refusal::MoveState { .. }
        ));
        let fenced = world.come_to_fenced().await;
        world.register.switch_move(&fenced).await.unwrap();
        let following = world.enter(Entry::Next(Phase::Following)).await;
        assert!(following.until.is_some());
        assert_eq!(settle().await.unwrap().phase, Phase::Purging);
        assert_eq!(settle().await.unwrap().phase, Phase::Purging, "twice");
        let back = world.register.take_move_back(&slug, "test").await;
        assert!(matches!(back.unwrap_err(), Refusal::MoveState { .. }));
    }
}

#[tokio::test]
async fn the_switch_changes_everything_together_and_once_on_sqlite_and_postgres() {
    for (world, _cells) in worlds().await {
        world.start(to("cell-b")).await.unwrap();
        let first = (cell("cell-a"), Epoch::FIRST);
        let second = (cell("cell-b"), Epoch::FIRST.next());
        let early = world.record().await;
        let fenced = world.come_to_fenced().await;
        assert_eq!(
            (world.placed().await, world.routed()),
            (first.clone(), first)
        );
        // Planned by an older record, it comes to nothing.
        world.register.switch_move(&early).await.unwrap();
        assert_eq!(world.record().await, fenced);
        let (one, two) = tokio::join!(
            world.register.switch_move(&fenced),
            world.register.switch_move(&fenced)
        );
        assert!(one.is_ok() && two.is_ok());
        let switched = world.record().await;
        assert_eq!(switched.phase, Phase::Activating);
        assert_eq!((switched.giver, switched.leg), second.clone());
        assert_eq!(
            (world.placed().await, world.routed()),
            (second.clone(), second)
        );
        // A step that was planned before the switch changes nothing any more.
        let late = Entry::Loosen(String::from("too late"));
        world.register.enter_move(&fenced, late).await.unwrap();
        assert_eq!(world.record().await.phase, Phase::Activating);
        let undo = world.register.undo_move(&org("acme").slug, "test").await;
        let undo = undo.unwrap_err();
        assert!(undo.to_string().contains("take the move back"), "{undo}");
        world.enter(Entry::Next(Phase::Following)).await;
        let back = world
            .register
            .take_move_back(&org("acme").slug, "test")
            .await;
        assert!(back.unwrap().returning);
        let mut tx = world.register.database.read().await.unwrap();
        assert!(matches!(verify(&mut tx).await.unwrap(), Verdict::Whole(_)));
    }
}

#[tokio::test]
async fn a_move_that_is_over_gives_the_place_back_on_sqlite_and_postgres() {
    for (world, _cells) in worlds().await {
        world.start(to("cell-b")).await.unwrap();
        let fenced = world.come_to_fenced().await;
        world.register.switch_move(&fenced).await.unwrap();
        world.enter(Entry::Next(Phase::Following)).await;
        world.enter(Entry::Next(Phase::Purging)).await;
        assert_eq!(world.counts().await, [1, 1]);
        let late = world
            .register
            .take_move_back(&org("acme").slug, "test")
            .await;
        assert!(matches!(late.unwrap_err(), Refusal::MoveState { .. }));
        let done = world.enter(Entry::Next(Phase::Done)).await;
        assert_eq!((done.phase, done.left_behind), (Phase::Done, true));
        assert_eq!(world.counts().await, [1, 1]);
        let clean = world.enter(Entry::Cleaned).await;
        assert!(!clean.left_behind);
        assert_eq!(world.counts().await, [0, 1]);
    }
}

#[tokio::test]
async fn a_draining_cell_sends_its_orgs_away_on_sqlite_and_postgres() {
    for (world, _cells) in worlds().await {
        let drain = async |state| {
            let epoch = world.register.cell(&cell("cell-a")).await.unwrap().epoch;
            let wanted = SetCellState { state, epoch };
            let name = cell("cell-a");
            let set = world.register.set_cell_state(&name, wanted, "test");
            set.await.unwrap();
        };
        let mut patience = Patience::default();
        let mut round = async || world.register.drain_round(&mut patience).await.unwrap();
        assert_eq!(round().await, 0);
        drain(CellState::Draining).await;
        assert_eq!(round().await, 1);
        assert_eq!(round().await, 0);
        let record = world.record().await;
        assert_eq!(
            (record.target, record.phase),
            (cell("cell-b"), Phase::Preparing)
        );
    }
}

#[tokio::test]
async fn whoever_asks_too_early_hears_which_of_the_two_it_is_on_sqlite_and_postgres() {
    for (world, _cells) in worlds().await {
        let again = async || world.start(to("cell-b")).await.unwrap_err().to_string();
        world.start(to("cell-b")).await.unwrap();
        let said = again().await;
        assert!(said.contains("is on its way already"), "{said}");
        let fenced = world.come_to_fenced().await;
        world.register.switch_move(&fenced).await.unwrap();
        world.enter(Entry::Next(Phase::Following)).await;
        let said = world.start(to("cell-a")).await.unwrap_err().to_string();
        for part in [
            "to cell-b can still be taken back until 1970-01-01T",
            "`testudo org move acme --settle`",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }
}

#[tokio::test]
async fn nothing_is_begun_out_of_a_cell_that_does_not_answer_but_a_drain_on_sqlite_and_postgres() {
    for (world, cells) in worlds().await {
        let cell_a = world.register.cell(&cell("cell-a")).await.unwrap();
        world.declare("cell-a", NOWHERE).await.unwrap();
        let gone = world.register.cell(&cell("cell-a")).await.unwrap();
        world.register.watch.ask_now(&world.register, &gone).await;
        let refused = world.start(to("cell-b")).await.unwrap_err();
        assert!(matches!(refused, Refusal::GiverSilent { .. }), "{refused}");
        assert_eq!(world.counts().await, [1, 0]);
        // It is back, and was not asked since: it is asked before anything is refused.
        world.declare("cell-a", &cell_a.address).await.unwrap();
        world.start(to("cell-b")).await.unwrap();
        let slug = org("acme").slug;
        world.register.undo_move(&slug, "test").await.unwrap();
        world.enter(Entry::Next(Phase::Undone)).await;
        world.enter(Entry::Cleaned).await;
        world.declare("cell-a", NOWHERE).await.unwrap();
        let begun = StartMove {
            to: None,
            keep_secs: None,
        };
        world
            .register
            .begin_move(&slug, begun, "test")
            .await
            .unwrap();
        drop(cells);
    }
}

#[tokio::test]
async fn nothing_is_begun_into_a_cell_that_does_not_answer_on_sqlite_and_postgres() {
    for (world, cells) in worlds().await {
        let there = world.register.cell(&cell("cell-b")).await.unwrap().address;
        world.declare("cell-b", NOWHERE).await.unwrap();
        let refused = world.start(to("cell-b")).await.unwrap_err();
        assert!(matches!(refused, Refusal::TakerSilent { .. }), "{refused}");
        let said = refused.to_string();
        assert!(said.contains("cell-b does not answer"), "{said}");
        // Another cell's certificate is none.
        let strange = TestCell::open(&world, "cell-z").await;
        world.declare("cell-b", &strange.address).await.unwrap();
        let refused = world.start(to("cell-b")).await.unwrap_err();
        assert!(refused.to_string().contains("certificate"), "{refused}");
        assert_eq!(world.counts().await, [1, 0]);
        let slug = org("acme").slug;
        let never = world.register.move_of(&slug).await.unwrap_err();
        assert!(matches!(never, Refusal::NotFound { .. }), "{never}");
        // One that is started again while it is asked is waited for.
        let (begun, moved_house) =
            tokio::join!(world.start(to("cell-b")), world.declare("cell-b", &there));
        moved_house.unwrap();
        assert_eq!(begun.unwrap().target, cell("cell-b"));
        // Who is on the way is told that, and not that a cell is silent.
        drop(cells);
        let again = world.start(to("cell-b")).await.unwrap_err();
        assert!(matches!(again, Refusal::Moving { .. }), "{again}");
    }
}
