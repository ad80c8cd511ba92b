//! Who somebody is linked to, read for all relations at once.

use crate::access::{Permission, Permit};
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::linked_object::End;
use vocab::id::{OrgId, UserId};

fn permit(world: &World, org: &OrgId, permission: Permission) -> Permit {
    world.permit(org, permission)
}

async fn relate(world: &World, org: &OrgId, primary: &str, associated: &str) {
    let end = |name: &str| End {
        name: name.to_owned(),
        title: name.to_owned(),
        description: String::new(),
    };
    let by = permit(world, org, Permission::ManageOrg);
    let made = world
        .cell
        .create_linked_object(&by, end(primary), end(associated));
    made.await.unwrap();
}

/// Each relation with who is at its primary end, if anybody is; nothing of removed relations, of removed people, or of another org.
async fn every_relation_is_told_with_its_primary(world: &World) {
    let (acme, globex) = (world.org("acme").await, world.org("globex").await);
    let ada = world.person(&acme, "ada@example.com").await.id;
    let boss = world.person(&acme, "boss@example.com").await.id;
    relate(world, &acme, "manager", "subordinate").await;
    relate(world, &acme, "mentor", "student").await;
    relate(world, &globex, "manager", "subordinate").await;
    let (reader, people) = (
        permit(world, &acme, Permission::ReadDirectory),
        permit(world, &acme, Permission::ManagePeople),
    );
    let primaries = async |user: &UserId| {
        let listed = world.cell.list_primaries(&reader, user).await.unwrap();
        let mut listed: Vec<(String, Option<UserId>)> = listed
            .into_iter()
            .map(|(relation, primary)| (relation.primary.name, primary))
            .collect();
        listed.sort();
        listed
    };
    let none = [("manager".to_owned(), None), ("mentor".to_owned(), None)];
    assert_eq!(primaries(&ada).await, none);
    let linked = world.cell.link_primary(&people, (&ada, "manager", &boss));
    linked.await.unwrap();
    let of_ada = [
        ("manager".to_owned(), Some(boss.clone())),
        ("mentor".to_owned(), None),
    ];
    assert_eq!(primaries(&ada).await, of_ada);
    assert_eq!(primaries(&boss).await, none);
    let theirs = permit(world, &globex, Permission::ReadDirectory);
    let listed = world.cell.list_primaries(&theirs, &ada).await.unwrap();
    assert!(listed.iter().all(|(_, primary)| primary.is_none()));
    let both = [boss, ada.clone()];
    let found = world.cell.find_people(&reader, &both).await.unwrap();
    assert_eq!(found.len(), 2);
    let found = world.cell.find_people(&theirs, &both).await.unwrap();
    assert!(found.is_empty());
    let refused = world.cell.list_primaries(&people, &ada).await;
    assert!(matches!(refused, Err(Refusal::Forbidden)));
    let by = permit(world, &acme, Permission::ManageOrg);
    let removed = world.cell.delete_linked_object(&by, "manager").await;
    removed.unwrap();
    assert_eq!(primaries(&ada).await, [("mentor".to_owned(), None)]);
}

on_both_engines!(every_relation_is_told_with_its_primary);
