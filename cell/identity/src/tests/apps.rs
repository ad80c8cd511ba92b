//! Apps: secrets, states, cached copies, assignments, and the policy that an app names.

use crate::access::Permission;
use crate::app::operations::{AppChange, CreatedApp, NewApp, SECRET_PREFIX};
use crate::app::settings::{AppSettings, Assignment};
use crate::app::{App, AppKind, AppStatus, store};
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::person::Person;
use std::sync::Arc;
use vocab::id::{OrgId, PolicyId};
use vocab::secret::SecretHash;

async fn create(world: &World, org: &OrgId, kind: AppKind, label: &str) -> CreatedApp {
    let redirect_uris = match kind {
        AppKind::Service => Vec::new(),
        _ => vec![String::from("https://app.example.com/callback")],
    };
    let settings = AppSettings {
        redirect_uris,
        ..AppSettings::default()
    };
    let new = NewApp {
        label: label.to_owned(),
        kind,
        settings,
    };
    world
        .cell
        .create_app(&world.permit(org, Permission::ManageApps), new)
        .await
        .unwrap()
}

async fn cached(world: &World, app: &App) -> Option<Arc<App>> {
    world.cell.app(&app.org_id, &app.id).await.unwrap()
}

fn as_change(app: &App) -> AppChange {
    AppChange {
        label: app.label.clone(),
        settings: app.settings.clone(),
        policy_id: app.policy_id.clone(),
    }
}

async fn a_secret_is_shown_once_and_only_to_who_needs_one(world: &World) {
    let org = world.org("acme").await;
    for (kind, has_secret) in [
        (AppKind::Web, true),
        (AppKind::Service, true),
        (AppKind::SinglePage, false),
        (AppKind::Native, false),
    ] {
        let made = create(world, &org, kind, kind.as_str()).await;
        assert_eq!(made.secret.is_some(), has_secret, "{kind:?}");
        let stored = cached(world, &made.app).await.unwrap();
        assert_eq!(stored.settings, made.app.settings);
        match made.secret {
            Some(secret) => {
                assert!(secret.expose().starts_with(SECRET_PREFIX));
                assert_eq!(stored.secrets, [SecretHash::of(secret.expose())]);
            }
            None => assert!(stored.secrets.is_empty()),
        }
    }
    let again = NewApp {
        label: "WEB".into(),
        kind: AppKind::Service,
        settings: AppSettings::default(),
    };
    let taken = world
        .cell
        .create_app(&world.permit(&org, Permission::ManageApps), again)
        .await;
    assert!(matches!(
        taken.map(|made| made.app),
        Err(Refusal::Taken { field: "label" })
    ));
}

async fn a_change_is_seen_at_once_and_a_stale_one_refused(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageApps);
    let app = create(world, &org, AppKind::Web, "Wiki").await.app;
    assert_eq!(cached(world, &app).await.unwrap().label, "Wiki");
    let change = AppChange {
        label: "Handbook".into(),
        ..as_change(&app)
    };
    world
        .cell
        .update_app(&permit, &app.id, app.revision, change.clone())
        .await
        .unwrap();
    assert_eq!(cached(world, &app).await.unwrap().label, "Handbook");
    let stale = world
        .cell
        .update_app(&permit, &app.id, app.revision, change)
        .await
        .unwrap_err();
    assert!(matches!(stale, Refusal::Changed));
    let mut bad = as_change(&app);
    bad.settings.redirect_uris.clear();
    let refused = world
        .cell
        .update_app(&permit, &app.id, 2, bad)
        .await
        .unwrap_err();
    assert!(matches!(
        refused,
        Refusal::Invalid {
            field: "redirect_uris",
            ..
        }
    ));
}

async fn an_app_is_switched_off_before_it_is_deleted(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageApps);
    let app = create(world, &org, AppKind::Web, "Wiki").await.app;
    assert_eq!(cached(world, &app).await.unwrap().status, AppStatus::Active);
    let early = world.cell.delete_app(&permit, &app.id).await.unwrap_err();
    assert!(matches!(early, Refusal::WrongState(_)));
    world.cell.deactivate_app(&permit, &app.id).await.unwrap();
    assert_eq!(
        cached(world, &app).await.unwrap().status,
        AppStatus::Inactive
    );
    let rows = world.log_rows(&org).await;
    world.cell.deactivate_app(&permit, &app.id).await.unwrap();
    assert_eq!(world.log_rows(&org).await, rows);
    world.cell.activate_app(&permit, &app.id).await.unwrap();
    assert_eq!(cached(world, &app).await.unwrap().status, AppStatus::Active);
    world.cell.deactivate_app(&permit, &app.id).await.unwrap();
    world.cell.delete_app(&permit, &app.id).await.unwrap();
    assert!(cached(world, &app).await.is_none());
    assert!(matches!(
        world.cell.delete_app(&permit, &app.id).await.unwrap_err(),
        Refusal::NotFound
    ));
}

async fn two_secrets_at_most_even_when_raced(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageApps);
    let app = create(world, &org, AppKind::Service, "Robot").await.app;
    let (one, two, three) = tokio::join!(
        world.cell.add_app_secret(&permit, &app.id),
        world.cell.add_app_secret(&permit, &app.id),
        world.cell.add_app_secret(&permit, &app.id),
    );
    let mut added = Vec::new();
    for outcome in [one, two, three] {
        match outcome {
            Ok(secret) => added.push(secret),
            Err(refusal) => assert!(matches!(refusal, Refusal::TooMany { .. }), "{refusal:?}"),
        }
    }
    let [added] = added.as_slice() else {
        panic!("{} were added", added.len())
    };
    let hash = SecretHash::of(added.secret.expose());
    assert!(cached(world, &app).await.unwrap().secrets.contains(&hash));
    world
        .cell
        .remove_app_secret(&permit, &app.id, &added.id)
        .await
        .unwrap();
    assert!(!cached(world, &app).await.unwrap().secrets.contains(&hash));
    let twice = world
        .cell
        .remove_app_secret(&permit, &app.id, &added.id)
        .await
        .unwrap_err();
    assert!(matches!(twice, Refusal::NotFound));
    let public = create(world, &org, AppKind::Native, "Reader").await.app;
    let refused = world
        .cell
        .add_app_secret(&permit, &public.id)
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(refused, Refusal::WrongState(_)));
}

async fn labels(world: &World, person: &Person) -> Vec<String> {
    let mut tx = world.cell.database.read().await.unwrap();
    let apps = store::load_for_person(&mut tx, &person.org_id, &person.id, 10)
        .await
        .unwrap();
    apps.into_iter().map(|app| app.label).collect()
}

async fn everyone_starts_an_app_that_is_open_to_all(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageApps);
    let ada = world.person(&org, "ada").await;
    let open = create(world, &org, AppKind::Web, "Open").await.app;
    create(world, &org, AppKind::Web, "Nobody's").await;
    assert!(labels(world, &ada).await.is_empty());
    let mut change = as_change(&open);
    change.settings.visibility = Assignment::Everyone;
    world
        .cell
        .update_app(&permit, &open.id, open.revision, change)
        .await
        .unwrap();
    assert_eq!(labels(world, &ada).await, ["Open"]);
    world.cell.deactivate_app(&permit, &open.id).await.unwrap();
    assert!(labels(world, &ada).await.is_empty());
}

async fn people_start_what_is_assigned_to_them(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageApps);
    let groups = world.permit(&org, Permission::ManageGroups);
    let (ada, eve) = (
        world.person(&org, "ada").await,
        world.person(&org, "eve").await,
    );
    let group = world.cell.create_group(&groups, "Sales", "").await.unwrap();
    world
        .cell
        .add_group_member(&groups, &group.id, &ada.id)
        .await
        .unwrap();
    let direct = create(world, &org, AppKind::Web, "A direct").await.app;
    let through = create(world, &org, AppKind::Web, "B through a group")
        .await
        .app;
    world
        .cell
        .assign_app_to_person(&permit, &direct.id, &ada.id)
        .await
        .unwrap();
    world
        .cell
        .assign_app_to_group(&permit, &through.id, &group.id)
        .await
        .unwrap();
    let rows = world.log_rows(&org).await;
    world
        .cell
        .assign_app_to_person(&permit, &direct.id, &ada.id)
        .await
        .unwrap();
    assert_eq!(world.log_rows(&org).await, rows);
    assert_eq!(labels(world, &ada).await, ["A direct", "B through a group"]);
    assert!(labels(world, &eve).await.is_empty());
    let mut tx = world.cell.database.read().await.unwrap();
    assert!(
        store::is_assigned(&mut tx, &org, &through.id, &ada.id)
            .await
            .unwrap()
    );
    assert!(
        !store::is_assigned(&mut tx, &org, &through.id, &eve.id)
            .await
            .unwrap()
    );
    let people = store::load_assigned_people(&mut tx, &org, &direct.id, "", 10)
        .await
        .unwrap();
    let assigned = store::load_assigned_groups(&mut tx, &org, &through.id, "", 10)
        .await
        .unwrap();
    assert_eq!((people.len(), assigned.len()), (1, 1));
    drop(tx);
    world
        .cell
        .unassign_app_from_person(&permit, &direct.id, &ada.id)
        .await
        .unwrap();
    world
        .cell
        .unassign_app_from_group(&permit, &through.id, &group.id)
        .await
        .unwrap();
    assert!(labels(world, &ada).await.is_empty());
}

async fn a_policy_that_an_app_names_must_be_and_stay(world: &World) {
    let org = world.org("acme").await;
    let (permit, policies) = (
        world.permit(&org, Permission::ManageApps),
        world.permit(&org, Permission::ManagePolicies),
    );
    let (_, preset) = crate::sign_on::presets::app_policy(
        PolicyId::generate(world.cell.entropy()),
        world.cell.entropy(),
    );
    let policy = world
        .cell
        .create_policy(&policies, "Finance", preset.rules)
        .await
        .unwrap();
    let app = create(world, &org, AppKind::Web, "Books").await.app;
    let unknown = AppChange {
        policy_id: Some(PolicyId::generate(world.cell.entropy())),
        ..as_change(&app)
    };
    let refused = world
        .cell
        .update_app(&permit, &app.id, app.revision, unknown)
        .await
        .unwrap_err();
    assert!(matches!(
        refused,
        Refusal::Invalid {
            field: "policy_id",
            ..
        }
    ));
    let org_policy = world
        .cell
        .snapshot(&org)
        .await
        .unwrap()
        .unwrap()
        .org_policy
        .id
        .clone();
    let of_the_org = AppChange {
        policy_id: Some(org_policy),
        ..as_change(&app)
    };
    assert!(
        world
            .cell
            .update_app(&permit, &app.id, app.revision, of_the_org)
            .await
            .is_err()
    );
    let named = AppChange {
        policy_id: Some(policy.id.clone()),
        ..as_change(&app)
    };
    world
        .cell
        .update_app(&permit, &app.id, app.revision, named)
        .await
        .unwrap();
    assert_eq!(
        cached(world, &app).await.unwrap().policy_id,
        Some(policy.id.clone())
    );
    let refused = world
        .cell
        .delete_policy(&policies, &policy.id)
        .await
        .unwrap_err();
    assert!(matches!(refused, Refusal::WrongState(_)));
    world
        .cell
        .update_app(&permit, &app.id, app.revision + 1, as_change(&app))
        .await
        .unwrap();
    world
        .cell
        .delete_policy(&policies, &policy.id)
        .await
        .unwrap();
}

on_both_engines!(
    a_secret_is_shown_once_and_only_to_who_needs_one,
    a_change_is_seen_at_once_and_a_stale_one_refused,
    an_app_is_switched_off_before_it_is_deleted,
    two_secrets_at_most_even_when_raced,
    everyone_starts_an_app_that_is_open_to_all,
    people_start_what_is_assigned_to_them,
    a_policy_that_an_app_names_must_be_and_stay,
);
