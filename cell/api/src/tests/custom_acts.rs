//! What a holder of custom roles may do: what the operation's row names, to what lies within, and nothing else.

use crate::for_tests::{By, World, fill, on_both_engines, operations};
use crate::route::Operation;
use http::Method;
use identity::access::Role;
use identity::access::custom::Resource;
use identity::access::custom::capability::Capability as To;
use identity::api_token::allowance::WINDOW_SECS;
use serde_json::{Value, json};
use vocab::id::{AppId, GroupId, ServerId};

const EVERYTHING: [Resource; 4] = [
    Resource::Users,
    Resource::Groups,
    Resource::Apps,
    Resource::Servers,
];

/// Whether the answer is that of somebody who lacks the permission, and not that of a thing that stands above them.
fn is_closed(answer: &crate::for_tests::Answered) -> bool {
    answer.outcome() == (403, "E0000006") && answer.body["errorCauses"] == json!([])
}

/// The table: each operation by whoever holds one capability over everything, and by whoever holds all.
async fn each_operation_is_opened_by_its_row_alone(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let is_look = |operation: &&Operation| operation.method == Method::GET;
    let opened: Vec<(String, To)> = operations()
        .filter(is_look)
        .filter_map(|operation| Some((fill(operation, &things), operation.capability()?)))
        .collect();
    for (number, held) in To::ALL.iter().enumerate() {
        let binding = world
            .let_desk(&format!("{number}"), &[*held], &EVERYTHING)
            .await;
        // Acts change what the next one would be about; what opens them is asked of each below.
        for (path, needed) in &opened {
            world.clock.advance_secs(1);
            let answer = world.call(By::Person, "GET", path, &Value::Null).await;
            let is_open = held.contains(*needed);
            assert_eq!(
                !is_closed(&answer),
                is_open,
                "{path} by {held:?}: {}",
                answer.body
            );
        }
        world.unbind(&binding).await;
    }
    world.clock.advance_secs(WINDOW_SECS);
    world.let_desk("all", To::ALL, &EVERYTHING).await;
    for operation in operations().filter(|one| one.capability().is_none()) {
        world.clock.advance_secs(1);
        let (method, path) = (operation.method.as_str(), fill(operation, &things));
        let body = match is_look(&operation) {
            true => Value::Null,
            false => json!({ "unheardOf": 1 }),
        };
        let answer = world.call(By::Person, method, &path, &body).await;
        assert!(
            is_closed(&answer),
            "{method} {path}: {} {}",
            answer.status,
            answer.body
        );
    }
}

/// Each act upon a person: by what it is opened, upon somebody within and somebody outside, and by who holds less.
async fn acts_reach_people_within(world: &World) {
    let acts = [
        (
            "POST",
            "/lifecycle/suspend",
            To::UsersSuspend,
            To::UsersUnsuspend,
        ),
        (
            "POST",
            "/lifecycle/unsuspend",
            To::UsersUnsuspend,
            To::UsersSuspend,
        ),
        (
            "POST",
            "/lifecycle/reset_factors",
            To::UsersResetFactors,
            To::UsersResetPassword,
        ),
        (
            "POST",
            "/lifecycle/expire_password",
            To::UsersExpirePassword,
            To::UsersRead,
        ),
        (
            "POST",
            "/lifecycle/reset_password",
            To::UsersResetPassword,
            To::UsersResetFactors,
        ),
        (
            "DELETE",
            "/sessions",
            To::UsersClearSessions,
            To::UsersCredentials,
        ),
        (
            "POST",
            "/lifecycle/deactivate",
            To::UsersDeactivate,
            To::UsersActivate,
        ),
        (
            "POST",
            "/lifecycle/activate",
            To::UsersActivate,
            To::UsersDeactivate,
        ),
        ("DELETE", "", To::UsersLifecycle, To::UsersDeactivate),
        ("DELETE", "", To::UsersManage, To::GroupsManage),
    ];
    let (samos, members) = world.crowd("samos", 1).await;
    let (_, outside) = world.crowd("naxos", 1).await;
    let inside = format!("users/{}", members[0]);
    let outside = format!("users/{}", outside[0]);
    for (number, (method, step, enough, not_enough)) in acts.into_iter().enumerate() {
        let resources = [Resource::UsersOf(samos.clone())];
        let less = world
            .let_desk(&format!("less{number}"), &[not_enough], &resources)
            .await;
        let refused = world.does(method, &format!("{inside}{step}")).await;
        assert_eq!(
            refused,
            (403, "E0000006".into()),
            "{step} by {not_enough:?}"
        );
        world.unbind(&less).await;
        let binding = world
            .let_desk(&format!("{number}"), &[enough], &resources)
            .await;
        let rows = world.log_rows(&world.main).await;
        let missed = world.does(method, &format!("{outside}{step}")).await;
        assert_eq!(missed, (404, "E0000007".into()), "{step}");
        assert_eq!(world.log_rows(&world.main).await, rows);
        let done = world
            .asks(method, &format!("{inside}{step}"), &Value::Null)
            .await;
        assert!(
            done.status.is_success(),
            "{step} by {enough:?}: {}",
            done.body
        );
        world.unbind(&binding).await;
    }
    assert_eq!(
        world.get(&format!("/api/v1/{inside}")).await.status,
        404,
        "she is gone"
    );
}

async fn profiles_are_changed_and_credentials_are_not(world: &World) {
    let (samos, members) = world.crowd("samos", 1).await;
    let (_, outside) = world.crowd("naxos", 1).await;
    world
        .let_desk("write", &[To::UsersManage], &[Resource::UsersOf(samos)])
        .await;
    let named = json!({ "profile": { "firstName": "Sappho" } });
    let path = format!("users/{}", members[0]);
    let changed = world.asks("POST", &path, &named).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["profile"]["firstName"], "Sappho");
    let missed = world
        .asks("POST", &format!("users/{}", outside[0]), &named)
        .await;
    assert_eq!(missed.outcome(), (404, "E0000007"));
    let password =
        json!({ "credentials": { "password": { "value": "nine tortoises walk to Samos" } } });
    for (method, path, body) in [
        ("POST", path.clone(), password),
        (
            "POST",
            format!("{path}/lifecycle/expire_password_with_temp_password"),
            Value::Null,
        ),
        ("POST", format!("{path}/factors"), json!({})),
        (
            "POST",
            format!("{path}/roles"),
            json!({ "type": "APP_ADMIN" }),
        ),
        (
            "POST",
            "users".into(),
            json!({ "profile": {
            "login": "x", "email": "x@example.com", "firstName": "X", "lastName": "X",
        } }),
        ),
        ("POST", "groups/rules".into(), json!({})),
        ("POST", "api-tokens".into(), json!({ "name": "more" })),
        ("POST", "iam/roles".into(), json!({})),
    ] {
        let refused = world.asks(method, &path, &body).await;
        assert_eq!(
            refused.outcome(),
            (403, "E0000006"),
            "{path} {}",
            refused.body
        );
    }
    // Whoever holds everybody adds people.
    world
        .let_desk("add", &[To::UsersCreate], &[Resource::Users])
        .await;
    let new = json!({ "profile": {
        "login": "alkaios", "email": "alkaios@example.com", "firstName": "Alkaios", "lastName": "L",
    } });
    let made = world.asks("POST", "users", &new).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let groups = json!({ "groupIds": ["00gNothing0000000000"], "profile": new["profile"].clone() });
    assert_eq!(
        world.asks("POST", "users", &groups).await.outcome(),
        (403, "E0000006")
    );
}

async fn groups_and_apps_are_changed_within(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let more = world.things(&world.main, "grace").await;
    let person = world.person(&world.main, "sappho", "Sappho", "L").await;
    let group = GroupId::parse(&things.group).unwrap();
    let app = AppId::parse(&things.app).unwrap();
    let binding = world
        .let_desk(
            "apart",
            &[To::GroupsManage, To::AppsManage],
            &[Resource::Group(group.clone()), Resource::App(app.clone())],
        )
        .await;
    let named = json!({ "profile": { "name": "Renamed", "description": "" } });
    let renamed = world.asks("PUT", &format!("groups/{group}"), &named).await;
    assert_eq!(renamed.status, 200, "{}", renamed.body);
    let missed = world
        .asks("PUT", &format!("groups/{}", more.group), &named)
        .await;
    assert_eq!(missed.outcome(), (404, "E0000007"));
    assert_eq!(
        world
            .does("DELETE", &format!("groups/{}", more.group))
            .await
            .0,
        404
    );
    for step in ["deactivate", "activate"] {
        let path = format!("apps/{app}/lifecycle/{step}");
        assert_eq!(world.does("POST", &path).await.0, 200, "{step}");
        let path = format!("apps/{}/lifecycle/{step}", more.app);
        assert_eq!(world.does("POST", &path).await.0, 404, "{step}");
    }
    // The person is no part of it: neither a member nor an assignee is made of somebody outside.
    let member = format!("groups/{group}/users/{person}");
    let assignee = json!({ "id": person.as_str() });
    assert_eq!(world.does("PUT", &member).await, (404, "E0000007".into()));
    let assigned = world
        .asks("POST", &format!("apps/{app}/users"), &assignee)
        .await;
    assert_eq!(assigned.outcome(), (404, "E0000007"));
    world
        .let_desk(
            "people",
            &[To::UsersGroupMembership, To::UsersAppAssignment],
            &[Resource::Users],
        )
        .await;
    for (method, status) in [("PUT", 204), ("DELETE", 204)] {
        assert_eq!(world.does(method, &member).await.0, status, "{method}");
    }
    let assigned = world
        .asks("POST", &format!("apps/{app}/users"), &assignee)
        .await;
    assert_eq!(assigned.status, 200, "{}", assigned.body);
    let taken = format!("apps/{app}/users/{person}");
    assert_eq!(world.does("DELETE", &taken).await.0, 204);
    let to_group = format!("apps/{app}/groups/{group}");
    for method in ["DELETE", "PUT", "DELETE"] {
        let answer = world.asks(method, &to_group, &Value::Null).await;
        assert!(answer.status.is_success(), "{method} {}", answer.body);
    }
    let elsewhere = format!("apps/{app}/groups/{}", more.group);
    assert_eq!(
        world.does("PUT", &elsewhere).await,
        (404, "E0000007".into())
    );
    assert_eq!(
        world.does("DELETE", &format!("groups/{group}")).await.0,
        204
    );
    world.unbind(&binding).await;
    assert_eq!(world.does("PUT", &member).await.0, 403);
}

/// Whoever may assign an app may not look at what people have in it, and so changes none of it by assigning it again.
async fn who_assigns_an_app_sees_and_changes_nothing_that_people_have_in_it(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let person = world.person(&world.main, "sappho", "Sappho", "L").await;
    let other = world.person(&world.main, "corinna", "Corinna", "T").await;
    let app = AppId::parse(&things.app).unwrap();
    let schema = format!("/api/v1/meta/schemas/apps/{app}/default");
    let seat =
        json!({ "definitions": { "custom": { "properties": { "seat": { "type": "string" } } } } });
    assert_eq!(world.post(&schema, &seat).await.status, 200);
    let users = format!("apps/{app}/users");
    let body = |id: &str, profile: Value| json!({ "id": id, "profile": profile });
    let seated = body(person.as_str(), json!({ "seat": "window" }));
    let assigned = world.post(&format!("/api/v1/{users}"), &seated).await;
    assert_eq!(assigned.body["profile"], json!({ "seat": "window" }));
    let held = [To::AppsAssignment, To::UsersAppAssignment];
    world.let_desk("clerk", &held, &EVERYTHING).await;
    let before = world.log_rows(&world.main).await;
    for id in [&person, &other] {
        let moved = body(id.as_str(), json!({ "seat": "aisle" }));
        let refused = world.asks("POST", &users, &moved).await;
        assert_eq!(refused.outcome(), (403, "E0000006"));
    }
    assert_eq!(world.log_rows(&world.main).await, before);
    let one = format!("/api/v1/{users}/{person}");
    let shown = world.get(&one).await;
    assert_eq!(shown.body["profile"], json!({ "seat": "window" }));
    let none = world.get(&format!("/api/v1/{users}/{other}")).await;
    assert_eq!(none.outcome(), (404, "E0000007"));
    // To assign it is theirs, and the answer tells no more than that.
    for (id, profile) in [(&person, Value::Null), (&other, json!({}))] {
        let answer = world
            .asks("POST", &users, &body(id.as_str(), profile))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.body.get("profile").is_none(), "{}", answer.body);
    }
    assert_eq!(world.get(&one).await.body, shown.body);
}

/// An app that acts with roles of its own is an administrator, too.
async fn apps_with_roles_stand_above(world: &World) {
    let things = world.things(&world.main, "ada").await;
    world
        .let_desk("apps", &[To::AppsManage], &[Resource::Apps])
        .await;
    let path = format!("apps/{}/lifecycle/deactivate", things.service);
    let refused = world.asks("POST", &path, &Value::Null).await;
    assert_eq!(refused.outcome(), (403, "E0000006"));
    let path = format!("apps/{}/lifecycle/deactivate", things.app);
    assert_eq!(world.does("POST", &path).await.0, 200);
}

async fn servers_are_changed_within(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let servers = world.get("/api/v1/authorizationServers").await;
    let (ids, names) = (servers.texts("/id"), servers.texts("/name"));
    let own = names.iter().position(|name| name == "ada").unwrap();
    let other = names.iter().position(|name| name != "ada").unwrap();
    let server = ServerId::parse(&ids[own]).unwrap();
    world
        .let_desk("servers", &[To::ServersManage], &[Resource::Server(server)])
        .await;
    let scope = json!({ "name": "ships:read" });
    let path = |id: &str| format!("authorizationServers/{id}/scopes");
    let added = world.asks("POST", &path(&ids[own]), &scope).await;
    assert!(added.status.is_success(), "{}", added.body);
    let missed = world.asks("POST", &path(&ids[other]), &scope).await;
    assert_eq!(missed.outcome(), (404, "E0000007"));
    assert_eq!(world.does("POST", "authorizationServers").await.0, 403);
    let rotate = format!(
        "authorizationServers/{}/credentials/lifecycle/keyRotate",
        ids[own]
    );
    assert_eq!(world.does("POST", &rotate).await.0, 403);
    assert_eq!(
        world.does("GET", &format!("users/{}", things.user)).await.0,
        403
    );
}

/// A standard role and a custom one of the same person: each opens what is its own.
async fn a_standard_role_and_a_custom_one_stand_beside_each_other(world: &World) {
    let (samos, members) = world.crowd("samos", 1).await;
    let (_, outside) = world.crowd("naxos", 1).await;
    let desk = world.desk().await;
    world.grant(&desk, Role::ReadOnlyAdmin).await;
    world
        .let_desk("suspend", &[To::UsersSuspend], &[Resource::UsersOf(samos)])
        .await;
    for user in [&members[0], &outside[0]] {
        assert_eq!(world.does("GET", &format!("users/{user}")).await.0, 200);
    }
    let step = |user: &vocab::id::UserId| format!("users/{user}/lifecycle/suspend");
    assert_eq!(world.does("POST", &step(&outside[0])).await.0, 404);
    assert_eq!(world.does("POST", &step(&members[0])).await.0, 200);
}

on_both_engines!(
    each_operation_is_opened_by_its_row_alone,
    acts_reach_people_within,
    profiles_are_changed_and_credentials_are_not,
    groups_and_apps_are_changed_within,
    who_assigns_an_app_sees_and_changes_nothing_that_people_have_in_it,
    apps_with_roles_stand_above,
    servers_are_changed_within,
    a_standard_role_and_a_custom_one_stand_beside_each_other,
);
