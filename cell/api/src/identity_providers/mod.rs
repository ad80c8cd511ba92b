//! Identity providers: listed, added, shown, changed, switched and removed; who of their people is who here.

pub(crate) mod described;
pub mod input;
pub mod render;

use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::identity_providers::input::{
    OIDC, check_type, parse_issuer, parse_link, parse_provider,
};
use crate::identity_providers::render::{render_found, render_link, render_provider};
use crate::limits::{IDENTITY_PROVIDERS_PAGE, PROVIDER_USERS_PAGE};
use crate::receivers::refused;
use crate::reply::Reply;
use crate::whole_list::page_of;
use identity::condition::Place;
use identity::fault::Refusal;
use identity::identity_provider::IdentityProvider;
use identity::person::profile::fold;
use oauth::relying::discovery;
use serde_json::Value;
use vocab::id::{IdentityProviderId, UserId};

/// `GET /api/v1/idps`: there are few.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let mut providers = call.cell.list_identity_providers(&call.permit).await?;
    if let Some(word) = call.query.get("type") {
        check_type(word)?;
        providers.retain(|_| word == OIDC);
    }
    if let Some(beginning) = call.query.get("q") {
        let beginning = fold(beginning);
        providers.retain(|provider| fold(&provider.name).starts_with(&beginning));
    }
    let (providers, next) = page_of(&call, providers, IDENTITY_PROVIDERS_PAGE, |provider| {
        provider.id.as_str()
    })?;
    let shown = providers
        .iter()
        .map(|provider| render_provider(&call, provider));
    let shown: Vec<Value> = shown.collect();
    Ok(call.paged(Reply::of(Value::from(shown)), next.as_ref()))
}

async fn load(call: &Call) -> Result<IdentityProvider, ApiError> {
    let named = call.parameter("id");
    let missing = || ApiError::not_found(Thing::IdentityProvider, named);
    let id = IdentityProviderId::parse(named).map_err(|_| missing())?;
    match call.cell.find_identity_provider(&call.permit, &id).await {
        Err(Refusal::NotFound) => Err(missing()),
        other => Ok(other?),
    }
}

/// `GET /api/v1/idps/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let provider = load(&call).await?;
    Ok(Reply::of(render_provider(&call, &provider)))
}

/// `POST /api/v1/idps`. It is switched on.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let change = parse_provider(call.json()?, None)?;
    let plain = call.envoy.plain_http();
    let made = call
        .cell
        .create_identity_provider(&call.permit, change, plain);
    let made = made.await.map_err(refused)?;
    Ok(Reply::of(render_provider(&call, &made)))
}

/// `POST /api/v1/idps/discovery`: what an issuer publishes of itself, as it would be sent to add it. Nothing is stored.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn discover(call: Call) -> Result<Reply, ApiError> {
    let issuer = parse_issuer(call.json()?)?;
    let plain = call.envoy.plain_http();
    let found = discovery::discover(&call.cell, &call.permit, &issuer, plain);
    let found = found.await?;
    Ok(Reply::of(render_found(&issuer, &found)))
}

/// `PUT /api/v1/idps/{id}`. A secret that is not named stays.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let provider = load(&call).await?;
    let change = parse_provider(call.json()?, Some(&provider))?;
    let plain = call.envoy.plain_http();
    let changed = call
        .cell
        .replace_identity_provider(&call.permit, provider, change, plain);
    let changed = changed.await.map_err(refused)?;
    Ok(Reply::of(render_provider(&call, &changed)))
}

/// `DELETE /api/v1/idps/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a provider that is switched on.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let provider = load(&call).await?;
    let deleted = call.cell.delete_identity_provider(&call.permit, provider);
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

/// `POST …/lifecycle/deactivate`: from now on nobody comes in by it.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    switch(call, false).await
}

async fn switch(call: Call, active: bool) -> Result<Reply, ApiError> {
    let provider = load(&call).await?;
    let switched = call
        .cell
        .switch_identity_provider(&call.permit, provider, active);
    let switched = switched.await.map_err(refused)?;
    Ok(Reply::of(render_provider(&call, &switched)))
}

/// `GET /api/v1/idps/{id}/users`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list_users(call: Call) -> Result<Reply, ApiError> {
    let provider = load(&call).await?;
    let after = call.place()?.map(|place| place.id).unwrap_or_default();
    let limit = call.query.limit(PROVIDER_USERS_PAGE)?;
    let listed = call
        .cell
        .list_provider_links(&call.permit, &provider, (&after, limit));
    let (links, has_more) = listed.await?;
    let next = links.last().filter(|_| has_more);
    let next = next.map(|link| Place::at(link.user.as_str()));
    let shown: Vec<Value> = links.iter().map(|link| render_link(&call, link)).collect();
    Ok(call.paged(Reply::of(Value::from(shown)), next.as_ref()))
}

/// The person whom the path names.
async fn user_of(call: &Call) -> Result<UserId, ApiError> {
    Ok(call.user("user").await?.person.id)
}

/// Where there is no such link, the person is what is not found.
fn or_missing<T>(call: &Call, found: Result<T, Refusal>) -> Result<T, ApiError> {
    let missing = || ApiError::not_found(Thing::IdentityProviderUser, call.parameter("user"));
    found.map_err(|refusal| match refusal {
        Refusal::NotFound => missing(),
        other => other.into(),
    })
}

/// `GET /api/v1/idps/{id}/users/{user}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show_user(call: Call) -> Result<Reply, ApiError> {
    let (provider, user) = (load(&call).await?, user_of(&call).await?);
    let found = call
        .cell
        .find_provider_link(&call.permit, &provider, &user)
        .await;
    let link = or_missing(&call, found)?;
    Ok(Reply::of(render_link(&call, &link)))
}

/// `POST /api/v1/idps/{id}/users/{user}`: the person is linked.
///
/// # Errors
/// [`ApiError`] as every operation, above all where either is linked already.
pub async fn link(call: Call) -> Result<Reply, ApiError> {
    let (provider, user) = (load(&call).await?, user_of(&call).await?);
    let subject = parse_link(call.json()?)?;
    let linked = call
        .cell
        .link_person(&call.permit, &provider, &user, &subject)
        .await;
    let link = or_missing(&call, linked)?;
    Ok(Reply::of(render_link(&call, &link)))
}

/// `DELETE /api/v1/idps/{id}/users/{user}`: the link is removed; the person stays.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn unlink(call: Call) -> Result<Reply, ApiError> {
    let (provider, user) = (load(&call).await?, user_of(&call).await?);
    let gone = call
        .cell
        .unlink_person(&call.permit, &provider.id, &user)
        .await;
    or_missing(&call, gone)?;
    Ok(Reply::empty())
}

/// `GET /api/v1/users/{id}/idps`: the providers to which a person is linked.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list_of_user(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let links = call.cell.list_links_of(&call.permit, &person.id).await?;
    let shown = links
        .iter()
        .map(|(_, provider)| render_provider(&call, provider));
    Ok(Reply::of(shown.collect()))
}
