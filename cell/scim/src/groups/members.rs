//! Who belongs to a group, as clients say it: a pure decision over the operations of a patch. The members are never
//! loaded for it; what is to change is what is named.

use identity::group::change::{MEMBERS_CHANGED_MAX, MembersChange, Membership};
use protocol::filter::{Filter, Literal, Operator};
use protocol::scim::body::find_name;
use protocol::scim::patch::{Op, Operation};
use protocol::scim::problem::{Kind, Problem};
use serde_json::Value;
use std::collections::BTreeSet;
use vocab::id::UserId;

/// The attribute.
const MEMBERS: &str = "members";

/// Whether an operation of a patch is about members.
#[must_use]
pub fn is_of_members(operation: &Operation) -> bool {
    operation.path.at.is_core(MEMBERS)
}

/// What operations, one after the other, make of the members.
///
/// # Errors
/// [`Problem`] for a path or a value that names no members.
pub fn plan_members(operations: &[Operation]) -> Result<MembersChange, Problem> {
    let mut planned = MembersChange::nothing();
    for operation in operations {
        planned = plan_one(planned, operation)?;
    }
    Ok(planned)
}

fn plan_one(before: MembersChange, operation: &Operation) -> Result<MembersChange, Problem> {
    let Operation { op, path, value } = operation;
    if path.at.part.is_some() {
        let detail = format!("{path}: a member is there or not, and has no parts to change");
        return Err(Problem::of(Kind::Mutability, detail));
    }
    if let Some(filter) = &path.filter {
        let named = named_by(filter).filter(|_| *op == Op::Remove);
        let detail = format!("{path}: use members[value eq \"…\"], and remove");
        let named = named.ok_or_else(|| Problem::of(Kind::InvalidPath, detail))?;
        return Ok(with(before, known(named), Membership::Removed));
    }
    match op {
        Op::Remove if value.is_null() => Ok(MembersChange::Exactly(BTreeSet::new())),
        // Whoever is named and was no member is none afterwards either.
        Op::Remove => Ok(with(before, known(texts(value)?), Membership::Removed)),
        Op::Add => Ok(with(before, read_members(value)?, Membership::Added)),
        Op::Replace => Ok(MembersChange::Exactly(
            read_members(value)?.into_iter().collect(),
        )),
    }
}

fn with(
    before: MembersChange,
    ids: impl IntoIterator<Item = UserId>,
    membership: Membership,
) -> MembersChange {
    match before {
        MembersChange::But(mut changed) => {
            changed.extend(ids.into_iter().map(|id| (id, membership)));
            MembersChange::But(changed)
        }
        MembersChange::Exactly(mut members) => {
            for id in ids {
                match membership {
                    Membership::Added => members.insert(id),
                    Membership::Removed => members.remove(&id),
                };
            }
            MembersChange::Exactly(members)
        }
    }
}

/// The ids that a filter names by `value eq`, one of them or several.
fn named_by(filter: &Filter) -> Option<Vec<String>> {
    match filter {
        Filter::Compare {
            attribute,
            operator: Operator::Equal,
            literal: Literal::Text(text),
        } if attribute.eq_ignore_ascii_case("value") => Some(vec![text.clone()]),
        Filter::Or(parts) => {
            let named: Option<Vec<Vec<String>>> = parts.iter().map(named_by).collect();
            named.map(|named| named.concat())
        }
        _ => None,
    }
}

fn known(texts: Vec<String>) -> impl Iterator<Item = UserId> {
    texts
        .into_iter()
        .filter_map(|text| UserId::parse(&text).ok())
}

/// The members that a value names: a list of them, or one.
///
/// # Errors
/// [`Problem`] for anything else, and for too many.
pub fn read_members(value: &Value) -> Result<Vec<UserId>, Problem> {
    texts(value)?
        .iter()
        .map(|text| {
            UserId::parse(text).map_err(|_| {
                let shown: String = text.chars().take(100).collect();
                let detail = format!("members: there is no user {shown:?}");
                Problem::of(Kind::InvalidValue, detail)
            })
        })
        .collect()
}

fn texts(value: &Value) -> Result<Vec<String>, Problem> {
    let values = match value {
        Value::Null => &[],
        Value::Array(values) => values.as_slice(),
        one => std::slice::from_ref(one),
    };
    if values.len() > MEMBERS_CHANGED_MAX {
        let detail = format!("members: at most {MEMBERS_CHANGED_MAX} can be named at once");
        return Err(Problem::of(Kind::TooMany, detail));
    }
    values
        .iter()
        .map(|value| {
            let text = match value {
                Value::String(text) => Some(text.as_str()),
                Value::Object(fields) => find_name(fields, "value")
                    .and_then(|name| fields.get(&name))
                    .and_then(Value::as_str),
                _ => None,
            };
            let detail = "members: each is an object with the user's id as its value";
            text.map(str::to_owned)
                .ok_or_else(|| Problem::of(Kind::InvalidValue, detail))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{is_of_members, plan_members};
    use identity::group::change::{MEMBERS_CHANGED_MAX, MembersChange, Membership};
    use protocol::scim::patch::read_patch;
    use protocol::scim::problem::Kind;
    use serde_json::{Value, json};
    use vocab::entropy::SeededEntropy;
    use vocab::id::UserId;

    fn plan(operations: &Value) -> Result<MembersChange, Kind> {
        let body = json!({ "Operations": operations });
        let operations = read_patch(body.as_object().cloned().unwrap()).unwrap();
        assert!(operations.iter().all(is_of_members), "{operations:?}");
        plan_members(&operations).map_err(|problem| problem.kind)
    }

    #[test]
    fn operations_follow_each_other() {
        let entropy = SeededEntropy::new(4);
        let [a, b, c] = [(); 3].map(|()| UserId::generate(&entropy));
        let one = |id: &UserId| json!({ "value": id.as_str() });
        let but = |changes: &[(&UserId, Membership)]| {
            let changes = changes.iter();
            MembersChange::But(changes.map(|(id, what)| ((*id).clone(), *what)).collect())
        };
        let exactly =
            |ids: &[&UserId]| MembersChange::Exactly(ids.iter().map(|id| (*id).clone()).collect());
        use Membership::{Added, Removed};
        for (operations, expected) in [
            (
                json!([{ "op": "add", "path": "members", "value": [one(&a), one(&b)] }]),
                but(&[(&a, Added), (&b, Added)]),
            ),
            (
                json!([{ "op": "Add", "path": "Members", "value": one(&a) }]),
                but(&[(&a, Added)]),
            ),
            (
                json!([{ "op": "add", "value": { "members": [one(&a)] } }]),
                but(&[(&a, Added)]),
            ),
            (
                json!([{ "op": "remove", "path": format!("members[value eq \"{a}\"]") }]),
                but(&[(&a, Removed)]),
            ),
            (
                json!([{ "op": "remove", "path": format!("members[value eq \"{a}\" or value eq \"{b}\"]") }]),
                but(&[(&a, Removed), (&b, Removed)]),
            ),
            (
                json!([{ "op": "Remove", "path": "members", "value": [one(&a), json!({ "value": "nobody" })] }]),
                but(&[(&a, Removed)]),
            ),
            (json!([{ "op": "remove", "path": "members" }]), exactly(&[])),
            (
                json!([{ "op": "replace", "path": "members", "value": [one(&a)] }]),
                exactly(&[&a]),
            ),
            (
                json!([{ "op": "replace", "path": "members", "value": [] }]),
                exactly(&[]),
            ),
            (
                json!([
                    { "op": "add", "path": "members", "value": [one(&a)] },
                    { "op": "remove", "path": "members" },
                    { "op": "add", "path": "members", "value": [one(&b), one(&c)] },
                    { "op": "remove", "path": format!("members[value eq \"{c}\"]") },
                ]),
                exactly(&[&b]),
            ),
            (
                json!([
                    { "op": "add", "path": "members", "value": [one(&a)] },
                    { "op": "remove", "path": "members", "value": [one(&a)] },
                ]),
                but(&[(&a, Removed)]),
            ),
        ] {
            assert_eq!(plan(&operations), Ok(expected), "{operations}");
        }
    }

    #[test]
    fn what_names_no_member_is_refused() {
        let many = vec![json!({ "value": "00u" }); MEMBERS_CHANGED_MAX + 1];
        for (operation, kind) in [
            (
                json!({ "op": "add", "path": "members", "value": [{ "value": "nobody" }] }),
                Kind::InvalidValue,
            ),
            (
                json!({ "op": "add", "path": "members", "value": [{}] }),
                Kind::InvalidValue,
            ),
            (
                json!({ "op": "add", "path": "members", "value": [3] }),
                Kind::InvalidValue,
            ),
            (
                json!({ "op": "add", "path": "members[value eq \"a\"]", "value": {} }),
                Kind::InvalidPath,
            ),
            (
                json!({ "op": "remove", "path": "members[value sw \"a\"]" }),
                Kind::InvalidPath,
            ),
            (
                json!({ "op": "replace", "path": "members.display", "value": "x" }),
                Kind::Mutability,
            ),
            (
                json!({ "op": "add", "path": "members", "value": many }),
                Kind::TooMany,
            ),
        ] {
            assert_eq!(plan(&json!([operation])), Err(kind), "{operation}");
        }
    }
}
