//! The pages for what stands beside people, groups and apps: what their forms do, what they refuse and say, and that nothing of
//! another org is reached by them. Who opens which is in the matrix.

use crate::tests::console_pages::{CHANGED, Pages};
use crate::tests::matrix::world::Who;
use crate::tests::one_org::permit;
use axum::http::{Method, StatusCode};
use identity::access::narrowed::{RoleHolder, RoleTarget};
use identity::access::{Permission, Role};
use identity::attribute_schema::Owner;
use identity::fault::Fault;
use oauth::grant::{GrantDocument, Grantor};
use oauth::held::of_app::{self, OfApp};
use oauth::issuer::ORG_SERVER_KEY;
use oauth::token::store::{RefreshFamily, insert_family};
use vocab::id::{AppId, OrgId, RefreshFamilyId, SessionId, UserId};
use vocab::secret::SecretHash;

#[tokio::test(flavor = "multi_thread")]
async fn a_role_of_a_person_is_narrowed_and_widened() {
    let pages = Pages::open().await;
    let (main, acme) = (&pages.world.main, &pages.world.acme);
    let helper = pages.person("main", "help_desk_admin").await;
    let holder = RoleHolder::User(helper.clone());
    let (first, second) = (
        pages.group(main, "First").await,
        pages.group(main, "Second").await,
    );
    let foreign = pages.group(acme, "Theirs").await;
    let page = format!("/admin/administrators/{helper}/roles/HELP_DESK_ADMIN");
    let (add, remove) = (format!("{page}/add"), format!("{page}/remove"));
    let list = pages.look("/admin/administrators").await;
    assert!(list.contains(&page));
    assert!(pages.look(&page).await.contains("held over everything"));
    // What is none, what is of another kind, and what is another org's.
    let app = pages.app(main).await;
    for id in ["", "none", "every", app.as_str(), foreign.as_str()] {
        pages.missing(&add, &format!("id={id}")).await;
    }
    pages
        .forbidden(Role::OrgAdmin, &add, &format!("id={first}"))
        .await;
    pages.done(&add, &format!("id={first}")).await;
    let role = Role::HelpDeskAdmin;
    assert_eq!(
        pages.targets(&holder, role).await,
        [RoleTarget::Group(first.clone())]
    );
    let shown = pages.look(&page).await;
    assert!(shown.contains("First") && shown.contains("over nothing else"));
    pages
        .told(&remove, &format!("id={first}"), "keeps one target")
        .await;
    pages.missing(&remove, &format!("id={second}")).await;
    pages.done(&add, &format!("id={second}")).await;
    pages.done(&remove, &format!("id={first}")).await;
    assert_eq!(
        pages.targets(&holder, role).await,
        [RoleTarget::Group(second)]
    );
    // Apps do not narrow it, and so it is not let be for everything by them.
    pages
        .told(
            &format!("{page}/widen"),
            "",
            "not narrowed by such a target",
        )
        .await;
    // A person of another org, a role that the person does not have, and one that nothing narrows.
    let stranger = pages.person("acme", "ada").await;
    for path in [
        format!("/admin/administrators/{stranger}/roles/HELP_DESK_ADMIN/add"),
        format!("/admin/administrators/{helper}/roles/USER_ADMIN/add"),
        format!("/admin/administrators/{helper}/roles/REPORT_ADMIN/add"),
        format!("/admin/administrators/{helper}/roles/NOBODY/add"),
    ] {
        pages.missing(&path, &format!("id={first}")).await;
    }
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_administrator_is_narrowed_to_apps_and_let_be_for_everything_again() {
    let pages = Pages::open().await;
    let runner = pages.person("main", "app_admin").await;
    let holder = RoleHolder::User(runner.clone());
    let (app, foreign) = (
        pages.app(&pages.world.main).await,
        pages.app(&pages.world.acme).await,
    );
    let page = format!("/admin/administrators/{runner}/roles/APP_ADMIN");
    let add = format!("{page}/add");
    pages.missing(&add, &format!("id={foreign}")).await;
    pages.done(&add, &format!("id={app}")).await;
    pages.done(&add, "id=every").await;
    let held = pages.targets(&holder, Role::AppAdmin).await;
    assert_eq!(held, [RoleTarget::App(app.clone()), RoleTarget::Apps]);
    pages
        .done(&format!("{page}/remove"), &format!("id={app}"))
        .await;
    let told = "every app of this kind is a target already";
    pages.told(&add, &format!("id={app}"), told).await;
    let shown = pages.look(&page).await;
    assert!(shown.contains("Every app") && shown.contains(&format!("{page}/widen")));
    pages.done(&format!("{page}/widen"), "").await;
    assert!(pages.targets(&holder, Role::AppAdmin).await.is_empty());
    assert!(pages.look(&page).await.contains("held over everything"));
    pages.world.close().await;
}

/// As where roles are given: somebody else does it.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_narrows_their_own_role_in_the_console() {
    let pages = Pages::open().await;
    let ada = pages.person("main", "ada").await;
    let permit = permit(&pages.world.main, Permission::ManageOrg);
    let given = pages.world.cell.grant_role(&permit, &ada, Role::AppAdmin);
    given.await.unwrap();
    let page = format!("/admin/administrators/{ada}/roles/APP_ADMIN");
    let shown = pages.look(&page).await;
    assert!(shown.contains("your own role") && !shown.contains(&format!("{page}/add")));
    let add = format!("{page}/add");
    pages.told(&add, "id=every", "changes their own role").await;
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_given_a_role_that_is_narrowed_and_taken() {
    let pages = Pages::open().await;
    let (main, acme) = (&pages.world.main, &pages.world.acme);
    let (desk, others) = (
        pages.group(main, "Desk").await,
        pages.group(main, "Others").await,
    );
    let page = format!("/admin/groups/{desk}/roles");
    let (add, remove) = (format!("{page}/add"), format!("{page}/remove"));
    pages.missing(&add, "role=NOBODY").await;
    pages
        .forbidden(Role::UserAdmin, &add, "role=USER_ADMIN")
        .await;
    let theirs = pages.group(acme, "Theirs").await;
    let foreign = format!("/admin/groups/{theirs}/roles");
    pages
        .missing(&format!("{foreign}/add"), "role=USER_ADMIN")
        .await;
    pages.done(&add, "role=USER_ADMIN").await;
    let targets = format!("{page}/USER_ADMIN");
    assert!(pages.look(&page).await.contains(&targets));
    pages
        .done(&format!("{targets}/add"), &format!("id={others}"))
        .await;
    pages
        .missing(&format!("{targets}/add"), &format!("id={theirs}"))
        .await;
    let holder = RoleHolder::Group(desk.clone());
    assert_eq!(
        pages.targets(&holder, Role::UserAdmin).await,
        [RoleTarget::Group(others.clone())]
    );
    assert!(
        pages
            .look(&page)
            .await
            .contains("some groups or apps alone")
    );
    let last = format!("id={others}");
    pages
        .told(&format!("{targets}/remove"), &last, "keeps one target")
        .await;
    pages.done(&remove, "role=USER_ADMIN").await;
    let gone = pages
        .world
        .call(Who::Administrator, &Method::GET, &targets, "")
        .await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    pages.world.close().await;
}

/// The same of groups and of an app: added, told apart, renamed, removed, and never by a form that is behind.
async fn attributes_come_and_go(pages: &Pages, page: &str, base: &str, owner: &Owner) {
    let names = async || {
        let schema = pages
            .world
            .cell
            .attribute_schema(&pages.reader(), owner)
            .await;
        let schema = schema.unwrap().attributes.into_iter();
        schema
            .map(|attribute| (attribute.name, attribute.title))
            .collect::<Vec<(String, String)>>()
    };
    let (add, edit, remove) = (
        format!("{base}/add"),
        format!("{base}/rules/site"),
        format!("{base}/remove"),
    );
    pages.missing(&add, "revision=0&name=site&kind=list").await;
    pages
        .told(&add, "revision=0&name=1st&kind=text", "use a letter")
        .await;
    pages.told(&add, "name=site&kind=text", CHANGED).await;
    let good = "revision=0&name=site&title=Site&kind=text";
    pages.done(&add, good).await;
    assert_eq!(names().await, [("site".into(), "Site".into())]);
    let behind = "revision=0&name=place&kind=text";
    pages.told(&add, behind, CHANGED).await;
    pages
        .told(&add, "revision=1&name=site&kind=text", "each name once")
        .await;
    let shown = pages.look(page).await;
    assert!(shown.contains("name=\"revision\" value=\"1\""), "{shown}");
    assert!(!shown.contains("People do not see their own"));
    pages
        .missing(&format!("{base}/rules/none"), "revision=1&title=Place")
        .await;
    pages.told(&edit, "revision=0&title=Place", CHANGED).await;
    pages.done(&edit, "revision=1&title=Place").await;
    assert_eq!(names().await, [("site".into(), "Place".into())]);
    pages.missing(&remove, "revision=2&name=none").await;
    pages.told(&remove, "revision=1&name=site", CHANGED).await;
    pages.done(&remove, "revision=2&name=site").await;
    assert!(names().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_of_groups_and_of_an_app_come_and_go() {
    let pages = Pages::open().await;
    let groups = "/admin/groups/attributes";
    attributes_come_and_go(&pages, groups, groups, &Owner::Groups).await;
    let add = "revision=3&name=site&kind=text";
    // Whoever runs groups fills in what they have, and does not say what that is.
    pages
        .forbidden(Role::UserAdmin, &format!("{groups}/add"), add)
        .await;
    let app = pages.app(&pages.world.main).await;
    let page = format!("/admin/apps/{app}/profile");
    let base = format!("{page}/attributes");
    attributes_come_and_go(&pages, &page, &base, &Owner::App(app)).await;
    pages
        .forbidden(Role::UserAdmin, &format!("{base}/add"), add)
        .await;
    let runner = Who::Holder(Role::AppAdmin);
    let added = pages.send(runner, &format!("{base}/add"), add).await;
    assert_eq!(added.status(), StatusCode::SEE_OTHER);
    // What is mapped to it goes with it.
    pages
        .done(&page, "attribute=site&expression=user.login")
        .await;
    assert!(pages.look(&page).await.contains("user.login</code>"));
    pages
        .done(&format!("{base}/remove"), "revision=4&name=site")
        .await;
    assert!(!pages.look(&page).await.contains("user.login</code>"));
    let foreign = pages.app(&pages.world.acme).await;
    let theirs = format!("/admin/apps/{foreign}/profile/attributes/add");
    pages
        .missing(&theirs, "revision=0&name=site&kind=text")
        .await;
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relations_are_defined_and_removed() {
    let pages = Pages::open().await;
    let page = "/admin/settings/relations";
    let (add, remove) = (format!("{page}/add"), format!("{page}/remove"));
    let form = |first: &str, second: &str| {
        format!("first_name={first}&first_title=Mentor&second_name={second}&second_title=Student")
    };
    pages
        .told(&add, &form("1st", "student"), "no digit first")
        .await;
    pages
        .told(&add, &form("mentor", "mentor"), "different names")
        .await;
    pages
        .told(&add, &form("mentor", "subordinate"), "in use already")
        .await;
    pages
        .told(&add, "first_name=mentor&second_name=student", "1 to 100")
        .await;
    let good = form("mentor", "student");
    pages.forbidden(Role::UserAdmin, &add, &good).await;
    pages.done(&add, &good).await;
    assert!(pages.look(page).await.contains("Mentor"));
    pages.missing(&remove, "name=nobody").await;
    pages
        .forbidden(Role::UserAdmin, &remove, "name=mentor")
        .await;
    pages.done(&remove, "name=mentor").await;
    assert!(!pages.look(page).await.contains("Mentor"));
    // The other org's stays.
    let theirs = permit(&pages.world.acme, Permission::ReadDirectory);
    pages.done(&remove, "name=manager").await;
    let left = pages.world.cell.list_linked_objects(&theirs).await;
    assert_eq!(left.unwrap().len(), 1);
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_a_nul_in_its_address_or_form_is_not_there() {
    let pages = Pages::open().await;
    let grace = pages.person("main", "grace").await;
    let group = pages.group(&pages.world.main, "First").await;
    let relation = format!("/admin/people/{grace}/relations/%00");
    for path in [
        "/admin/apps?q=%00",
        "/admin/groups?q=%00",
        "/admin/people?q=%00",
        "/admin/people?q=a%00b",
        "/admin/people?%00=a",
        &format!("/admin/groups/{group}?q=%00"),
        "/admin/groups/%00",
        "/admin/people/%00",
        &relation,
    ] {
        let who = Who::Administrator;
        let answer = pages.world.call(who, &Method::GET, path, "").await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    for act in ["set", "remove"] {
        let path = format!("{relation}/{act}");
        pages.missing(&path, &format!("id={grace}")).await;
    }
    pages
        .missing("/admin/settings/relations/remove", "name=%00")
        .await;
    // Two signs and two digits are a name like others.
    let named = pages.look("/admin/people?q=%2500").await;
    assert!(named.contains("%00"));
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_linked_and_let_go() {
    let pages = Pages::open().await;
    let (grace, rosa) = (
        pages.person("main", "grace").await,
        pages.person("main", "rosa").await,
    );
    let stranger = pages.person("acme", "grace").await;
    let all = format!("/admin/people/{grace}/relations");
    let page = format!("{all}/manager");
    let (set, remove) = (format!("{page}/set"), format!("{page}/remove"));
    assert!(pages.look(&all).await.contains("Nobody"));
    for id in ["", "none", stranger.as_str()] {
        pages.missing(&set, &format!("id={id}")).await;
    }
    pages
        .told(
            &set,
            &format!("id={grace}"),
            "nobody is linked to themselves",
        )
        .await;
    pages
        .forbidden(Role::HelpDeskAdmin, &set, &format!("id={rosa}"))
        .await;
    let theirs = format!("/admin/people/{stranger}/relations/manager/set");
    pages.missing(&theirs, &format!("id={rosa}")).await;
    for name in ["nobody", "subordinate"] {
        let (status, _) = pages
            .refused(
                Who::Administrator,
                &format!("{all}/{name}/set"),
                &format!("id={rosa}"),
            )
            .await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{name}");
    }
    pages.done(&set, &format!("id={rosa}")).await;
    assert!(pages.look(&all).await.contains("rosa@main.example"));
    assert!(pages.look(&page).await.contains(rosa.as_str()));
    let other_end = pages
        .look(&format!("/admin/people/{rosa}/relations/manager"))
        .await;
    assert!(other_end.contains(grace.as_str()));
    // Rosa administers, and may see more than whoever runs people: she is linked to nobody by them.
    let above = format!(
        "/admin/people/{}/relations/manager/set",
        pages.person("main", "ada").await
    );
    let who = Who::Holder(Role::UserAdmin);
    let (_, told) = pages.refused(who, &above, &format!("id={rosa}")).await;
    assert!(told.contains("permits more than yours"), "{told}");
    pages.forbidden(Role::HelpDeskAdmin, &remove, "").await;
    pages.done(&remove, "").await;
    assert!(!pages.look(&page).await.contains(rosa.as_str()));
    pages.world.close().await;
}

impl Pages {
    /// A refresh token that the app has of somebody at a server.
    pub(crate) async fn hold(
        &self,
        org: &OrgId,
        app: &AppId,
        user: &UserId,
        server: &str,
    ) -> RefreshFamilyId {
        let (cell, now) = (&self.world.cell, self.world.cell.now());
        let person = {
            let mut tx = cell.database.read().await.unwrap();
            let person = identity::person::store::load(&mut tx, org, user).await;
            person.unwrap().unwrap()
        };
        let id = RefreshFamilyId::generate(cell.entropy());
        let family = RefreshFamily {
            org: org.clone(),
            server: server.to_owned(),
            app: app.clone(),
            grantor: Grantor {
                user: user.clone(),
                epoch: person.epoch,
                session: SessionId::generate(cell.entropy()),
            },
            grant: GrantDocument {
                scope: String::from("openid offline_access"),
                redirect_uri: None,
                redirect_uri_was_named: false,
                code_challenge: None,
                nonce: None,
                authenticated_at: now,
                amr: Vec::new(),
                acr: String::new(),
            },
            member_hash: SecretHash::of(id.as_str()),
            token_hash: SecretHash::of(&format!("token of {id}")),
            previous_hash: None,
            salt: String::from("salt"),
            rotated_at: now,
            idle_expires_at: now.plus_secs(60 * 60),
            expires_at: now.plus_secs(2 * 60 * 60),
            revoked_at: None,
            id: id.clone(),
        };
        let stored: Result<(), Fault> = cell
            .database
            .write(move |tx| Box::pin(async move { insert_family(tx, &family, now).await }))
            .await;
        stored.unwrap();
        id
    }

    async fn held(&self, org: &OrgId, app: &AppId) -> usize {
        let permit = permit(org, Permission::ReadDirectory);
        let which = OfApp { app, server: None };
        let listed = of_app::list(&self.world.cell, &permit, which, ("", 100)).await;
        listed.unwrap().0.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_tokens_of_an_app_are_seen_and_ended() {
    let pages = Pages::open().await;
    let (main, acme) = (pages.world.main.clone(), pages.world.acme.clone());
    let (app, foreign) = (pages.app(&main).await, pages.app(&acme).await);
    let grace = pages.person("main", "grace").await;
    let stranger = pages.person("acme", "grace").await;
    let page = format!("/admin/apps/{app}/tokens");
    let (revoke, revoke_all) = (format!("{page}/revoke"), format!("{page}/revoke-all"));
    assert!(pages.look(&page).await.contains("No refresh tokens"));
    let one = pages.hold(&main, &app, &grace, ORG_SERVER_KEY).await;
    let theirs = pages.hold(&acme, &foreign, &stranger, ORG_SERVER_KEY).await;
    let shown = pages.look(&page).await;
    assert!(shown.contains(one.as_str()) && shown.contains(grace.as_str()));
    assert!(shown.contains("offline_access") && !shown.contains("token of"));
    for id in ["", "none", theirs.as_str()] {
        pages.missing(&revoke, &format!("id={id}")).await;
    }
    pages
        .forbidden(Role::UserAdmin, &revoke, &format!("id={one}"))
        .await;
    pages
        .forbidden(Role::ApiAccessManagementAdmin, &revoke_all, "")
        .await;
    pages.done(&revoke, &format!("id={one}")).await;
    pages.missing(&revoke, &format!("id={one}")).await;
    assert_eq!(pages.held(&main, &app).await, 0);
    for _ in 0..3 {
        pages.hold(&main, &app, &grace, ORG_SERVER_KEY).await;
    }
    pages
        .missing(&format!("/admin/apps/{foreign}/tokens/revoke-all"), "")
        .await;
    pages.done(&revoke_all, "").await;
    assert_eq!(pages.held(&main, &app).await, 0);
    assert_eq!(pages.held(&acme, &foreign).await, 1);
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_tokens_of_a_server_are_ended_by_whoever_runs_it() {
    let pages = Pages::open().await;
    let main = pages.world.main.clone();
    let (app, grace) = (pages.app(&main).await, pages.person("main", "grace").await);
    let server = {
        let mut tx = pages.world.cell.database.read().await.unwrap();
        let servers = identity::server::store::load_all(&mut tx, &main)
            .await
            .unwrap();
        let orders = servers.into_iter().find(|server| server.name == "Orders");
        orders.unwrap().id
    };
    let list = format!("/admin/servers/{server}/clients");
    let page = format!("{list}/{app}");
    assert!(
        pages
            .look(&list)
            .await
            .contains("No app has refresh tokens")
    );
    let there = pages.hold(&main, &app, &grace, server.as_str()).await;
    let elsewhere = pages.hold(&main, &app, &grace, ORG_SERVER_KEY).await;
    assert!(pages.look(&list).await.contains(&page));
    let shown = pages.look(&page).await;
    assert!(shown.contains(there.as_str()) && !shown.contains(elsewhere.as_str()));
    // Of another server, of no app of this org, and of the server that every org has.
    let revoke = format!("{page}/revoke");
    pages.missing(&revoke, &format!("id={elsewhere}")).await;
    let foreign = pages.app(&pages.world.acme).await;
    pages
        .missing(&format!("{list}/{foreign}/revoke-all"), "")
        .await;
    let own = format!("/admin/servers/{ORG_SERVER_KEY}/clients/{app}/revoke-all");
    pages.missing(&own, "").await;
    pages
        .forbidden(Role::AppAdmin, &revoke, &format!("id={there}"))
        .await;
    let runner = Who::Holder(Role::ApiAccessManagementAdmin);
    let ended = pages.send(runner, &revoke, &format!("id={there}")).await;
    assert_eq!(ended.status(), StatusCode::SEE_OTHER);
    pages.hold(&main, &app, &grace, server.as_str()).await;
    pages.done(&format!("{page}/revoke-all"), "").await;
    assert_eq!(pages.held(&main, &app).await, 1);
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_rests_and_is_accepted_again_but_not_the_last_one() {
    let pages = Pages::open().await;
    let (main, acme) = (pages.world.main.clone(), pages.world.acme.clone());
    let (app, foreign) = (pages.app(&main).await, pages.app(&acme).await);
    let secrets = async |org: &OrgId, app: &AppId| {
        let permit = permit(org, Permission::ReadDirectory);
        let listed = pages.world.cell.list_app_secrets(&permit, app).await;
        listed.unwrap()
    };
    let page = format!("/admin/apps/{app}");
    let switch = format!("{page}/secrets/switch");
    let first = secrets(&main, &app).await[0].id.clone();
    pages
        .told(
            &switch,
            &format!("id={first}"),
            "the only secret that is accepted",
        )
        .await;
    let manager = permit(&main, Permission::ManageApps);
    let added = pages.world.cell.add_app_secret(&manager, &app).await;
    added.unwrap();
    pages
        .forbidden(Role::UserAdmin, &switch, &format!("id={first}"))
        .await;
    let theirs = secrets(&acme, &foreign).await[0].id.clone();
    for id in ["", theirs.as_str()] {
        pages.missing(&switch, &format!("id={id}")).await;
    }
    pages.done(&switch, &format!("id={first}")).await;
    let credentials = format!("{page}/credentials");
    assert!(pages.look(&credentials).await.contains("Switch on"));
    pages.done(&switch, &format!("id={first}&on=on")).await;
    assert!(!pages.look(&credentials).await.contains("Switch on"));
    pages.world.close().await;
}
