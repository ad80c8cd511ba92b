//! Who may use which route: every route of the table, called by everybody. A route without a row in [`table`] fails the
//! test, so that nobody adds one without saying for whom it is. And an id of another org is not found, whoever asks.

mod crawl;
mod table;
mod world;

use crate::routes;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Response, StatusCode, header};
use crawl::Samples;
use std::collections::{BTreeMap, BTreeSet};
use table::{Audience, ROWS, Row};
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

async fn read(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), BODY_BYTES_MAX)
        .await
        .unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The methods of a path, as the router itself names them to one who asks with a method that nothing has.
async fn methods_of(world: &World, path: &str) -> BTreeSet<&'static str> {
    let response = world.call(Who::Anonymous, &Method::PATCH, path).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    let allowed = response.headers().get_all(header::ALLOW);
    let allowed: String = allowed
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect::<Vec<&str>>()
        .join(",");
    ["GET", "POST"]
        .into_iter()
        .filter(|method| allowed.split(',').any(|word| word.trim() == *method))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_in_the_matrix_and_nothing_else_is() {
    let world = World::copy().await;
    let named: BTreeMap<&str, &Row> = ROWS.iter().map(|row| (row.path, row)).collect();
    assert_eq!(named.len(), ROWS.len(), "a path stands twice in the matrix");
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
    ROWS.iter().flat_map(|row| {
        row.methods().map(|(name, audience)| {
            (
                row.path,
                Method::from_bytes(name.as_bytes()).unwrap(),
                audience,
            )
        })
    })
}

/// Everybody calls one route, the administrator last: what she is shown may be gone afterwards.
async fn call_by_all(
    world: &World,
    samples: &Samples,
    path: &str,
    method: &Method,
    audience: Audience,
) -> Vec<String> {
    let filled = samples.fill(path);
    let mut wrong = Vec::new();
    for who in Who::ALL {
        let before = world.log_rows().await;
        let outcome = judge(world.call(who, method, &filled).await).await;
        let expected = table::decide_outcomes(audience, who);
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
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_everybody_as_the_policy_says() {
    let shared = World::copy().await;
    let samples = Samples::gather(&shared, "").await;
    let mut wrong = Vec::new();
    for (path, method, audience) in cells() {
        if method == Method::GET {
            wrong.extend(call_by_all(&shared, &samples, path, &method, audience).await);
        } else {
            let world = World::copy().await;
            wrong.extend(call_by_all(&world, &samples, path, &method, audience).await);
            world.close().await;
        }
    }
    shared.close().await;
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
        let needs_sample = matches!(
            audience,
            Audience::Reader | Audience::Manager | Audience::Person
        );
        if !needs_sample || table::WITHOUT_SAMPLE.contains(&path) {
            continue;
        }
        let world = World::copy().await;
        let theirs = foreign.fill(path);
        assert_ne!(
            theirs,
            own.fill(path),
            "{path}: the samples of both orgs are the same"
        );
        let before = world.log_rows().await;
        let outcome = judge(world.call(Who::Administrator, &method, &theirs).await).await;
        if outcome != Outcome::Missing || world.log_rows().await != before {
            wrong.push(format!("{method} {theirs} of another org: {outcome:?}"));
        }
        let outcome = judge(
            world
                .call(Who::Administrator, &method, &own.fill(path))
                .await,
        )
        .await;
        if outcome != Outcome::Served {
            wrong.push(format!("{method} {path} of one's own org: {outcome:?}"));
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
