//! Logins and mail addresses that look like another: nobody comes to one, whichever way; who has one from before keeps it.

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
use std::sync::Arc;
use vocab::id::{OrgId, UserId};

const TWINS: [&str; 6] = [
    "ada\u{200b}@example.com",
    "ada\u{ad}@example.com",
    "ada@example.com\u{feff}",
    "\u{ff41}da@example.com",
    "ada@example\u{202e}.com",
    "ada\u{e000}@example.com",
];

/// A profile of Bob with the twin in one field, and the name of the field.
fn disguised(twin: &str) -> [(ProfileInput, &'static str); 2] {
    let bob = profile("bob@example.com");
    [
        (
            ProfileInput {
                login: twin.into(),
                ..bob.clone()
            },
            "login",
        ),
        (
            ProfileInput {
                email: twin.into(),
                ..bob
            },
            "email",
        ),
    ]
}

fn field_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Invalid { field, .. } => field,
        other => panic!("{other:?}"),
    }
}

async fn nobody_is_added_or_changed_to_what_looks_like_another(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManagePeople);
    world.person(&org, "ada@example.com").await;
    let bob = world.person(&org, "bob@example.com").await;
    let context = Arc::new(context(&org));
    let rows = world.log_rows(&org).await;
    for twin in TWINS {
        for (input, field) in disguised(twin) {
            let added = world.cell.create_person(&permit, input.clone()).await;
            assert_eq!(field_of(&added.unwrap_err()), field);
            let whole = NewPerson {
                profile: input.clone(),
                external_id: None,
                password: None,
                groups: None,
                type_id: None,
                beginning: Beginning::Staged,
                invited_by: None,
            };
            match world.cell.add_person(&permit, whole).await {
                Err(PasswordRefusal::Refused(refusal)) => assert_eq!(field_of(&refusal), field),
                _ => panic!("{} is added", twin.escape_unicode()),
            }
            let seen = (&bob.id, bob.revision);
            let changed = world
                .cell
                .update_person(&permit, seen.0, seen.1, input.clone());
            assert_eq!(field_of(&changed.await.unwrap_err()), field);
            let change = PersonChange {
                profile: input,
                external_id: None,
                password: None,
                belongs: None,
                invited_by: Arc::clone(&context),
            };
            match world
                .cell
                .change_person(&permit, seen.0, seen.1, change)
                .await
            {
                Err(PasswordRefusal::Refused(refusal)) => assert_eq!(field_of(&refusal), field),
                _ => panic!("{} is taken", twin.escape_unicode()),
            }
        }
    }
    assert_eq!(world.log_rows(&org).await, rows);
    assert_eq!(world.load(&org, &bob.id).await.revision, bob.revision);
}

/// Somebody whose login and address were let once.
async fn stored(world: &World, org: &OrgId, name: &str) -> UserId {
    let id = UserId::generate(world.cell.entropy());
    let (org, user, now) = (org.clone(), id.clone(), world.cell.now());
    let input = ProfileInput {
        login: name.into(),
        email: name.into(),
        ..profile("ada")
    };
    world
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                store::insert(tx, &org, &user, PersonStatus::Active, &input, now).await
            })
        })
        .await
        .unwrap();
    id
}

async fn who_has_such_a_login_is_found_by_it_and_can_be_changed(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManagePeople);
    for twin in TWINS {
        let id = stored(world, &org, twin).await;
        {
            let mut tx = world.cell.database.read().await.unwrap();
            let found = store::find_by_identifier(&mut tx, &org, twin).await;
            assert_eq!(found.unwrap().unwrap().id, id);
        }
        let kept = ProfileInput {
            login: twin.into(),
            email: twin.into(),
            last_name: "King".into(),
            ..profile("ada")
        };
        world
            .cell
            .update_person(&permit, &id, 1, kept)
            .await
            .unwrap();
        let person = world.load(&org, &id).await;
        assert_eq!((&*person.login, &*person.last_name), (twin, "King"));
    }
}

on_both_engines!(
    nobody_is_added_or_changed_to_what_looks_like_another,
    who_has_such_a_login_is_found_by_it_and_can_be_changed,
);
