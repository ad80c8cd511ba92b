//! The scopes of a server: those that every server has, and its own.

use crate::authorization_servers::render::server_href;
use crate::authorization_servers::{load, refused};
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::reply::Reply;
use crate::shown::text;
use identity::server::change::{ServerChange, part_key};
use identity::server::parts::ServerParts;
use identity::server::{AuthorizationServer, ScopeConfig};
use serde_json::{Value, json};
use vocab::id::ScopeId;

/// What is shown of a scope, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 2] = ["id", "_links"];

/// A scope of a server.
enum Scope<'s> {
    /// Every server has it.
    Standard(ScopeId, &'static str),
    /// Its own.
    Own(&'s ScopeId, &'s ScopeConfig),
}

impl Scope<'_> {
    fn id(&self) -> &str {
        match self {
            Self::Standard(id, _) => id.as_str(),
            Self::Own(id, _) => id.as_str(),
        }
    }
}

fn scopes_of(server: &AuthorizationServer) -> Vec<Scope<'_>> {
    let standard = ServerParts::standard_scopes(&server.id);
    let standard = standard.map(|(id, name)| Scope::Standard(id, name));
    let own = server.parts.scopes.iter().zip(&server.config.scopes);
    let own = own.map(|(part, scope)| Scope::Own(&part.id, scope));
    own.chain(standard).collect()
}

fn find<'s>(call: &Call, server: &'s AuthorizationServer) -> Result<Scope<'s>, ApiError> {
    let named = call.parameter("scope");
    let mut scopes = scopes_of(server).into_iter();
    scopes
        .find(|scope| scope.id() == named)
        .ok_or_else(|| ApiError::not_found(Thing::Scope, named))
}

/// The scope of the path that can be changed.
fn find_own<'s>(call: &Call, server: &'s AuthorizationServer) -> Result<&'s ScopeConfig, ApiError> {
    match find(call, server)? {
        Scope::Own(_, scope) => Ok(scope),
        Scope::Standard(..) => Err(ApiError::invalid(
            "system",
            "every server has this scope, and it cannot be changed",
        )),
    }
}

/// `GET …/scopes`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let scopes: Vec<Value> = scopes_of(&server)
        .iter()
        .map(|scope| render_scope(&call, &server, scope))
        .collect();
    Ok(Reply::of(Value::from(scopes)))
}

/// `GET …/scopes/{scope}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let scope = find(&call, &server)?;
    Ok(Reply::of(render_scope(&call, &server, &scope)))
}

/// `POST …/scopes`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let scope = parse_scope(call.json()?)?;
    let shown = put(&call, &server, None, scope).await?;
    let id = shown["id"].as_str().unwrap_or_default();
    let href = format!("{}/scopes/{id}", server_href(&call, &server));
    Ok(Reply::created(shown).at(href))
}

/// `PUT …/scopes/{scope}`. Claims and rules that name the scope follow where it gets another name.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let key = part_key(find_own(&call, &server)?);
    let scope = parse_scope(call.json()?)?;
    put(&call, &server, Some(key), scope).await.map(Reply::of)
}

/// `DELETE …/scopes/{scope}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a scope that a claim or rule names.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let change = ServerChange::RemoveScope(part_key(find_own(&call, &server)?));
    let removed = call.cell.change_server(&call.permit, &server.id, change);
    removed.await.map_err(refused)?;
    Ok(Reply::empty())
}

async fn put(
    call: &Call,
    server: &AuthorizationServer,
    key: Option<String>,
    scope: ScopeConfig,
) -> Result<Value, ApiError> {
    let name = scope.name.clone();
    let change = ServerChange::PutScope(key, scope);
    let changed = call.cell.change_server(&call.permit, &server.id, change);
    changed.await.map_err(refused)?;
    let server = load(call).await?;
    let mut scopes = scopes_of(&server).into_iter();
    let scope = scopes.find(|scope| matches!(scope, Scope::Own(_, own) if own.name == name));
    scope
        .map(|scope| render_scope(call, &server, &scope))
        .ok_or_else(|| ApiError::not_found(Thing::Scope, &name))
}

fn parse_scope(bytes: &[u8]) -> Result<ScopeConfig, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let name = fields.take_text("name")?.unwrap_or_default();
    let description = fields.take_text("description")?.unwrap_or_default();
    let told = "people are asked by the description";
    fields.take_only("displayName", &[&description], told)?;
    let default = fields.take_flag("default")?.unwrap_or(false);
    let consent_required = match fields.take_text("consent")?.as_deref() {
        None | Some("IMPLICIT") => false,
        Some("REQUIRED") => true,
        Some(_) => return Err(fields.refusal("consent", "use IMPLICIT or REQUIRED")),
    };
    let unlisted = match fields.take_text("metadataPublish")?.as_deref() {
        None | Some("NO_CLIENTS") => true,
        Some("ALL_CLIENTS") => false,
        Some(_) => {
            let problem = "use ALL_CLIENTS or NO_CLIENTS";
            return Err(fields.refusal("metadataPublish", problem));
        }
    };
    for (field, problem) in [
        (
            "optional",
            "a person gives all that is asked for, or nothing",
        ),
        ("system", "what every server has cannot be added"),
    ] {
        if fields.take_flag(field)? == Some(true) {
            return Err(fields.refusal(field, problem));
        }
    }
    fields.end()?;
    Ok(ScopeConfig {
        name,
        description,
        default,
        consent_required,
        unlisted,
    })
}

fn render_scope(call: &Call, server: &AuthorizationServer, scope: &Scope<'_>) -> Value {
    let id = scope.id();
    let href = format!("{}/scopes/{id}", server_href(call, server));
    let standard;
    let (config, is_standard) = match scope {
        Scope::Own(_, own) => (*own, false),
        Scope::Standard(_, name) => {
            standard = ScopeConfig {
                name: (*name).to_owned(),
                ..ScopeConfig::default()
            };
            (&standard, true)
        }
    };
    let allowed: &[&str] = if is_standard {
        &["GET"]
    } else {
        &["GET", "PUT", "DELETE"]
    };
    json!({
        "id": id,
        "name": config.name,
        "description": text(&config.description),
        "system": is_standard,
        "default": config.default,
        "optional": false,
        "consent": if config.consent_required { "REQUIRED" } else { "IMPLICIT" },
        "metadataPublish": if config.unlisted { "NO_CLIENTS" } else { "ALL_CLIENTS" },
        "_links": { "self": { "href": href, "hints": { "allow": allowed } } },
    })
}

#[cfg(test)]
mod tests {
    use super::parse_scope;
    use identity::server::ScopeConfig;
    use serde_json::json;

    #[test]
    fn a_scope_is_read_as_it_is_shown() {
        let full = json!({
            "id": "scp", "name": "orders:read", "description": "See orders", "displayName": "See orders",
            "default": true, "consent": "REQUIRED", "metadataPublish": "ALL_CLIENTS",
            "optional": false, "system": false, "_links": {},
        });
        let expected = ScopeConfig {
            name: "orders:read".into(),
            description: "See orders".into(),
            default: true,
            consent_required: true,
            unlisted: false,
        };
        assert_eq!(parse_scope(full.to_string().as_bytes()).unwrap(), expected);
        let small = parse_scope(br#"{"name":"orders:read"}"#).unwrap();
        let expected = ScopeConfig {
            name: "orders:read".into(),
            unlisted: true,
            ..ScopeConfig::default()
        };
        assert_eq!(small, expected);
    }

    #[test]
    fn what_means_nothing_here_is_refused() {
        for (field, value) in [
            ("displayName", json!("Orders")),
            ("optional", json!(true)),
            ("system", json!(true)),
            ("consent", json!("FLEXIBLE")),
            ("metadataPublish", json!("SOME")),
            ("default", json!("yes")),
            ("other", json!(1)),
        ] {
            let body = json!({ "name": "a", field: value }).to_string();
            assert!(parse_scope(body.as_bytes()).is_err(), "{body}");
        }
    }
}
