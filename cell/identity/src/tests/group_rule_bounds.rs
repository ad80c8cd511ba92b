//! What rules may take of others: of the person's other rules, of the org's changes, and of other orgs.

use crate::access::Permission;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines, profile};
use crate::group::Group;
use crate::group_rule::allowance::{RULE_BYTES, SHARED_BYTES_MAX};
use crate::group_rule::store::members;
use crate::group_rule::{GroupRule, PutIn, RuleInput};
use ledger::LogFilter;
use vocab::id::OrgId;

async fn group(world: &World, org: &OrgId) -> Group {
    let permit = world.permit(org, Permission::ManageGroups);
    let made = world.cell.create_group(&permit, "Filled", "").await;
    made.unwrap()
}

async fn rule(world: &World, group: &Group, name: &str, expression: &str) -> GroupRule {
    let permit = world.permit(&group.org_id, Permission::ManageGroups);
    let input = RuleInput {
        name: name.into(),
        expression: expression.into(),
        groups: vec![group.id.clone()],
        excluded: Vec::new(),
    };
    world.cell.create_group_rule(&permit, input).await.unwrap()
}

async fn switch_on(world: &World, rule: &GroupRule) -> Result<(), Refusal> {
    let permit = world.permit(&rule.org_id, Permission::ManageGroups);
    world.cell.activate_group_rule(&permit, &rule.id).await
}

async fn rules_that_could_take_too_much_are_not_switched_on_together(world: &World) {
    let org = world.org("acme").await;
    let filled = group(world, &org).await;
    let dear = ["isMemberOfGroupNameContains(\"x\")"; 100].join(" or ");
    let mut rules = Vec::new();
    for number in 0..11 {
        rules.push(rule(world, &filled, &format!("Dear {number}"), &dear).await);
    }
    for fitting in &rules[..10] {
        switch_on(world, fitting).await.unwrap();
    }
    assert!(matches!(
        switch_on(world, &rules[10]).await.unwrap_err(),
        Refusal::Invalid {
            field: "expression",
            ..
        }
    ));
    let plain = rule(world, &filled, "Plain", "user.firstName == \"Ada\"").await;
    switch_on(world, &plain).await.unwrap();
    let permit = world.permit(&org, Permission::ManageGroups);
    let off = world
        .cell
        .deactivate_group_rule(&permit, &rules[0].id, PutIn::Stay);
    off.await.unwrap();
    switch_on(world, &rules[10]).await.unwrap();
}

async fn what_is_too_much_together_stays_as_it_is_and_is_told_once(world: &World) {
    let org = world.org("acme").await;
    let filled = group(world, &org).await;
    // Each produces 60,000 bytes.
    let (long, by) = ("a".repeat(250), "b".repeat(240));
    let dear = format!("String.len(String.replace(\"{long}\", \"a\", \"{by}\")) > 0");
    let fitting = SHARED_BYTES_MAX / (60_000 - RULE_BYTES);
    for number in 0..fitting + 3 {
        let made = rule(world, &filled, &format!("Dear {number}"), &dear).await;
        switch_on(world, &made).await.unwrap();
    }
    let plain = rule(world, &filled, "Plain", "user.firstName == \"Ada\"").await;
    switch_on(world, &plain).await.unwrap();
    let permit = world.permit(&org, Permission::ManagePeople);
    let ada = world.cell.create_person(&permit, profile("ada")).await;
    let ada = ada.unwrap();
    let mut tx = world.cell.database.read().await.unwrap();
    let given = members::load_of_person(&mut tx, &org, &ada).await.unwrap();
    assert!(given.iter().any(|(by, _)| *by == plain.id), "its own");
    assert_eq!(given.len(), fitting + 1);
    let page = ledger::load_page(&mut tx, &org, &LogFilter::default(), None, 1_000).await;
    let rows = page.unwrap().rows;
    let told = rows
        .iter()
        .filter(|row| row.event_type == "group.user_membership.rule.error");
    assert_eq!(told.count(), 1);
}

async fn each_org_has_its_turn_whatever_another_has_to_do(world: &World) {
    let mut orgs = Vec::new();
    for (slug, rules) in [("acme", 20), ("globex", 1), ("initech", 2)] {
        let org = world.org(slug).await;
        let filled = group(world, &org).await;
        for number in 0..rules {
            let name = format!("Rule {number}");
            let made = rule(world, &filled, &name, "user.firstName == \"Ada\"").await;
            switch_on(world, &made).await.unwrap();
            world.clock.advance_secs(1);
        }
        orgs.push(org);
    }
    let mut sorted: Vec<String> = orgs.iter().map(ToString::to_string).collect();
    sorted.sort();
    let due = async |after: &str| {
        let due = world.cell.due_group_passes(after).await.unwrap();
        due.into_iter()
            .map(|pass| pass.org_id.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(due("").await, sorted);
    assert_eq!(due(&sorted[0]).await, sorted[1..]);
    assert!(due(&sorted[2]).await.is_empty());
    // What had a turn and has more to do comes behind the org's others.
    let first = world.cell.due_group_passes("").await.unwrap();
    let first = first.into_iter().find(|pass| pass.org_id == orgs[0]);
    let first = first.unwrap();
    let back = world.cell.put_group_pass_back(first.clone()).await;
    assert!(back.unwrap());
    let next = world.cell.due_group_passes("").await.unwrap();
    let next = next.into_iter().find(|pass| pass.org_id == orgs[0]);
    assert_ne!(next.unwrap().rule_id, first.rule_id);
}

on_both_engines!(
    rules_that_could_take_too_much_are_not_switched_on_together,
    what_is_too_much_together_stays_as_it_is_and_is_told_once,
    each_org_has_its_turn_whatever_another_has_to_do,
);
