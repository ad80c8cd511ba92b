//! What is shown inside of something else is what is shown of it by itself, on pages of any length.

use super::apps::{add, web};
use crate::for_tests::{By, World, on_both_engines};
use identity::access::custom::capability::Capability;
use identity::access::custom::{Holder, Resource};
use identity::access::{Permission, Role};
use identity::embedded::{GROUPS_COUNTED_MAX, TOGETHER_MAX};
use serde_json::{Value, json};
use vocab::id::{AppId, GroupId};

async fn group(world: &World, name: &str) -> GroupId {
    let permit = world.permit(&world.main, Permission::ManageGroups);
    world.cell.create_group(&permit, name, "").await.unwrap().id
}

async fn the_people_and_groups_of_an_app_stand_in_their_assignments(world: &World) {
    let app = add(world, &web("Wiki")).await.id();
    let path = format!("/api/v1/apps/{app}");
    let id = AppId::parse(&app).unwrap();
    let apps = world.permit(&world.main, Permission::ManageApps);
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    world
        .cell
        .assign_app_to_person(&apps, &id, &ada)
        .await
        .unwrap();
    // More than one statement names.
    let count = TOGETHER_MAX + 1;
    for number in 0..count {
        let made = group(world, &format!("g{number}")).await;
        world
            .cell
            .assign_app_to_group(&apps, &id, &made)
            .await
            .unwrap();
    }
    let person = world.get(&format!("/api/v1/users/{ada}")).await.body;
    let listed = world.get(&format!("{path}/users?expand=user")).await;
    let one = world.get(&format!("{path}/users/{ada}?expand=user")).await;
    for shown in [&listed.body[0], &one.body] {
        let user = &shown["_embedded"]["user"];
        for field in ["id", "profile", "status", "created", "credentials"] {
            assert_eq!(user[field], person[field], "{field}");
        }
    }
    let plain = world.get(&format!("{path}/users")).await;
    assert_eq!(plain.body[0].get("_embedded"), None);
    let pages = format!("{path}/groups?limit=150&expand=group");
    let names = world.walk(&pages, "/_embedded/group/profile/name").await;
    assert_eq!(names.len(), count);
    let all = world
        .get(&format!("{path}/groups?limit=200&expand=group"))
        .await;
    let first = &all.body[0];
    let by_itself = world
        .get(&format!("/api/v1/groups/{}", first["id"].as_str().unwrap()))
        .await;
    assert_eq!(first["_embedded"]["group"], by_itself.body);
    for bad in [
        "users?expand=group",
        "groups?expand=metadata",
        "groups?expand=user",
    ] {
        let refused = world.get(&format!("{path}/{bad}")).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{bad}");
    }
}

async fn the_apps_of_a_person_say_how_they_came(world: &World) {
    let apps = world.permit(&world.main, Permission::ManageApps);
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let ids: Vec<AppId> = {
        let mut ids = Vec::new();
        for label in ["Direct", "Grouped", "Neither"] {
            ids.push(AppId::parse(&add(world, &web(label)).await.id()).unwrap());
        }
        ids
    };
    world
        .cell
        .assign_app_to_person(&apps, &ids[0], &ada)
        .await
        .unwrap();
    let groups = world.permit(&world.main, Permission::ManageGroups);
    let mut two = [group(world, "one").await, group(world, "two").await];
    two.sort();
    for made in &two {
        world
            .cell
            .add_group_member(&groups, made, &ada)
            .await
            .unwrap();
        world
            .cell
            .assign_app_to_group(&apps, &ids[1], made)
            .await
            .unwrap();
        world
            .cell
            .assign_app_to_group(&apps, &ids[0], made)
            .await
            .unwrap();
    }
    let listed = world.get(&format!("/api/v1/apps?expand=user/{ada}")).await;
    for shown in listed.body.as_array().unwrap() {
        let id = shown["id"].as_str().unwrap();
        let by_itself = world.get(&format!("/api/v1/apps/{id}/users/{ada}")).await;
        let embedded = &shown["_embedded"]["user"];
        if by_itself.status == 404 {
            assert_eq!(shown.get("_embedded"), None, "{id}");
        } else {
            assert_eq!(*embedded, by_itself.body, "{id}");
        }
        let one = world
            .get(&format!("/api/v1/apps/{id}?expand=user/{ada}"))
            .await;
        assert_eq!(one.body, *shown);
    }
    let own = format!("/api/v1/apps?filter=user.id+eq+%22{ada}%22&expand=user/{ada}");
    let scopes = world.walk(&own, "/_embedded/user/scope").await;
    assert_eq!(scopes.len(), 2);
    let stranger = world.person(&world.other, "else", "A", "B").await;
    for (expand, outcome) in [
        (format!("user/{stranger}"), (404, "E0000007")),
        (String::from("user/nobody"), (404, "E0000007")),
        (String::from("groups"), (400, "E0000001")),
    ] {
        let refused = world.get(&format!("/api/v1/apps?expand={expand}")).await;
        assert_eq!(refused.outcome(), outcome, "{expand}");
    }
}

async fn groups_say_how_much_there_is_of_them(world: &World) {
    let apps = world.permit(&world.main, Permission::ManageApps);
    let groups = world.permit(&world.main, Permission::ManageGroups);
    let made = [group(world, "few").await, group(world, "none").await];
    for number in 0..3 {
        let login = format!("member{number}");
        let member = world.person(&world.main, &login, "A", "B").await;
        world
            .cell
            .add_group_member(&groups, &made[0], &member)
            .await
            .unwrap();
    }
    let app = AppId::parse(&add(world, &web("Wiki")).await.id()).unwrap();
    world
        .cell
        .assign_app_to_group(&apps, &app, &made[0])
        .await
        .unwrap();
    let counts = |shown: &Value| {
        let stats = &shown["_embedded"]["stats"];
        (stats["usersCount"].as_i64(), stats["appsCount"].as_i64())
    };
    let listed = world.get("/api/v1/groups?q=few&expand=stats").await;
    assert_eq!(counts(&listed.body[0]), (Some(3), Some(1)));
    for (id, expected) in made.iter().zip([(Some(3), Some(1)), (Some(0), Some(0))]) {
        let shown = world
            .get(&format!("/api/v1/groups/{id}?expand=stats"))
            .await;
        assert_eq!(counts(&shown.body), expected);
    }
    // Somebody leaves, and the next read says so.
    let members = world
        .get(&format!("/api/v1/groups/{}/users", made[0]))
        .await;
    let path = format!(
        "/api/v1/groups/{}/users/{}",
        made[0],
        members.texts("/id")[0]
    );
    world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    let shown = world
        .get(&format!("/api/v1/groups/{}?expand=stats", made[0]))
        .await;
    assert_eq!(counts(&shown.body), (Some(2), Some(1)));
    for number in 0..GROUPS_COUNTED_MAX {
        group(world, &format!("more{number:03}")).await;
    }
    let all = world
        .walk("/api/v1/groups?limit=10000&expand=stats", "/id")
        .await;
    assert_eq!(all.len(), GROUPS_COUNTED_MAX + 2);
    let refused = world.get("/api/v1/groups?expand=app").await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
    assert_eq!(
        refused.body["errorCauses"],
        json!([{ "errorSummary": "expand: use stats" }])
    );
}

async fn policies_are_shown_with_their_rules(world: &World) {
    let listed = world.get("/api/v1/policies?expand=rules").await;
    for policy in listed.body.as_array().unwrap() {
        let path = format!("/api/v1/policies/{}", policy["id"].as_str().unwrap());
        let rules = world.get(&format!("{path}/rules")).await;
        assert_eq!(policy["_embedded"]["rules"], rules.body);
        let one = world.get(&format!("{path}?expand=rules")).await;
        assert_eq!(one.body, *policy);
    }
    let refused = world.get("/api/v1/policies?expand=apps").await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
}

async fn groups_say_whether_they_give_a_role_and_are_pushed(world: &World) {
    let things = world.things(&world.main, "pushed").await;
    let (plain, path) = (group(world, "plain").await, "/api/v1/groups");
    let seen = async |id: &str| {
        let shown = world.get(&format!("{path}/{id}?expand=stats")).await;
        let stats = &shown.body["_embedded"]["stats"];
        let gives = stats["hasAdminPrivlege"].as_bool();
        (gives, stats["groupPushMappingsCount"].as_i64())
    };
    assert_eq!(seen(&things.group).await, (Some(false), Some(1)));
    assert_eq!(seen(plain.as_str()).await, (Some(false), Some(0)));
    let manager = world.permit(&world.main, Permission::ManageOrg);
    let role = Role::ReadOnlyAdmin;
    let given = world.cell.grant_group_role(&manager, &plain, role);
    assert!(given.await.unwrap());
    assert_eq!(seen(plain.as_str()).await, (Some(true), Some(0)));
    let taken = world.cell.revoke_group_role(&manager, &plain, role);
    assert!(taken.await.unwrap());
    assert_eq!(seen(plain.as_str()).await, (Some(false), Some(0)));
    let permissions = [Capability::UsersRead];
    let (role, set) = world
        .role_over(&world.main, "part", &permissions, &[Resource::Users])
        .await;
    let holder = Holder::Group(plain.clone());
    world.bind(&world.main, (&role, &set), holder).await;
    assert_eq!(seen(plain.as_str()).await, (Some(true), Some(0)));
}

async fn what_a_connection_does_stands_in_the_app(world: &World) {
    let (wiki, other) = (
        add(world, &web("Wiki")).await,
        add(world, &web("Other")).await,
    );
    let path = format!("/api/v1/apps/{}", wiki.id());
    assert_eq!(wiki.body["features"], json!([]));
    let connection = format!("{path}/connections/default");
    let set = json!({ "baseUrl": "https://scim.example/v2",
                      "profile": { "authScheme": "TOKEN", "token": "letmein" } });
    assert_eq!(world.post(&connection, &set).await.status, 200);
    assert_eq!(world.get(&path).await.body["features"], json!([]));
    let on = format!("{connection}/lifecycle/activate");
    assert_eq!(world.post(&on, &Value::Null).await.status, 204);
    let always = json!(["GROUP_PUSH", "IMPORT_NEW_USERS"]);
    assert_eq!(world.get(&path).await.body["features"], always);
    let ticked = json!({ "create": { "lifecycleCreate": { "status": "ENABLED" } },
                         "update": { "lifecycleDeactivate": { "status": "ENABLED" } } });
    let features = format!("{path}/features/USER_PROVISIONING");
    let put = world.call(By::Manager, "PUT", &features, &ticked).await;
    assert_eq!(put.status, 200, "{}", put.body);
    let expected = json!([
        "GROUP_PUSH",
        "IMPORT_NEW_USERS",
        "PUSH_NEW_USERS",
        "PUSH_USER_DEACTIVATION",
        "REACTIVATE_USERS",
    ]);
    let shown = world.get(&path).await.body;
    assert_eq!(shown["features"], expected);
    let listed = world.get("/api/v1/apps").await.body;
    for app in listed.as_array().unwrap() {
        let features = match app["id"] == json!(other.id()) {
            true => json!([]),
            false => expected.clone(),
        };
        assert_eq!(app["features"], features, "{app}");
    }
    let replaced = world.call(By::Manager, "PUT", &path, &shown).await;
    assert_eq!(replaced.body["features"], expected);
}

on_both_engines!(
    what_a_connection_does_stands_in_the_app,
    policies_are_shown_with_their_rules,
    the_people_and_groups_of_an_app_stand_in_their_assignments,
    the_apps_of_a_person_say_how_they_came,
    groups_say_how_much_there_is_of_them,
    groups_say_whether_they_give_a_role_and_are_pushed,
);
