//! Good answers of the operations on identity providers.

use super::{body, delete, get, good, id, post};
use crate::for_tests::{Things, World};
use serde_json::Value;

pub(super) async fn all(world: &World, things: &Things) {
    let providers = "/api/v1/idps";
    let made = post(world, providers, body("POST", providers, things)).await;
    let one = format!("{providers}/{}", id(&made));
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
