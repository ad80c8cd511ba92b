//! An app as the API shows it.

use crate::apps::standing;
use crate::apps::words::{
    APPLICATION_TYPES, AUTHENTICATION_METHODS, CONSENT_METHODS, GRANT_TYPES, SIGN_ON_MODE,
    features_of, response_types, shown,
};
use crate::call::Call;
use identity::app::client_keys::keys_of;
use identity::app::rules::needs_pkce;
use identity::app::search::MAKE;
use identity::app::settings::Assignment;
use identity::app::{App, AppStatus};
use identity::provisioning::Features;
use protocol::jose::jwk::Jwk;
use serde_json::{Map, Value, json};
use vocab::secret::Secret;

/// An app, with what is done at its SCIM server, and its secret if it was made just now.
#[must_use]
pub fn render_app(
    call: &Call,
    app: &App,
    features: Option<Features>,
    secret: Option<&Secret<String>>,
) -> Value {
    let is_hidden = app.settings.initiate_login_uri.is_empty();
    let visibility = json!({ "hide": { "iOS": true, "web": is_hidden } });
    let proof = json!({ "oauthClient": render_proof(app, secret) });
    let settings = json!({
        "implicitAssignment": app.settings.visibility == Assignment::Everyone,
        "oauthClient": render_client(app),
    });
    let own = json!({
        "id": app.id.as_str(),
        "name": MAKE,
        "label": app.label,
        "status": app.status.as_str(),
        "created": app.created_at.to_rfc3339_millis(),
        "lastUpdated": app.updated_at.to_rfc3339_millis(),
        "signOnMode": SIGN_ON_MODE,
        "features": features.map(features_of).unwrap_or_default(),
        "visibility": standing::joined([standing::of_visibility(), visibility]),
        "credentials": standing::joined([standing::of_credentials(), proof]),
        "settings": standing::joined([standing::of_settings(), settings]),
        "_links": render_links(call, app),
    });
    standing::joined([standing::of_app(), own])
}

fn render_proof(app: &App, secret: Option<&Secret<String>>) -> Value {
    let own = json!({
        "client_id": app.id.as_str(),
        "client_secret": secret.map(Secret::expose),
        "pkce_required": needs_pkce(app.kind, &app.settings),
        "token_endpoint_auth_method":
            shown(&AUTHENTICATION_METHODS, &app.settings.client_authentication),
    });
    standing::joined([standing::of_proof(), own])
}

fn render_client(app: &App) -> Value {
    let settings = &app.settings;
    let grants = settings.grants.iter();
    let grants: Vec<&str> = grants.map(|grant| shown(&GRANT_TYPES, grant)).collect();
    let keys: Vec<Value> = keys_of(app).iter().map(render_bare_key).collect();
    let start = Some(settings.initiate_login_uri.as_str()).filter(|uri| !uri.is_empty());
    let own = json!({
        "application_type": shown(&APPLICATION_TYPES, &app.kind),
        "grant_types": grants,
        "response_types": response_types(&settings.grants),
        "redirect_uris": settings.redirect_uris,
        "post_logout_redirect_uris": settings.post_logout_redirect_uris,
        "initiate_login_uri": start,
        "consent_method": shown(&CONSENT_METHODS, &settings.consent),
        "jwks": if keys.is_empty() { Value::Null } else { json!({ "keys": keys }) },
    });
    standing::joined([standing::of_client(settings), own])
}

fn render_links(call: &Call, app: &App) -> Value {
    let href = call.href(&format!("/api/v1/apps/{}", app.id));
    let step = match app.status {
        AppStatus::Active => "deactivate",
        AppStatus::Inactive => "activate",
    };
    let mut links = Map::new();
    links.insert("self".into(), json!({ "href": href }));
    for list in ["users", "groups"] {
        links.insert(list.into(), json!({ "href": format!("{href}/{list}") }));
    }
    links.insert(
        step.into(),
        link(&format!("{href}/lifecycle/{step}"), "POST"),
    );
    links.into()
}

/// A link, and the method that it is for.
#[must_use]
pub fn link(href: &str, method: &str) -> Value {
    json!({ "href": href, "hints": { "allow": [method] } })
}

/// A public key as part of an app.
fn render_bare_key(key: &Jwk) -> Value {
    let known = json!({ "id": key.thumbprint(), "status": AppStatus::Active.as_str() });
    standing::joined([key.render(), known])
}

/// A public key by itself. A key that is there is in use; the day on which it came is not noted.
#[must_use]
pub fn render_key(call: &Call, app: &App, key: &Jwk) -> Value {
    let path = format!("/api/v1/apps/{}/credentials/jwks", app.id);
    let href = call.href(&format!("{path}/{}", key.thumbprint()));
    let links = json!({ "_links": { "delete": link(&href, "DELETE") } });
    standing::joined([render_bare_key(key), links])
}
