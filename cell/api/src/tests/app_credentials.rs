//! Secrets and keys of apps: a new one beside the old one, and then without it.

use super::apps::{add, kinds_since, web};
use crate::for_tests::{Answered, By, World, on_both_engines, public_key};
use serde_json::{Value, json};
use vocab::id::AppId;
use vocab::secret::SecretHash;

async fn act(world: &World, method: &str, path: &str) -> Answered {
    world.call(By::Manager, method, path, &Value::Null).await
}

/// Whether the app is known by the secret, as the token endpoint asks.
async fn is_accepted(world: &World, app: &str, secret: &str) -> bool {
    let app = AppId::parse(app).unwrap();
    let app = world.cell.app(&world.main, &app).await.unwrap().unwrap();
    app.secrets.contains(&SecretHash::of(secret))
}

async fn secrets_are_exchanged_without_a_pause(world: &World) {
    let added = add(world, &web("Wiki")).await;
    let app = added.id();
    let old = added.body["credentials"]["oauthClient"]["client_secret"].clone();
    let old = old.as_str().unwrap();
    let path = format!("/api/v1/apps/{app}/credentials/secrets");
    let listed = world.get(&path).await.body;
    let old_id = listed[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert!(!listed.to_string().contains(old), "it is shown once");
    let only = act(
        world,
        "POST",
        &format!("{path}/{old_id}/lifecycle/deactivate"),
    )
    .await;
    assert_eq!(only.outcome(), (400, "E0000001"));
    world.clock.advance_secs(5);
    let rows = world.log_rows(&world.main).await;
    let made = world.post(&path, &json!({ "status": "ACTIVE" })).await;
    assert_eq!(made.status, 201);
    let new = made.body["client_secret"].as_str().unwrap();
    let href = format!("https://id.example/t/main{path}/{}", made.id());
    let now = world.cell.now().to_rfc3339_millis();
    assert_eq!(
        made.body,
        json!({
            "id": made.id(),
            "status": "ACTIVE",
            "created": now,
            "lastUpdated": now,
            "client_secret": new,
            "_links": { "deactivate": {
                "href": format!("{href}/lifecycle/deactivate"), "hints": { "allow": ["POST"] },
            } },
        })
    );
    assert!(is_accepted(world, &app, old).await && is_accepted(world, &app, new).await);
    assert_eq!(act(world, "POST", &path).await.outcome(), (400, "E0000001"));
    let one = format!("{path}/{old_id}");
    assert_eq!(
        act(world, "DELETE", &one).await.outcome(),
        (400, "E0000001")
    );
    world.clock.advance_secs(5);
    for (step, status, accepted) in [
        ("deactivate", "INACTIVE", false),
        ("deactivate", "INACTIVE", false),
        ("activate", "ACTIVE", true),
        ("deactivate", "INACTIVE", false),
    ] {
        let changed = act(world, "POST", &format!("{one}/lifecycle/{step}")).await;
        assert_eq!(changed.body["status"], status);
        assert_eq!(world.get(&one).await.body, changed.body);
        assert_eq!(is_accepted(world, &app, old).await, accepted, "{step}");
        let later = world.cell.now().to_rfc3339_millis();
        assert_eq!(changed.body["lastUpdated"], later);
    }
    assert!(is_accepted(world, &app, new).await);
    assert_eq!(
        act(world, "POST", &path).await.outcome(),
        (400, "E0000001"),
        "one that is switched off counts"
    );
    assert_eq!(act(world, "DELETE", &one).await.status, 204);
    assert_eq!(
        act(world, "DELETE", &one).await.outcome(),
        (404, "E0000007")
    );
    assert_eq!(world.get(&path).await.texts("/id"), [made.id()]);
    let life = |step: &str| format!("app.oauth2.credentials.lifecycle.{step}");
    assert_eq!(
        kinds_since(world, rows).await,
        ["create", "deactivate", "activate", "deactivate", "delete"].map(life)
    );
}

async fn what_is_no_secret_to_be_added_is_refused(world: &World) {
    let app = add(world, &web("Wiki")).await.id();
    let mut public = web("Calendar");
    public["credentials"] = json!({});
    public["settings"]["oauthClient"]["application_type"] = json!("browser");
    let public = add(world, &public).await.id();
    let rows = world.log_rows(&world.main).await;
    for (app, body) in [
        (&app, json!({ "client_secret": "x".repeat(40) })),
        (&app, json!({ "status": "INACTIVE" })),
        (&app, json!({ "other": 1 })),
        (&public, json!({})),
    ] {
        let path = format!("/api/v1/apps/{app}/credentials/secrets");
        let refused = world.post(&path, &body).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{body}");
    }
    let other = world.things(&world.other, "ada").await.secret;
    for named in [other.as_str(), "none"] {
        let path = format!("/api/v1/apps/{app}/credentials/secrets/{named}");
        for (method, path) in [
            ("GET", path.clone()),
            ("DELETE", path.clone()),
            ("POST", format!("{path}/lifecycle/activate")),
            ("POST", format!("{path}/lifecycle/deactivate")),
        ] {
            let missing = act(world, method, &path).await;
            assert_eq!(missing.outcome(), (404, "E0000007"), "{method} {path}");
        }
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
}

async fn keys_are_exchanged_without_a_pause(world: &World) {
    let first = public_key("first");
    let mut body = web("Robot");
    body["credentials"]["oauthClient"]["token_endpoint_auth_method"] = json!("private_key_jwt");
    let client = &mut body["settings"]["oauthClient"];
    *client = json!({
        "application_type": "service",
        "grant_types": ["client_credentials"],
        "response_types": ["token"],
        "jwks": { "keys": [first] },
    });
    let added = add(world, &body).await;
    assert_eq!(added.status, 200, "{}", added.body);
    let app = format!("/api/v1/apps/{}", added.id());
    let path = format!("{app}/credentials/jwks");
    let listed = world.get(&path).await.body;
    let old = listed[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&listed[0]["kid"], &listed[0]["status"]),
        (&json!("first"), &json!("ACTIVE"))
    );
    let last = act(world, "DELETE", &format!("{path}/{old}")).await;
    assert_eq!(last.outcome(), (400, "E0000001"));
    let rows = world.log_rows(&world.main).await;
    let made = world.post(&path, &public_key("second")).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let one = format!("{path}/{}", made.id());
    assert_eq!(world.get(&one).await.body, made.body);
    assert_eq!(world.get(&path).await.texts("/kid"), ["first", "second"]);
    let mut nameless = public_key("x");
    nameless.as_object_mut().unwrap().remove("kid");
    let mut private = public_key("y");
    private["d"] = json!("AA");
    let mut idle = public_key("z");
    idle["status"] = json!("INACTIVE");
    for bad in [
        public_key("second"),
        first.clone(),
        nameless,
        private,
        idle,
        json!({}),
    ] {
        let refused = world.post(&path, &bad).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{bad}");
    }
    assert_eq!(
        act(world, "DELETE", &format!("{path}/{old}")).await.status,
        204
    );
    for method in ["GET", "DELETE"] {
        let gone = act(world, method, &format!("{path}/{old}")).await;
        assert_eq!(gone.outcome(), (404, "E0000007"));
    }
    let id = AppId::parse(&added.id()).unwrap();
    let stored = world.cell.app(&world.main, &id).await.unwrap().unwrap();
    assert!(stored.settings.jwks.contains("second") && !stored.settings.jwks.contains("first"));
    let life = |step: &str| format!("app.oauth2.credentials.lifecycle.{step}");
    assert_eq!(
        kinds_since(world, rows).await,
        ["create", "delete"].map(life)
    );
    // An app that is changed keeps its keys where none are named, and takes back those that it was shown with.
    let shown = world.get(&app).await.body;
    let same = world.call(By::Manager, "PUT", &app, &shown).await;
    assert_eq!(same.body["settings"], shown["settings"]);
    let client = body["settings"]["oauthClient"].as_object_mut().unwrap();
    client.remove("jwks");
    let kept = world.call(By::Manager, "PUT", &app, &body).await;
    assert_eq!(kept.body["settings"], shown["settings"]);
}

on_both_engines!(
    secrets_are_exchanged_without_a_pause,
    what_is_no_secret_to_be_added_is_refused,
    keys_are_exchanged_without_a_pause,
);
