//! Tokens of this API: looked at, made and revoked. What a token is, is shown once, when it is made.

pub(crate) mod described;

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::limits::API_TOKENS_PAGE;
use crate::reply::Reply;
use crate::whole_list::page_of;
use identity::api_token::{ApiToken, TOKENS_MAX, is_live, store};
use identity::fault::{Fault, Refusal};
use serde_json::{Value, json};
use vocab::id::ApiTokenId;

/// After how long without use each token ends, as a duration (ISO 8601).
pub(crate) const WINDOW: &str = "P30D";
/// What is shown of a token and follows from it.
pub(crate) const READ_ONLY: [&str; 8] = [
    "id",
    "userId",
    "clientName",
    "created",
    "lastUpdated",
    "expiresAt",
    "_link",
    "_links",
];

/// `GET /api/v1/api-tokens`: those that have neither ended nor been revoked, the newest first.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let wanted = call.query.get("q").map(str::to_lowercase);
    let limit = i64::try_from(TOKENS_MAX).unwrap_or(i64::MAX);
    let mut tokens = {
        let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
        let tokens = store::load_live(&mut tx, &call.context.org, call.now(), limit).await;
        tokens.map_err(Fault::from)?
    };
    tokens.retain(|token| {
        wanted
            .as_ref()
            .is_none_or(|wanted| token.name.to_lowercase().contains(wanted))
    });
    let (tokens, next) = page_of(&call, tokens, API_TOKENS_PAGE, |token| token.id.as_str())?;
    let tokens: Vec<Value> = tokens.iter().map(|token| render(&call, token)).collect();
    Ok(call.paged(Reply::of(Value::from(tokens)), next.as_ref()))
}

/// `GET /api/v1/api-tokens/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let token = load(&call).await?;
    Ok(Reply::of(render(&call, &token)))
}

/// `POST /api/v1/api-tokens`: it acts as the person of the token that makes it, and can do no more than that one.
///
/// # Errors
/// [`ApiError`] as every operation, above all for an app, which has no person.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let mut fields = Fields::parse(call.json()?)?;
    fields.ignore_read_only(&READ_ONLY);
    let name = fields.take_text("name")?.unwrap_or_default();
    let problem = "each token ends when it was not used for 30 days";
    fields.take_only("tokenWindow", &[WINDOW], problem)?;
    if let Some(mut network) = fields.take_object("network")? {
        let problem = "a token is good from everywhere; block zones instead";
        network.take_only("connection", &["ANYWHERE"], problem)?;
        network.end()?;
    }
    fields.end()?;
    let made = match call.cell.create_api_token(&call.permit, &name).await {
        Err(Refusal::Forbidden) => {
            let cause = "a token acts as a person; an app that acts for itself is none";
            return Err(ApiError::because(ErrorCode::Forbidden, cause));
        }
        other => other?,
    };
    let mut shown = render(&call, &made.token);
    if let Some(fields) = shown.as_object_mut() {
        let text = Value::from(made.text.expose().as_str());
        fields.insert(String::from("token"), text);
    }
    Ok(Reply::of(shown))
}

/// `DELETE /api/v1/api-tokens/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn revoke(call: Call) -> Result<Reply, ApiError> {
    let token = load(&call).await?;
    call.cell.revoke_api_token(&call.permit, &token.id).await?;
    Ok(Reply::empty())
}

/// `DELETE /api/v1/api-tokens/current`: the token with which this is asked for, whatever else it may do.
///
/// # Errors
/// [`ApiError`] as every operation; an app's access token ends by itself.
pub async fn revoke_current(call: Call) -> Result<Reply, ApiError> {
    match call
        .cell
        .revoke_calling_token(call.caller(), &call.permit)
        .await
    {
        Err(Refusal::NotFound) => Err(ApiError::not_found(Thing::ApiToken, "current")),
        other => Ok(other.map(|()| Reply::empty())?),
    }
}

/// The token that the path names, if it is still good.
async fn load(call: &Call) -> Result<ApiToken, ApiError> {
    let named = call.parameter("id");
    let missing = || ApiError::not_found(Thing::ApiToken, named);
    let id = ApiTokenId::parse(named).map_err(|_| missing())?;
    let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
    let token = store::load(&mut tx, &call.context.org, &id).await;
    let token = token.map_err(Fault::from)?;
    let now = call.now();
    token
        .filter(|token| is_live(token, now))
        .ok_or_else(missing)
}

fn render(call: &Call, token: &ApiToken) -> Value {
    let href = call.href(&format!("/api/v1/api-tokens/{}", token.id));
    let touched = token.last_used_at.unwrap_or(token.created_at);
    json!({
        "id": token.id.as_str(),
        "name": token.name,
        "userId": token.user_id.as_str(),
        "tokenWindow": WINDOW,
        "network": { "connection": "ANYWHERE" },
        "created": token.created_at.to_rfc3339_millis(),
        "lastUpdated": touched.to_rfc3339_millis(),
        "expiresAt": token.expires_at.to_rfc3339_millis(),
        "_links": { "self": { "href": href, "hints": { "allow": ["GET", "DELETE"] } } },
    })
}
