//! What apps hold of a person: what is listed is what there is, and what is taken back is listed no more and opens nothing.

use crate::for_tests::held::{SCOPES, TOKEN_SECS};
use crate::for_tests::{By, World, on_both_engines};
use identity::access::Role;
use oauth::token::store::load_family;
use serde_json::{Value, json};

async fn delete(world: &World, path: &str) -> (u16, String) {
    let answer = world.call(By::Manager, "DELETE", path, &Value::Null).await;
    (answer.status.as_u16(), answer.code().to_owned())
}

/// Whether the store holds a refresh token as ended.
async fn is_ended(world: &World, id: &vocab::id::RefreshFamilyId) -> bool {
    let mut tx = world.cell.database.read().await.unwrap();
    let family = load_family(&mut tx, &world.main, id).await.unwrap();
    family.unwrap().revoked_at.is_some()
}

async fn what_apps_hold_is_listed_scope_by_scope(world: &World) {
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let user = format!("/api/v1/users/{ada}");
    let base = "https://id.example/t/main";
    for list in ["grants", "clients"] {
        assert_eq!(world.get(&format!("{user}/{list}")).await.body, json!([]));
    }
    let one = world.held(&world.main, &ada, "One").await;
    let two = world.held(&world.main, &ada, "Two").await;
    let now = world.cell.now().to_rfc3339_millis();
    let all = world
        .walk(&format!("{user}/grants?limit=2"), "/scopeId")
        .await;
    assert_eq!(all.len(), 2 * SCOPES.len());
    let grant = world.get(&format!("{user}/grants/{}", one.grant)).await;
    let app = format!("{base}/api/v1/apps/{}", one.app);
    assert_eq!(
        grant.body,
        json!({
            "id": one.grant, "status": "ACTIVE", "created": now, "lastUpdated": now,
            "createdBy": { "id": ada.as_str(), "type": "User" },
            "issuer": base, "clientId": one.app.as_str(), "userId": ada.as_str(),
            "scopeId": "email", "source": "END_USER",
            "_links": {
                "self": { "href": format!("{base}{user}/grants/{}", one.grant), "hints": { "allow": ["GET", "DELETE"] } },
                "app": { "href": app }, "client": { "href": app },
                "user": { "href": format!("{base}{user}") },
            },
        })
    );
    let expanded = world
        .get(&format!("{user}/grants/{}?expand=scope", one.grant))
        .await;
    assert_eq!(expanded.body["_embedded"]["scope"]["id"], "email");
    let of_scope = world
        .walk(&format!("{user}/grants?limit=1&scopeId=openid"), "/scopeId")
        .await;
    assert_eq!(of_scope, ["openid", "openid"]);
    let client = format!("{user}/clients/{}", one.app);
    let of_app = world
        .walk(&format!("{client}/grants?limit=1"), "/scopeId")
        .await;
    assert_eq!(of_app, SCOPES);
    let mut apps = world
        .walk(&format!("{user}/clients?limit=1"), "/client_name")
        .await;
    apps.sort();
    assert_eq!(apps, ["One", "Two"]);
    let tokens = world.get(&format!("{client}/tokens?expand=scope")).await;
    let token = &tokens.body[0];
    assert_eq!(token["id"], one.token.as_str());
    assert_eq!(token["scopes"], json!(SCOPES));
    assert_eq!(token["_embedded"]["scopes"][0]["name"], "email");
    let ends = world.cell.now().plus_secs(TOKEN_SECS).to_rfc3339_millis();
    assert_eq!(token["expiresAt"], ends);
    assert!(!tokens.body.to_string().contains("salt"));
    let shown = world.get(&format!("{client}/tokens/{}", one.token)).await;
    assert_eq!(shown.body["issuer"], base);
    // A token that ended is none, nor is it one of another app.
    let other = format!("{user}/clients/{}/tokens/{}", two.app, one.token);
    assert_eq!(world.get(&other).await.outcome(), (404, "E0000007"));
    world.clock.advance_secs(TOKEN_SECS + 1);
    assert_eq!(world.get(&format!("{client}/tokens")).await.body, json!([]));
    let ended = world.get(&format!("{client}/tokens/{}", one.token)).await;
    assert_eq!(ended.outcome(), (404, "E0000007"));
    for query in ["expand=user", "limit=0", "after=x"] {
        let refused = world.get(&format!("{user}/grants?{query}")).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{query}");
    }
}

async fn a_scope_that_is_taken_back_takes_what_came_of_it(world: &World) {
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let user = format!("/api/v1/users/{ada}");
    let (one, two) = (
        world.held(&world.main, &ada, "One").await,
        world.held(&world.main, &ada, "Two").await,
    );
    let rows = world.log_rows(&world.main).await;
    let path = format!("{user}/grants/{}", one.grant);
    assert_eq!(delete(world, &path).await.0, 204);
    assert_eq!(delete(world, &path).await, (404, "E0000007".into()));
    assert_eq!(world.get(&path).await.outcome(), (404, "E0000007"));
    let left = world
        .get(&format!("{user}/clients/{}/grants", one.app))
        .await;
    assert_eq!(left.texts("/scopeId"), SCOPES[1..]);
    assert!(is_ended(world, &one.token).await && !is_ended(world, &two.token).await);
    // The last scope takes the consent with it.
    for scope in left.texts("/id") {
        assert_eq!(
            delete(world, &format!("{user}/grants/{scope}")).await.0,
            204
        );
    }
    let clients = world.get(&format!("{user}/clients")).await;
    assert_eq!(clients.texts("/client_name"), ["Two"]);
    let log = world.log_since(rows).await;
    assert!(
        log.iter()
            .all(|(kind, _)| kind == "app.oauth2.consent.revoke")
    );
    assert_eq!(log.len(), SCOPES.len());
}

async fn all_is_taken_back_of_an_app_or_of_everybody(world: &World) {
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let bob = world.person(&world.main, "bob", "Bob", "Byron").await;
    let user = format!("/api/v1/users/{ada}");
    let (one, two) = (
        world.held(&world.main, &ada, "One").await,
        world.held(&world.main, &ada, "Two").await,
    );
    let bobs = world.hold(&world.main, &bob, &one.app).await;
    let rows = world.log_rows(&world.main).await;
    let of_one = format!("{user}/clients/{}/grants", one.app);
    for _ in 0..2 {
        assert_eq!(delete(world, &of_one).await.0, 204);
    }
    assert_eq!(world.get(&of_one).await.body, json!([]));
    assert!(is_ended(world, &one.token).await && !is_ended(world, &two.token).await);
    assert_eq!(delete(world, &format!("{user}/grants")).await.0, 204);
    assert_eq!(world.get(&format!("{user}/grants")).await.body, json!([]));
    assert!(is_ended(world, &two.token).await && !is_ended(world, &bobs).await);
    let log = world.log_since(rows).await;
    assert_eq!(
        log.len(),
        2,
        "nothing is told of what was not there: {log:?}"
    );
}

async fn refresh_tokens_end_one_by_one_or_all(world: &World) {
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let one = world.held(&world.main, &ada, "One").await;
    let more = [
        world.hold(&world.main, &ada, &one.app).await,
        world.hold(&world.main, &ada, &one.app).await,
    ];
    let tokens = format!("/api/v1/users/{ada}/clients/{}/tokens", one.app);
    assert_eq!(
        world.walk(&format!("{tokens}?limit=1"), "/id").await.len(),
        3
    );
    let rows = world.log_rows(&world.main).await;
    let path = format!("{tokens}/{}", one.token);
    assert_eq!(delete(world, &path).await.0, 204);
    assert_eq!(delete(world, &path).await, (404, "E0000007".into()));
    assert!(is_ended(world, &one.token).await && !is_ended(world, &more[0]).await);
    assert_eq!(delete(world, &tokens).await.0, 204);
    assert_eq!(world.get(&tokens).await.body, json!([]));
    for token in &more {
        assert!(is_ended(world, token).await);
    }
    // What was consented to stays.
    let grants = world.get(&format!("/api/v1/users/{ada}/grants")).await;
    assert_eq!(grants.texts("/scopeId"), SCOPES);
    let kinds = world.kinds_since(rows).await;
    assert_eq!(kinds, ["app.oauth2.token.revoke"; 3]);
}

async fn whoever_helps_takes_back_but_not_from_those_above(world: &World) {
    world.administrator(Role::HelpDeskAdmin).await;
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let eve = world.person(&world.main, "eve", "Eve", "Above").await;
    world.grant(&eve, Role::SuperAdmin).await;
    for (user, by, expected) in [
        (&ada, By::Reader, 403),
        (&ada, By::Person, 403),
        (&eve, By::Of(Role::HelpDeskAdmin), 403),
        (&ada, By::Of(Role::HelpDeskAdmin), 204),
    ] {
        let held = world
            .held(&world.main, user, &format!("{user} {by:?}"))
            .await;
        let path = format!("/api/v1/users/{user}");
        let client = format!("{path}/clients/{}", held.app);
        for path in [
            format!("{client}/tokens/{}", held.token),
            format!("{client}/tokens"),
            format!("{path}/grants/{}", held.grant),
            format!("{client}/grants"),
            format!("{path}/grants"),
        ] {
            let answer = world.call(by, "DELETE", &path, &Value::Null).await;
            assert_eq!(answer.status, expected, "{by:?} {path}");
        }
        assert_eq!(is_ended(world, &held.token).await, expected == 204);
    }
}

on_both_engines!(
    what_apps_hold_is_listed_scope_by_scope,
    a_scope_that_is_taken_back_takes_what_came_of_it,
    all_is_taken_back_of_an_app_or_of_everybody,
    refresh_tokens_end_one_by_one_or_all,
    whoever_helps_takes_back_but_not_from_those_above,
);
