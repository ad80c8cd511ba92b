//! What a caller may say of an app, and what it makes of the settings of one.

use crate::apps::standing;
use crate::apps::words::{
    APPLICATION_TYPES, AUTHENTICATION_METHODS, CONSENT_METHODS, GRANT_TYPES, SIGN_ON_MODE,
    response_types, stored,
};
use crate::body::Fields;
use crate::error::{ApiError, ErrorCode};
use identity::app::operations::{AppChange, NewApp};
use identity::app::rules::default_settings;
use identity::app::search::MAKE;
use identity::app::settings::{
    AppSettings, Assignment, ClientAuthentication, ConsentRule, GrantKind,
};
use identity::app::{App, AppKind};
use serde_json::{Value, json};

/// What is shown of an app, sent back by clients, and not changed by them here.
pub(crate) const READ_ONLY: [&str; 9] = [
    "id",
    "status",
    "created",
    "lastUpdated",
    "features",
    "orn",
    "universalLogout",
    "_links",
    "_embedded",
];
/// The same of a key of an app.
pub(crate) const KEY_READ_ONLY: [&str; 4] = ["id", "created", "lastUpdated", "_links"];
const CLIENT: &str = "settings.oauthClient";
const PROOF: &str = "credentials.oauthClient";

/// The body of a change, field by field.
#[derive(Debug)]
pub struct AppInput {
    label: String,
    sign_on_mode: Option<String>,
    is_hidden: Option<bool>,
    is_for_everyone: Option<bool>,
    proof: ProofInput,
    client: Option<ClientInput>,
}

#[derive(Debug, Default)]
struct ProofInput {
    client_id: Option<String>,
    method: Option<ClientAuthentication>,
    pkce: Option<bool>,
}

#[derive(Debug)]
struct ClientInput {
    kind: Option<AppKind>,
    grants: Vec<GrantKind>,
    response_types: Vec<String>,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    initiate_login_uri: String,
    consent: ConsentRule,
    jwks: Option<String>,
}

impl AppInput {
    /// Leaves the app open to whom it is open, where nothing is said of it.
    pub fn keep_visibility(&mut self, present: &App) {
        let is_open = present.settings.visibility == Assignment::Everyone;
        self.is_for_everyone.get_or_insert(is_open);
    }
}

/// Reads a body.
///
/// # Errors
/// [`ApiError`] for what is malformed or means nothing here.
pub fn parse_app(bytes: &[u8]) -> Result<AppInput, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let label = fields.take_text("label")?;
    let sign_on_mode = fields.take_text("signOnMode")?;
    let make = fields.take_text("name")?;
    decide_make(sign_on_mode.as_deref(), make.as_deref())?;
    standing::take(&mut fields, "", &standing::of_app())?;
    let is_hidden = match fields.take_object("visibility")? {
        Some(visibility) => parse_visibility(visibility)?,
        None => None,
    };
    let proof = match fields.take_object("credentials")? {
        Some(credentials) => parse_credentials(credentials)?,
        None => ProofInput::default(),
    };
    let (is_for_everyone, client) = match fields.take_object("settings")? {
        Some(settings) => parse_settings(settings)?,
        None => (None, None),
    };
    fields.end()?;
    Ok(AppInput {
        label: label.ok_or_else(|| ApiError::invalid("label", "it is required"))?,
        sign_on_mode,
        is_hidden,
        is_for_everyone,
        proof,
        client,
    })
}

/// Apps are made of one thing here.
fn decide_make(sign_on_mode: Option<&str>, make: Option<&str>) -> Result<(), ApiError> {
    let unsupported = |cause: String| Err(ApiError::because(ErrorCode::Unsupported, cause));
    match (sign_on_mode, make) {
        (Some(mode), _) if mode != SIGN_ON_MODE => {
            unsupported(format!("signOnMode: only {SIGN_ON_MODE} is supported here"))
        }
        (_, Some(make)) if make != MAKE => {
            unsupported(format!("name: only {MAKE} is supported here"))
        }
        _ => Ok(()),
    }
}

fn parse_visibility(mut visibility: Fields) -> Result<Option<bool>, ApiError> {
    standing::take(&mut visibility, "visibility.", &standing::of_visibility())?;
    let mut is_hidden = None;
    if let Some(mut hide) = visibility.take_object("hide")? {
        is_hidden = take_flag(&mut hide, "visibility.hide.", "web")?;
        if take_flag(&mut hide, "visibility.hide.", "iOS")? == Some(false) {
            let problem = "there is no page of its own for telephones: use true";
            return Err(ApiError::invalid("visibility.hide.iOS", problem));
        }
        hide.end()?;
    }
    visibility.end()?;
    Ok(is_hidden)
}

fn parse_credentials(mut credentials: Fields) -> Result<ProofInput, ApiError> {
    let standing = standing::of_credentials();
    standing::take(&mut credentials, "credentials.", &standing)?;
    let Some(mut client) = credentials.take_object("oauthClient")? else {
        credentials.end()?;
        return Ok(ProofInput::default());
    };
    credentials.end()?;
    standing::take(
        &mut client,
        "credentials.oauthClient.",
        &standing::of_proof(),
    )?;
    if client.take("client_secret").is_some() {
        let problem = "a secret is drawn here and shown once: leave it out";
        return Err(ApiError::invalid(
            &format!("{PROOF}.client_secret"),
            problem,
        ));
    }
    let method = client.take_text("token_endpoint_auth_method")?;
    let proof = ProofInput {
        client_id: client.take_text("client_id")?,
        method: method
            .map(|word| stored(&AUTHENTICATION_METHODS, "token_endpoint_auth_method", &word))
            .transpose()?,
        pkce: take_flag(&mut client, "credentials.oauthClient.", "pkce_required")?,
    };
    client.end()?;
    Ok(proof)
}

fn parse_settings(mut settings: Fields) -> Result<(Option<bool>, Option<ClientInput>), ApiError> {
    standing::take(&mut settings, "settings.", &standing::of_settings())?;
    settings.ignore_read_only(&["emOptInStatus"]);
    let is_for_everyone = take_flag(&mut settings, "settings.", "implicitAssignment")?;
    let client = settings.take_object("oauthClient")?;
    settings.end()?;
    let client = client.map(parse_client).transpose()?;
    Ok((is_for_everyone, client))
}

fn parse_client(mut client: Fields) -> Result<ClientInput, ApiError> {
    let kind = client.take_text("application_type")?;
    let consent = client.take_text("consent_method")?;
    let mut grants = Vec::new();
    for word in client.take_texts("grant_types")?.unwrap_or_default() {
        grants.push(stored(&GRANT_TYPES, "grant_types", &word)?);
    }
    if grants.is_empty() {
        return Err(ApiError::invalid("grant_types", "name one at least"));
    }
    let jwks = client.take("jwks");
    let input = ClientInput {
        kind: kind
            .map(|word| stored(&APPLICATION_TYPES, "application_type", &word))
            .transpose()?,
        response_types: client.take_texts("response_types")?.unwrap_or_default(),
        redirect_uris: client.take_texts("redirect_uris")?.unwrap_or_default(),
        post_logout_redirect_uris: client
            .take_texts("post_logout_redirect_uris")?
            .unwrap_or_default(),
        initiate_login_uri: client.take_text("initiate_login_uri")?.unwrap_or_default(),
        consent: consent
            .map(|word| stored(&CONSENT_METHODS, "consent_method", &word))
            .transpose()?
            .unwrap_or_default(),
        jwks: jwks.map(parse_key_set).transpose()?,
        grants,
    };
    let standing = standing::of_client(&AppSettings {
        grants: input.grants.clone(),
        ..AppSettings::default()
    });
    standing::take(&mut client, "settings.oauthClient.", &standing)?;
    client.end()?;
    Ok(input)
}

fn take_flag(fields: &mut Fields, place: &str, name: &str) -> Result<Option<bool>, ApiError> {
    match fields.take(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(flag)),
        Some(_) => {
            let name = format!("{place}{name}");
            Err(ApiError::invalid(&name, "it must be true or false"))
        }
    }
}

/// A set of keys as it is stored; none for one without keys.
fn parse_key_set(set: Value) -> Result<String, ApiError> {
    let wrong = || ApiError::invalid("jwks", "it must be an object with an array keys");
    let Value::Object(mut set) = set else {
        return Err(wrong());
    };
    let Some(Value::Array(keys)) = set.remove("keys") else {
        return Err(wrong());
    };
    if !set.is_empty() {
        return Err(wrong());
    }
    let keys: Vec<Value> = keys.into_iter().map(parse_key).collect::<Result<_, _>>()?;
    Ok(match keys.is_empty() {
        true => String::new(),
        false => json!({ "keys": keys }).to_string(),
    })
}

/// A key without what is only shown of it. Whatever has no value is left out, since nulls are members of no key.
///
/// # Errors
/// [`ApiError`] for what is no object, or a key that is not to be used.
pub fn parse_key(key: Value) -> Result<Value, ApiError> {
    let Value::Object(mut members) = key else {
        return Err(ApiError::invalid("jwks", "a key must be an object"));
    };
    members.retain(|name, value| !value.is_null() && !KEY_READ_ONLY.contains(&name.as_str()));
    match members.remove("status") {
        None => {}
        Some(status) if status == "ACTIVE" => {}
        Some(_) => {
            let problem = "a key that is there is in use: leave out one that shall not be";
            return Err(ApiError::invalid("status", problem));
        }
    }
    Ok(Value::Object(members))
}

/// An app that is to be made.
///
/// # Errors
/// [`ApiError`] for what is missing, and for what does not fit together.
pub fn plan_new(input: AppInput) -> Result<NewApp, ApiError> {
    if input.sign_on_mode.is_none() {
        return Err(ApiError::invalid("signOnMode", "it is required"));
    }
    if input.proof.client_id.is_some() {
        let problem = "an id is drawn here: leave it out";
        return Err(ApiError::invalid(&format!("{PROOF}.client_id"), problem));
    }
    let kind = input.client.as_ref().and_then(|client| client.kind);
    let kind = kind.unwrap_or(AppKind::Web);
    let (label, settings) = apply(kind, default_settings(kind), input)?;
    Ok(NewApp {
        label,
        kind,
        settings,
    })
}

/// What an app shall be from now on: what is not named is as with a new one, but for how it proves itself and what has no
/// field here.
///
/// # Errors
/// [`ApiError`] as [`plan_new`], and for what never changes.
pub fn plan_change(present: &App, input: AppInput) -> Result<AppChange, ApiError> {
    let never = |field: &str| Err(ApiError::invalid(field, "it is never changed"));
    if let Some(id) = &input.proof.client_id
        && *id != present.id.as_str()
    {
        return never(&format!("{PROOF}.client_id"));
    }
    let kind = input.client.as_ref().and_then(|client| client.kind);
    if kind.is_some_and(|kind| kind != present.kind) {
        return never(&format!("{CLIENT}.application_type"));
    }
    let (label, settings) = apply(present.kind, present.settings.clone(), input)?;
    Ok(AppChange {
        label,
        settings,
        policy_id: present.policy_id.clone(),
    })
}

fn apply(
    kind: AppKind,
    base: AppSettings,
    input: AppInput,
) -> Result<(String, AppSettings), ApiError> {
    let client = input
        .client
        .ok_or_else(|| ApiError::invalid(CLIENT, "it is required"))?;
    let possible = response_types(&client.grants);
    if let Some(word) = client
        .response_types
        .iter()
        .find(|word| !possible.contains(&word.as_str()))
    {
        let problem = format!("{word}: the grant types do not lead to it");
        return Err(ApiError::invalid("response_types", &problem));
    }
    let initiate_login_uri = client.initiate_login_uri.trim().to_owned();
    if input
        .is_hidden
        .is_some_and(|hidden| hidden != initiate_login_uri.is_empty())
    {
        let problem =
            "an app is on the page of apps if it has an initiate_login_uri, and only then";
        return Err(ApiError::invalid("visibility.hide.web", problem));
    }
    if kind.is_public() && input.proof.pkce == Some(false) {
        let problem = "an app that keeps no secret must use PKCE";
        return Err(ApiError::invalid(
            &format!("{PROOF}.pkce_required"),
            problem,
        ));
    }
    let settings = AppSettings {
        redirect_uris: client.redirect_uris,
        post_logout_redirect_uris: client.post_logout_redirect_uris,
        initiate_login_uri,
        client_authentication: input.proof.method.unwrap_or(base.client_authentication),
        require_pkce: match kind.is_public() {
            true => false,
            false => input.proof.pkce.unwrap_or(base.require_pkce),
        },
        jwks: client.jwks.unwrap_or(base.jwks),
        grants: client.grants,
        consent: client.consent,
        visibility: match input.is_for_everyone {
            Some(true) => Assignment::Everyone,
            _ => Assignment::Assigned,
        },
        backchannel_logout_uri: base.backchannel_logout_uri,
        id_token_algorithm: base.id_token_algorithm,
        refresh_idle_secs: base.refresh_idle_secs,
        refresh_lifetime_secs: base.refresh_lifetime_secs,
    };
    Ok((input.label, settings))
}

#[cfg(test)]
mod tests {
    use super::{parse_app, parse_key, plan_change, plan_new};
    use crate::error::ErrorCode;
    use identity::app::settings::{AppSettings, Assignment, ClientAuthentication, ConsentRule};
    use identity::app::{App, AppKind, AppStatus};
    use serde_json::{Value, json};
    use vocab::entropy::SeededEntropy;
    use vocab::id::{AppId, OrgId};
    use vocab::time::Timestamp;

    fn web() -> Value {
        json!({
            "name": "oidc_client",
            "label": "Wiki",
            "signOnMode": "OPENID_CONNECT",
            "credentials": { "oauthClient": { "token_endpoint_auth_method": "client_secret_post" } },
            "settings": { "oauthClient": {
                "application_type": "web",
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "redirect_uris": ["https://wiki.example/cb"],
            } },
        })
    }

    /// The body with a value put in by its pointer.
    fn with(pointer: &str, value: Value) -> Value {
        let mut body = web();
        let (place, name) = pointer.rsplit_once('/').unwrap();
        let mut at = &mut body;
        for part in place.split('/').filter(|part| !part.is_empty()) {
            if at.get(part).is_none() {
                at[part] = json!({});
            }
            at = at.get_mut(part).unwrap();
        }
        at[name] = value;
        body
    }

    fn created(body: &Value) -> Result<AppSettings, ErrorCode> {
        let input = parse_app(body.to_string().as_bytes());
        let new = input.and_then(plan_new).map_err(|error| error.code())?;
        Ok(new.settings)
    }

    #[test]
    fn fields_say_what_the_settings_of_an_app_are() {
        let settings = created(&web()).unwrap();
        assert_eq!(
            settings.client_authentication,
            ClientAuthentication::ClientSecretPost
        );
        assert_eq!(
            (settings.visibility, settings.consent, settings.require_pkce),
            (Assignment::Assigned, ConsentRule::Trusted, false)
        );
        let open = created(&with("/settings/implicitAssignment", json!(true))).unwrap();
        assert_eq!(open.visibility, Assignment::Everyone);
        let asked = with("/settings/oauthClient/consent_method", json!("REQUIRED"));
        assert_eq!(created(&asked).unwrap().consent, ConsentRule::Required);
        let pkce = with("/credentials/oauthClient/pkce_required", json!(true));
        assert!(created(&pkce).unwrap().require_pkce);
    }

    #[test]
    fn what_holds_anyway_may_be_said() {
        for (pointer, value) in [
            ("/id", json!("0oa")),
            ("/features", json!([])),
            (
                "/accessibility",
                json!({ "selfService": false, "errorRedirectUrl": null }),
            ),
            (
                "/visibility",
                json!({ "autoLaunch": false, "hide": { "iOS": true, "web": true } }),
            ),
            ("/settings/notes", json!({ "admin": null, "enduser": null })),
            ("/settings/app", json!({})),
            ("/settings/oauthClient/wildcard_redirect", json!("DISABLED")),
            (
                "/settings/oauthClient/dpop_bound_access_tokens",
                json!(false),
            ),
            (
                "/settings/oauthClient/refresh_token",
                json!({ "rotation_type": "ROTATE" }),
            ),
            ("/settings/oauthClient/jwks", json!({ "keys": [] })),
            ("/credentials/oauthClient/autoKeyRotation", json!(true)),
            (
                "/credentials/userNameTemplate",
                json!({ "template": "${source.login}", "type": "BUILT_IN" }),
            ),
        ] {
            let seen = created(&with(pointer, value));
            assert_eq!(seen, created(&web()), "{pointer}");
        }
    }

    #[test]
    fn what_means_nothing_here_is_refused() {
        use ErrorCode::{Unsupported, Validation};
        for (pointer, value, code) in [
            ("/signOnMode", json!("BOOKMARK"), Unsupported),
            ("/signOnMode", json!("SAML_2_0"), Unsupported),
            ("/signOnMode", json!(null), Validation),
            ("/name", json!("bookmark"), Unsupported),
            ("/label", json!(null), Validation),
            ("/label", json!(1), Validation),
            ("/profile", json!({ "team": "x" }), Validation),
            ("/accessibility", json!({ "selfService": true }), Validation),
            ("/visibility/hide", json!({ "iOS": false }), Validation),
            ("/visibility/hide", json!({ "web": false }), Validation),
            ("/credentials/signing", json!({ "kid": "x" }), Validation),
            (
                "/credentials/oauthClient/client_secret",
                json!("x"),
                Validation,
            ),
            ("/credentials/oauthClient/client_id", json!("x"), Validation),
            (
                "/credentials/oauthClient/autoKeyRotation",
                json!(false),
                Validation,
            ),
            (
                "/credentials/oauthClient/token_endpoint_auth_method",
                json!("client_secret_jwt"),
                Validation,
            ),
            ("/settings/signOn", json!({}), Validation),
            ("/settings/oauthClient", json!(null), Validation),
            (
                "/settings/oauthClient/application_type",
                json!("cli"),
                Validation,
            ),
            (
                "/settings/oauthClient/grant_types",
                json!(["implicit"]),
                Validation,
            ),
            ("/settings/oauthClient/grant_types", json!([]), Validation),
            (
                "/settings/oauthClient/response_types",
                json!(["token"]),
                Validation,
            ),
            (
                "/settings/oauthClient/client_uri",
                json!("https://a.example"),
                Validation,
            ),
            (
                "/settings/oauthClient/jwks_uri",
                json!("https://a.example"),
                Validation,
            ),
            (
                "/settings/oauthClient/wildcard_redirect",
                json!("SUBDOMAIN"),
                Validation,
            ),
            ("/settings/oauthClient/jwks", json!([]), Validation),
            ("/other", json!(1), Validation),
        ] {
            let seen = created(&with(pointer, value.clone()));
            assert_eq!(seen, Err(code), "{pointer} {value}");
        }
    }

    fn present(kind: AppKind) -> App {
        let entropy = SeededEntropy::new(7);
        App {
            org_id: OrgId::generate(&entropy),
            id: AppId::generate(&entropy),
            label: "Old".into(),
            kind,
            status: AppStatus::Active,
            settings: AppSettings {
                require_pkce: true,
                jwks: "{}".into(),
                backchannel_logout_uri: "https://wiki.example/out".into(),
                post_logout_redirect_uris: vec!["https://wiki.example/bye".into()],
                ..AppSettings::default()
            },
            policy_id: None,
            api_scopes: Vec::new(),
            secrets: Vec::new(),
            revision: 1,
            created_at: Timestamp::from_seconds(0),
            updated_at: Timestamp::from_seconds(0),
        }
    }

    #[test]
    fn a_change_replaces_all_but_proof_and_what_has_no_field() {
        let mut body = web();
        body.as_object_mut().unwrap().remove("credentials");
        let app = present(AppKind::Web);
        let input = parse_app(body.to_string().as_bytes()).unwrap();
        let change = plan_change(&app, input).unwrap();
        let (old, new) = (&app.settings, &change.settings);
        assert_eq!(change.label, "Wiki");
        assert_eq!(new.client_authentication, old.client_authentication);
        assert_eq!((new.require_pkce, &new.jwks), (true, &old.jwks));
        assert_eq!(new.backchannel_logout_uri, old.backchannel_logout_uri);
        assert!(new.post_logout_redirect_uris.is_empty());
        for (pointer, value) in [
            ("/credentials/oauthClient/client_id", json!("0oaOther")),
            ("/settings/oauthClient/application_type", json!("native")),
        ] {
            let input = parse_app(with(pointer, value).to_string().as_bytes()).unwrap();
            assert!(plan_change(&app, input).is_err(), "{pointer}");
        }
        let own = with("/credentials/oauthClient/client_id", json!(app.id.as_str()));
        let input = parse_app(own.to_string().as_bytes()).unwrap();
        assert!(plan_change(&app, input).is_ok());
    }

    #[test]
    fn keys_come_without_what_is_only_shown() {
        let shown = json!({ "id": "x", "kty": "EC", "kid": "k", "status": "ACTIVE", "alg": null });
        assert_eq!(
            parse_key(shown).unwrap(),
            json!({ "kty": "EC", "kid": "k" })
        );
        assert!(parse_key(json!({ "kty": "EC", "status": "INACTIVE" })).is_err());
        assert!(parse_key(json!("k")).is_err());
    }
}
