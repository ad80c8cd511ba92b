//! A group as the API shows it.

use crate::call::Call;
use identity::group::Group;
use identity::group::search::KIND;
use serde_json::{Value, json};

/// The class of every group: one whose members are set by hand.
const CLASS: &str = "okta:user_group";

/// A group.
#[must_use]
pub fn render_group(call: &Call, group: &Group) -> Value {
    let href = call.href(&format!("/api/v1/groups/{}", group.id));
    let description = Some(group.description.as_str()).filter(|text| !text.is_empty());
    json!({
        "id": group.id.as_str(),
        "type": KIND,
        "objectClass": [CLASS],
        "created": group.created_at.to_rfc3339_millis(),
        "lastUpdated": group.updated_at.to_rfc3339_millis(),
        "lastMembershipUpdated": group.members_changed_at.to_rfc3339_millis(),
        "profile": { "name": group.name, "description": description },
        "_links": {
            "self": { "href": href },
            "users": { "href": format!("{href}/users") },
        },
    })
}
