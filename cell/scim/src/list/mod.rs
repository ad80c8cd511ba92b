//! Lists: of users, of groups, or of both, by a query or by a body; page by page, by an index or by a cursor.

pub mod condition;
pub mod groups;
pub mod page;
pub mod people;
pub mod source;

use crate::call::{Asked, Call};
use crate::error::ScimError;
use crate::groups::members_of;
use crate::groups::render::render_group;
use crate::limits::{PAGE_DEFAULT, PAGE_MAX};
use crate::list::page::{Listed, by_cursor, by_index};
use crate::list::source::{Found, Source};
use crate::reply::Reply;
use crate::users::groups_of;
use crate::users::render::render_user;
use identity::cursor;
use protocol::scim::LIST_RESPONSE;
use protocol::scim::projection::Projection;
use protocol::scim::search::{SearchRequest, SortOrder, Start, parse_body, parse_query};
use serde_json::{Value, json};

/// Which resources a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Users,
    Groups,
    Both,
}

impl Of {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Users => "/Users",
            Self::Groups => "/Groups",
            Self::Both => "/",
        }
    }
}

/// `GET /Users`.
///
/// # Errors
/// [`ScimError`] as every operation.
pub async fn users(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    list(call, Of::Users, parse_query(&asked.query)?).await
}

/// `POST /Users/.search`.
///
/// # Errors
/// [`ScimError`] as every operation.
pub async fn search_users(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    list(call, Of::Users, parse_body(asked.bytes()?)?).await
}

/// `GET /Groups`.
///
/// # Errors
/// [`ScimError`] as every operation.
pub async fn groups(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    list(call, Of::Groups, parse_query(&asked.query)?).await
}

/// `POST /Groups/.search`.
///
/// # Errors
/// [`ScimError`] as every operation.
pub async fn search_groups(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    list(call, Of::Groups, parse_body(asked.bytes()?)?).await
}

/// `POST /.search`: users first, then groups.
///
/// # Errors
/// [`ScimError`] as every operation.
pub async fn search_all(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    list(call, Of::Both, parse_body(asked.bytes()?)?).await
}

async fn list(call: &Call, of: Of, request: SearchRequest) -> Result<Reply, ScimError> {
    let sources = plan_sources(call, of, &request)?;
    let count = request.count.unwrap_or(PAGE_DEFAULT).min(PAGE_MAX);
    let listed = match &request.start {
        Start::Cursor(cursor) if count > 0 => {
            by_cursor(call, &sources, &mark(call, of, &request), cursor, count).await?
        }
        Start::Cursor(_) => by_index(call, &sources, 1, 0).await?,
        Start::Index(start) => by_index(call, &sources, *start, count).await?,
    };
    let mut resources = Vec::with_capacity(listed.found.len());
    for found in &listed.found {
        resources.push(render(call, found, &request.projection).await?);
    }
    Ok(Reply::of(render_list(&request, &listed, resources)))
}

fn plan_sources(call: &Call, of: Of, request: &SearchRequest) -> Result<Vec<Source>, ScimError> {
    let people = || people::plan_source(&call.attributes, request);
    let groups = || groups::plan_source(request);
    Ok(match of {
        Of::Users => vec![people()?],
        Of::Groups => vec![groups()?],
        Of::Both => {
            if request.sort_by.is_some() {
                let detail = "sortBy: resources of different kinds are in no order together";
                return Err(ScimError::bad(
                    protocol::scim::problem::Kind::InvalidValue,
                    detail,
                ));
            }
            vec![people()?, groups()?]
        }
    })
}

/// What decides what is in the list, and where; a cursor of another list is none of this one.
fn mark(call: &Call, of: Of, request: &SearchRequest) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let direction = match request.sort_order {
        SortOrder::Ascending => "up",
        SortOrder::Descending => "down",
    };
    let parameters = [
        ("filter".to_owned(), text(&request.filter)),
        ("sortBy".to_owned(), text(&request.sort_by)),
        ("sortOrder".to_owned(), direction.to_owned()),
    ];
    let path = format!("{}{}", crate::route::BASE, of.as_str());
    cursor::mark(&call.context.org, &path, &parameters)
}

async fn render(call: &Call, found: &Found, projection: &Projection) -> Result<Value, ScimError> {
    Ok(match found {
        Found::Person(record) => {
            let groups = groups_of(call, record, projection).await?;
            render_user(call, record, groups.as_deref(), projection)
        }
        Found::Group(group) => {
            // Who belongs to each group of a list is shown only to whoever asks for it.
            let members = match projection.wants_on_request("members") {
                true => members_of(call, group).await?,
                false => None,
            };
            render_group(call, group, members.as_deref(), projection)
        }
    })
}

fn render_list(request: &SearchRequest, listed: &Listed, resources: Vec<Value>) -> Value {
    let mut body = json!({
        "schemas": [LIST_RESPONSE],
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    if let Some(total) = listed.total {
        body["totalResults"] = json!(total);
    }
    if let Start::Index(start) = &request.start {
        body["startIndex"] = json!(start);
    }
    if let Some(next) = &listed.next {
        body["nextCursor"] = json!(next);
    }
    body
}
