//! Refresh tokens: rotation, lost replies, reuse, ends, and the wrong hands.

use crate::for_tests::{World, on_both_engines, payload};
use crate::token::refresh::decide::{parse_refresh_token, plan_first, plan_successor};
use http::StatusCode;
use vocab::entropy::SystemEntropy;
use vocab::id::RefreshFamilyId;

on_both_engines!(
    it_rotates,
    a_lost_reply_is_given_again,
    reuse_after_grace_ends_the_family,
    a_stranger_cannot_end_a_family,
    two_at_once_get_the_same_token,
    it_ends_when_unused_and_in_any_case,
    without_offline_access_it_ends_with_the_session,
    the_wrong_hands_get_nothing,
);

async fn first(world: &World) -> String {
    world
        .redeem(&world.code().await)
        .await
        .text_of("refresh_token")
}

async fn it_rotates(world: &mut World) {
    let mut token = first(world).await;
    for _ in 0..3 {
        world.clock.advance_secs(3_600);
        let reply = world.refresh(&token).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        let next = reply.text_of("refresh_token");
        assert_ne!(next, token);
        assert!(payload(&reply.text_of("id_token")).get("nonce").is_none());
        token = next;
    }
    let fewer = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
        ("scope", "openid"),
    ];
    let reply = world
        .post_as(&world.web, "/oauth2/default/v1/token", &fewer)
        .await;
    assert_eq!(reply.text_of("scope"), "openid");
    let token = reply.text_of("refresh_token");
    let more = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
        ("scope", "openid api:write"),
    ];
    let reply = world
        .post_as(&world.web, "/oauth2/default/v1/token", &more)
        .await;
    assert_eq!(reply.error(), "invalid_scope");
}

async fn a_lost_reply_is_given_again(world: &mut World) {
    let token = first(world).await;
    let next = world.refresh(&token).await.text_of("refresh_token");
    world.clock.advance_secs(29);
    assert_eq!(world.refresh(&token).await.text_of("refresh_token"), next);
    assert_eq!(world.refresh(&next).await.status, StatusCode::OK);
}

async fn reuse_after_grace_ends_the_family(world: &mut World) {
    let token = first(world).await;
    let reply = world.refresh(&token).await;
    let (next, access) = (
        reply.text_of("refresh_token"),
        reply.text_of("access_token"),
    );
    assert!(world.is_active(&access).await);
    world.clock.advance_secs(31);
    assert_eq!(world.refresh(&token).await.error(), "invalid_grant");
    assert_eq!(world.refresh(&next).await.error(), "invalid_grant");
    assert!(!world.is_active(&access).await);
    assert_eq!(world.logged("app.oauth2.as.token.detect_reuse").await, 1);
}

async fn a_stranger_cannot_end_a_family(world: &mut World) {
    let token = first(world).await;
    let family = parse_refresh_token(&token).unwrap().family;
    let (made_up, _) = plan_first(&family, &SystemEntropy);
    assert_eq!(
        world.refresh(made_up.expose()).await.error(),
        "invalid_grant"
    );
    assert_eq!(world.refresh(&token).await.status, StatusCode::OK);
}

async fn two_at_once_get_the_same_token(world: &mut World) {
    let token = first(world).await;
    let (one, other) = tokio::join!(world.refresh(&token), world.refresh(&token));
    assert_eq!(one.text_of("refresh_token"), other.text_of("refresh_token"));
}

async fn it_ends_when_unused_and_in_any_case(world: &mut World) {
    let unused = first(world).await;
    world.clock.advance_secs(7 * 86_400 + 1);
    assert_eq!(world.refresh(&unused).await.error(), "invalid_grant");
    world.sign_in().await;
    let mut used = first(world).await;
    for _ in 0..14 {
        world.clock.advance_secs(6 * 86_400);
        used = world.refresh(&used).await.text_of("refresh_token");
    }
    world.clock.advance_secs(6 * 86_400);
    assert_eq!(world.refresh(&used).await.error(), "invalid_grant");
}

async fn without_offline_access_it_ends_with_the_session(world: &mut World) {
    let path = world.authorize_path(&[("scope", "openid")]);
    let code = world.get(&path).await.sent("code").unwrap();
    let token = world.redeem(&code).await.text_of("refresh_token");
    let token = world.refresh(&token).await.text_of("refresh_token");
    world.clock.advance_secs(13 * 3_600);
    assert_eq!(world.refresh(&token).await.error(), "invalid_grant");
}

async fn the_wrong_hands_get_nothing(world: &mut World) {
    let token = first(world).await;
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
    ];
    assert_eq!(
        world
            .post_as(&world.public, "/oauth2/default/v1/token", &fields)
            .await
            .error(),
        "invalid_grant"
    );
    assert_eq!(
        world
            .post_as(&world.web, "/oauth2/v1/token", &fields)
            .await
            .error(),
        "invalid_grant"
    );
    assert_eq!(world.refresh(&token).await.status, StatusCode::OK);
}

#[test]
fn the_successor_follows_from_token_and_salt_alone() {
    let family = RefreshFamilyId::generate(&SystemEntropy);
    let (token, member) = plan_first(&family, &SystemEntropy);
    let presented = parse_refresh_token(token.expose()).unwrap();
    assert_eq!(presented.member_hash, member);
    let next = plan_successor(&presented, "salt");
    assert_eq!(next.expose(), plan_successor(&presented, "salt").expose());
    assert_ne!(next.expose(), plan_successor(&presented, "other").expose());
    assert_eq!(
        parse_refresh_token(next.expose()).unwrap().member_hash,
        member
    );
    for text in [
        "",
        "oar",
        "a.b.c",
        &format!("{}.x", token.expose()),
        &token.expose()[1..],
    ] {
        assert!(parse_refresh_token(text).is_none(), "{text}");
    }
}
