//! The pages of what rules of sign-on policies name, behaviours and zones: what their forms do and refuse, and what is said of those that a
//! rule names.

use crate::tests::console_pages::{CHANGED, Pages};
use crate::tests::matrix::world::Who;
use crate::tests::one_org::permit;
use axum::http::{Method, StatusCode};
use identity::access::{Permission, Role};
use identity::behavior::{BehaviorKind, StoredBehavior, store};
use identity::sign_on::aside::{Aside, RestingRule};
use identity::sign_on::operations::PolicyChange;
use identity::sign_on::store::{StoredZone, load_all_policies, load_all_zones};
use identity::sign_on::{Conditions, Rule};
use vocab::id::OrgId;

const BEHAVIORS: &str = "/admin/behaviors";

impl Pages {
    async fn behaviors(&self, org: &OrgId) -> Vec<StoredBehavior> {
        let mut tx = self.world.cell.database.read().await.unwrap();
        store::load_all(&mut tx, org).await.unwrap()
    }

    async fn behavior(&self, name: &str) -> StoredBehavior {
        let stored = self.behaviors(&self.world.main).await.into_iter();
        let mut named = stored.filter(|stored| stored.behavior.name == name);
        named.next().unwrap()
    }

    async fn office(&self) -> StoredZone {
        let mut tx = self.world.cell.database.read().await.unwrap();
        let zones = load_all_zones(&mut tx, &self.world.main).await.unwrap();
        let mut named = zones.into_iter().filter(|one| one.zone.name == "Office");
        named.next().unwrap()
    }

    /// Lets a policy have the first of its rules at rest, with these conditions.
    async fn let_rest(&self, conditions: Conditions) {
        let stored = {
            let mut tx = self.world.cell.database.read().await.unwrap();
            let all = load_all_policies(&mut tx, &self.world.main).await.unwrap();
            let mut named = all.into_iter().filter(|one| one.policy.name == "Careful");
            named.next().unwrap()
        };
        let mut policy = stored.policy;
        let rule = Rule {
            conditions,
            ..policy.rules.remove(0)
        };
        let resting = RestingRule {
            place: 0,
            rule: rule.clone(),
        };
        let aside = Aside {
            resting: vec![resting],
            ..stored.aside
        };
        let permit = permit(&self.world.main, Permission::ManagePolicies);
        let change = PolicyChange::Deactivate(aside, rule);
        let cell = &self.world.cell;
        let changed = cell.change_policy(&permit, policy, change, stored.revision);
        changed.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_behavior_is_added_changed_and_removed() {
    let pages = Pages::open().await;
    let add = format!("{BEHAVIORS}/add");
    let form = |name: &str, kind: &str, numbers: (&str, &str)| {
        let (events_max, events_min) = numbers;
        format!("name={name}&kind={kind}&events_max={events_max}&events_min={events_min}&active=on")
    };
    let device = "ANOMALOUS_DEVICE";
    for (bad, words) in [
        (form("Place", "", ("20", "0")), "Choose one."),
        (form("Place", "VELOCITY", ("20", "0")), "Choose one."),
        (form("", device, ("20", "0")), "use 1 to 128 characters"),
        (form("Place", device, ("0", "0")), "a number from 1 to 100"),
        (
            form("Place", device, ("101", "0")),
            "a number from 1 to 100",
        ),
        (
            form("Place", device, ("many", "0")),
            "a number from 1 to 100",
        ),
        (form("Place", device, ("20", "11")), "a number from 0 to 10"),
        (form("New+device", device, ("20", "0")), "New device"),
    ] {
        pages.told(&add, &bad, words).await;
    }
    // What was typed stands in the form again.
    let bad = form("Somewhere", device, ("20", "11"));
    pages.told(&add, &bad, "value=\"Somewhere\"").await;
    let good = form("+New+place+", "ANOMALOUS_IP", ("0", "0"));
    for role in [Role::UserAdmin, Role::AppAdmin, Role::ReportAdmin] {
        pages.forbidden(role, &add, &good).await;
    }
    pages.done(&add, &good).await;
    let made = pages.behavior("New place").await;
    assert_eq!(made.behavior.kind, BehaviorKind::AnomalousIp);
    assert!(made.behavior.active);
    assert!(pages.look(BEHAVIORS).await.contains("New place"));
    let page = format!("{BEHAVIORS}/{}", made.behavior.id);
    assert!(pages.look(&page).await.contains("value=\"New place\""));
    let words = |revision: i64, name: &str, events_max: &str| {
        format!("revision={revision}&name={name}&events_max={events_max}&events_min=2")
    };
    let seen = made.revision;
    for (bad, told) in [
        (words(seen, "", "10"), "use 1 to 128 characters"),
        (words(seen, "Elsewhere", "101"), "a number from 0 to 100"),
        (words(seen, "New+device", "10"), "New device"),
        (words(seen + 1, "Elsewhere", "10"), CHANGED),
    ] {
        pages.told(&page, &bad, told).await;
    }
    let good = words(seen, "Elsewhere", "10");
    pages.forbidden(Role::UserAdmin, &page, &good).await;
    pages.done(&page, &good).await;
    pages.told(&page, &good, CHANGED).await;
    let changed = pages.behavior("Elsewhere").await.behavior;
    assert_eq!((changed.events_max, changed.events_min), (10, 2));
    assert!(!changed.active, "the box was not ticked");
    let remove = format!("{page}/remove");
    pages.forbidden(Role::UserAdmin, &remove, "").await;
    pages.done(&remove, "").await;
    pages.missing(&remove, "").await;
    let (who, get) = (Who::Administrator, Method::GET);
    let gone = pages.world.call(who, &get, &page, "").await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviors_of_another_organisation_are_not_reached() {
    let pages = Pages::open().await;
    let theirs = pages.behaviors(&pages.world.acme).await.remove(0);
    let id = &theirs.behavior.id;
    let form = format!(
        "revision={}&name=Mine&events_max=10&events_min=0",
        theirs.revision
    );
    for id in [id.as_str(), "none", "abc00000000000000009"] {
        let page = format!("{BEHAVIORS}/{id}");
        let (who, get) = (Who::Administrator, Method::GET);
        let shown = pages.world.call(who, &get, &page, "").await;
        assert_eq!(shown.status(), StatusCode::NOT_FOUND, "{page}");
        pages.missing(&page, &form).await;
        pages.missing(&format!("{page}/remove"), "").await;
    }
    assert_eq!(pages.behaviors(&pages.world.acme).await[0], theirs);
    pages.world.close().await;
}

/// One that came into force without what it names would say something else than it did.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_at_rest_names_is_counted_and_stays() {
    let pages = Pages::open().await;
    let zone = format!("/admin/zones/{}", pages.office().await.zone.id);
    let stored = pages.behavior("New device").await;
    let behavior = format!("{BEHAVIORS}/{}", stored.behavior.id);
    assert!(pages.look(BEHAVIORS).await.contains("0 rules"));
    assert!(pages.look("/admin/zones").await.contains("One rule"));
    let policies = {
        let mut tx = pages.world.cell.database.read().await.unwrap();
        load_all_policies(&mut tx, &pages.world.main).await.unwrap()
    };
    let careful = policies.iter().find(|one| one.policy.name == "Careful");
    let conditions = careful.unwrap().policy.rules[0].conditions.clone();
    pages
        .let_rest(Conditions {
            behaviors: vec![stored.behavior.id],
            ..conditions
        })
        .await;
    for (list, page, words) in [
        ("/admin/zones", zone, "policy names this zone"),
        (BEHAVIORS, behavior, "policy names this behaviour"),
    ] {
        assert!(pages.look(list).await.contains("One rule"), "{list}");
        pages.told(&format!("{page}/remove"), "", words).await;
    }
    pages.world.close().await;
}
