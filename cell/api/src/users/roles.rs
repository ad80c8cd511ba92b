//! The administrator roles of a person: the standard ones, and the custom ones that they hold over resource sets. A person
//! has each standard role at most once, so that a role stands for its assignment, and the id of that is the same for as
//! long as there are roles; an assignment of a custom role has an id of its own.

use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::iam::assignments;
use crate::reply::Reply;
use crate::role::{self, Wanted};
use identity::access::Permission;
use identity::access::custom::Holder;
use identity::fault::Fault;
use identity::group::roles::store as of_groups;
use identity::person::Person;
use identity::person::roles::GrantedRole;
use serde_json::Value;
use vocab::id::RoleBindingId;

/// `GET /api/v1/users/{id}/roles`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let roles = load_all(&call, &person).await?;
    Ok(Reply::of(Value::from(roles)))
}

/// `POST /api/v1/users/{id}/roles`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was granted.
pub async fn grant(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let wanted = match role::parse_wanted(call.json()?)? {
        Wanted::Standard(role) => role,
        Wanted::Custom { role, set } => {
            let holder = Holder::User(person.id);
            let given = assignments::give(&call, holder, (&role, &set)).await?;
            return Ok(Reply::created(given));
        }
    };
    if !call
        .cell
        .grant_role(&call.permit, &person.id, wanted)
        .await?
    {
        return Err(ApiError::of(ErrorCode::AlreadyAssigned));
    }
    let granted = find(&call, &person, role::render_id(wanted)).await?;
    Ok(Reply::created(granted))
}

/// `GET /api/v1/users/{id}/roles/{rid}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    Ok(Reply::of(
        find(&call, &person, call.parameter("rid")).await?,
    ))
}

/// `DELETE /api/v1/users/{id}/roles/{rid}`: what comes of a group is taken from the group.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was taken.
pub async fn revoke(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let named = call.parameter("rid");
    if let Ok(id) = RoleBindingId::parse(named) {
        assignments::take(&call, &Holder::User(person.id), &id).await?;
        return Ok(Reply::empty());
    }
    let missing = || ApiError::not_found(Thing::RoleAssignment, named);
    let held = role::parse_id(named).ok_or_else(missing)?;
    if call
        .cell
        .revoke_role(&call.permit, &person.id, held)
        .await?
    {
        Ok(Reply::empty())
    } else {
        Err(missing())
    }
}

async fn load_all(call: &Call, person: &Person) -> Result<Vec<Value>, ApiError> {
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let granted = call.cell.list_roles(&reader, &person.id).await?;
    let standard = granted
        .into_iter()
        .map(|granted| render(call, person, granted));
    let of_groups = {
        let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
        of_groups::load_of_person(&mut tx, &call.context.org, &person.id).await?
    };
    let of_groups = of_groups.into_iter().map(|(given, group)| {
        let assignee = call.href(&format!("/api/v1/groups/{group}"));
        role::render(given.role, "GROUP", given.granted_at, &assignee)
    });
    let custom = assignments::list(call, &Holder::User(person.id.clone())).await?;
    Ok(standard.chain(of_groups).chain(custom).collect())
}

async fn find(call: &Call, person: &Person, id: &str) -> Result<Value, ApiError> {
    let mut roles = load_all(call, person).await?.into_iter();
    let found = roles.find(|role| role["id"] == id);
    found.ok_or_else(|| ApiError::not_found(Thing::RoleAssignment, id))
}

fn render(call: &Call, person: &Person, granted: GrantedRole) -> Value {
    let assignee = call.href(&format!("/api/v1/users/{}", person.id));
    role::render(granted.role, "USER", granted.granted_at, &assignee)
}
