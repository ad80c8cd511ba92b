//! Administrator roles: listed, given and taken, and the ceiling as the API tells it.

use crate::for_tests::{By, REPORT_ROLE, World, on_both_engines};
use identity::access::Role;
use serde_json::{Value, json};

const HELP_DESK: &str = "JBCUYUC7IRCVGS27IFCE2SKO";
const SUPER: &str = "KNKVARKSL5AUITKJJY";

async fn roles_are_listed_given_and_taken(world: &World) {
    let id = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let path = format!("/api/v1/users/{id}/roles");
    assert_eq!(world.get(&path).await.body, json!([]));
    let rows = world.log_rows(&world.main).await;
    let granted = world
        .post(&path, &json!({ "type": "HELP_DESK_ADMIN" }))
        .await;
    assert_eq!(granted.status, 201);
    let now = world.cell.now().to_rfc3339_millis();
    assert_eq!(
        granted.body,
        json!({
            "id": HELP_DESK,
            "label": "Help Desk Administrator",
            "type": "HELP_DESK_ADMIN",
            "status": "ACTIVE",
            "assignmentType": "USER",
            "created": now,
            "lastUpdated": now,
            "_links": {
                "assignee": { "href": format!("https://id.example/t/main/api/v1/users/{id}") },
            },
        })
    );
    world.clock.advance_secs(60);
    let by_login = world
        .post("/api/v1/users/ada/roles", &json!({ "type": "APP_ADMIN" }))
        .await;
    assert_eq!(by_login.status, 201);
    let listed = world.get(&path).await;
    assert_eq!(listed.texts("/type"), ["APP_ADMIN", "HELP_DESK_ADMIN"]);
    assert_eq!(listed.body[1], granted.body, "it stays what it was");
    let one = format!("{path}/{HELP_DESK}");
    assert_eq!(world.get(&one).await.body, granted.body);
    let delete = async |path: &str| world.call(By::Manager, "DELETE", path, &Value::Null).await;
    assert_eq!(delete(&one).await.status, 204);
    assert_eq!(delete(&one).await.outcome(), (404, "E0000007"));
    assert_eq!(world.get(&one).await.outcome(), (404, "E0000007"));
    assert_eq!(world.get(&path).await.texts("/type"), ["APP_ADMIN"]);
    let kinds = world.kinds_since(rows).await;
    assert_eq!(
        kinds,
        [
            "user.account.privilege.grant",
            "user.account.privilege.grant",
            "user.account.privilege.revoke"
        ]
    );
}

async fn what_cannot_be_granted_or_taken_is_told(world: &World) {
    let id = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let path = format!("/api/v1/users/{id}/roles");
    world.grant(&id, Role::ReportAdmin).await;
    let rows = world.log_rows(&world.main).await;
    for (body, outcome) in [
        (json!({ "type": "REPORT_ADMIN" }), (409, "E0000090")),
        (json!({ "type": "WORKFLOWS_ADMIN" }), (400, "E0000001")),
        (json!({ "type": "CUSTOM" }), (400, "E0000001")),
        (json!({}), (400, "E0000001")),
        (
            json!({ "type": "APP_ADMIN", "role": "cr0" }),
            (400, "E0000001"),
        ),
    ] {
        let refused = world.post(&path, &body).await;
        assert_eq!(refused.outcome(), outcome, "{body}");
    }
    for id in ["nothing", "REPORT_ADMIN", HELP_DESK] {
        let missing = format!("{path}/{id}");
        for method in ["GET", "DELETE"] {
            let answer = world
                .call(By::Manager, method, &missing, &Value::Null)
                .await;
            assert_eq!(answer.outcome(), (404, "E0000007"), "{method} {id}");
            let summary = format!("Not found: Resource not found: {id} (RoleAssignment)");
            assert_eq!(answer.body["errorSummary"], summary);
        }
    }
    // The last super administrator stays one.
    let last = format!("/api/v1/users/me/roles/{SUPER}");
    let answer = world.call(By::Manager, "DELETE", &last, &Value::Null).await;
    assert_eq!(answer.outcome(), (403, "E0000038"));
    assert_eq!(world.log_rows(&world.main).await, rows);
    let taken = format!("{path}/{REPORT_ROLE}");
    let answer = world
        .call(By::Manager, "DELETE", &taken, &Value::Null)
        .await;
    assert_eq!(answer.status, 204);
}

/// Whatever changes a person, called by everybody who may change people, upon everybody who stands above them.
async fn nobody_touches_who_stands_above(world: &World) {
    let change = || json!({ "profile": { "email": "mallory@elsewhere.example" } });
    let acts = [
        ("POST", "", change()),
        (
            "POST",
            "",
            json!({ "credentials": { "password": { "value": "nine tortoises walk to Samos" } } }),
        ),
        ("DELETE", "", Value::Null),
        ("POST", "/lifecycle/deactivate", Value::Null),
        ("POST", "/lifecycle/suspend", Value::Null),
        ("POST", "/lifecycle/expire_password", Value::Null),
        ("POST", "/lifecycle/reset_password", Value::Null),
    ];
    let mut targets = Vec::new();
    for role in [
        Role::OrgAdmin,
        Role::UserAdmin,
        Role::HelpDeskAdmin,
        Role::AppAdmin,
        Role::ApiAccessManagementAdmin,
    ] {
        targets.push((role, world.administrator(role).await));
    }
    let boss = world.get("/api/v1/users/me").await.id();
    let rows = world.log_rows(&world.main).await;
    let mut seen = Vec::new();
    for caller in [Role::OrgAdmin, Role::UserAdmin, Role::HelpDeskAdmin] {
        let above = targets
            .iter()
            .filter(|(role, _)| !identity::access::ceiling::reaches(&[caller], &[*role]));
        let above = above.map(|(_, id)| id.to_string()).chain([boss.clone()]);
        for id in above {
            for (method, step, body) in &acts {
                let path = format!("/api/v1/users/{id}{step}");
                let answer = world.call(By::Of(caller), method, &path, body).await;
                let what = format!("{method} {step} by {caller:?}: {}", answer.body);
                assert_eq!(answer.outcome(), (403, "E0000006"), "{what}");
                let cause = &answer.body["errorCauses"][0]["errorSummary"];
                seen.extend(cause.as_str().map(str::to_owned));
            }
        }
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    // Whoever may do such things at all is told why not to this one.
    assert!(seen.len() > 40, "{}", seen.len());
    assert!(
        seen.iter()
            .all(|cause| cause.contains("permits more than yours"))
    );
}

async fn a_helper_helps_and_sets_nothing(world: &World) {
    let id = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    world.administrator(Role::HelpDeskAdmin).await;
    let call = async |method: &str, path: &str, body: &Value| {
        let path = format!("/api/v1/users/{id}{path}");
        world
            .call(By::Of(Role::HelpDeskAdmin), method, &path, body)
            .await
    };
    for step in ["expire_password", "reset_password"] {
        let answer = call("POST", &format!("/lifecycle/{step}"), &Value::Null).await;
        assert_eq!(answer.status, 200, "{step}: {}", answer.body);
    }
    let email = json!({ "profile": { "email": "mallory@elsewhere.example" } });
    let password =
        json!({ "credentials": { "password": { "value": "a tall lighthouse in fog" } } });
    for (method, path, body) in [
        ("POST", "", &email),
        ("POST", "", &password),
        ("DELETE", "", &Value::Null),
        ("POST", "/lifecycle/activate", &Value::Null),
        ("POST", "/lifecycle/suspend", &Value::Null),
        ("POST", "/roles", &json!({ "type": "SUPER_ADMIN" })),
    ] {
        let answer = call(method, path, body).await;
        assert_eq!(answer.outcome(), (403, "E0000006"), "{method} {path}");
    }
}

on_both_engines!(
    roles_are_listed_given_and_taken,
    what_cannot_be_granted_or_taken_is_told,
    nobody_touches_who_stands_above,
    a_helper_helps_and_sets_nothing,
);
