//! The schema of profiles: what is said of an attribute is what the next profile is held against, whoever writes it.

use crate::for_tests::{Answered, By, World, on_both_engines};
use identity::access::{Permission, Role};
use identity::person::profile::ProfileInput;
use identity::person::unique::UNIQUE_ATTRIBUTES_MAX;
use serde_json::{Value, json};

const SCHEMA: &str = "/api/v1/meta/schemas/user/default";
const TYPES: &str = "/api/v1/meta/types/user";
const USERS: &str = "/api/v1/users";

/// Changes attributes of the org.
async fn set(world: &World, attributes: &Value) -> Answered {
    let body = json!({ "definitions": { "custom": { "properties": attributes } } });
    world.post(SCHEMA, &body).await
}

async fn add(world: &World, login: &str, attributes: &Value) -> Answered {
    let mut profile = json!({ "login": login, "email": format!("{login}@example.com") });
    for (name, value) in attributes.as_object().unwrap() {
        profile[name] = value.clone();
    }
    world
        .post(
            &format!("{USERS}?activate=false"),
            &json!({ "profile": profile }),
        )
        .await
}

fn cause(answer: &Answered) -> &str {
    let cause = answer.body["errorCauses"][0]["errorSummary"].as_str();
    cause.unwrap_or_default()
}

async fn an_attribute_is_of_every_profile_from_its_answer_on_and_no_longer(world: &World) {
    let early = add(world, "early", &json!({ "level": 2 })).await;
    assert_eq!(early.outcome(), (400, "E0000001"));
    let rows = world.log_rows(&world.main).await;
    let made = set(
        world,
        &json!({ "level": { "type": "integer", "title": "Level", "minimum": 1, "maximum": 9,
            "description": "How far up" } }),
    )
    .await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(
        made.body["definitions"]["custom"]["properties"],
        json!({ "level": {
            "title": "Level", "description": "How far up", "type": "integer", "required": false,
            "minimum": 1, "maximum": 9, "mutability": "READ_WRITE", "scope": "NONE",
            "permissions": [{ "principal": "SELF", "action": "READ_ONLY" }],
            "master": { "type": "PROFILE_MASTER" },
        } })
    );
    let by_id = made.body["id"].as_str().unwrap();
    let by_id = &by_id["https://id.example/t/main".len()..];
    assert_eq!(world.get(by_id).await.body, made.body);
    assert_eq!(world.get(SCHEMA).await.body, made.body);
    let ada = add(world, "ada", &json!({ "level": 2 })).await;
    assert_eq!(ada.body["profile"]["level"], 2);
    let path = format!("{USERS}/{}", ada.id());
    for value in [json!(0), json!(10), json!("2"), json!(true)] {
        let body = json!({ "profile": { "level": value } });
        assert_eq!(world.post(&path, &body).await.outcome(), (400, "E0000001"));
    }
    // What was shown is sent back, and changes nothing: no row of the log.
    let between = world.log_rows(&world.main).await;
    assert_eq!(world.post(SCHEMA, &made.body).await.body, made.body);
    assert_eq!(world.log_rows(&world.main).await, between);
    let gone = set(world, &json!({ "level": null })).await;
    assert_eq!(gone.body["definitions"]["custom"]["properties"], json!({}));
    assert_eq!(world.get(&path).await.body["profile"].get("level"), None);
    // Whoever had a value is changed as if there had never been one.
    let renamed = json!({ "profile": { "lastName": "King" } });
    assert_eq!(world.post(&path, &renamed).await.status, 200);
    // One of the same name that holds something else begins empty.
    set(world, &json!({ "level": { "type": "string" } })).await;
    assert_eq!(world.get(&path).await.body["profile"].get("level"), None);
    let again = set(world, &json!({ "level": null })).await;
    assert_eq!(again.status, 200);
    assert_eq!(
        set(world, &json!({ "level": null })).await.outcome(),
        (400, "E0000001")
    );
    let log = world.log_since(rows).await;
    let changes = log
        .iter()
        .filter(|(kind, _)| kind == "system.org.settings.update");
    assert_eq!(changes.count(), 4);
}

async fn rules_hold_for_texts_and_choices_and_what_must_be_there(world: &World) {
    let made = set(
        world,
        &json!({
            "badge": { "type": "string", "required": true, "minLength": 3, "maxLength": 5 },
            "size": { "type": "string", "enum": ["S", "M"],
                "oneOf": [{ "const": "S", "title": "Small" }, { "const": "M", "title": "Medium" }] },
            "floor": { "type": "integer", "enum": [-1, 0, 1] },
            "guest": { "type": "boolean", "permissions": [{ "principal": "SELF", "action": "HIDE" }] },
        }),
    )
    .await;
    let own = &made.body["definitions"]["custom"];
    assert_eq!(own["required"], json!(["badge"]));
    assert_eq!(own["properties"]["floor"]["enum"], json!([-1, 0, 1]));
    assert_eq!(
        own["properties"]["size"]["oneOf"],
        json!([{ "const": "S", "title": "Small" }, { "const": "M", "title": "Medium" }])
    );
    assert_eq!(
        own["properties"]["guest"]["permissions"][0]["action"],
        "HIDE"
    );
    for (attributes, expected) in [
        (json!({}), "profile: \"badge\" is required"),
        (
            json!({ "badge": "ab" }),
            "profile: the value of \"badge\" is not within its bounds",
        ),
        (
            json!({ "badge": "abcdef" }),
            "profile: the value of \"badge\" is not within its bounds",
        ),
        (
            json!({ "badge": "abc", "size": "L" }),
            "profile: the value of \"size\" is none of those that there are",
        ),
        (
            json!({ "badge": "abc", "floor": 2 }),
            "profile: the value of \"floor\" is none of those that there are",
        ),
        (
            json!({ "badge": "abc", "guest": "no" }),
            "profile: the value of \"guest\" has the wrong type or length",
        ),
    ] {
        let refused = add(world, "bob", &attributes).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{attributes}");
        assert_eq!(cause(&refused), expected);
    }
    let all = json!({ "badge": "abc", "size": "M", "floor": -1, "guest": true });
    assert_eq!(add(world, "bob", &all).await.status, 200);
    let wider = set(
        world,
        &json!({ "size": { "enum": null }, "badge": { "maxLength": null } }),
    )
    .await;
    let own = &wider.body["definitions"]["custom"]["properties"];
    assert_eq!(
        (own["size"].get("enum"), own["badge"].get("maxLength")),
        (None, None)
    );
    let all = json!({ "badge": "abcdefg", "size": "XXL" });
    assert_eq!(add(world, "eve", &all).await.status, 200);
}

async fn no_two_people_have_the_same_value_of_what_is_unique(world: &World) {
    set(world, &json!({ "badge": { "type": "string" } })).await;
    let first = add(world, "first", &json!({ "badge": "A1" })).await.id();
    let second = add(world, "second", &json!({ "badge": "a1 " })).await.id();
    let unique = json!({ "badge": { "unique": true } });
    let refused = set(world, &unique).await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
    let same = "definitions.custom: two people have the same value of \"badge\"";
    assert_eq!(cause(&refused), same);
    let badge = async |user: &str, value: Value| {
        let body = json!({ "profile": { "badge": value } });
        world.post(&format!("{USERS}/{user}"), &body).await
    };
    assert_eq!(badge(&second, json!("B2")).await.status, 200);
    let made = set(world, &unique).await;
    assert_eq!(
        made.body["definitions"]["custom"]["properties"]["badge"]["unique"],
        true
    );
    let taken = "profile: somebody else has this value of \"badge\"";
    let third = add(world, "third", &json!({ "badge": " b2" })).await;
    assert_eq!((third.outcome(), cause(&third)), ((400, "E0000001"), taken));
    assert_eq!(cause(&badge(&second, json!("a1")).await), taken);
    // The own value is nobody else's, and a value that was given up is free.
    assert_eq!(badge(&first, json!("A1")).await.status, 200);
    assert_eq!(badge(&first, json!("C3")).await.status, 200);
    assert_eq!(badge(&second, json!("a1")).await.status, 200);
    // So is that of somebody who was removed.
    let path = format!("{USERS}/{second}");
    for _ in 0..2 {
        let gone = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
        assert_eq!(gone.status, 204);
    }
    assert_eq!(
        add(world, "fourth", &json!({ "badge": "A1" })).await.status,
        200
    );
    // What is unique no more is anybody's, what is so again is not.
    set(world, &json!({ "badge": { "unique": false } })).await;
    let fifth = add(world, "fifth", &json!({ "badge": "A1" })).await.id();
    world.cell.remove_ended().await.unwrap();
    assert_eq!(cause(&set(world, &unique).await), same);
    assert_eq!(badge(&fifth, Value::Null).await.status, 200);
    assert_eq!(set(world, &unique).await.status, 200);
    assert_eq!(cause(&badge(&fifth, json!("a1")).await), taken);
    // The other org has nothing to do with it.
    let permit = world.permit(&world.other, Permission::ManageOrg);
    let other = world.cell.snapshot(&world.other).await.unwrap().unwrap();
    let mut settings = other.org.settings.clone();
    settings.profile_schema = {
        let main = world.cell.snapshot(&world.main).await.unwrap().unwrap();
        main.org.settings.profile_schema.clone()
    };
    let changed = world
        .cell
        .update_org(&permit, other.org.clone(), "Other", settings);
    changed.await.unwrap();
    let permit = world.permit(&world.other, Permission::ManagePeople);
    let there = async |login: &str| {
        let profile = ProfileInput {
            login: login.to_owned(),
            email: format!("{login}@example.com"),
            attributes: json!({ "badge": "A1" }).as_object().unwrap().clone(),
            ..ProfileInput::default()
        };
        world.cell.create_person(&permit, profile).await.is_ok()
    };
    assert_eq!((there("one").await, there("two").await), (true, false));
}

async fn of_many_who_want_the_same_value_one_gets_it(world: &World) {
    set(
        world,
        &json!({ "badge": { "type": "string", "unique": true } }),
    )
    .await;
    let body = json!({ "badge": "A1" });
    let answers = tokio::join!(
        add(world, "racer1", &body),
        add(world, "racer2", &body),
        add(world, "racer3", &body),
        add(world, "racer4", &body),
    );
    let answers = [answers.0, answers.1, answers.2, answers.3];
    let added = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(added, 1);
    assert!(
        answers
            .iter()
            .filter(|answer| answer.status != 200)
            .all(|answer| answer.outcome() == (400, "E0000001"))
    );
}

async fn what_cannot_be_said_is_told_and_nothing_is_changed(world: &World) {
    let many: serde_json::Map<String, Value> = (0..=UNIQUE_ATTRIBUTES_MAX)
        .map(|number| {
            (
                format!("number{number}"),
                json!({ "type": "string", "unique": true }),
            )
        })
        .collect();
    let rows = world.log_rows(&world.main).await;
    for attributes in [
        json!({ "x": { "type": "array" } }),
        json!({ "x": { "type": "string", "pattern": "a+" } }),
        json!({ "x": { "type": "string", "minLength": 5, "maxLength": 4 } }),
        json!({ "x": { "type": "boolean", "unique": true } }),
        json!({ "x": { "type": "integer", "enum": ["a"] } }),
        json!({ "firstName": { "type": "string" } }),
        json!({ "two words": { "type": "string" } }),
        json!({ "good": { "type": "string" }, "bad name": { "type": "string" } }),
        Value::Object(many),
    ] {
        let refused = set(world, &attributes).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{attributes}");
    }
    for body in [
        json!({ "definitions": { "base": { "properties": { "lastName": { "required": true } } } } }),
        json!({ "definitions": { "other": {} } }),
        json!({ "owner": 1 }),
    ] {
        let refused = world.post(SCHEMA, &body).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{body}");
    }
    assert_eq!(
        world.post(SCHEMA, &json!([])).await.outcome(),
        (400, "E0000003")
    );
    assert_eq!(world.log_rows(&world.main).await, rows);
    let seen = world.get(SCHEMA).await;
    assert_eq!(seen.body["definitions"]["custom"]["properties"], json!({}));
}

async fn who_may_see_it_may_not_change_it(world: &World) {
    world.administrator(Role::OrgAdmin).await;
    let body =
        json!({ "definitions": { "custom": { "properties": { "x": { "type": "string" } } } } });
    for (by, may_see) in [
        (By::Reader, true),
        (By::Of(Role::OrgAdmin), true),
        (By::Person, false),
    ] {
        let seen = world.call(by, "GET", SCHEMA, &Value::Null).await;
        assert_eq!(seen.status == 200, may_see, "{by:?}");
        let changed = world.call(by, "POST", SCHEMA, &body).await;
        assert_eq!(changed.outcome(), (403, "E0000006"), "{by:?}");
    }
    assert_eq!(
        world.get(SCHEMA).await.body["definitions"]["custom"]["required"],
        json!([])
    );
}

async fn everybody_is_of_the_type_that_every_org_has(world: &World) {
    let types = world.get(TYPES).await;
    let [only] = types.body.as_array().unwrap().as_slice() else {
        panic!("{}", types.body)
    };
    let id = only["id"].as_str().unwrap();
    assert!(id.starts_with("oty") && id.len() == 20);
    for named in ["default", id] {
        assert_eq!(world.get(&format!("{TYPES}/{named}")).await.body, *only);
    }
    let schema = only["_links"]["schema"]["href"].as_str().unwrap();
    let schema = world
        .get(&schema["https://id.example/t/main".len()..])
        .await;
    assert_eq!(schema.body, world.get(SCHEMA).await.body);
    assert_eq!(
        schema.body["_links"]["type"],
        only["_links"]["self"]["href"]
            .as_str()
            .map(|href| json!({ "href": href }))
            .unwrap()
    );
    for unknown in ["oty00000000000000000", "other"] {
        let missing = world.get(&format!("{TYPES}/{unknown}")).await;
        assert_eq!(missing.outcome(), (404, "E0000007"));
        let missing = world
            .get(&format!("/api/v1/meta/schemas/user/{unknown}"))
            .await;
        assert_eq!(missing.outcome(), (404, "E0000007"));
    }
    let named = |id: &str| json!({ "profile": { "login": "ada", "email": "ada@example.com" }, "type": { "id": id } });
    let path = format!("{USERS}?activate=false");
    let refused = world.post(&path, &named("oty00000000000000000")).await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
    let ada = world.post(&path, &named(id)).await;
    assert_eq!(ada.body["type"], json!({ "id": id }));
    assert_eq!(
        ada.body["_links"]["type"]["href"],
        only["_links"]["self"]["href"]
    );
}

on_both_engines!(
    an_attribute_is_of_every_profile_from_its_answer_on_and_no_longer,
    rules_hold_for_texts_and_choices_and_what_must_be_there,
    no_two_people_have_the_same_value_of_what_is_unique,
    of_many_who_want_the_same_value_one_gets_it,
    what_cannot_be_said_is_told_and_nothing_is_changed,
    who_may_see_it_may_not_change_it,
    everybody_is_of_the_type_that_every_org_has,
);
