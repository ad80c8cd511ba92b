//! Event hooks: made, verified, changed, switched and removed; what they are told, and by whom that is seen.

use crate::for_tests::{By, World, on_both_engines};
use identity::event_hook::envoy::{Answered, Trouble};
use serde_json::{Value, json};

const HOOKS: &str = "/api/v1/eventHooks";

fn hook() -> Value {
    json!({
        "name": "Siem",
        "description": "tells the siem",
        "events": { "type": "EVENT_TYPE", "items": ["group.lifecycle.create", "user.lifecycle.create"] },
        "channel": { "type": "HTTP", "version": "1.0.0", "config": {
            "uri": "https://hooks.example/in",
            "headers": [{ "key": "X-Team", "value": "blue" }],
            "authScheme": { "type": "HEADER", "key": "Authorization", "value": "letmein-secret" },
        } },
    })
}

async fn group(world: &World, name: &str) {
    let body = json!({ "profile": { "name": name } });
    assert_eq!(world.post("/api/v1/groups", &body).await.status, 200);
}

async fn put(world: &World, path: &str, body: &Value) -> crate::for_tests::Answered {
    world.call(By::Manager, "PUT", path, body).await
}

async fn a_hook_is_made_shown_and_removed(world: &World) {
    let before = world.log_rows(&world.main).await;
    let made = world.post(HOOKS, &hook()).await;
    assert_eq!(made.status, 200);
    let path = format!("{HOOKS}/{}", made.id());
    assert!(made.id().starts_with("who"));
    assert_eq!(made.body["status"], "ACTIVE");
    assert_eq!(made.body["verificationStatus"], "UNVERIFIED");
    assert_eq!(made.body["channel"]["config"]["method"], "POST");
    assert!(
        !made.body.to_string().contains("letmein"),
        "a secret is shown"
    );
    assert_eq!(world.get(&path).await.body, made.body);
    assert_eq!(world.get(HOOKS).await.body, json!([made.body]));
    let on = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(on.outcome(), (400, "E0000001"));
    let off = world
        .post(&format!("{path}/lifecycle/deactivate"), &Value::Null)
        .await;
    assert_eq!(off.body["status"], "INACTIVE");
    assert!(off.body["_links"]["activate"].is_object());
    let gone = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(gone.status, 204);
    assert_eq!(world.get(&path).await.outcome(), (404, "E0000007"));
    let kinds = world.kinds_since(before).await;
    assert_eq!(
        kinds,
        [
            "event_hook.created",
            "event_hook.deactivated",
            "event_hook.deleted"
        ]
    );
}

async fn an_address_is_verified_by_what_it_answers(world: &World) {
    let made = world.post(HOOKS, &hook()).await;
    let path = format!("{HOOKS}/{}", made.id());
    let verify = format!("{path}/lifecycle/verify");
    let answer = |status, body: &str| Ok(Answered::of(status, body.as_bytes().to_vec()));
    for (answers, asked) in [
        (vec![Err(Trouble::Inward)], 1),
        (vec![Err(Trouble::TimedOut); 2], 2),
        (vec![answer(500, ""), Err(Trouble::Unreachable)], 2),
        (vec![answer(302, "")], 1),
        (vec![answer(200, "{\"verification\":\"other\"}")], 1),
        (vec![answer(200, "<html>")], 1),
    ] {
        world.receiver.seen.lock().unwrap().clear();
        *world.receiver.answers.lock().unwrap() = answers.into_iter().rev().collect();
        let refused = world.post(&verify, &Value::Null).await;
        assert_eq!(refused.outcome(), (400, "E0000001"));
        assert_eq!(
            refused.body["errorSummary"],
            "Api validation failed: channel.config.uri"
        );
        assert_eq!(world.receiver.seen.lock().unwrap().len(), asked);
        assert_eq!(
            world.get(&path).await.body["verificationStatus"],
            "UNVERIFIED"
        );
    }
    world.receiver.seen.lock().unwrap().clear();
    let verified = world.post(&verify, &Value::Null).await;
    assert_eq!(verified.body["verificationStatus"], "VERIFIED");
    let (uri, headers) = world.receiver.seen.lock().unwrap().remove(0);
    assert_eq!(uri, "https://hooks.example/in");
    for (name, value) in [("X-Team", "blue"), ("Authorization", "letmein-secret")] {
        assert!(
            headers.contains(&(name.to_owned(), value.to_owned())),
            "{name}"
        );
    }
}

async fn another_address_is_verified_anew_and_gets_no_old_secret(world: &World) {
    let made = world.post(HOOKS, &hook()).await;
    let path = format!("{HOOKS}/{}", made.id());
    world
        .post(&format!("{path}/lifecycle/verify"), &Value::Null)
        .await;
    // What is shown can be sent back, with another name.
    let mut shown = world.get(&path).await.body;
    shown["name"] = json!("Renamed");
    let renamed = put(world, &path, &shown).await;
    assert_eq!(renamed.status, 200, "{}", renamed.body);
    assert_eq!(renamed.body["verificationStatus"], "VERIFIED");
    shown["channel"]["config"]["uri"] = json!("https://evil.example/");
    let refused = put(world, &path, &shown).await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
    shown["channel"]["config"]["authScheme"]["value"] = json!("other");
    let moved = put(world, &path, &shown).await;
    assert_eq!(moved.body["verificationStatus"], "UNVERIFIED");
}

async fn what_cannot_be_used_is_refused(world: &World) {
    for (place, value) in [
        ("/name", json!("")),
        ("/events/items", json!([])),
        ("/events/items", json!(["no.such.event"])),
        ("/events/items", json!(["event_hook.delivery"])),
        ("/events/items", json!(vec!["user.lifecycle.create"; 301])),
        ("/channel/config/uri", json!("http://hooks.example/in")),
        ("/channel/config/uri", json!("http://127.0.0.1/in")),
        ("/channel/config/uri", json!("https://a:b@hooks.example/")),
        (
            "/channel/config/headers",
            json!([{ "key": "Host", "value": "x" }]),
        ),
        (
            "/channel/config/headers",
            json!([{ "key": "a", "value": "x\r\ny" }]),
        ),
        ("/channel/config/authScheme/value", json!(null)),
    ] {
        let mut body = hook();
        *body.pointer_mut(place).unwrap() = value;
        let refused = world.post(HOOKS, &body).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{place}");
    }
    for number in 0..25 {
        let mut body = hook();
        body["name"] = json!(format!("hook {number}"));
        assert_eq!(world.post(HOOKS, &body).await.status, 200);
    }
    assert_eq!(
        world.post(HOOKS, &hook()).await.outcome(),
        (400, "E0000001")
    );
}

async fn a_hook_is_told_what_it_asked_for_once_it_is_verified(world: &World) {
    group(world, "before").await;
    let made = world.post(HOOKS, &hook()).await;
    let (id, path) = (made.id(), format!("{HOOKS}/{}", made.id()));
    let hook_id = id.parse_id();
    let told = async || {
        world.follow(&hook_id).await;
        world.get(&format!("{path}/deliveries")).await
    };
    group(world, "unverified").await;
    assert_eq!(told().await.body, json!([]));
    world
        .post(&format!("{path}/lifecycle/verify"), &Value::Null)
        .await;
    assert_eq!(told().await.body, json!([]), "nothing from before");
    group(world, "first").await;
    group(world, "second").await;
    let reader = json!({ "profile": { "name": "x" } });
    world
        .call(By::Reader, "POST", "/api/v1/groups", &reader)
        .await;
    let list = told().await;
    assert_eq!(list.body.as_array().unwrap().len(), 1, "both go together");
    let delivery = &list.body[0];
    assert_eq!(
        (
            &delivery["status"],
            &delivery["eventType"],
            &delivery["eventCount"]
        ),
        (
            &json!("WAITING"),
            &json!("group.lifecycle.create"),
            &json!(2)
        )
    );
    assert_eq!(told().await.body, list.body, "each is told once");
    let one = format!("{path}/deliveries/{}", delivery["id"].as_str().unwrap());
    assert_eq!(world.get(&one).await.body, *delivery);
    let again = world.post(&format!("{one}/redeliver"), &Value::Null).await;
    assert_eq!(again.outcome(), (400, "E0000001"), "it waits anyway");
    // Switched off, what waits is called off; and what happens then is never told.
    world
        .post(&format!("{path}/lifecycle/deactivate"), &Value::Null)
        .await;
    assert_eq!(world.get(&one).await.body["status"], "CANCELLED");
    let again = world.post(&format!("{one}/redeliver"), &Value::Null).await;
    assert_eq!(again.outcome(), (400, "E0000001"), "it is switched off");
    group(world, "meanwhile").await;
    world
        .post(&format!("{path}/lifecycle/activate"), &Value::Null)
        .await;
    assert_eq!(told().await.body.as_array().unwrap().len(), 1);
    let again = world.post(&format!("{one}/redeliver"), &Value::Null).await;
    assert_eq!(
        (&again.body["status"], &again.body["redeliveries"]),
        (&json!("WAITING"), &json!(1))
    );
    group(world, "third").await;
    let pages = world
        .walk(&format!("{path}/deliveries?limit=1"), "/id")
        .await;
    assert_eq!(pages.len(), 1);
    assert_eq!(told().await.texts("/eventType").len(), 2);
    let pages = world
        .walk(&format!("{path}/deliveries?limit=1"), "/id")
        .await;
    assert_eq!(pages, told().await.texts("/id"));
}

async fn a_new_secret_is_shown_once(world: &World) {
    let made = world.post(HOOKS, &hook()).await;
    let path = format!("{HOOKS}/{}", made.id());
    let renew = format!("{path}/credentials/secret");
    let first = world.post(&renew, &Value::Null).await;
    let secret = first.body["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    let second = world.post(&renew, &Value::Null).await;
    assert_ne!(second.body["secret"], first.body["secret"]);
    assert!(!world.get(&path).await.body.to_string().contains("whsec_"));
    let seen = world.call(By::Reader, "POST", &renew, &Value::Null).await;
    assert_eq!(seen.outcome(), (403, "E0000006"));
}

async fn a_slow_receiver_leaves_what_follows_in_the_log(world: &World) {
    use identity::event_hook::deliveries::WAITING_MAX;
    let made = world.post(HOOKS, &hook()).await;
    let path = format!("{HOOKS}/{}", made.id());
    world
        .post(&format!("{path}/lifecycle/verify"), &Value::Null)
        .await;
    let hook_id = made.id().parse_id();
    for number in 0..WAITING_MAX + 5 {
        group(world, &format!("g{number}")).await;
        world.follow(&hook_id).await;
    }
    let following = world.cell.following_hooks(("", ""), 10).await.unwrap();
    assert_eq!(following[0].newest - following[0].followed, 5);
    let all = world.walk(&format!("{path}/deliveries"), "/id").await;
    assert_eq!(all.len(), WAITING_MAX);
}

/// An id out of an answer.
trait ParseId {
    fn parse_id(&self) -> vocab::id::EventHookId;
}

impl ParseId for String {
    fn parse_id(&self) -> vocab::id::EventHookId {
        vocab::id::EventHookId::parse(self).unwrap()
    }
}

on_both_engines!(
    a_hook_is_made_shown_and_removed,
    an_address_is_verified_by_what_it_answers,
    another_address_is_verified_anew_and_gets_no_old_secret,
    what_cannot_be_used_is_refused,
    a_hook_is_told_what_it_asked_for_once_it_is_verified,
    a_new_secret_is_shown_once,
    a_slow_receiver_leaves_what_follows_in_the_log,
);
