//! Refresh tokens of an app, whosever they are: below the app, and below a server.

use crate::for_tests::held::TOKEN_SECS;
use crate::for_tests::{By, World, on_both_engines};
use identity::access::Role;
use serde_json::{Value, json};

const MISSING: (u16, &str) = (404, "E0000007");
const FORBIDDEN: (u16, &str) = (403, "E0000006");

/// As docs/management-api.md says it.
const ENDED_AT_ONCE: usize = 5_000;

async fn delete(world: &World, by: By, path: &str) -> (u16, String) {
    let answer = world.call(by, "DELETE", path, &Value::Null).await;
    (answer.status.as_u16(), answer.code().to_owned())
}

fn done() -> (u16, String) {
    (204, String::new())
}

fn outcome((status, code): (u16, &str)) -> (u16, String) {
    (status, code.to_owned())
}

async fn tokens_are_listed_across_people_and_servers(world: &World) {
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let bob = world.person(&world.main, "bob", "Bob", "Babbage").await;
    let server = world.server(&world.main, "Orders").await.id;
    let (wiki, other) = (
        world.web_app(&world.main, "Wiki").await,
        world.web_app(&world.main, "Other").await,
    );
    let mut all = Vec::new();
    for user in [&ada, &bob] {
        all.push(world.hold(&world.main, user, &wiki).await.to_string());
        let at = world.hold_at(&world.main, user, &wiki, server.as_str());
        all.push(at.await.to_string());
        world.hold(&world.main, user, &other).await;
    }
    let path = format!("/api/v1/apps/{wiki}/tokens");
    let mut seen = world.walk(&format!("{path}?limit=1"), "/id").await;
    seen.sort();
    all.sort();
    assert_eq!(seen, all);
    let servers = format!("/api/v1/authorizationServers/{server}/clients");
    let clients = world
        .walk(&format!("{servers}?limit=1"), "/client_id")
        .await;
    assert_eq!(clients, [wiki.to_string()]);
    let at_server = format!("{servers}/{wiki}/tokens");
    let here = world.walk(&format!("{at_server}?limit=1"), "/id").await;
    assert_eq!(here.len(), 2);
    let one = world
        .get(&format!("{at_server}/{}?expand=scope", here[0]))
        .await;
    assert_eq!(one.outcome(), (200, ""), "{}", one.body);
    let issuer = format!("https://id.example/t/main/oauth2/{server}");
    assert_eq!(one.body["issuer"], issuer.as_str());
    assert_eq!(one.body["clientId"], wiki.as_str());
    assert!(one.body["_embedded"]["scopes"].is_array());
    // The other servers' stand below the app alone.
    let elsewhere = all.iter().find(|id| !here.contains(id)).unwrap();
    let answer = world.get(&format!("{at_server}/{elsewhere}")).await;
    assert_eq!(answer.outcome(), MISSING);
    assert_eq!(world.get(&format!("{path}/{elsewhere}")).await.status, 200);
    // What has ended is not listed, and its place is passed over.
    world.clock.advance_secs(TOKEN_SECS);
    assert_eq!(world.get(&path).await.body, json!([]));
    assert_eq!(
        world.get(&format!("{path}/{elsewhere}")).await.outcome(),
        MISSING
    );
}

async fn tokens_are_ended_one_by_one_and_together(world: &World) {
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let server = world.server(&world.main, "Orders").await.id;
    let (wiki, other) = (
        world.web_app(&world.main, "Wiki").await,
        world.web_app(&world.main, "Other").await,
    );
    let token = world.hold(&world.main, &ada, &wiki).await;
    world.hold(&world.main, &ada, &wiki).await;
    world
        .hold_at(&world.main, &ada, &wiki, server.as_str())
        .await;
    world
        .hold_at(&world.main, &ada, &other, server.as_str())
        .await;
    let path = format!("/api/v1/apps/{wiki}/tokens");
    let before = world.log_rows(&world.main).await;
    let one = format!("{path}/{token}");
    assert_eq!(delete(world, By::Manager, &one).await, done());
    assert_eq!(delete(world, By::Manager, &one).await, outcome(MISSING));
    let rows = world.log_since(before).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].0, "app.oauth2.token.revoke");
    let servers = format!("/api/v1/authorizationServers/{server}/clients");
    let at_server = format!("{servers}/{wiki}/tokens");
    let before = world.log_rows(&world.main).await;
    assert_eq!(delete(world, By::Manager, &at_server).await, done());
    assert_eq!(
        world.log_since(before).await[0].0,
        "app.oauth2.as.token.revoke"
    );
    assert_eq!(
        world.get(&path).await.texts("/id").len(),
        1,
        "not this one's"
    );
    assert_eq!(world.get(&servers).await.texts("/client_name"), ["Other"]);
    assert_eq!(delete(world, By::Manager, &path).await, done());
    assert_eq!(world.get(&path).await.body, json!([]));
    assert_eq!(delete(world, By::Manager, &path).await, done());
    let others = format!("/api/v1/apps/{other}/tokens");
    assert_eq!(world.get(&others).await.texts("/id").len(), 1);
}

async fn whoever_runs_the_one_does_not_run_the_other(world: &World) {
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let server = world.server(&world.main, "Orders").await.id;
    let wiki = world.web_app(&world.main, "Wiki").await;
    let token = world
        .hold_at(&world.main, &ada, &wiki, server.as_str())
        .await;
    let below_app = format!("/api/v1/apps/{wiki}/tokens/{token}");
    let below_server =
        format!("/api/v1/authorizationServers/{server}/clients/{wiki}/tokens/{token}");
    for role in [
        Role::ReadOnlyAdmin,
        Role::AppAdmin,
        Role::ApiAccessManagementAdmin,
    ] {
        world.administrator(role).await;
    }
    let apps = By::Of(Role::AppAdmin);
    let servers = By::Of(Role::ApiAccessManagementAdmin);
    for (by, path) in [
        (By::Reader, &below_app),
        (By::Reader, &below_server),
        (servers, &below_app),
        (apps, &below_server),
    ] {
        assert_eq!(delete(world, by, path).await, outcome(FORBIDDEN), "{path}");
        let seen = world.call(by, "GET", path, &Value::Null).await;
        assert_eq!(seen.status, 200);
    }
    let plain = world.hold_at(&world.main, &ada, &wiki, server.as_str());
    let plain = format!(
        "{}/{}",
        below_server.rsplit_once('/').unwrap().0,
        plain.await
    );
    assert_eq!(delete(world, servers, &plain).await, done());
    // Out of reach is the token of somebody who may do more; all of them together are not.
    let permit = world.permit(&world.main, identity::access::Permission::ManageOrg);
    let given = world.cell.grant_role(&permit, &ada, Role::SuperAdmin);
    given.await.unwrap();
    for (by, path) in [(apps, &below_app), (servers, &below_server)] {
        assert_eq!(delete(world, by, path).await, outcome(FORBIDDEN), "{path}");
    }
    let seen = world.get(&below_app).await;
    assert_eq!(seen.status, 200, "it goes on");
    let all = format!("/api/v1/authorizationServers/{server}/clients/{wiki}/tokens");
    assert_eq!(delete(world, servers, &all).await, done());
    assert_eq!(world.get(&below_app).await.outcome(), MISSING);
    // An app that may do more than whoever asks is out of reach.
    let permit = world.permit(&world.main, identity::access::Permission::ManageOrg);
    let service = world.things(&world.main, "service").await.service;
    let id = vocab::id::AppId::parse(&service).unwrap();
    let given = world.cell.grant_app_role(&permit, &id, Role::SuperAdmin);
    given.await.unwrap();
    let theirs = format!("/api/v1/apps/{service}/tokens");
    assert_eq!(delete(world, apps, &theirs).await, outcome(FORBIDDEN));
    // Of another org nothing is found.
    let foreign = world.web_app(&world.other, "Wiki").await;
    for path in [
        format!("/api/v1/apps/{foreign}/tokens"),
        format!("/api/v1/authorizationServers/{server}/clients/{foreign}/tokens"),
        format!("/api/v1/authorizationServers/x/clients/{wiki}/tokens"),
        format!("/api/v1/apps/{wiki}/tokens/x"),
    ] {
        assert_eq!(world.get(&path).await.outcome(), MISSING, "{path}");
        assert_eq!(delete(world, By::Manager, &path).await, outcome(MISSING));
    }
}

/// What was done is done, the caller is told when to come back, and the next call ends the rest. The store has no part in that,
/// and so many rows take their time in the other one.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_did_what_one_may_is_to_be_repeated() {
    let world = &World::on_sqlite().await;
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let wiki = world.web_app(&world.main, "Wiki").await;
    let server = world.server(&world.main, "Orders").await.id;
    let below_app = format!("/api/v1/apps/{wiki}/tokens");
    let below_server = format!("/api/v1/authorizationServers/{server}/clients/{wiki}/tokens");
    for path in [&below_server, &below_app] {
        let left = world.get(path).await.texts("/id").len();
        let more = (server.as_str(), ENDED_AT_ONCE + 1 - left);
        world.hold_many(&world.main, &ada, &wiki, more).await;
        let answer = world.call(By::Manager, "DELETE", path, &Value::Null).await;
        assert_eq!(answer.outcome(), (429, "E0000047"), "{path}");
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(world.get(path).await.texts("/id").len(), 1);
    }
    assert_eq!(delete(world, By::Manager, &below_server).await, done());
    assert_eq!(world.get(&below_app).await.body, json!([]));
}

on_both_engines!(
    tokens_are_listed_across_people_and_servers,
    tokens_are_ended_one_by_one_and_together,
    whoever_runs_the_one_does_not_run_the_other,
);
