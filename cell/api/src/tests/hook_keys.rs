//! Hook keys: made, shown, renamed and removed; and hooks that use them, whose channel is `OAUTH`.

use crate::for_tests::{Answered as Reply, By, World, on_both_engines};
use identity::access::Permission;
use identity::event_hook::envoy::{Answered, Trouble};
use serde_json::{Value, json};

const KEYS: &str = "/api/v1/hook-keys";
const HOOKS: &str = "/api/v1/inlineHooks";

async fn make(world: &World, name: &str) -> Reply {
    world.post(KEYS, &json!({ "name": name })).await
}

fn id_of(thing: &Value) -> String {
    thing["id"].as_str().unwrap().to_owned()
}

async fn put(world: &World, path: &str, body: &Value) -> Reply {
    world.call(By::Manager, "PUT", path, body).await
}

async fn delete(world: &World, path: &str) -> Reply {
    world.call(By::Manager, "DELETE", path, &Value::Null).await
}

fn hook(config: &[(&str, &str)]) -> Value {
    let mut hook = json!({
        "name": "Claims", "type": "com.okta.oauth2.tokens.transform", "version": "1.0.0",
        "channel": { "type": "OAUTH", "version": "1.0.0", "config": {
            "uri": "https://hooks.example/in", "method": "POST",
            "headers": [{ "key": "X-Team", "value": "blue" }],
            "clientId": "us", "tokenUrl": "https://as.example/token",
        } },
    });
    for (name, value) in config {
        hook["channel"]["config"][*name] = json!(value);
    }
    hook
}

fn hook_with_secret() -> Value {
    hook(&[
        ("authType", "client_secret_post"),
        ("clientSecret", "letmein-secret"),
        ("scope", "hook:ask"),
    ])
}

fn hook_with_key(key: &str) -> Value {
    hook(&[("authType", "private_key_jwt"), ("hookKeyId", key)])
}

async fn deactivate(world: &World, hook: &str) {
    let path = format!("{HOOKS}/{hook}/lifecycle/deactivate");
    assert_eq!(world.post(&path, &Value::Null).await.status, 200);
}

async fn a_key_is_made_shown_renamed_and_removed(world: &World) {
    let before = world.log_rows(&world.main).await;
    let made = make(world, "Shop").await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert!(made.id().starts_with("HKY"));
    assert_eq!(made.body["isUsed"], "false");
    let public = &made.body["_embedded"];
    assert_eq!(public["kty"], "RSA");
    assert_eq!(public["kid"], made.body["keyId"]);
    let members: Vec<&String> = public.as_object().unwrap().keys().collect();
    assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
    let path = format!("{KEYS}/{}", made.id());
    let mut plain = made.body.clone();
    plain.as_object_mut().unwrap().remove("_embedded");
    assert_eq!(world.get(&path).await.body, plain);
    assert_eq!(world.get(KEYS).await.body, json!([plain]));
    let whole = world.get(&format!("{path}?expand=publickey")).await;
    assert_eq!(whole.body, made.body);
    let odd = world.get(&format!("{path}?expand=privatekey")).await;
    assert_eq!(odd.outcome(), (400, "E0000001"));
    let kid = made.body["keyId"].as_str().unwrap();
    let alone = world.get(&format!("{KEYS}/public/{kid}")).await;
    assert_eq!(alone.body, *public);
    // What is shown can be sent back; nothing but the name changes.
    let mut changed = made.body.clone();
    changed["name"] = json!("Both shops");
    changed["keyId"] = json!("x");
    let renamed = put(world, &path, &changed).await;
    assert_eq!(renamed.body["name"], "Both shops");
    assert_eq!(renamed.body["_embedded"], *public);
    assert_eq!(world.get(&path).await.body["name"], "Both shops");
    assert_eq!(delete(world, &path).await.status, 204);
    for gone in [&path, &format!("{KEYS}/public/{kid}")] {
        assert_eq!(world.get(gone).await.outcome(), (404, "E0000007"));
    }
    assert_eq!(delete(world, &path).await.outcome(), (404, "E0000007"));
    let log = world.log_since(before).await.into_iter();
    let kinds: Vec<String> = log.map(|(kind, _)| kind).collect();
    assert_eq!(
        kinds,
        [
            "system.hook.key.created",
            "system.hook.key.updated",
            "system.hook.key.deleted"
        ]
    );
}

async fn a_name_is_one_keys_and_administrators_alone_give_it(world: &World) {
    let first = make(world, "Shop").await;
    let second = make(world, "Other").await;
    let path = format!("{KEYS}/{}", second.id());
    for name in ["", "a\nb", &"x".repeat(256), "Shop"] {
        let body = json!({ "name": name });
        assert_eq!(
            world.post(KEYS, &body).await.outcome(),
            (400, "E0000001"),
            "{name}"
        );
        assert_eq!(
            put(world, &path, &body).await.outcome(),
            (400, "E0000001"),
            "{name}"
        );
    }
    for body in [json!({}), json!({ "name": "A", "alg": "ES256" })] {
        assert_eq!(world.post(KEYS, &body).await.outcome(), (400, "E0000001"));
    }
    // Its own name it may keep.
    let own = put(world, &path, &json!({ "name": "Other" })).await;
    assert_eq!(own.status, 200);
    for method in ["POST", "PUT", "DELETE"] {
        let at = if method == "POST" { KEYS } else { &path };
        let body = json!({ "name": "Mine" });
        let refused = world.call(By::Reader, method, at, &body).await;
        assert_eq!(refused.outcome(), (403, "E0000006"), "{method}");
    }
    let seen = world.call(By::Reader, "GET", KEYS, &Value::Null).await;
    let mut ids: Vec<String> = seen.body.as_array().unwrap().iter().map(id_of).collect();
    ids.sort();
    let mut both = vec![first.id(), second.id()];
    both.sort();
    assert_eq!(ids, both);
    let kid = first.body["keyId"].as_str().unwrap();
    for path in [path, format!("{KEYS}/public/{kid}"), format!("{KEYS}/x")] {
        let foreign = world.call(By::Stranger, "GET", &path, &Value::Null).await;
        assert_eq!(foreign.outcome(), (401, "E0000011"));
    }
}

async fn a_key_stays_while_a_hook_uses_it(world: &World) {
    let key = make(world, "Shop").await;
    let path = format!("{KEYS}/{}", key.id());
    let made = world.post(HOOKS, &hook_with_key(&key.id())).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let config = &made.body["channel"]["config"];
    assert_eq!(made.body["channel"]["type"], "OAUTH");
    assert_eq!(config["authType"], "private_key_jwt");
    assert_eq!(config["hookKeyId"], key.id());
    assert_eq!(config.get("scope"), None);
    assert_eq!(world.get(&path).await.body["isUsed"], "true");
    assert_eq!(world.get(KEYS).await.body[0]["isUsed"], "true");
    let used = delete(world, &path).await;
    assert_eq!(used.outcome(), (400, "E0000001"));
    assert_eq!(used.body["errorSummary"], "Api validation failed: isUsed");
    // Switched off it is used none the less.
    deactivate(world, &made.id()).await;
    assert_eq!(delete(world, &path).await.status, 400);
    let hook = format!("{HOOKS}/{}", made.id());
    let by_secret = put(world, &hook, &{
        let mut body = hook_with_secret();
        body.as_object_mut().unwrap().remove("type");
        body["status"] = json!("INACTIVE");
        body
    })
    .await;
    assert_eq!(by_secret.status, 200, "{}", by_secret.body);
    assert_eq!(world.get(&path).await.body["isUsed"], "false");
    assert_eq!(delete(world, &path).await.status, 204);
    // A key that is gone, another org's, and none.
    let gone = key.id();
    let manager = world.permit(&world.other, Permission::ManageOrg);
    let theirs = world.cell.create_hook_key(&manager, "Theirs".to_owned());
    let theirs = theirs.await.unwrap().id.to_string();
    for named in [gone.as_str(), &theirs, "HKYabcdefghijklmnopq", "x", ""] {
        let refused = world.post(HOOKS, &hook_with_key(named)).await;
        assert_eq!(
            refused.body["errorSummary"], "Api validation failed: channel.config.hookKeyId",
            "{named}"
        );
    }
    let back = put(world, &hook, &hook_with_key(&gone)).await;
    assert_eq!(back.outcome(), (400, "E0000001"));
    assert_eq!(world.get(&hook).await.body, by_secret.body);
}

async fn the_secret_of_a_client_is_kept_and_never_shown(world: &World) {
    let made = world.post(HOOKS, &hook_with_secret()).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let shown = made.body.to_string();
    assert!(!shown.contains("letmein"), "a secret is shown: {shown}");
    let config = &made.body["channel"]["config"];
    assert_eq!(config["authType"], "client_secret_post");
    assert_eq!(config["scope"], "hook:ask");
    let path = format!("{HOOKS}/{}", made.id());
    assert_eq!(world.get(&path).await.body, made.body);
    // What is shown can be sent back, whole or in part.
    assert_eq!(put(world, &path, &made.body).await.status, 200);
    let part = world.post(&path, &json!({ "name": "Again" })).await;
    assert_eq!(part.body["channel"], made.body["channel"]);
    // A secret goes to no other address than it was given for, and opens no other.
    for (field, value) in [
        ("tokenUrl", "https://evil.example/token"),
        ("uri", "https://evil.example/in"),
        ("clientId", "them"),
    ] {
        let mut moved = made.body["channel"].clone();
        moved["config"][field] = json!(value);
        let refused = world.post(&path, &json!({ "channel": moved })).await;
        assert_eq!(
            refused.body["errorSummary"], "Api validation failed: channel.config.clientSecret",
            "{field}"
        );
        moved["config"]["clientSecret"] = json!("another");
        let given = world.post(&path, &json!({ "channel": moved })).await;
        assert_eq!(given.status, 200, "{field}");
        let back = hook_with_secret()["channel"].clone();
        let back = world.post(&path, &json!({ "channel": back })).await;
        assert_eq!(back.status, 200);
    }
    // Back to a header, the secret is gone.
    let header = json!({ "type": "HTTP", "config": { "uri": "https://hooks.example/in" } });
    let plain = world.post(&path, &json!({ "channel": header })).await;
    assert_eq!(plain.body["channel"]["type"], "HTTP");
    let again = world
        .post(&path, &json!({ "channel": made.body["channel"] }))
        .await;
    assert_eq!(again.outcome(), (400, "E0000001"));
}

async fn what_cannot_be_used_is_refused(world: &World) {
    for (field, value) in [
        ("authType", json!("client_secret_basic")),
        ("authType", json!(null)),
        ("clientId", json!("")),
        ("clientId", json!("a\u{7f}b")),
        ("clientSecret", json!("")),
        ("clientSecret", json!(null)),
        ("clientSecret", json!("x".repeat(1_025))),
        ("tokenUrl", json!("http://as.example/token")),
        ("tokenUrl", json!("https://a:b@as.example/")),
        ("tokenUrl", json!(null)),
        ("scope", json!("a  b")),
        ("scope", json!("a\"b")),
        ("method", json!("PUT")),
        ("uri", json!("http://hooks.example/in")),
        ("hookKeyId", json!("HKYabcdefghijklmnopq")),
        (
            "headers",
            json!([{ "key": "authorization", "value": "mine" }]),
        ),
        (
            "authScheme",
            json!({ "type": "HEADER", "key": "A", "value": "b" }),
        ),
    ] {
        let mut body = hook_with_secret();
        body["channel"]["config"][field] = value;
        let refused = world.post(HOOKS, &body).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{field}");
    }
    assert_eq!(world.get(HOOKS).await.body, json!([]));
}

async fn a_hook_is_tried_with_its_token(world: &World) {
    let says = |status: u16, body: &str| Ok(Answered::of(status, body.as_bytes().to_vec()));
    let token = r#"{"access_token":"t1","token_type":"Bearer","expires_in":60}"#;
    let made = world.post(HOOKS, &hook_with_secret()).await;
    let path = format!("{HOOKS}/{}/execute", made.id());
    let try_it = async |answers: Vec<Result<Answered, Trouble>>| {
        world.receiver.seen.lock().unwrap().clear();
        *world.receiver.answers.lock().unwrap() = answers.into_iter().rev().collect();
        let reply = world.post(&path, &json!({ "a": 1 })).await;
        let seen = world.receiver.seen.lock().unwrap().clone();
        (reply, seen)
    };
    let refusal = r#"{"error":"invalid_client"}"#;
    let (refused, seen) = try_it(vec![says(401, refusal)]).await;
    assert_eq!(
        refused.body["errorSummary"],
        "Api validation failed: channel.config.tokenUrl"
    );
    let cause = refused.body["errorCauses"][0]["errorSummary"].to_string();
    assert!(cause.contains("401 (invalid_client)"), "{cause}");
    assert_eq!(seen.len(), 1, "the hook was asked without a token");
    let newest = world.get("/api/v1/logs?sortOrder=DESCENDING&limit=1").await;
    let row = &newest.body[0];
    assert_eq!(row["eventType"], "inline_hook.executed");
    assert_eq!(row["outcome"]["reason"], "NO_TOKEN");
    let told = row["debugContext"]["debugData"].to_string();
    for word in ["STATUS", "401", "invalid_client"] {
        assert!(told.contains(word), "{told}");
    }
    let (answered, seen) = try_it(vec![says(200, token), says(200, "{}")]).await;
    assert_eq!(answered.status, 200, "{}", answered.body);
    let uris: Vec<&str> = seen.iter().map(|(uri, _)| uri.as_str()).collect();
    assert_eq!(
        uris,
        ["https://as.example/token", "https://hooks.example/in"]
    );
    let bearer = (String::from("Authorization"), String::from("Bearer t1"));
    assert!(seen[1].1.contains(&bearer));
    assert!(!seen[0].1.contains(&bearer));
    let (_, seen) = try_it(vec![says(200, "{}")]).await;
    assert_eq!(seen.len(), 1, "the token is kept");
}

on_both_engines!(
    a_key_is_made_shown_renamed_and_removed,
    a_name_is_one_keys_and_administrators_alone_give_it,
    a_key_stays_while_a_hook_uses_it,
    the_secret_of_a_client_is_kept_and_never_shown,
    what_cannot_be_used_is_refused,
    a_hook_is_tried_with_its_token,
);
