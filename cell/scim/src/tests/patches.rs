//! Patches of users, as the standard has them and as clients in the field send them.

use crate::for_tests::{World, on_both_engines};
use protocol::scim::{ENTERPRISE, PROFILE};
use serde_json::{Value, json};

async fn ada(world: &World) -> (String, Value) {
    let added = world
        .post(
            "/scim/v2/Users",
            &json!({
                "userName": "ada@example.com", "externalId": "E-1", "title": "Countess",
                "name": { "givenName": "Ada", "familyName": "Lovelace" },
                "password": "a tall lighthouse in fog",
                (ENTERPRISE): { "department": "Engines" },
            }),
        )
        .await;
    (format!("/scim/v2/Users/{}", added.id()), added.body)
}

/// What the answer shows at a place, whose parts are told apart by bars.
fn at(body: &Value, place: &str) -> Value {
    let mut found = body;
    for part in place.split('|') {
        found = match part.parse::<usize>() {
            Ok(number) => &found[number],
            Err(_) => &found[part],
        };
    }
    found.clone()
}

async fn each_operation_changes_what_its_path_names(world: &World) {
    let (path, _) = ada(world).await;
    let department = format!("{ENTERPRISE}|department");
    let mobile = json!([{ "type": "mobile", "value": "+44 1" }]);
    for (operation, place, expected) in [
        (
            json!({ "op": "replace", "path": "userName", "value": "ada" }),
            "userName",
            json!("ada"),
        ),
        (
            json!({ "op": "add", "path": "nickName", "value": "A" }),
            "nickName",
            json!("A"),
        ),
        (
            json!({ "op": "remove", "path": "nickName" }),
            "nickName",
            Value::Null,
        ),
        (
            json!({ "op": "replace", "path": "name.familyName", "value": "King" }),
            "name",
            json!({ "givenName": "Ada", "familyName": "King" }),
        ),
        (
            json!({ "op": "replace", "path": "name", "value": { "givenName": "A." } }),
            "name",
            json!({ "givenName": "A.", "familyName": "King" }),
        ),
        (
            json!({ "op": "remove", "path": "name" }),
            "name",
            Value::Null,
        ),
        (
            json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "b@example.com" }),
            "emails|0|value",
            json!("b@example.com"),
        ),
        (
            json!({ "op": "replace", "path": "emails", "value": [{ "value": "c@example.com", "primary": true }] }),
            "emails|0|value",
            json!("c@example.com"),
        ),
        (
            json!({ "op": "add", "path": "emails", "value": [{ "value": "d@example.com", "type": "home" }] }),
            "emails|0|value",
            json!("c@example.com"),
        ),
        (
            json!({ "op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+44 1" }),
            "phoneNumbers",
            mobile,
        ),
        (
            json!({ "op": "remove", "path": "phoneNumbers[type eq \"mobile\"]" }),
            "phoneNumbers",
            Value::Null,
        ),
        (
            json!({ "op": "replace", "path": "externalId", "value": "E-2" }),
            "externalId",
            json!("E-2"),
        ),
        (
            json!({ "op": "remove", "path": "externalId" }),
            "externalId",
            Value::Null,
        ),
        (
            json!({ "op": "replace", "path": format!("{ENTERPRISE}:department"), "value": "Looms" }),
            &department,
            json!("Looms"),
        ),
        (
            json!({ "op": "add", "path": ENTERPRISE, "value": { "employeeNumber": "7" } }),
            &department,
            json!("Looms"),
        ),
        (
            json!({ "op": "remove", "path": ENTERPRISE }),
            ENTERPRISE,
            Value::Null,
        ),
        (
            json!({ "op": "add", "path": format!("{PROFILE}:level"), "value": 3 }),
            PROFILE,
            json!({ "level": 3 }),
        ),
        // Known to SCIM, and without a place in this org.
        (
            json!({ "op": "add", "path": "locale", "value": "en" }),
            "locale",
            Value::Null,
        ),
    ] {
        let answer = world.patch(&path, &json!([operation])).await;
        assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
        assert_eq!(at(&answer.body, place), expected, "{operation}");
        assert_eq!(world.get(&path).await.body, answer.body, "{operation}");
    }
}

async fn the_forms_that_clients_send_are_understood(world: &World) {
    let (path, _) = ada(world).await;
    for (operation, place, expected) in [
        (
            json!({ "op": "Replace", "path": "active", "value": "False" }),
            "active",
            json!(false),
        ),
        (
            json!({ "op": "Replace", "value": { "active": "True" } }),
            "active",
            json!(true),
        ),
        (
            json!({ "op": "replace", "value": { "active": false, "id": null } }),
            "",
            json!("mutability"),
        ),
        (
            json!({ "op": "Add", "value": {
                "name.givenName": "A.", "emails[type eq \"work\"].value": "b@example.com",
                (format!("{ENTERPRISE}:department")): "Looms",
            } }),
            "name",
            json!({ "givenName": "A.", "familyName": "Lovelace" }),
        ),
        (
            json!({ "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "00u7" }),
            ENTERPRISE,
            json!({ "department": "Looms", "manager": { "value": "00u7" } }),
        ),
        (
            json!({ "op": "Replace", "path": format!("{ENTERPRISE}:manager"), "value": [{ "value": "00u8" }] }),
            "",
            json!("invalidValue"),
        ),
        (
            json!({ "op": "replace", "value": { (ENTERPRISE): { "employeeNumber": 701 } } }),
            &format!("{ENTERPRISE}|employeeNumber"),
            json!("701"),
        ),
    ] {
        let answer = world.patch(&path, &json!([operation])).await;
        match place {
            "" => assert_eq!(
                answer.outcome(),
                (400, expected.as_str().unwrap()),
                "{operation}"
            ),
            place => assert_eq!(
                at(&answer.body, place),
                expected,
                "{operation}: {}",
                answer.body
            ),
        }
    }
}

async fn a_patch_is_done_whole_or_not_at_all(world: &World) {
    let (path, before) = ada(world).await;
    let rows = world.log_rows(&world.main).await;
    let good = json!({ "op": "replace", "path": "title", "value": "Baroness" });
    for (operation, outcome) in [
        (
            json!({ "op": "replace", "path": "id", "value": "x" }),
            (400, "mutability"),
        ),
        (
            json!({ "op": "add", "path": "meta.version", "value": "x" }),
            (400, "mutability"),
        ),
        (
            json!({ "op": "add", "path": "groups", "value": [] }),
            (400, "mutability"),
        ),
        (
            json!({ "op": "remove", "path": "userName" }),
            (400, "invalidValue"),
        ),
        (
            json!({ "op": "remove", "path": "emails" }),
            (400, "invalidValue"),
        ),
        (json!({ "op": "remove" }), (400, "noTarget")),
        (
            json!({ "op": "replace", "path": "userName", "value": "manager" }),
            (409, "uniqueness"),
        ),
        (
            json!({ "op": "replace", "path": "userName", "value": 7 }),
            (400, "invalidValue"),
        ),
        (
            json!({ "op": "replace", "path": "nonsense", "value": 7 }),
            (400, "invalidPath"),
        ),
        (
            json!({ "op": "replace", "path": "a b", "value": 7 }),
            (400, "invalidPath"),
        ),
        (
            json!({ "op": "replace", "path": "emails[type eq \"x\"].value", "value": 7 }),
            (400, "noTarget"),
        ),
        (
            json!({ "op": "replace", "path": "password", "value": "short" }),
            (400, "invalidValue"),
        ),
        (
            json!({ "op": "replace", "path": "active", "value": "maybe" }),
            (400, "invalidValue"),
        ),
        (
            json!({ "op": "move", "path": "title", "value": 7 }),
            (400, "invalidSyntax"),
        ),
        (
            json!({ "op": "replace", "path": format!("{PROFILE}:level"), "value": "x" }),
            (400, "invalidValue"),
        ),
    ] {
        let answer = world.patch(&path, &json!([good, operation])).await;
        assert_eq!(answer.outcome(), outcome, "{operation}: {}", answer.body);
    }
    assert_eq!(
        world.patch(&path, &json!([])).await.outcome(),
        (400, "invalidSyntax")
    );
    assert_eq!(world.get(&path).await.body, before);
    assert_eq!(world.log_rows(&world.main).await, rows);
}

async fn profile_state_and_password_change_in_one_step(world: &World) {
    let (path, _) = ada(world).await;
    let rows = world.log_rows(&world.main).await;
    let answer = world
        .patch(
            &path,
            &json!([
                { "op": "replace", "path": "title", "value": "Baroness" },
                { "op": "replace", "path": "password", "value": "another tall lighthouse" },
                { "op": "replace", "path": "active", "value": false },
            ]),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        (&answer.body["title"], &answer.body["active"]),
        (&json!("Baroness"), &json!(false))
    );
    let mut kinds: Vec<String> = world
        .log_since(rows)
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    kinds.sort();
    assert_eq!(
        kinds,
        [
            "user.account.update_password",
            "user.account.update_profile",
            "user.lifecycle.deactivate"
        ]
    );
    // Whoever takes part in none of it sees no row: the same patch again but for the password changes nothing.
    let rows = world.log_rows(&world.main).await;
    let again = world
        .patch(
            &path,
            &json!([{ "op": "replace", "path": "title", "value": "Baroness" }]),
        )
        .await;
    assert_eq!(again.body, answer.body);
    assert_eq!(world.log_rows(&world.main).await, rows);
}

on_both_engines!(
    each_operation_changes_what_its_path_names,
    the_forms_that_clients_send_are_understood,
    a_patch_is_done_whole_or_not_at_all,
    profile_state_and_password_change_in_one_step,
);
