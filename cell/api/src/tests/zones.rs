//! Network zones: what is written is what the next request is held against.

use crate::for_tests::{Answered, By, World, on_both_engines};
use identity::access::Role;
use identity::sign_on::zone::find_block;
use serde_json::{Value, json};

const ZONES: &str = "/api/v1/zones";
const POLICIES: &str = "/api/v1/policies";

fn body(name: &str, usage: &str, networks: &[&str]) -> Value {
    let gateways: Vec<Value> = networks
        .iter()
        .map(|network| json!({ "type": "CIDR", "value": network }))
        .collect();
    json!({ "type": "IP", "name": name, "usage": usage, "gateways": gateways })
}

async fn call(world: &World, method: &str, path: &str, body: &Value) -> Answered {
    world.call(By::Manager, method, path, body).await
}

async fn step(world: &World, path: &str, step: &str) -> Answered {
    call(
        world,
        "POST",
        &format!("{path}/lifecycle/{step}"),
        &Value::Null,
    )
    .await
}

/// Whether the next request from there is served nothing.
async fn is_blocked(world: &World, address: &str) -> bool {
    let snapshot = world.cell.snapshot(&world.main).await.unwrap().unwrap();
    find_block(&snapshot.zones, address).is_some()
}

async fn a_zone_counts_from_its_answer_on_and_no_longer(world: &World) {
    let rows = world.log_rows(&world.main).await;
    let made = world
        .post(ZONES, &body("Bad", "BLOCKLIST", &["198.51.100.0/24"]))
        .await;
    let path = format!("{ZONES}/{}", made.id());
    let href = format!("https://id.example/t/main{path}");
    let now = world.cell.now().to_rfc3339_millis();
    assert_eq!(
        (made.status.as_u16(), &made.body),
        (
            200,
            &json!({
                "type": "IP",
                "id": made.id(),
                "name": "Bad",
                "status": "ACTIVE",
                "usage": "BLOCKLIST",
                "system": false,
                "created": now,
                "lastUpdated": now,
                "gateways": [{ "type": "CIDR", "value": "198.51.100.0/24" }],
                "_links": {
                    "self": { "href": href, "hints": { "allow": ["GET", "PUT", "DELETE"] } },
                    "deactivate": {
                        "href": format!("{href}/lifecycle/deactivate"),
                        "hints": { "allow": ["POST"] },
                    },
                },
            })
        )
    );
    assert_eq!(world.get(&path).await.body, made.body);
    assert!(is_blocked(world, "198.51.100.7").await);
    assert_eq!(
        step(world, &path, "deactivate").await.body["status"],
        "INACTIVE"
    );
    assert!(!is_blocked(world, "198.51.100.7").await);
    assert_eq!(
        step(world, &path, "activate").await.body["status"],
        "ACTIVE"
    );
    assert_eq!(step(world, &path, "activate").await.status, 200);
    assert!(is_blocked(world, "198.51.100.7").await);
    world.clock.advance_secs(60);
    // Whatever is shown can be sent back, with a span in the place of a network.
    let mut whole = made.body.clone();
    whole["gateways"] = json!([{ "type": "RANGE", "value": "203.0.113.4-203.0.113.8" }]);
    whole["proxies"] = Value::Null;
    let changed = call(world, "PUT", &path, &whole).await;
    let gateways = &changed.body["gateways"];
    assert_eq!(gateways[0]["value"], "203.0.113.4/30");
    assert_eq!(gateways[1]["value"], "203.0.113.8/32");
    assert_eq!(
        (
            changed.body["created"].as_str(),
            gateways.as_array().unwrap().len()
        ),
        (Some(now.as_str()), 2)
    );
    assert!(!is_blocked(world, "198.51.100.7").await && is_blocked(world, "203.0.113.8").await);
    whole["usage"] = json!("POLICY");
    assert_eq!(
        call(world, "PUT", &path, &whole).await.body["usage"],
        "POLICY"
    );
    assert!(!is_blocked(world, "203.0.113.8").await);
    assert_eq!(call(world, "DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(world.get(&path).await.outcome(), (404, "E0000007"));
    let kinds = world.kinds_since(rows).await;
    assert_eq!(
        kinds,
        [
            "zone.create",
            "zone.deactivate",
            "zone.activate",
            "zone.update",
            "zone.update",
            "zone.delete"
        ]
    );
}

async fn a_zone_that_a_rule_names_stays(world: &World) {
    let zone = world
        .post(ZONES, &body("Office", "POLICY", &["192.0.2.0/24"]))
        .await;
    let path = format!("{ZONES}/{}", zone.id());
    let policy = world
        .post(
            POLICIES,
            &json!({ "type": "ACCESS_POLICY", "name": "Careful" }),
        )
        .await;
    let rules = format!("{POLICIES}/{}/rules", policy.id());
    let rule = json!({
        "type": "ACCESS_POLICY", "name": "Outside",
        "conditions": { "network": { "connection": "ZONE", "exclude": [zone.id()] } },
        "actions": { "appSignOn": { "access": "DENY" } },
    });
    let made = world.post(&rules, &rule).await;
    let rows = world.log_rows(&world.main).await;
    let refuses = async || {
        let refused = call(world, "DELETE", &path, &Value::Null).await;
        assert_eq!(refused.outcome(), (403, "E0000038"));
        assert_eq!(
            step(world, &path, "deactivate").await.outcome(),
            (403, "E0000038")
        );
    };
    refuses().await;
    assert_eq!(world.log_rows(&world.main).await, rows);
    // A rule at rest may come into force again.
    step(world, &format!("{rules}/{}", made.id()), "deactivate").await;
    refuses().await;
    let gone = format!("{rules}/{}", made.id());
    assert_eq!(call(world, "DELETE", &gone, &Value::Null).await.status, 204);
    assert_eq!(step(world, &path, "deactivate").await.status, 200);
    // What rests cannot be named.
    assert_eq!(world.post(&rules, &rule).await.outcome(), (400, "E0000001"));
    assert_eq!(call(world, "DELETE", &path, &Value::Null).await.status, 204);
}

async fn what_is_no_zone_here_is_told(world: &World) {
    let made = world
        .post(ZONES, &body("Office", "POLICY", &["192.0.2.0/24"]))
        .await;
    let path = format!("{ZONES}/{}", made.id());
    world
        .post(ZONES, &body("Other", "POLICY", &["192.0.2.0/24"]))
        .await;
    let rows = world.log_rows(&world.main).await;
    let with = |field: &str, value: Value| {
        let mut body = body("New", "POLICY", &["192.0.2.0/24"]);
        body[field] = value;
        body
    };
    for (body, outcome) in [
        (with("type", json!("DYNAMIC")), (501, "E0000060")),
        (with("type", json!("DYNAMIC_V2")), (501, "E0000060")),
        (with("type", Value::Null), (400, "E0000001")),
        (with("usage", json!("EXEMPT")), (400, "E0000001")),
        (with("asns", json!(["1"])), (400, "E0000001")),
        (
            with("locations", json!([{ "country": "NL" }])),
            (400, "E0000001"),
        ),
        (with("useAsExemptList", json!(true)), (400, "E0000001")),
        (
            with(
                "proxies",
                json!([{ "type": "CIDR", "value": "192.0.2.0/24" }]),
            ),
            (400, "E0000001"),
        ),
        (with("gateways", json!([])), (400, "E0000001")),
        (with("gateways", Value::Null), (400, "E0000001")),
        (with("name", json!("")), (400, "E0000001")),
        (with("name", json!("OTHER")), (400, "E0000001")),
        (
            with(
                "gateways",
                json!([{ "type": "RANGE", "value": "192.0.2.2-192.0.2.1" }]),
            ),
            (400, "E0000001"),
        ),
    ] {
        assert_eq!(world.post(ZONES, &body).await.outcome(), outcome, "{body}");
        assert_eq!(
            call(world, "PUT", &path, &body).await.outcome(),
            outcome,
            "PUT {body}"
        );
    }
    let resting = world.post(ZONES, &with("status", json!("INACTIVE"))).await;
    assert_eq!(resting.outcome(), (400, "E0000001"));
    assert_eq!(world.log_rows(&world.main).await, rows);
    assert_eq!(world.get(&path).await.body, made.body);
}

/// Who may change policies sets no zone by which administrators get in.
async fn zones_of_administrators_are_out_of_reach(world: &World) {
    world.administrator(Role::OrgAdmin).await;
    let by = By::Of(Role::OrgAdmin);
    let blocked = body("Bad", "BLOCKLIST", &["198.51.100.0/24"]);
    assert_eq!(
        world.call(by, "POST", ZONES, &blocked).await.outcome(),
        (403, "E0000006")
    );
    let own = world
        .call(
            by,
            "POST",
            ZONES,
            &body("Office", "POLICY", &["192.0.2.0/24"]),
        )
        .await;
    assert_eq!(own.status, 200);
    let bad = world.post(ZONES, &blocked).await;
    let path = format!("{ZONES}/{}", bad.id());
    for (method, end) in [("POST", "/lifecycle/deactivate"), ("DELETE", "")] {
        let refused = world
            .call(by, method, &format!("{path}{end}"), &Value::Null)
            .await;
        assert_eq!(refused.outcome(), (403, "E0000006"), "{method}");
    }
    step(world, &path, "deactivate").await;
    let refused = world
        .call(
            by,
            "POST",
            &format!("{path}/lifecycle/activate"),
            &Value::Null,
        )
        .await;
    assert_eq!(refused.outcome(), (403, "E0000006"));
}

async fn zones_are_listed_searched_and_paged(world: &World) {
    for (name, usage) in [
        ("Bad", "BLOCKLIST"),
        ("Home", "POLICY"),
        ("Office", "POLICY"),
    ] {
        world
            .post(ZONES, &body(name, usage, &["198.51.100.0/24"]))
            .await;
    }
    let listed = world.get(ZONES).await;
    assert_eq!(listed.texts("/name"), ["Bad", "Home", "Office"]);
    step(
        world,
        &format!("{ZONES}/{}", listed.texts("/id")[1]),
        "deactivate",
    )
    .await;
    for (filter, expected) in [
        ("usage+eq+%22BLOCKLIST%22", &["Bad"][..]),
        ("status+eq+%22INACTIVE%22", &["Home"]),
        (
            "name+eq+%22office%22+or+usage+eq+%22BLOCKLIST%22",
            &["Bad", "Office"],
        ),
        ("system+eq+true", &[]),
    ] {
        let found = world.get(&format!("{ZONES}?filter={filter}")).await;
        assert_eq!(found.texts("/name"), expected, "{filter}");
    }
    let walked = world.walk(&format!("{ZONES}?limit=1"), "/name").await;
    assert_eq!(walked, ["Bad", "Home", "Office"]);
    let refused = world.get(&format!("{ZONES}?filter=gateways+pr")).await;
    assert_eq!(refused.outcome(), (400, "E0000031"));
}

on_both_engines!(
    a_zone_counts_from_its_answer_on_and_no_longer,
    a_zone_that_a_rule_names_stays,
    what_is_no_zone_here_is_told,
    zones_of_administrators_are_out_of_reach,
    zones_are_listed_searched_and_paged,
);
