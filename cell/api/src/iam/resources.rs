//! What a resource set holds.

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::iam::{load_set, set_href, sets, site};
use crate::reply::Reply;
use identity::access::custom::sets::SetChange;
use identity::access::custom::{ResourceSet, SetResource, store};
use identity::fault::{Fault, Refusal};
use serde_json::{Value, json};
use vocab::id::SetResourceId;

/// `GET /api/v1/iam/resource-sets/{set}/resources`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let set = load_set(&call).await?;
    let resources = load(&call, &set).await?;
    let shown = resources.iter().map(|one| render(&call, &set, one));
    let href = set_href(&call, &set.id);
    Ok(Reply::of(json!({
        "resources": shown.collect::<Value>(),
        "_links": {
            "self": { "href": format!("{href}/resources") },
            "resource-set": { "href": href },
        },
    })))
}

/// `PATCH /api/v1/iam/resource-sets/{set}/resources`: adds some, and shows the set.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn add(call: Call) -> Result<Reply, ApiError> {
    let set = load_set(&call).await?;
    let mut fields = Fields::parse(call.json()?)?;
    let additions = fields.take_texts("additions")?.unwrap_or_default();
    fields.end()?;
    let resources = site(&call).parse_resources("additions", &additions)?;
    let change = SetChange::Add(resources);
    let changed = call.cell.change_resource_set(&call.permit, &set.id, change);
    Ok(Reply::of(sets::render(&call, &changed.await?)))
}

/// `POST /api/v1/iam/resource-sets/{set}/resources`: adds one, and shows it; it is shown too if it was there.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let set = load_set(&call).await?;
    let mut fields = Fields::parse(call.json()?)?;
    let named = fields.take_text("resourceOrnOrUrl")?;
    let named = named.ok_or_else(|| fields.refusal("resourceOrnOrUrl", "it is required"))?;
    take_conditions(&mut fields)?;
    fields.end()?;
    let wanted = site(&call).parse_resources("resourceOrnOrUrl", &[named])?;
    let change = SetChange::Add(wanted.clone());
    call.cell
        .change_resource_set(&call.permit, &set.id, change)
        .await?;
    let mut held = load(&call, &set).await?.into_iter();
    let added = held.find(|one| wanted.contains(&one.resource));
    // Whoever takes it out at the same moment leaves nothing to show.
    let added = added.ok_or_else(|| ApiError::from(Refusal::Changed))?;
    Ok(Reply::of(render(&call, &set, &added)))
}

/// `PUT /api/v1/iam/resource-sets/{set}/resources/{resource}`: replaces its conditions, of which there are none. SDKs drop what is empty, and
/// of no conditions they send no body.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a condition.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    if call.has_body() {
        let mut fields = Fields::parse(call.json()?)?;
        take_conditions(&mut fields)?;
        fields.end()?;
    }
    show(call).await
}

/// What a resource would be narrowed by: nothing here. A condition that is not enforced is refused by its name.
fn take_conditions(fields: &mut Fields) -> Result<(), ApiError> {
    match fields.take_object("conditions")? {
        Some(conditions) => conditions.end(),
        None => Ok(()),
    }
}

/// `GET /api/v1/iam/resource-sets/{set}/resources/{resource}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let set = load_set(&call).await?;
    let mut resources = load(&call, &set).await?.into_iter();
    let found = resources.find(|one| one.id.as_str() == call.parameter("resource"));
    let found = found.ok_or_else(|| missing(&call))?;
    Ok(Reply::of(render(&call, &set, &found)))
}

/// `DELETE /api/v1/iam/resource-sets/{set}/resources/{resource}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn remove(call: Call) -> Result<Reply, ApiError> {
    let set = load_set(&call).await?;
    let id = SetResourceId::parse(call.parameter("resource")).map_err(|_| missing(&call))?;
    let change = SetChange::Remove(id);
    let changed = call.cell.change_resource_set(&call.permit, &set.id, change);
    match changed.await {
        Err(Refusal::NotFound) => Err(missing(&call)),
        other => other.map(|_| Reply::empty()).map_err(ApiError::from),
    }
}

fn missing(call: &Call) -> ApiError {
    ApiError::not_found(Thing::SetResource, call.parameter("resource"))
}

async fn load(call: &Call, set: &ResourceSet) -> Result<Vec<SetResource>, Fault> {
    let mut tx = call.cell.database.read().await?;
    store::sets::load_resources(&mut tx, &call.context.org, &set.id).await
}

fn render(call: &Call, set: &ResourceSet, one: &SetResource) -> Value {
    let (href, site) = (set_href(call, &set.id), site(call));
    let since = one.added_at.to_rfc3339_millis();
    json!({
        "id": one.id.as_str(),
        "orn": site.render_orn(&one.resource),
        "created": since,
        "lastUpdated": since,
        "_links": {
            "self": { "href": site.render_href(&one.resource) },
            "resource": { "href": format!("{href}/resources/{}", one.id) },
        },
    })
}
