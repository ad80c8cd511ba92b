//! To whom apps are assigned: people, groups and their members, and what a person finds on the page of apps.

use super::apps::{add, kinds_since, web};
use crate::for_tests::{Answered, By, World, on_both_engines};
use identity::access::Permission;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vocab::id::{GroupId, UserId};

async fn act(world: &World, method: &str, path: &str) -> Answered {
    world.call(By::Manager, method, path, &Value::Null).await
}

async fn group(world: &World, name: &str, members: &[&UserId]) -> GroupId {
    let permit = world.permit(&world.main, Permission::ManageGroups);
    let made = world.cell.create_group(&permit, name, "").await.unwrap();
    for member in members {
        let added = world.cell.add_group_member(&permit, &made.id, member);
        added.await.unwrap();
    }
    made.id
}

async fn an_app_is_assigned_to_people(world: &World) {
    let app = format!("/api/v1/apps/{}", add(world, &web("Wiki")).await.id());
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let rows = world.log_rows(&world.main).await;
    let body = json!({ "id": ada.as_str(), "scope": "USER", "credentials": { "userName": "ada" } });
    let assigned = world.post(&format!("{app}/users"), &body).await;
    let now = world.cell.now().to_rfc3339_millis();
    let base = "https://id.example/t/main";
    assert_eq!(
        assigned.body,
        json!({
            "id": ada.as_str(),
            "scope": "USER",
            "status": "ACTIVE",
            "created": now,
            "lastUpdated": now,
            "syncState": "DISABLED",
            "credentials": { "userName": "ada" },
            "profile": {},
            "_links": {
                "app": { "href": format!("{base}{app}") },
                "user": { "href": format!("{base}/api/v1/users/{ada}") },
            },
        })
    );
    let again = world.post(&format!("{app}/users"), &body).await;
    assert_eq!(again.body, assigned.body, "once more, nothing happens");
    for name in [ada.as_str(), "ada"] {
        let shown = world.get(&format!("{app}/users/{name}")).await;
        assert_eq!(shown.body, assigned.body, "{name}");
    }
    let listed = world.get(&format!("{app}/users")).await;
    assert_eq!(listed.body, json!([assigned.body]));
    let path = format!("{app}/users/{ada}");
    assert_eq!(act(world, "DELETE", &path).await.status, 204);
    for method in ["GET", "DELETE"] {
        assert_eq!(act(world, method, &path).await.outcome(), (404, "E0000007"));
    }
    assert_eq!(world.get(&format!("{app}/users")).await.body, json!([]));
    assert_eq!(
        kinds_since(world, rows).await,
        [
            "application.user_membership.add",
            "application.user_membership.remove"
        ]
    );
}

async fn what_an_assignment_cannot_say_is_refused(world: &World) {
    let app = format!("/api/v1/apps/{}", add(world, &web("Wiki")).await.id());
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let foreign = world.person(&world.other, "eve", "Eve", "X").await;
    let permit = world.permit(&world.other, Permission::ManageGroups);
    let theirs = world
        .cell
        .create_group(&permit, "Eng", "")
        .await
        .unwrap()
        .id;
    let rows = world.log_rows(&world.main).await;
    for (body, outcome) in [
        (json!({}), (400, "E0000001")),
        (
            json!({ "id": ada.as_str(), "scope": "GROUP" }),
            (400, "E0000001"),
        ),
        (
            json!({ "id": ada.as_str(), "credentials": { "userName": "lovelace" } }),
            (400, "E0000001"),
        ),
        (
            json!({ "id": ada.as_str(), "profile": { "role": "x" } }),
            (400, "E0000001"),
        ),
        (json!({ "id": "nobody" }), (404, "E0000007")),
        (json!({ "id": foreign.as_str() }), (404, "E0000007")),
    ] {
        let refused = world.post(&format!("{app}/users"), &body).await;
        assert_eq!(refused.outcome(), outcome, "{body}");
    }
    for (method, path) in [
        ("PUT", format!("{app}/groups/{theirs}")),
        ("GET", format!("{app}/groups/{theirs}")),
        ("DELETE", format!("{app}/users/{foreign}")),
        ("POST", format!("{app}/users/{foreign}")),
        ("POST", format!("{app}/users/{ada}")),
    ] {
        let refused = world.call(By::Manager, method, &path, &json!({})).await;
        assert_eq!(refused.outcome(), (404, "E0000007"), "{method} {path}");
    }
    let mail = act(
        world,
        "DELETE",
        &format!("{app}/users/{ada}?sendEmail=true"),
    )
    .await;
    assert_eq!(mail.outcome(), (501, "E0000060"));
    assert_eq!(world.log_rows(&world.main).await, rows);
}

async fn what_came_through_a_group_is_told_and_made_ones_own(world: &World) {
    let app = format!("/api/v1/apps/{}", add(world, &web("Wiki")).await.id());
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let eng = group(world, "Eng", &[&ada]).await;
    let rows = world.log_rows(&world.main).await;
    let path = format!("{app}/groups/{eng}");
    let body = json!({ "id": eng.as_str(), "priority": 0, "profile": {} });
    let assigned = world.call(By::Manager, "PUT", &path, &body).await;
    let base = "https://id.example/t/main";
    assert_eq!(
        assigned.body,
        json!({
            "id": eng.as_str(),
            "lastUpdated": world.cell.now().to_rfc3339_millis(),
            "priority": 0,
            "profile": {},
            "_links": {
                "self": { "href": format!("{base}{path}") },
                "app": { "href": format!("{base}{app}") },
                "group": { "href": format!("{base}/api/v1/groups/{eng}") },
            },
        })
    );
    let empty = act(world, "PUT", &path).await;
    assert_eq!(empty.body, assigned.body, "without a body, and once more");
    assert_eq!(world.get(&path).await.body, assigned.body);
    assert_eq!(
        world.get(&format!("{app}/groups")).await.body,
        json!([assigned.body])
    );
    let user = format!("{app}/users/{ada}");
    let shown = world.get(&user).await.body;
    assert_eq!(shown["scope"], "GROUP");
    let link = format!("{base}/api/v1/groups/{eng}");
    assert_eq!(shown["_links"]["group"]["href"], link);
    assert_eq!(
        act(world, "DELETE", &user).await.outcome(),
        (403, "E0000046")
    );
    let same = world.post(&user, &json!({ "scope": "GROUP" })).await;
    assert_eq!(same.body, shown);
    let own = world.post(&user, &json!({ "scope": "USER" })).await;
    assert_eq!(own.body["scope"], "USER");
    let back = world.post(&user, &json!({ "scope": "GROUP" })).await;
    assert_eq!(back.outcome(), (400, "E0000001"));
    assert_eq!(act(world, "DELETE", &user).await.status, 204);
    assert_eq!(world.get(&user).await.body["scope"], "GROUP", "still there");
    assert_eq!(act(world, "DELETE", &path).await.status, 204);
    assert_eq!(
        act(world, "DELETE", &path).await.outcome(),
        (404, "E0000007")
    );
    assert_eq!(world.get(&user).await.outcome(), (404, "E0000007"));
    assert_eq!(
        kinds_since(world, rows).await,
        [
            "group.application_assignment.add",
            "application.user_membership.add",
            "application.user_membership.remove",
            "group.application_assignment.remove"
        ]
    );
}

async fn everybody_of_an_app_is_listed_once(world: &World) {
    let app = format!("/api/v1/apps/{}", add(world, &web("Wiki")).await.id());
    let mut people = Vec::new();
    for number in 0..9 {
        let login = format!("p{number}");
        people.push(world.person(&world.main, &login, "A", "B").await);
    }
    // Some of them are met by several ways, and one group is empty.
    for person in &people[..4] {
        let body = json!({ "id": person.as_str() });
        assert_eq!(world.post(&format!("{app}/users"), &body).await.status, 200);
    }
    let all: Vec<&UserId> = people.iter().collect();
    for (name, members) in [
        ("one", &all[2..6]),
        ("none", &all[..0]),
        ("two", &all[4..8]),
        ("three", &all[0..7]),
    ] {
        let group = group(world, name, members).await;
        let put = act(world, "PUT", &format!("{app}/groups/{group}")).await;
        assert_eq!(put.status, 200);
    }
    let expected: BTreeSet<String> = people[..8].iter().map(ToString::to_string).collect();
    for limit in [1, 3, 4, 8, 50] {
        let listed = world
            .walk(&format!("{app}/users?limit={limit}"), "/id")
            .await;
        let once: BTreeSet<String> = listed.iter().cloned().collect();
        assert_eq!((listed.len(), once), (8, expected.clone()), "{limit}");
    }
    let scopes = world.walk(&format!("{app}/users?limit=3"), "/scope").await;
    let own = scopes.iter().filter(|scope| *scope == "USER").count();
    assert_eq!(own, 4);
    let groups = world.walk(&format!("{app}/groups?limit=3"), "/id").await;
    assert!(groups.len() == 4 && groups.is_sorted());
    let made_up = identity::cursor::render(
        &identity::cursor::mark(&world.main, &format!("{app}/users"), &[]),
        &identity::condition::Place {
            alternative: 1,
            key: "~".into(),
            id: String::new(),
        },
    );
    let past = world.get(&format!("{app}/users?after={made_up}")).await;
    assert_eq!((past.status.as_u16(), past.body), (200, json!([])));
    let foreign = world.get(&format!("{app}/groups?after={made_up}")).await;
    assert_eq!(foreign.outcome(), (400, "E0000001"));
}

async fn a_group_and_a_person_have_their_apps(world: &World) {
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let eng = group(world, "Eng", &[&ada]).await;
    let mut hidden = web("Hidden");
    let client = hidden["settings"]["oauthClient"].as_object_mut().unwrap();
    client.remove("initiate_login_uri");
    let mut open = web("Open");
    open["settings"]["implicitAssignment"] = json!(true);
    let mut ids = Vec::new();
    for body in [
        web("Direct"),
        web("Grouped"),
        web("Off"),
        web("Nobody's"),
        hidden,
        open,
    ] {
        ids.push(add(world, &body).await.id());
    }
    for id in [&ids[0], &ids[4], &ids[5]] {
        let body = json!({ "id": ada.as_str() });
        let path = format!("/api/v1/apps/{id}/users");
        assert_eq!(world.post(&path, &body).await.status, 200);
    }
    for id in [&ids[0], &ids[1], &ids[2]] {
        let path = format!("/api/v1/apps/{id}/groups/{eng}");
        assert_eq!(act(world, "PUT", &path).await.status, 200);
    }
    act(
        world,
        "POST",
        &format!("/api/v1/apps/{}/lifecycle/deactivate", ids[2]),
    )
    .await;
    let of_group = world
        .walk(&format!("/api/v1/groups/{eng}/apps?limit=2"), "/label")
        .await;
    let sorted = |mut labels: Vec<String>| {
        labels.sort();
        labels
    };
    assert_eq!(sorted(of_group), ["Direct", "Grouped", "Off"]);
    for limit in [1, 2, 50] {
        let path = format!("/api/v1/users/ada/appLinks?limit={limit}");
        let links = world.walk(&path, "/label").await;
        assert_eq!(sorted(links), ["Direct", "Grouped", "Open"], "{limit}");
    }
    let path = format!("/api/v1/apps?filter=user.id+eq+%22{ada}%22&limit=2");
    let assigned = world.walk(&path, "/label").await;
    assert_eq!(
        sorted(assigned),
        ["Direct", "Grouped", "Hidden", "Off", "Open"],
        "what is assigned, directly or through a group"
    );
    let links = world.get("/api/v1/users/ada/appLinks").await.body;
    let mut links = links.as_array().unwrap().iter();
    let direct = links.find(|link| link["label"] == "Direct").unwrap();
    assert_eq!(
        *direct,
        json!({
            "id": ids[0],
            "label": "Direct",
            "linkUrl": "https://wiki.example/",
            "appName": "oidc_client",
            "appInstanceId": ids[0],
            "appAssignmentId": ada.as_str(),
            "credentialsSetup": false,
            "hidden": false,
            "sortOrder": 0,
        })
    );
}

on_both_engines!(
    an_app_is_assigned_to_people,
    what_an_assignment_cannot_say_is_refused,
    what_came_through_a_group_is_told_and_made_ones_own,
    everybody_of_an_app_is_listed_once,
    a_group_and_a_person_have_their_apps,
);
