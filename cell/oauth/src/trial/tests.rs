//! Trials through the endpoints themselves, and what becomes of everything that others could try with them.

use crate::authorize::Scene;
use crate::for_tests::{World, on_both_engines, parameter};
use crate::trial::{
    Begun, Freshness, Outcome, ServiceTrial, ask_for_service, begin, callback_path, finish,
};
use identity::access::{Caller, Permission, Permit, PersonCaller, Role, authorize};
use identity::app::App;
use identity::app::settings::Assignment;
use identity::fault::Refusal;
use identity::org::context::{OrgContext, RequestFacts};
use ledger::ClientFacts;
use protocol::oauth::form::Form;
use std::sync::Arc;
use vocab::entropy::SystemEntropy;
use vocab::id::{AppId, UserId};

const SCOPE: &str = "openid profile email offline_access";

fn permit_of(world: &World, user: &UserId, permission: Permission) -> Permit {
    let caller = Caller::Person(PersonCaller {
        org_id: world.org.clone(),
        user_id: user.clone(),
        login: "ada".into(),
        display_name: "Ada".into(),
        session_id: world.session.as_ref().unwrap().session.id.clone(),
        roles: vec![Role::SuperAdmin],
        capabilities: std::collections::BTreeSet::new(),
        administration_unlocked: true,
    });
    authorize(&caller, &world.org, permission, &ClientFacts::default()).unwrap()
}

fn permit(world: &World) -> Permit {
    permit_of(world, &world.person.id, Permission::ManageApps)
}

/// The parts of a scene, to borrow it from.
fn parts(world: &World) -> (OrgContext, RequestFacts) {
    (world.context(), world.facts())
}

async fn app_of(world: &World, id: &AppId) -> Arc<App> {
    world.cell.app(&world.org, id).await.unwrap().unwrap()
}

async fn begun(world: &World, app: &App) -> Begun {
    let (context, facts) = parts(world);
    let scene = Scene {
        cell: &world.cell,
        context: &context,
        facts: &facts,
    };
    let begun = begin(&scene, &permit(world), app, SCOPE, Freshness::AsItIs).await;
    begun.ok().unwrap()
}

/// What the authorization endpoint answers to a trial.
async fn answer(world: &World, begun: &Begun) -> Vec<(String, String)> {
    let location = world.get(&begun.address).await.location();
    assert!(location.contains("/test/callback?"), "{location}");
    let query = location.split_once('?').unwrap().1.to_owned();
    let form = Form::parse(query.as_bytes()).unwrap();
    form.iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

async fn ended(
    world: &World,
    permit: &Permit,
    app: &Arc<App>,
    secret: &str,
    answer: &[(String, String)],
) -> Result<Outcome, Refusal> {
    let (context, facts) = parts(world);
    let scene = Scene {
        cell: &world.cell,
        context: &context,
        facts: &facts,
    };
    finish(&scene, permit, app, secret, answer).await
}

async fn a_trial_goes_through_the_endpoints_and_leaves_no_token(world: &mut World) {
    for id in [world.web.clone(), world.public.clone()] {
        let app = app_of(world, &id).await;
        let begun = begun(world, &app).await;
        let answer = answer(world, &begun).await;
        let secret = begun.secret.expose();
        let outcome = ended(world, &permit(world), &app, secret, &answer)
            .await
            .unwrap();
        let Outcome::Worked(tokens) = outcome else {
            panic!("{outcome:?}");
        };
        let claims = tokens.id_token.clone().unwrap();
        assert_eq!(claims["sub"], world.person.id.as_str());
        assert_eq!(claims["aud"], id.as_str());
        assert_eq!(claims["email"], "ada@example.com");
        assert_eq!(tokens.access_token["cid"], id.as_str());
        assert!(tokens.refreshes);
        // One answer, once.
        let again = ended(world, &permit(world), &app, secret, &answer).await;
        assert!(matches!(again, Err(Refusal::WrongState(_))), "{again:?}");
    }
    assert_eq!(
        crate::for_tests::store::count_live_families(&world.cell.database, &world.org).await,
        0
    );
}

async fn nobody_else_can_use_a_trial(world: &mut World) {
    let app = app_of(world, &world.web.clone()).await;
    let first = begun(world, &app).await;
    let answer = answer(world, &first).await;
    let other_app = app_of(world, &world.public.clone()).await;
    let stranger = permit_of(
        world,
        &UserId::generate(&SystemEntropy),
        Permission::ManageApps,
    );
    let reader = permit_of(world, &world.person.id, Permission::ReadDirectory);
    let secret = first.secret.expose();
    let table = [
        (permit(world), &app, "another secret"),
        (permit(world), &other_app, secret),
        (stranger, &app, secret),
        (reader, &app, secret),
    ];
    for (index, (permit, app, secret)) in table.iter().enumerate() {
        let refused = ended(world, permit, app, secret, &answer).await;
        assert!(
            matches!(refused, Err(Refusal::WrongState(_) | Refusal::Forbidden)),
            "{index}: {refused:?}"
        );
    }
    // None of them spent it.
    let worked = ended(world, &permit(world), &app, secret, &answer)
        .await
        .unwrap();
    assert!(matches!(worked, Outcome::Worked(_)), "{worked:?}");
}

async fn the_consoles_address_is_nobodys_without_a_ticket(world: &mut World) {
    let callback = format!("{}{}", crate::for_tests::BASE, callback_path(&world.web));
    let plain = world
        .get(&world.authorize_path(&[("redirect_uri", &callback)]))
        .await;
    assert_eq!(plain.status, 400, "{}", plain.text);
    let app = app_of(world, &world.web.clone()).await;
    let begun = begun(world, &app).await;
    let state = parameter(&begun.address, "state").unwrap();
    // The ticket permits one address of one app.
    let foreign = format!("{}{}", crate::for_tests::BASE, callback_path(&world.public));
    let tries = [
        world.authorize_path(&[("redirect_uri", &foreign), ("state", &state)]),
        world.authorize_path(&[
            ("redirect_uri", &foreign),
            ("state", &state),
            ("client_id", world.public.as_str()),
        ]),
        world.authorize_path(&[("redirect_uri", "https://evil.example/"), ("state", &state)]),
    ];
    for address in tries {
        assert_eq!(world.get(&address).await.status, 400, "{address}");
    }
    world.clock.advance_secs(11 * 60);
    assert_eq!(world.get(&begun.address).await.status, 400);
}

async fn another_person_in_the_browser_gets_no_code(world: &mut World) {
    let app = app_of(world, &world.web.clone()).await;
    let (context, facts) = parts(world);
    let scene = Scene {
        cell: &world.cell,
        context: &context,
        facts: &facts,
    };
    let other = permit_of(
        world,
        &UserId::generate(&SystemEntropy),
        Permission::ManageApps,
    );
    let begun = begin(&scene, &other, &app, SCOPE, Freshness::AsItIs).await;
    let reply = world.get(&begun.ok().unwrap().address).await;
    assert_eq!(reply.sent("error").as_deref(), Some("access_denied"));
    assert_eq!(reply.sent("code"), None);
}

async fn what_the_app_would_get_instead_is_told(world: &mut World) {
    let id = world.web.clone();
    world
        .change_app(&id, |settings| settings.visibility = Assignment::Assigned)
        .await;
    let app = app_of(world, &id).await;
    let begun = begun(world, &app).await;
    let answer = answer(world, &begun).await;
    let secret = begun.secret.expose();
    let outcome = ended(world, &permit(world), &app, secret, &answer)
        .await
        .unwrap();
    let Outcome::Failed { error, description } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(error, "access_denied");
    assert!(description.contains("not assigned"), "{description}");
}

async fn a_service_is_tried_with_its_secret_or_without(world: &mut World) {
    let app = app_of(world, &world.service.clone()).await;
    let (context, facts) = parts(world);
    let scene = Scene {
        cell: &world.cell,
        context: &context,
        facts: &facts,
    };
    let ask = async |secret, scope| {
        let trial = ServiceTrial {
            server: "default",
            secret,
            scope,
        };
        let outcome = ask_for_service(&scene, &permit(world), &app, &trial).await;
        match outcome.unwrap() {
            Outcome::Worked(tokens) => format!("{}", tokens.access_token["scope"]),
            Outcome::Failed { error, .. } => error,
        }
    };
    assert_eq!(
        ask(Some(crate::for_tests::SECRET), "api:read").await,
        "\"api:read\""
    );
    assert_eq!(ask(None, "api:read").await, "\"api:read\"");
    assert_eq!(ask(Some("wrong"), "api:read").await, "invalid_client");
    assert_eq!(ask(None, "api:admin").await, "invalid_scope");
}

on_both_engines!(
    a_trial_goes_through_the_endpoints_and_leaves_no_token,
    nobody_else_can_use_a_trial,
    the_consoles_address_is_nobodys_without_a_ticket,
    another_person_in_the_browser_gets_no_code,
    what_the_app_would_get_instead_is_told,
    a_service_is_tried_with_its_secret_or_without,
);
