//! The claims that a server adds to its tokens.

use crate::authorization_servers::render::server_href;
use crate::authorization_servers::{load, refused};
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::reply::Reply;
use identity::server::change::{ServerChange, part_key};
use identity::server::{AuthorizationServer, ClaimConfig, ClaimToken, ClaimValue};
use serde_json::{Value, json};
use vocab::id::ClaimId;

/// What is shown of a claim, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 2] = ["id", "_links"];
/// What an expression about the person begins with.
const PERSON: &str = "user.";
/// Attributes that are called otherwise on the wire: there, and here.
const ATTRIBUTES: [(&str, &str); 3] = [
    ("firstName", "first_name"),
    ("lastName", "last_name"),
    ("displayName", "display_name"),
];
/// The pattern that every name of a group fits.
const ANY_GROUP: &str = ".*";

fn claims_of(server: &AuthorizationServer) -> impl Iterator<Item = (&ClaimId, &ClaimConfig)> {
    let claims = server.parts.claims.iter().zip(&server.config.claims);
    claims.map(|(part, claim)| (&part.id, claim))
}

fn find<'s>(
    call: &Call,
    server: &'s AuthorizationServer,
) -> Result<(&'s ClaimId, &'s ClaimConfig), ApiError> {
    let named = call.parameter("claim");
    claims_of(server)
        .find(|(id, _)| id.as_str() == named)
        .ok_or_else(|| ApiError::not_found(Thing::Claim, named))
}

/// `GET …/claims`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let claims: Vec<Value> = claims_of(&server)
        .map(|(id, claim)| render_claim(&call, &server, id, claim))
        .collect();
    Ok(Reply::of(Value::from(claims)))
}

/// `GET …/claims/{claim}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let (id, claim) = find(&call, &server)?;
    Ok(Reply::of(render_claim(&call, &server, id, claim)))
}

/// `POST …/claims`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let claim = parse_claim(call.json()?)?;
    let shown = put(&call, &server, None, claim).await?;
    let id = shown["id"].as_str().unwrap_or_default();
    let href = format!("{}/claims/{id}", server_href(&call, &server));
    Ok(Reply::created(shown).at(href))
}

/// `PUT …/claims/{claim}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let key = part_key(find(&call, &server)?.1);
    let claim = parse_claim(call.json()?)?;
    put(&call, &server, Some(key), claim).await.map(Reply::of)
}

/// `DELETE …/claims/{claim}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let change = ServerChange::RemoveClaim(part_key(find(&call, &server)?.1));
    let removed = call.cell.change_server(&call.permit, &server.id, change);
    removed.await.map_err(refused)?;
    Ok(Reply::empty())
}

async fn put(
    call: &Call,
    server: &AuthorizationServer,
    key: Option<String>,
    claim: ClaimConfig,
) -> Result<Value, ApiError> {
    let change = ServerChange::PutClaim(key, claim.clone());
    let changed = call.cell.change_server(&call.permit, &server.id, change);
    changed.await.map_err(refused)?;
    let server = load(call).await?;
    let is_it = |known: &ClaimConfig| known.name == claim.name && known.token == claim.token;
    let mut claims = claims_of(&server);
    claims
        .find(|(_, known)| is_it(known))
        .map(|(id, known)| render_claim(call, &server, id, known))
        .ok_or_else(|| ApiError::not_found(Thing::Claim, &claim.name))
}

fn parse_claim(bytes: &[u8]) -> Result<ClaimConfig, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let name = fields.take_text("name")?.unwrap_or_default();
    let token = match fields.take_text("claimType")?.as_deref() {
        Some("RESOURCE") => ClaimToken::AccessToken,
        Some("IDENTITY") => ClaimToken::IdToken,
        _ => return Err(fields.refusal("claimType", "use RESOURCE or IDENTITY")),
    };
    let always = "a claim is in every token of its kind for which it has a value";
    fields.take_only(
        "status",
        &["ACTIVE"],
        "remove a claim that is not to be given",
    )?;
    if fields.take_flag("alwaysIncludeInToken")? == Some(false) {
        return Err(fields.refusal("alwaysIncludeInToken", always));
    }
    if fields.take_flag("system")? == Some(true) {
        return Err(fields.refusal("system", "what the protocol sets cannot be added"));
    }
    let value = parse_value(&mut fields)?;
    let scopes = match fields.take_object("conditions")? {
        None => Vec::new(),
        Some(mut conditions) => {
            let scopes = conditions.take_texts("scopes")?;
            conditions.end()?;
            scopes.unwrap_or_default()
        }
    };
    fields.end()?;
    Ok(ClaimConfig {
        name,
        token,
        value,
        scopes,
    })
}

fn parse_value(fields: &mut Fields) -> Result<ClaimValue, ApiError> {
    let value = fields.take_text("value")?.unwrap_or_default();
    let filter = fields.take_text("group_filter_type")?;
    match (fields.take_text("valueType")?.as_deref(), filter.as_deref()) {
        (Some("EXPRESSION"), None) => parse_expression(&value).ok_or_else(|| {
            let problem =
                "use an attribute of the person, as in user.email, or a text in quotation marks";
            fields.refusal("value", problem)
        }),
        (Some("EXPRESSION"), Some(_)) => {
            let problem = "it is for the valueType GROUPS";
            Err(fields.refusal("group_filter_type", problem))
        }
        (Some("GROUPS"), Some("STARTS_WITH")) if !value.is_empty() => {
            Ok(ClaimValue::GroupsStartingWith(value))
        }
        (Some("GROUPS"), Some("REGEX")) if value == ANY_GROUP => {
            Ok(ClaimValue::GroupsStartingWith(String::new()))
        }
        (Some("GROUPS"), _) => {
            let problem = "use STARTS_WITH and a beginning, or REGEX and .* for all groups";
            Err(fields.refusal("group_filter_type", problem))
        }
        _ => Err(fields.refusal("valueType", "use EXPRESSION or GROUPS")),
    }
}

/// What an expression means here: an attribute, or a text.
fn parse_expression(text: &str) -> Option<ClaimValue> {
    let text = text.trim();
    if text.starts_with('"') {
        return serde_json::from_str(text).ok().map(ClaimValue::Constant);
    }
    let name = text.strip_prefix(PERSON)?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || !name.bytes().all(is_name) {
        return None;
    }
    let known = ATTRIBUTES.iter().find(|(wire, _)| *wire == name);
    let name = known.map_or(name, |(_, own)| own);
    Some(ClaimValue::Attribute(name.to_owned()))
}

fn render_value(value: &ClaimValue) -> (&'static str, String, Option<&'static str>) {
    match value {
        ClaimValue::Constant(text) => ("EXPRESSION", Value::from(text.as_str()).to_string(), None),
        ClaimValue::Attribute(name) => {
            let known = ATTRIBUTES.iter().find(|(_, own)| own == name);
            let name = known.map_or(name.as_str(), |(wire, _)| wire);
            ("EXPRESSION", format!("{PERSON}{name}"), None)
        }
        ClaimValue::GroupsStartingWith(prefix) if prefix.is_empty() => {
            ("GROUPS", ANY_GROUP.to_owned(), Some("REGEX"))
        }
        ClaimValue::GroupsStartingWith(prefix) => ("GROUPS", prefix.clone(), Some("STARTS_WITH")),
    }
}

fn render_claim(
    call: &Call,
    server: &AuthorizationServer,
    id: &ClaimId,
    claim: &ClaimConfig,
) -> Value {
    let href = format!("{}/claims/{id}", server_href(call, server));
    let (value_type, value, filter) = render_value(&claim.value);
    let claim_type = match claim.token {
        ClaimToken::AccessToken => "RESOURCE",
        ClaimToken::IdToken => "IDENTITY",
    };
    json!({
        "id": id.as_str(),
        "name": claim.name,
        "status": "ACTIVE",
        "claimType": claim_type,
        "valueType": value_type,
        "value": value,
        "group_filter_type": filter,
        "conditions": { "scopes": claim.scopes },
        "alwaysIncludeInToken": true,
        "system": false,
        "_links": { "self": { "href": href, "hints": { "allow": ["GET", "PUT", "DELETE"] } } },
    })
}

#[cfg(test)]
mod tests {
    use super::{parse_claim, parse_expression, render_value};
    use identity::server::{ClaimConfig, ClaimToken, ClaimValue};
    use serde_json::{Value, json};

    fn parse(body: &Value) -> Result<ClaimConfig, String> {
        parse_claim(body.to_string().as_bytes())
            .map_err(|error| error.render("")["errorSummary"].to_string())
    }

    #[test]
    fn values_are_read_as_they_are_shown() {
        for value in [
            ClaimValue::Constant("a \"b\" \\ \u{fc}".into()),
            ClaimValue::Constant(String::new()),
            ClaimValue::Attribute("email".into()),
            ClaimValue::Attribute("first_name".into()),
            ClaimValue::Attribute("costCenter".into()),
            ClaimValue::GroupsStartingWith(String::new()),
            ClaimValue::GroupsStartingWith("Team ".into()),
        ] {
            let (value_type, text, filter) = render_value(&value);
            let body = json!({
                "name": "a", "claimType": "RESOURCE", "valueType": value_type, "value": text,
                "group_filter_type": filter,
            });
            assert_eq!(parse(&body).unwrap().value, value);
        }
    }

    #[test]
    fn expressions_are_attributes_and_texts_alone() {
        for bad in [
            "",
            "user.",
            "user.a.b",
            "user.isMemberOf({'group.id': {'00g'}})",
            "appuser.email",
            "String.toUpperCase(user.login)",
            "user.firstName + user.lastName",
            "\"open",
            "\"a\" + \"b\"",
            "'a'",
            "email",
        ] {
            assert_eq!(parse_expression(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_means_nothing_here_is_refused_by_its_name() {
        let good = json!({
            "id": "ocl", "name": "team", "claimType": "IDENTITY", "valueType": "EXPRESSION", "value": "user.team",
            "conditions": { "scopes": ["profile"] }, "status": "ACTIVE", "alwaysIncludeInToken": true,
            "system": false, "_links": {},
        });
        let claim = parse(&good).unwrap();
        assert_eq!(
            (claim.token, claim.scopes),
            (ClaimToken::IdToken, vec!["profile".to_owned()])
        );
        for (field, value) in [
            ("claimType", json!(null)),
            ("claimType", json!("OTHER")),
            ("valueType", json!("SYSTEM")),
            ("value", json!("user.a + user.b")),
            ("group_filter_type", json!("STARTS_WITH")),
            ("status", json!("INACTIVE")),
            ("alwaysIncludeInToken", json!(false)),
            ("system", json!(true)),
            ("conditions", json!("profile")),
            ("other", json!(1)),
        ] {
            let mut body = good.clone();
            body[field] = value;
            let refused = parse(&body).unwrap_err();
            assert!(refused.contains(field), "{field}: {refused}");
        }
        for (filter, value) in [
            ("CONTAINS", "a"),
            ("EQUALS", "a"),
            ("REGEX", "a.*"),
            ("STARTS_WITH", ""),
        ] {
            let mut body = good.clone();
            body["valueType"] = json!("GROUPS");
            body["group_filter_type"] = json!(filter);
            body["value"] = json!(value);
            assert!(parse(&body).is_err(), "{filter}");
        }
    }
}
