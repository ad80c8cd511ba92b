//! Identity providers: added, shown, changed, switched, removed and searched for; who of their people is who here.

use crate::for_tests::{Answered as Reply, By, World, on_both_engines};
use crate::identity_providers::input::tests::body;
use identity::access::Role;
use identity::event_hook::envoy::Answered;
use serde_json::{Value, json};

const PROVIDERS: &str = "/api/v1/idps";

fn named(name: &str) -> Value {
    let mut body = body();
    body["name"] = json!(name);
    body
}

async fn put(world: &World, path: &str, body: &Value) -> Reply {
    world.call(By::Manager, "PUT", path, body).await
}

async fn delete(world: &World, path: &str) -> Reply {
    world.call(By::Manager, "DELETE", path, &Value::Null).await
}

async fn a_provider_is_added_shown_changed_and_removed(world: &World) {
    let before = world.log_rows(&world.main).await;
    let made = world.post(PROVIDERS, &body()).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert!(made.id().starts_with("0oa"));
    assert_eq!(made.body["status"], "ACTIVE");
    assert!(
        !made.body.to_string().contains("let me in"),
        "a secret is shown"
    );
    let links = &made.body["_links"];
    let callback = links["clientRedirectUri"]["href"].as_str().unwrap();
    let path = format!("/oauth2/v1/authorize/callback/{}", made.id());
    assert!(callback.ends_with(&path), "each has an address of its own");
    let path = format!("{PROVIDERS}/{}", made.id());
    assert_eq!(world.get(&path).await.body, made.body);
    assert_eq!(world.get(PROVIDERS).await.body, json!([made.body]));
    // What is shown can be sent back; the secret stays.
    let mut shown = made.body.clone();
    shown["name"] = json!("Renamed");
    let changed = put(world, &path, &shown).await;
    assert_eq!(changed.body["name"], "Renamed", "{}", changed.body);
    assert_eq!(changed.body["protocol"], made.body["protocol"]);
    assert_eq!(changed.body["policy"], made.body["policy"]);
    // Some clients have no place for what a provider calls itself, and for where the secret is sent.
    assert_eq!(
        made.body["protocol"]["credentials"]["client"]["secret_place"],
        "BODY"
    );
    let protocol = shown["protocol"].as_object_mut().unwrap();
    protocol.remove("issuer");
    let client = &mut protocol["credentials"]["client"];
    client.as_object_mut().unwrap().remove("secret_place");
    let changed = put(world, &path, &shown).await;
    assert_eq!(changed.body["protocol"], made.body["protocol"]);
    // It goes to no other address than it was given for.
    shown["protocol"]["endpoints"]["token"]["url"] = json!("https://evil.example/token");
    assert_eq!(put(world, &path, &shown).await.outcome(), (400, "E0000001"));
    assert_eq!(
        delete(world, &path).await.outcome(),
        (400, "E0000001"),
        "it is switched on"
    );
    let off = format!("{path}/lifecycle/deactivate");
    let off = world.post(&off, &Value::Null).await;
    assert_eq!(off.body["status"], "INACTIVE");
    assert!(off.body["_links"]["activate"].is_object());
    assert_eq!(delete(world, &path).await.status, 204);
    assert_eq!(world.get(&path).await.outcome(), (404, "E0000007"));
    let kinds = world.log_since(before).await;
    let kinds: Vec<&str> = kinds.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "system.idp.lifecycle.create",
            "system.idp.lifecycle.update",
            "system.idp.lifecycle.update",
            "system.idp.lifecycle.deactivate",
            "system.idp.lifecycle.delete"
        ]
    );
}

async fn what_cannot_be_used_is_refused(world: &World) {
    for (place, value) in [
        ("/name", json!("")),
        ("/type", json!("SAML2")),
        ("/protocol/issuer", json!(null)),
        ("/protocol/issuer/url", json!("http://idp.example")),
        (
            "/protocol/endpoints/authorization/url",
            json!("javascript:alert(1)"),
        ),
        (
            "/protocol/endpoints/token/url",
            json!("http://127.0.0.1/token"),
        ),
        (
            "/protocol/endpoints/jwks/url",
            json!("https://a:b@idp.example/keys"),
        ),
        ("/protocol/scopes", json!(["email"])),
        ("/protocol/credentials/client/client_secret", json!(null)),
        ("/policy/subject/filter", json!("(\\S+@example\\.com)")),
        (
            "/policy/accountLink/filter",
            json!({ "groups": { "include": ["00g1a2b3c4d5e6f7g8h9"] } }),
        ),
    ] {
        let mut body = body();
        let (parent, name) = place.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        let refused = world.post(PROVIDERS, &body).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{place}");
    }
    assert_eq!(world.post(PROVIDERS, &body()).await.status, 200);
    let twin = world.post(PROVIDERS, &named("PARTNER")).await;
    assert_eq!(twin.outcome(), (400, "E0000001"), "two buttons of one name");
}

async fn lists_are_searched_and_walked(world: &World) {
    for name in ["Alpha", "Beta", "Beta two"] {
        assert_eq!(world.post(PROVIDERS, &named(name)).await.status, 200);
        world.clock.advance_secs(1);
    }
    let names = async |query: &str| {
        let path = format!("{PROVIDERS}{query}");
        let listed = world.get(&path).await;
        let listed = listed.body.as_array().unwrap().clone();
        let name = |one: &Value| one["name"].as_str().unwrap().to_owned();
        listed.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["Alpha", "Beta", "Beta two"]);
    assert_eq!(names("?q=beta").await, ["Beta", "Beta two"]);
    assert_eq!(names("?type=OIDC&q=al").await, ["Alpha"]);
    assert!(names("?type=GOOGLE").await.is_empty());
    let odd = world.get(&format!("{PROVIDERS}?type=OTHER")).await;
    assert_eq!(odd.outcome(), (400, "E0000001"));
    let walked = world.walk(&format!("{PROVIDERS}?limit=2"), "/name").await;
    assert_eq!(walked, ["Alpha", "Beta", "Beta two"]);
}

async fn people_are_linked_and_unlinked(world: &World) {
    let provider = world.post(PROVIDERS, &body()).await;
    let path = format!("{PROVIDERS}/{}", provider.id());
    let person = async |login: &str| world.person(&world.main, login, "Ada", "Lovelace").await;
    let people = [person("ada").await, person("bob").await];
    let [ada, bob] = people.each_ref().map(|id| format!("{path}/users/{id}"));
    let link = |subject: &str| json!({ "externalId": subject });
    let missing = world.get(&ada).await;
    assert_eq!(missing.outcome(), (404, "E0000007"));
    let linked = world.post(&ada, &link("1")).await;
    assert_eq!(linked.status, 200, "{}", linked.body);
    assert_eq!(linked.body["externalId"], "1");
    assert_eq!(linked.body["id"], people[0].as_str());
    assert_eq!(world.get(&ada).await.body, linked.body);
    for (path, subject) in [(&ada, "2"), (&bob, "1"), (&bob, "")] {
        let refused = world.post(path, &link(subject)).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{path} {subject}");
    }
    assert_eq!(world.post(&bob, &link("2")).await.status, 200);
    let walked = world
        .walk(&format!("{path}/users?limit=1"), "/externalId")
        .await;
    assert_eq!(walked.len(), 2);
    let of_ada = world
        .get(&format!("/api/v1/users/{}/idps", people[0]))
        .await;
    assert_eq!(of_ada.body[0]["id"], provider.id().as_str());
    assert_eq!(delete(world, &ada).await.status, 204);
    assert_eq!(delete(world, &ada).await.outcome(), (404, "E0000007"));
    let of_ada = world
        .get(&format!("/api/v1/users/{}/idps", people[0]))
        .await;
    assert_eq!(of_ada.body, json!([]));
    // Whoever runs people links none who stand above them.
    let root = world.administrator(Role::OrgAdmin).await;
    world.administrator(Role::UserAdmin).await;
    let above = format!("{path}/users/{root}");
    let by = By::Of(Role::UserAdmin);
    let refused = world.call(by, "POST", &above, &link("3")).await;
    assert_eq!(refused.outcome(), (403, "E0000006"));
    let mine = world.call(by, "POST", &ada, &link("4")).await;
    assert_eq!(mine.status, 200);
}

async fn providers_are_the_super_administrators_and_one_orgs(world: &World) {
    let made = world.post(PROVIDERS, &body()).await;
    let path = format!("{PROVIDERS}/{}", made.id());
    for (by, method, body, expected) in [
        (By::Nobody, "GET", Value::Null, (403, "E0000005")),
        (By::Person, "GET", Value::Null, (403, "E0000006")),
        (By::Reader, "PUT", body(), (403, "E0000006")),
        (By::Reader, "DELETE", Value::Null, (403, "E0000006")),
    ] {
        let answer = world.call(by, method, &path, &body).await;
        assert_eq!(answer.outcome(), expected, "{method}");
    }
    world.administrator(Role::OrgAdmin).await;
    let by = By::Of(Role::OrgAdmin);
    let refused = world.call(by, "POST", PROVIDERS, &named("Other")).await;
    assert_eq!(refused.outcome(), (403, "E0000006"));
    assert_eq!(
        world
            .call(By::Reader, "GET", &path, &Value::Null)
            .await
            .status,
        200
    );
}

async fn what_an_issuer_publishes_is_read_and_not_stored(world: &World) {
    let path = format!("{PROVIDERS}/discovery");
    let asked = json!({ "issuer": { "url": "https://idp.example/tenant/" } });
    let answers = |status: u16, body: &Value| {
        let body = body.to_string().into_bytes();
        let answer = Ok(Answered::of(status, body));
        world.receiver.answers.lock().unwrap().push(answer);
    };
    let document = json!({
        "issuer": "https://idp.example/tenant/",
        "authorization_endpoint": "https://idp.example/authorize",
        "token_endpoint": "https://idp.example/token",
        "userinfo_endpoint": "https://idp.example/userinfo",
        "jwks_uri": "https://idp.example/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "scopes_supported": ["openid", "email"],
    });
    answers(200, &document);
    let found = world.post(&path, &asked).await;
    assert_eq!(found.outcome(), (200, ""), "{}", found.body);
    assert_eq!(
        found.body,
        json!({
            "type": "OIDC",
            "issuer": { "url": "https://idp.example/tenant/" },
            "endpoints": {
                "authorization": { "url": "https://idp.example/authorize", "binding": "HTTP-REDIRECT" },
                "token": { "url": "https://idp.example/token", "binding": "HTTP-POST" },
                "userInfo": { "url": "https://idp.example/userinfo", "binding": "HTTP-REDIRECT" },
                "jwks": { "url": "https://idp.example/keys", "binding": "HTTP-REDIRECT" },
            },
            "scopes": ["openid", "email"],
            "credentials": { "client": { "secret_place": "BODY" } },
        })
    );
    let (seen, headers) = world.receiver.seen.lock().unwrap().last().unwrap().clone();
    assert_eq!(
        seen,
        "https://idp.example/tenant/.well-known/openid-configuration"
    );
    assert!(headers.is_empty());
    assert_eq!(
        world.get(PROVIDERS).await.body,
        json!([]),
        "nothing is stored"
    );
    // With the credentials it is a provider.
    let mut whole = body();
    whole["protocol"] = found.body.clone();
    whole["protocol"]["credentials"]["client"]["client_id"] = json!("us");
    whole["protocol"]["credentials"]["client"]["client_secret"] = json!("let me in");
    assert_eq!(world.post(PROVIDERS, &whole).await.status, 200);
    let mut other = document.clone();
    other["issuer"] = json!("https://other.example");
    for (status, document) in [(200, &other), (404, &document), (302, &document)] {
        answers(status, document);
        let refused = world.post(&path, &asked).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{status}");
    }
    let asked_so_often = world.receiver.seen.lock().unwrap().len();
    for wrong in [
        json!({}),
        json!({ "issuer": "https://idp.example" }),
        json!({ "issuer": { "url": "http://idp.example" } }),
        json!({ "issuer": { "url": "https://idp.example" }, "name": "x" }),
    ] {
        let refused = world.post(&path, &wrong).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{wrong}");
    }
    for by in [By::Reader, By::Person] {
        let refused = world.call(by, "POST", &path, &asked).await;
        assert_eq!(refused.outcome(), (403, "E0000006"));
    }
    assert_eq!(world.receiver.seen.lock().unwrap().len(), asked_so_often);
}

on_both_engines!(
    what_an_issuer_publishes_is_read_and_not_stored,
    a_provider_is_added_shown_changed_and_removed,
    what_cannot_be_used_is_refused,
    lists_are_searched_and_walked,
    people_are_linked_and_unlinked,
    providers_are_the_super_administrators_and_one_orgs,
);
