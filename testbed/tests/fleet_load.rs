//! The short form of the proof of a fleet: real flows while one part after the other is hurt. Only counts are judged here;
//! times are for a quiet machine, by `cargo xtask fleet prove`.

use std::time::Duration;

use testbed::fleet::FleetPlan;
use testbed::proof::plan::Load;
use testbed::proof::world::World;

#[tokio::test]
async fn quiet() {
    let t = std::time::Instant::now();
    let plan = FleetPlan { cells: 2, small_disk: None };
    let world = World::prepare(plan, 3).await.unwrap();
    eprintln!("prepared {:?}", t.elapsed());
    let seen = world.drive(Load { seed: 1, per_second: 15.0, span: Duration::from_secs(10), flood: None }).await.unwrap();
    for (cell, tally) in &seen { eprintln!("{cell} {:?}", tally.figures()); }
    let t = std::time::Instant::now();
    let found = world.audit().await.unwrap();
    eprintln!("{found:?} {:?} {:?} acked {} {:?}", world.verify_logs(), t.elapsed(), world.acknowledged(), world.sweep().await);
    assert_eq!(found.faults(), 0);
}
