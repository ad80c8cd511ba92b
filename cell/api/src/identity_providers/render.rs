//! An identity provider and its people as the API shows them. The secret is never shown.

use crate::call::Call;
use crate::identity_providers::input::{
    ISSUER_MODE, NOTHING, OIDC, POST, REDIRECT, TEMPLATE, groups_word, place_word, skew_millis,
};
use crate::shown::{moment, status_of, switched_links, text};
use identity::identity_provider::arrival::ArrivalPolicy;
use identity::identity_provider::{IdentityProvider, ProviderConfig, ProviderLink, SecretPlace};
use oauth::relying::away::callback_path;
use protocol::oidc::relying::metadata::ProviderMetadata;
use serde_json::{Value, json};
use vocab::id::IdentityProviderId;

/// The address of a provider in the API.
fn provider_href(call: &Call, id: &IdentityProviderId) -> String {
    call.href(&format!("/api/v1/idps/{id}"))
}

/// A provider.
pub(crate) fn render_provider(call: &Call, provider: &IdentityProvider) -> Value {
    let href = provider_href(call, &provider.id);
    let mut links = switched_links(&href, provider.active, &[("users", "users")]);
    // Where a sign-in with it begins.
    let start = call.href(&format!("/sso/idps/{}", provider.id));
    links["authorize"] = json!({ "href": start, "hints": { "allow": ["GET"] } });
    let callback = call.href(&callback_path(&provider.id));
    links["clientRedirectUri"] = json!({ "href": callback, "hints": { "allow": ["GET"] } });
    json!({
        "id": provider.id.as_str(),
        "type": OIDC,
        "name": provider.name,
        "status": status_of(provider.active),
        "issuerMode": ISSUER_MODE,
        "created": moment(Some(provider.created_at)),
        "lastUpdated": moment(Some(provider.updated_at)),
        "protocol": render_protocol(&provider.config),
        "policy": render_policy(&provider.config),
        "_links": links,
    })
}

fn render_protocol(config: &ProviderConfig) -> Value {
    let userinfo = config.userinfo.as_ref();
    let userinfo = userinfo.map(|url| json!({ "url": url, "binding": REDIRECT }));
    json!({
        "type": OIDC,
        "issuer": { "url": config.issuer },
        "endpoints": {
            "authorization": { "url": config.authorization, "binding": REDIRECT },
            "token": { "url": config.token, "binding": POST },
            "userInfo": userinfo,
            "jwks": { "url": config.jwks, "binding": REDIRECT },
        },
        "scopes": config.scopes,
        "credentials": { "client": {
            "client_id": config.client_id,
            "pkce_required": true,
            "secret_place": place_word(config.secret_place),
        } },
    })
}

/// What an issuer publishes of itself, in the shape of the protocol of a provider.
pub(crate) fn render_found(issuer: &str, found: &ProviderMetadata) -> Value {
    let userinfo = found.userinfo.as_ref();
    let userinfo = userinfo.map(|url| json!({ "url": url, "binding": REDIRECT }));
    let place = match found.secret_in_body_alone {
        true => SecretPlace::Post,
        false => SecretPlace::Basic,
    };
    json!({
        "type": OIDC,
        "issuer": { "url": issuer },
        "endpoints": {
            "authorization": { "url": found.authorization, "binding": REDIRECT },
            "token": { "url": found.token, "binding": POST },
            "userInfo": userinfo,
            "jwks": { "url": found.jwks, "binding": REDIRECT },
        },
        "scopes": found.scopes,
        "credentials": { "client": { "secret_place": place_word(place) } },
    })
}

fn render_policy(config: &ProviderConfig) -> Value {
    let ArrivalPolicy {
        creation,
        first_groups,
        linking,
        link_groups,
        match_by,
    } = &config.policy;
    let assignments = (!first_groups.is_empty()).then_some(first_groups);
    let filter = (!link_groups.is_empty()).then(|| json!({ "groups": { "include": link_groups } }));
    json!({
        "provisioning": {
            "action": creation.as_str(),
            "profileMaster": false,
            "groups": { "action": groups_word(first_groups), "assignments": assignments },
            "conditions": {
                "deprovisioned": { "action": NOTHING },
                "suspended": { "action": NOTHING },
            },
        },
        "accountLink": { "action": linking.as_str(), "filter": filter },
        "subject": {
            "userNameTemplate": { "template": TEMPLATE },
            "matchType": match_by.as_str(),
        },
        "maxClockSkew": skew_millis(config.clock_skew_secs),
    })
}

/// Somebody at a provider, and who they are here.
pub(crate) fn render_link(call: &Call, link: &ProviderLink) -> Value {
    let provider = provider_href(call, &link.provider);
    let href = format!("{provider}/users/{}", link.user);
    let user = call.href(&format!("/api/v1/users/{}", link.user));
    json!({
        "id": link.user.as_str(),
        "externalId": link.subject,
        "created": moment(Some(link.created_at)),
        "lastUpdated": moment(Some(link.updated_at)),
        "profile": { "email": text(&link.account) },
        "_links": {
            "self": { "href": href, "hints": { "allow": ["GET", "POST", "DELETE"] } },
            "idp": { "href": provider, "hints": { "allow": ["GET"] } },
            "user": { "href": user, "hints": { "allow": ["GET"] } },
        },
    })
}
