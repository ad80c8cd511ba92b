//! Groups: listed, added, shown, changed and removed.

pub(crate) mod described;
pub mod members;
pub mod owners;
pub mod render;
pub mod roles;
pub mod rules;

use crate::body::Fields;
use crate::call::Call;
use crate::error::ApiError;
use crate::groups::render::{render_counts, render_group};
use crate::limits::{COUNTED_GROUPS_PAGE, GROUPS_PAGE};
use crate::query::Query;
use crate::reply::Reply;
use crate::search::{Asked, Kind, asked, direction, parse_condition};
use identity::access::Permission;
use identity::group::Group;
use identity::group::search::{GroupAttribute, GroupOrder, GroupSearch};
use serde_json::{Map, Value, json};
use vocab::id::GroupId;

/// What can be shown inside of a group.
const STATS: &str = "stats";
/// What is shown of a group, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 8] = [
    "id",
    "type",
    "objectClass",
    "created",
    "lastUpdated",
    "lastMembershipUpdated",
    "_links",
    "_embedded",
];

/// `GET /api/v1/groups`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let search = plan_search(&call.query)?;
    let is_counted = call.query.expand(&[STATS])?.is_some();
    let page = if is_counted {
        COUNTED_GROUPS_PAGE
    } else {
        GROUPS_PAGE
    };
    let (place, limit) = (call.place()?, call.query.limit(page)?);
    let found = call.cell.search_groups(&call.permit, &search, place, limit);
    let found = found.await?;
    let groups = show_all(&call, &found.groups, is_counted).await?;
    Ok(call.paged(Reply::of(Value::from(groups)), found.next.as_ref()))
}

/// Groups as they are shown, with how much there is of each if that is asked for: all of them are counted together.
async fn show_all(call: &Call, groups: &[Group], is_counted: bool) -> Result<Vec<Value>, ApiError> {
    if !is_counted {
        return Ok(groups
            .iter()
            .map(|group| render_group(call, group))
            .collect());
    }
    let ids: Vec<GroupId> = groups.iter().map(|group| group.id.clone()).collect();
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let counts = call.cell.count_in_groups(&reader, &ids).await?;
    let shown = groups.iter().map(|group| {
        let counts = counts.get(&group.id).copied().unwrap_or_default();
        let mut shown = render_group(call, group);
        shown["_embedded"] = json!({ STATS: render_counts(call, group, counts) });
        shown
    });
    Ok(shown.collect())
}

fn plan_search(query: &Query) -> Result<GroupSearch, ApiError> {
    let order = match query.get("sortBy") {
        None => GroupOrder::Natural,
        Some("id") => GroupOrder::Id,
        Some("profile.name") => GroupOrder::Name,
        Some(_) => return Err(ApiError::search(&"sortBy: there is no such order")),
    };
    let direction = direction(query)?;
    match asked(query)? {
        Asked::Everything => Ok(GroupSearch::every(order, direction)),
        Asked::Condition(text) => {
            let condition = parse_condition(text, &find_attribute)?;
            Ok(GroupSearch::plan(&condition, order, direction)?)
        }
        Asked::Beginning(_) if query.get("sortBy").is_some() => {
            Err(ApiError::search(&"sortBy: there is no order beside q"))
        }
        Asked::Beginning(text) => Ok(GroupSearch::by_beginning(text)),
    }
}

fn find_attribute(name: &str) -> Option<(GroupAttribute, Kind)> {
    use GroupAttribute as Of;
    Some(match name {
        "id" => (Of::Id, Kind::Text),
        "type" => (Of::Kind, Kind::Text),
        "profile.name" => (Of::Name, Kind::Text),
        "profile.description" => (Of::Description, Kind::Text),
        "created" => (Of::Created, Kind::Moment),
        "lastUpdated" => (Of::LastUpdated, Kind::Moment),
        "lastMembershipUpdated" => (Of::MembersChanged, Kind::Moment),
        _ => return None,
    })
}

/// `GET /api/v1/groups/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let is_counted = call.query.expand(&[STATS])?.is_some();
    let group = call.group("id").await?;
    let mut shown = show_all(&call, std::slice::from_ref(&group), is_counted).await?;
    Ok(Reply::of(shown.pop().unwrap_or_default()))
}

/// `POST /api/v1/groups`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let input = parse_group(call.json()?)?;
    let named = (input.name.as_str(), input.description.as_str());
    let created = call
        .cell
        .create_group_with(&call.permit, named, input.attributes);
    Ok(Reply::of(render_group(&call, &created.await?)))
}

/// `PUT /api/v1/groups/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let present = call.group("id").await?;
    let input = parse_group(call.json()?)?;
    let changed = Group {
        name: input.name,
        description: input.description,
        ..present
    };
    let id = changed.id.clone();
    let replaced = call
        .cell
        .replace_group(&call.permit, changed, Some(input.attributes));
    replaced.await?;
    let reader = call.reader()?;
    let group = call.cell.find_group(&reader, &id).await?;
    Ok(Reply::of(render_group(&call, &group)))
}

/// `DELETE /api/v1/groups/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let group = call.group("id").await?;
    call.cell.delete_group(&call.permit, &group.id).await?;
    Ok(Reply::empty())
}

/// The profile of a group: name, description, and whatever the schema of groups adds.
#[derive(Debug, PartialEq, Eq)]
struct GroupInput {
    name: String,
    description: String,
    attributes: Map<String, Value>,
}

fn parse_group(bytes: &[u8]) -> Result<GroupInput, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let profile = fields.take_object("profile")?;
    fields.end()?;
    let mut profile = profile.ok_or_else(|| ApiError::invalid("profile", "it is required"))?;
    // Some clients name the class inside the profile as well.
    profile.ignore_read_only(&["objectClass"]);
    let name = profile.take_text("name")?.unwrap_or_default();
    let description = profile.take_text("description")?.unwrap_or_default();
    let attributes = profile.rest().into_iter();
    Ok(GroupInput {
        name: name.trim().to_owned(),
        description,
        attributes: attributes.filter(|(_, value)| !value.is_null()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::{parse_group, plan_search};
    use crate::query::Query;
    use serde_json::json;

    #[test]
    fn lists_are_asked_for_in_ways_that_an_index_answers() {
        for (text, is_good) in [
            ("", true),
            ("q=Eng", true),
            ("sortBy=profile.name&sortOrder=desc", true),
            ("filter=type+eq+%22OKTA_GROUP%22", true),
            (
                "filter=lastMembershipUpdated+gt+%222026-11-23T20:31:41.123Z%22",
                true,
            ),
            ("search=profile.name+sw+%22E%22&sortBy=profile.name", true),
            ("search=profile.name+co+%22E%22", false),
            ("search=profile.description+eq+%22E%22", false),
            ("search=source.id+eq+%22E%22", false),
            ("sortBy=lastUpdated", false),
        ] {
            let query = Query::parse(text).unwrap();
            assert_eq!(plan_search(&query).is_ok(), is_good, "{text}");
        }
    }

    #[test]
    fn a_group_has_a_name_and_whatever_its_profile_has_besides() {
        let parse = |text: &str| parse_group(text.as_bytes());
        let body = r#"{"id":"x","profile":{"name":" a ","description":null,"team":"b","no":null}}"#;
        let good = parse(body).unwrap();
        assert_eq!((good.name.as_str(), good.description.as_str()), ("a", ""));
        // Whether the schema has it is seen where it is stored.
        assert_eq!(json!(good.attributes), json!({ "team": "b" }));
        for bad in [
            "{}",
            r#"{"profile":{"name":1}}"#,
            r#"{"profile":{"name":"a"},"owner":1}"#,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
