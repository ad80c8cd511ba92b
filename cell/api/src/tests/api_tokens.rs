//! Tokens of the API: made once, revoked at once, and never more than their maker.

use crate::for_tests::{Answered, By, World, on_both_engines};
use identity::access::Role;
use identity::api_token::TOKENS_MAX;
use serde_json::{Value, json};

const TOKENS: &str = "/api/v1/api-tokens";
const ME: &str = "/api/v1/users/me";

/// Calls with a token that the world did not make.
async fn with(world: &World, token: &str, method: &str, path: &str) -> Answered {
    let headers = [("authorization", format!("SSWS {token}"))];
    world.send(method, path, &headers, String::new()).await
}

async fn a_token_is_shown_once_acts_as_its_owner_and_ends_at_once(world: &World) {
    let rows = world.log_rows(&world.main).await;
    let made = world.post(TOKENS, &json!({ "name": " nightly " })).await;
    assert_eq!(made.status, 200);
    let text = made.body["token"].as_str().unwrap().to_owned();
    assert!(text.starts_with("00T") && text.len() > 40 && text != made.id());
    let owner = world.get(ME).await;
    let now = world.cell.now().to_rfc3339_millis();
    let path = format!("{TOKENS}/{}", made.id());
    let mut shown = made.body.clone();
    shown.as_object_mut().unwrap().remove("token");
    assert_eq!(
        shown,
        json!({
            "id": made.id(),
            "name": "nightly",
            "userId": owner.id(),
            "tokenWindow": "P30D",
            "network": { "connection": "ANYWHERE" },
            "created": now,
            "lastUpdated": now,
            "expiresAt": world.cell.now().plus_secs(30 * 24 * 60 * 60).to_rfc3339_millis(),
            "_links": { "self": {
                "href": format!("https://id.example/t/main{path}"),
                "hints": { "allow": ["GET", "DELETE"] },
            } },
        })
    );
    assert_eq!(world.get(&path).await.body, shown, "never again");
    assert_eq!(with(world, &text, "GET", ME).await.id(), owner.id());
    let listed = world.get(&format!("{TOKENS}?q=NIGHT")).await;
    assert_eq!(listed.texts("/id"), [made.id()]);
    assert!(!listed.body.to_string().contains(&text));
    let gone = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(gone.status, 204);
    assert_eq!(
        with(world, &text, "GET", ME).await.outcome(),
        (401, "E0000011")
    );
    for method in ["GET", "DELETE"] {
        let missing = world.call(By::Manager, method, &path, &Value::Null).await;
        assert_eq!(missing.outcome(), (404, "E0000007"), "{method}");
    }
    let kinds = world.kinds_since(rows).await;
    assert_eq!(
        kinds,
        ["system.api_token.create", "system.api_token.revoke"]
    );
}

async fn a_token_gives_itself_up_whatever_it_may_do(world: &World) {
    let id = world.administrator(Role::ReportAdmin).await;
    let by = By::Of(Role::ReportAdmin);
    assert_eq!(
        world
            .call(by, "GET", "/api/v1/logs", &Value::Null)
            .await
            .status,
        200
    );
    let current = format!("{TOKENS}/current");
    assert_eq!(
        world
            .call(by, "GET", &current, &Value::Null)
            .await
            .outcome(),
        (405, "E0000022")
    );
    assert_eq!(
        world
            .call(by, "DELETE", &current, &Value::Null)
            .await
            .status,
        204
    );
    let after = world.call(by, "GET", "/api/v1/logs", &Value::Null).await;
    assert_eq!(after.outcome(), (401, "E0000011"), "of {id}");
    assert_eq!(
        world.get(ME).await.status,
        200,
        "the others are as they were"
    );
}

async fn nobody_makes_more_than_they_are(world: &World) {
    world.administrator(Role::OrgAdmin).await;
    let wish = json!({ "name": "x" });
    for by in [By::Of(Role::OrgAdmin), By::Reader, By::Person] {
        assert_eq!(
            world.call(by, "POST", TOKENS, &wish).await.outcome(),
            (403, "E0000006")
        );
    }
    for body in [
        json!({}),
        json!({ "name": "" }),
        json!({ "name": "a\nb" }),
        json!({ "name": 1 }),
        json!({ "name": "x", "tokenWindow": "P90D" }),
        json!({ "name": "x", "network": { "connection": "ZONE", "include": ["nzo"] } }),
        json!({ "name": "x", "roles": ["SUPER_ADMIN"] }),
    ] {
        assert_eq!(
            world.post(TOKENS, &body).await.outcome(),
            (400, "E0000001"),
            "{body}"
        );
    }
    let mut made = 0;
    let refused = loop {
        let answer = world.post(TOKENS, &json!({ "name": "one more" })).await;
        match answer.status.as_u16() {
            200 => made += 1,
            _ => break answer,
        }
        assert!(made <= TOKENS_MAX, "no end");
    };
    assert_eq!(refused.outcome(), (400, "E0000001"));
}

on_both_engines!(
    a_token_is_shown_once_acts_as_its_owner_and_ends_at_once,
    a_token_gives_itself_up_whatever_it_may_do,
    nobody_makes_more_than_they_are,
);
