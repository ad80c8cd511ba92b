//! Addresses from which many different names fail: what is set, and what the sign-in API says of it.

use crate::for_tests::{By, World, on_both_engines};
use crate::tests::authn::{PASSWORD, ada, post, sign_in};
use identity::access::{Permission, Role};
use identity::sign_on::zone::{ZoneReach, ZoneState, parse_ranges};
use serde_json::{Value, json};
use vocab::id::OrgId;

const HERE: &str = "/api/v1/threats/configuration";
const INVALID: (u16, &str) = (400, "E0000001");
const FORBIDDEN: (u16, &str) = (403, "E0000006");

async fn nothing_is_done_unless_it_is_said(world: &World) {
    let shown = world.get(HERE).await;
    assert_eq!(shown.body["action"], "none");
    assert_eq!(shown.body["excludeZones"], json!([]));
    // As it is shown it can be sent back, and changes nothing.
    let before = world.log_rows(&world.main).await;
    let same = world.post(HERE, &shown.body).await;
    assert_eq!(same.body, shown.body);
    world.administrator(Role::OrgAdmin).await;
    let rows = world.log_rows(&world.main).await;
    let body = json!({ "action": "block" });
    for by in [By::Reader, By::Of(Role::OrgAdmin)] {
        assert_eq!(world.call(by, "GET", HERE, &Value::Null).await.status, 200);
        let refused = world.call(by, "POST", HERE, &body).await;
        assert_eq!(refused.outcome(), FORBIDDEN, "{by:?}");
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    let set = world.post(HERE, &json!({ "action": "audit" })).await;
    assert_eq!(set.body["action"], "audit", "{}", set.body);
    assert_eq!(world.get(HERE).await.body, set.body);
    let kinds = world.log_since(before).await;
    let changes = kinds
        .iter()
        .filter(|(kind, _)| kind == "security.threat.configuration.update");
    assert_eq!(changes.count(), 1);
    let theirs = world.cell.snapshot(&world.other).await.unwrap().unwrap();
    assert!(theirs.org.settings.threats.is_default());
}

async fn a_zone_that_is_named_is_there_and_stays(world: &World) {
    let zone = async |org: &OrgId, name: &str| {
        let permit = world.permit(org, Permission::ManagePolicies);
        let ranges = parse_ranges("192.0.2.0/24").unwrap();
        let made = world
            .cell
            .create_zone(&permit, name, ranges, ZoneReach::Named);
        made.await.unwrap().id
    };
    let (office, resting) = (
        zone(&world.main, "Office").await,
        zone(&world.main, "Resting").await,
    );
    let theirs = zone(&world.other, "Theirs").await;
    let permit = world.permit(&world.main, Permission::ManagePolicies);
    let rests = world
        .cell
        .switch_zone(&permit, &resting, ZoneState::Resting);
    rests.await.unwrap();
    let body = |zones: &[&str]| json!({ "action": "audit", "excludeZones": zones });
    let office = office.as_str();
    for zones in [
        &[theirs.as_str()][..],
        &[resting.as_str()],
        &[office, office],
        &["x"],
    ] {
        let refused = world.post(HERE, &body(zones)).await;
        assert_eq!(refused.outcome(), INVALID, "{zones:?}");
        assert!(
            refused.body["errorSummary"]
                .as_str()
                .unwrap()
                .contains("excludeZones")
        );
    }
    let set = world.post(HERE, &body(&[office])).await;
    assert_eq!(set.body["excludeZones"], json!([office]), "{}", set.body);
    // What is not named stays.
    let set = world.post(HERE, &json!({ "action": "block" })).await;
    assert_eq!(set.body["excludeZones"], json!([office]));
    let path = format!("/api/v1/zones/{office}");
    let held = (403, "E0000038");
    let rest = format!("{path}/lifecycle/deactivate");
    let rested = world.post(&rest, &Value::Null).await;
    assert_eq!(rested.outcome(), held);
    let removed = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(removed.outcome(), held);
    world.post(HERE, &body(&[])).await;
    let removed = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(removed.status, 204);
}

on_both_engines!(
    nothing_is_done_unless_it_is_said,
    a_zone_that_is_named_is_there_and_stays,
    the_sign_in_api_refuses_a_threat_and_says_why,
);

async fn the_sign_in_api_refuses_a_threat_and_says_why(world: &World) {
    ada(world).await;
    world.post(HERE, &json!({ "action": "block" })).await;
    world.at("203.0.113.9");
    let before = world.log_rows(&world.main).await;
    for n in 0..20 {
        let answer = sign_in(world, &format!("nobody-{n}"), PASSWORD).await;
        assert_eq!(answer.outcome(), (401, "E0000004"));
    }
    let blocked = world.log_rows(&world.main).await;
    for name in ["nobody-20", "ada", "nobody-21"] {
        let answer = sign_in(world, name, PASSWORD).await;
        assert_eq!(answer.outcome(), FORBIDDEN, "{name}");
        assert_ne!(answer.body["errorCauses"], json!([]));
    }
    // One row, by the attempt that made a threat of it, and none by those that are refused.
    let told = world.kinds_since(before).await.into_iter();
    assert_eq!(
        told.filter(|kind| kind == "security.threat.detected")
            .count(),
        1
    );
    assert_eq!(world.log_rows(&world.main).await, blocked);
    let body = json!({ "username": "ada" });
    let mailed = post(world, "/api/v1/authn/recovery/password", &body).await;
    assert_eq!(mailed.status, 200, "the mailbox is a way in");
    world.at("203.0.113.10");
    assert_eq!(sign_in(world, "ada", PASSWORD).await.outcome(), (200, ""));
}
