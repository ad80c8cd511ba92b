//! The short form of the proof of a fleet: real flows while one part after the other is hurt. Only counts are judged here;
//! times are for a quiet machine, by `cargo xtask fleet prove`.

use std::time::Duration;

use testbed::fleet::{FleetPlan, Hung, SmallDisk};
use testbed::proof::large::{self, Size};
use testbed::proof::row::Times;
use testbed::proof::scenario::{Effort, Scenario};
use testbed::proof::world::World;

const CELLS: u8 = 3;
const ORGS_EACH: usize = 3;
const DISK_MEBIBYTES: u32 = 64;
/// Kills at steps of moves; the full proof has every one.
const CRASHES: usize = 6;
/// Large enough that a move takes many parcels.
const LARGE: Size = Size {
    people: 500,
    log_rows: 5_000,
};

fn effort() -> Effort {
    Effort {
        seed: 20,
        per_second: 15.0,
        span: Duration::from_secs(5),
        rounds: 1,
        crashes: Some(CRASHES),
        times: Times::Ignored,
    }
}

#[tokio::test]
async fn whatever_is_hurt_others_do_not_notice_and_nothing_acknowledged_is_lost() {
    let plan = FleetPlan {
        cells: CELLS,
        small_disk: SmallDisk::of_cell("cell-a", DISK_MEBIBYTES),
        // A scenario hangs as long as it says, however soon it would be over by itself.
        hung: Hung::Left,
    };
    let world = World::prepare(plan, ORGS_EACH).await.unwrap();
    for scenario in Scenario::all() {
        let row = scenario.run(&world, &effort()).await.unwrap();
        assert!(row.missed.is_empty(), "{row:#?}");
    }
}

#[tokio::test]
async fn a_large_organisation_moves_and_comes_back_as_it_was() {
    let row = large::run(LARGE, &effort()).await.unwrap();
    assert!(row.missed.is_empty(), "{row:#?}");
}
