//! A service gets tokens for itself, and nobody else does.

use crate::for_tests::{World, on_both_engines, payload};
use http::{Method, StatusCode, header};

on_both_engines!(
    a_service_gets_a_token,
    others_do_not,
    a_secret_may_come_in_the_header
);

const PATH: &str = "/oauth2/default/v1/token";

async fn a_service_gets_a_token(world: &mut World) {
    let fields = [("grant_type", "client_credentials"), ("scope", "api:read")];
    let reply = world.post_as(&world.service, PATH, &fields).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert_eq!(
        reply.headers.get(header::CACHE_CONTROL).unwrap(),
        "no-store"
    );
    let token = reply.text_of("access_token");
    let claims = payload(&token);
    assert_eq!(claims["iss"], "https://acme.example/oauth2/default");
    assert_eq!(claims["aud"], "api://default");
    assert_eq!(claims["cid"], world.service.as_str());
    assert_eq!(claims["scp"][0], "api:read");
    assert!(claims["jti"].as_str().unwrap().starts_with("AT."));
    assert!(world.is_active(&token).await);
    assert_eq!(
        world.logged("app.oauth2.as.token.grant.access_token").await,
        1
    );
    world.clock.advance_secs(3_601);
    assert!(!world.is_active(&token).await);
}

async fn others_do_not(world: &mut World) {
    let fields = [("grant_type", "client_credentials"), ("scope", "api:read")];
    assert_eq!(
        world.post_as(&world.web, PATH, &fields).await.error(),
        "unauthorized_client"
    );
    assert_eq!(
        world.post_as(&world.public, PATH, &fields).await.error(),
        "unauthorized_client"
    );
    for (scope, unknown) in [
        ("openid", "openid"),
        ("nothing", "nothing"),
        ("api:read nothing", "nothing"),
    ] {
        let fields = [("grant_type", "client_credentials"), ("scope", scope)];
        let reply = world.post_as(&world.service, PATH, &fields).await;
        assert_eq!(reply.error(), "invalid_scope", "{scope}");
        let told = format!("{unknown} is no scope");
        assert!(reply.text.contains(&told), "{}", reply.text);
    }
    let wrong = [
        ("grant_type", "client_credentials"),
        ("client_id", world.service.as_str()),
        ("client_secret", "no"),
    ];
    let reply = world.post(PATH, &wrong).await;
    assert_eq!(
        (reply.status, reply.error().as_str()),
        (StatusCode::UNAUTHORIZED, "invalid_client")
    );
    assert_eq!(
        world.logged("app.oauth2.invalid_client_credentials").await,
        1
    );
    let none = [
        ("grant_type", "client_credentials"),
        ("client_id", world.service.as_str()),
    ];
    assert_eq!(world.post(PATH, &none).await.error(), "invalid_client");
    assert_eq!(
        world.post("/oauth2/nowhere/v1/token", &wrong).await.status,
        StatusCode::NOT_FOUND
    );
}

async fn a_secret_may_come_in_the_header(world: &mut World) {
    use base64::Engine as _;
    let pair = format!("{}:{}", world.service, crate::for_tests::SECRET);
    let right = format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair)
    );
    let body = || String::from("grant_type=client_credentials");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let reply = world
        .send(
            Method::POST,
            PATH,
            &[form, ("authorization", &right)],
            body(),
        )
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let wrong = "Basic MG9hOm5v";
    let reply = world
        .send(
            Method::POST,
            PATH,
            &[form, ("authorization", wrong)],
            body(),
        )
        .await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert!(
        reply
            .headers
            .get(header::WWW_AUTHENTICATE)
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("Basic")
    );
    let reply = world
        .send(Method::POST, PATH, &[("authorization", &right)], body())
        .await;
    assert_eq!(reply.error(), "invalid_request");
}
