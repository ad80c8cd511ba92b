//! Roles that the org makes itself, sets of resources, and who holds which role over which set. Both are few, so that each
//! list is shown whole; a label is as good as an id in an address.

pub mod assignees;
pub(crate) mod assignments;
pub mod bindings;
pub(crate) mod described;
pub mod members;
pub mod permissions;
pub mod resource;
pub mod resources;
pub mod roles;
pub mod sets;

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::iam::resource::Site;
use identity::access::custom::store::labelled::{LabelledId, load, load_all};
use identity::access::custom::{CustomRole, Labelled, Named, ResourceSet, is_called};
use identity::fault::Fault;
use vocab::id::{CustomRoleId, ResourceSetId};

/// What is shown of a role or a set, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 4] = ["id", "created", "lastUpdated", "_links"];

/// Where resources and members are read.
pub(crate) fn site(call: &Call) -> Site<'_> {
    Site {
        org: &call.context.org,
        base_url: &call.context.base_url,
    }
}

/// The role that the path names.
///
/// # Errors
/// [`ApiError`] if this org has none such.
pub(crate) async fn load_role(call: &Call) -> Result<CustomRole, ApiError> {
    let named = call.parameter("role");
    let found = find(call, named).await?;
    found.ok_or_else(|| ApiError::not_found(Thing::CustomRole, named))
}

/// The set that the path names.
///
/// # Errors
/// [`ApiError`] if this org has none such.
pub(crate) async fn load_set(call: &Call) -> Result<ResourceSet, ApiError> {
    let named = call.parameter("set");
    let found = find(call, named).await?;
    found.ok_or_else(|| ApiError::not_found(Thing::ResourceSet, named))
}

/// The role or the set of that id or label.
pub(crate) async fn find<Id: LabelledId>(
    call: &Call,
    named: &str,
) -> Result<Option<Labelled<Id>>, Fault> {
    let mut tx = call.cell.database.read().await?;
    let org = &call.context.org;
    if let Ok(id) = Id::try_from(named.to_owned()) {
        return Ok(load(&mut tx, org, &id).await?);
    }
    let all: Vec<Labelled<Id>> = load_all(&mut tx, org).await?;
    let mut all = all.into_iter();
    Ok(all.find(|one| is_called(&one.named, named)))
}

/// Every role or every set of the org.
async fn list<Id: LabelledId>(call: &Call) -> Result<Vec<Labelled<Id>>, Fault> {
    let mut tx = call.cell.database.read().await?;
    Ok(load_all(&mut tx, &call.context.org).await?)
}

/// Takes label and description.
fn take_named(fields: &mut Fields) -> Result<Named, ApiError> {
    let mut required = |field: &str| {
        let text = fields.take_text(field)?;
        text.ok_or_else(|| fields.refusal(field, "it is required"))
    };
    Ok(Named {
        label: required("label")?,
        description: required("description")?,
    })
}

/// The address of a role.
pub(crate) fn role_href(call: &Call, id: &CustomRoleId) -> String {
    call.href(&format!("/api/v1/iam/roles/{id}"))
}

/// The address of a set.
pub(crate) fn set_href(call: &Call, id: &ResourceSetId) -> String {
    call.href(&format!("/api/v1/iam/resource-sets/{id}"))
}
