//! What a body says of an identity provider. What would mean something elsewhere and nothing here is refused, each by its place.

use crate::body::Fields;
use crate::error::ApiError;
use crate::shown::{SWITCH, status_of};
use identity::identity_provider::arrival::{ArrivalPolicy, Automatic, MatchBy};
use identity::identity_provider::settings::ProviderChange;
use identity::identity_provider::{CLOCK_SKEW_SECS_MAX, IdentityProvider, SecretPlace};
use vocab::id::GroupId;
use vocab::secret::Secret;

/// The one type of provider that is spoken to, and its protocol.
pub(crate) const OIDC: &str = "OIDC";
/// The address under which a provider answers: that by which the browser came.
pub(crate) const ISSUER_MODE: &str = "DYNAMIC";
/// How browsers are sent, and documents read.
pub(crate) const REDIRECT: &str = "HTTP-REDIRECT";
/// How codes are redeemed.
pub(crate) const POST: &str = "HTTP-POST";
/// By what somebody is found: the address that the provider verified.
pub(crate) const TEMPLATE: &str = "idpuser.email";
/// What is done where somebody was deactivated or suspended: they stay so.
pub(crate) const NOTHING: &str = "NONE";
/// That people who are added belong to groups from the start.
pub(crate) const ASSIGN: &str = "ASSIGN";
/// How a secret is sent in the header, in the words of the protocol.
pub(crate) const BASIC: &str = "client_secret_basic";
/// How it is sent in the body.
pub(crate) const POSTED: &str = "client_secret_post";
/// The words of our own for the same. Clients in the field read a third word of the protocol there, and fail at any other.
pub(crate) const PLACES: [&str; 2] = ["HEADER", "BODY"];
/// How far clocks may be off where nothing is said.
const CLOCK_SKEW_SECS: i64 = 120;
/// Milliseconds of a second.
const MILLIS: i64 = 1_000;
/// What is shown of a provider, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 4] = ["id", "created", "lastUpdated", "_links"];
/// Types of the field that nothing here speaks to.
pub(crate) const TYPES: [&str; 26] = [
    "AMAZON",
    "APPLE",
    "DISCORD",
    "FACEBOOK",
    "GITHUB",
    "GITLAB",
    "GOOGLE",
    "IDV_CLEAR",
    "IDV_INCODE",
    "IDV_PERSONA",
    "IDV_STANDARD",
    "LINKEDIN",
    "LOGINGOV",
    "LOGINGOV_SANDBOX",
    "MICROSOFT",
    OIDC,
    "OKTA_INTEGRATION",
    "PAYPAL",
    "PAYPAL_SANDBOX",
    "SALESFORCE",
    "SAML2",
    "SPOTIFY",
    "X509",
    "XERO",
    "YAHOO",
    "YAHOOJP",
];

/// The word for how a secret is sent.
pub(crate) const fn place_word(place: SecretPlace) -> &'static str {
    let [header, body] = PLACES;
    match place {
        SecretPlace::Basic => header,
        SecretPlace::Post => body,
    }
}

/// The word for whether people who are added belong to groups from the start.
pub(crate) const fn groups_word(groups: &[GroupId]) -> &'static str {
    if groups.is_empty() { NOTHING } else { ASSIGN }
}

/// Seconds as the wire has them.
pub(crate) const fn skew_millis(secs: i64) -> i64 {
    secs * MILLIS
}

/// Holds the word for a type against those of the field.
///
/// # Errors
/// [`ApiError`] for a word that is none.
pub(crate) fn check_type(word: &str) -> Result<(), ApiError> {
    if TYPES.contains(&word) {
        Ok(())
    } else {
        Err(ApiError::invalid(
            "type",
            "there is no such type of provider",
        ))
    }
}

/// Reads a provider. Of one that is there, a body may repeat how it stands, and need not say what it calls itself.
///
/// # Errors
/// [`ApiError`] naming the field.
pub(crate) fn parse_provider(
    bytes: &[u8],
    present: Option<&IdentityProvider>,
) -> Result<ProviderChange, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let active = present.is_none_or(|provider| provider.active);
    fields.take_only("status", &[status_of(active)], SWITCH)?;
    match fields.take_text("type")?.as_deref() {
        None => return Err(fields.refusal("type", "it is required")),
        Some(OIDC) => {}
        Some(word) => {
            check_type(word)?;
            return Err(ApiError::not_supported("type"));
        }
    }
    fields.take_only("issuerMode", &[ISSUER_MODE], "use DYNAMIC")?;
    let name = fields.take_text("name")?.unwrap_or_default();
    let protocol = fields.take_object("protocol")?;
    let protocol = protocol.ok_or_else(|| fields.refusal("protocol", "it is required"))?;
    let mut change = parse_protocol(protocol, present)?;
    if let Some(policy) = fields.take_object("policy")? {
        parse_policy(policy, &mut change)?;
    }
    fields.end()?;
    change.name = name;
    Ok(change)
}

fn parse_protocol(
    mut protocol: Fields,
    present: Option<&IdentityProvider>,
) -> Result<ProviderChange, ApiError> {
    protocol.take_only("type", &[OIDC], "use OIDC")?;
    let issuer = match protocol.take_object("issuer")? {
        Some(mut issuer) => {
            let url = issuer.take_text("url")?.unwrap_or_default();
            issuer.end()?;
            url
        }
        // Some clients of the field have no place for it, and would lose it by sending back what they read.
        None => match present {
            Some(provider) => provider.config.issuer.clone(),
            None => return Err(protocol.refusal("issuer", "it is required")),
        },
    };
    let endpoints = protocol.take_object("endpoints")?;
    let mut endpoints = endpoints.ok_or_else(|| protocol.refusal("endpoints", "it is required"))?;
    let authorization = take_endpoint(&mut endpoints, "authorization", REDIRECT)?;
    let token = take_endpoint(&mut endpoints, "token", POST)?;
    let userinfo = take_endpoint(&mut endpoints, "userInfo", REDIRECT)?;
    let jwks = take_endpoint(&mut endpoints, "jwks", REDIRECT)?;
    endpoints.end()?;
    let scopes = protocol.take_texts("scopes")?.unwrap_or_default();
    if let Some(mut settings) = protocol.take_object("settings")? {
        never(&mut settings, "participateSlo")?;
        never(&mut settings, "sendApplicationContext")?;
        settings.end()?;
    }
    let credentials = protocol.take_object("credentials")?;
    let required = |protocol: &Fields| protocol.refusal("credentials", "it is required");
    let mut credentials = credentials.ok_or_else(|| required(&protocol))?;
    let client = credentials.take_object("client")?;
    let mut client = client.ok_or_else(|| credentials.refusal("client", "it is required"))?;
    let client_id = client.take_text("client_id")?.unwrap_or_default();
    let client_secret = client.take_text("client_secret")?.map(Secret::new);
    let said = take_secret_place(&mut client)?;
    let secret_place = said.or(present.map(|provider| provider.config.secret_place));
    take_pkce(&mut client)?;
    client.end()?;
    credentials.end()?;
    protocol.end()?;
    Ok(ProviderChange {
        name: String::new(),
        issuer,
        authorization: authorization.unwrap_or_default(),
        token: token.unwrap_or_default(),
        userinfo,
        jwks: jwks.unwrap_or_default(),
        client_id,
        client_secret,
        secret_place: secret_place.unwrap_or_default(),
        scopes,
        clock_skew_secs: CLOCK_SKEW_SECS,
        policy: ArrivalPolicy::default(),
    })
}

fn take_endpoint(
    endpoints: &mut Fields,
    name: &str,
    binding: &str,
) -> Result<Option<String>, ApiError> {
    let Some(mut endpoint) = endpoints.take_object(name)? else {
        return Ok(None);
    };
    let url = endpoint.take_text("url")?;
    endpoint.take_only("binding", &[binding], &format!("use {binding}"))?;
    endpoint.end()?;
    Ok(url)
}

/// By either word, or by none.
fn take_secret_place(client: &mut Fields) -> Result<Option<SecretPlace>, ApiError> {
    let mut said = None;
    for (field, words) in [
        ("token_endpoint_auth_method", [BASIC, POSTED]),
        ("secret_place", PLACES),
    ] {
        let Some(word) = client.take_text(field)? else {
            continue;
        };
        let places = [SecretPlace::Basic, SecretPlace::Post];
        let known = words.into_iter().zip(places);
        let place = known.into_iter().find(|(known, _)| *known == word);
        let (_, place) = place
            .ok_or_else(|| client.refusal(field, &format!("use {} or {}", words[0], words[1])))?;
        if said.is_some_and(|said| said != place) {
            return Err(client.refusal(field, "it is said in two ways"));
        }
        said = Some(place);
    }
    Ok(said)
}

/// Every code is bound to its browser, whatever is wished for; clients in the field send the word as well.
fn take_pkce(client: &mut Fields) -> Result<(), ApiError> {
    match client.take("pkce_required") {
        None | Some(serde_json::Value::Bool(true)) => Ok(()),
        Some(serde_json::Value::String(word)) if word == "true" => Ok(()),
        Some(_) => Err(client.refusal("pkce_required", "it is always true")),
    }
}

/// A flag for something that is never done here.
fn never(fields: &mut Fields, name: &str) -> Result<(), ApiError> {
    match fields.take_flag(name)? {
        Some(true) => Err(fields.refusal(name, "it is always false")),
        _ => Ok(()),
    }
}

fn parse_policy(mut policy: Fields, change: &mut ProviderChange) -> Result<(), ApiError> {
    if let Some(provisioning) = policy.take_object("provisioning")? {
        parse_provisioning(provisioning, &mut change.policy)?;
    }
    if let Some(linking) = policy.take_object("accountLink")? {
        parse_linking(linking, &mut change.policy)?;
    }
    if let Some(subject) = policy.take_object("subject")? {
        change.policy.match_by = parse_subject(subject)?;
    }
    if let Some(millis) = policy.take_number("maxClockSkew")? {
        // What is more than the bound is refused where it is held against it.
        let is_whole = millis % MILLIS == 0 && millis >= 0;
        if !is_whole || millis / MILLIS > CLOCK_SKEW_SECS_MAX {
            let problem = "use 0 to 300 seconds, in milliseconds";
            return Err(policy.refusal("maxClockSkew", problem));
        }
        change.clock_skew_secs = millis / MILLIS;
    }
    never(&mut policy, "trustClaims")?;
    never(&mut policy, "mapAMRClaims")?;
    policy.end()
}

fn take_action(fields: &mut Fields) -> Result<Automatic, ApiError> {
    match fields.take_text("action")? {
        None => Ok(Automatic::Disabled),
        Some(word) => Automatic::from_word(&word)
            .ok_or_else(|| fields.refusal("action", "use AUTO or DISABLED")),
    }
}

fn parse_provisioning(
    mut provisioning: Fields,
    policy: &mut ArrivalPolicy,
) -> Result<(), ApiError> {
    policy.creation = take_action(&mut provisioning)?;
    never(&mut provisioning, "profileMaster")?;
    if let Some(mut conditions) = provisioning.take_object("conditions")? {
        for name in ["deprovisioned", "suspended"] {
            if let Some(mut condition) = conditions.take_object(name)? {
                condition.take_only("action", &[NOTHING], "use NONE")?;
                condition.end()?;
            }
        }
        conditions.end()?;
    }
    if let Some(mut groups) = provisioning.take_object("groups")? {
        let action = groups.take_text("action")?;
        let assignments = take_groups(&mut groups, "assignments")?;
        policy.first_groups = match action.as_deref() {
            None | Some(NOTHING) if assignments.is_empty() => assignments,
            Some(ASSIGN) if !assignments.is_empty() => assignments,
            None | Some(NOTHING) => {
                return Err(groups.refusal("assignments", "they go with the action ASSIGN"));
            }
            Some(ASSIGN) => return Err(groups.refusal("assignments", "name at least one group")),
            Some(_) => return Err(groups.refusal("action", "use ASSIGN or NONE")),
        };
        groups.end()?;
    }
    provisioning.end()
}

fn parse_linking(mut linking: Fields, policy: &mut ArrivalPolicy) -> Result<(), ApiError> {
    policy.linking = take_action(&mut linking)?;
    if let Some(mut filter) = linking.take_object("filter")? {
        if let Some(mut groups) = filter.take_object("groups")? {
            policy.link_groups = take_groups(&mut groups, "include")?;
            groups.end()?;
        }
        filter.end()?;
    }
    linking.end()
}

fn parse_subject(mut subject: Fields) -> Result<MatchBy, ApiError> {
    if let Some(mut template) = subject.take_object("userNameTemplate")? {
        template.take_only("template", &[TEMPLATE], "use idpuser.email")?;
        template.end()?;
    }
    let match_by = match subject.take_text("matchType")? {
        None => MatchBy::default(),
        Some(word) => MatchBy::from_word(&word).ok_or_else(|| {
            subject.refusal("matchType", "use USERNAME, EMAIL or USERNAME_OR_EMAIL")
        })?,
    };
    subject.end()?;
    Ok(match_by)
}

fn take_groups(fields: &mut Fields, name: &str) -> Result<Vec<GroupId>, ApiError> {
    let named = fields.take_texts(name)?.unwrap_or_default();
    let group = |id: &String| {
        GroupId::parse(id).map_err(|_| fields.refusal(name, "this is no id of a group"))
    };
    named.iter().map(group).collect()
}

/// Reads whose document is asked for.
///
/// # Errors
/// [`ApiError`] naming the field.
pub(crate) fn parse_issuer(bytes: &[u8]) -> Result<String, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    let issuer = fields.take_object("issuer")?;
    let mut issuer = issuer.ok_or_else(|| fields.refusal("issuer", "it is required"))?;
    let url = issuer.take_text("url")?.unwrap_or_default();
    issuer.end()?;
    fields.end()?;
    Ok(url)
}

/// Reads what somebody is called at a provider.
///
/// # Errors
/// [`ApiError`] naming the field.
pub(crate) fn parse_link(bytes: &[u8]) -> Result<String, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    let subject = fields.take_text("externalId")?.unwrap_or_default();
    fields.end()?;
    Ok(subject)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::parse_provider;
    use identity::identity_provider::SecretPlace;
    use identity::identity_provider::arrival::{Automatic, MatchBy};
    use serde_json::{Value, json};

    pub(crate) fn body() -> Value {
        json!({
            "type": "OIDC", "name": "Partner", "status": "ACTIVE", "issuerMode": "DYNAMIC",
            "id": "x", "created": "x", "lastUpdated": "x", "_links": {},
            "protocol": {
                "type": "OIDC",
                "issuer": { "url": "https://idp.example" },
                "endpoints": {
                    "authorization": { "url": "https://idp.example/authorize", "binding": "HTTP-REDIRECT" },
                    "token": { "url": "https://idp.example/token", "binding": "HTTP-POST" },
                    "userInfo": { "url": "https://idp.example/userinfo", "binding": "HTTP-REDIRECT" },
                    "jwks": { "url": "https://idp.example/keys", "binding": "HTTP-REDIRECT" },
                },
                "scopes": ["openid", "email", "profile"],
                "settings": { "participateSlo": false },
                "credentials": { "client": {
                    "client_id": "us", "client_secret": "let me in", "pkce_required": "true",
                    "token_endpoint_auth_method": "client_secret_post",
                } },
            },
            "policy": {
                "accountLink": { "action": "AUTO", "filter": null },
                "provisioning": {
                    "action": "AUTO", "profileMaster": false, "groups": { "action": "NONE" },
                    "conditions": {
                        "deprovisioned": { "action": "NONE" }, "suspended": { "action": "NONE" },
                    },
                },
                "subject": {
                    "userNameTemplate": { "template": "idpuser.email" },
                    "matchType": "USERNAME_OR_EMAIL",
                },
                "maxClockSkew": 60_000, "trustClaims": false, "mapAMRClaims": false,
            },
        })
    }

    #[test]
    fn a_provider_is_read_as_clients_in_the_field_write_it() {
        let read = parse_provider(body().to_string().as_bytes(), None);
        let read = read.ok().unwrap();
        assert_eq!(
            (&*read.name, &*read.issuer),
            ("Partner", "https://idp.example")
        );
        assert_eq!(
            read.userinfo.as_deref(),
            Some("https://idp.example/userinfo")
        );
        assert_eq!(read.secret_place, SecretPlace::Post);
        assert_eq!(read.client_secret.unwrap().expose(), "let me in");
        assert_eq!(read.clock_skew_secs, 60);
        assert_eq!(read.policy.creation, Automatic::Auto);
        assert_eq!(read.policy.linking, Automatic::Auto);
        assert_eq!(read.policy.match_by, MatchBy::UsernameOrEmail);
        let mut silent = body();
        silent.as_object_mut().unwrap().remove("policy");
        let read = parse_provider(silent.to_string().as_bytes(), None)
            .ok()
            .unwrap();
        assert_eq!(read.policy.creation, Automatic::Disabled);
        assert_eq!(read.policy.linking, Automatic::Disabled);
    }

    #[test]
    fn what_means_nothing_here_is_refused() {
        for (place, value) in [
            ("/type", Value::Null),
            ("/type", json!("GOOGLE")),
            ("/type", json!("OTHER")),
            ("/status", json!("INACTIVE")),
            ("/issuerMode", json!("ORG_URL")),
            ("/name", json!(1)),
            ("/protocol", Value::Null),
            ("/protocol/type", json!("SAML2")),
            ("/protocol/issuer", Value::Null),
            ("/protocol/endpoints", Value::Null),
            ("/protocol/endpoints/token/binding", json!("HTTP-REDIRECT")),
            (
                "/protocol/endpoints/slo",
                json!({ "url": "https://idp.example/slo" }),
            ),
            ("/protocol/endpoints/acs", json!({ "type": "INSTANCE" })),
            ("/protocol/algorithms", json!({ "request": {} })),
            ("/protocol/settings/participateSlo", json!(true)),
            ("/protocol/settings/sendApplicationContext", json!(true)),
            ("/protocol/credentials", Value::Null),
            ("/protocol/credentials/signing", json!({})),
            ("/protocol/scopes", json!("openid")),
            ("/protocol/credentials/client/pkce_required", json!(false)),
            (
                "/protocol/credentials/client/token_endpoint_auth_method",
                json!("private_key_jwt"),
            ),
            ("/policy/maxClockSkew", json!(300_001)),
            ("/policy/maxClockSkew", json!(-1)),
            ("/policy/maxClockSkew", json!(1_500)),
            ("/policy/trustClaims", json!(true)),
            ("/policy/mapAMRClaims", json!(true)),
            ("/policy/accountLink/action", json!("MAYBE")),
            (
                "/policy/accountLink/filter",
                json!({ "users": { "exclude": ["x"] } }),
            ),
            (
                "/policy/accountLink/filter",
                json!({ "groups": { "include": ["x"] } }),
            ),
            ("/policy/provisioning/action", json!("CALLOUT")),
            ("/policy/provisioning/profileMaster", json!(true)),
            (
                "/policy/provisioning/conditions/suspended/action",
                json!("UNSUSPEND"),
            ),
            ("/policy/provisioning/groups", json!({ "action": "ASSIGN" })),
            ("/policy/provisioning/groups", json!({ "action": "SYNC" })),
            (
                "/policy/provisioning/groups",
                json!({ "action": "NONE", "filter": ["x"] }),
            ),
            (
                "/policy/provisioning/groups",
                json!({ "action": "NONE", "assignments": ["00g1a2b3c4d5e6f7g8h9"] }),
            ),
            ("/policy/subject/filter", json!("(\\S+@example\\.com)")),
            ("/policy/subject/matchType", json!("CUSTOM_ATTRIBUTE")),
            ("/policy/subject/matchAttribute", json!("login")),
            (
                "/policy/subject/userNameTemplate/template",
                json!("idpuser.login"),
            ),
        ] {
            let mut body = body();
            let (parent, name) = place.rsplit_once('/').unwrap();
            let parent = if parent.is_empty() {
                &mut body
            } else {
                body.pointer_mut(parent).unwrap()
            };
            parent[name] = value.clone();
            let read = parse_provider(body.to_string().as_bytes(), None);
            assert!(read.is_err(), "{place}: {value}");
        }
    }
}
