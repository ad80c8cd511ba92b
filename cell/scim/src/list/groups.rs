//! Which groups a list is of: the names of SCIM as attributes of groups, and the order.

use crate::error::ScimError;
use crate::list::condition::{Kind, Named, is_always, is_never, parse_filter, refuse, translate};
use crate::list::source::{Extent, Source};
use identity::condition::Direction;
use identity::group::search::{GroupAttribute, GroupOrder, GroupSearch};
use protocol::filter::{Filter, Literal, Operator};
use protocol::scim::GROUP;
use protocol::scim::path::AttributePath;
use protocol::scim::problem::Kind as Problem;
use protocol::scim::search::{SearchRequest, SortOrder};
use serde_json::json;
use vocab::id::{GroupId, UserId};

/// Decides where the groups come from.
///
/// # Errors
/// [`ScimError`] for what no index answers.
pub fn plan_source(request: &SearchRequest) -> Result<Source, ScimError> {
    let (order, direction) = plan_order(request)?;
    let all = || Source::Groups(GroupSearch::every(order, direction), Extent::Everything);
    let Some(text) = &request.filter else {
        return Ok(all());
    };
    let filter = parse_filter(text)?;
    if let Some(source) = plan_membership(&filter) {
        if request.sort_by.is_some() {
            let detail = "members: the groups of one are in the order of their ids";
            return Err(refuse(detail));
        }
        return Ok(source);
    }
    let condition = translate(&filter, &find_name)?;
    if is_always(&condition) {
        return Ok(all());
    }
    if is_never(&condition) {
        return Ok(Source::Nothing);
    }
    let search = GroupSearch::plan(&condition, order, direction)?;
    Ok(Source::Groups(search, Extent::Some))
}

fn plan_order(request: &SearchRequest) -> Result<(GroupOrder, Direction), ScimError> {
    let Some(name) = &request.sort_by else {
        return Ok((GroupOrder::Natural, Direction::Ascending));
    };
    let direction = match request.sort_order {
        SortOrder::Ascending => Direction::Ascending,
        SortOrder::Descending => Direction::Descending,
    };
    let order = match plain_name(name).as_deref() {
        Some("id") => GroupOrder::Id,
        Some("displayname") => GroupOrder::Name,
        _ => {
            let detail = "sortBy: use id or displayName";
            return Err(ScimError::bad(Problem::InvalidValue, detail));
        }
    };
    Ok((order, direction))
}

/// The name of an attribute of the core schema, without regard to case.
fn plain_name(text: &str) -> Option<String> {
    let path = AttributePath::parse(text).ok()?;
    if path.schema.as_deref().is_some_and(|schema| schema != GROUP) {
        return None;
    }
    let name = match &path.part {
        Some(part) => format!("{}.{part}", path.attribute),
        None => path.attribute,
    };
    Some(name.to_ascii_lowercase())
}

/// The source of a filter that asks who belongs where: by the member alone, or beside the id of one group.
fn plan_membership(filter: &Filter) -> Option<Source> {
    if let Some(user) = named(filter, &["members", "members.value"]) {
        return Some(UserId::parse(user).map_or(Source::Nothing, Source::GroupsOf));
    }
    let Filter::And(parts) = filter else {
        return None;
    };
    let [one, other] = parts.as_slice() else {
        return None;
    };
    let pair = |id: &Filter, member: &Filter| {
        let group = named(id, &["id"])?;
        let user = named(member, &["members", "members.value"])?;
        Some((GroupId::parse(group), UserId::parse(user)))
    };
    match pair(one, other).or_else(|| pair(other, one))? {
        (Ok(group), Ok(user)) => Some(Source::Membership(group, user)),
        _ => Some(Source::Nothing),
    }
}

/// The text that a filter compares one of these names with by `eq`.
fn named<'f>(filter: &'f Filter, names: &[&str]) -> Option<&'f str> {
    let (name, text) = match filter {
        Filter::Compare {
            attribute,
            operator: Operator::Equal,
            literal: Literal::Text(text),
        } => (plain_name(attribute)?, text),
        Filter::Within { attribute, filter } => match filter.as_ref() {
            Filter::Compare {
                attribute: part,
                operator: Operator::Equal,
                literal: Literal::Text(text),
            } => (plain_name(&format!("{attribute}.{part}"))?, text),
            _ => return None,
        },
        _ => return None,
    };
    names.contains(&name.as_str()).then_some(text)
}

fn find_name(name: &str) -> Result<Named<GroupAttribute>, ScimError> {
    use GroupAttribute as Of;
    let unknown = || refuse(format!("{name}: it cannot be searched for"));
    let plain = plain_name(name).ok_or_else(unknown)?;
    let (attribute, kind) = match plain.as_str() {
        "id" => (Of::Id, Kind::Text),
        "externalid" => (Of::ExternalId, Kind::Exact),
        "displayname" => (Of::Name, Kind::Text),
        "meta.created" => (Of::Created, Kind::Moment),
        "meta.lastmodified" => return Ok(Named::Later(Of::LastUpdated, Of::MembersChanged)),
        "meta.resourcetype" => return Ok(Named::Fixed(json!("Group"))),
        "members" | "members.value" => {
            let detail =
                "members: they are looked for by `members.value eq`, alone or beside `id eq`";
            return Err(refuse(detail));
        }
        // What only other resources have, a group has not (RFC 7644 section 3.4.2.1).
        "username" | "active" | "emails" | "emails.value" | "name.givenname"
        | "name.familyname" => {
            return Ok(Named::Fixed(json!(null)));
        }
        _ => return Err(unknown()),
    };
    Ok(Named::Attribute(attribute, kind))
}

#[cfg(test)]
mod tests {
    use super::plan_source;
    use crate::list::source::{Extent, Source};
    use protocol::scim::problem::Kind;
    use protocol::scim::search::parse_body;
    use serde_json::{Value, json};

    fn plan(body: &Value) -> Result<Source, Option<Kind>> {
        let request = parse_body(body.to_string().as_bytes()).unwrap();
        plan_source(&request).map_err(|error| error.kind())
    }

    #[test]
    fn groups_are_searched_for_in_ways_that_an_index_answers() {
        for filter in [
            "displayName eq \"Eng\"",
            "DISPLAYNAME sw \"E\"",
            "externalId eq \"G1\"",
            "id eq \"x\" and displayName co \"a\"",
            "meta.lastModified ge \"2026-11-23T20:31:41Z\"",
            "meta.lastModified lt \"2026-11-23T20:31:41Z\"",
            "meta.lastModified eq \"2026-11-23T20:31:41Z\"",
        ] {
            let source = plan(&json!({ "filter": filter }));
            let is_search = matches!(source, Ok(Source::Groups(_, Extent::Some)));
            assert!(is_search, "{filter}: {source:?}");
        }
        let (group, user) = ("00gAAAAAAAAAAAAAAAAA", "00uAAAAAAAAAAAAAAAAA");
        for filter in [
            format!("id eq \"{group}\" and members eq \"{user}\""),
            format!("members[value eq \"{user}\"] and id eq \"{group}\""),
        ] {
            let source = plan(&json!({ "filter": filter }));
            assert!(matches!(source, Ok(Source::Membership(..))), "{source:?}");
        }
        let of_user = plan(&json!({ "filter": format!("members.value eq \"{user}\"") }));
        assert!(matches!(of_user, Ok(Source::GroupsOf(_))));
        for filter in [
            "members eq \"x\"",
            "userName eq \"ada\"",
            "meta.resourceType eq \"User\"",
        ] {
            assert_eq!(
                plan(&json!({ "filter": filter })),
                Ok(Source::Nothing),
                "{filter}"
            );
        }
    }

    #[test]
    fn what_no_index_answers_is_refused_by_its_kind() {
        for (body, kind) in [
            (
                json!({ "filter": "displayName co \"a\"" }),
                Kind::InvalidFilter,
            ),
            (
                json!({ "filter": "meta.created gt \"2026-11-23T20:31:41Z\"" }),
                Kind::InvalidFilter,
            ),
            (
                json!({ "filter": "meta.lastModified sw \"2026-11-23T20:31:41Z\"" }),
                Kind::InvalidFilter,
            ),
            (
                json!({ "filter": "members.value sw \"a\"" }),
                Kind::InvalidFilter,
            ),
            (
                json!({ "filter": "members eq \"a\" or displayName eq \"b\"" }),
                Kind::InvalidFilter,
            ),
            (json!({ "filter": "owner eq \"a\"" }), Kind::InvalidFilter),
            (json!({ "sortBy": "members" }), Kind::InvalidValue),
        ] {
            assert_eq!(plan(&body), Err(Some(kind)), "{body}");
        }
        for sort_by in ["id", "displayName"] {
            let body = json!({ "sortBy": sort_by, "sortOrder": "descending" });
            assert!(plan(&body).is_ok(), "{body}");
        }
    }
}
