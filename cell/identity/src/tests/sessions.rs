//! Sessions: their secret, their ends, and everything that ends them early.

use crate::for_tests::{World, on_both_engines};
use crate::org::settings::SessionSettings;
use crate::session::store::SessionPlace;
use crate::session::{TOUCH_INTERVAL_SECS, store};
use vocab::id::OrgId;
use vocab::secret::SecretHash;

async fn is_live(world: &World, org: &OrgId, secret: &str) -> bool {
    world
        .cell
        .session_by_secret(org, secret, &SessionSettings::default())
        .await
        .unwrap()
        .is_some()
}

async fn a_rotated_secret_replaces_the_old_one(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let session = world.session(&ada, "old").await;
    assert!(is_live(world, &org, "old").await && !is_live(world, &org, "new").await);
    let rotated = session.clone();
    let kept = world.write(move |tx| {
        Box::pin(async move { store::rotate(tx, &rotated, &SecretHash::of("new")).await })
    });
    assert!(kept.await);
    assert!(!is_live(world, &org, "old").await && is_live(world, &org, "new").await);
    let (user, id, owner) = (ada.id.clone(), session.id.clone(), org.clone());
    assert!(
        world
            .write(move |tx| Box::pin(
                async move { Ok(store::delete(tx, &owner, &user, &id).await?) }
            ))
            .await
    );
    assert!(!is_live(world, &org, "new").await);
    let kept = world.write(move |tx| {
        Box::pin(async move { store::rotate(tx, &session, &SecretHash::of("new")).await })
    });
    assert!(!kept.await, "an ended session is not revived");
}

async fn use_moves_the_idle_end_but_not_the_last_one(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let settings = SessionSettings::default();
    let session = world.session(&ada, "secret").await;
    let load = async || {
        world
            .cell
            .session_by_id(&org, &session.id)
            .await
            .unwrap()
            .unwrap()
            .session
    };
    world.clock.advance_secs(TOUCH_INTERVAL_SECS - 1);
    assert!(is_live(world, &org, "secret").await);
    assert_eq!(
        load().await.last_seen_at,
        session.last_seen_at,
        "too soon for a write"
    );
    world.clock.advance_secs(1);
    assert!(is_live(world, &org, "secret").await);
    assert_eq!(load().await.last_seen_at, world.cell.now());
    assert_eq!(
        load().await.idle_expires_at,
        world.cell.now().plus_secs(settings.idle_secs)
    );
    for _ in 0..5 {
        world.clock.advance_secs(settings.idle_secs - 600);
        assert!(is_live(world, &org, "secret").await);
    }
    assert_eq!(load().await.expires_at, session.expires_at);
    world.clock.advance_secs(settings.idle_secs - 600);
    assert!(is_live(world, &org, "secret").await);
    assert_eq!(
        load().await.idle_expires_at,
        session.expires_at,
        "never beyond the last end"
    );
    world.clock.advance_secs(settings.lifetime_secs);
    assert!(!is_live(world, &org, "secret").await);
}

async fn an_unused_session_ends(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let session = world.session(&ada, "secret").await;
    world
        .clock
        .advance_secs(SessionSettings::default().idle_secs);
    assert!(!is_live(world, &org, "secret").await);
    assert!(
        world
            .cell
            .session_by_id(&org, &session.id)
            .await
            .unwrap()
            .is_none()
    );
    let mut tx = world.cell.database.read().await.unwrap();
    let listed = store::load_of_person(
        &mut tx,
        &ada,
        world.cell.now(),
        &SessionPlace::default(),
        10,
    )
    .await
    .unwrap();
    assert!(listed.is_empty());
}

async fn a_raised_epoch_ends_every_session(world: &World) {
    let org = world.org("acme").await;
    let (ada, eve) = (
        world.person(&org, "ada").await,
        world.person(&org, "eve").await,
    );
    let session = world.session(&ada, "one").await;
    world.session(&ada, "two").await;
    world.session(&eve, "hers").await;
    let (owner, user) = (org.clone(), ada.id.clone());
    world
        .write(move |tx| {
            Box::pin(async move { Ok(crate::person::store::raise_epoch(tx, &owner, &user).await?) })
        })
        .await;
    assert!(!is_live(world, &org, "one").await && !is_live(world, &org, "two").await);
    assert!(is_live(world, &org, "hers").await);
    assert!(
        world
            .cell
            .session_by_id(&org, &session.id)
            .await
            .unwrap()
            .is_none()
    );
}

async fn sessions_end_all_at_once_and_are_listed_newest_first(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.insert(0, world.session(&ada, &format!("s{number}")).await.id);
        world.clock.advance_secs(1);
    }
    let mut twins = [
        world.session(&ada, "s3").await.id,
        world.session(&ada, "s4").await.id,
    ];
    twins.sort();
    for twin in twins {
        ids.insert(0, twin);
    }
    let mut tx = world.cell.database.read().await.unwrap();
    let listed = store::load_of_person(
        &mut tx,
        &ada,
        world.cell.now(),
        &SessionPlace::default(),
        10,
    )
    .await
    .unwrap();
    // Page by page, each session once, though two of them began at the same moment.
    let mut paged = Vec::new();
    let mut after = SessionPlace::default();
    loop {
        let page = store::load_of_person(&mut tx, &ada, world.cell.now(), &after, 2).await;
        let page = page.unwrap();
        let Some(last) = page.last() else { break };
        after = SessionPlace {
            created_at: last.created_at,
            id: last.id.to_string(),
        };
        paged.extend(page.into_iter().map(|session| session.id));
    }
    drop(tx);
    assert_eq!(paged, ids);
    assert_eq!(
        listed
            .into_iter()
            .map(|session| session.id)
            .collect::<Vec<_>>(),
        ids
    );
    let (owner, user) = (org.clone(), ada.id.clone());
    let ended = world
        .write(move |tx| Box::pin(async move { Ok(store::delete_all(tx, &owner, &user).await?) }));
    assert_eq!(ended.await.len(), 5);
    assert!(!is_live(world, &org, "s0").await);
}

async fn a_session_is_of_its_org_alone(world: &World) {
    let (org, other) = (world.org("acme").await, world.org("globex").await);
    let (ada, eve) = (
        world.person(&org, "ada").await,
        world.person(&org, "eve").await,
    );
    let session = world.session(&ada, "secret").await;
    assert!(!is_live(world, &other, "secret").await);
    assert!(
        world
            .cell
            .session_by_id(&other, &session.id)
            .await
            .unwrap()
            .is_none()
    );
    let (foreign, owner, id, user, hers) = (other, org.clone(), session.id, ada.id, eve.id);
    let deleted = world.write(move |tx| {
        Box::pin(async move {
            Ok((
                store::delete(tx, &foreign, &user, &id).await?,
                store::delete(tx, &owner, &hers, &id).await?,
            ))
        })
    });
    assert_eq!(
        deleted.await,
        (false, false),
        "neither from another org nor by another person"
    );
    assert!(is_live(world, &org, "secret").await);
}

on_both_engines!(
    a_rotated_secret_replaces_the_old_one,
    use_moves_the_idle_end_but_not_the_last_one,
    an_unused_session_ends,
    a_raised_epoch_ends_every_session,
    sessions_end_all_at_once_and_are_listed_newest_first,
    a_session_is_of_its_org_alone,
);
