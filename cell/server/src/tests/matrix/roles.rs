//! Which role opens which page and may press which button: every route of the administration by the holder of every
//! role, and what the pages show each of them.

use super::crawl::Samples;
use super::table::Audience;
use super::world::{HELD, Who, World};
use super::{Outcome, cells, judge, read};
use axum::http::{Method, StatusCode, header};
use identity::access::{Permission, Role, role_permits};

/// What a form below this path needs; the first row that fits counts.
const FORMS: &[(&str, Permission)] = &[
    ("/admin/guide/", Permission::ReadDirectory),
    ("/admin/people/{id}/groups/", Permission::ManageGroups),
    ("/admin/people/{id}/apps/", Permission::ManageApps),
    ("/admin/groups/{id}/apps/", Permission::ManageApps),
    ("/admin/people/{id}/clients/", Permission::HelpPeople),
    (
        "/admin/people/{id}/factors/providers/add",
        Permission::ManagePeople,
    ),
    ("/admin/people/{id}/factors/", Permission::HelpPeople),
    ("/admin/people/{id}/sessions/", Permission::HelpPeople),
    ("/admin/people", Permission::ManagePeople),
    ("/admin/groups/attributes/", Permission::ManageOrg),
    ("/admin/groups/{id}/roles/", Permission::ManageOrg),
    ("/admin/groups", Permission::ManageGroups),
    ("/admin/apps/{id}/api/", Permission::ManageOrg),
    ("/admin/apps", Permission::ManageApps),
    ("/admin/servers", Permission::ManageServers),
    ("/admin/policies", Permission::ManagePolicies),
    ("/admin/zones", Permission::ManagePolicies),
    ("/admin/behaviors", Permission::ManagePolicies),
    ("/admin/keys", Permission::ManageKeys),
    ("/admin/administrators", Permission::ManageOrg),
    ("/admin/custom-roles", Permission::ManageOrg),
    ("/admin/resource-sets", Permission::ManageOrg),
    ("/admin/settings", Permission::ManageOrg),
];
/// The steps that a person's page has buttons for.
const STEPS: [(&str, Permission); 9] = [
    ("activate", Permission::ManagePeople),
    ("invite", Permission::ManagePeople),
    ("suspend", Permission::ManagePeople),
    ("unsuspend", Permission::ManagePeople),
    ("deactivate", Permission::ManagePeople),
    ("unlock", Permission::HelpPeople),
    ("reset-password", Permission::HelpPeople),
    ("expire-password", Permission::HelpPeople),
    ("end-sessions", Permission::HelpPeople),
];
/// It is looked at apart: where it leads depends on the role.
const HOME: &str = "/admin";
/// Each of its steps is looked at apart.
const STEP: &str = "/admin/people/{id}/lifecycle/{verb}";

fn needed(path: &str, audience: Audience) -> Option<Permission> {
    match audience {
        _ if path == HOME || path == STEP => None,
        Audience::Reader if path.starts_with("/admin/log") => Some(Permission::ReadLog),
        Audience::Reader if path.ends_with("/activity") => Some(Permission::ReadLog),
        Audience::Reader => Some(Permission::ReadDirectory),
        Audience::Manager | Audience::ManagerWhoNames => FORMS
            .iter()
            .find(|(start, _)| path.starts_with(start))
            .map(|(_, permission)| *permission),
        _ => None,
    }
}

/// The paths with their examples, those of people with somebody who has no role.
async fn examples(world: &World, samples: &Samples) -> (String, String) {
    let ada = samples.fill("/admin/people/{id}");
    let ada = ada.rsplit('/').next().unwrap().to_owned();
    let grace = crate::tests::two_orgs::find_person(&world.cell, "main", "grace@main.example");
    (ada, grace.await.id.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_opens_what_it_permits_and_nothing_else() {
    let world = World::copy().await;
    let samples = Samples::gather(&world, "").await;
    let (ada, grace) = examples(&world, &samples).await;
    world.close().await;
    let mut wrong = Vec::new();
    let mut asked = 0;
    for role in HELD {
        let world = World::copy().await;
        for (path, method, audience) in cells() {
            let Some(permission) = needed(path, audience) else {
                continue;
            };
            asked += 1;
            let example = samples.fill(path);
            let filled = example.replace(&ada, &grace);
            let before = world.log_rows().await;
            let response = world
                .call(Who::Holder(role), &method, &filled, samples.form(&example))
                .await;
            let outcome = judge(response).await;
            let is_turned_away = matches!(outcome, Outcome::Forbidden | Outcome::SentToSignIn);
            if is_turned_away == role_permits(role, permission) {
                wrong.push(format!("{method} {filled} by {role:?}: {outcome:?}"));
            }
            if is_turned_away && world.log_rows().await != before {
                wrong.push(format!("{method} {filled} by {role:?} changed something"));
            }
        }
        world.close().await;
    }
    assert!(asked > HELD.len() * 100, "only {asked} calls");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_button_is_shown_to_whoever_may_press_it_and_to_nobody_else() {
    let world = World::copy().await;
    let samples = Samples::gather(&world, "").await;
    let (ada, grace) = examples(&world, &samples).await;
    for role in HELD {
        let who = Who::Holder(role);
        let page = async |address: &str| {
            let response = world.call(who, &Method::GET, address, "").await;
            (response.status(), read(response).await)
        };
        let (_, own) = page(&format!("/admin/people/{grace}")).await;
        let (_, above) = page(&format!("/admin/people/{ada}")).await;
        for (verb, permission) in STEPS {
            let button = |id: &str| format!("/admin/people/{id}/lifecycle/{verb}\"");
            let may = role_permits(role, permission);
            // Not every step fits the state of the example, but whatever is shown may be done.
            assert!(may || !own.contains(&button(&grace)), "{role:?} {verb}");
            assert!(!above.contains(&button(&ada)), "{role:?} {verb} above");
            if may {
                continue;
            }
            let form = format!("/admin/people/{grace}/lifecycle/{verb}");
            let response = world.call(who, &Method::POST, &form, "").await;
            assert_eq!(judge(response).await, Outcome::Forbidden, "{role:?} {verb}");
        }
        let shown = |verb: &str| own.contains(&format!("/lifecycle/{verb}\""));
        assert_eq!(
            shown("suspend"),
            role_permits(role, Permission::ManagePeople)
        );
        assert_eq!(
            shown("reset-password"),
            role_permits(role, Permission::HelpPeople)
        );
        for (address, add, permission) in [
            (
                "/admin/people",
                "/admin/people/new\"",
                Permission::ManagePeople,
            ),
            (
                "/admin/groups",
                "/admin/groups/new\"",
                Permission::ManageGroups,
            ),
            ("/admin/apps", "/admin/apps/new\"", Permission::ManageApps),
            (
                "/admin/servers",
                "/admin/servers/new\"",
                Permission::ManageServers,
            ),
            (
                "/admin/policies",
                "/admin/policies/new\"",
                Permission::ManagePolicies,
            ),
            (
                "/admin/zones",
                "/admin/zones/new\"",
                Permission::ManagePolicies,
            ),
            (
                "/admin/behaviors",
                "/admin/behaviors/add\"",
                Permission::ManagePolicies,
            ),
            (
                "/admin/keys",
                "/admin/keys/rotate\"",
                Permission::ManageKeys,
            ),
            (
                "/admin/administrators",
                "/admin/administrators/add\"",
                Permission::ManageOrg,
            ),
            (
                "/admin/settings/origins",
                "origins/add\"",
                Permission::ManageOrg,
            ),
            (
                "/admin/settings/tokens",
                "tokens/add\"",
                Permission::ManageOrg,
            ),
        ] {
            let (_, page) = page(address).await;
            assert!(
                !page.contains(add) || role_permits(role, permission),
                "{role:?} is offered {add}"
            );
        }
    }
    world.close().await;
}

/// Whoever stands above is refused with the reason, and nothing is done.
#[tokio::test(flavor = "multi_thread")]
async fn who_stands_above_is_out_of_reach_in_the_console() {
    let world = World::copy().await;
    let ada = crate::tests::two_orgs::find_person(&world.cell, "main", "ada@main.example").await;
    let before = world.log_rows().await;
    for role in [Role::OrgAdmin, Role::UserAdmin, Role::HelpDeskAdmin] {
        for (step, permission) in STEPS {
            if !role_permits(role, permission) {
                continue;
            }
            let form = format!("/admin/people/{}/lifecycle/{step}", ada.id);
            let response = world
                .call(Who::Holder(role), &Method::POST, &form, "")
                .await;
            assert_ne!(response.status(), StatusCode::SEE_OTHER, "{role:?} {step}");
            let told = read(response).await;
            assert!(told.contains("permits more than yours"), "{role:?} {step}");
        }
    }
    assert_eq!(world.log_rows().await, before);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_see_the_log_alone_lands_there() {
    let world = World::copy().await;
    let who = Who::Holder(Role::ReportAdmin);
    let home = world.call(who, &Method::GET, HOME, "").await;
    assert_eq!(home.status(), StatusCode::SEE_OTHER);
    assert_eq!(home.headers()[header::LOCATION], "/admin/log");
    let log = world.call(who, &Method::GET, "/admin/log", "").await;
    assert_eq!(log.status(), StatusCode::OK);
    let page = read(log).await;
    for closed in [
        "/admin/people",
        "/admin/apps",
        "/admin/settings",
        "/admin/keys",
    ] {
        assert!(!page.contains(&format!("href=\"{closed}\"")), "{closed}");
    }
    for role in HELD.into_iter().filter(|role| *role != Role::ReportAdmin) {
        let home = world.call(Who::Holder(role), &Method::GET, HOME, "").await;
        assert_eq!(home.status(), StatusCode::OK, "{role:?}");
    }
    world.close().await;
}
