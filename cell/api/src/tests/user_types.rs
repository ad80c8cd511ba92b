//! Types of people: what each is called, and which attributes its people have.

use crate::for_tests::{Answered, By, World, on_both_engines};
use identity::access::{Permission, Role};
use identity::user_type::{TYPES_MAX, UserTypeInput, id_of, schema_id_of};
use serde_json::{Value, json};

pub(super) const TYPES: &str = "/api/v1/meta/types/user";
pub(super) const USERS: &str = "/api/v1/users";
const SCHEMAS: &str = "/api/v1/meta/schemas/user";
pub(super) const INVALID: (u16, &str) = (400, "E0000001");
pub(super) const STAYS: (u16, &str) = (403, "E0000142");
pub(super) const FORBIDDEN: (u16, &str) = (403, "E0000006");
const MISSING: (u16, &str) = (404, "E0000007");

pub(super) fn named(name: &str) -> Value {
    json!({ "name": name, "displayName": format!("The {name}") })
}

pub(super) async fn put(world: &World, path: &str, body: &Value) -> Answered {
    world.call(By::Manager, "PUT", path, body).await
}

pub(super) async fn delete(world: &World, path: &str) -> Answered {
    world.call(By::Manager, "DELETE", path, &Value::Null).await
}

/// A type, by its id.
pub(super) async fn make(world: &World, name: &str) -> String {
    let made = world.post(TYPES, &named(name)).await;
    assert_eq!(made.status, 200, "{}", made.body);
    made.id()
}

/// The path within the org that a link leads to.
pub(super) fn path_of(link: &Value) -> String {
    let href = link["href"].as_str().unwrap();
    href["https://id.example/t/main".len()..].to_owned()
}

pub(super) async fn schema_path(world: &World, of: &str) -> String {
    let shown = world.get(&format!("{TYPES}/{of}")).await;
    path_of(&shown.body["_links"]["schema"])
}

/// Changes attributes of a type.
pub(super) async fn set(world: &World, of: &str, attributes: &Value) -> Answered {
    let path = schema_path(world, of).await;
    let body = json!({ "definitions": { "custom": { "properties": attributes } } });
    world.post(&path, &body).await
}

pub(super) fn profile(login: &str, attributes: &Value) -> Value {
    let mut profile = json!({ "login": login, "email": format!("{login}@example.com") });
    for (name, value) in attributes.as_object().unwrap() {
        profile[name] = value.clone();
    }
    profile
}

/// Adds somebody of a type; of none where none is named.
pub(super) async fn add(world: &World, login: &str, of: &str, attributes: &Value) -> Answered {
    let mut body = json!({ "profile": profile(login, attributes) });
    if !of.is_empty() {
        body["type"] = json!({ "id": of });
    }
    world.post(&format!("{USERS}?activate=false"), &body).await
}

pub(super) fn cause(answer: &Answered) -> &str {
    let cause = answer.body["errorCauses"][0]["errorSummary"].as_str();
    cause.unwrap_or_default()
}

async fn a_type_is_added_changed_and_removed(world: &World) {
    let rows = world.log_rows(&world.main).await;
    let listed = world.get(TYPES).await;
    let [first] = listed.body.as_array().unwrap().as_slice() else {
        panic!("{}", listed.body)
    };
    let body = json!({ "name": "contractor", "displayName": " Contractor ", "description": "Who works for others" });
    let made = world.post(TYPES, &body).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let (id, now) = (made.id(), world.cell.now().to_rfc3339_millis());
    let by = world.get(&format!("{USERS}/me")).await.id();
    let path = format!("{TYPES}/{id}");
    let key = &id["oty".len()..];
    let href = |path: &str| format!("https://id.example/t/main{path}");
    assert_eq!(
        made.body,
        json!({
            "id": id, "name": "contractor", "displayName": "Contractor", "description": "Who works for others",
            "default": false, "created": now, "createdBy": by, "lastUpdated": now, "lastUpdatedBy": by,
            "_links": {
                "self": { "href": href(&path), "hints": { "allow": ["GET", "POST", "PUT", "DELETE"] } },
                "schema": { "href": href(&format!("{SCHEMAS}/osc{key}")) },
            },
        })
    );
    assert_eq!(world.get(&path).await.body, made.body);
    assert_eq!(world.get(TYPES).await.body, json!([first, made.body]));
    let changed = world
        .post(&path, &json!({ "displayName": "Freelancer" }))
        .await;
    assert_eq!(
        (&changed.body["displayName"], &changed.body["description"]),
        (&json!("Freelancer"), &json!("Who works for others"))
    );
    // What was shown may be sent back, and changes nothing.
    let between = world.log_rows(&world.main).await;
    assert_eq!(put(world, &path, &changed.body).await.body, changed.body);
    assert_eq!(world.log_rows(&world.main).await, between);
    let replaced = json!({ "name": "contractor", "displayName": "Guest", "description": "" });
    let replaced = put(world, &path, &replaced).await;
    assert_eq!(replaced.body["displayName"], "Guest");
    assert_eq!(replaced.body.get("description"), None);
    assert_eq!(world.get(&path).await.body, replaced.body);
    assert_eq!(delete(world, &path).await.status, 204);
    for method in ["GET", "DELETE"] {
        let gone = world.call(By::Manager, method, &path, &Value::Null).await;
        assert_eq!(gone.outcome(), MISSING, "{method}");
    }
    let schema = world.get(&format!("{SCHEMAS}/osc{key}")).await;
    assert_eq!(schema.outcome(), MISSING);
    assert_eq!(world.get(TYPES).await.body, json!([first]));
    assert_eq!(
        world.kinds_since(rows).await,
        [
            "directory.non_default_user_profile.create",
            "directory.user_profile.update",
            "directory.user_profile.update",
            "directory.user_profile.update",
        ]
    );
    // The name is free again, and another type.
    assert_ne!(make(world, "contractor").await, id);
}

async fn the_type_that_every_org_has_keeps_its_id_and_stays(world: &World) {
    let id = id_of(&world.main, None);
    let path = format!("{TYPES}/{id}");
    let before = world.get(&path).await.body;
    assert_eq!(
        (&before["name"], &before["displayName"], &before["default"]),
        (&json!("user"), &json!("User"), &json!(true))
    );
    for named in [&id, "default"] {
        let path = format!("{TYPES}/{named}");
        assert_eq!(delete(world, &path).await.outcome(), STAYS);
        let words = json!({ "name": "user", "displayName": named, "description": "Everybody" });
        let changed = put(world, &path, &words).await;
        assert_eq!(changed.body["displayName"], json!(named));
        assert_eq!(
            (changed.id(), &changed.body["created"]),
            (id.clone(), &before["created"])
        );
        let wrong = world.post(&path, &json!({ "name": "staff" })).await;
        assert_eq!(wrong.outcome(), INVALID);
    }
    let listed = world.get(TYPES).await;
    assert_eq!(listed.texts("/id"), std::slice::from_ref(&id));
    assert_eq!(listed.texts("/displayName"), ["default"]);
    let schema = world.get(&format!("{SCHEMAS}/default")).await;
    let own = format!("{SCHEMAS}/{}", schema_id_of(&world.main, None));
    assert_eq!(world.get(&own).await.body, schema.body);
    assert_eq!(
        add(world, "ada", &id, &json!({})).await.body["type"]["id"],
        json!(id)
    );
}

async fn what_cannot_be_a_type_is_refused(world: &World) {
    let kept = make(world, "kept").await;
    let rows = world.log_rows(&world.main).await;
    for body in [
        json!({}),
        json!({ "name": "a" }),
        json!({ "displayName": "A" }),
        json!({ "name": "", "displayName": "A" }),
        json!({ "name": "2nd", "displayName": "A" }),
        json!({ "name": "a b", "displayName": "A" }),
        json!({ "name": "ä", "displayName": "A" }),
        json!({ "name": "n".repeat(65), "displayName": "A" }),
        json!({ "name": "user", "displayName": "A" }),
        json!({ "name": "kept", "displayName": "A" }),
        json!({ "name": "a", "displayName": " " }),
        json!({ "name": "a", "displayName": "x".repeat(101) }),
        json!({ "name": "a", "displayName": "A", "description": "x".repeat(257) }),
        json!({ "name": "a", "displayName": "A", "description": 1 }),
        json!({ "name": "a", "displayName": "A", "colour": "red" }),
    ] {
        let refused = world.post(TYPES, &body).await;
        assert_eq!(refused.outcome(), INVALID, "{body}");
    }
    let path = format!("{TYPES}/{kept}");
    for (method, body) in [
        ("POST", json!({ "name": "other" })),
        ("POST", json!({ "displayName": "" })),
        ("PUT", json!({ "name": "kept", "displayName": "A" })),
        ("PUT", json!({ "name": "kept", "description": "A" })),
        ("PUT", json!({ "displayName": "A", "description": "A" })),
        (
            "PUT",
            json!({ "name": "other", "displayName": "A", "description": "A" }),
        ),
    ] {
        let refused = world.call(By::Manager, method, &path, &body).await;
        assert_eq!(refused.outcome(), INVALID, "{method} {body}");
    }
    for unknown in ["oty00000000000000000", "other", "0oa00000000000000000"] {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let path = format!("{TYPES}/{unknown}");
            let body = json!({ "name": "a", "displayName": "A", "description": "A" });
            let missing = world.call(By::Manager, method, &path, &body).await;
            assert_eq!(missing.outcome(), MISSING, "{method} {unknown}");
        }
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    // One that every org has, and nine others.
    for number in 2..TYPES_MAX {
        make(world, &format!("type{number}")).await;
    }
    let full = world.post(TYPES, &named("one_more")).await;
    assert_eq!(full.outcome(), INVALID);
    assert_eq!(world.get(TYPES).await.texts("/id").len(), TYPES_MAX);
    assert_eq!(delete(world, &path).await.status, 204);
    make(world, "one_more").await;
}

async fn who_may_see_types_may_not_change_them(world: &World) {
    world.administrator(Role::OrgAdmin).await;
    let path = format!("{TYPES}/{}", make(world, "kept").await);
    for (by, may_see) in [
        (By::Reader, true),
        (By::Of(Role::OrgAdmin), true),
        (By::Person, false),
    ] {
        for read in [TYPES, path.as_str()] {
            let seen = world.call(by, "GET", read, &Value::Null).await;
            assert_eq!(seen.status == 200, may_see, "{by:?}");
        }
        let words = json!({ "name": "kept", "displayName": "Other", "description": "Other" });
        for (method, path, body) in [
            ("POST", TYPES, named("new")),
            ("POST", path.as_str(), json!({ "displayName": "Other" })),
            ("PUT", path.as_str(), words),
            ("DELETE", path.as_str(), Value::Null),
        ] {
            let refused = world.call(by, method, path, &body).await;
            assert_eq!(refused.outcome(), FORBIDDEN, "{by:?} {method}");
        }
    }
    let shown = world.get(&path).await;
    assert_eq!(shown.body["displayName"], "The kept");
    assert_eq!(world.get(TYPES).await.texts("/id").len(), 2);
}

async fn a_type_of_another_org_is_none_here(world: &World) {
    let permit = world.permit(&world.other, Permission::ManageOrg);
    let input = UserTypeInput {
        name: "contractor".into(),
        display_name: "Theirs".into(),
        description: String::new(),
    };
    let theirs = world.cell.create_user_type(&permit, input).await.unwrap();
    let their_default = id_of(&world.other, None);
    let schema = schema_id_of(&world.other, theirs.key.as_ref());
    for id in [theirs.id(), their_default] {
        let path = format!("{TYPES}/{id}");
        assert_eq!(world.get(&path).await.outcome(), MISSING);
        assert_eq!(delete(world, &path).await.outcome(), MISSING);
        let changed = world.post(&path, &json!({ "displayName": "Ours" })).await;
        assert_eq!(changed.outcome(), MISSING);
        let ada = add(world, "ada", &id, &json!({})).await;
        assert_eq!(ada.outcome(), INVALID, "{}", ada.body);
    }
    let path = format!("{SCHEMAS}/{schema}");
    assert_eq!(world.get(&path).await.outcome(), MISSING);
    // The name is theirs there, and free here.
    make(world, "contractor").await;
    let permit = world.permit(&world.other, Permission::ReadDirectory);
    let theirs = world.cell.list_user_types(&permit).await.unwrap();
    assert_eq!(theirs[1].display_name, "Theirs");
}

async fn attributes_are_of_the_people_of_their_type(world: &World) {
    let contractor = make(world, "contractor").await;
    let schema = world.get(&schema_path(world, &contractor).await).await;
    assert_eq!(schema.body["name"], "contractor");
    assert_eq!(
        schema.body["definitions"]["custom"]["properties"],
        json!({})
    );
    let base = world.get(&format!("{SCHEMAS}/default")).await;
    assert_eq!(
        schema.body["definitions"]["base"],
        base.body["definitions"]["base"]
    );
    assert_eq!(
        path_of(&schema.body["_links"]["type"]),
        format!("{TYPES}/{contractor}")
    );
    let rows = world.log_rows(&world.main).await;
    let agency = json!({ "agency": { "type": "string", "required": true, "maxLength": 5 } });
    let changed = set(world, &contractor, &agency).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(
        changed.body["definitions"]["custom"]["required"],
        json!(["agency"])
    );
    assert_eq!(
        world.kinds_since(rows).await,
        ["system.org.settings.update"]
    );
    let again = world.get(&format!("{SCHEMAS}/default")).await;
    assert_eq!(again.body, base.body);
    let none = add(world, "carl", &contractor, &json!({})).await;
    assert_eq!(
        (none.outcome(), cause(&none)),
        (INVALID, "profile: \"agency\" is required")
    );
    let long = add(
        world,
        "carl",
        &contractor,
        &json!({ "agency": "Acme & Co" }),
    )
    .await;
    assert_eq!(long.outcome(), INVALID);
    let carl = add(world, "carl", &contractor, &json!({ "agency": "Acme" })).await;
    assert_eq!(carl.body["profile"]["agency"], "Acme");
    assert_eq!(carl.body["type"], json!({ "id": contractor }));
    assert_eq!(
        path_of(&carl.body["_links"]["type"]),
        format!("{TYPES}/{contractor}")
    );
    assert_eq!(
        path_of(&carl.body["_links"]["schema"]),
        schema_path(world, &contractor).await
    );
    let strange = add(world, "ada", "", &json!({ "agency": "Acme" })).await;
    assert_eq!(strange.outcome(), INVALID);
    let ada = add(world, "ada", "default", &json!({})).await;
    assert_eq!(ada.body["type"], json!({ "id": id_of(&world.main, None) }));
    let path = format!("{USERS}/{}", carl.id());
    let wrong = world
        .post(&path, &json!({ "profile": { "agency": null } }))
        .await;
    assert_eq!(wrong.outcome(), INVALID);
    // One name holds one kind of value, whichever type it is in.
    let other = json!({ "agency": { "type": "integer" } });
    for of in ["default", make(world, "guest").await.as_str()] {
        let refused = set(world, of, &other).await;
        assert_eq!(refused.outcome(), INVALID, "{of}");
        let same = json!({ "agency": { "type": "string" } });
        assert_eq!(set(world, of, &same).await.status, 200, "{of}");
        assert_eq!(set(world, of, &json!({ "agency": null })).await.status, 200);
    }
    assert_eq!(
        set(world, &contractor, &json!({ "agency": null }))
            .await
            .status,
        200
    );
    assert_eq!(world.get(&path).await.body["profile"].get("agency"), None);
    for body in [
        json!({ "two words": { "type": "string" } }),
        json!({ "login": { "type": "string" } }),
        json!({ "gone": null }),
    ] {
        assert_eq!(
            set(world, &contractor, &body).await.outcome(),
            INVALID,
            "{body}"
        );
    }
    let by_reader = world
        .call(
            By::Reader,
            "POST",
            &schema_path(world, &contractor).await,
            &json!({ "definitions": {} }),
        )
        .await;
    assert_eq!(by_reader.outcome(), FORBIDDEN);
}

on_both_engines!(
    a_type_is_added_changed_and_removed,
    the_type_that_every_org_has_keeps_its_id_and_stays,
    what_cannot_be_a_type_is_refused,
    who_may_see_types_may_not_change_them,
    a_type_of_another_org_is_none_here,
    attributes_are_of_the_people_of_their_type,
);
