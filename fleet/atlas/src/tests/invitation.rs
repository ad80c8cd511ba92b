//! New set-up links for orgs that nobody has set up.

use super::cell_for_tests::TestCell;
use super::{NOWHERE, World, org};
use crate::refusal::Refusal;
use axum::http::StatusCode;
use std::sync::atomic::Ordering;
use wire::control::{CreateOrg, OrgState};

#[tokio::test]
async fn an_org_without_an_administrator_gets_a_new_link_on_sqlite_and_postgres() {
    for world in World::both().await {
        let slug = org("acme").slug;
        let invite = async || world.register.invite(&slug, "test").await;
        let unknown = invite().await.unwrap_err();
        assert!(matches!(unknown, Refusal::NotFound { .. }), "{unknown}");

        // Its cell is away, so that it is not made yet.
        world.declare("cell-a", NOWHERE).await.unwrap();
        let wanted = CreateOrg {
            cell: Some(super::cell("cell-a")),
            ..org("acme")
        };
        let waits = world.register.create_org(wanted, "test").await.err();
        let waits = waits.unwrap().to_string();
        assert!(waits.contains("`testudo org invite acme`"), "{waits}");
        let waits = invite().await.unwrap_err();
        assert!(matches!(waits, Refusal::NotYet { .. }), "{waits}");
        let home = TestCell::open(&world, "cell-a").await;
        world.declare("cell-a", &home.address).await.unwrap();
        let (made, token) = invite().await.unwrap();
        assert_eq!((made.state, token.as_str()), (OrgState::Serving, "token-1"));

        let (_, token) = invite().await.unwrap();
        assert_eq!((token.as_str(), home.book.asked()), ("invited", 1));
        home.book
            .refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
        let later = invite().await.unwrap_err();
        assert!(matches!(later, Refusal::NoLink { .. }), "{later}");
        home.book.accept();
        home.book.set_up.store(true, Ordering::Relaxed);
        let never = invite().await.unwrap_err();
        assert!(matches!(never, Refusal::HasAdministrator { .. }), "{never}");
        assert!(
            never
                .to_string()
                .contains("testudo recover LOGIN --org acme")
        );

        let mut tx = world.register.database.read().await.unwrap();
        let rows = crate::store::load_changes(&mut tx, 0, 100).await.unwrap();
        let invited = rows.iter().filter(|row| row.body.contains("org.invite"));
        assert_eq!(
            invited.count(),
            2,
            "each link that was handed out, and no other"
        );
    }
}

#[tokio::test]
async fn a_cell_that_is_not_well_gets_no_org_by_itself_on_sqlite_and_postgres() {
    for world in World::both().await {
        world.declare("cell-a", NOWHERE).await.unwrap();
        let silent = world.register.cell(&super::cell("cell-a")).await.unwrap();
        world.register.watch.ask_now(&world.register, &silent).await;
        let none = world.register.create_org(org("acme"), "test").await.err();
        let none = none.unwrap().to_string();
        assert!(none.contains("cell-a may have it"), "{none}");
        let home = TestCell::open(&world, "cell-b").await;
        world.declare("cell-b", &home.address).await.unwrap();
        let (made, _) = world
            .register
            .create_org(org("acme"), "test")
            .await
            .unwrap();
        assert_eq!(made.cell.as_str(), "cell-b");
    }
}
