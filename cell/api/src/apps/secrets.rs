//! Secrets of an app: two at a time, so that clients are moved from one to the other without a pause. What a secret is, is
//! told once, to whoever adds it.

use crate::apps::load_app;
use crate::apps::render::link;
use crate::apps::standing::joined;
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::reply::Reply;
use identity::access::Permission;
use identity::app::secrets::KnownSecret;
use identity::app::{App, AppStatus};
use identity::fault::Refusal;
use serde_json::{Map, Value, json};
use vocab::id::AppSecretId;

/// `GET /api/v1/apps/{id}/credentials/secrets`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let secrets = call.cell.list_app_secrets(&call.permit, &app.id).await?;
    let secrets: Vec<Value> = secrets
        .iter()
        .map(|secret| render_secret(&call, &app, secret))
        .collect();
    Ok(Reply::of(Value::from(secrets)))
}

/// `GET /api/v1/apps/{id}/credentials/secrets/{secret}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let secret = load_secret(&call, &app).await?;
    Ok(Reply::of(render_secret(&call, &app, &secret)))
}

/// `POST /api/v1/apps/{id}/credentials/secrets`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn add(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    if call.has_body() {
        check_body(call.json()?)?;
    }
    let added = call.cell.add_app_secret(&call.permit, &app.id);
    let added = added.await.map_err(refused)?;
    let known = find_secret(&call, &app, &added.id).await?;
    let told = json!({ "client_secret": added.secret.expose() });
    let shown = joined([render_secret(&call, &app, &known), told]);
    Ok(Reply::created(shown))
}

/// `DELETE /api/v1/apps/{id}/credentials/secrets/{secret}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let secret = load_secret(&call, &app).await?;
    let removed = call
        .cell
        .delete_app_secret(&call.permit, &app.id, &secret.id);
    removed.await.map_err(refused)?;
    Ok(Reply::empty())
}

/// `POST …/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    change(&call, AppStatus::Active).await
}

/// `POST …/lifecycle/deactivate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    change(&call, AppStatus::Inactive).await
}

async fn change(call: &Call, to: AppStatus) -> Result<Reply, ApiError> {
    let app = load_app(call).await?;
    let id = load_secret(call, &app).await?.id;
    let (cell, permit) = (&call.cell, &call.permit);
    let changed = match to {
        AppStatus::Active => cell.activate_app_secret(permit, &app.id, &id).await,
        AppStatus::Inactive => cell.deactivate_app_secret(permit, &app.id, &id).await,
    };
    changed.map_err(refused)?;
    let secret = find_secret(call, &app, &id).await?;
    Ok(Reply::of(render_secret(call, &app, &secret)))
}

/// The secret whose id is a parameter of the path.
async fn load_secret(call: &Call, app: &App) -> Result<KnownSecret, ApiError> {
    let named = call.parameter("secret");
    match AppSecretId::parse(named) {
        Ok(id) => find_secret(call, app, &id).await,
        Err(_) => Err(ApiError::not_found(Thing::AppSecret, named)),
    }
}

async fn find_secret(call: &Call, app: &App, id: &AppSecretId) -> Result<KnownSecret, ApiError> {
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let secrets = call.cell.list_app_secrets(&reader, &app.id).await?;
    let mut secrets = secrets.into_iter();
    let found = secrets.find(|secret| secret.id == *id);
    found.ok_or_else(|| ApiError::not_found(Thing::AppSecret, id.as_str()))
}

/// A secret that cannot be used so is the fault of what was asked for.
fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::WrongState(why) => ApiError::invalid("client_secret", why),
        other => other.into(),
    }
}

fn check_body(bytes: &[u8]) -> Result<(), ApiError> {
    let mut fields = Fields::parse(bytes)?;
    if fields.take("client_secret").is_some() {
        let problem = "a secret is drawn here and shown once: leave it out";
        return Err(ApiError::invalid("client_secret", problem));
    }
    if fields
        .take("status")
        .is_some_and(|status| status != AppStatus::Active.as_str())
    {
        let problem = "a secret that is added is accepted from the beginning";
        return Err(ApiError::invalid("status", problem));
    }
    fields.end()
}

fn render_secret(call: &Call, app: &App, secret: &KnownSecret) -> Value {
    let path = format!("/api/v1/apps/{}/credentials/secrets/{}", app.id, secret.id);
    let href = call.href(&path);
    let mut links = Map::new();
    match secret.status {
        AppStatus::Active => {
            let step = link(&format!("{href}/lifecycle/deactivate"), "POST");
            links.insert("deactivate".into(), step);
        }
        AppStatus::Inactive => {
            let step = link(&format!("{href}/lifecycle/activate"), "POST");
            links.insert("activate".into(), step);
            links.insert("delete".into(), link(&href, "DELETE"));
        }
    }
    json!({
        "id": secret.id.as_str(),
        "status": secret.status.as_str(),
        "created": secret.created_at.to_rfc3339_millis(),
        "lastUpdated": secret.changed_at.to_rfc3339_millis(),
        "_links": links,
    })
}
