//! Event hooks: listed, added, shown, changed, switched, verified and removed; the secret that signs what they are told.

pub mod deliveries;
pub(crate) mod described;
pub mod envelope;
pub mod input;
pub mod render;

use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::event_hooks::input::parse_hook;
use crate::event_hooks::render::{hook_href, render_hook};
use crate::limits::HOOKS_PAGE;
use crate::receivers::{explain, refused};
use crate::reply::Reply;
use crate::whole_list::page_of;
use identity::event_hook::EventHook;
use identity::event_hook::operations::Unverified;
use identity::fault::Refusal;
use serde_json::{Value, json};
use vocab::id::EventHookId;

/// `GET /api/v1/eventHooks`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let hooks = call.cell.list_event_hooks(&call.permit).await?;
    let (hooks, next) = page_of(&call, hooks, HOOKS_PAGE, |hook| hook.id.as_str())?;
    let hooks: Vec<Value> = hooks.iter().map(|hook| render_hook(&call, hook)).collect();
    Ok(call.paged(Reply::of(Value::from(hooks)), next.as_ref()))
}

/// The hook that the path names.
///
/// # Errors
/// [`ApiError`] if this org has none such.
pub(crate) async fn load(call: &Call) -> Result<EventHook, ApiError> {
    let named = call.parameter("id");
    let missing = || ApiError::not_found(Thing::EventHook, named);
    let id = EventHookId::parse(named).map_err(|_| missing())?;
    match call.cell.find_event_hook(&call.permit, &id).await {
        Err(Refusal::NotFound) => Err(missing()),
        other => Ok(other?),
    }
}

/// `GET /api/v1/eventHooks/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    Ok(Reply::of(render_hook(&call, &hook)))
}

/// `POST /api/v1/eventHooks`. It is told nothing before it is verified.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let change = parse_hook(call.json()?, &call.context.base_url, None)?;
    let plain = call.envoy.plain_http();
    let made = call.cell.create_event_hook(&call.permit, change, plain);
    let made = made.await.map_err(refused)?;
    Ok(Reply::of(render_hook(&call, &made.hook)))
}

/// `PUT /api/v1/eventHooks/{id}`. At another address it is to be verified anew.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    let change = parse_hook(call.json()?, &call.context.base_url, Some(&hook))?;
    let plain = call.envoy.plain_http();
    let changed = call
        .cell
        .replace_event_hook(&call.permit, hook, change, plain);
    let changed = changed.await.map_err(refused)?;
    Ok(Reply::of(render_hook(&call, &changed)))
}

/// `DELETE /api/v1/eventHooks/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a hook that is switched on.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    let deleted = call.cell.delete_event_hook(&call.permit, hook);
    deleted.await.map_err(refused)?;
    Ok(Reply::empty())
}

/// `POST …/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    switch(call, true).await
}

/// `POST …/lifecycle/deactivate`: from now on it is told nothing, and what waits is called off.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    switch(call, false).await
}

async fn switch(call: Call, active: bool) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    let switched = call.cell.switch_event_hook(&call.permit, hook, active);
    let switched = switched.await.map_err(refused)?;
    Ok(Reply::of(render_hook(&call, &switched)))
}

/// `POST …/lifecycle/verify`: asks the address now.
///
/// # Errors
/// [`ApiError`] as every operation; what the address did is the cause.
pub async fn verify(call: Call) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    let envoy = call.envoy.as_ref();
    match call.cell.verify_event_hook(&call.permit, hook, envoy).await {
        Ok(hook) => Ok(Reply::of(render_hook(&call, &hook))),
        Err(Unverified::Refused(refusal)) => Err(refused(refusal)),
        Err(Unverified::Silent(trouble)) => Err(unverified(explain(trouble))),
        Err(Unverified::Status(status)) => Err(unverified(&format!("it answered with {status}"))),
        Err(Unverified::Wrong) => {
            let why = "it did not send the challenge back as {\"verification\": …}";
            Err(unverified(why))
        }
    }
}

fn unverified(why: &str) -> ApiError {
    ApiError::invalid("channel.config.uri", why)
}

/// `POST …/credentials/secret`: a new secret, shown this once.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn renew_secret(call: Call) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    let href = hook_href(&call, &hook);
    let secret = call.cell.renew_hook_secret(&call.permit, hook);
    let secret = secret.await.map_err(refused)?;
    Ok(Reply::of(json!({
        "secret": secret.expose(),
        "_links": { "eventHook": { "href": href } },
    })))
}
