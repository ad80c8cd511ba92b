//! A preview says what issuance says.

use crate::for_tests::{World, on_both_engines, payload};
use crate::issuer::custom_issuer;
use crate::preview::{Preview, PreviewQuestion, load};
use identity::app::settings::{Assignment, GrantKind};
use identity::person::Person;
use identity::server::{
    AccessRule, ClaimConfig, ClaimToken, ClaimValue, ScopeConfig, ServerConfig,
};
use serde_json::Value;
use vocab::id::AppId;

const SCOPE: &str = "openid profile email offline_access api:read";

/// What differs from one sign-in to the next.
const OF_THE_MOMENT: [&str; 8] = [
    "iat",
    "exp",
    "jti",
    "auth_time",
    "acr",
    "amr",
    "at_hash",
    "sid",
];

fn lasting(mut claims: Value) -> Value {
    if let Some(claims) = claims.as_object_mut() {
        claims.retain(|name, _| !OF_THE_MOMENT.contains(&name.as_str()) && name != "nonce");
    }
    claims
}

async fn preview(
    world: &World,
    app: &AppId,
    grant: GrantKind,
    person: Option<&Person>,
    scope: &str,
) -> Preview {
    let snapshot = world.cell.snapshot(&world.org).await.unwrap().unwrap();
    let server = snapshot.server("default").unwrap();
    let issuer = custom_issuer(&world.context(), server, "default");
    let app = world.cell.app(&world.org, app).await.unwrap().unwrap();
    let question = PreviewQuestion {
        app: &app,
        grant,
        person,
        scope,
    };
    load(&world.cell, &issuer, question, world.cell.now())
        .await
        .unwrap()
}

fn config() -> ServerConfig {
    let claim = |name: &str, token, value| ClaimConfig {
        name: name.into(),
        token,
        value,
        scopes: Vec::new(),
    };
    ServerConfig {
        scopes: vec![ScopeConfig {
            name: "api:read".into(),
            ..ScopeConfig::default()
        }],
        claims: vec![
            claim(
                "team",
                ClaimToken::AccessToken,
                ClaimValue::Constant("analysts".into()),
            ),
            claim(
                "given",
                ClaimToken::IdToken,
                ClaimValue::Attribute("first_name".into()),
            ),
            claim(
                "family",
                ClaimToken::IdToken,
                ClaimValue::Attribute("lastName".into()),
            ),
            claim(
                "whole",
                ClaimToken::IdToken,
                ClaimValue::Attribute("displayName".into()),
            ),
        ],
        ..ServerConfig::default()
    }
}

async fn a_preview_says_what_is_then_issued(world: &mut World) {
    world.configure(config()).await;
    let (web, person) = (world.web.clone(), world.person.clone());
    let grant = GrantKind::AuthorizationCode;
    let shown = preview(world, &web, grant, Some(&person), SCOPE).await;
    let issued = world.redeem(&world.code().await).await;
    let Preview::Issued {
        access_token,
        id_token,
        access_secs,
        ..
    } = shown
    else {
        panic!("{shown:?}");
    };
    let access = payload(&issued.text_of("access_token"));
    assert_eq!(lasting(access_token), lasting(access));
    let id_token = id_token.unwrap();
    let named = (&id_token["given"], &id_token["family"]);
    let own = (person.first_name.as_str(), person.last_name.as_str());
    assert_eq!(
        (named.0.as_str(), named.1.as_str()),
        (Some(own.0), Some(own.1))
    );
    assert_eq!(id_token["whole"].as_str(), Some(&*person.display_name()));
    assert_eq!(
        lasting(id_token),
        lasting(payload(&issued.text_of("id_token")))
    );
    // An attribute of the org's own that is called so comes before the name that everybody has.
    let mut called = person.clone();
    let own = Value::from("Countess");
    called.profile.insert("displayName".into(), own);
    let Preview::Issued { id_token, .. } = preview(world, &web, grant, Some(&called), SCOPE).await
    else {
        panic!("not issued");
    };
    assert_eq!(id_token.unwrap()["whole"], "Countess");
    assert_eq!(issued.json()["expires_in"], access_secs);
    let service = world.service.clone();
    let grant = GrantKind::ClientCredentials;
    let shown = preview(world, &service, grant, None, "api:read").await;
    let fields = [("grant_type", "client_credentials"), ("scope", "api:read")];
    let issued = world
        .post_as(&service, "/oauth2/default/v1/token", &fields)
        .await;
    let Preview::Issued { access_token, .. } = shown else {
        panic!("{shown:?}");
    };
    let access = payload(&issued.text_of("access_token"));
    assert_eq!(lasting(access_token), lasting(access));
}

async fn a_preview_refuses_what_issuance_refuses(world: &mut World) {
    let mut config = config();
    config.rules = vec![AccessRule {
        name: "Services".into(),
        grants: vec![GrantKind::ClientCredentials],
        ..AccessRule::default()
    }];
    world.configure(config).await;
    let (web, service, person) = (
        world.web.clone(),
        world.service.clone(),
        world.person.clone(),
    );
    let public = world.public.clone();
    world
        .change_app(&public, |settings| {
            settings.visibility = Assignment::Assigned;
        })
        .await;
    use GrantKind::{AuthorizationCode, ClientCredentials};
    let table = [
        (
            &web,
            AuthorizationCode,
            Some(&person),
            "openid",
            "access_denied",
        ),
        (
            &public,
            AuthorizationCode,
            Some(&person),
            "openid",
            "access_denied",
        ),
        (
            &web,
            ClientCredentials,
            None,
            "api:read",
            "unauthorized_client",
        ),
        (&web, AuthorizationCode, None, "openid", "invalid_request"),
        (
            &service,
            ClientCredentials,
            Some(&person),
            "",
            "invalid_request",
        ),
        (&service, ClientCredentials, None, "openid", "invalid_scope"),
        (&service, ClientCredentials, None, "a\"b", "invalid_scope"),
    ];
    for (index, (app, grant, person, scope, code)) in table.into_iter().enumerate() {
        match preview(world, app, grant, person, scope).await {
            Preview::Refused(denial) => assert_eq!(denial.code.to_string(), code, "{index}"),
            issued @ Preview::Issued { .. } => panic!("{index}: {issued:?}"),
        }
    }
}

on_both_engines!(
    a_preview_says_what_is_then_issued,
    a_preview_refuses_what_issuance_refuses,
);
