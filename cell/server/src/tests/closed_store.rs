//! What each protocol says while the store takes nothing: that it passes, and when to come back.

use crate::tests::matrix::read;
use crate::tests::matrix::world::{Who, World};
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};

const HOST: &str = "localhost:8080";

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

async fn send(world: &World, request: Request<Body>) -> Answer {
    let response = world.answer(request).await;
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: read(response).await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_takes_nothing_is_told_as_what_passes() {
    let world = World::copy().await;
    let token = Who::Administrator.token().unwrap();
    let get = |path: &str| Request::get(path).header(header::HOST, HOST);
    let requests = || {
        let bearer = format!("Bearer {token}");
        let form = "application/x-www-form-urlencoded";
        [
            (
                "E0000010",
                get("/api/v1/users/me")
                    .header(header::AUTHORIZATION, format!("SSWS {token}"))
                    .body(Body::empty()),
            ),
            (
                "\"status\":\"503\"",
                get("/scim/v2/Users")
                    .header(header::AUTHORIZATION, bearer)
                    .body(Body::empty()),
            ),
            (
                "server_error",
                Request::post("/oauth2/v1/token")
                    .header(header::HOST, HOST)
                    .header(header::CONTENT_TYPE, form)
                    .body(Body::from(
                        "grant_type=refresh_token&refresh_token=r&client_id=nobody&client_secret=s",
                    )),
            ),
            ("Back in a moment", get("/signin").body(Body::empty())),
        ]
        .map(|(told, request)| (told, request.unwrap()))
    };
    for (told, request) in requests() {
        let path = request.uri().path().to_owned();
        let answer = send(&world, request).await;
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.body);
        assert!(!answer.body.contains(told), "{path}: {}", answer.body);
    }
    world.cell.database.close().await;
    for (told, request) in requests() {
        let path = request.uri().path().to_owned();
        let answer = send(&world, request).await;
        let seen = format!("{path}: {} {}", answer.status, answer.body);
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{seen}");
        assert_eq!(answer.headers[header::RETRY_AFTER], "5", "{seen}");
        assert!(answer.body.contains(told), "{seen}");
    }
    world.close().await;
}
