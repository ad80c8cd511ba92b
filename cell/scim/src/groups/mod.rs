//! Groups: one of them, added, shown, changed and removed, with whoever belongs to it.

pub mod members;
pub mod render;

use crate::call::{Asked, Call};
use crate::error::ScimError;
use crate::groups::members::{is_of_members, plan_members, read_members};
use crate::groups::render::{render_document, render_group, version_of};
use crate::limits::{CHANGE_ATTEMPTS_MAX, MEMBERS_SHOWN_MAX};
use crate::reply::Reply;
use crate::users::{projection_of, refuse_read_only};
use identity::access::Permission;
use identity::fault::Refusal;
use identity::group::Group;
use identity::group::change::{Basis, GroupChange, MembersChange};
use protocol::scim::body::Fields;
use protocol::scim::patch::apply::apply;
use protocol::scim::patch::{Operation, read_patch};
use protocol::scim::problem::{Kind, Problem};
use protocol::scim::projection::Projection;
use serde_json::{Map, Value};
use vocab::id::{GroupId, UserId};

/// What the server alone says of a group.
const READ_ONLY: [&str; 2] = ["id", "meta"];

/// What a document of a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// What a client sends.
    Sent,
    /// What a patch has left.
    Patched,
}

/// The group of that id.
///
/// # Errors
/// [`ScimError`] if this org has none such.
pub(crate) async fn find(call: &Call, id: &str) -> Result<Group, ScimError> {
    let missing = || ScimError::not_found(id);
    let parsed = GroupId::parse(id).map_err(|_| missing())?;
    let reader = call.permit(Permission::ReadDirectory)?;
    match call.cell.find_group(&reader, &parsed).await {
        Err(Refusal::NotFound) => Err(missing()),
        other => Ok(other?),
    }
}

/// The members of a group, unless there are more than are shown.
///
/// # Errors
/// [`ScimError`] if they cannot be read.
pub(crate) async fn members_of(
    call: &Call,
    group: &Group,
) -> Result<Option<Vec<UserId>>, ScimError> {
    let reader = call.permit(Permission::ReadDirectory)?;
    let listed = call
        .cell
        .list_member_ids(&reader, &group.id, MEMBERS_SHOWN_MAX + 1);
    let members = listed.await?;
    Ok((members.len() <= MEMBERS_SHOWN_MAX).then_some(members))
}

/// `GET /Groups/{id}`.
///
/// # Errors
/// [`ScimError`] as every operation.
pub async fn show(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    let projection = projection_of(asked)?;
    let group = find(call, &asked.id).await?;
    let version = version_of(&group);
    asked.check_version(&version)?;
    match &asked.if_none_match {
        Some(condition) if condition.holds(&version) => Ok(Reply::not_modified(version)),
        _ => shown(call, &group, &projection).await,
    }
}

async fn shown(call: &Call, group: &Group, projection: &Projection) -> Result<Reply, ScimError> {
    let members = match projection.wants("members") {
        true => members_of(call, group).await?,
        false => None,
    };
    let body = render_group(call, group, members.as_deref(), projection);
    let location = call.href(&format!("/Groups/{}", group.id));
    Ok(Reply::resource(body, version_of(group), location))
}

/// `POST /Groups`.
///
/// # Errors
/// [`ScimError`] as every operation; nothing was added.
pub async fn create(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    let projection = projection_of(asked)?;
    let permit = call.permit(Permission::ManageGroups)?;
    let new = plan_group(None, asked.object()?, Mode::Sent)?;
    let group = call.cell.add_group(&permit, new).await?;
    Ok(shown(call, &group, &projection).await?.created())
}

/// `PUT /Groups/{id}`: the members stay as they are unless they are named.
///
/// # Errors
/// [`ScimError`] as every operation; nothing was changed.
pub async fn replace(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    change(call, asked, |group| {
        Ok(plan_group(Some(group), asked.object()?, Mode::Sent)?)
    })
    .await
}

/// `PATCH /Groups/{id}`.
///
/// # Errors
/// [`ScimError`] as every operation; nothing was changed.
pub async fn patch(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    change(call, asked, |group| {
        let operations = read_patch(asked.object()?)?;
        refuse_read_only(&operations, &READ_ONLY)?;
        let (of_members, others): (Vec<Operation>, Vec<Operation>) =
            operations.into_iter().partition(is_of_members);
        let members = plan_members(&of_members)?;
        let mut document = render_document(group);
        for operation in &others {
            apply(&mut document, operation)?;
        }
        let planned = plan_group(Some(group), document, Mode::Patched);
        let planned = planned.map_err(|problem| match problem.kind {
            Kind::InvalidSyntax => Problem::of(Kind::InvalidPath, problem.detail),
            _ => problem,
        })?;
        Ok(GroupChange { members, ..planned })
    })
    .await
}

/// What a document says that a group is to be like.
fn plan_group(
    present: Option<&Group>,
    document: Map<String, Value>,
    mode: Mode,
) -> Result<GroupChange, Problem> {
    let mut fields = Fields::of(document);
    for read_only in ["schemas", "id", "meta"] {
        fields.take(read_only);
    }
    let name = fields.take_text("displayName")?.unwrap_or_default();
    if name.trim().is_empty() {
        let detail = "displayName: it is required";
        return Err(Problem::of(Kind::InvalidValue, detail));
    }
    let external_id = match present {
        Some(group) if mode == Mode::Sent && !fields.names("externalId") => {
            group.external_id.clone()
        }
        _ => fields.take_text("externalId")?,
    };
    let is_named = fields.names("members");
    let members = match (is_named, fields.take("members")) {
        (true, Some(value)) => MembersChange::Exactly(read_members(&value)?.into_iter().collect()),
        (true, None) => MembersChange::Exactly(std::collections::BTreeSet::new()),
        (false, _) => MembersChange::nothing(),
    };
    match fields.rest().keys().next() {
        Some(name) => {
            let detail = format!("{name}: no schema has it");
            Err(Problem::of(Kind::InvalidSyntax, detail))
        }
        None => Ok(GroupChange {
            name,
            external_id,
            members,
        }),
    }
}

async fn change(
    call: &Call,
    asked: &Asked,
    plan: impl Fn(&Group) -> Result<GroupChange, ScimError>,
) -> Result<Reply, ScimError> {
    let projection = projection_of(asked)?;
    let permit = call.permit(Permission::ManageGroups)?;
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let group = find(call, &asked.id).await?;
        asked.check_version(&version_of(&group))?;
        let change = plan(&group)?;
        let changed = call
            .cell
            .change_group(&permit, &group, basis_of(asked), change);
        match changed.await {
            Ok(group) => return shown(call, &group, &projection).await,
            Err(Refusal::Changed) if !asked.is_conditional() => {}
            Err(Refusal::Changed) => return Err(asked.lost()),
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(asked.lost())
}

const fn basis_of(asked: &Asked) -> Basis {
    if asked.is_conditional() {
        Basis::Whole
    } else {
        Basis::Name
    }
}

/// `DELETE /Groups/{id}`.
///
/// # Errors
/// [`ScimError`] as every operation; nothing was removed.
pub async fn delete(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    projection_of(asked)?;
    let permit = call.permit(Permission::ManageGroups)?;
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let group = find(call, &asked.id).await?;
        asked.check_version(&version_of(&group))?;
        match call
            .cell
            .remove_group(&permit, &group, basis_of(asked))
            .await
        {
            Ok(()) => return Ok(Reply::empty()),
            Err(Refusal::Changed) if !asked.is_conditional() => {}
            Err(Refusal::Changed) => return Err(asked.lost()),
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(asked.lost())
}

#[cfg(test)]
mod tests {
    use super::{Mode, plan_group};
    use identity::group::change::MembersChange;
    use protocol::scim::problem::Kind;
    use serde_json::{Value, json};

    #[test]
    fn a_group_has_a_name_and_members_and_nothing_else() {
        let plan = |document: &Value, mode| {
            let document = document.as_object().cloned().unwrap();
            plan_group(None, document, mode)
        };
        let whole = json!({
            "schemas": ["x"], "id": "x", "meta": {}, "DisplayName": "Eng", "externalId": "G1", "members": null,
        });
        let planned = plan(&whole, Mode::Sent).unwrap();
        assert_eq!(
            (&*planned.name, planned.external_id.as_deref()),
            ("Eng", Some("G1"))
        );
        assert_eq!(planned.members, MembersChange::Exactly([].into()));
        let without = plan(&json!({ "displayName": "Eng" }), Mode::Sent).unwrap();
        assert_eq!(without.members, MembersChange::nothing());
        for (document, kind) in [
            (json!({}), Kind::InvalidValue),
            (json!({ "displayName": 1 }), Kind::InvalidValue),
            (
                json!({ "displayName": "a", "owner": "b" }),
                Kind::InvalidSyntax,
            ),
            (
                json!({ "displayName": "a", "members": [{ "value": "x" }] }),
                Kind::InvalidValue,
            ),
            (
                json!({ "displayName": "a", "members": 3 }),
                Kind::InvalidValue,
            ),
        ] {
            let seen = plan(&document, Mode::Patched).err();
            assert_eq!(seen.map(|problem| problem.kind), Some(kind), "{document}");
        }
    }
}
