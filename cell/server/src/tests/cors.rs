//! Pages of other sites: who may read what, on every way that answers; and where a browser is sent on.

use crate::tests::matrix::world::World;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use identity::access::{Caller, Permission, authorize};
use identity::trusted_origin::operations::OriginChange;
use identity::trusted_origin::{OriginInput, Trust, TrustedOrigin};
use ledger::ClientFacts;

/// The site that both orgs trust.
const SHOP: &str = "https://shop.example";

/// Who is told nothing: strangers, and whoever writes the name of the site in another way.
const STRANGERS: [&str; 6] = [
    "https://evil.example",
    "http://shop.example",
    "https://shop.example:8443",
    "https://SHOP.example",
    "https://shop.example.evil",
    "null",
];

async fn send(
    world: &World,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> Response<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost:8080");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.answer(request.body(Body::empty()).unwrap()).await
}

fn cors(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut told: Vec<(String, String)> = headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("access-control-"))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    told.sort();
    told
}

fn told<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

async fn change(world: &World, change: OriginChange) {
    let client = ClientFacts::default();
    let permission = Permission::ManageOrg;
    let permit = authorize(&Caller::Operator, &world.main, permission, &client).unwrap();
    let shop = shop(world).await;
    let changed = world.cell.change_trusted_origin(&permit, &shop.id, change);
    changed.await.unwrap();
}

async fn shop(world: &World) -> TrustedOrigin {
    let snapshot = world.cell.snapshot(&world.main).await.unwrap().unwrap();
    snapshot.origins[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_told_what_it_may_send_for_trusted_pages_alone() {
    let world = World::copy().await;
    let ask = async |origin: &str, path: &str, wanted: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "DELETE"),
            ("access-control-request-headers", wanted),
        ];
        send(&world, Method::OPTIONS, path, &headers).await
    };
    for path in [
        "/api/v1/users/x",
        "//api/v1/users",
        "/api/v1/authn",
        "/oauth2/v1/clients/x/roles",
    ] {
        let answer = ask(SHOP, path, "authorization,content-type").await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "{path}");
        let headers = answer.headers();
        assert_eq!(told(headers, "access-control-allow-origin"), SHOP, "{path}");
        assert_eq!(
            told(headers, "access-control-allow-methods"),
            "GET, POST, PUT, PATCH, DELETE"
        );
        assert_eq!(
            told(headers, "access-control-allow-headers"),
            "authorization,content-type"
        );
        assert_eq!(told(headers, "access-control-max-age"), "600");
        assert_eq!(told(headers, "vary"), "Origin");
        let allows_cookies = headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        assert_eq!(allows_cookies, path == "/api/v1/authn", "{path}");
        for stranger in STRANGERS {
            let answer = ask(stranger, path, "authorization").await;
            assert_eq!(cors(answer.headers()), [], "{stranger} {path}");
        }
    }
    let long = "a".repeat(2_000);
    for wanted in [long.as_str(), "a\"b"] {
        let answer = ask(SHOP, "/api/v1/users", wanted).await;
        assert_eq!(told(answer.headers(), "access-control-allow-headers"), "");
    }
    // No page of the product is opened, nor what only servers call.
    for path in [
        "/signin",
        "/admin/people",
        "/scim/v2/Users",
        "/oauth2/v1/introspect",
    ] {
        assert_eq!(cors(ask(SHOP, path, "x").await.headers()), [], "{path}");
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trusted_pages_read_answers_and_refusals_and_others_read_nothing() {
    let world = World::copy().await;
    let token = format!("SSWS 00T{}", "a".repeat(43));
    for (method, path, authorization, status) in [
        (Method::GET, "/api/v1/users/me", token.as_str(), 200),
        (Method::GET, "/api/v1/users?limit=1", &token, 200),
        (Method::GET, "/api/v1/users/me", "SSWS 00Tx", 401),
        (Method::GET, "/api/v1/nowhere", &token, 404),
        (Method::POST, "/api/v1/authn", "", 400),
        (Method::POST, "/oauth2/v1/token", "", 400),
        (Method::POST, "/oauth2/default/v1/token", "", 400),
        (Method::GET, "/oauth2/v1/userinfo", "", 401),
        (Method::POST, "/oauth2/v1/revoke", "", 400),
    ] {
        let call = async |origin: &str| {
            let headers = [("origin", origin), ("authorization", authorization)];
            let sent = if authorization.is_empty() {
                &headers[..1]
            } else {
                &headers[..]
            };
            send(&world, method.clone(), path, sent).await
        };
        let answer = call(SHOP).await;
        let headers = answer.headers();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        assert_eq!(told(headers, "access-control-allow-origin"), SHOP, "{path}");
        let exposed = told(headers, "access-control-expose-headers");
        for name in ["Link", "X-Rate-Limit-Reset", "X-Okta-Request-Id"] {
            assert!(exposed.contains(name), "{path}: {exposed}");
        }
        let varies = headers.get_all(header::VARY).iter().count();
        assert_eq!(varies, 1, "{path}");
        let allows_cookies = headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        assert_eq!(allows_cookies, path == "/api/v1/authn", "{path}");
        for stranger in STRANGERS {
            let answer = call(stranger).await;
            assert_eq!(answer.status().as_u16(), status, "{path}");
            assert_eq!(cors(answer.headers()), [], "{stranger} {path}");
        }
        let none = send(&world, method.clone(), path, &[]).await;
        assert_eq!(cors(none.headers()), [], "{path}");
    }
    for path in [
        "/oauth2/v1/keys",
        "/oauth2/default/.well-known/openid-configuration",
    ] {
        for origin in [SHOP, STRANGERS[0]] {
            let answer = send(&world, Method::GET, path, &[("origin", origin)]).await;
            assert_eq!(
                told(answer.headers(), "access-control-allow-origin"),
                "*",
                "{path}"
            );
        }
    }
    let twice = [
        ("origin", SHOP),
        ("origin", SHOP),
        ("authorization", token.as_str()),
    ];
    let answer = send(&world, Method::GET, "/api/v1/users/me", &twice).await;
    assert_eq!(cors(answer.headers()), []);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_or_only_a_target_reads_nothing_from_that_moment() {
    let world = World::copy().await;
    let reads = async || {
        let answer = send(&world, Method::GET, "/api/v1/users/me", &[("origin", SHOP)]).await;
        !cors(answer.headers()).is_empty()
    };
    assert!(reads().await);
    change(&world, OriginChange::Deactivate).await;
    assert!(!reads().await);
    change(&world, OriginChange::Activate).await;
    assert!(reads().await);
    let target = OriginInput {
        name: String::from("Shop"),
        origin: SHOP.to_owned(),
        trust: Trust {
            cors: false,
            redirect: true,
        },
    };
    change(&world, OriginChange::Set(target)).await;
    assert!(!reads().await);
    // What one org trusts is nothing to the other, which trusts the same site still.
    let other = send(
        &world,
        Method::GET,
        "/t/acme/api/v1/users/me",
        &[("origin", SHOP)],
    )
    .await;
    assert_eq!(told(other.headers(), "access-control-allow-origin"), SHOP);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_sent_on_to_trusted_sites_alone() {
    let world = World::copy().await;
    let go = async |target: &str| {
        let path = format!("/login/sessionCookieRedirect?token=none&redirectUrl={target}");
        let answer = send(&world, Method::GET, &path, &[]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{target}");
        told(answer.headers(), "location").to_owned()
    };
    for (target, expected) in [
        (
            "https://shop.example/in%3Fa%3D1",
            "https://shop.example/in?a=1",
        ),
        ("https://shop.example", "https://shop.example/"),
        ("https://evil.example/in", "/"),
        ("https://shop.example@evil.example", "/"),
        ("https://shop.example.evil", "/"),
        ("//shop.example", "/"),
        ("/apps", "/apps"),
    ] {
        assert_eq!(go(target).await, expected, "{target}");
    }
    let reader = OriginInput {
        name: String::from("Shop"),
        origin: SHOP.to_owned(),
        trust: Trust {
            cors: true,
            redirect: false,
        },
    };
    change(&world, OriginChange::Set(reader)).await;
    assert_eq!(go("https://shop.example/in").await, "/");
    world.close().await;
}
