//! Who may use which route: every route of the table, called by everybody. A route without a row in [`table`] fails the
//! test, so that nobody adds one without saying for whom it is. And an id of another org is not found, whoever asks.

mod crawl;
mod partial;
mod roles;
mod table;
pub(crate) mod world;

use crate::routes;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Response, StatusCode, header};
use crawl::Samples;
use std::collections::{BTreeMap, BTreeSet};
use table::{Audience, CHANGED_FRESHLY, FORMS_SHOWN_FRESHLY, Row, WITHOUT_SAMPLE, rows};
use world::{Who, World};

const BODY_BYTES_MAX: usize = 4 << 20;
/// The words of the page for somebody who may not.
const FORBIDDEN_WORDS: &str = "This is not yours to do";

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Let through: whatever came of the empty form, the caller was not turned away.
    Served,
    /// Sent to sign in, or to prove more.
    SentToSignIn,
    /// Told that it is not theirs to do.
    Forbidden,
    /// Told that there is nothing.
    Missing,
    /// A client that has not proved itself, in the words of its protocol.
    Unauthenticated,
}

async fn judge(response: Response<Body>) -> Outcome {
    let status = response.status();
    let location = response.headers().get(header::LOCATION);
    let location = location
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    match status {
        StatusCode::FORBIDDEN => {
            let text = read(response).await;
            // The API tells the reasons of this status apart by its codes.
            let told: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            if told["schemas"][0] == protocol::scim::ERROR {
                return Outcome::Forbidden;
            }
            match told["errorCode"].as_str() {
                Some("E0000005") => return Outcome::Unauthenticated,
                Some("E0000006") => return Outcome::Forbidden,
                Some(_) => return Outcome::Served,
                None => {}
            }
            // Any other page with this status would be the guard of forms, and prove nothing.
            assert!(text.contains(FORBIDDEN_WORDS), "{text}");
            Outcome::Forbidden
        }
        StatusCode::UNAUTHORIZED => Outcome::Unauthenticated,
        StatusCode::NOT_FOUND | StatusCode::GONE => Outcome::Missing,
        StatusCode::SEE_OTHER if location.contains("/signin?") || location.ends_with("/signin") => {
            Outcome::SentToSignIn
        }
        status if status.is_server_error() => panic!("{status}: {}", read(response).await),
        _ => Outcome::Served,
    }
}

pub(crate) async fn read(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), BODY_BYTES_MAX)
        .await
        .unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The methods of a path, as the router itself names them to one who asks with a method that nothing has.
async fn methods_of(world: &World, path: &str) -> BTreeSet<&'static str> {
    let unknown = Method::from_bytes(b"REPORT").unwrap();
    let response = world.call(Who::Anonymous, &unknown, path, "").await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    let allowed = response.headers().get_all(header::ALLOW);
    let allowed: String = allowed
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect::<Vec<&str>>()
        .join(",");
    ["GET", "POST", "PUT", "PATCH", "DELETE"]
        .into_iter()
        .filter(|method| allowed.split(',').any(|word| word.trim() == *method))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_in_the_matrix_and_nothing_else_is() {
    let world = World::copy().await;
    let named: BTreeMap<&str, &Row> = rows().map(|row| (row.path, row)).collect();
    assert_eq!(
        named.len(),
        rows().count(),
        "a path stands twice in the matrix"
    );
    let paths: BTreeSet<&str> = routes::paths().into_iter().collect();
    let missing: Vec<_> = paths
        .iter()
        .filter(|path| !named.contains_key(*path))
        .collect();
    assert!(
        missing.is_empty(),
        "name who may use {missing:#?} in table.rs"
    );
    let gone: Vec<_> = named.keys().filter(|path| !paths.contains(*path)).collect();
    assert!(gone.is_empty(), "there is no route for {gone:#?} any more");
    for (path, row) in named {
        let expected: BTreeSet<&str> = row.methods().map(|(method, _)| method).collect();
        let filled = path.replace(['{', '}'], "");
        assert_eq!(methods_of(&world, &filled).await, expected, "{path}");
    }
    world.close().await;
}

/// A method and what is expected of it, for each row.
fn cells() -> impl Iterator<Item = (&'static str, Method, Audience)> {
    rows().flat_map(|row| {
        row.methods().map(|(name, audience)| {
            (
                row.path,
                Method::from_bytes(name.as_bytes()).unwrap(),
                audience,
            )
        })
    })
}

fn wants_fresh_proof(path: &str, method: &Method) -> bool {
    let changed = || CHANGED_FRESHLY.iter().any(|start| path.starts_with(start));
    if method == Method::POST {
        changed() || path == "/admin/people/{id}"
    } else {
        FORMS_SHOWN_FRESHLY.contains(&path)
    }
}

/// What may come of a call in the matrix.
fn decide_expected(path: &str, method: &Method, audience: Audience, who: Who) -> Vec<Outcome> {
    if who == Who::StaleAdministrator && wants_fresh_proof(path, method) {
        return vec![Outcome::SentToSignIn];
    }
    let mut expected = table::decide_outcomes(audience, who).to_vec();
    if expected == [Outcome::Served] && WITHOUT_SAMPLE.contains(&path) {
        expected = vec![Outcome::Missing];
    }
    expected
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_everybody_as_the_policy_says() {
    let mut world = World::copy().await;
    let samples = Samples::gather(&world, "").await;
    let mut wrong = Vec::new();
    for (path, method, audience) in cells() {
        let filled = samples.fill(path);
        for who in Who::ALL {
            let before = world.log_rows().await;
            let response = world
                .call(who, &method, &filled, samples.form(&filled))
                .await;
            let outcome = judge(response).await;
            let expected = decide_expected(path, &method, audience, who);
            if !expected.contains(&outcome) {
                wrong.push(format!(
                    "{method} {path} ({filled}) by {who:?}: {outcome:?}, where {audience:?} says {expected:?}"
                ));
            }
            if outcome != Outcome::Served && world.log_rows().await != before {
                wrong.push(format!(
                    "{method} {path} by {who:?} was {outcome:?} and changed something"
                ));
            }
            // A page changes nothing, but a step of signing in or out may, whatever its method.
            if method != Method::GET || audience == Audience::SigningIn {
                world.close().await;
                world = World::copy().await;
            }
        }
    }
    world.close().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_administrator_finds_what_is_hers_and_never_what_is_another_orgs() {
    let shared = World::copy().await;
    let (own, foreign) = (
        Samples::gather(&shared, "").await,
        Samples::gather(&shared, "/t/acme").await,
    );
    let mut wrong = Vec::new();
    for (path, method, audience) in cells().filter(|(path, _, _)| path.contains("{id}")) {
        // A row of the log is named by its number, which every org has.
        let is_number = path == "/admin/log/{id}";
        if is_number || audience == Audience::ThisMachine || WITHOUT_SAMPLE.contains(&path) {
            continue;
        }
        let world = World::copy().await;
        let theirs = foreign.fill(path);
        assert_ne!(
            theirs,
            own.fill(path),
            "{path}: the samples of both orgs are the same"
        );
        let call = async |address: &str, form: &str| {
            judge(world.call(Who::Administrator, &method, address, form).await).await
        };
        let before = world.log_rows().await;
        let outcome = call(&theirs, foreign.form(&format!("/t/acme{theirs}"))).await;
        if outcome != Outcome::Missing || world.log_rows().await != before {
            wrong.push(format!("{method} {theirs} of another org: {outcome:?}"));
        }
        let hers = own.fill(path);
        let outcome = call(&hers, own.form(&hers)).await;
        if !decide_expected(path, &method, audience, Who::Administrator).contains(&outcome) {
            wrong.push(format!("{method} {hers} of one's own org: {outcome:?}"));
        }
        world.close().await;
    }
    shared.close().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_the_administration_leads_to_nothing() {
    let world = World::copy().await;
    let samples = Samples::gather(&world, "").await;
    assert!(
        samples.pages() > 60,
        "only {} pages were found",
        samples.pages()
    );
    assert!(samples.dead_ends().is_empty(), "{:#?}", samples.dead_ends());
    world.close().await;
}

/// A link on another site can make a browser ask for any page; none may end a session, unless it begins another.
#[tokio::test(flavor = "multi_thread")]
async fn no_page_ends_a_session_by_being_looked_at() {
    let mut world = World::copy().await;
    let samples = Samples::gather(&world, "").await;
    for (path, method, _) in cells().filter(|(_, method, _)| method == Method::GET) {
        let seen = world
            .call(Who::Person, &method, &samples.fill(path), "")
            .await;
        let cookies = seen.headers().get_all(header::SET_COOKIE).iter();
        let cookies: Vec<&str> = cookies.filter_map(|value| value.to_str().ok()).collect();
        let is_new = |cookie: &&str| cookie.contains("-session-") && !cookie.contains("Max-Age=0");
        if cookies.iter().any(is_new) {
            world.close().await;
            world = World::copy().await;
            continue;
        }
        let apps = world.call(Who::Person, &Method::GET, "/apps", "").await;
        assert_eq!(judge(apps).await, Outcome::Served, "after {path}");
    }
    world.close().await;
}

/// Each look at the first page is a row in the store until it is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_begins_without_end_is_told_to_wait() {
    let world = World::copy().await;
    let stranger = "192.0.2.9:5000".parse().unwrap();
    let mut begun = 0;
    let refused = loop {
        // Whatever the path to the org, the address is the same.
        let path = ["/signin", "/t/acme/signin"][begun % 2];
        let seen = world.look_from(stranger, path).await;
        match seen.status() {
            StatusCode::OK => begun += 1,
            _ => break seen,
        }
        assert!(begun < 2_000, "no end");
    };
    assert_eq!(
        (refused.status(), begun),
        (StatusCode::TOO_MANY_REQUESTS, 1_000)
    );
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    for (address, path) in [
        ("192.0.2.9:5000", "/"),
        ("192.0.2.9:5000", "/health/live"),
        ("192.0.2.10:5000", "/signin"),
    ] {
        let seen = world.look_from(address.parse().unwrap(), path).await;
        assert_ne!(
            seen.status(),
            StatusCode::TOO_MANY_REQUESTS,
            "{address} {path}"
        );
    }
    world.close().await;
}
