//! Who answers for a group: people and groups. It gives them nothing.

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::GROUP_OWNERS_PAGE;
use crate::reply::Reply;
use crate::search::{Kind, parse_condition};
use identity::access::Permission;
use identity::condition::{Condition, Operand, Place};
use identity::fault::Refusal;
use identity::group::owners::{GroupOwner, OwnerId};
use serde_json::{Value, json};
use vocab::id::{GroupId, UserId};

/// The word for a person.
pub(crate) const USER: &str = "USER";
/// The word for a group.
pub(crate) const GROUP: &str = "GROUP";
/// Where owners are kept: there is no other place.
pub(crate) const ORIGIN: &str = "OKTA_DIRECTORY";
/// What is shown of an owner, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 3] = ["displayName", "resolved", "lastUpdated"];

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    Id,
    Type,
    DisplayName,
    LastUpdated,
}

fn find_attribute(name: &str) -> Option<(Attribute, Kind)> {
    Some(match name {
        "id" => (Attribute::Id, Kind::Text),
        "type" => (Attribute::Type, Kind::Text),
        "displayName" => (Attribute::DisplayName, Kind::Text),
        "lastUpdated" => (Attribute::LastUpdated, Kind::Moment),
        _ => return None,
    })
}

fn holds(condition: &Condition<Attribute>, owner: &GroupOwner) -> bool {
    condition.holds(&|attribute| {
        Some(match attribute {
            Attribute::Id => Operand::Text(owner.id.as_str().to_owned()),
            Attribute::Type => Operand::Text(type_of(&owner.id).to_owned()),
            Attribute::DisplayName => Operand::Text(owner.name.clone()),
            Attribute::LastUpdated => Operand::Moment(owner.added_at),
        })
    })
}

/// `GET /api/v1/groups/{id}/owners`: there are few, so that any search is answered.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let wanted = call.query.get("search");
    let wanted = wanted.map(|text| parse_condition(text, &find_attribute));
    let wanted = wanted.transpose()?;
    let after = call.place()?.map(|place| place.id).unwrap_or_default();
    let limit = call.query.limit(GROUP_OWNERS_PAGE)?;
    let group = call.group("id").await?.id;
    let mut owners = call.cell.list_group_owners(&call.permit, &group).await?;
    owners.retain(|owner| {
        let is_found = wanted.as_ref().is_none_or(|wanted| holds(wanted, owner));
        is_found && owner.id.as_str() > after.as_str()
    });
    let is_last = owners.len() <= limit;
    owners.truncate(limit);
    let next = owners.last().filter(|_| !is_last);
    let next = next.map(|owner| Place::at(owner.id.as_str()));
    let shown = owners.iter().map(render).collect();
    Ok(call.paged(Reply::of(shown), next.as_ref()))
}

/// `POST /api/v1/groups/{id}/owners`.
///
/// # Errors
/// [`ApiError`] as every operation; nobody was added.
pub async fn add(call: Call) -> Result<Reply, ApiError> {
    let group = call.group("id").await?.id;
    let owner = parse_owner(call.json()?)?;
    let missing = |refusal: Refusal| match (refusal, &owner) {
        (Refusal::NotFound, OwnerId::User(id)) => ApiError::not_found(Thing::User, id.as_str()),
        (Refusal::NotFound, OwnerId::Group(id)) => {
            ApiError::not_found(Thing::UserGroup, id.as_str())
        }
        (other, _) => other.into(),
    };
    let added = call.cell.add_group_owner(&call.permit, &group, &owner);
    added.await.map_err(missing)?;
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let owners = call.cell.list_group_owners(&reader, &group).await?;
    let added = owners.iter().find(|one| one.id == owner);
    let added = added.ok_or_else(|| ApiError::from(Refusal::Changed))?;
    Ok(Reply::created(render(added)))
}

/// `DELETE /api/v1/groups/{id}/owners/{owner}`.
///
/// # Errors
/// [`ApiError`] as every operation; nobody was removed.
pub async fn remove(call: Call) -> Result<Reply, ApiError> {
    let group = call.group("id").await?.id;
    let named = call.parameter("owner");
    let missing = || ApiError::not_found(Thing::GroupOwner, named);
    let owner = OwnerId::parse(named).ok_or_else(missing)?;
    let removed = call.cell.remove_group_owner(&call.permit, &group, &owner);
    match removed.await {
        Err(Refusal::NotFound) => Err(missing()),
        other => Ok(other.map(|()| Reply::empty())?),
    }
}

fn parse_owner(bytes: &[u8]) -> Result<OwnerId, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    fields.take_only("originType", &[ORIGIN], "owners are kept here alone")?;
    let kind = fields.take_text("type")?;
    let id = fields.take_text("id")?;
    let id = id.ok_or_else(|| fields.refusal("id", "it is required"))?;
    let owner = match kind.as_deref() {
        Some(USER) => UserId::parse(&id)
            .map(OwnerId::User)
            .map_err(|_| ApiError::not_found(Thing::User, &id)),
        Some(GROUP) => GroupId::parse(&id)
            .map(OwnerId::Group)
            .map_err(|_| ApiError::not_found(Thing::UserGroup, &id)),
        _ => Err(fields.refusal("type", "use USER or GROUP")),
    };
    fields.end()?;
    owner
}

fn render(owner: &GroupOwner) -> Value {
    json!({
        "id": owner.id.as_str(),
        "type": type_of(&owner.id),
        "displayName": owner.name,
        "originType": ORIGIN,
        "resolved": true,
        "lastUpdated": owner.added_at.to_rfc3339_millis(),
    })
}

const fn type_of(owner: &OwnerId) -> &'static str {
    match owner {
        OwnerId::User(_) => USER,
        OwnerId::Group(_) => GROUP,
    }
}

#[cfg(test)]
mod tests {
    use super::parse_owner;
    use serde_json::{Value, json};

    #[test]
    fn what_was_shown_may_be_sent_and_nothing_else_is_ignored() {
        let shown = json!({
            "id": "00uAAAAAAAAAAAAAAAAA", "type": "USER", "displayName": "Ada", "originType": "OKTA_DIRECTORY",
            "resolved": true, "lastUpdated": "x",
        });
        assert!(parse_owner(shown.to_string().as_bytes()).is_ok());
        for (field, value) in [
            ("id", Value::Null),
            ("id", json!("ada")),
            ("id", json!("00gAAAAAAAAAAAAAAAAA")),
            ("type", Value::Null),
            ("type", json!("user")),
            ("type", json!("GROUP")),
            ("originType", json!("APPLICATION")),
            ("originId", json!("0oaAAAAAAAAAAAAAAAAA")),
            ("name", json!("Ada")),
        ] {
            let mut body = shown.clone();
            body[field] = value;
            let parsed = parse_owner(body.to_string().as_bytes());
            assert!(parsed.is_err(), "{field}");
        }
    }
}
