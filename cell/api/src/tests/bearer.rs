//! Apps that act for themselves: what their tokens open, and when they no longer do.

use crate::for_tests::{
    Answered, By, SERVICE_KEYS, World, on_both_engines, operations, public_key,
};
use http::Method;
use identity::access::scope::{Area, Verb};
use identity::access::{Permission, Role};
use identity::app::operations::{AppChange, NewApp};
use identity::app::settings::{AppSettings, ClientAuthentication, GrantKind};
use identity::app::{App, AppKind};
use oauth::issuer::{Issuer, custom_issuer, org_issuer};
use oauth::token::issue::{Drafts, Order, Subject};
use protocol::oauth::scope::ScopeSet;
use serde_json::{Value, json};
use std::sync::Arc;
use vocab::id::{AppId, OrgId};

const LIFE_SECS: i64 = 3_600;

fn settings(client_authentication: ClientAuthentication) -> AppSettings {
    AppSettings {
        client_authentication,
        jwks: match client_authentication {
            ClientAuthentication::PrivateKeyJwt => SERVICE_KEYS.to_owned(),
            _ => String::new(),
        },
        grants: vec![GrantKind::ClientCredentials],
        ..AppSettings::default()
    }
}

async fn add_app(world: &World, org: &OrgId, with: ClientAuthentication) -> AppId {
    let permit = world.permit(org, Permission::ManageApps);
    let new = NewApp {
        label: format!("Service {with:?}"),
        kind: AppKind::Service,
        settings: settings(with),
    };
    world.cell.create_app(&permit, new).await.unwrap().app.id
}

/// A token that the server makes for the app, whatever the app may ask for.
async fn token_of(world: &World, issuer: &Issuer, app: &AppId, scopes: &str) -> String {
    let app: Arc<App> = world.cell.app(&issuer.org, app).await.unwrap().unwrap();
    let order = Order {
        issuer,
        app: &app,
        scopes: &ScopeSet::parse(scopes).unwrap(),
        subject: Subject::App,
        family: None,
        access_secs: LIFE_SECS,
        now: world.cell.now(),
    };
    let made = Drafts::draw(&world.cell, &order).sign(&world.cell).await;
    made.unwrap().access.text.expose().clone()
}

pub(super) async fn call_with(
    world: &World,
    token: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Answered {
    let mut headers = vec![("authorization", format!("Bearer {token}"))];
    let text = match body {
        Value::Null => String::new(),
        body => {
            headers.push(("content-type", String::from("application/json")));
            body.to_string()
        }
    };
    world.send(method, path, &headers, text).await
}

/// An app with these scopes and roles, and its token.
pub(super) async fn prepare(world: &World, scopes: &[&str], roles: &[Role]) -> (AppId, String) {
    let app = add_app(world, &world.main, ClientAuthentication::PrivateKeyJwt).await;
    for scope in scopes {
        let path = format!("/api/v1/apps/{app}/grants");
        let granted = world.post(&path, &json!({ "scopeId": scope })).await;
        assert_eq!(granted.outcome(), (201, ""), "{scope}");
    }
    for role in roles {
        let path = format!("/oauth2/v1/clients/{app}/roles");
        let given = world.post(&path, &json!({ "type": role.as_str() })).await;
        assert_eq!(given.outcome(), (200, ""));
    }
    let issuer = org_issuer(&world.context());
    let token = token_of(world, &issuer, &app, &scopes.join(" ")).await;
    (app, token)
}

async fn an_app_needs_scope_and_role(world: &World) {
    let user = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let user = format!("/api/v1/users/{user}");
    let suspend = format!("{user}/lifecycle/suspend");
    let read: &[&str] = &["okta.users.read"];
    let manage: &[&str] = &["okta.users.manage"];
    let other: &[&str] = &["okta.groups.manage", "okta.logs.read"];
    let forbidden = (403, "E0000006");
    for (scopes, roles, looks, changes) in [
        (read, &[Role::SuperAdmin][..], (200, ""), forbidden),
        (manage, &[Role::ReadOnlyAdmin][..], (200, ""), forbidden),
        (manage, &[][..], forbidden, forbidden),
        (other, &[Role::SuperAdmin][..], forbidden, forbidden),
        (manage, &[Role::SuperAdmin][..], (200, ""), (200, "")),
    ] {
        let (app, token) = prepare(world, scopes, roles).await;
        let before = world.log_rows(&world.main).await;
        let looked = call_with(world, &token, "GET", &user, &Value::Null).await;
        assert_eq!(looked.outcome(), looks, "{scopes:?} {roles:?}");
        let changed = call_with(world, &token, "POST", &suspend, &Value::Null).await;
        assert_eq!(changed.outcome(), changes, "{scopes:?} {roles:?}");
        let logged = world.log_since(before).await;
        if changes == (200, "") {
            let (kind, actor) = &logged[0];
            assert_eq!(
                (kind.as_str(), actor.as_str()),
                ("user.lifecycle.suspend", "PublicClientApp")
            );
        } else {
            assert!(logged.is_empty(), "{logged:?}");
        }
        world.remove_app(&app).await;
    }
}

/// A scope for groups is none for roles, whatever the app's own roles are.
async fn no_app_changes_a_group_with_a_role(world: &World) {
    let scopes = ["okta.groups.manage", "okta.users.manage"];
    let (_, token) = prepare(world, &scopes, &[Role::SuperAdmin]).await;
    let (group, _) = world.crowd("chiefs", 1).await;
    let plain = world.person(&world.main, "plain", "Plain", "Person").await;
    let roles = format!("/api/v1/groups/{group}/roles");
    let member = format!("/api/v1/groups/{group}/users/{plain}");
    let put = call_with(world, &token, "PUT", &member, &Value::Null).await;
    assert_eq!(put.status, 204, "{}", put.body);
    let given = world.post(&roles, &json!({ "type": "SUPER_ADMIN" })).await;
    assert_eq!(given.status, 201, "{}", given.body);
    let new = json!({
        "profile": { "login": "new", "email": "new@example.com", "firstName": "N", "lastName": "N" },
        "groupIds": [group.as_str()],
    });
    let rows = world.log_rows(&world.main).await;
    for (method, path, body) in [
        ("PUT", member.clone(), Value::Null),
        ("DELETE", member, Value::Null),
        ("POST", "/api/v1/users".into(), new),
        ("DELETE", format!("/api/v1/groups/{group}"), Value::Null),
        (
            "PUT",
            format!("/api/v1/groups/{group}"),
            json!({ "profile": { "name": "others", "description": "" } }),
        ),
        (
            "PUT",
            format!("/api/v1/groups/{group}"),
            json!({ "profile": { "name": "chiefs", "description": "of nothing" } }),
        ),
    ] {
        let refused = call_with(world, &token, method, &path, &body).await;
        assert_eq!(refused.outcome(), (403, "E0000006"), "{method} {path}");
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
}

async fn what_is_missing_is_named(world: &World) {
    let (_, token) = prepare(world, &["okta.logs.read"], &[Role::SuperAdmin]).await;
    let answer = call_with(world, &token, "GET", "/api/v1/users", &Value::Null).await;
    assert_eq!(answer.outcome(), (403, "E0000006"));
    let challenge = answer.header("www-authenticate");
    for part in [
        "Bearer authorization_uri=\"https://id.example/t/main/oauth2/v1/authorize\"",
        "scope=\"okta.users.read\"",
        "error=\"insufficient_scope\"",
    ] {
        assert!(challenge.contains(part), "{challenge}");
    }
    // A role that is missing is no matter of scopes.
    let (_, token) = prepare_other(world, &["okta.users.manage"]).await;
    let answer = call_with(world, &token, "GET", "/api/v1/users", &Value::Null).await;
    assert_eq!(answer.outcome(), (403, "E0000006"));
    assert_eq!(answer.header("www-authenticate"), "");
}

async fn prepare_other(world: &World, scopes: &[&str]) -> (AppId, String) {
    let permit = world.permit(&world.main, Permission::ManageApps);
    let new = NewApp {
        label: String::from("Another"),
        kind: AppKind::Service,
        settings: settings(ClientAuthentication::PrivateKeyJwt),
    };
    let app = world.cell.create_app(&permit, new).await.unwrap().app.id;
    for scope in scopes {
        let path = format!("/api/v1/apps/{app}/grants");
        world.post(&path, &json!({ "scopeId": scope })).await;
    }
    let issuer = org_issuer(&world.context());
    let token = token_of(world, &issuer, &app, &scopes.join(" ")).await;
    (app, token)
}

async fn every_operation_needs_its_scope(world: &World) {
    let (_, token) = prepare(world, &["okta.logs.manage"], &[Role::SuperAdmin]).await;
    let before = world.log_rows(&world.main).await;
    for operation in operations() {
        let scope = operation.scope().unwrap();
        if scope.area == Area::Logs {
            continue;
        }
        let looks = operation.method == Method::GET || operation.path.ends_with("/simulate");
        assert_eq!(scope.verb == Verb::Read, looks, "{}", operation.path);
        let path = operation.path.replace("{id}", "x").replace("{user}", "x");
        let answer = call_with(world, &token, operation.method.as_str(), &path, &json!({})).await;
        assert_eq!(answer.outcome(), (403, "E0000006"), "{path}");
        let named = format!("scope=\"{}\"", scope.render());
        assert!(answer.header("www-authenticate").contains(&named), "{path}");
    }
    assert_eq!(world.log_rows(&world.main).await, before);
}

async fn a_token_opens_nothing_once_its_reason_is_gone(world: &World) {
    let list = async |token: &str| {
        let answer = call_with(world, token, "GET", "/api/v1/users", &Value::Null).await;
        (answer.status.as_u16(), answer.code().to_owned())
    };
    let gone = (401, String::from("E0000011"));
    let forbidden = (403, String::from("E0000006"));
    let fine = (200, String::new());
    let scopes = ["okta.users.read"];
    let (app, token) = prepare(world, &scopes, &[Role::ReadOnlyAdmin]).await;
    assert_eq!(list(&token).await, fine);

    // The role.
    let roles = format!("/oauth2/v1/clients/{app}/roles");
    let role = world.get(&roles).await.texts("/id").remove(0);
    let path = format!("{roles}/{role}");
    let taken = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(taken.status, 204);
    assert_eq!(list(&token).await, forbidden);
    let again = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(again.outcome(), (404, "E0000007"));
    world
        .post(&roles, &json!({ "type": "READ_ONLY_ADMIN" }))
        .await;
    assert_eq!(list(&token).await, fine);

    // The scope.
    let grants = format!("/api/v1/apps/{app}/grants");
    let grant = world.get(&grants).await.texts("/id").remove(0);
    let path = format!("{grants}/{grant}");
    assert_eq!(world.get(&path).await.body["scopeId"], "okta.users.read");
    let taken = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(taken.status, 204);
    assert_eq!(list(&token).await, forbidden);
    world.post(&grants, &json!({ "scopeId": scopes[0] })).await;
    assert_eq!(list(&token).await, fine);

    // The key that it proves itself by.
    let change = async |with: ClientAuthentication| {
        let permit = world.permit(&world.main, Permission::ManageApps);
        let present = world.cell.app(&world.main, &app).await.unwrap().unwrap();
        let change = AppChange {
            label: present.label.clone(),
            settings: settings(with),
            policy_id: None,
        };
        let revision = present.revision;
        let changed = world.cell.update_app(&permit, &app, revision, change);
        changed.await.unwrap();
    };
    change(ClientAuthentication::ClientSecretBasic).await;
    assert_eq!(list(&token).await, gone);
    change(ClientAuthentication::PrivateKeyJwt).await;
    assert_eq!(list(&token).await, fine);

    // The app itself, and time.
    let permit = world.permit(&world.main, Permission::ManageApps);
    world.cell.deactivate_app(&permit, &app).await.unwrap();
    assert_eq!(list(&token).await, gone);
    world.cell.activate_app(&permit, &app).await.unwrap();
    assert_eq!(list(&token).await, fine);
    world.clock.advance_secs(LIFE_SECS);
    assert_eq!(list(&token).await, gone);
}

async fn only_the_orgs_own_server_is_believed(world: &World) {
    let scopes = "okta.users.manage";
    let (app, token) = prepare(world, &[scopes], &[Role::SuperAdmin]).await;
    let list = async |token: &str| {
        let answer = call_with(world, token, "GET", "/api/v1/users", &Value::Null).await;
        (answer.status.as_u16(), answer.code().to_owned())
    };
    assert_eq!(list(&token).await.0, 200);
    let invalid = (401, String::from("E0000011"));

    // A custom server of the same org, whose administrator may name a scope as it pleases.
    let snapshot = world.cell.snapshot(&world.main).await.unwrap().unwrap();
    let server = snapshot.server("default").unwrap();
    let custom = custom_issuer(&world.context(), server, "default");
    let foreign = token_of(world, &custom, &app, scopes).await;
    assert_eq!(list(&foreign).await, invalid);

    // The own server of another org.
    let context = world.context();
    let there = identity::org::context::OrgContext {
        org: world.other.clone(),
        ..(*context).clone()
    };
    let other_app = add_app(world, &world.other, ClientAuthentication::PrivateKeyJwt).await;
    let foreign = token_of(world, &org_issuer(&there), &other_app, scopes).await;
    assert_eq!(list(&foreign).await, invalid);

    // Tokens that were never meant for this API, and other texts.
    let plain = token_of(world, &org_issuer(&context), &app, "api:read").await;
    assert_eq!(list(&plain).await, invalid);
    for text in ["", "x", "a.b.c", &token[..token.len() - 4]] {
        assert_eq!(list(text).await, invalid, "{text}");
    }
    let headers = [("authorization", format!("SSWS {token}"))];
    let answer = world
        .send("GET", "/api/v1/users", &headers, String::new())
        .await;
    assert_eq!(answer.outcome(), (401, "E0000011"));
}

async fn an_app_is_nobody(world: &World) {
    world.person(&world.main, "me", "Me", "Myself").await;
    let (_, token) = prepare(world, &["okta.users.read"], &[Role::SuperAdmin]).await;
    let answer = call_with(world, &token, "GET", "/api/v1/users/me", &Value::Null).await;
    assert_eq!(answer.outcome(), (404, "E0000007"));
}

async fn only_apps_with_keys_act_for_themselves(world: &World) {
    let app = add_app(world, &world.main, ClientAuthentication::ClientSecretBasic).await;
    let before = world.log_rows(&world.main).await;
    for (path, body, field) in [
        (
            format!("/api/v1/apps/{app}/grants"),
            json!({ "scopeId": "okta.users.read" }),
            "scopeId",
        ),
        (
            format!("/oauth2/v1/clients/{app}/roles"),
            json!({ "type": "SUPER_ADMIN" }),
            "type",
        ),
    ] {
        let refused = world.post(&path, &body).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{path}");
        let said = refused.body["errorCauses"][0]["errorSummary"].as_str();
        assert!(said.unwrap().starts_with(field));
        let wrong = world.post(&path, &json!({ field: "nonsense" })).await;
        assert_eq!(wrong.outcome(), (400, "E0000001"), "{path}");
        let missing = path.replace(app.as_str(), "0oa00000000000000000");
        let missing = world.post(&missing, &body).await;
        assert_eq!(missing.outcome(), (404, "E0000007"));
    }
    assert_eq!(world.log_rows(&world.main).await, before);
}

async fn nobody_becomes_an_app_that_stands_above(world: &World) {
    let (app, _) = prepare(world, &["okta.users.manage"], &[Role::OrgAdmin]).await;
    world.administrator(Role::AppAdmin).await;
    let by = By::Of(Role::AppAdmin);
    let before = world.log_rows(&world.main).await;
    let key = public_key("mine");
    for (method, path, body) in [
        ("POST", "credentials/jwks", key),
        ("POST", "lifecycle/deactivate", Value::Null),
    ] {
        let path = format!("/api/v1/apps/{app}/{path}");
        let refused = world.call(by, method, &path, &body).await;
        assert_eq!(refused.outcome(), (403, "E0000006"), "{path}");
    }
    assert_eq!(world.log_rows(&world.main).await, before);
    // An app of no role is theirs to change, and so is one whose roles permit no more.
    let (plain, _) = prepare_other(world, &[]).await;
    let path = format!("/api/v1/apps/{plain}/lifecycle/deactivate");
    assert_eq!(
        world.call(by, "POST", &path, &Value::Null).await.status,
        200
    );
}

async fn an_app_touches_nobody_who_stands_above(world: &World) {
    let (_, token) = prepare(world, &["okta.users.manage"], &[Role::UserAdmin]).await;
    let plain = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let above = world.person(&world.main, "eve", "Eve", "Above").await;
    world.grant(&above, Role::SuperAdmin).await;
    for (user, outcome) in [(&plain, (200, "")), (&above, (403, "E0000006"))] {
        let path = format!("/api/v1/users/{user}/lifecycle/suspend");
        let answer = call_with(world, &token, "POST", &path, &Value::Null).await;
        assert_eq!(answer.outcome(), outcome, "{user}");
    }
}

/// What its own scopes do not name, it does not do by way of another app or of an administrator either.
async fn an_app_does_not_get_around_its_scopes(world: &World) {
    let scopes = ["okta.apps.manage", "okta.users.manage"];
    let (own, token) = prepare(world, &scopes, &[Role::SuperAdmin]).await;
    let (other, _) = prepare_other(world, &["okta.roles.manage"]).await;
    let boss = world.get("/api/v1/users/me").await.id();
    let user = format!("/api/v1/users/{boss}");
    let shown = world.get(&user).await;
    let moved = json!({ "profile": { "email": "mallory@elsewhere.example" } });
    let password =
        json!({ "credentials": { "password": { "value": "nine tortoises walk to Samos" } } });
    let totp = json!({ "factorType": "token:software:totp" });
    let before = world.log_rows(&world.main).await;
    for (path, body) in [
        (
            format!("/api/v1/apps/{other}/credentials/jwks"),
            public_key("mine"),
        ),
        (
            format!("/api/v1/apps/{own}/credentials/jwks"),
            public_key("mine"),
        ),
        (
            format!("/api/v1/apps/{other}/lifecycle/deactivate"),
            Value::Null,
        ),
        (user.clone(), password),
        (user.clone(), moved),
        (format!("{user}/factors"), totp),
        (format!("{user}/lifecycle/reset_factors"), Value::Null),
        (
            format!("{user}/lifecycle/expire_password_with_temp_password"),
            Value::Null,
        ),
        (format!("{user}/lifecycle/reset_password"), Value::Null),
    ] {
        let refused = call_with(world, &token, "POST", &path, &body).await;
        assert_eq!(refused.outcome(), (403, "E0000006"), "{path}");
    }
    assert_eq!(world.log_rows(&world.main).await, before);
    assert_eq!(world.get(&user).await.body, shown.body);
    // Somebody without a role is changed as before.
    let plain = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let path = format!("/api/v1/users/{plain}/factors");
    let body = json!({ "factorType": "token:software:totp" });
    let begun = call_with(world, &token, "POST", &path, &body).await;
    assert_eq!(begun.outcome(), (200, ""));
}

async fn what_an_app_has_is_listed_once(world: &World) {
    let scopes = ["okta.groups.read", "okta.users.manage"];
    let (app, _) = prepare(world, &scopes, &[Role::ReadOnlyAdmin]).await;
    let before = world.log_rows(&world.main).await;
    let grants = format!("/api/v1/apps/{app}/grants");
    let again = world.post(&grants, &json!({ "scopeId": scopes[0] })).await;
    let listed = world.get(&grants).await;
    assert_eq!(listed.texts("/scopeId"), scopes);
    assert_eq!(listed.texts("/id")[0], again.id());
    assert_eq!(listed.body[0]["clientId"], app.as_str());
    let roles = format!("/oauth2/v1/clients/{app}/roles");
    world
        .post(&roles, &json!({ "type": "READ_ONLY_ADMIN" }))
        .await;
    assert_eq!(world.get(&roles).await.texts("/type"), ["READ_ONLY_ADMIN"]);
    assert_eq!(world.log_rows(&world.main).await, before, "nothing is new");
    // What belongs to an app goes with it.
    world.remove_app(&app).await;
    let mut tx = world.cell.database.read().await.unwrap();
    let left = identity::app::api_access::store::load_grants(&mut tx, &world.main, &app).await;
    assert_eq!(left.unwrap(), []);
    let left = identity::app::api_access::store::load_roles(&mut tx, &world.main, &app).await;
    assert_eq!(left.unwrap(), []);
}

on_both_engines!(
    an_app_needs_scope_and_role,
    no_app_changes_a_group_with_a_role,
    what_is_missing_is_named,
    every_operation_needs_its_scope,
    a_token_opens_nothing_once_its_reason_is_gone,
    only_the_orgs_own_server_is_believed,
    an_app_is_nobody,
    only_apps_with_keys_act_for_themselves,
    nobody_becomes_an_app_that_stands_above,
    an_app_touches_nobody_who_stands_above,
    an_app_does_not_get_around_its_scopes,
    what_an_app_has_is_listed_once,
);
