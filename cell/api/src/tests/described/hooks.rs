//! Good answers of the operations on hooks.

use super::{body, delete, good, id, post};
use crate::for_tests::{Things, World};
use identity::event_hook::envoy::Answered;
use serde_json::{Value, json};

pub(super) async fn of_events(world: &World, things: &Things) {
    let hooks = "/api/v1/eventHooks";
    let made = post(world, hooks, body("POST", hooks, things)).await;
    let one = format!("{hooks}/{}", id(&made));
    good(
        world,
        "PUT",
        &one,
        body("PUT", "/api/v1/eventHooks/{id}", things),
    )
    .await;
    for step in ["verify", "deactivate", "activate", "deactivate"] {
        post(world, &format!("{one}/lifecycle/{step}"), Value::Null).await;
    }
    post(world, &format!("{one}/credentials/secret"), Value::Null).await;
    delete(world, &one).await;
}

pub(super) async fn keys(world: &World, things: &Things) {
    let keys = "/api/v1/hook-keys";
    let made = post(world, keys, body("POST", keys, things)).await;
    let one = format!("{keys}/{}", id(&made));
    let name = body("PUT", "/api/v1/hook-keys/{id}", things);
    good(world, "PUT", &one, name).await;
    good(
        world,
        "GET",
        &format!("{one}?expand=publickey"),
        Value::Null,
    )
    .await;
    let hooks = "/api/v1/inlineHooks";
    let mut hook = body("POST", hooks, things);
    for (proof, field, value) in [
        ("client_secret_post", "clientSecret", "let me in".to_owned()),
        ("private_key_jwt", "hookKeyId", id(&made).to_string()),
    ] {
        hook["channel"] = json!({ "type": "OAUTH", "config": {
            "uri": "https://hooks.example/in", "authType": proof, "clientId": "us",
            "tokenUrl": "https://as.example/token", "scope": "hook:ask",
        } });
        hook["channel"]["config"][field] = json!(value);
        let hook = format!("{hooks}/{}", id(&post(world, hooks, hook.clone()).await));
        good(world, "GET", keys, Value::Null).await;
        post(world, &format!("{hook}/lifecycle/deactivate"), Value::Null).await;
        delete(world, &hook).await;
    }
    delete(world, &one).await;
}

pub(super) async fn inline(world: &World, things: &Things) {
    let hooks = "/api/v1/inlineHooks";
    let made = post(world, hooks, body("POST", hooks, things)).await;
    let one = format!("{hooks}/{}", id(&made));
    for method in ["POST", "PUT"] {
        let change = body(method, "/api/v1/inlineHooks/{id}", things);
        good(world, method, &one, change).await;
    }
    let answer = Answered::of(200, b"{\"commands\":[]}".to_vec());
    world.receiver.answers.lock().unwrap().push(Ok(answer));
    let question = body("POST", "/api/v1/inlineHooks/{id}/execute", things);
    post(world, &format!("{one}/execute"), question).await;
    post(world, &format!("{one}/credentials/secret"), Value::Null).await;
    for step in ["deactivate", "activate", "deactivate"] {
        post(world, &format!("{one}/lifecycle/{step}"), Value::Null).await;
    }
    delete(world, &one).await;
}
