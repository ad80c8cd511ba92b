//! Means of proof in the hands of an administrator: what is enrolled and taken away is what the next sign-in asks for.

use crate::for_tests::{Answered, By, World, on_both_engines};
use crate::tests::authn::{PASSWORD, ada, post, seed_of, sign_in};
use identity::access::Role;
use identity::totp::{STEP_SECS, TotpSeed, code_at};
use serde_json::{Value, json};

const TOTP: &str = "token:software:totp";

async fn call(world: &World, by: By, method: &str, path: &str, body: &Value) -> Answered {
    world.call(by, method, path, body).await
}

/// What the app shows now.
fn code_of(world: &World, seed: &TotpSeed) -> String {
    let step = world.cell.now().seconds() / STEP_SECS;
    format!("{:06}", code_at(seed, step))
}

/// Somebody with an authenticator app that counts: the address of the person's factors, that of the app, and its seed.
async fn enrolled(world: &World, login: &str) -> (String, String, TotpSeed) {
    let id = world.person(&world.main, login, "Ada", "Lovelace").await;
    let factors = format!("/api/v1/users/{id}/factors");
    let begun = world
        .post(
            &factors,
            &json!({ "factorType": TOTP, "provider": "GOOGLE" }),
        )
        .await;
    let secret = begun
        .body
        .pointer("/_embedded/activation/sharedSecret")
        .unwrap();
    let seed = seed_of(secret.as_str().unwrap());
    let path = format!("{factors}/{}", begun.id());
    let code = code_of(world, &seed);
    let done = world
        .post(
            &format!("{path}/lifecycle/activate"),
            &json!({ "passCode": code }),
        )
        .await;
    assert_eq!(done.body["status"], "ACTIVE", "{}", done.body);
    // The next code is another one.
    world.clock.advance_secs(60);
    (factors, path, seed)
}

async fn an_app_is_enrolled_proved_and_taken_away(world: &World) {
    let rows = world.log_rows(&world.main).await;
    let id = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let factors = format!("/api/v1/users/{id}/factors");
    let mail = world.get(&factors).await;
    assert_eq!(mail.texts("/factorType"), ["email"]);
    let begun = world
        .post(
            &factors,
            &json!({ "factorType": TOTP, "provider": "GOOGLE" }),
        )
        .await;
    assert_eq!(begun.body["status"], "PENDING_ACTIVATION");
    assert!(begun.id().starts_with("ost"));
    let activation = &begun.body["_embedded"]["activation"];
    assert_eq!(
        (&activation["timeStep"], &activation["encoding"]),
        (&json!(30), &json!("base32"))
    );
    assert!(
        activation["_links"]["qrcode"]["href"]
            .as_str()
            .unwrap()
            .starts_with("data:image/")
    );
    let path = format!("{factors}/{}", begun.id());
    let shown = world.get(&path).await;
    assert_eq!(shown.body["status"], "PENDING_ACTIVATION");
    assert!(
        shown.body.get("_embedded").is_none(),
        "the secret is shown once"
    );
    let activate = format!("{path}/lifecycle/activate");
    let wrong = world
        .post(&activate, &json!({ "passCode": "000000" }))
        .await;
    assert_eq!(wrong.outcome(), (403, "E0000068"));
    let early = world
        .post(&format!("{path}/verify"), &json!({ "passCode": "000000" }))
        .await;
    assert_eq!(early.outcome(), (403, "E0000038"));
    let seed = seed_of(activation["sharedSecret"].as_str().unwrap());
    let active = world
        .post(&activate, &json!({ "passCode": code_of(world, &seed) }))
        .await;
    assert_eq!(
        (active.status.as_u16(), &active.body["status"], active.id()),
        (200, &json!("ACTIVE"), begun.id())
    );
    let again = world
        .post(&activate, &json!({ "passCode": "000000" }))
        .await;
    assert_eq!(again.outcome(), (403, "E0000038"));
    let second = world.post(&factors, &json!({ "factorType": TOTP })).await;
    assert_eq!(second.outcome(), (400, "E0000001"));
    let catalog = world.get(&format!("{factors}/catalog")).await;
    assert_eq!(catalog.texts("/status"), ["ACTIVE", "NOT_SETUP", "ACTIVE"]);
    let listed = world.get(&factors).await;
    assert_eq!(listed.texts("/factorType"), ["email", TOTP]);
    assert_eq!(
        call(world, By::Manager, "DELETE", &path, &Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(world.get(&path).await.outcome(), (404, "E0000007"));
    let kinds = world.kinds_since(rows).await;
    assert_eq!(
        kinds[kinds.len() - 2..],
        ["user.mfa.factor.activate", "user.mfa.factor.deactivate"]
    );
}

async fn a_code_that_is_read_out_counts_once_and_guesses_are_slowed(world: &World) {
    let (_, path, seed) = enrolled(world, "ada").await;
    let verify = format!("{path}/verify");
    let rows = world.log_rows(&world.main).await;
    let code = json!({ "passCode": code_of(world, &seed) });
    let right = world.post(&verify, &code).await;
    assert_eq!(
        (right.status.as_u16(), &right.body),
        (200, &json!({ "factorResult": "SUCCESS" }))
    );
    assert_eq!(
        world.post(&verify, &code).await.outcome(),
        (403, "E0000068"),
        "used up"
    );
    assert_eq!(
        world.post(&verify, &json!({})).await.outcome(),
        (400, "E0000001")
    );
    let kinds = world.kinds_since(rows).await;
    assert_eq!(kinds, ["user.authentication.auth_via_mfa"; 2]);
    let mut guesses = 0;
    let slowed = loop {
        let guess = world
            .post(&verify, &json!({ "passCode": format!("{guesses:06}") }))
            .await;
        if guess.status == 429 {
            break guess;
        }
        assert_eq!(guess.outcome(), (403, "E0000068"));
        guesses += 1;
        assert!(guesses < 20, "guesses are free");
    };
    assert_eq!(slowed.code(), "E0000047");
}

async fn what_nobody_proves_by_is_told(world: &World) {
    let (factors, _, _) = enrolled(world, "ada").await;
    let mail = world.get(&factors).await.texts("/id")[0].clone();
    let rows = world.log_rows(&world.main).await;
    for (kind, outcome) in [
        ("question", (501, "E0000060")),
        ("sms", (501, "E0000060")),
        ("push", (501, "E0000060")),
        ("webauthn", (501, "E0000060")),
        ("email", (400, "E0000001")),
        ("password", (400, "E0000001")),
    ] {
        let refused = world
            .post(&factors, &json!({ "factorType": kind, "provider": "OKTA" }))
            .await;
        assert_eq!(refused.outcome(), outcome, "{kind}");
    }
    for body in [
        json!({}),
        json!({ "factorType": TOTP, "provider": "RSA" }),
        json!({ "factorType": TOTP, "profile": { "credentialId": "x" } }),
    ] {
        assert_eq!(
            world.post(&factors, &body).await.outcome(),
            (400, "E0000001"),
            "{body}"
        );
    }
    let removed = call(
        world,
        By::Manager,
        "DELETE",
        &format!("{factors}/{mail}"),
        &Value::Null,
    )
    .await;
    assert_eq!(removed.outcome(), (403, "E0000038"));
    let verified = world
        .post(&format!("{factors}/{mail}/verify"), &json!({}))
        .await;
    assert_eq!(verified.outcome(), (501, "E0000060"));
    for id in ["nothing", "ost00000000000000000"] {
        let missing = world.get(&format!("{factors}/{id}")).await;
        assert_eq!(missing.outcome(), (404, "E0000007"), "{id}");
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
}

/// What was shown to one administrator is shown to no other, and not to the person at a sign-in either.
async fn a_secret_is_shown_to_whoever_began_it_alone(world: &World) {
    let user = ada(world).await;
    world.require_two_factors().await;
    world.administrator(Role::UserAdmin).await;
    let factors = format!("/api/v1/users/{user}/factors");
    let wish = json!({ "factorType": TOTP });
    let by = async |by: By| secret_of(&call(world, by, "POST", &factors, &wish).await);
    let at_sign_in = async |state: &str| {
        let wish = json!({ "stateToken": state, "factorType": TOTP });
        let begun = post(world, "/api/v1/authn/factors", &wish).await;
        secret_of(&Answered {
            body: begun.body["_embedded"]["factor"].clone(),
            ..begun
        })
    };
    let state = async || {
        let begun = sign_in(world, "ada", PASSWORD).await;
        begun.body["stateToken"].as_str().unwrap().to_owned()
    };
    let (one, other) = (state().await, state().await);
    let rows = world.log_rows(&world.main).await;
    let first = by(By::Manager).await;
    assert_eq!(by(By::Manager).await, first, "to the same one it is");
    let hers = at_sign_in(&one).await;
    assert_eq!(at_sign_in(&one).await, hers);
    let seen = [
        first,
        by(By::Of(Role::UserAdmin)).await,
        hers,
        at_sign_in(&other).await,
        by(By::Manager).await,
    ];
    let distinct: std::collections::BTreeSet<&String> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len());
    let kinds = world.kinds_since(rows).await;
    assert_eq!(kinds, ["user.mfa.factor.update"; 3]);
}

fn secret_of(begun: &Answered) -> String {
    let secret = begun.body.pointer("/_embedded/activation/sharedSecret");
    secret.and_then(Value::as_str).unwrap().to_owned()
}

async fn everything_is_taken_at_once_from_nobody_above(world: &World) {
    let (factors, path, _) = enrolled(world, "ada").await;
    world.administrator(Role::HelpDeskAdmin).await;
    let helper = By::Of(Role::HelpDeskAdmin);
    let reset = factors.replace("/factors", "/lifecycle/reset_factors");
    let wish = json!({ "factorType": TOTP });
    let refused = call(world, helper, "POST", &factors, &wish).await;
    assert_eq!(
        refused.outcome(),
        (403, "E0000006"),
        "a helper sets nothing"
    );
    let above = world.get("/api/v1/users/me").await.id();
    let above = format!("/api/v1/users/{above}");
    for (method, end) in [("POST", "/lifecycle/reset_factors"), ("POST", "/factors")] {
        let by = if end == "/factors" {
            world.administrator(Role::UserAdmin).await;
            By::Of(Role::UserAdmin)
        } else {
            helper
        };
        let refused = call(world, by, method, &format!("{above}{end}"), &wish).await;
        assert_eq!(refused.outcome(), (403, "E0000006"), "{end}");
    }
    let rows = world.log_rows(&world.main).await;
    assert_eq!(
        call(world, helper, "POST", &reset, &Value::Null)
            .await
            .status,
        200
    );
    assert_eq!(world.get(&path).await.outcome(), (404, "E0000007"));
    assert_eq!(world.get(&factors).await.texts("/factorType"), ["email"]);
    // Where there is nothing left, nothing is done and nothing is told.
    assert_eq!(
        call(world, helper, "POST", &reset, &Value::Null)
            .await
            .status,
        200
    );
    let kinds = world.kinds_since(rows).await;
    assert_eq!(kinds, ["user.mfa.factor.reset_all"]);
}

on_both_engines!(
    an_app_is_enrolled_proved_and_taken_away,
    a_code_that_is_read_out_counts_once_and_guesses_are_slowed,
    what_nobody_proves_by_is_told,
    a_secret_is_shown_to_whoever_began_it_alone,
    everything_is_taken_at_once_from_nobody_above,
);
