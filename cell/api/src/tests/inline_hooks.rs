//! Inline hooks: made, changed, switched, tried and removed; named by rules; asked about passwords that another system keeps.

use crate::for_tests::{Answered as Reply, By, World, on_both_engines};
use identity::credential::password::PasswordCheck;
use identity::event_hook::envoy::{Answered, Trouble};
use ledger::ClientFacts;
use serde_json::{Value, json};
use vocab::secret::Secret;

const HOOKS: &str = "/api/v1/inlineHooks";
const RULES: &str = "/api/v1/authorizationServers/default/policies";

fn hook(kind: &str) -> Value {
    json!({
        "name": "Claims", "type": kind, "version": "1.0.0",
        "channel": { "type": "HTTP", "version": "1.0.0", "config": {
            "uri": "https://hooks.example/in", "method": "POST",
            "headers": [{ "key": "X-Team", "value": "blue" }],
            "authScheme": { "type": "HEADER", "key": "Authorization", "value": "letmein-secret" },
        } },
    })
}

fn token_hook() -> Value {
    hook("com.okta.oauth2.tokens.transform")
}

fn import_hook() -> Value {
    hook("com.okta.user.credential.password.import")
}

fn says(status: u16, body: &str) -> Result<Answered, Trouble> {
    Ok(Answered::of(status, body.as_bytes().to_vec()))
}

async fn put(world: &World, path: &str, body: &Value) -> Reply {
    world.call(By::Manager, "PUT", path, body).await
}

async fn delete(world: &World, path: &str) -> Reply {
    world.call(By::Manager, "DELETE", path, &Value::Null).await
}

async fn a_hook_is_made_shown_changed_and_removed(world: &World) {
    let before = world.log_rows(&world.main).await;
    let made = world.post(HOOKS, &token_hook()).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert!(made.id().starts_with("cal"));
    assert_eq!(made.body["status"], "ACTIVE");
    assert!(
        !made.body.to_string().contains("letmein"),
        "a secret is shown"
    );
    let path = format!("{HOOKS}/{}", made.id());
    assert_eq!(world.get(&path).await.body, made.body);
    assert_eq!(world.get(HOOKS).await.body, json!([made.body]));
    // What is shown can be sent back, whole or in part.
    let mut shown = made.body.clone();
    shown["name"] = json!("Renamed");
    assert_eq!(put(world, &path, &shown).await.body["name"], "Renamed");
    let part = world.post(&path, &json!({ "name": "Again" })).await;
    assert_eq!(part.body["name"], "Again");
    assert_eq!(part.body["channel"], made.body["channel"]);
    // A secret goes to no other address than it was given for.
    let mut moved = made.body["channel"].clone();
    moved["config"]["uri"] = json!("https://evil.example/");
    let refused = world.post(&path, &json!({ "channel": moved })).await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
    assert_eq!(delete(world, &path).await.outcome(), (400, "E0000001"));
    let off = world
        .post(&format!("{path}/lifecycle/deactivate"), &Value::Null)
        .await;
    assert_eq!(off.body["status"], "INACTIVE");
    assert!(off.body["_links"]["activate"].is_object());
    assert_eq!(delete(world, &path).await.status, 204);
    assert_eq!(world.get(&path).await.outcome(), (404, "E0000007"));
    let kinds = world.kinds_since(before).await;
    assert_eq!(
        kinds,
        [
            "inline_hook.created",
            "inline_hook.updated",
            "inline_hook.updated",
            "inline_hook.deactivated",
            "inline_hook.deleted"
        ]
    );
}

async fn what_cannot_be_used_is_refused(world: &World) {
    for (place, value) in [
        ("/name", json!("")),
        ("/type", json!("com.okta.other")),
        ("/type", json!("com.okta.saml.tokens.transform")),
        ("/type", json!("com.okta.import.transform")),
        ("/type", json!("com.okta.telephony.provider")),
        ("/type", json!("com.okta.user.pre-registration")),
        ("/channel/type", json!("OAUTH")),
        ("/channel/config/uri", json!("http://hooks.example/in")),
        ("/channel/config/uri", json!("https://a:b@hooks.example/")),
        (
            "/channel/config/headers",
            json!([{ "key": "Host", "value": "x" }]),
        ),
        ("/channel/config/authScheme/value", json!(null)),
    ] {
        let mut body = token_hook();
        *body.pointer_mut(place).unwrap() = value;
        let refused = world.post(HOOKS, &body).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{place}");
    }
    let made = world.post(HOOKS, &import_hook()).await;
    assert_eq!(made.status, 200);
    let second = world.post(HOOKS, &import_hook()).await;
    assert_eq!(second.outcome(), (400, "E0000001"), "there is one of them");
    let path = format!("{HOOKS}/{}", made.id());
    let other = json!({ "type": "com.okta.oauth2.tokens.transform" });
    let other = world.post(&path, &other).await;
    assert_eq!(other.outcome(), (400, "E0000001"), "it keeps its type");
    for number in 1..50 {
        let mut body = token_hook();
        body["name"] = json!(format!("hook {number}"));
        assert_eq!(world.post(HOOKS, &body).await.status, 200);
    }
    let full = world.post(HOOKS, &token_hook()).await;
    assert_eq!(full.outcome(), (400, "E0000001"));
    let count = async |kind: &str| {
        let listed = world.get(&format!("{HOOKS}?type={kind}")).await;
        listed.body.as_array().map(Vec::len)
    };
    assert_eq!(count("com.okta.oauth2.tokens.transform").await, Some(49));
    assert_eq!(
        count("com.okta.user.credential.password.import").await,
        Some(1)
    );
    assert_eq!(count("com.okta.saml.tokens.transform").await, Some(0));
    assert_eq!(count("com.okta.other").await, None);
    let ids = world.walk(&format!("{HOOKS}?limit=20"), "/id").await;
    assert_eq!(ids.len(), 50);
}

async fn a_hook_is_tried_and_shows_what_it_answers(world: &World) {
    let made = world.post(HOOKS, &token_hook()).await;
    let path = format!("{HOOKS}/{}/execute", made.id());
    let question = json!({ "eventType": "x", "data": { "a": [1] } });
    let try_it = async |answers: Vec<Result<Answered, Trouble>>| {
        world.receiver.seen.lock().unwrap().clear();
        *world.receiver.answers.lock().unwrap() = answers.into_iter().rev().collect();
        let reply = world.post(&path, &question).await;
        let asked = world.receiver.seen.lock().unwrap().len();
        (reply.status.as_u16(), asked, reply.body)
    };
    let (status, asked, body) = try_it(vec![says(200, r#"{"commands":[],"more":1}"#)]).await;
    assert_eq!((status, asked), (200, 1));
    assert_eq!(body, json!({ "commands": [], "more": 1 }));
    assert_eq!(try_it(vec![says(204, "")]).await, (200, 1, json!({})));
    let recovered = try_it(vec![says(503, ""), says(200, "{}")]).await;
    assert_eq!(recovered, (200, 2, json!({})));
    for (answers, asked) in [
        (vec![Err(Trouble::Inward)], 1),
        (vec![Err(Trouble::TimedOut); 2], 2),
        (vec![says(500, ""), says(500, "")], 2),
        (vec![says(302, "")], 1),
        (vec![says(200, "<html>")], 1),
        (vec![says(200, "[]")], 1),
        (vec![says(200, &"[".repeat(300_000))], 1),
    ] {
        let (status, seen, body) = try_it(answers).await;
        assert_eq!((status, seen), (400, asked), "{body}");
        assert_eq!(
            body["errorSummary"],
            "Api validation failed: channel.config.uri"
        );
    }
    let seen = world.call(By::Reader, "POST", &path, &question).await;
    assert_eq!(seen.outcome(), (403, "E0000006"));
    let renew = format!("{HOOKS}/{}/credentials/secret", made.id());
    let renewed = world.post(&renew, &Value::Null).await;
    assert!(
        renewed.body["secret"]
            .as_str()
            .unwrap()
            .starts_with("whsec_")
    );
}

async fn a_rule_names_a_hook_which_stays_as_long(world: &World) {
    let made = world.post(HOOKS, &token_hook()).await;
    let import = world.post(HOOKS, &import_hook()).await;
    let policy = world.get(RULES).await.body[0]["id"].clone();
    let rules = format!("{RULES}/{}/rules", policy.as_str().unwrap());
    let mut rule = world.get(&rules).await.body[0].clone();
    let path = format!("{rules}/{}", rule["id"].as_str().unwrap());
    for id in [
        import.id(),
        "cal00000000000000000".to_owned(),
        "x".to_owned(),
    ] {
        rule["actions"]["token"]["inlineHook"] = json!({ "id": id });
        let refused = put(world, &path, &rule).await;
        assert_eq!(
            refused.body["errorSummary"],
            "Api validation failed: actions.token.inlineHook.id"
        );
    }
    rule["actions"]["token"]["inlineHook"] = json!({ "id": made.id() });
    let bound = put(world, &path, &rule).await;
    assert_eq!(bound.status, 200, "{}", bound.body);
    assert_eq!(
        bound.body["actions"]["token"]["inlineHook"]["id"],
        made.id()
    );
    assert_eq!(world.get(&path).await.body, bound.body);
    // What says nothing of tokens leaves it.
    let mut silent = rule.clone();
    silent.as_object_mut().unwrap().remove("actions");
    let kept = put(world, &path, &silent).await;
    assert_eq!(kept.body["actions"]["token"]["inlineHook"]["id"], made.id());
    let hook_path = format!("{HOOKS}/{}", made.id());
    world
        .post(&format!("{hook_path}/lifecycle/deactivate"), &Value::Null)
        .await;
    let named = delete(world, &hook_path).await;
    assert_eq!(named.outcome(), (400, "E0000001"));
    rule["actions"]["token"]
        .as_object_mut()
        .unwrap()
        .remove("inlineHook");
    let free = put(world, &path, &rule).await;
    assert_eq!(free.body["actions"]["token"].get("inlineHook"), None);
    assert_eq!(delete(world, &hook_path).await.status, 204);
}

fn newcomer(login: &str) -> Value {
    json!({
        "profile": {
            "firstName": "Ada", "lastName": "Lovelace",
            "login": login, "email": format!("{login}@example.com"),
        },
        "credentials": { "password": { "hook": { "type": "default" } } },
    })
}

async fn check(world: &World, login: &str, password: &str) -> PasswordCheck {
    let snapshot = world.cell.snapshot(&world.main).await.unwrap().unwrap();
    let person = {
        let mut tx = world.cell.database.read().await.unwrap();
        let org = &world.main;
        let person = identity::person::store::find_by_identifier(&mut tx, org, login).await;
        person.unwrap()
    };
    let text = Secret::new(password.to_owned());
    let client = ClientFacts::default();
    let checked = world
        .cell
        .check_password(&snapshot.org, person.as_ref(), text, &client);
    checked.await.unwrap()
}

const RIGHT: PasswordCheck = PasswordCheck::Right { must_change: false };
const VERIFIED: &str =
    r#"{"commands":[{"type":"com.okta.action.update","value":{"credential":"VERIFIED"}}]}"#;
const UNVERIFIED: &str =
    r#"{"commands":[{"type":"com.okta.action.update","value":{"credential":"UNVERIFIED"}}]}"#;

async fn a_password_is_taken_over_at_the_first_sign_in(world: &World) {
    let none = world.post("/api/v1/users", &newcomer("early")).await;
    assert_eq!(none.outcome(), (400, "E0000001"), "there is no hook");
    let hook = world.post(HOOKS, &import_hook()).await;
    let expired = world
        .post("/api/v1/users?nextLogin=changePassword", &newcomer("early"))
        .await;
    assert_eq!(expired.outcome(), (400, "E0000001"));
    let made = world.post("/api/v1/users", &newcomer("ada")).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(made.body["status"], "ACTIVE");
    let try_it = async |password: &str, answers: Vec<Result<Answered, Trouble>>| {
        world.receiver.seen.lock().unwrap().clear();
        *world.receiver.answers.lock().unwrap() = answers.into_iter().rev().collect();
        let checked = check(world, "ada", password).await;
        (checked, world.receiver.seen.lock().unwrap().len())
    };
    let wrong = PasswordCheck::Wrong;
    for (answers, asked) in [
        (vec![says(200, UNVERIFIED)], 1),
        (vec![says(204, "")], 1),
        (vec![says(200, "{}")], 1),
        (vec![says(200, "<html>")], 1),
        (vec![says(401, VERIFIED)], 1),
        (vec![says(302, VERIFIED)], 1),
        (vec![says(500, VERIFIED), says(500, VERIFIED)], 2),
        (vec![Err(Trouble::TimedOut); 2], 2),
        (vec![Err(Trouble::Inward)], 1),
    ] {
        assert_eq!(try_it("sesame", answers).await, (wrong, asked));
    }
    // Switched off, nobody is asked and nobody is let in.
    let path = format!("{HOOKS}/{}", hook.id());
    let switch = async |to: &str| {
        world
            .post(&format!("{path}/lifecycle/{to}"), &Value::Null)
            .await
    };
    switch("deactivate").await;
    assert_eq!(
        try_it("sesame", vec![says(200, VERIFIED)]).await,
        (wrong, 0)
    );
    switch("activate").await;
    let before = world.log_rows(&world.main).await;
    assert_eq!(
        try_it("sesame", vec![says(200, VERIFIED)]).await,
        (RIGHT, 1)
    );
    let kinds = world.kinds_since(before).await;
    assert_eq!(
        kinds,
        [
            "inline_hook.executed",
            "inline_hook.response.processed",
            "user.import.password"
        ]
    );
    // From now on the password is here, and the hook is not asked, whatever it would say.
    assert_eq!(
        try_it("sesame", vec![says(200, UNVERIFIED)]).await,
        (RIGHT, 0)
    );
    assert_eq!(try_it("other", vec![says(200, VERIFIED)]).await, (wrong, 0));
    let shown = world.get(&format!("/api/v1/users/{}", made.id())).await;
    assert_eq!(shown.body["credentials"]["password"], json!({}));
}

async fn somebody_staged_is_activated_and_a_password_set_here_counts(world: &World) {
    world.post(HOOKS, &import_hook()).await;
    let staged = world
        .post("/api/v1/users?activate=false", &newcomer("bea"))
        .await;
    assert_eq!(staged.body["status"], "STAGED");
    let path = format!("/api/v1/users/{}", staged.id());
    world
        .post(&format!("{path}/lifecycle/activate"), &Value::Null)
        .await;
    assert_eq!(world.get(&path).await.body["status"], "ACTIVE");
    let password = json!({ "credentials": { "password": { "value": "correct horse battery 7" } } });
    let set = world.post(&path, &password).await;
    assert_eq!(set.status, 200, "{}", set.body);
    world.receiver.seen.lock().unwrap().clear();
    *world.receiver.answers.lock().unwrap() = vec![says(200, VERIFIED)];
    assert_eq!(check(world, "bea", "sesame").await, PasswordCheck::Wrong);
    assert_eq!(check(world, "bea", "correct horse battery 7").await, RIGHT);
    assert!(world.receiver.seen.lock().unwrap().is_empty());
}

on_both_engines!(
    a_hook_is_made_shown_changed_and_removed,
    what_cannot_be_used_is_refused,
    a_hook_is_tried_and_shows_what_it_answers,
    a_rule_names_a_hook_which_stays_as_long,
    a_password_is_taken_over_at_the_first_sign_in,
    somebody_staged_is_activated_and_a_password_set_here_counts,
);
