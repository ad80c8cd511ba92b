//! Addresses from which many names fail: a row of the log, and no sign-in from there, as the org wants it.

use crate::access::{Permission, Role};
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::sign_in::Flow;
use crate::sign_in::begin::Purpose;
use crate::sign_in::open::{FollowedLink, LinkAnswer};
use crate::sign_in::prove::{Attempt, Typed};
use crate::sign_in::setup::{LinkPurpose, Passkeys};
use crate::sign_on::zone::{ZoneReach, parse_ranges};
use crate::sign_on::{AuthenticatorKind, Zone};
use crate::slowdown::threat::ThreatLimit;
use crate::slowdown::{Familiarity, Guess, GuessedSecret};
use crate::tests::recovery::recovery_token;
use crate::tests::sign_in::{begin, facts, prove, set_password};
use crate::threat::ThreatAction;
use ledger::{EventType, LogFilter};
use vocab::id::{OrgId, ZoneId};
use vocab::secret::Secret;

const PASSWORD: &str = "nine tortoises walk to Samos";
const STRANGE: &str = "203.0.113.7";

async fn want(world: &World, org: &OrgId, action: ThreatAction, zones: Option<Vec<ZoneId>>) {
    let permit = world.permit(org, Permission::ManageOrg);
    let changed = world.cell.change_threats(&permit, action, zones, None);
    changed.await.unwrap();
}

async fn attempt(world: &World, org: &OrgId, who: &str, text: &str, from: &str) -> Attempt {
    let mut flow = begin(world, org, who, Purpose::default()).await;
    let typed = Typed::Password(Secret::new(text.to_owned()));
    prove(world, &mut flow, typed, from).await
}

/// As many names fail as make a threat.
async fn spray(world: &World, org: &OrgId, from: &str) {
    for number in 0..ThreatLimit::default().names {
        let name = format!("nobody{number}");
        let failed = attempt(world, org, &name, "wrong", from).await;
        assert_eq!(failed, Attempt::Wrong, "{number}");
    }
}

/// What came of each threat, as the log has it.
async fn threats(world: &World, org: &OrgId) -> Vec<String> {
    let mut tx = world.cell.database.read().await.unwrap();
    let page = ledger::load_page(&mut tx, org, &LogFilter::default(), None, 1_000).await;
    let kind = EventType::SecurityThreatDetected.as_str();
    let rows = page.unwrap().rows.into_iter();
    rows.filter(|row| row.event_type == kind)
        .map(|row| row.outcome)
        .collect()
}

async fn nothing_is_counted_unless_it_is_asked_for(world: &World) {
    let org = world.org("acme").await;
    spray(world, &org, STRANGE).await;
    want(world, &org, ThreatAction::Block, None).await;
    let next = attempt(world, &org, "nobody", "wrong", STRANGE).await;
    assert_eq!(next, Attempt::Wrong);
    assert!(threats(world, &org).await.is_empty());
}

async fn the_log_names_a_threat_once_and_sign_ins_go_on(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    set_password(world, &ada).await;
    want(world, &org, ThreatAction::Audit, None).await;
    spray(world, &org, STRANGE).await;
    // The attempt that makes it one says so: nobody need come again.
    assert_eq!(threats(world, &org).await, ["ALLOW"]);
    for _ in 0..3 {
        let right = attempt(world, &org, "ada", PASSWORD, STRANGE).await;
        assert_eq!(right, Attempt::Right);
        let wrong = attempt(world, &org, "bob", "wrong", STRANGE).await;
        assert_eq!(wrong, Attempt::Wrong);
    }
    assert_eq!(threats(world, &org).await, ["ALLOW"]);
    // The next one is another.
    world.clock.advance_secs(ThreatLimit::default().lasts_secs);
    spray(world, &org, STRANGE).await;
    assert_eq!(threats(world, &org).await, ["ALLOW", "ALLOW"]);
}

async fn a_row_that_nobody_stayed_for_is_written_when_the_address_comes_next(world: &World) {
    let org = world.org("acme").await;
    want(world, &org, ThreatAction::Block, None).await;
    for number in 0..ThreatLimit::default().names {
        let guess = Guess {
            org: &org,
            account: &format!("nobody{number}"),
            address: STRANGE.parse().unwrap(),
            secret: GuessedSecret::Password,
            familiarity: Familiarity::Strange,
        };
        let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
        let request = facts(world, STRANGE);
        // Whoever asked went away before there was a verdict.
        drop(world.cell.admit(&snapshot, &guess, &request).await.unwrap());
    }
    assert!(threats(world, &org).await.is_empty());
    for _ in 0..2 {
        let refused = attempt(world, &org, "nobody", "wrong", STRANGE).await;
        assert_eq!(refused, Attempt::Threat);
        assert_eq!(threats(world, &org).await, ["DENY"]);
    }
}

async fn a_threat_is_refused_before_anything_is_looked_at(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    set_password(world, &ada).await;
    want(world, &org, ThreatAction::Block, None).await;
    spray(world, &org, STRANGE).await;
    assert_eq!(threats(world, &org).await, ["DENY"]);
    let rows = world.log_rows(&org).await;
    for (who, text) in [("ada", PASSWORD), ("ada", "wrong"), ("nobody", "wrong")] {
        let refused = attempt(world, &org, who, text, STRANGE).await;
        assert_eq!(refused, Attempt::Threat, "{who}");
    }
    assert_eq!(world.log_rows(&org).await, rows);
    // Elsewhere she is let in, and it ends by itself.
    let elsewhere = attempt(world, &org, "ada", PASSWORD, "203.0.113.8").await;
    assert_eq!(elsewhere, Attempt::Right);
    world.clock.advance_secs(ThreatLimit::default().lasts_secs);
    let later = attempt(world, &org, "ada", PASSWORD, STRANGE).await;
    assert_eq!(later, Attempt::Right);
}

/// A sign-in that follows a link, from behind the threat: the password is set there.
async fn follow_link(world: &World, org: &OrgId, login: &str) -> Flow {
    let token = recovery_token(world, org, login).await;
    let (purpose, token) = (LinkPurpose::Recovery, token.as_str());
    let answer = LinkAnswer {
        passkeys: Passkeys::Kept,
        code: "",
        password: Secret::new(String::from("eleven tortoises walk to Kos")),
    };
    let snapshot = world.cell.snapshot(org).await.unwrap().unwrap();
    let request = facts(world, STRANGE);
    let link = FollowedLink { purpose, token };
    let opened = world
        .cell
        .use_link(&snapshot.org, link, answer, &request)
        .await;
    let person = opened.unwrap().enrolling.person;
    let mut flow = begin(world, org, login, Purpose::default()).await;
    let counted = world
        .cell
        .count_new_password(&mut flow, &person, &request)
        .await;
    counted.unwrap();
    flow
}

async fn a_link_lets_its_owner_in_from_behind_a_threat(world: &World) {
    let org = world.org("acme").await;
    let ada = world.person(&org, "ada").await;
    set_password(world, &ada).await;
    want(world, &org, ThreatAction::Block, None).await;
    spray(world, &org, STRANGE).await;
    let refused = attempt(world, &org, "ada", PASSWORD, STRANGE).await;
    assert_eq!(refused, Attempt::Threat);
    let mut flow = follow_link(world, &org, "ada").await;
    let kinds: Vec<_> = flow.state.proved.iter().map(|proved| proved.kind).collect();
    assert_eq!(kinds, [AuthenticatorKind::Password]);
    // What the policy may ask for besides is looked at.
    let code = Typed::RecoveryCode(String::from("AAAAA-AAAAA-AAAAA-AAAAA"));
    let wrong = prove(world, &mut flow, code, STRANGE).await;
    assert_eq!(wrong, Attempt::Wrong);
    // It opens the address to nobody else, nor to another name in the same sign-in.
    let eve = world.person(&org, "eve").await;
    let request = facts(world, STRANGE);
    let theirs = world.cell.count_new_password(&mut flow, &eve, &request);
    assert!(theirs.await.is_err());
    world.cell.identify(&mut flow, "eve").await.unwrap();
    let typed = Typed::Password(Secret::new(String::from("wrong")));
    let other = prove(world, &mut flow, typed, STRANGE).await;
    assert_eq!(other, Attempt::Threat);
}

async fn an_excluded_zone_never_counts(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManagePolicies);
    let ranges = parse_ranges("203.0.113.0/24").unwrap();
    let office = world
        .cell
        .create_zone(&permit, "Office", ranges, ZoneReach::Named);
    let office = office.await.unwrap().id;
    let zones = Some(vec![office.clone()]);
    want(world, &org, ThreatAction::Block, zones).await;
    spray(world, &org, STRANGE).await;
    let next = attempt(world, &org, "nobody", "wrong", STRANGE).await;
    assert_eq!(next, Attempt::Wrong);
    assert!(threats(world, &org).await.is_empty());
    // Nor was it counted meanwhile.
    want(world, &org, ThreatAction::Block, Some(Vec::new())).await;
    let next = attempt(world, &org, "nobody", "wrong", STRANGE).await;
    assert_eq!(next, Attempt::Wrong);
    world.cell.delete_zone(&permit, &office).await.unwrap();
}

/// Where nothing is a threat, sprayed passwords reach administrators too: the zone is changed by whoever sets that.
async fn an_excluded_zone_is_not_widened_from_below(world: &World) {
    let org = world.org("acme").await;
    let runner = world.administrator(&org, "bob", Role::OrgAdmin).await;
    let permit = world.permit_of(&runner, &[Role::OrgAdmin], Permission::ManagePolicies);
    let ranges = || parse_ranges("198.51.100.0/24").unwrap();
    let zone = world
        .cell
        .create_zone(&permit, "Office", ranges(), ZoneReach::Named);
    let zone = zone.await.unwrap();
    let named = |name: &str, ranges: &str| Zone {
        name: name.to_owned(),
        ranges: parse_ranges(ranges).unwrap(),
        ..zone.clone()
    };
    let update = async |zone: Zone, revision| {
        let updated = world.cell.update_zone(&permit, zone, revision);
        updated.await
    };
    update(named("Office", "192.0.2.0/24"), 1).await.unwrap();
    let excluded = Some(vec![zone.id.clone()]);
    want(world, &org, ThreatAction::Block, excluded).await;
    let rows = world.log_rows(&org).await;
    let widened = update(named("Office", "0.0.0.0/1"), 2).await;
    assert!(
        matches!(widened, Err(Refusal::OutOfReach(_))),
        "{widened:?}"
    );
    let removed = world.cell.delete_zone(&permit, &zone.id).await;
    assert!(
        matches!(removed, Err(Refusal::OutOfReach(_))),
        "{removed:?}"
    );
    assert_eq!(world.log_rows(&org).await, rows);
    // What it is called decides nothing, and what is excluded no more is theirs again.
    update(named("Offices", "192.0.2.0/24"), 2).await.unwrap();
    want(world, &org, ThreatAction::Block, Some(Vec::new())).await;
    update(named("Offices", "0.0.0.0/1"), 3).await.unwrap();
}

on_both_engines!(
    an_excluded_zone_is_not_widened_from_below,
    nothing_is_counted_unless_it_is_asked_for,
    the_log_names_a_threat_once_and_sign_ins_go_on,
    a_row_that_nobody_stayed_for_is_written_when_the_address_comes_next,
    a_threat_is_refused_before_anything_is_looked_at,
    a_link_lets_its_owner_in_from_behind_a_threat,
    an_excluded_zone_never_counts,
);
