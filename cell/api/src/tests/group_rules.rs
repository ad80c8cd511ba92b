//! Rules that fill groups.

use crate::for_tests::{By, World, on_both_engines};
use identity::access::{Permission, Role};
use identity::sign_on::{Membership, SignOnPolicy, store as policies};
use serde_json::{Value, json};
use vocab::id::GroupId;

const RULES: &str = "/api/v1/groups/rules";

pub(super) async fn group(world: &World, name: &str) -> String {
    let body = json!({ "profile": { "name": name } });
    world.post("/api/v1/groups", &body).await.id()
}

pub(super) fn rule(name: &str, expression: &str, groups: &[&str]) -> Value {
    json!({
        "type": "group_rule",
        "name": name,
        "conditions": { "expression": { "type": "urn:okta:expression:1.0", "value": expression } },
        "actions": { "assignUserToGroups": { "groupIds": groups } },
    })
}

async fn send(world: &World, method: &str, path: &str) -> u16 {
    let answer = world.call(By::Manager, method, path, &Value::Null).await;
    answer.status.as_u16()
}

/// Does what the background does.
pub(super) async fn walk(world: &World) {
    loop {
        let due = world.cell.due_group_passes("").await.unwrap();
        if due.is_empty() {
            return;
        }
        for pass in due {
            let mut next = Some(pass);
            while let Some(pass) = next {
                next = world.cell.walk_group_pass(pass).await.unwrap();
            }
        }
    }
}

async fn a_rule_is_added_shown_changed_and_removed(world: &World) {
    let group = group(world, "Ladies").await;
    let excluded = world.person(&world.main, "eve", "Eve", "B").await;
    let mut body = rule("Adas", "user.firstName==\"Ada\"", &[&group]);
    body["conditions"]["people"] =
        json!({ "users": { "exclude": [excluded.as_str()] }, "groups": { "exclude": [] } });
    let added = world.post(RULES, &body).await;
    let (id, now) = (added.id(), world.cell.now().to_rfc3339_millis());
    let path = format!("{RULES}/{id}");
    assert!(id.starts_with("0pr"), "{id}");
    assert_eq!(
        added.body,
        json!({
            "type": "group_rule",
            "id": id,
            "status": "INACTIVE",
            "name": "Adas",
            "created": now,
            "lastUpdated": now,
            "conditions": {
                "people": { "users": { "exclude": [excluded.as_str()] }, "groups": { "exclude": [] } },
                "expression": { "value": "user.firstName==\"Ada\"", "type": "urn:okta:expression:1.0" },
            },
            "actions": { "assignUserToGroups": { "groupIds": [group] } },
            "_links": { "self": { "href": format!("https://id.example/t/main{path}") } },
        })
    );
    assert_eq!(world.get(&path).await.body, added.body);
    let named = world
        .get(&format!("{path}?expand=groupIdToGroupNameMap"))
        .await;
    assert_eq!(
        named.body["_embedded"],
        json!({ "groupIdToGroupNameMap": { group.clone(): "Ladies" } })
    );
    let mut whole = named.body.clone();
    whole["name"] = json!("Every Ada");
    let changed = world.call(By::Manager, "PUT", &path, &whole).await;
    assert_eq!(
        (changed.status.as_u16(), &changed.body["name"]),
        (200, &json!("Every Ada"))
    );
    assert_eq!(
        send(world, "POST", &format!("{path}/lifecycle/activate")).await,
        204
    );
    assert_eq!(world.get(&path).await.body["status"], "ACTIVE");
    for (method, query) in [("PUT", ""), ("DELETE", ""), ("DELETE", "?removeUsers=true")] {
        let refused = world
            .call(By::Manager, method, &format!("{path}{query}"), &body)
            .await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{method}{query}");
    }
    assert_eq!(
        send(world, "POST", &format!("{path}/lifecycle/deactivate")).await,
        204
    );
    assert_eq!(send(world, "DELETE", &path).await, 202);
    for (method, path) in [
        ("GET", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/lifecycle/activate")),
        ("GET", format!("{RULES}/none")),
    ] {
        let gone = world.call(By::Manager, method, &path, &Value::Null).await;
        assert_eq!(gone.outcome(), (404, "E0000007"), "{method} {path}");
    }
}

async fn members_come_and_go_by_a_rule(world: &World) {
    let group = group(world, "Ladies").await;
    let members = format!("/api/v1/groups/{group}/users");
    world.person(&world.main, "ada", "Ada", "B").await;
    let id = world
        .post(RULES, &rule("Adas", "user.firstName=='Ada'", &[&group]))
        .await
        .id();
    let path = format!("{RULES}/{id}");
    let names = async || {
        let mut names = world.get(&members).await.texts("/profile/login");
        names.sort();
        names
    };
    let call = async |name: &str, first: &str| {
        let body = json!({ "profile": { "firstName": first } });
        let changed = world.post(&format!("/api/v1/users/{name}"), &body).await;
        assert_eq!(changed.status, 200);
    };
    assert_eq!(
        send(world, "POST", &format!("{path}/lifecycle/activate")).await,
        204
    );
    walk(world).await;
    assert_eq!(names().await, ["ada"]);
    world.person(&world.main, "bob", "Bob", "B").await;
    call("bob", "Ada").await;
    assert_eq!(names().await, ["ada", "bob"]);
    call("ada", "Eve").await;
    assert_eq!(names().await, ["bob"]);
    assert_eq!(
        send(world, "POST", &format!("{path}/lifecycle/deactivate")).await,
        204
    );
    call("bob", "Bob").await;
    assert_eq!(names().await, ["bob"], "a rule at rest takes nobody out");
    assert_eq!(
        send(world, "DELETE", &format!("{path}?removeUsers=true")).await,
        202
    );
    walk(world).await;
    assert!(names().await.is_empty());
    let filter = format!("/api/v1/logs?filter=actor.id+eq+%22{id}%22");
    let kinds = world.get(&filter).await.texts("/eventType");
    let removed = kinds
        .iter()
        .filter(|kind| *kind == "group.user_membership.remove")
        .count();
    assert_eq!(removed, 2, "{kinds:?}");
}

async fn what_is_no_rule_is_refused_with_its_place(world: &World) {
    let group = group(world, "Ladies").await;
    assert_eq!(
        world
            .post(RULES, &rule("Taken", "true", &[&group]))
            .await
            .status,
        200
    );
    let rows = world.log_rows(&world.main).await;
    let missing = "00gAAAAAAAAAAAAAAAAA";
    for (body, cause) in [
        (
            rule("", "true", &[&group]),
            "name: use 1 to 50 characters on one line",
        ),
        (
            rule("TAKEN", "true", &[&group]),
            "name: An object with this field already exists in the current organization",
        ),
        (
            rule("a", "user.team == 'x'", &[&group]),
            "conditions.expression.value: column 1: there is no user.team",
        ),
        (
            rule("a", "user.login", &[&group]),
            "conditions.expression.value: column 1: this must be true or false",
        ),
        (
            rule("a", "true", &[]),
            "actions.assignUserToGroups.groupIds: name at least one group",
        ),
        (
            rule("a", "true", &[missing]),
            "actions.assignUserToGroups.groupIds: there is no group 00gAAAAAAAAAAAAAAAAA",
        ),
    ] {
        let refused = world.post(RULES, &body).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{body}");
        assert_eq!(refused.body["errorCauses"][0]["errorSummary"], cause);
    }
    for path in ["?expand=groups", "?search=a&sortBy=name", "?limit=0"] {
        let refused = world.get(&format!("{RULES}{path}")).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{path}");
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    let circle = rule("circle", "isMemberOfGroupName(\"Ladies\")", &[&group]);
    let id = world.post(RULES, &circle).await.id();
    let refused = world
        .post(&format!("{RULES}/{id}/lifecycle/activate"), &Value::Null)
        .await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
    let cause = refused.body["errorCauses"][0]["errorSummary"].to_string();
    assert!(
        cause.contains("Ladies") && cause.contains("circle"),
        "{cause}"
    );
}

async fn rules_are_listed_and_found(world: &World) {
    let group = group(world, "Ladies").await;
    let names = ["Alpha", "Beta", "Alphabet", "Gamma", "Delta"];
    for name in names {
        assert_eq!(
            world
                .post(RULES, &rule(name, "true", &[&group]))
                .await
                .status,
            200
        );
    }
    let mut all = world.walk(&format!("{RULES}?limit=2"), "/name").await;
    all.sort();
    assert_eq!(all, ["Alpha", "Alphabet", "Beta", "Delta", "Gamma"]);
    let mut found = world
        .walk(&format!("{RULES}?limit=1&search=alpha"), "/name")
        .await;
    found.sort();
    assert_eq!(found, ["Alpha", "Alphabet"]);
    let named = world
        .get(&format!("{RULES}?limit=1&expand=groupIdToGroupNameMap"))
        .await;
    assert_eq!(
        named.body[0]["_embedded"]["groupIdToGroupNameMap"][&group],
        "Ladies"
    );
}

/// By the names of groups a rule may move administrators into groups by which they get in with less.
async fn names_that_lead_administrators_are_out_of_reach(world: &World) {
    let (others, asked, zed) = (
        group(world, "Others").await,
        group(world, "IT").await,
        group(world, "Zed").await,
    );
    let snapshot = world.cell.snapshot(&world.main).await.unwrap().unwrap();
    let mut policy = SignOnPolicy::clone(&snapshot.console_policy);
    policy.rules[0].conditions.groups = Membership {
        include: vec![GroupId::parse(&others).unwrap()],
        exclude: Vec::new(),
    };
    let mut tx = world.cell.database.read().await.unwrap();
    let stored = policies::load_policy(&mut tx, &world.main, &policy.id).await;
    let revision = stored.unwrap().unwrap().revision;
    drop(tx);
    let permit = world.permit(&world.main, Permission::ManagePolicies);
    let changed = world.cell.update_policy(&permit, policy, revision).await;
    changed.unwrap();
    let asking = rule("IT", "isMemberOfGroupName(\"IT\")", &[&others]);
    let made = world.post(RULES, &asking).await.id();
    let activate = format!("{RULES}/{made}/lifecycle/activate");
    assert_eq!(send(world, "POST", &activate).await, 204);
    world.administrator(Role::UserAdmin).await;
    let groups = |id: &str| format!("/api/v1/groups/{id}");
    let named = |name: &str| json!({ "profile": { "name": name, "description": "" } });
    let by = By::Of(Role::UserAdmin);
    for (method, path, body, status) in [
        ("PUT", groups(&asked), named("IT-old"), 403),
        ("DELETE", groups(&asked), Value::Null, 403),
        ("PUT", groups(&zed), named("Zet"), 200),
        ("DELETE", groups(&zed), Value::Null, 204),
    ] {
        let answer = world.call(by, method, &path, &body).await;
        assert_eq!(answer.status, status, "{method} {path} {}", answer.body);
    }
    let renamed = world
        .call(By::Manager, "PUT", &groups(&asked), &named("IT-old"))
        .await;
    assert_eq!(renamed.status, 200, "{}", renamed.body);
}

on_both_engines!(
    a_rule_is_added_shown_changed_and_removed,
    members_come_and_go_by_a_rule,
    what_is_no_rule_is_refused_with_its_place,
    rules_are_listed_and_found,
    names_that_lead_administrators_are_out_of_reach,
);
