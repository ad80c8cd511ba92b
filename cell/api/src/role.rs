//! Administrator roles as the API names and shows them, whoever has them.

use crate::body::Fields;
use crate::error::ApiError;
use identity::access::Role;
use serde_json::{Value, json};
use vocab::time::Timestamp;

/// What is shown of a role, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 8] = [
    "id",
    "label",
    "status",
    "assignmentType",
    "created",
    "lastUpdated",
    "_links",
    "_embedded",
];

/// A role that a body names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A standard one.
    Standard(Role),
    /// A custom one over a set, each by id or label.
    Custom { role: String, set: String },
}

/// The word for a custom role.
pub(crate) const CUSTOM: &str = "CUSTOM";

/// The role that a body names.
///
/// # Errors
/// [`ApiError`] for none that there is.
pub(crate) fn parse_wanted(bytes: &[u8]) -> Result<Wanted, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let word = fields
        .take_text("type")?
        .ok_or_else(|| ApiError::invalid("type", "it is required"))?;
    let (role, set) = (fields.take_text("role")?, fields.take_text("resource-set")?);
    let wanted = if word == CUSTOM {
        let required = |field: &str, text: Option<String>| {
            text.ok_or_else(|| ApiError::invalid(field, "it is required"))
        };
        Wanted::Custom {
            role: required("role", role)?,
            set: required("resource-set", set)?,
        }
    } else {
        let known = Role::from_word(&word);
        let problem = "it is none of the roles that there are here";
        let known = known.ok_or_else(|| ApiError::invalid("type", problem))?;
        if role.is_some() || set.is_some() {
            let problem = "a standard role is held over everything";
            return Err(ApiError::invalid("resource-set", problem));
        }
        Wanted::Standard(known)
    };
    fields.end()?;
    Ok(wanted)
}

/// The standard role that a body names.
///
/// # Errors
/// [`ApiError`] for none that there is, and for a custom one.
pub(crate) fn parse_grant(bytes: &[u8]) -> Result<Role, ApiError> {
    match parse_wanted(bytes)? {
        Wanted::Standard(role) => Ok(role),
        Wanted::Custom { .. } => {
            let problem = "custom roles are held by people and groups";
            Err(ApiError::invalid("type", problem))
        }
    }
}

/// The assignment of a role, to whom, and since when.
pub(crate) fn render(role: Role, kind: &str, since: Timestamp, assignee: &str) -> Value {
    let since = since.to_rfc3339_millis();
    json!({
        "id": render_id(role),
        "label": label(role),
        "type": role.as_str(),
        "status": "ACTIVE",
        "assignmentType": kind,
        "created": since,
        "lastUpdated": since,
        "_links": { "assignee": { "href": assignee } },
    })
}

/// The id of the assignment: the word of the role in base32 (RFC 4648, section 6), as scripts in the field know it.
pub(crate) const fn render_id(role: Role) -> &'static str {
    match role {
        Role::SuperAdmin => "KNKVARKSL5AUITKJJY",
        Role::OrgAdmin => "J5JEOX2BIRGUSTQ",
        Role::AppAdmin => "IFIFAX2BIRGUSTQ",
        Role::UserAdmin => "KVJUKUS7IFCE2SKO",
        Role::HelpDeskAdmin => "JBCUYUC7IRCVGS27IFCE2SKO",
        Role::ReadOnlyAdmin => "KJCUCRC7J5HEYWK7IFCE2SKO",
        Role::ReportAdmin => "KJCVAT2SKRPUCRCNJFHA",
        Role::ApiAccessManagementAdmin => "IFIESX2BINBUKU2TL5GUCTSBI5CU2RKOKRPUCRCNJFHA",
    }
}

/// The role whose assignment has that id.
pub(crate) fn parse_id(id: &str) -> Option<Role> {
    Role::ALL.into_iter().find(|role| render_id(*role) == id)
}

const fn label(role: Role) -> &'static str {
    match role {
        Role::SuperAdmin => "Super Administrator",
        Role::OrgAdmin => "Organization Administrator",
        Role::AppAdmin => "Application Administrator",
        Role::UserAdmin => "Group Administrator",
        Role::HelpDeskAdmin => "Help Desk Administrator",
        Role::ReadOnlyAdmin => "Read-only Administrator",
        Role::ReportAdmin => "Report Administrator",
        Role::ApiAccessManagementAdmin => "API Access Management Administrator",
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_grant, parse_id, render_id};
    use crate::error::ErrorCode;
    use identity::access::Role;
    use serde_json::json;

    #[test]
    fn each_role_has_an_id_of_its_own() {
        for role in Role::ALL {
            assert_eq!(parse_id(render_id(role)), Some(role));
        }
        for id in ["", "SUPER_ADMIN", "knkvarksl5auitkjjy"] {
            assert_eq!(parse_id(id), None, "{id}");
        }
    }

    #[test]
    fn a_role_is_granted_by_its_word() {
        for (body, expected) in [
            (json!({ "type": "APP_ADMIN" }), Ok(Role::AppAdmin)),
            (
                json!({ "type": "ORG_ADMIN", "id": "x", "label": "y" }),
                Ok(Role::OrgAdmin),
            ),
            (json!({ "type": "app_admin" }), Err(ErrorCode::Validation)),
            (
                json!({ "type": "CUSTOM", "role": "cr0", "resource-set": "iam" }),
                Err(ErrorCode::Validation),
            ),
            (json!({ "type": 1 }), Err(ErrorCode::Validation)),
            (json!({}), Err(ErrorCode::Validation)),
        ] {
            let seen = parse_grant(body.to_string().as_bytes());
            assert_eq!(seen.map_err(|error| error.code()), expected, "{body}");
        }
    }
}
