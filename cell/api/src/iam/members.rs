//! Who holds a role over a set: people, and those who are in a group.

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::iam::bindings::{load_held, render as render_binding};
use crate::iam::{load_role, load_set, set_href, site};
use crate::reply::Reply;
use identity::access::custom::{Binding, Holder, MEMBERS_MAX, store};
use identity::fault::{Fault, Refusal};
use serde_json::{Value, json};

/// `GET …/bindings/{role}/members`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let (set, role) = load_held(&call).await?;
    let members = load(&call).await?;
    let shown = members.iter().map(|member| render(&call, member));
    let binding = format!("{}/bindings/{role}", set_href(&call, &set.id));
    Ok(Reply::of(json!({
        "members": shown.collect::<Value>(),
        "_links": {
            "self": { "href": format!("{binding}/members") },
            "binding": { "href": binding },
        },
    })))
}

/// `PATCH …/bindings/{role}/members`: adds some, and shows the binding.
///
/// # Errors
/// [`ApiError`] as every operation; nobody was given anything.
pub async fn add(call: Call) -> Result<Reply, ApiError> {
    let (set, role) = (load_set(&call).await?, load_role(&call).await?);
    let mut fields = Fields::parse(call.json()?)?;
    let additions = fields.take_texts("additions")?.unwrap_or_default();
    fields.end()?;
    let holders = site(&call).parse_holders("additions", &additions, MEMBERS_MAX)?;
    let bound = call
        .cell
        .bind_role(&call.permit, (&role.id, &set.id), holders);
    bound.await?;
    Ok(Reply::of(render_binding(&call, &set, &role.id)))
}

/// `GET …/bindings/{role}/members/{member}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let member = find(&call).await?;
    Ok(Reply::of(render(&call, &member)))
}

/// `DELETE …/bindings/{role}/members/{member}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn remove(call: Call) -> Result<Reply, ApiError> {
    let member = find(&call).await?;
    match call.cell.unbind_role(&call.permit, &member.id).await {
        Err(Refusal::NotFound) => Err(missing(&call)),
        other => other.map(|()| Reply::empty()).map_err(ApiError::from),
    }
}

fn missing(call: &Call) -> ApiError {
    ApiError::not_found(Thing::RoleBinding, call.parameter("member"))
}

async fn load(call: &Call) -> Result<Vec<Binding>, ApiError> {
    let (set, role) = (load_set(call).await?, load_role(call).await?);
    let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
    let pair = (&role.id, &set.id);
    Ok(store::bindings::load_of_pair(&mut tx, &call.context.org, pair).await?)
}

async fn find(call: &Call) -> Result<Binding, ApiError> {
    let mut members = load(call).await?.into_iter();
    let found = members.find(|member| member.id.as_str() == call.parameter("member"));
    found.ok_or_else(|| missing(call))
}

/// A member is shown with the address of whoever it is.
fn render(call: &Call, member: &Binding) -> Value {
    let since = member.bound_at.to_rfc3339_millis();
    json!({
        "id": member.id.as_str(),
        "created": since,
        "lastUpdated": since,
        "_links": { "self": { "href": holder_href(call, &member.holder) } },
    })
}

/// The address of whoever holds a role.
pub(crate) fn holder_href(call: &Call, holder: &Holder) -> String {
    match holder {
        Holder::User(id) => call.href(&format!("/api/v1/users/{id}")),
        Holder::Group(id) => call.href(&format!("/api/v1/groups/{id}")),
    }
}
