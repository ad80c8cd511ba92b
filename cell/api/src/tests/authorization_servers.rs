//! Authorization servers: whatever is changed of one is what the token endpoint, discovery and the console read at once.

use crate::for_tests::{Answered, By, World, on_both_engines};
use identity::server::{AccessTokenAlgorithm, AuthorizationServer};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) const SERVERS: &str = "/api/v1/authorizationServers";

pub(super) async fn call(world: &World, method: &str, path: &str, body: &Value) -> Answered {
    world.call(By::Manager, method, path, body).await
}

pub(super) async fn put(world: &World, path: &str, body: &Value) -> Answered {
    call(world, "PUT", path, body).await
}

pub(super) async fn delete(world: &World, path: &str) -> Answered {
    call(world, "DELETE", path, &Value::Null).await
}

/// Takes a step that has nothing to say.
pub(super) async fn step(world: &World, path: &str) -> (u16, String) {
    let done = call(world, "POST", path, &Value::Null).await;
    (done.status.as_u16(), done.code().to_owned())
}

pub(super) async fn add(world: &World, name: &str) -> Answered {
    let body =
        json!({ "name": name, "description": "Orders of the shop", "audiences": ["api://orders"] });
    world.post(SERVERS, &body).await
}

/// The server as whoever answers the requests of apps reads it.
pub(super) async fn served(world: &World, id: &str) -> Option<Arc<AuthorizationServer>> {
    let snapshot = world.cell.snapshot(&world.main).await.unwrap().unwrap();
    snapshot.server(id)
}

async fn a_server_is_added_shown_changed_switched_and_removed(world: &World) {
    let made = add(world, "Orders").await;
    assert_eq!(made.status, 201);
    let id = made.id();
    let path = format!("{SERVERS}/{id}");
    assert_eq!(
        made.header("location"),
        format!("https://id.example/t/main{path}")
    );
    assert_eq!(
        made.body["issuer"],
        format!("https://id.example/t/main/oauth2/{id}")
    );
    assert_eq!(made.body["credentials"]["signing"]["rotationMode"], "AUTO");
    let server = served(world, &id).await.unwrap();
    assert!(
        server.config.rules.is_empty(),
        "it issues nothing until a policy says so"
    );
    assert_eq!(
        server.config.access_token_algorithm,
        AccessTokenAlgorithm::RS256
    );
    assert_eq!(world.get(&path).await.body, made.body);
    let taken = add(world, "ORDERS").await;
    assert_eq!(taken.outcome(), (400, "E0000001"));
    // What was shown is sent back with a change.
    let mut changed = made.body.clone();
    changed["audiences"] = json!(["api://shop"]);
    world.clock.advance_secs(5);
    let replaced = put(world, &path, &changed).await;
    assert_eq!(replaced.body["audiences"], json!(["api://shop"]));
    assert_ne!(replaced.body["lastUpdated"], made.body["lastUpdated"]);
    let server = served(world, &id).await.unwrap();
    assert_eq!(server.config.audience, "api://shop");
    assert_eq!(
        server.config.access_token_algorithm,
        AccessTokenAlgorithm::RS256
    );
    let rows = world.log_rows(&world.main).await;
    for wrong in [
        json!({ "name": "", "audiences": ["api://shop"] }),
        json!({ "name": "Orders", "audiences": ["two words"] }),
        json!({ "name": "Orders", "audiences": ["api://shop"], "issuerMode": "ORG_URL" }),
    ] {
        let refused = put(world, &path, &wrong).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{wrong}");
    }
    let early = delete(world, &path).await;
    assert_eq!(early.outcome(), (400, "E0000001"), "it is in use");
    assert_eq!(world.log_rows(&world.main).await, rows);
    for (name, active) in [
        ("deactivate", false),
        ("deactivate", false),
        ("activate", true),
        ("deactivate", false),
    ] {
        let done = step(world, &format!("{path}/lifecycle/{name}")).await;
        assert_eq!(done, (204, String::new()));
        assert_eq!(served(world, &id).await.unwrap().active, active);
    }
    assert_eq!(world.get(&path).await.body["status"], "INACTIVE");
    assert_eq!(delete(world, &path).await.status, 204);
    assert!(served(world, &id).await.is_none());
    assert_eq!(world.get(&path).await.outcome(), (404, "E0000007"));
    let kinds = world.kinds_since(rows).await;
    assert_eq!(
        kinds,
        [
            "oauth2.as.deactivated",
            "oauth2.as.activated",
            "oauth2.as.deactivated",
            "oauth2.as.deleted"
        ]
    );
}

async fn the_preset_server_is_found_by_its_name(world: &World) {
    let preset = world.get(&format!("{SERVERS}/default")).await;
    let by_id = world.get(&format!("{SERVERS}/{}", preset.id())).await;
    assert_eq!(preset.body, by_id.body);
    assert_eq!(
        preset.body["issuer"],
        "https://id.example/t/main/oauth2/default"
    );
    let mut renamed = preset.body.clone();
    renamed["name"] = json!("Main");
    let refused = put(world, &format!("{SERVERS}/default"), &renamed).await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
    let deactivate = format!("{SERVERS}/default/lifecycle/deactivate");
    assert_eq!(step(world, &deactivate).await.0, 204);
    let kept = delete(world, &format!("{SERVERS}/default")).await;
    assert_eq!(kept.outcome(), (400, "E0000001"));
}

async fn servers_are_listed_in_pages(world: &World) {
    for name in ["Alpha", "Beta", "Gamma"] {
        assert_eq!(add(world, name).await.status, 201);
    }
    let names = world.walk(&format!("{SERVERS}?limit=2"), "/name").await;
    assert_eq!(names, ["Alpha", "Beta", "default", "Gamma"]);
    let found = world
        .walk(&format!("{SERVERS}?q=ALPH&limit=1"), "/name")
        .await;
    assert_eq!(found, ["Alpha"]);
    let by_audience = world.walk(&format!("{SERVERS}?q=orders"), "/name").await;
    assert_eq!(by_audience.len(), 3);
    let first = world.get(&format!("{SERVERS}?limit=1")).await;
    let next = first.link("next").unwrap()["https://id.example/t/main".len()..].to_owned();
    let path = format!("{SERVERS}/{}", first.body[0]["id"].as_str().unwrap());
    step(world, &format!("{path}/lifecycle/deactivate")).await;
    delete(world, &path).await;
    assert_eq!(world.get(&next).await.outcome(), (400, "E0000001"));
}

async fn scopes_come_and_go_and_keep_their_ids(world: &World) {
    let server = add(world, "Orders").await.id();
    let path = format!("{SERVERS}/{server}/scopes");
    let standard = world.get(&path).await;
    assert_eq!(standard.texts("/name").len(), 6);
    let made = world
        .post(
            &path,
            &json!({ "name": "orders:read", "description": "See orders" }),
        )
        .await;
    assert_eq!(
        (made.status.as_u16(), &made.body["metadataPublish"]),
        (201, &json!("NO_CLIENTS"))
    );
    let own = format!("{path}/{}", made.id());
    assert_eq!(
        made.header("location"),
        format!("https://id.example/t/main{own}")
    );
    assert_eq!(world.get(&own).await.body, made.body);
    let config = || async { served(world, &server).await.unwrap().config.clone() };
    assert!(config().await.scopes[0].unlisted, "discovery leaves it out");
    let claim = json!({
        "name": "team", "claimType": "RESOURCE", "valueType": "EXPRESSION", "value": "\"a\"",
        "conditions": { "scopes": ["orders:read"] },
    });
    let claims = format!("{SERVERS}/{server}/claims");
    assert_eq!(world.post(&claims, &claim).await.status, 201);
    let mut changed = made.body.clone();
    changed["name"] = json!("orders:view");
    changed["metadataPublish"] = json!("ALL_CLIENTS");
    changed["consent"] = json!("REQUIRED");
    let replaced = put(world, &own, &changed).await;
    assert_eq!(replaced.id(), made.id());
    let seen = config().await;
    assert!(!seen.scopes[0].unlisted && seen.scopes[0].consent_required);
    assert_eq!(
        seen.claims[0].scopes,
        ["orders:view"],
        "what names it follows"
    );
    let rows = world.log_rows(&world.main).await;
    let named = delete(world, &own).await;
    assert_eq!(named.outcome(), (400, "E0000001"), "a claim names it");
    for wrong in [
        json!({ "name": "orders:view" }),
        json!({ "name": "openid" }),
        json!({ "name": "two words" }),
        json!({ "name": "x", "consent": "FLEXIBLE" }),
    ] {
        assert_eq!(
            world.post(&path, &wrong).await.outcome(),
            (400, "E0000001"),
            "{wrong}"
        );
    }
    let openid = format!("{path}/{}", standard.texts("/id")[0]);
    assert_eq!(world.get(&openid).await.body["system"], true);
    for refused in [
        delete(world, &openid).await,
        put(world, &openid, &made.body).await,
    ] {
        assert_eq!(refused.outcome(), (400, "E0000001"));
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    let id = world.get(&claims).await.texts("/id")[0].clone();
    assert_eq!(delete(world, &format!("{claims}/{id}")).await.status, 204);
    assert_eq!(delete(world, &own).await.status, 204);
    assert_eq!(world.get(&own).await.outcome(), (404, "E0000007"));
    assert!(config().await.scopes.is_empty());
}

async fn claims_come_and_go(world: &World) {
    let server = add(world, "Orders").await.id();
    let path = format!("{SERVERS}/{server}/claims");
    assert_eq!(world.get(&path).await.body, json!([]));
    let groups = json!({
        "name": "groups", "claimType": "IDENTITY", "valueType": "GROUPS", "value": ".*", "group_filter_type": "REGEX",
    });
    let made = world.post(&path, &groups).await;
    assert_eq!(made.status, 201);
    let own = format!("{path}/{}", made.id());
    let mut changed = made.body.clone();
    changed["group_filter_type"] = json!("STARTS_WITH");
    changed["value"] = json!("Team ");
    let replaced = put(world, &own, &changed).await;
    assert_eq!(replaced.id(), made.id());
    assert_eq!(world.get(&own).await.body, replaced.body);
    let config = served(world, &server).await.unwrap().config.clone();
    let text = serde_json::to_value(&config.claims).unwrap();
    assert_eq!(text[0]["value"]["groups_starting_with"], "Team ");
    let rows = world.log_rows(&world.main).await;
    for wrong in [
        groups.clone(),
        json!({ "name": "sub", "claimType": "IDENTITY", "valueType": "EXPRESSION", "value": "user.login" }),
        json!({ "name": "a", "claimType": "IDENTITY", "valueType": "EXPRESSION", "value": "user.a + 1" }),
    ] {
        let body = if wrong["name"] == "groups" {
            changed.clone()
        } else {
            wrong
        };
        assert_eq!(
            world.post(&path, &body).await.outcome(),
            (400, "E0000001"),
            "{body}"
        );
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    assert_eq!(delete(world, &own).await.status, 204);
    assert_eq!(delete(world, &own).await.outcome(), (404, "E0000007"));
}

async fn a_claim_names_what_people_have(world: &World) {
    let server = add(world, "Orders").await.id();
    let path = format!("{SERVERS}/{server}/claims");
    let claim = |attribute: &str| {
        json!({
            "name": "grade", "claimType": "IDENTITY", "valueType": "EXPRESSION", "value": format!("user.{attribute}"),
        })
    };
    let rows = world.log_rows(&world.main).await;
    let refused = world.post(&path, &claim("grade")).await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
    let cause = &refused.body["errorCauses"][0]["errorSummary"];
    let words = "people have no attribute \"grade\"";
    assert!(cause.as_str().unwrap().ends_with(words), "{cause}");
    assert_eq!(world.log_rows(&world.main).await, rows);
    assert_eq!(world.get(&path).await.body, json!([]));
    let schema = json!({ "definitions": { "custom": { "properties": { "grade": { "type": "string", "title": "Grade" } } } } });
    let schemas = "/api/v1/meta/schemas/user/default";
    assert_eq!(world.post(schemas, &schema).await.status, 200);
    let made = world.post(&path, &claim("grade")).await;
    assert_eq!(
        (made.status.as_u16(), &made.body["value"]),
        (201, &json!("user.grade"))
    );
    let own = format!("{path}/{}", made.id());
    let refused = put(world, &own, &claim("rank")).await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
    assert_eq!(world.get(&own).await.body, made.body);
    assert_eq!(put(world, &own, &claim("firstName")).await.status, 200);
}

async fn keys_are_shown_and_rotated(world: &World) {
    let server = world.server(&world.main, "Orders").await;
    let path = format!("{SERVERS}/{}/credentials", server.id);
    let keys = format!("{path}/keys");
    assert_eq!(
        world.get(&keys).await.body,
        json!([]),
        "nothing was signed yet"
    );
    let rotate = format!("{path}/lifecycle/keyRotate");
    let rotated = world.post(&rotate, &json!({ "use": "sig" })).await;
    assert_eq!(rotated.status, 200);
    let states = rotated.texts("/status");
    assert_eq!(states, ["ACTIVE", "NEXT"]);
    assert_eq!(rotated.body, world.get(&keys).await.body);
    let kid = rotated.texts("/kid")[0].clone();
    let one = world.get(&format!("{keys}/{kid}")).await;
    assert_eq!(
        (&one.body["use"], &one.body["kty"]),
        (&json!("sig"), &json!("EC"))
    );
    assert!(one.body.get("d").is_none(), "the private half stays");
    let shown = world.get(&format!("{SERVERS}/{}", server.id)).await;
    assert_eq!(shown.body["credentials"]["signing"]["kid"], kid.as_str());
    let missing = world.get(&format!("{keys}/nothing")).await;
    assert_eq!(missing.outcome(), (404, "E0000007"));
    let rows = world.log_rows(&world.main).await;
    let wrong = world.post(&rotate, &json!({ "use": "enc" })).await;
    assert_eq!(wrong.outcome(), (400, "E0000001"));
    assert_eq!(world.log_rows(&world.main).await, rows);
}

async fn parts_of_another_server_are_not_found(world: &World) {
    let own = world.server(&world.main, "Orders").await;
    let second = world.server(&world.main, "Shop").await;
    let foreign = world.server(&world.other, "Orders").await;
    let rows = world.log_rows(&world.main).await;
    for other in [&second, &foreign] {
        let (parts, rule) = (&other.parts, &other.parts.policies[0].rules[0].id);
        let policy = &own.parts.policies[0].id;
        for part in [
            format!("scopes/{}", parts.scopes[0].id),
            format!("claims/{}", parts.claims[0].id),
            format!("policies/{}", parts.policies[0].id),
            format!("policies/{policy}/rules/{rule}"),
        ] {
            let path = format!("{SERVERS}/{}/{part}", own.id);
            for method in ["GET", "PUT", "DELETE"] {
                let body = if method == "PUT" {
                    json!({})
                } else {
                    Value::Null
                };
                let answer = call(world, method, &path, &body).await;
                assert_eq!(answer.outcome(), (404, "E0000007"), "{method} {part}");
            }
        }
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
}

on_both_engines!(
    a_server_is_added_shown_changed_switched_and_removed,
    the_preset_server_is_found_by_its_name,
    servers_are_listed_in_pages,
    scopes_come_and_go_and_keep_their_ids,
    claims_come_and_go,
    a_claim_names_what_people_have,
    keys_are_shown_and_rotated,
    parts_of_another_server_are_not_found,
);
