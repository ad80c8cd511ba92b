//! What rests by the pages of the administration, and is brought back: network zones, policies and their rules.

use crate::tests::console_pages::{CHANGED, Pages, revision_on};
use crate::tests::matrix::world::Who;
use crate::tests::one_org::permit;
use axum::http::StatusCode;
use identity::access::{Permission, Role};
use identity::sign_on::aside::{ListedRule, list_rules};
use identity::sign_on::store::{self, StoredPolicy, StoredZone};
use identity::sign_on::zone::{ZoneReach, parse_ranges};
use vocab::id::{OrgId, PolicyId, ZoneId};

impl Pages {
    async fn zone(&self, org: &OrgId, name: &str) -> ZoneId {
        let permit = permit(org, Permission::ManagePolicies);
        let ranges = parse_ranges("192.0.2.0/24").unwrap();
        let cell = &self.world.cell;
        let made = cell.create_zone(&permit, name, ranges, ZoneReach::Named);
        made.await.unwrap().id
    }

    async fn stored_zone(&self, id: &ZoneId) -> StoredZone {
        let mut tx = self.world.cell.database.read().await.unwrap();
        let stored = store::load_zone(&mut tx, &self.world.main, id).await;
        stored.unwrap().unwrap()
    }

    async fn stored_policy(&self, id: &PolicyId) -> StoredPolicy {
        let mut tx = self.world.cell.database.read().await.unwrap();
        let stored = store::load_policy(&mut tx, &self.world.main, id).await;
        stored.unwrap().unwrap()
    }

    async fn rules(&self, id: &PolicyId) -> (i64, Vec<ListedRule>) {
        let stored = self.stored_policy(id).await;
        let listed = list_rules(&stored.policy, &stored.aside);
        (stored.revision, listed)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_rests_and_counts_again() {
    let pages = Pages::open().await;
    let zone = pages.zone(&pages.world.main, "Depot").await;
    let theirs = pages.zone(&pages.world.acme, "Depot").await;
    let page = format!("/admin/zones/{zone}");
    let (off, on) = (format!("{page}/deactivate"), format!("{page}/activate"));
    assert!(pages.look(&page).await.contains(&off));
    pages.forbidden(Role::AppAdmin, &off, "").await;
    pages
        .missing(&format!("/admin/zones/{theirs}/deactivate"), "")
        .await;
    pages.done(&off, "").await;
    assert!(!pages.stored_zone(&zone).await.active);
    let shown = pages.look(&page).await;
    assert!(shown.contains(&on) && !shown.contains(&off));
    pages.forbidden(Role::AppAdmin, &on, "").await;
    pages.done(&on, "").await;
    assert!(pages.stored_zone(&zone).await.active);
    // One that a rule names stays.
    let policy = pages.policy(&pages.world.main, "Depot").await;
    let rule = pages.rules(&policy).await.1.remove(0).rule;
    let (revision, _) = pages.rules(&policy).await;
    let form = format!(
        "revision={revision}&name=Here&access=allow&administrators=both&factors=any_one&phishing_resistant=no&zone_mode=in&zone={zone}"
    );
    let address = format!("/admin/policies/{policy}/rules/{}", rule.id);
    pages.done(&address, &form).await;
    pages.told(&off, "", "policy names this zone").await;
    assert!(pages.stored_zone(&zone).await.active);
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_no_app_names_rests() {
    let pages = Pages::open().await;
    let main = pages.world.main.clone();
    let policy = pages.policy(&main, "Vault").await;
    let theirs = pages.policy(&pages.world.acme, "Vault").await;
    let page = format!("/admin/policies/{policy}");
    let (off, on) = (format!("{page}/deactivate"), format!("{page}/activate"));
    assert!(pages.look(&page).await.contains(&off));
    pages.forbidden(Role::AppAdmin, &off, "").await;
    pages
        .missing(&format!("/admin/policies/{theirs}/deactivate"), "")
        .await;
    let app = pages.app(&main).await;
    let sign_on = format!("/admin/apps/{app}/sign-on");
    let choice = async |policy: &str| {
        let revision = revision_on(&pages.look(&sign_on).await);
        format!("revision={revision}&policy={policy}")
    };
    pages.done(&sign_on, &choice(policy.as_str()).await).await;
    pages.told(&off, "", "An app names this policy").await;
    let snapshot = pages.world.cell.snapshot(&main).await;
    let every = snapshot.unwrap().unwrap().org_policy.id.clone();
    pages.done(&sign_on, &choice(every.as_str()).await).await;
    pages.done(&off, "").await;
    assert!(!pages.stored_policy(&policy).await.active);
    let shown = pages.look(&page).await;
    assert!(shown.contains(&on) && !shown.contains(&off));
    pages.forbidden(Role::AppAdmin, &on, "").await;
    pages.done(&on, "").await;
    assert!(pages.stored_policy(&policy).await.active);
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_rests_where_it_stands_and_comes_back_into_force() {
    let pages = Pages::open().await;
    let policy = pages.policy(&pages.world.main, "Vault").await;
    let page = format!("/admin/policies/{policy}");
    let new = "name=Desk&access=allow&factors=two_factors&phishing_resistant=no&zone_mode=any&administrators=only";
    let now = async || format!("revision={}", pages.rules(&policy).await.0);
    let form = format!("{}&{new}", now().await);
    pages.done(&format!("{page}/rules/new"), &form).await;
    let order = async || -> Vec<(String, bool)> {
        let listed = pages.rules(&policy).await.1.into_iter();
        listed.map(|one| (one.rule.name, one.active)).collect()
    };
    let before = order().await;
    assert_eq!(before[0], ("Desk".to_owned(), true), "{before:?}");
    let desk = pages.rules(&policy).await.1.remove(0).rule.id;
    let last = pages.rules(&policy).await.1.remove(1).rule.id;
    let (off, on) = (
        format!("{page}/rules/{desk}/deactivate"),
        format!("{page}/rules/{desk}/activate"),
    );
    assert!(pages.look(&page).await.contains(&off));
    pages.told(&off, "revision=0", CHANGED).await;
    pages.forbidden(Role::AppAdmin, &off, &now().await).await;
    pages
        .missing(
            &format!("{page}/rules/0pr00000000000000009/deactivate"),
            &now().await,
        )
        .await;
    pages.done(&off, &now().await).await;
    assert_eq!(order().await[0], ("Desk".to_owned(), false));
    let shown = pages.look(&page).await;
    assert!(shown.contains(&on) && !shown.contains(&off));
    // It is changed and moved while it rests, and goes on resting.
    let renamed = format!("{}&{}", now().await, new.replace("Desk", "Office"));
    pages.done(&format!("{page}/rules/{desk}"), &renamed).await;
    let down = format!("{}&id={desk}&to=down", now().await);
    pages.done(&format!("{page}/rules/move"), &down).await;
    assert_eq!(order().await[1], ("Office".to_owned(), false));
    // One must be left in force.
    let alone = format!("{page}/rules/{last}/deactivate");
    let (status, told) = pages
        .refused(Who::Administrator, &alone, &now().await)
        .await;
    assert_eq!(status, StatusCode::OK, "{told}");
    pages.forbidden(Role::AppAdmin, &on, &now().await).await;
    pages.done(&on, &now().await).await;
    assert_eq!(order().await[1], ("Office".to_owned(), true));
    pages.done(&off, &now().await).await;
    pages
        .done(&format!("{page}/rules/{desk}/remove"), &now().await)
        .await;
    assert_eq!(order().await.len(), 1);
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_policy_and_its_rule_rest_and_come_back() {
    let pages = Pages::open().await;
    let load = async |org: &OrgId| {
        let mut tx = pages.world.cell.database.read().await.unwrap();
        let servers = identity::server::store::load_all(&mut tx, org).await;
        let mut named = servers.unwrap().into_iter();
        named.find(|server| server.name == "Orders").unwrap()
    };
    let (main, acme) = (pages.world.main.clone(), pages.world.acme.clone());
    let server = load(&main).await;
    let policy = server.parts.policies[0].clone();
    let rule = policy.rules[0].id.clone();
    let page = format!("/admin/servers/{}/access", server.id);
    let switch = format!("{page}/switch");
    let form = format!("policy={}", policy.id);
    assert!(pages.look(&page).await.contains(policy.id.as_str()));
    for missing in ["", "policy=none", &format!("{form}&rule=none")] {
        pages.missing(&switch, missing).await;
    }
    let theirs = load(&acme).await;
    let foreign = format!("/admin/servers/{}/access/switch", theirs.id);
    pages.missing(&foreign, &form).await;
    pages.forbidden(Role::AppAdmin, &switch, &form).await;
    let in_force = server.config.rules.len();
    let of_rule = format!("{form}&rule={rule}");
    pages.done(&switch, &of_rule).await;
    let now = load(&main).await;
    assert!(!now.parts.policies[0].rules[0].active && now.parts.policies[0].active);
    assert_eq!(now.config.rules.len(), in_force - 1);
    let shown = pages.look(&page).await;
    assert!(shown.contains("Inactive"));
    pages.done(&switch, &format!("{of_rule}&on=on")).await;
    assert_eq!(load(&main).await.config.rules.len(), in_force);
    pages.done(&switch, &form).await;
    assert!(!load(&main).await.parts.policies[0].active);
    pages.done(&switch, &format!("{form}&on=on")).await;
    let now = load(&main).await;
    assert!(now.parts.policies[0].active && now.parts.policies[0].rules[0].active);
    assert_eq!(now.config.rules.len(), in_force);
    pages.world.close().await;
}
