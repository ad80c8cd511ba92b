//! The pages of attributes: what people have in an app, and what is said of an attribute beyond its name.

use crate::tests::console_pages::{CHANGED, Pages};
use crate::tests::matrix::read;
use crate::tests::matrix::world::Who;
use crate::tests::one_org::permit;
use axum::http::{Method, StatusCode};
use identity::access::{Permission, Role};
use identity::app::assigned::Way;
use identity::app::assignment::SeenInApp;
use identity::attribute_schema::Owner;
use identity::fault::Refusal;
use identity::org::settings::{AttributeKind, ProfileAttribute};
use serde_json::{Map, Value, json};
use vocab::id::{AppId, UserId};

impl Pages {
    /// Gives the people of an app some attributes.
    async fn attributes_of_app(&self, app: &AppId) {
        let of = |name: &str, kind| ProfileAttribute {
            name: name.to_owned(),
            kind,
            self_hidden: true,
            max: (kind == AttributeKind::Text).then_some(9),
            ..ProfileAttribute::default()
        };
        let attributes = vec![
            of("site", AttributeKind::Text),
            of("level", AttributeKind::Integer),
            of("lead", AttributeKind::Boolean),
            // As the forms of the console are guarded.
            of("csrf", AttributeKind::Text),
        ];
        let owner = Owner::App(app.clone());
        let (cell, manager) = (
            &self.world.cell,
            permit(&self.world.main, Permission::ManageApps),
        );
        let seen = cell.attribute_schema(&self.reader(), &owner).await.unwrap();
        let put = cell.put_attribute_schema(&manager, &owner, seen, attributes);
        put.await.unwrap();
    }

    async fn has_in_app(&self, app: &AppId, user: &UserId) -> Map<String, Value> {
        let reader = self.reader();
        let found = self.world.cell.find_app_person(&reader, app, user);
        found.await.unwrap().attributes.values().clone()
    }
}

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_in_an_app_as_it_was_seen_undoes_nothing() {
    let pages = Pages::open().await;
    let app = pages.app(&pages.world.main).await;
    let grace = pages.person("main", "grace").await;
    pages.attributes_of_app(&app).await;
    let manager = permit(&pages.world.main, Permission::ManageApps);
    let cell = &pages.world.cell;
    let kos = map(&json!({ "site": "Kos" }));
    let assigned = cell.assign_app_with(&manager, &app, &grace, kos.clone());
    assigned.await.unwrap();
    let change = async |way: Way, site: &str| {
        let seen = SeenInApp {
            way,
            values: map(&json!({ "site": site, "level": null })),
        };
        let wish = map(&json!({ "site": "Rome", "level": 3 }));
        let changed = cell.change_in_app(&manager, (&app, &grace), wish, seen);
        changed.await
    };
    let stale = change(Way::Direct, "Bonn").await;
    assert!(matches!(stale, Err(Refusal::Changed)), "{stale:?}");
    assert_eq!(pages.has_in_app(&app, &grace).await, kos);
    change(Way::Direct, "Kos").await.unwrap();
    let has = json!({ "site": "Rome", "level": 3 });
    assert_eq!(pages.has_in_app(&app, &grace).await, map(&has));
    // Nor is the app given back by it, however they had it.
    let taken = cell.unassign_app_from_person(&manager, &app, &grace);
    taken.await.unwrap();
    let group = pages.group(&pages.world.main, "First").await;
    for way in [Way::Direct, Way::Group(group)] {
        let gone = change(way, "Rome").await;
        assert!(matches!(gone, Err(Refusal::Changed)), "{gone:?}");
    }
    let page = format!("/admin/apps/{app}/assignments/people/{grace}");
    // They have it through a group of theirs still.
    let form = "value-site=Kos&was-site=Rome";
    pages.told(&page, form, CHANGED).await;
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_has_in_an_app_is_seen_and_set() {
    let pages = Pages::open().await;
    let (main, acme) = (pages.world.main.clone(), pages.world.acme.clone());
    let (app, foreign) = (pages.app(&main).await, pages.app(&acme).await);
    let grace = pages.person("main", "grace").await;
    let page = format!("/admin/apps/{app}/assignments/people/{grace}");
    pages.attributes_of_app(&app).await;
    let manager = permit(&main, Permission::ManageApps);
    let cell = &pages.world.cell;
    let assigned = cell.assign_app_to_person(&manager, &app, &grace);
    assigned.await.unwrap();
    assert!(pages.look(&page).await.contains("name=\"value-site\""));
    let form = "value-site=Kos&was-site=&value-level=3&was-level=&value-lead=false&was-lead=&value-csrf=own&was-csrf=";
    pages.forbidden(Role::UserAdmin, &page, form).await;
    pages.done(&page, form).await;
    let has = json!({ "site": "Kos", "level": 3, "lead": false, "csrf": "own" });
    assert_eq!(pages.has_in_app(&app, &grace).await, map(&has));
    let shown = pages.look(&page).await;
    assert!(shown.contains("name=\"was-site\" value=\"Kos\""));
    // What a form left alone stays, though another changed it meanwhile; what it emptied is no more.
    let behind = "value-site=&was-site=&value-level=&was-level=3&value-lead=true&was-lead=false";
    pages.done(&page, behind).await;
    let has = json!({ "site": "Kos", "lead": true, "csrf": "own" });
    assert_eq!(pages.has_in_app(&app, &grace).await, map(&has));
    for bad in [
        "value-site=far+too+long+a+site&was-site=Kos",
        "value-level=three&was-level=",
    ] {
        let (_, told) = pages.refused(Who::Administrator, &page, bad).await;
        assert!(told.contains("class=\"error\""), "{bad}: {told}");
    }
    // Whoever changes what another changed meanwhile is told so.
    let stale = "value-site=Rome&was-site=Bonn";
    pages.told(&page, stale, CHANGED).await;
    assert_eq!(pages.has_in_app(&app, &grace).await, map(&has));
    let runner = Who::Holder(Role::AppAdmin);
    let set = pages.send(runner, &page, "value-level=4&was-level=").await;
    assert_eq!(set.status(), StatusCode::SEE_OTHER);
    let has = json!({ "site": "Kos", "level": 4, "lead": true, "csrf": "own" });
    assert_eq!(pages.has_in_app(&app, &grace).await, map(&has));
    // Whoever it is not assigned to, and whoever and whatever is of another org.
    let stranger = pages.person("acme", "grace").await;
    let nobody = pages.person("main", "help_desk_admin").await;
    for path in [
        format!("/admin/apps/{app}/assignments/people/{nobody}"),
        format!("/admin/apps/{app}/assignments/people/{stranger}"),
        format!("/admin/apps/{foreign}/assignments/people/{grace}"),
    ] {
        pages.missing(&path, "value-site=Kos&was-site=").await;
    }
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_came_through_a_group_becomes_the_persons_own_by_what_is_set() {
    let pages = Pages::open().await;
    let main = pages.world.main.clone();
    let app = pages.app(&main).await;
    let desk = pages.person("main", "help_desk_admin").await;
    pages.attributes_of_app(&app).await;
    let group = pages.group(&main, "Desk").await;
    let cell = &pages.world.cell;
    let groups = permit(&main, Permission::ManageGroups);
    let member = cell.add_group_member(&groups, &group, &desk).await;
    member.unwrap();
    let apps = permit(&main, Permission::ManageApps);
    let assigned = cell.assign_app_to_group(&apps, &app, &group).await;
    assigned.unwrap();
    let page = format!("/admin/apps/{app}/assignments/people/{desk}");
    assert!(pages.look(&page).await.contains("through the group Desk"));
    let list = pages.look(&format!("/admin/people/{desk}/apps")).await;
    assert!(list.contains(&page));
    // A form that was made when it was their own gives it to nobody, nor does the one that is shown then.
    let form = "value-site=Kos&was-site=";
    pages.told(&page, form, CHANGED).await;
    let own = "name=\"through\" value=\"\"";
    pages.told(&page, form, own).await;
    let own = format!("through={group}&{form}");
    pages.forbidden(Role::HelpDeskAdmin, &page, &own).await;
    pages.done(&page, &own).await;
    let shown = pages.look(&page).await;
    assert!(!shown.contains("through the group Desk"));
    let has = pages.has_in_app(&app, &desk).await;
    assert_eq!(has, map(&json!({ "site": "Kos" })));
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_an_attribute_of_people_is_seen_and_changed() {
    let pages = Pages::open().await;
    let list = "/admin/settings/attributes";
    let revision = async || {
        let snapshot = pages.world.cell.snapshot(&pages.world.main).await;
        snapshot.unwrap().unwrap().org.revision
    };
    let stored = async || {
        let snapshot = pages.world.cell.snapshot(&pages.world.main).await;
        let org = snapshot.unwrap().unwrap().org.clone();
        let mut named = org.settings.profile_schema.into_iter();
        named.find(|one| one.name == "level").unwrap()
    };
    let add = format!("revision={}&name=level&kind=integer", revision().await);
    pages.done(&format!("{list}/add"), &add).await;
    let page = format!("{list}/rules/level");
    assert!(pages.look(list).await.contains(&page));
    assert!(pages.look(&page).await.contains("name=\"max\""));
    let form = "title=Level&description=How+far&min=1&max=3&choices=1+%3D+One%0D%0A3&unique=on&required=on&own=write";
    let now = async |form: &str| format!("revision={}&{form}", revision().await);
    let told = [
        (
            form.replace("max=3", "max=many"),
            "whole number, or nothing",
        ),
        (form.replace("max=3", "max=0"), "the bounds do not fit"),
        (form.replace("%0D%0A3", "%0D%0A4"), "within its bounds"),
        (
            form.replace("How+far", &"x".repeat(257)),
            "at most 256 characters",
        ),
    ];
    for (bad, words) in told {
        let bad = now(&bad).await;
        pages.told(&page, &bad, words).await;
    }
    pages
        .told(&page, &format!("revision=0&{form}"), CHANGED)
        .await;
    let good = now(form).await;
    pages.forbidden(Role::UserAdmin, &page, &good).await;
    pages.missing(&format!("{list}/rules/none"), &good).await;
    // What somebody lacks whom it would be required of is no hindrance: it is asked for when they are next saved.
    pages.done(&page, &good).await;
    let level = stored().await;
    assert_eq!((level.min, level.max), (Some(1), Some(3)));
    assert_eq!(
        (level.title.as_str(), level.description.as_str()),
        ("Level", "How far")
    );
    assert!(level.unique && level.required && level.self_editable && !level.self_hidden);
    let choices = level.choices.iter();
    let choices: Vec<(&str, &str)> = choices
        .map(|one| (one.value.as_str(), one.title.as_str()))
        .collect();
    assert_eq!(choices, [("1", "One"), ("3", "")]);
    let shown = pages.look(list).await;
    assert!(shown.contains("No two people have the same"));
    let shown = pages.look(&page).await;
    assert!(shown.contains("1 = One\n3") && shown.contains("checked id=\"f-own-3\""));
    // What is emptied is said no more.
    let bare = now("title=&description=&min=&max=&choices=&own=hide").await;
    pages.done(&page, &bare).await;
    let level = stored().await;
    assert_eq!((level.min, level.max, level.choices.len()), (None, None, 0));
    assert!(!level.unique && !level.required && level.self_hidden);
    let reader = Who::ReadOnlyAdministrator;
    let seen = pages.world.call(reader, &Method::GET, &page, "").await;
    assert!(!read(seen).await.contains("Save changes"));
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_an_attribute_of_a_type_and_of_an_app_is_changed() {
    let pages = Pages::open().await;
    pages
        .done(
            "/admin/settings/types/add",
            "name=contractor&display_name=Contractor&description=",
        )
        .await;
    let types = pages.world.cell.list_user_types(&pages.reader()).await;
    let key = types.unwrap().into_iter().find_map(|one| one.key).unwrap();
    let list = "/admin/settings/attributes";
    let reader = pages.reader();
    let revision = async || {
        let schema = pages.world.cell.user_type_schema(&reader, &key).await;
        schema.unwrap().revision
    };
    let add = format!(
        "revision={}&type={key}&name=badge&kind=text",
        revision().await
    );
    pages.done(&format!("{list}/add"), &add).await;
    let page = format!("{list}/rules/badge");
    let shown = pages.look(&format!("{page}?type={key}")).await;
    assert!(shown.contains(&format!("name=\"type\" value=\"{key}\"")));
    // Those that every org has are others.
    let elsewhere = pages
        .world
        .call(Who::Administrator, &Method::GET, &page, "");
    assert_eq!(elsewhere.await.status(), StatusCode::NOT_FOUND);
    let form = format!(
        "revision={}&type={key}&min=2&max=4&own=read",
        revision().await
    );
    pages.done(&page, &form).await;
    pages.told(&page, &form, CHANGED).await;
    let schema = pages.world.cell.user_type_schema(&reader, &key).await;
    let badge = schema.unwrap().attributes.remove(0);
    assert_eq!((badge.min, badge.max), (Some(2), Some(4)));
    // What people have in an app is no page of their own, so that nothing is said of that.
    let app = pages.app(&pages.world.main).await;
    pages.attributes_of_app(&app).await;
    let page = format!("/admin/apps/{app}/profile/attributes/rules/site");
    let shown = pages.look(&page).await;
    assert!(!shown.contains("name=\"own\"") && !shown.contains("name=\"unique\""));
    let form = "revision=1&title=Site&max=20&choices=BER+%3D+Berlin&unique=on&own=write";
    pages.forbidden(Role::UserAdmin, &page, form).await;
    pages.done(&page, form).await;
    let owner = Owner::App(app);
    let schema = pages.world.cell.attribute_schema(&reader, &owner).await;
    let site = schema.unwrap().attributes.remove(0);
    assert_eq!(
        (site.max, site.choices[0].title.as_str()),
        (Some(20), "Berlin")
    );
    assert!(!site.unique && site.self_hidden);
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_of_what_nobody_has_is_refused_with_the_name_of_it() {
    let pages = Pages::open().await;
    let cell = &pages.world.cell;
    let servers = cell.list_servers(&pages.reader()).await.unwrap();
    let path = format!("/admin/servers/{}/claims/new", servers[0].id);
    let form = |attribute: &str| {
        format!("name=rank&token=id_token&source=attribute&value={attribute}&scopes=")
    };
    pages
        .told(&path, &form("rank"), "people have no attribute")
        .await;
    pages.forbidden(Role::AppAdmin, &path, &form("login")).await;
    pages.done(&path, &form("login")).await;
    let shown = pages.look(&path.replace("/new", "")).await;
    assert!(shown.contains("rank") && shown.contains("login"));
    pages.world.close().await;
}
