//! Several operations at once: each is done as if it had come alone, with its own permit, count and outcome.
//!
//! People who are made one after the other are made together, so that one commit of the store takes many of them; all
//! else goes in the order of the request.

use crate::call::{Asked, Call, Content};
use crate::error::ScimError;
use crate::limits::MADE_TOGETHER_MAX;
use crate::reply::Reply;
use crate::{groups, users};
use futures_util::future::join_all;
use http::StatusCode;
use identity::person::profile::fold;
use protocol::scim::BULK_RESPONSE;
use protocol::scim::bulk::{
    BulkOperation, Method, Turn, parse_bulk, plan_turns, references, resolve,
};
use protocol::scim::problem::Kind;
use protocol::scim::tag::{parse_condition, render_tag};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What one operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target<'p> {
    Users,
    Groups,
    User(&'p str),
    Group(&'p str),
}

fn parse_target(path: &str) -> Option<Target<'_>> {
    let mut parts = path.strip_prefix('/')?.split('/');
    let target = match (parts.next()?, parts.next()) {
        ("Users", None) => Target::Users,
        ("Groups", None) => Target::Groups,
        ("Users", Some(id)) if !id.is_empty() => Target::User(id),
        ("Groups", Some(id)) if !id.is_empty() => Target::Group(id),
        _ => return None,
    };
    parts.next().is_none().then_some(target)
}

/// Operations that are done at the same time: people to be made, or one of anything else. Of two people of one name the first is made,
/// so that they never stand together; `name_of` gives no name for what is done alone.
fn plan_batches(turns: &[Turn], name_of: &dyn Fn(usize) -> Option<String>) -> Vec<Vec<Turn>> {
    let mut batches: Vec<Vec<Turn>> = Vec::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for turn in turns {
        let name = match turn {
            Turn::Do(place) => name_of(*place),
            Turn::Refuse(_) => None,
        };
        let is_open = !names.is_empty() && names.len() < MADE_TOGETHER_MAX;
        let joins = is_open && name.as_ref().is_some_and(|name| !names.contains(name));
        match batches.last_mut() {
            Some(batch) if joins => batch.push(*turn),
            _ => {
                batches.push(vec![*turn]);
                names.clear();
            }
        }
        names.extend(name);
    }
    batches
}

/// What somebody is to be called, as names are compared.
fn name_of(data: &Map<String, Value>) -> Option<String> {
    let mut fields = data.iter();
    let (_, name) = fields.find(|(key, _)| key.eq_ignore_ascii_case("userName"))?;
    Some(fold(name.as_str()?))
}

/// `POST /Bulk`.
///
/// # Errors
/// [`ScimError`] for a request that is none; what an operation is refused for is told beside it.
pub async fn run(call: &Call, asked: &Asked) -> Result<Reply, ScimError> {
    let request = parse_bulk(asked.bytes()?)?;
    let operations = &request.operations;
    let name_of = |place: usize| {
        let operation = operations.get(place)?;
        let together = operation.method == Method::Post
            && parse_target(&operation.path) == Some(Target::Users)
            && references(operation).is_empty();
        // Whoever counts errors wants to know of each before the next is begun.
        if !together || request.fail_on_errors.is_some() {
            return None;
        }
        name_of(&operation.data)
    };
    let mut outcomes: Vec<Option<Value>> = vec![None; operations.len()];
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let mut errors = 0;
    for batch in plan_batches(&plan_turns(operations), &name_of) {
        let known = &ids;
        let done = join_all(batch.iter().map(|turn| async move {
            let (Turn::Do(place) | Turn::Refuse(place)) = *turn;
            let operation = operations.get(place)?;
            let outcome = match turn {
                Turn::Do(_) => perform(call, operation, known).await,
                Turn::Refuse(_) => Err(unresolved(operation)),
            };
            Some((place, operation, outcome))
        }));
        // In a box: what is seldom done must not make the future of every request large.
        for (place, operation, outcome) in Box::pin(done).await.into_iter().flatten() {
            errors += usize::from(outcome.is_err());
            let rendered = render(call, operation, outcome, &mut ids);
            if let Some(slot) = outcomes.get_mut(place) {
                *slot = Some(rendered);
            }
        }
        if request.fail_on_errors.is_some_and(|most| errors >= most) {
            break;
        }
    }
    let outcomes: Vec<Value> = outcomes.into_iter().flatten().collect();
    Ok(Reply::of(json!({
        "schemas": [BULK_RESPONSE],
        "Operations": outcomes,
    })))
}

fn unresolved(operation: &BulkOperation) -> ScimError {
    let names: Vec<String> = references(operation).into_iter().take(5).collect();
    let detail = format!("bulkId: there is no resource for {}", names.join(", "));
    ScimError::of(StatusCode::CONFLICT, detail)
}

async fn perform(
    call: &Call,
    operation: &BulkOperation,
    ids: &BTreeMap<String, String>,
) -> Result<Reply, ScimError> {
    call.count()?;
    let operation = resolve(operation, ids);
    // What it names was to be made before, and was not.
    if !references(&operation).is_empty() {
        return Err(unresolved(&operation));
    }
    let if_match =
        match &operation.version {
            Some(version) => Some(parse_condition(version).ok_or_else(|| {
                ScimError::bad(Kind::InvalidValue, "version: it is no entity tag")
            })?),
            None => None,
        };
    let target = parse_target(&operation.path);
    let id = match target {
        Some(Target::User(id) | Target::Group(id)) => id.to_owned(),
        _ => String::new(),
    };
    let asked = Asked {
        id,
        content: Content::Read(operation.data.clone()),
        if_match,
        ..Asked::default()
    };
    match (operation.method, target) {
        (Method::Post, Some(Target::Users)) => users::create(call, &asked).await,
        (Method::Put, Some(Target::User(_))) => users::replace(call, &asked).await,
        (Method::Patch, Some(Target::User(_))) => users::patch(call, &asked).await,
        (Method::Delete, Some(Target::User(_))) => users::delete(call, &asked).await,
        (Method::Post, Some(Target::Groups)) => groups::create(call, &asked).await,
        (Method::Put, Some(Target::Group(_))) => groups::replace(call, &asked).await,
        (Method::Patch, Some(Target::Group(_))) => groups::patch(call, &asked).await,
        (Method::Delete, Some(Target::Group(_))) => groups::delete(call, &asked).await,
        _ => {
            let detail =
                "path: use /Users or /Groups with POST, one resource of them with the others";
            Err(ScimError::bad(Kind::InvalidPath, detail))
        }
    }
}

fn render(
    call: &Call,
    operation: &BulkOperation,
    outcome: Result<Reply, ScimError>,
    ids: &mut BTreeMap<String, String>,
) -> Value {
    let mut rendered = json!({ "method": operation.method.as_str() });
    if let Some(name) = &operation.bulk_id {
        rendered["bulkId"] = json!(name);
    }
    // Where it was sent to, unless it made something (RFC 7644 section 3.7).
    if operation.method != Method::Post {
        rendered["location"] = json!(call.href(&resolve(operation, ids).path));
    }
    match outcome {
        Ok(reply) => {
            rendered["status"] = json!(reply.status.as_u16().to_string());
            if let Some(location) = reply.location {
                rendered["location"] = json!(location);
            }
            if let Some(version) = reply.version {
                rendered["version"] = json!(render_tag(&version));
            }
            let id = reply.body.as_ref().and_then(|body| body["id"].as_str());
            if let (Some(name), Some(id)) = (&operation.bulk_id, id) {
                ids.insert(name.clone(), id.to_owned());
            }
        }
        Err(error) => {
            rendered["status"] = json!(error.status().as_u16().to_string());
            rendered["response"] = error.render();
        }
    }
    rendered
}

#[cfg(test)]
mod tests {
    use super::{Target, parse_target, plan_batches};
    use crate::limits::MADE_TOGETHER_MAX;
    use protocol::scim::bulk::Turn::{Do, Refuse};

    #[test]
    fn paths_name_a_kind_or_one_of_it() {
        for (path, target) in [
            ("/Users", Some(Target::Users)),
            ("/Groups", Some(Target::Groups)),
            ("/Users/00u1", Some(Target::User("00u1"))),
            ("/Groups/00g1", Some(Target::Group("00g1"))),
            ("Users", None),
            ("/Users/", None),
            ("/Users/1/2", None),
            ("/users", None),
            ("/Bulk", None),
            ("", None),
        ] {
            assert_eq!(parse_target(path), target, "{path}");
        }
    }

    #[test]
    fn only_those_who_stand_together_are_made_together() {
        let name = |place: usize| match place {
            2 | 3 => None,
            7 => Some(String::from("6")),
            other => Some(other.to_string()),
        };
        let turns = [
            Do(0),
            Do(1),
            Do(2),
            Do(3),
            Do(4),
            Refuse(5),
            Do(6),
            Do(7),
            Do(8),
        ];
        assert_eq!(
            plan_batches(&turns, &name),
            [
                vec![Do(0), Do(1)],
                vec![Do(2)],
                vec![Do(3)],
                vec![Do(4)],
                vec![Refuse(5)],
                vec![Do(6)],
                vec![Do(7), Do(8)]
            ]
        );
        let many: Vec<_> = (0..MADE_TOGETHER_MAX + 1).map(Do).collect();
        let batches = plan_batches(&many, &|place| Some(place.to_string()));
        let lengths: Vec<usize> = batches.iter().map(Vec::len).collect();
        assert_eq!(lengths, [MADE_TOGETHER_MAX, 1]);
    }
}
