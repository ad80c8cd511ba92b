//! Log streams: made, shown, changed, switched, tested and removed; what they are, and by whom that is seen.

use crate::for_tests::{By, World, on_both_engines};
use identity::event_hook::envoy::{Answered, Trouble};
use serde_json::{Value, json};

const STREAMS: &str = "/api/v1/logStreams";
const PEM: &str = "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n";

fn webhook() -> Value {
    json!({
        "type": "webhook",
        "name": "Siem",
        "settings": {
            "uri": "https://siem.example/in",
            "authScheme": { "type": "HEADER", "key": "Authorization", "value": "letmein-secret" },
        },
    })
}

fn syslog() -> Value {
    json!({
        "type": "syslog",
        "name": "Archive",
        "filter": "outcome.result eq \"FAILURE\"",
        "settings": { "host": "Syslog.Example", "caCertificate": PEM },
    })
}

async fn put(world: &World, path: &str, body: &Value) -> crate::for_tests::Answered {
    world.call(By::Manager, "PUT", path, body).await
}

async fn a_stream_is_made_shown_switched_and_removed(world: &World) {
    let before = world.log_rows(&world.main).await;
    let made = world.post(STREAMS, &webhook()).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let path = format!("{STREAMS}/{}", made.id());
    assert!(made.id().starts_with("0oa"));
    let href = format!("https://id.example/t/main{path}");
    for (pointer, expected) in [
        ("/type", json!("webhook")),
        ("/status", json!("ACTIVE")),
        ("/settings/uri", json!("https://siem.example/in")),
        ("/settings/authScheme/key", json!("Authorization")),
        ("/delivery/failedAttempts", json!(0)),
        ("/_links/self", json!({ "href": href, "method": "GET" })),
        (
            "/_links/deactivate",
            json!({ "href": format!("{href}/lifecycle/deactivate"), "method": "POST" }),
        ),
    ] {
        assert_eq!(made.body.pointer(pointer), Some(&expected), "{pointer}");
    }
    assert!(
        !made.body.to_string().contains("letmein"),
        "a secret is shown"
    );
    let shown = world.get(&path).await.body;
    assert_eq!(shown["delivery"]["eventsBehind"], 1, "that it was made");
    assert_eq!(world.get(STREAMS).await.body, json!([shown]));
    let by_reader = world.call(By::Reader, "GET", &path, &Value::Null).await;
    assert_eq!(by_reader.body, shown);
    let on = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(on.outcome(), (400, "E0000001"));
    let off = world
        .post(&format!("{path}/lifecycle/deactivate"), &Value::Null)
        .await;
    assert_eq!(off.body["status"], "INACTIVE");
    assert!(off.body["_links"]["activate"].is_object());
    let again = world
        .post(&format!("{path}/lifecycle/activate"), &Value::Null)
        .await;
    assert_eq!(again.body["status"], "ACTIVE");
    world
        .post(&format!("{path}/lifecycle/deactivate"), &Value::Null)
        .await;
    let gone = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(gone.status, 204);
    assert_eq!(world.get(&path).await.outcome(), (404, "E0000007"));
    let kinds: Vec<String> = world
        .log_since(before)
        .await
        .into_iter()
        .map(|(kind, _)| kind["system.log_stream.lifecycle.".len()..].to_owned())
        .collect();
    let expected = ["create", "deactivate", "activate", "deactivate", "delete"];
    assert_eq!(kinds, expected);
}

async fn syslog_has_its_own_settings_and_keeps_its_type(world: &World) {
    let made = world.post(STREAMS, &syslog()).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let path = format!("{STREAMS}/{}", made.id());
    let settings = json!({ "host": "syslog.example", "port": 6514, "caCertificate": PEM });
    assert_eq!(made.body["settings"], settings);
    // What is shown can be sent back, with another name.
    let mut shown = world.get(&path).await.body;
    shown["name"] = json!("Renamed");
    let renamed = put(world, &path, &shown).await;
    assert_eq!(renamed.status, 200, "{}", renamed.body);
    assert_eq!(renamed.body["name"], "Renamed");
    assert_eq!(renamed.body["filter"], "outcome.result eq \"FAILURE\"");
    assert_eq!(
        put(world, &path, &webhook()).await.outcome(),
        (400, "E0000001")
    );
    let secret = format!("{path}/credentials/secret");
    let unsigned = world.post(&secret, &Value::Null).await;
    assert_eq!(unsigned.outcome(), (400, "E0000001"));
    world.shipped().clear();
    let tested = world.post(&format!("{path}/test"), &Value::Null).await;
    assert_eq!(tested.body["result"], "TAKEN");
    let (to, frames) = world.shipped().remove(0);
    assert_eq!(to, "syslog.example:6514");
    assert!(
        frames.contains(" testudo - system.log_stream.test "),
        "{frames}"
    );
}

async fn another_address_gets_no_old_secret(world: &World) {
    let made = world.post(STREAMS, &webhook()).await;
    let path = format!("{STREAMS}/{}", made.id());
    let mut shown = world.get(&path).await.body;
    assert_eq!(put(world, &path, &shown).await.status, 200);
    shown["settings"]["uri"] = json!("https://evil.example/");
    assert_eq!(put(world, &path, &shown).await.outcome(), (400, "E0000001"));
    shown["settings"]["authScheme"]["value"] = json!("other");
    assert_eq!(put(world, &path, &shown).await.status, 200);
    world.receiver.seen.lock().unwrap().clear();
    world.post(&format!("{path}/test"), &Value::Null).await;
    let (uri, headers) = world.receiver.seen.lock().unwrap().remove(0);
    assert_eq!(uri, "https://evil.example/");
    assert!(headers.contains(&("Authorization".to_owned(), "other".to_owned())));
}

async fn what_cannot_be_used_is_refused(world: &World) {
    type Wrong<'w> = &'w [(&'w str, Value)];
    let tables: [(fn() -> Value, Wrong<'_>); 2] = [
        (
            webhook,
            &[
                ("/name", json!("")),
                ("/type", json!("aws_eventbridge")),
                ("/type", json!("splunk_cloud_logstreaming")),
                ("/type", json!("kafka")),
                ("/settings/uri", json!("http://siem.example/in")),
                ("/settings/uri", json!("https://a:b@siem.example/")),
                ("/settings/authScheme/key", json!("Host")),
                ("/settings/authScheme/value", json!("x\r\ny")),
                ("/settings/authScheme/value", json!(null)),
            ],
        ),
        (
            syslog,
            &[
                ("/filter", json!("eventType sw \"user.\"")),
                ("/filter", json!("eventType eq \"no.such\"")),
                ("/filter", json!("((((")),
                ("/settings/host", json!("https://siem.example")),
                ("/settings/host", json!("")),
                ("/settings/caCertificate", json!("a certificate")),
            ],
        ),
    ];
    for (good, table) in tables {
        for (place, value) in table {
            let mut body = good();
            *body.pointer_mut(place).unwrap() = value.clone();
            let refused = world.post(STREAMS, &body).await;
            assert_eq!(refused.outcome(), (400, "E0000001"), "{place} {value}");
        }
    }
    for port in [0, -1, 65_536] {
        let mut body = syslog();
        body["settings"]["port"] = json!(port);
        assert_eq!(
            world.post(STREAMS, &body).await.outcome(),
            (400, "E0000001")
        );
    }
    for number in 0..10 {
        let mut body = syslog();
        body["name"] = json!(format!("stream {number}"));
        assert_eq!(world.post(STREAMS, &body).await.status, 200);
    }
    assert_eq!(
        world.post(STREAMS, &webhook()).await.outcome(),
        (400, "E0000001")
    );
}

async fn names_are_unique_and_lists_are_filtered(world: &World) {
    assert_eq!(world.post(STREAMS, &webhook()).await.status, 200);
    let taken = world.post(STREAMS, &webhook()).await;
    assert_eq!(taken.outcome(), (400, "E0000001"));
    let second = world.post(STREAMS, &syslog()).await;
    let mut renamed = syslog();
    renamed["name"] = json!("Siem");
    let path = format!("{STREAMS}/{}", second.id());
    assert_eq!(
        put(world, &path, &renamed).await.outcome(),
        (400, "E0000001")
    );
    world
        .post(&format!("{path}/lifecycle/deactivate"), &Value::Null)
        .await;
    for (filter, names) in [
        ("type eq \"syslog\"", &["Archive"][..]),
        ("type eq \"aws_eventbridge\"", &[]),
        ("status eq \"ACTIVE\"", &["Siem"]),
    ] {
        let filter: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let listed = world.get(&format!("{STREAMS}?filter={filter}")).await;
        assert_eq!(listed.texts("/name"), names, "{filter}");
    }
    let bad = world.get(&format!("{STREAMS}?filter=name+pr")).await;
    assert_eq!(bad.outcome(), (400, "E0000031"));
    let mut pages = world.walk(&format!("{STREAMS}?limit=1"), "/name").await;
    pages.sort();
    assert_eq!(pages, ["Archive", "Siem"]);
}

async fn a_test_says_what_came_of_it(world: &World) {
    let made = world.post(STREAMS, &webhook()).await;
    let test = format!("{STREAMS}/{}/test", made.id());
    let answer = |status| Ok(Answered::of(status, Vec::new()));
    for (answer, cause) in [
        (
            Err(Trouble::Inward),
            "settings: it leads into a private network",
        ),
        (
            Err(Trouble::TimedOut),
            "settings: it took too long to answer",
        ),
        (answer(301), "settings: it answered with 301"),
        (answer(500), "settings: it answered with 500"),
    ] {
        world.receiver.answers.lock().unwrap().push(answer);
        let refused = world.post(&test, &Value::Null).await;
        assert_eq!(refused.outcome(), (400, "E0000001"));
        let said = refused.body["errorCauses"][0]["errorSummary"]
            .as_str()
            .unwrap();
        assert!(said.starts_with(cause), "{said}");
    }
    let before = world.log_rows(&world.main).await;
    let taken = world.post(&test, &Value::Null).await;
    assert_eq!(
        taken.body,
        json!({ "result": "TAKEN", "responseStatus": 200 })
    );
    let logged = world.log_since(before).await;
    assert_eq!(logged[0].0, "system.log_stream.test");
}

async fn a_new_secret_is_shown_once_and_to_managers_alone(world: &World) {
    let made = world.post(STREAMS, &webhook()).await;
    let path = format!("{STREAMS}/{}", made.id());
    let renew = format!("{path}/credentials/secret");
    let first = world.post(&renew, &Value::Null).await;
    assert!(first.body["secret"].as_str().unwrap().starts_with("whsec_"));
    let second = world.post(&renew, &Value::Null).await;
    assert_ne!(second.body["secret"], first.body["secret"]);
    assert!(!world.get(&path).await.body.to_string().contains("whsec_"));
    for (method, path) in [
        ("POST", renew.as_str()),
        ("POST", &format!("{path}/test")),
        ("DELETE", &path),
        ("POST", &format!("{path}/lifecycle/deactivate")),
    ] {
        let seen = world.call(By::Reader, method, path, &Value::Null).await;
        assert_eq!(seen.outcome(), (403, "E0000006"), "{method} {path}");
        let strange = world.call(By::Stranger, method, path, &Value::Null).await;
        assert_eq!(strange.status, 401, "{method} {path}");
    }
}

on_both_engines!(
    a_stream_is_made_shown_switched_and_removed,
    syslog_has_its_own_settings_and_keeps_its_type,
    another_address_gets_no_old_secret,
    what_cannot_be_used_is_refused,
    names_are_unique_and_lists_are_filtered,
    a_test_says_what_came_of_it,
    a_new_secret_is_shown_once_and_to_managers_alone,
);
