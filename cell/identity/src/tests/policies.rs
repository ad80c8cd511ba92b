//! Sign-on policies and zones: what is named must exist, what must exist stays.

use crate::access::{Caller, Permission, Permit, PersonCaller, Role, TokenCaller, authorize};
use crate::fault::{Fault, Refusal};
use crate::for_tests::{World, on_both_engines};
use crate::person::Person;
use crate::sign_on::aside::{Aside, list_rules, part_rules};
use crate::sign_on::operations::PolicyChange;
use crate::sign_on::zone::{ZoneReach, find_block, parse_ranges};
use crate::sign_on::{
    Allow, Conditions, Outcome, PolicyScope, Rule, SignOnPolicy, Zone, ZoneCondition, store,
};
use crate::tests::sign_in::set_password;
use crate::tests::store::delete_policies;
use ledger::ClientFacts;
use std::collections::BTreeSet;
use vocab::id::{ApiTokenId, OrgId, RuleId, SessionId, ZoneId};

fn rule(world: &World, zones: ZoneCondition) -> Rule {
    Rule {
        id: RuleId::generate(world.cell.entropy()),
        name: "Everyone".into(),
        conditions: Conditions {
            zones,
            ..Conditions::default()
        },
        outcome: Outcome::Allow(Allow::default()),
    }
}

async fn a_policy_is_made_changed_and_removed(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManagePolicies);
    let made = world
        .cell
        .create_policy(&permit, " Finance ", vec![rule(world, ZoneCondition::Any)])
        .await
        .unwrap();
    let seen = async || {
        world
            .cell
            .snapshot(&org)
            .await
            .unwrap()
            .unwrap()
            .app_policies
            .get(&made.id)
            .cloned()
    };
    assert_eq!(seen().await.unwrap().name, "Finance");
    let taken = world
        .cell
        .create_policy(&permit, "finance", made.rules.clone())
        .await
        .unwrap_err();
    assert!(matches!(taken, Refusal::Taken { field: "name" }));
    let empty = world
        .cell
        .create_policy(&permit, "Empty", Vec::new())
        .await
        .unwrap_err();
    assert!(matches!(empty, Refusal::Invalid { field: "rules", .. }));
    let changed = SignOnPolicy {
        name: "Money".into(),
        ..made.clone()
    };
    world
        .cell
        .update_policy(&permit, changed.clone(), 1)
        .await
        .unwrap();
    assert_eq!(seen().await.unwrap().name, "Money");
    assert!(matches!(
        world
            .cell
            .update_policy(&permit, changed, 1)
            .await
            .unwrap_err(),
        Refusal::Changed
    ));
    world.cell.delete_policy(&permit, &made.id).await.unwrap();
    assert!(seen().await.is_none());
    assert!(matches!(
        world
            .cell
            .delete_policy(&permit, &made.id)
            .await
            .unwrap_err(),
        Refusal::NotFound
    ));
}

async fn a_rule_at_rest_is_kept_and_not_evaluated(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManagePolicies);
    let cell = &world.cell;
    let (first, second) = (
        rule(world, ZoneCondition::Any),
        rule(world, ZoneCondition::Any),
    );
    let made = cell
        .create_policy(&permit, "Finance", vec![first.clone(), second.clone()])
        .await
        .unwrap();
    let load = async || {
        let mut tx = cell.database.read().await.unwrap();
        let stored = store::load_policy(&mut tx, &org, &made.id).await;
        stored.unwrap().unwrap()
    };
    let mut listed = list_rules(&made, &load().await.aside);
    listed[0].active = false;
    let (rules, resting) = part_rules(listed);
    let aside = Aside {
        description: "For money".into(),
        resting,
    };
    let rests = SignOnPolicy {
        rules,
        ..made.clone()
    };
    let change = PolicyChange::Deactivate(aside.clone(), first.clone());
    cell.change_policy(&permit, rests.clone(), change, 1)
        .await
        .unwrap();
    let snapshot = cell.snapshot(&org).await.unwrap().unwrap();
    assert_eq!(snapshot.app_policies[&made.id].rules, [second]);
    // The console changes what it shows, and leaves the rest.
    let renamed = SignOnPolicy {
        name: "Money".into(),
        ..rests.clone()
    };
    cell.update_policy(&permit, renamed.clone(), 2)
        .await
        .unwrap();
    let stored = load().await;
    assert_eq!((&stored.aside, stored.revision), (&aside, 3));
    assert_eq!(list_rules(&stored.policy, &stored.aside)[0].rule, first);
    // One rule is not in force and at rest at once, and what rests is held against the bounds.
    let twice = SignOnPolicy {
        rules: made.rules.clone(),
        ..renamed.clone()
    };
    let refused = cell.update_policy(&permit, twice, 3).await;
    assert!(matches!(
        refused,
        Err(Refusal::Invalid { field: "rules", .. })
    ));
    let mut nameless = aside;
    nameless.resting[0].rule.name = String::new();
    let change = PolicyChange::Whole(nameless);
    let refused = cell.change_policy(&permit, renamed, change, 3).await;
    assert!(matches!(
        refused,
        Err(Refusal::Invalid { field: "name", .. })
    ));
}

async fn the_policies_that_every_org_has_stay_and_let_somebody_in(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManagePolicies);
    let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
    for policy in [&snapshot.org_policy, &snapshot.console_policy] {
        assert!(matches!(
            world
                .cell
                .delete_policy(&permit, &policy.id)
                .await
                .unwrap_err(),
            Refusal::WrongState(_)
        ));
        let mut closed = SignOnPolicy::clone(policy);
        for rule in &mut closed.rules {
            rule.outcome = Outcome::Deny;
        }
        let refused = world
            .cell
            .update_policy(&permit, closed, 1)
            .await
            .unwrap_err();
        assert!(matches!(refused, Refusal::Invalid { field: "rules", .. }));
        let renamed = SignOnPolicy {
            name: format!("Our {}", policy.name),
            ..SignOnPolicy::clone(policy)
        };
        world.cell.update_policy(&permit, renamed, 1).await.unwrap();
    }
    let mut tx = world.cell.database.read().await.unwrap();
    assert_eq!(
        store::load_policies(&mut tx, &org).await.unwrap().org.name,
        "Our Organisation"
    );
}

async fn without_its_policies_an_org_lets_nobody_in(world: &World) {
    for scope in [PolicyScope::Org, PolicyScope::Console] {
        let org = world.org(&format!("acme-{}", scope.as_str())).await;
        let id = org.clone();
        let deleted =
            world.write(move |tx| Box::pin(async move { delete_policies(tx, &id, scope).await }));
        assert_eq!(deleted.await, 1);
        let fault = world.cell.snapshot(&org).await.unwrap_err();
        assert!(matches!(fault, Fault::Stored { .. }));
    }
}

async fn office(world: &World, permit: &Permit) -> Zone {
    let ranges = parse_ranges("192.0.2.0/24, 2001:db8::/32").unwrap();
    world
        .cell
        .create_zone(permit, " Office ", ranges, ZoneReach::Named)
        .await
        .unwrap()
}

async fn a_zone_is_made_changed_and_removed(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManagePolicies);
    let zone = office(world, &permit).await;
    let seen = async || {
        world
            .cell
            .snapshot(&org)
            .await
            .unwrap()
            .unwrap()
            .zones
            .clone()
    };
    assert_eq!(seen().await.first(), Some(&zone));
    let taken = world
        .cell
        .create_zone(&permit, "OFFICE", zone.ranges.clone(), ZoneReach::Named)
        .await
        .unwrap_err();
    assert!(matches!(taken, Refusal::Taken { field: "name" }));
    assert!(
        world
            .cell
            .create_zone(&permit, "Empty", Vec::new(), ZoneReach::Named)
            .await
            .is_err()
    );
    let changed = Zone {
        name: "House".into(),
        blocked: true,
        ..zone.clone()
    };
    world
        .cell
        .update_zone(&permit, changed.clone(), 1)
        .await
        .unwrap();
    assert_eq!(seen().await.first(), Some(&changed));
    let stale = world
        .cell
        .update_zone(&permit, changed, 1)
        .await
        .unwrap_err();
    assert!(matches!(stale, Refusal::Changed));
    world.cell.delete_zone(&permit, &zone.id).await.unwrap();
    assert!(seen().await.is_empty());
    let gone = world.cell.delete_zone(&permit, &zone.id).await.unwrap_err();
    assert!(matches!(gone, Refusal::NotFound));
}

async fn a_zone_that_a_policy_names_must_be_and_stay(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManagePolicies);
    let zone = office(world, &permit).await;
    let nowhere = ZoneCondition::In(vec![ZoneId::generate(world.cell.entropy())]);
    let rules = vec![rule(world, nowhere)];
    let dangling = world
        .cell
        .create_policy(&permit, "Nowhere", rules)
        .await
        .unwrap_err();
    assert!(matches!(
        dangling,
        Refusal::Invalid {
            field: "conditions",
            ..
        }
    ));
    let inside = vec![rule(world, ZoneCondition::In(vec![zone.id.clone()]))];
    let policy = world
        .cell
        .create_policy(&permit, "Inside", inside)
        .await
        .unwrap();
    let named = world.cell.delete_zone(&permit, &zone.id).await.unwrap_err();
    assert!(matches!(named, Refusal::WrongState(_)));
    world.cell.delete_policy(&permit, &policy.id).await.unwrap();
    world.cell.delete_zone(&permit, &zone.id).await.unwrap();
}

/// An administrator with a password, at 192.0.2.1, and the permit of the session.
async fn saver(world: &World, org: &OrgId) -> (Person, Permit) {
    let ada = world.administrator(org, "ada", Role::SuperAdmin).await;
    set_password(world, &ada).await;
    let permit = permit_from(world, &ada, "192.0.2.1");
    (ada, permit)
}

fn permit_from(world: &World, person: &Person, address: &str) -> Permit {
    let caller = Caller::Person(PersonCaller {
        org_id: person.org_id.clone(),
        user_id: person.id.clone(),
        login: person.login.clone(),
        display_name: person.display_name(),
        session_id: SessionId::generate(world.cell.entropy()),
        roles: vec![Role::SuperAdmin],
        capabilities: std::collections::BTreeSet::new(),
        administration_unlocked: true,
    });
    let client = ClientFacts {
        ip: address.into(),
        ..ClientFacts::default()
    };
    let may = authorize(&caller, &person.org_id, Permission::ManagePolicies, &client);
    may.unwrap()
}

fn said(refused: &Refusal) -> (&'static str, String) {
    match refused {
        Refusal::Invalid { field, problem } => (field, problem.to_string()),
        other => panic!("{other:?}"),
    }
}

async fn nobody_shuts_themselves_out_by_a_policy(world: &World) {
    let org = world.org("acme").await;
    let (ada, permit) = saver(world, &org).await;
    let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
    let rows = world.log_rows(&org).await;
    let mut closed = SignOnPolicy::clone(&snapshot.console_policy);
    closed.rules[0].name = "Only others".into();
    closed.rules[0].conditions.people.exclude = vec![ada.id.clone()];
    let refused = world.cell.update_policy(&permit, closed.clone(), 1).await;
    let (field, problem) = said(&refused.unwrap_err());
    assert_eq!(field, "rules");
    assert!(problem.contains("\"Everyone else\""), "{problem}");
    assert_eq!(world.log_rows(&org).await, rows, "nothing was done");
    // Somebody else may mean it, and so may the operator.
    let eve = world.administrator(&org, "eve", Role::SuperAdmin).await;
    set_password(world, &eve).await;
    let hers = permit_from(world, &eve, "192.0.2.1");
    world.cell.update_policy(&hers, closed, 1).await.unwrap();
    // Whom the door is shut to already may change it, for instance to open it again.
    let open = SignOnPolicy::clone(&snapshot.console_policy);
    world.cell.update_policy(&permit, open, 2).await.unwrap();
}

/// A token acts for who made it, wherever the program runs.
async fn nobody_shuts_themselves_out_by_a_token(world: &World) {
    let org = world.org("acme").await;
    let (ada, _) = saver(world, &org).await;
    let token = Caller::ApiToken(TokenCaller {
        capabilities: BTreeSet::new(),
        org_id: org.clone(),
        token_id: ApiTokenId::generate(world.cell.entropy()),
        name: "script".into(),
        user_id: ada.id.clone(),
        roles: vec![Role::SuperAdmin],
    });
    let client = ClientFacts {
        ip: "198.51.100.7".into(),
        ..ClientFacts::default()
    };
    let permit = authorize(&token, &org, Permission::ManagePolicies, &client).unwrap();
    let cell = &world.cell;
    let snapshot = cell.snapshot(&org).await.unwrap().unwrap();
    let here = parse_ranges("192.0.2.0/24").unwrap();
    let zone = cell
        .create_zone(&permit, "Office", here, ZoneReach::Named)
        .await
        .unwrap();
    // From the office the door is open, though not from where the program runs.
    let mut narrow = SignOnPolicy::clone(&snapshot.console_policy);
    narrow.rules[0].conditions.zones = ZoneCondition::In(vec![zone.id.clone()]);
    cell.update_policy(&permit, narrow.clone(), 1)
        .await
        .unwrap();
    // From nowhere it would be.
    let mut closed = narrow;
    closed.rules[0].conditions.people.exclude = vec![ada.id.clone()];
    let rows = world.log_rows(&org).await;
    let refused = cell.update_policy(&permit, closed, 2).await;
    assert_eq!(said(&refused.unwrap_err()).0, "rules");
    let shut = Zone {
        blocked: true,
        ..zone
    };
    let refused = cell.update_zone(&permit, shut, 1).await;
    assert_eq!(said(&refused.unwrap_err()).0, "ranges");
    assert_eq!(world.log_rows(&org).await, rows, "nothing was done");
}

async fn nobody_shuts_themselves_out_by_a_zone(world: &World) {
    let org = world.org("acme").await;
    let (ada, permit) = saver(world, &org).await;
    let cell = &world.cell;
    let here = || parse_ranges("192.0.2.0/24").unwrap();
    let blocked = cell
        .create_zone(&permit, "Bad", here(), ZoneReach::Blocked)
        .await;
    let (field, problem) = said(&blocked.unwrap_err());
    assert_eq!(field, "ranges");
    assert!(problem.contains("192.0.2.1") && problem.contains("\"Bad\""));
    let named = cell.create_zone(&permit, "Bad", here(), ZoneReach::Named);
    let zone = named.await.unwrap();
    let shut = Zone {
        blocked: true,
        ..zone.clone()
    };
    let refused = cell.update_zone(&permit, shut.clone(), 1).await;
    assert_eq!(said(&refused.unwrap_err()).0, "ranges");
    let elsewhere = permit_from(world, &ada, "198.51.100.7");
    cell.update_zone(&elsewhere, shut, 1).await.unwrap();
    let snapshot = cell.snapshot(&org).await.unwrap().unwrap();
    let found = find_block(&snapshot.zones, "192.0.2.77").unwrap();
    assert_eq!(found.id, zone.id);
    for outside in ["198.51.100.7", "", "no address"] {
        assert!(find_block(&snapshot.zones, outside).is_none());
    }
    let mapped = find_block(&snapshot.zones, "::ffff:192.0.2.77");
    assert!(mapped.is_some(), "IPv4 in IPv6 is what it is");
}

on_both_engines!(
    a_rule_at_rest_is_kept_and_not_evaluated,
    a_policy_is_made_changed_and_removed,
    the_policies_that_every_org_has_stay_and_let_somebody_in,
    without_its_policies_an_org_lets_nobody_in,
    a_zone_is_made_changed_and_removed,
    a_zone_that_a_policy_names_must_be_and_stay,
    nobody_shuts_themselves_out_by_a_policy,
    nobody_shuts_themselves_out_by_a_zone,
    nobody_shuts_themselves_out_by_a_token,
);
