//! Inline hooks: listed, added, shown, changed, switched, tried and removed; the secret that signs what they are asked.

mod channel;
pub(crate) mod described;
pub mod input;
pub mod render;

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::inline_hooks::input::{Merge, check_kind, parse_hook};
use crate::inline_hooks::render::{hook_href, render_hook};
use crate::limits::INLINE_HOOKS_PAGE;
use crate::receivers::{explain, refused};
use crate::reply::Reply;
use crate::whole_list::page_of;
use identity::fault::Refusal;
use identity::inline_hook::InlineHook;
use identity::inline_hook::bearer::NoToken;
use identity::inline_hook::call::Unheard;
use serde_json::{Value, json};
use vocab::id::InlineHookId;

/// `GET /api/v1/inlineHooks`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let mut hooks = call.cell.list_inline_hooks(&call.permit).await?;
    if let Some(word) = call.query.get("type") {
        check_kind("type", word)?;
        hooks.retain(|hook| hook.kind.as_str() == word);
    }
    let (hooks, next) = page_of(&call, hooks, INLINE_HOOKS_PAGE, |hook| hook.id.as_str())?;
    let hooks: Vec<Value> = hooks.iter().map(|hook| render_hook(&call, hook)).collect();
    Ok(call.paged(Reply::of(Value::from(hooks)), next.as_ref()))
}

/// The hook that the path names.
async fn load(call: &Call) -> Result<InlineHook, ApiError> {
    let named = call.parameter("id");
    let missing = || ApiError::not_found(Thing::InlineHook, named);
    let id = InlineHookId::parse(named).map_err(|_| missing())?;
    match call.cell.find_inline_hook(&call.permit, &id).await {
        Err(Refusal::NotFound) => Err(missing()),
        other => Ok(other?),
    }
}

/// `GET /api/v1/inlineHooks/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    Ok(Reply::of(render_hook(&call, &hook)))
}

/// `POST /api/v1/inlineHooks`. It is switched on.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let (kind, change) = parse_hook(call.json()?, &call.context.base_url, None)?;
    let plain = call.envoy.plain_http();
    let made = call
        .cell
        .create_inline_hook(&call.permit, kind, change, plain);
    let made = made.await.map_err(refused)?;
    Ok(Reply::of(render_hook(&call, &made.hook)))
}

/// `PUT /api/v1/inlineHooks/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    change(call, Merge::Replace).await
}

/// `POST /api/v1/inlineHooks/{id}`: what is not named stays as it is.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn update(call: Call) -> Result<Reply, ApiError> {
    change(call, Merge::Update).await
}

async fn change(call: Call, merge: Merge) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    let present = Some((&hook, merge));
    let (_, change) = parse_hook(call.json()?, &call.context.base_url, present)?;
    let plain = call.envoy.plain_http();
    let changed = call
        .cell
        .replace_inline_hook(&call.permit, hook, change, plain);
    let changed = changed.await.map_err(refused)?;
    Ok(Reply::of(render_hook(&call, &changed)))
}

/// `DELETE /api/v1/inlineHooks/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a hook that is switched on, or that an access rule names.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    let deleted = call.cell.delete_inline_hook(&call.permit, hook);
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

/// `POST …/lifecycle/deactivate`: from now on nobody asks it.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    switch(call, false).await
}

async fn switch(call: Call, active: bool) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    let switched = call.cell.switch_inline_hook(&call.permit, hook, active);
    let switched = switched.await.map_err(refused)?;
    Ok(Reply::of(render_hook(&call, &switched)))
}

/// `POST …/execute`: sends the body as it is, and shows what the hook answered. Nothing follows from it.
///
/// # Errors
/// [`ApiError`] as every operation; what the hook did instead is the cause.
pub async fn execute(call: Call) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    let body = Value::Object(Fields::parse(call.json()?)?.rest());
    let body = body.to_string().into_bytes();
    let tried = call.cell.try_inline_hook(&call.permit, &hook, body).await?;
    match &tried.heard {
        Ok(said) => Ok(Reply::of(Value::Object(said.clone().unwrap_or_default()))),
        &Err(unheard) => {
            let field = match unheard {
                Unheard::NoToken(NoToken::NoKey) => "channel.config.hookKeyId",
                Unheard::NoToken(_) => "channel.config.tokenUrl",
                _ => "channel.config.uri",
            };
            let why = explain_unheard(unheard, tried.token_error());
            Err(ApiError::invalid(field, &why))
        }
    }
}

/// Why nothing was heard, in words.
fn explain_unheard(unheard: Unheard, token_error: Option<&str>) -> String {
    match unheard {
        Unheard::Trouble(trouble) | Unheard::NoToken(NoToken::Trouble(trouble)) => {
            explain(trouble).to_owned()
        }
        Unheard::NoToken(NoToken::Status(status)) => match token_error {
            Some(error) => format!("it answered with {status} ({error}), and gave no token"),
            None => format!("it answered with {status}, and gave no token"),
        },
        Unheard::NoToken(NoToken::Answer) => String::from("its answer holds no bearer token"),
        Unheard::NoToken(NoToken::NoKey) => String::from("there is no hook key of this id"),
        Unheard::Status(status) => format!("it answered with {status}"),
        Unheard::TooLarge => String::from("its answer is larger than 256 KiB"),
        Unheard::NoJson => String::from("its answer is no JSON object"),
        Unheard::Busy => String::from("too many calls of this organisation are under way"),
    }
}

/// `POST …/credentials/secret`: a new secret, shown this once.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn renew_secret(call: Call) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    let href = hook_href(&call, &hook);
    let secret = call.cell.renew_inline_hook_secret(&call.permit, hook);
    let secret = secret.await.map_err(refused)?;
    Ok(Reply::of(json!({
        "secret": secret.expose(),
        "_links": { "inlineHook": { "href": href } },
    })))
}
