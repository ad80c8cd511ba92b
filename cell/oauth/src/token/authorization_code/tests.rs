//! Codes: valid, invalid, expired, used twice, raced, and in the wrong hands.

use crate::for_tests::{CALLBACK, CHALLENGE, VERIFIER, World, on_both_engines, payload};
use http::StatusCode;

on_both_engines!(
    a_code_gives_tokens,
    a_code_expires,
    a_code_used_twice_ends_its_tokens,
    of_two_at_once_one_wins,
    the_wrong_hands_get_nothing,
    a_grant_that_ended_gives_nothing,
);

const PATH: &str = "/oauth2/default/v1/token";

async fn a_code_gives_tokens(world: &mut World) {
    let reply = world.redeem(&world.code().await).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let access = payload(&reply.text_of("access_token"));
    assert_eq!(access["sub"], "ada");
    assert_eq!(access["uid"], world.person.id.as_str());
    let id = payload(&reply.text_of("id_token"));
    assert_eq!(id["sub"], world.person.id.as_str());
    assert_eq!(id["aud"], world.web.as_str());
    assert_eq!(id["nonce"], "n-1");
    assert_eq!(id["email"], "ada@example.com");
    assert_eq!(id["amr"], serde_json::json!(["hwk", "mfa", "user"]));
    assert_eq!(
        id["sid"],
        world.session.as_ref().unwrap().session.id.as_str()
    );
    assert!(id["at_hash"].is_string());
    assert!(reply.text_of("refresh_token").starts_with("oar"));
}

async fn a_code_expires(world: &mut World) {
    let code = world.code().await;
    world.clock.advance_secs(61);
    assert_eq!(world.redeem(&code).await.error(), "invalid_grant");
}

async fn a_code_used_twice_ends_its_tokens(world: &mut World) {
    let code = world.code().await;
    let tokens = world.redeem(&code).await;
    let access = tokens.text_of("access_token");
    assert!(world.is_active(&access).await);
    assert_eq!(world.redeem(&code).await.error(), "invalid_grant");
    assert!(!world.is_active(&access).await);
    assert_eq!(
        world
            .refresh(&tokens.text_of("refresh_token"))
            .await
            .error(),
        "invalid_grant"
    );
    assert_eq!(world.logged("app.oauth2.as.token.detect_reuse").await, 1);
}

async fn of_two_at_once_one_wins(world: &mut World) {
    let code = world.code().await;
    let (one, other) = tokio::join!(world.redeem(&code), world.redeem(&code));
    let won = [one.status, other.status]
        .into_iter()
        .filter(|status| *status == StatusCode::OK)
        .count();
    assert_eq!(won, 1, "{} {}", one.text, other.text);
}

async fn the_wrong_hands_get_nothing(world: &mut World) {
    let code = world.code().await;
    let right = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let with = |name: &str, value: &'static str| {
        let mut fields = right.to_vec();
        fields.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            fields.push(("_", ""));
            let slot = fields.last_mut().unwrap();
            *slot = (
                right.iter().find(|(known, _)| *known == name).unwrap().0,
                value,
            );
        }
        fields
    };
    for fields in [
        with("code_verifier", ""),
        with("code_verifier", CHALLENGE),
        with("redirect_uri", "https://app.example/other"),
        with("redirect_uri", ""),
        with("code", "wrong"),
    ] {
        let reply = world.post_as(&world.web, PATH, &fields).await;
        assert_eq!(reply.error(), "invalid_grant", "{fields:?}");
    }
    assert_eq!(
        world.post_as(&world.public, PATH, &right).await.error(),
        "invalid_grant"
    );
    assert_eq!(
        world
            .post_as(&world.web, "/oauth2/v1/token", &right)
            .await
            .error(),
        "invalid_grant"
    );
    // None of them spent it.
    assert_eq!(world.redeem(&code).await.status, StatusCode::OK);
}

async fn a_grant_that_ended_gives_nothing(world: &mut World) {
    let code = world.code().await;
    let (org, user) = (world.org.clone(), world.person.id.clone());
    world
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move { identity::person::store::raise_epoch(tx, &org, &user).await })
        })
        .await
        .unwrap();
    assert_eq!(world.redeem(&code).await.error(), "invalid_grant");
}
