//! The pages of a person: what apps hold of them, a temporary password, and their accounts at identity providers.

use crate::tests::console_pages::Pages;
use crate::tests::matrix::read;
use crate::tests::matrix::world::Who;
use crate::tests::one_org::permit;
use axum::http::{Method, StatusCode};
use identity::access::{Permission, Role};
use identity::fault::Fault;
use identity::person::PersonStatus;
use oauth::consent::store as consents;
use oauth::held::{self, store::HeldFamily};
use oauth::issuer::ORG_SERVER_KEY;
use vocab::id::{AppId, OrgId, UserId};

impl Pages {
    /// Lets an app have scopes of somebody, as the person would.
    async fn consent(&self, org: &OrgId, app: &AppId, user: &UserId, scopes: &str) {
        let (org, user, now) = (org.clone(), user.clone(), self.world.cell.now());
        let row = consents::ConsentRow {
            app: app.clone(),
            server: ORG_SERVER_KEY.to_owned(),
            scopes: scopes.to_owned(),
        };
        let database = &self.world.cell.database;
        let stored: Result<(), Fault> = database
            .write(move |tx| {
                Box::pin(async move {
                    consents::upsert(tx, &org, &user, &row, now).await?;
                    Ok(())
                })
            })
            .await;
        stored.unwrap();
    }

    async fn scopes_of(&self, user: &UserId) -> Vec<(String, String)> {
        let (cell, reader) = (&self.world.cell, self.reader());
        let listed = held::list_scopes(cell, &reader, user, None, ("", 100)).await;
        let scopes = listed.unwrap().0.into_iter();
        scopes
            .map(|held| (held.scope.clone(), held.id(user)))
            .collect()
    }

    async fn tokens_of(&self, user: &UserId, app: &AppId) -> Vec<HeldFamily> {
        let (cell, reader) = (&self.world.cell, self.reader());
        let listed = held::list_tokens(cell, &reader, user, app, ("", 100)).await;
        listed.unwrap().0
    }

    /// The status that the administrator gets.
    async fn status(&self, path: &str) -> StatusCode {
        let who = Who::Administrator;
        self.world.call(who, &Method::GET, path, "").await.status()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_gets_in_by_a_link_alone_is_sent_one_by_the_button_that_activates() {
    let pages = Pages::open().await;
    let grace = pages.person("main", "grace").await;
    let button = |verb: &str| format!("/admin/people/{grace}/lifecycle/{verb}");
    for (verb, links) in [("reset-password", 1), ("deactivate", 0), ("activate", 1)] {
        pages.done(&button(verb), "").await;
        assert_eq!(pages.mails_with("/reset?token=").await, links, "{verb}");
    }
    let permit = permit(&pages.world.main, Permission::ReadDirectory);
    let found = pages.world.cell.find_person(&permit, grace.as_str()).await;
    assert_eq!(found.unwrap().person.status, PersonStatus::Recovery);
    pages.done(&button("deactivate"), "").await;
    let desk = Role::HelpDeskAdmin;
    pages.forbidden(desk, &button("activate"), "").await;
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn consents_of_a_person_are_seen_and_taken_back() {
    let pages = Pages::open().await;
    let (main, acme) = (pages.world.main.clone(), pages.world.acme.clone());
    let (app, foreign) = (pages.app(&main).await, pages.app(&acme).await);
    let grace = pages.person("main", "grace").await;
    let stranger = pages.person("acme", "grace").await;
    let list = format!("/admin/people/{grace}/clients");
    let page = format!("{list}/{app}");
    assert!(pages.look(&list).await.contains("No app holds anything"));
    pages.consent(&main, &app, &grace, "openid email").await;
    pages.consent(&acme, &foreign, &stranger, "openid").await;
    pages.hold(&main, &app, &grace, ORG_SERVER_KEY).await;
    assert!(pages.look(&list).await.contains(&page));
    let shown = pages.look(&page).await;
    let scopes = pages.scopes_of(&grace).await;
    for (scope, id) in &scopes {
        assert!(shown.contains(&format!(">{scope}</code>")), "{scope}");
        assert!(shown.contains(id), "{scope}");
    }
    // What is none, what is of another app, and what is of another org.
    let revoke = format!("{page}/scopes/revoke");
    for id in ["", "oag00000000000000000"] {
        pages.missing(&revoke, &format!("id={id}")).await;
    }
    let email = format!("id={}", scopes[0].1);
    for path in [
        format!("{list}/{foreign}/scopes/revoke"),
        format!("/admin/people/{stranger}/clients/{app}/scopes/revoke"),
    ] {
        pages.missing(&path, &email).await;
    }
    for path in [
        format!("{list}/{foreign}"),
        format!("/admin/people/{stranger}/clients"),
    ] {
        assert_eq!(pages.status(&path).await, StatusCode::NOT_FOUND, "{path}");
    }
    pages.forbidden(Role::AppAdmin, &revoke, &email).await;
    pages.done(&revoke, &email).await;
    pages.missing(&revoke, &email).await;
    let left = pages.scopes_of(&grace).await;
    assert_eq!(left, scopes[1..]);
    // It may have carried the scope.
    assert!(pages.tokens_of(&grace, &app).await.is_empty());
    let revoke_all = format!("{page}/scopes/revoke-all");
    pages.forbidden(Role::AppAdmin, &revoke_all, "").await;
    pages.done(&revoke_all, "").await;
    assert!(pages.scopes_of(&grace).await.is_empty());
    pages.consent(&main, &app, &grace, "openid").await;
    let everything = format!("{list}/revoke-all");
    pages.forbidden(Role::AppAdmin, &everything, "").await;
    let desk = Who::Holder(Role::HelpDeskAdmin);
    let ended = pages.send(desk, &everything, "").await;
    assert_eq!(ended.status(), StatusCode::SEE_OTHER);
    assert!(pages.scopes_of(&grace).await.is_empty());
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_tokens_of_a_person_are_seen_and_ended() {
    let pages = Pages::open().await;
    let (main, acme) = (pages.world.main.clone(), pages.world.acme.clone());
    let (app, foreign) = (pages.app(&main).await, pages.app(&acme).await);
    let grace = pages.person("main", "grace").await;
    let (ada, stranger) = (
        pages.person("main", "ada").await,
        pages.person("acme", "grace").await,
    );
    let page = format!("/admin/people/{grace}/clients/{app}");
    let (revoke, revoke_all) = (
        format!("{page}/tokens/revoke"),
        format!("{page}/tokens/revoke-all"),
    );
    let one = pages.hold(&main, &app, &grace, ORG_SERVER_KEY).await;
    let hers = pages.hold(&main, &app, &ada, ORG_SERVER_KEY).await;
    let theirs = pages.hold(&acme, &foreign, &stranger, ORG_SERVER_KEY).await;
    let shown = pages.look(&page).await;
    assert!(shown.contains(one.as_str()) && !shown.contains(hers.as_str()));
    assert!(shown.contains("offline_access") && !shown.contains("token of"));
    for id in ["", "none", hers.as_str(), theirs.as_str()] {
        pages.missing(&revoke, &format!("id={id}")).await;
    }
    let form = format!("id={one}");
    pages.forbidden(Role::AppAdmin, &revoke, &form).await;
    pages.done(&revoke, &form).await;
    pages.missing(&revoke, &form).await;
    pages.hold(&main, &app, &grace, ORG_SERVER_KEY).await;
    pages.hold(&main, &app, &grace, ORG_SERVER_KEY).await;
    pages.forbidden(Role::AppAdmin, &revoke_all, "").await;
    pages.done(&revoke_all, "").await;
    assert!(pages.tokens_of(&grace, &app).await.is_empty());
    assert_eq!(pages.tokens_of(&ada, &app).await.len(), 1);
    // Whoever helps people helps nobody who may do more.
    let above = format!("/admin/people/{ada}/clients/{app}/tokens/revoke-all");
    let desk = Who::Holder(Role::HelpDeskAdmin);
    let (_, told) = pages.refused(desk, &above, "").await;
    assert!(told.contains("permits more than yours"), "{told}");
    let hers_page = format!("/admin/people/{ada}/clients/{app}");
    let seen = pages.world.call(desk, &Method::GET, &hers_page, "").await;
    let seen = read(seen).await;
    assert!(seen.contains("offline_access"), "{seen}");
    assert!(!seen.contains("/tokens/revoke"));
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_password_is_shown_once_to_whoever_may_set_any() {
    let pages = Pages::open().await;
    let grace = pages.person("main", "grace").await;
    let profile = format!("/admin/people/{grace}");
    let make = format!("{profile}/temporary-password");
    assert!(pages.look(&profile).await.contains(&make));
    // Whoever helps people lets them choose a password, and is told none.
    pages.forbidden(Role::HelpDeskAdmin, &make, "").await;
    let desk = Who::Holder(Role::HelpDeskAdmin);
    let seen = pages.world.call(desk, &Method::GET, &profile, "").await;
    assert!(!read(seen).await.contains(&make));
    let stranger = pages.person("acme", "grace").await;
    let theirs = format!("/admin/people/{stranger}/temporary-password");
    pages.missing(&theirs, "").await;
    let runner = Who::Holder(Role::UserAdmin);
    let ada = pages.person("main", "ada").await;
    let above = format!("/admin/people/{ada}/temporary-password");
    let (_, told) = pages.refused(runner, &above, "").await;
    assert!(told.contains("permits more than yours"), "{told}");
    let made = pages.send(runner, &make, "end_sessions=on").await;
    assert_eq!(made.status(), StatusCode::OK);
    let shown = read(made).await;
    let password = shown.split("id=\"fresh-password\"").nth(1).unwrap();
    let password = password.split(['>', '<']).nth(1).unwrap();
    assert!(password.len() >= 20, "{password}");
    assert!(!pages.look(&profile).await.contains(password));
    assert!(pages.look(&profile).await.contains("Password expired"));
    // Her sessions ended with it.
    let hers = pages.world.call(Who::Person, &Method::GET, "/account", "");
    assert_eq!(hers.await.status(), StatusCode::SEE_OTHER);
    // Nobody who may not sign in gets one.
    pages
        .done(&format!("{profile}/lifecycle/deactivate"), "")
        .await;
    assert!(!pages.look(&profile).await.contains(&make));
    let (_, told) = pages.refused(Who::Administrator, &make, "").await;
    assert!(!told.contains("fresh-password"), "{told}");
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_linked_to_an_account_at_a_provider_and_unlinked() {
    let pages = Pages::open().await;
    let cell = &pages.world.cell;
    let grace = pages.person("main", "grace").await;
    let rosa = pages.person("main", "rosa").await;
    let reader = pages.reader();
    let listed = cell.list_identity_providers(&reader).await.unwrap();
    let provider = listed.into_iter().next().unwrap();
    let acme = permit(&pages.world.acme, Permission::ReadDirectory);
    let theirs = cell.list_identity_providers(&acme).await.unwrap();
    let theirs = theirs.into_iter().next().unwrap();
    let page = format!("/admin/people/{grace}/factors");
    let (add, remove) = (
        format!("{page}/providers/add"),
        format!("{page}/providers/remove"),
    );
    let form = |subject: &str| format!("provider={}&subject={subject}", provider.id);
    for named in ["", "none", theirs.id.as_str()] {
        let form = format!("provider={named}&subject=grace");
        pages.missing(&add, &form).await;
    }
    pages.told(&add, &form(""), "1 to 255 characters").await;
    pages
        .forbidden(Role::HelpDeskAdmin, &add, &form("grace"))
        .await;
    pages.done(&add, &form("grace-there")).await;
    let user = pages
        .world
        .cell
        .find_provider_link(&reader, &provider, &grace);
    assert_eq!(user.await.unwrap().subject, "grace-there");
    let shown = pages.look(&page).await;
    assert!(
        shown.contains("grace-there")
            && !shown.contains(&format!("<option value=\"{}\"", provider.id))
    );
    let people = format!("/admin/settings/providers/{}/people", provider.id);
    let shown = pages.look(&people).await;
    assert!(shown.contains("grace-there") && shown.contains(&page));
    let foreign = format!("/admin/settings/providers/{}/people", theirs.id);
    assert_eq!(pages.status(&foreign).await, StatusCode::NOT_FOUND);
    // An account is one person's, and a person has one account there.
    let others = format!("/admin/people/{rosa}/factors/providers/add");
    pages
        .told(&others, &form("grace-there"), "in use already")
        .await;
    pages.told(&add, &form("another"), "in use already").await;
    let gone = format!("id={}", provider.id);
    pages.forbidden(Role::AppAdmin, &remove, &gone).await;
    pages.done(&remove, &gone).await;
    pages.missing(&remove, &gone).await;
    assert!(!pages.look(&page).await.contains("grace-there"));
    assert!(pages.look(&people).await.contains("Nobody is linked"));
    pages.world.close().await;
}
