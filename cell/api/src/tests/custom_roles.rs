//! Custom roles, resource sets and bindings as super administrators run them.

use crate::for_tests::{By, World, on_both_engines};
use identity::access::Role;
use serde_json::{Value, json};

const ROLES: &str = "/api/v1/iam/roles";
const SETS: &str = "/api/v1/iam/resource-sets";
const BASE: &str = "https://id.example/t/main";

fn role(label: &str, permissions: &[&str]) -> Value {
    json!({ "label": label, "description": "Helps", "permissions": permissions })
}

fn set(label: &str, resources: &[&str]) -> Value {
    let resources: Vec<String> = resources
        .iter()
        .map(|path| format!("{BASE}/api/v1/{path}"))
        .collect();
    json!({ "label": label, "description": "Of Samos", "resources": resources })
}

async fn delete(world: &World, path: &str) -> (u16, String) {
    let answer = world.call(By::Manager, "DELETE", path, &Value::Null).await;
    (answer.status.as_u16(), answer.code().to_owned())
}

async fn roles_are_made_shown_changed_and_removed(world: &World) {
    let rows = world.log_rows(&world.main).await;
    let made = world
        .post(
            ROLES,
            &role("Desk", &["okta.users.read", "okta.groups.read"]),
        )
        .await;
    assert_eq!(made.status, 200, "{}", made.body);
    let id = made.id();
    let (href, now) = (
        format!("{BASE}{ROLES}/{id}"),
        world.cell.now().to_rfc3339_millis(),
    );
    assert_eq!(
        made.body,
        json!({
            "id": id, "label": "Desk", "description": "Helps", "created": now, "lastUpdated": now,
            "_links": {
                "self": { "href": href, "hints": { "allow": ["GET", "PUT", "DELETE"] } },
                "permissions": { "href": format!("{href}/permissions") },
            },
        })
    );
    for named in [id.as_str(), "Desk", "desk"] {
        assert_eq!(world.get(&format!("{ROLES}/{named}")).await.body, made.body);
    }
    assert_eq!(world.get(ROLES).await.body["roles"], json!([made.body]));
    let permissions = format!("{ROLES}/{id}/permissions");
    let one = format!("{permissions}/okta.apps.read");
    assert_eq!(world.get(&one).await.outcome(), (404, "E0000007"));
    assert_eq!(world.post(&one, &Value::Null).await.status, 204);
    assert_eq!(
        world.post(&one, &Value::Null).await.status,
        204,
        "twice is once"
    );
    let listed = world.get(&permissions).await;
    let labels = listed.body["permissions"].as_array().unwrap().iter();
    let labels: Vec<&str> = labels.map(|one| one["label"].as_str().unwrap()).collect();
    assert_eq!(
        labels,
        ["okta.apps.read", "okta.groups.read", "okta.users.read"]
    );
    assert_eq!(delete(world, &one).await, (204, String::new()));
    assert_eq!(delete(world, &one).await, (404, "E0000007".into()));
    let renamed = json!({ "label": "Help", "description": "" });
    let answer = world
        .call(By::Manager, "PUT", &format!("{ROLES}/Desk"), &renamed)
        .await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["label"]),
        (200, &json!("Help"))
    );
    assert_eq!(delete(world, &format!("{ROLES}/{id}")).await.0, 204);
    assert_eq!(
        world.get(&format!("{ROLES}/{id}")).await.outcome(),
        (404, "E0000007")
    );
    let kinds = world.kinds_since(rows).await;
    assert_eq!(
        kinds,
        [
            "iam.role.create",
            "iam.role.permissions.add",
            "iam.role.permissions.delete",
            "iam.role.update",
            "iam.role.delete"
        ]
    );
}

async fn what_is_not_enforced_is_refused_and_never_kept(world: &World) {
    let desk = world
        .post(ROLES, &role("Desk", &["okta.users.read"]))
        .await
        .id();
    let long = "x".repeat(51);
    for body in [
        role("Log", &["okta.logs.read"]),
        role("Root", &["okta.roles.manage"]),
        role("All", &["okta.users.read", "*"]),
        role("None", &[]),
        role("DESK", &["okta.users.read"]),
        role("", &["okta.users.read"]),
        role(&long, &["okta.users.read"]),
        role(&desk, &["okta.users.read"]),
        json!({ "label": "x", "permissions": ["okta.users.read"] }),
        json!({ "label": "x", "description": "", "permissions": ["okta.users.read"], "type": "y" }),
    ] {
        let refused = world.post(ROLES, &body).await;
        assert_eq!(
            refused.outcome(),
            (400, "E0000001"),
            "{body} {}",
            refused.body
        );
    }
    let permissions = format!("{ROLES}/{desk}/permissions");
    for (path, body, outcome) in [
        ("okta.logs.read", Value::Null, (400, "E0000001")),
        (
            "okta.users.manage",
            json!({ "conditions": { "include": [] } }),
            (501, "E0000060"),
        ),
        (
            "okta.users.manage",
            json!({ "other": 1 }),
            (400, "E0000001"),
        ),
    ] {
        let refused = world.post(&format!("{permissions}/{path}"), &body).await;
        assert_eq!(refused.outcome(), outcome, "{path}");
    }
    let last = delete(world, &format!("{permissions}/okta.users.read")).await;
    assert_eq!(last, (400, "E0000001".into()), "a role permits something");
    let stored = world.get(&permissions).await;
    assert_eq!(stored.body["permissions"].as_array().unwrap().len(), 1);
    assert_eq!(
        world.get(ROLES).await.body["roles"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

async fn sets_hold_what_the_org_has(world: &World) {
    let (main, other) = (&world.main, &world.other);
    let things = world.things(main, "ada").await;
    let theirs = world.things(other, "eve").await;
    let made = world.post(SETS, &set("Samos", &["users", "apps"])).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let one = format!("{SETS}/{}", made.id());
    assert_eq!(world.get(&format!("{SETS}/samos")).await.body, made.body);
    let resources = format!("{one}/resources");
    let orn = format!(
        "orn:okta:directory:{main}:groups:{}:contained_resources",
        things.group
    );
    let more = json!({ "additions": [orn, format!("{BASE}/api/v1/apps")] });
    let answer = world.call(By::Manager, "PATCH", &resources, &more).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let held = world.get(&resources).await.body["resources"].clone();
    let held = held.as_array().unwrap();
    let mut names: Vec<&str> = held
        .iter()
        .map(|one| one["orn"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    let mut expected = vec![
        orn.clone(),
        format!("orn:okta:directory:{main}:users"),
        format!("orn:okta:idp:{main}:apps"),
    ];
    expected.sort_unstable();
    assert_eq!(names, expected, "what is in it twice is in it once");
    for path in [
        format!("groups/{}", theirs.group),
        format!("apps/{}", theirs.app),
        "groups/00gNothing0000000000".into(),
        "policies".into(),
        format!("users/{}", things.user),
    ] {
        let more = json!({ "additions": [format!("{BASE}/api/v1/{path}")] });
        let refused = world.call(By::Manager, "PATCH", &resources, &more).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{path}");
    }
    for body in [
        set("SAMOS", &["users"]),
        set("Empty", &[]),
        json!({ "label": "x" }),
    ] {
        let refused = world.post(SETS, &body).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{body}");
    }
    let first = format!("{resources}/{}", held[0]["id"].as_str().unwrap());
    let shown = world.get(&first).await;
    assert_eq!(shown.status, 200);
    let rows = world.log_rows(&world.main).await;
    // There are no conditions, however a client leaves them out.
    for none in [
        json!({ "conditions": {} }),
        json!({ "conditions": null }),
        json!({}),
        Value::Null,
    ] {
        let replaced = world.call(By::Manager, "PUT", &first, &none).await;
        assert_eq!(replaced.outcome(), (200, ""), "{none}");
        assert_eq!(replaced.body, shown.body, "{none}");
    }
    let headers = [
        (
            "authorization",
            format!("SSWS {}", By::Manager.token().unwrap()),
        ),
        ("content-type", String::from("application/json")),
    ];
    let empty = world.send("PUT", &first, &headers, String::new()).await;
    assert_eq!(empty.outcome(), (200, ""));
    for (body, outcome) in [
        (json!([]), (400, "E0000003")),
        (
            json!({ "conditions": { "Exclude": { "okta:ORN": ["x"] } } }),
            (400, "E0000001"),
        ),
        (json!({ "other": 1 }), (400, "E0000001")),
    ] {
        let refused = world.call(By::Manager, "PUT", &first, &body).await;
        assert_eq!(refused.outcome(), outcome, "{body}");
    }
    for body in [json!({}), Value::Null] {
        let refused = world.call(By::Reader, "PUT", &first, &body).await;
        assert_eq!(refused.outcome(), (403, "E0000006"), "{body}");
        let nowhere = format!("{resources}/ire00000000000000000");
        let missing = world.call(By::Manager, "PUT", &nowhere, &body).await;
        assert_eq!(missing.outcome(), (404, "E0000007"), "{body}");
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    assert_eq!(delete(world, &first).await.0, 204);
    assert_eq!(delete(world, &first).await, (404, "E0000007".into()));
    assert_eq!(delete(world, &one).await.0, 204);
    assert_eq!(world.get(&one).await.outcome(), (404, "E0000007"));
}

async fn roles_are_bound_to_people_and_groups(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let theirs = world.things(&world.other, "eve").await;
    let grace = world.person(&world.main, "grace", "Grace", "Hopper").await;
    world.post(ROLES, &role("Desk", &["okta.users.read"])).await;
    let held = world.post(SETS, &set("Samos", &["users"])).await.id();
    let bindings = format!("{SETS}/{held}/bindings");
    let user = |id: &str| format!("{BASE}/api/v1/users/{id}");
    let group = format!("{BASE}/api/v1/groups/{}", things.group);
    let rows = world.log_rows(&world.main).await;
    for members in [
        json!([]),
        json!([user(&theirs.user)]),
        json!([format!("{BASE}/api/v1/groups/{}", theirs.group)]),
        json!([
            user(grace.as_str()),
            "https://elsewhere.example/api/v1/users/00u"
        ]),
    ] {
        let body = json!({ "role": "Desk", "members": members });
        let refused = world.post(&bindings, &body).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{body}");
    }
    let body = json!({ "role": "Nothing", "members": [user(grace.as_str())] });
    assert_eq!(
        world.post(&bindings, &body).await.outcome(),
        (404, "E0000007")
    );
    assert_eq!(world.log_rows(&world.main).await, rows, "all or nothing");
    let body = json!({ "role": "Desk", "members": [user(grace.as_str())] });
    let bound = world.post(&bindings, &body).await;
    assert_eq!(bound.status, 200, "{}", bound.body);
    let one = format!("{bindings}/{}", bound.id());
    let members = format!("{one}/members");
    let more = json!({ "additions": [group, user(grace.as_str())] });
    assert_eq!(
        world
            .call(By::Manager, "PATCH", &members, &more)
            .await
            .status,
        200
    );
    let listed = world.get(&members).await.body["members"].clone();
    let mut whom: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["_links"]["self"]["href"].as_str().unwrap())
        .collect();
    whom.sort_unstable();
    assert_eq!(whom, [group.as_str(), user(grace.as_str()).as_str()]);
    // The same is an assignment of the person, and of the group.
    let of_grace = world.get(&format!("/api/v1/users/{grace}/roles")).await;
    assert_eq!(of_grace.texts("/label"), ["Desk"]);
    assert_eq!(of_grace.body[0]["resource-set"], json!(held));
    let of_group = world
        .get(&format!("/api/v1/groups/{}/roles", things.group))
        .await;
    assert_eq!(of_group.texts("/assignmentType"), ["GROUP"]);
    let put = format!("/api/v1/groups/{}/users/{}", things.group, things.user);
    assert_eq!(
        world
            .call(By::Manager, "PUT", &put, &Value::Null)
            .await
            .status,
        204
    );
    let of_ada = world
        .get(&format!("/api/v1/users/{}/roles", things.user))
        .await;
    assert_eq!(of_ada.texts("/type"), ["REPORT_ADMIN", "CUSTOM"]);
    let through = format!(
        "/api/v1/users/{}/roles/{}",
        things.user,
        of_ada.texts("/id")[1]
    );
    assert_eq!(world.get(&through).await.status, 200);
    assert_eq!(
        delete(world, &through).await,
        (404, "E0000007".into()),
        "it is the group's"
    );
    assert_eq!(
        delete(world, &format!("{ROLES}/Desk")).await.1,
        "E0000001",
        "it is held"
    );
    assert_eq!(delete(world, &format!("{SETS}/{held}")).await.1, "E0000001");
    let own = format!("/api/v1/users/{grace}/roles/{}", of_grace.texts("/id")[0]);
    assert_eq!(delete(world, &own).await.0, 204);
    assert_eq!(delete(world, &own).await.0, 404);
    assert_eq!(delete(world, &one).await.0, 204);
    assert_eq!(delete(world, &one).await.0, 404);
    assert_eq!(delete(world, &format!("{ROLES}/Desk")).await.0, 204);
}

async fn assignments_are_given_to_each_once(world: &World) {
    let grace = world.person(&world.main, "grace", "Grace", "Hopper").await;
    world.post(ROLES, &role("Desk", &["okta.users.read"])).await;
    world.post(SETS, &set("Samos", &["users"])).await;
    let path = format!("/api/v1/users/{grace}/roles");
    let body = json!({ "type": "CUSTOM", "role": "Desk", "resource-set": "Samos" });
    let given = world.post(&path, &body).await;
    assert_eq!(given.status, 201, "{}", given.body);
    assert_eq!(given.body["assignmentType"], "USER");
    assert_eq!(
        world.get(&format!("{path}/{}", given.id())).await.body,
        given.body
    );
    assert_eq!(world.post(&path, &body).await.outcome(), (409, "E0000090"));
    for (body, outcome) in [
        (
            json!({ "type": "CUSTOM", "role": "Desk" }),
            (400, "E0000001"),
        ),
        (
            json!({ "type": "CUSTOM", "role": "None", "resource-set": "Samos" }),
            (404, "E0000007"),
        ),
        (
            json!({ "type": "CUSTOM", "role": "Desk", "resource-set": "None" }),
            (404, "E0000007"),
        ),
    ] {
        assert_eq!(world.post(&path, &body).await.outcome(), outcome, "{body}");
    }
}

/// Whoever administers everything alone decides who else administers what.
async fn others_look_at_most(world: &World) {
    let things = world.things(&world.main, "ada").await;
    world.administrator(Role::OrgAdmin).await;
    world.administrator(Role::UserAdmin).await;
    let custom = role("Desk", &["okta.users.read"]);
    for by in [By::Reader, By::Of(Role::OrgAdmin), By::Of(Role::UserAdmin)] {
        assert_eq!(world.call(by, "GET", ROLES, &Value::Null).await.status, 200);
        for (path, body) in [
            (ROLES.to_owned(), custom.clone()),
            (SETS.to_owned(), set("Samos", &["users"])),
            (
                format!("/api/v1/users/{}/roles", things.user),
                json!({ "type": "CUSTOM" }),
            ),
            (
                format!("/api/v1/groups/{}/roles", things.group),
                json!({ "type": "CUSTOM" }),
            ),
        ] {
            let refused = world.call(by, "POST", &path, &body).await;
            assert_eq!(refused.outcome(), (403, "E0000006"), "{by:?} {path}");
        }
    }
    let person = world.call(By::Person, "GET", ROLES, &Value::Null).await;
    assert_eq!(person.outcome(), (403, "E0000006"));
    // Of the other org's roles nothing is found.
    let (theirs, held) = world
        .role_over(
            &world.other,
            "eve",
            &[identity::access::custom::capability::Capability::UsersRead],
            &[identity::access::custom::Resource::Users],
        )
        .await;
    for path in [
        format!("{ROLES}/{theirs}"),
        format!("{SETS}/{held}"),
        format!("{SETS}/{held}/bindings"),
    ] {
        assert_eq!(
            world.get(&path).await.outcome(),
            (404, "E0000007"),
            "{path}"
        );
    }
}

on_both_engines!(
    roles_are_made_shown_changed_and_removed,
    what_is_not_enforced_is_refused_and_never_kept,
    sets_hold_what_the_org_has,
    roles_are_bound_to_people_and_groups,
    assignments_are_given_to_each_once,
    others_look_at_most,
);
