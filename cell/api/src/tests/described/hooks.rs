//! Good answers of the operations on hooks.

use super::{body, delete, good, id, post};
use crate::for_tests::{Things, World};
use identity::event_hook::envoy::Answered;
use serde_json::Value;

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
