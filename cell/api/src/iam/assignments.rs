//! Custom roles as assignments of one person or one group: the same bindings, looked at from the other side.

use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::iam::members::holder_href;
use crate::iam::{find, role_href, set_href};
use crate::role::CUSTOM;
use identity::access::custom::{Binding, CustomRole, Holder, ResourceSet, store};
use identity::fault::{Fault, Refusal};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use vocab::id::{CustomRoleId, RoleBindingId};

/// Gives somebody a role over a set, each named by id or label; shows the assignment.
///
/// # Errors
/// [`ApiError`] for a role or set that this org does not have, and for whoever holds it already.
pub(crate) async fn give(
    call: &Call,
    holder: Holder,
    (role, set): (&str, &str),
) -> Result<Value, ApiError> {
    let missing = ApiError::not_found;
    let found: Option<CustomRole> = find(call, role).await?;
    let role = found.ok_or_else(|| missing(Thing::CustomRole, role))?;
    let found: Option<ResourceSet> = find(call, set).await?;
    let set = found.ok_or_else(|| missing(Thing::ResourceSet, set))?;
    let holders = BTreeSet::from([holder]);
    let bound = call
        .cell
        .bind_role(&call.permit, (&role.id, &set.id), holders);
    let bound = bound.await?.pop();
    let binding = bound.ok_or(ApiError::of(ErrorCode::AlreadyAssigned))?;
    Ok(render(call, &binding, &role.named.label))
}

/// Takes an assignment from its holder.
///
/// # Errors
/// [`ApiError`] for an assignment of somebody else, and for one that there is not.
pub(crate) async fn take(call: &Call, holder: &Holder, id: &RoleBindingId) -> Result<(), ApiError> {
    let missing = || ApiError::not_found(Thing::RoleAssignment, id.as_str());
    let binding = {
        let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
        store::bindings::load(&mut tx, &call.context.org, id).await?
    };
    if binding.is_none_or(|binding| binding.holder != *holder) {
        return Err(missing());
    }
    match call.cell.unbind_role(&call.permit, id).await {
        Err(Refusal::NotFound) => Err(missing()),
        other => Ok(other?),
    }
}

/// The custom roles that somebody holds, by id; those of a person's groups are the person's too.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(crate) async fn list(call: &Call, holder: &Holder) -> Result<Vec<Value>, Fault> {
    let org = &call.context.org;
    let mut tx = call.cell.database.read().await?;
    let mut bindings = store::bindings::load_of_holder(&mut tx, org, holder).await?;
    if let Holder::User(user) = holder {
        bindings.extend(store::bindings::load_through_groups(&mut tx, org, user).await?);
    }
    let roles: Vec<CustomRole> = store::labelled::load_all(&mut tx, org).await?;
    let labels: BTreeMap<&CustomRoleId, &str> = roles
        .iter()
        .map(|role| (&role.id, role.named.label.as_str()))
        .collect();
    let shown = bindings.iter().map(|binding| {
        let label = labels.get(&binding.role).copied().unwrap_or_default();
        render(call, binding, label)
    });
    Ok(shown.collect())
}

fn render(call: &Call, binding: &Binding, label: &str) -> Value {
    let since = binding.bound_at.to_rfc3339_millis();
    let role = role_href(call, &binding.role);
    json!({
        "id": binding.id.as_str(),
        "label": label,
        "type": CUSTOM,
        "status": "ACTIVE",
        "assignmentType": binding.holder.stored().0,
        "role": binding.role.as_str(),
        "resource-set": binding.set.as_str(),
        "created": since,
        "lastUpdated": since,
        "_links": {
            "assignee": { "href": holder_href(call, &binding.holder) },
            "role": { "href": role },
            "resource-set": { "href": set_href(call, &binding.set) },
            "permissions": { "href": format!("{role}/permissions") },
        },
    })
}
