//! Custom authorization servers: listed, added, shown, changed, switched and removed. What they are made of has files of
//! its own.

pub mod claims;
pub mod clients;
pub(crate) mod described;
pub mod keys;
pub mod policies;
pub mod render;
pub mod rules;
pub mod scopes;

use crate::authorization_servers::render::{issuer_url, render_server};
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::SERVERS_PAGE;
use crate::reply::Reply;
use crate::shown::{SWITCH, status_of};
use crate::whole_list::page_of;
use identity::fault::{Fault, Refusal};
use identity::server::change::{ServerChange, ServerSettings};
use identity::server::{
    AccessTokenAlgorithm, AuthorizationServer, DEFAULT_SERVER_NAME, ServerConfig, store,
};
use serde_json::Value;
use vocab::id::ServerId;

/// How the issuer is written: by the host at which the server is asked.
pub(crate) const ISSUER_MODE: &str = "DYNAMIC";
/// Signing keys follow their schedule.
pub(crate) const ROTATION: &str = "AUTO";
/// What a signing key is for.
pub(crate) const KEY_USE: &str = "sig";

/// What is shown of a server, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 5] = ["id", "created", "lastUpdated", "default", "_links"];

/// What a body says of a server.
#[derive(Debug, PartialEq, Eq)]
struct ServerInput {
    name: String,
    description: String,
    audience: String,
}

/// `GET /api/v1/authorizationServers`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let wanted = call.query.get("q").map(str::to_lowercase);
    let is_wanted = |server: &AuthorizationServer| {
        let texts = [&server.name, &server.config.audience];
        wanted.as_ref().is_none_or(|wanted| {
            texts
                .iter()
                .any(|text| text.to_lowercase().contains(wanted))
        })
    };
    let mut servers = load_all(&call).await?;
    servers.retain(is_wanted);
    let (servers, next) = page_of(&call, servers, SERVERS_PAGE, |server| server.id.as_str())?;
    let keys = call.cell.signing_keys.list(&call.context.org);
    let keys = keys.await.map_err(Fault::from)?;
    let servers: Vec<Value> = servers
        .iter()
        .map(|server| render_server(&call, server, &keys))
        .collect();
    Ok(call.paged(Reply::of(Value::from(servers)), next.as_ref()))
}

async fn load_all(call: &Call) -> Result<Vec<AuthorizationServer>, ApiError> {
    Ok(call.cell.list_servers(&call.reader()?).await?)
}

/// The server that the path names: by id, or the preset one as `default`.
///
/// # Errors
/// [`ApiError`] if this org has none such.
pub(crate) async fn load(call: &Call) -> Result<AuthorizationServer, ApiError> {
    let named = call.parameter("id");
    let missing = || ApiError::not_found(Thing::AuthorizationServer, named);
    if named == DEFAULT_SERVER_NAME {
        let mut servers = load_all(call).await?.into_iter();
        let preset = servers.find(|server| server.name == DEFAULT_SERVER_NAME);
        return preset.ok_or_else(missing);
    }
    let id = ServerId::parse(named).map_err(|_| missing())?;
    if call.permit.custom_caller().is_some() {
        let mut servers = load_all(call).await?.into_iter();
        return servers.find(|server| server.id == id).ok_or_else(missing);
    }
    let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
    let server = store::load(&mut tx, &call.context.org, &id).await?;
    server.ok_or_else(missing)
}

/// The reasons of the domain in the words of the wire.
pub(crate) fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Invalid {
            field: "audience",
            problem,
        } => ApiError::invalid("audiences", &problem.to_string()),
        Refusal::WrongState(why) => ApiError::invalid("status", why),
        other => other.into(),
    }
}

/// `GET /api/v1/authorizationServers/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    shown(&call, &server).await.map(Reply::of)
}

async fn shown(call: &Call, server: &AuthorizationServer) -> Result<Value, ApiError> {
    let keys = call.cell.signing_keys.list(&call.context.org);
    let keys = keys.await.map_err(Fault::from)?;
    Ok(render_server(call, server, &keys))
}

/// `POST /api/v1/authorizationServers`. As elsewhere, a server without policies issues nothing; and it signs as the
/// verifiers in the field expect it.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let input = parse_server(call.json()?, None)?;
    let config = ServerConfig {
        audience: input.audience,
        description: input.description,
        rules: Vec::new(),
        access_token_algorithm: AccessTokenAlgorithm::RS256,
        ..ServerConfig::default()
    };
    let made = call.cell.create_server(&call.permit, &input.name, config);
    let server = made.await.map_err(refused)?;
    let href = call.href(&format!("/api/v1/authorizationServers/{}", server.id));
    Ok(Reply::created(shown(&call, &server).await?).at(href))
}

/// `PUT /api/v1/authorizationServers/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let known = Present {
        status: status_of(server.active),
        issuer: &issuer_url(&call, &server),
    };
    let input = parse_server(call.json()?, Some(known))?;
    let settings = ServerSettings {
        name: input.name,
        audience: input.audience,
        description: input.description,
        access_token_form: server.config.access_token_form,
        access_token_algorithm: server.config.access_token_algorithm,
    };
    let change = ServerChange::Set(settings);
    let changed = call.cell.change_server(&call.permit, &server.id, change);
    changed.await.map_err(refused)?;
    let server = load(&call).await?;
    shown(&call, &server).await.map(Reply::of)
}

/// `DELETE /api/v1/authorizationServers/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a server that is in use or preset.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let deleted = call.cell.delete_server(&call.permit, &server.id);
    deleted.await.map_err(refused)?;
    Ok(Reply::empty())
}

/// `POST …/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    call.cell.activate_server(&call.permit, &server.id).await?;
    Ok(Reply::empty())
}

/// `POST …/lifecycle/deactivate`: from now on it issues no token, and its discovery document and keys are not found.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let done = call.cell.deactivate_server(&call.permit, &server.id);
    done.await?;
    Ok(Reply::empty())
}

/// What a body may only repeat.
#[derive(Debug, Clone, Copy)]
struct Present<'p> {
    status: &'p str,
    issuer: &'p str,
}

fn parse_server(bytes: &[u8], present: Option<Present<'_>>) -> Result<ServerInput, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let (status, issuer) = present.map_or(("ACTIVE", ""), |known| (known.status, known.issuer));
    fields.take_only("status", &[status], SWITCH)?;
    let mode = "an issuer is named by the host at which it is asked: DYNAMIC";
    fields.take_only("issuerMode", &[ISSUER_MODE], mode)?;
    fields.take_only("issuer", &[issuer], "it follows from the id")?;
    if let Some(credentials) = fields.take_object("credentials")? {
        parse_credentials(credentials)?;
    }
    let name = fields.take_text("name")?.unwrap_or_default();
    let description = fields.take_text("description")?.unwrap_or_default();
    let audiences = fields.take_texts("audiences")?.unwrap_or_default();
    let [audience] = audiences.as_slice() else {
        return Err(fields.refusal("audiences", "name exactly one"));
    };
    let audience = audience.clone();
    fields.end()?;
    Ok(ServerInput {
        name,
        description,
        audience,
    })
}

fn parse_credentials(mut credentials: Fields) -> Result<(), ApiError> {
    if let Some(mut signing) = credentials.take_object("signing")? {
        signing.ignore_read_only(&["kid", "lastRotated", "nextRotation"]);
        let problem = "keys follow their schedule, and can be rotated at any time: AUTO";
        signing.take_only("rotationMode", &[ROTATION], problem)?;
        signing.take_only("use", &[KEY_USE], "keys are for signatures: sig")?;
        signing.end()?;
    }
    credentials.end()
}

#[cfg(test)]
mod tests {
    use super::{Present, parse_server};
    use serde_json::{Value, json};

    fn with(fields: &Value) -> Value {
        let mut body = json!({ "name": "Orders", "audiences": ["api://orders"] });
        let (Some(body_fields), Some(fields)) = (body.as_object_mut(), fields.as_object()) else {
            panic!("no objects")
        };
        body_fields.extend(fields.clone());
        body
    }

    #[test]
    fn what_was_shown_may_be_sent_back_and_nothing_else_is_ignored() {
        let present = || {
            Some(Present {
                status: "INACTIVE",
                issuer: "https://id.example/oauth2/aus1",
            })
        };
        let signing =
            |field: &str, word: &str| json!({ "credentials": { "signing": { field: word } } });
        for (fields, is_good) in [
            (json!({}), true),
            (
                json!({ "description": "x", "id": "aus", "_links": {} }),
                true,
            ),
            (
                json!({ "status": "INACTIVE", "issuerMode": "DYNAMIC" }),
                true,
            ),
            (json!({ "issuer": "https://id.example/oauth2/aus1" }), true),
            (signing("rotationMode", "AUTO"), true),
            (signing("kid", "k1"), true),
            (signing("rotationMode", "MANUAL"), false),
            (signing("alg", "RS256"), false),
            (json!({ "status": "ACTIVE" }), false),
            (json!({ "issuer": "https://other.example" }), false),
            (json!({ "issuerMode": "CUSTOM_URL" }), false),
            (json!({ "jwks_uri": "https://api.example/keys" }), false),
            (json!({ "audiences": [] }), false),
            (json!({ "audiences": ["a", "b"] }), false),
            (json!({ "audiences": "a" }), false),
            (json!({ "name": 1 }), false),
        ] {
            let body = with(&fields).to_string();
            let parsed = parse_server(body.as_bytes(), present());
            assert_eq!(parsed.is_ok(), is_good, "{fields}");
        }
        let new = parse_server(
            with(&json!({ "status": "ACTIVE" })).to_string().as_bytes(),
            None,
        );
        assert_eq!(new.unwrap().audience, "api://orders");
    }
}
