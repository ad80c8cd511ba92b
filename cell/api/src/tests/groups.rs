//! Groups and who belongs to them.

use crate::for_tests::{Answered, By, World, on_both_engines};
use serde_json::{Value, json};

async fn add(world: &World, name: &str) -> Answered {
    let body = json!({ "profile": { "name": name, "description": "Who builds" } });
    world.post("/api/v1/groups", &body).await
}

async fn a_group_is_added_shown_changed_and_removed(world: &World) {
    let added = add(world, "Eng").await;
    let id = added.id();
    let now = world.cell.now().to_rfc3339_millis();
    let href = format!("https://id.example/t/main/api/v1/groups/{id}");
    assert_eq!(
        added.body,
        json!({
            "id": id,
            "type": "OKTA_GROUP",
            "objectClass": ["okta:user_group"],
            "created": now,
            "lastUpdated": now,
            "lastMembershipUpdated": now,
            "profile": { "name": "Eng", "description": "Who builds" },
            "_links": { "self": { "href": href }, "users": { "href": format!("{href}/users") } },
        })
    );
    let path = format!("/api/v1/groups/{id}");
    assert_eq!(world.get(&path).await.body, added.body);
    world.clock.advance_secs(5);
    let mut whole = added.body.clone();
    whole["profile"] = json!({ "name": "Engineers" });
    let changed = world.call(By::Manager, "PUT", &path, &whole).await;
    assert_eq!(changed.body["profile"], json!({ "name": "Engineers" }));
    let later = world.cell.now().to_rfc3339_millis();
    assert_eq!(
        (&changed.body["lastUpdated"], &changed.body["created"]),
        (&json!(later), &json!(now))
    );
    assert_eq!(world.get(&path).await.body, changed.body);
    let removed = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(removed.status, 204);
    for method in ["GET", "DELETE"] {
        let gone = world.call(By::Manager, method, &path, &Value::Null).await;
        assert_eq!(gone.outcome(), (404, "E0000007"));
    }
}

async fn names_are_unique_and_within_bounds(world: &World) {
    assert_eq!(add(world, "Eng").await.status, 200);
    let sales = add(world, "Sales").await.id();
    let path = format!("/api/v1/groups/{sales}");
    let rows = world.log_rows(&world.main).await;
    for name in ["ENG", "", &"x".repeat(101), "a\nb"] {
        let body = json!({ "profile": { "name": name } });
        for answer in [
            add(world, name).await,
            world.call(By::Manager, "PUT", &path, &body).await,
        ] {
            assert_eq!(answer.outcome(), (400, "E0000001"), "{name:?}");
        }
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
}

async fn groups_are_listed_and_found(world: &World) {
    let names = ["Alpha", "Beta", "Eng", "Engineers", "Omega"];
    for name in names {
        world.clock.advance_secs(1);
        assert_eq!(add(world, name).await.status, 200);
    }
    let name = "/profile/name";
    let all = world.walk("/api/v1/groups?limit=2", name).await;
    assert_eq!(all.len(), 5);
    for (query, expected) in [
        ("sortBy=profile.name", names.to_vec()),
        ("q=eng", vec!["Eng", "Engineers"]),
        ("search=profile.name+eq+%22ENG%22", vec!["Eng"]),
        (
            "search=profile.name+sw+%22eng%22+and+not+(profile.name+eq+%22eng%22)",
            vec!["Engineers"],
        ),
        (
            "search=profile.name+eq+%22omega%22+or+profile.name+sw+%22o%22+or+profile.name+eq+%22beta%22",
            vec!["Omega", "Beta"],
        ),
        ("filter=type+eq+%22APP_GROUP%22", vec![]),
    ] {
        let found = world
            .walk(&format!("/api/v1/groups?limit=1&{query}"), name)
            .await;
        assert_eq!(found, expected, "{query}");
    }
    let mut down = world
        .walk(
            "/api/v1/groups?limit=2&sortBy=profile.name&sortOrder=desc",
            name,
        )
        .await;
    down.reverse();
    assert_eq!(down, names);
    let of_type = world
        .walk(
            "/api/v1/groups?limit=2&filter=type+eq+%22OKTA_GROUP%22",
            name,
        )
        .await;
    assert_eq!(of_type.len(), 5);
    for query in [
        "search=profile.name+co+%22a%22",
        "sortBy=type",
        "filter=x+eq+1",
    ] {
        let refused = world.get(&format!("/api/v1/groups?{query}")).await;
        assert_eq!(refused.outcome(), (400, "E0000031"), "{query}");
    }
}

async fn members_come_and_go(world: &World) {
    let group = add(world, "Eng").await.id();
    let users = format!("/api/v1/groups/{group}/users");
    for number in 0..5 {
        world
            .person(&world.main, &format!("m{number}"), "A", "B")
            .await;
    }
    let change = async |method: &str, user: &str| {
        let path = format!("{users}/{user}");
        world
            .call(By::Manager, method, &path, &Value::Null)
            .await
            .status
            .as_u16()
    };
    world.clock.advance_secs(5);
    for number in 0..5 {
        assert_eq!(change("PUT", &format!("m{number}")).await, 204);
    }
    let rows = world.log_rows(&world.main).await;
    assert_eq!(change("PUT", "m0").await, 204, "once more, nothing happens");
    assert_eq!(world.log_rows(&world.main).await, rows);
    let page = format!("{users}?limit=2");
    let ids = world.walk(&page, "/id").await;
    assert!(ids.len() == 5 && ids.is_sorted(), "{ids:?}");
    let shown = world.get(&format!("/api/v1/groups/{group}")).await;
    let now = world.cell.now().to_rfc3339_millis();
    assert_eq!(shown.body["lastMembershipUpdated"], now);
    assert_ne!(
        shown.body["lastUpdated"], now,
        "the group itself is the same"
    );
    let since = format!(
        "/api/v1/groups?filter=lastMembershipUpdated+ge+%22{now}%22+and+lastUpdated+lt+%22{now}%22"
    );
    assert_eq!(world.get(&since).await.texts("/id"), [group.as_str()]);
    let of_person = world.get("/api/v1/users/m0/groups").await;
    assert_eq!(of_person.texts("/id"), [group.as_str()]);
    assert_eq!(change("DELETE", "m0").await, 204);
    assert_eq!(change("DELETE", "m0").await, 204);
    assert_eq!(world.walk(&page, "/id").await.len(), 4);
    assert_eq!(world.get("/api/v1/users/m0/groups").await.body, json!([]));
    for (method, path) in [
        ("PUT", format!("{users}/nobody")),
        ("DELETE", format!("{users}/nobody")),
        ("PUT", String::from("/api/v1/groups/none/users/m0")),
        (
            "GET",
            String::from("/api/v1/groups/00gAAAAAAAAAAAAAAAAA/users"),
        ),
        ("GET", String::from("/api/v1/users/nobody/groups")),
    ] {
        let refused = world.call(By::Manager, method, &path, &Value::Null).await;
        assert_eq!(refused.outcome(), (404, "E0000007"), "{method} {path}");
    }
}

on_both_engines!(
    a_group_is_added_shown_changed_and_removed,
    names_are_unique_and_within_bounds,
    groups_are_listed_and_found,
    members_come_and_go,
);
