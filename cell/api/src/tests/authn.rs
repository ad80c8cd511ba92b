//! Signing in by programs that have pages of their own.

use crate::for_tests::{Answered, World, on_both_engines};
use identity::access::Permission;
use identity::access::{Caller, authorize};
use identity::person::lifecycle::LifecycleAction;
use identity::sign_on::AuthenticatorKind;
use identity::totp::{TotpSeed, code_at};
use ledger::ClientFacts;
use serde_json::{Value, json};
use vocab::id::UserId;
use vocab::secret::Secret;

pub(crate) const PASSWORD: &str = "nine tortoises walk to Samos";
const OTHER: &str = "eleven herons stand in reeds";

pub(crate) async fn ada(world: &World) -> UserId {
    let user = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let permit = world.permit(&world.main, Permission::ManagePeople);
    let set = world
        .cell
        .set_password(&permit, &user, Secret::new(PASSWORD.to_owned()));
    set.await.unwrap();
    user
}

/// Calls without a token.
pub(crate) async fn post(world: &World, path: &str, body: &Value) -> Answered {
    let kind = [("content-type", String::from("application/json"))];
    world.send("POST", path, &kind, body.to_string()).await
}

pub(crate) async fn sign_in(world: &World, username: &str, password: &str) -> Answered {
    let body = json!({
        "username": username,
        "password": password,
        "options": { "warnBeforePasswordExpired": true },
    });
    post(world, "/api/v1/authn", &body).await
}

pub(crate) fn text<'a>(answer: &'a Answered, field: &str) -> &'a str {
    let found = answer.body[field].as_str();
    found.unwrap_or_else(|| panic!("no {field}: {} {}", answer.status, answer.body))
}

async fn a_password_is_enough_where_the_policy_says_so(world: &World) {
    let user = ada(world).await;
    for name in ["ada", "ADA", "ada@example.com"] {
        let answer = sign_in(world, name, PASSWORD).await;
        assert_eq!(answer.outcome(), (200, ""), "{}", answer.body);
        assert_eq!(text(&answer, "status"), "SUCCESS");
        assert_eq!(answer.body["_embedded"]["user"]["id"], user.as_str());
        assert!(answer.body["stateToken"].is_null());
        assert!(!text(&answer, "sessionToken").is_empty());
        assert_eq!(answer.header("cache-control"), "no-cache, no-store");
    }
}

async fn whoever_is_wrong_learns_nothing(world: &World) {
    let user = ada(world).await;
    let without = world
        .person(&world.main, "nopassword", "No", "Password")
        .await;
    let refused = (401, "E0000004");
    let mut said = Vec::new();
    for (name, password) in [
        ("ada", "wrong"),
        ("ada", ""),
        ("nobody", PASSWORD),
        ("nopassword", PASSWORD),
        ("", PASSWORD),
    ] {
        let answer = sign_in(world, name, password).await;
        assert_eq!(answer.outcome(), refused, "{name}");
        said.push(answer.body["errorCauses"].clone());
    }
    assert!(said.iter().all(|causes| *causes == json!([])));
    for (who, action) in [
        (&user, LifecycleAction::Suspend),
        (&without, LifecycleAction::Deactivate),
    ] {
        let permit = world.permit(&world.main, Permission::ManagePeople);
        let changed = world.cell.change_person_status(&permit, who, action);
        changed.await.unwrap();
    }
    let answer = sign_in(world, "ada", PASSWORD).await;
    assert_eq!(answer.outcome(), refused, "she is kept out");
}

async fn too_many_guesses_wait(world: &World) {
    ada(world).await;
    let mut waited = None;
    for _ in 0..100 {
        let answer = sign_in(world, "ada", "wrong").await;
        if answer.status == 429 {
            waited = Some(answer);
            break;
        }
        assert_eq!(answer.outcome(), (401, "E0000004"));
    }
    let waited = waited.expect("guesses are never slowed down");
    assert_eq!(waited.code(), "E0000047");
    assert_eq!(waited.header("x-rate-limit-limit"), "0");
    let reset: i64 = waited.header("x-rate-limit-reset").parse().unwrap();
    let now = world.cell.now().seconds();
    assert!(reset > now);
    world.clock.advance_secs(reset - now);
    let answer = sign_in(world, "ada", PASSWORD).await;
    assert_eq!(answer.outcome(), (200, ""));
}

async fn an_expired_password_is_replaced_on_the_way(world: &World) {
    let user = ada(world).await;
    let permit = world.permit(&world.main, Permission::ManagePeople);
    let expired = world
        .cell
        .change_person_status(&permit, &user, LifecycleAction::ExpirePassword);
    expired.await.unwrap();
    let begun = sign_in(world, "ada", PASSWORD).await;
    assert_eq!(text(&begun, "status"), "PASSWORD_EXPIRED");
    assert!(begun.body["sessionToken"].is_null());
    let state = text(&begun, "stateToken");
    let path = "/api/v1/authn/credentials/change_password";
    let change = |old: &str, new: &str| json!({ "stateToken": state, "oldPassword": old, "newPassword": new });
    let weak = post(world, path, &change(PASSWORD, "short")).await;
    assert_eq!(weak.outcome(), (403, "E0000080"));
    let same = post(world, "/api/v1/authn", &json!({ "stateToken": state })).await;
    assert_eq!(text(&same, "status"), "PASSWORD_EXPIRED");
    let changed = post(world, path, &change(PASSWORD, OTHER)).await;
    assert_eq!(changed.outcome(), (200, ""), "{}", changed.body);
    assert_eq!(text(&changed, "status"), "SUCCESS");
    let again = post(world, path, &change(OTHER, PASSWORD)).await;
    assert_eq!(
        again.outcome(),
        (403, "E0000006"),
        "it is not asked for any more"
    );
    assert_eq!(sign_in(world, "ada", PASSWORD).await.status, 401);
    assert_eq!(
        text(&sign_in(world, "ada", OTHER).await, "status"),
        "SUCCESS"
    );
}

async fn a_wrong_old_password_ends_the_sign_in(world: &World) {
    let user = ada(world).await;
    let permit = world.permit(&world.main, Permission::ManagePeople);
    let expired = world
        .cell
        .change_person_status(&permit, &user, LifecycleAction::ExpirePassword);
    expired.await.unwrap();
    let begun = sign_in(world, "ada", PASSWORD).await;
    let state = text(&begun, "stateToken");
    let path = "/api/v1/authn/credentials/change_password";
    let body = json!({ "stateToken": state, "oldPassword": "wrong", "newPassword": OTHER });
    assert_eq!(post(world, path, &body).await.outcome(), (403, "E0000014"));
    let body = json!({ "stateToken": state, "oldPassword": PASSWORD, "newPassword": OTHER });
    assert_eq!(post(world, path, &body).await.outcome(), (401, "E0000011"));
    assert_eq!(
        text(&sign_in(world, "ada", PASSWORD).await, "status"),
        "PASSWORD_EXPIRED"
    );
}

/// Enrols an authenticator app for the person, as the own account page does.
pub(crate) async fn enroll_totp(world: &World, user: &UserId) -> TotpSeed {
    let permit = authorize(
        &Caller::Operator,
        &world.main,
        Permission::ManagePeople,
        &ClientFacts::default(),
    );
    let permit = permit.unwrap();
    let seed = world.cell.begin_totp(&permit, user).await.unwrap().seed;
    let code = code_of(world, &seed);
    world.cell.confirm_totp(&permit, user, &code).await.unwrap();
    seed
}

pub(crate) fn code_of(world: &World, seed: &TotpSeed) -> String {
    format!("{:06}", code_at(seed, world.cell.now().seconds() / 30))
}

async fn a_second_proof_is_asked_for_where_the_policy_says_so(world: &World) {
    let user = ada(world).await;
    let seed = enroll_totp(world, &user).await;
    world.require_two_factors().await;
    let begun = sign_in(world, "ada", PASSWORD).await;
    assert_eq!(text(&begun, "status"), "MFA_REQUIRED", "{}", begun.body);
    assert!(begun.body["sessionToken"].is_null());
    let state = text(&begun, "stateToken").to_owned();
    let factors = begun.body["_embedded"]["factors"].as_array().unwrap();
    let totp = factors
        .iter()
        .find(|factor| factor["factorType"] == "token:software:totp")
        .unwrap();
    let path = format!(
        "/api/v1/authn/factors/{}/verify",
        totp["id"].as_str().unwrap()
    );
    let verify = |code: &str| json!({ "stateToken": state, "passCode": code });
    world.clock.advance_secs(60);
    let wrong = post(world, &path, &verify("000000")).await;
    assert_eq!(wrong.outcome(), (403, "E0000068"));
    let elsewhere = path.replace("ost", "osx");
    let missing = post(world, &elsewhere, &verify(&code_of(world, &seed))).await;
    assert_eq!(missing.outcome(), (404, "E0000007"));
    let code = code_of(world, &seed);
    let done = post(world, &path, &verify(&code)).await;
    assert_eq!(done.outcome(), (200, ""), "{}", done.body);
    assert_eq!(text(&done, "status"), "SUCCESS");
    // The code counts once.
    let begun = sign_in(world, "ada", PASSWORD).await;
    let body = json!({ "stateToken": text(&begun, "stateToken"), "passCode": code });
    assert_eq!(post(world, &path, &body).await.outcome(), (403, "E0000068"));
}

async fn a_second_proof_is_enrolled_where_there_is_none(world: &World) {
    ada(world).await;
    world.require_two_factors().await;
    let begun = sign_in(world, "ada", PASSWORD).await;
    assert_eq!(text(&begun, "status"), "MFA_ENROLL", "{}", begun.body);
    let state = text(&begun, "stateToken").to_owned();
    let offered = begun.body["_embedded"]["factors"].as_array().unwrap();
    assert_eq!(offered.len(), 1);
    let enroll =
        |kind: &str| json!({ "stateToken": state, "factorType": kind, "provider": "GOOGLE" });
    let path = "/api/v1/authn/factors";
    assert_eq!(
        post(world, path, &enroll("sms")).await.outcome(),
        (400, "E0000001")
    );
    let started = post(world, path, &enroll("token:software:totp")).await;
    assert_eq!(
        text(&started, "status"),
        "MFA_ENROLL_ACTIVATE",
        "{}",
        started.body
    );
    let factor = &started.body["_embedded"]["factor"];
    let secret = factor["_embedded"]["activation"]["sharedSecret"].as_str();
    let seed = seed_of(secret.unwrap());
    let id = factor["id"].as_str().unwrap();
    let path = format!("/api/v1/authn/factors/{id}/lifecycle/activate");
    let body = |code: &str| json!({ "stateToken": state, "passCode": code });
    assert_eq!(
        post(world, &path, &body("000000")).await.outcome(),
        (403, "E0000068")
    );
    let done = post(world, &path, &body(&code_of(world, &seed))).await;
    assert_eq!(text(&done, "status"), "SUCCESS", "{}", done.body);
    world.clock.advance_secs(60);
    let begun = sign_in(world, "ada", PASSWORD).await;
    assert_eq!(text(&begun, "status"), "MFA_REQUIRED");
}

/// Reads base32 (RFC 4648 section 6).
pub(crate) fn seed_of(text: &str) -> TotpSeed {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => continue,
        };
        held = held << 5 | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    TotpSeed::from_bytes(&bytes).unwrap()
}

async fn a_state_token_is_good_until_the_end_of_its_sign_in(world: &World) {
    let user = ada(world).await;
    enroll_totp(world, &user).await;
    world.require_two_factors().await;
    let look = async |state: &str| {
        let answer = post(world, "/api/v1/authn", &json!({ "stateToken": state })).await;
        (answer.status.as_u16(), answer.code().to_owned())
    };
    let gone = (401, String::from("E0000011"));
    assert_eq!(look("nonsense").await, gone);
    let begun = sign_in(world, "ada", PASSWORD).await;
    let state = text(&begun, "stateToken").to_owned();
    assert_eq!(look(&state).await.0, 200);
    // Given up.
    let cancel = json!({ "stateToken": state });
    assert_eq!(
        post(world, "/api/v1/authn/cancel", &cancel).await.status,
        200
    );
    assert_eq!(look(&state).await, gone);
    // Everything of hers was ended meanwhile.
    let begun = sign_in(world, "ada", PASSWORD).await;
    let state = text(&begun, "stateToken").to_owned();
    let path = format!("/api/v1/users/{user}/sessions");
    let manager = crate::for_tests::By::Manager;
    let ended = world.call(manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(ended.status, 204);
    assert_eq!(look(&state).await, gone);
    // Too late.
    let begun = sign_in(world, "ada", PASSWORD).await;
    let state = text(&begun, "stateToken").to_owned();
    world.clock.advance_secs(identity::sign_in::FLOW_SECS);
    assert_eq!(look(&state).await, gone);
}

async fn sessions_are_looked_at_and_ended(world: &World) {
    let user = ada(world).await;
    let session = world
        .session_of(&world.main, &user, AuthenticatorKind::Password)
        .await;
    let path = format!("/api/v1/sessions/{session}");
    let shown = world.get(&path).await;
    assert_eq!(shown.outcome(), (200, ""));
    assert_eq!(
        (shown.body["userId"].as_str(), shown.body["login"].as_str()),
        (Some(user.as_str()), Some("ada"))
    );
    let manager = crate::for_tests::By::Manager;
    let before = world.log_rows(&world.main).await;
    assert_eq!(
        world
            .call(manager, "DELETE", &path, &Value::Null)
            .await
            .status,
        204
    );
    let (kind, _) = &world.log_since(before).await[0];
    assert_eq!(kind, "user.session.end");
    for method in ["GET", "DELETE"] {
        let gone = world.call(manager, method, &path, &Value::Null).await;
        assert_eq!(gone.outcome(), (404, "E0000007"), "{method}");
    }
    let all = format!("/api/v1/users/{user}/sessions");
    for kept in ["oauthTokens", "forgetDevices"] {
        let kept = format!("{all}?{kept}=false");
        let refused = world.call(manager, "DELETE", &kept, &Value::Null).await;
        assert_eq!(refused.outcome(), (400, "E0000001"));
    }
}

async fn whoever_knows_the_password_changes_it(world: &World) {
    let user = ada(world).await;
    let path = format!("/api/v1/users/{user}/credentials/change_password");
    let body = |old: &str, new: &str| json!({ "oldPassword": { "value": old }, "newPassword": { "value": new }, "revokeSessions": true });
    let session = world
        .session_of(&world.main, &user, AuthenticatorKind::Password)
        .await;
    let wrong = world.post(&path, &body("wrong", OTHER)).await;
    assert_eq!(wrong.outcome(), (403, "E0000014"));
    let weak = world.post(&path, &body(PASSWORD, "short")).await;
    assert_eq!(weak.outcome(), (403, "E0000080"));
    let path_of_session = format!("/api/v1/sessions/{session}");
    assert_eq!(
        world.get(&path_of_session).await.status,
        200,
        "nothing was changed"
    );
    let changed = world.post(&path, &body(PASSWORD, OTHER)).await;
    assert_eq!(changed.outcome(), (200, ""), "{}", changed.body);
    assert_eq!(world.get(&path_of_session).await.status, 404);
    assert_eq!(sign_in(world, "ada", PASSWORD).await.status, 401);
    assert_eq!(
        text(&sign_in(world, "ada", OTHER).await, "status"),
        "SUCCESS"
    );
}

async fn a_lost_password_is_recovered_by_mail(world: &World) {
    ada(world).await;
    let path = "/api/v1/authn/recovery/password";
    let mut said = Vec::new();
    for name in ["ada", "nobody"] {
        let answer = post(
            world,
            path,
            &json!({ "username": name, "factorType": "EMAIL" }),
        )
        .await;
        assert_eq!(answer.outcome(), (200, ""), "{name}");
        said.push(answer.body);
    }
    assert_eq!(said[0], said[1], "it tells nothing of who there is");
    assert_eq!(said[0]["status"], "RECOVERY_CHALLENGE");
    let sms = post(
        world,
        path,
        &json!({ "username": "ada", "factorType": "SMS" }),
    )
    .await;
    assert_eq!(sms.outcome(), (400, "E0000001"));
}

async fn bad_calls_are_refused(world: &World) {
    ada(world).await;
    for (path, body, outcome) in [
        ("/api/v1/authn", json!({}), (400, "E0000001")),
        ("/api/v1/authn", json!([]), (400, "E0000003")),
        (
            "/api/v1/authn",
            json!({ "username": 1, "password": "x" }),
            (400, "E0000001"),
        ),
        (
            "/api/v1/authn",
            json!({ "username": "ada", "password": PASSWORD, "audience": "x" }),
            (400, "E0000001"),
        ),
        ("/api/v1/authn?x=1", json!({}), (400, "E0000001")),
        ("/api/v1/authn/cancel", json!({}), (400, "E0000001")),
        ("/api/v1/authn/unknown", json!({}), (404, "E0000008")),
        (
            "/api/v1/authn/factors/x/verify",
            json!({ "stateToken": "x", "clientData": "x" }),
            (401, "E0000011"),
        ),
    ] {
        assert_eq!(
            post(world, path, &body).await.outcome(),
            outcome,
            "{path} {body}"
        );
    }
    let plain = [("content-type", String::from("text/plain"))];
    let answer = world
        .send("POST", "/api/v1/authn", &plain, String::from("{}"))
        .await;
    assert_eq!(answer.outcome(), (400, "E0000021"));
    let got = world.send("GET", "/api/v1/authn", &[], String::new()).await;
    assert_eq!(got.outcome(), (405, "E0000022"));
}

on_both_engines!(
    a_password_is_enough_where_the_policy_says_so,
    whoever_is_wrong_learns_nothing,
    too_many_guesses_wait,
    an_expired_password_is_replaced_on_the_way,
    a_wrong_old_password_ends_the_sign_in,
    a_second_proof_is_asked_for_where_the_policy_says_so,
    a_second_proof_is_enrolled_where_there_is_none,
    a_state_token_is_good_until_the_end_of_its_sign_in,
    sessions_are_looked_at_and_ended,
    whoever_knows_the_password_changes_it,
    a_lost_password_is_recovered_by_mail,
    bad_calls_are_refused,
);
