//! Forms of the administration as browsers send them: what they were made from, what they must say, and what they are answered; and the
//! way by which a browser redeems what another program began.

use crate::tests::matrix::read;
use crate::tests::matrix::world::{Who, World};
use crate::tests::one_org::permit;
use crate::tests::two_orgs::find_person;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use identity::access::Permission;
use identity::feature::{Door, Feature, Others};
use identity::org::context::OrgContext;
use identity::person::Person;
use identity::threat::ThreatAction;
use serde_json::{Value, json};
use vocab::secret::Secret;

const HOST: &str = "localhost:8080";
const PASSWORD: &str = "eleven tortoises walk to Kos";

/// The value of a hidden field of a page.
fn hidden<'p>(page: &'p str, name: &str) -> &'p str {
    let mark = format!("name=\"{name}\" value=\"");
    let behind = page.split(&mark).nth(1).unwrap();
    behind.split('"').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_about_threats_changes_what_it_was_made_from_alone() {
    let world = World::copy().await;
    let path = "/admin/settings/threats";
    let look = async || read(world.call(Who::Administrator, &Method::GET, path, "").await).await;
    let save = async |form: String| {
        let answer = world.call(Who::Administrator, &Method::POST, path, &form);
        answer.await.status()
    };
    let action = async || {
        let org = world.cell.snapshot(&world.main).await.unwrap().unwrap();
        org.org.settings.threats.action
    };
    let page = look().await;
    let seen = hidden(&page, "revision");
    let saved = save(format!("revision={seen}&action=audit")).await;
    assert_eq!(saved, StatusCode::SEE_OTHER);
    assert_eq!(action().await, ThreatAction::Audit);
    // Somebody else saved what they saw before: nothing of the first change is lost.
    for stale in [format!("revision={seen}&"), String::new()] {
        let refused = save(format!("{stale}action=none")).await;
        assert_eq!(refused, StatusCode::OK, "the page again");
        assert_eq!(action().await, ThreatAction::Audit, "{stale}");
    }
    let page = look().await;
    let saved = save(format!(
        "revision={}&action=block",
        hidden(&page, "revision")
    ));
    assert_eq!(saved.await, StatusCode::SEE_OTHER);
    assert_eq!(action().await, ThreatAction::Block);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_without_a_way_to_know_us_is_not_made() {
    let world = World::copy().await;
    let path = "/admin/settings/inline-hooks/add";
    let fields =
        "name=New&topic=tokens&uri=https%3A%2F%2Fhooks.example%2Fin&auth_name=X-Key&auth_value=v";
    for (kind, status) in [
        ("", StatusCode::OK),
        ("&auth_kind=", StatusCode::OK),
        ("&auth_kind=other", StatusCode::OK),
    ] {
        let rows = world.log_rows().await;
        let form = format!("{fields}{kind}");
        let answer = world.call(Who::Administrator, &Method::POST, path, &form);
        let answer = answer.await;
        assert_eq!(answer.status(), status, "{kind}");
        let page = read(answer).await;
        assert!(page.contains("by what it knows us"), "{kind}");
        assert_eq!(world.log_rows().await, rows, "{kind}");
    }
    // The same with one is made, and its page says its secret.
    let rows = world.log_rows().await;
    let form = format!("{fields}&auth_kind=header");
    let answer = world.call(Who::Administrator, &Method::POST, path, &form);
    let page = read(answer.await).await;
    assert!(page.contains("fresh-secret"));
    assert_ne!(world.log_rows().await, rows);
    world.close().await;
}

/// A program signs somebody in by a page of its own: the token of that sign-in.
async fn begin_elsewhere(world: &World) -> String {
    let body = json!({ "username": "grace@main.example", "password": PASSWORD });
    let request = Request::post("/api/v1/authn")
        .header(header::HOST, HOST)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()));
    let answer = world.answer(request.unwrap()).await;
    let said: Value = serde_json::from_str(&read(answer).await).unwrap();
    said["sessionToken"].as_str().unwrap().to_owned()
}

/// Whether a browser that brings a token has a session then; it goes on in any case.
async fn redeems(world: &World, token: &str) -> bool {
    let path = format!("/login/sessionCookieRedirect?token={token}&redirectUrl=/apps");
    let request = Request::get(path).header(header::HOST, HOST);
    let answer = world.answer(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], "/apps");
    let mut set = answer.headers().get_all(header::SET_COOKIE).iter();
    set.any(|cookie| cookie.to_str().unwrap().contains("session"))
}

/// Where an administrator is sent whose proof is an hour old.
async fn sent_on(world: &World, method: &Method, path: &str, form: &str) -> String {
    let answer = world.call(Who::StaleAdministrator, method, path, form);
    let answer = answer.await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{method} {path}");
    let location = answer.headers()[header::LOCATION].to_str().unwrap();
    assert!(location.starts_with("/signin?continue="), "{location}");
    location.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_to_prove_before_a_form_is_told_that_nothing_was_done() {
    const TOLD: &str = "Nothing is changed yet";
    let world = World::copy().await;
    let rows = world.log_rows().await;
    let sent = sent_on(&world, &Method::POST, "/admin/policies/new", "name=Late").await;
    assert!(
        sent.starts_with("/signin?continue=%2Fadmin%2Fpolicies%3Funsent%3D1&"),
        "{sent}"
    );
    assert_eq!(world.log_rows().await, rows);
    // Whoever only looked at a page finds it as it was.
    let looked = sent_on(&world, &Method::GET, "/admin/policies/new", "").await;
    assert!(
        looked.starts_with("/signin?continue=%2Fadmin%2Fpolicies%2Fnew&"),
        "{looked}"
    );
    let look = async |path: &str| {
        let page = world.call(Who::Administrator, &Method::GET, path, "");
        read(page.await).await
    };
    assert!(look("/admin/policies?unsent=1").await.contains(TOLD));
    for other in ["/admin/policies", "/admin/policies?unsent=2"] {
        assert!(!look(other).await.contains(TOLD), "{other}");
    }
    world.close().await;
}

/// Lets somebody have a password, and returns who.
async fn give_password(world: &World) -> Person {
    let people = permit(&world.main, Permission::ManagePeople);
    let grace = find_person(&world.cell, "main", "grace@main.example").await;
    let password = Secret::new(PASSWORD.to_owned());
    let set = world.cell.set_password(&people, &grace.id, password);
    set.await.unwrap();
    grace
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_in_that_is_shut_makes_no_session_of_a_token_of_programs() {
    let world = World::copy().await;
    give_password(&world).await;
    let org = permit(&world.main, Permission::ManageOrg);
    let switch = async |feature, door, others| {
        let changed = world.cell.change_feature(&org, feature, door, others);
        changed.await.unwrap();
    };
    assert!(redeems(&world, &begin_elsewhere(&world).await).await);
    let waiting = begin_elsewhere(&world).await;
    for feature in [Feature::SessionTokens, Feature::ClassicSignIn] {
        switch(feature, Door::Shut, Others::Follow).await;
        let rows = world.log_rows().await;
        assert!(!redeems(&world, &waiting).await, "{feature:?}");
        assert_eq!(world.log_rows().await, rows, "{feature:?}");
    }
    // It was not used up by that.
    switch(Feature::SessionTokens, Door::Open, Others::Follow).await;
    assert!(redeems(&world, &waiting).await);
    assert!(!redeems(&world, &waiting).await, "once");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_back_in_is_not_used_up_by_a_password_that_is_refused() {
    let world = World::copy().await;
    let grace = give_password(&world).await;
    let context = OrgContext {
        org: world.main.clone(),
        slug: "main".into(),
        name: "Main".into(),
        base_url: format!("http://{HOST}"),
        path_prefix: String::new(),
        rp_id: "localhost".into(),
    };
    let link = world.cell.make_help_link(&context, &grace.login).await;
    let link = link.unwrap();
    let token = link.expose().split_once("token=").unwrap().1;
    let choose = async |text: &str| {
        let typed = text.replace(' ', "+");
        let form = format!("token={token}&password={typed}&password_again={typed}");
        let answer = world.call(Who::Anonymous, &Method::POST, "/reset", &form);
        answer.await.status()
    };
    for refused in ["short", PASSWORD] {
        let rows = world.log_rows().await;
        assert_eq!(
            choose(refused).await,
            StatusCode::OK,
            "{refused}: the page again"
        );
        assert_eq!(world.log_rows().await, rows, "{refused}");
    }
    let chosen = "twelve herons stand in reeds";
    assert_eq!(choose(chosen).await, StatusCode::SEE_OTHER);
    assert_eq!(
        choose("thirteen herons fly over reeds").await,
        StatusCode::GONE
    );
    world.close().await;
}
