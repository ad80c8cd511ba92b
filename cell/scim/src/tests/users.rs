//! Users: added, shown, replaced and removed.

use crate::for_tests::{Answered, By, World, on_both_engines};
use identity::access::{Permission, Role};
use identity::org::settings::ProfileAttribute;
use identity::person::lifecycle::LifecycleAction;
use identity::person::profile::ProfileInput;
use identity::user_type::UserTypeInput;
use protocol::scim::{ENTERPRISE, PROFILE, USER};
use serde_json::{Value, json};
use vocab::id::UserId;

const PASSWORD: &str = "a tall lighthouse in fog";
const USERS: &str = "/scim/v2/Users";

fn ada() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": "E-1",
        "userName": "ada@example.com",
        "name": { "givenName": "Ada", "familyName": "Lovelace" },
        "emails": [{ "value": "ada@example.com", "type": "work", "primary": true }],
        "active": true,
        "password": PASSWORD,
        "title": "Countess",
        "phoneNumbers": [{ "value": "+44 1", "type": "mobile" }],
        (ENTERPRISE): { "department": "Engines", "employeeNumber": "7", "manager": { "value": "00u0" } },
        (PROFILE): { "level": 3, "guest": false },
    })
}

async fn add(world: &World, body: &Value) -> Answered {
    world.post(USERS, body).await
}

async fn put(world: &World, id: &str, body: &Value) -> Answered {
    let path = format!("{USERS}/{id}");
    world.call(By::Manager, "PUT", &path, body).await
}

async fn status(world: &World, id: &str) -> String {
    let permit = world.permit(&world.main, Permission::ReadDirectory);
    let found = world.cell.find_person(&permit, id).await.unwrap();
    found.person.status.as_str().to_owned()
}

async fn a_user_is_added_whole_and_found_at_once(world: &World) {
    let rows = world.log_rows(&world.main).await;
    let added = add(world, &ada()).await;
    let id = added.id();
    let now = world.cell.now().to_rfc3339_millis();
    let location = format!("https://id.example/t/main/scim/v2/Users/{id}");
    let mut expected = ada();
    expected["schemas"] = json!([USER, ENTERPRISE, PROFILE]);
    expected["id"] = json!(id);
    expected.as_object_mut().unwrap().remove("password");
    expected["meta"] = json!({
        "resourceType": "User", "created": now, "lastModified": now, "location": location, "version": "W/\"1\"",
    });
    assert_eq!(added.body, expected);
    assert_eq!(added.status, 201);
    assert_eq!(added.header("location"), location);
    assert_eq!(added.header("etag"), "W/\"1\"");
    let log = world.log_since(rows).await;
    let kinds: Vec<&str> = log.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "user.lifecycle.create",
            "user.account.update_password",
            "user.lifecycle.activate"
        ]
    );
    assert!(log.iter().all(|(_, actor)| actor == "ApiToken"), "{log:?}");
    let path = format!("{USERS}/{id}");
    assert_eq!(world.get(&path).await.body, expected);
    assert_eq!(status(world, &id).await, "ACTIVE");
    let seen = world
        .conditional("GET", &path, ("if-none-match", "W/\"1\""), &json!({}))
        .await;
    assert_eq!((seen.status.as_u16(), seen.body), (304, Value::Null));
    for filter in [
        "externalId+eq+%22E-1%22",
        "userName+eq+%22ADA@example.com%22",
    ] {
        let found = world.get(&format!("{USERS}?filter={filter}")).await;
        assert_eq!(found.texts("/id"), [id.as_str()], "{filter}");
    }
    let other_case = world
        .get(&format!("{USERS}?filter=externalId+eq+%22e-1%22"))
        .await;
    assert_eq!(other_case.body["totalResults"], 0);
}

async fn how_a_user_begins_is_said_by_active_and_password(world: &World) {
    for (name, active, password, expected) in [
        ("one", Value::Null, false, "PROVISIONED"),
        ("two", json!(true), true, "ACTIVE"),
        ("three", json!("False"), true, "STAGED"),
        ("four", json!(false), false, "STAGED"),
    ] {
        let mut body = json!({ "userName": format!("{name}@example.com"), "active": active });
        if password {
            body["password"] = json!(PASSWORD);
        }
        let added = add(world, &body).await;
        assert_eq!(added.status, 201, "{}", added.body);
        assert_eq!(status(world, &added.id()).await, expected, "{name}");
        assert_eq!(added.body["active"], expected != "STAGED", "{name}");
        assert_eq!(
            added.body["emails"][0]["value"],
            format!("{name}@example.com")
        );
    }
}

async fn who_is_refused_is_not_half_added(world: &World) {
    assert_eq!(add(world, &ada()).await.status, 201);
    let bob = |name: &str, value: Value| {
        let mut body = ada();
        body["userName"] = json!("bob@example.com");
        body["externalId"] = json!("E-2");
        body[name] = value;
        body
    };
    let rows = world.log_rows(&world.main).await;
    for (body, outcome) in [
        (json!({}), (400, "invalidValue")),
        (
            bob("userName", json!("ADA@example.com")),
            (409, "uniqueness"),
        ),
        (
            bob("userName", json!("ada\u{ad}@example.com")),
            (400, "invalidValue"),
        ),
        (
            bob("emails", json!([{ "value": "bob@example.com\u{feff}" }])),
            (400, "invalidValue"),
        ),
        (bob("externalId", json!("E-1")), (409, "uniqueness")),
        (
            bob("externalId", json!("x".repeat(300))),
            (400, "invalidValue"),
        ),
        (
            bob("emails", json!([{ "value": "nobody" }])),
            (400, "invalidValue"),
        ),
        (
            bob("name", json!({ "givenName": "x".repeat(101) })),
            (400, "invalidValue"),
        ),
        (bob("password", json!("short")), (400, "invalidValue")),
        (
            bob(PROFILE, json!({ "level": "high" })),
            (400, "invalidValue"),
        ),
        (bob("nonsense", json!(1)), (400, "invalidSyntax")),
        (bob("active", json!("perhaps")), (400, "invalidValue")),
    ] {
        let refused = add(world, &body).await;
        assert_eq!(refused.outcome(), outcome, "{}", refused.body);
        let told = refused.body.to_string();
        assert!(!told.contains("short"), "a password is told: {told}");
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    let bob = world
        .get(&format!("{USERS}?filter=userName+eq+%22bob@example.com%22"))
        .await;
    assert_eq!(bob.body["totalResults"], 0);
}

async fn a_replacement_takes_away_what_a_named_schema_does_not_say(world: &World) {
    let added = add(world, &ada()).await;
    let id = added.id();
    world.clock.advance_secs(5);
    let rows = world.log_rows(&world.main).await;
    // What was shown is sent back: nothing happens.
    let same = put(world, &id, &added.body).await;
    assert_eq!(same.body, added.body);
    assert_eq!(world.log_rows(&world.main).await, rows);
    let short = json!({
        "schemas": [USER], "userName": "ada", "emails": [{ "value": "ada@example.com" }], "id": "other",
        (ENTERPRISE): { "department": "Looms" },
    });
    let replaced = put(world, &id, &short).await;
    assert_eq!(replaced.status, 200, "{}", replaced.body);
    assert_eq!(replaced.header("etag"), "W/\"2\"");
    let shown = &replaced.body;
    assert_eq!(
        (&shown["userName"], &shown["id"]),
        (&json!("ada"), &json!(id))
    );
    for gone in ["title", "name", "phoneNumbers"] {
        assert!(shown.get(gone).is_none(), "{gone}: {shown}");
    }
    assert_eq!(shown[ENTERPRISE], json!({ "department": "Looms" }));
    // Not named: an extension, the link, the state.
    assert_eq!(shown[PROFILE], json!({ "level": 3, "guest": false }));
    assert_eq!(
        (&shown["externalId"], &shown["active"]),
        (&json!("E-1"), &json!(true))
    );
    for (body, outcome) in [
        (json!({ "userName": "ada" }), (400, "invalidValue")),
        (
            json!({ "userName": "manager", "emails": [{ "value": "a@b" }] }),
            (409, "uniqueness"),
        ),
        (
            json!({ "userName": "ada", "emails": [{ "value": "a@b" }], "password": "short" }),
            (400, "invalidValue"),
        ),
    ] {
        let refused = put(world, &id, &body).await;
        assert_eq!(refused.outcome(), outcome, "{body}");
    }
    assert_eq!(
        world.get(&format!("{USERS}/{id}")).await.body,
        replaced.body
    );
}

async fn active_leads_through_the_life_cycle(world: &World) {
    let added = add(world, &ada()).await;
    let id = added.id();
    let set = async |active: Value| {
        let mut body = ada();
        body.as_object_mut().unwrap().remove("password");
        body["active"] = active;
        let answer = put(world, &id, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["active"].as_bool().unwrap()
    };
    for (active, shown, state) in [
        (json!(false), false, "DEPROVISIONED"),
        (json!("False"), false, "DEPROVISIONED"),
        (json!("True"), true, "ACTIVE"),
        (Value::Null, true, "ACTIVE"),
    ] {
        assert_eq!(set(active.clone()).await, shown, "{active}");
        assert_eq!(status(world, &id).await, state, "{active}");
    }
    let permit = world.permit(&world.main, Permission::ManagePeople);
    let user = UserId::parse(&id).unwrap();
    let suspend = LifecycleAction::Suspend;
    let suspended = world
        .cell
        .change_person_status(&permit, &user, suspend)
        .await;
    suspended.unwrap();
    assert!(!set(json!(false)).await);
    assert_eq!(status(world, &id).await, "SUSPENDED");
    assert!(set(json!(true)).await);
    assert_eq!(status(world, &id).await, "ACTIVE");
    // Whoever gets in by a link alone is sent one.
    let reset = LifecycleAction::ResetPassword;
    let reset = world.cell.change_person_status(&permit, &user, reset);
    reset.await.unwrap();
    assert!(!set(json!(false)).await);
    world.mails().await;
    assert!(set(json!(true)).await);
    assert_eq!(status(world, &id).await, "RECOVERY");
    let mails = world.mails().await;
    assert!(
        mails.len() == 1 && mails[0].contains("/reset?token="),
        "{mails:?}"
    );
    // The last super administrator cannot be kept out.
    let me = world.get("/scim/v2/Me").await;
    let mut body = me.body.clone();
    body["active"] = json!(false);
    let refused = world.call(By::Manager, "PUT", "/scim/v2/Me", &body).await;
    assert_eq!(refused.outcome(), (409, ""));
    assert_eq!(world.get("/scim/v2/Me").await.body, me.body);
}

async fn a_new_password_is_set_by_the_policy_and_never_shown(world: &World) {
    let id = add(world, &ada()).await.id();
    let rows = world.log_rows(&world.main).await;
    let mut body = ada();
    body["password"] = json!("another tall lighthouse");
    let changed = put(world, &id, &body).await;
    assert_eq!(changed.status, 200);
    assert!(!changed.body.to_string().contains("lighthouse"));
    let kinds: Vec<String> = world
        .log_since(rows)
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(kinds, ["user.account.update_password"]);
}

async fn a_change_may_be_made_on_condition(world: &World) {
    let id = add(world, &ada()).await.id();
    let path = format!("{USERS}/{id}");
    let mut body = ada();
    body.as_object_mut().unwrap().remove("password");
    for (number, method) in ["PUT", "PATCH"].into_iter().enumerate() {
        body["title"] = json!(format!("Title {number}"));
        let sent = match method {
            "PUT" => body.clone(),
            _ => {
                json!({ "Operations": [{ "op": "replace", "path": "title", "value": body["title"] }] })
            }
        };
        let tag = world.get(&path).await.header("etag").to_owned();
        let send = async |tag: &str| {
            world
                .conditional(method, &path, ("if-match", tag), &sent)
                .await
        };
        assert_eq!(send("W/\"99\"").await.outcome(), (412, ""), "{method}");
        assert_eq!(send("99").await.outcome(), (400, ""), "{method}");
        assert_eq!(send(&tag).await.status, 200, "{method}");
        assert_eq!(send(&tag).await.outcome(), (412, ""), "{method}");
        assert_eq!(send("*").await.status, 200, "{method}");
    }
    let stale = world
        .conditional("DELETE", &path, ("if-match", "\"1\""), &json!({}))
        .await;
    assert_eq!(stale.outcome(), (412, ""));
    // Of two who saw the same, one is refused.
    let tag = world.get(&path).await.header("etag").to_owned();
    let patch = |title: &str| json!({ "Operations": [{ "op": "replace", "path": "title", "value": title }] });
    let (one, two) = (patch("one"), patch("two"));
    let (first, second) = tokio::join!(
        world.conditional("PATCH", &path, ("if-match", &tag), &one),
        world.conditional("PATCH", &path, ("if-match", &tag), &two),
    );
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

async fn a_removed_user_is_gone_at_once(world: &World) {
    let id = add(world, &ada()).await.id();
    let path = format!("{USERS}/{id}");
    let rows = world.log_rows(&world.main).await;
    let delete = async || world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(delete().await.status, 204);
    let kinds: Vec<String> = world
        .log_since(rows)
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(
        kinds,
        [
            "user.lifecycle.deactivate",
            "user.lifecycle.delete.initiated",
            "user.lifecycle.delete.completed"
        ]
    );
    assert_eq!(delete().await.outcome(), (404, ""));
    assert_eq!(world.get(&path).await.outcome(), (404, ""));
    let found = world
        .get(&format!("{USERS}?filter=externalId+eq+%22E-1%22"))
        .await;
    assert_eq!(found.body["totalResults"], 0);
    assert_eq!(add(world, &ada()).await.status, 201, "the names are free");
    let me = world.get("/scim/v2/Me").await.id();
    let own = format!("{USERS}/{me}");
    let refused = world.call(By::Manager, "DELETE", &own, &Value::Null).await;
    assert_eq!(
        refused.outcome(),
        (409, ""),
        "the last super administrator stays"
    );
}

async fn whoever_may_do_more_is_out_of_reach(world: &World) {
    let role = Some(Role::UserAdmin);
    world
        .give_token(&world.main, "keeper", role, By::Keeper)
        .await;
    let manager = world.get("/scim/v2/Me").await;
    let person = world
        .get(&format!("{USERS}?filter=userName+eq+%22person%22"))
        .await;
    let rows = world.log_rows(&world.main).await;
    let title = json!({ "Operations": [{ "op": "replace", "path": "title", "value": "x" }] });
    let secret =
        json!({ "Operations": [{ "op": "replace", "path": "password", "value": PASSWORD }] });
    let out = json!({ "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    let path = format!("{USERS}/{}", manager.id());
    for (method, body) in [
        ("PATCH", &title),
        ("PATCH", &secret),
        ("PATCH", &out),
        (
            "PUT",
            &json!({ "userName": "x", "emails": [{ "value": "x@example.com" }] }),
        ),
        ("DELETE", &Value::Null),
    ] {
        let answer = world.call(By::Keeper, method, &path, body).await;
        let status = answer.status.as_u16();
        assert!(
            [403, 409].contains(&status),
            "{method} {body}: {}",
            answer.body
        );
    }
    assert_eq!(world.get(&path).await.body, manager.body);
    assert_eq!(world.log_rows(&world.main).await, rows);
    let path = format!("{USERS}/{}", person.texts("/id")[0]);
    let changed = world.call(By::Keeper, "PATCH", &path, &title).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
}

async fn what_is_asked_for_is_shown(world: &World) {
    let added = add(world, &ada()).await;
    let path = format!("{USERS}/{}", added.id());
    let some = world
        .get(&format!("{path}?attributes=userName,name.givenName"))
        .await;
    assert_eq!(
        some.body,
        json!({ "schemas": added.body["schemas"], "id": added.body["id"], "userName": "ada@example.com", "name": { "givenName": "Ada" } })
    );
    let without = world
        .get(&format!(
            "{path}?excludedAttributes=emails,meta,{ENTERPRISE}"
        ))
        .await;
    for gone in ["emails", "meta", ENTERPRISE] {
        assert!(without.body.get(gone).is_none(), "{gone}");
    }
    let group = json!({ "displayName": "Eng", "members": [{ "value": added.id() }] });
    let group = world.post("/scim/v2/Groups", &group).await;
    let groups = world.get(&format!("{path}?attributes=groups")).await;
    assert_eq!(groups.body["groups"][0]["value"], group.id());
    assert_eq!(groups.body["groups"][0]["display"], "Eng");
    assert!(world.get(&path).await.body.get("groups").is_none());
    for query in [
        "attributes=a&excludedAttributes=b",
        "count=1",
        "cursor=",
        "limit=3",
        "filter=id+pr",
    ] {
        let refused = world.get(&format!("{path}?{query}")).await;
        assert_eq!(refused.outcome(), (400, "invalidValue"), "{query}");
    }
}

/// A user has the attributes of their type, and whoever is added is of the type that every org has.
async fn users_have_the_attributes_of_their_type(world: &World) {
    let permit = world.permit(&world.main, Permission::ManageOrg);
    let input = UserTypeInput {
        name: "contractor".into(),
        display_name: "Contractor".into(),
        description: String::new(),
    };
    let made = world.cell.create_user_type(&permit, input).await.unwrap();
    let key = made.key.unwrap();
    let attribute = |name: &str, required| ProfileAttribute {
        name: name.into(),
        required,
        ..ProfileAttribute::default()
    };
    let own = vec![attribute("costCenter", true), attribute("agency", true)];
    let seen = world.cell.user_type_schema(&permit, &key).await.unwrap();
    let changed = world.cell.put_user_type_schema(&permit, &key, seen, own);
    changed.await.unwrap();
    let permit = world.permit(&world.main, Permission::ManagePeople);
    let profile = ProfileInput {
        login: "carl@example.com".into(),
        email: "carl@example.com".into(),
        attributes: json!({ "costCenter": "C1", "agency": "Acme" })
            .as_object()
            .cloned()
            .unwrap(),
        ..ProfileInput::default()
    };
    let carl = world
        .cell
        .create_person_of(&permit, profile, Some(key))
        .await
        .unwrap();
    let path = format!("{USERS}/{carl}");
    let shown = world.get(&path).await;
    assert_eq!(shown.body[ENTERPRISE], json!({ "costCenter": "C1" }));
    assert_eq!(shown.body[PROFILE], json!({ "agency": "Acme" }));
    let listed = world
        .get(&format!(
            "{USERS}?filter=userName+eq+%22carl@example.com%22"
        ))
        .await;
    assert_eq!(
        listed.body["Resources"][0][PROFILE],
        json!({ "agency": "Acme" })
    );
    let patch = |value: &str| json!([{ "op": "replace", "path": format!("{PROFILE}:agency"), "value": value }]);
    let patched = world.patch(&path, &patch("Navy")).await;
    assert_eq!(
        patched.body[PROFILE],
        json!({ "agency": "Navy" }),
        "{}",
        patched.body
    );
    // What those of the other type have is nothing of his, and the other way round.
    let level = json!([{ "op": "add", "path": format!("{PROFILE}:level"), "value": 3 }]);
    assert_eq!(world.patch(&path, &level).await.status.as_u16(), 400);
    let ada = add(world, &ada()).await;
    assert_eq!(ada.status, 201, "{}", ada.body);
    let refused = world
        .patch(&format!("{USERS}/{}", ada.id()), &patch("Acme"))
        .await;
    assert_eq!(refused.status.as_u16(), 400);
    let mut whole = shown.body.clone();
    whole[PROFILE] = json!({});
    assert_eq!(put(world, carl.as_str(), &whole).await.status.as_u16(), 400);
    assert_eq!(
        world.get(&path).await.body[PROFILE],
        json!({ "agency": "Navy" })
    );
    // The schemas tell what there is, and what everybody must have.
    let profile = world.get(&format!("/scim/v2/Schemas/{PROFILE}")).await;
    let attributes = profile.body["attributes"].as_array().unwrap();
    let agency = attributes.iter().find(|one| one["name"] == "agency");
    assert_eq!(agency.unwrap()["required"], json!(false));
}

on_both_engines!(
    users_have_the_attributes_of_their_type,
    a_user_is_added_whole_and_found_at_once,
    how_a_user_begins_is_said_by_active_and_password,
    who_is_refused_is_not_half_added,
    a_replacement_takes_away_what_a_named_schema_does_not_say,
    active_leads_through_the_life_cycle,
    a_new_password_is_set_by_the_policy_and_never_shown,
    a_change_may_be_made_on_condition,
    a_removed_user_is_gone_at_once,
    whoever_may_do_more_is_out_of_reach,
    what_is_asked_for_is_shown,
);
