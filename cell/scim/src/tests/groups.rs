//! Groups and who belongs to them.

use crate::for_tests::{Answered, By, World, on_both_engines};
use identity::access::Permission;
use identity::group::change::MEMBERS_CHANGED_MAX;
use protocol::scim::GROUP;
use serde_json::{Value, json};
use vocab::id::{GroupId, UserId};

const GROUPS: &str = "/scim/v2/Groups";

async fn people(world: &World, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        let login = format!("m{number}");
        let id = world.person(&world.main, &login, "A", "B").await;
        ids.push(id.to_string());
    }
    ids.sort();
    ids
}

fn members(ids: &[String]) -> Vec<Value> {
    ids.iter().map(|id| json!({ "value": id })).collect()
}

fn shown(answer: &Answered) -> Vec<String> {
    let members = answer.body["members"].as_array();
    let members = members.unwrap_or_else(|| panic!("no members: {}", answer.body));
    members
        .iter()
        .map(|member| member["value"].as_str().unwrap().to_owned())
        .collect()
}

async fn a_group_is_added_shown_replaced_and_removed(world: &World) {
    let ids = people(world, 3).await;
    let rows = world.log_rows(&world.main).await;
    let body = json!({
        "schemas": [GROUP], "displayName": "Eng", "externalId": "G-1", "members": members(&ids[..2]),
    });
    let added = world.post(GROUPS, &body).await;
    let id = added.id();
    let now = world.cell.now();
    let base = "https://id.example/t/main/scim/v2";
    let member =
        |id: &String| json!({ "value": id, "$ref": format!("{base}/Users/{id}"), "type": "User" });
    assert_eq!(
        added.body,
        json!({
            "schemas": [GROUP], "id": id, "displayName": "Eng", "externalId": "G-1",
            "members": [member(&ids[0]), member(&ids[1])],
            "meta": {
                "resourceType": "Group", "created": now.to_rfc3339_millis(), "lastModified": now.to_rfc3339_millis(),
                "location": format!("{base}/Groups/{id}"), "version": added.header("etag"),
            },
        })
    );
    assert_eq!(added.status, 201);
    let kinds: Vec<String> = world
        .log_since(rows)
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(
        kinds,
        [
            "group.lifecycle.create",
            "group.user_membership.add",
            "group.user_membership.add"
        ]
    );
    let path = format!("{GROUPS}/{id}");
    assert_eq!(world.get(&path).await.body, added.body);
    let without = world
        .get(&format!("{path}?excludedAttributes=members"))
        .await;
    assert!(without.body.get("members").is_none());
    let put = async |body: &Value| world.call(By::Manager, "PUT", &path, body).await;
    let renamed = put(&json!({ "displayName": "Engineers" })).await;
    assert_eq!(shown(&renamed), ids[..2], "who is not named stays");
    assert_eq!(renamed.body["externalId"], "G-1");
    assert_ne!(renamed.header("etag"), added.header("etag"));
    let other = put(&json!({ "displayName": "Engineers", "members": members(&ids[1..]) })).await;
    assert_eq!(shown(&other), ids[1..]);
    assert_ne!(
        other.header("etag"),
        renamed.header("etag"),
        "the clock has not moved"
    );
    let none = put(&json!({ "displayName": "Engineers", "members": [], "externalId": null })).await;
    assert!(shown(&none).is_empty());
    assert!(none.body.get("externalId").is_none());
    let delete = async || world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(delete().await.status, 204);
    assert_eq!(delete().await.outcome(), (404, ""));
    assert_eq!(world.get(&path).await.outcome(), (404, ""));
}

async fn what_is_wrong_changes_nothing(world: &World) {
    let ids = people(world, 1).await;
    let make = async |name: &str, external: &str| {
        let body = json!({ "displayName": name, "externalId": external });
        world.post(GROUPS, &body).await
    };
    assert_eq!(make("Eng", "G-1").await.status, 201);
    let other = make("Sales", "G-2").await;
    let path = format!("{GROUPS}/{}", other.id());
    let rows = world.log_rows(&world.main).await;
    for (body, outcome) in [
        (json!({}), (400, "invalidValue")),
        (json!({ "displayName": "ENG" }), (409, "uniqueness")),
        (
            json!({ "displayName": "New", "externalId": "G-1" }),
            (409, "uniqueness"),
        ),
        (
            json!({ "displayName": "x".repeat(101) }),
            (400, "invalidValue"),
        ),
        (
            json!({ "displayName": "New", "owner": "x" }),
            (400, "invalidSyntax"),
        ),
        (
            json!({ "displayName": "New", "members": [{ "value": "nobody" }] }),
            (400, "invalidValue"),
        ),
        (
            json!({ "displayName": "New", "members": [{ "value": ids[0] }, { "value": "00uAAAAAAAAAAAAAAAAA" }] }),
            (400, "invalidValue"),
        ),
    ] {
        for answer in [
            world.post(GROUPS, &body).await,
            world.call(By::Manager, "PUT", &path, &body).await,
        ] {
            assert_eq!(answer.outcome(), outcome, "{body}");
        }
    }
    for (operation, outcome) in [
        (
            json!({ "op": "remove", "path": "displayName" }),
            (400, "invalidValue"),
        ),
        (
            json!({ "op": "replace", "path": "meta", "value": {} }),
            (400, "mutability"),
        ),
        (
            json!({ "op": "replace", "path": "owner", "value": "x" }),
            (400, "invalidPath"),
        ),
        (
            json!({ "op": "add", "path": "members", "value": [{}] }),
            (400, "invalidValue"),
        ),
        (
            json!({ "op": "remove", "path": "members[type eq \"User\"]" }),
            (400, "invalidPath"),
        ),
    ] {
        let first = json!({ "op": "add", "path": "members", "value": [{ "value": ids[0] }] });
        let answer = world.patch(&path, &json!([first, operation])).await;
        assert_eq!(answer.outcome(), outcome, "{operation}");
    }
    assert_eq!(world.get(&path).await.body, other.body);
    assert_eq!(world.log_rows(&world.main).await, rows);
}

async fn members_come_and_go_by_patches(world: &World) {
    let ids = people(world, 4).await;
    let group = world.post(GROUPS, &json!({ "displayName": "Eng" })).await;
    let path = format!("{GROUPS}/{}", group.id());
    let one = |id: &String| json!({ "value": id });
    for (operations, expected) in [
        (
            json!([{ "op": "add", "path": "members", "value": members(&ids[..3]) }]),
            vec![0, 1, 2],
        ),
        (
            json!([{ "op": "Add", "path": "members", "value": [one(&ids[0]), one(&ids[3])] }]),
            vec![0, 1, 2, 3],
        ),
        (
            json!([{ "op": "remove", "path": format!("members[value eq \"{}\"]", ids[1]) }]),
            vec![0, 2, 3],
        ),
        (
            json!([{ "op": "remove", "path": format!("members[value eq \"{}\"]", ids[1]) }]),
            vec![0, 2, 3],
        ),
        (
            json!([{ "op": "Remove", "path": "members", "value": [one(&ids[2])] }]),
            vec![0, 3],
        ),
        (
            json!([{ "op": "replace", "path": "members", "value": [one(&ids[1])] }]),
            vec![1],
        ),
        (
            json!([
                { "op": "remove", "path": "members" },
                { "op": "add", "value": { "members": [one(&ids[2])], "displayName": "Engineers" } },
            ]),
            vec![2],
        ),
        (json!([{ "op": "remove", "path": "members" }]), vec![]),
    ] {
        let answer = world.patch(&path, &operations).await;
        assert_eq!(answer.status, 200, "{operations}: {}", answer.body);
        let expected: Vec<String> = expected
            .into_iter()
            .map(|place: usize| ids[place].clone())
            .collect();
        assert_eq!(shown(&answer), expected, "{operations}");
        assert_eq!(shown(&world.get(&path).await), expected, "{operations}");
    }
    assert_eq!(world.get(&path).await.body["displayName"], "Engineers");
    let rows = world.log_rows(&world.main).await;
    let same = world
        .patch(&path, &json!([{ "op": "remove", "path": "members" }]))
        .await;
    assert_eq!(same.status, 200);
    assert_eq!(world.log_rows(&world.main).await, rows, "nothing happened");
}

async fn a_change_may_be_made_on_condition(world: &World) {
    let ids = people(world, 3).await;
    let group = world.post(GROUPS, &json!({ "displayName": "Eng" })).await;
    let path = format!("{GROUPS}/{}", group.id());
    let add = |place: usize| json!({ "Operations": [{ "op": "add", "path": "members", "value": [{ "value": ids[place] }] }] });
    let tag = group.header("etag");
    let send = async |method: &str, tag: &str, body: &Value| {
        world
            .conditional(method, &path, ("if-match", tag), body)
            .await
    };
    assert_eq!(send("PATCH", tag, &add(0)).await.status, 200);
    assert_eq!(
        send("PATCH", tag, &add(1)).await.outcome(),
        (412, ""),
        "somebody was added"
    );
    assert_eq!(
        send("PUT", tag, &json!({ "displayName": "X" }))
            .await
            .outcome(),
        (412, "")
    );
    assert_eq!(send("DELETE", tag, &Value::Null).await.outcome(), (412, ""));
    let tag = world.get(&path).await.header("etag").to_owned();
    let (one, two) = (add(1), add(2));
    let (first, second) = tokio::join!(send("PATCH", &tag, &one), send("PATCH", &tag, &two));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    // Without a condition both are added.
    let (one, two) = (add(1)["Operations"].clone(), add(2)["Operations"].clone());
    let (first, second) = tokio::join!(world.patch(&path, &one), world.patch(&path, &two));
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_eq!(shown(&world.get(&path).await), ids);
    let tag = world.get(&path).await.header("etag").to_owned();
    assert_eq!(send("DELETE", &tag, &Value::Null).await.status, 204);
}

async fn one_request_changes_so_many_memberships_and_no_more(world: &World) {
    let group = world.post(GROUPS, &json!({ "displayName": "Eng" })).await;
    let path = format!("{GROUPS}/{}", group.id());
    let id = GroupId::parse(&group.id()).unwrap();
    let permit = world.permit(&world.main, Permission::ManagePeople);
    let mut ids: Vec<UserId> = Vec::new();
    for number in 0..=MEMBERS_CHANGED_MAX {
        let profile = identity::person::profile::ProfileInput {
            login: format!("crowd{number}"),
            email: "crowd@example.com".into(),
            ..Default::default()
        };
        ids.push(world.cell.create_person(&permit, profile).await.unwrap());
    }
    let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let all = json!([{ "op": "add", "path": "members", "value": members(&texts) }]);
    assert_eq!(world.patch(&path, &all).await.outcome(), (400, "tooMany"));
    let most = json!([{ "op": "add", "path": "members", "value": members(&texts[1..]) }]);
    let added = world.patch(&path, &most).await;
    assert_eq!(shown(&added).len(), MEMBERS_CHANGED_MAX);
    let last = json!([{ "op": "add", "path": "members", "value": members(&texts[..1]) }]);
    let added = world.patch(&path, &last).await;
    assert_eq!(added.status, 200);
    assert!(
        added.body.get("members").is_none(),
        "there are too many to be shown"
    );
    for operations in [
        json!([{ "op": "remove", "path": "members" }]),
        json!([{ "op": "replace", "path": "members", "value": [] }]),
    ] {
        assert_eq!(
            world.patch(&path, &operations).await.outcome(),
            (400, "tooMany")
        );
    }
    // What was shown without its members may be sent back, and takes nobody away.
    let shown = world.get(&path).await.body;
    let same = world.call(By::Manager, "PUT", &path, &shown).await;
    assert_eq!(same.status, 200);
    let reader = world.permit(&world.main, Permission::ReadDirectory);
    let present = world
        .cell
        .list_member_ids(&reader, &id, 2_000)
        .await
        .unwrap();
    assert_eq!(present.len(), MEMBERS_CHANGED_MAX + 1);
}

on_both_engines!(
    a_group_is_added_shown_replaced_and_removed,
    what_is_wrong_changes_nothing,
    members_come_and_go_by_patches,
    a_change_may_be_made_on_condition,
    one_request_changes_so_many_memberships_and_no_more,
);
