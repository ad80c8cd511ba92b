//! The org itself: its name, as the API, pages and mails have it from the answer on.

use crate::for_tests::{By, World, on_both_engines};
use identity::access::Role;
use serde_json::{Value, json};

const ORG: &str = "/api/v1/org";

async fn a_name_is_the_orgs_from_its_answer_on(world: &World) {
    let rows = world.log_rows(&world.main).await;
    let before = world.get(ORG).await;
    let made = before.body["created"].as_str().unwrap().to_owned();
    assert_eq!(
        before.body,
        json!({
            "id": world.main.as_str(), "companyName": "main", "subdomain": "main", "status": "ACTIVE",
            "created": made, "lastUpdated": made,
            "_links": { "self": {
                "href": "https://id.example/t/main/api/v1/org",
                "hints": { "allow": ["GET", "POST", "PUT"] },
            } },
        })
    );
    world.clock.advance_secs(60);
    let mut whole = before.body.clone();
    whole["companyName"] = json!(" Samos ");
    let renamed = world.call(By::Manager, "PUT", ORG, &whole).await;
    assert_eq!(renamed.body["companyName"], "Samos");
    assert_ne!(renamed.body["lastUpdated"], made);
    assert_eq!(world.get(ORG).await.body, renamed.body);
    let snapshot = world.cell.snapshot(&world.main).await.unwrap().unwrap();
    assert_eq!(snapshot.org.name, "Samos");
    let partly = world.post(ORG, &json!({ "companyName": "Naxos" })).await;
    assert_eq!(partly.body["companyName"], "Naxos");
    // Nothing is named, or what there is: nothing is changed.
    let between = world.log_rows(&world.main).await;
    assert_eq!(world.post(ORG, &json!({})).await.body, partly.body);
    assert_eq!(world.post(ORG, &partly.body).await.body, partly.body);
    assert_eq!(world.log_rows(&world.main).await, between);
    let kinds = world.kinds_since(rows).await;
    assert_eq!(
        kinds,
        ["system.org.settings.update", "system.org.settings.update"]
    );
    let described = world
        .call(
            By::Nobody,
            "GET",
            "/.well-known/okta-organization",
            &Value::Null,
        )
        .await;
    assert_eq!(
        described.body,
        json!({
            "id": world.main.as_str(), "pipeline": "v1",
            "_links": { "organization": { "href": "https://id.example/t/main" } },
        })
    );
}

async fn what_an_org_has_not_is_told(world: &World) {
    let rows = world.log_rows(&world.main).await;
    for (method, body, field) in [
        ("PUT", json!({}), "companyName"),
        ("PUT", json!({ "companyName": "" }), "companyName"),
        (
            "POST",
            json!({ "companyName": "x".repeat(101) }),
            "companyName",
        ),
        ("POST", json!({ "companyName": "a\nb" }), "companyName"),
        ("POST", json!({ "companyName": 1 }), "companyName"),
        (
            "POST",
            json!({ "website": "https://samos.example" }),
            "website",
        ),
        (
            "POST",
            json!({ "companyName": "Samos", "phoneNumber": "1" }),
            "phoneNumber",
        ),
    ] {
        let refused = world.call(By::Manager, method, ORG, &body).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{body}");
        let summary = format!("Api validation failed: {field}");
        assert_eq!(refused.body["errorSummary"], summary, "{body}");
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    assert_eq!(world.get(ORG).await.body["companyName"], "main");
}

async fn who_may_see_it_may_not_rename_it(world: &World) {
    world.administrator(Role::OrgAdmin).await;
    let body = json!({ "companyName": "Samos" });
    for (by, may_see) in [
        (By::Reader, true),
        (By::Of(Role::OrgAdmin), true),
        (By::Person, false),
    ] {
        let seen = world.call(by, "GET", ORG, &Value::Null).await;
        assert_eq!(seen.status == 200, may_see, "{by:?}");
        for method in ["POST", "PUT"] {
            let renamed = world.call(by, method, ORG, &body).await;
            assert_eq!(renamed.outcome(), (403, "E0000006"), "{by:?}");
        }
    }
    assert_eq!(world.get(ORG).await.body["companyName"], "main");
}

on_both_engines!(
    a_name_is_the_orgs_from_its_answer_on,
    what_an_org_has_not_is_told,
    who_may_see_it_may_not_rename_it,
);
