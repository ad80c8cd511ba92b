//! Host names that orgs bring, with cells that answer, refuse or are not there.

use super::cell_for_tests::TestCell;
use super::{NOWHERE, World, cell, org};
use crate::log::{Verdict, verify};
use crate::refusal::Refusal;
use axum::http::StatusCode;
use vocab::slug::Slug;
use wire::names::Host;
use wire::routes::map::RouteMap;

fn host(text: &str) -> Host {
    Host::parse(text).unwrap()
}

fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}

impl World {
    /// A cell with two orgs.
    async fn with_orgs(&self) -> TestCell {
        let home = TestCell::open(self, "cell-a").await;
        self.declare("cell-a", &home.address).await.unwrap();
        for name in ["acme", "globex"] {
            self.register.create_org(org(name), "test").await.unwrap();
        }
        home
    }

    /// Whose a host is by the route map.
    fn routed_host(&self, name: &str) -> Option<String> {
        let changes = self.register.feed.delta(0).changes;
        let map = RouteMap::default().apply(changes).unwrap();
        map.org_by_host(name).map(|route| route.slug.to_string())
    }

    async fn is_whole(&self) -> bool {
        let mut tx = self.register.database.read().await.unwrap();
        matches!(verify(&mut tx).await.unwrap(), Verdict::Whole(_))
    }
}

#[tokio::test]
async fn a_host_is_at_its_cell_before_edges_learn_of_it_and_gone_from_edges_first_on_sqlite_and_postgres()
 {
    for world in World::both().await {
        let home = world.with_orgs().await;
        let login = host("login.acme.test");
        // Once more, nothing happens.
        for _ in 0..2 {
            let known = world
                .register
                .add_host(&slug("acme"), &login, "test")
                .await
                .unwrap();
            assert_eq!(known.hosts, std::slice::from_ref(&login));
        }
        assert_eq!(home.book.hosts(), ["PUT login.acme.test"]);
        assert_eq!(
            world.routed_host("login.acme.test").as_deref(),
            Some("acme")
        );
        let taken = world
            .register
            .add_host(&slug("globex"), &login, "test")
            .await;
        let taken = taken.err().unwrap();
        assert!(matches!(taken, Refusal::HostTaken { .. }), "{taken}");
        let not_theirs = world
            .register
            .remove_host(&slug("globex"), &login, "test")
            .await;
        assert!(matches!(not_theirs.err().unwrap(), Refusal::NoHost { .. }));
        let known = world
            .register
            .remove_host(&slug("acme"), &login, "test")
            .await
            .unwrap();
        assert!(known.hosts.is_empty() && world.routed_host("login.acme.test").is_none());
        assert_eq!(
            home.book.hosts(),
            ["PUT login.acme.test", "DELETE login.acme.test"]
        );
        // It is free again.
        world
            .register
            .add_host(&slug("globex"), &login, "test")
            .await
            .unwrap();
        assert_eq!(
            world.routed_host("login.acme.test").as_deref(),
            Some("globex")
        );
        assert!(world.is_whole().await);
        let missing = world
            .register
            .add_host(&slug("nosuch"), &login, "test")
            .await;
        assert!(matches!(missing.err().unwrap(), Refusal::NotFound { .. }));
    }
}

#[tokio::test]
async fn of_two_orgs_that_claim_a_host_at_once_one_gets_it_on_sqlite_and_postgres() {
    for world in World::both().await {
        let _home = world.with_orgs().await;
        let login = host("login.test");
        let (acme, globex) = (slug("acme"), slug("globex"));
        let (one, two) = tokio::join!(
            world.register.add_host(&acme, &login, "one"),
            world.register.add_host(&globex, &login, "two"),
        );
        assert!(one.is_ok() != two.is_ok());
        let lost = one.err().or(two.err()).unwrap();
        assert!(matches!(lost, Refusal::HostTaken { .. }), "{lost}");
        assert!(
            lost.to_string().contains("another organisation's"),
            "{lost}"
        );
    }
}

#[tokio::test]
async fn what_a_cell_did_not_hear_it_is_told_again_on_sqlite_and_postgres() {
    for world in World::both().await {
        let home = world.with_orgs().await;
        let (acme, login) = (slug("acme"), host("login.acme.test"));
        world.declare("cell-a", NOWHERE).await.unwrap();
        let waits = world
            .register
            .add_host(&acme, &login, "test")
            .await
            .err()
            .unwrap();
        assert!(matches!(waits, Refusal::HostNotYet { .. }), "{waits}");
        assert!(world.routed_host("login.acme.test").is_none());
        assert_eq!(world.register.resume_hosts().await.unwrap(), 1);
        world.declare("cell-a", &home.address).await.unwrap();
        assert_eq!(world.register.resume_hosts().await.unwrap(), 0);
        assert_eq!(
            world.routed_host("login.acme.test").as_deref(),
            Some("acme")
        );

        world.declare("cell-a", NOWHERE).await.unwrap();
        let waits = world
            .register
            .remove_host(&acme, &login, "test")
            .await
            .err()
            .unwrap();
        assert!(matches!(waits, Refusal::HostNotYet { .. }), "{waits}");
        // Edges forget it, whether or not the cell has heard.
        assert!(world.routed_host("login.acme.test").is_none());
        let under_way = world
            .register
            .add_host(&acme, &login, "test")
            .await
            .err()
            .unwrap();
        assert!(matches!(under_way, Refusal::UnderWay { .. }), "{under_way}");
        world.declare("cell-a", &home.address).await.unwrap();
        assert_eq!(world.register.resume_hosts().await.unwrap(), 0);
        assert_eq!(
            home.book.hosts(),
            ["PUT login.acme.test", "DELETE login.acme.test"]
        );
        assert!(world.register.cell(&cell("cell-a")).await.is_ok() && world.is_whole().await);
    }
}

#[tokio::test]
async fn a_host_that_its_cell_refuses_for_good_is_free_again_on_sqlite_and_postgres() {
    for world in World::both().await {
        let home = world.with_orgs().await;
        let (acme, login) = (slug("acme"), host("login.acme.test"));
        // Not for good: the org may be on its way.
        home.book.refuse(StatusCode::CONFLICT, "changed");
        let waits = world
            .register
            .add_host(&acme, &login, "test")
            .await
            .err()
            .unwrap();
        assert!(matches!(waits, Refusal::HostNotYet { .. }), "{waits}");
        home.book.refuse(StatusCode::CONFLICT, "taken");
        let refused = world
            .register
            .add_host(&acme, &login, "test")
            .await
            .err()
            .unwrap();
        assert!(matches!(refused, Refusal::CellRefused { .. }), "{refused}");
        home.book.accept();
        world
            .register
            .add_host(&slug("globex"), &login, "test")
            .await
            .unwrap();
        assert_eq!(
            world.routed_host("login.acme.test").as_deref(),
            Some("globex")
        );
    }
}
