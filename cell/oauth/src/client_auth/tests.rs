//! Proofs of clients: the table, and signed assertions.

use crate::client_auth::decide::{ClientCheck, decide_client};
use crate::for_tests::{World, on_both_engines};
use http::{Method, StatusCode};
use identity::access::Permission;
use identity::app::settings::{AppSettings, ClientAuthentication};
use identity::app::{App, AppKind, AppStatus};
use identity::slowdown::threat::ThreatLimit;
use identity::threat::ThreatAction;
use protocol::jose::algorithm::Algorithm;
use protocol::jose::jwks::Jwks;
use protocol::jose::jws::TokenType;
use protocol::jose::jws::encode::CompactEncoder;
use protocol::jose::signing_key::SigningKey;
use protocol::oauth::client_auth::{ClientProof, JWT_BEARER};
use serde_json::{Value, json};
use vocab::entropy::SystemEntropy;
use vocab::id::{AppId, OrgId};
use vocab::secret::{Secret, SecretHash};
use vocab::time::Timestamp;

on_both_engines!(
    an_assertion_counts_once,
    a_flood_of_failures_is_slowed_down,
    whoever_fails_under_many_names_is_refused_and_who_is_right_is_not,
    what_pages_of_other_sites_post_makes_no_threat,
);

pub(crate) fn app() -> App {
    App {
        org_id: OrgId::generate(&SystemEntropy),
        id: AppId::generate(&SystemEntropy),
        label: "App".into(),
        kind: AppKind::Web,
        status: AppStatus::Active,
        settings: AppSettings::default(),
        policy_id: None,
        api_scopes: Vec::new(),
        secrets: vec![SecretHash::of("old"), SecretHash::of("new")],
        revision: 1,
        created_at: Timestamp::from_seconds(0),
        updated_at: Timestamp::from_seconds(0),
    }
}

#[test]
fn the_proof_must_be_the_one_that_is_set() {
    use ClientAuthentication as Set;
    let secret = |text: &str| Secret::new(text.to_owned());
    let basic = ClientProof::SecretBasic(secret("new"));
    let post = ClientProof::SecretPost(secret("old"));
    let wrong = ClientProof::SecretPost(secret("other"));
    let assertion = ClientProof::PrivateKeyJwt(secret("x"));
    let passes = |set: Set, proof: &ClientProof| {
        let mut app = app();
        app.settings.client_authentication = set;
        decide_client(&app, proof) == ClientCheck::Passed
    };
    let table = [
        (Set::None, [true, false, false, false, false]),
        (Set::ClientSecretBasic, [false, true, true, false, false]),
        (Set::ClientSecretPost, [false, true, true, false, false]),
        (Set::PrivateKeyJwt, [false, false, false, false, false]),
    ];
    for (set, expected) in table {
        let found =
            [&ClientProof::None, &basic, &post, &wrong, &assertion].map(|proof| passes(set, proof));
        assert_eq!(found, expected, "{set:?}");
    }
    let mut off = app();
    off.status = AppStatus::Inactive;
    assert_ne!(decide_client(&off, &basic), ClientCheck::Passed);
}

async fn an_assertion_counts_once(world: &mut World) {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let keys = Jwks::from_keys(vec![key.public_jwk("k1").unwrap()])
        .unwrap()
        .render();
    let service = world.service.clone();
    world
        .change_app(&service, |settings| {
            settings.client_authentication = ClientAuthentication::PrivateKeyJwt;
            settings.jwks = keys;
        })
        .await;
    let encoder = CompactEncoder::new(Algorithm::Es256, "k1", TokenType::Jwt);
    let now = world.cell.now().seconds();
    let good = json!({
        "iss": service.as_str(), "sub": service.as_str(), "aud": "https://acme.example/oauth2/v1/token",
        "iat": now, "exp": now + 300, "jti": "1",
    });
    let with = |changes: Value| {
        let mut claims = good.clone();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        encoder.encode(&claims, &key).unwrap()
    };
    let first = with(json!({}));
    let send = async |assertion: &str| {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion),
        ];
        world.post("/oauth2/default/v1/token", &fields).await
    };
    let reply = send(&first).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    let forged = encoder.encode(&good, &stranger).unwrap();
    for refused in [
        first,
        forged,
        with(json!({"jti": "2", "aud": "https://other.example"})),
        with(json!({"jti": "3", "exp": now - 100})),
        with(json!({"jti": "4", "exp": now + 86_400})),
        with(json!({"jti": "5", "iss": "0oa00000000000000000"})),
    ] {
        // Long enough for the failures before not to be held against this one.
        world.clock.advance_secs(10);
        assert_eq!(send(&refused).await.error(), "invalid_client");
    }
    world.clock.advance_secs(10);
    let own_secret = [("grant_type", "client_credentials")];
    assert_eq!(
        world
            .post_as(&service, "/oauth2/default/v1/token", &own_secret)
            .await
            .error(),
        "invalid_client"
    );
}

async fn a_flood_of_failures_is_slowed_down(world: &mut World) {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", world.service.as_str()),
        ("client_secret", "no"),
    ];
    let mut slowed = 0;
    for _ in 0..20 {
        let reply = world.post("/oauth2/default/v1/token", &fields).await;
        slowed += usize::from(reply.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(slowed > 0);
    assert_eq!(
        world.logged("app.oauth2.invalid_client_credentials").await,
        20 - slowed
    );
    let right = world.post_as(
        &world.service,
        "/oauth2/default/v1/token",
        &[("grant_type", "client_credentials")],
    );
    assert_eq!(
        right.await.status,
        StatusCode::OK,
        "the client itself is not held up"
    );
}

async fn whoever_fails_under_many_names_is_refused_and_who_is_right_is_not(world: &mut World) {
    let permit = world.permit(&world.org, Permission::ManageOrg);
    let changed = world
        .cell
        .change_threats(&permit, ThreatAction::Block, None, None);
    changed.await.unwrap();
    world.address = "203.0.113.7".into();
    let path = "/oauth2/default/v1/token";
    let fail = async |world: &World, name: &str| {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", name),
            ("client_secret", "no"),
        ];
        let reply = world.post(path, &fields).await;
        (reply.status, reply.error())
    };
    for number in 0..ThreatLimit::default().names {
        let failed = fail(world, &format!("client{number}")).await;
        assert_eq!(failed, (StatusCode::UNAUTHORIZED, "invalid_client".into()));
    }
    for name in ["another", "client0", world.service.as_str()] {
        let refused = fail(world, name).await;
        assert_eq!(refused, (StatusCode::UNAUTHORIZED, "invalid_client".into()));
    }
    assert_eq!(world.logged("security.threat.detected").await, 1);
    let failures = world.logged("app.oauth2.invalid_client_credentials").await;
    assert_eq!(failures, ThreatLimit::default().names, "then no more");
    let own = [("grant_type", "client_credentials")];
    let right = world.post_as(&world.service, path, &own).await;
    assert_eq!(right.status, StatusCode::OK, "{}", right.text);
    world.address = "203.0.113.8".into();
    let elsewhere = fail(world, "another").await;
    assert_eq!(elsewhere.0, StatusCode::UNAUTHORIZED);
}

async fn what_pages_of_other_sites_post_makes_no_threat(world: &mut World) {
    let permit = world.permit(&world.org, Permission::ManageOrg);
    let changed = world
        .cell
        .change_threats(&permit, ThreatAction::Block, None, None);
    changed.await.unwrap();
    world.address = "203.0.113.7".into();
    for (site, threats) in [("cross-site", 0), ("same-origin", 1)] {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", site),
        ];
        for number in 0..=ThreatLimit::default().names {
            let form =
                format!("grant_type=client_credentials&client_id={site}{number}&client_secret=no");
            let path = "/oauth2/default/v1/token";
            let reply = world.send(Method::POST, path, &headers, form).await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{site} {number}");
        }
        assert_eq!(world.logged("security.threat.detected").await, threats);
    }
}
