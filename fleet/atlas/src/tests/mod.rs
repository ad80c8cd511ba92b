//! The register on both engines: who gets a name, who gets a place, and that the log and the route map tell the same.

mod api;
mod cell_for_tests;
mod creation;
mod feed;
mod hosts;
mod invitation;
mod org_move;
mod page;
mod route_key;
mod store;

use crate::MIGRATIONS;
use crate::counted::Counted;
use crate::doors::Doors;
use crate::feed::{Answer, Feed};
use crate::log::{Verdict, verify};
use crate::org_move::carry::Moves;
use crate::refusal::Refusal;
use crate::register::Register;
use crate::underway::Underway;
use crate::watch::Watch;
use cell_for_tests::TestCell;
use database::{Database, Location};
use postgres_for_tests::TestDatabase;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use vocab::entropy::SeededEntropy;
use vocab::epoch::Epoch;
use vocab::slug::Slug;
use vocab::time::{Clock, ManualClock, Timestamp};
use wire::control::{CellSize, CellState, CreateOrg, DeclareCell, OrgState, Pin, SetCellState};
use wire::identity::{FleetAuthority, FleetIdentity, FleetRole};
use wire::names::CellName;
use wire::routes::entry::Change;
use wire::routes::follow::{Delta, Followed, accept};
use wire::routes::signature::{RouteSigner, RouteVerifier};

impl Feed {
    /// What a follower is told, whole or not, in one form.
    fn delta(&self, after: i64) -> Delta {
        match self.news(after) {
            Answer::Steps(delta) => delta,
            Answer::Whole(followed) => Delta {
                whole: true,
                after: 0,
                changes: followed.map.entries().map(Change::Put).collect(),
                head: followed.head.unwrap(),
            },
        }
    }
}

struct World {
    register: Register,
    clock: Arc<ManualClock>,
    authority: FleetAuthority,
    folder: TempDir,
    _server: Option<TestDatabase<'static>>,
}

impl World {
    async fn both() -> [Self; 2] {
        let server = postgres_for_tests::shared().empty_database().unwrap();
        [Self::new(None).await, Self::new(Some(server)).await]
    }

    async fn new(server: Option<TestDatabase<'static>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = match &server {
            Some(server) => Location::Postgres {
                url: server.url().into(),
            },
            None => Location::Sqlite {
                path: folder.path().join("register.db"),
            },
        };
        let own = folder.path().join("own");
        let authority = FleetAuthority::open_or_create(&folder.path().join("ca")).unwrap();
        authority
            .issue(FleetRole::Control, "control", &own)
            .unwrap();
        let database = Database::open(&location, &MIGRATIONS).await.unwrap();
        let manual = Arc::new(ManualClock::new(Timestamp::from_seconds(1_000)));
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&manual);
        let signer = RouteSigner::generate().unwrap();
        let feed = Feed::build(database.clone(), Arc::clone(&clock), signer);
        Self {
            register: Register {
                feed: feed.await.unwrap(),
                counted: Counted::open(&database, clock.now()).await.unwrap(),
                database,
                clock,
                entropy: Arc::new(SeededEntropy::new(7)),
                doors: Doors::new(Arc::new(FleetIdentity::load(&own).unwrap())),
                underway: Underway::default(),
                moves: Moves::default(),
                watch: Watch::default(),
            },
            clock: manual,
            authority,
            folder,
            _server: server,
        }
    }

    async fn declare(&self, name: &str, address: &str) -> Result<Epoch, Refusal> {
        let cell = DeclareCell {
            name: cell(name),
            region: String::from("eu"),
            cloud: String::from("metal"),
            regimes: Vec::new(),
            size: CellSize::Small,
            address: address.to_owned(),
            state: CellState::Open,
        };
        Ok(self.register.declare_cell(cell, "test").await?.epoch)
    }
}

fn cell(name: &str) -> CellName {
    CellName::parse(name).unwrap()
}

fn org(slug: &str) -> CreateOrg {
    CreateOrg {
        slug: Slug::parse(slug).unwrap(),
        name: slug.to_owned(),
        pin: Pin::default(),
        cell: None,
    }
}

/// Nothing listens there: what is claimed stays being created.
const NOWHERE: &str = "127.0.0.1:1";
/// Nor there.
const NOWHERE_ELSE: &str = "127.0.0.1:2";

#[tokio::test]
async fn of_two_at_once_one_gets_the_name_on_sqlite_and_postgres() {
    for world in World::both().await {
        world.declare("cell-a", NOWHERE).await.unwrap();
        let other = CreateOrg {
            name: String::from("Another"),
            ..org("acme")
        };
        let (one, two) = tokio::join!(
            world.register.create_org(org("acme"), "one"),
            world.register.create_org(other, "two"),
        );
        let refusals = [one.err().unwrap(), two.err().unwrap()];
        let count = |wanted: fn(&Refusal) -> bool| refusals.iter().filter(|r| wanted(r)).count();
        assert_eq!(
            count(|refusal| matches!(refusal, Refusal::NotYet { .. })),
            1
        );
        assert_eq!(count(|refusal| matches!(refusal, Refusal::Taken { .. })), 1);
        let known = world.register.org(&org("acme").slug).await.unwrap();
        assert_eq!(known.state, OrgState::Creating);
        assert_eq!(world.register.cell(&cell("cell-a")).await.unwrap().orgs, 1);
        assert!(
            world.register.feed.delta(0).changes.len() == 1,
            "no route before it is served"
        );
        assert_eq!(world.register.resume_creations().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_state_is_set_at_the_epoch_that_was_seen_on_sqlite_and_postgres() {
    for world in World::both().await {
        let epoch = world.declare("cell-a", NOWHERE).await.unwrap();
        let (full, draining) = tokio::join!(
            set_state(&world, CellState::Full, epoch),
            set_state(&world, CellState::Draining, epoch)
        );
        assert!(full.is_ok() != draining.is_ok());
        let (is_full, now) = (full.is_ok(), full.or(draining).unwrap());
        let same = if is_full {
            CellState::Full
        } else {
            CellState::Draining
        };
        let again = set_state(&world, same, now).await.unwrap();
        assert_eq!(again, now, "said twice, nothing happens");
        let late = set_state(&world, CellState::Open, epoch).await.unwrap_err();
        assert!(
            matches!(
                late,
                Refusal::Changed {
                    known: 2,
                    asked: 1,
                    ..
                }
            ),
            "{late}"
        );
        let stranger = cell("cell-z");
        let unknown = world.register.cell(&stranger).await.unwrap_err();
        assert!(matches!(unknown, Refusal::NoCell { .. }), "{unknown}");
    }
}

async fn set_state(world: &World, state: CellState, epoch: Epoch) -> Result<Epoch, Refusal> {
    let wanted = SetCellState { state, epoch };
    let name = cell("cell-a");
    let set = world.register.set_cell_state(&name, wanted, "test");
    Ok(set.await?.epoch)
}

#[tokio::test]
async fn a_cell_is_declared_once_and_moves_house_on_sqlite_and_postgres() {
    for world in World::both().await {
        assert_eq!(
            world
                .declare("cell-a", "127.0.0.1:1")
                .await
                .unwrap()
                .number(),
            1
        );
        assert_eq!(
            world
                .declare("cell-a", "127.0.0.1:1")
                .await
                .unwrap()
                .number(),
            1
        );
        assert_eq!(
            world
                .declare("cell-a", "127.0.0.1:2")
                .await
                .unwrap()
                .number(),
            2
        );
        for bad in ["", "host", "host:", "host:0", "host:99999", "a b:1", ":1"] {
            let refused = world.declare("cell-b", bad).await;
            let said = refused.unwrap_err().to_string();
            assert!(said.starts_with("address: "), "{bad}: {said}");
        }
    }
}

#[tokio::test]
async fn an_address_is_one_cells_unless_the_other_proves_to_be_there_on_sqlite_and_postgres() {
    for world in World::both().await {
        world.declare("cell-a", NOWHERE).await.unwrap();
        let refused = world.declare("cell-b", NOWHERE).await.unwrap_err();
        assert!(matches!(refused, Refusal::AddressTaken { .. }), "{refused}");
        let there = TestCell::open(&world, "cell-b").await;
        world.declare("cell-a", &there.address).await.unwrap();
        // Its port was another's before, and the register does not know yet where that one is now.
        world.declare("cell-b", &there.address).await.unwrap();
        let stranger = world.declare("cell-c", &there.address).await.unwrap_err();
        assert!(
            matches!(stranger, Refusal::AddressTaken { .. }),
            "{stranger}"
        );
        let abroad = DeclareCell {
            name: cell("cell-a"),
            region: String::from("us"),
            cloud: String::from("metal"),
            regimes: Vec::new(),
            size: CellSize::Small,
            address: String::from("host:1"),
            state: CellState::Open,
        };
        let differs = world.register.declare_cell(abroad, "test").await;
        let said = differs.unwrap_err().to_string();
        assert!(said.contains("its region is \"eu\" there"), "{said}");
    }
}

#[tokio::test]
async fn followers_and_another_control_plane_see_the_same_map_on_sqlite_and_postgres() {
    for world in World::both().await {
        let feed = &world.register.feed;
        let verifier = RouteVerifier::from_hex(&feed.key_hex()).unwrap();
        world.declare("cell-a", "127.0.0.1:1").await.unwrap();
        let first = accept(&Followed::default(), feed.delta(0), &verifier).unwrap();
        world.declare("cell-b", "127.0.0.1:2").await.unwrap();
        world.declare("cell-a", "127.0.0.1:3").await.unwrap();
        feed.wait(first.cursor(), Duration::from_secs(60)).await;
        let step = feed.delta(first.cursor());
        assert!(!step.whole);
        let second = accept(&first, step, &verifier).unwrap();
        let whole = accept(&Followed::default(), feed.delta(0), &verifier).unwrap();
        assert_eq!(second.map.root(), whole.map.root());
        assert_eq!(second.cursor(), 3);
        assert!(
            feed.delta(99).whole,
            "a follower that is ahead is told everything"
        );

        let signer = RouteSigner::generate().unwrap();
        let database = world.register.database.clone();
        let rebuilt = Feed::build(database, world.register.clock.clone(), signer)
            .await
            .unwrap();
        assert_eq!(rebuilt.delta(0).head.head.root, whole.map.root());
        world.declare("cell-c", "127.0.0.1:4").await.unwrap();
        rebuilt.catch_up().await.unwrap();
        assert_eq!(
            rebuilt.delta(0).head.head.root,
            feed.delta(0).head.head.root
        );
    }
}

#[tokio::test]
async fn a_changed_or_missing_row_of_the_log_is_named_on_sqlite_and_postgres() {
    for world in World::both().await {
        for (name, address) in [
            ("cell-a", "host:1"),
            ("cell-b", "host:2"),
            ("cell-c", "host:3"),
        ] {
            world.declare(name, address).await.unwrap();
        }
        let database = &world.register.database;
        let verdict = async || {
            let mut tx = database.read().await.unwrap();
            verify(&mut tx).await.unwrap()
        };
        assert_eq!(verdict().await, Verdict::Whole(3));
        store::damage_routes(database, 2).await;
        assert_eq!(verdict().await, Verdict::BrokenAt(2));
        store::remove_change(database, 2).await;
        assert_eq!(verdict().await, Verdict::BrokenAt(2));
        store::remove_change(database, 3).await;
        assert_eq!(verdict().await, Verdict::BrokenAt(2));
    }
}
