//! People as a list: all of them, those whose name begins so, those for whom a filter holds. And the groups of one.

use crate::call::Call;
use crate::error::ApiError;
use crate::groups::render::render_group;
use crate::limits::{GROUPS_OF_USER_PAGE, USERS_BY_BEGINNING_PAGE, USERS_PAGE};
use crate::query::Query;
use crate::reply::Reply;
use crate::search::{Asked, Kind, asked, direction, parse_condition};
use crate::users::render::render_listed;
use identity::condition::{Operand, Place};
use identity::person::search::plan::PeopleSearch;
use identity::person::search::{PersonAttribute as Of, PersonOrder, type_operand};
use identity::user_type::id_of;
use serde_json::Value;
use vocab::id::OrgId;

/// `GET /api/v1/users`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let search = plan_search(&call.query, &call.context.org)?;
    let is_paged = !matches!(asked(&call.query)?, Asked::Beginning(_));
    let page = if is_paged {
        USERS_PAGE
    } else {
        USERS_BY_BEGINNING_PAGE
    };
    let (place, limit) = (call.place()?, call.query.limit(page)?);
    let found = call.cell.search_people(&call.permit, &search, place, limit);
    let found = found.await?;
    let people: Vec<Value> = found
        .people
        .iter()
        .map(|record| render_listed(&call, record))
        .collect();
    // Where many of that beginning have left, whoever is looked for may be further on.
    let is_short = people.len() < limit;
    let next = found.next.filter(|_| is_paged || is_short);
    Ok(call.paged(Reply::of(Value::from(people)), next.as_ref()))
}

fn plan_search(query: &Query, org: &OrgId) -> Result<PeopleSearch, ApiError> {
    let order = match query.get("sortBy") {
        None => PersonOrder::Natural,
        Some("id") => PersonOrder::Id,
        Some("profile.login") => PersonOrder::Login,
        Some("created") => PersonOrder::Created,
        Some("lastUpdated") => PersonOrder::LastUpdated,
        Some(_) => return Err(ApiError::search(&"sortBy: there is no such order")),
    };
    let direction = direction(query)?;
    match asked(query)? {
        Asked::Everything => Ok(PeopleSearch::everybody(order, direction)),
        Asked::Condition(text) => {
            let condition = parse_condition(text, &find_attribute)?;
            let condition = condition.with_operands(&|attribute, operand| match attribute {
                Of::Type => type_of(org, operand),
                _ => operand,
            });
            Ok(PeopleSearch::plan(&condition, order, direction)?)
        }
        Asked::Beginning(_) if query.get("sortBy").is_some() => {
            Err(ApiError::search(&"sortBy: there is no order beside q"))
        }
        Asked::Beginning(text) => Ok(PeopleSearch::by_beginning(text)),
    }
}

/// What a type is compared with: of the one that every org has nothing is stored.
fn type_of(org: &OrgId, operand: Operand) -> Operand {
    match operand {
        Operand::Exact(id) if id == id_of(org, None) => type_operand(None),
        other => other,
    }
}

fn find_attribute(name: &str) -> Option<(Of, Kind)> {
    Some(match name {
        "id" => (Of::Id, Kind::Text),
        "status" => (Of::Status, Kind::Text),
        "type.id" => (Of::Type, Kind::Exact),
        "created" => (Of::Created, Kind::Moment),
        "activated" => (Of::Activated, Kind::Moment),
        "statusChanged" => (Of::StatusChanged, Kind::Moment),
        "lastUpdated" => (Of::LastUpdated, Kind::Moment),
        "profile.login" => (Of::Login, Kind::Text),
        "profile.email" => (Of::Email, Kind::Text),
        "profile.firstName" => (Of::FirstName, Kind::Text),
        "profile.lastName" => (Of::LastName, Kind::Text),
        other => {
            let custom = other.strip_prefix("profile.")?;
            (Of::Custom(custom.to_owned()), Kind::Any)
        }
    })
}

/// `GET /api/v1/users/{id}/groups`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn groups(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let after = call.place()?.map(|place| place.id).unwrap_or_default();
    let limit = call.query.limit(GROUPS_OF_USER_PAGE)?;
    let (groups, next) = call
        .cell
        .list_groups_of(&call.permit, &person.id, &after, limit)
        .await?;
    let groups: Vec<Value> = groups
        .iter()
        .map(|group| render_group(&call, group))
        .collect();
    let next = next.map(|id| Place::at(id.as_str()));
    Ok(call.paged(Reply::of(Value::from(groups)), next.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::plan_search;
    use crate::error::ErrorCode;
    use crate::query::Query;
    use vocab::entropy::SeededEntropy;
    use vocab::id::OrgId;

    #[test]
    fn lists_are_asked_for_in_ways_that_an_index_answers() {
        use ErrorCode::{InvalidSearch, SearchAndFilter};
        let org = OrgId::generate(&SeededEntropy::new(1));
        for (text, expected) in [
            ("", None),
            ("sortBy=lastUpdated&sortOrder=desc", None),
            ("q=ada", None),
            ("filter=status+eq+%22ACTIVE%22", None),
            (
                "search=profile.lastName+sw+%22L%22+and+status+eq+%22ACTIVE%22",
                None,
            ),
            ("search=profile.login+eq+%22a%22+or+id+eq+%22b%22", None),
            ("search=profile.team+eq+%22a%22", Some(InvalidSearch)),
            ("search=profile.email+co+%22a%22", Some(InvalidSearch)),
            ("search=profile.email+like+%22a%22", Some(InvalidSearch)),
            ("search=team+eq+%22a%22", Some(InvalidSearch)),
            ("q=ada&sortBy=created", Some(InvalidSearch)),
            ("sortBy=id&sortOrder=desc", None),
            (
                "filter=status+eq+%22ACTIVE%22&sortBy=id",
                Some(InvalidSearch),
            ),
            ("filter=type.id+eq+%22oty1%22", None),
            (
                "search=type.id+eq+%22oty1%22+and+status+eq+%22ACTIVE%22",
                None,
            ),
            ("search=type.id+eq+%22oty1%22&sortBy=profile.login", None),
            ("search=type.id+ne+%22oty1%22", Some(InvalidSearch)),
            ("search=type.id+eq+1", Some(InvalidSearch)),
            ("search=type+eq+%22oty1%22", Some(InvalidSearch)),
            ("sortBy=profile.team", Some(InvalidSearch)),
            ("q=a&filter=id+pr", Some(SearchAndFilter)),
        ] {
            let query = Query::parse(text).unwrap();
            let seen = plan_search(&query, &org).err().map(|error| error.code());
            assert_eq!(seen, expected, "{text}");
        }
    }
}
