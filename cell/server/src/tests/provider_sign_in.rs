//! Browsers that leave for a provider and come back: to whom they are sent, and whose answers are looked at at all.

use crate::tests::matrix::world::{Who, World};
use crate::tests::two_orgs::{find_person, pair};
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use console::cookie::CookieKind;
use identity::access::{Caller, Permission, authorize};
use identity::event_hook::envoy::{
    Answered, Envoy, Letter, PlainHttp, Sent, Shipment, Shipped, Trouble,
};
use ledger::ClientFacts;
use protocol::jose::algorithm::Algorithm;
use protocol::jose::jwks::Jwks;
use protocol::jose::jws::TokenType;
use protocol::jose::jws::encode::CompactEncoder;
use protocol::jose::signing_key::SigningKey;
use protocol::oauth::form::{Form, render_form};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use vocab::id::OrgId;

const HOST: &str = "localhost:8080";
const CALLBACKS: &str = "/oauth2/v1/authorize/callback";
const BODY_BYTES_MAX: usize = 1 << 20;

async fn get(world: &World, path: &str, cookies: &str) -> Response<Body> {
    let request = Request::get(path)
        .header(header::HOST, HOST)
        .header(header::COOKIE, cookies);
    world.answer(request.body(Body::empty()).unwrap()).await
}

/// The cookies that a response sets, as the browser sends them.
fn cookies_of(response: &Response<Body>) -> String {
    let set = response.headers().get_all(header::SET_COOKIE).iter();
    let pairs = set.filter_map(|set| set.to_str().ok()?.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
}

async fn words_of(response: Response<Body>) -> String {
    let body = to_bytes(response.into_body(), BODY_BYTES_MAX).await;
    String::from_utf8_lossy(&body.unwrap()).into_owned()
}

fn location_of(response: &Response<Body>) -> String {
    let location = response.headers().get(header::LOCATION).unwrap();
    location.to_str().unwrap().to_owned()
}

async fn provider_of(world: &World, org: &OrgId) -> String {
    let snapshot = world.cell.snapshot(org).await.unwrap().unwrap();
    snapshot.providers[0].0.to_string()
}

/// Where the browser was sent, and the state that it took along.
fn parameter(address: &str, name: &str) -> String {
    let query = address.split_once('?').unwrap().1.to_owned();
    let form = Form::parse(query.as_bytes()).ok().unwrap();
    form.get(name).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_looked_at_once_and_only_in_the_browser_that_left() {
    let world = World::copy().await;
    let provider = provider_of(&world, &world.main).await;
    let way = format!("/sso/idps/{provider}");
    let page = get(&world, "/signin", "").await;
    let cookies = cookies_of(&page);
    let words = words_of(page).await;
    assert!(words.contains("Continue with Partner") && words.contains(&way));
    let left = get(&world, &way, &cookies).await;
    assert_eq!(left.status(), StatusCode::SEE_OTHER);
    let address = location_of(&left);
    assert!(
        address.starts_with("https://idp.example/authorize?"),
        "{address}"
    );
    let callback = format!("{CALLBACKS}/{provider}");
    assert!(parameter(&address, "redirect_uri").ends_with(&callback));
    let state = parameter(&address, "state");
    let answer = render_form(&[("state", &state), ("error", "access_denied")]);
    let plain = get(&world, &format!("{CALLBACKS}?{answer}"), &cookies).await;
    assert_eq!(plain.status(), StatusCode::NOT_FOUND, "no address of all");
    let answer = format!("{callback}?{answer}");
    // Neither whoever has no sign-in under way, nor whoever has another one, brings an answer to this.
    let other = cookies_of(&get(&world, "/signin", "").await);
    for foreign in ["", &other] {
        let refused = get(&world, &answer, foreign).await;
        assert_eq!(refused.status(), StatusCode::GONE);
    }
    let told = get(&world, &answer, &cookies).await;
    assert_eq!(told.status(), StatusCode::OK);
    let words = words_of(told).await;
    assert!(words.contains("You did not sign in at the identity provider."));
    let again = get(&world, &answer, &cookies).await;
    assert_eq!(again.status(), StatusCode::GONE);
    let twice = format!("{answer}&state=x");
    let refused = get(&world, &twice, &cookies).await;
    assert_eq!(
        refused.status(),
        StatusCode::BAD_REQUEST,
        "no parameter comes twice"
    );
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_or_an_address_leads_to_a_provider_of_this_org_alone() {
    let world = World::copy().await;
    let provider = provider_of(&world, &world.main).await;
    let theirs = provider_of(&world, &world.acme).await;
    for path in [
        format!("/sso/idps/{provider}"),
        format!("/sso/idps/{provider}?fromURI=https%3A%2F%2Fevil.example"),
        format!("/signin?idp={provider}&continue=%2Fapps"),
    ] {
        let left = get(&world, &path, "").await;
        assert_eq!(left.status(), StatusCode::SEE_OTHER, "{path}");
        assert!(location_of(&left).starts_with("https://idp.example/authorize?"));
        assert!(!cookies_of(&left).is_empty(), "the browser is in a sign-in");
    }
    for path in [
        format!("/sso/idps/{theirs}"),
        format!("/signin?idp={theirs}"),
        "/sso/idps/nonsense".to_owned(),
    ] {
        let refused = get(&world, &path, "").await;
        assert_eq!(refused.status(), StatusCode::NOT_FOUND, "{path}");
    }
    // A sign-in that is under way goes on, but not to where another address says.
    let cookies = cookies_of(&get(&world, "/signin", "").await);
    let way = format!("/sso/idps/{provider}");
    assert!(cookies_of(&get(&world, &way, &cookies).await).is_empty());
    let elsewhere = format!("{way}?fromURI=%2Faccount");
    assert!(!cookies_of(&get(&world, &elsewhere, &cookies).await).is_empty());
    let nonsense = get(&world, "/signin?idp=nonsense", "").await;
    assert_eq!(
        nonsense.status(),
        StatusCode::OK,
        "what names none is passed over"
    );
    world.close().await;
}

const KEY_ID: &str = "k1";
/// What the provider calls the person who is linked to it.
const SUBJECT: &str = "1";

/// A provider that says of everybody what it was told last.
struct Partner {
    key: SigningKey,
    claims: Mutex<Value>,
}

impl Partner {
    fn new() -> Self {
        Self {
            key: SigningKey::generate(Algorithm::Es256).unwrap(),
            claims: Mutex::new(Value::Null),
        }
    }

    fn answer(&self, letter: &Letter) -> String {
        if letter.uri.ends_with("/keys") {
            let keys = vec![self.key.public_jwk(KEY_ID).unwrap()];
            return Jwks::from_keys(keys).unwrap().render();
        }
        let encoder = CompactEncoder::new(self.key.algorithm(), KEY_ID, TokenType::Jwt);
        let claims = self.claims.lock().unwrap();
        let token = encoder.encode(&*claims, &self.key).unwrap();
        json!({ "access_token": "at", "token_type": "Bearer", "id_token": token }).to_string()
    }
}

impl Envoy for Partner {
    fn plain_http(&self) -> PlainHttp {
        PlainHttp::Never
    }

    fn send<'e>(&'e self, letter: &'e Letter) -> Sent<'e> {
        Box::pin(async move { Ok(Answered::of(200, self.answer(letter).into_bytes())) })
    }

    fn ship<'e>(&'e self, _: &'e Shipment) -> Shipped<'e> {
        Box::pin(async { Err(Trouble::Unreachable) })
    }

    fn reads_authority(&self, _: &str) -> bool {
        false
    }
}

/// Leaves for the provider in a sign-in that begins so, and comes back as its linked person.
async fn come_back(world: &World, far: &Partner, provider: &str, session: &str) -> Response<Body> {
    let left = get(world, &format!("/sso/idps/{provider}"), session).await;
    let address = location_of(&left);
    let cookies = format!("{session}; {}", cookies_of(&left));
    let now = world.cell.now().seconds();
    *far.claims.lock().unwrap() = json!({
        "iss": "https://idp.example", "aud": "us", "sub": SUBJECT,
        "nonce": parameter(&address, "nonce"), "iat": now, "exp": now + 60,
    });
    let answer = render_form(&[("state", &parameter(&address, "state")), ("code", "c")]);
    get(world, &format!("{CALLBACKS}/{provider}?{answer}"), &cookies).await
}

async fn link(world: &World, login: &str) {
    let client = ClientFacts::default();
    let permit = |permission| authorize(&Caller::Operator, &world.main, permission, &client);
    let reader = permit(Permission::ReadDirectory).unwrap();
    let providers = world.cell.list_identity_providers(&reader).await.unwrap();
    let person = find_person(&world.cell, "main", login).await;
    let manager = permit(Permission::ManagePeople).unwrap();
    let linked = world
        .cell
        .link_person(&manager, &providers[0], &person.id, SUBJECT);
    linked.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_comes_back_as_nobody_else() {
    let far = Arc::new(Partner::new());
    let world = World::copy_reaching(Arc::<Partner>::clone(&far)).await;
    let provider = provider_of(&world, &world.main).await;
    link(&world, "rosa@main.example").await;
    let session = |who: Who| {
        let secret = who.session_secret().unwrap();
        pair(CookieKind::Session, &world.main, secret)
    };
    let grace = session(Who::Person);
    let before = world.log_rows().await;
    let refused = come_back(&world, &far, &provider, &grace).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert!(cookies_of(&refused).is_empty(), "nobody else's session");
    let words = words_of(refused).await;
    assert!(words.contains("You are signed in as grace@main.example."));
    let told = world.log_rows().await;
    assert_eq!(told, (before.0 + 1, before.1), "the provider's word alone");
    let home = get(&world, "/account", &grace).await;
    assert_eq!(home.status(), StatusCode::OK, "she still is");
    // The same answer counts for rosa herself, and in a browser where nobody is signed in.
    let rosa = session(Who::ReadOnlyAdministrator);
    for at in [rosa, String::new()] {
        let came = come_back(&world, &far, &provider, &at).await;
        assert_eq!(came.status(), StatusCode::SEE_OTHER, "{at}");
    }
    assert_ne!(world.log_rows().await, told);
    world.close().await;
}
