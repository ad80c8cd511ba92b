//! Logout: with and without a hint, to registered addresses alone, and what the apps of the session are told.

use crate::for_tests::store::load_outbox;
use crate::for_tests::{Reply, World, on_both_engines, payload};
use crate::logout::backchannel::{KIND, prepare};
use crate::logout::decide::{Current, Hint, LogoutStep, decide_app, decide_logout};
use crate::page::Page;
use protocol::oauth::form::{Form, render_form};

on_both_engines!(
    a_hint_ends_the_session,
    without_a_hint_it_asks,
    only_registered_addresses,
    apps_are_told
);

#[test]
fn only_a_hint_at_this_person_ends_the_session_unasked() {
    let hint = |user: &str, session: Option<&str>| Hint {
        app: "app".into(),
        user: user.into(),
        session: session.map(str::to_owned),
    };
    let current = Current {
        user: "ada",
        session: "1",
    };
    let table = [
        (None, None, LogoutStep::GoOn),
        (None, Some(hint("ada", None)), LogoutStep::GoOn),
        (Some(current), None, LogoutStep::Ask),
        (Some(current), Some(hint("ada", Some("1"))), LogoutStep::End),
        (Some(current), Some(hint("ada", None)), LogoutStep::End),
        (Some(current), Some(hint("ada", Some("2"))), LogoutStep::Ask),
        (Some(current), Some(hint("eve", Some("1"))), LogoutStep::Ask),
    ];
    for (current, hint, expected) in table {
        assert_eq!(
            decide_logout(current, hint.as_ref()),
            expected,
            "{current:?} {hint:?}"
        );
    }
    assert!(decide_app(Some(&hint("ada", None)), Some("other")).is_err());
    assert_eq!(
        decide_app(Some(&hint("ada", None)), None).unwrap(),
        Some("app")
    );
}

async fn logout(world: &World, fields: &[(&str, &str)]) -> Reply {
    world
        .get(&format!(
            "/oauth2/default/v1/logout?{}",
            render_form(fields)
        ))
        .await
}

async fn lives(world: &World) -> bool {
    let id = world.session.as_ref().unwrap().session.id.clone();
    world
        .cell
        .session_by_id(&world.org, &id)
        .await
        .unwrap()
        .is_some()
}

async fn a_hint_ends_the_session(world: &mut World) {
    let id_token = world.redeem(&world.code().await).await.text_of("id_token");
    // An expired hint is a hint.
    world.clock.advance_secs(2 * 3_600);
    let fields = [
        ("id_token_hint", id_token.as_str()),
        ("post_logout_redirect_uri", "https://app.example/bye"),
        ("state", "s 1"),
    ];
    let reply = logout(world, &fields).await;
    assert_eq!(reply.location(), "https://app.example/bye?state=s+1");
    assert!(!lives(world).await);
    assert_eq!(world.logged("user.session.end").await, 1);
}

async fn without_a_hint_it_asks(world: &mut World) {
    let fields = [
        ("client_id", world.web.as_str()),
        ("post_logout_redirect_uri", "https://app.example/bye"),
    ];
    let page = match logout(world, &fields).await.page.unwrap() {
        Page::ConfirmLogout(page) => page,
        other => panic!("{other:?}"),
    };
    assert!(lives(world).await);
    assert_eq!(page.app.as_deref(), Some("Web"));
    let pairs: Vec<(&str, &str)> = page
        .fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let body = render_form(&pairs);
    let (context, facts) = (world.context(), world.facts());
    let scene = crate::authorize::Scene {
        cell: &world.cell,
        context: &context,
        facts: &facts,
    };
    let answered = crate::logout::confirm(&scene, &Form::parse(body.as_bytes()).unwrap()).await;
    match answered.unwrap() {
        crate::authorize::Destination::Redirect(location) => {
            assert_eq!(location, "https://app.example/bye")
        }
        crate::authorize::Destination::Page(page) => panic!("{page:?}"),
    }
    assert!(!lives(world).await);
    world.session = None;
    assert_eq!(logout(world, &[]).await.page, Some(Page::SignedOut));
}

async fn only_registered_addresses(world: &mut World) {
    let id_token = world.redeem(&world.code().await).await.text_of("id_token");
    for address in [
        "https://evil.example/bye",
        "https://app.example/bye/more",
        "javascript:alert(1)",
    ] {
        let fields = [
            ("id_token_hint", id_token.as_str()),
            ("post_logout_redirect_uri", address),
        ];
        let reply = logout(world, &fields).await;
        assert!(matches!(reply.page, Some(Page::Error(_))), "{address}");
    }
    let unnamed = [("post_logout_redirect_uri", "https://app.example/bye")];
    assert!(matches!(
        logout(world, &unnamed).await.page,
        Some(Page::Error(_))
    ));
    let other = [
        ("id_token_hint", id_token.as_str()),
        ("client_id", world.public.as_str()),
    ];
    assert!(matches!(
        logout(world, &other).await.page,
        Some(Page::Error(_))
    ));
    assert!(lives(world).await);
}

async fn apps_are_told(world: &mut World) {
    let web = world.web.clone();
    world
        .change_app(&web, |settings| {
            settings.backchannel_logout_uri = "https://app.example/out".into()
        })
        .await;
    let id_token = world.redeem(&world.code().await).await.text_of("id_token");
    logout(world, &[("id_token_hint", &id_token)]).await;
    let now = world.cell.now();
    let leased = load_outbox(&world.cell.database, KIND).await;
    assert_eq!(leased.len(), 1);
    let delivery = prepare(&world.cell, &world.org, &leased[0], now)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(delivery.uri, "https://app.example/out");
    let form = Form::parse(delivery.body.as_bytes()).unwrap();
    let claims = payload(form.get("logout_token").unwrap());
    assert_eq!(claims["iss"], "https://acme.example/oauth2/default");
    assert_eq!(claims["aud"], web.as_str());
    assert_eq!(claims["sub"], world.person.id.as_str());
    assert_eq!(
        claims["sid"],
        world.session.as_ref().unwrap().session.id.as_str()
    );
    assert_eq!(claims["exp"].as_i64().unwrap(), now.seconds() + 120);
    assert!(claims["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
}
