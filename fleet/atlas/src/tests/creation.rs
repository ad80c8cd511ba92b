//! How orgs come to be, with cells that answer, hang, refuse or are not there.

use super::cell_for_tests::TestCell;
use super::{NOWHERE, NOWHERE_ELSE, World, cell, org};
use crate::log::{Verdict, verify};
use crate::refusal::Refusal;
use crate::store;
use axum::http::StatusCode;
use std::sync::Arc;
use vocab::epoch::Epoch;
use wire::cell::AdoptOrg;
use wire::control::{CreateOrg, OrgState};

/// The kinds of the log's rows, in order; the log is whole.
async fn kinds(world: &World) -> Vec<String> {
    let mut tx = world.register.database.read().await.unwrap();
    let rows = store::load_changes(&mut tx, 0, 1_000).await.unwrap();
    let whole = Verdict::Whole(i64::try_from(rows.len()).unwrap());
    assert_eq!(verify(&mut tx).await.unwrap(), whole);
    let kind = |row: crate::log::Row| -> String {
        let entry: crate::log::Entry = serde_json::from_str(&row.body).unwrap();
        entry.kind
    };
    rows.into_iter().map(kind).collect()
}

fn is_routed(world: &World, slug: &str) -> bool {
    let changes = world.register.feed.delta(0).changes;
    serde_json::to_string(&changes)
        .unwrap()
        .contains(&format!("\"slug\":\"{slug}\""))
}

async fn orgs_of(world: &World, name: &str) -> i64 {
    world.register.cell(&cell(name)).await.unwrap().orgs
}

#[tokio::test]
async fn an_org_is_made_by_its_cell_before_edges_learn_of_it_on_sqlite_and_postgres() {
    for world in World::both().await {
        let home = TestCell::open(&world, "cell-a").await;
        world.declare("cell-a", &home.address).await.unwrap();
        let made = world.register.create_org(org("acme"), "test").await;
        let (made, adopted) = made.unwrap();
        assert_eq!((made.state, made.epoch), (OrgState::Serving, Epoch::FIRST));
        assert_eq!(adopted.setup_token.as_deref(), Some("token-1"));
        assert!(is_routed(&world, "acme"));
        assert_eq!(orgs_of(&world, "cell-a").await, 1);
        let again = world.register.create_org(org("acme"), "test").await;
        assert!(matches!(again.err().unwrap(), Refusal::Taken { .. }));
        assert_eq!(home.book.asked(), 1);
        let wanted = ["cell.declare", "org.create", "org.serve"];
        assert_eq!(kinds(&world).await, wanted);
    }
}

#[tokio::test]
async fn an_org_whose_cell_is_down_is_carried_on_with_on_sqlite_and_postgres() {
    for world in World::both().await {
        world.declare("cell-a", NOWHERE).await.unwrap();
        for _ in 0..2 {
            let waits = world.register.create_org(org("acme"), "test").await;
            let waits = waits.err().unwrap();
            assert!(matches!(waits, Refusal::NotYet { .. }), "{waits}");
            assert!(waits.to_string().contains("tried again by itself"));
        }
        let other = CreateOrg {
            name: String::from("Another"),
            ..org("acme")
        };
        let taken = world.register.create_org(other, "test").await;
        assert!(matches!(taken.err().unwrap(), Refusal::Taken { .. }));
        assert!(!is_routed(&world, "acme"));

        let home = TestCell::open(&world, "cell-a").await;
        world.declare("cell-a", &home.address).await.unwrap();
        assert_eq!(world.register.resume_creations().await.unwrap(), 0);
        let made = world.register.org(&org("acme").slug).await.unwrap();
        assert_eq!(made.state, OrgState::Serving);
        assert!(is_routed(&world, "acme"));
        assert_eq!(world.register.resume_creations().await.unwrap(), 0);
        assert_eq!(home.book.asked(), 1);
        let wanted = ["cell.declare", "org.create", "cell.address", "org.serve"];
        assert_eq!(kinds(&world).await, wanted);
    }
}

/// The process ended after the cell had made the org and before the register knew.
#[tokio::test]
async fn a_creation_that_was_cut_off_after_its_cell_made_it_is_finished_on_sqlite_and_postgres() {
    for world in World::both().await {
        world.declare("cell-a", NOWHERE).await.unwrap();
        let waits = world.register.create_org(org("acme"), "test").await;
        assert!(waits.is_err());
        let home = TestCell::open(&world, "cell-a").await;
        world.declare("cell-a", &home.address).await.unwrap();
        let known = world.register.org(&org("acme").slug).await.unwrap();
        let place = world.register.cell(&cell("cell-a")).await.unwrap();
        let adopt = AdoptOrg {
            slug: known.slug.clone(),
            name: known.name.clone(),
            epoch: known.epoch,
        };
        let adopted = world.register.doors.adopt(&place, &known.id, &adopt).await;
        assert!(adopted.is_ok());
        let (made, _) = world
            .register
            .create_org(org("acme"), "test")
            .await
            .unwrap();
        assert_eq!(
            (made.id, made.state),
            (known.id, OrgState::Serving),
            "the same org, by the same words"
        );
        assert_eq!(orgs_of(&world, "cell-a").await, 1);
    }
}

#[tokio::test]
async fn a_name_that_a_cell_refuses_for_good_is_free_again_on_sqlite_and_postgres() {
    for world in World::both().await {
        let home = TestCell::open(&world, "cell-a").await;
        world.declare("cell-a", &home.address).await.unwrap();
        home.book
            .refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
        let later = world.register.create_org(org("acme"), "test").await;
        assert!(matches!(later.err().unwrap(), Refusal::NotYet { .. }));
        assert_eq!(orgs_of(&world, "cell-a").await, 1);
        home.book
            .refuse(StatusCode::UNPROCESSABLE_ENTITY, "refused");
        let never = world.register.create_org(org("acme"), "test").await;
        let never = never.err().unwrap();
        assert!(matches!(never, Refusal::CellRefused { .. }), "{never}");
        assert!(never.to_string().contains("this cell has its reasons"));
        assert_eq!(orgs_of(&world, "cell-a").await, 0);
        let gone = world.register.org(&org("acme").slug).await;
        assert!(matches!(gone.unwrap_err(), Refusal::NotFound { .. }));
        home.book.accept();
        let other = CreateOrg {
            name: String::from("Another"),
            ..org("acme")
        };
        let made = world.register.create_org(other, "test").await.unwrap();
        assert_eq!(made.0.name, "Another");
        let wanted = [
            "cell.declare",
            "org.create",
            "org.release",
            "org.create",
            "org.serve",
        ];
        assert_eq!(kinds(&world).await, wanted);
    }
}

/// Each call gives the org a new one-time link: a second one would make the first caller's worthless.
#[tokio::test]
async fn while_an_org_is_being_made_nobody_else_asks_its_cell_on_sqlite_and_postgres() {
    for world in World::both().await {
        let home = TestCell::with_closed_gate(&world, "cell-a").await;
        world.declare("cell-a", &home.address).await.unwrap();
        let register = world.register.clone();
        let first =
            tokio::spawn(async move { register.create_org(org("acme"), "test").await.unwrap() });
        home.book.came.acquire().await.unwrap().forget();
        let twin = world.register.create_org(org("acme"), "test").await;
        assert!(matches!(twin.err().unwrap(), Refusal::UnderWay { .. }));
        assert_eq!(world.register.resume_creations().await.unwrap(), 1);
        home.book.open_gate();
        let (_, adopted) = first.await.unwrap();
        assert_eq!(adopted.setup_token.as_deref(), Some("token-1"));
        assert_eq!(home.book.asked(), 1);
    }
}

/// A caller who goes away leaves no org that nobody may carry on with.
#[tokio::test]
async fn a_caller_who_goes_away_is_carried_on_for_on_sqlite_and_postgres() {
    for world in World::both().await {
        let home = TestCell::with_closed_gate(&world, "cell-a").await;
        world.declare("cell-a", &home.address).await.unwrap();
        let register = world.register.clone();
        let first = tokio::spawn(async move { register.create_org(org("acme"), "test").await });
        home.book.came.acquire().await.unwrap().forget();
        first.abort();
        assert!(first.await.is_err_and(|end| end.is_cancelled()));
        home.book.open_gate();
        assert_eq!(world.register.resume_creations().await.unwrap(), 0);
        assert!(is_routed(&world, "acme"));
    }
}

#[tokio::test]
async fn a_cell_that_hangs_delays_no_other_on_sqlite_and_postgres() {
    for world in World::both().await {
        world.declare("cell-a", NOWHERE).await.unwrap();
        world.declare("cell-b", NOWHERE_ELSE).await.unwrap();
        for (slug, name) in [("one", "cell-a"), ("two", "cell-a"), ("three", "cell-b")] {
            let wanted = CreateOrg {
                cell: Some(cell(name)),
                ..org(slug)
            };
            let waits = world.register.create_org(wanted, "test").await;
            assert!(matches!(waits.err().unwrap(), Refusal::NotYet { .. }));
        }
        let hangs = TestCell::with_closed_gate(&world, "cell-a").await;
        let lives = TestCell::open(&world, "cell-b").await;
        world.declare("cell-a", &hangs.address).await.unwrap();
        world.declare("cell-b", &lives.address).await.unwrap();
        let mut news = tokio::spawn({
            let register = world.register.clone();
            async move { register.resume_creations().await.unwrap() }
        });
        hangs.book.came.acquire().await.unwrap().forget();
        let feed = world.register.feed.clone();
        while !is_routed(&world, "three") {
            let cursor = feed.cursor();
            if !is_routed(&world, "three") {
                feed.wait(cursor, std::time::Duration::from_secs(60)).await;
            }
        }
        assert!(!news.is_finished());
        hangs.book.open_gate();
        assert_eq!((&mut news).await.unwrap(), 0);
        assert_eq!(Arc::clone(&hangs.book).asked(), 2);
    }
}
