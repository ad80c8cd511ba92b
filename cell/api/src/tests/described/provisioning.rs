//! Good answers of the operations on provisioned apps.

use super::{body, delete, get, good, id, post};
use crate::for_tests::{Things, World};
use serde_json::{Value, json};
use vocab::id::AppId;

pub(super) async fn all(world: &World, things: &Things) {
    let mut app = body("POST", "/api/v1/apps", things);
    app["label"] = json!("Provisioned");
    let app = post(world, "/api/v1/apps", app).await;
    let one = format!("/api/v1/apps/{}", id(&app));
    let connection = format!("{one}/connections/default");
    get(world, &connection).await;
    let set = body("POST", "/api/v1/apps/{id}/connections/default", things);
    post(world, &connection, set).await;
    for step in ["activate", "deactivate", "activate"] {
        post(
            world,
            &format!("{connection}/lifecycle/{step}"),
            Value::Null,
        )
        .await;
    }
    let feature = "/api/v1/apps/{id}/features/{feature}";
    let change = body("PUT", feature, things);
    good(
        world,
        "PUT",
        &format!("{one}/features/USER_PROVISIONING"),
        change,
    )
    .await;
    let user = body("POST", "/api/v1/apps/{id}/users", things);
    post(world, &format!("{one}/users"), user).await;
    let app_id = AppId::parse(id(&app)).unwrap();
    world.look_at_everybody(&world.main, &app_id).await;
    let provisioning = format!("{one}/provisioning");
    let account = format!("{provisioning}/accounts/{}", things.user);
    get(world, &account).await;
    get(world, &format!("{account}/plan")).await;
    post(world, &format!("{account}/retry"), Value::Null).await;
    post(world, &format!("{provisioning}/retry"), Value::Null).await;
    post(world, &format!("{provisioning}/imports"), Value::Null).await;
    for step in ["link", "create"] {
        let path = format!("/api/v1/apps/{{id}}/provisioning/imports/{step}");
        let ids = body("POST", &path, things);
        let answered = post(world, &format!("{provisioning}/imports/{step}"), ids).await;
        assert!(answered[0]["failure"].is_string(), "{answered}");
    }
    let mappings = format!("{one}/group-push/mappings");
    let mapping = body("POST", "/api/v1/apps/{id}/group-push/mappings", things);
    let made = post(world, &mappings, mapping).await;
    let mapping = format!("{mappings}/{}", id(&made));
    let change = body(
        "PATCH",
        "/api/v1/apps/{id}/group-push/mappings/{mapping}",
        things,
    );
    good(world, "PATCH", &mapping, change).await;
    delete(world, &mapping).await;
    post(world, &format!("{one}/lifecycle/deactivate"), Value::Null).await;
    delete(world, &one).await;
}
