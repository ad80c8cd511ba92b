//! Organisations: what a new one has, and changes of its settings.

use crate::access::Permission;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::org::store;
use crate::server::DEFAULT_SERVER_NAME;
use vocab::slug::Slug;

async fn a_new_org_has_key_server_and_policies(world: &World) {
    let org = world.org("acme").await;
    let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
    assert_eq!(snapshot.org.slug.as_str(), "acme");
    assert_eq!(
        snapshot.server(DEFAULT_SERVER_NAME).unwrap().name,
        DEFAULT_SERVER_NAME
    );
    assert_ne!(snapshot.org_policy.id, snapshot.console_policy.id);
    assert!(snapshot.app_policies.is_empty() && snapshot.zones.is_empty());
    assert_eq!(
        world
            .cell
            .keyring
            .open(
                &org,
                "test",
                &world.cell.keyring.seal(&org, "test", b"x").await.unwrap()
            )
            .await
            .unwrap()
            .as_slice(),
        b"x"
    );
    assert!(world.log_rows(&org).await > 0);
}

async fn a_short_name_is_taken_once_and_the_first_org_stays_first(world: &World) {
    let first = world.org("acme").await;
    let taken = world
        .cell
        .create_org(&Slug::parse("acme").unwrap(), "Other")
        .await
        .unwrap_err();
    assert!(matches!(taken, Refusal::Taken { field: "slug" }));
    let second = world.org("globex").await;
    let mut tx = world.cell.database.read().await.unwrap();
    assert_eq!(store::find_first(&mut tx).await.unwrap().unwrap(), first);
    assert_eq!(
        store::find_by_slug(&mut tx, "globex")
            .await
            .unwrap()
            .unwrap(),
        second
    );
    assert_eq!(store::find_by_slug(&mut tx, "none").await.unwrap(), None);
    let slugs: Vec<_> = store::load_page(&mut tx, 0, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|org| org.slug.to_string())
        .collect();
    assert_eq!(slugs, ["acme", "globex"]);
}

async fn settings_are_seen_at_once_and_a_stale_change_is_refused(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageOrg);
    let before = world.cell.snapshot(&org).await.unwrap().unwrap();
    let mut settings = before.org.settings.clone();
    settings.branding.colour = "#112233".into();
    world
        .cell
        .update_org(&permit, before.org.clone(), "Acme Works", settings.clone())
        .await
        .unwrap();
    let after = world.cell.snapshot(&org).await.unwrap().unwrap();
    assert_eq!(
        (
            after.org.name.as_str(),
            after.org.settings.branding.colour.as_str()
        ),
        ("Acme Works", "#112233")
    );
    let stale = world
        .cell
        .update_org(&permit, before.org.clone(), "Acme", settings.clone())
        .await
        .unwrap_err();
    assert!(matches!(stale, Refusal::Changed));
    settings.branding.colour = "red".into();
    let bad = world
        .cell
        .update_org(&permit, after.org.clone(), "Acme", settings)
        .await
        .unwrap_err();
    assert!(matches!(
        bad,
        Refusal::Invalid {
            field: "colour",
            ..
        }
    ));
}

async fn a_host_name_leads_to_one_org(world: &World) {
    let (acme, globex) = (world.org("acme").await, world.org("globex").await);
    let id = acme.clone();
    let taken = world.cell.database.write(move |tx| {
        Box::pin(async move {
            store::insert_host(tx, &id, "id.example.com").await?;
            store::insert_host(tx, &globex, "id.example.com").await
        })
    });
    assert!(matches!(
        taken.await.unwrap_err(),
        Refusal::Taken { field: "host" }
    ));
    let id = acme.clone();
    let added = world.cell.database.write(move |tx| {
        Box::pin(async move { store::insert_host(tx, &id, "id.example.com").await })
    });
    added.await.unwrap();
    let mut tx = world.cell.database.read().await.unwrap();
    assert_eq!(
        store::find_by_host(&mut tx, "id.example.com")
            .await
            .unwrap()
            .unwrap(),
        acme
    );
}

on_both_engines!(
    a_new_org_has_key_server_and_policies,
    a_short_name_is_taken_once_and_the_first_org_stays_first,
    settings_are_seen_at_once_and_a_stale_change_is_refused,
    a_host_name_leads_to_one_org,
);
