//! Targets of the standard roles of people.

use crate::call::Call;
use crate::error::ApiError;
use crate::error::ErrorCode;
use crate::iam::site;
use crate::limits::ROLE_TARGETS_PAGE;
use crate::reply::Reply;
use crate::role;
use crate::role_targets::{Held, missing};
use crate::whole_list::page_of;
use identity::access::Permission;
use identity::access::custom::Resource;
use identity::access::narrowed::{RoleHolder, RoleTarget, TargetKind, narrowed_by};
use identity::fault::Refusal;
use serde_json::{Value, json};

/// How a person can have a role.
pub(crate) const WAYS: [&str; 2] = ["USER", "GROUP"];

async fn holder(call: &Call) -> Result<RoleHolder, ApiError> {
    Ok(RoleHolder::User(call.user("id").await?.person.id))
}

handlers!();

/// `PUT /api/v1/users/{id}/roles/{rid}/targets/catalog/apps`: the role is held over everything again.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn widen(call: Call) -> Result<Reply, ApiError> {
    let held = Held::of(&call, holder(&call).await?, TargetKind::Apps)?;
    let widened = call.cell.widen_role(&call.permit, &held.holder, held.role);
    match widened.await {
        Err(Refusal::NotFound) => Err(missing(&call)),
        other => Ok(other.map(|()| Reply::done())?),
    }
}

/// `GET /api/v1/users/{id}/roles/{rid}/targets`: those that the person has by themselves, then those that come of groups.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let user = call.user("id").await?.person.id;
    let role = role::parse_id(call.parameter("rid")).ok_or_else(|| missing(&call))?;
    if narrowed_by(role).is_none() {
        return Err(ApiError::of(ErrorCode::RoleType));
    }
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let held = call.cell.list_targets_of_person(&reader, &user, role).await;
    let held = match held {
        Err(Refusal::NotFound) => return Err(missing(&call)),
        other => other?,
    };
    let wanted = call.query.get("assignmentType");
    if wanted.is_some_and(|wanted| !WAYS.contains(&wanted)) {
        return Err(ApiError::invalid("assignmentType", "use USER or GROUP"));
    }
    let mut shown: Vec<(String, Value)> = held
        .into_iter()
        .map(|(way, target)| (way.stored().0, render(&call, way.stored().0, &target)))
        .filter(|(way, _)| wanted.is_none_or(|wanted| wanted == *way))
        .map(|(way, value)| (format!("{way}:{}", value["orn"]), value))
        .collect();
    shown.dedup_by(|one, other| one.0 == other.0);
    let (page, next) = page_of(&call, shown, ROLE_TARGETS_PAGE, |one| one.0.as_str())?;
    let page = page.into_iter().map(|(_, value)| value);
    Ok(call.paged(Reply::of(page.collect()), next.as_ref()))
}

fn render(call: &Call, way: &str, target: &RoleTarget) -> Value {
    let resource = match target {
        RoleTarget::Group(id) => Resource::Group(id.clone()),
        RoleTarget::App(id) => Resource::App(id.clone()),
        RoleTarget::Apps => Resource::Apps,
    };
    let site = site(call);
    json!({
        "assignmentType": way,
        "orn": site.render_orn(&resource),
        "_links": { "self": { "href": site.render_href(&resource) } },
    })
}
