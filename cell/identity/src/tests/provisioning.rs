//! Who sets up where people are provisioned and what is imported; what the log says of it; and somebody who is made whole or not
//! at all.

use crate::access::{Permission, Permit, Role};
use crate::app::operations::NewApp;
use crate::app::settings::{AppSettings, ClientAuthentication};
use crate::app::{App, AppKind};
use crate::event_hook::envoy::PlainHttp;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines, profile};
use crate::provisioning::Features;
use crate::provisioning::import::{Found, Verdict};
use crate::provisioning::operations::ConnectionChange;
use crate::provisioning::store::{accounts, imports};
use crate::tests::ceiling::{is_out_of_reach, service};
use ledger::LogFilter;
use vocab::id::{OrgId, UserId};
use vocab::secret::Secret;

fn change() -> ConnectionChange {
    ConnectionChange {
        base_url: Some("https://scim.example/v2".into()),
        token: Some(Secret::new("letmein".into())),
        activate: true,
    }
}

async fn connect(world: &World, permit: &Permit, app: &App) -> Result<(), Refusal> {
    let plain = PlainHttp::Never;
    let set = world.cell.set_connection(permit, app, change(), plain);
    set.await.map(drop)
}

async fn connected(world: &World, org: &OrgId) -> App {
    let permit = world.permit(org, Permission::ManageApps);
    let new = NewApp {
        label: "Wiki".into(),
        kind: AppKind::Web,
        settings: AppSettings {
            client_authentication: ClientAuthentication::ClientSecretBasic,
            redirect_uris: vec!["https://wiki.example/callback".into()],
            ..AppSettings::default()
        },
    };
    let app = world.cell.create_app(&permit, new).await.unwrap().app;
    connect(world, &permit, &app).await.unwrap();
    app
}

/// The types of the rows of the log after that one.
pub(super) async fn kinds_after(world: &World, org: &OrgId, seq: i64) -> Vec<String> {
    let mut tx = world.cell.database.read().await.unwrap();
    let page = ledger::load_after(&mut tx, org, &LogFilter::default(), seq, 1_000).await;
    let rows = page.unwrap().rows.into_iter();
    rows.map(|row| row.event_type).collect()
}

async fn nobody_provisions_an_app_that_stands_above(world: &World) {
    let org = world.org("acme").await;
    let runner = world.administrator(&org, "runner", Role::AppAdmin).await;
    let permit = world.permit_of(&runner, &[Role::AppAdmin], Permission::ManageApps);
    let operator = world.permit(&org, Permission::ManageApps);
    let (cell, above) = (&world.cell, service(world, &org, "Robot").await);
    let grants = world.permit(&org, Permission::ManageOrg);
    let granted = cell.grant_app_role(&grants, &above.id, Role::UserAdmin);
    assert!(granted.await.unwrap());
    assert!(is_out_of_reach(&connect(world, &permit, &above).await));
    connect(world, &operator, &above).await.unwrap();
    let before = world.log_rows(&org).await;
    let features = Some(Features::default());
    let outcomes = [
        connect(world, &permit, &above).await,
        cell.switch_connection(&permit, &above, false)
            .await
            .map(drop),
        cell.set_features(&permit, &above, features, None)
            .await
            .map(drop),
        cell.begin_import(&permit, &above.id).await.map(drop),
        cell.retry_provisioning(&permit, &above.id, None).await,
    ];
    for (number, outcome) in outcomes.iter().enumerate() {
        assert!(is_out_of_reach(outcome), "{number}: {outcome:?}");
    }
    assert_eq!(world.log_rows(&org).await, before);
    let reader = world.permit(&org, Permission::ReadDirectory);
    let stands = cell.find_connection(&reader, &above.id).await.unwrap();
    assert!(stands.unwrap().active);
    // One that has no role is theirs.
    let plain = service(world, &org, "Plain").await;
    connect(world, &permit, &plain).await.unwrap();
    cell.begin_import(&permit, &plain.id).await.unwrap();
}

async fn what_is_asked_of_a_peer_is_in_the_log(world: &World) {
    let org = world.org("acme").await;
    let app = connected(world, &org).await;
    let permit = world.permit(&org, Permission::ManageApps);
    let ada = world.person(&org, "ada").await;
    let before = world.log_rows(&org).await;
    world.cell.begin_import(&permit, &app.id).await.unwrap();
    let again = world.cell.begin_import(&permit, &app.id).await;
    assert!(matches!(again, Err(Refusal::WrongState(_))));
    let retry = |user| world.cell.retry_provisioning(&permit, &app.id, user);
    let unknown = retry(Some(&ada.id)).await;
    assert!(matches!(unknown, Err(Refusal::NotFound)));
    retry(None).await.unwrap();
    let (key, user, now) = (
        (org.clone(), app.id.clone()),
        ada.id.clone(),
        world.cell.now(),
    );
    world
        .write(move |tx| {
            Box::pin(async move {
                Ok(accounts::mark_or_insert(tx, (&key.0, &key.1), &user, now).await?)
            })
        })
        .await;
    retry(Some(&ada.id)).await.unwrap();
    let sync = "application.provision.user.sync";
    assert_eq!(
        kinds_after(world, &org, before).await,
        ["app.app_instance.provision_sync_job.started", sync, sync]
    );
}

fn found(peer_id: &str, login: &str) -> Found {
    Found {
        peer_id: peer_id.to_owned(),
        user_name: login.to_owned(),
        email: format!("{login}@example.com"),
        given_name: "Ada".into(),
        family_name: "Lovelace".into(),
        active: true,
        verdict: Verdict::New,
        reason: String::new(),
        user_id: None,
    }
}

/// Notes somebody as found, whom nobody here is.
async fn note_found(world: &World, app: &App, one: Found) {
    let (org, id) = (app.org_id.clone(), app.id.clone());
    world
        .write(move |tx| {
            Box::pin(async move {
                imports::insert(tx, (&org, &id), &one).await?;
                Ok(())
            })
        })
        .await;
}

/// Lets somebody here be the one of that id there.
async fn link_to(world: &World, app: &App, user: &UserId, peer_id: &'static str) {
    let (org, id, user) = (app.org_id.clone(), app.id.clone(), user.clone());
    let now = world.cell.now();
    let linked = world.write(move |tx| {
        Box::pin(async move {
            let key = (&org, &id);
            accounts::mark_or_insert(tx, key, &user, now).await?;
            Ok(accounts::link(tx, key, (&user, "other"), (peer_id, true)).await?)
        })
    });
    assert!(linked.await);
}

async fn who_is_made_of_an_import_is_made_whole_or_not_at_all(world: &World) {
    let org = world.org("acme").await;
    let app = connected(world, &org).await;
    let apps = world.permit(&org, Permission::ManageApps);
    let people = world.permit(&org, Permission::ManagePeople);
    let other = world.person(&org, "other").await;
    note_found(world, &app, found("p1", "ada")).await;
    note_found(world, &app, found("p2", "bob")).await;
    link_to(world, &app, &other.id, "p1").await;
    let make = |id| world.cell.make_found((&people, &apps), &app, id);
    let before = world.log_rows(&org).await;
    let refused = make("p1").await;
    assert!(
        matches!(refused, Err(Refusal::WrongState(_))),
        "{refused:?}"
    );
    assert_eq!(world.log_rows(&org).await, before);
    // Nobody was left behind whose name would be taken.
    let ada = world.cell.create_person(&people, profile("ada")).await;
    ada.unwrap();
    let before = world.log_rows(&org).await;
    let made = make("p2").await.unwrap();
    assert_eq!(made.verdict, Verdict::Linked);
    let bob = world.load(&org, &made.user_id.unwrap()).await;
    assert_eq!(bob.login, "bob");
    assert_eq!(
        kinds_after(world, &org, before).await,
        [
            "user.lifecycle.create",
            "application.provision.user.import",
            "application.user_membership.add"
        ]
    );
    assert!(matches!(make("p2").await, Err(Refusal::WrongState(_))));
}

on_both_engines!(
    nobody_provisions_an_app_that_stands_above,
    what_is_asked_of_a_peer_is_in_the_log,
    who_is_made_of_an_import_is_made_whole_or_not_at_all,
);
