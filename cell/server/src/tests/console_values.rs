//! How much the forms of the administration may hold: those of values as much as their values can make, from those who may change them,
//! and no other form nor anybody else more than a page ever needs.

use crate::tests::console_pages::{CHANGED, Pages};
use crate::tests::matrix::read;
use crate::tests::matrix::world::Who;
use crate::tests::one_org::permit;
use crate::tests::two_orgs::find_person;
use axum::http::{Method, StatusCode};
use console::admin::values::VALUES_BYTES_MAX;
use console::visit::FORM_BYTES_MAX;
use identity::access::{Permission, Role};
use identity::attribute_schema::Owner;
use identity::org::profile_schema::ATTRIBUTES_MAX;
use identity::org::settings::ProfileAttribute;
use identity::person::profile::{ProfileInput, TEXT_CHARS_MAX};
use serde_json::{Map, Value};
use vocab::id::{AppId, UserId};

impl Pages {
    /// Gives the people of an app all the attributes that there can be.
    async fn every_attribute(&self, app: &AppId) {
        let of = |number: usize| ProfileAttribute {
            name: format!("of{number}"),
            self_hidden: true,
            ..ProfileAttribute::default()
        };
        let attributes = (0..ATTRIBUTES_MAX).map(of).collect();
        let owner = Owner::App(app.clone());
        let manager = permit(&self.world.main, Permission::ManageApps);
        let cell = &self.world.cell;
        let seen = cell.attribute_schema(&self.reader(), &owner).await.unwrap();
        let put = cell.put_attribute_schema(&manager, &owner, seen, attributes);
        put.await.unwrap();
    }

    /// Gives the people of the organisation all the attributes that there can be.
    async fn every_attribute_of_people(&self, self_editable: bool) {
        let (cell, main) = (&self.world.cell, &self.world.main);
        let snapshot = cell.snapshot(main).await.unwrap().unwrap();
        let mut settings = snapshot.org.settings.clone();
        let of = |number: usize| ProfileAttribute {
            name: format!("of{number}"),
            self_editable,
            ..ProfileAttribute::default()
        };
        settings.profile_schema = (0..ATTRIBUTES_MAX).map(of).collect();
        let (org, name) = (snapshot.org.clone(), snapshot.org.name.clone());
        let manager = permit(main, Permission::ManageOrg);
        let changed = cell.update_org(&manager, org, &name, settings).await;
        changed.unwrap();
    }

    async fn turned_down(&self, who: Who, path: &str, form: &str) -> StatusCode {
        let rows = self.world.log_rows().await;
        let status = self.send(who, path, form).await.status();
        assert_eq!(self.world.log_rows().await, rows, "{who:?} {path}");
        status
    }

    /// What somebody has in an app, of the last attribute.
    async fn last(&self, app: &AppId, user: &UserId) -> String {
        let reader = self.reader();
        let found = self.world.cell.find_app_person(&reader, app, user);
        let found = found.await.unwrap();
        let value = found
            .attributes
            .values()
            .get(&format!("of{}", ATTRIBUTES_MAX - 1));
        value
            .and_then(|value| value.as_str())
            .unwrap_or_default()
            .to_owned()
    }
}

/// A form with the longest text of each attribute, of one sign each, as it was seen and as it is to be.
fn longest(was: &str, now: &str) -> String {
    let text = |sign: &str| sign.repeat(TEXT_CHARS_MAX);
    let (was, now) = (text(was), text(now));
    let fields =
        (0..ATTRIBUTES_MAX).map(|number| format!("&was-of{number}={was}&value-of{number}={now}"));
    format!("through={}", fields.collect::<String>())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_somebody_may_have_in_an_app_fits_in_its_form() {
    let pages = Pages::open().await;
    let app = pages.app(&pages.world.main).await;
    let grace = pages.person("main", "grace").await;
    pages.every_attribute(&app).await;
    let manager = permit(&pages.world.main, Permission::ManageApps);
    let cell = &pages.world.cell;
    let assigned = cell.assign_app_to_person(&manager, &app, &grace).await;
    assigned.unwrap();
    let page = format!("/admin/apps/{app}/assignments/people/{grace}");
    // The longest character there is in a form, also where each value is there twice.
    let tortoise = "%F0%9F%90%A2";
    pages.done(&page, &longest("", tortoise)).await;
    assert_eq!(pages.last(&app, &grace).await, "🐢".repeat(TEXT_CHARS_MAX));
    let twice = longest(tortoise, "%F0%9F%90%99");
    assert!(twice.len() > VALUES_BYTES_MAX - FORM_BYTES_MAX);
    let runner = Who::Holder(Role::AppAdmin);
    let set = pages.send(runner, &page, &twice).await;
    assert_eq!(set.status(), StatusCode::SEE_OTHER);
    assert_eq!(pages.last(&app, &grace).await, "🐙".repeat(TEXT_CHARS_MAX));
    // What is longer than a value may be is refused beside it, and what was typed is not lost.
    let long = longest("%F0%9F%90%99", "a").replacen("=a", "=aa", 1);
    let (status, again) = pages.refused(Who::Administrator, &page, &long).await;
    assert_eq!(status, StatusCode::OK);
    assert!(again.contains("class=\"error\""));
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_read_of_a_form_than_whoever_sends_it_may_change() {
    let pages = Pages::open().await;
    let app = pages.app(&pages.world.main).await;
    let grace = pages.person("main", "grace").await;
    let page = format!("/admin/apps/{app}/assignments/people/{grace}");
    let of = |bytes: usize| format!("through={}", "a".repeat(bytes));
    let (large, largest) = (of(FORM_BYTES_MAX), of(VALUES_BYTES_MAX));
    let too_large = StatusCode::PAYLOAD_TOO_LARGE;
    for who in [
        Who::Anonymous,
        Who::Person,
        Who::OtherOrgsAdministrator,
        Who::ReadOnlyAdministrator,
        Who::Holder(Role::ReportAdmin),
        Who::Holder(Role::HelpDeskAdmin),
    ] {
        assert_eq!(
            pages.turned_down(who, &page, &large).await,
            too_large,
            "{who:?}"
        );
    }
    let who = Who::Administrator;
    let sent = pages.send(who, &page, &large).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    assert_eq!(pages.turned_down(who, &page, &largest).await, too_large);
    // Every other form has the bound that it had.
    for other in ["/admin/zones/new", "/admin/settings", "/account"] {
        assert_eq!(
            pages.turned_down(who, other, &large).await,
            too_large,
            "{other}"
        );
    }
    pages.world.close().await;
}

/// The names of what the form of the own profile sends.
fn sent_of_own(page: &str) -> Vec<&str> {
    let form = page.split("action=\"/account\"").nth(1).unwrap();
    let form = form.split("</form>").next().unwrap();
    let names = form.split(" name=\"").skip(1);
    names.filter_map(|rest| rest.split('"').next()).collect()
}

/// What a person may only look at is not in their form, or more of it than any other form may hold would keep them from changing the rest.
#[tokio::test(flavor = "multi_thread")]
async fn however_much_a_person_may_only_see_they_change_their_name() {
    let pages = Pages::open().await;
    let (cell, main) = (&pages.world.cell, &pages.world.main);
    let grace = async || find_person(cell, "main", "grace@main.example").await;
    pages.every_attribute_of_people(false).await;
    let longest = "🐢".repeat(TEXT_CHARS_MAX);
    let of = |number: usize| (format!("of{number}"), Value::from(longest.as_str()));
    let values: Map<String, Value> = (0..ATTRIBUTES_MAX).map(of).collect();
    let before = grace().await;
    let input = ProfileInput {
        login: before.login.clone(),
        email: before.email.clone(),
        first_name: String::from("Grace"),
        last_name: String::from("Hopper"),
        attributes: values.clone(),
    };
    let manager = permit(main, Permission::ManagePeople);
    let given = cell.update_person(&manager, &before.id, before.revision, input);
    given.await.unwrap();
    let who = Who::Person;
    let page = read(pages.world.call(who, &Method::GET, "/account", "").await).await;
    assert!(page.contains(&longest));
    let sent = sent_of_own(&page);
    assert_eq!(sent, ["csrf", "revision", "first_name", "last_name"]);
    let revision = grace().await.revision;
    let form = format!("revision={revision}&first_name=Gracie&last_name=Hopper");
    let saved = pages.send(who, "/account", &form).await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    let now = grace().await;
    assert_eq!(now.first_name, "Gracie");
    assert!(now.profile == values);
    // Where the form is shown again, so is what it does not send.
    let (_, again) = pages.refused(who, "/account", &form).await;
    assert!(again.contains(CHANGED) && again.contains(&longest));
    pages.world.close().await;
}

/// What a person may change of themselves fits in their form however long it is; from nobody else so much is read there.
#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_person_may_change_of_themselves_fits_in_their_form() {
    let pages = Pages::open().await;
    let cell = &pages.world.cell;
    let grace = async || find_person(cell, "main", "grace@main.example").await;
    let (who, page, too_large) = (Who::Person, "/account", StatusCode::PAYLOAD_TOO_LARGE);
    let form = |revision: i64, sign: &str| {
        let value = sign.repeat(TEXT_CHARS_MAX);
        let values = (0..ATTRIBUTES_MAX).map(|number| format!("&of{number}={value}"));
        let names = "first_name=Grace&last_name=Hopper";
        format!("revision={revision}&{names}{}", values.collect::<String>())
    };
    let tortoise = "%F0%9F%90%A2";
    // Where they may change nothing of it, no more is read of their form than of any other.
    pages.every_attribute_of_people(false).await;
    let largest = form(grace().await.revision, tortoise);
    assert!(largest.len() > 1024 * 1024);
    assert_eq!(pages.turned_down(who, page, &largest).await, too_large);
    pages.every_attribute_of_people(true).await;
    for other in [Who::Anonymous, Who::OtherOrgsAdministrator] {
        let status = pages.turned_down(other, page, &largest).await;
        assert_eq!(status, too_large, "{other:?}");
    }
    let larger = format!("{largest}&more={}", "a".repeat(FORM_BYTES_MAX));
    assert_eq!(pages.turned_down(who, page, &larger).await, too_large);
    // Their other forms are as large as they were.
    let other = "/account/security/password";
    assert_eq!(pages.turned_down(who, other, &largest).await, too_large);
    let saved = pages.send(who, page, &largest).await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    let last = format!("of{}", ATTRIBUTES_MAX - 1);
    let longest = Value::from("🐢".repeat(TEXT_CHARS_MAX));
    assert_eq!(grace().await.profile.get(&last), Some(&longest));
    // What is longer than a value may be is told, and what was typed is not lost.
    let long = form(grace().await.revision, tortoise).replacen("&of1=", "&of1=a", 1);
    let (status, again) = pages.refused(who, page, &long).await;
    assert_eq!(status, StatusCode::OK);
    assert!(again.contains("class=\"error\"") && again.contains(&"🐢".repeat(TEXT_CHARS_MAX)));
    pages.world.close().await;
}
