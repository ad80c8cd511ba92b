//! Our side as a relying party, against a provider of the test's own, on both engines: what each of its answers comes to.

use crate::for_tests::{World, on_both_engines};
use crate::limits::{AWAY_SECS, DEPARTURES_MAX};
use crate::relying::away::render_verifier;
use crate::relying::bench::{Bench, begin, change, manager, refusal, with_code};
use crate::relying::{RelyingRefusal, Traveller};
use identity::event_hook::envoy::{Answered, Method, PlainHttp, Trouble};
use identity::fault::Refusal;
use identity::identity_provider::settings::ProviderChange;
use identity::identity_provider::way::Unreached;
use protocol::oauth::form::{Form, render_form};
use protocol::oidc::relying::IdTokenError;
use serde_json::{Value, json};
use std::sync::Arc;

on_both_engines!(
    an_answer_is_good_once_in_the_sign_in_that_left,
    an_answer_comes_too_late_or_from_elsewhere,
    what_the_provider_answers_is_checked_whole,
    keys_are_read_again_for_an_unknown_one_and_not_at_any_pace,
    what_the_id_token_does_not_say_is_asked_for,
    a_provider_that_changed_meanwhile_gets_no_code,
    an_answer_that_another_provider_handed_over_is_refused,
    a_browser_leaves_so_often_and_no_more,
    proof_whose_age_is_not_said_is_old,
);

async fn a_browser_leaves_so_often_and_no_more(world: &mut World) {
    let bench = Bench::new(world).await;
    let first = bench.away().await;
    for _ in 1..DEPARTURES_MAX {
        bench.leave().await.unwrap();
    }
    let over = bench.leave().await;
    assert!(matches!(over, Err(Refusal::TooMany { .. })));
    // Another sign-in has its own; one that came back, or is away too long, is not counted.
    let (flow, cookie) = begin(bench.world).await;
    let other = Bench {
        flow,
        cookie,
        far: Arc::clone(&bench.far),
        provider: bench.provider.clone(),
        ..bench
    };
    other.leave().await.unwrap();
    assert!(bench.back(&with_code(&first)).await.is_ok());
    bench.leave().await.unwrap();
    assert!(bench.leave().await.is_err());
    bench.world.clock.advance_secs(AWAY_SECS);
    bench.leave().await.unwrap();
}

async fn proof_whose_age_is_not_said_is_old(world: &mut World) {
    let mut bench = Bench::new(world).await;
    let now = bench.world.cell.now().seconds();
    for (is_fresh, said, expected) in [
        (false, None, Some(0)),
        (false, Some(now - 86_400), Some(now - 86_400)),
        (false, Some(now + 30), Some(now)),
        (true, Some(now), Some(now)),
        (true, Some(now - 30), Some(now)),
        (true, Some(now - 31), None),
        (true, None, None),
    ] {
        bench.flow.state.fresh_since = is_fresh.then(|| bench.world.cell.now());
        let state = bench.away().await;
        if let Some(said) = said {
            bench.far.claims.lock().unwrap()["auth_time"] = json!(said);
        }
        let proven = bench.back(&with_code(&state)).await.ok();
        let proved_at = proven.map(|proven| proven.proved_at.seconds());
        assert_eq!(proved_at, expected, "{is_fresh} {said:?}");
    }
}

/// A hostile provider sends the browser on to another one, with the state of the departure to itself: the code of that other one
/// comes back at its own address, and is shown to nobody.
async fn an_answer_that_another_provider_handed_over_is_refused(world: &mut World) {
    let bench = Bench::new(world).await;
    let other = ProviderChange {
        name: "Honest".into(),
        ..change()
    };
    let (cell, permit) = (&bench.world.cell, manager(bench.world));
    let honest = cell.create_identity_provider(&permit, other, PlainHttp::Never);
    let honest = honest.await.unwrap();
    let state = bench.away().await;
    let query = with_code(&state);
    let handed = bench.back_as(bench.traveller(), (&honest.id, &query)).await;
    assert_eq!(refusal(handed), RelyingRefusal::OtherAddress);
    assert!(bench.far.asked.lock().unwrap().is_empty());
    // It is spent, at the right address as well.
    assert_eq!(bench.refused(&state).await, RelyingRefusal::NotAway);
}

async fn an_answer_is_good_once_in_the_sign_in_that_left(world: &mut World) {
    let bench = Bench::new(world).await;
    let state = bench.away().await;
    // Neither in another browser, nor under a secret that is not this one's.
    let (other, secret) = begin(bench.world).await;
    let stranger = Traveller {
        flow: &other,
        cookie: &secret,
    };
    let stolen = bench
        .back_as(stranger, (&bench.provider.id, &with_code(&state)))
        .await;
    assert_eq!(refusal(stolen), RelyingRefusal::NotAway);
    assert_eq!(
        bench.far.asked_at("/token"),
        0,
        "the code was shown to nobody"
    );
    let query = with_code(&state);
    let (a, b) = tokio::join!(bench.back(&query), bench.back(&query));
    let good = [a, b]
        .into_iter()
        .filter_map(Result::ok)
        .collect::<Vec<_>>();
    let [proven] = good.as_slice() else {
        panic!("one of two answers counts: {}", good.len());
    };
    assert_eq!(proven.vouched.subject, "1");
    assert_eq!(proven.vouched.verified_email(), Some("ada@partner.example"));
    assert_eq!(proven.provider.id, bench.provider.id);
    assert_eq!(bench.refused(&state).await, RelyingRefusal::NotAway);
    let asked = bench.far.asked.lock().unwrap().clone();
    let (method, _, body) = asked.iter().find(|(_, at, _)| at == "/token").unwrap();
    assert_eq!(*method, Method::PostForm);
    let form = Form::parse(body.as_bytes()).ok().unwrap();
    let verifier = render_verifier(&bench.cookie, &state);
    let callback = format!(
        "https://acme.example/oauth2/v1/authorize/callback/{}",
        bench.provider.id
    );
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("code", "c&d"),
        ("redirect_uri", callback.as_str()),
        ("client_id", "us"),
        ("client_secret", "let me in"),
        ("code_verifier", verifier.as_str()),
    ] {
        assert_eq!(form.get(name), Some(value), "{name}");
    }
}

async fn an_answer_comes_too_late_or_from_elsewhere(world: &mut World) {
    let bench = Bench::new(world).await;
    for (query, expected) in [
        (String::new(), RelyingRefusal::NotAway),
        (with_code("made up"), RelyingRefusal::NotAway),
        (render_form(&[("code", "c")]), RelyingRefusal::NotAway),
    ] {
        assert_eq!(refusal(bench.back(&query).await), expected);
    }
    for (query, expected) in [
        (
            "error=access_denied",
            RelyingRefusal::Said(Some("access_denied".into())),
        ),
        ("error=%3Cb%3E", RelyingRefusal::Said(None)),
        (
            "code=c&iss=https%3A%2F%2Fevil.example",
            RelyingRefusal::OtherIssuer,
        ),
        ("iss=https%3A%2F%2Fidp.example", RelyingRefusal::NoCode),
    ] {
        let state = bench.away().await;
        let query = format!("{query}&state={state}");
        assert_eq!(refusal(bench.back(&query).await), expected);
        // It is spent, whatever came of it.
        assert_eq!(bench.refused(&state).await, RelyingRefusal::NotAway);
    }
    assert_eq!(bench.far.asked_at("/token"), 0);
    let state = bench.away().await;
    bench.world.clock.advance_secs(10 * 60);
    assert_eq!(bench.refused(&state).await, RelyingRefusal::NotAway);
}

async fn what_the_provider_answers_is_checked_whole(world: &mut World) {
    let bench = Bench::new(world).await;
    let answer = |status, body: &str| Ok(Answered::of(status, body.as_bytes().to_vec()));
    let used = r#"{"error":"invalid_grant"}"#;
    for (tokens, expected) in [
        (
            answer(400, used),
            RelyingRefusal::Redemption("invalid_grant".into()),
        ),
        (answer(302, ""), RelyingRefusal::Status(302)),
        (answer(500, "{}"), RelyingRefusal::Status(500)),
        (
            Err(Trouble::Inward),
            RelyingRefusal::Unreached(Unreached::Trouble(Trouble::Inward)),
        ),
    ] {
        let state = bench.away().await;
        *bench.far.tokens.lock().unwrap() = Some(tokens);
        assert_eq!(bench.refused(&state).await, expected);
    }
    for (name, value, expected) in [
        ("nonce", json!("another"), "ID_TOKEN_NONCE"),
        ("aud", json!("them"), "ID_TOKEN_AUDIENCE"),
        ("iss", json!("https://evil.example"), "ID_TOKEN_ISSUER"),
        ("exp", json!(1), "ID_TOKEN_EXPIRED"),
        ("at_hash", json!("AAAA"), "ID_TOKEN_AT_HASH"),
        ("sub", json!(""), "ID_TOKEN_CLAIMS"),
    ] {
        let state = bench.away().await;
        bench.far.claims.lock().unwrap()[name] = value;
        assert_eq!(bench.refused(&state).await.as_str(), expected);
    }
    let before = log_rows(bench.world).await;
    let state = bench.away().await;
    bench.far.claims.lock().unwrap()["nonce"] = json!("another");
    let refused = bench.refused(&state).await;
    assert_eq!(refused, RelyingRefusal::IdToken(IdTokenError::Nonce));
    assert_eq!(
        log_rows(bench.world).await,
        before + 1,
        "the log tells of it"
    );
}

async fn log_rows(world: &World) -> i64 {
    let mut tx = world.cell.database.read().await.unwrap();
    ledger::load_head(&mut tx, &world.org)
        .await
        .unwrap()
        .map_or(0, |head| head.seq)
}

async fn keys_are_read_again_for_an_unknown_one_and_not_at_any_pace(world: &mut World) {
    let bench = Bench::new(world).await;
    let good = async || {
        let state = bench.away().await;
        bench.back(&with_code(&state)).await.is_ok()
    };
    assert!(good().await && good().await);
    assert_eq!(bench.far.asked_at("/keys"), 1, "they are kept");
    bench.far.rotate("k2");
    let state = bench.away().await;
    let refused = bench.refused(&state).await;
    assert_eq!(refused.as_str(), "ID_TOKEN_UNKNOWN_KEY");
    assert_eq!(
        bench.far.asked_at("/keys"),
        0,
        "they were read a moment ago"
    );
    bench.world.clock.advance_secs(30);
    assert!(good().await);
    assert_eq!(bench.far.asked_at("/keys"), 1);
    bench.world.clock.advance_secs(5 * 60);
    assert!(good().await);
    assert_eq!(bench.far.asked_at("/keys"), 1, "they are not kept for ever");
    // A forgery under a known name makes nobody read anything.
    bench.far.rotate("k2");
    let state = bench.away().await;
    let refused = bench.refused(&state).await;
    assert_eq!(refused.as_str(), "ID_TOKEN_SIGNATURE");
    assert_eq!(bench.far.asked_at("/keys"), 0);
}

async fn what_the_id_token_does_not_say_is_asked_for(world: &mut World) {
    let bench = Bench::new(world).await;
    let silent = async |userinfo: Value| {
        let state = bench.away().await;
        bench
            .far
            .claims
            .lock()
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove("email");
        *bench.far.userinfo.lock().unwrap() = userinfo;
        bench.back(&with_code(&state)).await
    };
    let said = json!({ "sub": "1", "email": "bob@partner.example", "email_verified": true });
    let proven = silent(said).await.ok().unwrap();
    assert_eq!(proven.vouched.verified_email(), Some("bob@partner.example"));
    let other = json!({ "sub": "2", "email": "bob@partner.example", "email_verified": true });
    assert_eq!(refusal(silent(other).await).as_str(), "ANSWER");
    bench.far.asked_at("/userinfo");
    let state = bench.away().await;
    assert!(bench.back(&with_code(&state)).await.is_ok());
    assert_eq!(bench.far.asked_at("/userinfo"), 0, "nothing was missing");
}

async fn a_provider_that_changed_meanwhile_gets_no_code(world: &mut World) {
    let bench = Bench::new(world).await;
    let state = bench.away().await;
    let (cell, permit) = (&bench.world.cell, manager(bench.world));
    let moved = ProviderChange {
        token: "https://evil.example/token".into(),
        ..change()
    };
    let present = bench.provider.clone();
    let changed = cell.replace_identity_provider(&permit, present, moved, PlainHttp::Never);
    let changed = changed.await.unwrap();
    assert_eq!(bench.refused(&state).await, RelyingRefusal::Gone);
    let off = cell
        .switch_identity_provider(&permit, changed, false)
        .await
        .unwrap();
    assert!(bench.far.asked.lock().unwrap().is_empty());
    let bench = Bench {
        provider: off,
        ..bench
    };
    assert!(matches!(bench.leave().await, Err(Refusal::NotFound)));
}
