//! Policies: whatever is changed of one is what the next sign-in is held against.

use crate::for_tests::{Answered, By, World, on_both_engines};
use identity::access::Permission;
use identity::app::operations::AppChange;
use identity::org::context::RequestFacts;
use identity::person;
use identity::sign_in::evaluate::PolicyQuestion;
use identity::sign_on::evaluation::DenyReason;
use identity::sign_on::zone::{ZoneReach, parse_ranges};
use identity::sign_on::{Evaluation, Verdict};
use ledger::ClientFacts;
use serde_json::{Value, json};
use vocab::id::{AppId, PolicyId, UserId};

const POLICIES: &str = "/api/v1/policies";

async fn call(world: &World, method: &str, path: &str, body: &Value) -> Answered {
    world.call(By::Manager, method, path, body).await
}

async fn put(world: &World, path: &str, body: &Value) -> Answered {
    call(world, "PUT", path, body).await
}

async fn delete(world: &World, path: &str) -> Answered {
    call(world, "DELETE", path, &Value::Null).await
}

async fn step(world: &World, path: &str) -> (u16, String) {
    let done = call(world, "POST", path, &Value::Null).await;
    (done.status.as_u16(), done.code().to_owned())
}

async fn add(world: &World, name: &str) -> Answered {
    let body = json!({ "type": "ACCESS_POLICY", "name": name, "description": "For money" });
    world.post(POLICIES, &body).await
}

/// The one policy of a type.
async fn only(world: &World, kind: &str) -> Answered {
    let listed = world.get(&format!("{POLICIES}?type={kind}")).await;
    assert_eq!(listed.texts("/type"), [kind]);
    world
        .get(&format!("{POLICIES}/{}", listed.texts("/id")[0]))
        .await
}

fn rule(name: &str, conditions: &Value, access: &str) -> Value {
    let app_sign_on = if access == "DENY" {
        json!({ "access": "DENY" })
    } else {
        json!({ "access": "ALLOW", "verificationMethod": { "type": "ASSURANCE", "factorMode": access } })
    };
    json!({
        "type": "ACCESS_POLICY", "name": name, "conditions": conditions,
        "actions": { "appSignOn": app_sign_on },
    })
}

/// An app that names a policy.
async fn app_with(world: &World, policy: &str) -> AppId {
    let id = world.client(&world.main, "Wiki").await;
    let app = world.cell.app(&world.main, &id).await.unwrap().unwrap();
    let change = AppChange {
        label: app.label.clone(),
        settings: app.settings.clone(),
        policy_id: Some(PolicyId::parse(policy).unwrap()),
    };
    let permit = world.permit(&world.main, Permission::ManageApps);
    let changed = world.cell.update_app(&permit, &id, app.revision, change);
    changed.await.unwrap();
    id
}

/// What a sign-in of somebody to an app is held against.
async fn evaluated(world: &World, user: &UserId, app: &AppId, ip: &str) -> Evaluation {
    let snapshot = world.cell.snapshot(&world.main).await.unwrap().unwrap();
    let person = {
        let mut tx = world.cell.database.read().await.unwrap();
        let person = person::store::load(&mut tx, &world.main, user).await;
        person.unwrap().unwrap()
    };
    let facts = RequestFacts {
        client: ClientFacts {
            ip: ip.into(),
            ..ClientFacts::default()
        },
        now: world.cell.now(),
        session: None,
        device_cookie: String::new(),
    };
    let question = PolicyQuestion {
        app: Some(app.clone()),
        ..PolicyQuestion::default()
    };
    let asked = world
        .cell
        .evaluate_policies(&snapshot, &person, question, &facts);
    asked.await.unwrap()
}

async fn is_denied(world: &World, user: &UserId, app: &AppId, ip: &str) -> bool {
    let evaluation = evaluated(world, user, app, ip).await;
    // They have nothing to prove with, which is another reason.
    matches!(evaluation.verdict, Verdict::Deny(DenyReason::Rule(_)))
}

async fn a_policy_is_added_shown_changed_and_removed(world: &World) {
    let made = add(world, " Finance ").await;
    assert_eq!(
        (made.status.as_u16(), &made.body["name"]),
        (200, &json!("Finance"))
    );
    let path = format!("{POLICIES}/{}", made.id());
    assert_eq!(world.get(&path).await.body, made.body);
    assert_eq!(made.body["description"], "For money");
    let rules = world.get(&format!("{path}/rules")).await;
    assert_eq!(rules.texts("/name"), ["Everyone"]);
    assert_eq!(add(world, "FINANCE").await.outcome(), (400, "E0000001"));
    let mut renamed = made.body.clone();
    renamed["name"] = json!("Money");
    renamed["description"] = json!(null);
    world.clock.advance_secs(5);
    let replaced = put(world, &path, &renamed).await;
    assert_eq!(replaced.body["name"], "Money");
    assert_eq!(replaced.body.get("description"), None);
    assert_eq!(replaced.body["created"], made.body["created"]);
    assert_ne!(replaced.body["lastUpdated"], made.body["lastUpdated"]);
    let app = app_with(world, &made.id()).await;
    let rows = world.log_rows(&world.main).await;
    assert_eq!(
        delete(world, &path).await.outcome(),
        (400, "E0000001"),
        "{app} names it"
    );
    for wrong in [
        json!({ "type": "OKTA_SIGN_ON", "name": "Another" }),
        json!({ "type": "MFA_ENROLL", "name": "Another" }),
        json!({ "name": "Another" }),
        json!({ "type": "ACCESS_POLICY", "name": "" }),
        json!({ "type": "ACCESS_POLICY", "name": "A", "conditions": { "people": {} } }),
        json!({ "type": "ACCESS_POLICY", "name": "A", "status": "GONE" }),
    ] {
        assert_eq!(
            world.post(POLICIES, &wrong).await.outcome(),
            (400, "E0000001"),
            "{wrong}"
        );
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    let other = add(world, "Other").await.id();
    assert_eq!(
        delete(world, &format!("{POLICIES}/{other}")).await.status,
        204
    );
    assert_eq!(
        delete(world, &format!("{POLICIES}/{other}"))
            .await
            .outcome(),
        (404, "E0000007")
    );
    let kinds = world.kinds_since(rows).await;
    assert_eq!(
        kinds,
        ["policy.lifecycle.create", "policy.lifecycle.delete"]
    );
}

async fn policies_are_listed_by_type(world: &World) {
    for name in ["A", "B"] {
        assert_eq!(add(world, name).await.status, 200);
    }
    let all = world.walk(&format!("{POLICIES}?limit=2"), "/type").await;
    let access = "ACCESS_POLICY";
    assert_eq!(all, ["OKTA_SIGN_ON", access, access, access, "PASSWORD"]);
    let names = world
        .walk(&format!("{POLICIES}?type={access}&limit=1"), "/name")
        .await;
    assert_eq!(names, ["A", "Administration console", "B"]);
    let resting = world
        .get(&format!("{POLICIES}?type={access}&status=INACTIVE"))
        .await;
    assert_eq!(resting.body, json!([]));
    for query in ["type=MFA_ENROLL", "status=GONE", "q=a"] {
        let refused = world.get(&format!("{POLICIES}?{query}")).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{query}");
    }
}

async fn rules_decide_the_next_sign_in(world: &World) {
    let policy = add(world, "Finance").await.id();
    let app = app_with(world, &policy).await;
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let bob = world.person(&world.main, "bob", "Bob", "Babbage").await;
    let path = format!("{POLICIES}/{policy}/rules");
    let office = "192.0.2.1";
    let denied = async |user: &UserId| is_denied(world, user, &app, office).await;
    let before = (denied(&ada).await, denied(&bob).await);
    assert_eq!(before, (false, false));
    let not_ada = json!({ "people": { "users": { "include": [ada.as_str()] } } });
    let made = world.post(&path, &rule("Not Ada", &not_ada, "DENY")).await;
    assert_eq!(
        (made.status.as_u16(), &made.body["priority"]),
        (200, &json!(1)),
        "before the one for all"
    );
    assert_eq!((denied(&ada).await, denied(&bob).await), (true, false));
    let own = format!("{path}/{}", made.id());
    assert_eq!(world.get(&own).await.body, made.body);
    let rows = world.log_rows(&world.main).await;
    for (name, expected) in [
        ("deactivate", false),
        ("deactivate", false),
        ("activate", true),
    ] {
        assert_eq!(step(world, &format!("{own}/lifecycle/{name}")).await.0, 204);
        assert_eq!(denied(&ada).await, expected, "{name}");
    }
    let kinds = world.kinds_since(rows).await;
    assert_eq!(kinds, ["policy.rule.deactivate", "policy.rule.activate"]);
    // Last in the order, it is never reached.
    let mut last = made.body.clone();
    last["priority"] = json!(2);
    assert_eq!(put(world, &own, &last).await.body["priority"], 2);
    assert!(!denied(&ada).await);
    last["priority"] = json!(1);
    last["conditions"] = json!({ "people": { "users": { "exclude": [ada.as_str()] } } });
    assert_eq!(put(world, &own, &last).await.status, 200);
    assert_eq!((denied(&ada).await, denied(&bob).await), (false, true));
    assert_eq!(delete(world, &own).await.status, 204);
    assert!(!denied(&bob).await);
    let left = world.get(&path).await.texts("/id");
    let kept = delete(world, &format!("{path}/{}", left[0])).await;
    assert_eq!(kept.outcome(), (400, "E0000001"), "the last one stays");
    let rests = step(world, &format!("{path}/{}/lifecycle/deactivate", left[0])).await;
    assert_eq!(rests, (400, "E0000001".to_owned()));
}

async fn zones_and_proof_are_carried_out(world: &World) {
    let policy = add(world, "Finance").await.id();
    let app = app_with(world, &policy).await;
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let permit = world.permit(&world.main, Permission::ManagePolicies);
    let ranges = parse_ranges("192.0.2.0/24").unwrap();
    let zone = world
        .cell
        .create_zone(&permit, "Office", ranges, ZoneReach::Named);
    let zone = zone.await.unwrap().id;
    let path = format!("{POLICIES}/{policy}/rules");
    let outside = json!({ "network": { "connection": "ZONE", "exclude": [zone.as_str()] } });
    let made = world
        .post(&path, &rule("From the office", &outside, "DENY"))
        .await;
    assert_eq!(
        made.body["conditions"]["network"]["exclude"],
        json!([zone.as_str()])
    );
    assert!(!is_denied(world, &ada, &app, "192.0.2.7").await);
    assert!(is_denied(world, &ada, &app, "198.51.100.7").await);
    let own = format!("{path}/{}", made.id());
    step(world, &format!("{own}/lifecycle/deactivate")).await;
    let named = world.cell.delete_zone(&permit, &zone).await;
    assert!(named.is_err(), "a rule at rest names it");
    assert_eq!(delete(world, &own).await.status, 204);
    world.cell.delete_zone(&permit, &zone).await.unwrap();
    let gone = world.post(&path, &rule("Gone", &outside, "DENY")).await;
    assert_eq!(gone.outcome(), (400, "E0000001"));
    // What is asked to be proved.
    let mut strict = rule("Strict", &json!({}), "2FA");
    strict["actions"]["appSignOn"]["verificationMethod"]["constraints"] =
        json!([{ "possession": { "phishingResistant": "REQUIRED", "deviceBound": "REQUIRED" } }]);
    strict["priority"] = json!(1);
    assert_eq!(world.post(&path, &strict).await.status, 200);
    let snapshot = world.cell.snapshot(&world.main).await.unwrap().unwrap();
    let stored = &snapshot.app_policies[&PolicyId::parse(&policy).unwrap()];
    let text = serde_json::to_value(&stored.rules[0].outcome).unwrap();
    let require = &text["allow"]["require"];
    assert_eq!(require["factors"], "two_factors");
    assert_eq!(
        (&require["phishing_resistant"], &require["hardware_bound"]),
        (&json!("always"), &json!(true))
    );
}

async fn the_policy_for_every_sign_in_is_changed_and_stays(world: &World) {
    let policy = only(world, "OKTA_SIGN_ON").await;
    let path = format!("{POLICIES}/{}", policy.id());
    assert_eq!(policy.body["system"], true);
    assert_eq!(delete(world, &path).await.outcome(), (400, "E0000001"));
    let rules = world.get(&format!("{path}/rules")).await;
    assert_eq!(rules.texts("/name"), ["Administrators", "Everyone"]);
    let before = stored_rules(world).await;
    // Sent back as they are, they mean the same, what the wire has no words for included.
    for shown in rules.body.as_array().unwrap() {
        let own = format!("{path}/rules/{}", shown["id"].as_str().unwrap());
        let replaced = put(world, &own, shown).await;
        assert_eq!(&replaced.body, shown);
    }
    assert_eq!(stored_rules(world).await, before);
    let own = format!("{path}/rules/{}", rules.texts("/id")[1]);
    let mut stricter = rules.body[1].clone();
    stricter["actions"]["signon"]["requireFactor"] = json!(true);
    assert_eq!(put(world, &own, &stricter).await.status, 200);
    let after = stored_rules(world).await;
    assert_eq!(
        after[1]["outcome"]["allow"]["require"]["factors"],
        "two_factors"
    );
    assert_eq!(after[0], before[0]);
    let mut sessions = stricter.clone();
    sessions["actions"]["signon"]["session"]["maxSessionIdleMinutes"] = json!(5);
    assert_eq!(
        put(world, &own, &sessions).await.outcome(),
        (400, "E0000001")
    );
    // Nobody could sign in any more to change it again.
    let mut deny = stricter;
    deny["actions"] = json!({ "signon": { "access": "DENY" } });
    assert_eq!(put(world, &own, &deny).await.status, 200);
    let administrators = format!("{path}/rules/{}", rules.texts("/id")[0]);
    let rests = step(world, &format!("{administrators}/lifecycle/deactivate")).await;
    assert_eq!(rests, (400, "E0000001".to_owned()));
}

async fn stored_rules(world: &World) -> Value {
    let snapshot = world.cell.snapshot(&world.main).await.unwrap().unwrap();
    serde_json::to_value(&snapshot.org_policy.rules).unwrap()
}

async fn what_a_password_must_be_is_a_policy(world: &World) {
    let policy = only(world, "PASSWORD").await;
    let path = format!("{POLICIES}/{}", policy.id());
    let mut longer = policy.body.clone();
    longer["settings"]["password"]["complexity"]["minLength"] = json!(30);
    let replaced = put(world, &path, &longer).await;
    assert_eq!(replaced.body, longer);
    let short = json!({
        "profile": { "login": "ada", "email": "ada@example.com", "firstName": "A", "lastName": "L" },
        "credentials": { "password": { "value": "a tall lighthouse in fog" } },
    });
    let refused = world.post("/api/v1/users", &short).await;
    assert_eq!(refused.outcome(), (403, "E0000080"));
    let rows = world.log_rows(&world.main).await;
    for (pointer, value) in [
        ("/settings/password/complexity/minLength", json!(3)),
        ("/settings/password/complexity/minNumber", json!(1)),
        ("/settings/password/age/historyCount", json!(99)),
        ("/name", json!("Another")),
    ] {
        let mut wrong = policy.body.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        assert_eq!(
            put(world, &path, &wrong).await.outcome(),
            (400, "E0000001"),
            "{pointer}"
        );
    }
    assert_eq!(delete(world, &path).await.outcome(), (400, "E0000001"));
    assert_eq!(world.get(&format!("{path}/rules")).await.body, json!([]));
    let added = world
        .post(&format!("{path}/rules"), &json!({ "name": "R" }))
        .await;
    assert_eq!(added.outcome(), (400, "E0000001"));
    let missing = world
        .get(&format!("{path}/rules/0pr00000000000000000"))
        .await;
    assert_eq!(missing.outcome(), (404, "E0000007"));
    assert_eq!(world.log_rows(&world.main).await, rows);
}

async fn a_simulation_tells_what_a_sign_in_would_find(world: &World) {
    let policy = add(world, "Finance").await.id();
    let app = app_with(world, &policy).await;
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let not_ada = json!({ "people": { "users": { "exclude": [ada.as_str()] } } });
    let path = format!("{POLICIES}/{policy}/rules");
    let made = world.post(&path, &rule("Not Ada", &not_ada, "DENY")).await;
    let rows = world.log_rows(&world.main).await;
    let question = json!({
        "appInstance": app.as_str(),
        "policyContext": { "user": { "id": ada.as_str() }, "groups": { "ids": [] }, "ip": "192.0.2.1" },
    });
    let simulate = format!("{POLICIES}/simulate?expand=EVALUATED,RULE");
    let told = world.call(By::Reader, "POST", &simulate, &question).await;
    assert_eq!(told.status, 200);
    let [of_org, of_app] = told.body.as_array().unwrap().as_slice() else {
        panic!("{}", told.body)
    };
    assert_eq!(of_org["policyType"], json!(["OKTA_SIGN_ON"]));
    assert_eq!(
        of_org["result"]["policies"][0]["rules"][0]["name"],
        "Everyone"
    );
    assert_eq!(of_app["status"], "MATCH");
    assert_eq!(of_app["result"]["policies"][0]["name"], "Finance");
    let other = &of_app["evaluated"]["policies"][0]["rules"][0];
    assert_eq!(other["id"], made.id());
    assert_eq!(
        other["conditions"],
        json!([{ "type": "people.users.exclude", "status": "NOT_MATCH" }])
    );
    let short = format!("{POLICIES}/simulate");
    let both = json!([question, question]);
    let told = world.post(&short, &both).await;
    assert_eq!(told.texts("/status").len(), 4);
    assert_eq!(told.body[1]["evaluated"]["policies"], json!([]));
    let many = Value::from(vec![question.clone(); 21]);
    assert_eq!(world.post(&short, &many).await.outcome(), (400, "E0000001"));
    let foreign = world.person(&world.other, "eve", "Eve", "X").await;
    for (pointer, value) in [
        ("/policyContext/user/id", json!(foreign.as_str())),
        ("/appInstance", json!("0oa00000000000000000")),
        ("/policyContext/ip", json!("here")),
    ] {
        let mut wrong = question.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        assert_eq!(
            world.post(&simulate, &wrong).await.outcome(),
            (400, "E0000001"),
            "{pointer}"
        );
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
}

on_both_engines!(
    a_policy_is_added_shown_changed_and_removed,
    policies_are_listed_by_type,
    rules_decide_the_next_sign_in,
    zones_and_proof_are_carried_out,
    the_policy_for_every_sign_in_is_changed_and_stays,
    what_a_password_must_be_is_a_policy,
    a_simulation_tells_what_a_sign_in_would_find,
);
