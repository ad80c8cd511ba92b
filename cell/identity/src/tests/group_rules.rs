//! Rules that fill groups: who is in, who leaves, and who stays whatever rules say.

use crate::access::{Permission, Role};
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines, profile};
use crate::group::change::{Basis, GroupChange, MembersChange, Membership};
use crate::group::{Group, store as groups};
use crate::group_rule::active::Fit;
use crate::group_rule::{GroupRule, PutIn, RULES_MAX, RuleInput, RuleStatus};
use crate::org::settings::{AttributeKind, ProfileAttribute};
use crate::person::lifecycle::LifecycleAction;
use crate::person::profile::ProfileInput;
use crate::sign_on::{Membership as Named, SignOnPolicy};
use ledger::{ChainVerdict, LogFilter};
use std::collections::{BTreeMap, BTreeSet};
use vocab::id::{GroupId, OrgId, UserId};

pub(super) const ENGINEERS: &str = "user.department == \"Eng\"";

async fn org(world: &World) -> OrgId {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageOrg);
    let mut tx = world.cell.database.read().await.unwrap();
    let read = crate::org::store::load(&mut tx, &org)
        .await
        .unwrap()
        .unwrap();
    drop(tx);
    let mut settings = read.settings.clone();
    for (name, kind) in [
        ("department", AttributeKind::Text),
        ("level", AttributeKind::Integer),
    ] {
        settings.profile_schema.push(ProfileAttribute {
            name: name.into(),
            kind,
            self_editable: true,
            ..ProfileAttribute::default()
        });
    }
    let updated = world.cell.update_org(&permit, read, "Acme", settings).await;
    updated.unwrap();
    org
}

fn of(login: &str, department: &str) -> ProfileInput {
    let mut profile = profile(login);
    if !department.is_empty() {
        profile
            .attributes
            .insert("department".into(), department.into());
    }
    profile
}

async fn person(world: &World, org: &OrgId, login: &str, department: &str) -> UserId {
    let permit = world.permit(org, Permission::ManagePeople);
    let made = world
        .cell
        .create_person(&permit, of(login, department))
        .await;
    made.unwrap()
}

async fn rename(world: &World, org: &OrgId, id: &UserId, department: &str) {
    let permit = world.permit(org, Permission::ManagePeople);
    let present = world.load(org, id).await;
    let input = of(&present.login, department);
    let changed = world
        .cell
        .update_person(&permit, id, present.revision, input);
    changed.await.unwrap();
}

pub(super) async fn group(world: &World, org: &OrgId, name: &str) -> Group {
    let permit = world.permit(org, Permission::ManageGroups);
    world.cell.create_group(&permit, name, "").await.unwrap()
}

pub(super) fn input(name: &str, expression: &str, groups: &[&Group]) -> RuleInput {
    RuleInput {
        name: name.into(),
        expression: expression.into(),
        groups: groups.iter().map(|group| group.id.clone()).collect(),
        excluded: Vec::new(),
    }
}

async fn rule(world: &World, org: &OrgId, input: RuleInput) -> GroupRule {
    let permit = world.permit(org, Permission::ManageGroups);
    world.cell.create_group_rule(&permit, input).await.unwrap()
}

/// A rule that is on and was applied to everybody.
pub(super) async fn active(world: &World, org: &OrgId, input: RuleInput) -> GroupRule {
    let rule = rule(world, org, input).await;
    switch_on(world, &rule).await.unwrap();
    walk(world).await;
    rule
}

async fn switch_on(world: &World, rule: &GroupRule) -> Result<(), Refusal> {
    let permit = world.permit(&rule.org_id, Permission::ManageGroups);
    world.cell.activate_group_rule(&permit, &rule.id).await
}

async fn switch_off(world: &World, rule: &GroupRule, put_in: PutIn) {
    let permit = world.permit(&rule.org_id, Permission::ManageGroups);
    let off = world.cell.deactivate_group_rule(&permit, &rule.id, put_in);
    off.await.unwrap();
}

/// Does whatever is due; returns how many pages it took.
pub(super) async fn walk(world: &World) -> usize {
    let mut pages = 0;
    loop {
        let due = world.cell.due_group_passes("").await.unwrap();
        if due.is_empty() {
            return pages;
        }
        for pass in due {
            let mut next = Some(pass);
            while let Some(pass) = next {
                pages += 1;
                next = world.cell.walk_group_pass(pass).await.unwrap();
            }
        }
    }
}

async fn members(world: &World, group: &Group) -> BTreeSet<UserId> {
    let mut tx = world.cell.database.read().await.unwrap();
    let found = groups::load_member_ids(&mut tx, &group.org_id, &group.id, 10_000).await;
    found.unwrap().into_iter().collect()
}

pub(super) async fn assert_members(world: &World, group: &Group, expected: &[&UserId]) {
    let expected: BTreeSet<UserId> = expected.iter().map(|id| (*id).clone()).collect();
    assert_eq!(members(world, group).await, expected, "{}", group.name);
}

async fn change_by_hand(world: &World, group: &Group, user: &UserId, is_in: bool) {
    let permit = world.permit(&group.org_id, Permission::ManageGroups);
    let cell = &world.cell;
    let changed = match is_in {
        true => cell.add_group_member(&permit, &group.id, user).await,
        false => cell.remove_group_member(&permit, &group.id, user).await,
    };
    changed.unwrap();
}

/// How many rows of that type the log has of that actor, if one is named.
async fn logged(world: &World, org: &OrgId, kind: &str, actor: Option<&str>) -> usize {
    let mut tx = world.cell.database.read().await.unwrap();
    let page = ledger::load_page(&mut tx, org, &LogFilter::default(), None, 1_000).await;
    let rows = page.unwrap().rows;
    let fits = |row: &&ledger::LogRow| {
        row.event_type == kind && actor.is_none_or(|actor| row.actor_id == actor)
    };
    rows.iter().filter(fits).count()
}

async fn whoever_fits_is_in_and_leaves_when_they_fit_no_more(world: &World) {
    let org = org(world).await;
    let eng = group(world, &org, "Engineers").await;
    let early = person(world, &org, "early", "Eng").await;
    let other = person(world, &org, "other", "Sales").await;
    let made = rule(world, &org, input(" Eng ", ENGINEERS, &[&eng])).await;
    assert_eq!(
        (made.name.as_str(), made.status),
        ("Eng", RuleStatus::Inactive)
    );
    assert_members(world, &eng, &[]).await;
    world.clock.advance_secs(5);
    switch_on(world, &made).await.unwrap();
    assert_eq!(walk(world).await, 1);
    assert_members(world, &eng, &[&early]).await;
    let late = person(world, &org, "late", "Eng").await;
    rename(world, &org, &other, "Eng").await;
    assert_members(world, &eng, &[&early, &late, &other]).await;
    rename(world, &org, &early, "").await;
    rename(world, &org, &other, "eng").await;
    assert_members(world, &eng, &[&late]).await;
    let permit = world.permit(&org, Permission::ManagePeople);
    let leave = |action| world.cell.change_person_status(&permit, &late, action);
    leave(LifecycleAction::Activate).await.unwrap();
    leave(LifecycleAction::Suspend).await.unwrap();
    assert_members(world, &eng, &[&late]).await;
    leave(LifecycleAction::Unsuspend).await.unwrap();
    leave(LifecycleAction::Deactivate).await.unwrap();
    assert_members(world, &eng, &[]).await;
    leave(LifecycleAction::Activate).await.unwrap();
    assert_members(world, &eng, &[&late]).await;
    let by = Some(made.id.as_str());
    assert_eq!(
        logged(world, &org, "group.user_membership.add", by).await,
        4
    );
    assert_eq!(
        logged(world, &org, "group.user_membership.remove", by).await,
        3
    );
    let mut tx = world.cell.database.read().await.unwrap();
    let verdict = ledger::verify_chain(&mut tx, &org, None).await.unwrap();
    assert!(matches!(verdict, ChainVerdict::Whole(_)), "{verdict:?}");
    let changed = groups::load(&mut tx, &org, &eng.id).await.unwrap().unwrap();
    assert!(changed.members_changed_at > eng.members_changed_at);
}

async fn by_hand_is_another_thing_than_by_a_rule(world: &World) {
    let org = org(world).await;
    let (eng, both) = (
        group(world, &org, "Engineers").await,
        group(world, &org, "Both").await,
    );
    let ada = person(world, &org, "ada", "Eng").await;
    change_by_hand(world, &eng, &ada, true).await;
    active(world, &org, input("one", ENGINEERS, &[&eng, &both])).await;
    active(
        world,
        &org,
        input(
            "two",
            "user.login == 'ada' or user.login == 'bob'",
            &[&both],
        ),
    )
    .await;
    let bob = person(world, &org, "bob", "Eng").await;
    let added = logged(world, &org, "group.user_membership.add", None).await;
    // Bob is in by a rule, and by hand as well from now on: nobody came.
    change_by_hand(world, &eng, &bob, true).await;
    assert_eq!(
        logged(world, &org, "group.user_membership.add", None).await,
        added
    );
    rename(world, &org, &ada, "").await;
    rename(world, &org, &bob, "").await;
    assert_members(world, &eng, &[&ada, &bob]).await;
    // The other rule still holds.
    assert_members(world, &both, &[&ada, &bob]).await;
    change_by_hand(world, &eng, &ada, false).await;
    rename(world, &org, &ada, "Eng").await;
    // Nobody was in by the rule when they were taken out by hand, so it did not learn to pass them over.
    assert_members(world, &eng, &[&ada, &bob]).await;
}

async fn whoever_is_taken_out_by_hand_is_passed_over(world: &World) {
    let org = org(world).await;
    let (eng, all) = (
        group(world, &org, "Engineers").await,
        group(world, &org, "All").await,
    );
    let (ada, bob) = (
        person(world, &org, "ada", "Eng").await,
        person(world, &org, "bob", "Eng").await,
    );
    let excluding = RuleInput {
        excluded: vec![bob.clone()],
        ..input("Eng", ENGINEERS, &[&eng, &all])
    };
    let made = active(world, &org, excluding).await;
    assert_members(world, &eng, &[&ada]).await;
    change_by_hand(world, &eng, &ada, false).await;
    for group in [&eng, &all] {
        assert_members(world, group, &[]).await;
    }
    rename(world, &org, &ada, "").await;
    rename(world, &org, &ada, "Eng").await;
    assert_members(world, &eng, &[]).await;
    let permit = world.permit(&org, Permission::ReadDirectory);
    let seen = world.cell.find_group_rule(&permit, &made.id).await.unwrap();
    let excluded: BTreeSet<UserId> = seen.excluded.into_iter().collect();
    assert_eq!(excluded, BTreeSet::from([ada.clone(), bob]));
    assert_eq!(
        logged(
            world,
            &org,
            "group.user_membership.rule.add_exclusion",
            None
        )
        .await,
        1
    );
    // The same by a client that says who the members are to be.
    let eve = person(world, &org, "eve", "Eng").await;
    let permit = world.permit(&org, Permission::ManageGroups);
    let mut tx = world.cell.database.read().await.unwrap();
    let read = groups::load(&mut tx, &org, &eng.id).await.unwrap().unwrap();
    drop(tx);
    let nobody = GroupChange {
        name: "Engineers".into(),
        external_id: None,
        members: MembersChange::Exactly(BTreeSet::new()),
    };
    let changed = world
        .cell
        .change_group(&permit, &read, Basis::Whole, nobody);
    changed.await.unwrap();
    rename(world, &org, &eve, "").await;
    rename(world, &org, &eve, "Eng").await;
    assert_members(world, &eng, &[]).await;
    assert_members(world, &all, &[]).await;
}

async fn a_rule_that_rests_keeps_what_it_gave(world: &World) {
    let org = org(world).await;
    let (eng, all) = (
        group(world, &org, "Engineers").await,
        group(world, &org, "All").await,
    );
    let (ada, bob) = (
        person(world, &org, "ada", "Eng").await,
        person(world, &org, "bob", "Eng").await,
    );
    let made = active(world, &org, input("Eng", ENGINEERS, &[&eng])).await;
    let permit = world.permit(&org, Permission::ManageGroups);
    let change = |input| world.cell.change_group_rule(&permit, &made.id, None, input);
    let on = change(input("Eng", "true", &[&all])).await.unwrap_err();
    assert!(matches!(on, Refusal::WrongState(_)));
    let on = world
        .cell
        .delete_group_rule(&permit, &made.id, PutIn::Leave)
        .await;
    assert!(matches!(on.unwrap_err(), Refusal::WrongState(_)));
    switch_off(world, &made, PutIn::Stay).await;
    rename(world, &org, &ada, "").await;
    let eve = person(world, &org, "eve", "Eng").await;
    assert_eq!(walk(world).await, 0);
    assert_members(world, &eng, &[&ada, &bob]).await;
    // What it gives from now on takes the place of what it gave.
    change(input("Eng", ENGINEERS, &[&all])).await.unwrap();
    assert_members(world, &eng, &[&ada, &bob]).await;
    switch_on(world, &made).await.unwrap();
    walk(world).await;
    assert_members(world, &eng, &[]).await;
    assert_members(world, &all, &[&bob, &eve]).await;
    switch_off(world, &made, PutIn::Leave).await;
    walk(world).await;
    assert_members(world, &all, &[]).await;
    switch_on(world, &made).await.unwrap();
    walk(world).await;
    switch_off(world, &made, PutIn::Stay).await;
    world
        .cell
        .delete_group_rule(&permit, &made.id, PutIn::Stay)
        .await
        .unwrap();
    let gone = world.cell.activate_group_rule(&permit, &made.id).await;
    assert!(matches!(gone.unwrap_err(), Refusal::NotFound));
    // Its name is free at once.
    let again = rule(world, &org, input("Eng", ENGINEERS, &[&eng])).await;
    walk(world).await;
    assert_members(world, &all, &[&bob, &eve]).await;
    change_by_hand(world, &all, &bob, false).await;
    assert_members(world, &all, &[&eve]).await;
    switch_on(world, &again).await.unwrap();
    walk(world).await;
    switch_off(world, &again, PutIn::Stay).await;
    world
        .cell
        .delete_group_rule(&permit, &again.id, PutIn::Leave)
        .await
        .unwrap();
    walk(world).await;
    assert_members(world, &eng, &[]).await;
}

async fn a_rule_whose_group_is_removed_rests_until_it_is_mended(world: &World) {
    let org = org(world).await;
    let (eng, all) = (
        group(world, &org, "Engineers").await,
        group(world, &org, "All").await,
    );
    let ada = person(world, &org, "ada", "Eng").await;
    let made = active(world, &org, input("Eng", ENGINEERS, &[&eng, &all])).await;
    let permit = world.permit(&org, Permission::ManageGroups);
    world.cell.delete_group(&permit, &eng.id).await.unwrap();
    let reader = world.permit(&org, Permission::ReadDirectory);
    let seen = world.cell.find_group_rule(&reader, &made.id);
    let seen = seen.await.unwrap();
    assert_eq!(
        (seen.status, seen.groups),
        (RuleStatus::Invalid, vec![all.id.clone()])
    );
    assert_eq!(
        logged(world, &org, "group.user_membership.rule.invalidate", None).await,
        1
    );
    let bob = person(world, &org, "bob", "Eng").await;
    assert_members(world, &all, &[&ada]).await;
    assert!(matches!(
        switch_on(world, &made).await.unwrap_err(),
        Refusal::WrongState(_)
    ));
    let mended = input("Eng", ENGINEERS, &[&all]);
    let mended = world
        .cell
        .change_group_rule(&permit, &made.id, None, mended)
        .await
        .unwrap();
    assert_eq!(mended.status, RuleStatus::Inactive);
    switch_on(world, &mended).await.unwrap();
    walk(world).await;
    assert_members(world, &all, &[&ada, &bob]).await;
    let people = world.permit(&org, Permission::ManagePeople);
    world.cell.remove_person(&people, &ada, None).await.unwrap();
    assert_members(world, &all, &[&bob]).await;
}

async fn rules_ask_about_memberships_by_hand_alone(world: &World) {
    let org = org(world).await;
    let (eng, seniors, staff) = (
        group(world, &org, "Engineers").await,
        group(world, &org, "Seniors").await,
        group(world, &org, "Staff").await,
    );
    let permit = world.permit(&org, Permission::ManageGroups);
    let (ada, bob) = (
        person(world, &org, "ada", "").await,
        person(world, &org, "bob", "").await,
    );
    change_by_hand(world, &eng, &ada, true).await;
    let asks = "isMemberOfGroupNameStartsWith(\"Eng\")";
    let made = active(world, &org, input("Staff", asks, &[&staff])).await;
    assert_members(world, &staff, &[&ada]).await;
    change_by_hand(world, &eng, &bob, true).await;
    change_by_hand(world, &eng, &ada, false).await;
    assert_members(world, &staff, &[&bob]).await;
    let both = BTreeMap::from([
        (ada.clone(), Membership::Added),
        (bob.clone(), Membership::Removed),
    ]);
    let mut tx = world.cell.database.read().await.unwrap();
    let read = groups::load(&mut tx, &org, &eng.id).await.unwrap().unwrap();
    drop(tx);
    let change = |name: &str, members| GroupChange {
        name: name.into(),
        external_id: None,
        members,
    };
    let changed = change("Engineers", MembersChange::But(both));
    let changed = world
        .cell
        .change_group(&permit, &read, Basis::Name, changed);
    let read = changed.await.unwrap();
    assert_members(world, &staff, &[&ada]).await;
    // Called otherwise, it counts no more.
    let renamed = change("Builders", MembersChange::nothing());
    let renamed = world
        .cell
        .change_group(&permit, &read, Basis::Name, renamed);
    let read = renamed.await.unwrap();
    walk(world).await;
    assert_members(world, &staff, &[]).await;
    let renamed = Group {
        name: "Engine".into(),
        ..read
    };
    world.cell.update_group(&permit, renamed).await.unwrap();
    walk(world).await;
    assert_members(world, &staff, &[&ada]).await;
    // What a rule fills, none that is on asks about.
    for (name, expression, filled) in [
        ("itself", "isMemberOfGroupName(\"Seniors\")", &seniors),
        ("another", "isMemberOfGroupNameContains(\"taf\")", &seniors),
        ("asked about", "true", &eng),
    ] {
        let refused = rule(world, &org, input(name, expression, &[filled])).await;
        let outcome = switch_on(world, &refused).await;
        assert!(
            matches!(outcome.unwrap_err(), Refusal::Invalid { .. }),
            "{name}"
        );
    }
    switch_off(world, &made, PutIn::Stay).await;
    let unknown = input(
        "typo",
        "isMemberOfGroup(\"00gAAAAAAAAAAAAAAAAA\")",
        &[&seniors],
    );
    let refused = world.cell.create_group_rule(&permit, unknown).await;
    assert!(matches!(
        refused.unwrap_err(),
        Refusal::Invalid {
            field: "expression",
            ..
        }
    ));
    world.cell.delete_group(&permit, &eng.id).await.unwrap();
}

async fn a_pass_goes_on_from_where_it_stood(world: &World) {
    let org = org(world).await;
    let eng = group(world, &org, "Engineers").await;
    let mut expected = BTreeSet::new();
    for number in 0..250 {
        let department = if number % 5 == 4 { "Sales" } else { "Eng" };
        let id = person(world, &org, &format!("p{number}"), department).await;
        if department == "Eng" {
            expected.insert(id);
        }
    }
    let made = rule(world, &org, input("Eng", ENGINEERS, &[&eng])).await;
    switch_on(world, &made).await.unwrap();
    let first = world.cell.due_group_passes("").await.unwrap().remove(0);
    let second = world
        .cell
        .walk_group_pass(first.clone())
        .await
        .unwrap()
        .unwrap();
    let after_one = members(world, &eng).await.len();
    assert!(after_one > 0 && after_one < expected.len(), "{after_one}");
    // Whoever still has the first page in hand does nothing with it.
    assert_eq!(world.cell.walk_group_pass(first).await.unwrap(), None);
    assert_eq!(members(world, &eng).await.len(), after_one);
    assert!(
        world.cell.due_group_passes("").await.unwrap().is_empty(),
        "it is taken"
    );
    // Nobody goes on, until its time is over.
    drop(second);
    world.clock.advance_secs(11);
    assert!(walk(world).await > 1);
    assert_eq!(members(world, &eng).await, expected);
    let by = Some(made.id.as_str());
    assert_eq!(
        logged(world, &org, "group.user_membership.add", by).await,
        expected.len()
    );
    assert_eq!(
        logged(world, &org, "group.user_membership.rule.evaluation", by).await,
        1
    );
    // One that is switched off on the way ends there.
    switch_off(world, &made, PutIn::Leave).await;
    let taken = world.cell.due_group_passes("").await.unwrap().remove(0);
    let taken = world.cell.walk_group_pass(taken).await.unwrap().unwrap();
    switch_on(world, &made).await.unwrap();
    assert_eq!(world.cell.walk_group_pass(taken).await.unwrap(), None);
    walk(world).await;
    assert_eq!(members(world, &eng).await, expected);
}

async fn whoever_tells_administrators_apart_is_not_led_by_a_rule(world: &World) {
    let org = org(world).await;
    let vault = group(world, &org, "Vault").await;
    let manager = world.administrator(&org, "manager", Role::UserAdmin).await;
    let permit = world.permit(&org, Permission::ManagePolicies);
    let snapshot = world.cell.snapshot(&org).await.unwrap().unwrap();
    let mut policy = SignOnPolicy::clone(&snapshot.console_policy);
    policy.rules[0].conditions.groups = Named {
        include: vec![vault.id.clone()],
        exclude: Vec::new(),
    };
    let mut tx = world.cell.database.read().await.unwrap();
    let stored = crate::sign_on::store::load_policy(&mut tx, &org, &policy.id).await;
    let revision = stored.unwrap().unwrap().revision;
    drop(tx);
    world
        .cell
        .update_policy(&permit, policy, revision)
        .await
        .unwrap();
    let theirs = world.permit_of(&manager, &[Role::UserAdmin], Permission::ManageGroups);
    let wanted = input("Vault", "user.department == 'Vault'", &[&vault]);
    let refused = world.cell.create_group_rule(&theirs, wanted.clone()).await;
    assert!(matches!(refused.unwrap_err(), Refusal::OutOfReach(_)));
    // One that a super administrator made.
    let made = active(world, &org, wanted).await;
    let theirs = world.permit_of(&manager, &[Role::UserAdmin], Permission::ManageGroups);
    for refused in [
        world
            .cell
            .deactivate_group_rule(&theirs, &made.id, PutIn::Leave)
            .await,
        world
            .cell
            .delete_group_rule(&theirs, &made.id, PutIn::Leave)
            .await,
    ] {
        assert!(matches!(refused.unwrap_err(), Refusal::OutOfReach(_)));
    }
    // Nor by a change of who they are.
    let people = world.permit_of(&manager, &[Role::UserAdmin], Permission::ManagePeople);
    let present = world.load(&org, &manager.id).await;
    let moved = of("manager", "Vault");
    let refused = world
        .cell
        .update_person(&people, &manager.id, present.revision, moved)
        .await;
    assert!(matches!(refused.unwrap_err(), Refusal::OutOfReach(_)));
    assert_members(world, &vault, &[]).await;
    let ada = person(world, &org, "ada", "Vault").await;
    assert_members(world, &vault, &[&ada]).await;
}

async fn rules_are_found_within_their_org_and_bounds(world: &World) {
    let (own, other) = (org(world).await, world.org("globex").await);
    let eng = group(world, &own, "Engineers").await;
    let read = |org: &OrgId| world.permit(org, Permission::ReadDirectory);
    let change = |org: &OrgId| world.permit(org, Permission::ManageGroups);
    let mut ids = Vec::new();
    for number in 0..5 {
        let made = rule(
            world,
            &own,
            input(&format!("Rule {number}"), ENGINEERS, &[&eng]),
        )
        .await;
        ids.push(made.id);
    }
    ids.sort();
    let cell = &world.cell;
    let (page, next) = cell
        .list_group_rules(&read(&own), "rULE", "", 3)
        .await
        .unwrap();
    let (rest, end) = cell
        .list_group_rules(&read(&own), "", next.unwrap().as_str(), 3)
        .await
        .unwrap();
    assert_eq!(end, None);
    let listed: Vec<_> = page.into_iter().chain(rest).map(|rule| rule.id).collect();
    assert_eq!(listed, ids);
    let (found, _) = cell
        .list_group_rules(&read(&own), "le 3", "", 3)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    let taken = cell
        .create_group_rule(&change(&own), input("RULE 3", ENGINEERS, &[&eng]))
        .await;
    assert!(matches!(
        taken.unwrap_err(),
        Refusal::Taken { field: "name" }
    ));
    let foreign = cell
        .create_group_rule(&change(&other), input("a", "true", &[&eng]))
        .await;
    assert!(matches!(
        foreign.unwrap_err(),
        Refusal::Invalid {
            field: "groups",
            ..
        }
    ));
    for refused in [
        cell.find_group_rule(&read(&other), &ids[0]).await.map(drop),
        cell.activate_group_rule(&change(&other), &ids[0]).await,
        cell.deactivate_group_rule(&change(&other), &ids[0], PutIn::Leave)
            .await,
        cell.delete_group_rule(&change(&other), &ids[0], PutIn::Leave)
            .await,
    ] {
        assert!(matches!(refused.unwrap_err(), Refusal::NotFound));
    }
    let wrong = cell
        .create_group_rule(&read(&own), input("a", "true", &[&eng]))
        .await;
    assert!(matches!(wrong.unwrap_err(), Refusal::Forbidden));
    let stale = cell
        .change_group_rule(&change(&own), &ids[0], Some(7), input("a", "true", &[&eng]))
        .await;
    assert!(matches!(stale.unwrap_err(), Refusal::Changed));
    let ada = person(world, &own, "ada", "Eng").await;
    for (text, fit) in [(ENGINEERS, Fit::Yes), ("user.level > 3", Fit::No)] {
        assert_eq!(
            cell.try_group_rule(&read(&own), text, &ada).await.unwrap(),
            fit,
            "{text}"
        );
    }
    let nobody = cell.try_group_rule(&read(&other), "true", &ada).await;
    assert!(matches!(nobody.unwrap_err(), Refusal::NotFound));
    let asked = cell.try_group_rule(&read(&own), "user.level", &ada).await;
    assert!(matches!(asked.unwrap_err(), Refusal::Invalid { .. }));
    assert!(ids.len() < RULES_MAX && GroupId::parse(eng.id.as_str()).is_ok());
}

on_both_engines!(
    whoever_fits_is_in_and_leaves_when_they_fit_no_more,
    by_hand_is_another_thing_than_by_a_rule,
    whoever_is_taken_out_by_hand_is_passed_over,
    a_rule_that_rests_keeps_what_it_gave,
    a_rule_whose_group_is_removed_rests_until_it_is_mended,
    rules_ask_about_memberships_by_hand_alone,
    a_pass_goes_on_from_where_it_stood,
    whoever_tells_administrators_apart_is_not_led_by_a_rule,
    rules_are_found_within_their_org_and_bounds,
);
