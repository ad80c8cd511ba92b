//! Whoever comes from a blocked zone gets the same answer everywhere, and nothing of the org in it.

use crate::tests::matrix::world::World;
use axum::body::to_bytes;
use axum::http::{StatusCode, header};
use identity::access::{Caller, Permission, authorize};
use identity::sign_on::zone::{ZoneReach, parse_ranges};
use ledger::ClientFacts;
use std::net::SocketAddr;

const BODY_BYTES_MAX: usize = 1 << 20;

/// Ways in, of every kind. What needs a form is covered by them too: the refusal looks at no method and no body.
const PATHS: [&str; 8] = [
    "/signin",
    "/signin/password",
    "/admin",
    "/account",
    "/setup?token=x",
    "/oauth2/v1/keys",
    "/oauth2/default/.well-known/openid-configuration",
    "/nowhere",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_zone_is_refused_before_anything_is_looked_at() {
    let world = World::copy().await;
    let client = ClientFacts::default();
    let permit = authorize(
        &Caller::Operator,
        &world.main,
        Permission::ManagePolicies,
        &client,
    )
    .unwrap();
    let ranges = parse_ranges("198.51.100.0/24, 2001:db8:bad::/48").unwrap();
    let made = world
        .cell
        .create_zone(&permit, "Bad", ranges, ZoneReach::Blocked);
    made.await.unwrap();
    let rows = world.log_rows().await;
    let outside: SocketAddr = "203.0.113.7:1".parse().unwrap();
    for inside in [
        "198.51.100.7:1",
        "[2001:db8:bad::1]:1",
        "[::ffff:198.51.100.7]:1",
    ] {
        let inside: SocketAddr = inside.parse().unwrap();
        for path in PATHS {
            let response = world.look_from(inside, path).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
            assert!(
                !response.headers().contains_key(header::SET_COOKIE),
                "{path}"
            );
            let body = to_bytes(response.into_body(), BODY_BYTES_MAX)
                .await
                .unwrap();
            let told = String::from_utf8_lossy(&body).into_owned();
            assert!(told.contains("access_denied"), "{path}: {told}");
        }
        for open in ["/health/live", "/health/ready", "/assets/testudo.css"] {
            let response = world.look_from(inside, open).await;
            assert_eq!(response.status(), StatusCode::OK, "{open}");
        }
        // The zone is of this org alone.
        let other = world.look_from(inside, "/t/acme/signin").await;
        assert_eq!(other.status(), StatusCode::OK);
    }
    let after = world.log_rows().await;
    assert_eq!(
        after.0,
        rows.0 + 2,
        "one row for each address, not for each request"
    );
    for path in PATHS {
        let response = world.look_from(outside, path).await;
        assert_ne!(response.status(), StatusCode::FORBIDDEN, "{path}");
    }
    world.close().await;
}
