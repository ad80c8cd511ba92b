//! Good answers of the operations on identity providers.

use super::{body, delete, get, good, id, post};
use crate::for_tests::{Things, World};
use identity::event_hook::envoy::Answered;
use serde_json::{Value, json};

pub(super) async fn all(world: &World, things: &Things) {
    let providers = "/api/v1/idps";
    let made = post(world, providers, body("POST", providers, things)).await;
    let one = format!("{providers}/{}", id(&made));
    let discovery = "/api/v1/idps/discovery";
    let published = json!({
        "issuer": "https://idp.example",
        "authorization_endpoint": "https://idp.example/authorize",
        "token_endpoint": "https://idp.example/token",
        "jwks_uri": "https://idp.example/keys",
    });
    world
        .receiver
        .answers
        .lock()
        .unwrap()
        .push(Ok(Answered::of(200, published.to_string().into_bytes())));
    post(world, discovery, body("POST", discovery, things)).await;
    let change = body("PUT", "/api/v1/idps/{id}", things);
    good(world, "PUT", &one, change).await;
    let user = format!("{one}/users/{}", things.user);
    let link = body("POST", "/api/v1/idps/{id}/users/{user}", things);
    post(world, &user, link).await;
    get(world, &user).await;
    get(world, &format!("/api/v1/users/{}/idps", things.user)).await;
    delete(world, &user).await;
    for step in ["deactivate", "activate", "deactivate"] {
        post(world, &format!("{one}/lifecycle/{step}"), Value::Null).await;
    }
    delete(world, &one).await;
}
