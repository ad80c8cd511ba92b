//! People: added, shown, changed, led through the life cycle and removed.

use crate::for_tests::{Answered, By, World, on_both_engines};
use identity::access::Permission;
use identity::user_type::{id_of, schema_id_of};
use serde_json::{Value, json};

const PASSWORD: &str = "a tall lighthouse in fog";

fn ada() -> Value {
    json!({
        "profile": {
            "login": "ada@example.com", "email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace",
        },
        "credentials": { "password": { "value": PASSWORD } },
    })
}

async fn add(world: &World, query: &str, body: &Value) -> Answered {
    world.post(&format!("/api/v1/users{query}"), body).await
}

async fn step(world: &World, id: &str, step: &str) -> Answered {
    let path = format!("/api/v1/users/{id}/lifecycle/{step}");
    world.post(&path, &Value::Null).await
}

async fn status(world: &World, id: &str) -> String {
    let person = world.get(&format!("/api/v1/users/{id}")).await;
    person.body["status"].as_str().unwrap().to_owned()
}

async fn a_person_is_added_whole_and_found_at_once(world: &World) {
    let group = world
        .post("/api/v1/groups", &json!({ "profile": { "name": "Eng" } }))
        .await
        .id();
    let rows = world.log_rows(&world.main).await;
    let mut body = ada();
    body["groupIds"] = json!([group]);
    let added = add(world, "", &body).await;
    let id = added.id();
    let now = world.cell.now().to_rfc3339_millis();
    let href = format!("https://id.example/t/main/api/v1/users/{id}");
    let meta = "https://id.example/t/main/api/v1/meta";
    let link = |step: &str| json!({ "href": format!("{href}/lifecycle/{step}"), "method": "POST" });
    assert_eq!(
        added.body,
        json!({
            "id": id,
            "status": "ACTIVE",
            "type": { "id": id_of(&world.main, None) },
            "created": now,
            "activated": now,
            "statusChanged": now,
            "lastUpdated": now,
            "passwordChanged": now,
            "profile": {
                "login": "ada@example.com", "email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace",
            },
            "credentials": { "password": {}, "provider": { "type": "OKTA", "name": "OKTA" } },
            "_links": {
                "self": { "href": href },
                "schema": { "href": format!("{meta}/schemas/user/{}", schema_id_of(&world.main, None)) },
                "type": { "href": format!("{meta}/types/user/{}", id_of(&world.main, None)) },
                "deactivate": link("deactivate"),
                "suspend": link("suspend"),
                "expirePassword": link("expire_password"),
                "resetPassword": link("reset_password"),
            },
        })
    );
    assert_eq!(added.header("etag"), "W/\"1\"");
    let log = world.log_since(rows).await;
    let kinds: Vec<&str> = log.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "user.lifecycle.create",
            "user.account.update_password",
            "user.lifecycle.activate",
            "group.user_membership.add"
        ]
    );
    assert!(log.iter().all(|(_, actor)| actor == "ApiToken"), "{log:?}");
    for name in [id.as_str(), "ADA@example.com"] {
        let found = world.get(&format!("/api/v1/users/{name}")).await;
        assert_eq!(found.body, added.body, "{name}");
    }
    let groups = world.get(&format!("/api/v1/users/{id}/groups")).await;
    assert_eq!(groups.texts("/id"), [group]);
    let searched = world
        .get("/api/v1/users?search=profile.login+eq+%22ada@example.com%22")
        .await;
    assert_eq!(searched.texts("/id"), [id]);
}

async fn how_a_person_begins_is_asked_for(world: &World) {
    let with = |login: &str, password: bool| {
        let mut body = json!({ "profile": { "login": login, "email": "a@example.com" } });
        if password {
            body["credentials"] = json!({ "password": { "value": PASSWORD } });
        }
        body
    };
    for (login, query, password, expected) in [
        ("one", "", false, "PROVISIONED"),
        ("two", "?activate=true", true, "ACTIVE"),
        ("three", "?activate=false", true, "STAGED"),
        ("four", "?activate=false&provider=false", false, "STAGED"),
        (
            "five",
            "?activate=true&nextLogin=changePassword",
            true,
            "PASSWORD_EXPIRED",
        ),
    ] {
        let added = add(world, query, &with(login, password)).await;
        assert_eq!(added.body["status"], expected, "{login}");
    }
    for query in [
        "?activate=maybe",
        "?provider=true",
        "?nextLogin=later",
        "?activate=false&nextLogin=changePassword",
    ] {
        let refused = add(world, query, &with("six", true)).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{query}");
    }
    let refused = add(world, "?nextLogin=changePassword", &with("six", false)).await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
}

async fn who_is_refused_is_not_half_added(world: &World) {
    assert_eq!(add(world, "", &ada()).await.status, 200);
    let change = |pointer: &str, value: Value| {
        let mut body = ada();
        body["profile"]["login"] = json!("bob@example.com");
        match pointer {
            "" => body = value,
            _ => {
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                body.pointer_mut(parent).unwrap()[name] = value;
            }
        }
        body
    };
    let rows = world.log_rows(&world.main).await;
    for (body, outcome, cause) in [
        (json!({}), (400, "E0000001"), "profile: it is required"),
        (
            change("/profile/login", json!("ADA@example.com")),
            (400, "E0000001"),
            "login: An object with this field already exists in the current organization",
        ),
        (
            change("/profile/email", json!("nobody")),
            (400, "E0000001"),
            "email: this is not a mail address",
        ),
        (
            change("/profile/login", json!("ada\u{200b}@example.com")),
            (400, "E0000001"),
            "login: it must not contain characters that are not shown, or that are another form of others",
        ),
        (
            change("/profile/email", json!("ada@example\u{202e}.com")),
            (400, "E0000001"),
            "email: this is not a mail address",
        ),
        (
            change("/profile/firstName", json!("x".repeat(101))),
            (400, "E0000001"),
            "firstName: use at most 100 characters on one line",
        ),
        (
            change("/profile/team", json!("x")),
            (400, "E0000001"),
            "profile: the schema has no attribute \"team\"",
        ),
        (
            change("/credentials/password", json!({ "value": "short" })),
            (403, "E0000080"),
            "password: use at least 12 characters",
        ),
        (
            change("/groupIds", json!(["00gAAAAAAAAAAAAAAAAA"])),
            (400, "E0000001"),
            "groupIds: there is no group 00gAAAAAAAAAAAAAAAAA",
        ),
        (
            change("/realmId", json!("guo")),
            (400, "E0000001"),
            "realmId: it is not supported here",
        ),
    ] {
        let refused = add(world, "", &body).await;
        assert_eq!(refused.outcome(), outcome, "{}", refused.body);
        assert_eq!(refused.body["errorCauses"][0]["errorSummary"], cause);
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    let bob = world.get("/api/v1/users/bob@example.com").await;
    assert_eq!(bob.outcome(), (404, "E0000007"));
}

async fn a_change_names_what_changes_or_all(world: &World) {
    let added = add(world, "", &ada()).await;
    let path = format!("/api/v1/users/{}", added.id());
    world.clock.advance_secs(5);
    let changed = world
        .post(&path, &json!({ "profile": { "lastName": "King" } }))
        .await;
    assert_eq!(
        changed.body["profile"],
        json!({
            "login": "ada@example.com", "email": "ada@example.com", "firstName": "Ada", "lastName": "King",
        })
    );
    assert_eq!(changed.header("etag"), "W/\"2\"");
    let now = world.cell.now().to_rfc3339_millis();
    assert_eq!(changed.body["lastUpdated"], now);
    assert_eq!(world.get(&path).await.body, changed.body);
    // What was shown is sent back whole.
    let mut whole = changed.body.clone();
    whole["profile"] = json!({ "login": "ada.king", "email": "ada@example.com" });
    let replaced = world.call(By::Manager, "PUT", &path, &whole).await;
    assert_eq!(
        replaced.body["profile"],
        json!({ "login": "ada.king", "email": "ada@example.com" })
    );
    let by_login = world
        .post(
            "/api/v1/users/ada.king",
            &json!({ "profile": { "login": "ada" } }),
        )
        .await;
    assert_eq!(by_login.body["profile"]["login"], "ada");
    let before = world.get(&path).await;
    for (method, body, outcome) in [
        (
            "POST",
            json!({ "profile": { "email": "x" } }),
            (400, "E0000001"),
        ),
        (
            "POST",
            json!({ "profile": { "login": "manager" } }),
            (400, "E0000001"),
        ),
        (
            "POST",
            json!({ "credentials": { "password": { "value": "x" } } }),
            (403, "E0000080"),
        ),
        (
            "PUT",
            json!({ "profile": { "firstName": "A" } }),
            (400, "E0000001"),
        ),
        ("PUT", json!({}), (400, "E0000001")),
    ] {
        let refused = world.call(By::Manager, method, &path, &body).await;
        assert_eq!(refused.outcome(), outcome, "{method} {body}");
    }
    assert_eq!(world.get(&path).await.body, before.body);
    let password = json!({ "credentials": { "password": { "value": "another tall lighthouse" } } });
    world.clock.advance_secs(5);
    let changed = world.post(&path, &password).await;
    let now = world.cell.now().to_rfc3339_millis();
    assert_eq!(changed.body["passwordChanged"], now, "{}", changed.body);
}

async fn a_change_may_be_made_on_condition(world: &World) {
    let id = add(world, "", &ada()).await.id();
    let path = format!("/api/v1/users/{id}");
    let send = async |method: &str, tag: &str| {
        let headers = [
            (
                "authorization",
                format!("SSWS {}", By::Manager.token().unwrap()),
            ),
            ("content-type", String::from("application/json")),
            ("if-match", tag.to_owned()),
        ];
        let body = json!({ "profile": ada()["profile"] });
        world.send(method, &path, &headers, body.to_string()).await
    };
    for method in ["POST", "PUT"] {
        let tag = world.get(&path).await.header("etag").to_owned();
        assert_eq!(send(method, &tag).await.status, 200);
        assert_eq!(send(method, &tag).await.outcome(), (412, "E0000231"));
        assert_eq!(send(method, "three").await.outcome(), (400, "E0000242"));
        assert_eq!(send(method, "*").await.status, 200);
    }
    let tag = world.get(&path).await.header("etag").to_owned();
    assert_eq!(send("DELETE", &tag).await.outcome(), (501, "E0000060"));
    assert_eq!(world.get(&path).await.body["status"], "ACTIVE");
}

async fn the_life_cycle_goes_its_way(world: &World) {
    let id = add(world, "?activate=false", &ada()).await.id();
    for (verb, outcome, after) in [
        ("suspend", (403, "E0000038"), "STAGED"),
        ("unsuspend", (403, "E0000038"), "STAGED"),
        ("unlock", (403, "E0000038"), "STAGED"),
        ("expire_password", (403, "E0000038"), "STAGED"),
        ("reset_password", (403, "E0000038"), "STAGED"),
        ("reactivate", (403, "E0000038"), "STAGED"),
        ("activate", (200, ""), "ACTIVE"),
        ("activate", (403, "E0000016"), "ACTIVE"),
        ("suspend", (200, ""), "SUSPENDED"),
        ("unsuspend", (200, ""), "ACTIVE"),
        ("expire_password", (200, ""), "PASSWORD_EXPIRED"),
        ("suspend", (200, ""), "SUSPENDED"),
        ("unsuspend", (200, ""), "PASSWORD_EXPIRED"),
        ("reset_password", (200, ""), "RECOVERY"),
        ("suspend", (200, ""), "SUSPENDED"),
        ("unsuspend", (200, ""), "RECOVERY"),
        ("deactivate", (200, ""), "DEPROVISIONED"),
        ("deactivate", (403, "E0000038"), "DEPROVISIONED"),
        (
            "activate?sendEmail=perhaps",
            (400, "E0000001"),
            "DEPROVISIONED",
        ),
        (
            "activate?sendEmail=false",
            (501, "E0000060"),
            "DEPROVISIONED",
        ),
        ("activate", (200, ""), "RECOVERY"),
        ("deactivate?sendEmail=true", (501, "E0000060"), "RECOVERY"),
        ("reset_password?sendEmail=true", (200, ""), "RECOVERY"),
    ] {
        let rows = world.log_rows(&world.main).await;
        let answer = step(world, &id, verb).await;
        assert_eq!(answer.outcome(), outcome, "{verb}");
        assert_eq!(status(world, &id).await, after, "{verb}");
        let changed = world.log_rows(&world.main).await - rows;
        assert_eq!(changed > 0, outcome.0 == 200, "{verb}");
    }
    let shown = step(world, "manager", "expire_password").await;
    assert_eq!(shown.body["status"], "PASSWORD_EXPIRED");
    let last = step(world, "manager", "suspend").await;
    assert_eq!(
        last.outcome(),
        (403, "E0000038"),
        "the last super administrator stays"
    );
}

async fn who_was_locked_is_unlocked_and_who_has_no_password_is_invited(world: &World) {
    use identity::person::lifecycle::LifecycleAction::Lock;
    let id = world.person(&world.main, "bob", "Bob", "B").await;
    let permit = world.permit(&world.main, Permission::ManagePeople);
    let locked = world.cell.change_person_status(&permit, &id, Lock).await;
    locked.unwrap();
    let shown = world.get("/api/v1/users/bob").await;
    assert!(shown.body["_links"]["unlock"].is_object());
    assert_eq!(step(world, "bob", "unlock").await.status, 200);
    assert_eq!(status(world, "bob").await, "ACTIVE");
    assert_eq!(step(world, "bob", "deactivate").await.status, 200);
    let unsent = step(world, "bob", "activate?sendEmail=false").await;
    assert_eq!(unsent.outcome(), (501, "E0000060"), "a link would be sent");
    assert_eq!(status(world, "bob").await, "DEPROVISIONED");
    assert_eq!(step(world, "bob", "activate").await.status, 200);
    assert_eq!(status(world, "bob").await, "PROVISIONED");
    assert_eq!(step(world, "bob", "reactivate").await.status, 200);
    assert_eq!(status(world, "bob").await, "PROVISIONED");
}

/// Whoever gets in by a link alone is sent one where they are activated, as where they are reset.
async fn who_had_to_get_in_by_a_link_is_sent_one_when_back(world: &World) {
    let id = add(world, "", &ada()).await.id();
    for (verb, links) in [
        ("deactivate", 0),
        ("activate", 0),
        ("reset_password", 1),
        ("deactivate", 0),
        ("activate", 1),
    ] {
        let answer = step(world, &id, verb).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &json!({})));
        let mails = world.mails().await;
        let sent = mails.iter().filter(|mail| mail.contains("/reset?token="));
        assert_eq!(sent.count(), links, "{verb}: {mails:?}");
    }
    assert_eq!(status(world, &id).await, "RECOVERY");
    step(world, &id, "deactivate").await;
    let path = format!("/api/v1/users/{id}/lifecycle/activate");
    let refused = world.call(By::Reader, "POST", &path, &Value::Null).await;
    assert_eq!(refused.outcome(), (403, "E0000006"));
    assert!(world.mails().await.is_empty());
    assert_eq!(status(world, &id).await, "DEPROVISIONED");
}

async fn removal_takes_two_steps_and_leaves_nothing(world: &World) {
    let group = world
        .post("/api/v1/groups", &json!({ "profile": { "name": "Eng" } }))
        .await
        .id();
    let mut body = ada();
    body["groupIds"] = json!([group]);
    let id = add(world, "", &body).await.id();
    let path = format!("/api/v1/users/{id}");
    let delete = async || world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(delete().await.status, 204);
    assert_eq!(status(world, &id).await, "DEPROVISIONED");
    let rows = world.log_rows(&world.main).await;
    assert_eq!(delete().await.status, 204);
    let kinds = world.kinds_since(rows).await;
    assert_eq!(
        kinds,
        [
            "user.lifecycle.delete.initiated",
            "user.lifecycle.delete.completed"
        ]
    );
    assert_eq!(delete().await.outcome(), (404, "E0000007"));
    for path in [
        format!("/api/v1/groups/{group}/users"),
        String::from("/api/v1/users?q=ada"),
        String::from("/api/v1/users?search=profile.lastName+eq+%22Lovelace%22"),
    ] {
        assert_eq!(world.get(&path).await.body, json!([]), "{path}");
    }
    assert_eq!(
        add(world, "", &ada()).await.status,
        200,
        "the login is free"
    );
}

on_both_engines!(
    a_person_is_added_whole_and_found_at_once,
    how_a_person_begins_is_asked_for,
    who_is_refused_is_not_half_added,
    a_change_names_what_changes_or_all,
    a_change_may_be_made_on_condition,
    the_life_cycle_goes_its_way,
    who_was_locked_is_unlocked_and_who_has_no_password_is_invited,
    who_had_to_get_in_by_a_link_is_sent_one_when_back,
    removal_takes_two_steps_and_leaves_nothing,
);
