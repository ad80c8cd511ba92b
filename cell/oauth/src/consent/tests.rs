//! Consent: when it is asked, what an answer does, and what cannot be smuggled into the question.

use crate::authorize::request::Refusal;
use crate::authorize::{Destination, Scene};
use crate::consent::decide::{decide_missing, decide_needed, plan_given};
use crate::consent::{ConsentQuestion, Decision, answer, load_question, store};
use crate::for_tests::{World, on_both_engines, parameter};
use identity::app::settings::ConsentRule;
use identity::server::{ScopeConfig, ServerConfig};
use protocol::oauth::scope::ScopeSet;

on_both_engines!(
    a_person_is_asked_once,
    a_code_is_worth_nothing_once_the_consent_is_taken_back,
    a_no_goes_back_to_the_app,
    only_our_own_requests_are_asked_about
);

fn scopes(text: &str) -> ScopeSet {
    ScopeSet::parse(text).unwrap()
}

#[test]
fn what_needs_consent() {
    let marked = ScopeConfig {
        name: "pay".into(),
        consent_required: true,
        ..ScopeConfig::default()
    };
    let config = ServerConfig {
        scopes: vec![marked],
        ..ServerConfig::default()
    };
    let asked = scopes("openid email pay");
    assert_eq!(
        decide_needed(ConsentRule::Trusted, &config, &asked),
        scopes("pay")
    );
    assert_eq!(
        decide_needed(ConsentRule::Required, &config, &asked),
        scopes("email pay")
    );
    // rule, needed, given, asked again; whether the person is asked
    let table = [
        (ConsentRule::Trusted, "", "", false, false),
        (ConsentRule::Trusted, "", "", true, false),
        (ConsentRule::Trusted, "pay", "", false, true),
        (ConsentRule::Trusted, "pay", "pay", false, false),
        (ConsentRule::Trusted, "pay", "pay", true, true),
        (ConsentRule::Required, "email", "email", false, false),
        (ConsentRule::Required, "email pay", "email", false, true),
        (ConsentRule::Required, "", "", true, true),
    ];
    for (rule, needed, given, again, expected) in table {
        let found = decide_missing(rule, &scopes(needed), &scopes(given), again);
        assert_eq!(found, expected, "{rule:?} {needed} {given} {again}");
    }
    assert_eq!(plan_given(&scopes("a b"), &scopes("b c")), scopes("a b c"));
}

async fn ask(world: &World, back: &str) -> Result<ConsentQuestion, Refusal> {
    let (context, facts) = (world.context(), world.facts());
    load_question(
        &Scene {
            cell: &world.cell,
            context: &context,
            facts: &facts,
        },
        back,
    )
    .await
}

async fn say(world: &World, back: &str, decision: Decision) -> String {
    let (context, facts) = (world.context(), world.facts());
    let scene = Scene {
        cell: &world.cell,
        context: &context,
        facts: &facts,
    };
    match answer(&scene, back, decision).await.unwrap() {
        Destination::Redirect(location) => location,
        Destination::Page(page) => panic!("{page:?}"),
    }
}

async fn require(world: &World) {
    let web = world.web.clone();
    world
        .change_app(&web, |settings| settings.consent = ConsentRule::Required)
        .await;
}

async fn a_code_is_worth_nothing_once_the_consent_is_taken_back(world: &mut World) {
    require(world).await;
    let reply = world.get(&world.authorize_path(&[])).await;
    say(world, &reply.sent("continue").unwrap(), Decision::Allow).await;
    let (kept, lost) = (world.code().await, world.code().await);
    assert!(world.redeem(&kept).await.status.is_success());
    let snapshot = world.cell.snapshot(&world.org).await.unwrap().unwrap();
    let server = snapshot.server("default").unwrap().id.to_string();
    let (org, user, web) = (
        world.org.clone(),
        world.person.id.clone(),
        world.web.clone(),
    );
    let database = &world.cell.database;
    let taken = database
        .write(move |tx| {
            Box::pin(async move { store::delete(tx, &org, &user, &web, &server).await })
        })
        .await;
    assert!(taken.unwrap().is_some());
    assert_eq!(world.redeem(&lost).await.error(), "invalid_grant");
}

async fn a_person_is_asked_once(world: &mut World) {
    require(world).await;
    let silent = world
        .get(&world.authorize_path(&[("prompt", "none")]))
        .await;
    assert_eq!(silent.sent("error").unwrap(), "consent_required");
    let reply = world
        .get(&world.authorize_path(&[("prompt", "consent")]))
        .await;
    assert!(reply.location().starts_with("/consent?"));
    let back = reply.sent("continue").unwrap();
    let question = ask(world, &back).await.unwrap();
    assert_eq!(
        (question.app.as_str(), question.login.as_str()),
        ("Web", "ada")
    );
    assert_eq!(question.target_host, "app.example");
    assert!(question.scopes.iter().any(|scope| scope.name == "api:read"));
    let on = say(world, &back, Decision::Allow).await;
    assert!(world.get(&on).await.sent("code").is_some());
    assert!(
        world
            .get(&world.authorize_path(&[]))
            .await
            .sent("code")
            .is_some()
    );
    let more = world
        .get(&world.authorize_path(&[("scope", "openid api:write")]))
        .await;
    assert!(more.location().starts_with("/consent?"));
    assert_eq!(world.logged("app.oauth2.as.consent.grant").await, 1);
}

async fn a_no_goes_back_to_the_app(world: &mut World) {
    require(world).await;
    let back = world
        .get(&world.authorize_path(&[]))
        .await
        .sent("continue")
        .unwrap();
    let on = say(world, &back, Decision::Deny).await;
    assert_eq!(parameter(&on, "error").unwrap(), "access_denied");
    assert_eq!(parameter(&on, "state").unwrap(), "xyz");
    assert!(
        world
            .get(&world.authorize_path(&[]))
            .await
            .location()
            .starts_with("/consent?")
    );
}

async fn only_our_own_requests_are_asked_about(world: &mut World) {
    let good = world.authorize_path(&[]);
    assert!(ask(world, &good).await.is_ok());
    let evil = world.authorize_path(&[("redirect_uri", "https://evil.example/")]);
    let elsewhere = format!("https://evil.example{good}");
    for back in [
        "",
        "/",
        "/oauth2/v1/token?x",
        "//evil.example/oauth2/v1/authorize?x",
        &evil,
        &elsewhere,
    ] {
        assert!(ask(world, back).await.is_err(), "{back}");
    }
    world.session = None;
    assert!(ask(world, &good).await.is_err());
}
