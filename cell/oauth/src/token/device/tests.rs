//! Devices: polling, answers, and codes used twice.

use crate::account::revoke_consent;
use crate::authorize::Scene;
use crate::consent::{Decision, store as consents};
use crate::device::{DeviceRefusal, answer, load_question};
use crate::for_tests::{Reply, World, on_both_engines};
use http::StatusCode;
use identity::access::{Caller, Permission, authorize};
use identity::feature::{Door, Feature, Others};

on_both_engines!(
    a_device_gets_its_tokens_once,
    a_device_must_wait,
    a_no_and_the_end_are_told,
    what_a_session_granted_is_fetched_while_it_lives,
    a_consent_that_is_taken_back_takes_the_grant_with_it,
    no_device_comes_in_where_that_is_switched_off,
    a_public_device_may_ask_and_guesses_are_slowed_down,
);

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn begin(world: &World) -> Reply {
    let fields = [("scope", "openid offline_access")];
    let reply = world
        .post_as(&world.web, "/oauth2/default/v1/device/authorize", &fields)
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply
}

async fn poll(world: &World, begun: &Reply) -> Reply {
    let code = begun.text_of("device_code");
    let fields = [("grant_type", DEVICE), ("device_code", code.as_str())];
    world
        .post_as(&world.web, "/oauth2/default/v1/token", &fields)
        .await
}

async fn say(world: &World, code: &str, decision: Decision) -> Result<(), DeviceRefusal> {
    let (context, facts) = (world.context(), world.facts());
    answer(
        &Scene {
            cell: &world.cell,
            context: &context,
            facts: &facts,
        },
        code,
        decision,
    )
    .await
}

async fn a_device_gets_its_tokens_once(world: &mut World) {
    let begun = begin(world).await;
    let code = begun.text_of("user_code");
    assert_eq!(
        begun.text_of("verification_uri"),
        "https://acme.example/device"
    );
    assert!(begun.text_of("verification_uri_complete").ends_with(&code));
    assert_eq!(poll(world, &begun).await.error(), "authorization_pending");
    {
        let (context, facts) = (world.context(), world.facts());
        let scene = Scene {
            cell: &world.cell,
            context: &context,
            facts: &facts,
        };
        let question = load_question(&scene, &code.to_lowercase()).await.unwrap();
        assert_eq!(
            (question.app.as_str(), question.user_code.as_str()),
            ("Web", code.as_str())
        );
    }
    say(world, &code, Decision::Allow).await.unwrap();
    assert!(matches!(
        say(world, &code, Decision::Deny).await,
        Err(DeviceRefusal::NoSuchCode)
    ));
    let (one, other) = tokio::join!(poll(world, &begun), poll(world, &begun));
    let won: Vec<&Reply> = [&one, &other]
        .into_iter()
        .filter(|reply| reply.status == StatusCode::OK)
        .collect();
    assert_eq!(won.len(), 1, "{} {}", one.text, other.text);
    assert_eq!(
        world.refresh(&won[0].text_of("refresh_token")).await.status,
        StatusCode::OK
    );
    assert_eq!(poll(world, &begun).await.error(), "invalid_grant");
}

async fn a_device_must_wait(world: &mut World) {
    let begun = begin(world).await;
    assert_eq!(poll(world, &begun).await.error(), "authorization_pending");
    assert_eq!(poll(world, &begun).await.error(), "slow_down");
    world.clock.advance_secs(9);
    assert_eq!(poll(world, &begun).await.error(), "slow_down");
    world.clock.advance_secs(15);
    assert_eq!(poll(world, &begun).await.error(), "authorization_pending");
}

async fn what_a_session_granted_is_fetched_while_it_lives(world: &mut World) {
    let session = world.session.as_ref().unwrap().session.clone();
    let (org, user, id) = (world.org.clone(), session.user_id, session.id);
    let begun = begin(world).await;
    say(world, &begun.text_of("user_code"), Decision::Allow)
        .await
        .unwrap();
    let ended: Result<bool, database::DatabaseFault> = world
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move { identity::session::store::delete(tx, &org, &user, &id).await })
        })
        .await;
    assert!(ended.unwrap());
    assert_eq!(poll(world, &begun).await.error(), "invalid_grant");
}

async fn a_consent_that_is_taken_back_takes_the_grant_with_it(world: &mut World) {
    let begun = begin(world).await;
    say(world, &begun.text_of("user_code"), Decision::Allow)
        .await
        .unwrap();
    let snapshot = world.cell.snapshot(&world.org).await.unwrap().unwrap();
    let server = snapshot.server("default").unwrap().id.to_string();
    let (org, user, now) = (world.org.clone(), world.person.id.clone(), world.cell.now());
    let row = consents::ConsentRow {
        app: world.web.clone(),
        server: server.clone(),
        scopes: "openid".into(),
    };
    world
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move { consents::upsert(tx, &org, &user, &row, now).await })
        })
        .await
        .unwrap();
    let facts = world.facts();
    let signed_in = world.session.as_ref().unwrap();
    let caller = world.cell.own_caller(&snapshot, signed_in, &facts).await;
    let caller = Caller::Own(caller.unwrap());
    let permit = authorize(&caller, &world.org, Permission::OwnAccount, &facts.client).unwrap();
    revoke_consent(&world.cell, &permit, &world.web, &server)
        .await
        .unwrap();
    assert_eq!(poll(world, &begun).await.error(), "access_denied");
}

async fn a_no_and_the_end_are_told(world: &mut World) {
    let denied = begin(world).await;
    say(world, &denied.text_of("user_code"), Decision::Deny)
        .await
        .unwrap();
    assert_eq!(poll(world, &denied).await.error(), "access_denied");
    let late = begin(world).await;
    world.clock.advance_secs(601);
    assert_eq!(poll(world, &late).await.error(), "expired_token");
    let code = late.text_of("user_code");
    assert!(matches!(
        say(world, &code, Decision::Allow).await,
        Err(DeviceRefusal::NoSuchCode)
    ));
    let others = begin(world).await.text_of("device_code");
    let fields = [("grant_type", DEVICE), ("device_code", others.as_str())];
    let reply = world
        .post_as(&world.public, "/oauth2/default/v1/token", &fields)
        .await;
    assert_eq!(reply.error(), "invalid_grant");
    let service = world
        .post_as(&world.service, "/oauth2/default/v1/device/authorize", &[])
        .await;
    assert_eq!(service.error(), "unauthorized_client");
}

async fn no_device_comes_in_where_that_is_switched_off(world: &mut World) {
    let (waiting, allowed) = (begin(world).await, begin(world).await);
    let code = allowed.text_of("user_code");
    say(world, &code, Decision::Allow).await.unwrap();
    let permit = world.permit(&world.org, Permission::ManageOrg);
    let switch = async |world: &World, wanted| {
        let feature = Feature::DeviceGrant;
        let changed = world
            .cell
            .change_feature(&permit, feature, wanted, Others::Stay);
        changed.await.unwrap();
    };
    let document = "/oauth2/default/.well-known/openid-configuration";
    let offers = async |world: &World| {
        let document = world.get(document).await.text;
        let named = document.contains(DEVICE);
        assert_eq!(named, document.contains("device_authorization_endpoint"));
        named
    };
    assert!(offers(world).await);
    switch(world, Door::Shut).await;
    assert!(!offers(world).await);
    let refused = world
        .post_as(&world.web, "/oauth2/default/v1/device/authorize", &[])
        .await;
    assert_eq!(refused.error(), "unsupported_grant_type");
    for begun in [&waiting, &allowed] {
        assert_eq!(poll(world, begun).await.error(), "unsupported_grant_type");
    }
    let code = waiting.text_of("user_code");
    assert!(matches!(
        say(world, &code, Decision::Allow).await,
        Err(DeviceRefusal::NoSuchCode)
    ));
    switch(world, Door::Open).await;
    assert_eq!(poll(world, &allowed).await.status, StatusCode::OK);
}

async fn a_public_device_may_ask_and_guesses_are_slowed_down(world: &mut World) {
    let reply = world
        .post_as(
            &world.public,
            "/oauth2/v1/device/authorize",
            &[("scope", "openid")],
        )
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let mut slowed = false;
    for _ in 0..40 {
        slowed |= matches!(
            say(world, "BBBB-BBBB", Decision::Allow).await,
            Err(DeviceRefusal::SlowDown { .. })
        );
    }
    assert!(slowed);
}
