//! What a hook is told of the tokens that it is asked about, as services in the field read it. Codes, secrets and the tokens
//! themselves are not told.

use crate::token::TokenCall;
use crate::token::issue::{Drafts, Order, Subject};
use identity::app::settings::{ClientAuthentication, GrantKind};
use identity::person::Person;
use identity::server::parts::ServerParts;
use serde_json::{Map, Value, json};
use vocab::id::{PolicyId, RuleId};

/// A question about tokens.
pub struct Question<'a> {
    /// The request for them.
    pub call: TokenCall<'a>,
    /// By which grant.
    pub grant: GrantKind,
    /// Whose rule permits them.
    pub policy: &'a PolicyId,
    /// The rule.
    pub rule: &'a RuleId,
    /// The tokens.
    pub drafts: &'a Drafts<'a>,
    /// What was ordered.
    pub order: &'a Order<'a>,
}

/// The word for a grant.
const fn grant_word(grant: GrantKind) -> &'static str {
    match grant {
        GrantKind::AuthorizationCode => "authorization_code",
        GrantKind::ClientCredentials => "client_credentials",
        GrantKind::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        GrantKind::RefreshToken => "refresh_token",
    }
}

/// The data of a question; `url` is the address of the request.
///
/// # Errors
/// If claims cannot be JSON.
pub fn render_data(question: &Question<'_>, url: &str) -> Result<Value, serde_json::Error> {
    let (drafts, order) = (question.drafts, question.order);
    let mut access = render_token(
        serde_json::to_value(drafts.access.claims())?,
        drafts.access.lifetime_secs(),
    );
    access["scopes"] = render_scopes(question);
    let mut data = json!({
        "context": render_context(question, url),
        "access": access,
    });
    if let Some(id) = &drafts.id {
        data["identity"] = render_token(serde_json::to_value(id.claims())?, id.lifetime_secs());
    }
    if let Some(family) = order.family {
        data["refresh_token"] = json!({ "jti": family.as_str() });
    }
    Ok(data)
}

fn render_token(claims: Value, lifetime_secs: i64) -> Value {
    json!({
        "claims": claims,
        "token": { "lifetime": { "expiration": lifetime_secs } },
    })
}

fn render_context(question: &Question<'_>, url: &str) -> Value {
    let (call, order) = (question.call, question.order);
    let (app, client) = (call.client.app(), &call.exchange.facts.client);
    let kind = match app.settings.client_authentication {
        ClientAuthentication::None => "PUBLIC",
        _ => "CONFIDENTIAL",
    };
    let mut request = json!({
        "scope": order.scopes.render(),
        "client_id": app.id.as_str(),
        "grant_type": grant_word(question.grant),
    });
    let mut context = json!({
        "request": {
            "id": client.request_id,
            "method": "POST",
            "url": { "value": url },
            "ipAddress": client.ip,
        },
        "policy": { "id": question.policy.as_str(), "rule": { "id": question.rule.as_str() } },
    });
    if let Subject::Person(subject) = order.subject {
        if let Some(uri) = &subject.grant.redirect_uri {
            request["redirect_uri"] = json!(uri);
        }
        let person = subject.person;
        context["user"] = render_user(question, person);
        context["session"] = json!({
            "id": subject.session.as_str(),
            "userId": person.id.as_str(),
            "login": person.login,
        });
    }
    context["protocol"] = json!({
        "type": "OAUTH2.0",
        "request": request,
        "issuer": { "uri": call.issuer.url },
        "client": { "id": app.id.as_str(), "name": app.label, "type": kind },
    });
    context
}

fn render_user(question: &Question<'_>, person: &Person) -> Value {
    let base = &question.call.exchange.context.base_url;
    let href = format!("{base}/api/v1/users/{}", person.id);
    let mut profile = Map::new();
    let known = [
        ("login", &person.login),
        ("firstName", &person.first_name),
        ("lastName", &person.last_name),
    ];
    for (name, value) in known {
        profile.insert(name.to_owned(), json!(value));
    }
    for (name, attribute) in [("locale", "locale"), ("timeZone", "zoneinfo")] {
        if let Some(value) = person.profile.get(attribute) {
            profile.insert(name.to_owned(), value.clone());
        }
    }
    json!({
        "id": person.id.as_str(),
        "profile": profile,
        "_links": {
            "groups": { "href": format!("{href}/groups") },
            "factors": { "href": format!("{href}/factors") },
        },
    })
}

fn render_scopes(question: &Question<'_>) -> Value {
    let Some(server) = question.call.issuer.custom() else {
        return json!({});
    };
    let standard: Vec<_> = ServerParts::standard_scopes(&server.id).collect();
    let id_of = |name: &str| {
        let mut own = server.parts.scopes.iter();
        let own = own.find(|scope| scope.name == name).map(|scope| &scope.id);
        let found = || standard.iter().find(|(_, known)| *known == name);
        own.or_else(|| found().map(|(id, _)| id))
            .map(ToString::to_string)
    };
    let scopes = question.order.scopes.iter().map(|name| {
        let scope = json!({ "id": id_of(name), "action": "GRANT" });
        (name.to_owned(), scope)
    });
    Value::Object(scopes.collect())
}
