//! A group as SCIM shows it.

use crate::call::Call;
use identity::group::Group;
use protocol::scim::GROUP;
use protocol::scim::projection::Projection;
use protocol::scim::tag::render_tag;
use serde_json::{Map, Value, json};
use vocab::id::UserId;

/// What stands for what a group is like now, in entity tags: its name, and whoever belongs to it.
#[must_use]
pub fn version_of(group: &Group) -> String {
    format!("{}.{}", group.revision, group.members_changed_at.micros())
}

/// What a client may say of a group beside its members, as it is now: a patch is applied to it.
#[must_use]
pub fn render_document(group: &Group) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("displayName".into(), json!(group.name));
    if let Some(external_id) = &group.external_id {
        document.insert("externalId".into(), json!(external_id));
    }
    document
}

/// A group, as far as is to be seen.
#[must_use]
pub fn render_group(
    call: &Call,
    group: &Group,
    members: Option<&[UserId]>,
    projection: &Projection,
) -> Value {
    let mut resource = Map::new();
    resource.insert("schemas".into(), json!([GROUP]));
    resource.insert("id".into(), json!(group.id.as_str()));
    resource.extend(render_document(group));
    if let Some(members) = members {
        let members: Vec<Value> = members
            .iter()
            .map(|id| {
                json!({
                    "value": id.as_str(),
                    "$ref": call.href(&format!("/Users/{id}")),
                    "type": "User",
                })
            })
            .collect();
        resource.insert("members".into(), Value::from(members));
    }
    let modified = group.updated_at.max(group.members_changed_at);
    resource.insert(
        "meta".into(),
        json!({
            "resourceType": "Group",
            "created": group.created_at.to_rfc3339_millis(),
            "lastModified": modified.to_rfc3339_millis(),
            "location": call.href(&format!("/Groups/{}", group.id)),
            "version": render_tag(&version_of(group)),
        }),
    );
    Value::Object(projection.apply(resource))
}
