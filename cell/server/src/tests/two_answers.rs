//! The page that begins a sign-in asks for the challenge of its autofill list by itself. A name that is sent at the same
//! moment and that question are two answers of one sign-in: whichever comes first, neither is refused.

use crate::tests::matrix::world::World;
use crate::tests::two_orgs::pair;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use console::cookie::CookieKind;
use console::visit::guard_of;

const HOST: &str = "localhost:8080";
const FORM_SECRET: &str = "the-browser-of-one-page";
/// Enough for either of the two to come first, many times.
const ROUNDS: usize = 40;

/// The cookies that an answer sets, as a browser sends them back.
fn kept(headers: &HeaderMap) -> String {
    let set = headers.get_all(header::SET_COOKIE).iter();
    let pairs = set.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_and_the_question_for_a_challenge_may_come_at_the_same_moment() {
    let world = World::copy().await;
    let form = pair(CookieKind::Form, &world.main, FORM_SECRET);
    for round in 0..ROUNDS {
        let begin = Request::get("/signin").header(header::HOST, HOST);
        let begin = begin.header(header::COOKIE, &form);
        let page = world.answer(begin.body(Body::empty()).unwrap()).await;
        assert_eq!(page.status(), StatusCode::OK);
        let cookies = format!("{form}; {}", kept(page.headers()));
        let question = Request::get("/signin/passkey/options")
            .header(header::HOST, HOST)
            .header(header::COOKIE, &cookies)
            .body(Body::empty())
            .unwrap();
        let guard = guard_of(FORM_SECRET);
        let name = Request::post("/signin")
            .header(header::HOST, HOST)
            .header(header::COOKIE, &cookies)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("csrf={guard}&identifier=ada")))
            .unwrap();
        let (question, name) = (world.answer(question), world.answer(name));
        let (options, noted) = if round % 2 == 0 {
            tokio::join!(question, name)
        } else {
            let (noted, options) = tokio::join!(name, question);
            (options, noted)
        };
        assert_eq!(options.status(), StatusCode::OK);
        assert_eq!(noted.status(), StatusCode::SEE_OTHER);
    }
    world.close().await;
}
