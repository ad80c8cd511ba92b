//! Groups: names, members, removal.

use crate::access::Permission;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::group::{Group, store};

async fn names_are_unique_and_stale_changes_refused(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageGroups);
    let group = world
        .cell
        .create_group(&permit, " Sales ", "")
        .await
        .unwrap();
    assert_eq!(group.name, "Sales");
    let taken = world
        .cell
        .create_group(&permit, "sales", "")
        .await
        .unwrap_err();
    assert!(matches!(taken, Refusal::Taken { field: "name" }));
    assert!(matches!(
        world.cell.create_group(&permit, " ", "").await.unwrap_err(),
        Refusal::Invalid { .. }
    ));
    let renamed = Group {
        name: "Field sales".into(),
        ..group.clone()
    };
    world
        .cell
        .update_group(&permit, renamed.clone())
        .await
        .unwrap();
    assert!(matches!(
        world.cell.update_group(&permit, renamed).await.unwrap_err(),
        Refusal::Changed
    ));
    let mut tx = world.cell.database.read().await.unwrap();
    let stored = store::find_by_name(&mut tx, &org, "FIELD SALES")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((stored.id, stored.revision), (group.id, 2));
}

async fn members_are_counted_once_and_leave_with_the_group(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageGroups);
    let group = world.cell.create_group(&permit, "Sales", "").await.unwrap();
    let mut members = Vec::new();
    for number in 0..7 {
        let person = world.person(&org, &format!("p{number}")).await;
        world
            .cell
            .add_group_member(&permit, &group.id, &person.id)
            .await
            .unwrap();
        members.push(person.id);
    }
    let rows = world.log_rows(&org).await;
    world
        .cell
        .add_group_member(&permit, &group.id, &members[0])
        .await
        .unwrap();
    assert_eq!(
        world.log_rows(&org).await,
        rows,
        "nothing happened, so nothing is logged"
    );
    members.sort();
    let mut tx = world.cell.database.read().await.unwrap();
    let (mut listed, mut after) = (Vec::new(), String::new());
    loop {
        let page = store::load_members(&mut tx, &org, &group.id, &after, 3)
            .await
            .unwrap();
        let Some((last, _)) = page.last() else { break };
        after = last.to_string();
        listed.extend(page.into_iter().map(|(id, _)| id));
    }
    assert_eq!(listed, members);
    assert_eq!(
        store::load_of_person(&mut tx, &org, &members[0], "", 10)
            .await
            .unwrap()
            .len(),
        1
    );
    drop(tx);
    world
        .cell
        .remove_group_member(&permit, &group.id, &members[0])
        .await
        .unwrap();
    let mut tx = world.cell.database.read().await.unwrap();
    assert!(
        !store::is_member(&mut tx, &org, &group.id, &members[0])
            .await
            .unwrap()
    );
    drop(tx);
    world.cell.delete_group(&permit, &group.id).await.unwrap();
    let mut tx = world.cell.database.read().await.unwrap();
    assert!(
        store::load_of_person(&mut tx, &org, &members[1], "", 10)
            .await
            .unwrap()
            .is_empty()
    );
    drop(tx);
    assert!(matches!(
        world
            .cell
            .delete_group(&permit, &group.id)
            .await
            .unwrap_err(),
        Refusal::NotFound
    ));
}

async fn pages_follow_the_name(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageGroups);
    for name in ["Eng", "engineering", "Sales", "ENG-2"] {
        world.cell.create_group(&permit, name, "").await.unwrap();
    }
    let mut tx = world.cell.database.read().await.unwrap();
    let names = |groups: Vec<Group>| {
        groups
            .into_iter()
            .map(|group| group.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(store::load_page(&mut tx, &org, "", "", 10).await.unwrap()),
        ["Eng", "ENG-2", "engineering", "Sales"]
    );
    assert_eq!(
        names(
            store::load_page(&mut tx, &org, "eng", "eng", 1)
                .await
                .unwrap()
        ),
        ["ENG-2"]
    );
    assert_eq!(
        names(store::load_page(&mut tx, &org, "s", "", 10).await.unwrap()),
        ["Sales"]
    );
}

on_both_engines!(
    names_are_unique_and_stale_changes_refused,
    members_are_counted_once_and_leave_with_the_group,
    pages_follow_the_name,
);
