//! Who has roles over a part of the org alone: which pages and buttons of the administration there are for them, and that
//! everything else is closed.

use super::crawl::Samples;
use super::table::Audience;
use super::world::{Who, World};
use super::{Outcome, cells, judge, read};
use crate::tests::two_orgs::{begin_session, find_person};
use axum::http::{Method, StatusCode, header};
use identity::access::narrowed::{RoleHolder, RoleTarget};
use identity::access::{Caller, Permission, Permit, Role, authorize};
use identity::person::lifecycle::LifecycleAction;
use identity::person::profile::ProfileInput;
use identity::sign_on::AuthenticatorKind;
use ledger::ClientFacts;
use vocab::id::{GroupId, UserId};

/// What whoever is narrowed to groups opens, of whatever lies within.
const OPEN: [&str; 13] = [
    "/admin",
    "/admin/people",
    "/admin/people/{id}",
    "/admin/people/{id}/factors",
    "/admin/people/{id}/factors/passkeys/remove",
    "/admin/people/{id}/factors/totp/remove",
    "/admin/people/{id}/lifecycle/{verb}",
    "/admin/groups",
    "/admin/groups/{id}",
    "/admin/groups/{id}/owners",
    "/admin/groups/{id}/settings",
    "/admin/groups/{id}/members/add",
    "/admin/groups/{id}/members/remove",
];

fn permit(world: &World, permission: Permission) -> Permit {
    let client = ClientFacts::default();
    authorize(&Caller::Operator, &world.main, permission, &client).unwrap()
}

async fn add_person(world: &World, login: &str) -> UserId {
    let input = ProfileInput {
        login: format!("{login}@main.example"),
        email: format!("{login}@main.example"),
        first_name: login.to_owned(),
        last_name: String::from("Within"),
        ..ProfileInput::default()
    };
    let people = permit(world, Permission::ManagePeople);
    let id = world.cell.create_person(&people, input).await.unwrap();
    let step = LifecycleAction::Activate;
    let active = world.cell.change_person_status(&people, &id, step);
    active.await.unwrap();
    id
}

/// Somebody with the role over a group of one member.
async fn prepare(world: &World, role: Role) -> (UserId, GroupId, UserId) {
    let (nora, member) = (
        add_person(world, "nora").await,
        add_person(world, "mina").await,
    );
    let groups = permit(world, Permission::ManageGroups);
    let group = world.cell.create_group(&groups, "Zaunkings", "").await;
    let group = group.unwrap().id;
    let added = world.cell.add_group_member(&groups, &group, &member);
    added.await.unwrap();
    let org = permit(world, Permission::ManageOrg);
    world.cell.grant_role(&org, &nora, role).await.unwrap();
    let (holder, target) = (
        RoleHolder::User(nora.clone()),
        RoleTarget::Group(group.clone()),
    );
    let narrowed = world.cell.add_role_target(&org, (&holder, role), target);
    narrowed.await.unwrap();
    let two = [AuthenticatorKind::Password, AuthenticatorKind::Totp];
    let proved = (&two[..], world.cell.now());
    let secret = "session-of-nora";
    begin_session(&world.cell, ("main", "nora@main.example"), secret, proved).await;
    (nora, group, member)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrowed_administrator_opens_what_is_within_and_nothing_else() {
    let world = World::copy().await;
    let samples = Samples::gather(&world, "").await;
    prepare(&world, Role::UserAdmin).await;
    let mut wrong = Vec::new();
    for (path, method, audience) in cells().filter(|(path, ..)| path.starts_with("/admin")) {
        if matches!(audience, Audience::Person | Audience::ThisMachine) {
            continue;
        }
        let filled = samples.fill(path);
        let before = world.log_rows().await;
        let response = world
            .call(Who::Partial, &method, &filled, samples.form(&filled))
            .await;
        let outcome = judge(response).await;
        // Of the examples none is within.
        let is_good = match (OPEN.contains(&path), path.contains("{id}")) {
            (true, false) => outcome == Outcome::Served,
            (true, true) => matches!(outcome, Outcome::Missing | Outcome::Forbidden),
            (false, _) => outcome == Outcome::Forbidden,
        };
        if !is_good || world.log_rows().await != before {
            wrong.push(format!("{method} {filled}: {outcome:?}"));
        }
    }
    world.close().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_those_within_and_what_may_be_done() {
    let world = World::copy().await;
    let (_, group, member) = prepare(&world, Role::HelpDeskAdmin).await;
    let ada = find_person(&world.cell, "main", "ada@main.example").await;
    let look = async |path: &str| {
        let response = world.call(Who::Partial, &Method::GET, path, "").await;
        (response.status(), read(response).await)
    };
    let home = world.call(Who::Partial, &Method::GET, "/admin", "").await;
    assert_eq!(home.status(), StatusCode::SEE_OTHER);
    assert_eq!(home.headers()[header::LOCATION], "/admin/people");
    for path in [
        "/admin/people",
        "/admin/people?q=m",
        "/admin/people?q=mina&status=ACTIVE",
    ] {
        let (status, page) = look(path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(page.contains(member.as_str()), "{path}");
        assert!(!page.contains("main.example\">ada"), "{path}");
        assert!(!page.contains(ada.id.as_str()), "{path}");
        for closed in [
            "people/new",
            "groups/rules",
            "/admin/apps\"",
            "/admin/log\"",
        ] {
            assert!(!page.contains(closed), "{path} {closed}");
        }
    }
    let (_, none) = look("/admin/people?q=ada").await;
    assert!(!none.contains(ada.id.as_str()));
    let (_, groups) = look("/admin/groups").await;
    assert!(groups.contains(group.as_str()));
    assert_eq!(groups.matches("row-link").count(), 1);
    let (_, members) = look(&format!("/admin/groups/{group}")).await;
    assert!(members.contains(member.as_str()));
    assert!(!members.contains("members/add"), "a helper adds nobody");
    let one = format!("/admin/people/{member}");
    let (_, page) = look(&one).await;
    for closed in [
        "/lifecycle/suspend\"",
        "/sessions\"",
        "/activity\"",
        "/apps\"",
    ] {
        assert!(!page.contains(&format!("{one}{closed}")), "{closed}");
    }
    assert!(page.contains(&format!("{one}/factors\"")));
    assert!(
        !page.contains("type=\"submit\">Save"),
        "a helper changes no profile"
    );
    let (status, _) = look(&format!("/admin/people/{}", ada.id)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    // The step that a helper has no button for is refused.
    let suspend = format!("{one}/lifecycle/suspend");
    let refused = world.call(Who::Partial, &Method::POST, &suspend, "").await;
    assert_eq!(judge(refused).await, Outcome::Forbidden);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrowed_group_administrator_works_in_the_console() {
    let world = World::copy().await;
    let (nora, group, member) = prepare(&world, Role::UserAdmin).await;
    let page = |path: String| {
        let world = &world;
        async move { read(world.call(Who::Partial, &Method::GET, &path, "").await).await }
    };
    let one = format!("/admin/people/{member}");
    let shown = page(one.clone()).await;
    assert!(shown.contains(&format!("{one}/lifecycle/deactivate\"")));
    let revision = shown.split("name=\"revision\" value=\"").nth(1).unwrap();
    let revision = revision.split('"').next().unwrap();
    let names = "first_name=Mina&last_name=Kings";
    let form =
        format!("revision={revision}&login=mina%40main.example&email=mina%40main.example&{names}");
    let saved = world.call(Who::Partial, &Method::POST, &one, &form).await;
    assert_eq!(
        saved.status(),
        StatusCode::SEE_OTHER,
        "{}",
        read(saved).await
    );
    assert!(page(one).await.contains("Kings"));
    let place = format!("/admin/groups/{group}");
    assert!(
        page(place.clone())
            .await
            .contains(&format!("{place}/members/remove"))
    );
    // The group itself is not theirs to change.
    let settings = page(format!("{place}/settings")).await;
    assert!(!settings.contains(&format!("{place}/delete")));
    let delete = format!("{place}/delete");
    let refused = world.call(Who::Partial, &Method::POST, &delete, "").await;
    assert_eq!(judge(refused).await, Outcome::Forbidden);
    // Neither is anybody put in who is outside, the reader included.
    let rows = world.log_rows().await;
    for outside in [
        nora,
        find_person(&world.cell, "main", "grace@main.example")
            .await
            .id,
    ] {
        let add = format!("{place}/members/add");
        let form = format!("id={outside}");
        let refused = world.call(Who::Partial, &Method::POST, &add, &form).await;
        assert_eq!(judge(refused).await, Outcome::Missing, "{outside}");
    }
    assert_eq!(world.log_rows().await, rows);
    let remove = format!("{place}/members/remove");
    let form = format!("id={member}");
    let removed = world
        .call(Who::Partial, &Method::POST, &remove, &form)
        .await;
    assert_eq!(removed.status(), StatusCode::SEE_OTHER);
    assert!(!page("/admin/people".into()).await.contains(member.as_str()));
    world.close().await;
}
