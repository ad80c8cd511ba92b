//! Every operation, with a permit of one org and the ids of another: nothing is found, and nothing is changed.

use super::sign_in::context;
use crate::access::{Permission, Permit, Role};
use crate::app::assigned::Way;
use crate::app::assignment::SeenInApp;
use crate::app::operations::{AppChange, NewApp};
use crate::app::settings::AppSettings;
use crate::app::{App, AppKind};
use crate::credential::password::PasswordRefusal;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines, profile};
use crate::group::Group;
use crate::group::change::{Basis, GroupChange, MembersChange};
use crate::person::Person;
use crate::person::change::PersonChange;
use crate::person::lifecycle::LifecycleAction;
use crate::server::policies::{Force, PolicyChange};
use crate::server::{AuthorizationServer, ServerConfig};
use crate::sign_on::aside::Aside;
use crate::sign_on::operations::PolicyChange as SignOnChange;
use crate::sign_on::zone::{ZoneReach, parse_ranges};
use crate::sign_on::{SignOnPolicy, Zone, presets};
use protocol::jose::algorithm::Algorithm;
use protocol::jose::signing_key::SigningKey;
use serde_json::Map;
use std::collections::BTreeSet;
use std::sync::Arc;
use vocab::id::{ApiTokenId, AppSecretId, OrgId, PolicyId};

/// One of each thing that an org can have.
struct Things {
    org: OrgId,
    person: Person,
    group: Group,
    app: App,
    secret: AppSecretId,
    server: AuthorizationServer,
    policy: SignOnPolicy,
    zone: Zone,
    token: ApiTokenId,
}

impl Things {
    async fn make(world: &World, slug: &str) -> Self {
        let org = world.org(slug).await;
        let permit = |permission| world.permit(&org, permission);
        let cell = &world.cell;
        let person = world.administrator(&org, "ada", Role::SuperAdmin).await;
        let group = cell
            .create_group(&permit(Permission::ManageGroups), "Sales", "")
            .await
            .unwrap();
        let new = NewApp {
            label: "Robot".into(),
            kind: AppKind::Service,
            settings: AppSettings::default(),
        };
        let app = cell
            .create_app(&permit(Permission::ManageApps), new)
            .await
            .unwrap()
            .app;
        let secret = cell
            .add_app_secret(&permit(Permission::ManageApps), &app.id)
            .await
            .unwrap()
            .id;
        let config = ServerConfig::default();
        let server = cell
            .create_server(&permit(Permission::ManageServers), "Orders", config)
            .await
            .unwrap();
        let (_, preset) = presets::app_policy(PolicyId::generate(cell.entropy()), cell.entropy());
        let manage = permit(Permission::ManagePolicies);
        let policy = cell
            .create_policy(&manage, "Finance", preset.rules)
            .await
            .unwrap();
        let zone = cell
            .create_zone(
                &manage,
                "Office",
                parse_ranges("192.0.2.0/24").unwrap(),
                ZoneReach::Named,
            )
            .await
            .unwrap();
        let own = world.permit_of(&person, &[Role::SuperAdmin], Permission::ManageOrg);
        let token = cell
            .create_api_token(&own, "script")
            .await
            .unwrap()
            .token
            .id;
        Self {
            org,
            person,
            group,
            app,
            secret,
            server,
            policy,
            zone,
            token,
        }
    }
}

fn is_not_found<T>(what: &str, outcome: Result<T, Refusal>) {
    match outcome {
        Err(Refusal::NotFound) => {}
        Err(other) => panic!("{what}: {other:?}"),
        Ok(_) => panic!("{what} was done"),
    }
}

async fn people_and_groups_of_another_org_are_not_found(world: &World) {
    let (ours, theirs) = (
        Things::make(world, "acme").await,
        Things::make(world, "globex").await,
    );
    let (cell, rows) = (&world.cell, world.log_rows(&theirs.org).await);
    let own_rows = world.log_rows(&ours.org).await;
    let permit = |permission| world.permit(&ours.org, permission);
    let (people, manage, groups) = (
        permit(Permission::ManagePeople),
        permit(Permission::ManageOrg),
        permit(Permission::ManageGroups),
    );
    let user = &theirs.person.id;
    is_not_found(
        "update_person",
        cell.update_person(&people, user, theirs.person.revision, profile("x"))
            .await,
    );
    let here = context(&ours.org);
    for action in LifecycleAction::ALL {
        is_not_found(
            action.as_str(),
            cell.change_person_status(&people, user, action).await,
        );
        let planned = cell.plan_step(&here, &people, user, action).await;
        is_not_found(action.as_str(), planned);
    }
    is_not_found(
        "grant_role",
        cell.grant_role(&manage, user, Role::ReadOnlyAdmin).await,
    );
    is_not_found(
        "revoke_role",
        cell.revoke_role(&manage, user, Role::SuperAdmin).await,
    );
    is_not_found(
        "remove_person",
        cell.remove_person(&people, user, None).await,
    );
    let change = PersonChange {
        profile: profile("x"),
        external_id: None,
        password: None,
        belongs: Some(false),
        invited_by: Arc::new(context(&ours.org)),
    };
    let changed = cell.change_person(&people, user, theirs.person.revision, change);
    assert!(matches!(
        changed.await,
        Err(PasswordRefusal::Refused(Refusal::NotFound))
    ));
    is_not_found(
        "update_group",
        cell.update_group(&groups, theirs.group.clone()).await,
    );
    let change = || GroupChange {
        name: "Mine".into(),
        external_id: None,
        members: MembersChange::Exactly(BTreeSet::new()),
    };
    is_not_found(
        "change_group",
        cell.change_group(&groups, &theirs.group, Basis::Name, change())
            .await,
    );
    is_not_found(
        "remove_group",
        cell.remove_group(&groups, &theirs.group, Basis::Whole)
            .await,
    );
    let with_theirs = GroupChange {
        members: MembersChange::Exactly(BTreeSet::from([user.clone()])),
        ..change()
    };
    let refused = cell.add_group(&groups, with_theirs).await;
    assert!(matches!(
        refused,
        Err(Refusal::Invalid {
            field: "members",
            ..
        })
    ));
    is_not_found(
        "delete_group",
        cell.delete_group(&groups, &theirs.group.id).await,
    );
    is_not_found(
        "add_group_member",
        cell.add_group_member(&groups, &theirs.group.id, &ours.person.id)
            .await,
    );
    is_not_found(
        "add_group_member",
        cell.add_group_member(&groups, &ours.group.id, user).await,
    );
    is_not_found(
        "remove_group_member",
        cell.remove_group_member(&groups, &theirs.group.id, user)
            .await,
    );
    let org = crate::org::store::load(&mut cell.database.read().await.unwrap(), &theirs.org)
        .await
        .unwrap()
        .unwrap();
    let settings = org.settings.clone();
    is_not_found(
        "update_org",
        cell.update_org(&manage, org, "Mine", settings).await,
    );
    is_not_found(
        "revoke_api_token",
        cell.revoke_api_token(&manage, &theirs.token).await,
    );
    assert_eq!(
        (
            world.log_rows(&theirs.org).await,
            world.log_rows(&ours.org).await
        ),
        (rows, own_rows)
    );
}

async fn apps_servers_and_policies_of_another_org_are_not_found(world: &World) {
    let (ours, theirs) = (
        Things::make(world, "acme").await,
        Things::make(world, "globex").await,
    );
    let (cell, rows) = (&world.cell, world.log_rows(&theirs.org).await);
    let own_rows = world.log_rows(&ours.org).await;
    let apps = world.permit(&ours.org, Permission::ManageApps);
    apps_are_not_found(world, &apps, &ours, &theirs).await;
    let servers = world.permit(&ours.org, Permission::ManageServers);
    let (server, config) = (&theirs.server.id, ServerConfig::default());
    is_not_found(
        "update_server",
        cell.update_server(&servers, server, 1, "Mine", config)
            .await,
    );
    is_not_found(
        "activate_server",
        cell.activate_server(&servers, server).await,
    );
    is_not_found(
        "deactivate_server",
        cell.deactivate_server(&servers, server).await,
    );
    let of_server = PolicyChange::Switch(theirs.policy.id.clone(), Force::Resting);
    is_not_found(
        "change_access_policies",
        cell.change_access_policies(&servers, server, of_server)
            .await,
    );
    let policies = world.permit(&ours.org, Permission::ManagePolicies);
    is_not_found(
        "change_policy",
        cell.change_policy(
            &policies,
            theirs.policy.clone(),
            SignOnChange::Whole(Aside::default()),
            1,
        )
        .await,
    );
    is_not_found(
        "update_policy",
        cell.update_policy(&policies, theirs.policy.clone(), 1)
            .await,
    );
    is_not_found(
        "delete_policy",
        cell.delete_policy(&policies, &theirs.policy.id).await,
    );
    is_not_found(
        "update_zone",
        cell.update_zone(&policies, theirs.zone.clone(), 1).await,
    );
    is_not_found(
        "delete_zone",
        cell.delete_zone(&policies, &theirs.zone.id).await,
    );
    assert_eq!(
        (
            world.log_rows(&theirs.org).await,
            world.log_rows(&ours.org).await
        ),
        (rows, own_rows)
    );
}

async fn apps_are_not_found(world: &World, permit: &Permit, ours: &Things, theirs: &Things) {
    let (cell, app, own) = (&world.cell, &theirs.app, &ours.app.id);
    assert!(cell.app(&ours.org, &app.id).await.unwrap().is_none());
    let change = AppChange {
        label: "Mine".into(),
        settings: app.settings.clone(),
        policy_id: None,
    };
    is_not_found(
        "update_app",
        cell.update_app(permit, &app.id, app.revision, change.clone())
            .await,
    );
    is_not_found("activate_app", cell.activate_app(permit, &app.id).await);
    is_not_found("deactivate_app", cell.deactivate_app(permit, &app.id).await);
    is_not_found("delete_app", cell.delete_app(permit, &app.id).await);
    is_not_found("add_app_secret", cell.add_app_secret(permit, &app.id).await);
    is_not_found(
        "remove_app_secret",
        cell.remove_app_secret(permit, &app.id, &theirs.secret)
            .await,
    );
    is_not_found(
        "remove_app_secret",
        cell.remove_app_secret(permit, own, &theirs.secret).await,
    );
    app_credentials_are_not_found(world, permit, ours, theirs).await;
    is_not_found(
        "assign to person",
        cell.assign_app_to_person(permit, own, &theirs.person.id)
            .await,
    );
    is_not_found(
        "assign to person",
        cell.assign_app_to_person(permit, &app.id, &ours.person.id)
            .await,
    );
    is_not_found(
        "unassign person",
        cell.unassign_app_from_person(permit, &app.id, &theirs.person.id)
            .await,
    );
    is_not_found(
        "assign to group",
        cell.assign_app_to_group(permit, own, &theirs.group.id)
            .await,
    );
    is_not_found(
        "assign to group",
        cell.assign_app_to_group(permit, &app.id, &ours.group.id)
            .await,
    );
    is_not_found(
        "unassign group",
        cell.unassign_app_from_group(permit, &app.id, &theirs.group.id)
            .await,
    );
    let foreign_policy = AppChange {
        label: "Robot".into(),
        policy_id: Some(theirs.policy.id.clone()),
        ..change
    };
    let refused = cell
        .update_app(permit, own, ours.app.revision, foreign_policy)
        .await
        .unwrap_err();
    assert!(matches!(
        refused,
        Refusal::Invalid {
            field: "policy_id",
            ..
        }
    ));
}

async fn app_credentials_are_not_found(
    world: &World,
    permit: &Permit,
    ours: &Things,
    theirs: &Things,
) {
    let (cell, secret) = (&world.cell, &theirs.secret);
    let reader = world.permit(&ours.org, Permission::ReadDirectory);
    for app in [&theirs.app.id, &ours.app.id] {
        let found = cell.find_app_person(&reader, app, &theirs.person.id).await;
        is_not_found("find_app_person", found);
        let found = cell.find_app_group(&reader, app, &theirs.group.id).await;
        is_not_found("find_app_group", found);
        let seen = SeenInApp {
            way: Way::Direct,
            values: Map::new(),
        };
        let whom = (app, &theirs.person.id);
        let done = cell.change_in_app(permit, whom, Map::new(), seen).await;
        is_not_found("change_in_app", done);
        let done = cell.activate_app_secret(permit, app, secret).await;
        is_not_found("activate_app_secret", done);
        let done = cell.deactivate_app_secret(permit, app, secret).await;
        is_not_found("deactivate_app_secret", done);
        let done = cell.delete_app_secret(permit, app, secret).await;
        is_not_found("delete_app_secret", done);
        let done = cell.remove_app_key(permit, app, "key").await;
        is_not_found("remove_app_key", done);
    }
    let app = &theirs.app.id;
    is_not_found("find_app", cell.find_app(&reader, app).await);
    let listed = cell.list_app_secrets(&reader, app).await;
    is_not_found("list_app_secrets", listed);
    let listed = cell.list_app_people(&reader, app, None, 10).await;
    is_not_found("list_app_people", listed);
    let listed = cell.list_app_groups(&reader, app, "", 10).await;
    is_not_found("list_app_groups", listed);
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let key = key.public_jwk("k").unwrap().render();
    is_not_found("add_app_key", cell.add_app_key(permit, app, key).await);
}

on_both_engines!(
    people_and_groups_of_another_org_are_not_found,
    apps_servers_and_policies_of_another_org_are_not_found,
);
