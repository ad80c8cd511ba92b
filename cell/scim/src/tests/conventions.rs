//! What all operations have in common.

use crate::for_tests::{Answered, By, CALLS_MAX, World, fill, on_both_engines, operations};
use identity::access::Permission;
use identity::feature::{Door, Feature, Others};
use serde_json::{Value, json};

async fn group(world: &World) -> String {
    let body = json!({ "displayName": "Eng" });
    world.post("/scim/v2/Groups", &body).await.id()
}

async fn a_token_is_the_only_way_in(world: &World) {
    let path = "/scim/v2/Me";
    let token = By::Manager.token().unwrap();
    let stranger = By::Stranger.token().unwrap();
    for (value, status) in [
        (Some(format!("Bearer {token}")), 200),
        (Some(format!("bearer {token}")), 200),
        (Some(format!("SSWS {token}")), 200),
        (Some(format!("SSWS{token}")), 200),
        (None, 401),
        (Some(format!("Bearer {token}x")), 401),
        (Some(format!("Basic {token}")), 401),
        (Some(String::from("Bearer")), 401),
        (Some(format!("Bearer {stranger}")), 401),
    ] {
        let headers: Vec<(&str, String)> = value
            .iter()
            .map(|value| ("authorization", value.clone()))
            .collect();
        let answer = world.send("GET", path, &headers, String::new()).await;
        assert_eq!(answer.outcome(), (status, ""), "{value:?}");
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge.starts_with("Bearer"), status == 401);
        assert_eq!(answer.header("content-type"), "application/scim+json");
    }
    let me = world.get(path).await;
    assert_eq!(me.body["userName"], "manager");
    assert_eq!(me.header("x-rate-limit-limit"), CALLS_MAX.to_string());
    let left: u32 = me.header("x-rate-limit-remaining").parse().unwrap();
    assert!(left < CALLS_MAX);
}

async fn a_server_that_is_switched_off_refuses_everybody(world: &World) {
    let permit = world.permit(&world.main, Permission::ManageOrg);
    let switch = async |wanted| {
        let feature = Feature::ScimServer;
        let changed = world
            .cell
            .change_feature(&permit, feature, wanted, Others::Stay);
        changed.await.unwrap();
    };
    switch(Door::Shut).await;
    for path in ["/scim/v2/Me", "/scim/v2/ServiceProviderConfig"] {
        let refused = world.get(path).await;
        assert_eq!(refused.outcome(), (403, ""), "{path}");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.ends_with(Feature::ScimServer.name()), "{detail}");
        let nobody = world.call(By::Nobody, "GET", path, &Value::Null).await;
        assert_eq!(nobody.outcome(), (401, ""));
    }
    let body = json!({ "displayName": "Eng" });
    let made = world.post("/scim/v2/Groups", &body).await;
    assert_eq!(made.outcome(), (403, ""));
    switch(Door::Open).await;
    assert_eq!(world.get("/scim/v2/Me").await.status, 200);
}

async fn what_is_not_there_is_told_in_the_same_form(world: &World) {
    for (method, path, status) in [
        ("GET", "/scim/v2", 404),
        ("GET", "/scim/v2/Unknown", 404),
        ("GET", "/scim/v2/Users/x/y", 404),
        ("GET", "/scim/v2/Users/nobody", 404),
        ("GET", "/scim/v2/Users/manager", 404),
        ("GET", "/scim/v2/Users/00uAAAAAAAAAAAAAAAAA", 404),
        ("GET", "/scim/v2/Groups/x", 404),
        ("GET", "/scim/v2/Schemas/x", 404),
        ("PUT", "/scim/v2/Users", 405),
        ("DELETE", "/scim/v2/Me", 405),
        ("GET", "/scim/v2/Users/.search", 405),
    ] {
        let answer = world.call(By::Manager, method, path, &Value::Null).await;
        assert_eq!(answer.outcome(), (status, ""), "{method} {path}");
        assert_eq!(answer.body["schemas"], json!([protocol::scim::ERROR]));
    }
}

async fn a_token_that_calls_too_often_waits_for_the_reset(world: &World) {
    let call = async || world.get("/scim/v2/Me").await;
    for _ in 0..CALLS_MAX {
        assert_eq!(call().await.status, 200);
    }
    let refused: Answered = call().await;
    assert_eq!(refused.outcome(), (429, ""));
    assert_eq!(refused.header("x-rate-limit-remaining"), "0");
    let reset: i64 = refused.header("x-rate-limit-reset").parse().unwrap();
    world.clock.advance_secs(reset - world.cell.now().seconds());
    assert_eq!(call().await.status, 200);
}

async fn roles_decide_about_every_operation(world: &World) {
    let user = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let group = group(world).await;
    let before = world.log_rows(&world.main).await;
    for operation in operations() {
        let method = operation.method.as_str();
        let path = fill(operation, user.as_str(), &group);
        let body = match method {
            "GET" | "DELETE" => Value::Null,
            _ => json!({}),
        };
        let reads = operation.permission == Permission::ReadDirectory;
        for (by, status) in [
            (By::Nobody, 401),
            (By::Stranger, 401),
            (By::Person, 403),
            (By::Reader, if reads { 200 } else { 403 }),
        ] {
            let answer = world.call(by, method, &path, &body).await;
            assert_eq!(answer.outcome(), (status, ""), "{method} {path} by {by:?}");
        }
    }
    assert_eq!(world.log_rows(&world.main).await, before);
}

async fn what_is_of_another_org_is_not_found(world: &World) {
    let user = world.person(&world.other, "ada", "Ada", "Lovelace").await;
    let permit = world.permit(&world.other, Permission::ManageGroups);
    let theirs = world.cell.create_group(&permit, "Eng", "").await.unwrap();
    let own = group(world).await;
    let before = (
        world.log_rows(&world.main).await,
        world.log_rows(&world.other).await,
    );
    let body = json!({
        "displayName": "x", "userName": "x@example.com",
        "Operations": [{ "op": "replace", "path": "externalId", "value": "x" }],
    });
    for operation in operations().filter(|operation| operation.path.contains("{id}")) {
        let method = operation.method.as_str();
        let path = fill(operation, user.as_str(), theirs.id.as_str());
        let body = match method {
            "GET" | "DELETE" => &Value::Null,
            _ => &body,
        };
        let answer = world.call(By::Manager, method, &path, body).await;
        assert_eq!(answer.outcome(), (404, ""), "{method} {path}");
    }
    // Nor is somebody of another org put into a group of one's own, or found in it.
    let member = json!([{ "op": "add", "path": "members", "value": [{ "value": user.as_str() }] }]);
    let path = format!("/scim/v2/Groups/{own}");
    let answer = world.patch(&path, &member).await;
    assert_eq!(answer.outcome(), (400, "invalidValue"));
    for filter in [
        format!("id+eq+%22{user}%22"),
        format!("groups.value+eq+%22{}%22", theirs.id),
    ] {
        let found = world.get(&format!("/scim/v2/Users?filter={filter}")).await;
        assert_eq!(found.body["totalResults"], 0, "{filter}");
    }
    for filter in [
        format!("id+eq+%22{}%22", theirs.id),
        format!("members.value+eq+%22{user}%22"),
    ] {
        let found = world.get(&format!("/scim/v2/Groups?filter={filter}")).await;
        assert_eq!(found.body["totalResults"], 0, "{filter}");
    }
    let after = (
        world.log_rows(&world.main).await,
        world.log_rows(&world.other).await,
    );
    assert_eq!(before, after);
}

async fn bodies_are_json_within_a_bound(world: &World) {
    let token = format!("Bearer {}", By::Manager.token().unwrap());
    let user = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let group = group(world).await;
    let long = format!("{{\"userName\":\"{}\"}}", "x".repeat(300_000));
    let kind = "application/scim+json; charset=utf-8";
    for operation in operations() {
        let method = operation.method.as_str();
        if !["POST", "PUT", "PATCH"].contains(&method) {
            continue;
        }
        let path = fill(operation, user.as_str(), &group);
        for (kind, body, outcome) in [
            ("text/plain", "{}", (415, "")),
            (kind, "{", (400, "invalidSyntax")),
            (kind, "[]", (400, "invalidSyntax")),
            (kind, "", (400, "invalidSyntax")),
            (kind, "{\"a\":1,\"a\":2}", (400, "invalidSyntax")),
        ] {
            let headers = [
                ("authorization", token.clone()),
                ("content-type", kind.to_owned()),
            ];
            let answer = world.send(method, &path, &headers, body.to_owned()).await;
            assert_eq!(answer.outcome(), outcome, "{method} {path} {body}");
        }
        if operation.takes_many {
            continue;
        }
        let headers = [
            ("authorization", token.clone()),
            ("content-type", kind.to_owned()),
        ];
        let answer = world.send(method, &path, &headers, long.clone()).await;
        assert_eq!(answer.outcome(), (413, ""), "{method} {path}");
    }
}

on_both_engines!(
    a_server_that_is_switched_off_refuses_everybody,
    a_token_is_the_only_way_in,
    what_is_not_there_is_told_in_the_same_form,
    a_token_that_calls_too_often_waits_for_the_reset,
    roles_decide_about_every_operation,
    what_is_of_another_org_is_not_found,
    bodies_are_json_within_a_bound,
);
