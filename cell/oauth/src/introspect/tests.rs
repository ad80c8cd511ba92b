//! What may be learned about tokens, and by whom: introspection, revocation, userinfo.

use crate::for_tests::store::suspend;
use crate::for_tests::{CALLBACK, World, on_both_engines};
use http::{Method, StatusCode, header};
use identity::server::{
    AccessTokenForm, ClaimConfig, ClaimToken, ClaimValue, ScopeConfig, ServerConfig,
};

on_both_engines!(
    introspection_tells_clients_that_prove_themselves,
    a_client_revokes_its_own_tokens,
    userinfo_tells_what_the_scopes_ask_for,
    opaque_tokens_work_alike,
    pages_of_a_public_client_may_read,
    metadata_and_keys_are_public,
);

const INTROSPECT: &str = "/oauth2/default/v1/introspect";
const REVOKE: &str = "/oauth2/default/v1/revoke";

async fn introspection_tells_clients_that_prove_themselves(world: &mut World) {
    let tokens = world.redeem(&world.code().await).await;
    let (access, refresh) = (
        tokens.text_of("access_token"),
        tokens.text_of("refresh_token"),
    );
    let reply = world
        .post_as(&world.service, INTROSPECT, &[("token", &access)])
        .await
        .json();
    assert_eq!(reply["client_id"], world.web.as_str());
    assert_eq!(reply["username"], "ada");
    assert_eq!(reply["uid"], world.person.id.as_str());
    assert_eq!(reply["token_type"], "Bearer");
    let own = world
        .post_as(&world.web, INTROSPECT, &[("token", &refresh)])
        .await
        .json();
    assert_eq!(own["active"], true);
    assert!(
        !world.is_active(&refresh).await,
        "a refresh token is nobody else's business"
    );
    let public = world
        .post_as(&world.public, INTROSPECT, &[("token", &access)])
        .await;
    assert_eq!(public.status, StatusCode::UNAUTHORIZED);
    let forged = format!("{}x", access);
    let id_token = tokens.text_of("id_token");
    for other in ["x", "at.x", "a.b.c", &forged, &id_token] {
        assert!(!world.is_active(other).await, "{other}");
    }
    let elsewhere = world
        .post_as(
            &world.service,
            "/oauth2/v1/introspect",
            &[("token", &access)],
        )
        .await;
    assert_eq!(elsewhere.json()["active"], false, "another server's token");
    suspend(&world.cell.database, &world.org, &world.person.id).await;
    assert!(
        !world.is_active(&access).await,
        "a person who is kept out is out at once"
    );
}

async fn a_client_revokes_its_own_tokens(world: &mut World) {
    let tokens = world.redeem(&world.code().await).await;
    let (access, refresh) = (
        tokens.text_of("access_token"),
        tokens.text_of("refresh_token"),
    );
    let others = world
        .post_as(&world.public, REVOKE, &[("token", &access)])
        .await;
    assert_eq!(others.status, StatusCode::OK);
    world
        .post_as(&world.public, REVOKE, &[("token", &refresh)])
        .await;
    assert!(world.is_active(&access).await);
    assert_eq!(
        world
            .post_as(&world.web, REVOKE, &[("token", "unknown")])
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        world.post_as(&world.web, REVOKE, &[]).await.error(),
        "invalid_request"
    );
    let next = world.refresh(&refresh).await;
    let (later, refresh) = (next.text_of("access_token"), next.text_of("refresh_token"));
    assert_eq!(
        world
            .post_as(&world.web, REVOKE, &[("token", &access)])
            .await
            .status,
        StatusCode::OK
    );
    assert!(!world.is_active(&access).await);
    assert!(world.is_active(&later).await);
    world
        .post_as(&world.web, REVOKE, &[("token", &refresh)])
        .await;
    assert!(!world.is_active(&later).await, "the family ends as a whole");
    assert_eq!(world.refresh(&refresh).await.error(), "invalid_grant");
    assert_eq!(world.logged("app.oauth2.as.token.revoke").await, 2);
}

async fn userinfo_tells_what_the_scopes_ask_for(world: &mut World) {
    let path = "/oauth2/default/v1/userinfo";
    let access = world
        .redeem(&world.code().await)
        .await
        .text_of("access_token");
    let bearer = format!("Bearer {access}");
    let reply = world
        .send(
            Method::GET,
            path,
            &[("authorization", &bearer)],
            String::new(),
        )
        .await;
    let claims = reply.json();
    assert_eq!(claims["sub"], world.person.id.as_str());
    assert_eq!(claims["email"], "ada@example.com");
    assert_eq!(claims["family_name"], "Lovelace");
    let posted = world.post(path, &[("access_token", &access)]).await;
    assert_eq!(posted.json(), claims);
    let none = world.get(path).await;
    assert_eq!(none.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        none.headers.get(header::WWW_AUTHENTICATE).unwrap(),
        "Bearer realm=\"oauth2\""
    );
    let bad = world
        .send(
            Method::GET,
            path,
            &[("authorization", "Bearer x")],
            String::new(),
        )
        .await;
    assert_eq!(
        (bad.status, bad.error().as_str()),
        (StatusCode::UNAUTHORIZED, "invalid_token")
    );
    let fields = [("grant_type", "client_credentials"), ("scope", "api:read")];
    let service = world
        .post_as(&world.service, "/oauth2/default/v1/token", &fields)
        .await
        .text_of("access_token");
    let bearer = format!("Bearer {service}");
    let reply = world
        .send(
            Method::GET,
            path,
            &[("authorization", &bearer)],
            String::new(),
        )
        .await;
    assert_eq!(
        (reply.status, reply.error().as_str()),
        (StatusCode::FORBIDDEN, "insufficient_scope")
    );
}

async fn opaque_tokens_work_alike(world: &mut World) {
    let claim = ClaimConfig {
        name: "department".into(),
        token: ClaimToken::AccessToken,
        value: ClaimValue::Constant("engines".into()),
        scopes: Vec::new(),
    };
    world
        .configure(ServerConfig {
            access_token_form: AccessTokenForm::Opaque,
            scopes: vec![ScopeConfig {
                name: "api:read".into(),
                ..ScopeConfig::default()
            }],
            claims: vec![claim],
            ..ServerConfig::default()
        })
        .await;
    let tokens = world.redeem(&world.code().await).await;
    let access = tokens.text_of("access_token");
    assert!(access.starts_with("at."));
    assert!(world.is_active(&access).await);
    let bearer = format!("Bearer {access}");
    let path = "/oauth2/default/v1/userinfo";
    let reply = world
        .send(
            Method::GET,
            path,
            &[("authorization", &bearer)],
            String::new(),
        )
        .await;
    assert_eq!(reply.json()["sub"], world.person.id.as_str());
    world
        .post_as(&world.web, REVOKE, &[("token", &access)])
        .await;
    assert!(!world.is_active(&access).await);
    world.clock.advance_secs(200 * 86_400);
    assert!(crate::sweep::run(&world.cell).await.unwrap() >= 4);
}

async fn pages_of_a_public_client_may_read(world: &mut World) {
    assert!(CALLBACK.starts_with("https://app.example/"));
    let form = ("content-type", "application/x-www-form-urlencoded");
    let body = |id: &str| format!("grant_type=refresh_token&refresh_token=x&client_id={id}");
    let path = "/oauth2/default/v1/token";
    let allowed = |reply: &crate::for_tests::Reply| {
        reply
            .headers
            .get(header::ACCESS_CONTROL_ALLOW_ORIGIN)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let own = [form, ("origin", "https://app.example")];
    let reply = world
        .send(Method::POST, path, &own, body(world.public.as_str()))
        .await;
    assert_eq!(allowed(&reply).as_deref(), Some("https://app.example"));
    let strange = [form, ("origin", "https://evil.example")];
    let reply = world
        .send(Method::POST, path, &strange, body(world.public.as_str()))
        .await;
    assert_eq!(allowed(&reply), None);
    let reply = world
        .send(Method::POST, path, &own, body(world.web.as_str()))
        .await;
    assert_eq!(
        allowed(&reply),
        None,
        "a web app has no pages that ask for tokens"
    );
    let asked = [
        ("origin", "https://app.example"),
        ("access-control-request-headers", "authorization"),
    ];
    let reply = world
        .send(
            Method::OPTIONS,
            "/oauth2/v1/userinfo",
            &asked,
            String::new(),
        )
        .await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(
        reply
            .headers
            .get(header::ACCESS_CONTROL_ALLOW_HEADERS)
            .unwrap(),
        "authorization"
    );
}

async fn metadata_and_keys_are_public(world: &mut World) {
    for (path, issuer) in [
        ("/.well-known/openid-configuration", "https://acme.example"),
        (
            "/.well-known/oauth-authorization-server",
            "https://acme.example",
        ),
        (
            "/oauth2/default/.well-known/openid-configuration",
            "https://acme.example/oauth2/default",
        ),
        (
            "/oauth2/default/.well-known/oauth-authorization-server",
            "https://acme.example/oauth2/default",
        ),
    ] {
        let reply = world.get(path).await;
        assert_eq!(reply.text_of("issuer"), issuer, "{path}");
        assert_eq!(
            reply
                .headers
                .get(header::ACCESS_CONTROL_ALLOW_ORIGIN)
                .unwrap(),
            "*"
        );
        let base = if issuer.ends_with("default") {
            issuer
        } else {
            "https://acme.example/oauth2"
        };
        assert_eq!(reply.text_of("token_endpoint"), format!("{base}/v1/token"));
    }
    let keys = world.get("/oauth2/default/v1/keys").await;
    assert_eq!(keys.json()["keys"].as_array().unwrap().len(), 3);
    let etag = keys
        .headers
        .get(header::ETAG)
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let same = [("if-none-match", etag.as_str())];
    let reply = world
        .send(Method::GET, "/oauth2/default/v1/keys", &same, String::new())
        .await;
    assert_eq!(reply.status, StatusCode::NOT_MODIFIED);
    assert_ne!(
        world.get("/oauth2/v1/keys").await.text,
        keys.text,
        "each server has its own keys"
    );
    let large = format!("grant_type={}", "x".repeat(70_000));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let reply = world
        .send(Method::POST, "/oauth2/v1/token", &form, large)
        .await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}
