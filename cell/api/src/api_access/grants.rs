//! Scopes of this API that an app was granted.

use crate::api_access::app_of;
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::reply::Reply;
use identity::access::scope::ApiScope;
use identity::app::App;
use identity::app::api_access::ApiGrant;
use identity::fault::Refusal;
use serde_json::{Value, json};
use vocab::id::ApiGrantId;

/// What is shown of a grant, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 9] = [
    "id",
    "clientId",
    "created",
    "createdBy",
    "lastUpdated",
    "source",
    "status",
    "_links",
    "_embedded",
];

/// `GET /api/v1/apps/{id}/grants`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let app = app_of(&call).await?;
    let grants = call.cell.list_api_grants(&call.permit, &app.id).await?;
    let grants: Vec<Value> = grants
        .iter()
        .map(|grant| render(&call, &app, grant))
        .collect();
    Ok(Reply::of(Value::from(grants)))
}

/// `GET /api/v1/apps/{id}/grants/{grant}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let app = app_of(&call).await?;
    let grants = call.cell.list_api_grants(&call.permit, &app.id).await?;
    let named = call.parameter("grant");
    let found = grants.iter().find(|grant| grant.id.as_str() == named);
    let found = found.ok_or_else(|| ApiError::not_found(Thing::Grant, named))?;
    Ok(Reply::of(render(&call, &app, found)))
}

/// `POST /api/v1/apps/{id}/grants`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was granted.
pub async fn grant(call: Call) -> Result<Reply, ApiError> {
    let app = app_of(&call).await?;
    let scope = parse(call.json()?, &call.href(""))?;
    let granted = call.cell.grant_api_scope(&call.permit, &app.id, scope);
    match granted.await {
        Err(Refusal::WrongState(why)) => Err(ApiError::invalid("scopeId", why)),
        other => Ok(Reply::created(render(&call, &app, &other?))),
    }
}

/// `DELETE /api/v1/apps/{id}/grants/{grant}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn revoke(call: Call) -> Result<Reply, ApiError> {
    let app = app_of(&call).await?;
    let named = call.parameter("grant");
    let missing = || ApiError::not_found(Thing::Grant, named);
    let id = ApiGrantId::parse(named).map_err(|_| missing())?;
    match call.cell.revoke_api_scope(&call.permit, &app.id, &id).await {
        Err(Refusal::NotFound) => Err(missing()),
        other => other.map(|()| Reply::empty()).map_err(ApiError::from),
    }
}

/// The scope that a body names, of the server whose issuer it names.
fn parse(bytes: &[u8], own_issuer: &str) -> Result<ApiScope, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let (scope, issuer) = (fields.take_text("scopeId")?, fields.take_text("issuer")?);
    fields.end()?;
    if issuer.is_some_and(|issuer| issuer.trim_end_matches('/') != own_issuer) {
        let problem = "scopes of this API are those of the organisation's own authorization server";
        return Err(ApiError::invalid("issuer", problem));
    }
    let scope = scope.ok_or_else(|| ApiError::invalid("scopeId", "it is required"))?;
    ApiScope::parse(&scope)
        .ok_or_else(|| ApiError::invalid("scopeId", "this API has no such scope"))
}

fn render(call: &Call, app: &App, grant: &ApiGrant) -> Value {
    let at = grant.granted_at.to_rfc3339_millis();
    let href = |path: String| json!({ "href": call.href(&path) });
    let scope = grant.scope.render();
    json!({
        "id": grant.id.as_str(),
        "status": "ACTIVE",
        "created": at,
        "createdBy": { "id": grant.granted_by, "type": "User" },
        "lastUpdated": at,
        "issuer": call.href(""),
        "clientId": app.id.as_str(),
        "scopeId": scope,
        "source": "ADMIN",
        "_links": {
            "self": href(format!("/api/v1/apps/{}/grants/{}", app.id, grant.id)),
            "app": href(format!("/api/v1/apps/{}", app.id)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_scope_of_the_own_server_is_granted_and_nothing_else() {
        for (text, is_good) in [
            (
                r#"{"scopeId":"okta.users.read","issuer":"https://a.example"}"#,
                true,
            ),
            (
                r#"{"scopeId":"okta.users.read","issuer":"https://a.example/"}"#,
                true,
            ),
            (r#"{"scopeId":"okta.users.read","status":"ACTIVE"}"#, true),
            (
                r#"{"scopeId":"okta.users.read","issuer":"https://b.example"}"#,
                false,
            ),
            (r#"{"scopeId":"openid"}"#, false),
            (r#"{"scopeId":1}"#, false),
            (r#"{}"#, false),
            (r#"{"scopeId":"okta.users.read","userId":"x"}"#, false),
        ] {
            let parsed = parse(text.as_bytes(), "https://a.example");
            assert_eq!(parsed.is_ok(), is_good, "{text}");
        }
    }
}
