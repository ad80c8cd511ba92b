//! One name leads to one person: what is somebody's mail address is nobody else's login, and the other way round.

use crate::access::Permission;
use crate::credential::password::PasswordRefusal;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines, profile};
use crate::person::PersonStatus;
use crate::person::change::PersonChange;
use crate::person::creation::{Beginning, NewPerson};
use crate::person::profile::ProfileInput;
use crate::person::store;
use crate::tests::sign_in::context;
use crate::tests::store::put_login;
use std::sync::Arc;
use vocab::id::OrgId;

const RACES: u32 = 8;

fn named(login: &str, email: &str) -> ProfileInput {
    ProfileInput {
        email: email.into(),
        ..profile(login)
    }
}

fn whole(profile: ProfileInput) -> NewPerson {
    NewPerson {
        profile,
        external_id: None,
        password: None,
        groups: None,
        type_id: None,
        beginning: Beginning::Staged,
        invited_by: None,
    }
}

/// The field that is taken.
fn taken(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Taken { field } => field,
        other => panic!("{other:?}"),
    }
}

async fn who_is_found(world: &World, org: &OrgId, typed: &str) -> String {
    let mut tx = world.cell.database.read().await.unwrap();
    let found = store::find_by_identifier(&mut tx, org, typed).await;
    found.unwrap().unwrap().login
}

async fn no_new_name_leads_to_somebody_else(world: &World) {
    let (org, other) = (world.org("acme").await, world.org("globex").await);
    let permit = world.permit(&org, Permission::ManagePeople);
    let create = async |login: &str, email: &str| {
        world.cell.create_person(&permit, named(login, email)).await
    };
    create("ada", "ada@example.com").await.unwrap();
    create("bob@example.com", "bob@example.com").await.unwrap();
    let rows = world.log_rows(&org).await;
    for (login, email, field) in [
        ("ADA@example.com", "eve@example.com", "login"),
        (" ada@example.com ", "ada@example.com", "login"),
        ("bob@example.com", "bob@example.com", "login"),
        ("eve", "Bob@Example.com", "email"),
    ] {
        let refused = create(login, email).await.unwrap_err();
        assert_eq!(taken(refused), field, "{login} {email}");
        let added = world
            .cell
            .add_person(&permit, whole(named(login, email)))
            .await;
        match added {
            Err(PasswordRefusal::Refused(refused)) => assert_eq!(taken(refused), field),
            _ => panic!("{login} {email} is added"),
        }
    }
    assert_eq!(world.log_rows(&org).await, rows);
    assert_eq!(who_is_found(world, &org, "ada@example.com").await, "ada");
    // What is shared is nobody's login, and what is another org's is nobody's here.
    create("ada2", "ada@example.com").await.unwrap();
    world.person(&other, "ada@example.com").await;
}

async fn no_changed_name_leads_to_somebody_else(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManagePeople);
    world.person(&org, "ada").await;
    world.person(&org, "bob@example.com").await;
    let eve = world.person(&org, "eve").await;
    let context = Arc::new(context(&org));
    let rows = world.log_rows(&org).await;
    for (login, email, field) in [
        ("ada@example.com", "eve@example.com", "login"),
        ("ADA", "eve@example.com", "login"),
        ("eve", "bob@example.com", "email"),
    ] {
        let input = named(login, email);
        let changed = world
            .cell
            .update_person(&permit, &eve.id, eve.revision, input.clone())
            .await;
        assert_eq!(taken(changed.unwrap_err()), field, "{login} {email}");
        let change = PersonChange {
            profile: input,
            external_id: None,
            password: None,
            belongs: None,
            invited_by: Arc::clone(&context),
        };
        let changed = world
            .cell
            .change_person(&permit, &eve.id, eve.revision, change)
            .await;
        match changed {
            Err(PasswordRefusal::Refused(refused)) => assert_eq!(taken(refused), field),
            _ => panic!("{login} {email} is taken"),
        }
    }
    assert_eq!(world.log_rows(&org).await, rows);
    assert_eq!(world.load(&org, &eve.id).await.revision, eve.revision);
    // One's own address is a good login.
    let own = named("eve@example.com", "eve@example.com");
    let changed = world
        .cell
        .update_person(&permit, &eve.id, eve.revision, own);
    changed.await.unwrap();
}

async fn what_led_to_two_before_can_be_changed_and_mended(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManagePeople);
    let ada = world.person(&org, "ada").await;
    let eve = world.person(&org, "eve").await;
    put_login(world, &eve, "ada@example.com").await;
    let renamed = |login: &str, email: &str| ProfileInput {
        last_name: "King".into(),
        ..named(login, email)
    };
    for (person, login, email) in [
        (&ada, "ada", "ada@example.com"),
        (&ada, "Ada", "Ada@example.com"),
        (&eve, "ada@example.com", "eve@example.com"),
        (&eve, "eve", "eve@example.com"),
    ] {
        let revision = world.load(&org, &person.id).await.revision;
        let changed = world
            .cell
            .update_person(&permit, &person.id, revision, renamed(login, email))
            .await;
        changed.unwrap();
        let seen = world.load(&org, &person.id).await;
        assert_eq!((&*seen.login, &*seen.last_name), (login, "King"));
        assert_eq!(seen.status, PersonStatus::Active);
    }
    assert_eq!(who_is_found(world, &org, "ada@example.com").await, "Ada");
}

async fn of_two_who_take_one_name_at_once_one_is_refused(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManagePeople);
    for race in 0..RACES {
        let name = format!("one{race}@example.com");
        let eve = world.person(&org, &format!("eve{race}")).await;
        let as_login = named(&name, &format!("ada{race}@example.com"));
        let as_email = named(&format!("bob{race}"), &name);
        let changed = named(&eve.login, &name);
        let (one, two, three) = tokio::join!(
            world.cell.create_person(&permit, as_login),
            world.cell.create_person(&permit, as_email),
            world
                .cell
                .update_person(&permit, &eve.id, eve.revision, changed),
        );
        // Two may share an address.
        assert_eq!(two.is_ok(), three.is_ok(), "{two:?} {three:?}");
        assert_ne!(one.is_ok(), two.is_ok(), "{one:?} {two:?}");
        for refused in [one.err(), two.err(), three.err()].into_iter().flatten() {
            taken(refused);
        }
    }
}

on_both_engines!(
    no_new_name_leads_to_somebody_else,
    no_changed_name_leads_to_somebody_else,
    what_led_to_two_before_can_be_changed_and_mended,
    of_two_who_take_one_name_at_once_one_is_refused,
);
