//! Behaviours over the whole way of a request: the cookie by which a browser is known reaches the rule of an app.

use crate::tests::matrix::world::World;
use crate::tests::one_org::permit;
use crate::tests::two_orgs::{find_person, pair};
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use console::cookie::CookieKind;
use identity::access::Permission;
use identity::org::context::RequestFacts;
use identity::sign_in::begin::Purpose;
use identity::sign_in::finish::Begun;
use identity::sign_in::prove::{Attempt, Typed};
use identity::sign_on::{Allow, Conditions, Outcome, Rule};
use ledger::ClientFacts;
use protocol::oauth::form::render_form;
use vocab::id::{AppId, RuleId};
use vocab::secret::Secret;

const LOGIN: &str = "grace@main.example";
const PASSWORD: &str = "eleven tortoises walk to Kos";
const CALLBACK: &str = "http://127.0.0.1:9/callback";

/// The app asks for proof that was given on the device that asks, if the device is new.
async fn name_devices_in_a_rule(world: &World) -> AppId {
    let policies = permit(&world.main, Permission::ManagePolicies);
    let snapshot = world.cell.snapshot(&world.main).await.unwrap().unwrap();
    let rule = |name: &str, behaviors| Rule {
        id: RuleId::generate(world.cell.entropy()),
        name: name.into(),
        conditions: Conditions {
            behaviors,
            ..Conditions::default()
        },
        outcome: Outcome::Allow(Allow::default()),
    };
    let device = vec![snapshot.behaviors[0].id.clone()];
    let rules = vec![rule("New", device), rule("Usual", Vec::new())];
    let policy = world.cell.create_policy(&policies, "Devices", rules).await;
    let policy = policy.unwrap().id;
    let app = {
        let mut tx = world.cell.database.read().await.unwrap();
        let found = identity::app::store::load_page(&mut tx, &world.main, "wiki", "", 1).await;
        found.unwrap().remove(0).id
    };
    let apps = permit(&world.main, Permission::ManageApps);
    let put = world.cell.put_app_policy(&apps, &app, &policy);
    put.await.unwrap();
    app
}

async fn sign_in(world: &World) -> Begun {
    let cell = &world.cell;
    let people = permit(&world.main, Permission::ManagePeople);
    let grace = find_person(cell, "main", LOGIN).await;
    let password = || Secret::new(PASSWORD.to_owned());
    let set = cell.set_password(&people, &grace.id, password());
    set.await.unwrap();
    let begun = cell.begin_sign_in(&world.main, Purpose::default(), None);
    let (mut flow, _) = begun.await.unwrap();
    cell.identify(&mut flow, LOGIN).await.unwrap();
    let snapshot = cell.snapshot(&world.main).await.unwrap().unwrap();
    let request = RequestFacts {
        client: ClientFacts::default(),
        now: cell.now(),
        session: None,
        device_cookie: String::new(),
    };
    let typed = Typed::Password(password());
    let proved = cell
        .prove_typed(&snapshot, &mut flow, typed, &request)
        .await;
    assert_eq!(proved.unwrap(), Attempt::Right);
    let begun = cell.finish_sign_in(&snapshot, &flow, &request).await;
    begun.unwrap_or_else(|refusal| panic!("{refusal}"))
}

async fn ask(world: &World, app: &AppId, cookies: &str) -> String {
    let query = render_form(&[
        ("client_id", app.as_str()),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "xyz"),
        ("nonce", "n"),
    ]);
    let request = Request::get(format!("/oauth2/v1/authorize?{query}"))
        .header(header::HOST, "localhost:8080")
        .header(header::COOKIE, cookies);
    let answer: Response<Body> = world.answer(request.body(Body::empty()).unwrap()).await;
    assert!(answer.status().is_redirection() || answer.status() == StatusCode::OK);
    let location = answer.headers().get(header::LOCATION).unwrap();
    location.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_without_its_device_is_asked_for_more() {
    let world = World::copy().await;
    let app = name_devices_in_a_rule(&world).await;
    let apps = permit(&world.main, Permission::ManageApps);
    let grace = find_person(&world.cell, "main", LOGIN).await;
    let assigned = world
        .cell
        .assign_app_to_person(&apps, &app, &grace.id)
        .await;
    assigned.unwrap();
    let begun = sign_in(&world).await;
    let session = pair(CookieKind::Session, &world.main, begun.secret.expose());
    let device = begun.device_cookie.expose();
    let device = pair(CookieKind::Device, &world.main, device);
    let known = ask(&world, &app, &format!("{session}; {device}")).await;
    assert!(
        known.starts_with(CALLBACK) && known.contains("code="),
        "{known}"
    );
    let stolen = ask(&world, &app, &session).await;
    assert!(
        stolen.contains("/signin?") && stolen.contains("step_up"),
        "{stolen}"
    );
    // A cookie that nobody made is none.
    let made_up = pair(CookieKind::Device, &world.main, "AAAA");
    let stolen = ask(&world, &app, &format!("{session}; {made_up}")).await;
    assert!(stolen.contains("step_up"), "{stolen}");
    world.close().await;
}
