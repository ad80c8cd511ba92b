//! A group as the API shows it.

use crate::call::Call;
use identity::embedded::GroupCounts;
use identity::group::Group;
use identity::group::search::KIND;
use serde_json::{Value, json};

/// The class of every group: one whose members are set by hand.
const CLASS: &str = "okta:user_group";

/// How much there is of a group; what is more than was counted is left out.
#[must_use]
pub fn render_counts(call: &Call, group: &Group, counts: GroupCounts) -> Value {
    let href = call.href(&format!("/api/v1/groups/{}", group.id));
    json!({
        "usersCount": counts.members,
        "appsCount": counts.apps,
        // The word is that of the interface.
        "hasAdminPrivlege": counts.gives_role,
        "groupPushMappingsCount": counts.pushes,
        "_links": {
            "users": { "href": format!("{href}/users") },
            "apps": { "href": format!("{href}/apps") },
        },
    })
}

/// A group.
#[must_use]
pub fn render_group(call: &Call, group: &Group) -> Value {
    let href = call.href(&format!("/api/v1/groups/{}", group.id));
    let description = Some(group.description.as_str()).filter(|text| !text.is_empty());
    let own = group.attributes.known(&call.snapshot.group_schema);
    let mut profile = json!({ "name": group.name, "description": description });
    for (name, value) in own.values() {
        profile[name] = value.clone();
    }
    json!({
        "id": group.id.as_str(),
        "type": KIND,
        "objectClass": [CLASS],
        "created": group.created_at.to_rfc3339_millis(),
        "lastUpdated": group.updated_at.to_rfc3339_millis(),
        "lastMembershipUpdated": group.members_changed_at.to_rfc3339_millis(),
        "profile": profile,
        "_links": {
            "self": { "href": href },
            "users": { "href": format!("{href}/users") },
        },
    })
}
