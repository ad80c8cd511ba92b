//! Logout: with and without a hint, to registered addresses alone, and what the apps of the session are told.

use crate::for_tests::store::load_outbox;
use crate::for_tests::{Reply, World, on_both_engines, payload};
use crate::logout::backchannel::{KIND, prepare};
use crate::logout::decide::{Current, Hint, LogoutStep, decide_app, decide_logout};
use crate::logout::ended::tell_apps;
use crate::page::Page;
use http::{Method, StatusCode};
use identity::access::{Caller, Permission, Permit, authorize};
use identity::app::settings::GrantKind;
use identity::person::lifecycle::LifecycleAction;
use ledger::ClientFacts;
use protocol::oauth::form::{Form, render_form};

on_both_engines!(
    a_hint_ends_the_session,
    without_a_hint_it_asks,
    only_registered_addresses,
    apps_are_told,
    apps_hear_of_what_ends_behind_their_back,
    tokens_of_a_family_end_with_the_epoch,
    tokens_without_a_family_end_with_the_epoch,
    a_token_without_offline_access_ends_with_its_session
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

/// A permit of the operator to manage people.
fn manage(world: &World) -> Permit {
    let (operator, client) = (Caller::Operator, ClientFacts::default());
    authorize(&operator, &world.org, Permission::ManagePeople, &client).unwrap()
}

async fn apps_hear_of_what_ends_behind_their_back(world: &mut World) {
    let web = world.web.clone();
    world
        .change_app(&web, |settings| {
            settings.backchannel_logout_uri = "https://app.example/out".into()
        })
        .await;
    // Two sessions, one of them with an app; one more of the app's has ended by itself, and nobody is told of it.
    let tokens = world.redeem(&world.code().await).await;
    let (first, refresh) = (
        world.session.as_ref().unwrap().session.id.clone(),
        tokens.text_of("refresh_token"),
    );
    world.sign_in().await;
    assert_eq!(tell_apps(&world.cell).await.unwrap(), 0);
    world
        .cell
        .change_person_status(&manage(world), &world.person.id, LifecycleAction::Suspend)
        .await
        .unwrap();
    assert!(load_outbox(&world.cell.database, KIND).await.is_empty());
    assert_eq!(tell_apps(&world.cell).await.unwrap(), 2);
    let leased = load_outbox(&world.cell.database, KIND).await;
    assert_eq!(leased.len(), 1);
    let now = world.cell.now();
    let delivery = prepare(&world.cell, &world.org, &leased[0], now).await;
    let delivery = delivery.unwrap().unwrap();
    let form = Form::parse(delivery.body.as_bytes()).unwrap();
    let claims = payload(form.get("logout_token").unwrap());
    assert_eq!(claims["sid"], first.as_str());
    // Once, and not again.
    assert_eq!(tell_apps(&world.cell).await.unwrap(), 0);
    // The person is let in again, and what was issued before stays at its end.
    world
        .cell
        .change_person_status(&manage(world), &world.person.id, LifecycleAction::Unsuspend)
        .await
        .unwrap();
    assert_eq!(world.refresh(&refresh).await.error(), "invalid_grant");
    assert!(!world.is_active(&tokens.text_of("access_token")).await);
}

async fn tokens_of_a_family_end_with_the_epoch(world: &mut World) {
    let issued = world.redeem(&world.code().await).await;
    assert!(issued.json().get("refresh_token").is_some());
    ends_with_the_epoch(world, &issued).await;
}

/// A signed token that belongs to no family says itself in which epoch it was issued.
async fn tokens_without_a_family_end_with_the_epoch(world: &mut World) {
    let web = world.web.clone();
    world
        .change_app(&web, |settings| {
            settings
                .grants
                .retain(|grant| *grant != GrantKind::RefreshToken)
        })
        .await;
    let scope = [("scope", "openid api:read")];
    let reply = world.get(&world.authorize_path(&scope)).await;
    let issued = world.redeem(&reply.sent("code").unwrap()).await;
    assert!(issued.json().get("refresh_token").is_none());
    ends_with_the_epoch(world, &issued).await;
}

async fn ends_with_the_epoch(world: &World, issued: &Reply) {
    let token = issued.text_of("access_token");
    let own = [("grant_type", "client_credentials"), ("scope", "api:read")];
    let service = world
        .post_as(&world.service, "/oauth2/default/v1/token", &own)
        .await
        .text_of("access_token");
    assert!(world.is_active(&token).await);
    assert!(userinfo(world, &token).await.is_success());
    let (org, user) = (world.org.clone(), world.person.id.clone());
    world
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move { identity::person::store::raise_epoch(tx, &org, &user).await })
        })
        .await
        .unwrap();
    assert!(!world.is_active(&token).await);
    assert_eq!(userinfo(world, &token).await, StatusCode::UNAUTHORIZED);
    assert!(world.is_active(&service).await, "it speaks for no person");
}

async fn userinfo(world: &World, token: &str) -> StatusCode {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    world
        .send(
            Method::GET,
            "/oauth2/default/v1/userinfo",
            &headers,
            String::new(),
        )
        .await
        .status
}

async fn a_token_without_offline_access_ends_with_its_session(world: &mut World) {
    let attended = [("scope", "openid")];
    let offline = [("scope", "openid offline_access")];
    let mut tokens = Vec::new();
    for scope in [attended, offline] {
        let reply = world.get(&world.authorize_path(&scope)).await;
        let code = reply.sent("code").unwrap();
        tokens.push(world.redeem(&code).await.text_of("access_token"));
    }
    let id_token = world.redeem(&world.code().await).await.text_of("id_token");
    logout(world, &[("id_token_hint", &id_token)]).await;
    assert!(!lives(world).await);
    assert!(!world.is_active(&tokens[0]).await);
    assert!(
        world.is_active(&tokens[1]).await,
        "it was asked for so that it outlives the session"
    );
}
