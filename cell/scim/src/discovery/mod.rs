//! What the server supports, which kinds of resources there are, and the schemas of this org (RFC 7644 section 4).

pub mod schema;

use crate::call::{Asked, Call};
use crate::error::ScimError;
use crate::limits::{PAGE_DEFAULT, PAGE_MAX};
use crate::reply::Reply;
use protocol::scim::problem::Kind;
use protocol::scim::{
    BULK_BYTES_MAX, BULK_OPERATIONS_MAX, ENTERPRISE, GROUP, LIST_RESPONSE, PROFILE, RESOURCE_TYPE,
    SERVICE_PROVIDER_CONFIG, USER,
};
use schema::render_schemas;
use serde_json::{Value, json};

/// `GET /ServiceProviderConfig`.
///
/// # Errors
/// [`ScimError`] as every operation.
pub async fn config(call: &Call, _: &Asked) -> Result<Reply, ScimError> {
    let supported = json!({ "supported": true });
    Ok(Reply::of(json!({
        "schemas": [SERVICE_PROVIDER_CONFIG],
        "patch": supported,
        "bulk": {
            "supported": true,
            "maxOperations": BULK_OPERATIONS_MAX,
            "maxPayloadSize": BULK_BYTES_MAX,
        },
        "filter": { "supported": true, "maxResults": PAGE_MAX },
        "changePassword": supported,
        "sort": supported,
        "etag": supported,
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": PAGE_DEFAULT,
            "maxPageSize": PAGE_MAX,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "API token",
            "description": "An API token of the organisation in the Authorization header, as Bearer",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": call.href("/ServiceProviderConfig"),
        },
    })))
}

/// Nothing is filtered here (RFC 7644 section 4).
fn refuse_filter(asked: &Asked) -> Result<(), ScimError> {
    let names = asked.query.split('&').map(|part| part.split('=').next());
    let mut names = names.flatten();
    if names.any(|name| name.eq_ignore_ascii_case("filter")) {
        let detail = "what the server supports is not filtered";
        return Err(ScimError::of(http::StatusCode::FORBIDDEN, detail));
    }
    Ok(())
}

fn render_list(resources: Vec<Value>) -> Reply {
    Reply::of(json!({
        "schemas": [LIST_RESPONSE],
        "totalResults": resources.len(),
        "itemsPerPage": resources.len(),
        "startIndex": 1,
        "Resources": resources,
    }))
}

fn find(resources: Vec<Value>, id: &str) -> Result<Reply, ScimError> {
    let found = resources.into_iter().find(|one| one["id"] == id);
    found.map(Reply::of).ok_or_else(|| ScimError::not_found(id))
}

fn render_types(call: &Call) -> Vec<Value> {
    let mut extensions = vec![json!({ "schema": ENTERPRISE, "required": false })];
    if !call.attributes.others.is_empty() {
        extensions.push(json!({ "schema": PROFILE, "required": false }));
    }
    let meta = |id: &str| {
        json!({
            "resourceType": "ResourceType",
            "location": call.href(&format!("/ResourceTypes/{id}")),
        })
    };
    vec![
        json!({
            "schemas": [RESOURCE_TYPE],
            "id": "User",
            "name": "User",
            "endpoint": "/Users",
            "description": "People",
            "schema": USER,
            "schemaExtensions": extensions,
            "meta": meta("User"),
        }),
        json!({
            "schemas": [RESOURCE_TYPE],
            "id": "Group",
            "name": "Group",
            "endpoint": "/Groups",
            "description": "Groups of people",
            "schema": GROUP,
            "meta": meta("Group"),
        }),
    ]
}

/// `GET /ResourceTypes`.
///
/// # Errors
/// [`ScimError`] as every operation.
pub async fn resource_types(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    refuse_filter(asked)?;
    Ok(render_list(render_types(call)))
}

/// `GET /ResourceTypes/{name}`.
///
/// # Errors
/// [`ScimError`] as every operation.
pub async fn resource_type(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    find(render_types(call), &asked.id)
}

/// `GET /Schemas`.
///
/// # Errors
/// [`ScimError`] as every operation.
pub async fn schemas(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    refuse_filter(asked)?;
    Ok(render_list(render_schemas(call)))
}

/// `GET /Schemas/{name}`.
///
/// # Errors
/// [`ScimError`] as every operation.
pub async fn schema(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    if asked.id.is_empty() {
        return Err(ScimError::bad(Kind::InvalidPath, "a schema has a name"));
    }
    find(render_schemas(call), &asked.id)
}
