//! Policies that rest, and which apps they govern.

use crate::for_tests::{Answered, By, World, on_both_engines};
use identity::access::Role;
use serde_json::{Value, json};

const POLICIES: &str = "/api/v1/policies";
const INVALID: (u16, &str) = (400, "E0000001");
const MISSING: (u16, &str) = (404, "E0000007");
const FORBIDDEN: (u16, &str) = (403, "E0000006");

async fn add(world: &World, name: &str) -> String {
    let body = json!({ "type": "ACCESS_POLICY", "name": name });
    let made = world.post(POLICIES, &body).await;
    assert_eq!(made.body["status"], "ACTIVE", "{}", made.body);
    made.id()
}

async fn step(world: &World, policy: &str, step: &str) -> Answered {
    let path = format!("{POLICIES}/{policy}/lifecycle/{step}");
    world.post(&path, &Value::Null).await
}

async fn put(world: &World, by: By, app: &str, policy: &str) -> Answered {
    let path = format!("/api/v1/apps/{app}/policies/{policy}");
    world.call(by, "PUT", &path, &Value::Null).await
}

async fn delete(world: &World, path: &str) -> Answered {
    world.call(By::Manager, "DELETE", path, &Value::Null).await
}

/// The policies of type `ACCESS_POLICY` of a state, by name.
async fn listed(world: &World, status: &str) -> Vec<String> {
    let path = format!("{POLICIES}?type=ACCESS_POLICY&status={status}");
    world.get(&path).await.texts("/name")
}

async fn a_policy_rests_while_no_app_names_it(world: &World) {
    let app = world.web_app(&world.main, "Wiki").await.to_string();
    let policy = add(world, "Finance").await;
    let path = format!("{POLICIES}/{policy}");
    let before = world.log_rows(&world.main).await;
    assert_eq!(step(world, &policy, "deactivate").await.status, 204);
    assert_eq!(world.get(&path).await.body["status"], "INACTIVE");
    assert_eq!(listed(world, "INACTIVE").await, ["Finance"]);
    assert_eq!(listed(world, "ACTIVE").await, ["Administration console"]);
    // Twice is once.
    assert_eq!(step(world, &policy, "deactivate").await.status, 204);
    assert_eq!(
        put(world, By::Manager, &app, &policy).await.outcome(),
        INVALID
    );
    // It is changed as it rests, and no body wakes it.
    let mut shown = world.get(&path).await.body;
    shown["name"] = json!("Money");
    let renamed = world.call(By::Manager, "PUT", &path, &shown).await;
    assert_eq!(renamed.body["name"], "Money");
    assert_eq!(renamed.body["status"], "INACTIVE");
    shown["status"] = json!("ACTIVE");
    let refused = world.call(By::Manager, "PUT", &path, &shown).await;
    assert_eq!(refused.outcome(), INVALID);
    assert_eq!(step(world, &policy, "activate").await.status, 204);
    let kinds = world.kinds_since(before).await;
    assert_eq!(
        kinds,
        [
            "policy.lifecycle.deactivate",
            "policy.lifecycle.update",
            "policy.lifecycle.activate"
        ]
    );
    assert_eq!(put(world, By::Manager, &app, &policy).await.status, 204);
    assert_eq!(step(world, &policy, "deactivate").await.outcome(), INVALID);
    assert_eq!(world.get(&path).await.body["status"], "ACTIVE");
}

async fn what_every_organisation_has_is_always_in_force(world: &World) {
    let all = world.get(POLICIES).await;
    for policy in all.body.as_array().unwrap() {
        let id = policy["id"].as_str().unwrap();
        assert_eq!(step(world, id, "activate").await.status, 204);
        assert_eq!(step(world, id, "deactivate").await.outcome(), INVALID);
        let mappings = world.get(&format!("{POLICIES}/{id}/mappings")).await;
        assert_eq!(mappings.body, json!([]));
        let app = world.web_app(&world.main, id).await.to_string();
        assert_eq!(put(world, By::Manager, &app, id).await.outcome(), INVALID);
    }
    for by in [By::Reader, By::Person] {
        let path = format!("{POLICIES}/x/lifecycle/activate");
        let refused = world.call(by, "POST", &path, &Value::Null).await;
        assert_eq!(refused.outcome(), FORBIDDEN);
    }
    let made = json!({ "type": "ACCESS_POLICY", "name": "A", "status": "INACTIVE" });
    assert_eq!(world.post(POLICIES, &made).await.body["status"], "INACTIVE");
    let made = json!({ "type": "ACCESS_POLICY", "name": "B" });
    let resting = format!("{POLICIES}?activate=false");
    assert_eq!(world.post(&resting, &made).await.body["status"], "INACTIVE");
}

async fn apps_are_mapped_from_either_side(world: &World) {
    let (first, second) = (add(world, "First").await, add(world, "Second").await);
    let mut apps = Vec::new();
    for label in ["a", "b", "c"] {
        apps.push(world.web_app(&world.main, label).await.to_string());
    }
    let path = format!("{POLICIES}/{first}/mappings");
    let before = world.log_rows(&world.main).await;
    for app in &apps {
        let body = json!({ "resourceId": app, "resourceType": "APP" });
        let made = world.post(&path, &body).await;
        assert_eq!(made.outcome(), (200, ""), "{}", made.body);
        let one = format!("{path}/{}", made.id());
        assert_eq!(world.get(&one).await.body, made.body);
        let href = made.body["_links"]["application"]["href"].as_str();
        assert!(href.unwrap().ends_with(app.as_str()));
    }
    let (kind, _) = &world.log_since(before).await[0];
    assert_eq!(kind, "application.policy.sign_on.update");
    let listed = world.walk(&format!("{path}?limit=2"), "/id").await;
    assert_eq!(listed.len(), 3);
    // From the other side it moves; the same once more changes nothing.
    assert_eq!(put(world, By::Manager, &apps[0], &second).await.status, 204);
    let rows = world.log_rows(&world.main).await;
    assert_eq!(put(world, By::Manager, &apps[0], &second).await.status, 204);
    assert_eq!(world.log_rows(&world.main).await, rows);
    assert_eq!(world.get(&path).await.texts("/id").len(), 2);
    let moved = world.get(&format!("{POLICIES}/{second}/mappings")).await;
    let mapping = &moved.texts("/id")[0];
    assert_eq!(
        world.get(&format!("{path}/{mapping}")).await.outcome(),
        MISSING
    );
    assert_eq!(
        delete(world, &format!("{path}/{mapping}")).await.outcome(),
        MISSING
    );
    let one = format!("{POLICIES}/{second}/mappings/{mapping}");
    assert_eq!(delete(world, &one).await.status, 204);
    assert_eq!(delete(world, &one).await.outcome(), MISSING);
    assert_eq!(
        delete(world, &format!("{POLICIES}/{second}")).await.status,
        204
    );
}

async fn bad_mappings_are_refused(world: &World) {
    let policy = add(world, "First").await;
    let path = format!("{POLICIES}/{policy}/mappings");
    let app = world.web_app(&world.main, "Wiki").await.to_string();
    let service = world.client(&world.main, "Service").await.to_string();
    let foreign = world.web_app(&world.other, "Wiki").await.to_string();
    for body in [
        json!({}),
        json!({ "resourceId": app }),
        json!({ "resourceId": app, "resourceType": "ACCESS_POLICY" }),
        json!({ "resourceId": "x", "resourceType": "APP" }),
        json!({ "resourceId": foreign, "resourceType": "APP" }),
        json!({ "resourceId": service, "resourceType": "APP" }),
        json!({ "resourceId": app, "resourceType": "APP", "id": "x" }),
    ] {
        assert_eq!(world.post(&path, &body).await.outcome(), INVALID, "{body}");
    }
    assert_eq!(
        put(world, By::Manager, &service, &policy).await.outcome(),
        INVALID
    );
    for (app, policy) in [(&foreign, &policy), (&app, &foreign)] {
        assert_eq!(
            put(world, By::Manager, app, policy).await.outcome(),
            MISSING
        );
    }
    // Whoever runs apps says which policy governs them; whoever runs policies does not run apps.
    for (role, outcome) in [
        (Role::OrgAdmin, FORBIDDEN),
        (Role::ReadOnlyAdmin, FORBIDDEN),
        (Role::AppAdmin, (204, "")),
    ] {
        world.administrator(role).await;
        let answer = put(world, By::Of(role), &app, &policy).await;
        assert_eq!(answer.outcome(), outcome, "{role:?}");
    }
}

on_both_engines!(
    a_policy_rests_while_no_app_names_it,
    what_every_organisation_has_is_always_in_force,
    apps_are_mapped_from_either_side,
    bad_mappings_are_refused,
);
