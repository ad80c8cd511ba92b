//! The route map: whoever follows it by steps, reads it whole, or builds it anew from the tables has the same.

use super::cell_for_tests::TestCell;
use super::{World, cell, org};
use crate::feed::Feed;
use crate::log::{Verdict, verify};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof, proptest};
use std::time::Duration;
use wire::control::{CellState, CreateOrg, SetCellState};
use wire::routes::follow::{Followed, accept};
use wire::routes::signature::{RouteSigner, RouteVerifier};

const CELLS: [&str; 3] = ["cell-a", "cell-b", "cell-c"];

#[derive(Debug, Clone)]
enum Deed {
    /// Declares a cell, or moves it: it answers at one of two addresses, or at none.
    Declare(usize, u16),
    SetState(usize, CellState),
    Create(u8, Option<usize>),
    Resume,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        (0..CELLS.len(), 0_u16..3).prop_map(|(cell, port)| Deed::Declare(cell, port)),
        (
            0..CELLS.len(),
            proptest::sample::select(CellState::ALL.to_vec())
        )
            .prop_map(|(cell, state)| Deed::SetState(cell, state)),
        (0_u8..12, proptest::option::of(0..CELLS.len()))
            .prop_map(|(org, cell)| Deed::Create(org, cell)),
        Just(Deed::Resume),
    ];
    vec(deed, 1..25)
}

/// Does it. Whether it is refused is not asked here.
async fn act(world: &World, deed: &Deed, homes: &[TestCell]) {
    let register = &world.register;
    match deed {
        Deed::Declare(index, 0) => drop(world.declare(CELLS[*index], &homes[*index].address).await),
        Deed::Declare(index, port) => {
            drop(
                world
                    .declare(CELLS[*index], &format!("127.0.0.1:{port}"))
                    .await,
            );
        }
        Deed::SetState(index, state) => {
            let name = cell(CELLS[*index]);
            if let Ok(known) = register.cell(&name).await {
                let wanted = SetCellState {
                    state: *state,
                    epoch: known.epoch,
                };
                drop(register.set_cell_state(&name, wanted, "test").await);
            }
        }
        Deed::Create(number, wish) => {
            let wanted = CreateOrg {
                cell: wish.map(|index| cell(CELLS[index])),
                ..org(&format!("org-{number}"))
            };
            drop(register.create_org(wanted, "test").await);
        }
        Deed::Resume => drop(register.resume_creations().await),
    }
}

async fn homes(world: &World) -> Vec<TestCell> {
    let mut homes = Vec::new();
    for name in CELLS {
        homes.push(TestCell::open(world, name).await);
    }
    homes
}

async fn run(world: &World, deeds: &[Deed]) {
    let homes = homes(world).await;
    let feed = &world.register.feed;
    let verifier = RouteVerifier::from_hex(&feed.key_hex()).unwrap();
    let mut stepwise = Followed::default();
    for deed in deeds {
        act(world, deed, &homes).await;
        stepwise = accept(&stepwise, feed.delta(stepwise.cursor()), &verifier).unwrap();
        assert_eq!(stepwise.cursor(), feed.cursor());
    }
    let whole = accept(&Followed::default(), feed.delta(0), &verifier).unwrap();
    assert_eq!(stepwise.map.root(), whole.map.root());

    let database = world.register.database.clone();
    let signer = RouteSigner::generate().unwrap();
    let rebuilt = Feed::build(database, world.register.clock.clone(), signer).await;
    let rebuilt = rebuilt.unwrap();
    assert_eq!(rebuilt.delta(0).head.head.root, whole.map.root());
    // The count of each cell is that of its orgs.
    for known in world.register.cells().await.unwrap() {
        let page = world.register.orgs(Some(&known.name), "", 1_000).await;
        let orgs = page.unwrap().orgs.len();
        assert_eq!(known.orgs, i64::try_from(orgs).unwrap(), "{}", known.name);
    }
    let mut tx = world.register.database.read().await.unwrap();
    assert_eq!(
        verify(&mut tx).await.unwrap(),
        Verdict::Whole(feed.cursor())
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_map_is_what_the_tables_say_whatever_was_done(deeds in deeds()) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            run(&World::new(None).await, &deeds).await;
        });
    }
}

#[tokio::test]
async fn the_map_is_what_the_tables_say_on_sqlite_and_postgres() {
    let deeds = [
        Deed::Declare(0, 0),
        Deed::Declare(1, 1),
        Deed::Create(1, Some(0)),
        Deed::Create(2, Some(1)),
        Deed::Create(2, Some(0)),
        Deed::Resume,
        Deed::Declare(1, 0),
        Deed::Resume,
        Deed::Create(3, None),
        Deed::SetState(0, CellState::Draining),
        Deed::Create(4, Some(0)),
        Deed::SetState(0, CellState::Closed),
        Deed::Create(4, None),
        Deed::Declare(0, 2),
    ];
    for world in World::both().await {
        run(&world, &deeds).await;
    }
}

/// A control plane that starts again does not send every edge the whole map.
#[tokio::test]
async fn a_follower_goes_on_by_steps_after_a_restart_on_sqlite_and_postgres() {
    for world in World::both().await {
        let homes = homes(&world).await;
        world.declare(CELLS[0], &homes[0].address).await.unwrap();
        let key = RouteSigner::generate().unwrap();
        let kept = key.to_pkcs8().unwrap();
        let verifier = RouteVerifier::from_hex(&key.public_hex()).unwrap();
        let (database, clock) = (
            world.register.database.clone(),
            world.register.clock.clone(),
        );
        let before = Feed::build(database.clone(), clock.clone(), key)
            .await
            .unwrap();
        let first = accept(&Followed::default(), before.delta(0), &verifier).unwrap();
        for number in 0..3 {
            act(&world, &Deed::Create(number, None), &homes).await;
        }
        let again = RouteSigner::from_pkcs8(&kept).unwrap();
        let after = Feed::build(database, clock, again).await.unwrap();
        let step = after.delta(first.cursor());
        assert!(!step.whole);
        assert_eq!(step.changes.len(), 3);
        let second = accept(&first, step, &verifier).unwrap();
        assert_eq!(second.cursor(), after.cursor());
        assert_eq!(second.map.orgs_count(), 3);
        // Between two rows from before the start there is no signed state, but the way on from there is known.
        let middle = after.delta(second.cursor() - 1);
        assert!(!middle.whole);
        assert_eq!(middle.changes.len(), 1);
        act(&world, &Deed::Create(7, None), &homes).await;
        after.catch_up().await.unwrap();
        let third = accept(&second, after.delta(second.cursor()), &verifier).unwrap();
        assert_eq!(third.map.orgs_count(), 4);
        let late = accept(&first, after.delta(first.cursor()), &verifier).unwrap();
        assert_eq!(late.map.root(), third.map.root());
    }
}

#[tokio::test]
async fn whoever_waits_is_woken_by_news_and_by_the_end() {
    let world = World::new(None).await;
    let feed = world.register.feed.clone();
    let minute = Duration::from_secs(60);
    let (declared, ()) = tokio::join!(world.declare(CELLS[0], "127.0.0.1:1"), feed.wait(0, minute));
    declared.unwrap();
    let waits = tokio::spawn({
        let feed = feed.clone();
        async move {
            feed.wait(1, minute).await;
            feed.closed().await;
        }
    });
    feed.close();
    waits.await.unwrap();
}
