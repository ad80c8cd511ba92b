//! The pages on which people are added and listed where there are several types of them.

use crate::tests::console_pages::Pages;
use crate::tests::matrix::world::Who;
use crate::tests::one_org::permit;
use crate::tests::two_orgs::find_person;
use axum::http::{Method, StatusCode};
use identity::access::{Permission, Role};
use identity::credential::store::load_password;
use identity::group::store::is_member;
use identity::org::settings::ProfileAttribute;
use identity::person::PersonStatus;
use identity::user_type::UserTypeInput;
use ledger::{LogFilter, LogRow};
use serde_json::json;
use vocab::id::{GroupId, OrgId, UserTypeId};

const NEW: &str = "/admin/people/new";

/// A type of people who must have an agency.
async fn contractors(pages: &Pages, org: &OrgId) -> UserTypeId {
    let (cell, permit) = (&pages.world.cell, permit(org, Permission::ManageOrg));
    let input = UserTypeInput {
        name: "contractor".into(),
        display_name: "Contractor".into(),
        description: String::new(),
    };
    let made = cell.create_user_type(&permit, input).await.unwrap();
    let key = made.key.unwrap();
    let seen = cell.user_type_schema(&permit, &key).await.unwrap();
    let agency = ProfileAttribute {
        name: "agency".into(),
        title: "Agency".into(),
        required: true,
        ..ProfileAttribute::default()
    };
    let put = cell.put_user_type_schema(&permit, &key, seen, vec![agency]);
    put.await.unwrap();
    key
}

/// The form of somebody who is not invited yet.
fn staged(of_type: &str, login: &str, more: &str) -> String {
    format!(
        "of-type={of_type}&login={login}@main.example&email={login}@main.example&first_name={login}&last_name=Sagan&start=staged{more}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_added_of_the_type_that_is_chosen() {
    let pages = Pages::open().await;
    // Where there is one type, none is chosen.
    assert!(!pages.look(NEW).await.contains("name=\"type\""));
    let key = contractors(&pages, &pages.world.main).await;
    let theirs = contractors(&pages, &pages.world.acme).await;
    let shown = pages.look(NEW).await;
    assert!(shown.contains("name=\"type\"") && shown.contains("Contractor"));
    assert!(!shown.contains("name=\"agency\""));
    let chosen = pages.look(&format!("{NEW}?type={key}")).await;
    assert!(chosen.contains("name=\"agency\""));
    assert!(chosen.contains(&format!("name=\"of-type\" value=\"{key}\"")));
    for unknown in ["none", "oty00000000000000009", theirs.as_str()] {
        let (who, path) = (Who::Administrator, format!("{NEW}?type={unknown}"));
        let answer = pages.world.call(who, &Method::GET, &path, "").await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{unknown}");
        let form = staged(unknown, "carl", "&agency=Acme");
        pages.missing(NEW, &form).await;
    }
    let good = staged(key.as_str(), "carl", "&agency=Acme");
    // What is wrong is told, and what was typed is shown again, as one of the type.
    let partly = staged(key.as_str(), "carl", "");
    let (_, again) = pages.refused(Who::Administrator, NEW, &partly).await;
    assert!(again.contains("is required") && again.contains("carl@main.example"));
    assert!(again.contains(&format!("name=\"of-type\" value=\"{key}\"")));
    let taken = staged(key.as_str(), "grace", "&agency=Acme");
    let (_, again) = pages.refused(Who::Administrator, NEW, &taken).await;
    assert!(again.contains("grace@main.example"));
    for role in [Role::AppAdmin, Role::ReportAdmin] {
        pages.forbidden(role, NEW, &good).await;
    }
    pages.done(NEW, &good).await;
    let cell = &pages.world.cell;
    let carl = find_person(cell, "main", "carl@main.example").await;
    assert_eq!(
        (carl.status, carl.type_id),
        (PersonStatus::Staged, Some(key))
    );
    assert_eq!(carl.profile.get("agency"), Some(&json!("Acme")));
    // Of the type that every organisation has, which has no such attribute, whether it is named or not.
    for (of_type, login) in [("", "one"), ("default", "two")] {
        pages
            .done(NEW, &staged(of_type, login, "&agency=Acme"))
            .await;
        let added = find_person(cell, "main", &format!("{login}@main.example")).await;
        assert_eq!(added.type_id, None, "{login}");
        assert_eq!(added.profile.get("agency"), None, "{login}");
    }
    pages.world.close().await;
}

/// The form of somebody who begins in a way, in groups.
fn beginning(login: &str, how: &str, groups: &[&GroupId]) -> String {
    let mut form = format!(
        "login={login}@main.example&email={login}@main.example&first_name={login}&last_name=Sagan&{how}"
    );
    for group in groups {
        form.push_str(&format!("&group={group}"));
    }
    form
}

/// The rows of the org's log behind that many, the oldest first.
async fn rows_since(pages: &Pages, before: i64) -> Vec<LogRow> {
    let mut tx = pages.world.cell.database.read().await.unwrap();
    let all = LogFilter::default();
    let page = ledger::load_page(&mut tx, &pages.world.main, &all, None, 50).await;
    let rows = page.unwrap().rows.into_iter().rev();
    rows.filter(|row| row.seq > before).collect()
}

/// The person, the groups, the first password and the mail that invites are one act: where one of them cannot be, nobody is added.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_added_and_let_in_at_once_or_not_at_all() {
    let pages = Pages::open().await;
    let (main, cell) = (pages.world.main.clone(), &pages.world.cell);
    let own = pages.group(&main, "Readers").await;
    let theirs = pages.group(&pages.world.acme, "Readers").await;
    let (invited, good) = (
        "start=invite",
        "start=password&password=correct+horse+battery",
    );
    pages.mails_with("").await;
    for (form, words) in [
        (
            beginning("ida", invited, &[&own, &theirs]),
            "There is no group",
        ),
        (beginning("ida", good, &[&theirs]), "There is no group"),
        (
            beginning("ida", "start=staged", &[&theirs]),
            "There is no group",
        ),
        (beginning("grace", invited, &[&own]), "id=\"f-login-error\""),
        (
            beginning("ida", "start=password&password=short", &[&own]),
            "id=\"f-password-error\"",
        ),
    ] {
        // `refused` holds the log against what it was before.
        let (_, again) = pages.refused(Who::Administrator, NEW, &form).await;
        let again = again.to_lowercase();
        assert!(again.contains(&words.to_lowercase()), "{form}: {again}");
        // What was ticked stays ticked.
        let box_of = format!("value=\"{}\"", own.as_str().to_lowercase());
        let input = again.split("<input").find(|input| input.contains(&box_of));
        let is_ticked = input.is_some_and(|input| {
            input
                .split('>')
                .next()
                .is_some_and(|tag| tag.contains("checked"))
        });
        assert_eq!(is_ticked, form.contains(own.as_str()), "{form}: {again}");
        let found = pages.look("/admin/people?q=ida").await;
        assert!(!found.contains("ida@main.example"), "{form}");
        assert_eq!(pages.mails_with("").await, 0, "{form}");
    }
    let (create, activate) = ("user.lifecycle.create", "user.lifecycle.activate");
    let of_password = [
        "user.account.update_password",
        "user.account.expire_password",
    ];
    let joined = "group.user_membership.add";
    for (login, how, status, mails, rows) in [
        (
            "ida",
            invited,
            PersonStatus::Provisioned,
            1,
            vec![create, activate, joined],
        ),
        (
            "ivy",
            good,
            PersonStatus::PasswordExpired,
            0,
            vec![create, of_password[0], activate, of_password[1], joined],
        ),
        // A password counts only where one is to be set.
        (
            "ira",
            "start=staged&password=x",
            PersonStatus::Staged,
            0,
            vec![create, joined],
        ),
    ] {
        let before = pages.world.log_rows().await.0;
        let form = beginning(login, how, &[&own]);
        pages.forbidden(Role::AppAdmin, NEW, &form).await;
        pages.done(NEW, &form).await;
        let person = find_person(cell, "main", &format!("{login}@main.example")).await;
        assert_eq!(person.status, status, "{login}");
        let since = rows_since(&pages, before).await;
        let kinds: Vec<&str> = since.iter().map(|row| row.event_type.as_str()).collect();
        assert_eq!(kinds, rows, "{login}");
        let told = since
            .iter()
            .any(|row| row.body.contains("\"linkSent\":\"invitation\""));
        assert_eq!(told, mails > 0, "{login}");
        assert_eq!(pages.mails_with("/welcome?token=").await, mails, "{login}");
        let mut tx = cell.database.read().await.unwrap();
        let is_in = is_member(&mut tx, &main, &own, &person.id).await.unwrap();
        let password = load_password(&mut tx, &main, &person.id).await.unwrap();
        assert!(is_in && password.is_some() == (login == "ivy"), "{login}");
    }
    pages.world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_listed_by_their_type() {
    let pages = Pages::open().await;
    assert!(!pages.look("/admin/people").await.contains("name=\"type\""));
    let key = contractors(&pages, &pages.world.main).await;
    for login in ["carl", "cleo"] {
        let form = staged(key.as_str(), login, "&agency=Acme");
        pages.done(NEW, &form).await;
    }
    let logins = [
        "carl@main.example",
        "cleo@main.example",
        "grace@main.example",
    ];
    let listed = async |query: &str| {
        let page = pages.look(&format!("/admin/people{query}")).await;
        let shown = logins.iter().filter(|login| page.contains(**login));
        shown.copied().collect::<Vec<_>>()
    };
    let of = |word: &str, more: &str| format!("?type={word}{more}");
    let (all, typed) = (&logins[..], &logins[..2]);
    for (query, expected) in [
        (String::new(), all),
        // What is no type filters nothing; a type that the organisation does not have has nobody.
        (of("none", ""), all),
        (of("oty00000000000000009", ""), &[]),
        (of(key.as_str(), ""), typed),
        (of(key.as_str(), "&status=STAGED"), typed),
        (of(key.as_str(), "&status=ACTIVE"), &[]),
        (of(key.as_str(), "&q=carl"), &typed[..1]),
        (of(key.as_str(), "&q=grace"), &[]),
        (of("default", ""), &logins[2..]),
        (of("default", "&q=carl"), &[]),
    ] {
        assert_eq!(listed(&query).await, expected, "{query}");
    }
    let page = pages.look(&format!("/admin/people?type={key}")).await;
    let ticked = format!("<option value=\"{key}\" selected");
    assert!(page.contains(&ticked), "the filter shows what it is");
    pages.world.close().await;
}
