//! Sessions that are begun by a session token, prolonged, and told apart from what a browser holds.

use crate::for_tests::{By, World, on_both_engines};
use crate::tests::authn::{ada, sign_in};
use identity::access::Role;
use identity::org::context::RequestFacts;
use identity::sign_in::{FLOW_SECS, Step};
use ledger::ClientFacts;
use serde_json::{Value, json};

const SESSIONS: &str = "/api/v1/sessions";
const REFUSED: (u16, &str) = (401, "E0000004");

/// What a sign-in by a program's own pages ends with.
async fn token(world: &World) -> String {
    let answer = sign_in(world, "ada", crate::tests::authn::PASSWORD).await;
    answer.body["sessionToken"].as_str().unwrap().to_owned()
}

async fn a_session_token_begins_one_session(world: &World) {
    let user = ada(world).await;
    let body = json!({ "sessionToken": token(world).await });
    let before = world.log_rows(&world.main).await;
    for (by, outcome) in [
        (By::Nobody, (403, "E0000005")),
        (By::Person, (403, "E0000006")),
        (By::Reader, (403, "E0000006")),
        (By::Stranger, (401, "E0000011")),
    ] {
        let refused = world.call(by, "POST", SESSIONS, &body).await;
        assert_eq!(refused.outcome(), outcome, "{by:?}");
    }
    assert_eq!(world.log_rows(&world.main).await, before);
    let made = world.post(SESSIONS, &body).await;
    assert_eq!(made.outcome(), (200, ""), "{}", made.body);
    assert_eq!(made.body["userId"], user.as_str());
    assert_eq!(made.body["amr"], json!(["pwd"]));
    assert!(made.body["cookieToken"].is_null());
    let (kind, _) = &world.log_since(before).await[0];
    assert_eq!(kind, "user.session.start");
    // The log says whose token it was.
    let rows = "/api/v1/logs?filter=eventType+eq+%22user.session.start%22";
    let rows = world.get(rows).await;
    let by = rows.body[0]["debugContext"]["debugData"]["redeemedBy"].as_str();
    assert!(by.is_some_and(|by| by.starts_with("00T")), "{}", rows.body);
    let shown = world.get(&format!("{SESSIONS}/{}", made.id())).await;
    assert_eq!(shown.body, made.body);
    // It is good once.
    assert_eq!(world.post(SESSIONS, &body).await.outcome(), REFUSED);
}

async fn what_is_no_session_token_begins_nothing(world: &World) {
    ada(world).await;
    for (body, outcome) in [
        (json!({}), (400, "E0000001")),
        (json!({ "sessionToken": 1 }), (400, "E0000001")),
        (json!({ "sessionToken": "x", "id": "y" }), (400, "E0000001")),
        (json!({ "sessionToken": "" }), REFUSED),
        (json!({ "sessionToken": "x" }), REFUSED),
    ] {
        assert_eq!(
            world.post(SESSIONS, &body).await.outcome(),
            outcome,
            "{body}"
        );
    }
    let other = format!("{SESSIONS}?additionalFields=cookieTokenUrl");
    let body = json!({ "sessionToken": token(world).await });
    assert_eq!(
        world.post(&other, &body).await.outcome(),
        (400, "E0000001"),
        "and it is not used up"
    );
    world.clock.advance_secs(FLOW_SECS);
    assert_eq!(world.post(SESSIONS, &body).await.outcome(), REFUSED);
    // More is needed than was proved.
    let user = world.get("/api/v1/users/ada").await.id();
    let user = vocab::id::UserId::parse(&user).unwrap();
    crate::tests::authn::enroll_totp(world, &user).await;
    world.require_two_factors().await;
    let begun = sign_in(world, "ada", crate::tests::authn::PASSWORD).await;
    let body = json!({ "sessionToken": begun.body["stateToken"] });
    assert_eq!(world.post(SESSIONS, &body).await.outcome(), REFUSED);
}

/// The token becomes the session of the browser that brings it, once, and the session stays the same.
async fn a_cookie_token_is_that_session(world: &World) {
    ada(world).await;
    let path = format!("{SESSIONS}?additionalFields=cookieToken");
    let body = json!({ "sessionToken": token(world).await });
    let made = world.post(&path, &body).await;
    let cookie_token = made.body["cookieToken"].as_str().unwrap().to_owned();
    let (cell, org) = (&world.cell, &world.main);
    let snapshot = cell.snapshot(org).await.unwrap().unwrap();
    let facts = RequestFacts {
        client: ClientFacts::default(),
        now: cell.now(),
        session: None,
        device_cookie: String::new(),
    };
    let flow = cell.load_sign_in(org, &cookie_token).await.unwrap();
    let flow = flow.unwrap();
    let step = cell.next_step(&snapshot, &flow, &facts).await.unwrap();
    assert_eq!(step, Step::Done);
    let begun = cell.finish_sign_in(&snapshot, &flow, &facts).await.unwrap();
    assert_eq!(begun.session_id.as_str(), made.id());
    let settings = &snapshot.org.settings.session;
    let secret = begun.secret.expose();
    let session = cell.session_by_secret(org, secret, settings).await.unwrap();
    assert_eq!(session.unwrap().session.id.as_str(), made.id());
    assert!(
        cell.load_sign_in(org, &cookie_token)
            .await
            .unwrap()
            .is_none()
    );
    // It ends with the session.
    let body = json!({ "sessionToken": token(world).await });
    let made = world.post(&path, &body).await;
    let cookie_token = made.body["cookieToken"].as_str().unwrap().to_owned();
    let one = format!("{SESSIONS}/{}", made.id());
    let ended = world.call(By::Manager, "DELETE", &one, &Value::Null).await;
    assert_eq!(ended.status, 204);
    let flow = cell.load_sign_in(org, &cookie_token).await.unwrap();
    let step = cell.next_step(&snapshot, &flow.unwrap(), &facts).await;
    assert_eq!(step.unwrap(), Step::Identify);
}

async fn a_session_is_prolonged_within_its_end(world: &World) {
    ada(world).await;
    let body = json!({ "sessionToken": token(world).await });
    let made = world.post(SESSIONS, &body).await;
    let one = format!("{SESSIONS}/{}", made.id());
    let refresh = format!("{one}/lifecycle/refresh");
    world.clock.advance_secs(60);
    for (by, outcome) in [
        (By::Reader, (403, "E0000006")),
        (By::Stranger, (401, "E0000011")),
    ] {
        let refused = world.call(by, "POST", &refresh, &Value::Null).await;
        assert_eq!(refused.outcome(), outcome);
    }
    let before = world.log_rows(&world.main).await;
    let prolonged = world.post(&refresh, &Value::Null).await;
    assert_eq!(prolonged.outcome(), (200, ""), "{}", prolonged.body);
    assert!(
        prolonged.body["expiresAt"].as_str() > made.body["expiresAt"].as_str(),
        "{} {}",
        prolonged.body,
        made.body
    );
    assert_eq!(world.get(&one).await.body, prolonged.body);
    let (kind, _) = &world.log_since(before).await[0];
    assert_eq!(kind, "user.session.refresh");
    // One that ended stays ended, and what is no session is none.
    world.call(By::Manager, "DELETE", &one, &Value::Null).await;
    for gone in [refresh, format!("{SESSIONS}/x/lifecycle/refresh")] {
        let answer = world.post(&gone, &Value::Null).await;
        assert_eq!(answer.outcome(), (404, "E0000007"), "{gone}");
    }
}

/// Whoever helps people touches nobody who stands above, and a cookie is no name of a session.
async fn sessions_of_others_are_out_of_reach(world: &World) {
    world.administrator(Role::HelpDeskAdmin).await;
    let above = world.get("/api/v1/users/manager").await.id();
    let above = vocab::id::UserId::parse(&above).unwrap();
    let kind = identity::sign_on::AuthenticatorKind::Password;
    let session = world.session_of(&world.main, &above, kind).await;
    let desk = By::Of(Role::HelpDeskAdmin);
    let path = format!("{SESSIONS}/{session}/lifecycle/refresh");
    let refused = world.call(desk, "POST", &path, &Value::Null).await;
    assert_eq!(refused.outcome(), (403, "E0000006"));
    for (method, path) in [
        ("GET", format!("{SESSIONS}/me")),
        ("DELETE", format!("{SESSIONS}/me")),
        ("POST", format!("{SESSIONS}/me/lifecycle/refresh")),
    ] {
        let cookie = [("cookie", format!("session={session}"))];
        let answer = world.send(method, &path, &cookie, String::new()).await;
        assert_eq!(answer.outcome(), (403, "E0000005"), "{method} {path}");
        let answer = world.call(By::Manager, method, &path, &Value::Null).await;
        assert_eq!(answer.outcome(), (404, "E0000007"), "{method} {path}");
    }
}

on_both_engines!(
    a_session_token_begins_one_session,
    what_is_no_session_token_begins_nothing,
    a_cookie_token_is_that_session,
    a_session_is_prolonged_within_its_end,
    sessions_of_others_are_out_of_reach,
);
