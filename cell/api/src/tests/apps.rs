//! Apps: added, listed, found, changed, switched on and off, and removed.

use crate::for_tests::{Answered, By, World, on_both_engines};
use serde_json::{Value, json};

/// A web app as a script adds it.
pub(super) fn web(label: &str) -> Value {
    json!({
        "name": "oidc_client",
        "label": label,
        "signOnMode": "OPENID_CONNECT",
        "credentials": { "oauthClient": {
            "autoKeyRotation": true,
            "pkce_required": true,
            "token_endpoint_auth_method": "client_secret_post",
        } },
        "settings": { "oauthClient": {
            "application_type": "web",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "redirect_uris": ["https://wiki.example/cb"],
            "initiate_login_uri": "https://wiki.example/",
        } },
    })
}

pub(super) async fn add(world: &World, body: &Value) -> Answered {
    world.post("/api/v1/apps", body).await
}

async fn act(world: &World, method: &str, path: &str) -> Answered {
    world.call(By::Manager, method, path, &Value::Null).await
}

/// What was written to the log behind that row, by the token of whoever calls.
pub(super) async fn kinds_since(world: &World, seq: i64) -> Vec<String> {
    let log = world.log_since(seq).await;
    assert!(log.iter().all(|(_, actor)| actor == "ApiToken"), "{log:?}");
    log.into_iter().map(|(kind, _)| kind).collect()
}

async fn an_app_is_added_and_shown(world: &World) {
    let rows = world.log_rows(&world.main).await;
    let added = add(world, &web("Wiki")).await;
    assert_eq!(added.status, 200, "{}", added.body);
    let id = added.id();
    let href = format!("https://id.example/t/main/api/v1/apps/{id}");
    let now = world.cell.now().to_rfc3339_millis();
    let body = &added.body;
    let secret = body["credentials"]["oauthClient"]["client_secret"].as_str();
    assert!(secret.is_some_and(|secret| secret.starts_with("tcs_")));
    for (pointer, expected) in [
        ("/name", json!("oidc_client")),
        ("/label", json!("Wiki")),
        ("/status", json!("ACTIVE")),
        ("/signOnMode", json!("OPENID_CONNECT")),
        ("/created", json!(now)),
        ("/lastUpdated", json!(now)),
        ("/visibility/hide", json!({ "iOS": true, "web": false })),
        ("/credentials/oauthClient/client_id", json!(id)),
        ("/credentials/oauthClient/pkce_required", json!(true)),
        (
            "/credentials/oauthClient/token_endpoint_auth_method",
            json!("client_secret_post"),
        ),
        ("/settings/implicitAssignment", json!(false)),
        ("/settings/oauthClient/application_type", json!("web")),
        (
            "/settings/oauthClient/grant_types",
            json!(["authorization_code", "refresh_token"]),
        ),
        ("/settings/oauthClient/response_types", json!(["code"])),
        (
            "/settings/oauthClient/redirect_uris",
            json!(["https://wiki.example/cb"]),
        ),
        ("/settings/oauthClient/consent_method", json!("TRUSTED")),
        (
            "/settings/oauthClient/refresh_token",
            json!({ "rotation_type": "ROTATE", "leeway": 30 }),
        ),
        (
            "/_links",
            json!({
                "self": { "href": href },
                "users": { "href": format!("{href}/users") },
                "groups": { "href": format!("{href}/groups") },
                "deactivate": {
                    "href": format!("{href}/lifecycle/deactivate"),
                    "hints": { "allow": ["POST"] },
                },
            }),
        ),
    ] {
        assert_eq!(body.pointer(pointer), Some(&expected), "{pointer}");
    }
    let kinds = kinds_since(world, rows).await;
    assert_eq!(kinds, ["application.lifecycle.create"]);
    let shown = world.get(&format!("/api/v1/apps/{id}")).await;
    let mut without_secret = added.body.clone();
    let proof = without_secret["credentials"]["oauthClient"].as_object_mut();
    proof.unwrap().remove("client_secret");
    assert_eq!(shown.body, without_secret, "the secret is shown once");
}

async fn an_app_is_changed_as_a_whole(world: &World) {
    let added = add(world, &web("Wiki")).await;
    let path = format!("/api/v1/apps/{}", added.id());
    world.clock.advance_secs(5);
    // What was shown can be sent back, and nothing but the time is another.
    let shown = world.get(&path).await.body;
    let same = world.call(By::Manager, "PUT", &path, &shown).await;
    assert_eq!(same.status, 200, "{}", same.body);
    let later = world.cell.now().to_rfc3339_millis();
    let mut expected = shown.clone();
    expected["lastUpdated"] = json!(later);
    assert_eq!(same.body, expected);
    let mut body = web("Handbook");
    body["settings"]["implicitAssignment"] = json!(true);
    body["credentials"]["oauthClient"] = json!({ "pkce_required": false });
    let client = &mut body["settings"]["oauthClient"];
    client["grant_types"] = json!(["authorization_code"]);
    client["consent_method"] = json!("REQUIRED");
    client.as_object_mut().unwrap().remove("initiate_login_uri");
    let rows = world.log_rows(&world.main).await;
    let changed = world.call(By::Manager, "PUT", &path, &body).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let kinds = kinds_since(world, rows).await;
    assert_eq!(kinds, ["application.lifecycle.update"]);
    let client = &changed.body["settings"]["oauthClient"];
    assert_eq!(client["grant_types"], json!(["authorization_code"]));
    assert_eq!(client.get("refresh_token"), None);
    assert_eq!(client["consent_method"], "REQUIRED");
    assert_eq!(client.get("initiate_login_uri"), None);
    assert_eq!(changed.body["visibility"]["hide"]["web"], true);
    let proof = &changed.body["credentials"]["oauthClient"];
    assert_eq!(
        (
            &proof["pkce_required"],
            &proof["token_endpoint_auth_method"]
        ),
        (&json!(false), &json!("client_secret_post")),
        "how it proves itself stays"
    );
    assert_eq!(world.get(&path).await.body, changed.body);
}

async fn what_does_not_fit_is_refused(world: &World) {
    let wiki = add(world, &web("Wiki")).await.id();
    add(world, &web("Books")).await;
    let path = format!("/api/v1/apps/{wiki}");
    let with = |pointer: &str, value: Value| {
        let mut body = web("Other");
        match body.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => body[pointer.trim_start_matches('/')] = value,
        }
        body
    };
    let client = "/settings/oauthClient";
    let rows = world.log_rows(&world.main).await;
    for (body, outcome) in [
        (with("/label", json!("BOOKS")), (400, "E0000001")),
        (with("/label", json!("a\nb")), (400, "E0000001")),
        (with("/signOnMode", json!("BOOKMARK")), (501, "E0000060")),
        (with("/name", json!("template_saml_2_0")), (501, "E0000060")),
        (with("/profile", json!({ "a": 1 })), (400, "E0000001")),
        (
            with(
                &format!("{client}/redirect_uris"),
                json!(["http://a.example/"]),
            ),
            (400, "E0000001"),
        ),
        (
            with(&format!("{client}/grant_types"), json!(["password"])),
            (400, "E0000001"),
        ),
        (
            with(&format!("{client}/application_type"), json!("service")),
            (400, "E0000001"),
        ),
        (
            with(
                "/credentials/oauthClient/token_endpoint_auth_method",
                json!("private_key_jwt"),
            ),
            (400, "E0000001"),
        ),
    ] {
        for answer in [
            add(world, &body).await,
            world.call(By::Manager, "PUT", &path, &body).await,
        ] {
            assert_eq!(answer.outcome(), outcome, "{body}");
        }
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    let refused = add(world, &with("/label", json!("books"))).await;
    assert_eq!(
        refused.body["errorCauses"][0]["errorSummary"],
        "label: An object with this field already exists in the current organization"
    );
}

async fn an_app_is_switched_off_before_it_is_removed(world: &World) {
    let id = add(world, &web("Wiki")).await.id();
    let path = format!("/api/v1/apps/{id}");
    let rows = world.log_rows(&world.main).await;
    let early = act(world, "DELETE", &path).await;
    assert_eq!(early.outcome(), (403, "E0000056"));
    for (step, status, other) in [
        ("deactivate", "INACTIVE", "activate"),
        ("activate", "ACTIVE", "deactivate"),
        ("deactivate", "INACTIVE", "activate"),
    ] {
        // Twice is once.
        for _ in 0..2 {
            let done = act(world, "POST", &format!("{path}/lifecycle/{step}")).await;
            assert_eq!((done.status.as_u16(), &done.body), (200, &json!({})));
        }
        let shown = world.get(&path).await.body;
        assert_eq!(shown["status"], status);
        assert!(shown["_links"].get(other).is_some() && shown["_links"].get(step).is_none());
    }
    assert_eq!(act(world, "DELETE", &path).await.status, 204);
    let life = |step: &str| format!("application.lifecycle.{step}");
    assert_eq!(
        kinds_since(world, rows).await,
        ["deactivate", "activate", "deactivate", "delete"].map(life)
    );
    for method in ["GET", "DELETE"] {
        let gone = act(world, method, &path).await;
        assert_eq!(gone.outcome(), (404, "E0000007"));
    }
    let path = "/api/v1/apps?activate=false";
    let idle = world.post(path, &web("Wiki")).await;
    assert_eq!(idle.body["status"], "INACTIVE");
    let path = format!("/api/v1/apps/{}", idle.id());
    assert_eq!(world.get(&path).await.body["status"], "INACTIVE");
    assert_eq!(act(world, "DELETE", &path).await.status, 204);
}

async fn apps_are_listed_and_found(world: &World) {
    let labels = ["Alpha", "Beta", "Books", "Wiki", "Wikis"];
    let mut ids = Vec::new();
    for label in labels {
        ids.push(add(world, &web(label)).await.id());
    }
    act(
        world,
        "POST",
        &format!("/api/v1/apps/{}/lifecycle/deactivate", ids[1]),
    )
    .await;
    let things = world.things(&world.main, "ada").await;
    let mut other = web("Other");
    other["credentials"]["oauthClient"] = json!({});
    let renamed = format!("/api/v1/apps/{}", things.app);
    let renamed = world.call(By::Manager, "PUT", &renamed, &other).await;
    assert_eq!(renamed.status, 200, "{}", renamed.body);
    let all = world.walk("/api/v1/apps?limit=2", "/id").await;
    assert!(all.len() == 8 && all.is_sorted(), "{all:?}");
    let found = async |query: &str| {
        let mut labels = world
            .walk(&format!("/api/v1/apps?limit=1&{query}"), "/label")
            .await;
        labels.sort();
        labels
    };
    let (user, group) = (&things.user, &things.group);
    for (query, expected) in [
        ("q=wik".to_owned(), vec!["Wiki", "Wikis"]),
        ("q=W".to_owned(), vec!["Wiki", "Wikis"]),
        ("filter=status+eq+%22INACTIVE%22".to_owned(), vec!["Beta"]),
        (
            "filter=status+eq+%22ACTIVE%22+and+name+eq+%22oidc_client%22".to_owned(),
            vec![
                "Alpha",
                "Books",
                "Other",
                "Wiki",
                "Wikis",
                "ada governed",
                "ada service",
            ],
        ),
        ("filter=name+eq+%22bookmark%22".to_owned(), vec![]),
        (
            format!("filter=id+eq+%22{}%22+or+status+eq+%22INACTIVE%22", ids[3]),
            vec!["Beta", "Wiki"],
        ),
        (format!("filter=user.id+eq+%22{user}%22"), vec!["Other"]),
        (format!("filter=group.id+eq+%22{group}%22"), vec!["Other"]),
        (
            format!("filter=user.id+eq+%22{user}%22+and+status+eq+%22INACTIVE%22"),
            vec![],
        ),
        ("filter=user.id+eq+%22nobody%22".to_owned(), vec![]),
    ] {
        assert_eq!(found(&query).await, expected, "{query}");
    }
    for (query, code) in [
        ("filter=label+eq+%22Wiki%22", "E0000031"),
        ("filter=not+(id+eq+%22a%22)", "E0000031"),
        ("filter=user.id+eq+%22a%22+or+id+eq+%22b%22", "E0000031"),
        ("q=a&filter=id+eq+%22a%22", "E0000033"),
        ("search=id+eq+%22a%22", "E0000001"),
        ("expand=group", "E0000001"),
        ("limit=0", "E0000001"),
        ("after=x", "E0000001"),
    ] {
        let refused = world.get(&format!("/api/v1/apps?{query}")).await;
        assert_eq!(refused.outcome(), (400, code), "{query}");
    }
}

on_both_engines!(
    an_app_is_added_and_shown,
    an_app_is_changed_as_a_whole,
    what_does_not_fit_is_refused,
    an_app_is_switched_off_before_it_is_removed,
    apps_are_listed_and_found,
);
