//! The administrator roles of a person: the standard ones. A person has each at most once, so that a role stands for its
//! assignment, and the id of an assignment is the same for as long as there are roles.

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::reply::Reply;
use identity::access::{Permission, Role};
use identity::person::Person;
use identity::person::roles::GrantedRole;
use serde_json::{Value, json};

/// What is shown of a role, sent back by clients, and not changed by them.
const READ_ONLY: [&str; 8] = [
    "id",
    "label",
    "status",
    "assignmentType",
    "created",
    "lastUpdated",
    "_links",
    "_embedded",
];

/// `GET /api/v1/users/{id}/roles`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    call.query.only(&[])?;
    let person = call.user("id").await?.person;
    let granted = call.cell.list_roles(&call.permit, &person.id).await?;
    let roles = granted
        .into_iter()
        .map(|granted| render(&call, &person, granted));
    Ok(Reply::of(roles.collect()))
}

/// `POST /api/v1/users/{id}/roles`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was granted.
pub async fn grant(call: Call) -> Result<Reply, ApiError> {
    call.query.only(&[])?;
    let person = call.user("id").await?.person;
    let role = parse_grant(call.json()?)?;
    if !call.cell.grant_role(&call.permit, &person.id, role).await? {
        return Err(ApiError::of(ErrorCode::AlreadyAssigned));
    }
    let granted = find(&call, &person, render_id(role)).await?;
    Ok(Reply::created(render(&call, &person, granted)))
}

/// `GET /api/v1/users/{id}/roles/{rid}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    call.query.only(&[])?;
    let person = call.user("id").await?.person;
    let granted = find(&call, &person, call.parameter("rid")).await?;
    Ok(Reply::of(render(&call, &person, granted)))
}

/// `DELETE /api/v1/users/{id}/roles/{rid}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was taken.
pub async fn revoke(call: Call) -> Result<Reply, ApiError> {
    call.query.only(&[])?;
    let person = call.user("id").await?.person;
    let named = call.parameter("rid");
    let missing = || ApiError::not_found(Thing::RoleAssignment, named);
    let role = parse_id(named).ok_or_else(missing)?;
    if call
        .cell
        .revoke_role(&call.permit, &person.id, role)
        .await?
    {
        Ok(Reply::empty())
    } else {
        Err(missing())
    }
}

async fn find(call: &Call, person: &Person, id: &str) -> Result<GrantedRole, ApiError> {
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let granted = call.cell.list_roles(&reader, &person.id).await?;
    let mut granted = granted.into_iter();
    granted
        .find(|granted| render_id(granted.role) == id)
        .ok_or_else(|| ApiError::not_found(Thing::RoleAssignment, id))
}

fn parse_grant(bytes: &[u8]) -> Result<Role, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let word = fields
        .take_text("type")?
        .ok_or_else(|| ApiError::invalid("type", "it is required"))?;
    fields.end()?;
    Role::from_word(&word)
        .ok_or_else(|| ApiError::invalid("type", "it is none of the roles that there are here"))
}

fn render(call: &Call, person: &Person, granted: GrantedRole) -> Value {
    let since = granted.granted_at.to_rfc3339_millis();
    let assignee = call.href(&format!("/api/v1/users/{}", person.id));
    json!({
        "id": render_id(granted.role),
        "label": label(granted.role),
        "type": granted.role.as_str(),
        "status": "ACTIVE",
        "assignmentType": "USER",
        "created": since,
        "lastUpdated": since,
        "_links": { "assignee": { "href": assignee } },
    })
}

/// The id of the assignment: the word of the role in base32 (RFC 4648, section 6), as scripts in the field know it.
const fn render_id(role: Role) -> &'static str {
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

fn parse_id(id: &str) -> Option<Role> {
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
