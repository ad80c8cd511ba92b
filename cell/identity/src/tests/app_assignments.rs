//! The people of an app, however many a group has; and secrets that are switched off and on.

use crate::access::Permission;
use crate::app::assigned::{AppPerson, Way};
use crate::app::operations::{NewApp, SECRETS_MAX};
use crate::app::settings::AppSettings;
use crate::app::{App, AppKind, AppStatus};
use crate::condition::Place;
use crate::fault::{Fault, Refusal};
use crate::for_tests::{World, on_both_engines, profile};
use crate::person::PersonStatus;
use crate::person::store::insert;
use crate::walk::EXAMINED_MAX;
use std::collections::BTreeSet;
use vocab::id::{GroupId, OrgId, UserId};
use vocab::secret::Secret;

async fn robot(world: &World, org: &OrgId) -> App {
    let new = NewApp {
        label: "Robot".into(),
        kind: AppKind::Service,
        settings: AppSettings::default(),
    };
    let permit = world.permit(org, Permission::ManageApps);
    world.cell.create_app(&permit, new).await.unwrap().app
}

/// A group with so many members.
async fn group(world: &World, org: &OrgId, name: &str, members: Vec<UserId>) -> GroupId {
    let permit = world.permit(org, Permission::ManageGroups);
    let id = world.cell.create_group(&permit, name, "").await.unwrap().id;
    let (stored, group, now) = (org.clone(), id.clone(), world.cell.now());
    world
        .write(move |tx| {
            Box::pin(async move {
                for member in members {
                    crate::group::store::insert_member(tx, &stored, &group, &member, now).await?;
                }
                Ok::<_, Fault>(())
            })
        })
        .await;
    id
}

async fn crowd(world: &World, org: &OrgId, count: usize) -> Vec<UserId> {
    let (cell, stored, now) = (world.cell.clone(), org.clone(), world.cell.now());
    world
        .write(move |tx| {
            Box::pin(async move {
                let mut ids = Vec::new();
                for number in 0..count {
                    let id = UserId::generate(cell.entropy());
                    let input = profile(&format!("p{number:05}"));
                    let status = PersonStatus::Active;
                    let added = insert(tx, &stored, &id, status, &input, now).await;
                    if let Err(Refusal::Fault(fault)) = added {
                        return Err(fault);
                    }
                    ids.push(id);
                }
                Ok(ids)
            })
        })
        .await
}

/// Everybody of an app, and how many pages it took.
async fn all(world: &World, app: &App, limit: usize) -> (Vec<AppPerson>, usize) {
    let permit = world.permit(&app.org_id, Permission::ReadDirectory);
    let (mut people, mut pages, mut after): (Vec<_>, _, Option<Place>) = (Vec::new(), 0, None);
    loop {
        let found = world
            .cell
            .list_app_people(&permit, &app.id, after, limit)
            .await
            .unwrap();
        assert!(found.people.len() <= limit);
        people.extend(found.people);
        pages += 1;
        match found.next {
            Some(next) => after = Some(next),
            None => return (people, pages),
        }
    }
}

async fn whoever_is_in_many_groups_is_listed_once_within_bounds(world: &World) {
    let org = world.org("acme").await;
    let app = robot(world, &org).await;
    let people = crowd(world, &org, EXAMINED_MAX + 10).await;
    let permit = world.permit(&org, Permission::ManageApps);
    for (name, members) in [
        ("one", &people[..]),
        ("two", &people[..]),
        ("none", &people[..0]),
    ] {
        let group = group(world, &org, name, members.to_vec()).await;
        let assigned = world.cell.assign_app_to_group(&permit, &app.id, &group);
        assigned.await.unwrap();
    }
    for person in &people[..3] {
        let assigned = world.cell.assign_app_to_person(&permit, &app.id, person);
        assigned.await.unwrap();
    }
    let (found, pages) = all(world, &app, 500).await;
    let once: BTreeSet<&UserId> = found.iter().map(|one| &one.person.id).collect();
    assert_eq!((found.len(), once.len()), (people.len(), people.len()));
    let direct = found.iter().filter(|one| one.way == Way::Direct).count();
    assert_eq!(direct, 3);
    // The members of the second group have all been met, and a page looks at no more than so many of them.
    assert!(pages >= 6, "{pages}");
    let reader = world.permit(&org, Permission::ReadDirectory);
    let one = world
        .cell
        .find_app_person(&reader, &app.id, &people[5])
        .await
        .unwrap();
    assert!(matches!(one.way, Way::Group(_)));
    let stranger = crowd_of_one(world, &org).await;
    let none = world
        .cell
        .find_app_person(&reader, &app.id, &stranger)
        .await;
    assert!(matches!(none, Err(Refusal::NotFound)));
}

async fn crowd_of_one(world: &World, org: &OrgId) -> UserId {
    world.person(org, "stranger").await.id
}

async fn one_secret_stays_even_when_raced(world: &World) {
    let org = world.org("acme").await;
    let (app, permit) = (
        robot(world, &org).await,
        world.permit(&org, Permission::ManageApps),
    );
    let reader = world.permit(&org, Permission::ReadDirectory);
    let second = world.cell.add_app_secret(&permit, &app.id).await.unwrap();
    let known = world.cell.list_app_secrets(&reader, &app.id).await.unwrap();
    let first = known.iter().find(|known| known.id != second.id).unwrap();
    let (one, other) = tokio::join!(
        world
            .cell
            .deactivate_app_secret(&permit, &app.id, &first.id),
        world
            .cell
            .deactivate_app_secret(&permit, &app.id, &second.id),
    );
    assert_eq!([&one, &other].iter().filter(|done| done.is_ok()).count(), 1);
    let refused = one.err().or(other.err()).unwrap();
    assert!(matches!(refused, Refusal::WrongState(_)), "{refused:?}");
    let known = world.cell.list_app_secrets(&reader, &app.id).await.unwrap();
    let active = known.iter().filter(|one| one.status == AppStatus::Active);
    assert_eq!((known.len(), active.count()), (2, 1));
    let full = world.cell.add_app_secret(&permit, &app.id).await;
    assert!(matches!(full.map(|_| ()), Err(Refusal::TooMany { .. })));
    // What the operator declares makes room by what is switched off.
    let declared = Secret::new("a".repeat(40));
    let done = world.cell.declare_app_secret(&permit, &app.id, declared);
    done.await.unwrap();
    let known = world.cell.list_app_secrets(&reader, &app.id).await.unwrap();
    assert!(known.len() == SECRETS_MAX && known.iter().all(|one| one.status == AppStatus::Active));
    world.cell.deactivate_app(&permit, &app.id).await.unwrap();
    let off = &known[0].id;
    world
        .cell
        .deactivate_app_secret(&permit, &app.id, off)
        .await
        .unwrap();
    world.cell.delete_app(&permit, &app.id).await.unwrap();
    let mut tx = world.cell.database.read().await.unwrap();
    let left = crate::app::secrets::store::load_all(&mut tx, &org, &app.id).await;
    assert!(left.unwrap().is_empty(), "nothing is left of an app");
}

on_both_engines!(
    whoever_is_in_many_groups_is_listed_once_within_bounds,
    one_secret_stays_even_when_raced,
);
