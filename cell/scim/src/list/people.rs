//! Which users a list is of: the names of SCIM as attributes of people, and the order.

use crate::attributes::Attributes;
use crate::error::ScimError;
use crate::list::condition::{Kind, Named, is_always, is_never, parse_filter, refuse, translate};
use crate::list::source::{Extent, Source};
use identity::condition::{Comparison, Condition, Direction, Operand, Unanswerable};
use identity::person::PersonStatus;
use identity::person::search::plan::{PeopleSearch, PersonCondition};
use identity::person::search::{PersonAttribute, PersonOrder};
use protocol::filter::{Filter, Literal, Operator};
use protocol::scim::USER;
use protocol::scim::path::AttributePath;
use protocol::scim::problem::Kind as Problem;
use protocol::scim::search::{SearchRequest, SortOrder};
use serde_json::json;
use vocab::id::GroupId;

/// Decides where the users come from.
///
/// # Errors
/// [`ScimError`] for what no index answers.
pub fn plan_source(attributes: &Attributes, request: &SearchRequest) -> Result<Source, ScimError> {
    let (order, direction) = plan_order(request)?;
    let all = || Source::People(PeopleSearch::all(order, direction), Extent::Everything);
    let Some(text) = &request.filter else {
        return Ok(all());
    };
    let filter = parse_filter(text)?;
    if let Some(group) = group_of(&filter) {
        if request.sort_by.is_some() {
            let detail = "groups: those who belong to one are in the order of their ids";
            return Err(refuse(detail));
        }
        // An id that cannot be one is nobody's.
        return Ok(GroupId::parse(group).map_or(Source::Nothing, Source::Members));
    }
    let condition = translate(&filter, &|name| find_name(attributes, name))?;
    if is_always(&condition) {
        return Ok(all());
    }
    if is_never(&condition) {
        return Ok(Source::Nothing);
    }
    let plan = |condition: &PersonCondition| PeopleSearch::plan(condition, order, direction);
    let search = match plan(&condition) {
        // Who is active is found by the states that are: they are indexed.
        Err(Unanswerable::NoIndex) => plan(&by_states(condition)),
        other => other,
    };
    Ok(Source::People(search?, Extent::Some))
}

fn plan_order(request: &SearchRequest) -> Result<(PersonOrder, Direction), ScimError> {
    let Some(name) = &request.sort_by else {
        return Ok((PersonOrder::Natural, Direction::Ascending));
    };
    let direction = match request.sort_order {
        SortOrder::Ascending => Direction::Ascending,
        SortOrder::Descending => Direction::Descending,
    };
    let order = match plain_name(&AttributePath::parse(name)?).as_deref() {
        Some("id") => PersonOrder::Id,
        Some("username") => PersonOrder::Login,
        Some("meta.created") => PersonOrder::Created,
        Some("meta.lastmodified") => PersonOrder::LastUpdated,
        _ => {
            let detail = "sortBy: use id, userName, meta.created or meta.lastModified";
            return Err(ScimError::bad(Problem::InvalidValue, detail));
        }
    };
    Ok((order, direction))
}

/// The name of an attribute of the core schema, without regard to case.
fn plain_name(path: &AttributePath) -> Option<String> {
    if path.schema.as_deref().is_some_and(|schema| schema != USER) {
        return None;
    }
    let name = match &path.part {
        Some(part) => format!("{}.{part}", path.attribute),
        None => path.attribute.clone(),
    };
    Some(name.to_ascii_lowercase())
}

/// The group of a filter that asks for those who belong to it and nothing else.
fn group_of(filter: &Filter) -> Option<&str> {
    match filter {
        Filter::Compare {
            attribute,
            operator: Operator::Equal,
            literal: Literal::Text(id),
        } => {
            let path = AttributePath::parse(attribute).ok()?;
            let name = plain_name(&path)?;
            matches!(name.as_str(), "groups" | "groups.value").then_some(id)
        }
        Filter::Within { attribute, filter } if attribute.eq_ignore_ascii_case("groups") => {
            match filter.as_ref() {
                Filter::Compare {
                    attribute,
                    operator: Operator::Equal,
                    literal: Literal::Text(id),
                } if attribute.eq_ignore_ascii_case("value") => Some(id),
                _ => None,
            }
        }
        _ => None,
    }
}

fn find_name(attributes: &Attributes, name: &str) -> Result<Named<PersonAttribute>, ScimError> {
    use PersonAttribute as Of;
    let unknown = || refuse(format!("{name}: it cannot be searched for"));
    let path = AttributePath::parse(name).map_err(|_| unknown())?;
    if let Some(profile) = attributes.find(&path) {
        return Ok(Named::Attribute(Of::Custom(profile.to_owned()), Kind::Any));
    }
    let plain = plain_name(&path).ok_or_else(unknown)?;
    let (attribute, kind) = match plain.as_str() {
        "id" => (Of::Id, Kind::Text),
        "externalid" => (Of::ExternalId, Kind::Exact),
        "username" => (Of::Login, Kind::Text),
        "emails" | "emails.value" => (Of::Email, Kind::Text),
        "name.givenname" => (Of::FirstName, Kind::Text),
        "name.familyname" => (Of::LastName, Kind::Text),
        "active" => (Of::Belongs, Kind::Flag),
        "meta.created" => (Of::Created, Kind::Moment),
        "meta.lastmodified" => (Of::LastUpdated, Kind::Moment),
        // A person has one address.
        "emails.type" => return Ok(Named::Fixed(json!("work"))),
        "emails.primary" => return Ok(Named::Fixed(json!(true))),
        "meta.resourcetype" => return Ok(Named::Fixed(json!("User"))),
        "groups" | "groups.value" => {
            let detail = "groups: those who belong to one are found by `groups.value eq` alone";
            return Err(refuse(detail));
        }
        // What only other resources have, a user has not (RFC 7644 section 3.4.2.1).
        "displayname" | "members" | "members.value" => return Ok(Named::Fixed(json!(null))),
        _ => return Err(unknown()),
    };
    Ok(Named::Attribute(attribute, kind))
}

/// The same condition, by the states of those who are active and of those who are not.
fn by_states(condition: PersonCondition) -> PersonCondition {
    match condition {
        Condition::All(parts) => Condition::All(parts.into_iter().map(by_states).collect()),
        Condition::Any(parts) => Condition::Any(parts.into_iter().map(by_states).collect()),
        Condition::Compare(PersonAttribute::Belongs, comparison, Operand::Flag(flag)) => {
            let belongs = flag == (comparison != Comparison::NotEqual);
            let states = PersonStatus::ALL.into_iter();
            let states = states.filter(|state| state.belongs() == belongs);
            let states = states.map(|state| {
                let word = Operand::Text(state.as_str().to_owned());
                Condition::Compare(PersonAttribute::Status, Comparison::Equal, word)
            });
            Condition::Any(states.collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::plan_source;
    use crate::attributes::Attributes;
    use crate::list::source::{Extent, Source};
    use identity::org::settings::{AttributeKind, ProfileAttribute};
    use protocol::scim::problem::Kind;
    use protocol::scim::search::{SearchRequest, parse_body};
    use serde_json::{Value, json};

    fn request(body: &Value) -> SearchRequest {
        parse_body(body.to_string().as_bytes()).unwrap()
    }

    fn plan(body: &Value) -> Result<Source, Option<Kind>> {
        let title = ProfileAttribute {
            name: "title".into(),
            title: String::new(),
            kind: AttributeKind::Text,
            required: false,
            self_editable: false,
            ..ProfileAttribute::default()
        };
        plan_source(&Attributes::of(&[title]), &request(body)).map_err(|error| error.kind())
    }

    #[test]
    fn users_are_searched_for_in_ways_that_an_index_answers() {
        for filter in [
            "userName eq \"ada\"",
            "urn:ietf:params:scim:schemas:core:2.0:User:userName EQ \"ada\"",
            "externalId eq \"E1\"",
            "emails eq \"a@b\"",
            "emails.value sw \"a@\"",
            "emails[type eq \"work\" and value eq \"a@b\"]",
            "name.familyName sw \"L\" and active eq true",
            "id eq \"00u\" or userName eq \"ada\"",
            "meta.lastModified gt \"2026-11-23T20:31:41Z\"",
            "active eq true",
            "active eq \"False\"",
            "active ne true",
            "userName eq \"ada\" and title eq \"T\" and not (active eq false)",
            "meta.resourceType eq \"User\" and userName eq \"ada\"",
        ] {
            let source = plan(&json!({ "filter": filter }));
            let is_search = matches!(source, Ok(Source::People(_, Extent::Some)));
            assert!(is_search, "{filter}: {source:?}");
        }
        for filter in [
            "meta.resourceType eq \"User\"",
            "emails[primary eq true] or userName pr",
        ] {
            let source = plan(&json!({ "filter": filter }));
            let is_all = matches!(source, Ok(Source::People(_, Extent::Everything)));
            assert!(is_all, "{filter}: {source:?}");
        }
        for filter in [
            "meta.resourceType eq \"Group\"",
            "emails[type eq \"home\" and value eq \"a@b\"]",
            "displayName eq \"Eng\"",
            "groups.value eq \"none\"",
        ] {
            assert_eq!(
                plan(&json!({ "filter": filter })),
                Ok(Source::Nothing),
                "{filter}"
            );
        }
        let group = "00gAAAAAAAAAAAAAAAAA";
        for filter in [
            format!("groups eq \"{group}\""),
            format!("groups[value eq \"{group}\"]"),
        ] {
            let source = plan(&json!({ "filter": filter }));
            assert!(matches!(source, Ok(Source::Members(_))), "{source:?}");
        }
    }

    #[test]
    fn what_no_index_answers_is_refused_by_its_kind() {
        for (body, kind) in [
            (
                json!({ "filter": "userName co \"a\"" }),
                Kind::InvalidFilter,
            ),
            (json!({ "filter": "title eq \"T\"" }), Kind::InvalidFilter),
            (
                json!({ "filter": "nickName eq \"T\"" }),
                Kind::InvalidFilter,
            ),
            (json!({ "filter": "userName" }), Kind::InvalidFilter),
            (json!({ "filter": "userName eq 3" }), Kind::InvalidFilter),
            (
                json!({ "filter": "active eq \"maybe\"" }),
                Kind::InvalidFilter,
            ),
            (
                json!({ "filter": "meta.created gt \"yesterday\"" }),
                Kind::InvalidFilter,
            ),
            (
                json!({ "filter": "groups.value eq \"a\" and userName eq \"b\"" }),
                Kind::InvalidFilter,
            ),
            (
                json!({ "filter": "groups.value eq \"a\"", "sortBy": "id" }),
                Kind::InvalidFilter,
            ),
            (
                json!({ "filter": "active eq true", "sortBy": "userName" }),
                Kind::InvalidFilter,
            ),
            (json!({ "sortBy": "title" }), Kind::InvalidValue),
            (json!({ "sortBy": "emails.value" }), Kind::InvalidValue),
        ] {
            assert_eq!(plan(&body), Err(Some(kind)), "{body}");
        }
        for sort_by in ["id", "USERNAME", "meta.created", "meta.lastModified"] {
            for order in ["ascending", "descending"] {
                let body = json!({ "sortBy": sort_by, "sortOrder": order });
                assert!(plan(&body).is_ok(), "{body}");
            }
        }
    }
}
