//! Rules that fill groups: listed, added, shown, changed, switched and removed.

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::GROUP_RULES_PAGE;
use crate::reply::Reply;
use crate::shown::SWITCH;
use identity::access::Permission;
use identity::condition::Place;
use identity::fault::Refusal;
use identity::group_rule::{GroupRule, PutIn, RuleInput};
use protocol::expression::EXPRESSION_TYPE;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use vocab::id::{GroupId, GroupRuleId, UserId};

/// The type of every rule.
pub(crate) const TYPE: &str = "group_rule";
/// What can be shown beside a rule.
pub(crate) const NAMES: &str = "groupIdToGroupNameMap";
/// What is shown of a rule, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 5] = ["id", "created", "lastUpdated", "_links", "_embedded"];

/// Whether the names of groups stand beside a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Shown,
    LeftOut,
}

/// `GET /api/v1/groups/rules`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let names = names_wanted(&call)?;
    let search = call.query.get("search").unwrap_or_default();
    let after = call.place()?.map(|place| place.id).unwrap_or_default();
    let limit = call.query.limit(GROUP_RULES_PAGE)?;
    let listed = call
        .cell
        .list_group_rules(&call.permit, search, &after, limit);
    let (rules, next) = listed.await?;
    let shown = expand(&call, &rules, names).await?;
    let next = next.map(|id| Place::at(id.as_str()));
    Ok(call.paged(Reply::of(Value::from(shown)), next.as_ref()))
}

/// `GET /api/v1/groups/rules/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let names = names_wanted(&call)?;
    let rule = load(&call).await?;
    let mut shown = expand(&call, std::slice::from_ref(&rule), names).await?;
    Ok(Reply::of(shown.pop().unwrap_or_default()))
}

/// `POST /api/v1/groups/rules`: a new rule rests.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let input = parse_rule(call.json()?, "INACTIVE")?;
    let made = call.cell.create_group_rule(&call.permit, input).await;
    Ok(Reply::of(render(&call, &made.map_err(refused)?)))
}

/// `PUT /api/v1/groups/rules/{id}`: of a rule that is not on.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let present = load(&call).await?;
    let input = parse_rule(call.json()?, present.status.as_str())?;
    let changed = call
        .cell
        .change_group_rule(&call.permit, &present.id, None, input);
    let rule = changed.await.map_err(refused)?;
    Ok(Reply::of(render(&call, &rule)))
}

/// `DELETE /api/v1/groups/rules/{id}`: of a rule that is not on; whoever it put in stays, unless it is said.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let put_in = put_in(&call)?;
    let rule = load(&call).await?;
    let deleted = call.cell.delete_group_rule(&call.permit, &rule.id, put_in);
    deleted.await.map_err(refused)?;
    Ok(Reply::accepted())
}

/// `POST /api/v1/groups/rules/{id}/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    let rule = load(&call).await?;
    let activated = call.cell.activate_group_rule(&call.permit, &rule.id);
    activated.await.map_err(refused)?;
    Ok(Reply::empty())
}

/// `POST /api/v1/groups/rules/{id}/lifecycle/deactivate`: whoever it put in stays, unless it is said.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    let put_in = put_in(&call)?;
    let rule = load(&call).await?;
    let deactivated = call
        .cell
        .deactivate_group_rule(&call.permit, &rule.id, put_in);
    deactivated.await.map_err(refused)?;
    Ok(Reply::empty())
}

fn put_in(call: &Call) -> Result<PutIn, ApiError> {
    Ok(match call.query.flag("removeUsers", false)? {
        true => PutIn::Leave,
        false => PutIn::Stay,
    })
}

/// The rule that the path names.
async fn load(call: &Call) -> Result<GroupRule, ApiError> {
    let named = call.parameter("id");
    let missing = || ApiError::not_found(Thing::GroupRule, named);
    let id = GroupRuleId::parse(named).map_err(|_| missing())?;
    let reader = call.permit_for(Permission::ReadDirectory)?;
    match call.cell.find_group_rule(&reader, &id).await {
        Err(Refusal::NotFound) => Err(missing()),
        other => Ok(other?),
    }
}

/// The reasons of the domain in the words of the wire.
fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::WrongState(why) => ApiError::invalid("status", why),
        Refusal::Invalid { field, problem } => {
            let field = match field {
                "expression" => "conditions.expression.value",
                "groups" => "actions.assignUserToGroups.groupIds",
                "excluded" => "conditions.people.users.exclude",
                same => same,
            };
            ApiError::invalid(field, &problem.to_string())
        }
        other => other.into(),
    }
}

fn parse_rule(bytes: &[u8], status: &str) -> Result<RuleInput, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    fields.take_only("type", &[TYPE], "every rule is a group_rule")?;
    fields.take_only("status", &[status], SWITCH)?;
    let name = fields.take_text("name")?.unwrap_or_default();
    let conditions = fields.take_object("conditions")?;
    let actions = fields.take_object("actions")?;
    fields.end()?;
    let conditions = conditions.ok_or_else(|| ApiError::invalid("conditions", "it is required"))?;
    let (expression, excluded) = parse_conditions(conditions)?;
    let actions = actions.ok_or_else(|| ApiError::invalid("actions", "it is required"))?;
    Ok(RuleInput {
        name,
        expression,
        groups: parse_actions(actions)?,
        excluded,
    })
}

fn parse_conditions(mut conditions: Fields) -> Result<(String, Vec<UserId>), ApiError> {
    let expression = conditions.take_object("expression")?;
    let mut expression =
        expression.ok_or_else(|| ApiError::invalid("conditions.expression", "it is required"))?;
    let problem = "the language is urn:okta:expression:1.0";
    expression.take_only("type", &[EXPRESSION_TYPE], problem)?;
    let value = expression.take_text("value")?.unwrap_or_default();
    expression.end()?;
    let mut excluded = Vec::new();
    if let Some(mut people) = conditions.take_object("people")? {
        if let Some(mut users) = people.take_object("users")? {
            for id in users.take_texts("exclude")?.unwrap_or_default() {
                let missing = || users.refusal("exclude", &format!("there is nobody {id}"));
                excluded.push(UserId::parse(&id).map_err(|_| missing())?);
            }
            take_nobody(&mut users, "include")?;
            users.end()?;
        }
        if let Some(mut groups) = people.take_object("groups")? {
            take_nobody(&mut groups, "exclude")?;
            take_nobody(&mut groups, "include")?;
            groups.end()?;
        }
        people.end()?;
    }
    conditions.end()?;
    Ok((value, excluded))
}

/// A list that clients send empty, and that means nothing here.
fn take_nobody(fields: &mut Fields, field: &str) -> Result<(), ApiError> {
    match fields.take_texts(field)?.unwrap_or_default().as_slice() {
        [] => Ok(()),
        _ => Err(fields.refusal(field, "it is not supported here")),
    }
}

fn parse_actions(mut actions: Fields) -> Result<Vec<GroupId>, ApiError> {
    let mut groups = Vec::new();
    if let Some(mut assigned) = actions.take_object("assignUserToGroups")? {
        for id in assigned.take_texts("groupIds")?.unwrap_or_default() {
            let missing = || assigned.refusal("groupIds", &format!("there is no group {id}"));
            groups.push(GroupId::parse(&id).map_err(|_| missing())?);
        }
        assigned.end()?;
    }
    actions.end()?;
    Ok(groups)
}

/// Whether the names of groups are to be shown.
fn names_wanted(call: &Call) -> Result<Names, ApiError> {
    match call.query.get("expand") {
        None => Ok(Names::LeftOut),
        Some(NAMES) => Ok(Names::Shown),
        Some(_) => Err(ApiError::not_supported("expand")),
    }
}

/// The rules as they are shown, the names of the groups of all of them read together.
async fn expand(call: &Call, rules: &[GroupRule], names: Names) -> Result<Vec<Value>, ApiError> {
    if names == Names::LeftOut {
        return Ok(rules.iter().map(|rule| render(call, rule)).collect());
    }
    let ids: BTreeSet<&GroupId> = rules.iter().flat_map(|rule| &rule.groups).collect();
    let ids: Vec<GroupId> = ids.into_iter().cloned().collect();
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let groups = call.cell.find_groups(&reader, &ids).await?;
    let shown = rules.iter().map(|rule| {
        let named: Map<String, Value> = rule
            .groups
            .iter()
            .filter_map(|id| {
                let group = groups.get(id)?;
                Some((id.to_string(), Value::from(group.name.as_str())))
            })
            .collect();
        let mut shown = render(call, rule);
        shown["_embedded"] = json!({ NAMES: named });
        shown
    });
    Ok(shown.collect())
}

fn render(call: &Call, rule: &GroupRule) -> Value {
    let href = call.href(&format!("/api/v1/groups/rules/{}", rule.id));
    json!({
        "type": TYPE,
        "id": rule.id.as_str(),
        "status": rule.status.as_str(),
        "name": rule.name,
        "created": rule.created_at.to_rfc3339_millis(),
        "lastUpdated": rule.updated_at.to_rfc3339_millis(),
        "conditions": {
            "people": {
                "users": { "exclude": ids(&rule.excluded) },
                "groups": { "exclude": [] },
            },
            "expression": { "value": rule.expression, "type": EXPRESSION_TYPE },
        },
        "actions": { "assignUserToGroups": { "groupIds": ids(&rule.groups) } },
        "_links": { "self": { "href": href } },
    })
}

fn ids(ids: &[impl ToString]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::parse_rule;
    use serde_json::{Value, json};

    fn shown() -> Value {
        json!({
            "type": "group_rule", "id": "0pr", "status": "INACTIVE", "name": "Engineers", "created": "x",
            "lastUpdated": "x", "_links": {}, "_embedded": {},
            "conditions": {
                "people": {
                    "users": { "exclude": ["00uAAAAAAAAAAAAAAAAA"], "include": [] },
                    "groups": { "exclude": [] },
                },
                "expression": { "value": "user.department==\"Eng\"", "type": "urn:okta:expression:1.0" },
            },
            "actions": { "assignUserToGroups": { "groupIds": ["00gAAAAAAAAAAAAAAAAA"] } },
        })
    }

    #[test]
    fn what_was_shown_may_be_sent_back_and_nothing_else_is_ignored() {
        let rule = parse_rule(shown().to_string().as_bytes(), "INACTIVE").unwrap();
        assert_eq!(rule.name, "Engineers");
        assert_eq!(rule.expression, "user.department==\"Eng\"");
        assert_eq!((rule.groups.len(), rule.excluded.len()), (1, 1));
        for (pointer, value) in [
            ("/type", json!("rule")),
            ("/status", json!("ACTIVE")),
            ("/name", json!(1)),
            (
                "/conditions/expression/type",
                json!("urn:okta:expression:2.0"),
            ),
            ("/conditions/expression", json!(null)),
            ("/conditions/people/users/exclude", json!(["nobody"])),
            (
                "/conditions/people/users/include",
                json!(["00uAAAAAAAAAAAAAAAAA"]),
            ),
            (
                "/conditions/people/groups/exclude",
                json!(["00gAAAAAAAAAAAAAAAAA"]),
            ),
            ("/conditions/people", json!({ "devices": {} })),
            ("/actions/assignUserToGroups/groupIds", json!(["none"])),
            (
                "/actions",
                json!({ "assignUserToGroups": { "groupIds": [] }, "other": 1 }),
            ),
            ("/actions", json!(null)),
        ] {
            let mut body = shown();
            *body.pointer_mut(pointer).unwrap() = value;
            let parsed = parse_rule(body.to_string().as_bytes(), "INACTIVE");
            assert!(parsed.is_err(), "{pointer}");
        }
    }
}
