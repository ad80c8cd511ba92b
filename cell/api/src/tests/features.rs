//! Features: what is shut is refused at its one door, and nothing else is.

use crate::for_tests::{Answered, By, World, on_both_engines};
use crate::tests::authn::{PASSWORD, ada, post, sign_in, text};
use crate::tests::bearer::{call_with, prepare};
use identity::access::{Permission, Role};
use identity::feature::{Door, Feature, Others};
use serde_json::{Value, json};

const ALL: &str = "/api/v1/features";
const SHUT: (u16, &str) = (401, "E0000015");
const INVALID: (u16, &str) = (400, "E0000001");
const FORBIDDEN: (u16, &str) = (403, "E0000006");
const MISSING: (u16, &str) = (404, "E0000007");

fn path(world: &World, feature: Feature) -> String {
    format!("{ALL}/{}", feature.id(&world.main))
}

async fn switch(world: &World, feature: Feature, step: &str) -> Answered {
    let path = format!("{}/{step}", path(world, feature));
    world.post(&path, &Value::Null).await
}

/// As the operator does it, whom no door keeps out.
async fn open(world: &World, feature: Feature) {
    let permit = world.permit(&world.main, Permission::ManageOrg);
    let opened = world
        .cell
        .change_feature(&permit, feature, Door::Open, Others::Stay);
    opened.await.unwrap();
}

async fn every_organisation_has_the_same_and_all_are_on(world: &World) {
    let all = world.get(ALL).await;
    assert_eq!(all.texts("/name"), Feature::ALL.map(Feature::name));
    assert!(
        all.texts("/status")
            .iter()
            .all(|status| status == "ENABLED")
    );
    for (feature, listed) in Feature::ALL.into_iter().zip(all.body.as_array().unwrap()) {
        let one = path(world, feature);
        assert_eq!(world.get(&one).await.body, *listed);
        let ids = |features: Vec<Feature>| -> Vec<String> {
            let features = features.into_iter();
            features.map(|feature| feature.id(&world.main)).collect()
        };
        let needed = world.get(&format!("{one}/dependencies")).await;
        assert_eq!(needed.texts("/id"), ids(feature.dependencies().to_vec()));
        let needing = world.get(&format!("{one}/dependents")).await;
        assert_eq!(needing.texts("/id"), ids(feature.dependents().collect()));
    }
    let theirs = format!("{ALL}/{}", Feature::ApiTokens.id(&world.other));
    for (method, gone, outcome) in [
        ("GET", theirs.clone(), MISSING),
        ("GET", format!("{ALL}/x"), MISSING),
        ("GET", format!("{ALL}/x/dependents"), MISSING),
        ("POST", format!("{theirs}/disable"), MISSING),
        (
            "POST",
            format!("{}/pause", path(world, Feature::ApiTokens)),
            (404, "E0000008"),
        ),
        (
            "POST",
            format!("{}/dependents", path(world, Feature::ApiTokens)),
            (405, "E0000022"),
        ),
    ] {
        let answer = world.call(By::Manager, method, &gone, &Value::Null).await;
        assert_eq!(answer.outcome(), outcome, "{method} {gone}");
    }
}

async fn only_whoever_administers_the_organisation_switches(world: &World) {
    for role in [Role::OrgAdmin, Role::AppAdmin] {
        world.administrator(role).await;
    }
    let before = world.log_rows(&world.main).await;
    let place = path(world, Feature::DeviceGrant);
    for by in [By::Reader, By::Of(Role::OrgAdmin), By::Of(Role::AppAdmin)] {
        assert_eq!(
            world.call(by, "GET", &place, &Value::Null).await.status,
            200
        );
        for step in ["disable", "enable", "disable?mode=force"] {
            let step = format!("{place}/{step}");
            let refused = world.call(by, "POST", &step, &Value::Null).await;
            assert_eq!(refused.outcome(), FORBIDDEN, "{by:?} {step}");
        }
    }
    assert_eq!(world.log_rows(&world.main).await, before);
    // Twice is once, and the words may be large.
    for (step, status) in [
        ("disable", "DISABLED"),
        ("DISABLE", "DISABLED"),
        ("ENABLE", "ENABLED"),
        ("enable", "ENABLED"),
    ] {
        let switched = switch(world, Feature::DeviceGrant, step).await;
        assert_eq!(text(&switched, "status"), status, "{}", switched.body);
        assert_eq!(world.get(&place).await.body, switched.body);
    }
    let rows = world.log_since(before).await;
    let kinds: Vec<&str> = rows.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["system.feature.disable", "system.feature.enable"]);
    let theirs = world.cell.snapshot(&world.other).await.unwrap().unwrap();
    assert!(theirs.org.settings.shut_doors.is_empty());
}

async fn what_is_in_the_way_is_named_or_follows(world: &World) {
    let (whole, part) = (Feature::ClassicSignIn, Feature::SessionTokens);
    let refused = switch(world, whole, "disable").await;
    assert_eq!(refused.outcome(), INVALID);
    let cause = refused.body["errorCauses"][0]["errorSummary"].as_str();
    assert!(cause.unwrap().contains(part.name()), "{}", refused.body);
    for wrong in ["gentle", "FORCE"] {
        let step = format!("disable?mode={wrong}");
        assert_eq!(switch(world, whole, &step).await.outcome(), INVALID);
    }
    let before = world.log_rows(&world.main).await;
    assert_eq!(switch(world, whole, "disable?mode=force").await.status, 200);
    let status = async |feature| text(&world.get(&path(world, feature)).await, "status").to_owned();
    assert_eq!(status(part).await, "DISABLED");
    assert_eq!(switch(world, part, "enable").await.outcome(), INVALID);
    assert_eq!(switch(world, part, "enable?mode=force").await.status, 200);
    assert_eq!(status(whole).await, "ENABLED");
    assert_eq!(world.log_since(before).await.len(), 4);
}

async fn the_classic_sign_in_is_refused_whole(world: &World) {
    ada(world).await;
    world.require_two_factors().await;
    let begun = sign_in(world, "ada", PASSWORD).await;
    let state = json!({ "stateToken": text(&begun, "stateToken") });
    switch(world, Feature::ClassicSignIn, "disable?mode=force").await;
    let rows = world.log_rows(&world.main).await;
    assert_eq!(sign_in(world, "ada", PASSWORD).await.outcome(), SHUT);
    assert_eq!(sign_in(world, "ada", "wrong").await.outcome(), SHUT);
    for (path, body) in [
        ("/api/v1/authn", &state),
        ("/api/v1/authn/cancel", &state),
        ("/api/v1/authn/factors", &state),
        (
            "/api/v1/authn/recovery/password",
            &json!({ "username": "ada" }),
        ),
        ("/api/v1/authn/credentials/change_password", &json!({})),
    ] {
        let answer = post(world, path, body).await;
        assert_eq!(answer.outcome(), SHUT, "{path}");
        let cause = answer.body["errorCauses"][0]["errorSummary"].as_str();
        assert!(cause.unwrap().ends_with(Feature::ClassicSignIn.name()));
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    let described = world.send("GET", "/.well-known/okta-organization", &[], String::new());
    assert_eq!(described.await.status, 200);
    switch(world, Feature::ClassicSignIn, "enable").await;
    assert_eq!(post(world, "/api/v1/authn", &state).await.status, 200);
}

async fn sessions_are_not_begun_but_always_ended(world: &World) {
    ada(world).await;
    let sign_in = async || {
        let answer = sign_in(world, "ada", PASSWORD).await;
        json!({ "sessionToken": text(&answer, "sessionToken") })
    };
    let made = world.post("/api/v1/sessions", &sign_in().await).await;
    let waiting = sign_in().await;
    switch(world, Feature::SessionTokens, "disable").await;
    let refused = world.post("/api/v1/sessions", &waiting).await;
    assert_eq!(refused.outcome(), SHUT);
    let reader = world.call(By::Reader, "POST", "/api/v1/sessions", &waiting);
    assert_eq!(reader.await.outcome(), FORBIDDEN);
    let one = format!("/api/v1/sessions/{}", made.id());
    assert_eq!(world.get(&one).await.status, 200);
    let ended = world.call(By::Manager, "DELETE", &one, &Value::Null).await;
    assert_eq!(ended.status, 204);
    switch(world, Feature::SessionTokens, "enable").await;
    assert_eq!(world.post("/api/v1/sessions", &waiting).await.status, 200);
}

async fn tokens_are_refused_and_apps_are_not(world: &World) {
    let scopes = ["okta.features.manage", "okta.users.read"];
    let (_, app) = prepare(world, &scopes, &[Role::SuperAdmin]).await;
    let refused = switch(world, Feature::ApiTokens, "disable").await;
    assert_eq!(refused.outcome(), INVALID, "the SCIM server needs them");
    let step = format!("{}/disable?mode=force", path(world, Feature::ApiTokens));
    let shut = call_with(world, &app, "POST", &step, &Value::Null).await;
    assert_eq!(shut.outcome(), (200, ""), "{}", shut.body);
    for (by, outcome) in [
        (By::Manager, SHUT),
        (By::Reader, SHUT),
        (By::Person, SHUT),
        (By::Stranger, (401, "E0000011")),
        (By::Nobody, (403, "E0000005")),
    ] {
        let answer = world.call(by, "GET", "/api/v1/users", &Value::Null).await;
        assert_eq!(answer.outcome(), outcome, "{by:?}");
    }
    let listed = call_with(world, &app, "GET", "/api/v1/users", &Value::Null).await;
    assert_eq!(listed.status, 200);
    // Whoever shut it by a token opens it on the pages.
    open(world, Feature::ApiTokens).await;
    assert_eq!(world.get("/api/v1/users").await.status, 200);
    let scim = world.get(&path(world, Feature::ScimServer)).await;
    assert_eq!(text(&scim, "status"), "DISABLED");
}

on_both_engines!(
    every_organisation_has_the_same_and_all_are_on,
    only_whoever_administers_the_organisation_switches,
    what_is_in_the_way_is_named_or_follows,
    the_classic_sign_in_is_refused_whole,
    sessions_are_not_begun_but_always_ended,
    tokens_are_refused_and_apps_are_not,
);
