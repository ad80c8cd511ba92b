//! What all operations have in common.

use crate::for_tests::{
    Answered, By, CALLS_MAX, REQUEST_ID, Things, World, fill, on_both_engines, operations,
};
use crate::route::Operation;
use identity::access::{Permission, Role, role_permits};
use serde_json::{Value, json};

/// A body that the operation could read, so that nobody is refused for it.
fn body_for(operation: &Operation, things: &Things) -> Value {
    match (operation.method.as_str(), operation.path) {
        ("POST", "/api/v1/policies/simulate") => json!({
            "appInstance": things.app,
            "policyContext": { "user": { "id": things.user }, "groups": { "ids": [] } },
        }),
        ("POST" | "PUT", _) => {
            json!({ "profile": { "name": "x", "login": "x", "email": "x@example.com" } })
        }
        _ => Value::Null,
    }
}

async fn a_token_is_the_only_way_in(world: &World) {
    let path = "/api/v1/users/me";
    let token = By::Manager.token().unwrap();
    for (value, outcome) in [
        (Some(format!("SSWS {token}")), (200, "")),
        (Some(format!("SSWS{token}")), (200, "")),
        (Some(format!("ssws {token}")), (200, "")),
        (None, (403, "E0000005")),
        (Some(format!("SSWS {token}x")), (401, "E0000011")),
        (Some(format!("Bearer {token}")), (401, "E0000011")),
        (Some(format!("Basic {token}")), (401, "E0000011")),
        (Some(String::from("SSWS")), (401, "E0000011")),
        (
            Some(format!("SSWS {}", By::Stranger.token().unwrap())),
            (401, "E0000011"),
        ),
    ] {
        let headers: Vec<(&str, String)> = value
            .iter()
            .map(|value| ("authorization", value.clone()))
            .collect();
        let answer = world.send("GET", path, &headers, String::new()).await;
        assert_eq!(answer.outcome(), outcome, "{value:?}");
    }
    let me = world.get(path).await;
    assert_eq!(me.body["profile"]["login"], "manager");
}

async fn every_answer_has_its_headers(world: &World) {
    for path in ["/api/v1/users/me", "/api/v1/users/nobody", "/api/v1/groups"] {
        let answer = world.get(path).await;
        assert_eq!(answer.header("x-okta-request-id"), REQUEST_ID);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-cache, no-store");
        assert_eq!(answer.header("x-rate-limit-limit"), CALLS_MAX.to_string());
        let left: u32 = answer.header("x-rate-limit-remaining").parse().unwrap();
        assert!(left < CALLS_MAX);
        let reset: i64 = answer.header("x-rate-limit-reset").parse().unwrap();
        assert_eq!(reset, world.cell.now().seconds() + 60);
    }
    let missing = world.get("/api/v1/users/nobody").await;
    assert_eq!(
        missing.body,
        json!({
            "errorCode": "E0000007",
            "errorSummary": "Not found: Resource not found: nobody (User)",
            "errorLink": "E0000007",
            "errorId": format!("oae{REQUEST_ID}"),
            "errorCauses": [],
        })
    );
}

async fn what_is_not_there_is_told_in_the_same_form(world: &World) {
    for (method, path, outcome) in [
        ("GET", "/api/v1/unknown", (404, "E0000008")),
        ("GET", "/api/v1/users/x/unknown", (404, "E0000008")),
        ("GET", "/api/v2/users", (404, "E0000008")),
        ("PATCH", "/api/v1/users", (405, "E0000022")),
        (
            "GET",
            "/api/v1/users/x/lifecycle/suspend",
            (405, "E0000022"),
        ),
    ] {
        let answer = world.call(By::Manager, method, path, &Value::Null).await;
        assert_eq!(answer.outcome(), outcome, "{method} {path}");
    }
    let refused = world
        .call(By::Manager, "PATCH", "/api/v1/users", &Value::Null)
        .await;
    let allowed = refused.header("allow");
    assert!(
        allowed.contains("GET") && allowed.contains("POST"),
        "{allowed}"
    );
}

async fn a_token_that_calls_too_often_waits_for_the_reset(world: &World) {
    let call = async || world.get("/api/v1/users/me").await;
    for _ in 0..CALLS_MAX {
        assert_eq!(call().await.status, 200);
    }
    let refused: Answered = call().await;
    assert_eq!(refused.outcome(), (429, "E0000047"));
    assert_eq!(refused.header("x-rate-limit-remaining"), "0");
    let reset: i64 = refused.header("x-rate-limit-reset").parse().unwrap();
    let other = world
        .call(By::Reader, "GET", "/api/v1/users/me", &Value::Null)
        .await;
    assert_eq!(other.status, 200, "another token has calls of its own");
    world.clock.advance_secs(reset - world.cell.now().seconds());
    assert_eq!(call().await.status, 200);
}

async fn roles_decide_about_every_operation(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let before = world.log_rows(&world.main).await;
    for operation in operations() {
        let (method, path) = (operation.method.as_str(), fill(operation, &things));
        let reads = matches!(
            operation.permission,
            Permission::ReadDirectory | Permission::ReadLog
        );
        for (by, outcome) in [
            (By::Nobody, (403, "E0000005")),
            (By::Stranger, (401, "E0000011")),
            (By::Person, (403, "E0000006")),
            (
                By::Reader,
                if reads { (200, "") } else { (403, "E0000006") },
            ),
        ] {
            let answer = world
                .call(by, method, &path, &body_for(operation, &things))
                .await;
            assert_eq!(answer.outcome(), outcome, "{method} {path} by {by:?}");
        }
    }
    assert_eq!(world.log_rows(&world.main).await, before);
}

/// The matrix, whole: a role calls what it permits, and is turned away from all else before anything is looked at.
async fn each_role_calls_what_it_permits(world: &World) {
    for role in Role::ALL {
        world.administrator(role).await;
        let name = format!("target-of-{}", role.as_str());
        let things = world.things(&world.main, &name).await;
        for operation in operations() {
            let (method, path) = (operation.method.as_str(), fill(operation, &things));
            let before = world.log_rows(&world.main).await;
            let answer = world
                .call(By::Of(role), method, &path, &body_for(operation, &things))
                .await;
            let is_refused = answer.outcome() == (403, "E0000006");
            let expected = !role_permits(role, operation.permission);
            assert_eq!(is_refused, expected, "{method} {path} by {role:?}");
            assert!(answer.status.as_u16() < 500, "{method} {path} by {role:?}");
            if is_refused {
                assert_eq!(world.log_rows(&world.main).await, before);
            }
        }
    }
}

async fn what_is_of_another_org_is_not_found(world: &World) {
    let things = world.things(&world.other, "ada").await;
    let user = &things.user;
    let before = (
        world.log_rows(&world.main).await,
        world.log_rows(&world.other).await,
    );
    for operation in operations().filter(|operation| operation.path.contains("{id}")) {
        let (method, path) = (operation.method.as_str(), fill(operation, &things));
        let answer = world
            .call(By::Manager, method, &path, &body_for(operation, &things))
            .await;
        assert_eq!(answer.outcome(), (404, "E0000007"), "{method} {path}");
    }
    // Nor is somebody of another org put into a group of one's own.
    let own = world
        .post("/api/v1/groups", &json!({ "profile": { "name": "Own" } }))
        .await
        .id();
    let path = format!("/api/v1/groups/{own}/users/{user}");
    let answer = world.call(By::Manager, "PUT", &path, &Value::Null).await;
    assert_eq!(answer.outcome(), (404, "E0000007"));
    let after = (
        world.log_rows(&world.main).await,
        world.log_rows(&world.other).await,
    );
    assert_eq!((before.0 + 1, before.1), after, "only the group was added");
}

async fn what_an_operation_does_not_know_is_refused(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let before = world.log_rows(&world.main).await;
    for operation in operations() {
        let (method, path) = (operation.method.as_str(), fill(operation, &things));
        for query in ["expand=all", "limit=1&limit=2", "q=%00"] {
            let path = format!("{path}?{query}");
            let answer = world
                .call(By::Manager, method, &path, &body_for(operation, &things))
                .await;
            assert_eq!(answer.outcome(), (400, "E0000001"), "{method} {path}");
        }
    }
    assert_eq!(world.log_rows(&world.main).await, before);
}

async fn what_has_a_nul_in_its_name_is_not_there(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let before = world.log_rows(&world.main).await;
    let nul = |segment: &str| match segment.starts_with('{') {
        true => String::from("%00"),
        false => segment.to_owned(),
    };
    let mut seen = 0;
    for operation in operations() {
        if !operation.path.contains('{') {
            continue;
        }
        let segments: Vec<String> = operation.path.split('/').map(nul).collect();
        let path = segments.join("/");
        let (method, body) = (operation.method.as_str(), body_for(operation, &things));
        let answer = world.call(By::Manager, method, &path, &body).await;
        assert_eq!(answer.outcome(), (404, "E0000007"), "{method} {path}");
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
    // The last part alone.
    let user = &things.user;
    for (method, path) in [
        ("GET", format!("/api/v1/users/{user}/linkedObjects/%00")),
        ("DELETE", format!("/api/v1/users/{user}/linkedObjects/%00")),
        ("GET", String::from("/api/v1/users/a%00b")),
    ] {
        let answer = world.call(By::Manager, method, &path, &Value::Null).await;
        assert_eq!(answer.outcome(), (404, "E0000007"), "{method} {path}");
    }
    assert_eq!(world.log_rows(&world.main).await, before);
}

async fn bodies_are_json_within_a_bound(world: &World) {
    let token = format!("SSWS {}", By::Manager.token().unwrap());
    let things = world.things(&world.main, "ada").await;
    let (user, group, app) = (&things.user, &things.group, &things.app);
    let servers = String::from("/api/v1/authorizationServers/default");
    let long = format!("{{\"profile\":{{\"name\":\"{}\"}}}}", "x".repeat(300_000));
    let good = String::from("{\"profile\":{\"name\":\"x\"}}");
    let json_type = "application/json";
    for (method, path) in [
        ("POST", String::from("/api/v1/users")),
        ("POST", format!("/api/v1/users/{user}")),
        ("PUT", format!("/api/v1/users/{user}")),
        ("POST", String::from("/api/v1/groups")),
        ("PUT", format!("/api/v1/groups/{group}")),
        ("POST", String::from("/api/v1/authorizationServers")),
        ("PUT", servers.clone()),
        ("POST", format!("{servers}/scopes")),
        ("POST", format!("{servers}/claims")),
        ("POST", format!("{servers}/policies")),
        ("POST", format!("{servers}/credentials/lifecycle/keyRotate")),
        ("POST", String::from("/api/v1/policies")),
        ("POST", String::from("/api/v1/trustedOrigins")),
        ("POST", String::from("/api/v1/zones")),
        ("POST", String::from("/api/v1/api-tokens")),
        ("POST", format!("/api/v1/users/{user}/factors")),
        ("POST", String::from("/api/v1/apps")),
        ("PUT", format!("/api/v1/apps/{app}")),
        ("POST", format!("/api/v1/apps/{app}/users")),
        ("POST", format!("/api/v1/apps/{app}/credentials/jwks")),
    ] {
        for (kind, body, code) in [
            ("text/plain", good.clone(), "E0000021"),
            (json_type, String::from("{"), "E0000003"),
            (json_type, String::from("[]"), "E0000003"),
            (json_type, String::new(), "E0000003"),
            (json_type, long.clone(), "E0000003"),
        ] {
            let headers = [
                ("authorization", token.clone()),
                ("content-type", kind.to_owned()),
            ];
            let answer = world.send(method, &path, &headers, body).await;
            assert_eq!(answer.outcome(), (400, code), "{method} {path}");
        }
    }
}

on_both_engines!(
    a_token_is_the_only_way_in,
    every_answer_has_its_headers,
    what_is_not_there_is_told_in_the_same_form,
    a_token_that_calls_too_often_waits_for_the_reset,
    roles_decide_about_every_operation,
    each_role_calls_what_it_permits,
    what_is_of_another_org_is_not_found,
    what_an_operation_does_not_know_is_refused,
    what_has_a_nul_in_its_name_is_not_there,
    bodies_are_json_within_a_bound,
);
