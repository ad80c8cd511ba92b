//! Roles over a part of the org and what happens at the same moment: of two acts one is first, and nothing is left of the
//! other.

use crate::access::custom::capability::Capability;
use crate::access::custom::store::bindings;
use crate::access::custom::{Holder, Named, Resource};
use crate::access::narrowed::{RoleHolder, RoleTarget, store as narrowed};
use crate::access::{Permission, Permit, Role};
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use vocab::id::GroupId;

const ROUNDS: usize = 12;

async fn team(world: &World, permit: &Permit, name: &str) -> GroupId {
    let made = world.cell.create_group(permit, name, "").await;
    made.unwrap().id
}

/// A group that ends while it is given a role is gone with it, or is not given it.
async fn a_group_ends_and_is_given_a_role_at_once(world: &World) {
    let org = world.org("acme").await;
    let (org_permit, groups) = (
        world.permit(&org, Permission::ManageOrg),
        world.permit(&org, Permission::ManageGroups),
    );
    let cell = &world.cell;
    let named = || Named {
        label: String::from("Clerks"),
        description: String::new(),
    };
    let permissions = [Capability::UsersRead].into();
    let role = cell.create_custom_role(&org_permit, named(), permissions);
    let role = role.await.unwrap().id;
    let resources = [Resource::Users].into();
    let set = cell.create_resource_set(&org_permit, named(), resources);
    let set = set.await.unwrap().id;
    for round in 0..ROUNDS {
        let group = team(world, &groups, &format!("Team {round}")).await;
        let holder = Holder::Group(group.clone());
        let (bound, deleted) = tokio::join!(
            cell.bind_role(&org_permit, (&role, &set), [holder.clone()].into()),
            cell.delete_group(&groups, &group),
        );
        deleted.unwrap();
        match bound {
            Ok(bound) => assert_eq!(bound.len(), 1),
            Err(Refusal::Invalid { field, .. }) => assert_eq!(field, "members"),
            other => panic!("{other:?}"),
        }
        let mut tx = cell.database.read().await.unwrap();
        let left = bindings::load_of_holder(&mut tx, &org, &holder).await;
        assert_eq!(left.unwrap(), []);
        assert!(
            !bindings::is_group_holder(&mut tx, &org, group.as_str())
                .await
                .unwrap()
        );
    }
}

/// Whoever is no super administrator ends no group that gives a role, however closely the two come.
async fn a_group_with_a_role_is_not_ended_by_others(world: &World) {
    let org = world.org("acme").await;
    let admin = world.administrator(&org, "ulla", Role::UserAdmin).await;
    let ends = world.permit_of(&admin, &[Role::UserAdmin], Permission::ManageGroups);
    let (org_permit, groups) = (
        world.permit(&org, Permission::ManageOrg),
        world.permit(&org, Permission::ManageGroups),
    );
    let cell = &world.cell;
    for round in 0..ROUNDS {
        let group = team(world, &groups, &format!("Team {round}")).await;
        let (given, deleted) = tokio::join!(
            cell.grant_group_role(&org_permit, &group, Role::SuperAdmin),
            cell.delete_group(&ends, &group),
        );
        match (given, deleted) {
            (Ok(true), Err(Refusal::OutOfReach(_))) | (Err(Refusal::NotFound), Ok(())) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// A target that ends while it is added is no target, and the role is narrowed all the same, or stays what it was.
async fn a_target_ends_and_is_added_at_once(world: &World) {
    let org = world.org("acme").await;
    let (org_permit, groups) = (
        world.permit(&org, Permission::ManageOrg),
        world.permit(&org, Permission::ManageGroups),
    );
    let cell = &world.cell;
    for round in 0..ROUNDS {
        let person = world
            .administrator(&org, &format!("nora{round}"), Role::UserAdmin)
            .await;
        let group = team(world, &groups, &format!("Team {round}")).await;
        let holder = RoleHolder::User(person.id.clone());
        let (held, target) = ((&holder, Role::UserAdmin), RoleTarget::Group(group.clone()));
        let (added, deleted) = tokio::join!(
            cell.add_role_target(&org_permit, held, target),
            cell.delete_group(&groups, &group),
        );
        deleted.unwrap();
        let mut tx = cell.database.read().await.unwrap();
        let whole = crate::person::store::load_roles(&mut tx, &org, &person.id)
            .await
            .unwrap();
        let since = narrowed::load_since(&mut tx, &org, held).await.unwrap();
        match added {
            Ok(()) => assert_eq!((whole.len(), since.is_some()), (0, true)),
            Err(Refusal::NotFound) => assert_eq!((whole.len(), since.is_some()), (1, false)),
            other => panic!("{other:?}"),
        }
        let left = narrowed::load_targets(&mut tx, &org, held).await.unwrap();
        assert_eq!(left, []);
    }
}

/// Of two who narrow one role at once, both are heard.
async fn two_narrow_one_role_at_once(world: &World) {
    let org = world.org("acme").await;
    let (org_permit, groups) = (
        world.permit(&org, Permission::ManageOrg),
        world.permit(&org, Permission::ManageGroups),
    );
    let cell = &world.cell;
    for round in 0..ROUNDS {
        let person = world
            .administrator(&org, &format!("nora{round}"), Role::HelpDeskAdmin)
            .await;
        let mut made = Vec::new();
        for name in ["Samos", "Naxos"] {
            let group = team(world, &groups, &format!("{name} {round}")).await;
            made.push(RoleTarget::Group(group));
        }
        let holder = RoleHolder::User(person.id.clone());
        let held = (&holder, Role::HelpDeskAdmin);
        let (first, second) = tokio::join!(
            cell.add_role_target(&org_permit, held, made[0].clone()),
            cell.add_role_target(&org_permit, held, made[1].clone()),
        );
        first.unwrap();
        second.unwrap();
        // And of two who remove the two of them, one is told that the last one stays.
        let (first, second) = tokio::join!(
            cell.remove_role_target(&org_permit, held, made[0].clone()),
            cell.remove_role_target(&org_permit, held, made[1].clone()),
        );
        let is_last = |outcome: &Result<(), Refusal>| {
            matches!(
                outcome,
                Err(Refusal::Invalid {
                    field: "target",
                    ..
                })
            )
        };
        assert_ne!(is_last(&first), is_last(&second), "{first:?} {second:?}");
        let mut tx = cell.database.read().await.unwrap();
        let left = narrowed::load_targets(&mut tx, &org, held).await.unwrap();
        assert_eq!(left.len(), 1);
    }
}

on_both_engines! {
    a_group_ends_and_is_given_a_role_at_once,
    a_group_with_a_role_is_not_ended_by_others,
    a_target_ends_and_is_added_at_once,
    two_narrow_one_role_at_once,
}
