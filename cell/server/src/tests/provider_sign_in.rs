//! Browsers that leave for a provider and come back: to whom they are sent, and whose answers are looked at at all.

use crate::tests::matrix::world::World;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use protocol::oauth::form::{Form, render_form};
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
