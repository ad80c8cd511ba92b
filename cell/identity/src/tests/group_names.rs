//! What becomes of people when a group is called otherwise, or ends: by rules they may come to other groups, and nobody decides so how
//! administrators get in who could not put them there by hand.

use crate::access::{Permission, Permit, Role};
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::group::change::{Basis, GroupChange, MembersChange, Membership};
use crate::group::{Group, store as groups};
use crate::group_rule::RuleInput;
use crate::person::Person;
use crate::sign_on::{Membership as Named, SignOnPolicy, store as policies};
use std::collections::BTreeMap;
use vocab::id::{OrgId, UserId};

async fn group(world: &World, org: &OrgId, name: &str) -> Group {
    let permit = world.permit(org, Permission::ManageGroups);
    world.cell.create_group(&permit, name, "").await.unwrap()
}

async fn load(world: &World, group: &Group) -> Group {
    let mut tx = world.cell.database.read().await.unwrap();
    let found = groups::load(&mut tx, &group.org_id, &group.id).await;
    found.unwrap().unwrap()
}

async fn members(world: &World, group: &Group) -> Vec<UserId> {
    let mut tx = world.cell.database.read().await.unwrap();
    let found = groups::load_member_ids(&mut tx, &group.org_id, &group.id, 100).await;
    found.unwrap()
}

/// A rule that is on.
async fn rule(world: &World, org: &OrgId, (name, expression): (&str, &str), filled: &[&Group]) {
    let permit = world.permit(org, Permission::ManageGroups);
    let input = RuleInput {
        name: name.into(),
        expression: expression.into(),
        groups: filled.iter().map(|group| group.id.clone()).collect(),
        excluded: Vec::new(),
    };
    let made = world.cell.create_group_rule(&permit, input).await.unwrap();
    let on = world.cell.activate_group_rule(&permit, &made.id).await;
    on.unwrap();
    walk(world).await;
}

async fn walk(world: &World) {
    loop {
        let due = world.cell.due_group_passes("").await.unwrap();
        if due.is_empty() {
            return;
        }
        for pass in due {
            let mut next = Some(pass);
            while let Some(pass) = next {
                next = world.cell.walk_group_pass(pass).await.unwrap();
            }
        }
    }
}

/// Lets the policy of the administration ask for a group.
async fn let_administration_ask_for(world: &World, group: &Group) {
    let org = &group.org_id;
    let snapshot = world.cell.snapshot(org).await.unwrap().unwrap();
    let mut policy = SignOnPolicy::clone(&snapshot.console_policy);
    policy.rules[0].conditions.groups = Named {
        include: vec![group.id.clone()],
        exclude: Vec::new(),
    };
    let mut tx = world.cell.database.read().await.unwrap();
    let stored = policies::load_policy(&mut tx, org, &policy.id).await;
    let revision = stored.unwrap().unwrap().revision;
    drop(tx);
    let permit = world.permit(org, Permission::ManagePolicies);
    let changed = world.cell.update_policy(&permit, policy, revision).await;
    changed.unwrap();
}

fn groups_permit(world: &World, person: &Person, role: Role) -> Permit {
    world.permit_of(person, &[role], Permission::ManageGroups)
}

fn change(name: &str, members: MembersChange) -> GroupChange {
    GroupChange {
        name: name.into(),
        external_id: None,
        members,
    }
}

/// Calls a group otherwise in either way in which that is done.
async fn rename(
    world: &World,
    permit: &Permit,
    group: &Group,
    name: &str,
) -> [Result<(), Refusal>; 2] {
    let named = Group {
        name: name.into(),
        ..load(world, group).await
    };
    let updated = world.cell.update_group(permit, named).await;
    let seen = load(world, group).await;
    let asked = change(name, MembersChange::nothing());
    let changed = world.cell.change_group(permit, &seen, Basis::Name, asked);
    [updated, changed.await.map(drop)]
}

/// Ends a group in either way in which that is done.
async fn end(world: &World, permit: &Permit, group: &Group) -> [Result<(), Refusal>; 2] {
    let deleted = world.cell.delete_group(permit, &group.id).await;
    let seen = load(world, group).await;
    let removed = world.cell.remove_group(permit, &seen, Basis::Whole).await;
    [deleted, removed]
}

#[track_caller]
fn assert_out_of_reach(outcome: Result<(), Refusal>, what: &str) {
    let refusal = outcome.expect_err(what);
    assert!(
        matches!(refusal, Refusal::OutOfReach(_)),
        "{what}: {refusal:?}"
    );
}

async fn a_name_leads_no_administrator_into_a_group_of_theirs(world: &World) {
    let org = world.org("acme").await;
    let mut made = Vec::new();
    for name in ["Others", "IT", "Zed", "Free", "Beside"] {
        made.push(group(world, &org, name).await);
    }
    let [others, asked, zed, free, beside] = made.as_slice() else {
        panic!("five groups were made");
    };
    let manager = world.administrator(&org, "manager", Role::UserAdmin).await;
    let boss = world.administrator(&org, "boss", Role::SuperAdmin).await;
    let_administration_ask_for(world, others).await;
    let asking = ("IT", "isMemberOfGroupNameStartsWith(\"IT\")");
    rule(world, &org, asking, &[others]).await;
    let filling = ("Two", "user.login == \"nobody\"");
    rule(world, &org, filling, &[others, beside]).await;
    let theirs = groups_permit(world, &manager, Role::UserAdmin);
    for user in [&manager, &boss] {
        let added = world.cell.add_group_member(&theirs, &zed.id, &user.id);
        added.await.unwrap();
    }
    for (group, name) in [(asked, "Old"), (zed, "IT too")] {
        for outcome in rename(world, &theirs, group, name).await {
            assert_out_of_reach(outcome, name);
        }
    }
    for group in [asked, beside, others] {
        for outcome in end(world, &theirs, group).await {
            assert_out_of_reach(outcome, &group.name);
        }
    }
    walk(world).await;
    assert!(members(world, others).await.is_empty());
    assert_eq!(load(world, beside).await.name, "Beside");
    // What decides nothing is theirs as before, and so is a group of nobody, until an administrator is put into it.
    let described = Group {
        description: "The technicians".into(),
        ..load(world, asked).await
    };
    world.cell.update_group(&theirs, described).await.unwrap();
    for outcome in rename(world, &theirs, free, "Freed").await {
        outcome.unwrap();
    }
    let fresh = world.cell.create_group(&theirs, "IT three", "").await;
    let fresh = fresh.unwrap();
    let own = world.cell.add_group_member(&theirs, &fresh.id, &manager.id);
    assert_out_of_reach(own.await, "the own membership");
    let with = MembersChange::But(BTreeMap::from([(boss.id.clone(), Membership::Added)]));
    let with = world.cell.add_group(&theirs, change("IT four", with)).await;
    assert_out_of_reach(with.map(drop), "a new group with a member");
    let plain = world.person(&org, "plain").await;
    let added = world.cell.add_group_member(&theirs, &fresh.id, &plain.id);
    added.await.unwrap();
    assert_eq!(
        members(world, others).await,
        std::slice::from_ref(&plain.id)
    );
    world.cell.delete_group(&theirs, &free.id).await.unwrap();
}

async fn whoever_may_do_everything_names_groups_as_they_like(world: &World) {
    let org = world.org("acme").await;
    let (others, zed) = (
        group(world, &org, "Others").await,
        group(world, &org, "Zed").await,
    );
    let boss = world.administrator(&org, "boss", Role::SuperAdmin).await;
    let_administration_ask_for(world, &others).await;
    let asking = ("IT", "isMemberOfGroupName(\"IT\")");
    rule(world, &org, asking, &[&others]).await;
    let permit = groups_permit(world, &boss, Role::SuperAdmin);
    let added = world.cell.add_group_member(&permit, &zed.id, &boss.id);
    added.await.unwrap();
    for (name, expected) in [("IT", vec![boss.id.clone()]), ("Zed", Vec::new())] {
        for outcome in rename(world, &permit, &zed, name).await {
            outcome.unwrap();
        }
        walk(world).await;
        assert_eq!(members(world, &others).await, expected, "{name}");
    }
    world.cell.delete_group(&permit, &zed.id).await.unwrap();
}

/// By its name people are told what they are put into, and by its role they come to more.
async fn a_group_that_gives_a_role_is_described_from_above(world: &World) {
    let org = world.org("acme").await;
    let giving = group(world, &org, "Giving").await;
    let permit = world.permit(&org, Permission::ManageOrg);
    let given = world
        .cell
        .grant_group_role(&permit, &giving.id, Role::SuperAdmin);
    assert!(given.await.unwrap());
    let manager = world.administrator(&org, "manager", Role::UserAdmin).await;
    let boss = world.administrator(&org, "boss", Role::SuperAdmin).await;
    let theirs = groups_permit(world, &manager, Role::UserAdmin);
    for outcome in rename(world, &theirs, &giving, "Harmless").await {
        assert_out_of_reach(outcome, "its name");
    }
    let described = Group {
        description: "Nothing to see".into(),
        ..load(world, &giving).await
    };
    let outcome = world.cell.update_group(&theirs, described).await;
    assert_out_of_reach(outcome, "its description");
    let known = GroupChange {
        external_id: Some("G-1".into()),
        ..change("Giving", MembersChange::nothing())
    };
    let seen = load(world, &giving).await;
    let outcome = world.cell.change_group(&theirs, &seen, Basis::Name, known);
    assert_out_of_reach(outcome.await.map(drop), "its external id");
    let seen = load(world, &giving).await;
    assert_eq!(
        (seen.name.as_str(), seen.description.as_str(), seen.revision),
        ("Giving", "", giving.revision)
    );
    let permit = groups_permit(world, &boss, Role::SuperAdmin);
    for outcome in rename(world, &permit, &giving, "Given").await {
        outcome.unwrap();
    }
}

on_both_engines!(
    a_name_leads_no_administrator_into_a_group_of_theirs,
    whoever_may_do_everything_names_groups_as_they_like,
    a_group_that_gives_a_role_is_described_from_above,
);
