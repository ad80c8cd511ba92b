//! What apps hold of a person: scopes that the person consented to, and refresh tokens. Both are seen, and taken back.

pub(crate) mod described;

use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::{CLIENTS_OF_USER_PAGE, GRANTS_OF_USER_PAGE, TOKENS_OF_USER_PAGE};
use crate::refresh_tokens::{self, issuer, render_scope};
use crate::reply::Reply;
use identity::access::Permission;
use identity::app::App;
use identity::condition::Place;
use identity::fault::Refusal;
use identity::person::Person;
use oauth::held::store::HeldFamily;
use oauth::held::{self, HeldScope, Which};
use serde_json::{Value, json};
use vocab::id::{AppId, RefreshFamilyId};

/// `GET /api/v1/users/{id}/grants`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    page(&call, &person, None).await
}

/// `GET /api/v1/users/{id}/clients/{client}/grants`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list_of_client(call: Call) -> Result<Reply, ApiError> {
    let (person, app) = (call.user("id").await?.person, load_client(&call).await?);
    page(&call, &person, Some(&app.id)).await
}

async fn page(call: &Call, person: &Person, app: Option<&AppId>) -> Result<Reply, ApiError> {
    let is_expanded = call.query.expand(&["scope"])?.is_some();
    let after = call.place()?.map(|place| place.id).unwrap_or_default();
    let limit = call.query.limit(GRANTS_OF_USER_PAGE)?;
    let asked = held::list_scopes(&call.cell, &call.permit, &person.id, app, (&after, limit));
    let (scopes, has_more) = asked.await?;
    let next = scopes.last().filter(|_| has_more);
    let next = next.map(|held| Place::at(&held.place()));
    // Of the scopes of a page those that are asked for: it may be shorter, and yet not the last.
    let wanted = call.query.get("scopeId");
    let grants: Vec<Value> = scopes
        .iter()
        .filter(|held| wanted.is_none_or(|wanted| wanted == held.scope))
        .map(|held| render_grant(call, person, held, is_expanded))
        .collect();
    Ok(call.paged(Reply::of(Value::from(grants)), next.as_ref()))
}

/// `GET /api/v1/users/{id}/grants/{grant}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let is_expanded = call.query.expand(&["scope"])?.is_some();
    let person = call.user("id").await?.person;
    let held = find(&call, &person).await?;
    Ok(Reply::of(render_grant(&call, &person, &held, is_expanded)))
}

async fn find(call: &Call, person: &Person) -> Result<HeldScope, ApiError> {
    let named = call.parameter("grant");
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let found = held::find_scope(&call.cell, &reader, &person.id, named).await?;
    found.ok_or_else(|| ApiError::not_found(Thing::Grant, named))
}

/// `DELETE /api/v1/users/{id}/grants`: what came of them ends.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn revoke_all(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    held::revoke_scopes(&call.cell, &call.permit, &person.id, Which::All).await?;
    Ok(Reply::empty())
}

/// `DELETE /api/v1/users/{id}/grants/{grant}`: the scope is taken out of the consent, and refresh tokens of the app at that
/// server end, since they may carry it.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn revoke(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let which = Which::One(find(&call, &person).await?);
    let revoked = held::revoke_scopes(&call.cell, &call.permit, &person.id, which);
    match revoked.await? {
        0 => Err(ApiError::not_found(Thing::Grant, call.parameter("grant"))),
        _ => Ok(Reply::empty()),
    }
}

/// `DELETE /api/v1/users/{id}/clients/{client}/grants`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn revoke_of_client(call: Call) -> Result<Reply, ApiError> {
    let (person, app) = (call.user("id").await?.person, load_client(&call).await?);
    let which = Which::OfApp(app.id);
    held::revoke_scopes(&call.cell, &call.permit, &person.id, which).await?;
    Ok(Reply::empty())
}

/// `GET /api/v1/users/{id}/clients`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list_clients(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let after = call.place()?.map(|place| place.id).unwrap_or_default();
    let limit = call.query.limit(CLIENTS_OF_USER_PAGE)?;
    let asked = held::list_apps(&call.cell, &call.permit, &person.id, (&after, limit));
    let (apps, has_more) = asked.await?;
    let next = apps.last().filter(|_| has_more);
    let next = next.map(|(id, _)| Place::at(id.as_str()));
    let clients: Vec<Value> = apps
        .iter()
        .map(|(id, label)| {
            let href = call.href(&format!("/api/v1/users/{}/clients/{id}", person.id));
            json!({
                "client_id": id.as_str(),
                "client_name": label,
                "_links": {
                    "grants": { "href": format!("{href}/grants") },
                    "tokens": { "href": format!("{href}/tokens") },
                },
            })
        })
        .collect();
    Ok(call.paged(Reply::of(Value::from(clients)), next.as_ref()))
}

/// `GET /api/v1/users/{id}/clients/{client}/tokens`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list_tokens(call: Call) -> Result<Reply, ApiError> {
    let is_expanded = call.query.expand(&["scope"])?.is_some();
    let (person, app) = (call.user("id").await?.person, load_client(&call).await?);
    let after = call.place()?.map(|place| place.id).unwrap_or_default();
    let limit = call.query.limit(TOKENS_OF_USER_PAGE)?;
    let asked = held::list_tokens(
        &call.cell,
        &call.permit,
        &person.id,
        &app.id,
        (&after, limit),
    );
    let (tokens, has_more) = asked.await?;
    let next = tokens.last().filter(|_| has_more);
    let next = next.map(|token| Place::at(token.id.as_str()));
    let tokens: Vec<Value> = tokens
        .iter()
        .map(|token| render_token(&call, &person, &app, token, is_expanded))
        .collect();
    Ok(call.paged(Reply::of(Value::from(tokens)), next.as_ref()))
}

/// `GET /api/v1/users/{id}/clients/{client}/tokens/{token}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show_token(call: Call) -> Result<Reply, ApiError> {
    let is_expanded = call.query.expand(&["scope"])?.is_some();
    let (person, app) = (call.user("id").await?.person, load_client(&call).await?);
    let token = find_token(&call, &person, &app).await?;
    let shown = render_token(&call, &person, &app, &token, is_expanded);
    Ok(Reply::of(shown))
}

/// `DELETE /api/v1/users/{id}/clients/{client}/tokens`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn revoke_tokens(call: Call) -> Result<Reply, ApiError> {
    let (person, app) = (call.user("id").await?.person, load_client(&call).await?);
    let client = (&app.id, app.label.as_str());
    held::revoke_tokens(&call.cell, &call.permit, &person.id, client, None).await?;
    Ok(Reply::empty())
}

/// `DELETE /api/v1/users/{id}/clients/{client}/tokens/{token}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn revoke_token(call: Call) -> Result<Reply, ApiError> {
    let (person, app) = (call.user("id").await?.person, load_client(&call).await?);
    let id = find_token(&call, &person, &app).await?.id;
    let client = (&app.id, app.label.as_str());
    let revoked = held::revoke_tokens(&call.cell, &call.permit, &person.id, client, Some(&id));
    match revoked.await? {
        0 => Err(missing_token(&call)),
        _ => Ok(Reply::empty()),
    }
}

fn missing_token(call: &Call) -> ApiError {
    ApiError::not_found(Thing::RefreshToken, call.parameter("token"))
}

async fn find_token(call: &Call, person: &Person, app: &App) -> Result<HeldFamily, ApiError> {
    let id = RefreshFamilyId::parse(call.parameter("token")).map_err(|_| missing_token(call))?;
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let found = held::find_token(&call.cell, &reader, &person.id, &app.id, &id).await?;
    found.ok_or_else(|| missing_token(call))
}

async fn load_client(call: &Call) -> Result<App, ApiError> {
    let named = call.parameter("client");
    let missing = || ApiError::not_found(Thing::Client, named);
    let id = AppId::parse(named).map_err(|_| missing())?;
    let reader = call.permit_for(Permission::ReadDirectory)?;
    match call.cell.find_app(&reader, &id).await {
        Err(Refusal::NotFound) => Err(missing()),
        other => Ok(other?),
    }
}

fn render_grant(call: &Call, person: &Person, held: &HeldScope, is_expanded: bool) -> Value {
    let at = held.granted_at.to_rfc3339_millis();
    let id = held.id(&person.id);
    let user = call.href(&format!("/api/v1/users/{}", person.id));
    let app = call.href(&format!("/api/v1/apps/{}", held.app));
    json!({
        "id": id,
        "status": "ACTIVE",
        "created": at,
        "createdBy": { "id": person.id.as_str(), "type": "User" },
        "lastUpdated": at,
        "issuer": issuer(call, &held.server),
        "clientId": held.app.as_str(),
        "userId": person.id.as_str(),
        "scopeId": held.scope,
        "source": "END_USER",
        "_embedded": is_expanded.then(|| json!({ "scope": render_scope(call, &held.server, &held.scope) })),
        "_links": {
            "self": { "href": format!("{user}/grants/{id}"), "hints": { "allow": ["GET", "DELETE"] } },
            "app": { "href": app },
            "client": { "href": app },
            "user": { "href": user },
        },
    })
}

fn render_token(
    call: &Call,
    person: &Person,
    app: &App,
    token: &HeldFamily,
    is_expanded: bool,
) -> Value {
    let user = call.href(&format!("/api/v1/users/{}", person.id));
    let href = format!("{user}/clients/{}/tokens/{}", app.id, token.id);
    refresh_tokens::render(call, (&person.id, &app.id), token, &href, is_expanded)
}
