//! Behaviours: what is set, who may set it, which rules name it, and what the log says of it.

use crate::for_tests::{Answered, By, World, on_both_engines};
use crate::tests::authn::{PASSWORD, ada, sign_in, text};
use identity::access::{Permission, Role};
use identity::behavior::BehaviorKind;
use identity::behavior::operations::NewBehavior;
use identity::org::context::RequestFacts;
use identity::sign_in::begin::Purpose;
use identity::sign_in::prove::{Attempt, Typed};
use ledger::ClientFacts;
use serde_json::{Value, json};
use vocab::secret::Secret;

const HERE: &str = "/api/v1/behaviors";
const POLICIES: &str = "/api/v1/policies";
const INVALID: (u16, &str) = (400, "E0000001");
const FORBIDDEN: (u16, &str) = (403, "E0000006");
const UNKNOWN: (u16, &str) = (401, "E0000011");
const MISSING: (u16, &str) = (404, "E0000007");

fn body(name: &str, kind: &str) -> Value {
    json!({ "name": name, "type": kind })
}

async fn put(world: &World, path: &str, body: &Value) -> Answered {
    world.call(By::Manager, "PUT", path, body).await
}

async fn step(world: &World, path: &str, step: &str) -> Answered {
    let path = format!("{path}/lifecycle/{step}");
    world.post(&path, &Value::Null).await
}

async fn what_is_written_is_read_at_once(world: &World) {
    let rows = world.log_rows(&world.main).await;
    let made = world
        .post(HERE, &body(" New Device ", "ANOMALOUS_DEVICE"))
        .await;
    let path = format!("{HERE}/{}", made.id());
    let now = world.cell.now().to_rfc3339_millis();
    assert_eq!(
        (made.status.as_u16(), &made.body),
        (
            200,
            &json!({
                "id": made.id(),
                "name": "New Device",
                "type": "ANOMALOUS_DEVICE",
                "status": "ACTIVE",
                "settings": {
                    "maxEventsUsedForEvaluation": 20,
                    "minEventsNeededForEvaluation": 0,
                },
                "created": now,
                "lastUpdated": now,
                "_link": { "self": {
                    "href": format!("https://id.example/t/main{path}"),
                    "hints": { "allow": ["GET", "PUT", "DELETE"] },
                } },
            })
        )
    );
    assert_eq!(world.get(&path).await.body, made.body);
    assert_eq!(world.get(HERE).await.body, json!([made.body]));
    world.clock.advance_secs(60);
    // As it is shown it can be sent back, and nothing happens.
    assert_eq!(put(world, &path, &made.body).await.body, made.body);
    let mut changed = made.body.clone();
    changed["name"] = json!("New Browser");
    changed["settings"] = json!({ "maxEventsUsedForEvaluation": 7 });
    let replaced = put(world, &path, &changed).await;
    assert_eq!(replaced.body["name"], "New Browser");
    let settings = json!({ "maxEventsUsedForEvaluation": 7, "minEventsNeededForEvaluation": 0 });
    assert_eq!(replaced.body["settings"], settings);
    assert_ne!(replaced.body["lastUpdated"], made.body["lastUpdated"]);
    for (act, status) in [
        ("deactivate", "INACTIVE"),
        ("deactivate", "INACTIVE"),
        ("activate", "ACTIVE"),
    ] {
        let seen = step(world, &path, act).await;
        assert_eq!(
            (seen.status.as_u16(), &seen.body["status"]),
            (200, &json!(status))
        );
        assert_eq!(world.get(&path).await.body["status"], status);
    }
    changed["status"] = json!("INACTIVE");
    assert_eq!(put(world, &path, &changed).await.body["status"], "INACTIVE");
    changed["status"] = Value::Null;
    assert_eq!(put(world, &path, &changed).await.body["status"], "INACTIVE");
    let gone = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(gone.status, 204);
    assert_eq!(world.get(&path).await.outcome(), MISSING);
    let settings = |act: &str| format!("security.behavior.settings.{act}");
    assert_eq!(
        world.kinds_since(rows).await,
        [
            settings("create"),
            settings("update"),
            settings("update"),
            settings("update"),
            settings("update"),
            settings("delete"),
        ]
    );
}

async fn what_cannot_be_told_is_refused(world: &World) {
    let made = world.post(HERE, &body("New IP", "ANOMALOUS_IP")).await;
    let path = format!("{HERE}/{}", made.id());
    world.post(HERE, &body("Other", "ANOMALOUS_IP")).await;
    let rows = world.log_rows(&world.main).await;
    let with = |field: &str, value: Value| {
        let mut body = body("New", "ANOMALOUS_IP");
        body[field] = value;
        body
    };
    let unsupported = (501, "E0000060");
    for (body, outcome) in [
        (with("type", json!("ANOMALOUS_LOCATION")), unsupported),
        (with("type", json!("ANOMALOUS_ASN")), unsupported),
        (with("type", json!("VELOCITY")), unsupported),
        (with("type", json!("OTHER")), INVALID),
        (with("type", Value::Null), INVALID),
        (with("name", json!("")), INVALID),
        (with("name", json!("x".repeat(129))), INVALID),
        (with("name", json!("OTHER")), INVALID),
        (with("status", json!("GONE")), INVALID),
        (with("velocityKph", json!(805)), INVALID),
        (
            with("settings", json!({ "maxEventsUsedForEvaluation": 101 })),
            INVALID,
        ),
        (
            with("settings", json!({ "minEventsNeededForEvaluation": 11 })),
            INVALID,
        ),
        (
            with("settings", json!({ "maxEventsUsedForEvaluation": 1.5 })),
            INVALID,
        ),
    ] {
        assert_eq!(world.post(HERE, &body).await.outcome(), outcome, "{body}");
        let replaced = put(world, &path, &body).await;
        assert_eq!(replaced.outcome(), outcome, "PUT {body}");
    }
    // Another kind in the place of the present one.
    let other = put(world, &path, &body("New IP", "ANOMALOUS_DEVICE")).await;
    assert_eq!(other.outcome(), INVALID);
    assert!(other.body["errorSummary"].to_string().contains("type"));
    let none = json!({ "name": "D", "type": "ANOMALOUS_DEVICE", "settings": { "maxEventsUsedForEvaluation": 0 } });
    let refused = world.post(HERE, &none).await;
    let place = "settings.maxEventsUsedForEvaluation";
    assert!(refused.body["errorSummary"].to_string().contains(place));
    for missing in ["bhv00000000000000000", "x"] {
        let missing = format!("{HERE}/{missing}");
        assert_eq!(world.get(&missing).await.outcome(), MISSING);
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    assert_eq!(world.get(&path).await.body, made.body);
}

async fn whoever_may_not_change_policies_changes_none(world: &World) {
    let made = world.post(HERE, &body("New IP", "ANOMALOUS_IP")).await;
    let path = format!("{HERE}/{}", made.id());
    world.administrator(Role::AppAdmin).await;
    world.administrator(Role::OrgAdmin).await;
    let rows = world.log_rows(&world.main).await;
    let calls = [
        ("POST", HERE.to_owned()),
        ("PUT", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/lifecycle/deactivate")),
        ("POST", format!("{path}/lifecycle/activate")),
    ];
    let wanted = body("Mine", "ANOMALOUS_IP");
    for by in [By::Reader, By::Of(Role::AppAdmin)] {
        assert_eq!(world.call(by, "GET", HERE, &Value::Null).await.status, 200);
        for (method, path) in &calls {
            let refused = world.call(by, method, path, &wanted).await;
            assert_eq!(refused.outcome(), FORBIDDEN, "{by:?} {method} {path}");
        }
    }
    // A token of another organisation is none here, and what that one has is not found.
    for (method, path) in &calls {
        let refused = world.call(By::Stranger, method, path, &wanted).await;
        assert_eq!(refused.outcome(), UNKNOWN, "{method} {path}");
    }
    let theirs = format!("{HERE}/{}", behavior_of_others(world).await);
    assert_eq!(world.get(&theirs).await.outcome(), MISSING);
    assert_eq!(put(world, &theirs, &wanted).await.outcome(), MISSING);
    assert_eq!(step(world, &theirs, "deactivate").await.outcome(), MISSING);
    let refused = world
        .call(By::Manager, "DELETE", &theirs, &Value::Null)
        .await;
    assert_eq!(refused.outcome(), MISSING);
    assert_eq!(world.get(HERE).await.body, json!([made.body]));
    assert_eq!(world.log_rows(&world.main).await, rows);
    assert_eq!(world.get(&path).await.body, made.body);
    let by = By::Of(Role::OrgAdmin);
    let own = world.call(by, "POST", HERE, &wanted).await;
    assert_eq!(own.status, 200, "{}", own.body);
}

/// A behaviour of the other organisation.
async fn behavior_of_others(world: &World) -> String {
    let permit = world.permit(&world.other, Permission::ManagePolicies);
    let wanted = NewBehavior {
        name: String::from("Theirs"),
        kind: BehaviorKind::AnomalousIp,
        events_max: 50,
        events_min: 0,
        active: true,
    };
    let made = world.cell.create_behavior(&permit, wanted).await;
    made.unwrap().id.to_string()
}

fn rule(name: &str, conditions: &Value) -> Value {
    json!({
        "type": "ACCESS_POLICY", "name": name, "conditions": conditions,
        "actions": { "appSignOn": { "access": "DENY" } },
    })
}

async fn rules_name_behaviors_by_id_and_by_name(world: &World) {
    let name = "New \"Device\"";
    let made = world.post(HERE, &body(name, "ANOMALOUS_DEVICE")).await;
    let path = format!("{HERE}/{}", made.id());
    let policy = json!({ "type": "ACCESS_POLICY", "name": "Careful" });
    let policy = world.post(POLICIES, &policy).await;
    let rules = format!("{POLICIES}/{}/rules", policy.id());
    let by_id = json!({ "risk": { "behaviors": [made.id()] } });
    let named = world.post(&rules, &rule("By id", &by_id)).await;
    let expression = "security.behaviors.contains(\"New \\\"Device\\\"\")";
    let shown = &named.body["conditions"]["elCondition"]["condition"];
    assert_eq!(shown, expression, "{}", named.body);
    let own = format!("{rules}/{}", named.id());
    assert_eq!(put(world, &own, &named.body).await.body, named.body);
    let by_name = json!({ "elCondition": { "condition": expression } });
    let again = world.post(&rules, &rule("By name", &by_name)).await;
    let conditions = &again.body["conditions"];
    assert_eq!(*conditions, named.body["conditions"]);
    // What is not there, or another organisation's, is refused at its field.
    let theirs = behavior_of_others(world).await;
    for (conditions, place) in [
        (
            json!({ "risk": { "behaviors": ["bhv00000000000000000"] } }),
            "risk.behaviors",
        ),
        (
            json!({ "risk": { "behaviors": [theirs.as_str()] } }),
            "risk.behaviors",
        ),
        (
            json!({ "elCondition": { "condition": "security.behaviors.contains('Theirs')" } }),
            "elCondition.condition",
        ),
        (
            json!({ "elCondition": { "condition": "true" } }),
            "elCondition.condition",
        ),
    ] {
        let refused = world.post(&rules, &rule("Wrong", &conditions)).await;
        assert_eq!(refused.outcome(), INVALID, "{conditions}");
        let summary = refused.body["errorSummary"].to_string();
        assert!(summary.contains(place), "{summary}");
    }
    // It stays while it is named, by a rule at rest as well; it may rest, and be called otherwise.
    let refuses = async || {
        let refused = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
        assert_eq!(refused.outcome(), (403, "E0000038"));
    };
    refuses().await;
    step(world, &own, "deactivate").await;
    let other = format!("{rules}/{}", again.id());
    world
        .call(By::Manager, "DELETE", &other, &Value::Null)
        .await;
    refuses().await;
    assert_eq!(step(world, &path, "deactivate").await.status, 200);
    put(world, &path, &body("Renamed", "ANOMALOUS_DEVICE")).await;
    let shown = world.get(&own).await;
    assert_eq!(
        shown.body["conditions"]["elCondition"]["condition"],
        "security.behaviors.contains(\"Renamed\")"
    );
    world.call(By::Manager, "DELETE", &own, &Value::Null).await;
    let gone = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(gone.status, 204);
}

/// The first policy of `OKTA_SIGN_ON`, and its rules.
async fn every_sign_in(world: &World) -> String {
    let listed = world.get(&format!("{POLICIES}?type=OKTA_SIGN_ON")).await;
    format!("{POLICIES}/{}/rules", listed.texts("/id")[0])
}

async fn behaviors_of_administrators_are_out_of_reach(world: &World) {
    let made = world.post(HERE, &body("New IP", "ANOMALOUS_IP")).await;
    let free = world.post(HERE, &body("Free", "ANOMALOUS_IP")).await;
    let rules = every_sign_in(world).await;
    let named = json!({
        "type": "SIGN_ON", "name": "Unusual", "priority": 1,
        "conditions": { "risk": { "behaviors": [made.id()] } },
        "actions": { "signon": { "access": "ALLOW", "requireFactor": true } },
    });
    let rule = world.post(&rules, &named).await;
    assert_eq!(rule.status, 200, "{}", rule.body);
    assert_eq!(
        rule.body["conditions"]["risk"]["behaviors"],
        json!([made.id()])
    );
    world.administrator(Role::OrgAdmin).await;
    let by = By::Of(Role::OrgAdmin);
    let path = format!("{HERE}/{}", made.id());
    let off = format!("{path}/lifecycle/deactivate");
    let refused = world.call(by, "POST", &off, &Value::Null).await;
    assert_eq!(refused.outcome(), FORBIDDEN);
    let mut looser = made.body.clone();
    looser["settings"]["maxEventsUsedForEvaluation"] = json!(100);
    let refused = world.call(by, "PUT", &path, &looser).await;
    assert_eq!(refused.outcome(), FORBIDDEN);
    // What it is called decides nothing, and what no rule of theirs names is free.
    let mut renamed = made.body.clone();
    renamed["name"] = json!("Another");
    assert_eq!(world.call(by, "PUT", &path, &renamed).await.status, 200);
    let free = format!("{HERE}/{}/lifecycle/deactivate", free.id());
    assert_eq!(
        world.call(by, "POST", &free, &Value::Null).await.status,
        200
    );
}

async fn a_sign_in_tells_what_was_found(world: &World) {
    let user = ada(world).await;
    let made = world
        .post(HERE, &body("New Device", "ANOMALOUS_DEVICE"))
        .await;
    let rules = every_sign_in(world).await;
    let named = json!({
        "type": "SIGN_ON", "name": "Unusual", "priority": 1,
        "conditions": { "risk": { "behaviors": [made.id()] } },
        "actions": { "signon": { "access": "ALLOW", "requireFactor": false } },
    });
    assert_eq!(world.post(&rules, &named).await.status, 200);
    let (cell, org) = (&world.cell, &world.main);
    let found = async |cookie: &str| {
        let purpose = Purpose {
            device_cookie: cookie.to_owned(),
            ..Purpose::default()
        };
        let (mut flow, _) = cell.begin_sign_in(org, purpose, None).await.unwrap();
        cell.identify(&mut flow, "ada").await.unwrap();
        let request = RequestFacts {
            client: ClientFacts {
                ip: "192.0.2.7".into(),
                ..ClientFacts::default()
            },
            now: cell.now(),
            session: None,
            device_cookie: String::new(),
        };
        let snapshot = cell.snapshot(org).await.unwrap().unwrap();
        let typed = Typed::Password(Secret::new(PASSWORD.to_owned()));
        let attempt = cell
            .prove_typed(&snapshot, &mut flow, typed, &request)
            .await;
        assert_eq!(attempt.unwrap(), Attempt::Right);
        let begun = cell.finish_sign_in(&snapshot, &flow, &request).await;
        let cookie = begun.unwrap().device_cookie.expose().clone();
        let filter = "filter=eventType+eq+%22user.session.start%22&sortOrder=DESCENDING&limit=1";
        let rows = world.get(&format!("/api/v1/logs?{filter}")).await;
        (cookie, rows.body[0].clone())
    };
    let (cookie, row) = found("").await;
    let behaviors =
        |result: &str| json!([{ "id": made.id(), "name": "New Device", "result": result }]);
    assert_eq!(
        row["securityContext"]["userBehaviors"],
        behaviors("POSITIVE")
    );
    let told = &row["debugContext"]["debugData"]["behaviors"];
    assert_eq!(told, "{New Device=POSITIVE}");
    world.clock.advance_secs(1);
    let (_, row) = found(&cookie).await;
    assert_eq!(
        row["securityContext"]["userBehaviors"],
        behaviors("NEGATIVE")
    );
    // The simulation is asked about a device that is new.
    let app = world.web_app(org, "Wiki").await;
    let question = json!({
        "appInstance": app.as_str(), "policyTypes": ["OKTA_SIGN_ON"],
        "policyContext": { "user": { "id": user.as_str() }, "ip": "192.0.2.7" },
    });
    let simulate = format!("{POLICIES}/simulate?expand=EVALUATED,RULE");
    let told = world.post(&simulate, &question).await;
    let rule = &told.body[0]["result"]["policies"][0]["rules"][0]["name"];
    assert_eq!(rule, "Unusual", "{}", told.body);
    step(world, &format!("{HERE}/{}", made.id()), "deactivate").await;
    let told = world.post(&simulate, &question).await;
    let other = &told.body[0]["evaluated"]["policies"][0]["rules"][0];
    let mismatch = json!([{ "type": "risk.behaviors", "status": "NOT_MATCH" }]);
    assert_eq!(other["conditions"], mismatch, "{}", told.body);
}

/// A program brings no device, and where it is says nothing of its people.
async fn sign_ins_by_programs_are_unusual_and_make_nothing_usual(world: &World) {
    world.at("192.0.2.7");
    ada(world).await;
    let made = world.post(HERE, &body("New IP", "ANOMALOUS_IP")).await;
    let rules = every_sign_in(world).await;
    let named = json!({
        "type": "SIGN_ON", "name": "Unusual", "priority": 1,
        "conditions": { "risk": { "behaviors": [made.id()] } },
        "actions": { "signon": { "access": "ALLOW", "requireFactor": false } },
    });
    assert_eq!(world.post(&rules, &named).await.status, 200);
    for _ in 0..2 {
        let answer = sign_in(world, "ada", PASSWORD).await;
        let token = json!({ "sessionToken": text(&answer, "sessionToken") });
        assert_eq!(world.post("/api/v1/sessions", &token).await.status, 200);
        let filter = "filter=eventType+eq+%22user.session.start%22&sortOrder=DESCENDING&limit=1";
        let rows = world.get(&format!("/api/v1/logs?{filter}")).await;
        let told = &rows.body[0]["securityContext"]["userBehaviors"][0]["result"];
        assert_eq!(told, "POSITIVE", "{}", rows.body);
        world.clock.advance_secs(1);
    }
    // Nobody learns by it that there is such a person.
    let wrong = sign_in(world, "nobody", PASSWORD).await;
    assert_eq!(wrong.outcome().0, 401);
}

on_both_engines!(
    what_is_written_is_read_at_once,
    what_cannot_be_told_is_refused,
    whoever_may_not_change_policies_changes_none,
    rules_name_behaviors_by_id_and_by_name,
    behaviors_of_administrators_are_out_of_reach,
    a_sign_in_tells_what_was_found,
    sign_ins_by_programs_are_unusual_and_make_nothing_usual,
);
