//! Attributes of groups and of people in apps: what is said of one is what the next value is held against, and nobody else's
//! schema has it.

use crate::for_tests::{By, World, on_both_engines};
use identity::access::Permission;
use identity::access::Role;
use identity::group::Group;
use serde_json::{Value, json};

const GROUPS: &str = "/api/v1/groups";
const OF_GROUPS: &str = "/api/v1/meta/schemas/group/default";

fn of_app(app: &str) -> String {
    format!("/api/v1/meta/schemas/apps/{app}/default")
}

fn attributes(properties: &Value) -> Value {
    json!({ "definitions": { "custom": { "properties": properties } } })
}

async fn a_group_has_what_the_schema_of_groups_adds(world: &World) {
    let early = json!({ "profile": { "name": "Early", "site": "BER" } });
    assert_eq!(
        world.post(GROUPS, &early).await.outcome(),
        (400, "E0000001")
    );
    let before = world.get(OF_GROUPS).await;
    assert_eq!(
        before.body["definitions"]["custom"]["properties"],
        json!({})
    );
    let site = json!({ "site": { "type": "string", "title": "Site", "enum": ["BER", "HAM"] },
                       "seats": { "type": "integer", "minimum": 1 } });
    let made = world.post(OF_GROUPS, &attributes(&site)).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(world.get(OF_GROUPS).await.body, made.body);
    // What was shown can be sent back.
    assert_eq!(world.post(OF_GROUPS, &made.body).await.body, made.body);

    let group =
        json!({ "profile": { "name": "Early", "description": "d", "site": "BER", "seats": 3 } });
    let added = world.post(GROUPS, &group).await;
    assert_eq!(added.body["profile"], group["profile"]);
    let place = format!("{GROUPS}/{}", added.id());
    assert_eq!(world.get(&place).await.body["profile"], group["profile"]);
    let listed = world.get(&format!("{GROUPS}?q=Early")).await;
    assert_eq!(listed.body[0]["profile"], group["profile"]);
    for wrong in [
        json!({ "name": "Early", "site": "MUC" }),
        json!({ "name": "Early", "seats": 0 }),
        json!({ "name": "Early", "seats": "3" }),
        json!({ "name": "Early", "floor": 1 }),
    ] {
        let body = json!({ "profile": wrong });
        let refused = world.call(By::Manager, "PUT", &place, &body).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{body}");
    }
    // A replacement names all that is to be there.
    let body = json!({ "profile": { "name": "Late", "seats": 4 } });
    let replaced = world.call(By::Manager, "PUT", &place, &body).await;
    assert_eq!(replaced.body["profile"], body["profile"]);

    // Whoever knows nothing of the schema lets the rest be as it is.
    let permit = world.permit(&world.main, Permission::ManageGroups);
    let reader = world.permit(&world.main, Permission::ReadDirectory);
    let id = vocab::id::GroupId::parse(&added.id()).unwrap();
    let present = world.cell.find_group(&reader, &id).await.unwrap();
    let renamed = Group {
        name: "Later".into(),
        ..present
    };
    world.cell.update_group(&permit, renamed).await.unwrap();
    let shown = world.get(&place).await;
    assert_eq!(
        shown.body["profile"],
        json!({ "name": "Later", "seats": 4 })
    );

    let gone = attributes(&json!({ "seats": null }));
    assert_eq!(world.post(OF_GROUPS, &gone).await.status, 200);
    let shown = world.get(&place).await;
    assert_eq!(shown.body["profile"], json!({ "name": "Later" }));
    // One of the same name that holds something else begins empty.
    let again = attributes(&json!({ "seats": { "type": "string" } }));
    assert_eq!(world.post(OF_GROUPS, &again).await.status, 200);
    assert_eq!(
        world.get(&place).await.body["profile"],
        json!({ "name": "Later" })
    );
}

async fn a_person_has_in_an_app_what_its_schema_adds(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let (app, user) = (&things.app, &things.user);
    let schema = of_app(app);
    let role = json!({ "role": { "type": "string", "enum": ["author", "editor"] },
                       "quota": { "type": "integer" } });
    let made = world.post(&schema, &attributes(&role)).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(world.post(&schema, &made.body).await.body, made.body);
    let place = format!("/api/v1/apps/{app}/users/{user}");
    assert_eq!(world.get(&place).await.body["profile"], json!({}));

    let change = |profile: Value| json!({ "profile": profile });
    let set = world
        .post(&place, &change(json!({ "role": "editor", "quota": 3 })))
        .await;
    assert_eq!(set.body["profile"], json!({ "role": "editor", "quota": 3 }));
    // What is not named stays, and `null` takes away.
    let set = world.post(&place, &change(json!({ "quota": null }))).await;
    assert_eq!(set.body["profile"], json!({ "role": "editor" }));
    for wrong in [
        json!({ "role": "owner" }),
        json!({ "floor": 1 }),
        json!({ "quota": "3" }),
    ] {
        let refused = world.post(&place, &change(wrong.clone())).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{wrong}");
    }
    // What the schema bounds more narrowly by now is held against it when it is named, and not before.
    let set = json!({ "role": "editor", "quota": 3 });
    world.post(&place, &change(set)).await;
    let narrow = json!({ "quota": { "type": "integer", "maximum": 2 } });
    let narrowed = world.post(&schema, &attributes(&narrow)).await;
    assert_eq!(narrowed.status, 200, "{}", narrowed.body);
    let other = world
        .post(&place, &change(json!({ "role": "author" })))
        .await;
    let expected = json!({ "role": "author", "quota": 3 });
    assert_eq!(other.body["profile"], expected, "{}", other.body);
    let refused = world.post(&place, &change(json!({ "quota": 3 }))).await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
    let back = json!({ "role": "editor", "quota": null });
    assert_eq!(world.post(&place, &change(back)).await.status, 200);
    let wide = json!({ "quota": { "type": "integer" } });
    world.post(&schema, &attributes(&wide)).await;
    let expected = json!({ "role": "editor" });
    assert_eq!(world.get(&place).await.body["profile"], expected);
    let listed = world.get(&format!("/api/v1/apps/{app}/users")).await;
    assert_eq!(listed.body[0]["profile"], expected);
    let inside = world
        .get(&format!("/api/v1/apps/{app}?expand=user/{user}"))
        .await;
    assert_eq!(inside.body["_embedded"]["user"]["profile"], expected);

    // Another app knows nothing of it.
    let other = world
        .post(&of_app(&things.service), &attributes(&json!({})))
        .await;
    assert_eq!(other.body["definitions"]["custom"]["properties"], json!({}));
    // Whoever has the app through a group has nothing of their own in it.
    let member = format!("{GROUPS}/{}/users/{user}", things.group);
    let joined = world.call(By::Manager, "PUT", &member, &Value::Null).await;
    assert_eq!(joined.status, 204);
    world
        .call(By::Manager, "DELETE", &place, &Value::Null)
        .await;
    let through = world
        .post(&place, &change(json!({ "role": "author" })))
        .await;
    assert_eq!(through.outcome(), (400, "E0000001"));
    let own = json!({ "scope": "USER", "profile": { "role": "author" } });
    assert_eq!(
        world.post(&place, &own).await.body["profile"],
        json!({ "role": "author" })
    );
    // An assignment that is refused is none.
    world
        .call(By::Manager, "DELETE", &place, &Value::Null)
        .await;
    let grace = world.person(&world.main, "grace", "Grace", "Hopper").await;
    let body = json!({ "id": grace.as_str(), "profile": { "role": "owner" } });
    let users = format!("/api/v1/apps/{app}/users");
    assert_eq!(world.post(&users, &body).await.outcome(), (400, "E0000001"));
    let nobody = world.get(&format!("{users}/{grace}")).await;
    assert_eq!(nobody.status, 404);
    let body = json!({ "id": grace.as_str(), "profile": { "role": "author" } });
    assert_eq!(
        world.post(&users, &body).await.body["profile"],
        body["profile"]
    );
}

async fn what_such_an_attribute_cannot_be_is_refused(world: &World) {
    let things = world.things(&world.main, "ada").await;
    for schema in [OF_GROUPS.to_owned(), of_app(&things.app)] {
        for wrong in [
            json!({ "x": { "type": "string", "required": true } }),
            json!({ "x": { "type": "string", "unique": true } }),
            json!({ "x": { "type": "string", "permissions": [{ "principal": "SELF", "action": "READ_WRITE" }] } }),
            json!({ "x": { "type": "array" } }),
            json!({ "x": { "title": "of no type" } }),
            json!({ "gone": null }),
            json!({ "1x": { "type": "string" } }),
        ] {
            let refused = world.post(&schema, &attributes(&wrong)).await;
            assert_eq!(refused.outcome(), (400, "E0000001"), "{schema} {wrong}");
        }
        let base =
            json!({ "definitions": { "base": { "properties": { "x": { "type": "string" } } } } });
        assert_eq!(
            world.post(&schema, &base).await.outcome(),
            (400, "E0000001")
        );
        let plain = attributes(&json!({ "x": { "type": "string" } }));
        for by in [By::Reader, By::Person] {
            let refused = world.call(by, "POST", &schema, &plain).await;
            assert_eq!(refused.outcome(), (403, "E0000006"));
        }
    }
    let name = attributes(&json!({ "name": { "type": "string" } }));
    assert_eq!(
        world.post(OF_GROUPS, &name).await.outcome(),
        (400, "E0000001")
    );
    assert_eq!(world.post(&of_app(&things.app), &name).await.status, 200);
}

async fn schemas_are_of_one_org_and_end_with_their_app(world: &World) {
    let things = world.things(&world.main, "ada").await;
    let plain = attributes(&json!({ "x": { "type": "string" } }));
    assert_eq!(world.post(OF_GROUPS, &plain).await.status, 200);
    let schema = of_app(&things.app);
    assert_eq!(world.post(&schema, &plain).await.status, 200);
    let other = world.things(&world.other, "eve").await;
    let foreign = world.get(&of_app(&other.app)).await;
    assert_eq!(foreign.outcome(), (404, "E0000007"));
    let foreign = world.post(&of_app(&other.app), &plain).await;
    assert_eq!(foreign.outcome(), (404, "E0000007"));
    world.administrator(Role::AppAdmin).await;
    let by = By::Of(Role::AppAdmin);
    let more = attributes(&json!({ "y": { "type": "string" } }));
    assert_eq!(world.call(by, "POST", &schema, &more).await.status, 200);
    assert_eq!(
        world.call(by, "POST", OF_GROUPS, &more).await.outcome(),
        (403, "E0000006")
    );
    let app = vocab::id::AppId::parse(&things.app).unwrap();
    world.remove_app(&app).await;
    assert_eq!(world.get(&schema).await.outcome(), (404, "E0000007"));
}

on_both_engines!(
    a_group_has_what_the_schema_of_groups_adds,
    a_person_has_in_an_app_what_its_schema_adds,
    what_such_an_attribute_cannot_be_is_refused,
    schemas_are_of_one_org_and_end_with_their_app,
);
