//! The ceiling of apps that act for themselves: whatever their roles are, they become neither an administrator nor an app that
//! may call, and so do nothing that their own scopes do not name.

use crate::access::scope::ApiScope;
use crate::access::{AppCaller, Caller, Permission, Role};
use crate::app::App;
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines, profile};
use crate::person::lifecycle::LifecycleAction;
use crate::tests::ceiling::{Act, change_keys, is_out_of_reach, key, permitted, service};
use crate::tests::sign_in::context;
use std::collections::BTreeSet;
use vocab::id::OrgId;

/// An app that is a super administrator, as a caller.
async fn robot(world: &World, org: &OrgId) -> (App, Caller) {
    let app = service(world, org, "Robot").await;
    let grants = world.permit(org, Permission::ManageOrg);
    let granted = world
        .cell
        .grant_app_role(&grants, &app.id, Role::SuperAdmin);
    assert!(granted.await.unwrap());
    let caller = Caller::App(AppCaller {
        org_id: org.clone(),
        app_id: app.id.clone(),
        label: app.label.clone(),
        roles: vec![Role::SuperAdmin],
        capabilities: BTreeSet::new(),
        scopes: Vec::new(),
    });
    (app, caller)
}

async fn no_app_changes_how_an_administrator_gets_in(world: &World) {
    let org = world.org("acme").await;
    let (_, caller) = robot(world, &org).await;
    for (number, act) in Act::all().into_iter().enumerate() {
        let permit = permitted(&caller, &org, act.permission()).unwrap();
        let login = format!("reports{number}");
        let above = world.administrator(&org, &login, Role::ReportAdmin).await;
        let above = world.load(&org, &above.id).await;
        let outcome = act.perform(world, &permit, &above).await;
        let is_free = matches!(
            act,
            Act::Delete
                | Act::EndSessions
                | Act::Step(
                    LifecycleAction::Suspend
                        | LifecycleAction::Unsuspend
                        | LifecycleAction::Lock
                        | LifecycleAction::Deactivate
                )
        );
        assert_ne!(is_out_of_reach(&outcome), is_free, "{act:?}: {outcome:?}");
        let plain = world.person(&org, &format!("plain{number}")).await;
        let outcome = act.perform(world, &permit, &plain).await;
        assert!(!is_out_of_reach(&outcome), "{act:?}: {outcome:?}");
    }
    // What opens no way in is theirs to change, where nobody stands above.
    let people = permitted(&caller, &org, Permission::ManagePeople).unwrap();
    let ada = world.administrator(&org, "ada", Role::SuperAdmin).await;
    let ada = world.load(&org, &ada.id).await;
    let mut input = profile("ada");
    input.first_name = String::from("Augusta");
    let cell = &world.cell;
    let renamed = cell.update_person(&people, &ada.id, ada.revision, input);
    renamed.await.unwrap();
    // By what is made ready alone nobody learns how they stand.
    let (here, activate) = (context(&org), LifecycleAction::Activate);
    let planned = cell.plan_step(&here, &people, &ada.id, activate).await;
    assert!(matches!(planned, Err(Refusal::OutOfReach(_))));
}

async fn no_app_changes_an_app_that_may_call(world: &World) {
    let org = world.org("acme").await;
    let (own, caller) = robot(world, &org).await;
    let by = |permission| permitted(&caller, &org, permission).unwrap();
    let (apps, roles) = (by(Permission::ManageApps), by(Permission::ManageOrg));
    let (cell, operator) = (&world.cell, world.permit(&org, Permission::ManageOrg));
    let of_role = service(world, &org, "With a role").await;
    let granted = cell.grant_app_role(&operator, &of_role.id, Role::ReportAdmin);
    assert!(granted.await.unwrap());
    let of_scope = service(world, &org, "With a scope").await;
    let scope = ApiScope::parse("okta.roles.manage").unwrap();
    let granted = cell.grant_api_scope(&operator, &of_scope.id, scope).await;
    let granted = granted.unwrap();
    let before = world.log_rows(&org).await;
    for app in [&of_role, &of_scope, &own] {
        let outcomes = [
            change_keys(world, &apps, app).await,
            cell.add_app_key(&apps, &app.id, key()).await.map(drop),
            cell.add_app_secret(&apps, &app.id).await.map(drop),
            cell.deactivate_app(&apps, &app.id).await,
            cell.activate_app(&apps, &app.id).await,
            cell.delete_app(&apps, &app.id).await,
            cell.grant_api_scope(&roles, &app.id, scope).await.map(drop),
            cell.revoke_api_scope(&roles, &app.id, &granted.id).await,
        ];
        for (number, outcome) in outcomes.iter().enumerate() {
            let label = &app.label;
            assert!(is_out_of_reach(outcome), "{label} {number}: {outcome:?}");
        }
    }
    assert_eq!(world.log_rows(&org).await, before);
    // By a role nobody becomes that app, and an app that may not call is as good as any.
    for app in [&of_role, &of_scope] {
        let role = Role::ReadOnlyAdmin;
        let given = cell.grant_app_role(&roles, &app.id, role).await;
        assert!(given.unwrap());
        cell.revoke_app_role(&roles, &app.id, role).await.unwrap();
    }
    let plain = service(world, &org, "Plain").await;
    change_keys(world, &apps, &plain).await.unwrap();
}

on_both_engines!(
    no_app_changes_how_an_administrator_gets_in,
    no_app_changes_an_app_that_may_call,
);
