//! Authenticators: what is shown is what counts, and what is switched off counts nowhere.

use crate::authenticators::Kind;
use crate::for_tests::{Answered, By, World, on_both_engines};
use crate::tests::authn::{PASSWORD, ada, code_of, enroll_totp, post, sign_in, text};
use identity::access::{Permission, Role};
use identity::org::context::RequestFacts;
use identity::sign_in::evaluate::PolicyQuestion;
use identity::sign_on::{AuthenticatorKind, PasskeyStorage, ProvedAuthenticator, Verdict};
use ledger::ClientFacts;
use serde_json::{Value, json};
use vocab::secret::Secret;

const ALL: &str = "/api/v1/authenticators";
const INVALID: (u16, &str) = (400, "E0000001");
const FORBIDDEN: (u16, &str) = (403, "E0000006");
const MISSING: (u16, &str) = (404, "E0000007");
const MODEL: &str = "cb69481e-8ff7-4039-93ec-0a2729a154a8";

fn path(world: &World, kind: Kind) -> String {
    format!("{ALL}/{}", kind.id(&world.main))
}

async fn step(world: &World, kind: Kind, step: &str) -> Answered {
    let path = format!("{}/lifecycle/{step}", path(world, kind));
    world.post(&path, &Value::Null).await
}

async fn put(world: &World, by: By, path: &str, body: &Value) -> Answered {
    world.call(by, "PUT", path, body).await
}

async fn status(world: &World, kind: Kind) -> String {
    let shown = world.get(&path(world, kind)).await;
    shown.body["status"].as_str().unwrap().to_owned()
}

async fn every_organisation_has_four(world: &World) {
    let all = world.get(ALL).await;
    let keys = ["okta_password", "webauthn", "google_otp", "okta_email"];
    assert_eq!(all.texts("/key"), keys);
    for kind in Kind::ALL {
        let shown = world.get(&path(world, kind)).await;
        assert_eq!(shown.body["status"], "ACTIVE");
        let methods = world.get(&format!("{}/methods", path(world, kind))).await;
        assert_eq!(methods.texts("/type"), [kind.method()]);
        let method = format!("{}/methods/{}", path(world, kind), kind.method());
        let one = world.get(&method).await;
        assert_eq!(one.body, methods.body[0]);
        // As it is shown it can be sent back.
        for (place, body) in [(path(world, kind), shown.body), (method, one.body)] {
            let same = put(world, By::Manager, &place, &body).await;
            assert_eq!(same.body, body, "{kind:?}");
        }
    }
    let theirs = format!("{ALL}/{}", Kind::Totp.id(&world.other));
    for gone in [
        theirs,
        format!("{ALL}/x"),
        format!("{}/methods/sms", path(world, Kind::Totp)),
    ] {
        assert_eq!(world.get(&gone).await.outcome(), MISSING, "{gone}");
    }
    let added = world
        .post(ALL, &json!({ "key": "duo", "name": "Duo" }))
        .await;
    assert_eq!(added.outcome(), (405, "E0000022"));
}

async fn only_whoever_administers_the_organisation_switches(world: &World) {
    let before = world.log_rows(&world.main).await;
    for role in [Role::OrgAdmin, Role::UserAdmin] {
        world.administrator(role).await;
    }
    let place = path(world, Kind::Totp);
    for by in [By::Reader, By::Of(Role::OrgAdmin), By::Of(Role::UserAdmin)] {
        assert_eq!(
            world.call(by, "GET", &place, &Value::Null).await.status,
            200
        );
        for (method, path) in [
            ("PUT", place.clone()),
            ("PUT", format!("{place}/methods/otp")),
            ("POST", format!("{place}/lifecycle/deactivate")),
            ("POST", format!("{place}/methods/otp/lifecycle/deactivate")),
        ] {
            let refused = world.call(by, method, &path, &json!({})).await;
            assert_eq!(refused.outcome(), FORBIDDEN, "{by:?} {method} {path}");
        }
    }
    assert_eq!(
        step(world, Kind::Password, "deactivate").await.outcome(),
        INVALID
    );
    assert_eq!(step(world, Kind::Password, "activate").await.status, 200);
    let rows = world.log_since(before).await;
    assert!(rows.iter().all(|(kind, _)| !kind.contains("authenticator")));
    // By either way it is the same, and twice is once.
    let before = world.log_rows(&world.main).await;
    let off = step(world, Kind::Totp, "deactivate").await;
    assert_eq!(off.body["status"], "INACTIVE", "{}", off.body);
    assert_eq!(step(world, Kind::Totp, "deactivate").await.status, 200);
    let method = format!("{place}/methods/otp/lifecycle/activate");
    let on = world.post(&method, &Value::Null).await;
    assert_eq!(on.body["status"], "ACTIVE");
    assert_eq!(status(world, Kind::Totp).await, "ACTIVE");
    let kinds = world.kinds_since(before).await;
    assert_eq!(
        kinds,
        [
            "security.authenticator.lifecycle.deactivate",
            "security.authenticator.lifecycle.activate"
        ]
    );
}

async fn what_is_off_is_neither_proved_nor_enrolled(world: &World) {
    let user = ada(world).await;
    let seed = enroll_totp(world, &user).await;
    world.require_two_factors().await;
    let factors = format!("/api/v1/users/{user}/factors");
    world.clock.advance_secs(60);
    let begun = sign_in(world, "ada", PASSWORD).await;
    assert_eq!(text(&begun, "status"), "MFA_REQUIRED");
    let state = text(&begun, "stateToken").to_owned();
    assert_eq!(step(world, Kind::Totp, "deactivate").await.status, 200);
    // Her password alone was not all that was asked of her: nothing new is set up by it.
    let looked = post(world, "/api/v1/authn", &json!({ "stateToken": state })).await;
    assert_eq!(looked.outcome(), FORBIDDEN, "{}", looked.body);
    // Somebody who never had it sets up something else.
    let bob = world.person(&world.main, "bob", "Bob", "Babbage").await;
    let permit = world.permit(&world.main, Permission::ManagePeople);
    let password = Secret::new(PASSWORD.to_owned());
    let set = world.cell.set_password(&permit, &bob, password);
    set.await.unwrap();
    let begun = sign_in(world, "bob", PASSWORD).await;
    assert_eq!(text(&begun, "status"), "MFA_ENROLL", "{}", begun.body);
    let offered = begun.body["_embedded"]["factors"].as_array().unwrap();
    let offers = |factor: &Value| factor["factorType"] == "token:software:totp";
    assert!(!offered.iter().any(offers), "{}", begun.body);
    let catalog = world.get(&format!("{factors}/catalog")).await;
    assert!(
        !catalog
            .texts("/factorType")
            .contains(&"token:software:totp".to_owned())
    );
    let listed = world.get(&factors).await;
    let totp = listed
        .body
        .as_array()
        .unwrap()
        .iter()
        .find(|one| offers(one));
    let totp = totp.unwrap()["id"].as_str().unwrap().to_owned();
    let verify = format!("{factors}/{totp}/verify");
    let code = json!({ "passCode": code_of(world, &seed) });
    assert_eq!(
        world.post(&verify, &code).await.outcome(),
        (403, "E0000038")
    );
    let enroll = json!({ "factorType": "token:software:totp", "provider": "GOOGLE" });
    let theirs = format!("/api/v1/users/{bob}/factors");
    assert_eq!(
        world.post(&theirs, &enroll).await.outcome(),
        (403, "E0000038")
    );
    // It is kept, and counts again.
    assert_eq!(step(world, Kind::Totp, "activate").await.status, 200);
    assert_eq!(world.post(&verify, &code).await.status, 200);
    let begun = sign_in(world, "ada", PASSWORD).await;
    assert_eq!(text(&begun, "status"), "MFA_REQUIRED");
}

async fn no_policy_is_left_that_nobody_could_satisfy(world: &World) {
    world.require_two_factors().await;
    assert_eq!(step(world, Kind::Totp, "deactivate").await.status, 200);
    let before = world.log_rows(&world.main).await;
    let refused = step(world, Kind::Passkey, "deactivate").await;
    assert_eq!(refused.outcome(), INVALID);
    let why = refused.body["errorCauses"][0]["errorSummary"].as_str();
    assert!(why.unwrap().contains("policy"), "{why:?}");
    assert_eq!(status(world, Kind::Passkey).await, "ACTIVE");
    assert_eq!(world.log_rows(&world.main).await, before);
    // Nor is one written that asks for it.
    assert_eq!(step(world, Kind::Totp, "activate").await.status, 200);
    assert_eq!(step(world, Kind::Passkey, "deactivate").await.status, 200);
    let made = json!({ "type": "ACCESS_POLICY", "name": "Money" });
    let policy = world.post("/api/v1/policies", &made).await.id();
    let rule = json!({
        "name": "Resistant", "type": "ACCESS_POLICY",
        "actions": { "appSignOn": { "access": "ALLOW", "verificationMethod": {
            "type": "ASSURANCE", "factorMode": "1FA",
            "constraints": [{ "possession": { "phishingResistant": "REQUIRED" } }],
        } } },
    });
    let rules = format!("/api/v1/policies/{policy}/rules");
    assert_eq!(world.post(&rules, &rule).await.outcome(), INVALID);
    assert_eq!(step(world, Kind::Passkey, "activate").await.status, 200);
    assert_eq!(world.post(&rules, &rule).await.status, 200);
    assert_eq!(
        step(world, Kind::Passkey, "deactivate").await.outcome(),
        INVALID
    );
    // One that rests asks for nothing, and is not woken.
    let switch = |step: &str| format!("/api/v1/policies/{policy}/lifecycle/{step}");
    assert_eq!(
        world.post(&switch("deactivate"), &Value::Null).await.status,
        204
    );
    assert_eq!(step(world, Kind::Passkey, "deactivate").await.status, 200);
    assert_eq!(
        world
            .post(&switch("activate"), &Value::Null)
            .await
            .outcome(),
        INVALID
    );
}

/// A session that began by a passkey opens nothing once passkeys count no more.
async fn what_was_proved_by_it_counts_no_more(world: &World) {
    let user = ada(world).await;
    let (cell, org) = (&world.cell, &world.main);
    let verdict = async || {
        let snapshot = cell.snapshot(org).await.unwrap().unwrap();
        let person = {
            let mut tx = cell.database.read().await.unwrap();
            let person = identity::person::store::load(&mut tx, org, &user).await;
            person.unwrap().unwrap()
        };
        let facts = RequestFacts {
            client: ClientFacts::default(),
            now: cell.now(),
            session: None,
            device_cookie: String::new(),
        };
        let question = PolicyQuestion {
            proved: vec![ProvedAuthenticator {
                kind: AuthenticatorKind::Passkey(PasskeyStorage::Synced),
                at: cell.now(),
            }],
            is_session: true,
            ..PolicyQuestion::default()
        };
        let asked = cell.evaluate_policies(&snapshot, &person, question, &facts);
        asked.await.unwrap().verdict
    };
    assert!(matches!(verdict().await, Verdict::Allow(_)));
    assert_eq!(step(world, Kind::Passkey, "deactivate").await.status, 200);
    assert!(matches!(verdict().await, Verdict::Challenge { .. }));
    assert_eq!(step(world, Kind::Passkey, "activate").await.status, 200);
    assert!(matches!(verdict().await, Verdict::Allow(_)));
}

async fn mail_is_used_for_what_is_said(world: &World) {
    ada(world).await;
    let place = path(world, Kind::Email);
    let recover = json!({ "username": "ada", "factorType": "EMAIL" });
    let recover = async || {
        world.clock.advance_secs(24 * 60 * 60);
        let answer = post(world, "/api/v1/authn/recovery/password", &recover).await;
        (answer.status.as_u16(), answer.code().to_owned())
    };
    for (word, status, is_sent) in [
        ("sso", "ACTIVE", false),
        ("any", "ACTIVE", true),
        ("recovery", "ACTIVE", true),
        ("none", "INACTIVE", false),
    ] {
        let body = json!({ "settings": { "allowedFor": word } });
        let shown = put(world, By::Manager, &place, &body).await;
        assert_eq!(shown.body["settings"]["allowedFor"], word, "{}", shown.body);
        assert_eq!(shown.body["status"], status);
        let code = if is_sent { 200 } else { 403 };
        assert_eq!(recover().await.0, code, "{word}");
    }
    // Switched on again it is used for what it was used for, and for nothing more.
    for word in ["recovery", "any", "sso"] {
        let body = json!({ "settings": { "allowedFor": word } });
        put(world, By::Manager, &place, &body).await;
        let off = step(world, Kind::Email, "deactivate").await;
        assert_eq!(off.body["settings"]["allowedFor"], "none");
        let on = step(world, Kind::Email, "activate").await;
        assert_eq!(on.body["settings"]["allowedFor"], word);
    }
    for body in [
        json!({ "settings": { "allowedFor": "all" } }),
        json!({ "settings": { "tokenLifetimeInMinutes": 5 } }),
        json!({ "status": "INACTIVE" }),
        json!({ "provider": { "type": "x" } }),
    ] {
        let refused = put(world, By::Manager, &place, &body).await;
        assert_eq!(refused.outcome(), INVALID, "{body}");
    }
}

async fn models_of_passkeys_are_shown_and_changed(world: &World) {
    let place = format!("{}/methods/webauthn", path(world, Kind::Passkey));
    let shown = world.get(&place).await;
    assert_eq!(
        shown.body["settings"]["attestation"],
        json!({ "conveyance": "NONE", "allowedAaguids": [], "rootCertificates": [], "existing": "KEPT" })
    );
    let wanted = json!({ "settings": { "attestation": { "allowedAaguids": [MODEL] } } });
    let changed = put(world, By::Manager, &place, &wanted).await;
    assert_eq!(
        changed.body["settings"]["attestation"]["allowedAaguids"],
        json!([MODEL])
    );
    assert_eq!(world.get(&place).await.body, changed.body);
    let snapshot = world.cell.snapshot(&world.main).await.unwrap().unwrap();
    assert_eq!(snapshot.org.settings.passkey.allowed_aaguids.len(), 1);
    for settings in [
        json!({ "userVerification": "DISCOURAGED" }),
        json!({ "attachment": "BUILT_IN" }),
        json!({ "aaguidGroups": [] }),
        json!({ "attestation": { "allowedAaguids": ["x"] } }),
        json!({ "attestation": { "conveyance": "ENTERPRISE" } }),
        // Without a root of a maker no model is proved.
        json!({ "attestation": { "conveyance": "DIRECT" } }),
        json!({ "attestation": { "rootCertificates": ["x"] } }),
    ] {
        let refused = put(world, By::Manager, &place, &json!({ "settings": settings })).await;
        assert_eq!(refused.outcome(), INVALID, "{settings}");
    }
    assert_eq!(world.get(&place).await.body, changed.body);
    let otp = format!("{}/methods/otp", path(world, Kind::Totp));
    for body in [
        json!({ "passCodeLength": 8 }),
        json!({ "algorithm": "HMacSHA256" }),
        json!({ "settings": {} }),
    ] {
        let refused = put(world, By::Manager, &otp, &body).await;
        assert_eq!(refused.outcome(), INVALID, "{body}");
    }
    // Whoever else changes the settings of the organisation leaves them alone.
    assert_eq!(step(world, Kind::Totp, "deactivate").await.status, 200);
    let renamed = world
        .post("/api/v1/org", &json!({ "companyName": "Other" }))
        .await;
    assert_eq!(renamed.status, 200);
    assert_eq!(status(world, Kind::Totp).await, "INACTIVE");
}

on_both_engines!(
    every_organisation_has_four,
    only_whoever_administers_the_organisation_switches,
    what_is_off_is_neither_proved_nor_enrolled,
    no_policy_is_left_that_nobody_could_satisfy,
    what_was_proved_by_it_counts_no_more,
    mail_is_used_for_what_is_said,
    models_of_passkeys_are_shown_and_changed,
);
